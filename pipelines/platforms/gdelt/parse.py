"""GDELT's tables and article lists to mainstream items, one record a line or article. No I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pipelines.platforms import text as texts
from pipelines.platforms import values
from pipelines.platforms.articles import Article, article_row
from pipelines.platforms.gdelt import languages
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, NativeFormat, Record, Row, Sample
from pipelines.platforms.times import EARLIEST, plausible

TABLES: Final = ("mainstream_items", "coverage")
PLATFORM: Final = "gdelt"
Cells = Mapping[str, str]
_DAY, _SECOND = re.compile(r"\d{8}"), re.compile(r"\d{14}")
_WEB: Final = "1"  # of GDELT's collections: the open web; all others are cited, not linked
_TITLE: Final = re.compile(r"<PAGE_TITLE>(.*?)</PAGE_TITLE>", re.DOTALL)
_PAGE_TIME: Final = re.compile(r"<PAGE_PRECISEPUBTIMESTAMP>(\d{14})</PAGE_PRECISEPUBTIMESTAMP>")
_PAGE_LINKS: Final = re.compile(r"<PAGE_LINKS>(.*?)</PAGE_LINKS>", re.DOTALL)
_SOURCE_LANGUAGE: Final = re.compile(r"srclc:(\w+)")
_BETWEEN_URLS: Final = re.compile(r"<UDIV>|;(?=https?://)")
_FILE_LIST: Final = re.compile(rb"\d+ [0-9a-f]{32} https?://\S+\.zip\s")


@dataclass(frozen=True, slots=True)
class Seen:
    """When GDELT saw an article: a quarter hour of its own updates, or a day."""

    at: datetime
    is_day: bool

    @property
    def day(self) -> datetime:
        """The beginning of the day, which stands for that of the publication: GDELT sees pages after it, mostly within hours."""
        return self.at.replace(hour=0, minute=0, second=0)

    @property
    def observed_at(self) -> datetime | None:
        """The time as an observation; a day alone does not say when."""
        return None if self.is_day else self.at


def _seen(written: str, field_name: str, context: FileContext) -> Seen:
    """A time as GDELT writes it, YYYYMMDD[HHMMSS] in UTC. Raises BadRecord."""
    digits = written.strip()
    is_day = _DAY.fullmatch(digits) is not None
    if not is_day and not _SECOND.fullmatch(digits):
        raise BadRecord("wrong_type", f"{field_name} is {written[:40]!r}, not YYYYMMDD or YYYYMMDDHHMMSS", field_name)
    try:
        moment = datetime.strptime(digits, "%Y%m%d" if is_day else "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise BadRecord("wrong_type", f"{field_name} is {written[:40]!r}, no day of the calendar", field_name) from None
    return Seen(plausible(moment, context.observed_at, field_name), is_day)


def gkg_rows(cells: Cells, context: FileContext) -> list[Row]:
    """The document of one line of the knowledge graph 2.1."""
    seen = _seen(cells["date"], "DATE", context)
    extras = cells["extras"]
    written = _PAGE_TIME.search(extras)
    title, links = _TITLE.search(extras), _PAGE_LINKS.search(extras)
    urls = _BETWEEN_URLS.split(links[1]) if links else []
    for embeds in (cells["socialimageembeds"], cells["socialvideoembeds"]):
        urls += embeds.split(";")
    article = Article(
        address=cells["documentidentifier"],
        published_at=(_page_day(written[1], seen) if written else None) or seen.day,
        ts_quality="date_only",
        outlet=cells["sourcecommonname"],
        title=title[1] if title else None,
        language=_source_language(cells["translationinfo"]),
        links=tuple(filter(_is_text, urls)),
        observed_at=seen.observed_at,
    )
    return [article_row(PLATFORM, _checked(article, cells["sourcecollectionidentifier"]), context)]


def _page_day(digits: str, seen: Seen) -> datetime | None:
    """The day that a page states of itself. Pages often mean their own local time, so that only the day is taken, and none after it was seen."""
    try:
        stated = datetime.strptime(digits[:8], "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return stated if EARLIEST <= stated <= seen.day else None


def _source_language(translation: str) -> str | None:
    """What is not translated was English."""
    found = _SOURCE_LANGUAGE.search(translation)
    return languages.from_code(found[1]) if found else None if translation.strip() else "en"


def _checked(article: Article, collection: str) -> Article:
    """The article, if what is said to be of the web has an address there. Raises BadRecord ``missing_id``."""
    if collection.strip() == _WEB and texts.canonical_url(article.address) is None:
        raise BadRecord("missing_id", f"the article's address {article.address[:80]!a} is no web address", "documentidentifier")
    return article


def _is_text(written: str) -> bool:
    return bool(written.strip()) and not any("\ud800" <= letter <= "\udfff" for letter in written)


def mention_rows(cells: Cells, context: FileContext) -> list[Row]:
    """The article of one line of the mentions: several lines name the same article, one for each event in it."""
    seen = _seen(cells["mentiontimedate"], "MentionTimeDate", context)
    article = Article(
        address=cells["mentionidentifier"],
        published_at=seen.day,
        ts_quality="date_only",
        outlet=cells["mentionsourcename"],
        language=_source_language(cells["mentiondoctranslationinfo"]),
        observed_at=seen.observed_at,
    )
    return [article_row(PLATFORM, _checked(article, cells["mentiontype"]), context)]


def event_rows(cells: Cells, context: FileContext) -> list[Row]:
    """The article in which one event was found first. Raises BadRecord ``no_source_url`` where that was not on the web."""
    seen = _seen(cells["dateadded"], "DATEADDED", context)
    if texts.canonical_url(cells["sourceurl"]) is None:
        raise BadRecord("no_source_url", f"the event's source {cells['sourceurl'][:80]!a} is no web address", "sourceurl")
    article = Article(cells["sourceurl"], seen.day, "date_only", observed_at=seen.observed_at)
    return [article_row(PLATFORM, article, context)]


def first_gkg_rows(cells: Cells, context: FileContext) -> list[Row]:
    """The articles of one line of the knowledge graph 1.0, which lists all of a day that say the same."""
    seen = _seen(cells["date"], "DATE", context)
    urls = [url for url in _BETWEEN_URLS.split(cells["sourceurls"]) if _is_text(url) and texts.canonical_url(url)]
    if not urls:
        raise BadRecord("no_source_url", f"none of the sources {cells['sourceurls'][:80]!a} is a web address", "sourceurls")
    return [article_row(PLATFORM, Article(url, seen.day, "date_only"), context) for url in dict.fromkeys(urls)]


@dataclass(frozen=True, slots=True)
class Shape:
    """One of GDELT's tables: how it is known, and where the cells lie that are read."""

    name: str
    rows: Callable[[Cells, FileContext], list[Row]]
    places: Mapping[str, int]  # by column name, in lower case
    cell_count: int = 0
    patterns: tuple[tuple[int, str], ...] = ()  # of cells of the first line


class Tabbed:
    """A table of tabs without a header, known by the number of its columns and the look of its first cells."""

    framing = Framing.TEXT
    collection_method = "firehose"

    def __init__(self, shape: Shape) -> None:
        self.name, self._shape = f"gdelt_{shape.name}", shape

    def matches(self, sample: Sample) -> bool:
        """As many cells as the table has columns, the first of them dates and numbers."""
        cells = sample.first_value.split("\t") if isinstance(sample.first_value, str) else []
        return len(cells) == self._shape.cell_count and all(
            re.fullmatch(pattern, cells[place]) for place, pattern in self._shape.patterns
        )

    def split(self, document: Any) -> Iterable[Any]:
        """One line, one record."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """The articles of a line. Raises BadRecord."""
        line = record.value
        cells = line.split("\t") if isinstance(line, str) else []
        if len(cells) != self._shape.cell_count:
            raise BadRecord("unexpected_shape", f"{len(cells)} cells in a line of {self._shape.cell_count}")
        return self._shape.rows({name: cells[place] for name, place in self._shape.places.items()}, context)


class Headed:
    """The same table with a header, as exports of it have one."""

    framing = Framing.CSV
    collection_method = "archive"

    def __init__(self, shape: Shape, *needed: str) -> None:
        self.name, self._shape, self._needed = f"gdelt_{shape.name}_table", shape, frozenset(needed)

    def matches(self, sample: Sample) -> bool:
        """The columns that tell the table."""
        names = sample.first_value if isinstance(sample.first_value, list) else []
        return self._needed <= {str(name).strip().casefold() for name in names}

    def split(self, document: Any) -> Iterable[Any]:
        """One row, one record."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """The articles of a row. Raises BadRecord."""
        named = {str(name).strip().casefold(): cell for name, cell in values.mapping(record.value, "row").items()}
        cells = {name: named.get(name, "") for name in self._shape.places}
        wrong = next((name for name, cell in cells.items() if not isinstance(cell, str)), None)
        if wrong is not None:
            raise BadRecord("wrong_type", f"{wrong} is {type(cells[wrong]).__name__}, not text", wrong)
        return self._shape.rows(cells, context)


class ArticleList:
    """An ArtList answer of the DOC 2.0 API."""

    name = "gdelt_article_list"
    framing = Framing.JSON
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """``{"articles": [...]}``; the answer to a query without matches is ``{}``."""
        first = sample.first_value
        return isinstance(first, dict) and (not first or isinstance(first.get("articles"), list))

    def split(self, document: Any) -> Iterable[Any]:
        """The articles."""
        return values.sequence(values.mapping(document, "document").get("articles"))

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """The row of one article; its day is that on which GDELT saw it. Raises BadRecord."""
        found = values.mapping(record.value, "article")
        written = found.get("seendate")
        if not isinstance(written, str):
            raise BadRecord("missing_field", "seendate is missing", "seendate")
        seen = _seen(re.sub(r"[TZ]", "", written.strip()), "seendate", context)
        address = values.required_text(found.get("url"), "url")
        if texts.canonical_url(address) is None:
            raise BadRecord("missing_id", f"the article's address {address[:80]!a} is no web address", "url")
        article = Article(
            address=address,
            published_at=seen.day,
            ts_quality="date_only",
            outlet=values.text(found.get("domain")),
            title=values.text(found.get("title")),
            language=languages.from_name(values.text(found.get("language")) or ""),
            observed_at=seen.observed_at,
        )
        return [article_row(PLATFORM, article, context)]


class FileList:
    """``lastupdate.txt`` or ``masterfilelist.txt``: the files that GDELT published. It says nothing about articles."""

    name = "gdelt_file_list"
    framing = Framing.XML  # taken whole, as bytes
    collection_method = "firehose"

    def matches(self, sample: Sample) -> bool:
        """Lines of a size, an MD5 and an address of an archive."""
        return _FILE_LIST.match(sample.head) is not None

    def split(self, document: Any) -> Iterable[Any]:
        """No record: the collection reads it, the lake has no table for it."""
        return values.sequence(document)  # of bytes: none

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Never asked, for there is no record. Raises BadRecord."""
        raise BadRecord("unexpected_shape", f"{context.file} lists files; its record {record.index} holds no article")


_STAMP, _NUMBER, _DATE = r"\d{14}", r"\d+", r"\d{8}"
_GKG: Final = Shape(
    "gkg",
    gkg_rows,
    {
        "date": 1,
        "sourcecollectionidentifier": 2,
        "sourcecommonname": 3,
        "documentidentifier": 4,
        "socialimageembeds": 20,
        "socialvideoembeds": 21,
        "translationinfo": 25,
        "extras": 26,
    },
    27,
    ((0, r"\d{14}-T?\d+"), (1, _STAMP), (2, _NUMBER)),
)
_MENTIONS: Final = Shape(
    "mentions",
    mention_rows,
    {"mentiontimedate": 2, "mentiontype": 3, "mentionsourcename": 4, "mentionidentifier": 5, "mentiondoctranslationinfo": 14},
    16,
    ((0, _NUMBER), (1, _STAMP), (2, _STAMP), (3, _NUMBER)),
)
_EVENTS: Final = Shape(
    "events", event_rows, {"dateadded": 59, "sourceurl": 60}, 61, ((0, _NUMBER), (1, _DATE), (2, r"\d{6}"), (59, _STAMP))
)
_FIRST_EVENTS: Final = Shape(
    "events_1", event_rows, {"dateadded": 56, "sourceurl": 57}, 58, ((0, _NUMBER), (1, _DATE), (2, r"\d{6}"), (56, _DATE))
)
_FIRST_GKG: Final = Shape("gkg_1", first_gkg_rows, {"date": 0, "sourceurls": 10})

FORMATS: Final[tuple[NativeFormat, ...]] = (
    Tabbed(_GKG),
    Tabbed(_MENTIONS),
    Tabbed(_EVENTS),
    Tabbed(_FIRST_EVENTS),
    Headed(_FIRST_GKG, "date", "numarts", "sourceurls"),
    Headed(_GKG, "date", "documentidentifier", "sourcecommonname"),
    Headed(_MENTIONS, "mentiontimedate", "mentionidentifier"),
    Headed(_EVENTS, "globaleventid", "dateadded", "sourceurl"),
    ArticleList(),
    FileList(),
)
