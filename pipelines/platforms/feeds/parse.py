"""RSS 2.0, RSS 1.0, Atom and JSON Feed documents to mainstream items, one record per entry. No I/O."""

from __future__ import annotations

import html
import io
import re
import sys
import xml.parsers.expat
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs, urljoin, urlsplit

from pipelines.platforms import text as texts
from pipelines.platforms import values
from pipelines.platforms.credits import credit_columns, links_of
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, NativeFormat, Record, Row, Sample

TABLES: Final = ("mainstream_items", "coverage")
PLATFORM: Final = "feeds"
_ROOT: Final = re.compile(rb"<(?:\w+:)?(rss|feed|RDF)\b", re.IGNORECASE)
_MARK_UP: Final = re.compile(r"</?(?:b|i|em|strong|span|a|br|p|sub|sup|u)\b[^<>]*>", re.IGNORECASE)
_CHARACTER: Final = re.compile(rb"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));")
_MOST_DIGITS: Final = 7
_SURROGATES: Final = range(0xD800, 0xE000)
LARGEST_FEED_BYTES: Final = 32 << 20  # its reader holds some twenty times as much
_ENTITY: Final = re.compile(r"[&%]\w+;")
_MOST_ATTRIBUTES: Final = 500  # of one element: the time of feedparser's reader grows with their square
_LONGEST_ENTITY: Final = 1_000
_CLOCK: Final = re.compile(r"\d:\d\d")


def _text(value: Any) -> str | None:
    return " ".join(value.split()) or None if isinstance(value, str) else None


def _plain(title: Any) -> str | None:
    """A title without the mark-up that some feeds put into it; '<' that opens no tag stays."""
    return _text(html.unescape(_MARK_UP.sub("", title))) if isinstance(title, str) else None


def _target(link: str) -> str:
    """The article behind Google's alert redirect; any other link as it is."""
    try:
        parts = urlsplit(link)
        if (parts.hostname or "").endswith("google.com") and parts.path == "/url":
            query = parse_qs(parts.query)
            return (query.get("url") or query.get("q") or [link])[0]
    except ValueError:
        return link
    return link


def _absolute(link: Any, *bases: Any) -> str:
    """A link that some feeds write without their own address, made whole by the first base that has one."""
    written = link if isinstance(link, str) else ""
    for base in bases:
        try:
            if written and not urlsplit(written).scheme and isinstance(base, str) and urlsplit(base).netloc:
                return urljoin(base, written)
        except ValueError:
            continue
    return written


def _character(found: re.Match[bytes]) -> bytes:
    """A character reference, or the replacement character where there is none of that number: feedparser would stop there."""
    digits, base = (found[1], 16) if found[1] else (found[2], 10)
    digits = digits.lstrip(b"0") or b"0"
    number = int(digits, base) if len(digits) <= _MOST_DIGITS else sys.maxunicode + 1
    return b"\xef\xbf\xbd" if number > sys.maxunicode or number in _SURROGATES else found[0]


class _UnsafeError(Exception):
    """A document made to exhaust or to deceive who reads it."""


def _refuse_unsafe(document: bytes) -> None:
    """Read a document once by expat alone, which expands nothing here. Raises BadRecord ``unsafe_xml``; broken XML is not its matter."""
    reader = xml.parsers.expat.ParserCreate(namespace_separator=" ")

    def declared(name: str, _parameter: int, value: str | None, *place: str | None) -> None:
        if value is None or any(place):
            raise _UnsafeError(f"the entity {name[:40]} is to be fetched from elsewhere")
        if _ENTITY.search(value) or len(value) > _LONGEST_ENTITY:
            raise _UnsafeError(f"the entity {name[:40]} is made of others or very long")

    def begun(name: str, attributes: list[str]) -> None:
        if len(attributes) > 2 * _MOST_ATTRIBUTES:
            raise _UnsafeError(f"an element {name[:40]} has more than {_MOST_ATTRIBUTES} attributes")

    reader.ordered_attributes = True
    reader.EntityDeclHandler = declared
    reader.StartElementHandler = begun
    try:
        reader.Parse(document, True)  # noqa: FBT003 - expat takes it by place only
    except _UnsafeError as error:
        raise BadRecord("unsafe_xml", f"{error}: no feed needs that") from None
    except (xml.parsers.expat.ExpatError, ValueError, LookupError):
        return


def _iso(parsed: Any) -> str | None:
    """The ISO form of a UTC ``struct_time``, None if it names no day of the calendar."""
    try:
        if not parsed:
            return None
        year, month, day, hour, minute, second = parsed[:6]
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC).isoformat()
    except (TypeError, ValueError, OverflowError):
        return None


def _item_row(item: dict[str, Any], context: FileContext) -> Row:
    """The row of one entry, in the shape that both splits yield. Raises BadRecord."""
    title, links = _plain(item.get("title")), [link for link in item.get("links") or () if isinstance(link, str)]
    canonical = list(dict.fromkeys(filter(None, map(texts.canonical_url, links))))
    native = _text(item.get("id")) or (canonical[0] if canonical else None) or title
    if native is None:
        raise BadRecord("missing_id", "the entry has no id, link or title", "id")
    outlet_url = texts.canonical_url(_text(item.get("outlet_link")) or "")
    outlet = _text(item.get("outlet_name")) or texts.link_domain(outlet_url or "") or texts.link_domain((canonical or [""])[0])
    if outlet is None:
        raise BadRecord("missing_id", "neither the feed nor the entry names an outlet", "outlet_name")
    outlet_native = outlet_url or outlet.casefold()
    published_at, quality = _published(item, context)
    return Row(
        "mainstream_items",
        {
            "platform": PLATFORM,
            "item_key": context.pseudonyms.key(PLATFORM, f"{outlet_native}|{native}"),
            "outlet_key": context.pseudonyms.key(PLATFORM, outlet_native),
            "outlet_name": outlet,
            "outlet_class": "media",
            "published_at": published_at,
            "ts_quality": quality,
            "title": title,
            "url": canonical[0] if canonical else None,
            "language": texts.primary_language(_text(item.get("language"))),
            # A hashtag has no spaces: the category 'Clean Beauty' is met by #cleanbeauty.
            "tags": texts.normalise_tags(["".join(tag.split()) for tag in values.texts(item.get("tags"))]),
            "title_terms": texts.title_terms(title) if title else [],
            "link_keys": [context.pseudonyms.link_key(url) for url in canonical],
            "link_domains": list(dict.fromkeys(filter(None, map(texts.link_domain, canonical)))),
            **_credits(item, context),
        },
    )


def _credits(item: dict[str, Any], context: FileContext) -> dict[str, Any]:
    """Keys of the posts that the entry's body and further links lead to; NULL where a feed brings titles alone."""
    bodies = [body for body in item.get("bodies") or () if isinstance(body, str) and body.strip()]
    return dict(credit_columns(links_of(bodies), context.pseudonyms)) if bodies else {}


def _published(item: dict[str, Any], context: FileContext) -> tuple[datetime, str]:
    written, parsed = _text(item.get("published_text")), item.get("published")
    if written is None:
        return context.observed_at, "collected"
    if not isinstance(parsed, str):
        raise BadRecord("wrong_type", f"the entry's date {written[:60]!r} cannot be read", "published")
    moment = values.time(parsed, "published", context)
    return moment, "exact" if _CLOCK.search(written) else "date_only"


class _Entries:
    collection_method = "timeline"

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """The row of one entry. Raises BadRecord."""
        return [_item_row(values.mapping(record.value, "entry"), context)]


class XmlFeed(_Entries):
    """RSS 2.0 (and 0.9x), RSS 1.0 and Atom, as forgiving as feedparser."""

    name = "feeds_xml"
    framing = Framing.XML

    def matches(self, sample: Sample) -> bool:
        """An rss, feed or RDF root near the start."""
        return _ROOT.search(sample.head[:4096]) is not None

    def split(self, document: Any) -> Iterable[Any]:
        """The entries. Raises BadRecord: ``broken_xml`` if broken XML leaves none, ``unexpected_shape`` if it is no feed, ``unsafe_xml``, ``oversized``."""
        import feedparser

        if len(document) > LARGEST_FEED_BYTES:
            raise BadRecord("oversized", f"the feed has {len(document):,} bytes; at most {LARGEST_FEED_BYTES:,} are read")

        _refuse_unsafe(bytes(document))
        # A stream, never the bytes: feedparser takes a short string for an address and would open it.
        readable = _CHARACTER.sub(_character, bytes(document))
        try:
            feed = feedparser.parse(io.BytesIO(readable))
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise BadRecord("broken_xml", f"the document breaks its reader: {type(error).__name__}: {error}"[:300]) from error
        if not feed.entries:
            if feed.get("bozo"):
                raise BadRecord("broken_xml", f"no entry could be read: {feed.get('bozo_exception')}"[:300])
            if not feed.get("version"):
                raise BadRecord("unexpected_shape", "the XML document is no feed")
        channel = feed.feed
        return [self._item(entry, channel) for entry in feed.entries]

    @staticmethod
    def _item(entry: Any, channel: Any) -> dict[str, Any]:
        stamp = next((name for name in ("published", "updated", "created") if entry.get(name)), None)
        link = entry.get("feedburner_origlink") or entry.get("link")  # else it is a counting redirect
        itself = next((one.get("href") for one in channel.get("links") or () if one.get("rel") == "self"), None)
        return {
            "outlet_name": channel.get("title"),
            "outlet_link": _absolute(channel.get("link"), itself),
            "language": (entry.get("title_detail") or {}).get("language") or channel.get("language"),
            "id": entry.get("id"),
            "title": entry.get("title"),
            "links": [_target(_absolute(link, channel.get("link"), itself))] if link else [],
            "published_text": entry.get(stamp) if stamp else None,
            "published": _iso(entry.get(f"{stamp}_parsed")) if stamp else None,
            "tags": [tag.get("term") for tag in entry.get("tags") or ()],
            # A link beside the entry's own one, such as 'via' or an enclosure, is as good as one in the text.
            "bodies": [
                entry.get("summary"),
                *(content.get("value") for content in entry.get("content") or ()),
                *(one.get("href") for one in entry.get("links") or () if one.get("rel") != "alternate"),
            ],
        }


class JsonFeed(_Entries):
    """JSON Feed 1.x."""

    name = "feeds_json"
    framing = Framing.JSON

    def matches(self, sample: Sample) -> bool:
        """The version address of JSON Feed and a list of items."""
        first = sample.first_value
        return isinstance(first, dict) and "jsonfeed.org" in str(first.get("version")) and isinstance(first.get("items"), list)

    def split(self, document: Any) -> Iterable[Any]:
        """The items, in the shape of ``XmlFeed``'s."""
        items = document.get("items") if isinstance(document, dict) else None
        if not isinstance(items, list):
            raise BadRecord("unexpected_shape", "the document has no list of items", "items")
        return [self._item(entry, document) if isinstance(entry, dict) else entry for entry in items]

    @staticmethod
    def _item(entry: dict[str, Any], feed: dict[str, Any]) -> dict[str, Any]:
        stamp = entry.get("date_published") or entry.get("date_modified")
        tags, attached = entry.get("tags"), entry.get("attachments")
        return {
            "outlet_name": feed.get("title"),
            "outlet_link": feed["home_page_url"] if isinstance(feed.get("home_page_url"), str) else None,
            "language": entry.get("language") or feed.get("language"),
            "id": str(entry["id"]) if entry.get("id") is not None else None,
            "title": entry.get("title"),
            "links": [link for link in (entry.get("url"), entry.get("external_url")) if isinstance(link, str)],
            "published_text": stamp,
            "published": stamp,
            "tags": values.sequence(tags),
            "bodies": [
                *(entry.get(name) for name in ("content_html", "content_text", "summary", "external_url")),
                *(one.get("url") for one in (attached if isinstance(attached, list) else ()) if isinstance(one, dict)),
            ],
        }


FORMATS: Final[tuple[NativeFormat, ...]] = (XmlFeed(), JsonFeed())
