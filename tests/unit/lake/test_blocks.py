"""Blocks of a dump, parsed in this process or in several: the same bytes in the lake, and nothing lost on the way."""

from __future__ import annotations

import io
import os
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from pipelines.lake import blocks, intake
from pipelines.lake.blocks import WorkerEndedError
from pipelines.lake.intake import ingest_night
from pipelines.lake.paths import DataPaths
from pipelines.lake.records import BlockResult
from pipelines.lake.transport import opened_parcel, packed
from pipelines.platforms.protocol import FileContext, ParsedLines
from pipelines.platforms.reddit.parse import PushshiftComments
from pipelines.platforms.registry import PLATFORMS
from tests.bench.dump import write_dump
from tests.unit.lake.test_intake import NIGHT, PSEUDONYMS, digests


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Lines of comments, of which some are bad, some come twice and one is cut off."""
    file = tmp_path_factory.mktemp("dump") / "RC.zst"
    write_dump(file, 2_000_000, bad_share=0.01)
    lines = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(file.read_bytes())).read().split(b"\n")
    repeated = random.Random(1).sample(lines[:-1], 40)
    return b"\n".join([*lines[:-1], *repeated, lines[0][:50]])


@pytest.mark.parametrize("block_bytes", [100_000, 1_000_000])
def test_any_number_of_workers_lands_the_same_bytes(
    tmp_path: Path, dump: bytes, block_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_POOL_FROM_BYTES", 0)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", block_bytes)
    found = []
    for workers in (1, 2):
        inbox = tmp_path / str(workers) / "inbox" / "reddit"
        inbox.mkdir(parents=True)
        (inbox / "RC_2026-08-31.zst").write_bytes(zstandard.compress(dump))
        paths = DataPaths(inbox.parents[1] / "data")
        night = ingest_night(paths, inbox.parent, PLATFORMS["reddit"], NIGHT, PSEUDONYMS, workers=workers)
        assert not list(paths.root.glob(".night-reddit-*"))
        found.append(digests(inbox))
        (entry,) = night.files
        assert entry.record_count == dump.count(b"\n") + 1
        assert entry.record_count == entry.landed_count + entry.quarantined_count + entry.duplicate_count
        assert entry.duplicate_count >= 30
        refused = pq.read_table(paths.quarantine_file("reddit", NIGHT)).to_pylist()
        assert len(refused) == entry.quarantined_count > 10
        assert {"broken_json", "implausible_time", "missing_id"} == set(Counter(each["reason_code"] for each in refused))
        for each in refused:
            line = dump[each["byte_offset"] :].split(b"\n", 1)[0]
            assert dump[: each["byte_offset"]].count(b"\n") == each["record_index"]
            assert len(line) == each["record_byte_count"]
    assert found[0] == found[1]


class Deadly(PushshiftComments):
    """Ends the process that parses with it."""

    def parse_lines(self, lines: Sequence[bytes], context: FileContext) -> ParsedLines:  # noqa: ARG002 - the protocol's signature
        os._exit(1)


def test_a_worker_that_ends_is_named_with_its_file_and_nothing_lands(
    tmp_path: Path, dump: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_POOL_FROM_BYTES", 0)
    inbox = tmp_path / "inbox" / "reddit"
    inbox.mkdir(parents=True)
    (inbox / "RC.zst").write_bytes(zstandard.compress(dump))
    reddit = replace(PLATFORMS["reddit"], formats=(Deadly(),))
    with pytest.raises(WorkerEndedError, match=r"reddit/RC\.zst"):
        ingest_night(DataPaths(tmp_path / "data"), inbox.parent, reddit, NIGHT, PSEUDONYMS, workers=2)
    assert not [file for file in (tmp_path / "data").rglob("*") if file.suffix != ".lock"]


def test_a_result_comes_back_from_its_file_as_it_was_and_equal_columns_lie_there_once(tmp_path: Path) -> None:
    column = pa.array(["x" * 1_000] * 100)
    result = BlockResult(
        {"a": pa.table({"one": column, "two": column}), "b": pa.table({"three": column})},
        np.arange(100, dtype=np.int64),
        np.arange(100, dtype=np.uint64),
        100,
    )
    parcel = packed(result, tmp_path / "parcel")
    assert parcel.file.stat().st_size < 110_000
    opened = opened_parcel(parcel)
    assert not parcel.file.exists()
    assert opened.tables == result.tables
    assert opened.record_hashes.tolist() == result.record_hashes.tolist()
