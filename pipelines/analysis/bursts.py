"""Bursts of daily counts with a false-alarm rate: base level, dispersion, scan statistic and its p-values. No tags, no tables, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]
_PLACES: Final = 9
_CHUNK_UNITS: Final = 2_000
_TINY: Final = 1e-9


@dataclass(frozen=True)
class BurstParameters:
    """Parameters of bursts.

    Attributes:
        smallest_author_days: Author-days of a unit below which it is not judged; the null is held to the same.
        smallest_day_count: Days on which something was collected, below which the series is too short.
        block_days: Days of a block; blocks of whole weeks have no weekly cycle.
        level_share: Lower share of the blocks that the base level is taken from.
        smallest_level: Least base level, in authors a day at mean activity: about ten author-days in the longest series.
        cycle_smallest_weeks: Observed weeks from which a unit has a day-of-week cycle of its own.
        cycle_prior_authors: Authors a weekday that a unit's cycle is shrunk to none by.
        bin_units: Units of a level bin, at least.
        bin_count: Level bins at most; finer at the top.
        moment_draws: Simulated series a bin and candidate when dispersion is matched.
        dispersions: Candidates of 1 / k of the negative binomial counts.
        drifts: Candidates of the daily standard deviation of a random walk of the log level.
        trimmed_share: Units of a bin whose squares are largest, left out of the moments of both sides: they may hold bursts.
        level_grid: Levels at which it is simulated how much too low the lower blocks are.
        level_draws: Simulated series at each.
        level_bandwidth: Width of the kernel in the log level by which moments are smoothed.
        window_days: Lengths of the windows that are scanned.
        null_draws: Simulated series without bursts.
        null_bins: Bins of their estimated levels, between which p-values are interpolated.
        tail_share: Share of a bin's null above which the tail is fitted.
        largest_q: Benjamini-Hochberg q of a burst, at most.
        smallest_ratio: Authors of a burst over the base, at least: Kleinberg's s.
        gap_days: Days between two bursts of a unit, at least.
        most_bursts: Bursts of a unit, at most.
        farthest_days: Days from its peak up to which a burst is followed.
        seed: Of all draws.
    """

    smallest_author_days: int = 10
    smallest_day_count: int = 28
    block_days: int = 7
    level_share: float = 0.75
    smallest_level: float = 0.05
    cycle_smallest_weeks: int = 8
    cycle_prior_authors: float = 30.0
    bin_units: int = 40
    bin_count: int = 14
    moment_draws: int = 400
    dispersions: tuple[float, ...] = (0.0, 0.03, 0.1, 0.2, 0.4, 0.8, 1.6)
    drifts: tuple[float, ...] = (0.0, 0.02, 0.04, 0.07)
    trimmed_share: float = 0.1
    level_grid: int = 40
    level_draws: int = 100
    level_bandwidth: float = 0.5
    window_days: tuple[int, ...] = (2, 3, 4, 5, 6, 7, 9, 11, 14)
    null_draws: int = 20_000
    null_bins: int = 20
    tail_share: float = 0.1
    largest_q: float = 0.05
    smallest_ratio: float = 2.0
    gap_days: int = 3
    most_bursts: int = 4
    farthest_days: int = 45
    seed: int = 20_260_907


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


@dataclass(frozen=True)
class Scan:
    """The strongest window of each unit.

    Attributes:
        gain: Log likelihood ratio of the window against the base (negative binomial), 0 where no window has more than the base.
        first: First day of the window.
        days: Its length.
    """

    gain: Floats
    first: Counts
    days: Counts


@dataclass(frozen=True)
class Burst:
    """A burst of one unit.

    Attributes:
        unit: Row.
        first: First day.
        last: Last day.
        peak: Day with the most authors.
        excess: Authors over the base.
        ratio: Authors over those that the base lets expect.
        p_value: Of the unit's strongest window, or of this window against the same null.
        is_first: Whether it is the unit's strongest.
    """

    unit: int
    first: int
    last: int
    peak: int
    excess: float
    ratio: float
    p_value: float
    is_first: bool


@dataclass(frozen=True)
class Judged:
    """What was found in all units.

    Attributes:
        baseline: Of the units.
        scan: Strongest windows.
        p_value: By unit.
        q_value: Benjamini and Hochberg over the units.
        bursts: Of units with a small q, wherever they lie; ordered by unit and first day.
    """

    baseline: Baseline
    scan: Scan
    p_value: Floats
    q_value: Floats
    bursts: list[Burst]


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


def judge_bursts(
    counts: Floats,
    exposure: Floats,
    weekdays: Counts,
    is_judged: Flags | None = None,
    parameters: BurstParameters | None = None,
) -> Judged:
    """Find bursts in many series at once.

    Args:
        counts: Distinct authors by unit and day; 0 where nothing was collected.
        exposure: Of :func:`expected_activity`.
        weekdays: Day of the week of each day, 0 to 6.
        is_judged: Days in which the middle of a window must lie; all when None.
        parameters: Defaults when None.

    Returns:
        The units' baselines, strongest windows, p- and q-values, and bursts. Units are judged together: dispersion and null are those of units
        of like level.
    """
    parameters = parameters or BurstParameters()
    judged = np.ones(counts.shape[1], dtype=bool) if is_judged is None else is_judged
    rng = np.random.default_rng(parameters.seed)
    baseline, curves = fit_baseline(counts, exposure, weekdays, parameters, rng)
    scan = scan_windows(counts, baseline, judged, parameters)
    null = Null.simulated(baseline, curves, exposure, weekdays, judged, parameters, rng)
    p_value = null.p_values(scan.gain, baseline.level)
    q_value = np.asarray(false_discovery_control(p_value)) if p_value.size else p_value
    bursts = _bursts(counts, baseline, null, p_value, q_value, parameters)
    return Judged(baseline, scan, p_value, q_value, bursts)


# ---- base level and dispersion ----


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


def _with_cycle(counts: Floats, exposure: Floats, weekdays: Counts, parameters: BurstParameters) -> Floats:
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
    cycled = _with_cycle(counts, exposure, weekdays, parameters)
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


# ---- scan ----


def _gain(authors: Floats, expected: Floats, size: Floats) -> Floats:
    """Log likelihood ratio of more authors than expected, negative binomial of a known size (half its deviance); 0 for fewer."""
    more = authors > expected
    mean = np.maximum(expected, _TINY)
    first = np.where(authors > 0, authors * np.log(np.maximum(authors, _TINY) / mean), 0.0)
    second = (authors + size) * np.log((authors + size) / (mean + size))
    return np.where(more & (expected > 0), np.maximum(first - second, 0.0), 0.0)


def scan_windows(
    counts: Floats, baseline: Baseline, is_judged: Flags, parameters: BurstParameters, blocked: Flags | None = None
) -> Scan:
    """The window of each unit that most exceeds the base (Kulldorff's scan of a time series, with negative binomial counts).

    The variance of a window of w days is ``e + e^2 / K``, ``1 / K = 1 / (k w) + drift^2 T / 6``: independent days, and a level that wanders.

    Args:
        counts: Distinct authors by unit and day.
        baseline: Of the units.
        is_judged: Days in which the middle of a window must lie.
        parameters: Windows.
        blocked: Days by unit that no window may hold; none when None.
    """
    parts = [
        _scan_chunk(counts[rows], _chunk_of(baseline, rows), is_judged, parameters, None if blocked is None else blocked[rows])
        for rows in (slice(first, first + _CHUNK_UNITS) for first in range(0, counts.shape[0], _CHUNK_UNITS))
    ]
    if not parts:
        return Scan(np.empty(0), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    return Scan(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("gain", "first", "days")))


def _chunk_of(baseline: Baseline, rows: slice) -> Baseline:
    return Baseline(baseline.level[rows], baseline.exposure[rows], baseline.dispersion[rows], baseline.drift[rows])


def _scan_chunk(counts: Floats, baseline: Baseline, is_judged: Flags, parameters: BurstParameters, blocked: Flags | None) -> Scan:
    unit_count, day_count = counts.shape
    total = _cumulated(counts * (baseline.exposure > 0))
    expected = _cumulated(baseline.level[:, None] * baseline.exposure)
    walls = None if blocked is None else _cumulated(blocked.astype(np.float64))
    best = np.zeros(unit_count)
    first, days = (np.zeros(unit_count, dtype=np.int64) for _ in range(2))
    rows = np.arange(unit_count)
    for width in parameters.window_days:
        if width > day_count:
            break
        middles = np.flatnonzero(is_judged[width // 2 : width // 2 + day_count - width + 1])
        if not middles.size:
            continue
        size = 1.0 / (baseline.dispersion / width + baseline.drift**2 * day_count / 6.0 + 1e-6)
        gain = _gain(
            total[:, middles + width] - total[:, middles], expected[:, middles + width] - expected[:, middles], size[:, None]
        )
        if walls is not None:
            gain = np.where(walls[:, middles + width] > walls[:, middles], 0.0, gain)
        gain = np.round(gain, _PLACES)
        place = gain.argmax(axis=1)
        found = gain[rows, place]
        better = found > best
        best = np.where(better, found, best)
        first, days = np.where(better, middles[place], first), np.where(better, width, days)
    return Scan(best, first, days)


def _cumulated(values: Floats) -> Floats:
    return np.concatenate([np.zeros((values.shape[0], 1)), np.cumsum(values, axis=1)], axis=1)


# ---- p-values ----


@dataclass(frozen=True)
class Null:
    """Gains of series without a burst, by estimated level.

    Attributes:
        places: Mean log level of each bin, ascending.
        gains: Sorted gains, bins by draws.
        starts: Gain from which the tail of a bin is fitted.
        scales: Scale of the generalised Pareto tail, by bin.
        shape: Its shape, one for all bins.
        tail_share: Share of draws in the tail.
    """

    places: Floats
    gains: Floats
    starts: Floats
    scales: Floats
    shape: float
    tail_share: float

    @classmethod
    def simulated(
        cls,
        baseline: Baseline,
        curves: Curves,
        exposure: Floats,
        weekdays: Counts,
        is_judged: Flags,
        parameters: BurstParameters,
        rng: np.random.Generator,
    ) -> Null:
        """Draw series like the units' but without bursts, and take them through the same steps (parametric bootstrap).

        Weekly cycles and levels are estimated anew in each, so that what they cost is in the p-values; what is drawn with too few authors is
        left out, as it is among the units.
        """
        unit_count = baseline.level.size
        gains, levels = [], []
        order = np.argsort(np.round(baseline.level, _PLACES), kind="stable")
        for first in range(0, parameters.null_draws if unit_count else 0, _CHUNK_UNITS):
            count = min(_CHUNK_UNITS, parameters.null_draws - first)
            rows = order[np.minimum((rng.random(count) * unit_count).astype(np.int64), unit_count - 1)]
            level = np.maximum(baseline.level[rows] * np.exp(rng.normal(0.0, 0.15, count)), parameters.smallest_level)
            drawn = draw_quiet(rng, level, baseline.exposure[rows], baseline.dispersion[rows], baseline.drift[rows])
            kept = drawn.sum(axis=1) >= parameters.smallest_author_days
            drawn, shape = drawn[kept], exposure[rows][kept]
            cycled = _with_cycle(drawn, shape, weekdays, parameters)
            again = curves.baseline(drawn, cycled, parameters)
            gains.append(_scan_chunk(drawn, again, is_judged, parameters, None).gain)
            levels.append(again.level)
        return cls._fitted(
            np.concatenate(gains) if gains else np.empty(0), np.concatenate(levels) if levels else np.empty(0), parameters
        )

    @classmethod
    def _fitted(cls, gains: Floats, levels: Floats, parameters: BurstParameters) -> Null:
        size = max(gains.size // parameters.null_bins, 1)
        bins = max(gains.size // size, 0)
        order = np.lexsort((gains, np.round(levels, _PLACES)))[: bins * size].reshape(bins, size)
        places = np.log(levels[order]).mean(axis=1)
        ranked = np.sort(gains[order], axis=1)
        tail = max(int(parameters.tail_share * size), 2)
        starts = ranked[:, -tail - 1] if size > tail else ranked[:, 0]
        over = ranked[:, -tail:] - starts[:, None]
        # Probability-weighted moments (Hosking and Wallis 1987), the shape pooled: of one bin it is too uncertain to go far out by.
        mean = over.mean(axis=1)
        weighted = (over * (tail - np.arange(1, tail + 1) + 0.35) / tail).mean(axis=1)
        ratio = mean.sum() / max(weighted.sum(), _TINY) if bins else 2.0
        shape = float(np.clip(2.0 - ratio / max(ratio - 2.0, _TINY), 0.0, 0.3)) if ratio > 2.0 else 0.3
        scales = np.maximum(mean * (1.0 - shape), _TINY)
        if bins > 2:
            padded = np.pad(scales, 1, mode="edge")
            scales = (padded[:-2] + padded[1:-1] + padded[2:]) / 3
        return cls(places, ranked, starts, scales, shape, tail / size)

    def p_values(self, gain: Floats, level: Floats) -> Floats:
        """Chance of a gain at least so large without a burst, at an estimated level: log p interpolated between the bins of the null."""
        if not self.places.size:
            return np.ones(gain.size)
        table = np.empty((self.places.size, gain.size))
        for place in range(self.places.size):
            ranked = self.gains[place]
            body = (ranked.size - np.searchsorted(ranked, gain, side="left") + 1) / (ranked.size + 1)
            over = np.maximum(gain - self.starts[place], 0.0) / self.scales[place]
            tail = -np.log1p(self.shape * over) / self.shape if self.shape > 1e-6 else -over
            is_tail = gain > self.starts[place]
            table[place] = np.where(is_tail, np.log(self.tail_share) + tail, np.log(np.maximum(body, self.tail_share)))
        at = np.clip(np.log(np.maximum(level, _TINY)), self.places[0], self.places[-1])
        upper = (
            np.clip(np.searchsorted(self.places, at), 1, max(self.places.size - 1, 1))
            if self.places.size > 1
            else np.zeros(at.size, int)
        )
        lower = np.maximum(upper - 1, 0)
        width = np.maximum(self.places[upper] - self.places[lower], _TINY)
        share = np.clip((at - self.places[lower]) / width, 0.0, 1.0)
        columns = np.arange(gain.size)
        return np.asarray(np.exp((1 - share) * table[lower, columns] + share * table[upper, columns]))


# ---- bursts ----


def _bursts(
    counts: Floats,
    baseline: Baseline,
    null: Null,
    p_value: Floats,
    q_value: Floats,
    parameters: BurstParameters,
) -> list[Burst]:
    """Follow the windows of units with a small q, then look for more in the same units, held to the p up to which Benjamini and Hochberg accept.

    All days are looked at: what lies outside the judged ones tells whether a window inside is a burst or the wake of one.
    """
    open_units = np.flatnonzero(q_value <= parameters.largest_q)
    if not open_units.size:
        return []
    largest_p = parameters.largest_q * open_units.size / p_value.size
    expected = baseline.level[:, None] * baseline.exposure
    everywhere, blocked = np.ones(counts.shape[1], dtype=bool), np.zeros(counts.shape, dtype=bool)
    found: list[Burst] = []
    for turn in range(parameters.most_bursts):
        chosen = Baseline(*(getattr(baseline, name)[open_units] for name in ("level", "exposure", "dispersion", "drift")))
        scan = scan_windows(counts[open_units], chosen, everywhere, parameters, blocked[open_units])
        p_window = null.p_values(scan.gain, chosen.level)
        goes_on = np.flatnonzero((p_window <= largest_p) & (scan.gain > 0))
        for row in goes_on.tolist():
            unit, begin = int(open_units[row]), int(scan.first[row])
            window = slice(begin, begin + int(scan.days[row]))
            first, last = _followed(counts[unit], expected[unit], window, blocked[unit], parameters)
            span = slice(first, last + 1)
            authors, base = float(counts[unit, span].sum()), float(expected[unit, span].sum())
            ratio = authors / max(base, _TINY)
            before = [burst for burst in found if burst.unit == unit]
            is_wake = any(_is_between_high(counts[unit], expected[unit], burst, first, last, parameters) for burst in before)
            if ratio >= parameters.smallest_ratio and not is_wake:
                peak = first + int(np.argmax(counts[unit, span]))
                found.append(Burst(unit, first, last, peak, authors - base, ratio, float(p_window[row]), turn == 0))
            blocked[unit, max(0, min(first, begin) - parameters.gap_days) : max(last + 1, window.stop) + parameters.gap_days] = (
                True
            )
        open_units = open_units[goes_on]
        if not open_units.size:
            break
    return sorted(found, key=lambda burst: (burst.unit, burst.first))


def _is_between_high(counts: Floats, expected: Floats, burst: Burst, first: int, last: int, parameters: BurstParameters) -> bool:
    """Whether the rate never fell back to the base between a burst and what is found beside it: then that is its rise or its wake."""
    low, high = (burst.last + 1, first) if first > burst.last else (last + 1, burst.first)
    width = parameters.gap_days
    if high - low < width:
        return True
    authors, base = (np.convolve(values[low:high], np.ones(width), "valid") for values in (counts, expected))
    # Without anything expected, an outage or before a platform's launch, nothing tells of a return.
    return not bool(((authors <= parameters.smallest_ratio * base) & (base > 0)).any())


def _followed(counts: Floats, expected: Floats, window: slice, blocked: Flags, parameters: BurstParameters) -> tuple[int, int]:
    """First and last day of the burst around a window's largest day: the most likely interval for a burst as strong as the window.

    A day adds ``y log r - (r - 1) e``, the Poisson log likelihood ratio of r times the base; the interval with the largest sum is taken on
    both sides of the peak (maximum-sum segment).
    """
    base = max(float(expected[window].sum()), _TINY)
    ratio = max(parameters.smallest_ratio, float(counts[window].sum()) / base)
    score = counts * np.log(ratio) - (ratio - 1.0) * expected
    peak = window.start + int(np.argmax(counts[window]))
    low, high = max(0, peak - parameters.farthest_days), min(counts.size, peak + parameters.farthest_days + 1)
    walls = np.flatnonzero(blocked[low:peak])
    low = low + int(walls[-1]) + 1 if walls.size else low
    walls = np.flatnonzero(blocked[peak:high])
    high = peak + int(walls[0]) if walls.size else high
    back = np.cumsum(score[low : peak + 1][::-1])
    on = np.cumsum(score[peak:high])
    return peak - int(np.argmax(np.round(back, _PLACES))), peak + int(np.argmax(np.round(on, _PLACES)))
