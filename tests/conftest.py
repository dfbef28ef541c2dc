"""Settings of all tests, what they share, and which of them two processes may run side by side."""

import pytest
from hypothesis import settings

from pipelines.nightly.project import manifest_file
from tests.installation import Installation, three_nights

# No test is timed: the machine that runs it may be busy.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    """Dbt's manifest is made before the processes begin, so that none finds half of one."""
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        manifest_file()


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of a file stay together, as do all that read the three nights: what they share is then made once."""
    for item in items:
        shares = "backfilled" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group("backfilled" if shares else item.nodeid.partition("::")[0]))


@pytest.fixture(scope="session")
def backfilled(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Three nights of the tiny world, run by one command."""
    return three_nights(tmp_path_factory.mktemp("three_nights"))
