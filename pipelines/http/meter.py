"""One platform's meter for a night: units left, requests a second, pauses that answers ask for. The only place that waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from pipelines.http.budget import allowance
from pipelines.http.clock import Clock
from pipelines.http.protocol import Budget


class Meter:
    """Counts and waits before each request.

    Attributes:
        units_left: of the night.
        closed: why nothing more is asked tonight; None while it is.
        waited_seconds: spent waiting so far.
    """

    def __init__(
        self,
        budget: Budget,
        units_spent: int,
        clock: Clock,
        longest_wait_seconds: float,
        on_wait: Callable[[float], None] | None = None,
    ) -> None:
        self._clock, self._longest = clock, longest_wait_seconds
        self._gap = 1.0 / budget.requests_per_second if budget.requests_per_second > 0 else 0.0
        self._free_at = clock.monotonic()
        self._on_wait = on_wait
        self.units = budget.units
        self.units_left = budget.units - units_spent
        self.closed: str | None = None
        self.waited_seconds = 0.0

    def admit(self, cost: int, *, reserve: int = 0) -> str | None:
        """Wait for a request's turn and take its cost. Returns why it may not be sent; None if it may.

        Args:
            cost: of the request, in units.
            reserve: units that this request must leave to others.
        """
        if self.closed is not None:
            return self.closed
        if cost > self.units_left - reserve:
            return f"the night's budget of {self.units:,} units is used up"
        wait = self._free_at - self._clock.monotonic()
        if wait > 0:
            if self._on_wait is not None:
                self._on_wait(wait)
            self._clock.sleep(wait)
            self.waited_seconds += wait
        self._free_at = max(self._free_at, self._clock.monotonic()) + self._gap
        self.units_left -= cost
        return None

    def heed(self, headers: Mapping[str, str], now: datetime) -> None:
        """Take in what an answer's headers say of what may still be asked."""
        said = allowance(headers, now)
        if said.remaining is not None and said.remaining < 1 and said.resets_seconds is not None:
            self.hold(said.resets_seconds, "the platform's own allowance is used up")

    def hold(self, seconds: float, reason: str) -> None:
        """Ask nothing for so long; for the rest of the night, if that is longer than is waited."""
        if seconds > self._longest:
            self.close(f"{reason} for {seconds:,.0f} s")
        else:
            self._free_at = max(self._free_at, self._clock.monotonic() + seconds)

    def close(self, reason: str) -> None:
        """Ask nothing more tonight."""
        self.closed = self.closed or reason
