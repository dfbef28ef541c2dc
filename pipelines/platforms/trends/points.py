"""Points of a search-interest series, and how Google writes their periods and values. What all formats of trends share."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.protocol import BadRecord, FileContext, Row
from pipelines.platforms.times import from_iso

PLATFORM: Final = "trends"
_MONTH: Final = re.compile(r"\d{4}-\d{2}$")
_DAY_FIRST: Final = re.compile(r"(\d{2})[-/](\d{2})[-/](\d{4})$")
_BELOW_ONE: Final = 0.5  # Google writes '<1' for something between nought and one
_TERM_AND_REGION: Final = re.compile(r"(.+): \((.+)\)$")


def period_start(written: str, field_name: str) -> datetime:
    """UTC start of a period written as YYYY-MM, YYYY-MM-DD[ time] or DD-MM-YYYY. Raises BadRecord."""
    text = written.strip()
    if _MONTH.match(text):
        text += "-01"
    day_first = _DAY_FIRST.match(text)
    if day_first:
        text = "-".join(reversed(day_first.groups()))
    return from_iso(text, field_name)


def granularity(step: timedelta) -> str:
    """The name of a series' step: hour, day, week or month."""
    if step < timedelta(hours=23):
        return "hour"
    if step < timedelta(days=6):
        return "day"
    return "week" if step < timedelta(days=27) else "month"


def term_and_region(header: str) -> tuple[str, str | None]:
    """A column's term and the region behind it, as ``moss: (Worldwide)`` names both."""
    exported = _TERM_AND_REGION.match(header.strip())
    return (exported[1], exported[2]) if exported else (header.strip(), None)


def value_of(cell: Any, field_name: str) -> float | None:
    """A value as Google writes it, '<1' as the middle of what it means; None where there is none. Raises BadRecord."""
    if isinstance(cell, str) and cell.strip() == "<1":
        return _BELOW_ONE
    found = values.number(cell, field_name)
    if found is not None and found < 0:
        raise BadRecord("wrong_type", f"{field_name[:60]} is {str(cell)[:40]!r}, less than no interest", field_name)
    return found


def point_row(
    context: FileContext,
    term: str,
    region: str | None,
    step: str,
    starts_at: datetime,
    value: float | None,
    unit: str,
    quality: str,
    *,
    of: str = "",
) -> Row:
    """One point. ``of`` tells series apart that are of the same term and not of the same thing."""
    series = f"{of}{term.casefold()}|{region or ''}|{step}|{unit}"
    return Row(
        "attention_series",
        {
            "platform": PLATFORM,
            "series_key": context.pseudonyms.key(PLATFORM, series),
            "term": term,
            "region": region,
            "granularity": step,
            "period_starts_at": starts_at,
            "interest_value": value,
            "unit": unit,
            "ts_quality": quality,
        },
    )
