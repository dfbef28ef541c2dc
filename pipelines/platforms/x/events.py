"""Tombstones of X: delete notices of streams, compliance events of both versions, results of compliance jobs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.posts import Author
from pipelines.platforms.protocol import BadRecord, FileContext, Row
from pipelines.platforms.times import from_unix, plausible
from pipelines.platforms.x import fields
from pipelines.platforms.x.rows import deletion_row

# What makes a post or an account leave the public: its rows go, whatever the reason.
_POSTS_GONE: Final = {"delete": "deleted", "drop": "dropped"}
_ACCOUNTS_GONE: Final = {"user_delete": "deleted", "user_suspend": "suspended", "user_protect": "protected"}
_ACCOUNTS_BACK: Final = frozenset({"user_undelete", "user_unsuspend", "user_unprotect"})
# Events and messages of streams that say nothing that a table keeps.
_OTHERS: Final = {
    "tweet_edit": "an edit names no text; the post's next observation brings it",
    "undrop": "the post is public again; its next observation brings it",
    "withheld": "withheld in some countries, public in the others",
    "status_withheld": "withheld in some countries, public in the others",
    "user_withheld": "withheld in some countries, public in the others",
    "scrub_geo": "places of posts are not kept",
    "user_profile_modification": "the profile's next observation brings it",
    "limit": "the stream says how much it left out",
    "warning": "a message of the stream about itself",
    "disconnect": "a message of the stream about itself",
    "friends": "a message of the stream about itself",
    "friends_str": "a message of the stream about itself",
}
KINDS: Final = frozenset({*_POSTS_GONE, *_ACCOUNTS_GONE, *_ACCOUNTS_BACK, *_OTHERS})
_JOB_REASONS: Final = {"deleted": "deleted", "deactivated": "deactivated", "suspended": "suspended", "protected": "protected"}


def kind_of(value: Any) -> str | None:
    """Which event a line is; None if it is none."""
    if not isinstance(value, dict):
        return None
    body = value["data"] if isinstance(value.get("data"), dict) else value
    return next((name for name in body if name in KINDS), None) if len(body) == 1 else None


def is_job_result(value: Any) -> bool:
    """Whether a line is a compliance job's finding about one id."""
    return isinstance(value, dict) and "id" in value and isinstance(value.get("action"), str) and "reason" in value


def event_rows(value: dict[str, Any], context: FileContext) -> list[Row]:
    """The tombstone of an event, or the account that came back. Raises BadRecord ``unsupported_event`` for all others."""
    kind = kind_of(value) or ""
    body = values.mapping((value["data"] if isinstance(value.get("data"), dict) else value).get(kind), kind)
    if kind in _OTHERS:
        raise BadRecord("unsupported_event", f"{kind}: {_OTHERS[kind]}", kind)
    at = _time(body, kind, context)
    if kind in _POSTS_GONE:
        post = values.child(body, "tweet") or values.child(body, "status")
        if not post:
            raise BadRecord("unsupported_event", f"{kind} of something else than a post: {', '.join(sorted(body))[:80]}", kind)
        native_id = fields.identity(post.get("id_str") or post.get("id"), f"{kind}.id")
        return [deletion_row("post", native_id, _POSTS_GONE[kind], context, at)]
    user = values.child(body, "user") or body
    native_id = fields.identity(user.get("id_str") or user.get("id"), f"{kind}.id")
    if kind in _ACCOUNTS_GONE:
        return [deletion_row("account", native_id, _ACCOUNTS_GONE[kind], context, at)]
    moment, quality = at or (context.observed_at, context.observed_quality)
    return Author(native_id, status="active").rows(context, moment, quality)


def job_rows(value: dict[str, Any], context: FileContext) -> list[Row]:
    """The tombstone of a compliance job's finding. Jobs about users are told by their file's name. Raises BadRecord."""
    native_id = fields.identity(value.get("id"), "id")
    reason = _JOB_REASONS.get(str(value.get("reason")))
    if reason is None:
        raise BadRecord("unsupported_event", f"{value['action'][:40]} for {str(value.get('reason'))[:40]}: nothing of it is kept")
    redacted = value.get("redacted_at")
    at = (fields.time(redacted, "redacted_at", context), "exact") if redacted else None
    return [deletion_row("account" if "user" in context.file.lower() else "post", native_id, reason, context, at)]


def _time(body: dict[str, Any], kind: str, context: FileContext) -> tuple[datetime, str] | None:
    """When it happened, exactly; None where the event does not say."""
    if body.get("event_at") is not None:
        return fields.time(body["event_at"], f"{kind}.event_at", context), "exact"
    milliseconds = values.count(body.get("timestamp_ms"), f"{kind}.timestamp_ms")
    if milliseconds is None:
        return None
    moment = from_unix(milliseconds / 1000, f"{kind}.timestamp_ms").astimezone(UTC)
    return plausible(moment, context.observed_at, f"{kind}.timestamp_ms"), "exact"
