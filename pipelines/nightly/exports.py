"""Models that dbt hands over as Parquet: how many rows each has, without opening the warehouse."""

from __future__ import annotations

import pyarrow.parquet as pq

from pipelines.lake.paths import DataPaths


def exported_row_count(paths: DataPaths, model: str) -> int | None:
    """Rows of a model's Parquet; None for a model that stays in the warehouse."""
    mart = paths.root / "marts" / f"{model}.parquet"
    files = [mart] if mart.exists() else [file for file in paths.exchange_files(model) if file.exists()]
    return sum(int(pq.read_metadata(file).num_rows) for file in files) if files else None
