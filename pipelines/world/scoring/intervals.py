"""Intervals of scores: exact for shares, seeded bootstrap for the rest, within one world or over seeds. No metric belongs here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binomtest, rankdata, t

from pipelines.world.scoring.rows import Found

Floats = NDArray[np.float64]
LEVEL: Final = 0.95
RESAMPLES: Final = 1_000
SEED: Final = 20_260_903
_UNITS_AT_ONCE: Final = 1_000_000


def clopper_pearson(hits: int, count: int) -> tuple[float, float]:
    """The exact two-sided 95% interval of a share (Clopper and Pearson 1934)."""
    interval = binomtest(hits, count).proportion_ci(LEVEL, method="exact")
    return float(interval.low), float(interval.high)


def upper_bound(hits: int, count: int) -> float:
    """The exact one-sided 95% upper bound of a share: what a rate of false claims is held to."""
    return float(binomtest(hits, count, alternative="less").proportion_ci(LEVEL, method="exact").high)


def share(
    hits: int, count: int, *, planted: str | None = None, found: str | None = None, note: str | None = None, none: str = ""
) -> Found:
    """A share of units that count as independent, with its exact interval.

    Args:
        hits: Units that have it.
        count: Units.
        planted: See :class:`Found`.
        found: See :class:`Found`.
        note: See :class:`Found`.
        none: What to say where there are no units.
    """
    if not count:
        return Found(None, planted=planted, found=found, note=none or "no units")
    return Found(hits / count, *clopper_pearson(hits, count), count, planted, found, note)


def bootstrapped(statistic: Callable[[NDArray[np.int64]], float], count: int) -> tuple[float, float]:
    """The 95% percentile interval of a statistic of units drawn again with replacement, seeded (Efron 1979).

    Args:
        statistic: Of an array of unit numbers.
        count: Units.
    """
    return bootstrapped_at_once(lambda draws: np.array([statistic(draw) for draw in draws]), count)


def bootstrapped_at_once(statistic: Callable[[NDArray[np.int64]], Floats], count: int) -> tuple[float, float]:
    """:func:`bootstrapped` of a statistic that is found for many resamples in one go.

    Args:
        statistic: One value a row, of an array of unit numbers: resample x unit.
        count: Units.
    """
    draws = np.random.default_rng(SEED).integers(0, count, (RESAMPLES, count))
    blocks = np.array_split(draws, max(1, min(RESAMPLES, draws.size // _UNITS_AT_ONCE)))
    values = np.concatenate([statistic(block) for block in blocks])
    low, high = np.nanquantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) if np.isfinite(values).any() else (np.nan, np.nan)
    return float(low), float(high)


def median(values: ArrayLike, *, note: str | None = None, none: str) -> Found:
    """The median over units with its bootstrap interval."""
    units = np.asarray(values, dtype=np.float64)
    if not units.size:
        return Found(None, note=none)
    interval = bootstrapped_at_once(lambda draws: np.median(units[draws], axis=1), units.size)
    return Found(float(np.median(units)), *interval, units.size, note=note)


def rank_correlation(one: Floats, other: Floats) -> tuple[float, float, float]:
    """Correlation of ranks (Spearman 1904) with its bootstrap interval; the ranks are those among all units.

    Args:
        one: A number a unit.
        other: Another one.
    """
    ranks = rankdata(one), rankdata(other)

    def correlations(draws: NDArray[np.int64]) -> Floats:
        first, second = (rank[draws] - rank[draws].mean(axis=-1, keepdims=True) for rank in ranks)
        with np.errstate(invalid="ignore"):
            return np.asarray((first * second).sum(axis=-1) / np.sqrt((first**2).sum(axis=-1) * (second**2).sum(axis=-1)))

    count = ranks[0].size
    return float(correlations(np.arange(count))), *bootstrapped_at_once(correlations, count)


def clustered_share(
    hits: ArrayLike,
    counts: ArrayLike,
    *,
    planted: str | None = None,
    found: str | None = None,
    note: str | None = None,
    none: str,
) -> Found:
    """A share of rows that come in clusters (adoptions in trends): ratio of sums, clusters drawn again for the interval.

    Args:
        hits: Rows that have it, by cluster.
        counts: Rows, by cluster.
        planted: See :class:`Found`.
        found: See :class:`Found`.
        note: See :class:`Found`.
        none: What to say where there are no rows.
    """
    right, rows = np.asarray(hits, dtype=np.float64), np.asarray(counts, dtype=np.float64)
    if not rows.sum():
        return Found(None, planted=planted, found=found, note=none)
    interval = bootstrapped_at_once(lambda draws: right[draws].sum(axis=1) / np.maximum(rows[draws].sum(axis=1), 1.0), rows.size)
    return Found(float(right.sum() / rows.sum()), *interval, int(rows.sum()), planted, found, note)


def of_mean(values: Floats) -> tuple[float, float]:
    """The 95% interval of a mean over seeds: Clopper-Pearson where all values are 0 or 1, else Student's t; the mean itself where there is one seed."""
    if np.isin(values, (0.0, 1.0)).all():
        return clopper_pearson(int(values.sum()), values.size)
    if values.size < 2:
        return float(values.mean()), float(values.mean())
    half = float(t.ppf((1 + LEVEL) / 2, values.size - 1) * values.std(ddof=1) / np.sqrt(values.size))
    return float(values.mean()) - half, float(values.mean()) + half
