"""A publish that is killed, at each of its steps."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

from pipelines.lake.paths import DataPaths
from pipelines.publish.snapshot import manifest, publish
from tests.unit.publish.killed_publish import write_marts


def test_a_kill_at_any_step_leaves_a_whole_snapshot_and_the_next_publish_clears_up(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "tests.unit.publish.killed_publish", str(tmp_path)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    assert done.returncode == 0, done.stderr
    # Fewer steps than these would mean that the program no longer sees what publish does.
    assert json.loads(done.stdout)["kills"] > 40


def test_a_first_publish_after_a_killed_first_publish_works(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path / "data")
    unfinished = paths.published / "snapshots" / "2026-10-01-20261001T000000000000"
    unfinished.mkdir(parents=True)
    (unfinished / "undercurrent.duckdb").write_bytes(b"half a catalogue")
    assert manifest(paths) is None
    publish(paths, date(2026, 10, 1), "run", write_marts(tmp_path / "marts", 1), {})
    assert not unfinished.exists()
