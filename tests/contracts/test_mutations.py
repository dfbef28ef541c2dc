"""Real payloads, broken at random: whatever is wrong with a record, it is landed or quarantined, and nothing else suffers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from pipelines.lake.framing import Framed
from pipelines.lake.records import parse_batch
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, NativeFormat, Sample
from pipelines.platforms.registry import PLATFORMS
from tests.contracts.harness import PSEUDONYMS, REALDATA
from tests.realdata.inbox import SOURCES, lay_out
from tests.realdata.mutate import mutated, mutated_bytes, mutated_cells
from tests.realdata.records import documents_of, records_of

FEW, MANY = 2_000, 20_000
_MOST_ITEMS: Final = 4
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not REALDATA.exists(), reason="no real records here"),
]


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mutations") / "inbox"
    lay_out(REALDATA, folder)
    return folder


def where(platform: str, native: NativeFormat) -> FileContext:
    seen = datetime(2026, 11, 20, tzinfo=UTC)
    return FileContext(platform, "f", "h", date(2026, 11, 20), seen, "collected", native.collection_method, PSEUDONYMS)


def broken_records(platform: str, folder: Path, count: int, chance: random.Random) -> Iterator[tuple[NativeFormat, Any]]:
    """``count`` broken records, the same number of each native format that has real records."""
    spec = PLATFORMS[platform]
    found = records_of(spec, folder / platform)
    whole = {name: [record.framed.value for record in records] for name, records in found.items() if records}
    for place in range(count):
        name = sorted(whole)[place % len(whole)]
        native, value = spec.format_named(name), chance.choice(whole[name])
        is_row = native.framing is Framing.CSV and isinstance(value, dict)
        yield native, mutated_cells(value, chance) if is_row else mutated(value, chance)


def short(document: Any, levels: int = 2) -> Any:
    """A JSON document with few items in each of its outer lists, so that a mutation hits what matters; XML as it is."""
    if isinstance(document, list):
        return [short(item, levels - 1) for item in document[:_MOST_ITEMS]] if levels else document
    if isinstance(document, dict) and levels:
        return {name: short(part, levels - 1) for name, part in document.items()}
    return document


def survive(platform: str, folder: Path, count: int) -> tuple[int, int]:
    """(landed, quarantined) of ``count`` broken records; every one is either."""
    chance = random.Random(platform)
    landed = quarantined = 0
    by_format: dict[str, list[Framed]] = {}
    for place, (native, value) in enumerate(broken_records(platform, folder, count, chance)):
        by_format.setdefault(native.name, []).append(Framed(place, None, b"%d" % place, value=value))
    for name, records in by_format.items():
        native = PLATFORMS[platform].format_named(name)
        for start in range(0, len(records), 50):  # Arrow takes a batch at once, so that one bad value meets good ones
            batch = records[start : start + 50]
            result = parse_batch(native, batch, where(platform, native))
            assert len(result.record_indexes) + len(result.quarantined) == result.record_count == len(batch)
            assert all(refused.code and refused.reason for refused in result.quarantined)
            landed, quarantined = landed + len(result.record_indexes), quarantined + len(result.quarantined)
    return landed, quarantined


@pytest.mark.parametrize("platform", sorted(SOURCES))
def test_two_thousand_broken_records_are_landed_or_quarantined(platform: str, inbox: Path) -> None:
    landed, quarantined = survive(platform, inbox, FEW)
    assert landed + quarantined == FEW
    assert landed > FEW / 20, "hardly anything lands: the mutations break too much to test the parsers' depth"
    assert quarantined > FEW / 20, "hardly anything is refused: the mutations break too little"


@pytest.mark.slow
@pytest.mark.parametrize("platform", sorted(SOURCES))
def test_twenty_thousand_broken_records_are_landed_or_quarantined(platform: str, inbox: Path) -> None:
    assert sum(survive(platform, inbox, MANY)) == MANY


@pytest.mark.parametrize("platform", sorted(SOURCES))
def test_broken_documents_are_split_or_refused_and_never_crash(platform: str, inbox: Path) -> None:
    chance = random.Random(platform)
    spec = PLATFORMS[platform]
    documents = [(native, short(document)) for native, document in documents_of(spec, inbox / platform)]
    taken = 0
    for _ in range(150 if documents else 0):
        native, document = chance.choice(documents)
        is_raw = isinstance(document, bytes)
        broken = mutated_bytes(document, chance) if is_raw else mutated(document, chance)
        head = broken if is_raw else b""
        if native.matches(Sample("f", ".json", head, None if is_raw else broken)):
            taken += 1
            try:
                items = list(native.split(broken))
            except BadRecord as refusal:
                assert refusal.code
                continue
            parse_batch(native, [Framed(0, None, b"0", value=item) for item in items], where(platform, native))
    assert taken > 50 or not documents
