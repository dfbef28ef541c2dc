"""One point of a page-view series as a row: projects, titles and periods by one name, whichever file tells them. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pipelines.platforms.protocol import BadRecord, FileContext, Row
from pipelines.platforms.times import plausible

PLATFORM: Final = "wikipedia"
MONTH, DAY, HOUR = "month", "day", "hour"
ALL: Final = "all-access"
# Trailing parts of the domain codes in the hourly dumps (wikitech, Data Platform/Data Lake/Traffic/Pageviews).
_FAMILIES: Final = {
    "b": "wikibooks",
    "d": "wiktionary",
    "f": "wikimediafoundation",
    "n": "wikinews",
    "q": "wikiquote",
    "s": "wikisource",
    "v": "wikiversity",
    "voy": "wikivoyage",
    "w": "mediawiki",
    "wd": "wikidata",
}
_MOBILE: Final = frozenset({"m", "zero"})
# Of these '.m' is the family and not the mobile site: the code of English Wikipedia's mobile site is 'en.m'.
_OF_WIKIMEDIA: Final = frozenset(
    {"commons", "meta", "incubator", "species", "strategy", "outreach", "usability", "quality", "planet", "advisory", "login"}
)
_DATE: Final = re.compile(r"(\d{4})-?(\d{2})(?:-?(\d{2})(?:[ T]?(\d{2})(?::?00){0,2}(?:Z|\+00:00)?)?)?")


@dataclass(frozen=True, slots=True)
class Point:
    """How often one page was read in one period."""

    term: str
    views: int | None
    starts_at: datetime
    granularity: str
    access: str = ALL
    agent: str = ""
    region: str | None = None


def term_of(project: str | None, title: str | None) -> str:
    """A page by the name of its project and its title as people write it: 'en.wikipedia:Moss wall'; the project alone for its total."""
    named = " ".join((title or "").replace("_", " ").split())
    known = (project or "").strip().casefold().removesuffix(".org")
    return f"{known}:{named}" if known and named else known or named


def project_of(code: str) -> tuple[str, str]:
    """The project and access of a domain code: 'en' is English Wikipedia, 'en.m' its mobile site, 'en.m.d' mobile Wiktionary."""
    name, *rest = code.split(".")
    if any(part.startswith("wik") or part == "mediawiki" for part in rest):
        return code, ALL
    if name in _OF_WIKIMEDIA and rest and rest[0] == "m":
        return f"{name}.wikimedia", "mobile-web" if "m" in rest[1:] else "desktop"
    access = "mobile-web" if _MOBILE & set(rest) or name == "m" else "desktop"
    family = next((_FAMILIES[part] for part in rest if part in _FAMILIES), "wikipedia")
    return f"{name}.{family}", access


def period(written: str, field_name: str) -> tuple[datetime, str]:
    """The beginning and the step of a period written YYYY-MM, YYYYMMDD, YYYYMMDDHH or with dashes. Raises BadRecord."""
    found = _DATE.fullmatch(written.strip())
    year, month, day, hour = found.groups() if found else ("0", "0", None, None)
    try:
        starts_at = datetime(int(year), int(month), int(day or 1), int(hour or 0), tzinfo=UTC)
    except ValueError:
        raise BadRecord("wrong_type", f"{field_name} is {written[:40]!r}, no month, day or hour", field_name) from None
    return starts_at, HOUR if hour else DAY if day else MONTH


def native_series(point: Point) -> str:
    """What tells one series from another."""
    return "|".join((point.term, point.access, point.agent, point.region or "", point.granularity))


def row(point: Point, context: FileContext) -> Row:
    """The row of a point. Raises BadRecord."""
    if not point.term:
        raise BadRecord("missing_id", "the record names no page", "article")
    if any("\ud800" <= letter <= "\udfff" for letter in point.term):
        raise BadRecord("invalid_utf8", "the page's title holds bytes that are no text", "article")
    plausible(point.starts_at, context.observed_at, "period")
    return Row(
        "attention_series",
        {
            "platform": PLATFORM,
            "series_key": context.pseudonyms.key(PLATFORM, native_series(point)),
            "term": point.term,
            "region": point.region,
            "granularity": point.granularity,
            "period_starts_at": point.starts_at,
            "interest_value": None if point.views is None else float(point.views),
            "unit": "views",
            "ts_quality": "exact" if point.granularity == HOUR else "date_only",
        },
    )
