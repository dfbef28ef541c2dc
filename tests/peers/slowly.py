"""Collects Bluesky slowly, so that a test can kill it in mid-way: `python -m tests.peers.slowly FOLDER SERVER NIGHT < WATCHED_ITEMS_AS_JSON`."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

from pipelines.http.collect import Tools, collect_platform
from pipelines.platforms.bluesky.client import CLIENT

from pipelines.lake.paths import DataPaths
from tests.peers.nights import watched

REQUESTS_PER_SECOND = 4.0


def main() -> None:
    folder, server, night = sys.argv[1:]
    what = watched(CLIENT, "bluesky", server, [(source, value) for source, value in json.load(sys.stdin)])
    assert what.budget is not None
    slow = replace(what, budget=replace(what.budget, requests_per_second=REQUESTS_PER_SECOND))
    collect_platform(DataPaths(Path(folder)), CLIENT, slow, date.fromisoformat(night), Tools(environment={}))


if __name__ == "__main__":
    main()
