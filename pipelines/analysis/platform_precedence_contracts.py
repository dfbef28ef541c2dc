"""Arrow schemas of what platform against platform takes from dbt and gives back to it. No logic."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

INSTANT: Final = pa.timestamp("us", tz="UTC")
_STAMP: Final = (pa.field("method_version", pa.string(), nullable=False), pa.field("params_hash", pa.string(), nullable=False))


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


_PAIR: Final = (_required("platform_a", pa.string()), _required("platform_b", pa.string()))  # platform_a < platform_b
_COMMON_TIME: Final = (pa.field("common_begins_at", INSTANT), pa.field("common_ends_at", INSTANT))  # NULL: no common time
# One row per pair of platforms.
INT_PLATFORM_PAIRS: Final = pa.schema(
    [
        *_PAIR,
        *_COMMON_TIME,
        _required("is_daily", pa.bool_()),  # one of them gives dates only: times are cut to days on both
        _required("posting_rate_ratio", pa.float64()),  # own posts per account on a over those on b
    ]
)
# pair x tag; counts of distinct accounts inside the common time, before the cap on adopters
INT_PLATFORM_TAGS: Final = pa.schema(
    [
        *_PAIR,
        _required("tag", pa.string()),
        _required("adopter_count_a", pa.int64()),
        _required("adopter_count_b", pa.int64()),
        _required("tag_count", pa.int64()),  # tags of the pair with enough adopters, before the cap on tags
    ]
)
# pair x tag x adopter
INT_PLATFORM_USES: Final = pa.schema(
    [
        *_PAIR,
        _required("tag", pa.string()),
        _required("platform", pa.string()),
        _required("account_key", pa.string()),
        pa.field("collection_query", pa.string()),  # that found the first use; NULL: no query
        _required("adopted_at", INSTANT),  # first use inside the common time
        _required("is_compared", pa.bool_()),  # false: above the cap, listed since its later posts are no chance
    ]
)
# pair x collected post inside the common time, at most pool_cap a platform
INT_PLATFORM_STRATA: Final = pa.schema(
    [
        *_PAIR,
        _required("platform", pa.string()),
        _required("account_key", pa.string()),
        pa.field("collection_query", pa.string()),
        _required("published_at", INSTANT),
    ]
)
# tag x pair of platforms
PLATFORM_PRECEDENCE: Final = pa.schema(
    [
        _required("tag", pa.string()),
        *_PAIR,
        _required("adopter_count_a", pa.int64()),
        _required("adopter_count_b", pa.int64()),
        *_COMMON_TIME,
        pa.field("precedence_probability", pa.float64()),  # P(adopter of a earlier than one of b), ties half
        pa.field("null_probability", pa.float64()),  # mean of the same when platforms are dealt as they were collected
        pa.field("null_low", pa.float64()),
        pa.field("null_high", pa.float64()),  # 90% of the deals
        pa.field("p_value", pa.float64()),  # two-sided about the null's mean
        pa.field("q_value", pa.float64()),  # Benjamini-Hochberg within the pair
        _required("claim", pa.string()),  # platform_a_first, platform_b_first, withheld, none, abstained
        pa.field("naive_lead_hours", pa.float64()),  # median of b minus median of a: positive when a looks earlier
        pa.field("naive_lead_null_p", pa.float64()),  # label shuffle (Mann-Whitney): wrong where collections differ
        pa.field("naive_false_claim_ratio", pa.float64()),  # share of the null's deals that the label shuffle takes for a lead
        pa.field("abstain_reason", pa.string()),
        *_STAMP,
    ]
)
# pair of platforms: mean over its compared tags
PLATFORM_PRECEDENCE_FINDINGS: Final = pa.schema(
    [
        *_PAIR,
        *_COMMON_TIME,
        _required("tag_count", pa.int64()),
        _required("abstained_count", pa.int64()),
        _required("capped_count", pa.int64()),  # tags with enough adopters that the cap left out
        _required("claimed_tag_count", pa.int64()),
        pa.field("precedence_probability", pa.float64()),
        pa.field("precedence_low", pa.float64()),
        pa.field("precedence_high", pa.float64()),  # 90% interval
        pa.field("null_probability", pa.float64()),
        pa.field("null_low", pa.float64()),
        pa.field("null_high", pa.float64()),
        pa.field("p_value", pa.float64()),
        _required("claim", pa.string()),
        pa.field("naive_claimed_tag_count", pa.int64()),
        pa.field("naive_false_claim_ratio", pa.float64()),
        pa.field("abstain_reason", pa.string()),
        *_STAMP,
    ]
)

# pair of platforms
STATE_PLATFORM_PAIRS: Final = pa.schema([*_PAIR, _required("input_hash", pa.string())])

EXCHANGE: Final[dict[str, pa.Schema]] = {
    "int_platform_pairs": INT_PLATFORM_PAIRS,
    "int_platform_strata": INT_PLATFORM_STRATA,
    "int_platform_tags": INT_PLATFORM_TAGS,
    "int_platform_uses": INT_PLATFORM_USES,
}
DERIVED: Final[dict[str, pa.Schema]] = {
    "platform_precedence": PLATFORM_PRECEDENCE,
    "platform_precedence_findings": PLATFORM_PRECEDENCE_FINDINGS,
}
STATE: Final[dict[str, pa.Schema]] = {"platform_pairs": STATE_PLATFORM_PAIRS, **DERIVED}
