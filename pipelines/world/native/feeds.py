"""Native files of news feeds: RSS 2.0 and Atom documents of outlets, one a half month. Titles and addresses are the newsroom's."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import format_datetime
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from pipelines.world.drawn import DAY, LANGUAGES, Ints, day_of, moment
from pipelines.world.native.articles import AddressOf, Article, Newsroom, article_address, article_code
from pipelines.world.native.files import Filed, Inbox, Payload, PlatformWriter
from pipelines.world.native.names import Names

PLATFORM: Final = "feeds"
STATES_DELETIONS: Final = False
ITEM_SPACE: Final = PLATFORM
"""The lake keys items by :func:`item_id` under this name."""
OUTLET_SPACE: Final = PLATFORM
"""The lake keys outlets by :func:`outlet_id` under this name."""
_MID_MONTH: Final = 15
_BROKEN: Final = b'<?xml version="1.0"?>\n<rss version="2.0"><channel><title>Broken Gaz'
_NAMESPACES: Final = 'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
# What some software adds to feeds; no reader here knows it.
_LATER_NAMESPACE: Final = ' xmlns:news="https://press.example/ns/news"'
_CREDITS: Final = {"en": "First seen with", "de": "Zuerst gesehen bei", "fr": "D'abord vu chez", "es": "Visto primero en"}
_REPRINTS: Final = {"en": "By {}", "de": "Von {}", "fr": "Par {}", "es": "Por {}"}


def open_writer(inbox: Inbox, names: Names, address_of: AddressOf) -> PlatformWriter:
    """A writer of the feeds of all outlets whose source is ``feeds``.

    Args:
        inbox: Where files go.
        names: Of the world.
        address_of: Web address of a post by its number, account and second, for items that credit one.
    """
    return _FeedsWriter(inbox, names, address_of)


def outlet_id(names: Names, outlet: int) -> str:
    """Native id of an outlet: the canonical address of its site."""
    return f"https://{names.outlets[outlet].host}"


def item_id(names: Names, item_number: int, outlet: int, second: int) -> str:
    """Native id of an item: that of its outlet and its own id in the feed."""
    return f"{outlet_id(names, outlet)}|{_guid(names, item_number, outlet, second)}"


def is_atom(outlet: int) -> bool:
    """Whether an outlet's feed is Atom: one in three, the others are RSS."""
    return outlet % 3 == 2


def _guid(names: Names, item_number: int, outlet: int, second: int) -> str:
    if is_atom(outlet):
        return f"tag:{names.outlets[outlet].host},{moment(second):%Y-%m-%d}:{article_code(names, item_number)}"
    return article_address(names, item_number, outlet, second)


class _FeedsWriter:
    def __init__(self, inbox: Inbox, names: Names, address_of: AddressOf) -> None:
        self._inbox, self._names = inbox, names
        self._newsroom = Newsroom(names, PLATFORM, address_of)
        self._articles: dict[int, list[Article]] = {outlet: [] for outlet in self._newsroom.outlets}
        self._day, self._is_drifted, self._is_written = 0, False, True

    def write_profiles(self, day: int, accounts: Ints) -> None:
        """Nothing: outlets have no profiles."""

    def write_day(self, filed: Filed) -> None:
        """Keep the day's items; on the 15th, on a month's last day and on the last day write each outlet's feed."""
        for article in self._newsroom.articles(filed.items):
            self._articles[article.outlet].append(article)
        self._day, self._is_drifted, self._is_written = filed.day, filed.is_drifted, False
        if filed.is_last or day_of(filed.day).day == _MID_MONTH or day_of(filed.day + 1).day == 1:
            self._write(is_last=filed.is_last)

    def close(self) -> None:
        """Write the feeds of a half month that has not ended."""
        if not self._is_written:
            self._write(is_last=False)

    def _write(self, *, is_last: bool) -> None:
        stamp = day_of(self._day).isoformat()
        can_spoil = is_last
        for outlet, articles in self._articles.items():
            name = (
                f"{self._names.outlets[outlet].host.removesuffix('.example')}-{stamp}.{'atom' if is_atom(outlet) else 'rss'}.xml"
            )
            # A feed shows the newest first.
            newest = sorted(articles, key=lambda article: (article.second, article.number), reverse=True)
            if is_atom(outlet):
                content = self._atom(outlet, newest)
            else:
                items = [self._item(article) for article in newest]
                if can_spoil and items:
                    items += self._inbox.spoil(PLATFORM, name, items[0])
                    can_spoil = False
                content = self._rss(outlet, items)
            self._inbox.write(PLATFORM, name, content.encode())
            articles.clear()
        if is_last and self._inbox.has_faults:
            name = f"broken-gazette-{stamp}.rss.xml"
            self._inbox.write(PLATFORM, name, _BROKEN)
            self._inbox.plant(PLATFORM, name, "broken_file", "broken_xml")
        self._is_written = True

    def _text(self, article: Article) -> str:
        """The item's text as HTML."""
        language = LANGUAGES[self._names.outlets[article.outlet].language]
        parts = [f"<p>{escape(article.title)}.</p>"]
        if article.wire is not None:
            parts.append(f"<p>{escape(_REPRINTS[language].format(article.wire))}</p>")
        if article.credited is not None:
            handle, address = article.credited
            parts.append(f"<p>{_CREDITS[language]} <a href={quoteattr(address)}>@{escape(handle)}</a></p>")
        return "".join(parts)

    def _item(self, article: Article) -> Payload:
        """An RSS item: its elements by name."""
        item: Payload = {
            "title": article.title,
            "link": article.address,
            "guid": _guid(self._names, article.number, article.outlet, article.second),
            "category": list(article.topics),
            "pubDate": format_datetime(moment(article.second)),
            "description": self._text(article),
        }
        if article.wire is not None:
            item["dc:creator"] = article.wire
        return item

    def _rss(self, outlet: int, items: Sequence[Payload]) -> str:
        about = self._names.outlets[outlet]
        body = "\n".join(f"<item>{''.join(self._elements(item))}</item>" for item in items)
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" {_NAMESPACES}{_LATER_NAMESPACE if self._is_drifted else ""}>'
            f"<channel><title>{escape(about.name)}</title><link>https://{about.host}/</link><description>{escape(about.name)}</description>"
            f"<language>{LANGUAGES[about.language]}</language>\n{body}\n</channel></rss>\n"
        )

    def _elements(self, item: Payload) -> list[str]:
        found = []
        for name, value in item.items():
            if name == "category":
                found += self._topics(value)
            elif name == "guid":
                found.append(f'<guid isPermaLink="true">{escape(value)}</guid>')
            else:
                found.append(f"<{name}>{escape(value)}</{name}>")
        return [*found, "<news:edition>2</news:edition>"] if self._is_drifted else found

    def _topics(self, topics: Sequence[str]) -> list[str]:
        """Categories; later under a name of the outlet's software, which no reader knows."""
        if self._is_drifted:
            return [f"<news:section>{escape(topic)}</news:section>" for topic in topics]
        return [f"<category>{escape(topic)}</category>" for topic in topics]

    def _atom(self, outlet: int, articles: Sequence[Article]) -> str:
        about = self._names.outlets[outlet]
        updated = articles[0].second if articles else self._day * DAY
        body = "\n".join(self._entry(article) for article in articles)
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{LANGUAGES[about.language]}"'
            f"{_LATER_NAMESPACE if self._is_drifted else ''}><id>https://{about.host}/</id><title>{escape(about.name)}</title>"
            f'<link href="https://{about.host}/"/><updated>{_iso(updated)}</updated>\n{body}\n</feed>\n'
        )

    def _entry(self, article: Article) -> str:
        parts = [
            f"<id>{_guid(self._names, article.number, article.outlet, article.second)}</id>",
            f'<title>{escape(article.title)}</title><link rel="alternate" href={quoteattr(article.address)}/>',
        ]
        if article.credited is not None:
            parts.append(f'<link rel="via" href={quoteattr(article.credited[1])}/>')
        if self._is_drifted:
            parts += [*self._topics(article.topics), "<news:edition>2</news:edition>"]
        else:
            parts += [f"<category term={quoteattr(topic)}/>" for topic in article.topics]
        if article.wire is not None:
            parts.append(f"<author><name>{escape(article.wire)}</name></author>")
        stamp = _iso(article.second)
        parts.append(f"<published>{stamp}</published><updated>{stamp}</updated>")
        parts.append(f'<content type="html">{escape(self._text(article))}</content>')
        return f"<entry>{''.join(parts)}</entry>"


def _iso(second: int) -> str:
    return f"{moment(second):%Y-%m-%dT%H:%M:%SZ}"
