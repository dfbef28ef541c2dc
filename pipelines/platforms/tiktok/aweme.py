"""TikTok's app objects ('aweme'), as many scrapers keep them, to canonical rows: videos and comments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.posts import Author, Post
from pipelines.platforms.protocol import FileContext, Framing, NativeFormat, Record, Row, Sample
from pipelines.platforms.text import primary_language, tags_in
from pipelines.platforms.tiktok.comments import comment_rows
from pipelines.platforms.tiktok.fields import account_id, mentions, sound_key, video_url

_MILLISECONDS: Final = 1_000.0
_LISTS: Final = ("aweme_list", "aweme_details", "data")


def _person(user: dict[str, Any], context: FileContext) -> tuple[str, list[Row]]:
    """(native id, rows) of a user object. Raises BadRecord."""
    username = account_id(user.get("unique_id"), "unique_id")
    verified = [values.text(user.get(name)) for name in ("custom_verify", "enterprise_verify_reason")]
    says_verified = "custom_verify" in user or "enterprise_verify_reason" in user
    person = Author(
        username,
        handle=username,
        display_name=values.text(user.get("nickname")),
        profile_text=values.text(user.get("signature")),
        followers_count=values.count(user.get("follower_count"), "follower_count"),
        following_count=values.count(user.get("following_count"), "following_count"),
        posts_count=values.count(user.get("aweme_count"), "aweme_count"),
        is_verified=any(verified) if says_verified else None,
        country=values.text(user.get("region")),
        links=values.texts([user.get("bio_url")]) if "signature" in user else None,
    )
    return username, person.rows(context, context.observed_at, context.observed_quality)


class Videos:
    """A list of app objects, a page with ``aweme_list``, or one ``aweme_detail``."""

    name = "tiktok_aweme"
    framing = Framing.JSON
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """Objects with an ``aweme_id`` and statistics."""
        return any(_is_video(item) for item in self._items(sample.first_value))

    def split(self, document: Any) -> Iterable[Any]:
        """The objects. A search page wraps each as ``aweme_info``."""
        return self._items(document)

    def _items(self, document: Any) -> list[Any]:
        if isinstance(document, list):
            listed = document
        else:
            whole = values.optional_mapping(document)
            detail = whole.get("aweme_detail")
            lists = (whole[name] for name in _LISTS if isinstance(whole.get(name), list))
            listed = [detail] if isinstance(detail, dict) else next(lists, [])
        return [item["aweme_info"] if isinstance(item, dict) and "aweme_info" in item else item for item in listed]

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one video. Raises BadRecord."""
        item = values.mapping(record.value, "aweme")
        native_id = values.required_text(item.get("aweme_id"), "aweme_id")
        username, person = _person(values.mapping(item.get("author"), "author"), context)
        stats, music = values.child(item, "statistics"), values.child(item, "music")
        text = values.text(item.get("desc")) or ""
        marks = values.mappings(item.get("text_extra"))
        names = (mark.get("user_unique_id") or mark.get("unique_id") for mark in marks)
        sound = next(filter(None, (music.get(name) for name in ("id_str", "mid", "id"))), None)
        milliseconds = values.count(values.child(item, "video").get("duration"), "video.duration")
        is_ad = values.flag(item.get("is_ads"))
        labels = values.child(item, "commerce_info")
        is_branded = values.flag(labels.get("branded_content")) or values.flag(item.get("is_paid_content"))
        post = Post(
            native_id,
            username,
            text,
            values.unix_time(item.get("create_time"), "create_time", context),
            context.observed_at,
            url=video_url(username, native_id),
            tags=[*values.texts([mark.get("hashtag_name") for mark in marks]), *tags_in(text)],
            mentioned=[name.strip().lower() for name in values.texts(list(names)) if name.strip()] or mentions(text),
            counters={
                "view_count": values.count(stats.get("play_count"), "play_count"),
                "like_count": values.count(stats.get("digg_count"), "digg_count"),
                "comment_count": values.count(stats.get("comment_count"), "comment_count"),
                "share_count": values.count(stats.get("share_count"), "share_count"),
                "save_count": values.count(stats.get("collect_count"), "collect_count"),
            },
            more={
                "post_type": "video",
                "media_kind": "image" if values.child(item, "image_post_info") else "video",
                "language": primary_language(values.text(item.get("desc_language"))),
                "duration_seconds": None if milliseconds is None else milliseconds / _MILLISECONDS,
                "sound_key": sound_key(values.required_text(sound, "music.id") if sound else None, context),
                "has_paid_label": True if is_branded else is_ad,
            },
        )
        return post.rows(context) + person


class VideoLines(Videos):
    """App objects, one a line."""

    name = "tiktok_aweme_lines"
    framing = Framing.LINES

    def matches(self, sample: Sample) -> bool:
        """The first line is an app object."""
        return _is_video(sample.first_value)

    def split(self, document: Any) -> Iterable[Any]:
        """A line is a record already."""
        return (document,)


def _is_video(item: Any) -> bool:
    return isinstance(item, dict) and "aweme_id" in item and "author" in item and "statistics" in item


class Comments:
    """A page of comments of the app: a list named ``comments`` whose items have a ``cid``."""

    name = "tiktok_aweme_comments"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """Comments with their own id and their video's."""
        return any({"cid", "aweme_id"} <= item.keys() for item in values.mappings(self._items(sample.first_value)))

    def split(self, document: Any) -> Iterable[Any]:
        """The comments, each followed by the answers that the page shows below it."""
        found = []
        for item in self._items(document):
            found += [item, *values.sequence(values.optional_mapping(item).get("reply_comment"))]
        return found

    def _items(self, document: Any) -> list[Any]:
        return document if isinstance(document, list) else values.sequence(values.optional_mapping(document).get("comments"))

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one comment. Raises BadRecord."""
        item = values.mapping(record.value, "comment")
        native_id = values.required_text(item.get("cid"), "cid")
        video = values.required_text(item.get("aweme_id"), "aweme_id")
        username, person = _person(values.mapping(item.get("user"), "user"), context)
        above = next(
            (str(item[name]) for name in ("reply_to_reply_id", "reply_id") if item.get(name) not in {None, "", "0", 0}), video
        )
        comment = comment_rows(
            native_id,
            username,
            values.text(item.get("text")) or "",
            values.unix_time(item.get("create_time"), "create_time", context),
            context,
            above=above,
            video=video,
            counters={
                "like_count": values.count(item.get("digg_count"), "digg_count"),
                "comment_count": values.count(item.get("reply_comment_total"), "reply_comment_total"),
            },
            language=primary_language(values.text(item.get("comment_language"))),
        )
        return [*comment, *person]


FORMATS: Final[tuple[NativeFormat, ...]] = (Videos(), VideoLines(), Comments())
