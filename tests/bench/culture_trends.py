"""How often a direction of culture is told in worlds that grow alike and in worlds that stay, over seeds. Prints; asserts nothing.

``python -m tests.bench.culture_trends --seeds 40 W13_stable_niches P5_homogenising``
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import replace
from typing import Any

from pipelines.analysis.culture_trends import culture_trends
from pipelines.analysis.niches import discover_niches
from pipelines.world.attention_trial import MONTHS
from pipelines.world.landing import landed_accounts, landed_posts
from pipelines.world.native.names import Names
from pipelines.world.observation import Collection
from pipelines.world.scoring.intervals import clopper_pearson
from pipelines.world.simulate import simulate_planned
from pipelines.world.warehouse import Warehouse, render
from pipelines.world.worlds import WORLDS

EXCHANGED = ("int_account_tag_months", "int_interaction_months")
# Six whole months, and the first days of a seventh, in which too little is said for niches.
SIZE = replace(MONTHS, day_count=184)


def told(warehouse: Warehouse, world: str, seed: int) -> list[dict[str, Any]]:
    """Trends of culture of one world, over all its months."""
    simulation = simulate_planned(WORLDS[world], "months", SIZE, seed)
    collection = Collection(simulation)
    filed = [collection.see(day) for day in simulation.days()]
    names = Names.of(seed, simulation.accounts, simulation.niches, simulation.trends, simulation.outlets)
    landed = landed_posts(names, filed) | landed_accounts(names, simulation.world.observation, SIZE.day_count)
    exchanged = warehouse.exchange(landed)
    windows = discover_niches(*(exchanged[name] for name in EXCHANGED))["culture_windows"]
    return [row for row in culture_trends(windows).to_pylist() if row["period"] == "all"]


def main() -> None:
    """Run the worlds and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("worlds", nargs="+")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=1)
    options = parser.parse_args()
    warehouse = Warehouse(render(), EXCHANGED, ())
    for world in options.worlds:
        said: Counter[tuple[str, str]] = Counter()
        for seed in range(options.first, options.first + options.seeds):
            rows = told(warehouse, world, seed)
            said.update((row["measure"], row["direction"]) for row in rows)
            said.update({("culture", row["culture_direction"]) for row in rows})
        for (measure, direction), count in sorted(said.items()):
            low, high = clopper_pearson(count, options.seeds)
            print(f"{world} {measure:<22} {direction:<14} {count:>3} of {options.seeds}, 95% {low:.3f}..{high:.3f}", flush=True)


if __name__ == "__main__":
    main()
