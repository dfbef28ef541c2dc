"""The platforms that the intake knows, found by their folders. Adding one is adding its folder and its name here."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from typing import Final

from pipelines.platforms.protocol import NativeFormat

_KINDS: Final = {
    "reddit": "social",
    "bluesky": "social",
    "mastodon": "social",
    "youtube": "social",
    "tiktok": "social",
    "instagram": "social",
    "feeds": "mainstream",
    "trends": "mainstream",
}


@dataclass(frozen=True, slots=True)
class PlatformSpec:
    """One platform: what it is, the lake tables that it fills, the native formats that it reads."""

    name: str
    kind: str
    tables: tuple[str, ...]
    formats: tuple[NativeFormat, ...]

    def format_named(self, name: str) -> NativeFormat:
        """The format of this name. Raises KeyError."""
        return {each.name: each for each in self.formats}[name]


@cache
def platform_named(name: str) -> PlatformSpec:
    """The platform of this name. Raises KeyError."""
    kind = _KINDS[name]
    module = importlib.import_module(f"pipelines.platforms.{name}.parse")
    return PlatformSpec(name, kind, module.TABLES, module.FORMATS)


PLATFORMS: Final[dict[str, PlatformSpec]] = {name: platform_named(name) for name in _KINDS}
