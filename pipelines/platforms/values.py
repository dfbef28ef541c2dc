"""Reads payload values as the types that rows need, or refuses the record. No platform's own quirks."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, Final

from pipelines.platforms.protocol import BadRecord, FileContext
from pipelines.platforms.times import from_iso, from_unix, plausible

_LARGEST: Final = 2**63 - 1
_MOST_DIGITS: Final = 20


def mapping(value: Any, field_name: str) -> dict[str, Any]:
    """A JSON object. Raises BadRecord."""
    if not isinstance(value, dict):
        raise BadRecord("wrong_type", f"{field_name} is {type(value).__name__}, not an object", field_name)
    return value


def optional_mapping(value: Any) -> dict[str, Any]:
    """A JSON object, empty where it is none."""
    return value if isinstance(value, dict) else {}


def child(value: dict[str, Any], name: str) -> dict[str, Any]:
    """A nested JSON object, empty where it is absent."""
    return optional_mapping(value.get(name))


def sequence(value: Any) -> list[Any]:
    """A JSON array, empty where it is none."""
    return value if isinstance(value, list) else []


def mappings(value: Any) -> list[dict[str, Any]]:
    """The objects of a JSON array."""
    return [item for item in sequence(value) if isinstance(item, dict)]


def text(value: Any) -> str | None:
    """A text with something in it, or None."""
    return value if isinstance(value, str) and value.strip() else None


def required_text(value: Any, field_name: str) -> str:
    """A text or whole number that names something. Raises BadRecord ``missing_id``."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    found = text(value)
    if found is None:
        raise BadRecord("missing_id", f"{field_name} is missing", field_name)
    return found.strip()


def flag(value: Any) -> bool | None:
    """A JSON boolean, None where it is none."""
    return value if isinstance(value, bool) else None


def number(value: Any, field_name: str) -> float | None:
    """A finite number given as number or text; None where it is absent or empty. Raises BadRecord ``wrong_type``."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        found = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise BadRecord("wrong_type", f"{field_name[:60]} is {str(value)[:40]!r}, not a number", field_name)
    return found


def count(value: Any, field_name: str) -> int | None:
    """A counter given as number or digits; None where it is absent, empty or hidden (-1). Raises BadRecord ``wrong_type``."""
    found: int | float | None = value if isinstance(value, int) and not isinstance(value, bool) else _whole(value, field_name)
    if found is None or found < 0:
        return None
    if found > _LARGEST or found != int(found):
        raise BadRecord("wrong_type", f"{field_name} is {str(value)[:40]!r}, not a counter", field_name)
    return int(found)


def _whole(value: Any, field_name: str) -> int | float | None:
    # Digits are read as they stand: a double would change what is beyond 2^53.
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
        return int(value) if len(value) < _MOST_DIGITS else math.inf
    return number(value, field_name)


def time(value: Any, field_name: str, context: FileContext) -> datetime:
    """An ISO 8601 time as UTC. Raises BadRecord where it is missing, no time, or one that no record can have."""
    if value is None or value == "":
        raise BadRecord("missing_field", f"{field_name} is missing", field_name)
    if not isinstance(value, str):
        raise BadRecord("wrong_type", f"{field_name} is {type(value).__name__}, not a time", field_name)
    return plausible(from_iso(value, field_name), context.observed_at, field_name)


def unix_time(value: Any, field_name: str, context: FileContext) -> datetime:
    """Unix seconds, given as number or digits, as UTC. Raises BadRecord as ``time`` does."""
    if value is None or value == "":
        raise BadRecord("missing_field", f"{field_name} is missing", field_name)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadRecord("wrong_type", f"{field_name} is {type(value).__name__}, not a Unix time", field_name)
    return plausible(from_unix(value, field_name), context.observed_at, field_name)


def texts(value: Any) -> list[str]:
    """The texts of a JSON list."""
    return [item for item in sequence(value) if isinstance(item, str)]
