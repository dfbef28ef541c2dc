"""A snac server as what it is to other servers: actors, outboxes and objects of ActivityPub. Its web form deletes what its API cannot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.peers.installing import Peers
from tests.peers.nights import Lake, newest
from tests.peers.processes import Stage
from tests.peers.sdk import Sdk
from tests.peers.snac import Snac, start_snac


@dataclass
class Done:
    """URIs of what was posted."""

    moss: str
    reply: str
    gone: str


@pytest.fixture(scope="module")
def server(peers: Peers, running: Stage) -> Snac:
    return start_snac(peers, running, "snac", ("ann", "ben"))


@pytest.fixture(scope="module")
def sdk(peers: Peers, running: Stage, server: Snac) -> Iterator[Sdk]:
    made = Sdk(peers, running, "mastodon_sdk")
    for name, token in server.tokens.items():
        made.person(name=name, server=server.url, token=token)
    yield made
    made.close()


@pytest.fixture(scope="module")
def done(sdk: Sdk, server: Snac) -> Done:
    sdk.follow(by="ben", address=f"@ann@{server.host}")
    moss = sdk.post(by="ann", text="Moss on the north side #Cottagecore")
    reply = sdk.post(by="ben", text="Where is it?", parent=moss["id"])
    return Done(moss["uri"], reply["uri"], sdk.post(by="ann", text="Not for long")["uri"])


@pytest.fixture(scope="module")
def lake(done: Done, server: Snac, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    made = Lake(tmp_path_factory.mktemp("activitypub"), "activitypub")
    made.night(made.watch(server.url, lines(done, server)))
    return made


def lines(done: Done, server: Snac) -> dict[str, list[str]]:
    return {"accounts": [f"ann@{server.host}", f"{server.url}/ben"], "objects": [done.moss]}


def test_every_record_lands(lake: Lake) -> None:
    assert lake.quarantined() == []


def test_outboxes_give_the_posts_and_who_answers_what(lake: Lake, done: Done, server: Snac) -> None:
    posts = newest(lake.rows("posts"), "post_key")
    assert set(posts) == {lake.key(uri) for uri in (done.moss, done.reply, done.gone)}
    moss, reply = posts[lake.key(done.moss)], posts[lake.key(done.reply)]
    assert (moss["tags"], moss["post_type"]) == (["cottagecore"], "post")
    assert (reply["post_type"], reply["parent_post_key"]) == ("reply", moss["post_key"])
    edges = {(row["interaction_type"], row["source_account_key"], row["target_post_key"]) for row in lake.rows("interactions")}
    assert ("reply", lake.key(f"{server.url}/ben"), moss["post_key"]) in edges


def test_a_post_that_its_author_deletes_becomes_a_tombstone(lake: Lake, done: Done, server: Snac) -> None:
    form = {"id": done.gone, "actor": f"{server.url}/ann", "group": "", "redir": "", "action": "Delete"}
    answer = httpx.post(f"{server.url}/ann/admin/action", auth=("ann", server.passwords["ann"]), data=form, timeout=60)
    assert answer.status_code == 303
    lake.night(lake.watch(server.url, lines(done, server)), 1)
    assert [(row["subject_type"], row["subject_key"]) for row in lake.rows("deletions", 1)] == [("post", lake.key(done.gone))]
    assert lake.quarantined(1) == []
