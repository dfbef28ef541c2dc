"""Lets the real intake take in what a writer has written. For tests only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.lake.intake import NightIntake, ingest_night
from pipelines.lake.paths import DataPaths
from pipelines.platforms.registry import PLATFORMS
from tests.contracts.harness import PSEUDONYMS

NIGHT = date(2026, 11, 20)


@dataclass(frozen=True)
class Landing:
    """What became of a platform's files."""

    intake: NightIntake
    paths: DataPaths

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table."""
        files = sorted(self.paths.table_root(self.intake.platform, table).rglob("*.parquet"))
        return pa.concat_tables([pq.read_table(file, partitioning=None) for file in files]).to_pylist() if files else []

    def refusals(self) -> list[tuple[str, str]]:
        """(file name, reason code) of the quarantine, sorted."""
        file = self.paths.quarantine_file(self.intake.platform, NIGHT)
        rows = pq.read_table(file).to_pylist() if file.exists() else []
        return sorted((row["file"].rsplit("/", 1)[-1], row["reason_code"]) for row in rows)

    def statuses(self) -> dict[str, str]:
        """What became of each file."""
        return {entry.file.rsplit("/", 1)[-1]: entry.status for entry in self.intake.files}

    @property
    def duplicate_count(self) -> int:
        """Records that had landed already."""
        return sum(entry.duplicate_count for entry in self.intake.files)


def land(inbox: Path, platform: str, folder: Path) -> Landing:
    """Take in a platform's part of an inbox."""
    paths = DataPaths(folder / "data")
    return Landing(ingest_night(paths, inbox, PLATFORMS[platform], NIGHT, PSEUDONYMS), paths)


def key(platform: str, native_id: str) -> str:
    """The lake's key of a native id."""
    return PSEUDONYMS.key(platform, native_id)
