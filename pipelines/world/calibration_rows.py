"""Rows of a calibration: their schema, and the verdict on each by its bounds. Runs no world, knows no key, reads and writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

import pyarrow as pa
from scipy.stats import beta

from pipelines.world.worlds import ANY, LEAD, NONE, TARGET

CALIBRATION_VERSION: Final = "calibration_2"
# The largest upper bound of a false claim's rate (reference/domain.md, E.3): 5% of 200 worlds, and what chance adds to it.
DEFAULT_LIMIT: Final = 0.085
PUBLISHED: Final = "published"
PASSED, FAILED, MEASURED, NOT_PUBLISHED = "passed", "failed", "measured", "not_published"
LEAD_FIRST, TARGET_FIRST = LEAD, TARGET
# By the truth of a world, the directions that nothing may claim in it.
FALSE_DIRECTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    NONE: (LEAD_FIRST, TARGET_FIRST),
    LEAD_FIRST: (TARGET_FIRST,),
    TARGET_FIRST: (LEAD_FIRST,),
    ANY: (),
}
KEY: Final = ("world", "metric", "estimator")
SCHEMA: Final = pa.schema(
    [
        pa.field("world", pa.string(), nullable=False),
        pa.field("world_kind", pa.string(), nullable=False),
        pa.field("metric", pa.string(), nullable=False),
        pa.field("estimator", pa.string(), nullable=False),
        pa.field("truth", pa.string()),
        pa.field("seed_count", pa.int64(), nullable=False),
        pa.field("lead_first_count", pa.int64()),
        pa.field("target_first_count", pa.int64()),
        pa.field("value", pa.float64()),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
        pa.field("lead_first_upper", pa.float64()),
        pa.field("target_first_upper", pa.float64()),
        pa.field("limit", pa.float64()),
        pa.field("is_gating", pa.bool_(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("size", pa.string(), nullable=False),
        pa.field("method_version", pa.string(), nullable=False),
        pa.field("params_hash", pa.string(), nullable=False),
        pa.field("calibration_key", pa.string(), nullable=False),
    ]
)


def upper_bound(count: int, seed_count: int, level: float = 0.95) -> float:
    """Upper bound of a rate of which ``count`` of ``seed_count`` worlds were seen, one-sided.

    Clopper and Pearson 1934: the rate at which so few would be seen with probability ``1 - level``.
    """
    return 1.0 if count >= seed_count else float(beta.ppf(level, count + 1, seed_count - count))


def lower_bound(count: int, seed_count: int, level: float = 0.95) -> float:
    """Lower bound of a rate of which ``count`` of ``seed_count`` worlds were seen, one-sided; see :func:`upper_bound`."""
    return 0.0 if count <= 0 else float(beta.ppf(1 - level, count, seed_count - count + 1))


def judge(rows: pa.Table) -> pa.Table:
    """Fill in bounds, values and verdicts.

    A claim has both counts. Its value is the share of seeds with a claim, with the two-sided 95% interval of Clopper and Pearson; each
    direction has its one-sided upper bound. A gating row passes where the bounds of all directions that are false in its world are within
    its limit (:data:`DEFAULT_LIMIT` where it has none). Every other row is measured, or not published where it has no value.

    Args:
        rows: In :data:`SCHEMA`; columns that are filled in here may be missing or NULL.

    Returns:
        The rows in :data:`SCHEMA` and in the order of :data:`KEY`.

    Raises:
        ValueError: a row that gates cannot be judged, a count is impossible, or two rows have one key.
    """
    known = [_judged(row) for row in rows.to_pylist()]
    known.sort(key=lambda row: tuple(row[name] for name in KEY))
    keys = [tuple(row[name] for name in KEY) for row in known]
    doubled = next((key for key, following in pairwise(keys) if key == following), None)
    if doubled:
        raise ValueError(f"{' '.join(doubled)} has more than one row")
    return pa.Table.from_pylist(known, schema=SCHEMA)


def _judged(given: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {name: given.get(name) for name in SCHEMA.names}
    name = " ".join(str(row[part]) for part in KEY)
    lead, target, seeds = row["lead_first_count"], row["target_first_count"], row["seed_count"]
    is_claim = lead is not None and target is not None
    if row["is_gating"] and not (is_claim and FALSE_DIRECTIONS.get(str(row["truth"]))):
        raise ValueError(f"{name} gates, but has no counts or no direction that is false in its world")
    if not is_claim:
        return row | {"status": NOT_PUBLISHED if row["value"] is None else MEASURED}
    if row["truth"] not in FALSE_DIRECTIONS or min(lead, target) < 0 or lead + target > seeds:
        raise ValueError(f"{name}: {lead} and {target} claims of {seeds} seeds, truth {row['truth']}")
    row |= {
        "value": (lead + target) / seeds if seeds else None,
        "low": lower_bound(lead + target, seeds, 0.975),
        "high": upper_bound(lead + target, seeds, 0.975),
        "lead_first_upper": upper_bound(lead, seeds),
        "target_first_upper": upper_bound(target, seeds),
        "status": MEASURED,
    }
    if row["is_gating"]:
        row["limit"] = DEFAULT_LIMIT if row["limit"] is None else row["limit"]
        row["status"] = FAILED if over_limit(row) else PASSED
    return row


def over_limit(row: Mapping[str, Any]) -> list[str]:
    """Directions that are false in the world of a claim's row, and whose bound is over its limit."""
    return [direction for direction in FALSE_DIRECTIONS[row["truth"]] if row[f"{direction}_upper"] > row["limit"]]


def sentences(row: Mapping[str, Any]) -> list[str]:
    """What a failed row says, for a person: world, metric, direction, counts, bound and limit; one sentence a direction."""
    said = []
    for direction in over_limit(row):
        count, seeds = row[f"{direction}_count"], row["seed_count"]
        sentence = (
            f"world {row['world']}: {row['metric']} of {row['estimator']} claims {direction} in {count} of {seeds} seeds, though it is false"
            f" there: 95% upper bound {row[f'{direction}_upper']:.3f}, limit {row['limit']:.3f}"
        )
        if upper_bound(0, seeds) > row["limit"]:
            sentence += (
                f" ({seeds} seeds are too few: even without any such claim the bound would be {upper_bound(0, seeds):.3f})"
            )
        said.append(sentence)
    return said


def seeds_of(rows: pa.Table) -> int:
    """Seeds that every gating row of a calibration has at least; 0 where none gates."""
    gating = rows.filter(rows["is_gating"])
    return min(gating["seed_count"].to_pylist(), default=0)
