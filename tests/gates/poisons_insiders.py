"""What spoils each SQL rule of the insider tables and of actor classes."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from tests.gates.names import key

Poison = tuple[int, dict[str, Any]]
_NOBODY: Final = key(999)
_RANKS: Final = "the score is the mean of the parts that there are"
_REASON: Final = "there is a score or a reason why not"
_FIVE: Final = "a specialist is told from five actions on"
_MEMBERS: Final = "members are those of niche_memberships"
_PROFILED: Final = "niches have a profile in their month"
_LOOKED_AT: Final = "accounts were looked at in their month"

POISONS: Final[dict[str, dict[str, Poison]]] = {
    "derived/niche_insiders": {
        "required columns are filled": (0, {"required_tenure_days": None}),
        "months are first days of months": (0, {"month": date(2026, 8, 2)}),
        "percentile ranks are shares": (0, {"tenure_rank": 1.5, "core_rank": 0.0}),
        "no part is larger than its whole": (0, {"in_niche_interaction_count": 5}),
        "interactions are told together or not at all": (0, {"core_number": None}),
        "a lift stands on interactions": (2, {"in_niche_lift": 0.1}),
        _RANKS: (0, {"insider_score": 0.5}),
        _REASON: (2, {"insider_null_reason": None}),
        "an insider is a member, and has been for as long as is asked": (0, {"tenure_days": 0}),
        _FIVE: (2, {"generalist_specialist_raw_score": 1.0}),
        _MEMBERS: (0, {"is_member": False, "is_insider": False}),
        _PROFILED: (4, {"niche_id": "another"}),
        _LOOKED_AT: (4, {"account_key": _NOBODY}),
    },
    "marts/creators": {
        "reasons are of the fixed words": (0, {"actor_class_reasons": ["looks_odd"]}),
        "a class has its reasons": (0, {"actor_class_reasons": []}),
        "a suspicion has its reasons": (0, {"is_suspected_automated": True}),
    },
    "marts/creator_niches": {
        _RANKS: (0, {"insider_score": 0.5}),
        _REASON: (2, {"insider_null_reason": None}),
        "interactions inside are interactions": (0, {"in_niche_interaction_count": 5}),
        _FIVE: (2, {"generalist_specialist_raw_score": 1.0}),
    },
    "marts/niche_months": {
        "the share of insiders is known where somebody's place is": (0, {"insider_member_share": None}),
        "without the suspected there is no more than with them": (0, {"unsuspected_post_count": 3}),
    },
}
"""By table, what spoils each rule: position of the row, and its new values."""
ALSO: Final[dict[tuple[str, str], set[str]]] = {
    ("derived/niche_insiders", "insider_score"): {_RANKS},
    ("derived/niche_insiders", "account_key"): {_MEMBERS, _LOOKED_AT},
    ("derived/niche_insiders", "months are first days of months"): {_MEMBERS, _PROFILED, _LOOKED_AT},
    ("marts/creator_niches", "insider_score"): {_RANKS},
}
"""By table and rule, the other rules that its poison breaks too."""
