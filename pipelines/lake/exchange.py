"""The Parquet that dbt and the analysis hand each other: intermediate models in, derived tables out, in the types of their contracts."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.analysis.contracts import DERIVED, EXCHANGE
from pipelines.lake.paths import DataPaths
from pipelines.lake.writer import write_table

# Models that grow with history: the month column of each, and the model that lists the months which tonight wrote anew.
MONTHLY: dict[str, tuple[str, str]] = {
    "int_account_tag_months": ("int_touched_months", "month"),
    "int_interaction_months": ("int_touched_months", "month"),
    "int_trend_adoptions": ("int_open_trends", "born_month"),
    "int_trend_timelines": ("int_open_trends", "born_month"),
}


def prepare(paths: DataPaths) -> None:
    """Make the folders that dbt writes to and the derived tables that do not exist yet, without rows: dbt reads them before the analysis ever ran."""
    for model in MONTHLY:
        (paths.root / "exchange" / model).mkdir(parents=True, exist_ok=True)
    for table, schema in DERIVED.items():
        if not paths.derived_file(table).exists():
            write_table(paths.derived_file(table), schema.empty_table())


def read_exchange(paths: DataPaths, model: str) -> pa.Table:
    """An intermediate model in the types of its contract. Raises ArrowInvalid where it does not fit."""
    schema = EXCHANGE[model]
    parts = [pq.read_table(file, columns=schema.names, partitioning=None).cast(schema) for file in paths.exchange_files(model)]
    return pa.concat_tables(parts) if parts else schema.empty_table()


def files_of_tonight(paths: DataPaths, model: str) -> list[Path]:
    """Files of an intermediate model that tonight wrote."""
    if model not in MONTHLY:
        return [paths.exchange_file(model)]
    listed_in, column = MONTHLY[model]
    months: set[date] = set(pq.read_table(paths.exchange_file(listed_in), columns=[column]).column(column).to_pylist())
    return [file for month in sorted(months) if (file := paths.exchange_file(model, month)).exists()]


def write_derived(paths: DataPaths, table: str, rows: pa.Table) -> None:
    """Write a derived table in the types of its contract, atomically."""
    write_table(paths.derived_file(table), rows.select(DERIVED[table].names).cast(DERIVED[table]))
