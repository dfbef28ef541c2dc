"""Prints real records beside the rows they land as, analytic and vault, so that a person can compare them. Writes nothing.

    python -m tests.realdata.beside --platform bluesky --count 20

Records are taken at even distances over each native format, so that every format and every part of a file has its turn.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from pipelines.lake.records import parse_batch
from pipelines.platforms.protocol import FileContext, NativeFormat
from pipelines.platforms.registry import PLATFORMS
from tests.contracts.harness import PSEUDONYMS
from tests.realdata.inbox import lay_out
from tests.realdata.records import RealRecord, records_of

_NIGHT: Final = date(2026, 11, 2)
_KEY: Final = re.compile(r"[0-9a-f]{32}")
_STAMPED: Final = frozenset({"platform", "source_format", "source_hash", "landed_night", "collection_method", "record_index"})


def spread(records: list[RealRecord], count: int) -> list[RealRecord]:
    """At most ``count`` records at even distances, the first and the last among them."""
    if len(records) <= count:
        return records
    step = (len(records) - 1) / max(count - 1, 1)
    return [records[round(place * step)] for place in range(count)]


def shown(native: NativeFormat, record: RealRecord, longest: int) -> Iterator[str]:
    """The record as it lies in its file, texts cut at ``longest`` characters, then a line for each row that it gives."""
    yield f"=== {native.name}  {record.file.name}  record {record.framed.index}  observed {record.file.observed_quality}"
    value = record.framed.value
    raw = record.framed.raw[:2000] if value is None else json.dumps(_filled(value, longest), ensure_ascii=False, default=str)
    yield str(raw)
    context = FileContext(
        record.platform,
        record.file.name,
        record.file.source_hash,
        _NIGHT,
        record.file.observed_at,
        record.file.observed_quality,
        native.collection_method,
        PSEUDONYMS,
    )
    result = parse_batch(native, [record.framed], context)
    for refused in result.quarantined:
        yield f"  -> quarantined, {refused.code}: {refused.reason}"
    for table, rows in sorted(result.tables.items()):
        for row in rows.to_pylist():
            cells = [f"{name}={_cell(cell, longest)}" for name, cell in row.items() if name not in _STAMPED and _is_filled(cell)]
            yield f"  -> {table}: " + "  ".join(cells)


def _is_filled(cell: Any) -> bool:
    return cell is not None and cell not in ([], {}, "")


def _filled(value: Any, longest: int) -> Any:
    """A JSON value without its nulls and empty parts, its texts cut."""
    if isinstance(value, dict):
        return {name: _filled(part, longest) for name, part in value.items() if _is_filled(part)}
    if isinstance(value, list):
        return [_filled(part, longest) for part in value]
    return value[:longest] + "..." if isinstance(value, str) and len(value) > longest else value


def _cell(cell: Any, longest: int) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat()
    # Keys are told apart by their first digits well enough to follow them from row to row by eye.
    return repr(_shortened(cell, longest))


def _shortened(cell: Any, longest: int) -> Any:
    if isinstance(cell, list):
        return [_shortened(part, longest) for part in cell]
    if isinstance(cell, str) and _KEY.fullmatch(cell):
        return cell[:6]
    return _filled(cell, longest)


def main() -> int:
    """Print the asked number of records of each format of a platform."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--platform", choices=sorted(PLATFORMS), required=True)
    parser.add_argument("--count", type=int, default=20, help="records of each native format")
    parser.add_argument("--format", help="this native format only")
    parser.add_argument("--longest", type=int, default=200, help="characters at which texts are cut")
    parser.add_argument("--realdata", type=Path, default=Path("../shared/realdata/dev"))
    arguments = parser.parse_args()
    if not arguments.realdata.is_dir():
        sys.stderr.write(f"beside: no real files at {arguments.realdata}; name them with --realdata DIR\n")
        return 1
    platform = PLATFORMS[arguments.platform]
    with tempfile.TemporaryDirectory() as folder:
        lay_out(arguments.realdata, Path(folder), platforms=(platform.name,))
        found = records_of(platform, Path(folder) / platform.name)
        for native in platform.formats:
            if arguments.format in {None, native.name}:
                for record in spread(found.get(native.name, []), arguments.count):
                    sys.stdout.writelines(f"{line}\n" for line in shown(native, record, arguments.longest))
    return 0


if __name__ == "__main__":
    sys.exit(main())
