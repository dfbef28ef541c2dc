"""How federated servers are asked for actors, outboxes and objects over ActivityPub. No I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from pipelines.http.protocol import Answer, Budget, Cursor, Judgement, Page, PlatformClient, Request, Turn, WatchItem, Window
from pipelines.platforms import values
from pipelines.platforms.activitypub import fields
from pipelines.platforms.activitypub.parse import actor_of
from pipelines.platforms.paging import Chain
from pipelines.platforms.protocol import BadRecord
from pipelines.platforms.times import from_iso

_ACCEPT: Final = (("accept", "application/activity+json"),)
_ADDRESS: Final = re.compile(r"@?([\w.-]+)@([\w.-]+(?::\d+)?)")
_WEBFINGER: Final = "/.well-known/webfinger"
_GONE_STATUSES: Final = frozenset({404, 410})
_CLOSED_STATUSES: Final = frozenset({401, 403})


def _request(address: str, **more: Any) -> Request:
    """A request for an address; its query stands apart from it."""
    parts = urlsplit(address)
    bare = urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
    return Request(bare, tuple(parse_qsl(parts.query, keep_blank_values=True)), headers=_ACCEPT, **more)


def _is_of(server: str, address: str | None) -> bool:
    """Whether an address lies on the item's own server: what a page names elsewhere is not followed."""
    asked, named = urlsplit(server), urlsplit(address or "")
    return (asked.scheme, asked.netloc.lower()) == (named.scheme, named.netloc.lower())


def _times(items: list[dict[str, Any]]) -> list[datetime]:
    """When the items of an outbox were made, where they say so."""
    found = []
    for item in items:
        inner = values.optional_mapping(item.get("object"))
        written = values.text(item.get("published")) or values.text(inner.get("published"))
        try:
            found += [from_iso(written, "published")] if written else []
        except BadRecord:
            continue
    return found


@dataclass(slots=True)
class Accounts:
    """An actor, how many follow it, and its outbox, newest first, back to the window's beginning. Communities are actors too."""

    name: str = "accounts"
    about: str = "an actor's id or address on the item's server: https://example.social/users/moss or moss@example.social"

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The actor; where only an address is given, first which actor it is."""
        value = item.value.strip()
        chain = Chain.begun(cursor, window)
        address = _ADDRESS.fullmatch(value)
        if address and address.group(2).lower() == urlsplit(item.server).netloc.lower():
            query = (("resource", f"acct:{address.group(1)}@{address.group(2)}"),)
            return Turn((Request(f"{item.server}{_WEBFINGER}", query),), chain.going())
        if not fields.is_address(value) or not _is_of(item.server, value):
            raise ValueError(f"{item.value!r} is no actor of {item.server}: write {self.about}")
        return Turn((_request(value),), chain.going())

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """Actor, followers (their number only), outbox, and the outbox's pages, one after the other."""
        chain, body = Chain.at(cursor, window), values.optional_mapping(page.json())
        if urlsplit(page.request.url).path == _WEBFINGER:
            return self._step(item, chain, actor_of(body))
        if fields.kind(body) in fields.ACTORS:
            outbox = fields.reference(body.get("outbox"))
            chain = chain.marked("outbox", outbox) if outbox and _is_of(item.server, outbox) else chain
            followers = fields.reference(body.get("followers"))
            return self._step(item, chain, followers if followers and _is_of(item.server, followers) else outbox)
        outbox = dict(chain.marks).get("outbox")
        if outbox is None or (not chain.page_count and not self._is_outbox(outbox, page)):
            return self._step(item, chain, outbox)
        return self._paged(item, chain, body, page)

    @staticmethod
    def _is_outbox(outbox: str, page: Page) -> bool:
        """Whether a page is the outbox or of it; its pages have its address with a query, on all servers known here."""
        return page.request.url.rstrip("/") == outbox.split("?", 1)[0].rstrip("/")

    @staticmethod
    def _step(item: WatchItem, chain: Chain, address: str | None) -> Turn:
        if address is None or not _is_of(item.server, address):
            return Turn((), chain.ended())
        return Turn((_request(address),), chain.going())

    def _paged(self, item: WatchItem, chain: Chain, body: dict[str, Any], page: Page) -> Turn:
        """The first page of a collection, or the page that follows one."""
        first = body.get("first")
        items = values.mappings(body.get("orderedItems", body.get("items")))
        items += values.mappings(values.optional_mapping(first).get("orderedItems"))
        times = _times(items)
        chain = chain.turned()
        onward = fields.reference(body.get("next")) or fields.reference(values.optional_mapping(first).get("next"))
        if not items and isinstance(first, str) and chain.page_count == 1:
            return self._step(item, chain, first)
        asked = urlunsplit(
            (*urlsplit(page.request.url)[:3], "&".join(f"{name}={value}" for name, value in page.request.query), "")
        )
        # Communities hand on posts without saying when: then only the end of the pages is an end.
        oldest = times[-1] if times else (chain.floor if items else None)
        if chain.goes_on(onward, asked, oldest):
            return self._step(item, chain, onward)
        return Turn((), chain.ended())


@dataclass(slots=True)
class Objects:
    """One object as its server shows it, each night: its counters and its edits."""

    name: str = "objects"
    about: str = "the id of a note, article, page or video on the item's server"

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """One request."""
        if not fields.is_address(item.value.strip()) or not _is_of(item.server, item.value.strip()):
            raise ValueError(f"{item.value!r} is no object of {item.server}: write {self.about}")
        return Turn((_request(item.value.strip()),))

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """Nothing follows."""
        return Turn()


@dataclass(slots=True)
class LookedUp:
    """Objects or actors by their ids, each asked of its own server."""

    asked_for: str
    batch_count: int = 1

    def requests(self, ids: Sequence[str], server: str) -> tuple[Request, ...]:
        """One request for each id of this server."""
        own = [native for native in ids if fields.is_address(native) and _is_of(server, native)]
        return tuple(_request(native, asked=(native,), asked_for=self.asked_for) for native in own)


def judge(page: Page) -> Judgement | None:
    """What a federated server's answer means."""
    if page.status in _GONE_STATUSES:
        return Judgement(Answer.GONE, f"the server answers {page.status}")
    if page.status in _CLOSED_STATUSES:
        return Judgement(Answer.REFUSED, "the server shows its objects to other servers only (it asks for signed requests)")
    if page.status == 200 and not isinstance(page.json(), dict):
        return Judgement(Answer.REFUSED, "the answer is no JSON object: the address is a page, not an object's id")
    return None


CLIENT: Final = PlatformClient(
    server="https://mastodon.social",
    hosts=("mastodon.social",),
    budget=Budget(units=5_000, requests_per_second=1.0),
    sources=(Accounts(), Objects()),
    lookups=(LookedUp("post"), LookedUp("account")),
    is_looked_up_by_server=True,
    judge=judge,
)
