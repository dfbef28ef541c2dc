"""Timeline-conditional likelihood: by how many hours one group is exposed earlier, given when each account could have posted. No tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import make_interp_spline
from scipy.ndimage import gaussian_filter1d
from scipy.special import chdtrc, chdtri, expit, logit

from pipelines.analysis.post_times import Timelines
from pipelines.analysis.precedence import resampled_p, spread_p, two_sided_p

METHOD_VERSION: Final = "timeline_likelihood_7"
Floats = NDArray[np.float64]
NONE: Final = float("nan")
_TINY: Final = 1e-300
_LEAST_LOG: Final = -600.0
_LOGIT_STEP: Final = 0.2
_SLOPE_STEP: Final = 0.1
_RESAMPLE_BLOCK: Final = 100


@dataclass(frozen=True)
class TimelineParameters:
    """Parameters of the timeline model.

    Attributes:
        bin_hours: Width of the exposure grid, hours.
        points_per_bin: Moments of a bin over which the chances of an exposure in it are averaged: it lies anywhere in its bin.
        largest_shift_bins: The shift is searched over minus to plus this many bins.
        bins_before_birth: Exposure may precede the first adoption by this many bins; posts are known from as many and those of the
            largest shift before it.
        smoothing_bins: Standard deviation of the smoother of the exposure density, bins.
        iteration_count: Smoothed EM steps per profile point.
        adoption_grid: Values tried for p, the chance that a post after exposure uses the trend; four or more.
        adoption_shift_bins: Shifts tried with them.
        adoption_trend_cap: Trends of a span from which p is found, chosen by a hash of their keys.
        adoption_group_cap: Adopters of a group that enter where p is sought; a seeded sample above that.
        adoption_iteration_count: Smoothed EM steps where p is sought.
        even_account_count: Accounts spread evenly over the grid, which join those whose density an account meets where p is sought.
        group_cap: Adopters of a group that enter one trend; a seeded sample above that.
        spread_hours: Standard deviations of the shift between trends that are tried beside none.
        bootstrap_count: Trend-level resamples.
        interval_level: Coverage of reported intervals.
        seed: Of every random draw.
    """

    bin_hours: float = 6.0
    points_per_bin: int = 4
    largest_shift_bins: int = 20
    bins_before_birth: int = 8
    smoothing_bins: float = 1.5
    iteration_count: int = 25
    adoption_grid: tuple[float, ...] = (0.1, 0.2, 0.35, 0.55, 0.8, 0.98)
    adoption_shift_bins: tuple[int, ...] = (-12, -8, -4, 0, 4, 8, 12)
    adoption_trend_cap: int = 12
    adoption_group_cap: int = 80
    adoption_iteration_count: int = 15
    even_account_count: float = 2.0
    group_cap: int = 200
    spread_hours: tuple[float, ...] = (6.0, 12.0, 24.0, 48.0)
    bootstrap_count: int = 1000
    interval_level: float = 0.90
    seed: int = 20260902


@dataclass(frozen=True)
class Shift:
    """How much earlier the lead group was exposed, hours; NaN where it cannot be told."""

    hours: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True)
class PooledShift(Shift):
    """The mean shift over trends, and the chances of use that it was read with; NaN where they cannot be told.

    Attributes:
        spread_hours: Standard deviation of the shift between trends, the likeliest of those that are tried.
        lead_chance: p of the lead group: the chance that a post after exposure uses the trend; the mean in logits over the pooled trends.
        target_chance: p of the target group.
        chance_p_value: Two-sided, of both being equal.
    """

    spread_hours: float = NONE
    lead_chance: float = NONE
    target_chance: float = NONE
    chance_p_value: float = NONE


@dataclass(frozen=True)
class Waits:
    """What the model needs of one group of adopters on the exposure grid; account x bin x moment of the bin.

    Attributes:
        waited: Own posts from each moment to adoption, the adopting one included (0: adopted before the moment).
        left: Own posts from each moment to the window's end.
        base_count: Bins that the exposure density covers; the rest is room for the shift.
    """

    waited: NDArray[np.int64]
    left: NDArray[np.int64]
    base_count: int


@dataclass(frozen=True)
class ShiftProfile:
    """One trend's evidence of the shift.

    Attributes:
        values: Log likelihood for each shift from minus to plus ``largest_shift_bins``.
        slopes: How it changes with the logit of p of the lead group, and of the target group; group x shift.
    """

    values: Floats
    slopes: Floats


@dataclass(frozen=True)
class ChanceSample:
    """What p of some pooled trends was found from: a resample of trends finds another p, and with it another shift.

    Attributes:
        read: Places of the pooled trends that are read with this p.
        rows: Place of each sampled trend among the pooled ones, and, from their number on, among those that only tell p.
        profiles: Sampled trend x :func:`adoption_profile`.
    """

    read: NDArray[np.int64]
    rows: NDArray[np.int64]
    profiles: Floats


@dataclass(frozen=True)
class _Likelihoods:
    """One group's chances of what was seen at one p, for each exposure time; both in one matrix, so that a product gives both.

    Attributes:
        count: Accounts.
        chances: Of adopting at the observed post; then of adopting in the window at all. Bin x both.
        pulls: What an exposure in each bin is weighted with in an EM step: what was seen, then missing the window. Both x bin.
    """

    count: int
    chances: Floats
    pulls: Floats

    @classmethod
    def of(cls, group: Waits, adoption: float) -> _Likelihoods:
        """On all bins of the grid; an exposure lies anywhere in its bin, evenly."""
        powers = (1 - adoption) ** np.arange(int(group.left.max(initial=0)) + 1)
        seen = np.append(0.0, adoption * powers)[group.waited].mean(axis=2)
        missed = powers[group.left].mean(axis=2)
        return cls(seen.shape[0], np.ascontiguousarray(np.concatenate([seen, 1 - missed]).T), np.concatenate([seen, missed]))

    def within(self, columns: slice) -> _Likelihoods:
        """On some of the bins."""
        return _Likelihoods(self.count, self.chances[columns], self.pulls[:, columns])

    def pull(self, densities: Floats) -> Floats:
        """What multiplies each density in an EM step, the ghosts of those who would not have been seen included."""
        return np.asarray((1 / (densities @ self.chances + _TINY)) @ self.pulls)

    def fit(self, densities: Floats) -> Floats:
        """Log likelihood of the group for each density."""
        return self._fit(densities @ self.chances)

    def fit_without_own(self, densities: Floats, weights: Floats, smoother: Floats, even_account_count: float) -> Floats:
        """Log likelihood of the group where each account meets the density that all others make (leave one out).

        Where an account meets a density that it made itself, the density stands just before each adoption, as if p were large: with eight
        and four adopters a trend a p of .6 is found as .79 and .66.

        Args:
            densities: Before an EM step.
            weights: What the step of both groups makes of each density, before it is smoothed.
            smoother: What smooths them.
            even_account_count: Accounts spread evenly that join the others, or who adopts where nobody else does rules out every p.
        """
        smooth, scale = smoother @ self.chances, 1 / (densities @ self.chances + _TINY)
        chances = weights @ smooth
        halves = slice(0, self.count), slice(self.count, None)
        # An account's share of the weights is what was seen and its ghost; each is taken from both of its chances.
        for share in halves:
            for chance in halves:
                chances[:, chance] -= (densities @ (smooth[:, chance] * self.pulls[share].T)) * scale[:, share]
        return self._fit(np.maximum(chances, 0.0) + even_account_count * self.chances.mean(axis=0))

    def _fit(self, chances: Floats) -> Floats:
        logs = np.log(chances + _TINY)
        return np.asarray(logs[:, : self.count].sum(axis=1) - logs[:, self.count :].sum(axis=1))


def capped(adopters: Timelines, cap: int, seed: int) -> Timelines:
    """Cap a group by a seeded sample that does not depend on the order of its members; ordered by time of adoption.

    Args:
        adopters: One group's.
        cap: Adopters that stay, at most.
        seed: Of the sample.
    """
    counts = adopters.posts.counts
    order = np.lexsort((counts, adopters.adopted_hours))
    alike = (np.diff(adopters.adopted_hours[order]) == 0) & (np.diff(counts[order]) == 0)
    if alike.any():
        # Few adopt at one moment, and only theirs have to be summed.
        sums = np.zeros(counts.size)
        for row in order[np.append(alike, False) | np.append(False, alike)]:
            sums[row] = adopters.posts[row].sum()
        order = np.lexsort((sums, counts, adopters.adopted_hours))
    if order.size > cap:
        order = order[np.sort(np.random.default_rng(seed).choice(order.size, cap, replace=False))]
    return adopters.take(order)


def waits(adopters: Timelines, last_adopted_hours: float, parameters: TimelineParameters) -> Waits:
    """Place a group's posts on the exposure grid.

    Args:
        adopters: One group's; not empty.
        last_adopted_hours: Last adoption of all groups that are compared: both sides need one grid.
        parameters: See :class:`TimelineParameters`.
    """
    base_count = parameters.bins_before_birth + int(last_adopted_hours // parameters.bin_hours) + 1
    first = -parameters.bins_before_birth - parameters.largest_shift_bins
    inside = (np.arange(parameters.points_per_bin) + 0.5) / parameters.points_per_bin
    bins = first + np.arange(base_count + 2 * parameters.largest_shift_bins)
    points = (bins[:, None] + inside).ravel() * parameters.bin_hours
    counts, hours, adopted = adopters.posts.counts, adopters.posts.hours, adopters.adopted_hours
    owner = np.repeat(np.arange(len(adopters)), counts)
    # A post lies before every moment from this one on; counted up, that is how many lie before each.
    place = owner * (points.size + 1) + np.searchsorted(points, hours, side="right")
    before = np.bincount(place, minlength=len(adopters) * (points.size + 1)).reshape(len(adopters), -1).cumsum(axis=1)[:, :-1]
    until = np.bincount(owner[hours <= adopted[owner]], minlength=len(adopters))
    shape = (len(adopters), bins.size, parameters.points_per_bin)
    return Waits(np.maximum(until[:, None] - before, 0).reshape(shape), (counts[:, None] - before).reshape(shape), base_count)


@lru_cache(maxsize=64)
def _smoother(size: int, smoothing_bins: float) -> Floats:
    """What the smoother makes of a unit of density in each bin; it is linear, so a product with it smooths any density."""
    return np.asarray(gaussian_filter1d(np.eye(size), smoothing_bins, axis=-1, mode="nearest"))


def _smoothed(density: Floats, parameters: TimelineParameters) -> Floats:
    size = density.shape[-1]
    density = (density.reshape(-1, size) @ _smoother(size, parameters.smoothing_bins)).reshape(density.shape)
    return np.asarray(density / density.sum(axis=-1, keepdims=True))


def adoption_profile(lead: Waits, target: Waits, parameters: TimelineParameters) -> Floats:
    """Log likelihood of one trend over p of the lead group, p of the target group and a few shifts; density fitted anew at each.

    Profiles of many trends are summed to find p (:func:`best_adoption`): p is common to them, and one trend says little of it. Each
    account meets the density of the others, for a density that bends to few adopters tells of a larger p than there is.

    Args:
        lead: Lead group, on the grid of both.
        target: Target group, on the same grid.
        parameters: See :class:`TimelineParameters`.

    Returns:
        Lead's p x target's p x shift, flattened.
    """
    reach, base = parameters.largest_shift_bins, lead.base_count
    grid, shifts = parameters.adoption_grid, parameters.adoption_shift_bins
    leads = [_Likelihoods.of(lead, p).within(slice(reach, reach + base)) for p in grid]
    wide = [_Likelihoods.of(target, p) for p in grid]
    targets = [[each.within(slice(reach + shift, reach + shift + base)) for shift in shifts] for each in wide]
    density = np.full((len(grid), len(grid), len(shifts), base), 1 / base)
    weights = density * _pulls(density, leads, targets)
    for _ in range(parameters.adoption_iteration_count):
        density = _smoothed(weights, parameters)
        weights = density * _pulls(density, leads, targets)
    fit, others = np.zeros(density.shape[:-1]), (_smoother(base, parameters.smoothing_bins), parameters.even_account_count)
    for which in range(len(grid)):
        near = leads[which].fit_without_own(density[which].reshape(-1, base), weights[which].reshape(-1, base), *others)
        fit[which] += near.reshape(len(grid), -1)
        for place in range(len(shifts)):
            fit[:, which, place] += targets[which][place].fit_without_own(
                density[:, which, place], weights[:, which, place], *others
            )
    return fit.ravel()


def _pulls(density: Floats, leads: Sequence[_Likelihoods], targets: Sequence[Sequence[_Likelihoods]]) -> Floats:
    """What multiplies each density of (lead's p, target's p, shift) in an EM step."""
    step = np.zeros_like(density)
    for which, (lead, shifted) in enumerate(zip(leads, targets, strict=True)):
        step[which] += lead.pull(density[which].reshape(-1, density.shape[-1])).reshape(density.shape[1:])
        for place, target in enumerate(shifted):
            step[:, which, place] += target.pull(density[:, which, place])
    return step


def best_adoption(profile: Floats, parameters: TimelineParameters) -> tuple[float, float]:
    """Find p of the lead and of the target group: the maximum, between the grid's points, of summed adoption profiles.

    Args:
        profile: Sum over trends of :func:`adoption_profile`.
        parameters: See :class:`TimelineParameters`.
    """
    lead, target = expit(_best_logits(profile[None, :], parameters)[0])
    return float(lead), float(target)


@lru_cache(maxsize=8)
def _between_grid_points(adoption_grid: tuple[float, ...]) -> tuple[Floats, Floats]:
    """Logits between the grid's points, and what makes values there of values at the points: the cubic spline through them is linear in them."""
    # Between the points the log likelihood is smooth in the logit of p; steps of a fifth keep p as it was where little came in.
    at = logit(np.array(adoption_grid))
    fine = np.arange(np.ceil(at[0] / _LOGIT_STEP), at[-1] / _LOGIT_STEP + 1e-9) * _LOGIT_STEP
    return fine, np.asarray(make_interp_spline(at, np.eye(at.size), k=3)(fine))


def _best_logits(profiles: Floats, parameters: TimelineParameters) -> Floats:
    """:func:`best_adoption` of many sums at once: row x (logit of p of the lead, of the target group)."""
    size = len(parameters.adoption_grid)
    fine, spline = _between_grid_points(parameters.adoption_grid)
    cubes = profiles.reshape(len(profiles), size, size, -1)
    best = cubes.max(axis=(1, 2)).argmax(axis=1)
    planes = cubes[np.arange(len(cubes)), :, :, best]
    surfaces = (spline @ planes @ spline.T).reshape(len(cubes), -1)
    return np.asarray(fine[np.stack(np.unravel_index(surfaces.argmax(axis=1), (fine.size, fine.size)), axis=1)])


def shift_profile(
    lead: Waits, target: Waits, adoption_lead: float, adoption_target: float, parameters: TimelineParameters
) -> ShiftProfile:
    """Log likelihood of one trend for each shift, the common exposure density fitted anew at each by smoothed EM.

    Exposure has a smooth density on a grid, the same for both groups but for the shift; after exposure each post uses
    the trend with probability p, so adopting at the m-th own post has probability ``p (1-p)^(m-1)``; the window's end
    truncates, so each account's likelihood is divided by its chance of adopting inside the window (ghost term in the EM).
    The grid begins before the birth, for the first use is later than the first exposure; posts from there on speak against
    an exposure before them. Where they are not known exposures slide to before the birth, those of whoever leads the most.

    Args:
        lead: Lead group, on the grid of both.
        target: Target group, on the same grid.
        adoption_lead: p of the lead group.
        adoption_target: p of the target group.
        parameters: See :class:`TimelineParameters`.

    Returns:
        The profile and its slopes in p. A fitted density is at its maximum, so that slopes need no other fit of it.
    """
    reach, base = parameters.largest_shift_bins, lead.base_count
    inner = slice(reach, reach + base)
    leads, targets = _Likelihoods.of(lead, adoption_lead).within(inner), _Likelihoods.of(target, adoption_target)
    # All shifts at once: row s of a padded density lies s places to the right, so each group takes one matrix product.
    rows = np.arange(2 * reach + 1)[:, None]
    places = rows + np.arange(base)[None, :]
    padded = np.zeros((rows.size, target.waited.shape[1]))
    density = np.full((rows.size, base), 1 / base)
    for _ in range(parameters.iteration_count):
        padded[rows, places] = density
        density = _smoothed(density * (leads.pull(density) + targets.pull(padded)[rows, places]), parameters)
    padded[rows, places] = density
    sides = ((lead, inner, adoption_lead, density), (target, slice(None), adoption_target, padded))
    slopes = [_slope(*side) for side in sides]
    return ShiftProfile(leads.fit(density) + targets.fit(padded), np.stack(slopes))


def _slope(group: Waits, columns: slice, adoption: float, densities: Floats) -> Floats:
    """Change of a group's log likelihood with the logit of its p."""
    higher, lower = (
        _Likelihoods.of(group, float(expit(logit(adoption) + step))).within(columns) for step in (_SLOPE_STEP, -_SLOPE_STEP)
    )
    return np.asarray((higher.fit(densities) - lower.fit(densities)) / (2 * _SLOPE_STEP))


def _peaks(profiles: Floats, parameters: TimelineParameters) -> Floats:
    """Position of the maximum of each row, hours, refined by the parabola through its neighbours."""
    top = profiles.argmax(axis=1)
    inner = np.clip(top, 1, profiles.shape[1] - 2)
    rows = np.arange(profiles.shape[0])
    left, middle, right = (profiles[rows, inner + step] for step in (-1, 0, 1))
    curve = left - 2 * middle + right
    offset = np.where((curve < 0) & (top == inner), 0.5 * (left - right) / np.where(curve < 0, curve, -1.0), top - inner)
    return np.asarray((inner + np.clip(offset, -1, 1) - parameters.largest_shift_bins) * parameters.bin_hours)


def trend_shift(profile: Floats, parameters: TimelineParameters) -> Shift:
    """Peak of one trend's profile, with the profile-likelihood interval (half the chi-square quantile below the peak).

    Args:
        profile: From :func:`shift_profile`.
        parameters: See :class:`TimelineParameters`.
    """
    grid = (np.arange(profile.size) - parameters.largest_shift_bins) * parameters.bin_hours
    fine = np.linspace(grid[0], grid[-1], 12 * (grid.size - 1) + 1)
    smooth = np.interp(fine, grid, profile)
    inside = fine[smooth >= smooth.max() - float(chdtri(1, 1 - parameters.interval_level)) / 2]
    drop = 2 * (profile.max() - profile[parameters.largest_shift_bins])
    peak = float(_peaks(profile[None, :], parameters)[0])
    return Shift(peak, min(float(inside[0]), peak), max(float(inside[-1]), peak), float(chdtrc(1, max(drop, 0.0))))


@lru_cache(maxsize=8)
def _spreads(size: int, bin_hours: float, spread_hours: tuple[float, ...]) -> Floats:
    """Chance of each shift of a trend where shifts vary about their mean as a normal distribution on the grid: shift x (spread, mean)."""
    hours = np.arange(size) * bin_hours
    away = hours[:, None] - hours[None, :]
    densities = [np.exp(-(away**2) / (2 * spread**2)) for spread in spread_hours]
    return np.concatenate([density / density.sum(axis=0) for density in densities], axis=1)


def _varied(profiles: Floats, slopes: Floats, parameters: TimelineParameters) -> tuple[Floats, Floats]:
    """Log likelihood of each trend for the spread and the mean of shifts, and its slopes in p; columns (spread, mean), no spread first.

    Where shifts vary a trend's likelihood is its mean over the shifts that it may have; the slope of a logarithm of a mean is the mean
    of the slopes, weighted by what each shift contributes.
    """
    top = profiles.max(axis=1, keepdims=True)
    chances = np.exp(np.maximum(profiles - top, _LEAST_LOG))
    spreads = _spreads(profiles.shape[1], parameters.bin_hours, parameters.spread_hours)
    mean = chances @ spreads
    moved = (chances[:, None, :] * slopes) @ spreads / mean[:, None, :]
    return np.concatenate([profiles, np.log(mean) + top], axis=1), np.concatenate([slopes, moved], axis=2)


def _best_shifts(sums: Floats, parameters: TimelineParameters) -> tuple[Floats, Floats]:
    """Mean and spread of the shift, hours, at the maximum of each row of :func:`_varied` or of sums of it."""
    spreads = np.array([0.0, *parameters.spread_hours])
    planes = sums.reshape(len(sums), spreads.size, -1)
    best = planes.max(axis=2).argmax(axis=1)
    return _peaks(planes[np.arange(len(planes)), best], parameters), spreads[best]


def pooled_shift(
    profiles: Floats, slopes: Floats, samples: Sequence[ChanceSample], parameters: TimelineParameters, other_count: int = 0
) -> PooledShift:
    """Mean shift over trends, with a trend-level bootstrap interval and two-sided p-value.

    Trends need not share one shift: each has its own, normal about the mean with a spread that is found with it (the random effects of
    DerSimonian and Laird 1986, on whole likelihoods in place of estimates). One common shift for all finds a mean near zero where a fifth
    of the trends are led, since the others speak against it.

    The p-value is the larger of the bootstrap's own and that of its standard deviation with Student's t: ten trends tell little of a spread.
    p is found from trends, and a shift and a p of one group look alike: each resample finds its own p from its trends, and reads its
    profiles with it (to first order, by their slopes). With p taken as known a fifth of null worlds had p-values of .05 or less.

    Args:
        profiles: Trend x shift log likelihoods from :func:`shift_profile`.
        slopes: Trend x group x shift.
        samples: What p was found from; p is taken as known for trends of none of them.
        parameters: See :class:`TimelineParameters`.
        other_count: Sampled trends that are not pooled; they are resampled among themselves.
    """
    count = profiles.shape[0]
    if count < 2:
        return PooledShift(NONE, NONE, NONE, NONE)
    values, moved = _varied(profiles, slopes, parameters)
    peak, spread = (float(each[0]) for each in _best_shifts(values.sum(axis=0, keepdims=True), parameters))
    found = [_best_logits(sample.profiles.sum(axis=0, keepdims=True), parameters) for sample in samples]
    shares = np.array([sample.read.size for sample in samples]) / max(sum(sample.read.size for sample in samples), 1)
    generators = [np.random.default_rng([parameters.seed, part]) for part in range(2)]
    parts, gaps = [], []
    for begin in range(0, parameters.bootstrap_count, _RESAMPLE_BLOCK):
        block = min(_RESAMPLE_BLOCK, parameters.bootstrap_count - begin)
        weights = np.concatenate(
            [
                generator.multinomial(many, np.full(many, 1 / many), block) if many else np.zeros((block, 0))
                for generator, many in zip(generators, (count, other_count), strict=True)
            ],
            axis=1,
        ).astype(np.float64)
        sums, gap = weights[:, :count] @ values, np.zeros(block)
        for sample, logits, share in zip(samples, found, shares, strict=True):
            drawn = weights[:, sample.rows]
            is_told = drawn.sum(axis=1, keepdims=True) > 0
            own = np.where(is_told, _best_logits(drawn @ sample.profiles, parameters), logits)
            gap += share * (own[:, 0] - own[:, 1])
            for side in range(2):
                sums += weights[:, sample.read] @ moved[sample.read, side] * (own - logits)[:, side, None]
        parts.append(sums)
        gaps.append(gap)
    resamples, _ = _best_shifts(np.concatenate(parts), parameters)
    resamples = peak + (resamples - peak) * np.sqrt(count / (count - 1))
    tail = (1 - parameters.interval_level) / 2
    low, high = np.quantile(resamples, [tail, 1 - tail])
    p_value = max(resampled_p(resamples, count), spread_p(peak, float(resamples.std()), count))
    shift = (peak, float(low), float(high), p_value, spread)
    if not samples:
        return PooledShift(*shift)
    lead, target = expit(shares @ np.concatenate(found))
    # Logits move in steps, so that a difference of nothing is met often: rounding must not make a side of it.
    chance_p_value = two_sided_p(np.concatenate(gaps).round(9))
    return PooledShift(*shift, float(lead), float(target), chance_p_value)
