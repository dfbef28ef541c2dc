"""The gates as the stages of a night call them: one call a gate, results out. The rules are in expectations/ and their own modules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from pipelines.lake import exchange, nights
from pipelines.lake.paths import DataPaths
from pipelines.quality.checks import check_table
from pipelines.quality.parsed import check_parsed, check_quarantine
from pipelines.quality.results import GateResult
from pipelines.quality.suites import Relations, load_suite, suite_file, suites_of, table_files


def check_landing(
    paths: DataPaths, platform: str, files: Mapping[str, Sequence[Path]], night: date, run_id: str
) -> list[GateResult]:
    """Gates ``parsed`` and ``landed`` of one platform's night.

    Args:
        paths: the data folder.
        platform: whose night.
        files: by analytic table, the files that the night landed.
        night: the partition that landed them.
        run_id: of the run.
    """
    results = check_parsed(paths, platform, night, run_id)
    results.append(check_quarantine(paths, platform, night, run_id))
    for table, landed in files.items():
        relations = Relations(paths, night, tuple(landed), platform, has_day_folders=True)
        results += check_table(load_suite(suite_file("landed", table)), relations, run_id)
    return results


def check_gate(paths: DataPaths, gate: str, night: date, run_id: str) -> list[GateResult]:
    """All suites of gate ``staged``, ``derived`` or ``marts``, once all of its tables are written.

    Of an exchange model that has a file a month, the months that tonight wrote are judged. Marts with a window column are read
    by the event days that the night touched, unless it built everything.
    """
    days = _touched_days(paths)
    results: list[GateResult] = []
    for suite in suites_of(gate):
        is_staged = gate == "staged"
        files = exchange.files_of_tonight(paths, suite.table) if is_staged else table_files(paths, gate, suite.table)
        results += check_table(suite, Relations(paths, night, tuple(files)), run_id, days)
    return results


def _touched_days(paths: DataPaths) -> list[date] | None:
    if nights.is_full_night(paths):
        return None
    found = pq.read_table(paths.night_file(), columns=["touched_days"], partitioning=None)
    days: list[date] = found.column("touched_days")[0].as_py()
    return days
