"""Rows of decentralisation and of trends of culture that every suite passes, beside those of ``valid``. For the gates' tests."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

Rows = list[dict[str, Any]]
JULY: Final = date(2026, 7, 1)
AUGUST: Final = date(2026, 8, 1)
_STAMP: Final = {"method_version": "v1", "params_hash": "h"}
_MONTH: Final = {"month": AUGUST, "platform": "bluesky", "own_post_count": 2, "engagement_post_count": 2, "view_post_count": 1}
_MONTH_SUMS: Final = {"engagement_count": 9, "engagement_square_sum": 41.0, "view_count": 100, "view_square_sum": 1e4}
_NOTHING_GOT: Final = {"repost_received_count": 0, "repost_received_square_sum": 0.0}
_CELL: Final = {"month": AUGUST, "platform": "bluesky", "niche_id": "*", "resource": "posts", "panel": "open"} | _STAMP
_COUNTS: Final = {"account_count": 120, "event_count": 800, "effective_event_count": 800.0, "covered_day_ratio": 1.0}
_COUNTS_BY_TIER: Final = {"rarefied_to_count": 200, "tiered_event_count": 400, "micro_event_count": 100}
_MEASURED: Final = {
    "hill_1": 60.0, "hill_1_low": 50.0, "hill_1_high": 70.0, "hill_2": 50.0, "hill_2_low": 40.0, "hill_2_high": 60.0,
    "hhi_unbiased": 0.02, "hhi_unbiased_low": 0.015, "hhi_unbiased_high": 0.025, "entropy_normalised": 0.77, "gini": 0.5,
    "top_1_percent_share": 0.1, "theil_total": 0.5, "theil_within_tiers": 0.4, "theil_between_tiers": 0.1,
    "micro_share": 0.25, "micro_share_low": 0.2, "micro_share_high": 0.3,
}  # fmt: skip
_MONTHS: Final[Rows] = [
    _CELL | _COUNTS | _COUNTS_BY_TIER | _MEASURED,
    _CELL | _COUNTS | _COUNTS_BY_TIER | _MEASURED | {"panel": "fixed", "panel_month": JULY},
    _CELL
    | _COUNTS
    | {"niche_id": "niche-1", "resource": "views", "account_count": 19, "rarefied_to_count": 50, "tiered_event_count": 0}
    | {"micro_event_count": 0, "abstain_reason": "too_few_accounts"},
    _CELL
    | _COUNTS
    | {"platform": "mastodon", "resource": "engagement", "covered_day_ratio": 0.4, "rarefied_to_count": 200}
    | {"tiered_event_count": 0, "micro_event_count": 0, "abstain_reason": "coverage"},
]
_WHERE: Final = {"platform": "bluesky", "niche_id": "*", "resource": "posts"} | _STAMP
_SLOPES: Final = {
    "hill_2_slope": 0.02, "hill_2_slope_low": 0.01, "hill_2_slope_high": 0.03, "hill_1_slope": 0.01, "hill_1_slope_low": 0.0,
    "hill_1_slope_high": 0.02, "micro_share_slope": 0.0, "micro_share_slope_low": -0.01, "micro_share_slope_high": 0.01,
}  # fmt: skip
_SEEN: Final = {"first_month": AUGUST, "last_month": date(2026, 11, 1), "month_count": 4}
_TRENDS: Final[Rows] = [
    _WHERE | _SEEN | _SLOPES | {"panel": "fixed", "panel_month": JULY, "panel_account_count": 100, "direction": "decentralising"},
    _WHERE | _SEEN | _SLOPES | {"panel": "open", "direction": "abstained", "abstain_reason": "open_panel"},
    _WHERE
    | {"platform": "mastodon", "resource": "engagement", "panel": "open", "month_count": 0}
    | {"direction": "abstained", "abstain_reason": "too_few_months"},
]
_SPOKEN: Final = {"period": "all", "first_month": JULY, "last_month": AUGUST} | _STAMP
_CULTURE: Final[Rows] = [
    _SPOKEN | {"measure": "distinctness_bits", "month_count": 2, "direction": "abstained", "culture_direction": "abstained"},
    _SPOKEN | {"measure": "effective_niche_count", "month_count": 2, "direction": "abstained", "culture_direction": "abstained"},
]

EXCHANGED: Final[dict[str, Rows]] = {
    "int_account_attention_months": [
        _MONTH | _MONTH_SUMS | _NOTHING_GOT | {"account_key": f"{1:032x}", "tier": "mid"},
        _MONTH
        | {"account_key": f"{2:032x}", "own_post_count": 0, "engagement_post_count": 0, "view_post_count": 0}
        | {"repost_received_count": 3, "repost_received_square_sum": 5.0},
    ],
    "int_coverage_months": [
        {"platform": platform, "month": AUGUST, "day_count": 31, "covered_day_count": days}
        for platform, days in (("bluesky", 31), ("mastodon", 12))
    ],
}
DERIVATIONS: Final[dict[str, Rows]] = {
    "decentralisation_months": _MONTHS,
    "decentralisation_trends": _TRENDS,
    "culture_trends": _CULTURE,
}
MARTED: Final[dict[str, Rows]] = {
    "decentralisation_months": [row | ({"theil_between_share": 0.2} if "theil_total" in row else {}) for row in _MONTHS],
    "decentralisation_trends": [
        row | ({"hill_2_change_ratio": 0.0202013400267558} if "hill_2_slope" in row else {}) for row in _TRENDS
    ],
    "culture_trends": _CULTURE,
}
