"""``undercurrent calibrate``: how often the current method is wrong in worlds of known truth; kept for the nights that use the method."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from pipelines.commands.console import FOLDER, errors, output


@click.command()
@click.option("--data", type=FOLDER, required=True, help="Where the results are kept, for the nights to find.")
@click.option("--seeds", type=click.IntRange(1), help="Seeds of each world; 200 if not given, 40 with --quick.")
@click.option("--quick", is_flag=True, help="Few seeds: shows a wrong method soon, and rarely clears a right one.")
@click.option("--ship", is_flag=True, help="Also write the results into the package, for every installation of this version.")
def calibrate(data: Path, seeds: int | None, *, quick: bool, ship: bool) -> None:
    """Repeat the worlds of known truth with the current method; exit 0 only if what it claims may be published.

    The results are kept by method. A method that is calibrated from as many seeds is not calibrated again.
    """
    os.environ["UNDERCURRENT_DATA"] = str(data.resolve())
    from pipelines.lake.paths import DataPaths
    from pipelines.nightly import calibration
    from pipelines.nightly.lock import DataInUseError, run_lock
    from pipelines.quality.calibration import verdict

    paths, screen = DataPaths(data.resolve()), output()
    wanted = seeds or (calibration.QUICK_SEED_COUNT if quick else calibration.SEED_COUNT)
    key = calibration.calibration_key()
    columns = (TextColumn("worlds"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    try:
        with (
            run_lock(data, "undercurrent calibrate"),
            Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as progress,
        ):
            task = progress.add_task("worlds", total=None)
            found = calibration.calibrate(paths, wanted, lambda done, total: progress.update(task, completed=done, total=total))
    except DataInUseError as error:
        raise click.ClickException(f"calibrate: {error}") from None
    if not found.is_new:
        screen.print(f"method {key[:12]} is calibrated from as many seeds already; nothing was run")
    screen.print(_table(found.rows.to_pylist()))
    if ship:
        screen.print(f"shipped: {calibration.ship(found.rows)}")
    passed, observed, _ = verdict(found.rows, key)
    if passed:
        screen.print(f"[green]may be published[/green]: {observed}; run the night")
        return
    complaints = errors()
    complaints.print("[red]is withheld[/red], by gate marts of every night:")
    complaints.print(f"  {observed}", markup=False)
    sys.exit(1)


def _table(rows: list[dict[str, object]]) -> Table:
    """The rows that gate, with the bound of each direction."""
    table = Table("world", "truth", "metric", "seeds", "lead first", "bound", "target first", "bound", "limit", "status")
    for row in rows:
        if row["is_gating"]:
            numbers = (
                f"{row['seed_count']}",
                f"{row['lead_first_count']}",
                f"{row['lead_first_upper']:.3f}",
                f"{row['target_first_count']}",
                f"{row['target_first_upper']:.3f}",
                f"{row['limit']:.3f}",
            )
            table.add_row(str(row["world"]), str(row["truth"]), str(row["metric"]), *numbers, str(row["status"]))
    return table
