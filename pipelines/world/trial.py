"""One world taken through the pipeline's models and analysis in memory: what would be published of it, and what is true. Judges nothing."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from pipelines.analysis.trend_rows import TrendTables, partitioned
from pipelines.analysis.trends import TrendParameters, analyse_trend_partitions
from pipelines.world.landed_texts import landed_texts
from pipelines.world.landing import Landed, landed_accounts, landed_items, landed_posts
from pipelines.world.native.files import Filed
from pipelines.world.native.names import Names
from pipelines.world.observation import Collection
from pipelines.world.simulate import Simulation, simulate
from pipelines.world.warehouse import EXCHANGED, shared_warehouse

PARTS: Final = ("world", "landing", "models", "analysis", "marts")


@dataclass(frozen=True, slots=True)
class TrueTrend:
    """What is true of a planted trend: who leads micro creators' large counterparts, and outlets."""

    large: str
    media: str


@dataclass(frozen=True)
class Trial:
    """A world and what the pipeline says of it.

    Attributes:
        world: Name of the world.
        seed: Of the world.
        size: Name of the size.
        published: The marts ``trends``, ``trend_adoptions``, ``trend_days``, ``ripple_effects``, ``origin_by_tier``, ``creators``.
        derived: What the analysis gave to dbt.
        state: What it keeps for the next night.
        exchanged: What dbt gave to the analysis.
        unit_types: Of the world's trends.
        truth: By key, of planted trends and of their other spellings.
        is_growing_when_early: Whether accounts that were early in a trend grow later, so that today's tier is not that of then.
        seconds: Processor time of each of ``PARTS``.
    """

    world: str
    seed: int
    size: str
    published: Mapping[str, pa.Table]
    derived: Mapping[str, pa.Table]
    state: Mapping[str, pa.Table]
    exchanged: Mapping[str, pa.Table]
    unit_types: tuple[str, ...]
    truth: Mapping[str, TrueTrend]
    is_growing_when_early: bool
    seconds: Mapping[str, float]


@dataclass
class _Stopwatch:
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measuring(self, part: str) -> Iterator[None]:
        begin = time.process_time()
        yield
        self.seconds[part] = time.process_time() - begin


def trend_key(unit_type: str, unit: str) -> str:
    """Key of a trend, as the models make it.

    Args:
        unit_type: Type of its unit.
        unit: The unit.
    """
    return hashlib.md5(f"{unit_type}|{unit}".encode(), usedforsecurity=False).hexdigest()


def names_of(simulation: Simulation) -> Names:
    """What things are called in a world."""
    return Names.of(simulation.seed, simulation.accounts, simulation.niches, simulation.trends, simulation.outlets)


def landed(simulation: Simulation, filed: Sequence[Filed]) -> Landed:
    """All that a world's collection hands over, as landed rows.

    Args:
        simulation: The world.
        filed: What the collection hands over, one a day.
    """
    names = names_of(simulation)
    posts = landed_posts(names, filed)
    accounts = landed_accounts(names, simulation.world.observation, simulation.size.day_count)
    return posts | accounts | landed_items(names, filed)


def run_trial(world: str, seed: int, size: str = "trial", parameters: TrendParameters | None = None) -> Trial:
    """Let a world happen, collect it, and take it through the models, the analysis and the marts.

    Args:
        world: Name of a world.
        seed: Of all its draws.
        size: Name of a size.
        parameters: Of the analysis; its defaults when None.

    Raises:
        ValueError: unknown world or size.
        RenderError: dbt cannot compile the models.
    """
    watch = _Stopwatch()
    with watch.measuring("world"):
        simulation = simulate(world, size, seed)
        collection = Collection(simulation)
        filed = [collection.see(day) for day in simulation.days()]
    with watch.measuring("landing"):
        rows, texts = landed(simulation, filed), landed_texts(names_of(simulation), filed)
    warehouse = shared_warehouse()
    with watch.measuring("models"):
        exchanged = warehouse.exchange(rows, texts)
    with watch.measuring("analysis"):
        analysis = analyse_trend_partitions(partitioned(TrendTables(*(exchanged[name] for name in EXCHANGED))), parameters)
    with watch.measuring("marts"):
        published = warehouse.marts(analysis.tables)
    truth = {
        trend_key(trend.unit_type, unit): TrueTrend(trend.direction, trend.media_direction)
        for trend in simulation.trends
        for unit in trend.units
    }
    return Trial(
        world,
        seed,
        size,
        published,
        analysis.tables,
        analysis.state,
        exchanged,
        simulation.world.trends.unit_types,
        truth,
        simulation.world.people.is_growing_when_early,
        watch.seconds,
    )
