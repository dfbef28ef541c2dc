"""Hostile archives: names that point elsewhere, links, archives in archives, and files that become far more than they are."""

from __future__ import annotations

import gzip
import io
import stat
import struct
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from pipelines.lake.intake import NightIntake, ingest_night
from pipelines.lake.ledger import LedgerEntry
from pipelines.lake.limits import Limits
from pipelines.lake.paths import DataPaths
from tests.unit.lake.test_intake import NIGHT, PLATFORM, PSEUDONYMS, note, quarantine

MEGABYTE = 1 << 20
SMALL = Limits(swelling_from_bytes=4 * MEGABYTE, most_swelling=20, most_members=50)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox" / "notes"
    folder.mkdir(parents=True)
    return folder


def ingest(inbox: Path, limits: Limits = SMALL) -> NightIntake:
    return ingest_night(DataPaths(inbox.parents[1] / "data"), inbox.parent, PLATFORM, NIGHT, PSEUDONYMS, limits=limits)


def by_name(night: NightIntake) -> dict[str, LedgerEntry]:
    return {entry.file: entry for entry in night.files}


def tar_of(path: Path, members: dict[str, bytes], mode: str = "w:gz", *infos: tarfile.TarInfo) -> None:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]  # the mode is not a literal here
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in infos:
            archive.addfile(info)


def zip_of(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


WRITERS: dict[str, Callable[[Path, dict[str, bytes]], None]] = {"zip": zip_of, "tar.gz": tar_of}
ELSEWHERE = ("../../../escaped.jsonl", "/tmp/escaped.jsonl", "a/../../escaped.jsonl", "C:\\escaped.jsonl")  # noqa: S108 - never written


@pytest.mark.parametrize("kind", WRITERS)
def test_a_member_whose_name_points_elsewhere_is_read_and_nothing_is_written_there(inbox: Path, kind: str) -> None:
    WRITERS[kind](inbox / f"names.{kind}", {name: note(number) for number, name in enumerate(ELSEWHERE)})
    before = set(inbox.parents[1].parent.rglob("*escaped*"))
    night = ingest(inbox)
    assert night.landed_count == len(ELSEWHERE)
    assert set(inbox.parents[1].parent.rglob("*escaped*")) == before
    assert not Path("/tmp/escaped.jsonl").exists()  # noqa: S108 - that is asked
    assert not [path for path in (inbox.parents[1] / "data").rglob("*") if "escaped" in path.name]


def test_links_and_devices_in_an_archive_are_named_and_not_followed(inbox: Path) -> None:
    (inbox.parents[1] / "secret.jsonl").write_bytes(note(99))
    infos = []
    for name, kind in (("soft.jsonl", tarfile.SYMTYPE), ("hard.jsonl", tarfile.LNKTYPE), ("pipe.jsonl", tarfile.FIFOTYPE)):
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, "../../secret.jsonl"
        infos.append(info)
    tar_of(inbox / "links.tar.gz", {"real.jsonl": note(1)}, "w:gz", *infos)
    link = zipfile.ZipInfo("soft.jsonl")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(inbox / "links.zip", "w") as archive:
        archive.writestr(link, "../../secret.jsonl")
    night = ingest(inbox)
    refused = {entry.file: entry.detail for entry in night.files if entry.status == "unreadable"}
    names = ("links.tar.gz!soft.jsonl", "links.tar.gz!hard.jsonl", "links.tar.gz!pipe.jsonl", "links.zip!soft.jsonl")
    assert set(refused) == set(names)
    assert all("not followed" in str(detail) for detail in refused.values())
    assert night.landed_count == 1


@pytest.mark.parametrize("kind", WRITERS)
def test_an_archive_in_an_archive_is_named_and_not_opened(inbox: Path, kind: str, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    zip_of(inner, {"x.jsonl": note(1)})
    content = inner.read_bytes()
    WRITERS[kind](inbox / f"outer.{kind}", {"in.zip": content, "in.tar.gz": content, "in.tgz": content, "x.jsonl": note(2)})
    night = ingest(inbox)
    refused = [entry for entry in night.files if entry.status == "unreadable"]
    assert len(refused) == 3
    assert all("not opened" in str(entry.detail) for entry in refused)
    assert night.landed_count == 1


def bomb(byte_count: int) -> bytes:
    """One good line, then lines that compress to nothing."""
    line = b'{"id": 1, "day": 0, "pad": "' + b" " * (MEGABYTE - 40) + b'"}\n'
    return note(0) + line * (byte_count // MEGABYTE)


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_a_compressed_bomb_stops_at_the_limit_with_what_it_had_landed_and_says_so(inbox: Path, suffix: str) -> None:
    content = bomb(64 * MEGABYTE)
    packed = gzip.compress(content) if suffix == "gz" else zstandard.compress(content)
    assert len(packed) < MEGABYTE
    (inbox / f"bomb.jsonl.{suffix}").write_bytes(packed)
    (inbox / "c.jsonl").write_bytes(note(7))
    tracemalloc.start()
    night = ingest(inbox)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    entry = by_name(night)[f"bomb.jsonl.{suffix}"]
    assert entry.status == "ingested"
    assert entry.landed_count >= 1
    assert entry.record_count == entry.landed_count + entry.quarantined_count + entry.duplicate_count
    assert "becomes more than 4,194,304 bytes" in str(entry.detail)
    assert "UNDERCURRENT_MOST_BYTES" in str(entry.detail)
    assert [row["reason_code"] for row in quarantine(inbox)] == ["oversized"]
    assert by_name(night)["c.jsonl"].landed_count == 1
    assert peak < 60 * MEGABYTE


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_a_bomb_within_the_limits_that_the_operator_raised_is_read_whole(inbox: Path, suffix: str) -> None:
    content = bomb(8 * MEGABYTE)
    (inbox / f"large.jsonl.{suffix}").write_bytes(gzip.compress(content) if suffix == "gz" else zstandard.compress(content))
    (entry,) = ingest(inbox, Limits(swelling_from_bytes=1, most_swelling=100_000)).files
    assert (entry.record_count, entry.quarantined_count, entry.detail) == (9, 0, None)


def test_the_most_bytes_hold_for_a_file_that_grows_little(inbox: Path) -> None:
    (inbox / "a.jsonl.gz").write_bytes(gzip.compress(b"".join(note(number) for number in range(1_000)), 0))
    (entry,) = ingest(inbox, Limits(most_bytes=5_000)).files
    assert "more than 5,000 bytes" in str(entry.detail)


@pytest.mark.parametrize("kind", WRITERS)
def test_an_archive_whose_members_are_too_much_together_keeps_the_members_before(inbox: Path, kind: str) -> None:
    members = {"a.jsonl": note(1), "b.jsonl": bomb(3 * MEGABYTE), "c.jsonl": bomb(3 * MEGABYTE), "d.jsonl": note(4)}
    WRITERS[kind](inbox / f"many.{kind}", members)
    entries = by_name(ingest(inbox))
    assert entries[f"many.{kind}!a.jsonl"].landed_count == 1
    assert entries[f"many.{kind}!b.jsonl"].quarantined_count == 0
    assert f"many.{kind}!d.jsonl" not in entries
    assert entries[f"many.{kind}"].status == "unreadable"
    assert "becomes more than" in str(entries[f"many.{kind}"].detail)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_packed_member_of_an_archive_counts_as_what_it_becomes(inbox: Path, kind: str) -> None:
    WRITERS[kind](
        inbox / f"two.{kind}", {"a.jsonl": note(1), "b.jsonl.gz": gzip.compress(bomb(40 * MEGABYTE)), "c.jsonl": note(3)}
    )
    entries = by_name(ingest(inbox))
    assert "becomes more than" in str(entries[f"two.{kind}!b.jsonl.gz"].detail)
    assert entries[f"two.{kind}"].status == "unreadable"
    assert "c.jsonl" not in "".join(entries)


@pytest.mark.parametrize("kind", WRITERS)
def test_an_archive_of_too_many_members_is_read_up_to_the_limit_or_not_at_all(inbox: Path, kind: str) -> None:
    WRITERS[kind](inbox / f"swarm.{kind}", {f"{number:02}.jsonl": note(number) for number in range(51)})
    night = ingest(inbox)
    entry = by_name(night)[f"swarm.{kind}"]
    assert (entry.status, "more than 50 members" in str(entry.detail)) == ("unreadable", True)
    assert night.landed_count == (50 if kind == "tar.gz" else 0)


def test_a_document_that_becomes_too_much_is_one_oversized_record(inbox: Path) -> None:
    (inbox / "whole.json.gz").write_bytes(gzip.compress(b'{"pad": "' + b" " * 64 * MEGABYTE + b'"}'))
    (entry,) = ingest(inbox).files
    assert entry.record_count == entry.quarantined_count == 1
    assert [row["reason_code"] for row in quarantine(inbox)] == ["oversized"]


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_tar_header_of_gigabytes_is_refused_and_never_held(inbox: Path, kind: bytes) -> None:
    info = tarfile.TarInfo("name")
    info.type, info.size = kind, 1 << 30
    with gzip.open(inbox / "header.tar.gz", "wb") as out:
        out.write(info.tobuf(tarfile.GNU_FORMAT))
        for _ in range(64):
            out.write(bytes(MEGABYTE))
    tracemalloc.start()
    (entry,) = ingest(inbox).files
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert entry.status == "unreadable"
    assert "header" in str(entry.detail)
    assert peak < 20 * MEGABYTE


def test_a_zip_that_lies_about_a_member_s_size_gives_no_more_than_it_says(inbox: Path) -> None:
    path = inbox / "liar.zip"
    zip_of(path, {"a.jsonl": bomb(8 * MEGABYTE)})
    raw = bytearray(path.read_bytes())
    for signature, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        raw[raw.index(signature) + place : raw.index(signature) + place + 4] = struct.pack("<I", 100)
    path.write_bytes(raw)
    (entry,) = ingest(inbox).files
    assert entry.status == "unreadable"
    assert entry.landed_count == 0


def test_a_zip_whose_members_share_their_bytes_counts_each_of_them(inbox: Path) -> None:
    path = inbox / "shared.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.jsonl", bomb(3 * MEGABYTE))
        first = archive.infolist()[0]
        for number in range(1, 40):
            twin = zipfile.ZipInfo(f"{number}.jsonl")
            for name in ("compress_type", "CRC", "compress_size", "file_size", "header_offset"):
                setattr(twin, name, getattr(first, name))
            archive.filelist.append(twin)
    entries = ingest(inbox).files
    assert entries[-1].status == "unreadable"
    assert len(entries) <= 3
