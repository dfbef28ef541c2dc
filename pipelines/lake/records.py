"""Records to Arrow rows, one record at a time: the path that decides what is refused and why. Opens and writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import xxhash

from pipelines.lake.framing import Framed
from pipelines.lake.schemas import TABLES
from pipelines.platforms.protocol import BadRecord, FileContext, FileDatedFormat, NativeFormat, Record, Row

# What Arrow raises where a value does not fit its column.
MISFITS: Final = (pa.ArrowException, ValueError, TypeError, OverflowError)


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A record that was refused."""

    code: str
    reason: str
    field_name: str | None
    index: int
    byte_offset: int | None
    record_sha256: str
    record_byte_count: int


@dataclass(slots=True)
class BlockResult:
    """Rows of some records of a file, by table and in record order.

    Each table has the lake schema's columns (all of them) and a last column ``record_index`` (int64), by which the intake
    drops rows of duplicate records. ``record_indexes`` (ascending) and ``record_hashes`` (uint64, a hash of the raw record) run
    parallel over the records that parsed.
    """

    tables: dict[str, pa.Table]
    record_indexes: np.ndarray[Any, np.dtype[np.int64]]
    record_hashes: np.ndarray[Any, np.dtype[np.uint64]]
    record_count: int  # parsed + quarantined
    quarantined: Sequence[Quarantined] = field(default_factory=tuple)


def parse_batch(native: NativeFormat, batch: Iterable[Framed], context: FileContext) -> BlockResult:
    """Rows and refusals of a batch of records, one record at a time.

    The whole batch is turned to Arrow at once; only where Arrow refuses it is each record tried alone, so that one bad
    value costs one record.
    """
    parsed: list[tuple[Framed, list[Row]]] = []
    refused: list[Quarantined] = []
    count = 0
    for framed in batch:
        count += 1
        try:
            parsed.append((framed, _parsed(native, framed, context)))
        except BadRecord as problem:
            refused.append(quarantined(framed, problem))
    try:
        tables = _tables(parsed)
    except MISFITS:
        fitting = []
        for framed, rows in parsed:
            misfit = _misfit(rows)
            if misfit is None:
                fitting.append((framed, rows))
            else:
                refused.append(quarantined(framed, misfit))
        parsed = fitting
        tables = _tables(parsed)
    indexes = np.array([framed.index for framed, _ in parsed], np.int64)
    seed = hash_seed(native, context)
    hashes = np.array([xxhash.xxh3_64_intdigest(framed.raw, seed) for framed, _ in parsed], np.uint64)
    return BlockResult(tables, indexes, hashes, count, tuple(refused))


def hash_seed(native: NativeFormat, context: FileContext) -> int:
    """The seed of the hashes by which records are known again: nought, unless the file's name belongs to what they say."""
    return xxhash.xxh3_64_intdigest(native.told_by_file(context.file).encode()) if isinstance(native, FileDatedFormat) else 0


def _parsed(native: NativeFormat, framed: Framed, context: FileContext) -> list[Row]:
    if framed.problem is not None:
        raise framed.problem
    try:
        rows = list(native.parse(Record(framed.value, framed.index, framed.byte_offset), context))
    except (TypeError, KeyError, AttributeError, IndexError, OverflowError, ValueError) as error:
        if isinstance(error, BadRecord):
            raise
        # A shape that no parser foresaw is the record's trouble, not the file's.
        raise BadRecord("unexpected_shape", f"{type(error).__name__}: {error}") from error
    if not rows:
        raise BadRecord("unexpected_shape", "the record holds nothing that a table of the lake takes")
    stamp = {"source_format": native.name, "source_hash": context.source_hash, "landed_night": context.night}
    default = {"observed_at": context.observed_at, "ts_quality": "exact", "collection_method": context.collection_method}
    return [Row(row.table, default | _found_by(row, context) | row.values | stamp) for row in rows]


def _found_by(row: Row, context: FileContext) -> dict[str, str]:
    if context.collection_query is None or row.table != "posts":
        return {}
    return {"collection_query": context.collection_query}


def quarantined(framed: Framed, problem: BadRecord) -> Quarantined:
    """The quarantine's view of a refused record."""
    return Quarantined(
        problem.code, problem.reason, problem.field_name, framed.index, framed.byte_offset, framed.digest, framed.size
    )


def _tables(parsed: list[tuple[Framed, list[Row]]]) -> dict[str, pa.Table]:
    by_table: dict[str, tuple[list[int], list[dict[str, Any]]]] = {}
    for framed, rows in parsed:
        for row in rows:
            indexes, values = by_table.setdefault(row.table, ([], []))
            indexes.append(framed.index)
            values.append(row.values)
    tables = {}
    for name, (indexes, values) in by_table.items():
        schema = TABLES[name]
        unknown = set().union(*values) - set(schema.names)
        if unknown:
            raise TypeError(f"{name} has no column {sorted(unknown)}")
        rows = pa.Table.from_pylist(values, schema)
        missing = [column.name for column in schema if not column.nullable and rows.column(column.name).null_count]
        if missing:
            raise ValueError(f"{name}.{missing[0]} is missing")
        tables[name] = rows.append_column("record_index", pa.array(indexes, pa.int64()))
    return tables


def _misfit(rows: list[Row]) -> BadRecord | None:
    """Why a record's rows do not fit the lake's columns, or None if they do."""
    for row in rows:
        schema = TABLES[row.table]
        for name in row.values:
            if name not in schema.names:
                return BadRecord("unexpected_shape", f"{row.table} has no column {name}", name)
        for column in schema:
            value = row.values.get(column.name)
            if value is None and not column.nullable:
                code = "missing_id" if column.name.endswith("_key") else "missing_field"
                return BadRecord(code, f"{row.table}.{column.name} is missing", column.name)
            try:
                pa.array([value], column.type)
            except MISFITS as error:
                return BadRecord("wrong_type", f"{row.table}.{column.name}: {error}", column.name)
    return None
