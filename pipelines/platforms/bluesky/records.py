"""Canonical rows of one repository record by its collection, whoever tells of it: the firehose, a list of records, an export."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.bluesky import fields
from pipelines.platforms.bluesky.rows import (
    POST,
    Sighting,
    account_rows,
    claimed_without_witness,
    edge_row,
    file_sighting,
    follow_row,
    post_rows,
    repost_rows,
)
from pipelines.platforms.protocol import BadRecord, FileContext, Row

LIKE: Final = "app.bsky.feed.like"
REPOST: Final = "app.bsky.feed.repost"
FOLLOW: Final = "app.bsky.graph.follow"
PROFILE: Final = "app.bsky.actor.profile"
# What a tombstone is about, where a record of the collection is deleted.
DELETED_SUBJECTS: Final = {POST: "post", REPOST: "post", LIKE: "interaction", FOLLOW: "follow"}
COLLECTIONS: Final = frozenset({*DELETED_SUBJECTS, PROFILE})


def unsupported(collection: str) -> BadRecord:
    """The refusal of a collection that no table takes."""
    return BadRecord("unsupported_collection", f"no table takes records of {collection[:100]}", "collection")


def record_rows(
    uri: str,
    record: dict[str, Any],
    witnessed: datetime,
    sighting: Sighting,
    context: FileContext,
    *,
    edited_at: datetime | None = None,
) -> list[Row]:
    """Rows of one record.

    Args:
        uri: The record's at:// URI; its collection says what the record is.
        record: The record in the lexicon's spelling.
        witnessed: When the network saw the record, UTC.
        sighting: When and how well-dated the observation was.
        context: The file's context.
        edited_at: When an update replaced the record, UTC.

    Raises:
        BadRecord: the record is not what its collection says, or no table takes the collection.
    """
    collection, actor, rkey = fields.collection(uri), fields.authority(uri), uri.rsplit("/", 1)[-1]
    if collection == POST:
        return post_rows(uri, record, witnessed, sighting, context, edited_at=edited_at)
    if collection == PROFILE:
        # Labels in a record are what the account says of itself; those of an account view are its labellers'.
        return account_rows({**record, "did": actor, "labels": None}, sighting, context)
    if collection not in COLLECTIONS:
        raise unsupported(collection)
    happened = fields.published_time(record.get("createdAt"), witnessed, rkey)
    if collection == FOLLOW:
        return [follow_row(uri, actor, fields.did(record.get("subject"), "subject"), happened, sighting, context)]
    subject = fields.record_uri(values.mapping(record.get("subject"), "subject").get("uri"), "subject.uri")
    if collection == REPOST:
        return repost_rows(uri, subject, happened, sighting, context)
    ends = (actor, fields.authority(subject))
    return [edge_row(context, "like", uri, ends, (None, subject), happened[0], sighting.columns(happened[1]))]


def unwitnessed_rows(uri: str, record: dict[str, Any], context: FileContext) -> list[Row]:
    """Rows of a record that nobody dates but its own key and claim. Raises BadRecord."""
    sighting = file_sighting(context)
    collection = fields.collection(uri)
    if collection not in COLLECTIONS:
        raise unsupported(collection)
    witnessed = sighting.observed_at if collection == PROFILE else claimed_without_witness(record, uri, context)
    return record_rows(uri, record, witnessed, sighting, context)
