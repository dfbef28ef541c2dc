"""Trends of one event: those born about the same time that share most adopters, and which of them is counted. Estimates nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components

from pipelines.analysis.months import months_later

METHOD_VERSION: Final = "trend_events_1"
SAMPLE_SIZE: Final = 128
LEAST_SHARED_RATIO: Final = 0.5
"""Adopters of both trends over adopters of either (Jaccard 1912) from which they are of one event."""
_ROWS_AT_ONCE: Final = 512
_Words = NDArray[np.uint64]
Integers = NDArray[np.int64]


def adopter_sample(account_words: _Words) -> _Words:
    """The adopters of a trend whose hashes are the smallest, in order: all where they are few.

    Hashes do not know the trend, so samples of two trends hold the same accounts as far as the trends do (bottom-k sketches, Cohen and Kaplan 2007).

    Args:
        account_words: Hash of each adopter.
    """
    return np.asarray(np.unique(account_words)[:SAMPLE_SIZE])


def shared_ratio(one: _Words, other: _Words) -> float:
    """Adopters of both trends over adopters of either; exact where both samples are whole, else estimated from the hashes that both cover.

    Up to the largest hash of a full sample it holds every adopter. Its standard error at .5 is .044 for two full samples.

    Args:
        one: From :func:`adopter_sample`.
        other: Likewise.
    """
    covered = min((each[-1] for each in (one, other) if each.size == SAMPLE_SIZE), default=np.uint64(2**64 - 1))
    one, other = one[one <= covered], other[other <= covered]
    both = np.intersect1d(one, other, assume_unique=True).size
    either = one.size + other.size - both
    return both / either if either else 0.0


def events_of(trends: pa.Table) -> dict[str, str]:
    """Event of each trend that can be compared, of one type of unit: trends that share most adopters, directly or by way of others.

    Compared are trends of one type of unit, which are pooled together, that were born in one month or in two that follow each other, so that
    what this costs grows with months and not with their square.

    Args:
        trends: ``contracts.STATE_TRENDS``.

    Returns:
        By key of a trend the smallest key among the trends of its event; of trends that no gate holds.
    """
    found: dict[str, str] = {}
    for unit_type in sorted(set(trends["unit_type"].to_pylist())):
        found |= events_of_any_type(trends.filter(pc.equal(trends["unit_type"], unit_type)))
    return found


def known_events(found: pa.Table) -> dict[str, str]:
    """What :func:`events_of` gave, as the state of the analysis of trends has it.

    Args:
        found: ``contracts.STATE_TREND_EVENTS``.
    """
    return dict(zip(found["trend_key"].to_pylist(), found["event_key"].to_pylist(), strict=True))


def events_of_any_type(trends: pa.Table) -> dict[str, str]:
    """As :func:`events_of`, for what is said of all types of units together: a hashtag, a link and a sound can be names of one event.

    Args:
        trends: ``contracts.STATE_TRENDS``.
    """
    own = trends.filter(trends["gate"].is_null()).sort_by([("period", "ascending"), ("trend_key", "ascending")])
    keys = own["trend_key"].to_pylist()
    if not keys:
        return {}
    links = _links(own["period"].to_pylist(), own["adopter_sample"])
    graph = csr_matrix((np.ones(len(links)), tuple(links.T)), shape=(len(keys), len(keys)))
    parts = connected_components(graph, directed=False)[1]
    smallest: dict[int, str] = {}
    return {key: smallest.setdefault(part, key) for key, part in sorted(zip(keys, parts.tolist(), strict=True))}


def _links(periods: list[str], samples: pa.ChunkedArray) -> NDArray[np.int64]:
    """Pairs of places of trends that share most adopters; trends are in the order of their periods."""
    lists = samples.combine_chunks()
    lengths = np.asarray(lists.value_lengths().to_numpy(zero_copy_only=False), dtype=np.int64)
    words = np.asarray(lists.flatten().to_numpy(zero_copy_only=False), dtype=np.uint64)
    bounds = np.append(0, np.cumsum(lengths))
    months = sorted(set(periods))
    first = dict(zip(months, np.searchsorted(periods, months), strict=True))
    ends = dict(zip(months, [*list(first.values())[1:], len(periods)], strict=True))
    found = [np.empty((0, 2), dtype=np.int64)]
    for month in months:
        following = f"{months_later(date.fromisoformat(f'{month}-01'), 1):%Y-%m}"
        begin, end, last = int(first[month]), int(ends[month]), int(ends.get(following, ends[month]))
        inside = slice(bounds[begin], bounds[last])
        accounts, account = np.unique(words[inside], return_inverse=True)
        uses = csr_matrix(
            (np.ones(account.size, dtype=np.int32), account, bounds[begin : last + 1] - bounds[begin]),
            shape=(last - begin, accounts.size),
        )
        across = uses.T.tocsr()
        for step in range(0, end - begin, _ROWS_AT_ONCE):
            both = (uses[step : min(step + _ROWS_AT_ONCE, end - begin)] @ across).tocoo()
            one, other = both.row + step, both.col
            # Of the sample whose largest hash bounds the comparison all are compared: a third of it at least is shared at a half.
            least = LEAST_SHARED_RATIO / (1 + LEAST_SHARED_RATIO) * np.minimum(lengths[begin + one], lengths[begin + other])
            is_near = (one < other) & (both.data >= least)
            pairs = np.column_stack([one[is_near], other[is_near]]) + begin
            sampled = [(words[bounds[i] : bounds[i + 1]], words[bounds[j] : bounds[j + 1]]) for i, j in pairs.tolist()]
            is_one = np.array([shared_ratio(*pair) >= LEAST_SHARED_RATIO for pair in sampled], dtype=bool)
            found.append(pairs[is_one].astype(np.int64))
    return np.concatenate(found)


def events_by_adopters(trend: Integers, account: Integers, trend_count: int) -> Integers:
    """Event of each of some trends whose adopters are all at hand, as :func:`events_of` finds it from samples; of any type of unit.

    Args:
        trend: Of each adoption, the place of its trend.
        account: The place of its account.
        trend_count: Trends.

    Returns:
        By trend the smallest place among the trends of its event.
    """
    accounts, place = np.unique(account, return_inverse=True)
    uses = csr_matrix((np.ones(trend.size, dtype=np.int32), (trend, place)), shape=(trend_count, accounts.size))
    sizes = np.asarray(uses.sum(axis=1), dtype=np.int64).ravel()
    both = coo_matrix(uses @ uses.T)
    is_one = both.data >= LEAST_SHARED_RATIO * (sizes[both.row] + sizes[both.col] - both.data)
    graph = csr_matrix((is_one[is_one], (both.row[is_one], both.col[is_one])), shape=(trend_count, trend_count))
    parts = connected_components(graph, directed=False)[1]
    first = np.full(trend_count, trend_count, dtype=np.int64)
    np.minimum.at(first, parts, np.arange(trend_count))
    return np.asarray(first[parts])


def one_of_each(keys: list[str], events: Mapping[str, str], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places of the trends that are counted: of each event the largest one, of equal ones that with the smallest key; in order.

    Args:
        keys: Of trends.
        events: From :func:`events_of`.
        sizes: How many adopters of a trend its comparison hangs on.
    """
    order = sorted(range(len(keys)), key=lambda place: (events[keys[place]], -int(sizes[place]), keys[place]))
    firsts = order[:1] + [place for before, place in pairwise(order) if events[keys[place]] != events[keys[before]]]
    return np.array(sorted(firsts), dtype=np.int64)
