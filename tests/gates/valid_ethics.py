"""Valid rows of the tables of disclosure, commercial trends and parasocial indicators, for the gates' tests."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final

from pipelines.analysis.ethics_contracts import INDICATORS

Rows = list[dict[str, Any]]
_AUGUST: Final = date(2026, 8, 1)
_STAMP: Final = {"method_version": "1", "params_hash": "1"}
_RULESETS: Final = ("ftc_2023", "uk_2023")
_ACCOUNTS: Final = tuple(f"{number:032x}" for number in (1, 2))
_POSTS: Final = {
    "post_count": 10,
    "label_count": 1,
    "clear_text_count": 2,
    "ambiguous_count": 1,
    "flagged_count": 1,
    "commercial_count": 5,
    "placed_count": 3,
    "before_fold_count": 2,
}
_ENGAGEMENT: Final = {
    f"{kind}_{count}_count": 100 for kind in ("disclosed", "undisclosed", "organic") for count in ("engagement", "follower")
}
_OF_MONTH: Final = {"month": _AUGUST, "platform": "bluesky", "tier": "mid"}

EXCHANGED: Final[dict[str, Rows]] = {
    "int_disclosure_months": [
        _OF_MONTH | _POSTS | _ENGAGEMENT | {"account_key": account, "ruleset": ruleset}
        for ruleset in _RULESETS
        for account in _ACCOUNTS
    ],
    "int_parasocial_months": [
        _OF_MONTH | {"account_key": account, "post_count": 10, "token_count": 100} | {f"{name}_count": 1 for name in INDICATORS}
        for account in _ACCOUNTS
    ],
}
_COUNTED: Final[dict[str, Any]] = {
    "is_suppressed": False,
    "account_count": 40,
    "post_count": 400,
    "label_count": 10,
    "clear_count": 20,
    "ambiguous_count": 20,
    "flagged_count": 10,
    "paid_pair_count": 12,
    "disclosed_pair_count": 11,
}
_RATED: Final = _COUNTED | {
    "undisclosed_estimate_count": 10.0,
    "commercial_estimate_count": 50.0,
    "clear_rate": 0.4,
    "clear_low": 0.3,
    "clear_high": 0.5,
    "clear_rate_shrunk": 0.41,
    "ambiguous_rate": 0.4,
    "undisclosed_rate": 0.2,
    "undisclosed_low": 0.1,
    "undisclosed_high": 0.3,
    "naive_undisclosed_rate": 0.2,
    "before_fold_share": 0.9,
    "label_share": 0.5,
    "paid_engagement_ratio": 0.8,
    "paid_engagement_low": 0.7,
    "paid_engagement_high": 0.9,
    "engagement_cost_of_disclosure": 0.1,
    "engagement_cost_low": -0.1,
    "engagement_cost_high": 0.3,
}
_SUPPRESSED: Final = {"is_suppressed": True, "null_reason": "suppressed"}
_WITHOUT: Final = _COUNTED | {"label_count": 0, "clear_count": 0, "ambiguous_count": 0, "flagged_count": 0}
_UNRATED: Final = _WITHOUT | {
    "undisclosed_estimate_count": 0.0,
    "commercial_estimate_count": 0.0,
    "null_reason": "no_commercial_posts",
}
_CELLS: Final = (
    ("bluesky", "mid", "*", _RATED),
    ("bluesky", "*", "*", _RATED),
    ("*", "mid", "*", _RATED),
    ("*", "*", "*", _RATED),
    ("*", "*", "niche-1", _SUPPRESSED),
    ("*", "*", "niche-2", _SUPPRESSED),
    ("*", "*", "none", _UNRATED),
)
_DISCLOSURE: Final[Rows] = [
    _STAMP | values | {"month": _AUGUST, "platform": platform, "tier": tier, "niche_id": niche, "ruleset": ruleset}
    for ruleset in _RULESETS
    for platform, tier, niche, values in _CELLS
]
_SPOKEN: Final[dict[str, Any]] = {"is_suppressed": False, "account_count": 40, "post_count": 400, "token_count": 1000} | {
    f"{name}_{column}": value
    for name in INDICATORS
    for column, value in (("count", 2), ("rate", 2.0), ("low", 1.0), ("high", 3.0))
}
_PARASOCIAL: Final[Rows] = [
    _STAMP | values | {"month": _AUGUST, "platform": platform, "tier": tier}
    for platform, tier, values in (
        ("bluesky", "mid", _SPOKEN),
        ("bluesky", "*", {"is_suppressed": True}),
        ("*", "mid", _SPOKEN),
        ("*", "*", _SPOKEN),
    )
]
DERIVATIONS: Final[dict[str, Rows]] = {"disclosure_months": _DISCLOSURE, "parasocial_months": _PARASOCIAL}
_TREND: Final[dict[str, Any]] = {
    "born_at": datetime(2026, 8, 9, tzinfo=UTC),
    "adopter_count": 120,
    "judged_adopter_count": 110,
    "judged_first_count": 100,
    "expected_commercial_share": 0.02,
}
MARTED: Final[dict[str, Rows]] = {
    "disclosure_months": _DISCLOSURE,
    "parasocial_months": _PARASOCIAL,
    "commercial_trends": [
        _TREND
        | {"trend_key": f"{101:032x}", "label": "eco", "commercial_adopter_count": 22, "commercial_share": 0.2}
        | {"commercial_first_count": 20, "commercial_share_first100": 0.2, "astroturf_probability": 0.99, "is_astroturf": True}
        | {"first_commercial_at": datetime(2026, 8, 10, tzinfo=UTC)},
        _TREND
        | {"trend_key": f"{102:032x}", "label": "old", "commercial_adopter_count": 0, "commercial_share": 0.0}
        | {"commercial_first_count": 0, "commercial_share_first100": 0.0, "astroturf_probability": 0.001, "is_astroturf": False},
    ],
}
