"""Arrow schemas of decentralisation and of culture over months: what is taken from dbt and given back. No logic."""

from __future__ import annotations

from typing import Final

import pyarrow as pa


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


def _numbers(*names: str) -> list[pa.Field]:
    return [pa.field(name, pa.float64()) for name in names]


def _with_ends(*names: str) -> list[pa.Field]:
    return _numbers(*(f"{name}{end}" for name in names for end in ("", "_low", "_high")))


_STAMP: Final = (_required("method_version", pa.string()), _required("params_hash", pa.string()))
_CELL: Final = (
    _required("platform", pa.string()),  # '*': all that posts are counted on
    _required("niche_id", pa.string()),  # '*': all, those without a niche too
    _required("resource", pa.string()),  # posts, engagement, views, reposts_received
    _required("panel", pa.string()),  # open, fixed
)

# account x month; what it published and what its posts of the month got
INT_ACCOUNT_ATTENTION_MONTHS: Final = pa.schema(
    [
        _required("month", pa.date32()),
        _required("platform", pa.string()),
        _required("account_key", pa.string()),
        pa.field("tier", pa.string()),  # as of the last own post of the month; NULL: size unknown, or nothing published
        _required("own_post_count", pa.int64()),
        _required("engagement_post_count", pa.int64()),  # own posts with a counter of likes
        pa.field("engagement_count", pa.int64()),  # NULL: no counters
        pa.field("engagement_square_sum", pa.float64()),  # over posts
        _required("view_post_count", pa.int64()),
        pa.field("view_count", pa.int64()),
        pa.field("view_square_sum", pa.float64()),
        _required("repost_received_count", pa.int64()),  # reposts and quotes by others in the month, of posts of any month
        _required("repost_received_square_sum", pa.float64()),
    ]
)
# platform x month
INT_COVERAGE_MONTHS: Final = pa.schema(
    [
        _required("platform", pa.string()),
        _required("month", pa.date32()),
        _required("day_count", pa.int64()),  # of the calendar month
        _required("covered_day_count", pa.int64()),
    ]
)
# month x platform x niche x resource x panel
DECENTRALISATION_MONTHS: Final = pa.schema(
    [
        _required("month", pa.date32()),
        *_CELL,
        pa.field("panel_month", pa.date32()),  # in which the accounts of a fixed panel were seen before; NULL in the open one
        _required("account_count", pa.int64()),  # with an event
        _required("event_count", pa.int64()),
        pa.field("effective_event_count", pa.float64()),  # equally large posts that tell as much; NULL without events
        _required("covered_day_ratio", pa.float64()),
        _required("rarefied_to_count", pa.int64()),
        *_with_ends("hill_1", "hill_2", "hhi_unbiased"),
        *_numbers(
            "entropy_normalised", "gini", "top_1_percent_share", "theil_total", "theil_within_tiers", "theil_between_tiers"
        ),
        _required("tiered_event_count", pa.int64()),  # of accounts whose tier is known
        _required("micro_event_count", pa.int64()),  # of these, of micro accounts
        *_with_ends("micro_share"),
        pa.field("abstain_reason", pa.string()),  # coverage, too_few_accounts, too_few_events
        *_STAMP,
    ]
)
# platform x niche x resource x panel
DECENTRALISATION_TRENDS: Final = pa.schema(
    [
        *_CELL,
        pa.field("first_month", pa.date32()),  # with a value
        pa.field("last_month", pa.date32()),
        _required("month_count", pa.int64()),  # with a value
        pa.field("panel_month", pa.date32()),
        pa.field("panel_account_count", pa.int64()),  # NULL in the open panel
        *_with_ends("hill_2_slope", "hill_1_slope", "micro_share_slope"),  # logarithm, logarithm, share; a month
        _required("direction", pa.string()),  # decentralising, concentrating, none, abstained
        pa.field("abstain_reason", pa.string()),  # open_panel, too_few_months, too_few_accounts
        *_STAMP,
    ]
)
# measure x period
CULTURE_TRENDS: Final = pa.schema(
    [
        _required("measure", pa.string()),  # effective_niche_count, distinctness_bits
        _required("period", pa.string()),  # last_12_months, all
        _required("first_month", pa.date32()),
        _required("last_month", pa.date32()),
        _required("month_count", pa.int64()),  # with a value of both measures
        *_with_ends("slope"),
        _required("direction", pa.string()),  # fragmenting, homogenising, none, abstained
        _required("culture_direction", pa.string()),  # of both measures together: also consolidating
        *_STAMP,
    ]
)
# month, or 'window': what the rows were computed from
STATE_DECENTRALISATION: Final = pa.schema([_required("scope", pa.string()), _required("input_hash", pa.string())])

EXCHANGE: Final[dict[str, pa.Schema]] = {
    "int_account_attention_months": INT_ACCOUNT_ATTENTION_MONTHS,
    "int_coverage_months": INT_COVERAGE_MONTHS,
}
DERIVED: Final[dict[str, pa.Schema]] = {
    "decentralisation_months": DECENTRALISATION_MONTHS,
    "decentralisation_trends": DECENTRALISATION_TRENDS,
    "culture_trends": CULTURE_TRENDS,
}
STATE: Final[dict[str, pa.Schema]] = {
    "decentralisation": STATE_DECENTRALISATION,
    "decentralisation_months": DECENTRALISATION_MONTHS,
    "decentralisation_trends": DECENTRALISATION_TRENDS,
}
