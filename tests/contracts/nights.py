"""Takes real files in as one night, through the intake itself, and gives the ledger's counts. For contract tests only."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.lake.intake import NightIntake, ingest_night
from pipelines.lake.paths import DataPaths
from pipelines.platforms.registry import PLATFORMS
from tests.contracts.harness import PSEUDONYMS, REALDATA

NIGHT = date(2026, 11, 20)


@dataclass(frozen=True)
class Landed:
    """A night's outcome and where its rows lie."""

    intake: NightIntake
    paths: DataPaths

    @property
    def counts(self) -> dict[str, tuple[int, int, int, int]]:
        """File name -> (records, landed, quarantined, duplicates) of the files that a format took."""
        return {
            entry.file.rsplit("/", 1)[-1]: (
                entry.record_count,
                entry.landed_count,
                entry.quarantined_count,
                entry.duplicate_count,
            )
            for entry in self.intake.files
            if entry.status == "ingested"
        }

    @property
    def refusals(self) -> set[tuple[str, str]]:
        """(file name, reason code) of what is in the quarantine."""
        rows = pq.read_table(self.paths.quarantine_file(self.intake.platform, NIGHT)).to_pylist()
        return {(row["file"].rsplit("/", 1)[-1], row["reason_code"]) for row in rows}

    def query(self, sql: str, **more: pa.Table) -> list[tuple[object, ...]]:
        """Rows of a query over the night's tables, by their names, and over further Arrow tables."""
        with duckdb.connect() as connection:
            connection.execute("set timezone = 'UTC'")
            for table in ("accounts", "posts", "post_metrics", "interactions"):
                files = sorted(self.paths.table_root(self.intake.platform, table).rglob("*.parquet"))
                connection.register(table, pa.concat_tables([pq.read_table(file, partitioning=None) for file in files]))
            for name, rows in more.items():
                connection.register(name, rows)
            return connection.execute(sql).fetchall()


def take_in(platform: str, files: list[str], folder: Path) -> Landed:
    """One night of ``platform`` over real files, named by their path in the real data."""
    inbox = folder / "inbox" / platform
    inbox.mkdir(parents=True)
    for name in files:
        shutil.copy(REALDATA / name, inbox)
    paths = DataPaths(folder / "data")
    intake = ingest_night(paths, folder / "inbox", PLATFORMS[platform], NIGHT, PSEUDONYMS)
    for entry in intake.files:
        assert entry.record_count == entry.landed_count + entry.quarantined_count + entry.duplicate_count
    return Landed(intake, paths)
