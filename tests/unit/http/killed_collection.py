"""Collects in a child that is killed at many points, then collects on; tells which pages were on the disk when it was killed.

A program of its own, not a test: it forks, and a process that forks should not have run anything before.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from pipelines.http.collect import Tools, collect_platform
from pipelines.http.watched import Watched
from pipelines.lake.pages import page_files, read_header
from pipelines.lake.paths import DataPaths
from tests.unit.http.toy import NIGHT, NoTime, client, item

# Calls around which a process that dies leaves different things behind.
STEPS = {"open", "write", "rename", "replace", "mkdir", "fsync", "sendall", "send", "recv"}
KILLS = 30


def collect(url: str, folder: Path) -> None:
    watched = Watched("toy", (item(url), item(url, "ben")), urls=(url,))
    collect_platform(DataPaths(folder), client(url), watched, NIGHT, Tools(environment={}, clock=NoTime()))


def in_child(url: str, folder: Path, last_step: int | None) -> int:
    """Steps that a child made before it ended, or was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        seen = 0

        def count(_frame: FrameType, event: str, argument: Any) -> None:
            nonlocal seen
            if event == "c_call" and getattr(argument, "__name__", "") in STEPS:
                seen += 1
                if seen == last_step:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(count)
        collect(url, folder)
        sys.setprofile(None)
        os.write(writing, str(seen).encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as stream:
        return int(stream.read() or 0)


def main() -> None:
    url, folder = sys.argv[1], Path(sys.argv[2])
    steps = in_child(f"{url}/whole", folder / "whole", None)
    told = []
    for kill in range(KILLS):
        name = f"kill-{kill}"
        step = 1 + kill * steps // KILLS
        in_child(f"{url}/{name}", folder / name, step)
        pages = page_files(DataPaths(folder / name).pages_folder("toy", NIGHT))
        on_disk = [read_header(file).header.url.removeprefix(url) for file in pages]
        in_child(f"{url}/{name}", folder / name, None)
        told.append({"name": name, "step": step, "on_disk": on_disk})
    print(json.dumps({"steps": steps, "kills": told}))


if __name__ == "__main__":
    main()
