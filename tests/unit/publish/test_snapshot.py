"""What stays published, whatever the order of the nights."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.lake.paths import DataPaths
from pipelines.publish.snapshot import KEPT_SNAPSHOTS, manifest, publish
from pipelines.quality.gates import check_quarantine


def test_a_backfill_of_an_old_night_stays_published_after_many_newer_nights(tmp_path: Path) -> None:
    table = tmp_path / "trends.parquet"
    pq.write_table(pa.table({"n": [1]}), table)
    paths = DataPaths(tmp_path / "data")
    for day in range(1, KEPT_SNAPSHOTS + 2):
        publish(paths, date(2026, 10, day), "run", {"trends": table}, {})
    publish(paths, date(2026, 9, 1), "run", {"trends": table}, {})
    current = manifest(paths)
    assert current is not None
    assert current["night"] == "2026-09-01"
    assert len(list((paths.published / "snapshots").iterdir())) == KEPT_SNAPSHOTS


def test_one_refused_record_alone_does_not_close_the_gate_but_a_bad_batch_does() -> None:
    night = date(2026, 10, 2)
    assert check_quarantine("mastodon", 1, 1, night, "run").passed
    assert not check_quarantine("mastodon", 100, 50, night, "run").passed
