"""Gates of trends: what holds one back first, and where its share of one day begins to."""

from __future__ import annotations

import pytest

from pipelines.analysis.trend_gates import birth_gate


@pytest.mark.parametrize(
    ("is_left_censored", "is_in_use_before", "largest_day_share", "gate"),
    [
        (True, True, 0.9, "left_censored"),
        (False, True, 0.9, "in_use_before"),
        (False, False, 0.9, "shock"),
        (False, False, 0.35, "shock"),
        (False, False, 0.349, None),
    ],
)
def test_a_beginning_that_was_not_seen_is_told_before_one_that_was_set_off_from_outside(
    is_left_censored: bool, is_in_use_before: bool, largest_day_share: float, gate: str | None
) -> None:
    found = birth_gate(
        is_left_censored=is_left_censored,
        is_in_use_before=is_in_use_before,
        largest_day_share=largest_day_share,
        shock_share=0.35,
    )
    assert found == gate
