"""Runs every benchmark and prints ratios, measured side by side in one run."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.bench import adoptions, communities, fetch, growth, ingest, nights


def main() -> None:
    """Run all benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=550, help="decompressed size of the dump")
    parser.add_argument("--pages", type=int, default=1_000, help="pages that are fetched")
    parser.add_argument("--runs", type=int, default=2, help="runs of each side, of which the best counts")
    parser.add_argument("--posts", type=int, default=1_000_000, help="posts of the one large night")
    parser.add_argument(
        "--grown-posts",
        type=int,
        nargs="+",
        default=[1_000_000, 3_000_000],
        help="posts of the nights that show growth (10000000 takes most of an hour)",
    )
    parser.add_argument(
        "--adoptions",
        type=int,
        nargs="+",
        default=[1_000_000, 10_000_000],
        help="adoptions from which the trend tables are made (50000000 takes 12 GB of disk)",
    )
    parser.add_argument("--posts-a-day", type=int, default=1_000, help="posts of each day of history")
    parser.add_argument(
        "--days",
        type=int,
        default=60,
        help="days of history, which should fill the windows of 60 days; ten times as many beside them",
    )
    parser.add_argument("--accounts", type=int, default=100_000, help="accounts of the largest world of communities")
    parser.add_argument(
        "--only",
        choices=("fetch", "ingest", "communities", "overhead", "growth", "adoptions", "history"),
        help="one benchmark instead of all",
    )
    arguments = parser.parse_args()
    if arguments.only in (None, "fetch"):
        fetch.compare(arguments.pages, arguments.runs)
        fetch.compare(arguments.pages // 10, arguments.runs, latency_seconds=0.05)
    if arguments.only in (None, "ingest"):
        ingest.compare(arguments.megabytes, arguments.runs)
        ingest.compare(arguments.megabytes, arguments.runs, bad_share=0.01)
    if arguments.only in (None, "communities"):
        communities.compare(arguments.accounts)
    with tempfile.TemporaryDirectory(prefix="undercurrent-bench-") as name:
        if arguments.only in (None, "overhead"):
            nights.overhead(Path(name) / "overhead", arguments.posts)
        if arguments.only in (None, "growth"):
            growth.compare(Path(name) / "growth", tuple(arguments.grown_posts))
        if arguments.only in (None, "adoptions"):
            adoptions.compare(Path(name) / "adoptions", tuple(arguments.adoptions))
        if arguments.only in (None, "history"):
            print(
                f"a second night of {arguments.posts_a_day:,} posts on {arguments.days} and on {10 * arguments.days} days of history"
            )
            nights.history(Path(name) / "history", arguments.posts_a_day, arguments.days)


if __name__ == "__main__":
    main()
