"""One world taken through the models and the analysis of mainstream adoption in memory, and how often it is right. Judges no calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa

from pipelines.analysis.increments import Partition
from pipelines.analysis.mainstream import MainstreamParameters, analyse_mainstream
from pipelines.analysis.mainstream_rows import Beside, MainstreamTables
from pipelines.analysis.trend_events import events_of_any_type
from pipelines.analysis.trend_rows import HASHTAG, TrendTables, partitioned
from pipelines.analysis.trends import analyse_trend_partitions
from pipelines.world.drawn import FIRST_DAY
from pipelines.world.landing import Landed, keys
from pipelines.world.observation import Collection
from pipelines.world.simulate import Simulation, simulate_planned
from pipelines.world.trial import landed
from pipelines.world.warehouse import shared_warehouse
from pipelines.world.worlds import SIZES, WORLDS, Size, World

EXCHANGED: Final = (
    "int_trend_candidates", "int_trend_adoptions", "int_trend_timelines", "int_mainstream_matches", "int_mainstream_credits", "int_linked_accounts",
)  # fmt: skip
SHOCK_SHARE: Final = 0.35
"""Of trends, in worlds that get shocks so that a baseline is known."""


@dataclass(frozen=True)
class MainstreamTrial:
    """A world and what the pipeline says of its outlets.

    Attributes:
        exchanged: ``EXCHANGED``.
        derived: The tables of :func:`analyse_trends` and :func:`analyse_mainstream`.
        truth: By tag, of planted trends and their other spellings: class, and who is first against outlets.
    """

    exchanged: Mapping[str, pa.Table]
    derived: Mapping[str, pa.Table]
    truth: Mapping[str, tuple[str, str]]


def with_shocks(world: World, share: float = SHOCK_SHARE, editorial_days: float | None = None) -> World:
    """The same world with a share of shocks among its trends, so that outlets' reaction time is known in it.

    Args:
        world: Any world.
        share: Of shocks.
        editorial_days: Median delay of outlets; the world's own when None.
    """
    rest = tuple((name, part * (1 - share)) for name, part in world.trends.shares)
    delay = world.trends.editorial_days if editorial_days is None else editorial_days
    return replace(world, trends=replace(world.trends, shares=(*rest, ("shock", share)), editorial_days=delay))


def _true_insiders(simulation: Simulation) -> Beside:
    """Every account as an insider of its own niche in every month: niches are not found in a trial."""
    accounts = simulation.accounts
    names = keys("a", np.arange(accounts.count), 6).tolist()
    rows = pa.table({"account_key": names, "niche_id": [simulation.niches[niche].name for niche in accounts.niche.tolist()]})
    months = {date(FIRST_DAY.year, month, 1) for month in range(1, 13)}
    return Beside(dict.fromkeys(months, rows), {})


def collected_world(world: World | str, seed: int, size: Size | str = "trial") -> tuple[Simulation, Landed]:
    """Let a world happen and collect it.

    Args:
        world: A world or the name of one.
        seed: Of all its draws.
        size: How large it is.

    Raises:
        KeyError: unknown world or size.
    """
    planned = WORLDS[world] if isinstance(world, str) else world
    how_large = SIZES[size] if isinstance(size, str) else size
    simulation = simulate_planned(planned, size if isinstance(size, str) else "own", how_large, seed)
    collection = Collection(simulation)
    return simulation, landed(simulation, [collection.see(day) for day in simulation.days()])


def run_mainstream_trial(
    world: World | str, seed: int, size: Size | str = "trial", *, parameters: MainstreamParameters | None = None
) -> MainstreamTrial:
    """Let a world happen, collect it, match its items and judge its trends; arguments as in :func:`collected_world` and :func:`judged_world`.

    Raises:
        KeyError: unknown world or size.
        RenderError: dbt cannot compile the models.
    """
    return judged_world(*collected_world(world, seed, size), parameters)


def judged_world(simulation: Simulation, rows: Landed, parameters: MainstreamParameters | None = None) -> MainstreamTrial:
    """Match the items of a collected world and judge its trends.

    Args:
        simulation: The world.
        rows: What was collected of it; a placebo may have changed that.
        parameters: Of the analysis; its defaults when None.

    Raises:
        RenderError: dbt cannot compile the models.
    """
    exchanged = shared_warehouse(EXCHANGED, ()).exchange(rows)
    found = analyse_trend_partitions(partitioned(TrendTables(*(exchanged[name] for name in EXCHANGED[:3]))))
    tables = MainstreamTables(
        exchanged["int_trend_candidates"],
        exchanged["int_trend_adoptions"],
        exchanged["int_mainstream_matches"],
        exchanged["int_mainstream_credits"],
    )
    derived = analyse_mainstream(
        {"all": Partition("all", lambda: tables)},
        found.tables["trend_precedence"],
        _true_insiders(simulation),
        exchanged["int_linked_accounts"],
        events_of_any_type(found.state["trends"]),
        parameters,
    )
    truth = {
        spelled: (trend.true_class, trend.media_direction)
        for trend in simulation.trends
        for spelled in (trend.tag, trend.alias)
        if spelled
    }
    return MainstreamTrial(exchanged, {**found.tables, **derived.tables}, truth)


@dataclass(frozen=True)
class LevelCounts:
    """Planted trends of one trial or several, against media.

    Attributes:
        trend_count: Not held by a gate and with a dated item.
        high_count: At level 2 or more.
        wrong_count: Of these, those in which outlets did not follow creators.
        credited_count: At level 3.
        true_count: In which outlets follow creators.
        naive_count: In which the naive lead is positive.
        excess_rejected_count: With an excess over the baseline at p < .05, of those tested.
        excess_tested_count: Tested.
        level_one_count: At level 1 or more.
        world_count: Worlds with a trend at level 2 or more.
    """

    trend_count: int = 0
    high_count: int = 0
    wrong_count: int = 0
    credited_count: int = 0
    true_count: int = 0
    naive_count: int = 0
    excess_rejected_count: int = 0
    excess_tested_count: int = 0
    level_one_count: int = 0
    world_count: int = 0

    def plus(self, other: LevelCounts) -> LevelCounts:
        """Both together."""
        names = LevelCounts.__dataclass_fields__
        return LevelCounts(**{name: getattr(self, name) + getattr(other, name) for name in names})


def level_counts(trial: MainstreamTrial, targets: Sequence[str] = ("media",)) -> LevelCounts:
    """Count what a trial says of its planted trends.

    Args:
        trial: The trial.
        targets: Target classes.
    """
    labels = dict(
        zip(*(trial.exchanged["int_trend_candidates"][name].to_pylist() for name in ("trend_key", "label")), strict=True)
    )
    counts = LevelCounts()
    high_any = 0
    for row in trial.derived["mainstream_adoptions"].to_pylist():
        truth = trial.truth.get(labels[row["trend_key"]])
        if truth is None or row["evidence_level"] is None or row["target_class"] not in targets:
            continue
        follows = truth[1] == "lead_first"
        is_high = row["evidence_level"] >= 2
        high_any |= is_high
        counts = counts.plus(
            LevelCounts(
                1, int(is_high), int(is_high and not follows), int(row["evidence_level"] == 3), int(follows), int(bool(row["is_naive_claim"])),
                int((row["excess_p_value"] or 1.0) < 0.05), int(row["excess_p_value"] is not None), int(row["evidence_level"] >= 1),
            )
        )  # fmt: skip
    return counts.plus(LevelCounts(world_count=int(high_any)))


def pooled_claim(trial: MainstreamTrial) -> str:
    """What the pooled finding says of micro creators against media over all hashtags, which is published beside the levels."""
    rows = trial.derived["precedence_findings"].to_pylist()
    return next(
        (
            str(row["claim"])
            for row in rows
            if (row["unit_type"], row["lead_class"], row["target_class"], row["period"]) == (HASHTAG, "micro", "media", "all")
        ),
        "none",
    )
