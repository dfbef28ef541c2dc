"""What each source delivered for each event day: counts that become the rows of ``coverage``. Writes nothing."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any, Final

import pyarrow as pa

from pipelines.lake.collection import Collected, Collection
from pipelines.lake.schemas import TABLES

_COUNTED: Final = frozenset({"posts", "interactions", "mainstream_items", "attention_series", "accounts"})
# Sources of a live collection, told apart from native formats by this beginning of their names.
_LIVE: Final = "live_"
_LIVE_METHOD: Final = "timeline"


class Coverage:
    """Counts of one platform's night, by source and collection method."""

    def __init__(self, platform: str, night: date) -> None:
        self._platform, self._night = platform, night
        self._got: Counter[tuple[str, str, date]] = Counter()
        self._refused: Counter[tuple[str, str]] = Counter()
        self._collected: list[Collected] = []

    def count(self, table: str, source: str, method: str, days: dict[date, int]) -> None:
        """Take in that ``source`` gave so many rows of ``table`` for each event day."""
        if table in _COUNTED:
            for day, rows in days.items():
                self._got[source, method, day] += rows

    def refuse(self, source: str, method: str) -> None:
        """Take in that a record was refused; it counts on the night, since it has no day."""
        self._refused[source, method] += 1

    def collect(self, collection: Collection) -> None:
        """Take in what the live collection of the night did: its sources are counted in items, not in rows."""
        self._collected += collection.sources

    def rows(self, observed_on: date) -> pa.Table:
        """The rows of ``coverage``, observed on the given night."""
        counts = {key: [got, 0] for key, got in self._got.items()}
        for (source, method), refused in self._refused.items():
            counts.setdefault((source, method, self._night), [0, 0])[1] = refused
        rows = [
            self._row(observed_on, source, method, day)
            | {"got_count": got, "quarantined_count": refused, "status": "partial" if refused else "ok"}
            for (source, method, day), (got, refused) in sorted(counts.items())
        ]
        rows += [
            self._row(observed_on, f"{_LIVE}{each.source}", _LIVE_METHOD, self._night)
            | {"expected_count": each.items, "got_count": each.items - each.cut, "status": each.status, "reason": each.reason}
            for each in sorted(self._collected, key=lambda each: each.source)
        ]
        return pa.Table.from_pylist(rows, TABLES["coverage"])

    def _row(self, observed_on: date, source: str, method: str, day: date) -> dict[str, Any]:
        return {
            "platform": self._platform,
            "source": source,
            "covered_on": day,
            "expected_count": None,
            "quarantined_count": 0,
            "reason": None,
            "observed_at": pa.scalar(observed_on, pa.date32()).cast(pa.timestamp("us", tz="UTC")).as_py(),
            "ts_quality": "date_only",
            "collection_method": method,
            "source_format": source,
            "source_hash": "",
            "landed_night": self._night,
        }
