"""Arrow schemas of what the analysis of moves takes from dbt and gives back to it. No logic."""

from __future__ import annotations

from typing import Final

import pyarrow as pa


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


# Person x platform x day with an own post; only persons known on two platforms.
INT_PERSON_DAYS: Final = pa.schema(
    [
        _required("month", pa.date32()),
        _required("creator_key", pa.string()),
        _required("platform", pa.string()),
        _required("event_day", pa.date32()),
        _required("own_post_count", pa.int64()),
    ]
)
# Platform x day: whether enough of what was to be expected came.
INT_PLATFORM_DAYS: Final = pa.schema(
    [
        _required("platform", pa.string()),
        _required("event_day", pa.date32()),
        _required("got_count", pa.int64()),
        pa.field("expected_count", pa.float64()),  # NULL: nothing says what to expect
        pa.field("coverage_ratio", pa.float64()),
        _required("is_covered", pa.bool_()),
    ]
)
# Person x platform left x day: where the person's posts went from one platform to another.
PERSON_MOVES: Final = pa.schema(
    [
        _required("month", pa.date32()),
        _required("creator_key", pa.string()),
        _required("from_platform", pa.string()),
        _required("to_platform", pa.string()),
        _required("move_kind", pa.string()),  # moved: most posts went over; expanded: the old account goes on
        _required("moved_on", pa.date32()),  # middle of the days between the last post before and the first after
        _required("moved_low_on", pa.date32()),
        _required("moved_high_on", pa.date32()),
        _required("post_before_count", pa.int64()),  # on both platforms
        _required("post_after_count", pa.int64()),
        _required("to_share_before", pa.float64()),
        _required("to_share_after", pa.float64()),
        _required("from_rate_ratio", pa.float64()),  # posts a covered day on the platform left, after over before
        _required("log_likelihood_ratio", pa.float64()),
        _required("is_arrival_censored", pa.bool_()),  # the other platform was not collected long enough before
        _required("method_version", pa.string()),
        _required("params_hash", pa.string()),
    ]
)
# Month
STATE_MOVE_MONTHS: Final = pa.schema([_required("month", pa.date32()), _required("input_hash", pa.string())])

EXCHANGE: Final[dict[str, pa.Schema]] = {"int_person_days": INT_PERSON_DAYS, "int_platform_days": INT_PLATFORM_DAYS}
DERIVED: Final[dict[str, pa.Schema]] = {"person_moves": PERSON_MOVES}
# As found month by month: neighbouring months may both have found the same move.
STATE: Final[dict[str, pa.Schema]] = {"move_months": STATE_MOVE_MONTHS, "found_moves": PERSON_MOVES}
