"""One platform's night of live collection: a fixed plan, lookups of what is due, every watched item's chain, and what came of it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final

import httpx

from pipelines.http.asking import Asked, Asker
from pipelines.http.chains import MOST_PAGES, Chain, run_chain
from pipelines.http.client import Bounds, Sender
from pipelines.http.clock import Clock
from pipelines.http.credentials import Credentials, Redactor
from pipelines.http.cursors import commit_cursor, standing_before
from pipelines.http.hosts import AllowList
from pipelines.http.meter import Meter
from pipelines.http.pages import PageStore, Plan, item_name
from pipelines.http.protocol import Lookup, Page, PlatformClient, Request, Source, WatchItem, Window
from pipelines.http.retry import LIMITS, Limits
from pipelines.http.watched import Watched
from pipelines.lake.collection import Collected, Collection, keep_collection
from pipelines.lake.commit import alone
from pipelines.lake.due import due_accounts, due_by_terms, due_posts
from pipelines.lake.paths import DataPaths

_LOG: Final = logging.getLogger(__name__)
CONTACT_VARIABLE: Final = "UNDERCURRENT_CONTACT"
# What was collected up to is asked about again: platforms show some things late.
_OVERLAP: Final = timedelta(days=2)
# Lookups come first, since their ages pass; they may take half of the night's units, so that new things are still asked for.
_LOOKUP_SHARE: Final = 0.5
_MOST_LOOKED_UP: Final = 100_000
_LOOKED_UP: Final = ("post", "account")
_MOST_DETAILS: Final = 20  # told of one source


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a collection is, for whoever watches."""

    platform: str
    doing: str
    done: int
    total: int
    pages: int
    rows: int
    units_left: int


@dataclass(frozen=True, slots=True)
class Tools:
    """What a collection is done with; the defaults are this machine's."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    clock: Clock = field(default_factory=Clock)
    random: Random = field(default_factory=Random)
    limits: Limits = LIMITS
    bounds: Bounds = field(default_factory=Bounds)
    transport: httpx.BaseTransport | None = None
    most_pages: int = MOST_PAGES
    tell: Callable[[Progress], None] = lambda _: None
    count: Callable[[Page], int] = lambda _: 0  # records of a page, for ``tell``


def collect_platform(
    paths: DataPaths, client: PlatformClient, watched: Watched, night: date, tools: Tools | None = None
) -> Collection:
    """Collect one platform for one night; what was fetched for the night before is not asked for again.

    Trouble with an item cuts that item short and says so; the others go on.

    Args:
        paths: the data folder.
        client: how the platform is asked.
        watched: what is watched on it.
        night: the partition that takes the pages in.
        tools: clock, randomness, limits and environment, if not this machine's.

    Returns:
        What was done, which is also written down for the intake.
    """
    tools = tools or Tools()
    redactor = Redactor()
    credentials = Credentials(client.credentials, tools.environment, redactor)
    missing = skipped_for(client, watched, credentials, night)
    with alone(paths.root, f"collect-{watched.platform}"):
        if missing is not None:
            sources = [
                Collected(source=name, codes=["no_credentials"], details=[missing], is_skipped=True)
                for name in dict.fromkeys(item.source for item in watched.items)
            ]
            collection = Collection(platform=watched.platform, night=night, sources=sources)
        else:
            sender = Sender(
                allow_list(client, watched),
                credentials,
                redactor,
                tools.clock,
                contact=tools.environment.get(CONTACT_VARIABLE, ""),
                bounds=tools.bounds,
                transport=tools.transport,
            )
            store = PageStore(paths, watched.platform, night)
            try:
                collection = _Night(paths, client, watched, night, store, sender, tools).run()
            finally:
                sender.close()
                store.close()
        keep_collection(paths, collection)
    return collection


def skipped_for(client: PlatformClient, watched: Watched, credentials: Credentials, night: date) -> str | None:
    """Why nothing of a platform can be asked: credentials that all watched items need are missing. None where something can."""
    return None if _asks_openly(client, watched, night) else credentials.missing()


def _asks_openly(client: PlatformClient, watched: Watched, night: date) -> bool:
    """Whether some watched item begins with a request that needs no credential."""
    sources = {source.name: source for source in client.sources}
    ends = datetime.combine(night + timedelta(days=1), time(), UTC)
    window = Window(ends - timedelta(days=1), ends)
    required = {each.name for each in client.credentials if not each.is_optional}
    for item in watched.items:
        try:
            requests = sources[item.source].begin(item, {}, window).requests
        except ValueError:
            continue  # it is told where it is asked
        if requests and not any(request.credential in required for request in requests):
            return True
    return False


def collect_guarded(
    paths: DataPaths, client: PlatformClient, watched: Watched, night: date, tools: Tools | None = None
) -> Collection:
    """As ``collect_platform``; whatever goes wrong, the night goes on without the platform and coverage says so."""
    try:
        return collect_platform(paths, client, watched, night, tools)
    except Exception as error:  # noqa: BLE001 - a fault of ours or of a platform's client must not cost the night
        _LOG.exception("the collection of %s broke off", watched.platform)
        told = Collected(source="collection", items=1, cut=1, codes=["failed"], details=[type(error).__name__])
        collection = Collection(platform=watched.platform, night=night, sources=[told])
        keep_collection(paths, collection)
        return collection


def collect_all(
    paths: DataPaths,
    clients: Mapping[str, PlatformClient],
    watchlist: Mapping[str, Watched],
    night: date,
    tools_of: Callable[[str], Tools],
) -> Iterator[Collection]:
    """Collect all platforms of a watchlist at once, since each waits for its own server; gives each as it ends."""
    with ThreadPoolExecutor(max(1, len(watchlist)), "collect") as threads:
        waiting = [
            threads.submit(collect_guarded, paths, clients[name], watched, night, tools_of(name))
            for name, watched in watchlist.items()
        ]
        for done in as_completed(waiting):
            yield done.result()


def allow_list(client: PlatformClient, watched: Watched) -> AllowList:
    """The hosts of a platform's night: its own, those of its tokens, and all that the watchlist names."""
    tokens = [each.token_url for each in client.credentials if each.token_url]
    named = [client.server, *tokens, *watched.urls, *(item.server for item in watched.items)]
    return AllowList.of([*client.hosts, *watched.hosts], named)


def planned(paths: DataPaths, client: PlatformClient, watched: Watched, night: date, now: datetime) -> Plan:
    """What a night asks about, if its collection begins now.

    The window is the UTC day of the night, and back to what the last complete collection of an item covered, with an overlap.
    """
    begins, ends = datetime.combine(night, time(), UTC), datetime.combine(night + timedelta(days=1), time(), UTC)
    plan = Plan(begins_at=begins - _OVERLAP, ends_at=ends)
    if watched.looks_up:
        plan.lookups = {kind: ids for kind in _LOOKED_UP if (ids := _due(paths, client, watched, kind, night, now))}
    for item in watched.items:
        _plan_item(plan, paths, watched, item, night)
    return plan


def _plan_item(plan: Plan, paths: DataPaths, watched: Watched, item: WatchItem, night: date) -> None:
    name = item_name(item)
    standing = standing_before(paths, watched.platform, name, night)
    plan.cursors[name] = dict(standing.cursor) if standing else {}
    days_back = item.options.get("days_back", watched.days_back)
    covered = standing.ends_at if standing else datetime.combine(night, time(), UTC) - timedelta(days=days_back)
    plan.begins[name] = min(plan.begins_at, covered - (_OVERLAP if standing else timedelta()))


def _due(paths: DataPaths, client: PlatformClient, watched: Watched, kind: str, night: date, now: datetime) -> list[str]:
    lookups = [lookup for lookup in client.lookups if lookup.asked_for == kind]
    if not lookups:
        return []
    units = (watched.budget or client.budget).units
    most = min(_MOST_LOOKED_UP, int(units * _LOOKUP_SHARE) * max(lookup.batch_count for lookup in lookups))
    ids: list[str] = []
    if client.refresh_days is not None:
        ids += due_by_terms(paths, watched.platform, kind, night, now, client.refresh_days, most)
    ids += (due_posts if kind == "post" else due_accounts)(paths, watched.platform, night, now, most)
    return list(dict.fromkeys(ids))[:most]


def lookup_requests(client: PlatformClient, watched: Watched, plan: Plan) -> Iterator[tuple[Lookup, Request]]:
    """The requests of a plan's lookups, in order."""
    servers = [watched.server or client.server]
    if client.is_looked_up_by_server:
        servers = sorted({item.server for item in watched.items})
    for lookup in client.lookups:
        ids = plan.lookups.get(lookup.asked_for, [])
        for server in servers:
            for start in range(0, len(ids), lookup.batch_count):
                for request in lookup.requests(ids[start : start + lookup.batch_count], server):
                    yield lookup, request


class _Night:
    """One platform's night while it runs."""

    def __init__(
        self,
        paths: DataPaths,
        client: PlatformClient,
        watched: Watched,
        night: date,
        store: PageStore,
        sender: Sender,
        tools: Tools,
    ) -> None:
        self._paths, self._client, self._watched, self._night, self._tools = paths, client, watched, night, tools
        self._store = store
        budget = watched.budget or client.budget
        self._meter = Meter(budget, self._store.units_spent, tools.clock, tools.limits.longest_wait_seconds)
        self._asker = Asker(sender, self._store, self._meter, tools.clock, tools.random, client.judge, tools.limits)
        self._reserve = int(budget.units * (1 - _LOOKUP_SHARE))
        self._found: dict[str, Collected] = {}
        self._rows = 0
        self._place = ("", 0, 0)

    def run(self) -> Collection:
        plan = self._plan()
        requests = list(lookup_requests(self._client, self._watched, plan))
        items = self._in_turn()
        total = len(requests) + len(items)
        for number, (lookup, request) in enumerate(requests):
            self._tell(f"{lookup.asked_for} lookups", number, total)
            self._look_up(lookup, request)
        for number, (item, source) in enumerate(items):
            self._tell(item.source, len(requests) + number, total)
            self._watch(plan, item, source)
        self._tell("done", total, total)
        return Collection(
            platform=self._watched.platform,
            night=self._night,
            sources=list(self._found.values()),
            pages_fetched=self._asker.fetched,
            pages_from_disk=self._asker.from_disk,
            failed_attempts=self._asker.failed,
            torn_pages=self._store.torn,
            units_spent=self._store.units_spent,
            units_left=self._meter.units_left,
            closed=self._meter.closed,
        )

    def _tell(self, doing: str, done: int, total: int) -> None:
        self._place = (doing, done, total)
        pages = self._asker.fetched + self._asker.from_disk
        self._tools.tell(Progress(self._watched.platform, doing, done, total, pages, self._rows, self._meter.units_left))

    def _ask(self, request: Request, source: str, item: str, reserve: int = 0) -> Asked:
        asked = self._asker.ask(request, source, item, reserve=reserve)
        if asked.page is not None:
            self._rows += self._tools.count(asked.page)
        self._tell(*self._place)
        return asked

    def _plan(self) -> Plan:
        """The night's plan, fixed when its collection first begins; an item that came into the watchlist since is added."""
        plan = self._store.plan()
        if plan is None:
            plan = planned(self._paths, self._client, self._watched, self._night, self._tools.clock.now())
            self._store.keep_plan(plan)
            return plan
        new = [item for item in self._watched.items if item_name(item) not in plan.cursors]
        for item in new:
            _plan_item(plan, self._paths, self._watched, item, self._night)
        if new:
            self._store.keep_plan(plan)
        return plan

    def _in_turn(self) -> list[tuple[WatchItem, Source]]:
        """The watched items, first those whose last complete night is longest ago: a small budget reaches each of them in time."""
        sources = {source.name: source for source in self._client.sources}

        def last_night(item: WatchItem) -> date:
            standing = standing_before(self._paths, self._watched.platform, item_name(item), self._night)
            return standing.night if standing else date.min

        return [(item, sources[item.source]) for item in sorted(self._watched.items, key=last_night)]

    def _look_up(self, lookup: Lookup, request: Request) -> None:
        source = f"{lookup.asked_for}_lookups"
        asked = self._ask(request, source, source, self._reserve)
        self._count(source, Chain(pages=int(asked.page is not None), cuts=[asked.cut] if asked.cut else []))

    def _watch(self, plan: Plan, item: WatchItem, source: Source) -> None:
        name = item_name(item)
        window = plan.window(name)

        def ask(request: Request) -> Asked:
            return self._ask(request, item.source, name)

        most = int(item.options.get("max_pages", self._tools.most_pages))
        chain = run_chain(source, item, plan.cursors[name], window, ask, most)
        if chain.cursor is not None:
            self._store.settle()
            commit_cursor(self._paths, self._watched.platform, name, self._night, window.ends_at, chain.cursor)
        self._count(item.source, chain)

    def _count(self, source: str, chain: Chain) -> None:
        found = self._found.setdefault(source, Collected(source=source))
        found.items += 1
        found.pages += chain.pages
        found.cut += bool(chain.cuts)
        found.codes = sorted({*found.codes, *(cut.code for cut in chain.cuts)})
        found.details = list(dict.fromkeys([*found.details, *(cut.detail for cut in chain.cuts)]))[:_MOST_DETAILS]
