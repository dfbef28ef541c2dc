"""Rewrites one file of the data folder without what was erased: Parquet by rows and values, JSON by entries, logs by words.

Which files, in what order and whether nothing is left is for whoever calls. Every file is replaced in one rename, so whoever reads it
meanwhile keeps what it began with, and a kill leaves it as it was or as it is to be.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.lake.commit import sync, write_whole
from pipelines.lake.erasures import Keys, is_list_of_text, without_elements, without_erased
from pipelines.lake.identifiers import Identifiers
from pipelines.lake.paths import DataPaths
from pipelines.lake.schemas import TABLES
from pipelines.lake.writer import parquet_writer

PAGES: Final = frozenset({".page", ".failed", ".torn"})
PERSONAL: Final = frozenset(
    {"native_id", "handle", "display_name", "profile_text", "profile_url", "text", "url", "links", "public_name"}
)
_VALUES_AT_ONCE: Final = 50_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be taken out of files.

    Attributes:
        platform: Of the erased subjects.
        keys: Their distinct keys; in columns of keys nothing else is looked for.
        sure: Identifiers that name nobody else, in every file.
        personal: These, and handles and names: words that may mean something else elsewhere, so they are looked for in what people of the
            platform wrote or are called, and not in tags, terms or other platforms' files.
    """

    platform: str
    keys: Keys
    sure: Identifiers
    personal: Identifiers

    def in_file(self, paths: DataPaths, file: Path) -> Identifiers:
        """What is looked for in a file that is no Parquet."""
        return self.personal if self.is_of_platform(paths, file) else self.sure

    def in_column(self, paths: DataPaths, file: Path, column: str) -> Identifiers:
        """What is looked for in a column of a Parquet file."""
        return self.personal if column in PERSONAL and self.is_of_platform(paths, file) else self.sure

    def is_of_platform(self, paths: DataPaths, file: Path) -> bool:
        """Whether a file holds what one platform gave."""
        return self.platform in file.relative_to(paths.root).parts[:-1]


def rewrite_parquet(paths: DataPaths, file: Path, wanted: Wanted, *, drops_rows: bool = True) -> int:
    """Rewrite a Parquet file of any table.

    Rows and references of erased keys go as :func:`without_erased` has it. Elsewhere, in texts, addresses and samples, an identifier is
    replaced, and in a list its element goes.

    Args:
        paths: the data folder.
        file: any Parquet file below it.
        wanted: what is to be taken out.
        drops_rows: whether rows of erased subjects go. Else they stay as they are, and only others' rows are changed.

    Returns:
        How many rows went or were changed. The file is not written where that is none.
    """
    rows = pq.read_table(file, partitioning=None)
    cleaned = without_erased(rows, wanted.keys)
    changed_count, own = 0, None
    if drops_rows:
        changed_count, rows = cleaned.changed_count, cleaned.rows
    else:
        own = pc.invert(cleaned.is_kept)
    rows, replaced = _without_identifiers(paths, file, rows, wanted, own)
    if changed_count + replaced:
        write_rows(paths, file, rows)
    return changed_count + replaced


def _without_identifiers(
    paths: DataPaths, file: Path, rows: pa.Table, wanted: Wanted, own: pa.ChunkedArray | None
) -> tuple[pa.Table, int]:
    changed = pa.chunked_array([pa.array([False] * rows.num_rows, pa.bool_())])
    for index, field in enumerate(rows.schema):
        column, identifiers = rows.column(index), wanted.in_column(paths, file, field.name)
        if holds_keys_only(field) or first_held(column, identifiers) is None:
            continue
        if is_list_of_text(field):
            values, hit = without_elements(column, identifiers.in_text)
        elif pa.types.is_string(field.type):
            made = {value: identifiers.taken_out_of_text(value) for value in pc.unique(column).to_pylist() if value is not None}
            values = pa.chunked_array([pa.array([made.get(value) for value in column.to_pylist()], field.type)])
            hit = pc.fill_null(pc.not_equal(values, column), False)  # noqa: FBT003 - Arrow's argument
        else:
            continue
        if own is not None:
            hit = pc.and_(hit, pc.invert(own))
            values = pc.if_else(hit, values, column) if pa.types.is_string(field.type) else _chosen(hit, values, column)
        rows = rows.set_column(index, field, values)
        changed = pc.or_(changed, hit)
    return rows, pc.sum(changed).as_py() or 0


def _chosen(hit: pa.ChunkedArray, values: pa.ChunkedArray, column: pa.ChunkedArray) -> pa.ChunkedArray:
    pairs = zip(hit.to_pylist(), values.to_pylist(), column.to_pylist(), strict=True)
    return pa.chunked_array([pa.array([new if is_hit else old for is_hit, new, old in pairs], column.type)])


def holds_keys_only(field: pa.Field) -> bool:
    """Whether a column holds pseudonyms and nothing else: then erased keys are met there one by one. Samples of the gates hold more."""
    return (
        field.name.endswith(("_key", "_keys"))
        and field.name != "sample_keys"
        and (pa.types.is_string(field.type) or is_list_of_text(field))
    )


def first_held(column: pa.ChunkedArray, identifiers: Identifiers) -> str | None:
    """The first identifier that a column of texts, lists or structures of them holds; None if it holds none or no text."""
    values = column
    while pa.types.is_list(values.type) or pa.types.is_large_list(values.type) or pa.types.is_map(values.type):
        if pa.types.is_map(values.type):
            values = pa.chunked_array(
                [pc.list_flatten(chunk.cast(pa.list_(chunk.type.field(0).type))) for chunk in values.chunks]
            )
        else:
            values = pc.list_flatten(values)
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type) or pa.types.is_binary(values.type)):
        return None
    distinct = pc.drop_null(pc.unique(values))
    if pa.types.is_binary(distinct.type):
        distinct = pa.array([value.decode("utf-8", "replace") for value in distinct.to_pylist()], pa.string())
    for start in range(0, len(distinct), _VALUES_AT_ONCE):
        part: list[str] = distinct.slice(start, _VALUES_AT_ONCE).to_pylist()
        found = identifiers.in_bytes("\n".join(part).encode("utf-8", "surrogatepass"))
        if found is not None:
            return found.decode("utf-8", "replace")
        whole = next((value for value in part if identifiers.is_one(value)), None)
        if whole is not None:
            return whole
    return None


def landed_table(paths: DataPaths, file: Path) -> str | None:
    """Which table of the lake or vault a file is of; None for all other Parquet, and for tables that mirror a landed one."""
    parts = file.relative_to(paths.root).parts
    if len(parts) < 4 or parts[0] not in {"lake", "vault"}:
        return None
    name = f"vault_{parts[2]}" if parts[0] == "vault" else parts[2]
    return name if name in TABLES else None


def write_rows(paths: DataPaths, file: Path, rows: pa.Table) -> None:
    """Put rows in a file's place, as the intake writes them where it is a landed one."""
    table = landed_table(paths, file)
    temporary = file.with_name(f".{file.name}.tmp")
    if table is not None:
        with parquet_writer(temporary, table) as writer:
            writer.write_table(rows.select(TABLES[table].names).cast(TABLES[table]))
    else:
        pq.write_table(rows, temporary, compression="zstd")
    sync(temporary)
    temporary.replace(file)
    sync(file.parent)


def rewrite_json(file: Path, identifiers: Identifiers) -> bool:
    """Rewrite a JSON file without the elements and entries that hold an identifier. Returns whether it held one."""
    content = file.read_bytes()
    if identifiers.in_bytes(content) is None:
        return False
    try:
        pruned = _pruned(json.loads(content), identifiers)
    except ValueError:
        return rewrite_text(file, identifiers)
    write_whole(file, json.dumps(pruned, ensure_ascii=False, separators=(",", ":")).encode())
    return True


def _pruned(value: Any, identifiers: Identifiers) -> Any:
    if isinstance(value, list):
        return [_pruned(each, identifiers) for each in value if not _is_hit(each, identifiers)]
    if isinstance(value, dict):
        kept = {key: each for key, each in value.items() if not identifiers.in_text(key) and not _is_hit(each, identifiers)}
        return {key: _pruned(each, identifiers) for key, each in kept.items()}
    return value


def _is_hit(value: Any, identifiers: Identifiers) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and identifiers.in_text(str(value))


def rewrite_text(file: Path, identifiers: Identifiers) -> bool:
    """Rewrite a text file with identifiers replaced. Returns whether it held one."""
    content = file.read_bytes()
    replaced = identifiers.taken_out(content)
    if replaced == content:
        return False
    write_whole(file, replaced)
    return True
