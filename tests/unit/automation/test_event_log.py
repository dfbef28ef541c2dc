"""The event log with connections kept open: the same files as Dagster's own, fewer openings, safe among threads."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest
import yaml

from pipelines.defs.transform.resource import HouseDbt
from pipelines.event_log import KeptConnectionsEventLog
from pipelines.nightly.project import dbt_executable
from pipelines.settings import DBT_PROJECT, PROJECT


@dg.asset(check_specs=[dg.AssetCheckSpec("holds", asset="thing")])
def thing() -> Iterator[dg.MaterializeResult[None]]:
    yield dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True, check_name="holds")])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    settings = yaml.safe_load((PROJECT / ".dagster_home" / "dagster.yaml").read_text())
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(settings))
    return tmp_path


def test_the_house_is_configured_with_it_and_its_runs_lie_where_dagster_puts_them(home: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        assert isinstance(instance.event_log_storage, KeptConnectionsEventLog)
        run = dg.materialize([thing], instance=instance)
        assert (home / "history" / "runs" / f"{run.run_id}.db").is_file()


def test_a_run_is_read_back_whole_by_the_log_that_dagster_has_of_itself(home: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        run_id = dg.materialize([thing], instance=instance).run_id
        kinds = [entry.dagster_event_type for entry in instance.all_logs(run_id)]
    settings = yaml.safe_load((home / "dagster.yaml").read_text())
    del settings["event_log_storage"]
    (home / "dagster.yaml").write_text(yaml.safe_dump(settings))
    with dg.DagsterInstance.get() as plain:
        assert not isinstance(plain.event_log_storage, KeptConnectionsEventLog)
        assert [entry.dagster_event_type for entry in plain.all_logs(run_id)] == kinds
        assert plain.get_latest_materialization_event(thing.key) is not None


@pytest.mark.usefixtures("home")
def test_many_runs_are_written_and_read_by_many_threads() -> None:
    with dg.DagsterInstance.get() as instance:
        runs = [dg.materialize([thing], instance=instance).run_id for _ in range(20)]
        with ThreadPoolExecutor(8) as threads:
            counts = list(threads.map(lambda run_id: len(instance.all_logs(run_id)), runs * 2))
        assert len(set(counts)) == 1
        assert counts[0] > 5
        records = instance.fetch_materializations(thing.key, limit=100).records
        assert {record.run_id for record in records} == set(runs)


def test_what_a_run_wrote_is_in_the_file_while_the_log_is_still_open(home: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        run_id = dg.materialize([thing], instance=instance).run_id
        with sqlite3.connect(home / "history" / "runs" / f"{run_id}.db") as other:
            (count,) = other.execute("select count(*) from event_logs").fetchone()
        assert count == len(instance.all_logs(run_id))


def test_the_version_that_dbt_is_taken_for_is_that_of_the_executable_that_runs() -> None:
    folder = str(DBT_PROJECT)
    resource = HouseDbt(project_dir=folder, profiles_dir=folder, dbt_executable=str(dbt_executable()))
    said = subprocess.run([dbt_executable(), "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own dbt
    assert f"installed: {resource._cli_version}" in said
