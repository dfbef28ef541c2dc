"""Settings of all tests, and what tests of several files share. A file's tests run in one process (``--dist loadfile``)."""

from pathlib import Path

import pytest
from hypothesis import settings

from pipelines.nightly.project import manifest_file
from tests.installation import Installation, three_nights

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
    """Three nights of the tiny world, run by one command."""
    return three_nights(tmp_path_factory.mktemp("three_nights"))
