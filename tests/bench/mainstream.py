"""How often planted trends reach a level of evidence, right and wrong, and what a naive lead would claim, over seeds. Prints; asserts nothing.

``python -m tests.bench.mainstream --seeds 20 --shocks 0.35 W3_editorial W7_media_first``; ``--lag-hours 192`` plants outlets that much later;
``--placebos`` sets outlets that have nothing to do with the creators beside them, each kind in turn.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import replace

from pipelines.world.calibration_rows import upper_bound
from pipelines.world.mainstream_trial import LevelCounts, collected_world, judged_world, level_counts, pooled_claim, with_shocks
from pipelines.world.placebos import PLACEBOS, Placebo
from pipelines.world.worlds import WORLDS, World


def world_of(name: str, shocks: float, editorial_days: float | None, lag_hours: float | None) -> World:
    """A named world, with shocks among its trends and another delay of its outlets where they are asked for."""
    world = WORLDS[name]
    if lag_hours is not None:
        world = replace(world, trends=replace(world.trends, media_lag_hours=lag_hours))
    return with_shocks(world, shocks, editorial_days) if shocks else world


def main() -> None:
    """Print one line a world."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("worlds", nargs="+", choices=sorted(WORLDS))
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--shocks", type=float, default=0.0, help="share of shocks among the trends")
    parser.add_argument("--editorial-days", type=float, default=None)
    parser.add_argument("--lag-hours", type=float, default=None)
    parser.add_argument("--placebos", action="store_true", help="set placebo outlets beside the world's own")
    given = parser.parse_args()
    placebos: dict[str, Placebo] = {"own outlets": lambda _, rows: rows} | (PLACEBOS if given.placebos else {})
    for name in given.worlds:
        world = world_of(name, given.shocks, given.editorial_days, given.lag_hours)
        counts = dict.fromkeys(placebos, LevelCounts())
        pooled = {placebo: Counter[str]() for placebo in placebos}
        for seed in range(given.first_seed, given.first_seed + given.seeds):
            simulation, rows = collected_world(world, seed)
            for placebo, changed in placebos.items():
                trial = judged_world(simulation, changed(simulation, rows))
                counts[placebo] = counts[placebo].plus(level_counts(trial))
                pooled[placebo][pooled_claim(trial)] += 1
        for placebo, found in counts.items():
            print(line(f"{name}, {placebo}", found, given.seeds), f"pooled lead {dict(pooled[placebo])}", sep="; ", flush=True)


def line(name: str, counts: LevelCounts, seeds: int) -> str:
    """As printed: counts of trends and worlds, with the upper bounds of the shares at level 2 or more."""
    trends = upper_bound(counts.high_count, counts.trend_count) if counts.trend_count else 1.0
    return (
        f"{name}: {seeds} seeds, {counts.trend_count} trends with a dated item and no gate; level >= 1 {counts.level_one_count}, >= 2"
        f" {counts.high_count} (upper 95% bound of trends {trends:.3f}; in {counts.world_count} worlds, bound {upper_bound(counts.world_count, seeds):.3f}),"
        f" of these {counts.credited_count} by credit, {counts.wrong_count} where outlets follow nobody; lag beyond the baseline at p < .05"
        f" {counts.excess_rejected_count} of {counts.excess_tested_count} tested; naive lead {counts.naive_count}"
    )


if __name__ == "__main__":
    main()
