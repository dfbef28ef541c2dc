"""Where each watched item stands from one night to the next. Kept by night, so that a night that runs again begins where it began."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

import msgspec

from pipelines.http.protocol import Cursor
from pipelines.lake.commit import write_whole
from pipelines.lake.paths import DataPaths

_NIGHTS_KEPT: Final = 40


class Standing(msgspec.Struct, kw_only=True):
    """What one night left for the next."""

    night: date
    ends_at: datetime  # of the night's window: up to here the item is collected
    cursor: dict[str, Any] = {}


def _standings(paths: DataPaths, platform: str, item: str) -> list[Standing]:
    file = paths.cursor_file(platform, item)
    return msgspec.json.decode(file.read_bytes(), type=list[Standing]) if file.exists() else []


def standing_before(paths: DataPaths, platform: str, item: str, night: date) -> Standing | None:
    """What the last complete night before ``night`` left; None for an item that was never collected whole."""
    before = [each for each in _standings(paths, platform, item) if each.night < night]
    return max(before, key=lambda each: each.night, default=None)


def commit_cursor(paths: DataPaths, platform: str, item: str, night: date, ends_at: datetime, cursor: Cursor) -> None:
    """Keep what a chain that came to its end leaves for later nights."""
    kept = [each for each in _standings(paths, platform, item) if each.night != night]
    kept.append(Standing(night=night, ends_at=ends_at, cursor=dict(cursor)))
    kept.sort(key=lambda each: each.night)
    write_whole(paths.cursor_file(platform, item), msgspec.json.encode(kept[-_NIGHTS_KEPT:], order="deterministic"))
