"""TikTok's exports of an invented world, taken in by the real intake."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipelines.platforms.text import normalise_tags
from pipelines.world.drawn import DAY, NOBODY, counted, moment
from pipelines.world.native import tiktok
from pipelines.world.native.files import Filed, Inbox
from tests.unit.world.invented import DISCLOSURES, invented
from tests.unit.world.landing import Landing, key, land

NAMES, TABLED = invented("tiktok", day=10)
LISTED = invented("tiktok", seed=2, day=70)[1]
LAST = 121


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Inbox:
    """A week of tables, a week of items, and the last one in the later shape."""
    inbox = Inbox(tmp_path_factory.mktemp("inbox"))
    writer = tiktok.open_writer(inbox, NAMES)
    for filed in (TABLED, LISTED, replace(invented("tiktok", 30, 3, LAST)[1], is_drifted=True, is_last=True)):
        writer.write_day(filed)
    writer.close()
    return inbox


@pytest.fixture(scope="module")
def landing(inbox: Inbox, tmp_path_factory: pytest.TempPathFactory) -> Landing:
    return land(inbox.root, "tiktok", tmp_path_factory.mktemp("data"))


def _id(filed: Filed, row: int) -> str:
    posts = filed.posts
    return tiktok.post_id(NAMES, int(posts.number[row]), int(posts.account[row]), int(posts.second[row]))


def test_weeks_become_files_and_every_video_lands_but_the_planted_ones(inbox: Inbox, landing: Landing) -> None:
    table = "dataset_tiktok-scraper_2026-06-11"
    assert landing.statuses() == {
        f"{table}.csv": "ingested", f"{table}_copy.csv": "already_ingested", "items-2026-08-10.json": "ingested", "items-2026-09-30.json": "ingested",
    }  # fmt: skip
    assert [(fault.file, fault.expected_code) for fault in inbox.faults if fault.kind == "duplicate_file"] == [
        (f"{table}_copy.csv", "already_ingested")
    ]
    bad = [fault for fault in inbox.faults if fault.kind == "bad_record"]
    assert landing.refusals() == sorted((fault.file, fault.expected_code or "") for fault in bad)
    assert len(bad) == 4
    assert sum(entry.landed_count for entry in landing.intake.files) == 42 + 42 + 32


@pytest.mark.parametrize("filed", [TABLED, LISTED], ids=["table", "items"])
def test_videos_have_the_keys_times_tags_and_mentions_that_were_planted(filed: Filed, landing: Landing) -> None:
    rows = {row["post_key"]: row for row in landing.rows("posts")}
    posts, tags = filed.posts, NAMES.tags(filed.posts)
    for row in range(40):
        landed = rows[key("tiktok", _id(filed, row))]
        assert landed["account_key"] == key("tiktok", tiktok.account_id(NAMES, int(posts.account[row])))
        assert landed["published_at"].replace(microsecond=0) == moment(int(posts.stated_second[row]))
        assert set(landed["tags"]) - DISCLOSURES == set(normalise_tags(tags[row]))
        assert landed["has_paid_label"] == (None if filed is TABLED else row % 10 == 7)
        named = [account for account in (posts.credit[row], posts.parent_account[row]) if account != NOBODY]
        expected = {key("tiktok", tiktok.account_id(NAMES, int(account))) for account in named}
        assert set(landed["mentioned_account_keys"]) == expected


@pytest.mark.parametrize("filed", [TABLED, LISTED], ids=["table", "items"])
def test_counters_and_followers_are_of_the_time_at_which_they_were_read(filed: Filed, landing: Landing) -> None:
    shown = [row["like_count"] for row in landing.rows("post_metrics") if row["post_key"] == key("tiktok", _id(filed, 0))]
    ages = [(filed.observed_second[row] - filed.posts.second[row]) / DAY for row in (0, 41)]
    assert sorted(shown) == [int(counted(filed.posts.like_count[:1], float(age))[0]) for age in ages]
    account = int(filed.posts.account[0])
    followers = NAMES.accounts.followers(filed.posts.account[:1], filed.observed_second[0] / DAY)[0]
    of_author = key("tiktok", tiktok.account_id(NAMES, account))
    assert followers in {row["followers_count"] for row in landing.rows("accounts") if row["account_key"] == of_author}


def test_items_show_the_profile_and_whom_it_links_to(landing: Landing) -> None:
    declared = {
        row["account_key"]: row["declared_handle_keys"]
        for row in landing.rows("accounts")
        if row["declared_handle_keys"] is not None
    }
    assert len(declared[key("tiktok", tiktok.account_id(NAMES, 0))]) == 1
    assert sum(map(len, declared.values())) == 1


def test_the_later_shape_has_lost_the_display_name_alone(landing: Landing) -> None:
    rows = [row for row in landing.rows("vault_accounts") if row["observed_at"] > moment(LAST * DAY)]
    assert {row["display_name"] for row in rows} == {None}
    assert len([row for row in landing.rows("posts") if row["observed_at"] > moment(LAST * DAY)]) == 32
