"""Contracts of the Instagram formats: pinned counts on real files, rows of hand-written payloads, arbitrary input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.platforms.instagram.parse import FORMATS, Posts, PostTable, Profiles
from pipelines.platforms.protocol import Sample
from tests.contracts.harness import PSEUDONYMS, REALDATA, chosen, context, drive
from tests.contracts.nights import take_in
from tests.contracts.test_bluesky import JSON

SCRAPED = "dataset_instagram-hashtag-scraper_2026-03-04_11-38-57-137.csv"


def key(native_id: str) -> str:
    return PSEUDONYMS.key("instagram", native_id)


def post(**more: Any) -> dict[str, Any]:
    base = {
        "caption": "walls of #Moss with @Ben.b.",
        "ownerFullName": "Ann",
        "ownerUsername": "Ann.A",
        "url": "https://www.instagram.com/p/DAbc_d-1/",
        "commentsCount": 0,
        "likesCount": 12,
        "firstComment": "not ours to keep",
        "timestamp": "2026-01-02T03:04:05.000Z",
    }
    return {**base, **more}


def cells(**more: str) -> dict[str, str]:
    return {name: str(value) for name, value in post().items()} | more


def test_a_post_is_known_by_the_shortcode_of_its_address() -> None:
    outcome = drive(Posts(), [[post()]], context("instagram"))
    (row,), (metrics,) = outcome.of("posts"), outcome.of("post_metrics")
    assert (row["post_key"], row["account_key"], row["tags"]) == (key("DAbc_d-1"), key("ann.a"), ["moss"])
    assert row["published_at"].isoformat() == "2026-01-02T03:04:05+00:00"
    assert (metrics["like_count"], metrics["comment_count"], metrics["view_count"]) == (12, 0, None)
    assert outcome.of("interactions")[0]["target_account_key"] == key("ben.b")


def test_the_text_of_a_strangers_first_comment_is_not_kept() -> None:
    outcome = drive(Posts(), [[post()]], context("instagram"))
    assert not any("not ours" in str(row.values) for row in outcome.rows)


@pytest.mark.parametrize("hidden", [-1, "-1", "-1.0", ""])
def test_hidden_likes_are_null_and_not_a_number(hidden: Any) -> None:
    outcome = drive(Posts(), [[post(likesCount=hidden)]], context("instagram"))
    assert outcome.of("post_metrics")[0]["like_count"] is None


def test_a_table_row_takes_its_tags_from_numbered_columns_and_its_query_from_beside_them() -> None:
    row = cells(likesCount="12.0", queryTag="mosswall", **{"hashtags/0": "Moss", "hashtags/1": "Wall", "hashtags/2": ""})
    outcome = drive(PostTable(), [row], context("instagram"))
    assert (outcome.of("posts")[0]["tags"], outcome.of("posts")[0]["collection_query"]) == (["moss", "wall"], "mosswall")
    assert outcome.of("post_metrics")[0]["like_count"] == 12


def test_a_merged_table_row_keeps_the_product_as_its_query() -> None:
    row = cells(source="hashtag_1", bag_query="Moss Bag", month="2026-01-01", timestamp="2026-01-02 03:04:05+00:00")
    assert drive(PostTable(), [row], context("instagram")).of("posts")[0]["collection_query"] == "Moss Bag"


def test_an_empty_row_is_quarantined_with_a_reason() -> None:
    outcome = drive(PostTable(), [dict.fromkeys(cells(), "")], context("instagram"))
    assert outcome.by_code == {"missing_id": 1}
    assert "shortcode" in outcome.refused[0].reason


def test_a_post_without_a_time_is_quarantined() -> None:
    assert drive(Posts(), [[post(timestamp=None)]], context("instagram")).by_code == {"missing_field": 1}


def test_a_post_without_an_owner_has_no_account() -> None:
    outcome = drive(Posts(), [[post(ownerUsername=None)]], context("instagram"))
    assert outcome.of("posts")[0]["account_key"] is None
    assert outcome.of("accounts") == []


def test_a_profile_gives_its_followers() -> None:
    profile = {"username": "Ann.A", "followersCount": 900, "followsCount": 10, "postsCount": 3, "fullName": "Ann"}
    native = chosen(FORMATS, Sample("x.json", ".json", b"", [profile]))
    assert isinstance(native, Profiles)
    (account,) = drive(native, [[profile]], context("instagram")).of("accounts")
    assert (account["account_key"], account["followers_count"], account["public_name"]) == (key("ann.a"), 900, None)


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.exists(), reason="no real records here")
def test_the_real_files_are_accounted_for(tmp_path: Path) -> None:
    names = ["instagram_posts.json", SCRAPED, "instagram_hashtags.csv", "instagram_merged.csv"]
    night = take_in("instagram", [f"luxury_handbag_multi/{name}" for name in names], tmp_path)
    assert night.counts == {
        "instagram_posts.json": (1836, 1836, 0, 0),
        SCRAPED: (369, 358, 0, 11),
        "instagram_hashtags.csv": (342, 310, 0, 32),
        "instagram_merged.csv": (1010, 1010, 0, 0),
    }
    assert night.refusals == set()
    hidden = "select count(*) from post_metrics where source_format = 'instagram_apify_posts' and like_count is null"
    assert night.query(hidden) == [(129,)]  # -1 in the file
    observed = "select distinct ts_quality from accounts where observed_at::date = date '2026-03-04'"
    assert night.query(observed) == [("date_only",)]  # from the file's name


@given(document=JSON, name=st.sampled_from([*sorted(post()), "shortCode", "hashtags", "type", "isSponsored", "queryTag"]))
def test_arbitrary_json_is_refused_and_never_breaks_a_format(document: Any, name: str) -> None:
    broken = post(**{name: document})
    profile = {"username": document, "followersCount": document, "biography": document}
    for native in (Posts(), Profiles()):
        native.matches(Sample("x", "", b"", document))
        drive(native, [[document, broken, profile]], context("instagram"))


@given(name=st.sampled_from(sorted(cells())), cell=st.text() | st.sampled_from(["-1", "9" * 30, "nan", "1e9", "9999-12-31"]))
def test_arbitrary_cells_are_refused_and_never_break_the_table(name: str, cell: str) -> None:
    PostTable().matches(Sample("x.csv", ".csv", b"", [cell, name]))
    drive(PostTable(), [cells(**{name: cell})], context("instagram"))
