"""What must not be in the data: the ledger of erased keys, and rows without them. Knows tables as Arrow only; rewrites no file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.lake.paths import DataPaths
from pipelines.lake.schemas import ERASURES
from pipelines.lake.writer import write_table

# Columns in which a landed row of somebody may name somebody else: the name goes, the row stays.
_REFERENCES: Final = frozenset({"parent_post_key", "root_post_key", "target_post_key", "target_account_key"})
_TARGETS: Final = ("target_account_key", "target_post_key")
# Subjects whose keys stand in rows of every platform: links, and handles that profiles elsewhere declare.
_EVERYWHERE: Final = ("handle", "link")


DATA: Final = "data"
COMMAND: Final = "command"


@dataclass(frozen=True, slots=True)
class Subject:
    """A key that must not be in the data, and why.

    Attributes:
        platform: Of the subject.
        subject_type: One of ``schemas.ERASED_SUBJECTS``.
        subject_key: Its pseudonym.
        requested_key: The pseudonym of the account or post that was asked about, with which this one goes.
        reason: One of ``schemas.ERASURE_REASONS``.
        requested_at: UTC.
        origin: ``DATA``, a tombstone that a platform's data brought, or ``COMMAND``.
    """

    platform: str
    subject_type: str
    subject_key: str
    requested_key: str
    reason: str
    requested_at: datetime
    origin: str = COMMAND


def read_erasures(paths: DataPaths) -> pa.Table:
    """The ledger of erasures, of no rows where nothing was ever erased."""
    file = paths.erasures_file()
    return pq.read_table(file, partitioning=None).cast(ERASURES) if file.exists() else ERASURES.empty_table()


def record_erasures(paths: DataPaths, subjects: Iterable[Subject], applied_at: datetime | None) -> None:
    """Put subjects into the ledger, or say of those that stand there when they were applied. The first request keeps its reason and time.

    Args:
        paths: the data folder.
        subjects: what must not be in the data.
        applied_at: when nothing of them was left (UTC); None where that is still to be done.
    """
    names = ERASURES.names[:3]
    rows: dict[tuple[Any, ...], dict[str, Any]] = {
        tuple(row[name] for name in names): row for row in read_erasures(paths).to_pylist()
    }
    for subject in subjects:
        made = {name: getattr(subject, name) for name in ERASURES.names if name != "applied_at"}
        row = rows.setdefault(tuple(made[name] for name in names), made | {"applied_at": None})
        row["applied_at"] = row["applied_at"] or applied_at
    ordered = sorted(rows.values(), key=lambda row: (row["platform"], row["subject_type"], row["subject_key"]))
    write_table(paths.erasures_file(), pa.Table.from_pylist(ordered, ERASURES))


def add_posts(paths: DataPaths, platform: str, posts: Mapping[str, str], applied_at: datetime) -> None:
    """Put new posts of erased accounts into the ledger, for the reason and at the time of their account.

    Args:
        paths: the data folder.
        platform: whose posts.
        posts: by key of a post, the key of its account.
        applied_at: when they were kept out (UTC).
    """
    accounts = {row["subject_key"]: row for row in read_erasures(paths).to_pylist() if row["platform"] == platform}
    subjects = [
        Subject(platform, "post", post, of["requested_key"], of["reason"], of["requested_at"], of["origin"])
        for post, account in sorted(posts.items())
        if (of := accounts.get(account)) is not None
    ]
    record_erasures(paths, subjects, applied_at)


def ensure_erasures(paths: DataPaths) -> None:
    """Make an empty ledger where there is none: dbt reads it."""
    if not paths.erasures_file().exists():
        write_table(paths.erasures_file(), ERASURES.empty_table())


def unapplied(paths: DataPaths) -> pa.Table:
    """Rows of erasures that were begun and did not end."""
    rows = read_erasures(paths)
    return rows.filter(pc.is_null(rows.column("applied_at")))


class Keys:
    """Distinct keys that are looked for again and again: Arrow would put them into a table of its own at every look."""

    __slots__ = ("array", "members")

    def __init__(self, keys: Iterable[str]) -> None:
        self.members = frozenset(keys)
        self.array = pa.array(sorted(self.members), pa.string())

    def __len__(self) -> int:
        return len(self.members)

    def are_in(self, column: pa.ChunkedArray) -> pa.ChunkedArray | None:
        """For each value of a column of texts, whether it is one of the keys; None if none is, which takes one look at each value."""
        if self.members.isdisjoint(column.to_pylist()):
            return None
        return pc.is_in(column, value_set=self.array)


def keys_for(paths: DataPaths, platform: str) -> Keys:
    """Distinct keys that no landed row of a platform may hold."""
    rows = read_erasures(paths)
    own = pc.or_(
        pc.equal(rows.column("platform"), platform), pc.is_in(rows.column("subject_type"), value_set=pa.array(_EVERYWHERE))
    )
    return Keys(rows.filter(own).column("subject_key").to_pylist())


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Rows without what was erased.

    Attributes:
        rows: In their order.
        is_kept: For each row that was there before, whether it is among them (bool).
        changed_count: Rows that are gone or that name somebody no longer.
    """

    rows: pa.Table
    is_kept: pa.ChunkedArray
    changed_count: int


def without_erased(rows: pa.Table, keys: Keys) -> Cleaned:
    """Rows without the keys of erased subjects.

    A row of an erased subject goes. In a landed row of somebody else (one with ``landed_night``), the key of the post it answers, of
    the account it is directed at and the elements of a list go, and the row stays, unless it is an edge that then points nowhere.
    Elsewhere any erased key takes its row along: aggregates are made again from the landed rows. What a tombstone is about
    (``subject_key``) stays, or nobody would know what must not come back.

    Args:
        rows: any table; columns named ``*_key`` hold keys, ``*_keys`` lists of them.
        keys: of erased subjects.
    """
    nothing = pa.chunked_array([pa.array([False] * rows.num_rows, pa.bool_())])
    if not rows.num_rows or not len(keys):
        return Cleaned(rows, pc.invert(nothing), 0)
    is_landed = "landed_night" in rows.column_names
    gone, changed = nothing, nothing
    for index, field in enumerate(rows.schema):
        if is_key_column(field):
            column = rows.column(index)
            hit = keys.are_in(column)
            if hit is None:
                continue
            if is_landed and field.nullable and field.name in _REFERENCES:
                rows = rows.set_column(index, field, pc.if_else(hit, pa.scalar(None, field.type), column))
                changed = pc.or_(changed, hit)
            else:
                gone = pc.or_(gone, hit)
        elif is_list_of_text(field) and field.name.endswith("_keys"):
            shortened, hit = without_elements(rows.column(index), keys.members.__contains__)
            rows = rows.set_column(index, field, shortened)
            changed = pc.or_(changed, hit)
    if set(_TARGETS) <= set(rows.column_names) and is_landed:
        points_nowhere = pc.and_(*(pc.is_null(rows.column(name)) for name in _TARGETS))
        gone = pc.or_(gone, pc.and_(points_nowhere, changed))
    is_kept = pc.invert(gone)
    changed_count = pc.sum(pc.or_(gone, changed)).as_py()
    return Cleaned(rows.filter(is_kept) if pc.any(gone).as_py() else rows, is_kept, changed_count)


def is_key_column(field: pa.Field) -> bool:
    """Whether a column holds one pseudonym a row. ``subject_key`` is what a tombstone is about and does not count."""
    return bool(field.name.endswith("_key") and field.name != "subject_key" and pa.types.is_string(field.type))


def is_list_of_text(field: pa.Field) -> bool:
    """Whether a column holds a list of texts."""
    is_list = pa.types.is_list(field.type) or pa.types.is_large_list(field.type)
    return bool(is_list and pa.types.is_string(field.type.value_type))


def without_elements(lists: pa.ChunkedArray, is_gone: Callable[[str], bool]) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Lists of texts without some elements.

    Args:
        lists: the column.
        is_gone: called with an element; whether it goes.

    Returns:
        The lists, and for each whether it lost an element. An element is asked about once.
    """
    gone = {value for value in pc.unique(pc.list_flatten(lists)).to_pylist() if value is not None and is_gone(value)}
    if not gone:
        return lists, pa.chunked_array([pa.array([False] * len(lists), pa.bool_())])
    values = lists.to_pylist()
    hit = [value is not None and any(each in gone for each in value) for value in values]
    kept = [[each for each in value if each not in gone] if is_hit else value for value, is_hit in zip(values, hit, strict=True)]
    return pa.chunked_array([pa.array(kept, lists.type)]), pa.chunked_array([pa.array(hit, pa.bool_())])
