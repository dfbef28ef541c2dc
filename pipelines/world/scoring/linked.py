"""Published tables and truth side by side, truth's accounts under the lake's keys. Joins only: judges nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeVar

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.world.truth import SCHEMAS
from pipelines.world.worlds import World

T = TypeVar("T")
AccountKey = Callable[[str, str], str]
_ENOUGH_ROWS: Final = 20
_KEYED: Final = {
    "accounts": ("native_id",),
    "trends": ("origin_native_id",),
    "adoptions": ("native_id", "cause_native_id"),
    "deletions": ("native_id", "account_native_id"),
}
_PLATFORM_OF: Final = {"origin_native_id": "origin_platform", "cause_native_id": "cause_platform"}
_MACROS: Final = """
create macro tier_of(tier) as case when tier like 'micro%' or tier = 'nano' then 'micro' else tier end;
create macro days_between(earlier, later) as (epoch_us(later) - epoch_us(earlier)) / 86400e6;
"""


class StrangerError(ValueError):
    """The truth is not of the world that the tables were made from."""


@dataclass(frozen=True)
class Linked:
    """Both sides of a judgement, in one in-memory database.

    Views: ``<table>`` for each published table, and ``true_<table>`` for each of truth, with ``<column>_key`` beside each native id of
    an account. Truth's tables that a world lacks are empty.

    Attributes:
        published: Published tables by name.
        truth: Truth by name; columns that a table lacks are NULL.
        account_key: Key of a platform's native id.
        world: Parameters of the world.
        contents: Names and bytes of the published files, as far as they are to be looked through.
    """

    published: Mapping[str, pa.Table]
    truth: Mapping[str, pa.Table]
    account_key: AccountKey
    world: World
    contents: Iterable[tuple[str, bytes]] = ()
    _connection: list[duckdb.DuckDBPyConnection] = field(default_factory=list, init=False, repr=False)
    _known: dict[tuple[str, ...], Any] = field(default_factory=dict, init=False, repr=False)

    def has(self, columns: Iterable[str]) -> list[str]:
        """Those of ``table.column`` that are not published."""
        return [
            name
            for name in columns
            if (table := name.partition(".")[0]) not in self.published
            or name.partition(".")[2] not in self.published[table].column_names
        ]

    @cached_property
    def keyed_truth(self) -> dict[str, pa.Table]:
        """Truth by name, whole schemas, with keys."""
        return {name: self._keyed(name, _complete(name, self.truth.get(name))) for name in SCHEMAS}

    def _keyed(self, name: str, table: pa.Table) -> pa.Table:
        for column in _KEYED.get(name, ()):
            pairs = pa.table({"platform": table[_PLATFORM_OF.get(column, "platform")], "native_id": table[column]})
            table = table.append_column(f"{column.removesuffix('native_id')}key", _keys(pairs, self.account_key))
        return table

    def ask(self, sql: str) -> pa.Table:
        """The answer to a question to both sides."""
        if not self._connection:
            connection = duckdb.connect()
            connection.execute("set TimeZone = 'UTC'; set threads = 2; set python_enable_replacements = false")
            connection.execute(_MACROS)
            for prefix, tables in (("", self.published), ("true_", self.keyed_truth)):
                for name, table in tables.items():
                    connection.register(f"{prefix}{name}", table)
            self._connection.append(connection)
        return self._connection[0].execute(sql).to_arrow_table()

    def once(self, name: tuple[str, ...], compute: Callable[[], T]) -> T:
        """What is asked for several times and computed once, by a name."""
        if name not in self._known:
            self._known[name] = compute()
        found: T = self._known[name]
        return found

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The answer as tuples."""
        table = self.ask(sql)
        return list(zip(*(column.to_pylist() for column in table.columns), strict=True)) if table.num_rows else []

    def one(self, sql: str) -> tuple[Any, ...]:
        """The answer's only row."""
        return self.rows(sql)[0]

    def numbers(self, sql: str) -> list[NDArray[np.float64]]:
        """The answer's columns as numbers, NULL as NaN."""
        return [np.asarray(pc.cast(column, pa.float64()).to_numpy(), dtype=np.float64) for column in self.ask(sql).columns]


def _complete(name: str, table: pa.Table | None) -> pa.Table:
    schema = SCHEMAS[name]
    if table is None:
        return schema.empty_table()
    columns = [
        table[wanted.name].cast(wanted.type) if wanted.name in table.column_names else pa.nulls(table.num_rows, wanted.type)
        for wanted in schema
    ]
    return pa.table(columns, schema=schema)


def _keys(pairs: pa.Table, account_key: AccountKey) -> pa.Array:
    """Keys of platform and native id, each pair asked for once."""
    known: dict[tuple[str | None, str | None], str | None] = {}
    found = []
    for pair in zip(pairs["platform"].to_pylist(), pairs["native_id"].to_pylist(), strict=True):
        if pair not in known:
            known[pair] = None if pair[0] is None or pair[1] is None else account_key(pair[0], pair[1])
        found.append(known[pair])
    return pa.array(found, pa.string())


def refuse_strangers(linked: Linked) -> None:
    """Refuse a truth that the tables were not made from.

    Of another seed the accounts may have the same ids, so adoptions are looked at too: who took up a planted tag must have done so in truth.

    Raises:
        StrangerError: no account of truth is published, or most published adopters of planted tags never took them up.
    """
    if not linked.has(["creators.creator_key"]):
        known, published = linked.one(
            "select count(*) filter (where creator_key in (select key from true_accounts)), count(*) from creators"
        )
        if published >= _ENOUGH_ROWS and not known:
            raise StrangerError("no account of the truth is in the published tables: another world, or another pseudonym secret")
    if not linked.has(["trends.label", "trend_adoptions.account_key"]):
        known, published = linked.one("""
            select count(*) filter (where (trends.label, adoptions.account_key) in (select (tag, key) from true_adoptions where adopted_at is not null)),
                count(*)
            from trend_adoptions as adoptions inner join trends using (trend_key)
            where trends.label in (select tag from true_trends) and adoptions.account_key in (select key from true_accounts)
        """)
        if published >= _ENOUGH_ROWS and 2 * known < published:
            raise StrangerError(
                f"of {published} published adoptions of planted tags the truth knows {known}: another world or seed"
            )
