"""A day's records as Python values, one tuple a post, for writers whose records hold one post each. No payloads, no ids of platforms."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import zstandard

from pipelines.world.drawn import DAY, FIRST_DAY, LANGUAGES, NOBODY, PLATFORM_LABEL, START_SECONDS, Ints
from pipelines.world.native.columns import counters, worded
from pipelines.world.native.files import Filed
from pipelines.world.native.names import Names

_LEVEL: Final = 3
_ZIPPED_AT: Final = (2026, 10, 1, 0, 0, 0)


class Told(NamedTuple):
    """One post as its record tells it.

    Attributes:
        number: Of the post.
        account: Author.
        second: When, since the calendar's start; ids are made from it.
        stated: When the record says, Unix seconds.
        moment: The same as ``2026-06-01T12:00:00``, UTC.
        observed: When the record was read, seconds since the calendar's start.
        kind: POST, REPLY, REPOST or QUOTE.
        parent: Number of the post replied to, reposted or quoted; NOBODY.
        parent_account: Its author; NOBODY.
        parent_second: Its second; NOBODY.
        credit: Account of the same platform that the text names by ``@handle``; NOBODY.
        language: Of two letters.
        has_paid_label: Paid for, and the platform's own label says so.
        is_edited: The text is the one after an edit.
        likes: At the age of the observation.
        comments: At the age of the observation.
        shares: At the age of the observation.
        text: Without hashtags.
        tags: Hashtags without the sign.
        pick: 16 random bits that no word and tag is made of.
    """

    number: int
    account: int
    second: int
    stated: int
    moment: str
    observed: int
    kind: int
    parent: int
    parent_account: int
    parent_second: int
    credit: int
    language: str
    has_paid_label: bool
    is_edited: bool
    likes: int
    comments: int
    shares: int
    text: str
    tags: list[str]
    pick: int


def told(names: Names, filed: Filed) -> list[Told]:
    """The records of a day, in its order."""
    posts = filed.posts
    platforms = names.accounts.platform
    is_own = (posts.credit != NOBODY) & (platforms[posts.credit] == platforms[posts.account])
    stated = START_SECONDS + posts.stated_second
    columns: tuple[Iterable[Any], ...] = (
        posts.number.tolist(), posts.account.tolist(), posts.second.tolist(), stated.tolist(), moments(stated),
        filed.observed_second.tolist(), posts.kind.tolist(), posts.parent.tolist(), posts.parent_account.tolist(),
        posts.parent_second.tolist(), np.where(is_own, posts.credit, NOBODY).tolist(), [LANGUAGES[one] for one in posts.language.tolist()],
        ((posts.sponsor != NOBODY) & (posts.disclosure == PLATFORM_LABEL)).tolist(), (filed.version > 0).tolist(),
        *counters(posts, filed.observed_second), worded(names.sentences(posts), filed.version), names.tags(posts), (posts.pick >> np.uint64(48)).tolist(),
    )  # fmt: skip
    return list(map(Told._make, zip(*columns, strict=True)))


def tagged(post: Told) -> str:
    """The text with its hashtags behind it."""
    return " #".join([post.text, *post.tags])


def moments(unix_seconds: Ints) -> list[str]:
    """Unix seconds as ``2026-06-01T12:00:00``, UTC."""
    return np.datetime_as_string(unix_seconds.astype("datetime64[s]")).tolist()  # type: ignore[no-any-return] # numpy's lists


def ids_by_account(names: Names, platform: int, make: Any) -> list[str]:
    """``make(names, account)`` of a platform's accounts, by account number; empty for the others."""
    found = [""] * names.accounts.count
    for account in np.flatnonzero(names.accounts.platform == platform).tolist():
        found[account] = make(names, account)
    return found


def opened_on(names: Names, account: int) -> date:
    """The day on which an account was opened; of those that were there before the calendar, some day in the seven years before."""
    opened_day = int(names.accounts.opened_day[account])
    return FIRST_DAY + timedelta(days=opened_day if opened_day > 0 else -30 - account * 37 % 2_500)


def deleted_seconds(filed: Filed) -> list[int]:
    """When each of the day's deletions was made, seconds since the calendar's start: some time of the day, after the post."""
    gone = filed.deleted
    some = filed.day * DAY + gone.number * 7_919 % DAY
    return np.minimum(np.maximum(some, gone.second + 1), (filed.day + 1) * DAY - 1).tolist()  # type: ignore[no-any-return] # numpy's lists


def raw(value: Any) -> msgspec.Raw:
    """A value as the JSON that it will be: thousands of payloads held at once would be walked through at each collection of garbage."""
    return msgspec.Raw(msgspec.json.encode(value))


def packed(value: Any) -> bytes:
    """A value as JSON, compressed."""
    return compressed(msgspec.json.encode(value))


def compressed(content: bytes) -> bytes:
    """A file's content in one zstd frame with its size in its header."""
    return zstandard.ZstdCompressor(level=_LEVEL).compress(content)


def zipped(members: Iterable[tuple[str, bytes]]) -> bytes:
    """Files in an archive, the same bytes each time."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name, _ZIPPED_AT), content, zipfile.ZIP_DEFLATED)
    return held.getvalue()
