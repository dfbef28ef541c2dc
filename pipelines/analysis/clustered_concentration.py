"""Concentration of events that come in clusters, such as the likes of a post: the cluster is what was sampled. No months, no tables, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

from pipelines.analysis.concentration import NO_INTERVAL, NONE, Interval, expected_surprises, interval

METHOD_VERSION: Final = "clustered_1"
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
_NODE_COUNT: Final = 6


@dataclass(frozen=True)
class Clustered:
    """What accounts got, one value an account, in an order that the caller fixes.

    Attributes:
        total: Events of the account (posts, likes, views), whole.
        squares: Sum over its clusters (posts) of their events squared; equal to ``total`` where every event is a cluster of its own.
    """

    total: Floats
    squares: Floats

    def take(self, rows: NDArray[np.generic]) -> Clustered:
        """Some of the accounts."""
        return Clustered(self.total[rows], self.squares[rows])


def effective_events(events: Clustered) -> float:
    """Number of equally large clusters that tell as much as these: ``A^2 / sum a^2`` (Kish 1965); NaN without an event."""
    squares = float(events.squares.sum())
    return float(events.total.sum()) ** 2 / squares if squares > 0 else NONE


def cluster_hhi(events: Clustered) -> float:
    """Chance that two events of different clusters are of one account.

    ``(sum A_i^2 - S) / (A^2 - S)`` with events A_i of an account, A of all, and S the sum of squared clusters. A cluster is never paired
    with itself: with clusters of one event it is the unbiased HHI (Simpson 1949); losing clusters at random leaves both parts in
    proportion. The naive HHI counts a post that went far as a proof of concentration as often as it has likes.

    Args:
        events: See :class:`Clustered`.

    Returns:
        The index; NaN below two clusters.
    """
    return float(_hhis(events, np.ones((1, events.total.size)))[0])


def _hhis(events: Clustered, weights: Floats) -> Floats:
    """The index in each resample; an account of weight w stands for w accounts like it."""
    within = weights @ (events.total**2 - events.squares)
    pairs = (weights @ events.total) ** 2 - weights @ events.squares
    with np.errstate(divide="ignore", invalid="ignore"):
        # Sums of squares of large counters differ in the last places.
        index = np.where(pairs > 1e-9 * np.maximum(weights @ events.squares, 1), within / pairs, np.nan)
    return np.clip(index, 0.0, 1.0)


def cluster_equivalents(events: Clustered) -> Floats:
    """Events of each account in units of the cluster size that an event sees, ``S / A``: they add up to :func:`effective_events`.

    The unbiased HHI of these equivalents, taken as counts, is :func:`cluster_hhi`.
    """
    return np.asarray(events.total * (events.total.sum() / events.squares.sum()))


def _numbers(events: Clustered, weights: Floats, count: int) -> Floats:
    """Hill number of order 1 at a number of events, in each resample; NaN where it has fewer."""
    equivalents = cluster_equivalents(events)
    # Between two whole numbers what an account adds is taken on the line that joins them.
    floor = np.floor(equivalents + 1e-9)
    part = np.maximum(equivalents - floor, 0.0)
    accounts = np.arange(floor.size)
    whole, place = np.unique(np.concatenate([floor, floor + 1]), return_inverse=True)
    shares = coo_array(
        (np.concatenate([1 - part, part]), (np.concatenate([accounts, accounts]), place)), (floor.size, whole.size)
    )
    alike = np.asarray((shares.tocsr().T @ weights.T).T)
    totals = weights @ equivalents
    enough = np.rint(totals) >= count
    if not enough.any():
        return np.full(totals.size, np.nan)
    low, high = np.rint(totals[enough].min()), np.rint(totals[enough].max())
    nodes = np.unique(np.rint(np.linspace(low, high, _NODE_COUNT)))
    # An account with more than the whole of a resample adds what one with all of it does: nothing.
    parts = expected_surprises(whole, np.maximum(nodes, count), count)
    entropies = alike @ parts.T
    if nodes.size == 1:
        found = entropies[:, 0]
    else:
        at = np.clip(np.searchsorted(nodes, totals) - 1, 0, nodes.size - 2)
        share = np.clip((totals - nodes[at]) / (nodes[at + 1] - nodes[at]), 0, 1)
        rows = np.arange(totals.size)
        found = entropies[rows, at] * (1 - share) + entropies[rows, at + 1] * share
    return np.where(enough, np.exp(found), np.nan)


def rarefied_hill_1(events: Clustered, count: int) -> float:
    """Exponential of the entropy expected at a number of independent events.

    Events are counted in :func:`cluster_equivalents`, so that ten thousand likes of five posts are five events and not
    ten thousand. Exact (Hurlbert 1971, Chao et al. 2014) where every event is a cluster of its own.

    Args:
        events: See :class:`Clustered`.
        count: Events at which it is told.

    Returns:
        The number; NaN where there are fewer: nothing is extrapolated.
    """
    return float(_numbers(events, np.ones((1, events.total.size)), count)[0]) if events.squares.sum() > 0 else NONE


def top_cluster_share(events: Clustered, share: float, smallest_count: int) -> float:
    """Share of events of the accounts with most, along the Lorenz curve; NaN below so many accounts."""
    if events.total.size < smallest_count or events.total.sum() <= 0:
        return NONE
    curve = np.append(0, np.cumsum(np.sort(events.total)[::-1]))
    return float(np.interp(share * events.total.size, np.arange(curve.size), curve) / curve[-1])


@dataclass(frozen=True)
class Resampled:
    """Fair measures of one cell, the value first and then in each resample of accounts; NaN where a measure is not defined.

    Attributes:
        hhi: :func:`cluster_hhi`.
        hill_1: :func:`rarefied_hill_1`.
        micro_share: Share of events of accounts whose tier is known that are of micro accounts.
    """

    hhi: Floats
    hill_1: Floats
    micro_share: Floats

    @property
    def hill_2(self) -> Floats:
        """Effective number of accounts, ``1 / hhi``; NaN where no account has two clusters."""
        with np.errstate(divide="ignore"):
            return np.where(self.hhi > 0, 1 / self.hhi, np.nan)


def resampled_measures(events: Clustered, is_micro: Flags, has_tier: Flags, weights: Floats, count: int) -> Resampled:
    """Measure a cell and its resamples of accounts.

    Args:
        events: Of accounts with an event.
        is_micro: Of each account.
        has_tier: Of each account, whether its tier is known.
        weights: Of accounts, resample x account, of mean about one.
        count: Events to which order 1 is rarefied.
    """
    if not events.total.size:
        nothing = np.full(weights.shape[0] + 1, np.nan)
        return Resampled(nothing, nothing, nothing)
    scaled = weights / weights.mean(axis=1, keepdims=True)
    every = np.vstack([np.ones((1, events.total.size)), scaled])
    known = every @ (events.total * has_tier)
    with np.errstate(divide="ignore", invalid="ignore"):
        micro = np.where(known > 0, (every @ (events.total * (is_micro & has_tier))) / known, np.nan)
    return Resampled(_hhis(events, every), _numbers(events, every, count), micro)


def interval_of(values: Floats, level: float) -> Interval:
    """The first value, with the percentile interval of the others on the log scale; see :func:`concentration.interval`."""
    return interval(float(values[0]), values[1:], level) if np.isfinite(values[0]) else NO_INTERVAL


def share_interval(values: Floats, level: float) -> Interval:
    """A share, with the percentile interval of its resamples, which stays between 0 and 1."""
    kept = values[1:][np.isfinite(values[1:])]
    value = float(values[0])
    if not np.isfinite(value) or 2 * kept.size <= values.size - 1:
        return Interval(value, NONE, NONE)
    tail = (1 - level) / 2
    low, high = np.clip(value + np.quantile(kept - kept.mean(), [tail, 1 - tail]), 0.0, 1.0)
    return Interval(value, min(float(low), value), max(float(high), value))
