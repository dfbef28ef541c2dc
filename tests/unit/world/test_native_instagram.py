"""Instagram's exports of an invented world, taken in by the real intake."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.platforms.text import normalise_tags
from pipelines.world.drawn import BRAND, DAY, counted, moment
from pipelines.world.native import instagram
from pipelines.world.native.files import Inbox
from tests.unit.world.invented import DISCLOSURES, invented
from tests.unit.world.landing import Landing, key, land

NAMES, FILED = invented("instagram")
NAMES.accounts.actor_class[4] = BRAND
LAST = 23


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Inbox:
    """Two days of one week, and one of a later week that is the last, in the later shape."""
    inbox = Inbox(tmp_path_factory.mktemp("inbox"))
    writer = instagram.open_writer(inbox, NAMES)
    writer.write_profiles(FILED.day, np.arange(12))
    writer.write_day(FILED)
    writer.write_day(invented("instagram", 20, 3, FILED.day + 1)[1])
    writer.write_day(replace(invented("instagram", 30, 2, LAST)[1], is_drifted=True, is_last=True))
    writer.close()
    return inbox


@pytest.fixture(scope="module")
def landing(inbox: Inbox, tmp_path_factory: pytest.TempPathFactory) -> Landing:
    return land(inbox.root, "instagram", tmp_path_factory.mktemp("data"))


def _id(row: int) -> str:
    posts = FILED.posts
    return instagram.post_id(NAMES, int(posts.number[row]), int(posts.account[row]), int(posts.second[row]))


def test_weeks_become_files_and_every_item_lands_but_the_planted_ones(inbox: Inbox, landing: Landing) -> None:
    assert landing.statuses() == {
        "dataset_instagram-post-scraper_2026-06-12.json": "ingested", "dataset_instagram-post-scraper_2026-06-24.json": "ingested",
        "dataset_instagram-profile-scraper_2026-06-11.json": "ingested", "notes.pdf": "unknown_format",
    }  # fmt: skip
    bad = [fault for fault in inbox.faults if fault.kind == "bad_record"]
    assert landing.refusals() == sorted((fault.file, fault.expected_code or "") for fault in bad)
    assert {fault.expected_code for fault in inbox.faults} == {"missing_id", "implausible_time", "unknown_format"}
    assert sum(entry.landed_count for entry in landing.intake.files) == 42 + 22 + 32 + 12


def test_posts_have_the_keys_times_tags_mentions_and_labels_that_were_planted(landing: Landing) -> None:
    rows = {row["post_key"]: row for row in landing.rows("posts")}
    posts, tags = FILED.posts, NAMES.tags(FILED.posts)
    for row in range(40):
        landed = rows[key("instagram", _id(row))]
        assert landed["account_key"] == key("instagram", instagram.account_id(NAMES, int(posts.account[row])))
        assert landed["published_at"].replace(microsecond=0) == moment(int(posts.stated_second[row]))
        assert set(landed["tags"]) - DISCLOSURES == set(normalise_tags(tags[row]))
        assert landed["has_paid_label"] == (row % 10 == 7)
        named = [account for account in (posts.credit[row], posts.parent_account[row]) if account >= 0]
        expected = {key("instagram", instagram.account_id(NAMES, int(account))) for account in named}
        assert set(landed["mentioned_account_keys"]) == expected


def test_counters_are_of_the_age_at_which_they_were_read(landing: Landing) -> None:
    shown = [row["like_count"] for row in landing.rows("post_metrics") if row["post_key"] == key("instagram", _id(0))]
    ages = [(FILED.observed_second[row] - FILED.posts.second[row]) / DAY for row in (0, 41)]
    assert sorted(shown) == [int(counted(FILED.posts.like_count[:1], float(age))[0]) for age in ages]
    assert shown[0] != shown[1]


def test_profiles_show_followers_links_and_brands(landing: Landing) -> None:
    shown = {row["account_key"]: row for row in landing.rows("accounts") if row["followers_count"] is not None}
    followers = NAMES.accounts.followers(np.arange(12), float(FILED.day)).tolist()
    for account in range(12):
        row = shown[key("instagram", instagram.account_id(NAMES, account))]
        assert row["followers_count"] == followers[account]
        assert row["actor_class"] == ("brand" if account == 4 else None)
        assert len(row["declared_handle_keys"]) == (1 if account == 0 else 0)


def test_the_later_shape_has_lost_the_display_name_alone(landing: Landing) -> None:
    seen = {row["display_name"] is None for row in landing.rows("vault_accounts") if row["observed_at"] > moment(LAST * DAY)}
    assert seen == {True}
    assert len([row for row in landing.rows("posts") if row["observed_at"] > moment(LAST * DAY)]) == 32
