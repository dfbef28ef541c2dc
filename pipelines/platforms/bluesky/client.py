"""How Bluesky's AppView is asked over XRPC: sources, lookups by id, and what its errors mean. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

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
from pipelines.platforms.bluesky.rows import POST
from pipelines.platforms.paging import MOST_PAGES, Chain
from pipelines.platforms.protocol import BadRecord
from pipelines.platforms.times import from_iso

_PAGE_SIZE: Final = "100"
_LOOKED_UP: Final = 25  # ids of one getPosts or getProfiles
# Of followers, follows and reactions, which carry no times to stop at: ten thousand a night for one item.
_MOST_LIST_PAGES: Final = 100
_MOST_FEED_PAGES: Final = 10  # a feed generator ranks, so older pages are not known to be older
_HANDLE: Final = re.compile(r"[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+", re.IGNORECASE)
_DID: Final = re.compile(r"did:[a-z]+:[\w.:%-]+")
_PROFILE_PAGE: Final = re.compile(r"https?://bsky\.app/profile/([^/?#]+)/?")
_RECORD_PAGE: Final = re.compile(r"https?://bsky\.app/profile/([^/?#]+)/(post|feed|lists)/([^/?#]+)")
_COLLECTIONS: Final = {"post": POST, "feed": "app.bsky.feed.generator", "lists": "app.bsky.graph.list"}
_GONE: Final = frozenset(
    {"AccountDeactivated", "AccountTakedown", "RepoNotFound", "RepoDeactivated", "RepoTakendown", "NotFound"}
)
_GONE_STATUSES: Final = frozenset({400, 404})
_SEARCH: Final = "app.bsky.feed.searchPosts"


def _actor(value: str) -> str:
    """The handle or DID that a watchlist's value names. Raises ValueError."""
    page = _PROFILE_PAGE.fullmatch(value.strip())
    named = (page.group(1) if page else value.strip()).removeprefix("@")
    if _HANDLE.fullmatch(named) or _DID.fullmatch(named):
        return named
    raise ValueError(f"{value!r} is no Bluesky account: write its handle (moss.bsky.social), its DID or its profile's address")


def _record(value: str, kind: str) -> str:
    """The at:// URI that a watchlist's value names. Raises ValueError."""
    written = value.strip()
    page = _RECORD_PAGE.match(written)
    if page and page.group(2) == kind:
        return f"at://{_actor(page.group(1))}/{_COLLECTIONS[kind]}/{page.group(3)}"
    parts = written.removeprefix("at://").split("/")
    if written.startswith("at://") and len(parts) == 3 and parts[1] == _COLLECTIONS[kind]:
        return written
    raise ValueError(f"{value!r} is no {kind} on Bluesky: write its at:// URI or its address on bsky.app")


def _request(server: str, method: str, *query: tuple[str, str], credential: str | None = None) -> Request:
    return Request(f"{server}/xrpc/{method}", query, credential=credential)


def _method(request: Request) -> str:
    return request.url.rsplit("/", 1)[-1]


def _next(request: Request, token: str) -> Request:
    kept = tuple((name, value) for name, value in request.query if name != "cursor")
    return Request(request.url, (*kept, ("cursor", token)), credential=request.credential)


def _asked(request: Request) -> str | None:
    return dict(request.query).get("cursor")


def _body(page: Page) -> dict[str, Any]:
    return values.optional_mapping(page.json())


def _time(value: Any) -> datetime | None:
    try:
        return from_iso(value, "time") if isinstance(value, str) else None
    except BadRecord:
        return None


def _sorted_at(item: Mapping[str, Any]) -> datetime | None:
    """The time that AppView sorts a feed's item by: of its repost, else the earlier of what is claimed and what was seen."""
    reposted = _time(values.optional_mapping(item.get("reason")).get("indexedAt"))
    if reposted is not None:
        return reposted
    post = values.optional_mapping(item.get("post"))
    times = [_time(values.optional_mapping(post.get("record")).get("createdAt")), _time(post.get("indexedAt"))]
    return min(filter(None, times), default=None)


@dataclass(slots=True)
class Accounts:
    """An account's profile, then its posts, replies and reposts back to the window's beginning."""

    name: str = "accounts"
    about: str = "a handle, DID or profile address: moss.bsky.social"

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The profile first: it tells the DID, which stays when the handle changes."""
        chain = Chain.begun(cursor, window)
        actor = dict(chain.marks).get("did") or _actor(item.value)
        return Turn((_request(item.server, "app.bsky.actor.getProfiles", ("actors", actor)),), chain.going())

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """The feed after the profile, and the feed's further pages."""
        chain = Chain.at(cursor, window)
        if _method(page.request) == "app.bsky.actor.getProfiles":
            known = [values.text(profile.get("did")) for profile in values.mappings(_body(page).get("profiles"))]
            if not known or known[0] is None:
                return Turn((), chain.ended())
            query = (("actor", known[0]), ("limit", _PAGE_SIZE), ("filter", "posts_with_replies"))
            return Turn((_request(item.server, "app.bsky.feed.getAuthorFeed", *query),), chain.marked("did", known[0]).going())
        items = values.mappings(_body(page).get("feed"))
        times = [moment for moment in map(_sorted_at, items) if moment is not None]
        chain = chain.turned()
        token = values.text(_body(page).get("cursor"))
        if token and chain.goes_on(token, _asked(page.request), times[-1] if times else None):
            return Turn((_next(page.request, token),), chain.going())
        return Turn((), chain.ended())


@dataclass(slots=True)
class Found:
    """What a search finds, newest first, within the window."""

    name: str
    about: str
    mark: str = ""  # put before the value

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The first page of the search."""
        wanted = item.value.strip().removeprefix(self.mark) if self.mark else item.value.strip()
        if not wanted or (self.mark and re.search(r"\s", wanted)):
            raise ValueError(f"{item.value!r} cannot be searched for: write {self.about}")
        chain = Chain.begun(cursor, window)
        query = (
            ("q", self.mark + wanted),
            ("sort", "latest"),
            ("since", _stamp(chain.floor)),
            ("until", _stamp(window.ends_at)),
            ("limit", _PAGE_SIZE),
        )
        return Turn((_request(item.server, _SEARCH, *query, credential="session"),), chain.going())

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """Further pages; the search itself keeps to the window."""
        posts = values.mappings(_body(page).get("posts"))
        times = [moment for post in posts if (moment := _time(post.get("indexedAt"))) is not None]
        chain = Chain.at(cursor, window).turned()
        token = values.text(_body(page).get("cursor"))
        # A backdated post sorts by its claim and is seen late: only an empty page says that no more is in the window.
        if token and chain.goes_on(token, _asked(page.request), max(times, default=None)):
            return Turn((_next(page.request, token),), chain.going())
        return Turn((), chain.ended())


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class Threads:
    """The conversation around one post, whole, each night."""

    name: str = "threads"
    about: str = "a post's at:// URI or its address on bsky.app"

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """One request."""
        query = (("uri", _record(item.value, "post")), ("depth", "1000"), ("parentHeight", "1000"))
        return Turn((_request(item.server, "app.bsky.feed.getPostThread", *query),))

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """Nothing follows."""
        return Turn()


@dataclass(slots=True)
class Lists:
    """Lists without times, each read to its end or to ``most_pages``: followers, follows, reactions, feed generators."""

    name: str
    about: str
    methods: tuple[tuple[str, str], ...]  # (XRPC method, the list in its answer), one after the other
    parameter: str
    kind: str = ""  # of record that a value names; an account where it is empty
    most_pages: int = _MOST_LIST_PAGES

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The first page of the first list."""
        subject = _record(item.value, self.kind) if self.kind else _actor(item.value)
        return Turn((self._first(item.server, 0, subject),), {"page_count": 0})

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """The list's next page, or the next list's first."""
        place = [method for method, _ in self.methods].index(_method(page.request))
        body, page_count = _body(page), int(cursor.get("page_count", 0)) + 1
        token = values.text(body.get("cursor"))
        listed = values.sequence(body.get(self.methods[place][1]))
        if token and token != _asked(page.request) and listed and page_count < min(self.most_pages, MOST_PAGES):
            return Turn((_next(page.request, token),), {"page_count": page_count})
        if place + 1 < len(self.methods):
            subject = dict(page.request.query)[self.parameter]
            return Turn((self._first(item.server, place + 1, subject),), {"page_count": 0})
        return Turn()

    def _first(self, server: str, place: int, subject: str) -> Request:
        return _request(server, self.methods[place][0], (self.parameter, subject), ("limit", _PAGE_SIZE))


@dataclass(slots=True)
class LookedUp:
    """Posts or accounts by their ids; an answer leaves out what is gone."""

    asked_for: str
    method: str
    parameter: str
    prefix: str  # of an id that can be asked for: one other id fails the whole request
    batch_count: int = _LOOKED_UP

    def requests(self, ids: Sequence[str], server: str) -> tuple[Request, ...]:
        """One request for all ids that can be asked for."""
        asked = tuple(native for native in ids if native.startswith(self.prefix))
        query = tuple((self.parameter, native) for native in asked)
        return (Request(f"{server}/xrpc/{self.method}", query, asked=asked, asked_for=self.asked_for),) if asked else ()


def judge(page: Page) -> Judgement | None:
    """XRPC errors: 400 with a name or a message that says that there is nothing; an answer that is no XRPC answer."""
    body = page.json()
    if page.status == 200:
        if isinstance(body, dict) and isinstance(body.get("error"), str):
            return Judgement(Answer.REFUSED, f"{body['error']}: {body.get('message', '')}"[:300])
        return None if isinstance(body, dict) else Judgement(Answer.AGAIN, "the answer is no JSON object")
    if page.status not in _GONE_STATUSES or not isinstance(body, dict):
        return None
    error, message = str(body.get("error", "")), str(body.get("message", ""))
    if error in _GONE or re.search(r"not found|could not (?:find|locate)|unable to resolve|deactivated", message, re.IGNORECASE):
        return Judgement(Answer.GONE, f"{error}: {message}"[:300])
    return None


CLIENT: Final = PlatformClient(
    server="https://public.api.bsky.app",
    hosts=("public.api.bsky.app", "api.bsky.app"),
    budget=Budget(units=20_000, requests_per_second=5.0),
    sources=(
        Accounts(),
        Found("tags", "a tag: moss", mark="#"),
        Found("queries", 'a search: "cottage core" lang:en'),
        Threads(),
        Lists(
            "followers", "an account whose followers to list", (("app.bsky.graph.getFollowers", "followers"),), parameter="actor"
        ),
        Lists("follows", "an account whose follows to list", (("app.bsky.graph.getFollows", "follows"),), parameter="actor"),
        Lists(
            "reactions",
            "a post whose likes, reposts and quotes to list: its at:// URI or its address on bsky.app",
            (
                ("app.bsky.feed.getLikes", "likes"),
                ("app.bsky.feed.getRepostedBy", "repostedBy"),
                ("app.bsky.feed.getQuotes", "posts"),
            ),
            parameter="uri",
            kind="post",
        ),
        Lists(
            "feeds",
            "a feed generator: its at:// URI or its address on bsky.app",
            (("app.bsky.feed.getFeed", "feed"),),
            parameter="feed",
            kind="feed",
            most_pages=_MOST_FEED_PAGES,
        ),
    ),
    credentials=(Credential("session", Scheme.BEARER, ("BLUESKY_ACCESS_TOKEN",), is_optional=True),),
    lookups=(
        LookedUp("post", "app.bsky.feed.getPosts", "uris", "at://did:"),
        LookedUp("account", "app.bsky.actor.getProfiles", "actors", "did:"),
    ),
    judge=judge,
)
