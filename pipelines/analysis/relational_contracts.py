"""Arrow schemas of relational influence: what dbt hands over, what is derived from it, what is kept for the next night. No logic."""

from __future__ import annotations

from typing import Final

import pyarrow as pa


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


def _counts(*names: str) -> tuple[pa.Field, ...]:
    return tuple(_required(name, pa.int64()) for name in names)


def _numbers(*names: str) -> tuple[pa.Field, ...]:
    return tuple(pa.field(name, pa.float64()) for name in names)


_ACCOUNT_MONTH: Final = (
    _required("month", pa.date32()),
    _required("platform", pa.string()),
    _required("account_key", pa.string()),
)
_STAMP: Final = (_required("method_version", pa.string()), _required("params_hash", pa.string()))

# account x month, of accounts that publish in the month and that somebody engages to
INT_RELATION_MONTHS: Final = pa.schema(
    [
        *_ACCOUNT_MONTH,
        pa.field("tier", pa.string()),  # as of the last own post of the month
        *_counts("inbound_count", "eligible_inbound_count", "answered_count"),
        # Over the account's posts, of eligible replies n and answered ones a below each: sums of n^2, a^2 and n a.
        *_counts("eligible_square_sum", "answered_square_sum", "product_sum"),
        *_counts("partner_count", "mutual_partner_count", "repeat_partner_count", "previous_partner_count"),
        *_counts("thread_count", "deep_thread_count", "thread_depth_sum"),
        *_numbers("thread_depth_p90"),
        pa.field("reported_comment_count", pa.int64()),  # NULL: no post of the month has the counter
        pa.field("captured_comment_count", pa.int64()),
        *_counts(
            "addressed_count", "found_addressed_count"
        ),  # replies of which it shows whether the post that they answer was found; of these, those where it was
    ]
)
# account x month x bin of the hours to the answer, or without one
INT_RESPONSE_MONTHS: Final = pa.schema([*_ACCOUNT_MONTH, *_counts("latency_bin", "answered_count", "censored_count")])

# account x month
CREATOR_RELATIONS: Final = pa.schema(
    [
        *_ACCOUNT_MONTH,
        pa.field("tier", pa.string()),
        *_counts("inbound_count", "eligible_inbound_count", "answered_count"),
        *_numbers("reply_back_rate", "reply_back_rate_shrunk", "reply_back_rate_low", "reply_back_rate_high"),
        *_numbers("effective_inbound_count", "reply_back_rate_expected", "reply_back_rate_residual"),
        pa.field("reported_comment_count", pa.int64()),
        pa.field("captured_comment_count", pa.int64()),
        *_numbers("comment_capture_ratio", "answer_capture_ratio"),
        *_counts("partner_count", "mutual_partner_count"),
        *_numbers("reciprocity_ratio", "reciprocity_ratio_shrunk", "reciprocity_ratio_low", "reciprocity_ratio_high"),
        *_counts("previous_partner_count", "repeat_partner_count"),
        *_numbers("repeat_partner_share", "repeat_partner_share_shrunk", "repeat_partner_share_low", "repeat_partner_share_high"),
        *_counts("thread_count", "deep_thread_count"),
        *_numbers("deep_thread_share", "deep_thread_share_shrunk", "deep_thread_share_low", "deep_thread_share_high"),
        *_numbers("thread_depth_mean", "thread_depth_p90"),
        *_counts("followed_count", "followed_answer_count"),
        *_numbers("response_median_hours", "response_median_low_hours", "response_median_high_hours", "response_quartile_hours"),
        *_numbers("answer_median_hours"),
        *_numbers("reply_back_z_score", "reciprocity_z_score", "repeat_partner_z_score", "deep_thread_z_score"),
        *_counts("part_count"),
        *_numbers("broadcast_relational_index"),
        pa.field("null_reason", pa.string()),
        pa.field("response_median_null_reason", pa.string()),
        pa.field("response_quartile_null_reason", pa.string()),
        pa.field("index_null_reason", pa.string()),
        *_STAMP,
    ]
)

# month
STATE_RELATION_MONTHS: Final = pa.schema(
    [
        _required("month", pa.date32()),
        _required("partition_hash", pa.string()),  # of the partition as it was handed in, the method and its parameters
    ]
)

EXCHANGE: Final[dict[str, pa.Schema]] = {"int_relation_months": INT_RELATION_MONTHS, "int_response_months": INT_RESPONSE_MONTHS}
DERIVED: Final[dict[str, pa.Schema]] = {"creator_relations": CREATOR_RELATIONS}
STATE: Final[dict[str, pa.Schema]] = {"relation_months": STATE_RELATION_MONTHS, "creator_relations": CREATOR_RELATIONS}
