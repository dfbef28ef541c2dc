"""What a night did with each file: ledger entries, their sums, and what earlier ledgers say. Reads ledgers, writes none."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow.parquet as pq

from pipelines.lake.paths import DataPaths
from pipelines.lake.schemas import LEDGER


@dataclass(slots=True)
class LedgerEntry:
    """What one night did with one file."""

    night: date
    platform: str
    file: str
    source_hash: str
    source_format: str | None
    status: str
    detail: str | None
    byte_count: int
    record_count: int = 0
    landed_count: int = 0
    quarantined_count: int = 0
    duplicate_count: int = 0
    erased_count: int = 0
    row_counts: Counter[str] = field(default_factory=Counter)
    event_days: set[date] = field(default_factory=set)

    def as_row(self) -> dict[str, Any]:
        """The entry as a row of the ledger schema."""
        values = {name: getattr(self, name) for name in LEDGER.names}
        return values | {"row_counts": sorted(self.row_counts.items()), "event_days": sorted(self.event_days)}


@dataclass(frozen=True, slots=True)
class NightIntake:
    """What one platform's night took in."""

    platform: str
    night: date
    files: list[LedgerEntry]
    row_counts: dict[str, int]
    touched_days: list[date]

    def _sum(self, name: str) -> int:
        return sum(getattr(entry, name) for entry in self.files if entry.status in {"ingested", "unreadable"})

    @property
    def record_count(self) -> int:
        """Records in the files that this night took in."""
        return self._sum("record_count")

    @property
    def landed_count(self) -> int:
        """Records of which rows are in the lake."""
        return self._sum("landed_count")

    @property
    def quarantined_count(self) -> int:
        """Records that are in the quarantine."""
        return self._sum("quarantined_count")

    @property
    def duplicate_count(self) -> int:
        """Records that the same night had already seen."""
        return self._sum("duplicate_count")

    @property
    def erased_count(self) -> int:
        """Records of which every row was of an erased account or post."""
        return self._sum("erased_count")

    @property
    def unknown_files(self) -> list[str]:
        """Files that no format recognised or that could not be opened."""
        return [entry.file for entry in self.files if entry.status in {"unknown_format", "unreadable"}]


def taken_by_other_nights(paths: DataPaths, platform: str, night: date) -> dict[str, date]:
    """Content hashes of the files that other nights took in, and which night it was."""
    own = paths.ledger_file(platform, night)
    taken: dict[str, date] = {}
    for file in sorted(own.parent.glob("night=*.parquet")):
        if file != own:
            for row in pq.read_table(file, columns=["source_hash", "status", "night"]).to_pylist():
                if row["status"] == "ingested":
                    taken[row["source_hash"]] = row["night"]
    return taken


def entries_of(paths: DataPaths, platform: str, night: date) -> list[LedgerEntry]:
    """What an earlier run of a night left in its ledger; empty if there was none."""
    file = paths.ledger_file(platform, night)
    if not file.exists():
        return []
    return [
        LedgerEntry(**row | {"row_counts": Counter(dict(row["row_counts"])), "event_days": set(row["event_days"])})
        for row in pq.read_table(file, partitioning=None).to_pylist()
    ]
