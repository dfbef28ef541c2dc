"""One night of one platform: inbox files to lake, vault, quarantine, coverage and ledger. Knows formats only by their protocol."""

from __future__ import annotations

import io
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from tarfile import TarError
from typing import IO, Any, Final
from zipfile import BadZipFile

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash
import zstandard

from pipelines.lake import framing, inbox
from pipelines.lake.paths import DataPaths
from pipelines.lake.pseudonyms import Pseudonymiser
from pipelines.lake.schemas import LEDGER, QUARANTINE, TABLES
from pipelines.lake.writer import NightWriter, event_days, write_table
from pipelines.platforms.protocol import (
    BadRecord,
    BlockFormat,
    BlockResult,
    FileContext,
    Framing,
    LineBlock,
    NativeFormat,
    Quarantined,
    Record,
    Row,
    Sample,
)
from pipelines.platforms.registry import PlatformSpec

_HEAD_BYTES: Final = 64 << 10
_BLOCK_BYTES: Final = 8 << 20
_POOL_FROM_BYTES: Final = 4 << 20  # compressed; below this a second process costs more than it brings
_BATCH_RECORDS: Final = 5_000
# What Arrow raises where a value does not fit its column.
_MISFITS: Final = (pa.ArrowException, ValueError, TypeError, OverflowError)


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
    def unknown_files(self) -> list[str]:
        """Files that no format recognised or that could not be opened."""
        return [entry.file for entry in self.files if entry.status in {"unknown_format", "unreadable"}]


def ingest_night(
    paths: DataPaths, inbox_folder: Path, platform: PlatformSpec, night: date, pseudonyms: Pseudonymiser, *, workers: int = 1
) -> NightIntake:
    """Take in every file of ``inbox_folder/<platform>`` that no other night took.

    A re-run of a night replaces its files and gives the same bytes for the same inbox. Rows of a file that this night took
    in before and that has left the inbox are kept. Nothing is visible before everything is written.

    Args:
        paths: the data folder.
        inbox_folder: holds one folder per platform.
        platform: whose files to read.
        night: the partition that lands them.
        pseudonyms: makes the keys.
        workers: processes that parse blocks of large files; 1 parses in this process.

    Returns:
        The ledger entries, row counts by table and touched event days.
    """
    taken = _taken_by_other_nights(paths, platform.name, night)
    writer = NightWriter(paths, platform.name, night, platform.tables)
    try:
        with closing(_Night(platform, night, pseudonyms, writer, workers)) as intake:
            for file in inbox.files(inbox_folder / platform.name):
                intake.take(file, taken)
            _keep_what_left_the_inbox(paths, platform, night, intake)
            intake.add_coverage()
            touched = writer.commit()
            write_table(paths.quarantine_file(platform.name, night), pa.Table.from_pylist(intake.quarantine, QUARANTINE))
            write_table(
                paths.ledger_file(platform.name, night),
                pa.Table.from_pylist([entry.as_row() for entry in intake.entries], LEDGER),
            )
    except BaseException:
        writer.discard()
        raise
    return NightIntake(platform.name, night, intake.entries, dict(writer.row_counts), touched)


def _taken_by_other_nights(paths: DataPaths, platform: str, night: date) -> dict[str, date]:
    own = paths.ledger_file(platform, night)
    taken: dict[str, date] = {}
    for file in sorted(own.parent.glob("night=*.parquet")):
        if file != own:
            for row in pq.read_table(file, columns=["source_hash", "status", "night"]).to_pylist():
                if row["status"] == "ingested":
                    taken[row["source_hash"]] = row["night"]
    return taken


class _Night:
    """State of one platform's night: what was seen, counted and refused so far."""

    def __init__(self, platform: PlatformSpec, night: date, pseudonyms: Pseudonymiser, writer: NightWriter, workers: int) -> None:
        self._platform, self._night, self._pseudonyms, self._writer = platform, night, pseudonyms, writer
        self._seen: set[int] = set()
        self._files_seen: dict[str, str] = {}
        self._coverage: Counter[tuple[str, str, date]] = Counter()
        self._quarantined_by_source: Counter[tuple[str, str]] = Counter()
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None
        self.entries: list[LedgerEntry] = []
        self.quarantine: list[dict[str, Any]] = []

    def close(self) -> None:
        """Stop the worker processes, if any were started."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def take(self, file: inbox.InboxFile, taken: dict[str, date]) -> None:
        """Take in one file, or say in the ledger why not."""
        if file.source_hash in taken:
            detail = f"taken in by the night of {taken[file.source_hash].isoformat()}"
            self.entries.append(self._entry(file, file.name, None, "already_ingested", detail))
            return
        if file.source_hash in self._files_seen:
            detail = f"the same bytes as {self._files_seen[file.source_hash]}"
            self.entries.append(self._entry(file, file.name, None, "already_ingested", detail))
            return
        self._files_seen[file.source_hash] = file.name
        try:
            for member in inbox.members(file):
                self._take_member(file, member)
        except (inbox.UnreadableFileError, BadZipFile, TarError, zlib.error) as error:
            self.entries.append(self._entry(file, file.name, None, "unreadable", str(error)))

    def _entry(self, file: inbox.InboxFile, name: str, source_format: str | None, status: str, detail: str | None) -> LedgerEntry:
        return LedgerEntry(
            self._night, self._platform.name, name, file.source_hash, source_format, status, detail, file.byte_count
        )

    def _take_member(self, file: inbox.InboxFile, member: inbox.Member) -> None:
        with member.open() as stream:
            head, failure = _first_bytes(stream)
        if failure is not None and not head:
            self.entries.append(self._entry(file, member.name, None, "unreadable", failure))
            return
        native = self._recognise(member, head)
        broken = _broken_document(head, member) if native is None else None
        if broken is not None and broken.problem is not None:
            entry = self._entry(file, member.name, None, "unreadable", broken.problem.reason)
            entry.record_count = entry.quarantined_count = 1
            self._refuse(entry, None, _quarantined(broken, broken.problem))
            self.entries.append(entry)
            return
        if native is None:
            detail = "no known format of this platform; see its README for those that are"
            self.entries.append(self._entry(file, member.name, None, "unknown_format", detail))
            return
        entry = self._entry(file, member.name, native.name, "ingested", None)
        context = FileContext(
            self._platform.name,
            member.name,
            file.source_hash,
            self._night,
            file.observed_at,
            file.observed_quality,
            native.collection_method,
            self._pseudonyms,
        )
        with member.open() as stream:
            for result in self._results(native, stream, context, file.byte_count):
                self._land(entry, native, result)
        self.entries.append(entry)

    def _recognise(self, member: inbox.Member, head: bytes) -> NativeFormat | None:
        decoded: dict[Framing, Any] = {}
        for native in self._platform.formats:
            if native.framing not in decoded:
                decoded[native.framing] = _first_value(native.framing, head, member)
            if native.matches(Sample(member.name, member.suffix, head, decoded[native.framing])):
                return native
        return None

    def _results(self, native: NativeFormat, stream: IO[bytes], context: FileContext, size: int) -> Iterator[BlockResult]:
        if not isinstance(native, BlockFormat):
            batch: list[framing.Framed] = []
            for framed in _records(native, stream):
                batch.append(framed)
                if len(batch) >= _BATCH_RECORDS:
                    yield parse_batch(native, batch, context)
                    batch = []
            yield parse_batch(native, batch, context)
        elif self._workers > 1 and size >= _POOL_FROM_BYTES:
            yield from self._pooled(native, stream, context)
        else:
            for block in framing.blocks(stream, _BLOCK_BYTES):
                yield _block_result(native, block, context)

    def _pooled(self, native: BlockFormat, stream: IO[bytes], context: FileContext) -> Iterator[BlockResult]:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self._workers, mp_context=get_context("spawn"))
        waiting: list[Future[BlockResult]] = []
        for block in framing.blocks(stream, _BLOCK_BYTES):
            waiting.append(self._pool.submit(_block_result, native, block, context))
            if len(waiting) > self._workers + 1:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()

    def _land(self, entry: LedgerEntry, native: NativeFormat, result: BlockResult) -> None:
        repeated = self._repeated(result)
        entry.record_count += result.record_count
        entry.quarantined_count += len(result.quarantined)
        entry.duplicate_count += len(repeated)
        entry.landed_count += result.record_count - len(result.quarantined) - len(repeated)
        for refused in result.quarantined:
            self._refuse(entry, native, refused)
        for table, rows in result.tables.items():
            kept = rows
            if len(repeated):
                kept = rows.filter(pc.invert(pc.is_in(rows.column("record_index"), value_set=pa.array(repeated, pa.int64()))))
            kept = kept.drop_columns(["record_index"])
            if kept.num_rows:
                self._writer.add(table, kept)
                self._count(entry, native, table, kept)

    def _repeated(self, result: BlockResult) -> list[int]:
        repeated = []
        for index, digest in zip(result.record_indexes.tolist(), result.record_hashes.tolist(), strict=True):
            if digest in self._seen:
                repeated.append(index)
            else:
                self._seen.add(digest)
        return repeated

    def _count(self, entry: LedgerEntry, native: NativeFormat, table: str, rows: pa.Table) -> None:
        entry.row_counts[table] += rows.num_rows
        days = pc.value_counts(event_days(table, rows)).to_pylist()
        if not table.startswith("vault_"):
            entry.event_days.update(day["values"] for day in days)
        if table in {"posts", "interactions", "mainstream_items", "attention_series", "accounts"}:
            for day in days:
                self._coverage[native.name, native.collection_method, day["values"]] += day["counts"]

    def _refuse(self, entry: LedgerEntry, native: NativeFormat | None, refused: Quarantined) -> None:
        if native is not None:
            self._quarantined_by_source[native.name, native.collection_method] += 1
        self.quarantine.append(
            {
                "platform": self._platform.name,
                "night": self._night,
                "file": entry.file,
                "source_hash": entry.source_hash,
                "source_format": native.name if native is not None else None,
                "byte_offset": refused.byte_offset,
                "record_index": refused.index,
                "field": refused.field_name,
                "reason_code": refused.code,
                "reason": refused.reason,
                "record_sha256": refused.record_sha256,
                "record_byte_count": refused.record_byte_count,
            }
        )

    def add_coverage(self) -> None:
        """Write what each source delivered for each event day; refused records count on the night, since they have no day."""
        counts = {key: [got, 0] for key, got in self._coverage.items()}
        for (source, method), refused in self._quarantined_by_source.items():
            counts.setdefault((source, method, self._night), [0, 0])[1] = refused
        newest = max((entry.night for entry in self.entries), default=self._night)
        rows = [
            {
                "platform": self._platform.name,
                "source": source,
                "covered_on": day,
                "expected_count": None,
                "got_count": got,
                "quarantined_count": refused,
                "status": "partial" if refused else "ok",
                "observed_at": pa.scalar(newest, pa.date32()).cast(pa.timestamp("us", tz="UTC")).as_py(),
                "ts_quality": "date_only",
                "collection_method": method,
                "source_format": source,
                "source_hash": "",
                "landed_night": self._night,
            }
            for (source, method, day), (got, refused) in sorted(counts.items())
        ]
        self._writer.add("coverage", pa.Table.from_pylist(rows, TABLES["coverage"]))

    def keep(self, entry: LedgerEntry, table: str, rows: pa.Table) -> None:
        """Land rows again that an earlier run of this night landed from a file that has left the inbox."""
        self._writer.add(table, rows)
        if rows.num_rows and entry.source_format:
            native = self._platform.format_named(entry.source_format)
            before = Counter(entry.row_counts)
            self._count(entry, native, table, rows)
            entry.row_counts = before


def _keep_what_left_the_inbox(paths: DataPaths, platform: PlatformSpec, night: date, intake: _Night) -> None:
    ledger = paths.ledger_file(platform.name, night)
    if not ledger.exists():
        return
    present = {entry.source_hash for entry in intake.entries}
    gone = [row for row in pq.read_table(ledger).to_pylist() if row["status"] == "ingested" and row["source_hash"] not in present]
    if not gone:
        return
    for row in gone:
        values = row | {"row_counts": Counter(dict(row["row_counts"])), "event_days": set(row["event_days"])}
        intake.entries.append(LedgerEntry(**values))
    hashes = pa.array(sorted({row["source_hash"] for row in gone}))
    entries = {entry.source_hash: entry for entry in intake.entries}
    for table in platform.tables:
        if table == "coverage":
            continue
        for file in sorted(paths.table_root(platform.name, table).glob(f"day=*/night={night.isoformat()}.parquet")):
            rows = pq.read_table(file, schema=TABLES[table], partitioning=None)
            rows = rows.filter(pc.is_in(rows.column("source_hash"), value_set=hashes))
            for source_hash in pc.unique(rows.column("source_hash")).to_pylist():
                intake.keep(entries[source_hash], table, rows.filter(pc.equal(rows.column("source_hash"), source_hash)))
    old = pq.read_table(paths.quarantine_file(platform.name, night))
    intake.quarantine.extend(old.filter(pc.is_in(old.column("source_hash"), value_set=hashes)).to_pylist())


def _first_bytes(stream: IO[bytes]) -> tuple[bytes, str | None]:
    """The head of a decompressed stream, and why it is shorter than it should be, if it broke."""
    head = b""
    try:
        while len(head) < _HEAD_BYTES and (chunk := stream.read(1024)):
            head += chunk
    except (EOFError, OSError, zlib.error, zstandard.ZstdError) as error:
        return head, str(error) or type(error).__name__
    return head, None


def _first_value(kind: Framing, head: bytes, member: inbox.Member) -> Any:
    if kind is Framing.CSV:
        return framing.csv_header(head) if member.suffix in {".csv", ".tsv", ""} else None
    if kind is Framing.LINES:
        for framed in framing.lines(io.BytesIO(head)):
            if framed.problem is None:
                return framed.value
        return None
    if kind is Framing.JSON and head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"[", b")"}:
        with member.open() as stream:
            return framing.document(stream).value
    return None


def _broken_document(head: bytes, member: inbox.Member) -> framing.Framed | None:
    """The problem of what begins as JSON and cannot be decoded, neither whole nor by its first line."""
    if member.suffix not in {".json", ".jsonl", ".ndjson"} or _first_value(Framing.LINES, head, member) is not None:
        return None
    with member.open() as stream:
        whole = framing.document(stream)
    return whole if whole.problem is not None and whole.size else None


def _records(native: NativeFormat, stream: IO[bytes]) -> Iterator[framing.Framed]:
    if native.framing is Framing.LINES:
        yield from framing.lines(stream)
    elif native.framing is Framing.CSV:
        yield from framing.csv_rows(stream)
    else:
        whole = framing.document(stream) if native.framing is Framing.JSON else framing.raw_document(stream)
        if whole.problem is not None:
            yield whole
            return
        try:
            items = list(native.split(whole.value if native.framing is Framing.JSON else whole.raw))
        except BadRecord as problem:
            yield replace(whole, problem=problem)
            return
        for index, item in enumerate(items):
            yield framing.Framed(index, None, _canonical(item), value=item)


def _canonical(item: Any) -> bytes:
    try:
        return msgspec.json.encode(item, order="deterministic")
    except (TypeError, ValueError, msgspec.MsgspecError):
        return repr(item).encode("utf-8", "surrogatepass")


def _block_result(native: BlockFormat, block: LineBlock | framing.Framed, context: FileContext) -> BlockResult:
    if not isinstance(block, LineBlock):
        return parse_batch(native, [block], context)
    try:
        return native.parse_block(block, context)
    except (BadRecord, msgspec.MsgspecError, UnicodeDecodeError, *_MISFITS):
        # Some line of the block is bad: find it by going line by line.
        shifted = (
            replace(each, index=each.index + block.first_index, byte_offset=(each.byte_offset or 0) + block.byte_offset)
            for each in framing.lines(io.BytesIO(block.data))
        )
        return parse_batch(native, shifted, context)


def parse_batch(native: NativeFormat, batch: Iterable[framing.Framed], context: FileContext) -> BlockResult:
    """Rows and refusals of a batch of records, one record at a time.

    The whole batch is turned to Arrow at once; only where Arrow refuses it is each record tried alone, so that one bad
    value costs one record.
    """
    parsed: list[tuple[framing.Framed, list[Row]]] = []
    refused: list[Quarantined] = []
    count = 0
    for framed in batch:
        count += 1
        try:
            parsed.append((framed, _parsed(native, framed, context)))
        except BadRecord as problem:
            refused.append(_quarantined(framed, problem))
    try:
        tables = _tables(parsed)
    except _MISFITS:
        fitting = []
        for framed, rows in parsed:
            misfit = _misfit(rows)
            if misfit is None:
                fitting.append((framed, rows))
            else:
                refused.append(_quarantined(framed, misfit))
        parsed = fitting
        tables = _tables(parsed)
    indexes = np.array([framed.index for framed, _ in parsed], np.int64)
    hashes = np.array([xxhash.xxh3_64_intdigest(framed.raw) for framed, _ in parsed], np.uint64)
    return BlockResult(tables, indexes, hashes, count, tuple(refused))


def _parsed(native: NativeFormat, framed: framing.Framed, context: FileContext) -> list[Row]:
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
    return [Row(row.table, default | row.values | stamp) for row in rows]


def _quarantined(framed: framing.Framed, problem: BadRecord) -> Quarantined:
    return Quarantined(
        problem.code, problem.reason, problem.field_name, framed.index, framed.byte_offset, framed.digest, framed.size
    )


def _tables(parsed: list[tuple[framing.Framed, list[Row]]]) -> dict[str, pa.Table]:
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
            except _MISFITS as error:
                return BadRecord("wrong_type", f"{row.table}.{column.name}: {error}", column.name)
    return None
