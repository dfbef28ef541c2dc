"""What X payloads of every version share: ids that are times, the old way to write dates, escaped texts, link entities, languages."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pipelines.platforms import text as texts
from pipelines.platforms import values
from pipelines.platforms.protocol import BadRecord, FileContext
from pipelines.platforms.times import plausible

PLATFORM: Final = "x"
_ID: Final = re.compile(r"[0-9]{1,19}")
_OLD_TIME: Final = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d\d) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d) (\d{4})")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# An id holds milliseconds since this moment above its lowest 22 bits; ids below the second number are older and only counted up.
_SNOWFLAKE_EPOCH: Final = datetime.fromtimestamp(1_288_834_974.657, UTC)
_FIRST_SNOWFLAKE: Final = 29_700_859_247
_SNOWFLAKE_SHIFT: Final = 22
# Codes of the detector that are no language of a text ('qht': only tags), and two that ISO gave up.
_NO_LANGUAGES: Final = re.compile(r"q[a-t][a-z]|zxx|art|mul")
_RENAMED: Final = {"in": "id", "iw": "he"}
MEDIA_KINDS: Final = {"photo": "image", "video": "video", "animated_gif": "video"}
# A media key begins with the number of its kind.
_KINDS_OF_KEYS: Final = {"3": "image", "7": "video", "13": "video", "16": "video"}


def identity(value: Any, field_name: str) -> str:
    """An id as text. Raises BadRecord ``missing_id``, also for one that went through a double or a spreadsheet."""
    found = values.required_text(value, field_name)
    if not _ID.fullmatch(found):
        raise BadRecord("missing_id", f"{field_name} is {found[:40]!r}, not a whole number of at most 19 digits", field_name)
    return found


def optional_identity(*candidates: Any) -> str | None:
    """The first of the values that is an id, as text; None if none is."""
    for value in candidates:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return str(value)
        if isinstance(value, str) and _ID.fullmatch(value.strip()):
            return value.strip()
    return None


def snowflake_time(native_id: str) -> datetime | None:
    """When the post of this id was made, UTC; None for ids from before they held a time (November 2010)."""
    number = int(native_id)
    if number < _FIRST_SNOWFLAKE:
        return None
    return _SNOWFLAKE_EPOCH + timedelta(milliseconds=number >> _SNOWFLAKE_SHIFT)


def snowflake_at(moment: datetime) -> int:
    """The lowest id that a post of this moment (UTC, since November 2010) can have."""
    return ((moment - _SNOWFLAKE_EPOCH) // timedelta(milliseconds=1)) << _SNOWFLAKE_SHIFT


def is_old_time(value: Any) -> bool:
    """Whether the value is a date as v1.1 writes it."""
    return isinstance(value, str) and _OLD_TIME.fullmatch(value.strip()) is not None


def time(value: Any, field_name: str, context: FileContext) -> datetime:
    """UTC time of a date as v1.1 writes it ('Sat Oct 13 20:15:27 +0000 2018') or of an ISO 8601 text. Raises BadRecord."""
    match = _OLD_TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return values.time(value, field_name, context)
    month, day, hour, minute, second, sign, offset_hours, offset_minutes, year = match.groups()
    try:
        local = datetime(int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError as error:
        raise BadRecord("wrong_type", f"{field_name} {value[:60]!r} is no date: {error}", field_name) from None
    offset = timedelta(hours=int(offset_hours), minutes=int(offset_minutes))
    try:
        moment = local - offset if sign == "+" else local + offset
    except OverflowError as error:
        raise BadRecord("implausible_time", f"{field_name} {value[:60]!r}: {error}", field_name) from None
    return plausible(moment, context.observed_at, field_name)


def written(value: Any, field_name: str) -> str:
    """A post's text with its three escaped characters put back; empty where it is NULL. Raises BadRecord ``wrong_type``."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadRecord("wrong_type", f"{field_name} is {type(value).__name__}, not a string", field_name)
    return html.unescape(value) if "&" in value else value


def language(value: Any) -> str | None:
    """The detected language; None where the detector names none."""
    found = texts.primary_language(values.text(value))
    if found is None or _NO_LANGUAGES.fullmatch(found):
        return None
    return _RENAMED.get(found, found)


def links(entities: dict[str, Any], text: str, *posts: str | None) -> list[str]:
    """Where the short links of a text lead, without those to its own pictures and to ``posts`` (itself, and what it quotes)."""
    if not isinstance(entities.get("urls"), list):
        return texts.links_in(text)
    found = []
    for link in values.mappings(entities["urls"]):
        target = values.text(link.get("unwound_url")) or values.text(link.get("expanded_url")) or values.text(link.get("url"))
        shown = values.text(link.get("display_url")) or ""
        is_media = link.get("media_key") is not None or shown.startswith(("pic.twitter.com/", "pic.x.com/"))
        address = target.split("?")[0].rstrip("/") if target else ""
        if target and not is_media and not address.endswith(tuple(f"/status/{post}" for post in posts if post)):
            found.append(target)
    return found


def profile_links(entities: dict[str, Any], website: Any) -> list[str]:
    """The links of a profile, whole: its website and those in its description."""
    listed = [link for part in ("url", "description") for link in values.mappings(values.child(entities, part).get("urls"))]
    whole = values.texts([link.get("expanded_url") or link.get("url") for link in listed])
    return list(dict.fromkeys(whole or values.texts([website])))


def kind_of_key(media_key: str) -> str | None:
    """The kind of an attachment by its key, where the answer did not bring the attachment itself."""
    return _KINDS_OF_KEYS.get(media_key.partition("_")[0])
