"""Canonical rows of a post and of tombstones on X, whichever payload they came in. No payload's field names."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipelines.platforms.posts import Post
from pipelines.platforms.protocol import FileContext, Row
from pipelines.platforms.x.fields import PLATFORM


@dataclass(frozen=True, slots=True)
class Reference:
    """Another post that a post answers, quotes or repeats; its author where the payload tells."""

    post: str | None
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Tweet:
    """A post as any payload of X shows it."""

    native_id: str
    author_id: str | None
    published_at: datetime
    text: str = ""
    edited_at: datetime | None = None
    handle: str | None = None  # of the author, for the address
    tags: list[str] | None = None
    links: list[str] = field(default_factory=list)
    mentioned: list[str] = field(default_factory=list)
    answered: Reference | None = None
    quoted: Reference | None = None
    repeated: Reference | None = None
    root: str | None = None
    counters: dict[str, int | None] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)  # further columns of posts

    def rows(self, context: FileContext) -> list[Row]:
        """The post with its edges. A repost is an act, not a text: it has neither text, tags nor counters of its own."""
        key = context.pseudonyms.key
        post = Post(
            self.native_id,
            self.author_id,
            self.text,
            self.published_at,
            context.observed_at,
            url=f"https://x.com/{self.handle or 'i'}/status/{self.native_id}",
            tags=self.tags,
            links=self.links,
            mentioned=self.mentioned,
            counters=self.counters,
            more={
                "post_type": "reply" if self.answered else "quote" if self.quoted else "post",
                "edited_at": self.edited_at,
                "root_post_key": key(PLATFORM, self.root) if self.root and self.root != self.native_id else None,
                "parent_post_key": key(PLATFORM, self.answered.post) if self.answered and self.answered.post else None,
                **self.more,
            },
        )
        if self.repeated:
            return self._repost_rows(post, self.repeated, context)
        rows = post.rows(context)
        for kind, other in (("reply", self.answered), ("quote", self.quoted)):
            if other and (other.post or other.author):
                rows.append(post.edge(context, kind, target_id=other.author, target_post=other.post))
        return rows

    def _repost_rows(self, post: Post, repeated: Reference, context: FileContext) -> list[Row]:
        key = context.pseudonyms.key
        row = {
            "platform": PLATFORM,
            "observed_at": context.observed_at,
            "ts_quality": "exact",
            "post_key": key(PLATFORM, self.native_id),
            "account_key": key(PLATFORM, self.author_id) if self.author_id else None,
            "post_type": "repost",
            "published_at": self.published_at,
            "parent_post_key": key(PLATFORM, repeated.post) if repeated.post else None,
        }
        rows = [Row("posts", row)]
        if repeated.post or repeated.author:
            rows.append(post.edge(context, "repost", target_id=repeated.author, target_post=repeated.post))
        return rows


def deletion_row(
    subject_type: str, native_id: str, reason: str, context: FileContext, deleted: tuple[datetime, str] | None = None
) -> Row:
    """A tombstone.

    Args:
        subject_type: 'post' or 'account'.
        native_id: whose.
        reason: short and stable.
        context: the file's.
        deleted: (time, quality) of the deletion where the payload tells it; else it was found when the file was made.
    """
    deleted_at, quality = deleted or (context.observed_at, context.observed_quality)
    return Row(
        "deletions",
        {
            "platform": PLATFORM,
            "subject_type": subject_type,
            "subject_key": context.pseudonyms.key(PLATFORM, native_id),
            "deleted_at": deleted_at,
            "reason": reason,
            "observed_at": context.observed_at,
            "ts_quality": quality,
        },
    )
