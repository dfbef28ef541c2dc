"""A discrete-time Hawkes process of groups over pooled trends: fit by EM, attribution, and a null of dealt labels. No trends' tables, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

METHOD_VERSION: Final = "hawkes_2"

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class HawkesParameters:
    """Parameters of the process.

    Attributes:
        bin_hours: Length of a time bin. A use sets others off in later bins only, and in its own bin by half of a bin's share.
        kernel_hours: Mean delay of the exponential kernel.
        longest_lag_hours: The kernel ends here; it sums to 1.
        base_hours: Length of the pieces of each trend's base rate.
        base_shape: Shape of the Gamma prior of a group's share of a piece of its trend's base rate: a piece is pulled to the trend's mean of the
            group as by so many uses.
        iteration_count: Steps of EM.
        deal_hours: Labels are dealt anew among uses of one trend within blocks of so many hours.
        deal_count: Deals of labels.
        draw_count: Resamples of trends.
        smallest_event_count: Uses of the source and of the target group below which nothing is said of a pair.
        smallest_trend_count: Trends with uses of both groups, likewise.
        largest_q: Of a claim.
        interval_share: Of the intervals.
    """

    bin_hours: float = 6.0
    kernel_hours: float = 12.0
    longest_lag_hours: float = 72.0
    base_hours: float = 72.0
    base_shape: float = 0.3
    iteration_count: int = 60
    deal_hours: float = 48.0
    deal_count: int = 199
    draw_count: int = 100
    smallest_event_count: int = 50
    smallest_trend_count: int = 5
    largest_q: float = 0.05
    interval_share: float = 0.9


@dataclass(frozen=True)
class Fit:
    """A fitted process.

    Attributes:
        influence: Uses of the target group that one use of the source group sets off; shape (target, source).
        base_count: Uses that nothing set off; shape (target,).
        attributed: Uses of each target group that each source group set off, by trend; shape (trends, target, source).
    """

    influence: Floats
    base_count: Floats
    attributed: Floats


def kernel(parameters: HawkesParameters) -> Floats:
    """Share of what a use sets off that comes in each later bin, of bins 1, 2, ...; sums to 1."""
    bins = np.arange(1, max(int(parameters.longest_lag_hours // parameters.bin_hours), 1) + 1)
    share = np.exp(-(bins - 1) * parameters.bin_hours / parameters.kernel_hours)
    return np.asarray(share / share.sum())


def echoes(counts: Floats, parameters: HawkesParameters) -> Floats:
    """Earlier uses as they are felt in each bin: the counts of each group under the kernel.

    Args:
        counts: Uses by trend, bin and group.
        parameters: Kernel and bins.
    """
    felt = np.zeros_like(counts)
    for lag, share in enumerate(kernel(parameters).tolist(), start=1):
        felt[:, lag:] += share * counts[:, :-lag]
    return felt


def fit(counts: Floats, parameters: HawkesParameters, *, weight: Floats | None = None, start: Floats | None = None) -> Fit:
    """Fit base rates and influence by EM.

    A use in bin t of trend u and group k is due to the base rate of its piece of time or to an earlier use of a group l, with rates
    ``base[u, k, piece] + sum_l influence[k, l] echo_l[u, t]`` (the additive discrete-time process of Linderman and Adams 2014, as Zannettou et
    al. 2018 use it; one kernel for all pairs). Influence is shared by all trends, base rates are not: a daily cycle or an event moves them.

    Args:
        counts: Uses by trend, bin and group.
        parameters: Of the process.
        weight: How often each trend counts; once when None.
        start: Influence to begin from.
    """
    trends, bins, groups = counts.shape
    felt = echoes(counts, parameters)
    per_piece = max(int(parameters.base_hours // parameters.bin_hours), 1)
    piece = np.arange(bins) // per_piece
    starts = np.arange(0, bins, per_piece)
    lengths = np.diff(np.append(starts, bins)).astype(float)
    weight = np.ones(trends) if weight is None else weight
    mean = counts.mean(axis=1, keepdims=True)
    base = np.repeat(np.maximum(mean, 1e-9), starts.size, axis=1) * 0.7
    influence = np.full((groups, groups), 0.1 / max(groups, 1)) if start is None else np.maximum(start, 1e-6)
    exposure = np.maximum(np.einsum("utl,u->l", felt, weight), 1e-9)
    attributed = np.zeros((trends, groups, groups))
    for _ in range(parameters.iteration_count):
        parts = felt[:, :, None, :] * influence[None, None, :, :]
        rate = base[:, piece] + parts.sum(axis=3)
        ratio = np.divide(counts, rate, out=np.zeros_like(counts), where=rate > 0)
        from_base = np.add.reduceat(ratio * base[:, piece], starts, axis=1)
        attributed = np.einsum("utkl,utk->ukl", parts, ratio)
        influence = np.einsum("ukl,u->kl", attributed, weight) / exposure[None, :]
        level = from_base.sum(axis=1, keepdims=True) / bins
        prior = parameters.base_shape
        base = np.maximum((from_base + prior) / (lengths[None, :, None] + prior / np.maximum(level, 1e-9)), 1e-12)
        base = np.where(level > 0, base, 1e-12)
    return Fit(influence, np.asarray(from_base.sum(axis=(0, 1))), attributed)


def followings(counts: Floats, parameters: HawkesParameters) -> Floats:
    """How much uses of each group follow those of each other: the statistic of the null; shape (target, source)."""
    return np.asarray(np.einsum("utk,utl->kl", counts, echoes(counts, parameters)))


def dealt(counts: Floats, parameters: HawkesParameters, rng: np.random.Generator) -> Floats:
    """Deal the groups' labels anew among the uses of one trend that lie in one block of time.

    What all groups share, a cycle of the day or an event, stays; and so does how many uses each group has in each block.
    """
    trends, bins, groups = counts.shape
    per_block = max(int(parameters.deal_hours // parameters.bin_hours), 1)
    offset = int(rng.integers(per_block))
    block = (np.arange(bins) + offset) // per_block
    trend, when, label = (np.repeat(each, counts.astype(np.int64).ravel()) for each in _grid(trends, bins, groups))
    cell = trend * (int(block[-1]) + 1) + block[when]
    # Uses are in the order of their cells: an order at random within each of them deals the labels.
    order = np.lexsort((rng.random(cell.size), cell))
    place = np.lexsort((np.arange(cell.size), cell))
    new = np.zeros_like(counts)
    np.add.at(new, (trend[place], when[place], label[order]), 1.0)
    return new


def _grid(trends: int, bins: int, groups: int) -> tuple[Ints, Ints, Ints]:
    grid = np.meshgrid(np.arange(trends), np.arange(bins), np.arange(groups), indexing="ij")
    return grid[0].ravel(), grid[1].ravel(), grid[2].ravel()


def null_p_values(counts: Floats, parameters: HawkesParameters, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """One-sided p-values of followings, and their mean, under dealt labels; shape (target, source).

    Followings are sums over many uses: p comes from the normal law with the mean and the spread of the deals, which are too few to tell small p
    by themselves.
    """
    seen = followings(counts, parameters)
    under = np.array([followings(dealt(counts, parameters, rng), parameters) for _ in range(parameters.deal_count)])
    mean, spread = under.mean(axis=0), under.std(axis=0, ddof=1)
    deviates = np.divide(seen - mean, spread, out=np.zeros_like(seen), where=spread > 0)
    return norm.sf(np.round(deviates, 9)), mean


def resampled(counts: Floats, parameters: HawkesParameters, seen: Fit, rng: np.random.Generator) -> tuple[Floats, list[Fit]]:
    """Fits to resampled trends, begun at the fit to all.

    What differs from them by chance is in their spread, and what is wrong in every fit is not: their quantiles are an interval of the fit.

    Args:
        counts: Shape (trends, bins, groups).
        parameters: Of the process.
        seen: The fit to all trends.
        rng: Of the resamples.

    Returns:
        How often each trend is in each resample, shape (draws, trends); and the fits.
    """
    trends = counts.shape[0]
    weights = rng.multinomial(trends, np.full(trends, 1 / trends), parameters.draw_count).astype(np.float64)
    return weights, [fit(counts, parameters, weight=weight, start=seen.influence) for weight in weights]


def simulate(rng: np.random.Generator, influence: Floats, base: Floats, parameters: HawkesParameters) -> Floats:
    """Draw counts of the process.

    Args:
        rng: Of all draws.
        influence: Shape (target, source).
        base: Rates by trend, bin and group.
        parameters: Kernel and bins.

    Returns:
        Counts by trend, bin and group.
    """
    share = kernel(parameters)
    counts = np.zeros_like(base)
    for moment in range(base.shape[1]):
        back = min(moment, share.size)
        felt = (
            np.einsum("utl,t->ul", counts[:, moment - back : moment], share[:back][::-1]) if back else np.zeros(base[:, 0].shape)
        )
        counts[:, moment] = rng.poisson(base[:, moment] + felt @ influence.T)
    return counts
