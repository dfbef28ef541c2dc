"""Settings of all tests, and what they share."""

import pytest
from hypothesis import settings

from tests.installation import Installation, three_nights

# No test is timed: the machine that runs it may be busy.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def backfilled(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Three nights of the tiny world, run by one command."""
    return three_nights(tmp_path_factory.mktemp("three_nights"))
