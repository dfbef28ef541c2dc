"""One world of many months taken through the models and the analysis of decentralisation in memory. Judges nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from pipelines.analysis.contracts import NICHE_ASSIGNMENTS
from pipelines.analysis.decentralisation import DecentralisationParameters, measure_decentralisation
from pipelines.world.landing import landed_accounts, landed_coverage, landed_metrics, landed_posts
from pipelines.world.native.names import Names
from pipelines.world.observation import Collection
from pipelines.world.simulate import simulate_planned
from pipelines.world.true_concentration import TrueConcentration
from pipelines.world.warehouse import shared_warehouse
from pipelines.world.worlds import WORLDS, Size

MONTHS: Final = Size(
    day_count=244, account_count=600, trend_count=4, niche_count=6, daily_rate=0.3, insider_share=0.2, outsider_share=0.05,
    platform_count=1, reaction_rate=0.0,
)  # fmt: skip
"""Eight months of one platform: one before the panel, six in it, one after."""
EXCHANGED: Final = ("int_account_attention_months", "int_coverage_months")


@dataclass(frozen=True)
class AttentionTrial:
    """A world and what the pipeline says of how attention is spread in it.

    Attributes:
        exchanged: ``EXCHANGED``.
        derived: ``decentralisation_months`` and ``decentralisation_trends``.
        truth: Rows of :meth:`TrueConcentration.rows`.
    """

    exchanged: Mapping[str, pa.Table]
    derived: Mapping[str, pa.Table]
    truth: list[dict[str, Any]]


def run_attention_trial(
    world: str,
    seed: int,
    size: Size = MONTHS,
    *,
    has_growing_followers: bool = True,
    parameters: DecentralisationParameters | None = None,
) -> AttentionTrial:
    """Let a world happen, collect it, and measure how its posts and its attention are spread, without niches.

    Args:
        world: Name of a world.
        seed: Of all its draws.
        size: How large it is.
        has_growing_followers: Some accounts of every world gain followers, and so attention; without it nothing changes in a null world.
        parameters: Of the analysis; its defaults when None.

    Raises:
        KeyError: unknown world.
        RenderError: dbt cannot compile the models.
    """
    simulation = simulate_planned(WORLDS[world], "months", size, seed)
    if not has_growing_followers:
        simulation.accounts.daily_growth[:] = 0.0
    collection, truth = Collection(simulation), TrueConcentration(simulation.accounts, size.day_count)
    filed = []
    for day in simulation.days():
        truth.note(day)
        filed.append(collection.see(day))
    names = Names.of(seed, simulation.accounts, simulation.niches, simulation.trends, simulation.outlets)
    landed = landed_posts(names, filed, has_perennials=False) | landed_metrics(names, filed) | landed_coverage(names, filed)
    landed |= landed_accounts(names, simulation.world.observation, size.day_count)
    exchanged = shared_warehouse(EXCHANGED, ()).exchange(landed)
    attention, coverage = (exchanged[name] for name in EXCHANGED)
    derived = measure_decentralisation(attention, NICHE_ASSIGNMENTS.empty_table(), coverage, parameters)
    return AttentionTrial(exchanged, derived, truth.rows())
