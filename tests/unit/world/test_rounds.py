"""Rounds of seeds: which worlds go on, when a calibration is whole, and what looking several times costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from pipelines.world.calibration_rows import judge, upper_bound
from pipelines.world.rounds import (
    CALIBRATED,
    ROUNDS,
    SAME_AS_EXCHANGEABLE,
    Plan,
    is_done,
    of_most_seeds,
    passing_probability,
    seeds_by_world,
    unsettled,
)
from pipelines.world.worlds import WORLDS
from tests.calibrated import rows_of


def judged(counts: dict[str, tuple[int, int]], seed_count: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = judge(rows_of(counts, seed_count)).to_pylist()
    return rows


def test_every_world_is_repeated_or_has_a_reason_why_not() -> None:
    assert set(CALIBRATED) | set(SAME_AS_EXCHANGEABLE) == set(WORLDS)
    assert not set(CALIBRATED) & set(SAME_AS_EXCHANGEABLE)
    assert not any(WORLDS[name].large != "none" or WORLDS[name].media != "none" for name in SAME_AS_EXCHANGEABLE)


def test_a_world_that_is_left_out_has_the_trends_of_the_exchangeable_one() -> None:
    assert {WORLDS[name].trends for name in SAME_AS_EXCHANGEABLE} == {WORLDS["W0_exchangeable"].trends}
    assert {WORLDS[name].observation for name in SAME_AS_EXCHANGEABLE} == {WORLDS["W0_exchangeable"].observation}


@pytest.mark.parametrize("rounds", [(), (0,), (60, 60), (60, 40)])
def test_rounds_that_do_not_rise_are_no_plan(rounds: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="rounds must rise"):
        Plan(rounds)


def test_only_worlds_over_their_limit_go_on() -> None:
    assert unsettled(judged({"quiet": (1, 0), "loud": (2, 0)}, 60)) == {"loud"}


def test_a_calibration_is_whole_where_each_world_is_settled_or_at_its_last_round() -> None:
    assert is_done(judged({"quiet": (0, 0)}, 60), ROUNDS)
    assert not is_done(judged({"quiet": (0, 0), "loud": (9, 0)}, 60), ROUNDS)
    assert is_done([*judged({"quiet": (0, 0)}, 60), *judged({"loud": (40, 0)}, 200)], ROUNDS)
    assert not is_done(judged({"quiet": (0, 0)}, 60), (200,))
    assert not is_done([], ROUNDS)
    shown = [row | {"is_gating": False, "status": "measured"} for row in judged({"limit": (5, 0)}, 7)]
    assert is_done([*judged({"quiet": (0, 0)}, 60), *shown], ROUNDS)
    assert not is_done(shown, ROUNDS)


def test_of_two_calibrations_each_world_keeps_the_rows_of_more_seeds() -> None:
    one, other = judged({"a": (0, 0), "b": (1, 0)}, 60), judged({"b": (9, 0), "c": (0, 0)}, 200)
    assert seeds_by_world(of_most_seeds(one, other)) == {"a": 60, "b": 200, "c": 200}
    assert seeds_by_world(of_most_seeds(other, one)) == {"a": 60, "b": 200, "c": 200}
    same = judged({"a": (1, 0)}, 60)
    assert of_most_seeds(same, one)[0]["lead_first_count"] == 1


def simulated(rate: float, rounds: Sequence[int], draws: int) -> float:
    claims = np.random.default_rng(1).random((draws, rounds[-1])) < rate
    bounds = [np.array([upper_bound(count, seeds) for count in range(seeds + 1)]) for seeds in rounds]
    looks = [bound[claims[:, :seeds].sum(axis=1)] <= 0.085 for bound, seeds in zip(bounds, rounds, strict=True)]
    return float(np.any(looks, axis=0).mean())


@pytest.mark.parametrize("rate", [0.02, 0.05, 0.085])
def test_the_chance_to_pass_is_that_of_drawn_counts(rate: float) -> None:
    assert passing_probability(rate) == pytest.approx(simulated(rate, ROUNDS, 20_000), abs=0.015)


def test_four_looks_let_a_rate_at_the_limit_pass_a_little_more_often_than_one() -> None:
    assert passing_probability(0.085, (200,)) <= 0.05
    assert 0.05 < passing_probability(0.085) < 0.1
    assert passing_probability(0.15) < 0.005
    assert passing_probability(0.02) > 0.99
