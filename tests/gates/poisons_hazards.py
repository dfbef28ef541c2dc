"""What spoils each rule about hazard ratios that is written in SQL; as in ``poisons``. No other table belongs here."""

from __future__ import annotations

from typing import Any, Final

# By table: (position of the row, its new values).
Poison = tuple[int, dict[str, Any]]
_HAZARDS: Final[dict[str, Poison]] = {
    "required columns are filled": (0, {"params_hash": None}),
    "an interval holds its ratio": (0, {"hazard_ratio_low": 2.1}),
    "what is not told has a reason, and the other way round": (2, {"abstain_reason": None}),
    "parts are not more than the whole": (0, {"known_count": 81}),
    "a ratio has its numbers, and its events": (0, {"covariate_count": 3}),
    "each covariate has its unit": (1, {"unit": "doubling"}),
}

POISONS: Final[dict[str, dict[str, Poison]]] = {
    "derived/adoption_hazards": _HAZARDS,
    "marts/adoption_hazards": _HAZARDS | {"a claim is one beyond the false discovery rate": (1, {"claim": "slower"})},
}
_UNIT: Final = {"each covariate has its unit"}
_CLAIM: Final = {"a claim is one beyond the false discovery rate"}
ALSO: Final[dict[tuple[str, str], set[str]]] = {
    ("derived/adoption_hazards", "covariate"): _UNIT,
    ("derived/adoption_hazards", "unit"): _UNIT,
    ("marts/adoption_hazards", "covariate"): _UNIT,
    ("marts/adoption_hazards", "unit"): _UNIT,
    ("marts/adoption_hazards", "claim"): _CLAIM,
    ("marts/adoption_hazards", "what is not told has a reason, and the other way round"): _CLAIM,
}
"""Rules that a spoilt row breaks as well; see ``poisons.ALSO``."""
