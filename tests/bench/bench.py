"""Runs every benchmark and prints ratios, measured side by side in one run."""

from __future__ import annotations

import argparse

from tests.bench import ingest


def main() -> None:
    """Run all benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=550, help="decompressed size of the dump")
    parser.add_argument("--runs", type=int, default=2, help="runs of each side, of which the best counts")
    arguments = parser.parse_args()
    ingest.compare(arguments.megabytes, arguments.runs)
    ingest.compare(arguments.megabytes, arguments.runs, bad_share=0.01)


if __name__ == "__main__":
    main()
