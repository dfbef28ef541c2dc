"""What spoils each rule about search interest and page views that is written in SQL; as in ``poisons``. No other table belongs here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

# By table: (position of the row, its new values).
Poison = tuple[int, dict[str, Any]]

POISONS: Final[dict[str, dict[str, Poison]]] = {
    "marts/trend_attention": {
        "required columns are filled": (0, {"term": None}),
        "a period ends after it began": (0, {"period_ends_at": datetime(2026, 8, 9, tzinfo=UTC)}),
        "interest is not below zero": (0, {"interest_value": -1.0}),
        "every trend is in trends, by its label": (0, {"label": "another"}),
    },
}
ALSO: Final[dict[tuple[str, str], set[str]]] = {
    ("marts/trend_attention", "trend_key"): {"every trend is in trends, by its label"},
}
