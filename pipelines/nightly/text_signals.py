"""Signals of posts' texts, written beside the lake for every file of the vault, where they are missing or of other rules. No text leaves the vault."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.analysis.text_signals import TEXT_SIGNALS, TextRules, text_signals
from pipelines.lake.nights import TEXT_SIGNALS_TABLE, NightPlan
from pipelines.lake.paths import DataPaths
from pipelines.lake.writer import write_batches
from pipelines.nightly.text_workers import each_file

_BATCH_ROWS: Final = 10_000
_READ: Final = ["platform", "post_key", "account_key", "observed_at", "landed_night", "text", "links"]
_VAULT_HASH: Final = b"vault_sha256"
_VERSION: Final = b"signals_version"


def write_text_signals(paths: DataPaths, plan: NightPlan, rules: TextRules, workers: int = 1) -> int:
    """Bring the signals of the nights that are read anew up to their vault files and the rules.

    A file keeps the hash of the vault file that it was made from. Signals whose vault file has gone stay on a full build, since
    retention empties the vault; of a night that was run again they go.

    Args:
        paths: The data folder.
        plan: The night's plan.
        rules: The rules; their version is in every row.
        workers: Processes that read texts.

    Returns:
        How many files were written.

    Raises:
        WorkerEndedError: such a process was ended from outside.
    """
    missing: list[tuple[Path, Path, str]] = []
    for night in plan.restated:
        name = f"night={night.night.isoformat()}.parquet"
        vault, signals = (paths.table_root(night.platform, table) for table in ("vault_posts", TEXT_SIGNALS_TABLE))
        found = {file.parent.name for file in vault.glob(f"day=*/{name}")}
        for day in sorted(found):
            source, target = vault / day / name, signals / day / name
            with source.open("rb") as stream:
                origin = hashlib.file_digest(stream, "sha256").hexdigest()
            if not _is_made_from(target, origin, rules):
                missing.append((source, target, origin))
        if not plan.is_full:
            for stale in sorted(signals.glob(f"day=*/{name}")):
                if stale.parent.name not in found:
                    stale.unlink()
    row_count = sum(pq.read_metadata(source).num_rows for source, _, _ in missing)
    return sum(each_file(partial(_write_one, rules), missing, row_count, workers))


def _metadata(origin: str, rules: TextRules) -> dict[bytes, bytes]:
    return {_VAULT_HASH: origin.encode(), _VERSION: rules.signals_version.encode()}


def _is_made_from(target: Path, origin: str, rules: TextRules) -> bool:
    if not target.exists():
        return False
    held = pq.read_schema(target)
    return bool(held.equals(TEXT_SIGNALS)) and _metadata(origin, rules).items() <= (held.metadata or {}).items()


def _write_one(rules: TextRules, files: tuple[Path, Path, str]) -> int:
    source, target, origin = files
    write_batches(target, TEXT_SIGNALS.with_metadata(_metadata(origin, rules)), _batches(source, rules))
    return 1


def _batches(source: Path, rules: TextRules) -> Iterator[pa.Table]:
    for batch in pq.ParquetFile(source).iter_batches(batch_size=_BATCH_ROWS, columns=_READ):
        yield text_signals(pa.Table.from_batches([batch]), rules)
