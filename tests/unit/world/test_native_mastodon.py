"""Mastodon's timelines of an invented world, taken in by the real intake."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.platforms.text import normalise_tags
from pipelines.world.drawn import DAY, NOBODY, QUOTE, REPLY, REPOST, counted, moment
from pipelines.world.native import mastodon
from pipelines.world.native.files import Filed, Inbox
from tests.unit.world.invented import DISCLOSURES, invented
from tests.unit.world.landing import Landing, key, land

NAMES, FILED = invented("mastodon")
LAST = 12
UNSEEN = 999_999


def _last_day() -> Filed:
    """A reply and a boost of statuses of the first day, and a boost of one that was never delivered."""
    later = invented("mastodon", 30, 2, LAST)[1]
    numbers = {name: getattr(later.posts, name) + 100_000 * (getattr(later.posts, name) >= 0) for name in ("number", "parent")}
    numbers["parent"][1], numbers["parent"][4], numbers["parent"][14] = FILED.posts.number[5], FILED.posts.number[6], UNSEEN
    for name, value in (("parent_account", "account"), ("parent_second", "second")):
        numbers[name] = getattr(later.posts, name).copy()
        numbers[name][1], numbers[name][4] = getattr(FILED.posts, value)[5], getattr(FILED.posts, value)[6]
    return replace(later, posts=replace(later.posts, **numbers), is_drifted=True, is_last=True)


FINAL = _last_day()


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Inbox:
    inbox = Inbox(tmp_path_factory.mktemp("inbox"))
    writer = mastodon.open_writer(inbox, NAMES)
    writer.write_profiles(FILED.day, np.arange(12))
    writer.write_day(FILED)
    writer.write_day(FINAL)
    writer.close()
    return inbox


@pytest.fixture(scope="module")
def landing(inbox: Inbox, tmp_path_factory: pytest.TempPathFactory) -> Landing:
    return land(inbox.root, "mastodon", tmp_path_factory.mktemp("data"))


def _id(filed: Filed, row: int) -> str:
    posts = filed.posts
    return mastodon.post_id(NAMES, int(posts.number[row]), int(posts.account[row]), int(posts.second[row]), int(posts.kind[row]))


def _author(row: int) -> str:
    return key("mastodon", mastodon.account_id(NAMES, int(FILED.posts.account[row])))


def test_days_become_timelines_newest_first_and_every_status_lands_but_the_planted_ones(inbox: Inbox, landing: Landing) -> None:
    assert landing.statuses() == {
        "accounts-2026-06-11.json.gz": "ingested", "statuses-2026-06-11.json.gz": "ingested", "statuses-2026-06-13.json.gz": "ingested",
        "statuses-cut-2026-06-13.json": "unreadable",
    }  # fmt: skip
    assert landing.refusals() == sorted((fault.file, fault.expected_code or "") for fault in inbox.faults)
    assert [fault.expected_code for fault in inbox.faults] == ["missing_id", "implausible_time", "broken_json"]
    assert sum(entry.landed_count for entry in landing.intake.files) == 12 + 42 + 32 + 1
    times = [
        status["created_at"]
        for status in json.loads(gzip.decompress((inbox.root / "mastodon" / "statuses-2026-06-11.json.gz").read_bytes()))
    ]
    assert times[2:] == sorted(times[2:], reverse=True)


def test_statuses_have_the_keys_times_tags_languages_and_places_that_were_planted(landing: Landing) -> None:
    rows = {row["post_key"]: row for row in landing.rows("posts")}
    posts, tags = FILED.posts, NAMES.tags(FILED.posts)
    for row in range(40):
        landed = rows[key("mastodon", _id(FILED, row))]
        assert landed["account_key"] == _author(row)
        assert landed["published_at"].replace(microsecond=0) == moment(int(posts.stated_second[row]))
        if posts.kind[row] != REPOST:
            assert set(landed["tags"]) - DISCLOSURES == set(normalise_tags(tags[row]))
            assert landed["language"] == ("en", "de", "fr", "es")[int(posts.language[row])]
            assert landed["community"] == ("meadow.example", "brickwall.example", "commons.example")[int(posts.account[row]) % 3]


def test_replies_quotes_boosts_and_credits_are_edges_to_the_right_statuses(landing: Landing) -> None:
    edges = {(row["interaction_type"], row["post_key"], row["target_account_key"]): row for row in landing.rows("interactions")}
    own = [key("mastodon", _id(FILED, row)) for row in range(6)]
    assert FILED.posts.kind[1:5].tolist() == [REPLY, REPLY, QUOTE, REPOST]
    for kind, row, target in (("reply", 1, 0), ("reply", 2, 1), ("quote", 3, 0), ("repost", 4, 0)):
        edge = edges[kind, own[row], _author(target)]
        assert edge["source_account_key"] == _author(row)
        assert edge["target_post_key"] == own[target]
    credited = key("mastodon", mastodon.account_id(NAMES, int(FILED.posts.credit[5])))
    assert ("mention", own[5], credited) in edges


def test_what_answers_or_boosts_a_status_of_days_before_brings_it_along(landing: Landing) -> None:
    posts = landing.rows("posts")
    parents = {row["post_key"]: row["parent_post_key"] for row in posts}
    assert parents[key("mastodon", _id(FINAL, 1))] == key("mastodon", _id(FILED, 5))
    assert parents[key("mastodon", _id(FINAL, 4))] == key("mastodon", _id(FILED, 6))
    for row in (5, 6):
        sightings = [post for post in posts if post["post_key"] == key("mastodon", _id(FILED, row))]
        assert len({post["observed_at"] for post in sightings}) == 2
        assert len({tuple(post["tags"]) for post in sightings}) == 1
    # The one that was edited comes along as it was last delivered.
    assert [post["edited_at"] is None for post in sightings if post["observed_at"] > moment(LAST * DAY)] == [True]
    edited = [
        post for post in posts if post["post_key"] == key("mastodon", _id(FILED, 5)) and post["observed_at"] > moment(LAST * DAY)
    ]
    assert [post["edited_at"].replace(microsecond=0) for post in edited] == [moment(int(FILED.observed_second[40]))]


def test_what_comes_along_comes_with_what_it_answers_itself(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox")
    writer = mastodon.open_writer(inbox, NAMES)
    writer.write_day(FILED)
    posts = FINAL.posts.take(np.array([1]))
    answer = replace(
        posts, parent=FILED.posts.number[[2]], parent_account=FILED.posts.account[[2]], parent_second=FILED.posts.second[[2]]
    )
    writer.write_day(replace(
        FINAL, posts=answer, observed_second=FINAL.observed_second[:1], version=FINAL.version[:1], is_repeat=FINAL.is_repeat[:1], is_last=False,
    ))  # fmt: skip
    edges = [row for row in land(inbox.root, "mastodon", tmp_path).rows("interactions") if row["interaction_type"] == "reply"]
    assert {row["target_post_key"] for row in edges if row["post_key"] == key("mastodon", _id(FILED, 2))} == {
        key("mastodon", _id(FILED, 1))
    }
    assert {row["target_post_key"] for row in edges if row["post_key"] == key("mastodon", _id(FINAL, 1))} == {
        key("mastodon", _id(FILED, 2))
    }


def test_a_boost_of_a_status_that_was_never_delivered_shows_that_there_is_one(landing: Landing) -> None:
    boosts = {row["post_key"]: row["parent_post_key"] for row in landing.rows("posts") if row["post_type"] == "repost"}
    shown = boosts[key("mastodon", _id(FINAL, 14))]
    account, second = int(FINAL.posts.parent_account[14]), int(FINAL.posts.parent_second[14])
    assert shown == key("mastodon", mastodon.post_id(NAMES, UNSEEN, account, second))
    assert [row["tags"] for row in landing.rows("posts") if row["post_key"] == shown] == [[]]


def test_counters_and_followers_are_of_the_age_at_which_they_were_read(landing: Landing) -> None:
    own = key("mastodon", _id(FILED, 7))
    age = (FILED.observed_second[7] - FILED.posts.second[7]) / DAY
    assert [row["like_count"] for row in landing.rows("post_metrics") if row["post_key"] == own] == [
        int(counted(FILED.posts.like_count[7:8], float(age))[0])
    ]
    seen = NAMES.accounts.followers(FILED.posts.account[7:8], FILED.observed_second[7] / DAY)[0]
    assert seen in {row["followers_count"] for row in landing.rows("accounts") if row["account_key"] == _author(7)}


def test_profiles_show_bots_and_links(landing: Landing) -> None:
    rows = {row["account_key"]: row for row in landing.rows("accounts")}
    for account in range(12):
        row = rows[key("mastodon", mastodon.account_id(NAMES, account))]
        assert row["actor_class"] == ("bot" if account == 5 else None)
        assert len(row["declared_handle_keys"]) == (1 if account == 0 else 0)
    assert FILED.posts.parent[0] == NOBODY
