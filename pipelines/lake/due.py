"""Which posts and accounts of the lake are due to be seen again: counters at fixed ages, profiles of the day, what the terms ask. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from pipelines.lake.paths import DataPaths

if TYPE_CHECKING:
    import duckdb

# Ages in days at which a post's counters are read again, each until the next: numbers of two posts compare at equal age only.
AGES_DAYS: Final = (1, 3, 7, 30)
_LAST_AGE_ENDS_DAYS: Final = 37
_ACTIVE_DAYS: Final = 30  # an account that posted within so many days has its profile read every night
_FRESH: Final = timedelta(hours=20)  # a profile that was read within this time is of this night
_MARGIN_SHARE: Final = 0.2  # what is due by the terms is asked for this much earlier, so that a missed night breaks none
# Rows of their own that are somebody else's post: their counters are those of what they repeat.
_NO_COUNTERS: Final = ("repost", "story", "live")


def due_posts(paths: DataPaths, platform: str, night: date, now: datetime, most: int) -> list[str]:
    """Native ids of posts that have come to an age at which their counters are read, and were not read at that age.

    Args:
        paths: the data folder.
        platform: whose posts.
        night: rows of this night and of later ones do not count.
        now: the moment that ages are taken at (UTC).
        most: ids; the youngest posts come first, since only they have an age left to miss.
    """
    since = (now - timedelta(days=_LAST_AGE_ENDS_DAYS + 1)).date()
    if not _has(paths, platform, "posts", night, since):
        return []
    ages = " ".join(f"when age_days >= {age} then {age}" for age in reversed(AGES_DAYS))
    query = f"""
        with known as (
            select post_key, max(published_at) as published_at, any_value(post_type) as post_type
            from posts group by post_key
        ),
        counted as (select post_key, max(observed_at) as seen_at from post_metrics group by post_key),
        aged as (
            select *, epoch(? - published_at) / 86400.0 as age_days
            from known left join counted using (post_key)
        ),
        due as (select *, case {ages} end as due_days from aged)
        select any_value(native_id) as native_id
        from due join vault_posts using (post_key)
        where due_days is not null and age_days < {_LAST_AGE_ENDS_DAYS}
            and post_type not in {_NO_COUNTERS!r}
            and coalesce(seen_at < published_at + to_days(due_days), true)
            and post_key not in (select subject_key from deletions)
            and post_key not in (
                select posts.post_key from posts join deletions on posts.account_key = deletions.subject_key
                where deletions.subject_type = 'account'
            )
        group by post_key, due.published_at
        order by due.published_at desc, native_id
        limit {most}
    """
    tables = {"posts": since, "post_metrics": since, "vault_posts": since, "deletions": None}
    return _ids(paths, platform, night, tables, query, [now])


def due_accounts(paths: DataPaths, platform: str, night: date, now: datetime, most: int) -> list[str]:
    """Native ids of accounts that posted lately and whose profile, with its follower count, was not read within the last night.

    The arguments are those of ``due_posts``; the accounts with the most posts come first.
    """
    since = (now - timedelta(days=_ACTIVE_DAYS)).date()
    if not _has(paths, platform, "posts", night, since):
        return []
    query = f"""
        with active as (
            select account_key, count(distinct post_key) as post_count from posts where account_key is not null group by account_key
        )
        select any_value(native_id) as native_id
        from active join vault_accounts using (account_key)
        where account_key not in (select account_key from accounts where followers_count is not null and observed_at >= ?)
            and account_key not in (select subject_key from deletions where subject_type = 'account')
        group by account_key, post_count
        order by post_count desc, native_id
        limit {most}
    """
    tables = {"posts": since, "accounts": (now - _FRESH).date(), "vault_accounts": since, "deletions": None}
    return _ids(paths, platform, night, tables, query, [now - _FRESH])


def due_by_terms(
    paths: DataPaths, platform: str, asked_for: str, night: date, now: datetime, refresh_days: int, most: int
) -> list[str]:
    """Native ids of all that is kept and was not seen for almost ``refresh_days``: what is gone must leave, the rest be fresh.

    Args:
        paths: the data folder.
        platform: whose posts or accounts.
        asked_for: 'post' or 'account'.
        night: rows of this night and of later ones do not count.
        now: the moment that ages are taken at (UTC).
        refresh_days: as the platform's terms have it.
        most: ids; what was not seen for longest comes first.
    """
    table, key = f"vault_{asked_for}s", f"{asked_for}_key"
    if not _has(paths, platform, table, night, None):
        return []
    query = f"""
        select any_value(native_id) as native_id
        from {table}
        where {key} not in (select subject_key from deletions)
        group by {key}
        having max(observed_at) < ?
        order by max(observed_at), native_id
        limit {most}
    """
    before = now - timedelta(days=refresh_days * (1 - _MARGIN_SHARE))
    return _ids(paths, platform, night, {table: None, "deletions": None}, query, [before])


def _files(paths: DataPaths, platform: str, table: str, night: date, since: date | None) -> list[str]:
    """Landed files of earlier nights; of event days from ``since`` on, where it is given."""
    first = f"day={since.isoformat()}" if since else ""
    return [
        str(file)
        for folder in sorted(paths.table_root(platform, table).glob("day=*"))
        if folder.name >= first
        for file in sorted(folder.glob("night=*.parquet"))
        if file.stem < f"night={night.isoformat()}"
    ]


def _has(paths: DataPaths, platform: str, table: str, night: date, since: date | None) -> bool:
    return bool(_files(paths, platform, table, night, since))


def _ids(
    paths: DataPaths,
    platform: str,
    night: date,
    tables: dict[str, date | None],
    query: str,
    parameters: Sequence[datetime],
) -> list[str]:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for table, since in tables.items():
            _register(connection, table, _files(paths, platform, table, night, since))
        return [row[0] for row in connection.execute(query, list(parameters)).fetchall()]


def _register(connection: duckdb.DuckDBPyConnection, table: str, files: list[str]) -> None:
    from pipelines.lake.schemas import TABLES

    if files:
        connection.from_parquet(files, hive_partitioning=False, union_by_name=True).create_view(table)
    else:
        connection.register(table, TABLES[table].empty_table())
