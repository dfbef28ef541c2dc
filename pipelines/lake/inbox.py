"""Files of an inbox folder: found, hashed, opened through compression and archives. Looks at no record."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Final, cast

import zstandard

# Real Reddit dumps are written with --long=31, which every other reader refuses.
_LARGEST_WINDOW: Final = 2**31
_DATE_IN_PATH: Final = re.compile(r"(?<!\d)(20\d\d)[-_]?(0[1-9]|1[0-2])[-_]?(0[1-9]|[12]\d|3[01])(?!\d)")
_COMPRESSIONS: Final = {".gz": "gzip", ".zst": "zstd"}


@dataclass(frozen=True, slots=True)
class InboxFile:
    """One file as it lies in the inbox."""

    path: Path
    name: str  # below the platform's folder, with '/'
    byte_count: int
    source_hash: str
    observed_at: datetime
    observed_quality: str


@dataclass(frozen=True, slots=True)
class Member:
    """One decompressed stream: the file itself, or one member of an archive."""

    name: str
    suffix: str
    open: Callable[[], IO[bytes]]


class UnreadableFileError(OSError):
    """An archive that cannot be opened."""


def files(folder: Path) -> Iterator[InboxFile]:
    """All files below a platform's inbox folder, in order of their names. Hidden files are the file system's own."""
    if not folder.is_dir():
        return
    # A name that is not UTF-8 is shown with its odd bytes escaped: the ledger takes text only.
    found = sorted(
        (path.relative_to(folder).as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"), path)
        for path in folder.rglob("*")
        if path.is_file()
    )
    for name, path in found:
        if not PurePosixPath(name).name.startswith("."):
            status = path.stat()
            moment, quality = observed(name, status.st_mtime)
            yield InboxFile(path, name, status.st_size, _content_hash(path), moment, quality)


def observed(name: str, modified_at: float) -> tuple[datetime, str]:
    """When a file's content was observed, if its records do not say: a date in its path, else its modification time."""
    dates = list(_DATE_IN_PATH.finditer(name))
    for match in reversed(dates):
        try:
            year, month, day = (int(part) for part in match.groups())
            return datetime(year, month, day, 23, 59, 59, tzinfo=UTC), "date_only"
        except ValueError:
            continue
    return datetime.fromtimestamp(int(modified_at), UTC), "collected"


def _content_hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:32]


def members(file: InboxFile) -> Iterator[Member]:
    """The decompressed streams of a file. Raises UnreadableFileError for an archive that cannot be opened."""
    name = file.name.lower()
    try:
        if name.endswith((".tar.gz", ".tgz", ".tar")):
            yield from _tar_members(file)
        elif name.endswith(".zip"):
            yield from _zip_members(file)
        else:
            yield Member(file.name, _suffix(file.name), lambda: _opened(file.name, file.path.open("rb")))
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zstandard.ZstdError, gzip.BadGzipFile) as error:
        raise UnreadableFileError(f"{file.name} is no readable archive: {error}") from error


def _suffix(name: str) -> str:
    suffixes = [suffix.lower() for suffix in PurePosixPath(name).suffixes]
    while suffixes and suffixes[-1] in _COMPRESSIONS:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def _opened(name: str, stream: IO[bytes]) -> IO[bytes]:
    compression = _COMPRESSIONS.get(PurePosixPath(name).suffix.lower())
    if compression == "gzip":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=stream))
    if compression == "zstd":
        decompressor = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW)
        return cast("IO[bytes]", _WholeFrames(decompressor, stream))
    return stream


class _WholeFrames(io.RawIOBase):
    """A zstd stream that says so when its last frame is cut off, which the library's own reader takes for an end."""

    def __init__(self, decompressor: zstandard.ZstdDecompressor, stream: IO[bytes]) -> None:
        self._decompressor = decompressor
        self._stream = stream
        self._frame = decompressor.decompressobj()
        self._buffer = bytearray()
        self._in_frame = False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._buffer) < size:
            compressed = self._stream.read(1 << 17)
            if not compressed:
                if self._in_frame and not self._buffer:
                    raise EOFError("the last zstd frame is cut off")
                break
            while compressed:
                self._buffer += self._frame.decompress(compressed)
                self._in_frame = not self._frame.eof
                compressed = self._frame.unused_data if self._frame.eof else b""
                if self._frame.eof:
                    self._frame = self._decompressor.decompressobj()
        taken = bytes(self._buffer if size < 0 else self._buffer[:size])
        del self._buffer[: len(taken)]
        return taken


def _tar_members(file: InboxFile) -> Iterator[Member]:
    def opened(member: str) -> IO[bytes]:
        # Each member is read on its own pass: archives are small beside the dumps, and a pass needs no memory.
        with tarfile.open(file.path) as archive:
            content = archive.extractfile(member)
            return _opened(member, io.BytesIO(content.read() if content else b""))

    with tarfile.open(file.path) as archive:
        names = sorted(member.name for member in archive.getmembers() if member.isfile())
    for name in names:
        if not PurePosixPath(name).name.startswith("."):
            yield Member(f"{file.name}!{name}", _suffix(name), lambda name=name: opened(name))  # type: ignore[misc]


def _zip_members(file: InboxFile) -> Iterator[Member]:
    def opened(member: str) -> IO[bytes]:
        with zipfile.ZipFile(file.path) as archive:
            return _opened(member, io.BytesIO(archive.read(member)))

    with zipfile.ZipFile(file.path) as archive:
        names = sorted(info.filename for info in archive.infolist() if not info.is_dir())
    for name in names:
        if not PurePosixPath(name).name.startswith("."):
            yield Member(f"{file.name}!{name}", _suffix(name), lambda name=name: opened(name))  # type: ignore[misc]
