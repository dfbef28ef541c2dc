"""Calls functions by JSON lines: ``["name", {arguments}]`` in, ``{"value": ...}`` or ``{"error": ...}`` out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any


def serve(functions: dict[str, Callable[..., Any]]) -> None:
    """Until standard input ends."""
    out = sys.stdout
    sys.stdout = sys.stderr  # what an SDK prints is no answer
    for line in sys.stdin:
        name, arguments = json.loads(line)
        try:
            answer = {"value": functions[name](**arguments)}
        except Exception as error:  # noqa: BLE001 - whatever an SDK raises is told to the test
            answer = {"error": f"{type(error).__name__}: {error}"[:1000]}
        out.write(json.dumps(answer) + "\n")
        out.flush()
