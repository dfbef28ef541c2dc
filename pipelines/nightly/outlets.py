"""The seed of outlets as keys: which accounts of social platforms speak for a brand or a medium. Reads the seed, writes one small table."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from pipelines.lake.paths import DataPaths
from pipelines.lake.pseudonyms import Pseudonymiser
from pipelines.lake.writer import write_table
from pipelines.settings import DBT_PROJECT

SEED: Final = DBT_PROJECT / "seeds" / "outlets.csv"
COLUMNS: Final = ("platform", "handle", "native_id", "outlet_name", "outlet_class")
CLASSES: Final = ("brand", "media")
ACCOUNT, HANDLE = "account", "handle"
SCHEMA: Final = pa.schema(
    [
        pa.field("platform", pa.string(), nullable=False),
        pa.field("key_kind", pa.string(), nullable=False),  # account or handle
        pa.field("key", pa.string(), nullable=False),
        pa.field("outlet_name", pa.string(), nullable=False),
        pa.field("outlet_class", pa.string(), nullable=False),
    ]
)
_PLATFORM: Final = re.compile(r"[a-z]+")


class OutletsError(ValueError):
    """The seed of outlets holds what it cannot mean."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """One account that speaks for a brand or a medium."""

    platform: str
    handle: str
    native_id: str
    outlet_name: str
    outlet_class: str


def read_outlets(seed: Path = SEED) -> list[Outlet]:
    """The rows of the seed. Raises OutletsError, saying which line and what to write."""
    with seed.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise OutletsError(f"{seed.name}: the columns are {reader.fieldnames}; they must be {', '.join(COLUMNS)}")
        return [_outlet(row, f"{seed.name}, line {reader.line_num}") for row in reader]


def _outlet(row: dict[str, str | None], where: str) -> Outlet:
    if None in row or None in row.values():
        raise OutletsError(f"{where}: a row has {len(COLUMNS)} cells; quote a name that holds a comma")
    outlet = Outlet(*((row[name] or "").strip() for name in COLUMNS))
    if not _PLATFORM.fullmatch(outlet.platform):
        raise OutletsError(f"{where}: {outlet.platform!r} is no platform; write its folder's name, such as tiktok")
    if outlet.outlet_class not in CLASSES:
        raise OutletsError(f"{where}: {outlet.outlet_class!r} is no class; write {' or '.join(CLASSES)}")
    if not outlet.outlet_name:
        raise OutletsError(f"{where}: the outlet has no name")
    if not outlet.handle:
        raise OutletsError(f"{where}: {outlet.outlet_name} has no handle; write it, for the reader even beside a native id")
    return outlet


def outlet_keys(outlets: Iterable[Outlet], pseudonyms: Pseudonymiser) -> pa.Table:
    """The keys by which the lake knows the outlets' accounts, ordered.

    A native id finds an account by its own key, a handle by the handle that its newest profile states, and by its own key on platforms
    that know accounts by their handle alone. Raises OutletsError where one key would mean two outlets.
    """
    found: dict[tuple[str, str, str], Outlet] = {}
    for outlet in outlets:
        keys = [(ACCOUNT, pseudonyms.key(outlet.platform, named)) for named in (outlet.native_id, outlet.handle) if named]
        keys.append((HANDLE, pseudonyms.handle_key(outlet.platform, outlet.handle)))
        for kind, key in keys:
            other = found.setdefault((outlet.platform, kind, key), outlet)
            if (other.outlet_name, other.outlet_class) != (outlet.outlet_name, outlet.outlet_class):
                raise OutletsError(
                    f"{outlet.platform}/{outlet.handle} is said to be of {other.outlet_name} and of {outlet.outlet_name}; keep one row"
                )
    rows = [
        {
            "platform": platform,
            "key_kind": kind,
            "key": key,
            "outlet_name": outlet.outlet_name,
            "outlet_class": outlet.outlet_class,
        }
        for (platform, kind, key), outlet in sorted(found.items(), key=lambda each: each[0])
    ]
    return pa.Table.from_pylist(rows, SCHEMA)


def write_outlet_keys(paths: DataPaths, pseudonyms: Pseudonymiser, seed: Path = SEED) -> None:
    """Tell dbt which accounts are outlets. Raises OutletsError."""
    write_table(paths.outlet_keys_file(), outlet_keys(read_outlets(seed), pseudonyms))
