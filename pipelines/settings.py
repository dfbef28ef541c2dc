"""Where an installation's folders are and which clock its schedule follows, from the environment. No other module reads it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.lake.paths import DataPaths

PROJECT: Final = Path(__file__).parents[1]
DBT_PROJECT: Final = PROJECT / "dbt_project"


@dataclass(frozen=True, slots=True)
class Settings:
    """Folders and schedule of an installation."""

    data: Path
    inbox: Path
    time_zone: str
    parse_workers: int

    @property
    def paths(self) -> DataPaths:
        """Paths below the data folder."""
        return DataPaths(self.data)


def from_environment() -> Settings:
    """Settings from ``UNDERCURRENT_DATA``, ``UNDERCURRENT_INBOX``, ``UNDERCURRENT_TIME_ZONE``, ``UNDERCURRENT_WORKERS``."""
    data = Path(os.environ.get("UNDERCURRENT_DATA") or PROJECT / "data" / "run").resolve()
    inbox = Path(os.environ.get("UNDERCURRENT_INBOX") or data / "inbox").resolve()
    workers = int(os.environ.get("UNDERCURRENT_WORKERS") or min(2, os.cpu_count() or 1))
    # dbt reads the same variable: it must see the absolute path, whatever its working directory.
    os.environ["UNDERCURRENT_DATA"] = str(data)
    return Settings(data, inbox, os.environ.get("UNDERCURRENT_TIME_ZONE") or "UTC", workers)
