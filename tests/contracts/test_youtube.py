"""Contracts of the YouTube formats: pinned counts on real files, rows of hand-written payloads, arbitrary input."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow.csv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.platforms.protocol import Framing, Sample
from pipelines.platforms.youtube.parse import (
    FORMATS,
    Channels,
    CommentLines,
    Comments,
    CommentThreads,
    ErrorResponse,
    PlaylistItems,
    SearchResults,
    Videos,
    VideoTable,
)
from tests.contracts.harness import PSEUDONYMS, REALDATA, chosen, context, drive
from tests.contracts.nights import Landed, take_in
from tests.contracts.test_bluesky import JSON

WHEN = "2026-01-02T03:04:05Z"
PINNED_RESPONSES = {
    "youtube_channels": 9,
    "youtube_comment_threads": 24,
    "youtube_comments": 10,
    "youtube_error": 3,
    "youtube_playlist_items": 22,
    "youtube_search": 108,
    "youtube_videos": 17,
}
PLAYLISTS_WITHOUT_TIMES = ("s_filter_video", "s_multi", "s_paged_1", "s_paged_2", "s_single", "_api_response")
PINNED_UNKNOWN = 103  # responses of other kinds, parts of responses, tokens
needs_real_files = pytest.mark.skipif(not REALDATA.exists(), reason="no real records here")


def key(native_id: str) -> str:
    return PSEUDONYMS.key("youtube", native_id)


def video(**more: Any) -> dict[str, Any]:
    return {
        "kind": "youtube#video",
        "id": "vid00000001",
        "snippet": {
            "publishedAt": WHEN,
            "channelId": "UCmoss",
            "title": "Moss walls",
            "description": "for #Moss",
            "tags": ["Moss"],
        },
        "contentDetails": {"duration": "P1DT1H2M3S"},
        "statistics": {"viewCount": "9007199254740993", "likeCount": "0"},
        "paidProductPlacementDetails": {"hasPaidProductPlacement": True},
        **more,
    }


def comment(native_id: str, author: str, **more: Any) -> dict[str, Any]:
    snippet = {
        "authorChannelId": {"value": author},
        "textOriginal": "nice",
        "likeCount": 3,
        "publishedAt": WHEN,
        "updatedAt": WHEN,
    }
    return {"kind": "youtube#comment", "id": native_id, "snippet": {**snippet, **more}}


def thread(**more: Any) -> dict[str, Any]:
    snippet = {"videoId": "vid00000001", "channelId": "UCmoss", "topLevelComment": comment("Ug1", "UCann")}
    return {"kind": "youtube#commentThread", "id": "Ug1", "snippet": snippet, **more}


def found(identity: dict[str, str]) -> dict[str, Any]:
    snippet = {"publishedAt": WHEN, "channelId": "UCmoss", "title": "Moss", "description": "cut sho..."}
    return {"kind": "youtube#searchResult", "id": identity, "snippet": snippet}


def listed(**details: Any) -> dict[str, Any]:
    snippet = {"publishedAt": "2026-01-09T00:00:00Z", "channelId": "UCcurator", "title": "Moss", "playlistId": "PL1"}
    resource = {"resourceId": {"kind": "youtube#video", "videoId": "vid00000001"}}
    return {"kind": "youtube#playlistItem", "id": "x", "snippet": snippet | resource, "contentDetails": details}


def cells(**more: str) -> dict[str, str]:
    base = {
        "video_id": "vid00000001",
        "title": "A #Moss bag",
        "channel": "Moss Makers",
        "published_at": "2026-01-02 03:04:05+00:00",
        "view_count": "10",
        "like_count": "2",
        "comment_count": "0",
        "url": "https://www.youtube.com/watch?v=vid00000001",
        "bag_query": "Moss Bag",
        "scraped_at": "2026-02-03",
    }
    return {**base, **more}


LINE = {
    "id": "c1",
    "text": "lovely",
    "author": "@Ann",
    "url": "https://www.youtube.com/watch?v=vid00000001",
    "is_reply": False,
    "parent_id": None,
}


def test_a_video_gives_counters_that_came_as_text_and_null_where_hidden() -> None:
    outcome = drive(Videos(), [{"items": [video()]}], context("youtube"))
    (metrics,) = outcome.of("post_metrics")
    assert (metrics["view_count"], metrics["like_count"], metrics["comment_count"]) == (9007199254740993, 0, None)
    (post,) = outcome.of("posts")
    assert (post["post_type"], post["account_key"], post["post_key"]) == ("video", key("UCmoss"), key("vid00000001"))
    assert (post["has_paid_label"], post["duration_seconds"], post["tags"]) == (True, 90123.0, ["moss"])
    assert post["published_at"].isoformat() == "2026-01-02T03:04:05+00:00"


def test_a_video_without_the_placement_part_says_nothing_about_payment() -> None:
    bare = video(paidProductPlacementDetails=None, statistics=None, contentDetails=None)
    outcome = drive(Videos(), [bare], context("youtube"))
    (post,) = outcome.of("posts")
    assert (post["has_paid_label"], post["duration_seconds"]) == (None, None)
    assert outcome.of("post_metrics") == []


def test_a_hidden_subscriber_count_is_null_even_if_a_number_is_given() -> None:
    statistics = {"subscriberCount": "0", "hiddenSubscriberCount": True, "videoCount": "7"}
    item = {
        "kind": "youtube#channel",
        "id": "UCmoss",
        "snippet": {"title": "Moss", "publishedAt": WHEN},
        "statistics": statistics,
    }
    (account,) = drive(Channels(), [item], context("youtube")).of("accounts")
    assert (account["followers_count"], account["posts_count"], account["public_name"]) == (None, 7, None)


@pytest.mark.parametrize(("subscribers", "name"), [("1000000", None), ("1000001", "Moss")])
def test_only_a_channel_above_a_million_subscribers_keeps_its_name(subscribers: str, name: str | None) -> None:
    item = {"id": "UCmoss", "snippet": {"title": "Moss"}, "statistics": {"subscriberCount": subscribers}}
    (account,) = drive(Channels(), [item], context("youtube")).of("accounts")
    assert account["public_name"] == name


def test_a_thread_gives_the_comment_on_the_channel_and_the_reply_to_its_author() -> None:
    outcome = drive(CommentThreads(), [thread(replies={"comments": [comment("Ug1.r1", "UCben")]})], context("youtube"))
    top, reply = outcome.of("posts")
    assert (top["post_type"], top["parent_post_key"], top["root_post_key"]) == ("comment", key("vid00000001"), key("vid00000001"))
    assert (reply["parent_post_key"], reply["root_post_key"]) == (key("Ug1"), key("vid00000001"))
    edges = [
        (edge["source_account_key"], edge["target_account_key"], edge["target_post_key"]) for edge in outcome.of("interactions")
    ]
    assert edges == [(key("UCann"), key("UCmoss"), key("vid00000001")), (key("UCben"), key("UCann"), key("Ug1"))]
    assert {edge["interaction_type"] for edge in outcome.of("interactions")} == {"comment"}


def test_a_comment_has_one_interaction_key_whichever_response_brought_it() -> None:
    in_thread = drive(CommentThreads(), [thread()], context("youtube")).of("interactions")
    alone = drive(Comments(), [comment("Ug1", "UCann", videoId="vid00000001")], context("youtube")).of("interactions")
    assert in_thread[0]["interaction_key"] == alone[0]["interaction_key"]


def test_a_comment_changed_later_tells_when() -> None:
    changed = comment("Ug1", "UCann", updatedAt="2026-01-03T00:00:00Z")
    posts = drive(Comments(), [changed, comment("Ug2", "UCann")], context("youtube")).of("posts")
    assert [post["edited_at"] is None for post in posts] == [False, True]


def test_a_search_gives_videos_without_counters_and_channels_and_refuses_playlists() -> None:
    items = [
        found({"kind": "youtube#video", "videoId": "vid00000001"}),
        found({"kind": "youtube#channel", "channelId": "UCmoss"}),
        found({"kind": "youtube#playlist", "playlistId": "PL1"}),
    ]
    outcome = drive(SearchResults(), [{"items": items}], context("youtube", "search"))
    assert outcome.by_table == {"posts": 1, "vault_posts": 1, "accounts": 1, "vault_accounts": 1}
    assert outcome.by_code == {"unexpected_shape": 1}


def test_a_playlist_item_is_as_old_as_its_video_and_not_as_its_listing() -> None:
    outcome = drive(PlaylistItems(), [listed(videoId="vid00000001", videoPublishedAt=WHEN), listed()], context("youtube"))
    (post,) = outcome.of("posts")
    assert post["published_at"].isoformat() == "2026-01-02T03:04:05+00:00"
    assert post["account_key"] is None  # the playlist's owner need not be the video's
    assert outcome.by_code == {"missing_field": 1}


def test_a_search_table_keeps_its_query_and_is_observed_on_its_day() -> None:
    outcome = drive(VideoTable(), [cells()], context("youtube", "search"))
    (post,), (account,) = outcome.of("posts"), outcome.of("accounts")
    assert (post["collection_query"], post["account_key"], post["tags"]) == ("Moss Bag", key("title:Moss Makers"), ["moss"])
    assert (account["observed_at"].isoformat(), account["ts_quality"]) == ("2026-02-03T23:59:59+00:00", "date_only")


def test_a_video_found_by_two_queries_is_one_key_with_a_row_for_each_query() -> None:
    outcome = drive(VideoTable(), [cells(), cells(bag_query="Fern Bag")], context("youtube", "search"))
    assert {post["post_key"] for post in outcome.of("posts")} == {key("vid00000001")}
    assert [post["collection_query"] for post in outcome.of("posts")] == ["Moss Bag", "Fern Bag"]


def test_a_crawled_comment_is_as_old_as_its_observation_and_says_so() -> None:
    outcome = drive(CommentLines(), [LINE], context("youtube", "search"))
    (post,), (edge,) = outcome.of("posts"), outcome.of("interactions")
    assert (post["published_at"], post["ts_quality"]) == (post["observed_at"], "collected")
    assert (edge["target_post_key"], edge["target_account_key"]) == (key("vid00000001"), None)


def test_a_crawled_reply_without_its_parent_answers_nobody_known() -> None:
    outcome = drive(CommentLines(), [LINE | {"is_reply": True}], context("youtube", "search"))
    (post,) = outcome.of("posts")
    assert (post["parent_post_key"], post["root_post_key"]) == (None, key("vid00000001"))
    assert outcome.of("interactions") == []


@pytest.mark.parametrize("error", [{"code": 403, "message": "quotaExceeded"}, "invalid_grant"])
def test_an_error_response_is_quarantined_as_such(error: Any) -> None:
    native = chosen(FORMATS, Sample("x.json", ".json", b"", {"error": error}))
    assert isinstance(native, ErrorResponse)
    assert drive(native, [{"error": error}], context("youtube")).by_code == {"error_response": 1}


@pytest.mark.parametrize(
    "kind", ["youtube#captionListResponse", "youtube#subscriptionListResponse", "youtube#playlist", None, ["x"]]
)
def test_a_response_of_another_kind_is_left_for_the_intake_to_report(kind: Any) -> None:
    document = {"kind": kind, "items": [{"kind": "youtube#caption", "id": "x"}]}
    assert chosen(FORMATS, Sample("x.json", ".json", b"", document)) is None


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Landed:
    files = ["luxury_handbag_multi/youtube.csv", "youtube_comments/comments.jsonl", "youtube_api/python_youtube_testdata.tar.gz"]
    return take_in("youtube", files, tmp_path_factory.mktemp("youtube"))


@pytest.mark.realdata
@needs_real_files
def test_the_real_files_are_accounted_for(night: Landed) -> None:
    counts = night.counts
    assert counts["youtube.csv"] == (1216, 1214, 2, 0)  # one title with an unquoted line break, torn in two
    assert counts["comments.jsonl"] == (379, 266, 113, 0)  # 113 comments on Reddit
    by_format: Counter[str] = Counter()
    for entry in night.intake.files:
        if "!" in entry.file and entry.source_format:
            by_format[entry.source_format] += entry.record_count
    assert by_format == PINNED_RESPONSES
    assert night.refusals == {
        ("youtube.csv", "unexpected_shape"),
        ("comments.jsonl", "missing_id"),
        *(
            (name, "error_response")
            for name in ("error_response.json", "error_response_simple.json", "error_permission_resp.json")
        ),
        *((f"playlist_item{name}.json", "missing_field") for name in PLAYLISTS_WITHOUT_TIMES),
        ("insert_response.json", "missing_field"),
        ("search_result_api_response.json", "unexpected_shape"),  # playlists among the results
    }
    assert len(night.intake.unknown_files) == PINNED_UNKNOWN


@pytest.mark.realdata
@needs_real_files
def test_monthly_views_and_videos_by_query_equal_the_published_features(night: Landed) -> None:
    """Month of publication in UTC, by query, over every video of the file: no row of it is dropped or taken once only."""
    features = pyarrow.csv.read_csv(REALDATA / "luxury_handbag_multi" / "features_merged.csv")
    compared = night.query(
        """
        with found as (
            select
                date_trunc('month', posts.published_at)::date as month,
                posts.collection_query as bag_query,
                sum(post_metrics.view_count) as view_count,
                sum(post_metrics.like_count) as like_count,
                count(*) as video_count
            from posts
            inner join post_metrics using (post_key, observed_at)
            where posts.source_format = 'youtube_search_csv'
            group by all
        )

        select
            coalesce(
                found.view_count = features.yt_total_views
                and found.like_count = features.yt_total_likes
                and found.video_count = features.yt_video_count,
                false
            ) as is_equal,
            count(*) as row_count
        from features
        left join found on features.month::date = found.month and features.bag_query = found.bag_query
        where features.yt_video_count is not null
        group by all
        """,
        features=features,
    )
    assert compared == [(True, 46)]


@pytest.mark.realdata
@needs_real_files
def test_no_video_of_the_real_table_was_found_by_two_queries(night: Landed) -> None:
    sql = "select count(*), count(distinct post_key) from posts where source_format = 'youtube_search_csv'"
    assert night.query(sql) == [(1214, 1214)]


@given(
    document=JSON, where=st.sampled_from(["id", "snippet", "statistics", "replies", "contentDetails", "error", "items", "kind"])
)
def test_arbitrary_json_is_refused_and_never_breaks_a_format(document: Any, where: str) -> None:
    good = [
        video(),
        comment("Ug1", "UCann"),
        thread(),
        found({"kind": "youtube#video", "videoId": "v"}),
        listed(videoId="v"),
        LINE,
    ]
    for native in (one for one in FORMATS if one.framing is not Framing.CSV):
        shapes: list[Any] = [{"items": [document]}, {"items": document}]
        for item in good:
            broken = {**item, where: document}
            inner = {**item, "snippet": {**item.get("snippet", {}), "topLevelComment": document, "publishedAt": document}}
            shapes += [broken, {"items": [broken, inner]}]
        native.matches(Sample("x", "", b"", document))
        for shape in shapes:
            native.matches(Sample("x", "", b"", shape))
        drive(native, shapes, context("youtube"))


@given(
    name=st.sampled_from(sorted(cells())),
    cell=st.text() | st.sampled_from(["-1", "9" * 30, "nan", "1e9", "9999-12-31", "0001-01-01"]),
)
def test_arbitrary_cells_are_refused_and_never_break_the_table(name: str, cell: str) -> None:
    VideoTable().matches(Sample("x.csv", ".csv", b"", [cell, name]))
    drive(VideoTable(), [cells(**{name: cell})], context("youtube", "search"))
