"""The stages of a night, each with its gate. Pure wiring of intake, quality, analysis and publish; Dagster wraps it thinly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from pipelines.lake import exchange, nights
from pipelines.lake.engine import remove_spills
from pipelines.lake.intake import NightIntake, ingest_night
from pipelines.lake.limits import Limits
from pipelines.lake.paths import DataPaths
from pipelines.lake.pseudonyms import Pseudonymiser, load_or_create
from pipelines.lake.retention import enforce_retention
from pipelines.nightly.calibration import calibration_key, write_calibration
from pipelines.nightly.forgetting import forget_modelled, forget_stated
from pipelines.nightly.outlets import write_outlet_keys
from pipelines.nightly.phrases import read_function_words, read_phrase_seed, write_text_phrases
from pipelines.nightly.project import described_models, forget_old_invocations, method_fingerprint
from pipelines.nightly.text_rules import read_text_rules
from pipelines.nightly.text_signals import write_text_signals
from pipelines.platforms.registry import PLATFORMS, PlatformSpec
from pipelines.publish.snapshot import PublishError, publish
from pipelines.quality.calibration import RIPPLE_CLAIMS, check_calibration, withheld_tables
from pipelines.quality.dbt import dbt_results
from pipelines.quality.gates import check_gate, check_landing
from pipelines.quality.results import CALIBRATION, GateResult, closes, closing, log_results, withdraw_results
from pipelines.quality.retention import check_retention

MARTS: Final = (
    "adoption_hazards",
    "adoption_survival",
    "blocked_units",
    "burst_units",
    "calibration",
    "commercial_trends",
    "coverage_days",
    "creator_accounts",
    "creator_engagement_months",
    "creator_links",
    "creator_months",
    "creator_niches",
    "creator_relation_months",
    "creators",
    "culture_months",
    "culture_trends",
    "decentralisation_months",
    "decentralisation_trends",
    "disclosure_months",
    "mainstream_adoptions",
    "niche_events",
    "niche_members",
    "niche_months",
    "niche_neighbours",
    "niche_vocabulary",
    "niches",
    "origin_by_group",
    "origin_by_tier",
    "outlet_reactions",
    "parasocial_months",
    "platform_months",
    "platform_moves",
    "platform_norms",
    "platform_precedence",
    "platform_precedence_findings",
    "ripple_effects",
    "ripple_evidence",
    "ripple_findings",
    "ripple_flows",
    "tier_sensitivity_months",
    "trend_adoptions",
    "trend_aliases",
    "trend_attention",
    "trend_bursts",
    "trend_cascades",
    "trend_days",
    "trend_origin_verdicts",
    "trend_origins",
    "trend_parents",
    "trend_shapes",
    "trends",
)
REBUILD_TAG: Final = "undercurrent/rebuild"
DERIVED_GRAINS: Final = {
    "niche_assignments": "account x month, with no niche where none is stable",
    "niche_memberships": "account x niche x month",
    "niche_profiles": "niche x month",
    "niche_terms": "niche x month x term",
    "niche_events": "niche x month x event",
    "niche_neighbours": "niche x neighbour x month",
    "niche_insiders": "account x niche x month, of members and of visitors",
    "culture_windows": "month",
    "culture_trends": "measure x period",
    "decentralisation_months": "month x platform x niche x resource x panel",
    "decentralisation_trends": "platform x niche x resource x panel",
    "creator_engagement": "account x month x basis of the rate",
    "trend_precedence": "trend x lead class x target class",
    "precedence_findings": "unit type x period x lead class x target class: the pooled claim",
    "origin_odds": "unit type x period x tier",
    "mainstream_adoptions": "trend x target class",
    "outlet_reactions": "target class x period",
    "ripple_evidence": "piece of evidence",
    "adoption_survival": "origin class x target class x day",
    "adoption_hazards": "target class x covariate",
    "trend_origins": "trend x account of its origin set",
    "trend_origin_verdicts": "trend: where it came from, or why nobody can say",
    "origin_by_group": "unit type x group kind x group x period",
    "ripple_findings": "unit type x population x period x comparison kind x lead x target: the pooled claim",
    "platform_precedence": "tag x pair of platforms",
    "platform_precedence_findings": "pair of platforms",
    "person_moves": "person x platform left x day",
    "creator_relations": "account x month, of accounts that publish and that somebody engages to",
    "disclosure_months": "month x platform x tier x niche x rule set",
    "parasocial_months": "month x platform x tier",
    "trend_parents": "trend x adopter x parent",
    "trend_cascades": "trend",
    "ripple_flows": "month x kind of group x from-group x to-group x method",
    "burst_units": "tag x month",
    "trend_bursts": "tag x beginning of a burst",
    "trend_shapes": "trend",
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
# Free text and addresses of outlets are public, but a preview is no place for them either: Dagster keeps it outside the data folder,
# where no erasure reaches. Nor is it one for keys.
_NOT_IN_PREVIEWS: Final = frozenset({"title", "url", "public_name", "source_hash"})


class GateClosedError(RuntimeError):
    """A gate stopped the night; the last published snapshot stays."""

    def __init__(self, results: list[GateResult]) -> None:
        self.failed = closing(results)
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
        return [result for result in closing(self.results) if result.table_name in names]

    def check_count(self, table: str) -> int:
        """How many checks looked at a table."""
        return sum(result.table_name == f"{self.intake.platform}/{table}" for result in self.results)

    def preview(self, table: str, row_count: int = 3) -> str:
        """A few landed rows as a Markdown table, without text, names or addresses."""
        for file in landed_files(self.paths, self.intake.platform, table, self.intake):
            rows = pq.ParquetFile(file).read().slice(0, row_count).to_pylist()
            if rows:
                columns = [name for name in rows[0] if name not in _NOT_IN_PREVIEWS and not name.endswith(("_key", "_keys"))]
                lines = ["|".join(columns), "|".join("---" for _ in columns)]
                lines += ["|".join(str(row[name]) for name in columns) for row in rows]
                return "\n".join(f"|{line}|" for line in lines)
        return "no rows"


def landed_files(paths: DataPaths, platform: str, table: str, intake: NightIntake) -> list[Path]:
    """Files that a night landed of one table."""
    days = sorted({*intake.touched_days, intake.night})
    files = (paths.table_file(platform, table, day, intake.night) for day in days)
    return [file for file in files if file.exists()]


@dataclass(frozen=True, slots=True)
class IngestStage:
    """Ingest one platform and ask gates 0 and 1."""

    paths: DataPaths
    inbox: Path
    platform: PlatformSpec
    night: date
    run_id: str
    workers: int
    limits: Limits

    def run(self, pseudonyms: Pseudonymiser) -> Landed:
        """Take the files in, check what landed, log the results."""
        withdraw_results(self.paths, self.night, self.platform.name)
        intake = ingest_night(
            self.paths, self.inbox, self.platform, self.night, pseudonyms, workers=self.workers, limits=self.limits
        )
        name, tables = self.platform.name, [table for table in self.platform.tables if not table.startswith("vault_")]
        files = {table: landed_files(self.paths, name, table, intake) for table in tables}
        results = check_landing(self.paths, name, files, self.night, self.run_id)
        log_results(self.paths, self.night, results)
        return Landed(intake, results, self.paths)


def begin_modelling(paths: DataPaths, night: date, *, rebuild: bool = False, workers: int = 1) -> nights.NightPlan:
    """Forget what the data say is gone and what is too old to be kept, decide what the night models and tell dbt.

    Raises OutletsError, PhrasesError, SecretError, WorkerEndedError.
    """
    forget_old_invocations()
    remove_spills(paths)
    plan = nights.plan_night(paths, night, method_fingerprint(), rebuild=rebuild)
    forget_stated(paths, plan)
    # Tonight's own files are read again, if only because the night is run again.
    fresh = {(each.platform, each.night) for each in nights.nights_to_model(paths, plan)}
    enforce_retention(paths, night, unread=fresh | {(platform, night) for platform in PLATFORMS})
    plan = nights.plan_night(paths, night, method_fingerprint(), rebuild=rebuild)
    write_text_signals(paths, plan, read_text_rules(), workers)
    write_text_phrases(paths, plan, read_phrase_seed(), read_function_words(), workers=workers)
    nights.begin_modelling(paths, plan)
    write_outlet_keys(paths, load_or_create(paths.secret_file))
    write_calibration(paths)
    exchange.prepare(paths)
    return plan


def full_refresh(paths: DataPaths) -> list[str]:
    """What dbt is told where the night builds everything: both dbt steps of a night follow one plan."""
    return ["--full-refresh"] if nights.is_full_night(paths) else []


def quiet_platforms(plan: nights.NightPlan) -> list[str]:
    """Platforms whose staged rows stand as they are tonight."""
    return [] if plan.is_full or plan.is_carried else sorted(set(PLATFORMS) - plan.changed_platforms)


def conform_arguments(plan: nights.NightPlan) -> list[str]:
    """What dbt is told of a night's conformed models.

    A platform that brought nothing keeps its staged rows, unless everything is built or an earlier night stopped half-way.
    """
    if plan.is_full:
        return ["--full-refresh"]
    quiet = quiet_platforms(plan)
    # One word for all: dagster-dbt takes the flag's first value only.
    return ["--exclude", " ".join(f"fqn:undercurrent.staging.{platform}" for platform in quiet)] if quiet else []


def record_dbt(paths: DataPaths, target: Path, gate: str, night: date, run_id: str) -> None:
    """Log dbt's own tests; a failed one closes the gate. Raises GateClosedError."""
    results = dbt_results(paths, target, gate, night, run_id)
    log_results(paths, night, results)
    _close_on_failure(results)


def check_conformed(paths: DataPaths, night: date, run_id: str) -> None:
    """Gate 2 on the exchange models. Raises GateClosedError."""
    _ask(paths, "staged", night, run_id)


def derive(paths: DataPaths, night: date, run_id: str) -> dict[str, tuple[int, list[GateResult]]]:
    """Run the analysis on the exchange models, write the derived tables, ask gate 3.

    Returns:
        By derived table, its rows and the results of its checks.
    """
    from pipelines.nightly.analyses import analyse

    analyses = analyse(paths, exchange.read_state(paths))
    # The words of texts are counted: what is over its time can go.
    enforce_retention(paths, night)
    exchange.write_state(paths, {name: rows for each in analyses for name, rows in each.state.items()})
    tables = {name: rows for each in analyses for name, rows in each.tables.items()}
    for table in DERIVED_GRAINS:
        exchange.write_derived(paths, table, tables[table])
    results = check_gate(paths, "derived", night, run_id)
    log_results(paths, night, results)
    return {
        table: (tables[table].num_rows, [result for result in results if result.table_name == table]) for table in DERIVED_GRAINS
    }


def check_marts(paths: DataPaths, night: date, run_id: str) -> None:
    """Gate 4: suites, reconciliation and calibration of the marts, and whether anything is kept for too long. Raises GateClosedError, but not for a failed calibration.

    What the calibration withholds is written in the gate log, and :func:`publish_night` leaves it out.
    """
    calibration = pq.read_table(paths.calibration_file(), partitioning=None)
    more = [*check_calibration(calibration, calibration_key(), night, run_id), *check_retention(paths, night, run_id)]
    _ask(paths, "marts", night, run_id, more)


def calibration_verdicts(paths: DataPaths, night: date) -> dict[str, tuple[bool, str]]:
    """By table that claims who was earlier, whether gate 4 let it be published, and what it saw."""
    log = pq.read_table(paths.gate_log_file(night), partitioning=None).to_pylist()
    withheld = withheld_tables(log)
    observed = {row["table_name"]: str(row["observed"]) for row in log if row["engine"] == CALIBRATION}
    return {table: (table not in withheld, withheld.get(table) or observed[table]) for table in RIPPLE_CLAIMS}


def _ask(paths: DataPaths, gate: str, night: date, run_id: str, more: Sequence[GateResult] = ()) -> None:
    results = [*check_gate(paths, gate, night, run_id), *more]
    log_results(paths, night, results)
    _close_on_failure(results)


def publish_night(paths: DataPaths, night: date, run_id: str) -> dict[str, Any]:
    """Publish the marts and the gate log of all nights, if no gate of this night is closed; without what the calibration withholds.

    Returns:
        The manifest.

    Raises:
        PublishError: a gate is closed, or the snapshot is not fit to be published.
    """
    import duckdb

    log = pq.read_table(paths.gate_log_file(night), partitioning=None).to_pylist()
    closed = [row for row in log if closes(row)]
    if closed:
        raise PublishError("; ".join(f"gate {row['gate']}, {row['table_name']}: {row['check_name']}" for row in closed))
    results = _mart(paths, "gate_results")
    files = str(paths.gate_log_file(night).parent / "night=*.parquet")
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    query = f"select * from read_parquet('{files}', hive_partitioning=false) order by night, gate, table_name, engine, check_name"
    connection.execute(f"copy ({query}) to '{results}' (format parquet, compression zstd)")
    withheld = withheld_tables(log)
    tables = {table: _mart(paths, table) for table in (*MARTS, "gate_results") if table not in withheld}
    descriptions = described_models()
    descriptions["gate_results"] = {"description": "One row per check and night.", "columns": {}}
    plan = nights.plan_night(paths, night, method_fingerprint())
    manifest = publish(paths, night, run_id, tables, descriptions, withheld)
    nights.record_published(paths, plan, method_fingerprint())
    forget_modelled(paths)
    return manifest


def _mart(paths: DataPaths, table: str) -> Path:
    return paths.root / "marts" / f"{table}.parquet"


def _close_on_failure(results: list[GateResult]) -> None:
    if closing(results):
        raise GateClosedError(results)
