"""Rows of bursts and shapes in the small installation in which every suite passes: a tag that bursts twice, one that does not, one that abstains."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

Rows = list[dict[str, Any]]
_AUGUST: Final = date(2026, 8, 1)
_STAMP: Final = {"method_version": "v1", "params_hash": "h"}
_ECO, _OLD = (f"{number:032x}" for number in (101, 102))

EXCHANGED: Final[dict[str, Rows]] = {
    "int_burst_days": [
        {"month": _AUGUST, "tag": tag, "user_count": 30, "platform": "bluesky", "event_day": date(2026, 8, 10), "author_count": 9}
        for tag in ("eco", "old", "quiet")
    ],
    "int_author_days": [{"platform": "bluesky", "event_day": date(2026, 8, day), "author_count": 90} for day in (10, 11)],
}
_UNIT: Final = {
    "month": _AUGUST,
    "user_count": 30,
    "day_count": 90,
    "naive_is_bursting": True,
    "naive_kleinberg_weight": 9.5,
} | _STAMP
_LEVEL: Final = {"base_level": 0.5, "dispersion": 0.2, "daily_drift": 0.01}
_UNITS: Final[Rows] = [
    _UNIT | _LEVEL | {"tag": "eco", "scan_gain": 20.0, "p_value": 1e-7, "q_value": 3e-7, "is_bursting": True},
    _UNIT | _LEVEL | {"tag": "quiet", "scan_gain": 1.0, "p_value": 0.6, "q_value": 0.6, "is_bursting": False},
    _UNIT | {"tag": "old", "abstain_reason": "left_censored"},
]
_BURST: Final = {
    "tag": "eco", "began_on": date(2026, 8, 10), "ended_on": date(2026, 8, 13), "peak_on": date(2026, 8, 11), "month": _AUGUST, "user_count": 30,
    "peak_author_count": 9, "author_day_count": 22, "expected_author_day_count": 2.0, "excess_author_day_count": 20.0, "ratio_to_base": 11.0,
    "base_level": 0.5, "dispersion": 0.2, "p_value": 1e-7, "q_value": 3e-7, "is_ongoing": False, "naive_is_burst": True,
    "naive_kleinberg_weight": 9.5,
} | _STAMP  # fmt: skip
_BURSTS: Final[Rows] = [
    _BURST,
    _BURST | {"began_on": date(2026, 8, 20), "ended_on": date(2026, 8, 21), "peak_on": date(2026, 8, 20), "is_ongoing": True},
]
_SHAPES: Final[Rows] = [
    {
        "trend_key": _ECO, "label": "eco", "born_month": _AUGUST, "adopter_count": 40, "peak_on": date(2026, 8, 10), "peak_day_share": 0.3,
        "first_day_share": 0.3, "growth_asymmetry": 0.4, "half_adoption_days": 2.0, "second_days_ratio": 0.8, "early_outlet_count": 0,
        "early_large_share": 0.0, "large_share": 0.1, "platform_onset_spread_days": 0.5, "first_day_niche_count": 2, "early_niche_ratio": 1.0,
        "exogeneity_class": "mixed", "exogeneity_reason": "coordinated_start", "naive_is_exogenous": True, "simultaneous_count": 20,
        "nearby_count": 25, "expected_simultaneous_count": 3.0, "coordination_p_value": 1e-5, "coordination_q_value": 2e-5, "is_coordinated": True,
        "naive_is_coordinated": True, "seasonality_class": "calendar", "seasonality_reason": "tag_names_the_event", "season_event": "pride",
    } | _STAMP,
    {
        "trend_key": _OLD, "label": "old", "born_month": _AUGUST, "adopter_count": 1, "exogeneity_class": "unknown",
        "exogeneity_reason": "left_censored", "seasonality_class": "recurring", "seasonality_reason": "burst_a_year_before",
        "year_before_peak_on": date(2025, 8, 3),
    } | _STAMP,
]  # fmt: skip
DERIVATIONS: Final[dict[str, Rows]] = {"burst_units": _UNITS, "trend_bursts": _BURSTS, "trend_shapes": _SHAPES}


def _labelled(row: dict[str, Any]) -> dict[str, Any]:
    return {("label" if name == "tag" else name): value for name, value in row.items()}


MARTED: Final[dict[str, Rows]] = {
    "burst_units": [_labelled(row) for row in _UNITS],
    "trend_bursts": [
        _labelled(row) | {"trend_key": key, "duration_days": days}
        for row, key, days in zip(_BURSTS, (_ECO, None), (4, 2), strict=True)
    ],
    "trend_shapes": [_SHAPES[0] | {"simultaneous_share": 0.8}, _SHAPES[1]],
}
