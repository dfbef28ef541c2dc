"""The native file shapes of Bluesky: how each is recognised and split, and which rows its records give. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.bluesky import car, fields
from pipelines.platforms.bluesky.records import (
    COLLECTIONS,
    DELETED_SUBJECTS,
    PROFILE,
    record_rows,
    unsupported,
    unwitnessed_rows,
)
from pipelines.platforms.bluesky.rows import (
    POST,
    Sighting,
    account_rows,
    deletion_row,
    edge_row,
    file_sighting,
    follow_row,
    post_view_rows,
    repost_rows,
)
from pipelines.platforms.gaps import Gaps
from pipelines.platforms.lookups import LookupFormat
from pipelines.platforms.posts import SOCIAL_TABLES
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, NativeFormat, Record, Row, Sample
from pipelines.platforms.times import from_unix, plausible

TABLES: Final = SOCIAL_TABLES
_STATUSES: Final = {"takendown": "suspended", "suspended": "suspended", "deleted": "deleted", "deactivated": "deactivated"}
_KINDS: Final = ("commit", "identity", "account")
# A map whose first key is 'roots', after the header's length.
_CAR_HEADER: Final = b"\x65roots"
_CAR_HEADER_BYTES: Final = 16


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
    def _snapshot(profile: dict[str, Any], status: str | None, sighting: Sighting, context: FileContext) -> list[Row]:
        return account_rows(profile, sighting, context, status)

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
        if collection not in COLLECTIONS:
            raise unsupported(collection)
        uri = f"at://{actor}/{collection}/{rkey}"
        if operation == "delete":
            if collection == PROFILE:  # the profile card goes, the account stays
                return self._snapshot({"did": actor}, "active", sighting, context)
            subject = DELETED_SUBJECTS[collection]
            return [deletion_row(subject, uri, sighting.observed_at, "deleted_by_author", sighting, context)]
        if operation not in ("create", "update"):
            raise BadRecord("unexpected_shape", f"operation {str(operation)[:40]!r} is unknown", "commit.operation")
        record = values.mapping(commit.get("record"), "commit.record")
        edited_at = sighting.observed_at if operation == "update" else None
        return record_rows(uri, record, sighting.observed_at, sighting, context, edited_at=edited_at)


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
    """getPosts, getQuotes: ``{"posts": [postView]}``; listRecords: ``{"records": [{"uri", "value"}]}``; also bare lists of either."""

    name = "bluesky_posts"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """Post views or repository records with at:// URIs; an envelope may be empty."""
        first = sample.first_value
        items = self._items(first)
        is_envelope = isinstance(first, dict) and any(isinstance(first.get(name), list) for name in ("posts", "records"))
        return (bool(items) or is_envelope) and all(
            isinstance(item, dict) and str(item.get("uri", "")).startswith("at://") and ("record" in item or "value" in item)
            for item in items[:3]
        )

    @staticmethod
    def _items(document: Any) -> list[Any]:
        if isinstance(document, dict):
            return values.sequence(document.get("posts") or document.get("records"))
        return values.sequence(document)

    def split(self, document: Any) -> Iterable[Any]:
        """The posts or records."""
        return self._items(document)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one post view, or of one record of any collection that a table takes. Raises BadRecord."""
        view = values.mapping(_lexicon(record.value), "post")
        uri = fields.record_uri(view.get("uri"), "uri")
        if fields.collection(uri) == POST:
            return post_view_rows(view, context)
        if "value" not in view:
            raise unsupported(fields.collection(uri))
        return unwitnessed_rows(uri, values.mapping(view["value"], "value"), context)


class FoundPosts(Posts):
    """searchPosts, which alone tells how many posts it hits."""

    name = "bluesky_search"
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """``posts`` beside ``hitsTotal``."""
        return isinstance(sample.first_value, dict) and "hitsTotal" in sample.first_value and super().matches(sample)


class Reactions:
    """getLikes (``likes``) and getRepostedBy (``repostedBy``): a post's URI and who reacted to it."""

    name = "bluesky_reactions"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """A ``uri`` beside either list."""
        return _first_key(sample, "uri", str) and (
            _first_key(sample, "likes", list) or _first_key(sample, "repostedBy", list) or _first_key(sample, "reposted_by", list)
        )

    def split(self, document: Any) -> Iterator[Any]:
        """One record for each who reacted, with the post's URI."""
        whole = values.mapping(document, "document")
        uri = fields.record_uri(whole.get("uri"), "uri")
        for like in values.sequence(whole.get("likes")):
            yield {"uri": uri, "like": like}
        for profile in values.sequence(whole.get("repostedBy", whole.get("reposted_by"))):
            yield {"uri": uri, "repostedBy": profile}

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """The profile's rows, and the like. The API does not say when a repost was made: it gives no edge. Raises BadRecord."""
        item = _lexicon(values.mapping(record.value, "item"))
        sighting = file_sighting(context)
        if "repostedBy" in item:
            return account_rows(values.mapping(item["repostedBy"], "repostedBy"), sighting, context)
        like = values.mapping(item.get("like"), "like")
        actor = values.mapping(like.get("actor"), "like.actor")
        native, subject = fields.did(actor.get("did"), "like.actor.did"), fields.record_uri(item.get("uri"), "uri")
        witnessed = values.time(like.get("indexedAt"), "like.indexedAt", context)
        moment, quality = fields.published_time(like.get("createdAt"), witnessed, "")
        ends = (native, fields.authority(subject))
        # The like's own URI is not told; the pair is then what identifies it.
        edge = edge_row(context, "like", f"like:{native}:{subject}", ends, (None, subject), moment, sighting.columns(quality))
        return [edge, *account_rows(actor, sighting, context)]


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


class Repository:
    """A repository export of com.atproto.sync.getRepo: all records of one account."""

    name = "bluesky_repository"
    framing = Framing.BINARY
    collection_method = "archive"

    def matches(self, sample: Sample) -> bool:
        """The name of a CAR file, or the beginning of its header."""
        return sample.suffix == ".car" or _CAR_HEADER in sample.head[:_CAR_HEADER_BYTES]

    def split(self, document: Any) -> Iterable[Any]:
        """The records of the collections that a table takes; problems with their offsets. Raises BadRecord."""
        return car.records(document, COLLECTIONS)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one record, dated by its key and its claim. Raises BadRecord."""
        item = values.mapping(record.value, "record")
        uri = fields.record_uri(item.get("uri"), "uri")
        return unwitnessed_rows(uri, values.mapping(item.get("value"), "value"), context)


def post_ids_of(answer: Any) -> set[str]:
    """URIs of the posts in a getPosts answer."""
    return _texts_in(answer, "posts", "uri")


def account_ids_of(answer: Any) -> set[str]:
    """DIDs of the accounts in a getProfiles answer."""
    return _texts_in(answer, "profiles", "did")


def _texts_in(answer: Any, listed: str, name: str) -> set[str]:
    return set(values.texts([item.get(name) for item in values.mappings(values.optional_mapping(answer).get(listed))]))


FORMATS: Final[tuple[NativeFormat, ...]] = (
    LookupFormat("bluesky_posts_lookup", Posts(), post_ids_of),
    LookupFormat("bluesky_accounts_lookup", Profiles(), account_ids_of, asked_for="account"),
    Gaps("bluesky_gap"),
    Repository(),
    Jetstream(),
    Feed(),
    Thread(),
    Follows(),
    Reactions(),
    FoundPosts(),
    Posts(),
    Profiles(),
    ErrorBody(),
)
