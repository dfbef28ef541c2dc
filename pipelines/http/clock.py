"""The clock that collection waits by; tests give one that costs no time."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """This machine's clock."""

    def now(self) -> datetime:
        """The present, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that only grow."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
