"""Local moving of many accounts at once, beside Leiden one by one. Nothing about stability."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from pipelines.analysis.co_use import CoUseParameters, find_co_use
from pipelines.analysis.communities import Labels, NicheParameters, adjusted_rand_index, balanced, leiden, stable_partition
from pipelines.analysis.local_moving import partitions
from tests.unit.analysis.co_use_worlds import planted_world
from tests.unit.analysis.test_communities import agreement, nobody

# Every graph is large.
LARGE = NicheParameters(smallest_niche=5, full_resample_edges=1)
PATH = [0.08, 0.04, 0.02, 0.01, 0.005]


def potts(graph: csr_matrix, labels: Labels, resolution: float) -> float:
    """Weight inside communities less the resolution times the pairs inside, as a share of all weight."""
    edges, sizes = graph.tocoo(), np.bincount(labels)
    inside = edges.data[labels[edges.row] == labels[edges.col]].sum() / 2
    return float((inside - resolution * (sizes * (sizes - 1) / 2).sum()) / (edges.data.sum() / 2))


def test_the_potts_model_is_maximised_as_well_as_one_by_one() -> None:
    world = planted_world(3_000, 15, 0.3, 1)
    graph = balanced(find_co_use(world.counts, CoUseParameters()).graph())
    for resolution, labels in zip(PATH, partitions(graph, PATH, 1), strict=True):
        ours, theirs = potts(graph, labels, resolution), potts(graph, leiden(graph, resolution, 1), resolution)
        print(f"resolution {resolution}: quality {ours:.4f}, one by one {theirs:.4f}")
        assert ours > theirs - 0.01


@pytest.mark.parametrize("seed", [1, 2])
def test_planted_niches_of_a_graph_taken_for_large_are_found(seed: int) -> None:
    world = planted_world(600, 8, 0.2, seed)
    score, share = agreement(stable_partition(world.counts, nobody(600), LARGE), world.homes)
    print(f"seed {seed}: AMI {score:.3f} of {share:.0%}")
    assert score > 0.9
    assert share > 0.8


@settings(max_examples=20)
@given(st.integers(0, 2**31))
def test_cliques_without_ties_are_told_apart(seed: int) -> None:
    random = np.random.default_rng(seed)
    homes = np.repeat(np.arange(6), random.integers(2, 12, 6))
    graph = csr_matrix((homes[:, None] == homes).astype(float) - np.eye(homes.size))
    *_, labels = partitions(graph, [0.5, 0.1], seed)
    assert adjusted_rand_index(labels, homes) == 1.0
    assert labels[0] == 0


@pytest.mark.parametrize("size", [1, 3])
def test_accounts_without_edges_stay_alone(size: int) -> None:
    assert [each.tolist() for each in partitions(csr_matrix((size, size)), [0.1], 1)] == [list(range(size))]
