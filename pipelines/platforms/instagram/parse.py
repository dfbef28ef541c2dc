"""Instagram posts and profiles as common scrapers export them, to canonical rows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from pipelines.platforms import values
from pipelines.platforms.instagram import export, graph
from pipelines.platforms.instagram.fields import mentions, shortcode_in, username_of
from pipelines.platforms.instagram.graph import post_ids_of
from pipelines.platforms.posts import SOCIAL_TABLES, Author, Post
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, NativeFormat, Record, Row, Sample
from pipelines.platforms.text import tags_in

__all__ = ["FORMATS", "TABLES", "post_ids_of"]

TABLES: Final = SOCIAL_TABLES


class _Listed(NamedTuple):
    """What an export lists beside the caption."""

    tags: list[str]
    mentions: list[str]
    tagged: list[str]


# Lists in tables are numbered columns.
_NUMBERED: Final = tuple(map(re.compile, (r"hashtags/\d+", r"mentions/\d+", r"taggedUsers/\d+/username")))
# The categories that a business gives itself and that no person's account has.
_CLASSES: Final = {
    "brand": "brand",
    "product/service": "brand",
    "media/news company": "media",
    "magazine": "media",
    "newspaper": "media",
    "tv channel": "media",
}
_KINDS: Final = {"image": "image", "video": "video", "sidecar": "image"}


def _post_rows(item: dict[str, Any], listed: _Listed, query: str | None, context: FileContext) -> list[Row]:
    shortcode = values.text(item.get("shortCode")) or shortcode_in(item.get("url"))
    if shortcode is None:
        raise BadRecord("missing_id", "the post has no shortcode and no url that holds one", "url")
    caption = values.text(item.get("caption")) or ""
    username = username_of(item.get("ownerUsername"))
    music = values.child(item, "musicInfo").get("audio_id")
    sound = values.required_text(music, "musicInfo.audio_id") if music else None
    post = Post(
        shortcode,
        username,
        caption,
        values.time(item.get("timestamp"), "timestamp", context),
        context.observed_at,
        url=values.text(item.get("url")),
        tags=[*listed.tags, *tags_in(caption)],
        mentioned=list(filter(None, map(username_of, [*listed.mentions, *mentions(caption)]))),
        counters={
            "like_count": values.count(item.get("likesCount"), "likesCount"),
            "comment_count": values.count(item.get("commentsCount"), "commentsCount"),
            "view_count": values.count(item.get("videoViewCount"), "videoViewCount"),
        },
        more={
            "media_kind": _KINDS.get((values.text(item.get("type")) or "").lower()),
            "duration_seconds": values.number(item.get("videoDuration"), "videoDuration"),
            "sound_key": context.pseudonyms.key(context.platform, f"sound:{sound}") if sound else None,
            "has_paid_label": values.flag(item.get("isSponsored")),
            "collection_query": query,
        },
    )
    tagged = dict.fromkeys(filter(None, map(username_of, listed.tagged)))
    rows = post.rows(context) + [post.edge(context, "tag", target_id=name) for name in tagged]
    if username:
        author = Author(username, handle=username, display_name=values.text(item.get("ownerFullName")))
        rows += author.rows(context, context.observed_at, context.observed_quality)
    for comment in values.sequence(item.get("latestComments")):
        above = values.mapping(comment, "latestComments")
        rows += _comment_rows(above, shortcode, (shortcode, username), context)
        said = values.text(above.get("id")) or "", username_of(above.get("ownerUsername"))
        for reply in values.sequence(above.get("replies")):  # Instagram has no deeper level
            rows += _comment_rows(values.mapping(reply, "latestComments.replies"), shortcode, said, context)
    return rows


def _comment_rows(item: dict[str, Any], shortcode: str, above: tuple[str, str | None], context: FileContext) -> list[Row]:
    """Rows of a comment below the post of ``shortcode``; ``above`` is what it answers, as (native id, author)."""
    native_id, username = values.required_text(item.get("id"), "latestComments.id"), username_of(item.get("ownerUsername"))
    key, text = context.pseudonyms.key, values.text(item.get("text")) or ""
    post = Post(
        native_id,
        username,
        text,
        values.time(item.get("timestamp"), "latestComments.timestamp", context),
        context.observed_at,
        mentioned=mentions(text),
        counters={"like_count": values.count(item.get("likesCount"), "latestComments.likesCount")},
        more={
            "post_type": "comment",
            "media_kind": "none",
            "parent_post_key": key(context.platform, above[0]),
            "root_post_key": key(context.platform, shortcode),
        },
    )
    rows = [*post.rows(context), post.edge(context, "comment", target_id=above[1], target_post=above[0])]
    if username:
        rows += Author(username, handle=username).rows(context, context.observed_at, context.observed_quality)
    return rows


class Posts:
    """Apify's list of posts."""

    name = "instagram_apify_posts"
    framing = Framing.JSON
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """A list of objects with a caption, an owner and a time."""
        items = sample.first_value
        return isinstance(items, list) and any(
            isinstance(item, dict) and "caption" in item and "timestamp" in item for item in items
        )

    def split(self, document: Any) -> Iterable[Any]:
        """The posts."""
        return list(document)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one post. Raises BadRecord."""
        item = values.mapping(record.value, "post")
        tagged = values.texts([person.get("username") for person in values.mappings(item.get("taggedUsers"))])
        listed = _Listed(values.texts(item.get("hashtags")), values.texts(item.get("mentions")), tagged)
        return _post_rows(item, listed, values.text(item.get("queryTag")), context)


class PostTable:
    """The same posts as a table; hashtags in numbered columns, the searched tag or product beside them."""

    name = "instagram_apify_csv"
    framing = Framing.CSV
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """Its column names."""
        return isinstance(sample.first_value, list) and {"caption", "ownerUsername", "url", "timestamp"} <= set(
            sample.first_value
        )

    def split(self, document: Any) -> Iterable[Any]:
        """Rows are records already."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one post. Raises BadRecord."""
        cells = record.value
        listed = _Listed(*([cell for name, cell in cells.items() if form.fullmatch(name) and cell] for form in _NUMBERED))
        query = values.text(cells.get("bag_query")) or values.text(cells.get("queryTag"))
        return _post_rows(cells, listed, query, context)


class Profiles:
    """Apify's list of profiles: where follower counts come from."""

    name = "instagram_apify_profiles"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """A list of objects with a username and followers."""
        items = sample.first_value
        return isinstance(items, list) and any(
            isinstance(item, dict) and {"username", "followersCount"} <= item.keys() for item in items
        )

    def split(self, document: Any) -> Iterable[Any]:
        """The profiles."""
        return list(document)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one profile. Raises BadRecord."""
        item = values.mapping(record.value, "profile")
        username = values.required_text(item.get("username"), "username").lower()
        category = values.text(item.get("businessCategoryName")) or ""
        pages = [item.get("externalUrl"), *(page.get("url") for page in values.mappings(item.get("externalUrls")))]
        author = Author(
            username,
            handle=username,
            display_name=values.text(item.get("fullName")),
            profile_text=values.text(item.get("biography")),
            profile_url=values.text(item.get("url")),
            followers_count=values.count(item.get("followersCount"), "followersCount"),
            following_count=values.count(item.get("followsCount"), "followsCount"),
            posts_count=values.count(item.get("postsCount"), "postsCount"),
            is_verified=values.flag(item.get("verified")),
            actor_class=_CLASSES.get(category.strip().lower()),
            links=values.texts(pages),
        )
        return author.rows(context, context.observed_at, context.observed_quality)


FORMATS: Final[tuple[NativeFormat, ...]] = (Posts(), Profiles(), *export.FORMATS, *graph.FORMATS, PostTable())
