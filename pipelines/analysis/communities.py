"""Communities of accounts on shared tags and mutual interaction, and their stability under resampling. No months, no ids, no tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import graspologic_native
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

METHOD_VERSION: Final = "leiden_cpm_1"
Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class NicheParameters:
    """Parameters of niche discovery.

    Attributes:
        smallest_post_count: Tagged posts in the month below which an account is not looked at.
        smallest_tag_accounts: Tags used by fewer accounts are dropped.
        largest_tag_share: Tags used by a larger share of accounts are dropped ...
        tolerated_tag_share: ... but in small data only above this share,
        tolerated_tag_accounts: up to this many accounts.
        neighbour_count: Nearest neighbours by cosine kept for each account.
        smallest_cosine: Weaker similarities make no edge.
        interaction_weight: Weight of a mutual interaction of one each way; grows with log2 of the smaller count.
        resolution_factors: CPM resolutions tried, as multiples of the mean edge weight.
        selection_count: Resamples that choose the resolution.
        bootstrap_count: Resamples that judge each niche.
        kept_share: Share of an account's tags that a resample keeps.
        smallest_niche: Members below which a group is no niche.
        largest_niche_share: A partition with a larger community is refused (unless nothing else is left).
        smallest_covered_share: A partition with fewer accounts in groups of niche size is refused.
        smallest_jaccard: Mean best Jaccard over resamples that a niche needs.
        smallest_lineage_jaccard: Overlap with last month's niche that keeps its id.
        core_tag_count: Tags that name a niche and make its id.
        seed: Of every random draw.
    """

    smallest_post_count: int = 2
    smallest_tag_accounts: int = 3
    largest_tag_share: float = 0.05
    tolerated_tag_share: float = 0.35
    tolerated_tag_accounts: int = 300
    neighbour_count: int = 15
    smallest_cosine: float = 0.1
    interaction_weight: float = 0.2
    resolution_factors: tuple[float, ...] = (0.02, 0.05, 0.1, 0.2, 0.4)
    selection_count: int = 4
    bootstrap_count: int = 12
    kept_share: float = 0.75
    smallest_niche: int = 5
    largest_niche_share: float = 0.6
    smallest_covered_share: float = 0.3
    smallest_jaccard: float = 0.6
    smallest_lineage_jaccard: float = 0.25
    core_tag_count: int = 5
    seed: int = 20260903


@dataclass(frozen=True)
class Communities:
    """A partition of accounts.

    Attributes:
        labels: Community of each account.
        jaccards: Of each community, its mean best Jaccard over resamples.
        graph: Account graph it was found on.
    """

    labels: Labels
    jaccards: dict[int, float]
    graph: csr_matrix


def _nearest(sources: Labels, values: Floats, size: int, count: int) -> NDArray[np.bool_]:
    """Edges not weaker than their source's count-th strongest; sources are in order. What is left is cheap to sort."""
    least = np.zeros(size)
    bounds = np.searchsorted(sources, np.arange(size + 1))
    for source in np.flatnonzero(np.diff(bounds) > count):
        own = values[bounds[source] : bounds[source + 1]]
        least[source] = np.partition(own, own.size - count)[own.size - count]
    return np.asarray(values >= least[sources])


def _similarity(counts: csr_matrix, mutual: csr_matrix, parameters: NicheParameters) -> csr_matrix:
    """Account graph: top-k cosine of IDF-weighted tags (either end may choose the edge) plus mutual interactions."""
    size = counts.shape[0]
    used = np.bincount(counts.indices, minlength=counts.shape[1])
    weighted = counts.copy()
    weighted.data = np.log1p(weighted.data) * np.log(size / np.maximum(used, 1))[weighted.indices]
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    weighted.data /= np.repeat(np.maximum(lengths, 1e-12), np.diff(weighted.indptr))
    cosine = csr_matrix(weighted @ weighted.T)
    sources = np.repeat(np.arange(size), np.diff(cosine.indptr))
    kept = (cosine.indices != sources) & (cosine.data >= parameters.smallest_cosine)
    sources, targets, values = sources[kept], cosine.indices[kept], cosine.data[kept]
    # Rounding makes near-equal cosines equal, so that the neighbour order cannot hang on the last bit.
    rounded = np.round(values, 9)
    near = _nearest(sources, rounded, size, parameters.neighbour_count)
    sources, targets, values, rounded = sources[near], targets[near], values[near], rounded[near]
    order = np.lexsort((targets, -rounded, sources))
    sources, targets, values = sources[order], targets[order], values[order]
    rank = np.arange(sources.size) - np.searchsorted(sources, sources, side="left")
    near = rank < parameters.neighbour_count
    graph = csr_matrix((values[near], (sources[near], targets[near])), shape=(size, size))
    graph = csr_matrix(graph.maximum(graph.T) + mutual)
    graph.sort_indices()
    return graph


def _leiden(graph: csr_matrix, resolution: float, seed: int) -> Labels:
    """Communities by Leiden with the constant Potts model; accounts without edges get a community each."""
    size = graph.shape[0]
    labels = np.arange(size, dtype=np.int64)
    upper = graph.tocoo()
    kept = upper.row < upper.col
    if not kept.any():
        return labels
    names = [str(index) for index in range(size)]
    edges = [
        (names[a], names[b], float(w))
        for a, b, w in zip(upper.row[kept], upper.col[kept], np.round(upper.data[kept], 9), strict=True)
    ]
    _, found = graspologic_native.leiden(edges, resolution=resolution, use_modularity=False, seed=seed, iterations=2)
    for name, label in found.items():
        labels[int(name)] = size + label
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _resampled(counts: csr_matrix, kept_share: float, seed: int) -> csr_matrix:
    """Keep a random share of account-tag cells."""
    generator = np.random.default_rng(seed)
    result = counts.copy()
    result.data = result.data * (generator.random(result.data.size) < kept_share)
    result.eliminate_zeros()
    return result


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


def stable_partition(counts: csr_matrix, mutual: csr_matrix, parameters: NicheParameters) -> Communities:
    """Find communities at the resolution that resamples agree on most, and how well each comes back in resamples.

    Args:
        counts: Uses, account x tag.
        mutual: Weights of mutual interaction, account x account.
        parameters: See :class:`NicheParameters`.
    """
    graph = _similarity(counts, mutual, parameters)
    size = graph.shape[0]
    if graph.nnz == 0:
        return Communities(np.arange(size), {}, graph)
    scale = float(graph.data.mean())
    draws = [
        _similarity(_resampled(counts, parameters.kept_share, parameters.seed + index), mutual, parameters)
        for index in range(parameters.bootstrap_count)
    ]
    best: tuple[bool, float, float] | None = None
    chosen, resolution = np.arange(size), scale
    for factor in parameters.resolution_factors:
        labels = _leiden(graph, factor * scale, parameters.seed)
        sizes = np.bincount(labels)
        covered = sizes[sizes >= parameters.smallest_niche].sum() / size
        is_allowed = bool(sizes.max() / size <= parameters.largest_niche_share and covered >= parameters.smallest_covered_share)
        others = [
            _leiden(draw, factor * scale, parameters.seed + index)
            for index, draw in enumerate(draws[: parameters.selection_count])
        ]
        stability = float(np.mean([adjusted_rand_index(labels, other) for other in others]))
        if best is None or (is_allowed, round(stability, 6)) > best[:2]:
            best, chosen, resolution = (is_allowed, round(stability, 6), factor), labels, factor * scale
    overlaps = np.mean(
        [_best_jaccards(chosen, _leiden(draw, resolution, parameters.seed + 100 + index)) for index, draw in enumerate(draws)],
        axis=0,
    )
    return Communities(chosen, {label: float(value) for label, value in enumerate(overlaps)}, graph)
