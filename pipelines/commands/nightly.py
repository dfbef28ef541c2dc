"""``undercurrent nightly``: the nightly job without the UI, one night or several, one at a time on a data folder."""

from __future__ import annotations

import os
import sys
import uuid
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, date, datetime, timedelta
from enum import Enum, auto
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from pipelines.commands.console import FOLDER, errors, output
from pipelines.commands.progress import StepProgress, told_steps
from pipelines.commands.report import findings, reasons, summary, withheld
from pipelines.settings import PROJECT, SettingsError, from_environment

_DAY = click.DateTime(["%Y-%m-%d"])
PARTLY_PUBLISHED: Final = 3
"""Exit code where every night was published and one is without its withheld tables."""


class _Outcome(Enum):
    """How a night ended: published whole, published without what gate 4 withheld, or not published."""

    WHOLE = auto()
    PARTLY = auto()
    STOPPED = auto()


@click.command()
@click.option("--inbox", type=FOLDER, required=True, help="Holds one folder per platform.")
@click.option("--data", type=FOLDER, required=True, help="Where lake, warehouse and published tables live.")
@click.option("--day", type=_DAY, help="The night to run (UTC); yesterday if not given.")
@click.option("--from", "first", type=_DAY, help="First of several nights.")
@click.option("--to", "last", type=_DAY, help="Last of several nights.")
@click.option("--rebuild", is_flag=True, help="Build every model from all of the lake, not from the night's event days only.")
def nightly(
    inbox: Path, data: Path, day: datetime | None, first: datetime | None, last: datetime | None, *, rebuild: bool
) -> None:
    """Run the nightly job; exit 0 only if all gates passed and the snapshot was published whole.

    Exit 3 means that it was published, but without the tables that the gate on their calibration withholds; 1 that it was not.

    A night is a run, not the day of its data: it takes in whatever the inbox holds that no earlier night took.
    Several nights run one after the other; the first that is not published ends them, one that withheld a table does not.
    """
    if not inbox.is_dir():
        raise click.ClickException(f"nightly: there is no inbox folder {inbox}; make it, with one folder per platform in it")
    nights = _nights(day, first, last)
    os.environ["UNDERCURRENT_DATA"] = str(data.resolve())
    os.environ["UNDERCURRENT_INBOX"] = str(inbox.resolve())
    home = Path(os.environ.setdefault("DAGSTER_HOME", str(PROJECT / ".dagster_home")))
    if not home.is_dir():
        raise click.ClickException(f"nightly: there is no DAGSTER_HOME folder {home}; make it, or leave the variable out")
    try:
        from_environment()
    except SettingsError as error:
        raise click.ClickException(f"nightly: {error}") from None
    from pipelines.nightly.lock import DataInUseError, run_lock

    try:
        with run_lock(data, f"undercurrent nightly, {nights[0]} to {nights[-1]}"):
            outcomes = []
            for night in nights:
                outcomes.append(_run_night(data.resolve(), night, rebuild=rebuild))
                if outcomes[-1] is _Outcome.STOPPED:
                    break
        if _Outcome.STOPPED in outcomes:
            sys.exit(1)
        if _Outcome.PARTLY in outcomes:
            sys.exit(PARTLY_PUBLISHED)
    except DataInUseError as error:
        raise click.ClickException(f"nightly: {error}") from None


def _nights(day: datetime | None, first: datetime | None, last: datetime | None) -> list[date]:
    from pipelines.partitions import FIRST_NIGHT

    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    if day and (first or last):
        raise click.ClickException("nightly: give --day, or --from and --to, not both")
    if (first is None) != (last is None):
        raise click.ClickException("nightly: --from and --to go together")
    begin = (first or day or datetime.combine(yesterday, datetime.min.time())).date()
    end = last.date() if last else begin
    if end < begin:
        raise click.ClickException(f"nightly: --from {begin} is after --to {end}")
    if end > yesterday:
        raise click.ClickException(f"nightly: {end} is not over; the last finished night (UTC) is {yesterday}")
    if begin < FIRST_NIGHT:
        raise click.ClickException(
            f"nightly: nights begin at {FIRST_NIGHT}, {begin} is none; older data need no older night: put their files in the inbox and run any night"
        )
    return [begin + timedelta(days=offset) for offset in range((end - begin).days + 1)]


def _run_night(data: Path, night: date, *, rebuild: bool) -> _Outcome:
    started = datetime.now(UTC)
    screen = output()
    log = data / "logs" / f"night={night}.log"
    log.parent.mkdir(exist_ok=True)
    screen.print(f"night {night}: ingest, conform, derive, model, publish; the full log goes to {log}")
    published, why = _executed(data, night, log, screen, rebuild=rebuild)
    seconds = (datetime.now(UTC) - started).total_seconds()
    summary(screen, data, night)
    if published:
        screen.print(
            f"[green]published[/green] in {seconds:.0f} s: {data / 'published' / 'current'} and {data / 'published' / 'undercurrent.duckdb'}"
        )
        findings(screen, data)
        return _Outcome.PARTLY if withheld(screen, data) else _Outcome.WHOLE
    complaints = errors()
    complaints.print(f"[red]not published[/red] after {seconds:.0f} s; the last snapshot is as it was. Why:")
    for line in why:
        complaints.print(f"  {line}", markup=False)
    return _Outcome.STOPPED


def _executed(data: Path, night: date, log: Path, screen: Console, *, rebuild: bool) -> tuple[bool, list[str]]:
    # Dagster and dbt write thousands of lines to the standard streams; a person at a terminal wants the result.
    with log.open("w") as stream, redirect_stdout(stream), redirect_stderr(stream):
        import dagster as dg

        from pipelines.definitions import definitions
        from pipelines.lake.paths import DataPaths
        from pipelines.nightly.stages import REBUILD_TAG
        from pipelines.publish.snapshot import manifest
        from pipelines.runs import COMMAND_LINE, STARTED_BY_TAG, end_dead_runs, lock_tags

        job = definitions().resolve_job_def("nightly")
        run_id = str(uuid.uuid4())
        steps = told_steps((node.name for node in job.nodes), is_watching=from_environment().watchlist.is_file())
        with dg.DagsterInstance.get() as instance, StepProgress(screen, steps) as progress:
            for dead in end_dead_runs(instance, data):
                screen.print(f"run {dead} was killed before; it is recorded as failed now")
            instance.add_event_listener(run_id, progress.heard)
            done = job.execute_in_process(
                partition_key=night.isoformat(),
                instance=instance,
                run_id=run_id,
                raise_on_error=False,
                run_config={"loggers": {"console": {"config": {"log_level": "INFO"}}}},
                tags={STARTED_BY_TAG: COMMAND_LINE, **lock_tags(data, run_id), **({REBUILD_TAG: "true"} if rebuild else {})},
            )
        now = manifest(DataPaths(data))
        published = done.success and now is not None and now["run_id"] == done.run_id
        return published, reasons(done, data, night)
