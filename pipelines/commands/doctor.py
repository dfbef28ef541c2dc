"""``undercurrent doctor``: looks at the installation, the lake and the last runs, and says what to do."""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import click
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from pipelines.commands.console import FOLDER, output
from pipelines.lake.erasures import DATA, read_erasures, unapplied
from pipelines.lake.nights import held_back, landed_nights
from pipelines.lake.paths import DataPaths
from pipelines.lake.retention import PAGES, duties, overdue
from pipelines.nightly.lock import lock_holder
from pipelines.publish.snapshot import leftovers, manifest
from pipelines.quality.results import closes, withholds
from pipelines.settings import PROJECT, SettingsError, from_environment

_LEAST_FREE_GB: Final = 2
_SHOWN: Final = 5
_PIN: Final = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s\\]+)", re.MULTILINE)


@click.command()
@click.option("--data", type=FOLDER, required=True)
def doctor(data: Path) -> None:
    """Check the installation, the lake and the last runs, and say what to do; exit 1 if there is something."""
    screen = output()
    os.environ["UNDERCURRENT_DATA"] = str(data.resolve())
    problems = [*_installation(screen), *_data(screen, data)]
    for problem in problems:
        screen.print("[red]to do[/red]  ", end="")
        screen.print(problem, markup=False)
    if problems:
        sys.exit(1)
    screen.print("nothing to do")


def _installation(screen: Console) -> Iterator[str]:
    screen.print(f"python {sys.version.split()[0]}, project {PROJECT}")
    if sys.version_info[:2] != (3, 11):
        yield "Python 3.11 is needed; run: make setup PYTHON=/path/to/python3.11"
    yield from _versions(screen)
    try:
        settings = from_environment()
        screen.print(f"schedule: 03:00 {settings.time_zone}, once it is switched on in the UI")
    except SettingsError as error:
        yield str(error)
    home = Path(os.environ.get("DAGSTER_HOME") or PROJECT / ".dagster_home")
    screen.print(f"runs are recorded in {home}")
    if not home.is_dir():
        yield f"DAGSTER_HOME {home} is missing; run: mkdir -p {home} && cp {PROJECT}/.dagster_home/dagster.yaml {home}"
    elif not (home / "dagster.yaml").is_file():
        yield f"{home} holds no dagster.yaml, so runs are not queued one after the other; run: cp {PROJECT}/.dagster_home/dagster.yaml {home}"


def _versions(screen: Console) -> Iterator[str]:
    lock = PROJECT / "requirements.lock"
    if not lock.is_file():
        yield f"{lock} is missing; check out the project again"
        return
    others = []
    for name, wanted in _PIN.findall(lock.read_text()):
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "not installed"
        if found != wanted:
            others.append(f"{name} {found}, not {wanted}")
    screen.print("packages: as locked" if not others else f"packages: {len(others)} not as locked")
    if others:
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        yield f"not the versions of requirements.lock: {'; '.join(others[:_SHOWN])}{more}; run: rm -rf .venv && make setup"


def _data(screen: Console, data: Path) -> Iterator[str]:
    if not data.is_dir():
        yield f"there is no data folder {data}; run: undercurrent nightly --inbox DIR --data {data}"
        return
    paths = DataPaths(data.resolve())
    free = shutil.disk_usage(data).free / 1e9
    screen.print(f"disk: {free:.0f} GB free")
    if free < _LEAST_FREE_GB:
        yield f"less than {_LEAST_FREE_GB} GB are free; make room before the next night"
    if paths.secret_file.exists() and stat.S_IMODE(paths.secret_file.stat().st_mode) & 0o077:
        yield f"the pseudonym secret can be read by others; run: chmod 600 {paths.secret_file}"
    holder = lock_holder(data)
    if holder:
        screen.print(f"at work now: {holder}")
        yield f"a run is at work on {data} ({holder}); wait for it to end, then ask again"
    else:
        yield from _leftovers(paths)
    yield from _lake(screen, data)
    yield from _privacy(screen, paths)
    yield from _nights(screen, paths)


def _leftovers(paths: DataPaths) -> Iterator[str]:
    # Only while no run is at work: then nobody is still writing there.
    for left in sorted(folder for folder in paths.root.glob(".*") if folder.is_dir()):
        yield f"{left} was left by a night that was killed; run that night again, then this folder is of no use: rm -r {left}"
    for left in leftovers(paths):
        yield f"{left} was left by a publish that was killed; the next night removes it; run the night again"


def _lake(screen: Console, data: Path) -> Iterator[str]:
    files = [file for folder in ("lake", "vault") for file in sorted((data / folder).rglob("*.parquet"))]
    unreadable = [file for file in files if not _readable(file)]
    screen.print(f"lake: {len(files)} files, {len(unreadable)} unreadable")
    for file in unreadable[:_SHOWN]:
        night = file.stem.removeprefix("night=")
        yield f"{file} is no readable Parquet file; delete it and run its night again: undercurrent nightly --day {night}"
    if len(unreadable) > _SHOWN:
        yield f"{len(unreadable) - _SHOWN} more files of the lake are unreadable; mend these first, then ask again"


def _privacy(screen: Console, paths: DataPaths) -> Iterator[str]:
    on = datetime.now(UTC).date()
    for platform in duties():
        days = sorted(folder.name.removeprefix("day=") for folder in (paths.root / "vault" / platform).glob("*/day=*"))
        if days:
            screen.print(f"vault: {platform} from {days[0]} on")
    for each in overdue(paths, on):
        told = f"{each.platform}, {each.part}: {len(each.places)} files or folders observed since {each.oldest_on}"
        if each.part == PAGES:
            yield f"{told} are older than {each.allowed_days} days; run their nights, or remove them if they are not to be taken in: {each.places[0]}"
        else:
            yield f"{told} are older than the {each.allowed_days} days that its {each.duty} allows; run a night, which removes them"
    waiting = unapplied(paths).to_pylist()
    stated = [row for row in waiting if row["origin"] == DATA]
    screen.print(
        f"erasures: {read_erasures(paths).num_rows - len(waiting):,} keys are kept out, {len(waiting):,} not yet applied"
    )
    if stated:
        yield f"{len(stated):,} tombstones of the data are not yet applied to what the models hold; run a night"
    for platform, requested_at in sorted({(row["platform"], row["requested_at"]) for row in waiting if row["origin"] != DATA}):
        yield (
            f"an erasure of {platform}, asked for at {requested_at:%Y-%m-%d %H:%M} UTC, did not end; run the same command again: "
            f"undercurrent erase --data {paths.root} --platform {platform} --id ID"
        )
    unmodelled = _stated_since(paths)
    if unmodelled:
        yield f"{unmodelled:,} tombstones came with nights that passed their gate and are not yet applied; run a night"


def _stated_since(paths: DataPaths) -> int:
    """Tombstones of admitted nights that no night has taken up yet."""
    known = set(read_erasures(paths).column("subject_key").to_pylist())
    held = {each.name for each in held_back(paths)}
    found = set()
    for each in landed_nights(paths):
        if each.name not in held:
            for file in paths.table_root(each.platform, "deletions").glob(f"day=*/night={each.night.isoformat()}.parquet"):
                if _readable(file):
                    found |= set(pq.read_table(file, columns=["subject_key"], partitioning=None).column(0).to_pylist())
    return len(found - known)


def _nights(screen: Console, paths: DataPaths) -> Iterator[str]:
    # The night that ran last, which a backfill makes another than the latest night.
    logs = sorted((paths.root / "gates").glob("night=*.parquet"), key=lambda file: file.stat().st_mtime_ns)
    run = None
    for log in logs[-3:]:
        if not _readable(log):
            yield f"{log} is no readable Parquet file; delete it and run its night again"
            continue
        rows = pq.read_table(log, partitioning=None).to_pylist()
        failed = [row for row in rows if closes(row)]
        kept_out = sum(withholds(row) for row in rows)
        warned = sum(not row["passed"] for row in rows) - len(failed) - kept_out
        warnings = f", {warned} warned" if warned else ""
        withheld = f", {kept_out} withheld their table" if kept_out else ""
        screen.print(
            f"{log.stem}: {len(rows) - len(failed) - kept_out - warned} of {len(rows)} checks passed{warnings}{withheld}"
        )
        if log == logs[-1]:
            run = rows[-1]["run_id"] if rows else None
            for row in failed[:_SHOWN]:
                yield f"the last night is closed by gate {row['gate']}, {row['table_name']}: {row['check_name']} ({row['observed']}); mend the input and run the night again"
    for held in held_back(paths):
        yield f"{held.name} is held back: its landed gate closed or was never asked; mend the input, then: undercurrent nightly --day {held.night}"
    published = manifest(paths)
    if published is None:
        yield f"nothing is published yet; run: undercurrent nightly --inbox DIR --data {paths.root}"
        return
    screen.print(f"published: snapshot {published['snapshot']}, {len(published['tables'])} tables")
    yield from _withheld(paths, published.get("withheld", {}))
    if run is not None and run != published["run_id"]:
        night = logs[-1].stem.removeprefix("night=")
        yield f"the run that came last, of night {night}, was not published; see {paths.root}/logs/night={night}.log and run the night again"


def _withheld(paths: DataPaths, reasons: dict[str, str]) -> Iterator[str]:
    if not reasons:
        return
    from pipelines.nightly.calibration import calibration_key, find_calibration
    from pipelines.quality.calibration import verdict

    for why in dict.fromkeys(reasons.values()):
        tables = ", ".join(table for table, reason in reasons.items() if reason == why)
        yield f"the snapshot is without {tables}, withheld by gate marts: {why}"
    key = calibration_key()
    passed, observed, _ = verdict(find_calibration(paths, key), key)
    if passed:
        yield f"the method is calibrated since ({observed}); run the night again, and these tables are published"


def _readable(file: Path) -> bool:
    try:
        pq.read_metadata(file)
    except (pa.ArrowException, OSError):
        return False
    return True
