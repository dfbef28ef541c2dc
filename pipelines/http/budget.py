"""What rate headers say: how much is left, and how long to pause. Pure; the one clock is the answer's own.

Families, as the platforms' documents and answers have them: ``Retry-After`` (RFC 9110, seconds or HTTP date); ``ratelimit-*`` (Bluesky: Unix
seconds); ``x-ratelimit-*`` (Reddit: seconds as float; Mastodon: ISO time; Tumblr: several windows); ``x-rate-limit-*`` (X: Unix seconds); the
joined ``RateLimit`` field of the IETF drafts; ``X-Business-Use-Case-Usage`` and ``X-App-Usage`` (Meta: per cent, and minutes to wait).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import msgspec

_FIELD: Final = re.compile(r"x?-?rate-?limit(?:-(?P<window>[a-z0-9]+))?-(?P<what>remaining|reset)$")
_JOINED: Final = re.compile(r"\b(?P<what>remaining|reset|r|t)\s*=\s*(?P<value>\d+(?:\.\d+)?)")
_USAGE: Final = ("x-business-use-case-usage", "x-app-usage", "x-ad-account-usage")
_SHARES: Final = ("call_count", "total_cputime", "total_time")
_FULL_PERCENT: Final = 100.0
# No window of a rate limit is 30 years long, and no Unix time of today is smaller.
_UNIX_FROM_SECONDS: Final = 1e9
_UNIX_MILLISECONDS_FROM: Final = 1e12


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one answer says of what may still be asked.

    Attributes:
        retry_after_seconds: how long to stay away, where it says so.
        remaining: requests left in the tightest window; None where it does not say.
        resets_seconds: until that window begins anew.
    """

    retry_after_seconds: float | None = None
    remaining: float | None = None
    resets_seconds: float | None = None

    def pause_seconds(self) -> float | None:
        """How long nothing should be asked; None where nothing is said against asking."""
        if self.retry_after_seconds is not None:
            return self.retry_after_seconds
        if self.remaining is not None and self.remaining < 1:
            return self.resets_seconds
        return None


def allowance(headers: Mapping[str, str], now: datetime) -> Allowance:
    """Read the rate headers of an answer.

    Absolute times are taken against the answer's own ``Date``, so that neither a wrong clock here nor there makes a pause of hours.

    Args:
        headers: names in lower case.
        now: when the answer came (UTC), for answers without a date.
    """
    clock = _http_date(headers.get("date", "")) or now
    windows = [*_windows(headers, clock), *_joined(headers), *_usages(headers)]
    spent = [window for window in windows if window[0] is not None and window[0] < 1]
    # Of several used-up windows the one that opens last holds; else the tightest is the one to look at.
    tightest = max(spent, key=_opens) if spent else min(windows, key=_left, default=(None, None))
    return Allowance(_seconds(headers.get("retry-after", ""), clock), *tightest)


def _opens(window: tuple[float | None, float | None]) -> float:
    return window[1] if window[1] is not None else -1.0


def _left(window: tuple[float | None, float | None]) -> float:
    return window[0] if window[0] is not None else math.inf


def _windows(headers: Mapping[str, str], clock: datetime) -> Iterator[tuple[float | None, float | None]]:
    found: dict[tuple[str, str], dict[str, float]] = {}
    for name, text in headers.items():
        match = _FIELD.match(name)
        if match is None:
            continue
        value = _number(text) if match["what"] == "remaining" else _seconds(text, clock)
        if value is not None:
            family = name[: match.start("what")]
            found.setdefault((family, match["window"] or ""), {})[match["what"]] = value
    for values in found.values():
        yield values.get("remaining"), values.get("reset")


def _joined(headers: Mapping[str, str]) -> Iterator[tuple[float | None, float | None]]:
    for part in headers.get("ratelimit", "").split('"' if '"' in headers.get("ratelimit", "") else "\n"):
        values = {match["what"]: float(match["value"]) for match in _JOINED.finditer(part)}
        if values:
            yield values.get("remaining", values.get("r")), values.get("reset", values.get("t"))


def _usages(headers: Mapping[str, str]) -> Iterator[tuple[float | None, float | None]]:
    for name in _USAGE:
        if name in headers:
            try:
                said = msgspec.json.decode(headers[name])
            except (msgspec.DecodeError, RecursionError):
                continue
            for usage in _usage_entries(said):
                shares = [float(usage[key]) for key in _SHARES if isinstance(usage.get(key), int | float)]
                minutes = usage.get("estimated_time_to_regain_access")
                wait = 60.0 * minutes if isinstance(minutes, int | float) and minutes > 0 else None
                if wait is not None or (shares and max(shares) >= _FULL_PERCENT):
                    yield 0.0, wait


def _usage_entries(said: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(said, dict):
        if any(key in said for key in _SHARES):
            yield said
        else:
            for entries in said.values():
                yield from (entry for entry in entries if isinstance(entry, dict)) if isinstance(entries, list) else ()


def _number(text: str) -> float | None:
    try:
        value = float(text.strip())
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _seconds(text: str, clock: datetime) -> float | None:
    """Seconds from ``clock`` on: of a number of seconds, a Unix time, an HTTP date or an ISO time; never negative."""
    value = _number(text)
    if value is None:
        moment = _http_date(text) or _iso(text)
        return None if moment is None else max(0.0, (moment - clock).total_seconds())
    if value >= _UNIX_MILLISECONDS_FROM:
        value /= 1000
    if value >= _UNIX_FROM_SECONDS:
        value -= clock.timestamp()
    return max(0.0, value)


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _iso(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
