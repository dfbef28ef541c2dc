"""The stages of a night, each with its gate. Pure wiring of intake, quality, analysis and publish; Dagster wraps it thinly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq
import xxhash

from pipelines.lake import nights
from pipelines.lake.intake import NightIntake, ingest_night
from pipelines.lake.paths import DataPaths
from pipelines.lake.pseudonyms import Pseudonymiser
from pipelines.platforms.registry import PlatformSpec
from pipelines.publish.snapshot import PublishError, publish
from pipelines.quality.gates import GateResult, check_files, check_quarantine, dbt_results, log_results, suite_file
from pipelines.settings import DBT_PROJECT, from_environment

MARTS: Final = (
    "coverage_days",
    "creator_months",
    "creators",
    "niche_members",
    "niches",
    "origin_by_tier",
    "platform_precedence",
    "platform_precedence_findings",
    "ripple_effects",
    "trend_adoptions",
    "trend_days",
    "trends",
)
DERIVED_GRAINS: Final = {
    "niche_assignments": "account x month, with no niche where none is stable",
    "niche_profiles": "niche x month",
    "trend_precedence": "trend x target class",
    "precedence_findings": "period x target class: the pooled claim",
    "origin_odds": "period x tier",
    "platform_precedence": "tag x pair of platforms",
    "platform_precedence_findings": "pair of platforms",
}
_GRAINS: Final = {
    "accounts": "account x observation",
    "posts": "post x observation",
    "post_metrics": "post x observation of its counters",
    "interactions": "interaction",
    "follows": "follow",
    "deletions": "statement that something is gone",
    "coverage": "source x event day",
    "mainstream_items": "item of an outlet",
    "attention_series": "series x period",
}
# Free text and addresses of outlets are public, but a preview is no place for them either.
_NOT_IN_PREVIEWS: Final = frozenset({"title", "url", "public_name", "source_hash"})


class GateClosedError(RuntimeError):
    """A gate stopped the night; the last published snapshot stays."""

    def __init__(self, results: list[GateResult]) -> None:
        self.failed = [result for result in results if not result.passed]
        super().__init__("; ".join(result.sentence() for result in self.failed))


def table_grain(table: str) -> str:
    """What one row of a landed table is."""
    return _GRAINS[table]


@dataclass(frozen=True, slots=True)
class Landed:
    """One platform's night after gate 1."""

    intake: NightIntake
    results: list[GateResult]
    paths: DataPaths

    def failures(self, table: str) -> list[GateResult]:
        """What failed on a table; a closed quarantine threshold closes every table of the platform."""
        names = {self.intake.platform, f"{self.intake.platform}/{table}"}
        return [result for result in self.results if not result.passed and result.table_name in names]

    def check_count(self, table: str) -> int:
        """How many checks looked at a table."""
        return sum(result.table_name == f"{self.intake.platform}/{table}" for result in self.results)

    def preview(self, table: str, row_count: int = 3) -> str:
        """A few landed rows as a Markdown table, without text, names or addresses."""
        for file in landed_files(self.paths, self.intake.platform, table, self.intake.night):
            rows = pq.ParquetFile(file).read().slice(0, row_count).to_pylist()
            if rows:
                columns = [name for name in rows[0] if name not in _NOT_IN_PREVIEWS]
                lines = ["|".join(columns), "|".join("---" for _ in columns)]
                lines += ["|".join(str(row[name]) for name in columns) for row in rows]
                return "\n".join(f"|{line}|" for line in lines)
        return "no rows"


def landed_files(paths: DataPaths, platform: str, table: str, night: date) -> list[Path]:
    """Files that a night landed of one table."""
    return sorted(paths.table_root(platform, table).glob(f"day=*/night={night.isoformat()}.parquet"))


@dataclass(frozen=True, slots=True)
class IngestStage:
    """Ingest one platform and ask gates 0 and 1."""

    paths: DataPaths
    inbox: Path
    platform: PlatformSpec
    night: date
    run_id: str
    workers: int

    def run(self, pseudonyms: Pseudonymiser) -> Landed:
        """Take the files in, check what landed, log the results."""
        intake = ingest_night(self.paths, self.inbox, self.platform, self.night, pseudonyms, workers=self.workers)
        name = self.platform.name
        results = [check_quarantine(name, intake.record_count, intake.quarantined_count, self.night, self.run_id)]
        for table in self.platform.tables:
            if not table.startswith("vault_"):
                files = landed_files(self.paths, name, table, self.night)
                suite = suite_file("landed", table)
                results += check_files(files, "landed", f"{name}/{table}", suite, self.night, self.run_id)
        log_results(self.paths, self.night, "landed", results)
        return Landed(intake, results, self.paths)


def begin_modelling(paths: DataPaths, night: date) -> list[date]:
    """Tell dbt the night and its touched event days."""
    return nights.begin_modelling(paths, night)


def record_dbt(paths: DataPaths, target: Path, gate: str, night: date, run_id: str) -> None:
    """Log dbt's own tests; a failed one closes the gate. Raises GateClosedError."""
    found = target / "run_results.json"
    if not found.exists():
        raise GateClosedError([GateResult(night, run_id, gate, "dbt", "dbt wrote its results", "dbt", passed=False)])
    results = dbt_results(found, gate, night, run_id)
    statuses = {each["unique_id"]: each for each in json.loads(found.read_text())["results"]}
    for name, each in statuses.items():
        if each["status"] in {"error", "skipped"} and not name.startswith(("test.", "unit_test.")):
            table = name.split(".")[2]
            results.append(
                GateResult(night, run_id, gate, table, "the model builds", "dbt", passed=False, observed=each.get("message"))
            )
    log_results(paths, night, gate, results)
    _close_on_failure(results)


def check_conformed(paths: DataPaths, night: date, run_id: str) -> None:
    """Gate 2 on the exchange models. Raises GateClosedError."""
    results: list[GateResult] = []
    for suite in sorted(suite_file("staged", "_").parent.glob("*.json")):
        results += check_files([paths.exchange_file(suite.stem)], "staged", suite.stem, suite, night, run_id)
    log_results(paths, night, "staged", results)
    _close_on_failure(results)


def derive(paths: DataPaths, night: date, run_id: str) -> dict[str, tuple[int, list[GateResult]]]:
    """Run the analysis on the exchange models, write the derived tables, ask gate 3.

    Returns:
        By derived table, its rows and the results of its checks.
    """
    from pipelines.analysis.niches import discover_niches
    from pipelines.analysis.platform_precedence import EXCHANGE_TABLES, analyse_platforms
    from pipelines.analysis.trends import analyse_trends

    def read(model: str) -> Any:
        return nights.read_exchange(paths, model)

    tables = discover_niches(read("int_account_tag_months"), read("int_interaction_months"), None)
    tables |= analyse_trends(read("int_trend_candidates"), read("int_trend_adoptions"), read("int_trend_timelines"))
    tables |= analyse_platforms({name: read(name) for name in EXCHANGE_TABLES})
    outcome = {}
    logged: list[GateResult] = []
    for table in DERIVED_GRAINS:
        nights.write_derived(paths, table, tables[table])
        results = check_files([paths.derived_file(table)], "derived", table, suite_file("derived", table), night, run_id)
        outcome[table] = (tables[table].num_rows, results)
        logged += results
    log_results(paths, night, "derived", logged)
    return outcome


def check_marts(paths: DataPaths, night: date, run_id: str) -> None:
    """Gate 4: suites and reconciliation of the marts. Raises GateClosedError."""
    results: list[GateResult] = []
    for table in MARTS:
        results += check_files([_mart(paths, table)], "marts", table, suite_file("marts", table), night, run_id)
    adopted = pq.read_metadata(_mart(paths, "trend_adoptions")).num_rows
    conformed = pq.read_metadata(paths.exchange_file("int_trend_adoptions")).num_rows
    observed = f"{adopted} rows in the mart, {conformed} conformed"
    check = "no adoption is lost or doubled"
    results.append(GateResult(night, run_id, "marts", "trend_adoptions", check, "reconciliation", adopted == conformed, observed))
    log_results(paths, night, "marts", results)
    _close_on_failure(results)


def publish_night(paths: DataPaths, night: date, run_id: str) -> dict[str, Any]:
    """Publish the marts and the gate log of all nights, if every gate of this night passed. Raises GateClosedError, PublishError."""
    import duckdb

    log = pq.read_table(paths.gate_log_file(night), partitioning=None).to_pylist()
    closed = [row for row in log if not row["passed"] and row["severity"] == "error"]
    if closed:
        raise PublishError("; ".join(f"gate {row['gate']}, {row['table_name']}: {row['check_name']}" for row in closed))
    results = _mart(paths, "gate_results")
    files = str(paths.gate_log_file(night).parent / "night=*.parquet")
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    query = f"select * from read_parquet('{files}', hive_partitioning=false) order by night, gate, table_name, engine, check_name"
    connection.execute(f"copy ({query}) to '{results}' (format parquet, compression zstd)")
    tables = {table: _mart(paths, table) for table in (*MARTS, "gate_results")}
    return publish(paths, night, run_id, tables, _descriptions())


def _mart(paths: DataPaths, table: str) -> Path:
    return paths.root / "marts" / f"{table}.parquet"


def _close_on_failure(results: list[GateResult]) -> None:
    if any(not result.passed for result in results):
        raise GateClosedError(results)


def _descriptions() -> dict[str, dict[str, Any]]:
    nodes = json.loads(manifest_file().read_text())["nodes"].values()
    about = {
        node["name"]: {
            "description": node["description"],
            "columns": {name: column["description"] for name, column in node["columns"].items()},
        }
        for node in nodes
        if node["resource_type"] == "model"
    }
    about["gate_results"] = {"description": "One row per check and night.", "columns": {}}
    return about


def dbt_executable() -> Path:
    """The dbt of this very environment, whatever else is on the path."""
    return Path(sys.executable).with_name("dbt")


@cache
def manifest_file() -> Path:
    """Dbt's manifest, made anew where a file of the project is younger than it.

    dagster-dbt makes it only below ``dagster dev``; tests and the command line need it too.
    """
    from_environment()
    manifest = DBT_PROJECT / "target" / "manifest.json"
    sources = [file for folder in ("models", "macros", "seeds") for file in (DBT_PROJECT / folder).rglob("*") if file.is_file()]
    youngest = max(file.stat().st_mtime for file in [*sources, DBT_PROJECT / "dbt_project.yml", DBT_PROJECT / "profiles.yml"])
    if not manifest.exists() or manifest.stat().st_mtime < youngest:
        command = [
            str(dbt_executable()),
            "--quiet",
            "parse",
            "--project-dir",
            str(DBT_PROJECT),
            "--profiles-dir",
            str(DBT_PROJECT),
        ]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ.copy(), check=False)  # noqa: S603 - our own dbt
        if done.returncode:
            raise RuntimeError(f"dbt cannot read its project: {done.stdout.strip()} {done.stderr.strip()}")
    return manifest


def inbox_fingerprint(inbox: Path) -> str:
    """A hash of names, sizes and times of the inbox's files: changes when the inbox does, without reading any file."""
    digest = xxhash.xxh3_64()
    for file in sorted(inbox.rglob("*")):
        if file.is_file():
            status = file.stat()
            digest.update(f"{file.relative_to(inbox)}|{status.st_size}|{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
