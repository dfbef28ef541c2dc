"""What one check found: the result, the sentence that tells a person what to do, and the night's log of them. Checks nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.lake.paths import DataPaths
from pipelines.lake.writer import write_table

GATES: Final = ("parsed", "landed", "staged", "derived", "marts")
SAMPLE_SIZE: Final = 5
# The engine whose failed checks withhold their table and let the night go on.
CALIBRATION: Final = "calibration"
# The engine that looks how long identifying data have been kept.
RETENTION: Final = "retention"

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

_AGAIN: Final = "then run the night again"
_ADVICE: Final = {
    "parsed": f"look the file up in DATA/ledger and DATA/quarantine, repair it or take it out of the inbox, {_AGAIN}",
    "landed": f"find the file by its source_hash in DATA/ledger, repair it or take it out of the inbox, {_AGAIN}",
    "staged": f"look at these rows in DATA/exchange; if the landed rows are right, mend the dbt model, {_AGAIN}",
    "derived": f"look at these rows in DATA/derived; the estimator or what it was given is wrong: mend it, {_AGAIN}",
    "marts": f"look at these rows in DATA/marts; the inputs passed their gates, so mend the mart's SQL, {_AGAIN}",
}
_RETENTION_ADVICE: Final = f"remove the files that are named, or find out why they could not be removed, {_AGAIN}"
_CALIBRATION_ADVICE: Final = "the table is withheld, the others are published; see the table calibration, mend the estimator, calibrate, then run the night again"


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

    @property
    def closes(self) -> bool:
        """Whether the gate stays shut because of this check; see :func:`closes`."""
        return closes(asdict(self))

    def sentence(self) -> str:
        """What failed, on which rows, and what to do about it, for a person."""
        rows = f"; rows: {', '.join(self.sample_keys)}" if self.sample_keys else ""
        verb = "failed" if self.severity == "error" else "warns"
        advice = f"; {_ADVICE[self.gate]}" if self.closes and self.gate in _ADVICE else ""
        if self.engine == RETENTION and not self.passed:
            advice = f"; {_RETENTION_ADVICE}"
        if withholds(asdict(self)):
            advice = f"; {_CALIBRATION_ADVICE}"
        return f"gate {self.gate}, {self.table_name}: {self.check_name} {verb} ({self.observed}){rows}{advice}"


def closes(row: Mapping[str, Any]) -> bool:
    """Whether a row of the gate log closes its gate: what failed with severity ``warn`` is said only, a failed calibration withholds."""
    return not row["passed"] and row["severity"] == "error" and row["engine"] != CALIBRATION


def withholds(row: Mapping[str, Any]) -> bool:
    """Whether a row of the gate log keeps its table, and only it, from being published."""
    return not row["passed"] and row["severity"] == "error" and row["engine"] == CALIBRATION


def closing(results: Iterable[GateResult]) -> list[GateResult]:
    """The results that close their gate."""
    return [result for result in results if result.closes]


def log_results(paths: DataPaths, night: date, results: list[GateResult]) -> None:
    """Put results into the night's gate log, in place of what an earlier run of the night said of the same tables.

    A dbt invocation judges all models of its gate, so its results replace all that dbt said at this gate before; suites
    replace table by table, so that one platform's re-run does not forget what closed another's gate.
    """
    file = paths.gate_log_file(night)
    judged = {(result.gate, result.table_name, result.engine == "dbt") for result in results}
    runs_of_dbt = {result.gate: result.run_id for result in results if result.engine == "dbt"}
    kept = []
    for row in pq.read_table(file, partitioning=None).to_pylist() if file.exists() else []:
        is_dbt = row["engine"] == "dbt"
        is_of_an_older_build = is_dbt and runs_of_dbt.get(row["gate"], row["run_id"]) != row["run_id"]
        if (row["gate"], row["table_name"], is_dbt) not in judged and not is_of_an_older_build:
            kept.append(row)
    rows = kept + [asdict(result) for result in results]
    rows.sort(key=lambda row: (row["gate"], row["table_name"], row["engine"], row["check_name"]))
    write_table(file, pa.Table.from_pylist(rows, GATE_RESULTS))


def withdraw_results(paths: DataPaths, night: date, platform: str) -> None:
    """Take back what gates ``parsed`` and ``landed`` said of a platform's night before it is landed anew: until it is judged, it is not."""
    file = paths.gate_log_file(night)
    if file.exists():
        rows = pq.read_table(file, partitioning=None).to_pylist()
        outdated = [row["gate"] in {"parsed", "landed"} and row["table_name"].partition("/")[0] == platform for row in rows]
        if any(outdated):
            kept = [row for row, is_outdated in zip(rows, outdated, strict=True) if not is_outdated]
            write_table(file, pa.Table.from_pylist(kept, GATE_RESULTS))
