"""Native files of GDELT: lines of its knowledge graph 2.1, one file a day and translation. Titles and addresses are the newsroom's."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from typing import Final

from pipelines.world.drawn import DAY, HOUR, LANGUAGES, MINUTE, Ints, day_of, moment
from pipelines.world.native.articles import AddressOf, Article, Newsroom, article_address
from pipelines.world.native.files import Filed, Inbox, Payload, PlatformWriter
from pipelines.world.native.names import Names

PLATFORM: Final = "gdelt"
STATES_DELETIONS: Final = False
ITEM_SPACE: Final = "link"
"""The lake keys items by :func:`item_id` under this name."""
OUTLET_SPACE: Final = "outlet"
"""The lake keys outlets by :func:`outlet_id` under this name."""
_COLUMNS: Final = (
    "gkgrecordid", "date", "sourcecollectionidentifier", "sourcecommonname", "documentidentifier", "counts", "v2counts", "themes", "v2themes",
    "locations", "v2locations", "persons", "v2persons", "organizations", "v2organizations", "v2tone", "dates", "gcam", "sharingimage",
    "relatedimages", "socialimageembeds", "socialvideoembeds", "quotations", "allnames", "amounts", "translationinfo", "extras",
)  # fmt: skip
_THEMES: Final = (
    "GENERAL_GOVERNMENT",
    "WB_696_PUBLIC_SECTOR_MANAGEMENT",
    "EDUCATION",
    "TAX_FNCACT",
    "MEDIA_MSM",
    "UNGP_CRIME_VIOLENCE",
)
_CODES: Final = {"de": "deu", "fr": "fra", "es": "spa"}
_STEP: Final = 15 * MINUTE
# Of 16 documents 7 state when they were published (22 of 50 in a real sample), and of these 2 in a local time ahead of GDELT's.
_STATED, _STATED_AS_LOCAL, _LOCAL_AHEAD = 7, 2, 2 * HOUR


def open_writer(inbox: Inbox, names: Names, address_of: AddressOf) -> PlatformWriter:
    """A writer of the documents of all outlets whose source is ``gdelt``.

    Args:
        inbox: Where files go.
        names: Of the world.
        address_of: Web address of a post by its number, account and second, for items that credit one.
    """
    return _GdeltWriter(inbox, names, address_of)


def outlet_id(names: Names, outlet: int) -> str:
    """Native id of an outlet: its domain."""
    return names.outlets[outlet].host


def item_id(names: Names, item_number: int, outlet: int, second: int) -> str:
    """Native id of an item: its canonical address."""
    return article_address(names, item_number, outlet, second)


class _GdeltWriter:
    def __init__(self, inbox: Inbox, names: Names, address_of: AddressOf) -> None:
        self._inbox, self._names = inbox, names
        self._newsroom = Newsroom(names, PLATFORM, address_of)
        self._unseen: list[tuple[int, Article]] = []
        self._day = 0

    def write_profiles(self, day: int, accounts: Ints) -> None:
        """Nothing: outlets have no profiles."""

    def write_day(self, filed: Filed) -> None:
        """Write what GDELT saw on this day; what it sees after midnight is of the next day's file, on the last day of the same."""
        self._unseen += [(_seen_second(article, filed.day), article) for article in self._newsroom.articles(filed.items)]
        self._day = filed.day
        end = (filed.day + 1) * DAY
        seen = [pair for pair in self._unseen if pair[0] < end or filed.is_last]
        self._unseen = [] if filed.is_last else [pair for pair in self._unseen if pair[0] >= end]
        self._write(seen, is_drifted=filed.is_drifted, is_last=filed.is_last)

    def close(self) -> None:
        """Write what was seen after midnight of a last day that was not said to be the last."""
        self._day += bool(self._unseen)
        self._write(self._unseen, is_drifted=False, is_last=False)
        self._unseen = []

    def _write(self, seen: Sequence[tuple[int, Article]], *, is_drifted: bool, is_last: bool) -> None:
        in_order = sorted(seen, key=lambda pair: (pair[0], pair[1].number))
        stamp = f"{day_of(self._day):%Y%m%d}"
        can_spoil = is_last
        for is_translated, name in ((False, f"{stamp}.gkg.csv.gz"), (True, f"{stamp}.translation.gkg.csv.gz")):
            serials: dict[int, int] = {}
            rows = []
            for second, article in in_order:
                if (self._names.outlets[article.outlet].language != 0) is is_translated:
                    serials[second] = serials.get(second, -1) + 1
                    rows.append(self._document(second, serials[second], article, is_drifted=is_drifted))
            if not rows:
                continue
            lines = [_line(row) for row in rows]
            if can_spoil and self._inbox.has_faults:
                lines += self._spoilt(name, rows[0])
                can_spoil = False
            self._inbox.write(PLATFORM, name, gzip.compress(b"\n".join(lines) + b"\n", mtime=0))

    def _document(self, seen: int, serial: int, article: Article, *, is_drifted: bool) -> Payload:
        """One line of the knowledge graph, by column."""
        outlet = self._names.outlets[article.outlet]
        stamp, language, pick = _digits(seen), LANGUAGES[outlet.language], article.pick
        links = [f"https://{outlet.host}/about", *([article.credited[1]] if article.credited else [])]
        extras = f"<PAGE_LINKS>{';'.join(links)}</PAGE_LINKS>"
        if article.wire is not None:
            extras += f"<PAGE_AUTHORS>{article.wire}</PAGE_AUTHORS>"
        chance = pick % 16
        if chance < _STATED:
            name = "PAGE_PUBTIMESTAMP" if is_drifted else "PAGE_PRECISEPUBTIMESTAMP"
            stated = article.second + (_LOCAL_AHEAD if chance < _STATED_AS_LOCAL else 0)
            extras += f"<{name}>{_digits(stated)}</{name}>"
        if is_drifted:
            extras += "<PAGE_SECTION>1</PAGE_SECTION>"
        extras += f"<PAGE_TITLE>{_referenced(article.title)}</PAGE_TITLE>"
        themes = [_THEMES[pick // 16 % len(_THEMES)], _THEMES[pick // 256 % len(_THEMES)]]
        return {
            "gkgrecordid": f"{stamp}-{'T' if outlet.language else ''}{serial}",
            "date": stamp,
            "sourcecollectionidentifier": "1",
            "sourcecommonname": outlet.host,
            "documentidentifier": article.address,
            "themes": ";".join(themes) + ";",
            "v2themes": "".join(f"{theme},{200 + pick // 4096 % 900};" for theme in themes),
            "v2tone": f"{pick // 64 % 80 / 10 - 4:.1f},2.1,2.4,4.5,21.0,0.4,{180 + pick // 4096 % 900}",
            "gcam": f"wc:{180 + pick // 4096 % 900},c12.1:6,c12.10:8",
            "sharingimage": f"https://{outlet.host}/images/{article.code}.jpg",
            "allnames": f"{outlet.name},1",
            "translationinfo": f"srclc:{_CODES[language]};eng:GT-{_CODES[language].upper()} 1.0" if outlet.language else "",
            "extras": extras,
        }

    def _spoilt(self, name: str, good: Payload) -> list[bytes]:
        """Lines without an address, of 2999, cut off, and with bytes that are no text in the address."""
        lines = [_line(row) for row in self._inbox.spoil(PLATFORM, name, good)]
        for code in ("unexpected_shape", "invalid_utf8"):
            self._inbox.plant(PLATFORM, name, "bad_record", code)
        whole, address = _line(good), good["documentidentifier"].encode()
        return [*lines, whole[: whole.index(address)], whole.replace(address, address + b"\xff\xfe", 1)]


def _seen_second(article: Article, day: int) -> int:
    """When GDELT sees an article: a quarter hour of its own within two hours of the publication, and on the day of the delivery at the earliest."""
    after = max(article.second, day * DAY) + article.pick // (1 << 20) % (2 * HOUR)
    return -(-after // _STEP) * _STEP


def _digits(second: int) -> str:
    return f"{moment(second):%Y%m%d%H%M%S}"


def _referenced(title: str) -> str:
    """A title as GDELT writes it: what is not ASCII as character references."""
    return title.replace("&", "&amp;").encode("ascii", "xmlcharrefreplace").decode()


def _line(row: Payload) -> bytes:
    return "\t".join(str(row.get(column, "")) for column in _COLUMNS).encode()
