"""Google Trends tables, timeline bodies and trending lists to attention series, one record per row or point. No I/O."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, NativeFormat, Record, Row, Sample
from pipelines.platforms.times import from_unix, plausible
from pipelines.platforms.trends.exports import (
    GUARD,
    Frame,
    GuardedRelatedBody,
    InterestExport,
    RelatedBody,
    RelatedExport,
    unguarded,
)
from pipelines.platforms.trends.points import granularity, period_start, point_row, term_and_region, value_of

TABLES: Final = ("attention_series", "coverage")
UNKNOWN_TERM: Final = "unknown term"
_PERIOD_HEADERS: Final = ("date", "day", "week", "month", "time")
_NOT_TERMS: Final = frozenset({*_PERIOD_HEADERS, "ispartial", "region", "geo", ""})
_RATIO_CEILING: Final = 10.0  # an index reaches 100 somewhere; a ratio to a reference term stays near one


def _unit(cells: list[str]) -> str:
    """The unit of a table's filled cells: Google's own index is whole numbers or '<1' and reaches 100 somewhere."""
    found = [value_of(cell, "cell") or 0.0 for cell in cells]
    fractional = any(not value.is_integer() for value in found) and "<1" not in cells
    return "normalised_ratio" if fractional and max(found) <= _RATIO_CEILING else "index_0_100"


def _period_column(headers: Iterable[str]) -> str | None:
    return next((name for name in headers if name.strip().casefold() in _PERIOD_HEADERS), None)


class WideTable:
    """A table with a period column and one column a term; one format for each step and unit, which one row cannot tell."""

    framing = Framing.CSV
    collection_method = "search"

    def __init__(self, step: str, unit: str) -> None:
        self.step, self.unit = step, unit
        self.name = f"trends_table_{step}_{unit}"

    def matches(self, sample: Sample) -> bool:
        """A period column, further columns of numbers, and this format's step and unit in the first rows."""
        head = sample.head.decode("utf-8-sig", "replace")
        lines = head.splitlines()
        try:
            rows = list(csv.reader(lines[:200] if len(lines) > 200 else lines[: -1 if len(sample.head) >= 65536 else None]))
            headers = rows[0] if rows else []
            column = _period_column(headers)
            if column is None or len(headers) < 2:
                return False
            place = headers.index(column)
            starts = [period_start(row[place], column) for row in rows[1:3] if len(row) > place]
            cells = [
                cell.strip()
                for row in rows[1:]
                for name, cell in zip(headers, row, strict=False)
                if name.strip().casefold() not in _NOT_TERMS and value_of(cell, name) is not None
            ]
        except (BadRecord, csv.Error):
            return False
        if not starts or not cells:
            return False
        named = column.strip().casefold()
        step = granularity(abs(starts[1] - starts[0])) if len(starts) > 1 else named if named in {"week", "month"} else "day"
        return (step, _unit(cells)) == (self.step, self.unit)

    def split(self, document: Any) -> Iterable[Any]:
        """One row, one record."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """A point for each term of the row. Raises BadRecord."""
        cells = record.value
        if not isinstance(cells, dict):
            raise BadRecord("wrong_type", "the row is no set of cells", "row")
        column = _period_column(name for name in cells if isinstance(name, str))
        written = cells.get(column) if column else None
        if column is None or not isinstance(written, str):
            raise BadRecord("unexpected_shape", "the row has no period", column)
        starts_at = plausible(period_start(written, column), context.observed_at, column)
        partial = next((cell for name, cell in cells.items() if str(name).casefold() == "ispartial"), None)
        rows = []
        for name, cell in cells.items():
            if not isinstance(name, str) or name.strip().casefold() in _NOT_TERMS:
                continue
            term, region = term_and_region(name)
            quality = "exact" if self.step == "hour" else "date_only"
            row = point_row(context, term, region, self.step, starts_at, value_of(cell, name), self.unit, quality)
            row.values["is_partial"] = str(partial).strip().casefold() == "true" if partial is not None else None
            rows.append(row)
        if not rows:
            raise BadRecord("unexpected_shape", "the row has a period but no term", column)
        return rows


class Timeline:
    """The body of Google's multiline widget. It does not say which terms it is about."""

    name = "trends_timeline"
    framing = Framing.JSON
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """``{"default": {"timelineData": [...]}}``."""
        first = values.optional_mapping(sample.first_value)
        return isinstance(values.child(first, "default").get("timelineData"), list)

    def split(self, document: Any) -> Iterator[Any]:
        """The points, each told its step and, where the document names them beside ``default``, its terms."""
        points = values.child(values.optional_mapping(document), "default").get("timelineData")
        if not isinstance(points, list):
            raise BadRecord("unexpected_shape", "the document has no timelineData", "default.timelineData")
        terms = document.get("terms") or document.get("keywords")
        flat = [half for point in points for half in self._halves(point)]
        by_series: dict[int, list[int]] = {}
        for series, point in flat:
            seconds = values.optional_mapping(point).get("time")
            if isinstance(seconds, str) and seconds.isascii() and seconds.isdigit() and len(seconds) < 13:
                by_series.setdefault(series, []).append(int(seconds))
        gaps = [later - sooner for times in by_series.values() for sooner, later in itertools.pairwise(times)]
        positive = [gap for gap in gaps if gap > 0]
        step = granularity(timedelta(seconds=min(positive))) if positive else "day"
        for series, point in flat:
            yield {"point": point, "step": step, "terms": terms, "first_term": series}

    @staticmethod
    def _halves(point: Any) -> list[tuple[int, Any]]:
        """A point of a comparison of several time ranges carries one column for each range."""
        columns = values.sequence(values.optional_mapping(point).get("columnData"))
        return list(enumerate(columns)) if columns else [(0, point)]

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """A row for each value of the point. Raises BadRecord."""
        item = values.optional_mapping(record.value)
        point, step = item.get("point"), str(item.get("step"))
        if not isinstance(point, dict) or not isinstance(point.get("time"), str):
            raise BadRecord("wrong_type", "the point has no time", "time")
        starts_at = plausible(from_unix(point["time"], "time"), context.observed_at, "time")
        listed = point.get("value")
        if isinstance(listed, int | float):  # comparisons of several time ranges hold bare numbers
            listed = [listed]
        if not isinstance(listed, list) or not listed:
            raise BadRecord("unexpected_shape", "the point has no values", "value")
        measured = point["hasData"] if isinstance(point.get("hasData"), list) else []
        rows = []
        for place, value in enumerate(listed):
            position = place + int(item.get("first_term") or 0)
            term = self._term(item.get("terms"), position, context)
            number = value_of(value, "value") if place >= len(measured) or measured[place] is not False else None
            row = point_row(context, term, None, step, starts_at, number, "index_0_100", "exact")
            row.values["is_partial"] = point.get("isPartial") is True
            rows.append(row)
        return rows

    @staticmethod
    def _term(terms: Any, position: int, context: FileContext) -> str:
        named = values.sequence(terms)
        return (
            values.text(named[position] if position < len(named) else None) or f"{UNKNOWN_TERM} {position + 1} of {context.file}"
        )


class GuardedTimeline(Timeline):
    """The same body as Google sends it: behind a prefix that is no JSON, so it is taken as bytes."""

    name = "trends_timeline_guarded"
    framing = Framing.XML

    def matches(self, sample: Sample) -> bool:
        """The prefix, and a timeline behind it."""
        return sample.head.lstrip().startswith(GUARD) and b'"timelineData"' in sample.head

    def split(self, document: Any) -> Iterator[Any]:
        """The points behind the prefix. Raises BadRecord ``broken_json``."""
        yield from super().split(unguarded(document))


class TrendingHistory:
    """A history of trending-search lists: snapshots, each with its items and their least traffic."""

    name = "trends_trending_history"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """A list of objects with ``timestamp`` and ``items``."""
        first = sample.first_value
        return (
            isinstance(first, list) and bool(first) and isinstance(first[0], dict) and {"timestamp", "items"} <= first[0].keys()
        )

    def split(self, document: Any) -> Iterable[Any]:
        """The snapshots."""
        return document if isinstance(document, list) else (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """A point for each trending term of the snapshot; the traffic is Google's lower bound. Raises BadRecord."""
        snapshot = values.mapping(record.value, "snapshot")
        items = values.sequence(snapshot.get("items"))
        if not items:
            raise BadRecord("unexpected_shape", "the snapshot has no items", "items")
        starts_at = values.time(snapshot.get("timestamp"), "timestamp", context)
        region = "KR" if "korea" in context.file.casefold() else None
        rows = []
        for item in items:
            named = values.mapping(item, "items")
            term = values.required_text(named.get("keyword"), "items.keyword")
            row = point_row(context, term, region, "hour", starts_at, value_of(named.get("traffic"), "traffic"), "views", "exact")
            rows.append(Row(row.table, {**row.values, "observed_at": starts_at}))
        return rows


_TABLES: Final = tuple(
    WideTable(step, unit) for unit in ("index_0_100", "normalised_ratio") for step in ("hour", "day", "week", "month")
)
FORMATS: Final[tuple[NativeFormat, ...]] = (
    *_TABLES,
    Timeline(),
    GuardedTimeline(),
    TrendingHistory(),
    InterestExport(),
    RelatedExport(),
    RelatedBody(),
    GuardedRelatedBody(),
    Frame(),
)
