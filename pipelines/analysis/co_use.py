"""Pairs of accounts that use more of the same units (tags, sounds, link domains) than chance explains. No communities, months or tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix

from pipelines.analysis.increments import mixed

METHOD_VERSION: Final = "co_use_1"
Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]
_CHUNK_CELLS: Final = 8_000_000
_CHUNK_PAIRS: Final = 2_000_000
# Degrees up to here have a class each, larger ones share a class with those at most this much larger.
_EXACT_DEGREE: Final = 32
_DEGREE_STEP: Final = 1.08
_POINTS_PER_NAT: Final = 4.0
_SMALLEST_P: Final = 1e-14
_DEALS: Final = 100


@dataclass(frozen=True)
class CoUseParameters:
    """Parameters of the co-use backbone.

    Attributes:
        whole_pair_count: Pairs of co-users, as a multiple of accounts, that units may bring whole, the smallest units first ...
        whole_pair_floor: ... or this many, whichever is more: data with fewer pairs are not sampled.
        sketch_count: Sketches in which accounts that share units too large for that meet others.
        partner_count: Others that an account meets in a sketch.
        false_discovery_rate: Expected share of chance among the validated pairs.
        neighbour_count: Strongest neighbours that an account keeps where fewer pairs of it are validated.
        smallest_cosine: Weaker similarities keep nobody as a neighbour.
        seed: Of every random draw.
    """

    whole_pair_count: int = 8
    whole_pair_floor: int = 2_000_000
    sketch_count: int = 12
    partner_count: int = 2
    false_discovery_rate: float = 0.05
    neighbour_count: int = 15
    smallest_cosine: float = 0.1
    seed: int = 20261128


@dataclass(frozen=True)
class CoUse:
    """Pairs of accounts that may be linked, each once and in order; ``left < right``.

    Attributes:
        size: Number of accounts.
        weights: Of every account-unit cell, ``idf(unit) log(1 + uses)``.
        left: Place of one account.
        right: Place of the other.
        cosines: Of the two accounts' weights, rounded to nine places.
        is_validated: The overlap is more than chance explains.
        candidate_count: Pairs whose overlap was counted, these and others.
        parameters: They were found by.
    """

    size: int
    weights: csr_matrix
    left: Places
    right: Places
    cosines: Floats
    is_validated: Flags
    candidate_count: int
    parameters: CoUseParameters

    def graph(self, cosines: Floats | None = None) -> csr_matrix:
        """Account graph of the validated pairs and, for accounts with few of them, their strongest neighbours.

        Args:
            cosines: Of the same pairs in a resample; a pair without any falls out.
        """
        cosines = self.cosines if cosines is None else cosines
        is_edge = self.is_validated & (cosines > 0)
        is_edge |= _nearest(self.left, self.right, cosines, is_edge, self.size, self.parameters)
        left, right, values = self.left[is_edge], self.right[is_edge], cosines[is_edge]
        graph = coo_matrix((values, (left, right)), shape=(self.size, self.size)).tocsr()
        graph = csr_matrix(graph + graph.T)
        graph.sort_indices()
        return graph

    def resampled(self, kept_share: float, seed: int) -> csr_matrix:
        """Account graph of the same pairs when a random share of account-unit cells is kept; validated pairs stay so."""
        kept = np.random.default_rng(seed).random(self.weights.nnz) < kept_share
        weights = self.weights.copy()
        weights.data = weights.data * kept
        weights.eliminate_zeros()
        points = np.ones(weights.shape[1], dtype=np.int64)
        return self.graph(_overlaps(_normalised(weights), points, self.left, self.right)[0])


def _hashed(count: int, salt: int) -> NDArray[np.uint64]:
    """A 64-bit word for each place, the same for the same salt."""
    with np.errstate(over="ignore"):
        words = np.arange(count, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        return mixed(words + mixed(np.array([salt + 1], dtype=np.uint64)))


def _whole_pairs(users: csr_matrix, units: Places) -> NDArray[np.int64]:
    """All pairs of users of these units, coded ``left * accounts + right``; the matrix is unit x account."""
    chosen = csr_matrix(users[units])
    size = users.shape[1]
    found = [np.empty(0, dtype=np.int64)]
    sizes = np.diff(chosen.indptr)
    accounts = chosen.indices.astype(np.int64)
    ends = np.repeat(chosen.indptr[1:], sizes)
    place = np.arange(accounts.size)
    for step in range(1, int(sizes.max(initial=1))):
        near = np.flatnonzero(place + step < ends)
        # Accounts of a unit are in order, so the left one is the smaller.
        found.append(accounts[near] * size + accounts[near + step])
    return np.concatenate(found)


def _sketched_pairs(users: csr_matrix, idf: Floats, parameters: CoUseParameters) -> NDArray[np.int64]:
    """Pairs that met in sketches, coded like the whole ones; the matrix is account x unit.

    A sketch gives each account one of its units and then another, both by weighted min-wise sampling (a rare unit comes first more
    often; Chum, Philbin and Zisserman 2008). Accounts are put in the order of the two, ties at random, and each meets the next few
    of the same first unit: who shares two units meets more often than who shares one, and nobody meets more than a few.
    """
    size = users.shape[0]
    active = np.flatnonzero(np.diff(users.indptr))
    found = [np.empty(0, dtype=np.int64)]
    if not active.size:
        return found[0]
    starts = users.indptr[active]
    lengths = np.diff(users.indptr)[active]
    last = np.int64(users.shape[1])
    for sketch in range(parameters.sketch_count):
        uniform = (_hashed(users.shape[1], parameters.seed + 2 * sketch).astype(np.float64) + 1) / 2.0**64
        order = np.argsort(np.round(-np.log(uniform) / np.maximum(idf, 1e-9), 9), kind="stable")
        rank = np.empty(last, dtype=np.int64)
        rank[order] = np.arange(last)
        ranks = rank[users.indices]
        first = np.minimum.reduceat(ranks, starts)
        ranks[ranks == np.repeat(first, lengths)] = last
        second = np.minimum.reduceat(ranks, starts)
        tie = np.argsort(_hashed(size, parameters.seed + 2 * sketch + 1)[active], kind="stable")
        by_key = tie[np.argsort((first * (last + 1) + second)[tie], kind="stable")]
        account, first = active[by_key], first[by_key]
        for step in range(1, parameters.partner_count + 1):
            near = np.flatnonzero(first[:-step] == first[step:])
            one, other = account[near], account[near + step]
            found.append(np.minimum(one, other) * size + np.maximum(one, other))
    return np.concatenate(found)


def candidate_pairs(counts: csr_matrix, parameters: CoUseParameters) -> tuple[Places, Places]:
    """Pairs of accounts that share a unit: all of them in small data, at most a constant for each account in large data.

    The smallest units bring all pairs of their users, until these are ``whole_pair_count`` for each account (or
    ``whole_pair_floor``); users of larger units meet in sketches, ``sketch_count x partner_count`` others for each account.

    Args:
        counts: Uses, account x unit.
        parameters: See :class:`CoUseParameters`.

    Returns:
        Places of the smaller and of the larger account, in order.
    """
    size = counts.shape[0]
    used = np.bincount(counts.indices, minlength=counts.shape[1]).astype(np.int64)
    by_size = np.argsort(used, kind="stable")
    pairs = np.cumsum((used * (used - 1) // 2)[by_size])
    whole_count = int(np.searchsorted(pairs, max(parameters.whole_pair_count * size, parameters.whole_pair_floor), side="right"))
    users = csr_matrix(counts.T)
    users.sort_indices()
    small, large = by_size[:whole_count], np.sort(by_size[whole_count:])
    codes = _whole_pairs(users, np.sort(small[used[small] > 1]))
    if large.size:
        idf = np.log(size / used[large])
        codes = np.concatenate([codes, _sketched_pairs(csr_matrix(csr_matrix(users[large]).T), idf, parameters)])
    codes.sort()
    codes = codes[np.append(True, np.diff(codes) > 0)] if codes.size else codes
    return codes // max(size, 1), codes % max(size, 1)


def _normalised(weights: csr_matrix) -> csr_matrix:
    """Rows of unit length."""
    result = weights.copy()
    lengths = np.sqrt(np.asarray(result.multiply(result).sum(axis=1)).ravel())
    result.data = result.data / np.repeat(np.maximum(lengths, 1e-12), np.diff(result.indptr))
    return result


def _overlaps(rows: csr_matrix, points: Places, left: Places, right: Places) -> tuple[Floats, Places]:
    """Of each pair the sum of products of its rows, rounded, and the sum of points of the units in both; in bounded memory."""
    products, shared = np.zeros(left.size), np.zeros(left.size, dtype=np.int64)
    cells = np.cumsum(np.diff(rows.indptr)[left].astype(np.int64) + np.diff(rows.indptr)[right])
    begin = 0
    while begin < left.size:
        done = cells[begin - 1] if begin else 0
        end = max(int(np.searchsorted(cells, done + _CHUNK_CELLS, side="right")), begin + 1)
        both = csr_matrix(rows[left[begin:end]].multiply(rows[right[begin:end]]))
        pair = np.repeat(np.arange(end - begin), np.diff(both.indptr))
        products[begin:end] = np.bincount(pair, weights=both.data, minlength=end - begin)
        shared[begin:end] = np.bincount(pair, weights=points[both.indices], minlength=end - begin)
        begin = end
    return np.round(products, 9), shared


def _degree_classes(degrees: Places) -> tuple[Places, Floats]:
    """Class of each degree, and of each class its mean degree: exact for small degrees."""
    steps = np.log(np.maximum(degrees, _EXACT_DEGREE) / _EXACT_DEGREE) / np.log(_DEGREE_STEP)
    code = np.where(degrees <= _EXACT_DEGREE, degrees, _EXACT_DEGREE + np.ceil(np.round(steps, 9)).astype(np.int64))
    _, place, count = np.unique(code, return_inverse=True, return_counts=True)
    return place.astype(np.int64), np.bincount(place, weights=degrees) / count


def _configuration_model(rows: Floats, row_counts: Floats, columns: Floats, column_counts: Floats) -> Floats:
    """Probability of a cell between classes of degrees in the bipartite configuration model of largest entropy.

    ``p = x y / (1 + x y)`` with x and y such that expected degrees are the observed ones (Saracco et al. 2015, Scientific Reports
    5:10595), by fixed-point iteration.
    """
    root = np.sqrt(max(float((rows * row_counts).sum()), 1.0))
    x, y = rows / root, columns / root
    for _ in range(500):
        before = x
        x = rows / (column_counts * y / (1 + np.outer(x, y))).sum(axis=1)
        y = columns / (row_counts[:, None] * x[:, None] / (1 + np.outer(x, y))).sum(axis=0)
        if np.max(np.abs(x - before) / before) < 1e-9:
            break
    product = np.outer(x, y)
    return np.asarray(product / (1 + product))


def _tail(chances: Floats, counts: Floats, points: Places, draw_count: float) -> Floats:
    """Probability that points of the units shared by chance reach 0, 1, 2 ..., by the transform of their distribution.

    Each of the ``draw_count`` units of the account with fewer is shared or not: nobody shares more units than they use.
    """
    mean = float((counts * chances * points).sum())
    deviation = float(np.sqrt((counts * chances * points**2).sum()))
    length = 1 << int(np.ceil(np.log2(mean + 10 * deviation + 8 * points.max(initial=1) + 16)))
    angles = -2j * np.pi * np.arange(length // 2 + 1) / length
    one = np.expm1(np.outer(angles, points)) @ (counts * chances / draw_count)
    mass = np.maximum(np.fft.irfft((1 + one) ** draw_count, length), 0)
    return np.asarray(np.clip(np.cumsum(mass[::-1])[::-1], _SMALLEST_P, 1))


class _ChanceOverlaps:
    """Tail probabilities of the points that two accounts share by chance, by the classes of their degrees."""

    def __init__(self, counts: csr_matrix, points: Places) -> None:
        self._account, degree = _degree_classes(np.diff(counts.indptr).astype(np.int64))
        self._degree = degree
        used = np.bincount(counts.indices, minlength=counts.shape[1])
        known = np.flatnonzero(used)
        _, unit = np.unique(points[known], return_inverse=True)
        self._unit_counts = np.bincount(unit).astype(np.float64)
        self._points = points[known][np.unique(unit, return_index=True)[1]]
        active = degree > 0
        self._chances = np.zeros((degree.size, self._unit_counts.size))
        self._chances[active] = _configuration_model(
            degree[active],
            np.bincount(self._account, minlength=degree.size)[active].astype(np.float64),
            np.bincount(unit, weights=used[known]) / self._unit_counts,
            self._unit_counts,
        )
        self._tails: dict[int, Floats] = {}

    def p_values(self, left: Places, right: Places, shared: Places) -> Floats:
        """Of each pair, the probability to share so many points or more by chance."""
        result = np.ones(left.size)
        for begin in range(0, left.size, _CHUNK_PAIRS):
            part = slice(begin, begin + _CHUNK_PAIRS)
            result[part] = self._some_p_values(left[part], right[part], shared[part])
        return result

    def _some_p_values(self, left: Places, right: Places, shared: Places) -> Floats:
        classes = self._chances.shape[0]
        one, other = self._account[left], self._account[right]
        code, place = np.unique(np.minimum(one, other) * classes + np.maximum(one, other), return_inverse=True)
        for pair in code.tolist():
            if pair not in self._tails:
                chances = self._chances[pair // classes] * self._chances[pair % classes]
                draw_count = min(self._degree[pair // classes], self._degree[pair % classes])
                self._tails[pair] = _tail(chances, self._unit_counts, self._points, draw_count)
        tails = [self._tails[pair] for pair in code.tolist()]
        lengths = np.array([tail.size for tail in tails], dtype=np.int64)
        begins = np.cumsum(lengths) - lengths
        return np.asarray(np.concatenate(tails)[begins[place] + np.minimum(shared, lengths[place] - 1)])


def _validated(p_values: Floats, test_count: float, rate: float) -> Flags:
    """Benjamini and Hochberg's step-up; pairs that are not among these are tests too, with a p-value of one."""
    ordered = np.sort(p_values)
    passed = np.flatnonzero(ordered <= rate * np.arange(1, ordered.size + 1) / max(test_count, 1))
    return np.asarray(p_values <= ordered[passed[-1]]) if passed.size else np.zeros(p_values.size, dtype=bool)


def _nearest(left: Places, right: Places, cosines: Floats, is_edge: Flags, size: int, parameters: CoUseParameters) -> Flags:
    """Pairs that are among the strongest of an account that has too few edges; an equal pair goes to the account that comes first."""
    room = parameters.neighbour_count - np.bincount(left[is_edge], minlength=size) - np.bincount(right[is_edge], minlength=size)
    open_pairs = np.flatnonzero(~is_edge & (cosines >= parameters.smallest_cosine) & ((room[left] > 0) | (room[right] > 0)))
    # Smaller targets come first.
    later, earlier = open_pairs[room[right[open_pairs]] > 0], open_pairs[room[left[open_pairs]] > 0]
    sources, pairs = np.concatenate([right[later], left[earlier]]), np.concatenate([later, earlier])
    # One key sorts in less memory than three; equal cosines stay in the order of targets, which is that of the pairs.
    order = np.argsort((sources << 30) - np.rint(cosines[pairs] * 1e9).astype(np.int64), kind="stable")
    sources, pairs = sources[order], pairs[order]
    own = np.bincount(sources, minlength=size)
    rank = np.arange(sources.size) - (np.cumsum(own) - own)[sources]
    result = np.zeros(left.size, dtype=bool)
    result[pairs[rank < room[sources]]] = True
    return result


def dealt_at_random(counts: csr_matrix, seed: int) -> csr_matrix:
    """The same accounts and units with as many cells each, but who uses what is chance.

    All ends of cells are dealt anew; cells that come out twice are dealt again with as many others, and those that still do are
    dropped (Maslov and Sneppen 2002 without their order of swaps).

    Args:
        counts: Uses, account x unit; how often a unit is used goes with its cell.
        seed: Of the deal.
    """
    random = np.random.default_rng(seed)
    cells = counts.tocoo()
    codes = cells.row.astype(np.int64) * counts.shape[1]
    columns = random.permutation(cells.col.astype(np.int64))
    first = np.arange(0)
    for _ in range(_DEALS):
        _, first = np.unique(codes + columns, return_index=True)
        again = np.setdiff1d(np.arange(codes.size), first, assume_unique=True)
        if not again.size:
            break
        dealt = np.unique(np.concatenate([again, random.choice(codes.size, min(3 * again.size + 10, codes.size), replace=False)]))
        columns[dealt] = columns[random.permutation(dealt)]
    _, first = np.unique(codes + columns, return_index=True)
    result = csr_matrix((cells.data[first], (cells.row[first], columns[first])), shape=counts.shape)
    result.sort_indices()
    return result


def find_co_use(counts: csr_matrix, parameters: CoUseParameters) -> CoUse:
    """Find the pairs of accounts whose shared units are more than chance explains; cost is linear in accounts and cells.

    The statistic of a pair is the sum of inverse document frequencies of the units that both use (in quarters of a nat), so a
    popular unit says little. Its p-value is exact in the bipartite configuration model up to the rounding of degrees to classes: each
    unit is shared with probability ``p(account) p(other account)``, but no more units than the account with fewer uses (Saracco et al. 2017, New Journal of Physics
    19:053022; statistically validated networks: Tumminello et al. 2011, PLoS ONE 6:e17994). False discoveries are controlled over all
    pairs of active accounts, looked at or not, so that the choice of candidates cannot make chance significant.

    Args:
        counts: Uses, account x unit.
        parameters: See :class:`CoUseParameters`.
    """
    counts = counts.copy()
    counts.sum_duplicates()
    counts.eliminate_zeros()
    counts.sort_indices()
    size = counts.shape[0]
    used = np.bincount(counts.indices, minlength=counts.shape[1])
    idf = np.log(size / np.maximum(used, 1)) if size else np.zeros(counts.shape[1])
    weights = counts.copy()
    weights.data = np.log1p(weights.data) * idf[weights.indices]
    left, right = candidate_pairs(counts, parameters)
    points = np.rint(_POINTS_PER_NAT * idf).astype(np.int64)
    cosines, shared = _overlaps(_normalised(weights), points, left, right)
    active = float(np.count_nonzero(np.diff(counts.indptr)))
    if left.size:
        p_values = _ChanceOverlaps(counts, points).p_values(left, right, shared)
        is_validated = _validated(p_values, active * (active - 1) / 2, parameters.false_discovery_rate)
    else:
        is_validated = np.zeros(0, dtype=bool)
    room = parameters.neighbour_count - np.bincount(left[is_validated], minlength=size)
    room = room - np.bincount(right[is_validated], minlength=size)
    # A resample loses cells, so an account with many edges may look for neighbours that it does not need now.
    kept = is_validated | (room[left] > 0) | (room[right] > 0)
    return CoUse(size, weights, left[kept], right[kept], cosines[kept], is_validated[kept], left.size, parameters)
