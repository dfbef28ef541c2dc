"""What yt-dlp writes about a video, its channel and its comments (``.info.json``, or one such object a line) to canonical rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.posts import Author, Post
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, Record, Row, Sample
from pipelines.platforms.text import primary_language, tags_in
from pipelines.platforms.times import from_iso, from_unix, plausible

_EXTRACTOR: Final = "youtube"
_LIVE: Final = frozenset({"is_live", "was_live", "post_live", "is_upcoming"})
_AGE_LIMIT: Final = 18
_DATE_DIGITS: Final = 8


def is_info(value: Any) -> bool:
    """Whether an object is yt-dlp's about something on YouTube."""
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        return False
    return str(value.get("extractor_key") or value.get("extractor") or "").lower().startswith(_EXTRACTOR)


def records_of(info: Any) -> Iterator[dict[str, Any]]:
    """The video or playlist of an info object, then each of its comments with what a comment does not say itself."""
    waiting = [info]
    while waiting:
        document = values.optional_mapping(waiting.pop())
        yield {"info": {name: part for name, part in document.items() if name not in {"comments", "entries"}}}
        video = {name: document.get(name) for name in ("id", "channel_id", "epoch")}
        comments = values.sequence(document.get("comments"))
        authors = {str(comment.get("id")): comment.get("author_id") for comment in values.mappings(comments)}
        for comment in comments:
            parent = comment.get("parent") if isinstance(comment, dict) else None
            yield {"comment": comment, "video": video, "answered": authors.get(str(parent))}
        waiting += reversed(values.sequence(document.get("entries")))


class Info:
    """An ``.info.json``: a video with its comments, or a channel or playlist with those of its entries that came along."""

    name = "youtube_ytdlp"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """An object that names YouTube as its extractor."""
        return is_info(sample.first_value)

    def split(self, document: Any) -> Iterable[Any]:
        """The video and its comments, each a record."""
        return records_of(document)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of the video, the channel, or one comment. Raises BadRecord."""
        return _rows(values.mapping(record.value, "record"), context)


class InfoLines:
    """What ``yt-dlp -j`` prints: one info object a line. A line with comments is one record all the same."""

    name = "youtube_ytdlp_lines"
    framing = Framing.LINES
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """Lines that name YouTube as their extractor."""
        return is_info(sample.first_value)

    def split(self, document: Any) -> Iterable[Any]:
        """Lines are records already."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of the video, its channel and its comments. Raises BadRecord."""
        return [row for part in records_of(values.mapping(record.value, "line")) for row in _rows(part, context)]


def _rows(record: dict[str, Any], context: FileContext) -> list[Row]:
    if "info" not in record:
        return _comment_rows(record, context)
    info = values.mapping(record["info"], "info")
    return _channel_rows(info, context) if info.get("_type") in {"playlist", "multi_video"} else _video_rows(info, context)


def _observed(epoch: Any, context: FileContext) -> tuple[datetime, str]:
    """When the extractor looked, which newer versions write."""
    seconds = values.number(epoch, "epoch")
    if seconds is None:
        return context.observed_at, context.observed_quality
    return plausible(from_unix(seconds, "epoch"), context.observed_at, "epoch"), "exact"


def _published(info: dict[str, Any], observed_at: datetime) -> tuple[datetime, str]:
    """The publication: older versions and some pages know its day only."""
    for name in ("timestamp", "release_timestamp"):
        seconds = values.number(info.get(name), name)
        if seconds is not None:
            return plausible(from_unix(seconds, name), observed_at, name), "exact"
    day = values.text(info.get("upload_date")) or values.text(info.get("release_date"))
    if day is None:
        raise BadRecord("missing_field", "the video has neither a timestamp nor an upload_date", "timestamp")
    if len(day) != _DATE_DIGITS or not day.isdecimal():
        raise BadRecord("wrong_type", f"upload_date is {day[:40]!r}, not YYYYMMDD", "upload_date")
    return plausible(from_iso(day, "upload_date"), observed_at, "upload_date"), "date_only"


def _video_rows(info: dict[str, Any], context: FileContext) -> list[Row]:
    observed_at, quality = _observed(info.get("epoch"), context)
    native_id = values.required_text(info.get("id"), "id")
    channel = values.required_text(info.get("channel_id"), "channel_id")
    published_at, ts_quality = _published(info, observed_at)
    text = "\n".join(filter(None, (values.text(info.get("title")), values.text(info.get("description")))))
    listed = [tag for tag in values.texts(info.get("tags")) if " " not in tag.strip()]
    age = values.number(info.get("age_limit"), "age_limit")
    post = Post(
        native_id,
        channel,
        text,
        published_at,
        observed_at,
        url=values.text(info.get("webpage_url")) or f"https://www.youtube.com/watch?v={native_id}",
        tags=[*listed, *tags_in(text)],
        counters={name: values.count(info.get(name), name) for name in ("view_count", "like_count", "comment_count")},
        more={
            "post_type": "live" if info.get("live_status") in _LIVE else "video",
            "media_kind": "video",
            "language": primary_language(values.text(info.get("language"))),
            "duration_seconds": values.number(info.get("duration"), "duration"),
            "is_sensitive": None if age is None else age >= _AGE_LIMIT,
        },
        ts_quality=ts_quality,
        observed_quality=quality,
    )
    return post.rows(context) + _channel_rows(info, context)


def _channel_rows(info: dict[str, Any], context: FileContext) -> list[Row]:
    """The channel of a video, or the channel that a playlist's page is about."""
    observed_at, quality = _observed(info.get("epoch"), context)
    channel = values.required_text(info.get("channel_id"), "channel_id")
    handle = values.text(info.get("uploader_id"))
    is_own_page = info.get("_type") == "playlist" and info.get("id") in {channel, handle}
    return Author(
        channel,
        handle=handle if handle and handle.startswith("@") else None,
        display_name=values.text(info.get("channel")) or values.text(info.get("uploader")),
        profile_text=values.text(info.get("description")) if is_own_page else None,
        profile_url=f"https://www.youtube.com/channel/{channel}",
        followers_count=values.count(info.get("channel_follower_count"), "channel_follower_count"),
        is_verified=values.flag(info.get("channel_is_verified")),
        links=[] if is_own_page else None,
    ).rows(context, observed_at, quality)


def _comment_rows(record: dict[str, Any], context: FileContext) -> list[Row]:
    comment, video = values.mapping(record.get("comment"), "comment"), values.child(record, "video")
    observed_at, quality = _observed(video.get("epoch"), context)
    native_id = values.required_text(comment.get("id"), "comments.id")
    watched = values.required_text(video.get("id"), "id")
    author_id, author = values.text(comment.get("author_id")), values.text(comment.get("author"))
    parent = values.text(comment.get("parent"))
    above = watched if parent in {None, "root"} else parent
    seconds = values.number(comment.get("timestamp"), "comments.timestamp")
    # The page says 'two years ago'; the extractor makes a time of it. Without either only the observation is known.
    published_at, ts_quality = observed_at, "collected"
    if seconds:
        published_at, ts_quality = (
            plausible(from_unix(seconds, "comments.timestamp"), observed_at, "comments.timestamp"),
            "imputed",
        )
    key = context.pseudonyms.key
    post = Post(
        native_id,
        author_id,
        values.text(comment.get("text")) or "",
        published_at,
        observed_at,
        counters={"like_count": values.count(comment.get("like_count"), "comments.like_count")},
        more={
            "post_type": "comment",
            "media_kind": "none",
            "parent_post_key": key(context.platform, str(above)),
            "root_post_key": key(context.platform, watched),
        },
        ts_quality=ts_quality,
        observed_quality=quality,
    )
    target = values.text(record.get("answered")) if above != watched else values.text(video.get("channel_id"))
    rows = [*post.rows(context), post.edge(context, "comment", target_id=target, target_post=above)]
    if author_id:
        handle = author if author and author.startswith("@") else None
        verified = values.flag(comment.get("author_is_verified"))
        rows += Author(author_id, handle=handle, display_name=None if handle else author, is_verified=verified).rows(
            context, observed_at, quality
        )
    return rows
