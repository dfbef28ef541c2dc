"""Contracts of TikTok's Research API answers, app objects and account export: hand-written by their documentation, since no real file exists."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.platforms.protocol import NativeFormat, Sample
from pipelines.platforms.registry import PLATFORMS
from pipelines.platforms.tiktok.parse import FORMATS, WebItems, post_ids_of, says_no_video
from tests.contracts import test_tiktok
from tests.contracts.harness import Outcome, chosen, context, drive
from tests.contracts.test_bluesky import JSON

key = test_tiktok.key
LARGE = 7_100_000_000_000_000_001


def video(**more: Any) -> dict[str, Any]:
    base = {
        "id": LARGE,
        "video_description": "with @ben and #Moss",
        "create_time": 1_767_322_845,
        "region_code": "DE",
        "username": "Ann_A",
        "share_count": 0,
        "view_count": 100,
        "like_count": 5,
        "comment_count": 1,
        "favorites_count": 3,
        "music_id": 6_900_000_000_000_000_001,
        "hashtag_names": ["Moss", "wall"],
        "video_duration": 26,
    }
    return base | more


def answer(code: str = "ok", message: str = "", **data: Any) -> dict[str, Any]:
    return {"data": data, "error": {"code": code, "message": message, "log_id": "2026"}}


def read(document: Any, file: str = "file.json") -> Outcome:
    """What the format that takes the document makes of it, after a trip through JSON."""
    decoded = msgspec.json.decode(json.dumps(document).encode())
    native = chosen(FORMATS, Sample(file, ".json", b"", decoded))
    assert native is not None, "no format takes it"
    return drive(native, [decoded], replace(context("tiktok"), file=file))


def test_a_video_of_the_research_api_and_a_web_item_of_it_have_one_key_and_one_sound() -> None:
    outcome = read(answer(videos=[video()], cursor=100, has_more=True, search_id="s"))
    (post,), (metrics,), (account,) = outcome.of("posts"), outcome.of("post_metrics"), outcome.of("accounts")
    (other,) = drive(WebItems(), [[test_tiktok.item()]], context("tiktok")).of("posts")
    assert (post["post_key"], post["account_key"], post["sound_key"]) == (
        other["post_key"],
        other["account_key"],
        other["sound_key"],
    )
    assert (post["tags"], post["duration_seconds"], post.get("has_paid_label")) == (["moss", "wall"], 26.0, None)
    assert [metrics[f"{name}_count"] for name in ("view", "like", "comment", "share", "save")] == [100, 5, 1, 0, 3]
    assert (account["country"], account["followers_count"]) == ("DE", None)
    assert outcome.of("interactions")[0]["target_account_key"] == key("ben")


def test_ids_that_are_numbers_beyond_a_double_keep_their_last_digit() -> None:
    posts = read(answer(videos=[video(), video(id=LARGE + 1)])).of("posts")
    assert [post["post_key"] for post in posts] == [key(str(LARGE)), key(str(LARGE + 1))]


def test_the_list_of_mentioned_accounts_goes_before_names_in_the_description() -> None:
    (edge,) = read(answer(videos=[video(video_mention_list=["@Cy"])])).of("interactions")
    assert edge["target_account_key"] == key("cy")


def test_videos_without_an_envelope_are_read_too() -> None:
    assert read([video()]).by_table["posts"] == 1
    assert read({"videos": [video()]}).by_table["posts"] == 1
    lines = PLATFORMS["tiktok"].format_named("tiktok_research_video_lines")
    assert lines.matches(Sample("x.jsonl", ".jsonl", b"", video()))
    assert drive(lines, [video()], context("tiktok")).by_table["posts"] == 1


def test_an_empty_answer_is_no_error_and_holds_no_record() -> None:
    assert read(answer(videos=[], has_more=False)).record_count == 0


def test_an_answer_whose_error_code_is_not_ok_is_refused_with_what_it_said() -> None:
    outcome = read(answer("rate_limit_exceeded", "slow down"))
    assert outcome.by_code == {"error_response": 1}
    assert "slow down" in outcome.refused[0].reason


def test_a_comment_hangs_below_its_video_or_below_the_comment_that_it_answers() -> None:
    comment = {"id": 7, "video_id": LARGE, "text": "hi @ben", "like_count": 2, "reply_count": 0, "create_time": 1_767_322_900}
    outcome = read(answer(comments=[comment, comment | {"id": 8, "parent_comment_id": 7}]))
    first, second = outcome.of("posts")
    assert (first["account_key"], first["post_type"], first["parent_post_key"]) == (None, "comment", key(str(LARGE)))
    assert (second["parent_post_key"], second["root_post_key"]) == (key("7"), key(str(LARGE)))
    assert [row["like_count"] for row in outcome.of("post_metrics")] == [2, 2]


def test_a_profile_needs_to_be_told_whose_it_is() -> None:
    data: dict[str, Any] = {
        "display_name": "Ann",
        "bio_description": "ig: instagram.com/ann",
        "follower_count": 900,
        "video_count": 4,
    }
    assert read(answer(**data)).by_code == {"missing_id": 1}
    (account,) = read(answer(**data), "@Ann_A/info.json").of("accounts")
    assert (account["account_key"], account["followers_count"]) == (key("ann_a"), 900)
    asked = {"asked_for": "account", "asked": ["ann_a"], "status": 200}
    (same,) = read({"undercurrent_lookup": asked, "answer": answer(**data)}).of("accounts")
    assert same["account_key"] == account["account_key"]


def test_an_account_that_cannot_be_seen_is_a_deletion_and_a_used_up_quota_is_none() -> None:
    asked = {"asked_for": "account", "asked": ["ann_a"], "status": 200}
    (gone,) = read({"undercurrent_lookup": asked, "answer": answer("invalid_params", "cannot find the user")}).of("deletions")
    assert (gone["subject_type"], gone["subject_key"], gone["reason"]) == ("account", key("ann_a"), "not_found")
    assert read({"undercurrent_lookup": asked, "answer": answer("rate_limit_exceeded")}).by_code == {"error_response": 1}


@pytest.mark.parametrize(("name", "source", "target"), [("user_followers", "ben", "ann_a"), ("user_following", "ann_a", "ben")])
def test_followers_are_edges_and_get_no_profile(name: str, source: str, target: str) -> None:
    listed: dict[str, Any] = {name: [{"display_name": "B", "username": "Ben"}]}
    document = answer(cursor=1, has_more=False, **listed)
    assert read(document).by_code == {"missing_id": 1}
    outcome = read(document, "@ann_a/page.json")
    assert outcome.by_table == {"follows": 1}
    edge = outcome.of("follows")[0]
    assert (edge["source_account_key"], edge["target_account_key"]) == (key(source), key(target))


def aweme(**more: Any) -> dict[str, Any]:
    base = {
        "aweme_id": str(LARGE),
        "desc": "with @Ben the Great #Moss",
        "create_time": 1_767_322_845,
        "author": {"unique_id": "Ann_A", "nickname": "Ann", "signature": "moss", "follower_count": 900, "region": "DE"},
        "statistics": {"play_count": 100, "digg_count": 5, "comment_count": 1, "share_count": 0, "collect_count": 3},
        "text_extra": [{"hashtag_name": "Wall"}, {"user_unique_id": "ben.b"}],
        "music": {"id": 6.9e18, "id_str": "6900000000000000001", "mid": "6900000000000000001"},
        "video": {"duration": 26_500},
        "desc_language": "en",
        "is_ads": False,
    }
    return base | more


@pytest.mark.parametrize("wrap", [lambda a: [a], lambda a: {"aweme_list": [a]}, lambda a: {"aweme_detail": a}])
def test_an_app_object_gives_what_a_web_item_gives(wrap: Any) -> None:
    outcome = read(wrap(aweme()))
    (post,), (metrics,), (account,) = outcome.of("posts"), outcome.of("post_metrics"), outcome.of("accounts")
    (other,) = drive(WebItems(), [[test_tiktok.item()]], context("tiktok")).of("posts")
    assert (post["post_key"], post["sound_key"]) == (other["post_key"], other["sound_key"])
    assert (post["tags"], post["language"], post["duration_seconds"]) == (["wall", "moss"], "en", 26.5)
    assert (post["mentioned_account_keys"], post["has_paid_label"]) == ([key("ben.b")], False)
    assert (metrics["view_count"], metrics["save_count"], account["followers_count"]) == (100, 3, 900)


def test_a_comment_of_the_app_keeps_its_author_and_what_it_answers() -> None:
    user = {"unique_id": "ben", "nickname": "Ben"}
    comment = {"cid": "7", "aweme_id": str(LARGE), "text": "hi", "create_time": 1_767_322_900, "digg_count": 0, "user": user}
    answers = [comment | {"cid": "8", "reply_id": "7", "reply_to_reply_id": "0"}]
    first, second = read({"comments": [comment | {"reply_id": "0", "reply_comment": answers}]}).of("posts")
    assert (first["account_key"], first["parent_post_key"]) == (key("ben"), key(str(LARGE)))
    assert second["parent_post_key"] == key("7")


def export(**more: Any) -> dict[str, Any]:
    base = {
        "Profile": {
            "Profile Information": {"ProfileMap": {"userName": "Ann_A", "emailAddress": "a@b.c", "bioDescription": "moss"}}
        },
        "Video": {
            "Videos": {"VideoList": [{"Date": "2026-01-02 03:00:45", "Link": f"https://x.y/share/video/{LARGE}/", "Likes": "5"}]}
        },
        "Comment": {"Comments": {"CommentsList": [{"date": "2026-01-02 03:00:45", "comment": "so green"}]}},
        "Direct Messages": {"Chat History": {"ChatHistory": {"Chat": [{"Content": "for your eyes only"}]}}},
    }
    return base | more


def test_an_export_gives_the_owners_videos_and_comments_and_nothing_private() -> None:
    outcome = read(export())
    video_row, comment = outcome.of("posts")
    assert (video_row["post_key"], video_row["account_key"]) == (key(str(LARGE)), key("ann_a"))
    assert (comment["post_type"], comment["account_key"]) == ("comment", key("ann_a"))
    assert outcome.of("post_metrics")[0]["like_count"] == 5
    assert not any(word in str(row.values) for row in outcome.rows for word in ("eyes only", "a@b.c"))


def test_the_newer_names_of_an_exports_sections_are_read_too() -> None:
    posts = {"Posts": {"VideoList": export()["Video"]["Videos"]["VideoList"]}}
    newer = {"Profile And Settings": {"Profile Info": export()["Profile"]["Profile Information"]}, "Post": posts}
    assert read(newer).by_table["posts"] == 1


def test_a_video_that_only_friends_could_see_is_not_read() -> None:
    item = export()["Video"]["Videos"]["VideoList"][0] | {"WhoCanView": "Friends"}
    assert read(export(Video={"Videos": {"VideoList": [item]}}, Comment={})).by_code == {"not_public": 1}


def test_the_ids_of_an_answer_are_told_for_what_is_missing_from_it() -> None:
    assert post_ids_of(answer(videos=[video(), video(id="8"), {"id": True}])) == {str(LARGE), "8"}
    assert post_ids_of(None) == set()


def test_only_an_empty_list_with_the_code_ok_says_that_no_video_can_be_seen() -> None:
    assert says_no_video(answer(videos=[]))
    assert not any(map(says_no_video, [answer("rate_limit_exceeded", videos=[]), answer(), answer(videos=[video()]), None, []]))


NEW: tuple[NativeFormat, ...] = tuple(native for native in FORMATS if native.name not in {"tiktok_web_items", "tiktok_apify_csv"})


@given(
    document=JSON, name=st.sampled_from([*sorted(video()), *sorted(aweme()), "user", "cid", "video_id", "userName", "WhoCanView"])
)
def test_arbitrary_json_is_refused_and_never_breaks_a_format(document: Any, name: str) -> None:
    broken: list[Any] = [
        document,
        video() | {name: document},
        aweme() | {name: document},
        {name: document, "video_id": 1, "cid": 1},
    ]
    whole: list[Any] = [
        *broken,
        broken,
        answer(videos=broken, comments=broken, user_followers=broken),
        {"data": document, "error": document},
        {"undercurrent_lookup": {"asked_for": "account", "asked": document}, "answer": document},
        export(Video={"Videos": {"VideoList": [*broken, {"Link": document, "WhoCanView": document, "Date": document}]}}),
        export(Comment={"Comments": {"CommentsList": [{"date": document, "comment": document}]}}),
        {"comments": broken},
    ]
    for shape in whole:
        post_ids_of(shape)
        for native in NEW:
            if native.matches(Sample("@ann/x.json", ".json", b"", shape)):
                drive(native, [shape], context("tiktok"))
