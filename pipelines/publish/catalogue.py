"""The DuckDB file of a snapshot: one view a table, with the comments of the models. Holds no rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import duckdb

from pipelines.lake.commit import sync

CATALOGUE: Final = "undercurrent.duckdb"


def make_catalogue(snapshot: Path, tables: list[str], descriptions: dict[str, dict[str, Any]]) -> None:
    """Write the catalogue of a snapshot folder.

    Args:
        snapshot: the folder under its final name: the views name its files by absolute path, so that moving ``current`` on never
            changes what an open reader sees.
        tables: names of the tables, each a Parquet file of the folder.
        descriptions: by table name, ``description`` and ``columns`` (description by column name).
    """
    snapshot = snapshot.resolve()
    making = snapshot / f".{CATALOGUE}.next"
    with duckdb.connect(str(making)) as connection:
        for table in tables:
            file = _literal(str(snapshot / f"{table}.parquet"))
            connection.execute(f'create view "{table}" as select * from read_parquet({file})')
            about = descriptions.get(table, {})
            connection.execute(f'comment on view "{table}" is {_literal(about.get("description", ""))}')
            for column in [row[0] for row in connection.execute(f'describe "{table}"').fetchall()]:
                text = about.get("columns", {}).get(column)
                if text:
                    connection.execute(f'comment on column "{table}"."{column}" is {_literal(text)}')
    sync(making)
    making.replace(snapshot / CATALOGUE)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
