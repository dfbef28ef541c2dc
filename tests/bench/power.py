"""Power in the 20% mixture with as many trends as its target is stated for: whole worlds through the models and marts. No error rates: those are calibrated, and so is the power in thirty trends.

Usage: ``python -m tests.bench.power SEEDS``.
"""

from __future__ import annotations

import sys
from typing import Final

import numpy as np

from pipelines.world.claims import claims_metric
from pipelines.world.harness import Result, find_results
from pipelines.world.scoring.intervals import clopper_pearson

WORLD: Final = "P2_micro_first_mixture"
SIZES: Final = ("sixty", "sixty_dense")
_TARGETS: Final = ("large_creators", "mid_creators")
_ESTIMATORS: Final = ("published", "both_tests", "kernel", "naive_lead_sign")


def claimed(results: list[Result], target: str, estimator: str) -> str:
    """Share of worlds in which a lead is claimed, with its interval, and of those in which the other side is.

    Args:
        results: Of one size.
        target: Class that follows.
        estimator: Whose claim.
    """
    found = np.array([result.claims[claims_metric(target)][estimator] for result in results])
    low, high = clopper_pearson(int((found > 0).sum()), found.size)
    return f"{(found > 0).mean():.2f} ({low:.2f} to {high:.2f}), the other side {(found < 0).mean():.2f}"


def main(seed_count: int) -> None:
    """Print the power of each size.

    Args:
        seed_count: Worlds of each.
    """
    for size in SIZES:
        results = find_results(seed_count, names=[WORLD], size=size)
        print(f"{WORLD}, {size}: {seed_count} worlds")
        for target in _TARGETS:
            for estimator in _ESTIMATORS:
                print(f"  before {target}, {estimator}: {claimed(results, target, estimator)}")
        detected = [result.figures["trend_power"]["published"] for result in results]
        false = [result.figures["trend_false_discovery"]["published"] for result in results]
        print(
            f"  trend by trend: {np.nanmean(detected):.2f} of the led ones found, {np.nanmean(false):.3f} of what is found false"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 36)
