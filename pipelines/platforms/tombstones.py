"""Tombstones: what a platform, its author or the account itself wants to be out of the data. One row for all platforms."""

from __future__ import annotations

from datetime import datetime

from pipelines.platforms.protocol import FileContext, Row


def tombstone(context: FileContext, subject_type: str, native_id: str, reason: str, deleted_at: datetime | None = None) -> Row:
    """A row of ``deletions``.

    Args:
        context: the file's context.
        subject_type: one of ``schemas.DELETION_SUBJECTS``.
        native_id: of what is gone.
        reason: short and stable, as 'deleted_by_author' or 'opted_out'.
        deleted_at: UTC; the observation where the payload does not say when.
    """
    return Row(
        "deletions",
        {
            "platform": context.platform,
            "subject_type": subject_type,
            "subject_key": context.pseudonyms.key(context.platform, native_id),
            "deleted_at": deleted_at or context.observed_at,
            "reason": reason,
            "observed_at": context.observed_at,
            "ts_quality": "exact" if deleted_at else context.observed_quality,
        },
    )
