"""Bluesky's events and profiles of an invented world, taken in by the real intake."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

import numpy as np
import pytest

from pipelines.platforms.text import normalise_tags
from pipelines.world.drawn import DAY, QUOTE, REPOST, moment
from pipelines.world.native import bluesky
from pipelines.world.native.files import Inbox
from tests.unit.world.invented import DISCLOSURES, invented
from tests.unit.world.landing import Landing, key, land

NAMES, FILED = invented("bluesky")
NAMES.accounts.opened_day[2] = NAMES.accounts.closed_day[3] = FILED.day
LAST = 20
DROPPED = 2  # the second delivery, and its later twin: events have no counters, so that a second delivery says nothing new


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Inbox:
    """One day, a day of silence, and the last one in the later shape; profiles of the first."""
    inbox = Inbox(tmp_path_factory.mktemp("inbox"))
    writer = bluesky.open_writer(inbox, NAMES)
    writer.write_profiles(FILED.day, np.arange(12))
    writer.write_day(FILED)
    nothing = np.zeros(0, np.int64)
    writer.write_day(replace(
        FILED, day=11, posts=FILED.posts.take(nothing), deleted=FILED.deleted.take(nothing), reactions=FILED.reactions.take(nothing),
        observed_second=nothing, version=nothing, is_repeat=nothing > 0,
    ))  # fmt: skip
    writer.write_day(replace(invented("bluesky", 30, 2, LAST)[1], is_drifted=True, is_last=True))
    writer.close()
    return inbox


@pytest.fixture(scope="module")
def landing(inbox: Inbox, tmp_path_factory: pytest.TempPathFactory) -> Landing:
    return land(inbox.root, "bluesky", tmp_path_factory.mktemp("data"))


def _id(row: int) -> str:
    posts = FILED.posts
    return bluesky.post_id(NAMES, int(posts.number[row]), int(posts.account[row]), int(posts.second[row]), int(posts.kind[row]))


def _author(row: int) -> str:
    return key("bluesky", bluesky.account_id(NAMES, int(FILED.posts.account[row])))


def test_every_event_lands_but_the_planted_ones_and_a_silent_day_has_no_file(inbox: Inbox, landing: Landing) -> None:
    assert landing.statuses() == {
        "getProfiles-2026-06-11.json": "ingested", "jetstream-2026-06-11.jsonl.gz": "ingested", "jetstream-2026-06-21.jsonl.gz": "ingested",
    }  # fmt: skip
    bad = [fault for fault in inbox.faults if fault.kind == "bad_record"]
    assert landing.refusals() == sorted((fault.file, fault.expected_code or "") for fault in bad)
    assert len(bad) == 4
    assert landing.duplicate_count == DROPPED


def test_posts_have_the_keys_times_tags_and_languages_that_were_planted(landing: Landing) -> None:
    rows = {row["post_key"]: row for row in landing.rows("posts") if row["edited_at"] is None}
    posts, tags = FILED.posts, NAMES.tags(FILED.posts)
    for row in range(40):
        landed = rows[key("bluesky", _id(row))]
        assert landed["account_key"] == _author(row)
        assert landed["published_at"].replace(microsecond=0) == moment(int(posts.stated_second[row]))
        assert landed["ts_quality"] == "exact"
        if posts.kind[row] != REPOST:
            assert set(landed["tags"]) - DISCLOSURES == set(normalise_tags(tags[row]))
            assert landed["language"] == ("en", "de", "fr", "es")[int(posts.language[row])]


def test_replies_quotes_reposts_and_credits_are_edges_to_the_right_posts(landing: Landing) -> None:
    edges = {(row["interaction_type"], row["post_key"]): row for row in landing.rows("interactions")}
    posts, own = {row["post_key"]: row for row in landing.rows("posts")}, [key("bluesky", _id(row)) for row in range(6)]
    assert FILED.posts.kind[3:5].tolist() == [QUOTE, REPOST]
    for kind, row, target in (("reply", 1, 0), ("reply", 2, 1), ("quote", 3, 0), ("repost", 4, 0)):
        edge = edges[kind, own[row]]
        assert (edge["source_account_key"], edge["target_account_key"]) == (_author(row), _author(target))
        assert edge["target_post_key"] == own[target]
        assert posts[own[row]]["post_type"] == kind
    assert posts[own[2]]["root_post_key"] == own[0]
    credited = bluesky.account_id(NAMES, int(FILED.posts.credit[5]))
    assert edges["mention", own[5]]["target_account_key"] == key("bluesky", credited)


def test_facets_are_where_the_text_says_so(inbox: Inbox) -> None:
    with gzip.open(inbox.root / "bluesky" / "jetstream-2026-06-11.jsonl.gz") as lines:
        records = [json.loads(line).get("commit", {}).get("record", {}) for line in lines]
    checked = 0
    for record in records:
        for facet in record.get("facets", []):
            said = record["text"].encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
            feature = facet["features"][0]
            assert said == f"#{feature['tag']}" if "tag" in feature else said.startswith("@") and said.endswith(".bsky.social")
            checked += 1
    assert checked > 40


def test_likes_and_follows_are_whose_they_were(landing: Landing) -> None:
    lurker = key("bluesky", bluesky.account_id(NAMES, 11))
    likes = [
        row
        for row in landing.rows("interactions")
        if row["interaction_type"] == "like" and row["interacted_at"] < moment(LAST * DAY)
    ]
    assert {(row["source_account_key"], row["target_post_key"]) for row in likes} == {
        (lurker, key("bluesky", _id(row))) for row in (0, 10, 20, 30)
    }
    follows = [row for row in landing.rows("follows") if row["followed_at"] < moment(LAST * DAY)]
    assert sorted(row["target_account_key"] for row in follows) == sorted(_author(row) for row in (0, 10, 20, 30))


def test_an_edit_replaces_the_record_when_it_was_seen(landing: Landing) -> None:
    edited = [row for row in landing.rows("posts") if row["post_key"] == key("bluesky", _id(5)) and row["edited_at"]]
    assert [row["edited_at"].replace(microsecond=0) for row in edited] == [moment(int(FILED.observed_second[40]) + 1)]
    assert edited[0]["published_at"].replace(microsecond=0) == moment(int(FILED.posts.stated_second[5]))


def test_deletions_of_posts_and_of_one_silent_account_are_stated(inbox: Inbox, landing: Landing) -> None:
    rows = [row for row in landing.rows("deletions") if row["deleted_at"] < moment(LAST * DAY)]
    assert {row["subject_key"] for row in rows} == {key("bluesky", _id(11)), key("bluesky", _id(19))}
    assert all(moment(FILED.day * DAY) <= row["deleted_at"] < moment((FILED.day + 1) * DAY) for row in rows)
    planted = [fault.detail for fault in inbox.faults if fault.kind == "deleted_account"]
    assert planted == [bluesky.account_id(NAMES, 11)]
    assert key("bluesky", str(planted[0])) in {
        row["subject_key"] for row in landing.rows("deletions") if row["subject_type"] == "account"
    }


def test_profiles_show_followers_bots_links_and_openings(landing: Landing) -> None:
    shown = {row["account_key"]: row for row in landing.rows("accounts") if row["followers_count"] is not None}
    followers = NAMES.accounts.followers(np.arange(12), float(FILED.day)).tolist()
    for account in range(12):
        row = shown[key("bluesky", bluesky.account_id(NAMES, account))]
        assert row["followers_count"] == followers[account]
        assert row["actor_class"] == ("bot" if account == 5 else None)
        assert len(row["declared_handle_keys"]) == (1 if account == 0 else 0)
        assert row["created_at"].date().isoformat() == ("2026-06-11" if account == 2 else "2024-02-06")
    closed = [
        row["status"] for row in landing.rows("accounts") if row["account_key"] == key("bluesky", bluesky.account_id(NAMES, 3))
    ]
    assert "deactivated" in closed


def test_the_same_records_give_the_same_bytes(inbox: Inbox, tmp_path_factory: pytest.TempPathFactory) -> None:
    again = Inbox(tmp_path_factory.mktemp("again"))
    bluesky.open_writer(again, NAMES).write_day(FILED)
    name = "bluesky/jetstream-2026-06-11.jsonl.gz"
    assert (again.root / name).read_bytes() == (inbox.root / name).read_bytes()
