"""One run at a time on a data folder, whatever starts it. A file lock: the kernel takes it back from a process that is killed."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

_NAME: Final = ".nightly.lock"


class DataInUseError(RuntimeError):
    """Another run is at work on the data folder."""


@contextmanager
def run_lock(
    data: Path, run: str, *, on_wait: Callable[[str], None] | None = None, grace_seconds: float = 2.0, poll_seconds: float = 0.2
) -> Iterator[None]:
    """Hold the data folder for one run.

    Args:
        data: the data folder; made if it is not there.
        run: who holds it, in words for whoever has to wait.
        on_wait: called once with the holder when another run is at work, and the lock is then waited for; without it, it is not.
        grace_seconds: tried for so long before another run counts as at work: the doctor and the sensor take the lock for a moment.
        poll_seconds: how often to try again.

    Raises:
        DataInUseError: another run is at work, and ``on_wait`` is None.
    """
    data.mkdir(parents=True, exist_ok=True)
    with (data / _NAME).open("a+") as file:
        begun = time.monotonic()
        while not (taken := _taken(file)) and time.monotonic() - begun < grace_seconds:
            time.sleep(poll_seconds)
        if not taken:
            if on_wait is None:
                raise DataInUseError(f"another run is at work on {data} ({_holder(file)}); wait for it to end")
            on_wait(_holder(file))
            while not _taken(file):
                time.sleep(poll_seconds)
        file.seek(0)
        file.truncate()
        about = {
            "run": run,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "since": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
        }
        file.write(json.dumps(about))
        file.flush()
        yield


def lock_holder(data: Path) -> str | None:
    """Which run holds the data folder now, in words; None where none does."""
    if not (data / _NAME).exists():
        return None
    with (data / _NAME).open("r") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _holder(file)
    return None


def _taken(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(file: IO[str]) -> str:
    file.seek(0)
    try:
        about = json.loads(file.read())
    except ValueError:
        return "it has just begun"
    return f"{about['run']}, process {about['pid']} on {about['host']}, since {about['since']}"
