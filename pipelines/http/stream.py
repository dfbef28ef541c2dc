"""A websocket stream heard for a while: what was heard, where to resume, what was missed. The state is pure; one function listens."""

from __future__ import annotations

import enum
import hashlib
import ssl
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, Protocol

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.sync.client import connect

_MICROSECONDS: Final = 1_000_000
_MOMENTARY_STATUSES: Final = frozenset({408, 425, 429})
_FIRST_SERVER_ERROR: Final = 500


class Stream(Protocol):
    """A stream's own conventions."""

    @property
    def is_sparse(self) -> bool:
        """Whether long silence is to be expected, so that it tells nothing."""
        ...

    @property
    def lookback_seconds(self) -> int:
        """How far back a position may lie that the server still resumes at."""
        ...

    def address(self, position: int | None) -> str:
        """The address that resumes at a position, or begins with what comes next."""
        ...

    def position(self, message: bytes) -> int | None:
        """Where a message stands, in Unix microseconds; None for what is no event."""
        ...


class Landing(Protocol):
    """Where segments go; what it took must outlive this process."""

    def land(self, body: bytes, first: int, last: int) -> object:
        """Keep lines that span two positions."""
        ...

    def miss(self, begins: int, ends: int) -> object:
        """Keep that what lies between two positions was not given."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How long, how much, how patiently."""

    seconds: float = 3_600.0  # of one hearing, whatever comes
    bytes: int = 8 << 30  # of one hearing
    segment_bytes: int = 32 << 20
    segment_seconds: float = 60.0  # what a kill can cost at most, but for the network's replay
    message_bytes: int = 16 << 20
    idle_seconds: float = 60.0  # silence after which a connection counts as dead
    connect_seconds: float = 15.0
    close_seconds: float = 1.0
    overlap_seconds: float = 5.0  # heard again after a drop, as the server's order is not strict
    tolerance_seconds: float = 300.0  # between what was asked and what came first; more is a gap
    most_failures: int = 8  # in a row
    most_garbage: int = 1_000  # messages in a row that are no events; then the connection is dropped
    most_garbage_kept: int = 100  # of a segment, each of at most ``garbage_bytes``; the rest is counted only
    garbage_bytes: int = 64 << 10
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class Gap:
    """Positions between which the server gave nothing although it was asked for them."""

    begins: int
    ends: int

    def sentence(self) -> str:
        """What is missing, for coverage."""
        hours = (self.ends - self.begins) / _MICROSECONDS / 3600
        return f"the server resumed {hours:.1f} hours later than asked: what lies between is lost to this stream"


class End(enum.StrEnum):
    """Why a hearing ended."""

    CAUGHT_UP = "caught_up"  # everything up to the wanted position was heard
    DEADLINE = "deadline"
    SIZE = "size"
    FAILING = "failing"
    REFUSED = "refused"


@dataclass(slots=True)
class Heard:
    """The state of one hearing. Pure: it is told of messages and times and says what is to be landed.

    Attributes:
        position: up to which events were heard, Unix microseconds; None before the first.
        gaps: what the server left out.
        end: why the hearing ended, and in words.
    """

    limits: Limits
    position: int | None = None
    until: int | None = None  # position up to which events are wanted
    gaps: list[Gap] = field(default_factory=list)
    event_count: int = 0
    duplicate_count: int = 0
    garbage_count: int = 0
    byte_count: int = 0
    connection_count: int = 0
    end: End | None = None
    detail: str = ""
    failures: int = 0  # in a row
    landed_position: int | None = None
    _asked: int | None = None
    _is_first: bool = True
    _lines: list[bytes] = field(default_factory=list)
    _line_bytes: int = 0
    _span: tuple[int, int] | None = None
    _began_at: float = 0.0
    _garbage_in_a_row: int = 0
    _garbage_kept: int = 0
    _recent: OrderedDict[bytes, int] = field(default_factory=OrderedDict)

    def connecting(self) -> int | None:
        """The position to ask for: a little before what was heard."""
        overlap = int(self.limits.overlap_seconds * _MICROSECONDS)
        self._asked = None if self.position is None else self.position - overlap
        self._is_first = True
        self._garbage_in_a_row = 0
        self.connection_count += 1
        return self._asked

    def take(self, message: bytes, position: int | None, now: float, *, has_short_memory: bool) -> None:
        """One message.

        Args:
            message: as it came; some of what is no event is kept too, so that the intake can say what it was.
            position: where it stands; None for what is no event.
            now: monotonic seconds.
            has_short_memory: whether the server may have forgotten what was asked for, or silence is not to be expected.
        """
        self.byte_count += len(message)
        if position is None:
            self.garbage_count += 1
            self._garbage_in_a_row += 1
            if len(message) <= self.limits.garbage_bytes and self._garbage_kept < self.limits.most_garbage_kept:
                self._garbage_kept += 1
                self._keep(message, now)
            self._weigh()
            return
        self._garbage_in_a_row = 0
        if self._is_first:
            self._is_first = False
            self._note_gap(position, has_short_memory=has_short_memory)
        if self._was_heard(message, position):
            self.duplicate_count += 1
            return
        self.event_count += 1
        self.failures = 0
        self.position = position if self.position is None else max(self.position, position)
        first, last = self._span or (position, position)
        self._span = (min(first, position), max(last, position))
        self._keep(message, now)
        self._weigh()
        # The order is not strict: what belongs before may still come for a while.
        if self.until is not None and position >= self.until + int(self.limits.overlap_seconds * _MICROSECONDS):
            self.finish(End.CAUGHT_UP)

    def _note_gap(self, position: int, *, has_short_memory: bool) -> None:
        tolerance = int(self.limits.tolerance_seconds * _MICROSECONDS)
        if self._asked is not None and has_short_memory and position - self._asked > tolerance:
            self.gaps.append(Gap(self._asked, position))

    def _was_heard(self, message: bytes, position: int) -> bool:
        """Whether the same bytes came before, within the overlap."""
        mark = hashlib.blake2b(message, digest_size=16).digest()
        if mark in self._recent:
            return True
        self._recent[mark] = position
        horizon = (self.position or position) - 2 * int(self.limits.overlap_seconds * _MICROSECONDS)
        while self._recent and next(iter(self._recent.values())) < horizon:
            self._recent.popitem(last=False)
        return False

    def _keep(self, message: bytes, now: float) -> None:
        if not self._lines:
            self._began_at = now
        # Between the parts of JSON a line's end is space like any other.
        line = message.replace(b"\r", b" ").replace(b"\n", b" ")
        self._lines.append(line)
        self._line_bytes += len(line) + 1

    def _weigh(self) -> None:
        if self.byte_count >= self.limits.bytes:
            self.finish(End.SIZE, f"{self.byte_count:,} bytes were heard")

    def is_due(self, now: float) -> bool:
        """Whether what was heard is to be landed now."""
        is_old = bool(self._lines) and now - self._began_at >= self.limits.segment_seconds
        return self._line_bytes >= self.limits.segment_bytes or is_old

    def segment(self) -> tuple[bytes, int, int] | None:
        """(lines, first position, last position) of what was heard since the last segment; None where no event was."""
        if self._span is None:
            return None
        body = b"\n".join(self._lines) + b"\n"
        first, last = self._span
        self._lines, self._line_bytes, self._span, self._garbage_kept = [], 0, None, 0
        self.landed_position = last if self.landed_position is None else max(self.landed_position, last)
        return body, first, last

    def is_flooded(self) -> bool:
        """Whether a connection gives nothing but what is no event."""
        return self._garbage_in_a_row >= self.limits.most_garbage

    def dropped(self, reason: str, random: Random) -> float:
        """A connection ended; seconds to wait before the next one (doubling, with full jitter)."""
        self.failures += 1
        self.detail = reason
        if self.failures >= self.limits.most_failures:
            self.finish(End.FAILING, f"{self.failures} connections in a row brought nothing; the last: {reason}")
        longest = min(self.limits.longest_wait_seconds, self.limits.first_wait_seconds * 2 ** (self.failures - 1))
        return float(random.uniform(0, longest))

    def finish(self, end: End, detail: str = "") -> None:
        """The hearing is over; the first reason stands."""
        if self.end is None:
            self.end, self.detail = end, detail


class Refused(ConnectionError):
    """The server does not take the subscription; asking again changes nothing."""


def hear(
    stream: Stream,
    landing: Landing,
    position: int | None,
    until: int | None = None,
    limits: Limits | None = None,
    *,
    random: Random | None = None,
    tls: ssl.SSLContext | None = None,
    tell: Callable[[Heard], None] = lambda _: None,
) -> Heard:
    """Listen until ``until`` was passed or a limit was reached, and land what came.

    A drop is answered by a new connection that resumes a little before what was heard. Every segment is landed before more than the
    limits of one is heard, and the last one at the end, so that a kill costs what the server replays anyway.

    Args:
        stream: whose conventions to keep.
        landing: takes the segments.
        position: to resume at, Unix microseconds; None begins with what comes next.
        until: position up to which events are wanted; those a little later are heard too. None listens to the deadline.
        limits: how long, how much, how patiently.
        random: of the waits between connections.
        tls: for wss servers with a certificate of their own.
        tell: is told now and then where the hearing is.

    Returns:
        What was heard; ``landed_position`` is where the next hearing resumes.
    """
    limits = limits or Limits()
    random = random or Random(0)  # noqa: S311 - jitter, no secret
    heard = Heard(limits, position=position, until=until)
    deadline = time.monotonic() + limits.seconds
    while heard.end is None:
        asked = heard.connecting()
        is_old = asked is not None and time.time() - asked / _MICROSECONDS > stream.lookback_seconds
        try:
            _listen(stream, landing, heard, asked, deadline, tls, tell, has_short_memory=is_old or not stream.is_sparse)
            reason = "nothing more came"
        except Refused as error:
            heard.finish(End.REFUSED, str(error))
            break
        except (ConnectionClosed, InvalidHandshake, OSError, EOFError) as error:
            reason = str(error) or type(error).__name__
        _land(heard, landing, tell)
        if heard.end is None:
            wait = heard.dropped(reason, random)
            time.sleep(max(0.0, min(wait, deadline - time.monotonic())))
            if time.monotonic() >= deadline:
                heard.finish(End.DEADLINE, f"{limits.seconds:g} seconds passed")
    _land(heard, landing, tell)
    return heard


def _land(heard: Heard, landing: Landing, tell: Callable[[Heard], None]) -> None:
    segment = heard.segment()
    if segment is not None:
        landing.land(*segment)
        tell(heard)


def _listen(
    stream: Stream,
    landing: Landing,
    heard: Heard,
    asked: int | None,
    deadline: float,
    tls: ssl.SSLContext | None,
    tell: Callable[[Heard], None],
    *,
    has_short_memory: bool,
) -> None:
    """One connection, until it ends, falls silent, or the hearing is over."""
    options: dict[str, Any] = {"ssl": tls} if tls is not None else {}
    try:
        socket = connect(
            stream.address(asked),
            open_timeout=heard.limits.connect_seconds,
            close_timeout=heard.limits.close_seconds,
            max_size=heard.limits.message_bytes,
            **options,
        )
    except InvalidURI as error:
        raise Refused(str(error)) from None
    except InvalidStatus as error:
        status = error.response.status_code
        if status >= _FIRST_SERVER_ERROR or status in _MOMENTARY_STATUSES:
            raise
        raise Refused(f"the server answered status {status} to the subscription") from None
    with socket:
        while heard.end is None:
            left = deadline - time.monotonic()
            if left <= 0:
                heard.finish(End.DEADLINE, f"{heard.limits.seconds:g} seconds passed")
                return
            try:
                message = socket.recv(timeout=min(left, heard.limits.idle_seconds))
            except TimeoutError:
                if left <= heard.limits.idle_seconds:
                    continue
                if not stream.is_sparse:
                    return
                # Few accounts that say nothing are no failure; and what was wanted of the past has been replayed by then.
                if heard.until is not None and time.time() * _MICROSECONDS >= heard.until:
                    heard.finish(End.CAUGHT_UP, "silence after all that was wanted of the past")
                continue
            raw = message.encode() if isinstance(message, str) else message
            now = time.monotonic()
            known = len(heard.gaps)
            heard.take(raw, stream.position(raw), now, has_short_memory=has_short_memory)
            for gap in heard.gaps[known:]:
                landing.miss(gap.begins, gap.ends)
            if heard.is_flooded():
                return
            if heard.is_due(now):
                _land(heard, landing, tell)
