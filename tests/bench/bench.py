"""Runs every benchmark and prints ratios. Each side runs in a process of its own, so that memory peaks are its own."""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from tests.bench.dump import write_dump

_NIGHT = date(2026, 10, 1)


def ingest_ours(folder: Path) -> None:
    """The intake on a dump: quarantine, pseudonyms, links, tags, all lake and vault tables."""
    from pipelines.lake.intake import ingest_night
    from pipelines.lake.paths import DataPaths
    from pipelines.lake.pseudonyms import Pseudonymiser
    from pipelines.platforms.registry import PLATFORMS

    paths = DataPaths(folder / "ours")
    ingest_night(paths, folder / "inbox", PLATFORMS["reddit"], _NIGHT, Pseudonymiser(b"k" * 32), workers=2)


def ingest_duckdb(folder: Path) -> None:
    """What a user would pick instead: DuckDB's read_json to one Parquet file, 13 columns, no pseudonyms, no quarantine."""
    import duckdb

    columns = dict.fromkeys(
        ("id", "name", "author", "author_fullname", "body", "link_id", "parent_id", "subreddit", "permalink"), "VARCHAR"
    )
    columns |= {"created_utc": "BIGINT", "retrieved_on": "BIGINT", "score": "BIGINT", "controversiality": "INTEGER"}
    described = ", ".join(f"{name}: '{kind}'" for name, kind in columns.items())
    connection = duckdb.connect(config={"threads": 2})
    source = f"read_json('{folder}/inbox/reddit/RC_2026-08.zst', format='newline_delimited', columns={{{described}}})"
    connection.execute(f"copy (select * from {source}) to '{folder}/duckdb.parquet' (format parquet, compression zstd)")


_SIDES = {"ours": ingest_ours, "duckdb": ingest_duckdb}


def _measured(side: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.bench", "--side", side, "--folder", str(folder)]
    finished = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own interpreter and file
    result: dict[str, float] = json.loads(finished.stdout.splitlines()[-1])
    return result


def _side(side: str, folder: Path) -> None:
    started = time.perf_counter()
    _SIDES[side](folder)
    seconds = time.perf_counter() - started
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    largest_child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps({"seconds": seconds, "peak_mb": own / 1024, "child_peak_mb": largest_child / 1024}))


def ingest(megabytes: int, runs: int) -> None:
    """Print the ingest comparison on a dump of ``megabytes`` MB (decompressed), best of ``runs``."""
    with tempfile.TemporaryDirectory(prefix="undercurrent-bench-") as name:
        folder = Path(name)
        (folder / "inbox" / "reddit").mkdir(parents=True)
        file = folder / "inbox" / "reddit" / "RC_2026-08.zst"
        rows = write_dump(file, megabytes * 1_000_000)
        best: dict[str, dict[str, float]] = {}
        for _ in range(runs):
            for side in _SIDES:
                shutil.rmtree(folder / "ours", ignore_errors=True)
                measured = _measured(side, folder)
                if side not in best or measured["seconds"] < best[side]["seconds"]:
                    best[side] = measured
        print(f"ingest of {rows:,} comments, {megabytes} MB decompressed, best of {runs}, two cores")
        for side, measured in best.items():
            rate, volume = rows / measured["seconds"] / 1000, megabytes / measured["seconds"]
            peak = f"peak {measured['peak_mb']:.0f} MB, largest worker {measured['child_peak_mb']:.0f} MB"
            print(f"  {side:8} {measured['seconds']:7.1f} s  {rate:7.1f} krows/s  {volume:7.1f} MB/s  {peak}")
        print(f"  ratio ours / duckdb, speed: {best['duckdb']['seconds'] / best['ours']['seconds']:.2f}")


def main() -> None:
    """Run all benchmarks, or one side of one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", choices=tuple(_SIDES))
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--megabytes", type=int, default=550)
    parser.add_argument("--runs", type=int, default=2)
    arguments = parser.parse_args()
    if arguments.side:
        _side(arguments.side, arguments.folder)
    else:
        ingest(arguments.megabytes, arguments.runs)


if __name__ == "__main__":
    main()
