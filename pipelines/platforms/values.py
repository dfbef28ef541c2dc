"""Reads payload values as the types that rows need, or refuses the record. No platform's own quirks."""

from __future__ import annotations

from typing import Any, Final

from pipelines.platforms.protocol import BadRecord

_LARGEST: Final = 2**63 - 1


def mapping(value: Any, field_name: str) -> dict[str, Any]:
    """A JSON object. Raises BadRecord."""
    if not isinstance(value, dict):
        raise BadRecord("wrong_type", f"{field_name} is {type(value).__name__}, not an object", field_name)
    return value


def child(value: dict[str, Any], name: str) -> dict[str, Any]:
    """A nested JSON object, empty where it is absent."""
    found = value.get(name)
    return found if isinstance(found, dict) else {}


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


def count(value: Any, field_name: str) -> int | None:
    """A counter given as number or digits; None where it is absent, empty or hidden (-1). Raises BadRecord."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    try:
        number = int(value) if not isinstance(value, str) or "." not in value else int(float(value))
    except (TypeError, ValueError, OverflowError):
        raise BadRecord("wrong_type", f"{field_name} is {str(value)[:40]!r}, not a counter", field_name) from None
    if number > _LARGEST:
        raise BadRecord("wrong_type", f"{field_name} is {str(value)[:40]!r}, too large for a counter", field_name)
    return number if number >= 0 else None


def texts(value: Any) -> list[str]:
    """The texts of a JSON list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
