"""Reads what one dbt invocation says of its tests, with the rows that failed, as gate results. Runs no dbt, opens no warehouse."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from pipelines.lake.paths import DataPaths
from pipelines.quality.results import SAMPLE_SIZE, GateResult

_PASSED: Final = {"pass", "success", "warn"}
_TEST_KINDS: Final = {"test", "unit_test"}


def dbt_results(paths: DataPaths, target: Path, gate: str, night: date, run_id: str) -> list[GateResult]:
    """Tests, and models that did not build, of one dbt invocation as gate results.

    Args:
        paths: the data folder; the macro ``write_failures`` left the first rows of each failed test below it.
        target: dbt's target folder, with ``run_results.json`` and ``manifest.json``.
        gate: staged or marts.
        night: the night that was modelled.
        run_id: of the run.

    Returns:
        One result per test that ran, one per model or seed that failed, one for all that was skipped. Where dbt wrote no results, one
        that fails.
    """
    if not (target / "run_results.json").exists():
        observed = f"there is no run_results.json in {target}: dbt stopped before its first model; its log says why"
        return [GateResult(night, run_id, gate, "dbt", "dbt wrote its results", "dbt", passed=False, observed=observed)]
    ran = json.loads((target / "run_results.json").read_text())
    nodes = json.loads((target / "manifest.json").read_text())["nodes"]
    failures = _failures(paths, ran["metadata"]["invocation_id"])
    results = []
    skipped = [each["unique_id"].split(".")[2] for each in ran["results"] if each["status"] == "skipped"]
    if skipped:
        # What was skipped stands below what failed: named once, so that the cause is not the last of a long list.
        observed = f"{len(skipped)} of {len(ran['results'])} models and tests were skipped, since what they stand on failed"
        names = sorted(skipped)[:SAMPLE_SIZE]
        check = "every model and test was run"
        results.append(GateResult(night, run_id, gate, "dbt", check, "dbt", not skipped, observed, len(skipped), names))
    for each in ran["results"]:
        unique_id, status = each["unique_id"], each["status"]
        kind = unique_id.split(".", 1)[0]
        if status == "skipped":
            continue
        if kind in _TEST_KINDS:
            table, check = _named(unique_id, nodes)
            count = each.get("failures")
            message = each.get("message") or f"{count or 0} failing rows"
            passed, level = status in _PASSED, "error"
            if status == "warn":
                passed, level = False, "warn"
            sample = failures.get(unique_id, [])
            results.append(
                GateResult(night, run_id, gate, table, check, "dbt", passed, str(message).strip(), count, sample, level)
            )
        elif status == "error":
            table, message = unique_id.split(".")[2], each.get("message") or status
            results.append(GateResult(night, run_id, gate, table, "the model builds", "dbt", passed=False, observed=message))
    return results


def _named(unique_id: str, nodes: dict[str, Any]) -> tuple[str, str]:
    """The table that a test looks at, and the test's name without it."""
    node = nodes.get(unique_id, {})
    attached = node.get("attached_node")
    if attached:
        table = str(attached).split(".")[2]
        about = node.get("test_metadata", {}).get("kwargs", {})
        rule = about.get("column_name") or ", ".join(about.get("key") or about.get("columns") or [])
        return table, f"{node['test_metadata']['name']}({rule})"
    # A unit test is named unit_test.<project>.<model>.<test>, a singular test test.<project>.<test>.
    table, _, check = unique_id.split(".", 2)[2].partition(".")
    return table, check or table


def _failures(paths: DataPaths, invocation_id: str) -> dict[str, list[str]]:
    """By failed test of this invocation, its first rows."""
    found: dict[str, list[str]] = {}
    for file in sorted((paths.root / "exchange" / "failures").rglob("*.parquet")):
        for row in pq.read_table(file, partitioning=None).to_pylist():
            if row["invocation_id"] == invocation_id:
                values = {name: value for name, value in json.loads(row["failing_row"]).items() if value is not None}
                text = " ".join(f"{name}={value}" for name, value in values.items())
                found.setdefault(row["test_id"], []).append(text)
    return {test: sorted(rows)[:SAMPLE_SIZE] for test, rows in found.items()}
