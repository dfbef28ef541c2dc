"""Where commands print: one console each for answers and for errors, and the types of arguments that commands share."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final, TextIO

import click
from rich.console import Console

FOLDER: Final = click.Path(file_okay=False, path_type=Path)
_WIDTH_OF_PIPES: Final = 150


def output() -> Console:
    """A console on the standard output as it is now, whatever is redirected later."""
    return _console(sys.stdout)


def errors() -> Console:
    """A console on the standard error stream as it is now."""
    return _console(sys.stderr)


def _console(stream: TextIO) -> Console:
    # Dagster redirects the file descriptors themselves while a step runs; a copy of the descriptor stays with the person.
    with suppress(io.UnsupportedOperation, OSError):
        stream = os.fdopen(os.dup(stream.fileno()), "w", buffering=1, encoding="utf-8")
    return Console(file=stream, width=None if stream.isatty() else _WIDTH_OF_PIPES, highlight=False)
