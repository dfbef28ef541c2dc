"""Valid rows of mainstream adoption, as they stand beside those of ``valid``. No other table belongs here."""

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


_A, _B = _key(1), _key(2)
ECO, OLD = _key(101), _key(102)
_ITEM, _POST = _key(71), _key(11)
_MATCH: Final = {
    "trend_key": ECO,
    "outlet_class": "media",
    "ts_quality": "exact",
    "is_account_post": False,
    "born_month": _AUGUST,
}
_MATCH_COUNTS: Final = {"credited_post_count": 0, "late_credit_count": 0}

EXCHANGED: Final[dict[str, Rows]] = {
    "int_mainstream_matches": [
        _MATCH
        | {"item_key": _ITEM, "outlet_id": "post.example", "matched_by": "link", "syndication_key": "s1", "seen_at": _at(12)}
        | {"published_low_at": _at(12), "published_high_at": _at(12), "credited_post_count": 1, "late_credit_count": 0}
        | {"credited_post_key": _POST, "credited_account_key": _A, "credited_at": _at(10)},
        _MATCH
        | _MATCH_COUNTS
        | {"item_key": _key(73), "outlet_id": "wire.example", "matched_by": "title", "syndication_key": "s2", "seen_at": _at(13)}
        | {"ts_quality": "collected"},
    ],
    "int_mainstream_credits": [{"trend_key": ECO, "item_key": _ITEM, "account_key": _A, "credited_at": _at(10)}],
    "int_linked_accounts": [{"account_key": _A, "creator_key": _A}],
}
_ADOPTED: Final = _STAMP | {"trend_key": ECO, "period": "2026-08", "undated_item_count": 0, "late_credit_count": 0}
_FIRST: Final = {
    "first_adopted_low_at": _at(12),
    "first_adopted_high_at": _at(12),
    "lag_days": 2.0,
    "lag_low_days": 2.0,
    "lag_high_days": 2.5,
}
_NONE: Final = {
    "item_count": 0,
    "outlet_count": 0,
    "syndication_group_count": 0,
    "independent_outlet_count": 0,
    "credited_item_count": 0,
}
_ADOPTIONS: Rows = [
    _ADOPTED
    | _FIRST
    | {"target_class": "media", "item_count": 9, "outlet_count": 7, "syndication_group_count": 8, "independent_outlet_count": 6}
    | {
        "credited_item_count": 0,
        "baseline_lag_days": 1.0,
        "lag_excess_days": 1.0,
        "excess_probability": 0.8,
        "excess_p_value": 0.01,
        "clustering_p_value": 0.001,
    }
    | {"excess_q_value": 0.02, "precedence_q_value": 0.01, "naive_lead_days": 2.0, "is_naive_claim": True, "niche_id": "n"}
    | {"insider_adopter_count": 2, "insider_platform_count": 1, "evidence_level": 2, "not_higher_reason": "no_explicit_credit"},
    _ADOPTED
    | _FIRST
    | {"target_class": "brand", "item_count": 1, "outlet_count": 1, "syndication_group_count": 1, "independent_outlet_count": 1}
    | {"credited_item_count": 1, "evidence_level": 3},
    *[
        _ADOPTED | _NONE | {"trend_key": OLD, "target_class": target, "abstain_reason": "left_censored"}
        for target in ("media", "brand")
    ],
]
_REACTIONS: Rows = [
    _STAMP
    | {"target_class": "media", "period": "2026-08", "shock_count": 5, "reaction_count": 30, "first_reaction_median_days": 1.0}
    | {"reaction_median_days": 2.0, "reaction_low_days": 1.5, "reaction_high_days": 2.5},
    _STAMP
    | {"target_class": "brand", "period": "2026-08", "shock_count": 1, "reaction_count": 2, "abstain_reason": "too_few_shocks"},
]
_PIECE: Final = _STAMP | {"trend_key": ECO, "target_class": "media"}
_EVIDENCE: Rows = [
    _PIECE
    | {"evidence_key": _key(81), "evidence_kind": "first_item", "evidence_level": 0, "item_key": _ITEM, "observed_at": _at(12)}
    | {"value": 2.0},
    _PIECE
    | {
        "evidence_key": _key(82),
        "evidence_kind": "precedence",
        "evidence_level": 1,
        "value": 0.9,
        "p_value": 0.01,
        "q_value": 0.01,
    },
    _PIECE
    | {
        "evidence_key": _key(83),
        "evidence_kind": "insider_adopter",
        "evidence_level": 2,
        "account_key": _A,
        "observed_at": _at(10),
    }
    | {"value": 2.0},
    _PIECE
    | {"evidence_key": _key(84), "evidence_kind": "credited_post", "evidence_level": 3, "account_key": _A, "post_key": _POST}
    | {"target_class": "brand", "item_key": _ITEM, "observed_at": _at(10), "value": 2.0},
]
_CURVE: Final = _STAMP | {
    "origin_class": "all",
    "target_class": "media",
    "trend_count": 10,
    "cluster_count": 10,
    "excluded_count": 1,
}
_SURVIVAL: Rows = [
    _CURVE
    | {"day": 0, "at_risk_count": 10, "event_count": 2, "censored_count": 1, "survival": 0.8, "survival_low": 0.4}
    | {"survival_high": 0.95, "cumulative_incidence": 0.2},
    _CURVE
    | {"day": 1, "at_risk_count": 7, "event_count": 0, "censored_count": 0, "survival": 0.8, "survival_low": 0.4}
    | {"survival_high": 0.95, "cumulative_incidence": 0.2},
]
DERIVATIONS: Final[dict[str, Rows]] = {
    "mainstream_adoptions": _ADOPTIONS,
    "outlet_reactions": _REACTIONS,
    "ripple_evidence": _EVIDENCE,
    "adoption_survival": _SURVIVAL,
}
_LABELS: Final = {ECO: "eco", OLD: "old"}
MARTED: Final[dict[str, Rows]] = {
    "mainstream_adoptions": [row | {"label": _LABELS[row["trend_key"]], "naive_false_claim_ratio": 0.9} for row in _ADOPTIONS],
    "outlet_reactions": _REACTIONS,
    "ripple_evidence": [row | {"label": "eco"} for row in _EVIDENCE],
    "adoption_survival": _SURVIVAL,
}
