"""Interval of a median of values that come in a few groups. Which groups, and what they are reactions to, does not belong here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

Floats = NDArray[np.float64]


def median_interval(groups: Sequence[Floats], resample_count: int, level: float, rng: np.random.Generator) -> tuple[float, float]:
    """Two-sided interval of the median of all values, groups resampled whole, by Student's t on the groups less one.

    The quantiles of so many medians are too narrow with few groups: their spread, times ``sqrt(G / (G - 1))``, is what is used, of logarithms
    where all medians are above 0, so that the interval is as skewed as times are.

    Args:
        groups: Values of each group; two groups at least.
        resample_count: Resamples.
        level: Of the interval.
        rng: Of the resamples.
    """
    count = len(groups)
    median = float(np.median(np.concatenate(groups)))
    drawn = np.array(
        [np.median(np.concatenate([groups[place] for place in rng.integers(0, count, count)])) for _ in range(resample_count)]
    )
    reach = float(student.isf((1 - level) / 2, count - 1)) * (count / (count - 1)) ** 0.5
    if median > 0 and (drawn > 0).all():
        half = reach * float(np.log(drawn).std(ddof=1))
        return median * float(np.exp(-half)), median * float(np.exp(half))
    half = reach * float(drawn.std(ddof=1))
    return median - half, median + half
