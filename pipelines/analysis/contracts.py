"""Arrow schemas of what the analysis takes from dbt (exchange) and gives back to it (derived): of niches and trends, and all together. No logic."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from pipelines.analysis import (
    burst_contracts,
    cascade_contracts,
    decentralisation_contracts,
    engagement_contracts,
    ethics_contracts,
    hazard_contracts,
    insider_contracts,
    mainstream_contracts,
    origin_contracts,
    platform_contracts,
    platform_precedence_contracts,
    relational_contracts,
    unit_contracts,
)

INSTANT: Final = pa.timestamp("us", tz="UTC")
_STAMP: Final = (pa.field("method_version", pa.string(), nullable=False), pa.field("params_hash", pa.string(), nullable=False))


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


# ---- exchange: intermediate dbt models, written as Parquet to exchange/<name>.parquet ----

# account x tag x month
INT_ACCOUNT_TAG_MONTHS: Final = pa.schema(
    [
        _required("month", pa.date32()),
        _required("platform", pa.string()),
        _required("account_key", pa.string()),
        _required("tag", pa.string()),  # hashtag, or 'community:', 'domain:' or 'sound:' and what a post is in, links to or plays
        _required("post_count", pa.int64()),
    ]
)
# source account x target account x month (both known and different)
INT_INTERACTION_MONTHS: Final = pa.schema(
    [
        _required("month", pa.date32()),
        _required("platform", pa.string()),
        _required("source_account_key", pa.string()),
        _required("target_account_key", pa.string()),
        _required("interaction_count", pa.int64()),
    ]
)
# One row per candidate trend (a unit with enough adopters).
INT_TREND_CANDIDATES: Final = pa.schema(
    [
        _required("trend_key", pa.string()),
        _required("unit_type", pa.string()),  # hashtag, phrase, link, domain, sound or brand
        _required("label", pa.string()),
        _required("born_at", INSTANT),  # first adoption of its onset
        _required("window_ends_at", INSTANT),  # onset day + window, or the end of coverage
        _required("adopter_count", pa.int64()),
        _required("is_left_censored", pa.bool_()),
        _required("is_in_use_before", pa.bool_()),  # many had used it before its onset: no origin to find
        _required("largest_day_share", pa.float64()),  # share of adoptions on the busiest day: the shock gate
    ]
)
# One row per trend x adopter; actors are accounts and, as actor_class 'media', outlets.
INT_TREND_ADOPTIONS: Final = pa.schema(
    [
        _required("trend_key", pa.string()),
        _required("account_key", pa.string()),
        _required("platform", pa.string()),
        _required("actor_class", pa.string()),  # creator, media, brand, bot, unknown
        pa.field("tier", pa.string()),  # as of adoption; NULL where followers are unknown
        pa.field("is_tier_imputed", pa.bool_()),
        pa.field("tier_at_birth", pa.string()),  # as of the trend's birth: what groups are made by
        pa.field("niche_id", pa.string()),  # always NULL here; joined in the marts
        _required("adopted_at", INSTANT),  # R: first post with the trend
        pa.field("previous_post_at", INSTANT),  # L: last post before R without it; NULL: none seen
        _required("prior_post_count", pa.int64()),  # posts in the rate window before the trend's birth
        _required("prior_exposure_days", pa.float64()),  # days of that window since the account was first seen
        _required("ts_quality", pa.string()),
    ]
)
# Posting times of adopters from a week before the trend's birth to its window's end: trend x account x post.
INT_TREND_TIMELINES: Final = pa.schema(
    [
        _required("trend_key", pa.string()),
        _required("account_key", pa.string()),
        _required("published_at", INSTANT),
        _required("has_trend", pa.bool_()),
    ]
)

# ---- derived: written by the analysis to derived/<name>.parquet ----

# account x month; every account that was active enough to be looked at has a row
NICHE_ASSIGNMENTS: Final = pa.schema(
    [
        _required("month", pa.date32()),
        _required("platform", pa.string()),
        _required("account_key", pa.string()),
        pa.field("niche_id", pa.string()),  # NULL: not stable under resampling (see unassigned_reason)
        pa.field("membership_strength", pa.float64()),  # share of what the account uses that the niche explains
        pa.field("bootstrap_jaccard", pa.float64()),
        pa.field("unassigned_reason", pa.string()),
        *_STAMP,
    ]
)
# account x niche x month: all the niches that explain what an account uses, not the first one only.
NICHE_MEMBERSHIPS: Final = pa.schema(
    [
        _required("month", pa.date32()),
        _required("platform", pa.string()),
        _required("account_key", pa.string()),
        _required("niche_id", pa.string()),
        _required("membership_strength", pa.float64()),  # share of what the account uses that the niche explains
        _required("is_primary", pa.bool_()),  # the niche of niche_assignments
        *_STAMP,
    ]
)
# niche x month
NICHE_PROFILES: Final = pa.schema(
    [
        _required("niche_id", pa.string()),
        _required("month", pa.date32()),
        _required("name", pa.string()),
        pa.field("scene", pa.string()),  # well-known scene of the seed that the vocabulary fits; NULL: none
        _required("top_tags", pa.list_(pa.string())),
        _required("member_count", pa.int64()),
        _required("bootstrap_jaccard", pa.float64()),
        pa.field(
            "predecessor_jaccard", pa.float64()
        ),  # with the niche's last state, on accounts active in both windows; NULL: new
        _required("match_threshold", pa.float64()),  # what that had to exceed in this window
        pa.field(
            "distinctness_bits", pa.float64()
        ),  # Jensen-Shannon divergence of its units from all other niches', corrected for size
        pa.field(
            "distinctness_null_bits", pa.float64()
        ),  # raw divergence of two halves of one side: what sample size alone makes
        *_STAMP,
    ]
)
# niche x month x term
NICHE_TERMS: Final = pa.schema(
    [
        _required("niche_id", pa.string()),
        _required("month", pa.date32()),
        _required("term", pa.string()),
        _required("term_kind", pa.string()),  # tag, community, domain, sound, text
        _required("term_rank", pa.int64()),  # 1: the most distinctive
        _required("niche_user_count", pa.int64()),
        _required("other_user_count", pa.int64()),  # accounts of the same platforms outside the niche
        _required("c_tf_idf", pa.float64()),
        _required("log_odds", pa.float64()),
        _required("z_score", pa.float64()),
        _required("q_value", pa.float64()),
        *_STAMP,
    ]
)
# event of a niche's life x month
NICHE_EVENTS: Final = pa.schema(
    [
        _required("niche_id", pa.string()),
        _required("month", pa.date32()),
        _required("event", pa.string()),  # birth, growth, contraction, merge, split, death, resurgence
        pa.field("other_niche_id", pa.string()),  # what it merged into, or split from
        pa.field("jaccard", pa.float64()),
        pa.field("containment", pa.float64()),
        _required("member_count", pa.int64()),
        pa.field("previous_member_count", pa.int64()),
        pa.field("panel_member_count", pa.int64()),  # of accounts that were active in both windows
        pa.field("previous_panel_member_count", pa.int64()),
        pa.field("threshold", pa.float64()),  # what the number that decides was compared with
        *_STAMP,
    ]
)
# niche x neighbour x month
NICHE_NEIGHBOURS: Final = pa.schema(
    [
        _required("niche_id", pa.string()),
        _required("month", pa.date32()),
        _required("other_niche_id", pa.string()),
        _required("neighbour_rank", pa.int64()),
        _required("vocabulary_similarity", pa.float64()),  # cosine of class-based TF-IDF
        pa.field("overlap_ratio", pa.float64()),  # shared members over those of the smaller niche (Szymkiewicz-Simpson)
        *_STAMP,
    ]
)
# month
CULTURE_WINDOWS: Final = pa.schema(
    [
        _required("month", pa.date32()),
        _required("account_count", pa.int64()),
        _required("member_count", pa.int64()),
        _required("niche_count", pa.int64()),
        pa.field("rarefied_member_count", pa.int64()),  # members that the effective number is told at, the same in every month
        pa.field("effective_niche_count", pa.float64()),  # Hill number of order 1
        pa.field("effective_niche_low_count", pa.float64()),
        pa.field("effective_niche_high_count", pa.float64()),
        pa.field("distinctness_bits", pa.float64()),  # mean over pairs of niches
        _required("distinctness_pair_count", pa.int64()),  # in that mean
        pa.field("overlap_ratio", pa.float64()),  # mean over pairs of niches
        pa.field("assortativity", pa.float64()),
        pa.field("assortativity_z_score", pa.float64()),  # against degree-preserving rewiring
        pa.field("external_internal_index", pa.float64()),  # (edges out of niches - inside) / all, -1 to 1
        *_STAMP,
    ]
)
# trend x lead class x target class: is the lead class earlier than the target class?
TREND_PRECEDENCE: Final = pa.schema(
    [
        _required("trend_key", pa.string()),
        _required("lead_class", pa.string()),  # micro; or a platform: the first of two by name
        _required("target_class", pa.string()),  # large_creators (macro and mega), mid_creators, media; or the other platform
        _required("lead_adopter_count", pa.int64()),
        _required("target_adopter_count", pa.int64()),
        pa.field("precedence_probability", pa.float64()),  # P(lead earlier | decidable, equal posting rate), null 0.5
        pa.field("precedence_low", pa.float64()),
        pa.field("precedence_high", pa.float64()),  # 90% interval
        pa.field("decidable_ratio", pa.float64()),
        pa.field("p_value", pa.float64()),
        pa.field("q_value", pa.float64()),  # Benjamini-Hochberg within unit type, lead_class and target_class
        pa.field("shift_hours", pa.float64()),  # timeline model: hours by which lead is earlier
        pa.field("shift_low_hours", pa.float64()),
        pa.field("shift_high_hours", pa.float64()),
        # First target minus first lead, of adopters with exact times: shown only beside its null. Not NULL where the
        # estimators abstain for want of adopters, intervals or overlapping rates.
        pa.field("naive_lead_hours", pa.float64()),
        pa.field("naive_lead_null_hours", pa.float64()),  # its median when group labels are shuffled within the trend
        pa.field("naive_lead_null_p", pa.float64()),  # two-sided, among the shuffles
        pa.field("abstain_reason", pa.string()),
        pa.field("event_key", pa.string()),  # the smallest key among the trends of its event; NULL where a gate holds it
        *_STAMP,
    ]
)
# unit type x period x lead class x target class: the pooled claim: the shift's, where the kernel is not sure of the other side; of platforms both as sure.
PRECEDENCE_FINDINGS: Final = pa.schema(
    [
        _required("unit_type", pa.string()),  # trends of one type of unit are pooled, with reference rates of their own
        _required("period", pa.string()),  # 'all' or the month of birth, YYYY-MM
        _required("lead_class", pa.string()),
        _required("target_class", pa.string()),
        _required("trend_count", pa.int64()),
        _required("event_count", pa.int64()),  # that these trends are of: of each one trend is counted
        _required("abstained_count", pa.int64()),
        pa.field("precedence_probability", pa.float64()),
        pa.field("precedence_low", pa.float64()),
        pa.field("precedence_high", pa.float64()),
        pa.field("kernel_p_value", pa.float64()),
        pa.field("shift_hours", pa.float64()),
        pa.field("shift_low_hours", pa.float64()),
        pa.field("shift_high_hours", pa.float64()),
        pa.field("timeline_p_value", pa.float64()),
        pa.field("shift_spread_hours", pa.float64()),  # standard deviation of the shift between trends; 0: they share one
        pa.field("lead_use_chance", pa.float64()),  # that a post after exposure uses the trend
        pa.field("target_use_chance", pa.float64()),
        pa.field("use_chance_p_value", pa.float64()),  # two-sided, of both being equal
        _required(
            "claim", pa.string()
        ),  # lead_first, target_first, none, withheld (media, whose reaction time is not known), abstained
        *_STAMP,
    ]
)
# unit type x tier x period: origin odds ratio at equal posting rate, one tier against all others
ORIGIN_ODDS: Final = pa.schema(
    [
        _required("unit_type", pa.string()),
        _required("period", pa.string()),
        _required("tier", pa.string()),
        _required("trend_count", pa.int64()),
        _required("event_count", pa.int64()),  # that these trends are of: of each one trend is counted
        _required("origin_set_count", pa.int64()),  # picks of this tier among the first five of each trend
        pa.field("odds_ratio", pa.float64()),
        pa.field("odds_ratio_low", pa.float64()),
        pa.field("odds_ratio_high", pa.float64()),
        pa.field("p_value", pa.float64()),
        pa.field("q_value", pa.float64()),
        pa.field("naive_first_count", pa.int64()),
        pa.field("naive_expected_count", pa.float64()),
        pa.field("naive_excess_ratio", pa.float64()),
        pa.field("naive_excess_low", pa.float64()),
        pa.field("naive_excess_high", pa.float64()),  # 90% interval
        pa.field("abstain_reason", pa.string()),
        *_STAMP,
    ]
)

# ---- state: what one night's analysis keeps for the next, written to derived/state/<name>.parquet; no one else reads it ----
# Every input_hash covers the rows, the method's versions and the parameters that a row was computed from.

_NUMBERS: Final = pa.list_(pa.float64())

# trend
STATE_TRENDS: Final = pa.schema(
    [
        _required("partition_key", pa.string()),
        _required("partition_hash", pa.string()),
        _required("trend_key", pa.string()),
        _required("unit_type", pa.string()),
        _required("period", pa.string()),
        _required("input_hash", pa.string()),
        pa.field("gate", pa.string()),  # why the trend cannot be compared at all
        _required("adopter_sample", pa.list_(pa.uint64())),  # by which trends of one event are found (trend_events)
    ]
)
# trend that can be compared: the event that it is of among those of its type of unit (trend_events)
STATE_TREND_EVENTS: Final = pa.schema([_required("trend_key", pa.string()), _required("event_key", pa.string())])
# trend x group of adopters (class or platform); one row without a name for each trend, adopters or not
STATE_TREND_GROUPS: Final = pa.schema(
    [
        _required("trend_key", pa.string()),
        _required("group", pa.string()),
        _required("input_hash", pa.string()),
        _required("timeline_count", pa.int64()),  # adopters whose posting times are known around an exact adoption
    ]
)
# trend x lead class x target class, of the few trends from which p is found
STATE_TREND_ADOPTIONS: Final = pa.schema(
    [
        _required("trend_key", pa.string()),
        _required("lead_class", pa.string()),
        _required("target_class", pa.string()),
        _required("input_hash", pa.string()),
        _required("adoption_profile", _NUMBERS),  # log likelihood over the grid of p and p and shift
    ]
)
# unit type x period x group
STATE_TREND_PRIORS: Final = pa.schema(
    [
        _required("unit_type", pa.string()),
        _required("period", pa.string()),
        _required("group", pa.string()),
        _required("input_hash", pa.string()),
        _required("shape", pa.float64()),
        _required("rate", pa.float64()),
    ]
)
# trend x lead class x target class
STATE_TREND_COMPARISONS: Final = pa.schema(
    [
        *(field for field in TREND_PRECEDENCE if field.name not in {"q_value", "event_key", "method_version", "params_hash"}),
        _required("unit_type", pa.string()),
        _required("period", pa.string()),
        _required("input_hash", pa.string()),
        pa.field("theta", pa.float64()),
        pa.field("account_thetas", pa.list_(pa.float32())),  # theta in each resample of accounts
        pa.field("shift_profile", _NUMBERS),  # log likelihood over the grid of shifts
        pa.field("shift_slopes", _NUMBERS),  # its change with the logit of the lead's p, then of the target's
    ]
)
# unit type x period x lead class x target class: p of both, and the trends it was found from
STATE_TREND_CHANCES: Final = pa.schema(
    [
        _required("unit_type", pa.string()),
        _required("period", pa.string()),
        _required("lead_class", pa.string()),
        _required("target_class", pa.string()),
        _required("input_hash", pa.string()),  # of these trends' profiles
        _required("trend_keys", pa.list_(pa.string())),
        _required("adoption_lead", pa.float64()),
        _required("adoption_target", pa.float64()),
    ]
)
# trend: who could have been among its first adopters
STATE_TREND_CHOICES: Final = pa.schema(
    [
        _required("trend_key", pa.string()),
        _required("unit_type", pa.string()),
        _required("period", pa.string()),
        _required("input_hash", pa.string()),
        _required("account", pa.list_(pa.uint64())),
        _required("adopted", _NUMBERS),
        _required("log_rate", _NUMBERS),
        _required("opportunity", _NUMBERS),  # what its own posts gave each adopter, with one chance of use for all
        _required("opportunity_by_tier", _NUMBERS),  # the same with the chance of its tier
        _required("tier", pa.list_(pa.int8())),
        _required("stands_for", _NUMBERS),  # adopters that a sampled one stands for
        _required("tier_counts", pa.list_(pa.int64())),  # all adopters, by tier
    ]
)
STATE_FINDINGS: Final = pa.schema(
    [*(field for field in PRECEDENCE_FINDINGS if field not in _STAMP), _required("input_hash", pa.string())]
)
STATE_ORIGIN_ODDS: Final = pa.schema(
    [*(field for field in ORIGIN_ODDS if field not in _STAMP), _required("input_hash", pa.string())]
)
# month
# Words of well-known scenes (the seed niche_lexicon): they name niches and find none.
NICHE_LEXICON: Final = pa.schema(
    [_required("scene", pa.string()), _required("term", pa.string()), _required("weight", pa.float64())]
)
STATE_NICHE_MONTHS: Final = pa.schema(
    [
        _required("month", pa.date32()),
        _required("partition_hash", pa.string()),  # of the partition as it was handed in
        _required("content_hash", pa.string()),  # of its rows, whatever their order
        _required("input_hash", pa.string()),  # of that, and of the outcome of the month before
        _required("outcome_hash", pa.string()),  # of the niches and their members, from which the next month inherits ids
    ]
)

EXCHANGE: Final[dict[str, pa.Schema]] = {
    **decentralisation_contracts.EXCHANGE,
    "int_account_tag_months": INT_ACCOUNT_TAG_MONTHS,
    "int_interaction_months": INT_INTERACTION_MONTHS,
    **platform_precedence_contracts.EXCHANGE,
    "int_trend_candidates": INT_TREND_CANDIDATES,
    "int_trend_adoptions": INT_TREND_ADOPTIONS,
    "int_trend_timelines": INT_TREND_TIMELINES,
    **platform_contracts.EXCHANGE,
    **relational_contracts.EXCHANGE,
    **ethics_contracts.EXCHANGE,
    **engagement_contracts.EXCHANGE,
    **unit_contracts.EXCHANGE,
    **mainstream_contracts.EXCHANGE,
    **cascade_contracts.EXCHANGE,
    **burst_contracts.EXCHANGE,
    **origin_contracts.EXCHANGE,
}
DERIVED: Final[dict[str, pa.Schema]] = {
    **decentralisation_contracts.DERIVED,
    "niche_assignments": NICHE_ASSIGNMENTS,
    "niche_memberships": NICHE_MEMBERSHIPS,
    "niche_profiles": NICHE_PROFILES,
    "niche_terms": NICHE_TERMS,
    "niche_events": NICHE_EVENTS,
    "niche_neighbours": NICHE_NEIGHBOURS,
    "culture_windows": CULTURE_WINDOWS,
    "trend_precedence": TREND_PRECEDENCE,
    "precedence_findings": PRECEDENCE_FINDINGS,
    "origin_odds": ORIGIN_ODDS,
    **platform_precedence_contracts.DERIVED,
    **platform_contracts.DERIVED,
    **relational_contracts.DERIVED,
    **insider_contracts.DERIVED,
    **ethics_contracts.DERIVED,
    **engagement_contracts.DERIVED,
    **mainstream_contracts.DERIVED,
    **hazard_contracts.DERIVED,
    **cascade_contracts.DERIVED,
    **burst_contracts.DERIVED,
    **origin_contracts.DERIVED,
}
STATE: Final[dict[str, pa.Schema]] = {
    **decentralisation_contracts.STATE,
    "trends": STATE_TRENDS,
    "trend_events": STATE_TREND_EVENTS,
    "trend_groups": STATE_TREND_GROUPS,
    "trend_adoptions": STATE_TREND_ADOPTIONS,
    "trend_chances": STATE_TREND_CHANCES,
    "trend_priors": STATE_TREND_PRIORS,
    "trend_comparisons": STATE_TREND_COMPARISONS,
    "trend_choices": STATE_TREND_CHOICES,
    "findings": STATE_FINDINGS,
    "origin_odds": STATE_ORIGIN_ODDS,
    "niche_months": STATE_NICHE_MONTHS,
    "niche_assignments": NICHE_ASSIGNMENTS,
    "niche_memberships": NICHE_MEMBERSHIPS,
    "niche_profiles": NICHE_PROFILES,
    "niche_terms": NICHE_TERMS,
    "niche_events": NICHE_EVENTS,
    "niche_neighbours": NICHE_NEIGHBOURS,
    "culture_windows": CULTURE_WINDOWS,
    **insider_contracts.DERIVED,
    **platform_precedence_contracts.STATE,
    **platform_contracts.STATE,
    **relational_contracts.STATE,
    **ethics_contracts.STATE,
    **engagement_contracts.STATE,
    **mainstream_contracts.STATE,
    **hazard_contracts.STATE,
    **cascade_contracts.STATE,
    **burst_contracts.STATE,
    **origin_contracts.STATE,
}
STATE.update({f"{origin_contracts.NICHE_PAIR}{name}": STATE[name] for name in origin_contracts.TREND_STATE})
STATE["ripple_pools"] = pa.schema(
    [*STATE_FINDINGS, _required("source", pa.string())]
)  # pools of all populations, trends or niches
