"""Page views from API answers, dumps and tables to attention series, one record per point. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, NativeFormat, Record, Row, Sample
from pipelines.platforms.wikipedia.dumps import CompleteDump, HourlyDump
from pipelines.platforms.wikipedia.series import ALL, DAY, HOUR, MONTH, Point, period, row, term_of

TABLES: Final = ("attention_series", "coverage")
_STEPS: Final = {"hourly": HOUR, "daily": DAY, "monthly": MONTH}
_TITLES: Final = ("article", "wiki_slug", "page_title", "title")
_VIEWS: Final = ("views", "views_ceil", "wiki_pageviews", "pageviews")
_PERIODS: Final = ("timestamp", "date", "day", "month")
_NOT_FOUND: Final = 404


class Series:
    """Answers of the per-article and aggregate endpoints."""

    name = "wikipedia_series"
    framing = Framing.JSON
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """``{"items": [{"project", "timestamp", "views", ...}]}``."""
        items = values.mappings(values.optional_mapping(sample.first_value).get("items"))
        return bool(items) and {"project", "timestamp", "views"} <= items[0].keys()

    def split(self, document: Any) -> Iterable[Any]:
        """The points."""
        return values.sequence(values.mapping(document, "document").get("items"))

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """The row of one point; of a whole project where no article is named. Raises BadRecord."""
        item = values.mapping(record.value, "item")
        starts_at, _ = period(values.required_text(item.get("timestamp"), "timestamp"), "timestamp")
        step = _STEPS.get(str(item.get("granularity")))
        if step is None:
            raise BadRecord("wrong_type", f"granularity is {str(item.get('granularity'))[:40]!r}", "granularity")
        project, article = values.required_text(item.get("project"), "project"), item.get("article")
        title = values.required_text(article, "article") if article is not None else None
        access, agent = values.text(item.get("access")) or ALL, values.text(item.get("agent")) or ""
        views = values.count(item.get("views"), "views")
        return [row(Point(term_of(project, title), views, starts_at, step, access, agent), context)]


class TopList:
    """Answers of the top and top-per-country endpoints: the most read articles of a day or month."""

    name = "wikipedia_top"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """``{"items": [{"year", "month", "day", "articles": [...]}]}``."""
        items = values.mappings(values.optional_mapping(sample.first_value).get("items"))
        return bool(items) and {"year", "month", "articles"} <= items[0].keys()

    def split(self, document: Any) -> Iterator[Any]:
        """The articles, each told of which list it is."""
        for listed in values.sequence(values.mapping(document, "document").get("items")):
            about = values.mapping(listed, "items")
            shared = {name: about.get(name) for name in ("project", "country", "access", "year", "month", "day")}
            for article in values.sequence(about.get("articles")):
                yield {"list": shared, "article": article}

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """The row of one article; of a country Wikimedia rounds the views up, to hide who few are. Raises BadRecord."""
        item = values.mapping(record.value, "item")
        about, found = values.mapping(item.get("list"), "list"), values.mapping(item.get("article"), "article")
        day = str(about.get("day") or "all-days")
        written = f"{about.get('year')}-{about.get('month')}" + ("" if day == "all-days" else f"-{day}")
        starts_at, step = period(written, "year, month, day")
        project = values.text(found.get("project")) or values.text(about.get("project"))
        title = values.required_text(found.get("article"), "article")
        views = values.count(found["views"] if "views" in found else found.get("views_ceil"), "views")
        region, access = values.text(about.get("country")), values.text(about.get("access")) or ALL
        return [row(Point(term_of(project, title), views, starts_at, step, access, "user", region), context)]


class ViewTable:
    """A table with a column of titles, one of views and one of periods, as people export it from the API."""

    name = "wikipedia_table"
    framing = Framing.CSV
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """One known column name of each kind."""
        names = sample.first_value if isinstance(sample.first_value, list) else []
        known = {str(name).strip().casefold() for name in names}
        return all(known & set(kind) for kind in (_TITLES, _VIEWS, _PERIODS))

    def split(self, document: Any) -> Iterable[Any]:
        """One row, one record."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """The row of one point. Raises BadRecord."""
        cells = {str(name).strip().casefold(): cell for name, cell in values.mapping(record.value, "row").items()}
        title = values.required_text(_first(cells, _TITLES), "title")
        starts_at, step = period(values.required_text(_first(cells, _PERIODS), "period"), "period")
        views = values.count(_first(cells, _VIEWS), "views")
        access, agent = values.text(cells.get("access")) or ALL, values.text(cells.get("agent")) or ""
        region, project = values.text(cells.get("country")), values.text(cells.get("project"))
        return [row(Point(term_of(project, title), views, starts_at, step, access, agent, region), context)]


def _first(cells: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((cells[name] for name in names if name in cells), None)


class Refusal:
    """An error in place of an answer. That there were no views is said as 'not found', and is no error."""

    name = "wikipedia_error"
    framing = Framing.JSON
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """``{"title", "detail", "uri" or "type", ...}`` without items."""
        first = values.optional_mapping(sample.first_value)
        return "items" not in first and "detail" in first and bool({"title", "type"} & first.keys())

    def split(self, document: Any) -> Iterable[Any]:
        """No record where nothing was found, else the error as one."""
        said = values.mapping(document, "document")
        is_absence = (
            said.get("status") == _NOT_FOUND or "not_found" in str(said.get("type")) or str(said.get("title")).startswith("Not")
        )
        return () if is_absence else (said,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """No row. Raises BadRecord ``error_response``."""
        said = values.optional_mapping(record.value)
        raise BadRecord("error_response", f"{context.file} is an error: {str(said.get('detail'))[:200]}", "detail")


FORMATS: Final[tuple[NativeFormat, ...]] = (Series(), TopList(), Refusal(), ViewTable(), HourlyDump(), CompleteDump())
