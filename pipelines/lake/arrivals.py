"""Which files of the inbox are there, and whether all of them are finished, by names, sizes and times; reads no file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import xxhash

# Whoever still writes a file has touched it within this time; a copy over a slow network writes far more often.
SETTLED_AFTER: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The inbox at one moment."""

    file_count: int
    unsettled: list[str]
    """Names of files that changed so lately that they may still be written."""
    fingerprint: str
    """Changes when a file comes, goes or changes."""


def look(inbox: Path, now: datetime | None = None) -> Arrivals:
    """Look at the inbox. Hidden files do not count: they are the temporary names of copying programs.

    Args:
        inbox: the inbox folder; need not exist.
        now: the moment of looking (UTC); the present if not given.
    """
    moment = (now or datetime.now(UTC)).timestamp()
    digest = xxhash.xxh3_64()
    count = 0
    unsettled = []
    for file in sorted(path for path in inbox.rglob("*") if path.is_file()):
        if file.name.startswith("."):
            continue
        status = file.stat()
        name = file.relative_to(inbox).as_posix()
        count += 1
        # The change time too: a copy that keeps the modification time of its source is still new here.
        if moment - max(status.st_mtime, status.st_ctime) < SETTLED_AFTER.total_seconds():
            unsettled.append(name)
        digest.update(f"{name}|{status.st_size}|{status.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return Arrivals(count, unsettled, digest.hexdigest())
