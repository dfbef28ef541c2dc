"""Collects a watchlist slowly, so that a test can kill it in mid-way: `python -m tests.peers.slowly DATA NIGHT`."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

from pipelines.http.clients import CLIENTS
from pipelines.http.collect import Tools, collect_platform
from pipelines.http.watchlist import load_watchlist
from pipelines.lake.paths import DataPaths

REQUESTS_PER_SECOND = 4.0


def main() -> None:
    """Every platform of the watchlist, one after the other."""
    paths, night = DataPaths(Path(sys.argv[1])), date.fromisoformat(sys.argv[2])
    for name, watched in load_watchlist(paths.watchlist, CLIENTS).items():
        budget = replace(watched.budget or CLIENTS[name].budget, requests_per_second=REQUESTS_PER_SECOND)
        collect_platform(paths, CLIENTS[name], replace(watched, budget=budget), night, Tools(environment={}))


if __name__ == "__main__":
    main()
