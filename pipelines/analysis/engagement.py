"""Engagement rates that are fair to small accounts: shrunk, with intervals, against accounts of the same size, ranked with doubt. No I/O.

What is estimated is an account's engagements per follower (or per view) and post, in the long run of such posts. Of an account with few
posts little is known, so it is drawn towards accounts of its own size on its own platform (Efron and Morris 1975, Robbins 1956).
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.analysis.engagement_contracts import CREATOR_ENGAGEMENT, STATE_ENGAGEMENT_MONTHS
from pipelines.analysis.increments import Analysis, Partition, digest, row_hashes, stored_table
from pipelines.analysis.parameters import params_hash

METHOD_VERSION: Final = "engagement_negative_binomial_1"
ANY_AGE: Final = "any"
TIER, PLATFORM = "tier", "platform"
NO_COUNTER, NO_DENOMINATOR, AGE_UNMATCHED, TOO_FEW_PEERS = "no_counter", "no_denominator", "age_unmatched", "too_few_peers"
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
_PLACES: Final = 9
_NODES: Final = 81
_WIDTH: Final = 6.0
"""Nodes of the grid that a posterior is summed on, and how many of its own widths it reaches to either side."""
_NEWTON_STEPS: Final = 40
_LEAST_VARIANCE: Final = 1e-4
_SMALL_VARIANCE: Final = 0.01
_VARIANCE_FACTORS: Final = 2.0 ** np.linspace(-3.0, 3.0, 13)
_ALIKE: Final = 0.7
_LEAST_SHARE: Final = 0.01
"""Variances that are weighed against each other, as multiples of the likely one; standard deviation of the logarithm of a tier's variance
about its platform's; the probability, relative to the best, below which a variance is left out."""
_ROUNDS_OF_A_VARIANCE: Final = 5
_ROUNDS_OF_A_LINE: Final = 3
_SETTLED: Final = 1e-3
_FLAT: Final = 1e-9
_QUARTILES_OF_NORMAL: Final = 1.349


@dataclass(frozen=True)
class EngagementParameters:
    """Parameters of engagement.

    Attributes:
        age_bands: Name and age in days of the bands that ``int_account_engagement_months`` rates posts in; its SQL holds the tolerances.
        reference_band: The band that rates are compared in wherever it rates enough posts.
        reference_share: So many are enough, as a share of the posts that the best band of the platform, month and basis rates.
        smallest_stratum: Accounts with a rated post that a tier needs to be a stratum of its own.
        smallest_pool: Accounts that a platform needs, below which nothing is shrunk.
        smallest_bin: Accounts that a bin of sizes needs.
        bin_width: Of sizes, in decimal logarithms of followers.
        post_variance: Squared coefficient of variation of a post's engagement about its account's mean, where too few posts tell it.
        smallest_post_freedom: Posts, less one an account, that are needed to tell it.
        interval_level: Of intervals of rates and ranks.
        draw_count: Posterior draws that ranks are counted on.
        largest_round_count: Rounds in which prior and variances are fitted to each other.
        seed: Of the draws.
    """

    age_bands: tuple[tuple[str, float], ...] = (("day_1", 1.0), ("day_3", 3.0), ("day_7", 7.0), ("settled", 28.0))
    reference_band: str = "day_7"
    reference_share: float = 0.5
    smallest_stratum: int = 30
    smallest_pool: int = 10
    smallest_bin: int = 10
    bin_width: float = 0.1
    post_variance: float = 1.0
    smallest_post_freedom: int = 20
    interval_level: float = 0.9
    draw_count: int = 200
    largest_round_count: int = 60
    seed: int = 20_260_801


@dataclass(frozen=True)
class Posts:
    """Rated posts of accounts, summed by account; all arrays have one value an account.

    Attributes:
        count: Rated posts, 1 at least.
        engagement: Sum of the numerators.
        denominator: Sum of the denominators, positive.
        denominator_square: Sum of the squared denominators.
        rate: Sum of the posts' own rates.
        rate_square: Sum of their squares.
        counting_variance: Sum of numerators over squared denominators: what chance alone adds to the variance of the posts' rates.
    """

    count: Floats
    engagement: Floats
    denominator: Floats
    denominator_square: Floats
    rate: Floats
    rate_square: Floats
    counting_variance: Floats

    def take(self, kept: Flags) -> Posts:
        """Those of some accounts."""
        return Posts(*(values[kept] for values in vars(self).values()))

    @property
    def effective_count(self) -> Floats:
        """Posts of equal denominator that would weigh as much (Kish 1965)."""
        return np.asarray(self.denominator**2 / self.denominator_square)


@dataclass(frozen=True)
class Prior:
    """What is known of an account's rate before its posts are looked at: normal in the logarithm, about a line in size.

    Attributes:
        intercept: Of the mean of log rate, at ``centre``.
        slope: Change of that mean for a tenfold number of followers.
        variance: Of the log rates about the line.
        post_variance: Squared coefficient of variation of posts about their account's mean, beyond counting.
        centre: Size (decimal logarithm of followers) at which the line is known best.
        intercept_variance: How uncertain the line is there.
        slope_variance: How uncertain its slope is.
    """

    intercept: float
    slope: float
    variance: float
    post_variance: float
    centre: float = 0.0
    intercept_variance: float = 0.0
    slope_variance: float = 0.0

    def means(self, sizes: Floats) -> Floats:
        """Mean log rate at sizes."""
        return np.asarray(self.intercept + self.slope * (sizes - self.centre))

    def variances(self, sizes: Floats) -> Floats:
        """Variance of a log rate at sizes, with the doubt of where the line runs."""
        doubt = self.intercept_variance + self.slope_variance * (sizes - self.centre) ** 2
        return np.asarray(np.maximum(self.variance, _LEAST_VARIANCE) + doubt)


@dataclass(frozen=True)
class Posterior:
    """Distribution of each account's log rate, on a grid of its own.

    Attributes:
        nodes: Log rates, account x node, ascending.
        weights: Their probabilities, account x node.
        log_likelihood: Of each account's posts under the prior, but for what hangs on neither prior nor rate.
    """

    nodes: Floats
    weights: Floats
    log_likelihood: Floats

    def take(self, kept: Flags) -> Posterior:
        """Those of some accounts."""
        return Posterior(self.nodes[kept], self.weights[kept], self.log_likelihood[kept])

    @property
    def log_mean(self) -> Floats:
        """Mean of the log rate."""
        return np.asarray((self.nodes * self.weights).sum(axis=1))

    @property
    def log_variance(self) -> Floats:
        """Variance of the log rate."""
        return np.asarray(((self.nodes - self.log_mean[:, None]) ** 2 * self.weights).sum(axis=1))

    @property
    def rate_mean(self) -> Floats:
        """Mean of the rate itself."""
        return np.asarray((np.exp(self.nodes) * self.weights).sum(axis=1))

    def quantiles(self, levels: Floats) -> Floats:
        """Log rates below which so much of each account's probability lies; levels are account x level."""
        # Half of a node's weight lies below it.
        below = np.cumsum(self.weights, axis=1) - self.weights / 2
        rows = [np.interp(level, row, nodes) for level, row, nodes in zip(levels, below, self.nodes, strict=True)]
        return np.array(rows).reshape(levels.shape)


def posterior(posts: Posts, sizes: Floats, prior: Prior) -> Posterior:
    """Weigh what an account's posts say against what accounts of its size are like.

    The sum of ``n`` posts with mean ``rate x denominator`` is taken as negative binomial of shape ``n / post_variance``: Poisson counts
    of posts that vary among each other, so that the number of posts and not of engagements is the size of the sample. The prior of
    the log rate is normal. Unlike a normal law of the log rate, this holds for a single post and for none that is engaged with.

    Args:
        posts: Of the accounts.
        sizes: Decimal logarithm of their followers.
        prior: See :class:`Prior`.
    """
    means, variances = prior.means(sizes), prior.variances(sizes)
    shape = posts.effective_count / prior.post_variance
    count, exposure = posts.engagement, posts.denominator
    both = count + shape

    mode = means.copy()
    for _ in range(_NEWTON_STEPS):
        # Share of the mean in mean and shape together, which the derivatives of the negative binomial are made of.
        share = 1 / (1 + shape / (np.exp(mode) * exposure))
        step = (count - both * share - (mode - means) / variances) / (both * share * (1 - share) + 1 / variances)
        mode = mode + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-9:
            break
    share = 1 / (1 + shape / (np.exp(mode) * exposure))
    width = 1 / np.sqrt(both * share * (1 - share) + 1 / variances)
    # Towards low rates few engagements say little, and the tail is that of the prior, whatever the curvature at the mode.
    left = np.where(count > 0, np.minimum(2 * width, np.sqrt(variances)), np.sqrt(variances))
    steps = np.linspace(-_WIDTH, _WIDTH, _NODES)
    nodes = mode[:, None] + steps * np.where(steps < 0, np.maximum(left, width)[:, None], width[:, None])
    logs = (
        count[:, None] * nodes
        - both[:, None] * np.logaddexp(nodes + np.log(exposure)[:, None], np.log(shape)[:, None])
        - (nodes - means[:, None]) ** 2 / (2 * variances[:, None])
    )
    highest = logs.max(axis=1, keepdims=True)
    weights = np.exp(logs - highest) * np.gradient(nodes, axis=1)
    total = weights.sum(axis=1, keepdims=True)
    likelihood = (highest + np.log(total)).ravel() + shape * np.log(shape) - np.log(2 * np.pi * variances) / 2
    return Posterior(nodes, weights / total, likelihood)


def _together(parts: list[tuple[Flags, Posterior]], size: int) -> Posterior:
    """Posteriors of disjoint groups of accounts as one; a grid with fewer nodes is filled up with its last one, at no weight."""
    width = max(part.nodes.shape[1] for _, part in parts)
    nodes, weights, likelihood = np.zeros((size, width)), np.zeros((size, width)), np.zeros(size)
    for members, part in parts:
        more = ((0, 0), (0, width - part.nodes.shape[1]))
        nodes[members] = np.pad(part.nodes, more, mode="edge")
        weights[members] = np.pad(part.weights, more)
        likelihood[members] = part.log_likelihood
    return Posterior(nodes, weights, likelihood)


def _mixed(parts: list[tuple[Posterior, float]]) -> Posterior:
    """Posteriors under several priors, each weighed by how much it is to be believed."""
    nodes = np.hstack([part.nodes for part, _ in parts])
    weights = np.hstack([part.weights * share for part, share in parts])
    order = np.argsort(nodes, axis=1, kind="stable")
    likelihood = np.asarray(sum(share * part.log_likelihood for part, share in parts))
    return Posterior(np.take_along_axis(nodes, order, 1), np.take_along_axis(weights, order, 1), likelihood)


def post_variance(posts: Posts, rates: Floats, parameters: EngagementParameters) -> float:
    """Squared coefficient of variation of posts about their account's mean beyond counting, pooled over accounts: a ratio of moments.

    Args:
        posts: Of the accounts; those with one post say nothing.
        rates: Of the accounts, shrunk: they only set the scale on which accounts weigh alike.
        parameters: See :class:`EngagementParameters`.
    """
    several = posts.count > 1
    some = posts.take(several)
    freedom = some.count - 1
    if freedom.sum() < parameters.smallest_post_freedom:
        return parameters.post_variance
    variance = (some.rate_square - some.rate**2 / some.count) / freedom
    mean = some.rate / some.count
    beyond = variance - some.counting_variance / some.count
    scale = freedom / rates[several] ** 2
    square = float((scale * (mean**2 - variance / some.count)).sum())
    found = float((scale * beyond).sum()) / square if square > 0 else parameters.post_variance
    return float(np.clip(found, 0.05, 20.0))


def _line(posts: Posts, sizes: Floats, prior: Prior, found: Posterior) -> Prior:
    """The prior with its line fitted to what was found under it, and with the doubt of that line."""
    logs = found.log_mean
    # An account weighs as much as its posts tell beside how unlike accounts are.
    sampling = prior.post_variance / posts.effective_count + 1 / np.maximum(posts.engagement, 0.5)
    weights = 1 / (max(prior.variance, _LEAST_VARIANCE) + sampling)
    total = float(weights.sum())
    centre = float(weights @ sizes) / total
    spread = float(weights @ (sizes - centre) ** 2)
    shifts = sizes - sizes.mean()
    even = float(shifts @ shifts)
    # The M-step of EM is over all accounts alike; how uncertain the line is hangs on what each account tells.
    slope = float(shifts @ logs) / even if even > _FLAT else 0.0
    intercept = float(logs.mean()) + slope * (centre - float(sizes.mean()))
    return replace(
        prior,
        intercept=intercept,
        slope=slope,
        centre=centre,
        intercept_variance=1 / total,
        slope_variance=1 / spread if spread > _FLAT else 0.0,
    )


def fit_prior(posts: Posts, sizes: Floats, parameters: EngagementParameters, *, of_posts: float | None = None) -> Prior:
    """Fit the prior of a stratum by EM (Dempster, Laird and Rubin 1977), with a line in size.

    Args:
        posts: Of the stratum's accounts.
        sizes: Decimal logarithm of their followers, all alike where unknown.
        parameters: See :class:`EngagementParameters`.
        of_posts: Variance of posts; fitted along with the prior when None.
    """
    total = float(np.log((posts.engagement.sum() + 0.5) / posts.denominator.sum()))
    prior = Prior(total, 0.0, 1.0, of_posts or parameters.post_variance)
    for number in range(parameters.largest_round_count):
        certain = replace(prior, intercept_variance=0.0, slope_variance=0.0)
        found = posterior(posts, sizes, certain)
        changed = _line(posts, sizes, prior, found)
        variance = float(np.mean((found.log_mean - changed.means(sizes)) ** 2 + found.log_variance))
        of_post = prior.post_variance
        if of_posts is None and number % _ROUNDS_OF_A_VARIANCE == 0:
            of_post = post_variance(posts, found.rate_mean, parameters)
        changed = replace(changed, variance=variance, post_variance=of_post)
        step = max(abs(changed.variance - prior.variance), abs(changed.post_variance - prior.post_variance))
        step = max(step, float(np.abs(changed.means(sizes) - prior.means(sizes)).max()))
        prior = changed
        if step < _SETTLED and number % _ROUNDS_OF_A_VARIANCE:
            break
    return prior


def shrink(posts: Posts, sizes: Floats, prior: Prior, usual_variance: float | None = None) -> Posterior:
    """Posterior of a stratum's accounts under all variances that its accounts allow for, each by its probability.

    The fitted variance alone, taken for true, gives intervals that are too narrow where a stratum has few posts (Morris 1983). Before
    its accounts are looked at, a stratum's standard deviation may be anything (Gelman 2006), or like that of its platform.

    Args:
        posts: Of the stratum's accounts.
        sizes: Decimal logarithm of their followers.
        prior: Fitted to them (:func:`fit_prior`).
        usual_variance: Of all the platform's accounts; None where the stratum is all of them.
    """
    centre = usual_variance or max(prior.variance, _SMALL_VARIANCE)
    tried: list[tuple[Prior, float]] = []
    for variance in (centre * _VARIANCE_FACTORS).tolist():
        line = certain = replace(prior, variance=variance, intercept_variance=0.0, slope_variance=0.0)
        for _ in range(_ROUNDS_OF_A_LINE):
            line = _line(posts, sizes, certain, posterior(posts, sizes, certain))
            certain = replace(line, intercept_variance=0.0, slope_variance=0.0)
        expected = np.log(variance) / 2 if usual_variance is None else -((np.log(variance / centre) / _ALIKE) ** 2) / 2
        tried.append((line, float(posterior(posts, sizes, certain).log_likelihood.sum() + expected)))
    best = max(level for _, level in tried)
    shares = [float(np.exp(level - best)) for _, level in tried]
    kept = [(line, share) for (line, _), share in zip(tried, shares, strict=True) if share > _LEAST_SHARE]
    whole = sum(share for _, share in kept)
    return _mixed([(posterior(posts, sizes, line), share / whole) for line, share in kept])


def _monotone(values: Floats, weights: Floats, sign: float) -> Floats:
    """Nearest monotone sequence, rising for a positive sign: pools adjacent violators (Ayer et al. 1955)."""
    blocks: list[list[float]] = []
    for value, weight in zip(sign * values, weights, strict=True):
        blocks.append([float(value), float(weight), 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            last = blocks.pop()
            first = blocks[-1]
            together = first[1] + last[1]
            blocks[-1] = [(first[0] * first[1] + last[0] * last[1]) / together, together, first[2] + last[2]]
    return sign * np.repeat([block[0] for block in blocks], [int(block[2]) for block in blocks])


def _bin_ends(cells: NDArray[np.int64], smallest: int) -> list[int]:
    """Where bins of sorted cells begin, and the end of the last: small cells join the next one, what is left at the end joins the last."""
    ends = [0]
    for end in (np.flatnonzero(np.diff(cells)) + 1).tolist():
        if end - ends[-1] >= smallest and cells.size - end >= smallest:
            ends.append(end)
    return [*ends, cells.size]


def size_curve(sizes: Floats, logs: Floats, parameters: EngagementParameters) -> Floats:
    """Log rate that accounts of a size usually have: medians in bins of size, made monotone, on a line between bins.

    Rates fall with size on most platforms for reasons that are no merit of small accounts, so this is the baseline.

    Args:
        sizes: Decimal logarithm of followers.
        logs: Log rates.
        parameters: See :class:`EngagementParameters`.

    Returns:
        The curve at each account's size.
    """
    order = np.argsort(sizes, kind="stable")
    cells = np.floor(sizes[order] / parameters.bin_width).astype(np.int64)
    bins = [order[start:end] for start, end in pairwise(_bin_ends(cells, parameters.smallest_bin))]
    centres, medians, weights = (
        [float(measure(kept)) for kept in bins]
        for measure in (lambda kept: np.median(sizes[kept]), lambda kept: np.median(logs[kept]), np.size)
    )
    middle = np.array(medians)
    trend = np.polyfit(centres, middle, 1, w=np.sqrt(weights))[0] if len(centres) > 1 else 0.0
    return np.asarray(np.interp(sizes, centres, _monotone(middle, np.array(weights), 1.0 if trend > 0 else -1.0)))


def peer_scores(sizes: Floats, found: Posterior, parameters: EngagementParameters) -> Floats:
    """How far each account lies from the curve of its size, in robust standard deviations of true log rates about it.

    Args:
        sizes: Decimal logarithm of followers; NaN where unknown.
        found: Posterior of the accounts.
        parameters: See :class:`EngagementParameters`.

    Returns:
        NaN where the size is unknown or too few accounts have one.
    """
    known = np.isfinite(sizes)
    scores = np.full(sizes.size, np.nan)
    if known.sum() < 2 * parameters.smallest_bin:
        return scores
    logs = found.log_mean[known]
    residuals = logs - size_curve(sizes[known], logs, parameters)
    low, high = np.quantile(residuals, [0.25, 0.75])
    # Posterior means lie closer together than what they are means of: their own doubt is the rest.
    spread = np.sqrt(((high - low) / _QUARTILES_OF_NORMAL) ** 2 + found.log_variance[known].mean())
    scores[known] = residuals / spread if spread > 0 else 0.0
    return scores


def _ranks(draws: Floats) -> NDArray[np.int64]:
    """Ranks of accounts in each draw (account x draw); 1 has the highest rate."""
    return np.asarray(np.argsort(np.argsort(-draws, axis=0, kind="stable"), axis=0, kind="stable") + 1)


def _rank_ends(draws: Floats, level: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ends of an interval that holds an account's rank in so many of the draws."""
    ranks = _ranks(draws)
    tail = (1 - level) / 2
    low = np.quantile(ranks, tail, axis=1, method="inverted_cdf")
    high = np.quantile(ranks, 1 - tail, axis=1, method="inverted_cdf")
    return low.astype(np.int64), high.astype(np.int64)


@dataclass(frozen=True)
class Estimates:
    """Of accounts of one platform, month and basis; one value an account, NaN or 0 where nothing is estimated.

    Attributes:
        shrunk: Posterior mean of the rate.
        low: Lower end of its interval.
        high: Upper end.
        peer_z: See :func:`peer_scores`.
        percentile: Share of the other accounts, of all tiers, that have a lower rate: mean over draws. Ranks of shrunk rates would
            favour whole tiers, because they vary less than what they are means of (Laird and Louis 1989).
        rank_low: See :func:`_rank_ends`.
        rank_high: The same.
        peer_count: Accounts in the stratum.
        stratum: Its kind, None where there is none.
    """

    shrunk: Floats
    low: Floats
    high: Floats
    peer_z: Floats
    percentile: Floats
    rank_low: NDArray[np.int64]
    rank_high: NDArray[np.int64]
    peer_count: NDArray[np.int64]
    stratum: list[str | None]


def estimate(posts: Posts, tiers: list[str | None], followers: Floats, seed: int, parameters: EngagementParameters) -> Estimates:
    """Shrink, compare and rank the accounts of one platform, month and basis.

    The variance of posts is pooled over all of them. The prior is that of the account's tier; of a tier with too few accounts, that
    of all tiers together, with its line in size.

    Args:
        posts: Of the accounts, in an order that the caller fixes.
        tiers: Of the accounts, None where unknown: such accounts are a tier of their own.
        followers: Of the accounts, NaN where unknown.
        seed: Of the draws for ranks.
        parameters: See :class:`EngagementParameters`.
    """
    size = posts.count.size
    if size < parameters.smallest_pool:
        nothing, none = np.full(size, np.nan), np.zeros(size, dtype=np.int64)
        return Estimates(nothing, nothing, nothing, nothing, nothing, none, none, np.full(size, size), [None] * size)
    known = np.log10(np.maximum(followers, 1.0))
    sizes = np.where(np.isfinite(known), known, np.nanmean(known) if np.isfinite(known).any() else 0.0)
    pool = fit_prior(posts, sizes, parameters)
    names = np.array([tier or "" for tier in tiers], dtype=object)
    strata = [names == name for name in sorted(set(names.tolist()))]
    strata = [members for members in strata if members.sum() >= parameters.smallest_stratum]
    rest = ~np.logical_or.reduce([*strata, np.zeros(size, dtype=np.bool_)])
    parts = [(rest, shrink(posts, sizes, pool).take(rest))] if rest.any() else []
    for members in strata:
        some = posts.take(members)
        own = fit_prior(some, sizes[members], parameters, of_posts=pool.post_variance)
        parts.append((members, shrink(some, sizes[members], own, pool.variance)))
    found = _together(parts, size)
    tail = (1 - parameters.interval_level) / 2
    ends = np.exp(found.quantiles(np.tile([tail, 1 - tail], (size, 1))))
    draws = found.quantiles(np.random.default_rng(seed).random((size, parameters.draw_count)))
    percentile = (size - _ranks(draws).mean(axis=1)) / (size - 1)
    rank_low, rank_high = _rank_ends(draws, parameters.interval_level)
    peers, stratum = np.full(size, size), np.full(size, PLATFORM, dtype=object)
    for members in strata:
        rank_low[members], rank_high[members] = _rank_ends(draws[members], parameters.interval_level)
        peers[members], stratum[members] = members.sum(), TIER
    scores = peer_scores(known, found, parameters)
    return Estimates(found.rate_mean, ends[:, 0], ends[:, 1], scores, percentile, rank_low, rank_high, peers, stratum.tolist())


def _chosen_band(counts: Mapping[str, int], parameters: EngagementParameters) -> str | None:
    """The band that a platform's accounts are compared in: the reference where it rates enough posts, else the one that rates most."""
    if not counts:
        return None
    most = max(counts.values())
    if counts.get(parameters.reference_band, 0) >= parameters.reference_share * most:
        return parameters.reference_band
    places = {name: place for place, (name, _) in enumerate(parameters.age_bands)}
    # Of bands that rate equally many the later one: its counters have grown more.
    return max(counts, key=lambda name: (counts[name], places[name]))


def _reason(totals: Mapping[str, Any], age_unmatched: int) -> str:
    """What keeps most posts of an account from being rated."""
    reasons = {
        NO_COUNTER: totals["no_counter_post_count"],
        NO_DENOMINATOR: totals["no_denominator_post_count"],
        AGE_UNMATCHED: age_unmatched,
    }
    return max(reasons, key=lambda name: reasons[name])


def _cell_rows(rows: list[dict[str, Any]], parameters: EngagementParameters) -> list[dict[str, Any]]:
    """Derived rows of one platform, month and basis."""
    counts: dict[str, int] = {}
    for row in rows:
        if row["age_band"] != ANY_AGE:
            counts[row["age_band"]] = counts.get(row["age_band"], 0) + row["post_count"]
    band = _chosen_band(counts, parameters)
    rated = {row["account_key"]: row for row in rows if row["age_band"] == band}
    totals = sorted((row for row in rows if row["age_band"] == ANY_AGE), key=lambda row: str(row["account_key"]))
    made: list[dict[str, Any]] = []
    for total in totals:
        own = rated.get(total["account_key"], {})
        count = own.get("post_count", 0)
        unrated = total["post_count"] - count
        age_unmatched = unrated - total["no_counter_post_count"] - total["no_denominator_post_count"]
        made.append(
            {name: total[name] for name in ("month", "platform", "account_key", "basis", "tier", "followers_count")}
            | {name: total[name] for name in ("no_counter_post_count", "no_denominator_post_count")}
            | {name: own.get(name, 0) for name in ("like_count", "engagement_count", "denominator_count")}
            | {"age_band": band, "rated_post_count": count, "unrated_post_count": unrated}
            | {"age_unmatched_post_count": age_unmatched, "peer_count": 0}
            | {"null_reason": None if count else _reason(total, age_unmatched)}
        )
    of_posts = [row for row in made if row["rated_post_count"]]
    if of_posts:
        _estimate_rows(of_posts, rated, parameters)
    return made


def _estimate_rows(made: list[dict[str, Any]], rated: Mapping[str, dict[str, Any]], parameters: EngagementParameters) -> None:
    """Put rates and what is estimated of them into rows with rated posts."""

    def column(name: str) -> Floats:
        return np.array([rated[row["account_key"]][name] for row in made], dtype=np.float64)

    names = ("post_count", "engagement_count", "denominator_count", "denominator_square_sum")
    posts = Posts(*(column(name) for name in (*names, "rate_sum", "rate_square_sum", "counting_variance_sum")))
    followers = np.array([np.nan if row["followers_count"] is None else row["followers_count"] for row in made], dtype=np.float64)
    cell = "|".join(str(made[0][name]) for name in ("platform", "month", "basis"))
    found = estimate(posts, [row["tier"] for row in made], followers, parameters.seed + zlib.crc32(cell.encode()), parameters)
    for place, row in enumerate(made):
        row["engagement_rate"] = row["engagement_count"] / row["denominator_count"]
        row["peer_count"] = int(found.peer_count[place])
        if found.stratum[place] is None:
            row["null_reason"] = TOO_FEW_PEERS
            continue
        values = {"engagement_rate_shrunk": found.shrunk, "engagement_rate_low": found.low, "engagement_rate_high": found.high}
        values |= {"peer_z": found.peer_z, "rate_percentile": found.percentile}
        row |= {name: _rounded(float(each[place])) for name, each in values.items()}
        row |= {"rank_low": int(found.rank_low[place]), "rank_high": int(found.rank_high[place])}
        row["stratum"] = found.stratum[place]


def _rounded(value: float) -> float | None:
    """So that the order of a sum does not show; rates are small, so significant digits are kept and not places."""
    return float(f"{value:.{_PLACES}g}") + 0.0 if np.isfinite(value) else None


def estimate_month(rows: pa.Table, parameters: EngagementParameters | None = None) -> pa.Table:
    """Estimate one month.

    Args:
        rows: ``int_account_engagement_months`` of one month, in any order.
        parameters: Defaults when None.

    Returns:
        ``creator_engagement`` of the month, ordered by platform, basis and account.
    """
    parameters = parameters or EngagementParameters()
    stamp = {"method_version": METHOD_VERSION, "params_hash": params_hash(parameters)}
    cells: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows.to_pylist():
        cells.setdefault((row["platform"], row["basis"]), []).append(row)
    made = [row | stamp for cell in sorted(cells) for row in _cell_rows(cells[cell], parameters)]
    return pa.Table.from_pylist(made, schema=CREATOR_ENGAGEMENT)


def estimate_engagement(
    partitions: Mapping[date, Partition[pa.Table]],
    parameters: EngagementParameters | None = None,
    stored: Mapping[str, pa.Table] | None = None,
) -> Analysis:
    """Estimate every month; a month whose rows are as they were is taken from what was stored.

    Args:
        partitions: By month, ``int_account_engagement_months``; a month is loaded only where its hash is new.
        parameters: Defaults when None.
        stored: ``state`` of the last call; None computes everything.

    Returns:
        ``creator_engagement``, ordered by month; and the state.
    """
    parameters = parameters or EngagementParameters()
    salt = digest(METHOD_VERSION, params_hash(parameters))
    known = {row["month"]: row for row in stored_table(stored, "engagement_months", STATE_ENGAGEMENT_MONTHS).to_pylist()}
    old = stored_table(stored, "creator_engagement", CREATOR_ENGAGEMENT)
    months = np.asarray(old["month"].cast(pa.int32()).to_numpy())
    rows, made, computed = [], [CREATOR_ENGAGEMENT.empty_table()], 0
    for month in sorted(partitions):
        partition, last = partitions[month], known.get(month, {})
        partition_hash, found_hash, table = digest(salt, partition.content_hash), last.get("content_hash"), None
        if last.get("partition_hash") != partition_hash:
            table = partition.load()
            found_hash = digest(salt, *sorted(row_hashes(table, "platform", table.schema.names).items()))
        if table is None or last.get("content_hash") == found_hash:
            made.append(old.filter(pa.array(months == (month - date(1970, 1, 1)).days)))
        else:
            made.append(estimate_month(table, parameters))
            computed += 1
        rows.append({"month": month, "partition_hash": partition_hash, "content_hash": found_hash})
    joined = pa.concat_tables(made).combine_chunks()
    state = {"engagement_months": pa.Table.from_pylist(rows, schema=STATE_ENGAGEMENT_MONTHS), "creator_engagement": joined}
    return Analysis({"creator_engagement": joined}, state, {"engagement_months": computed})
