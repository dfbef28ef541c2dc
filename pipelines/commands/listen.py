"""``undercurrent listen``: hears a public stream for a while and puts what came into the inbox."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from pipelines.commands.console import FOLDER, output

if TYPE_CHECKING:
    from pipelines.http.stream import Heard

_MICROSECONDS = 1_000_000
_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


@click.command()
@click.option("--inbox", type=FOLDER, required=True, help="Where segments go: below bluesky/jetstream.")
@click.option("--seconds", type=click.FloatRange(min=1), default=3_600.0, show_default=True, help="How long to listen at most.")
@click.option("--server", help="Origin of the Jetstream server, as wss://...; one of Bluesky's own if not given.")
@click.option("--account", "accounts", multiple=True, help="Only what this account (a DID) does; may be given several times.")
@click.option("--to-now", is_flag=True, help="Stop when all that came before this moment was heard.")
def listen(inbox: Path, seconds: float, server: str | None, accounts: tuple[str, ...], *, to_now: bool) -> None:
    """Hear Bluesky's Jetstream and put its events into the inbox; the next nightly takes them in.

    Resumes where the segments in the inbox end. What the server has forgotten by then is written down as a gap, which coverage shows.
    Exit 1 if the server refused or could not be reached.
    """
    from pipelines.http.segments import SegmentFiles
    from pipelines.http.stream import End, Limits, hear
    from pipelines.platforms.bluesky.jetstream import SERVERS, Jetstream

    origin = (server or SERVERS[0]).rstrip("/")
    named = urlsplit(origin)
    if not named.hostname or (named.scheme != "wss" and not (named.scheme == "ws" and named.hostname in _THIS_MACHINE)):
        raise click.ClickException(f"listen: {origin!r} is no server to listen to; write wss://, or ws:// for this machine")
    wrong = [account for account in accounts if not account.startswith("did:")]
    if wrong:
        raise click.ClickException(f"listen: {wrong[0]!r} is no DID; write did:plc:..., since a handle can change")
    segments = SegmentFiles(inbox / "bluesky" / "jetstream", "jetstream")
    screen, until = output(), int(time.time() * _MICROSECONDS) if to_now else None

    def tell(heard: Heard) -> None:
        screen.print(f"{heard.event_count:,} events, up to {_moment(heard.landed_position)}", markup=False)

    heard = hear(Jetstream(origin, accounts), segments, segments.position(), until, Limits(seconds=seconds), tell=tell)
    for gap in heard.gaps:
        screen.print(f"gap from {_moment(gap.begins)} to {_moment(gap.ends)}: {gap.sentence()}", markup=False)
    screen.print(
        f"{heard.end}: {heard.event_count:,} events, {heard.duplicate_count:,} heard twice, {heard.garbage_count:,} no events,"
        f" {heard.connection_count} connections{'; ' + heard.detail if heard.detail else ''}",
        markup=False,
    )
    if heard.end in {End.REFUSED, End.FAILING}:
        sys.exit(1)


def _moment(position: int | None) -> str:
    return "no time" if position is None else f"{datetime.fromtimestamp(position / _MICROSECONDS, UTC):%Y-%m-%d %H:%M:%S} UTC"
