"""What spoils each rule about bursts and shapes of trends that is written in SQL; as in ``poisons``. No other table belongs here."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

# By table: (position of the row, its new values).
Poison = tuple[int, dict[str, Any]]
_NOBODY: Final = f"{999:032x}"
_REQUIRED: Final[dict[str, Poison]] = {"required columns are filled": (0, {"params_hash": None})}
_MONTHS: Final[dict[str, Poison]] = {"months are first days of months": (0, {"month": date(2026, 8, 2)})}
_UNITS: Final[dict[str, Poison]] = (
    _REQUIRED
    | _MONTHS
    | {
        "a reason to abstain stands exactly where p is NULL": (2, {"abstain_reason": None}),
        "what is told of a unit is told whole": (1, {"scan_gain": None}),
        "an adjusted p is not below the p": (1, {"q_value": 0.5}),
        "a unit bursts with a small q only": (1, {"is_bursting": True}),
    }
)
_BURSTS: Final[dict[str, Poison]] = _REQUIRED | {
    "a burst peaks between its ends": (0, {"peak_on": date(2026, 8, 14)}),
    "the month is that of the peak": (0, {"month": date(2026, 7, 1)}),
    "the excess is what is not expected": (0, {"excess_author_day_count": 19.0}),
    "a burst is twice the base or more, with a small q": (0, {"ratio_to_base": 1.9}),
    "a peak is not more than the whole": (0, {"peak_author_count": 23}),
    "bursts of a tag do not overlap": (0, {"ended_on": date(2026, 8, 20)}),
}
_SHAPES: Final[dict[str, Poison]] = {
    "required columns are filled": (0, {"params_hash": None}),
    "features stand exactly where a class is told": (0, {"peak_day_share": None}),
    "coordination is told whole": (0, {"simultaneous_count": None}),
    "an adjusted p is not below the p": (0, {"coordination_q_value": 1e-6}),
    "uses at once are among those around": (0, {"nearby_count": 19}),
    "a coordinated trend is mixed": (0, {"exogeneity_class": "exogenous"}),
    "what recurs names the peak of the year before": (1, {"year_before_peak_on": None}),
    "what the calendar tells names its event": (0, {"season_event": None}),
}

POISONS: Final[dict[str, dict[str, Poison]]] = {
    "staged/int_burst_days": _MONTHS
    | {
        "required columns are filled": (0, {"author_count": None}),
        "days lie in the months around": (0, {"event_day": date(2026, 10, 1)}),
        "authors of a day are among the users": (0, {"author_count": 31}),
    },
    "staged/int_author_days": {"required columns are filled": (0, {"event_day": None})},
    "derived/burst_units": _UNITS | {"a unit has days": (1, {"tag": "nobody's"})},
    "derived/trend_bursts": _BURSTS | {"a burst is of a unit that bursts": (1, {"tag": "quiet"})},
    "derived/trend_shapes": _SHAPES | {"a shape is of a candidate": (1, {"trend_key": _NOBODY})},
    "marts/burst_units": _UNITS,
    "marts/trend_bursts": _BURSTS
    | {
        "days are counted with both ends": (0, {"duration_days": 3}),
        "a trend's burst is of its tag": (0, {"trend_key": _NOBODY}),
    },
    "marts/trend_shapes": _SHAPES
    | {
        "a share is its counts'": (0, {"simultaneous_share": 0.5}),
        "a shape is of a published trend": (1, {"trend_key": _NOBODY}),
    },
}

_ADJUSTED: Final = "an adjusted p is not below the p"
_TOLD: Final = "features stand exactly where a class is told"
_RECURS: Final = "what recurs names the peak of the year before"
_COUNTED: Final = "a share is its counts'"

ALSO: Final[dict[tuple[str, str], set[str]]] = {
    ("derived/burst_units", "q_value"): {_ADJUSTED},
    ("derived/burst_units", "months are first days of months"): {"a unit has days"},
    ("derived/trend_bursts", "the month is that of the peak"): {"a burst is of a unit that bursts"},
    ("derived/trend_shapes", "exogeneity_class"): {_TOLD},
    ("derived/trend_shapes", "seasonality_class"): {_RECURS},
    ("derived/trend_shapes", "coordination_q_value"): {_ADJUSTED},
    ("marts/burst_units", "q_value"): {_ADJUSTED},
    ("marts/trend_bursts", "bursts of a tag do not overlap"): {"days are counted with both ends"},
    ("marts/trend_shapes", "exogeneity_class"): {_TOLD},
    ("marts/trend_shapes", "seasonality_class"): {_RECURS},
    ("marts/trend_shapes", "coordination_q_value"): {_ADJUSTED},
    ("marts/trend_shapes", "coordination is told whole"): {_COUNTED},
    ("marts/trend_shapes", "uses at once are among those around"): {_COUNTED},
}
"""What else fails with a poison, where no value violates one rule alone."""
