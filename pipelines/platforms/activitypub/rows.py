"""Canonical rows of ActivityPub objects, activities and actors. No file shapes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.activitypub import fields
from pipelines.platforms.fediverse import instance, tags_of
from pipelines.platforms.html import text_and_links
from pipelines.platforms.posts import Author, Post
from pipelines.platforms.protocol import BadRecord, FileContext, Row
from pipelines.platforms.text import links_in
from pipelines.platforms.tombstones import tombstone

_ACTOR_CLASSES: Final = {"Service": "bot", "Application": "bot", "Group": "unknown"}
_MEDIA_KINDS: Final = {"image": "image", "video": "video", "audio": "audio"}
_ISO_DURATION: Final = re.compile(r"P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?")
_SECONDS: Final = (86_400, 3_600, 60, 1)
_REACTIONS: Final = frozenset({"Like", "EmojiReact"})
_QUOTES: Final = ("quote", "quoteUrl", "quoteUri", "_misskey_quote")
_DEEPEST: Final = 4  # an announced undo of a like of a note


def rows_of(value: dict[str, Any], context: FileContext, *outer: dict[str, Any]) -> list[Row]:
    """Rows of any object, actor or activity.

    Args:
        value: the object.
        context: the file's context; its platform's keys are made.
        outer: the activities around it, from the inside out.

    Raises:
        BadRecord: ``not_public`` for what is not meant for the public, ``unsupported_activity`` for what no table takes.
    """
    named = fields.kind(value)
    if len(outer) >= _DEEPEST:
        raise BadRecord("unexpected_shape", "activities within activities", "object")
    if named in fields.PRIVATE:
        raise BadRecord("not_public", f"a {named} is meant for its addressees only", "type")
    if named not in _READERS:
        raise BadRecord("unsupported_activity", f"no table takes {named[:40] or 'an object without a type'}", "type")
    return _READERS[named](value, context, *outer)


def _inner(activity: dict[str, Any]) -> dict[str, Any]:
    """The embedded object of an activity. Raises BadRecord where it is only named."""
    inner = activity.get("object")
    if isinstance(inner, list) and len(inner) == 1:
        inner = inner[0]
    if not isinstance(inner, dict):
        raise BadRecord("unexpected_shape", f"the {fields.kind(activity)} names its object and does not show it", "object")
    return inner


def _time(value: dict[str, Any], names: tuple[str, ...], context: FileContext) -> datetime | None:
    """The first of these times that the object carries. Raises BadRecord for one that cannot be."""
    return next((values.time(value[name], name, context) for name in names if values.text(value.get(name))), None)


def _key(context: FileContext, native_id: str) -> str:
    return context.pseudonyms.key(context.platform, native_id)


def _account(context: FileContext, actor: str) -> str:
    return fields.account_id(actor, context.platform)


def _actor(activity: dict[str, Any]) -> str:
    actor = fields.reference(activity.get("actor")) or fields.reference(activity.get("attributedTo"))
    if actor is None:
        raise BadRecord("missing_id", f"the {fields.kind(activity)} names no actor", "actor")
    return actor


def _gone(context: FileContext, subject: str, native_id: str, reason: str, moment: datetime | None = None) -> Row:
    return tombstone(context, subject, _account(context, native_id) if subject == "account" else native_id, reason, moment)


def actor_rows(actor: dict[str, Any], context: FileContext, *_: dict[str, Any]) -> list[Row]:
    """Rows of an actor; of one that asks not to be indexed, its tombstone only. Raises BadRecord."""
    native = _account(context, fields.native_id(actor, "actor"))
    # The archive of an account names its own files where a server names addresses: its owner gave it.
    is_given = isinstance(actor.get("outbox"), str) and not fields.is_address(actor["outbox"])
    if not is_given and (actor.get("indexable") is False or actor.get("noindex") is True):
        return [tombstone(context, "account", native, "opted_out")]
    note, links = text_and_links(actor["summary"]) if isinstance(actor.get("summary"), str) else ("", [])
    attached = [text_and_links(str(part["value"]))[1] for part in values.mappings(actor.get("attachment")) if part.get("value")]
    name, address = values.text(actor.get("preferredUsername")), fields.page_address(actor)
    return Author(
        native,
        handle=f"{name}@{fields.host(native)}" if name else None,
        display_name=values.text(actor.get("name")),
        profile_text=note or None,
        profile_url=address,
        created_at=_time(actor, ("published",), context),
        followers_count=fields.total(actor.get("followers")),
        following_count=fields.total(actor.get("following")),
        posts_count=fields.total(actor.get("outbox")),
        actor_class=_ACTOR_CLASSES.get(fields.kind(actor)),
        status="suspended" if actor.get("suspended") is True else "active",
        links=[*links, *(link for found in attached for link in found)],
        may_be_named=actor.get("discoverable") is not False,
    ).rows(context, context.observed_at, context.observed_quality)


def _written(value: dict[str, Any]) -> tuple[str, list[str]]:
    """The text that people read, title and warning first, and its links."""
    content = value.get("content")
    if content is not None and not isinstance(content, str):
        raise BadRecord("wrong_type", f"content is {type(content).__name__}, not a string", "content")
    is_html = value.get("mediaType", "text/html") == "text/html"
    body, links = text_and_links(content or "") if is_html else (content or "", links_in(content or ""))
    title = values.text(value.get("name"))
    # A note's summary hides it behind a warning; an article's is an excerpt of the same text.
    warning = values.text(value.get("summary")) if fields.kind(value) == "Note" else None
    heads = [text_and_links(warning)[0]] if warning and warning != title else []
    return "\n".join(filter(None, [title, *heads, body])), links


def _attached(value: dict[str, Any], native: str) -> tuple[str, list[str]]:
    """(media kind, links) of what an object shows beside its text."""
    parts = values.mappings(value.get("attachment")) or values.mappings([value.get("attachment")])
    kinds = [_MEDIA_KINDS.get(str(part.get("mediaType", part.get("type", ""))).split("/")[0].lower()) for part in parts]
    cards = [part["href"] for part in parts if fields.kind(part) in ("Link", "Page") and fields.is_address(part.get("href"))]
    page = fields.page_address(value)
    # A forum's post about a page elsewhere has that page's address.
    cards += [page] if page and fields.kind(value) == "Page" and fields.host(page) != fields.host(native) else []
    own = _MEDIA_KINDS.get(fields.kind(value).lower())
    return own or next(filter(None, kinds), "link" if cards else "none"), cards


def _duration(value: dict[str, Any]) -> float | None:
    found = _ISO_DURATION.fullmatch(str(value.get("duration", "-")))
    parts = [float(part or 0) for part in found.groups()] if found else []
    return sum(part * unit for part, unit in zip(parts, _SECONDS, strict=False)) or None


def post_rows(value: dict[str, Any], context: FileContext, *outer: dict[str, Any]) -> list[Row]:
    """Rows of an object that somebody posted. Raises BadRecord, ``not_public`` for one not addressed to the public."""
    native = fields.native_id(value, "object")
    if not fields.is_public(value, *outer):
        raise BadRecord("not_public", "it is not addressed to the public", "to")
    author = fields.reference(value.get("attributedTo")) or fields.reference(value.get("actor"))
    if author is None and outer:
        author = _actor(outer[0])
    if author is None:
        raise BadRecord("missing_id", "the object names nobody who wrote it", "attributedTo")
    published = _time(value, ("published", "originallyPublishedAt"), context)
    published = published or next(filter(None, (_time(layer, ("published",), context) for layer in outer)), None)
    if published is None:
        raise BadRecord("missing_field", "neither the object nor its activity says when it was published", "published")
    edited = _time(value, ("updated",), context)
    if edited is None and outer and fields.kind(outer[0]) == "Update":
        edited = _time(outer[0], ("published",), context)
    written, links = _written(value)
    media, cards = _attached(value, native)
    marks = values.mappings(value.get("tag")) or values.mappings([value.get("tag")])
    hashtags = values.texts([mark.get("name") for mark in marks if fields.kind(mark) == "Hashtag"])
    mentioned = [mark["href"] for mark in marks if fields.kind(mark) == "Mention" and fields.is_address(mark.get("href"))]
    mentioned = [who for one in mentioned if (who := _account(context, one)) != _account(context, author)]
    parent = fields.reference(value.get("inReplyTo"))
    quoted = next(filter(None, (fields.reference(value.get(name)) for name in _QUOTES)), None)
    kind = "video" if fields.kind(value) == "Video" else "reply" if parent else "quote" if quoted else "post"
    post = Post(
        native,
        _account(context, author),
        written,
        published,
        context.observed_at,
        url=fields.page_address(value),
        tags=tags_of(written, hashtags),
        links=list(dict.fromkeys([*links, *cards])),
        mentioned=mentioned,
        counters={
            "view_count": values.count(value.get("views"), "views"),
            "like_count": fields.total(value.get("likes")),
            "comment_count": fields.total(value.get("replies")),
            "repost_count": fields.total(value.get("shares")),
        },
        more={
            "post_type": kind,
            "edited_at": edited if edited is not None and edited > published else None,
            "language": fields.language(value),
            "community": fields.community(value) or instance(native, author.rsplit("/", 1)[-1].lstrip("@")),
            "parent_post_key": _key(context, parent) if parent else None,
            "media_kind": media,
            "duration_seconds": _duration(value),
            "is_sensitive": value.get("sensitive") is True,
        },
    )
    rows = post.rows(context)
    rows += [post.edge(context, "reply", target_post=parent)] if parent else []
    rows += [post.edge(context, "quote", target_post=quoted)] if quoted else []
    embedded = value.get("attributedTo")
    return rows + (actor_rows(embedded, context) if isinstance(embedded, dict) and "preferredUsername" in embedded else [])


def _announced(activity: dict[str, Any], context: FileContext, *outer: dict[str, Any]) -> list[Row]:
    """A boost; where a community hands on an activity, that activity only: the community adds nothing of its own."""
    inner = activity.get("object")
    named = fields.kind(inner)
    if isinstance(inner, dict) and named and named not in fields.OBJECTS:
        return rows_of(inner, context, activity, *outer)
    if not fields.is_public(activity):
        raise BadRecord("not_public", "the boost is not addressed to the public", "to")
    subject, native, actor = fields.reference(inner), fields.native_id(activity, "activity"), _actor(activity)
    if subject is None:
        raise BadRecord("missing_id", "the boost names nothing", "object")
    claimed = _time(activity, ("published",), context)
    quality = "exact" if claimed else context.observed_quality
    boost = Post(native, _account(context, actor), "", claimed or context.observed_at, context.observed_at, ts_quality=quality)
    base = {
        "platform": context.platform,
        "post_key": _key(context, native),
        "account_key": _key(context, _account(context, actor)),
        "post_type": "repost",
        "published_at": boost.published_at,
        "parent_post_key": _key(context, subject),
        "ts_quality": quality,
    }
    rows = [Row("posts", base), boost.edge(context, "repost", target_post=subject)]
    return rows + (post_rows(inner, context, activity) if isinstance(inner, dict) else [])


def _edge_id(activity: dict[str, Any]) -> str:
    """What names an edge: the activity's id, or what it is about where it has none."""
    named = fields.reference(activity)
    return named or f"{fields.kind(activity).lower()}:{_actor(activity)}:{fields.reference(activity.get('object'))}"


def _shown(activity: dict[str, Any], context: FileContext, *outer: dict[str, Any]) -> list[Row]:
    """What a Create or Update brings."""
    return rows_of(_inner(activity), context, activity, *outer)


def _tombstone(value: dict[str, Any], context: FileContext, *_: dict[str, Any]) -> list[Row]:
    gone = "account" if values.text(value.get("formerType")) in fields.ACTORS else "post"
    return [_gone(context, gone, fields.native_id(value, "tombstone"), "deleted", _time(value, ("deleted",), context))]


def _like(activity: dict[str, Any], context: FileContext, *_: dict[str, Any]) -> list[Row]:
    subject = fields.reference(activity.get("object"))
    if subject is None:
        raise BadRecord("missing_id", "the like names nothing", "object")
    claimed = _time(activity, ("published",), context)
    embedded = values.optional_mapping(activity.get("object"))
    author = fields.reference(embedded.get("attributedTo"))
    edge = {
        "platform": context.platform,
        # The activity's own id: an undo names only that.
        "interaction_key": _key(context, _edge_id(activity)),
        "interaction_type": "like",
        "source_account_key": _key(context, _account(context, _actor(activity))),
        "target_account_key": _key(context, _account(context, author)) if author else None,
        "target_post_key": _key(context, subject),
        "interacted_at": claimed or context.observed_at,
        "ts_quality": "exact" if claimed else context.observed_quality,
    }
    return [Row("interactions", edge)]


def _follow(activity: dict[str, Any], context: FileContext, *_: dict[str, Any]) -> list[Row]:
    followed = fields.reference(activity.get("object"))
    if followed is None:
        raise BadRecord("missing_id", "the follow names nobody", "object")
    return [follow_row(_edge_id(activity), _actor(activity), followed, context, _time(activity, ("published",), context))]


def _answered(activity: dict[str, Any], context: FileContext, *_: dict[str, Any]) -> list[Row]:
    """A follow that was accepted or rejected; other requests are between the two."""
    request = _inner(activity)
    if fields.kind(request) != "Follow":
        raise BadRecord("unsupported_activity", f"no table takes an answer to {fields.kind(request)[:40]}", "object.type")
    if fields.kind(activity) == "Accept":
        return _follow(request, context)
    return [_gone(context, "follow", _edge_id(request), "rejected")]


def follow_row(native_key: str, source: str, target: str, context: FileContext, moment: datetime | None = None) -> Row:
    """A follow edge between two actors; ``moment`` is when it was made, UTC, None where nobody says."""
    return Row(
        "follows",
        {
            "platform": context.platform,
            "follow_key": _key(context, native_key),
            "source_account_key": _key(context, _account(context, source)),
            "target_account_key": _key(context, _account(context, target)),
            "followed_at": moment,
            "ts_quality": "exact" if moment else context.observed_quality,
        },
    )


def _deleted(activity: dict[str, Any], context: FileContext, *_: dict[str, Any]) -> list[Row]:
    subject, actor = fields.reference(activity.get("object")), _actor(activity)
    if subject is None:
        raise BadRecord("missing_id", "the delete names nothing", "object")
    moment = _time(activity, ("published",), context)
    if subject == actor:
        return [_gone(context, "account", subject, "account_deleted", moment)]
    # A removal by moderators tells its reason, a deletion by the author does not.
    reason = "removed" if values.text(activity.get("summary")) else "deleted_by_author"
    return [_gone(context, "post", subject, reason, moment)]


def _undone(activity: dict[str, Any], context: FileContext, *_: dict[str, Any]) -> list[Row]:
    inner = activity.get("object")
    if fields.is_address(inner):
        # Only the id is told: whatever of the three it was, the tombstone of its key finds it.
        return [_gone(context, subject, str(inner), "undone") for subject in ("interaction", "follow", "post")]
    undone = _inner(activity)
    named = fields.kind(undone)
    moment = _time(activity, ("published",), context)
    if named in _REACTIONS:
        return [_gone(context, "interaction", _edge_id(undone), "undone", moment)]
    if named == "Follow":
        return [_gone(context, "follow", _edge_id(undone), "undone", moment)]
    if named == "Announce":
        return [_gone(context, "post", fields.native_id(undone, "object"), "undone", moment)]
    raise BadRecord("unsupported_activity", f"no table takes an undone {named[:40]}; a tombstone stays", "object.type")


_READERS: Final[dict[str, Callable[..., list[Row]]]] = {
    **dict.fromkeys(fields.OBJECTS, post_rows),
    **dict.fromkeys(fields.ACTORS, actor_rows),
    **dict.fromkeys(("Create", "Update"), _shown),
    **dict.fromkeys(("Like", "EmojiReact"), _like),
    **dict.fromkeys(("Accept", "Reject"), _answered),
    "Announce": _announced,
    "Follow": _follow,
    "Delete": _deleted,
    "Undo": _undone,
    "Tombstone": _tombstone,
}
