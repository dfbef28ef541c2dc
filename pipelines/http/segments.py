"""A stream on the disk: segments that appear whole and whose names say how far it was heard, and gaps. Asks nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from pipelines.lake.commit import sync
from pipelines.platforms.gaps import GAP

_NAME: Final = re.compile(r"(?P<stream>[\w-]+)-(?P<first>\d{16,17})-(?P<last>\d{16,17})\.jsonl")


class SegmentFiles:
    """The segments of one stream in a folder, such as one of the inbox.

    Positions are Unix microseconds. A file gets its name when all of it is on the disk: whoever is killed leaves a segment whole or not
    at all, and the names alone say where to resume.
    """

    def __init__(self, folder: Path, stream: str) -> None:
        self._folder, self._stream = folder, stream

    def land(self, body: bytes, first: int, last: int) -> Path:
        """Have lines on the disk, under a name that tells the positions they span."""
        return self._write(f"{self._stream}-{first:016d}-{last:016d}.jsonl", body)

    def miss(self, begins: int, ends: int) -> Path:
        """Have a gap on the disk, as a document that the intake turns into coverage."""
        told = {GAP: {"stream": self._stream, "begins": begins, "ends": ends}}
        return self._write(f"{self._stream}-gap-{begins:016d}-{ends:016d}.json", msgspec.json.encode(told))

    def _write(self, name: str, body: bytes) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._folder / name
        draft = file.with_name(f".{file.name}.draft")
        draft.write_bytes(body)
        sync(draft)
        # The same span heard twice holds the same events: the later file may take the place of the earlier one.
        draft.rename(file)
        sync(self._folder)
        return file

    def files(self) -> Iterator[Path]:
        """The segments, in order of their positions."""
        yield from (file for file in sorted(self._folder.glob(f"{self._stream}-*.jsonl")) if _NAME.fullmatch(file.name))

    def position(self) -> int | None:
        """The position up to which the stream was heard; None if nothing was."""
        lasts = [int(match["last"]) for file in self.files() if (match := _NAME.fullmatch(file.name))]
        return max(lasts, default=None)
