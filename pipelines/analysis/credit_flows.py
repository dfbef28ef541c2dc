"""Flows from creators on to media and brands along explicit links, against links dealt anew among earlier adopters. No ties between accounts, no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from pipelines.analysis.cascade_flows import Grouping, credit_columns
from pipelines.analysis.cascades import Adopters
from pipelines.analysis.credit_intervals import rate_interval
from pipelines.analysis.parameters import params_hash
from pipelines.analysis.trend_rows import MAINSTREAM

METHOD_VERSION: Final = "credit_flows_2"
_SPAN: Final = 1 << 36
"""Milliseconds, more than a month's trends last: adopter and time in one number."""
_ITEM_COLUMNS: Final = ["trend_key", "item_key", "outlet_class", "outlet_id", "published_high_at", "syndication_key"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CreditParameters:
    """Parameters of flows along explicit links.

    Attributes:
        smallest_credit_count: Credited accounts of a class of outlets, each with another group among those that could have been credited in its
            place, below which nothing is tested.
        smallest_trend_count: Trends of a month in which both took part, below which nothing is tested.
        largest_q: Of a claim.
        interval_share: Of the intervals.
    """

    smallest_credit_count: int = 10
    smallest_trend_count: int = 5
    largest_q: float = 0.05
    interval_share: float = 0.9


@dataclass(frozen=True)
class Credits:
    """Stories of one class of outlets and whom they link to; one row a story and credited adopter, in the order of time.

    Attributes:
        trends: Places of the trends with a story.
        outlet_count: Pairs of trend and outlet with a story.
        adopter: The credited one, a place among the adopters.
        moment: When the story was surely out, as the adopters' times.
        share: Of the story's credit; the shares of a story add up to 1.
    """

    trends: Ints
    outlet_count: int
    adopter: Ints
    moment: Ints
    share: Floats


def credits_of(adopters: Adopters, items: pa.Table, named: pa.Table) -> dict[str, Credits]:
    """Read which adopters the stories of each class of outlets link to.

    A story that several outlets print counts once, at the time of the first of them that links to somebody. An item with no time of its own,
    a post of an outlet's account (a tie between accounts) and an item that only a newer post ties to the trend are no stories.

    Args:
        adopters: Adopters.
        items: ``int_mainstream_matches``.
        named: ``int_mainstream_credits``.
    """
    is_late = pc.and_(pc.equal(items["matched_by"], "link"), pc.equal(items["credited_post_count"], 0))
    is_story = pc.and_(pc.and_(pc.invert(is_late), pc.invert(items["is_account_post"])), items["published_high_at"].is_valid())
    is_known = pc.is_in(items["trend_key"], value_set=pa.array(adopters.trend_keys, pa.string()))
    items = items.filter(pc.and_(is_story, is_known))
    linked = items.filter(items["credited_account_key"].is_valid())
    trend_keys, item_keys = (
        pa.chunked_array([*linked[name].chunks, *named[name].chunks], pa.string()) for name in ("trend_key", "item_key")
    )
    account_keys = pa.chunked_array([*linked["credited_account_key"].chunks, *named["account_key"].chunks], pa.string())
    place = adopters.rows(trend_keys, account_keys)
    by_item: dict[tuple[str, str], set[int]] = {}
    for trend_key, item_key, adopter in zip(trend_keys.to_pylist(), item_keys.to_pylist(), place.tolist(), strict=True):
        if adopter >= 0 and not adopters.is_outlet[adopter]:
            by_item.setdefault((trend_key, item_key), set()).add(adopter)
    rows = items.select(_ITEM_COLUMNS).to_pylist()
    moments = np.asarray(items["published_high_at"].cast(pa.int64()).to_numpy(), dtype=np.int64) // 1000 - adopters.origin
    return {target: _of_class(adopters, rows, moments, by_item, target) for target in MAINSTREAM}


def _of_class(
    adopters: Adopters, rows: Sequence[dict[str, Any]], moments: Ints, by_item: dict[tuple[str, str], set[int]], target: str
) -> Credits:
    own = [(row, moment) for row, moment in zip(rows, moments.tolist(), strict=True) if row["outlet_class"] == target]
    known = {key: place for place, key in enumerate(adopters.trend_keys)}
    first: dict[tuple[str, str], dict[int, int]] = {}
    for row, moment in own:
        story = first.setdefault((row["trend_key"], row["syndication_key"]), {})
        for adopter in by_item.get((row["trend_key"], row["item_key"]), ()):
            if adopters.adopted[adopter] < moment:
                story[adopter] = min(story.get(adopter, moment), moment)
    found = sorted((moment, adopter, 1.0 / len(story)) for story in first.values() for adopter, moment in story.items())
    columns = list(zip(*found, strict=True)) or [(), (), ()]
    return Credits(
        np.array(sorted({known[row["trend_key"]] for row, _ in own}), dtype=np.int64),
        len({(row["trend_key"], row["outlet_id"]) for row, _ in own}),
        np.array(columns[1], dtype=np.int64),
        np.array(columns[0], dtype=np.int64),
        np.array(columns[2], dtype=np.float64),
    )


def chances(adopters: Adopters, links: Credits, group: Ints, group_count: int, cell: Ints) -> tuple[Floats, Floats]:
    """How likely each link would be to lead to each group, were it dealt among the earlier uses of the trend by alike accounts.

    Every earlier use is as likely as any other: who uses a trend often, or early, has more that can be linked to.

    Args:
        adopters: Adopters.
        links: Links.
        group: Of each adopter, the place of its group; -1: none.
        group_count: Groups.
        cell: Of each adopter, a number that is the same for alike ones.

    Returns:
        Link x group; rows add up to less than 1 where some of those accounts are in no group. The same among those accounts only that no
        story linked to before; not a number where the link is not an account's first: linked to again and again, it is evidence once.
    """
    found = np.zeros((links.adopter.size, group_count))
    fresh = np.full((links.adopter.size, group_count), np.nan)
    is_linked = np.zeros(len(adopters.account_keys), dtype=bool)
    bounds = np.searchsorted(adopters.trend, np.arange(len(adopters.trend_keys) + 1))
    use_keys = np.repeat(np.arange(adopters.count), np.diff(adopters.use_first)) * _SPAN + adopters.use_at
    for number, (adopter, moment) in enumerate(zip(links.adopter.tolist(), links.moment.tolist(), strict=True)):
        trend = adopters.trend[adopter]
        pool = np.arange(bounds[trend], bounds[trend + 1])
        pool = pool[(cell[pool] == cell[adopter]) & ~adopters.is_outlet[pool] & (adopters.adopted[pool] < moment)]
        uses = (np.searchsorted(use_keys, pool * _SPAN + moment) - adopters.use_first[pool]).astype(np.float64)
        # A use of which only the day is known may be earlier, or the link would not be there.
        uses = np.maximum(uses, 1.0)
        grouped = group[pool] >= 0
        found[number] = np.bincount(group[pool[grouped]], weights=uses[grouped], minlength=group_count) / uses.sum()
        if not is_linked[adopters.account[adopter]]:
            uses = uses * ~is_linked[adopters.account[pool]]
            fresh[number] = np.bincount(group[pool[grouped]], weights=uses[grouped], minlength=group_count) / uses.sum()
            is_linked[adopters.account[adopter]] = True
    return found, fresh


def tail_probability(chance: Floats, seen: int) -> float:
    """Probability of at least so many successes in independent trials of unequal chance (Poisson binomial), exactly.

    Args:
        chance: Of each trial.
        seen: Successes.
    """
    mass = np.zeros(chance.size + 1)
    mass[0] = 1.0
    for number, one in enumerate(chance.tolist(), start=1):
        mass[1 : number + 1] = mass[1 : number + 1] * (1 - one) + mass[:number] * one
        mass[0] *= 1 - one
    return float(min(mass[seen:].sum(), 1.0))


def measure_credits(
    month: date,
    adopters: Adopters,
    links: dict[str, Credits],
    groupings: Sequence[Grouping],
    parameters: CreditParameters,
) -> list[dict[str, Any]]:
    """Measure which groups of creators the outlets of each class link to, over the trends of a month.

    Args:
        month: In which the trends were born.
        adopters: Their adopters.
        links: By class of outlets, its links.
        groupings: Ways to put adopters into groups.
        parameters: Of the test.

    Returns:
        Rows of ``ripple_flows`` with method ``credits``: of every group of creators that has adopters (of niches: that could have been
        linked to) and every class of outlets with a story.
    """
    stamp = {"month": month, "method": "credits", "method_version": METHOD_VERSION, "params_hash": params_hash(parameters)}
    found: list[dict[str, Any]] = []
    for grouping in (each for each in groupings if len(each.names)):
        others = [each.group for each in groupings if each.kind != grouping.kind]
        cell = np.unique(np.column_stack([adopters.trend, *others]), axis=0, return_inverse=True)[1].ravel()
        rows = [
            row
            for target in sorted(links)
            if links[target].trends.size
            for row in _rows(adopters, grouping, cell, target, links[target], parameters)
        ]
        _judge(rows, parameters)
        found += [stamp | {"group_kind": grouping.kind} | row for row in rows]
    return found


def _rows(
    adopters: Adopters, grouping: Grouping, cell: Ints, target: str, links: Credits, parameters: CreditParameters
) -> Iterator[dict[str, Any]]:
    count, group = len(grouping.names), np.where(adopters.is_outlet, -1, grouping.group)
    trend_count = len(adopters.trend_keys)
    uses = np.diff(adopters.use_first)
    has = group >= 0
    adopter_counts = np.bincount(group[has], minlength=count)
    use_by_trend = np.zeros((trend_count, count))
    np.add.at(use_by_trend, (adopters.trend[has], group[has]), uses[has])
    both = (use_by_trend[links.trends] > 0).sum(axis=0)
    chance, fresh = chances(adopters, links, group, count, cell)
    linked, trend = group[links.adopter], adopters.trend[links.adopter]
    own = np.where(linked >= 0, fresh[np.arange(linked.size), np.maximum(linked, 0)], 1 - fresh.sum(axis=1))
    comparable = np.flatnonzero(own < 1 - 1e-9)
    for source in range(count):
        is_own = linked == source
        if not adopter_counts[source] or (grouping.kind == "niche" and not is_own.any() and not chance[:, source].any()):
            continue
        row: dict[str, Any] = {
            "from_group": grouping.names[source], "to_group": target, "trend_count": int(both[source]),
            "from_adopter_count": int(adopter_counts[source]), "to_adopter_count": links.outlet_count,
            "from_post_count": int(use_by_trend[:, source].sum()), "tie_count": int(is_own.sum()), "claim": "abstained",
        }  # fmt: skip
        if not links.adopter.size:
            yield row | {"null_reason": "no_credits"}
            continue
        by_trend = np.bincount(trend[is_own], weights=links.share[is_own], minlength=trend_count)
        credited = float(by_trend.sum())
        row |= credit_columns(credited, row, rate_interval(by_trend, use_by_trend[:, source], parameters.interval_share))
        compared = fresh[comparable, source]
        if comparable.size < parameters.smallest_credit_count or not (compared * (1 - compared)).any():
            row |= {"null_reason": "too_few_credits"}
        elif row["trend_count"] < parameters.smallest_trend_count:
            row |= {"null_reason": "too_few_trends"}
        else:
            expected = float((chance[:, source] * links.share).sum())
            row |= {
                "null_credited_count": expected, "excess_ratio": credited / expected if expected > 0 else None,
                "p_value": tail_probability(compared, int(is_own[comparable].sum())),
            }  # fmt: skip
        yield {name: round(value, 9) if isinstance(value, float) else value for name, value in row.items()}


def _judge(rows: list[dict[str, Any]], parameters: CreditParameters) -> None:
    """Add q-values and claims, within one kind of group."""
    tested = [row for row in rows if row.get("p_value") is not None]
    if not tested:
        return
    for row, q_value in zip(tested, false_discovery_control([row["p_value"] for row in tested]).tolist(), strict=True):
        row["q_value"] = round(q_value, 9)
        row["claim"] = "beyond_null" if row["q_value"] <= parameters.largest_q else "none"
