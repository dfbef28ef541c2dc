"""The two estimators of precedence on worlds with one thing wrong at a time, a few seeds each; `python -m tests.bench.robustness` has many."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.bench.robustness import LED, NULL, PLANS, Outcome, Plan, line, outcomes

SEEDS = range(1, 5)


def _found(plan: Plan) -> list[Outcome]:
    found = outcomes(plan, SEEDS)
    print(line(plan, found))
    return found


def test_time_reversed_the_sign_of_theta_flips() -> None:
    forwards, backwards = _found(LED), _found(replace(LED, name="reversed", is_reversed=True))
    assert all(one.probability > 0.5 > other.probability for one, other in zip(forwards, backwards, strict=True))
    assert all(one.hours > 12 for one in forwards)
    assert not any(each.claim == "lead_first" for each in backwards)


def test_labels_dealt_again_kill_the_effect() -> None:
    found = _found(replace(LED, name="permuted", is_permuted=True))
    assert sum(each.claim in ("lead_first", "target_first") for each in found) <= 1
    assert abs(float(np.mean([each.hours for each in found]))) < 6


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(plan, marks=[pytest.mark.slow] if plan.name == "p .6 lead, .3 target" else [])
        for plan in PLANS
        if plan.name in ("target posts 4 times as often", "p .6 lead, .3 target", "both rates double")
    ],
    ids=lambda plan: plan.name,
)
def test_nobody_is_claimed_first_where_both_are_exposed_alike(plan: Plan) -> None:
    assert sum(each.claim in ("lead_first", "target_first") for each in _found(plan)) <= 1


def test_p_that_differs_by_group_breaks_the_kernel_and_not_the_timeline() -> None:
    found = _found(replace(NULL, name="p .6 lead, .3 target", target_chance=0.3))
    # The wait is longer where more posts are needed: with p below 1 intervals do not bracket the exposure.
    assert sum(each.kernel_p < 0.05 and each.probability > 0.5 for each in found) >= 3
    assert abs(float(np.mean([each.hours for each in found]))) < 6
