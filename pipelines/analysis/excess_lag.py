"""Whether outlets come later behind a trend's small creators than their own reaction time explains. One trend at a time; no gates, no tables.

A common cause with an editorial delay makes small creators earlier without any ripple (domain study, B.9, column 'editorial'). What tells
the two apart is how long the same class of outlets needs where everybody hears of a thing at once: under a common cause an outlet's time
is the exposure's law plus a reaction time, so that, set back by a reaction time drawn from shocks, it is as early as a creator's exposure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

METHOD_VERSION: Final = "excess_lag_1"
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Excess:
    """Outcome for one trend.

    Attributes:
        probability: Mean over creators, outlets and reactions of P(creator before outlet set back by the reaction), ties half; 0.5 under a
            common cause, less where creators' times are later than their exposures.
        p_value: One-sided, of a probability above 0.5.
    """

    probability: float
    p_value: float


def excess_lag(creators: Floats, outlets: Floats, reactions: list[Floats]) -> Excess:
    """Compare creators' exposures with outlets' first items set back by reaction times.

    The variance is the sum of three: over outlets, over creators (placements, DeLong et al. 1988) and over shocks as clusters; that of
    the first two together is at least the one of the exact null (Mann and Whitney 1947). Few outlets or shocks widen it by Student's t with the degrees of
    freedom of Satterthwaite (1946).

    Args:
        creators: Hours from the birth to about when each creator was exposed (never early on average), sorted.
        outlets: Hours from the birth to each independent outlet's first item, at least two.
        reactions: Of each shock, hours from its birth to each outlet's first item; at least two shocks, none empty.

    Raises:
        ValueError: fewer.
    """
    if creators.size < 2 or outlets.size < 2 or len(reactions) < 2 or not all(each.size for each in reactions):
        raise ValueError("two creators, two outlets and two shocks with reactions are needed")
    drawn = np.concatenate(reactions)
    moved = outlets[:, None] - drawn[None, :]
    earlier = (np.searchsorted(creators, moved, "left") + np.searchsorted(creators, moved, "right")) / (2 * creators.size)
    by_outlet = earlier.mean(axis=1)
    probability = float(by_outlet.mean())
    flat = np.sort(moved, axis=None)
    by_creator = 1 - (np.searchsorted(flat, creators, "left") + np.searchsorted(flat, creators, "right")) / (2 * flat.size)
    # A ratio of sums over shocks: each shock weighs as many reactions as it has.
    sizes = np.array([each.size for each in reactions], dtype=np.float64)
    ends = np.cumsum(sizes).astype(np.int64)
    sums = np.array([earlier[:, end - int(size) : end].mean(axis=0).sum() for size, end in zip(sizes, ends, strict=True)])
    residuals = (sums - probability * sizes) / sizes.mean()
    counts = np.array([outlets.size, creators.size, len(reactions)], dtype=np.float64)
    parts = np.array([by_outlet.var(ddof=1), by_creator.var(ddof=1), (residuals**2).sum() / (counts[2] - 1)]) / counts
    least = (creators.size + outlets.size + 1) / (12 * creators.size * outlets.size)
    sampling = parts[:2].sum()
    if sampling < least:
        # Outlets that all fall on one side of all creators have no spread, and are none the more certain for it.
        parts[0] += least - sampling
    total = float(parts.sum())
    freedom = total**2 / float((parts**2 / (counts - 1)).sum())
    return Excess(probability, float(student.sf((probability - 0.5) / np.sqrt(total), freedom)))
