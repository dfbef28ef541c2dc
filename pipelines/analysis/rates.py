"""Posting rates shrunk within a group (Gamma-Poisson). Only rate estimation belongs here, no comparison of groups."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln

METHOD_VERSION: Final = "gamma_poisson_rates_2"
Floats = NDArray[np.float64]
_LARGEST_LOG: Final = 12.0
_LOG_STEP: Final = 0.05


def fit_gamma_prior(counts: Floats, exposure_days: Floats) -> tuple[float, float]:
    """Fit the Gamma prior of posting rates by maximum likelihood of the negative binomial it implies.

    Args:
        counts: Posts of each account in its rate window.
        exposure_days: Observed length of that window, days; accounts with zero days carry no information.

    Returns:
        Shape and rate (days) of the Gamma distribution of posts per day.
    """
    seen = exposure_days > 0
    n, e = counts[seen], exposure_days[seen]
    if n.size == 0 or n.sum() <= 0:
        return 1.0, 1.0
    kinds, repeats = np.unique(np.column_stack([n, e]), axis=0, return_counts=True)
    mean = float(n.sum() / e.sum())
    spread = float((e * (n / e - mean) ** 2).sum() - (n.size - 1) * mean) / max(float(e.sum() - (e**2).sum() / e.sum()), 1e-9)
    shape = mean**2 / spread if spread > 0 else 50.0

    some, days = kinds.T

    def loss(logs: Floats) -> float:
        a, b = np.exp(np.clip(logs, -_LARGEST_LOG, _LARGEST_LOG))
        return -float(repeats @ (gammaln(a + some) - gammaln(a) + a * np.log(b / (b + days)) - some * np.log(b + days)))

    start = np.log([np.clip(shape, 0.05, 200.0), np.clip(shape, 0.05, 200.0) / mean])
    best = minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-6, "maxiter": 400})
    a, b = np.exp(np.clip(best.x, -_LARGEST_LOG, _LARGEST_LOG))
    return float(a), float(b)


def rounded_prior(shape: float, rate: float) -> tuple[float, float]:
    """Round a prior on a grid of 5% steps: a little more data then leaves it, and all that was computed from it, as it was."""
    logs = np.round(np.log([shape, rate]) / _LOG_STEP) * _LOG_STEP
    return float(np.exp(logs[0])), float(np.exp(logs[1]))


def posterior_mean_rates(counts: Floats, exposure_days: Floats, prior: tuple[float, float]) -> Floats:
    """Give each account's posting rate as the Gamma-Poisson posterior mean ``(a + n) / (b + days)``.

    Without the shrinkage, comparing accounts "at equal rate" fails: a counted rate carries Poisson noise, and
    groups of unlike mean regress towards unlike values.

    Args:
        counts: Posts of each account in the window before the trend's birth.
        exposure_days: Observed length of that window, days.
        prior: Shape and rate of the accounts' group (:func:`fit_gamma_prior`).

    Returns:
        Posts per day, strictly positive.
    """
    shape, rate = prior
    return np.asarray(np.maximum((shape + counts) / (rate + exposure_days), 1e-6))
