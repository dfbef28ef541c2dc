"""Arrow schemas of bursts, shapes and coordination of trends: what dbt gives, what the analysis gives back and keeps. No logic."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

INSTANT: Final = pa.timestamp("us", tz="UTC")
_STAMP: Final = (pa.field("method_version", pa.string(), nullable=False), pa.field("params_hash", pa.string(), nullable=False))


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


# month that is judged x tag x platform x day of the months around it
INT_BURST_DAYS: Final = pa.schema(
    [
        _required("month", pa.date32()),
        _required("tag", pa.string()),
        _required("user_count", pa.int64()),  # distinct accounts over the months around; at least ten
        _required("platform", pa.string()),
        _required("event_day", pa.date32()),
        _required("author_count", pa.int64()),  # distinct accounts of the day
    ]
)
# platform x day
INT_AUTHOR_DAYS: Final = pa.schema(
    [
        _required("platform", pa.string()),
        _required("event_day", pa.date32()),
        _required("author_count", pa.int64()),  # distinct accounts with a post of their own
    ]
)
# tag x month: every unit that was looked at
BURST_UNITS: Final = pa.schema(
    [
        _required("month", pa.date32()),
        _required("tag", pa.string()),
        _required("user_count", pa.int64()),
        _required("day_count", pa.int64()),  # days around the month on which something was collected
        pa.field("base_level", pa.float64()),  # authors a day at mean activity
        pa.field("dispersion", pa.float64()),  # 1 / k of negative binomial counts; 0 is Poisson
        pa.field("daily_drift", pa.float64()),  # standard deviation of a day's step of the log level
        pa.field("scan_gain", pa.float64()),  # log likelihood ratio of the strongest window, nats
        pa.field("p_value", pa.float64()),
        pa.field("q_value", pa.float64()),  # Benjamini-Hochberg over the month's units
        pa.field("is_bursting", pa.bool_()),
        pa.field("naive_is_bursting", pa.bool_()),  # Kleinberg's two states
        pa.field("naive_kleinberg_weight", pa.float64()),  # nats
        pa.field("abstain_reason", pa.string()),
        *_STAMP,
    ]
)
# tag x beginning of a burst
TREND_BURSTS: Final = pa.schema(
    [
        _required("tag", pa.string()),
        _required("began_on", pa.date32()),
        _required("ended_on", pa.date32()),
        _required("peak_on", pa.date32()),
        _required("month", pa.date32()),  # of the peak
        _required("user_count", pa.int64()),
        _required("peak_author_count", pa.int64()),
        _required("author_day_count", pa.int64()),  # authors a day, summed over the burst's days
        _required("expected_author_day_count", pa.float64()),
        _required("excess_author_day_count", pa.float64()),
        _required("ratio_to_base", pa.float64()),
        _required("base_level", pa.float64()),
        _required("dispersion", pa.float64()),
        _required("p_value", pa.float64()),
        _required("q_value", pa.float64()),  # of the unit in this month
        _required("is_ongoing", pa.bool_()),  # on the last day that was collected
        _required("naive_is_burst", pa.bool_()),
        _required("naive_kleinberg_weight", pa.float64()),
        *_STAMP,
    ]
)
# candidate trend
TREND_SHAPES: Final = pa.schema(
    [
        _required("trend_key", pa.string()),
        _required("born_month", pa.date32()),
        _required("label", pa.string()),
        _required("adopter_count", pa.int64()),  # accounts with a time, without brands and media
        pa.field("peak_on", pa.date32()),  # day with most adoptions
        pa.field("peak_day_share", pa.float64()),
        pa.field("first_day_share", pa.float64()),  # within 24 hours of the first
        pa.field("growth_asymmetry", pa.float64()),  # (after - before) / (after + before) the peak day
        pa.field("half_adoption_days", pa.float64()),
        pa.field("second_days_ratio", pa.float64()),  # adopters a day of the second and third 24 hours over those of the first
        pa.field("early_outlet_count", pa.int64()),  # outlets before a tenth of the accounts
        pa.field("early_large_share", pa.float64()),  # macro and mega among the first tenth
        pa.field("large_share", pa.float64()),  # among all
        pa.field("platform_onset_spread_days", pa.float64()),
        pa.field("first_day_niche_count", pa.int64()),
        pa.field("early_niche_ratio", pa.float64()),  # chance that two early adopters share a niche over that of two later ones
        _required("exogeneity_class", pa.string()),  # endogenous, exogenous, mixed, unknown
        _required("exogeneity_reason", pa.string()),
        pa.field("naive_is_exogenous", pa.bool_()),  # Crane and Sornette's peak fraction alone
        pa.field("simultaneous_count", pa.int64()),  # first uses in the densest hour
        pa.field("nearby_count", pa.int64()),  # in the hours around it
        pa.field("expected_simultaneous_count", pa.float64()),  # by these accounts' own posting rates
        pa.field("coordination_p_value", pa.float64()),
        pa.field("coordination_q_value", pa.float64()),
        pa.field("is_coordinated", pa.bool_()),
        pa.field("naive_is_coordinated", pa.bool_()),  # densest hour against an even rate
        _required("seasonality_class", pa.string()),  # recurring, calendar, none, unknown
        _required("seasonality_reason", pa.string()),
        pa.field("season_event", pa.string()),
        pa.field("year_before_peak_on", pa.date32()),
        *_STAMP,
    ]
)
# what was left of the last night: months of bursts, and months of birth
STATE_BURST_MONTHS: Final = pa.schema([_required("month", pa.date32()), _required("input_hash", pa.string())])

EXCHANGE: Final[dict[str, pa.Schema]] = {"int_author_days": INT_AUTHOR_DAYS, "int_burst_days": INT_BURST_DAYS}
DERIVED: Final[dict[str, pa.Schema]] = {
    "burst_units": BURST_UNITS,
    "trend_bursts": TREND_BURSTS,
    "trend_shapes": TREND_SHAPES,
}
STATE: Final[dict[str, pa.Schema]] = {
    "burst_months": STATE_BURST_MONTHS,
    "burst_units": BURST_UNITS,
    "found_bursts": TREND_BURSTS,
    "shape_months": STATE_BURST_MONTHS,
    "found_shapes": TREND_SHAPES,
}
