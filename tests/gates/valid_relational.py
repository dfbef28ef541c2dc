"""Valid rows of relational influence: an account that is measured whole, and one that little is captured of. For the gates' tests."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

Rows = list[dict[str, Any]]
_AUGUST: Final = date(2026, 8, 1)
_ONE, _OTHER = (f"{number:032x}" for number in (1, 2))
_MONTH: Final[dict[str, Any]] = {"month": _AUGUST, "platform": "bluesky", "tier": "mid"}
_COUNTS: Final[dict[str, Any]] = {"inbound_count": 12, "eligible_inbound_count": 10, "answered_count": 4}
_COUNTS.update({"partner_count": 8, "mutual_partner_count": 4, "repeat_partner_count": 2, "previous_partner_count": 5})
_COUNTS.update({"thread_count": 5, "deep_thread_count": 2, "reported_comment_count": 20, "captured_comment_count": 15})
_FEW: Final[dict[str, Any]] = {"inbound_count": 1, "eligible_inbound_count": 1, "answered_count": 0}
_FEW.update({"partner_count": 1, "mutual_partner_count": 0, "repeat_partner_count": 0, "previous_partner_count": 0})
_FEW.update({"thread_count": 1, "deep_thread_count": 0, "reported_comment_count": 20, "captured_comment_count": 1})
EXCHANGED: Final[dict[str, Rows]] = {
    "int_relation_months": [
        _MONTH
        | _COUNTS
        | {"account_key": _ONE, "eligible_square_sum": 34, "answered_square_sum": 8, "product_sum": 15}
        | {"thread_depth_sum": 9, "thread_depth_p90": 2.6, "addressed_count": 9, "found_addressed_count": 8},
        _MONTH
        | _FEW
        | {"account_key": _OTHER, "eligible_square_sum": 1, "answered_square_sum": 0, "product_sum": 0}
        | {"thread_depth_sum": 1, "thread_depth_p90": 1.0, "addressed_count": 0, "found_addressed_count": 0},
    ],
    "int_response_months": [
        {"month": _AUGUST, "platform": "bluesky", "account_key": _ONE, "latency_bin": latency_bin}
        | {"answered_count": answered, "censored_count": censored}
        for latency_bin, answered, censored in ((20, 3, 0), (25, 3, 1), (62, 0, 5))
    ],
}
_SHARES: Final[dict[str, Any]] = {
    f"{name}{end}": value
    for name, values in (
        ("reply_back_rate", (0.4, 0.42, 0.2, 0.65)),
        ("reciprocity_ratio", (0.5, 0.48, 0.25, 0.7)),
        ("repeat_partner_share", (0.25, 0.26, 0.1, 0.5)),
        ("deep_thread_share", (0.4, 0.38, 0.15, 0.65)),
    )
    for end, value in zip(("", "_shrunk", "_low", "_high"), values, strict=True)
}
_STAMP: Final = {"method_version": "v1", "params_hash": "h"}
DERIVATIONS: Final[dict[str, Rows]] = {
    "creator_relations": [
        _MONTH
        | _STAMP
        | _COUNTS
        | _SHARES
        | {"account_key": _ONE, "effective_inbound_count": 8.5, "reply_back_rate_expected": 0.32, "reply_back_rate_residual": 0.1}
        | {"comment_capture_ratio": 0.75, "answer_capture_ratio": 0.95, "thread_depth_mean": 1.8, "thread_depth_p90": 2.6}
        | {"followed_count": 12, "followed_answer_count": 6, "response_median_hours": 1.2, "response_median_low_hours": 0.5}
        | {"response_median_high_hours": 9.0, "response_quartile_hours": 0.5, "answer_median_hours": 0.6}
        | {"reply_back_z_score": 1.0, "reciprocity_z_score": 0.5, "deep_thread_z_score": 0.0, "part_count": 3}
        | {"broadcast_relational_index": 0.5},
        _MONTH
        | _STAMP
        | _FEW
        | {"account_key": _OTHER, "comment_capture_ratio": 0.05, "followed_count": 1, "followed_answer_count": 0, "part_count": 0}
        | {"null_reason": "comments_not_captured", "index_null_reason": "comments_not_captured"}
        | {"response_median_null_reason": "not_captured", "response_quartile_null_reason": "not_captured"},
    ]
}
MARTED: Final[dict[str, Rows]] = {
    "creator_relation_months": [row | {"creator_key": row["account_key"]} for row in DERIVATIONS["creator_relations"]]
}
CREATOR_MONTH: Final[dict[str, Any]] = {
    name: DERIVATIONS["creator_relations"][0][name]
    for name in (
        *("eligible_inbound_count", "answered_count", "reply_back_rate", "reply_back_rate_shrunk", "reply_back_rate_low"),
        *("reply_back_rate_high", "reciprocity_ratio", "broadcast_relational_index"),
    )
}
"""What the first account's person says of it in ``creator_months``."""
