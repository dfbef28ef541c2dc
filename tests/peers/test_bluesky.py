"""Bluesky's own network, acted on through its official SDK: what was done there is what lies in the lake."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.calibrated import install_calibration
from tests.peers.installing import Peers
from tests.peers.network import Network, start_network
from tests.peers.nights import Lake, newest
from tests.peers.processes import Stage, until
from tests.peers.sdk import Sdk

ROOT = Path(__file__).parents[2]
MANY = 130  # posts of one account: more than a page of 100
NAMES = ("ann", "ben", "cat", "dov")


@dataclass
class Done:
    """What was done on the network through the SDK."""

    dids: dict[str, str] = field(default_factory=dict)
    posts: dict[str, dict[str, str]] = field(default_factory=dict)  # by a name of ours: URI and CID
    many: list[str] = field(default_factory=list)
    repost: str = ""
    follows: dict[tuple[str, str], str] = field(default_factory=dict)

    def uri(self, name: str) -> str:
        return self.posts[name]["uri"]


@pytest.fixture(scope="module")
def network(peers: Peers, running: Stage) -> Network:
    return start_network(peers, running)


@pytest.fixture(scope="module")
def sdk(peers: Peers, running: Stage, network: Network) -> Iterator[Sdk]:
    made = Sdk(peers, running, "bluesky", network.pds)
    yield made
    made.close()


@pytest.fixture(scope="module")
def done(sdk: Sdk, network: Network) -> Done:
    """A small conversation, and one account that posts much."""
    what = Done(dids={name: sdk.account(name=name) for name in NAMES})
    posts, dids = what.posts, what.dids
    posts["moss"] = sdk.post(by="ann", text="Moss on the north side", tag="Cottagecore")
    posts["linked"] = sdk.post(by="ann", text="How to press flowers", link="https://www.example.org/press?utm_source=x")
    posts["mentioning"] = sdk.post(by="ann", text="Thanks to", mention=dids["ben"])
    posts["reply"] = sdk.post(by="ben", text="Where is it?", parent=posts["moss"])
    posts["answer"] = sdk.post(by="ann", text="By the well", parent=posts["reply"], root=posts["moss"])
    posts["quote"] = sdk.post(by="ben", text="Look at this", quoted=posts["moss"])
    posts["last"] = sdk.post(by="dov", text="I shall leave", tag="cottagecore")
    what.many = [each["uri"] for each in sdk.posts(by="cat", texts=[f"Sneaker number {number}" for number in range(MANY)])]
    what.repost = sdk.repost(by="cat", post=posts["moss"])
    for name in ("ben", "cat"):
        sdk.like(by=name, post=posts["moss"])
    for one, other in (("ben", "ann"), ("cat", "ann"), ("ann", "ben")):
        what.follows[one, other] = sdk.follow(by=one, did=dids[other])
    network.settle()
    return what


def make_lake(folder: Path) -> Lake:
    return Lake(folder, "bluesky")


def lines(done: Done) -> dict[str, list[str]]:
    """What is watched."""
    return {
        "accounts": [f"{name}.test" for name in NAMES],
        "followers": ["ann.test"],
        "follows": [done.dids["ann"]],
        "reactions": [done.uri("moss")],
        "threads": [done.uri("moss")],
        "tags": ["cottagecore"],
    }


@pytest.fixture(scope="module")
def first(done: Done, network: Network, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake after its first night."""
    lake = make_lake(tmp_path_factory.mktemp("bluesky"))
    lake.night(lake.watch(network.appview, lines(done)))
    return lake


class TestTheFirstNight:
    def test_every_record_lands(self, first: Lake) -> None:
        assert first.quarantined() == []

    def test_every_post_is_there_and_nothing_else(self, first: Lake, done: Done) -> None:
        made = {each["uri"] for each in done.posts.values()} | set(done.many) | {done.repost}
        assert {row["post_key"] for row in first.rows("posts")} == {first.key(uri) for uri in made}
        assert {row["native_id"] for row in first.rows("vault_posts")} == made - {done.repost}  # has nothing of its own to keep

    def test_posts_are_what_they_were_made_as(self, first: Lake, done: Done) -> None:
        posts = newest(first.rows("posts"), "post_key")
        moss, author = first.key(done.uri("moss")), first.key(done.dids["ann"])
        kinds = {name: posts[first.key(done.uri(name))]["post_type"] for name in done.posts}
        assert kinds == {
            "moss": "post", "linked": "post", "mentioning": "post", "reply": "reply", "answer": "reply", "quote": "quote", "last": "post",
        }  # fmt: skip
        assert posts[moss]["tags"] == ["cottagecore"]
        assert posts[moss]["language"] == "en"
        assert posts[moss]["account_key"] == author
        assert posts[first.key(done.uri("linked"))]["link_domains"] == ["example.org"]
        assert posts[first.key(done.uri("mentioning"))]["mentioned_account_keys"] == [first.key(done.dids["ben"])]
        answer = posts[first.key(done.uri("answer"))]
        assert (answer["parent_post_key"], answer["root_post_key"]) == (first.key(done.uri("reply")), moss)
        assert posts[first.key(done.repost)]["post_type"] == "repost"

    def test_interactions_are_who_did_what_to_whom(self, first: Lake, done: Done) -> None:
        names = {first.key(did): name for name, did in done.dids.items()}
        targets = {first.key(each["uri"]): name for name, each in done.posts.items()}
        found = Counter(
            (
                names[row["source_account_key"]],
                row["interaction_type"],
                targets.get(row["target_post_key"]) or names[row["target_account_key"]],
            )
            for row in newest(first.rows("interactions"), "interaction_key").values()
        )
        assert found == Counter(
            {
                ("ben", "reply", "moss"): 1,
                ("ann", "reply", "reply"): 1,
                ("ben", "quote", "moss"): 1,
                ("ann", "mention", "ben"): 1,
                ("cat", "repost", "moss"): 1,
                ("ben", "like", "moss"): 1,
                ("cat", "like", "moss"): 1,
            }
        )

    def test_counters_are_what_was_given(self, first: Lake, done: Done) -> None:
        counted = newest(first.rows("post_metrics"), "post_key")[first.key(done.uri("moss"))]
        names = ("like_count", "repost_count", "quote_count", "comment_count")
        # AppView counts direct replies only.
        assert {name: counted[name] for name in names} == dict(zip(names, (2, 1, 1, 1), strict=True))

    def test_accounts_have_their_numbers(self, first: Lake, done: Done) -> None:
        accounts = newest(first.rows("accounts"), "account_key")
        assert set(accounts) == {first.key(did) for did in done.dids.values()}
        ann = accounts[first.key(done.dids["ann"])]
        assert (ann["followers_count"], ann["following_count"], ann["posts_count"]) == (2, 1, 4)
        assert accounts[first.key(done.dids["cat"])]["posts_count"] == MANY

    def test_follows_have_their_direction(self, first: Lake, done: Done) -> None:
        found = {(row["source_account_key"], row["target_account_key"]) for row in first.rows("follows")}
        assert found == {(first.key(done.dids[one]), first.key(done.dids[other])) for one, other in done.follows}

    def test_nothing_is_told_as_deleted(self, first: Lake) -> None:
        assert first.rows("deletions") == []

    def test_the_night_again_asks_nobody_and_changes_nothing(self, first: Lake, done: Done, network: Network) -> None:
        before = sorted(map(str, first.rows("post_metrics")))
        again = first.collect(first.watch(network.appview, lines(done)))
        assert again.pages_fetched == 0
        first.take_in()
        assert sorted(map(str, first.rows("post_metrics"))) == before


def _records(network: Network, did: str, collection: str) -> Iterator[bytes]:
    query = {"repo": did, "collection": collection, "limit": "100"}
    for _ in range(5):
        answer = httpx.get(f"{network.pds}/xrpc/com.atproto.repo.listRecords", params=query, timeout=60)
        answer.raise_for_status()
        yield answer.content
        cursor: Any = answer.json().get("cursor")
        if not cursor:
            return
        query["cursor"] = cursor


@pytest.fixture(scope="module")
def exported(done: Done, network: Network, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = make_lake(tmp_path_factory.mktemp("exports"))
    folder = lake.inbox / "bluesky"
    folder.mkdir(parents=True)
    for name, did in done.dids.items():
        answer = httpx.get(f"{network.pds}/xrpc/com.atproto.sync.getRepo", params={"did": did}, timeout=60)
        answer.raise_for_status()
        (folder / f"{name}.car").write_bytes(answer.content)
    lake.take_in()
    return lake


@pytest.fixture(scope="module")
def listed(done: Done, network: Network, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = make_lake(tmp_path_factory.mktemp("records"))
    folder = lake.inbox / "bluesky"
    folder.mkdir(parents=True)
    for name, did in done.dids.items():
        for collection in ("feed.post", "feed.repost", "feed.like", "graph.follow"):
            for number, page in enumerate(_records(network, did, f"app.bsky.{collection}")):
                (folder / f"{name}-{collection}-{number}.json").write_bytes(page)
    lake.take_in()
    return lake


class TestWhatTheRepositoriesSay:
    """The personal data server's own export of an account, a second witness of the same posts."""

    @pytest.mark.parametrize("witness", ["exported", "listed"])
    def test_it_has_the_same_posts_by_the_same_keys(self, witness: str, first: Lake, request: pytest.FixtureRequest) -> None:
        lake: Lake = request.getfixturevalue(witness)
        assert lake.quarantined() == []
        wanted, found = newest(first.rows("posts"), "post_key"), newest(lake.rows("posts"), "post_key")
        assert set(found) == set(wanted)
        names = (
            "account_key",
            "post_type",
            "parent_post_key",
            "root_post_key",
            "tags",
            "link_keys",
            "mentioned_account_keys",
            "text_char_count",
        )
        for key, row in found.items():
            assert {name: row.get(name) for name in names} == {name: wanted[key].get(name) for name in names}
            assert abs(row["published_at"] - wanted[key]["published_at"]).total_seconds() < 2

    @pytest.mark.parametrize("witness", ["exported", "listed"])
    def test_it_has_follows_and_likes_of_all(self, witness: str, done: Done, request: pytest.FixtureRequest) -> None:
        lake: Lake = request.getfixturevalue(witness)
        found = {(row["source_account_key"], row["target_account_key"]) for row in lake.rows("follows")}
        assert found == {(lake.key(done.dids[one]), lake.key(done.dids[other])) for one, other in done.follows}
        likes = [row for row in lake.rows("interactions") if row["interaction_type"] == "like"]
        assert {row["source_account_key"] for row in likes} == {lake.key(done.dids["ben"]), lake.key(done.dids["cat"])}


class TestTheCommandLine:
    """As an operator does it: the night of yesterday, by commands."""

    @pytest.fixture
    def run(self, done: Done, network: Network, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
        lake = make_lake(tmp_path)
        lake.watch(network.appview, lines(done))
        install_calibration(lake.paths)
        (tmp_path / "home").mkdir()
        shutil.copy(ROOT / ".dagster_home" / "dagster.yaml", tmp_path / "home")
        environment = {**os.environ, "DAGSTER_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}

        def command(*arguments: str) -> subprocess.CompletedProcess[str]:
            line = [sys.executable, "-m", "pipelines.cli", *arguments, "--data", str(lake.paths.root)]
            done = subprocess.run(line, capture_output=True, text=True, check=False, env=environment, timeout=540)  # noqa: S603 - ours
            assert done.returncode == 0, done.stdout + done.stderr
            return done

        return command

    def test_it_is_checked_tried_collected_and_not_asked_for_twice(
        self, run: Callable[..., subprocess.CompletedProcess[str]]
    ) -> None:
        assert "4 accounts" in run("watchlist").stdout
        assert "Nothing was asked" in run("collect", "--dry-run").stdout
        assert "bluesky: ok; " in run("collect").stdout
        assert "bluesky: ok; 0 pages" in run("collect").stdout

    def test_a_night_collects_takes_in_and_publishes(
        self, run: Callable[..., subprocess.CompletedProcess[str]], done: Done, tmp_path: Path
    ) -> None:
        yesterday = str(datetime.now(UTC).date() - timedelta(days=1))
        (tmp_path / "inbox").mkdir()
        run("nightly", "--inbox", str(tmp_path / "inbox"), "--day", yesterday)
        told = run(
            "query",
            "select source, status, got_count from coverage_days where source like 'live_%' order by all",
            "--format",
            "csv",
        ).stdout
        assert f"live_accounts,ok,{len(NAMES)}" in told
        accounts = run("query", "select count(*) as n from creators", "--format", "csv").stdout
        assert accounts.split() == ["n", str(len(done.dids))]


class TestACollectionThatIsKilled:
    def test_it_goes_on_where_it_was_and_loses_and_doubles_nothing(self, done: Done, network: Network, tmp_path: Path) -> None:
        whole, killed = make_lake(tmp_path / "whole"), make_lake(tmp_path / "killed")
        whole.night(whole.watch(network.appview, lines(done)))
        what = killed.watch(network.appview, lines(done))
        pages = killed.paths.pages_folder("bluesky", killed.first)
        command = [sys.executable, "-m", "tests.peers.slowly", str(killed.paths.root), killed.first.isoformat()]
        with subprocess.Popen(command) as process:  # noqa: S603 - our own program
            until("five pages are on the disk", lambda: len(list(pages.glob("*/*.page"))) >= 5)
            process.kill()
        before = len(list(pages.glob("*/*.page")))
        assert 5 <= before < len(list(whole.paths.pages_folder("bluesky", whole.first).glob("*/*.page")))
        collection = killed.collect(what)
        assert (collection.status, collection.pages_from_disk) == ("ok", before)
        killed.take_in()
        for table in ("posts", "post_metrics", "interactions", "accounts", "follows", "vault_posts", "vault_accounts"):
            assert facts(killed, table) == facts(whole, table), table


def facts(lake: Lake, table: str) -> Counter[str]:
    """How often each row is there, but for when and from which page it came."""
    of_the_sighting = {"observed_at", "source_hash"}
    return Counter(str({name: value for name, value in row.items() if name not in of_the_sighting}) for row in lake.rows(table))


@pytest.fixture(scope="module")
def second(first: Lake, done: Done, sdk: Sdk, network: Network) -> Lake:
    sdk.delete_post(by="ann", uri=done.uri("linked"))
    sdk.delete_post(by="cat", uri=done.many[0])
    sdk.rename(by="ben", handle="benedict.test")
    sdk.deactivate(by="dov")
    done.posts["late"] = sdk.post(by="ann", text="One more")
    sdk.like(by="cat", post=done.posts["late"])
    network.settle()
    collection = first.collect(first.watch(network.appview, lines(done)), 1)
    assert [each.details for each in collection.sources if each.details] == []
    first.take_in(1)
    return first


class TestTheNextNight:
    """A post is deleted, a handle changed, an account deactivated: the second night finds it."""

    def test_every_record_lands(self, second: Lake) -> None:
        assert second.quarantined(1) == []

    def test_what_was_deleted_becomes_tombstones_and_nothing_else(self, second: Lake, done: Done) -> None:
        found = {(row["subject_type"], row["subject_key"]) for row in second.rows("deletions", 1)}
        gone = {("post", second.key(uri)) for uri in (done.uri("linked"), done.many[0], done.uri("last"))}
        assert found == gone | {("account", second.key(done.dids["dov"]))}

    def test_an_account_keeps_its_key_under_a_new_handle(self, second: Lake, done: Done) -> None:
        ben = second.key(done.dids["ben"])
        handles = {row["handle"] for row in second.rows("vault_accounts") if row["account_key"] == ben and row["handle"]}
        assert handles == {"ben.test", "benedict.test"}
        assert (
            newest(second.rows("accounts"), "account_key")[ben]["handle_key"]
            != newest(second.rows("accounts", 0), "account_key")[ben]["handle_key"]
        )

    def test_a_new_post_comes_and_counters_are_seen_again(self, second: Lake, done: Done) -> None:
        late = second.key(done.uri("late"))
        assert late in {row["post_key"] for row in second.rows("posts", 1)}
        counted = newest(second.rows("post_metrics", 1), "post_key")
        assert counted[late]["like_count"] == 1
        # Of the 130 posts of one account each that is left was counted at the age of one day.
        assert {second.key(uri) for uri in done.many[1:]} <= set(counted)

    def test_a_third_night_does_not_ask_again_for_what_is_gone(self, second: Lake, done: Done, network: Network) -> None:
        second.collect(second.watch(network.appview, lines(done)), 2)
        second.take_in(2)
        assert second.rows("deletions", 2) == []
