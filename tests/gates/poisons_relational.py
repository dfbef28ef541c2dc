"""What spoils each rule of relational influence that is written in SQL. See ``poisons.py``."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

_NOBODY: Final = f"{999:032x}"
_STAMPED: Final[dict[str, tuple[int, dict[str, Any]]]] = {
    "months are first days of months": (0, {"month": date(2026, 8, 2)}),
    "counts are not negative": (1, {"repeat_partner_count": -1}),
    "parts are no more than their wholes": (0, {"inbound_count": 9}),
    "captured comments are among those reported, or neither is known": (0, {"reported_comment_count": 14}),
}
_DERIVED: Final[dict[str, tuple[int, dict[str, Any]]]] = _STAMPED | {
    "required columns are filled": (0, {"params_hash": None}),
    "shares lie between 0 and 1": (0, {"answer_capture_ratio": 1.5}),
    "intervals are ordered: low, shrunk, high": (0, {"reciprocity_ratio_low": 0.49}),
    "a share comes with its shrunk value and its interval": (0, {"deep_thread_share_high": None}),
    "a share is its numerator over its denominator": (0, {"repeat_partner_share": 0.3}),
    "a rate is NULL exactly with its reason": (1, {"null_reason": "no_eligible_inbound", "comment_capture_ratio": None}),
    "nothing is told where too little is captured": (0, {"comment_capture_ratio": 0.4}),
    "effective replies are no more than those counted": (0, {"effective_inbound_count": 10.5}),
    "a residual is what is above the expected rate": (0, {"reply_back_rate_residual": 0.2}),
    "hours are above 0 and in order": (0, {"response_median_high_hours": 1.0}),
    "a response time is NULL exactly with its reason": (0, {"response_quartile_null_reason": "too_few_inbound"}),
    "followed answers are among the followed replies, and these among the inbound": (0, {"followed_count": 13}),
    "an index is the mean of its parts, two of them at least": (0, {"reply_back_z_score": 1.5}),
    "an index is NULL exactly with its reason": (0, {"index_null_reason": "too_few_parts"}),
    "a depth is one at least and stands with the share of threads": (0, {"thread_depth_p90": None}),
}
POISONS: Final[dict[str, dict[str, tuple[int, dict[str, Any]]]]] = {
    "staged/int_relation_months": _STAMPED
    | {
        "required columns are filled": (0, {"addressed_count": None}),
        "somebody engages, or has spoken": (
            1,
            {"inbound_count": 0, "eligible_inbound_count": 0, "partner_count": 0, "thread_count": 0, "thread_depth_sum": 0}
            | {"thread_depth_p90": None, "eligible_square_sum": 0},
        ),
        "sums over posts are those of answered among eligible replies": (0, {"product_sum": 7}),
        "a thread has a depth of one at least": (0, {"thread_depth_p90": None}),
        "posts found are among those replied to": (0, {"found_addressed_count": 10}),
    },
    "staged/int_response_months": {
        "required columns are filled": (0, {"censored_count": None}),
        "months are first days of months": (0, {"month": date(2026, 8, 2)}),
        "bins reach from a minute to 28 days": (2, {"latency_bin": 63}),
        "a bin holds a reply": (2, {"censored_count": 0}),
        "who is answered or not has relations in the month": (0, {"account_key": _NOBODY}),
    },
    "derived/creator_relations": _DERIVED | {"every account has relations in the exchange": (0, {"account_key": _NOBODY})},
    "marts/creator_relation_months": _DERIVED
    | {
        "every account is of the analysis, unchanged": (0, {"account_key": _NOBODY}),
        "every creator is in creators": (0, {"creator_key": _NOBODY}),
    },
}
CREATOR_MONTHS: Final[dict[str, tuple[int, dict[str, Any]]]] = {
    "the reply-back rate is its numerator over its denominator, and its interval is in order": (0, {"reply_back_rate": 0.3}),
    "a reply-back rate stands with its numerator, its denominator and its interval only": (0, {"reply_back_rate_low": None}),
    "an index is of an account of the creator": (1, {"broadcast_relational_index": 0.5}),
}
_UNKNOWN: Final = {"derived/creator_relations": "every account has relations in the exchange"}
_UNKNOWN["marts/creator_relation_months"] = "every account is of the analysis, unchanged"
_UNKNOWN["staged/int_response_months"] = "who is answered or not has relations in the month"
ALSO: Final[dict[tuple[str, str], set[str]]] = {
    **{(table, rule): {also} for table, also in _UNKNOWN.items() for rule in ("account_key", "months are first days of months")},
    **{
        (table, rule): {also}
        for table in ("derived/creator_relations", "marts/creator_relation_months")
        for rule, also in (
            ("null_reason", "nothing is told where too little is captured"),
            (
                "parts are no more than their wholes",
                "followed answers are among the followed replies, and these among the inbound",
            ),
        )
    },
    ("marts/creator_relation_months", "creator_key"): {"every creator is in creators"},
    ("marts/creator_months", "months are first days of months"): {"an index is of an account of the creator"},
    ("marts/creator_months", "every creator is in creators"): {"an index is of an account of the creator"},
}
"""Rules that a spoilt row breaks as well; see ``poisons.ALSO``."""
