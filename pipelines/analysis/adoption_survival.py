"""How long trends go without a mainstream adoption: Kaplan-Meier curves, cumulative incidence and log-rank tests over trends. No gates of claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, norm

METHOD_VERSION: Final = "adoption_survival_1"
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
LARGE: Final = "large_creators"
TARGETS: Final = ("media", "brand", LARGE)
ALL: Final = "all"
ORIGIN_CLASSES: Final = (ALL, "micro", "mixed", "large", "unknown", "shock")
_TRUNCATED: Final = frozenset({"left_censored", "in_use_before"})


@dataclass(frozen=True)
class SurvivalParameters:
    """Parameters of the curves.

    Attributes:
        day_count: Days since the birth that are told.
        smallest_trend_count: Of fewer trends no curve is told.
        interval_level: Of the intervals of the curve.
    """

    day_count: int = 60
    smallest_trend_count: int = 10
    interval_level: float = 0.95


@dataclass(frozen=True)
class Times:
    """Trends under observation from their birth.

    Attributes:
        day: Whole days to the event or to the end of observation.
        cause: Place of the event's target class in ``TARGETS``; -1 where there was none.
    """

    day: Integers
    cause: Integers


@dataclass(frozen=True)
class Curve:
    """A product-limit curve by day, from day 0; an event comes before what is censored on the same day."""

    at_risk: Integers
    events: Integers
    censored: Integers
    survival: Floats
    low: Floats
    high: Floats


def kaplan_meier(day: Integers, is_event: NDArray[np.bool_], day_count: int, level: float) -> Curve:
    """Kaplan and Meier (1958) with the log-log interval of Kalbfleisch and Prentice (Greenwood's variance).

    Args:
        day: Of the event or of the end of observation.
        is_event: Whether it is an event.
        day_count: Days that are told, from day 0.
        level: Of the two-sided interval.
    """
    clipped = np.minimum(day, day_count)
    events = np.bincount(clipped[is_event], minlength=day_count + 1)[:day_count]
    left = np.bincount(clipped[~is_event], minlength=day_count + 1)[:day_count]
    at_risk = day.size - np.concatenate([[0], np.cumsum(events + left)[:-1]])
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.where(at_risk > 0, 1 - events / np.maximum(at_risk, 1), 1.0)
        survival = np.asarray(np.cumprod(steps), dtype=np.float64)
        variance = np.cumsum(np.where(at_risk > events, events / (np.maximum(at_risk, 1) * np.maximum(at_risk - events, 1)), 0.0))
        spread = np.sqrt(variance) / np.abs(np.log(survival))
        z = float(norm.isf((1 - level) / 2))
        inside = (survival > 0) & (survival < 1)
        low = np.where(inside, survival ** np.exp(z * spread), survival)
        high = np.where(inside, survival ** np.exp(-z * spread), survival)
    return Curve(at_risk, events, left, survival, low, high)


def cumulative_incidence(times: Times, cause: int, day_count: int) -> Floats:
    """Aalen and Johansen (1978): share of trends whose first event is of this cause, by the end of each day, from day 0.

    Args:
        times: First events of any cause.
        cause: The cause.
        day_count: Days.
    """
    clipped = np.minimum(times.day, day_count)
    everyone = np.bincount(clipped, minlength=day_count + 1)[:day_count]
    any_event = np.bincount(clipped[times.cause >= 0], minlength=day_count + 1)[:day_count]
    own = np.bincount(clipped[times.cause == cause], minlength=day_count + 1)[:day_count]
    at_risk = np.maximum(times.day.size - np.concatenate([[0], np.cumsum(everyone)[:-1]]), 1)
    free = np.concatenate([[1.0], np.cumprod(1 - any_event / at_risk)[:-1]])
    return np.asarray(np.cumsum(free * own / at_risk))


def log_rank(one: Times, other: Times) -> float:
    """Two-sided p of equal hazards in two groups (Mantel 1966); NaN where no event can tell.

    Args:
        one: Any cause at or above 0 is the event.
        other: Of the other group.
    """
    last = int(max(one.day.max(initial=0), other.day.max(initial=0))) + 1
    counts = []
    for times in (one, other):
        leaving = np.bincount(times.day, minlength=last)
        counts.append(
            (np.bincount(times.day[times.cause >= 0], minlength=last), times.day.size - np.r_[0, np.cumsum(leaving)[:-1]])
        )
    (events, risk), (other_events, other_risk) = counts
    died, total = events + other_events, risk + other_risk
    days = np.flatnonzero((died > 0) & (total > 1))
    expected = died[days] * risk[days] / total[days]
    variance = expected * (other_risk[days] / total[days]) * (total[days] - died[days]) / (total[days] - 1)
    if variance.sum() <= 0:
        return float("nan")
    return float(chi2.sf((events[days].sum() - expected.sum()) ** 2 / variance.sum(), 1))


def times_of(trends: Sequence[Mapping[str, Any]], targets: Sequence[str]) -> tuple[Times, int]:
    """First adoptions by some target classes, among all trends that were seen from their birth.

    Every trend counts, taken up or not: choosing those that became known would choose on the outcome. What an outlet had before the birth
    was seen, or what has undated items only, is not under observation from day 0 and is left out with the left-truncated ones.

    Args:
        trends: Rows of ``contracts.STATE['mainstream_trends']``.
        targets: Of ``TARGETS``; the first event of any of them.

    Returns:
        Their times, and how many trends were left out.
    """
    found = first_adoptions(trends, targets)
    known = [found[key] for key in sorted(found)]
    seen = [each for each in known if each is not None]
    days = np.array([int(each.days) for each in seen], dtype=np.int64)
    causes = np.array([-1 if each.cause is None else TARGETS.index(each.cause) for each in seen], dtype=np.int64)
    return Times(days, causes), len(known) - len(seen)


@dataclass(frozen=True)
class Adoption:
    """A trend's first adoption.

    Attributes:
        days: From the birth to the adoption or, where there was none, to the end of observation.
        cause: Target class; None where there was none.
    """

    days: float
    cause: str | None


def first_adoptions(trends: Sequence[Mapping[str, Any]], targets: Sequence[str]) -> dict[str, Adoption | None]:
    """First adoption of each trend by some target classes; None where the trend was not under observation from its birth.

    Args:
        trends: Rows of ``contracts.STATE['mainstream_trends']``.
        targets: Of ``TARGETS``; the first event of any of them.
    """
    by_trend: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in trends:
        by_trend.setdefault(row["trend_key"], {})[row["target_class"]] = row
    return {key: _first_adoption(rows, targets) for key, rows in by_trend.items()}


def _first_adoption(rows: Mapping[str, Mapping[str, Any]], targets: Sequence[str]) -> Adoption | None:
    any_row = next(iter(rows.values()))
    firsts = {name: _first_days(rows[name]) for name in rows if name in targets}
    if LARGE in targets:
        firsts[LARGE] = any_row["first_large_days"]
    known = {name: day for name, day in firsts.items() if day is not None}
    is_unseen = any(not np.isfinite(day) for day in known.values())
    if any_row["gate"] in _TRUNCATED or is_unseen or any(day < 0 for day in known.values()):
        return None
    end = float(any_row["window_days"])
    first = min(known, key=lambda name: (known[name], name), default=None)
    return Adoption(end, None) if first is None or known[first] > end else Adoption(known[first], first)


def _first_days(row: Mapping[str, Any]) -> float | None:
    """Days to the first dated item; infinite where only undated ones came before it, None where there is no item."""
    if row["first_seen_days"] is None:
        return None
    if row["first_low_days"] is None:
        return float("inf")
    return float((row["first_low_days"] + row["first_high_days"]) / 2)


def _of_class(trends: Sequence[Mapping[str, Any]], origin: str) -> list[Mapping[str, Any]]:
    if origin == ALL:
        return list(trends)
    if origin == "shock":
        return [row for row in trends if row["gate"] == "shock"]
    return [row for row in trends if row["origin_class"] == origin and row["gate"] != "shock"]


def survival_curves(trends: Sequence[Mapping[str, Any]], parameters: SurvivalParameters) -> list[dict[str, Any]]:
    """Rows of ``adoption_survival`` without stamps: one per origin class, target class and day.

    Args:
        trends: Rows of ``contracts.STATE['mainstream_trends']``, of all candidate trends.
        parameters: Of the curves.
    """
    rows = []
    for target_place, target in enumerate(TARGETS):
        groups = {origin: times_of(_of_class(trends, origin), [target]) for origin in ORIGIN_CLASSES}
        firsts = {origin: times_of(_of_class(trends, origin), TARGETS)[0] for origin in ORIGIN_CLASSES}
        least = parameters.smallest_trend_count
        is_tested = all(groups[origin][0].day.size >= least for origin in ("micro", "large"))
        p_value = log_rank(groups["micro"][0], groups["large"][0]) if is_tested else float("nan")
        for origin, (times, excluded) in groups.items():
            if times.day.size < least:
                continue
            curve = kaplan_meier(times.day, times.cause >= 0, parameters.day_count, parameters.interval_level)
            incidence = cumulative_incidence(firsts[origin], target_place, parameters.day_count)
            common = {
                "origin_class": origin,
                "target_class": target,
                "trend_count": int(times.day.size),
                "excluded_count": excluded,
                "log_rank_p_value": p_value if np.isfinite(p_value) and origin in {"micro", "large"} else None,
            }
            rows += [
                common
                | {
                    "day": day,
                    "at_risk_count": int(curve.at_risk[day]),
                    "event_count": int(curve.events[day]),
                    "censored_count": int(curve.censored[day]),
                    "survival": round(float(curve.survival[day]), 9),
                    "survival_low": round(float(curve.low[day]), 9),
                    "survival_high": round(float(curve.high[day]), 9),
                    "cumulative_incidence": round(float(incidence[day]), 9),
                }
                for day in range(parameters.day_count)
            ]
    return rows
