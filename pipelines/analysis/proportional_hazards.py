"""Cox's proportional hazards: partial likelihood with Efron's ties, covariances, residuals. What is followed, and from when, does not belong here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, rankdata

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_STEPS: Final = 40
_HALVINGS: Final = 12
_TOLERANCE: Final = 1e-9
_LARGEST_LOG_RATIO: Final = 8.0
"""Of one standard deviation: beyond it the likelihood rises without end, for a covariate parts those who had the event from all others."""


@dataclass(frozen=True)
class Followed:
    """Who was followed.

    Attributes:
        time: Of the event or of the end of observation. Shape (n,).
        is_event: Whether it is an event. Shape (n,).
        covariates: Known at time 0. Shape (n, p).
        stratum: Each has a baseline hazard of its own. Shape (n,).
    """

    time: Floats
    is_event: NDArray[np.bool_]
    covariates: Floats
    stratum: Integers


@dataclass(frozen=True)
class CoxFit:
    """A maximum of the partial likelihood.

    Attributes:
        coefficients: Log hazard ratio per unit of each covariate. Shape (p,).
        covariance: Inverse of the observed information. Shape (p, p).
        log_likelihood: At the maximum.
        score_residuals: What each adds to the score; they sum to 0. Shape (n, p).
        schoenfeld: Of each event, its covariates minus their mean among those at risk, in the order of ``event_time``. Shape (events, p).
        event_time: Times of the events. Shape (events,).
    """

    coefficients: Floats
    covariance: Floats
    log_likelihood: float
    score_residuals: Floats
    schoenfeld: Floats
    event_time: Floats


class _Risk:
    """Sets at risk: rows by stratum and falling time, so that whoever is at risk with a row stands before it in its stratum, or at the same time."""

    def __init__(self, followed: Followed) -> None:
        self.order = np.lexsort((~followed.is_event, -followed.time, followed.stratum))
        self.x = followed.covariates[self.order] - followed.covariates.mean(axis=0)
        self.time, self.is_event = followed.time[self.order], followed.is_event[self.order]
        stratum = followed.stratum[self.order]
        starts = np.append(True, np.diff(stratum) != 0)
        moment = np.append(True, (np.diff(self.time) != 0)) | starts
        self.moment = np.cumsum(moment) - 1  # of each row, the place of its time in its stratum
        self.first = np.flatnonzero(moment)
        self.last = np.append(self.first[1:], self.time.size) - 1
        self.stratum_first = np.flatnonzero(starts)[np.cumsum(starts) - 1]
        ends = np.append(np.flatnonzero(starts)[1:], self.time.size) - 1
        self.stratum_last = ends[np.cumsum(starts) - 1]
        self.event = np.flatnonzero(self.is_event)
        self.at = self.moment[self.event]
        count = np.bincount(self.at, minlength=self.first.size)
        # Efron: of d tied events the l-th meets those at risk less l / d of the tied ones.
        self.tied = (self.event - self.first[self.at]) / count[self.at]

    def above(self, values: Floats) -> Floats:
        """By moment, the sum of a value over those at risk."""
        total = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
        return np.asarray(total[self.last + 1] - total[self.stratum_first[self.last]])

    def of_events(self, values: Floats) -> Floats:
        """By moment, the sum of an event's value; values in the order of events."""
        found = np.zeros((self.first.size, *values.shape[1:]))
        np.add.at(found, self.at, values)
        return found

    def since(self, values: Floats) -> Floats:
        """By row, the sum of a value of moments over those up to the row's own, in its stratum."""
        total = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
        return np.asarray(total[self.moment[self.stratum_last] + 1] - total[self.moment])

    def means(self, beta: Floats) -> tuple[float, Floats, Floats, Floats, Floats]:
        """Log likelihood, risks by row, and by event the total risk, mean and second moment of the covariates at risk."""
        linear = self.x @ beta
        top = float(linear.max())
        risk = np.exp(linear - top)
        first, second = risk[:, None] * self.x, risk[:, None, None] * self.x[:, :, None] * self.x[:, None, :]
        sums = []
        for values in (risk, first, second):
            tied = self.tied.reshape(-1, *[1] * (values.ndim - 1))
            sums.append(self.above(values)[self.at] - tied * self.of_events(values[self.event])[self.at])
        total, one, two = sums
        # Of a step far too long nothing is left of the risks of some set, and no number is told.
        with np.errstate(divide="ignore", invalid="ignore"):
            mean, square = one / total[:, None], two / total[:, None, None]
            likelihood = float((linear[self.event] - top).sum() - np.log(total).sum())
        return likelihood, risk, total, mean, square


def log_likelihood(followed: Followed, coefficients: Floats) -> float:
    """Log partial likelihood with Efron's approximation of ties (Efron 1977)."""
    return _Risk(followed).means(coefficients)[0]


def fit_cox(followed: Followed, start: Floats | None = None) -> CoxFit | None:
    """Maximise the partial likelihood (Cox 1972) by Newton's method, steps halved where they overshoot.

    Args:
        followed: Who was followed; at least one event.
        start: Coefficients to begin at; 0 when None.

    Returns:
        The maximum; None where there is none, because covariates determine each other or part those with the event from all others.
    """
    sets = _Risk(followed)
    spread = followed.covariates.std(axis=0)
    beta = np.zeros(followed.covariates.shape[1]) if start is None else start
    likelihood, risk, total, mean, square = sets.means(beta)
    for _ in range(_STEPS):
        score = (sets.x[sets.event] - mean).sum(axis=0)
        information = (square - mean[:, :, None] * mean[:, None, :]).sum(axis=0)
        scale = np.sqrt(np.outer(np.diag(information), np.diag(information)))
        if not (np.diag(information) > 0).all() or np.linalg.cond(information / scale) > 1 / _TOLERANCE:
            return None
        step = np.linalg.solve(information, score)
        if float(score @ step) < _TOLERANCE:
            return _fitted(sets, beta, (likelihood, risk, total, mean), np.linalg.inv(information))
        for halving in range(_HALVINGS):
            tried = beta + step / 2**halving
            found = sets.means(tried)
            if np.isfinite(found[0]) and found[0] >= likelihood - _TOLERANCE:
                break
        else:
            return None
        beta, (likelihood, risk, total, mean, square) = tried, found
        if (np.abs(beta) * spread > _LARGEST_LOG_RATIO).any():
            return None
    return None


def _fitted(sets: _Risk, beta: Floats, at: tuple[float, Floats, Floats, Floats], covariance: Floats) -> CoxFit:
    """Residuals at the maximum: a row's score is what its event adds, less its share in every set that it was at risk in."""
    likelihood, risk, total, mean = at
    count = sets.of_events(np.ones(sets.event.size))
    moment_mean = sets.of_events(mean) / np.maximum(count, 1)[:, None]
    hazard, weighted = 1 / total, mean / total[:, None]
    own, own_weighted = sets.of_events(sets.tied * hazard), sets.of_events(sets.tied[:, None] * weighted)
    exposed = sets.since(sets.of_events(hazard)) - np.where(sets.is_event, own[sets.moment], 0)
    exposed_mean = sets.since(sets.of_events(weighted)) - np.where(sets.is_event[:, None], own_weighted[sets.moment], 0)
    residuals = -risk[:, None] * (sets.x * exposed[:, None] - exposed_mean)
    schoenfeld = sets.x[sets.event] - moment_mean[sets.at]
    residuals[sets.event] += schoenfeld
    unsorted = np.empty_like(residuals)
    unsorted[sets.order] = residuals
    return CoxFit(beta, covariance, likelihood, unsorted, schoenfeld, sets.time[sets.event])


def clustered_covariance(fit: CoxFit, cluster: Integers) -> Floats:
    """Sandwich of Lin and Wei (1989) with score residuals summed within clusters, times G / (G - 1) for G clusters.

    Args:
        fit: A maximum.
        cluster: Of each row, any number. Shape (n,).
    """
    _, place = np.unique(cluster, return_inverse=True)
    sums = np.zeros((int(place.max()) + 1, fit.coefficients.size))
    np.add.at(sums, place, fit.score_residuals)
    count = sums.shape[0]
    return np.asarray(count / max(count - 1, 1) * fit.covariance @ (sums.T @ sums) @ fit.covariance)


def jackknife_variance(followed: Followed, fit: CoxFit, cluster: Integers) -> Floats:
    """Variance of each coefficient with one cluster left out at a time: ``(G - 1) / G sum (b_g - b)^2`` (Lipsitz and Parzen 1996).

    Of few clusters, or of clusters that a covariate goes with, the sandwich is too small, for its residuals are of a fit that has seen them.

    Args:
        followed: Who was followed.
        fit: Its maximum.
        cluster: Of each row, any number. Shape (n,).

    Returns:
        Shape (p,); infinite where there is no maximum without one of the clusters.
    """
    changes = []
    for left_out in np.unique(cluster):
        kept = cluster != left_out
        part = Followed(followed.time[kept], followed.is_event[kept], followed.covariates[kept], followed.stratum[kept])
        found = fit_cox(part, fit.coefficients) if part.is_event.any() else None
        if found is None:
            return np.full(fit.coefficients.size, np.inf)
        changes.append(found.coefficients - fit.coefficients)
    return np.asarray((len(changes) - 1) / len(changes) * (np.array(changes) ** 2).sum(axis=0))


def proportionality(fit: CoxFit) -> tuple[Floats, Floats]:
    """Whether hazard ratios change in time: correlation of scaled Schoenfeld residuals with the rank of time, and its two-sided p.

    Grambsch and Therneau (1994), one covariate at a time; NaN where all events are at one time.

    Args:
        fit: A maximum.
    """
    count = fit.event_time.size
    rank = rankdata(fit.event_time)
    rank = rank - rank.mean()
    scaled = count * fit.schoenfeld @ fit.covariance
    spread = float(rank @ rank)
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = rank @ scaled / np.sqrt(spread * ((scaled - scaled.mean(axis=0)) ** 2).sum(axis=0))
        statistic = (rank @ scaled) ** 2 / (np.diag(fit.covariance) * count * spread)
    return correlation, np.asarray(chi2.sf(statistic, 1))
