"""Writing a file so that a crash loses none of it: fsync, rename. Knows nothing of what is in it."""

from __future__ import annotations

from pathlib import Path

from pipelines.lake.commit import sync


def replace_file(file: Path, content: bytes) -> None:
    """Write a file in one step: no reader and no crash sees half of it."""
    temporary = file.with_name(f".{file.name}.next")
    temporary.write_bytes(content)
    sync(temporary)
    temporary.replace(file)
