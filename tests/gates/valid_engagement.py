"""Rows of engagement in the small installation in which every suite passes: one account rated, one of another age, one with too few peers."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

Rows = list[dict[str, Any]]
_AUGUST: Final = date(2026, 8, 1)
_STAMP: Final = {"method_version": "engagement_negative_binomial_1", "params_hash": "0" * 12}
_A, _B, _C = (f"{number:032x}" for number in (1, 2, 3))


def _own(account: str, basis: str, **more: Any) -> dict[str, Any]:
    return {"month": _AUGUST, "platform": "bluesky", "account_key": account, "basis": basis} | more


_NOTHING_SUMMED: Final = dict.fromkeys(
    ("like_count", "engagement_count", "denominator_count", "no_counter_post_count", "no_denominator_post_count"), 0
) | dict.fromkeys(("denominator_square_sum", "rate_sum", "rate_square_sum", "counting_variance_sum"), 0.0)
_SUMMED: Final = {
    "like_count": 15,
    "engagement_count": 20,
    "denominator_count": 200,
    "denominator_square_sum": 20_000.0,
    "rate_sum": 0.2,
    "rate_square_sum": 0.02,
    "counting_variance_sum": 0.002,
}
_SIZED: Final = {"tier": "micro_sub1k", "followers_count": 100}
EXCHANGED: Final[dict[str, Rows]] = {
    "int_account_engagement_months": [
        _NOTHING_SUMMED | _SIZED | _own(_A, "followers", age_band="any", post_count=4, no_counter_post_count=1),
        _NOTHING_SUMMED | _SUMMED | _own(_A, "followers", age_band="day_7", post_count=2),
        _NOTHING_SUMMED | _SIZED | _own(_B, "followers", age_band="any", post_count=3, no_denominator_post_count=1),
        _NOTHING_SUMMED | _SIZED | _own(_C, "views", age_band="any", post_count=2),
        _NOTHING_SUMMED | _SUMMED | _own(_C, "views", age_band="day_7", post_count=2),
    ]
}
_COUNTED = dict.fromkeys(("like_count", "engagement_count", "denominator_count", "rated_post_count", "unrated_post_count"), 0)
_COUNTED |= dict.fromkeys(("no_counter_post_count", "no_denominator_post_count", "age_unmatched_post_count", "peer_count"), 0)
_RATED: Final = {
    "like_count": 15,
    "engagement_count": 20,
    "denominator_count": 200,
    "rated_post_count": 2,
    "engagement_rate": 0.1,
}
_ESTIMATED: Final = {"engagement_rate_shrunk": 0.08, "engagement_rate_low": 0.05, "engagement_rate_high": 0.12, "peer_z": 0.5}
_PLACED: Final = {"rate_percentile": 0.7, "rank_low": 2, "rank_high": 9, "peer_count": 30, "stratum": "tier"}
DERIVATIONS: Final[dict[str, Rows]] = {
    "creator_engagement": [
        _STAMP
        | _COUNTED
        | _SIZED
        | _RATED
        | _ESTIMATED
        | _PLACED
        | _own(_A, "followers", age_band="day_7", unrated_post_count=2, no_counter_post_count=1, age_unmatched_post_count=1),
        _STAMP
        | _COUNTED
        | _SIZED
        | _own(_B, "followers", age_band="day_7", unrated_post_count=3, no_denominator_post_count=1)
        | {"age_unmatched_post_count": 2, "null_reason": "age_unmatched"},
        _STAMP | _COUNTED | _SIZED | _RATED | _own(_C, "views", age_band="day_7", peer_count=1, null_reason="too_few_peers"),
    ]
}
_RENAMED: Final = {"engagement_count": "numerator_count", "like_count": "numerator_like_count"}
_CUT: Final = {"month": _AUGUST, "platform": "bluesky", "age_band": "day_7", "account_count": 4, "post_count": 10}
MARTED: Final[dict[str, Rows]] = {
    "creator_engagement_months": [
        {_RENAMED.get(name, name): value for name, value in row.items()} | {"creator_key": row["account_key"]}
        for row in DERIVATIONS["creator_engagement"]
    ],
    "tier_sensitivity_months": [
        _CUT
        | {"cut_shift_ratio": shift, "cut_followers_count": cut, "micro_account_count": count, "micro_account_share": count / 4}
        | {"micro_post_count": 5, "micro_post_share": 0.5, "engagement_count": engagement, "micro_engagement_count": micro}
        | {"micro_engagement_share": micro / engagement if engagement else None}
        for shift, cut, count, engagement, micro in ((-0.2, 8_000, 1, 100, 20), (0.0, 10_000, 2, 100, 30), (0.2, 12_000, 3, 0, 0))
    ],
}
OF_A_CREATOR: Final = {
    "tier_industry": "below_nano",
    "followers_percentile": 0.5,
    "is_tier_within_20_percent_of_cut": False,
    "engagement_rate_shrunk": 0.15,
    "engagement_rate_low": 0.1,
    "engagement_rate_high": 0.22,
    "peer_z": 0.4,
}
"""What ``creator_months`` says of a creator's engagement and size."""
