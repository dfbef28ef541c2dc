"""Columns of native ids and times, many at once, and what a streaming writer remembers of recent days. No platform's own shapes."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from pipelines.world.drawn import DAY, NOBODY, REPLY, START_SECONDS, Ints, Posts, Words, counted

_MEMORY_DAYS: Final = 30  # a record arrives at most this late
_WORD_BITS: Final = 60  # of a mixed word's 64 that are spelled
Counters = tuple[list[int], list[int], list[int]]


def mixed(seed: int, salt: str, numbers: Ints) -> Words:
    """64 bits that say nothing about a number, different for different numbers (the finaliser of SplitMix64).

    Args:
        seed: Of the world.
        salt: What the bits are for.
        numbers: Non-negative.
    """
    key = int.from_bytes(hashlib.blake2b(f"{seed}|{salt}".encode(), digest_size=8).digest(), "big")
    word = numbers.astype(np.uint64) + np.uint64(key)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


def spelled_all(numbers: Ints | Words, alphabet: str, length: int) -> list[str]:
    """Numbers in an alphabet's digits, the last ``length`` of each; as ``files.spelled`` does one."""
    return _texts(_digits(numbers.astype(np.uint64), alphabet, length))


def hashed_all(seed: int, salt: str, numbers: Ints, alphabet: str, length: int) -> list[str]:
    """Stable texts of some length that say nothing about the numbers behind them."""
    width = _WORD_BITS // (len(alphabet) - 1).bit_length()
    parts = [
        _digits(mixed(seed, f"{salt}|{start}", numbers), alphabet, min(width, length - start))
        for start in range(0, length, width)
    ]
    return _texts(np.hstack(parts))


def _digits(rest: Words, alphabet: str, length: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    letters, base = np.frombuffer(alphabet.encode(), np.uint8), np.uint64(len(alphabet))
    digits = np.empty((len(rest), length), np.uint8)
    for place in range(length - 1, -1, -1):
        rest, digit = np.divmod(rest, base)
        digits[:, place] = letters[digit.astype(np.intp)]
    return digits


def _texts(letters: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> list[str]:
    count, length = letters.shape
    text = letters.tobytes().decode("ascii")
    return [text[start : start + length] for start in range(0, count * length, length)]


def iso_all(seconds: Ints, numbers: Ints) -> list[str]:
    """ISO 8601 times of seconds since the calendar's start, with milliseconds of the numbers."""
    millis = (START_SECONDS + seconds) * 1000 + numbers % 1000
    return [f"{text}Z" for text in np.datetime_as_string(millis.astype("datetime64[ms]"), unit="ms").tolist()]


def counters(posts: Posts, observed_second: Ints) -> Counters:
    """Likes, comments and shares of posts as they are shown at a second each."""
    age = np.maximum(observed_second - posts.second, 0) / DAY
    likes, comments, shares = (
        counted(final, age).tolist() for final in (posts.like_count, posts.comment_count, posts.share_count)
    )
    return likes, comments, shares


def worded(texts: list[str], version: Ints) -> list[str]:
    """Texts as they stand in a version of the record."""
    return [f"{text} (edited)" if edited else text for text, edited in zip(texts, version.tolist(), strict=True)]


class Thread(NamedTuple):
    """Where a reply stands.

    Attributes:
        root: Number of the post that began the thread.
        root_account: Its author.
        root_second: Its second.
        comment: Number of the reply to the root below which it stands; its own where it answers the root itself.
    """

    root: int
    root_account: int
    root_second: int
    comment: int


NO_THREAD: Final = Thread(NOBODY, NOBODY, 0, NOBODY)


class Threads:
    """Remembers of recent days' replies in which thread they stand: a record names its parent only.

    A parent that is not remembered is taken for the post that began the thread.
    """

    def __init__(self) -> None:
        self._known: dict[int, Thread] = {}
        self._days: deque[list[int]] = deque()

    def of(self, posts: Posts) -> list[Thread]:
        """The threads of a day's posts, ``NO_THREAD`` for what is no reply; they are remembered."""
        found = []
        known, fresh = self._known, []
        for number, kind, parent, account, second in _replies(posts):
            thread = NO_THREAD
            if kind == REPLY:
                thread = known[number] = known.get(parent) or Thread(parent, account, second, number)
                fresh.append(number)
            found.append(thread)
        self._days.append(fresh)
        if len(self._days) > _MEMORY_DAYS:
            for number in self._days.popleft():
                known.pop(number, None)
        return found

    def recalled(self, posts: Posts) -> list[Thread]:
        """The threads of posts of any day, ``NO_THREAD`` for what is no reply."""
        known = self._known
        return [
            known.get(parent) or Thread(parent, account, second, number) if kind == REPLY else NO_THREAD
            for number, kind, parent, account, second in _replies(posts)
        ]

    def is_reply(self, number: int) -> bool:
        """Whether a post of recent days is a reply."""
        return number in self._known


def _replies(posts: Posts) -> Iterator[tuple[int, int, int, int, int]]:
    """Number and kind of posts; number, author and second of their parents."""
    return zip(
        posts.number.tolist(), posts.kind.tolist(), posts.parent.tolist(), posts.parent_account.tolist(),
        posts.parent_second.tolist(), strict=True,
    )  # fmt: skip
