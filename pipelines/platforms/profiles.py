"""Which accounts elsewhere a profile says are its own: links to profiles of known platforms. Nobody is joined here."""

from __future__ import annotations

import re
from typing import Final

_HOST: Final = r"(?<![\w.@/-])(?:https?://)?(?:www\.|m\.|mobile\.)?"
_NO_NAMES: Final = r"(?!(?:p|reel|reels|tv|explore|stories|share|intent|search|hashtag|home|i|watch|about|tags?)\b)"
# A name is taken where the platform's own address form says that it is one; channel and user ids are no handles.
_PLACES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (platform, re.compile(_HOST + pattern, re.IGNORECASE))
    for platform, pattern in (
        ("instagram", rf"instagram\.com/{_NO_NAMES}([\w.]+)"),
        ("tiktok", r"tiktok\.com/@([\w.]+)"),
        ("youtube", r"youtube\.com/(?:@|c/|user/)([\w.-]+)"),
        ("x", rf"(?:twitter|x)\.com/(?:#!/)?@?{_NO_NAMES}(\w+)"),
        ("threads", r"threads\.(?:net|com)/@([\w.]+)"),
        ("bluesky", r"bsky\.app/profile/(?!did:)([\w-]+(?:\.[\w-]+)+)"),
        ("reddit", r"(?:old\.)?reddit\.com/(?:u|user)/([\w-]+)"),
        ("tumblr", r"([\w-]+)\.tumblr\.com"),
    )
)
# Any server can be a Mastodon: its profiles are /@name, and a link to one is always written with its scheme.
_MASTODON: Final = re.compile(r"https?://([\w-]+(?:\.[\w-]+)+)/(?:@|users/)(\w+)(?![\w@.])(?!/\d)", re.IGNORECASE)
_NO_MASTODON: Final = re.compile(r"(?:^|\.)(?:tiktok|youtube|threads|medium|twitter|x|instagram|reddit|flickr)\.\w+$")


def declared_handles(profile: str) -> list[tuple[str, str]]:
    """Distinct (platform, handle) pairs that a profile's text and links name, in the order of the platforms.

    Args:
        profile: The profile's text, and its links each on a line.
    """
    found = [
        (platform, name.rstrip(".").casefold())
        for platform, pattern in _PLACES
        for name in pattern.findall(profile)
        if name.rstrip(".") and name.casefold() != "www"
    ]
    found += [
        ("mastodon", f"{name}@{host}".casefold())
        for host, name in _MASTODON.findall(profile)
        if not _NO_MASTODON.search(host.casefold())
    ]
    return list(dict.fromkeys(found))
