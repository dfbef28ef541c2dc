"""A copy of the shared installation to which later files arrive one by one: the end-to-end tests of the gates close nights of them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pipelines.world.generate import write_world
from tests.installation import Installation, OwnInstallation

LATE_FILE_COUNT: Final = 2


class SuppliedInstallation(OwnInstallation):
    """A copy that has posts of another world still to come."""

    def __init__(self, folder: Path, shared: Installation) -> None:
        super().__init__(folder, shared)
        write_world(folder / "other", "P6_full_realistic", "tiny", 8)
        # The last file holds the planted faults: alone it would close gate 1 by its share of refused records.
        self._late = sorted((folder / "other" / "inbox" / "bluesky").glob("*"))[-LATE_FILE_COUNT - 1 : -1]

    def deliver(self) -> None:
        """Put the next held-back file into the inbox."""
        file = self._late.pop(0)
        file.rename(self.inbox / "bluesky" / f"late-{file.name}")
