"""First uses of hashtags by accounts of planted communities, and the aliases that the project's own SQL finds in them. No test belongs here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.world.warehouse import Project, render

MODELS: Final = ("int_tag_spellings", "int_tag_words", "int_near_words", "int_unit_aliases")
COMMUNITY_COUNT, MEMBER_COUNT, WORDS_EACH = 6, 80, 5
_FIRST: Final = date(2026, 6, 1)
_DAY_COUNT: Final = 90
_SCHEMA: Final = pa.schema(
    [("unit_type", pa.string()), ("unit", pa.string()), ("account_key", pa.string()), ("event_day", pa.date32())]
)
Use = tuple[str, str, int]
_project = cache(render)


def project() -> Project:
    """The dbt project, rendered once."""
    return _project()


@dataclass
class SpelledWorld:
    """Communities whose members use the words of their own, mostly; tags are planted with :meth:`use`.

    Attributes:
        seed: Of all draws.
        uses: Tag, account and day of the first use.
    """

    seed: int
    uses: list[Use] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._draw = np.random.default_rng(self.seed)
        for community in range(COMMUNITY_COUNT):
            for member in range(MEMBER_COUNT):
                for word in range(WORDS_EACH):
                    # One use in seven is of another community's word.
                    of = community if self._draw.random() < 6 / 7 else int(self._draw.integers(COMMUNITY_COUNT))
                    self._add(f"{chr(0x61 + of) * 5}{word}word", community, member, int(self._draw.integers(_DAY_COUNT)))

    def _add(self, tag: str, community: int, member: int, day: int) -> None:
        self.uses.append((tag, f"{community}-{member}", day))

    def use(self, tag: str, account_count: int, community: int, first_day: int = 0, day_count: int = _DAY_COUNT) -> None:
        """Let some members of a community take a tag up, on days of a span."""
        for member in self._draw.choice(MEMBER_COUNT, account_count, replace=False).tolist():
            self._add(tag, community, member, first_day + int(self._draw.integers(day_count)))


def aliases(
    world: SpelledWorld, seed: list[tuple[str, str]] | None = None, order: int | None = None
) -> dict[str, tuple[str, str]]:
    """The aliases that the SQL finds: by alias, its unit and the kind.

    Args:
        world: First uses.
        seed: Pairs of alias and canonical label in the seed of aliases.
        order: Seed by which the rows are shuffled.
    """
    rows = sorted(set(world.uses))
    if order is not None:
        np.random.default_rng(order).shuffle(rows)
    first = pa.Table.from_pylist(
        [
            {"unit_type": "hashtag", "unit": tag, "account_key": who, "event_day": _FIRST + timedelta(days=int(day))}
            for tag, who, day in rows
        ],
        schema=_SCHEMA,
    )
    seeded = pa.table(
        {"unit_type": ["hashtag"] * len(seed or []), "alias": [a for a, _ in seed or []], "canonical": [c for _, c in seed or []]}
    )
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.execute("set TimeZone = 'UTC'; attach ':memory:' as warehouse; use warehouse")
        for name, table in (("given_uses", first), ("given_seed", seeded)):
            connection.register(name, table)
        connection.execute(
            "create table int_unit_first_uses as select unit_type, unit, account_key, min(event_day)::timestamptz as adopted_at,"
            " min(event_day) as event_day from given_uses group by all"
        )
        connection.execute(
            "create table trend_alias_seed as select unit_type, alias::varchar as alias, canonical::varchar as canonical from given_seed"
        )
        for name in MODELS:
            connection.execute(f"create table {name} as {project().models[name].sql}")
        found = connection.execute("select alias, unit, alias_kind from int_unit_aliases").fetchall()
    return {alias: (unit, kind) for alias, unit, kind in found}
