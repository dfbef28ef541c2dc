"""What spoils each rule about origins and pooled claims that is written in SQL; as in ``poisons``. No other table belongs here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

# By table: (position of the row, its new values).
Poison = tuple[int, dict[str, Any]]
_KEY: Final = f"{999:032x}"
_FILLED: Final[dict[str, Poison]] = {"required columns are filled": (0, {"params_hash": None})}
_IN_TRENDS: Final[dict[str, Poison]] = {"every trend is in trends": (2, {"trend_key": _KEY})}
_ORIGINS: Final[dict[str, Poison]] = _FILLED | {
    "a credibility or a reason why not": (1, {"credibility": None}),
    "outlets are in no origin set": (0, {"actor_class": "media"}),
    "credibilities of a trend add up to 1 at most": (1, {"credibility": 0.5}),
    "somebody was first": (0, {"rank": 2}),
    "who is an insider is so of a niche": (0, {"niche_id": None}),
}
_VERDICTS: Final[dict[str, Poison]] = _FILLED | {
    "a confidence, or a reason to abstain": (0, {"origin_confidence": None}),
    "who abstains names no tier, niche or platform": (1, {"origin_tier": "micro", "origin_tier_credibility": 1.0}),
    "what is named comes with its credibility": (0, {"origin_niche_id": None}),
    "probabilities and shares lie between 0 and 1": (0, {"micro_share": 1.5}),
    "a set holds those who tie for first, and is of adopters": (0, {"tied_first_count": 3}),
    "a share comes with its count": (0, {"known_insider_count": None}),
}
_GROUPS: Final[dict[str, Poison]] = _FILLED | {
    "trends are of as many events at most, and of one at least": (0, {"event_count": 10}),
    "counts are not negative": (0, {"adopter_count": 0}),
    "odds ratios are above 0 and inside their interval": (0, {"odds_ratio_low": 2.5}),
    "probabilities lie between 0 and 1": (0, {"naive_p_value": 1.5}),
    "an adjusted p is not below the p": (0, {"q_value": 0.001}),
    "odds come with their interval and their p": (0, {"odds_ratio_low": None}),
    "a reason to abstain stands exactly where the estimate is NULL": (1, {"claim": "none", "abstain_reason": None}),
    "who abstains claims nothing, and only they abstain": (1, {"claim": "none"}),
    "a claim has its q and its side": (0, {"claim": "late"}),
    "the naive excess lies inside its interval": (0, {"naive_excess_high": 1.1}),
    "the corrected number stands beside the naive one": (0, {"naive_expected_count": None}),
}
_FINDINGS: Final[dict[str, Poison]] = _FILLED | {
    "trends are of as many events at most, and of one at least": (0, {"event_count": 10}),
    "counts are not negative": (0, {"abstained_count": -1}),
    "nobody is compared with itself": (0, {"target_group": "micro"}),
    "probabilities lie between 0 and 1": (0, {"naive_p_value": 1.5}),
    "intervals are ordered": (0, {"shift_low_hours": 13.0}),
    "a shift comes with its spread between trends, which is not negative": (0, {"shift_spread_hours": None}),
    "the p is that of the shift, larger where habits differ or, of platforms and niches, the kernel has doubts": (
        0,
        {"use_chance_p_value": 0.01},
    ),
    "chances of use come together, and only with a shift": (0, {"target_use_chance": None}),
    "an adjusted p is not below the p": (0, {"q_value": 0.001}),
    "a claim needs a sure shift and no kernel that is sure of the other side, of platforms and niches the kernel on its side": (
        0,
        {"precedence_probability": 0.45, "precedence_low": 0.4},
    ),
    "who abstains says why and gives no number": (2, {"abstain_reason": None}),
    "a naive lead stands beside its null": (0, {"naive_lead_null_hours": None}),
    "of all trends none is left out": (1, {"left_out_count": 1}),
}

POISONS: Final[dict[str, dict[str, Poison]]] = {
    "staged/int_trend_flags": {
        "required columns are filled": (0, {"is_astroturf": None}),
        "parts are not more than the whole": (0, {"suspected_first_count": 3}),
        "every trend is a candidate": (0, {"trend_key": _KEY}),
    },
    "derived/trend_origins": _ORIGINS
    | {"every account adopted the trend then": (0, {"adopted_at": datetime(2026, 8, 10, 9, tzinfo=UTC)})},
    "marts/trend_origins": _ORIGINS | _IN_TRENDS,
    "derived/trend_origin_verdicts": _VERDICTS | {"a set that is listed is as large as it says": (0, {"origin_set_count": 1})},
    "marts/trend_origin_verdicts": _VERDICTS
    | {"required columns are filled": (0, {"label": None}), "every trend is in trends": (1, {"trend_key": _KEY})},
    "derived/origin_by_group": _GROUPS,
    "marts/origin_by_group": _GROUPS,
    "derived/ripple_findings": _FINDINGS
    | {
        "findings of all trends are those of precedence_findings": (
            1,
            {"comparison_kind": "platform", "lead_group": "bluesky", "target_group": "mastodon"},
        )
    },
    "marts/ripple_findings": _FINDINGS,
}
_OF_ALL: Final = "findings of all trends are those of precedence_findings"
_SILENT: Final = "who abstains says why and gives no number"
_FIRST: Final = "somebody was first"
_ADD_UP: Final = "credibilities of a trend add up to 1 at most"
_ADOPTED: Final = "every account adopted the trend then"
ALSO: Final[dict[tuple[str, str], set[str]]] = {
    ("derived/ripple_findings", "claim"): {_OF_ALL, _SILENT},
    ("derived/ripple_findings", "period"): {_OF_ALL},
    ("derived/ripple_findings", "unit_type"): {_OF_ALL},
    ("marts/ripple_findings", "claim"): {_SILENT},
    ("staged/int_trend_flags", "first_adopter_count"): {"parts are not more than the whole"},
    ("derived/trend_origins", "trend_key account_key"): {_FIRST, _ADD_UP},
    ("derived/trend_origins", "account_key"): {_ADOPTED},
    ("derived/trend_origins", "rank"): {_FIRST},
    ("marts/trend_origins", "trend_key account_key"): {_FIRST, _ADD_UP},
    ("marts/trend_origins", "rank"): {_FIRST},
}
"""Rules that a poison of another one breaks too, by table and the rule that it is for."""
