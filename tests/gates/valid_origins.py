"""Valid rows of origin sets, odds by group and pooled claims, as they stand beside those of ``valid``. No other table belongs here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

Rows = list[dict[str, Any]]
_STAMP: Final = {"method_version": "v1", "params_hash": "h"}


def _at(day: int, hour: int = 8) -> datetime:
    return datetime(2026, 8, day, hour, tzinfo=UTC)


def _key(number: int) -> str:
    return f"{number:032x}"


_ECO, _OLD = _key(101), _key(102)
_A, _B = _key(1), _key(2)
_FIRST: Final = _STAMP | {"ts_quality": "exact", "platform": "bluesky", "actor_class": "creator", "tier_at_birth": "micro_sub1k"}
_ORIGINS: Final[Rows] = [
    _FIRST
    | {"trend_key": _ECO, "account_key": _A, "rank": 1, "adopted_at": _at(10), "niche_id": "niche-1", "is_insider": True}
    | {"seen_ratio": 0.9, "credibility": 0.9},
    _FIRST | {"trend_key": _ECO, "account_key": _B, "rank": 2, "adopted_at": _at(11), "seen_ratio": 0.9, "credibility": 0.05},
    _FIRST | {"trend_key": _OLD, "account_key": _A, "rank": 1, "adopted_at": _at(3), "credibility_null_reason": "left_censored"},
]
_VERDICTS: Final[Rows] = [
    _STAMP
    | {"trend_key": _ECO, "origin_set_count": 2, "tied_first_count": 1, "timed_adopter_count": 2, "seen_ratio": 0.9}
    | {"origin_confidence": 0.95, "origin_tier": "micro", "origin_tier_credibility": 1.0, "origin_niche_id": "niche-1"}
    | {"origin_niche_credibility": 0.9, "origin_platform": "bluesky", "origin_platform_credibility": 1.0}
    | {"known_tier_count": 2, "micro_share": 1.0, "known_insider_count": 1, "insider_share": 1.0},
    _STAMP
    | {"trend_key": _OLD, "origin_set_count": 1, "tied_first_count": 1, "timed_adopter_count": 1}
    | {"abstain_reason": "left_censored"},
]
_ODDS: Final = {"odds_ratio": 2.0, "odds_ratio_low": 1.5, "odds_ratio_high": 3.0, "p_value": 0.01, "q_value": 0.02}
_NAIVE: Final = {"naive_first_count": 4.0, "naive_expected_count": 3.0, "naive_excess_ratio": 1.3, "naive_excess_low": 1.0}
_TYPED: Final = _STAMP | {"unit_type": "hashtag"}
_GROUPS: Final[Rows] = [
    _TYPED
    | _ODDS
    | _NAIVE
    | {"group_kind": "niche", "group_name": "niche-1", "period": "all", "trend_count": 9, "event_count": 8, "adopter_count": 30}
    | {"origin_pick_count": 12.0, "naive_excess_high": 1.7, "naive_p_value": 0.2, "claim": "early"},
    _TYPED
    | {
        "group_kind": "platform",
        "group_name": "bluesky",
        "period": "2026-08",
        "trend_count": 2,
        "event_count": 2,
        "adopter_count": 5,
    }
    | {"origin_pick_count": 0.0, "claim": "abstained", "abstain_reason": "too_few_trends"},
    _TYPED
    | _ODDS
    | _NAIVE
    | {"group_kind": "niche", "group_name": "niche-2", "period": "all", "trend_count": 9, "event_count": 8, "adopter_count": 30}
    | {"origin_pick_count": 2.0, "naive_excess_high": 1.7, "naive_p_value": 0.2, "claim": "late"}
    | {"odds_ratio": 0.5, "odds_ratio_low": 0.3, "odds_ratio_high": 0.9},
]
_POOLED: Final = {"precedence_probability": 0.6, "precedence_low": 0.55, "precedence_high": 0.65, "kernel_p_value": 0.01}
_SURE: Final = {"timeline_p_value": 0.02, "shift_spread_hours": 12.0}
_SHIFTED: Final = {"shift_hours": 9.0, "shift_low_hours": 2.0, "shift_high_hours": 12.0} | _SURE
_USED: Final = {"lead_use_chance": 0.6, "target_use_chance": 0.5, "use_chance_p_value": 0.3}
_LED: Final = {"naive_lead_hours": 4.0, "naive_lead_null_hours": 3.0, "naive_p_value": 0.4}
_COUNTS: Final = {"trend_count": 9, "event_count": 8, "abstained_count": 1, "left_out_count": 0}
_OF_ALL: Final = {"population": "all", "comparison_kind": "tier", "lead_group": "micro", "left_out_count": 0}
_TOLD: Final = {"precedence_probability": 0.8, "precedence_low": 0.7, "precedence_high": 0.9, "kernel_p_value": 0.01}
_FINDINGS: Final[Rows] = [
    _TYPED
    | {"population": population, "period": "all", "comparison_kind": kind, "lead_group": lead, "target_group": target}
    | _COUNTS
    | _POOLED
    | _SHIFTED
    | _USED
    | _LED
    | {"p_value": 0.02, "q_value": 0.02, "claim": "lead_first"}
    for population, kind, lead, target in (
        ("without_astroturf", "tier", "micro", "mid_creators"),
        ("all", "niche", "niche-1", "niche-2"),
    )
] + [
    _TYPED
    | {"population": "without_automation", "period": "all", "comparison_kind": "platform", "lead_group": "bluesky"}
    | {
        "target_group": "mastodon",
        "trend_count": 3,
        "event_count": 3,
        "abstained_count": 1,
        "left_out_count": 2,
        "claim": "abstained",
    }
    | {"abstain_reason": "too_few_trends"},
    _TYPED
    | {"population": "without_automation", "period": "all", "comparison_kind": "tier", "lead_group": "micro"}
    | {"target_group": "large_creators", "p_value": 0.02, "q_value": 0.02, "claim": "target_first"}
    | _COUNTS
    | _POOLED
    | _SHIFTED
    | {"precedence_probability": 0.4, "precedence_low": 0.3, "shift_hours": -3.0, "shift_low_hours": -9.0},
    # Those of precedence_findings.
    *(
        _TYPED
        | _OF_ALL
        | {"period": period, "target_group": target, "trend_count": 8, "event_count": 8, "abstained_count": 1}
        | (
            _TOLD
            | {"shift_hours": 5.0, "shift_low_hours": 1.0, "shift_high_hours": 9.0}
            | _SURE
            | {"p_value": 0.02, "q_value": 0.02, "claim": "lead_first"}
            if (period, target) == ("all", "large_creators")
            else {"claim": "abstained", "abstain_reason": "too_few_timelines"}
        )
        for period in ("all", "2026-08")
        for target in ("large_creators", "mid_creators", "media")
    ),
]

EXCHANGED: Final[dict[str, Rows]] = {
    "int_trend_flags": [
        {"trend_key": _ECO, "is_astroturf": True, "first_adopter_count": 2, "suspected_first_count": 1},
        {"trend_key": _OLD, "is_astroturf": False, "first_adopter_count": 1, "suspected_first_count": 0},
    ],
}
DERIVATIONS: Final[dict[str, Rows]] = {
    "trend_origins": _ORIGINS,
    "trend_origin_verdicts": _VERDICTS,
    "origin_by_group": _GROUPS,
    "ripple_findings": _FINDINGS,
}
_LABELS: Final = {_ECO: {"label": "eco"}, _OLD: {"label": "old"}}
_BORN: Final = {_ECO: {"born_at": _at(10)}, _OLD: {"born_at": _at(2)}}
MARTED: Final[dict[str, Rows]] = {
    "trend_origins": [row | _LABELS[row["trend_key"]] for row in _ORIGINS],
    "trend_origin_verdicts": [row | _LABELS[row["trend_key"]] | _BORN[row["trend_key"]] for row in _VERDICTS],
    "origin_by_group": [row | {"naive_false_claim_ratio": 0.9} for row in _GROUPS],
    "ripple_findings": [row | {"naive_false_claim_ratio": 0.9} for row in _FINDINGS],
}
