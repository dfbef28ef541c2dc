"""Writes one night of one platform's tables: by event day, in the order in which rows came, in bounded memory. Parses nothing."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.lake.commit import Stage, sync
from pipelines.lake.paths import DataPaths
from pipelines.lake.schemas import EVENT_TIME_COLUMNS, RECORDS, TABLES

_ROWS_HELD: Final = 200_000
_OPEN_WRITERS: Final = 64
# Columns in which hardly a value comes twice: a dictionary of them would be made and thrown away.
_WITHOUT_DICTIONARY: Final = frozenset(
    {"post_key", "interaction_key", "target_post_key", "native_id", "text", "url", "item_key", "title"}
)


def write_table(file: Path, table: pa.Table) -> None:
    """Write a Parquet file so that no reader ever sees half of it: temporary name, fsync, rename."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.tmp")
    pq.write_table(table, temporary, compression="zstd")
    sync(temporary)
    temporary.replace(file)


def write_batches(file: Path, schema: pa.Schema, batches: Iterable[pa.Table]) -> None:
    """Write a Parquet file as :func:`write_table` does, one part of its rows at a time.

    Args:
        file: Where it goes.
        schema: Of all parts; its metadata are the file's.
        batches: The parts, in order.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.tmp")
    with pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_table(batch.replace_schema_metadata(schema.metadata))
    sync(temporary)
    temporary.replace(file)


def event_days(table: str, rows: pa.Table) -> pa.Array:
    """The event day (date32, UTC) of each row."""
    moments = [rows.column(name) for name in EVENT_TIME_COLUMNS[table]]
    moment = pc.coalesce(*moments) if len(moments) > 1 else moments[0]
    return pc.cast(moment, pa.date32()).combine_chunks()


def parquet_writer(file: Path, table: str) -> pq.ParquetWriter:
    """A writer of landed rows of one table, with its schema and its kind of compression."""
    schema = TABLES[table]
    columns = [f"{each.name}.list.element" if pa.types.is_list(each.type) else each.name for each in schema]
    # Keys and texts are random or long: their smallest and largest value let no reader skip anything.
    bounded = [name for name in columns if not name.endswith("_key") and name not in _WITHOUT_DICTIONARY]
    return pq.ParquetWriter(
        file,
        schema,
        compression="zstd",
        use_dictionary=[name for name in columns if name not in _WITHOUT_DICTIONARY],
        write_statistics=bounded,
    )


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

    def __init__(self, paths: DataPaths, platform: str, night: date, tables: tuple[str, ...], stage: Stage) -> None:
        self._paths, self._platform, self._night, self._tables = paths, platform, night, tables
        self._stage = stage
        self._held: dict[str, list[pa.Table]] = {table: [] for table in tables}
        self._held_rows = 0
        self._fragments: dict[tuple[str, date], _Fragments] = {}
        self._open: OrderedDict[tuple[str, date], _Fragments] = OrderedDict()
        self._records = pq.ParquetWriter(stage.folder / "records.parquet", RECORDS, use_dictionary=["source_hash"])
        self.row_counts: Counter[str] = Counter(dict.fromkeys(tables, 0))

    def add(self, table: str, rows: pa.Table) -> None:
        """Take rows of one table, with the schema of the lake."""
        if rows.num_rows:
            self._held[table].append(rows)
            self._held_rows += rows.num_rows
            self.row_counts[table] += rows.num_rows
            if self._held_rows >= _ROWS_HELD:
                self._flush()

    def add_records(self, source_hash: str, hashes: np.ndarray[Any, np.dtype[np.uint64]]) -> None:
        """Take the hashes of landed records of one file."""
        if len(hashes):
            sources = pa.repeat(pa.scalar(source_hash), len(hashes))
            self._records.write_table(pa.table([sources, pa.array(hashes)], schema=RECORDS))

    def _flush(self) -> None:
        for table, parts in self._held.items():
            if parts:
                self._flush_table(table, pa.concat_tables(parts))
                parts.clear()
        self._held_rows = 0

    def _flush_table(self, table: str, rows: pa.Table) -> None:
        days = event_days(table, rows).cast(pa.int32()).to_numpy(zero_copy_only=False)
        if (np.diff(days) < 0).any():
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
            fragments.path = self._stage.folder / f"{table}-{day.isoformat()}-{len(fragments.closed)}.parquet"
            fragments.writer = parquet_writer(fragments.path, table)
            self._open[key] = fragments
        self._open.move_to_end(key)
        return fragments.writer

    def _close(self, key: tuple[str, date]) -> None:
        fragments = self._open.pop(key)
        if fragments.writer is not None and fragments.path is not None:
            fragments.writer.close()
            fragments.closed.append(fragments.path)
            fragments.writer = None

    def commit(self, quarantine: pa.Table, ledger: pa.Table) -> list[date]:
        """Make the night visible with its quarantine and ledger, take away what an earlier run left of it.

        Returns:
            The event days with rows.
        """
        self._flush()
        for key in list(self._open):
            self._close(key)
        self._records.close()
        ready: dict[Path, Path] = {}
        for (table, day), fragments in self._fragments.items():
            ready[self._paths.table_file(self._platform, table, day, self._night)] = self._joined(table, fragments.closed)
        for table in self._tables:
            if not self.row_counts[table]:
                empty = self._staged(f"{table}-empty.parquet", TABLES[table].empty_table())
                ready[self._paths.table_file(self._platform, table, self._night, self._night)] = empty
        stale = [old for table in self._tables for old in self.landed_files(table) if old not in ready]
        ready[self._paths.quarantine_file(self._platform, self._night)] = self._staged("quarantine.parquet", quarantine)
        ready[self._paths.records_file(self._platform, self._night)] = self._stage.folder / "records.parquet"
        seal = (self._paths.ledger_file(self._platform, self._night), self._staged("ledger.parquet", ledger))
        self._stage.commit(ready, seal, stale)
        return sorted({day for _, day in self._fragments})

    def _staged(self, name: str, table: pa.Table) -> Path:
        file = self._stage.folder / name
        pq.write_table(table, file, compression="zstd")
        return file

    def landed_files(self, table: str) -> list[Path]:
        """Files that an earlier run of this night left for a table."""
        root = self._paths.table_root(self._platform, table)
        return sorted(root.glob(f"day=*/night={self._night.isoformat()}.parquet"))

    def discard(self) -> None:
        """Forget everything; nothing becomes visible."""
        for fragments in self._open.values():
            if fragments.writer is not None:
                fragments.writer.close()
        self._open.clear()
        self._records.close()
        self._stage.discard()

    def _joined(self, table: str, parts: list[Path]) -> Path:
        if len(parts) == 1:
            return parts[0]
        whole = parts[0].with_suffix(".whole.parquet")
        with parquet_writer(whole, table) as writer:
            for part in parts:
                for batch in pq.ParquetFile(part).iter_batches(batch_size=_ROWS_HELD):
                    writer.write_batch(batch)
        return whole
