"""TikTok web items and scraper tables to canonical rows. Ids stay text: they are larger than a double holds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.lookups import LookupFormat
from pipelines.platforms.posts import SOCIAL_TABLES, Author, Post
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, NativeFormat, Record, Row, Sample
from pipelines.platforms.text import primary_language, tags_in
from pipelines.platforms.tiktok import aweme, export, research
from pipelines.platforms.tiktok.fields import account_id, mentions, seconds, sound_key, video_url
from pipelines.platforms.tiktok.research import post_ids_of, says_no_video

__all__ = ["FORMATS", "TABLES", "post_ids_of", "says_no_video"]

TABLES: Final = SOCIAL_TABLES
_TAG_COLUMN: Final = re.compile(r"hashtags/\d+/name")
_VIDEO_URL: Final = re.compile(r"/@([^/?#]+)/(?:video|photo)/(\d+)")


class WebItems:
    """The items of TikTok's web pages, as scrapers keep them: a list, or a page with ``itemList``."""

    name = "tiktok_web_items"
    framing = Framing.JSON
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """A list of objects with an author and a creation time."""
        items = sample.first_value.get("itemList") if isinstance(sample.first_value, dict) else sample.first_value
        return isinstance(items, list) and any(
            isinstance(item, dict) and "createTime" in item and "author" in item for item in items
        )

    def split(self, document: Any) -> Iterable[Any]:
        """The items."""
        return list(document.get("itemList", [])) if isinstance(document, dict) else list(document)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one item. Raises BadRecord."""
        item = values.mapping(record.value, "item")
        native_id = values.required_text(item.get("id"), "id")
        author = item.get("author")
        profile = author if isinstance(author, dict) else {"uniqueId": author}
        username = account_id(profile.get("uniqueId"), "author.uniqueId")
        published_at = values.unix_time(item.get("createTime"), "createTime", context)
        stats, music, shape = values.child(item, "stats"), values.child(item, "music"), values.child(item, "authorStats")
        text = values.text(item.get("desc")) or ""
        marks = values.mappings(item.get("textExtra"))
        titles = [one.get("title") for one in values.mappings(item.get("challenges"))]
        listed = values.texts([*titles, *(mark.get("hashtagName") for mark in marks)])
        named = [name.strip().lower() for name in values.texts([mark.get("userUniqueId") for mark in marks]) if name.strip()]
        sound = values.text(music.get("id"))
        post = Post(
            native_id,
            username,
            text,
            published_at,
            context.observed_at,
            url=video_url(username, native_id),
            tags=[*listed, *tags_in(text)],
            # A caption shows display names; the marks beside it say whose they are.
            mentioned=named or mentions(text),
            counters=_counters(stats),
            more={
                "post_type": "video",
                "media_kind": "image" if values.child(item, "imagePost") else "video",
                "language": primary_language(values.text(item.get("textLanguage"))),
                "duration_seconds": seconds(values.child(item, "video").get("duration")),
                "sound_key": sound_key(sound, context),
                "has_paid_label": values.flag(item.get("isAd")),
            },
        )
        rows = post.rows(context)
        for kind, info in (("duet", "duetInfo"), ("stitch", "stitchInfo")):
            source = values.text(values.child(item, info).get(f"{kind}FromId"))
            if source and source != "0":
                rows.append(post.edge(context, kind, target_post=source))
        person = Author(
            username,
            handle=username,
            display_name=values.text(profile.get("nickname")),
            profile_text=values.text(profile.get("signature")),
            followers_count=values.count(shape.get("followerCount"), "authorStats.followerCount"),
            following_count=values.count(shape.get("followingCount"), "authorStats.followingCount"),
            posts_count=values.count(shape.get("videoCount"), "authorStats.videoCount"),
            is_verified=values.flag(profile.get("verified")),
            links=values.texts([values.child(profile, "bioLink").get("link")]) if "signature" in profile else None,
        )
        return rows + person.rows(context, context.observed_at, context.observed_quality)


class ApifyTable:
    """The table that Apify's scraper exports: one video a row."""

    name = "tiktok_apify_csv"
    framing = Framing.CSV
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """Its column names."""
        return isinstance(sample.first_value, list) and {"authorMeta.name", "createTimeISO", "webVideoUrl"} <= set(
            sample.first_value
        )

    def split(self, document: Any) -> Iterable[Any]:
        """Rows are records already."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one video. Raises BadRecord."""
        cells = record.value
        found = _VIDEO_URL.search(cells["webVideoUrl"])
        if found is None:
            raise BadRecord("missing_id", "webVideoUrl holds no video id", "webVideoUrl")
        username = (values.text(cells["authorMeta.name"]) or found[1]).strip().lower()
        published_at = values.time(cells["createTimeISO"], "createTimeISO", context)
        text = cells.get("text") or ""
        # The table has no sound id. A name alone ("original sound") is shared by sounds that have nothing to do with each other.
        names = (values.text(cells.get("musicMeta.musicName")), values.text(cells.get("musicMeta.musicAuthor")))
        sound = "|".join(filter(None, names)) if all(names) else None
        post = Post(
            found[2],
            username,
            text,
            published_at,
            context.observed_at,
            url=cells["webVideoUrl"],
            tags=[*(cell for name, cell in cells.items() if _TAG_COLUMN.fullmatch(name) and cell), *tags_in(text)],
            mentioned=mentions(text),
            counters=_counters(cells),
            more={
                "post_type": "video",
                "media_kind": "video",
                "duration_seconds": seconds(cells.get("videoMeta.duration")),
                "sound_key": sound_key(sound, context),
                "collection_query": values.text(cells.get("searchHashtag.name") or cells.get("input")),
            },
        )
        person = Author(
            username,
            handle=username,
            display_name=values.text(cells.get("authorMeta.nickName")),
            followers_count=values.count(cells.get("authorMeta.fans"), "authorMeta.fans"),
            following_count=values.count(cells.get("authorMeta.following"), "authorMeta.following"),
        )
        return post.rows(context) + person.rows(context, context.observed_at, context.observed_quality)


class DiscoverUsers:
    """Accounts of TikTok's discover page, as an archive of it keeps them."""

    name = "tiktok_discover_users"
    framing = Framing.JSON
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """A list of objects with an account's number, its '@name' and its followers."""
        return any({"secUserId", "id", "stats"} <= item.keys() for item in values.mappings(sample.first_value))

    def split(self, document: Any) -> Iterable[Any]:
        """The accounts."""
        return list(document)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one account. Raises BadRecord."""
        item = values.mapping(record.value, "user")
        username = account_id(item.get("id"), "id")
        person = Author(
            username,
            handle=username,
            display_name=values.text(item.get("name")),
            profile_text=values.text(item.get("bio")),
            followers_count=values.count(values.child(item, "stats").get("followers"), "stats.followers"),
            is_verified=values.flag(item.get("verified")),
        )
        return person.rows(context, context.observed_at, context.observed_quality)


def _counters(stats: dict[str, Any]) -> dict[str, Any]:
    names = {
        "view_count": "playCount",
        "like_count": "diggCount",
        "comment_count": "commentCount",
        "share_count": "shareCount",
        "save_count": "collectCount",
    }
    return {column: values.count(stats.get(native), native) for column, native in names.items()}


FORMATS: Final[tuple[NativeFormat, ...]] = (
    LookupFormat("tiktok_research_videos_lookup", research.Videos(), post_ids_of, is_empty=says_no_video),
    *research.FORMATS,
    *aweme.FORMATS,
    *export.FORMATS,
    WebItems(),
    ApifyTable(),
    DiscoverUsers(),
)
