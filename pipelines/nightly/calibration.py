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
from pipelines.world.rounds import Plan, is_done, of_most_seeds

SHIPPED: Final = PROJECT / "pipelines" / "world" / "calibrations"
# The SQL between a post with a tag and a claim about it: what the calibration runs, and what it stands for.
MODELS: Final = (
    "sizes",  # the macro by which tiers are found, as of a birth
    "trend_units",  # the macros by which labels are compared
    "outlet_classes",  # the macro by which an outlet is one of the media
    "int_tag_uses",
    "int_post_units",
    "int_unit_uses",
    "int_unit_first_uses",
    "int_tag_spellings",
    "int_tag_words",
    "int_near_words",
    "int_unit_aliases",
    "int_unit_adoptions",
    "int_trend_windows",
    "int_co_adopted_units",
    "int_trend_candidates",
    "int_item_matches",
    "int_trend_uses",
    "int_trend_adoptions",
    "int_trend_timelines",
    "ripple_effects",
    "origin_by_tier",
)
_VARIABLE: Final = re.compile(r"""\bvar\(\s*["'](\w+)["']""")

Report = Callable[[int, int], None]
Run = Callable[[Plan, int, Path, Report], pa.Table]


@cache
def calibration_key() -> str:
    """Changes with whatever makes the numbers of the ripple marts: methods, parameters, their SQL; and with how they are calibrated."""
    return digest(trends.METHOD_VERSION, trends.method_digest(), CALIBRATION_VERSION, sql_fingerprint(DBT_PROJECT))


def sql_fingerprint(project: Path) -> str:
    """Hash of the calibrated models' SQL, without comment lines and however it is spaced, and of the variables that it uses.

    Args:
        project: The dbt project's folder.
    """
    found = sorted(file for folder in ("macros", "models") for file in (project / folder).rglob("*.sql"))
    files = {file.stem: file.read_text() for file in found if file.stem in MODELS}
    declared = yaml.safe_load((project / "dbt_project.yml").read_text())["vars"]
    used = sorted({name for text in files.values() for name in _VARIABLE.findall(text)})
    code = (f"{model}\n{_spaced_once(files[model].splitlines())}" for model in MODELS)
    return digest(*code, *(f"{name}={declared[name]}" for name in used))


def _spaced_once(lines: Iterable[str]) -> str:
    return " ".join(word for line in lines if not line.lstrip().startswith("--") for word in line.split())


def find_calibration(paths: DataPaths, key: str) -> pa.Table:
    """The rows of one method's calibration: of each world those from more seeds, of what this installation found and what the package brought.

    Returns:
        In the schema of calibration rows; none where the method is not calibrated.
    """
    return _of_most_seeds(_kept(paths.calibration_results_file(key)), _shipped(SHIPPED / f"{key}.csv"))


def _of_most_seeds(one: pa.Table, other: pa.Table) -> pa.Table:
    return judge(pa.Table.from_pylist(of_most_seeds(one.to_pylist(), other.to_pylist()), schema=SCHEMA))


def _kept(file: Path) -> pa.Table:
    return pq.read_table(file, schema=SCHEMA, partitioning=None) if file.exists() else SCHEMA.empty_table()


def _shipped(file: Path) -> pa.Table:
    if not file.exists():
        return SCHEMA.empty_table()
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
    """What is known of the current method.

    Attributes:
        rows: Those that count: of each world the ones from more seeds.
        run: Those that were found just now; None where nothing was run.
    """

    rows: pa.Table
    run: pa.Table | None


def calibrate(
    paths: DataPaths, plan: Plan, report: Report, *, workers: int | None = None, is_again: bool = False, run: Run | None = None
) -> Calibration:
    """Calibrate the current method and keep the results, unless all that the plan's rounds would find is known.

    Args:
        paths: The data folder.
        plan: Rounds of seeds, and the time they may take.
        report: Told how many worlds of how many are done.
        workers: Processes; one a processor when None.
        is_again: Count anew even what is known. Single worlds that this installation kept are not run again.
        run: Repeats the worlds; given the plan, workers, a folder for what is found of single worlds and ``report`` it returns
            calibration rows. The harness when None.
    """
    key = calibration_key()
    known = find_calibration(paths, key)
    if not is_again and is_done(known.to_pylist(), plan.rounds):
        return Calibration(known, None)
    found = (run or _harness)(plan, workers or os.cpu_count() or 1, paths.calibration_worlds, report)
    stamp = {
        "method_version": trends.METHOD_VERSION,
        "params_hash": params_hash(trends.TrendParameters()),
        "calibration_key": key,
    }
    rows = judge(pa.Table.from_pylist([row | stamp for row in found.to_pylist()]))
    write_table(paths.calibration_results_file(key), _of_most_seeds(rows, _kept(paths.calibration_results_file(key))))
    return Calibration(find_calibration(paths, key), rows)


def _harness(plan: Plan, workers: int, folder: Path, report: Report) -> pa.Table:
    from pipelines.world import harness

    return harness.calibrate(plan, workers=workers, folder=folder, report=report)
