"""Bluesky's firehose, retold as Jetstream tells it: the same network that the AppView is asked about, told by its own events."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipelines.http.segments import SegmentFiles
from pipelines.http.stream import End, Limits, hear
from pipelines.platforms.bluesky.jetstream import Jetstream
from tests.peers.installing import Peers
from tests.peers.network import start_network
from tests.peers.nights import Lake, newest
from tests.peers.processes import Stage, free_port, until
from tests.peers.sdk import Sdk, driver_command

ROOT = Path(__file__).parents[2]
MANY = 40


@dataclass
class Done:
    """What was done, and since when (Unix microseconds)."""

    jetstream: Jetstream
    began: int
    dids: dict[str, str] = field(default_factory=dict)
    posts: dict[str, str] = field(default_factory=dict)  # by a name of ours: URI
    many: list[str] = field(default_factory=list)
    likes: list[str] = field(default_factory=list)
    follow: str = ""


@pytest.fixture(scope="module")
def done(peers: Peers, running: Stage) -> Done:
    network = start_network(peers, running)
    sdk = Sdk(peers, running, "bluesky", network.pds)
    began = int((time.time() - 60) * 1_000_000)
    dids = {name: sdk.account(name=name) for name in ("ann", "ben", "dov")}
    port = free_port()
    command = driver_command(peers, "jetstream", network.pds, str(port))
    child = running.start("jetstream", command, folder=ROOT)
    until("the bridge is up", lambda: "READY" in child.said(), child=child)
    what = Done(Jetstream(f"ws://127.0.0.1:{port}", tuple(dids.values())), began, dids)
    moss = sdk.post(by="ann", text="Moss on the north side", tag="cottagecore")
    gone = sdk.post(by="ann", text="Not for long")
    reply = sdk.post(by="ben", text="Where is it?", parent=moss)
    quote = sdk.post(by="ben", text="Look at this", quoted=moss)
    what.posts = {"moss": moss["uri"], "gone": gone["uri"], "reply": reply["uri"], "quote": quote["uri"]}
    what.posts["repost"] = sdk.repost(by="dov", post=moss)
    what.likes = [sdk.like(by="ben", post=moss)]
    what.follow = sdk.follow(by="ben", did=dids["ann"])
    what.many = [each["uri"] for each in sdk.posts(by="dov", texts=[f"Sneaker number {number}" for number in range(MANY)])]
    sdk.delete_post(by="ann", uri=gone["uri"])
    sdk.rename(by="ben", handle="benedict.test")
    sdk.deactivate(by="dov")
    sdk.close()
    return what


@pytest.fixture(scope="module")
def lake(done: Done, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """What was heard in two hearings: the first was ended by its size, the second goes on where it was."""
    made = Lake(tmp_path_factory.mktemp("jetstream"), "bluesky")
    files = SegmentFiles(made.inbox / "bluesky", "jetstream")
    first = hear(done.jetstream, files, done.began, limits=Limits(bytes=6_000, seconds=60))
    assert first.end is End.SIZE
    position = files.position()
    assert position is not None
    until_now = int(time.time() * 1_000_000)
    second = hear(done.jetstream, files, position, until_now, Limits(seconds=60, idle_seconds=3))
    assert second.end is End.CAUGHT_UP
    assert [*first.gaps, *second.gaps] == []
    assert len(list(files.files())) >= 2
    made.take_in()
    return made


def test_every_event_lands(lake: Lake) -> None:
    assert lake.quarantined() == []


def test_every_post_is_there_once(lake: Lake, done: Done) -> None:
    keys = [row["post_key"] for row in lake.rows("posts")]
    assert sorted(keys) == sorted(lake.key(uri) for uri in [*done.posts.values(), *done.many])


def test_posts_are_what_they_were_made_as(lake: Lake, done: Done) -> None:
    posts = newest(lake.rows("posts"), "post_key")
    kinds = {name: posts[lake.key(uri)]["post_type"] for name, uri in done.posts.items()}
    assert kinds == {"moss": "post", "gone": "post", "reply": "reply", "quote": "quote", "repost": "repost"}
    moss = lake.key(done.posts["moss"])
    assert posts[moss]["tags"] == ["cottagecore"]
    assert posts[lake.key(done.posts["reply"])]["parent_post_key"] == moss


def test_likes_and_follows_have_their_direction(lake: Lake, done: Done) -> None:
    ann, ben = lake.key(done.dids["ann"]), lake.key(done.dids["ben"])
    likes = [row for row in lake.rows("interactions") if row["interaction_type"] == "like"]
    assert [(row["source_account_key"], row["target_post_key"]) for row in likes] == [(ben, lake.key(done.posts["moss"]))]
    assert [(row["source_account_key"], row["target_account_key"]) for row in lake.rows("follows")] == [(ben, ann)]


def test_a_deletion_is_a_tombstone(lake: Lake, done: Done) -> None:
    found = [(row["subject_type"], row["subject_key"], row["reason"]) for row in lake.rows("deletions")]
    assert found == [("post", lake.key(done.posts["gone"]), "deleted_by_author")]


def test_a_deactivation_and_a_new_handle_are_told_of_the_account(lake: Lake, done: Done) -> None:
    accounts = newest(lake.rows("accounts"), "account_key")
    assert accounts[lake.key(done.dids["dov"])]["status"] == "deactivated"
    assert accounts[lake.key(done.dids["ann"])]["status"] == "active"
    handles = {row["handle"] for row in lake.rows("vault_accounts") if row["account_key"] == lake.key(done.dids["ben"])}
    assert handles - {None} == {"ben.test", "benedict.test"}
