"""Arrow schemas of the exchange, derived and state tables of disclosure and of parasocial indicators. No logic."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

_STAMP: Final = (pa.field("method_version", pa.string(), nullable=False), pa.field("params_hash", pa.string(), nullable=False))


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


_ACCOUNT_MONTH: Final = (
    _required("month", pa.date32()),
    _required("platform", pa.string()),
    _required("account_key", pa.string()),
    _required("tier", pa.string()),  # as of the posts; 'unknown' where followers are
)
# month x account x tier x rule set: own posts of creators with a text
INT_DISCLOSURE_MONTHS: Final = pa.schema(
    [
        *_ACCOUNT_MONTH,
        _required("ruleset", pa.string()),
        _required("post_count", pa.int64()),
        _required("label_count", pa.int64()),  # level platform_label
        _required("clear_text_count", pa.int64()),
        _required("ambiguous_count", pa.int64()),
        _required("flagged_count", pa.int64()),  # level none, and commercial by the classifier
        _required("commercial_count", pa.int64()),  # commercial by the classifier, whatever is disclosed
        _required("placed_count", pa.int64()),  # a disclosure stands in the text
        _required("before_fold_count", pa.int64()),  # of those, before the fold
        # Engagement and followers of rated posts: disclosed, commercial without clear disclosure, neither.
        _required("disclosed_engagement_count", pa.int64()),
        _required("disclosed_follower_count", pa.int64()),
        _required("undisclosed_engagement_count", pa.int64()),
        _required("undisclosed_follower_count", pa.int64()),
        _required("organic_engagement_count", pa.int64()),
        _required("organic_follower_count", pa.int64()),
    ]
)
INDICATORS: Final = ("second_person", "inclusive", "self_disclosure", "invitation", "intimacy")
# month x account x tier: own posts of creators in languages with a lexicon
INT_PARASOCIAL_MONTHS: Final = pa.schema(
    [
        *_ACCOUNT_MONTH,
        _required("post_count", pa.int64()),
        _required("token_count", pa.int64()),
        *(_required(f"{name}_count", pa.int64()) for name in INDICATORS),
    ]
)

# month x platform x tier x niche x rule set, '*' for all
DISCLOSURE_MONTHS: Final = pa.schema(
    [
        _required("month", pa.date32()),
        _required("platform", pa.string()),
        _required("tier", pa.string()),
        _required("niche_id", pa.string()),  # 'none': the accounts that no niche holds
        _required("ruleset", pa.string()),
        _required("is_suppressed", pa.bool_()),
        pa.field("account_count", pa.int64()),
        pa.field("post_count", pa.int64()),
        pa.field("label_count", pa.int64()),
        pa.field("clear_count", pa.int64()),  # the label's among them
        pa.field("ambiguous_count", pa.int64()),
        pa.field("flagged_count", pa.int64()),
        pa.field("undisclosed_estimate_count", pa.float64()),
        pa.field("commercial_estimate_count", pa.float64()),
        pa.field("clear_rate", pa.float64()),
        pa.field("clear_low", pa.float64()),
        pa.field("clear_high", pa.float64()),  # 90% interval
        pa.field("clear_rate_shrunk", pa.float64()),
        pa.field("ambiguous_rate", pa.float64()),
        pa.field("undisclosed_rate", pa.float64()),
        pa.field("undisclosed_low", pa.float64()),
        pa.field("undisclosed_high", pa.float64()),  # 90% interval
        pa.field("naive_undisclosed_rate", pa.float64()),  # without the correction
        pa.field("before_fold_share", pa.float64()),
        pa.field("label_share", pa.float64()),
        pa.field("paid_pair_count", pa.int64()),
        pa.field("paid_engagement_ratio", pa.float64()),
        pa.field("paid_engagement_low", pa.float64()),
        pa.field("paid_engagement_high", pa.float64()),
        pa.field("disclosed_pair_count", pa.int64()),
        pa.field("engagement_cost_of_disclosure", pa.float64()),
        pa.field("engagement_cost_low", pa.float64()),
        pa.field("engagement_cost_high", pa.float64()),
        pa.field(
            "null_reason", pa.string()
        ),  # why the rates are NULL: suppressed, no_commercial_posts, no_accuracy, weak_classifier
        *_STAMP,
    ]
)
# month x platform x tier, '*' for all
PARASOCIAL_MONTHS: Final = pa.schema(
    [
        _required("month", pa.date32()),
        _required("platform", pa.string()),
        _required("tier", pa.string()),
        _required("is_suppressed", pa.bool_()),
        pa.field("account_count", pa.int64()),
        pa.field("post_count", pa.int64()),
        pa.field("token_count", pa.int64()),
        *(
            pa.field(f"{name}_{column}", kind)
            for name in INDICATORS
            for column, kind in (("count", pa.int64()), ("rate", pa.float64()), ("low", pa.float64()), ("high", pa.float64()))
        ),
        *_STAMP,
    ]
)
# month: hashes of what its rows were computed from
STATE_ETHICS_MONTHS: Final = pa.schema([_required("month", pa.date32()), _required("input_hash", pa.string())])

EXCHANGE: Final[dict[str, pa.Schema]] = {
    "int_disclosure_months": INT_DISCLOSURE_MONTHS,
    "int_parasocial_months": INT_PARASOCIAL_MONTHS,
}
DERIVED: Final[dict[str, pa.Schema]] = {"disclosure_months": DISCLOSURE_MONTHS, "parasocial_months": PARASOCIAL_MONTHS}
STATE: Final[dict[str, pa.Schema]] = {"ethics_months": STATE_ETHICS_MONTHS, **DERIVED}
