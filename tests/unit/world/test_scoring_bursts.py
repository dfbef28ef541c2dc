"""Scores of bursts, classes and coordination on tables made by hand: what is right scores one, what is wrong does not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipelines.world.scoring.linked import Linked
from pipelines.world.scoring.metrics_bursts import MEASURES, exogeneity_f1, macro_f1, overlap, shortest_span
from pipelines.world.worlds import WORLDS

START = datetime(2026, 6, 1, tzinfo=UTC)
CLASSES = {"wave": "background", "graph": "niche_origin", "push": "bot_push"}


def _linked(bursts: list[tuple[str, int, int]], told: dict[str, tuple[str, bool]]) -> Linked:
    adoptions = [{"tag": tag, "adopted_at": START + timedelta(days=30 + day)} for tag in CLASSES for day in range(10)]
    shapes: list[dict[str, Any]] = [
        {"label": tag, "exogeneity_class": said, "is_coordinated": flag, "naive_is_exogenous": True}
        for tag, (said, flag) in told.items()
    ]
    spans = pa.table({
        "label": pa.array([label for label, _, _ in bursts], pa.string()),
        "began_on": pa.array([(START + timedelta(days=first)).date() for _, first, _ in bursts], pa.date32()),
        "ended_on": pa.array([(START + timedelta(days=last)).date() for _, _, last in bursts], pa.date32()),
    })  # fmt: skip
    published = {
        "trends": pa.table({"label": [*CLASSES, "daily", "mood"], "unit_type": ["hashtag"] * 5}),
        "trend_bursts": spans,
        "trend_shapes": pa.Table.from_pylist(shapes),
    }
    truth = {
        "trends": pa.Table.from_pylist([{"tag": tag, "true_class": true} for tag, true in CLASSES.items()]),
        "adoptions": pa.Table.from_pylist(adoptions),
        "posts_count": pa.table({"day": pa.array([date(2026, 6, 1)], pa.date32())}),
    }
    return Linked(published, truth, lambda _platform, native_id: native_id, WORLDS["P6_full_realistic"])


RIGHT = {"wave": ("exogenous", False), "graph": ("endogenous", False), "push": ("mixed", True), "daily": ("exogenous", False)}


def _values(linked: Linked) -> dict[str, float | None]:
    return {key: measure(linked).value for key, measure in MEASURES.items()}


def test_tables_that_are_right_score_one_and_call_nobody_falsely() -> None:
    values = _values(_linked([(tag, 30, 39) for tag in CLASSES], RIGHT))
    assert values == {
        "burst_f1": 1.0, "burst_found": 1.0, "burst_false": 0.0, "exogeneity": 1.0, "coordination_recall": 1.0, "coordination_false": 0.0
    }  # fmt: skip


def test_a_burst_elsewhere_is_neither_found_nor_placed_and_one_of_a_perennial_tag_is_false() -> None:
    values = _values(_linked([("wave", 30, 39), ("graph", 36, 60), ("push", 1, 2), ("daily", 3, 9)], RIGHT))
    assert values["burst_f1"] == pytest.approx(2 * 1 / (3 + 4))
    assert values["burst_found"] == pytest.approx(2 / 3)
    assert values["burst_false"] == 0.5


def test_a_wrong_class_and_a_wrong_flag_cost_and_unknown_is_left_out() -> None:
    told = RIGHT | {"wave": ("unknown", False), "push": ("exogenous", False), "daily": ("exogenous", True)}
    values = _values(_linked([], told))
    assert values["exogeneity"] == pytest.approx((1 + 0) / 2)
    assert values["coordination_recall"] == 0.0
    assert values["coordination_false"] == pytest.approx(1 / 2)
    naive = exogeneity_f1(_linked([], RIGHT), "case when naive_is_exogenous then 'exogenous' else 'endogenous' end")
    assert naive.value == pytest.approx(0.5 / 3)


def test_a_span_is_the_shortest_that_holds_the_share() -> None:
    assert shortest_span(np.array([1, 5, 5, 6, 6, 7, 30]), 0.7) == (5, 7)
    assert overlap((1, 4), (3, 6)) == pytest.approx(2 / 6)
    assert overlap((1, 2), (3, 4)) == 0.0
    assert macro_f1(["a", "a", "b"], ["a", "b", "b"]) == pytest.approx((2 / 3 + 2 / 3) / 2)
