"""The platforms that can be collected live: every platform folder that has a client.py. Nothing is listed by hand."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Final

import pipelines.platforms
from pipelines.http.protocol import PlatformClient


def _found() -> dict[str, PlatformClient]:
    folder = Path(pipelines.platforms.__path__[0])
    names = sorted(file.parent.name for file in folder.glob("*/client.py"))
    return {name: importlib.import_module(f"pipelines.platforms.{name}.client").CLIENT for name in names}


CLIENTS: Final[dict[str, PlatformClient]] = _found()
