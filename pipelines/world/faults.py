"""Faults that are planted into native files: bad records, and which reason code each must get. Writes nothing itself."""

from __future__ import annotations

import copy
import json
from typing import Any, Final

Payload = dict[str, Any]
_YEAR_2999_SECONDS: Final = 32_472_144_000
_YEAR_2999_ISO: Final = "2999-01-01T00:00:00.000Z"
# Where each platform's records keep what the faults take away: identity, and time.
_IDENTITY: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "reddit": (("id",), ("name",)),
    "bluesky": (("did",),),
    "mastodon": (("id",), ("uri",), ("url",)),
    "activitypub": (("id",),),
    "threads": (("id",),),
    "x": (("id",),),
    "tumblr": (("id",), ("id_string",)),
    "bereal": (("ownerID",), ("user",)),
    "youtube": (("id",),),
    "tiktok": (("webVideoUrl",), ("id",)),
    "instagram": (("id",), ("shortCode",), ("url",)),
    "feeds": (("guid",), ("link",), ("title",)),
    "gdelt": (("documentidentifier",),),
    "mediacloud": (("url",),),
    "wikipedia": (("project",),),
}
_TIME: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "reddit": (("created_utc",),),
    "bluesky": (("time_us",), ("commit", "record", "createdAt")),
    "mastodon": (("created_at",),),
    "activitypub": (("published",),),
    "threads": (("timestamp",),),
    "x": (("created_at",),),
    "tumblr": (("timestamp",),),
    "bereal": (("takenAt", "_seconds"),),
    "youtube": (("snippet", "publishedAt"),),
    "tiktok": (("createTimeISO",), ("createTime",)),
    "instagram": (("timestamp",),),
    "feeds": (("pubDate",),),
    "gdelt": (("date",),),
    "mediacloud": (("publish_date",),),
    "wikipedia": (("timestamp",),),
}
# How a text says the year 2999 where it is not ISO 8601.
_YEAR_2999_WRITTEN: Final = {"feeds": "Tue, 01 Jan 2999 00:00:00 +0000", "gdelt": "29990101000000", "wikipedia": "2999010100"}


def bad_values(platform: str, good: Payload) -> list[tuple[str, Payload]]:
    """Two spoilt copies of a good record, each with the reason code it must get: no identity, and a time in 2999."""
    nameless, futuristic = copy.deepcopy(good), copy.deepcopy(good)
    for path in _IDENTITY[platform]:
        if path[0] in nameless:
            if platform == "tiktok" and path[0] == "webVideoUrl":
                nameless[path[0]] = ""
            else:
                del nameless[path[0]]
    for path in _TIME[platform]:
        holder = futuristic
        for step in path[:-1]:
            holder = holder[step]
        if path[-1] in holder:
            old = holder[path[-1]]
            micro = path[-1] == "time_us"
            written = _YEAR_2999_WRITTEN.get(platform, _YEAR_2999_ISO)
            holder[path[-1]] = written if isinstance(old, str) else _YEAR_2999_SECONDS * (1_000_000 if micro else 1)
    return [("missing_id", nameless), ("implausible_time", futuristic)]


def bad_lines(platform: str, good: Payload) -> list[tuple[str, bytes]]:
    """Spoilt lines of a line-wise file: those of ``bad_values``, a cut line and one that is not UTF-8."""
    spoilt = [(code, json.dumps(value, separators=(",", ":")).encode()) for code, value in bad_values(platform, good)]
    whole = json.dumps(good, separators=(",", ":")).encode()
    return [
        *spoilt,
        ("broken_json", whole[: len(whole) // 2]),
        ("invalid_utf8", whole.replace(b"#", b"\xff\xfe", 1) if b"#" in whole else b'{"\xff":1}'),
    ]
