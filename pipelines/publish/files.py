"""Writing files and folders so that a crash loses none of them: fsync, rename. Knows nothing of what is in them."""

from __future__ import annotations

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Have a file's content, or a folder's names, on the disk: without it a rename may outlive what it names."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(file: Path, content: bytes) -> None:
    """Write a file in one step: no reader and no crash sees half of it."""
    temporary = file.with_name(f".{file.name}.next")
    temporary.write_bytes(content)
    sync(temporary)
    temporary.replace(file)
