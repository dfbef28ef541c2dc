"""How long identifying data are kept, platform by platform: what is over its time is found and removed. By observation, not by event.

An archive of 2019 that is taken in today was observed today. The clock is that of the nights: the day after the newest one, on which it runs,
so that a night that runs again removes the same.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.lake.ledger import entries_of
from pipelines.lake.nights import add_rewritten
from pipelines.lake.paths import DataPaths
from pipelines.lake.rewriting import write_rows
from pipelines.lake.schemas import RETENTION_LOG
from pipelines.lake.writer import write_table

PLATFORMS_SEED: Final = Path(__file__).parents[2] / "dbt_project" / "seeds" / "platforms.csv"
COUNTERS_AND_PROFILES: Final = "counters_and_profiles"
_COVERED_TABLES: Final = ("accounts", "post_metrics")
VAULT, PAGES = "vault", "pages"


@dataclass(frozen=True, slots=True)
class Duty:
    """What a platform's terms, or our own, allow.

    Attributes:
        platform: Its name.
        retention_days: Vault and pages keep what was observed so many days ago, and no longer.
        refresh_days: What its API gave must be fetched again within so many days; None without such a duty.
        refresh_covers: What goes where it was not: 'vault', or 'counters_and_profiles' of the lake as well.
    """

    platform: str
    retention_days: int
    refresh_days: int | None
    refresh_covers: str | None


@cache
def duties(seed: Path = PLATFORMS_SEED) -> dict[str, Duty]:
    """The duties of each platform, from the seed that dbt reads too."""
    with seed.open(encoding="utf-8", newline="") as stream:
        return {
            row["platform"]: Duty(
                row["platform"],
                int(row["retention_days"]),
                int(row["refresh_days"]) if row["refresh_days"] else None,
                row["refresh_covers"] or None,
            )
            for row in csv.DictReader(stream)
        }


@dataclass(slots=True)
class Overdue:
    """What one platform keeps for too long in one part of the data folder.

    Attributes:
        platform: Whose data.
        part: 'vault', 'pages', or a table of the lake.
        duty: 'retention' or 'refresh'.
        allowed_days: By that duty.
        oldest_on: First day of observation among them.
        newest_on: Last one.
        places: Files, or the folders of nights of pages.
    """

    platform: str
    part: str
    duty: str
    allowed_days: int
    oldest_on: date
    newest_on: date
    places: list[Path] = field(default_factory=list)


def today(paths: DataPaths, night: date) -> date:
    """The day from which ages count: on which the newest night that was taken in runs."""
    ledgers = (paths.root / "ledger").glob("*/night=*.parquet")
    return max([night, *(date.fromisoformat(file.stem.removeprefix("night=")) for file in ledgers)]) + timedelta(days=1)


def overdue(paths: DataPaths, on: date) -> Iterator[Overdue]:
    """What is kept for too long on a day: parts of the vault and pages by their folders' days, counters and profiles by their statistics.

    Reads names of folders, ledgers of nights with fetched pages, and the feet of the files that these landed.
    """
    for platform, duty in duties().items():
        vault = [(_day(folder), folder) for folder in sorted((paths.root / "vault" / platform).glob("*/day=*"))]
        files = [(day, file) for day, folder in vault for file in sorted(folder.glob("*.parquet"))]
        pages = [
            (date.fromisoformat(folder.name), folder) for folder in sorted((paths.root / "pages" / platform).glob("????-??-??"))
        ]
        last = on - timedelta(days=duty.retention_days)
        for part, places in ((VAULT, files), (PAGES, pages)):
            old = [(day, place) for day, place in places if day < last]
            if old:
                days = [day for day, _ in old]
                found = [place for _, place in old]
                yield Overdue(platform, part, "retention", duty.retention_days, min(days), max(days), found)
        if duty.refresh_days is not None and duty.refresh_covers == COUNTERS_AND_PROFILES:
            yield from _not_refreshed(paths, platform, duty.refresh_days, on)


def _not_refreshed(paths: DataPaths, platform: str, refresh_days: int, on: date) -> Iterator[Overdue]:
    before = _start(on, refresh_days)
    nights = [night for night, _ in fetched_sources(paths, platform)]
    for table in _COVERED_TABLES:
        old = []
        for night in nights:
            for file in sorted(paths.table_root(platform, table).glob(f"day=*/night={night.isoformat()}.parquet")):
                oldest = _oldest(file)
                if oldest is not None and oldest < before:
                    rows = _fetched_before(paths, platform, file, before)
                    if rows.num_rows:
                        old.append((pc.min(rows.column("observed_at")).as_py(), pc.max(rows.column("observed_at")).as_py(), file))
        if old:
            first, last = min(each[0] for each in old), max(each[1] for each in old)
            yield Overdue(platform, table, "refresh", refresh_days, first.date(), last.date(), [file for _, _, file in old])


def enforce_retention(paths: DataPaths, night: date, *, unread: Collection[tuple[str, date]] = ()) -> list[dict[str, Any]]:
    """Remove what is kept for too long, log what went, and have the event days modelled again whose landed rows went.

    Vault files and pages go whole. Pages go only where their night was taken in: else the gate says that it was not. Counters
    and profiles that the platform's API gave and that were not fetched again lose their rows in the lake; rows from files of the inbox stay.

    Args:
        paths: the data folder.
        night: that is run.
        unread: Platform and night of vault files that tonight has yet to read: what was taken in late goes once its signs and words are counted.

    Returns:
        Rows of ``schemas.RETENTION_LOG``.
    """
    on = today(paths, night)
    logged = []
    for each in list(overdue(paths, on)):
        places = each.places
        if each.part == VAULT:
            waits = {f"night={landed.isoformat()}.parquet" for platform, landed in unread if platform == each.platform}
            places = [file for file in places if file.name not in waits]
        if each.part == PAGES:
            places = [folder for folder in places if paths.ledger_file(each.platform, date.fromisoformat(folder.name)).exists()]
        if not places:
            continue
        row_count = _removed(paths, each, places, on)
        logged.append(
            {
                "night": night,
                "platform": each.platform,
                "part": each.part,
                "duty": each.duty,
                "allowed_days": each.allowed_days,
                "file_count": len(places),
                "row_count": row_count,
                "oldest_observed_on": each.oldest_on,
                "newest_observed_on": each.newest_on,
            }
        )
    if logged:
        file = paths.retention_log_file()
        before = pq.read_table(file, partitioning=None).to_pylist() if file.exists() else []
        write_table(file, pa.Table.from_pylist([*before, *logged], RETENTION_LOG))
    return logged


def _removed(paths: DataPaths, each: Overdue, places: list[Path], on: date) -> int:
    if each.part == PAGES:
        for folder in places:
            shutil.rmtree(folder)
        return 0
    if each.part == VAULT:
        row_count = 0
        for file in places:
            row_count += pq.read_metadata(file).num_rows
            file.unlink()
            if not any(file.parent.iterdir()):
                file.parent.rmdir()
        return row_count
    before, row_count = _start(on, each.allowed_days), 0
    for file in places:
        rows = pq.read_table(file, partitioning=None)
        is_old = pc.and_(pc.less(rows.column("observed_at"), pa.scalar(before)), _is_fetched(paths, each.platform, file, rows))
        row_count += int(pc.sum(is_old).as_py())
        accounts = rows.filter(is_old).column("account_key").to_pylist() if each.part == "accounts" else []
        add_rewritten(paths, each.platform, [_day(file.parent)], accounts)
        write_rows(paths, file, rows.filter(pc.invert(is_old)))
    return row_count


def fetched_sources(paths: DataPaths, platform: str) -> Iterator[tuple[date, list[str]]]:
    """Nights of a platform that took in fetched pages, with the hashes of these."""
    for ledger in sorted(paths.ledger_file(platform, date.min).parent.glob("night=*.parquet")):
        night = date.fromisoformat(ledger.stem.removeprefix("night="))
        hashes = sorted({entry.source_hash for entry in entries_of(paths, platform, night) if entry.file.startswith("pages/")})
        if hashes:
            yield night, hashes


def _fetched_before(paths: DataPaths, platform: str, file: Path, before: datetime) -> pa.Table:
    rows = pq.read_table(file, columns=["observed_at", "source_hash"], partitioning=None)
    return rows.filter(pc.and_(pc.less(rows.column("observed_at"), pa.scalar(before)), _is_fetched(paths, platform, file, rows)))


def _is_fetched(paths: DataPaths, platform: str, file: Path, rows: pa.Table) -> pa.ChunkedArray:
    night = date.fromisoformat(file.stem.removeprefix("night="))
    hashes = [entry.source_hash for entry in entries_of(paths, platform, night) if entry.file.startswith("pages/")]
    return pc.is_in(rows.column("source_hash"), value_set=pa.array(hashes, pa.string()))


def _oldest(file: Path) -> datetime | None:
    """The first observation of a file, by its statistics; None without rows."""
    about = pq.read_metadata(file)
    if not about.num_rows:
        return None
    column = about.schema.names.index("observed_at")
    statistics = [about.row_group(group).column(column).statistics for group in range(about.num_row_groups)]
    oldest = [each.min for each in statistics if each is not None and each.has_min_max]
    if len(oldest) < about.num_row_groups:
        oldest = [pc.min(pq.read_table(file, columns=["observed_at"], partitioning=None).column(0)).as_py()]
    found: datetime = min(oldest)
    return found.astimezone(UTC)


def _start(on: date, days: int) -> datetime:
    return datetime.combine(on - timedelta(days=days), time(), UTC)


def _day(folder: Path) -> date:
    return date.fromisoformat(folder.name.removeprefix("day="))
