"""Bluesky's own identifiers, spellings and claimed times. Fields that any payload has are read by ``platforms.values``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pipelines.platforms.protocol import BadRecord
from pipelines.platforms.times import CLOCK_SKEW, EARLIEST, from_iso

_TID_ALPHABET: Final = "234567abcdefghijklmnopqrstuvwxyz"
_TID_LENGTH: Final = 13
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def did(value: Any, field_name: str) -> str:
    """A DID. Raises BadRecord ``missing_id``."""
    if not isinstance(value, str) or not value.startswith("did:"):
        raise BadRecord("missing_id", f"{field_name} holds no DID", field_name)
    return value


def record_uri(value: Any, field_name: str) -> str:
    """An at:// URI of a record (three parts). Raises BadRecord ``missing_id``."""
    if not isinstance(value, str) or not value.startswith("at://did:") or value.count("/") < 4:
        raise BadRecord("missing_id", f"{field_name} holds no at:// URI of a record", field_name)
    return value


def authority(uri: str) -> str:
    """The DID of an at:// URI."""
    return uri.removeprefix("at://").split("/", 1)[0]


def collection(uri: str) -> str:
    """The collection of an at:// URI of a record."""
    return uri.removeprefix("at://").split("/")[1]


def camel_cased(value: Any) -> Any:
    """The lexicon's own spelling of what the Python SDK serialises: ``py_type`` to ``$type``, ``created_at`` to ``createdAt``."""
    if isinstance(value, dict):
        return {_camel(key): camel_cased(item) for key, item in value.items()}
    if isinstance(value, list):
        return [camel_cased(item) for item in value]
    return value


def _camel(key: str) -> str:
    if key == "py_type":
        return "$type"
    first, *rest = key.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest) if first else key


def tid_time(rkey: str) -> datetime | None:
    """The UTC time inside a timestamp identifier (microseconds in the upper 53 bits), None if the key is no TID."""
    if len(rkey) != _TID_LENGTH or any(letter not in _TID_ALPHABET for letter in rkey):
        return None
    number = 0
    for letter in rkey:
        number = number * 32 + _TID_ALPHABET.index(letter)
    try:
        return _EPOCH + timedelta(microseconds=number >> 10)
    except OverflowError:
        return None


def published_time(claimed: Any, witnessed: datetime, rkey: str) -> tuple[datetime, str]:
    """When a record was published, and how well that is known.

    ``createdAt`` is whatever the client wrote. It is taken where it lies within two days of the time at which the network
    saw the record (never later than that), or where the record key, a timestamp that the server usually makes, agrees with
    it. Otherwise the network's time is taken and marked ``imputed``: a backdated post must not look like an origin.
    """
    try:
        created = from_iso(claimed, "createdAt") if isinstance(claimed, str) else None
    except BadRecord:
        created = None
    if created is None or created < EARLIEST or created > witnessed + CLOCK_SKEW:
        return witnessed, "imputed"
    if created >= witnessed - CLOCK_SKEW:
        return min(created, witnessed), "exact"
    keyed = tid_time(rkey)
    if keyed is not None and abs(keyed - created) <= CLOCK_SKEW:
        return created, "exact"
    return witnessed, "imputed"
