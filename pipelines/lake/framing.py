"""Decompressed bytes to records with their offsets, in bounded memory. Knows no platform and writes nothing."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any, Final

import msgspec
import zstandard

from pipelines.lake.limits import TooMuchError
from pipelines.platforms.protocol import BadRecord, Cut

CHUNK_BYTES: Final = 1 << 20
LONGEST_LINE_BYTES: Final = 16 << 20
LARGEST_DOCUMENT_BYTES: Final = 512 << 20
_INFINITE_NUMBERS: Final = msgspec.json.Decoder(float_hook=float)
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Framed:
    """One record as it lies in the file; ``problem`` is set where it could not even be cut out or decoded."""

    index: int
    byte_offset: int | None
    raw: bytes
    value: Any = None
    problem: BadRecord | None = None
    sha256: str | None = None  # of a record too large to hold
    byte_count: int | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the raw record, in hex."""
        return self.sha256 or hashlib.sha256(self.raw).hexdigest()

    @property
    def size(self) -> int:
        """Bytes of the raw record."""
        return len(self.raw) if self.byte_count is None else self.byte_count


@dataclass(frozen=True, slots=True)
class LineBlock:
    """Whole lines of a decompressed NDJSON file."""

    data: bytes
    byte_offset: int


class _Source:
    """Reads a decompressing stream; remembers, instead of raising, that the compressed data ended or broke early."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.failure: Exception | None = None

    def piece(self, size: int) -> bytes:
        """What the stream gives at once, at most ``size`` bytes; nothing at its end."""
        if self.failure is None:
            try:
                return self._stream.read(size)
            except (EOFError, OSError, zlib.error, zstandard.ZstdError) as error:
                self.failure = error
        return b""

    def read(self, size: int) -> bytes:
        """``size`` bytes, fewer only at the end; what could be read before a failure is given before the failure counts."""
        pieces: list[bytes] = []
        count = 0
        while count < size and (piece := self.piece(size - count)):
            pieces.append(piece)
            count += len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _truncated(failure: Exception) -> BadRecord:
    if isinstance(failure, TooMuchError):
        return BadRecord("oversized", str(failure))
    told = str(failure) or type(failure).__name__
    return BadRecord("truncated", f"the compressed data end or break here: {told}; fetch the file again")


def lines(stream: IO[bytes]) -> Iterator[Framed]:
    """NDJSON records with byte offsets; blank lines are no records. Oversized lines are hashed, not held."""
    return _each_line(stream, bytes.strip, line)


def text_lines(stream: IO[bytes]) -> Iterator[Framed]:
    """Lines of a table without a header, as text with byte offsets, told apart as ``lines`` does.

    Cells at the ends of a line may be empty, so that only its line break is taken off. Bytes that are not UTF-8 are
    surrogates in the text: the format refuses a record only where it reads one.
    """
    return _each_line(stream, _without_break, text_line)


def _without_break(raw: bytes) -> bytes:
    return raw.removesuffix(b"\r") if raw.strip() else b""


def text_line(index: int, offset: int, raw: bytes) -> Framed:
    """One line of text as a record; ``problem`` where it is too long."""
    if len(raw) > LONGEST_LINE_BYTES:
        reason = f"the line has {len(raw):,} bytes; at most {LONGEST_LINE_BYTES:,} are read"
        return Framed(index, offset, raw, problem=BadRecord("oversized", reason))
    return Framed(index, offset, raw, value=raw.decode("utf-8", "surrogateescape"))


def _each_line(
    stream: IO[bytes], content: Callable[[bytes], bytes], made: Callable[[int, int, bytes], Framed]
) -> Iterator[Framed]:
    source = _Source(stream)
    offset = index = 0
    pending = b""
    first = True
    has_more = True
    while has_more:
        chunk = source.read(CHUNK_BYTES)
        # What follows an oversized line may be the last chunk and hold several lines: they are cut once more at the end.
        has_more = bool(chunk)
        if first:
            first = False
            if chunk.startswith(_BYTE_ORDER_MARK):
                chunk, offset = chunk[3:], 3
        pending += chunk
        *whole, pending = pending.split(b"\n")
        for each in whole:
            if raw := content(each):
                yield made(index, offset, raw)
                index += 1
            offset += len(each) + 1
        if len(pending) > LONGEST_LINE_BYTES:
            framed, rest, consumed = _oversized(source, pending, index, offset)
            yield framed
            index, offset, pending = index + 1, offset + consumed, rest
    if source.failure is not None:
        yield Framed(index, offset, pending, problem=_truncated(source.failure))
    elif raw := content(pending):
        yield made(index, offset, raw)


def _oversized(source: _Source, start: bytes, index: int, offset: int) -> tuple[Framed, bytes, int]:
    digest, count = hashlib.sha256(start), len(start)
    rest = b""
    while chunk := source.read(CHUNK_BYTES):
        head, newline, tail = chunk.partition(b"\n")
        digest.update(head)
        count += len(head)
        if newline:
            rest = tail
            break
    problem = BadRecord("oversized", f"the line has {count:,} bytes; at most {LONGEST_LINE_BYTES:,} are read")
    return Framed(index, offset, b"", problem=problem, sha256=digest.hexdigest(), byte_count=count), rest, count + 1


def line(index: int, offset: int, raw: bytes) -> Framed:
    """One stripped line as a record, decoded; ``problem`` where it cannot be."""
    if len(raw) > LONGEST_LINE_BYTES:
        reason = f"the line has {len(raw):,} bytes; at most {LONGEST_LINE_BYTES:,} are read"
        return Framed(index, offset, raw, problem=BadRecord("oversized", reason))
    try:
        return Framed(index, offset, raw, value=_decoded(raw))
    except UnicodeDecodeError as error:
        return Framed(index, offset, raw, problem=BadRecord("invalid_utf8", f"byte {error.start} of the line is not UTF-8"))
    except (msgspec.DecodeError, RecursionError) as error:
        return Framed(index, offset, raw, problem=_undecodable(raw, error))


def _decoded(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except msgspec.ValidationError:
        # The only thing that untyped JSON can violate: a number beyond a double's range. It is infinite then, and wrong only
        # if a format reads it.
        return _INFINITE_NUMBERS.decode(raw)


def _undecodable(raw: bytes, error: Exception) -> BadRecord:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as invalid:
        return BadRecord("invalid_utf8", f"byte {invalid.start} of the record is not UTF-8")
    return BadRecord("broken_json", str(error))


def blocks(stream: IO[bytes], block_bytes: int) -> Iterator[LineBlock | Framed]:
    """Whole lines in blocks of at least ``block_bytes``; a Framed problem where the stream breaks or a line is too long.

    The index of a Framed problem is 0: only who parses the blocks knows how many records came before it.
    """
    source = _Source(stream)
    head = source.read(len(_BYTE_ORDER_MARK))
    offset = len(head) if head == _BYTE_ORDER_MARK else 0
    pending = [] if offset else [head]
    count = len(head) - offset
    while piece := source.piece(CHUNK_BYTES):
        count += len(piece)
        cut = piece.rfind(b"\n") + 1
        if cut and count >= block_bytes:
            data = b"".join([*pending, memoryview(piece)[:cut]])
            yield LineBlock(data, offset)
            offset += len(data)
            pending, count = [piece[cut:]], len(piece) - cut
        else:
            pending.append(piece)
            if not cut and count > LONGEST_LINE_BYTES:
                data = b"".join(pending)
                cut = data.rfind(b"\n") + 1
                if cut:
                    yield LineBlock(data[:cut], offset)
                    offset, data = offset + cut, data[cut:]
                if len(data) > LONGEST_LINE_BYTES:
                    framed, data, consumed = _oversized(source, data, 0, offset)
                    yield framed
                    offset += consumed
                pending, count = [data], len(data)
    data = b"".join(pending)
    if source.failure is None:
        if data.strip():
            yield LineBlock(data, offset)
        return
    cut = data.rfind(b"\n") + 1
    if cut:
        yield LineBlock(data[:cut], offset)
    yield Framed(0, offset + cut, data[cut:], problem=_truncated(source.failure))


def document(stream: IO[bytes]) -> Framed:
    """A whole JSON document as one Framed, decoded; ``problem`` where it cannot be."""
    whole = raw_document(stream)
    if whole.problem is not None:
        return whole
    raw = whole.raw.removeprefix(_BYTE_ORDER_MARK)
    try:
        return Framed(0, 0, raw, value=msgspec.json.decode(raw))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Framed(0, 0, raw, problem=_undecodable(raw, error))


def raw_document(stream: IO[bytes]) -> Framed:
    """A whole document, undecoded."""
    source = _Source(stream)
    parts: list[bytes] = []
    count = 0
    digest = hashlib.sha256()
    while chunk := source.read(CHUNK_BYTES):
        count += len(chunk)
        digest.update(chunk)
        if count <= LARGEST_DOCUMENT_BYTES:
            parts.append(chunk)
    if source.failure is not None:
        return Framed(0, count, b"".join(parts), problem=_truncated(source.failure))
    if count > LARGEST_DOCUMENT_BYTES:
        problem = BadRecord("oversized", f"the document has {count:,} bytes; at most {LARGEST_DOCUMENT_BYTES:,} are read")
        return Framed(0, 0, b"", problem=problem, sha256=digest.hexdigest(), byte_count=count)
    return Framed(0, 0, b"".join(parts))


def cuts(pieces: Iterable[Cut]) -> Iterator[Framed]:
    """Records that a format cut out of a binary file, with their offsets."""
    for index, piece in enumerate(pieces):
        yield Framed(index, piece.byte_offset, canonical(piece.value), value=piece.value, problem=piece.problem)


def canonical(item: Any) -> bytes:
    """Bytes by which an item that was split out of a document is known again."""
    try:
        return msgspec.json.encode(item, order="deterministic")
    except (TypeError, ValueError, msgspec.MsgspecError):
        return repr(item).encode("utf-8", "surrogatepass")


def csv_header(head: bytes) -> list[str]:
    """Header names of a CSV, from its first bytes."""
    text = head.removeprefix(_BYTE_ORDER_MARK).decode("utf-8", "replace")
    first_line = text.partition("\n")[0]
    return next(_csv_reader(io.StringIO(text, newline=""), first_line), [])


def _csv_reader(text: Iterable[str], first_line: str) -> Any:
    """Reads commas, or tabs where the header has tabs and no comma: such tables know no quotes."""
    if "\t" in first_line and "," not in first_line:
        return csv.reader(text, delimiter="\t", quoting=csv.QUOTE_NONE)
    return csv.reader(text)


def csv_rows(stream: IO[bytes]) -> Iterator[Framed]:
    """CSV records as dicts of cells by header name; index is the row after the header, the offset is not known."""
    source = _Source(stream)
    text = io.TextIOWrapper(
        io.BufferedReader(_Readable(source), CHUNK_BYTES), encoding="utf-8-sig", errors="surrogateescape", newline=""
    )
    csv.field_size_limit(LONGEST_LINE_BYTES)
    first_line = text.readline(LONGEST_LINE_BYTES)
    reader = _csv_reader(itertools.chain([first_line] if first_line else [], text), first_line)
    header: list[str] | None = None
    index = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            yield Framed(index, None, b"", problem=BadRecord("broken_csv", f"line {reader.line_num}: {error}"))
            index += 1
            continue
        if header is None:
            header = cells
            continue
        if not cells:
            continue
        raw = "\x1f".join(cells).encode("utf-8", "surrogateescape")
        yield _csv_record(index, raw, header, cells, reader.line_num)
        index += 1
    if source.failure is not None:
        yield Framed(index, None, b"", problem=_truncated(source.failure))


def _csv_record(index: int, raw: bytes, header: list[str], cells: list[str], line: int) -> Framed:
    if len(cells) != len(header):
        reason = f"line {line}: {len(cells)} cells under {len(header)} column names"
        return Framed(index, None, raw, problem=BadRecord("unexpected_shape", reason))
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return Framed(index, None, raw, problem=BadRecord("invalid_utf8", f"line {line}: byte {error.start} is not UTF-8"))
    return Framed(index, None, raw, value=dict(zip(header, cells, strict=True)))


class _Readable(io.RawIOBase):
    """Gives a _Source the face of a raw stream."""

    def __init__(self, source: _Source) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._source.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
