"""The native file shapes of Bluesky: how each is recognised and split, and which rows its records give. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.bluesky import fields
from pipelines.platforms.bluesky.rows import (
    POST,
    Sighting,
    account_rows,
    deletion_row,
    edge_row,
    file_sighting,
    follow_row,
    post_rows,
    post_view_rows,
    repost_rows,
)
from pipelines.platforms.posts import SOCIAL_TABLES
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, NativeFormat, Record, Row, Sample
from pipelines.platforms.times import from_unix, plausible

TABLES: Final = SOCIAL_TABLES
_LIKE: Final = "app.bsky.feed.like"
_REPOST: Final = "app.bsky.feed.repost"
_FOLLOW: Final = "app.bsky.graph.follow"
_PROFILE: Final = "app.bsky.actor.profile"
_DELETED_SUBJECTS: Final = {POST: "post", _REPOST: "post", _LIKE: "interaction", _FOLLOW: "follow"}
_STATUSES: Final = {"takendown": "suspended", "suspended": "suspended", "deleted": "deleted", "deactivated": "deactivated"}
_KINDS: Final = ("commit", "identity", "account")


class Jetstream:
    """Jetstream v1 lines: commits, identity events and account events of the whole network."""

    name = "bluesky_jetstream"
    framing = Framing.LINES
    collection_method = "firehose"

    def matches(self, sample: Sample) -> bool:
        """An event has a DID, a microsecond time and a kind."""
        first = sample.first_value
        return isinstance(first, dict) and "time_us" in first and "did" in first and "kind" in first

    def split(self, document: Any) -> Iterable[Any]:
        """One line, one record."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one event. Raises BadRecord, also for collections that no table takes (``unsupported_collection``)."""
        event = values.mapping(record.value, "event")
        actor = fields.did(event.get("did"), "did")
        seen = self._seen_at(event, context)
        sighting = Sighting(seen, "exact")
        kind = event.get("kind")
        if kind not in _KINDS:
            raise BadRecord("unexpected_shape", f"kind {str(kind)[:40]!r} is none of {', '.join(_KINDS)}", "kind")
        body = values.mapping(event.get(kind), kind)
        if kind == "commit":
            return self._commit(actor, body, sighting, context)
        if kind == "identity":
            return self._snapshot({"did": actor, "handle": body.get("handle")}, None, sighting, context)
        return self._account(actor, body, sighting, context)

    @staticmethod
    def _seen_at(event: dict[str, Any], context: FileContext) -> datetime:
        micros = event.get("time_us")
        if isinstance(micros, bool) or not isinstance(micros, int):
            raise BadRecord("wrong_type", "time_us is no integer", "time_us")
        whole, rest = divmod(micros, 1_000_000)
        moment = from_unix(whole, "time_us").replace(microsecond=rest)
        return plausible(moment, context.observed_at, "time_us")

    @staticmethod
    def _snapshot(
        profile: dict[str, Any], status: str | None, sighting: Sighting, context: FileContext, created_claim: Any = None
    ) -> list[Row]:
        return account_rows({**profile, "createdAt": created_claim}, sighting, context, status)

    def _account(self, actor: str, body: dict[str, Any], sighting: Sighting, context: FileContext) -> list[Row]:
        named = body.get("status")
        status = "active" if body.get("active") is True else _STATUSES.get(str(named))
        rows = self._snapshot({"did": actor}, status, sighting, context)
        if status == "deleted":
            rows.append(deletion_row("account", actor, sighting.observed_at, "account_deleted", sighting, context))
        return rows

    def _commit(self, actor: str, commit: dict[str, Any], sighting: Sighting, context: FileContext) -> list[Row]:
        collection, rkey, operation = commit.get("collection"), commit.get("rkey"), commit.get("operation")
        if not isinstance(collection, str) or not isinstance(rkey, str) or not collection or not rkey:
            raise BadRecord("missing_id", "the commit names no collection and record key", "commit.rkey")
        if collection not in {*_DELETED_SUBJECTS, _PROFILE}:
            raise BadRecord("unsupported_collection", f"no table takes records of {collection[:100]}", "commit.collection")
        uri = f"at://{actor}/{collection}/{rkey}"
        if operation == "delete":
            if collection == _PROFILE:  # the profile card goes, the account stays
                return self._snapshot({"did": actor}, "active", sighting, context)
            subject = _DELETED_SUBJECTS[collection]
            return [deletion_row(subject, uri, sighting.observed_at, "deleted_by_author", sighting, context)]
        if operation not in ("create", "update"):
            raise BadRecord("unexpected_shape", f"operation {str(operation)[:40]!r} is unknown", "commit.operation")
        record = values.mapping(commit.get("record"), "commit.record")
        if collection == POST:
            edited_at = sighting.observed_at if operation == "update" else None
            return post_rows(uri, record, sighting.observed_at, sighting, context, edited_at=edited_at)
        if collection == _PROFILE:
            claim = record.get("createdAt")
            return self._snapshot({**record, "did": actor, "labels": None}, "active", sighting, context, claim)
        return self._edge(uri, collection, record, sighting, context)

    @staticmethod
    def _edge(uri: str, collection: str, record: dict[str, Any], sighting: Sighting, context: FileContext) -> list[Row]:
        actor, rkey = fields.authority(uri), uri.rsplit("/", 1)[-1]
        happened = fields.published_time(record.get("createdAt"), sighting.observed_at, rkey)
        if collection == _FOLLOW:
            target = fields.did(record.get("subject"), "subject")
            return [follow_row(uri, actor, target, happened, sighting, context)]
        subject = fields.record_uri(values.mapping(record.get("subject"), "subject").get("uri"), "subject.uri")
        if collection == _REPOST:
            return repost_rows(uri, subject, happened, sighting, context)
        return [
            edge_row(
                context,
                "like",
                uri,
                (actor, fields.authority(subject)),
                (None, subject),
                happened[0],
                sighting.columns(happened[1]),
            )
        ]


def _first_key(sample: Sample, key: str, kind: type) -> bool:
    return isinstance(sample.first_value, dict) and isinstance(sample.first_value.get(key), kind)


def _lexicon(value: Any) -> Any:
    """``value`` in the lexicon's spelling, whichever way it was serialised. Raises BadRecord if nested beyond reason."""
    try:
        return fields.camel_cased(value)
    except RecursionError:
        raise BadRecord("oversized", "the document is nested too deeply") from None


class Feed:
    """getAuthorFeed, getFeed, getTimeline: ``{"feed": [feedViewPost]}``, as served or as the Python SDK serialises it."""

    name = "bluesky_feed"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """A ``feed`` list of objects with a post."""
        return _first_key(sample, "feed", list) and all(
            isinstance(i, dict) and "post" in i for i in sample.first_value["feed"][:3]
        )

    def split(self, document: Any) -> Iterable[Any]:
        """The feed's items."""
        return values.sequence(values.mapping(document, "document").get("feed"))

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of the post, its author, and of the repost that put it into the feed. Raises BadRecord."""
        item = values.mapping(_lexicon(record.value), "item")
        post = values.mapping(item.get("post"), "post")
        rows = post_view_rows(post, context)
        for end in ("parent", "root"):
            rows += self._answered(values.child(values.child(item, "reply"), end), context)
        reason = values.child(item, "reason")
        if str(reason.get("$type", "")).endswith("#reasonRepost"):
            rows += self._reposted(post["uri"], reason, context)
        return rows

    @staticmethod
    def _answered(view: dict[str, Any], context: FileContext) -> list[Row]:
        """Rows of the post that the item answers, which comes along with it; a blocked one is withheld."""
        if view.get("notFound") is True:
            uri = fields.record_uri(view.get("uri"), "reply.uri")
            return [deletion_row("post", uri, context.observed_at, "not_found", file_sighting(context), context)]
        return post_view_rows(view, context) if isinstance(view.get("record"), dict) else []

    @staticmethod
    def _reposted(subject: str, reason: dict[str, Any], context: FileContext) -> list[Row]:
        sighting = file_sighting(context)
        reposter = values.mapping(reason.get("by"), "reason.by")
        native = fields.did(reposter.get("did"), "reason.by.did")
        moment = values.time(reason.get("indexedAt"), "reason.indexedAt", context)
        # Older responses do not carry the repost's own URI; the pair is then what identifies it.
        uri = reason.get("uri") if isinstance(reason.get("uri"), str) else f"repost:{native}:{subject}"
        return [
            *repost_rows(str(uri), subject, (moment, "exact"), sighting, context, native),
            *account_rows(reposter, sighting, context),
        ]


class Thread:
    """getPostThread: a tree of post views with gaps."""

    name = "bluesky_thread"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """A ``thread`` object."""
        return _first_key(sample, "thread", dict)

    def split(self, document: Any) -> Iterator[Any]:
        """Every node: ancestors from the nearest up, then the post and its replies in reading order."""
        thread = values.mapping(values.mapping(document, "document").get("thread"), "thread")
        parent = thread.get("parent")
        while isinstance(parent, dict):
            yield {key: value for key, value in parent.items() if key not in {"parent", "replies"}}
            parent = parent.get("parent")
        pending: list[Any] = [thread]
        while pending:
            node = pending.pop()
            if isinstance(node, dict):
                yield {key: value for key, value in node.items() if key not in {"parent", "replies"}}
                pending.extend(reversed(values.sequence(node.get("replies"))))
            else:
                yield node

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one node; a post that is gone gives a tombstone. Raises BadRecord (``blocked`` for a blocked post)."""
        node = values.mapping(_lexicon(record.value), "node")
        if node.get("notFound") is True:
            uri = fields.record_uri(node.get("uri"), "uri")
            return [deletion_row("post", uri, context.observed_at, "not_found", file_sighting(context), context)]
        if node.get("blocked") is True:
            raise BadRecord("blocked", "the post's author and the viewer block each other; the payload withholds it")
        return post_view_rows(values.mapping(node.get("post"), "post"), context)


class Posts:
    """getPosts, searchPosts, getQuotes: ``{"posts": [postView]}``; also a bare list of ``{"uri", "value"}`` records."""

    name = "bluesky_posts"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """Post views or repository records with at:// URIs."""
        items = self._items(sample.first_value)
        return bool(items) and all(
            isinstance(item, dict) and str(item.get("uri", "")).startswith("at://") and ("record" in item or "value" in item)
            for item in items[:3]
        )

    @staticmethod
    def _items(document: Any) -> list[Any]:
        if isinstance(document, dict):
            return values.sequence(document.get("posts") or document.get("records"))
        return values.sequence(document)

    def split(self, document: Any) -> Iterable[Any]:
        """The posts."""
        return self._items(document)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one post. Raises BadRecord."""
        view = values.mapping(_lexicon(record.value), "post")
        if fields.collection(fields.record_uri(view.get("uri"), "uri")) != POST:
            raise BadRecord("unsupported_collection", "the record is no post", "uri")
        return post_view_rows(view, context)


class Profiles:
    """getProfiles (``{"profiles": [...]}``) and getProfile (one bare profile)."""

    name = "bluesky_profiles"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """A ``profiles`` list, or an object with a DID and a handle and no list of others."""
        first = sample.first_value
        if not isinstance(first, dict):
            return False
        bare = str(first.get("did", "")).startswith("did:") and "handle" in first
        return bare or (isinstance(first.get("profiles"), list))

    def split(self, document: Any) -> Iterable[Any]:
        """The profiles."""
        whole = values.mapping(document, "document")
        return values.sequence(whole["profiles"]) if "profiles" in whole else (whole,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one profile. Raises BadRecord."""
        return account_rows(values.mapping(_lexicon(record.value), "profile"), file_sighting(context), context)


class Follows:
    """getFollowers and getFollows: a subject and those who follow it, or whom it follows."""

    name = "bluesky_follows"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """A ``subject`` beside ``followers`` or ``follows``."""
        return _first_key(sample, "subject", dict) and (
            _first_key(sample, "followers", list) or _first_key(sample, "follows", list)
        )

    def split(self, document: Any) -> Iterator[Any]:
        """One record for each edge, and one for the subject's own profile."""
        whole = values.mapping(document, "document")
        subject = values.mapping(whole.get("subject"), "subject")
        yield {"profile": subject}
        for direction in ("followers", "follows"):
            for other in values.sequence(whole.get(direction)):
                yield {"profile": other, "direction": direction, "subject": subject.get("did")}

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """The profile's rows and the edge; the API does not say since when. Raises BadRecord."""
        item = _lexicon(values.mapping(record.value, "item"))
        sighting = file_sighting(context)
        profile = values.mapping(item.get("profile"), "profile")
        rows = account_rows(profile, sighting, context)
        if "direction" in item:
            subject = fields.did(item.get("subject"), "subject.did")
            source, target = (profile["did"], subject) if item["direction"] == "followers" else (subject, profile["did"])
            rows.append(follow_row(f"follow:{source}:{target}", source, target, (None, sighting.quality), sighting, context))
        return rows


class ErrorBody:
    """An XRPC error body that was saved as if it were an answer."""

    name = "bluesky_error"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """An ``error`` name and nothing to land."""
        return _first_key(sample, "error", str)

    def split(self, document: Any) -> Iterable[Any]:
        """The body itself."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:  # noqa: ARG002 - the protocol's signature
        """Never lands. Raises BadRecord ``error_response``."""
        body = values.optional_mapping(record.value)
        raise BadRecord("error_response", f"the server answered {str(body.get('error'))[:80]}: {str(body.get('message'))[:200]}")


FORMATS: Final[tuple[NativeFormat, ...]] = (Jetstream(), Feed(), Thread(), Follows(), Posts(), Profiles(), ErrorBody())
