"""Origin odds of niches, platforms and insiders at equal posting rate and opportunity, over trends. The choice model itself is in ``origin``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from pipelines.analysis import origin_contracts
from pipelines.analysis.increments import digest, reused
from pipelines.analysis.origin import ChoiceSet, OriginParameters, first_share, naive_origin, origin_odds, two_sided_normal_p
from pipelines.analysis.rates import fit_gamma_prior, posterior_mean_rates, rounded_prior
from pipelines.analysis.trend_events import one_of_each
from pipelines.analysis.trend_pools import EVERY_PERIOD, by_cohort, periods_of
from pipelines.analysis.trend_rows import cohorts_in

METHOD_VERSION: Final = "origin_groups_3"
KINDS: Final = ("niche", "platform", "insider")
NOBODY: Final = ""
_OTHER: Final = "other"
Floats = NDArray[np.float64]
Texts = NDArray[np.object_]


@dataclass(frozen=True)
class GroupParameters:
    """Parameters of origin odds by group.

    Attributes:
        smallest_event_count: A group with adopters in the trends of fewer events abstains.
        claim_level: Of the q-values by which a claim is made.
        origin: Of the choice model.
    """

    smallest_event_count: int = 8
    claim_level: float = 0.05
    origin: OriginParameters = field(default_factory=OriginParameters)


@dataclass(frozen=True)
class Choice:
    """Who could have been among the first adopters of one trend, with a group label each.

    Attributes:
        trend_key: Of the trend.
        account: Hashes of account keys.
        adopted: Hours since birth.
        posts: Posts in the rate window.
        days: Days of the rate window since the account was first seen.
        opportunity: See :func:`pipelines.analysis.origin.opportunities`.
        stands_for: Adopters that each one stands for.
        group: Its group; ``NOBODY``: in none, one of the others for every group.
    """

    trend_key: str
    account: NDArray[np.uint64]
    adopted: Floats
    posts: Floats
    days: Floats
    opportunity: Floats
    stands_for: Floats
    group: Texts

    def take(self, rows: NDArray[np.bool_]) -> Choice:
        """Those adopters only."""
        return Choice(
            self.trend_key,
            self.account[rows],
            self.adopted[rows],
            self.posts[rows],
            self.days[rows],
            self.opportunity[rows],
            self.stands_for[rows],
            self.group[rows],
        )


_LISTS: Final = (
    "account",
    "adopted",
    "prior_posts",
    "prior_days",
    "opportunity",
    "stands_for",
    "platform",
    "niche",
    "insider",
    "is_collected",
)


def choices(table: pa.Table, kind: str) -> list[Choice]:
    """Choice sets of trends with the labels of one kind of group.

    Platforms are compared by what was collected all the time: an adopter of a platform that was not is left out. Of insiders, those of whom
    nothing is told are left out.

    Args:
        table: ``origin_contracts.STATE_ORIGIN_CHOICES``.
        kind: One of ``KINDS``.
    """
    columns = [table[name].combine_chunks() for name in _LISTS]
    lengths = np.asarray(columns[0].value_lengths().to_numpy(zero_copy_only=False), dtype=np.int64)
    bounds = np.append(0, np.cumsum(lengths))
    flat = dict(zip(_LISTS, (column.flatten().to_numpy(zero_copy_only=False) for column in columns), strict=True))
    group = flat[kind]
    found = []
    for key, (begin, end) in zip(table["trend_key"].to_pylist(), pairwise(bounds), strict=True):
        inside = slice(begin, end)
        account, adopted, posts, days, opportunity, stands_for = (flat[name][inside] for name in _LISTS[:6])
        one = Choice(key, account, adopted, posts, days, opportunity, stands_for, group[inside])
        if kind == "platform":
            one = one.take(flat["is_collected"][inside].astype(bool))
        elif kind == "insider":
            one = one.take(one.group != NOBODY)
        if len(set(one.group.tolist())) > 1:
            found.append(one)
    return found


def _rates(sets: list[Choice]) -> list[Floats]:
    """Log posting rates, shrunk within the own group over these trends."""
    group = np.concatenate([each.group for each in sets])
    posts, days = (np.concatenate([getattr(each, name) for each in sets]) for name in ("posts", "days"))
    logs = np.empty(posts.size)
    for name in np.unique(group.astype(str)):
        rows = group == name
        prior = rounded_prior(*fit_gamma_prior(posts[rows], days[rows]))
        logs[rows] = np.log(posterior_mean_rates(posts[rows], days[rows], prior))
    return np.split(logs, np.cumsum([each.posts.size for each in sets])[:-1])


def group_odds(sets: list[Choice], events: Mapping[str, str], parameters: GroupParameters) -> list[dict[str, Any]]:
    """Odds of each group against all others, by name, with q-values and claims.

    Args:
        sets: Choice sets of one kind of group, in a fixed order.
        events: By trend the event that it is of: of each one that trend is counted in which the group has most adopters.
        parameters: See :class:`GroupParameters`.

    Returns:
        Rows without kind, period, version and hash.
    """
    rates = _rates(sets) if sets else []
    trends_of: dict[str, list[int]] = {}
    for place, each in enumerate(sets):
        for name in sorted(set(each.group.tolist()) - {NOBODY, _OTHER}):
            trends_of.setdefault(name, []).append(place)
    rows = []
    for name in sorted(trends_of):
        places = trends_of[name]
        sizes = [round(float(sets[place].stands_for[sets[place].group == name].sum())) for place in places]
        counted = one_of_each([sets[place].trend_key for place in places], events, np.array(sizes, dtype=np.int64))
        own = [(sets[places[nth]], rates[places[nth]]) for nth in counted]
        row: dict[str, Any] = {
            "group_name": name,
            "trend_count": len(places),
            "event_count": len(own),
            "adopter_count": sum(sizes),
            "origin_pick_count": 0.0,
            "claim": "abstained",
        }
        rows.append(row)
        if len(own) < parameters.smallest_event_count:
            row["abstain_reason"] = "too_few_trends"
            continue
        chosen = [
            ChoiceSet(each.account, each.adopted, rate, each.opportunity, each.group == name, each.stands_for)
            for each, rate in own
        ]
        odds = origin_odds(chosen, parameters.origin)
        firsts = np.array([first_share(each.adopted, each.is_group) for each in chosen])
        shares = np.array([each.stands_for[each.is_group].sum() / each.stands_for.sum() for each in chosen])
        naive = naive_origin(firsts, shares, parameters.origin.interval_level)
        row |= {"origin_pick_count": round(odds.origin_set_count, 9), "naive_first_count": naive.first_count}
        row |= {
            "naive_expected_count": naive.expected_count,
            "naive_excess_ratio": naive.excess_ratio,
            "naive_excess_low": naive.low,
        }
        row |= {"naive_excess_high": naive.high, "naive_p_value": two_sided_normal_p(naive.z_score)}
        if np.isnan(odds.odds_ratio) or np.isnan(odds.p_value):
            row["abstain_reason"] = "no_contrast"
            continue
        # Infinite where every pick is of one side.
        row |= {
            "odds_ratio": odds.odds_ratio,
            "odds_ratio_low": odds.low,
            "odds_ratio_high": odds.high,
            "p_value": odds.p_value,
            "claim": "none",
        }
    tested = [row for row in rows if "p_value" in row]
    if tested:
        for row, q_value in zip(tested, false_discovery_control([row["p_value"] for row in tested]), strict=True):
            row["q_value"] = float(q_value)
            if q_value < parameters.claim_level:
                row["claim"] = "early" if row["odds_ratio"] > 1 else "late"
    return rows


def pooled_group_odds(
    table: pa.Table, events: Mapping[str, str], parameters: GroupParameters, stored: pa.Table, salt: str
) -> pa.Table:
    """Origin odds of all groups, of each type of unit over all its trends and over those born in a month; where no trend changed they are taken again.

    Args:
        table: ``origin_contracts.STATE_ORIGIN_CHOICES``, ordered by trend.
        events: By trend the event that it is of (:func:`pipelines.analysis.trend_events.events_of`).
        parameters: See :class:`GroupParameters`.
        stored: ``origin_groups`` of the state of the last call.
        salt: Of the hashes: method and parameters.

    Returns:
        ``origin_groups`` of the state, ordered by type of unit, kind, period (all of them first) and group.
    """
    schema = origin_contracts.STATE["origin_groups"]
    members = dict(by_cohort(table, periods_of(cohorts_in(table))))
    wanted = {
        cohort: digest(salt, *inside["input_hash"].to_pylist(), *(events[key] for key in inside["trend_key"].to_pylist()))
        for cohort, inside in members.items()
    }
    kept, known = reused(stored, wanted, ["unit_type", "period"], "input_hash")
    rows = [
        row | {"unit_type": cohort[0], "group_kind": kind, "period": cohort[1], "input_hash": wanted[cohort]}
        for cohort, inside in members.items()
        if cohort not in known
        for kind in KINDS
        for row in group_odds(choices(inside, kind), events, parameters)
    ]
    both = pa.concat_tables([kept, pa.Table.from_pylist(rows, schema=schema)])
    keys = list(zip(*(both[name].to_pylist() for name in ("unit_type", "group_kind", "period", "group_name")), strict=True))
    order = sorted(range(len(keys)), key=lambda row: (*keys[row][:2], keys[row][2] != EVERY_PERIOD, *keys[row][2:]))
    return both.take(pa.array(order, pa.int64())).combine_chunks()
