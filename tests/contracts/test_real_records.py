"""Every real record of the eight sources is landed, quarantined with a reason, or a counted duplicate."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from pipelines.lake.intake import NightIntake, ingest_night
from pipelines.lake.paths import DataPaths
from pipelines.lake.pseudonyms import Pseudonymiser
from pipelines.platforms.registry import PLATFORMS
from tests.contracts.harness import REALDATA
from tests.realdata.inbox import lay_out

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not REALDATA.is_dir(), reason="the real files are not beside this checkout"),
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("real")


@pytest.fixture(scope="module")
def nights(root: Path) -> dict[str, NightIntake]:
    lay_out(REALDATA, root / "inbox")
    pseudonyms = Pseudonymiser(b"k" * 32)
    return {
        name: ingest_night(DataPaths(root / "data"), root / "inbox", platform, date(2026, 11, 2), pseudonyms)
        for name, platform in PLATFORMS.items()
    }


def test_in_is_landed_plus_quarantined_plus_duplicates_for_every_file(nights: dict[str, NightIntake]) -> None:
    entries = [entry for night in nights.values() for entry in night.files]
    assert len(entries) > 150
    for entry in entries:
        assert entry.record_count == entry.landed_count + entry.quarantined_count + entry.duplicate_count, entry.file


def test_the_bluesky_capture_has_the_events_that_its_manifest_counts(nights: dict[str, NightIntake], root: Path) -> None:
    (capture,) = [entry for entry in nights["bluesky"].files if entry.file == "expected_v1.jsonl"]
    assert capture.record_count == 152
    refused = duckdb.sql(
        f"select reason_code, count(*) from read_parquet('{root}/data/quarantine/bluesky/*.parquet')"
        " where file = 'expected_v1.jsonl' group by 1"
    ).fetchall()
    assert refused == [("unsupported_collection", 3)]
    assert capture.row_counts["deletions"] == 4
    assert capture.row_counts["accounts"] == 2


def test_reddit_lines_land_once_although_the_dump_repeats_them(nights: dict[str, NightIntake]) -> None:
    counts = {entry.file: (entry.record_count, entry.landed_count, entry.duplicate_count) for entry in nights["reddit"].files}
    assert counts == {
        "RC_sample.zst": (27, 27, 0),
        "test_comments.json": (27, 0, 27),
        "test_submissions.json": (31, 31, 0),
    }


def test_monthly_youtube_views_and_counts_equal_the_handbag_set_s_own(nights: dict[str, NightIntake], root: Path) -> None:
    assert nights["youtube"].landed_count > 1_000
    lake = f"{root}/data/lake/youtube"
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
