"""Where a chain of pages stands: how far back it asks, when it ends, what stays for the next night. No platform's own paging."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from pipelines.http.protocol import Cursor, Window

MOST_PAGES: Final = 1_000  # of one chain in one night: whatever a server says, it ends


@dataclass(frozen=True, slots=True)
class Chain:
    """The state of one chain of pages, newest first.

    How far back is the window's matter: it begins, with an overlap, where the last whole night of the watched item ended.
    """

    floor: datetime  # UTC; nothing older is asked for
    page_count: int = 0
    marks: tuple[tuple[str, str], ...] = ()  # what the platform keeps from night to night

    @classmethod
    def begun(cls, cursor: Cursor, window: Window) -> Chain:
        """A new chain, with what earlier nights kept."""
        return cls(window.begins_at, marks=tuple(sorted(cursor.get("marks", {}).items())))

    @classmethod
    def at(cls, cursor: Cursor, window: Window) -> Chain:
        """The chain that ``going`` described."""
        return replace(cls.begun(cursor, window), page_count=int(cursor.get("page_count", 0)))

    def turned(self) -> Chain:
        """After one more page."""
        return replace(self, page_count=self.page_count + 1)

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
        return {**self.ended(), "page_count": self.page_count}

    def ended(self) -> Cursor:
        """The cursor for the next night."""
        return {"marks": dict(self.marks)} if self.marks else {}
