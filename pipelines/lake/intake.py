"""One night of one platform: inbox files and fetched pages to lake, vault, quarantine, coverage and ledger.

Knows formats only by their protocol.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from tarfile import TarError
from typing import IO, Any, Final
from zipfile import BadZipFile

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.lake import framing, inbox
from pipelines.lake.blocks import Workers, block_results
from pipelines.lake.collection import collection_of
from pipelines.lake.commit import Stage, alone
from pipelines.lake.coverage import Coverage
from pipelines.lake.duplicates import SeenRecords
from pipelines.lake.erasures import Keys, add_posts, keys_for, without_erased
from pipelines.lake.kept import Kept
from pipelines.lake.ledger import LedgerEntry, NightIntake, taken_by_other_nights
from pipelines.lake.limits import Limits
from pipelines.lake.paths import DataPaths
from pipelines.lake.pseudonyms import Pseudonymiser
from pipelines.lake.recognition import broken_document, first_bytes, recognise
from pipelines.lake.records import BlockResult, Quarantined, parse_batch, quarantined
from pipelines.lake.schemas import LEDGER, QUARANTINE
from pipelines.lake.writer import NightWriter, event_days
from pipelines.platforms.protocol import BadRecord, BlockFormat, FileContext, Framing, NativeFormat
from pipelines.platforms.registry import PlatformSpec

__all__ = ["LedgerEntry", "NightIntake", "ingest_night"]

_POOL_FROM_BYTES: Final = 4 << 20  # compressed; below this a second process costs more than it brings
_BATCH_RECORDS: Final = 5_000


def ingest_night(
    paths: DataPaths,
    inbox_folder: Path,
    platform: PlatformSpec,
    night: date,
    pseudonyms: Pseudonymiser,
    *,
    workers: int = 1,
    limits: Limits | None = None,
) -> NightIntake:
    """Take in every file of ``inbox_folder/<platform>`` that no other night took, and the pages that were fetched for this night.

    A re-run of a night replaces its files and gives the same bytes for the same inbox. Rows of a file that this night took
    in before and that has left the inbox are kept. Nothing is visible before everything is written; a run that is killed
    while it makes files visible is finished by the next one of its platform.

    Args:
        paths: the data folder.
        inbox_folder: holds one folder per platform.
        platform: whose files to read.
        night: the partition that lands them.
        pseudonyms: makes the keys.
        workers: processes that parse blocks of large files; 1 parses in this process.
        limits: of what one file may become when it is opened.

    Returns:
        The ledger entries, row counts by table and touched event days.
    """
    name = f"night-{platform.name}"
    with alone(paths.root, name):
        taken = taken_by_other_nights(paths, platform.name, night)
        files = [
            *inbox.files(inbox_folder / platform.name),
            *inbox.night_pages(paths.pages_folder(platform.name, night)),
        ]
        kept = Kept(paths, platform, night, {file.source_hash for file in files})
        stage = Stage(paths.root, name)
        writer = NightWriter(paths, platform.name, night, platform.tables, stage)
        try:
            with closing(_Night(platform, night, pseudonyms, writer, workers, stage.folder, limits or Limits())) as intake:
                intake.erased = keys_for(paths, platform.name)
                for hashes in kept.records(writer):
                    intake.seen.add(hashes)
                for file in files:
                    intake.take(file, taken)
                intake.keep(kept)
                collection = collection_of(paths, platform.name, night)
                if collection is not None:
                    intake.coverage.collect(collection)
                newest = max((entry.night for entry in intake.entries), default=night)
                writer.add("coverage", intake.coverage.rows(newest))
                touched = writer.commit(
                    pa.Table.from_pylist(intake.quarantine, QUARANTINE),
                    pa.Table.from_pylist([entry.as_row() for entry in intake.entries], LEDGER),
                )
        except BaseException:
            writer.discard()
            raise
        if intake.new_posts:
            add_posts(paths, platform.name, intake.new_posts, datetime.now(UTC))
    return NightIntake(platform.name, night, intake.entries, dict(writer.row_counts), touched)


class _Night:
    """State of one platform's night: what was seen, counted and refused so far."""

    def __init__(
        self,
        platform: PlatformSpec,
        night: date,
        pseudonyms: Pseudonymiser,
        writer: NightWriter,
        workers: int,
        work_folder: Path,
        limits: Limits,
    ) -> None:
        self._platform, self._night, self._pseudonyms, self._writer = platform, night, pseudonyms, writer
        self._files_seen: dict[str, str] = {}
        self._worker_count, self._work_folder = workers, work_folder
        self._workers: Workers | None = None
        self._limits = limits
        self.seen = SeenRecords()
        self.coverage = Coverage(platform.name, night)
        self.entries: list[LedgerEntry] = []
        self.quarantine: list[dict[str, Any]] = []
        self.erased = Keys(())
        self.new_posts: dict[str, str] = {}  # of erased accounts, by key, with the key of the account

    def close(self) -> None:
        """Stop the worker processes, if any were started."""
        if self._workers is not None:
            self._workers.close()

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
            for member in inbox.members(file, self._limits):
                self._take_member(file, member)
        except (inbox.UnreadableFileError, BadZipFile, TarError, zlib.error) as error:
            self.entries.append(self._entry(file, file.name, None, "unreadable", str(error)))

    def _entry(self, file: inbox.InboxFile, name: str, source_format: str | None, status: str, detail: str | None) -> LedgerEntry:
        return LedgerEntry(
            self._night, self._platform.name, name, file.source_hash, source_format, status, detail, file.byte_count
        )

    def _take_member(self, file: inbox.InboxFile, member: inbox.Member) -> None:
        if member.refusal is not None:
            self.entries.append(self._entry(file, member.name, None, "unreadable", member.refusal))
            return
        head, failure = first_bytes(member)
        if failure is not None and not head:
            self.entries.append(self._entry(file, member.name, None, "unreadable", failure))
            return
        native = recognise(self._platform, member, head)
        broken = broken_document(head, member) if native is None else None
        if broken is not None and broken.problem is not None:
            entry = self._entry(file, member.name, None, "unreadable", broken.problem.reason)
            entry.record_count = entry.quarantined_count = 1
            self._refuse(entry, None, quarantined(broken, broken.problem))
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
            file.collection_query,
        )
        with member.open() as stream:
            for result in self._results(native, stream, context, file.byte_count):
                self._land(entry, native, result)
            entry.detail = inbox.stopped(stream)
        self.entries.append(entry)

    def _results(self, native: NativeFormat, stream: IO[bytes], context: FileContext, size: int) -> Iterator[BlockResult]:
        if not isinstance(native, BlockFormat):
            yield from _batches(native, stream, context)
            return
        workers = None
        if self._worker_count > 1 and size >= _POOL_FROM_BYTES:
            if self._workers is None:
                self._workers = Workers(self._worker_count, self._work_folder)
            workers = self._workers
        yield from block_results(native, stream, context, workers)

    def _land(self, entry: LedgerEntry, native: NativeFormat, result: BlockResult) -> None:
        is_new = self.seen.add(result.record_hashes)
        repeated = result.record_indexes[~is_new]
        entry.record_count += result.record_count
        entry.quarantined_count += len(result.quarantined)
        entry.duplicate_count += len(repeated)
        tables, erased = self._without_erased(result, result.record_indexes[is_new])
        entry.erased_count += len(erased)
        entry.landed_count += result.record_count - len(result.quarantined) - len(repeated) - len(erased)
        landed_records = is_new & ~np.isin(result.record_indexes, erased)
        self._writer.add_records(entry.source_hash, result.record_hashes[landed_records])
        for refused in result.quarantined:
            self._refuse(entry, native, refused)
        for table, rows in tables.items():
            # What the source delivered is counted with what was erased: a deletion is no gap in the coverage.
            delivered = _without_records(result.tables[table], repeated)
            days = _row_counts_by_day(table, delivered)
            self.coverage.count(table, native.name, native.collection_method, days)
            landed = _without_records(rows, repeated).drop_columns(["record_index"])
            if landed.num_rows:
                self._writer.add(table, landed)
                if landed.num_rows != delivered.num_rows:
                    days = _row_counts_by_day(table, landed)
                entry.row_counts[table] += landed.num_rows
                if not table.startswith("vault_"):
                    entry.event_days.update(days)

    def _without_erased(
        self, result: BlockResult, new_indexes: np.ndarray[Any, np.dtype[np.int64]]
    ) -> tuple[dict[str, pa.Table], np.ndarray[Any, np.dtype[np.int64]]]:
        """The tables without what was erased, and the indexes of new records of which no row is left: those count as erased."""
        if not len(self.erased):
            return result.tables, np.array([], np.int64)
        self._learn_posts(result)
        tables, hit, left = {}, [], []
        for table, rows in result.tables.items():
            cleaned = without_erased(rows, self.erased)
            tables[table] = cleaned.rows
            hit.append(rows.column("record_index").filter(pc.invert(cleaned.is_kept)).to_numpy())
            left.append(cleaned.rows.column("record_index").to_numpy())
        lost = np.setdiff1d(np.concatenate(hit), np.concatenate(left)) if hit else np.array([], np.int64)
        return tables, np.intersect1d(lost, new_indexes)

    def _learn_posts(self, result: BlockResult) -> None:
        """A new post of an erased account is erased too: whoever answers it must not name it."""
        posts = result.tables.get("posts")
        if posts is None:
            return
        own = self.erased.are_in(posts.column("account_key"))
        if own is not None:
            theirs = posts.filter(own)
            pairs = zip(theirs.column("post_key").to_pylist(), theirs.column("account_key").to_pylist(), strict=True)
            new = {post: account for post, account in pairs if post not in self.erased.members}
            self.new_posts |= new
            self.erased = Keys(self.erased.members | set(new)) if new else self.erased

    def _refuse(self, entry: LedgerEntry, native: NativeFormat | None, refused: Quarantined) -> None:
        if native is not None:
            self.coverage.refuse(native.name, native.collection_method)
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

    def keep(self, kept: Kept) -> None:
        """Land again what an earlier run of this night landed from files that have left the inbox."""
        self.entries.extend(kept.entries)
        for entry in kept.entries:
            entry.row_counts.clear()
        holders = {entry.source_hash: entry for entry in kept.entries}
        for table, source, landed in kept.rows():
            rows = without_erased(landed, self.erased).rows
            if not rows.num_rows:
                continue
            # Counted anew: what was erased since is no longer among them.
            for count in pc.value_counts(rows.column("source_hash")).to_pylist():
                holders[count["values"]].row_counts[table] += count["counts"]
            self._writer.add(table, rows)
            method = rows.column("collection_method")[0].as_py()
            self.coverage.count(table, source, method, _row_counts_by_day(table, rows))
        for refused in kept.quarantine():
            self.quarantine.append(refused)
            if refused["source_format"]:
                native = self._platform.format_named(refused["source_format"])
                self.coverage.refuse(native.name, native.collection_method)


def _without_records(rows: pa.Table, indexes: np.ndarray[Any, np.dtype[np.int64]]) -> pa.Table:
    if not len(indexes):
        return rows
    return rows.filter(pc.invert(pc.is_in(rows.column("record_index"), value_set=pa.array(indexes))))


def _row_counts_by_day(table: str, rows: pa.Table) -> dict[date, int]:
    return {day["values"]: day["counts"] for day in pc.value_counts(event_days(table, rows)).to_pylist()}


def _batches(native: NativeFormat, stream: IO[bytes], context: FileContext) -> Iterator[BlockResult]:
    batch: list[framing.Framed] = []
    for framed in _records(native, stream):
        batch.append(framed)
        if len(batch) >= _BATCH_RECORDS:
            yield parse_batch(native, batch, context)
            batch = []
    yield parse_batch(native, batch, context)


def _records(native: NativeFormat, stream: IO[bytes]) -> Iterator[framing.Framed]:
    if native.framing is Framing.LINES:
        yield from framing.lines(stream)
    elif native.framing is Framing.TEXT:
        yield from framing.text_lines(stream)
    elif native.framing is Framing.CSV:
        yield from framing.csv_rows(stream)
    else:
        whole = framing.document(stream) if native.framing is Framing.JSON else framing.raw_document(stream)
        if whole.problem is not None:
            yield whole
            return
        try:
            split = native.split(whole.value if native.framing is Framing.JSON else whole.raw)
            items = split if native.framing is Framing.BINARY else list(split)
        except BadRecord as problem:
            yield replace(whole, problem=problem)
            return
        if native.framing is Framing.BINARY:
            yield from framing.cuts(items)
            return
        for index, item in enumerate(items):
            yield framing.Framed(index, None, framing.canonical(item), value=item)
