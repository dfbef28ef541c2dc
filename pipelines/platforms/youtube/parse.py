"""YouTube Data API v3 responses and exports to canonical rows. Statistics come as text and are absent where hidden."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.lookups import LookupFormat
from pipelines.platforms.posts import SOCIAL_TABLES, Author, Post
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, NativeFormat, Record, Row, Sample
from pipelines.platforms.text import primary_language, tags_in
from pipelines.platforms.times import from_iso, plausible
from pipelines.platforms.youtube.ytdlp import Info, InfoLines

TABLES: Final = SOCIAL_TABLES
_DURATION: Final = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_MENTION: Final = re.compile(r"(?<![\w@])@[\w.-]*\w")  # with its '@', as the crawler writes authors
_WATCH: Final = re.compile(r"(?:v=|youtu\.be/|shorts/)([A-Za-z0-9_-]{6,})")


def _seconds(value: Any) -> float | None:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return float((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds)


class _Response:
    """An API response: ``kind`` names it, ``items`` holds its records (or it is a single item)."""

    framing = Framing.JSON
    collection_method = "timeline"
    name: str
    kinds: tuple[str, ...]

    def matches(self, sample: Sample) -> bool:
        """The kind of the response, or of its items."""
        value = sample.first_value
        if not isinstance(value, dict):
            return False
        items = value.get("items")
        first = items[0] if isinstance(items, list) and items and isinstance(items[0], dict) else {}
        known = [*self.kinds, *(f"{kind}ListResponse" for kind in self.kinds)]
        return value.get("kind") in known or first.get("kind") in self.kinds

    def split(self, document: Any) -> Iterable[Any]:
        """The items. A list that found nothing leaves them out; what is no list is a single item."""
        if "items" not in document:
            return () if str(document.get("kind")).endswith("ListResponse") else (document,)
        if not isinstance(document["items"], list):
            raise BadRecord("wrong_type", "items is no list", "items")
        return document["items"]


class Videos(_Response):
    """videos.list."""

    name = "youtube_videos"
    kinds = ("youtube#video",)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one video. Raises BadRecord."""
        item = values.mapping(record.value, "item")
        native_id = values.required_text(item.get("id"), "id")
        snippet, statistics = values.child(item, "snippet"), values.child(item, "statistics")
        details = values.child(item, "contentDetails")
        channel = values.required_text(snippet.get("channelId"), "snippet.channelId")
        text = _text(snippet)
        names = {"view_count": "viewCount", "like_count": "likeCount", "comment_count": "commentCount"}
        languages = (values.text(snippet.get(name)) for name in ("defaultAudioLanguage", "defaultLanguage"))
        paid = values.child(item, "paidProductPlacementDetails").get("hasPaidProductPlacement")
        post = Post(
            native_id,
            channel,
            text,
            values.time(snippet.get("publishedAt"), "snippet.publishedAt", context),
            context.observed_at,
            url=f"https://www.youtube.com/watch?v={native_id}",
            tags=_tags(snippet, text),
            counters={column: values.count(statistics.get(name), f"statistics.{name}") for column, name in names.items()},
            more={
                "post_type": "live" if snippet.get("liveBroadcastContent") == "live" else "video",
                "media_kind": "video",
                "language": next(filter(None, map(primary_language, languages)), None),
                "duration_seconds": _seconds(details.get("duration")),
                "has_paid_label": values.flag(paid),
                # Told only where contentDetails were asked for.
                "is_sensitive": values.child(details, "contentRating").get("ytRating") == "ytAgeRestricted" if details else None,
            },
        )
        return post.rows(context) + _channel_rows(channel, snippet.get("channelTitle"), context)


def _text(snippet: dict[str, Any]) -> str:
    return "\n".join(filter(None, (values.text(snippet.get("title")), values.text(snippet.get("description")))))


def _channel_rows(channel: str, title: Any, context: FileContext) -> list[Row]:
    """Rows of a channel of which a video shows the title only."""
    named = Author(channel, display_name=values.text(title), profile_url=f"https://www.youtube.com/channel/{channel}")
    return named.rows(context, context.observed_at, context.observed_quality) if named.display_name else []


def _listed_video(
    native_id: str, channel: tuple[str | None, Any], snippet: dict[str, Any], published_at: datetime, context: FileContext
) -> list[Row]:
    """Rows of a video as lists of videos show it: no counters, no duration, no label. ``channel`` is (id, title)."""
    live = snippet.get("liveBroadcastContent") == "live"
    owner, title = channel
    post = Post(
        native_id,
        owner,
        _text(snippet),
        published_at,
        context.observed_at,
        url=f"https://www.youtube.com/watch?v={native_id}",
        more={"post_type": "live" if live else "video", "media_kind": "video"},
    )
    return post.rows(context) + (_channel_rows(owner, title, context) if owner else [])


def ids_of(answer: Any) -> set[str]:
    """Ids of the items of an answer to videos.list, channels.list or comments.list."""
    items = values.mappings(values.optional_mapping(answer).get("items"))
    return {item["id"] for item in items if isinstance(item.get("id"), str)}


def says_nothing_was_found(answer: Any) -> bool:
    """Whether an answer is a list without items, which the API leaves out where it found none."""
    found = values.optional_mapping(answer)
    return str(found.get("kind")).endswith("ListResponse") and not found.get("items") and "error" not in found


class SearchResults(_Response):
    """search.list: videos, and channels among them. The description is cut short by the API."""

    name = "youtube_search"
    kinds = ("youtube#searchResult", "youtube#searchListResponse")
    collection_method = "search"

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one result. Raises BadRecord."""
        item = values.mapping(record.value, "item")
        found, snippet = values.child(item, "id"), values.child(item, "snippet")
        published_at = values.time(snippet.get("publishedAt"), "snippet.publishedAt", context)
        title = values.text(snippet.get("title"))
        if found.get("kind") == "youtube#channel":
            channel = values.required_text(found.get("channelId"), "id.channelId")
            author = Author(
                channel,
                display_name=title,
                profile_url=f"https://www.youtube.com/channel/{channel}",
                created_at=published_at,
            )
            return author.rows(context, context.observed_at, context.observed_quality)
        if found.get("kind") == "youtube#playlist":
            raise BadRecord("unexpected_shape", "the result is a playlist: neither a post nor an account", "id.kind")
        native_id = values.required_text(found.get("videoId"), "id.videoId")
        channel = values.required_text(snippet.get("channelId"), "snippet.channelId")
        return _listed_video(native_id, (channel, snippet.get("channelTitle")), snippet, published_at, context)


class PlaylistItems(_Response):
    """playlistItems.list: videos with the time of their own publication; ``snippet.publishedAt`` is when they were listed."""

    name = "youtube_playlist_items"
    kinds = ("youtube#playlistItem",)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one item. Raises BadRecord."""
        item = values.mapping(record.value, "item")
        snippet, details = values.child(item, "snippet"), values.child(item, "contentDetails")
        listed = values.text(details.get("videoId")) or values.child(snippet, "resourceId").get("videoId")
        native_id = values.required_text(listed, "contentDetails.videoId")
        published_at = values.time(details.get("videoPublishedAt"), "contentDetails.videoPublishedAt", context)
        # snippet.channelId is whose playlist it is: anybody's, where the API does not name the video's owner.
        owner = values.text(snippet.get("videoOwnerChannelId"))
        return _listed_video(native_id, (owner, snippet.get("videoOwnerChannelTitle")), snippet, published_at, context)


def _tags(snippet: dict[str, Any], text: str) -> list[str]:
    """Keywords without spaces, and hashtags of the text: what can meet the hashtags of other platforms."""
    listed = [tag for tag in values.texts(snippet.get("tags")) if " " not in tag.strip()]
    return [*listed, *tags_in(text)]


class Channels(_Response):
    """channels.list."""

    name = "youtube_channels"
    kinds = ("youtube#channel",)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one channel. Raises BadRecord."""
        item = values.mapping(record.value, "item")
        channel = values.required_text(item.get("id"), "id")
        snippet, statistics = values.child(item, "snippet"), values.child(item, "statistics")
        hidden = statistics.get("hiddenSubscriberCount") is True
        created = snippet.get("publishedAt")
        branding = values.child(values.child(item, "brandingSettings"), "channel")
        shown = branding | snippet  # the same texts twice, where both parts were asked for
        return Author(
            channel,
            handle=values.text(shown.get("customUrl")),
            display_name=values.text(shown.get("title")),
            profile_text=values.text(shown.get("description")),
            profile_url=f"https://www.youtube.com/channel/{channel}",
            created_at=values.time(created, "snippet.publishedAt", context) if created else None,
            followers_count=None if hidden else values.count(statistics.get("subscriberCount"), "statistics.subscriberCount"),
            posts_count=values.count(statistics.get("videoCount"), "statistics.videoCount"),
            country=values.text(shown.get("country")),
            links=[] if "description" in shown else None,
        ).rows(context, context.observed_at, context.observed_quality)


def _comment_author(item: dict[str, Any]) -> str | None:
    return values.text(values.child(values.child(item, "snippet"), "authorChannelId").get("value"))


def _comment_rows(
    item: dict[str, Any], video: str | None, channel: str | None, answered: str | None, context: FileContext
) -> list[Row]:
    """Rows of a comment. ``channel`` owns the video, ``answered`` wrote the comment that a reply stands under."""
    native_id = values.required_text(item.get("id"), "id")
    snippet = values.child(item, "snippet")
    author_id = _comment_author(item)
    published_at = values.time(snippet.get("publishedAt"), "snippet.publishedAt", context)
    updated_at = values.time(snippet.get("updatedAt"), "snippet.updatedAt", context) if snippet.get("updatedAt") else published_at
    parent = values.text(snippet.get("parentId")) or (native_id.split(".", 1)[0] if "." in native_id else None)
    video = video or values.text(snippet.get("videoId"))
    channel = channel or values.text(snippet.get("channelId"))
    above = parent or video
    key = context.pseudonyms.key
    post = Post(
        native_id,
        author_id,
        values.text(snippet.get("textOriginal")) or values.text(snippet.get("textDisplay")) or "",
        published_at,
        context.observed_at,
        counters={"like_count": values.count(snippet.get("likeCount"), "snippet.likeCount")},
        more={
            "post_type": "comment",
            "edited_at": updated_at if updated_at > published_at else None,
            "parent_post_key": key(context.platform, above) if above else None,
            "root_post_key": key(context.platform, video) if video else None,
            "media_kind": "none",
        },
    )
    rows = post.rows(context)
    target = answered if parent else channel
    if above or target:
        rows.append(post.edge(context, "comment", target_id=target, target_post=above))
    if author_id:
        author = Author(author_id, display_name=values.text(snippet.get("authorDisplayName")))
        rows += author.rows(context, context.observed_at, context.observed_quality)
    return rows


class CommentThreads(_Response):
    """commentThreads.list, with the replies that came along."""

    name = "youtube_comment_threads"
    kinds = ("youtube#commentThread",)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one thread. Raises BadRecord."""
        item = values.mapping(record.value, "item")
        snippet = values.child(item, "snippet")
        video, channel = values.text(snippet.get("videoId")), values.text(snippet.get("channelId"))
        top = values.mapping(snippet.get("topLevelComment"), "snippet.topLevelComment")
        rows = _comment_rows(top, video, channel, None, context)
        for reply in values.sequence(values.child(item, "replies").get("comments")):
            rows += _comment_rows(values.mapping(reply, "replies.comments"), video, channel, _comment_author(top), context)
        return rows


class Comments(_Response):
    """comments.list."""

    name = "youtube_comments"
    kinds = ("youtube#comment",)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one comment. Raises BadRecord."""
        return _comment_rows(values.mapping(record.value, "item"), None, None, None, context)


class VideoTable:
    """A search export: one video a row, by the product that was searched for; the channel is known by its title only."""

    name = "youtube_search_csv"
    framing = Framing.CSV
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """Its column names."""
        return isinstance(sample.first_value, list) and {"video_id", "channel", "published_at", "view_count"} <= set(
            sample.first_value
        )

    def split(self, document: Any) -> Iterable[Any]:
        """Rows are records already."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one video. Raises BadRecord."""
        cells = record.value
        native_id = values.required_text(cells["video_id"], "video_id")
        channel = values.required_text(cells["channel"], "channel")
        scraped = values.text(cells.get("scraped_at"))
        # The table tells the day of the scrape, not its hour: the last moment of that day is not before any video in it.
        observed_at, quality = context.observed_at, context.observed_quality
        if scraped:
            quality = "date_only"
            observed_at = plausible(from_iso(scraped[:10] + "T23:59:59", "scraped_at"), context.observed_at, "scraped_at")
        names = ("view_count", "like_count", "comment_count")
        post = Post(
            native_id,
            f"title:{channel}",
            values.text(cells.get("title")) or "",
            plausible(from_iso(cells["published_at"], "published_at"), observed_at, "published_at"),
            observed_at,
            url=values.text(cells.get("url")),
            counters={name: values.count(cells.get(name), name) for name in names},
            more={"post_type": "video", "media_kind": "video", "collection_query": values.text(cells.get("bag_query"))},
            observed_quality=quality,
        )
        author = Author(f"title:{channel}", display_name=channel)
        return post.rows(context) + author.rows(context, observed_at, quality)


class CommentLines:
    """Comments as a crawler writes them: no time of their own, so they are as old as their observation says."""

    name = "youtube_comment_lines"
    framing = Framing.LINES
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """Lines with an author, a text and the video's address."""
        value = sample.first_value
        return isinstance(value, dict) and {"id", "text", "author", "url", "is_reply"} <= value.keys()

    def split(self, document: Any) -> Iterable[Any]:
        """Lines are records already."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one comment. Raises BadRecord."""
        item = values.mapping(record.value, "line")
        native_id = values.required_text(item.get("id"), "id")
        handle = values.text(item.get("author"))
        found = _WATCH.search(values.text(item.get("url")) or "")
        if found is None:
            raise BadRecord("missing_id", "url holds no video id", "url")
        parent = values.text(item.get("parent_id"))
        # A reply whose parent the crawler did not keep answers an unknown comment, not the video.
        above = parent or (None if item.get("is_reply") is True else found[1])
        key, text = context.pseudonyms.key, values.text(item.get("text")) or ""
        post = Post(
            native_id,
            handle.lower() if handle else None,
            text,
            context.observed_at,
            context.observed_at,
            mentioned=[name.lower() for name in _MENTION.findall(text)],
            ts_quality="collected",
            more={
                "post_type": "comment",
                "media_kind": "none",
                "parent_post_key": key(context.platform, above) if above else None,
                "root_post_key": key(context.platform, found[1]),
            },
        )
        rows = post.rows(context)
        if above:
            rows.append(post.edge(context, "comment", target_post=above))
        if handle:
            rows += Author(handle.lower(), handle=handle).rows(context, context.observed_at, context.observed_quality)
        return rows


class ErrorResponse:
    """What the API answers instead of data: refused as a record, so that nobody takes it for an empty answer."""

    name = "youtube_error"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """An object with an error: the data API's is an object, the token endpoint's a word."""
        return isinstance(sample.first_value, dict) and isinstance(sample.first_value.get("error"), dict | str)

    def split(self, document: Any) -> Iterable[Any]:
        """The response as one record."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Raises BadRecord with what the API said."""
        document = values.mapping(record.value, "response")
        error = values.child(document, "error")
        said = f"{error.get('code')}: {error.get('message')}" if error else str(document.get("error"))
        raise BadRecord("error_response", f"{context.file}: the API answered {said[:200]}", "error")


FORMATS: Final[tuple[NativeFormat, ...]] = (
    LookupFormat("youtube_videos_lookup", Videos(), ids_of, is_empty=says_nothing_was_found),
    LookupFormat("youtube_comment_threads_lookup", CommentThreads(), ids_of, is_empty=says_nothing_was_found),
    LookupFormat("youtube_comments_lookup", Comments(), ids_of, is_empty=says_nothing_was_found),
    LookupFormat("youtube_channels_lookup", Channels(), ids_of, asked_for="account", is_empty=says_nothing_was_found),
    Videos(),
    Channels(),
    CommentThreads(),
    Comments(),
    SearchResults(),
    PlaylistItems(),
    VideoTable(),
    CommentLines(),
    Info(),
    InfoLines(),
    ErrorResponse(),
)
