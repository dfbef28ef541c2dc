"""Trends by key from their partitions, read as seldom as can be, and what is known of a trend without its rows. Estimates nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pipelines.analysis.trend_references import CohortTrends, Counts
from pipelines.analysis.trend_rows import Cohort, TrendPartition, TrendRows, read_trends

_PARTITIONS_KEPT: Final = 2


class TrendSource:
    """Partitions as trends by key; the last few stay in memory, and of every trend that was read a few numbers."""

    def __init__(self, partitions: Mapping[str, TrendPartition], smallest_exposure_days: float) -> None:
        """Nothing is read yet.

        Args:
            partitions: By key.
            smallest_exposure_days: See :meth:`pipelines.analysis.trend_rows.TrendRows.timed`.
        """
        self.partitions = partitions
        self.rows = lru_cache(maxsize=_PARTITIONS_KEPT)(self._read)
        self._least = smallest_exposure_days
        self._counts: dict[str, Counts] = {}
        self._timed: dict[str, dict[str, int]] = {}
        self._hashes: dict[str, dict[str, str]] = {}

    def _read(self, partition_key: str) -> dict[str, TrendRows]:
        found = read_trends(self.partitions[partition_key].load(), self._hashes.get(partition_key))
        trends = {trend.key: trend for trend in found}
        if partition_key not in self._hashes:
            self._hashes[partition_key] = {trend.key: trend.content_hash for trend in found}
            for key, trend in trends.items():
                groups = trend.groups()
                self._counts[key] = {name: (trend.prior_posts[rows], trend.prior_days[rows]) for name, rows in groups.items()}
                self._timed[key] = {name: trend.timed(rows, self._least).size for name, rows in groups.items()}
        return trends

    def counts(self, partition_key: str, key: str) -> Counts:
        """Posts and days of the rate window by group, of a trend of this partition."""
        if key not in self._counts:
            self.rows(partition_key)
        return self._counts[key]

    def timed(self, partition_key: str, key: str) -> dict[str, int]:
        """How many timelines each group with adopters has, of a trend of this partition."""
        if key not in self._timed:
            self.rows(partition_key)
        return self._timed[key]


@dataclass(frozen=True)
class KnownTrends:
    """What is known of every trend without its rows.

    Attributes:
        partition: By trend, the key of its partition.
        cohort: By trend, its type of unit and period.
        input_hash: By trend, of all that is read of it, and of the method.
        gate: By trend, why it is not compared; None where it is.
        events: By trend that is compared, the event that it is of (:func:`pipelines.analysis.trend_events.events_of`).
    """

    partition: Mapping[str, str]
    cohort: Mapping[str, Cohort]
    input_hash: Mapping[str, str]
    gate: Mapping[str, str | None]
    events: Mapping[str, str]

    def by_partition(self, keys: set[str]) -> dict[str, list[str]]:
        """Keys of trends by their partition, both in order.

        Args:
            keys: Of some trends.
        """
        parts: dict[str, list[str]] = {}
        for key in sorted(keys):
            parts.setdefault(self.partition[key], []).append(key)
        return {part: parts[part] for part in sorted(parts)}

    def cohorts(self) -> list[CohortTrends]:
        """Comparable trends by type of unit and period, in time's order; a cohort without any is there too."""
        found: dict[Cohort, dict[str, str]] = {cohort: {} for cohort in sorted(set(self.cohort.values()))}
        for key, gate in self.gate.items():
            if gate is None:
                found[self.cohort[key]][key] = self.input_hash[key]
        return [CohortTrends(cohort, hashes, {key: self.events[key] for key in hashes}) for cohort, hashes in found.items()]
