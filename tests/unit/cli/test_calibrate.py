"""``undercurrent calibrate`` and its Dagster job, on a harness of counts in place of the worlds."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import dagster as dg
import pyarrow as pa
import pytest
from click.testing import CliRunner, Result

from pipelines.cli import main
from pipelines.lake.paths import DataPaths
from pipelines.nightly import calibration
from pipelines.nightly.calibration import calibration_key, find_calibration
from pipelines.nightly.lock import run_lock
from pipelines.world.calibration_rows import seeds_of
from pipelines.world.rounds import QUICK_SEED_COUNT, ROUNDS, CalibrationError, Plan
from tests.calibrated import rows_of


class Harness(ModuleType):
    """A stand-in for the worlds: it remembers what it was asked, and answers with counts."""

    def __init__(self) -> None:
        super().__init__("pipelines.world.harness")
        self.asked: list[Plan] = []
        self.false_claim_count = 0
        self.error: CalibrationError | None = None

    def calibrate(self, plan: Plan, *, workers: int, folder: Path, report: Callable[[int, int], None]) -> pa.Table:
        assert workers >= 1
        assert folder.name == "worlds"
        self.asked.append(plan)
        report(1, 2)
        report(2, 2)
        if self.error:
            raise self.error
        return rows_of({"null_rate": (0, 0), "null_bursty": (0, self.false_claim_count)}, plan.rounds[0])


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Harness:
    made = Harness()
    monkeypatch.setitem(sys.modules, made.__name__, made)
    monkeypatch.setattr("pipelines.world.harness", made, raising=False)
    monkeypatch.setattr(calibration, "SHIPPED", tmp_path / "shipped")
    monkeypatch.setenv("UNDERCURRENT_DATA", str(tmp_path / "data"))
    return made


def calibrate(tmp_path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["calibrate", "--data", str(tmp_path / "data"), *arguments])


def test_the_bounds_are_shown_and_kept_and_a_second_call_runs_nothing(harness: Harness, tmp_path: Path) -> None:
    first = calibrate(tmp_path)
    assert first.exit_code == 0, first.output
    assert harness.asked == [Plan(ROUNDS)]
    assert "null_bursty" in first.output
    assert "may be published: 2 claims within their limits in worlds of known truth, 36 seeds or more each" in first.output
    assert seeds_of(find_calibration(DataPaths(tmp_path / "data"), calibration_key())) == ROUNDS[0]
    again = calibrate(tmp_path, "--quick")
    assert again.exit_code == 0
    assert "is settled already; nothing was run" in again.output
    assert harness.asked == [Plan(ROUNDS)]


def test_few_seeds_are_followed_by_more_where_more_are_asked_for(harness: Harness, tmp_path: Path) -> None:
    calibrate(tmp_path, "--quick")
    calibrate(tmp_path, "--seeds", "60")
    assert harness.asked == [Plan((QUICK_SEED_COUNT,)), Plan((60,))]


def test_a_wrong_method_exits_1_and_names_world_direction_bound_and_limit(harness: Harness, tmp_path: Path) -> None:
    harness.false_claim_count = 20
    done = calibrate(tmp_path, "--seeds", "60")
    assert done.exit_code == 1
    assert "is withheld, by gate marts of every night" in done.stderr
    assert "world null_bursty: claims_large_creators of published claims target_first in 20 of 60" in " ".join(
        done.stderr.split()
    )
    assert "failed" in done.stdout


def test_a_calibration_can_be_shipped_with_the_package(harness: Harness, tmp_path: Path) -> None:
    assert calibrate(tmp_path, "--ship").exit_code == 0
    assert [file.stem for file in calibration.SHIPPED.iterdir()] == [calibration_key()]
    elsewhere = CliRunner().invoke(main, ["calibrate", "--data", str(tmp_path / "elsewhere")])
    assert "nothing was run" in elsewhere.output
    assert harness.asked == [Plan(ROUNDS)]


@pytest.mark.usefixtures("harness")
def test_a_quick_run_tells_that_its_seeds_are_too_few_and_clears_nothing(tmp_path: Path) -> None:
    done = calibrate(tmp_path, "--quick")
    assert done.exit_code == 1
    assert "few seeds" in done.stdout
    assert "2 worlds have too few seeds to be cleared, even without a false claim" in done.stdout
    assert "failed" not in done.stdout


def test_a_settled_method_is_counted_anew_when_asked_within_a_time(harness: Harness, tmp_path: Path) -> None:
    calibrate(tmp_path)
    done = calibrate(tmp_path, "--again", "--within", "0.5")
    assert done.exit_code == 0, done.output
    assert harness.asked[1] == Plan(ROUNDS, 30.0)
    assert "nothing was run" not in done.output


def test_the_rows_are_written_as_json_beside_the_verdict(harness: Harness, tmp_path: Path) -> None:
    harness.false_claim_count = 20
    calibrate(tmp_path, "--json", str(tmp_path / "calibration.json"))
    written = json.loads((tmp_path / "calibration.json").read_text())
    assert written["may_be_published"] is False
    assert "null_bursty" in written["observed"]
    assert {row["world"]: row["status"] for row in written["rows"]} == {"null_rate": "passed", "null_bursty": "failed"}


def test_two_numbers_of_seeds_and_worlds_that_fail_are_refused_in_one_line(harness: Harness, tmp_path: Path) -> None:
    done = calibrate(tmp_path, "--quick", "--seeds", "60")
    assert (done.exit_code, done.stderr) == (1, "Error: calibrate: give --seeds or --quick, not both\n")
    harness.error = CalibrationError("world W2_shock, seed 3: no posts")
    done = calibrate(tmp_path)
    assert done.exit_code == 1
    assert done.stderr == "Error: calibrate: world W2_shock, seed 3: no posts; what was found of other worlds is kept\n"


def test_a_data_folder_at_work_is_not_calibrated(harness: Harness, tmp_path: Path) -> None:
    with run_lock(tmp_path / "data", "Dagster run 1234abcd"):
        done = calibrate(tmp_path)
    assert done.exit_code == 1
    assert "Dagster run 1234abcd" in done.stderr
    assert harness.asked == []


@pytest.mark.parametrize(("false_claim_count", "passed"), [(0, True), (20, False)])
def test_the_dagster_job_keeps_the_results_and_its_check_tells_whether_they_pass(
    harness: Harness, tmp_path: Path, false_claim_count: int, *, passed: bool
) -> None:
    from pipelines.definitions import definitions

    (tmp_path / "data").mkdir()
    harness.false_claim_count = false_claim_count
    job = definitions().resolve_job_def("calibration")
    with dg.instance_for_test() as instance:
        done = job.execute_in_process(
            instance=instance, run_config={"ops": {"calibration_results": {"config": {"seed_count": 60}}}}
        )
    assert done.success
    (check,) = done.get_asset_check_evaluations()
    assert (check.check_name, check.passed) == ("within_limits", passed)
    assert find_calibration(DataPaths(tmp_path / "data"), calibration_key()).num_rows == 2
