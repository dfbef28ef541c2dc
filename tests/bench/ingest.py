"""Ingest of a Reddit dump against DuckDB's read_json to Parquet, on the same file; and the same dump with bad lines in it."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from tests.bench.dump import write_dump

NIGHT: Final = date(2026, 10, 1)
_SAMPLE_SECONDS: Final = 0.2
_DUMP: Final = "RC_2026-08.zst"


def ingest_ours(folder: Path) -> None:
    """The intake on a dump: quarantine, pseudonyms, links, tags, all lake and vault tables."""
    from pipelines.lake.intake import ingest_night
    from pipelines.lake.paths import DataPaths
    from pipelines.lake.pseudonyms import Pseudonymiser
    from pipelines.platforms.registry import PLATFORMS

    paths = DataPaths(folder / "ours")
    ingest_night(paths, folder / "inbox", PLATFORMS["reddit"], NIGHT, Pseudonymiser(b"k" * 32), workers=2)


def ingest_duckdb(folder: Path) -> None:
    """What a user would pick instead: DuckDB's read_json to one Parquet file, 13 columns, no pseudonyms, no quarantine."""
    import duckdb

    columns = dict.fromkeys(
        ("id", "name", "author", "author_fullname", "body", "link_id", "parent_id", "subreddit", "permalink"), "VARCHAR"
    )
    columns |= {"created_utc": "BIGINT", "retrieved_on": "BIGINT", "score": "BIGINT", "controversiality": "INTEGER"}
    described = ", ".join(f"{name}: '{kind}'" for name, kind in columns.items())
    connection = duckdb.connect(config={"threads": 2})
    source = f"read_json('{folder}/inbox/reddit/{_DUMP}', format='newline_delimited', columns={{{described}}})"
    connection.execute(f"copy (select * from {source}) to '{folder}/duckdb.parquet' (format parquet, compression zstd)")


SIDES: Final = {"ours": ingest_ours, "duckdb": ingest_duckdb}


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of one side."""

    seconds: float
    cpu_seconds: float  # of all its processes: moves less than the wall clock when others use the machine
    peak_mb: float  # proportional set size, summed over all its processes at one moment


class _PeakMemory(threading.Thread):
    """Watches the memory of a process and all its children."""

    def __init__(self, process_id: int) -> None:
        super().__init__(daemon=True)
        self._process_id = process_id
        self.ended = threading.Event()
        self.peak_mb = 0.0

    def run(self) -> None:
        while not self.ended.wait(_SAMPLE_SECONDS):
            self.peak_mb = max(self.peak_mb, sum(map(_proportional_mb, _family(self._process_id))))


def _family(process_id: int) -> list[int]:
    family = [process_id]
    for member in family:
        try:
            for task in Path(f"/proc/{member}/task").iterdir():
                family.extend(map(int, (task / "children").read_text().split()))
        except OSError:
            continue  # it ended meanwhile
    return family


def _proportional_mb(process_id: int) -> float:
    try:
        for line in Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    except OSError:
        return 0.0
    return 0.0


def measured(side: str, folder: Path) -> Measured:
    """Run one side in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.ingest", "--side", side, "--folder", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own interpreter and file
    memory = _PeakMemory(process.pid)
    memory.start()
    output, _ = process.communicate()
    memory.ended.set()
    memory.join()
    if process.returncode:
        raise RuntimeError(f"{side} ended with {process.returncode}")
    timed = json.loads(output.splitlines()[-1])
    return Measured(timed["seconds"], timed["cpu_seconds"], memory.peak_mb)


def run_side(side: str, folder: Path) -> None:
    """Do the work of one side and print its times as JSON."""
    started = time.perf_counter()
    SIDES[side](folder)
    times = os.times()
    cpu_seconds = times.user + times.system + times.children_user + times.children_system
    print(json.dumps({"seconds": time.perf_counter() - started, "cpu_seconds": cpu_seconds}))


def compare(megabytes: int, runs: int, bad_share: float = 0.0) -> None:
    """Print the comparison on a dump of ``megabytes`` MB (decompressed), best of ``runs`` for each side.

    With ``bad_share``, that share of the lines is broken and DuckDB, which stops at the first, is left out.
    """
    with tempfile.TemporaryDirectory(prefix="undercurrent-bench-") as name:
        folder = Path(name)
        (folder / "inbox" / "reddit").mkdir(parents=True)
        rows = write_dump(folder / "inbox" / "reddit" / _DUMP, megabytes * 1_000_000, bad_share=bad_share)
        best: dict[str, Measured] = {}
        for _ in range(runs):
            for side in ("ours",) if bad_share else SIDES:
                shutil.rmtree(folder / "ours", ignore_errors=True)
                found = measured(side, folder)
                if side not in best or found.seconds < best[side].seconds:
                    best[side] = found
        bad = f", {bad_share:.0%} of the lines bad" if bad_share else ""
        print(f"ingest of {rows:,} comments, {megabytes} MB decompressed{bad}, best of {runs}, two cores")
        for side, found in best.items():
            rate, volume = rows / found.seconds / 1000, megabytes / found.seconds
            print(
                f"  {side:8} {found.seconds:7.1f} s  {rate:7.1f} krows/s  {volume:7.1f} MB/s  {found.cpu_seconds:6.1f} s of CPU"
                f"  peak {found.peak_mb:.0f} MB in all its processes"
            )
        if "duckdb" in best:
            ours, theirs = best["ours"], best["duckdb"]
            speed, work = theirs.seconds / ours.seconds, theirs.cpu_seconds / ours.cpu_seconds
            print(f"  ratio ours / duckdb: speed {speed:.2f}, work per CPU second {work:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", choices=tuple(SIDES), required=True)
    parser.add_argument("--folder", type=Path, required=True)
    arguments = parser.parse_args()
    run_side(arguments.side, arguments.folder)
