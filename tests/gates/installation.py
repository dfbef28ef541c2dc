"""One tiny world, run for one night, that the end-to-end tests of the gates share; later days of it arrive one by one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq
from click.testing import CliRunner, Result

from pipelines.cli import main
from pipelines.lake.paths import DataPaths
from pipelines.world.generate import write_world
from tests.calibrated import install_calibration
from tests.installation import ROOT

FIRST_NIGHT: Final = "2026-10-01"


class Installation:
    """An inbox, a data folder and the command line."""

    def __init__(self, folder: Path, late_file_count: int) -> None:
        self.inbox, self.paths, self.home = folder / "world" / "inbox", DataPaths(folder / "data"), folder / "dagster_home"
        self.home.mkdir()
        shutil.copy(ROOT / ".dagster_home" / "dagster.yaml", self.home)
        write_world(folder / "world", "P6_full_realistic", "tiny", 7)
        install_calibration(self.paths)
        late = folder / "late"
        late.mkdir()
        # The last file holds the planted faults: alone it would close gate 1 by its share of refused records.
        self._late = [
            file.rename(late / file.name) for file in sorted((self.inbox / "bluesky").glob("*"))[-late_file_count - 1 : -1]
        ]

    def deliver(self) -> None:
        """Put the next held-back file into the inbox."""
        file = self._late.pop(0)
        file.rename(self.inbox / "bluesky" / file.name)

    def nightly(self, night: str) -> Result:
        """Run a night through the command line."""
        arguments = ["nightly", "--inbox", str(self.inbox), "--data", str(self.paths.root), "--day", night]
        return CliRunner().invoke(main, arguments, env={"DAGSTER_HOME": str(self.home)})

    def published(self) -> dict[str, bytes]:
        """Every file of the current snapshot."""
        current = (self.paths.published / "current").resolve()
        return {str(file): file.read_bytes() for file in sorted(current.iterdir())}

    def gate_log(self, night: str) -> list[dict[str, Any]]:
        """What the gates said of a night."""
        rows: list[dict[str, Any]] = pq.read_table(
            self.paths.root / "gates" / f"night={night}.parquet", partitioning=None
        ).to_pylist()
        return rows
