"""Bursts: quiet tags are left alone, planted bursts are found where they are, and the same rows in any order give the same tables."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.analysis.burst_baselines import draw_quiet, expected_activity
from pipelines.analysis.burst_contracts import INT_AUTHOR_DAYS, INT_BURST_DAYS
from pipelines.analysis.burst_months import LEFT_CENSORED, TOO_SHORT, analyse_bursts, read_months
from pipelines.analysis.burst_parameters import BurstParameters
from pipelines.analysis.bursts import Judged, judge_bursts
from pipelines.analysis.kleinberg import kleinberg_states, kleinberg_weights
from tests.bench.bursts import SCENARIOS, Tally, tally

FEW = BurstParameters(null_draws=4_000, moment_draws=120, level_draws=40)
START = date(2026, 6, 1)
DAYS = 90


def _drawn(seed: int = 1, units: int = 300, k: float = 5.0, level: float = 4.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return draw_quiet(rng, np.full(units, level), np.ones((units, DAYS)), np.full(units, 1 / k), np.zeros(units))


def _judged(counts: np.ndarray, exposure: np.ndarray | None = None) -> Judged:
    exposure = np.ones(counts.shape) if exposure is None else exposure
    return judge_bursts(counts, exposure, np.arange(counts.shape[1]) % 7, parameters=FEW)


@pytest.mark.parametrize("name", ["k 5", "k 2", "k 5, drift 3%", "k 5, outage"])
def test_of_quiet_tags_one_in_a_hundred_bursts_at_most_where_the_textbook_calls_half(name: str) -> None:
    counted = Tally()
    tally(SCENARIOS[name], 101, counted)
    print(name, counted.line())
    assert counted.false / counted.quiet <= 0.01
    assert counted.naive_false / counted.quiet >= 0.3


@pytest.mark.parametrize(("name", "least"), [("k 20", 0.97), ("k 5", 0.93), ("k 2", 0.8)])
def test_planted_bursts_over_two_authors_a_day_are_found_and_placed(name: str, least: float) -> None:
    counted = Tally()
    tally(SCENARIOS[name], 102, counted)
    print(name, counted.line())
    assert counted.hits_enough / counted.planted_enough >= least
    assert counted.placed / counted.hits >= 0.85


def test_p_values_of_quiet_tags_are_even() -> None:
    counted = Tally()
    tally(SCENARIOS["k 5, nothing planted"], 103, counted)
    print(counted.line())
    assert 0.02 <= counted.small_p / counted.quiet <= 0.08


def test_a_platform_that_grows_fourfold_makes_no_tag_burst() -> None:
    exposure = np.ones((300, DAYS))
    exposure[:, 75:] = 4.0
    exposure /= exposure.mean()
    rng = np.random.default_rng(3)
    counts = draw_quiet(rng, np.full(300, 4.0), exposure, np.full(300, 0.2), np.zeros(300))
    assert _judged(counts, exposure).bursts == []
    assert len(_judged(counts).bursts) > 0


def test_a_unit_is_held_against_the_platforms_that_it_is_used_on() -> None:
    activity = np.array([[100.0, 100.0, 0.0, 100.0], [50.0, 50.0, 50.0, 250.0]])
    expected = expected_activity(np.array([[10.0, 0.0], [0.0, 10.0]]), activity)
    assert expected[0].tolist() == [1.0, 1.0, 0.0, 1.0]
    assert expected[1].tolist() == [0.5, 0.5, 0.5, 2.5]


def test_a_doubling_that_stays_below_twice_the_base_is_no_burst() -> None:
    counts = _drawn(k=50.0, level=60.0)
    counts[0, 40:50] *= 1.6
    judged = _judged(counts)
    assert judged.q_value[0] < 0.01
    assert judged.bursts == []


def test_two_bursts_are_two_and_the_wake_of_one_is_none() -> None:
    counts = _drawn()
    counts[0, 20:25] += 40
    counts[0, 60:65] += 40
    counts[1, 20:50] += np.round(60 * np.exp(-np.arange(30) / 6.0))
    judged = _judged(counts)
    spans = [(burst.first, burst.last) for burst in judged.bursts if burst.unit == 0]
    assert len(spans) == 2
    assert all(abs(first - wanted) <= 1 for (first, _), wanted in zip(spans, (20, 60), strict=True))
    assert len([burst for burst in judged.bursts if burst.unit == 1]) == 1


def test_nothing_is_judged_of_no_units() -> None:
    assert _judged(np.zeros((0, DAYS))).bursts == []


def test_a_state_costs_and_saves_what_kleinberg_says() -> None:
    relevant, total = np.array([[1.0, 1.0, 9.0, 9.0, 1.0, 1.0]]), np.full(6, 100.0)
    states = kleinberg_states(relevant, total)
    assert states[0].tolist() == [False, False, True, True, False, False]
    base = 22 / 600
    saved = 2 * (9 * np.log(2) + 91 * np.log((1 - 2 * base) / (1 - base)))
    assert kleinberg_weights(relevant, total, states).sum() == pytest.approx(saved)


# ---- months ----


def _rows(counts: dict[str, dict[int, int]], months: tuple[date, ...]) -> pa.Table:
    rows = []
    for month in months:
        begin = (month - timedelta(days=45)).replace(day=1)
        for tag, days in counts.items():
            for day, authors in days.items():
                on = START + timedelta(days=day)
                if begin <= on < (month + timedelta(days=70)).replace(day=1) and authors:
                    rows.append(
                        {"month": month, "tag": tag, "user_count": 40, "platform": "x", "event_day": on, "author_count": authors}
                    )
    return pa.Table.from_pylist(rows, INT_BURST_DAYS)


def _activity(days: int = DAYS) -> pa.Table:
    rows = [{"platform": "x", "event_day": START + timedelta(days=day), "author_count": 500} for day in range(days)]
    return pa.Table.from_pylist(rows, INT_AUTHOR_DAYS)


NO_COVERAGE = pa.table({
    "platform": pa.array([], pa.string()), "event_day": pa.array([], pa.date32()), "is_covered": pa.array([], pa.bool_())
})  # fmt: skip


def _world(burst: tuple[int, int] = (40, 47), days: int = DAYS) -> dict[str, dict[int, int]]:
    counts = _drawn(units=60)
    counts[0, burst[0] : burst[1]] += 40
    return {f"tag{unit:03d}": {day: int(counts[unit, day]) for day in range(days)} for unit in range(60)}


MONTHS = (date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1))


def test_a_burst_belongs_to_the_month_of_its_peak_once() -> None:
    found = analyse_bursts(read_months(_rows(_world((27, 34)), MONTHS)), _activity(), NO_COVERAGE, FEW)
    bursts = found.tables["trend_bursts"].to_pylist()
    assert [row["tag"] for row in bursts] == ["tag000"]
    assert abs((bursts[0]["began_on"] - date(2026, 6, 28)).days) <= 1
    assert bursts[0]["month"] == bursts[0]["peak_on"].replace(day=1)
    assert bursts[0]["excess_author_day_count"] == pytest.approx(280, rel=0.15)


def test_shuffled_rows_give_the_same_tables() -> None:
    rows = _rows(_world(), MONTHS)
    shuffled = rows.take(pa.array(np.random.default_rng(1).permutation(rows.num_rows)))
    one, other = (analyse_bursts(read_months(each), _activity(), NO_COVERAGE, FEW) for each in (rows, shuffled))
    assert all(one.tables[name].equals(other.tables[name]) for name in one.tables)


def test_a_month_that_did_not_change_is_taken_again_and_nothing_differs() -> None:
    whole = read_months(_rows(_world(), MONTHS))
    first = analyse_bursts({month: whole[month] for month in MONTHS[:2]}, _activity(), NO_COVERAGE, FEW)
    again = analyse_bursts(whole, _activity(), NO_COVERAGE, FEW, stored=first.state)
    assert again.computed == {"burst_months": 1}
    anew = analyse_bursts(whole, _activity(), NO_COVERAGE, FEW)
    assert all(again.tables[name].equals(anew.tables[name]) for name in anew.tables)


def test_a_short_series_abstains() -> None:
    found = analyse_bursts(read_months(_rows(_world(days=20), MONTHS[:1])), _activity(20), NO_COVERAGE, FEW)
    assert set(found.tables["burst_units"]["abstain_reason"].to_pylist()) == {TOO_SHORT}
    assert found.tables["trend_bursts"].num_rows == 0


def test_a_burst_that_was_under_way_when_the_collection_began_is_not_told() -> None:
    found = analyse_bursts(read_months(_rows(_world((0, 8)), MONTHS)), _activity(), NO_COVERAGE, FEW)
    reasons = {row["tag"]: row["abstain_reason"] for row in found.tables["burst_units"].to_pylist() if row["month"] == MONTHS[0]}
    assert reasons["tag000"] == LEFT_CENSORED
    assert found.tables["trend_bursts"].num_rows == 0


def test_a_day_that_was_not_covered_counts_neither_way() -> None:
    uncovered = pa.table({
        "platform": ["x"] * 5, "event_day": pa.array([START + timedelta(days=day) for day in range(40, 45)], pa.date32()), "is_covered": [False] * 5
    })  # fmt: skip
    found = analyse_bursts(read_months(_rows(_world((40, 45)), MONTHS)), _activity(), uncovered, FEW)
    assert found.tables["trend_bursts"].num_rows == 0
    assert set(
        found.tables["burst_units"]
        .filter(pa.array([True] * 60 + [False] * (found.tables["burst_units"].num_rows - 60)))["day_count"]
        .to_pylist()
    ) == {56}


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.3, 20.0))
def test_a_burst_never_has_fewer_than_twice_the_base_and_its_peak_inside(seed: int, level: float) -> None:
    rng = np.random.default_rng(seed)
    counts = draw_quiet(rng, np.full(50, level), np.ones((50, 60)), np.full(50, 0.3), np.zeros(50))
    counts[:5, 30:36] *= rng.integers(1, 9)
    few = BurstParameters(null_draws=1_000, moment_draws=40, level_draws=10)
    for burst in judge_bursts(counts, np.ones(counts.shape), np.arange(60) % 7, parameters=few).bursts:
        assert burst.ratio >= few.smallest_ratio
        assert burst.first <= burst.peak <= burst.last
