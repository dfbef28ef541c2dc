"""Looks whether anything is left of what was erased: the bytes of every file of a data folder, and every value of its Parquet. Changes nothing."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import zstandard

from pipelines.lake.erasures import is_list_of_text
from pipelines.lake.paths import DataPaths
from pipelines.lake.rewriting import Wanted, first_held, holds_keys_only

_PIECE_BYTES: Final = 16 << 20
_OVERLAP_BYTES: Final = 8 << 10  # no identifier that is looked for is longer
_OPENED: Final = {".gz", ".zst"}


@dataclass(frozen=True, slots=True)
class Leftover:
    """A place that still holds something of what was erased."""

    file: Path
    where: str

    def sentence(self) -> str:
        """The place, for a person; what stands there is not repeated."""
        return f"{self.file}: {self.where}"


def data_files(root: Path) -> list[Path]:
    """Every file below a data folder that is no link and not the secret, ordered."""
    files = (file for file in sorted(root.rglob("*")) if file.is_file() and not file.is_symlink())
    return [file for file in files if file.relative_to(root).parts[0] != "secrets"]


def leftovers(paths: DataPaths, wanted: Wanted) -> Iterator[Leftover]:
    """Every file that holds a key or an identifier of what was erased, once for its first place.

    The ledger of erasures and the tombstones that came with the data hold keys on purpose; identifiers are looked for there too.
    """
    for file in data_files(paths.root):
        where = _held(paths, file, wanted)
        if where is not None:
            yield Leftover(file, where)


def _held(paths: DataPaths, file: Path, wanted: Wanted) -> str | None:
    relative = file.relative_to(paths.root)
    if wanted.sure.in_bytes(str(relative).encode("utf-8", "surrogateescape")) is not None:
        return "its name"
    may_hold_keys = file == paths.erasures_file() or (relative.parts[0] == "lake" and "deletions" in relative.parts)
    if file.suffix == ".parquet":
        try:
            where = _held_in_values(paths, file, wanted, may_hold_keys=may_hold_keys)
        except (pa.ArrowException, OSError):
            return "it cannot be read, so it cannot be told"
        if where is not None or may_hold_keys:
            return where
        # Compressed pages apart, a Parquet file has a foot with the smallest and largest values.
        return "its bytes" if _held_in_bytes(file, wanted, in_parquet=True, paths=paths) else None
    return "its bytes" if _held_in_bytes(file, wanted, in_parquet=False, paths=paths) else None


def _held_in_values(paths: DataPaths, file: Path, wanted: Wanted, *, may_hold_keys: bool) -> str | None:
    held = pq.ParquetFile(file)
    for field in held.schema_arrow:
        if may_hold_keys and field.name.endswith("_key"):
            continue
        column = held.read(columns=[field.name]).column(field.name)
        if holds_keys_only(field):
            values = pc.list_flatten(column) if is_list_of_text(field) else column
            if wanted.keys.are_in(values) is not None:
                return f"column {field.name}"
            continue
        if first_held(column, wanted.in_column(paths, file, field.name)) is not None:
            return f"column {field.name}"
    return None


def _held_in_bytes(file: Path, wanted: Wanted, *, in_parquet: bool, paths: DataPaths) -> bool:
    identifiers = wanted.sure if in_parquet else wanted.in_file(paths, file)
    with file.open("rb") as raw:
        if file.suffix == ".gz":
            opened: io.BufferedIOBase = gzip.GzipFile(fileobj=raw)
        elif file.suffix == ".zst":
            opened = io.BufferedReader(zstandard.ZstdDecompressor(max_window_size=2**31).stream_reader(raw))
        else:
            opened = raw
        before = b""
        while piece := opened.read(_PIECE_BYTES):
            if identifiers.in_bytes(before + piece) is not None:
                return True
            before = piece[-_OVERLAP_BYTES:]
    return False
