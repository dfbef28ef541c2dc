"""Jetstream's own conventions as a stream: its address, and where in the network's time a message stands. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import msgspec

from pipelines.platforms.bluesky.records import COLLECTIONS

SERVERS: Final = (
    "wss://jetstream2.us-east.bsky.network",
    "wss://jetstream1.us-east.bsky.network",
    "wss://jetstream2.us-west.bsky.network",
    "wss://jetstream1.us-west.bsky.network",
)
# An older cursor is moved to this age without a word (documented for version 1 of the protocol).
LOOKBACK_SECONDS: Final = 36 * 3600
_EARLIEST: Final = 1_500_000_000_000_000  # no event is older than the network: what is earlier counts no microseconds
_LATEST: Final = 10**17


class _Position(msgspec.Struct):
    time_us: int
    did: str


_DECODER: Final = msgspec.json.Decoder(_Position)


@dataclass(frozen=True, slots=True)
class Jetstream:
    """One subscription to version 1 of the protocol.

    Attributes:
        server: its origin, wss:// or ws://.
        dids: accounts to hear of; all if empty.
    """

    server: str = SERVERS[0]
    dids: tuple[str, ...] = ()
    lookback_seconds: int = LOOKBACK_SECONDS

    @property
    def is_sparse(self) -> bool:
        """Whether long silence is to be expected: few accounts post seldom, the whole network never falls silent."""
        return bool(self.dids)

    def address(self, position: int | None) -> str:
        """The address that resumes at ``position`` (Unix microseconds), or begins with what comes next."""
        query = [("wantedCollections", collection) for collection in sorted(COLLECTIONS)]
        query += [("wantedDids", did) for did in self.dids]
        query += [("cursor", str(position))] if position is not None else []
        return f"{self.server}/subscribe?{urlencode(query)}"

    def position(self, message: bytes) -> int | None:
        """The event's time in Unix microseconds; None for what is no event."""
        try:
            event = _DECODER.decode(message)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return event.time_us if _EARLIEST <= event.time_us <= _LATEST else None
