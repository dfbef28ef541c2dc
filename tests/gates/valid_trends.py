"""Valid rows of trends: two trends, their adoptions, who of them was earlier, and where they began. No other table belongs here but attention."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from tests.gates import valid_attention
from tests.gates.names import ECO, NICHE, OLD, OUTLET, STAMP, A, B, Rows, at

_BEFORE = {"is_in_use_before": False}
_TAG = {"unit_type": "hashtag"}
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
_ESTIMATE = {"precedence_probability": 0.8, "precedence_low": 0.7, "precedence_high": 0.9}
_SHIFT = {"shift_hours": 5.0, "shift_low_hours": 1.0, "shift_high_hours": 9.0}
_COMPARED = STAMP | {"lead_class": "micro", "lead_adopter_count": 9, "target_adopter_count": 9}
_SILENT = _COMPARED | {"abstain_reason": "too_few_adopters"}
_PRECEDENCE: Rows = [
    _COMPARED
    | _ESTIMATE
    | _SHIFT
    | {"trend_key": ECO, "target_class": "large_creators", "decidable_ratio": 0.6, "p_value": 0.01, "q_value": 0.02}
    | {"naive_lead_hours": 4.0, "naive_lead_null_hours": 3.0, "naive_lead_null_p": 0.4, "event_key": ECO},
    _SILENT | {"trend_key": ECO, "target_class": "mid_creators", "event_key": ECO},
    _SILENT | {"trend_key": ECO, "target_class": "media", "event_key": ECO},
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
    "event_count": 9,
}
_ODDS: Rows = [
    STAMP
    | _TAG
    | {"period": period, "tier": tier, "trend_count": 0, "event_count": 0, "origin_set_count": 0}
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
_DAY: dict[str, Any] = {"use_count": 3, "user_count": 2, "adopter_count": 1}

EXCHANGED: Final[dict[str, Rows]] = {
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
}
DERIVATIONS: Final[dict[str, Rows]] = {
    "trend_precedence": _PRECEDENCE,
    "precedence_findings": [
        STAMP
        | _TAG
        | {
            "period": period,
            "lead_class": "micro",
            "target_class": target,
            "trend_count": 8,
            "event_count": 8,
            "abstained_count": 1,
        }
        | (
            _ESTIMATE
            | _SHIFT
            | {"shift_spread_hours": 12.0, "kernel_p_value": 0.01, "timeline_p_value": 0.02, "claim": "lead_first"}
            if (period, target) == ("all", "large_creators")
            else {"claim": "abstained"}
        )
        for period in ("all", "2026-08")
        for target in ("large_creators", "mid_creators", "media")
    ],
    "origin_odds": _ODDS,
}
MARTED: Final[dict[str, Rows]] = {
    "trends": [
        _TREND
        | {"trend_key": ECO, "label": "eco", "unit_type": "hashtag", "is_left_censored": False}
        | {"first_seen_platform": "bluesky", "first_media_at": at(12), "event_key": ECO, "event_trend_count": 1},
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
        {name: value for name, value in row.items() if name != "event_key"}
        | _TAG
        | {"label": "eco", "pooled_claim": "lead_first" if not row.get("abstain_reason") else "abstained"}
        | {"evidence_level": None if row.get("abstain_reason") else 1}
        for row in _PRECEDENCE
    ],
    "origin_by_tier": [row | {"naive_false_claim_ratio": 0.9} for row in _ODDS],
}
