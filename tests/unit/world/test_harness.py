"""The harness: what it keeps, and that nothing hangs on the number of processes. Levels are held elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.analysis.parameters import params_hash
from pipelines.analysis.precedence import KernelParameters
from pipelines.analysis.timeline import TimelineParameters
from pipelines.analysis.trends import METHOD_VERSION, TrendParameters
from pipelines.world import harness
from pipelines.world.calibration_rows import SCHEMA
from pipelines.world.harness import Result, WorldError, calibrate, find_results
from tests.unit.world.few_draws import FEW_DRAWS


def invented(world: str, seed: int, *_: object) -> Result:
    """A result without a world: micro creators are claimed to be first in even seeds."""
    side = 1 - seed % 2
    claims: dict[str, dict[str, Any]] = {
        "claims_large_creators": {"published": side, "kernel": 1},
        "origin_micro": {"published": -side},
    }
    figures: dict[str, dict[str, Any]] = {"trend_power": {"published": 0.25 * seed}, "trend_coverage": {"kernel": None}}
    return Result(world, seed, claims, figures, {"world": 1.0, "models": 0.5})


class Runs:
    """Stands for the processes: notes what it is asked for, and can be killed after some worlds."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.killed_after: int | None = None

    def __call__(self, tasks: list[tuple[str, int]], *_: object) -> Iterator[Result]:
        # Processes finish in no order of theirs.
        for done, task in enumerate(reversed(tasks)):
            if done == self.killed_after:
                raise KeyboardInterrupt
            self.asked.append(task)
            yield invented(*task)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    found = Runs()
    monkeypatch.setattr(harness, "_results", found)
    monkeypatch.setattr(harness, "render", lambda: None)
    return found


def test_a_killed_run_loses_nothing_and_the_next_one_runs_the_rest(runs: Runs, tmp_path: Path) -> None:
    runs.killed_after = 3
    with pytest.raises(KeyboardInterrupt):
        find_results(2, names=["W2_shock", "P1_micro_first"], folder=tmp_path)
    kept = list(runs.asked)
    assert len(kept) == 3
    (file,) = tmp_path.iterdir()
    # The kill came in the middle of a line.
    file.write_text(file.read_text() + '{"world":"W2_sho')
    runs.killed_after, runs.asked = None, []
    told: list[tuple[int, int]] = []
    results = find_results(
        2, names=["W2_shock", "P1_micro_first"], folder=tmp_path, report=lambda done, total: told.append((done, total))
    )
    assert set(runs.asked).isdisjoint(kept)
    assert len(runs.asked) == 1
    assert told == [(3, 4), (4, 4)]
    assert results == [
        invented(*task) for task in (("W2_shock", 1), ("W2_shock", 2), ("P1_micro_first", 1), ("P1_micro_first", 2))
    ]
    runs.asked = []
    assert find_results(2, names=["W2_shock", "P1_micro_first"], folder=tmp_path) == results
    assert runs.asked == []


def test_more_seeds_run_the_new_ones_only(runs: Runs, tmp_path: Path) -> None:
    find_results(2, names=["W2_shock"], folder=tmp_path)
    runs.asked = []
    assert [result.seed for result in find_results(4, names=["W2_shock"], folder=tmp_path)] == [1, 2, 3, 4]
    assert sorted(runs.asked) == [("W2_shock", 3), ("W2_shock", 4)]


def test_other_parameters_and_other_code_take_nothing_from_what_was_kept(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_results(1, names=["W2_shock"], folder=tmp_path)
    find_results(1, names=["W2_shock"], folder=tmp_path, parameters=FEW_DRAWS)
    monkeypatch.setattr(harness, "code_fingerprint", lambda: "other code")
    find_results(1, names=["W2_shock"], folder=tmp_path)
    assert runs.asked == [("W2_shock", 1)] * 3


@pytest.mark.usefixtures("runs")
def test_claims_are_counted_by_direction_and_figures_are_means_over_the_seeds_that_tell() -> None:
    rows = calibrate(4, worlds=["P1_micro_first"], calibration_key="key", parameters=FEW_DRAWS)
    assert rows.schema == SCHEMA
    assert set(rows["method_version"].to_pylist()) == {METHOD_VERSION}
    assert set(rows["params_hash"].to_pylist()) == {params_hash(FEW_DRAWS)}
    assert set(rows["calibration_key"].to_pylist()) == {"key"}
    found = {(row["metric"], row["estimator"]): row for row in rows.to_pylist()}
    claimed = found["claims_large_creators", "published"]
    assert (claimed["lead_first_count"], claimed["target_first_count"], claimed["seed_count"]) == (2, 0, 4)
    assert (claimed["truth"], claimed["world_kind"], claimed["is_gating"]) == ("lead_first", "planted", True)
    assert not found["claims_large_creators", "kernel"]["is_gating"]
    assert found["origin_micro", "published"]["target_first_count"] == 2
    power = found["trend_power", "published"]
    assert power["value"] == pytest.approx(0.625)
    # Four values a quarter apart: their standard deviation is 0.3227.
    assert power["high"] - power["value"] == pytest.approx(1.96 * 0.3227 / 2, abs=1e-3)
    assert power["truth"] is None
    assert found["seconds_per_world", "pipeline"]["value"] == pytest.approx(1.5)
    assert ("trend_coverage", "kernel") not in found


@pytest.mark.usefixtures("runs")
def test_what_a_world_says_nothing_of_gates_nothing() -> None:
    rows = calibrate(1, worlds=["W8_brand_astroturf"]).to_pylist()
    assert {row["truth"] for row in rows if row["metric"].startswith(("claims", "origin"))} == {"any"}
    assert not any(row["is_gating"] for row in rows)


def test_an_unknown_world_is_refused_before_anything_runs(runs: Runs) -> None:
    with pytest.raises(ValueError, match="unknown world"):
        find_results(1, names=["W2_shock", "W99"])
    assert runs.asked == []


def without_seconds(results: list[Result]) -> list[Result]:
    return [replace(result, seconds={}) for result in results]


def test_results_do_not_depend_on_the_number_of_processes() -> None:
    before = dict(os.environ)
    one, two = (
        find_results(1, names=["W2_shock", "W0_exchangeable"], workers=workers, parameters=FEW_DRAWS) for workers in (1, 2)
    )
    assert without_seconds(one) == without_seconds(two)
    assert all(sum(result.seconds.values()) > 0 for result in one)
    assert dict(os.environ) == before


def test_a_world_that_fails_is_named() -> None:
    broken = replace(FEW_DRAWS, timeline=TimelineParameters(adoption_grid=(0.5,)))
    with pytest.raises(WorldError, match="world W0_exchangeable, seed 1"):
        find_results(1, names=["W0_exchangeable"], workers=1, parameters=broken)
