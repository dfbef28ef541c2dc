"""What spoils each rule of the suites of engagement that is written in SQL, as in ``poisons``."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

Poison = tuple[int, dict[str, Any]]
_NOBODY: Final = f"{999:032x}"
_MID_MONTH: Final = date(2026, 8, 2)
_FIRST_OF_MONTH: Final = "months are first days of months"


def _rules(likes: str) -> dict[str, Poison]:
    return {
        "required columns are filled": (0, {"params_hash": None}),
        _FIRST_OF_MONTH: (0, {"month": _MID_MONTH}),
        "counts are not negative": (1, {"no_counter_post_count": -1, "unrated_post_count": 2}),
        "likes are among the engagements": (0, {likes: 21}),
        "every post is rated or not for one reason": (0, {"unrated_post_count": 3}),
        "a rate stands exactly where a post is rated": (2, {"engagement_rate": None}),
        "the rate is its numerator over its denominator": (0, {"engagement_rate": 0.2}),
        "rated posts have an age": (2, {"age_band": None}),
        "intervals are ordered: low, value, high": (0, {"engagement_rate_low": 0.09}),
        "a shrunk rate comes with interval, rank, percentile and stratum, or none does": (0, {"stratum": None}),
        "a reason stands exactly where there is no shrunk rate": (1, {"null_reason": None}),
        "peers are compared where there is a shrunk rate only": (1, {"peer_z": 1.0}),
        "ranks lie within the stratum": (0, {"rank_high": 31}),
        "a rated account is among its peers": (1, {"peer_count": 1}),
    }


POISONS: Final[dict[str, dict[str, Poison]]] = {
    "staged/int_account_engagement_months": {
        "required columns are filled": (0, {"rate_sum": None}),
        _FIRST_OF_MONTH: (2, {"month": _MID_MONTH}),
        "what cannot be rated is of posts that there are": (0, {"no_counter_post_count": 5}),
        "sums of rated posts are not negative, and likes are engagements": (1, {"like_count": 21}),
        "what is rated has something to divide by": (1, {"denominator_count": 0}),
        "no more posts are rated at an age than there are": (1, {"post_count": 5}),
    },
    "derived/creator_engagement": _rules("like_count") | {"every account is in the exchange": (0, {"account_key": _NOBODY})},
    "marts/creator_engagement_months": _rules("numerator_like_count")
    | {"every creator is in creators": (0, {"creator_key": _NOBODY})},
    "marts/tier_sensitivity_months": {
        "required columns are filled": (0, {"micro_post_share": None}),
        _FIRST_OF_MONTH: (0, {"month": _MID_MONTH}),
        "a cut is shifted by a fifth, or not at all": (0, {"cut_shift_ratio": 0.1}),
        "a part is not negative and not larger than its whole": (2, {"micro_engagement_count": 1}),
        "shares are numerators over denominators": (0, {"micro_account_share": 0.3}),
        "the share of engagement is known where there is any": (0, {"micro_engagement_share": None}),
        "a higher cut has no fewer micro accounts": (0, {"micro_account_count": 3, "micro_account_share": 0.75}),
    },
}
OF_A_CREATOR: Final[dict[str, Poison]] = {
    "a size comes with its tiers and how near to a cut it is": (0, {"tier_industry": None}),
    "a shrunk rate lies in its interval": (0, {"engagement_rate_high": 0.12}),
    "an interval has both ends, and its shrunk rate": (0, {"engagement_rate_low": None}),
    "peers are compared where there is a shrunk rate only": (
        0,
        {"engagement_rate_shrunk": None, "engagement_rate_low": None, "engagement_rate_high": None},
    ),
}
"""Of ``creator_months``."""
_PARTS: Final = {"shares are numerators over denominators", "a part is not negative and not larger than its whole"}
_EXCHANGED: Final = {"every account is in the exchange"}
ALSO: Final[dict[tuple[str, str], set[str]]] = {
    ("derived/creator_engagement", "account_key"): _EXCHANGED,
    ("derived/creator_engagement", "basis"): _EXCHANGED,
    ("derived/creator_engagement", _FIRST_OF_MONTH): _EXCHANGED,
    ("marts/creator_engagement_months", "creator_key"): {"every creator is in creators"},
    ("marts/tier_sensitivity_months", "account_count"): _PARTS,
    ("marts/tier_sensitivity_months", "post_count"): _PARTS,
    ("marts/tier_sensitivity_months", "cut_followers_count"): {"a higher cut has no fewer micro accounts"},
    ("marts/tier_sensitivity_months", "a part is not negative and not larger than its whole"): {
        "shares are numerators over denominators"
    },
}
