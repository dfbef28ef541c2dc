"""Kernel-on-intervals precedence at equal posting rate, and the naive lead with its null. No tables, no gates, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import t as student

from pipelines.analysis.increments import digest, mixed

METHOD_VERSION: Final = "kernel_intervals_3"
Floats = NDArray[np.float64]
Hashes = NDArray[np.uint64]
NONE: Final = float("nan")
_RESAMPLE_BLOCK: Final = 100
_FEW: Final = 6


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
    group_cap: int = 250
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
        account: Hash of the account's key (:func:`pipelines.analysis.increments.text_words`), the same in every trend.
        last_without: Last post before adoption without the trend (earliest possible time).
        first_with: First post with the trend (latest possible time).
        log_rate: Natural logarithm of the shrunken posting rate.
    """

    account: Hashes
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


@dataclass(frozen=True)
class PooledPrecedence:
    """Kernel estimate over trends."""

    probability: float
    low: float
    high: float
    p_value: float
    trend_count: int


def stable_seed(*parts: str | int) -> int:
    """Seed that depends on these parts alone: a trend keeps its draws whatever else is in the data."""
    return int(digest(*parts)[:15], 16)


def sampled(adopters: Adopters, cap: int, seed: int) -> Adopters:
    """Cap a group by a seeded sample that does not depend on the order of its rows."""
    adopters = adopters.take(np.lexsort((adopters.first_with, adopters.account)))
    if adopters.account.size <= cap:
        return adopters
    return adopters.take(np.sort(np.random.default_rng(seed).choice(adopters.account.size, cap, replace=False)))


def pair_forms(lead: Adopters, target: Adopters, bandwidth: float) -> list[Floats]:
    """Matrices w, w s, w d, w d^2, w d s and w |s| over the pairs lead x target; see :func:`local_linear_theta`.

    Args:
        lead: Adopters of the rows.
        target: Adopters of the columns.
        bandwidth: Of the kernel, in units of log posts per day.
    """
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
    theta, decidable = _intercept([np.asarray(matrix.sum()) for matrix in pair_forms(lead, target, bandwidth)])
    return float(theta), float(decidable)


def _bilinear(left: Floats, forms: list[Floats], right: Floats) -> list[Floats]:
    return [((left @ matrix) * right).sum(axis=1) for matrix in forms]


@dataclass(frozen=True)
class Studentised:
    """Theta over its standard error, for one labelling or many (last axis: accounts)."""

    theta: Floats
    error: Floats

    @property
    def statistic(self) -> Floats:
        """Theta in standard errors."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.theta / self.error)


def _sums_over(chosen: NDArray[np.bool_], rows: Floats) -> Floats:
    """Sum of the chosen rows, for each choice: by adding them up where they are few, else as a product of matrices."""
    if chosen.sum() * _FEW > chosen.size:
        return np.asarray(chosen.astype(float) @ rows)
    ends = np.append(0, np.cumsum(chosen.sum(axis=1)))
    return np.asarray(csr_array((np.ones(ends[-1]), np.nonzero(chosen)[1], ends), shape=chosen.shape) @ rows)


def studentised(forms: list[Floats], is_lead: NDArray[np.bool_]) -> Studentised:
    """Theta with the standard error of its projection on single accounts (Hoeffding), for each labelling.

    Args:
        forms: The first five matrices of :func:`pair_forms` over all accounts of the trend, both groups.
        is_lead: Labels, labelling x account.
    """
    lead = is_lead.astype(float)
    target = 1.0 - lead
    stacked = np.concatenate(forms, axis=1)
    # From each account's side: sums over the accounts of the other group. Forms odd in the pair change sign with the side.
    from_all = stacked.sum(axis=0)
    if 2 * is_lead[0].sum() >= is_lead.shape[1]:
        to_target = _sums_over(~is_lead, stacked)
    else:
        to_target = from_all - _sums_over(is_lead, stacked)
    to_target, from_all = (sums.reshape(-1, len(forms), is_lead.shape[1]) for sums in (to_target, from_all))
    signs = np.array([1.0, -1.0, -1.0, 1.0, 1.0])
    wholes = (to_target @ lead[:, :, None])[:, :, 0] * signs
    theta, _ = _intercept([*wholes.T, wholes[:, 0]])
    with np.errstate(divide="ignore", invalid="ignore"):
        total = wholes[:, 0]
        _, mean_score, mean_distance, mean_square, mean_product = (whole / total for whole in wholes.T)
        variance = mean_square - mean_distance**2
        is_sloped = variance > 1e-9
        slope = np.where(is_sloped, (mean_product - mean_score * mean_distance) / variance, 0.0)
        lean = np.where(is_sloped, mean_distance / variance, 0.0)
        # What an account contributes is linear in its sums: ``(1 + lean mean_d) (s - theta w - slope d) - lean (ds - theta d - slope dd)``.
        along = 1 + lean * mean_distance
        weights = np.stack([-along * theta, along, lean * theta - along * slope, lean * slope, -lean], axis=1) / total[:, None]
        even = (np.where(signs > 0, weights, 0.0)[:, None, :] @ to_target)[:, 0, :]
        odd = (np.where(signs < 0, weights, 0.0)[:, None, :] @ to_target)[:, 0, :]
        share = (lead - target) * even - odd + target * (weights @ from_all[0])
        squares = share**2
        spread = np.zeros(share.shape[0])
        for side in (lead, target):
            count = side.sum(axis=1)
            spread += np.einsum("ij,ij->i", squares, side) * count / np.maximum(count - 1, 1)
        return Studentised(theta, np.asarray(np.sqrt(spread)))


def _probability(theta: Floats, decidable: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.clip(0.5 + theta / (2 * decidable), 0.0, 1.0)


def _permuted_labels(log_rate: Floats, is_lead: NDArray[np.bool_], width: float, count: int, seed: int) -> NDArray[np.bool_]:
    """Labels that moved only between accounts of similar posting rate: rank by rate, re-rank by rate plus noise, swap."""
    generator = np.random.default_rng(seed)
    order = np.argsort(log_rate, kind="stable")
    # Noise has no ties, so that the fastest sort will do.
    noisy = np.argsort(log_rate[None, :] + generator.normal(0.0, width, (count, log_rate.size)), axis=1)
    labels = np.empty((count, log_rate.size), dtype=bool)
    np.put_along_axis(labels, noisy, np.broadcast_to(is_lead[order], noisy.shape), axis=1)
    return labels


def trend_precedence(lead: Adopters, target: Adopters, parameters: KernelParameters, seed: int) -> TrendPrecedence:
    """Estimate one trend's precedence; interval and p-value by local permutation of the studentised theta.

    Group labels move only between accounts of similar rate, which widens the overlap of the two groups' rates: theta
    under permutation is less variable than theta itself. Its standard error is compared away (Janssen 1997): the
    statistic is theta over the standard error of its projection on accounts, in the data and in each permutation.

    Args:
        lead: Adopters of the lead group, with known intervals.
        target: Adopters of the target group, with known intervals.
        parameters: See :class:`KernelParameters`.
        seed: Of this trend's sample and permutations.

    Returns:
        The estimate; everything NaN when the posting rates of the two groups do not overlap.
    """
    lead, target = sampled(lead, parameters.group_cap, seed), sampled(target, parameters.group_cap, seed + 1)
    nothing = np.empty(0)
    pairs = pair_forms(lead, target, parameters.bandwidth)
    if pairs[0].sum() < parameters.smallest_weight:
        return TrendPrecedence(NONE, NONE, NONE, NONE, NONE, NONE, nothing)
    theta, decidable = local_linear_theta(lead, target, parameters.bandwidth)
    if decidable <= 0:
        return TrendPrecedence(theta, 0.0, NONE, NONE, NONE, NONE, nothing)
    thetas, _ = _intercept(
        _bilinear(account_weights(lead.account, parameters), pairs, account_weights(target.account, parameters))
    )

    both = Adopters(*(np.concatenate(pair) for pair in zip(vars(lead).values(), vars(target).values(), strict=True)))
    is_lead = np.arange(both.account.size) < lead.account.size
    forms = pair_forms(both, both, parameters.bandwidth)[:5]
    found = studentised(forms, is_lead[None, :])
    labels = _permuted_labels(both.log_rate, is_lead, parameters.permutation_width, parameters.permutation_count, seed + 2)
    null = studentised(forms, labels).statistic
    null = null[np.isfinite(null)]
    statistic = float(found.statistic[0])
    tail = (1 - parameters.interval_level) / 2
    probability = float(_probability(np.asarray(theta), np.asarray(decidable)))
    low, high = 0.0, 1.0
    if null.size and np.isfinite(statistic):
        # The interval holds what the test would not reject, with the decidable share taken as known.
        edges = theta - np.quantile(null, [1 - tail, tail]) * found.error[0]
        low, high = (float(end) for end in _probability(edges, np.asarray(decidable)))
    return TrendPrecedence(
        theta,
        decidable,
        probability,
        min(low, probability),
        max(high, probability),
        _rank_p(statistic, null) if np.isfinite(statistic) else 1.0,
        thetas,
    )


def _rank_p(observed: float, null: Floats) -> float:
    """Two-sided p-value of a value among draws of its null, itself counted as one of them."""
    slack = 1e-9 * max(1.0, abs(observed))
    above, below = (1 + (null >= observed - slack).sum()), (1 + (null <= observed + slack).sum())
    return float(min(1.0, 2 * min(above, below) / (1 + null.size)))


def exponential_weights(accounts: Hashes, resample_count: int, seed: int) -> Floats:
    """Exponential (Bayesian bootstrap) weights, resample x account, from the account's hash: one weight for all that it does.

    Args:
        accounts: Hashes of account keys.
        resample_count: Resamples.
        seed: Of the weights.
    """
    draws = np.arange(resample_count, dtype=np.uint64)[:, None] + np.uint64(seed)
    bits = mixed(mixed(draws) + accounts[None, :])
    return np.asarray(-np.log(((bits >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53))


def account_weights(accounts: Hashes, parameters: KernelParameters) -> Floats:
    """Weights of accounts in the resamples of this estimator; see :func:`exponential_weights`.

    Args:
        accounts: Hashes of account keys.
        parameters: See :class:`KernelParameters`.
    """
    return exponential_weights(accounts, parameters.bootstrap_count, parameters.seed)


def two_sided_p(resamples: Floats) -> float:
    """Two-sided bootstrap p-value of zero, ties split between the sides."""
    resamples = resamples[np.isfinite(resamples)]
    ties = (resamples == 0).sum() / 2
    smaller = min((resamples < 0).sum(), (resamples > 0).sum()) + ties
    return float(min(1.0, 2 * (smaller + 1) / (resamples.size + 1)))


def spread_p(value: float, spread: float, unit_count: float = np.inf) -> float:
    """Two-sided p-value of zero by Student's t; 1 without a spread.

    Args:
        value: The estimate.
        spread: Its standard deviation.
        unit_count: Units that the spread was found from; the normal distribution where they are not counted.
    """
    return float(2 * student.sf(abs(value) / spread, unit_count - 1)) if spread > 0 else 1.0


def resampled_p(resamples: Floats, unit_count: float = np.inf) -> float:
    """Two-sided p-value of zero: counted, and by the spread where no resample lies beyond zero.

    Counting cannot tell p-values below two in the number of resamples, and claims of many pairs share a level that may lie below that.

    Args:
        resamples: Of the estimate.
        unit_count: Units that were resampled; infinite where they are many or not counted.
    """
    told = resamples[np.isfinite(resamples)]
    counted = two_sided_p(told)
    if not told.size or ((told <= 0).any() and (told >= 0).any()):
        return counted
    return min(counted, spread_p(float(told.mean()), float(told.std()), unit_count))


def resampled_sums(values: Floats, resample_count: int, seed: int) -> Floats:
    """Sums over trends in a trend-level bootstrap, resample x column; linear in trends, a few resamples in memory at a time.

    Args:
        values: Trend x column.
        resample_count: Resamples.
        seed: Of the draws.
    """
    generator = np.random.default_rng(seed)
    count = values.shape[0]
    parts = []
    for begin in range(0, resample_count, _RESAMPLE_BLOCK):
        chosen = generator.multinomial(count, np.full(count, 1 / count), min(_RESAMPLE_BLOCK, resample_count - begin))
        parts.append(chosen.astype(float) @ values)
    return np.concatenate(parts)


def pooled_precedence(theta: Floats, decidable: Floats, account_thetas: Floats, parameters: KernelParameters) -> PooledPrecedence:
    """Pool trends: mean theta over mean decidable share, trend-level bootstrap, two-sided; accounts that recur are a second cluster.

    The p-value is the larger of the trend-level bootstrap's and the account-level bootstrap's, the interval the wider.

    Args:
        theta: Of each trend, in a fixed order; finite.
        decidable: Decidable share of each trend, above 0.
        account_thetas: Theta in each resample of accounts, trend x resample.
        parameters: See :class:`KernelParameters`.
    """
    count = theta.size
    if count < 2:
        return PooledPrecedence(NONE, NONE, NONE, NONE, count)
    means = resampled_sums(theta[:, None], 4 * parameters.bootstrap_count, parameters.seed)[:, 0] / count
    # A bootstrap of n units is too narrow by (n-1)/n in variance.
    widen = np.sqrt(count / (count - 1))
    by_trend = theta.mean() + widen * (means - theta.mean())
    by_account = account_thetas.mean(axis=0)
    by_account = by_account + theta.mean() - by_account.mean()
    tail = (1 - parameters.interval_level) / 2
    ranges = [
        np.quantile(_probability(resample, np.asarray(decidable.mean())), [tail, 1 - tail]) for resample in (by_trend, by_account)
    ]
    low, high = max(ranges, key=lambda ends: float(ends[1] - ends[0]))
    probability = float(_probability(theta.mean(), decidable.mean()))
    p_value = max(resampled_p(by_trend, count), resampled_p(by_account))
    return PooledPrecedence(probability, float(low), float(high), p_value, count)


def naive_lead(lead_hours: Floats, target_hours: Floats) -> tuple[float, float, float]:
    """First target adoption minus first lead adoption, with its null when group labels are shuffled.

    The null is exact, not drawn: among n adopters in the order of time, the first k are all of the lead group and the
    next is of the target group with probability ``prod_{i<k} (n_lead - i) / (n - i) * n_target / (n - k)``.

    Args:
        lead_hours: Adoption times of the lead group, hours; not empty.
        target_hours: Adoption times of the target group, hours; not empty.

    Returns:
        Naive lead (hours, positive when a lead account was first), its median under the null, and its two-sided
        p-value under it.
    """
    observed = float(target_hours.min() - lead_hours.min())
    times = np.sort(np.concatenate([lead_hours, target_hours]))
    values, chances = [], []
    for sign, count in ((1, lead_hours.size), (-1, target_hours.size)):
        before = np.arange(count)
        run = np.cumprod((count - before) / (times.size - before)) * (times.size - count) / (times.size - 1 - before)
        values.append(sign * (times[1 : count + 1] - times[0]))
        chances.append(run)
    value, chance = np.concatenate(values), np.concatenate(chances)
    order = np.argsort(value, kind="stable")
    value, share = value[order], np.cumsum(chance[order])
    middle = [value[np.searchsorted(share, edge)] for edge in (0.5 - 1e-9, 0.5 + 1e-9)]
    slack = 1e-9 * max(1.0, abs(observed))
    tails = chance[order][value >= observed - slack].sum(), chance[order][value <= observed + slack].sum()
    return observed, float(np.mean(middle)), float(min(1.0, 2 * min(tails)))
