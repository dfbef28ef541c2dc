"""Instagram posts and profiles as common scrapers export them, to canonical rows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.posts import SOCIAL_TABLES, Author, Post
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, NativeFormat, Record, Row, Sample
from pipelines.platforms.times import from_iso, plausible

TABLES: Final = SOCIAL_TABLES
_SHORTCODE: Final = re.compile(r"/(?:p|reel|reels|tv)/([A-Za-z0-9_-]+)")
_MENTION: Final = re.compile(r"(?<![\w@.])@([A-Za-z0-9_.]{2,30})")
_KINDS: Final = {"image": "image", "video": "video", "sidecar": "image"}


def _post_rows(item: dict[str, Any], tags: list[str] | None, query: str | None, context: FileContext) -> list[Row]:
    found = _SHORTCODE.search(values.text(item.get("url")) or "")
    shortcode = values.text(item.get("shortCode")) or (found[1] if found else None)
    if shortcode is None:
        raise BadRecord("missing_id", "the post has no shortcode and no url that holds one", "url")
    stamp = values.text(item.get("timestamp"))
    if stamp is None:
        raise BadRecord("missing_field", "timestamp is missing", "timestamp")
    published_at = plausible(from_iso(stamp, "timestamp"), context.observed_at, "timestamp")
    caption = values.text(item.get("caption")) or ""
    username = values.text(item.get("ownerUsername"))
    username = username.strip().lower() if username else None
    kind = values.text(item.get("type")) or ""
    paid = item.get("isSponsored")
    post = Post(
        shortcode,
        username,
        caption,
        published_at,
        context.observed_at,
        url=values.text(item.get("url")),
        tags=tags,
        mentioned=[name.rstrip(".").lower() for name in _MENTION.findall(caption)] if "@" in caption else [],
        counters={
            "like_count": _counter(item.get("likesCount"), "likesCount"),
            "comment_count": _counter(item.get("commentsCount"), "commentsCount"),
            "view_count": _counter(item.get("videoViewCount"), "videoViewCount"),
        },
        more={
            "media_kind": _KINDS.get(kind.lower()),
            "has_paid_label": paid if isinstance(paid, bool) else None,
            "collection_query": query,
        },
    )
    rows = post.rows(context)
    if username:
        author = Author(username, handle=username, display_name=values.text(item.get("ownerFullName")))
        rows += author.rows(context, context.observed_at, context.observed_quality)
    return rows


def _counter(value: Any, name: str) -> int | None:
    return values.count(value, name)


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
        tags = values.texts(item.get("hashtags"))
        return _post_rows(item, tags or None, values.text(item.get("queryTag")), context)


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
        tags = [cell for name, cell in cells.items() if name.startswith("hashtags/") and cell]
        query = values.text(cells.get("bag_query")) or values.text(cells.get("queryTag"))
        return _post_rows(cells, tags or None, query, context)


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
        author = Author(
            username,
            handle=username,
            display_name=values.text(item.get("fullName")),
            profile_text=values.text(item.get("biography")),
            profile_url=values.text(item.get("url")),
            followers_count=values.count(item.get("followersCount"), "followersCount"),
            following_count=values.count(item.get("followsCount"), "followsCount"),
            posts_count=values.count(item.get("postsCount"), "postsCount"),
            is_verified=item.get("verified") if isinstance(item.get("verified"), bool) else None,
        )
        return author.rows(context, context.observed_at, context.observed_quality)


FORMATS: Final[tuple[NativeFormat, ...]] = (Posts(), Profiles(), PostTable())
