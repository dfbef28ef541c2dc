"""Instagram values that several of its formats share: usernames, mentions, shortcodes."""

from __future__ import annotations

import re
from typing import Any, Final

from pipelines.platforms import values

_SHORTCODE: Final = re.compile(r"/(?:p|reel|reels|tv)/([A-Za-z0-9_-]+)")
_STORY: Final = re.compile(r"/stories/[^/]+/(\d+)")
_MENTION: Final = re.compile(r"(?<![\w@.])@([A-Za-z0-9_.]{2,30})")
_DIGITS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def username_of(value: Any) -> str | None:
    """A username in lower case, without '@'; None where there is none."""
    name = values.text(value)
    return name.strip().lstrip("@").rstrip(".").lower() or None if name else None


def mentions(caption: str) -> list[str]:
    """Usernames behind '@' in a caption."""
    return [name.rstrip(".").lower() for name in _MENTION.findall(caption)] if "@" in caption else []


def shortcode_in(url: Any) -> str | None:
    """The shortcode in a post's address; a story's address has the number that the shortcode writes."""
    written = values.text(url) or ""
    found = _SHORTCODE.search(written)
    if found is not None:
        return found[1]
    story = _STORY.search(written)
    return shortcode_of(story[1]) if story else None


def shortcode_of(number: str) -> str | None:
    """The shortcode of a media number (``ig_id``): the number in base 64. None for what is no such number."""
    rest, code = (int(number) if number.isdecimal() and len(number) <= 20 else 0), ""
    while rest:
        rest, digit = divmod(rest, len(_DIGITS))
        code = _DIGITS[digit] + code
    return code or None
