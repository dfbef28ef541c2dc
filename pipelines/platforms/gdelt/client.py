"""How GDELT is asked: articles of a query by its DOC 2.0 API, and the files of its quarter hours. No I/O."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pipelines.http.protocol import Answer, Budget, Cursor, Judgement, Page, PlatformClient, Request, Turn, WatchItem, Window
from pipelines.platforms import values

SERVER: Final = "https://api.gdeltproject.org"
_FILES: Final = "https://data.gdeltproject.org"
_STAMP: Final = "%Y%m%d%H%M%S"
_STEP: Final = timedelta(minutes=15)
_PAGE_SIZE: Final = 250  # the API gives no more
_MOST_PAGES: Final = 200  # of one query and night
_MOST_FILES: Final = 672  # of one kind and night: a week; the next night goes on
_OVERLAP: Final = timedelta(hours=1)  # an article is found some time after its quarter hour
_KINDS: Final = {
    "gkg": "gkg.csv.zip",
    "mentions": "mentions.CSV.zip",
    "events": "export.CSV.zip",
    "translated gkg": "translation.gkg.csv.zip",
    "translated mentions": "translation.mentions.CSV.zip",
    "translated events": "translation.export.CSV.zip",
}
_LISTED: Final = re.compile(r"^\d+ ([0-9a-f]{32}) https?://\S+/(\d{14})\.(\S+)$", re.MULTILINE)
_FILE: Final = re.compile(r"/(\d{14})\.\S+\.zip(?:#md5=([0-9a-f]{32}))?$")
_GOOGLE_HASH: Final = re.compile(r"\bmd5=([A-Za-z0-9+/]{22}==)")


def _moment(digits: Any) -> datetime | None:
    """A time written YYYYMMDDHHMMSS, also with the API's T and Z; None if it is none."""
    try:
        return datetime.strptime(re.sub(r"[TZ]", "", digits), _STAMP).replace(tzinfo=UTC)
    except (TypeError, ValueError):
        return None


class Queries:
    """Articles that match a query, in order of when they were seen."""

    name = "queries"
    about = "a query of the DOC 2.0 API: '\"clean beauty\" sourcelang:english'"

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The first articles of the window. Raises ValueError for an empty query."""
        if not item.value.strip():
            raise ValueError('the query is empty: write words as GDELT\'s DOC 2.0 API takes them, such as "clean beauty"')
        until = _moment(cursor.get("until"))
        begins_at = max(window.begins_at, until - _OVERLAP) if until else window.begins_at
        return self._turn(item, begins_at, window.ends_at, 1)

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """A full page is followed by one that begins with the last article of it."""
        query = dict(page.request.query)
        began_at, ends_at = _moment(query["startdatetime"]), _moment(query["enddatetime"]) or window.ends_at
        articles = values.mappings(values.optional_mapping(page.json()).get("articles"))
        seen = [moment for article in articles if (moment := _moment(article.get("seendate")))]
        count = values.count(cursor.get("page_count"), "page_count") or 1
        if len(articles) < _PAGE_SIZE or began_at is None:
            return Turn(cursor={"until": ends_at.strftime(_STAMP)})
        # More than a page can have been seen in one quarter hour, and the API gives no more of it.
        goes_on_at = max(seen, default=began_at)
        if goes_on_at <= began_at:
            goes_on_at = began_at + _STEP
        if goes_on_at >= ends_at or count >= _MOST_PAGES:
            return Turn(cursor={"until": min(goes_on_at, ends_at).strftime(_STAMP)})
        return self._turn(item, goes_on_at, ends_at, count + 1)

    @staticmethod
    def _turn(item: WatchItem, begins_at: datetime, ends_at: datetime, count: int) -> Turn:
        asked = (
            ("query", item.value.strip()),
            ("mode", "ArtList"),
            ("format", "json"),
            ("maxrecords", str(_PAGE_SIZE)),
            ("sort", "DateAsc"),
            ("startdatetime", begins_at.strftime(_STAMP)),
            ("enddatetime", ends_at.strftime(_STAMP)),
        )
        cursor = {"until": begins_at.strftime(_STAMP), "page_count": count}
        return Turn((Request(f"{item.server}/api/v2/doc/doc", asked),), cursor)


class Files:
    """All that GDELT publishes of one kind, a file for each quarter hour."""

    name = "files"
    about = "a kind of files: 'gkg', 'mentions', 'events', or one of them with 'translated ' before it"

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The list of the newest files. Raises ValueError for a kind that there is not."""
        if item.value.strip() not in _KINDS:
            raise ValueError(f"{item.value!r} is no kind of GDELT's files: write one of {', '.join(_KINDS)}")
        name = "lastupdate-translation.txt" if item.value.startswith("translated") else "lastupdate.txt"
        return Turn((Request(f"{_base(item)}/gdeltv2/{name}", suffix=".txt"),), cursor)

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """After the list, the files since the last night; after a file, nothing but that it was had."""
        fetched = _FILE.search(page.request.url)
        if fetched:
            return Turn(cursor={"last": max(fetched[1], str(cursor.get("last", "")))})
        ending = _KINDS[item.value.strip()]
        listed = page.body.decode("utf-8", "replace")
        newest = {name: (stamp, md5) for md5, stamp, name in _LISTED.findall(listed)}.get(ending)
        last = _moment(newest[0]) if newest else None
        if newest is None or last is None:
            return Turn(cursor=cursor)
        requests = []
        for moment in _quarter_hours(_moment(cursor.get("last")), window, last)[:_MOST_FILES]:
            url = f"{_base(item)}/gdeltv2/{moment.strftime(_STAMP)}.{ending}"
            # The list tells the sum of the newest file only; the fragment is not sent.
            requests.append(Request(f"{url}#md5={newest[1]}" if moment == last else url, suffix=".csv.zip"))
        return Turn(tuple(requests), cursor)


def _base(item: WatchItem) -> str:
    """The files lie on a host of their own, unless the watchlist names a server that has both."""
    return _FILES if item.server == SERVER else item.server


def _quarter_hours(had: datetime | None, window: Window, last: datetime) -> list[datetime]:
    """The quarter hours after the last that was had, from the window's beginning, up to the newest and the window's end."""
    first = max(window.begins_at, had + _STEP) if had else window.begins_at
    begun = first.replace(minute=first.minute // 15 * 15, second=0, microsecond=0)
    moment = begun if begun == first else begun + _STEP
    found = []
    while moment <= min(last, window.ends_at):
        found.append(moment)
        moment += _STEP
    return found


def judge(page: Page) -> Judgement | None:
    """What a page says beside its status: errors of the API as plain text, files that are not those that were listed."""
    if page.status != 200:
        return None
    file = _FILE.search(page.request.url)
    if file:
        wanted = file[2] or _stored_md5(page)
        is_whole = wanted is None or hashlib.md5(page.body, usedforsecurity=False).hexdigest() == wanted
        return None if is_whole else Judgement(Answer.AGAIN, f"the file's MD5 is not {wanted}, as its list says")
    if page.request.url.endswith(".txt"):
        is_list = _LISTED.search(page.body.decode("utf-8", "replace")) is not None
        return None if is_list else Judgement(Answer.AGAIN, "no list of files")
    said = page.body.decode("utf-8", "replace").strip()
    if not said or said[0] in "{[<":
        return None
    reason = " ".join(said.split())[:200]
    if "limit requests" in said.casefold():
        return Judgement(Answer.WAIT, reason, 5.0)
    return Judgement(Answer.REFUSED, f"GDELT refuses the query: {reason}")


def _stored_md5(page: Page) -> str | None:
    """The MD5 that the storage states of the file it gives."""
    stated = _GOOGLE_HASH.search(page.headers.get("x-goog-hash", ""))
    try:
        return base64.b64decode(stated[1]).hex() if stated else None
    except binascii.Error:
        return None


CLIENT: Final = PlatformClient(
    server=SERVER,
    hosts=("api.gdeltproject.org", "data.gdeltproject.org"),
    # One request in five seconds is what the API says when it was asked more often.
    budget=Budget(units=2_000, requests_per_second=0.2),
    sources=(Queries(), Files()),
    judge=judge,
)
