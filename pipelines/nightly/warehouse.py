"""Takes rows out of the warehouse file so that no byte of them stays. Only between two invocations of dbt; builds no model."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

from pipelines.lake.commit import sync

# What says which subjects must stay out names them, and nothing else.
_TOMBSTONES: Final = "subject_key"
_COPY: Final = "copied"


def without_keys(warehouse: Path, keys: list[str]) -> None:
    """Delete all rows that hold one of the keys, and put a copy of the tables in the file's place.

    A deleted row stays in the free blocks of a DuckDB file, hence the copy; it costs what the warehouse is long. A list loses its element
    and keeps its row. Columns named ``subject_key`` are tombstones and stay. A kill leaves the file as it was before, or as it is to be.

    Args:
        warehouse: the file; nobody else has it open.
        keys: of erased subjects.
    """
    copy = warehouse.with_name(f".{warehouse.name}.copy")
    copy.unlink(missing_ok=True)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("set preserve_insertion_order = true")
        connection.execute("create temp table gone as select unnest($keys) as key", {"keys": keys})
        columns = connection.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns() as columns"
            " join duckdb_tables() as tables using (database_name, schema_name, table_name)"
            " where not columns.internal and not tables.temporary and data_type in ('VARCHAR', 'VARCHAR[]')"
            " and regexp_matches(column_name, '_keys?$') and column_name <> ? order by all",
            [_TOMBSTONES],
        ).fetchall()
        for schema, table, column, kind in columns:
            name = f'"{schema}"."{table}"'
            if kind == "VARCHAR":
                connection.execute(f'delete from {name} where "{column}" in (select key from gone)')
            else:
                connection.execute(
                    f'update {name} set "{column}" = list_filter("{column}", lambda each: not list_contains($keys, each))'
                    f' where list_has_any("{column}", $keys)',
                    {"keys": keys},
                )
        connection.execute(f"attach '{str(copy).replace(chr(39), chr(39) * 2)}' as {_COPY}")
        source = connection.execute("select current_database()").fetchall()[0][0]
        connection.execute(f'copy from database "{source}" to {_COPY}')
        connection.execute(f"checkpoint {_COPY}")
        connection.execute(f"detach {_COPY}")
    sync(copy)
    copy.replace(warehouse)
    sync(warehouse.parent)
