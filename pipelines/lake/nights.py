"""Between the stages of a night: which event days it touched, and the Parquet that dbt and the analysis hand each other."""

from __future__ import annotations

from datetime import date
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.analysis.contracts import DERIVED, EXCHANGE
from pipelines.lake.paths import DataPaths
from pipelines.lake.writer import write_table

NIGHT_SCHEMA: Final = pa.schema(
    [pa.field("night", pa.date32(), nullable=False), pa.field("touched_days", pa.list_(pa.date32()), nullable=False)]
)


def touched_days(paths: DataPaths, night: date) -> list[date]:
    """Event days of all files that this night took in, over all platforms; the night itself where nothing came."""
    days: set[date] = set()
    for ledger in sorted((paths.root / "ledger").glob(f"*/night={night.isoformat()}.parquet")):
        for row in pq.read_table(ledger, columns=["event_days"], partitioning=None).to_pylist():
            days.update(row["event_days"])
    return sorted(days)


def begin_modelling(paths: DataPaths, night: date) -> list[date]:
    """Tell dbt which night it models, and make the folders and empty tables that it expects.

    Returns:
        The touched event days. The night itself is among them: tables without rows land there.
    """
    days = sorted({*touched_days(paths, night), night})
    write_table(paths.night_file(), pa.Table.from_pylist([{"night": night, "touched_days": days}], NIGHT_SCHEMA))
    for folder in ("exchange", "derived", "marts", "warehouse", "gates"):
        (paths.root / folder).mkdir(exist_ok=True)
    for table, schema in DERIVED.items():
        if not paths.derived_file(table).exists():
            write_table(paths.derived_file(table), schema.empty_table())
    return days


def read_exchange(paths: DataPaths, model: str) -> pa.Table:
    """An intermediate model in the types of its contract. Raises ArrowInvalid where it does not fit."""
    schema = EXCHANGE[model]
    found = pq.read_table(paths.exchange_file(model), partitioning=None)
    return found.select(schema.names).cast(schema)


def write_derived(paths: DataPaths, table: str, rows: pa.Table) -> None:
    """Write a derived table in the types of its contract, atomically."""
    write_table(paths.derived_file(table), rows.select(DERIVED[table].names).cast(DERIVED[table]))
