"""``undercurrent calibrate``: how often the current method is wrong in worlds of known truth; kept for the nights that use the method."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from pipelines.commands.console import FOLDER, counting, errors, output

_SECONDS_A_MINUTE = 60


@click.command()
@click.option("--data", type=FOLDER, required=True, help="Where the results are kept, for the nights to find.")
@click.option("--seeds", type=click.IntRange(1), help="Seeds of each world, no rounds; else up to 200, until a world is settled.")
@click.option("--quick", is_flag=True, help="Six seeds: shows a wrong method within minutes, and clears none.")
@click.option("--within", type=click.FloatRange(0, min_open=True), metavar="MINUTES", help="Begin no seed after so many minutes.")
@click.option(
    "--again", is_flag=True, help="Count anew even where the method is settled; single worlds kept in DATA are not run again."
)
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write all rows there too.")
@click.option("--ship", is_flag=True, help="Also write the results into the package, for every installation of this version.")
def calibrate(
    data: Path, seeds: int | None, within: float | None, file: Path | None, *, quick: bool, again: bool, ship: bool
) -> None:
    """Repeat the worlds of known truth with the current method; exit 0 only if what it claims may be published.

    Seeds come in rounds (36, 60, 120, 200): a world whose bounds are within their limits stops, the others go on.
    The results are kept by method, and each single world as it ends, so that a run that was stopped goes on where it was.
    """
    os.environ["UNDERCURRENT_DATA"] = str(data.resolve())
    from pipelines.commands.calibration_table import calibration_table, run_in_words
    from pipelines.lake.paths import DataPaths
    from pipelines.nightly import calibration
    from pipelines.nightly.lock import DataInUseError, run_lock
    from pipelines.quality.calibration import verdict
    from pipelines.world.rounds import QUICK_SEED_COUNT, ROUNDS, CalibrationError, Plan

    if seeds and quick:
        raise click.ClickException("calibrate: give --seeds or --quick, not both")
    rounds = (seeds,) if seeds else (QUICK_SEED_COUNT,) if quick else ROUNDS
    plan = Plan(rounds, within * _SECONDS_A_MINUTE if within else None)
    paths, screen = DataPaths(data.resolve()), output()
    key = calibration.calibration_key()
    try:
        with run_lock(data, "undercurrent calibrate"), counting(screen, "worlds") as report:
            found = calibration.calibrate(paths, plan, report, is_again=again)
    except DataInUseError as error:
        raise click.ClickException(f"calibrate: {error}") from None
    except CalibrationError as error:
        raise click.ClickException(f"calibrate: {error}; what was found of other worlds is kept") from None
    shown = (found.rows if found.run is None else found.run).to_pylist()
    screen.print(calibration_table(shown))
    if found.run is None:
        screen.print(f"method {key[:12]} is settled already; nothing was run (--again counts anew)")
    for line in run_in_words(shown):
        screen.print(line)
    passed, observed, _ = verdict(found.rows, key)
    if file:
        summary = {"calibration_key": key, "may_be_published": passed, "observed": observed, "rows": shown}
        file.write_text(json.dumps(summary, indent=1) + "\n")
    if ship:
        screen.print(f"shipped: {calibration.ship(found.rows)}")
    if passed:
        screen.print(f"[green]may be published[/green]: {observed}; run the night")
        return
    complaints = errors()
    complaints.print("[red]is withheld[/red], by gate marts of every night:")
    complaints.print(f"  {observed}", markup=False)
    sys.exit(1)
