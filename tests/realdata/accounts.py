"""Prints the account of every real record: per file, in = landed + quarantined + duplicates. Exits 1 if a file does not add up."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Final

import duckdb

from pipelines.lake.intake import LedgerEntry, NightIntake, ingest_night
from pipelines.lake.paths import DataPaths
from pipelines.lake.pseudonyms import Pseudonymiser, load_or_create
from pipelines.platforms.registry import PLATFORMS
from tests.realdata.inbox import lay_out

NIGHT: Final = date(2026, 11, 2)
_WIDTHS: Final = "{:<68} {:<36} {:>7} {:>7} {:>12} {:>11}  {}"


def take_in_all(realdata: Path, data: Path, pseudonyms: Pseudonymiser) -> dict[str, NightIntake]:
    """Lay the real files out below ``data`` and take them in, as one night into an empty lake; the nights by platform."""
    lay_out(realdata, data / "inbox")
    paths = DataPaths(data.resolve())
    return {name: ingest_night(paths, data / "inbox", platform, NIGHT, pseudonyms) for name, platform in PLATFORMS.items()}


def adds_up(entry: LedgerEntry) -> bool:
    """Whether every record of a file is landed, quarantined or a duplicate."""
    return entry.record_count == entry.landed_count + entry.quarantined_count + entry.duplicate_count


def account(nights: dict[str, NightIntake]) -> Iterator[str]:
    """The table: a line for each file with records, then what no format took and what came twice, by name."""
    yield _WIDTHS.format("file", "format", "in", "landed", "quarantined", "duplicates", "adds up")
    for name, night in nights.items():
        for entry in night.files:
            if entry.record_count:
                yield _line(f"{name}/{entry.file}", entry.source_format or "none", [entry])
        counted = sum(1 for entry in night.files if entry.record_count)
        yield _line(f"{name}: all {counted} files with records", "", night.files)
        yield ""
    every = [entry for night in nights.values() for entry in night.files]
    yield _line("all platforms", "", every)
    yield ""
    for status, said in (
        ("unknown_format", "no format of its platform takes it"),
        ("unreadable", "it cannot be read"),
        ("already_ingested", "the same bytes as a file before it"),
        ("ingested", "a format takes it, but it holds no record"),
    ):
        named = [f"{name}/{entry.file}" for name, night in nights.items() for entry in night.files if _is_empty(entry, status)]
        yield f"{len(named)} files without a record of their own, because {said}:"
        yield from (f"  {file}" for file in named)


def _is_empty(entry: LedgerEntry, status: str) -> bool:
    return entry.status == status and entry.record_count == 0


def _line(name: str, source_format: str, entries: Iterable[LedgerEntry]) -> str:
    listed = list(entries)
    names = ("record_count", "landed_count", "quarantined_count", "duplicate_count")
    counts = [sum(getattr(entry, counter) for entry in listed) for counter in names]
    shown = name if len(name) <= 68 else f"...{name[-65:]}"
    return _WIDTHS.format(shown, source_format, *counts, "yes" if all(map(adds_up, listed)) else "NO")


def refusals(data: Path) -> list[tuple[str, str, str, int]]:
    """(platform, format, reason code, records) of the quarantine below ``data``."""
    query = (
        "select platform, coalesce(source_format, 'none'), reason_code, count(*) from read_parquet(?) group by all order by all"
    )
    return duckdb.execute(query, [str(data / "quarantine" / "*" / "*.parquet")]).fetchall()


def main() -> int:
    """Ingest the real files into a fresh lake and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--realdata", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    arguments = parser.parse_args()
    if not arguments.realdata.is_dir():
        sys.stderr.write(f"real-accounts: no real files at {arguments.realdata}; name them: make real-accounts REALDATA=DIR\n")
        return 1
    shutil.rmtree(arguments.data, ignore_errors=True)
    nights = take_in_all(arguments.realdata, arguments.data, load_or_create(DataPaths(arguments.data.resolve()).secret_file))
    sys.stdout.writelines(f"{line}\n" for line in account(nights))
    sys.stdout.write("\nquarantined, by reason:\n")
    for platform, source_format, code, count in refusals(arguments.data):
        sys.stdout.write(f"  {platform:10} {source_format:30} {code:24} {count:6}\n")
    wrong = Counter(name for name, night in nights.items() for entry in night.files if not adds_up(entry))
    for name, count in wrong.items():
        sys.stderr.write(f"real-accounts: {count} files of {name} do not add up\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
