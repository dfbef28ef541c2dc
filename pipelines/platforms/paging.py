"""Where a chain of pages stands: how far back it asks, how new what it saw is, when it ends. No platform's own paging."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from pipelines.http.protocol import Cursor, Window

# Asked again each night: what the platform showed late, and counters that still move.
OVERLAP: Final = timedelta(days=2)
MOST_PAGES: Final = 1_000  # of one chain in one night: whatever a server says, it ends


@dataclass(frozen=True, slots=True)
class Chain:
    """The state of one chain. Times are UTC.

    A chain that is cut off keeps ``newest`` as it was, so that the next one asks for the same again.
    """

    floor: datetime  # nothing older is asked for
    newest: datetime | None = None  # the newest that earlier chains saw, to their ends
    seen: datetime | None = None  # the newest of this chain
    page_count: int = 0
    marks: tuple[tuple[str, str], ...] = ()  # what else the platform keeps from night to night

    @classmethod
    def begun(cls, cursor: Cursor, window: Window, overlap: timedelta = OVERLAP) -> Chain:
        """A new chain: back to what earlier ones saw and a little more, or to the window's beginning."""
        newest = _time(cursor.get("newest"))
        floor = window.begins_at if newest is None else newest - overlap
        return cls(floor, newest, marks=tuple(sorted(cursor.get("marks", {}).items())))

    @classmethod
    def at(cls, cursor: Cursor, window: Window, overlap: timedelta = OVERLAP) -> Chain:
        """The chain that ``going`` described."""
        begun = cls.begun(cursor, window, overlap)
        floor = _time(cursor.get("floor"))
        return replace(begun, floor=floor or begun.floor, seen=_time(cursor.get("seen")), page_count=cursor.get("page_count", 0))

    def turned(self, times: Collection[datetime]) -> Chain:
        """After one more page, with the times of its items."""
        return replace(self, page_count=self.page_count + 1, seen=max(filter(None, [self.seen, *times]), default=None))

    def marked(self, name: str, value: str) -> Chain:
        """With something more to keep."""
        return replace(self, marks=tuple(sorted({**dict(self.marks), name: value}.items())))

    def goes_on(self, token: str | None, asked: str | None, oldest: datetime | None) -> bool:
        """Whether a further page is worth asking for.

        Args:
            token: what the page names as the way to the next one; None or empty at the end.
            asked: the token that the page itself was asked with: a server that repeats it has no more to say.
            oldest: time of the page's last item; None where the page was empty.
        """
        return bool(token) and token != asked and oldest is not None and oldest >= self.floor and self.page_count < MOST_PAGES

    def going(self) -> Cursor:
        """The cursor while the chain goes on."""
        state = {"floor": self.floor.isoformat(), "page_count": self.page_count}
        if self.seen is not None:
            state["seen"] = self.seen.isoformat()
        return {**self._kept(self.newest), **state}

    def ended(self) -> Cursor:
        """The cursor for the next night."""
        return self._kept(max(filter(None, (self.newest, self.seen)), default=None))

    def _kept(self, newest: datetime | None) -> Cursor:
        kept: dict[str, object] = {"newest": newest.isoformat()} if newest is not None else {}
        return {**kept, "marks": dict(self.marks)} if self.marks else kept


def _time(written: object) -> datetime | None:
    return datetime.fromisoformat(written).astimezone(UTC) if isinstance(written, str) else None
