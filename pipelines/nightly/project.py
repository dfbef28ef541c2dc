"""The dbt project as the night sees it: its executable, its manifest, and the fingerprint of what its models mean. Runs no model."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from pipelines.analysis import phrases, text_signals
from pipelines.lake.paths import DataPaths
from pipelines.lake.schemas import ANALYTIC_TABLES
from pipelines.publish.files import replace_file
from pipelines.settings import DBT_PROJECT, from_environment

_FOLDERS: Final = ("models", "macros", "seeds")
_KEPT_SECONDS: Final = 7 * 86_400


def dbt_executable() -> Path:
    """The dbt of this very environment, whatever else is on the path."""
    return Path(sys.executable).with_name("dbt")


def _files() -> list[Path]:
    found = [file for folder in _FOLDERS for file in (DBT_PROJECT / folder).rglob("*") if file.is_file()]
    return sorted([*found, DBT_PROJECT / "dbt_project.yml", DBT_PROJECT / "profiles.yml"])


@cache
def manifest_file() -> Path:
    """Dbt's manifest, made anew where a file of the project is younger than it.

    dagster-dbt makes it only below ``dagster dev``; tests and the command line need it too.
    """
    from_environment()
    manifest = DBT_PROJECT / "target" / "manifest.json"
    youngest = max(file.stat().st_mtime for file in _files())
    if not manifest.exists() or manifest.stat().st_mtime < youngest:
        folders = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
        command = [str(dbt_executable()), "--quiet", "parse", *folders]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ.copy(), check=False)  # noqa: S603 - our own dbt
        if done.returncode:
            raise RuntimeError(f"dbt cannot read its project: {done.stdout.strip()} {done.stderr.strip()}")
    return manifest


def begin_invocation(paths: DataPaths, step: str, run_id: str, target: Path = DBT_PROJECT / "target") -> Path:
    """Make the folder for what dbt writes in one step of a night, with what it read of the project for this warehouse before.

    Dbt reads what changed since, or everything where it was not there or of another dbt.

    Args:
        paths: Of the data folder.
        step: Name of the step.
        run_id: Of Dagster's run.
        target: Folder of all invocations.
    """
    folder = target / f"{step}-{run_id[:7]}-{uuid.uuid4().hex[:7]}"
    folder.mkdir(parents=True)
    if paths.parsed_project.exists():
        shutil.copyfile(paths.parsed_project, folder / paths.parsed_project.name)
    return folder


def keep_parsed(paths: DataPaths, folder: Path) -> None:
    """Keep what dbt read in an invocation for the next one: where the warehouse lies is part of it, so that no two data folders share it.

    Args:
        paths: Of the data folder.
        folder: From :func:`begin_invocation`.
    """
    parsed = folder / paths.parsed_project.name
    if parsed.exists():
        replace_file(paths.parsed_project, parsed.read_bytes())


def forget_old_invocations(target: Path = DBT_PROJECT / "target") -> list[Path]:
    """Remove what dbt wrote in invocations of more than a week ago: each night leaves two folders with logs and compiled SQL.

    Returns:
        The folders that were removed.
    """
    oldest = time.time() - _KEPT_SECONDS
    old = [folder for folder in target.glob("*-*") if folder.is_dir() and folder.stat().st_mtime < oldest]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return old


@cache
def method_fingerprint() -> str:
    """Changes with whatever decides what a model holds apart from the landed rows: SQL, macros, seeds, variables, lake schemas."""
    digest = hashlib.sha256()
    for file in _files():
        if file.suffix in {".sql", ".csv"} or file.name == "dbt_project.yml":
            digest.update(f"{file.relative_to(DBT_PROJECT)}\n".encode() + file.read_bytes())
    for table, schema in ANALYTIC_TABLES.items():
        digest.update(f"{table}\n{schema}".encode())
    digest.update(f"{text_signals.METHOD_VERSION}\n{text_signals.TEXT_SIGNALS}".encode())
    digest.update(f"{phrases.METHOD_VERSION}\n{phrases.TEXT_PHRASES}\n{phrases.PHRASES}".encode())
    return digest.hexdigest()[:16]


def described_models() -> dict[str, dict[str, Any]]:
    """By model, its description and those of its columns."""
    nodes = json.loads(manifest_file().read_text())["nodes"].values()
    return {
        node["name"]: {
            "description": node["description"],
            "columns": {name: column["description"] for name, column in node["columns"].items()},
        }
        for node in nodes
        if node["resource_type"] == "model"
    }


def asked_by(test: Mapping[str, Any]) -> str | None:
    """What one of dbt's tests asks of its table, in words; None where its name says it all.

    Args:
        test: Its node in dbt's manifest.
    """
    about = test.get("test_metadata") or {}
    arguments = about.get("kwargs", {})
    if about.get("name") == "sound":
        rules = [
            f"no part of the key ({', '.join(arguments['key'])}) is missing",
            "no key occurs twice",
            *arguments.get("rules", {}),
        ]
        return "; ".join(rules)
    if about.get("name") == "refers_to":
        table = arguments["to"].removeprefix("ref('").removesuffix("')")
        return f"every {', '.join(arguments['columns'])} is there in {table}"
    return None
