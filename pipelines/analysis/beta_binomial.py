"""Shares of small counts, shrunk within a group (beta-binomial), with intervals. No rates of counts with exposure, no grouping."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, expit, xlog1py, xlogy

METHOD_VERSION: Final = "beta_binomial_1"
Floats = NDArray[np.float64]
# The prior's mean by its logit, flat; its size ("how many trials it is worth") by its logarithm, so that the weight 1 / (1 + size) of the
# prior against one trial is uniform (Daniels 1999): flat in the logarithm, small groups would all be taken for equal.
_LOGITS: Final = (-7.0, 7.0)
_LOG_SIZES: Final = (0.0, float(np.log(1e4)))
_COARSE: Final = (43, 24)
_FINE: Final = (13, 13)
_REACH: Final = 3.5
# Cells of the share: narrow where it is near 0 or 1, since a prior can pile up there.
_EDGES: Final = np.sin(np.linspace(0.0, np.pi / 2, 321)) ** 2
_CENTRES: Final = np.sin((np.linspace(0.0, np.pi / 2, 321)[1:] + np.linspace(0.0, np.pi / 2, 321)[:-1]) / 2) ** 2


@dataclass(frozen=True)
class Shares:
    """Posterior of each share: its mean and an interval, one value for each unit."""

    mean: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Prior:
    """What a group's shares are drawn from: Beta distributions, and how likely each is, given the group.

    Attributes:
        weight: Of each distribution; sums to 1.
        mass: Of each distribution, in each cell of the share.
    """

    weight: Floats
    mass: Floats


@dataclass(frozen=True)
class Counts:
    """Counts of several units.

    Attributes:
        hits: Successes that were seen, not below 0; need not be whole.
        trials: Trials, not below the hits; 0 says nothing.
        seen: Share of the successes that can be seen; the others look like failures. 1: all.
    """

    hits: Floats
    trials: Floats
    seen: Floats

    def take(self, rows: NDArray[np.bool_]) -> Counts:
        """Some of the units."""
        return Counts(self.hits[rows], self.trials[rows], self.seen[rows])

    def kinds(self) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
        """Different counts; how often each is there; which is whose."""
        rows = np.column_stack([self.hits, self.trials, self.seen])
        kinds, place, repeats = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
        return kinds, repeats, place.ravel()


def fit_prior(counts: Counts) -> Prior:
    """Find which Beta priors a group's counts speak for, by their marginal likelihood on a grid.

    One best prior would make intervals too narrow where a group is small: how little is known of it is carried along
    (Carlin and Gelfand 1990, "Approaches for empirical Bayes confidence intervals").

    Args:
        counts: Of the group.
    """
    kinds, repeats, _ = counts.take(counts.trials > 0).kinds()
    likelihood = _likelihood(kinds)
    grids = [np.linspace(*_LOGITS, _COARSE[0]), np.linspace(*_LOG_SIZES, _COARSE[1])]
    coarse = _weights(likelihood, repeats, _coarse_mass(), grids[1]).reshape(_COARSE)
    fine = []
    for axis, (grid, count) in enumerate(zip(grids, _FINE, strict=True)):
        mass = coarse.sum(axis=1 - axis)
        centre = float(mass @ grid)
        spread = max(float(np.sqrt(mass @ (grid - centre) ** 2)), (grid[1] - grid[0]) / 2)
        fine.append(np.linspace(max(grid[0], centre - _REACH * spread), min(grid[-1], centre + _REACH * spread), count))
    mass = _mass(*fine)
    weight = _weights(likelihood, repeats, mass, fine[1])
    likely = weight > 1e-6 * weight.max()
    return Prior(weight[likely] / weight[likely].sum(), mass[likely])


def posterior(prior: Prior, counts: Counts, level: float) -> Shares:
    """Posterior mean and interval of each unit's share.

    Args:
        prior: Of the group.
        counts: Of the units; one without trials has the prior's own.
        level: Of the interval, equal tails.
    """
    kinds, _, place = counts.kinds()
    likelihood = _likelihood(kinds)
    density = likelihood * ((prior.weight / np.maximum(likelihood @ prior.mass.T, 1e-300)) @ prior.mass)
    density /= density.sum(axis=1, keepdims=True)
    below = np.column_stack([np.zeros(len(kinds)), np.cumsum(density, axis=1)])
    ends = [[float(np.interp(tail, row, _EDGES)) for row in below] for tail in ((1 - level) / 2, (1 + level) / 2)]
    return Shares((density @ _CENTRES)[place], *(np.array(end)[place] for end in ends))


def _likelihood(kinds: Floats) -> Floats:
    """Of each kind of counts in each cell of the share, its largest value 1."""
    hits, trials, seen = (kinds[:, [column]] for column in range(3))
    found = xlogy(hits, _CENTRES) + xlog1py(trials - hits, -_CENTRES * seen)
    return np.asarray(np.exp(found - found.max(axis=1, keepdims=True, initial=-np.inf)))


def _mass(logits: Floats, log_sizes: Floats) -> Floats:
    mean, size = (grid.ravel()[:, None] for grid in np.meshgrid(expit(logits), np.exp(log_sizes), indexing="ij"))
    return np.asarray(np.diff(betainc(mean * size, (1 - mean) * size, _EDGES), axis=1))


@cache
def _coarse_mass() -> Floats:
    return _mass(np.linspace(*_LOGITS, _COARSE[0]), np.linspace(*_LOG_SIZES, _COARSE[1]))


def _weights(likelihood: Floats, repeats: NDArray[np.int64], mass: Floats, log_sizes: Floats) -> Floats:
    found = repeats @ np.log(np.maximum(likelihood @ mass.T, 1e-300))
    size = np.tile(np.exp(log_sizes), len(mass) // log_sizes.size)
    found = found + np.log(size) - 2 * np.log1p(size)
    weight = np.exp(found - found.max())
    return np.asarray(weight / weight.sum())
