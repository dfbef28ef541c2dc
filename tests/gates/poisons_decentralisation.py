"""What spoils each rule of the suites of decentralisation and of trends of culture; see ``poisons``."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

Poison = tuple[int, dict[str, Any]]
_MID_MONTH: Final = date(2026, 8, 2)
_LATER: Final = date(2026, 9, 1)
_STAMPED: Final[dict[str, Poison]] = {"required columns are filled": (0, {"params_hash": None})}
_MONTHS: Final[dict[str, Poison]] = _STAMPED | {
    "months are first days of months": (0, {"month": _MID_MONTH}),
    "only posts are counted over all platforms": (3, {"platform": "*"}),
    "a fixed panel has its month, which lies before, and an open one has none": (1, {"panel_month": _LATER}),
    "micro accounts have part of what accounts of a known tier have, and these of all": (2, {"micro_event_count": 1}),
    "a cell has an account, and every account an event": (0, {"account_count": 801}),
    "intervals are ordered: low, value, high": (0, {"hill_2_low": 51.0}),
    "an interval has both ends, and its value": (0, {"hill_1_low": None}),
    "shares and indices lie between 0 and 1": (0, {"gini": 1.5}),
    "a reason to abstain stands exactly where the index is NULL": (2, {"abstain_reason": None}),
    "nothing is told where the cell abstains": (2, {"gini": 0.5}),
    "nothing is told of a month that is not covered": (3, {"abstain_reason": "too_few_events"}),
    "the effective number is one over the index": (0, {"hill_2": 51.0}),
    "nothing is rarefied to more events than there are": (0, {"rarefied_to_count": 900}),
    "a normalised entropy stands with its number": (0, {"entropy_normalised": None}),
    "the top has no share below 100 accounts": (0, {"account_count": 99}),
    "inequality is within and between": (0, {"theil_within_tiers": 0.3}),
    "a share is its numerator over its denominator": (0, {"micro_event_count": 101}),
}
_TRENDS: Final[dict[str, Poison]] = _STAMPED | {
    "only posts are counted over all platforms": (2, {"platform": "*"}),
    "a fixed panel has its month and its accounts, and an open one has neither": (0, {"panel_account_count": None}),
    "months lie between the first and the last, after the one of the panel": (0, {"panel_month": _LATER}),
    "intervals are ordered: low, value, high": (0, {"micro_share_slope_low": 0.005}),
    "an interval has both ends, and its value": (0, {"hill_1_slope_low": None}),
    "a slope needs four months": (2, {"hill_1_slope": 0.0}),
    "a reason to abstain stands exactly where nothing is told": (1, {"abstain_reason": None}),
    "a direction is what its interval says": (0, {"direction": "none"}),
    "the open panel claims nothing": (1, {"direction": "decentralising", "abstain_reason": None}),
    "every cell has months": (2, {"platform": "reddit"}),
}
_CULTURE: Final[dict[str, Poison]] = _STAMPED | {
    "intervals are ordered: low, value, high": (0, {"slope": 0.1, "slope_low": 0.2, "slope_high": 0.3}),
    "a slope needs four months, and has its interval": (0, {"slope_low": 0.1}),
    "a direction is what its interval says": (0, {"direction": "none"}),
    "both measures speak together or not at all": (0, {"culture_direction": "none"}),
    "months lie between the first and the last": (0, {"month_count": 3}),
    "windows lie inside the months of culture": (0, {"first_month": date(2026, 6, 1)}),
}

POISONS: Final[dict[str, dict[str, Poison]]] = {
    "staged/int_account_attention_months": {
        "required columns are filled": (0, {"own_post_count": None}),
        "months are first days of months": (0, {"month": _MID_MONTH}),
        "who is listed published or received": (1, {"repost_received_count": 0, "repost_received_square_sum": 0.0}),
        "counted posts are own posts": (0, {"engagement_post_count": 3}),
        "a sum stands with its squares, where there are posts with counters": (0, {"view_square_sum": None}),
        "a sum of squares lies between the sum and its square, and nothing is negative": (0, {"engagement_square_sum": 82.0}),
    },
    "staged/int_coverage_months": {
        "required columns are filled": (0, {"day_count": None}),
        "months are first days of months": (0, {"month": _MID_MONTH}),
        "no more days are covered than there are, and no fewer than none": (0, {"covered_day_count": 32}),
    },
    "derived/decentralisation_months": _MONTHS | {"every niche has a profile": (2, {"niche_id": "another"})},
    "derived/decentralisation_trends": _TRENDS,
    "derived/culture_trends": _CULTURE,
    "marts/decentralisation_months": _MONTHS
    | {
        "the part between tiers is a part of the whole": (0, {"theil_between_share": 0.3}),
        "every niche is in niches": (2, {"niche_id": "another"}),
    },
    "marts/decentralisation_trends": _TRENDS | {"a change in a month is that of the slope": (0, {"hill_2_change_ratio": 0.5})},
    "marts/culture_trends": _CULTURE,
}
_SAID: Final = "a direction is what its interval says"
_TOGETHER: Final = "both measures speak together or not at all"
_ENDS: Final = "a slope needs four months, and has its interval"
_OF_CELLS: Final = {"every cell has months"}
ALSO: Final[dict[tuple[str, str], set[str]]] = {
    ("staged/int_account_attention_months", "own_post_count"): {"counted posts are own posts"},
    **{
        (f"{gate}/{table}", rule): also
        for gate in ("derived", "marts")
        for table, rule, also in (
            ("culture_trends", "direction", {_SAID}),
            ("culture_trends", "culture_direction", {_TOGETHER}),
            ("culture_trends", "intervals are ordered: low, value, high", {_SAID, _TOGETHER, _ENDS}),
            ("culture_trends", _ENDS, {_SAID}),
            ("decentralisation_months", "abstain_reason", {"nothing is told of a month that is not covered"}),
            ("decentralisation_trends", "resource", _OF_CELLS),
            ("decentralisation_trends", "panel", _OF_CELLS),
            ("decentralisation_trends", "only posts are counted over all platforms", _OF_CELLS),
            (
                "decentralisation_trends",
                "direction",
                {_SAID, "a reason to abstain stands exactly where nothing is told", "the open panel claims nothing"},
            ),
        )
    },
}
