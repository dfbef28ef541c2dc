"""Every real record of the eight sources is landed, quarantined with a reason, or a counted duplicate."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.lake.intake import NightIntake
from pipelines.lake.pseudonyms import Pseudonymiser
from tests.contracts.harness import REALDATA
from tests.realdata.accounts import account, adds_up, refusals, take_in_all

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not REALDATA.is_dir(), reason="the real files are not beside this checkout"),
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("real")


class Nights(dict[str, NightIntake]):
    """The nights by platform, which a failing test does not print: their ledgers are long."""

    def __repr__(self) -> str:
        return f"nights of {', '.join(self)}"


@pytest.fixture(scope="module")
def nights(root: Path) -> Nights:
    return Nights(take_in_all(REALDATA, root, Pseudonymiser(b"k" * 32)))


def test_in_is_landed_plus_quarantined_plus_duplicates_for_every_file(nights: Nights) -> None:
    entries = [entry for night in nights.values() for entry in night.files]
    assert [entry.file for entry in entries if not adds_up(entry)] == []
    printed = "\n".join(account(nights))
    assert [entry.file for entry in entries if entry.file[-60:] not in printed] == []


def test_the_real_records_of_each_platform_are_all_here(nights: Nights) -> None:
    counts = {
        name: (night.record_count, night.landed_count, night.quarantined_count, night.duplicate_count)
        for name, night in nights.items()
    }
    assert counts == {
        "activitypub": (127, 99, 28, 0),
        "bereal": (0, 0, 0, 0),  # no real file is at hand
        "bluesky": (778, 772, 6, 0),
        "feeds": (322, 311, 1, 10),
        "gdelt": (1635, 1635, 0, 0),
        "instagram": (3685, 3563, 76, 46),
        "mastodon": (1129, 757, 2, 370),
        "mediacloud": (1013, 1011, 1, 1),
        "reddit": (13999, 13972, 0, 27),
        "threads": (42, 41, 1, 0),
        "tiktok": (1641, 1487, 0, 154),
        "trends": (858, 853, 0, 5),
        "tumblr": (2572, 2572, 0, 0),
        "wikipedia": (56462, 56462, 0, 0),
        "x": (6789, 6347, 38, 404),
        "youtube": (1788, 1636, 141, 11),
    }


def test_what_is_quarantined_is_bad_or_of_a_kind_that_no_table_takes(nights: Nights, root: Path) -> None:
    assert nights
    assert refusals(root) == [
        ("activitypub", "activitypub_collection", "not_shown", 1),  # a list of moderators
        ("activitypub", "activitypub_object", "not_public", 10),  # letters, reports and warnings
        ("activitypub", "activitypub_object", "unexpected_shape", 1),  # it accepts a request that it only names
        ("activitypub", "activitypub_object", "unsupported_activity", 16),  # votes down, blocks, locks, and what undoes them
        ("bluesky", "bluesky_jetstream", "unsupported_collection", 6),  # blocks, live statuses, other applications' records
        ("feeds", "feeds_xml", "missing_id", 1),  # a feed without title or address, an entry without a link
        ("instagram", "instagram_graph_insights", "missing_id", 9),  # they belong to a Graph id that no other record has
        ("instagram", "instagram_graph_media", "missing_field", 52),  # asked for without timestamp
        ("instagram", "instagram_graph_media", "missing_id", 15),  # asked for without permalink
        ("mastodon", "mastodon_error", "error_response", 1),
        ("mastodon", "mastodon_status_lines", "broken_json", 1),
        ("mediacloud", "mediacloud_story_table", "missing_id", 1),  # an address that begins with http://http://
        ("threads", "threads_insights", "unexpected_shape", 1),  # of an account, named by a number that no post carries
        ("x", "x_error", "error_response", 2),
        ("x", "x_v1_statuses", "not_public", 36),  # of protected accounts, recorded by one that may follow them
        ("youtube", "youtube_comment_lines", "missing_id", 113),  # a crawler's Reddit comments in a YouTube file
        ("youtube", "youtube_error", "error_response", 3),
        ("youtube", "youtube_playlist_items", "missing_field", 21),  # they tell when the video was listed, not published
        ("youtube", "youtube_search", "unexpected_shape", 2),  # playlists
        ("youtube", "youtube_search_csv", "unexpected_shape", 2),  # one row that a line break tore in two
    ]


def test_the_bluesky_capture_has_the_events_that_its_manifest_counts(nights: Nights, root: Path) -> None:
    (capture,) = [entry for entry in nights["bluesky"].files if entry.file == "expected_v1.jsonl"]
    assert capture.record_count == 152
    refused = duckdb.sql(
        f"select reason_code, count(*) from read_parquet('{root}/quarantine/bluesky/*.parquet')"
        " where file = 'expected_v1.jsonl' group by 1"
    ).fetchall()
    assert refused == [("unsupported_collection", 3)]
    assert capture.row_counts["deletions"] == 4
    assert capture.row_counts["accounts"] == 2


def test_reddit_lines_land_once_although_the_dump_repeats_them(nights: Nights) -> None:
    counts = {
        entry.file: (entry.record_count, entry.landed_count, entry.duplicate_count)
        for entry in nights["reddit"].files
        if entry.record_count and entry.source_format != "reddit_top_csv"
    }
    assert counts == {
        "RC_sample.zst": (27, 27, 0),
        "test_comments.json": (27, 0, 27),
        "test_submissions.json": (31, 31, 0),
    }


def test_the_best_of_fourteen_subreddits_land_whole(nights: Nights) -> None:
    tables = [entry for entry in nights["reddit"].files if entry.source_format == "reddit_top_csv"]
    assert len(tables) == 14
    assert sum(entry.landed_count for entry in tables) == sum(entry.record_count for entry in tables) == 13_914


def test_monthly_youtube_views_and_counts_equal_the_handbag_set_s_own(nights: Nights, root: Path) -> None:
    assert nights["youtube"].landed_count > 1_000
    lake = f"{root}/lake/youtube"
    matched = duckdb.sql(
        f"""
        with videos as (
            select distinct date_trunc('month', published_at at time zone 'UTC')::date as month, collection_query, post_key, source_hash
            from read_parquet('{lake}/posts/*/*.parquet') where source_format = 'youtube_search_csv'
        ),
        counters as (
            select post_key, source_hash, max(view_count) as view_count
            from read_parquet('{lake}/post_metrics/*/*.parquet') group by all
        ),
        months as (
            select month, collection_query, sum(view_count) as views, count(*) as videos
            from videos join counters using (post_key, source_hash) group by all
        )
        select count(*), count(*) filter (where views = yt_total_views and videos = yt_video_count)
        from read_csv('{REALDATA}/luxury_handbag_multi/features_merged.csv') as theirs
        left join months on months.month = theirs.month::date and months.collection_query = theirs.bag_query
        where yt_video_count is not null
        """
    ).fetchone()
    assert matched == (46, 46)
