"""Pooled findings and origin odds from the stored statistics of trends: linear in trends, reused where no trend changed. No rows of adopters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from pipelines.analysis import contracts
from pipelines.analysis.increments import digest, reused
from pipelines.analysis.origin import ChoiceSet, OriginParameters, first_share, most_cautious, naive_origin, origin_odds
from pipelines.analysis.precedence import KernelParameters, PooledPrecedence, pooled_precedence
from pipelines.analysis.timeline import PooledShift, TimelineParameters, pooled_shift
from pipelines.analysis.trend_events import one_of_each
from pipelines.analysis.trend_references import ChanceEvidence
from pipelines.analysis.trend_rows import HASHTAG, MEDIA, TIERS, Cohort, cohorts_in

Floats = NDArray[np.float64]
EVERY_PERIOD: Final = "all"
_KEYS: Final = ("unit_type", "period", "lead_class", "target_class")
_Key = tuple[str, str, str, str]
_READINGS: Final = ("opportunity", "opportunity_by_tier")
_DIRECTIONS: Final = ("lead_first", "target_first")
_NONE: Final = float("nan")


@dataclass(frozen=True)
class ClaimRule:
    """When a pooled comparison is a claim.

    Attributes:
        level: Two-sided level that the shift must reach, and at which a kernel that says the other side stands against it.
        needs_kernel: Whether the kernel must reach it too, on the same side.
        smallest_event_count: Fewer events abstain: trends of one event are one trend here.
        unequal_chance_level: At or below this p-value the chances of use of two groups are taken to differ.
        unequal_level_ratio: Share of the level that the shift must reach there: a shift and a difference of chances look alike.
    """

    level: float = 0.05
    needs_kernel: bool = False
    smallest_event_count: int = 8
    unequal_chance_level: float = 0.05
    unequal_level_ratio: float = 0.2

    def shift_p_value_of(self, timeline_p_value: float, use_chance_p_value: float | None) -> float:
        """The p-value of the shift, larger where chances of use surely differ.

        Args:
            timeline_p_value: Of the shift.
            use_chance_p_value: Of equal chances of use; they are taken to be equal where it is not known (None, NaN).
        """
        if use_chance_p_value is None or not use_chance_p_value <= self.unequal_chance_level:
            return timeline_p_value
        return min(1.0, timeline_p_value / self.unequal_level_ratio)

    def p_value_of(self, kernel_p_value: float, timeline_p_value: float, use_chance_p_value: float | None) -> float:
        """What is compared with the level: the p-value of the shift as above, that of the kernel where it is larger and needed.

        Args:
            kernel_p_value: Of the kernel's probability.
            timeline_p_value: Of the shift.
            use_chance_p_value: Of equal chances of use.
        """
        shift_p_value = self.shift_p_value_of(timeline_p_value, use_chance_p_value)
        return max(kernel_p_value, shift_p_value) if self.needs_kernel else shift_p_value

    def shared_by(self, count: int) -> ClaimRule:
        """The rule of one of several comparisons that share the level (Bonferroni): at such levels the kernel must be sure too.

        So far out in its tail the shift alone does not keep its level.

        Args:
            count: Comparisons that share it.
        """
        return replace(self, level=self.level / max(count, 1), needs_kernel=True)


@dataclass(frozen=True)
class Pooling:
    """How trends are pooled.

    Attributes:
        periods: By type of unit, its months of birth, in time's order.
        claims: When a comparison is a claim.
        kernel: Of the kernel estimator.
        timeline: Of the timeline model.
        origin: Of the choice model.
        salt: Of the hashes: method and parameters.
        events: By trend the event that it is of (:func:`pipelines.analysis.trend_events.events_of`): of each one trend is counted.
    """

    periods: Mapping[str, list[str]]
    claims: ClaimRule
    kernel: KernelParameters
    timeline: TimelineParameters
    origin: OriginParameters
    salt: str
    events: Mapping[str, str]


def periods_of(cohorts: Iterable[Cohort]) -> dict[str, list[str]]:
    """Periods of each type of unit, both in order. Hashtags are there without any too: a night without trends says so of something.

    Args:
        cohorts: Of all trends.
    """
    found: dict[str, set[str]] = {HASHTAG: set()}
    for unit_type, period in cohorts:
        found.setdefault(unit_type, set()).add(period)
    return {unit_type: sorted(found[unit_type]) for unit_type in sorted(found)}


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _matrix(column: pa.ChunkedArray) -> Floats:
    """Rows of lists of one length as a matrix."""
    flat = column.combine_chunks().flatten()
    return np.asarray(flat.to_numpy(zero_copy_only=False), dtype=np.float64).reshape(len(column), -1)


def claim_of(pooled: PooledPrecedence, shift: PooledShift, event_count: int, rule: ClaimRule) -> str:
    """Give the pooled claim: lead_first or target_first where the shift is sure and the kernel is not sure of the other side.

    If the rule needs the kernel it must be sure of the same side.

    Args:
        pooled: Kernel estimate over trends.
        shift: Timeline estimate over trends.
        event_count: Events of the trends that were compared.
        rule: See :class:`ClaimRule`.
    """
    if event_count < rule.smallest_event_count or not np.isfinite(pooled.p_value) or not np.isfinite(shift.p_value):
        return "abstained"
    p_value = rule.p_value_of(pooled.p_value, shift.p_value, shift.chance_p_value)
    is_contradicted = shift.hours * (pooled.probability - 0.5) <= 0 and (rule.needs_kernel or pooled.p_value <= rule.level)
    if p_value > rule.level or shift.hours == 0 or is_contradicted:
        return "none"
    return "lead_first" if shift.hours > 0 else "target_first"


def _one_of_each(compared: pa.Table, events: Mapping[str, str]) -> pa.Table:
    """Of the comparisons of one event's trends that with most adopters of the target, a compared shift before all."""
    sizes = np.asarray(compared["target_adopter_count"].to_numpy(), dtype=np.int64)
    has_shift = np.asarray(compared["shift_profile"].is_valid().to_numpy())
    sizes = sizes + has_shift * (int(sizes.max(initial=0)) + 1)
    return compared.take(pa.array(one_of_each(compared["trend_key"].to_pylist(), events, sizes)))


def _finding(
    cohort: Cohort, pair: tuple[str, str], compared: pa.Table, rule: ClaimRule, pooling: Pooling, evidence: ChanceEvidence
) -> dict[str, Any]:
    told = compared.filter(compared["theta"].is_valid())
    counted = _one_of_each(told, pooling.events)
    decided = counted.filter(pc.greater(counted["decidable_ratio"], 0.0))
    shifted = counted.filter(counted["shift_profile"].is_valid())
    theta, decidable = (np.asarray(decided[name].to_numpy(), dtype=np.float64) for name in ("theta", "decidable_ratio"))
    replicates = _matrix(decided["account_thetas"]) if decided.num_rows else np.empty((0, 0))
    pooled = pooled_precedence(theta, decidable, replicates, pooling.kernel)
    shift = PooledShift(_NONE, _NONE, _NONE, _NONE)
    if shifted.num_rows:
        profiles = _matrix(shifted["shift_profile"])
        slopes = _matrix(shifted["shift_slopes"]).reshape(len(profiles), 2, -1)
        samples, others = evidence.samples(shifted["trend_key"].to_pylist(), cohorts_in(shifted), pair)
        shift = pooled_shift(profiles, slopes, samples, pooling.timeline, others)
    # The two estimators may lose different trends: the smaller number decides whether there are enough events.
    claim = claim_of(pooled, shift, min(pooled.trend_count, shifted.num_rows), rule)
    if pair[1] == MEDIA and claim in _DIRECTIONS:
        # An editorial delay, and items that were never collected, look like one side being earlier: without each outlet's own
        # reaction time (R5) timing alone cannot tell, so the numbers stand and no direction is claimed.
        claim = "withheld"
    numbers = {
        "precedence_probability": pooled.probability,
        "precedence_low": pooled.low,
        "precedence_high": pooled.high,
        "kernel_p_value": pooled.p_value,
        "shift_hours": shift.hours,
        "shift_low_hours": shift.low,
        "shift_high_hours": shift.high,
        "timeline_p_value": shift.p_value,
        "shift_spread_hours": shift.spread_hours,
        "lead_use_chance": shift.lead_chance,
        "target_use_chance": shift.target_chance,
        "use_chance_p_value": shift.chance_p_value,
    }
    return {
        "unit_type": cohort[0],
        "period": cohort[1],
        "lead_class": pair[0],
        "target_class": pair[1],
        "trend_count": told.num_rows,
        "event_count": counted.num_rows,
        "abstained_count": compared.num_rows - told.num_rows,
        **{name: _number(value) if claim != "abstained" else None for name, value in numbers.items()},
        "claim": claim,
    }


def by_cohort(table: pa.Table, periods: Mapping[str, list[str]]) -> Iterator[tuple[Cohort, pa.Table]]:
    """Rows of each type of unit: all of them, and those of trends born in each month.

    Args:
        table: With ``unit_type`` and ``period``.
        periods: From :func:`periods_of`.
    """
    for unit_type, months in periods.items():
        own = table.filter(pc.equal(table["unit_type"], unit_type))
        yield (unit_type, EVERY_PERIOD), own
        for period in months:
            yield (unit_type, period), own.filter(pc.equal(own["period"], period))


def _hash(pooling: Pooling, table: pa.Table) -> str:
    """Of what is pooled, and of which events it is; a gated trend is of none."""
    events = (pooling.events.get(key, "") for key in table["trend_key"].to_pylist())
    return digest(pooling.salt, *table["input_hash"].to_pylist(), *events)


def _ordered(rows: pa.Table) -> pa.Table:
    """By type of unit, all periods together first, then by key."""
    columns = [np.array(rows[name].to_pylist(), dtype=str) for name in _KEYS]
    is_period = columns[1] != EVERY_PERIOD
    order = np.lexsort([*columns[:1:-1], columns[1], is_period, columns[0]]) if rows.num_rows else np.empty(0, np.int64)
    return rows.take(pa.array(order, pa.int64())).combine_chunks()


def _rules(members: dict[_Key, pa.Table], always: set[tuple[str, str]], pooling: Pooling) -> dict[_Key, ClaimRule]:
    """Rule of each claim: many pairs of platforms are compared in a period and share the level."""
    family: dict[Cohort, int] = {}
    for (unit_type, period, lead, target), compared in members.items():
        if (lead, target) in always:
            continue
        told = compared.filter(compared["theta"].is_valid())["trend_key"].to_pylist()
        if len({pooling.events[key] for key in told}) >= pooling.claims.smallest_event_count:
            family[unit_type, period] = family.get((unit_type, period), 0) + 1
    return {key: pooling.claims if key[2:] in always else pooling.claims.shared_by(family.get(key[:2], 0)) for key in members}


def pooled_findings(
    compared: pa.Table, always: list[tuple[str, str]], pooling: Pooling, evidence: ChanceEvidence, stored: pa.Table
) -> pa.Table:
    """Pool the comparisons of each type of unit, lead and target class, over all its trends and over those born in a month.

    Args:
        compared: ``contracts.STATE_TREND_COMPARISONS``, ordered by key.
        always: Classes that have a row for every period, trends or not; others only where a trend has both.
        pooling: See :class:`Pooling`.
        evidence: What the p were found from that the trends were read with.
        stored: ``contracts.STATE_FINDINGS`` of the last call.

    Returns:
        ``contracts.STATE_FINDINGS``.
    """
    pairs = set(zip(compared["lead_class"].to_pylist(), compared["target_class"].to_pylist(), strict=True)) | set(always)
    members: dict[_Key, pa.Table] = {}
    for lead, target in sorted(pairs):
        own = compared.filter(pc.and_(pc.equal(compared["lead_class"], lead), pc.equal(compared["target_class"], target)))
        for cohort, inside in by_cohort(own, pooling.periods):
            if inside.num_rows or (lead, target) in always:
                members[*cohort, lead, target] = inside
    rules = _rules(members, set(always), pooling)
    wanted = {
        key: digest(_hash(pooling, inside), rules[key].level, evidence.hash_of(sorted(set(cohorts_in(inside))), key[2:]))
        for key, inside in members.items()
    }
    kept, known = reused(stored, wanted, list(_KEYS), "input_hash")
    rows = [
        _finding(key[:2], key[2:], members[key], rules[key], pooling, evidence) | {"input_hash": wanted[key]}
        for key in members
        if key not in known
    ]
    return _ordered(pa.concat_tables([kept, pa.Table.from_pylist(rows, schema=contracts.STATE_FINDINGS)]))


@dataclass(frozen=True)
class _Choices:
    """Choice sets of some trends, all tiers; each read in two ways, with one chance of use for all and with one for each tier."""

    sets: list[tuple[NDArray[Any], ...]]
    shares: Floats

    def of(self, tier: int) -> list[list[ChoiceSet]]:
        """The choice sets of a tier, in each reading."""
        return [
            [ChoiceSet(who, when, rate, own[reading], tiers == tier, many) for who, when, rate, tiers, many, *own in self.sets]
            for reading in range(len(_READINGS))
        ]


def _choices(table: pa.Table) -> _Choices:
    columns = [table[name].combine_chunks() for name in ("account", "adopted", "log_rate", "tier", "stands_for", *_READINGS)]
    bounds = np.append(0, np.cumsum(columns[0].value_lengths().to_numpy(zero_copy_only=False)))
    flat = [column.flatten().to_numpy(zero_copy_only=False) for column in columns]
    sets = [tuple(column[begin:end] for column in flat) for begin, end in pairwise(bounds)]
    counts = _matrix(table["tier_counts"])
    return _Choices(sets, counts / counts.sum(axis=1, keepdims=True))


def _odds_rows(cohort: Cohort, table: pa.Table, pooling: Pooling) -> list[dict[str, Any]]:
    table = table.filter(pc.greater(pc.list_value_length(table["account"]), 0))
    trend_count = table.num_rows
    if trend_count:
        # Of an event that trend of which most adopters could be among its first.
        table = table.take(
            pa.array(one_of_each(table["trend_key"].to_pylist(), pooling.events, _matrix(table["tier_counts"]).sum(axis=1)))
        )
    rows: list[dict[str, Any]] = []
    choices = _choices(table) if table.num_rows >= pooling.origin.smallest_trend_count else None
    for place, tier in enumerate(TIERS):
        row: dict[str, Any] = {"unit_type": cohort[0], "period": cohort[1], "tier": tier}
        row |= {"trend_count": trend_count, "event_count": table.num_rows, "origin_set_count": 0}
        rows.append(row)
        if choices is None:
            row["abstain_reason"] = "too_few_trends"
            continue
        readings = choices.of(place)
        odds = most_cautious([origin_odds(sets, pooling.origin) for sets in readings])
        firsts = np.array([first_share(each.adopted, each.is_group) for each in readings[0]])
        naive = naive_origin(firsts, choices.shares[:, place], pooling.origin.interval_level)
        row |= {"origin_set_count": round(odds.origin_set_count)}
        row |= {"naive_first_count": round(naive.first_count), "naive_expected_count": naive.expected_count}
        row |= {"naive_excess_ratio": _number(naive.excess_ratio)}
        row |= {"naive_excess_low": _number(naive.low), "naive_excess_high": _number(naive.high)}
        row |= {"odds_ratio": _number(odds.odds_ratio), "odds_ratio_low": _number(odds.low)}
        # Infinite where every pick is of one side.
        row |= {"odds_ratio_high": None if np.isnan(odds.high) else odds.high, "p_value": _number(odds.p_value)}
        if row["odds_ratio"] is None:
            row["abstain_reason"] = "no_contrast"
    tested = [row for row in rows if row.get("p_value") is not None]
    if tested:
        for row, q_value in zip(tested, false_discovery_control([row["p_value"] for row in tested]), strict=True):
            row["q_value"] = float(q_value)
    return rows


def pooled_odds(choices: pa.Table, pooling: Pooling, stored: pa.Table) -> pa.Table:
    """Origin odds of each tier, of each type of unit over all its trends and over those born in a month.

    Args:
        choices: ``contracts.STATE_TREND_CHOICES``, ordered by trend.
        pooling: See :class:`Pooling`.
        stored: ``contracts.STATE_ORIGIN_ODDS`` of the last call.

    Returns:
        ``contracts.STATE_ORIGIN_ODDS``.
    """
    members = dict(by_cohort(choices, pooling.periods))
    wanted = {cohort: _hash(pooling, inside) for cohort, inside in members.items()}
    kept, known = reused(stored, wanted, ["unit_type", "period"], "input_hash")
    rows = [
        row | {"input_hash": wanted[cohort]}
        for cohort, inside in members.items()
        if cohort not in known
        for row in _odds_rows(cohort, inside, pooling)
    ]
    table = pa.concat_tables([kept, pa.Table.from_pylist(rows, schema=contracts.STATE_ORIGIN_ODDS)])
    # Tiers have an order of their own: the stored rows of a cohort keep it.
    place = {cohort: index for index, cohort in enumerate(members)}
    where = np.array([place[cohort] for cohort in cohorts_in(table)], dtype=np.int64)
    return table.take(pa.array(np.argsort(where, kind="stable"), pa.int64())).combine_chunks()
