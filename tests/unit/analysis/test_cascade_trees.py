"""Shapes of trees against closed forms and against all pairs of nodes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import shortest_path

from pipelines.analysis.cascade_trees import ROOT, Ints, forest_of


def _star(count: int) -> Ints:
    return np.array([ROOT] + [0] * (count - 1), dtype=np.int64)


def _chain(count: int) -> Ints:
    return np.arange(-1, count - 1, dtype=np.int64)


def _mean_distance(parent: Ints) -> float:
    """Of all ordered pairs of one tree, by a search from each node."""
    rows = np.flatnonzero(parent != ROOT)
    ties = csr_matrix((np.ones(rows.size), (rows, parent[rows])), shape=(parent.size, parent.size))
    distances = shortest_path(ties, directed=False, unweighted=True)
    return float(distances.sum() / (parent.size * (parent.size - 1)))


def test_a_star_of_73_has_the_virality_of_a_broadcast() -> None:
    forest = forest_of(_star(73))
    assert forest.virality[0] == pytest.approx(1.97, abs=0.005)
    assert forest.virality[0] == pytest.approx(2 - 2 / 73)
    assert (forest.size[0], forest.depth[0], forest.breadth[0], forest.broadcast_share[0]) == (73, 1, 72, 1.0)


def test_a_chain_of_73_has_a_third_of_its_length() -> None:
    forest = forest_of(_chain(73))
    assert forest.virality[0] == pytest.approx(24.67, abs=0.005)
    assert forest.virality[0] == pytest.approx((73 + 1) / 3)
    assert (forest.depth[0], forest.breadth[0], forest.broadcast_share[0]) == (72, 1, pytest.approx(1 / 72))


def test_a_long_chain_needs_no_recursion() -> None:
    assert forest_of(_chain(20_000)).virality[0] == pytest.approx(20_001 / 3)


@st.composite
def _trees(draw: st.DrawFn) -> Ints:
    """A tree whose nodes are in no order."""
    count = draw(st.integers(2, 40))
    parent = [ROOT] + [draw(st.integers(0, node - 1)) for node in range(1, count)]
    place = np.array(draw(st.permutations(range(count))))
    shuffled = np.empty(count, dtype=np.int64)
    shuffled[place] = [ROOT if one == ROOT else place[one] for one in parent]
    return shuffled


@given(_trees())
def test_virality_is_the_mean_distance_of_all_pairs(parent: Ints) -> None:
    forest = forest_of(parent)
    assert forest.virality[0] == pytest.approx(_mean_distance(parent))
    assert 1 <= forest.virality[0] <= (parent.size + 1) / 3 + 1e-9


@given(_trees())
def test_depth_and_breadth_are_those_of_walking_up(parent: Ints) -> None:
    depths = []
    for node in range(parent.size):
        steps, above = 0, int(parent[node])
        while above != ROOT:
            steps, above = steps + 1, int(parent[above])
        depths.append(steps)
    forest = forest_of(parent)
    assert forest.depth[0] == max(depths)
    assert forest.breadth[0] == np.bincount(depths).max()


@given(st.lists(_trees(), min_size=1, max_size=4))
def test_each_tree_of_a_forest_is_measured_as_if_alone(trees: list[Ints]) -> None:
    starts = np.cumsum([0, *(tree.size for tree in trees)])
    parent = np.concatenate([np.where(tree == ROOT, ROOT, tree + start) for tree, start in zip(trees, starts, strict=False)])
    forest = forest_of(parent)
    alone = [forest_of(tree) for tree in trees]
    for name in ("size", "depth", "breadth", "virality", "broadcast_share"):
        assert getattr(forest, name).tolist() == [getattr(one, name)[0] for one in alone]


def test_who_has_neither_parent_nor_child_has_no_virality() -> None:
    forest = forest_of(np.array([ROOT, ROOT]))
    assert forest.size.tolist() == [1, 1]
    assert np.isnan(forest.virality).all()


def test_no_nodes_make_no_trees() -> None:
    assert forest_of(np.empty(0, dtype=np.int64)).root.size == 0


@pytest.mark.parametrize("parent", [[1, 0], [ROOT, 2, 1], [5]])
def test_parents_in_a_circle_or_nowhere_are_refused(parent: list[int]) -> None:
    with pytest.raises(ValueError, match="parent"):
        forest_of(np.array(parent, dtype=np.int64))
