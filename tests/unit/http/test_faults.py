"""300 seeded fault scripts between the collection and a server: nothing lost, nothing doubled, no endless loop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.http.client import Bounds
from pipelines.http.collect import Tools, collect_platform
from pipelines.http.watched import Watched
from pipelines.lake.intake import ingest_night
from pipelines.lake.paths import DataPaths
from pipelines.lake.pseudonyms import Pseudonymiser
from tests.unit.http.faults import CONTENT, ENDLESS, SLOW, TRANSPORT, FaultyServer, Script
from tests.unit.http.toy import NIGHT, SPEC, NoTime, Toy, client, item

KEYS = Pseudonymiser(b"k" * 32)
SCRIPTS = 300
IN_THE_DEFAULT_SUITE = 24
MOST_PAGES = 40
BOUNDS = Bounds(read_seconds=0.4, total_seconds=0.5)


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    toy = Toy()
    toy.fill("ann", 12)
    toy.fill("ben", 6)
    made = FaultyServer(toy)
    yield made
    made.close()


def run_night(server: FaultyServer, folder: Path, number: int) -> tuple[str, dict[str, int]]:
    """Status of the collection, and the ledger's sums."""
    night = NIGHT + timedelta(days=number)
    clock = NoTime(datetime(2026, 10, 2 + number, 3, tzinfo=UTC))
    watched = Watched("toy", (item(server.url), item(server.url, "ben")), urls=(server.url,))
    tools = Tools(environment={}, clock=clock, bounds=BOUNDS, most_pages=MOST_PAGES)
    collection = collect_platform(DataPaths(folder), client(server.url), watched, night, tools)
    intake = ingest_night(DataPaths(folder), folder / "inbox", SPEC, night, KEYS)
    for entry in intake.files:
        assert entry.record_count == entry.landed_count + entry.quarantined_count + entry.duplicate_count
    return collection.status, {"records": intake.record_count, "landed": intake.landed_count}


def landed(folder: Path) -> Counter[tuple[str, str]]:
    """How often each post's counters were landed by each night."""
    files = sorted(DataPaths(folder).table_root("toy", "post_metrics").rglob("*.parquet"))
    rows = [row for file in files for row in pq.read_table(file, partitioning=None).to_pylist()]
    return Counter((row["post_key"], str(row["landed_night"])) for row in rows)


def check(server: FaultyServer, folder: Path, script: Script) -> None:
    server.script = script
    run_night(server, folder, 0)
    first = server.count
    # No endless loop: two chains of at most so many pages, each request at most eight times.
    assert first <= 2 * MOST_PAGES * 8
    server.heal()
    server.toy.posts["ann"].append({"id": "ann-13", "at": "2026-10-02T10:00:00+00:00", "who": "ann", "likes": 1})
    status, _ = run_night(server, folder, 1)
    assert status == "ok"
    assert server.count - first <= 20
    wanted = {KEYS.key("toy", post["id"]) for posts in server.toy.posts.values() for post in posts}
    found = landed(folder)
    assert {key for key, _ in found} == wanted, "a post was lost"
    assert set(found.values()) == {1}, "a record was landed twice by one night"
    # The same nights again ask nobody and change nothing.
    asked = server.count
    assert run_night(server, folder, 1)[0] == "ok"
    assert server.count == asked
    assert landed(folder) == found


@pytest.mark.parametrize("fault", [*TRANSPORT, *CONTENT, *ENDLESS, *SLOW])
def test_each_fault_alone(server: FaultyServer, tmp_path: Path, fault: str) -> None:
    check(server, tmp_path, Script({1: fault}))


@pytest.mark.parametrize("fault", ["429", "500", "reset", "cut", "html", "429 after"])
def test_a_fault_that_does_not_end_is_given_up_and_made_good_the_next_night(
    server: FaultyServer, tmp_path: Path, fault: str
) -> None:
    server.script = Script(dict.fromkeys(range(200), fault))
    status, sums = run_night(server, tmp_path, 0)
    assert status == "partial"
    assert sums["landed"] == 0
    assert server.count <= 16
    check(server, tmp_path / "after", Script(dict.fromkeys(range(6, 40), fault)))


@pytest.mark.parametrize("seed", range(IN_THE_DEFAULT_SUITE))
def test_a_seeded_script(server: FaultyServer, tmp_path: Path, seed: int) -> None:
    check(server, tmp_path, Script.seeded(seed))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(IN_THE_DEFAULT_SUITE, SCRIPTS))
def test_a_further_seeded_script(server: FaultyServer, tmp_path: Path, seed: int) -> None:
    check(server, tmp_path, Script.seeded(seed))
