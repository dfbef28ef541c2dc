"""The native file shapes of ActivityPub: how each is recognised and split. What an object means is in ``rows``. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.activitypub import fields
from pipelines.platforms.activitypub.rows import follow_row, rows_of
from pipelines.platforms.lookups import LookupFormat
from pipelines.platforms.posts import SOCIAL_TABLES, Author
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, NativeFormat, Record, Row, Sample

TABLES: Final = SOCIAL_TABLES
# What a collection of this name, below an actor's id, counts.
_COUNTED: Final = {"followers": "followers_count", "following": "following_count", "outbox": "posts_count"}
# Of an account's own archive: what it liked and kept for itself.
_PRIVATE_COLLECTIONS: Final = frozenset({"likes.json", "bookmarks.json"})
_CONTEXTS: Final = ("activitystreams", "litepub")


def _is_object(value: Any) -> bool:
    if not isinstance(value, dict) or not fields.kind(value):
        return False
    has_context = any(name in str(value.get("@context", ""))[:2_000] for name in _CONTEXTS)
    is_known = fields.kind(value) in {*fields.OBJECTS, *fields.ACTORS, "Tombstone"} or "actor" in value
    return has_context or (fields.is_address(value.get("id")) and is_known)


def _is_collection(value: Any) -> bool:
    return fields.kind(value) in fields.COLLECTIONS and values.text(value.get("id")) not in _PRIVATE_COLLECTIONS


class Objects:
    """An object, an actor or an activity, or a list of them."""

    name = "activitypub_object"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """A typed object with ActivityStreams' context, or with an id and an actor; no collection."""
        first = sample.first_value[0] if isinstance(sample.first_value, list) and sample.first_value else sample.first_value
        return _is_object(first) and fields.kind(first) not in fields.COLLECTIONS

    def split(self, document: Any) -> Iterable[Any]:
        """The object, or the list's."""
        return document if isinstance(document, list) else (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one object. Raises BadRecord."""
        return rows_of(values.mapping(record.value, "object"), context)


class ObjectLines(Objects):
    """One object or activity a line, as an inbox or a relay is logged."""

    name = "activitypub_lines"
    framing = Framing.LINES
    collection_method = "firehose"

    def matches(self, sample: Sample) -> bool:
        """An object on the first line."""
        return isinstance(sample.first_value, dict) and super().matches(sample)

    def split(self, document: Any) -> Iterable[Any]:
        """One line, one record."""
        return (document,)


class Collections:
    """An outbox, a list of followers or any other collection, whole or one page of it."""

    name = "activitypub_collection"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """A collection, but not what an account liked or kept for itself."""
        return _is_collection(sample.first_value)

    def split(self, document: Any) -> Iterator[Any]:
        """What the collection counts, its edges, its objects; what is not public, or only named, is one record for all of it."""
        whole = values.mapping(document, "collection")
        owner, counted = self._owner(whole)
        count = fields.total(whole)
        if owner and counted and count is not None:
            yield {"account": owner, _COUNTED[counted]: count}
        left: Counter[str] = Counter()
        first = values.optional_mapping(whole.get("first"))
        for holder in (whole, first):
            for item in values.sequence(holder.get("orderedItems", holder.get("items"))):
                if owner and counted in ("followers", "following") and fields.reference(item):
                    ends = (fields.reference(item), owner)
                    yield {"follow": ends if counted == "followers" else ends[::-1]}
                elif fields.is_address(item):
                    left["named"] += 1
                elif isinstance(item, dict) and self._is_private(item):
                    left["private"] += 1
                else:
                    yield {"object": item}
        for reason, number in sorted(left.items()):
            yield {"left": reason, "count": number}

    @staticmethod
    def _owner(collection: dict[str, Any]) -> tuple[str | None, str | None]:
        """(actor, what is counted) of a collection whose address lies below its actor's, as on all servers known here."""
        address = values.text(collection.get("partOf")) or values.text(collection.get("id")) or ""
        owner, _, last = address.split("?", 1)[0].rstrip("/").rpartition("/")
        return (owner, last) if last in _COUNTED and fields.is_address(owner) else (None, None)

    @staticmethod
    def _is_private(item: dict[str, Any]) -> bool:
        inner = values.optional_mapping(item.get("object"))
        if fields.kind(item) in fields.PRIVATE or fields.kind(inner) in fields.PRIVATE:
            return True
        is_post = fields.kind(item) in fields.OBJECTS or fields.kind(item) in ("Create", "Update", "Announce")
        return is_post and not fields.is_public(inner, item)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one part. Raises BadRecord."""
        part = values.mapping(record.value, "part")
        if "left" in part:
            if part["left"] == "private":
                raise BadRecord("not_public", f"{part.get('count')} of the collection are not for the public: not read")
            raise BadRecord("not_shown", f"{part.get('count')} of the collection are named and not shown: fetch them")
        if "account" in part:
            followers, following, posts = (values.count(part.get(name), name) for name in _COUNTED.values())
            native = fields.account_id(str(part["account"]), context.platform)
            author = Author(native, followers_count=followers, following_count=following, posts_count=posts, status="active")
            return author.rows(context, context.observed_at, context.observed_quality)
        if "follow" in part:
            source, target = values.sequence(list(part["follow"]))
            return [follow_row(f"follow:{source}:{target}", str(source), str(target), context)]
        return rows_of(values.mapping(part.get("object"), "item"), context)


class WebFinger:
    """What a server says about an address: which actor it is."""

    name = "activitypub_webfinger"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """A subject with links."""
        first = sample.first_value
        return isinstance(first, dict) and isinstance(first.get("subject"), str) and isinstance(first.get("links"), list)

    def split(self, document: Any) -> Iterable[Any]:
        """The answer itself."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """The actor and its handle. Raises BadRecord."""
        answer = values.mapping(record.value, "answer")
        actor = actor_of(answer)
        if actor is None:
            raise BadRecord("missing_id", "no link leads to an actor", "links")
        handle = str(answer.get("subject", "")).removeprefix("acct:").lower()
        native = fields.account_id(actor, context.platform)
        return Author(native, handle=handle, status="active").rows(context, context.observed_at, context.observed_quality)


def actor_of(answer: Any) -> str | None:
    """The actor's id in a WebFinger answer, None where it names none."""
    for link in values.mappings(values.optional_mapping(answer).get("links")):
        if link.get("rel") == "self" and "json" in str(link.get("type")) and fields.is_address(link.get("href")):
            return str(link["href"])
    return None


class ErrorBody:
    """An error body that was saved as if it were an answer."""

    name = "activitypub_error"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """An ``error`` and nothing typed."""
        return isinstance(sample.first_value, dict) and "error" in sample.first_value and not fields.kind(sample.first_value)

    def split(self, document: Any) -> Iterable[Any]:
        """The body itself."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:  # noqa: ARG002 - the protocol's signature
        """Never lands. Raises BadRecord ``error_response``."""
        body = values.optional_mapping(record.value)
        raise BadRecord("error_response", f"the server answered: {str(body.get('error'))[:200]}")


def ids_of(answer: Any) -> set[str]:
    """The id of the object or actor that answers a lookup; a tombstone answers for nothing."""
    found = fields.reference(values.optional_mapping(answer))
    return {found} if found is not None and fields.kind(answer) != "Tombstone" else set()


def is_gone(answer: Any) -> bool:
    """Whether an answer without the id that was asked for says that there is nothing."""
    return fields.kind(answer) == "Tombstone"


FORMATS: Final[tuple[NativeFormat, ...]] = (
    LookupFormat("activitypub_posts_lookup", Objects(), ids_of, is_empty=is_gone),
    LookupFormat("activitypub_accounts_lookup", Objects(), ids_of, asked_for="account", is_empty=is_gone),
    Collections(),
    Objects(),
    ObjectLines(),
    WebFinger(),
    ErrorBody(),
)
