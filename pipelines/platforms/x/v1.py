"""Rows of v1.1 statuses and users, as the REST API, the streams and, without an author, the account archive write them."""

from __future__ import annotations

import re
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.posts import Author
from pipelines.platforms.protocol import BadRecord, FileContext, Row
from pipelines.platforms.text import tags_in
from pipelines.platforms.x import fields
from pipelines.platforms.x.rows import Reference, Tweet

_DEEPEST: Final = 3  # a repost of a quote of a post
_COUNTERS: Final = {
    "like_count": "favorite_count",
    "repost_count": "retweet_count",
    "comment_count": "reply_count",
    "quote_count": "quote_count",
}
_ADDRESS: Final = re.compile(r"(?:twitter|x)\.com/\w+/status/([0-9]{1,19})")


def is_status(value: Any) -> bool:
    """Whether the value has the shape of a status: a text, an id, an old date, and neither sender nor recipient."""
    return (
        isinstance(value, dict)
        and ("text" in value or "full_text" in value)
        and ("id" in value or "id_str" in value)
        and fields.is_old_time(value.get("created_at"))
        and not is_message(value)
    )


def is_user(value: Any) -> bool:
    """Whether the value has the shape of a user."""
    return isinstance(value, dict) and "screen_name" in value and ("id" in value or "id_str" in value)


def is_message(value: Any) -> bool:
    """Whether the value is a direct message, in either of the shapes that the API had for them."""
    if not isinstance(value, dict):
        return False
    if isinstance(value.get("event"), dict):
        return bool(value["event"].get("type") == "message_create")
    return "sender_id" in value and "recipient_id" in value


def user_rows(user: dict[str, Any], context: FileContext) -> list[Row]:
    """Rows of a user, and of the latest status that came with it. Raises BadRecord."""
    native_id = fields.identity(user.get("id_str") or user.get("id"), "user.id")
    created = user.get("created_at")
    rows = Author(
        native_id,
        handle=values.text(user.get("screen_name")),
        display_name=values.text(user.get("name")),
        profile_text=values.text(user.get("description")),
        profile_url=f"https://x.com/i/user/{native_id}",
        created_at=fields.time(created, "user.created_at", context) if created else None,
        followers_count=values.count(user.get("followers_count"), "user.followers_count"),
        following_count=values.count(user.get("friends_count"), "user.friends_count"),
        posts_count=values.count(user.get("statuses_count"), "user.statuses_count"),
        is_verified=values.flag(user.get("verified")),
        status="suspended" if user.get("suspended") is True else "active",
        links=fields.profile_links(values.child(user, "entities"), user.get("url")) if "description" in user else None,
    ).rows(context, context.observed_at, context.observed_quality)
    latest = user.get("status")
    if isinstance(latest, dict) and user.get("protected") is not True:
        rows += status_rows({**latest, "user": {"id_str": native_id}}, context)
    return rows


def status_rows(
    status: dict[str, Any], context: FileContext, *, owner: str | None = None, depth: int = 0, more: dict[str, Any] | None = None
) -> list[Row]:
    """Rows of a status, of its author, and of the statuses that it repeats or quotes.

    Args:
        status: the status.
        context: the file's context.
        owner: the author's id where the status itself names none, as in an account archive.
        depth: how many statuses this one lies in.
        more: further columns of the post.

    Raises:
        BadRecord: ``not_public`` for a status of a protected account.
    """
    if depth >= _DEEPEST:
        raise BadRecord("unexpected_shape", f"a status within {depth} others", "quoted_status")
    named = status.get("user")
    user = values.mapping(named, "user") if named is not None else {}
    if user.get("protected") is True:
        raise BadRecord("not_public", "the account is protected: its posts are not meant for the public", "user.protected")
    author = fields.identity(user.get("id_str") or user.get("id"), "user.id") if user else owner
    rows = _tweet(status, author, context, more or {}).rows(context)
    if "screen_name" in user:
        rows += user_rows({name: value for name, value in user.items() if name != "status"}, context)
    for name in ("retweeted_status", "quoted_status"):
        inner = status.get(name)
        if isinstance(inner, dict):
            rows += status_rows(inner, context, depth=depth + 1)
    return rows


def _tweet(status: dict[str, Any], author: str | None, context: FileContext, more: dict[str, Any]) -> Tweet:
    own_id = fields.identity(status.get("id_str") or status.get("id"), "id")
    whole = values.child(status, "extended_tweet")
    native_id, is_edited = _first_version(status, own_id)
    created_at = fields.time(status.get("created_at"), "created_at", context)
    text = fields.written(_first(whole.get("full_text"), status.get("full_text"), status.get("text")), "text")
    entities = values.child(whole, "entities") or values.child(status, "entities")
    if not entities:  # the models of python-twitter write them beside the text
        entities = {name: status[name] for name in ("hashtags", "urls", "user_mentions") if name in status}
    quoted_id = fields.optional_identity(status.get("quoted_status_id_str"), status.get("quoted_status_id"))
    mentioned = [
        found
        for who in values.mappings(entities.get("user_mentions"))
        if (found := fields.optional_identity(who.get("id_str"), who.get("id"))) is not None
    ]
    kind, seconds = _media(whole, status)
    links = fields.links(entities, text, own_id, quoted_id)
    return Tweet(
        native_id,
        author,
        (fields.snowflake_time(native_id) or created_at) if is_edited else created_at,
        text=text,
        edited_at=created_at if is_edited else None,
        handle=values.text(values.child(status, "user").get("screen_name")),
        tags=[*values.texts([tag.get("text") for tag in values.mappings(entities.get("hashtags"))]), *tags_in(text)],
        links=links,
        mentioned=mentioned,
        answered=_answered(status),
        quoted=_quoted(status, quoted_id),
        repeated=_repeated(status, text, mentioned),
        counters={column: values.count(status.get(name), name) for column, name in _COUNTERS.items()},
        more={
            "media_kind": kind or ("link" if links else "none"),
            "duration_seconds": seconds,
            "language": fields.language(status.get("lang")),
            "is_sensitive": values.flag(status.get("possibly_sensitive")),
            **more,
        },
    )


def _first(*candidates: Any) -> Any:
    return next((value for value in candidates if value is not None), None)


def _first_version(status: dict[str, Any], own_id: str) -> tuple[str, bool]:
    """The id of the post's first version, and whether this is a later one: each edit is a status with an id of its own."""
    info = values.child(status, "edit_info")
    history = values.child(info, "edit").get("editControlInitial") if "edit" in info else info.get("initial")
    chain = values.optional_mapping(history).get("editTweetIds") or values.child(status, "edit_history").get("edit_tweet_ids")
    versions = list(filter(None, map(fields.optional_identity, values.sequence(chain))))
    return (versions[0], versions[0] != own_id) if versions else (own_id, False)


def _answered(status: dict[str, Any]) -> Reference | None:
    post = fields.optional_identity(status.get("in_reply_to_status_id_str"), status.get("in_reply_to_status_id"))
    author = fields.optional_identity(status.get("in_reply_to_user_id_str"), status.get("in_reply_to_user_id"))
    # A text that only begins with a name has an addressee but answers no post: it is a mention.
    return Reference(post, author) if post else None


def _quoted(status: dict[str, Any], quoted_id: str | None) -> Reference | None:
    if quoted_id is None or isinstance(status.get("retweeted_status"), dict):
        return None
    user = values.child(values.child(status, "quoted_status"), "user")
    return Reference(quoted_id, fields.optional_identity(user.get("id_str"), user.get("id")))


def _repeated(status: dict[str, Any], text: str, mentioned: list[str]) -> Reference | None:
    inner = status.get("retweeted_status")
    if isinstance(inner, dict):
        user = values.child(inner, "user")
        post = fields.optional_identity(inner.get("id_str"), inner.get("id"))
        return Reference(post, fields.optional_identity(user.get("id_str"), user.get("id")))
    # An archive keeps of a repost only its beginning; whom it repeats is the first one named.
    if "user" not in status and text.startswith("RT @") and mentioned:
        found = next(
            (match[1] for media in _media_entities(status) if (match := _ADDRESS.search(str(media.get("expanded_url"))))), None
        )
        return Reference(found, mentioned[0])
    return None


def _media_entities(*holders: dict[str, Any]) -> list[dict[str, Any]]:
    places = [values.child(holder, name).get("media") for holder in holders for name in ("extended_entities", "entities")]
    places += [holder.get("media") for holder in holders]
    return next(filter(None, map(values.mappings, places)), [])


def _media(*holders: dict[str, Any]) -> tuple[str | None, float | None]:
    """Kind of the first attachment that has a known one, and the first length in seconds."""
    media = _media_entities(*holders)
    kinds = [fields.MEDIA_KINDS[kind] for one in media if (kind := str(one.get("type"))) in fields.MEDIA_KINDS]
    lengths = [values.number(values.child(one, "video_info").get("duration_millis"), "duration_millis") for one in media]
    milliseconds = next(filter(None, lengths), None)
    return next(iter(kinds), None), milliseconds / 1000 if milliseconds else None
