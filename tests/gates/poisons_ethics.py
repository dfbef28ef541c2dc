"""Poisons of the rules of disclosure, commercial trends and parasocial indicators: by table and rule, the row and what is changed in it."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

Poison = tuple[int, dict[str, Any]]
_MID_MONTH: Final = date(2026, 8, 15)
_TOLD: Final = (
    "account_count", "post_count", "label_count", "clear_count", "ambiguous_count", "flagged_count", "undisclosed_estimate_count",
    "commercial_estimate_count", "clear_rate", "clear_low", "clear_high", "clear_rate_shrunk", "ambiguous_rate", "undisclosed_rate",
    "undisclosed_low", "undisclosed_high", "naive_undisclosed_rate", "before_fold_share", "label_share", "paid_pair_count", "paid_engagement_ratio",
    "paid_engagement_low", "paid_engagement_high", "disclosed_pair_count", "engagement_cost_of_disclosure", "engagement_cost_low", "engagement_cost_high",
)  # fmt: skip
_FIRST_OF_MONTH: Final = "months are first days of months"
_DISCLOSURE: Final[dict[str, Poison]] = {
    "required columns are filled": (0, {"params_hash": None}),
    _FIRST_OF_MONTH: (0, {"month": _MID_MONTH}),
    "a cell is told with its counts, or held back without any": (0, {"label_count": None}),
    "nothing is told of fewer than ten accounts": (0, {"account_count": 9}),
    "counts are parts of the posts": (0, {"flagged_count": 1000}),
    "rates lie between 0 and 1": (0, {"before_fold_share": 1.5}),
    "intervals are ordered: low, value, high": (0, {"paid_engagement_high": 0.1}),
    "clear, ambiguous and undisclosed add up to the commercial posts": (0, {"undisclosed_estimate_count": 99.0}),
    "a reason stands exactly where the rates are NULL": (0, {"null_reason": "no_accuracy"}),
    "engagement is compared over ten creators or more": (0, {"disclosed_pair_count": 9}),
    "niches are told over all platforms and tiers": (6, {"platform": "bluesky"}),
    "no cell has more accounts than its total": (0, {"account_count": 99}),
    "all rule sets hold the same cells back": (7, dict.fromkeys(_TOLD) | {"is_suppressed": True, "null_reason": "suppressed"}),
}
_PARASOCIAL: Final[dict[str, Poison]] = {
    "required columns are filled": (0, {"params_hash": None}),
    _FIRST_OF_MONTH: (0, {"month": _MID_MONTH}),
    "a cell is told with its counts, or held back without any": (0, {"intimacy_count": None}),
    "nothing is told of fewer than ten accounts or twenty posts": (0, {"post_count": 19}),
    "rates are counts per 1,000 words": (0, {"token_count": 500}),
    "intervals are ordered: low, value, high": (0, {"second_person_high": 0.0}),
    "limits are not negative": (0, {"intimacy_low": -1.0}),
    "no cell has more accounts than its total": (0, {"account_count": 99}),
}
POISONS: Final[dict[str, dict[str, Poison]]] = {
    "staged/int_disclosure_months": {
        "required columns are filled": (0, {"organic_follower_count": None}),
        _FIRST_OF_MONTH: (0, {"month": _MID_MONTH}),
        "counts are not negative": (0, {"organic_engagement_count": -1}),
        "levels are parts of the posts": (0, {"placed_count": 99}),
        "every rule set judges the same posts": (2, {"post_count": 9}),
    },
    "staged/int_parasocial_months": {
        "required columns are filled": (0, {"intimacy_count": None}),
        _FIRST_OF_MONTH: (0, {"month": _MID_MONTH}),
        "counts are not negative": (0, {"intimacy_count": -1}),
        "words are among the words": (0, {"inclusive_count": 999}),
    },
    "derived/disclosure_months": _DISCLOSURE | {"every month has posts that were judged": (0, {"ruleset": "another"})},
    "derived/parasocial_months": _PARASOCIAL | {"every month has posts that were read": (0, {"month": date(2026, 7, 1)})},
    "marts/disclosure_months": _DISCLOSURE,
    "marts/parasocial_months": _PARASOCIAL,
    "marts/commercial_trends": {
        "required columns are filled": (0, {"born_at": None}),
        "parts are no larger than their wholes": (1, {"adopter_count": 1}),
        "shares are numerators over denominators": (1, {"commercial_share": 0.9}),
        "astroturf is told exactly where posts have a text": (1, {"is_astroturf": None}),
        "astroturf is probable and more commercial than expected": (0, {"astroturf_probability": 0.4}),
        "the first commercial adoption is there exactly where there is one": (0, {"first_commercial_at": None}),
        "every trend is in trends": (1, {"label": "another"}),
    },
}
ALSO: Final[dict[tuple[str, str], set[str]]] = {
    ("staged/int_disclosure_months", "post_count"): {"levels are parts of the posts", "every rule set judges the same posts"},
    ("derived/disclosure_months", _FIRST_OF_MONTH): {"every month has posts that were judged"},
    ("derived/parasocial_months", _FIRST_OF_MONTH): {"every month has posts that were read"},
    ("marts/commercial_trends", "trend_key"): {"every trend is in trends"},
}
