"""NULL against zero: the seed that says which platform offers which counter, held against what the parsers deliver, both ways."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from pipelines.lake.schemas import POST_METRICS
from pipelines.platforms.activitypub.parse import Objects
from pipelines.platforms.bereal.parse import AppPosts
from pipelines.platforms.bluesky.parse import Feed
from pipelines.platforms.instagram.graph import Media
from pipelines.platforms.mastodon.parse import Timeline
from pipelines.platforms.protocol import NativeFormat
from pipelines.platforms.reddit.parse import PushshiftSubmissions
from pipelines.platforms.registry import PLATFORMS
from pipelines.platforms.threads.parse import Insights
from pipelines.platforms.tiktok.parse import WebItems
from pipelines.platforms.tumblr import parse as tumblr
from pipelines.platforms.x.parse import Pages
from pipelines.platforms.youtube.parse import Videos
from tests.contracts import (
    test_activitypub,
    test_bereal,
    test_bluesky,
    test_instagram_graph,
    test_mastodon,
    test_reddit,
    test_threads,
    test_tiktok,
    test_tumblr,
    test_x,
    test_youtube,
)
from tests.contracts.harness import REALDATA, context, drive
from tests.realdata.inbox import lay_out
from tests.realdata.records import records_of

SEED: Final = Path(__file__).parents[2] / "dbt_project" / "seeds" / "platform_metric_semantics.csv"
METRICS: Final = tuple(name for name in POST_METRICS.names if name.endswith(("_count", "_ratio")))
# No real file of these has a counter: their tables of tag use have none, or there is no real file.
UNCOUNTED: Final = frozenset({"bereal", "tumblr"})
SOCIAL: Final = tuple(name for name, platform in PLATFORMS.items() if "post_metrics" in platform.tables)


def offered() -> dict[tuple[str, str], bool]:
    with SEED.open(encoding="utf-8", newline="") as file:
        return {(row["platform"], row["metric"]): row["is_offered"] == "true" for row in csv.DictReader(file)}


def counted(number: int) -> dict[str, tuple[NativeFormat, Any]]:
    """A hand-made document for each platform with every counter that its payloads can carry, all of the same number."""
    view = test_bluesky.VIEW | dict.fromkeys(("likeCount", "replyCount", "repostCount", "quoteCount", "bookmarkCount"), number)
    toot = dict.fromkeys(("favourites_count", "replies_count", "reblogs_count", "quotes_count"), number)
    submission = {
        **test_reddit.COMMENT,
        "title": "t",
        "selftext": "",
        **dict.fromkeys(("score", "num_comments", "num_crossposts", "upvote_ratio"), number),
    }
    video = test_youtube.video()
    video["statistics"] = dict.fromkeys(("viewCount", "likeCount", "commentCount"), str(number))
    stats = dict.fromkeys(("playCount", "diggCount", "commentCount", "shareCount", "collectCount"), number)
    totals = {name: {"type": "Collection", "totalItems": number} for name in ("likes", "replies", "shares")}
    tweet = ("like_count", "repost_count", "reply_count", "quote_count", "bookmark_count", "impression_count")
    insights = {"data": [{"name": name, "period": "lifetime", "values": [{"value": number}]} for name in ("shares", "saved")]}
    medium = dict.fromkeys(("like_count", "comments_count", "view_count"), number) | {"insights": insights}
    return {
        "activitypub": (Objects(), test_activitypub.note(views=number, **totals)),
        "bluesky": (Feed(), {"feed": [{"post": view}]}),
        "mastodon": (Timeline(), [test_mastodon.status("10", test_mastodon.ANN, **toot)]),
        "reddit": (PushshiftSubmissions(), submission),
        "youtube": (Videos(), video),
        "tiktok": (WebItems(), [test_tiktok.item(stats=stats)]),
        "instagram": (Media(), {"data": [test_instagram_graph.medium(**medium)]}),
        "tumblr": (tumblr.Posts(), [test_tumblr.post(note_count=number)]),
        "bereal": (AppPosts(), [test_bereal.app_post(realMojis=[{}] * number, comment=[{}] * number)]),
        "x": (Pages(), {"data": [test_x.post(public_metrics=dict.fromkeys(tweet, number))]}),
        "threads": (Insights(), test_threads.insights(number)),
    }


def test_the_seed_speaks_of_every_counter_of_every_social_platform_once() -> None:
    assert sorted(offered()) == sorted((platform, metric) for platform in SOCIAL for metric in METRICS)
    with SEED.open(encoding="utf-8", newline="") as file:
        assert sum(1 for _ in csv.DictReader(file)) == len(SOCIAL) * len(METRICS)


@pytest.mark.parametrize("platform", SOCIAL)
@pytest.mark.parametrize("number", [0, 1])
def test_an_offered_counter_is_delivered_be_it_zero_and_no_other_is(platform: str, number: int) -> None:
    native, document = counted(number)[platform]
    (row,) = drive(native, [document], context(platform)).of("post_metrics")
    delivered = {metric: row.get(metric) for metric in METRICS}
    assert delivered == {metric: number if offered()[platform, metric] else None for metric in METRICS}


def _real_metrics(platform: str, folder: Path) -> Iterator[dict[str, Any]]:
    lay_out(REALDATA, folder, platforms=(platform,))
    for name, records in records_of(PLATFORMS[platform], folder / platform).items():
        native = PLATFORMS[platform].format_named(name)
        for record in records:
            if record.framed.problem is None:
                yield from drive(_Whole(native), [record.framed.value], context(platform)).of("post_metrics")


class _Whole:
    """A format whose documents are records already."""

    def __init__(self, native: NativeFormat) -> None:
        self.name, self.framing, self.collection_method = native.name, native.framing, native.collection_method
        self.matches, self.parse = native.matches, native.parse

    def split(self, document: Any) -> tuple[Any]:
        return (document,)


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.exists(), reason="no real records here")
@pytest.mark.parametrize("platform", [name for name in SOCIAL if name not in UNCOUNTED])
def test_a_counter_that_is_not_offered_is_null_in_every_real_record(platform: str, tmp_path: Path) -> None:
    filled = {metric for row in _real_metrics(platform, tmp_path) for metric in METRICS if row.get(metric) is not None}
    assert filled, "the real files hold no counter at all"
    assert not {metric for metric in filled if not offered()[platform, metric]}
