"""What stays published, whatever the order of the nights, and what a manifest says of it."""

from __future__ import annotations

from datetime import date
from importlib.metadata import version
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.lake.paths import DataPaths
from pipelines.publish.snapshot import KEPT_SNAPSHOTS, PublishError, leftovers, manifest, publish


def _table(folder: Path, name: str = "trends", rows: int = 1) -> dict[str, Path]:
    file = folder / f"{name}.parquet"
    pq.write_table(pa.table({"n": list(range(rows)), "method_version": ["trends-1"] * rows, "params_hash": ["abc"] * rows}), file)
    return {name: file}


def test_a_backfill_of_an_old_night_stays_published_after_many_newer_nights(tmp_path: Path) -> None:
    tables, paths = _table(tmp_path), DataPaths(tmp_path / "data")
    for day in range(1, KEPT_SNAPSHOTS + 2):
        publish(paths, date(2026, 10, day), "run", tables, {})
    publish(paths, date(2026, 9, 1), "run", tables, {})
    current = manifest(paths)
    assert current is not None
    assert current["night"] == "2026-09-01"
    assert len(list((paths.published / "snapshots").iterdir())) == KEPT_SNAPSHOTS


def test_the_manifest_tells_versions_columns_methods_rows_and_days(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path / "data")
    for night, days in (("2026-10-01", [date(2019, 5, 1), date(2026, 9, 30)]), ("2026-10-02", [date(2026, 10, 1)])):
        ledger = paths.ledger_file("reddit", date.fromisoformat(night))
        ledger.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"event_days": pa.array([days, []], pa.list_(pa.date32()))}), ledger)
    made = publish(paths, date(2026, 10, 2), "run", _table(tmp_path, rows=3), {})
    assert made == manifest(paths)
    assert made["versions"]["duckdb"] == duckdb.__version__
    assert made["versions"]["dbt-core"] == version("dbt-core")
    assert made["versions"]["undercurrent"] == version("undercurrent")
    table = made["tables"]["trends"]
    assert table["rows"] == 3
    assert table["columns"] == [
        {"name": "n", "type": "int64"},
        {"name": "method_version", "type": "string"},
        {"name": "params_hash", "type": "string"},
    ]
    assert table["methods"] == [{"method_version": "trends-1", "params_hash": "abc"}]
    assert made["covered"] == {
        "nights": {"first": "2026-10-01", "last": "2026-10-02", "count": 2},
        "event_days": {"first": "2019-05-01", "last": "2026-10-01", "count": 3},
    }


def test_an_unchanged_table_takes_no_new_room_and_a_changed_one_does(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path / "data")
    tables = {**_table(tmp_path, "trends"), **_table(tmp_path, "niches")}
    publish(paths, date(2026, 10, 1), "run", tables, {})
    first = (paths.published / "current").resolve()
    _table(tmp_path, "niches", rows=7)
    made = publish(paths, date(2026, 10, 2), "run", tables, {})
    second = (paths.published / "current").resolve()
    assert (second / "trends.parquet").samefile(first / "trends.parquet")
    assert not (second / "niches.parquet").samefile(first / "niches.parquet")
    assert [made["tables"][name]["unchanged"] for name in ("niches", "trends")] == [False, True]
    assert not (second / "trends.parquet").samefile(tables["trends"])


def test_a_published_file_that_was_damaged_is_not_published_again(tmp_path: Path) -> None:
    paths, tables = DataPaths(tmp_path / "data"), _table(tmp_path)
    publish(paths, date(2026, 10, 1), "run", tables, {})
    (paths.published / "current" / "trends.parquet").write_bytes(b"rotten")
    publish(paths, date(2026, 10, 2), "run", tables, {})
    assert (paths.published / "current" / "trends.parquet").read_bytes() == tables["trends"].read_bytes()


def test_a_missing_table_leaves_the_last_snapshot_and_the_next_publish_clears_up(tmp_path: Path) -> None:
    paths, tables = DataPaths(tmp_path / "data"), _table(tmp_path)
    publish(paths, date(2026, 10, 1), "run", tables, {})
    with pytest.raises(PublishError, match=r"niches\.parquet was not made"):
        publish(paths, date(2026, 10, 2), "run", {**tables, "niches": tmp_path / "niches.parquet"}, {})
    current = manifest(paths)
    assert current is not None
    assert current["night"] == "2026-10-01"
    assert leftovers(paths)
    publish(paths, date(2026, 10, 2), "run", tables, {})
    assert leftovers(paths) == []
