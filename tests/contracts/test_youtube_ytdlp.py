"""yt-dlp's info objects: a video with its channel and comments, times by how well they are known, playlists, lines."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.platforms.protocol import Sample
from pipelines.platforms.youtube.parse import FORMATS, Channels, CommentThreads, Videos, ids_of, says_nothing_was_found
from pipelines.platforms.youtube.ytdlp import Info, InfoLines
from tests.contracts import test_youtube
from tests.contracts.harness import PSEUDONYMS, chosen, context, drive

EPOCH = 1772000000  # 2026-02-25T06:13:20Z


def key(native_id: str) -> str:
    return PSEUDONYMS.key("youtube", native_id)


def info(**more: Any) -> dict[str, Any]:
    return {
        "id": "abcdefghijk",
        "extractor": "youtube",
        "extractor_key": "Youtube",
        "title": "Moss #Wall",
        "description": "how to",
        "channel_id": "UCann",
        "channel": "Ann",
        "uploader": "Ann",
        "uploader_id": "@ann",
        "channel_follower_count": 1200,
        "channel_is_verified": True,
        "timestamp": 1771900000,
        "upload_date": "20260224",
        "epoch": EPOCH,
        "duration": 61,
        "view_count": 5,
        "like_count": None,
        "comment_count": 0,
        "tags": ["Garden", "two words"],
        "age_limit": 0,
        "language": "pt-BR",
        "live_status": "not_live",
        **more,
    }


def comment(native_id: str, **more: Any) -> dict[str, Any]:
    author = {"author_id": f"UC{native_id}", "author": f"@{native_id}"}
    return {"id": native_id, "parent": "root", "text": "moss!", "like_count": 2, "timestamp": 1771950000, **author, **more}


def test_a_video_gives_its_post_counters_and_channel_as_of_the_extraction() -> None:
    outcome = drive(Info(), [info()], context("youtube"))
    (post,), (metrics,), (account,) = outcome.of("posts"), outcome.of("post_metrics"), outcome.of("accounts")
    assert (post["post_key"], post["account_key"], post["language"]) == (key("abcdefghijk"), key("UCann"), "pt")
    assert (post["tags"], post["duration_seconds"], post["is_sensitive"], post["ts_quality"]) == (
        ["garden", "wall"],
        61,
        False,
        "exact",
    )
    assert (metrics["view_count"], metrics["like_count"], metrics["comment_count"]) == (5, None, 0)
    assert (account["followers_count"], account["is_verified"]) == (1200, True)
    assert account["handle_key"] == PSEUDONYMS.handle_key("youtube", "@ann")
    assert {row.values["observed_at"] for row in outcome.rows} == {datetime(2026, 2, 25, 6, 13, 20, tzinfo=UTC)}


def test_a_video_is_one_video_whichever_tool_brought_it() -> None:
    asked = test_youtube.video()
    written = info(id=asked["id"], channel_id=asked["snippet"]["channelId"])
    keys = [
        drive(native, [document], context("youtube")).of("posts")[0]
        for native, document in ((Videos(), asked), (Info(), written))
    ]
    assert [(post["post_key"], post["account_key"]) for post in keys] == [(keys[0]["post_key"], keys[0]["account_key"])] * 2


def test_without_a_timestamp_only_the_day_is_known_and_without_a_day_it_is_refused() -> None:
    (post,) = drive(Info(), [info(timestamp=None)], context("youtube")).of("posts")
    assert (post["published_at"], post["ts_quality"]) == (datetime(2026, 2, 24, tzinfo=UTC), "date_only")
    for more, code in (({"upload_date": None}, "missing_field"), ({"upload_date": "24.2.2026"}, "wrong_type")):
        (bad,) = drive(Info(), [info(timestamp=None, **more)], context("youtube")).refused
        assert bad.code == code


def test_comments_answer_the_video_and_replies_their_comment_and_its_author_at_times_that_are_guessed() -> None:
    reply = comment("c1.r1", parent="c1", author="Ben", author_id="UCben", timestamp=None)
    outcome = drive(Info(), [info(comments=[comment("c1"), reply])], context("youtube"))
    assert outcome.record_count == 3
    first, second = outcome.of("posts")[1:]
    assert (first["parent_post_key"], first["root_post_key"], first["ts_quality"]) == (
        key("abcdefghijk"),
        key("abcdefghijk"),
        "imputed",
    )
    assert (second["parent_post_key"], second["root_post_key"], second["ts_quality"]) == (
        key("c1"),
        key("abcdefghijk"),
        "collected",
    )
    assert [edge["target_account_key"] for edge in outcome.of("interactions")] == [key("UCann"), key("UCc1")]
    assert [row["display_name"] for row in outcome.of("vault_accounts")] == ["Ann", None, "Ben"]


def test_a_line_with_comments_gives_the_rows_of_the_document() -> None:
    written = info(comments=[comment("c1"), comment("c1.r1", parent="c1")])
    where = context("youtube")
    assert drive(InfoLines(), [written], where).rows == drive(Info(), [written], where).rows


def test_a_channel_s_page_gives_the_channel_and_what_it_declares_and_its_entries_their_videos() -> None:
    page = info(
        _type="playlist",
        id="UCann",
        timestamp=None,
        upload_date=None,
        description="films: https://www.instagram.com/ann",
        entries=[info()],
    )
    outcome = drive(Info(), [page], context("youtube"))
    assert outcome.record_count == 2
    assert [row["declared_handle_keys"] for row in outcome.of("accounts")] == [[PSEUDONYMS.handle_key("instagram", "ann")], None]
    somebody_s_list = drive(Info(), [page | {"id": "PLx", "entries": []}], context("youtube"))
    assert [row["declared_handle_keys"] for row in somebody_s_list.of("accounts")] == [None]


def test_entries_within_entries_without_end_are_read_to_their_end() -> None:
    nested = info()
    for _ in range(2_000):
        nested = info(_type="playlist", entries=[nested])
    assert drive(Info(), [nested], context("youtube")).record_count == 2_001


def test_an_info_object_of_another_site_is_no_known_file_here() -> None:
    for more in ({"extractor_key": "TikTok", "extractor": "TikTok"}, {"id": None}):
        assert chosen(FORMATS, Sample("v.info.json", ".json", b"", info(**more))) is None
    assert chosen(FORMATS, Sample("v.info.json", ".json", b"", info())) is not None


@pytest.mark.parametrize("native", [Videos(), Channels(), CommentThreads()])
def test_a_list_that_found_nothing_is_a_known_file_without_records(native: Any) -> None:
    answer = {"kind": f"{native.kinds[0]}ListResponse", "pageInfo": {"totalResults": 0}}
    assert chosen(FORMATS, Sample("a.json", ".json", b"", answer)).__class__ is native.__class__
    assert drive(native, [answer], context("youtube")).record_count == 0


def test_ids_of_an_answer_are_those_of_its_items() -> None:
    assert ids_of({"items": [{"id": "a"}, {"id": {"videoId": "b"}}, "odd"]}) == {"a"}
    assert ids_of(None) == ids_of([]) == set()


def test_only_a_list_without_items_says_that_nothing_was_found() -> None:
    empty = {"kind": "youtube#channelListResponse", "pageInfo": {"totalResults": 0}}
    assert says_nothing_was_found(empty)
    assert says_nothing_was_found(empty | {"items": []})
    others: tuple[Any, ...] = (empty | {"items": [{"id": "a"}]}, {"error": {"code": 403}}, {"kind": "youtube#video"}, None, [])
    for answer in others:
        assert not says_nothing_was_found(answer)
