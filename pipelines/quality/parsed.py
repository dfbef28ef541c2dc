"""Gate 0: every record of a night's files is landed, quarantined, a duplicate or erased. Reads the ledger and the quarantine, no lake table."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from typing import Any, Final

import pyarrow.parquet as pq

from pipelines.lake.paths import DataPaths
from pipelines.quality.results import SAMPLE_SIZE, GateResult
from pipelines.quality.suites import SUITES

SMALLEST_JUDGED_RECORD_COUNT: Final = 20
_NOT_TAKEN: Final = {"unknown_format", "unreadable"}


def check_parsed(paths: DataPaths, platform: str, night: date, run_id: str) -> list[GateResult]:
    """Gate ``parsed`` of one platform's night: does each file add up, is each refusal kept, is each file known?

    A file of no known format is a warning: it names the file and closes nothing, since nothing of it landed.
    """
    files = pq.read_table(paths.ledger_file(platform, night), partitioning=None).to_pylist()
    quarantine = pq.read_table(paths.quarantine_file(platform, night), columns=["file"], partitioning=None)
    kept = Counter(quarantine.column("file").to_pylist())

    def result(check: str, bad: list[tuple[dict[str, Any], str]], *, is_warning: bool = False) -> GateResult:
        observed = f"{len(bad)} of {len(files)} files" + (f"; {bad[0][0]['file']}: {bad[0][1]}" if bad else "")
        names = [f"file={row['file']}" for row, _ in bad[:SAMPLE_SIZE]]
        level = "warn" if is_warning else "error"
        return GateResult(night, run_id, "parsed", platform, check, "reconciliation", not bad, observed, len(bad), names, level)

    unequal = [
        (
            row,
            "{record_count} in, {landed_count} landed, {quarantined_count} quarantined, {duplicate_count} duplicates, "
            "{erased_count} erased".format(**row),
        )
        for row in files
        if row["record_count"] != row["landed_count"] + row["quarantined_count"] + row["duplicate_count"] + row["erased_count"]
    ]
    refused: Counter[str] = Counter()
    for row in files:
        refused[row["file"]] += row["quarantined_count"]
    lost = [
        (row, f"{refused[row['file']]} refused, {kept[row['file']]} in the quarantine")
        for row in files
        if refused[row["file"]] != kept[row["file"]]
    ]
    unknown = [(row, str(row["detail"])) for row in files if row["status"] in _NOT_TAKEN]
    return [
        result("in = landed + quarantined + duplicates + erased, for every file", unequal),
        result("every refused record is in the quarantine", lost),
        result("every file is of a known format", unknown, is_warning=True),
    ]


def thresholds() -> dict[str, float]:
    """Largest share of quarantined records by platform that a night may have; ``default`` for platforms not named."""
    limits: dict[str, float] = json.loads((SUITES / "quarantine_thresholds.json").read_text())["largest_ratio"]
    return limits


def check_quarantine(paths: DataPaths, platform: str, night: date, run_id: str) -> GateResult:
    """Gate ``landed``, first question: is too much of the night in quarantine? Names the first refused records."""
    taken = [
        row
        for row in pq.read_table(paths.ledger_file(platform, night), partitioning=None).to_pylist()
        if row["status"] in {"ingested", "unreadable"}
    ]
    record_count = sum(row["record_count"] for row in taken)
    quarantined_count = sum(row["quarantined_count"] for row in taken)
    limits = thresholds()
    limit = limits.get(platform, limits["default"])
    # A share of a handful says nothing: one cut-off file, met again each night, must not close every night.
    ratio = quarantined_count / record_count if record_count >= SMALLEST_JUDGED_RECORD_COUNT else 0.0
    passed = ratio <= limit
    observed = f"{quarantined_count} of {record_count} records, {ratio:.1%}, at most {limit:.0%}"
    sample = [] if passed else _refusals(paths, platform, night)
    check = "quarantined share of records"
    return GateResult(night, run_id, "landed", platform, check, "reconciliation", passed, observed, quarantined_count, sample)


def _refusals(paths: DataPaths, platform: str, night: date) -> list[str]:
    rows = pq.read_table(paths.quarantine_file(platform, night), partitioning=None).slice(0, SAMPLE_SIZE).to_pylist()
    places = [
        f"byte_offset={row['byte_offset']}" if row["byte_offset"] is not None else f"record_index={row['record_index']}"
        for row in rows
    ]
    return [f"file={row['file']} {place} reason={row['reason_code']}" for row, place in zip(rows, places, strict=True)]
