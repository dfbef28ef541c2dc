"""How long trends go without a mainstream adoption: Kaplan-Meier curves, cumulative incidence and log-rank tests over trends. No gates of claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2
from scipy.stats import t as student

METHOD_VERSION: Final = "adoption_survival_2"
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Names = NDArray[np.str_]
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
        smallest_cluster_count: Nor of trends of fewer events.
        interval_level: Of the intervals of the curve.
    """

    day_count: int = 60
    smallest_trend_count: int = 10
    smallest_cluster_count: int = 5

    def is_told(self, times: Times) -> bool:
        """Whether there are trends and events enough."""
        return times.day.size >= self.smallest_trend_count and times.cluster_count >= self.smallest_cluster_count

    interval_level: float = 0.95


@dataclass(frozen=True)
class Times:
    """Trends under observation from their birth.

    Attributes:
        day: Whole days to the event or to the end of observation.
        cause: Place of the event's target class in ``TARGETS``; -1 where there was none.
        cluster: The event that the trend is a name of: trends of one are taken up together.
    """

    day: Integers
    cause: Integers
    cluster: Names

    @property
    def cluster_count(self) -> int:
        """How many clusters there are."""
        return int(np.unique(self.cluster).size)


@dataclass(frozen=True)
class Curve:
    """A product-limit curve by day, from day 0; an event comes before what is censored on the same day."""

    at_risk: Integers
    events: Integers
    censored: Integers
    survival: Floats
    low: Floats
    high: Floats


class _Days:
    """Who was at risk and who had the event, by cluster and day."""

    def __init__(self, day: Integers, is_event: NDArray[np.bool_], cluster: Names | Integers, day_count: int) -> None:
        self.names, place = np.unique(cluster, return_inverse=True)
        cells = place * (day_count + 1) + np.minimum(day, day_count)
        shape, size = (self.names.size, day_count + 1), self.names.size * (day_count + 1)
        leaving = np.bincount(cells, minlength=size).reshape(shape)
        self.events = np.bincount(cells[is_event], minlength=size).reshape(shape)[:, :day_count]
        self.censored = leaving[:, :day_count] - self.events
        self.at_risk = (
            np.bincount(place, minlength=self.names.size)[:, None]
            - np.cumsum(leaving, axis=1)[:, :day_count]
            + leaving[:, :day_count]
        )

    def unexpected(self) -> Floats:
        """Events of a cluster beyond its share of those at risk: martingale increments."""
        at_risk, events = self.at_risk.sum(axis=0), self.events.sum(axis=0)
        return np.asarray(self.events - self.at_risk * (events / np.maximum(at_risk, 1)))


def _effective(sizes: Integers | Floats) -> Floats:
    """How many clusters of one size tell as much as these (Kish 1965), along the first axis; 0 where there is nobody."""
    squares = (sizes.astype(np.float64) ** 2).sum(axis=0)
    return np.asarray(sizes.sum(axis=0) ** 2 / np.maximum(squares, 1))


def _clustered_variance(sums: Floats, effective_count: float, fitted_count: int) -> tuple[Floats, float]:
    """Variance of a sum over clusters from what each adds, along the first axis, and its degrees of freedom.

    Args:
        sums: What each cluster adds.
        effective_count: How many clusters of one size tell as much.
        fitted_count: Means that the sums were taken from: residuals of a fit are too small, by as many clusters.
    """
    degrees = max(effective_count - fitted_count, 1.0)
    return np.asarray(effective_count / degrees * (sums**2).sum(axis=0)), degrees


def kaplan_meier(day: Integers, is_event: NDArray[np.bool_], day_count: int, level: float, cluster: Names | None = None) -> Curve:
    """Kaplan and Meier (1958) with a log-log interval (Kalbfleisch and Prentice) that counts a cluster once.

    Its variance is the larger one of Greenwood's and of the linearised curve's with clusters independent and nothing else (Williams 1995,
    which is Greenwood's where each is alone), its law Student's t on the effective number of clusters less one. Where nothing happened yet
    the lower end is the share of which so many clusters would all be left with half of the interval's error; where nothing is left the upper
    end is the share of which they would all be gone, or that of the day before if it is lower.

    Args:
        day: Of the event or of the end of observation.
        is_event: Whether it is an event.
        day_count: Days that are told, from day 0.
        level: Of the two-sided interval.
        cluster: Those of one name have their events together; each is alone when None.
    """
    days = _Days(day, is_event, np.arange(day.size) if cluster is None else cluster, day_count)
    at_risk, events, left = (each.sum(axis=0) for each in (days.at_risk, days.events, days.censored))
    steps = np.where(at_risk > 0, 1 - events / np.maximum(at_risk, 1), 1.0)
    survival = np.asarray(np.cumprod(steps), dtype=np.float64)
    low, high = _interval(survival, days, (1 - level) / 2)
    return Curve(at_risk, events, left, survival, low, high)


def _interval(survival: Floats, days: _Days, error: float) -> tuple[Floats, Floats]:
    """Ends of a curve's interval by day, with so much of error on each side."""
    at_risk, events = days.at_risk.sum(axis=0), days.events.sum(axis=0)
    stay = np.maximum(at_risk - events, 1)
    is_going_on = at_risk > events
    greenwood = np.cumsum(np.where(is_going_on, events / (np.maximum(at_risk, 1) * stay), 0.0))
    added = np.cumsum(np.where(is_going_on, days.unexpected() / stay, 0.0), axis=1)
    clustered, degrees = _clustered_variance(added, float(_effective(days.at_risk[:, 0])), 1)
    # Of so many clusters all had it, or none had: the ends of Clopper and Pearson.
    unlikely = error ** (1 / np.maximum(_effective(days.at_risk), 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = student.isf(error, degrees) * np.sqrt(np.maximum(greenwood, clustered)) / np.abs(np.log(survival))
        low = np.select([survival >= 1, survival > 0], [unlikely, survival ** np.exp(reach)], 0.0)
        high = np.select([survival >= 1, survival > 0], [1.0, survival ** np.exp(-reach)], 1 - unlikely)
    # A curve falls, and so do its ends: days on which nobody is seen any more say nothing new.
    low, high = (np.minimum.accumulate(np.where(at_risk > 0, end, 1.0)) for end in (low, high))
    return np.minimum(low, survival), np.maximum(high, survival)


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
    """Two-sided p of equal hazards in two groups; NaN where no event can tell.

    The larger one of two: Mantel's (1966), and by the score of the group with clusters independent and nothing else (Lin and Wei 1989),
    Student's t on the effective number of clusters less two.

    Args:
        one: Any cause at or above 0 is the event.
        other: Of the other group.
    """
    last = int(max(one.day.max(initial=0), other.day.max(initial=0))) + 1
    groups = [_Days(times.day, times.cause >= 0, times.cluster, last) for times in (one, other)]
    risk, other_risk = (each.at_risk.sum(axis=0) for each in groups)
    died, total = groups[0].events.sum(axis=0) + groups[1].events.sum(axis=0), risk + other_risk
    days = np.flatnonzero((died > 0) & (total > 1))
    expected = died[days] * risk[days] / total[days]
    variance = expected * (other_risk[days] / total[days]) * (total[days] - died[days]) / (total[days] - 1)
    if variance.sum() <= 0:
        return float("nan")
    score = float(groups[0].events.sum(axis=0)[days].sum() - expected.sum())
    hazard, share = died / np.maximum(total, 1), risk / np.maximum(total, 1)
    parts = [
        ((each.events - each.at_risk * hazard) * (is_one - share)).sum(axis=1)
        for each, is_one in zip(groups, (1, 0), strict=True)
    ]
    # An event can have trends in both groups.
    place = np.unique(np.concatenate([each.names for each in groups]), return_inverse=True)[1]
    by_cluster, sizes = (
        np.asarray(np.bincount(place, np.concatenate(each)), dtype=np.float64)
        for each in (parts, [each.at_risk[:, 0] for each in groups])
    )
    clustered, degrees = _clustered_variance(by_cluster, float(_effective(sizes)), 2)
    with np.errstate(divide="ignore"):
        statistic = abs(score) / np.sqrt(clustered)
    return float(max(chi2.sf(score**2 / variance.sum(), 1), 2 * student.sf(statistic, degrees)))


def times_of(trends: Sequence[Mapping[str, Any]], targets: Sequence[str], events: Mapping[str, str]) -> tuple[Times, int]:
    """First adoptions by some target classes, among all trends that were seen from their birth.

    Every trend counts, taken up or not: choosing those that became known would choose on the outcome. What an outlet had before the birth
    was seen, or what has undated items only, is not under observation from day 0 and is left out with the left-truncated ones.

    Args:
        trends: Rows of ``contracts.STATE['mainstream_trends']``.
        targets: Of ``TARGETS``; the first event of any of them.
        events: By trend, the event that it is a name of (:func:`pipelines.analysis.trend_events.events_of_any_type`). One of none is alone, but
            shocks that were born on one day may be of one.

    Returns:
        Their times, and how many trends were left out.
    """
    adoptions = first_adoptions(trends, targets)
    rows = {row["trend_key"]: row for row in trends}
    seen = {key: adoption for key, adoption in sorted(adoptions.items()) if adoption is not None}
    names = [_event_of(rows[key], events) for key in seen]
    days = np.array([int(each.days) for each in seen.values()], dtype=np.int64)
    causes = np.array([-1 if each.cause is None else TARGETS.index(each.cause) for each in seen.values()], dtype=np.int64)
    return Times(days, causes, np.array(names, dtype=np.str_)), len(adoptions) - len(seen)


def _event_of(row: Mapping[str, Any], events: Mapping[str, str]) -> str:
    if row["gate"] == "shock":
        return f"{row['born_at']:%Y-%m-%d}"
    return events.get(row["trend_key"]) or str(row["trend_key"])


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


def survival_curves(
    trends: Sequence[Mapping[str, Any]], events: Mapping[str, str], parameters: SurvivalParameters
) -> list[dict[str, Any]]:
    """Rows of ``adoption_survival`` without stamps: one per origin class, target class and day.

    Args:
        trends: Rows of ``contracts.STATE['mainstream_trends']``, of all candidate trends.
        events: By trend, the event that it is a name of; see :func:`times_of`.
        parameters: Of the curves.
    """
    rows = []
    classes = {origin: _of_class(trends, origin) for origin in ORIGIN_CLASSES}
    firsts = {origin: times_of(own, TARGETS, events)[0] for origin, own in classes.items()}
    for target_place, target in enumerate(TARGETS):
        groups = {origin: times_of(own, [target], events) for origin, own in classes.items()}
        is_tested = all(parameters.is_told(groups[origin][0]) for origin in ("micro", "large"))
        p_value = log_rank(groups["micro"][0], groups["large"][0]) if is_tested else float("nan")
        for origin, (times, excluded) in groups.items():
            if not parameters.is_told(times):
                continue
            curve = kaplan_meier(times.day, times.cause >= 0, parameters.day_count, parameters.interval_level, times.cluster)
            incidence = cumulative_incidence(firsts[origin], target_place, parameters.day_count)
            common = {
                "origin_class": origin,
                "target_class": target,
                "trend_count": int(times.day.size),
                "cluster_count": times.cluster_count,
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
