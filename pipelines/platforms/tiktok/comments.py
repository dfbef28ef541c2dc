"""Canonical rows of a comment under a video, whichever payload it came in. No payload's field names."""

from __future__ import annotations

from datetime import datetime

from pipelines.platforms.posts import Post
from pipelines.platforms.protocol import FileContext, Row
from pipelines.platforms.tiktok.fields import mentions


def comment_rows(
    native_id: str,
    author_id: str | None,
    text: str,
    published_at: datetime,
    context: FileContext,
    *,
    above: str,
    video: str,
    counters: dict[str, int | None],
    language: str | None = None,
) -> list[Row]:
    """The comment, its counters and its edge.

    Args:
        native_id: of the comment.
        author_id: username; None where the payload does not tell.
        text: of the comment.
        published_at: UTC.
        context: the file's.
        above: id of the comment or video that it answers.
        video: id of the video.
        counters: columns of ``post_metrics``.
        language: primary language, where the payload tells it.
    """
    key = context.pseudonyms.key
    post = Post(
        native_id,
        author_id,
        text,
        published_at,
        context.observed_at,
        mentioned=mentions(text),
        counters=counters,
        more={
            "post_type": "comment",
            "media_kind": "none",
            "language": language,
            "parent_post_key": key(context.platform, above),
            "root_post_key": key(context.platform, video),
        },
    )
    return [*post.rows(context), post.edge(context, "comment", target_post=above)]
