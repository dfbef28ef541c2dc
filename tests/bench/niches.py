"""Niches found in worlds of growing mixing, scored against the truth, beside modularity on the raw projection; no night is run."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from datetime import date
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix

from pipelines.analysis import contracts
from pipelines.analysis.communities import NicheParameters, leiden
from pipelines.analysis.niche_rows import MonthRows, partitioned, read_month
from pipelines.analysis.niches import discover_niches
from pipelines.world.drawn import NEVER, NOBODY, PLATFORMS, day_of
from pipelines.world.landing import keys
from pipelines.world.observation import Collection
from pipelines.world.scoring.linked import Linked
from pipelines.world.scoring.metrics_lives import MEASURES as LIVES
from pipelines.world.scoring.metrics_niches import MEASURES as NICHES
from pipelines.world.scoring.metrics_niches import adjusted_mutual_information, contingency
from pipelines.world.simulate import Simulation, simulate_planned
from pipelines.world.trial import landed
from pipelines.world.worlds import named

_SHOWN: Final = ("niche_ami", "niche_assigned", "overlap", "lifecycle_f1", "niche_persistence")
_TAGS: Final = """
select date_trunc('month', published_at)::date as month, platform, account_key, tag, count(distinct post_key) as post_count
from (select *, unnest(tags) as tag from posts where post_type <> 'repost')
group by all
"""


def _account_tags(simulation: Simulation) -> pa.Table:
    collection = Collection(simulation)
    rows = landed(simulation, [collection.see(day) for day in simulation.days()])
    posts = pa.concat_tables([table for (_, name), table in rows.items() if name == "posts"])
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.register("posts", posts)
        return connection.execute(_TAGS).to_arrow_table().cast(contracts.INT_ACCOUNT_TAG_MONTHS)


def _day(number: int) -> date | None:
    return None if number >= NEVER else day_of(number)


def _truth(simulation: Simulation) -> dict[str, pa.Table]:
    accounts, names = simulation.accounts, [niche.name for niche in simulation.niches]
    people: list[dict[str, Any]] = [
        {
            "platform": PLATFORMS[accounts.platform[place]],
            "native_id": str(key),
            "niche": names[accounts.niche[place]],
            "later_niche": names[accounts.later_niche[place]],
            "niche_changed_on": _day(int(accounts.niche_changes_day[place])),
            "second_niche": names[accounts.second_niche[place]] if accounts.second_niche[place] != NOBODY else None,
            "second_share": float(accounts.second_share[place]),
        }
        for place, key in enumerate(keys("a", np.arange(accounts.count), 6))
    ]
    events = [
        {
            "niche": names[event.niche],
            "event": event.event,
            "happened_on": day_of(event.day),
            "other_niche": names[event.other] if event.other != NOBODY else None,
        }
        for event in simulation.niche_events
    ]
    text = pa.string()
    schema = pa.schema([("niche", text), ("event", text), ("happened_on", pa.date32()), ("other_niche", text)])
    return {
        "accounts": pa.Table.from_pylist(people),
        "niches": pa.Table.from_pylist([{"niche": name} for name in names]),
        "niche_events": pa.Table.from_pylist(events, schema=schema),
    }


def _niche_of(simulation: Simulation, month: date) -> dict[str, int]:
    accounts = simulation.accounts
    days = [_day(int(day)) for day in accounts.niche_changes_day]
    has_moved = np.array([day is not None and day <= month for day in days])
    niche = np.where(has_moved, accounts.later_niche, accounts.niche)
    return dict(zip(keys("a", np.arange(accounts.count), 6).tolist(), niche.tolist(), strict=True))


def _by_modularity(read: MonthRows, niche_of: dict[str, int]) -> float:
    """What a user would pick instead: modularity on all pairs of co-users, once."""
    uses = (read.counts > 0).astype(np.float64)
    graph = csr_matrix(uses @ uses.T)
    graph.setdiag(0)
    graph.eliminate_zeros()
    graph.sort_indices()
    found = leiden(graph, 1.0, 1, use_modularity=True)
    return adjusted_mutual_information(contingency(found, [niche_of[key] for key in read.account_keys]))


def _by_known_tags(read: MonthRows, simulation: Simulation, niche_of: dict[str, int]) -> float:
    """What the data can give: a reader who knows every niche's tags puts each account where most of its uses are."""
    tags_of = [set(niche.tags) for niche in simulation.niches]
    known = np.array([[unit in tags for tags in tags_of] for unit in read.units], dtype=np.float64)
    found = np.asarray(read.uses @ known).argmax(axis=1)
    return adjusted_mutual_information(contingency(found, [niche_of[key] for key in read.account_keys]))


def compare(world: str, size: str, mixing: float, seed: int) -> None:
    """Print the scores of one world with a share of posts that stray from their author's niche."""
    planned, scale = named(world, size)
    planned = replace(planned, people=replace(planned.people, mixing=mixing))
    simulation = simulate_planned(planned, size, scale, seed)
    tags = _account_tags(simulation)
    none = contracts.INT_INTERACTION_MONTHS.empty_table()
    cpu = time.process_time()
    found = discover_niches(tags, none)
    cpu = time.process_time() - cpu
    # In these worlds nobody has a second account.
    published = {
        name: found[table].append_column("creator_key", found[table]["account_key"])
        for name, table in (("niche_members", "niche_assignments"), ("creator_niches", "niche_memberships"))
    }
    linked = Linked(published | {"niche_events": found["niche_events"]}, _truth(simulation), lambda _, key: key, planned)
    measures = {**NICHES, **LIVES}
    scores = {name: measures[name](linked).value for name in _SHOWN}
    parameters, parts = NicheParameters(), partitioned(tags, none)
    read = [(read_month(month, parts[month].load(), parameters), _niche_of(simulation, month)) for month in sorted(parts)]
    raw = np.mean([_by_modularity(*each) for each in read])
    reader = np.mean([_by_known_tags(rows, simulation, niche_of) for rows, niche_of in read])
    shown = ", ".join(f"{name} {'none' if value is None else f'{value:.3f}'}" for name, value in scores.items())
    print(
        f"{world} {size} seed {seed} mixing {mixing}: {shown}; AMI of all: modularity on the raw projection {raw:.3f},"
        f" a reader who knows the tags {reader:.3f}; {cpu:.0f} s of CPU",
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--world", default="W13_stable_niches")
    parser.add_argument("--size", default="small")
    parser.add_argument("--mixing", type=float, nargs="+", default=[0.0, 0.2, 0.4, 0.6])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    arguments = parser.parse_args()
    for mixing in arguments.mixing:
        for seed in arguments.seeds:
            compare(arguments.world, arguments.size, mixing, seed)
