"""Media Cloud's story lists to mainstream items, one record a story. No I/O."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from pipelines.platforms import text as texts
from pipelines.platforms import values
from pipelines.platforms.articles import Article, article_row
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, NativeFormat, Record, Row, Sample
from pipelines.platforms.times import plausible

TABLES: Final = ("mainstream_items", "coverage")
PLATFORM: Final = "mediacloud"
_PUBLISHED: Final = ("publish_date", "publication_date")
_FOUND: Final = ("capture_time", "indexed_date", "collect_date")
_OUTLETS: Final = ("domain", "media_url", "canonical_domain", "media_name")
_CLOCK: Final = re.compile(r"\d:\d\d")
_DOMAIN: Final = re.compile(r"(?:https?://)?(?:www\.)?([a-z0-9-]+(?:\.[a-z0-9-]+)+)/?", re.IGNORECASE)


def _first(story: dict[str, Any], names: Iterable[str]) -> str | None:
    return next((found for name in names if (found := values.text(story.get(name)))), None)


def _observed(story: dict[str, Any], context: FileContext) -> datetime:
    written = _first(story, _FOUND)
    return values.time(written, "indexed_date", context) if written else context.observed_at


def _published(story: dict[str, Any], observed_at: datetime, context: FileContext) -> tuple[datetime, str]:
    """When a story was published; one without a date when it was found, one with a guessed date as imputed."""
    written = _first(story, _PUBLISHED)
    if written is None:
        return observed_at, "collected"
    moment = plausible(values.time(written, "publish_date", context), observed_at, "publish_date")
    if values.text(story.get("guess_method")):
        return moment, "imputed"
    return moment, "exact" if _CLOCK.search(written) else "date_only"


def _outlet(story: dict[str, Any]) -> str | None:
    """The domain that Media Cloud files a story under; None where it names none, such as a placeholder."""
    for name in _OUTLETS:
        found = _DOMAIN.fullmatch((values.text(story.get(name)) or "").strip())
        if found:
            return found[1]
    return None


def story_rows(value: Any, context: FileContext) -> list[Row]:
    """The row of one story, in whichever of the known spellings of its columns. Raises BadRecord."""
    story = values.mapping(value, "story")
    address = html.unescape(values.required_text(story.get("url"), "url"))
    if texts.canonical_url(address) is None:
        raise BadRecord("missing_id", f"the story's address {address[:80]!a} is no web address", "url")
    observed_at = _observed(story, context)
    published_at, quality = _published(story, observed_at, context)
    title = values.text(story.get("title"))
    article = Article(
        address=address,
        published_at=published_at,
        ts_quality=quality,
        outlet=_outlet(story),
        # A page without a title is filed under its address.
        title=None if title and title.startswith(("http://", "https://")) else title,
        language=texts.primary_language(values.text(story.get("language"))),
        observed_at=observed_at,
    )
    return [article_row(PLATFORM, article, context)]


class _Stories:
    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """The row of one story. Raises BadRecord."""
        return story_rows(record.value, context)


class StoryPage(_Stories):
    """A page of the search API's story list."""

    name = "mediacloud_story_page"
    framing = Framing.JSON
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """``{"stories": [...], "pagination_token": ...}``."""
        return isinstance(values.optional_mapping(sample.first_value).get("stories"), list)

    def split(self, document: Any) -> Iterable[Any]:
        """The stories."""
        return values.sequence(values.mapping(document, "document").get("stories"))


class StoryList(_Stories):
    """A bare list of stories, as the online archive gives it and clients save it."""

    name = "mediacloud_story_list"
    framing = Framing.JSON
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """A list of objects with an address and a date, or an address, a domain and a language."""
        first = sample.first_value
        if not isinstance(first, list) or not first or not isinstance(first[0], dict):
            return False
        names = first[0].keys()
        return "url" in names and (bool(names & set(_PUBLISHED)) or {"domain", "language"} <= names)

    def split(self, document: Any) -> Iterable[Any]:
        """The stories. Raises BadRecord."""
        if not isinstance(document, list):
            raise BadRecord("unexpected_shape", "the document is no list of stories")
        return document


class StoryTable(_Stories):
    """Stories as CSV, as the search tool downloads them."""

    name = "mediacloud_story_table"
    framing = Framing.CSV
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """Columns of an address, a title and a date of publication."""
        names = sample.first_value if isinstance(sample.first_value, list) else []
        return {"url", "title"} <= set(names) and bool(set(names) & set(_PUBLISHED))

    def split(self, document: Any) -> Iterable[Any]:
        """One row, one record."""
        return (document,)


class Refusal:
    """An error in place of an answer."""

    name = "mediacloud_error"
    framing = Framing.JSON
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """``{"error": ...}``, ``{"detail": ...}`` or ``{"status": "error", "note": ...}``."""
        first = values.optional_mapping(sample.first_value)
        return bool({"error", "detail"} & first.keys()) or first.get("status") == "error"

    def split(self, document: Any) -> Iterable[Any]:
        """The error as one record."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """No row. Raises BadRecord ``error_response``."""
        said = values.optional_mapping(record.value)
        reason = next((str(said[name]) for name in ("error", "detail", "note") if said.get(name)), "no reason given")
        raise BadRecord("error_response", f"{context.file} is an error: {reason[:200]}")


FORMATS: Final[tuple[NativeFormat, ...]] = (StoryPage(), StoryList(), StoryTable(), Refusal())
