"""What spoils each rule about trend units that is written in SQL; as in ``poisons``. No other table belongs here."""

from __future__ import annotations

from typing import Any, Final

# By table: (position of the row, its new values).
Poison = tuple[int, dict[str, Any]]
_EVIDENT: Final = "what was joined by evidence has all of it"
_OVERLAP: Final = "an overlap is told of what was taken up together only"

POISONS: Final[dict[str, dict[str, Poison]]] = {
    "staged/int_unit_aliases": {
        "required columns are filled": (0, {"unit": None}),
        _EVIDENT: (1, {"time_log_odds": None}),
        "a label that stands for another one has no aliases": (0, {"unit": "ecos"}),
    },
    "staged/int_co_adopted_units": {
        "required columns are filled": (0, {"unit": None}),
        _OVERLAP: (0, {"shared_adopter_ratio": None}),
        "only a phrase spells a hashtag": (1, {"alias_type": "link"}),
        "hashtags stay": (0, {"alias_type": "hashtag"}),
    },
    "marts/trend_aliases": {
        "required columns are filled": (1, {"unit_type": None}),
        _EVIDENT: (2, {"context_log_odds": None}),
        _OVERLAP: (0, {"shared_adopter_ratio": None}),
        "every trend is in trends": (1, {"label": "another"}),
    },
    "marts/blocked_units": {
        "required columns are filled": (0, {"label": None}),
        "what is blocked is no trend": (0, {"trend_key": f"{101:032x}"}),
    },
}
ALSO: Final[dict[tuple[str, str], set[str]]] = {
    ("staged/int_unit_aliases", "alias_kind"): {_EVIDENT},
    ("staged/int_co_adopted_units", "unit_type"): {"only a phrase spells a hashtag"},
    ("marts/trend_aliases", "alias_kind"): {_EVIDENT, _OVERLAP},
}
"""Rules that a poison of another one breaks too, by table and the rule that it is for."""
