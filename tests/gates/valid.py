"""A small installation in which every suite passes: two trends, four creators, two niches, two outlets' items, three platforms. For the gates' tests."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import yaml

from pipelines.analysis.contracts import DERIVED, EXCHANGE
from pipelines.lake.paths import DataPaths
from pipelines.lake.schemas import ANALYTIC_TABLES, LEDGER, QUARANTINE
from pipelines.lake.writer import event_days, write_table
from pipelines.quality.suites import table_files
from tests.gates import (
    valid_attention,
    valid_bursts,
    valid_cascades,
    valid_decentralisation,
    valid_engagement,
    valid_ethics,
    valid_hazards,
    valid_insiders,
    valid_mainstream,
    valid_origins,
    valid_platforms,
    valid_relational,
    valid_units,
)

Rows = list[dict[str, Any]]
ROOT: Final = Path(__file__).parents[2]
NIGHT: Final = date(2026, 10, 1)
AUGUST: Final = date(2026, 8, 1)
JULY = date(2026, 7, 1)
SOURCE: Final = "f" * 16
_ARROW: Final = {
    "varchar": pa.string(),
    "varchar[]": pa.list_(pa.string()),
    "date": pa.date32(),
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "timestamptz": pa.timestamp("us", tz="UTC"),
}


def at(day: int, hour: int = 8, month: int = 8) -> datetime:
    """A moment of 2026."""
    return datetime(2026, month, day, hour, tzinfo=UTC)


def key(number: int) -> str:
    """A pseudonym."""
    return f"{number:032x}"


A, B, C, D, OUTLET = key(1), key(2), key(3), key(4), key(9)
ECO, OLD, NICHE, OTHER_NICHE = key(101), key(102), "niche-1", "niche-2"
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

_BEFORE = {"is_in_use_before": False}
_TAG = {"unit_type": "hashtag", "is_pooled": True}
_TREND = {"born_at": at(10), "window_ends_at": at(1, 0, 10), "adopter_count": 2, "largest_day_share": 0.5}
_ADOPTION = {
    "platform": "bluesky",
    "actor_class": "creator",
    "tier": "micro_sub1k",
    "is_tier_imputed": False,
    "tier_at_birth": "micro_sub1k",
}
_ADOPTION |= {"prior_post_count": 3, "prior_exposure_days": 9.0, "ts_quality": "exact"}
_OUTLET_ADOPTION = _ADOPTION | {"account_key": OUTLET, "platform": "feeds", "actor_class": "media", "tier": None}
_ADOPTIONS: Rows = [
    _ADOPTION | {"trend_key": ECO, "account_key": A, "adopted_at": at(10), "previous_post_at": at(9)},
    _ADOPTION | {"trend_key": ECO, "account_key": B, "adopted_at": at(11), "tier": "mid"},
    _OUTLET_ADOPTION | {"trend_key": ECO, "adopted_at": at(12), "is_tier_imputed": None, "tier_at_birth": None},
    _ADOPTION | {"trend_key": OLD, "account_key": A, "adopted_at": at(3)},
]
_STAMP = {"method_version": "v1", "params_hash": "h"}
_MEMBER = _STAMP | {
    "month": AUGUST,
    "platform": "bluesky",
    "niche_id": NICHE,
    "membership_strength": 0.8,
    "bootstrap_jaccard": 0.9,
}
_MEMBERS: Rows = [
    _MEMBER | {"account_key": A},
    _MEMBER | {"account_key": B},
    _MEMBER | {"account_key": C, "niche_id": None, "membership_strength": None, "unassigned_reason": "unstable"},
    _MEMBER | {"account_key": D, "niche_id": OTHER_NICHE, "membership_strength": 0.9},
    # A month before, in which nobody had a niche: those of August were born in it.
    _MEMBER
    | {"month": JULY, "account_key": C, "niche_id": None, "membership_strength": None, "bootstrap_jaccard": None}
    | {"unassigned_reason": "no_shared_tags"},
]
_BELONGING = _STAMP | {"month": AUGUST, "platform": "bluesky"}
_BELONGINGS: Rows = [
    _BELONGING | {"account_key": A, "niche_id": NICHE, "membership_strength": 0.8, "is_primary": True},
    _BELONGING | {"account_key": B, "niche_id": NICHE, "membership_strength": 0.8, "is_primary": True},
    _BELONGING | {"account_key": B, "niche_id": OTHER_NICHE, "membership_strength": 0.15, "is_primary": False},
    _BELONGING | {"account_key": D, "niche_id": OTHER_NICHE, "membership_strength": 0.9, "is_primary": True},
]
_INSIDERS: Rows = valid_insiders.derived(_BELONGINGS, (C, NICHE))
_PROFILE = _STAMP | {"month": AUGUST, "bootstrap_jaccard": 0.9, "match_threshold": 0.15}
_PROFILES: Rows = [
    _PROFILE
    | {
        "niche_id": NICHE,
        "name": "eco",
        "scene": "eco fashion",
        "top_tags": ["eco"],
        "member_count": 2,
        "predecessor_jaccard": 0.5,
    }
    | {"distinctness_bits": 0.4, "distinctness_null_bits": 0.2},
    _PROFILE | {"niche_id": OTHER_NICHE, "name": "old", "top_tags": ["old"], "member_count": 1},
]
_TERM = _STAMP | {"month": AUGUST, "niche_user_count": 2, "other_user_count": 1, "c_tf_idf": 0.5}
_TERM |= {"log_odds": 1.5, "z_score": 3.0, "q_value": 0.01}
_TERMS: Rows = [
    _TERM | {"niche_id": NICHE, "term": "eco", "term_kind": "tag", "term_rank": 1},
    _TERM | {"niche_id": NICHE, "term": "eco", "term_kind": "text", "term_rank": 2},
    _TERM | {"niche_id": OTHER_NICHE, "term": "old", "term_kind": "tag", "term_rank": 1, "other_user_count": 0},
]
_EVENTS: Rows = [
    _STAMP
    | {"niche_id": NICHE, "month": AUGUST, "event": "birth", "jaccard": 0.0, "containment": 0.0, "threshold": 0.15}
    | {"member_count": 2, "panel_member_count": 1, "previous_panel_member_count": None},
    _STAMP
    | {"niche_id": OTHER_NICHE, "month": AUGUST, "event": "split", "other_niche_id": NICHE, "jaccard": 0.3, "containment": 0.6}
    | {
        "member_count": 1,
        "previous_member_count": 3,
        "panel_member_count": 1,
        "previous_panel_member_count": 3,
        "threshold": 0.5,
    },
]
_NEAR = _STAMP | {"month": AUGUST, "neighbour_rank": 1, "vocabulary_similarity": 0.4, "overlap_ratio": 1.0}
_NEIGHBOURS: Rows = [
    _NEAR | {"niche_id": NICHE, "other_niche_id": OTHER_NICHE},
    _NEAR | {"niche_id": OTHER_NICHE, "other_niche_id": NICHE},
]
_CULTURE = _STAMP | {"month": AUGUST, "account_count": 4, "member_count": 3, "niche_count": 2, "rarefied_member_count": 2}
_CULTURE |= {"effective_niche_count": 1.6, "effective_niche_low_count": 1.2, "effective_niche_high_count": 2.0}
_CULTURE |= {"distinctness_bits": 0.4, "distinctness_pair_count": 1, "overlap_ratio": 1.0}
_QUIET = _STAMP | {"month": JULY, "account_count": 1, "member_count": 0, "niche_count": 0, "distinctness_pair_count": 0}
_CULTURE |= {"assortativity": 0.3, "assortativity_z_score": 2.0, "external_internal_index": -0.5}
_ESTIMATE = {"precedence_probability": 0.8, "precedence_low": 0.7, "precedence_high": 0.9}
_SHIFT = {"shift_hours": 5.0, "shift_low_hours": 1.0, "shift_high_hours": 9.0}
_COMPARED = _STAMP | {"lead_class": "micro", "lead_adopter_count": 9, "target_adopter_count": 9}
_SILENT = _COMPARED | {"abstain_reason": "too_few_adopters"}
_PRECEDENCE: Rows = [
    _COMPARED
    | _ESTIMATE
    | _SHIFT
    | {"trend_key": ECO, "target_class": "large_creators", "decidable_ratio": 0.6, "p_value": 0.01, "q_value": 0.02}
    | {"naive_lead_hours": 4.0, "naive_lead_null_hours": 3.0, "naive_lead_null_p": 0.4},
    _SILENT | {"trend_key": ECO, "target_class": "mid_creators"},
    _SILENT | {"trend_key": ECO, "target_class": "media"},
    *[
        _COMPARED | {"trend_key": OLD, "target_class": target, "abstain_reason": "left_censored"}
        for target in ("large_creators", "mid_creators", "media")
    ],
]
_TOLD: dict[str, Any] = {
    "odds_ratio": 2.0,
    "odds_ratio_low": 1.5,
    "odds_ratio_high": 3.0,
    "p_value": 0.01,
    "q_value": 0.02,
    "trend_count": 9,
}
_ODDS: Rows = [
    _STAMP
    | {"period": period, "tier": tier, "trend_count": 0, "origin_set_count": 0}
    | (
        _TOLD
        | {"naive_first_count": 4, "naive_expected_count": 3.0, "naive_excess_ratio": 1.3}
        | {"naive_excess_low": 1.0, "naive_excess_high": 1.7}
        if (period, tier) == ("all", "micro")
        else {"abstain_reason": "too_few_trends"}
    )
    for period in ("all", "2026-08")
    for tier in ("micro", "mid", "macro", "mega")
]

_COMMON: dict[str, Any] = {"platform_a": "bluesky", "platform_b": "mastodon", "common_begins_at": at(1), "common_ends_at": at(20)}
_APART: dict[str, Any] = {"platform_a": "bluesky", "platform_b": "youtube"}
_PAIR: dict[str, Any] = {name: _COMMON[name] for name in ("platform_a", "platform_b")}
_PLATFORM_TAGS: Rows = [
    _PAIR | {"tag": "eco", "adopter_count_a": 11, "adopter_count_b": 9, "tag_count": 3},
    _PAIR | {"tag": "rare", "adopter_count_a": 19, "adopter_count_b": 1, "tag_count": 3},
    _APART | {"tag": "eco", "adopter_count_a": 11, "adopter_count_b": 9, "tag_count": 1},
]
_EXCESS = {"precedence_probability": 0.8, "null_probability": 0.5, "null_low": 0.4, "null_high": 0.6, "p_value": 0.01}
_TAG_ABSTAINS = {"claim": "abstained", "abstain_reason": "too_few_adopters"}
_TAGS_COMPARED: Rows = [
    _STAMP | {name: value for name, value in row.items() if name != "tag_count"} | told
    for row, told in zip(
        _PLATFORM_TAGS,
        (
            _COMMON
            | _EXCESS
            | {"q_value": 0.02, "claim": "platform_a_first"}
            | {"naive_lead_hours": 4.0, "naive_lead_null_p": 0.01, "naive_false_claim_ratio": 0.3},
            _COMMON | _TAG_ABSTAINS,
            _TAG_ABSTAINS | {"abstain_reason": "no_common_coverage"},
        ),
        strict=True,
    )
]
_NOTHING_COMPARED: dict[str, Any] = _STAMP | {"claim": "abstained", "abstain_reason": "no_common_coverage"}
_NOTHING_COMPARED |= {"tag_count": 0, "abstained_count": 0, "capped_count": 0, "claimed_tag_count": 0}
_PAIRS_COMPARED: Rows = [
    _STAMP
    | _COMMON
    | _EXCESS
    | {"tag_count": 1, "abstained_count": 1, "capped_count": 1, "claimed_tag_count": 1}
    | {"precedence_low": 0.7, "precedence_high": 0.9, "claim": "platform_a_first"}
    | {"naive_claimed_tag_count": 1, "naive_false_claim_ratio": 0.3},
    _NOTHING_COMPARED | _APART | {"abstained_count": 1},
    _NOTHING_COMPARED | {"platform_a": "mastodon", "platform_b": "youtube"},
]

EXCHANGED: Final[dict[str, Rows]] = {
    "int_account_tag_months": [
        {"month": AUGUST, "platform": "bluesky", "account_key": account, "tag": tag, "post_count": 2}
        for account, tag in ((A, "eco"), (B, "eco"), (A, "old"), (C, "sound:other"), (D, "domain:old.example"))
    ]
    + [{"month": JULY, "platform": "bluesky", "account_key": C, "tag": "eco", "post_count": 2}],
    "int_interaction_months": [
        {"month": AUGUST, "platform": "bluesky", "source_account_key": A, "target_account_key": B, "interaction_count": 1}
    ],
    "int_trend_candidates": [
        _TREND | _BEFORE | _TAG | {"trend_key": ECO, "label": "eco", "is_left_censored": False},
        _TREND
        | _BEFORE
        | _TAG
        | {
            "trend_key": OLD,
            "label": "old",
            "is_left_censored": True,
            "born_at": at(2),
            "adopter_count": 1,
            "largest_day_share": 1.0,
        },
    ],
    "int_trend_adoptions": _ADOPTIONS,
    "int_trend_timelines": [
        {"trend_key": ECO, "account_key": account, "published_at": at(day), "has_trend": True}
        for account, day in ((A, 10), (B, 11), (OUTLET, 12))
    ],
    "int_platform_pairs": [
        {"is_daily": False, "posting_rate_ratio": 1.0} | pair
        for pair in (_COMMON, _APART, {"platform_a": "mastodon", "platform_b": "youtube"})
    ],
    "int_platform_tags": _PLATFORM_TAGS,
    "int_platform_uses": [
        _PAIR | {"tag": tag, "platform": platform, "account_key": key(number), "adopted_at": at(10), "is_compared": number < 9}
        for tag, platform, count in (
            ("eco", "bluesky", 11),
            ("eco", "mastodon", 9),
            ("rare", "bluesky", 19),
            ("rare", "mastodon", 1),
        )
        for number in range(count)
    ],
    "int_platform_strata": [
        _PAIR | {"platform": platform, "account_key": A, "published_at": at(day)}
        for platform, day in (("bluesky", 9), ("mastodon", 10))
    ],
}
DERIVATIONS: Final[dict[str, Rows]] = {
    "niche_assignments": _MEMBERS,
    "niche_memberships": _BELONGINGS,
    "niche_profiles": _PROFILES,
    "niche_terms": _TERMS,
    "niche_events": _EVENTS,
    "niche_neighbours": _NEIGHBOURS,
    "niche_insiders": _INSIDERS,
    "culture_windows": [_CULTURE, _QUIET],
    "trend_precedence": _PRECEDENCE,
    "precedence_findings": [
        _STAMP
        | {"period": period, "lead_class": "micro", "target_class": target, "trend_count": 8, "abstained_count": 1}
        | (
            _ESTIMATE | _SHIFT | {"kernel_p_value": 0.01, "timeline_p_value": 0.02, "claim": "lead_first"}
            if (period, target) == ("all", "large_creators")
            else {"claim": "abstained"}
        )
        for period in ("all", "2026-08")
        for target in ("large_creators", "mid_creators", "media")
    ],
    "origin_odds": _ODDS,
    "platform_precedence": _TAGS_COMPARED,
    "platform_precedence_findings": _PAIRS_COMPARED,
}
_CREATOR = {"account_count": 1, "platforms": ["bluesky"], "link_evidence": "none", "actor_class": "creator", "post_count": 2}
_CREATOR |= {"first_post_at": at(2), "last_post_at": at(11), "tier_at_first_post": "mid", "tier_at_last_post": "mid"}
_ACTIVE = {
    "month": AUGUST,
    "platforms": ["bluesky"],
    "tier": "mid",
    "followers_count": 100,
    "post_count": 2,
    "active_day_count": 2,
}
_ACTIVE |= {"engagement_count": 20, "engagement_follower_count": 100, "engagement_rate": 0.2}
_ACTIVE |= {"replies_received_count": 1, "partner_count": 1} | valid_engagement.OF_A_CREATOR
_DAY: dict[str, Any] = {"use_count": 3, "user_count": 2, "adopter_count": 1}
_WATCHED = {"platform": "bluesky", "source": "jetstream", "collection_method": "firehose", "got_count": 5, "quarantined_count": 0}
_SCORED = _STAMP | {"seed_count": 60, "size": "tiny", "calibration_key": key(7), "is_gating": False, "status": "measured"}
_CLAIMED = _SCORED | {
    "metric": "claims_media",
    "estimator": "published",
    "is_gating": True,
    "status": "passed",
    "upper_limit": 0.085,
}
_CALIBRATED: Rows = [
    _CLAIMED
    | {"world": "null_rate", "world_kind": "null", "truth": "none", "lead_first_count": 1, "target_first_count": 0}
    | {"value": 1 / 60, "low": 0.0004, "high": 0.0894, "lead_first_upper": 0.0766, "target_first_upper": 0.0487},
    _CLAIMED
    | {"world": "planted_strong", "world_kind": "planted", "truth": "lead_first", "lead_first_count": 60, "target_first_count": 0}
    | {"value": 1.0, "low": 0.9404, "high": 1.0, "lead_first_upper": 1.0, "target_first_upper": 0.0487},
    _SCORED
    | {"world": "planted_strong", "world_kind": "planted", "metric": "niche_agreement", "estimator": "published"}
    | {"value": 0.9, "low": 0.85, "high": 0.95},
    _SCORED
    | {"world": "planted_strong", "world_kind": "planted", "metric": "cascade_parents", "estimator": "published"}
    | {"status": "not_published"},
]
MARTED: Final[dict[str, Rows]] = {
    "creators": [_CREATOR | valid_insiders.ACTOR | {"creator_key": account} for account in (A, B, C, D)],
    "creator_months": [
        _ACTIVE | {"creator_key": account} | (valid_relational.CREATOR_MONTH if account == A else {}) for account in (A, B, C, D)
    ],
    "niche_members": [row | {"creator_key": row["account_key"]} for row in _MEMBERS],
    "creator_niches": [
        _STAMP
        | {"creator_key": row["account_key"], "account_count": 1, "platforms": ["bluesky"]}
        | {name: row[name] for name in ("niche_id", "month", "membership_strength", "is_primary")}
        | insider
        for row, insider in zip(_BELONGINGS, valid_insiders.published(_INSIDERS, AUGUST), strict=True)
    ],
    "niches": [
        _STAMP
        | {name: row.get(name) for name in ("niche_id", "name", "scene", "top_tags", "member_count", "bootstrap_jaccard")}
        | {"first_month": AUGUST, "last_month": AUGUST, "month_count": 1, "began_by": event["event"], "is_alive": True}
        for row, event in zip(_PROFILES, _EVENTS, strict=True)
    ],
    "niche_months": [
        _PROFILES[0]
        | {"active_member_count": 2, "known_tier_member_count": 2, "micro_member_count": 1, "micro_member_share": 0.5}
        | {"post_count": 4, "activity_hhi": 1 / 3, "effective_voice_count": 3.0}
        | {"insider_known_member_count": 2, "insider_member_count": 2, "insider_member_share": 1.0}
        | valid_insiders.without_suspected(active_member_count=2, known_tier_member_count=2, micro_member_count=1, post_count=4)
        | {"unsuspected_micro_member_share": 0.5, "unsuspected_effective_voice_count": 3.0},
        _PROFILES[1]
        | {"active_member_count": 1, "known_tier_member_count": 0, "micro_member_count": 0, "post_count": 1}
        | {"insider_known_member_count": 0, "insider_member_count": 0}
        | valid_insiders.without_suspected(active_member_count=1, known_tier_member_count=0, micro_member_count=0, post_count=1),
    ],
    "niche_vocabulary": _TERMS,
    "niche_events": [
        _EVENTS[0] | {"name": "eco"},
        _EVENTS[1] | {"name": "old", "other_name": "eco"},
    ],
    "niche_neighbours": [
        _NEIGHBOURS[0] | {"name": "eco", "other_name": "old"},
        _NEIGHBOURS[1] | {"name": "old", "other_name": "eco"},
    ],
    "culture_months": [_CULTURE | {"member_share": 0.75}, _QUIET | {"member_share": 0.0}],
    "trends": [
        _TREND
        | {"trend_key": ECO, "label": "eco", "unit_type": "hashtag", "is_left_censored": False}
        | {"first_seen_platform": "bluesky", "first_media_at": at(12)},
        _TREND
        | {"trend_key": OLD, "label": "old", "unit_type": "hashtag", "is_left_censored": True, "born_at": at(2)}
        | {"abstain_reason": "left_censored"},
    ],
    "trend_adoptions": [row | {"niche_id": None if row["platform"] == "feeds" else NICHE} for row in _ADOPTIONS],
    "trend_days": [
        _DAY | {"trend_key": ECO, "day": date(2026, 8, 10), "actor_group": "micro_sub1k"},
        _DAY | {"trend_key": ECO, "day": date(2026, 8, 11), "actor_group": "mid"},
        _DAY | {"trend_key": ECO, "day": date(2026, 8, 12), "actor_group": "media"},
        _DAY | {"trend_key": OLD, "day": date(2026, 8, 3), "actor_group": "micro_sub1k"},
    ],
    **valid_attention.marted(ECO, "eco"),
    "ripple_effects": [
        row
        | {"label": "eco", "pooled_claim": "lead_first" if not row.get("abstain_reason") else "abstained"}
        | {"evidence_level": None if row.get("abstain_reason") else 1}
        for row in _PRECEDENCE
    ],
    "origin_by_tier": [row | {"naive_false_claim_ratio": 0.9} for row in _ODDS],
    "platform_precedence": _TAGS_COMPARED,
    "platform_precedence_findings": _PAIRS_COMPARED,
    "calibration": _CALIBRATED,
    "coverage_days": [
        _WATCHED | {"covered_on": date(2026, 8, 10), "expected_count": 10.0, "coverage_ratio": 0.5, "status": "ok"},
        _WATCHED | {"covered_on": date(2026, 8, 11), "status": "unknown"},
        _WATCHED | {"covered_on": date(2026, 8, 12), "status": "skipped", "reason": "no_credentials"},
    ],
}
_TOPICS: Final = (
    valid_bursts,
    valid_cascades,
    valid_decentralisation,
    valid_engagement,
    valid_ethics,
    valid_hazards,
    valid_mainstream,
    valid_origins,
    valid_platforms,
    valid_relational,
    valid_units,
)
VALID: Final = {
    "landed": LANDED,
    "staged": EXCHANGED | {table: rows for topic in _TOPICS for table, rows in topic.EXCHANGED.items()},
    "derived": DERIVATIONS | {table: rows for topic in _TOPICS for table, rows in topic.DERIVATIONS.items()},
    "marts": MARTED | {table: rows for topic in _TOPICS for table, rows in topic.MARTED.items()},
}


@cache
def mart_schemas() -> dict[str, pa.Schema]:
    """Arrow schemas of the marts, from their dbt contracts."""
    schemas = {}
    for file in (ROOT / "dbt_project" / "models" / "marts").rglob("*.yml"):
        for model in yaml.safe_load(file.read_text()).get("models", []):
            fields = [(column["name"], _ARROW[column["data_type"]]) for column in model["columns"]]
            schemas[model["name"]] = pa.schema(fields)
    return schemas


def table_of(gate: str, table: str, rows: Rows) -> pa.Table:
    """Rows in the schema of their table, whose columns may all be NULL: what is missing is the poison's to say."""
    schema = {"landed": ANALYTIC_TABLES, "staged": EXCHANGE, "derived": DERIVED, "marts": mart_schemas()}[gate][table]
    loose = pa.schema([field.with_nullable(nullable=True) for field in schema])
    unknown = {name for row in rows for name in row} - set(loose.names)
    assert not unknown, f"{gate}/{table} has no column {unknown}"
    return pa.Table.from_pylist(rows, loose)


def write_landed(folder: Path, table: str, rows: Rows, days: list[date]) -> tuple[Path, ...]:
    """Landed rows, each in the folder of the day given for it."""
    files = []
    for day in sorted(set(days)):
        file = folder / f"day={day.isoformat()}" / f"night={NIGHT.isoformat()}.parquet"
        write_table(file, table_of("landed", table, [row for row, its_day in zip(rows, days, strict=True) if its_day == day]))
        files.append(file)
    return tuple(files)


def days_of(table: str, rows: Rows) -> list[date]:
    """Event days of landed rows."""
    days: list[date] = event_days(table, table_of("landed", table, rows)).to_pylist()
    return days


def install(folder: Path) -> DataPaths:
    """Write everything below a data folder."""
    paths = DataPaths(folder)
    for table, rows in LANDED.items():
        write_landed(paths.table_root(PLATFORM_OF[table], table), table, rows, days_of(table, rows))
    for platform in sorted(set(PLATFORM_OF.values())):
        counts = [(table, len(rows)) for table, rows in LANDED.items() if PLATFORM_OF[table] == platform and table != "coverage"]
        entry: dict[str, Any] = dict.fromkeys(LEDGER.names, 0) | {
            "night": NIGHT,
            "platform": platform,
            "file": "one.jsonl",
            "detail": None,
        }
        entry |= {
            "source_hash": SOURCE,
            "source_format": "jetstream",
            "status": "ingested",
            "row_counts": counts,
            "event_days": [],
        }
        write_table(paths.ledger_file(platform, NIGHT), pa.Table.from_pylist([entry], LEDGER))
        write_table(paths.quarantine_file(platform, NIGHT), QUARANTINE.empty_table())
    for gate in ("staged", "derived", "marts"):
        for table, rows in VALID[gate].items():
            write_table(table_files(paths, gate, table)[0], table_of(gate, table, rows))
    return paths
