"""Settings of all tests, and what tests of several files share. A file's tests run in one process (``--dist loadfile``)."""

import fcntl
import os
from pathlib import Path

import pytest
from hypothesis import settings

from pipelines.nightly.project import manifest_file
from tests.installation import Installation, several_nights

# No test is timed: the machine that runs it may be busy.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


# Folders whose tests run whole nights or whole worlds, and the file that begins with the nights that all share.
_LONG = ("gates", "pipeline", "browser")
_WORLDS = ("unit", "world")
_MAKES_NIGHTS = "test_backfill.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests go first, so that two processes end together with the short ones.

    One process makes the nights that several files share; meanwhile the other does what needs none of them.
    """
    folder = Path(__file__).parent
    shares = {item.path for item in items if "backfilled" in getattr(item, "fixturenames", ())}

    def place(item: pytest.Item) -> int:
        if item.path.name == _MAKES_NIGHTS:
            return 0
        if item.path in shares:
            return 3
        parts = item.path.relative_to(folder).parts
        if parts[0] in _LONG:
            return 1
        return 2 if parts[:2] == _WORLDS else 4

    items.sort(key=place)


def pytest_configure(config: pytest.Config) -> None:
    """Dbt's manifest is made before the processes begin, so that none finds half of one; each computes in one thread, for threads of several wait for each other's processors."""
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
            os.environ.setdefault(name, "1")
        manifest_file()


@pytest.fixture(scope="session")
def backfilled(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Nights of the tiny world, run by one command and once for all processes of a test run: nobody changes their data."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with (folder / "nights.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return several_nights(folder / "nights")
