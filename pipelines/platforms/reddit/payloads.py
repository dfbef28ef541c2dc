"""The fields of Pushshift and Arctic Shift lines that are read. Only shapes; what they mean is said in ``rows``."""

from __future__ import annotations

from typing import Annotated

import msgspec

Moment = float | str | None  # older dumps write numbers as text, newer ones as floats
Count = Annotated[int, msgspec.Meta(ge=0)] | None
Share = Annotated[float, msgspec.Meta(ge=0, le=1)] | None


# A line holds no reference to itself, so the garbage collector need not look at the thousands of a block.
class Meta(msgspec.Struct, gc=False):
    """What Arctic Shift adds to a line."""

    retrieved_2nd_on: Moment = None
    removal_type: str | None = None
    was_deleted_later: bool | None = None


class Line(msgspec.Struct, gc=False):
    """Fields that comments and submissions share."""

    id: str | None = None
    author: str | None = None
    created_utc: Moment = None
    retrieved_on: Moment = None
    retrieved_utc: Moment = None
    edited: bool | float | str | None = None
    score: int | None = None
    subreddit: str | None = None
    permalink: str | None = None
    meta: Meta | None = msgspec.field(default=None, name="_meta")
    author_created_utc: Moment = None
    promoted: bool | None = None


class Comment(Line, gc=False):
    """A comment."""

    body: str | None = None
    link_id: str | None = None
    parent_id: str | int | None = None


class Submission(Line, gc=False):
    """A submission."""

    title: str | None = None
    selftext: str | None = None
    url: str | None = None
    is_self: bool | None = None
    is_video: bool | None = None
    post_hint: str | None = None
    over_18: bool | None = None
    num_comments: Count = None
    num_crossposts: Count = None
    upvote_ratio: Share = None
    crosspost_parent: str | None = None
    removed_by_category: str | None = None
