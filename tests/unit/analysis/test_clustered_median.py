"""Intervals of a median over few groups hold it as often as they say."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.analysis.clustered_median import median_interval

LEVEL = 0.9


@pytest.mark.parametrize("group_count", [4, 6, 20])
def test_an_interval_holds_the_median_where_quantiles_of_resamples_are_too_narrow(group_count: int) -> None:
    rng = np.random.default_rng(group_count)
    held = np.zeros(2)
    for _ in range(300):
        groups = [
            np.exp(3 + shift + rng.normal(0, 0.8, size))
            for shift, size in zip(rng.normal(0, 0.6, group_count), rng.integers(3, 9, group_count), strict=True)
        ]
        low, high = median_interval(groups, 200, LEVEL, rng)
        places = rng.integers(0, group_count, (200, group_count))
        naive = np.quantile([np.median(np.concatenate([groups[place] for place in row])) for row in places], [0.05, 0.95])
        held += [low <= np.exp(3) <= high, naive[0] <= np.exp(3) <= naive[1]]
    print(
        f"{group_count} groups: {held[0] / 300:.3f} of 90% intervals hold the median; quantiles of resamples {held[1] / 300:.3f}"
    )
    assert held[0] / 300 > 0.86
    assert held[0] > held[1]


def test_what_is_below_zero_has_an_interval_too_and_equal_groups_have_none_of_a_width() -> None:
    rng = np.random.default_rng(1)
    low, high = median_interval([np.array([-5.0, 2.0]), np.array([1.0, 3.0]), np.array([-4.0, 0.5])], 100, LEVEL, rng)
    assert low < 0.75 < high
    assert median_interval([np.array([7.0])] * 3, 50, LEVEL, rng) == pytest.approx((7.0, 7.0))
