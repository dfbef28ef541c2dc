"""A tiny installation that several test modules read: two nights of one world, run once by the command line; and copies of it to change."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from click.testing import CliRunner, Result

from pipelines.cli import main
from pipelines.lake.paths import DataPaths
from pipelines.nightly.project import described_models, manifest_file
from pipelines.publish.catalogue import make_catalogue
from pipelines.world.generate import write_world
from tests.calibrated import install_calibration

ROOT = Path(__file__).parents[1]
NIGHTS = ("2026-10-01", "2026-10-02")
# Names a folder that holds an installation of an earlier test run: working on a test then needs no nights first.
REUSED = "UNDERCURRENT_TEST_INSTALLATION"


@dataclass(frozen=True)
class Installation:
    """Folders of an installation, and the command line in its environment."""

    folder: Path

    @property
    def inbox(self) -> Path:
        return self.folder / "world" / "inbox"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def home(self) -> Path:
        return self.folder / "dagster_home"

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "DAGSTER_HOME": str(self.home), "PYTHONPATH": str(ROOT)}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "pipelines.cli", *arguments]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own program
            self.command(*arguments), capture_output=True, text=True, check=False, env=self.environment, cwd=self.folder
        )


def several_nights(folder: Path) -> Installation:
    """Make the installation, or take the one that the environment names."""
    if reused := os.environ.get(REUSED):
        return Installation(Path(reused))
    made = Installation(folder)
    done = folder / "done"
    if done.exists():
        return made
    # Made here, and not by the nights for their own folder: what dbt reads in them is the same in every test run.
    manifest_file()
    made.home.mkdir(parents=True)
    shutil.copy(ROOT / ".dagster_home" / "dagster.yaml", made.home)
    write_world(folder / "world", "P6_full_realistic", "tiny", 7)
    install_calibration(DataPaths(made.data))
    ran = made.run("nightly", "--inbox", str(made.inbox), "--data", str(made.data), "--from", NIGHTS[0], "--to", NIGHTS[-1])
    (folder / "backfill.txt").write_text(ran.stdout)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    done.touch()
    return made


class OwnInstallation:
    """A copy of the installation that all tests share, and the command line: what is done to it is done to nobody else."""

    def __init__(self, folder: Path, shared: Installation) -> None:
        own = Installation(folder)
        self.inbox, self.home, self.paths = own.inbox, own.home, DataPaths(own.data)
        self.truth = folder / "world" / "truth"
        # What lies beside a database is of whoever has it open just now, such as a test's user interface, and can go while it is copied.
        beside = shutil.ignore_patterns("*.db-shm", "*.db-wal")
        for name in ("world", "data", "dagster_home"):
            shutil.copytree(shared.folder / name, folder / name, symlinks=True, ignore=beside)
        # The views of a catalogue name its snapshot's files by absolute path: those of the copy are its own.
        tables = sorted(file.stem for file in self.current.glob("*.parquet"))
        make_catalogue(self.current, tables, described_models())

    def nightly(self, night: str) -> Result:
        """Run a night through the command line."""
        arguments = ["nightly", "--inbox", str(self.inbox), "--data", str(self.paths.root), "--day", night]
        return CliRunner().invoke(main, arguments, env={"DAGSTER_HOME": str(self.home)})

    @property
    def current(self) -> Path:
        """Folder of the current snapshot."""
        return (self.paths.published / "current").resolve()

    def published(self) -> dict[str, bytes]:
        """Every file of the current snapshot."""
        return {str(file): file.read_bytes() for file in sorted(self.current.iterdir())}

    def marts_written_at(self) -> dict[str, int]:
        """By file of a mart, when it was written (ns)."""
        return {file.name: file.stat().st_mtime_ns for file in (self.paths.root / "marts").glob("*.parquet")}

    def gate_log(self, night: str) -> list[dict[str, Any]]:
        """What the gates said of a night."""
        rows: list[dict[str, Any]] = pq.read_table(
            self.paths.root / "gates" / f"night={night}.parquet", partitioning=None
        ).to_pylist()
        return rows
