"""YouTube's answers of an invented world, taken in by the real intake."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.platforms.text import normalise_tags
from pipelines.world.drawn import DAY, REPLY, counted, moment
from pipelines.world.native import youtube
from pipelines.world.native.files import Inbox
from tests.unit.world.invented import DISCLOSURES, invented
from tests.unit.world.landing import Landing, key, land

NAMES, FILED = invented("youtube")
LAST = 23


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Inbox:
    """Two days of different weeks, the second one the last, in the later shape; channels."""
    inbox = Inbox(tmp_path_factory.mktemp("inbox"))
    writer = youtube.open_writer(inbox, NAMES)
    writer.write_profiles(FILED.day, np.arange(12))
    writer.write_day(FILED)
    later = invented("youtube", 30, 2, LAST)[1]
    moved = {name: getattr(later.posts, name) + 100_000 * (getattr(later.posts, name) >= 0) for name in ("number", "parent")}
    writer.write_day(replace(later, posts=replace(later.posts, **moved), is_drifted=True, is_last=True))
    writer.close()
    return inbox


@pytest.fixture(scope="module")
def landing(inbox: Inbox, tmp_path_factory: pytest.TempPathFactory) -> Landing:
    return land(inbox.root, "youtube", tmp_path_factory.mktemp("data"))


def _id(row: int) -> str:
    posts = FILED.posts
    return youtube.post_id(NAMES, int(posts.number[row]), int(posts.account[row]), int(posts.second[row]), int(posts.kind[row]))


def _author(row: int) -> str:
    return key("youtube", youtube.account_id(NAMES, int(FILED.posts.account[row])))


def test_weeks_become_pages_and_every_item_lands_but_the_planted_ones(inbox: Inbox, landing: Landing) -> None:
    pages = [f"{name}-{day}.json" for name in ("videos", "commentThreads", "comments") for day in ("2026-06-11", "2026-06-24")]
    assert landing.statuses() == dict.fromkeys([*pages, "channels-2026-06-11.json"], "ingested")
    assert landing.refusals() == sorted((fault.file, fault.expected_code or "") for fault in inbox.faults)
    assert len(inbox.faults) == 2
    assert sum(entry.landed_count for entry in landing.intake.files) == 42 + 32 + 12


def test_posts_have_the_keys_times_tags_languages_and_labels_that_were_planted(landing: Landing) -> None:
    rows = {row["post_key"]: row for row in landing.rows("posts")}
    posts, tags = FILED.posts, NAMES.tags(FILED.posts)
    for row in range(40):
        landed = rows[key("youtube", _id(row))]
        assert landed["account_key"] == _author(row)
        assert landed["published_at"].replace(microsecond=0) == moment(int(posts.stated_second[row]))
        assert set(landed["tags"]) - DISCLOSURES == set(normalise_tags(tags[row]))
        is_comment = posts.kind[row] == REPLY
        assert landed["post_type"] == ("comment" if is_comment else "video")
        assert landed["has_paid_label"] == (None if is_comment else row % 10 == 7)
        assert landed["language"] == (None if is_comment else ("en", "de", "fr", "es")[int(posts.language[row])])


def test_comments_and_their_replies_are_edges_to_the_right_posts(landing: Landing) -> None:
    edges = {row["post_key"]: row for row in landing.rows("interactions") if row["interaction_type"] == "comment"}
    posts, own = {row["post_key"]: row for row in landing.rows("posts")}, [key("youtube", _id(row)) for row in range(3)]
    assert FILED.posts.kind[:3].tolist()[1:] == [REPLY, REPLY]
    assert (edges[own[1]]["target_post_key"], edges[own[1]]["target_account_key"]) == (own[0], _author(0))
    assert edges[own[2]]["target_post_key"] == own[1]
    assert posts[own[1]]["root_post_key"] == own[0]


def test_counters_are_of_the_age_at_which_they_were_read(landing: Landing) -> None:
    shown = [row["like_count"] for row in landing.rows("post_metrics") if row["post_key"] == key("youtube", _id(0))]
    ages = [(FILED.observed_second[row] - FILED.posts.second[row]) / DAY for row in (0, 41)]
    assert sorted(shown) == [int(counted(FILED.posts.like_count[:1], float(age))[0]) for age in ages]


def test_channels_show_subscribers_by_their_first_three_digits(landing: Landing) -> None:
    shown = {row["account_key"]: row for row in landing.rows("accounts") if row["followers_count"] is not None}
    followers = NAMES.accounts.followers(np.arange(12), float(FILED.day)).tolist()
    for account in range(12):
        row = shown[key("youtube", youtube.account_id(NAMES, account))]
        digits = str(followers[account])
        assert str(row["followers_count"]) == digits[:3].ljust(len(digits), "0")
        assert len(row["declared_handle_keys"]) == (1 if account == 0 else 0)


def test_the_later_shape_has_lost_the_duration_alone(landing: Landing) -> None:
    videos = [row for row in landing.rows("posts") if row["post_type"] == "video"]
    known = {row["observed_at"] > moment(LAST * DAY): row["duration_seconds"] is not None for row in videos}
    assert known == {False: True, True: False}
