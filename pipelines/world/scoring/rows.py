"""What a score is: its columns, its states, and what a metric hands back. No metric and no target belongs here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pyarrow as pa

OURS: Final = "published"
MET, MISSED, MEASURED = "met", "missed", "measured"
NOT_PUBLISHED, WITHHELD, NOT_APPLICABLE = "not_published", "withheld", "not_applicable"
STATES: Final = (MET, MISSED, MEASURED, NOT_PUBLISHED, WITHHELD, NOT_APPLICABLE)
"""Target reached; not reached; a number without a target for one world; its table does not exist; its table is withheld; nothing to measure."""

SCHEMA: Final = pa.schema([
    pa.field("task", pa.string(), nullable=False), pa.field("metric", pa.string(), nullable=False), pa.field("estimator", pa.string(), nullable=False),
    pa.field("value", pa.float64()), pa.field("low", pa.float64()), pa.field("high", pa.float64()), pa.field("unit_count", pa.int64()),
    # What the world holds and what the tables say of it, in words or counts; NULL where the value says it all.
    pa.field("planted", pa.string()), pa.field("found", pa.string()),
    pa.field("target", pa.string()), pa.field("target_value", pa.float64()), pa.field("comparison", pa.string()),
    pa.field("status", pa.string(), nullable=False), pa.field("note", pa.string()),
])  # fmt: skip
"""One row per metric and estimator; low and high are a 95% interval within the world, over unit_count trends, accounts or days."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a metric found in one world.

    Attributes:
        value: The metric; None where there is nothing to measure, and then ``note`` says why.
        low: Lower end of its 95% interval, or None.
        high: Upper end, or None.
        unit_count: Trends, accounts, rows or days that it is over.
        planted: What the world holds, in words or as a count.
        found: What the tables say of it.
        note: How to read it.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    unit_count: int = 0
    planted: str | None = None
    found: str | None = None
    note: str | None = None


def nothing(why: str) -> Found:
    """A metric that cannot be taken of this world."""
    return Found(None, note=why)
