"""Answers of Instagram's Graph API to canonical rows: media, stories, comments, profiles, and what has no record to land."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.instagram.fields import mentions, shortcode_in, shortcode_of, username_of
from pipelines.platforms.posts import Author, Post
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, NativeFormat, Record, Row, Sample

_KINDS: Final = {"IMAGE": "image", "VIDEO": "video", "CAROUSEL_ALBUM": "image"}
_INSIGHTS: Final = {"views": "view_count", "impressions": "view_count", "shares": "share_count", "saved": "save_count"}
# Both mentioned_* edges wrap one item.
_WRAPS: Final = ("mentioned_media", "mentioned_comment")


def _discovered(document: Any) -> dict[str, Any]:
    return values.child(values.optional_mapping(document), "business_discovery")


def items_of(document: Any) -> list[Any]:
    """The objects of an answer: of a list, of a dict by id (``?ids=``), of business_discovery's media, or the answer itself."""
    whole = values.optional_mapping(document)
    found = _discovered(whole)
    if found:
        return values.sequence(values.child(found, "media").get("data"))
    if isinstance(whole.get("data"), list):
        return values.sequence(whole["data"])
    wrapped = [whole[name] for name in _WRAPS if isinstance(whole.get(name), dict)]
    if wrapped:
        return wrapped
    if whole and all(key.isdecimal() and isinstance(item, dict) for key, item in whole.items()):
        return list(whole.values())
    return [whole] if whole else []


def _is_media(item: Any) -> bool:
    return isinstance(item, dict) and "media_type" in item


def _is_comment(item: Any) -> bool:
    return isinstance(item, dict) and {"id", "text", "timestamp"} <= item.keys() and "media_type" not in item


def _is_profile(item: Any) -> bool:
    return isinstance(item, dict) and "id" in item and bool({"followers_count", "media_count", "biography"} & item.keys())


def _native_media(item: dict[str, Any]) -> str | None:
    """The shortcode: said, in the address, or written from the media's number. The Graph API's own id is another number."""
    number = item.get("ig_id")
    said = values.text(item.get("shortcode")) or shortcode_in(item.get("permalink"))
    return said or (shortcode_of(str(number)) if isinstance(number, int | str) else None)


def post_ids_of(document: Any) -> set[str]:
    """Shortcodes of the media that an answer holds."""
    return {code for item in items_of(document) if _is_media(item) and (code := _native_media(item)) is not None}


class _Answer:
    """An answer of the Graph API, known by what its objects are."""

    framing = Framing.JSON
    collection_method = "timeline"
    name: str

    def split(self, document: Any) -> Iterable[Any]:
        """The objects."""
        return items_of(document)


class Refusal(_Answer):
    """What the API answers instead of data: refused as a record, so that nobody takes it for an empty answer."""

    name = "instagram_graph_error"

    def matches(self, sample: Sample) -> bool:
        """An object with an error."""
        return isinstance(sample.first_value, dict) and isinstance(sample.first_value.get("error"), dict)

    def split(self, document: Any) -> Iterable[Any]:
        """The answer as one record."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Raises BadRecord with what the API said."""
        error = values.child(values.mapping(record.value, "answer"), "error")
        said = f"{error.get('code')}: {error.get('message')}"[:200]
        raise BadRecord("error_response", f"{context.file}: the Graph API answered {said}", "error")


class Media(_Answer):
    """Media of one's own, of business_discovery, of a hashtag, or tagged; stories. business_discovery's profile is a record too."""

    name = "instagram_graph_media"

    def matches(self, sample: Sample) -> bool:
        """Objects with a media type."""
        return any(_is_media(item) for item in items_of(sample.first_value))

    def split(self, document: Any) -> Iterable[Any]:
        """The profile where it was asked for, then the media, each with the account that the answer is about."""
        found = _discovered(document)
        owner = found.get("username")
        profile = {name: value for name, value in found.items() if name != "media"}
        listed = [
            {**item, "discovered_username": owner} if isinstance(item, dict) and owner else item for item in items_of(document)
        ]
        return [*([profile] if _is_profile(profile) else []), *listed]

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one medium, or of the profile. Raises BadRecord."""
        item = values.mapping(record.value, "media")
        return _profile_rows(item, context) if _is_profile(item) else _media_rows(item, context)


def _media_rows(item: dict[str, Any], context: FileContext) -> list[Row]:
    native_id = _native_media(item)
    if native_id is None:
        raise BadRecord("missing_id", "no permalink, shortcode or ig_id: ask for the field permalink", "permalink")
    kind = values.text(item.get("media_type")) or ""
    owner = username_of(item.get("username") or item.get("discovered_username"))
    caption = values.text(item.get("caption")) or ""
    permalink = values.text(item.get("permalink"))
    is_story = item.get("media_product_type") == "STORY" or "/stories/" in (permalink or "")
    post = Post(
        native_id,
        owner,
        caption,
        values.time(item.get("timestamp"), "timestamp", context),
        context.observed_at,
        url=permalink,
        mentioned=mentions(caption),
        counters={
            "like_count": values.count(item.get("like_count"), "like_count"),
            "comment_count": values.count(item.get("comments_count"), "comments_count"),
            "view_count": values.count(item.get("view_count"), "view_count"),
            **_insights(item),
        },
        more={
            "post_type": "story" if is_story else "live" if kind == "BROADCAST" else "post",
            "media_kind": "video" if kind == "BROADCAST" else _KINDS.get(kind),
        },
    )
    rows = post.rows(context)
    if owner:
        rows += Author(owner, handle=owner).rows(context, context.observed_at, context.observed_quality)
    for comment in values.sequence(values.child(item, "comments").get("data")):
        rows += _comment_rows(values.mapping(comment, "comments"), (native_id, owner), native_id, context)
    return rows


def _insights(item: dict[str, Any]) -> dict[str, int | None]:
    """Counters that only the owner is told, where they were asked for together with the medium."""
    found: dict[str, int | None] = {}
    for insight in values.mappings(values.child(item, "insights").get("data")):
        column = _INSIGHTS.get(values.text(insight.get("name")) or "")
        points = values.mappings(insight.get("values"))
        value = points[0].get("value") if points else values.child(insight, "total_value").get("value")
        if column is not None and found.get(column) is None:
            found[column] = values.count(value, f"insights.{insight['name']}")
    return found


class Comments(_Answer):
    """Comments below one's own media, answers to a comment, a comment that mentions the asker."""

    name = "instagram_graph_comments"

    def matches(self, sample: Sample) -> bool:
        """Objects with a text and no media type."""
        return any(_is_comment(item) for item in items_of(sample.first_value))

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one comment. The medium that it stands below is known only if it was asked for with its permalink. Raises BadRecord."""
        item = values.mapping(record.value, "comment")
        below = values.child(item, "media")
        medium = _native_media(below)
        return _comment_rows(item, (medium, username_of(below.get("username"))), medium, context)


def _comment_rows(
    item: dict[str, Any], above: tuple[str | None, str | None], medium: str | None, context: FileContext
) -> list[Row]:
    """Rows of a comment and the answers to it; ``above`` is what it answers, as (native id, author), as far as that is said."""
    native_id, owner = values.required_text(item.get("id"), "comment.id"), username_of(item.get("username"))
    text, key = values.text(item.get("text")) or "", context.pseudonyms.key
    post = Post(
        native_id,
        owner,
        text,
        values.time(item.get("timestamp"), "comment.timestamp", context),
        context.observed_at,
        mentioned=mentions(text),
        counters={"like_count": values.count(item.get("like_count"), "comment.like_count")},
        more={
            "post_type": "comment",
            "media_kind": "none",
            "parent_post_key": key(context.platform, above[0]) if above[0] else None,
            "root_post_key": key(context.platform, medium) if medium else None,
        },
    )
    rows = post.rows(context)
    if above[0] is not None:
        rows.append(post.edge(context, "comment", target_id=above[1], target_post=above[0]))
    if owner:
        rows += Author(owner, handle=owner).rows(context, context.observed_at, context.observed_quality)
    for reply in values.sequence(values.child(item, "replies").get("data")):  # Instagram has no deeper level
        rows += _comment_rows(values.mapping(reply, "replies"), (native_id, owner), medium, context)
    return rows


class Users(_Answer):
    """Profiles: one's own, or of business_discovery without media."""

    name = "instagram_graph_users"

    def matches(self, sample: Sample) -> bool:
        """Objects with traits of a profile."""
        return any(_is_profile(item) for item in self.split(sample.first_value))

    def split(self, document: Any) -> Iterable[Any]:
        """The profiles."""
        found = _discovered(document)
        return [found] if found else items_of(document)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one profile. Raises BadRecord."""
        return _profile_rows(values.mapping(record.value, "profile"), context)


def _profile_rows(item: dict[str, Any], context: FileContext) -> list[Row]:
    username = username_of(item.get("username"))
    if username is None:
        raise BadRecord("missing_id", "the profile has no username: ask for the field username", "username")
    is_whole = "biography" in item or "website" in item
    author = Author(
        username,
        handle=username,
        display_name=values.text(item.get("name")),
        profile_text=values.text(item.get("biography")),
        profile_url=f"https://www.instagram.com/{username}/",
        followers_count=values.count(item.get("followers_count"), "followers_count"),
        following_count=values.count(item.get("follows_count"), "follows_count"),
        posts_count=values.count(item.get("media_count"), "media_count"),
        links=values.texts([item.get("website")]) if is_whole else None,
    )
    return author.rows(context, context.observed_at, context.observed_quality)


class Insights(_Answer):
    """Insights on their own. They name the medium or account by the Graph API's own number, which is no post's or account's key."""

    name = "instagram_graph_insights"

    def matches(self, sample: Sample) -> bool:
        """Objects with a period, and an id that ends in a path."""
        return any(isinstance(item, dict) and {"name", "period"} <= item.keys() for item in items_of(sample.first_value))

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Raises BadRecord: ask for insights inside the media to have them."""
        name = values.text(values.mapping(record.value, "insight").get("name")) or "an insight"
        reason = f"{context.file}: {name[:40]!r} belongs to a Graph id that no other record has: ask for insights as a field of the media"
        raise BadRecord("missing_id", reason, "id")


class Hashtags(_Answer):
    """The number of a hashtag, which the next question needs. It says nothing about any post: there is no record in it."""

    name = "instagram_graph_hashtags"

    def matches(self, sample: Sample) -> bool:
        """Objects of an id and at most a name, in a list."""
        value = sample.first_value
        if not isinstance(value, dict) or not isinstance(value.get("data"), list):
            return False
        listed = value["data"]
        # An empty page of media looks the same, and holds no record either.
        return all(isinstance(item, dict) and item.keys() in ({"id"}, {"id", "name"}) for item in listed)

    def split(self, document: Any) -> Iterable[Any]:
        """Nothing."""
        del document
        return ()

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Raises BadRecord: there is no record of this kind."""
        raise BadRecord("unexpected_shape", f"{context.file} record {record.index}: the number of a hashtag is no record", None)


FORMATS: Final[tuple[NativeFormat, ...]] = (Refusal(), Media(), Comments(), Users(), Insights(), Hashtags())
