"""Pages of one platform's night on the disk: landed before anything reads them, found again by what was asked. Sends nothing."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from pipelines.http.protocol import Page, Request, WatchItem, Window
from pipelines.lake.commit import write_whole
from pipelines.lake.pages import (
    FAILED_SUFFIX,
    SUFFIX,
    VERSION,
    PageFile,
    PageHeader,
    TornPageError,
    page_files,
    read_page,
    sync_pages,
    write_page,
)
from pipelines.lake.paths import DataPaths

# Of no use to whoever reads a page, or about the connection: the rest stays.
_DROPPED_HEADERS: Final = frozenset(
    {
        "set-cookie",
        "set-cookie2",
        "connection",
        "keep-alive",
        "transfer-encoding",
        "content-encoding",
        "content-length",
        "content-security-policy",
        "content-security-policy-report-only",
        "permissions-policy",
        "strict-transport-security",
        "report-to",
        "reporting-endpoints",
        "nel",
        "alt-svc",
    }
)
_HASH_DIGITS: Final = 16


def fingerprint(request: Request) -> str:
    """What a request is, in 32 hex digits; the credential it is sent with does not count, what it asks for does."""
    said = [request.method, request.url, request.query, request.content_type, request.headers, request.asked_for, request.asked]
    digest = hashlib.sha256(msgspec.json.encode(said))
    digest.update(b"\0" + (request.body or b""))
    return digest.hexdigest()[:32]


def item_name(item: WatchItem) -> str:
    """A watched item's folder: it tells the source, and not whom it is about."""
    said = msgspec.json.encode([item.platform, item.source, item.value, item.server], order="deterministic")
    return f"{item.source}-{hashlib.sha256(said).hexdigest()[:_HASH_DIGITS]}"


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that stay with a page; a source sees only these, now and when the page is read again from the disk."""
    return {name: value for name, value in headers.items() if name not in _DROPPED_HEADERS}


class Plan(msgspec.Struct, kw_only=True):
    """What a night asks about; written once, so that a collection that is cut off goes on as it began."""

    begins_at: datetime
    ends_at: datetime
    cursors: dict[str, dict[str, Any]] = {}
    begins: dict[str, datetime] = {}  # of items whose window begins at another time than the night's
    lookups: dict[str, list[str]] = {}  # by what is asked for, 'post' or 'account': native ids

    def window(self, name: str) -> Window:
        """The window of one item."""
        return Window(self.begins.get(name, self.begins_at), self.ends_at)


class PageStore:
    """The pages of one platform's night.

    Attributes:
        torn: names of files that the disk tore, put aside.
        units_spent: cost of all that was fetched for this night, by this process and by earlier ones.
    """

    def __init__(self, paths: DataPaths, platform: str, night: date) -> None:
        self._paths, self._platform, self._night = paths, platform, night
        self._index: dict[str, PageFile] = {}
        self._sequences: dict[str, int] = {}
        self._syncing = ThreadPoolExecutor(1, "pages")
        self._unsynced: deque[Path] = deque()
        self._sync_under_way: Future[None] | None = None
        self.torn: list[str] = []
        self.units_spent = 0
        folder = paths.pages_folder(platform, night)
        for file in page_files(folder):
            try:
                page = read_page(file)
            except TornPageError:
                file.rename(file.with_suffix(".torn"))
                self.torn.append(f"{file.parent.name}/{file.name}")
                continue
            self._index.setdefault(page.header.fingerprint, page)
            self._count(page.header)
        for file in page_files(folder, FAILED_SUFFIX):
            try:
                self._count(read_page(file).header)
            except TornPageError:
                self.torn.append(f"{file.parent.name}/{file.name}")

    def _count(self, header: PageHeader) -> None:
        self.units_spent += header.cost
        self._sequences[header.item] = max(self._sequences.get(header.item, 0), header.sequence)

    def __len__(self) -> int:
        return len(self._index)

    def find(self, request: Request) -> Page | None:
        """The page that answers a request, if it was fetched for this night before."""
        kept = self._index.get(fingerprint(request))
        if kept is None:
            return None
        header = kept.header
        return Page(request, header.status, header.headers, kept.body(), header.fetched_at)

    def settle(self) -> None:
        """Wait until all landed pages are on the disk itself: nothing that builds on them is kept before."""
        if self._sync_under_way is not None:
            self._sync_under_way.result()
        self._sync()

    def close(self) -> None:
        """Settle, and end the thread that has pages on the disk while the next ones are asked for."""
        self.settle()
        self._syncing.shutdown()

    def _sync(self) -> None:
        while self._unsynced:
            sync_pages([self._unsynced.popleft() for _ in range(len(self._unsynced))])

    def land(self, page: Page, source: str, item: str) -> None:
        """Have an answer on the disk; from then on it answers its request."""
        written = self._write(page, source, item, SUFFIX, "")
        self._index[written.header.fingerprint] = written

    def keep_failed(self, page: Page, source: str, item: str, reason: str) -> None:
        """Keep a refused answer beside the pages: it is no data and answers nothing."""
        self._write(page, source, item, FAILED_SUFFIX, reason)

    def _write(self, page: Page, source: str, item: str, suffix: str, note: str) -> PageFile:
        request, mark = page.request, fingerprint(page.request)
        sequence = self._sequences.get(item, 0) + 1
        header = PageHeader(
            undercurrent_page=VERSION,
            fetched_at=page.fetched_at,
            platform=self._platform,
            source=source,
            item=item,
            sequence=sequence,
            fingerprint=mark,
            method=request.method,
            url=_shown(request),
            status=page.status,
            headers=dict(page.headers),
            asked=request.asked,
            asked_for=request.asked_for,
            cost=request.cost,
            suffix=request.suffix,
            body_bytes=len(page.body),
            body_sha256=hashlib.sha256(page.body).hexdigest(),
            note=note,
        )
        file = self._paths.page_file(self._platform, self._night, item, sequence, mark).with_suffix(suffix)
        written = write_page(file, header, page.body)
        self._unsynced.append(file)
        if self._sync_under_way is None or self._sync_under_way.done():
            self._sync_under_way = self._syncing.submit(self._sync)
        self._count(header)
        return written

    def plan(self) -> Plan | None:
        """What the night asks about, if its collection has begun."""
        file = self._paths.plan_file(self._platform, self._night)
        return msgspec.json.decode(file.read_bytes(), type=Plan) if file.exists() else None

    def keep_plan(self, plan: Plan) -> None:
        """Fix what the night asks about."""
        write_whole(self._paths.plan_file(self._platform, self._night), msgspec.json.encode(plan, order="deterministic"))


def _shown(request: Request) -> str:
    return f"{request.url}?{urlencode(request.query)}" if request.query else request.url
