"""Where everything lies below one data folder: the path law. Pure; makes no folder and reads no file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DataPaths:
    """All paths of an installation, as functions of its data folder."""

    root: Path

    def table_root(self, platform: str, table: str) -> Path:
        """Folder of one platform's table; vault tables live below ``vault``, all others below ``lake``."""
        if table.startswith("vault_"):
            return self.root / "vault" / platform / table.removeprefix("vault_")
        return self.root / "lake" / platform / table

    def table_file(self, platform: str, table: str, event_day: date, night: date) -> Path:
        """The path law: a landed file is a function of table, platform, event day and night, and of nothing else."""
        return self.table_root(platform, table) / f"day={event_day.isoformat()}" / f"night={night.isoformat()}.parquet"

    def quarantine_file(self, platform: str, night: date) -> Path:
        """Quarantined records of one platform and night."""
        return self.root / "quarantine" / platform / f"{night.isoformat()}.parquet"

    def ledger_file(self, platform: str, night: date) -> Path:
        """Files that one platform's night took in."""
        return self.root / "ledger" / platform / f"night={night.isoformat()}.parquet"

    def records_file(self, platform: str, night: date) -> Path:
        """Hashes of the records that one platform's night landed, by file."""
        return self.root / "state" / "records" / platform / f"night={night.isoformat()}.parquet"

    def night_file(self) -> Path:
        """One-row Parquet naming the night being modelled (``night``) and its touched event days; dbt reads it."""
        return self.root / "state" / "night.parquet"

    def exchange_file(self, model: str) -> Path:
        """An intermediate dbt model, handed as Parquet to the analysis."""
        return self.root / "exchange" / f"{model}.parquet"

    def derived_file(self, table: str) -> Path:
        """A table that the analysis derives; dbt's marts read it."""
        return self.root / "derived" / f"{table}.parquet"

    def gate_log_file(self, night: date) -> Path:
        """Results of all checks of one night."""
        return self.root / "gates" / f"night={night.isoformat()}.parquet"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that only dbt opens."""
        return self.root / "warehouse" / "warehouse.duckdb"

    @property
    def secret_file(self) -> Path:
        """The pseudonym secret, unless the environment holds it."""
        return self.root / "secrets" / "pseudonym.key"

    @property
    def published(self) -> Path:
        """What analysts see."""
        return self.root / "published"
