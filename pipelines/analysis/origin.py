"""Origin odds at equal posting rate and equal opportunity (rank-ordered logit of the first adopters) and the naive excess. No tables, no gates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm, t

from pipelines.analysis.post_times import PostTimes

METHOD_VERSION: Final = "rank_ordered_logit_4"
Floats = NDArray[np.float64]
NONE: Final = float("nan")
_EXPOSURE_POINTS: Final = 48
_TINY: Final = 1e-9


@dataclass(frozen=True)
class OriginParameters:
    """Parameters of the choice model.

    Attributes:
        origin_set_size: Adopters after the first one that count as the origin of a trend (k). The first one sets the clock: its own time
            is what the others' chances are measured from.
        ridge: Penalty on the two posting-rate coefficients only.
        interval_level: Coverage of the reported interval.
        smallest_trend_count: Fewer trends than this abstain: the variance is between trends.
        alternative_cap: Later adopters of a trend that stand for all of them; the rest is left out by a seeded sample.
    """

    origin_set_size: int = 5
    ridge: float = 1e-3
    interval_level: float = 0.90
    smallest_trend_count: int = 8
    alternative_cap: int = 200


@dataclass(frozen=True)
class ChoiceSet:
    """Adopters of one trend.

    Attributes:
        account: Hashes of account keys, the same in every trend.
        adopted: Adoption times, hours; ties share credit.
        log_rate: Natural logarithm of the shrunken posting rate.
        opportunity: Chance to be among the origin set that the account's own posts gave it, up to a common factor; see :func:`opportunities`.
        is_group: Whether the adopter belongs to the tier in question.
        stands_for: Adopters that each one stands for: 1, and more for a sampled later adopter.
    """

    account: NDArray[np.uint64]
    adopted: Floats
    log_rate: Floats
    opportunity: Floats
    is_group: NDArray[np.bool_]
    stands_for: Floats

    def given_opportunity(self) -> ChoiceSet:
        """Those who could have been in the origin set: the first adopter, who sets the clock, could not."""
        able = (self.opportunity > 0) & (self.adopted > self.adopted.min())
        columns = (self.account, self.adopted, self.log_rate, self.opportunity, self.is_group, self.stands_for)
        return ChoiceSet(*(column[able] for column in columns))


@dataclass(frozen=True)
class OriginOdds:
    """Odds ratio of being picked into the origin set, this group against all others, at equal posting rate and opportunity."""

    odds_ratio: float
    low: float
    high: float
    p_value: float
    origin_set_count: float


@dataclass(frozen=True)
class NaiveOrigin:
    """Trends whose first adopter is of the group, the group's share of adopters summed over trends, and their ratio with its interval."""

    first_count: float
    expected_count: float
    excess_ratio: float
    low: float
    high: float
    z_score: float


@dataclass(frozen=True)
class _Situations:
    """All picks of all trends, stacked: one row per adopter still at risk in a pick."""

    features: Floats
    credit: Floats
    offset: Floats
    starts: NDArray[np.int64]
    picks: Floats
    trend: NDArray[np.int64]
    account: NDArray[np.int64]


def _situations(trends: list[ChoiceSet], size: int) -> _Situations:
    rows, shares_taken, lengths, picks, owners = [], [], [], [], []
    offset = 0
    for index, trend in enumerate(trends):
        order = np.argsort(trend.adopted, kind="stable")
        times = trend.adopted[order]
        begin, remaining = 0, float(min(size, order.size - 1))
        while remaining > 0:
            end = int(np.searchsorted(times, times[begin], side="right"))
            taken = min(remaining, float(end - begin))
            credit = np.zeros(order.size - begin)
            credit[: end - begin] = taken / (end - begin)
            if credit.size > end - begin or taken < end - begin:
                rows.append(offset + order[begin:])
                shares_taken.append(credit)
                lengths.append(credit.size)
                picks.append(taken)
                owners.append(np.full(credit.size, index))
            remaining -= taken
            begin = end
        offset += order.size
    if not rows:
        none = np.empty(0)
        return _Situations(np.empty((0, 3)), none, none, np.empty(0, int), none, np.empty(0, int), np.empty(0, int))
    rate = np.concatenate([trend.log_rate for trend in trends])
    group = np.concatenate([trend.is_group for trend in trends]).astype(float)
    scaled = (rate - rate.mean()) / (rate.std() or 1.0)
    square = scaled**2
    square = (square - square.mean()) / (square.std() or 1.0)
    taken_rows = np.concatenate(rows)
    features = np.column_stack([scaled, square, group])[taken_rows]
    accounts = np.unique(np.concatenate([trend.account for trend in trends]), return_inverse=True)[1][taken_rows]
    weights = np.concatenate([trend.stands_for * trend.opportunity for trend in trends])
    logs = np.log(weights)[taken_rows]
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
    return _Situations(features, np.concatenate(shares_taken), logs, starts, np.array(picks), np.concatenate(owners), accounts)


def _likelihood(stack: _Situations, beta: Floats, ridge: Floats) -> tuple[float, Floats, Floats]:
    """Penalised log likelihood, each row's chance times its situation's picks, and the Hessian's negative."""
    # A sampled alternative weighs as many as it stands for (McFadden 1978), and all weigh as their posts gave them opportunity.
    utility = stack.features @ beta + stack.offset
    lengths = np.diff(np.append(stack.starts, utility.size))
    largest = np.maximum.reduceat(utility, stack.starts)
    raised = np.exp(utility - np.repeat(largest, lengths))
    sums = np.add.reduceat(raised, stack.starts)
    chance = raised / np.repeat(sums, lengths)
    value = float(stack.credit @ (utility - stack.offset) - stack.picks @ (largest + np.log(sums)) - 0.5 * ridge @ beta**2)
    weighted = chance * np.repeat(stack.picks, lengths)
    means = np.add.reduceat(chance[:, None] * stack.features, stack.starts)
    information = (weighted[:, None] * stack.features).T @ stack.features - (stack.picks[:, None] * means).T @ means
    return value, weighted, information + np.diag(ridge)


def _clustered(scores: Floats, clusters: NDArray[np.int64]) -> Floats:
    labels, inverse = np.unique(clusters, return_inverse=True)
    sums = np.stack([np.bincount(inverse, column, labels.size) for column in scores.T], axis=1)
    return np.asarray(sums.T @ sums * (labels.size / max(labels.size - 1, 1)))


def origin_odds(trends: list[ChoiceSet], parameters: OriginParameters) -> OriginOdds:
    """Fit the rank-ordered logit of the first k adopters and give the group's odds ratio at equal posting rate and opportunity.

    Utility is ``log(opportunity)`` and ``a log(rate) + b log(rate)^2 + gamma [group]`` (covariates standardised, a small ridge on a and b);
    Newton with step halving; the variance is clustered by trend, or by trend and account where that is larger.

    Args:
        trends: Choice sets in a fixed order; those without both groups carry no information about gamma.
        parameters: See :class:`OriginParameters`.

    Returns:
        The odds ratio with its interval and two-sided p-value; NaN where the model cannot be fitted.
    """
    stack = _situations([trend.given_opportunity() for trend in trends], parameters.origin_set_size)
    picked = float(stack.credit @ stack.features[:, 2]) if stack.credit.size else 0.0
    if stack.picks.size == 0 or stack.features[:, 2].std() == 0:
        return OriginOdds(NONE, NONE, NONE, NONE, picked)
    if picked <= 0 or picked >= stack.picks.sum():
        return _separated(stack, picked, parameters)
    ridge = np.array([parameters.ridge, parameters.ridge, 0.0])
    beta = np.zeros(3)
    value, weighted, information = _likelihood(stack, beta, ridge)
    for _ in range(50):
        gradient = (stack.credit - weighted) @ stack.features - ridge * beta
        step = np.linalg.lstsq(information, gradient, rcond=None)[0]
        scale = 1.0
        while scale > 1e-6:
            proposal = _likelihood(stack, beta + scale * step, ridge)
            if proposal[0] >= value - 1e-12:
                break
            scale /= 2
        beta = beta + scale * step
        value, weighted, information = proposal
        if np.abs(scale * step).max() < 1e-8:
            break
    bread = np.linalg.pinv(information)
    # Features about their mean in each pick: else what an account contributes would hang on how a group is coded.
    lengths = np.diff(np.append(stack.starts, weighted.size))
    means = np.add.reduceat(weighted[:, None] * stack.features, stack.starts) / stack.picks[:, None]
    scores = (stack.credit - weighted)[:, None] * (stack.features - np.repeat(means, lengths, axis=0))
    cells = stack.trend * (int(stack.account.max()) + 1) + stack.account
    by_trend = _clustered(scores, stack.trend)
    two_way = by_trend + _clustered(scores, stack.account) - _clustered(scores, cells)
    variance = max(float((bread @ meat @ bread)[2, 2]) for meat in (by_trend, two_way))
    if variance <= 0 or not np.isfinite(variance):
        return OriginOdds(NONE, NONE, NONE, NONE, picked)
    error = variance**0.5
    freedom = max(np.unique(stack.trend).size - 1, 1)
    half = t.ppf((1 + parameters.interval_level) / 2, freedom) * error
    p_value = float(2 * t.sf(abs(beta[2]) / error, freedom))
    low, middle, high = np.exp(np.clip([beta[2] - half, beta[2], beta[2] + half], -50, 50))
    return OriginOdds(float(middle), float(low), float(high), p_value, picked)


def origin_end(adopted: Floats, parameters: OriginParameters) -> float:
    """When a trend's origin set is complete: the adoption of the last of its k members, hours since birth.

    Args:
        adopted: Adoption times of all creators, hours since birth.
        parameters: See :class:`OriginParameters`.

    Returns:
        NaN where there are too few adopters.
    """
    later = np.sort(adopted[adopted > adopted.min()]) if adopted.size else adopted
    return float(later[parameters.origin_set_size - 1]) if later.size > parameters.origin_set_size else NONE


def most_cautious(readings: Sequence[OriginOdds]) -> OriginOdds:
    """Of several readings of the same choices the one that says least: the largest p-value, and none where one of them cannot tell.

    Args:
        readings: One at least; of equal p-values the first is given.
    """
    return max(readings, key=lambda each: np.inf if np.isnan(each.p_value) else each.p_value)


def opportunities(posts: PostTimes, chance: float | Floats, end: float, exposures: Floats) -> Floats:
    """How likely each adopter's own posts made it to be in the origin set: the same exposure for all, its own occasions.

    Who was exposed at ``b`` shows the trend by ``t`` with ``1 - (1 - p)^n``, n its posts in between (see :mod:`pipelines.analysis.timeline`):
    sessions and hours count, not rates. Exposure before the end of the origin set is taken to rise evenly from as long before the birth as the
    set took after it. Only adopters are looked at, and who posts seldom often never becomes one: so the chance to show it by the end of the
    origin set is divided by the chance to show it at all, with the exposures of the whole trend.

    Args:
        posts: Posting times of each account, hours since birth; those before it do not count, for nobody had used the trend.
        chance: p, the chance that a post after exposure uses the trend, of all accounts or of each.
        end: See :func:`origin_end`.
        exposures: Times about which the trend's adopters were exposed, hours since birth.
    """
    points = (np.arange(_EXPOSURE_POINTS) + 0.5) / _EXPOSURE_POINTS * 2 * end - end
    early = _shown(posts, chance, points, end) @ (points + end) / (points + end).sum()
    quantiles = np.quantile(exposures, (np.arange(_EXPOSURE_POINTS) + 0.5) / _EXPOSURE_POINTS)
    return np.asarray(early / np.maximum(_shown(posts, chance, quantiles, np.inf).mean(axis=1), _TINY))


def _shown(posts: PostTimes, chance: float | Floats, points: Floats, end: float) -> Floats:
    """Chance of each account to have shown a trend by a time, for exposures at some points in rising order."""
    hours, owner = posts.hours, np.repeat(np.arange(len(posts)), posts.counts)
    inside = (hours > 0) & (hours <= end)
    # A post counts for every exposure before it.
    place = np.searchsorted(points, hours[inside], side="right")
    table = np.bincount(owner[inside] * (points.size + 1) + place, minlength=len(posts) * (points.size + 1))
    after = table.reshape(len(posts), -1)[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
    return np.asarray(1 - (1 - np.reshape(chance, (-1, 1))) ** after)


def _separated(stack: _Situations, picked: float, parameters: OriginParameters) -> OriginOdds:
    """Odds where every pick, or none, is of the group: no estimate is finite, but its bound is, and so is the chance of the picks.

    Picks of one trend hang together, so each trend counts as one pick with the mean of its picks' log chances. The odds ratio is the one at
    which all picks but half of one would be of that side (Haldane 1956); its outer bound is open.
    """
    lengths = np.diff(np.append(stack.starts, stack.credit.size))
    weights, group = np.exp(stack.offset), stack.features[:, 2] > 0
    total = np.add.reduceat(weights, stack.starts)
    share = np.add.reduceat(weights * group, stack.starts) / total
    is_all = picked > 0
    share = share if is_all else 1 - share
    trend = stack.trend[stack.starts]
    told = (share > 0) & (share < 1) & (lengths > 1)
    if not told.any():
        return OriginOdds(NONE, NONE, NONE, NONE, picked)
    share, trend, picks = share[told], np.unique(trend[told], return_inverse=True)[1], stack.picks[told]
    one_a_trend = picks / np.bincount(trend, picks)[trend]

    def missing(log_odds: float) -> float:
        """Expected picks of the other side, one pick a trend."""
        return float(one_a_trend @ (1 / (1 + np.exp(log_odds) * share / (1 - share))))

    def chance(log_odds: float) -> float:
        return float(np.exp(one_a_trend @ -np.log1p(np.exp(-log_odds) * (1 - share) / share)))

    middle = brentq(lambda value: missing(value) - min(0.5, missing(0.0)), 0.0, 60.0)
    tail = (1 - parameters.interval_level) / 2
    inner = brentq(lambda value: chance(value) - tail, -60.0, 60.0)
    p_value = min(2 * chance(0.0), 1.0)
    odds, bound = float(np.exp(middle)), float(np.exp(min(inner, middle)))
    return OriginOdds(odds, bound, np.inf, p_value, picked) if is_all else OriginOdds(1 / odds, 0.0, 1 / bound, p_value, picked)


def choice_set(adopters: ChoiceSet, parameters: OriginParameters, seed: int) -> tuple[NDArray[np.int64], Floats]:
    """Choose who stands for a trend's adopters: the first, its origin set, and a sample of the later ones; who had no opportunity is left out.

    Args:
        adopters: All adopters.
        parameters: See :class:`OriginParameters`.
        seed: Of the sample.

    Returns:
        Rows in the order of adoption, and how many adopters each stands for.
    """
    order = np.lexsort((adopters.account, adopters.adopted))
    order = order[(adopters.opportunity[order] > 0) | (adopters.adopted[order] == adopters.adopted.min())]
    times = adopters.adopted[order]
    first = int(np.searchsorted(times, times[0], side="right"))
    if order.size <= first + parameters.origin_set_size:
        return order[:0], np.empty(0)
    picked = int(np.searchsorted(times, times[first + parameters.origin_set_size - 1], side="right"))
    later = order.size - picked
    if later <= parameters.alternative_cap:
        return order, np.ones(order.size)
    sample = np.sort(np.random.default_rng(seed).choice(later, parameters.alternative_cap, replace=False))
    kept = np.concatenate([order[:picked], order[picked:][sample]])
    return kept, np.concatenate([np.ones(picked), np.full(sample.size, later / sample.size)])


def first_share(adopted: Floats, is_group: NDArray[np.bool_]) -> float:
    """Share of a group among the adopters tied for first in one trend."""
    return float(is_group[adopted == adopted.min()].mean())


def naive_origin(first_shares: Floats, group_shares: Floats, interval_level: float = 0.90) -> NaiveOrigin:
    """Compare the group's first adopters with its share of adopters: the usual number, wrong where posting rates differ.

    The interval of the ratio r holds what a score test would not reject (Wilson 1927), a trend with share s being
    the group's with probability r s: ``(first - r sum s)^2 <= z^2 (r sum s - r^2 sum s^2)``.

    Args:
        first_shares: Of each trend, the group's credit for being first (ties share it).
        group_shares: Of each trend, the group's share of adopters.
        interval_level: Coverage of the interval.
    """
    first, expected = float(first_shares.sum()), float(group_shares.sum())
    squares = float((group_shares**2).sum())
    variance = expected - squares
    z_score = (first - expected) / variance**0.5 if variance > 0 else 0.0
    if expected <= 0:
        return NaiveOrigin(first, expected, NONE, NONE, NONE, z_score)
    z = float(norm.ppf((1 + interval_level) / 2))
    square, linear = expected**2 + z**2 * squares, 2 * first * expected + z**2 * expected
    half = max(linear**2 - 4 * square * first**2, 0.0) ** 0.5
    low, high = (linear - half) / (2 * square), (linear + half) / (2 * square)
    ratio = first / expected
    return NaiveOrigin(first, expected, ratio, min(low, ratio), max(high, ratio), z_score)


def two_sided_normal_p(z_score: float) -> float:
    """Two-sided p-value of a standard normal score."""
    return float(2 * norm.sf(abs(z_score)))
