"""Intervals of credited adoptions, which are sums over few witnesses and often 0. Whom an adoption is credited to does not belong here."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, norm
from scipy.stats import t as student

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_NOTHING: Final = 1e-9


def overdispersed_interval(total: float, dispersion: float, level: float) -> tuple[float, float]:
    """Interval of the expectation of a sum of counts: exact for Poisson counts (Garwood 1936), widened by a dispersion (quasi-likelihood).

    A sum of 0 has an upper end: resampling who gave nothing says that nobody ever will.

    Args:
        total: The sum; shares of a count may be in it.
        dispersion: Variance over expectation of what is summed, at least 1.
        level: Of the two-sided interval.
    """
    tail = (1 - level) / 2
    low = dispersion * chi2.ppf(tail, 2 * total / dispersion) / 2 if total > _NOTHING else 0.0
    return float(low), float(dispersion * chi2.isf(tail, 2 * total / dispersion + 2) / 2)


def dispersion_within(values: Floats, group: Integers) -> float:
    """Pearson's dispersion of counts about the means of their groups, 1 at least; 1 where it is not known.

    Args:
        values: Counts, or shares of counts.
        group: Of each, below 0 where it is in none.
    """
    values, group = values[group >= 0], group[group >= 0]
    totals, sizes = np.bincount(group, values), np.bincount(group)
    means = (totals / np.maximum(sizes, 1))[group]
    is_known = means > 0
    degrees = int(is_known.sum()) - int((totals > 0).sum())
    if degrees < 1:
        return 1.0
    return max(1.0, float(((values - means)[is_known] ** 2 / means[is_known]).sum() / degrees))


def rate_interval(counts: Floats | Integers, exposures: Floats, level: float) -> tuple[float, float] | None:
    """Interval of what units of unequal exposure are expected to count together, from their scatter about one rate.

    The variance of the sum is that of a ratio estimator (Cochran 1977, section 6.3), with Student's t on the units less one in place of the
    normal law.

    Args:
        counts: Of each unit, such as a trend.
        exposures: Likewise; a unit without any counts nothing.
        level: Of the two-sided interval.

    Returns:
        None where a single unit has all exposure: how units differ is not known then.
    """
    counts, exposures = counts[exposures > 0], exposures[exposures > 0]
    total = float(counts.sum())
    if counts.size < 2:
        return None
    if total <= 0:
        return overdispersed_interval(0.0, 1.0, level)
    variance = counts.size / (counts.size - 1) * float(((counts - total / exposures.sum() * exposures) ** 2).sum())
    tail = (1 - level) / 2
    widened = variance * float(student.isf(tail, counts.size - 1) / norm.isf(tail)) ** 2
    return overdispersed_interval(total, max(1.0, widened / total), level)
