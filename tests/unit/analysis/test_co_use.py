"""Validated co-use on planted and on structureless use. Nothing about communities."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_matrix, csr_matrix
from scipy.stats import hypergeom

from pipelines.analysis.co_use import CoUseParameters, _ChanceOverlaps, candidate_pairs, dealt_at_random, find_co_use
from tests.unit.analysis.co_use_worlds import planted_world

SAMPLED = CoUseParameters(whole_pair_count=2, whole_pair_floor=0)


def test_chance_validates_about_no_pair_and_planted_communities_thousands_on_the_same_degrees() -> None:
    chance, planted = 0, 0
    for seed in range(5):
        counts = planted_world(600, 8, 0.2, seed).counts
        dealt = dealt_at_random(counts, seed)
        assert np.array_equal(np.diff(dealt.indptr), np.diff(counts.indptr))
        chance += int(find_co_use(dealt, CoUseParameters()).is_validated.sum())
        planted += int(find_co_use(counts, CoUseParameters()).is_validated.sum())
    # Benjamini and Hochberg at 5%: a discovery in about one chance world of twenty, seldom more than a few pairs.
    assert chance <= 3
    assert planted > 2_000


def test_chance_validates_about_no_pair_where_candidates_were_chosen_for_what_they_share() -> None:
    found = []
    for seed in range(3):
        counts = dealt_at_random(planted_world(2000, 20, 0.4, seed).counts, seed)
        co_use = find_co_use(counts, SAMPLED)
        assert co_use.candidate_count < 0.2 * find_co_use(counts, CoUseParameters()).candidate_count
        found.append(int(co_use.is_validated.sum()))
    assert sum(found) <= 3


def test_validated_pairs_of_planted_communities_share_one_but_for_the_promised_rate() -> None:
    world = planted_world(1000, 10, 0.2, 3)
    co_use = find_co_use(world.counts, CoUseParameters())
    left, right = co_use.left[co_use.is_validated], co_use.right[co_use.is_validated]
    assert left.size > 500
    assert np.mean(world.homes[left] != world.homes[right]) < CoUseParameters().false_discovery_rate


def test_chances_are_hypergeometric_where_all_units_are_alike() -> None:
    random = np.random.default_rng(1)
    accounts, units, own = 400, 100, 10
    places = np.concatenate([random.permutation(units)[:own] for _ in range(accounts)])
    counts = coo_matrix((np.ones(places.size), (np.repeat(np.arange(accounts), own), places)), (accounts, units)).tocsr()
    p_values = _ChanceOverlaps(counts, np.full(units, 5)).p_values(np.zeros(3, int), np.ones(3, int), 5 * np.arange(3, 6))
    expected = hypergeom.sf(np.arange(3, 6) - 1, units, own, own)
    # One of the two degrees is not fixed, so the overlap varies more: the p-values err on the safe side.
    assert np.all(p_values >= expected)
    assert np.all(p_values <= 2.5 * expected)


def test_sharing_rare_units_is_less_likely_by_chance_than_sharing_as_many_popular_ones() -> None:
    counts = planted_world(600, 8, 0.4, 1).counts
    points = np.rint(4 * np.log(600 / np.bincount(counts.indices, minlength=counts.shape[1]))).astype(np.int64)
    few, many = np.sort(points)[:3].sum(), np.sort(points)[-3:].sum()
    popular, rare = _ChanceOverlaps(counts, points).p_values(np.zeros(2, int), np.ones(2, int), np.array([few, many]))
    assert rare < popular / 10


def test_candidates_grow_with_accounts_and_not_with_the_users_of_a_unit() -> None:
    for size in (500, 4000):
        random = np.random.default_rng(size)
        cells = random.integers(0, 6, 5 * size)
        counts = csr_matrix(coo_matrix((np.ones(cells.size), (np.repeat(np.arange(size), 5), cells)), shape=(size, 6)))
        left, right = candidate_pairs(counts, SAMPLED)
        assert np.all(left < right)
        bound = SAMPLED.whole_pair_count + SAMPLED.sketch_count * SAMPLED.partner_count
        assert size < left.size <= bound * size
        assert np.bincount(np.concatenate([left, right])).max() <= 2 * bound


def test_small_data_are_not_sampled() -> None:
    counts = planted_world(300, 5, 0.4, 2).counts
    binary = (counts > 0).astype(np.int64)
    left, right = candidate_pairs(counts, CoUseParameters())
    assert 2 * left.size == ((binary @ binary.T) > 0).nnz - np.count_nonzero(np.diff(counts.indptr))
    assert np.all(np.diff(left * 300 + right) > 0)


def test_accounts_that_share_more_meet_more_often_in_sketches() -> None:
    world = planted_world(2000, 10, 0.2, 4)
    left, right = candidate_pairs(world.counts, SAMPLED)
    binary = (world.counts > 0).astype(np.int64)
    shared = np.asarray(binary[left].multiply(binary[right]).sum(axis=1)).ravel()
    everyone = csr_matrix(binary @ binary.T)
    everyone.setdiag(0)
    everyone.eliminate_zeros()
    assert shared.mean() > 1.5 * everyone.data.mean()


@settings(max_examples=15)
@given(st.integers(0, 2**31), st.integers(2, 60))
def test_the_order_of_cells_does_not_matter(seed: int, size: int) -> None:
    random = np.random.default_rng(seed)
    rows, columns = random.integers(0, size, 6 * size), random.integers(0, 12, 6 * size)
    order = random.permutation(rows.size)
    for parameters in (CoUseParameters(), SAMPLED):
        graphs = [
            find_co_use(coo_matrix((np.ones(rows.size), (r, c)), shape=(size, 12)).tocsr(), parameters).graph()
            for r, c in ((rows, columns), (rows[order], columns[order]))
        ]
        assert all(np.array_equal(getattr(graphs[0], name), getattr(graphs[1], name)) for name in ("indptr", "indices", "data"))


def test_a_graph_is_symmetric_and_an_account_keeps_its_strongest_neighbours_where_few_pairs_are_validated() -> None:
    counts = planted_world(600, 8, 0.6, 5).counts
    co_use = find_co_use(counts, CoUseParameters())
    assert co_use.is_validated.sum() < 600
    graph = co_use.graph()
    assert abs(graph - graph.T).max() == 0
    assert graph.diagonal().sum() == 0
    without = replace(co_use, parameters=CoUseParameters(neighbour_count=0)).graph()
    assert without.nnz == 2 * co_use.is_validated.sum() < graph.nnz / 5


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (1, 1), (3, 0), (2, 1)])
def test_data_without_pairs_have_no_edges(shape: tuple[int, int]) -> None:
    co_use = find_co_use(csr_matrix(shape), CoUseParameters())
    assert co_use.graph().shape == (shape[0], shape[0])
    assert co_use.graph().nnz == co_use.resampled(0.75, 1).nnz == 0
