"""The correction for a classifier's errors: right on average, and an interval that holds what it says, clusters included."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.analysis.prevalence import Accuracy, beta_prior, corrected_share, design_effect, ratio_interval

Floats = NDArray[np.float64]
ONE = np.array([1.0])


def test_the_estimate_is_that_of_rogan_and_gladen() -> None:
    found = corrected_share(np.array([30.0]), np.array([100.0]), ONE, Accuracy(80, 20, 90, 10), 0.9)
    assert found.share[0] == pytest.approx((0.3 + 0.9 - 1) / (0.8 + 0.9 - 1))


def test_a_perfect_classifier_is_not_corrected() -> None:
    found = corrected_share(np.array([30.0]), np.array([100.0]), ONE, Accuracy(10_000, 0, 10_000, 0), 0.9)
    assert found.share[0] == pytest.approx(0.3)
    assert found.low[0] < 0.3 < found.high[0]


def test_fewer_flags_than_its_false_ones_are_none_and_nothing_seen_is_no_share() -> None:
    found = corrected_share(np.array([1.0, 0.0]), np.array([100.0, 0.0]), np.array([1.0, 1.0]), Accuracy(80, 20, 90, 10), 0.9)
    assert found.share[0] == 0.0
    assert np.isnan(found.share[1])


@given(st.integers(0, 200), st.integers(1, 200), st.integers(1, 300), st.integers(1, 300))
def test_the_interval_holds_its_estimate_and_lies_between_0_and_1(seen: int, more: int, positives: int, negatives: int) -> None:
    accuracy = Accuracy(9 * positives, positives, 9 * negatives, negatives)
    found = corrected_share(np.array([float(seen)]), np.array([float(seen + more)]), ONE, accuracy, 0.9)
    assert 0 <= found.low[0] <= found.share[0] <= found.high[0] <= 1


def test_a_useless_classifier_is_known() -> None:
    assert not Accuracy(50, 50, 50, 50).is_usable
    assert not Accuracy(10, 0, 0, 0).is_usable
    assert Accuracy(9, 1, 9, 1).is_usable


def test_few_labelled_posts_do_not_tell_a_weak_classifier_from_chance_and_many_do() -> None:
    assert not Accuracy(2, 3, 4, 1).is_usable
    assert Accuracy(200, 300, 400, 100).is_usable
    assert not Accuracy(1, 0, 1, 0).is_usable


def test_labelled_real_captions_are_enough_although_few_commercial_ones_are_found() -> None:
    assert Accuracy(18, 78, 172, 0).is_usable


def test_an_interval_that_covers_everything_tells_nothing() -> None:
    weak = Accuracy(12, 28, 36, 4)
    assert weak.is_usable
    found = corrected_share(np.array([2.0, 200.0]), np.array([8.0, 4000.0]), np.array([1.0, 1.0]), weak, 0.9)
    print(found)
    assert list(found.is_uninformative) == [True, False]


@pytest.mark.parametrize(("true", "sensitivity", "specificity"), [(0.05, 0.8, 0.97), (0.2, 0.7, 0.95), (0.5, 0.9, 0.8)])
def test_nine_tenths_of_the_intervals_hold_the_planted_share(true: float, sensitivity: float, specificity: float) -> None:
    rng, rounds = np.random.default_rng(1), 1500
    hits, errors, naive = 0, [], []
    for _ in range(rounds):
        found, missed = (count := int(rng.binomial(150, sensitivity))), 150 - count
        left, false = (clean := int(rng.binomial(300, specificity))), 300 - clean
        seen = rng.binomial(400, true * sensitivity + (1 - true) * (1 - specificity))
        result = corrected_share(np.array([float(seen)]), np.array([400.0]), ONE, Accuracy(found, missed, left, false), 0.9)
        hits += bool(result.low[0] <= true <= result.high[0])
        errors.append(float(result.share[0]) - true)
        naive.append(seen / 400 - true)
    print(f"true {true}: coverage {hits / rounds:.3f}, bias {np.mean(errors):+.4f}, without correction {np.mean(naive):+.4f}")
    assert 0.86 <= hits / rounds <= 0.96
    assert abs(float(np.mean(errors))) < 0.01
    assert abs(float(np.mean(naive))) > 0.01


def _clusters(rng: np.random.Generator) -> tuple[Floats, Floats]:
    sizes = rng.integers(1, 30, 60).astype(float)
    return rng.binomial(sizes.astype(int), rng.beta(0.5, 2.0, 60)).astype(float), sizes


def test_posts_of_one_account_are_taken_together() -> None:
    rng, rounds, truth = np.random.default_rng(2), 1000, 0.2
    holds = {"clustered": 0, "naive": 0}
    for _ in range(rounds):
        hits, sizes = _clusters(rng)
        effect = design_effect(
            *(
                np.array([value])
                for value in ((hits**2).sum(), (hits * sizes).sum(), (sizes**2).sum(), hits.sum(), sizes.sum(), 60.0)
            )
        )
        for name, one in (("clustered", effect), ("naive", ONE)):
            result = corrected_share(np.array([hits.sum()]), np.array([sizes.sum()]), one, Accuracy(10_000, 0, 10_000, 0), 0.9)
            holds[name] += bool(result.low[0] <= truth <= result.high[0])
    print({name: count / rounds for name, count in holds.items()})
    assert holds["clustered"] / rounds > 0.84
    assert holds["naive"] / rounds < 0.65


def test_independent_posts_have_no_design_effect() -> None:
    hits = np.tile([1.0, 0.0], 50)
    ones = np.ones(100)
    values = ((hits**2).sum(), hits.sum(), ones.sum(), hits.sum(), ones.sum(), 100.0)
    assert design_effect(*(np.array([value]) for value in values))[0] == pytest.approx(1.0, abs=0.02)


def test_a_share_without_variance_has_a_narrow_interval_around_it() -> None:
    low, high = ratio_interval(np.array([0.5]), np.array([0.0]), 0.9)
    assert low[0] == pytest.approx(0.5, abs=1e-3)
    assert high[0] == pytest.approx(0.5, abs=1e-3)


def test_cells_that_differ_by_chance_are_pooled_and_others_are_not() -> None:
    rng = np.random.default_rng(3)
    sizes = np.full(200, 50.0)
    alike = rng.binomial(50, 0.2, 200).astype(float)
    unlike = rng.binomial(50, rng.beta(2, 8, 200)).astype(float)
    assert sum(beta_prior(alike, sizes)) > 150
    alpha, beta = beta_prior(unlike, sizes)
    assert alpha + beta == pytest.approx(10, rel=0.35)
    assert alpha / (alpha + beta) == pytest.approx(0.2, abs=0.03)
    assert beta_prior(np.zeros(2), np.zeros(2)) == (1.0, 1.0)
