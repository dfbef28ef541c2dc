"""Arrow schemas of mainstream adoption: matched items in, adoptions, reaction times, evidence and survival back to dbt. No logic."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

INSTANT: Final = pa.timestamp("us", tz="UTC")
_STAMP: Final = (pa.field("method_version", pa.string(), nullable=False), pa.field("params_hash", pa.string(), nullable=False))


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


# trend x item of an outlet that is about it, from 30 days before the birth to the end of the window
INT_MAINSTREAM_MATCHES: Final = pa.schema(
    [
        _required("trend_key", pa.string()),
        _required("item_key", pa.string()),
        _required("outlet_id", pa.string()),  # the domain of the item, else the outlet's or account's key
        _required("outlet_class", pa.string()),  # media, brand
        pa.field("published_low_at", INSTANT),  # NULL: only the time of collection is known
        pa.field("published_high_at", INSTANT),  # of a date the end of its day
        _required("seen_at", INSTANT),  # as the item states it, or when it was collected
        _required("ts_quality", pa.string()),
        _required("matched_by", pa.string()),  # the strongest of link, tag, title; post: of an outlet's account, without a tag
        _required("is_account_post", pa.bool_()),  # a post of an outlet's account on a social platform
        _required("syndication_key", pa.string()),  # items of one story within 72 hours
        _required("credited_post_count", pa.int64()),  # posts with the trend's tag that the item links to and that are older
        _required("late_credit_count", pa.int64()),  # such posts that are newer than the item: a wrong clock
        pa.field("credited_post_key", pa.string()),  # the oldest of those that are older
        pa.field("credited_account_key", pa.string()),
        pa.field("credited_at", INSTANT),
        _required("born_month", pa.date32()),
    ]
)
# trend x item x account whose post the item links to by an address that tells the author and not the post
INT_MAINSTREAM_CREDITS: Final = pa.schema(
    [
        _required("trend_key", pa.string()),
        _required("item_key", pa.string()),
        _required("account_key", pa.string()),
        _required("credited_at", INSTANT),  # the account's first use of the trend
    ]
)
# account of a person who is known to have several
INT_LINKED_ACCOUNTS: Final = pa.schema([_required("account_key", pa.string()), _required("creator_key", pa.string())])

# trend x target class: when outlets took a trend up, how far behind its birth, and how good the evidence is that it came from creators
MAINSTREAM_ADOPTIONS: Final = pa.schema(
    [
        _required("trend_key", pa.string()),
        _required("target_class", pa.string()),  # media, brand
        _required("period", pa.string()),  # month of birth, YYYY-MM
        _required("item_count", pa.int64()),
        _required("undated_item_count", pa.int64()),  # of these without a time of their own: they count, but date nothing
        _required("outlet_count", pa.int64()),
        _required("syndication_group_count", pa.int64()),
        _required("independent_outlet_count", pa.int64()),  # outlets with a dated story of their own that is no reprint
        _required("credited_item_count", pa.int64()),
        _required("late_credit_count", pa.int64()),
        pa.field("first_adopted_low_at", INSTANT),
        pa.field("first_adopted_high_at", INSTANT),
        pa.field("lag_days", pa.float64()),  # first item minus birth; negative: outlets were first
        pa.field("lag_low_days", pa.float64()),
        pa.field("lag_high_days", pa.float64()),  # 90% interval
        pa.field("baseline_lag_days", pa.float64()),  # median first reaction of the class to shocks
        pa.field("lag_excess_days", pa.float64()),
        # P(a micro creator is exposed before an outlet whose time is set back by a reaction time to a shock); null at most 0.5
        pa.field("excess_probability", pa.float64()),
        pa.field("excess_p_value", pa.float64()),  # one-sided
        pa.field("excess_q_value", pa.float64()),  # Benjamini-Hochberg within target_class
        # P of outlets' first stories so close together, each at any time of the window; NULL: under four, one before the birth, or a gate
        pa.field("clustering_p_value", pa.float64()),
        pa.field("precedence_q_value", pa.float64()),  # of trend_precedence, micro against all mainstream outlets
        pa.field("naive_lead_days", pa.float64()),  # first outlet minus first micro creator
        pa.field("is_naive_claim", pa.bool_()),  # that it is positive
        pa.field("niche_id", pa.string()),  # with most insiders among the micro creators before the first item
        pa.field("insider_adopter_count", pa.int64()),  # its persons, before the first item; NULL: no niches to be inside of
        pa.field("insider_platform_count", pa.int64()),
        pa.field("evidence_level", pa.int64()),  # 0-3; NULL: abstained
        pa.field("not_higher_reason", pa.string()),  # NULL at level 3, and where abstained
        pa.field("abstain_reason", pa.string()),
        *_STAMP,
    ]
)
# target class x period: how fast outlets react to what everybody hears of at once
OUTLET_REACTIONS: Final = pa.schema(
    [
        _required("target_class", pa.string()),
        _required("period", pa.string()),
        _required("shock_count", pa.int64()),  # with a dated item of the class, within six months of the period
        _required("reaction_count", pa.int64()),  # outlets' first own stories in them
        pa.field("first_reaction_median_days", pa.float64()),  # birth to the first outlet
        pa.field("reaction_median_days", pa.float64()),  # birth to any outlet
        pa.field("reaction_low_days", pa.float64()),
        pa.field("reaction_high_days", pa.float64()),  # 90% interval of the median, over shocks
        pa.field("abstain_reason", pa.string()),
        *_STAMP,
    ]
)
# piece of evidence
RIPPLE_EVIDENCE: Final = pa.schema(
    [
        _required("evidence_key", pa.string()),
        _required("trend_key", pa.string()),
        _required("target_class", pa.string()),
        _required(
            "evidence_kind", pa.string()
        ),  # first_item, precedence, excess_lag, insider_adopter, credited_post, credited_account
        _required("evidence_level", pa.int64()),  # that it supports
        pa.field("item_key", pa.string()),
        pa.field("account_key", pa.string()),
        pa.field("post_key", pa.string()),
        pa.field("observed_at", INSTANT),
        pa.field("value", pa.float64()),  # by kind: P(earlier), P(excess), days before the first item
        pa.field("p_value", pa.float64()),
        pa.field("q_value", pa.float64()),
        *_STAMP,
    ]
)
# origin class x target class x day since birth
ADOPTION_SURVIVAL: Final = pa.schema(
    [
        _required("origin_class", pa.string()),  # all; by first adopters micro, mixed, large, unknown; shock
        _required("target_class", pa.string()),  # media, brand, large_creators
        _required("day", pa.int64()),
        _required("trend_count", pa.int64()),  # at risk on day 0
        _required("cluster_count", pa.int64()),  # events (trend_events) that they are names of, each one time in the interval
        _required("excluded_count", pa.int64()),  # left-truncated
        _required("at_risk_count", pa.int64()),  # at the day's beginning
        _required("event_count", pa.int64()),
        _required("censored_count", pa.int64()),
        _required("survival", pa.float64()),  # Kaplan-Meier, other classes' events ignored
        _required("survival_low", pa.float64()),
        _required("survival_high", pa.float64()),  # 95% interval
        _required("cumulative_incidence", pa.float64()),  # Aalen-Johansen: this class was the first of the three
        pa.field("log_rank_p_value", pa.float64()),  # micro against large, over the whole curve; NULL: other classes, or too few
        *_STAMP,
    ]
)

# ---- state ----

# trend x target class, compact: what levels, reaction times and survival are computed from, whatever the baseline
STATE_MAINSTREAM_TRENDS: Final = pa.schema(
    [
        _required("trend_key", pa.string()),
        _required("target_class", pa.string()),
        _required("partition_key", pa.string()),
        _required("partition_hash", pa.string()),
        _required("period", pa.string()),
        _required("born_at", INSTANT),
        pa.field("gate", pa.string()),
        _required("window_days", pa.float64()),  # birth to the end of the window or of coverage
        _required("origin_class", pa.string()),
        _required("item_count", pa.int64()),
        _required("undated_item_count", pa.int64()),
        _required("outlet_count", pa.int64()),
        _required("syndication_group_count", pa.int64()),
        _required("late_credit_count", pa.int64()),
        pa.field("first_item_key", pa.string()),
        pa.field("first_low_days", pa.float64()),  # since birth
        pa.field("first_high_days", pa.float64()),
        pa.field("first_seen_days", pa.float64()),  # of all items, undated ones at the time at which they were seen
        pa.field("first_large_days", pa.float64()),  # first adoption by a creator over 100,000 followers
        pa.field("first_micro_days", pa.float64()),
        _required("birth_early_days", pa.float64()),  # by how much the birth may lie before the first adoption seen (95%)
        _required("micro_hours", pa.list_(pa.float64())),  # middle of last post without and first with it, since birth, ordered
        _required("outlet_hours", pa.list_(pa.float64())),  # independent outlets' first own stories, ordered
        pa.field("niche_id", pa.string()),  # with most insiders before the first item
        pa.field(
            "insider_keys", pa.list_(pa.string())
        ),  # its micro insiders before the first item, the earliest first; NULL: no niches
        pa.field("insider_platforms", pa.list_(pa.string())),
        pa.field("insider_days", pa.list_(pa.float64())),
        _required("credit_item_keys", pa.list_(pa.string())),
        _required("credit_post_keys", pa.list_(pa.string())),
        _required("credit_account_keys", pa.list_(pa.string())),
        _required("credit_days", pa.list_(pa.float64())),  # of the credited post, since birth
        _required("credit_item_days", pa.list_(pa.float64())),  # of the item, its later bound
    ]
)
# trend x target class: the test against the baseline, by the hash of both
STATE_MAINSTREAM_TESTS: Final = pa.schema(
    [
        _required("trend_key", pa.string()),
        _required("target_class", pa.string()),
        _required("input_hash", pa.string()),
        pa.field("excess_probability", pa.float64()),
        pa.field("excess_p_value", pa.float64()),
    ]
)

EXCHANGE: Final[dict[str, pa.Schema]] = {
    "int_mainstream_matches": INT_MAINSTREAM_MATCHES,
    "int_mainstream_credits": INT_MAINSTREAM_CREDITS,
    "int_linked_accounts": INT_LINKED_ACCOUNTS,
}
DERIVED: Final[dict[str, pa.Schema]] = {
    "mainstream_adoptions": MAINSTREAM_ADOPTIONS,
    "outlet_reactions": OUTLET_REACTIONS,
    "ripple_evidence": RIPPLE_EVIDENCE,
    "adoption_survival": ADOPTION_SURVIVAL,
}
STATE: Final[dict[str, pa.Schema]] = {
    "mainstream_trends": STATE_MAINSTREAM_TRENDS,
    "mainstream_tests": STATE_MAINSTREAM_TESTS,
}
