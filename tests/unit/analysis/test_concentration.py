"""Concentration measures: what more events may and may not change, exact values, intervals. Nothing about niches."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.analysis.concentration import (
    ConcentrationParameters,
    bootstrap_weights,
    concentration,
    effective_groups,
    effective_number,
    gini,
    rarefied_hill,
    theil,
    top_share,
    unbiased_hhi,
)
from pipelines.analysis.increments import text_words

SMALL = st.lists(st.integers(0, 4), min_size=1, max_size=6).filter(lambda counts: 2 <= sum(counts) <= 10)


def subsets(counts: list[int], size: int) -> list[np.ndarray]:
    events = [account for account, count in enumerate(counts) for _ in range(count)]
    return [np.bincount(chosen, minlength=len(counts)) for chosen in combinations(events, size)]


def test_collecting_more_events_moves_naive_numbers_and_leaves_fair_ones_where_they_were() -> None:
    generator = np.random.default_rng(5)
    shares = generator.lognormal(0.0, 1.5, 500)
    shares /= shares.sum()
    truth = float((shares**2).sum())
    means = {}
    for events in (100, 1_000, 10_000):
        draws = [generator.multinomial(events, shares) for _ in range(60)]
        rows = [
            (
                gini(draw),
                ((draw / events) ** 2).sum(),
                unbiased_hhi(draw),
                *(rarefied_hill(draw, order, 100) for order in (0, 1, 2)),
            )
            for draw in draws
        ]
        means[events] = np.mean(rows, axis=0)
    few, _, many = means.values()
    assert abs(many[0] - few[0]) > 0.3
    assert few[1] / truth > 1.8
    assert many[1] / truth < 1.1
    for fair in means.values():
        assert fair[2] == pytest.approx(truth, rel=0.08)
        np.testing.assert_allclose(fair[3:], many[3:], rtol=0.02)


@given(SMALL)
def test_the_unbiased_index_is_the_share_of_pairs_of_events_of_one_account(counts: list[int]) -> None:
    pairs = subsets(counts, 2)
    assert unbiased_hhi(np.array(counts)) == pytest.approx(np.mean([pair.max() == 2 for pair in pairs]))


@settings(deadline=None)
@given(SMALL, st.data())
def test_rarefied_numbers_are_means_over_all_subsets_of_events(counts: list[int], data: st.DataObject) -> None:
    events = data.draw(st.integers(1, sum(counts)))
    drawn = np.array(subsets(counts, events))
    shares = drawn / events
    assert rarefied_hill(np.array(counts), 0, events) == pytest.approx((drawn > 0).sum(axis=1).mean())
    entropies = -(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=1)
    assert rarefied_hill(np.array(counts), 1, events) == pytest.approx(np.exp(entropies.mean()))
    assert rarefied_hill(np.array(counts), 2, events) == pytest.approx(1 / (shares**2).sum(axis=1).mean())


@given(st.integers(1, 30), st.integers(2, 9))
def test_accounts_that_are_equal_count_as_many_as_they_are(accounts: int, each: int) -> None:
    counts = np.full(accounts, each)
    assert [rarefied_hill(counts, order, accounts * each) for order in (0, 1, 2)] == pytest.approx([accounts] * 3)
    assert gini(counts) == pytest.approx(0.0)


def test_nothing_is_said_where_there_is_too_little() -> None:
    assert np.isnan(unbiased_hhi(np.array([1, 0])))
    assert np.isnan(effective_number(np.array([1, 1, 1])))
    assert np.isnan(rarefied_hill(np.array([3, 4]), 0, 8))
    assert np.isnan(top_share(np.ones(99, dtype=np.int64)))
    assert np.isnan(theil(np.array([0, 0]), np.array([0, 1])).total)
    nothing = concentration(np.zeros(3, dtype=np.int64), text_words("abc"))
    assert nothing.event_count == 0
    assert np.isnan([nothing.hhi.value, nothing.effective_number.low, nothing.hill_0.value, nothing.gini]).all()


def test_the_top_percent_of_150_accounts_is_one_and_a_half_account() -> None:
    counts = np.ones(150, dtype=np.int64)
    counts[7], counts[30] = 40, 12
    assert top_share(counts) == pytest.approx((40 + 12 / 2) / counts.sum())


def test_counts_that_are_no_counts_are_refused() -> None:
    for wrong in (np.array([1, -1]), np.array([0.5, 2.0])):
        with pytest.raises(ValueError, match="whole"):
            unbiased_hhi(wrong)
    with pytest.raises(ValueError, match="one count"):
        concentration(np.array([1, 2]), np.array([7, 7], dtype=np.uint64))
    with pytest.raises(ValueError, match="order 3"):
        rarefied_hill(np.array([2, 2]), 3, 2)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 3)), min_size=1, max_size=30).filter(lambda x: any(c for c, _ in x)))
def test_theil_falls_into_parts_that_are_the_inequality_inside_groups_and_of_their_means(cells: list[tuple[int, int]]) -> None:
    counts, groups = (np.array(part) for part in zip(*cells, strict=True))
    parts = theil(counts, groups)
    inside = 0.0
    for group in np.unique(groups):
        own = counts[groups == group]
        if own.sum():
            inside += own.sum() / counts.sum() * theil(own, np.zeros(own.size, dtype=np.int64)).total
    assert parts.within == pytest.approx(inside, abs=1e-9)
    assert parts.between >= -1e-12
    means = np.array([counts[groups == group].mean() for group in groups])
    assert parts.between == pytest.approx(theil(means, np.zeros(means.size, dtype=np.int64)).total, abs=1e-9)


def test_an_account_keeps_its_weight_whoever_else_is_there() -> None:
    some, more = text_words(["a", "b"]), text_words(["c", "a", "b"])
    left, right = bootstrap_weights(some, 50, 3), bootstrap_weights(more, 50, 3)
    np.testing.assert_allclose(left[:, 0] / left[:, 1], right[:, 1] / right[:, 2])
    assert left.mean(axis=1) == pytest.approx(np.ones(50))


def test_the_order_of_accounts_changes_no_bit() -> None:
    generator = np.random.default_rng(1)
    counts, accounts = generator.poisson(4, 60), text_words(f"a{number}" for number in range(60))
    order = generator.permutation(60)
    assert concentration(counts, accounts) == concentration(counts[order], accounts[order])


def coverage(spread: float, accounts: int) -> float:
    """Share of 90% intervals that hold the effective number of the population that accounts are drawn from."""
    generator = np.random.default_rng(11)
    truth = accounts / np.exp(spread**2)
    hits = []
    for _ in range(120):
        counts = generator.poisson(5 * generator.lognormal(0.0, spread, accounts))
        found = concentration(
            counts, generator.integers(0, 2**63, accounts).astype(np.uint64), ConcentrationParameters(bootstrap_count=200)
        )
        hits.append(found.effective_number.low <= truth <= found.effective_number.high)
    return float(np.mean(hits))


def test_intervals_cover_where_accounts_are_alike_and_too_rarely_where_a_few_are_far_above_the_rest() -> None:
    assert coverage(0.5, 150) > 0.75
    assert coverage(1.5, 150) < 0.5


def test_the_number_of_groups_is_rarefied_and_its_interval_covers() -> None:
    generator = np.random.default_rng(2)
    shares = generator.dirichlet(np.full(12, 2.0))
    parameters = ConcentrationParameters(bootstrap_count=200)
    values: dict[int, list[tuple[float, float]]] = {}
    hits = []
    large = generator.multinomial(1_000_000, shares)
    truth = rarefied_hill(large, 2, 100)
    for accounts in (150, 600):
        for _ in range(60):
            groups = generator.choice(12, accounts, p=shares)
            ones, twos = effective_groups(groups, generator.integers(0, 2**63, accounts).astype(np.uint64), 100, parameters)
            values.setdefault(accounts, []).append((ones.value, twos.value))
            hits.append(twos.low <= truth <= twos.high)
    np.testing.assert_allclose(np.mean(values[150], axis=0), np.mean(values[600], axis=0), rtol=0.02)
    assert np.mean(hits) > 0.82


def test_accounts_without_a_group_and_too_few_accounts_give_no_number_of_groups() -> None:
    accounts = text_words(f"a{number}" for number in range(120))
    groups = np.arange(120) % 4
    parameters = ConcentrationParameters(bootstrap_count=50)
    with_strangers = effective_groups(
        np.append(groups, [-1] * 30), np.append(accounts, text_words(f"s{number}" for number in range(30))), 100, parameters
    )
    assert with_strangers == effective_groups(groups, accounts, 100, parameters)
    assert np.isnan(effective_groups(groups[:90], accounts[:90], 100, parameters)[0].value)
