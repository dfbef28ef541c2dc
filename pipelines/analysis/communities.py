"""Communities of accounts on co-use and mutual interaction, and their stability under resampling. No months, no ids, no tables."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from typing import Final

import graspologic_native
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix

from pipelines.analysis import local_moving
from pipelines.analysis.co_use import CoUse, CoUseParameters, dealt_at_random, find_co_use

METHOD_VERSION: Final = "leiden_cpm_3"
Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
# Resamples are independent and seeded each, so the number of threads changes nothing but time.
_THREADS: Final = 2


@dataclass(frozen=True)
class NicheParameters:
    """Parameters of niche discovery.

    Attributes:
        smallest_post_count: Tagged posts in the month below which an account is not looked at.
        smallest_tag_accounts: Tags used by fewer accounts are dropped.
        largest_tag_share: Tags used by a larger share of accounts are dropped: they belong to no niche. What many use weighs little anyway.
        co_use: Which pairs of accounts are linked by what they use.
        interaction_weight: Weight of a mutual interaction of one each way; grows with log2 of the smaller count.
        largest_resolution: Of the CPM resolutions tried, as a multiple of the mean edge weight.
        resolution_step: Ratio of one resolution to the next (its square in graphs that are resampled less often); they go down until a community is too large or to ...
        smallest_resolution: ... this multiple of the mean weight between any two accounts.
        tolerated_instability: Among resolutions whose stability is this near to the best, the finest is taken.
        selection_count: Resamples that choose the resolution.
        bootstrap_count: Resamples that judge each niche, those among them.
        full_resample_edges: Graphs with more edges are large: their accounts move many at once, and they are resampled less often, in proportion, but ...
        smallest_resample_count: ... at least this often.
        kept_share: Share of an account's uses that a resample keeps.
        kept_edge_share: Share of edges that a resample keeps: of mutual interactions, or of a graph that is given.
        smallest_niche: Members below which a group is no niche.
        largest_niche_share: A partition with a larger community is refused (unless nothing else is left).
        smallest_covered_share: A partition with fewer linked accounts in groups of niche size is refused.
        smallest_jaccard: Mean best Jaccard over resamples that a niche needs.
        chance_size_ratio: A community is chance where, with the same degrees and no structure, one has at least this share of its
            members ...
        chance_jaccard_margin: ... and a Jaccard that is not less by more than this.
        seed: Of every random draw.
    """

    smallest_post_count: int = 2
    smallest_tag_accounts: int = 3
    largest_tag_share: float = 0.6
    co_use: CoUseParameters = field(default_factory=CoUseParameters)
    interaction_weight: float = 0.2
    largest_resolution: float = 0.4
    resolution_step: float = 2.0
    smallest_resolution: float = 0.1
    tolerated_instability: float = 0.01
    selection_count: int = 4
    bootstrap_count: int = 12
    full_resample_edges: int = 250_000
    smallest_resample_count: int = 2
    kept_share: float = 0.75
    kept_edge_share: float = 0.8
    smallest_niche: int = 10
    largest_niche_share: float = 0.6
    smallest_covered_share: float = 0.3
    smallest_jaccard: float = 0.6
    chance_size_ratio: float = 0.5
    chance_jaccard_margin: float = 0.05
    seed: int = 20260903


@dataclass(frozen=True)
class Communities:
    """A partition of accounts.

    Attributes:
        labels: Community of each account.
        jaccards: Of each community, its mean best Jaccard over resamples; zero where chance makes as large and stable ones.
        graph: Account graph it was found on.
        strengths: Account x community: the share of the account's edge weight that goes to members of the community. A row sums to
            one, and to nothing where the account has no edges.
        home: Of each account the community that it is in in most resamples: a splinter that comes off a community in one partition
            is part of it in the others.
        home_share: In how many of them, as a share.
    """

    labels: Labels
    jaccards: dict[int, float]
    graph: csr_matrix
    strengths: csr_matrix
    home: Labels
    home_share: Floats


def leiden(graph: csr_matrix, resolution: float, seed: int, *, use_modularity: bool = False) -> Labels:
    """Communities by Leiden (Traag et al. 2019), with the constant Potts model unless told otherwise; a lone account is its own.

    Args:
        graph: Symmetric weights without a diagonal, indices in order.
        resolution: Of the constant Potts model, a weight; of modularity, a factor.
        seed: Of the order in which accounts are visited.
        use_modularity: Instead of the constant Potts model.
    """
    size = graph.shape[0]
    if graph.nnz == 0:
        return np.arange(size, dtype=np.int64)
    _, found = graspologic_native.leiden_csr(
        graph.indptr.astype(np.int64),
        graph.indices.astype(np.int32),
        np.round(graph.data.astype(np.float64), 9),
        size,
        resolution=resolution,
        use_modularity=use_modularity,
        seed=seed,
        iterations=2,
    )
    labels = np.arange(size, 2 * size, dtype=np.int64)
    labels[np.fromiter(found.keys(), np.int64, len(found))] = np.fromiter(found.values(), np.int64, len(found))
    # Names by first member, so that equal partitions have equal labels.
    _, first, place = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first)).astype(np.int64)[place]


def adjusted_rand_index(left: Labels, right: Labels) -> float:
    """Agreement of two partitions, 1 for the same and 0 expected by chance (Hubert and Arabie 1985)."""
    table = csr_matrix((np.ones(left.size), (left, right)))
    table.sum_duplicates()

    def pairs(sizes: Floats) -> float:
        return float((sizes * (sizes - 1) / 2).sum())

    together = pairs(table.data)
    rows, columns = pairs(np.asarray(table.sum(axis=1)).ravel()), pairs(np.asarray(table.sum(axis=0)).ravel())
    expected = rows * columns / max(left.size * (left.size - 1) / 2, 1)
    largest = (rows + columns) / 2
    return (together - expected) / (largest - expected) if largest > expected else 0.0


def _best_jaccards(reference: Labels, other: Labels) -> Floats:
    """Best Jaccard of each reference community with any community of the other partition."""
    table = csr_matrix((np.ones(reference.size), (reference, other)), shape=(reference.max() + 1, other.max() + 1)).tocoo()
    table.sum_duplicates()
    left, right = np.bincount(reference), np.bincount(other, minlength=table.shape[1])
    jaccard = table.data / (left[table.row] + right[table.col] - table.data)
    best = np.zeros(table.shape[0])
    np.maximum.at(best, table.row, jaccard)
    return best


def _thinned(graph: csr_matrix, kept_share: float, seed: int) -> csr_matrix:
    """Keep a random share of undirected edges."""
    edges = graph.tocoo()
    upper = edges.row < edges.col
    row, column, values = edges.row[upper], edges.col[upper], edges.data[upper]
    kept = np.random.default_rng(seed).random(values.size) < kept_share
    half = coo_matrix((values[kept], (row[kept], column[kept])), shape=graph.shape).tocsr()
    result = csr_matrix(half + half.T)
    result.sort_indices()
    return result


def _rewired(graph: csr_matrix, seed: int) -> csr_matrix:
    """Everybody keeps the number of their edges, whose other ends are dealt anew; what meets itself or twice is dropped."""
    edges = graph.tocoo()
    upper = edges.row < edges.col
    values = edges.data[upper]
    ends = np.random.default_rng(seed).permutation(np.concatenate([edges.row[upper], edges.col[upper]]).astype(np.int64))
    low, high = np.minimum(ends[: values.size], ends[values.size :]), np.maximum(ends[: values.size], ends[values.size :])
    _, first = np.unique(low * max(graph.shape[0], 1) + high, return_index=True)
    first = first[low[first] < high[first]]
    half = coo_matrix((values[first], (low[first], high[first])), shape=graph.shape).tocsr()
    result = csr_matrix(half + half.T)
    result.sort_indices()
    return result


def _strengths(graph: csr_matrix, labels: Labels) -> csr_matrix:
    size = labels.size
    members = csr_matrix((np.ones(size), (np.arange(size), labels)), shape=(size, int(labels.max(initial=-1)) + 1))
    shares = csr_matrix(graph @ members)
    degree = np.asarray(graph.sum(axis=1)).ravel()
    shares.data = np.round(shares.data / np.repeat(np.maximum(degree, 1e-300), np.diff(shares.indptr)), 9)
    shares.sort_indices()
    return shares


def balanced(graph: csr_matrix) -> csr_matrix:
    """Weights over the geometric mean of both accounts' sums, mean one: ``w_ij / sqrt(s_i s_j)``, as in the normalised cut (Shi and Malik 2000).

    Large niches are thin: what many use links less. At one resolution of plain weights they fall into splinters where small niches
    stay whole; so balanced, niches of all sizes are found at one resolution.

    Args:
        graph: Symmetric weights without a diagonal.
    """
    sums = np.asarray(graph.sum(axis=1)).ravel()
    scale = np.where(sums > 0, 1 / np.sqrt(np.where(sums > 0, sums, 1.0)), 0.0)
    result = graph.copy()
    result.data = graph.data * np.repeat(scale, np.diff(graph.indptr)) * scale[graph.indices]
    if result.nnz:
        result.data /= result.data.mean()
    return result


def _resolutions(graph: csr_matrix, parameters: NicheParameters) -> list[float]:
    """From the finest down to a fraction of what would hold a random graph of this density together.

    Communities are held apart by what is between them, and that is sparser than the whole.
    """
    linked = max(int(np.count_nonzero(np.diff(graph.indptr))), 2)
    scale = float(graph.data.mean())
    last = parameters.smallest_resolution * graph.nnz / (linked * (linked - 1))
    step = parameters.resolution_step ** (2 if _is_large(graph, parameters) else 1)
    count = int(np.ceil(np.log(parameters.largest_resolution / last) / np.log(step)))
    return [scale * parameters.largest_resolution / step**place for place in range(max(count, 0) + 1)]


def _scaled(count: int, graph: csr_matrix, parameters: NicheParameters) -> int:
    """Resamples that a graph of this size is given."""
    share = min(1.0, parameters.full_resample_edges / max(graph.nnz / 2, 1))
    return max(round(count * share), min(count, parameters.smallest_resample_count))


@dataclass(frozen=True)
class _Sampled:
    """A graph and how it is resampled, by seed."""

    graph: csr_matrix
    resample: Callable[[int], csr_matrix]


def _stable(
    sampled: _Sampled, chance: Callable[[], _Sampled], weigh: Callable[[csr_matrix], csr_matrix], parameters: NicheParameters
) -> Communities:
    """Communities at the most stable resolution of the graph so weighed, judged on resamples and on what is stable by chance."""
    graph, resample = sampled.graph, sampled.resample
    if graph.nnz == 0:
        labels = np.arange(graph.shape[0], dtype=np.int64)
        return Communities(labels, {}, graph, _strengths(graph, labels), labels, np.ones(labels.size))
    linked = np.diff(graph.indptr) > 0
    selection_count, bootstrap_count = (
        _scaled(count, graph, parameters) for count in (parameters.selection_count, parameters.bootstrap_count)
    )
    seeds = [parameters.seed + 1 + index for index in range(max(selection_count, bootstrap_count))]
    best: float | None = None
    chosen: list[Labels] = []
    resolution = 0.0
    with ThreadPoolExecutor(_THREADS) as pool:
        even = weigh(graph)
        tried = _tried(even, linked, pool, parameters)
        path = [each for each, _ in tried]
        plausible = [each for each in tried if _is_plausible(each[1][linked], parameters)]
        # What is refused anyway need not be known to be stable, unless all of it is refused.
        candidates = plausible or tried
        wanted = [each for each, _ in candidates]
        draws = list(
            pool.map(lambda seed: _partitions(weigh(resample(seed)), wanted, path, seed, parameters), seeds[:selection_count])
        )
        for place, (each, labels) in enumerate(candidates):
            found = [labels, *(draw[place] for draw in draws)]
            stability = float(np.mean([adjusted_rand_index(a[linked], b[linked]) for a, b in combinations(found, 2)]))
            if best is None or stability - parameters.tolerated_instability > best:
                best, chosen, resolution = stability, found, each

        def run(draw: Callable[[], csr_matrix], seed: int) -> Labels:
            return _partitions(weigh(draw()), [resolution], path, seed, parameters)[0]

        rest = seeds[selection_count:bootstrap_count]
        chosen += list(pool.map(lambda seed: run(lambda: resample(seed), seed), rest))
        null = chance()
        judging = [partial(null.resample, seed) for seed in seeds[:selection_count]]
        by_chance = list(pool.map(run, [lambda: null.graph, *judging], [parameters.seed, *seeds[:selection_count]]))
    labels = chosen[0]
    overlaps = _mean_jaccards(chosen)
    overlaps[_is_chance(np.bincount(labels), overlaps, np.bincount(by_chance[0]), _mean_jaccards(by_chance), parameters)] = 0.0
    jaccards = {label: float(value) for label, value in enumerate(overlaps)}
    return Communities(labels, jaccards, graph, _strengths(graph, labels), *_homes(chosen))


def _tried(
    graph: csr_matrix, linked: NDArray[np.bool_], pool: ThreadPoolExecutor, parameters: NicheParameters
) -> list[tuple[float, Labels]]:
    """Resolutions from the finest down to the first that makes a community too large, and the partition at each."""
    resolutions = _resolutions(graph, parameters)
    found: list[tuple[float, Labels]] = []
    is_large = _is_large(graph, parameters)
    for begin in range(0, len(resolutions), len(resolutions) if is_large else _THREADS):
        some = resolutions[begin:] if is_large else resolutions[begin : begin + _THREADS]
        tried = (
            local_moving.partitions(graph, some, parameters.seed)
            if is_large
            else pool.map(lambda each: leiden(graph, each, parameters.seed), some)
        )
        for each, labels in zip(some, tried, strict=True):
            found.append((each, labels))
            if np.bincount(labels[linked]).max() > parameters.largest_niche_share * np.count_nonzero(linked):
                return found
    return found


def _is_large(graph: csr_matrix, parameters: NicheParameters) -> bool:
    return bool(graph.nnz > 2 * parameters.full_resample_edges)


def _partitions(
    graph: csr_matrix, wanted: list[float], path: list[float], seed: int, parameters: NicheParameters
) -> list[Labels]:
    """Partition at each wanted resolution; in a large graph by way of those of the path that are finer."""
    if not _is_large(graph, parameters):
        return [leiden(graph, each, seed) for each in wanted]
    finer = [each for each in path if each >= min(wanted)]
    at = dict(zip(finer, local_moving.partitions(graph, finer, seed), strict=True))
    return [at[each] for each in wanted]


def _homes(partitions: list[Labels]) -> tuple[Labels, Floats]:
    """Of each account the community of the first partition that most of the others put it in, and in how many of them, as a share.

    A community of another partition stands for that one of the first which most of its members are in.
    """
    reference, others = partitions[0], partitions[1:]
    size, count = reference.size, int(reference.max(initial=-1)) + 1
    votes = csr_matrix((size, count))
    for other in others:
        table = csr_matrix((np.ones(size), (other, reference)), shape=(int(other.max()) + 1, count))
        table.sum_duplicates()
        stands_for = np.asarray(table.argmax(axis=1)).ravel()
        votes = csr_matrix(votes + csr_matrix((np.ones(size), (np.arange(size), stands_for[other])), shape=(size, count)))
    home = np.asarray(votes.argmax(axis=1)).ravel().astype(np.int64)
    return home, np.asarray(votes[np.arange(size), home]).ravel() / len(others)


def _mean_jaccards(partitions: list[Labels]) -> Floats:
    """Of each community of the first partition, its mean best Jaccard with the others."""
    return np.asarray(np.mean([_best_jaccards(partitions[0], other) for other in partitions[1:]], axis=0))


def _is_chance(
    sizes: Labels, jaccards: Floats, null_sizes: Labels, null_jaccards: Floats, parameters: NicheParameters
) -> NDArray[np.bool_]:
    """Communities beside which one of the null stands that is about as large and as stable; a giant one would be refused anyway."""
    is_giant = null_sizes > parameters.largest_niche_share * null_sizes.sum()
    null_sizes, null_jaccards = null_sizes[~is_giant], null_jaccards[~is_giant]
    order = np.argsort(null_sizes, kind="stable")
    # Of the null's communities from this size on, the most stable one.
    highest = np.append(np.maximum.accumulate(null_jaccards[order][::-1])[::-1], -np.inf)
    at = np.searchsorted(null_sizes[order], np.ceil(sizes * parameters.chance_size_ratio), side="left")
    return np.asarray(highest[at] >= jaccards - parameters.chance_jaccard_margin)


def _as_given(graph: csr_matrix) -> csr_matrix:
    return graph


def _is_plausible(labels: Labels, parameters: NicheParameters) -> bool:
    """No giant community, and enough accounts in groups of niche size."""
    sizes = np.bincount(labels)
    covered = sizes[sizes >= parameters.smallest_niche].sum()
    return bool(
        sizes.max() <= parameters.largest_niche_share * labels.size and covered >= parameters.smallest_covered_share * labels.size
    )


def stable_partition(counts: csr_matrix, mutual: csr_matrix, parameters: NicheParameters) -> Communities:
    """Find communities at the resolution that resamples agree on most, and how well each comes back in resamples.

    A resample keeps a share of account-unit cells and of mutual interactions. Communities whose Jaccard is below
    ``smallest_jaccard`` are not niches: what is known of their members is ``strengths``. Where every account and unit keeps its
    degree but who uses what is dealt at random, some small communities come back too: as large and stable ones get a Jaccard of 0.

    Args:
        counts: Uses, account x unit.
        mutual: Weights of mutual interaction, account x account, symmetric.
        parameters: See :class:`NicheParameters`.
    """

    def sampled(co_use: CoUse, interactions: csr_matrix) -> _Sampled:
        def resample(seed: int) -> csr_matrix:
            return joined(
                co_use.resampled(parameters.kept_share, seed),
                _thinned(interactions, parameters.kept_edge_share, seed + 1_000_000),
            )

        return _Sampled(joined(co_use.graph(), interactions), resample)

    def joined(used: csr_matrix, interactions: csr_matrix) -> csr_matrix:
        graph = csr_matrix(used + interactions)
        graph.sort_indices()
        return graph

    def chance() -> _Sampled:
        dealt = find_co_use(dealt_at_random(counts, parameters.seed), parameters.co_use)
        return sampled(dealt, _rewired(mutual, parameters.seed))

    return _stable(sampled(find_co_use(counts, parameters.co_use), mutual), chance, balanced, parameters)


def stable_graph_partition(graph: csr_matrix, parameters: NicheParameters) -> Communities:
    """Find communities of a given graph at the resolution that resamples of its edges agree on most.

    Args:
        graph: Weights, symmetric and not negative; the diagonal is not looked at.
        parameters: See :class:`NicheParameters`.
    """

    def sampled(whole: csr_matrix) -> _Sampled:
        return _Sampled(whole, lambda seed: _thinned(whole, parameters.kept_edge_share, seed))

    whole = _thinned(graph, 1.0, parameters.seed)
    return _stable(sampled(whole), lambda: sampled(_rewired(whole, parameters.seed)), _as_given, parameters)
