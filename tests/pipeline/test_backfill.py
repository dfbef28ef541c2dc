"""Several nights by one command: what it prints, what it leaves in the lake, in the snapshots and in Dagster's storage."""

from __future__ import annotations

import json

import dagster as dg
import duckdb
import pytest

from pipelines.lake.paths import DataPaths
from pipelines.nightly.project import manifest_file
from pipelines.platforms.registry import PLATFORMS
from pipelines.runs import COMMAND_LINE, STARTED_BY_TAG
from tests.installation import NIGHTS, Installation


def test_each_night_of_a_backfill_is_published_and_told_step_by_step(backfilled: Installation) -> None:
    told = (backfilled.folder / "backfill.txt").read_text()
    for night in NIGHTS:
        assert f"night {night}: ingest, conform, derive, model, publish" in told
    assert told.count("published in") == len(NIGHTS)
    lines = [line.split() for line in told.splitlines()]
    count = (
        len(PLATFORMS) + 5
    )  # an intake each, conform, derive, model, its calibration, publish; without a watchlist no collection is told
    for step in (f"1/{count}", f"{count}/{count}"):
        assert sum(line[:1] == [step] for line in lines) == len(NIGHTS)
    assert "\x1b" not in told


def test_the_snapshot_is_of_the_last_night_and_knows_all_of_them(backfilled: Installation) -> None:
    manifest = json.loads((backfilled.data / "published" / "current" / "manifest.json").read_text())
    assert manifest["night"] == NIGHTS[-1]
    assert manifest["covered"]["nights"] == {"first": NIGHTS[0], "last": NIGHTS[-1], "count": len(NIGHTS)}
    assert manifest["covered"]["event_days"]["count"] > 50
    assert manifest["tables"]["ripple_effects"]["methods"]
    assert all(about["columns"] for about in manifest["tables"].values())


def test_tables_that_no_file_changed_are_linked_from_night_to_night(backfilled: Installation) -> None:
    manifest = json.loads((backfilled.data / "published" / "current" / "manifest.json").read_text())
    changed = {table for table, about in manifest["tables"].items() if not about["unchanged"]}
    assert "gate_results" in changed
    assert "trend_adoptions" not in changed


def test_each_night_has_its_own_run_in_dagsters_storage(backfilled: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(backfilled.home))
    with dg.DagsterInstance.get() as instance:
        runs = {run.tags["dagster/partition"]: run for run in instance.get_runs()}
    assert set(NIGHTS) <= set(runs)
    for night in NIGHTS:
        assert runs[night].status == dg.DagsterRunStatus.SUCCESS
        assert runs[night].tags[STARTED_BY_TAG] == COMMAND_LINE


def test_dbt_reads_its_whole_project_once_in_a_data_folder(backfilled: Installation) -> None:
    logs = [(backfilled.data / "logs" / f"night={night}.log").read_text() for night in NIGHTS]
    assert [log.count("Running with dbt=") for log in logs] == [2, 2]
    assert [log.count("Unable to do partial parsing") for log in logs] == [1, 0]


def test_the_snapshot_answers_and_refuses_on_the_command_line(backfilled: Installation) -> None:
    data = ["--data", str(backfilled.data)]
    asked = backfilled.run("query", "select count(*) as n from trends", *data, "--format", "csv")
    assert asked.stdout.splitlines()[0] == "n"
    assert int(asked.stdout.splitlines()[1]) > 0
    refused = backfilled.run("query", "copy trends to 'out.csv'", *data)
    assert refused.returncode == 1
    assert refused.stderr.startswith("Error: query: the snapshot is read-only")
    assert not (backfilled.folder / "out.csv").exists()
    outside = backfilled.run("query", f"select * from read_text('{backfilled.data}/secrets/pseudonym.key')", *data)
    assert outside.returncode == 1
    assert outside.stdout == ""


def test_a_column_that_is_never_null_by_contract_cannot_hold_null_in_the_warehouse(backfilled: Installation) -> None:
    """Why no test asks for it: a mart with such a row is not built, which closes its gate."""
    described = json.loads(manifest_file().read_text())["nodes"].values()
    marts = [node for node in described if node["resource_type"] == "model" and node["fqn"][1] == "marts"]
    promised = {
        (mart["name"], name)
        for mart in marts
        for name, column in mart["columns"].items()
        if any(each["type"] == "not_null" for each in column["constraints"])
    }
    with duckdb.connect(str(DataPaths(backfilled.data).warehouse), read_only=True) as warehouse:
        found = warehouse.execute("select table_name, column_name from duckdb_columns() where not is_nullable").fetchall()
    assert len(promised) > 200
    assert promised <= set(found)
