"""Slopes over months in series with and without a trend: false rates, sizes, abstention. No niche, no account."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.analysis.slopes import Slope, SlopeParameters, culture_direction, slope

QUICK = SlopeParameters(bootstrap_count=100)


def series(generator: np.random.Generator, count: int, width: int) -> NDArray[np.float64]:
    """Noise without a trend, of windows that share data with their neighbours."""
    return np.convolve(generator.normal(size=count + width), np.ones(width) / width, "valid")[:count]


@pytest.mark.parametrize("count", [4, 6, 12, 24])
@pytest.mark.parametrize("width", [1, 3])
def test_windows_without_a_trend_are_given_one_in_at_most_the_tenth_that_the_level_allows(count: int, width: int) -> None:
    generator = np.random.default_rng(12)
    parameters = replace(QUICK, window_width=width)
    found = [slope(np.arange(count), series(generator, count, width), parameters) for _ in range(200)]
    assert np.mean([not one.low <= 0 <= one.high for one in found]) < 0.16


def test_a_trend_is_found_at_its_size_whatever_the_order_and_the_gaps() -> None:
    generator = np.random.default_rng(13)
    steps = np.array([0, 1, 2, 4, 5, 6, 7, 9, 10, 11])
    values = 3 - 0.5 * steps + 0.05 * generator.normal(size=steps.size)
    found = slope(steps, values, QUICK)
    assert found.low < found.value < found.high < 0
    assert found.value == pytest.approx(-0.5, abs=0.03)
    order = generator.permutation(steps.size)
    assert slope(steps[order], values[order], QUICK) == found
    assert slope(np.append(steps, 12), np.append(values, np.nan), QUICK) == found


def test_three_windows_have_no_slope_and_a_window_counts_once() -> None:
    assert np.isnan(slope(np.arange(4), np.array([1.0, 2.0, np.nan, 4.0]), QUICK).value)
    with pytest.raises(ValueError, match="one value"):
        slope(np.array([1, 1, 2, 3]), np.ones(4), QUICK)


def test_homogenising_is_said_only_where_niches_grow_alike_while_their_number_stays() -> None:
    falls, stays, rises = Slope(-1.0, -1.2, -0.8, 10), Slope(0.01, -0.1, 0.1, 10), Slope(1.0, 0.8, 1.2, 10)
    unclear = Slope(-1.0, -2.5, 0.5, 10)
    unknown = Slope(np.nan, np.nan, np.nan, 3)
    said = {
        "homogenising": (falls, stays),
        "consolidating": (falls, falls),
        "fragmenting": (stays, rises),
        "none": (stays, stays),
    }
    for word, (distinctness, niches) in said.items():
        assert culture_direction(distinctness, niches, 10.0, QUICK) == word
    # Niches that grow alike while more of them come, or while nobody can tell, are not called homogenising.
    assert culture_direction(falls, rises, 10.0, QUICK) == "none"
    assert culture_direction(falls, unclear, 10.0, QUICK) == "none"
    assert culture_direction(unknown, stays, 10.0, QUICK) is None


def test_a_culture_without_a_trend_is_called_homogenising_or_fragmenting_at_most_as_often_as_the_level_allows() -> None:
    generator = np.random.default_rng(14)
    words = []
    for _ in range(200):
        pair = [slope(np.arange(12), 10 + series(generator, 12, 3), QUICK) for _ in range(2)]
        words.append(culture_direction(pair[0], pair[1], 10.0, QUICK))
    assert np.mean([word == "homogenising" for word in words]) < 0.08
    assert np.mean([word == "fragmenting" for word in words]) < 0.08


def test_a_line_that_rests_on_few_accounts_is_no_trend() -> None:
    steps, values = np.arange(6), 0.1 * np.arange(6, dtype=np.float64)
    resampled = values + np.random.default_rng(15).normal(size=(200, 6))
    alone, with_accounts = slope(steps, values, QUICK), slope(steps, values, QUICK, resampled)
    assert (alone.sign, with_accounts.sign) == (1, 0)
    assert slope(steps, values, QUICK, values + np.zeros((200, 1))).sign == 1


def test_without_resamples_in_most_there_is_no_interval_and_no_sign() -> None:
    resampled = np.zeros((10, 6))
    resampled[:6, 2] = np.nan
    found = slope(np.arange(6), 0.1 * np.arange(6, dtype=np.float64), QUICK, resampled)
    assert found.value == pytest.approx(0.1)
    assert np.isnan([found.low, found.high]).all()
    assert found.sign == 0
