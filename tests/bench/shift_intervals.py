"""How often the interval of a pooled shift holds the planted one: whole worlds through the models. Prints; asserts nothing. No claims: those are calibrated.

Usage: ``python -m tests.bench.shift_intervals SEEDS``.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Final

import numpy as np

from pipelines.world.trial import run_trial

PLANTED_HOURS: Final = {"P1_micro_first": 72.0, "P3_micro_first_weak": 12.0, "W1_rate_confounded": 0.0, "W15_several_posts": 0.0}
_FIRST_SEED: Final = 301
"""Beyond those of the calibration."""
Found = tuple[str, str, float, float, float]


def intervals(world: str, seed: int) -> list[Found]:
    """World, target class, shift and ends of its interval, hours, over all trends of a trial.

    Args:
        world: Name of a world.
        seed: Of all its draws.
    """
    rows = run_trial(world, seed).derived["precedence_findings"].to_pylist()
    return [
        (world, row["target_class"], row["shift_hours"], row["shift_low_hours"], row["shift_high_hours"])
        for row in rows
        if row["period"] == "all" and row["shift_hours"] is not None
    ]


def main(seed_count: int) -> None:
    """Print coverage, bias and width by world and target class.

    Args:
        seed_count: Worlds of each.
    """
    tasks = [(world, _FIRST_SEED + step) for world in PLANTED_HOURS for step in range(seed_count)]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        rows = [row for found in pool.map(intervals, *zip(*tasks, strict=True)) for row in found]
    for world, target in sorted({row[:2] for row in rows}):
        shift, low, high = np.array([row[2:] for row in rows if row[:2] == (world, target)]).T
        planted = PLANTED_HOURS[world]
        held = ((low <= planted) & (planted <= high)).mean()
        print(
            f"{world}, micro before {target}: planted {planted:.0f} h, found {shift.mean():.1f} h on average (sd {shift.std(ddof=1):.1f}); "
            f"90% intervals hold it in {held:.3f} of {shift.size} worlds, {(high - low).mean():.1f} h wide; "
            f"wholly above it {(low > planted).mean():.2f}, below {(high < planted).mean():.2f}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
