"""Runs declarative suites on frames read from Parquet and says what failed, on which rows. Suites live in expectations/."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.lake.paths import DataPaths
from pipelines.lake.writer import write_table

SUITES: Final = Path(__file__).parents[2] / "expectations"
_SAMPLE_SIZE: Final = 5
SMALLEST_JUDGED_RECORD_COUNT: Final = 20

GATE_RESULTS: Final = pa.schema(
    [
        pa.field("night", pa.date32(), nullable=False),
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("gate", pa.string(), nullable=False),
        pa.field("table_name", pa.string(), nullable=False),
        pa.field("check_name", pa.string(), nullable=False),
        pa.field("engine", pa.string(), nullable=False),
        pa.field("severity", pa.string(), nullable=False),
        pa.field("passed", pa.bool_(), nullable=False),
        pa.field("observed", pa.string()),
        pa.field("failing_row_count", pa.int64()),
        pa.field("sample_keys", pa.list_(pa.string())),
        pa.field("checked_at", pa.timestamp("us", tz="UTC"), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True)
class GateResult:
    """One check of one table in one night."""

    night: date
    run_id: str
    gate: str
    table_name: str
    check_name: str
    engine: str
    passed: bool
    observed: str | None = None
    failing_row_count: int | None = None
    sample_keys: list[str] = field(default_factory=list)
    severity: str = "error"
    checked_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def sentence(self) -> str:
        """What failed, for a person."""
        where = f"; rows: {', '.join(self.sample_keys)}" if self.sample_keys else ""
        return f"gate {self.gate}, {self.table_name}: {self.check_name} failed ({self.observed}){where}"


def suite_file(gate: str, table: str) -> Path:
    """The suite of a table at a gate; landed tables of all platforms share one suite a table."""
    return SUITES / gate / f"{table}.json"


def thresholds() -> dict[str, float]:
    """Largest share of quarantined records by platform that a night may have; ``default`` for platforms not named."""
    limits: dict[str, float] = json.loads((SUITES / "quarantine_thresholds.json").read_text())["largest_ratio"]
    return limits


@cache
def _context() -> Any:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx

    context: Any = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return context


def check_files(files: Iterable[Path], gate: str, table: str, suite: Path, night: date, run_id: str) -> list[GateResult]:
    """Check the rows of Parquet files against a suite.

    Only the columns that the suite names are read. Without any rows Great Expectations is not asked: every column check
    passes on nothing, so the one thing to say is whether the suite allows nothing.
    """
    declared = json.loads(suite.read_text())
    expectations = declared["expectations"]
    keys = declared["meta"]["key_columns"]
    columns = {each["kwargs"]["column"] for each in expectations if "column" in each["kwargs"]} | set(keys)
    for each in expectations:
        columns.update(each["kwargs"].get("column_list", ()))
    parts = [pq.read_table(file, columns=sorted(columns), partitioning=None) for file in files]
    rows = pa.concat_tables(parts) if parts else None
    if rows is None or rows.num_rows == 0:
        may_be_empty = bool(declared["meta"]["may_be_empty"])
        return [
            GateResult(night, run_id, gate, table, "has rows, or may have none", "great_expectations", may_be_empty, "0 rows", 0)
        ]
    frame = rows.to_pandas()
    return [_result(each, frame, keys, gate, table, night, run_id) for each in _validate(frame, declared["name"], expectations)]


def _validate(frame: pd.DataFrame, name: str, expectations: list[dict[str, Any]]) -> list[Any]:
    import great_expectations as gx

    context = _context()
    source = context.data_sources.add_or_update_pandas("frames")
    batch = source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": frame})
    suite = gx.ExpectationSuite(name=name, expectations=expectations)
    found = batch.validate(suite, result_format={"result_format": "COMPLETE", "partial_unexpected_count": _SAMPLE_SIZE})
    return list(found.results)


def _result(found: Any, frame: pd.DataFrame, keys: list[str], gate: str, table: str, night: date, run_id: str) -> GateResult:
    kwargs = dict(found.expectation_config.kwargs)
    kwargs.pop("batch_id", None)
    about = ", ".join(f"{key}={value}" for key, value in kwargs.items())
    check = f"{found.expectation_config.type}({about})"
    outcome = found.result or {}
    indexes = list(outcome.get("unexpected_index_list") or [])[:_SAMPLE_SIZE]
    sample = [" ".join(str(frame.iloc[index][key]) for key in keys) for index in indexes] if keys else []
    observed = outcome.get("observed_value")
    if observed is None and outcome.get("unexpected_count") is not None:
        observed = f"{outcome['unexpected_count']} of {outcome.get('element_count')} rows"
    if found.exception_info and found.exception_info.get("raised_exception"):
        observed = str(found.exception_info.get("exception_message"))
    count = outcome.get("unexpected_count")
    text = None if observed is None else str(observed)
    return GateResult(night, run_id, gate, table, check, "great_expectations", bool(found.success), text, count, sample)


def check_quarantine(platform: str, record_count: int, quarantined_count: int, night: date, run_id: str) -> GateResult:
    """Gate 1's first question: is too much of the night in quarantine?"""
    limits = thresholds()
    limit = limits.get(platform, limits["default"])
    # A share of a handful says nothing: one cut-off file, met again each night, must not close every night.
    ratio = quarantined_count / record_count if record_count >= SMALLEST_JUDGED_RECORD_COUNT else 0.0
    observed = f"{quarantined_count} of {record_count} records, {ratio:.1%}, at most {limit:.0%}"
    check = "quarantined share of records"
    return GateResult(night, run_id, "landed", platform, check, "reconciliation", ratio <= limit, observed, quarantined_count)


def dbt_results(run_results: Path, gate: str, night: date, run_id: str) -> list[GateResult]:
    """Tests of one dbt invocation as gate results."""
    found = json.loads(run_results.read_text())["results"]
    results = []
    for each in found:
        kind, _, name = each["unique_id"].split(".", 2)
        if kind in {"test", "unit_test"}:
            passed = each["status"] in {"pass", "success", "warn"}
            table, _, check = name.partition(".")
            results.append(
                GateResult(night, run_id, gate, table, check or table, "dbt", passed, each.get("message"), each.get("failures"))
            )
    return results


def log_results(paths: DataPaths, night: date, gate: str, results: list[GateResult]) -> None:
    """Put results into the night's gate log, in place of what an earlier run of the night said at this gate."""
    file = paths.gate_log_file(night)
    fresh = {(result.table_name, result.engine) for result in results}
    run_ids = {result.run_id for result in results}
    kept = []
    if file.exists():
        for row in pq.read_table(file, partitioning=None).to_pylist():
            outdated = row["run_id"] not in run_ids or (row["table_name"], row["engine"]) in fresh
            if row["gate"] != gate or not outdated:
                kept.append(row)
    rows = kept + [asdict(result) for result in results]
    rows.sort(key=lambda row: (row["gate"], row["table_name"], row["engine"], row["check_name"]))
    write_table(file, pa.Table.from_pylist(rows, GATE_RESULTS))


def withdraw_results(paths: DataPaths, night: date, gate: str, platform: str) -> None:
    """Take back what a gate said of a platform's night, before that night is landed anew: until it is judged again it is not judged."""
    file = paths.gate_log_file(night)
    if file.exists():
        rows = pq.read_table(file, partitioning=None).to_pylist()
        kept = [row for row in rows if row["gate"] != gate or row["table_name"].partition("/")[0] != platform]
        if len(kept) < len(rows):
            write_table(file, pa.Table.from_pylist(kept, GATE_RESULTS))
