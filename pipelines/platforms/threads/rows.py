"""Canonical rows of Threads media, profiles and insights. No file shapes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.posts import Author, Post
from pipelines.platforms.protocol import BadRecord, FileContext, Row
from pipelines.platforms.text import links_in, tags_in
from pipelines.platforms.times import plausible

PLATFORM: Final = "threads"
_ID: Final = re.compile(r"[0-9]{1,20}")
_MENTION: Final = re.compile(r"(?<![\w@./])@([A-Za-z0-9_.]{1,30})(?![\w/])")
_PERMALINK: Final = re.compile(r"threads\.(?:net|com)/(?:@([\w.]+)/post|t)/([A-Za-z0-9_-]+)")
_KINDS: Final = {"IMAGE": "image", "VIDEO": "video", "CAROUSEL_ALBUM": "image", "AUDIO": "audio"}
_REPOST: Final = "REPOST_FACADE"
# A shortcode is a number in base 64 whose upper bits are milliseconds since this moment, as on Instagram.
_SHORTCODE_DIGITS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_SHORTCODE_EPOCH: Final = datetime.fromtimestamp(1_314_220_021.721, UTC)
_SHORTCODE_SHIFT: Final = 23
_LONGEST_SHORTCODE: Final = 11
_INSIGHTS: Final = {
    "views": "view_count",
    "likes": "like_count",
    "replies": "comment_count",
    "reposts": "repost_count",
    "quotes": "quote_count",
    "shares": "share_count",
}


def media_id(value: Any, field_name: str) -> str:
    """The number of a post in the API. Raises BadRecord ``missing_id``, also for one that a spreadsheet ruined."""
    found = values.required_text(value, field_name)
    if not _ID.fullmatch(found):
        raise BadRecord("missing_id", f"{field_name} is {found[:40]!r}, not a whole number", field_name)
    return found


def optional_id(value: Any) -> str | None:
    """The number that a field or the ``id`` of an object in it names."""
    named = value.get("id") if isinstance(value, dict) else value
    if isinstance(named, int) and not isinstance(named, bool):
        return str(named)
    return named.strip() if isinstance(named, str) and _ID.fullmatch(named.strip()) else None


def username(value: Any) -> str | None:
    """An account's name, in lower case and without '@': the only name that all answers have for it."""
    name = values.text(value)
    return name.strip().lstrip("@").rstrip(".").lower() or None if name else None


def address_parts(permalink: Any) -> tuple[str | None, str | None]:
    """(account, shortcode) of a post's address."""
    found = _PERMALINK.search(values.text(permalink) or "")
    return (username(found[1]), found[2]) if found else (None, None)


def shortcode_time(shortcode: str | None) -> datetime | None:
    """When the post of this shortcode was made, UTC, to the millisecond; None for what is no shortcode."""
    if not shortcode or len(shortcode) > _LONGEST_SHORTCODE or any(letter not in _SHORTCODE_DIGITS for letter in shortcode):
        return None
    number = 0
    for letter in shortcode:
        number = number * len(_SHORTCODE_DIGITS) + _SHORTCODE_DIGITS.index(letter)
    return _SHORTCODE_EPOCH + timedelta(milliseconds=number >> _SHORTCODE_SHIFT)


def published(stamp: Any, shortcode: str | None, field_name: str, context: FileContext) -> tuple[datetime, str]:
    """(time, quality) of a post: its own stamp, else the time in its shortcode, marked as imputed. Raises BadRecord."""
    if stamp is None or stamp == "":
        made_at = shortcode_time(shortcode)
        if made_at is not None:
            return plausible(made_at, context.observed_at, "shortcode"), "imputed"
    return values.time(stamp, field_name, context), "exact"


def media_rows(item: dict[str, Any], authors: dict[str, Any], context: FileContext) -> list[Row]:
    """Rows of a media object of the API.

    Args:
        item: the media object.
        authors: usernames by post id, of the posts of the same answer.
        context: the file's context.

    Raises:
        BadRecord: no id, no time.
    """
    native_id = media_id(item.get("id"), "id")
    named, code = address_parts(item.get("permalink"))
    author = username(item.get("username")) or named
    at, quality = published(item.get("timestamp"), values.text(item.get("shortcode")) or code, "timestamp", context)
    text = _written(item.get("text"), "text")
    answered, root = optional_id(item.get("replied_to")), optional_id(item.get("root_post"))
    quoted, repeated = optional_id(item.get("quoted_post")), optional_id(item.get("reposted_post"))
    topic = values.text(item.get("topic_tag"))
    link = values.text(item.get("link_attachment_url"))
    is_reply = bool(answered) or item.get("is_reply") is True
    is_quote = bool(quoted) or item.get("is_quote_post") is True
    key = context.pseudonyms.key
    post = Post(
        native_id,
        author,
        text,
        at,
        context.observed_at,
        url=values.text(item.get("permalink")),
        # A topic is a tag that may have spaces in it; hashtags of the same words have none.
        tags=[*([topic.replace(" ", "")] if topic else []), *tags_in(text)],
        links=[*links_in(text), *([link] if link else [])],
        mentioned=_mentions(text),
        ts_quality=quality,
        more={
            "post_type": "reply" if is_reply else "quote" if is_quote else "post",
            "parent_post_key": key(PLATFORM, answered) if answered else None,
            "root_post_key": key(PLATFORM, root) if root else None,
            "media_kind": _kind(item) or ("link" if link else "none" if values.text(item.get("media_type")) else None),
        },
    )

    def target(native: str | None) -> str | None:
        return username(authors.get(native)) if native else None

    if item.get("media_type") == _REPOST or repeated:
        rows = _repost_rows(post, repeated, target(repeated), context)
    else:
        rows = post.rows(context)
        rows += [post.edge(context, "reply", target_id=target(answered), target_post=answered)] if answered else []
        rows += [post.edge(context, "quote", target_id=target(quoted), target_post=quoted)] if quoted else []
    if author:
        owner = Author(author, handle=author, is_verified=values.flag(item.get("is_verified")), status="active")
        rows += owner.rows(context, context.observed_at, context.observed_quality)
    return rows


def _written(value: Any, field_name: str) -> str:
    if value is not None and not isinstance(value, str):
        raise BadRecord("wrong_type", f"{field_name} is {type(value).__name__}, not a string", field_name)
    return value or ""


def _mentions(text: str) -> list[str]:
    return list(filter(None, map(username, _MENTION.findall(text)))) if "@" in text else []


def _kind(item: dict[str, Any]) -> str | None:
    """The kind of the post's media; of an album that of its first part, where the answer tells it."""
    children = values.child(item, "children").get("data") or item.get("children")
    kinds = [_KINDS.get(str(child.get("media_type"))) for child in values.mappings(children)]
    return next(filter(None, kinds), None) or _KINDS.get(str(item.get("media_type")))


def _repost_rows(post: Post, repeated: str | None, author: str | None, context: FileContext) -> list[Row]:
    key = context.pseudonyms.key
    row = {
        "platform": PLATFORM,
        "observed_at": context.observed_at,
        "ts_quality": post.ts_quality,
        "post_key": key(PLATFORM, post.native_id),
        "account_key": key(PLATFORM, post.author_id) if post.author_id else None,
        "post_type": "repost",
        "published_at": post.published_at,
        "parent_post_key": key(PLATFORM, repeated) if repeated else None,
    }
    rows = [Row("posts", row)]
    return [*rows, post.edge(context, "repost", target_id=author, target_post=repeated)] if repeated else rows


def profile_rows(profile: dict[str, Any], context: FileContext) -> list[Row]:
    """Rows of a profile, one's own or a public one. Raises BadRecord."""
    name = username(profile.get("username"))
    if name is None:
        raise BadRecord("missing_id", "username is missing", "username")
    about = values.text(profile.get("threads_biography")) or values.text(profile.get("biography"))
    is_whole = "threads_biography" in profile or "biography" in profile
    return Author(
        name,
        handle=name,
        display_name=values.text(profile.get("name")) or values.text(profile.get("full_name")),
        profile_text=about,
        profile_url=f"https://www.threads.com/@{name}",
        followers_count=values.count(profile.get("follower_count"), "follower_count"),
        is_verified=values.flag(profile.get("is_verified")),
        status="active",
        links=values.texts([link.get("url") for link in values.mappings(profile.get("bio_links"))]) if is_whole else None,
    ).rows(context, context.observed_at, context.observed_quality)


def insight_rows(metrics: list[dict[str, Any]], context: FileContext) -> list[Row]:
    """The counters of one own post, from its insights. Raises BadRecord."""
    named = {str(metric.get("id")).partition("/")[0] for metric in metrics}
    if len(named) != 1:
        raise BadRecord("unexpected_shape", f"insights of {len(named)} objects in one answer", "data.id")
    native_id = media_id(next(iter(named)), "data.id")
    counters: dict[str, Any] = {}
    for metric in metrics:
        column = _INSIGHTS.get(str(metric.get("name")))
        if column and metric.get("period") == "lifetime":
            first = next(iter(values.mappings(metric.get("values"))), values.child(metric, "total_value"))
            counters[column] = values.count(first.get("value"), str(metric.get("name")))
    if not any(count is not None for count in counters.values()):
        # An account's insights name it by a number that no post and no public profile carries.
        raise BadRecord("unexpected_shape", "no lifetime counter of a post: insights of an account are not read", "data")
    row = {
        "platform": PLATFORM,
        "post_key": context.pseudonyms.key(PLATFORM, native_id),
        "observed_at": context.observed_at,
        "ts_quality": context.observed_quality,
        **counters,
    }
    return [Row("post_metrics", row)]


def deletion_row(native_id: str, reason: str, context: FileContext) -> Row:
    """The tombstone of a post, found when the file was made."""
    return Row(
        "deletions",
        {
            "platform": PLATFORM,
            "subject_type": "post",
            "subject_key": context.pseudonyms.key(PLATFORM, native_id),
            "deleted_at": context.observed_at,
            "reason": reason,
            "observed_at": context.observed_at,
            "ts_quality": context.observed_quality,
        },
    )
