"""What kind of trend it was: set off from outside or grown from inside, seasonal, coordinated. Reads adoptions; finds no bursts, no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from pipelines.analysis.burst_contracts import STATE_BURST_MONTHS, TREND_SHAPES
from pipelines.analysis.coordination import CoordinationParameters, Simultaneity, densest_window
from pipelines.analysis.increments import Analysis, Partition, coded, digest, stored_table
from pipelines.analysis.parameters import params_hash

METHOD_VERSION: Final = "trend_shapes_1"
ENDOGENOUS, EXOGENOUS, MIXED, UNKNOWN = "endogenous", "exogenous", "mixed", "unknown"
RECURRING, CALENDAR, NO_SEASON = "recurring", "calendar", "none"
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
_MAINSTREAM: Final = frozenset({"media", "brand"})
_LARGE: Final = frozenset({"macro", "mega"})
_TIMED: Final = ("exact", "date_only")
_HOUR_MICROSECONDS: Final = 3_600_000_000
_PLACES: Final = 9
_YEAR_DAYS: Final = 365


@dataclass(frozen=True)
class ShapeParameters:
    """Parameters of shapes.

    Attributes:
        smallest_adopter_count: Accounts with a time, without which nothing is said.
        smallest_window_days: Days that a trend has been followed, at least.
        shock_peak_share: Share of adoptions on the busiest day from which a common event set it off: the shock gate of the ripple tables.
        paused_first_count: Adopters of the first 24 hours, at least, after which a pause tells.
        paused_ratio: Adopters a day of the second and third 24 hours over those of the first, below which the beginning was not the wave.
        early_outlet_count: Outlets before a tenth of the accounts, from which it came through the press.
        early_share: Share of the accounts that are early.
        early_counts: Early accounts, at least and at most.
        large_early_share: Share of macro and mega creators among the early ones, from which they began.
        large_early_ratio: The same over their share of all, at least.
        slow_peak_share: Share of adoptions on the busiest day, at most, of a trend that grows from account to account.
        slow_half_days: Days to half of the adoptions, at least, of such a trend.
        niche_ratio: Chance that two early adopters share a niche over that of two later ones, at least, of such a trend.
        smallest_placed_share: Share of early accounts whose niche is known, without which niches say nothing.
        smallest_platform_adopters: Adopters of a platform, without which it has no onset.
        naive_peak_share: Peak fraction from which the naive baseline says exogenous (Crane and Sornette 2008 name 80%, and 20% for endogenous).
        season_slack_days: A burst so many days from a year before recurs; a calendar's event reaches so far.
        coordination: Of near-simultaneous beginnings.
    """

    smallest_adopter_count: int = 20
    smallest_window_days: float = 14.0
    shock_peak_share: float = 0.35
    paused_first_count: int = 8
    paused_ratio: float = 0.5
    early_outlet_count: int = 2
    early_share: float = 0.1
    early_counts: tuple[int, int] = (10, 30)
    large_early_share: float = 0.4
    large_early_ratio: float = 3.0
    slow_peak_share: float = 0.09
    slow_half_days: float = 11.0
    niche_ratio: float = 1.4
    smallest_placed_share: float = 0.5
    smallest_platform_adopters: int = 5
    naive_peak_share: float = 0.2
    season_slack_days: int = 10
    coordination: CoordinationParameters = field(default_factory=CoordinationParameters)


@dataclass(frozen=True)
class ShapeTables:
    """Rows of the trends born in a month: ``int_trend_candidates`` and ``int_trend_adoptions``."""

    candidates: pa.Table
    adoptions: pa.Table


ShapePartition = Partition[ShapeTables]


@dataclass(frozen=True)
class CalendarEvent:
    """A recurring day of one year.

    Attributes:
        event: Name.
        starts_on: First day.
        ends_on: Last day.
        terms: Words by which a tag is about it.
    """

    event: str
    starts_on: date
    ends_on: date
    terms: tuple[str, ...]

    def is_about(self, label: str) -> bool:
        """Whether a tag begins with one of the words, or holds a long one."""
        return any(label.startswith(term) or (len(term) >= 6 and term in label) for term in self.terms)


@dataclass(frozen=True)
class Adopters:
    """One trend's accounts in the order of their adoption.

    Attributes:
        hours: Since the trend's birth.
        is_exact: Whether the time is more than a date.
        is_large: Macro or mega as of the adoption.
        platform: Names.
        niche: Niche of the month before the birth; None where there is none.
        posts: Posts in the rate window.
        days: Days of that window since the account was first seen.
        outlets: Hours of the outlets' first items, ascending.
    """

    hours: Floats
    is_exact: Flags
    is_large: Flags
    platform: NDArray[np.object_]
    niche: NDArray[np.object_]
    posts: Floats
    days: Floats
    outlets: Floats


def calendar_of(rows: pa.Table) -> list[CalendarEvent]:
    """Read the seed of recurring days."""
    columns = (rows[name].to_pylist() for name in ("event", "starts_on", "ends_on", "terms"))
    return [CalendarEvent(event, first, last, tuple(terms.split())) for event, first, last, terms in zip(*columns, strict=True)]


def features(adopters: Adopters, first_midnight_hours: float, parameters: ShapeParameters) -> dict[str, Any]:
    """What a verdict is made of; None where it is not defined.

    Args:
        adopters: Of one trend, at least two.
        first_midnight_hours: Hours from the birth to the midnight before it, not positive: where its days (UTC) begin.
        parameters: See there.
    """
    hours, total = adopters.hours, adopters.hours.size
    days = np.floor((hours - first_midnight_hours) / 24.0).astype(np.int64)
    by_day = np.bincount(days - days.min())
    peak = int(by_day.argmax())
    before, after = float(by_day[:peak].sum()), float(by_day[peak + 1 :].sum())
    since = (hours - hours[0]) / 24.0
    first_day, next_days = int((since < 1).sum()), int(((since >= 1) & (since < 3)).sum())
    early = int(np.clip(round(parameters.early_share * total), *parameters.early_counts))
    early = min(early, total // 2)
    is_outlet_early = adopters.outlets < np.quantile(hours, parameters.early_share)
    return {
        "peak_day": peak + int(days.min()),
        "peak_day_share": float(by_day[peak]) / total,
        "first_day_share": first_day / total,
        "growth_asymmetry": (after - before) / (after + before) if after + before else None,
        "half_adoption_days": float(np.quantile(since, 0.5)),
        "second_days_ratio": next_days / 2.0 / first_day,
        "first_day_count": first_day,
        "early_outlet_count": int(is_outlet_early.sum()),
        "early_large_share": float(adopters.is_large[:early].mean()),
        "large_share": float(adopters.is_large.mean()),
        "platform_onset_spread_days": _onset_spread(adopters, parameters),
        "first_day_niche_count": _niche_count(adopters.niche[since < 1], parameters),
        "early_niche_ratio": _niche_ratio(adopters.niche, early, parameters),
    }


def _onset_spread(adopters: Adopters, parameters: ShapeParameters) -> float | None:
    """Quartile range of the platforms' first adoptions, in days."""
    onsets = []
    for name in sorted(set(adopters.platform)):
        hours = adopters.hours[adopters.platform == name]
        if hours.size >= parameters.smallest_platform_adopters:
            onsets.append(float(hours.min()) / 24.0)
    return float(np.subtract(*np.quantile(onsets, [0.75, 0.25]))) if len(onsets) > 1 else None


def _niche_count(niches: NDArray[np.object_], parameters: ShapeParameters) -> int | None:
    known = [niche for niche in niches if niche is not None]
    return len(set(known)) if niches.size and len(known) >= parameters.smallest_placed_share * niches.size else None


def _niche_ratio(niches: NDArray[np.object_], early: int, parameters: ShapeParameters) -> float | None:
    """Chance that two early adopters share a niche (Simpson, without replacement) over that of two later ones."""
    chances = []
    for part in (niches[:early], niches[early:]):
        known = [niche for niche in part if niche is not None]
        if len(known) < max(parameters.smallest_placed_share * part.size, 5):
            return None
        counts = np.unique(np.array(known, dtype=str), return_counts=True)[1]
        chances.append(float((counts * (counts - 1)).sum()) / (len(known) * (len(known) - 1)))
    return chances[0] / max(chances[1], 1.0 / max(niches.size, 1))


def exogeneity(found: Mapping[str, Any], *, is_coordinated: bool, parameters: ShapeParameters) -> tuple[str, str]:
    """The class of a trend and what decided, the strongest sign first.

    Endogenous: passed on inside, by a niche's accounts or from large creators down. Exogenous: a common cause outside reached accounts alike:
    an event, the press, a season, or whatever makes all begin within days. Mixed: placed from outside (bots, paid posts), then taken up.
    """
    if is_coordinated:
        return MIXED, "coordinated_start"
    if found["peak_day_share"] >= parameters.shock_peak_share:
        return EXOGENOUS, "one_day"
    least = max(parameters.large_early_share, parameters.large_early_ratio * found["large_share"])
    if found["early_large_share"] >= least:
        return ENDOGENOUS, "large_creators_first"
    if found["first_day_count"] >= parameters.paused_first_count and found["second_days_ratio"] < parameters.paused_ratio:
        return MIXED, "paused_start"
    if found["early_outlet_count"] >= parameters.early_outlet_count:
        return EXOGENOUS, "outlets_first"
    is_flat, is_slow = (
        found["peak_day_share"] <= parameters.slow_peak_share,
        found["half_adoption_days"] >= parameters.slow_half_days,
    )
    ratio = found["early_niche_ratio"]
    if ratio is None:
        return (ENDOGENOUS, "slow_growth") if is_flat and is_slow else (EXOGENOUS, "common_wave")
    if is_flat + is_slow + (ratio >= parameters.niche_ratio) >= 2:
        return ENDOGENOUS, "slow_growth" if is_flat and is_slow else "one_niche_first"
    return EXOGENOUS, "common_wave"


def analyse_shapes(
    partitions: Mapping[str, ShapePartition],
    niche_assignments: pa.Table,
    niche_hashes: Mapping[date, str],
    trend_bursts: pa.Table,
    calendar: Sequence[CalendarEvent],
    first_collected_on: date | None,
    parameters: ShapeParameters | None = None,
    stored: Mapping[str, pa.Table] | None = None,
) -> Analysis:
    """Say of each candidate trend what kind it was.

    A month of birth hangs on its trends' adoptions and on the niches of the month before; where both are as they were, the stored rows are
    taken again. Seasons, which hang on the years before, are looked up anew for all.

    Args:
        partitions: Candidates and adoptions by month of birth, YYYY-MM.
        niche_assignments: ``niche_assignments``.
        niche_hashes: By month, a hash of its assignments.
        trend_bursts: ``trend_bursts``: peaks of the years before.
        calendar: Recurring days.
        first_collected_on: First day of the collection; None where there is none.
        parameters: Defaults when None.
        stored: ``state`` of the last call; None computes everything.

    Returns:
        ``trend_shapes``, ordered by trend; and the state.
    """
    parameters = parameters or ShapeParameters()
    stamp = {"method_version": METHOD_VERSION, "params_hash": params_hash(parameters)}
    known = {row["month"]: row["input_hash"] for row in stored_table(stored, "shape_months", STATE_BURST_MONTHS).to_pylist()}
    kept: dict[date, list[dict[str, Any]]] = {}
    for row in stored_table(stored, "found_shapes", TREND_SHAPES).to_pylist():
        kept.setdefault(row["born_month"], []).append(row)
    rows: list[dict[str, Any]] = []
    months, computed = [], 0
    for name in sorted(partitions):
        month = date.fromisoformat(f"{name}-01")
        before = (month - timedelta(days=1)).replace(day=1)
        input_hash = digest(*stamp.values(), partitions[name].content_hash, niche_hashes.get(before, "none"))
        months.append({"month": month, "input_hash": input_hash})
        if known.get(month) == input_hash:
            rows += kept.get(month, [])
            continue
        placed = niche_assignments.filter(pc.equal(niche_assignments["month"], pa.scalar(before, pa.date32())))
        rows += [row | stamp for row in _month_rows(month, partitions[name].load(), placed, parameters)]
        computed += 1
    rows = _with_seasons(rows, trend_bursts, calendar, first_collected_on, parameters)
    table = pa.Table.from_pylist(sorted(rows, key=lambda row: row["trend_key"]), TREND_SHAPES)
    state = {"shape_months": pa.Table.from_pylist(months, STATE_BURST_MONTHS), "found_shapes": table}
    return Analysis({"trend_shapes": table}, state, {"shape_months": computed})


def _month_rows(month: date, tables: ShapeTables, placed: pa.Table, parameters: ShapeParameters) -> list[dict[str, Any]]:
    niche_of = dict(zip(placed["account_key"].to_pylist(), placed["niche_id"].to_pylist(), strict=True))
    adopters = _adopters(tables, niche_of)
    rows: list[dict[str, Any]] = []
    windows: list[tuple[int, Simultaneity]] = []
    for place, candidate in enumerate(tables.candidates.sort_by("trend_key").to_pylist()):
        trend = adopters[candidate["trend_key"]]
        rows.append(
            {"trend_key": candidate["trend_key"], "born_month": month, "label": candidate["label"]}
            | {"adopter_count": trend.hours.size}
            | _shape(candidate, trend, parameters)
        )
        window = None if rows[-1].get("exogeneity_class") == UNKNOWN else _simultaneity(trend, parameters)
        if window is not None:
            windows.append((place, window))
    if windows:
        q_values = false_discovery_control([window.p_value for _, window in windows])
        for (place, window), q_value in zip(windows, q_values.tolist(), strict=True):
            rows[place] |= _coordination(window, q_value, parameters.coordination)
    return [_judged(row, parameters) for row in rows]


def _shape(candidate: Mapping[str, Any], trend: Adopters, parameters: ShapeParameters) -> dict[str, Any]:
    """Features, or the class ``unknown`` and why."""
    days = (candidate["window_ends_at"] - candidate["born_at"]) / timedelta(days=1)
    for reason, holds in (
        ("left_censored", candidate["is_left_censored"]),
        ("in_use_before", candidate["is_in_use_before"]),
        ("too_few_adopters", trend.hours.size < parameters.smallest_adopter_count),
        ("too_short", days < parameters.smallest_window_days),
    ):
        if holds:
            return {"exogeneity_class": UNKNOWN, "exogeneity_reason": reason}
    born = candidate["born_at"]
    midnight = born.replace(hour=0, minute=0, second=0, microsecond=0)
    found = features(trend, -(born - midnight) / timedelta(hours=1), parameters)
    return found | {"peak_on": midnight.date() + timedelta(days=found["peak_day"])}


def _simultaneity(trend: Adopters, parameters: ShapeParameters) -> Simultaneity | None:
    exact = trend.is_exact
    return densest_window(trend.hours[exact], trend.posts[exact], trend.days[exact], parameters.coordination)


def _coordination(window: Simultaneity, q_value: float, parameters: CoordinationParameters) -> dict[str, Any]:
    return {
        "simultaneous_count": window.count,
        "nearby_count": window.nearby,
        "expected_simultaneous_count": _rounded(window.expected),
        "coordination_p_value": _shortened(window.p_value),
        "coordination_q_value": _shortened(q_value),
        "is_coordinated": window.count >= parameters.smallest_count and q_value <= parameters.largest_q,
        "naive_is_coordinated": window.count >= parameters.smallest_count and window.naive_p_value <= parameters.largest_q,
    }


def _judged(row: dict[str, Any], parameters: ShapeParameters) -> dict[str, Any]:
    if row.get("exogeneity_class") != UNKNOWN:
        verdict = exogeneity(row, is_coordinated=bool(row.get("is_coordinated")), parameters=parameters)
        row |= dict(zip(("exogeneity_class", "exogeneity_reason"), verdict, strict=True))
        row["naive_is_exogenous"] = row["peak_day_share"] >= parameters.naive_peak_share
    rounded = {name: _rounded(value) for name, value in row.items() if isinstance(value, float) and not name.endswith("_value")}
    return {name: value for name, value in (row | rounded).items() if name in TREND_SHAPES.names}


def _adopters(tables: ShapeTables, niche_of: Mapping[str, str | None]) -> dict[str, Adopters]:
    """Adopters by trend, whatever the order of the rows; without accounts whose time is not known."""
    born = dict(zip(tables.candidates["trend_key"].to_pylist(), _micros(tables.candidates["born_at"]).tolist(), strict=True))
    rows = tables.adoptions.filter(pc.is_in(tables.adoptions["ts_quality"], value_set=pa.array(_TIMED)))
    rows = rows.filter(pc.is_in(rows["trend_key"], value_set=pa.array(sorted(born), pa.string())))
    keys, trend = coded(rows["trend_key"])
    accounts, account = coded(rows["account_key"])
    adopted = _micros(rows["adopted_at"])
    order = np.lexsort((account, adopted, trend))
    bounds = np.searchsorted(trend[order], np.arange(len(keys) + 1))
    actors = np.array(rows["actor_class"].to_pylist(), dtype=object)
    is_mainstream = np.array([actor in _MAINSTREAM for actor in actors], dtype=bool)
    is_large = np.array([tier in _LARGE for tier in rows["tier"].to_pylist()], dtype=bool)
    is_exact = np.asarray(pc.equal(rows["ts_quality"], "exact").to_numpy(), dtype=bool)
    platform = np.array(rows["platform"].to_pylist(), dtype=object)
    niche = np.array([niche_of.get(name) for name in accounts] + [None], dtype=object)[:-1]
    posts, days = (rows[name].to_numpy().astype(np.float64) for name in ("prior_post_count", "prior_exposure_days"))
    none = np.empty(0)
    found = {
        key: Adopters(none, none.astype(bool), none.astype(bool), none.astype(object), none.astype(object), none, none, none)
        for key in born
    }
    for place, key in enumerate(keys):
        inside = order[bounds[place] : bounds[place + 1]]
        hours = (adopted[inside] - born[key]) / _HOUR_MICROSECONDS
        ours = inside[~is_mainstream[inside]]
        found[key] = Adopters(
            hours[~is_mainstream[inside]], is_exact[ours], is_large[ours], platform[ours], niche[account[ours]], posts[ours], days[ours],
            hours[is_mainstream[inside]],
        )  # fmt: skip
    return found


def _with_seasons(
    rows: list[dict[str, Any]],
    trend_bursts: pa.Table,
    calendar: Sequence[CalendarEvent],
    first_collected_on: date | None,
    parameters: ShapeParameters,
) -> list[dict[str, Any]]:
    peaks: dict[str, list[date]] = {}
    for row in trend_bursts.select(["tag", "peak_on"]).sort_by([("tag", "ascending"), ("peak_on", "ascending")]).to_pylist():
        peaks.setdefault(row["tag"], []).append(row["peak_on"])
    return [
        row | season(row["label"], row.get("peak_on"), peaks.get(row["label"], []), calendar, first_collected_on, parameters)
        for row in rows
    ]


def season(
    label: str,
    peak_on: date | None,
    burst_peaks: Sequence[date],
    calendar: Sequence[CalendarEvent],
    first_collected_on: date | None,
    parameters: ShapeParameters,
) -> dict[str, Any]:
    """Whether a trend comes with the season: a burst of the same tag about a year before, else a recurring day that its tag names.

    Args:
        label: The tag.
        peak_on: Day with most adoptions; the tag's last burst where no shape was told.
        burst_peaks: Peaks of the tag's bursts.
        calendar: Recurring days.
        first_collected_on: First day of the collection.
        parameters: Slack.

    Returns:
        Columns of ``trend_shapes``. Without a year of data before the peak and without such a day the class is ``unknown``.
    """
    peak = peak_on or max(burst_peaks, default=None)
    found: dict[str, Any] = {"season_event": None, "year_before_peak_on": None}
    if peak is None:
        return found | {"seasonality_class": UNKNOWN, "seasonality_reason": "no_peak"}
    slack = timedelta(days=parameters.season_slack_days)
    year_before = peak - timedelta(days=_YEAR_DAYS)
    before = [each for each in burst_peaks if abs(each - year_before) <= slack]
    events = [each.event for each in calendar if each.is_about(label) and each.starts_on - slack <= peak <= each.ends_on + slack]
    found["season_event"] = min(events, default=None)
    if before:
        found["year_before_peak_on"] = min(before, key=lambda each: (abs(each - year_before), each))
        return found | {"seasonality_class": RECURRING, "seasonality_reason": "burst_a_year_before"}
    if events:
        return found | {"seasonality_class": CALENDAR, "seasonality_reason": "tag_names_the_event"}
    if first_collected_on is None or first_collected_on > year_before - slack:
        return found | {"seasonality_class": UNKNOWN, "seasonality_reason": "less_than_a_year"}
    return found | {"seasonality_class": NO_SEASON, "seasonality_reason": "no_burst_a_year_before"}


def _micros(column: pa.ChunkedArray) -> NDArray[np.int64]:
    return np.asarray(column.cast(pa.int64()).fill_null(0).to_numpy(), dtype=np.int64)


def _rounded(value: float) -> float:
    return round(float(value), _PLACES) + 0.0


def _shortened(value: float) -> float:
    """Six significant digits: p-values span many powers of ten."""
    return float(f"{float(value):.6g}")
