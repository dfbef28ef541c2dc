"""What one event that shows in many trends does to a pooled claim: as published, with one trend of each event, and with each trend counted. Decides nothing.

Usage: ``python -m tests.bench.shared_adopters SEEDS [WORLD[:NAMES] ...]``. With NAMES each trend has so many names, which the same accounts use.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Final

import numpy as np
import pyarrow as pa

from pipelines.analysis import contracts
from pipelines.analysis.trend_pools import EVERY_PERIOD, Pooling, periods_of, pooled_findings
from pipelines.analysis.trend_references import ChanceEvidence
from pipelines.analysis.trend_rows import HASHTAG, TrendTables, cohorts_in, partitioned
from pipelines.analysis.trends import LEAD_CLASS, TrendParameters, analyse_trend_partitions
from pipelines.world.calibration_rows import LEAD_FIRST, TARGET_FIRST, upper_bound
from pipelines.world.trial import run_trial
from pipelines.world.warehouse import EXCHANGED
from tests.unit.analysis.exchange_world import under_names

WORLD: Final = "P6_full_realistic"
TARGETS: Final = ("large_creators", "mid_creators")
_PARAMETERS: Final = TrendParameters()


@dataclass(frozen=True)
class Pooled:
    """One pooled comparison, over one trend of each event and over all trends.

    Attributes:
        target: Class that follows.
        trend_count: Trends that were compared.
        event_count: Events that they are of.
        claims: What is claimed with one trend of each event, and with each trend counted.
    """

    target: str
    trend_count: int
    event_count: int
    claims: tuple[str, str]


def _claims_of_each_trend(state: Mapping[str, pa.Table]) -> dict[str, str]:
    """By target what would be claimed if trends were of an event each; p of a post is found from one trend of each event all the same."""
    compared = state["trend_comparisons"]
    pooling = Pooling(
        periods_of(cohorts_in(compared)),
        _PARAMETERS.claims,
        _PARAMETERS.kernel,
        _PARAMETERS.timeline,
        _PARAMETERS.origin,
        "",
        {key: key for key in compared["trend_key"].to_pylist()},
    )
    evidence = ChanceEvidence(state["trend_chances"], state["trend_adoptions"])
    always = [(LEAD_CLASS, target) for target in TARGETS]
    rows = pooled_findings(compared, always, pooling, evidence, contracts.STATE_FINDINGS.empty_table()).to_pylist()
    return {
        row["target_class"]: row["claim"]
        for row in rows
        if (row["unit_type"], row["period"], row["lead_class"]) == (HASHTAG, EVERY_PERIOD, LEAD_CLASS)
    }


def pooled(world: str, names: int, seed: int) -> list[Pooled]:
    """Take one trial world through the models and pool its hashtags both ways.

    Args:
        world: Name of a world.
        names: Of each trend.
        seed: Of the world's draws.
    """
    trial = run_trial(world, seed)
    derived, state = trial.derived, trial.state
    if names > 1:
        tables = under_names(TrendTables(*(trial.exchanged[name] for name in EXCHANGED)), names)
        analysis = analyse_trend_partitions(partitioned(tables))
        derived, state = analysis.tables, analysis.state
    of_each, found = _claims_of_each_trend(state), []
    for row in derived["precedence_findings"].to_pylist():
        is_wanted = (row["unit_type"], row["period"], row["lead_class"]) == (HASHTAG, EVERY_PERIOD, LEAD_CLASS)
        if is_wanted and row["target_class"] in TARGETS:
            claims = (row["claim"], of_each[row["target_class"]])
            found.append(Pooled(row["target_class"], row["trend_count"], row["event_count"], claims))
    return found


def main(seeds: int, worlds: list[str]) -> None:
    """Print what is claimed, both ways.

    Args:
        seeds: Of each world.
        worlds: Names of worlds of hashtags, each with a number of names of its trends after a colon, or without.
    """
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for world in worlds:
            name, _, count = world.partition(":")
            found = [each for one in pool.map(partial(pooled, name, int(count or 1)), range(1, seeds + 1)) for each in one]
            for target in TARGETS:
                own = [each for each in found if each.target == target]
                trends, events = (np.mean([getattr(each, name) for each in own]) for name in ("trend_count", "event_count"))
                print(f"{world}, before {target}: {len(own)} seeds, {trends:.1f} trends of {events:.1f} events")
                for place, way in enumerate(("one trend of each event, as published", "each trend counted")):
                    lead, other = (sum(each.claims[place] == side for each in own) for side in (LEAD_FIRST, TARGET_FIRST))
                    print(
                        f"  {way}: micro creators first in {lead}, the others in {other} (bound {upper_bound(other, len(own)):.3f})"
                    )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:] or [WORLD])
