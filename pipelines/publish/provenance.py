"""What a manifest says of a snapshot: the versions that made it, what its tables are, which nights and event days it covers."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow.parquet as pq

from pipelines.lake.paths import DataPaths

_PACKAGES: Final = ("undercurrent", "dagster", "dbt-core", "dbt-duckdb", "duckdb", "great-expectations", "pyarrow")


def versions() -> dict[str, str]:
    """Version by package: of this one, and of those that decide what a table holds."""
    return {package: version(package) for package in _PACKAGES}


def described(file: Path) -> dict[str, Any]:
    """Rows, columns with their Arrow types, and the methods of a table.

    Returns:
        ``rows``; ``columns``, a list of ``name`` and ``type`` in order; ``methods``, the distinct ``method_version`` and
        ``params_hash`` of its rows, empty for tables that no estimator made.
    """
    schema = pq.read_schema(file)
    methods = []
    if {"method_version", "params_hash"} <= set(schema.names):
        with duckdb.connect() as connection:
            found = connection.execute(
                "select distinct method_version, params_hash from read_parquet(?) where method_version is not null order by all",
                [str(file)],
            ).fetchall()
        methods = [{"method_version": method, "params_hash": parameters} for method, parameters in found]
    return {
        "rows": pq.read_metadata(file).num_rows,
        "columns": [{"name": field.name, "type": str(field.type)} for field in schema],
        "methods": methods,
    }


def covered(paths: DataPaths) -> dict[str, Any]:
    """Nights that were taken in, and the event days that their files speak of, as far as the ledger knows.

    Returns:
        ``nights`` and ``event_days``, each with ``first``, ``last`` (ISO dates, None without any) and ``count``.
    """
    ledgers = sorted((paths.root / "ledger").glob("*/night=*.parquet"))
    nights = sorted({file.stem.removeprefix("night=") for file in ledgers})
    first = last = None
    count = 0
    if ledgers:
        with duckdb.connect() as connection:
            first, last, count = connection.execute(
                "select min(day)::varchar, max(day)::varchar, count(distinct day)"
                " from (select unnest(event_days) as day from read_parquet(?, hive_partitioning = false))",
                [[str(file) for file in ledgers]],
            ).fetchall()[0]
    return {
        "nights": {"first": nights[0] if nights else None, "last": nights[-1] if nights else None, "count": len(nights)},
        "event_days": {"first": first, "last": last, "count": count},
    }
