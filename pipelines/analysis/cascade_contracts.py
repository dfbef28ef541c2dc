"""Arrow schemas of what the analysis of cascades and flows takes from dbt and gives back to it. No logic."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

GROUPS: Final = ("micro", "mid", "large", "brand", "media")
"""Who passes trends on, as of the adoption: creators under 10,000 followers, under 100,000, and above; brands; media. Others are in no group."""


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


_INSTANT: Final = pa.timestamp("us", tz="UTC")
_STAMP: Final = (_required("method_version", pa.string()), _required("params_hash", pa.string()))

# Trend x adopter x other adopter x evidence.
INT_TREND_CONTACTS: Final = pa.schema(
    [
        _required("trend_key", pa.string()),
        _required("account_key", pa.string()),
        _required("contact_account_key", pa.string()),
        # follow; interaction: in the thirty days before the adoption; else what ties the adoption itself to the other's use:
        # credit, quote, repost, duet, stitch, reply, like
        _required("evidence", pa.string()),
        _required("contact_count", pa.int64()),
        pa.field("traced_at", _INSTANT),  # the use that an explicit trace leads to; NULL for a follow and an interaction
        _required("born_month", pa.date32()),
    ]
)
# Trend x adopter.
INT_TREND_ADOPTER_CONTACTS: Final = pa.schema(
    [
        _required("trend_key", pa.string()),
        _required("account_key", pa.string()),
        _required("followed_account_count", pa.int64()),  # known to be followed before the adoption, adopters or not
        _required("interacted_account_count", pa.int64()),  # in the thirty days before it
        _required("born_month", pa.date32()),
    ]
)
# Trend x adopter x parent.
TREND_PARENTS: Final = pa.schema(
    [
        _required("trend_key", pa.string()),
        _required("account_key", pa.string()),
        _required("parent_account_key", pa.string()),
        _required("evidence", pa.string()),
        _required("is_explicit", pa.bool_()),
        _required("lag_hours", pa.float64()),  # from the parent's last use before the adoption, or the one that a trace leads to
        _required("weight", pa.float64()),  # share of the adoption's credit; sums to 1 over an adopter's parents
        _required("is_strongest", pa.bool_()),  # the one of the forest
        _required("born_month", pa.date32()),
        *_STAMP,
    ]
)
# Trend.
TREND_CASCADES: Final = pa.schema(
    [
        _required("trend_key", pa.string()),
        _required("born_month", pa.date32()),
        _required("adopter_count", pa.int64()),
        _required("contact_adopter_count", pa.int64()),  # of whom a contact is known, so that a parent could be found
        _required("coverage_ratio", pa.float64()),  # of the two
        pa.field("null_reason", pa.string()),  # left_censored, no_contacts, coverage: nothing below is given
        pa.field("parented_adopter_count", pa.int64()),
        pa.field("explicit_adopter_count", pa.int64()),  # whose strongest parent an explicit trace names
        pa.field("tree_count", pa.int64()),  # of two adopters or more
        pa.field("lone_adopter_count", pa.int64()),  # with neither parent nor child
        pa.field("largest_size_count", pa.int64()),  # adopters in the largest tree
        pa.field("largest_depth", pa.int64()),  # steps from its root to its farthest adopter
        pa.field("largest_breadth_count", pa.int64()),  # most adopters at one depth
        pa.field("structural_virality", pa.float64()),  # mean distance of two adopters of it; NULL below ten
        pa.field("largest_broadcast_share", pa.float64()),  # most children of one adopter of it, over its adopters but the root
        *(
            field
            for group in GROUPS
            for field in (
                pa.field(f"{group}_adopter_count", pa.int64()),
                pa.field(f"reproduction_{group}", pa.float64()),  # credited adoptions per adopter of the group
                pa.field(f"reproduction_{group}_low", pa.float64()),
                pa.field(f"reproduction_{group}_high", pa.float64()),  # 90% interval
            )
        ),
        *_STAMP,
    ]
)
# From-group x to-group x kind of group x method x month of birth.
RIPPLE_FLOWS: Final = pa.schema(
    [
        _required("month", pa.date32()),  # in which the trends were born
        _required("group_kind", pa.string()),  # tier, niche, platform
        _required("from_group", pa.string()),
        _required("to_group", pa.string()),  # credits: media, brand, whatever the kind
        _required("method", pa.string()),  # edges, hawkes, credits
        _required("trend_count", pa.int64()),  # in which both groups have adopters (hawkes: events)
        _required("from_adopter_count", pa.int64()),
        _required("to_adopter_count", pa.int64()),
        _required("from_post_count", pa.int64()),  # uses of these trends by the source group
        _required(
            "tie_count", pa.int64()
        ),  # known ties of to-adopters to from-adopters; hawkes: 0, it knows none; credits: links
        pa.field(
            "null_reason", pa.string()
        ),  # no_ties, too_few_ties, too_few_trends, too_few_events, no_credits, too_few_credits: why nothing is tested, or told at all
        pa.field("credited_count", pa.float64()),  # adoptions (hawkes: uses) credited to the source group
        pa.field("credited_low_count", pa.float64()),
        pa.field("credited_high_count", pa.float64()),  # 90%; NULL where a single trend has all posts of the source
        pa.field("credited_per_adopter", pa.float64()),  # of the source group
        pa.field("credited_per_post", pa.float64()),  # of the source group: efficiency
        pa.field("credited_per_post_low", pa.float64()),
        pa.field("credited_per_post_high", pa.float64()),
        pa.field("null_credited_count", pa.float64()),  # by ties alone (mean over shuffles); by earlier uses (credits)
        pa.field("excess_ratio", pa.float64()),  # the statistic over its mean under the null
        pa.field("p_value", pa.float64()),  # one-sided, more than under the null
        pa.field("q_value", pa.float64()),  # Benjamini-Hochberg within month, kind and method
        pa.field("influence_count", pa.float64()),  # hawkes: expected uses that one use sets off (alpha)
        pa.field("influence_low_count", pa.float64()),
        pa.field("influence_high_count", pa.float64()),
        _required("claim", pa.string()),  # beyond_null, none, abstained
        *_STAMP,
    ]
)
# Month of birth.
STATE_CASCADE_MONTHS: Final = pa.schema([_required("month", pa.date32()), _required("input_hash", pa.string())])

EXCHANGE: Final[dict[str, pa.Schema]] = {
    "int_trend_adopter_contacts": INT_TREND_ADOPTER_CONTACTS,
    "int_trend_contacts": INT_TREND_CONTACTS,
}
DERIVED: Final[dict[str, pa.Schema]] = {
    "trend_parents": TREND_PARENTS,
    "trend_cascades": TREND_CASCADES,
    "ripple_flows": RIPPLE_FLOWS,
}
STATE: Final[dict[str, pa.Schema]] = {"cascade_months": STATE_CASCADE_MONTHS, **DERIVED}
