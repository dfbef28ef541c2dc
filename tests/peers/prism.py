"""Prism in front of X's own OpenAPI description: refuses requests that the description does not allow, answers with bodies that it does."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.peers.installing import Peers
from tests.peers.processes import PeerError, Stage, free_port, until

DESCRIPTION = "UNDERCURRENT_X_OPENAPI"  # names the description's file; its text is X's and no part of the project
_ROOT = Path(__file__).parents[2]
_START_SECONDS = 120.0
_REQUIRED = {"Post": ("id", "text", "author_id", "created_at", "public_metrics"), "User": ("id", "username", "public_metrics")}


def description() -> Path | None:
    """The file of X's OpenAPI description, if this machine has one."""
    named = os.environ.get(DESCRIPTION)
    if named is not None:
        if not Path(named).is_file():
            raise PeerError(f"{DESCRIPTION} names {named}, which is no file")
        return Path(named)
    found = sorted((_ROOT / "../shared/realdata/specs").resolve().glob("x-openapi-*.json"))
    return found[-1] if found else None


@dataclass(frozen=True)
class Prism:
    """A running server."""

    url: str


def narrowed(file: Path, into: Path, ids: Sequence[str], times: Sequence[str]) -> Path:
    """The description with ids and times that X could give, and posts and users that have both: what it allows, X's own allows too."""
    document = json.loads(file.read_text())
    numbers, moments = {"type": "string", "enum": list(ids)}, {"type": "string", "format": "date-time", "enum": list(times)}
    for name, required in _REQUIRED.items():
        document["components"]["schemas"][name]["required"] = list(required)
    pending: list[Any] = [document["components"]["schemas"]]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, dict):
            for name, one in value.get("properties", {}).items():
                if isinstance(one, dict) and one.get("type") == "string" and (name == "id" or name.endswith("_id")):
                    value["properties"][name] = numbers
                elif isinstance(one, dict) and one.get("format") == "date-time":
                    value["properties"][name] = moments
            pending.extend(value.values())
    into.write_text(json.dumps(document))
    return into


def start_prism(peers: Peers, stage: Stage, file: Path) -> Prism:
    """Start it on a description. Raises PeerError."""
    port = free_port()
    command = [peers.node / "bin" / "node", peers.prism, "mock", "--host", "127.0.0.1", "--port", str(port), file]
    child = stage.start(f"prism-{port}", command)
    until(
        "Prism is up", lambda: "Prism is listening" in child.log.read_text(errors="replace"), seconds=_START_SECONDS, child=child
    )
    return Prism(f"http://127.0.0.1:{port}")
