"""Tombstones that came with the data, applied within their night. Decides which files; rewriting one is not its business.

Their subjects leave lake, vault and pages before anything is modelled, and what the models hold once it is published.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.lake import nights
from pipelines.lake.erasures import (
    DATA,
    Keys,
    Subject,
    is_list_of_text,
    read_erasures,
    record_erasures,
    unapplied,
    without_erased,
)
from pipelines.lake.identifiers import Identifiers
from pipelines.lake.ledger import entries_of
from pipelines.lake.nights import LandedNight, NightPlan
from pipelines.lake.paths import DataPaths
from pipelines.lake.rewriting import Wanted, holds_keys_only, rewrite_parquet, write_rows
from pipelines.lake.schemas import ANALYTIC_TABLES
from pipelines.publish.snapshot import restate

_LOG: Final = logging.getLogger(__name__)
_OPT_OUTS: Final = frozenset({"opted_out"})
_MODELLED: Final = ("exchange", "derived", "marts", "published", "gates")
_WHY: Final = "a platform's data said that somebody or something is gone"


@dataclass(slots=True)
class Forgotten:
    """What a night took out of lake, vault and pages.

    Attributes:
        subject_count: Tombstones that were new, with the posts of accounts.
        file_count: Landed files that were rewritten.
        page_count: Fetched pages that were removed.
    """

    subject_count: int = 0
    file_count: int = 0
    page_count: int = 0


@dataclass(slots=True)
class _Found:
    """Where rows of one platform's new subjects are."""

    files: list[Path] = field(default_factory=list)
    days: set[date] = field(default_factory=set)
    observations: set[tuple[date, date]] = field(default_factory=set)  # day of observation, night
    sources: dict[date, set[str]] = field(default_factory=lambda: defaultdict(set))  # by night, hashes of files


def forget_stated(paths: DataPaths, plan: NightPlan) -> Forgotten:
    """Take what new tombstones are about out of the lake, the vault and the pages, and have its event days modelled again.

    To be called after all platforms were taken in and before the night is planned for dbt. Which event days hold a subject is asked of
    the staged rows in the warehouse, one pass over their columns of keys, as the models themselves ask; then only files of these
    days, of the nights that are modelled anew and of the platform's vault (which its retention time bounds) are opened. Where
    everything is built anew, every landed file of the platform is looked at.

    Args:
        paths: the data folder.
        plan: of the night, made before; only nights that passed their gate may say that something is gone.
    """
    done = Forgotten()
    by_platform: dict[str, list[Subject]] = defaultdict(list)
    for subject in _new_subjects(paths, plan):
        by_platform[subject.platform].append(subject)
    for platform, stated in sorted(by_platform.items()):
        index = _StagedRows(paths, platform, is_usable=not plan.is_full)
        fresh = [each for each in (*nights.nights_to_model(paths, plan), *plan.held_back) if each.platform == platform]
        subjects = [*stated, *_posts_of(paths, platform, stated, index, fresh)]
        keys = Keys([subject.subject_key for subject in subjects])
        found = _located(paths, platform, keys, index, fresh)
        accounts = [subject.subject_key for subject in subjects if subject.subject_type == "account"]
        nights.add_rewritten(paths, platform, found.days, accounts)
        for file in found.files:
            write_rows(paths, file, without_erased(pq.read_table(file, partitioning=None), keys).rows)
        done.page_count += _remove_pages(paths, platform, found.sources)
        # Last, so that a kill before this has the same tombstones applied again.
        record_erasures(paths, subjects, None)
        done.subject_count += len(subjects)
        done.file_count += len(found.files)
    if done.subject_count:
        _LOG.info("%d subjects were forgotten: %d files, %d pages", done.subject_count, done.file_count, done.page_count)
    return done


def forget_modelled(paths: DataPaths, now: datetime | None = None) -> int:
    """Take what this night's tombstones are about out of what the models hold, older snapshots among it. Returns how many files changed.

    To be called after the night is published. Costs nothing in a night without new tombstones; else one look at the columns of
    keys of all that the models handed over, and a copy of the warehouse: rows that are deleted in a DuckDB file stay in its free blocks.
    """
    waiting = unapplied(paths)
    waiting = waiting.filter(pc.equal(waiting.column("origin"), DATA))
    if not waiting.num_rows:
        return 0
    moment = now or datetime.now(UTC)
    found = waiting.column("subject_key").to_pylist()
    wanted = Wanted("", Keys(found), Identifiers(found), Identifiers(found))
    files = [file for folder in _MODELLED for file in sorted((paths.root / folder).rglob("*.parquet")) if not file.is_symlink()]
    inside = [file for file in files if "current" not in file.relative_to(paths.root).parts]
    changed = sum(bool(rewrite_parquet(paths, file, wanted)) for file in inside)
    restate(paths, _WHY, moment)
    if paths.warehouse.exists():
        from pipelines.nightly.warehouse import without_keys

        without_keys(paths.warehouse, found)
    rows = [Subject(**{name: row[name] for name in Subject.__slots__}) for row in waiting.to_pylist()]
    record_erasures(paths, rows, moment)
    return changed


def _new_subjects(paths: DataPaths, plan: NightPlan) -> list[Subject]:
    known = {(row["platform"], row["subject_type"], row["subject_key"]) for row in read_erasures(paths).to_pylist()}
    subjects: dict[tuple[str, str, str], Subject] = {}
    for each in nights.nights_to_model(paths, plan):
        for file in sorted(paths.table_root(each.platform, "deletions").glob(f"day=*/night={each.night.isoformat()}.parquet")):
            for row in pq.read_table(file, partitioning=None).to_pylist():
                name = (row["platform"], row["subject_type"], row["subject_key"])
                if name not in known:
                    reason = "opt_out" if row["reason"] in _OPT_OUTS else "platform_delete"
                    subjects.setdefault(name, Subject(*name, row["subject_key"], reason, row["deleted_at"], DATA))
    return list(subjects.values())


def _posts_of(
    paths: DataPaths, platform: str, stated: Iterable[Subject], index: _StagedRows, fresh: list[LandedNight]
) -> list[Subject]:
    """The posts of accounts that are gone: they go too, and rows of their counters name the post only."""
    accounts = {each.subject_key: each for each in stated if each.subject_type == "account"}
    if not accounts:
        return []
    keys = Keys(list(accounts))
    pairs = index.posts_of(list(accounts))
    files = _landed_files(paths, platform, "posts", fresh) if index.is_usable else _all_files(paths, platform, "posts")
    for file in files:
        rows = pq.read_table(file, columns=["post_key", "account_key"], partitioning=None)
        own = rows.filter(pc.is_in(rows.column("account_key"), value_set=keys.array))
        pairs |= set(zip(own.column("post_key").to_pylist(), own.column("account_key").to_pylist(), strict=True))
    return [
        Subject(platform, "post", post, account, accounts[account].reason, accounts[account].requested_at, DATA)
        for post, account in sorted(pairs)
    ]


def _located(paths: DataPaths, platform: str, keys: Keys, index: _StagedRows, fresh: list[LandedNight]) -> _Found:
    found = _Found()
    days = index.days_of(keys.array.to_pylist())
    for table in ANALYTIC_TABLES:
        if table == "deletions":
            continue
        if index.is_usable:
            root = paths.table_root(platform, table)
            files = {file for day in days.get(table, ()) for file in (root / f"day={day.isoformat()}").glob("night=*.parquet")}
            files |= set(_landed_files(paths, platform, table, fresh))
        else:
            files = set(_all_files(paths, platform, table))
        for file in sorted(files):
            if _note(file, keys, found):
                found.days.add(date.fromisoformat(file.parent.name.removeprefix("day=")))
    # Other tables mirror what was observed with a post or profile, by the day of that and the night.
    mirrors = [folder for folder in sorted((paths.root / "lake" / platform).glob("*")) if folder.name not in ANALYTIC_TABLES]
    for folder in mirrors:
        held: set[Path] = set()
        for day, night in sorted(found.observations):
            of_day = folder / f"day={day.isoformat()}"
            # A night that lists a phrase searches the texts of nights before, so that a later night's file may hold the row.
            held.update(file for file in of_day.glob("night=*.parquet") if file.stem >= f"night={night.isoformat()}")
        for file in sorted(held):
            _note(file, keys, found)
    for file in sorted((paths.root / "vault" / platform).glob("*/day=*/night=*.parquet")):
        _note(file, keys, found)
    return found


def _note(file: Path, keys: Keys, found: _Found) -> bool:
    """Whether a file holds a key, looked for in its columns of keys only; remembers it, and where else its rows left something."""
    schema = pq.read_schema(file)
    columns = [each.name for each in schema if holds_keys_only(each) and each.name != "subject_key"]
    if not columns or not _holds(pq.read_table(file, columns=columns, partitioning=None), keys):
        return False
    found.files.append(file)
    if {"observed_at", "landed_night", "source_hash"} <= set(schema.names):
        rows = pq.read_table(file, partitioning=None)
        gone = rows.filter(pc.invert(without_erased(rows, keys).is_kept))
        for observed_at, night, source in zip(
            *(gone.column(name).to_pylist() for name in ("observed_at", "landed_night", "source_hash")), strict=True
        ):
            found.observations.add((observed_at.astimezone(UTC).date(), night))
            found.sources[night].add(source)
    return True


def _holds(rows: pa.Table, keys: Keys) -> bool:
    values = (
        pc.list_flatten(column) if is_list_of_text(field) else column
        for field, column in zip(rows.schema, rows.columns, strict=True)
    )
    return any(keys.are_in(column) is not None for column in values)


def _landed_files(paths: DataPaths, platform: str, table: str, landed: list[LandedNight]) -> list[Path]:
    """Files of a table that some nights landed, by the event days of their ledgers."""
    files = [
        paths.table_file(platform, table, day, each.night) for each in landed for day in sorted({*each.event_days(), each.night})
    ]
    return [file for file in files if file.exists()]


def _all_files(paths: DataPaths, platform: str, table: str) -> list[Path]:
    return sorted(paths.table_root(platform, table).glob("day=*/night=*.parquet"))


def _remove_pages(paths: DataPaths, platform: str, sources: dict[date, set[str]]) -> int:
    """Remove the fetched pages that rows came from: they say again what is gone. Other rows of theirs stay landed."""
    removed = 0
    for night, hashes in sorted(sources.items()):
        for entry in entries_of(paths, platform, night):
            if entry.source_hash in hashes and entry.file.startswith("pages/"):
                file = paths.root / "pages" / platform / entry.file.removeprefix("pages/")
                removed += file.exists()
                file.unlink(missing_ok=True)
    return removed


class _StagedRows:
    """The staged rows of one platform as an index: which event days of which table hold a key."""

    def __init__(self, paths: DataPaths, platform: str, *, is_usable: bool) -> None:
        self._warehouse, self._platform = paths.warehouse, platform
        self._tables: dict[str, list[tuple[str, bool]]] = {}
        self.is_usable = is_usable and self._read_tables()

    def _asked(self, query: str, parameters: list[Any] | dict[str, Any]) -> list[Any]:
        import duckdb

        with duckdb.connect(str(self._warehouse), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(query, parameters).fetchall()

    def _read_tables(self) -> bool:
        import duckdb

        query = (
            "select table_name, column_name, data_type = 'VARCHAR[]' from duckdb_columns()"
            " where starts_with(table_name, ?) and (column_name like '%\\_key' escape '\\' or column_name like '%\\_keys' escape '\\')"
            " and data_type in ('VARCHAR', 'VARCHAR[]') order by all"
        )
        prefix = f"stg_{self._platform}__"
        try:
            for table, column, is_list in self._asked(query, [prefix]):
                self._tables.setdefault(table.removeprefix(prefix), []).append((column, is_list))
        except duckdb.Error:
            _LOG.warning("the warehouse cannot be asked; all landed files of %s are looked at", self._platform)
            return False
        return "posts" in self._tables

    def days_of(self, keys: list[str]) -> dict[str, set[date]]:
        """By table, the event days with a row that holds one of the keys; none where there is no index."""
        found: dict[str, set[date]] = {}
        for table, columns in self._tables.items() if self.is_usable else ():
            if table != "deletions":
                held = " or ".join(
                    f"list_has_any({column}, $keys)" if is_list else f"{column} in (select unnest($keys))"
                    for column, is_list in columns
                )
                query = f"select distinct event_day from stg_{self._platform}__{table} where {held}"
                found[table] = {row[0] for row in self._asked(query, {"keys": keys})}
        return found

    def posts_of(self, accounts: list[str]) -> set[tuple[str, str]]:
        """Post and account of the posts of some accounts."""
        if not self.is_usable:
            return set()
        query = (
            f"select distinct post_key, account_key from stg_{self._platform}__posts where account_key in (select unnest($keys))"
        )
        return {(post, account) for post, account in self._asked(query, {"keys": accounts})}
