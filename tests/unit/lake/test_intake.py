"""The intake on a small made-up format: what is landed, quarantined, counted, and what a re-run leaves."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterable
from datetime import UTC, date, datetime
from itertools import chain
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pyarrow.parquet as pq
import pytest
import zstandard

from pipelines.lake.framing import lines
from pipelines.lake.inbox import files, members
from pipelines.lake.intake import NightIntake, ingest_night
from pipelines.lake.paths import DataPaths
from pipelines.lake.pseudonyms import Pseudonymiser
from pipelines.lake.schemas import TABLES
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, Record, Row, Sample
from pipelines.platforms.registry import PlatformSpec

NIGHT = date(2026, 2, 1)
PSEUDONYMS = Pseudonymiser(b"k" * 32)


class Notes:
    """Lines of {"id", "day"}: the smallest format that can go wrong in every way."""

    name = "notes"
    framing = Framing.LINES
    collection_method = "manual"

    def matches(self, sample: Sample) -> bool:
        return isinstance(sample.first_value, dict)

    def split(self, document: Any) -> Iterable[Any]:
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        if "id" not in record.value:
            raise BadRecord("missing_id", "the note has no id", "id")
        yield Row(
            "posts",
            {
                "platform": context.platform,
                "post_key": context.pseudonyms.key("notes", str(record.value["id"])),
                "post_type": "post",
                "published_at": datetime(2026, 1, 1 + record.value["day"], tzinfo=UTC),
                "tags": record.value.get("tags"),
            },
        )


class Table(Notes):
    name = "table"
    framing = Framing.CSV

    def matches(self, sample: Sample) -> bool:
        return bool(sample.first_value == ["id", "day"])

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        cells = {"id": record.value["id"], "day": int(record.value["day"])}
        return super().parse(Record(cells, record.index, None), context)


PLATFORM = PlatformSpec("notes", "social", ("posts", "accounts", "coverage"), (Table(), Notes()))


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox" / "notes"
    folder.mkdir(parents=True)
    return folder


def ingest(inbox: Path, night: date = NIGHT) -> NightIntake:
    return ingest_night(DataPaths(inbox.parents[1] / "data"), inbox.parent, PLATFORM, night, PSEUDONYMS)


def quarantine(inbox: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(
        inbox.parents[1] / "data" / "quarantine" / "notes" / f"{NIGHT}.parquet"
    ).to_pylist()
    return rows


def digests(inbox: Path) -> dict[str, str]:
    data = inbox.parents[1] / "data"
    return {
        str(file.relative_to(data)): hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(data.rglob("*.parquet"))
    }


def note(number: int, day: int = 0, **more: Any) -> bytes:
    return json.dumps({"id": number, "day": day, **more}).encode() + b"\n"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"id": 1, "day"\n', "broken_json"),
        (b'{"day": 1}\n', "missing_id"),
        (b'{"id": 1, "day": "x"}\n', "unexpected_shape"),
        (b'{"id": "\xff\xfe", "day": 1}\n', "invalid_utf8"),
        (b'{"id": 3, "day": 1, "tags": [1, 2]}\n', "wrong_type"),
        (b"17\n", "unexpected_shape"),
    ],
)
def test_a_bad_record_is_quarantined_with_its_offset_and_the_rest_lands(inbox: Path, line: bytes, code: str) -> None:
    (inbox / "a.jsonl").write_bytes(note(1) + line + note(2))
    night = ingest(inbox)
    (refused,) = quarantine(inbox)
    assert (refused["reason_code"], refused["byte_offset"], refused["record_index"]) == (code, len(note(1)), 1)
    assert refused["record_sha256"] == hashlib.sha256(line.strip()).hexdigest()
    assert (night.record_count, night.landed_count, night.quarantined_count) == (3, 2, 1)


def test_a_200_mb_line_is_hashed_not_held_and_the_next_line_lands(inbox: Path) -> None:
    long = b'{"id": 7, "day": 1, "text": "' + b"x" * 200_000_000 + b'"}'
    (inbox / "a.jsonl").write_bytes(note(1) + long + b"\n" + note(2))
    night = ingest(inbox)
    (refused,) = quarantine(inbox)
    assert (refused["reason_code"], refused["record_byte_count"]) == ("oversized", len(long))
    assert refused["record_sha256"] == hashlib.sha256(long).hexdigest()
    assert night.landed_count == 2


@pytest.mark.parametrize("suffix", [".zst", ".gz"])
def test_a_line_that_was_packed_into_a_few_bytes_is_never_held_whole(inbox: Path, suffix: str) -> None:
    long = b'{"id": 7, "day": 1, "text": "' + b"x" * 150_000_000 + b'"}\n'
    packed = zstandard.compress(long + note(1)) if suffix == ".zst" else gzip.compress(long + note(1), 1)
    (inbox / f"a{suffix}").write_bytes(packed)
    (file,) = files(inbox)
    (member,) = members(file)
    tracemalloc.start()
    with member.open() as stream:
        (refused, _) = lines(stream)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refused.problem is not None
    assert (refused.problem.code, refused.size) == ("oversized", len(long) - 1)
    assert peak < 100_000_000


@pytest.mark.parametrize("suffix", [".zst", ".gz"])
def test_a_truncated_file_keeps_the_records_before_the_cut(inbox: Path, suffix: str) -> None:
    raw = b"".join(
        note(number, text=hashlib.sha256(bytes([number % 251])).hexdigest() * 9, salt=number) for number in range(20_000)
    )
    packed = zstandard.compress(raw) if suffix == ".zst" else gzip.compress(raw)
    (inbox / f"a.jsonl{suffix}").write_bytes(packed[: len(packed) * 2 // 3])
    night = ingest(inbox)
    (refused,) = quarantine(inbox)
    assert refused["reason_code"] == "truncated"
    assert night.landed_count > 11_000
    assert night.record_count == night.landed_count + 1


def test_a_window_of_two_gigabytes_is_read(inbox: Path) -> None:
    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=31)
    (inbox / "a.zst").write_bytes(zstandard.ZstdCompressor(compression_params=parameters).compress(note(1) + note(2)))
    assert ingest(inbox).landed_count == 2


def test_archives_are_opened_and_members_named(inbox: Path) -> None:
    with zipfile.ZipFile(inbox / "a.zip", "w") as archive:
        archive.writestr("one.jsonl", note(1))
        archive.writestr("readme.bin", b"\x00\x01")
    with tarfile.open(inbox / "b.tar.gz", "w:gz") as tar:
        member = tarfile.TarInfo("deep/two.jsonl")
        member.size = len(note(2))
        tar.addfile(member, io.BytesIO(note(2)))
    night = ingest(inbox)
    assert [(entry.file, entry.status) for entry in night.files] == [
        ("a.zip!one.jsonl", "ingested"),
        ("a.zip!readme.bin", "unknown_format"),
        ("b.tar.gz!deep/two.jsonl", "ingested"),
    ]
    assert night.unknown_files == ["a.zip!readme.bin"]


def test_an_archive_member_whose_name_is_not_utf8_is_taken_in_with_its_bytes_escaped(inbox: Path) -> None:
    with tarfile.open(inbox / "b.tar", "w") as tar:
        member = tarfile.TarInfo("caf\udce9.jsonl")
        member.size = len(note(2))
        tar.addfile(member, io.BytesIO(note(2)))
    assert [(entry.file, entry.landed_count) for entry in ingest(inbox).files] == [("b.tar!caf\\xe9.jsonl", 1)]


def test_a_large_archive_member_is_streamed(inbox: Path) -> None:
    text = "x" * 10_000
    raw = b"".join(note(number, text=text) for number in range(1_000))
    with zipfile.ZipFile(inbox / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("one.jsonl", raw)
    with tarfile.open(inbox / "b.tar.gz", "w:gz") as tar:
        for name in ("two.jsonl", "one.jsonl"):
            member = tarfile.TarInfo(name)
            member.size = len(raw)
            tar.addfile(member, io.BytesIO(raw))
    for found in chain.from_iterable(map(members, files(inbox))):
        tracemalloc.start()
        with found.open() as stream:
            count = 0
            while piece := stream.read(1 << 20):
                count += len(piece)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert count == len(raw)
        assert peak < 3_000_000
    night = ingest(inbox)
    assert [(entry.landed_count, entry.duplicate_count) for entry in night.files] == [(1_000, 0), (0, 1_000), (0, 1_000)]


def test_a_packed_archive_is_decompressed_twice_however_many_members_it_has(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = [b"".join(note(20 * member + number, text="x" * 5_000) for number in range(20)) for member in range(30)]
    with tarfile.open(inbox / "many.tar.gz", "w:gz") as tar:
        for number in np.random.default_rng(1).permutation(30):
            member = tarfile.TarInfo(f"{number:02}.jsonl")
            member.size = len(raw[number])
            tar.addfile(member, io.BytesIO(raw[number]))
    # A packed stream that is gone back in begins to decompress anew.
    begin = MagicMock(wraps=zlib.decompressobj)
    monkeypatch.setattr(zlib, "decompressobj", begin)
    night = ingest(inbox)
    assert night.landed_count == 600
    assert begin.call_count == 2


def test_a_member_of_a_packed_archive_is_not_opened_once_the_archive_has_gone_on(inbox: Path) -> None:
    with tarfile.open(inbox / "two.tar.gz", "w:gz") as tar:
        for name in ("one.jsonl", "two.jsonl"):
            member = tarfile.TarInfo(name)
            member.size = len(note(1))
            tar.addfile(member, io.BytesIO(note(1)))
    first, _ = (found for file in files(inbox) for found in members(file))
    with pytest.raises(ValueError, match="before the next one"):
        first.open()


def test_an_archive_that_needs_a_password_is_named_and_the_night_goes_on(inbox: Path) -> None:
    with zipfile.ZipFile(inbox / "a.zip", "w") as archive:
        archive.writestr("one.jsonl", note(1))
    content = bytearray((inbox / "a.zip").read_bytes())
    content[6] |= 1  # the flag of encryption, in the member's header
    content[content.index(b"PK\x01\x02") + 8] |= 1  # and in the directory
    (inbox / "a.zip").write_bytes(bytes(content))
    (inbox / "b.jsonl").write_bytes(note(2))
    night = ingest(inbox)
    assert [(entry.file, entry.status) for entry in night.files] == [("a.zip", "unreadable"), ("b.jsonl", "ingested")]


@pytest.mark.parametrize("suffix", [".jsonl", ".zst", ".gz"])
def test_a_first_line_of_a_megabyte_is_recognised(inbox: Path, suffix: str) -> None:
    raw = note(1, text="x" * 1_000_000) + note(2)
    packed = {".jsonl": raw, ".zst": zstandard.compress(raw), ".gz": gzip.compress(raw)}[suffix]
    (inbox / f"a{suffix}").write_bytes(packed)
    assert ingest(inbox).landed_count == 2


def test_csv_rows_with_line_breaks_bom_and_missing_cells_are_told_apart(inbox: Path) -> None:
    (inbox / "a.csv").write_bytes(b'\xef\xbb\xbfid,day\r\n"one\ntwo",1\r\n3\r\n4,1\r\n\xff,1\r\n')
    night = ingest(inbox)
    assert night.landed_count == 2
    assert [row["reason_code"] for row in quarantine(inbox)] == ["unexpected_shape", "invalid_utf8"]


def test_the_same_record_in_two_files_lands_once_and_is_counted_as_duplicate(inbox: Path) -> None:
    (inbox / "a.jsonl").write_bytes(note(1) + note(2))
    (inbox / "b.jsonl").write_bytes(note(2) + note(3))
    night = ingest(inbox)
    assert [entry.duplicate_count for entry in night.files] == [0, 1]
    assert night.row_counts["posts"] == 3


def test_a_re_run_of_a_night_gives_the_same_bytes(inbox: Path) -> None:
    (inbox / "a.jsonl").write_bytes(b"".join(note(number, number % 20) for number in range(500)) + b"{broken\n")
    ingest(inbox)
    before = digests(inbox)
    ingest(inbox)
    assert digests(inbox) == before


def test_a_re_run_after_a_correction_leaves_nothing_of_the_old_days(inbox: Path) -> None:
    (inbox / "a.jsonl").write_bytes(note(1, 3))
    ingest(inbox)
    (inbox / "b.jsonl").write_bytes(note(2, 5))
    night = ingest(inbox)
    assert night.touched_days == [date(2026, 1, 4), date(2026, 1, 6)]


def test_rows_of_a_file_that_left_the_inbox_stay(inbox: Path) -> None:
    (inbox / "a.jsonl").write_bytes(note(1) + b"{broken\n")
    (inbox / "b.jsonl").write_bytes(note(2))
    ingest(inbox)
    (inbox / "a.jsonl").unlink()
    night = ingest(inbox)
    assert night.row_counts["posts"] == 2
    assert len(quarantine(inbox)) == 1


def test_the_records_of_a_file_that_left_the_inbox_are_duplicates_in_a_new_file(inbox: Path) -> None:
    (inbox / "a.jsonl").write_bytes(note(1) + note(2) + b"{broken\n")
    ingest(inbox)
    (inbox / "a.jsonl").unlink()
    (inbox / "b.jsonl").write_bytes(note(2) + note(3) + b"{broken\n")
    for _ in range(2):
        night = ingest(inbox)
        assert night.row_counts["posts"] == 3
        counts = {
            entry.file: (entry.record_count, entry.landed_count, entry.quarantined_count, entry.duplicate_count)
            for entry in night.files
        }
        assert counts == {"a.jsonl": (3, 2, 1, 0), "b.jsonl": (3, 1, 1, 1)}
        assert len(quarantine(inbox)) == 2


def test_coverage_counts_kept_files_as_if_they_were_still_there(inbox: Path) -> None:
    (inbox / "a.jsonl").write_bytes(note(1, 3) + b"{broken\n")
    (inbox / "b.csv").write_bytes(b"id,day\n7,4\n")
    ingest(inbox)
    coverage = DataPaths(inbox.parents[1] / "data").table_root("notes", "coverage")
    before = pq.read_table(coverage, partitioning=None)
    (inbox / "a.jsonl").unlink()
    (inbox / "b.csv").unlink()
    ingest(inbox)
    assert pq.read_table(coverage, partitioning=None).equals(before)


def test_another_night_does_not_take_a_file_again_whatever_its_name(inbox: Path) -> None:
    (inbox / "a.jsonl").write_bytes(note(1))
    ingest(inbox)
    (inbox / "a.jsonl").rename(inbox / "renamed.jsonl")
    later = ingest(inbox, date(2026, 2, 2))
    assert [entry.status for entry in later.files] == ["already_ingested"]
    assert later.row_counts["posts"] == 0


def test_a_table_without_rows_still_has_a_file_with_the_schema(inbox: Path) -> None:
    ingest(inbox)
    paths = DataPaths(inbox.parents[1] / "data")
    for table in PLATFORM.tables:
        file = paths.table_file("notes", table, NIGHT, NIGHT)
        assert pq.ParquetFile(file).schema_arrow.equals(TABLES[table])
        assert pq.ParquetFile(file).metadata.num_rows == 0


def test_a_crash_half_way_leaves_the_night_as_it_was(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (inbox / "a.jsonl").write_bytes(note(1))
    ingest(inbox)
    before = digests(inbox)
    (inbox / "b.jsonl").write_bytes(note(2))

    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipelines.lake.writer.NightWriter.commit", broken)
    with pytest.raises(KeyboardInterrupt):
        ingest(inbox)
    assert digests(inbox) == before
    assert not list((inbox.parents[1] / "data").glob(".night-notes-*"))


def test_landed_rows_lie_in_the_folder_of_their_event_day(inbox: Path) -> None:
    (inbox / "a.jsonl").write_bytes(note(1, 0) + note(2, 9))
    ingest(inbox)
    paths = DataPaths(inbox.parents[1] / "data")
    for day in (1, 10):
        (row,) = pq.ParquetFile(paths.table_file("notes", "posts", date(2026, 1, day), NIGHT)).read().to_pylist()
        assert row["published_at"].day == day
        assert (row["source_format"], row["landed_night"]) == ("notes", NIGHT)


def test_a_document_that_is_cut_off_is_one_quarantined_record_and_named(inbox: Path) -> None:
    (inbox / "a.json").write_bytes(b'[{"id": 1, "day": 1}, {"id": 2, ')
    night = ingest(inbox)
    (refused,) = quarantine(inbox)
    assert (refused["reason_code"], refused["file"]) == ("broken_json", "a.json")
    assert (night.record_count, night.quarantined_count, night.unknown_files) == (1, 1, ["a.json"])


def test_a_corrupt_gzip_body_keeps_what_came_before_it(inbox: Path) -> None:
    raw = b"".join(note(number, salt=hashlib.sha256(str(number).encode()).hexdigest()) for number in range(5_000))
    packed = bytearray(gzip.compress(raw))
    packed[len(packed) // 2 : len(packed) // 2 + 60] = b"\xff" * 60
    (inbox / "a.jsonl.gz").write_bytes(bytes(packed))
    (inbox / "b.jsonl").write_bytes(note(9_999))
    night = ingest(inbox)
    assert night.landed_count > 1_000
    assert [entry.file for entry in night.files] == ["a.jsonl.gz", "b.jsonl"]


def test_an_archive_member_with_a_wrong_checksum_does_not_stop_the_night(inbox: Path) -> None:
    with zipfile.ZipFile(inbox / "a.zip", "w") as archive:
        archive.writestr("one.jsonl", note(1))
    content = (inbox / "a.zip").read_bytes()
    (inbox / "a.zip").write_bytes(content.replace(b'"day": 0', b'"day": 3', 1))
    (inbox / "b.jsonl").write_bytes(note(2))
    night = ingest(inbox)
    assert [(entry.file, entry.status) for entry in night.files] == [("a.zip", "unreadable"), ("b.jsonl", "ingested")]


def test_a_file_name_that_is_not_utf8_is_taken_in_with_its_bytes_escaped(inbox: Path) -> None:
    Path(str(inbox) + "/caf\udce9.jsonl").write_bytes(note(1))
    night = ingest(inbox)
    assert [(entry.file, entry.landed_count) for entry in night.files] == [("caf\\xe9.jsonl", 1)]
