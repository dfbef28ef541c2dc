"""Fetching: the live engine against a plain httpx loop over the same pages of the same server on loopback, in one run."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path

import httpx

from pipelines.http.collect import Tools, collect_platform
from pipelines.http.protocol import Budget, Cursor, Page, PlatformClient, Request, Turn, WatchItem, Window
from pipelines.http.watched import Watched
from pipelines.lake.paths import DataPaths

ROWS = 100
_TEXT = "a line of text as long as people write them, with a #tag and a https://link.example/to/somewhere " * 2


def _page(number: int, page_count: int) -> bytes:
    rows = [
        {"id": str(10**18 + number * ROWS + row), "text": _TEXT, "at": "2026-10-01T10:00:00Z", "likes": row}
        for row in range(ROWS)
    ]
    body = json.dumps({"posts": rows, "next": number + 1 if number + 1 < page_count else None}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _serve(told: Connection, page_count: int, latency_seconds: float) -> None:
    pages = [_page(number, page_count) for number in range(page_count)]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            while await reader.readline() not in (b"\r\n", b""):
                continue
            if latency_seconds:
                await asyncio.sleep(latency_seconds)
            writer.write(pages[int(line.split()[1].rpartition(b"=")[2])])
            await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def _server(page_count: int, latency_seconds: float) -> Iterator[str]:
    """The server's URL; it runs in a process of its own."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, page_count, latency_seconds), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.terminate()
        process.join()


def plain_loop(url: str, keep: Path | None = None) -> int:
    """Pages, fetched one after the other and decoded; each body written to a file where ``keep`` is given."""
    number, count = 0, 0
    with httpx.Client(trust_env=False) as client:
        while number is not None:
            answer = client.get(f"{url}/posts", params={"cursor": number})
            answer.raise_for_status()
            if keep is not None:
                (keep / f"{count}.json").write_bytes(answer.content)
            number = answer.json()["next"]
            count += 1
    return count


@dataclass
class _Posts:
    name: str = "posts"
    about: str = "anything"

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:  # noqa: ARG002 - the protocol's signature
        return Turn((Request(f"{item.server}/posts", (("cursor", "0"),)),))

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:  # noqa: ARG002 - the protocol's signature
        following = page.json()["next"]
        return Turn((Request(f"{item.server}/posts", (("cursor", str(following)),)),) if following is not None else ())


def engine(url: str, folder: Path) -> int:
    """Pages, fetched by the engine: landed, judged, with a cursor at the end."""
    client = PlatformClient(url, (), Budget(10**9, 0), (_Posts(),))
    watched = Watched("bench", (WatchItem("bench", "posts", "all", url),), urls=(url,))
    done = collect_platform(DataPaths(folder), client, watched, date(2026, 10, 1), Tools(environment={}, most_pages=10**6))
    if done.status != "ok":
        raise RuntimeError(done.sentence())
    return done.pages_fetched


def compare(page_count: int, runs: int, latency_seconds: float = 0.0) -> None:
    """Print pages a second of each side, best of ``runs``, taken in turns."""
    best: dict[str, float] = {}
    with _server(page_count, latency_seconds) as url, tempfile.TemporaryDirectory(prefix="undercurrent-fetch-") as name:
        for run in range(runs):
            kept, landed = Path(name) / f"kept-{run}", Path(name) / f"landed-{run}"
            kept.mkdir()
            sides: dict[str, Callable[[], int]] = {
                "a plain httpx loop": lambda: plain_loop(url),
                "a plain loop that keeps each body": lambda kept=kept: plain_loop(url, kept),  # type: ignore[misc] # bound here
                "the engine": lambda landed=landed: engine(url, landed),  # type: ignore[misc] # bound here
            }
            for side, fetch in sides.items():
                started = time.perf_counter()
                if fetch() != page_count:
                    raise RuntimeError(f"{side} fetched another number of pages")
                best[side] = min(best.get(side, float("inf")), time.perf_counter() - started)
    plain = best["a plain httpx loop"]
    waits = f", {1000 * latency_seconds:.0f} ms to the server" if latency_seconds else ", on loopback"
    print(f"fetching {page_count:,} pages of {ROWS} rows, {len(_page(0, page_count)) / 1000:.0f} kB each{waits}; best of {runs}")
    for side, seconds in best.items():
        print(f"  {side:36} {page_count / seconds:8.0f} pages/s  {seconds / plain:5.2f} of the plain loop's time")
