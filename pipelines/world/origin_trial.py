"""One world taken in memory to what origins are found from, with who showed each trend first in truth. Runs no estimator, judges nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa

from pipelines.analysis.trend_rows import TrendTables
from pipelines.world.drawn import DAY, NOBODY, PLATFORMS, day_of, tier_of
from pipelines.world.landing import keys, landed_coverage
from pipelines.world.observation import Collection
from pipelines.world.simulate import simulate_planned
from pipelines.world.trial import landed, names_of
from pipelines.world.warehouse import EXCHANGED, shared_warehouse
from pipelines.world.worlds import named

_MODELS: Final = (*EXCHANGED, "int_platform_days")


@dataclass(frozen=True)
class OriginTrial:
    """A world as origins are found from it.

    Attributes:
        tables: The exchange tables of trends.
        platform_days: ``int_platform_days``.
        origins: By tag, of planted trends that anybody showed: ``account_key``, ``platform``, ``tier`` and ``niche`` of the first one.
        niches: By month and account key, the niche at the month's end.
    """

    tables: TrendTables
    platform_days: pa.Table
    origins: dict[str, dict[str, Any]]
    niches: dict[date, dict[str, str]]


def run_origin_trial(world: str, seed: int, size: str = "trial", *, loss: float | None = None) -> OriginTrial:
    """Let a world happen and collect it.

    Args:
        world: Name of a world.
        seed: Of all its draws.
        size: Name of a size.
        loss: Share of posts lost at random; the world's own when None.

    Raises:
        ValueError: unknown world or size.
        RenderError: dbt cannot compile the models.
    """
    plan, planned = named(world, size)
    if loss is not None:
        plan = replace(plan, observation=replace(plan.observation, loss=loss))
    simulation = simulate_planned(plan, size, planned, seed)
    collection = Collection(simulation)
    filed = [collection.see(day) for day in simulation.days()]
    names = names_of(simulation)
    exchanged = shared_warehouse(_MODELS, ()).exchange(landed(simulation, filed) | landed_coverage(names, filed))
    state, accounts = simulation.adoptions, simulation.accounts
    everyone = np.arange(accounts.count)
    named_keys = [str(key) for key in keys("a", everyone, 6)]
    origins = {}
    for number, trend in enumerate(simulation.trends):
        rows = np.flatnonzero((state.trend == number) & (state.post != NOBODY))
        for row in rows[np.lexsort((state.post[rows], state.adopted_second[rows]))][:1].tolist():
            who, second = np.array([state.account[row]]), int(state.adopted_second[row])
            origins[trend.tag] = {
                "account_key": named_keys[who[0]],
                "platform": PLATFORMS[accounts.platform[who[0]]],
                "tier": tier_of(int(accounts.followers(who, second / DAY)[0])),
                "niche": simulation.niches[int(accounts.niches_on(who, second // DAY)[0])].name,
            }
    niches: dict[date, dict[str, str]] = {}
    # The month before the calendar has what it begins with.
    for day in (
        -1,
        *(day for day in range(planned.day_count) if day_of(day).month != day_of(day + 1).month),
        planned.day_count - 1,
    ):
        labels = [simulation.niches[number].name for number in accounts.niches_on(everyone, day).tolist()]
        niches[day_of(day).replace(day=1)] = dict(zip(named_keys, labels, strict=True))
    tables = TrendTables(*(exchanged[name] for name in EXCHANGED))
    return OriginTrial(tables, exchanged["int_platform_days"], origins, niches)
