"""The calibration as people read it: its width, and which bounds and words stand in it."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
from rich.console import Console

from pipelines.commands.calibration_table import calibration_table, run_in_words, status_in_words
from pipelines.world.calibration_rows import judge
from pipelines.world.rounds import CALIBRATED
from tests.calibrated import rows_of


def judged(counts: dict[str, tuple[int, int]], seed_count: int, **changed: Any) -> list[dict[str, Any]]:
    given = rows_of(counts, seed_count)
    rows: list[dict[str, Any]] = judge(
        pa.Table.from_pylist([row | changed for row in given.to_pylist()], schema=given.schema)
    ).to_pylist()
    return rows


def printed(rows: list[dict[str, Any]]) -> list[str]:
    screen = io.StringIO()
    Console(file=screen, width=300, highlight=False).print(calibration_table(rows))
    return [line.rstrip() for line in screen.getvalue().splitlines()]


def test_the_widest_rows_are_readable_at_120_columns() -> None:
    counts = dict.fromkeys(CALIBRATED, (200, 0))
    rows = judged(counts, 200, metric="claims_large_creators")
    for metric, estimators in {
        "claims_large_creators": ["naive_lead_sign", "latest_tier"],
        "origin_micro": ["published", "naive_first", "naive_origin_excess"],
    }.items():
        for estimator in estimators:
            rows += judged(counts, 200, metric=metric, estimator=estimator, is_gating=estimator == "published")
    assert max(map(len, printed(rows))) <= 120


def test_naive_claims_stand_beside_the_published_ones_and_only_false_directions_have_a_bound() -> None:
    rows = judged({"P1_micro_first": (55, 0)}, 60, truth="lead_first")
    rows += judged({"P1_micro_first": (60, 0)}, 60, truth="lead_first", estimator="naive_lead_sign", is_gating=False)
    (line,) = (line for line in printed(rows) if "P1_micro_first" in line)
    assert line.split() == [
        "P1_micro_first", "large", "micro", "60", "55/0", "-/0.049", "0.085", "passed", "lead", "sign", "60/0",
    ]  # fmt: skip


def test_seeds_that_cannot_clear_a_world_are_no_failure_of_the_method() -> None:
    (few,), (failed,), (passed,) = (
        judged({"null_rate": claims}, seeds) for claims, seeds in (((1, 0), 6), ((9, 0), 60), ((0, 0), 60))
    )
    assert [status_in_words(row) for row in (few, failed, passed)] == ["few seeds", "failed", "passed"]
    assert "gating claims: 1 within their limits, 1 over them, 1 of too few seeds" in "\n".join(
        run_in_words([few, failed, passed])
    )


def test_a_run_tells_its_worlds_seeds_and_the_time_of_each() -> None:
    rows = judged({"null_rate": (0, 0)}, 60) + judged({"null_bots": (0, 0)}, 120)
    seconds = judged(
        {"null_rate": (0, 0)}, 60, metric="seconds_per_world", lead_first_count=None, target_first_count=None, is_gating=False
    )
    assert next(run_in_words(rows)) == "2 worlds, 60 to 120 seeds: 180 runs"
    timed = [row | {"value": 1.5} for row in seconds] + [
        row | {"value": 3.0, "world": "null_bots", "seed_count": 120} for row in seconds
    ]
    assert next(run_in_words(rows + timed)) == "2 worlds, 60 to 120 seeds: 180 runs, 2.5 s of a processor each"
