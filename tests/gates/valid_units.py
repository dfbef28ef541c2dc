"""Valid rows of trend units, as they stand beside those of ``valid``. No other table belongs here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

Rows = list[dict[str, Any]]
_ECO: Final = f"{101:032x}"
_BLOCKED: Final = f"{103:032x}"
_OF_ECO: Final = {"unit_type": "hashtag", "unit": "eco"}
_NAMED_ECO: Final = {"unit_type": "hashtag", "label": "eco", "trend_key": _ECO}
_EVIDENCE: Final = {"alias_log_odds": 4.5, "context_log_odds": 2.5, "time_log_odds": 2.0}

EXCHANGED: Final[dict[str, Rows]] = {
    "int_unit_aliases": [
        {"alias_type": "hashtag", "alias": "e_c_o", "alias_kind": "spelling", "alias_account_count": 7} | _OF_ECO,
        {"alias_type": "hashtag", "alias": "ecos", "alias_kind": "plural", "alias_account_count": 6} | _EVIDENCE | _OF_ECO,
    ],
    "int_co_adopted_units": [
        {"alias_type": "domain", "alias": "eco.example", "alias_label": "eco.example", "alias_account_count": 25}
        | {"alias_kind": "co_adopted", "shared_adopter_ratio": 0.75}
        | _OF_ECO,
        {"alias_type": "phrase", "alias": "e co", "alias_label": "e co", "alias_account_count": 21, "alias_kind": "spelled_out"}
        | _OF_ECO,
    ],
}
DERIVATIONS: Final[dict[str, Rows]] = {}
MARTED: Final[dict[str, Rows]] = {
    "trend_aliases": [
        {"alias_type": "domain", "alias_label": "eco.example", "alias_kind": "co_adopted", "alias_account_count": 25}
        | {"shared_adopter_ratio": 0.75}
        | _NAMED_ECO,
        {"alias_type": "hashtag", "alias_label": "e_c_o", "alias_kind": "spelling", "alias_account_count": 7} | _NAMED_ECO,
        {"alias_type": "hashtag", "alias_label": "ecos", "alias_kind": "plural", "alias_account_count": 6}
        | _EVIDENCE
        | _NAMED_ECO,
        {"alias_type": "phrase", "alias_label": "e co", "alias_kind": "spelled_out", "alias_account_count": 21} | _NAMED_ECO,
    ],
    "blocked_units": [
        {"trend_key": _BLOCKED, "unit_type": "hashtag", "label": "fyp", "blocked_reason": "furniture", "adopter_count": 400}
        | {"born_at": datetime(2026, 8, 9, tzinfo=UTC)},
    ],
}
