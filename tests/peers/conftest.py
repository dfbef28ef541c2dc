"""The peers, each started when a test first asks for it. Without `make test-peers` every test here is skipped, with the reason."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.installing import Peers
from tests.peers.processes import Stage, stage

FOLDER = "UNDERCURRENT_PEERS"  # names the folder into which `make test-peers` put the peers


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of this folder need servers that only `make test-peers` sets up."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.peers)
            if FOLDER not in os.environ:
                item.add_marker(pytest.mark.skip(reason="make test-peers sets up the servers that this test asks"))


@pytest.fixture(scope="session")
def peers() -> Peers:
    return Peers(Path(os.environ[FOLDER]))


@pytest.fixture(scope="module")
def running() -> Iterator[Stage]:
    """Where a module's peers run; they are ended and their databases removed after it."""
    with stage() as made:
        yield made
