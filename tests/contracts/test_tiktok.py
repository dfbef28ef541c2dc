"""Contracts of the TikTok formats: pinned counts on real files, rows of hand-written payloads, arbitrary input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.platforms.protocol import Sample
from pipelines.platforms.tiktok.parse import FORMATS, ApifyTable, WebItems
from tests.contracts.harness import PSEUDONYMS, REALDATA, chosen, context, drive
from tests.contracts.nights import take_in
from tests.contracts.test_bluesky import JSON


def key(native_id: str) -> str:
    return PSEUDONYMS.key("tiktok", native_id)


def item(**more: Any) -> dict[str, Any]:
    base = {
        "id": "7100000000000000001",
        "desc": "with @Ben.b. and #Moss",
        "createTime": 1_767_322_845,
        "video": {"duration": 26},
        "author": {"uniqueId": "Ann_A", "nickname": "Ann", "signature": "moss", "verified": False},
        "music": {"id": "6900000000000000001"},
        "stats": {"diggCount": 5, "shareCount": 0, "commentCount": 1, "playCount": 100},
        "authorStats": {"followerCount": 2_000_000, "followingCount": 3, "videoCount": 4},
        "duetInfo": {"duetFromId": "0"},
        "isAd": True,
    }
    return {**base, **more}


def cells(**more: str) -> dict[str, str]:
    base = {
        "authorMeta.name": "Ann_A",
        "text": "#Moss for @ben",
        "diggCount": "5",
        "shareCount": "0",
        "playCount": "100",
        "commentCount": "1",
        "collectCount": "",
        "videoMeta.duration": "78",
        "musicMeta.musicName": "original sound",
        "musicMeta.musicAuthor": "Ann",
        "createTimeISO": "2026-01-02T03:00:45.000Z",
        "webVideoUrl": "https://www.tiktok.com/@ann_a/video/7100000000000000001",
    }
    return {**base, **more}


def test_an_item_gives_the_post_its_counters_its_sound_and_its_author() -> None:
    outcome = drive(WebItems(), [[item()]], context("tiktok"))
    (post,), (metrics,), (account,) = outcome.of("posts"), outcome.of("post_metrics"), outcome.of("accounts")
    assert (post["post_key"], post["account_key"]) == (key("7100000000000000001"), key("ann_a"))
    assert (post["tags"], post["duration_seconds"], post["has_paid_label"]) == (["moss"], 26.0, True)
    assert post["sound_key"] == key("sound:6900000000000000001")
    assert post["published_at"].isoformat() == "2026-01-02T03:00:45+00:00"
    assert (metrics["view_count"], metrics["like_count"], metrics["share_count"], metrics["save_count"]) == (100, 5, 0, None)
    assert (account["followers_count"], account["public_name"], account["ts_quality"]) == (2_000_000, "Ann", "collected")
    (mention,) = outcome.of("interactions")
    assert (mention["interaction_type"], mention["target_account_key"]) == ("mention", key("ben.b"))


def test_an_id_beyond_two_to_the_53_keeps_its_last_digit() -> None:
    first, second = item(id=7100000000000000001), item(id=7100000000000000002)
    posts = drive(WebItems(), [[first, second]], context("tiktok")).of("posts")
    assert [post["post_key"] for post in posts] == [key("7100000000000000001"), key("7100000000000000002")]


def test_an_id_that_went_through_a_double_is_refused() -> None:
    assert drive(WebItems(), [[item(id=7.1e18)]], context("tiktok")).by_code == {"missing_id": 1}


@pytest.mark.parametrize("kind", ["duet", "stitch"])
def test_a_duet_or_stitch_points_at_the_video_that_it_uses(kind: str) -> None:
    more = {"desc": "", f"{kind}Info": {f"{kind}FromId": "7000000000000000009"}}
    (edge,) = drive(WebItems(), [{"itemList": [item(**more)]}], context("tiktok")).of("interactions")
    assert (edge["interaction_type"], edge["target_post_key"]) == (kind, key("7000000000000000009"))


def test_a_table_row_and_a_web_item_of_one_video_have_one_key() -> None:
    outcome = drive(ApifyTable(), [cells()], context("tiktok"))
    (post,), (metrics,), (account,) = outcome.of("posts"), outcome.of("post_metrics"), outcome.of("accounts")
    assert (post["post_key"], post["account_key"]) == (key("7100000000000000001"), key("ann_a"))
    assert (post.get("has_paid_label"), metrics["save_count"], account["followers_count"]) == (None, None, None)


def test_followers_of_a_table_row_are_kept_where_it_has_them() -> None:
    (account,) = drive(ApifyTable(), [cells(**{"authorMeta.fans": "120"})], context("tiktok")).of("accounts")
    assert account["followers_count"] == 120


def test_a_sound_known_only_as_original_sound_is_nobodys() -> None:
    outcome = drive(ApifyTable(), [cells(**{"musicMeta.musicAuthor": ""})], context("tiktok"))
    assert outcome.of("posts")[0]["sound_key"] is None


def test_a_row_without_a_video_address_is_refused() -> None:
    assert drive(ApifyTable(), [cells(webVideoUrl="https://www.tiktok.com/@ann_a")], context("tiktok")).by_code == {
        "missing_id": 1
    }


def test_a_document_of_another_shape_is_left_for_the_intake_to_report() -> None:
    assert chosen(FORMATS, Sample("x.json", ".json", b"", {"userInfo": {}})) is None


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.exists(), reason="no real records here")
def test_the_real_files_are_accounted_for(tmp_path: Path) -> None:
    night = take_in("tiktok", ["luxury_handbag_multi/tiktok.csv", "tiktok_scraper/trending_Teerut26.json"], tmp_path)
    assert night.counts == {"tiktok.csv": (1351, 1197, 0, 154), "trending_Teerut26.json": (10, 10, 0, 0)}
    assert night.refusals == set()
    assert night.query("select count(distinct post_key) from posts where source_format = 'tiktok_apify_csv'") == [(1160,)]
    assert night.query("select count(*) from accounts where public_name is not null") == [(2,)]


@given(document=JSON, name=st.sampled_from([*sorted(item()), "challenges", "stitchInfo", "duetInfo"]))
def test_arbitrary_json_is_refused_and_never_breaks_a_format(document: Any, name: str) -> None:
    broken = item(**{name: document})
    nested = item(**{name: {"uniqueId": document, "id": document, "playCount": document, "followerCount": document}})
    for shape in (document, [document], [broken], {"itemList": document}):
        if WebItems().matches(Sample("x", "", b"", shape)):
            drive(WebItems(), [shape], context("tiktok"))
    drive(WebItems(), [[document, broken, nested]], context("tiktok"))


@given(name=st.sampled_from(sorted(cells())), cell=st.text() | st.sampled_from(["-1", "9" * 30, "nan", "1e9", "9999-12-31"]))
def test_arbitrary_cells_are_refused_and_never_break_the_table(name: str, cell: str) -> None:
    ApifyTable().matches(Sample("x.csv", ".csv", b"", [cell, name]))
    drive(ApifyTable(), [cells(**{name: cell})], context("tiktok"))
