"""What one event that shows in many trends does to a pooled claim: tags that share most adopters counted each, and counted once. Decides nothing.

Usage: ``python -m tests.bench.shared_adopters SEEDS [WORLD ...]``.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from pipelines.analysis.increments import coded
from pipelines.analysis.timeline import TimelineParameters, pooled_shift
from pipelines.analysis.trend_pools import ClaimRule
from pipelines.analysis.trend_references import ChanceEvidence
from pipelines.analysis.trend_rows import TrendTables, cohorts_in, partitioned
from pipelines.analysis.trends import LEAD_CLASS, analyse_trend_partitions
from pipelines.world.calibration_rows import upper_bound
from pipelines.world.landed_texts import landed_texts
from pipelines.world.observation import Collection
from pipelines.world.simulate import simulate
from pipelines.world.trial import landed, names_of
from pipelines.world.warehouse import EXCHANGED, shared_warehouse

WORLD: Final = "P6_full_realistic"
TARGETS: Final = ("large_creators", "mid_creators")
_LEAST_SHARED: Final = 0.5
_PARAMETERS: Final = TimelineParameters()
_RULE: Final = ClaimRule()


def events(adoptions: pa.Table, least: float = _LEAST_SHARED) -> dict[str, int]:
    """Number trends so that those which share adopters, directly or by way of others, have one number.

    Args:
        adoptions: ``int_trend_adoptions``.
        least: Adopters of both over adopters of either (Jaccard 1912) from which two trends are of one event.
    """
    keys, trend = coded(adoptions["trend_key"])
    accounts, account = coded(adoptions["account_key"])
    uses = csr_matrix((np.ones(trend.size), (trend, account)), shape=(len(keys), len(accounts)))
    uses.data[:] = 1.0
    both = (uses @ uses.T).toarray()
    either = both.diagonal()[:, None] + both.diagonal()[None, :] - both
    return dict(zip(keys, connected_components(both >= least * either, directed=False)[1].tolist(), strict=True))


@dataclass(frozen=True)
class Pooled:
    """One pooled comparison, over all trends and over one trend of each event.

    Attributes:
        target: Class that follows.
        trend_count: Trends that were compared.
        event_count: Events that they are of.
        hours: Shift over all, and over one of each.
        p_values: Of these, as a claim asks for them.
    """

    target: str
    trend_count: int
    event_count: int
    hours: tuple[float, float]
    p_values: tuple[float, float]

    def sides(self) -> tuple[int, int]:
        """What the shift alone would claim, over all and over one of each: 1, -1, or 0 for nothing."""
        one, other = (
            int(np.sign(hours)) if p_value <= _RULE.level else 0 for hours, p_value in zip(self.hours, self.p_values, strict=True)
        )
        return one, other


def _shift(compared: pa.Table, evidence: ChanceEvidence, target: str) -> tuple[float, float]:
    profiles, slopes = (
        np.array(compared[name].to_pylist(), dtype=np.float64).reshape(compared.num_rows, *shape)
        for name, shape in (("shift_profile", (-1,)), ("shift_slopes", (2, -1)))
    )
    samples, others = evidence.samples(compared["trend_key"].to_pylist(), cohorts_in(compared), (LEAD_CLASS, target))
    found = pooled_shift(profiles, slopes, samples, _PARAMETERS, others)
    return found.hours, _RULE.shift_p_value_of(found.p_value, found.chance_p_value)


def _one_of_each(compared: pa.Table, event: NDArray[np.int64]) -> pa.Table:
    """Of each event the trend with most adopters of the smaller side."""
    order = np.lexsort((-np.asarray(compared["target_adopter_count"].to_numpy()), event))
    first = np.append(True, np.diff(event[order]) != 0)
    return compared.take(pa.array(np.sort(order[first])))


def pooled(world: str, seed: int) -> list[Pooled]:
    """Take one trial world through the models and pool its trends both ways.

    Args:
        world: Name of a world.
        seed: Of its draws.
    """
    simulation = simulate(world, "trial", seed)
    collection = Collection(simulation)
    filed = [collection.see(day) for day in simulation.days()]
    exchanged = shared_warehouse().exchange(landed(simulation, filed), landed_texts(names_of(simulation), filed))
    tables = TrendTables(*(exchanged[name] for name in EXCHANGED))
    state = analyse_trend_partitions(partitioned(tables)).state
    numbered, evidence = events(tables.adoptions), ChanceEvidence(state["trend_chances"], state["trend_adoptions"])
    every, found = state["trend_comparisons"], []
    for target in TARGETS:
        wanted = pc.and_(pc.equal(every["target_class"], target), pc.equal(every["lead_class"], LEAD_CLASS))
        compared = every.filter(pc.and_(wanted, pc.is_valid(every["shift_profile"])))
        event = np.array([numbered[key] for key in compared["trend_key"].to_pylist()], dtype=np.int64)
        if np.unique(event).size >= _RULE.smallest_trend_count:
            told = [_shift(rows, evidence, target) for rows in (compared, _one_of_each(compared, event))]
            (hours, p_value), (once_hours, once_p_value) = told
            found.append(Pooled(target, event.size, np.unique(event).size, (hours, once_hours), (p_value, once_p_value)))
    return found


def main(seeds: int, worlds: list[str]) -> None:
    """Print what the shift alone would claim, both ways.

    Args:
        seeds: Of each world.
        worlds: Names of worlds of hashtags.
    """
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for world in worlds:
            found = [each for one in pool.map(partial(pooled, world), range(1, seeds + 1)) for each in one]
            for target in TARGETS:
                own = [each for each in found if each.target == target]
                sides = np.array([each.sides() for each in own])
                trends, events_seen = (np.mean([getattr(each, name) for each in own]) for name in ("trend_count", "event_count"))
                print(f"{world}, before {target}: {len(own)} seeds, {trends:.1f} trends of {events_seen:.1f} events")
                for way, column in (("each trend", 0), ("one trend of each event", 1)):
                    lead, other = int((sides[:, column] > 0).sum()), int((sides[:, column] < 0).sum())
                    print(
                        f"  {way}: the shift alone claims the lead in {lead}, the other side in {other} (bound {upper_bound(other, len(own)):.3f})"
                    )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:] or [WORLD])
