"""``undercurrent ui``: Dagster's web UI on this machine, with the runs that the command line made."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import click

from pipelines.commands.console import FOLDER, output
from pipelines.settings import PROJECT, SettingsError, from_environment


@click.command()
@click.option("--inbox", type=FOLDER, required=True, help="Holds one folder per platform.")
@click.option("--data", type=FOLDER, required=True, help="Where lake, warehouse and published tables live.")
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True)
def ui(inbox: Path, data: Path, port: int) -> None:
    """Start Dagster's web UI, its schedule and its sensor, on this machine only; Ctrl-C ends it."""
    for folder in (data, inbox):
        folder.mkdir(parents=True, exist_ok=True)
    os.environ["UNDERCURRENT_DATA"] = str(data.resolve())
    os.environ["UNDERCURRENT_INBOX"] = str(inbox.resolve())
    home = Path(os.environ.setdefault("DAGSTER_HOME", str(PROJECT / ".dagster_home")))
    if not (home / "dagster.yaml").is_file():
        raise click.ClickException(
            f"ui: {home} holds no dagster.yaml, so nothing would limit the runs; run: undercurrent doctor --data {data}"
        )
    try:
        settings = from_environment()
    except SettingsError as error:
        raise click.ClickException(f"ui: {error}") from None
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise click.ClickException(f"ui: port {port} is in use; choose another with --port") from None
    screen = output()
    for dead in _end_dead_runs(data):
        screen.print(f"run {dead} was killed before; it is recorded as failed now")
    screen.print(
        f"http://127.0.0.1:{port} in about a minute; the schedule runs at 03:00 {settings.time_zone} once it is switched on there"
    )
    # The same process: Ctrl-C and a service manager's signals reach Dagster itself.
    dagster = str(Path(sys.executable).with_name("dagster"))
    arguments = ["dev", "-w", str(PROJECT / "workspace.yaml"), "-h", "127.0.0.1", "-p", str(port)]
    os.execv(dagster, [dagster, *arguments])  # noqa: S606 - our own environment's dagster, no shell


def _end_dead_runs(data: Path) -> list[str]:
    import dagster as dg

    from pipelines.runs import end_dead_runs_if_idle

    with dg.DagsterInstance.get() as instance:
        return end_dead_runs_if_idle(instance, data)
