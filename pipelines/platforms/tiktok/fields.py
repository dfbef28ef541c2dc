"""TikTok values that several of its formats share: account names, mentions, sounds, addresses."""

from __future__ import annotations

import re
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.protocol import FileContext

# '@by/someone' is a display name with a slash in it, not the account 'by'.
_MENTION: Final = re.compile(r"(?<![\w@])@([A-Za-z0-9_.]{2,24})(?![\w./])")
_OWNER: Final = re.compile(r"(?:^|[/!])@([A-Za-z0-9_.]{2,24})/")


def account_id(value: Any, field_name: str) -> str:
    """The native id of an account: its username in lower case, without '@'. Raises BadRecord ``missing_id``."""
    return values.required_text(values.required_text(value, field_name).lstrip("@"), field_name).lower()


def mentions(text: str) -> list[str]:
    """Usernames behind '@' in a caption."""
    return [name.rstrip(".").lower() for name in _MENTION.findall(text)] if "@" in text else []


def seconds(value: Any) -> float | None:
    """A whole number of seconds."""
    number = values.count(value, "duration")
    return None if number is None else float(number)


def sound_key(native_id: str | None, context: FileContext) -> str | None:
    """The key of a sound, the same for every format that carries its id; '0' is no sound."""
    return context.pseudonyms.key(context.platform, f"sound:{native_id}") if native_id and native_id != "0" else None


def video_url(username: str, native_id: str) -> str:
    """The address of a video's page."""
    return f"https://www.tiktok.com/@{username}/video/{native_id}"


def named_by_folder(file: str) -> str | None:
    """The account that a folder of the file's path names, as in ``@ann/followers.json``: some answers do not say whose they are."""
    found = _OWNER.search(file)
    return found[1].lower() if found else None
