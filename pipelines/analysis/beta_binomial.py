"""Shares of small counts, shrunk within a group (beta-binomial), with intervals. No rates of counts with exposure, no grouping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, expit
from scipy.stats import beta

METHOD_VERSION: Final = "beta_binomial_1"
Floats = NDArray[np.float64]
# The prior's mean by its logit and its size ("how many trials it is worth") by its logarithm, both flat.
_LOGITS: Final = (-7.0, 7.0)
_LOG_SIZES: Final = (0.0, float(np.log(1e4)))
_COARSE: Final = (43, 24)
_FINE: Final = (17, 17)
_REACH: Final = 3.5


@dataclass(frozen=True)
class Shares:
    """Posterior of each share: its mean and an interval, one value for each unit."""

    mean: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Prior:
    """What a group's shares are drawn from: Beta distributions and how likely each is, given the group.

    Attributes:
        alpha: First shape of each.
        beta: Second shape of each.
        weight: Sums to 1.
    """

    alpha: Floats
    beta: Floats
    weight: Floats


def fit_prior(hits: Floats, trials: Floats) -> Prior:
    """Find which Beta priors a group's counts speak for, by the marginal likelihood on a grid.

    One best prior would make intervals too narrow where a group is small: how little is known of it is carried along
    (Carlin and Gelfand 1990, "Approaches for empirical Bayes confidence intervals").

    Args:
        hits: Successes of each unit, not below 0; need not be whole.
        trials: Trials of each; units without one say nothing.

    Returns:
        The priors, without those of next to no weight.
    """
    seen = trials > 0
    pairs, repeats = np.unique(np.column_stack([hits[seen], trials[seen]]), axis=0, return_counts=True)
    logits, sizes = np.linspace(*_LOGITS, _COARSE[0]), np.linspace(*_LOG_SIZES, _COARSE[1])
    coarse, grids = _weights(pairs, repeats, logits, sizes), (logits, sizes)
    fine = []
    for axis, (grid, count) in enumerate(zip(grids, _FINE, strict=True)):
        mass = coarse.sum(axis=1 - axis)
        centre = float(mass @ grid)
        spread = max(float(np.sqrt(mass @ (grid - centre) ** 2)), (grid[1] - grid[0]) / 2)
        fine.append(np.linspace(max(grid[0], centre - _REACH * spread), min(grid[-1], centre + _REACH * spread), count))
    weight = _weights(pairs, repeats, *fine).ravel()
    mean, size = (grid.ravel() for grid in np.meshgrid(expit(fine[0]), np.exp(fine[1]), indexing="ij"))
    likely = weight > 1e-6 * weight.max()
    return Prior((mean * size)[likely], ((1 - mean) * size)[likely], weight[likely] / weight[likely].sum())


def _weights(pairs: Floats, repeats: NDArray[np.int64], logits: Floats, log_sizes: Floats) -> Floats:
    mean, size = expit(logits)[:, None], np.exp(log_sizes)[None, :]
    one, other = mean * size, (1 - mean) * size
    found = np.zeros((logits.size, log_sizes.size))
    base = betaln(one, other)
    for (hits, trials), count in zip(pairs, repeats, strict=True):
        found += count * (betaln(one + hits, other + trials - hits) - base)
    weight = np.exp(found - found.max())
    return np.asarray(weight / weight.sum())


def posterior(prior: Prior, hits: Floats, trials: Floats, level: float) -> Shares:
    """Posterior mean and interval of each unit's share.

    The mixture of Beta posteriors is told by the one Beta distribution of its mean and variance.

    Args:
        prior: Of the group.
        hits: Successes of each unit.
        trials: Trials of each; 0 gives the prior's own.
        level: Of the interval, equal tails.
    """
    pairs, place = np.unique(np.column_stack([hits, trials]), axis=0, return_inverse=True)
    k, n = pairs[:, :1], pairs[:, 1:]
    one, size = prior.alpha + k, prior.alpha + prior.beta + n
    mean = (one / size) @ prior.weight
    square = (one * (one + 1) / (size * (size + 1))) @ prior.weight
    total = (mean - square) / np.maximum(square - mean**2, 1e-15)
    tails = [beta.ppf(tail, mean * total, (1 - mean) * total) for tail in ((1 - level) / 2, (1 + level) / 2)]
    place = place.ravel()
    return Shares(mean[place], *(np.clip(tail, 0.0, 1.0)[place] for tail in tails))
