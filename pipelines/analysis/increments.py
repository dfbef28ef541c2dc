"""What makes an analysis incremental: partitions that need not be loaded, order-free hashes of rows, reuse of stored rows. No statistics."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Generic, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

T = TypeVar("T")
_Words = NDArray[np.uint64]
_NULL: Final = np.uint64(0x6E756C6C)
_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_BLOCK_ROWS: Final = 1_000_000


@dataclass(frozen=True)
class Partition(Generic[T]):
    """A part of the input that is loaded only where it, or something that hangs on it, changed.

    Attributes:
        content_hash: Equal where the rows are equal; any text, such as the hash of a file.
        load: Gives the rows.
    """

    content_hash: str
    load: Callable[[], T]


@dataclass(frozen=True)
class Analysis:
    """Outcome of an analysis.

    Attributes:
        tables: Derived tables by name, in their contracts' schemas, whole.
        state: What the next call takes as ``stored``: by name, in the schemas of ``contracts.STATE``.
        computed: How many units of each kind were computed and not reused.
    """

    tables: dict[str, pa.Table]
    state: dict[str, pa.Table]
    computed: dict[str, int] = field(default_factory=dict)


def digest(*parts: object) -> str:
    """Hash of texts and numbers, in this order: 32 hexadecimal digits, the same on every machine."""
    hashed = hashlib.blake2b(digest_size=16)
    for part in parts:
        hashed.update(f"{part}\x1f".encode())
    return hashed.hexdigest()


def text_words(texts: Iterable[str]) -> _Words:
    """Hash each text to 64 bits, the same on every machine."""
    return np.array([int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") for text in texts], np.uint64)


def mixed(words: _Words) -> _Words:
    """Scramble 64-bit words: the finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    with np.errstate(over="ignore"):
        words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(words ^ (words >> np.uint64(31)))


def coded(column: pa.ChunkedArray) -> tuple[list[str], NDArray[np.int64]]:
    """Sorted distinct texts of a column, and for each row the place of its text among them; -1 for NULL.

    Args:
        column: Texts, as they are or as places in a dictionary; of that the texts that no row has count too.
    """
    texts, codes = _coded(column)
    return texts, codes.astype(np.int64)


def _coded(column: pa.ChunkedArray) -> tuple[list[str], NDArray[np.int32]]:
    distinct, codes = _encoded(column)
    # Bytes of UTF-8 are in the order of the characters that they stand for.
    order = pc.sort_indices(distinct) if len(distinct) else pa.array([], pa.uint64())
    place = np.empty(len(distinct) + 1, dtype=np.int32)
    place[order.to_numpy()] = np.arange(len(distinct), dtype=np.int32)
    place[-1] = -1
    return distinct.take(order).to_pylist(), place[codes]


def _encoded(column: pa.ChunkedArray) -> tuple[pa.Array, NDArray[np.int32]]:
    """Distinct texts, in any order, and for each row the place of its text among them; -1 for NULL."""
    encoded = column.dictionary_encode().unify_dictionaries().combine_chunks()
    return encoded.dictionary, encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)


def places_in(column: pa.ChunkedArray, known: list[str]) -> NDArray[np.int32]:
    """Place of each row's text in a list; -1 where it is not among them.

    Args:
        column: Texts, as they are or as places in a dictionary.
        known: Distinct texts.
    """
    distinct, codes = _encoded(column)
    places = pc.index_in(distinct, value_set=pa.array(known, distinct.type)).fill_null(-1).to_numpy(zero_copy_only=False)
    return np.append(places, np.int32(-1))[codes]


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type holds texts, as they are or as places in a dictionary."""
    return bool(pa.types.is_string(kind.value_type if pa.types.is_dictionary(kind) else kind))


def _words(column: pa.ChunkedArray) -> Callable[[slice], _Words]:
    """What gives the words of some of a column's rows: texts are hashed once, rows a block at a time."""
    if is_text(column.type):
        texts, codes = _coded(column)
        words = np.append(text_words(texts), _NULL)
        return lambda block: words[codes[block]]
    return lambda block: _number_words(column.slice(block.start, block.stop - block.start))


def _number_words(column: pa.ChunkedArray) -> _Words:
    kind = column.type
    if pa.types.is_floating(kind):
        numbers = column.cast(pa.float64()).fill_null(0.0).to_numpy().view(np.uint64)
    else:
        width = pa.int32() if pa.types.is_date32(kind) else pa.int64()
        numbers = column.cast(width).cast(pa.int64()).fill_null(0).to_numpy().view(np.uint64)
    return np.where(column.is_null().to_numpy(), _NULL, mixed(numbers + _STEP))


def row_hashes(table: pa.Table, key: str, columns: list[str]) -> dict[str, str]:
    """Hash the rows of each key, whatever their order.

    Args:
        table: Rows.
        key: The text column whose values group the rows.
        columns: The columns that count.

    Returns:
        By key, the number of its rows and two 64-bit sums of scrambled row hashes, as text.
    """
    if table.num_rows == 0:
        return {}
    keys, codes = _coded(table[key])
    words = [_words(table[name]) for name in columns]
    counts = np.zeros(len(keys), dtype=np.int64)
    sums = np.zeros((2, len(keys)), dtype=np.uint64)
    for first in range(0, table.num_rows, _BLOCK_ROWS):
        block = slice(first, min(first + _BLOCK_ROWS, table.num_rows))
        rows = np.zeros(block.stop - block.start, dtype=np.uint64)
        with np.errstate(over="ignore"):
            for column in words:
                rows = mixed(rows * _STEP + column(block))
            order = np.argsort(codes[block], kind="stable")
            order = order[codes[block][order] >= 0]
            found, starts = np.unique(codes[block][order], return_index=True)
            if found.size:
                for place, lane in enumerate((np.uint64(0), _STEP)):
                    sums[place, found] += np.add.reduceat(mixed(rows[order] ^ lane), starts)
                counts[found] += np.diff(np.append(starts, order.size))
    told = zip(keys, counts.tolist(), *sums, strict=True)
    return {text: f"{count}:{one:016x}{two:016x}" for text, count, one, two in told if count}


def slices_by(table: pa.Table, key: str) -> dict[str, pa.Table]:
    """Rows of each key in the order they are in; slices of the table where it already lies by key, else of a copy.

    Args:
        table: Rows.
        key: The text column whose values group the rows; none is NULL.
    """
    keys, codes = _coded(table[key])
    if (np.diff(codes) < 0).any():
        order = np.argsort(codes, kind="stable")
        table, codes = table.take(pa.array(order)), codes[order]
    bounds = np.searchsorted(codes, np.arange(len(keys) + 1))
    return {name: table.slice(a, b - a) for name, a, b in zip(keys, bounds[:-1], bounds[1:], strict=True) if b > a}


def stored_table(stored: Mapping[str, pa.Table] | None, name: str, schema: pa.Schema) -> pa.Table:
    """A stored table in its schema; empty where there is none, or where it was stored by another version."""
    table = None if stored is None else stored.get(name)
    if table is None or not set(schema.names) <= set(table.schema.names):
        return schema.empty_table()
    return table.select(schema.names).cast(schema)


def by_month(table: pa.Table) -> dict[date, pa.Table]:
    """Rows of each month, in the order they are in: one pass, slices."""
    months = np.asarray(table["month"].cast(pa.int32()).to_numpy())
    order = np.argsort(months, kind="stable")
    table = table.take(pa.array(order, pa.int64())) if (np.diff(months) < 0).any() else table
    found, starts = np.unique(months[order], return_index=True)
    ends = [*starts[1:], months.size][: starts.size]
    names = pa.array(found, pa.int32()).cast(pa.date32()).to_pylist()
    return {name: table.slice(start, end - start) for name, start, end in zip(names, starts, ends, strict=True)}


def reused(table: pa.Table, wanted: Mapping[tuple[Any, ...], str], keys: list[str], hash_name: str) -> tuple[pa.Table, set[Any]]:
    """Keep the stored rows whose hash is the wanted one.

    Args:
        table: Stored rows.
        wanted: By key, the hash of what the row would be computed from today.
        keys: The key's columns.
        hash_name: The column with the stored hash.

    Returns:
        The kept rows, and their keys.
    """
    columns = [table[name].to_pylist() for name in [*keys, hash_name]]
    fits = [wanted.get(row[:-1]) == row[-1] for row in zip(*columns, strict=True)]
    kept = table.filter(pa.array(fits, pa.bool_()))
    return kept, set(zip(*(kept[name].to_pylist() for name in keys), strict=True))


def joined(parts: list[pa.Table], keys: list[str]) -> pa.Table:
    """Stack rows and put them in the order of their key, in one chunk."""
    table = pa.concat_tables(parts)
    return table.take(pc.sort_indices(table, [(name, "ascending") for name in keys])).combine_chunks()
