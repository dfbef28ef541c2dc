"""A valid installation's rows of search interest and page views; as in ``valid``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

Rows = list[dict[str, Any]]


def _period(trend_key: str, label: str, **other: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"trend_key": trend_key, "label": label, "platform": "trends", "series_key": f"{7:032x}", "term": label}
    row |= {"unit": "index_0_100", "granularity": "week", "interest_value": 40.0, "is_partial": False, "adopter_count": 2}
    begins, ends = datetime(2026, 8, 9, tzinfo=UTC), datetime(2026, 8, 16, tzinfo=UTC)
    return row | {"period_starts_at": begins, "period_ends_at": ends} | other


def marted(trend_key: str, label: str) -> dict[str, Rows]:
    """Two series of one trend.

    Args:
        trend_key: Of a trend of the installation.
        label: Of it.
    """
    views = {
        "platform": "wikipedia",
        "series_key": f"{8:032x}",
        "term": "en.wikipedia:Eco",
        "unit": "views",
        "granularity": "day",
    }
    return {"trend_attention": [_period(trend_key, label), _period(trend_key, label, **views, interest_value=None)]}
