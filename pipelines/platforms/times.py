"""Points in time as platforms write them, to UTC. Refuses times that no record can have. No clock is read here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from pipelines.platforms.protocol import BadRecord

EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
CLOCK_SKEW: Final = timedelta(days=2)


def plausible(moment: datetime, observed_at: datetime, field_name: str) -> datetime:
    """``moment``, if it lies between 1990 and two days after the observation; else BadRecord ``implausible_time``."""
    if not EARLIEST <= moment <= observed_at + CLOCK_SKEW:
        raise BadRecord(
            "implausible_time",
            f"{field_name} is {moment.isoformat()}, outside 1990 to two days after the observation ({observed_at.isoformat()})",
            field_name,
        )
    return moment


def from_unix(seconds: float | str, field_name: str) -> datetime:
    """UTC time of Unix seconds, given as number or digits. Raises BadRecord."""
    try:
        return datetime.fromtimestamp(float(seconds), UTC)
    except (OverflowError, OSError, ValueError) as error:
        code = (
            "wrong_type"
            if isinstance(seconds, str) and not seconds.replace(".", "", 1).lstrip("-").isdigit()
            else "implausible_time"
        )
        raise BadRecord(code, f"{field_name} {seconds!r} is no Unix time: {error}", field_name) from None


def from_iso(text: str, field_name: str) -> datetime:
    """UTC time of an ISO 8601 text (a time without zone is UTC). Raises BadRecord."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise BadRecord("wrong_type", f"{field_name} {text[:60]!r} is no ISO 8601 time: {error}", field_name) from None
