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

    def erasures_file(self) -> Path:
        """Keys of what must not be in the data, nor come back into it."""
        return self.root / "ledger" / "erasures.parquet"

    def retention_log_file(self) -> Path:
        """What was removed because it was older than a platform's terms, or ours, allow."""
        return self.root / "ledger" / "retention.parquet"

    def rewritten_days_file(self, platform: str) -> Path:
        """Event days of a platform whose landed files lost rows since the last published snapshot, and accounts whose profile did."""
        return self.root / "state" / "rewritten_days" / f"{platform}.json"

    def rewritten_accounts_file(self) -> Path:
        """Accounts of which a snapshot of the profile went, for dbt; of none between nights."""
        return self.root / "state" / "rewritten_accounts.parquet"

    def records_file(self, platform: str, night: date) -> Path:
        """Hashes of the records that one platform's night landed, by file."""
        return self.root / "state" / "records" / platform / f"night={night.isoformat()}.parquet"

    def night_file(self) -> Path:
        """One-row Parquet naming the night being modelled (``night``) and its touched event days; dbt reads it."""
        return self.root / "state" / "night.parquet"

    def landed_files_file(self) -> Path:
        """The landed files that dbt may read tonight, by platform and table."""
        return self.root / "state" / "landed_files.parquet"

    def restated_nights_file(self) -> Path:
        """The nights whose posts' texts are read anew tonight, by platform; dbt reads it."""
        return self.root / "state" / "restated_nights.parquet"

    def phrases_file(self) -> Path:
        """The kept list of phrases that texts are searched for; dbt reads it."""
        return self.root / "state" / "phrases.parquet"

    def searched_nights_file(self) -> Path:
        """The nights whose searches for phrases are read anew tonight, by platform; dbt reads it."""
        return self.root / "state" / "searched_nights.parquet"

    def outlet_keys_file(self) -> Path:
        """The keys of accounts that speak for a brand or a medium."""
        return self.root / "state" / "outlet_keys.parquet"

    def calibration_file(self) -> Path:
        """The calibration of tonight's method, which dbt and gate ``marts`` read; no rows where there is none."""
        return self.root / "state" / "calibration.parquet"

    @property
    def calibration_worlds(self) -> Path:
        """What the calibration job found out about single worlds, kept as they come."""
        return self.root / "state" / "calibration" / "worlds"

    def calibration_results_file(self, calibration_key: str) -> Path:
        """What the calibration job found out about one method."""
        return self.root / "state" / "calibration" / f"{calibration_key}.parquet"

    def published_state_file(self) -> Path:
        """Which nights, by which method, the published snapshot holds."""
        return self.root / "state" / "published.parquet"

    def unpublished_file(self) -> Path:
        """Is there from the moment a night's modelling begins until its snapshot is published."""
        return self.root / "state" / "unpublished"

    def empty_table_file(self, table: str) -> Path:
        """A file without rows that gives dbt a table's columns where nothing landed."""
        return self.root / "state" / "empty" / table / "day=1970-01-01" / "night=1970-01-01.parquet"

    def exchange_file(self, model: str, month: date | None = None) -> Path:
        """An intermediate dbt model, handed as Parquet to the analysis; models that grow with history have one file per month."""
        if month is None:
            return self.root / "exchange" / f"{model}.parquet"
        return self.root / "exchange" / model / f"{month.isoformat()}.parquet"

    def exchange_files(self, model: str) -> list[Path]:
        """All files of an intermediate model, by month where it has months."""
        folder = self.root / "exchange" / model
        return sorted(folder.glob("*.parquet")) if folder.is_dir() else [self.exchange_file(model)]

    def derived_file(self, table: str) -> Path:
        """A table that the analysis derives; dbt's marts read it."""
        return self.root / "derived" / f"{table}.parquet"

    def state_file(self, name: str) -> Path:
        """What the analysis keeps from one night for the next; nothing else reads it."""
        return self.root / "derived" / "state" / f"{name}.parquet"

    def gate_log_file(self, night: date) -> Path:
        """Results of all checks of one night."""
        return self.root / "gates" / f"night={night.isoformat()}.parquet"

    def pages_folder(self, platform: str, night: date) -> Path:
        """What one platform's live collection fetched for a night: the plan, and a folder of pages for each watched item."""
        return self.root / "pages" / platform / night.isoformat()

    def page_file(self, platform: str, night: date, item: str, sequence: int, fingerprint: str) -> Path:
        """One fetched page: ``item`` names the watched thing without telling it, ``fingerprint`` the request."""
        return self.pages_folder(platform, night) / item / f"{sequence:06d}-{fingerprint}.page"

    def plan_file(self, platform: str, night: date) -> Path:
        """What a night asks about, fixed when its collection first begins."""
        return self.pages_folder(platform, night) / "plan.json"

    def cursor_file(self, platform: str, item: str) -> Path:
        """Where a watched item stands, by night."""
        return self.root / "state" / "cursors" / platform / f"{item}.json"

    def collection_file(self, platform: str, night: date) -> Path:
        """What a platform's live collection did in a night, and where it was cut short; coverage is made from it."""
        return self.root / "state" / "collection" / platform / f"night={night.isoformat()}.json"

    @property
    def watchlist(self) -> Path:
        """What is collected live, unless the environment names another file."""
        return self.root / "watchlist.yaml"

    @property
    def commercial_accuracy(self) -> Path:
        """How well commercial posts were told on labelled posts of this data's own kind; goes before the seed of that name."""
        return self.root / "commercial_accuracy.csv"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that only dbt opens."""
        return self.root / "warehouse" / "warehouse.duckdb"

    @property
    def parsed_project(self) -> Path:
        """What dbt read of its project when it last opened this warehouse."""
        return self.root / "warehouse" / "partial_parse.msgpack"

    @property
    def spill(self) -> Path:
        """Where queries put what does not fit in memory; empty between runs."""
        return self.root / "spill"

    @property
    def secret_file(self) -> Path:
        """The pseudonym secret, unless the environment holds it."""
        return self.root / "secrets" / "pseudonym.key"

    @property
    def published(self) -> Path:
        """What analysts see."""
        return self.root / "published"
