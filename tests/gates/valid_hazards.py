"""Valid rows of what speeds trends into the mainstream, as they stand beside those of ``valid``. No other table belongs here."""

from __future__ import annotations

from typing import Any, Final

Rows = list[dict[str, Any]]
_COMMON: Final = {
    "target_class": "media",
    "landmark_days": 14.0,
    "excluded_count": 4,
    "ended_count": 10,
    "small_count": 6,
    "at_risk_count": 80,
    "trend_count": 78,
    "event_count": 25,
    "method_version": "v1",
    "params_hash": "h",
}
_FITTED: Final = _COMMON | {"covariate_count": 2, "cluster_count": 8}
_HAZARDS: Rows = [
    _FITTED
    | {"covariate": "adopter_count", "unit": "doubling", "known_count": 80, "hazard_ratio": 2.0, "hazard_ratio_low": 1.5}
    | {"hazard_ratio_high": 2.7, "p_value": 0.001, "q_value": 0.002, "proportionality_correlation": -0.1}
    | {"proportionality_p_value": 0.6},
    _FITTED
    | {"covariate": "insider_share", "unit": "ten_points", "known_count": 79, "hazard_ratio": 0.9, "hazard_ratio_low": 0.7}
    | {"hazard_ratio_high": 1.2, "p_value": 0.4, "q_value": 0.4},
    _COMMON | {"covariate": "structural_virality", "unit": "step", "known_count": 12, "abstain_reason": "rarely_known"},
]
EXCHANGED: Final[dict[str, Rows]] = {}
DERIVATIONS: Final[dict[str, Rows]] = {"adoption_hazards": _HAZARDS}
_CLAIMS: Final = ("faster", "none", "abstained")
MARTED: Final[dict[str, Rows]] = {
    "adoption_hazards": [row | {"claim": claim} for row, claim in zip(_HAZARDS, _CLAIMS, strict=True)]
}
