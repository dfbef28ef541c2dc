"""Results of a dbt invocation as gate results, with the rows that its failed tests left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.lake.paths import DataPaths
from pipelines.lake.writer import write_table
from pipelines.quality.dbt import dbt_results
from pipelines.quality.results import GateResult, closing
from tests.gates.names import NIGHT

_TEST = "test.undercurrent.sound_trends.0a1b2c"
_NODES = {
    _TEST: {
        "attached_node": "model.undercurrent.trends",
        "test_metadata": {"name": "sound", "kwargs": {"key": ["trend_key"]}},
    }
}


def _invocation(folder: Path, *results: dict[str, Any]) -> Path:
    target = folder / "target"
    target.mkdir(parents=True)
    (target / "run_results.json").write_text(json.dumps({"metadata": {"invocation_id": "now"}, "results": list(results)}))
    (target / "manifest.json").write_text(json.dumps({"nodes": _NODES}))
    return target


def _leave(paths: DataPaths, invocation: str, *rows: dict[str, Any]) -> None:
    told = [{"invocation_id": invocation, "test_id": _TEST, "failing_row": json.dumps(row)} for row in rows]
    write_table(paths.root / "exchange" / "failures" / f"test_name={invocation}" / "rows0.parquet", pa.Table.from_pylist(told))


def _read(paths: DataPaths, *results: dict[str, Any]) -> list[GateResult]:
    return dbt_results(paths, _invocation(paths.root, *results), "marts", NIGHT, "run")


def test_a_failed_test_names_its_table_its_rule_and_the_rows_of_this_invocation(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path)
    _leave(paths, "now", {"trend_key": "t1", "row_count": 2, "label": None})
    _leave(paths, "before", {"trend_key": "t0"})
    (result,) = _read(paths, {"unique_id": _TEST, "status": "fail", "failures": 1, "message": "Got 1 result"})
    assert (result.table_name, result.check_name, result.closes) == ("trends", "sound(trend_key)", True)
    assert result.sample_keys == ["trend_key=t1 row_count=2"]
    assert result.failing_row_count == 1


def test_a_test_that_warns_is_told_and_closes_nothing(tmp_path: Path) -> None:
    results = _read(DataPaths(tmp_path), {"unique_id": _TEST, "status": "warn", "failures": 1, "message": "Got 1 result"})
    assert [result.passed for result in results] == [False]
    assert closing(results) == []


def test_a_test_in_error_and_a_model_that_did_not_build_close_the_gate_and_what_was_skipped_is_named_once(tmp_path: Path) -> None:
    results = _read(
        DataPaths(tmp_path),
        {"unique_id": _TEST, "status": "error", "message": "no such column"},
        {"unique_id": "unit_test.undercurrent.trends.a_formula", "status": "skipped", "message": None},
        {"unique_id": "model.undercurrent.niches", "status": "error", "message": "type mismatch"},
        {"unique_id": "model.undercurrent.niche_members", "status": "skipped", "message": None},
        {"unique_id": "model.undercurrent.trends", "status": "success"},
    )
    assert [(each.table_name, each.check_name) for each in closing(results)] == [
        ("dbt", "every model and test was run"),
        ("trends", "sound(trend_key)"),
        ("niches", "the model builds"),
    ]
    assert closing(results)[0].sample_keys == ["niche_members", "trends"]


def test_dbt_without_results_closes_the_gate(tmp_path: Path) -> None:
    (result,) = dbt_results(DataPaths(tmp_path), tmp_path, "staged", NIGHT, "run")
    assert result.closes
    assert "run_results.json" in str(result.observed)
