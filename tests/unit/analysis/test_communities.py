"""Communities on planted, overlapping and structureless worlds, and on graphs that are given. Nothing about months or ids."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_matrix, csr_matrix

from pipelines.analysis.co_use import dealt_at_random
from pipelines.analysis.communities import (
    Communities,
    Labels,
    NicheParameters,
    adjusted_rand_index,
    stable_graph_partition,
    stable_partition,
)
from pipelines.world.scoring.metrics_niches import adjusted_mutual_information, contingency
from tests.unit.analysis.co_use_worlds import planted_world

# Small worlds have small niches.
PARAMETERS = NicheParameters(smallest_niche=5)


def nobody(size: int) -> csr_matrix:
    return csr_matrix((size, size))


def niches(found: Communities) -> list[int]:
    sizes = np.bincount(found.labels)
    return [
        label
        for label, jaccard in found.jaccards.items()
        if jaccard >= PARAMETERS.smallest_jaccard
        and PARAMETERS.smallest_niche <= sizes[label] <= PARAMETERS.largest_niche_share * found.labels.size
    ]


def agreement(found: Communities, truth: Labels) -> tuple[float, float]:
    """AMI of those who are in a niche, and how many are."""
    inside = np.isin(found.labels, niches(found))
    score = adjusted_mutual_information(contingency(found.labels[inside], truth[inside])) if inside.any() else 0.0
    return score, float(inside.mean())


def clique_graph(sizes: list[int], between: int, seed: int = 1) -> csr_matrix:
    """Cliques in a row, and this many edges at random."""
    random = np.random.default_rng(seed)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    edges = {(a, b) for low, high in pairwise(starts) for a in range(low, high) for b in range(a + 1, high)}
    edges |= {tuple(sorted(random.choice(starts[-1], 2, replace=False).tolist())) for _ in range(between)}
    row, column = np.array(sorted(edges)).T
    half = coo_matrix((np.ones(row.size), (row, column)), shape=(starts[-1], starts[-1])).tocsr()
    return csr_matrix(half + half.T)


@pytest.mark.parametrize(("mixing", "smallest_score", "smallest_share"), [(0.2, 0.93, 0.85), (0.4, 0.83, 0.7)])
def test_planted_niches_are_found(mixing: float, smallest_score: float, smallest_share: float) -> None:
    world = planted_world(600, 8, mixing, 1)
    score, share = agreement(stable_partition(world.counts, nobody(600), PARAMETERS), world.homes)
    print(f"mixing {mixing}: AMI {score:.3f} of {share:.0%}")
    assert score > smallest_score
    assert share > smallest_share


def test_planted_niches_are_found_at_heavy_mixing_where_accounts_use_much() -> None:
    world = planted_world(600, 8, 0.6, 1, uses=40)
    score, share = agreement(stable_partition(world.counts, nobody(600), PARAMETERS), world.homes)
    print(f"mixing 0.6: AMI {score:.3f} of {share:.0%}")
    assert score > 0.75
    assert share > 0.5


def test_the_second_niche_of_an_account_is_in_its_strengths() -> None:
    world = planted_world(800, 8, 0.2, 2, uses=30, second_share=0.25)
    found = stable_partition(world.counts, nobody(800), PARAMETERS)
    kept = niches(found)
    # The planted community of a found one is that of most of its members.
    planted = [int(np.bincount(world.homes[found.labels == label]).argmax()) for label in kept]
    strong = np.zeros((800, 8), dtype=bool)
    for label, community in zip(kept, planted, strict=True):
        strong[:, community] |= found.strengths[:, [label]].toarray().ravel() >= 0.15
    truth = np.zeros_like(strong)
    truth[np.arange(800), world.homes] = True
    truth[np.flatnonzero(world.seconds >= 0), world.seconds[world.seconds >= 0]] = True
    hits = (strong & truth).sum()
    score = 2 * hits / (strong.sum() + truth.sum())
    strong[np.arange(800), world.homes] = truth[np.arange(800), world.homes] = False
    second = 2 * (strong & truth).sum() / (strong.sum() + truth.sum())
    print(f"overlap: F1 {score:.3f} of all niches, {second:.3f} of second ones")
    assert score > 0.8
    assert second > 0.6


def test_strengths_of_an_account_sum_to_one_or_to_nothing() -> None:
    counts = planted_world(300, 5, 0.4, 3).counts.tolil()
    counts[7] = 0
    found = stable_partition(csr_matrix(counts), nobody(300), PARAMETERS)
    sums = np.asarray(found.strengths.sum(axis=1)).ravel()
    linked = np.diff(found.graph.indptr) > 0
    assert not linked[7]
    assert np.allclose(sums, linked)
    assert found.strengths.shape == (300, found.labels.max() + 1)


def test_use_without_structure_has_no_niches() -> None:
    for seed in range(3):
        counts = dealt_at_random(planted_world(600, 8, 0.2, seed).counts, seed)
        assert niches(stable_partition(counts, nobody(600), PARAMETERS)) == []


def test_a_random_graph_has_no_niches() -> None:
    random = np.random.default_rng(1)
    ends = random.integers(0, 800, (2, 4000))
    half = coo_matrix((np.ones(4000), ends), shape=(800, 800)).tocsr()
    assert niches(stable_graph_partition(csr_matrix(half + half.T), PARAMETERS)) == []


def test_communities_of_a_given_graph_are_found_whatever_their_sizes() -> None:
    sizes = [6, 10, 20, 40, 60]
    found = stable_graph_partition(clique_graph(sizes, 60), PARAMETERS)
    assert adjusted_rand_index(found.labels, np.repeat(np.arange(5), sizes)) == 1.0
    assert min(found.jaccards.values()) > 0.8


def test_a_giant_community_is_refused_though_nothing_is_more_stable() -> None:
    giant = stable_graph_partition(clique_graph([100, 6, 6], 10), PARAMETERS)
    assert niches(giant) != []
    assert all(np.count_nonzero(giant.labels == label) <= 7 for label in niches(giant))
    # Nine cliques that are tied to each other: at the coarsest resolution all are one, in each resample.
    tied = stable_graph_partition(clique_graph([12] * 9, 250), PARAMETERS)
    assert np.bincount(tied.labels).max() < 0.6 * 108
    assert adjusted_rand_index(tied.labels, np.repeat(np.arange(9), 12)) > 0.95


@settings(max_examples=5)
@given(st.integers(0, 2**31))
def test_the_order_of_cells_and_of_edges_does_not_matter(seed: int) -> None:
    random = np.random.default_rng(seed)
    world = planted_world(120, 4, 0.2, seed)
    cells, friends = coo_matrix(world.counts), random.integers(0, 120, (2, 60))
    order = random.permutation(cells.nnz)
    half = coo_matrix((np.full(60, 0.2), friends), shape=(120, 120)).tocsr()
    mutual = csr_matrix(half + half.T)
    mutual.setdiag(0)
    mutual.eliminate_zeros()
    shuffled = coo_matrix((cells.data[order], (cells.row[order], cells.col[order])), shape=cells.shape).tocsr()
    first, second = (stable_partition(counts, mutual, PARAMETERS) for counts in (world.counts, shuffled))
    assert np.array_equal(first.labels, second.labels)
    assert first.jaccards == second.jaccards
    assert np.array_equal(first.strengths.toarray(), second.strengths.toarray())


@pytest.mark.parametrize("size", [0, 1, 2, 5])
def test_too_little_data_give_everybody_a_community_of_their_own(size: int) -> None:
    for found in (
        stable_partition(csr_matrix((size, 0)), nobody(size), PARAMETERS),
        stable_graph_partition(nobody(size), PARAMETERS),
    ):
        assert found.labels.tolist() == list(range(size))
        assert found.jaccards == {}
        assert found.strengths.shape == (size, size)
        assert found.strengths.nnz == 0


def test_two_accounts_that_share_a_tag_are_no_trouble() -> None:
    found = stable_partition(csr_matrix(np.array([[1.0, 0], [1, 0], [0, 1]])), nobody(3), PARAMETERS)
    assert found.labels.size == 3
    assert niches(found) == []


def test_an_account_is_at_home_where_most_resamples_put_it() -> None:
    world = planted_world(600, 8, 0.2, 3)
    found = stable_partition(world.counts, nobody(600), PARAMETERS)
    stable = np.isin(found.labels, niches(found))
    assert (found.home[stable] == found.labels[stable]).mean() > 0.97
    assert np.median(found.home_share[stable]) == 1.0
    # Where there is nothing to be at home in, resamples do not agree.
    dealt = stable_partition(dealt_at_random(world.counts, 3), nobody(600), PARAMETERS)
    assert (dealt.home_share >= 0.6).mean() < 0.5
