"""What a night's collection would ask first, and what that would cost. Sends and writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from pipelines.http.asking import UNFORESEEN
from pipelines.http.collect import allow_list, lookup_requests, planned, skipped_for
from pipelines.http.credentials import Credentials, Redactor
from pipelines.http.pages import PageStore, item_name
from pipelines.http.protocol import PlatformClient, Request
from pipelines.http.watched import Watched
from pipelines.lake.paths import DataPaths


@dataclass(slots=True)
class Asking:
    """One source, or the lookups of one kind.

    Attributes:
        source: its name.
        items: watched items, or ids that are looked up.
        requests: first requests that are not answered from the disk; what follows hangs on their answers.
        units: their cost.
        on_disk: first requests that were answered before.
        refused: of the first requests, those that the list of hosts would not let out, and why.
    """

    source: str
    items: int = 0
    requests: int = 0
    units: int = 0
    on_disk: int = 0
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """One platform's night, before it begins."""

    platform: str
    skipped: str | None
    askings: tuple[Asking, ...]
    units: int
    units_spent: int
    resets: str
    requests_per_second: float


def preview(
    paths: DataPaths, client: PlatformClient, watched: Watched, night: date, now: datetime, environment: Mapping[str, str]
) -> Preview:
    """What would be asked if the collection began now; where it has begun, its own plan holds."""
    store = PageStore(paths, watched.platform, night)
    store.close()
    plan = store.plan() or planned(paths, client, watched, night, now)
    allowed, found = allow_list(client, watched), dict[str, Asking]()

    def count(source: str, items: int, requests: tuple[Request, ...]) -> None:
        asking = found.setdefault(source, Asking(source))
        asking.items += items
        for request in requests:
            asking.refused = asking.refused or allowed.refusal(request.url) or ""
            if store.find(request) is not None:
                asking.on_disk += 1
            else:
                asking.requests += 1
                asking.units += request.cost

    for lookup, request in lookup_requests(client, watched, plan):
        count(f"{lookup.asked_for}_lookups", len(request.asked), (request,))
    sources = {source.name: source for source in client.sources}
    for item in watched.items:
        name = item_name(item)
        try:
            turn = sources[item.source].begin(item, plan.cursors.get(name, {}), plan.window(name))
        except UNFORESEEN:
            count(item.source, 1, ())
            continue
        count(item.source, 1, turn.requests)
    budget = watched.budget or client.budget
    missing = skipped_for(client, watched, Credentials(client.credentials, environment, Redactor()), night)
    return Preview(
        watched.platform,
        missing,
        tuple(found.values()),
        budget.units,
        store.units_spent,
        budget.resets,
        budget.requests_per_second,
    )
