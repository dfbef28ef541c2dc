"""Files of an inbox folder and pages of a night: found, hashed, opened through compression and archives. Looks at no record."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO, Final, Protocol, Self, cast

import zstandard

from pipelines.lake.limits import Bounded, Counted, Limits, Meter, TooMuchError
from pipelines.lake.pages import SUFFIX as PAGE_SUFFIX
from pipelines.lake.pages import TornPageError, page_files, read_header, read_page

# Real Reddit dumps are written with --long=31, which every other reader refuses.
_LARGEST_WINDOW: Final = 2**31
_DATE_IN_PATH: Final = re.compile(r"(?<!\d)(20\d\d)[-_]?(0[1-9]|1[0-2])[-_]?(0[1-9]|[12]\d|3[01])(?!\d)")
_PIECE_BYTES: Final = 16 << 10
_COMPRESSED_BYTES: Final = 128 << 10
# A kilobyte of zstd holds at most some 32 MB (blocks of 4 bytes, 128 KiB each): the piece to go on with where data swell.
_SWELLING_BYTES: Final = 1 << 10
_SWELLING_RATIO: Final = 64
_COMPRESSIONS: Final = {".gz": "gzip", ".zst": "zstd", ".bz2": "bzip2"}
# Watched sources that find posts by what they say: such posts are no sample of what their authors write.
_SEARCHES: Final = frozenset({"tags", "queries", "sounds"})
_ARCHIVES: Final = frozenset({".zip", ".tar", ".tgz"})
_GZIP_MAGIC: Final = b"\x1f\x8b"
# Of a member of a tar archive, in memory; what is longer lies in a file without a name until it is read.
_KEPT_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class InboxFile:
    """One file as it lies in the inbox."""

    path: Path
    name: str  # below the platform's folder, with '/'
    byte_count: int
    source_hash: str
    observed_at: datetime
    observed_quality: str
    collection_query: str | None = None  # of a fetched page: the watched search that found what is on it


@dataclass(frozen=True, slots=True)
class Member:
    """One decompressed stream: the file itself, or one member of an archive."""

    name: str
    suffix: str
    open: Callable[[], IO[bytes]]
    refusal: str | None = None  # why it is not read at all


class UnreadableFileError(OSError):
    """An archive that cannot be opened."""


def files(folder: Path) -> Iterator[InboxFile]:
    """All files below a platform's inbox folder, in order of their names. Hidden files are the file system's own."""
    if not folder.is_dir():
        return
    found = sorted((_shown(path.relative_to(folder).as_posix()), path) for path in folder.rglob("*") if path.is_file())
    for name, path in found:
        if not PurePosixPath(name).name.startswith("."):
            yield _inbox_file(path, name)


def night_pages(folder: Path) -> Iterator[InboxFile]:
    """The pages that were fetched for a night and hold data, by item and sequence.

    Args:
        folder: of one platform's night.
    """
    for path in page_files(folder):
        try:
            header = read_header(path).header
            is_data, query = header.is_data, header.item if header.source in _SEARCHES else None
        except TornPageError:
            is_data, query = True, None  # so that it is told as unreadable
        if is_data:
            yield replace(_inbox_file(path, f"pages/{folder.name}/{path.parent.name}/{path.name}"), collection_query=query)


def _inbox_file(path: Path, name: str) -> InboxFile:
    status = path.stat()
    moment, quality = _fetched(path) or observed(name, status.st_mtime)
    return InboxFile(path, name, status.st_size, _content_hash(path), moment, quality)


def _fetched(path: Path) -> tuple[datetime, str] | None:
    """When a page was fetched; None for a file that is no page."""
    if path.suffix != PAGE_SUFFIX:
        return None
    try:
        return read_header(path).header.fetched_at.astimezone(UTC), "exact"
    except TornPageError:
        return None


def _shown(name: str) -> str:
    """A name that is not UTF-8, with its odd bytes escaped: the ledger takes text only."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


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


def members(file: InboxFile, limits: Limits | None = None) -> Iterator[Member]:
    """The decompressed streams of a file, which end at the limits.

    No member is written to a place that it names: its name is told, whatever it says. Links and archives within archives are members
    with a ``refusal``. A member is read before the next one is asked for.

    Args:
        file: to open.
        limits: of what it may become.

    Raises:
        UnreadableFileError: an archive cannot be opened, or its further members lie beyond the limits.
    """
    name = file.name.lower()
    meter = Meter(limits or Limits(), file.byte_count)
    try:
        if name.endswith((".tar.gz", ".tgz", ".tar")):
            found = _tar_members(file, meter)
        elif name.endswith(".zip"):
            found = _zip_members(file, meter)
        elif name.endswith(PAGE_SUFFIX):
            found = _page_members(file, meter)
        else:
            found = iter((Member(file.name, _suffix(file.name), partial(_whole_file, file)),))
        for member in found:
            if member.name == file.name and PurePosixPath(name).suffix not in _COMPRESSIONS:
                yield member  # nothing in it can swell
            else:
                yield replace(member, open=partial(_counted, member, meter))
            if meter.stopped is not None and member.name != file.name:
                raise UnreadableFileError(f"{file.name}: {meter.stopped}; the members after {member.name} are not read")
    except TooMuchError as error:
        raise UnreadableFileError(f"{file.name}: {error}") from error
    except (
        tarfile.TarError,
        zipfile.BadZipFile,
        EOFError,
        zlib.error,
        zstandard.ZstdError,
        gzip.BadGzipFile,
        RuntimeError,
    ) as error:
        raise UnreadableFileError(f"{file.name} is no readable archive: {error}") from error


def stopped(stream: IO[bytes]) -> str | None:
    """Why a stream of a member ended at the limits; None where it ended by itself."""
    return stream.meter.stopped if isinstance(stream, Counted) else None


def _counted(member: Member, meter: Meter) -> IO[bytes]:
    return _as_stream(Counted(member.open(), meter, member.name))


def _refused(name: str, shown: str, *, is_link: bool) -> Member | None:
    """A member that is not read, with the reason; None for one that is."""
    suffix = _suffix(name)
    if is_link:
        return Member(shown, suffix, io.BytesIO, "a link or device in an archive is not followed; deliver the file itself")
    if suffix in _ARCHIVES:
        return Member(shown, suffix, io.BytesIO, "an archive in an archive is not opened; unpack it and deliver its files")
    return None


def _page_members(file: InboxFile, meter: Meter) -> Iterator[Member]:
    """The body of a fetched page, under the suffix that it would have as a file."""
    try:
        page = read_page(file.path)
    except TornPageError as error:
        raise UnreadableFileError(str(error)) from None
    if not page.header.is_data:
        raise UnreadableFileError(f"{file.name} holds an answer without data (status {page.header.status})")
    if page.header.suffix.endswith(".zip") and not page.header.asked:
        yield from _zip_members(file, meter)  # a zip archive is read from its end: the page's header before it does not matter
    else:
        yield Member(file.name, _suffix(f"body{page.header.suffix}"), page.open)


def _whole_file(file: InboxFile) -> IO[bytes]:
    return _opened(file.name, file.path.open("rb"))


def _suffix(name: str) -> str:
    suffixes = [suffix.lower() for suffix in PurePosixPath(name).suffixes]
    while suffixes and suffixes[-1] in _COMPRESSIONS:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def _opened(name: str, stream: IO[bytes], *owners: Closes) -> IO[bytes]:
    compression = _COMPRESSIONS.get(PurePosixPath(name).suffix.lower())
    if compression == "gzip":
        return _as_stream(_SmallReads(gzip.GzipFile(fileobj=stream), stream, *owners))
    if compression == "bzip2":
        return _as_stream(_SmallReads(bz2.BZ2File(stream), stream, *owners))
    if compression == "zstd":
        return _as_stream(_WholeFrames(stream, *owners))
    return _as_stream(_SmallReads(stream, *owners)) if owners else stream


def _as_stream(raw: io.RawIOBase) -> IO[bytes]:
    return cast("IO[bytes]", raw)


class Closes(Protocol):
    """What is to be closed with a stream."""

    def close(self) -> None:
        """Give back what it holds."""
        ...


class _Owning(io.RawIOBase):
    """A stream that closes what lies below it."""

    def __init__(self, *owned: Closes) -> None:
        self._owned = owned

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed:
            for each in self._owned:
                each.close()
        super().close()


class _SmallReads(_Owning):
    """Reads through zlib a little at a time: a read that fails loses what it had decompressed."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile | bz2.BZ2File, *owned: Closes) -> None:
        super().__init__(stream, *owned)
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        return self.readall() if size < 0 else self._stream.read(min(size, _PIECE_BYTES))


class _WholeFrames(_Owning):
    """A zstd stream that says so when its last frame is cut off, which the library's own reader takes for an end."""

    def __init__(self, stream: IO[bytes], *owned: Closes) -> None:
        super().__init__(stream, *owned)
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW)
        self._stream = stream
        self._frame = self._decompressor.decompressobj()
        self._compressed = b""
        self._ready, self._given = b"", 0
        self._in_frame = False
        self._next_bytes = _SWELLING_BYTES

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            return self.readall()
        while self._given == len(self._ready):
            if not self._compressed:
                self._compressed = self._stream.read(self._next_bytes)
                if not self._compressed:
                    if self._in_frame:
                        raise EOFError("the last zstd frame is cut off")
                    return b""
            self._ready, self._given = self._frame.decompress(self._compressed), 0
            swells = len(self._ready) > _SWELLING_RATIO * len(self._compressed)
            self._next_bytes = _SWELLING_BYTES if swells else min(2 * self._next_bytes, _COMPRESSED_BYTES)
            self._in_frame = not self._frame.eof
            self._compressed = b""
            if self._frame.eof:
                self._compressed = self._frame.unused_data
                self._frame = self._decompressor.decompressobj()
        # A slice of all of it is the same object: nothing is copied where the reader takes whole pieces.
        taken = self._ready[self._given : self._given + size]
        self._given += len(taken)
        return taken


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as raw:
        return raw.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC


def _tar(path: Path, meter: Meter, *, is_gzip: bool) -> tuple[tarfile.TarFile, IO[bytes]]:
    """A tar archive, and the stream below it, which is to be closed after it."""
    raw = path.open("rb")
    below = _as_stream(Bounded(cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if is_gzip else raw, meter))
    try:
        return tarfile.open(fileobj=below, mode="r:"), below
    except BaseException:
        below.close()
        raise


def _tar_members(file: InboxFile, meter: Meter) -> Iterator[Member]:
    """Members in the order of the archive, which is decompressed twice whatever it holds: for its headers, and for its content."""
    is_gzip = _is_gzip(file.path)
    archive, below = _tar(file.path, meter, is_gzip=is_gzip)
    found: list[tarfile.TarInfo] = []
    stop: TooMuchError | None = None
    with below, archive:
        try:
            for info in archive:
                if len(found) >= meter.limits.most_members:
                    raise meter.too_many()
                if not info.isdir() and not PurePosixPath(info.name).name.startswith("."):
                    found.append(info)
        except TooMuchError as error:
            stop = error
        for info in found:
            shown = f"{file.name}!{_shown(info.name)}"
            refused = _refused(info.name, shown, is_link=not info.isfile())
            if refused is not None:
                yield refused
                continue
            with _ReadOnce(partial(_content, archive, info)) as kept:
                content = kept.open if is_gzip else partial(_content, archive, info)
                yield Member(shown, _suffix(info.name), partial(_opened_content, info.name, content))
    if stop is not None:
        raise stop


def _content(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    content = archive.extractfile(info)
    if content is None:
        raise tarfile.ReadError(f"{info.name} has no content")
    return content


class _ReadOnce:
    """A member's bytes, taken from the archive when they are first wanted: to open it again would decompress all that lies before it.

    They are kept until the next member, in memory or, of a large one, in a file of the system's temporary folder that has no name.
    """

    def __init__(self, source: Callable[[], IO[bytes]]) -> None:
        self._source = source
        self._kept: IO[bytes] | None = None
        self._failure: Exception | None = None
        self._is_over = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        if self._kept is not None:
            self._kept.close()

    def open(self) -> IO[bytes]:
        """From the first byte. A later call moves what earlier ones gave: one reader at a time.

        Raises:
            ValueError: the archive has gone on to its next member.
        """
        if self._is_over:
            raise ValueError("a member of an archive is read before the next one is asked for")
        if self._kept is None:
            self._kept = cast("IO[bytes]", SpooledTemporaryFile(_KEPT_BYTES))  # noqa: SIM115 - closed where the next member begins
            try:
                with self._source() as content:
                    shutil.copyfileobj(content, self._kept, _PIECE_BYTES)
            except (EOFError, OSError, zlib.error, tarfile.TarError) as error:
                self._failure = error  # for the reader, who keeps what came before it
        self._kept.seek(0)
        return _as_stream(_Kept(self._kept, self._failure))


class _Kept(_Owning):
    """What was kept of a stream, and how that ended; does not close it."""

    def __init__(self, stream: IO[bytes], failure: Exception | None) -> None:
        super().__init__()
        self._stream = stream
        self._failure = failure

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            return self.readall()
        data = self._stream.read(size)
        if not data and size and self._failure is not None:
            raise self._failure
        return data


def _opened_content(name: str, content: Callable[[], IO[bytes]]) -> IO[bytes]:
    return _opened(name, content())


def _zip_members(file: InboxFile, meter: Meter) -> Iterator[Member]:
    with zipfile.ZipFile(file.path) as archive:
        found = archive.infolist()
        if len(found) > meter.limits.most_members:
            raise meter.too_many()
        for info in sorted(found, key=lambda info: info.filename):
            name = info.filename
            if info.is_dir() or PurePosixPath(name).name.startswith("."):
                continue
            shown = f"{file.name}!{_shown(name)}"
            refused = _refused(name, shown, is_link=stat.S_ISLNK(info.external_attr >> 16))
            if refused is not None:
                yield refused
                continue
            # What it says to become is the most that is read of it: known before a byte of it is opened.
            meter.count(shown, info.file_size)
            # A wrong checksum shows only at the end, and no record of a wrong member may land: once through it first.
            with archive.open(info) as content:
                while content.read(_COMPRESSED_BYTES):
                    continue
            yield Member(shown, _suffix(name), partial(_zip_member, file.path, info))


def _zip_member(path: Path, info: zipfile.ZipInfo) -> IO[bytes]:
    """One member of a zip archive, without holding it."""
    archive = zipfile.ZipFile(path)
    return _opened(info.filename, archive.open(info), archive)
