"""Rows of v2 posts, users and problems, under both sets of field names; takes pages apart into what each record needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.posts import Author
from pipelines.platforms.protocol import BadRecord, FileContext, Row
from pipelines.platforms.text import tags_in
from pipelines.platforms.x import fields
from pipelines.platforms.x.rows import Reference, Tweet, deletion_row

POST_MARKS: Final = frozenset(
    {
        "author_id",
        "public_metrics",
        "conversation_id",
        "edit_history_tweet_ids",
        "edit_history_post_ids",
        "referenced_tweets",
        "referenced_posts",
        "attachments",
        "lang",
        # What else the official description knows of a post and no other record has, since an answer may give any of it alone.
        *("article", "article_title", "card_uri", "community_id", "context_annotations", "display_text_range", "edit_controls"),
        *(
            "in_reply_to_user_id",
            "matched_media_notes",
            "media_metadata",
            "non_public_metrics",
            "note_post",
            "note_request_suggestions",
        ),
        *("organic_metrics", "paid_partnership", "possibly_sensitive", "promoted_metrics", "reply_settings", "scopes"),
        *("suggested_source_links", "suggested_source_links_with_counts", "withheld"),
    }
)
# Since 2026 the REST part of the API says 'post' and 'repost' where its streams and its prose say 'tweet' and 'retweet'.
_COUNTERS: Final = {
    "like_count": ("like_count",),
    "repost_count": ("repost_count", "retweet_count"),
    "comment_count": ("reply_count",),
    "quote_count": ("quote_count",),
    "view_count": ("impression_count",),
    "save_count": ("bookmark_count",),
}
# What a look-up of counters brings and nothing else: it says nothing of the author or of what the post answers.
_COUNTED: Final = frozenset(
    {"id", "text", "created_at", "public_metrics", "edit_history_tweet_ids", "edit_history_post_ids", "edit_controls"}
)
_ERRORS_BY_REASON: Final = {
    "resource-not-found": "not_found",
    "not-authorized-for-resource": "not_authorized",
}
_SUBJECTS: Final = {"tweet": "post", "post": "post", "user": "account"}


def is_post(value: Any) -> bool:
    """Whether the value has the shape of a post."""
    return (
        isinstance(value, dict)
        and "id" in value
        and "text" in value
        and not fields.is_old_time(value.get("created_at"))
        and (bool(POST_MARKS & value.keys()) or value.keys() <= {"id", "text", "created_at"})
    )


def is_user(value: Any) -> bool:
    """Whether the value has the shape of a user."""
    return isinstance(value, dict) and "id" in value and "username" in value and "text" not in value


def is_problem(value: Any) -> bool:
    """Whether the value tells of one post or user that the answer leaves out."""
    return isinstance(value, dict) and ("resource_type" in value or "resource_id" in value)


def is_page(value: Any) -> bool:
    """Whether the value is an answer of the API: posts or users with what belongs to them, none at all, or only problems."""
    if not isinstance(value, dict):
        return False
    data = value.get("data", [])
    items = data if isinstance(data, list) else [data]
    if any(is_post(item) or is_user(item) for item in items):
        return True
    includes = values.child(value, "includes")
    found = [*values.sequence(includes.get("users")), *values.sequence(value.get("users"))]
    if any(map(is_user, found)) or any(map(is_problem, values.sequence(value.get("errors")))):
        return True
    return not items and (isinstance(values.child(value, "meta").get("result_count"), int) or value.get("data") == [])


def page_items(page: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The records of a page: its posts with what is known of their surroundings, its users, its problems."""
    data = page.get("data")
    items = data if isinstance(data, list) else [] if data is None else [data]
    includes = values.child(page, "includes")
    known = _Known(includes)
    posts = [item for item in items if not is_user(item)]
    users = [item for item in items if is_user(item)]
    for post in posts:
        yield {"post": post, **known.of(post)}
    shown = {str(item.get("id")) for item in posts if isinstance(item, dict)}
    for name in ("posts", "tweets"):
        for post in (*values.sequence(includes.get(name)), *values.sequence(page.get(name))):
            if not (isinstance(post, dict) and str(post.get("id")) in shown):
                yield {"post": post, **known.of(post)}
    for user in (*users, *values.sequence(includes.get("users")), *values.sequence(page.get("users"))):
        yield {"user": user}
    for problem in values.sequence(page.get("errors")):
        yield {"problem": problem}


class _Known:
    """What a page's includes say of whom and what its posts name."""

    def __init__(self, includes: dict[str, Any]) -> None:
        self._users = {user["id"]: user for user in values.mappings(includes.get("users")) if isinstance(user.get("id"), str)}
        self._names = {
            name.casefold(): native for native, user in self._users.items() if (name := values.text(user.get("username")))
        }
        media = values.mappings(includes.get("media"))
        self._media = {one["media_key"]: one for one in media if isinstance(one.get("media_key"), str)}
        others = [*values.mappings(includes.get("posts")), *values.mappings(includes.get("tweets"))]
        self._authors = {one["id"]: one.get("author_id") for one in others if isinstance(one.get("id"), str)}

    def of(self, post: Any) -> dict[str, Any]:
        """The author's name and whether it is protected, ids of names, attachments and authors of other posts."""
        if not isinstance(post, dict):
            return {}
        author = self._users.get(str(post.get("author_id")), {})
        names = [values.text(who.get("username")) for who in _mentions(post)]
        keys = values.texts(values.child(post, "attachments").get("media_keys"))
        others = [str(other.get("id")) for other in _references(post)]
        found = {
            "handle": author.get("username"),
            "is_protected": author.get("protected"),
            "ids": {name.casefold(): self._names[name.casefold()] for name in names if name and name.casefold() in self._names},
            "media": [self._media[key] for key in keys if key in self._media],
            "authors": {other: self._authors[other] for other in others if other in self._authors},
        }
        return {name: value for name, value in found.items() if value}


def item_rows(item: dict[str, Any], context: FileContext) -> list[Row]:
    """Rows of one record of a page. Raises BadRecord."""
    if "user" in item:
        return user_rows(values.mapping(item["user"], "user"), context)
    if "problem" in item:
        return [problem_row(values.mapping(item["problem"], "errors"), context)]
    return post_rows(values.mapping(item.get("post"), "post"), item, context)


def line_rows(post: dict[str, Any], context: FileContext) -> list[Row]:
    """Rows of a post that stands alone, with its author inside it where a collector put it there. Raises BadRecord."""
    author = post.get("author")
    known = {"handle": author.get("username"), "is_protected": author.get("protected")} if isinstance(author, dict) else {}
    others = {str(other.get("id")): other.get("author_id") for other in _references(post) if other.get("author_id")}
    media = values.mappings(values.child(post, "attachments").get("media"))
    rows = post_rows(post, {**known, "authors": others, "media": media}, context)
    return rows + user_rows(author, context) if isinstance(author, dict) and is_user(author) else rows


def user_rows(user: dict[str, Any], context: FileContext) -> list[Row]:
    """Rows of a user. Raises BadRecord."""
    native_id = fields.identity(user.get("id"), "user.id")
    metrics = values.child(user, "public_metrics")
    created = values.text(user.get("created_at"))
    return Author(
        native_id,
        handle=values.text(user.get("username")),
        display_name=values.text(user.get("name")),
        profile_text=values.text(user.get("description")),
        profile_url=f"https://x.com/i/user/{native_id}",
        created_at=fields.time(created, "user.created_at", context) if created else None,
        followers_count=values.count(metrics.get("followers_count"), "followers_count"),
        following_count=values.count(metrics.get("following_count"), "following_count"),
        posts_count=_either(metrics, "post_count", "tweet_count"),
        is_verified=values.flag(user.get("verified")),
        # The mark of verified organisations; the other kinds are bought by or given to people and offices.
        actor_class="brand" if user.get("verified_type") == "business" else None,
        status="active",
        links=fields.profile_links(values.child(user, "entities"), user.get("url")) if "description" in user else None,
    ).rows(context, context.observed_at, context.observed_quality)


def gone(problem: dict[str, Any]) -> tuple[str, str, str] | None:
    """(subject type, native id, reason) of what an answer says it cannot show for good; None for every other problem."""
    reason = _ERRORS_BY_REASON.get(str(problem.get("type")).rstrip("/").rsplit("/", 1)[-1])
    subject = _SUBJECTS.get(str(problem.get("resource_type")))
    native_id = problem_id(problem)
    return (subject, native_id, reason) if subject and native_id and reason else None


def problem_id(problem: dict[str, Any]) -> str | None:
    """The id that a problem is about. A user asked for by name is told of by that name, even where it consists of digits."""
    is_named = "username" in str(problem.get("parameter"))
    return None if is_named else fields.optional_identity(problem.get("resource_id"), problem.get("value"))


def problem_row(problem: dict[str, Any], context: FileContext) -> Row:
    """The tombstone of what an answer says it cannot show. Raises BadRecord ``error_response`` for every other problem."""
    found = gone(problem)
    if found is None:
        said = values.text(problem.get("detail")) or values.text(problem.get("title")) or str(problem.get("type"))
        raise BadRecord("error_response", f"the server answered: {said[:200]}", "errors")
    subject, native_id, reason = found
    return deletion_row(subject, native_id, reason, context)


def post_rows(post: dict[str, Any], known: dict[str, Any], context: FileContext) -> list[Row]:
    """Rows of a post, or of its counters alone where nothing else was asked for. Raises BadRecord.

    Args:
        post: the post.
        known: what ``page_items`` puts beside it.
        context: the file's context.
    """
    if known.get("is_protected") is True:
        raise BadRecord("not_public", "the account is protected: its posts are not meant for the public", "protected")
    own_id = fields.identity(post.get("id"), "id")
    author = post.get("author_id")
    chain = post.get("edit_history_post_ids") or post.get("edit_history_tweet_ids")
    versions = list(filter(None, map(fields.optional_identity, values.sequence(chain))))
    native_id = versions[0] if versions else own_id
    created = post.get("created_at")
    made_at = fields.snowflake_time(own_id)
    if created is None and made_at is None:
        raise BadRecord("missing_field", "created_at is missing, and the id is too old to tell the time", "created_at")
    at = fields.time(created if created is not None else made_at and made_at.isoformat(), "created_at", context)
    is_edited = native_id != own_id
    note = values.child(post, "note_post") or values.child(post, "note_tweet")
    text = fields.written(note.get("text") if note.get("text") is not None else post.get("text"), "text")
    entities = values.child(note, "entities") or values.child(post, "entities")
    references = {str(other.get("type")): other for other in _references(post)}
    authors = values.child(known, "authors")

    def reference(kind: str, otherwise: str | None = None) -> Reference | None:
        other = fields.optional_identity(values.child(references, kind).get("id"))
        return Reference(other, fields.optional_identity(authors.get(other)) or otherwise) if other else None

    quoted = reference("quoted")
    media, seconds = _media(post, known)
    links = fields.links(entities, text, own_id, quoted.post if quoted else None)
    ids = values.child(known, "ids")
    mentioned = [
        found
        for who in _mentions(post)
        if (found := fields.optional_identity(who.get("id"), ids.get(str(who.get("username")).casefold()))) is not None
    ]
    metrics = values.child(post, "public_metrics")
    tweet = Tweet(
        native_id,
        fields.identity(author, "author_id") if author is not None else None,
        (fields.snowflake_time(native_id) or at) if is_edited else at,
        text=text,
        edited_at=at if is_edited else None,
        handle=values.text(known.get("handle")) or values.text(post.get("username")),
        tags=[*values.texts([tag.get("tag") for tag in values.mappings(entities.get("hashtags"))]), *tags_in(text)],
        links=links,
        mentioned=mentioned,
        answered=reference("replied_to", fields.optional_identity(post.get("in_reply_to_user_id"))),
        quoted=quoted,
        repeated=reference("retweeted") or reference("reposted"),
        root=fields.optional_identity(post.get("conversation_id")),
        counters={column: _either(metrics, *names) for column, names in _COUNTERS.items()},
        more={
            "media_kind": media or ("link" if links else "none"),
            "duration_seconds": seconds,
            "language": fields.language(post.get("lang")),
            "community": fields.optional_identity(post.get("community_id")),
            "is_sensitive": values.flag(post.get("possibly_sensitive")),
            "has_paid_label": values.flag(post.get("paid_partnership")),
        },
    )
    rows = tweet.rows(context)
    if metrics and post.keys() <= _COUNTED:
        return [row for row in rows if row.table == "post_metrics"] or rows
    return rows


def _either(metrics: dict[str, Any], *names: str) -> int | None:
    return next((count for name in names if (count := values.count(metrics.get(name), name)) is not None), None)


def _references(post: dict[str, Any]) -> list[dict[str, Any]]:
    return values.mappings(post.get("referenced_posts")) or values.mappings(post.get("referenced_tweets"))


def _mentions(post: dict[str, Any]) -> list[dict[str, Any]]:
    note = values.child(post, "note_post") or values.child(post, "note_tweet")
    return values.mappings((values.child(note, "entities") or values.child(post, "entities")).get("mentions"))


def _media(post: dict[str, Any], known: dict[str, Any]) -> tuple[str | None, float | None]:
    """Kind of the first attachment, by itself or by its key, and its length in seconds."""
    listed = values.mappings(known.get("media"))
    kinds = [fields.MEDIA_KINDS.get(str(one.get("type"))) for one in listed]
    kinds += map(fields.kind_of_key, values.texts(values.child(post, "attachments").get("media_keys")))
    milliseconds = next(filter(None, (values.number(one.get("duration_ms"), "duration_ms") for one in listed)), None)
    return next(filter(None, kinds), None), milliseconds / 1000 if milliseconds else None
