"""Arrow schemas of engagement: what its analysis takes from dbt, gives back to it and keeps between nights. No logic."""

from __future__ import annotations

from typing import Final

import pyarrow as pa


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


# account x month x basis x age band; band 'any' holds what is told of all own posts, the other bands only sums over rated posts
INT_ACCOUNT_ENGAGEMENT_MONTHS: Final = pa.schema(
    [
        _required("month", pa.date32()),
        _required("platform", pa.string()),
        _required("account_key", pa.string()),
        _required("basis", pa.string()),  # what a rate is per: followers as of the post, or views
        _required("age_band", pa.string()),  # any, day_1, day_3, day_7, settled: the age of the counters
        pa.field("tier", pa.string()),  # as of the last own post; of band 'any' only; NULL where followers are unknown
        pa.field("followers_count", pa.int64()),  # mean as of the own posts; of band 'any' only
        _required("post_count", pa.int64()),  # own posts ('any'), posts with counters of that age (other bands)
        _required("no_counter_post_count", pa.int64()),
        _required("no_denominator_post_count", pa.int64()),  # with a counter and nothing to divide it by
        _required("like_count", pa.int64()),
        _required("engagement_count", pa.int64()),  # likes, comments, reposts, shares and saves
        _required("denominator_count", pa.int64()),
        _required("denominator_square_sum", pa.float64()),
        _required("rate_sum", pa.float64()),  # of the posts' own rates
        _required("rate_square_sum", pa.float64()),
        _required("counting_variance_sum", pa.float64()),  # engagements over squared denominators: variance by chance alone
    ]
)
_STAMP: Final = (_required("method_version", pa.string()), _required("params_hash", pa.string()))

# account x month x basis
CREATOR_ENGAGEMENT: Final = pa.schema(
    [
        _required("month", pa.date32()),
        _required("platform", pa.string()),
        _required("account_key", pa.string()),
        _required("basis", pa.string()),
        pa.field("age_band", pa.string()),  # of all accounts of the platform, month and basis; NULL: no post of them is rated
        pa.field("tier", pa.string()),
        pa.field("followers_count", pa.int64()),
        _required("like_count", pa.int64()),  # in the numerator
        _required("engagement_count", pa.int64()),  # numerator
        _required("denominator_count", pa.int64()),
        _required("rated_post_count", pa.int64()),
        _required("unrated_post_count", pa.int64()),
        _required("no_counter_post_count", pa.int64()),
        _required("no_denominator_post_count", pa.int64()),
        _required("age_unmatched_post_count", pa.int64()),  # these three add up to the unrated posts
        pa.field("engagement_rate", pa.float64()),  # ratio of sums
        pa.field("engagement_rate_shrunk", pa.float64()),  # posterior mean
        pa.field("engagement_rate_low", pa.float64()),
        pa.field("engagement_rate_high", pa.float64()),  # 90% interval
        pa.field("peer_z", pa.float64()),  # against accounts of the same size
        pa.field(
            "rate_percentile", pa.float64()
        ),  # expected share of the platform's other accounts, of all tiers, with a lower rate
        pa.field("rank_low", pa.int64()),  # 1: the most engaging
        pa.field("rank_high", pa.int64()),  # 90% interval
        _required("peer_count", pa.int64()),  # accounts with a rate in the stratum, this one among them
        pa.field("stratum", pa.string()),  # tier, or platform where the tier has too few accounts
        pa.field("null_reason", pa.string()),  # why there is no shrunk rate
        *_STAMP,
    ]
)

# month
STATE_ENGAGEMENT_MONTHS: Final = pa.schema(
    [
        _required("month", pa.date32()),
        _required("partition_hash", pa.string()),
        _required("content_hash", pa.string()),
    ]
)

EXCHANGE: Final[dict[str, pa.Schema]] = {"int_account_engagement_months": INT_ACCOUNT_ENGAGEMENT_MONTHS}
DERIVED: Final[dict[str, pa.Schema]] = {"creator_engagement": CREATOR_ENGAGEMENT}
STATE: Final[dict[str, pa.Schema]] = {
    "engagement_months": STATE_ENGAGEMENT_MONTHS,
    "creator_engagement": CREATOR_ENGAGEMENT,
}
