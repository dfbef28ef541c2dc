"""Asks the published snapshot a question, and lets it do nothing else: no writing, no other file, no network, no extension."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from typing import Any, Final

import duckdb
import pyarrow as pa

from pipelines.lake.paths import DataPaths
from pipelines.publish.catalogue import CATALOGUE
from pipelines.publish.snapshot import MANIFEST

Ask = Callable[[str], pa.Table]
"""Answers one SELECT on the snapshot."""
Row = dict[str, Any]
_MISSING: Final = re.compile(r"Table with name \"?(\w+)\"? does not exist")


class NothingPublishedError(LookupError):
    """There is no snapshot to ask yet."""


class WithheldError(LookupError):
    """The question is about a table that the last night did not publish, on purpose."""


class QueryRefusedError(ValueError):
    """The text is no single question."""


def ask(paths: DataPaths, sql: str) -> pa.Table:
    """The answer to one SELECT on the current snapshot; times are in UTC.

    Two locks, since each leaves a gap: DuckDB may open nothing but the snapshot's folder, which still lets COPY and EXPORT write
    into it; and the text must be one SELECT (DESCRIBE, SHOW, SUMMARIZE are), which alone could read any file.

    Args:
        paths: the data folder.
        sql: one statement of DuckDB's SQL.

    Raises:
        NothingPublishedError: no snapshot yet.
        QueryRefusedError: not exactly one SELECT.
        WithheldError: a table is asked for that gate marts withheld; says why.
        duckdb.Error: the statement fails, or asks for something outside the snapshot.
    """
    catalogue = paths.published / CATALOGUE
    if not catalogue.exists():
        raise NothingPublishedError(f"nothing is published in {paths.root} yet")
    statements = duckdb.extract_statements(sql)
    if len(statements) != 1:
        raise QueryRefusedError(f"one statement is wanted, not {len(statements)}")
    if statements[0].type != duckdb.StatementType.SELECT:
        raise QueryRefusedError(
            f"the snapshot is read-only: a {statements[0].type.name} statement is not for it; write a SELECT, and choose --format for files"
        )
    catalogue = catalogue.resolve()
    # Large sorts spill; DuckDB would do so beside the catalogue, inside the snapshot.
    with (
        tempfile.TemporaryDirectory(prefix="undercurrent-query-") as spill,
        duckdb.connect(str(catalogue), read_only=True, config={"temp_directory": spill}) as connection,
    ):
        connection.execute("set TimeZone = 'UTC'")
        folder = str(catalogue.parent).replace("'", "''")
        connection.execute(f"set allowed_directories = ['{folder}']")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        try:
            return connection.execute(sql).to_arrow_table()
        except duckdb.CatalogException as error:
            missing = _MISSING.search(str(error))
            withheld = json.loads((catalogue.parent / MANIFEST).read_text()).get("withheld", {})
            if missing and missing.group(1).lower() in withheld:
                table = missing.group(1).lower()
                raise WithheldError(f"{table} is withheld from the published snapshot: {withheld[table]}") from None
            raise


def quoted(text: str) -> str:
    """A text as it stands in a question."""
    return "'" + text.replace("'", "''") + "'"
