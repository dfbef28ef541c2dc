"""Gate results: which of them close, what they tell a person, and what a re-run replaces in the log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pipelines.lake.paths import DataPaths
from pipelines.quality.results import GATES, GateResult, closing, log_results
from tests.gates.names import NIGHT


def _result(table: str = "posts", run: str = "first", gate: str = "marts", engine: str = "duckdb", **more: Any) -> GateResult:
    return GateResult(NIGHT, run, gate, table, "a rule", engine, **({"passed": True} | more))


def _log(paths: DataPaths) -> list[tuple[str, str, str]]:
    rows = pq.read_table(paths.gate_log_file(NIGHT), partitioning=None).to_pylist()
    return [(row["table_name"], row["engine"], row["run_id"]) for row in rows]


def test_only_failed_errors_close_a_gate() -> None:
    failed, warned = _result(passed=False), _result(passed=False, severity="warn")
    assert closing([_result(), failed, warned]) == [failed]


def test_a_closing_sentence_names_rows_and_says_what_to_do_at_every_gate() -> None:
    for gate in GATES:
        sentence = _result(gate=gate, passed=False, observed="1 of 3 rows", sample_keys=["post_key=x"]).sentence()
        assert "failed (1 of 3 rows); rows: post_key=x" in sentence
        assert sentence.endswith("then run the night again")


def test_a_warning_asks_for_nothing() -> None:
    assert "run the night again" not in _result(passed=False, severity="warn").sentence()


def test_a_re_run_replaces_what_was_said_of_the_same_table_only(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path)
    log_results(paths, NIGHT, [_result("reddit/posts"), _result("bluesky/posts")])
    log_results(paths, NIGHT, [_result("bluesky/posts", "second")])
    assert _log(paths) == [("bluesky/posts", "duckdb", "second"), ("reddit/posts", "duckdb", "first")]


def test_a_new_build_of_dbt_replaces_all_that_dbt_said_at_that_gate(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path)
    log_results(paths, NIGHT, [_result("model_that_failed", engine="dbt", passed=False), _result("trends")])
    log_results(paths, NIGHT, [_result("model_that_failed", "first", "staged", "dbt")])
    log_results(paths, NIGHT, [_result("trends", "second", engine="dbt")])
    assert _log(paths) == [
        ("trends", "dbt", "second"),
        ("trends", "duckdb", "first"),
        ("model_that_failed", "dbt", "first"),
    ]
