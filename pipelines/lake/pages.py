"""Fetched pages as files: a JSON line that says what the page is, then the body as it came. Reads and writes; asks nobody.

A page file appears under its name only when all of it is written, so a killed process leaves no half of one; one that the disk tore is
found by its length and its hash and is never taken for a page.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Final

import msgspec

from pipelines.lake.commit import sync_all

SUFFIX: Final = ".page"
# Refused answers are kept for whoever asks why, and are no data.
FAILED_SUFFIX: Final = ".failed"
VERSION: Final = 1
_LONGEST_HEADER_BYTES: Final = 1 << 20


class PageHeader(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The first line of a page file. Holds no secret: requests are described without their credentials."""

    undercurrent_page: int
    fetched_at: datetime
    platform: str
    source: str
    item: str
    sequence: int
    fingerprint: str
    method: str
    url: str
    status: int
    headers: dict[str, str] = {}
    asked: tuple[str, ...] = ()
    asked_for: str = ""
    cost: int = 1
    suffix: str = ".json"
    body_bytes: int
    body_sha256: str
    note: str = ""

    @property
    def is_data(self) -> bool:
        """Whether the intake has something to read: an answer, or what became of the ids that a lookup asked for."""
        return bool(self.asked) or (200 <= self.status < 300 and self.body_bytes > 0)


# Version 1 is told by its field; a header without it is none.
_DECODER: Final = msgspec.json.Decoder(PageHeader)
_ENCODER: Final = msgspec.json.Encoder()


class TornPageError(OSError):
    """A file under a page's name that is no whole page."""


@dataclass(frozen=True, slots=True)
class PageFile:
    """A whole page on the disk."""

    path: Path
    header: PageHeader
    body_offset: int

    def body(self) -> bytes:
        """The body as it came."""
        with self.path.open("rb") as stream:
            stream.seek(self.body_offset)
            return stream.read()

    def open(self) -> IO[bytes]:
        """The body as a stream. A lookup's body comes as a document that also says what was asked for."""
        if self.header.asked:
            return io.BytesIO(lookup_document(self.header, self.body()))
        stream = self.path.open("rb")
        stream.seek(self.body_offset)
        return stream


def lookup_document(header: PageHeader, body: bytes) -> bytes:
    """What the intake reads of a lookup: ``{"undercurrent_lookup": {...}, "answer": ...}``, with null for what is no JSON."""
    about = {"asked_for": header.asked_for, "asked": header.asked, "status": header.status}
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
        answer = body
    except (msgspec.DecodeError, RecursionError):
        answer = b"null"
    return b'{"undercurrent_lookup":' + _ENCODER.encode(about) + b',"answer":' + answer + b"}"


def write_page(file: Path, header: PageHeader, body: bytes) -> PageFile:
    """Write a page; it gets its name only when all of it is written, so that a process that is killed leaves it whole or not at all.

    That it outlives the machine as well is for ``sync_pages``, which takes longer and can wait until something depends on it.
    """
    line = _ENCODER.encode(header) + b"\n"
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.draft")
    with draft.open("wb") as stream:
        stream.write(line)
        stream.write(body)
    draft.rename(file)
    return PageFile(file, header, len(line))


def sync_pages(files: list[Path]) -> None:
    """Have pages and their names on the disk itself."""
    sync_all(files)
    sync_all(sorted({folder for file in files for folder in (file.parent, file.parent.parent)}))


def read_page(file: Path) -> PageFile:
    """A page with its header, once its body is seen to be whole. Raises TornPageError."""
    page = read_header(file)
    digest = hashlib.sha256()
    count = 0
    with file.open("rb") as stream:
        stream.seek(page.body_offset)
        while piece := stream.read(1 << 20):
            digest.update(piece)
            count += len(piece)
    if count != page.header.body_bytes or digest.hexdigest() != page.header.body_sha256:
        raise TornPageError(
            f"{file.name} is no whole page: its header speaks of {page.header.body_bytes:,} bytes, and {count:,} are there"
            " or differ; remove the file and collect the night again"
        )
    return page


def read_header(file: Path) -> PageFile:
    """A page with its header; the body is not looked at. Raises TornPageError."""
    with file.open("rb") as stream:
        line = stream.readline(_LONGEST_HEADER_BYTES)
    try:
        header = _DECODER.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        raise TornPageError(f"{file.name} does not begin with a page's header: {error}") from None
    if header.undercurrent_page != VERSION or not line.endswith(b"\n"):
        raise TornPageError(f"{file.name} is a page of version {header.undercurrent_page}; this program reads {VERSION}")
    return PageFile(file, header, len(line))


def page_files(folder: Path, suffix: str = SUFFIX) -> Iterator[Path]:
    """The page files of a night, by item and sequence. Drafts of a killed process have hidden names and do not count."""
    yield from (file for file in sorted(folder.glob(f"*/*{suffix}")) if not file.name.startswith("."))
