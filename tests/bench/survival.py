"""How often intervals of survival hold the true share, and how often origin is said to matter where it does not, over seeds. Prints; asserts nothing.

``python -m tests.bench.survival intervals|log_rank --seeds 600``.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import logrank

from pipelines.analysis.adoption_survival import SurvivalParameters, Times, kaplan_meier, log_rank
from pipelines.world.calibration_rows import upper_bound
from tests.unit.analysis.survival_world import WINDOW_DAYS, SurvivalWorld, censored, independent_interval

_PARAMETERS: Final = SurvivalParameters()
DAYS: Final = (5, 15, 35)
_EVENTS: Final = (5, 10, 20, 40, 150)
_NAMES: Final = (1, 4, 8)
_MEANS: Final = (400.0, 40.0, 10.0)


def held(world: SurvivalWorld, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Whether each interval holds the truth: published and scipy's (log-log, Greenwood), by day."""
    times = world.draw(rng)
    curve = kaplan_meier(times.day, times.cause >= 0, WINDOW_DAYS, _PARAMETERS.interval_level, times.cluster)
    days, truth = np.array(DAYS), np.array([world.survival(day) for day in DAYS])
    low, high = (end[days] for end in independent_interval(times, WINDOW_DAYS))
    return np.array([(curve.low[days] <= truth) & (truth <= curve.high[days]), (low <= truth) & (truth <= high)])


def _naive_p(one: Times, other: Times) -> float:
    return float(logrank(censored(one.day, one.cause >= 0), censored(other.day, other.cause >= 0)).pvalue)


def print_intervals(count: int) -> None:
    """Shares of intervals that hold the truth, by setting and day."""
    print(
        f"95% intervals that hold the true share, of {count} worlds, on days {DAYS}: published | log-log with Greenwood's variance"
    )
    for events in _EVENTS:
        for names in _NAMES:
            for mean in _MEANS:
                world = SurvivalWorld(events, names, mean_days=mean)
                rng = np.random.default_rng(1)
                found = np.mean([held(world, rng) for _ in range(count)], axis=0)
                told = " | ".join(" ".join(f"{value:.3f}" for value in row) for row in found)
                print(f"{events:4} events, 1 to {names} names, mean {mean:3.0f} days: {told}", flush=True)


def print_log_rank(count: int) -> None:
    """Shares of worlds in which origin is said to matter: where it does not, and where one side is half as fast."""
    print(f"origin said to matter at p < .05, of {count} worlds: published | scipy's log-rank")
    for events in _EVENTS:
        for names in _NAMES:
            for mean in _MEANS[1:]:
                world = SurvivalWorld(events, names, mean_days=mean)
                rng = np.random.default_rng(2)
                rates = []
                for other in (world, replace(world, mean_days=2 * mean)):
                    drawn = [(world.draw(rng, "a"), other.draw(rng, "b")) for _ in range(count)]
                    own = sum(log_rank(*pair) < 0.05 for pair in drawn)
                    naive = sum(_naive_p(*pair) < 0.05 for pair in drawn)
                    rates.append((own, naive))
                (false, naively_false), (true, naively_true) = rates
                print(
                    f"{events:4} events each, 1 to {names} names, mean {mean:2.0f} days: null {false / count:.3f} "
                    f"(bound {upper_bound(false, count):.3f}) | {naively_false / count:.3f}; "
                    f"half as fast {true / count:.2f} | {naively_true / count:.2f}",
                    flush=True,
                )


def main() -> None:
    """Print one of the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["intervals", "log_rank"])
    parser.add_argument("--seeds", type=int, default=600)
    chosen = parser.parse_args()
    (print_intervals if chosen.what == "intervals" else print_log_rank)(chosen.seeds)


if __name__ == "__main__":
    main()
