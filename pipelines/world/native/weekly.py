"""Exports that are made once a week: gathers a week's records as bytes and hands them over. No platform's own shapes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final

from pipelines.world.drawn import NOBODY, Posts
from pipelines.world.native.files import Filed, Inbox
from pipelines.world.native.names import Names

_WEEK: Final = 7


class WeeklyWriter(ABC):
    """Weeks begin on the calendar's first day; a file's name has the date of the last day that is in it."""

    def __init__(self, inbox: Inbox, names: Names) -> None:
        self._inbox, self._names = inbox, names
        self._day = -1  # the latest one that is gathered; none if negative

    @abstractmethod
    def gather(self, filed: Filed) -> None:
        """Keep a day's records."""

    @abstractmethod
    def hand_over(self, day: int, *, is_last: bool) -> None:
        """Write what was gathered up to a day, and forget it."""

    def write_day(self, filed: Filed) -> None:
        """Keep the day's records; write those before them if another week begins, and all if no day comes after."""
        if filed.day // _WEEK != self._day // _WEEK:
            self.close()
        self._day = filed.day
        self.gather(filed)
        if filed.is_last:
            self._finish(is_last=True)

    def close(self) -> None:
        """Write what is gathered."""
        self._finish(is_last=False)

    def _finish(self, *, is_last: bool) -> None:
        if self._day >= 0:
            self.hand_over(self._day, is_last=is_last)
        self._day = -1


def write_list(inbox: Inbox, platform: str, name: str, before: bytes, parts: list[bytes], after: bytes) -> None:
    """Write a JSON document with a list in it, whose items are in ``parts``, each part separated by commas already."""
    stream = inbox.stream(platform, name)
    stream.write(before)
    for place, part in enumerate(parts):
        stream.write(b",\n" + part if place else part)
    stream.write(after)
    stream.close()


def captions(names: Names, posts: Posts, sentences: list[str], tags: list[list[str]]) -> list[str]:
    """Captions with their hashtags; those of posts that answer or repeat another one name its author: such exports hold no parents."""
    handles = names.handles
    rows = zip(sentences, tags, posts.parent_account.tolist(), strict=True)
    return [" #".join([sentence, *own]) + (f" @{handles[above]}" if above != NOBODY else "") for sentence, own, above in rows]
