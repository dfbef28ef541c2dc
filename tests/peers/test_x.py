"""X's own OpenAPI description, served by Prism: it allows what our client asks, and whatever it may answer ends in the lake or the quarantine."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.http.client import Sender
from pipelines.http.clients import CLIENTS
from pipelines.http.clock import Clock
from pipelines.http.credentials import Credentials, Redactor
from pipelines.http.hosts import AllowList
from pipelines.http.pages import PageStore
from pipelines.lake.intake import NightIntake
from tests.peers.asked import Preferring
from tests.peers.installing import Peers
from tests.peers.nights import Lake, Later
from tests.peers.prism import Prism, description, narrowed, start_prism
from tests.peers.processes import Stage

ENVIRONMENT = {"X_BEARER_TOKEN": "loopback-only"}
CLIENT = CLIENTS["x"]
MOST_UNITS = 1_000_000
# Prism makes up a further page for every page, so each chain is as long as it may be.
PAGES_OF_A_CHAIN = 20
LOOKUPS = 40
NOW = datetime.now(UTC)
MADE_AT = [NOW - timedelta(minutes=11 * number) for number in range(100)]
# An id of X tells when it was made: milliseconds since its own epoch, before 22 bits of other things.
IDS = [str((int(moment.timestamp() * 1000) - 1_288_834_974_657) << 22) for moment in MADE_AT]
LINES: dict[str, list[Any]] = {
    "accounts": ["moss", "id:2244994945", {"value": "https://x.com/moss_and_fern", "max_results": 5}],
    "tags": ["cottagecore", {"value": "moss", "max_results": 10}],
    "queries": ['"cottage core" lang:en -is:retweet', {"value": "from:moss", "archive": True, "max_results": 500}],
}


@pytest.fixture(scope="module")
def file() -> Path:
    found = description()
    if found is None:
        pytest.skip("X's OpenAPI description is not on this machine; name its file in UNDERCURRENT_X_OPENAPI")
    return found


@pytest.fixture(scope="module")
def prism(peers: Peers, running: Stage, file: Path) -> Prism:
    return start_prism(peers, running, file)


def make_lake(folder: Path) -> Lake:
    return Lake(folder, "x", environment=ENVIRONMENT)


def watch(lake: Lake, prism: Prism, lines: dict[str, list[Any]], most_pages: int) -> Any:
    long = {
        source: [({"value": each} if isinstance(each, str) else each) | {"max_pages": most_pages} for each in listed]
        for source, listed in lines.items()
    }
    return lake.watch(prism.url, long, units=MOST_UNITS)


@pytest.fixture
def send(prism: Prism) -> Iterator[Callable[[Preferring], Sender]]:
    made: list[Sender] = []

    def sender(transport: Preferring) -> Sender:
        redactor = Redactor()
        credentials = Credentials(CLIENT.credentials, ENVIRONMENT, redactor)
        made.append(Sender(AllowList.of([], [prism.url]), credentials, redactor, Clock(), transport=transport))
        return made[-1]

    yield sender
    for each in made:
        each.close()


class TestWhatIsAsked:
    def test_the_description_allows_every_request(self, prism: Prism, tmp_path: Path, file: Path) -> None:
        transport = Preferring()
        lake = make_lake(tmp_path)
        collection = lake.collect(watch(lake, prism, LINES, 3), transport=transport)
        assert list(transport.refused()) == []
        assert {each.path.split("/")[2] + re.sub(r"/\d+", "/N", each.path).rsplit("/", 1)[-1] for each in transport.exchanges} >= {
            "usersmoss", "usersmoss_and_fern", "userstweets", "tweetsrecent", "tweetsall",
        }  # fmt: skip
        assert "refused" not in {code for source in collection.sources for code in source.codes}
        assert undeclared(file, transport) == []

    def test_the_description_allows_every_lookup(self, prism: Prism, file: Path, send: Callable[[Preferring], Sender]) -> None:
        transport = Preferring()
        sender = send(transport)
        for lookup in CLIENT.lookups:
            for count in (1, lookup.batch_count):
                for request in lookup.requests(IDS[:count], prism.url):
                    assert sender.send(request).status == 200
        assert len(transport.exchanges) == 2 * len(CLIENT.lookups)
        assert list(transport.refused()) == []
        assert undeclared(file, transport) == []

    def test_a_request_that_the_description_does_not_allow_is_noticed(
        self, prism: Prism, send: Callable[[Preferring], Sender]
    ) -> None:
        from pipelines.http.protocol import Request

        transport = Preferring()
        send(transport).send(Request(f"{prism.url}/2/tweets/search/recent", (("max_results", "7"),), credential="app"))
        [refused] = transport.refused()
        assert "query" in refused.violations


def undeclared(file: Path, transport: Preferring) -> list[str]:
    """Parameters that the description does not know: servers ignore them, so that a misspelt one is never noticed."""
    paths = json.loads(file.read_text())
    found = []
    for each in transport.exchanges:
        path = next(name for name in paths["paths"] if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", name), each.path))
        known = {_resolved(paths, parameter)["name"] for parameter in paths["paths"][path]["get"].get("parameters", [])}
        found += [f"{path}: {name}" for name, _ in each.query if name not in known]
    return sorted(set(found))


def _resolved(document: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    for part in value.get("$ref", "").removeprefix("#/").split("/") if "$ref" in value else ():
        document = document[part]
    return document if "$ref" in value else value


def take_in_made_up_answers(prism: Prism, folder: Path) -> tuple[Lake, NightIntake]:
    """Some hundred bodies that the description allows, made up by Prism, collected and taken in."""
    lake = make_lake(folder)
    transport = Preferring(lambda _: "dynamic=true")
    lake.collect(watch(lake, prism, LINES, PAGES_OF_A_CHAIN), transport=transport)
    redactor = Redactor()
    credentials = Credentials(CLIENT.credentials, ENVIRONMENT, redactor)
    sender = Sender(AllowList.of([], [prism.url]), credentials, redactor, Clock(), transport=transport)
    store = PageStore(lake.paths, "x", lake.first)
    for lookup in CLIENT.lookups:
        for number in range(LOOKUPS):
            [request] = lookup.requests(IDS[: 1 + number % 3 * 20], prism.url)
            store.land(sender.send(request), f"{lookup.asked_for}_lookups", f"{lookup.asked_for}_lookups-{number}")
    store.close()
    sender.close()
    return lake, lake.take_in()


@pytest.fixture(scope="module", params=["any", "plausible"])
def taken_in(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, NightIntake]:
    return take_in_made_up_answers(request.getfixturevalue(f"{request.param}_answers"), tmp_path_factory.mktemp("x"))


@pytest.fixture(scope="module")
def any_answers(prism: Prism) -> Prism:
    return prism


@pytest.fixture(scope="module")
def plausible_answers(peers: Peers, running: Stage, file: Path) -> Prism:
    """Ids that are numbers and times of these years: they get further into the parser."""
    times = [moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") for moment in MADE_AT]
    return start_prism(peers, running, narrowed(file, running.folder / "x-narrowed.json", IDS, times))


class TestWhatIsAnswered:
    def test_every_body_is_read(self, taken_in: tuple[Lake, NightIntake]) -> None:
        _, intake = taken_in
        assert len(intake.files) > 2 * LOOKUPS
        statuses = Counter(file.status for file in intake.files)
        assert set(statuses) == {"ingested"}, statuses

    def test_every_record_lands_or_is_quarantined_for_a_reason(self, taken_in: tuple[Lake, NightIntake]) -> None:
        lake, intake = taken_in
        assert intake.record_count == intake.landed_count + intake.quarantined_count + intake.duplicate_count
        reasons = Counter(row["reason_code"] for row in lake.quarantined())
        print(
            f"\n{len(intake.files)} bodies, {intake.record_count} records: {intake.landed_count} landed, "
            f"{intake.duplicate_count} duplicate, quarantined {dict(reasons)}"
        )
        # A parser that fell over says so in this form.
        assert [row["reason"] for row in lake.quarantined() if re.match(r"\w+(?:Error|Exception): ", row["reason"])] == []

    @pytest.mark.parametrize("taken_in", ["plausible"], indirect=True)
    def test_answers_that_x_could_give_land(self, taken_in: tuple[Lake, NightIntake]) -> None:
        lake, intake = taken_in
        assert len(intake.files) >= 2 * LOOKUPS + 4 * PAGES_OF_A_CHAIN
        assert intake.landed_count > intake.quarantined_count
        for table in ("posts", "post_metrics", "accounts", "interactions"):
            assert lake.rows(table), table


class TestTooManyRequests:
    def test_they_are_waited_out(self, prism: Prism, tmp_path: Path) -> None:
        transport = Preferring(lambda number: "code=429" if number < 4 else None)
        lake, clock = make_lake(tmp_path), Later()
        collection = lake.collect(watch(lake, prism, {"queries": ["moss"]}, 3), transport=transport, clock=clock)
        assert [each.status for each in transport.exchanges][:5] == [429, 429, 429, 429, 200]
        assert collection.failed_attempts == 4
        assert "failing" not in collection.sources[0].codes
        assert collection.pages_fetched > 0
        # No header says how long: each wait is longer than the one before, and all of them are taken by the clock.
        assert clock.waited_seconds > 1

    def test_they_are_not_waited_out_for_ever(self, prism: Prism, tmp_path: Path) -> None:
        transport = Preferring(lambda _: "code=429")
        lake = make_lake(tmp_path)
        collection = lake.collect(watch(lake, prism, {"queries": ["moss", "fern"]}, 3), transport=transport)
        assert collection.status == "partial"
        assert 2 <= len(transport.exchanges) <= 40
        assert lake.take_in().record_count == 0
