"""One watched item's chain of requests, from its first turn to its end, and every way in which it could have none."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import xxhash

from pipelines.http.asking import UNFORESEEN, Asked, Cut
from pipelines.http.pages import fingerprint
from pipelines.http.protocol import Cursor, Request, Source, WatchItem, Window

MOST_PAGES: Final = 2_000
# A cursor that moves over a page that does not. Fewer would end a source that asks a dozen times where nothing is.
_MOST_EQUAL_BODIES: Final = 25


@dataclass(slots=True)
class Chain:
    """What became of a chain.

    Attributes:
        cursor: to keep for the next night; None where the chain must begin anew.
        pages: that it was answered.
        cuts: why it did not come to its end; empty where it did.
    """

    cursor: Cursor | None = None
    pages: int = 0
    cuts: list[Cut] = field(default_factory=list)


def run_chain(
    source: Source,
    item: WatchItem,
    cursor: Cursor,
    window: Window,
    ask: Callable[[Request], Asked],
    most_pages: int = MOST_PAGES,
) -> Chain:
    """Ask until the source asks no more.

    A chain that a failure, the budget or a loop cut keeps no cursor: the next night asks for the same again, and the pages of this night
    are landed all the same. A chain that is longer than it may be keeps its cursor, since it would never come to its end.

    Args:
        source: decides what follows a page.
        item: what is watched.
        cursor: what the last complete night left.
        window: the time that the night asks about.
        ask: gives the landed page of a request.
        most_pages: that one item may take in a night.
    """
    chain = Chain()
    try:
        turn = source.begin(item, cursor, window)
    except UNFORESEEN as error:
        return Chain(cuts=[Cut("not_askable", f"{item.value}: {error}")])
    waiting, seen = deque(turn.requests), set[str]()
    bodies: deque[bytes] = deque(maxlen=_MOST_EQUAL_BODIES)
    now, is_cut = turn.cursor, False
    while waiting:
        request = waiting.popleft()
        mark = fingerprint(request)
        if mark in seen:
            chain.cuts.append(Cut("loop", "the same page was asked for again: the platform's cursor goes round"))
            is_cut = True
            continue
        if chain.pages >= most_pages:
            chain.cuts.append(Cut("length", f"more than {most_pages:,} pages: the rest is left out"))
            break
        seen.add(mark)
        asked = ask(request)
        if asked.page is None:
            chain.cuts.append(asked.cut or Cut("failing", "no answer"))
            is_cut = True
            continue
        chain.pages += 1
        bodies.append(xxhash.xxh3_128_digest(asked.page.body))
        if len(bodies) == _MOST_EQUAL_BODIES and len(set(bodies)) == 1:
            chain.cuts.append(Cut("loop", f"{_MOST_EQUAL_BODIES} pages in a row say the same"))
            is_cut = True
            break
        try:
            turn = source.after(item, now, window, asked.page)
        except UNFORESEEN as error:
            chain.cuts.append(Cut("unreadable", f"the source cannot go on from a page: {type(error).__name__}: {error}"[:300]))
            is_cut = True
            continue
        now = turn.cursor
        waiting.extend(turn.requests)
    chain.cursor = None if is_cut else now
    return chain
