"""Blocks of lines to rows by a format's columnar path, in this process or in several. The single-line path judges what is odd."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import partial
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import xxhash

from pipelines.lake import framing
from pipelines.lake.records import MISFITS, BlockResult, hash_seed, parse_batch
from pipelines.lake.transport import Parcel, opened_parcel, packed, recipe_of, sealed_recipe
from pipelines.platforms.protocol import BlockFormat, FileContext, Framing, ParsedLines

BLOCK_BYTES: Final = 4 << 20
_READ_AHEAD: Final = 2  # blocks


def parse_block(native: BlockFormat, block: framing.LineBlock, context: FileContext) -> BlockResult:
    """Rows and refusals of a block's lines, with indexes from 0: the rows that ``parse_batch`` gives."""
    lines = [stripped for line in block.data.split(b"\n") if (stripped := line.strip())]
    parsed = _parsed(native, block.data, lines, context)
    hash_of = partial(xxhash.xxh3_64_intdigest, seed=hash_seed(native, context))
    hashes = np.fromiter(map(hash_of, lines), np.uint64, len(lines))
    if len(parsed.places) == len(lines):
        return BlockResult(parsed.tables, parsed.places, hashes, len(lines))
    rest = parse_batch(native, _left(native, block, parsed.places, len(lines)), context)
    indexes = np.sort(np.concatenate([parsed.places, rest.record_indexes]))
    return BlockResult(_merged(parsed.tables, rest.tables), indexes, hashes[indexes], len(lines), rest.quarantined)


def _parsed(native: BlockFormat, data: bytes, lines: list[bytes], context: FileContext) -> ParsedLines:
    fit = np.ones(len(lines), np.bool_)
    if max(map(len, lines), default=0) > framing.LONGEST_LINE_BYTES:
        fit &= np.fromiter((len(line) <= framing.LONGEST_LINE_BYTES for line in lines), np.bool_, len(lines))
    if not data.isascii() and not _is_utf8(data):
        fit &= np.fromiter(map(_is_utf8, lines), np.bool_, len(lines))
    try:
        if fit.all():
            return native.parse_lines(lines, context)
        places = np.flatnonzero(fit)
        parsed = native.parse_lines([lines[place] for place in places.tolist()], context)
    except MISFITS:
        # A value that no column takes: the single-line path finds out which.
        return ParsedLines({}, np.empty(0, np.int64))
    tables = {
        name: rows.set_column(
            rows.num_columns - 1, rows.schema.field("record_index"), pa.array(places[rows.column("record_index").to_numpy()])
        )
        for name, rows in parsed.tables.items()
    }
    return ParsedLines(tables, places[parsed.places])


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _left(
    native: BlockFormat, block: framing.LineBlock, places: np.ndarray[Any, np.dtype[np.int64]], count: int
) -> Iterator[framing.Framed]:
    left = np.ones(count, np.bool_)
    left[places] = False
    made = framing.text_line if native.framing is Framing.TEXT else framing.line
    index, offset = 0, block.byte_offset
    for line in block.data.split(b"\n"):
        if stripped := line.strip():
            if left[index]:
                yield made(index, offset, stripped)
            index += 1
        offset += len(line) + 1


def _merged(first: dict[str, pa.Table], second: dict[str, pa.Table]) -> dict[str, pa.Table]:
    merged = {**first, **second}
    for name in first.keys() & second.keys():
        rows = pa.concat_tables([first[name], second[name]])
        merged[name] = rows.take(pa.array(np.argsort(rows.column("record_index").to_numpy(), kind="stable")))
    return merged


def block_results(native: BlockFormat, stream: IO[bytes], context: FileContext, workers: Workers | None) -> Iterator[BlockResult]:
    """Results of a stream's blocks, in their order, with the indexes of the file."""
    first_index = 0
    for result in _results(native, stream, context) if workers is None else workers.results(native, stream, context):
        if first_index:
            result.quarantined = [replace(each, index=each.index + first_index) for each in result.quarantined]
        first_index += result.record_count
        yield result


def _results(native: BlockFormat, stream: IO[bytes], context: FileContext) -> Iterator[BlockResult]:
    for block in framing.blocks(stream, BLOCK_BYTES):
        yield parse_batch(native, [block], context) if isinstance(block, framing.Framed) else parse_block(native, block, context)


class WorkerEndedError(RuntimeError):
    """A process that parsed blocks ended in the middle of its work."""


class Workers:
    """Processes that parse blocks.

    Blocks and results go through files in a folder, which stay in the page cache: a pipe would copy each of them several times.
    """

    def __init__(self, count: int, folder: Path) -> None:
        self._count, self._folder = count, folder
        self._pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=end_with_parent)

    def close(self) -> None:
        """Stop the processes."""
        self._pool.shutdown(cancel_futures=True)

    def results(self, native: BlockFormat, stream: IO[bytes], context: FileContext) -> Iterator[BlockResult]:
        """Results of a stream's blocks, in their order. Raises WorkerEndedError."""
        try:
            yield from self._results(native, stream, context)
        except BrokenProcessPool as error:
            raise WorkerEndedError(
                f"A process that parsed blocks of {context.platform}/{context.file} was ended from outside, most likely for lack "
                "of memory. Nothing of the night was landed; run it again with fewer workers or more memory."
            ) from error

    def _results(self, native: BlockFormat, stream: IO[bytes], context: FileContext) -> Iterator[BlockResult]:
        recipe = sealed_recipe(native, context)
        waiting: deque[Future[Parcel] | BlockResult] = deque()
        for block in _ahead(self._filed(stream)):
            if isinstance(block, framing.Framed):
                waiting.append(parse_batch(native, [block], context))
            else:
                waiting.append(self._pool.submit(_parse_file, recipe, block))
            if len(waiting) > self._count + 1:
                yield _opened(waiting.popleft())
        while waiting:
            yield _opened(waiting.popleft())

    def _filed(self, stream: IO[bytes]) -> Iterator[_FiledBlock | framing.Framed]:
        # Files are written again once their block was parsed, which costs a tenth of a new file's pages: of the blocks
        # that were read ahead or wait for a result, none shares a file with another.
        file_count = self._count + _READ_AHEAD + 2
        for number, block in enumerate(framing.blocks(stream, BLOCK_BYTES)):
            if isinstance(block, framing.Framed):
                yield block
                continue
            file = self._folder / f"block-{number % file_count}"
            file.touch()
            with file.open("r+b") as out:
                out.write(block.data)
            yield _FiledBlock(file, len(block.data), block.byte_offset, self._folder / f"parsed-{number}")


class _FiledBlock(NamedTuple):
    """A block that lies in a file, and where its result is to go."""

    file: Path
    byte_count: int
    byte_offset: int
    parsed: Path


def _opened(result: Future[Parcel] | BlockResult) -> BlockResult:
    if isinstance(result, BlockResult):
        return result
    opened: BlockResult = opened_parcel(result.result())
    return opened


def _ahead(blocks: Iterator[_FiledBlock | framing.Framed]) -> Iterator[_FiledBlock | framing.Framed]:
    """The same blocks, read in a thread of their own: decompression does not wait for what is done with them."""
    with ThreadPoolExecutor(1) as reader:
        waiting = deque(reader.submit(next, blocks, None) for _ in range(_READ_AHEAD))
        while (block := waiting.popleft().result()) is not None:
            waiting.append(reader.submit(next, blocks, None))
            yield block


def _parse_file(recipe: bytes, filed: _FiledBlock) -> Parcel:
    native, context = recipe_of(recipe)
    with filed.file.open("rb") as source:
        block = framing.LineBlock(source.read(filed.byte_count), filed.byte_offset)
    return packed(parse_block(native, block, context), filed.parsed)


def end_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever."""
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_wait_and_exit, args=(parent.sentinel,), daemon=True).start()


def _wait_and_exit(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
