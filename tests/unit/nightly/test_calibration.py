"""Which calibration the current method has: what changes its key, where it is looked up, when it is run."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.analysis import precedence, trends
from pipelines.analysis.trend_pools import ClaimRule
from pipelines.lake.paths import DataPaths
from pipelines.nightly import calibration
from pipelines.nightly.calibration import calibrate, calibration_key, find_calibration, ship, sql_fingerprint, write_calibration
from pipelines.quality.calibration import verdict
from pipelines.settings import DBT_PROJECT
from pipelines.world.calibration_rows import SCHEMA, seeds_of
from pipelines.world.rounds import ROUNDS, Plan, seeds_by_world
from tests.calibrated import install_calibration, rows_of


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataPaths:
    """A data folder beside a package that brings no calibration."""
    monkeypatch.setattr(calibration, "SHIPPED", tmp_path / "shipped")
    return DataPaths(tmp_path / "data")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the dbt project's SQL and variables."""
    for folder in ("macros", "models"):
        shutil.copytree(DBT_PROJECT / folder, tmp_path / "dbt" / folder)
    shutil.copy(DBT_PROJECT / "dbt_project.yml", tmp_path / "dbt")
    return tmp_path / "dbt"


def _fresh_key() -> str:
    calibration_key.cache_clear()
    return calibration_key()


@pytest.fixture(autouse=True)
def _forget_key() -> None:
    calibration_key.cache_clear()


@pytest.mark.parametrize(
    ("module", "name"), [(trends, "METHOD_VERSION"), (precedence, "METHOD_VERSION"), (calibration, "CALIBRATION_VERSION")]
)
def test_another_version_of_the_method_or_of_the_calibration_is_another_key(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str
) -> None:
    before = _fresh_key()
    with monkeypatch.context() as patch:
        patch.setattr(module, name, "another")
        assert _fresh_key() != before
    assert _fresh_key() == before


def test_another_parameter_is_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = _fresh_key()
    stricter = dataclasses.replace(trends.TrendParameters(), claims=ClaimRule(level=0.01))
    assert trends.method_digest(stricter) != trends.method_digest() == trends.method_digest(trends.TrendParameters())
    monkeypatch.setattr(trends, "TrendParameters", lambda: stricter)
    assert _fresh_key() != before


def _rewritten(project: Path, model: str, rewrite: Callable[[str], str]) -> str:
    (file,) = project.rglob(f"{model}.sql")
    file.write_text(rewrite(file.read_text()))
    return sql_fingerprint(project)


@pytest.mark.parametrize("model", calibration.MODELS)
def test_other_sql_of_a_calibrated_model_is_another_fingerprint(project: Path, model: str) -> None:
    before = sql_fingerprint(project)
    assert _rewritten(project, model, lambda sql: sql + "limit 5\n") != before


def test_spaces_comments_and_other_models_change_no_fingerprint(project: Path) -> None:
    before = sql_fingerprint(project)
    assert _rewritten(project, "ripple_effects", lambda sql: sql.replace("\n", "\n\n  ") + "\n-- a remark\n") == before
    assert _rewritten(project, "creators", lambda sql: sql + "limit 5\n") == before


@pytest.mark.parametrize(("line", "changes"), [("trend_window_days: 60", True), ("platform_tag_cap: 100", False)])
def test_a_variable_counts_where_a_calibrated_model_uses_it(project: Path, line: str, *, changes: bool) -> None:
    before, file = sql_fingerprint(project), project / "dbt_project.yml"
    assert line in file.read_text()
    file.write_text(file.read_text().replace(line, f"{line}0"))
    assert (sql_fingerprint(project) != before) is changes


def test_a_method_without_calibration_gives_dbt_no_rows(paths: DataPaths) -> None:
    write_calibration(paths)
    written = pq.read_table(paths.calibration_file())
    assert written.num_rows == 0
    assert written.schema.equals(SCHEMA)


def test_what_the_job_found_is_told_to_dbt_stamped_with_method_parameters_and_key(paths: DataPaths) -> None:
    install_calibration(paths)
    write_calibration(paths)
    rows = pq.read_table(paths.calibration_file()).to_pylist()
    assert [row["world"] for row in rows] == ["null_bursty", "null_rate"]
    assert {row["calibration_key"] for row in rows} == {calibration_key()}
    assert {row["method_version"] for row in rows} == {trends.METHOD_VERSION}
    assert {row["status"] for row in rows} == {"passed"}


def test_a_calibration_of_another_method_is_not_found(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    install_calibration(paths)
    calibration_key.cache_clear()
    monkeypatch.setattr(trends, "METHOD_VERSION", "trends_of_tomorrow")
    assert find_calibration(paths, calibration_key()).num_rows == 0


def test_a_shipped_calibration_reads_back_as_it_was_and_replaces_that_of_another_method(paths: DataPaths) -> None:
    install_calibration(paths)
    rows = find_calibration(paths, calibration_key())
    calibration.SHIPPED.mkdir()
    (calibration.SHIPPED / f"{'0' * 32}.csv").touch()
    ship(rows)
    assert [file.name for file in calibration.SHIPPED.iterdir()] == [f"{calibration_key()}.csv"]
    elsewhere = DataPaths(paths.root.parent / "another installation")
    assert find_calibration(elsewhere, calibration_key()).equals(rows)


def test_of_a_kept_and_a_shipped_calibration_the_one_of_more_seeds_counts(paths: DataPaths) -> None:
    install_calibration(paths, {"null_rate": (0, 0)}, seed_count=200)
    ship(find_calibration(paths, calibration_key()))
    paths.calibration_results_file(calibration_key()).unlink()
    assert seeds_of(find_calibration(paths, calibration_key())) == 200
    _, was_run = _calibrated(paths, 300)
    assert was_run
    assert seeds_of(find_calibration(paths, calibration_key())) == 300


def _calibrated(paths: DataPaths, seed_count: int, *, is_again: bool = False) -> tuple[calibration.Calibration, bool]:
    asked: list[int] = []

    def run(plan: Plan, workers: int, folder: Path, report: Callable[[int, int], None]) -> pa.Table:
        asked.append(plan.rounds[-1])
        assert workers >= 1
        assert folder.is_relative_to(paths.root)
        report(1, 1)
        return rows_of({"null_rate": (0, 0)}, plan.rounds[-1])

    return calibrate(paths, Plan((seed_count,)), lambda *_: None, is_again=is_again, run=run), bool(asked)


def test_a_method_is_calibrated_once_and_again_only_from_more_seeds(paths: DataPaths) -> None:
    first, was_run = _calibrated(paths, 60)
    assert (first.run, was_run) == (first.rows, True)
    for fewer in (60, 40):
        again, was_run = _calibrated(paths, fewer)
        assert (again.run, was_run) == (None, False)
        assert again.rows.equals(first.rows)
    more, was_run = _calibrated(paths, 200)
    assert (was_run, seeds_of(more.rows)) == (True, 200)


def test_a_claim_that_some_seeds_say_nothing_of_does_not_make_the_calibration_run_again(paths: DataPaths) -> None:
    silent = rows_of({"null_rate": (0, 0)}, 41).to_pylist()[0] | {"metric": "claims_media"}
    rows = pa.concat_tables([rows_of({"null_rate": (0, 0)}, 60), pa.Table.from_pylist([silent], schema=SCHEMA)])
    assert calibrate(paths, Plan((60,)), lambda *_: None, run=lambda *_: rows).run
    assert not _calibrated(paths, 60)[1]
    assert _calibrated(paths, 61)[1]


def test_a_settled_method_can_be_counted_anew_and_the_rows_of_more_seeds_still_count(paths: DataPaths) -> None:
    _calibrated(paths, 200)
    again, was_run = _calibrated(paths, 60, is_again=True)
    assert was_run
    assert again.run is not None
    assert (seeds_of(again.run), seeds_of(again.rows)) == (60, 200)


def test_rounds_are_run_to_their_end_for_a_world_that_is_not_settled(paths: DataPaths) -> None:
    asked: list[Plan] = []

    def run(plan: Plan, *_: object) -> pa.Table:
        asked.append(plan)
        return pa.concat_tables([rows_of({"null_rate": (0, 0)}, 60), rows_of({"null_bots": (20, 0)}, 120)])

    for _ in range(2):
        found = calibrate(paths, Plan(), lambda *_: None, run=run)
    assert len(asked) == 2
    assert seeds_by_world(found.rows.to_pylist()) == {"null_rate": 60, "null_bots": 120}
    whole = pa.concat_tables([rows_of({"null_rate": (0, 0)}, 60), rows_of({"null_bots": (20, 0)}, ROUNDS[-1])])
    assert calibrate(paths, Plan(), lambda *_: None, run=lambda *_: whole).run
    assert calibrate(paths, Plan(), lambda *_: None, run=run).run is None


def test_a_run_that_fails_keeps_nothing(paths: DataPaths) -> None:
    with pytest.raises(ValueError, match="61 and 0 claims of 60 seeds"):
        install_calibration(paths, {"null_rate": (61, 0)}, 60)
    assert find_calibration(paths, calibration_key()).num_rows == 0


def test_the_verdict_names_the_worst_world_first(paths: DataPaths) -> None:
    install_calibration(paths, {"null_a": (9, 0), "null_b": (0, 30), "null_c": (0, 0)}, 60)
    passed, observed, failed = verdict(find_calibration(paths, calibration_key()), calibration_key())
    assert not passed
    assert observed.startswith("world null_b: claims_large_creators of published claims target_first in 30 of 60 seeds")
    assert observed.endswith("; and 1 more")
    assert [row["world"] for row in failed] == ["null_b", "null_a"]


def test_rows_of_another_key_are_no_calibration(paths: DataPaths) -> None:
    install_calibration(paths)
    rows = find_calibration(paths, calibration_key())
    assert verdict(rows, calibration_key())[0]
    passed, observed, _ = verdict(rows, "another")
    assert not passed
    assert "not calibrated: run `undercurrent calibrate" in observed


def test_a_calibration_in_which_nothing_gates_is_none(paths: DataPaths) -> None:
    install_calibration(paths)
    rows = find_calibration(paths, calibration_key())
    idle = rows.set_column(rows.schema.get_field_index("is_gating"), SCHEMA.field("is_gating"), pa.array([False] * rows.num_rows))
    assert not verdict(idle, calibration_key())[0]
