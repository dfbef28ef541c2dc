"""Where commands print: one console each for answers and for errors, a bar that counts, and the types of arguments that commands share."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TextIO

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

FOLDER: Final = click.Path(file_okay=False, path_type=Path)
_WIDTH_OF_PIPES: Final = 150


def output() -> Console:
    """A console on the standard output as it is now, whatever is redirected later."""
    return _console(sys.stdout)


def errors() -> Console:
    """A console on the standard error stream as it is now."""
    return _console(sys.stderr)


@contextmanager
def counting(screen: Console, what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, nothing elsewhere: gives what to call with how many are done of how many.

    Args:
        screen: Where it stands; it goes when all is done.
        what: What is counted.
    """
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _console(stream: TextIO) -> Console:
    # Dagster redirects the file descriptors themselves while a step runs; a copy of the descriptor stays with the person.
    with suppress(io.UnsupportedOperation, OSError):
        stream = os.fdopen(os.dup(stream.fileno()), "w", buffering=1, encoding="utf-8")
    return Console(file=stream, width=None if stream.isatty() else _WIDTH_OF_PIPES, highlight=False)
