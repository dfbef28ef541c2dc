"""Which calibration tonight's method has: its key, where its results are kept and looked up, and running it. Judges no row, runs no world."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from pyarrow import csv

from pipelines.analysis import trends
from pipelines.analysis.increments import digest
from pipelines.analysis.parameters import params_hash
from pipelines.lake.paths import DataPaths
from pipelines.lake.writer import write_table
from pipelines.settings import DBT_PROJECT, PROJECT
from pipelines.world.calibration_rows import CALIBRATION_VERSION, SCHEMA, judge

SHIPPED: Final = PROJECT / "pipelines" / "world" / "calibrations"
# The SQL between a post with a tag and a claim about it: what the calibration runs, and what it stands for.
MODELS: Final = (
    "int_tag_uses",
    "int_tag_first_uses",
    "int_trend_candidates",
    "int_trend_uses",
    "int_trend_adoptions",
    "int_trend_timelines",
    "ripple_effects",
    "origin_by_tier",
)
# Of 200 worlds 5% are within the limit (reference/domain.md, E.3); of 40 none may be wrong.
SEED_COUNT: Final = 200
QUICK_SEED_COUNT: Final = 40
_VARIABLE: Final = re.compile(r"""\bvar\(\s*["'](\w+)["']""")

Report = Callable[[int, int], None]
Calibrate = Callable[[int, int, Report], pa.Table]


@cache
def calibration_key() -> str:
    """Changes with whatever makes the numbers of the ripple marts: methods, parameters, their SQL; and with how they are calibrated."""
    return digest(trends.METHOD_VERSION, trends.method_digest(), CALIBRATION_VERSION, sql_fingerprint(DBT_PROJECT))


def sql_fingerprint(project: Path) -> str:
    """Hash of the calibrated models' SQL, without comment lines and however it is spaced, and of the variables that it uses.

    Args:
        project: The dbt project's folder.
    """
    files = {file.stem: file.read_text() for file in sorted((project / "models").rglob("*.sql")) if file.stem in MODELS}
    declared = yaml.safe_load((project / "dbt_project.yml").read_text())["vars"]
    used = sorted({name for text in files.values() for name in _VARIABLE.findall(text)})
    code = (f"{model}\n{_spaced_once(files[model].splitlines())}" for model in MODELS)
    return digest(*code, *(f"{name}={declared[name]}" for name in used))


def _spaced_once(lines: Iterable[str]) -> str:
    return " ".join(word for line in lines if not line.lstrip().startswith("--") for word in line.split())


def find_calibration(paths: DataPaths, key: str) -> pa.Table:
    """The rows of one method's calibration: the one with more seeds of what this installation found and what the package brought.

    Returns:
        In the schema of calibration rows; none where the method is not calibrated.
    """
    found = [rows for rows in (_kept(paths.calibration_results_file(key)), _shipped(SHIPPED / f"{key}.csv")) if rows is not None]
    return max(found, key=_seeds_run, default=SCHEMA.empty_table())


def _seeds_run(rows: pa.Table) -> int:
    """Seeds that a calibration was run with: some metrics say nothing of some seeds, so the most that any row has."""
    return max(rows["seed_count"].to_pylist(), default=0)


def _kept(file: Path) -> pa.Table | None:
    return pq.read_table(file, schema=SCHEMA, partitioning=None) if file.exists() else None


def _shipped(file: Path) -> pa.Table | None:
    if not file.exists():
        return None
    options = csv.ConvertOptions(
        column_types={field.name: field.type for field in SCHEMA}, null_values=[""], strings_can_be_null=True
    )
    return csv.read_csv(file, convert_options=options).select(SCHEMA.names).cast(SCHEMA)


def write_calibration(paths: DataPaths) -> None:
    """Tell dbt and the gate what is known of tonight's method."""
    write_table(paths.calibration_file(), find_calibration(paths, calibration_key()))


def ship(rows: pa.Table) -> Path:
    """Write a calibration as the package brings it, in place of those of other methods.

    Returns:
        The file.
    """
    (key,) = rows["calibration_key"].unique().to_pylist()
    SHIPPED.mkdir(parents=True, exist_ok=True)
    for other in SHIPPED.glob("*.csv"):
        other.unlink()
    file = SHIPPED / f"{key}.csv"
    csv.write_csv(rows, file)
    return file


@dataclass(frozen=True, slots=True)
class Calibration:
    """What is known of the current method, and whether it was found out just now."""

    rows: pa.Table
    is_new: bool


def calibrate(
    paths: DataPaths, seed_count: int, report: Report, *, workers: int | None = None, run: Calibrate | None = None
) -> Calibration:
    """Calibrate the current method and keep the results, unless they are known from as many seeds.

    Args:
        paths: The data folder.
        seed_count: Seeds of each world.
        report: Told how many worlds of how many are done.
        workers: Processes; one a processor when None.
        run: Repeats the worlds; given seeds, workers and ``report`` it returns calibration rows. The harness when None.
    """
    key = calibration_key()
    known = find_calibration(paths, key)
    if _seeds_run(known) >= seed_count:
        return Calibration(known, is_new=False)
    found = (run or _harness)(seed_count, workers or os.cpu_count() or 1, report)
    stamp = {
        "method_version": trends.METHOD_VERSION,
        "params_hash": params_hash(trends.TrendParameters()),
        "calibration_key": key,
    }
    rows = judge(pa.Table.from_pylist([row | stamp for row in found.to_pylist()]))
    write_table(paths.calibration_results_file(key), rows)
    return Calibration(rows, is_new=True)


def _harness(seed_count: int, workers: int, report: Report) -> pa.Table:
    from pipelines.world import harness

    return harness.calibrate(seed_count, workers=workers, report=report)
