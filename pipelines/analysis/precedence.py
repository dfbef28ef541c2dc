"""Kernel-on-intervals precedence at equal posting rate, and the naive lead with its null. No tables, no gates, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

METHOD_VERSION: Final = "kernel_intervals_1"
Floats = NDArray[np.float64]
NONE: Final = float("nan")


@dataclass(frozen=True)
class KernelParameters:
    """Parameters of the kernel estimator.

    Attributes:
        bandwidth: Of the Gaussian kernel on differences of log posting rates.
        group_cap: Adopters of a group that enter one trend; a seeded sample above that.
        permutation_count: Local label permutations for a trend's p-value.
        bootstrap_count: Resamples of accounts (one trend) and of trends (pooled).
        permutation_width: How far, in log rate, a group label may travel in a permutation (standard deviation).
        smallest_weight: Least effective number of pairs (sum of weights); below it rates do not overlap.
        interval_level: Coverage of reported intervals.
        seed: Of every random draw.
    """

    bandwidth: float = 0.3
    group_cap: int = 500
    permutation_count: int = 499
    bootstrap_count: int = 400
    permutation_width: float = 0.3
    smallest_weight: float = 3.0
    interval_level: float = 0.90
    seed: int = 20260901


@dataclass(frozen=True)
class Adopters:
    """Adopters of one trend in one group; times in hours since the trend's birth.

    Attributes:
        account: Integer id of the account, the same in every trend.
        last_without: Last post before adoption without the trend (earliest possible time).
        first_with: First post with the trend (latest possible time).
        log_rate: Natural logarithm of the shrunken posting rate.
    """

    account: NDArray[np.int64]
    last_without: Floats
    first_with: Floats
    log_rate: Floats

    def take(self, rows: NDArray[np.int64]) -> Adopters:
        """Give the adopters at these positions."""
        return Adopters(self.account[rows], self.last_without[rows], self.first_with[rows], self.log_rate[rows])


@dataclass(frozen=True)
class TrendPrecedence:
    """Kernel estimate of one trend: theta in [-1, 1] is positive when the lead group is earlier; NaN where rates do not overlap."""

    theta: float
    decidable: float
    probability: float
    low: float
    high: float
    p_value: float
    account_thetas: Floats
    account_decidables: Floats


@dataclass(frozen=True)
class PooledPrecedence:
    """Kernel estimate over trends."""

    probability: float
    low: float
    high: float
    p_value: float
    trend_count: int


def sampled(adopters: Adopters, cap: int, seed: int) -> Adopters:
    """Cap a group by a seeded sample that does not depend on the order of its rows."""
    adopters = adopters.take(np.argsort(adopters.account, kind="stable"))
    if adopters.account.size <= cap:
        return adopters
    return adopters.take(np.sort(np.random.default_rng(seed).choice(adopters.account.size, cap, replace=False)))


def _forms(lead: Adopters, target: Adopters, bandwidth: float) -> list[Floats]:
    """Matrices w, w s, w d, w d^2, w d s and w |s| over the pairs lead x target."""
    score = (lead.first_with[:, None] <= target.last_without[None, :]).astype(float)
    score -= target.first_with[None, :] <= lead.last_without[:, None]
    distance = lead.log_rate[:, None] - target.log_rate[None, :]
    weight = np.exp(-(distance**2) / (2 * bandwidth**2))
    weighted_distance = weight * distance
    return [
        weight,
        weight * score,
        weighted_distance,
        weighted_distance * distance,
        weighted_distance * score,
        weight * np.abs(score),
    ]


def _intercept(sums: list[Floats]) -> tuple[Floats, Floats]:
    """Local-linear intercept at equal rate and decidable share from the six (weighted) sums."""
    total, score, distance, square, product, decided = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_score, mean_distance = score / total, distance / total
        variance = square / total - mean_distance**2
        slope = np.where(variance > 1e-9, (product / total - mean_score * mean_distance) / variance, 0.0)
        return mean_score - slope * mean_distance, decided / total


def local_linear_theta(lead: Adopters, target: Adopters, bandwidth: float) -> tuple[float, float]:
    """Give theta and the decidable share of one trend.

    ``theta = mean_w(s) - beta mean_w(d)`` with ``beta = cov_w(d, s) / var_w(d)``, ``w = exp(-d^2 / 2 b^2)``, ``d`` the
    difference of log posting rates, ``s`` = +1 where the lead adopter's first post with the trend is not after the
    target adopter's last post without it, -1 in the mirror case, else 0.

    Args:
        lead: Adopters of the lead group.
        target: Adopters of the target group.
        bandwidth: ``b``, in units of log posts per day.
    """
    theta, decidable = _intercept([np.asarray(matrix.sum()) for matrix in _forms(lead, target, bandwidth)])
    return float(theta), float(decidable)


def _bilinear(left: Floats, forms: list[Floats], right: Floats) -> list[Floats]:
    return [((left @ matrix) * right).sum(axis=1) for matrix in forms]


def _probability(theta: Floats, decidable: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.clip(0.5 + theta / (2 * decidable), 0.0, 1.0)


def _permuted_labels(log_rate: Floats, is_lead: NDArray[np.bool_], width: float, count: int, seed: int) -> NDArray[np.bool_]:
    """Labels that moved only between accounts of similar posting rate: rank by rate, re-rank by rate plus noise, swap."""
    generator = np.random.default_rng(seed)
    order = np.argsort(log_rate, kind="stable")
    noisy = np.argsort(log_rate[None, :] + generator.normal(0.0, width, (count, log_rate.size)), axis=1, kind="stable")
    labels = np.empty((count, log_rate.size), dtype=bool)
    np.put_along_axis(labels, noisy, np.broadcast_to(is_lead[order], noisy.shape), axis=1)
    return labels


def trend_precedence(
    lead: Adopters, target: Adopters, account_weights: NDArray[np.float32], parameters: KernelParameters, seed: int
) -> TrendPrecedence:
    """Estimate one trend's precedence with an interval by account bootstrap and a p-value by local label permutation.

    Args:
        lead: Adopters of the lead group, with known intervals.
        target: Adopters of the target group, with known intervals.
        account_weights: Bootstrap weights, resample x account, shared by all trends.
        parameters: See :class:`KernelParameters`.
        seed: Of this trend's sample and permutations.

    Returns:
        The estimate; everything NaN when the posting rates of the two groups do not overlap.
    """
    lead, target = sampled(lead, parameters.group_cap, seed), sampled(target, parameters.group_cap, seed + 1)
    empty = np.full(account_weights.shape[0], NONE)
    forms = _forms(lead, target, parameters.bandwidth)
    if forms[0].sum() < parameters.smallest_weight:
        return TrendPrecedence(NONE, NONE, NONE, NONE, NONE, NONE, empty, empty)
    theta, decidable = local_linear_theta(lead, target, parameters.bandwidth)
    if decidable <= 0:
        return TrendPrecedence(theta, 0.0, NONE, NONE, NONE, NONE, empty, empty)
    weights_lead = account_weights[:, lead.account].astype(float)
    weights_target = account_weights[:, target.account].astype(float)
    thetas, decidables = _intercept(_bilinear(weights_lead, forms, weights_target))
    tail = (1 - parameters.interval_level) / 2
    low, high = np.nanquantile(_probability(thetas, decidables), [tail, 1 - tail])

    both = Adopters(*(np.concatenate(pair) for pair in zip(vars(lead).values(), vars(target).values(), strict=True)))
    is_lead = np.arange(both.account.size) < lead.account.size
    labels = _permuted_labels(both.log_rate, is_lead, parameters.permutation_width, parameters.permutation_count, seed + 2)
    null, _ = _intercept(_bilinear(labels.astype(float), _forms(both, both, parameters.bandwidth), (~labels).astype(float)))
    null = null[np.isfinite(null)]
    above, below = (1 + (null >= theta).sum()) / (1 + null.size), (1 + (null <= theta).sum()) / (1 + null.size)
    probability = float(_probability(np.asarray(theta), np.asarray(decidable)))
    p_value = float(min(1.0, 2 * min(above, below)))
    return TrendPrecedence(theta, decidable, probability, float(low), float(high), p_value, thetas, decidables)


def account_bootstrap_weights(account_count: int, parameters: KernelParameters) -> NDArray[np.float32]:
    """Exponential (Bayesian bootstrap) weights, resample x account: one account has one weight in all its trends."""
    shape = (parameters.bootstrap_count, account_count)
    return np.random.default_rng(parameters.seed).standard_exponential(shape, dtype=np.float32)


def two_sided_p(resamples: Floats) -> float:
    """Two-sided bootstrap p-value of zero, ties split between the sides."""
    resamples = resamples[np.isfinite(resamples)]
    ties = (resamples == 0).sum() / 2
    smaller = min((resamples < 0).sum(), (resamples > 0).sum()) + ties
    return float(min(1.0, 2 * (smaller + 1) / (resamples.size + 1)))


def trend_resamples(trend_count: int, resample_count: int, seed: int) -> Floats:
    """Multiplicities of trends, resample x trend, of a trend-level bootstrap."""
    chosen = np.random.default_rng(seed).multinomial(trend_count, np.full(trend_count, 1 / trend_count), resample_count)
    return np.asarray(chosen, dtype=float)


def pooled_precedence(trends: list[TrendPrecedence], parameters: KernelParameters) -> PooledPrecedence:
    """Pool trends: mean theta over mean decidable share, trend-level bootstrap, two-sided; accounts that recur are a second cluster.

    The p-value is the larger of the trend-level bootstrap's and the account-level bootstrap's, the interval the wider.

    Args:
        trends: Estimates in a fixed order; those with NaN theta are left out.
        parameters: See :class:`KernelParameters`.
    """
    kept = [trend for trend in trends if np.isfinite(trend.theta) and trend.decidable > 0]
    count = len(kept)
    if count < 2:
        return PooledPrecedence(NONE, NONE, NONE, NONE, count)
    theta, decidable = np.array([t.theta for t in kept]), np.array([t.decidable for t in kept])
    weights = trend_resamples(count, 4 * parameters.bootstrap_count, parameters.seed) / count
    # A bootstrap of n units is too narrow by (n-1)/n in variance.
    widen = np.sqrt(count / (count - 1))
    by_trend = theta.mean() + widen * (weights @ theta - theta.mean())
    by_account = np.mean([t.account_thetas for t in kept], axis=0)
    by_account += theta.mean() - by_account.mean()
    tail = (1 - parameters.interval_level) / 2
    ranges = [
        np.quantile(_probability(resample, np.asarray(decidable.mean())), [tail, 1 - tail]) for resample in (by_trend, by_account)
    ]
    low, high = max(ranges, key=lambda ends: float(ends[1] - ends[0]))
    probability = float(_probability(theta.mean(), decidable.mean()))
    return PooledPrecedence(probability, float(low), float(high), max(two_sided_p(by_trend), two_sided_p(by_account)), count)


def naive_lead(lead_hours: Floats, target_hours: Floats, shuffle_count: int, seed: int) -> tuple[float, float, float]:
    """First target adoption minus first lead adoption, with its null when group labels are shuffled.

    Args:
        lead_hours: Adoption times of the lead group, hours.
        target_hours: Adoption times of the target group, hours.
        shuffle_count: Label shuffles.
        seed: Of the shuffles.

    Returns:
        Naive lead (hours, positive when a lead account was first), its median under the null, and the share of
        shuffles with a lead at least as long.
    """
    observed = float(target_hours.min() - lead_hours.min())
    times = np.sort(np.concatenate([lead_hours, target_hours]))
    keys = np.random.default_rng(seed).random((shuffle_count, times.size))
    is_lead = np.argsort(np.argsort(keys, axis=1), axis=1) < lead_hours.size
    leads = times[(~is_lead).argmax(axis=1)] - times[is_lead.argmax(axis=1)]
    return observed, float(np.median(leads)), float((1 + (leads >= observed - 1e-9).sum()) / (1 + shuffle_count))
