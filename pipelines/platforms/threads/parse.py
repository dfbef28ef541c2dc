"""The native file shapes of Threads: how each is recognised and split, and which rows its records give. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.lookups import LookupFormat
from pipelines.platforms.posts import SOCIAL_TABLES
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, NativeFormat, Record, Row, Sample
from pipelines.platforms.threads import rows as canonical
from pipelines.platforms.threads import web

TABLES: Final = SOCIAL_TABLES
_MEDIA_MARKS: Final = frozenset({"media_type", "media_product_type", "permalink", "shortcode", "is_quote_post", "has_replies"})
_LINE_SUFFIXES: Final = frozenset({".jsonl", ".ndjson"})


def _is_media(value: Any) -> bool:
    return isinstance(value, dict) and "id" in value and bool(_MEDIA_MARKS & value.keys())


def _is_insight(value: Any) -> bool:
    return isinstance(value, dict) and "/insights/" in str(value.get("id")) and "name" in value


def _is_profile(value: Any) -> bool:
    return isinstance(value, dict) and "username" in value and not _is_media(value) and "thread_items" not in value


def _items(document: Any) -> list[Any]:
    """The items of a list, of an answer's ``data``, or the one object that the answer is."""
    held = document.get("data") if isinstance(document, dict) else document
    return held if isinstance(held, list) else [document]


def _with_authors(items: list[Any]) -> Iterator[dict[str, Any]]:
    """The media objects, and those that they quote or repeat where the answer brought them whole, with who made which post."""
    every = [*items]
    for item in values.mappings(items):
        every += [item[name] for name in ("quoted_post", "reposted_post") if _is_media(item.get(name))]
    authors = {str(item["id"]): item["username"] for item in values.mappings(every) if "username" in item and "id" in item}
    for item in every:
        named = values.optional_mapping(item)
        others = [canonical.optional_id(named.get(name)) for name in ("replied_to", "quoted_post", "reposted_post")]
        yield {"media": item, "authors": {other: authors[other] for other in others if other in authors}}


def post_ids_of(answer: Any) -> set[str]:
    """Native ids of the posts that an answer holds."""
    return {native for item in values.mappings(_items(answer)) if _is_media(item) and (native := canonical.optional_id(item))}


def account_ids_of(answer: Any) -> set[str]:
    """Names of the accounts whose profiles an answer holds."""
    found = [canonical.username(item.get("username")) for item in values.mappings(_items(answer)) if _is_profile(item)]
    return set(filter(None, found))


class Media:
    """Media objects of the API: a user's posts and replies, a conversation, a search, mentions, or a single post."""

    name = "threads_media"
    framing = Framing.JSON
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """Media objects, or a page without any."""
        first = sample.first_value
        is_empty = isinstance(first, dict) and first.get("data") == [] and first.keys() <= {"data", "paging"}
        return is_empty or any(map(_is_media, _items(first)))

    def split(self, document: Any) -> Iterable[Any]:
        """The media objects, each with the authors of what it answers, quotes and repeats."""
        return list(_with_authors(_items(document)))

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one media object. Raises BadRecord."""
        whole = values.mapping(record.value, "record")
        return canonical.media_rows(values.mapping(whole.get("media"), "media"), values.child(whole, "authors"), context)


class MediaLines:
    """One media object or one page of them a line."""

    name = "threads_lines"
    framing = Framing.LINES
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """A first line that is one, in a file of several lines or one named as such."""
        line, _, rest = sample.head.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")
        has_lines = sample.suffix in _LINE_SUFFIXES or bool(rest.strip())
        is_whole = line.startswith(b"{") and line.rstrip().endswith(b"}")
        return has_lines and is_whole and any(map(_is_media, _items(sample.first_value)))

    def split(self, document: Any) -> Iterable[Any]:
        """One line, one record."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one line. Raises BadRecord."""
        line = values.mapping(record.value, "line")
        wrapped = list(_with_authors(_items(line)))
        if not wrapped:
            raise BadRecord("empty_page", "a page without posts")
        return [
            row
            for each in wrapped
            for row in canonical.media_rows(values.mapping(each["media"], "media"), each["authors"], context)
        ]


class Profiles:
    """Profiles of the API, one's own (``/me``) and public ones (``/profile_lookup``), one or a list."""

    name = "threads_profiles"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """Profiles."""
        return any(map(_is_profile, _items(sample.first_value)))

    def split(self, document: Any) -> Iterable[Any]:
        """The profiles."""
        return _items(document)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one profile. Raises BadRecord."""
        return canonical.profile_rows(values.mapping(record.value, "profile"), context)


class Insights:
    """The insights of one own post: its counters, which are nobody else's to see."""

    name = "threads_insights"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """Metrics."""
        first = sample.first_value
        return isinstance(first, dict) and any(map(_is_insight, values.sequence(first.get("data"))))

    def split(self, document: Any) -> Iterable[Any]:
        """The answer, whole: its metrics make one observation."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """The row of the observation. Raises BadRecord."""
        return canonical.insight_rows(values.mappings(values.mapping(record.value, "insights").get("data")), context)


class Deleted:
    """The answer to one's own deletion of a post."""

    name = "threads_deleted"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """The id of what was deleted."""
        return isinstance(sample.first_value, dict) and "deleted_id" in sample.first_value

    def split(self, document: Any) -> Iterable[Any]:
        """The answer."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """The tombstone. Raises BadRecord."""
        answer = values.mapping(record.value, "answer")
        if answer.get("success") is not True:
            raise BadRecord("error_response", "the deletion did not succeed", "success")
        return [canonical.deletion_row(canonical.media_id(answer.get("deleted_id"), "deleted_id"), "deleted", context)]


class WebPosts:
    """What scrapers keep of the web site's own answers: ``thread_items`` at any depth."""

    name = "threads_web"
    framing = Framing.JSON
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """A list ``thread_items`` with a post."""
        return any(thread for thread in web.threads_in(sample.first_value))

    def split(self, document: Any) -> Iterable[Any]:
        """The posts."""
        return list(web.posts_in(document))

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one post. Raises BadRecord."""
        return web.post_rows(values.mapping(record.value, "post"), context)


class PostTable:
    """A scraper's table: one post a row, by its number and its address."""

    name = "threads_table"
    framing = Framing.CSV
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """Its column names, in either of its two versions."""
        names = set(sample.first_value) if isinstance(sample.first_value, list) else set()
        return {"permalink", "created_time", "like_count", "reply_count"} <= names and bool({"id", "post_id"} & names)

    def split(self, document: Any) -> Iterable[Any]:
        """Rows are records already."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one post. Raises BadRecord."""
        cells = record.value
        name, code = canonical.address_parts(cells["permalink"])
        item = {
            "id": cells.get("post_id") or cells.get("id"),
            "permalink": cells["permalink"],
            "username": name,
            "shortcode": code,
            "timestamp": cells["created_time"],
            "text": cells.get("text") or cells.get("caption"),
            "media_type": cells.get("media_type"),
        }
        rows = canonical.media_rows(item, {}, context)
        counters = {
            "like_count": values.count(cells["like_count"], "like_count"),
            "comment_count": values.count(cells["reply_count"], "reply_count"),
        }
        if any(count is not None for count in counters.values()):
            post = rows[0].values
            stamp = {column: post[column] for column in ("platform", "post_key", "published_at", "observed_at", "ts_quality")}
            rows.append(Row("post_metrics", stamp | counters))
        return rows


class ErrorBody:
    """An error body that was saved as if it were an answer."""

    name = "threads_error"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """An ``error`` object with a message."""
        return isinstance(values.child(values.optional_mapping(sample.first_value), "error").get("message"), str)

    def split(self, document: Any) -> Iterable[Any]:
        """The body itself."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:  # noqa: ARG002 - the protocol's signature
        """Never lands. Raises BadRecord ``error_response``."""
        error = values.child(values.optional_mapping(record.value), "error")
        raise BadRecord("error_response", f"the server answered: {str(error.get('message'))[:200]} (code {error.get('code')})")


FORMATS: Final[tuple[NativeFormat, ...]] = (
    LookupFormat("threads_accounts_lookup", Profiles(), account_ids_of, asked_for="account"),
    MediaLines(),
    WebPosts(),
    Insights(),
    Media(),
    Profiles(),
    Deleted(),
    ErrorBody(),
    PostTable(),
)
