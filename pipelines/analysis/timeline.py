"""Timeline-conditional likelihood: by how many hours one group is exposed earlier, given when each account could have posted. No tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from pipelines.analysis.precedence import trend_resamples, two_sided_p

METHOD_VERSION: Final = "timeline_likelihood_1"
Floats = NDArray[np.float64]
NONE: Final = float("nan")
_TINY: Final = 1e-300


@dataclass(frozen=True)
class TimelineParameters:
    """Parameters of the timeline model.

    Attributes:
        bin_hours: Width of the exposure grid, hours.
        largest_shift_bins: The shift is searched over minus to plus this many bins.
        bins_before_birth: Exposure may precede the first adoption by this many bins.
        smoothing_bins: Standard deviation of the smoother of the exposure density, bins.
        iteration_count: Smoothed EM steps per profile point.
        adoption_grid: Values tried for p, the chance that a post after exposure uses the trend.
        is_adoption_per_group: Whether each group has its own p.
        adoption_trend_cap: Trends, evenly spaced, from which p is found.
        group_cap: Adopters of a group that enter one trend; a seeded sample above that.
        bootstrap_count: Trend-level resamples.
        interval_level: Coverage of reported intervals.
        seed: Of every random draw.
    """

    bin_hours: float = 6.0
    largest_shift_bins: int = 20
    bins_before_birth: int = 8
    smoothing_bins: float = 1.5
    iteration_count: int = 25
    adoption_grid: tuple[float, ...] = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.65, 0.8, 0.95)
    is_adoption_per_group: bool = True
    adoption_trend_cap: int = 12
    group_cap: int = 200
    bootstrap_count: int = 1000
    interval_level: float = 0.90
    seed: int = 20260902


@dataclass(frozen=True)
class Timeline:
    """One adopter of one trend: posting times from the trend's birth to the window's end and the adopting one, hours since birth."""

    post_hours: Floats
    adopted_hours: float


@dataclass(frozen=True)
class Shift:
    """How much earlier the lead group was exposed, hours; NaN where it cannot be told."""

    hours: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True)
class TimelineFit:
    """Shifts by trend and pooled over trends, and the adoption probabilities found."""

    trends: tuple[Shift, ...]
    profiles: Floats
    adoption_lead: float
    adoption_target: float


@dataclass(frozen=True)
class _Waits:
    """Own posts between each grid point and adoption (0: adopted before it) and posts left in the window; account x grid."""

    waited: NDArray[np.int64]
    left: NDArray[np.int64]

    def likelihoods(self, adoption: float) -> tuple[Floats, Floats]:
        """Chance of adopting at the observed post, and of adopting in the window at all, for each exposure time."""
        stay = 1 - adoption
        waited = np.where(self.waited > 0, adoption * stay ** np.maximum(self.waited - 1, 0), 0.0)
        return np.asarray(waited, dtype=np.float64), np.asarray(1 - stay**self.left, dtype=np.float64)


def _waits(adopters: list[Timeline], points: Floats) -> _Waits:
    waited = np.zeros((len(adopters), points.size), dtype=np.int64)
    left = np.zeros_like(waited)
    for row, adopter in enumerate(adopters):
        times = np.sort(adopter.post_hours)
        before = np.searchsorted(times, points, side="left")
        left[row] = times.size - before
        until = np.searchsorted(times, adopter.adopted_hours, side="right")
        waited[row] = np.maximum(until - before, 0)
    return _Waits(waited, left)


@dataclass(frozen=True)
class _Trend:
    lead: _Waits
    target: _Waits
    base_count: int

    def log_likelihood(
        self, shift_bins: int, adoption_lead: float, adoption_target: float, parameters: TimelineParameters
    ) -> float:
        """Log likelihood with the exposure density fitted by smoothed EM, truncation by its ghost term."""
        reach = parameters.largest_shift_bins
        lead = [m[:, reach : reach + self.base_count] for m in self.lead.likelihoods(adoption_lead)]
        start = reach + shift_bins
        target = [m[:, start : start + self.base_count] for m in self.target.likelihoods(adoption_target)]
        observed, caught = np.concatenate([lead[0], target[0]]), np.concatenate([lead[1], target[1]])
        density = np.full(self.base_count, 1 / self.base_count)
        missed = 1 - caught
        for _ in range(parameters.iteration_count):
            density = density * ((1 / (observed @ density + _TINY)) @ observed + (1 / (caught @ density + _TINY)) @ missed)
            density = gaussian_filter1d(density / density.sum(), parameters.smoothing_bins, mode="nearest")
            density /= density.sum()
        return float(np.log(observed @ density + _TINY).sum() - np.log(caught @ density + _TINY).sum())


def _prepared(lead: list[Timeline], target: list[Timeline], parameters: TimelineParameters) -> _Trend:
    last = max(adopter.adopted_hours for adopter in lead + target)
    base_count = parameters.bins_before_birth + int(last // parameters.bin_hours) + 1
    first = -parameters.bins_before_birth - parameters.largest_shift_bins
    points = np.asarray(
        (first + np.arange(base_count + 2 * parameters.largest_shift_bins) + 0.5) * parameters.bin_hours, dtype=np.float64
    )
    return _Trend(_waits(lead, points), _waits(target, points), base_count)


def _capped(adopters: list[Timeline], cap: int, seed: int) -> list[Timeline]:
    adopters = sorted(
        adopters, key=lambda adopter: (adopter.adopted_hours, adopter.post_hours.size, float(adopter.post_hours.sum()))
    )
    if len(adopters) <= cap:
        return adopters
    return [adopters[row] for row in np.sort(np.random.default_rng(seed).choice(len(adopters), cap, replace=False))]


def _best_adoption(
    trends: list[_Trend], shift: int, start: tuple[float, float], round_count: int, parameters: TimelineParameters
) -> tuple[float, float]:
    """Profile p over all trends at one shift, one group after the other (or both together)."""

    def total(lead: float, target: float) -> float:
        return sum(trend.log_likelihood(shift, lead, target, parameters) for trend in trends)

    if not parameters.is_adoption_per_group:
        common = max(parameters.adoption_grid, key=lambda p: total(p, p))
        return common, common
    lead, target = start
    for _ in range(round_count):
        lead = max(parameters.adoption_grid, key=lambda p: total(p, target))
        target = max(parameters.adoption_grid, key=lambda p: total(lead, p))
    return lead, target


def _peaks(profiles: Floats, parameters: TimelineParameters) -> Floats:
    """Position of the maximum of each row, hours, refined by the parabola through its neighbours."""
    top = profiles.argmax(axis=1)
    inner = np.clip(top, 1, profiles.shape[1] - 2)
    rows = np.arange(profiles.shape[0])
    left, middle, right = (profiles[rows, inner + step] for step in (-1, 0, 1))
    curve = left - 2 * middle + right
    offset = np.where((curve < 0) & (top == inner), 0.5 * (left - right) / np.where(curve < 0, curve, -1.0), top - inner)
    return np.asarray((inner + np.clip(offset, -1, 1) - parameters.largest_shift_bins) * parameters.bin_hours)


def _trend_shift(profile: Floats, parameters: TimelineParameters) -> Shift:
    """Peak of one trend's profile, with the profile-likelihood interval (half the chi-square quantile below the peak)."""
    from scipy.stats import chi2

    grid = (np.arange(profile.size) - parameters.largest_shift_bins) * parameters.bin_hours
    fine = np.linspace(grid[0], grid[-1], 12 * (grid.size - 1) + 1)
    smooth = np.interp(fine, grid, profile)
    inside = fine[smooth >= smooth.max() - chi2.ppf(parameters.interval_level, 1) / 2]
    drop = 2 * (profile.max() - profile[parameters.largest_shift_bins])
    peak = float(_peaks(profile[None, :], parameters)[0])
    return Shift(peak, min(float(inside[0]), peak), max(float(inside[-1]), peak), float(chi2.sf(max(drop, 0.0), 1)))


def fit_timelines(trends: list[tuple[list[Timeline], list[Timeline]]], parameters: TimelineParameters) -> TimelineFit:
    """Fit the shift of every trend, with p common to all trends.

    Exposure has a smooth density on a grid, the same for both groups but for the shift; after exposure each post uses
    the trend with probability p, so adopting at the m-th own post has probability ``p (1-p)^(m-1)``; the window's end
    truncates, so each account's likelihood is divided by its chance of adopting inside the window.

    Args:
        trends: Lead and target adopters of each trend; neither list empty.
        parameters: See :class:`TimelineParameters`.

    Returns:
        Per-trend shifts with profile-likelihood intervals, and the profiles that :func:`pooled_shift` sums.
    """
    width = 2 * parameters.largest_shift_bins + 1
    if not trends:
        return TimelineFit((), np.empty((0, width)), NONE, NONE)
    prepared = [
        _prepared(
            _capped(lead, parameters.group_cap, parameters.seed),
            _capped(target, parameters.group_cap, parameters.seed + 1),
            parameters,
        )
        for lead, target in trends
    ]
    shifts = np.arange(-parameters.largest_shift_bins, parameters.largest_shift_bins + 1)
    # p needs few trends; every trend then has its own shift.
    chosen = prepared[:: -(-len(prepared) // parameters.adoption_trend_cap)]
    coarse = list(range(-parameters.largest_shift_bins, parameters.largest_shift_bins + 1, 4))
    lead, target = _best_adoption(chosen, 0, (0.4, 0.4), 2, parameters)
    best = max(coarse, key=lambda shift: sum(trend.log_likelihood(shift, lead, target, parameters) for trend in chosen))
    lead, target = _best_adoption(chosen, best, (lead, target), 1, parameters)
    profiles = np.array([[trend.log_likelihood(int(shift), lead, target, parameters) for shift in shifts] for trend in prepared])
    return TimelineFit(tuple(_trend_shift(profile, parameters) for profile in profiles), profiles, lead, target)


def pooled_shift(profiles: Floats, parameters: TimelineParameters) -> Shift:
    """Shift over trends: peak of the summed profile, with a trend-level bootstrap interval and two-sided p-value.

    Args:
        profiles: Trend x shift log likelihoods from :func:`fit_timelines`.
        parameters: See :class:`TimelineParameters`.
    """
    count = profiles.shape[0]
    if count < 2:
        return Shift(NONE, NONE, NONE, NONE)
    peak = float(_peaks(profiles.sum(axis=0, keepdims=True), parameters)[0])
    resamples = _peaks(trend_resamples(count, parameters.bootstrap_count, parameters.seed) @ profiles, parameters)
    resamples = peak + (resamples - peak) * np.sqrt(count / (count - 1))
    tail = (1 - parameters.interval_level) / 2
    low, high = np.quantile(resamples, [tail, 1 - tail])
    return Shift(peak, float(low), float(high), two_sided_p(resamples))
