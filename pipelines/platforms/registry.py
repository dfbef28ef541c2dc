"""The platforms that the intake knows: every folder beside this file that has a parse.py. Nothing is listed by hand."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.platforms.protocol import NativeFormat

_MAINSTREAM_TABLES: Final = frozenset({"mainstream_items", "attention_series"})


@dataclass(frozen=True, slots=True)
class PlatformSpec:
    """One platform: what it is, the lake tables that it fills, the native formats that it reads."""

    name: str
    kind: str  # social or mainstream
    tables: tuple[str, ...]
    formats: tuple[NativeFormat, ...]

    def format_named(self, name: str) -> NativeFormat:
        """The format of this name. Raises KeyError."""
        return {each.name: each for each in self.formats}[name]


def _found() -> dict[str, PlatformSpec]:
    platforms = {}
    for file in sorted(Path(__file__).parent.glob("*/parse.py")):
        name = file.parent.name
        module = importlib.import_module(f"pipelines.platforms.{name}.parse")
        kind = "mainstream" if _MAINSTREAM_TABLES & set(module.TABLES) else "social"
        platforms[name] = PlatformSpec(name, kind, module.TABLES, module.FORMATS)
    return platforms


PLATFORMS: Final[dict[str, PlatformSpec]] = _found()
