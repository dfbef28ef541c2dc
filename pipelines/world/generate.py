"""Writes an invented world to disk as a stream of days: native files below ``inbox``, what is true below ``truth``. Draws nothing itself."""

from __future__ import annotations

import importlib
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Final

import numpy as np
import pyarrow.parquet as pq

from pipelines.world.drawn import HASHTAG, NOBODY, PLATFORMS, POST, day_of
from pipelines.world.native import trends as search_interest
from pipelines.world.native import wikipedia as page_views
from pipelines.world.native.addresses import post_address
from pipelines.world.native.files import Inbox, PlatformWriter
from pipelines.world.native.names import Names
from pipelines.world.observation import Collection, are_profiled, of_platform, profile_days
from pipelines.world.simulate import Simulation, simulate
from pipelines.world.truth import Ledger
from pipelines.world.worlds import named

SOURCES: Final = ("feeds", "gdelt", "mediacloud")


@dataclass(frozen=True, slots=True)
class WorldSummary:
    """What was written."""

    world: str
    size: str
    seed: int
    account_count: int
    post_count: int
    observed_post_count: int
    trend_count: int
    adoption_count: int
    item_count: int
    file_count: int
    byte_count: int


class _Ids:
    """Native ids and addresses, as the platforms' own modules make them."""

    def __init__(self, simulation: Simulation, names: Names, modules: dict[str, ModuleType]) -> None:
        self._names, self._modules = names, modules
        self._platforms = [PLATFORMS[number] for number in simulation.accounts.platform.tolist()]
        self._sources = [outlet.source for outlet in simulation.outlets]
        self.account = cache(self._account)

    def _account(self, account: int) -> str:
        made: str = self._modules[self._platforms[account]].account_id(self._names, account)
        return made

    def post(self, number: int, account: int, second: int, kind: int = POST) -> str:
        """Native id of a post of a kind."""
        made: str = self._modules[self._platforms[account]].post_id(self._names, number, account, second, kind)
        return made

    def item(self, number: int, outlet: int, second: int) -> str:
        """Native id of an item."""
        made: str = self._modules[self._sources[outlet]].item_id(self._names, number, outlet, second)
        return made

    def states_deletions(self, platform: int) -> bool:
        """Whether a platform's files can say that a post is gone."""
        return bool(self._modules[PLATFORMS[platform]].STATES_DELETIONS)

    def address(self, number: int, account: int, second: int) -> str:
        """Address of a post, as an article links to it."""
        return post_address(self._platforms[account], self._names.handles[account], self.post(number, account, second))


def write_world(
    out: Path, world: str, size: str, seed: int, report: Callable[[int, int], None] = lambda _done, _total: None
) -> WorldSummary:
    """Write a world's native files and its truth, a day at a time: memory holds a week's records, whatever the size.

    Args:
        out: folder; ``out/inbox`` and ``out/truth`` are replaced.
        world: one of ``worlds.WORLDS``.
        size: one of ``worlds.SIZES``.
        seed: non-negative; the same (world, size, seed) gives the same bytes.
        report: called after each day with the days done and all days.

    Returns:
        Counts of what was written.

    Raises:
        ValueError: unknown world or size, or a world whose trends are not all hashtags.
    """
    if named(world, size)[0].trends.unit_types != (HASHTAG,):
        raise ValueError(
            f"{world} is a world of the calibration, in memory only: its trends are links, sounds and the like, which no platform's"
            " writer spells; choose a world whose trends are hashtags"
        )
    simulation = simulate(world, size, seed)
    for folder in (out / "inbox", out / "truth"):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    names = Names.of(seed, simulation.accounts, simulation.niches, simulation.trends, simulation.outlets)
    modules = {name: importlib.import_module(f"pipelines.world.native.{name}") for name in (*PLATFORMS, *SOURCES)}
    inbox = Inbox(out / "inbox", has_faults=simulation.world.observation.has_bad_records)
    collection = Collection(simulation)
    ids = _Ids(simulation, names, modules)
    ledger = Ledger(simulation, collection, names, ids)
    items = _write_days(simulation, collection, ledger, inbox, names, modules, ids, report)
    page_views.write_attention(inbox, names, simulation.attention, simulation.random("page views"))
    search_interest.write_attention(inbox, names, simulation.attention, simulation.random("search interest"))
    for platform, day in simulation.world.observation.outages:
        inbox.plant(platform, "", "outage", None, day_of(day).isoformat())
    tables = ledger.tables(inbox.faults)
    for name, table in tables.items():
        pq.write_table(table, out / "truth" / f"{name}.parquet", compression="zstd")
    files = [path for path in (out / "inbox").rglob("*") if path.is_file()]
    summary = WorldSummary(
        world, size, seed, simulation.accounts.count, int(collection.made_count.sum()), int(collection.seen_count.sum()),
        len(simulation.trends), int((simulation.adoptions.post != NOBODY).sum()), items, len(files),
        sum(path.stat().st_size for path in files),
    )  # fmt: skip
    (out / "truth" / "world.json").write_text(json.dumps({"name": world, **asdict(summary)}, indent=1, sort_keys=True) + "\n")
    return summary


def _write_days(
    simulation: Simulation, collection: Collection, ledger: Ledger, inbox: Inbox, names: Names, modules: dict[str, ModuleType],
    ids: _Ids, report: Callable[[int, int], None],
) -> int:  # fmt: skip
    """Write every day's records and profiles; give the number of items."""
    accounts, platforms = simulation.accounts, simulation.accounts.platform
    used = np.unique(platforms).tolist()
    writers: dict[int, PlatformWriter] = {one: modules[PLATFORMS[one]].open_writer(inbox, names) for one in used}
    press: list[PlatformWriter] = [modules[name].open_writer(inbox, names, ids.address) for name in SOURCES]
    profiles_on, items = set(profile_days(simulation.size.day_count)), 0
    for day in simulation.days():
        filed = collection.see(day)
        ledger.note(day, filed)
        items += len(filed.items)
        for one, writer in writers.items():
            writer.write_day(of_platform(filed, one, platforms))
            if day.day in profiles_on:
                own = np.flatnonzero(platforms == one)
                shown = own[are_profiled(accounts, simulation.world.observation, own, day.day)]
                if len(shown):
                    writer.write_profiles(day.day, shown)
        for writer in press:
            writer.write_day(filed)
        report(day.day + 1, simulation.size.day_count)
    for writer in (*writers.values(), *press):
        writer.close()
    return items
