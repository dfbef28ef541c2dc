"""A world's persons on their platforms, taken through the models of persons and moves in memory: what would be published, and what is true. Judges nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from pipelines.analysis.increments import Partition
from pipelines.analysis.platform_moves import MoveParameters, MovePartition, analyse_moves
from pipelines.world.drawn import NOBODY, PLATFORMS, day_of
from pipelines.world.landing import Landed, keys, landed_accounts, landed_posts
from pipelines.world.native.names import Names
from pipelines.world.observation import Collection
from pipelines.world.simulate import Simulation, simulate_planned
from pipelines.world.truth import SCHEMAS
from pipelines.world.warehouse import landed_schema, shared_warehouse
from pipelines.world.worlds import Observation, World, named

EXCHANGED = ("int_person_days", "int_platform_days")
MARTS = ("creators", "creator_accounts", "creator_links", "platform_months", "platform_moves")
_SAY_NOTHING = frozenset({"reddit"})


@dataclass(frozen=True)
class PlatformTrial:
    """What would be published of a world, and the tables of truth that it is judged by."""

    world: World
    exchanged: Mapping[str, pa.Table]
    derived: Mapping[str, pa.Table]
    published: Mapping[str, pa.Table]
    truth: Mapping[str, pa.Table]


def _with_links(landed: Landed, simulation: Simulation) -> Landed:
    """Profiles name the account that theirs links to, where their platform has a place for it."""
    found = {}
    for (platform, table), profiles in landed.items():
        rows = profiles
        number = np.array([int(key[1:]) for key in profiles["account_key"].to_pylist()], dtype=np.int64)
        links = simulation.accounts.links_to[number]
        named_keys = keys("h", np.maximum(links, 0), 6).tolist()
        declared = [[key] if link != NOBODY else [] for key, link in zip(named_keys, links.tolist(), strict=True)]
        for name, values in (
            ("handle_key", keys("h", number, 6)),
            ("declared_handle_keys", [None] * len(declared) if platform in _SAY_NOTHING else declared),
        ):
            field = rows.schema.field(name)
            rows = rows.set_column(rows.schema.get_field_index(name), field, pa.array(values, field.type))
        found[platform, table] = rows
    return found


def _coverage(landed: Landed) -> Landed:
    """What each platform's only source gave on each day."""
    found = {}
    for (platform, table), rows in landed.items():
        if table != "posts":
            continue
        counts = rows.group_by(["day"]).aggregate([("post_key", "count_distinct")]).sort_by("day")
        constants = {
            "platform": platform, "source": "world", "quarantined_count": 0, "status": "ok", "ts_quality": "exact",
            "collection_method": "firehose", "source_format": "world", "source_hash": "world",
        }  # fmt: skip
        given = {"covered_on": counts["day"], "day": counts["day"], "got_count": counts["post_key_count_distinct"]}
        given |= dict.fromkeys(("night", "landed_night"), counts["day"])
        given["observed_at"] = counts["day"].cast(pa.timestamp("us", tz="UTC"))
        schema = landed_schema("coverage")
        found[platform, "coverage"] = pa.table(
            [
                given[field.name].cast(field.type)
                if field.name in given
                else pa.array([constants.get(field.name)] * counts.num_rows, field.type)
                for field in schema
            ],
            schema=schema,
        )
    return found


def _truth(simulation: Simulation) -> dict[str, pa.Table]:
    accounts, every = simulation.accounts, np.arange(simulation.accounts.count)
    names = keys("a", every, 6).tolist()
    links = accounts.links_to
    is_mutual = (links != NOBODY) & (links[np.maximum(links, 0)] == every)
    blank = dict.fromkeys(SCHEMAS["accounts"].names)
    rows = [
        blank
        | {
            "platform": PLATFORMS[int(accounts.platform[one])],
            "native_id": names[one],
            "person": int(accounts.person[one]),
            "closed_on": day_of(int(accounts.closed_day[one])) if accounts.closed_day[one] < simulation.size.day_count else None,
            "linked_native_id": names[int(links[one])] if links[one] != NOBODY else None,
            "is_link_mutual": bool(is_mutual[one]),
        }
        for one in every.tolist()
    ]
    moves = [
        {
            "person": move.person,
            "from_platform": PLATFORMS[int(accounts.platform[move.from_account])],
            "from_native_id": names[move.from_account],
            "to_platform": PLATFORMS[int(accounts.platform[move.to_account])],
            "to_native_id": names[move.to_account],
            "moved_on": day_of(move.day),
        }
        for move in simulation.moves
    ]
    return {"accounts": pa.Table.from_pylist(rows, SCHEMAS["accounts"]), "moves": pa.Table.from_pylist(moves, SCHEMAS["moves"])}


def monthly(person_days: pa.Table) -> dict[date, MovePartition]:
    """``int_person_days`` by month."""
    months = person_days["month"].to_pylist()

    def partition(month: date) -> MovePartition:
        rows = person_days.filter(pa.array([each == month for each in months]))
        return Partition(str(rows.to_pylist()), lambda: rows)

    return {month: partition(month) for month in sorted(set(months))}


def run_platform_trial(
    world: str, seed: int, size: str = "small", observation: Observation | None = None, parameters: MoveParameters | None = None
) -> PlatformTrial:
    """Let a world happen and take its accounts and posts through the models, the analysis of moves and the marts.

    Args:
        world: Name of a world.
        seed: Of all its draws.
        size: Name of a size.
        observation: What of it is seen; the world's own when None.
        parameters: Of the analysis; defaults when None.
    """
    planned, scale = named(world, size)
    if observation is not None:
        planned = World(
            planned.name, planned.kind, planned.says, planned.large, planned.media, planned.trends, planned.people, observation
        )
    simulation = simulate_planned(planned, size, scale, seed)
    collection = Collection(simulation)
    filed = [collection.see(day) for day in simulation.days()]
    names = Names.of(simulation.seed, simulation.accounts, simulation.niches, simulation.trends, simulation.outlets)
    posts = landed_posts(names, filed)
    accounts = _with_links(landed_accounts(names, simulation.world.observation, simulation.size.day_count), simulation)
    warehouse = shared_warehouse(EXCHANGED, MARTS)
    exchanged = warehouse.exchange(posts | accounts | _coverage(posts))
    derived = analyse_moves(monthly(exchanged["int_person_days"]), exchanged["int_platform_days"], parameters).tables
    return PlatformTrial(planned, exchanged, derived, warehouse.marts(derived), _truth(simulation))
