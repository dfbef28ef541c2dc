"""``undercurrent collect`` and ``watchlist``, and the stage of a night, on the toy platform."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.defs.collect.assets import fetched_pages
from pipelines.http.clients import CLIENTS
from pipelines.http.collect import Tools
from pipelines.http.protocol import Credential, PlatformClient, Scheme
from pipelines.lake.collection import collection_of
from pipelines.lake.counting import record_count
from pipelines.lake.paths import DataPaths
from pipelines.nightly.collection import collect_for_night
from tests.unit.http.toy import NIGHT, SPEC, NoTime, Toy, ToyServer, client

DAY = NIGHT.isoformat()


@pytest.fixture
def toy() -> Toy:
    made = Toy()
    made.fill("ann", 12)
    return made


@pytest.fixture
def server(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> Iterator[ToyServer]:
    made = ToyServer(toy)
    monkeypatch.setitem(CLIENTS, "toy", client(made.url))
    monkeypatch.delenv("UNDERCURRENT_WATCHLIST", raising=False)
    yield made
    made.close()


def watch(folder: Path, text: str = "toy:\n  accounts: [ann]\n") -> None:
    folder.mkdir(exist_ok=True)
    (folder / "watchlist.yaml").write_text(text)


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, list(arguments))
    return done.exit_code, done.output


@pytest.mark.usefixtures("server")
def test_collect_fetches_and_says_what(tmp_path: Path) -> None:
    watch(tmp_path)
    assert run("collect", "--data", str(tmp_path), "--day", DAY) == (0, "toy: ok; 3 pages, 3 units spent, 997 left\n")
    assert run("collect", "--data", str(tmp_path), "--day", DAY)[1].startswith("toy: ok; 0 pages and 3 from the disk")


def test_a_dry_run_asks_nobody_and_says_what_it_would_cost(tmp_path: Path, server: ToyServer, toy: Toy) -> None:
    watch(tmp_path, "toy:\n  accounts: [ann, ben]\n")
    code, told = run("collect", "--data", str(tmp_path), "--day", DAY, "--dry-run")
    assert code == 0
    assert not toy.asked
    assert "Nothing was asked" in told
    assert "1,000 of 1,000 units left" in told
    [row] = [line for line in told.splitlines() if "accounts" in line]
    assert [cell.strip() for cell in row.strip("│").split("│")] == ["toy", "accounts", "2", "2", "0", "2"]
    assert not (tmp_path / "pages").exists()
    assert server.url


def test_a_platform_without_credentials_is_one_line_and_no_failure(
    tmp_path: Path, server: ToyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = (Credential("key", Scheme.QUERY, ("TOY_SECRET",), parameter="key"),)
    monkeypatch.setitem(CLIENTS, "toy", client(server.url, credentials=needed))
    watch(tmp_path)
    skipped = "toy: skipped: no credentials: set TOY_SECRET in the environment\n"
    assert run("collect", "--data", str(tmp_path), "--day", DAY) == (0, skipped)
    assert "will be skipped" in run("watchlist", "--data", str(tmp_path))[1]


def test_what_was_cut_short_makes_the_command_fail_and_says_why(tmp_path: Path, server: ToyServer) -> None:
    watch(tmp_path, "toy:\n  accounts: [ann]\n  budget: {units: 1}\n")
    code, told = run("collect", "--data", str(tmp_path), "--day", DAY)
    assert code == 1
    assert "partial" in told
    assert "budget of 1 units is used up" in told
    assert server.url


@pytest.mark.usefixtures("server")
def test_the_watchlist_is_checked_by_a_command(tmp_path: Path) -> None:
    assert run("watchlist", "--data", str(tmp_path))[0] == 1
    watch(tmp_path)
    assert run("watchlist", "--data", str(tmp_path)) == (0, "toy: 1 accounts\n")
    watch(tmp_path, "toy:\n  acounts: [ann]\n")
    code, told = run("watchlist", "--data", str(tmp_path))
    assert code == 1
    assert "watchlist.yaml:2: toy has no acounts; write one of accounts" in told


@pytest.mark.usefixtures("server")
def test_a_night_that_is_not_over_is_refused(tmp_path: Path) -> None:
    watch(tmp_path)
    code, told = run("collect", "--data", str(tmp_path), "--day", datetime.now(UTC).date().isoformat())
    assert code == 1
    assert "is not over" in told


def stage(folder: Path, made: PlatformClient) -> Any:
    tools = Tools(environment={}, clock=NoTime())
    return collect_for_night(DataPaths(folder), folder / "watchlist.yaml", "toy", made, NIGHT, tools)


def test_a_night_without_a_watchlist_collects_nothing(tmp_path: Path, server: ToyServer, toy: Toy) -> None:
    told = stage(tmp_path, client(server.url))
    assert (told.page_count, told.is_whole) == (0, True)
    assert not toy.asked


def test_no_fault_stops_the_night(tmp_path: Path, server: ToyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    watch(tmp_path)
    assert stage(tmp_path, client(server.url)).page_count == 3
    watch(tmp_path, "toy: [")
    assert "cannot be followed" in stage(tmp_path, client(server.url)).sentence
    watch(tmp_path)

    def fail(*_: Any) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("pipelines.http.collect.run_chain", fail)
    assert not stage(tmp_path, client(server.url)).is_whole
    kept = collection_of(DataPaths(tmp_path), "toy", NIGHT)
    assert kept is not None
    assert (kept.status, kept.sources[0].codes) == ("partial", ["failed"])


def test_the_asset_of_a_collection_passes_or_warns_and_never_fails(
    tmp_path: Path, server: ToyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNDERCURRENT_DATA", str(tmp_path))
    asset = fetched_pages("toy", client(server.url))
    for text, passed in (
        ("toy:\n  accounts: [ann]\n", True),
        ("toy:\n  accounts: [ann]\n  budget: {units: 3}\n  days_back: x\n", False),
    ):
        watch(tmp_path, text)
        done = dg.materialize([asset], partition_key=DAY)
        assert done.success
        [checked] = done.get_asset_check_evaluations()
        assert (checked.passed, checked.severity) == (passed, dg.AssetCheckSeverity.WARN)


def test_records_are_counted_as_the_intake_would(toy: Toy) -> None:
    body = json.dumps(toy.answer("/items?who=ann")[1]).encode()
    assert record_count(SPEC, body, ".json") == 5
    assert record_count(SPEC, b"no json", ".json") == 0
