"""Bursts, exogeneity and coordination: error rates on simulated series, and scores of whole worlds taken through the models; no night is run."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.analysis.burst_baselines import draw_quiet, expected_activity
from pipelines.analysis.burst_months import analyse_bursts, read_months
from pipelines.analysis.bursts import judge_bursts
from pipelines.analysis.contracts import NICHE_ASSIGNMENTS
from pipelines.analysis.increments import Partition
from pipelines.analysis.kleinberg import kleinberg_states
from pipelines.analysis.trend_rows import birth_months
from pipelines.analysis.trend_shapes import ShapePartition, ShapeTables, analyse_shapes
from pipelines.nightly.analyses import read_calendar
from pipelines.world.calibration_rows import upper_bound
from pipelines.world.drawn import NEVER, day_of, moment
from pipelines.world.landing import keys, landed_coverage
from pipelines.world.native.names import Names
from pipelines.world.observation import Collection
from pipelines.world.scoring.linked import Linked
from pipelines.world.scoring.metrics_bursts import MEASURES, class_rows, macro_f1
from pipelines.world.simulate import Simulation, simulate
from pipelines.world.trial import landed
from pipelines.world.warehouse import Warehouse, render

Floats = NDArray[np.float64]
_WEEK: Final = np.array([1.0, 0.95, 0.9, 0.95, 1.05, 1.25, 1.2])
_ENOUGH: Final = 2.0


@dataclass(frozen=True)
class Scenario:
    """Tags on one platform that grows by four fifths, with a week of its own and another for each tag.

    Attributes:
        k: Of the negative binomial daily counts.
        drift: Daily standard deviation of the log level's random walk.
        planted: Share of tags with a burst of 3 to 8 times the base over 4 to 14 days.
        has_outage: Two days without anything, and one with a fifth of it.
        units: Tags.
        days: Days.
    """

    k: float
    drift: float = 0.0
    planted: float = 0.2
    has_outage: bool = False
    units: int = 2_000
    days: int = 90


SCENARIOS: Final[dict[str, Scenario]] = {
    "k 20": Scenario(20.0),
    "k 5": Scenario(5.0),
    "k 2": Scenario(2.0),
    "k 5, drift 3%": Scenario(5.0, drift=0.03),
    "k 2, drift 3%": Scenario(2.0, drift=0.03),
    "k 5, outage": Scenario(5.0, has_outage=True),
    "k 5, nothing planted": Scenario(5.0, planted=0.0),
    "k 2, nothing planted": Scenario(2.0, planted=0.0),
}


@dataclass
class Tally:
    """Counts over seeds."""

    quiet: int = 0
    false: int = 0
    naive_false: int = 0
    small_p: int = 0
    planted: int = 0
    hits: int = 0
    planted_enough: int = 0
    hits_enough: int = 0
    placed: int = 0
    seconds: list[float] = field(default_factory=list)

    def line(self) -> str:
        """As printed."""
        bound = upper_bound(self.false, self.quiet)
        text = f"quiet tags called {self.false / self.quiet:.4f} (95% bound {bound:.4f}), Kleinberg {self.naive_false / self.quiet:.3f}, p < .05 {self.small_p / self.quiet:.3f}"
        if self.planted:
            text += f"; recall {self.hits / self.planted:.3f}, over 2 a day {self.hits_enough / self.planted_enough:.3f}, IoU >= .5 {self.placed / max(self.hits, 1):.3f}"
        return f"{text}; {np.mean(self.seconds):.1f} s"


def draw(scenario: Scenario, seed: int) -> tuple[Floats, Floats, Floats, Floats, dict[int, tuple[int, int]]]:
    """Counts, exposure, activity, levels and planted bursts by unit, of units with ten author-days."""
    rng = np.random.default_rng([seed, 20_260_907])
    day = np.arange(scenario.days)
    activity = 5_000.0 * _WEEK[day % 7] * np.exp(day / scenario.days * np.log(1.8))
    if scenario.has_outage:
        activity[[40, 41]] = 0.0
        activity[60] *= 0.2
    activity = np.round(activity)
    level = np.exp(rng.normal(np.log(3.0), 1.3, scenario.units)).clip(0.12, 300.0)
    exposure = expected_activity(np.ones((scenario.units, 1)), activity[None, :])
    own_week = np.exp(rng.normal(0.0, 0.1, (scenario.units, 7)))[:, day % 7]
    strength, spans = np.ones((scenario.units, scenario.days)), {}
    for unit in np.flatnonzero(rng.random(scenario.units) < scenario.planted).tolist():
        length = int(rng.integers(4, 15))
        first = int(rng.integers(14, scenario.days - length - 2))
        strength[unit, first : first + length] = rng.uniform(3.0, 8.0)
        spans[unit] = (first, first + length - 1)
    given = (np.full(scenario.units, value) for value in (1.0 / scenario.k, scenario.drift))
    counts = draw_quiet(rng, level, exposure * own_week * strength, *given)
    kept = np.flatnonzero(counts.sum(axis=1) >= 10)
    place = {unit: number for number, unit in enumerate(kept.tolist())}
    planted = {place[unit]: span for unit, span in spans.items() if unit in place}
    return counts[kept], exposure[kept], activity, level[kept], planted


def tally(scenario: Scenario, seed: int, into: Tally) -> None:
    """Judge one draw and count."""
    counts, exposure, activity, level, planted = draw(scenario, seed)
    begin = time.process_time()
    judged = judge_bursts(counts, exposure, np.arange(scenario.days) % 7)
    into.seconds.append(time.process_time() - begin)
    is_quiet = np.ones(level.size, dtype=bool)
    is_quiet[list(planted)] = False
    spans: dict[int, list[tuple[int, int]]] = {}
    for burst in judged.bursts:
        spans.setdefault(burst.unit, []).append((burst.first, burst.last))
    called = np.zeros(level.size, dtype=bool)
    called[list(spans)] = True
    naive = kleinberg_states(counts, activity).any(axis=1)
    into.quiet += int(is_quiet.sum())
    into.false += int((called & is_quiet).sum())
    into.naive_false += int((naive & is_quiet).sum())
    into.small_p += int((judged.p_value[is_quiet] < 0.05).sum())
    for unit, span in planted.items():
        best = max((_overlap(span, each) for each in spans.get(unit, [])), default=0.0)
        into.planted += 1
        into.hits += best > 0
        into.placed += best >= 0.5
        into.planted_enough += bool(level[unit] >= _ENOUGH)
        into.hits_enough += bool(level[unit] >= _ENOUGH and best > 0)


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> float:
    common = max(0, min(one[1], other[1]) - max(one[0], other[0]) + 1)
    return common / ((one[1] - one[0] + 1) + (other[1] - other[0] + 1) - common)


_EXCHANGED: Final = ("int_burst_days", "int_author_days", "int_platform_days", "int_trend_candidates", "int_trend_adoptions")
_PUBLISHED: Final = ("trends", "burst_units", "trend_bursts", "trend_shapes")


def true_niches(simulation: Simulation, months: Sequence[date]) -> pa.Table:
    """The planted niches in place of found ones, in every month: what shapes say of niches at best."""
    accounts = keys("a", np.arange(simulation.accounts.count), 6)
    rows = [
        {
            "month": month,
            "platform": "any",
            "account_key": str(key),
            "niche_id": str(niche),
            "method_version": "truth",
            "params_hash": "truth",
        }
        for month in months
        for key, niche in zip(accounts, simulation.accounts.niche.tolist(), strict=True)
    ]
    return pa.Table.from_pylist(rows, NICHE_ASSIGNMENTS)


def shape_partitions(candidates: pa.Table, adoptions: pa.Table) -> dict[str, ShapePartition]:
    """Whole exchange tables by month of birth."""
    months = birth_months(candidates)

    def partition(month: str) -> ShapePartition:
        born = candidates.filter(pa.array(months == month))
        inside = adoptions.filter(pc.is_in(adoptions["trend_key"], value_set=born["trend_key"].combine_chunks()))
        return Partition(month, lambda: ShapeTables(born, inside))

    return {month: partition(month) for month in sorted(set(months))}


def judged_world(warehouse: Warehouse, world: str, size: str, seed: int, *, has_niches: bool) -> Linked:
    """Take a world through models, analysis and marts, beside its truth."""
    simulation = simulate(world, size, seed)
    collection = Collection(simulation)
    filed = [collection.see(day) for day in simulation.days()]
    names = Names.of(simulation.seed, simulation.accounts, simulation.niches, simulation.trends, simulation.outlets)
    exchanged = warehouse.exchange(landed(simulation, filed) | landed_coverage(names, filed))
    bursts = analyse_bursts(
        read_months(exchanged["int_burst_days"]), exchanged["int_author_days"], exchanged["int_platform_days"]
    )
    candidates = exchanged["int_trend_candidates"]
    niches = (
        true_niches(simulation, [date(2026, month, 1) for month in range(5, 10)])
        if has_niches
        else NICHE_ASSIGNMENTS.empty_table()
    )
    shapes = analyse_shapes(
        shape_partitions(candidates, exchanged["int_trend_adoptions"]), niches, {}, bursts.tables["trend_bursts"], read_calendar(),
        pc.min(exchanged["int_author_days"]["event_day"]).as_py(),
    )  # fmt: skip
    published = warehouse.marts({**bursts.tables, **shapes.tables})
    return Linked(published, truth_of(simulation), lambda _platform, native_id: native_id, simulation.world)


def truth_of(simulation: Simulation) -> dict[str, pa.Table]:
    """What the scores of bursts read of truth."""
    adoptions, tags = simulation.adoptions, [trend.tag for trend in simulation.trends]
    taken = np.flatnonzero(adoptions.adopted_second < NEVER)
    begins = day_of(simulation.world.observation.starts_day)
    return {
        "trends": pa.Table.from_pylist([{"tag": trend.tag, "alias": trend.alias, "true_class": trend.true_class} for trend in simulation.trends]),
        "adoptions": pa.table({
            "tag": [tags[trend] for trend in adoptions.trend[taken].tolist()],
            "adopted_at": pa.array([moment(second) for second in adoptions.adopted_second[taken].tolist()], pa.timestamp("us", tz="UTC")),
        }),
        "niches": pa.Table.from_pylist([
            {"niche": niche.name, "tags": list(niche.tags), "born_on": day_of(niche.born_day)} for niche in simulation.niches
        ]),
        "posts_count": pa.table({"day": pa.array([begins], pa.date32())}),
    }  # fmt: skip


def report_series(seeds: Sequence[int]) -> None:
    """Print the error rates on simulated series."""
    for name, scenario in SCENARIOS.items():
        counted = Tally()
        for seed in seeds:
            tally(scenario, seed, counted)
        print(f"{name}, {len(seeds)} seeds: {counted.line()}", flush=True)


def report_worlds(names: Sequence[str], size: str, seeds: Sequence[int]) -> None:
    """Print the scores of worlds, with the planted niches and without any, and the classes over all seeds."""
    warehouse = Warehouse(render(), _EXCHANGED, _PUBLISHED)
    for name in names:
        for has_niches in (True, False):
            values: dict[str, list[tuple[float, int]]] = {}
            true: list[str] = []
            told: list[str] = []
            for seed in seeds:
                linked = judged_world(warehouse, name, size, seed, has_niches=has_niches)
                for key, measure in MEASURES.items():
                    if (found := measure(linked)).value is not None:
                        values.setdefault(key, []).append((found.value, found.unit_count))
                one, other, _ = class_rows(linked)
                true, told = true + one, told + other
                units = linked.one(
                    "select count(*) filter (where naive_is_bursting), count(*) filter (where is_bursting), count(*) from burst_units"
                )
                values.setdefault("tag-months bursting, Kleinberg", []).append((units[0] / units[2], units[2]))
                values.setdefault("tag-months bursting, ours", []).append((units[1] / units[2], units[2]))
            means = ", ".join(
                f"{key} {np.average([v for v, _ in found], weights=[n for _, n in found]):.3f} of {sum(n for _, n in found)}"
                for key, found in values.items()
            )
            print(
                f"{name} {size} seeds {seeds[0]}-{seeds[-1]}, {'planted' if has_niches else 'no'} niches: {means}; macro-F1 over all {macro_f1(true, told):.3f}",
                flush=True,
            )


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=0, help="seeds of each scenario of simulated series")
    parser.add_argument("--world", nargs="*", default=[], help="worlds to score")
    parser.add_argument("--size", default="small")
    parser.add_argument("--first", type=int, default=1, help="first seed of the worlds")
    parser.add_argument("--seeds", type=int, default=2, help="seeds of the worlds")
    chosen = parser.parse_args()
    if chosen.series:
        report_series(range(1, chosen.series + 1))
    if chosen.world:
        report_worlds(chosen.world, chosen.size, range(chosen.first, chosen.first + chosen.seeds))


if __name__ == "__main__":
    main()
