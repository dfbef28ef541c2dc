"""How results travel from a worker process: objects pickled, their buffers through a file that the receiver maps."""

from __future__ import annotations

import mmap
import pickle
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from pipelines.platforms.protocol import BlockFormat, FileContext

_ALIGNMENT: Final = 64  # what Arrow wants of its buffers


class Parcel(NamedTuple):
    """A packed object."""

    body: bytes
    file: Path
    buffers: list[tuple[int, int]]  # offset and length of each


def packed(thing: Any, file: Path) -> Parcel:
    """Pickle ``thing`` and write its buffers to ``file``, each of them once however often it is used."""
    found: list[pickle.PickleBuffer] = []
    body = pickle.dumps(thing, protocol=5, buffer_callback=found.append)
    written: dict[tuple[int, int], int] = {}
    places = []
    with file.open("wb") as out:
        end = 0
        for buffer in found:
            view = buffer.raw()
            key = (np.frombuffer(view, np.uint8).ctypes.data, view.nbytes) if view.nbytes else (0, 0)
            if key not in written:
                padding = -end % _ALIGNMENT
                out.write(b"\0" * padding)
                written[key] = end + padding
                end += padding + out.write(view)
            places.append((written[key], view.nbytes))
    return Parcel(body, file, places)


def opened_parcel(parcel: Parcel) -> Any:
    """The packed object, its buffers mapped from the file; the file's name is gone after that."""
    with parcel.file.open("rb") as packed_file:
        size = packed_file.seek(0, 2)
        content = memoryview(mmap.mmap(packed_file.fileno(), size, access=mmap.ACCESS_READ) if size else b"")
    parcel.file.unlink()
    return pickle.loads(parcel.body, buffers=[content[start : start + length] for start, length in parcel.buffers])  # noqa: S301 - our own worker's


def sealed_recipe(native: BlockFormat, context: FileContext) -> bytes:
    """What a worker needs besides the block, pickled once for the whole file."""
    return pickle.dumps((native, context), protocol=5)


@lru_cache(maxsize=1)
def recipe_of(recipe: bytes) -> tuple[BlockFormat, FileContext]:
    """The same objects for each block of a file, so that they can remember keys."""
    opened: tuple[BlockFormat, FileContext] = pickle.loads(recipe)  # noqa: S301 - our own process's
    return opened
