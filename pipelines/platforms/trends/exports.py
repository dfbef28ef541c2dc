"""What Google Trends' own page exports and pytrends writes: tables under a line of category, related queries, frames as JSON."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, Record, Row, Sample
from pipelines.platforms.times import from_unix, plausible
from pipelines.platforms.trends.points import granularity, period_start, point_row, term_and_region, value_of

GUARD: Final = b")]}'"
_EVERYTHING: Final = "all categories"
_PREAMBLE_ROWS: Final = 2  # the category, and an empty line
_SECTIONS: Final = {"TOP": "top", "RISING": "rising"}
_BREAKOUT: Final = 5_000.0  # percent: Google's word for whatever grew more than that
_UNITS: Final = {"top": "index_0_100", "rising": "rise_percent"}


def _rows(document: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(bytes(document).decode("utf-8-sig", "replace"), newline="")))


def _export(document: Any, content: str) -> list[list[str]]:
    """The rows of an export, its preamble included. Raises BadRecord where it is no table, or no ``content`` stands below the preamble."""
    try:
        rows = _rows(document)
    except csv.Error as error:
        raise BadRecord("broken_csv", f"the export is no table: {error}") from None
    if not _is_under_preamble(rows):
        raise BadRecord("unexpected_shape", f"the export has no {content} below a line of category")
    return rows


def _is_under_preamble(rows: list[list[str]]) -> bool:
    return len(rows) > _PREAMBLE_ROWS and len(rows[0]) == 1 and ":" in rows[0][0] and rows[1] == []


def _category(rows: list[list[str]]) -> str:
    """What keeps series of one category apart from those of another; nothing for all of them together."""
    named = rows[0][0].partition(":")[2].strip().casefold()
    return "" if named == _EVERYTHING else f"category {named}|"


class InterestExport:
    """multiTimeline.csv: a line of category, an empty line, then a table of periods and terms, whatever the language."""

    name = "trends_interest_export"
    framing = Framing.XML  # whole, as bytes: the first line is no header
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """The preamble, a header of two columns or more, and a period at the start of the row below it."""
        try:
            rows = _rows(sample.head)[:4]
            if not _is_under_preamble(rows) or len(rows) < 4 or len(rows[2]) < 2:
                return False
            period_start(rows[3][0], "period")
        except (BadRecord, csv.Error, IndexError):
            return False
        return True

    def split(self, document: Any) -> Iterator[Any]:
        """The rows of the table, each with what it needs of the file. Raises BadRecord."""
        rows = _export(document, "header")
        header, lines = rows[_PREAMBLE_ROWS], [row for row in rows[_PREAMBLE_ROWS + 1 :] if row]
        step = _step([line[0] for line in lines[:3]])
        return iter([{"header": header, "cells": cells, "step": step, "of": _category(rows)} for cells in lines])

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """A point for each term of the row. Raises BadRecord."""
        row = values.mapping(record.value, "row")
        header, cells, step = values.texts(row.get("header")), values.texts(row.get("cells")), str(row.get("step"))
        if len(cells) != len(header) or not cells:
            raise BadRecord("unexpected_shape", f"{len(cells)} cells under {len(header)} column names")
        starts_at = plausible(period_start(cells[0], header[0]), context.observed_at, header[0])
        quality, of = "exact" if step == "hour" else "date_only", str(row.get("of") or "")
        points = []
        for name, cell in zip(header[1:], cells[1:], strict=True):
            term, region = term_and_region(name)
            points.append(point_row(context, term, region, step, starts_at, value_of(cell, name), "index_0_100", quality, of=of))
        return points


def _step(periods: list[str]) -> str:
    try:
        starts = [period_start(written, "period") for written in periods]
    except BadRecord:
        return "day"
    return granularity(min((abs(later - sooner) for sooner, later in itertools.pairwise(starts)), default=timedelta(days=1)))


class _Related:
    """Queries that people also searched for: not over time, but as of the day on which the list was made."""

    collection_method = "search"

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """The point of one query. Raises BadRecord."""
        item = values.mapping(record.value, "query")
        kind = str(item.get("kind"))
        if kind not in _UNITS:
            raise BadRecord("unexpected_shape", f"the query stands in no known list: {kind[:40]!r}", "kind")
        term = values.required_text(item.get("query"), "query")
        day = context.observed_at.replace(hour=0, minute=0, second=0, microsecond=0)
        value = _BREAKOUT if item.get("value") == "Breakout" else value_of(item.get("value"), "value")
        # The lists do not say what they are related to, and the same query is related to many things.
        of = f"related {kind}|{item.get('to') or context.file}|{item.get('of') or ''}{item.get('topic') or ''}"
        return [point_row(context, term, None, "day", day, value, _UNITS[kind], "collected", of=of)]


class RelatedExport(_Related):
    """relatedQueries.csv and relatedEntities.csv: the preamble, then the sections TOP and RISING."""

    name = "trends_related_export"
    framing = Framing.XML

    def matches(self, sample: Sample) -> bool:
        """The preamble and the first section's name."""
        try:
            rows = _rows(sample.head)[:3]
        except csv.Error:
            return False
        return _is_under_preamble(rows) and len(rows[2]) == 1 and rows[2][0] in _SECTIONS

    def split(self, document: Any) -> Iterator[Any]:
        """The queries of both sections. Raises BadRecord."""
        rows = _export(document, "list")
        kind: str | None = None
        for row in rows[_PREAMBLE_ROWS:]:
            if len(row) == 1 and row[0] in _SECTIONS:
                kind = _SECTIONS[row[0]]
            elif row:
                yield {"kind": kind, "query": row[0], "value": _growth(row[1] if len(row) > 1 else None), "of": _category(rows)}


def _growth(written: str | None) -> str | None:
    """'+1,250%' as '1250'; what is no growth as it is."""
    return written.strip().lstrip("+").removesuffix("%").replace(",", "") if written else None


class RelatedBody(_Related):
    """The body of Google's related-searches widget: a list of the top ones, then one of the rising ones."""

    name = "trends_related"
    framing = Framing.JSON

    def matches(self, sample: Sample) -> bool:
        """``{"default": {"rankedList": [...]}}``."""
        return isinstance(_ranked(sample.first_value), list)

    def split(self, document: Any) -> Iterator[Any]:
        """The queries or topics of both lists. Raises BadRecord."""
        lists = _ranked(document)
        if not isinstance(lists, list):
            raise BadRecord("unexpected_shape", "the document has no rankedList", "default.rankedList")
        to = ", ".join(values.texts(document.get("terms") or document.get("keywords")))
        for kind, ranked in zip(_UNITS, lists, strict=False):
            for item in values.sequence(values.optional_mapping(ranked).get("rankedKeyword")):
                named = values.optional_mapping(item)
                topic = values.child(named, "topic")
                # A breakout has its true growth here, which the page does not show. Topics of one title differ by their id.
                yield {
                    "kind": kind,
                    "query": values.text(named.get("query")) or values.text(topic.get("title")),
                    "topic": values.text(topic.get("mid")),
                    "value": named.get("value"),
                    "to": to,
                }


def _ranked(document: Any) -> Any:
    return values.child(values.optional_mapping(document), "default").get("rankedList")


class GuardedRelatedBody(RelatedBody):
    """The same body as Google sends it, behind a prefix that is no JSON."""

    name = "trends_related_guarded"
    framing = Framing.XML

    def matches(self, sample: Sample) -> bool:
        """The prefix, and a ranked list behind it."""
        return sample.head.lstrip().startswith(GUARD) and b'"rankedList"' in sample.head

    def split(self, document: Any) -> Iterator[Any]:
        """The queries behind the prefix. Raises BadRecord ``broken_json``."""
        yield from super().split(unguarded(document))


def unguarded(document: Any) -> Any:
    """The JSON behind Google's prefix. Raises BadRecord ``broken_json``."""
    body = bytes(document).lstrip().removeprefix(GUARD).lstrip(b",\r\n ")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRecord("broken_json", f"the body behind the prefix is no JSON: {error}") from None


class Frame:
    """pytrends' interest over time as pandas writes it: ``{"moss": {"1767225600000": 10}, "isPartial": {...}}``."""

    name = "trends_frame"
    framing = Framing.JSON
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """Columns that are all by the same times in milliseconds."""
        columns = sample.first_value
        if not isinstance(columns, dict) or not columns:
            return False
        first = next(iter(columns.values()))
        if not isinstance(first, dict) or not first or not all(_moment(each) for each in itertools.islice(first, 3)):
            return False
        return all(isinstance(column, dict) and column.keys() == first.keys() for column in columns.values())

    def split(self, document: Any) -> Iterator[Any]:
        """One item for each time."""
        columns = {name: values.optional_mapping(column) for name, column in values.optional_mapping(document).items()}
        times = sorted({time for column in columns.values() for time in column})
        moments = sorted(filter(None, map(_moment, times)))
        step = granularity(min((later - sooner for sooner, later in itertools.pairwise(moments)), default=timedelta(days=1)))
        for time in times:
            yield {"time": time, "step": step, "values": {name: column.get(time) for name, column in columns.items()}}

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """A point for each term. Raises BadRecord."""
        item = values.mapping(record.value, "row")
        moment, step = _moment(item.get("time")), str(item.get("step"))
        if moment is None:
            raise BadRecord("wrong_type", f"{str(item.get('time'))[:40]!r} is no time in milliseconds", "time")
        starts_at = plausible(moment, context.observed_at, "time")
        cells = values.child(item, "values")
        partial = values.flag(cells.get("isPartial"))
        points = [
            point_row(
                context,
                term,
                None,
                step,
                starts_at,
                value_of(cell, term),
                "index_0_100",
                "exact" if step == "hour" else "date_only",
            )
            for term, cell in cells.items()
            if term.casefold() != "ispartial"
        ]
        if not points:
            raise BadRecord("unexpected_shape", "the row has a time but no term", "values")
        return [Row(each.table, each.values | {"is_partial": partial}) for each in points]


def _moment(written: Any) -> datetime | None:
    if not isinstance(written, str) or not written.isascii() or not written.isdigit() or not 12 <= len(written) <= 13:
        return None
    return from_unix(int(written) / 1_000, "time")
