"""Drives a source's turns against answers of a function, as the client does but in memory. For tests of turns only."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from pipelines.http.protocol import Cursor, Page, PlatformClient, Request, WatchItem, Window

WINDOW: Final = Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 2, tzinfo=UTC))
_NO_END: Final = 5_000


@dataclass
class Chain:
    """What a chain asked and what it keeps."""

    requests: list[Request] = field(default_factory=list)
    cursor: Cursor = field(default_factory=dict)


def page(request: Request, body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Page:
    """An answer; bytes stand as they are, all else as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Page(request, status, headers or {}, raw, datetime(2026, 10, 2, 3, tzinfo=UTC))


def item(client: PlatformClient, platform: str, source: str, value: str, server: str = "", **options: Any) -> WatchItem:
    """A watched thing on the platform's own server, or another."""
    return WatchItem(platform, source, value, server or client.server, options)


def run(
    client: PlatformClient,
    watched: WatchItem,
    answer: Callable[[Request], Any],
    cursor: Cursor | None = None,
    window: Window = WINDOW,
) -> Chain:
    """The chain to its end. ``answer`` gives a body, or (body, headers). Fails where it does not end or asks the same twice."""
    (source,) = [each for each in client.sources if each.name == watched.source]
    turn = source.begin(watched, cursor or {}, window)
    chain = Chain(cursor=turn.cursor)
    pending = list(turn.requests)
    while pending:
        request = pending.pop(0)
        assert len(chain.requests) < _NO_END, "the chain does not end"
        assert (request.url, request.query) not in {(each.url, each.query) for each in chain.requests[-20:]}, "asked twice"
        chain.requests.append(request)
        body, headers = found if isinstance(found := answer(request), tuple) else (found, {})
        turn = source.after(watched, chain.cursor, window, page(request, body, headers=headers))
        json.dumps(turn.cursor)
        chain.cursor = turn.cursor
        pending += turn.requests
    return chain
