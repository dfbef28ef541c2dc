"""A question to the snapshot can be answered, and can do nothing else."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.lake.paths import DataPaths
from pipelines.publish.reader import NothingPublishedError, QueryRefusedError, ask
from pipelines.publish.snapshot import publish


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> DataPaths:
    folder = tmp_path_factory.mktemp("reader's data")
    pq.write_table(pa.table({"tag": ["a", "b"], "uses": [3, 4]}), folder / "trends.parquet")
    made = DataPaths(folder / "data")
    publish(
        made, date(2026, 10, 1), "run", {"trends": folder / "trends.parquet"}, {"trends": {"description": "One row per tag."}}
    )
    return made


def _named(sql: str, paths: DataPaths) -> str:
    places = {"published": paths.published, "snapshot": (paths.published / "current").resolve(), "outside": paths.root}
    return sql.format(**{name: str(place).replace("'", "''") for name, place in places.items()})


@pytest.mark.parametrize(
    "sql",
    [
        "select * from trends",
        "from trends",
        "with t as (from trends) select sum(uses) from t",
        "show tables",
        "describe trends",
        "summarize trends",
    ],
)
def test_questions_are_answered(paths: DataPaths, sql: str) -> None:
    assert ask(paths, sql).num_rows > 0


@pytest.mark.parametrize(
    "sql",
    [
        "copy trends to '{published}/out.csv'",
        "copy (select 1) to '{snapshot}/out.csv'",
        "copy (select 1) to '{snapshot}/trends.parquet' (format parquet)",
        "explain analyze copy (select 1) to '{snapshot}/out.csv'",
        "export database '{snapshot}/out'",
        "attach '{snapshot}/other.duckdb' as other",
        "attach '{outside}/warehouse.duckdb' as other",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "create table t as select 1",
        "drop view trends",
        "select 1; copy (select 1) to '{snapshot}/out.csv'",
        "",
    ],
)
def test_whatever_is_no_single_select_is_refused_and_changes_nothing(paths: DataPaths, sql: str) -> None:
    snapshot = (paths.published / "current").resolve()
    before = {file: file.read_bytes() for file in sorted(snapshot.rglob("*"))}
    with pytest.raises(QueryRefusedError):
        ask(paths, _named(sql, paths))
    assert {file: file.read_bytes() for file in sorted(snapshot.rglob("*"))} == before
    assert not (paths.published / "out.csv").exists()


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_text('/etc/passwd')",
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('{outside}/secrets/pseudonym.key')",
        "select * from read_text('{snapshot}/../../../secrets/pseudonym.key')",
        "select * from read_parquet('{outside}/vault/*/*/*.parquet')",
        "select * from '{outside}/trends.parquet'",
        "select * from glob('{outside}/*')",
        "select * from 'https://example.org/trends.parquet'",
        "select * from 's3://bucket/trends.parquet'",
    ],
)
def test_a_select_reads_no_other_folder_and_no_network(paths: DataPaths, sql: str) -> None:
    secret = paths.secret_file
    secret.parent.mkdir(exist_ok=True)
    secret.write_text("hidden")
    with pytest.raises(duckdb.Error, match=r"disabled by configuration|No extension|not exist"):
        ask(paths, _named(sql, paths))


def test_nothing_published_is_said(tmp_path: Path) -> None:
    with pytest.raises(NothingPublishedError, match="nothing is published"):
        ask(DataPaths(tmp_path), "select 1")
