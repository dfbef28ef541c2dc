"""What spoils each rule about mainstream adoption that is written in SQL; as in ``poisons``. No other table belongs here."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final

# By table: (position of the row, its new values).
Poison = tuple[int, dict[str, Any]]
_NOBODY: Final = f"{999:032x}"
_REQUIRED: Final[dict[str, Poison]] = {"required columns are filled": (0, {"params_hash": None})}
_ADOPTIONS: Final[dict[str, Poison]] = _REQUIRED | {
    "an interval holds its lag": (0, {"lag_high_days": 1.0}),
    "a level lies between 0 and 3": (0, {"evidence_level": 4}),
    "what has no level has a reason, and the other way round": (2, {"abstain_reason": None}),
    "below the top it is said why it is not higher": (0, {"not_higher_reason": None}),
    "parts are not more than the whole": (0, {"independent_outlet_count": 8}),
    "a level of two has its baseline and its insiders": (0, {"insider_adopter_count": 1}),
    "a level of three has a credited item": (1, {"credited_item_count": 0}),
}
_REACTIONS: Final[dict[str, Poison]] = _REQUIRED | {
    "an interval holds its median": (0, {"reaction_low_days": 2.2}),
    "what is not told has a reason, and the other way round": (1, {"abstain_reason": None}),
    "every shock that counts has a reaction": (0, {"shock_count": 31}),
}
_EVIDENCE: Final[dict[str, Poison]] = _REQUIRED | {
    "each kind supports its level": (0, {"evidence_level": 3}),
    "tests have their numbers": (1, {"q_value": None}),
    "a post is named beside its author": (3, {"account_key": None}),
    "what is credited is older than its item": (3, {"value": -1.0}),
}
_SURVIVAL: Final[dict[str, Poison]] = _REQUIRED | {
    "shares lie between 0 and 1": (0, {"cumulative_incidence": 1.5}),
    "an interval holds its share": (0, {"survival_high": 0.7}),
    "an interval has a width": (0, {"survival_low": 0.8, "survival_high": 0.8}),
    "an event has its trends": (0, {"cluster_count": 11}),
    "at risk are those whom nothing took out": (1, {"event_count": 8}),
    "everybody is at risk at first": (0, {"at_risk_count": 9}),
}
_CANDIDATE: Final[dict[str, Poison]] = {"the trend is a candidate": (0, {"trend_key": _NOBODY})}

POISONS: Final[dict[str, dict[str, Poison]]] = {
    "staged/int_mainstream_matches": _CANDIDATE
    | {
        "required columns are filled": (0, {"outlet_id": None}),
        "bounds are in order and stand where the time is the item's own": (
            1,
            {"published_low_at": datetime(2026, 8, 12, tzinfo=UTC)},
        ),
        "what is credited is named and older": (0, {"credited_at": datetime(2026, 8, 20, tzinfo=UTC)}),
        "months are first days of months": (0, {"born_month": date(2026, 8, 2)}),
    },
    "staged/int_mainstream_credits": {
        "required columns are filled": (0, {"credited_at": None}),
        "who is credited is an adopter": (0, {"account_key": _NOBODY}),
    },
    "staged/int_linked_accounts": {"required columns are filled": (0, {"creator_key": None})},
    "derived/mainstream_adoptions": _ADOPTIONS | _CANDIDATE,
    "derived/outlet_reactions": _REACTIONS,
    "derived/ripple_evidence": _EVIDENCE | _CANDIDATE,
    "derived/adoption_survival": _SURVIVAL,
    "marts/mainstream_adoptions": _ADOPTIONS | {"the trend is published": (0, {"trend_key": _NOBODY})},
    "marts/outlet_reactions": _REACTIONS,
    "marts/ripple_evidence": _EVIDENCE
    | {
        "a claim is published": (0, {"trend_key": _NOBODY}),
        "who is named is a published adopter": (2, {"account_key": _NOBODY}),
    },
    "marts/adoption_survival": _SURVIVAL,
}
ALSO: Final[dict[tuple[str, str], set[str]]] = {
    ("derived/mainstream_adoptions", "trend_key"): {"the trend is a candidate"},
    ("marts/mainstream_adoptions", "trend_key"): {"the trend is published"},
    ("marts/ripple_evidence", "target_class"): {"a claim is published"},
    ("staged/int_mainstream_credits", "account_key"): {"who is credited is an adopter"},
}
"""Rules that a spoilt row breaks as well; see ``poisons.ALSO``."""
