"""DuckDB in memory for whoever asks Parquet files something large: bounded, and with a folder of its own to spill to. Holds no query."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipelines.lake.paths import DataPaths

if TYPE_CHECKING:
    import duckdb

MEMORY: Final = "3GB"


def open_engine(paths: DataPaths) -> duckdb.DuckDBPyConnection:
    """Open an in-memory DuckDB in UTC that spills below the data folder.

    What is spilled are rows of the lake: in a temporary folder of the system a kill would leave them where no erasure looks.

    Args:
        paths: The data folder.
    """
    import duckdb

    paths.spill.mkdir(parents=True, exist_ok=True)
    folder = tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=paths.spill)
    connection = duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(Path(folder) / "engine")})
    connection.execute("set TimeZone = 'UTC'")
    return connection


def remove_spills(paths: DataPaths) -> None:
    """Remove what engines of other processes spilled: one run is at work on a data folder at a time, so that they are dead.

    Args:
        paths: The data folder, held by this run.
    """
    own = f"{os.getpid()}-"
    for folder in paths.spill.glob("*"):
        if not folder.name.startswith(own):
            shutil.rmtree(folder, ignore_errors=True)
