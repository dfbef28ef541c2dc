"""What an earlier run of a night landed from files that have left the inbox: it stays. Reads the lake, writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.lake.ledger import LedgerEntry, entries_of
from pipelines.lake.paths import DataPaths
from pipelines.lake.schemas import TABLES
from pipelines.lake.writer import NightWriter
from pipelines.platforms.registry import PlatformSpec

_BATCH_ROWS: Final = 100_000


class Kept:
    """Ledger entries, rows, refusals and record hashes of the files that are gone."""

    def __init__(self, paths: DataPaths, platform: PlatformSpec, night: date, present: set[str]) -> None:
        self._paths, self._platform, self._night = paths, platform, night
        self.entries: list[LedgerEntry] = [
            entry
            for entry in entries_of(paths, platform.name, night)
            if entry.status in {"ingested", "unreadable"} and entry.source_hash not in present
        ]
        self._hashes = pa.array(sorted({entry.source_hash for entry in self.entries}), pa.string())

    def records(self, writer: NightWriter) -> Iterator[np.ndarray[Any, np.dtype[np.uint64]]]:
        """Hashes of the records that were landed, handed on to the writer: the same records in a new file are duplicates."""
        file = self._paths.records_file(self._platform.name, self._night)
        if self.entries and file.exists():
            for batch in pq.ParquetFile(file).iter_batches(batch_size=_BATCH_ROWS):
                gone = self._of_gone_files(pa.Table.from_batches([batch]))
                for source_hash in pc.unique(gone.column("source_hash")).to_pylist():
                    own = gone.filter(pc.equal(gone.column("source_hash"), source_hash))
                    hashes = own.column("record_hash").to_numpy()
                    writer.add_records(source_hash, hashes)
                    yield hashes

    def rows(self) -> Iterator[tuple[str, str, pa.Table]]:
        """Table, native format and rows, of one format and collection method at a time."""
        if not self.entries:
            return
        for table in self._platform.tables:
            if table == "coverage":
                continue
            root = self._paths.table_root(self._platform.name, table)
            for file in sorted(root.glob(f"day=*/night={self._night.isoformat()}.parquet")):
                for batch in pq.ParquetFile(file).iter_batches(batch_size=_BATCH_ROWS):
                    rows = self._of_gone_files(pa.Table.from_batches([batch], TABLES[table]))
                    for source in pc.unique(rows.column("source_format")).to_pylist():
                        yield table, source, rows.filter(pc.equal(rows.column("source_format"), source))

    def quarantine(self) -> list[dict[str, Any]]:
        """Rows of the quarantine."""
        if not self.entries:
            return []
        old = pq.read_table(self._paths.quarantine_file(self._platform.name, self._night), partitioning=None)
        found: list[dict[str, Any]] = self._of_gone_files(old).to_pylist()
        return found

    def _of_gone_files(self, rows: pa.Table) -> pa.Table:
        return rows.filter(pc.is_in(rows.column("source_hash"), value_set=self._hashes))
