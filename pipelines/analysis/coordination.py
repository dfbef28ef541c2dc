"""Near-simultaneous first use: whether more accounts began in one hour than a common event and their own rhythms let expect. No trends, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, poisson

Floats = NDArray[np.float64]
_ROUND: Final = 9


@dataclass(frozen=True)
class CoordinationParameters:
    """Parameters of coordination.

    Attributes:
        window_hours: Length of the window in which uses are near-simultaneous.
        around_hours: Hours before and after it that say how people took it up otherwise.
        reaction_hours: Mean delay of the fastest common reaction to an event that everybody hears of at once: no hour holds more of such a
            reaction than ``1 - exp(-window / reaction)``.
        smallest_count: First uses in the window below which nothing is said.
        prior_posts: Posts, and days, by which an account's posting rate is drawn to one a day.
        largest_q: Benjamini-Hochberg q of a coordinated beginning, at most.
    """

    window_hours: float = 1.0
    around_hours: float = 6.0
    reaction_hours: float = 2.0
    smallest_count: int = 10
    prior_posts: float = 1.0
    largest_q: float = 0.01


@dataclass(frozen=True)
class Simultaneity:
    """The densest window of first uses.

    Attributes:
        count: First uses in it.
        nearby: First uses in it and in the hours around it.
        expected: Accounts of those nearby that would post in any one window by their own rates.
        p_value: The larger of two: against the fastest common reaction, over all windows nearby, and against the accounts' own rates.
        naive_p_value: Against an even rate over the whole trend, over all windows.
    """

    count: int
    nearby: int
    expected: float
    p_value: float
    naive_p_value: float


def densest_window(hours: Floats, posts: Floats, days: Floats, parameters: CoordinationParameters) -> Simultaneity | None:
    """Find the window with most first uses and how likely so many were without coordination.

    After CooRnet (Giglietto et al. 2020), which flags accounts that share the same within an unusually short time; here the time is not a
    quantile of all shares, but what people who hear of the same event at once, or who post as often as these accounts do, can come to.

    Args:
        hours: Times of first use, exact to the minute.
        posts: Posts of each account in its rate window.
        days: Days of that window since the account was first seen.
        parameters: Window, reaction, prior.

    Returns:
        The window; None with too few uses.
    """
    if hours.size < parameters.smallest_count:
        return None
    order = np.argsort(np.round(hours, _ROUND), kind="stable")
    hours, posts, days = hours[order], posts[order], days[order]
    ends = np.searchsorted(hours, hours + parameters.window_hours, side="right")
    counts = ends - np.arange(hours.size)
    first = int(np.argmax(counts))
    count, begin = int(counts[first]), float(hours[first])
    low = int(np.searchsorted(hours, begin - parameters.around_hours, side="left"))
    high = int(np.searchsorted(hours, begin + parameters.window_hours + parameters.around_hours, side="right"))
    nearby = high - low
    windows = 1.0 + 2.0 * parameters.around_hours / parameters.window_hours
    share = 1.0 - float(np.exp(-parameters.window_hours / parameters.reaction_hours))
    reaction = min(1.0, windows * float(binom.sf(count - 1, nearby, share)))
    rates = (posts[low:high] + parameters.prior_posts) / (days[low:high] + parameters.prior_posts)
    chances = 1.0 - np.exp(-rates * parameters.window_hours / 24.0)
    rhythm = _at_least(count, chances)
    span = max(float(hours[-1] - hours[0]), parameters.window_hours)
    even = hours.size * parameters.window_hours / span
    naive = min(1.0, span / parameters.window_hours * float(poisson.sf(count - 1, even)))
    return Simultaneity(count, nearby, float(chances.sum()), max(reaction, rhythm), naive)


def _at_least(count: int, chances: Floats) -> float:
    """Chance that so many of independent events with these chances happen: exact, by convolution (Poisson-binomial)."""
    law = np.ones(1)
    for chance in np.sort(chances):
        law = np.convolve(law, [1.0 - chance, chance])
    return float(min(1.0, law[count:].sum())) if count < law.size else 0.0
