"""Contracts of the Mastodon formats: pinned counts on recorded bodies, rows of hand-written payloads, arbitrary input."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.platforms.mastodon.parse import FORMATS, ThreadContext, Timeline
from pipelines.platforms.protocol import Framing, Sample
from tests.contracts.harness import PSEUDONYMS, REALDATA, chosen, context, drive
from tests.contracts.test_bluesky import JSON
from tests.contracts.unwrap import unwrap


def account(name: str, number: str) -> dict[str, Any]:
    return {
        "id": number,
        "username": name,
        "acct": name,
        "url": f"https://social.example/@{name}",
        "created_at": "2020-01-01T00:00:00.000Z",
        "note": "<p>hello</p>",
        "followers_count": -1,
        "bot": name == "robot",
    }


def status(number: str, author: dict[str, Any], **more: Any) -> dict[str, Any]:
    base = {
        "id": number,
        "uri": f"https://social.example/s/{number}",
        "created_at": "2026-01-02T03:04:05.000Z",
        "account": author,
        "content": '<p>see <a href="https://www.example.org/x?utm_source=a">it</a> '
        '<a href="https://social.example/tags/moss" class="mention hashtag">#Moss</a></p>',
        "visibility": "public",
        "language": "de",
        "tags": [{"name": "Moss"}],
        "mentions": [],
        "replies_count": 2,
        "reblogs_count": 0,
        "favourites_count": 5,
        "reblog": None,
        "in_reply_to_id": None,
    }
    return {**base, **more}


def key(native_id: str) -> str:
    return PSEUDONYMS.key("mastodon", native_id)


ANN, BEN = account("ann", "1"), account("ben", "2")


def test_a_status_gives_text_tags_links_and_counters() -> None:
    outcome = drive(Timeline(), [[status("10", ANN, edited_at="2026-01-03T00:00:00Z")]], context("mastodon"))
    (post,) = outcome.of("posts")
    assert post["account_key"] == key("https://social.example/@ann")
    assert (post["tags"], post["link_domains"], post["community"], post["language"]) == (
        ["moss"],
        ["example.org"],
        "social.example",
        "de",
    )
    assert post["edited_at"].isoformat() == "2026-01-03T00:00:00+00:00"
    (metrics,) = outcome.of("post_metrics")
    assert (metrics["like_count"], metrics["comment_count"], metrics["repost_count"], metrics["quote_count"]) == (5, 2, 0, None)
    assert outcome.of("vault_posts")[0]["text"] == "see it #Moss"
    assert outcome.of("accounts")[0]["followers_count"] is None  # -1 means hidden


def test_a_boost_gives_a_repost_and_the_status_it_repeats() -> None:
    boost = status("11", BEN, content="", reblog=status("10", ANN))
    outcome = drive(Timeline(), [[boost]], context("mastodon"))
    assert [post["post_type"] for post in outcome.of("posts")] == ["repost", "post"]
    (edge,) = outcome.of("interactions")
    assert (edge["interaction_type"], edge["target_account_key"]) == ("repost", key("https://social.example/@ann"))


@pytest.mark.parametrize(
    "name", ["https://social.example#10", "https://social.example/ann/d/10/Announce", "https://other.example/s/11"]
)
def test_a_boost_that_each_list_names_anew_is_one_boost(name: str) -> None:
    boost = status("11", BEN, content="", uri=name, reblog=status("10", ANN))
    outcome = drive(Timeline(), [[boost]], context("mastodon"))
    [edge] = [row for row in outcome.of("interactions") if row["interaction_type"] == "repost"]
    [post] = [row for row in outcome.of("posts") if row["post_type"] == "repost"]
    made_up = PSEUDONYMS.key("mastodon", f"boost:{BEN['url']}:{boost['reblog']['uri']}")
    assert (edge["post_key"], post["post_key"]) == (made_up, made_up)


def test_a_reply_in_a_context_finds_its_parent_by_the_instances_id() -> None:
    tree = {"ancestors": [status("10", ANN)], "descendants": [status("11", BEN, in_reply_to_id="10", in_reply_to_account_id="1")]}
    outcome = drive(ThreadContext(), [tree], context("mastodon"))
    reply = outcome.of("posts")[1]
    assert (reply["post_type"], reply["parent_post_key"]) == ("reply", key("https://social.example/s/10"))
    assert outcome.of("interactions")[0]["target_account_key"] == key("https://social.example/@ann")


def test_a_followers_only_status_is_refused() -> None:
    assert drive(Timeline(), [[status("10", ANN, visibility="private")]], context("mastodon")).by_code == {"not_public": 1}


def test_a_bot_says_so_and_a_one_person_server_is_no_community() -> None:
    robot = {**account("robot", "3"), "url": "https://robot.example/@robot"}
    outcome = drive(Timeline(), [status("10", robot)], context("mastodon"))
    assert outcome.of("accounts")[0]["actor_class"] == "bot"
    assert outcome.of("posts")[0]["community"] is None


def test_an_error_body_is_quarantined_as_such() -> None:
    native = chosen(FORMATS, Sample("x", ".json", b"", {"error": "gone"}))
    assert native is not None
    assert drive(native, [{"error": "gone"}], context("mastodon")).by_code == {"error_response": 1}


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.exists(), reason="no real records here")
def test_the_recorded_bodies_land_completely(tmp_path: Path) -> None:
    import json

    with tarfile.open(REALDATA / "mastodon_rtoot_vcr" / "rtoot_fixtures.tar.gz") as archive:
        archive.extractall(tmp_path / "vcr", filter="data")
    counts: dict[str, tuple[int, int]] = {}
    for file in unwrap(tmp_path / "vcr", tmp_path / "json"):
        document = json.loads(file.read_text("utf-8"))
        sample = Sample(file.name, ".json", b"", document)
        native = chosen([one for one in FORMATS if one.framing is Framing.JSON], sample)
        if native is not None:
            outcome = drive(native, [document], context("mastodon"))
            records, refused = counts.get(native.name, (0, 0))
            counts[native.name] = (records + outcome.record_count, refused + len(outcome.refused))
    assert counts == {
        "mastodon_accounts": (278, 0),
        "mastodon_statuses": (483, 0),
        "mastodon_context": (394, 0),
        "mastodon_error": (1, 1),
    }


@given(document=JSON, field_name=st.sampled_from(sorted(status("1", ANN))))
def test_arbitrary_json_is_refused_and_never_breaks_a_format(document: Any, field_name: str) -> None:
    broken = {**status("1", ANN), field_name: document}
    for native in FORMATS:
        native.matches(Sample("x", "", b"", document))
        shapes = [document, [document], broken, [broken], {"ancestors": [broken], "descendants": [document]}]
        drive(native, shapes, context("mastodon"))


@pytest.mark.parametrize("wish", [{"noindex": True}, {"indexable": False}])
def test_who_asks_not_to_be_indexed_gives_a_tombstone_and_nothing_else(wish: dict[str, bool]) -> None:
    outcome = drive(Timeline(), [[status("10", ANN | wish)]], context("mastodon"))
    assert outcome.by_table == {"deletions": 1}
    (row,) = outcome.of("deletions")
    assert (row["subject_type"], row["subject_key"], row["reason"]) == ("account", key(ANN["url"]), "opted_out")


def test_a_boost_of_one_who_asks_not_to_be_indexed_shows_nothing_of_the_boosted_status() -> None:
    boosted = status("10", ANN | {"noindex": True})
    outcome = drive(Timeline(), [[status("11", BEN, reblog=boosted)]], context("mastodon"))
    assert outcome.by_table == {"posts": 1, "interactions": 1, "accounts": 1, "vault_accounts": 1, "deletions": 1}


def test_who_asks_not_to_be_featured_is_never_named() -> None:
    many = ANN | {"followers_count": 2_000_000, "display_name": "Ann"}
    found = drive(Timeline(), [[status("10", many), status("11", many | {"discoverable": False})]], context("mastodon"))
    assert [row["public_name"] for row in found.of("accounts")] == ["Ann", None]
