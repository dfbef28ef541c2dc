"""Concentration of attention that comes by posts: what more posts may and may not change, exact values, abstention. No months."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.analysis.clustered_concentration import (
    Clustered,
    cluster_equivalents,
    cluster_hhi,
    effective_events,
    interval_of,
    rarefied_hill_1,
    resampled_measures,
    share_interval,
    top_cluster_share,
)
from pipelines.analysis.concentration import rarefied_hill, top_share, unbiased_hhi

POSTS = st.lists(st.lists(st.integers(1, 9), max_size=4), min_size=1, max_size=6).filter(
    lambda accounts: sum(map(len, accounts)) > 1
)
EVERYBODY = np.ones(40, dtype=bool)
COUNTS = st.lists(st.integers(1, 9), min_size=2, max_size=20)


def clustered(accounts: list[list[int]]) -> Clustered:
    """Attention of the posts of each account."""
    return Clustered(
        np.array([float(sum(posts)) for posts in accounts]),
        np.array([float(sum(post**2 for post in posts)) for posts in accounts]),
    )


def alone(counts: list[int]) -> Clustered:
    """Accounts whose events are clusters of their own."""
    values = np.array(counts, dtype=np.float64)
    return Clustered(values, values)


@given(POSTS)
def test_the_index_is_the_share_of_pairs_of_events_of_two_posts_that_are_of_one_account(accounts: list[list[int]]) -> None:
    posts = [(owner, size) for owner, own in enumerate(accounts) for size in own]
    pairs = [(one[0] == two[0], one[1] * two[1]) for one, two in permutations(posts, 2)]
    share = sum(weight for same, weight in pairs if same) / sum(weight for _, weight in pairs)
    assert cluster_hhi(clustered(accounts)) == pytest.approx(share, abs=1e-9)


@given(COUNTS)
def test_events_that_do_not_come_in_clusters_are_measured_as_they_always_were(counts: list[int]) -> None:
    events = alone(counts)
    assert cluster_hhi(events) == pytest.approx(unbiased_hhi(np.array(counts)), abs=1e-9)
    assert effective_events(events) == pytest.approx(sum(counts))
    assert rarefied_hill_1(events, 2) == pytest.approx(rarefied_hill(np.array(counts), 1, 2), rel=1e-6)


@given(POSTS)
def test_equivalents_add_up_to_the_effective_number_of_posts_and_have_the_same_index(accounts: list[list[int]]) -> None:
    events = clustered(accounts)
    equivalents = cluster_equivalents(events)
    total = equivalents.sum()
    assert total == pytest.approx(effective_events(events))
    if total > 1.01:
        plain = (equivalents * (equivalents - 1)).sum() / (total * (total - 1))
        assert np.clip(plain, 0, 1) == pytest.approx(cluster_hhi(events), abs=1e-6)


def attention(generator: np.random.Generator, posts: int, rates: np.ndarray, sizes: np.ndarray) -> Clustered:
    """What over-dispersed posts of the accounts get, of the accounts that get something."""
    author = np.repeat(np.arange(rates.size), generator.poisson(posts * rates / rates.sum()))
    got = generator.poisson(sizes[author] * generator.gamma(1.5, 1 / 1.5, author.size)).astype(np.float64)
    total, squares = (np.bincount(author, values, rates.size).astype(np.float64) for values in (got, got**2))
    return Clustered(total[total > 0], squares[total > 0])


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6])
def test_collecting_more_posts_moves_the_naive_index_of_attention_and_ours_much_less(seed: int) -> None:
    generator = np.random.default_rng(seed)
    rates, sizes = generator.lognormal(0.0, 1.0, 500), generator.lognormal(3.0, 1.2, 500)
    shares = rates * sizes / (rates @ sizes)
    truth = float((shares**2).sum())
    naive, ours, numbers = {}, {}, {}
    for posts in (500, 2_000, 10_000):
        draws = [attention(generator, posts, rates, sizes) for _ in range(200)]
        naive[posts] = float(np.mean([((each.total / each.total.sum()) ** 2).sum() for each in draws])) / truth
        ours[posts] = float(np.mean([cluster_hhi(each) for each in draws])) / truth
        numbers[posts] = float(np.mean([rarefied_hill_1(each, 40) for each in draws]))
    print(f"world {seed}: naive over truth {naive}, ours over truth {ours}, rarefied order 1 {numbers}")
    assert naive[500] > 1.5
    # A ratio of two sums is too low where few posts carry nearly all.
    assert 0.8 < ours[500] < 1.1
    assert 0.9 < ours[2_000] < 1.1
    assert ours[10_000] == pytest.approx(1.0, abs=0.05)
    # Of 500 posts there are draws with fewer than 40 effective ones, of which nothing is told.
    assert numbers[2_000] == pytest.approx(numbers[10_000], rel=0.03)


def test_likes_of_one_post_are_not_taken_for_independent_proofs_of_concentration() -> None:
    # Ten accounts of one post each: nobody was liked twice, so nothing says that attention is concentrated.
    events = clustered([[1000]] * 9 + [[9000]])
    assert cluster_hhi(events) == 0.0
    assert unbiased_hhi(events.total.astype(np.int64)) > 0.25
    assert np.isnan(resampled_measures(events, EVERYBODY[:10], EVERYBODY[:10], np.ones((3, 10)), 2).hill_2).all()


def test_losing_a_third_of_the_posts_leaves_the_index_where_it_was() -> None:
    generator = np.random.default_rng(2)
    rates, sizes = generator.lognormal(0.0, 1.0, 300), generator.lognormal(3.0, 0.8, 300)
    author = np.repeat(np.arange(300), generator.poisson(20 * rates))
    got = generator.poisson(sizes[author] * generator.gamma(1.5, 1 / 1.5, author.size)).astype(np.float64)

    def of(kept: np.ndarray) -> float:
        total, squares = (np.bincount(author[kept], values[kept], 300).astype(np.float64) for values in (got, got**2))
        return cluster_hhi(Clustered(total, squares))

    whole = of(np.ones(author.size, dtype=bool))
    thinned = [of(generator.random(author.size) < 0.7) / whole for _ in range(200)]
    assert np.mean(thinned) == pytest.approx(1.0, abs=0.01)


def test_a_resample_in_which_every_account_counts_once_is_the_value_and_weights_move_it() -> None:
    generator = np.random.default_rng(3)
    events = alone(generator.poisson(9, 40).tolist())
    tiers = np.arange(40) < 10
    weights = np.vstack([np.full((1, 40), 2.0), generator.exponential(size=(99, 40))])
    found = resampled_measures(events, tiers, np.arange(40) < 30, weights, 20)
    for values in (found.hhi, found.hill_1, found.hill_2, found.micro_share):
        assert values[1] == pytest.approx(values[0], rel=1e-3)
        assert np.ptp(values[2:]) > 0
    assert found.micro_share[0] == pytest.approx(events.total[:10].sum() / events.total[:30].sum())
    one = interval_of(found.hill_2, 0.9)
    assert one.low < one.value < one.high
    share = share_interval(found.micro_share, 0.9)
    assert 0 <= share.low < share.value < share.high <= 1


def test_nothing_is_said_where_there_is_too_little() -> None:
    nothing, single = alone([]), clustered([[5]])
    assert np.isnan(
        [effective_events(nothing), cluster_hhi(single), rarefied_hill_1(single, 2), rarefied_hill_1(nothing, 2)]
    ).all()
    assert np.isnan(top_cluster_share(alone([1] * 99), 0.01, 100))
    counts = [1] * 149 + [40]
    assert top_cluster_share(alone(counts), 0.01, 100) == pytest.approx(top_share(np.array(counts)))
    assert np.isnan(resampled_measures(nothing, EVERYBODY[:0], EVERYBODY[:0], np.ones((3, 0)), 2).hill_1).all()
    assert np.isnan(share_interval(np.array([np.nan, 1.0]), 0.9).value)
