"""Gaps of a stream as rows of ``coverage``: what a server did not give although it was asked for. Detects none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, Record, Row, Sample
from pipelines.platforms.times import from_unix, plausible

GAP: Final = "undercurrent_gap"  # the one key of a document that tells of a gap
_MICROSECONDS: Final = 1_000_000


class Gaps:
    """What whoever listened to a stream wrote down as missing: ``{"undercurrent_gap": {"stream", "begins", "ends"}}``."""

    framing = Framing.JSON
    collection_method = "firehose"

    def __init__(self, name: str) -> None:
        """Make the format under its platform's own name."""
        self.name = name

    def matches(self, sample: Sample) -> bool:
        """A document with that key."""
        return isinstance(sample.first_value, dict) and GAP in sample.first_value

    def split(self, document: Any) -> Iterable[Any]:
        """The gap."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterator[Row]:
        """For each UTC day that the gap touches, none of its missing minutes. Raises BadRecord."""
        gap = values.mapping(values.mapping(record.value, "document").get(GAP), GAP)
        stream = values.required_text(gap.get("stream"), "stream")
        begins, ends = (self._moment(gap.get(name), name, context) for name in ("begins", "ends"))
        if ends <= begins:
            raise BadRecord("unexpected_shape", "the gap ends before it begins", "ends")
        # Each gap is a source of its own: two of them may lie in one day, or overlap where a hearing was begun anew.
        return self._days(f"{stream}_gap_{gap['begins']}_{gap['ends']}", begins, ends, context)

    @staticmethod
    def _moment(micros: Any, name: str, context: FileContext) -> datetime:
        number = values.number(micros, name)
        if number is None:
            raise BadRecord("missing_field", f"{name} is missing", name)
        return plausible(from_unix(number / _MICROSECONDS, name), context.observed_at, name)

    @staticmethod
    def _days(source: str, begins: datetime, ends: datetime, context: FileContext) -> Iterator[Row]:
        day = begins.date()
        while (midnight := datetime.combine(day, time(), UTC)) < ends:
            missing = min(ends, midnight + timedelta(days=1)) - max(begins, midnight)
            row = {
                "platform": context.platform,
                "source": source,
                "covered_on": day,
                "expected_count": max(1, round(missing / timedelta(minutes=1))),
                "got_count": 0,
                "quarantined_count": 0,
                "status": "ok",  # nothing was refused; that nothing came, the counts say
                "ts_quality": context.observed_quality,
            }
            yield Row("coverage", row)
            day += timedelta(days=1)
