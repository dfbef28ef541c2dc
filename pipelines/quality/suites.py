"""Reads the declarative suites of expectations/ (the GX format) and says where the tables lie that their SQL names. Runs nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from pipelines.analysis.contracts import EXCHANGE
from pipelines.lake.paths import DataPaths

SUITES: Final = Path(__file__).parents[2] / "expectations"
_NAMED: Final = re.compile(r"\{([a-z_]+(?:\.[a-z_]+)?)\}")
_SQL_TYPES: Final = {
    "string": "varchar",
    "int64": "bigint",
    "double": "double",
    "bool": "boolean",
    "date32[day]": "date",
    "timestamp[us, tz=UTC]": "timestamptz",
}
_SEVERITIES: Final = {"critical": "error", "warning": "warn", "info": "warn"}


@dataclass(frozen=True, slots=True)
class Suite:
    """One table's expectations at one gate.

    Attributes:
        gate: landed, staged, derived or marts.
        table: its name, without the platform.
        expectations: as in the file.
        key_columns: what names a row.
        may_be_empty: whether no rows at all is a result and not a fault.
        window_column: day or month by which a large table is read: only what the night touched; None reads all rows.
        parameters: by name, the SQL of one number that a row count is held to.
    """

    gate: str
    table: str
    expectations: tuple[dict[str, Any], ...]
    key_columns: tuple[str, ...]
    may_be_empty: bool
    window_column: str | None
    parameters: dict[str, str]


def suite_file(gate: str, table: str) -> Path:
    """The suite of a table at a gate; landed tables of all platforms share one suite a table."""
    return SUITES / gate / f"{table}.json"


def load_suite(file: Path) -> Suite:
    """Read a suite. Raises KeyError where its ``meta`` does not say what a suite must say."""
    declared = json.loads(file.read_text())
    meta = declared["meta"]
    return Suite(
        file.parent.name,
        file.stem,
        tuple(declared["expectations"]),
        tuple(meta["key_columns"]),
        meta["may_be_empty"],
        meta.get("window_column"),
        meta.get("parameters", {}),
    )


def suites_of(gate: str) -> list[Suite]:
    """All suites of a gate, by table name."""
    return [load_suite(file) for file in sorted((SUITES / gate).glob("*.json"))]


def check_name(expectation: dict[str, Any]) -> str:
    """What an expectation is called: its description, else its type and arguments."""
    about = ", ".join(f"{key}={value}" for key, value in expectation["kwargs"].items())
    return str(expectation.get("description") or f"{expectation['type']}({about})")


def severity(expectation: dict[str, Any]) -> str:
    """``error``, which closes the gate, or ``warn``."""
    return _SEVERITIES[expectation.get("severity", "critical")]


def table_files(paths: DataPaths, layer: str, table: str) -> list[Path]:
    """Where a table lies: ``exchange`` (judged at gate staged; one file, or one a month), ``derived`` or ``marts``. Raises KeyError."""
    places: dict[str, Callable[[str], list[Path]]] = {
        "exchange": paths.exchange_files,
        "staged": paths.exchange_files,
        "derived": lambda name: [paths.derived_file(name)],
        "marts": lambda name: [paths.root / "marts" / f"{name}.parquet"],
    }
    return places[layer](table)


def _no_rows(table: str) -> str:
    """A relation with the columns of an exchange model of which no month was written yet."""
    columns = ", ".join(f"cast(null as {_SQL_TYPES[str(column.type)]}) as {column.name}" for column in EXCHANGE[table])
    return f"(select {columns} where false)"


def _texts(files: Iterable[Path]) -> str:
    return ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)


@dataclass(frozen=True, slots=True)
class Relations:
    """Where one check finds its rows and the tables beside them.

    Attributes:
        paths: the data folder.
        night: the night that is judged.
        files: the Parquet files under test.
        platform: whose landed table it is; None for the tables of all platforms.
        has_day_folders: whether the files lie in folders of their event day, as landed ones do.
    """

    paths: DataPaths
    night: date
    files: tuple[Path, ...]
    platform: str | None = None
    has_day_folders: bool = False

    @property
    def batch(self) -> str:
        """The rows under test as a DuckDB relation; a landed one has the ``day`` of its folder as a column too."""
        if not self.has_day_folders:
            return f"read_parquet([{_texts(self.files)}], hive_partitioning = false)"
        return f"read_parquet([{_texts(self.files)}], hive_partitioning = true, hive_types = {{'day': date}})"

    def filled(self, sql: str) -> str:
        """The SQL of a suite with its names in braces replaced. Raises KeyError for a name that is none of these.

        ``{batch}``, ``{night}``, ``{platform}``, ``{ledger}``, ``{exchange.<table>}``, ``{derived.<table>}``, ``{marts.<table>}``.
        """
        return _NAMED.sub(lambda found: self._relation(found.group(1)), sql)

    def _relation(self, name: str) -> str:
        layer, _, table = name.partition(".")
        if table:
            files = table_files(self.paths, layer, table)
            return f"read_parquet([{_texts(files)}], hive_partitioning = false)" if files else _no_rows(table)
        if name == "ledger":
            return f"read_parquet({_texts((self.paths.ledger_file(str(self.platform), self.night),))}, hive_partitioning = false)"
        return {"batch": self.batch, "night": f"date '{self.night}'", "platform": f"'{self.platform}'"}[name]
