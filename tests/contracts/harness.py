"""Drives a platform's formats over decoded documents, as the intake does but in memory. For contract tests only."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pipelines.lake.pseudonyms import Pseudonymiser
from pipelines.lake.schemas import TABLES
from pipelines.platforms.protocol import BadRecord, FileContext, NativeFormat, Record, Row, Sample

PSEUDONYMS = Pseudonymiser(b"contract tests only")
# Beside the checkout, or where REALDATA says (as with make).
REALDATA = Path(os.environ.get("REALDATA", Path(__file__).parents[3] / "shared" / "realdata" / "dev"))


@dataclass
class Outcome:
    """What became of a set of documents."""

    record_count: int = 0
    rows: list[Row] = field(default_factory=list)
    refused: list[BadRecord] = field(default_factory=list)

    @property
    def by_table(self) -> dict[str, int]:
        return dict(Counter(row.table for row in self.rows))

    @property
    def by_code(self) -> dict[str, int]:
        return dict(Counter(bad.code for bad in self.refused))

    def of(self, table: str) -> list[dict[str, Any]]:
        return [row.values for row in self.rows if row.table == table]


def context(platform: str, method: str = "timeline", file: str = "file.json") -> FileContext:
    observed_at = datetime(2026, 11, 20, tzinfo=UTC)
    return FileContext(platform, file, "hash", date(2026, 11, 20), observed_at, "collected", method, PSEUDONYMS)


def chosen(formats: Iterable[NativeFormat], sample: Sample) -> NativeFormat | None:
    return next((native for native in formats if native.matches(sample)), None)


def drive(native: NativeFormat, documents: Iterable[Any], where: FileContext) -> Outcome:
    """Splits and parses; every record must give a row of a known shape or a refusal."""
    outcome = Outcome()
    for document in documents:
        try:
            items = list(native.split(document))
        except BadRecord as bad:
            outcome.record_count += 1
            outcome.refused.append(bad)
            continue
        for item in items:
            outcome.record_count += 1
            try:
                rows = list(native.parse(Record(item, outcome.record_count - 1, None), where))
            except BadRecord as bad:
                outcome.refused.append(bad)
                continue
            assert rows, f"{native.name} gave neither a row nor a refusal"
            for row in rows:
                _check(row)
            outcome.rows += rows
    return outcome


def _check(row: Row) -> None:
    schema = TABLES[row.table]
    assert set(row.values) <= set(schema.names), f"{row.table}: {set(row.values) - set(schema.names)}"
    filled_by_intake = {"observed_at", "ts_quality", "collection_method", "source_format", "source_hash", "landed_night"}
    missing = [f.name for f in schema if not f.nullable and f.name not in filled_by_intake and row.values.get(f.name) is None]
    assert not missing, f"{row.table} lacks {missing}"
