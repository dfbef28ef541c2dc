"""Gate 0: what a night's ledger and quarantine must agree on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipelines.lake.paths import DataPaths
from pipelines.lake.schemas import LEDGER, QUARANTINE
from pipelines.lake.writer import write_table
from pipelines.quality.parsed import check_parsed, check_quarantine
from pipelines.quality.results import GateResult, closing
from tests.gates.names import NIGHT


def _file(name: str, **counts: Any) -> dict[str, Any]:
    blank = dict.fromkeys(LEDGER.names, 0) | {"night": NIGHT, "platform": "reddit", "source_hash": name, "source_format": "dump"}
    return blank | {"file": name, "status": "ingested", "detail": None, "row_counts": [], "event_days": []} | counts


def _refusal(name: str, offset: int) -> dict[str, Any]:
    blank = dict.fromkeys(QUARANTINE.names) | {"platform": "reddit", "night": NIGHT, "source_hash": name, "record_byte_count": 9}
    return blank | {"file": name, "byte_offset": offset, "reason_code": "broken_json", "reason": "cut off", "record_sha256": "0"}


@pytest.fixture
def paths(tmp_path: Path) -> DataPaths:
    return DataPaths(tmp_path)


def _write(paths: DataPaths, files: list[dict[str, Any]], refusals: list[dict[str, Any]]) -> None:
    write_table(paths.ledger_file("reddit", NIGHT), pa.Table.from_pylist(files, LEDGER))
    write_table(paths.quarantine_file("reddit", NIGHT), pa.Table.from_pylist(refusals, QUARANTINE))


def _failed(results: list[GateResult]) -> dict[str, GateResult]:
    return {result.check_name: result for result in results if not result.passed}


def test_files_that_add_up_pass(paths: DataPaths) -> None:
    _write(paths, [_file("a", record_count=4, landed_count=2, quarantined_count=1, duplicate_count=1)], [_refusal("a", 7)])
    assert _failed(check_parsed(paths, "reddit", NIGHT, "run")) == {}


def test_a_file_that_does_not_add_up_closes_the_gate_and_is_named(paths: DataPaths) -> None:
    _write(paths, [_file("a", record_count=2, landed_count=2), _file("b", record_count=5, landed_count=3)], [])
    (result,) = closing(check_parsed(paths, "reddit", NIGHT, "run"))
    assert result.check_name.startswith("in = landed")
    assert result.sample_keys == ["file=b"]
    assert "5 in, 3 landed, 0 quarantined, 0 duplicates" in str(result.observed)


def test_a_refused_record_that_is_not_in_the_quarantine_closes_the_gate(paths: DataPaths) -> None:
    _write(paths, [_file("a", record_count=2, landed_count=1, quarantined_count=1)], [])
    (result,) = closing(check_parsed(paths, "reddit", NIGHT, "run"))
    assert result.check_name == "every refused record is in the quarantine"
    assert result.sample_keys == ["file=a"]


def test_a_file_of_no_known_format_is_named_and_closes_nothing(paths: DataPaths) -> None:
    _write(paths, [_file("notes.pdf", status="unknown_format", source_format=None, detail="no known format")], [])
    results = check_parsed(paths, "reddit", NIGHT, "run")
    (result,) = _failed(results).values()
    assert (result.severity, result.sample_keys) == ("warn", ["file=notes.pdf"])
    assert closing(results) == []


def test_too_large_a_share_in_quarantine_closes_gate_landed_and_names_the_records(paths: DataPaths) -> None:
    _write(paths, [_file("a", record_count=100, landed_count=97, quarantined_count=3)], [_refusal("a", n) for n in (0, 40, 80)])
    result = check_quarantine(paths, "reddit", NIGHT, "run")
    assert (result.gate, result.closes) == ("landed", True)
    assert result.sample_keys[1] == "file=a byte_offset=40 reason=broken_json"


def test_a_share_of_a_handful_says_nothing(paths: DataPaths) -> None:
    _write(paths, [_file("a", record_count=4, landed_count=1, quarantined_count=3)], [_refusal("a", n) for n in (0, 40, 80)])
    assert check_quarantine(paths, "reddit", NIGHT, "run").passed
