"""Members of an account's own archive: JavaScript that assigns one JSON list. Public ones are read, private ones are not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from pipelines.platforms import values
from pipelines.platforms.posts import Author
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, Record, Row, Sample
from pipelines.platforms.x import fields, v1
from pipelines.platforms.x.rows import deletion_row

_ASSIGNMENT: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*window\.YTD\.(\w+)\.part\d+\s*=\s*")
_POSTS: Final = frozenset({"tweet", "tweets", "community_tweet"})
_DELETED: Final = frozenset({"deleted_tweets", "deleted_tweet", "deleted_tweet_headers"})
_READ: Final = _POSTS | _DELETED | {"account"}
# Posts of an archive do not say whose they are, and a file is read by itself: whoever puts it there says so in its path.
_OWNER: Final = re.compile(r"(?:^|/)account-([0-9]{1,19})(?=[/._-])")


def _part(head: bytes) -> str | None:
    found = _ASSIGNMENT.match(head)
    return found[1].decode("ascii", "replace") if found else None


class Archive:
    """Posts, deleted posts and the account: ``tweets.js``, ``community-tweet.js``, ``deleted-tweets.js``, ``account.js``."""

    name = "x_archive"
    framing = Framing.BYTES
    collection_method = "archive"

    def matches(self, sample: Sample) -> bool:
        """The name that the file assigns to."""
        return _part(sample.head) in _READ

    def split(self, document: Any) -> Iterable[Any]:
        """The list's items, each with the name of its list. Raises BadRecord."""
        found = _ASSIGNMENT.match(document) if isinstance(document, bytes) else None
        if found is None:
            raise BadRecord("unexpected_shape", "the file assigns nothing to window.YTD")
        try:
            items = msgspec.json.decode(document[found.end() :].rstrip().removesuffix(b";"))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadRecord("broken_json", f"what is assigned is no JSON: {error}") from None
        part = found[1].decode("ascii", "replace")
        if not isinstance(items, list):
            raise BadRecord("unexpected_shape", f"{part} is {type(items).__name__}, not a list")
        return [{"part": part, "item": item} for item in items]

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one item. Raises BadRecord."""
        whole = values.mapping(record.value, "record")
        part, item = str(whole.get("part")), values.mapping(whole.get("item"), "item")
        if part == "account":
            return _account_rows(values.mapping(item.get("account"), "account"), context)
        tweet = values.mapping(item.get("tweet"), "tweet")
        if part in _DELETED:
            native_id = fields.identity(tweet.get("id_str") or tweet.get("id") or tweet.get("tweet_id"), "tweet.id")
            deleted = tweet.get("deleted_at")
            at = (fields.time(deleted, "deleted_at", context), "exact") if deleted else None
            return [deletion_row("post", native_id, "deleted", context, at)]
        owner = _OWNER.search(context.file)
        community = fields.optional_identity(tweet.get("community_id_str"), tweet.get("community_id"))
        return v1.status_rows(tweet, context, owner=owner[1] if owner else None, more={"community": community})


class ArchiveRest:
    """Every other member: messages, likes, contacts, devices, advertising. Recognised, named in the ledger, not read."""

    name = "x_archive_not_read"
    framing = Framing.BYTES
    collection_method = "archive"

    def matches(self, sample: Sample) -> bool:
        """An assignment to a name that is not read, or the archive's own table of contents."""
        part = _part(sample.head)
        return (part is not None and part not in _READ) or sample.head.lstrip().startswith(b"window.__THAR_CONFIG")

    def split(self, document: Any) -> Iterable[Any]:  # noqa: ARG002 - the protocol's signature
        """Nothing."""
        return ()

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:  # noqa: ARG002 - the protocol's signature
        """Never reached by the intake. Raises BadRecord."""
        raise BadRecord("not_public", "a private part of an archive")


def _account_rows(account: dict[str, Any], context: FileContext) -> list[Row]:
    """Rows of the account; the address of its mail is not read. Raises BadRecord."""
    native_id = fields.identity(account.get("accountId"), "account.accountId")
    created = account.get("createdAt")
    return Author(
        native_id,
        handle=values.text(account.get("username")),
        display_name=values.text(account.get("accountDisplayName")),
        profile_url=f"https://x.com/i/user/{native_id}",
        created_at=fields.time(created, "account.createdAt", context) if created else None,
        status="active",
    ).rows(context, context.observed_at, context.observed_quality)
