"""Native files of search interest: one weekly table of all trends, 0 to 100. Attention is given, not drawn."""

from __future__ import annotations

import csv
import io
from typing import Final

import numpy as np

from pipelines.world.drawn import FIRST_DAY, Ints, day_of
from pipelines.world.native.files import Inbox
from pipelines.world.native.names import Names

PLATFORM: Final = "trends"
_WEEK: Final = 7
_FAINT: Final = 0.5
"""Mean of the noise, in new users a week: the base line before anybody has taken a trend up."""


def write_attention(inbox: Inbox, names: Names, attention: Ints, rng: np.random.Generator) -> None:
    """Write the weekly interest in each trend's words: it follows new users with a delay of about a week, above a faint base line.

    Weeks begin on Sundays, as Google's do; each column is scaled to its own largest week.

    Args:
        inbox: Where files go.
        names: Of the world.
        attention: New users of a trend each day, [trend_count, day_count].
        rng: For the noise.

    Raises:
        ValueError: The calendar holds fewer than two Sundays, so that the table would not say that it is weekly.
    """
    trend_count, day_count = attention.shape
    sundays = np.arange((6 - FIRST_DAY.weekday()) % _WEEK, day_count, _WEEK)
    if len(sundays) < 2:
        raise ValueError(f"a weekly table needs two Sundays; the calendar has {day_count} days")
    until = np.concatenate([np.zeros((trend_count, 1), dtype=np.int64), np.cumsum(attention, axis=1)], axis=1)
    noisy = until[:, sundays] - until[:, np.maximum(sundays - _WEEK, 0)] + rng.exponential(_FAINT, (trend_count, len(sundays)))
    interest = np.rint(100 * noisy / noisy.max(axis=1, keepdims=True)).astype(np.int64)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["date", *(trend.words for trend in names.trends)])
    for sunday, row in zip(sundays.tolist(), interest.T.tolist(), strict=True):
        table.writerow([day_of(sunday).isoformat(), *row])
    name = f"interest-weekly-{day_of(day_count - 1).isoformat()}.csv"
    if inbox.has_faults:
        table.writerow(["not a date", *(0 for _ in names.trends)])
        inbox.plant(PLATFORM, name, "bad_record", "wrong_type")
    inbox.write(PLATFORM, name, text.getvalue().encode())
