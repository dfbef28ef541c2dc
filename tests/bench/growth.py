"""One night that builds everything from one, three and ten million posts: seconds by step, peak memory, growth. Synthetic text only."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from pipelines.commands.nightly import PARTLY_PUBLISHED
from tests.bench.history import History
from tests.bench.nights import dagster_home, night_command

END: Final = date(2026, 10, 1)
_DAYS: Final = 60
# A night that withholds what the calibration closes has done all its work.
_PUBLISHED: Final = (0, PARTLY_PUBLISHED)
_STEP: Final = re.compile(r"^\s*\d+/\d+\s+(conform|derive|model): .*?([\d.]+) s\s*$")


@dataclass(frozen=True, slots=True)
class Grown:
    """A night on so many posts, in a process of its own."""

    post_count: int
    step_seconds: dict[str, float]
    cpu_seconds: float
    peak_mb: float


def _night(folder: Path, post_count: int) -> Grown:
    inbox, home = folder / "inbox", dagster_home(folder)
    first = END - timedelta(days=_DAYS - 1)
    history = History(first, post_count // _DAYS)
    history.write(inbox, first, END)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(  # noqa: S603 - our own interpreter
        night_command(folder / "data", inbox, END),
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"DAGSTER_HOME": str(home)},
    )
    if done.returncode not in _PUBLISHED:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    steps = {match[1]: float(match[2]) for line in done.stdout.splitlines() if (match := _STEP.match(line))}
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Grown(post_count, steps, cpu, after.ru_maxrss / 1024)


def compare(folder: Path, sizes: tuple[int, ...]) -> None:
    """Print what a night of each size takes, and how that grows.

    Args:
        folder: For inboxes and data; emptied after each size.
        sizes: Posts, ascending.
    """
    print(f"a night that builds everything, {_DAYS} days of posts")
    last: Grown | None = None
    for size in sizes:
        found = _night(folder / str(size), size)
        shutil.rmtree(folder / str(size))
        told = "  ".join(f"{step} {seconds:.1f} s" for step, seconds in found.step_seconds.items())
        print(f"  {size:11,} posts  {told}  CPU {found.cpu_seconds:.0f} s  peak {found.peak_mb:.0f} MB", flush=True)
        if last is not None:
            ratio = float(np.log(found.post_count / last.post_count))
            powers = {
                step: float(np.log(seconds / last.step_seconds[step])) / ratio
                for step, seconds in found.step_seconds.items()
                if last.step_seconds.get(step)
            }
            print("    growth: " + ", ".join(f"{step} to the power of {power:.2f}" for step, power in powers.items()), flush=True)
        last = found
