"""The harness: what it keeps, and that nothing hangs on the number of processes. Levels are held elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.analysis.parameters import params_hash
from pipelines.analysis.timeline import TimelineParameters
from pipelines.analysis.trends import METHOD_VERSION
from pipelines.world import harness
from pipelines.world.calibration_rows import SCHEMA
from pipelines.world.claims import LARGE, claims_metric, origin_metric
from pipelines.world.harness import Result, TimeUpError, WorldError, calibrate, find_results
from pipelines.world.rounds import CALIBRATED, Plan, seeds_by_world
from pipelines.world.worlds import WORLDS
from tests.unit.world.few_draws import FEW_DRAWS


def invented(world: str, seed: int, *_: object) -> Result:
    """A result without a world: micro creators are claimed to be first in even seeds."""
    side = 1 - seed % 2
    claims: dict[str, dict[str, Any]] = {}
    for unit_type in WORLDS[world].trends.unit_types:
        claims[claims_metric(LARGE, unit_type)] = {"published": side, "kernel": 1}
        claims[origin_metric(unit_type)] = {"published": -side}
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
    rows = calibrate(Plan((4,)), worlds=["P1_micro_first"], calibration_key="key", parameters=FEW_DRAWS)
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


def claiming(monkeypatch: pytest.MonkeyPatch, runs: Runs, false_until: dict[str, int]) -> None:
    """Worlds falsely claim something in every seed up to the one given, and nothing later."""

    def run(tasks: list[tuple[str, int]], *_: object) -> Iterator[Result]:
        runs.asked += tasks
        for world, seed in tasks:
            claims = {"claims_large_creators": {"published": int(seed <= false_until.get(world, 0))}}
            yield Result(world, seed, claims, {}, {"world": 1.0})

    monkeypatch.setattr(harness, "_results", run)


def test_a_settled_world_stops_and_the_others_go_on(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    claiming(monkeypatch, runs, {"W2_shock": 1, "W9_growth_only": 3, "W12_bots": 50, "W8_brand_astroturf": 60})
    told: list[tuple[int, int]] = []
    names = ["W2_shock", "W9_growth_only", "W12_bots", "W8_brand_astroturf"]
    rows = calibrate(Plan(), worlds=names, report=lambda done, total: told.append((done, total))).to_pylist()
    # One claim of 60 is within the limit, three are not; three of 120 are. Of brands the world says nothing, so its first round is enough.
    assert seeds_by_world(rows) == {"W2_shock": 60, "W9_growth_only": 120, "W12_bots": 200, "W8_brand_astroturf": 36}
    claims = {row["world"]: row for row in rows if row["metric"] == "claims_large_creators"}
    assert {world: row["status"] for world, row in claims.items()} == {
        "W2_shock": "passed", "W9_growth_only": "passed", "W12_bots": "failed", "W8_brand_astroturf": "measured",
    }  # fmt: skip
    assert (claims["W12_bots"]["lead_first_count"], claims["W12_bots"]["seed_count"]) == (50, 200)
    assert len(runs.asked) == 60 + 120 + 200 + 36 == told[-1][0] == told[-1][1]


def test_rounds_go_on_where_a_killed_run_was(runs: Runs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    claiming(monkeypatch, runs, {"W2_shock": 9})
    first = calibrate(Plan((10, 20)), worlds=["W2_shock"], folder=tmp_path)
    runs.asked = []
    assert calibrate(Plan((10, 30)), worlds=["W2_shock"], folder=tmp_path)["seed_count"].to_pylist()[0] == 30
    assert [seed for _, seed in runs.asked] == list(range(21, 31))
    assert first["seed_count"].to_pylist()[0] == 20


def test_without_names_the_worlds_that_differ_for_a_trial_are_repeated(runs: Runs) -> None:
    calibrate(Plan((1,)))
    assert {world for world, _ in runs.asked} == set(CALIBRATED)


def test_once_the_time_is_up_no_seed_begins_and_the_rows_tell_how_many_there_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(harness, "render", lambda: None)
    clock = iter(range(1000))

    def run(tasks: list[tuple[str, int]], *arguments: object) -> Iterator[Result]:
        deadline = arguments[-1]
        assert isinstance(deadline, int)
        for task in tasks:
            yield invented(*task)
            if next(clock) >= deadline:
                return

    monkeypatch.setattr(harness, "_results", run)
    monkeypatch.setattr("pipelines.world.harness.time.monotonic", lambda: next(clock))
    rows = calibrate(Plan((60, 120), within_seconds=10), worlds=["W2_shock", "W12_bots"], folder=tmp_path).to_pylist()
    reached = seeds_by_world(rows)
    assert set(reached) == {"W2_shock", "W12_bots"}
    assert 1 <= min(reached.values()) <= max(reached.values()) <= min(reached.values()) + 1 < 10
    with pytest.raises(TimeUpError, match="before each of 27 worlds had been run once"):
        calibrate(Plan((60,), within_seconds=3))


@pytest.mark.usefixtures("runs")
def test_what_a_world_says_nothing_of_gates_nothing() -> None:
    rows = calibrate(Plan((1,)), worlds=["W8_brand_astroturf"]).to_pylist()
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
