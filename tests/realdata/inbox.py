"""Lays real files out as an inbox: copies plain files, unpacks archives, unwraps recordings. Judges no content."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from tests.contracts.unwrap import unwrap, unwrap_examples

# Platform folder of the inbox -> (path in the real data, which members of an archive to take).
SOURCES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "reddit": (("reddit_pushshift", "*"), ("reddit_top2013", "*")),
    "bluesky": (("bluesky_jetstream", "*"), ("bluesky_metresearch/feeds.tar.gz", "*")),
    "mastodon": (
        ("mastodon_rtoot_vcr/rtoot_fixtures.tar.gz", "cassettes"),
        ("mastodon_rtoot_vcr/rtoot_fixtures.tar.gz", "*.json"),
    ),
    "activitypub": (("activitypub/lemmy_apub_assets.tar.gz", "*"),),
    "youtube": (
        ("youtube_api/python_youtube_testdata.tar.gz", "*"),
        ("youtube_comments/comments.jsonl", "*"),
        ("youtube_vevo", "*"),
        ("influencer_tables/youtube.csv", "*"),
        ("luxury_handbag_multi/youtube.csv", "*"),
    ),
    "tiktok": (
        ("tiktok_scraper", "*"),
        ("tiktok_discover", "*"),
        ("influencer_tables/tiktok.csv", "*"),
        ("luxury_handbag_multi/tiktok.csv", "*"),
    ),
    "instagram": (
        ("instagram_graph_api/python_facebook_testdata.tar.gz", "testdata/instagram*"),
        ("influencer_tables/instagram.csv", "*"),
        ("influencer_tables/top_insta_influencers_data.csv", "*"),
        ("luxury_handbag_multi/instagram_posts.json", "*"),
        ("luxury_handbag_multi/instagram_merged.csv", "*"),
        ("luxury_handbag_multi/instagram_hashtags.csv", "*"),
        ("luxury_handbag_multi/dataset_instagram-hashtag-scraper_2026-03-04_11-38-57-137.csv", "*"),
    ),
    "threads": (("threads_official/threads-api.postman_collection.json", "examples"), ("threads_scraped", "*")),
    "x": (("x_v1_fixtures/bear_testdata.tar.gz", "*"), ("x_v1_pheme", "*"), ("x_v2_academic/hk.tar.gz", "*")),
    "tumblr": (("tumblr_cottagecore", "*"),),
    "feeds": (("rss_feeds/feedjira_sample_feeds.tar.gz", "*"),),
    "trends": (
        ("google_trends/popculture_google_trends_clean.csv", "*"),
        ("google_trends/korea_trend_history.json", "*"),
        ("google_trends/pytrends_cassettes.tar.gz", "cassettes"),
        ("luxury_handbag_multi/google.csv", "*"),
    ),
    "wikipedia": (("wikipedia_pageviews", "*"),),
    "mediacloud": (
        ("mediacloud/kentucky_200363050.json", "*"),
        ("mediacloud/testing.json", "*"),
        ("mediacloud/backend_test_data.tar.gz", "*"),
    ),
    "gdelt": (("gdelt/gdeltPyR_data.tar.gz", "*.csv"), ("gdelt/gdeltPyR_data.tar.gz", "*.gz")),
}
# Copies get one fixed modification time, so that rows which can only say when their file was made are the same everywhere.
_COPIED_AT: Final = 1_793_491_200  # 2026-11-01T00:00:00Z


def lay_out(realdata: Path, inbox: Path, only: tuple[str, ...] = (), platforms: tuple[str, ...] = ()) -> None:
    """Fill ``inbox/<platform>/`` with the real files of all sources.

    Args:
        realdata: folder of the real files.
        inbox: folder to make; must not exist.
        only: datasets to take (first folder of each path); all if empty.
        platforms: platforms to fill; all if empty.
    """
    for platform, sources in SOURCES.items():
        if platforms and platform not in platforms:
            continue
        for source, members in sources:
            if only and source.split("/", 1)[0] not in only:
                continue
            path, target = realdata / source, inbox / platform
            target.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                for file in sorted(path.iterdir()):
                    shutil.copyfile(file, target / file.name)
            elif members == "cassettes":
                with tempfile.TemporaryDirectory() as folder:
                    _unpack(path, Path(folder), "*")
                    unwrap(Path(folder), target)
            elif members == "examples":
                unwrap_examples(path, target)
            elif path.name.endswith(".tar.gz"):
                _unpack(path, target, members)
            else:
                shutil.copyfile(path, target / path.name)
    for file in inbox.rglob("*"):
        if file.is_file():
            os.utime(file, (_COPIED_AT, _COPIED_AT))


def _unpack(archive: Path, target: Path, members: str) -> None:
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            if member.isfile() and fnmatch(member.name, members):
                content = tar.extractfile(member)
                if content is not None:
                    destination = target / member.name.replace(":", "_")
                    destination.parent.mkdir(parents=True, exist_ok=True)
                    destination.write_bytes(content.read())
