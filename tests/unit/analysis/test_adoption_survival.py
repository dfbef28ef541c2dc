"""Survival of trends without a mainstream adoption: known curves, competing events, who is left out, and the level of the test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import CensoredData, ecdf, logrank

from pipelines.analysis.adoption_survival import (
    TARGETS,
    SurvivalParameters,
    Times,
    cumulative_incidence,
    kaplan_meier,
    log_rank,
    survival_curves,
    times_of,
)
from pipelines.world.calibration_rows import upper_bound

DAYS = 60


def trend(key: str, target: str = "media", first: float | None = None, **values: Any) -> dict[str, Any]:
    return {
        "trend_key": key, "target_class": target, "gate": None, "window_days": 40.0, "origin_class": "micro", "first_low_days": first,
        "first_high_days": first, "first_seen_days": first, "first_large_days": None,
    } | values  # fmt: skip


def drawn(rng: np.random.Generator, count: int, mean: float, window: int = 40) -> Times:
    day = rng.exponential(mean, count).astype(np.int64)
    return Times(np.minimum(day, window), np.where(day < window, 0, -1))


def _censored(day: NDArray[np.int64], is_event: NDArray[np.bool_]) -> CensoredData[Any, Any, Any, Any]:
    days = day.astype(np.float64)
    return CensoredData(uncensored=days[is_event], right=days[~is_event])


def test_a_curve_without_censoring_is_the_share_that_is_left() -> None:
    curve = kaplan_meier(np.array([0, 1, 1, 3]), np.ones(4, dtype=bool), 5, 0.95)
    assert curve.survival.tolist() == [0.75, 0.25, 0.25, 0.0, 0.0]
    assert curve.at_risk.tolist() == [4, 3, 1, 1, 0]


@given(
    st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=2, max_size=60).filter(
        lambda rows: any(row[1] for row in rows)
    )
)
def test_the_curve_is_that_of_scipy(rows: list[tuple[int, bool]]) -> None:
    day, is_event = np.array([row[0] for row in rows], dtype=np.int64), np.array([row[1] for row in rows], dtype=bool)
    curve = kaplan_meier(day, is_event, DAYS, 0.95)
    found = ecdf(_censored(day, is_event)).sf
    assert curve.survival == pytest.approx(np.asarray(found.evaluate(np.arange(DAYS))))
    assert (curve.low <= curve.survival + 1e-12).all()
    assert (curve.survival <= curve.high + 1e-12).all()


def test_the_curve_comes_near_the_true_one_under_censoring() -> None:
    rng = np.random.default_rng(1)
    worst = []
    for _ in range(40):
        times = drawn(rng, 400, 20.0)
        curve = kaplan_meier(times.day, times.cause >= 0, 40, 0.95)
        truth = np.exp(-np.arange(1, 41) / 20.0)
        worst.append(np.abs(curve.survival[:39] - truth[:39]).max())
    print(f"largest deviation of the curve of 400 trends, mean of 40 worlds: {np.mean(worst):.3f}")
    assert np.mean(worst) < 0.05


def test_incidences_of_all_causes_add_up_to_what_did_not_survive() -> None:
    rng = np.random.default_rng(2)
    day = rng.integers(0, 60, 300)
    times = Times(day, rng.integers(-1, 3, 300))
    together = sum(cumulative_incidence(times, cause, DAYS) for cause in range(3))
    assert together == pytest.approx(1 - kaplan_meier(day, times.cause >= 0, DAYS, 0.95).survival)
    # Taking the other causes for censoring says more than ever happens.
    alone = 1 - kaplan_meier(day, times.cause == 0, DAYS, 0.95).survival
    assert cumulative_incidence(times, 0, DAYS)[-1] < alone[-1]


def test_the_log_rank_test_is_that_of_scipy_and_keeps_its_level() -> None:
    rng = np.random.default_rng(3)
    one, other = drawn(rng, 60, 15.0), drawn(rng, 50, 25.0)
    censored = [_censored(each.day, each.cause >= 0) for each in (one, other)]
    assert log_rank(one, other) == pytest.approx(logrank(censored[0], censored[1]).pvalue)
    rejected = sum(log_rank(drawn(rng, 40, 20.0), drawn(rng, 25, 20.0)) < 0.05 for _ in range(600))
    found = sum(log_rank(drawn(rng, 40, 10.0), drawn(rng, 25, 30.0)) < 0.05 for _ in range(200))
    print(f"log-rank: {rejected} of 600 null worlds, {upper_bound(rejected, 600):.3f}; hazard ratio 3: {found / 200:.2f}")
    assert upper_bound(rejected, 600) <= 0.085
    assert found / 200 > 0.8


def test_every_candidate_counts_and_not_those_that_became_known() -> None:
    rows = [trend("taken", first=5.0), trend("never"), trend("late", first=50.0)]
    times, excluded = times_of(rows, ["media"])
    assert (times.day.tolist(), times.cause.tolist(), excluded) == ([40, 40, 5], [-1, -1, 0], 0)


def test_what_was_not_seen_from_its_birth_is_left_out_and_counted() -> None:
    rows = [
        trend("old", gate="left_censored"), trend("used", gate="in_use_before"), trend("printed", first=-3.0), trend("kept", first=3.0),
        trend("undated", first_seen_days=4.0), trend("shock", gate="shock", first=1.0),
    ]  # fmt: skip
    times, excluded = times_of(rows, ["media"])
    assert (sorted(times.day.tolist()), excluded) == ([1, 3], 4)


def test_the_first_of_several_classes_is_the_event() -> None:
    rows = [trend("a", first=9.0, first_large_days=4.0), trend("a", "brand", first=6.0, first_large_days=4.0)]
    times, _ = times_of(rows, TARGETS)
    assert (times.day.tolist(), [TARGETS[cause] for cause in times.cause]) == ([4], ["large_creators"])


def test_a_class_of_too_few_trends_has_no_curve_and_others_tell_every_day() -> None:
    rng = np.random.default_rng(4)
    rows = [
        trend(f"{origin}{number}", first=float(rng.exponential(scale)), origin_class=origin)
        for origin, scale, count in (("micro", 30.0, 30), ("large", 5.0, 20), ("mixed", 9.0, 5))
        for number in range(count)
    ]
    found = survival_curves(rows, SurvivalParameters())
    media = [row for row in found if row["target_class"] == "media"]
    assert {row["origin_class"] for row in media} == {"all", "micro", "large"}
    assert len(media) == 3 * 60
    tested = {row["origin_class"]: row["log_rank_p_value"] for row in media}
    assert tested["micro"] == tested["large"] < 0.05
    assert tested["all"] is None
    assert all(row["at_risk_count"] == row["trend_count"] for row in media if row["day"] == 0)
