"""Prints the account of every real record: per file, in = landed + quarantined + duplicates. Exits 1 if a file does not add up."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from pipelines.lake.intake import ingest_night
from pipelines.lake.paths import DataPaths
from pipelines.lake.pseudonyms import load_or_create
from pipelines.platforms.registry import PLATFORMS
from tests.realdata.inbox import lay_out

NIGHT = date(2026, 11, 2)


def main() -> int:
    """Ingest the real files into a fresh lake and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--realdata", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    arguments = parser.parse_args()
    console = Console(width=170)
    if not arguments.realdata.is_dir():
        console.print(f"real-accounts: no real files at {arguments.realdata}; name them: make real-accounts REALDATA=DIR")
        return 1
    shutil.rmtree(arguments.data, ignore_errors=True)
    lay_out(arguments.realdata, arguments.data / "inbox")
    paths = DataPaths(arguments.data.resolve())
    pseudonyms = load_or_create(paths.secret_file)
    table = Table("file", "format", "status", "in", "landed", "quarantined", "duplicates", "adds up")
    totals: Counter[str] = Counter()
    wrong = 0
    for name, platform in PLATFORMS.items():
        night = ingest_night(paths, arguments.data / "inbox", platform, NIGHT, pseudonyms)
        for entry in night.files:
            adds_up = entry.record_count == entry.landed_count + entry.quarantined_count + entry.duplicate_count
            wrong += not adds_up
            counts = (entry.record_count, entry.landed_count, entry.quarantined_count, entry.duplicate_count)
            totals.update(dict(zip(("in", "landed", "quarantined", "duplicates"), counts, strict=True)))
            table.add_row(
                f"{name}/{entry.file}"[-80:],
                entry.source_format or "-",
                entry.status,
                *map(str, counts),
                "yes" if adds_up else "NO",
            )
    table.add_section()
    table.add_row("all files", "", "", *(str(totals[key]) for key in ("in", "landed", "quarantined", "duplicates")), "")
    console.print(table)
    reasons: Counter[tuple[str, str]] = Counter()
    for file in sorted((arguments.data / "quarantine").rglob("*.parquet")):
        rows = pq.read_table(file, columns=["platform", "reason_code"]).to_pylist()
        reasons.update((row["platform"], row["reason_code"]) for row in rows)
    for (platform_name, code), count in sorted(reasons.items()):
        console.print(f"quarantined: {platform_name:10} {code:20} {count:6}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
