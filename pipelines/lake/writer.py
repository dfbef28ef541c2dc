"""Writes one night of one platform's tables: by event day, sorted in, atomically, in bounded memory. Parses nothing."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.lake.paths import DataPaths
from pipelines.lake.schemas import EVENT_TIME_COLUMNS, TABLES

_ROWS_HELD: Final = 200_000
_OPEN_WRITERS: Final = 64


def write_table(file: Path, table: pa.Table) -> None:
    """Write a Parquet file so that no reader ever sees half of it: temporary name, fsync, rename."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.tmp")
    pq.write_table(table, temporary, compression="zstd")
    _make_visible(temporary, file)


def _make_visible(temporary: Path, file: Path) -> None:
    descriptor = os.open(temporary, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    temporary.replace(file)


def event_days(table: str, rows: pa.Table) -> pa.Array:
    """The event day (date32, UTC) of each row."""
    moments = [rows.column(name) for name in EVENT_TIME_COLUMNS[table]]
    moment = pc.coalesce(*moments) if len(moments) > 1 else moments[0]
    return pc.cast(moment, pa.date32()).combine_chunks()


@dataclass(slots=True)
class _Fragments:
    """What has been written so far of one (table, event day)."""

    closed: list[Path] = field(default_factory=list)
    writer: pq.ParquetWriter | None = None
    path: Path | None = None


class NightWriter:
    """Collects rows of one platform and night; ``commit`` makes all of them visible, leaving before it changes nothing.

    Rows keep the order in which they came, so the same input gives the same bytes.
    """

    def __init__(self, paths: DataPaths, platform: str, night: date, tables: tuple[str, ...]) -> None:
        self._paths, self._platform, self._night, self._tables = paths, platform, night, tables
        paths.root.mkdir(parents=True, exist_ok=True)
        self._stage = Path(tempfile.mkdtemp(prefix=f".night-{platform}-", dir=paths.root))
        self._held: dict[str, list[pa.Table]] = {table: [] for table in tables}
        self._held_rows = 0
        self._fragments: dict[tuple[str, date], _Fragments] = {}
        self._open: OrderedDict[tuple[str, date], _Fragments] = OrderedDict()
        self.row_counts: Counter[str] = Counter(dict.fromkeys(tables, 0))

    def add(self, table: str, rows: pa.Table) -> None:
        """Take rows of one table, with the schema of the lake."""
        if rows.num_rows:
            self._held[table].append(rows)
            self._held_rows += rows.num_rows
            self.row_counts[table] += rows.num_rows
            if self._held_rows >= _ROWS_HELD:
                self._flush()

    def _flush(self) -> None:
        for table, parts in self._held.items():
            if parts:
                self._flush_table(table, pa.concat_tables(parts))
                parts.clear()
        self._held_rows = 0

    def _flush_table(self, table: str, rows: pa.Table) -> None:
        days = event_days(table, rows).cast(pa.int32()).to_numpy(zero_copy_only=False)
        order = np.argsort(days, kind="stable")
        rows, days = rows.take(pa.array(order)), days[order]
        starts = np.flatnonzero(np.diff(days, prepend=days[0] - 1))
        for start, end in zip(starts, [*starts[1:], len(days)], strict=True):
            day = date.fromordinal(719_163 + int(days[start]))  # 719163 is the ordinal of 1970-01-01
            self._writer(table, day).write_table(rows.slice(start, end - start))

    def _writer(self, table: str, day: date) -> pq.ParquetWriter:
        key = (table, day)
        fragments = self._fragments.setdefault(key, _Fragments())
        if fragments.writer is None:
            if len(self._open) >= _OPEN_WRITERS:
                self._close(next(iter(self._open)))
            fragments.path = self._stage / f"{table}-{day.isoformat()}-{len(fragments.closed)}.parquet"
            fragments.writer = pq.ParquetWriter(fragments.path, TABLES[table], compression="zstd")
            self._open[key] = fragments
        self._open.move_to_end(key)
        return fragments.writer

    def _close(self, key: tuple[str, date]) -> None:
        fragments = self._open.pop(key)
        if fragments.writer is not None and fragments.path is not None:
            fragments.writer.close()
            fragments.closed.append(fragments.path)
            fragments.writer = None

    def commit(self) -> list[date]:
        """Make the night visible, take away what an earlier run of it left, and return the event days with rows."""
        self._flush()
        for key in list(self._open):
            self._close(key)
        ready: dict[Path, Path] = {}
        for (table, day), fragments in self._fragments.items():
            ready[self._paths.table_file(self._platform, table, day, self._night)] = self._joined(table, fragments.closed)
        for table in self._tables:
            if not self.row_counts[table]:
                empty = self._stage / f"{table}-empty.parquet"
                pq.write_table(TABLES[table].empty_table(), empty, compression="zstd")
                ready[self._paths.table_file(self._platform, table, self._night, self._night)] = empty
        stale = [old for table in self._tables for old in self.landed_files(table) if old not in ready]
        for file, staged in ready.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            _make_visible(staged, file)
        for old in stale:
            old.unlink()
        shutil.rmtree(self._stage)
        return sorted({day for _, day in self._fragments})

    def landed_files(self, table: str) -> list[Path]:
        """Files that an earlier run of this night left for a table."""
        root = self._paths.table_root(self._platform, table)
        return sorted(root.glob(f"day=*/night={self._night.isoformat()}.parquet"))

    def discard(self) -> None:
        """Forget everything; nothing becomes visible."""
        for fragments in self._open.values():
            if fragments.writer is not None:
                fragments.writer.close()
        shutil.rmtree(self._stage, ignore_errors=True)

    def _joined(self, table: str, parts: list[Path]) -> Path:
        if len(parts) == 1:
            return parts[0]
        whole = parts[0].with_suffix(".whole.parquet")
        with pq.ParquetWriter(whole, TABLES[table], compression="zstd") as writer:
            for part in parts:
                for batch in pq.ParquetFile(part).iter_batches(batch_size=_ROWS_HELD):
                    writer.write_batch(batch)
        return whole
