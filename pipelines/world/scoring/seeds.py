"""Scores of many worlds as one table: means over seeds with their intervals. Runs no world."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from pipelines.world.scoring.intervals import of_mean, upper_bound
from pipelines.world.scoring.rows import MEASURED, NOT_APPLICABLE, NOT_PUBLISHED, SCHEMA, WITHHELD
from pipelines.world.scoring.scorer import verdict

SEEDS_SCHEMA: Final = pa.schema([
    *(field for field in SCHEMA if field.name not in {"planted", "found", "note"}),
    # One-sided 95% bound of a rate: what a rate of false claims is held to.
    pa.field("upper_bound", pa.float64()), pa.field("seed_count", pa.int64(), nullable=False), pa.field("note", pa.string()),
])  # fmt: skip
"""As the scores of one world; value is the mean over the seeds that have one, low and high its 95% interval."""
_KEYS: Final = ("task", "metric", "estimator")
_LEAST_GRAVE: Final = (NOT_PUBLISHED, WITHHELD, NOT_APPLICABLE)


def over_seeds(tables: Sequence[pa.Table]) -> pa.Table:
    """The mean of each score over worlds that differ in their seed alone.

    The interval is Clopper and Pearson's where all values are 0 or 1, else Student's. A score that no seed has keeps its state. The state of
    the others is that of the mean against the target; ``upper_bound`` is beside it for those who close a gate by it.

    Args:
        tables: Results of :func:`score_tables` of one world and size.
    """
    rows: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for table in tables:
        for row in table.to_pylist():
            rows.setdefault(tuple(row[name] for name in _KEYS), []).append(row)
    return pa.Table.from_pylist([_one(found) for found in rows.values()], schema=SEEDS_SCHEMA)


def _one(rows: list[dict[str, Any]]) -> dict[str, Any]:
    first = rows[0]
    joined = {name: first[name] for name in (*_KEYS, "target", "target_value", "comparison")}
    values = np.array([row["value"] for row in rows if row["value"] is not None], dtype=np.float64)
    joined |= {"seed_count": values.size, "unit_count": sum(row["unit_count"] or 0 for row in rows if row["value"] is not None)}
    if not values.size:
        states = {row["status"] for row in rows}
        state = next(state for state in _LEAST_GRAVE if state in states)
        return joined | {"status": state, "note": next(row["note"] for row in rows if row["status"] == state)}
    low, high = of_mean(values)
    joined |= {
        "value": float(values.mean()),
        "low": low,
        "high": high,
        "note": None if values.size == len(rows) else f"{len(rows) - values.size} seeds have none",
    }
    if np.isin(values, (0.0, 1.0)).all():
        joined["upper_bound"] = upper_bound(int(values.sum()), values.size)
    is_judged = first["target_value"] is not None and first["comparison"] is not None
    return joined | {"status": verdict(joined["value"], first["comparison"], first["target_value"]) if is_judged else MEASURED}
