"""Puts scores together: each wanted one, ours and the baselines', with its target and state. Measures nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import pyarrow as pa

from pipelines.world.scoring import (
    metrics_bursts,
    metrics_cascades,
    metrics_claims,
    metrics_creators,
    metrics_decentralisation,
    metrics_engagement,
    metrics_ethics,
    metrics_insiders,
    metrics_lives,
    metrics_mainstream,
    metrics_niches,
    metrics_origins,
    metrics_platforms,
    metrics_relational,
    metrics_safety,
    metrics_trends,
    metrics_units,
)
from pipelines.world.scoring.baselines import BASELINES
from pipelines.world.scoring.linked import AccountKey, Linked
from pipelines.world.scoring.rows import (
    MEASURED,
    MET,
    MISSED,
    NOT_APPLICABLE,
    NOT_PUBLISHED,
    OURS,
    SCHEMA,
    WITHHELD,
    Found,
)  # fmt: skip
from pipelines.world.scoring.targets import AT_LEAST, AT_MOST, LOSSY, WANTED, Wanted
from pipelines.world.worlds import World

MEASURES: Final[dict[str, Callable[[Linked], Found]]] = {
    **metrics_claims.MEASURES,
    **metrics_trends.MEASURES,
    **metrics_bursts.MEASURES,
    **metrics_origins.MEASURES,
    **metrics_niches.MEASURES,
    **metrics_lives.MEASURES,
    **metrics_mainstream.MEASURES,
    **metrics_creators.MEASURES,
    **metrics_decentralisation.MEASURES,
    **metrics_platforms.MEASURES,
    **metrics_insiders.MEASURES,
    **metrics_ethics.MEASURES,
    **metrics_engagement.MEASURES,
    **metrics_relational.MEASURES,
    **metrics_units.MEASURES,
    **metrics_cascades.MEASURES,
    **metrics_safety.MEASURES,
}
"""How each wanted score is taken that the tables can answer so far."""


def score_tables(
    published: Mapping[str, pa.Table],
    truth: Mapping[str, pa.Table],
    account_key: AccountKey,
    *,
    world: World,
    withheld: Mapping[str, str] | None = None,
    contents: Iterable[tuple[str, bytes]] = (),
) -> pa.Table:
    """Judge published tables by the truth of the world that they were made from.

    Args:
        published: Published tables by name; a table that is absent is not published.
        truth: Tables of ``pipelines.world.truth`` by name; what is absent is empty.
        account_key: The lake's key of a platform's native id.
        world: Parameters of the world.
        withheld: Tables that are held back, and why; absent from ``published``.
        contents: Names and bytes of the published files, one at a time, to be looked through for names.

    Returns:
        Rows of ``rows.SCHEMA`` in the order of ``targets.WANTED``, ours before the baselines.
    """
    linked = Linked(published, truth, account_key, world, contents)
    rows = []
    for wanted in WANTED:
        rows.append(_row(wanted, OURS, _ours(linked, wanted, withheld or {}), world))
        for baseline in BASELINES:
            if baseline.key == wanted.key:
                state = _state(linked, baseline.needs, withheld or {})
                rows.append(_row(wanted, baseline.estimator, state or baseline.measure(linked), world))
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _ours(linked: Linked, wanted: Wanted, withheld: Mapping[str, str]) -> Found | tuple[str, str]:
    if wanted.elsewhere:
        return NOT_APPLICABLE, wanted.elsewhere
    state = _state(linked, wanted.needs, withheld)
    if state:
        return state
    if wanted.key not in MEASURES:
        return NOT_PUBLISHED, "its columns are published now, and nobody has written how it is measured"
    return MEASURES[wanted.key](linked)


def _state(linked: Linked, needs: Iterable[str], withheld: Mapping[str, str]) -> tuple[str, str] | None:
    missing = linked.has(needs)
    for column in missing:
        table = column.partition(".")[0]
        if table in withheld:
            return WITHHELD, f"{table} is withheld: {withheld[table]}"
    return (NOT_PUBLISHED, f"needs {', '.join(missing)}") if missing else None


def _row(wanted: Wanted, estimator: str, found: Found | tuple[str, str], world: World) -> dict[str, Any]:
    target_value = target_of(wanted, world)
    row: dict[str, Any] = {
        "task": wanted.task, "metric": wanted.metric, "estimator": estimator, "target": wanted.target,
        "target_value": target_value, "comparison": wanted.comparison,
    }  # fmt: skip
    if isinstance(found, tuple):
        return row | {"status": found[0], "note": found[1]}
    row |= {
        "value": found.value, "low": found.low, "high": found.high, "unit_count": found.unit_count,
        "planted": found.planted, "found": found.found, "note": found.note,
    }  # fmt: skip
    if found.value is None:
        return row | {"status": NOT_APPLICABLE}
    if wanted.is_of_seeds or target_value is None or wanted.comparison is None:
        return row | {"status": MEASURED}
    return row | {"status": verdict(found.value, wanted.comparison, target_value)}


def target_of(wanted: Wanted, world: World) -> float | None:
    """The target for what is seen of a world: on complete data, or where a fifth of the posts or more is lost."""
    seen = world.observation
    is_lossy = max(seen.loss, seen.loss + seen.micro_loss, seen.loss + seen.macro_loss) >= LOSSY
    complete, lossy = wanted.complete, wanted.lossy
    if wanted.of_worlds:
        complete, lossy = {name: pair for name, *pair in wanted.of_worlds}.get(world.name, (None, None))
    return lossy if is_lossy and lossy is not None else complete


def verdict(value: float, comparison: str, target: float) -> str:
    """Whether a value stands to its target as it should: met or missed."""
    if comparison == AT_MOST:
        return MET if value <= target else MISSED
    if comparison == AT_LEAST:
        return MET if value >= target else MISSED
    return MET if value == target else MISSED
