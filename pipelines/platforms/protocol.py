"""What a platform is to the intake: native formats that recognise a file and turn one record into canonical rows.

A platform folder holds ``parse.py`` with ``FORMATS: tuple[NativeFormat, ...]`` and ``TABLES: tuple[str, ...]`` (the lake
tables that it can fill). Formats are pure: bytes already decoded in, rows out, or a ``BadRecord``. Opening,
decompressing, framing, counting, quarantining and writing belong to ``pipelines.lake``.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from pipelines.lake.pseudonyms import Pseudonymiser


class Framing(enum.StrEnum):
    """How a decompressed file falls into records."""

    LINES = "lines"  # one JSON value a line
    TEXT = "text"  # one line of text, of a table without a header
    JSON = "json"  # one JSON document, split by the format into its items
    CSV = "csv"  # header row, then one record a row
    XML = "xml"  # one XML document, handed to the format as bytes and split by it
    BINARY = "binary"  # one binary file, handed to the format as bytes and split by it into ``Cut``s
    BYTES = "bytes"  # one document of the platform's own kind, handed to the format as bytes and split by it


class Row(NamedTuple):
    """One row for one lake table.

    ``values`` holds the schema's columns except ``landed_night``, ``source_hash``, ``source_format``, which the intake
    fills; ``observed_at``, ``ts_quality`` and ``collection_method`` default to the context's. A missing column is NULL.
    """

    table: str
    values: dict[str, Any]


class BadRecord(ValueError):
    """A record that cannot be landed; the intake turns it into one quarantine row and goes on.

    Codes are short and stable (``missing_id``, ``wrong_type``, ``implausible_time``, ``invalid_utf8``, ``broken_json``,
    ``broken_xml``, ``unsafe_xml``, ``truncated``, ``oversized``, ``unexpected_shape``, ``error_response``).
    """

    def __init__(self, code: str, reason: str, field_name: str | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.field_name = field_name


class Cut(NamedTuple):
    """One record that a format itself cut out of a binary file, or the place where it could not."""

    value: Any
    byte_offset: int | None
    problem: BadRecord | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """What a format sees to recognise a file: never the whole file."""

    file: str  # inbox-relative path below the platform's folder, '!' before an archive member
    suffix: str  # without compression: '.json', '.jsonl', '.ndjson', '.csv', '.xml', '.rss', ''
    head: bytes  # the first 64 KiB after decompression, or more where the first line is longer
    # First decoded JSON line (LINES), first line (TEXT), the whole decoded document (JSON), header names (CSV), or None.
    first_value: Any


@dataclass(frozen=True, slots=True)
class Record:
    """One unit of accounting: it ends landed, quarantined or counted as a duplicate."""

    value: Any  # decoded JSON value, line of text, dict of CSV cells by header name, or what an XML format's ``split`` yielded
    index: int  # 0-based among the file's records
    byte_offset: int | None  # in the decompressed file, where the framing knows it


@dataclass(frozen=True, slots=True)
class FileContext:
    """What a parser may know about the file that a record came from."""

    platform: str
    file: str
    source_hash: str
    night: date
    observed_at: datetime  # from a date in the path, else the file's modification time; payload times go before it
    observed_quality: str  # 'date_only' (path) or 'collected' (modification time)
    collection_method: str
    pseudonyms: Pseudonymiser
    collection_query: str | None = None  # the watched search whose answer this is; a format's own word goes before it


@runtime_checkable
class NativeFormat(Protocol):
    """One native shape of one platform's files."""

    name: str  # stable, lower case: 'pushshift_comments'
    framing: Framing
    collection_method: str  # one of schemas.COLLECTION_METHODS

    def matches(self, sample: Sample) -> bool:
        """Whether the file has this shape; formats are asked in order and the first that says yes takes the file."""
        ...

    def split(self, document: Any) -> Iterable[Any]:
        """Items of a JSON, XML or BYTES document, one per record; of a BINARY file, ``Cut``s. All other formats return ``(document,)``.

        Raises BadRecord if the whole document is unusable (it then counts as one quarantined record).
        """
        ...

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one record, at least one. Raises BadRecord."""
        ...


@runtime_checkable
class FileDatedFormat(NativeFormat, Protocol):
    """A format whose records leave something to the name of their file: equal lines of two files are then two records."""

    def told_by_file(self, file: str) -> str:
        """What the name of a file adds to each of its records. Raises BadRecord where it adds nothing."""
        ...


class ParsedLines(NamedTuple):
    """Rows of many lines at once.

    ``tables`` hold the lake schema's columns (all of them) and a last column ``record_index`` (int64, the place of the
    row's line among those given), in order of the lines. ``places`` (ascending) are the lines that were parsed; all others are
    left to ``parse``, which alone decides whether and why a line is refused.
    """

    tables: dict[str, pa.Table]
    places: np.ndarray[Any, np.dtype[np.int64]]


@runtime_checkable
class BlockFormat(NativeFormat, Protocol):
    """A LINES format with a columnar path of its own, for dumps of millions of lines; a TEXT format where no line's end is an empty cell."""

    def parse_lines(self, lines: Sequence[bytes], context: FileContext) -> ParsedLines:
        """As ``parse`` over each line, with equal rows; may leave any line to it.

        Lines are stripped, not empty and valid UTF-8.
        """
        ...
