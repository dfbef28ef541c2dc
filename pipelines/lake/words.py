"""Words of a month's texts, counted where the texts are: of the vault, only terms that enough accounts share come out. Finds no niches."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import pyarrow as pa

from pipelines.analysis.terms import TERM_COUNTS, TermParameters, count_terms
from pipelines.lake.engine import open_engine
from pipelines.lake.nights import admitted_nights
from pipelines.lake.paths import DataPaths

_BATCH_ROWS: Final = 50_000
# The newest kept text of each living post of its author's own; a deleted post or account is out whether or not its files were rewritten.
_TEXTS: Final = """
with own_posts as (
    select distinct post_key, account_key
    from posts
    where
        post_type <> 'repost' and account_key is not null
        and post_key not in (select subject_key from deletions) and account_key not in (select subject_key from deletions)
)

select any_value(own_posts.account_key) as account_key, arg_max(texts.text, (texts.observed_at, texts.text)) as text
from texts
inner join own_posts on texts.post_key = own_posts.post_key
where texts.text is not null
group by texts.post_key
"""


def month_words(paths: DataPaths, month: date, parameters: TermParameters | None = None) -> pa.Table:
    """Count the words of the posts of one month whose texts the vault still holds.

    A post's text was landed in a night in which the post was, so that only those nights' vault files are read: cost follows the
    nights that brought posts of the month. Texts are held a batch at a time.

    Args:
        paths: The data folder.
        month: First day of the month.
        parameters: Defaults when None.

    Returns:
        ``TERM_COUNTS``; no rows where no text is kept.
    """
    posts, texts, deletions = _month_files(paths, month)
    if not posts or not texts:
        return TERM_COUNTS.empty_table()
    with open_engine(paths) as connection:
        for name, files in (("posts", posts), ("texts", texts)):
            connection.from_parquet(files, hive_partitioning=False, union_by_name=True).create_view(name)
        if deletions:
            connection.from_parquet(deletions, hive_partitioning=False, union_by_name=True).create_view("deletions")
        else:
            connection.execute("create view deletions as select null::varchar as subject_key where false")
        return count_terms(_batches(connection.execute(_TEXTS).to_arrow_reader(_BATCH_ROWS)), parameters)


def _batches(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    yield from reader


def _month_files(paths: DataPaths, month: date) -> tuple[list[str], list[str], list[str]]:
    """Files with the month's posts, with texts of the nights that brought them, and with deletions of their platforms."""
    last = month.replace(day=calendar.monthrange(month.year, month.month)[1])
    days = [month + timedelta(days=number) for number in range((last - month).days + 1)]
    admitted = admitted_nights(paths)
    posts: list[str] = []
    texts: list[str] = []
    deletions: list[str] = []
    for platform in sorted({platform for platform, _ in admitted}):
        nights = {f"night={night.isoformat()}.parquet" for name, night in admitted if name == platform}
        root = paths.table_root(platform, "posts")
        found = [file for day in days for file in _files(root / f"day={day.isoformat()}", nights)]
        if not found:
            continue
        posts += map(str, found)
        brought = {file.name for file in found}
        texts += map(str, _all_files(paths.table_root(platform, "vault_posts"), brought))
        deletions += map(str, _all_files(paths.table_root(platform, "deletions"), nights))
    return posts, texts, deletions


def _all_files(root: Path, nights: set[str]) -> list[Path]:
    return [file for folder in sorted(root.glob("day=*")) for file in _files(folder, nights)]


def _files(folder: Path, nights: set[str]) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.name in nights) if folder.is_dir() else []
