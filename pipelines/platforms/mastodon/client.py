"""How Mastodon and servers with its REST API are asked: sources, lookups by id, and what their answers mean. No I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

from pipelines.http.protocol import (
    Answer,
    Budget,
    Credential,
    Cursor,
    Judgement,
    Page,
    PlatformClient,
    Request,
    Scheme,
    Turn,
    WatchItem,
    Window,
)
from pipelines.platforms import values
from pipelines.platforms.paging import Chain
from pipelines.platforms.protocol import BadRecord
from pipelines.platforms.times import from_iso

_PAGE_SIZE: Final = "40"
_ACCOUNT: Final = re.compile(r"@?([\w.-]+)(?:@([\w.-]+(?::\d+)?))?")
_PROFILE: Final = re.compile(r"https?://([^/]+)/@([\w.-]+)")
# The id in a status' URI is its own server's: other servers number the same status their own way.
_STATUS_URI: Final = re.compile(r"https?://([^/]+)/(?:users/[\w.-]+|ap/users/\d+)/statuses/(\d+)")
_STATUS_PAGE: Final = re.compile(r"https?://([^/]+)/@[\w.@-]+/(\w+)")
_NEXT_LINK: Final = re.compile(r'<([^>]*)>\s*;[^,<]*\brel="?next"?')
_GONE_STATUSES: Final = frozenset({404, 410})
_CLOSED_STATUSES: Final = frozenset({401, 403})
_TOO_MANY: Final = 429


def _host(server: str) -> str:
    return urlsplit(server).netloc.lower()


def _request(item: WatchItem, path: str, *query: tuple[str, str]) -> Request:
    """A request to the item's server. The token goes only where the watchlist says that it belongs to this server."""
    credential = "token" if item.options.get("logged_in") is True else None
    return Request(f"{item.server}{path}", query, credential=credential)


def _path(request: Request) -> str:
    return urlsplit(request.url).path


def _next_id(page: Page, statuses: list[dict[str, Any]]) -> str | None:
    """The ``max_id`` of the next page.

    A Link header says it, and its lack of a next link says that there is none. Servers without that header (snac) are asked
    for what is older than the last status. Only the id is taken from a link: it leads nowhere else.
    """
    header = page.headers.get("link")
    if header is None:
        return values.text(statuses[-1].get("id")) if statuses else None
    found = _NEXT_LINK.search(header)
    return next(iter(parse_qs(urlsplit(found.group(1)).query).get("max_id", [])), None) if found else None


def _time(value: Any) -> datetime | None:
    try:
        return from_iso(value, "created_at") if isinstance(value, str) else None
    except BadRecord:
        return None


def _timeline_turn(chain: Chain, page: Page) -> Turn:
    """The next page of a timeline, newest first."""
    statuses = values.mappings(page.json())
    times = [moment for status in statuses if (moment := _time(status.get("created_at"))) is not None]
    chain = chain.turned()
    token, asked = _next_id(page, statuses), dict(page.request.query).get("max_id")
    if token and chain.goes_on(token, asked, times[-1] if times else None):
        query = tuple((name, value) for name, value in page.request.query if name != "max_id")
        request = Request(page.request.url, (*query, ("max_id", token)), credential=page.request.credential)
        return Turn((request,), chain.going())
    return Turn((), chain.ended())


@dataclass(slots=True)
class Accounts:
    """An account's profile, then its statuses and boosts back to the window's beginning, as its server shows them."""

    name: str = "accounts"
    about: str = "an address or profile: moss@example.social; best asked on its own server"

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The profile first: it tells the id that this server has for the account."""
        request = _request(item, "/api/v1/accounts/lookup", ("acct", _address(item)))
        return Turn((request,), Chain.begun(cursor, window).going())

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """The statuses after the profile, and their further pages."""
        chain = Chain.at(cursor, window)
        if _path(page.request).endswith("/lookup"):
            known = values.text(values.optional_mapping(page.json()).get("id"))
            if known is None:
                return Turn((), chain.ended())
            path = f"/api/v1/accounts/{quote(known, safe='')}/statuses"
            return Turn((_request(item, path, ("limit", _PAGE_SIZE)),), chain.going())
        return _timeline_turn(chain, page)


def _address(item: WatchItem) -> str:
    """The account as the item's server calls it. Raises ValueError."""
    profile = _PROFILE.fullmatch(item.value.strip().rstrip("/"))
    if profile:
        host, name = profile.groups()
    else:
        written = _ACCOUNT.fullmatch(item.value.strip())
        if written is None:
            raise ValueError(f"{item.value!r} is no account: write its address (moss@example.social) or its profile's address")
        name, host = written.group(1), written.group(2)
    return name if host is None or host.lower() == _host(item.server) else f"{name}@{host.lower()}"


@dataclass(slots=True)
class Tags:
    """Public statuses with a hashtag that this server has seen."""

    name: str = "tags"
    about: str = "a tag: moss; option 'local: true' keeps to the server's own accounts"

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The first page."""
        tag = item.value.strip().removeprefix("#")
        if not re.fullmatch(r"\w+", tag):
            raise ValueError(f"{item.value!r} is no tag: write one word without spaces, such as moss")
        query = (("limit", _PAGE_SIZE), *_local(item))
        request = _request(item, f"/api/v1/timelines/tag/{quote(tag, safe='')}", *query)
        return Turn((request,), Chain.begun(cursor, window).going())

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """Further pages."""
        return _timeline_turn(Chain.at(cursor, window), page)


@dataclass(slots=True)
class Timelines:
    """A server's public timeline."""

    name: str = "timelines"
    about: str = "'local' for the server's own accounts, 'public' for all that it sees"

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The first page."""
        if item.value.strip() not in {"local", "public"}:
            raise ValueError(f"{item.value!r} is no timeline: write 'local' or 'public'")
        query = (("limit", _PAGE_SIZE), *((("local", "true"),) if item.value.strip() == "local" else ()))
        return Turn((_request(item, "/api/v1/timelines/public", *query),), Chain.begun(cursor, window).going())

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """Further pages."""
        return _timeline_turn(Chain.at(cursor, window), page)


def _local(item: WatchItem) -> tuple[tuple[str, str], ...]:
    return (("local", "true"),) if item.options.get("local") is True else ()


@dataclass(slots=True)
class Threads:
    """A status and the conversation around it, as far as this server has it, each night."""

    name: str = "threads"
    about: str = "the address of a status on this very server: https://example.social/@moss/1234"

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The status itself, which its context leaves out."""
        value = item.value.strip().rstrip("/")
        found = _STATUS_URI.fullmatch(value) or _STATUS_PAGE.fullmatch(value)
        if found is None or found.group(1).lower() != _host(item.server):
            raise ValueError(f"{item.value!r} is no status of {item.server}: write {self.about}")
        return Turn((_request(item, f"/api/v1/statuses/{found.group(2)}"),))

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """Its context, where it is there at all, and nothing more."""
        path = _path(page.request)
        is_there = values.text(values.optional_mapping(page.json()).get("id")) is not None
        return Turn((_request(item, f"{path}/context"),)) if is_there else Turn()


@dataclass(slots=True)
class Statuses:
    """Statuses by their URIs, each asked of its own server: elsewhere a 404 says only that it never came there."""

    asked_for: str = "post"
    batch_count: int = 1

    def requests(self, ids: Sequence[str], server: str) -> tuple[Request, ...]:
        """One request for each status of this server."""
        found = [(native, match) for native in ids if (match := _STATUS_URI.fullmatch(native))]
        return tuple(
            Request(f"{server}/api/v1/statuses/{match.group(2)}", asked=(native,), asked_for="post")
            for native, match in found
            if match.group(1).lower() == _host(server)
        )


@dataclass(slots=True)
class Profiles:
    """Accounts by their profile addresses, each asked of its own server."""

    asked_for: str = "account"
    batch_count: int = 1

    def requests(self, ids: Sequence[str], server: str) -> tuple[Request, ...]:
        """One request for each account of this server whose address has Mastodon's form."""
        found = [(native, match) for native in ids if (match := _PROFILE.fullmatch(native))]
        return tuple(
            Request(f"{server}/api/v1/accounts/lookup", (("acct", match.group(2)),), asked=(native,), asked_for="account")
            for native, match in found
            if match.group(1).lower() == _host(server)
        )


def judge(page: Page) -> Judgement | None:
    """What Mastodon's statuses and bodies mean, and how long a full budget is to be waited for."""
    body = page.json()
    said = str(values.optional_mapping(body).get("error", ""))[:300]
    if page.status in _GONE_STATUSES:
        return Judgement(Answer.GONE, said)
    if page.status in _CLOSED_STATUSES:
        return Judgement(Answer.REFUSED, f"{said or 'the server is closed to the public'}; a token of this server may open it")
    if page.status == _TOO_MANY:
        reset = _time(page.headers.get("x-ratelimit-reset"))
        wait = (reset - page.fetched_at).total_seconds() if reset is not None else None
        return Judgement(Answer.WAIT, said, max(wait, 0.0) if wait is not None else None)
    if page.status == 200 and not isinstance(body, dict | list):
        return Judgement(Answer.AGAIN, "the answer is no JSON")
    return Judgement(Answer.REFUSED, said) if page.status == 200 and said else None


CLIENT: Final = PlatformClient(
    server="https://mastodon.social",
    hosts=("mastodon.social",),
    budget=Budget(units=10_000, requests_per_second=1.0, resets="5 minutes: 300 requests for each server"),
    sources=(Accounts(), Tags(), Timelines(), Threads()),
    credentials=(Credential("token", Scheme.BEARER, ("MASTODON_ACCESS_TOKEN",), is_optional=True),),
    lookups=(Statuses(), Profiles()),
    is_looked_up_by_server=True,
    judge=judge,
)
