"""Makes a snapshot of the marts, verifies it, and switches to it in one rename. A kill at any moment leaves the last snapshot whole."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from pipelines.lake.commit import sync
from pipelines.lake.paths import DataPaths
from pipelines.publish.catalogue import CATALOGUE, make_catalogue
from pipelines.publish.files import replace_file
from pipelines.publish.provenance import covered, described, versions

KEPT_SNAPSHOTS: Final = 5
MANIFEST: Final = "manifest.json"
_UNFINISHED: Final = ".making-"
_RETIRED: Final = ".removing-"


class PublishError(RuntimeError):
    """The snapshot is not fit to be published; the last one stays."""


def publish(
    paths: DataPaths,
    night: date,
    run_id: str,
    tables: dict[str, Path],
    descriptions: dict[str, dict[str, Any]],
    withheld: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Publish tables as one snapshot.

    The views of a snapshot's catalogue name that snapshot's own files by absolute path, and DuckDB opens a file when it makes a
    view on it: so the folder gets its final name before its catalogue, and its manifest, written last, says that it is
    complete. A folder without one is no snapshot, is never pointed at, and the next publish removes it.

    A reader that has a snapshot open keeps it: its files stay until ``KEPT_SNAPSHOTS`` newer ones exist.

    Args:
        paths: the data folder.
        night: what the snapshot is of.
        run_id: the run that made it.
        tables: Parquet file by table name.
        descriptions: by table name, ``description`` and ``columns`` (description by column name).
        withheld: by name of a table that is kept out of the snapshot on purpose, why.

    Returns:
        The manifest.

    Raises:
        PublishError: a table is missing or does not read back as it was written.
    """
    made_at = datetime.now(UTC)
    name = f"{night.isoformat()}-{made_at:%Y%m%dT%H%M%S%f}"
    snapshots = paths.published / "snapshots"
    snapshots.mkdir(parents=True, exist_ok=True)
    for left in leftovers(paths):
        shutil.rmtree(left)
    before = manifest(paths) or {"tables": {}}
    making = snapshots / f"{_UNFINISHED}{name}"
    making.mkdir()
    listed = {
        table: _taken(source, making / f"{table}.parquet", paths.published / "current", before["tables"].get(table, {}))
        for table, source in sorted(tables.items())
    }
    sync(making)
    final = snapshots / name
    making.rename(final)
    make_catalogue(final, list(listed), descriptions)
    made = {
        "snapshot": name,
        "night": night.isoformat(),
        "run_id": run_id,
        "published_at": made_at.isoformat(),
        "versions": versions(),
        "covered": covered(paths),
        "tables": listed,
        "withheld": dict(withheld or {}),
    }
    replace_file(final / MANIFEST, json.dumps(made, indent=1).encode())
    sync(final)
    sync(snapshots)
    # The catalogue's link first: on a first publish it dangles until there is a current snapshot, and never after that.
    _point(paths.published / CATALOGUE, Path("current") / CATALOGUE)
    _point(paths.published / "current", Path("snapshots") / name)
    sync(paths.published)
    for old in _complete(paths)[:-KEPT_SNAPSHOTS]:
        # By a hidden name first, so that no kill leaves half a snapshot under its name.
        shutil.rmtree(old.rename(snapshots / f"{_RETIRED}{old.name}"))
    return made


def leftovers(paths: DataPaths) -> list[Path]:
    """Folders of publishes and removals that were killed. They are no snapshots; the next publish removes them."""
    snapshots = paths.published / "snapshots"
    folders = sorted(folder for folder in snapshots.iterdir() if folder.is_dir()) if snapshots.is_dir() else []
    return [folder for folder in folders if folder.name.startswith(".") or not (folder / MANIFEST).exists()]


def manifest(paths: DataPaths) -> dict[str, Any] | None:
    """The manifest of the current snapshot, or None before the first."""
    file = paths.published / "current" / MANIFEST
    return json.loads(file.read_text()) if file.exists() else None


def _complete(paths: DataPaths) -> list[Path]:
    # By publication, not by night: a backfill of an old night is the newest snapshot, and the current one.
    unfit = set(leftovers(paths))
    folders = [folder for folder in (paths.published / "snapshots").iterdir() if folder.is_dir() and folder not in unfit]
    return sorted(folders, key=lambda folder: folder.name.rsplit("-", 1)[-1])


def _taken(source: Path, target: Path, current: Path, before: dict[str, Any]) -> dict[str, Any]:
    """Bring a table into the snapshot: as a link to the current snapshot's file where the content is the same, else as a copy.

    Marts are not linked to their source: a later run writes there, and a snapshot never changes.
    """
    if not source.exists():
        raise PublishError(f"the table {source.name} was not made; nothing is published")
    content = _sha256(source)
    published = (current / target.name).resolve()
    # The published file is hashed again: a link to one that was damaged since would publish the damage.
    linked = content == before.get("sha256") and published.exists() and _sha256(published) == content
    if linked:
        target.hardlink_to(published)
    else:
        shutil.copyfile(source, target)
        sync(target)
        if _sha256(target) != content:
            raise PublishError(f"{target.name} does not read back as {source} reads; check the disk; nothing is published")
    if pq.read_metadata(target).num_rows != pq.read_metadata(source).num_rows:
        raise PublishError(f"{target.name} and {source} have different numbers of rows; nothing is published")
    return {**described(target), "bytes": target.stat().st_size, "sha256": content, "unchanged": linked}


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _point(link: Path, target: Path) -> None:
    """Make a symbolic link point elsewhere in one rename."""
    temporary = link.with_name(f".{link.name}.next")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(link)


def restate(paths: DataPaths, reason: str, at: datetime) -> list[str]:
    """Say in the manifests of snapshots whose tables were rewritten what is there now, so that they again describe their files.

    What was counted with rows that are gone stays as it was counted: ``rewritten`` says so, and the next night's snapshot is made without
    them. A snapshot whose files are as its manifest has them is left alone, so this can be done again after a kill.

    Args:
        paths: the data folder.
        reason: why, in words.
        at: when (UTC).

    Returns:
        Names of the snapshots that were restated.
    """
    restated = []
    for snapshot in _complete(paths) if (paths.published / "snapshots").is_dir() else []:
        told = json.loads((snapshot / MANIFEST).read_text())
        files = {table: snapshot / f"{table}.parquet" for table in told["tables"]}
        changed = {table: _sha256(file) for table, file in files.items() if file.exists()}
        changed = {table: digest for table, digest in changed.items() if digest != told["tables"][table]["sha256"]}
        for table, digest in changed.items():
            about = {**described(files[table]), "bytes": files[table].stat().st_size, "sha256": digest, "unchanged": False}
            told["tables"][table] |= about
        if changed:
            told["rewritten"] = {
                "at": at.isoformat(),
                "reason": reason,
                "tables": sorted({*told.get("rewritten", {}).get("tables", []), *changed}),
                "stale": "figures that were counted with rows that are gone stand until the next night is published",
            }
            replace_file(snapshot / MANIFEST, json.dumps(told, indent=1).encode())
            restated.append(snapshot.name)
    return restated
