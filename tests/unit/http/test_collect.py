"""A platform's night of collection: what is asked, in which order, what is kept for the next night, and what a kill leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines.http.collect import Progress, Tools, collect_platform, lookup_requests
from pipelines.http.cursors import standing_before
from pipelines.http.pages import Plan, item_name
from pipelines.http.protocol import Budget, Credential, Scheme
from pipelines.http.watched import Watched
from pipelines.lake.collection import Collection
from pipelines.lake.intake import ingest_night
from pipelines.lake.paths import DataPaths
from pipelines.lake.pseudonyms import Pseudonymiser
from tests.unit.http.toy import NIGHT, SPEC, NoTime, Toy, ToyServer, client, item

KEYS = Pseudonymiser(b"k" * 32)


@pytest.fixture
def toy() -> Toy:
    made = Toy()
    made.fill("ann", 12)
    made.fill("ben", 3)
    return made


@pytest.fixture
def server(toy: Toy) -> Iterator[ToyServer]:
    made = ToyServer(toy)
    yield made
    made.close()


class Installation:
    """A data folder and a server, night by night."""

    def __init__(self, folder: Path, server: ToyServer) -> None:
        self.paths, self.url, self.folder = DataPaths(folder), server.url, folder
        self.progress: list[Progress] = []

    def collect(
        self, number: int = 0, names: tuple[str, ...] = ("ann", "ben"), most_pages: int = 100, **changes: Any
    ) -> Collection:
        watched = Watched("toy", tuple(item(self.url, name) for name in names), urls=(self.url,))
        clock = NoTime(datetime(2026, 10, 2, 3, tzinfo=UTC) + timedelta(days=number))
        tools = Tools(environment={"TOY_KEY": "k" * 9}, clock=clock, tell=self.progress.append, most_pages=most_pages)
        return collect_platform(self.paths, client(self.url, **changes), watched, NIGHT + timedelta(days=number), tools)

    def ingest(self, number: int = 0) -> None:
        ingest_night(self.paths, self.folder / "inbox", SPEC, NIGHT + timedelta(days=number), KEYS)

    def rows(self, table: str) -> list[dict[str, Any]]:
        files = sorted(self.paths.table_root("toy", table).rglob("*.parquet"))
        return [row for file in files for row in pq.read_table(file, partitioning=None).to_pylist()]


@pytest.fixture
def installation(tmp_path: Path, server: ToyServer) -> Installation:
    return Installation(tmp_path, server)


def test_a_night_that_runs_again_asks_nobody(installation: Installation, toy: Toy) -> None:
    assert installation.collect().pages_fetched == 4
    asked = dict(toy.asked)
    again = installation.collect()
    assert (again.pages_fetched, again.pages_from_disk, again.status) == (0, 4, "ok")
    assert toy.asked == asked


def test_the_next_night_asks_only_for_what_is_new(installation: Installation, toy: Toy) -> None:
    installation.collect(lookups=())
    toy.asked.clear()
    installation.collect(1, lookups=())
    assert dict(toy.asked) == {"/items?who=ann": 1, "/items?who=ben": 1}


def test_a_night_that_runs_again_after_the_next_one_begins_where_it_began(installation: Installation, toy: Toy) -> None:
    installation.collect(lookups=())
    installation.collect(1, lookups=())
    toy.asked.clear()
    assert installation.collect(0, lookups=()).pages_from_disk == 4
    assert not toy.asked


def test_an_item_that_came_into_the_watchlist_since_is_collected_too(installation: Installation) -> None:
    installation.collect(names=("ann",))
    added = installation.collect(names=("ann", "ben"))
    assert (added.pages_fetched, added.pages_from_disk) == (1, 3)


def test_counters_are_read_again_at_their_ages_and_not_between(installation: Installation, toy: Toy) -> None:
    looked_up = []
    for number in range(12):
        toy.asked.clear()
        installation.collect(number)
        looked_up.append(sum(len(asked.split("=")[1].split(",")) for asked in toy.asked if "lookup" in asked))
        installation.ingest(number)
    # Posts of the first evening are some hours old at the first night: a day old at the second, three at the fourth, seven at the eighth.
    assert looked_up[1] == looked_up[3] == looked_up[7] == 15
    assert sum(looked_up) == 45
    assert len(installation.rows("post_metrics")) >= 15 + 45


def test_what_a_lookup_no_longer_finds_becomes_a_tombstone_and_is_not_asked_for_again(
    installation: Installation, toy: Toy
) -> None:
    installation.collect(0)
    installation.ingest(0)
    toy.gone.add("ann-3")
    installation.collect(1)
    installation.ingest(1)
    [gone] = installation.rows("deletions")
    assert (gone["subject_key"], gone["reason"]) == (KEYS.key("toy", "ann-3"), "not_found")
    toy.asked.clear()
    installation.collect(3)
    assert toy.asked
    assert not [asked for asked in toy.asked if "ann-3" in asked.replace(",", " ").split("=")[-1].split()]


def test_the_terms_of_a_platform_have_everything_looked_up_in_time(installation: Installation, toy: Toy) -> None:
    installation.collect(0)
    installation.ingest(0)
    toy.asked.clear()
    installation.collect(60, refresh_days=30)
    ids = {native for asked in toy.asked if "lookup" in asked for native in asked.split("=")[1].split(",")}
    assert ids == {post["id"] for posts in toy.posts.values() for post in posts}


def test_lookups_leave_half_of_the_budget_to_what_is_watched(installation: Installation) -> None:
    installation.collect(0)
    installation.ingest(0)
    short = installation.collect(1, budget=Budget(units=6, requests_per_second=0))
    by_source = {each.source: each for each in short.sources}
    assert by_source["post_lookups"].pages == 3
    assert by_source["accounts"].status == "ok"
    assert by_source["accounts"].pages == 2


def test_a_budget_that_is_used_up_stops_the_night_and_keeps_no_cursor(installation: Installation, toy: Toy) -> None:
    short = installation.collect(budget=Budget(units=2, requests_per_second=0))
    assert short.status == "partial"
    assert short.sources[0].reason == "2 of 2 cut short: budget"
    assert sum(toy.asked.values()) == 2
    assert standing_before(installation.paths, "toy", item_name(item(installation.url)), NIGHT + timedelta(days=1)) is None
    rest = installation.collect(budget=Budget(units=4, requests_per_second=0))
    assert (rest.pages_fetched, rest.pages_from_disk, rest.status) == (2, 2, "ok")


def test_what_was_cut_short_last_night_comes_first(installation: Installation, toy: Toy) -> None:
    installation.collect(0, names=("ben",), lookups=())
    toy.asked.clear()
    installation.collect(1, names=("ben", "ann"), lookups=(), budget=Budget(units=3, requests_per_second=0))
    assert next(iter(toy.asked)) == "/items?who=ann"


def test_the_units_of_a_night_are_counted_over_restarts(installation: Installation) -> None:
    budget = Budget(units=3, requests_per_second=0)
    assert installation.collect(names=("ann",), budget=budget).units_left == 0
    assert installation.collect(names=("ann", "ben"), budget=budget).sources[0].cut == 1


def test_requests_keep_their_distance(installation: Installation) -> None:
    clock = NoTime()
    watched = Watched("toy", (item(installation.url),), urls=(installation.url,))
    paced = client(installation.url, budget=Budget(units=100, requests_per_second=0.5))
    collect_platform(installation.paths, paced, watched, NIGHT, Tools(environment={}, clock=clock))
    assert clock.waited == pytest.approx(4.0)


def test_a_platform_without_credentials_is_skipped_and_coverage_says_so(installation: Installation, toy: Toy) -> None:
    needed = (Credential("key", Scheme.QUERY, ("TOY_OTHER_KEY",), parameter="key"),)
    skipped = installation.collect(credentials=needed)
    assert skipped.sentence() == "toy: skipped: no credentials: set TOY_OTHER_KEY in the environment"
    assert not toy.asked
    installation.ingest()
    [row] = installation.rows("coverage")
    assert (row["source"], row["status"], row["reason"], row["got_count"]) == ("live_accounts", "skipped", "no_credentials", 0)


def test_a_platform_is_asked_for_what_needs_no_credential(installation: Installation, toy: Toy) -> None:
    needed = (Credential("paid", Scheme.QUERY, ("TOY_OTHER_KEY",), parameter="key"), *client(installation.url).credentials)
    collection = installation.collect(credentials=needed)
    assert [source.cut for source in collection.sources] == [0]
    assert toy.asked


def test_where_each_server_knows_its_own_all_that_are_watched_are_looked_up_at(installation: Installation) -> None:
    items = tuple(item(server, "ann") for server in ("https://one.example", "https://two.example"))
    plan = Plan(
        begins_at=datetime(2026, 10, 1, tzinfo=UTC), ends_at=datetime(2026, 10, 2, tzinfo=UTC), lookups={"post": ["ann-1"]}
    )
    for by_server, hosts in ((True, ["https://one.example", "https://two.example"]), (False, [installation.url])):
        asked = lookup_requests(client(installation.url, is_looked_up_by_server=by_server), Watched("toy", items), plan)
        assert [request.url.removesuffix("/lookup") for _, request in asked] == hosts


def test_coverage_counts_items_and_says_why_one_is_cut(installation: Installation) -> None:
    installation.collect(names=("ann", "no one"))
    installation.ingest()
    [row] = [row for row in installation.rows("coverage") if row["source"] == "live_accounts"]
    assert (row["expected_count"], row["got_count"], row["status"]) == (2, 1, "partial")
    assert row["reason"] == "1 of 2 cut short: not_askable"


def test_a_watched_name_is_never_published_as_a_reason(installation: Installation) -> None:
    collection = installation.collect(names=("no one",))
    assert "no one" in collection.sentence()
    assert "no one" not in str(collection.sources[0].reason)


def test_a_dead_server_is_left_alone_after_a_few_items(installation: Installation, server: ToyServer) -> None:
    server.close()
    names = tuple(f"account{number}" for number in range(20))
    down = installation.collect(names=names)
    assert (down.sources[0].cut, down.failed_attempts) == (20, 15)
    assert down.sources[0].codes == ["failing"]


def test_an_account_that_is_not_there_is_a_fact_and_not_a_failure(installation: Installation) -> None:
    assert installation.collect(names=("nobody",)).status == "ok"


def test_a_chain_that_is_too_long_is_cut_told_and_does_not_begin_anew(installation: Installation) -> None:
    cut = installation.collect(names=("ann",), most_pages=2)
    assert cut.sources[0].codes == ["length"]
    assert standing_before(installation.paths, "toy", item_name(item(installation.url)), NIGHT + timedelta(days=1)) is not None


def test_the_window_is_fixed_when_the_night_begins(installation: Installation) -> None:
    installation.collect()
    plan = installation.paths.plan_file("toy", NIGHT).read_bytes()
    installation.collect(0, budget=Budget(units=50))
    assert installation.paths.plan_file("toy", NIGHT).read_bytes() == plan
    said = json.loads(plan)
    assert (said["begins_at"], said["ends_at"]) == ("2026-09-29T00:00:00Z", "2026-10-02T00:00:00Z")
    assert set(said["begins"].values()) == {"2026-09-24T00:00:00Z"}


def test_progress_is_told_from_beginning_to_end(installation: Installation) -> None:
    installation.collect()
    told = installation.progress
    assert list(dict.fromkeys((each.done, each.total) for each in told)) == [(0, 2), (1, 2), (2, 2)]
    assert told[-1].pages == 4
    assert told[-1].units_left == 996


def test_a_kill_at_any_moment_loses_no_page_and_fetches_none_twice(tmp_path: Path, server: ToyServer, toy: Toy) -> None:
    program = [sys.executable, "-m", "tests.unit.http.killed_collection", server.url, str(tmp_path)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert any(kill["on_disk"] for kill in told["kills"])
    assert any(not kill["on_disk"] for kill in told["kills"])
    wanted = {asked.removeprefix("/whole") for asked in toy.asked if asked.startswith("/whole/")}
    assert len(wanted) == 4
    for kill in told["kills"]:
        counts = {asked: count for asked, count in toy.asked.items() if asked.startswith(f"/{kill['name']}/")}
        assert {asked.removeprefix(f"/{kill['name']}") for asked in counts} == wanted, kill
        for asked in kill["on_disk"]:
            path, _, query = asked.partition("?")
            ordered = f"{path}?{'&'.join(sorted(query.split('&')))}"
            assert counts[ordered] == 1, (kill, asked)
        # At most the one request that was under way when the process was killed.
        assert sum(counts.values()) <= len(wanted) + 1, kill
