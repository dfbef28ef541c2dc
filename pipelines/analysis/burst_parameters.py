"""Parameters of bursts, which base levels, scan, null and judgement share. No estimator."""

from __future__ import annotations

from dataclasses import dataclass


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
