"""From where a source asks on: the newest thing that it knows less an overlap, or the window's beginning. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from pipelines.http.protocol import Cursor, Window

NEWEST = "newest"  # of all things seen, ISO 8601
SINCE = "since"  # fixed when a night's chain begins: ``newest`` grows while it runs


def begun(cursor: Cursor, window: Window, overlap: timedelta) -> dict[str, object]:
    """The cursor of a chain that begins.

    Args:
        cursor: what the last night left.
        window: of this night; its beginning holds where nothing is known yet.
        overlap: how far to ask back behind the newest known thing, for what the platform shows late.
    """
    newest = moment_of(cursor.get(NEWEST))
    since = newest - overlap if newest else window.begins_at
    return {**cursor, SINCE: since.isoformat()}


def since_of(cursor: Cursor, window: Window) -> datetime:
    """The time before which a running chain asks for nothing."""
    return moment_of(cursor.get(SINCE)) or window.begins_at


def seen(cursor: Cursor, window: Window, moments: Iterable[datetime]) -> dict[str, object]:
    """The cursor after a page with things of these times. A time after the window is not believed."""
    known = moment_of(cursor.get(NEWEST))
    latest = max((moment for moment in moments if moment <= window.ends_at), default=known)
    newest = max(filter(None, (known, latest)), default=None)
    return {**cursor, NEWEST: newest.isoformat()} if newest else dict(cursor)


def moment_of(written: object) -> datetime | None:
    """A time as the cursor keeps it; None where there is none."""
    try:
        return datetime.fromisoformat(written) if isinstance(written, str) else None
    except ValueError:
        return None
