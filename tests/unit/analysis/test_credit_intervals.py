"""Intervals of credited adoptions: exact where counts are Poisson, wider where they scatter more, never without a width."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.analysis.credit_intervals import dispersion_within, overdispersed_interval, rate_interval

LEVEL = 0.9


def test_of_poisson_counts_the_interval_is_that_of_garwood() -> None:
    """His table for 90%: (5.425, 16.962) for ten; nothing seen still allows for three."""
    assert overdispersed_interval(10.0, 1.0, LEVEL) == pytest.approx((5.4254, 16.9622), abs=1e-4)
    assert overdispersed_interval(0.0, 1.0, LEVEL) == pytest.approx((0.0, -np.log(0.05)))


@given(st.floats(0, 500), st.floats(1, 20))
def test_an_interval_holds_its_sum_and_is_wider_where_counts_scatter(total: float, dispersion: float) -> None:
    low, high = overdispersed_interval(total, dispersion, LEVEL)
    assert 0 <= low <= total < high
    narrow = overdispersed_interval(total, 1.0, LEVEL)
    assert high - low >= narrow[1] - narrow[0] - 1e-9


def test_the_dispersion_is_that_about_the_means_of_groups() -> None:
    values, group = np.array([0.0, 4.0, 0.0, 4.0, 10.0, 10.0, 99.0]), np.array([0, 0, 0, 0, 1, 1, -1])
    # Four times (2 - x)^2 / 2, over six values less two means; what is in no group does not count.
    assert dispersion_within(values, group) == pytest.approx(8 / 4)
    assert dispersion_within(np.zeros(5), np.zeros(5, dtype=np.int64)) == 1.0
    assert dispersion_within(np.array([3.0]), np.array([0])) == 1.0


def test_of_a_single_trend_there_is_no_interval_and_one_without_posts_changes_nothing() -> None:
    assert rate_interval(np.array([5.0, 0.0]), np.array([40.0, 0.0]), LEVEL) is None
    two = rate_interval(np.array([5.0, 2.0]), np.array([40.0, 30.0]), LEVEL)
    assert two == rate_interval(np.array([5.0, 2.0, 0.0]), np.array([40.0, 30.0, 0.0]), LEVEL)


def test_intervals_of_a_rate_hold_it_where_resampled_trends_do_not() -> None:
    rng = np.random.default_rng(1)
    told = []
    for trend_count, rate in ((5, 0.02), (10, 0.002), (20, 0.02), (40, 0.2)):
        held = np.zeros(2)
        for _ in range(400):
            posts = np.maximum(rng.lognormal(4, 0.8, trend_count).round(), 1)
            credited = rng.poisson(rate * posts * rng.gamma(4, 1 / 4, trend_count)).astype(float)
            found = rate_interval(credited, posts, LEVEL)
            assert found is not None
            weights = rng.multinomial(trend_count, np.full(trend_count, 1 / trend_count), 200)
            naive = np.quantile((weights @ credited) / np.maximum(weights @ posts, 1), [0.05, 0.95])
            held += [found[0] / posts.sum() <= rate <= found[1] / posts.sum(), naive[0] <= rate <= naive[1]]
        told.append(held / 400)
        print(
            f"{trend_count} trends, {rate} per post: {held[0] / 400:.3f} of 90% intervals hold it; trends resampled {held[1] / 400:.3f}"
        )
    assert all(own > 0.86 for own, _ in told)
    assert all(own > naive for own, naive in told)


def test_intervals_of_a_group_s_reproduction_hold_it_where_resampled_adopters_do_not() -> None:
    rng = np.random.default_rng(2)

    def credit(count: int, mean: float) -> np.ndarray:
        return rng.poisson(rng.gamma(0.3, mean / 0.3, count)).astype(float)

    told = []
    for own_count, mean in ((2, 0.6), (5, 0.6), (10, 0.2), (30, 0.6)):
        held, widthless = np.zeros(2), 0
        for _ in range(400):
            own, others = credit(own_count, mean), credit(120, 0.5)
            group = np.r_[np.zeros(own_count), np.ones(120)].astype(np.int64)
            low, high = overdispersed_interval(float(own.sum()), dispersion_within(np.r_[own, others], group), LEVEL)
            naive = np.quantile(own[rng.integers(0, own_count, (200, own_count))].mean(axis=1), [0.05, 0.95])
            held += [low / own_count <= mean <= high / own_count, naive[0] <= mean <= naive[1]]
            widthless += naive[0] == naive[1]
        told.append(held / 400)
        print(
            f"{own_count} adopters, {mean} each: {held[0] / 400:.3f} of 90% intervals hold it; resampled {held[1] / 400:.3f}, "
            f"{widthless / 400:.2f} of them without a width"
        )
    assert all(own > 0.86 for own, _ in told)
    assert all(own > naive for own, naive in told)
