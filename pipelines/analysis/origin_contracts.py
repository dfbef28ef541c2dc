"""Arrow schemas of origin sets, origin odds by group and pooled claims: what dbt hands over for them, what is given back, what is kept. No logic."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

NICHE_PAIR: Final = "niche_pair_"
"""Before the names of the trends' own state where niches are compared."""
TREND_STATE: Final = (
    "trends",
    "trend_events",
    "trend_groups",
    "trend_adoptions",
    "trend_chances",
    "trend_priors",
    "trend_comparisons",
    "trend_choices",
    "findings",
    "origin_odds",
)
_INSTANT: Final = pa.timestamp("us", tz="UTC")
_NUMBERS: Final = pa.list_(pa.float64())
_STAMP: Final = (pa.field("method_version", pa.string(), nullable=False), pa.field("params_hash", pa.string(), nullable=False))


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


def _unstamped(schema: pa.Schema) -> list[pa.Field]:
    return [field for field in schema if field not in _STAMP]


# trend: whether its first adopters were paid for, and of how many automation is suspected
INT_TREND_FLAGS: Final = pa.schema(
    [
        _required("trend_key", pa.string()),
        _required("is_astroturf", pa.bool_()),  # false too where no adopter's post has a text that could be judged
        _required("first_adopter_count", pa.int64()),  # at most a hundred; no outlets
        _required("suspected_first_count", pa.int64()),  # of them, those of whom automation is suspected
    ]
)
# trend x account of its origin set
TREND_ORIGINS: Final = pa.schema(
    [
        _required("trend_key", pa.string()),
        _required("account_key", pa.string()),
        _required("rank", pa.int64()),  # 1 + adopters that are surely earlier: ties share a rank
        _required("adopted_at", _INSTANT),
        _required("ts_quality", pa.string()),
        _required("platform", pa.string()),
        _required("actor_class", pa.string()),
        pa.field("tier_at_birth", pa.string()),  # NULL: followers are not known
        pa.field("niche_id", pa.string()),  # of the month before the adoption; NULL: in none, or not looked at
        pa.field("is_insider", pa.bool_()),  # of that niche in that month; NULL: not told
        pa.field("seen_ratio", pa.float64()),  # of what the platform published around the birth, as far as coverage tells
        pa.field("credibility", pa.float64()),  # chance that this account is the first one that showed it
        pa.field("credibility_null_reason", pa.string()),  # left_censored, in_use_before, no_coverage, low_coverage
        *_STAMP,
    ]
)
# trend
TREND_ORIGIN_VERDICTS: Final = pa.schema(
    [
        _required("trend_key", pa.string()),
        _required("origin_set_count", pa.int64()),
        _required("tied_first_count", pa.int64()),  # accounts of rank 1
        _required("timed_adopter_count", pa.int64()),  # adopters whose time is known to the day or better; no outlets
        pa.field("seen_ratio", pa.float64()),  # over the platforms of its adopters; NULL: nothing tells
        pa.field("origin_confidence", pa.float64()),  # chance that the first account is in the set; NULL where it abstains
        pa.field("origin_tier", pa.string()),
        pa.field("origin_tier_credibility", pa.float64()),  # share of the set's credibility
        pa.field("origin_niche_id", pa.string()),
        pa.field("origin_niche_credibility", pa.float64()),
        pa.field("origin_platform", pa.string()),
        pa.field("origin_platform_credibility", pa.float64()),
        pa.field("known_tier_count", pa.int64()),
        pa.field("micro_share", pa.float64()),  # of the set's accounts with a known tier; NULL: none has
        pa.field("known_insider_count", pa.int64()),
        pa.field("insider_share", pa.float64()),  # of those of whom it is told; NULL: of none
        pa.field(
            "abstain_reason", pa.string()
        ),  # left_censored, in_use_before, shock, too_few_adopters, no_coverage, low_coverage, tie
        *_STAMP,
    ]
)
# unit type x group kind x group x period: odds of being among the first, one group against all others
ORIGIN_BY_GROUP: Final = pa.schema(
    [
        _required("unit_type", pa.string()),
        _required("group_kind", pa.string()),  # niche, platform, insider
        _required("group_name", pa.string()),  # a niche, a platform; insider
        _required("period", pa.string()),  # 'all' or the month of birth, YYYY-MM
        _required("trend_count", pa.int64()),  # comparable trends in which the group has adopters
        _required("event_count", pa.int64()),  # that these are of: of each one trend is counted
        _required("adopter_count", pa.int64()),  # of the group, in them
        _required("origin_pick_count", pa.float64()),  # picks of the group among the first five; ties share
        pa.field("odds_ratio", pa.float64()),
        pa.field("odds_ratio_low", pa.float64()),
        pa.field("odds_ratio_high", pa.float64()),  # 90% interval
        pa.field("p_value", pa.float64()),
        pa.field("q_value", pa.float64()),  # Benjamini-Hochberg over the groups of a unit type, kind and period
        pa.field("naive_first_count", pa.float64()),
        pa.field("naive_expected_count", pa.float64()),
        pa.field("naive_excess_ratio", pa.float64()),
        pa.field("naive_excess_low", pa.float64()),
        pa.field("naive_excess_high", pa.float64()),  # 90% interval
        pa.field("naive_p_value", pa.float64()),
        _required("claim", pa.string()),  # early, late, none, abstained
        pa.field("abstain_reason", pa.string()),  # too_few_trends, no_contrast
        *_STAMP,
    ]
)
# unit type x population x period x comparison kind x lead x target: the pooled claim
RIPPLE_FINDINGS: Final = pa.schema(
    [
        _required("unit_type", pa.string()),
        _required("population", pa.string()),  # all, without_astroturf, without_automation, without_coordination
        _required("period", pa.string()),
        _required("comparison_kind", pa.string()),  # tier, platform, niche
        _required("lead_group", pa.string()),
        _required("target_group", pa.string()),
        _required("trend_count", pa.int64()),
        _required("event_count", pa.int64()),  # that these are of: of each one trend is counted
        _required("abstained_count", pa.int64()),
        _required("left_out_count", pa.int64()),  # trends that the population leaves out
        pa.field("precedence_probability", pa.float64()),
        pa.field("precedence_low", pa.float64()),
        pa.field("precedence_high", pa.float64()),  # 90%: the wider of trends and accounts resampled
        pa.field("kernel_p_value", pa.float64()),
        pa.field("shift_hours", pa.float64()),
        pa.field("shift_low_hours", pa.float64()),
        pa.field("shift_high_hours", pa.float64()),
        pa.field("timeline_p_value", pa.float64()),
        pa.field("shift_spread_hours", pa.float64()),  # standard deviation of the shift between trends; 0: they share one
        pa.field("lead_use_chance", pa.float64()),  # that a post after exposure uses the trend
        pa.field("target_use_chance", pa.float64()),
        pa.field("use_chance_p_value", pa.float64()),  # two-sided, of both being equal
        pa.field("p_value", pa.float64()),  # of the shift, larger where chances of use differ; of pairs the kernel's if larger
        pa.field("q_value", pa.float64()),  # Benjamini-Hochberg over the rows of a unit type, kind, population and period
        pa.field("naive_lead_hours", pa.float64()),  # median over the trends with both sides
        pa.field("naive_lead_null_hours", pa.float64()),  # median of their medians under shuffled labels
        pa.field("naive_p_value", pa.float64()),  # sign test of the naive leads: what a dashboard would claim by
        _required("claim", pa.string()),  # lead_first, target_first, none, withheld, abstained
        pa.field("abstain_reason", pa.string()),  # too_few_trends, too_few_timelines
        *_STAMP,
    ]
)

_HASHED: Final = _required("input_hash", pa.string())
# trend: who could have been among its first adopters, with what groups are made by
STATE_ORIGIN_CHOICES: Final = pa.schema(
    [
        _required("trend_key", pa.string()),
        _required("unit_type", pa.string()),
        _required("period", pa.string()),
        _HASHED,
        _required("account", pa.list_(pa.uint64())),
        _required("adopted", _NUMBERS),
        _required("prior_posts", _NUMBERS),
        _required("prior_days", _NUMBERS),
        _required("opportunity", _NUMBERS),
        _required("stands_for", _NUMBERS),
        _required("platform", pa.list_(pa.string())),
        _required("niche", pa.list_(pa.string())),  # empty: none
        _required("insider", pa.list_(pa.string())),  # insider, other; empty: not told
        _required("is_collected", pa.list_(pa.bool_())),  # its platform was, all the time from before the birth to the set's end
    ]
)

EXCHANGE: Final[dict[str, pa.Schema]] = {"int_trend_flags": INT_TREND_FLAGS}
DERIVED: Final[dict[str, pa.Schema]] = {
    "trend_origins": TREND_ORIGINS,
    "trend_origin_verdicts": TREND_ORIGIN_VERDICTS,
    "origin_by_group": ORIGIN_BY_GROUP,
    "ripple_findings": RIPPLE_FINDINGS,
}
STATE: Final[dict[str, pa.Schema]] = {
    "origin_rows": pa.schema([*_unstamped(TREND_ORIGINS), _HASHED]),
    "origin_verdicts": pa.schema([*_unstamped(TREND_ORIGIN_VERDICTS), _HASHED]),
    "origin_choices": STATE_ORIGIN_CHOICES,
    "origin_groups": pa.schema([*_unstamped(ORIGIN_BY_GROUP), _HASHED]),
}
