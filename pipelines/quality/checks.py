"""Judges one table by its suite: whole-table rules as SQL on the Parquet, column rules by Great Expectations. Logs nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb

from pipelines.lake.engine import open_engine
from pipelines.lake.paths import DataPaths
from pipelines.quality import frames
from pipelines.quality.results import SAMPLE_SIZE, GateResult
from pipelines.quality.suites import Relations, Suite, check_name, severity

# A table of fewer rows is judged whole; above, column rules look at the days or months that the night touched.
WHOLE_BELOW_ROWS: Final = 200_000
FRAME_ROWS: Final = 250_000
"""Rows that Great Expectations is given at a time."""
_SHOWN_COLUMNS: Final = 6


@dataclass(frozen=True, slots=True)
class _Found:
    """The outcome of one expectation."""

    observed: str
    failing_row_count: int | None = None
    sample_keys: tuple[str, ...] = ()
    passed: bool = field(default=False, kw_only=True)


@cache
def _engine(paths: DataPaths) -> duckdb.DuckDBPyConnection:
    """One in-memory DuckDB for all checks of a data folder: to open one costs as much as the rules of a small table."""
    return open_engine(paths)


def check_table(suite: Suite, relations: Relations, run_id: str, days: Sequence[date] | None = None) -> list[GateResult]:
    """Judge the rows of Parquet files by a suite.

    Row counts, uniqueness and rows that break a rule across columns or tables are asked of all rows in DuckDB; column
    rules go to Great Expectations on a frame of the columns that they name. Without any rows only the row count is asked:
    every other rule passes on nothing.

    Args:
        suite: what must hold.
        relations: the files and what lies beside them.
        run_id: of the run that asks.
        days: event days that the night touched; with them a large table that has a window column is read by its window.

    Returns:
        One result per expectation that was asked.
    """
    table = suite.table if relations.platform is None else f"{relations.platform}/{suite.table}"
    with _engine(relations.paths).cursor() as connection, TemporaryDirectory() as folder:
        try:
            found = _Judge(suite, _in_one_file(relations, connection, Path(folder)), connection).judge(days)
        except duckdb.Error as error:
            unread = {"type": _ROW_COUNT, "kwargs": {}, "description": "the table can be read"}
            found = [(unread, _Found(str(error)))]
    return [
        GateResult(
            relations.night,
            run_id,
            suite.gate,
            table,
            check_name(expectation),
            "duckdb" if expectation["type"] in _IN_SQL else "great_expectations",
            outcome.passed,
            outcome.observed,
            outcome.failing_row_count,
            list(outcome.sample_keys),
            severity(expectation),
        )
        for expectation, outcome in found
    ]


def _in_one_file(relations: Relations, connection: duckdb.DuckDBPyConnection, folder: Path) -> Relations:
    """A landed night lies in a file a day. Every rule would open all of them again, so they are read once, into one file."""
    if len(relations.files) < 2:
        return relations
    whole = folder / "whole.parquet"
    connection.execute(f"copy (select * from {relations.batch}) to '{whole}' (format parquet)")
    return replace(relations, files=(whole,), has_day_folders=False)


class _Judge:
    """One suite on one table: what its expectations have in common."""

    def __init__(self, suite: Suite, relations: Relations, connection: duckdb.DuckDBPyConnection) -> None:
        self._suite, self._relations, self._connection = suite, relations, connection
        self._batch = relations.batch
        self._columns: list[str] = []
        self._row_count = 0

    def judge(self, days: Sequence[date] | None) -> list[tuple[dict[str, Any], _Found]]:
        suite = self._suite
        if self._relations.files:
            self._columns = [each[0] for each in self._connection.execute(f"select * from {self._batch} limit 0").description]
            self._row_count = int(self._rows(f"select count(*) from {self._batch}")[0][0])
        elif suite.gate == "staged":
            return []  # tonight wrote no month of it
        asked = [each for each in suite.expectations if self._row_count or each["type"] == _ROW_COUNT]
        in_sql = {id(each): self._asked_in_sql(each) for each in asked if each["type"] in _IN_SQL}
        by_column = [each for each in asked if each["type"] not in _IN_SQL]
        framed = dict(zip(map(id, by_column), self._framed(by_column, days), strict=False))
        # A window without rows leaves its column rules unasked.
        return [(each, found) for each in asked if (found := in_sql.get(id(each)) or framed.get(id(each))) is not None]

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql).fetchall()

    def _asked_in_sql(self, expectation: dict[str, Any]) -> _Found:
        try:
            return _IN_SQL[expectation["type"]](self, expectation["kwargs"])
        except (duckdb.Error, KeyError) as error:
            return _Found(f"the rule cannot be asked: {type(error).__name__}: {error}")

    def row_count(self, kwargs: dict[str, Any]) -> _Found:
        """Is the number of rows what it must be?"""
        least, most = (self._bound(kwargs.get(name)) for name in ("min_value", "max_value"))
        if not self._row_count:
            passed = self._suite.may_be_empty and not least
            return _Found("0 rows, as may be" if passed else f"0 rows, at least {least or 1} expected", 0, passed=passed)
        passed = (least is None or self._row_count >= least) and (most is None or self._row_count <= most)
        wanted = f"{least}" if least == most else f"{least} to {most}" if most is not None else f"at least {least}"
        if passed or most is None or self._row_count <= most:
            return _Found(f"{self._row_count} rows, {wanted} expected", None if passed else 0, passed=passed)
        keys = ", ".join(self._suite.key_columns)
        doubled = self._connection.sql(
            f"select {keys} from {self._batch} group by {', '.join(self._columns)} having count(*) > 1 order by all limit {SAMPLE_SIZE}"
        )
        return _Found(f"{self._row_count} rows, {wanted} expected", self._row_count - most, self._samples(doubled))

    def _bound(self, value: Any) -> int | None:
        if isinstance(value, dict):
            sql = self._suite.parameters[value["$PARAMETER"]]
            return int(self._rows(self._relations.filled(sql))[0][0] or 0)
        return None if value is None else int(value)

    def unique(self, kwargs: dict[str, Any]) -> _Found:
        """Does no key occur twice? Rows without a key are another rule's."""
        columns = kwargs.get("column_list") or [kwargs["column"]]
        keys = ", ".join(columns)
        present = " and ".join(f"{column} is not null" for column in columns)
        repeated = f"select {keys}, count(*) as copies from {self._batch} where {present} group by {keys} having copies > 1"
        count = int(self._rows(f"select coalesce(sum(copies), 0) from ({repeated})")[0][0])
        if not count:
            return _Found(f"0 of {self._row_count} rows", 0, passed=True)
        return _Found(
            f"{count} of {self._row_count} rows share their key",
            count,
            self._samples(self._connection.sql(f"{repeated} order by all limit {SAMPLE_SIZE}")),
        )

    def unexpected_rows(self, kwargs: dict[str, Any]) -> _Found:
        """Does the query find no row?"""
        query = self._relations.filled(kwargs["unexpected_rows_query"])
        count = int(self._rows(f"select count(*) from ({query})")[0][0])
        if not count:
            return _Found(f"0 of {self._row_count} rows", 0, passed=True)
        sample = self._connection.sql(f"select * from ({query}) limit {SAMPLE_SIZE}")
        mentioned = set(re.findall(r"[a-z_]+", kwargs["unexpected_rows_query"]))
        shown = [name for name in sample.columns if name in mentioned and name not in self._suite.key_columns][:_SHOWN_COLUMNS]
        first = dict(zip(sample.columns, sample.fetchall()[0], strict=True))
        values = "; the first has " + ", ".join(f"{name}={first[name]}" for name in shown) if shown else ""
        return _Found(f"{count} of {self._row_count} rows{values}", count, self._samples(sample))

    def _samples(self, rows: duckdb.DuckDBPyRelation) -> tuple[str, ...]:
        names = [name for name in self._suite.key_columns if name in rows.columns] or rows.columns[:_SHOWN_COLUMNS]
        found = [dict(zip(rows.columns, row, strict=True)) for row in rows.fetchall()]
        return tuple(sorted(" ".join(f"{name}={row[name]}" for name in names) for row in found))

    def _framed(self, expectations: list[dict[str, Any]], days: Sequence[date] | None) -> list[_Found]:
        if not expectations:
            return []
        named = {value for each in expectations for key, value in each["kwargs"].items() if key.startswith("column")}
        columns = [name for name in self._columns if name in named or name in self._suite.key_columns]
        missing = sorted(named - set(self._columns))
        if missing:
            return [_Found(f"the table has no column {', '.join(missing)}")] * len(expectations)
        query = f"select {', '.join(columns)} from {self._batch} {self._window(days)}"
        reader = self._connection.execute(query).to_arrow_reader(FRAME_ROWS)
        told = [_Column() for _ in expectations]
        for rows in reader:
            frame = rows.to_pandas()
            for column, found in zip(told, frames.validate(frame, expectations), strict=True):
                column.add(found, frame, self._suite.key_columns)
        return [column.found() for column in told] if told[0].row_count else []

    def _window(self, days: Sequence[date] | None) -> str:
        column = self._suite.window_column
        if column is None or days is None or self._row_count < WHOLE_BELOW_ROWS:
            return ""
        opened = {day.replace(day=1) if column == "month" else day for day in days}
        return f"where cast({column} as date) in ({', '.join(f'''date '{day}' ''' for day in sorted(opened))})"


@dataclass(slots=True)
class _Column:
    """What one rule found in the frames so far: a large table is judged piece by piece, since each of these rules looks at a row alone."""

    row_count: int = 0
    element_count: int = 0
    unexpected_count: int = 0
    passed: bool = True
    trouble: str | None = None
    values: dict[str, None] = field(default_factory=dict)
    samples: list[str] = field(default_factory=list)

    def add(self, found: Any, frame: Any, keys: Sequence[str]) -> None:
        self.row_count += len(frame)
        outcome = found.result or {}
        self.trouble = self.trouble or _trouble(found.exception_info or {})
        if self.trouble:
            return
        self.element_count += outcome.get("element_count") or 0
        self.unexpected_count += outcome.get("unexpected_count") or 0
        if found.success:
            return
        self.passed = False
        told = dict.fromkeys(map(str, outcome.get("partial_unexpected_list") or []))
        self.values = dict(list((self.values | told).items())[:SAMPLE_SIZE])
        indexes = list(outcome.get("unexpected_index_list") or [])[: SAMPLE_SIZE - len(self.samples)]
        self.samples += [" ".join(f"{key}={frame.iloc[index][key]}" for key in keys) for index in indexes]

    def found(self) -> _Found:
        if self.trouble:
            return _Found(f"the rule cannot be asked: {self.trouble}")
        observed = f"{self.unexpected_count} of {self.element_count} rows"
        if self.passed:
            return _Found(observed, self.unexpected_count, passed=True)
        values = ", ".join(self.values)
        return _Found(f"{observed}: {values}" if values else observed, self.unexpected_count, tuple(self.samples))


def _trouble(info: dict[str, Any]) -> str | None:
    """What Great Expectations stumbled over; it tells it either plainly or by metric."""
    told = [each for each in (info, *info.values()) if isinstance(each, dict) and each.get("raised_exception")]
    return str(told[0].get("exception_message")) if told else None


_ROW_COUNT: Final = "expect_table_row_count_to_be_between"
_IN_SQL: Final[dict[str, Callable[[_Judge, dict[str, Any]], _Found]]] = {
    _ROW_COUNT: _Judge.row_count,
    "expect_column_values_to_be_unique": _Judge.unique,
    "expect_compound_columns_to_be_unique": _Judge.unique,
    "unexpected_rows_expectation": _Judge.unexpected_rows,
}
