"""Who and when the valid rows are about: accounts, trends, niches, moments, and the stamp of a method. No rows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final

Rows = list[dict[str, Any]]
NIGHT: Final = date(2026, 10, 1)
AUGUST: Final = date(2026, 8, 1)
JULY = date(2026, 7, 1)
SOURCE: Final = "f" * 16
STAMP: Final = {"method_version": "v1", "params_hash": "h"}


def at(day: int, hour: int = 8, month: int = 8) -> datetime:
    """A moment of 2026."""
    return datetime(2026, month, day, hour, tzinfo=UTC)


def key(number: int) -> str:
    """A pseudonym."""
    return f"{number:032x}"


A, B, C, D, OUTLET = key(1), key(2), key(3), key(4), key(9)
ECO, OLD, NICHE, OTHER_NICHE = key(101), key(102), "niche-1", "niche-2"
