"""An account against others of its platform: strata, the curve of its size, percentiles and ranks with doubt. No tables, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.analysis.engagement_parameters import EngagementParameters
from pipelines.analysis.engagement_shrinkage import Posterior, Posts, fit_prior, shrink, together

Floats = NDArray[np.float64]
TIER, PLATFORM = "tier", "platform"
_QUARTILES_OF_NORMAL: Final = 1.349


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
    found = together(parts, size)
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
