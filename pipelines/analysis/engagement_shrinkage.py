"""Rates of accounts drawn towards those of accounts of their size: prior, posterior, variance of posts. No ranks, no tables, no I/O.

What is estimated is an account's engagements per follower (or per view) and post, in the long run of such posts. Of an account with few
posts little is known, so it is drawn towards accounts of its own size on its own platform (Efron and Morris 1975, Robbins 1956).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.analysis.engagement_parameters import EngagementParameters

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
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


def together(parts: list[tuple[Flags, Posterior]], size: int) -> Posterior:
    """Posteriors of disjoint groups of accounts as one; a grid with fewer nodes is filled up with its last one, at no weight.

    Args:
        parts: Of each group which accounts it has, and their posterior.
        size: Accounts of all groups.
    """
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
