"""``undercurrent collect``: asks the platforms of the watchlist for one night; ``undercurrent watchlist``: reads it and says what is wrong."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.commands.collect_progress import CollectProgress
from pipelines.commands.console import FOLDER, output
from pipelines.lake.paths import DataPaths

if TYPE_CHECKING:
    from pipelines.http.collect import Tools
    from pipelines.http.watched import Watched

_FILE = click.Path(dir_okay=False, path_type=Path)
_DAY = click.DateTime(["%Y-%m-%d"])
_WATCHLIST_HELP = "What to collect; UNDERCURRENT_WATCHLIST or DATA/watchlist.yaml if not given."


@click.command()
@click.option("--data", type=FOLDER, required=True, help="Where pages, cursors and the lake live.")
@click.option("--watchlist", type=_FILE, help=_WATCHLIST_HELP)
@click.option("--day", type=_DAY, help="The night to collect for (UTC); yesterday if not given.")
@click.option("--platform", "platforms", multiple=True, help="Only this platform; may be given several times.")
@click.option("--dry-run", is_flag=True, help="Say what would be asked and what it would cost; ask nothing.")
def collect(data: Path, watchlist: Path | None, day: datetime | None, platforms: tuple[str, ...], *, dry_run: bool) -> None:
    """Fetch what the watchlist names into DATA/pages; the next nightly of that day takes it in.

    What was fetched for the night before is not asked for again, so a collection that was stopped goes on where it was.
    Exit 0 if every platform was collected whole or skipped for lack of credentials.
    """
    night = day.date() if day else datetime.now(UTC).date() - timedelta(days=1)
    if night >= datetime.now(UTC).date():
        raise click.ClickException(f"collect: {night} is not over; the last finished night (UTC) is yesterday")
    paths, watched = DataPaths(data.resolve()), _read(data, watchlist, "collect")
    unknown = sorted(set(platforms) - set(watched))
    if unknown:
        raise click.ClickException(
            f"collect: the watchlist holds no {', '.join(unknown)}; it holds {', '.join(watched) or 'nothing'}"
        )
    watched = {name: each for name, each in watched.items() if not platforms or name in platforms}
    if dry_run:
        _tell_what_would_be_asked(paths, watched, night)
    elif not _collected(paths, watched, night):
        sys.exit(1)


@click.command()
@click.option("--data", type=FOLDER, required=True, help="The installation whose watchlist it is.")
@click.option("--watchlist", type=_FILE, help=_WATCHLIST_HELP)
def watchlist(data: Path, watchlist: Path | None) -> None:
    """Check the watchlist: every mistake with its line, and what each platform would collect."""
    from pipelines.http.clients import CLIENTS
    from pipelines.http.collect import skipped_for
    from pipelines.http.credentials import Credentials, Redactor

    screen = output()
    for name, watched in _read(data, watchlist, "watchlist").items():
        client = CLIENTS[name]
        missing = skipped_for(client, watched, Credentials(client.credentials, os.environ, Redactor()), datetime.now(UTC).date())
        counts: dict[str, int] = {}
        for item in watched.items:
            counts[item.source] = counts.get(item.source, 0) + 1
        told = ", ".join(f"{count} {source}" for source, count in counts.items()) or "nothing"
        screen.print(f"{name}: {told}" + (f"; will be skipped: {missing}" if missing else ""), markup=False)


def _read(data: Path, given: Path | None, command: str) -> dict[str, Watched]:
    from pipelines.http.clients import CLIENTS
    from pipelines.http.watchlist import WatchlistError, load_watchlist

    file = given or Path(os.environ.get("UNDERCURRENT_WATCHLIST") or DataPaths(data).watchlist)
    if not file.is_file():
        raise click.ClickException(f"{command}: there is no watchlist {file}; docs/watchlist.example.yaml shows one")
    try:
        return load_watchlist(file, CLIENTS)
    except WatchlistError as error:
        raise click.ClickException(f"{command}: the watchlist has {len(error.mistakes)} mistakes:\n{error}") from None


def _collected(paths: DataPaths, watched: dict[str, Watched], night: date) -> bool:
    """Whether nothing was cut short."""
    from pipelines.http.clients import CLIENTS
    from pipelines.http.collect import collect_all
    from pipelines.lake.collection import PARTIAL

    paths.root.mkdir(parents=True, exist_ok=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    screen = output()
    is_whole = True
    try:
        with CollectProgress(screen) as progress:
            tools_of: Callable[[str], Tools] = partial(_tools, progress)
            for collection in collect_all(paths, CLIENTS, watched, night, tools_of):
                is_whole = is_whole and collection.status != PARTIAL
                screen.print(collection.sentence(), markup=False)
    except KeyboardInterrupt:
        screen.print("stopped; what was fetched is kept, and the same command goes on from there")
        os._exit(130)  # threads may be waiting for a quarter of an hour; a page is whole or not there at any moment
    return is_whole


def _tools(progress: CollectProgress, platform: str) -> Tools:
    from pipelines.http.collect import Tools
    from pipelines.lake.counting import record_count
    from pipelines.platforms.registry import PLATFORMS

    if not progress.is_shown or platform not in PLATFORMS:
        return Tools()
    spec = PLATFORMS[platform]
    return Tools(tell=progress.tell, count=lambda page: record_count(spec, page.body, page.request.suffix))


def _tell_what_would_be_asked(paths: DataPaths, watched: dict[str, Watched], night: date) -> None:
    from rich.table import Table

    from pipelines.http.clients import CLIENTS
    from pipelines.http.dry_run import preview

    screen = output()
    table = Table(
        "platform", "source", "items", "first requests", "on disk", "units", title=f"night {night}", title_justify="left"
    )
    lines = []
    for name, each in watched.items():
        told = preview(paths, CLIENTS[name], each, night, datetime.now(UTC), os.environ)
        for asking in told.askings:
            table.add_row(name, asking.source, *map(str, (asking.items, asking.requests, asking.on_disk, asking.units)))
            if asking.refused:
                lines.append(f"{name}: {asking.source} would be refused: {asking.refused}")
        left = told.units - told.units_spent
        lines.append(
            f"{name}: {left:,} of {told.units:,} units left for the night, {told.requests_per_second:g} requests a second at most"
        )
        if told.skipped:
            lines.append(f"{name}: would be skipped: {told.skipped}")
    screen.print(table)
    for line in lines:
        screen.print(line, markup=False)
    screen.print("Further pages hang on the answers. Nothing was asked.")
