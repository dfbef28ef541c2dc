"""What one platform's part of a watchlist is to the collection: items, servers, limits. Read from YAML elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.http.protocol import Budget, WatchItem


@dataclass(frozen=True, slots=True)
class Watched:
    """One platform's part of the watchlist.

    Attributes:
        platform: its name.
        items: in the order of the file.
        hosts: further hosts that may be asked or redirected to.
        urls: every URL that the watchlist names: its origin may be asked as it is named, also over http.
        server: that the platform's lookups are asked at; None for the platform's own.
        budget: in place of the platform's own.
        days_back: how far back an item is collected that was never collected before.
        looks_up: whether counters, profiles and deletions of what is in the lake are looked up.
    """

    platform: str
    items: tuple[WatchItem, ...]
    hosts: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    server: str | None = None
    budget: Budget | None = None
    days_back: int = 7
    looks_up: bool = True
