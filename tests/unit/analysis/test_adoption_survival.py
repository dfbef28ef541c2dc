"""Survival of trends without a mainstream adoption: known curves, competing events, who is left out, and the level of the test."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import ecdf, logrank

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
from tests.unit.analysis.survival_world import SurvivalWorld, censored, independent_interval

DAYS = 60


def trend(key: str, target: str = "media", first: float | None = None, **values: Any) -> dict[str, Any]:
    return {
        "trend_key": key, "target_class": target, "gate": None, "window_days": 40.0, "origin_class": "micro", "first_low_days": first,
        "first_high_days": first, "first_seen_days": first, "first_large_days": None,
    } | values  # fmt: skip


def drawn(rng: np.random.Generator, count: int, mean: float, window: int = 40) -> Times:
    day = rng.exponential(mean, count).astype(np.int64)
    return Times(np.minimum(day, window), np.where(day < window, 0, -1), names(count))


def names(count: int) -> NDArray[np.str_]:
    """Each trend an event of its own, and no other group's."""
    return np.array([f"{count}/{number}" for number in range(count)])


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
    found = ecdf(censored(day, is_event)).sf
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
    times = Times(day, rng.integers(-1, 3, 300), names(300))
    together = sum(cumulative_incidence(times, cause, DAYS) for cause in range(3))
    assert together == pytest.approx(1 - kaplan_meier(day, times.cause >= 0, DAYS, 0.95).survival)
    # Taking the other causes for censoring says more than ever happens.
    alone = 1 - kaplan_meier(day, times.cause == 0, DAYS, 0.95).survival
    assert cumulative_incidence(times, 0, DAYS)[-1] < alone[-1]


@given(st.integers(1, 400), st.floats(3.0, 300.0), st.integers(1, 8))
def test_an_interval_has_a_width_and_both_ends_fall_with_the_curve(seed: int, mean: float, largest_name_count: int) -> None:
    times = SurvivalWorld(12, largest_name_count, mean_days=mean).draw(np.random.default_rng(seed))
    curve = kaplan_meier(times.day, times.cause >= 0, DAYS, 0.95, times.cluster)
    assert (curve.low <= curve.survival).all()
    assert (curve.survival <= curve.high).all()
    assert (curve.low < curve.high).all()
    assert (np.diff(curve.low) <= 0).all()
    assert (np.diff(curve.high) <= 0).all()
    alone = kaplan_meier(times.day, times.cause >= 0, DAYS, 0.95)
    assert curve.survival.tolist() == alone.survival.tolist()


def test_where_nothing_happened_the_interval_says_of_how_many_events() -> None:
    """Of twelve trends of which none was taken up, the share that ever will be can still be a quarter."""
    nothing = kaplan_meier(np.full(12, 20), np.zeros(12, dtype=bool), 20, 0.95)
    assert nothing.low[10] == pytest.approx(0.025 ** (1 / 12))
    named = kaplan_meier(np.full(12, 20), np.zeros(12, dtype=bool), 20, 0.95, np.repeat(["a", "b", "c"], 4))
    assert named.low[10] == pytest.approx(0.025 ** (1 / 3))
    everything = kaplan_meier(np.zeros(12, dtype=np.int64), np.ones(12, dtype=bool), 20, 0.95)
    assert (everything.low[3], everything.high[3]) == (0.0, pytest.approx(1 - 0.025 ** (1 / 12)))


def test_names_that_are_taken_up_together_are_as_good_as_one() -> None:
    """Each of forty trends under four names that share its fate: the interval is that of forty, not that of a hundred and sixty."""
    one = SurvivalWorld(40).draw(np.random.default_rng(5))
    four = Times(np.repeat(one.day, 4), np.repeat(one.cause, 4), np.repeat(one.cluster, 4))
    single, named, blind = (
        kaplan_meier(each.day, each.cause >= 0, DAYS, 0.95, cluster)
        for each, cluster in ((one, one.cluster), (four, four.cluster), (four, None))
    )
    assert named.low == pytest.approx(single.low, abs=1e-9)
    assert named.high == pytest.approx(single.high, abs=1e-9)
    assert (blind.high - blind.low)[20] < 0.6 * (named.high - named.low)[20]


@pytest.mark.parametrize(
    "world",
    [SurvivalWorld(20, 1, mean_days=400.0), SurvivalWorld(40, 8), SurvivalWorld(150, 4, mean_days=10.0)],
    ids=["few adoptions", "many names", "many adoptions"],
)
def test_intervals_hold_the_true_share_where_those_of_independent_trends_do_not(world: SurvivalWorld) -> None:
    rng = np.random.default_rng(6)
    days = np.array([5, 15, 35])
    truth = np.array([world.survival(day) for day in days])
    held = np.zeros((2, days.size))
    for _ in range(200):
        times = world.draw(rng)
        curve = kaplan_meier(times.day, times.cause >= 0, DAYS, 0.95, times.cluster)
        held[0] += (curve.low[days] <= truth) & (truth <= curve.high[days])
        low, high = independent_interval(times, DAYS)
        held[1] += (low[days] <= truth) & (truth <= high[days])
    print(
        f"95% intervals that hold the share, days {days.tolist()}: {held[0] / 200}; trends taken for independent: {held[1] / 200}"
    )
    # Of two hundred 95% intervals seventeen or more miss in one of forty draws.
    assert (held[0] >= 200 - 20).all()
    assert held[1].min() < 200 - 20


def test_origin_matters_by_the_log_rank_test_of_scipy_or_by_that_over_events_whichever_is_less_sure() -> None:
    rng = np.random.default_rng(3)
    found = []
    for _ in range(20):
        one, other = drawn(rng, 60, 15.0), drawn(rng, 50, 25.0)
        classic = logrank(censored(one.day, one.cause >= 0), censored(other.day, other.cause >= 0)).pvalue
        found.append((log_rank(one, other), classic))
    assert all(own >= classic - 1e-12 for own, classic in found)
    assert any(own == pytest.approx(classic) for own, classic in found)
    # Trends that are alone: the two tests are of the same thing.
    assert np.corrcoef(np.log(np.array(found).T))[0, 1] > 0.99


def test_the_log_rank_test_keeps_its_level_over_trends_of_several_names() -> None:
    rng = np.random.default_rng(8)
    world = SurvivalWorld(40, 4, mean_days=20.0)
    drawn_worlds = [(world.draw(rng, "micro"), world.draw(rng, "large")) for _ in range(400)]
    own = sum(log_rank(one, other) < 0.05 for one, other in drawn_worlds)
    naive = sum(
        bool(logrank(censored(one.day, one.cause >= 0), censored(other.day, other.cause >= 0)).pvalue < 0.05)
        for one, other in drawn_worlds
    )
    print(f"log-rank over trends of one to four names: {own} of 400, bound {upper_bound(own, 400):.3f}; scipy's {naive}")
    assert upper_bound(own, 400) <= 0.085
    assert naive > 40


def test_the_log_rank_test_keeps_its_level() -> None:
    rng = np.random.default_rng(3)
    rejected = sum(log_rank(drawn(rng, 40, 20.0), drawn(rng, 25, 20.0)) < 0.05 for _ in range(600))
    found = sum(log_rank(drawn(rng, 40, 10.0), drawn(rng, 25, 30.0)) < 0.05 for _ in range(200))
    print(f"log-rank: {rejected} of 600 null worlds, {upper_bound(rejected, 600):.3f}; hazard ratio 3: {found / 200:.2f}")
    assert upper_bound(rejected, 600) <= 0.085
    assert found / 200 > 0.8


def test_every_candidate_counts_and_not_those_that_became_known() -> None:
    rows = [trend("taken", first=5.0), trend("never"), trend("late", first=50.0)]
    times, excluded = times_of(rows, ["media"], {})
    assert (times.day.tolist(), times.cause.tolist(), excluded) == ([40, 40, 5], [-1, -1, 0], 0)


def test_what_was_not_seen_from_its_birth_is_left_out_and_counted() -> None:
    rows = [
        trend("old", gate="left_censored"), trend("used", gate="in_use_before"), trend("printed", first=-3.0), trend("kept", first=3.0),
        trend("undated", first_seen_days=4.0), trend("shock", gate="shock", first=1.0, born_at=datetime(2026, 3, 1, 7, tzinfo=UTC)),
    ]  # fmt: skip
    times, excluded = times_of(rows, ["media"], {})
    assert (sorted(times.day.tolist()), excluded) == ([1, 3], 4)


def test_the_first_of_several_classes_is_the_event() -> None:
    rows = [trend("a", first=9.0, first_large_days=4.0), trend("a", "brand", first=6.0, first_large_days=4.0)]
    times, _ = times_of(rows, TARGETS, {})
    assert (times.day.tolist(), [TARGETS[cause] for cause in times.cause]) == ([4], ["large_creators"])


def test_trends_of_one_event_and_shocks_of_one_day_are_a_cluster() -> None:
    rows = [
        trend("a", first=1.0), trend("b"), trend("c"), trend("d"),
        trend("e", gate="shock", born_at=datetime(2026, 3, 1, 7, tzinfo=UTC)),
        trend("f", gate="shock", born_at=datetime(2026, 3, 1, 23, tzinfo=UTC)),
        trend("g", gate="shock", born_at=datetime(2026, 3, 2, 1, tzinfo=UTC)),
    ]  # fmt: skip
    times, _ = times_of(rows, ["media"], {"a": "a", "b": "a", "c": "c"})
    assert times.cluster.tolist() == ["a", "a", "c", "d", "2026-03-01", "2026-03-01", "2026-03-02"]
    assert times.cluster_count == 5


def test_a_class_of_too_few_events_has_no_curve_however_many_their_names_are() -> None:
    rows = [trend(f"{event}/{name}", first=float(event)) for event in range(4) for name in range(5)]
    events = {row["trend_key"]: row["trend_key"][0] for row in rows}
    assert survival_curves(rows, events, SurvivalParameters()) == []
    told = survival_curves([*rows, trend("alone")], events, SurvivalParameters())
    assert {(row["trend_count"], row["cluster_count"]) for row in told} == {(21, 5)}


def test_a_class_of_too_few_trends_has_no_curve_and_others_tell_every_day() -> None:
    rng = np.random.default_rng(4)
    rows = [
        trend(f"{origin}{number}", first=float(rng.exponential(scale)), origin_class=origin)
        for origin, scale, count in (("micro", 30.0, 30), ("large", 5.0, 20), ("mixed", 9.0, 5))
        for number in range(count)
    ]
    found = survival_curves(rows, {}, SurvivalParameters())
    media = [row for row in found if row["target_class"] == "media"]
    assert {row["origin_class"] for row in media} == {"all", "micro", "large"}
    assert len(media) == 3 * 60
    tested = {row["origin_class"]: row["log_rank_p_value"] for row in media}
    assert tested["micro"] == tested["large"] < 0.05
    assert tested["all"] is None
    assert all(row["at_risk_count"] == row["trend_count"] for row in media if row["day"] == 0)
