"""The plain path without a UI: world, nightly, query, doctor. Parses arguments and prints; the work is done elsewhere."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table

from pipelines.settings import PROJECT

_WIDTH: Final = None if sys.stdout.isatty() else 150
console: Final = Console(width=_WIDTH, highlight=False)
errors: Final = Console(width=_WIDTH, stderr=True, highlight=False)
_FOLDER: Final = click.Path(file_okay=False, path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def main() -> None:
    """Undercurrent: how culture moves from small creators to the mainstream, with an error bar and a null on every claim."""


@main.command()
@click.option("--out", type=_FOLDER, required=True, help="Folder to make: inbox/ and truth/.")
@click.option("--world", default="P6_full_realistic", show_default=True)
@click.option("--size", type=click.Choice(["tiny", "small", "large"]), default="small", show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
def world(out: Path, world: str, size: str, seed: int) -> None:
    """Write a made-up world in native formats, with its truth beside it."""
    from pipelines.world.generate import write_world

    try:
        made = write_world(out, world, size, seed)
    except (ValueError, KeyError) as error:
        raise click.ClickException(f"world: {error}") from None
    console.print(
        f"world {made.world}, {made.size}, seed {made.seed}: {made.post_count:,} posts of {made.account_count:,} accounts, {made.trend_count} planted trends, {made.file_count} files in {out / 'inbox'}"
    )


@main.command()
@click.option("--inbox", type=_FOLDER, required=True, help="Holds one folder per platform.")
@click.option("--data", type=_FOLDER, required=True, help="Where lake, warehouse and published tables live.")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="The night to run (UTC); yesterday if not given.")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="First of several nights.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="Last of several nights.")
def nightly(inbox: Path, data: Path, day: datetime | None, first: datetime | None, last: datetime | None) -> None:
    """Run the nightly job; exit 0 only if all gates passed and the snapshot was published."""
    if not inbox.is_dir():
        raise click.ClickException(f"nightly: there is no inbox folder {inbox}; make it, with one folder per platform in it")
    if day and (first or last):
        raise click.ClickException("nightly: give --day, or --from and --to, not both")
    if bool(first) != bool(last):
        raise click.ClickException("nightly: --from and --to go together")
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    begin = (first or day).date() if (first or day) else yesterday  # type: ignore[union-attr]
    end = last.date() if last else begin
    if end < begin or end > yesterday:
        raise click.ClickException(
            f"nightly: nights run from --from to --to and not after {yesterday}, the last finished UTC day"
        )
    data.mkdir(parents=True, exist_ok=True)
    os.environ["UNDERCURRENT_DATA"] = str(data.resolve())
    os.environ["UNDERCURRENT_INBOX"] = str(inbox.resolve())
    os.environ.setdefault("DAGSTER_HOME", str(PROJECT / ".dagster_home"))
    with _one_at_a_time(data):
        for night in (begin + timedelta(days=offset) for offset in range((end - begin).days + 1)):
            if not _run_night(data.resolve(), night):
                sys.exit(1)


@contextmanager
def _one_at_a_time(data: Path) -> Iterator[None]:
    with (data / ".nightly.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise click.ClickException(f"nightly: another nightly is at work on {data}; wait for it to end") from None
        yield


def _run_night(data: Path, night: date) -> bool:
    started = datetime.now(UTC)
    log = data / "logs" / f"night={night}.log"
    log.parent.mkdir(exist_ok=True)
    console.print(f"night {night}: ingest, conform, derive, model, publish; the full log goes to {log}")
    # Dagster and dbt write thousands of lines to the standard streams; a person at a terminal wants the result.
    with log.open("w") as stream, redirect_stdout(stream), redirect_stderr(stream):
        import dagster as dg

        from pipelines.definitions import definitions

        job = definitions().resolve_job_def("nightly")
        with dg.DagsterInstance.get() as instance:
            done = job.execute_in_process(
                partition_key=night.isoformat(),
                instance=instance,
                raise_on_error=False,
                run_config={"loggers": {"console": {"config": {"log_level": "INFO"}}}},
            )
    seconds = (datetime.now(UTC) - started).total_seconds()
    _summary(data, night)
    if done.success:
        console.print(
            f"[green]published[/green] in {seconds:.0f} s: {data / 'published' / 'current'} and {data / 'published' / 'undercurrent.duckdb'}"
        )
        _findings(data)
        return True
    errors.print(f"[red]not published[/red] after {seconds:.0f} s; the last snapshot is as it was. Why:", highlight=False)
    for line in _reasons(done, data, night):
        errors.print(f"  {line}", highlight=False, markup=False)
    return False


def _reasons(done: Any, data: Path, night: date) -> list[str]:
    import pyarrow.parquet as pq

    from pipelines.lake.paths import DataPaths

    lines = []
    log = DataPaths(data).gate_log_file(night)
    if log.exists():
        for row in pq.read_table(log, partitioning=None).to_pylist():
            if not row["passed"]:
                rows = f"; rows: {', '.join(row['sample_keys'])}" if row["sample_keys"] else ""
                lines.append(f"gate {row['gate']}, {row['table_name']}: {row['check_name']} ({row['observed']}){rows}")
    for event in done.all_events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            cause = error.cause if error and error.cause else error
            lines.append(f"step {event.step_key}: {str(cause.message).strip() if cause else 'failed'}"[:600])
    return lines[:20]


def _summary(data: Path, night: date) -> None:
    import pyarrow.parquet as pq

    from pipelines.lake.paths import DataPaths

    paths = DataPaths(data)
    table = Table(
        "platform", "files", "records", "landed", "quarantined", "duplicates", title=f"night {night}", title_justify="left"
    )
    for column in table.columns[1:]:
        column.justify = "right"
    unknown = []
    for ledger in sorted((data / "ledger").glob(f"*/night={night}.parquet")):
        rows = pq.read_table(ledger, partitioning=None).to_pylist()
        took = [row for row in rows if row["status"] in {"ingested", "unreadable"}]
        sums = [
            sum(row[name] for row in took) for name in ("record_count", "landed_count", "quarantined_count", "duplicate_count")
        ]
        table.add_row(ledger.parent.name, str(len(took)), *(f"{number:,}" for number in sums))
        unknown += [
            f"{ledger.parent.name}/{row['file']}: {row['detail']}"
            for row in rows
            if row["status"] in {"unknown_format", "unreadable"}
        ]
    console.print(table)
    reasons: Counter[str] = Counter()
    for file in sorted((data / "quarantine").glob(f"*/{night}.parquet")):
        for row in pq.read_table(file, partitioning=None, columns=["platform", "reason_code"]).to_pylist():
            reasons[f"{row['platform']} {row['reason_code']}"] += 1
    if reasons:
        console.print("quarantined: " + ", ".join(f"{name} {count}" for name, count in sorted(reasons.items())))
    for line in unknown:
        console.print(f"not taken in: {line}", highlight=False)
    log = paths.gate_log_file(night)
    if log.exists():
        results = pq.read_table(log, partitioning=None, columns=["gate", "passed"]).to_pylist()
        passed, total = Counter(row["gate"] for row in results if row["passed"]), Counter(row["gate"] for row in results)
        console.print(
            "gates: "
            + ", ".join(
                f"{gate} {passed[gate]}/{total[gate]}" for gate in ("landed", "staged", "derived", "marts") if total[gate]
            )
        )


def _findings(data: Path) -> None:
    """What the snapshot says, each number beside its error bar or its null."""
    import duckdb

    with duckdb.connect(str(data / "published" / "undercurrent.duckdb"), read_only=True) as connection:
        counts = connection.execute(
            "select (select count(*) from creators), (select count(*) from niches), (select count(*) from trends),"
            " (select count(*) from trends where abstain_reason is not null)"
        ).fetchone()
        if counts:
            console.print(
                f"found: {counts[0]:,} creators, {counts[1]} niches, {counts[2]} trends, of which {counts[3]} without a claim (each says why)"
            )
        origins = connection.execute(
            "select tier, odds_ratio, odds_ratio_low, odds_ratio_high, q_value, trend_count from origin_by_tier"
            " where period = 'all' and odds_ratio is not null order by tier"
        ).fetchall()
        for tier, ratio, low, high, q_value, trends in origins:
            console.print(
                f"origin at equal posting rate, {tier}: odds ratio {ratio:.2f} ({low:.2f} to {high:.2f}), q {q_value:.3f}, {trends} trends; null 1",
                highlight=False,
            )
        for target, claim, level, count in connection.execute(
            "select target_class, any_value(pooled_claim), count(*) filter (where evidence_level = 1), count(*) filter (where abstain_reason is null)"
            " from ripple_effects group by 1 order by 1"
        ).fetchall():
            console.print(
                f"micro creators before {target}: pooled claim {claim}; {level} of {count} trends beat their null at q < 0.05",
                highlight=False,
            )


@main.command()
@click.argument("sql")
@click.option("--data", type=_FOLDER, required=True)
@click.option("--format", "shape", type=click.Choice(["table", "csv", "json", "parquet"]), default="table", show_default=True)
def query(sql: str, data: Path, shape: str) -> None:
    """Ask the published snapshot, read-only."""
    import duckdb

    catalogue = data / "published" / "undercurrent.duckdb"
    if not catalogue.exists():
        raise click.ClickException(
            f"query: nothing is published in {data} yet; run: undercurrent nightly --inbox DIR --data {data}"
        )
    try:
        with duckdb.connect(str(catalogue.resolve()), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            found = connection.execute(sql).to_arrow_table()
    except duckdb.Error as error:
        raise click.ClickException(f"query: {error}") from None
    if shape == "table":
        table = Table(*found.column_names)
        for row in found.to_pylist():
            table.add_row(
                *("" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value) for value in row.values())
            )
        console.print(table)
    elif shape == "csv":
        click.echo(found.to_pandas().to_csv(index=False), nl=False)
    elif shape == "json":
        click.echo(found.to_pandas().to_json(orient="records", date_format="iso", lines=True), nl=False)
    else:
        import pyarrow.parquet as pq

        pq.write_table(found, sys.stdout.buffer)


@main.command()
@click.option("--data", type=_FOLDER, required=True)
def doctor(data: Path) -> None:
    """Check the installation, the lake and the last runs, and say what to do."""
    problems = list(_problems(data))
    for problem in problems:
        console.print(f"[red]to do[/red]  {problem}", highlight=False)
    if problems:
        sys.exit(1)
    console.print("nothing to do")


def _problems(data: Path) -> Iterator[str]:
    import pyarrow.parquet as pq

    from pipelines.lake.paths import DataPaths
    from pipelines.publish.snapshot import manifest

    paths = DataPaths(data.resolve())
    console.print(f"python {sys.version.split()[0]}, project {PROJECT}", highlight=False)
    if not data.is_dir():
        yield f"there is no data folder {data}; run: undercurrent nightly --inbox DIR --data {data}"
        return
    free = shutil.disk_usage(data).free / 1e9
    console.print(f"disk: {free:.0f} GB free", highlight=False)
    if free < 2:
        yield "less than 2 GB are free; make room before the next night"
    if paths.secret_file.exists() and stat.S_IMODE(paths.secret_file.stat().st_mode) & 0o077:
        yield f"the pseudonym secret can be read by others; run: chmod 600 {paths.secret_file}"
    for left in data.glob(".night-*"):
        yield f"{left} was left by a night that was killed; it is safe to delete"
    unreadable = [file for folder in ("lake", "vault") for file in (data / folder).rglob("*.parquet") if not _readable(file)]
    console.print(f"lake: {sum(1 for _ in (data / 'lake').rglob('*.parquet'))} files, {len(unreadable)} unreadable")
    for file in unreadable[:5]:
        yield f"{file} is no readable Parquet file; delete it and run its night again"
    logs = sorted((data / "gates").glob("night=*.parquet"))
    for log in logs[-3:]:
        rows = pq.read_table(log, partitioning=None).to_pylist()
        failed = [row for row in rows if not row["passed"]]
        console.print(f"{log.stem}: {len(rows) - len(failed)} of {len(rows)} checks passed", highlight=False)
        if failed and log == logs[-1]:
            yield f"the last night is closed by gate {failed[0]['gate']}, {failed[0]['table_name']}: {failed[0]['check_name']}; mend the input and run the night again"
    published = manifest(paths)
    if published is None:
        yield f"nothing is published yet; run: undercurrent nightly --inbox DIR --data {data}"
        return
    console.print(f"published: snapshot {published['snapshot']}, {len(published['tables'])} tables", highlight=False)


def _readable(file: Path) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        pq.read_metadata(file)
    except (pa.ArrowException, OSError):
        return False
    return True


if __name__ == "__main__":
    main()
