"""Valid landed rows: two accounts and what they did, two outlets' items, a series of attention, coverage. No other gate's rows belong here."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from pipelines.lake.schemas import ANALYTIC_TABLES
from tests.gates.names import NIGHT, OUTLET, SOURCE, A, B, Rows, at, key

_SEEN = {
    "observed_at": at(20),
    "ts_quality": "exact",
    "collection_method": "firehose",
    "source_format": "jetstream",
    "source_hash": SOURCE,
    "landed_night": NIGHT,
}
PLATFORM_OF: Final = dict.fromkeys(ANALYTIC_TABLES, "bluesky") | {"mainstream_items": "feeds", "attention_series": "trends"}


def _landed(table: str, *rows: dict[str, Any]) -> Rows:
    return [_SEEN | {"platform": PLATFORM_OF[table]} | row for row in rows]


_POST = {"post_type": "reply", "media_kind": "none", "tags": ["eco"], "text_char_count": 10, "duration_seconds": 1.0}
_LINKS = {"parent_post_key": key(12), "root_post_key": key(12), "sound_key": key(13), "edited_at": at(11)}
_COUNTS = dict.fromkeys(
    ("view_count", "like_count", "comment_count", "repost_count", "quote_count", "share_count", "save_count"), 3
)
_ACCOUNT = {"handle_key": key(31), "actor_class": "brand", "status": "active", "public_name": "Brand", "created_at": at(1)}
_EDGE = {"interaction_type": "reply", "post_key": key(11), "target_post_key": key(12), "interacted_at": at(10)}
_ITEM = {"outlet_key": OUTLET, "outlet_name": "The Post", "outlet_class": "media", "tags": ["eco"]}
_POINT = {"series_key": key(41), "term": "eco", "granularity": "month", "unit": "index_0_100", "interest_value": 50.0}
_COVERED = {"source": "jetstream", "expected_count": 9, "got_count": 3, "quarantined_count": 1, "status": "partial"}

LANDED: Final[dict[str, Rows]] = {
    "accounts": _landed(
        "accounts",
        _ACCOUNT | {"account_key": A, "followers_count": 5, "following_count": 5, "posts_count": 5},
        {"account_key": B, "actor_class": "creator"},
    ),
    "posts": _landed(
        "posts",
        _POST | _LINKS | {"post_key": key(11), "account_key": A, "published_at": at(10)},
        {"post_key": key(12), "account_key": B, "post_type": "post", "published_at": at(11)},
    ),
    "post_metrics": _landed(
        "post_metrics",
        _COUNTS | {"post_key": key(11), "published_at": at(10), "upvote_ratio": 0.5},
        {"post_key": key(12)},
    ),
    "interactions": _landed(
        "interactions",
        _EDGE | {"interaction_key": key(21), "source_account_key": A, "target_account_key": B},
        {"interaction_key": key(22), "interaction_type": "like", "source_account_key": B, "target_post_key": key(11)}
        | {"interacted_at": at(11)},
    ),
    "follows": _landed(
        "follows",
        {"follow_key": key(51), "source_account_key": A, "target_account_key": B, "followed_at": at(9)},
        {"follow_key": key(52), "source_account_key": B, "target_account_key": A},
    ),
    "deletions": _landed(
        "deletions",
        {"subject_type": "post", "subject_key": key(61), "deleted_at": at(12)},
        {"subject_type": "account", "subject_key": key(62), "deleted_at": at(13)},
    ),
    "mainstream_items": _landed(
        "mainstream_items",
        _ITEM | {"item_key": key(71), "published_at": at(12)},
        _ITEM | {"item_key": key(72), "published_at": at(13)},
    ),
    "attention_series": _landed(
        "attention_series",
        _POINT | {"period_starts_at": at(1, 0)},
        _POINT | {"period_starts_at": at(1, 0, 7)},
    ),
    "coverage": _landed(
        "coverage",
        _COVERED | {"covered_on": date(2026, 8, 10), "source_hash": ""},
        _COVERED | {"covered_on": date(2026, 8, 11), "source_hash": "", "quarantined_count": 0, "status": "ok"},
        _COVERED
        | {"covered_on": date(2026, 8, 11), "source_hash": "", "source": "live_accounts", "quarantined_count": 0}
        | {"expected_count": 3, "got_count": 2, "reason": "1 of 3 cut short: budget"},
    ),
}
