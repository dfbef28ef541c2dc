"""The first stage of a night: what the watchlist names of one platform is fetched, if there is a watchlist. Nothing here stops a night."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipelines.http.clients import CLIENTS
from pipelines.http.collect import Tools, collect_guarded
from pipelines.http.protocol import PlatformClient
from pipelines.http.watchlist import WatchlistError, load_watchlist
from pipelines.lake.collection import PARTIAL
from pipelines.lake.paths import DataPaths


@dataclass(frozen=True, slots=True)
class Told:
    """What a platform's collection came to."""

    sentence: str
    page_count: int = 0
    is_whole: bool = True


def collect_for_night(
    paths: DataPaths, watchlist: Path, platform: str, client: PlatformClient, night: date, tools: Tools | None = None
) -> Told:
    """Collect one platform for one night.

    Args:
        paths: the data folder.
        watchlist: what is watched; need not exist.
        platform: its name.
        client: how it is asked.
        night: the partition that takes the pages in.
        tools: clock, limits and environment, if not this machine's.
    """
    if not watchlist.is_file():
        return Told(f"there is no watchlist {watchlist}: nothing is collected live")
    try:
        watched = load_watchlist(watchlist, {**CLIENTS, platform: client})
    except WatchlistError as error:
        return Told(f"the watchlist cannot be followed, so nothing is collected: {error}", is_whole=False)
    if platform not in watched:
        return Told(f"the watchlist names nothing of {platform}")
    paths.root.mkdir(parents=True, exist_ok=True)
    collection = collect_guarded(paths, client, watched[platform], night, tools)
    return Told(
        collection.sentence(), collection.pages_fetched + collection.pages_from_disk, is_whole=collection.status != PARTIAL
    )
