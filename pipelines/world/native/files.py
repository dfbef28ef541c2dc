"""The inbox that is being filled: atomic streams of files, planted faults, and what a platform's writer is given each day. No payloads."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final, Protocol

import numpy as np
import zstandard

from pipelines.world import faults
from pipelines.world.drawn import Flags, Ints, Items, Posts, Reactions
from pipelines.world.native.names import Names

Payload = dict[str, Any]
# Files get one modification time, so that formats whose names carry no day are observed at the same moment everywhere.
WRITTEN_AT: Final = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp())
_WINDOW_LOG: Final = 28  # beyond the 2**27 that zstd readers accept by default, as the real dumps are


@dataclass(frozen=True, slots=True)
class Filed:
    """What a platform's collection hands over on one day: the records that arrive on it, whenever they happened.

    Attributes:
        day: 0-based day of the delivery; file names carry its date.
        posts: Posts whose records arrive today, in order of second; a late one happened days before.
        observed_second: When each record was read (counters are of that age), one value a post.
        version: 0, or 1 where the record is of the text after an edit.
        is_repeat: The record was delivered before; this one is a second delivery with later counters.
        deleted: Posts whose deletion is stated today, where the platform's formats can state one.
        reactions: Likes and follows of the day.
        items: Items of outlets that this collection lists today; empty for social platforms.
        is_drifted: Records have the platform's later shape (a field added or renamed).
        is_last: No day comes after this one.
    """

    day: int
    posts: Posts
    observed_second: Ints
    version: Ints
    is_repeat: Flags
    deleted: Posts
    reactions: Reactions
    items: Items
    is_drifted: bool
    is_last: bool


class PlatformWriter(Protocol):
    """Writes one platform's files; made by ``open_writer(inbox, names)`` of the platform's module.

    Each module also has ``account_id(names, account) -> str`` and ``post_id(names, number, account, second, kind) -> str``:
    the native ids by which the lake keys accounts and posts. Payloads use them, truth names them.
    """

    def write_profiles(self, day: int, accounts: Ints) -> None:
        """Write profiles as seen on a day, where the platform has files of profiles."""

    def write_day(self, filed: Filed) -> None:
        """Write or buffer one day's records; memory stays within a week's records."""

    def close(self) -> None:
        """Write what is still buffered."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A planted fault: where it is, and the reason code it must get."""

    platform: str
    file: str
    kind: str
    expected_code: str | None
    detail: str | None


@dataclass
class Inbox:
    """The folder being filled, and the faults put into it.

    Attributes:
        root: Folder of the inbox; one folder a platform below it.
        has_faults: Whether bad records, broken and unknown files are planted.
        faults: Planted so far.
    """

    root: Path
    has_faults: bool = True
    faults: list[Fault] = field(default_factory=list)

    def write(self, platform: str, name: str, content: bytes) -> None:
        """Write a whole file."""
        path = self._path(platform, name)
        path.write_bytes(content)
        os.utime(path, (WRITTEN_AT, WRITTEN_AT))

    def stream(self, platform: str, name: str) -> Stream:
        """Open a file to be written piece by piece; ``.gz`` and ``.zst`` are compressed on the way, byte for byte the same each time."""
        return Stream(self._path(platform, name))

    def plant(self, platform: str, file: str, kind: str, expected_code: str | None, detail: str | None = None) -> None:
        """Note a fault."""
        self.faults.append(Fault(platform, file, kind, expected_code, detail))

    def spoil(self, platform: str, file: str, good: Payload) -> list[Payload]:
        """Spoilt copies of a record, noted as faults of the file; none in a world without faults."""
        return [value for _, value in self._noted(platform, file, faults.bad_values, good)]

    def spoil_lines(self, platform: str, file: str, good: Payload) -> list[bytes]:
        """Spoilt lines, noted as faults of the file; none in a world without faults."""
        return [line for _, line in self._noted(platform, file, faults.bad_lines, good)]

    def _noted(
        self, platform: str, file: str, make: Callable[[str, Payload], list[tuple[str, Any]]], good: Payload
    ) -> list[tuple[str, Any]]:
        spoilt = make(platform, good) if self.has_faults else []
        for code, _ in spoilt:
            self.plant(platform, file, "bad_record", code)
        return spoilt

    def _path(self, platform: str, name: str) -> Path:
        path = self.root / platform / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


class Stream:
    """A file that grows; closing it sets its modification time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._raw = path.open("wb")
        self._file: IO[bytes] | Any = self._raw
        if path.suffix == ".gz":
            self._file = gzip.GzipFile(filename="", mode="wb", compresslevel=4, fileobj=self._raw, mtime=0)
        elif path.suffix == ".zst":
            # A frame without its size in the header, whose window is therefore declared whole, as ``zstd --long`` does on a stream.
            parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=_WINDOW_LOG, write_checksum=1)
            self._file = zstandard.ZstdCompressor(compression_params=parameters).stream_writer(self._raw, closefd=False)

    def write(self, content: bytes) -> None:
        """Append bytes."""
        self._file.write(content)

    def close(self) -> None:
        """Finish the file."""
        if self._file is not self._raw:
            self._file.close()
        self._raw.close()
        os.utime(self._path, (WRITTEN_AT, WRITTEN_AT))


def line(value: Any) -> bytes:
    """A record as one line of JSON, without its end."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def document(value: Any) -> bytes:
    """A value as a JSON document."""
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def lines(values: Iterable[Any]) -> bytes:
    """Records as lines of JSON, each with its end."""
    return b"".join(line(value) + b"\n" for value in values)


BASE32: Final = "abcdefghijklmnopqrstuvwxyz234567"
BASE36: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
BASE64: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
SORTABLE: Final = "234567abcdefghijklmnopqrstuvwxyz"


def spelled(number: int, alphabet: str, length: int) -> str:
    """A number in an alphabet's digits, the last ``length`` of them."""
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(alphabet))
        digits.append(alphabet[digit])
    return "".join(reversed(digits))


def text_id(alphabet: str, length: int, *parts: object) -> str:
    """A stable id of some length that says nothing about its parts."""
    digest = hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=48).digest()
    return spelled(int.from_bytes(digest, "big"), alphabet, length)


def opened(names: Names, platform: int) -> Ints:
    """Account numbers of a platform."""
    return np.flatnonzero(names.accounts.platform == platform).astype(np.int64)
