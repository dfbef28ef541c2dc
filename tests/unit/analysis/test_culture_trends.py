"""Trends of culture over planted months: what is told, of which months, and when nothing is."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipelines.analysis.contracts import CULTURE_WINDOWS
from pipelines.analysis.culture_trends import culture_trends
from pipelines.analysis.decentralisation_contracts import CULTURE_TRENDS


def windows(niches: list[float | None], bits: list[float | None]) -> pa.Table:
    """Months of culture with these values."""
    rows = [
        {
            "month": date(2024 + number // 12, number % 12 + 1, 1), "account_count": 9, "member_count": 9, "niche_count": 3, "effective_niche_count": one,
            "distinctness_bits": two, "distinctness_pair_count": 0 if two is None else 1, "method_version": "v", "params_hash": "h",
        }
        for number, (one, two) in enumerate(zip(niches, bits, strict=True))
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=CULTURE_WINDOWS)


def told(table: pa.Table) -> dict[tuple[str, str], dict[str, Any]]:
    """Rows by measure and period."""
    return {(row["measure"], row["period"]): row for row in table.to_pylist()}


def noisy(values: np.ndarray, seed: int) -> list[float | None]:
    """Values with noise of a fiftieth."""
    return [float(value) for value in values * (1 + 0.02 * np.random.default_rng(seed).normal(size=values.size))]


def test_niches_that_grow_alike_while_they_stay_as_many_are_homogenising() -> None:
    found = told(culture_trends(windows(noisy(np.full(8, 6.0), 1), noisy(np.linspace(0.9, 0.4, 8), 2))))
    assert {row["culture_direction"] for row in found.values()} == {"homogenising"}
    assert found["distinctness_bits", "all"]["direction"] == "homogenising"
    assert found["effective_niche_count", "all"]["direction"] == "none"
    assert found["distinctness_bits", "all"]["slope"] == pytest.approx(-0.5 / 7, rel=0.2)


def test_more_niches_that_stay_distinct_are_fragmenting_and_fewer_are_consolidating() -> None:
    steady = noisy(np.full(8, 0.8), 3)
    assert (
        told(culture_trends(windows(noisy(np.linspace(4, 9, 8), 4), steady)))["effective_niche_count", "all"]["direction"]
        == "fragmenting"
    )
    rows = told(culture_trends(windows(noisy(np.linspace(9, 4, 8), 5), steady)))
    assert {row["culture_direction"] for row in rows.values()} == {"consolidating"}


def test_the_shorter_period_ends_with_the_last_month_and_a_month_without_a_measure_is_no_month_of_either() -> None:
    niches: list[float | None] = [6.0] * 20
    niches[18] = None
    found = told(culture_trends(windows(niches, noisy(np.full(20, 0.8), 6))))
    assert {(row["first_month"], row["month_count"]) for (_, period), row in found.items() if period == "all"} == {
        (date(2024, 1, 1), 19)
    }
    assert {(row["first_month"], row["month_count"]) for (_, period), row in found.items() if period != "all"} == {
        (date(2024, 9, 1), 11)
    }


def test_three_months_tell_nothing_and_no_month_has_no_row() -> None:
    rows = told(culture_trends(windows([4.0, 5.0, 6.0], [0.5, 0.4, 0.3])))
    assert {(row["slope"], row["direction"], row["culture_direction"]) for row in rows.values()} == {
        (None, "abstained", "abstained")
    }
    empty = culture_trends(windows([None], [0.5]))
    assert (empty.num_rows, empty.schema) == (0, CULTURE_TRENDS)


def test_the_order_of_months_changes_nothing() -> None:
    table = windows(noisy(np.full(8, 6.0), 7), noisy(np.full(8, 0.7), 8))
    assert culture_trends(table.take([5, 1, 7, 0, 2, 6, 3, 4])).equals(culture_trends(table))


def test_a_culture_that_only_wavers_is_given_a_direction_in_about_the_twentieth_that_the_level_allows() -> None:
    said = [
        told(culture_trends(windows(noisy(np.full(8, 6.0), seed), noisy(np.full(8, 0.7), 1000 + seed))))[
            "distinctness_bits", "all"
        ]
        for seed in range(100)
    ]
    claims = sum(row["direction"] != "none" for row in said), sum(row["culture_direction"] != "none" for row in said)
    print(f"of 100 wavering cultures {claims[0]} are given a direction of distinctness, {claims[1]} one of culture")
    assert max(claims) <= 12
