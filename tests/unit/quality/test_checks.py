"""How a suite is asked: what is read of a large table, and what is said where a rule or a file is broken."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.lake.paths import DataPaths
from pipelines.quality import checks, frames
from pipelines.quality.checks import check_table
from pipelines.quality.results import GateResult
from pipelines.quality.suites import Relations, Suite
from tests.gates.names import NIGHT

if TYPE_CHECKING:
    import pandas as pd

_COUNT = {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}}
_RANGE = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "use_count", "min_value": 0}}
_RULE = {
    "type": "unexpected_rows_expectation",
    "description": "users are users",
    "kwargs": {"unexpected_rows_query": "select * from {batch} where use_count > 100"},
}
_SUITE = Suite("marts", "trend_days", (_COUNT, _RANGE, _RULE), ("day",), may_be_empty=True, window_column="day", parameters={})


def _file(folder: Path, *rows: tuple[date, int]) -> Path:
    file = folder / "trend_days.parquet"
    pq.write_table(pa.table({"day": [day for day, _ in rows], "use_count": [count for _, count in rows]}), file)
    return file


def _failed(suite: Suite, file: Path, days: list[date] | None = None) -> dict[str, GateResult]:
    results = check_table(suite, Relations(DataPaths(file.parent), NIGHT, (file,)), "run", days)
    return {result.check_name: result for result in results if not result.passed}


def test_a_large_table_is_read_by_the_touched_days_and_asked_its_whole_table_rules_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "WHOLE_BELOW_ROWS", 2)
    file = _file(tmp_path, (date(2026, 8, 1), -1), (date(2026, 8, 2), -2), (date(2026, 8, 3), 101))
    failed = _failed(_SUITE, file, [date(2026, 8, 2)])
    assert [result.sample_keys for result in failed.values()] == [["day=2026-08-02"], ["day=2026-08-03"]]
    assert failed["users are users"].observed == "1 of 3 rows; the first has use_count=101"


def test_a_small_table_and_a_night_that_built_everything_are_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = _file(tmp_path, (date(2026, 8, 1), -1), (date(2026, 8, 2), 5))
    assert len(_failed(_SUITE, file, [date(2026, 8, 2)])) == 1
    monkeypatch.setattr(checks, "WHOLE_BELOW_ROWS", 1)
    assert _failed(_SUITE, file, [date(2026, 8, 2)]) == {}
    assert len(_failed(_SUITE, file, None)) == 1


def test_no_rows_are_a_fault_unless_the_suite_says_that_there_may_be_none(tmp_path: Path) -> None:
    file = _file(tmp_path)
    suite = replace(_SUITE, expectations=({"type": _COUNT["type"], "kwargs": {"min_value": 0}}, _RANGE, _RULE))
    assert _failed(suite, file) == {}
    (result,) = _failed(replace(suite, may_be_empty=False), file).values()
    assert result.closes


def test_a_rule_that_cannot_be_asked_closes_the_gate_and_the_others_are_asked(tmp_path: Path) -> None:
    broken = _RULE | {"kwargs": {"unexpected_rows_query": "select * from {batch} where nothing_here > 1"}}
    failed = _failed(replace(_SUITE, expectations=(_COUNT, _RANGE, broken)), _file(tmp_path, (date(2026, 8, 1), -1)))
    assert len(failed) == 2
    assert "nothing_here" in str(failed["users are users"].observed)


def test_a_column_that_is_not_there_closes_the_gate(tmp_path: Path) -> None:
    lost = _RANGE | {"kwargs": {"column": "user_count", "min_value": 0}}
    (result,) = _failed(replace(_SUITE, expectations=(_COUNT, lost)), _file(tmp_path, (date(2026, 8, 1), 1))).values()
    assert result.observed == "the table has no column user_count"


def test_a_file_that_is_not_parquet_closes_the_gate(tmp_path: Path) -> None:
    file = tmp_path / "trend_days.parquet"
    file.write_bytes(b"not a table")
    (result,) = _failed(_SUITE, file).values()
    assert (result.check_name, result.closes) == ("the table can be read", True)


def test_a_table_that_is_judged_in_pieces_is_judged_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[int] = []

    def counted(frame: pd.DataFrame, expectations: list[dict[str, Any]]) -> list[Any]:
        pieces.append(len(frame))
        return validate(frame, expectations)

    validate = frames.validate
    monkeypatch.setattr(frames, "validate", counted)
    suite = replace(_SUITE, expectations=(_COUNT, _RANGE))
    # The one row that is wrong lies in the last piece.
    file = _file(tmp_path, *((date(2000, 1, 1) + timedelta(days=number), -1 if number == 4999 else 1) for number in range(5000)))
    (whole,) = _failed(suite, file).values()
    monkeypatch.setattr(checks, "FRAME_ROWS", 2048)
    (found,) = _failed(suite, file).values()
    assert pieces[0] == 5000
    assert len(pieces) > 2
    assert sum(pieces[1:]) == 5000
    assert (found.observed, found.failing_row_count, found.sample_keys) == ("1 of 5000 rows: -1", 1, ["day=2013-09-08"])
    assert (found.observed, found.failing_row_count, found.sample_keys) == (whole.observed, 1, whole.sample_keys)
