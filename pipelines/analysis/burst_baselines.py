"""What a unit's quiet days look like: base level, weekly cycle, dispersion, drift, and draws of such days. No windows, no p-values, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.analysis.burst_parameters import BurstParameters

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]
_PLACES: Final = 9
_TINY: Final = 1e-9


@dataclass(frozen=True)
class Baseline:
    """What quiet days look like.

    Attributes:
        level: Authors a day at mean activity, by unit; never below the smallest level.
        exposure: Activity by unit and day, mean 1 over observed days, with the unit's weekly cycle; 0 where nothing was collected.
        dispersion: 1 / k, by unit.
        drift: Daily standard deviation of the log level's random walk, by unit.
    """

    level: Floats
    exposure: Floats
    dispersion: Floats
    drift: Floats


def expected_activity(platform_authors: Floats, activity: Floats) -> Floats:
    """What activity lets expect of each unit's day, by the platforms that it is used on; mean 1 over the days on which anything is expected.

    A unit used on one platform is not held against another's outage, launch or growth.

    Args:
        platform_authors: Author-days by unit and platform.
        activity: Distinct active authors by platform and day.
    """
    shares = platform_authors / np.maximum(activity.sum(axis=1), 1.0)
    expected = shares @ activity
    observed = expected > 0
    mean = expected.sum(axis=1, keepdims=True) / np.maximum(observed.sum(axis=1, keepdims=True), 1)
    return np.asarray(np.where(observed, expected / np.maximum(mean, _TINY), 0.0))


def _blocks(day_count: int, parameters: BurstParameters) -> Counts:
    """First days of blocks of whole weeks, counted back from the end; what is left over at the beginning joins the first."""
    rest = day_count % parameters.block_days
    starts = np.arange(rest, day_count, parameters.block_days)
    starts[0] = 0
    return starts.astype(np.int64)


def _lower_blocks(counts: Floats, exposure: Floats, parameters: BurstParameters) -> tuple[Floats, Floats, Flags, Counts]:
    starts = _blocks(counts.shape[1], parameters)
    authors, expected = np.add.reduceat(counts, starts, axis=1), np.add.reduceat(exposure, starts, axis=1)
    # A block of which little was collected tells little, and by chance too little.
    told = (
        expected >= 0.4 * np.median(np.where(expected > 0, expected, np.nan), axis=1, keepdims=True)
        if starts.size
        else expected > 0
    )
    told &= expected > 0
    rate = np.where(told, authors / np.maximum(expected, _TINY), np.inf)
    rank = np.argsort(np.argsort(np.round(rate, _PLACES), axis=1, kind="stable"), axis=1, kind="stable")
    keeps = np.maximum(np.floor(parameters.level_share * told.sum(axis=1, keepdims=True)), 1)
    return authors, expected, (rank < keeps) & told, starts


def lower_level(counts: Floats, exposure: Floats, parameters: BurstParameters) -> Floats:
    """Authors a day at mean activity in the lower share of the blocks: too low by the choice of low blocks, which :func:`fit_baseline` undoes."""
    authors, expected, low, _ = _lower_blocks(counts, exposure, parameters)
    return np.asarray((authors * low).sum(axis=1) / np.maximum((expected * low).sum(axis=1), _TINY))


def with_cycle(counts: Floats, exposure: Floats, weekdays: Counts, parameters: BurstParameters) -> Floats:
    """Exposure with each unit's own weekly cycle, shrunk to none; as it is where there are too few weeks."""
    weeks = (exposure > 0).sum(axis=1, keepdims=True) / 7
    if not (weeks >= parameters.cycle_smallest_weeks).any():
        return exposure
    _, _, low, starts = _lower_blocks(counts, exposure, parameters)
    block_of = np.searchsorted(starts, np.arange(counts.shape[1]), side="right") - 1
    is_low = low[:, block_of] & (exposure > 0)
    level = (counts * is_low).sum(axis=1, keepdims=True) / np.maximum((exposure * is_low).sum(axis=1, keepdims=True), _TINY)
    factors = np.ones((counts.shape[0], 7))
    for day in range(7):
        is_day = is_low & (weekdays == day)
        seen, expected = (counts * is_day).sum(axis=1), level[:, 0] * (exposure * is_day).sum(axis=1)
        factors[:, day] = (seen + parameters.cycle_prior_authors) / (expected + parameters.cycle_prior_authors)
    cycled = exposure * factors[:, weekdays]
    observed = np.maximum((exposure > 0).sum(axis=1, keepdims=True), 1)
    cycled = cycled / np.maximum(cycled.sum(axis=1, keepdims=True) / observed, _TINY)
    return np.asarray(np.where(weeks >= parameters.cycle_smallest_weeks, cycled, exposure))


@dataclass(frozen=True)
class _Moments:
    """Of many units of like level, in their lower blocks: variance over Poisson's relative to the squared mean, by day and by block."""

    daily: float
    weekly: float


def _trimmed_excess(squares: Floats, means: Floats, mean_squares: Floats, share: float) -> float:
    over = squares - means
    kept = np.argsort(np.round(over / np.maximum(mean_squares, _TINY), _PLACES), kind="stable")
    kept = kept[: max(1, kept.size - int(share * kept.size))]
    return float(over[kept].sum() / max(mean_squares[kept].sum(), _TINY))


def _moments(counts: Floats, exposure: Floats, parameters: BurstParameters) -> _Moments:
    authors, expected, low, starts = _lower_blocks(counts, exposure, parameters)
    level = (authors * low).sum(axis=1, keepdims=True) / np.maximum((expected * low).sum(axis=1, keepdims=True), _TINY)
    block_of = np.searchsorted(starts, np.arange(counts.shape[1]), side="right") - 1
    is_low = low[:, block_of]
    found = []
    for seen, mean, kept in ((counts, level * exposure, is_low), (authors, level * expected, low)):
        squares = (((seen - mean) ** 2) * kept).sum(axis=1)
        found.append(_trimmed_excess(squares, (mean * kept).sum(axis=1), (mean**2 * kept).sum(axis=1), parameters.trimmed_share))
    return _Moments(*found)


def draw_quiet(rng: np.random.Generator, level: Floats, exposure: Floats, dispersion: Floats, drift: Floats) -> Floats:
    """Counts without a burst: negative binomial around a level that drifts as a random walk of the logarithm.

    Args:
        rng: Source of all draws.
        level: Authors a day at mean activity, by series.
        exposure: By series and day.
        dispersion: 1 / k, by series; 0 is Poisson.
        drift: Daily standard deviation of the log level, by series.
    """
    mean = level[:, None] * exposure
    if (drift > 0).any():
        steps = np.cumsum(rng.standard_normal(exposure.shape), axis=1) * drift[:, None]
        walk = np.exp(steps - steps.mean(axis=1, keepdims=True))
        mean = mean * walk / walk.mean(axis=1, keepdims=True)
    if (dispersion > 0).any():
        shape = 1.0 / np.maximum(dispersion, 1e-6)[:, None]
        mean = mean * rng.standard_gamma(np.broadcast_to(shape, mean.shape)) / shape
    return rng.poisson(mean).astype(np.float64)


@dataclass(frozen=True)
class Curves:
    """What the estimates of a unit hang on, over the logarithm of its level.

    Attributes:
        raw: Lower levels to be expected at each of ``levels``, ascending.
        levels: Levels, ascending.
        places: Log levels of the bins, ascending.
        dispersion: 1 / k, by bin.
        drift: Daily standard deviation of the log level, by bin.
    """

    raw: Floats
    levels: Floats
    places: Floats
    dispersion: Floats
    drift: Floats

    def spread(self, level: Floats) -> tuple[Floats, Floats]:
        """Dispersion and drift at levels."""
        at = np.log(np.maximum(level, _TINY))
        return np.interp(at, self.places, self.dispersion), np.interp(at, self.places, self.drift)

    def baseline(self, counts: Floats, cycled: Floats, parameters: BurstParameters) -> Baseline:
        """Baselines of units: the level at which the seen lower level is to be expected, and what goes with it."""
        level = np.interp(lower_level(counts, cycled, parameters), self.raw, self.levels)
        return Baseline(level, cycled, *self.spread(level))


def fit_baseline(
    counts: Floats, exposure: Floats, weekdays: Counts, parameters: BurstParameters, rng: np.random.Generator
) -> tuple[Baseline, Curves]:
    """Base level, weekly cycle, dispersion and drift, by simulated moments within bins of like level (McFadden 1989).

    The lower blocks are too low and too even; the same statistics of simulated series of known level and dispersion say by how much. What is
    found in bins is smoothed and interpolated over the level.
    """
    cycled = with_cycle(counts, exposure, weekdays, parameters)
    start = Curves(np.empty(0), np.empty(0), np.zeros(1), np.full(1, 0.1), np.zeros(1))
    curves = _inverted(start, lower_level(counts, cycled, parameters), cycled, parameters, rng)
    level = curves.baseline(counts, cycled, parameters).level
    found = [_fit_bin(counts[rows], cycled[rows], level[rows], parameters, rng) for rows in _level_bins(level, parameters)]
    if found:
        places, weights, dispersion, drift = (np.array(column) for column in zip(*found, strict=True))
        smooth = _smoothed(places, weights, np.column_stack([dispersion, drift]), parameters.level_bandwidth)
        curves = Curves(curves.raw, curves.levels, places, *smooth.T)
        curves = _inverted(curves, lower_level(counts, cycled, parameters), cycled, parameters, rng)
    return curves.baseline(counts, cycled, parameters), curves


def _inverted(curves: Curves, raw: Floats, exposure: Floats, parameters: BurstParameters, rng: np.random.Generator) -> Curves:
    """Curves with the lower levels that series of known level show."""
    top = 3.0 * max(float(raw.max(initial=0.0)), 10.0 * parameters.smallest_level)
    levels = np.geomspace(parameters.smallest_level, top, parameters.level_grid)
    if not raw.size:
        return replace(curves, raw=levels, levels=levels)
    series = np.repeat(levels, parameters.level_draws)
    rows = rng.integers(0, raw.size, series.size)
    drawn = draw_quiet(rng, series, exposure[rows], *curves.spread(series))
    seen = lower_level(drawn, exposure[rows], parameters).reshape(levels.size, -1).mean(axis=1)
    # Strictly rising, so that there is an inverse.
    rising = np.maximum.accumulate(seen) + np.arange(seen.size) * _TINY
    return replace(curves, raw=rising, levels=levels)


def _level_bins(level: Floats, parameters: BurstParameters) -> list[Counts]:
    """Rows by bins of level, finer at the top."""
    order = np.argsort(np.round(level, _PLACES), kind="stable")
    bins = int(np.clip(level.size // parameters.bin_units, 1, parameters.bin_count))
    edges = np.unique(np.round(level.size * (1 - (1 - np.arange(bins + 1) / bins) ** 1.5)).astype(np.int64))
    return [order[low:high] for low, high in pairwise(edges.tolist())]


def _fit_bin(
    counts: Floats, exposure: Floats, level: Floats, parameters: BurstParameters, rng: np.random.Generator
) -> tuple[float, float, float, float]:
    """Mean log level of a bin, how much it tells of dispersion, 1 / k, and the drift."""
    seen = _moments(counts, exposure, parameters)
    rows = np.arange(parameters.moment_draws) % level.size

    def simulated(dispersion: float, drift: float) -> _Moments:
        given = (np.full(rows.size, value) for value in (dispersion, drift))
        return _moments(draw_quiet(rng, level[rows], exposure[rows], *given), exposure[rows], parameters)

    steady = [simulated(dispersion, 0.0) for dispersion in parameters.dispersions]
    dispersion = _matched(seen.daily, [each.daily for each in steady], parameters.dispersions)
    moving = [simulated(dispersion, drift) for drift in parameters.drifts]
    # Variances add up: what is matched is the square of the drift.
    drift = _matched(seen.weekly, [each.weekly for each in moving], [each**2 for each in parameters.drifts]) ** 0.5
    daily = float(np.interp(drift, parameters.drifts, [each.daily for each in moving]))
    dispersion = max(0.0, dispersion - max(0.0, daily - moving[0].daily))
    mean = float(level.mean())
    return float(np.log(level).mean()), level.size * (mean / (1.0 + mean)) ** 2, dispersion, drift


def _matched(seen: float, simulated: list[float], candidates: tuple[float, ...] | list[float]) -> float:
    """The candidate at which the simulated statistic, made monotone, is the seen one."""
    rising = np.maximum.accumulate(np.array(simulated))
    rising = rising + np.arange(rising.size) * _TINY
    return float(np.interp(seen, rising, np.array(candidates)))


def _smoothed(places: Floats, weights: Floats, values: Floats, bandwidth: float) -> Floats:
    kernel = np.exp(-0.5 * ((places[:, None] - places[None, :]) / bandwidth) ** 2) * weights[None, :]
    return np.asarray((kernel @ values) / kernel.sum(axis=1, keepdims=True))
