"""``undercurrent query``: one question to the published snapshot, as a table or a file."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import pyarrow as pa
from rich.table import Table

from pipelines.commands.console import FOLDER, output


@click.command()
@click.argument("sql")
@click.option("--data", type=FOLDER, required=True)
@click.option("--format", "shape", type=click.Choice(["table", "csv", "json", "parquet"]), default="table", show_default=True)
def query(sql: str, data: Path, shape: str) -> None:
    """Ask the published snapshot, read-only: one SELECT in DuckDB's SQL (also SHOW TABLES, DESCRIBE trends, SUMMARIZE trends)."""
    import duckdb

    from pipelines.lake.paths import DataPaths
    from pipelines.publish.reader import NothingPublishedError, QueryRefusedError, WithheldError, ask

    try:
        found = ask(DataPaths(data.resolve()), sql)
    except NothingPublishedError as error:
        raise click.ClickException(f"query: {error}; run: undercurrent nightly --inbox DIR --data {data}") from None
    except (QueryRefusedError, WithheldError, duckdb.Error) as error:
        raise click.ClickException(f"query: {error}") from None
    if shape == "table":
        output().print(_table(found))
    elif shape == "csv":
        click.echo(found.to_pandas().to_csv(index=False), nl=False)
    elif shape == "json":
        click.echo(found.to_pandas().to_json(orient="records", date_format="iso", lines=True), nl=False)
    else:
        import pyarrow.parquet as pq

        pq.write_table(found, sys.stdout.buffer)


def _table(found: pa.Table) -> Table:
    table = Table(*found.column_names)
    for row in found.to_pylist():
        table.add_row(
            *("" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value) for value in row.values())
        )
    return table
