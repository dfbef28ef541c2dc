"""A small installation in which every suite passes: valid rows of all topics together, written as a night would. Rows of one topic are in its own module."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import yaml

from pipelines.analysis.contracts import DERIVED, EXCHANGE
from pipelines.lake.paths import DataPaths
from pipelines.lake.schemas import ANALYTIC_TABLES, LEDGER, QUARANTINE
from pipelines.lake.writer import event_days, write_table
from pipelines.quality.suites import table_files
from tests.gates import (
    valid_bursts,
    valid_cascades,
    valid_decentralisation,
    valid_engagement,
    valid_ethics,
    valid_hazards,
    valid_insiders,
    valid_mainstream,
    valid_niches,
    valid_origins,
    valid_platform_precedence,
    valid_platforms,
    valid_relational,
    valid_trends,
    valid_units,
)
from tests.gates.names import AUGUST, NIGHT, SOURCE, STAMP, A, B, C, D, Rows, at, key
from tests.gates.valid_landed import LANDED, PLATFORM_OF

ROOT: Final = Path(__file__).parents[2]
_ARROW: Final = {
    "varchar": pa.string(),
    "varchar[]": pa.list_(pa.string()),
    "date": pa.date32(),
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "timestamptz": pa.timestamp("us", tz="UTC"),
}
_CREATOR = {"account_count": 1, "platforms": ["bluesky"], "link_evidence": "none", "actor_class": "creator", "post_count": 2}
_CREATOR |= {"first_post_at": at(2), "last_post_at": at(11), "tier_at_first_post": "mid", "tier_at_last_post": "mid"}
_ACTIVE = {
    "month": AUGUST,
    "platforms": ["bluesky"],
    "tier": "mid",
    "followers_count": 100,
    "post_count": 2,
    "active_day_count": 2,
}
_ACTIVE |= {"engagement_count": 20, "engagement_follower_count": 100, "engagement_rate": 0.2}
_ACTIVE |= {"replies_received_count": 1, "partner_count": 1} | valid_engagement.OF_A_CREATOR
_WATCHED = {"platform": "bluesky", "source": "jetstream", "collection_method": "firehose", "got_count": 5, "quarantined_count": 0}
_SCORED = STAMP | {"seed_count": 60, "size": "tiny", "calibration_key": key(7), "is_gating": False, "status": "measured"}
_CLAIMED = _SCORED | {
    "metric": "claims_media",
    "estimator": "published",
    "is_gating": True,
    "status": "passed",
    "upper_limit": 0.085,
}
_CALIBRATED: Rows = [
    _CLAIMED
    | {"world": "null_rate", "world_kind": "null", "truth": "none", "lead_first_count": 1, "target_first_count": 0}
    | {"value": 1 / 60, "low": 0.0004, "high": 0.0894, "lead_first_upper": 0.0766, "target_first_upper": 0.0487},
    _CLAIMED
    | {"world": "planted_strong", "world_kind": "planted", "truth": "lead_first", "lead_first_count": 60, "target_first_count": 0}
    | {"value": 1.0, "low": 0.9404, "high": 1.0, "lead_first_upper": 1.0, "target_first_upper": 0.0487},
    _SCORED
    | {"world": "planted_strong", "world_kind": "planted", "metric": "niche_agreement", "estimator": "published"}
    | {"value": 0.9, "low": 0.85, "high": 0.95},
    _SCORED
    | {"world": "planted_strong", "world_kind": "planted", "metric": "cascade_parents", "estimator": "published"}
    | {"status": "not_published"},
]
MARTED: Final[dict[str, Rows]] = {
    "creators": [_CREATOR | valid_insiders.ACTOR | {"creator_key": account} for account in (A, B, C, D)],
    "creator_months": [
        _ACTIVE | {"creator_key": account} | (valid_relational.CREATOR_MONTH if account == A else {}) for account in (A, B, C, D)
    ],
    "calibration": _CALIBRATED,
    "coverage_days": [
        _WATCHED | {"covered_on": date(2026, 8, 10), "expected_count": 10.0, "coverage_ratio": 0.5, "status": "ok"},
        _WATCHED | {"covered_on": date(2026, 8, 11), "status": "unknown"},
        _WATCHED | {"covered_on": date(2026, 8, 12), "status": "skipped", "reason": "no_credentials"},
    ],
}
_TOPICS: Final = (
    valid_bursts,
    valid_cascades,
    valid_decentralisation,
    valid_engagement,
    valid_ethics,
    valid_hazards,
    valid_mainstream,
    valid_niches,
    valid_origins,
    valid_platform_precedence,
    valid_platforms,
    valid_relational,
    valid_trends,
    valid_units,
)
VALID: Final = {
    "landed": LANDED,
    "staged": {table: rows for topic in _TOPICS for table, rows in topic.EXCHANGED.items()},
    "derived": {table: rows for topic in _TOPICS for table, rows in topic.DERIVATIONS.items()},
    "marts": MARTED | {table: rows for topic in _TOPICS for table, rows in topic.MARTED.items()},
}


@cache
def mart_schemas() -> dict[str, pa.Schema]:
    """Arrow schemas of the marts, from their dbt contracts."""
    schemas = {}
    for file in (ROOT / "dbt_project" / "models" / "marts").rglob("*.yml"):
        for model in yaml.safe_load(file.read_text()).get("models", []):
            fields = [(column["name"], _ARROW[column["data_type"]]) for column in model["columns"]]
            schemas[model["name"]] = pa.schema(fields)
    return schemas


def table_of(gate: str, table: str, rows: Rows) -> pa.Table:
    """Rows in the schema of their table, whose columns may all be NULL: what is missing is the poison's to say."""
    schema = {"landed": ANALYTIC_TABLES, "staged": EXCHANGE, "derived": DERIVED, "marts": mart_schemas()}[gate][table]
    loose = pa.schema([field.with_nullable(nullable=True) for field in schema])
    unknown = {name for row in rows for name in row} - set(loose.names)
    assert not unknown, f"{gate}/{table} has no column {unknown}"
    return pa.Table.from_pylist(rows, loose)


def write_landed(folder: Path, table: str, rows: Rows, days: list[date]) -> tuple[Path, ...]:
    """Landed rows, each in the folder of the day given for it."""
    files = []
    for day in sorted(set(days)):
        file = folder / f"day={day.isoformat()}" / f"night={NIGHT.isoformat()}.parquet"
        write_table(file, table_of("landed", table, [row for row, its_day in zip(rows, days, strict=True) if its_day == day]))
        files.append(file)
    return tuple(files)


def days_of(table: str, rows: Rows) -> list[date]:
    """Event days of landed rows."""
    days: list[date] = event_days(table, table_of("landed", table, rows)).to_pylist()
    return days


def install(folder: Path) -> DataPaths:
    """Write everything below a data folder."""
    paths = DataPaths(folder)
    for table, rows in LANDED.items():
        write_landed(paths.table_root(PLATFORM_OF[table], table), table, rows, days_of(table, rows))
    for platform in sorted(set(PLATFORM_OF.values())):
        counts = [(table, len(rows)) for table, rows in LANDED.items() if PLATFORM_OF[table] == platform and table != "coverage"]
        entry: dict[str, Any] = dict.fromkeys(LEDGER.names, 0) | {
            "night": NIGHT,
            "platform": platform,
            "file": "one.jsonl",
            "detail": None,
        }
        entry |= {
            "source_hash": SOURCE,
            "source_format": "jetstream",
            "status": "ingested",
            "row_counts": counts,
            "event_days": [],
        }
        write_table(paths.ledger_file(platform, NIGHT), pa.Table.from_pylist([entry], LEDGER))
        write_table(paths.quarantine_file(platform, NIGHT), QUARANTINE.empty_table())
    for gate in ("staged", "derived", "marts"):
        for table, rows in VALID[gate].items():
            write_table(table_files(paths, gate, table)[0], table_of(gate, table, rows))
    return paths
