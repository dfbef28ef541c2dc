"""The trend tables: exchange tables in, precedence, pooled findings and origin odds out. Gates live here; estimators do not; no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from pipelines.analysis import contracts
from pipelines.analysis.origin import ChoiceSet, OriginParameters, naive_origin, origin_odds
from pipelines.analysis.parameters import params_hash
from pipelines.analysis.precedence import (
    Adopters,
    KernelParameters,
    PooledPrecedence,
    TrendPrecedence,
    account_bootstrap_weights,
    naive_lead,
    pooled_precedence,
    trend_precedence,
)
from pipelines.analysis.rates import posterior_mean_rates
from pipelines.analysis.timeline import Shift, Timeline, TimelineFit, TimelineParameters, fit_timelines, pooled_shift

METHOD_VERSION: Final = "trends_1"
Floats = NDArray[np.float64]
Rows = list[dict[str, Any]]
TARGET_CLASSES: Final = ("large_creators", "mid_creators", "media")
TIERS: Final = ("micro", "mid", "macro", "mega")
_LEAD: Final = "micro"
_TIER_OF: Final = {"micro_sub1k": "micro", "micro_1k_10k": "micro", "nano": "micro"} | {tier: tier for tier in TIERS}
_CLASS_OF: Final = {"micro": _LEAD, "mid": "mid_creators", "macro": "large_creators", "mega": "large_creators"}
_MICROSECONDS_PER_HOUR: Final = 3_600_000_000
_DAY_HOURS: Final = 24.0


@dataclass(frozen=True)
class TrendParameters:
    """Parameters of the trend tables.

    Attributes:
        largest_day_share: At or above this share of adoptions on one day the trend is a shock.
        smallest_lead_count: Fewer lead adopters abstain.
        smallest_target_count: Fewer target adopters abstain.
        smallest_trend_count: Fewer trends abstain from a pooled finding.
        claim_level: Two-sided level that both estimators must reach.
        shuffle_count: Label shuffles of the naive lead's null.
        kernel: Of the kernel estimator.
        timeline: Of the timeline model.
        origin: Of the choice model.
    """

    largest_day_share: float = 0.35
    smallest_lead_count: int = 5
    smallest_target_count: int = 3
    smallest_trend_count: int = 8
    claim_level: float = 0.05
    shuffle_count: int = 499
    kernel: KernelParameters = field(default_factory=KernelParameters)
    timeline: TimelineParameters = field(default_factory=TimelineParameters)
    origin: OriginParameters = field(default_factory=OriginParameters)


@dataclass(frozen=True)
class _Trend:
    key: str
    period: str
    gate: str | None
    tier: NDArray[np.str_]
    group: NDArray[np.str_]
    adopters: Adopters
    is_exact: NDArray[np.bool_]
    has_previous: NDArray[np.bool_]
    posts: tuple[Floats, ...]


@dataclass(frozen=True)
class _Comparison:
    row: dict[str, Any]
    period: str
    kernel: TrendPrecedence | None
    timelines: tuple[list[Timeline], list[Timeline]] | None


def _micros(column: pa.ChunkedArray) -> Floats:
    return np.asarray(column.cast(pa.int64()).to_numpy(zero_copy_only=False), dtype=np.float64)


def _strings(column: pa.ChunkedArray) -> NDArray[np.str_]:
    return np.array([value or "" for value in column.to_pylist()], dtype=str)


def _usable(adoptions: pa.Table) -> pa.Table:
    """Rows whose time can be compared, with a group; in an order that does not depend on the input's."""
    import pyarrow.compute as pc

    table = adoptions.select(contracts.INT_TREND_ADOPTIONS.names)
    is_timed = pc.is_in(table["ts_quality"], value_set=pa.array(["exact", "date_only"]))
    is_actor = pc.is_in(table["actor_class"], value_set=pa.array(["creator", "media"]))
    return table.filter(pc.and_(is_timed, is_actor)).sort_by([("trend_key", "ascending"), ("account_key", "ascending")])


def _read(candidates: pa.Table, adoptions: pa.Table, timelines: pa.Table, parameters: TrendParameters) -> list[_Trend]:
    table = _usable(adoptions)
    keys, account_keys = _strings(table["trend_key"]), _strings(table["account_key"])
    is_media = _strings(table["actor_class"]) == "media"
    tier = np.array([_TIER_OF.get(value, "") for value in _strings(table["tier"])], dtype=str)
    group = np.where(is_media, "media", np.array([_CLASS_OF.get(value, "") for value in tier], dtype=str))
    tier = np.where(is_media, "", tier)
    adopted, previous = _micros(table["adopted_at"]), _micros(table["previous_post_at"])
    is_exact = _strings(table["ts_quality"]) == "exact"
    _, group_ids = np.unique(group, return_inverse=True)
    counts = np.asarray(table["prior_post_count"].to_numpy(), dtype=float)
    exposure = np.asarray(table["prior_exposure_days"].to_numpy(), dtype=float)
    log_rate = np.log(posterior_mean_rates(counts, exposure, group_ids)) if table.num_rows else np.empty(0)
    account = np.unique(account_keys, return_inverse=True)[1].astype(np.int64)

    posts = timelines.select(["trend_key", "account_key", "published_at"]).sort_by(
        [("trend_key", "ascending"), ("account_key", "ascending"), ("published_at", "ascending")]
    )
    post_keys = np.char.add(np.char.add(_strings(posts["trend_key"]), "\x1f"), _strings(posts["account_key"]))
    adopter_keys = np.char.add(np.char.add(keys, "\x1f"), account_keys)
    post_times = _micros(posts["published_at"])
    # Both are ordered by trend and account, but not by the joined text: order the joined text itself.
    post_order = np.argsort(post_keys, kind="stable")
    post_keys, post_times = post_keys[post_order], post_times[post_order]
    first, last = np.searchsorted(post_keys, adopter_keys, "left"), np.searchsorted(post_keys, adopter_keys, "right")

    trends = []
    for candidate in sorted(candidates.to_pylist(), key=lambda row: str(row["trend_key"])):
        begin, end = np.searchsorted(keys, candidate["trend_key"], "left"), np.searchsorted(keys, candidate["trend_key"], "right")
        rows = np.arange(begin, end)
        born = pa.scalar(candidate["born_at"], contracts.INSTANT).cast(pa.int64()).as_py()
        ends = pa.scalar(candidate["window_ends_at"], contracts.INSTANT).cast(pa.int64()).as_py()
        rows = rows[(group[rows] != "") & (adopted[rows] <= ends)]
        hours = (adopted[rows] - born) / _MICROSECONDS_PER_HOUR
        # A date stands for its whole day: adoption is no earlier than its start and no later than its end.
        latest = np.where(is_exact[rows], hours, hours + _DAY_HOURS)
        before = (previous[rows] - born) / _MICROSECONDS_PER_HOUR
        gate = None
        if candidate["is_left_censored"]:
            gate = "left_censored"
        elif candidate["largest_day_share"] >= parameters.largest_day_share:
            gate = "shock"
        trends.append(
            _Trend(
                candidate["trend_key"],
                candidate["born_at"].strftime("%Y-%m"),
                gate,
                tier[rows],
                group[rows],
                Adopters(account[rows], before, latest, log_rate[rows]),
                is_exact[rows],
                np.isfinite(before),
                tuple((post_times[first[row] : last[row]] - born) / _MICROSECONDS_PER_HOUR for row in rows),
            )
        )
    return trends


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _timelines(trend: _Trend, rows: NDArray[np.int64]) -> list[Timeline]:
    found = []
    for row in rows[trend.is_exact[rows]]:
        adopted, posts = float(trend.adopters.first_with[row]), trend.posts[row]
        if posts.size and posts[0] <= adopted <= posts[-1]:
            found.append(Timeline(posts, adopted))
    return found


def _compare(
    trend: _Trend, target_class: str, weights: NDArray[np.float32], seed: int, parameters: TrendParameters
) -> _Comparison:
    lead, target = np.flatnonzero(trend.group == _LEAD), np.flatnonzero(trend.group == target_class)
    row: dict[str, Any] = dict.fromkeys(contracts.TREND_PRECEDENCE.names)
    row |= {"trend_key": trend.key, "target_class": target_class}
    row |= {"lead_adopter_count": int(lead.size), "target_adopter_count": int(target.size), "abstain_reason": trend.gate}
    if trend.gate is None and (lead.size < parameters.smallest_lead_count or target.size < parameters.smallest_target_count):
        row["abstain_reason"] = "too_few_adopters"
    if row["abstain_reason"]:
        return _Comparison(row, trend.period, None, None)
    # The first observed post of an account bounds nothing from below: it has no interval and stays out of the kernel.
    known_lead, known_target = lead[trend.has_previous[lead]], target[trend.has_previous[target]]
    if known_lead.size < parameters.smallest_lead_count or known_target.size < parameters.smallest_target_count:
        row["abstain_reason"] = "too_few_intervals"
        return _Comparison(row, trend.period, None, None)
    kernel = trend_precedence(
        trend.adopters.take(known_lead), trend.adopters.take(known_target), weights, parameters.kernel, seed
    )
    if not np.isfinite(kernel.theta):
        row["abstain_reason"] = "no_rate_overlap"
        return _Comparison(row, trend.period, None, None)
    if kernel.decidable <= 0:
        # No pair of intervals can be ordered: there is no probability, and a NULL without a reason says nothing.
        row["abstain_reason"] = "no_decidable_pairs"
        return _Comparison(row, trend.period, None, None)
    lead_hours, target_hours = trend.adopters.first_with[lead], trend.adopters.first_with[target]
    hours, null_hours, null_p = naive_lead(lead_hours, target_hours, parameters.shuffle_count, seed + 3)
    row |= {
        "precedence_probability": _number(kernel.probability),
        "precedence_low": _number(kernel.low),
        "precedence_high": _number(kernel.high),
        "decidable_ratio": _number(kernel.decidable),
        "p_value": _number(kernel.p_value),
        "naive_lead_hours": hours,
        "naive_lead_null_hours": null_hours,
        "naive_lead_null_p": null_p,
    }
    timelines = _timelines(trend, lead), _timelines(trend, target)
    is_told = len(timelines[0]) >= parameters.smallest_lead_count and len(timelines[1]) >= parameters.smallest_target_count
    return _Comparison(row, trend.period, kernel, timelines if is_told else None)


def _adjusted(rows: Rows) -> None:
    """Fill q-values (Benjamini-Hochberg) over the rows that have a p-value."""
    tested = [row for row in rows if row["p_value"] is not None]
    if tested:
        for row, q_value in zip(tested, false_discovery_control([row["p_value"] for row in tested]), strict=True):
            row["q_value"] = float(q_value)


def claim_of(pooled: PooledPrecedence, shift: Shift, trend_count: int, parameters: TrendParameters) -> str:
    """Give the pooled claim: lead_first or target_first only where both estimators say so.

    Args:
        pooled: Kernel estimate over trends.
        shift: Timeline estimate over trends.
        trend_count: Trends that were compared.
        parameters: See :class:`TrendParameters`.
    """
    if trend_count < parameters.smallest_trend_count or not np.isfinite(pooled.p_value) or not np.isfinite(shift.p_value):
        return "abstained"
    if max(pooled.p_value, shift.p_value) > parameters.claim_level:
        return "none"
    if pooled.probability > 0.5 and shift.hours > 0:
        return "lead_first"
    return "target_first" if pooled.probability < 0.5 and shift.hours < 0 else "none"


def _finding(
    period: str, target_class: str, compared: list[_Comparison], profiles: dict[int, Floats], parameters: TrendParameters
) -> dict[str, Any]:
    kernels = [comparison.kernel for comparison in compared if comparison.kernel is not None]
    summed = [profiles[id(comparison)] for comparison in compared if id(comparison) in profiles]
    pooled = pooled_precedence(kernels, parameters.kernel)
    shift = pooled_shift(np.array(summed), parameters.timeline) if summed else Shift(*[float("nan")] * 4)
    # The two estimators may lose different trends: the smaller number decides whether there are enough.
    claim = claim_of(pooled, shift, min(pooled.trend_count, len(summed)), parameters)
    is_kept = claim != "abstained"
    numbers = {
        "precedence_probability": pooled.probability,
        "precedence_low": pooled.low,
        "precedence_high": pooled.high,
        "kernel_p_value": pooled.p_value,
        "shift_hours": shift.hours,
        "shift_low_hours": shift.low,
        "shift_high_hours": shift.high,
        "timeline_p_value": shift.p_value,
    }
    return {
        "period": period,
        "target_class": target_class,
        "trend_count": len(kernels),
        "abstained_count": len(compared) - len(kernels),
        **{name: _number(value) if is_kept else None for name, value in numbers.items()},
        "claim": claim,
    }


def _origin_rows(trends: list[_Trend], periods: list[str], parameters: TrendParameters) -> Rows:
    rows: Rows = []
    for period in periods:
        inside = [trend for trend in trends if trend.gate is None and period in ("all", trend.period)]
        tested: Rows = []
        for tier in TIERS:
            sets = []
            for trend in inside:
                creators = np.flatnonzero(trend.tier != "")
                if creators.size > parameters.origin.origin_set_size:
                    people = trend.adopters.take(creators)
                    sets.append(ChoiceSet(people.account, people.first_with, people.log_rate, trend.tier[creators] == tier))
            row: dict[str, Any] = dict.fromkeys(contracts.ORIGIN_ODDS.names)
            row |= {"period": period, "tier": tier, "trend_count": len(sets), "origin_set_count": 0}
            tested.append(row)
            if len(sets) < parameters.origin.smallest_trend_count:
                row["abstain_reason"] = "too_few_trends"
                continue
            odds, naive = origin_odds(sets, parameters.origin), naive_origin(sets)
            row["origin_set_count"] = round(odds.origin_set_count)
            row |= {"naive_first_count": round(naive.first_count), "naive_expected_count": naive.expected_count}
            row["naive_excess_ratio"] = _number(naive.excess_ratio)
            row |= {"odds_ratio": _number(odds.odds_ratio), "odds_ratio_low": _number(odds.low)}
            row |= {"odds_ratio_high": _number(odds.high), "p_value": _number(odds.p_value)}
            if row["odds_ratio"] is None:
                row["abstain_reason"] = "no_contrast"
        _adjusted(tested)
        rows.extend(tested)
    return rows


def _table(rows: Rows, schema: pa.Schema, parameters: TrendParameters) -> pa.Table:
    stamp = {"method_version": METHOD_VERSION, "params_hash": params_hash(parameters)}
    return pa.Table.from_pylist([row | stamp for row in rows], schema=schema)


def analyse_trends(
    candidates: pa.Table, adoptions: pa.Table, timelines: pa.Table, parameters: TrendParameters | None = None
) -> dict[str, pa.Table]:
    """Compare, for every candidate trend, when micro creators and the target classes took it up.

    Args:
        candidates: ``int_trend_candidates``.
        adoptions: ``int_trend_adoptions``.
        timelines: ``int_trend_timelines``.
        parameters: Defaults when None.

    Returns:
        ``trend_precedence`` (one row per trend and target class, gated ones with NULL numbers and a reason),
        ``precedence_findings`` and ``origin_odds``, each in its contract's schema and ordered by its key.
    """
    parameters = parameters or TrendParameters()
    trends = _read(candidates, adoptions, timelines, parameters)
    account_count = 1 + max((int(trend.adopters.account.max()) for trend in trends if trend.adopters.account.size), default=-1)
    weights = account_bootstrap_weights(account_count, parameters.kernel)
    periods = ["all", *sorted({trend.period for trend in trends})]
    precedence: Rows = []
    findings: Rows = []
    for target_class in TARGET_CLASSES:
        compared = [
            _compare(trend, target_class, weights, parameters.kernel.seed + 10 * index, parameters)
            for index, trend in enumerate(trends)
        ]
        told = [comparison for comparison in compared if comparison.timelines is not None]
        fit: TimelineFit = fit_timelines([c.timelines for c in told if c.timelines is not None], parameters.timeline)
        profiles = {id(comparison): profile for comparison, profile in zip(told, fit.profiles, strict=True)}
        for comparison, shift in zip(told, fit.trends, strict=True):
            comparison.row["shift_hours"] = _number(shift.hours)
            comparison.row["shift_low_hours"], comparison.row["shift_high_hours"] = _number(shift.low), _number(shift.high)
        rows = [comparison.row for comparison in compared]
        _adjusted(rows)
        precedence.extend(rows)
        for period in periods:
            members = [comparison for comparison in compared if period in ("all", comparison.period)]
            findings.append(_finding(period, target_class, members, profiles, parameters))
    precedence.sort(key=lambda row: (row["trend_key"], row["target_class"]))
    findings.sort(key=lambda row: (row["period"] != "all", row["period"], row["target_class"]))
    return {
        "trend_precedence": _table(precedence, contracts.TREND_PRECEDENCE, parameters),
        "precedence_findings": _table(findings, contracts.PRECEDENCE_FINDINGS, parameters),
        "origin_odds": _table(_origin_rows(trends, periods, parameters), contracts.ORIGIN_ODDS, parameters),
    }
