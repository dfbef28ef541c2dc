"""Nights of live collection against peers: collect, take in, and look at what lies in the lake. No time is waited for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import yaml

from pipelines.http.clients import CLIENTS
from pipelines.http.clock import Clock
from pipelines.http.collect import Tools, collect_platform
from pipelines.http.watched import Watched
from pipelines.http.watchlist import load_watchlist
from pipelines.lake.collection import Collection
from pipelines.lake.intake import NightIntake, ingest_night
from pipelines.lake.paths import DataPaths
from pipelines.lake.pseudonyms import Pseudonymiser
from pipelines.platforms.registry import PLATFORMS

MOST_PER_SECOND = 1_000  # nothing is paced: the peers are ours to load
KEYS = Pseudonymiser(b"peers on the loopback")


class Later(Clock):
    """A clock that is ahead by whole nights and that nobody waits by."""

    def __init__(self, ahead: timedelta = timedelta()) -> None:
        self._ahead, self.waited_seconds = ahead, 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead + timedelta(seconds=self.waited_seconds)

    def monotonic(self) -> float:
        return super().monotonic() + self.waited_seconds

    def sleep(self, seconds: float) -> None:
        self.waited_seconds += seconds


@dataclass
class Lake:
    """A data folder, its watchlist and its nights."""

    root: Path
    platform: str
    first: date = field(default_factory=lambda: datetime.now(UTC).date())
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def watchlist(self) -> Path:
        return self.paths.watchlist

    def watch(self, server: str, lines: Mapping[str, Sequence[str | Mapping[str, Any]]], **budget: int) -> Watched:
        """Write a watchlist with these lines by source, and read it as the product does."""
        settings = {"server": server, "budget": {"requests_per_second": MOST_PER_SECOND, **budget}}
        self.watchlist.parent.mkdir(parents=True, exist_ok=True)
        self.watchlist.write_text(
            yaml.safe_dump({self.platform: {**settings, **{name: list(each) for name, each in lines.items()}}})
        )
        return load_watchlist(self.watchlist, CLIENTS)[self.platform]

    @property
    def paths(self) -> DataPaths:
        return DataPaths(self.root / "data")

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    def collect(
        self, what: Watched, number: int = 0, *, transport: httpx.BaseTransport | None = None, clock: Later | None = None
    ) -> Collection:
        """Collect the first night or a later one, as if so many days had passed."""
        tools = Tools(environment=self.environment, clock=clock or Later(timedelta(days=number)), transport=transport)
        night = self.first + timedelta(days=number)
        return collect_platform(self.paths, CLIENTS[self.platform], what, night, tools)

    def take_in(self, number: int = 0) -> NightIntake:
        """Take in what a night collected, and the inbox; every record is accounted for."""
        night = self.first + timedelta(days=number)
        intake = ingest_night(self.paths, self.inbox, PLATFORMS[self.platform], night, KEYS)
        for file in intake.files:
            assert file.record_count == file.landed_count + file.quarantined_count + file.duplicate_count, file
        return intake

    def night(self, what: Watched, number: int = 0) -> NightIntake:
        """Collect a night to its end and take it in."""
        collection = self.collect(what, number)
        assert collection.status == "ok", collection
        return self.take_in(number)

    def rows(self, table: str, number: int | None = None) -> list[dict[str, Any]]:
        """Rows of a landed table: of one night, or of all."""
        name = f"night={self.first + timedelta(days=number)}.parquet" if number is not None else "night=*.parquet"
        files = sorted(self.paths.table_root(self.platform, table).rglob(name))
        return [row for file in files for row in pq.read_table(file, partitioning=None).to_pylist()]

    def quarantined(self, number: int = 0) -> list[dict[str, Any]]:
        """What was refused in a night."""
        file = self.paths.quarantine_file(self.platform, self.first + timedelta(days=number))
        return pq.read_table(file, partitioning=None).to_pylist() if file.exists() else []

    def key(self, native_id: str) -> str:
        """What a native id is called in the lake."""
        return KEYS.key(self.platform, native_id)


def newest(rows: Iterable[Mapping[str, Any]], key: str) -> dict[str, dict[str, Any]]:
    """Of each key what was observed last, column by column: a sighting that does not tell a value leaves the one before."""
    found: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row["observed_at"]):
        before = found.setdefault(row[key], dict(row))
        before.update({name: value for name, value in row.items() if value is not None})
    return found
