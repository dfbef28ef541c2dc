"""Bursts of tags month by month, from daily counts to rows; stored months are taken again. No estimator, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.analysis.burst_baselines import expected_activity
from pipelines.analysis.burst_contracts import BURST_UNITS, INT_BURST_DAYS, STATE_BURST_MONTHS, TREND_BURSTS
from pipelines.analysis.burst_parameters import BurstParameters
from pipelines.analysis.bursts import Judged, judge_bursts
from pipelines.analysis.increments import Analysis, Partition, by_month, coded, digest, stored_table
from pipelines.analysis.kleinberg import kleinberg_states, kleinberg_weights
from pipelines.analysis.months import months_later
from pipelines.analysis.parameters import params_hash

METHOD_VERSION: Final = "bursts_1"
TOO_SHORT, LEFT_CENSORED = "too_short", "left_censored"
MONTHS_BEFORE, MONTHS_AFTER = 2, 1
"""Months around a judged one whose days tell its base; the same numbers are in int_burst_months."""
BurstPartition = Partition[pa.Table]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
_PLACES: Final = 9


@dataclass(frozen=True)
class Activity:
    """Distinct active authors by platform and day.

    Attributes:
        platforms: Names, in order.
        first: First day, as a number since 1970-01-01.
        authors: Platforms by days; 0 where nothing, or too little of what was expected, was collected.
    """

    platforms: tuple[str, ...]
    first: int
    authors: Floats

    @classmethod
    def of(cls, author_days: pa.Table, platform_days: pa.Table) -> Activity:
        """Read ``int_author_days``, and leave out days that ``int_platform_days`` says were not covered."""
        platforms, platform = coded(author_days["platform"])
        days = _numbers(author_days["event_day"])
        if not days.size:
            return cls((), 0, np.zeros((0, 0)))
        first = int(days.min())
        authors = np.zeros((len(platforms), int(days.max()) - first + 1))
        np.add.at(authors, (platform, days - first), author_days["author_count"].to_numpy())
        place = {name: row for row, name in enumerate(platforms)}
        columns = (
            platform_days["platform"].to_pylist(),
            _numbers(platform_days["event_day"]),
            platform_days["is_covered"].to_pylist(),
        )
        for name, day, is_covered in zip(*columns, strict=True):
            if not is_covered and name in place and 0 <= day - first < authors.shape[1]:
                authors[place[name], day - first] = 0.0
        return cls(tuple(platforms), first, authors)

    def span(self, month: date) -> tuple[int, int]:
        """First day and the day after the last of the months around a month, as far as anything was collected."""
        begin = max(_number(months_later(month, -MONTHS_BEFORE)), self.first)
        end = min(_number(months_later(month, MONTHS_AFTER + 1)), self.first + self.authors.shape[1])
        return begin, max(begin, end)

    def inside(self, begin: int, end: int) -> Floats:
        """Platforms by days of a span."""
        return self.authors[:, begin - self.first : end - self.first]


def analyse_bursts(
    partitions: Mapping[date, BurstPartition],
    author_days: pa.Table,
    platform_days: pa.Table,
    parameters: BurstParameters | None = None,
    stored: Mapping[str, pa.Table] | None = None,
) -> Analysis:
    """Find the bursts of tags whose peak lies in each month.

    A month hangs on its own rows, which hold the days around it, and on the activity of these days; where both are as they were, the stored
    rows are taken again.

    Args:
        partitions: ``int_burst_days`` by month.
        author_days: ``int_author_days``.
        platform_days: ``int_platform_days``.
        parameters: Defaults when None.
        stored: ``state`` of the last call; None computes everything.

    Returns:
        ``burst_units``, ordered by month and tag; ``trend_bursts``, by tag and day; and the state.
    """
    parameters = parameters or BurstParameters()
    activity = Activity.of(author_days, platform_days)
    stamp = {"method_version": METHOD_VERSION, "params_hash": params_hash(parameters)}
    known = {row["month"]: row["input_hash"] for row in stored_table(stored, "burst_months", STATE_BURST_MONTHS).to_pylist()}
    kept_units = by_month(stored_table(stored, "burst_units", BURST_UNITS))
    kept_bursts = by_month(stored_table(stored, "found_bursts", TREND_BURSTS))
    units: list[pa.Table] = []
    bursts: list[pa.Table] = []
    months, computed = [], 0
    for month in sorted(partitions):
        around = activity.inside(*activity.span(month)) if activity.platforms else np.zeros((0, 0))
        input_hash = digest(
            *stamp.values(),
            month,
            activity.platforms,
            activity.first,
            digest(around.tobytes().hex()),
            partitions[month].content_hash,
        )
        months.append({"month": month, "input_hash": input_hash})
        if known.get(month) == input_hash:
            units.append(kept_units.get(month, BURST_UNITS.empty_table()))
            bursts.append(kept_bursts.get(month, TREND_BURSTS.empty_table()))
            continue
        found = _judge_month(month, partitions[month].load(), activity, parameters)
        units.append(pa.Table.from_pylist([row | stamp for row in found[0]], BURST_UNITS))
        bursts.append(pa.Table.from_pylist([row | stamp for row in found[1]], TREND_BURSTS))
        computed += 1
    all_units = pa.concat_tables(units) if units else BURST_UNITS.empty_table()
    all_bursts = pa.concat_tables(bursts) if bursts else TREND_BURSTS.empty_table()
    state = {
        "burst_months": pa.Table.from_pylist(months, STATE_BURST_MONTHS),
        "burst_units": all_units,
        "found_bursts": all_bursts,
    }
    tables = {"burst_units": all_units, "trend_bursts": _once_each(all_bursts)}
    return Analysis(tables, state, {"burst_months": computed})


def _judge_month(
    month: date, rows: pa.Table, activity: Activity, parameters: BurstParameters
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    tags, tag = coded(rows["tag"])
    if not tags or not activity.platforms:
        return [], []
    begin, end = activity.span(month)
    around = activity.inside(begin, end)
    users = np.zeros(len(tags), dtype=np.int64)
    np.maximum.at(users, tag, rows["user_count"].to_numpy())
    counts, platform_authors = _counts(rows, tag, len(tags), activity, begin, end)
    exposure = expected_activity(platform_authors, around)
    days = np.arange(begin, end)
    is_judged = (days >= _number(month)) & (days < _number(months_later(month, 1)))
    observed = (exposure > 0).sum(axis=1)
    tells = (observed >= parameters.smallest_day_count) & (counts.sum(axis=1) >= parameters.smallest_author_days)
    chosen = np.flatnonzero(tells)
    judged = judge_bursts(counts[chosen], exposure[chosen], (days + 3) % 7, is_judged, parameters)
    total = around.sum(axis=0)
    naive = kleinberg_states(counts, total)
    weights = kleinberg_weights(counts, total, naive)
    series = _Series(days, counts, exposure, naive, weights, begin == activity.first)
    bursts, censored = _burst_rows(month, judged, chosen, series)
    for row in bursts:
        row |= {"tag": tags[row["tag"]], "user_count": int(users[row["tag"]])}
    bursting = {row["tag"] for row in bursts}
    place = {int(unit): number for number, unit in enumerate(chosen)}
    unit_rows = []
    for unit, name in enumerate(tags):
        row = {
            "month": month, "tag": name, "user_count": int(users[unit]), "day_count": int(observed[unit]),
            "naive_is_bursting": bool(naive[unit, is_judged].any()), "naive_kleinberg_weight": _heaviest(naive[unit], weights[unit], is_judged),
        }  # fmt: skip
        if unit not in place:
            unit_rows.append(row | {"abstain_reason": TOO_SHORT})
            continue
        number = place[unit]
        row |= {
            "base_level": _rounded(judged.baseline.level[number]), "dispersion": _rounded(judged.baseline.dispersion[number]),
            "daily_drift": _rounded(judged.baseline.drift[number]),
        }  # fmt: skip
        if unit in censored:
            unit_rows.append(row | {"abstain_reason": LEFT_CENSORED})
            continue
        unit_rows.append(
            row
            | {"scan_gain": _rounded(judged.scan.gain[number]), "p_value": _shortened(judged.p_value[number])}
            | {"q_value": _shortened(judged.q_value[number]), "is_bursting": name in bursting}
        )
    return unit_rows, bursts


def _counts(
    rows: pa.Table, tag: NDArray[np.int64], unit_count: int, activity: Activity, begin: int, end: int
) -> tuple[Floats, Floats]:
    """Authors by unit and day, and author-days by unit and platform, of days on which the platform was collected."""
    place = {name: row for row, name in enumerate(activity.platforms)}
    names, code = coded(rows["platform"])
    platform = np.array([place.get(name, -1) for name in names], dtype=np.int64)[code]
    day, authors = _numbers(rows["event_day"]), np.asarray(rows["author_count"].to_numpy(), dtype=np.float64)
    inside = (platform >= 0) & (day >= begin) & (day < end)
    inside[inside] &= activity.authors[platform[inside], day[inside] - activity.first] > 0
    counts, platform_authors = np.zeros((unit_count, end - begin)), np.zeros((unit_count, len(activity.platforms)))
    np.add.at(counts, (tag[inside], day[inside] - begin), authors[inside])
    np.add.at(platform_authors, (tag[inside], platform[inside]), authors[inside])
    return counts, platform_authors


@dataclass(frozen=True)
class _Series:
    """The units of a month, each with the days around it.

    Attributes:
        days: Numbers of the days since 1970-01-01.
        counts: Authors by unit and day.
        exposure: Of the units; 0 where nothing was collected.
        naive: Kleinberg's states.
        weights: Their weights.
        starts_at_coverage: Whether nothing was collected before the first of the days.
    """

    days: NDArray[np.int64]
    counts: Floats
    exposure: Floats
    naive: Flags
    weights: Floats
    starts_at_coverage: bool


def _burst_rows(month: date, judged: Judged, chosen: NDArray[np.int64], series: _Series) -> tuple[list[dict[str, Any]], set[int]]:
    """Rows of bursts with their peak in the month, their tags as numbers; and the units of which one was under way when the collection began."""
    rows: list[dict[str, Any]] = []
    censored: set[int] = set()
    for burst in judged.bursts:
        unit = int(chosen[burst.unit])
        began_on, ended_on, peak_on = (_day(int(series.days[place])) for place in (burst.first, burst.last, burst.peak))
        if peak_on.replace(day=1) != month:
            continue
        seen = np.flatnonzero(series.exposure[unit] > 0)
        if series.starts_at_coverage and burst.first <= seen[0]:
            censored.add(unit)
            continue
        span = slice(burst.first, burst.last + 1)
        authors = float(series.counts[unit, span].sum())
        rows.append({
            "tag": unit, "began_on": began_on, "ended_on": ended_on, "peak_on": peak_on, "month": month,
            "peak_author_count": int(series.counts[unit, burst.peak]), "author_day_count": int(authors),
            "expected_author_day_count": _rounded(authors - burst.excess), "excess_author_day_count": _rounded(burst.excess),
            "ratio_to_base": _rounded(burst.ratio), "base_level": _rounded(judged.baseline.level[burst.unit]),
            "dispersion": _rounded(judged.baseline.dispersion[burst.unit]), "p_value": _shortened(burst.p_value),
            "q_value": _shortened(judged.q_value[burst.unit]), "is_ongoing": bool(burst.last >= seen[-1]),
            "naive_is_burst": bool(series.naive[unit, span].any()),
            "naive_kleinberg_weight": _rounded(series.weights[unit, span].sum()),
        })  # fmt: skip
    return [row for row in rows if row["tag"] not in censored], censored


def _heaviest(states: Flags, weights: Floats, is_judged: Flags) -> float:
    """Weight of the heaviest run of burst days that reaches into the month."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], states, [False]]).astype(np.int8)))
    runs = [(first, last) for first, last in zip(edges[::2], edges[1::2], strict=True) if is_judged[first:last].any()]
    return _rounded(max((float(weights[first:last].sum()) for first, last in runs), default=0.0))


def _once_each(bursts: pa.Table) -> pa.Table:
    """Bursts that two months found, each from its own side, once: the one with more authors over the base."""
    found: list[dict[str, Any]] = []
    rows = bursts.to_pylist()
    for _, same in groupby(sorted(rows, key=_heaviest_first), key=lambda row: row["tag"]):
        kept: list[dict[str, Any]] = []
        for row in same:
            if not any(each["began_on"] <= row["ended_on"] and row["began_on"] <= each["ended_on"] for each in kept):
                kept.append(row)
        found += kept
    return pa.Table.from_pylist(sorted(found, key=lambda each: (each["tag"], each["began_on"])), TREND_BURSTS)


def _heaviest_first(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["tag"], -row["excess_author_day_count"], row["began_on"], row["month"]


def read_months(rows: pa.Table) -> dict[date, BurstPartition]:
    """A whole ``int_burst_days`` as partitions: the simple way in, where nothing can be left unread."""
    rows = rows.select(INT_BURST_DAYS.names).sort_by([(name, "ascending") for name in ("month", "tag", "platform", "event_day")])
    return {month: _partition(part) for month, part in by_month(rows).items()}


def _partition(part: pa.Table) -> BurstPartition:
    return Partition(digest(*(str(column.to_pylist()) for column in part.columns)), lambda: part)


def _numbers(column: pa.ChunkedArray) -> NDArray[np.int64]:
    return np.asarray(column.cast(pa.int32()).to_numpy(), dtype=np.int64)


def _number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def _day(number: int) -> date:
    return date(1970, 1, 1) + timedelta(days=number)


def _rounded(value: float) -> float:
    return round(float(value), _PLACES) + 0.0


def _shortened(value: float) -> float:
    """Six significant digits: p-values span many powers of ten."""
    return float(f"{float(value):.6g}")
