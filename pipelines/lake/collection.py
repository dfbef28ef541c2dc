"""What a platform's live collection did in a night, as it tells the intake and the reader. Written by the collection, read for coverage."""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from pipelines.lake.commit import write_whole
from pipelines.lake.paths import DataPaths

OK: Final = "ok"
PARTIAL: Final = "partial"
SKIPPED: Final = "skipped"


class Collected(msgspec.Struct, kw_only=True):
    """One source of one platform: what its items or lookups brought."""

    source: str
    items: int = 0  # watched, or requests of a lookup
    cut: int = 0  # of them, those that did not come to their end
    pages: int = 0
    codes: list[str] = []  # why, in fixed words
    details: list[str] = []  # why, for the operator: may hold a platform's words, or a watched name
    is_skipped: bool = False

    @property
    def status(self) -> str:
        """ok, partial or skipped."""
        return SKIPPED if self.is_skipped else PARTIAL if self.cut else OK

    @property
    def reason(self) -> str | None:
        """Why it is not whole, in fixed words only: it is published."""
        words = ", ".join(sorted(set(self.codes)))
        return words if self.is_skipped else f"{self.cut} of {self.items} cut short: {words}" if self.cut else None


class Collection(msgspec.Struct, kw_only=True):
    """A platform's night."""

    platform: str
    night: date
    sources: list[Collected] = []
    pages_fetched: int = 0
    pages_from_disk: int = 0
    failed_attempts: int = 0
    torn_pages: list[str] = []
    units_spent: int = 0
    units_left: int = 0
    closed: str | None = None  # why nothing more was asked

    @property
    def status(self) -> str:
        """The worst of its sources."""
        found = {each.status for each in self.sources}
        return next((status for status in (PARTIAL, SKIPPED) if status in found), OK)

    def sentence(self) -> str:
        """What happened, in one line."""
        if self.sources and all(each.is_skipped for each in self.sources):
            return f"{self.platform}: skipped: {'; '.join(self.sources[0].details)}"
        pages = f"{self.pages_fetched:,} pages" + (f" and {self.pages_from_disk:,} from the disk" if self.pages_from_disk else "")
        told = f"{self.platform}: {self.status}; {pages}, {self.units_spent:,} units spent, {self.units_left:,} left"
        reasons = [f"{each.source}: {each.reason} ({each.details[0]})" for each in self.sources if each.reason and each.details]
        return "; ".join([told, *reasons])


def keep_collection(paths: DataPaths, collection: Collection) -> None:
    """Write what a collection did."""
    write_whole(
        paths.collection_file(collection.platform, collection.night), msgspec.json.encode(collection, order="deterministic")
    )


def collection_of(paths: DataPaths, platform: str, night: date) -> Collection | None:
    """What a platform's collection did in a night; None if there was none."""
    file = paths.collection_file(platform, night)
    return msgspec.json.decode(file.read_bytes(), type=Collection) if file.exists() else None
