"""Publishes in a child that is killed before its n-th file operation or statement, for every n; checks what it left.

A program of its own, not a test: it forks, and a process that forks should not have run anything before.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
from datetime import date
from pathlib import Path
from types import FrameType
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.lake.paths import DataPaths
from pipelines.publish.snapshot import KEPT_SNAPSHOTS, leftovers, manifest, publish

STEPS = {
    "open",
    "write",
    "fsync",
    "mkdir",
    "rename",
    "replace",
    "link",
    "symlink",
    "unlink",
    "rmdir",
    "execute",
    "connect",
    "sendfile",
}
TABLES = ("changing", "steady")


def write_marts(folder: Path, night: int) -> dict[str, Path]:
    folder.mkdir(exist_ok=True)
    files = {name: folder / f"{name}.parquet" for name in TABLES}
    pq.write_table(pa.table({"night": [night]}), files["changing"])
    pq.write_table(pa.table({"n": [1, 2, 3]}), files["steady"])
    return files


def publish_and_die(paths: DataPaths, tables: dict[str, Path], night: int, step: int) -> bool:
    """Whether the child was killed."""
    child = os.fork()
    if child == 0:
        seen = 0

        def count(_frame: FrameType, event: str, argument: Any) -> None:
            nonlocal seen
            if event == "c_call" and getattr(argument, "__name__", "") in STEPS:
                seen += 1
                if seen == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(count)
        publish(
            paths, date(2026, 10, night), f"run {night}", tables, {"steady": {"description": "One row per thing.", "columns": {}}}
        )
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, status
    return os.WIFSIGNALED(status)


def check(paths: DataPaths, night: int) -> None:
    """The current snapshot is whole, and of the killed night or of the one before."""
    current = manifest(paths)
    assert current is not None
    assert current["night"] in {f"2026-10-{night - 1:02d}", f"2026-10-{night:02d}"}, current["night"]
    folder = (paths.published / "current").resolve()
    for table, about in current["tables"].items():
        assert hashlib.sha256((folder / f"{table}.parquet").read_bytes()).hexdigest() == about["sha256"]
    with duckdb.connect(str(paths.published / "undercurrent.duckdb"), read_only=True) as connection:
        assert connection.execute("select count(*) from steady").fetchone() == (3,)
        assert connection.execute("select night from changing").fetchone() == (int(current["night"][-2:]),)
    for snapshot in (paths.published / "snapshots").iterdir():
        if snapshot not in leftovers(paths):
            assert (snapshot / "undercurrent.duckdb").exists(), f"{snapshot} calls itself complete"


def main(folder: Path) -> None:
    """Print the number of kills that were survived."""
    paths, night, step = DataPaths(folder / "data"), 1, 0
    publish_and_die(paths, write_marts(folder / "marts", night), night, step)
    kills = 0
    while True:
        step += 1
        night = night % 27 + 1
        if night == 1:
            publish_and_die(paths, write_marts(folder / "marts", night), night, 0)
            night = 2
        tables = write_marts(folder / "marts", night)
        killed = publish_and_die(paths, tables, night, step)
        check(paths, night)
        kills += killed
        publish_and_die(paths, tables, night, 0)
        check(paths, night)
        assert leftovers(paths) == []
        assert len(list((paths.published / "snapshots").iterdir())) <= KEPT_SNAPSHOTS
        if not killed:
            break
    print(json.dumps({"kills": kills}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
