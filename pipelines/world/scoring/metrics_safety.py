"""Scores of promises: nobody is named, nothing deleted stays, no cell is small, a gap is said to be one. No claims are judged here."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.world.drawn import day_of
from pipelines.world.scoring.intervals import share
from pipelines.world.scoring.linked import Linked
from pipelines.world.scoring.rows import Found, nothing

_SMALLEST_CELL: Final = 20
_SURE_LENGTH: Final = 6
"""Shorter names and ids turn up in other text by chance; they are looked for as whole values only."""
_WORD: Final = re.compile(rb"[A-Za-z0-9_@:.\-\x80-\xff]{%d,}" % _SURE_LENGTH)
_PIECES: Final = re.compile(rb"[@:.\-]+")
_SHOWN: Final = 3


def private_names(linked: Linked) -> dict[str, str]:
    """Handles and native ids, each with the key of its account, of all but public faces: brands, media, and who ever had a million followers."""
    names = linked.rows("""
        select unnest([native_id, ltrim(handle, '@')]), key from true_accounts
        where actor_class is distinct from 'brand' and actor_class is distinct from 'media'
            and tier_start is distinct from 'mega' and tier_end is distinct from 'mega'
    """)
    return {name.casefold(): account for name, account in names if name}


def texts(tables: Mapping[str, pa.Table]) -> Iterator[str]:
    """The distinct texts of tables, of columns of text and of lists of it."""
    for table in tables.values():
        for column in table.columns:
            values = column
            while pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
                values = pc.list_flatten(values)
            if pa.types.is_dictionary(values.type):
                values = values.cast(values.type.value_type)
            if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
                yield from (text for text in pc.unique(values).to_pylist() if text)


def names_in_texts(values: Iterable[str], names: Collection[str]) -> set[str]:
    """Those of the names that are a value, or a word of one."""
    found = set()
    for value in values:
        text = value.casefold().lstrip("@")
        if text in names:
            found.add(text)
        found |= names_in_bytes(value.encode(), names)
    return found


def names_in_bytes(content: bytes, names: Collection[str]) -> set[str]:
    """Those of the names, of six bytes or more, that stand in bytes as a word, or between the signs that join words in links and handles."""
    found = set()
    for word in _WORD.findall(content):
        for piece in {word, word.strip(b"@:.-"), *_PIECES.split(word)}:
            text = piece.decode("utf-8", "replace").casefold()
            if len(piece) >= _SURE_LENGTH and text in names:
                found.add(text)
    return found


def _privacy(linked: Linked) -> Found:
    names = private_names(linked)
    if not names:
        return nothing("the truth names nobody")
    found = names_in_texts(texts(linked.published), names)
    files = 0
    for _, content in linked.contents:
        files += 1
        found |= names_in_bytes(content, names)
    accounts = {names[name] for name in found}
    shown = f"; found {', '.join(sorted(found)[:_SHOWN])}" if found else ""
    note = f"{len(names):,} names and ids looked for in the values of {len(linked.published)} tables and the bytes of {files} files{shown}"
    return Found(float(len(accounts)), unit_count=len(set(names.values())), planted="0", found=str(len(accounts)), note=note)


def _small_cells(linked: Linked) -> Found:
    small, count = linked.one(f"select count(*) filter (where adopter_count < {_SMALLEST_CELL}), count(*) from trends")
    return Found(float(small), unit_count=count)


def _deleted(linked: Linked) -> Found:
    """Rows whose keys are those of deleted posts and accounts, in any column of text; and the raw ids in any value."""
    gone = linked.rows(
        "select distinct key, native_id, native_id = account_native_id or account_native_id is null from true_deletions where is_stated"
    )
    if not gone:
        return nothing("no deletion is stated by the files")
    keys = pa.array([key for key, _, _ in gone], pa.string())
    rows = 0
    for table in linked.published.values():
        held: set[int] = set()
        for column in table.combine_chunks().columns:
            is_list = pa.types.is_list(column.type)
            values = pc.list_flatten(column) if is_list else column
            if pa.types.is_string(values.type):
                places = pc.indices_nonzero(pc.is_in(values, value_set=keys))
                held.update((pc.take(pc.list_parent_indices(column), places) if is_list else places).to_pylist())
        rows += len(held)
    rows += len(names_in_texts(texts(linked.published), {native_id.casefold() for _, native_id, _ in gone}))
    accounts = sum(bool(is_account) for _, _, is_account in gone)
    return Found(
        float(rows), unit_count=len(gone), planted="0", found=str(rows),
        note=f"{accounts} accounts and {len(gone) - accounts} posts; no published table has a row per post, so posts can only show by key or id",
    )  # fmt: skip


def _planted_outages(linked: Linked) -> list[tuple[str, date]]:
    return [(platform, day_of(day)) for platform, day in linked.world.observation.outages]


def _told_days(linked: Linked) -> set[tuple[str, date]]:
    """Platforms and days of which a source is said to be out and none to be whole."""
    return set(
        linked.rows("""
            select platform, covered_on from coverage_days
            group by all having bool_or(status = 'outage') and not bool_or(status = 'ok')
        """)
    )


def _outages_told(linked: Linked) -> Found:
    platforms = {platform for (platform,) in linked.rows("select distinct platform from coverage_days")}
    outages = [outage for outage in _planted_outages(linked) if outage[0] in platforms]
    told = len(_told_days(linked).intersection(outages))
    return share(
        told, len(outages), planted=str(len(outages)), found=str(told), none="no outage is planted on a published platform"
    )


def _outages_false(linked: Linked) -> Found:
    """Days on which a platform's accounts were seen posting and that are said to be out."""
    days = set(linked.rows("select platform, day from true_posts_count where observed_post_count > 0"))
    days -= set(_planted_outages(linked))
    return share(len(_told_days(linked) & days), len(days), none="the truth counts no posts by day")


MEASURES: Final[dict[str, Callable[[Linked], Found]]] = {
    "privacy_names": _privacy,
    "privacy_cells": _small_cells,
    "deletion": _deleted,
    "outages_told": _outages_told,
    "outages_false": _outages_false,
}
"""By the key of what is wanted."""
