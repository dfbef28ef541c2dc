"""Months as their first days: which comes so many after another. What hangs on the rows of a month belongs to ``increments``."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

_EPOCH: Final = date(1970, 1, 1)
_MICROSECONDS_PER_DAY: Final = 86_400_000_000


def months_later(day: date, count: int) -> date:
    """First day of the month that comes so many months after a day's own.

    Args:
        day: Any day.
        count: Months; negative for earlier ones.
    """
    place = day.year * 12 + day.month - 1 + count
    return date(place // 12, place % 12 + 1, 1)


def month_before(moment_micros: int) -> date:
    """First day of the month before that of a moment (microseconds since 1970, UTC)."""
    return months_later(_EPOCH + timedelta(days=int(moment_micros // _MICROSECONDS_PER_DAY)), -1)
