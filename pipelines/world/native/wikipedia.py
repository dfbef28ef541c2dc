"""Native files of Wikipedia's page views: one API answer for each trend's article. Attention is given, not drawn."""

from __future__ import annotations

from typing import Final

import numpy as np

from pipelines.world.drawn import FIRST_DAY, Floats, Ints, day_of
from pipelines.world.native.files import Inbox, Payload, document
from pipelines.world.native.names import Names

PLATFORM: Final = "wikipedia"
PROJECT: Final = "en.wikipedia"
_AFTER_DAYS: Final = 14
_MODE_DAYS: Final = 3.0
_VIEWS_PER_USER: Final = 6.0
_SHAPE: Final = 20.0
"""Of the gamma noise on a day's mean: a coefficient of variation of about 0.22, besides that of counting."""
_BY_WEEKDAY: Final = np.array([1.05, 1.04, 1.03, 1.02, 0.97, 0.92, 0.97])
"""Monday to Sunday, with a mean of 1."""


def article_title(words: str) -> str:
    """Title of a trend's article as addresses write it."""
    spelled = words.replace(" ", "_")
    return spelled[:1].upper() + spelled[1:]


def lagged(attention: Ints | Floats) -> Floats:
    """Attention of the days before, weighted by lag: k exp(-k / 3) for 1 to 14 days, so three days ago counts most.

    Args:
        attention: New users of a trend each day, [trend_count, day_count].
    """
    lags = np.arange(1, _AFTER_DAYS + 1, dtype=np.float64)
    weights = lags * np.exp(-lags / _MODE_DAYS)
    weights /= weights.sum()
    recent = np.zeros(attention.shape, dtype=np.float64)
    for lag, weight in enumerate(weights.tolist(), start=1):
        recent[:, lag:] += weight * attention[:, :-lag]
    return recent


def write_attention(inbox: Inbox, names: Names, attention: Ints, rng: np.random.Generator) -> None:
    """Write the daily views of each trend's article over the whole calendar.

    Views have a faint base line, and six for each new user of the days before (:func:`lagged`), times a weekly cycle and noise.
    As in real answers, a day without views is left out.

    Args:
        inbox: Where files go.
        names: Of the world.
        attention: New users of a trend each day, [trend_count, day_count].
        rng: For base lines and noise.
    """
    trend_count, day_count = attention.shape
    base = np.exp(rng.normal(np.log(8.0), 0.6, trend_count))[:, np.newaxis]
    weekday = _BY_WEEKDAY[(FIRST_DAY.weekday() + np.arange(day_count)) % 7]
    noise = rng.gamma(_SHAPE, 1 / _SHAPE, attention.shape)
    views = rng.poisson((base + _VIEWS_PER_USER * lagged(attention)) * weekday * noise)
    stamps = [f"{day_of(day):%Y%m%d}00" for day in range(day_count)]
    last = day_of(day_count - 1).isoformat()
    is_spoilt = False
    for trend, row in zip(names.trends, views.tolist(), strict=True):
        title = article_title(trend.words)
        name = f"per-article-{PROJECT}-{title}-{last}.json"
        items = [_point(title, stamp, count) for stamp, count in zip(stamps, row, strict=True) if count]
        if items and not is_spoilt:
            items += inbox.spoil(PLATFORM, name, items[0])
            is_spoilt = True
        inbox.write(PLATFORM, name, document({"items": items}))


def _point(title: str, stamp: str, views: int) -> Payload:
    return {
        "project": PROJECT,
        "article": title,
        "granularity": "daily",
        "timestamp": stamp,
        "access": "all-access",
        "agent": "user",
        "views": views,
    }
