"""Native files of Media Cloud: pages of its search and tables of its search tool, one a week. Titles and addresses are the newsroom's."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Final

from pipelines.world.drawn import DAY, HOUR, LANGUAGES, Ints, day_of, moment
from pipelines.world.native.articles import AddressOf, Article, Newsroom, article_address
from pipelines.world.native.files import BASE64, Filed, Inbox, Payload, PlatformWriter, document, text_id
from pipelines.world.native.names import Names

PLATFORM: Final = "mediacloud"
STATES_DELETIONS: Final = False
ITEM_SPACE: Final = "link"
"""The lake keys items by :func:`item_id` under this name."""
OUTLET_SPACE: Final = "outlet"
"""The lake keys outlets by :func:`outlet_id` under this name."""
_WEEK: Final = 7
_TABLE_EACH: Final = 4  # each fourth week comes as the search tool's table
# Of 16 stories 1 has no date of publication, and 2 have the day on which they were found in its place: nothing in the record says so.
_UNDATED, _DATED_AS_FOUND = 1, 3


def open_writer(inbox: Inbox, names: Names, address_of: AddressOf) -> PlatformWriter:
    """A writer of the stories of all outlets whose source is ``mediacloud``.

    Args:
        inbox: Where files go.
        names: Of the world.
        address_of: Web address of a post by its number, account and second; Media Cloud's lists say nothing of links.
    """
    return _MediaCloudWriter(inbox, names, address_of)


def outlet_id(names: Names, outlet: int) -> str:
    """Native id of an outlet: its domain."""
    return names.outlets[outlet].host


def item_id(names: Names, item_number: int, outlet: int, second: int) -> str:
    """Native id of an item: its canonical address."""
    return article_address(names, item_number, outlet, second)


class _MediaCloudWriter:
    def __init__(self, inbox: Inbox, names: Names, address_of: AddressOf) -> None:
        self._inbox, self._names = inbox, names
        self._newsroom = Newsroom(names, PLATFORM, address_of)
        self._unfound: list[tuple[int, Article]] = []
        self._day, self._is_drifted = 0, False

    def write_profiles(self, day: int, accounts: Ints) -> None:
        """Nothing: outlets have no profiles."""

    def write_day(self, filed: Filed) -> None:
        """Keep the day's stories; at the end of a week write those that were found in it, on the last day all."""
        self._unfound += [(_found_second(article, filed.day), article) for article in self._newsroom.articles(filed.items)]
        self._day, self._is_drifted = filed.day, filed.is_drifted
        end = (filed.day + 1) * DAY
        if filed.is_last:
            self._write([(min(found, max(article.second, end - 1)), article) for found, article in self._unfound], is_last=True)
            self._unfound = []
        elif filed.day % _WEEK == _WEEK - 1:
            self._write([pair for pair in self._unfound if pair[0] < end], is_last=False)
            self._unfound = [pair for pair in self._unfound if pair[0] >= end]

    def close(self) -> None:
        """Write the stories of a week that has not ended."""
        self._write(self._unfound, is_last=False)
        self._unfound = []

    def _write(self, found: Sequence[tuple[int, Article]], *, is_last: bool) -> None:
        if not found:
            return
        in_order = sorted(found, key=lambda pair: (pair[0], pair[1].number))
        stories = [self._story(second, article) for second, article in in_order]
        is_table = not is_last and self._day // _WEEK % _TABLE_EACH == _TABLE_EACH - 1
        stamp = day_of(self._day).isoformat()
        name = f"mc-onlinenews-mediacloud-{stamp}-content.csv" if is_table else f"story-list-{stamp}.json"
        if is_last:
            dated = next((story for story in stories if story["publish_date"]), None)
            stories += self._inbox.spoil(PLATFORM, name, dated) if dated else []
        self._inbox.write(
            PLATFORM, name, _table(stories) if is_table else document({"stories": stories, "pagination_token": None})
        )

    def _story(self, found: int, article: Article) -> Payload:
        """A story of the search's list."""
        outlet = self._names.outlets[article.outlet]
        chance = article.pick % 16
        published: str | None = f"{moment(found if chance < _DATED_AS_FOUND else article.second):%Y-%m-%d}"
        later = {"source_name": outlet.host, "is_syndicated": article.wire is not None}
        return {
            "id": text_id(BASE64, 32, self._names.seed, "story", article.number),
            **(later if self._is_drifted else {"media_name": outlet.host}),
            "media_url": outlet.host,
            "title": article.title,
            "publish_date": None if chance < _UNDATED else published,
            "url": article.address,
            "language": LANGUAGES[outlet.language],
            "indexed_date": f"{moment(found):%Y-%m-%dT%H:%M:%S}.{article.number % 1_000_000:06d}",
        }


def _found_second(article: Article, day: int) -> int:
    """When Media Cloud finds a story: two hours to a day and a half after its publication, and on the day of the delivery at the earliest."""
    return max(article.second, day * DAY) + 2 * HOUR + article.pick // (1 << 20) % (34 * HOUR)


def _table(stories: Sequence[Payload]) -> bytes:
    text = io.StringIO()
    table = csv.DictWriter(text, list(stories[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(stories)
    return text.getvalue().encode()
