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


# Folders whose tests run whole nights.
_LONG = ("gates", "pipeline", "browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Nights go first: two processes that end with the short tests end together."""
    folder = Path(__file__).parent
    items.sort(key=lambda item: item.path.relative_to(folder).parts[0] not in _LONG)


def pytest_configure(config: pytest.Config) -> None:
    """Dbt's manifest is made before the processes begin, so that none finds half of one."""
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
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
