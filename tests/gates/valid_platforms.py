"""Valid rows of persons and platforms, as they stand beside those of ``valid``. No other table belongs here."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final

Rows = list[dict[str, Any]]
_AUGUST: Final = date(2026, 8, 1)
_STAMP: Final = {"method_version": "v1", "params_hash": "h"}


def _at(day: int, hour: int = 8) -> datetime:
    return datetime(2026, 8, day, hour, tzinfo=UTC)


def _key(number: int) -> str:
    return f"{number:032x}"


_A, _B, _C, _D = (_key(number) for number in (1, 2, 3, 4))
_MOVED: Final = _STAMP | {"from_platform": "bluesky", "to_platform": "mastodon", "month": _AUGUST}

EXCHANGED: Final[dict[str, Rows]] = {
    "int_person_days": [
        {"month": _AUGUST, "creator_key": _A, "platform": platform, "event_day": date(2026, 8, day), "own_post_count": 3}
        for platform, day in (("bluesky", 3), ("mastodon", 7))
    ],
    "int_platform_days": [
        {"platform": "bluesky", "event_day": date(2026, 8, 3), "got_count": 5, "is_covered": True},
        {"platform": "bluesky", "event_day": date(2026, 8, 4), "got_count": 0, "is_covered": False}
        | {"expected_count": 10.0, "coverage_ratio": 0.0},
    ],
}
DERIVATIONS: Final[dict[str, Rows]] = {
    "person_moves": [
        _MOVED
        | {"creator_key": _A, "move_kind": "moved", "moved_low_on": date(2026, 8, 4), "moved_on": date(2026, 8, 5)}
        | {"moved_high_on": date(2026, 8, 7), "post_before_count": 9, "post_after_count": 8, "to_share_before": 0.0}
        | {"to_share_after": 1.0, "from_rate_ratio": 0.0, "log_likelihood_ratio": 11.7, "is_arrival_censored": False}
    ],
}
_ACCOUNT: Final = {"platform": "bluesky", "actor_class": "creator", "status": "active", "link_evidence": "none"}
_PUBLISHED: Final = {"post_count": 2, "first_post_at": _at(10), "last_post_at": _at(11), "followers_count": 5, "tier": "micro"}
_UNLINKED: Final = {"declared_link_count": 0, "mutual_link_count": 0}
_LINK: Final = {"platform": "bluesky", "first_seen_at": _at(5), "last_seen_at": _at(6)}
_MUTUAL: Final = {"is_mutual": True, "linked_platform": "mastodon"}
_FLOW: Final = {"month": _AUGUST, "from_coverage_ratio": 0.9, "to_coverage_ratio": 0.9, "is_final": True, **_STAMP}
_MONTH: Final = {"platform": "bluesky", "niche_id": "*", "month": _AUGUST, "coverage_ratio": 0.9, "is_suppressed": False}
_NORM: Final = {"platform": "bluesky", "month": _AUGUST, "coverage_ratio": 0.9}
MARTED: Final[dict[str, Rows]] = {
    "creator_accounts": [
        _ACCOUNT
        | _PUBLISHED
        | {"account_key": _A, "creator_key": _A, "link_evidence": "mutual_self_declared", "linked_on": date(2026, 8, 5)}
        | {"declared_link_count": 2, "mutual_link_count": 1},
        _ACCOUNT
        | _PUBLISHED
        | {"account_key": _B, "creator_key": _B, "declared_link_count": 1, "mutual_link_count": 1}
        | {"unjoined_reason": "handle_shared_by_many"},
        *(_ACCOUNT | _PUBLISHED | _UNLINKED | {"account_key": account, "creator_key": account} for account in (_C, _D)),
    ],
    "creator_links": [
        _LINK | _MUTUAL | {"account_key": _A, "declared_handle_key": _key(31), "linked_account_key": _key(6)},
        _LINK
        | {"account_key": _A, "declared_handle_key": _key(32), "is_mutual": False}
        | {"withdrawn_at": _at(9), "unjoined_reason": "unknown_account"},
        _LINK
        | _MUTUAL
        | {"account_key": _B, "declared_handle_key": _key(33), "linked_account_key": _key(7)}
        | {"unjoined_reason": "handle_shared_by_many"},
    ],
    "platform_months": [
        _MONTH
        | {"active_creator_count": 12, "active_account_count": 13, "new_creator_count": 2, "post_count": 30, "post_share": 0.6}
        | {"attention_count": 90, "attention_share": 1.0, "panel_account_count": 10, "attention_share_deflated": 1.0}
        | {"linked_person_count": 3, "arrived_account_count": 2, "arrived_person_count": 1, "regular_account_count": 8}
        | {"departed_account_count": 1, "departed_person_count": 0, "retention_3_months_ratio": 0.5}
        | {"comparable_post_count": 9, "cross_post_count": 2, "cross_post_share": 2 / 9, "median_cross_post_lag_hours": 3.0}
        | {"first_seen_month": _AUGUST, "relative_growth_ratio": 1.2, "relative_growth_low_ratio": 0.8}
        | {"relative_growth_high_ratio": 1.6, "is_emerging": False},
        _MONTH | {"platform": "mastodon", "null_reason": "coverage", "coverage_ratio": 0.2},
        _MONTH | {"platform": "youtube", "null_reason": "few_creators", "is_suppressed": True},
    ],
    "platform_moves": [
        _FLOW
        | {"from_platform": "bluesky", "to_platform": "mastodon", "moved_person_count": 1, "net_flow_count": 1}
        | {"expanded_person_count": 0, "censored_arrival_count": 0, "at_risk_person_count": 2, "moved_share": 0.5}
        | {
            "moved_low_share": 0.09,
            "moved_high_share": 0.91,
            "median_moved_on": date(2026, 8, 5),
            "median_uncertainty_days": 3.0,
        },
        _FLOW
        | {"from_platform": "mastodon", "to_platform": "bluesky", "moved_person_count": 0, "net_flow_count": -1}
        | {"expanded_person_count": 0, "censored_arrival_count": 0, "at_risk_person_count": 2, "moved_share": 0.0}
        | {"moved_low_share": 0.0, "moved_high_share": 0.66},
    ],
    "platform_norms": [
        _NORM
        | {"post_count": 30, "active_account_count": 13, "posts_per_account_count": 30 / 13, "text_post_count": 30}
        | {"text_char_low_quartile_count": 40.0, "text_char_median_count": 60.0, "text_char_high_quartile_count": 90.0}
        | {"media_known_post_count": 30, "image_share": 0.5, "video_share": 0.2, "audio_share": 0.0}
        | {"tags_per_post_count": 1.5, "link_share": 0.1, "reply_share": 0.3, "replies_received_per_post_count": 0.4},
        _NORM | {"platform": "mastodon", "null_reason": "coverage", "coverage_ratio": 0.2},
    ],
}
