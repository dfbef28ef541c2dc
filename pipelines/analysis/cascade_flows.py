"""Flows of credited adoptions between groups, against adoption times dealt anew among alike adopters. No parents of one adopter, no Hawkes process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from pipelines.analysis.cascade_contracts import GROUPS
from pipelines.analysis.cascades import Adopters, CascadeParameters, Parents, Ties, contact_pairs, split_credit
from pipelines.analysis.credit_intervals import rate_interval
from pipelines.analysis.increments import digest
from pipelines.analysis.parameters import params_hash

METHOD_VERSION: Final = "cascade_flows_2"
_MILLISECONDS_PER_HOUR: Final = 3_600_000.0

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FlowParameters:
    """Parameters of flows along ties.

    Attributes:
        cascades: How credit is split.
        shuffle_count: Deals of adoption times.
        rate_noise: Two adopters change places where their log posting rates differ by no more than normal noise of this standard deviation.
        smallest_tie_count: Known ties between two groups below which nothing is tested.
        smallest_trend_count: Trends of a month below which nothing is claimed.
        largest_q: Of a claim.
        interval_share: Of the intervals.
    """

    cascades: CascadeParameters = field(default_factory=CascadeParameters)
    shuffle_count: int = 199
    rate_noise: float = 0.3
    smallest_tie_count: int = 20
    smallest_trend_count: int = 5
    largest_q: float = 0.05
    interval_share: float = 0.9


@dataclass(frozen=True)
class Grouping:
    """A way to put adopters into groups.

    Attributes:
        kind: tier, niche or platform.
        names: Of the groups.
        group: Of each adopter, the place of its group; -1: none.
    """

    kind: str
    names: Sequence[str]
    group: Ints


def deals(adopters: Adopters, niche: Ints, parameters: FlowParameters, rng: np.random.Generator) -> Iterator[Ints]:
    """Deal whole histories of use among the adopters of a trend that are alike: of one group, niche and platform, and of similar posting rate.

    The test of Anagnostopoulos, Kumar and Mahdian (2008): where ties carry nothing, who adopts when does not hang on who is tied to whom. Alike
    adopters alone change places: who is early because of its size, its niche or its rate is early in every deal. Places are ranks by log
    rate, and ranks by log rate with noise.

    Yields:
        By adopter, whose uses it gets.
    """
    cell = np.unique(
        np.column_stack([adopters.trend, adopters.group, niche, np.unique(adopters.platform.astype(str), return_inverse=True)[1]]),
        axis=0,
        return_inverse=True,
    )[1].ravel() if adopters.count else np.empty(0, dtype=np.int64)  # fmt: skip
    log_rate = np.log(adopters.prior_rate + 0.05)
    while True:
        noisy = log_rate + rng.normal(0.0, parameters.rate_noise, adopters.count)
        again = log_rate + rng.normal(0.0, parameters.rate_noise, adopters.count)
        owner = np.empty(adopters.count, dtype=np.int64)
        owner[np.lexsort((noisy, cell))] = np.lexsort((again, cell))
        yield owner


def credited_by_trend(
    adopters: Adopters, pairs: tuple[Ints, Ints, Floats], parameters: CascadeParameters, owner: Ints | None = None
) -> tuple[Ints, Ints, Floats]:
    """Split the credit of adoptions among contacts, as :func:`find_parents` does without explicit traces.

    Args:
        adopters: Adopters.
        pairs: Child, other and strength of each known contact.
        parameters: How credit is split.
        owner: By adopter, whose uses it is given; its own when None.

    Returns:
        Child, parent and share of each credited pair.
    """
    child, other, strength = pairs
    moment = adopters.adopted[child if owner is None else owner[child]]
    used = adopters.last_use_before(other, moment, owner=owner)
    lag = (moment - used) / _MILLISECONDS_PER_HOUR
    kept = (used >= 0) & (lag > 0) & (lag <= parameters.parent_window_days * 24.0)
    raw = np.maximum(strength[kept] * np.exp(-lag[kept] / parameters.decay_hours), 1e-6)
    rows, share, _ = split_credit(child[kept], other[kept], raw, parameters.largest_parent_count)
    return child[kept][rows], other[kept][rows], share


def measure_flows(
    month: date,
    adopters: Adopters,
    ties: Ties,
    parents: Parents,
    groupings: Sequence[Grouping],
    niche: Ints,
    parameters: FlowParameters,
) -> list[dict[str, Any]]:
    """Measure credited adoptions from group to group over the trends of a month.

    Args:
        month: In which the trends were born.
        adopters: Their adopters.
        ties: Known ties among these.
        parents: Whom each has it from.
        groupings: Ways to put them into groups.
        niche: Of each adopter, a number; -1: none.
        parameters: Of the test.

    Returns:
        Rows of ``ripple_flows`` with method ``edges``: of every pair of tiers and of platforms that have adopters, and of every pair of niches with a tie.
    """
    stamp = {"method": "edges", "method_version": METHOD_VERSION, "params_hash": params_hash(parameters)}
    child, other, strength, _ = contact_pairs(ties, parameters.cascades)
    pairs = child, other, strength
    seen = credited_by_trend(adopters, pairs, parameters.cascades)
    rng = np.random.default_rng(int(digest(METHOD_VERSION, month, *adopters.trend_keys)[:15], 16))
    owners = deals(adopters, niche, parameters, rng)
    dealt = [
        credited_by_trend(adopters, pairs, parameters.cascades, next(owners))
        for _ in range(parameters.shuffle_count if child.size else 0)
    ]
    tie_pairs = (
        np.unique(np.column_stack([ties.child, ties.other]), axis=0) if ties.child.size else np.empty((0, 2), dtype=np.int64)
    )
    found: list[dict[str, Any]] = []
    for grouping in groupings:
        rows = list(_pair_rows(adopters, grouping, tie_pairs, seen, dealt, parents, parameters))
        _judge(rows, parameters)
        found += [{"month": month, "group_kind": grouping.kind, **stamp} | row for row in rows]
    return found


def _pair_rows(
    adopters: Adopters, grouping: Grouping, tie_pairs: Ints, seen: tuple[Ints, Ints, Floats], dealt: list[tuple[Ints, Ints, Floats]],
    parents: Parents, parameters: FlowParameters,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    count, group = len(grouping.names), grouping.group
    adopter_counts = np.bincount(group[group >= 0], minlength=count)
    post_counts = np.bincount(group[group >= 0], weights=np.diff(adopters.use_first)[group >= 0], minlength=count)
    trend_count = len(adopters.trend_keys)
    members = np.zeros((trend_count, count), dtype=bool)
    members[adopters.trend[group >= 0], group[group >= 0]] = True
    use_by_trend = np.zeros((trend_count, count))
    np.add.at(use_by_trend, (adopters.trend[group >= 0], group[group >= 0]), np.diff(adopters.use_first)[group >= 0])

    def sums(child: Ints, parent: Ints, share: Floats) -> Floats:
        both = (group[child] >= 0) & (group[parent] >= 0)
        return np.asarray(
            np.bincount(group[parent[both]] * count + group[child[both]], weights=share[both], minlength=count * count),
            dtype=np.float64,
        )

    tie_counts = sums(tie_pairs[:, 0], tie_pairs[:, 1], np.ones(tie_pairs.shape[0])).astype(np.int64)
    statistic = sums(*seen)
    under_null = np.array([sums(*each) for each in dealt]) if dealt else np.zeros((0, count * count))
    credited = sums(parents.child, parents.parent, parents.weight)
    cell = np.where(
        (group[parents.child] >= 0) & (group[parents.parent] >= 0), group[parents.parent] * count + group[parents.child], -1
    )
    for source in range(count):
        for target in range(count):
            place = source * count + target
            if not (adopter_counts[source] and adopter_counts[target]) or (grouping.kind == "niche" and not tie_counts[place]):
                continue
            row: dict[str, Any] = {
                "from_group": grouping.names[source], "to_group": grouping.names[target],
                "trend_count": int((members[:, source] & members[:, target]).sum()), "from_adopter_count": int(adopter_counts[source]),
                "to_adopter_count": int(adopter_counts[target]), "from_post_count": int(post_counts[source]), "tie_count": int(tie_counts[place]),
                "claim": "abstained",
            }  # fmt: skip
            if not tie_counts[place]:
                yield row | {"null_reason": "no_ties"}
                continue
            own = cell == place
            by_trend = np.bincount(adopters.trend[parents.child[own]], weights=parents.weight[own], minlength=trend_count)
            row |= credit_columns(
                float(credited[place]), row, rate_interval(by_trend, use_by_trend[:, source], parameters.interval_share)
            )
            if tie_counts[place] >= parameters.smallest_tie_count and row["trend_count"] >= parameters.smallest_trend_count:
                expected = under_null[:, place].mean()
                above = int((np.round(under_null[:, place], 9) >= round(statistic[place], 9)).sum())
                row |= {
                    "null_credited_count": expected, "excess_ratio": statistic[place] / expected if expected > 0 else None,
                    "p_value": (1 + above) / (1 + under_null.shape[0]),
                }  # fmt: skip
            else:
                row |= {"null_reason": "too_few_ties" if tie_counts[place] < parameters.smallest_tie_count else "too_few_trends"}
            yield {name: round(float(value), 9) if isinstance(value, float) else value for name, value in row.items()}


def credit_columns(credited: float, row: Mapping[str, Any], interval: tuple[float, float] | None) -> dict[str, float | None]:
    """What is credited, per adopter and per post of the source, with the interval of both; its ends are None where none is known.

    Args:
        credited: Adoptions.
        row: With the counts of the source's adopters and posts.
        interval: Of what is credited, at its number of posts.
    """
    posts = row["from_post_count"]
    low, high = interval or (None, None)
    return {
        "credited_count": credited, "credited_low_count": low, "credited_high_count": high,
        "credited_per_adopter": credited / row["from_adopter_count"], "credited_per_post": credited / posts,
        "credited_per_post_low": None if low is None else low / posts, "credited_per_post_high": None if high is None else high / posts,
    }  # fmt: skip


def _judge(rows: list[dict[str, Any]], parameters: FlowParameters) -> None:
    """Add q-values and claims, within one kind of group."""
    tested = [row for row in rows if row.get("p_value") is not None]
    if not tested:
        return
    for row, q_value in zip(tested, false_discovery_control([row["p_value"] for row in tested]).tolist(), strict=True):
        row["q_value"] = round(q_value, 9)
        row["claim"] = "beyond_null" if row["q_value"] <= parameters.largest_q else "none"


def groupings_of(
    adopters: Adopters, niches: Mapping[tuple[str, str], str], niche_keys: Sequence[tuple[str, str]]
) -> tuple[list[Grouping], Ints]:
    """Tiers, niches and platforms of adopters.

    Args:
        adopters: Adopters.
        niches: By account and month, niche; accounts without one are missing.
        niche_keys: Of each adopter, the account and the month of which its niche counts.

    Returns:
        The groupings, and of each adopter the number of its niche.
    """
    of_adopter = [niches.get(key) for key in niche_keys]
    names = sorted({name for name in of_adopter if name is not None})
    place = {name: number for number, name in enumerate(names)}
    niche = np.array([-1 if name is None else place[name] for name in of_adopter], dtype=np.int64)
    platforms, platform = np.unique(adopters.platform.astype(str), return_inverse=True)
    platform = np.where(adopters.is_outlet, -1, platform)
    kinds = [
        Grouping("tier", GROUPS, adopters.group),
        Grouping("niche", names, niche),
        Grouping("platform", platforms.tolist(), platform.astype(np.int64)),
    ]
    return kinds, niche
