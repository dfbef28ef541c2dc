"""Makes a snapshot folder of the marts beside the current one, verifies it, and switches to it in one rename."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow.parquet as pq

from pipelines.lake.paths import DataPaths

KEPT_SNAPSHOTS: Final = 5
CATALOGUE: Final = "undercurrent.duckdb"


class PublishError(RuntimeError):
    """The snapshot is not fit to be published; the last one stays."""


def publish(
    paths: DataPaths, night: date, run_id: str, tables: dict[str, Path], descriptions: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """Publish tables as one snapshot.

    A reader that has a snapshot open keeps it: its files stay until ``KEPT_SNAPSHOTS`` newer ones exist, and its catalogue
    names only its own files.

    Args:
        paths: the data folder.
        night: what the snapshot is of.
        run_id: the run that made it.
        tables: Parquet file by table name.
        descriptions: by table name, ``description`` and ``columns`` (description by column name).

    Returns:
        The manifest.

    Raises:
        PublishError: a table is missing or does not read back as it was written.
    """
    made_at = datetime.now(UTC)
    name = f"{night.isoformat()}-{made_at:%Y%m%dT%H%M%S%f}"
    snapshots = paths.published / "snapshots"
    snapshots.mkdir(parents=True, exist_ok=True)
    for left in snapshots.glob(".making-*"):
        shutil.rmtree(left)
    making = snapshots / f".making-{name}"
    making.mkdir()
    listed = {table: _copied(source, making / f"{table}.parquet") for table, source in sorted(tables.items())}
    manifest = {
        "snapshot": name,
        "night": night.isoformat(),
        "run_id": run_id,
        "published_at": made_at.isoformat(),
        "tables": listed,
    }
    _written(making / "manifest.json", json.dumps(manifest, indent=1).encode())
    _make_catalogue(making, snapshots / name, listed, descriptions)
    _synced(making)
    making.rename(snapshots / name)
    _point(paths.published / "current", Path("snapshots") / name)
    _point(paths.published / CATALOGUE, Path("current") / CATALOGUE)
    _synced(paths.published)
    # The newest by publication, not by night: a backfill of an old night is the newest snapshot, and the current one.
    kept = sorted(
        (folder for folder in snapshots.iterdir() if folder.is_dir()), key=lambda folder: folder.name.rsplit("-", 1)[-1]
    )
    for old in kept[:-KEPT_SNAPSHOTS]:
        shutil.rmtree(old)
    return manifest


def _copied(source: Path, target: Path) -> dict[str, Any]:
    if not source.exists():
        raise PublishError(f"the table {source.name} was not made; nothing is published")
    content = source.read_bytes()
    _written(target, content)
    rows = pq.read_metadata(target).num_rows
    if rows != pq.read_metadata(source).num_rows:
        raise PublishError(f"{target.name} has {rows} rows, {source} has another number; nothing is published")
    return {"rows": rows, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _written(file: Path, content: bytes) -> None:
    with file.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())


def _make_catalogue(making: Path, final: Path, tables: dict[str, Any], descriptions: dict[str, dict[str, Any]]) -> None:
    # The views name the files where they will be, so that moving "current" on never changes what an open reader sees.
    final = final.resolve()
    making.rename(final)
    try:
        with duckdb.connect(str(final / CATALOGUE)) as connection:
            for table in tables:
                file = str(final / f"{table}.parquet").replace("'", "''")
                connection.execute(f"create view \"{table}\" as select * from read_parquet('{file}')")
                about = descriptions.get(table, {})
                connection.execute(f'comment on view "{table}" is {_literal(about.get("description", ""))}')
                columns = [row[0] for row in connection.execute(f'describe "{table}"').fetchall()]
                for column in columns:
                    text = about.get("columns", {}).get(column)
                    if text:
                        connection.execute(f'comment on column "{table}"."{column}" is {_literal(text)}')
    finally:
        final.rename(making)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _synced(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _point(link: Path, target: Path) -> None:
    """Make a symbolic link point elsewhere in one rename."""
    temporary = link.with_name(f".{link.name}.next")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(link)


def manifest(paths: DataPaths) -> dict[str, Any] | None:
    """The manifest of the current snapshot, or None before the first."""
    file = paths.published / "current" / "manifest.json"
    return json.loads(file.read_text()) if file.exists() else None
