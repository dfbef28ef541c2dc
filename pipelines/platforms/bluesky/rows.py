"""Canonical rows of Bluesky records and views: posts, reposts, likes, follows, profiles. No file shapes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pipelines.platforms import text as texts
from pipelines.platforms import values
from pipelines.platforms.bluesky import fields
from pipelines.platforms.posts import Author
from pipelines.platforms.protocol import BadRecord, FileContext, Row
from pipelines.platforms.times import from_iso, plausible

PLATFORM: Final = "bluesky"
POST: Final = "app.bsky.feed.post"
SENSITIVE_LABELS: Final = frozenset({"porn", "sexual", "nudity", "graphic-media", "gore", "nsfl", "corpse"})
_MEDIA_KINDS: Final = {"images": "image", "gallery": "image", "video": "video", "external": "link"}


@dataclass(frozen=True, slots=True)
class Sighting:
    """When a record was seen, as the row's provenance columns want it."""

    observed_at: datetime
    quality: str  # of observed_at

    def columns(self, event_quality: str | None = None) -> dict[str, Any]:
        """``observed_at`` and ``ts_quality``; the quality is the observation's unless the event has its own."""
        return {"observed_at": self.observed_at, "ts_quality": event_quality or self.quality}


def file_sighting(context: FileContext) -> Sighting:
    """The sighting of a payload that does not say when it was observed."""
    return Sighting(context.observed_at, context.observed_quality)


def _key(context: FileContext, native_id: str) -> str:
    return context.pseudonyms.key(PLATFORM, native_id)


def _facet_values(record: dict[str, Any], kind: str, field_name: str) -> list[str]:
    found = []
    for facet in values.sequence(record.get("facets")):
        for feature in values.sequence(values.optional_mapping(facet).get("features")):
            feature_fields = values.optional_mapping(feature)
            value = feature_fields.get(field_name)
            if str(feature_fields.get("$type", "")).endswith(f"#{kind}") and isinstance(value, str) and value:
                found.append(value)
    return list(dict.fromkeys(found))


def _embeds(record: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The embed as (short type, body), a record with media as its two halves."""
    embed = values.child(record, "embed")
    short = str(embed.get("$type", "")).removeprefix("app.bsky.embed.")
    if short == "recordWithMedia":
        yield "record", values.child(embed, "record")
        media = values.child(embed, "media")
        yield str(media.get("$type", "")).removeprefix("app.bsky.embed."), media
    elif short:
        yield short, embed


def _quoted_uri(record: dict[str, Any]) -> str | None:
    for short, body in _embeds(record):
        uri = values.child(body, "record").get("uri")
        if short == "record" and isinstance(uri, str) and uri.startswith("at://did:") and f"/{POST}/" in uri:
            return uri
    return None


def _reference(reply: dict[str, Any], end: str) -> str | None:
    uri = values.optional_mapping(reply.get(end)).get("uri")
    return uri if isinstance(uri, str) and uri.startswith("at://did:") else None


def _links(record: dict[str, Any], written: str) -> list[str]:
    cards = [values.child(body, "external").get("uri") for short, body in _embeds(record) if short == "external"]
    faceted = _facet_values(record, "link", "uri")
    # Where a facet exists the visible text holds a shortened form of the same link.
    return list(dict.fromkeys([*faceted, *(card for card in cards if isinstance(card, str)), *texts.links_in(written)]))


def _language(record: dict[str, Any]) -> str | None:
    return next(filter(None, map(texts.primary_language, values.texts(record.get("langs")))), None)


def _is_sensitive(*labelled: Any) -> bool:
    """Whether the author or a labeller says so; a labeller can take its own word back."""
    labels = [label for part in labelled for label in values.mappings(part)]
    return any(str(label.get("val")) in SENSITIVE_LABELS and label.get("neg") is not True for label in labels)


def post_rows(
    uri: str,
    record: dict[str, Any],
    witnessed: datetime,
    sighting: Sighting,
    context: FileContext,
    *,
    edited_at: datetime | None = None,
    labels: Any = None,
) -> list[Row]:
    """Rows of one post record: the post, its vault row, and its reply, quote and mention edges.

    Args:
        uri: The post's at:// URI.
        record: The ``app.bsky.feed.post`` record.
        witnessed: When the network saw the post (``indexedAt`` or ``time_us``), UTC.
        sighting: When and how well-dated the observation was.
        context: The file's context.
        edited_at: When an update replaced the record, UTC.
        labels: What labellers say of the post, where a view tells it.

    Raises:
        BadRecord: The text is no string.
    """
    written = record.get("text", "")
    if not isinstance(written, str):
        raise BadRecord("wrong_type", f"text is {type(written).__name__}, not a string", "text")
    author = fields.authority(uri)
    published_at, quality = fields.published_time(record.get("createdAt"), witnessed, uri.rsplit("/", 1)[-1])
    reply = values.child(record, "reply")
    parent, root, quoted = _reference(reply, "parent"), _reference(reply, "root"), _quoted_uri(record)
    mentioned = [who for who in _facet_values(record, "mention", "did") if who.startswith("did:")]
    links = _links(record, written)
    canonical = list(dict.fromkeys(filter(None, map(texts.canonical_url, links))))
    tags = [*_facet_values(record, "tag", "tag"), *values.texts(record.get("tags"))]
    media = [_MEDIA_KINDS[short] for short, _ in _embeds(record) if short in _MEDIA_KINDS]
    post_key, account_key = _key(context, uri), _key(context, author)
    stamp = sighting.columns(quality)
    rows = [
        Row(
            "posts",
            {
                "platform": PLATFORM,
                "post_key": post_key,
                "account_key": account_key,
                "post_type": "reply" if parent else "quote" if quoted else "post",
                "published_at": published_at,
                "edited_at": edited_at,
                "language": _language(record),
                "parent_post_key": _key(context, parent) if parent else None,
                "root_post_key": _key(context, root) if root else None,
                "tags": texts.normalise_tags([*tags, *texts.tags_in(written)]),
                "link_domains": list(dict.fromkeys(filter(None, map(texts.link_domain, canonical)))),
                "link_keys": [context.pseudonyms.link_key(url) for url in canonical],
                "mentioned_account_keys": [_key(context, who) for who in mentioned],
                "media_kind": media[0] if media else "none",
                "text_char_count": len(written),
                "is_sensitive": _is_sensitive(values.child(record, "labels").get("values"), labels),
                **stamp,
            },
        ),
        Row(
            "vault_posts",
            {
                "platform": PLATFORM,
                "post_key": post_key,
                "account_key": account_key,
                "native_id": uri,
                "text": written,
                "links": links,
                **sighting.columns(),
            },
        ),
    ]
    edges: list[tuple[str, str, str | None]] = [("reply", fields.authority(parent), parent)] if parent else []
    edges += [("quote", fields.authority(quoted), quoted)] if quoted else []
    edges += [("mention", who, None) for who in mentioned]
    rows += [
        edge_row(
            context,
            kind,
            f"{kind}:{author}:{target_post or target}:{uri}",
            (author, target),
            (uri, target_post),
            published_at,
            stamp,
        )
        for kind, target, target_post in edges
    ]
    return rows


def edge_row(
    context: FileContext,
    kind: str,
    native_key: str,
    accounts: tuple[str, str],
    posts: tuple[str | None, str | None],
    interacted_at: datetime,
    stamp: dict[str, Any],
) -> Row:
    """One interaction from ``accounts[0]`` to ``accounts[1]``, carried by ``posts[0]`` and aimed at ``posts[1]``."""
    source, target = accounts
    carrier, target_post = posts
    return Row(
        "interactions",
        {
            "platform": PLATFORM,
            "interaction_key": _key(context, native_key),
            "interaction_type": kind,
            "source_account_key": _key(context, source),
            "target_account_key": _key(context, target),
            "post_key": _key(context, carrier) if carrier else None,
            "target_post_key": _key(context, target_post) if target_post else None,
            "interacted_at": interacted_at,
            **stamp,
        },
    )


def repost_rows(
    uri: str, subject: str, published: tuple[datetime, str], sighting: Sighting, context: FileContext, reposter: str | None = None
) -> list[Row]:
    """A repost as a post of its own (its parent is what it repeats) and as an edge; ``published`` is (time, quality)."""
    author = reposter or fields.authority(uri)
    published_at, quality = published
    stamp = sighting.columns(quality)
    return [
        Row(
            "posts",
            {
                "platform": PLATFORM,
                "post_key": _key(context, uri),
                "account_key": _key(context, author),
                "post_type": "repost",
                "published_at": published_at,
                "parent_post_key": _key(context, subject),
                **stamp,
            },
        ),
        # The edge's key is the record's own, so that a delete, which names the record only, finds it.
        edge_row(context, "repost", uri, (author, fields.authority(subject)), (uri, subject), published_at, stamp),
    ]


def account_rows(profile: dict[str, Any], sighting: Sighting, context: FileContext, status: str | None = "active") -> list[Row]:
    """Rows of a profile view (basic, plain or detailed). Raises BadRecord."""
    native, handle = fields.did(profile.get("did"), "did"), values.text(profile.get("handle"))
    verification = values.child(profile, "verification").get("verifiedStatus")
    labels = {str(label.get("val")) for label in values.mappings(profile.get("labels"))}
    return Author(
        native,
        handle=None if handle == "handle.invalid" else handle,
        display_name=values.text(profile.get("displayName")),
        profile_text=values.text(profile.get("description")),
        profile_url=f"https://bsky.app/profile/{native}",
        created_at=_plausible_or_none(values.text(profile.get("createdAt")), sighting.observed_at),
        followers_count=values.count(profile.get("followersCount"), "followersCount"),
        following_count=values.count(profile.get("followsCount"), "followsCount"),
        posts_count=values.count(profile.get("postsCount"), "postsCount"),
        is_verified=verification == "valid" if isinstance(verification, str) else None,
        actor_class="bot" if "bot" in labels else None,
        status=status,
        # Only the detailed view is a whole profile: an empty description there says that nothing is declared.
        links=[] if "followersCount" in profile else None,
    ).rows(context, sighting.observed_at, sighting.quality)


def _plausible_or_none(claimed: str | None, observed_at: datetime) -> datetime | None:
    """A profile's claimed creation time; an impossible claim costs the value, not the profile."""
    try:
        return plausible(from_iso(claimed, "createdAt"), observed_at, "createdAt") if claimed else None
    except BadRecord:
        return None


def post_view_rows(view: dict[str, Any], context: FileContext, *, depth: int = 0) -> list[Row]:
    """Rows of an AppView post view: author, post, counters, edges, and of the post that it quotes. Raises BadRecord."""
    sighting = file_sighting(context)
    uri = fields.record_uri(view.get("uri"), "uri")
    record = values.mapping(view.get("record", view.get("value")), "record")
    if view.get("indexedAt") is None:
        witnessed = claimed_without_witness(record, uri, context)
    else:
        witnessed = values.time(view["indexedAt"], "indexedAt", context)
    rows = post_rows(uri, record, witnessed, sighting, context, labels=view.get("labels"))
    if isinstance(view.get("author"), dict):
        rows += account_rows(view["author"], sighting, context)
    counters = {
        column: values.count(view.get(name), name)
        for column, name in (
            ("like_count", "likeCount"),
            ("comment_count", "replyCount"),
            ("repost_count", "repostCount"),
            ("quote_count", "quoteCount"),
            ("save_count", "bookmarkCount"),
        )
    }
    if any(value is not None for value in counters.values()):
        post = rows[0].values
        stamp = {name: post[name] for name in ("platform", "post_key", "published_at")}
        rows.append(Row("post_metrics", stamp | counters | sighting.columns(post["ts_quality"])))
    if depth == 0:
        for quoted in _quoted_views(view):
            rows += post_view_rows(quoted, context, depth=1)
    return rows


def _quoted_views(view: dict[str, Any]) -> list[dict[str, Any]]:
    """The quoted post as the view embeds it; one that is gone, blocked or detached, or a list, is no post view."""
    embeds = [values.child(view, "embed"), *values.mappings(view.get("embeds"))]
    found = []
    for embed in embeds:
        inner = values.child(embed, "record")
        inner = inner if "uri" in inner else values.child(inner, "record")
        if f"/{POST}/" in str(inner.get("uri")) and isinstance(inner.get("value"), dict):
            found.append(inner)
    return found


def claimed_without_witness(record: dict[str, Any], uri: str, context: FileContext) -> datetime:
    """The best witness of a bare record: its timestamp key, else its own claim. Raises BadRecord if neither is plausible."""
    keyed = fields.tid_time(uri.rsplit("/", 1)[-1])
    if keyed is not None and keyed <= context.observed_at:
        return plausible(keyed, context.observed_at, "rkey")
    created = record.get("createdAt")
    if not isinstance(created, str):
        raise BadRecord("wrong_type", "createdAt is missing and nothing else dates the record", "createdAt")
    return plausible(from_iso(created, "createdAt"), context.observed_at, "createdAt")


def deletion_row(
    subject_type: str, native_id: str, deleted_at: datetime, reason: str, sighting: Sighting, context: FileContext
) -> Row:
    """A tombstone."""
    return Row(
        "deletions",
        {
            "platform": PLATFORM,
            "subject_type": subject_type,
            "subject_key": _key(context, native_id),
            "deleted_at": deleted_at,
            "reason": reason,
            **sighting.columns(),
        },
    )


def follow_row(
    native_key: str, source: str, target: str, followed: tuple[datetime | None, str], sighting: Sighting, context: FileContext
) -> Row:
    """A follow edge; ``followed`` is (time, quality of the event time)."""
    return Row(
        "follows",
        {
            "platform": PLATFORM,
            "follow_key": _key(context, native_key),
            "source_account_key": _key(context, source),
            "target_account_key": _key(context, target),
            "followed_at": followed[0],
            **sighting.columns(followed[1]),
        },
    )
