"""Times to an adoption of trends that come as several names of one event, with a known curve, and scipy's answers, for which all of them are independent. No estimator of ours belongs here."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import CensoredData, ecdf

from pipelines.analysis.adoption_survival import Times

WINDOW_DAYS = 60


@dataclass(frozen=True)
class SurvivalWorld:
    """Trends with exponential times, censored at an event's own end of observation.

    Attributes:
        event_count: Events.
        largest_name_count: An event has one to so many names, which are trends; any number is as likely.
        together: Share of the names that are taken up when their event is, and not at a time of their own.
        mean_days: To the adoption.
    """

    event_count: int = 40
    largest_name_count: int = 1
    together: float = 0.8
    mean_days: float = 40.0

    def draw(self, rng: np.random.Generator, prefix: str = "") -> Times:
        """One world.

        Args:
            rng: Of all draws.
            prefix: Of the names of events: groups with others share none.
        """
        names = rng.integers(1, self.largest_name_count + 1, self.event_count)
        event = np.repeat(np.arange(self.event_count), names)
        own, shared = rng.exponential(self.mean_days, event.size), rng.exponential(self.mean_days, self.event_count)[event]
        days = np.where(rng.random(event.size) < self.together, shared, own)
        end = rng.integers(20, WINDOW_DAYS + 1, self.event_count)[event]
        cause = np.where(days < end, 0, -1)
        return Times(np.minimum(days, end).astype(np.int64), cause, np.array([f"{prefix}{number}" for number in event]))

    def survival(self, day: int) -> float:
        """True share that is left by the end of a day.

        Args:
            day: Whole days, from 0.
        """
        return float(np.exp(-(day + 1) / self.mean_days))


def censored(day: NDArray[np.int64], is_event: NDArray[np.bool_]) -> CensoredData[Any, Any, Any, Any]:
    """Times as scipy takes them.

    Args:
        day: Of the event or of the end of observation.
        is_event: Whether it is an event.
    """
    days = day.astype(np.float64)
    return CensoredData(uncensored=days[is_event], right=days[~is_event])


def independent_interval(times: Times, day_count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """95% interval by day, log-log with Greenwood's variance; the share itself where that is not defined, as it is read off a plot.

    Args:
        times: Of trends.
        day_count: Days, from 0.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found: Any = ecdf(censored(times.day, times.cause >= 0)).sf
        interval = found.confidence_interval(0.95, method="log-log")
    days = np.arange(day_count)
    share = found.evaluate(days)
    low, high = (np.where(np.isnan(end.evaluate(days)), share, end.evaluate(days)) for end in (interval.low, interval.high))
    return low, high
