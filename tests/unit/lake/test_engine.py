"""The engine that asks files: what does not fit in memory is spilled below the data folder, and does not stay there."""

from __future__ import annotations

import os
from pathlib import Path

from pipelines.lake.engine import open_engine, remove_spills
from pipelines.lake.paths import DataPaths


def test_what_does_not_fit_in_memory_is_spilled_below_the_data_folder(tmp_path: Path) -> None:
    with open_engine(DataPaths(tmp_path)) as connection:
        connection.execute("set memory_limit = '60MB'; set threads = 1")
        connection.execute("create table texts as select md5(range::varchar) as text, range from range(3_000_000)")
        assert [file for file in (tmp_path / "spill").rglob("*") if file.is_file()]
        assert connection.execute("select count(*) from texts").fetchall() == [(3_000_000,)]
    assert not [file for file in (tmp_path / "spill").rglob("*") if file.is_file()]


def test_what_a_killed_run_spilled_goes_and_what_this_one_may_need_stays(tmp_path: Path) -> None:
    own, other = (tmp_path / "spill" / f"{pid}-x" for pid in (os.getpid(), 1))
    for folder in (own, other):
        folder.mkdir(parents=True)
        (folder / "duckdb_temp_storage-0.tmp").write_bytes(b"rows")
    remove_spills(DataPaths(tmp_path))
    assert own.exists()
    assert not other.exists()
