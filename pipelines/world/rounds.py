"""How many seeds of which worlds: rounds in which settled worlds stop, and what looking several times costs. Runs no world, counts no claim."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from scipy.stats import binom

from pipelines.world.calibration_rows import DEFAULT_LIMIT, FAILED, upper_bound
from pipelines.world.worlds import WORLDS

ROUNDS: Final = (36, 60, 120, 200)
"""Seeds of a world after each round: of 36 no false claim is within the limit, of 60 one, of 120 four, of 200 ten."""
QUICK_SEED_COUNT: Final = 6
SAME_AS_EXCHANGEABLE: Final[Mapping[str, str]] = {
    "P4_migration": "a trial has one platform, so nobody can move",
    "P5_homogenising": "the words of niches are in texts and niche tags, of which a trial publishes nothing",
    "W13_stable_niches": "a trial publishes no niches, and in W0_exchangeable they are stable too",
}
"""Worlds that are not repeated, and why: for the tables that a trial publishes they are the world W0_exchangeable again."""
CALIBRATED: Final = tuple(name for name in WORLDS if name not in SAME_AS_EXCHANGEABLE)


class CalibrationError(RuntimeError):
    """Worlds could not be repeated as planned."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long worlds are repeated.

    Attributes:
        rounds: Seeds of a world, counted from the first, after each round; rising. After each a world whose gating bounds are all
            within their limits stops, as one without gating rows does.
        within_seconds: No seed begins later than this after the beginning; None: all that the rounds want are run.
    """

    rounds: tuple[int, ...] = ROUNDS
    within_seconds: float | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for rounds that do not rise from at least one seed."""
        if not self.rounds or self.rounds[0] < 1 or any(later <= one for one, later in pairwise(self.rounds)):
            raise ValueError(f"rounds must rise from 1 seed at least, not {self.rounds}")


def unsettled(rows: Iterable[Mapping[str, Any]]) -> set[str]:
    """Worlds with a gating claim whose bound is over its limit, of judged rows: those that go on to the next round."""
    return {row["world"] for row in rows if row["status"] == FAILED}


def seeds_by_world(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Seeds that each world was run with: some metrics say nothing of some seeds, so the most that any row of the world has."""
    found: dict[str, int] = {}
    for row in rows:
        found[row["world"]] = max(row["seed_count"], found.get(row["world"], 0))
    return found


def is_done(rows: Sequence[Mapping[str, Any]], rounds: Sequence[int]) -> bool:
    """Whether judged rows are all that these rounds would find: each world settled after one of them, or run to the end of the last.

    Of a world in which nothing gates, any number of seeds is enough: no bound hangs on it.
    """
    gating, going_on = {row["world"] for row in rows if row["is_gating"]}, unsettled(rows)
    seeds = {world: count for world, count in seeds_by_world(rows).items() if world in gating}
    return bool(seeds) and all(count >= (rounds[-1] if world in going_on else rounds[0]) for world, count in seeds.items())


def of_most_seeds(one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of two calibrations of one method, of each world the rows that come from more seeds; those of ``one`` where both have as many."""
    ours, theirs = seeds_by_world(one), seeds_by_world(other)
    kept = [row for row in one if ours[row["world"]] >= theirs.get(row["world"], 0)]
    return kept + [row for row in other if theirs[row["world"]] > ours.get(row["world"], 0)]


def passing_probability(rate: float, rounds: Sequence[int] = ROUNDS, limit: float = DEFAULT_LIMIT) -> float:
    """Chance that a direction which is falsely claimed at a rate is within the limit after one of the rounds.

    With one round and ``rate`` at the limit this is at most 5%, the level of the bound; each further look adds to it. Exact: the
    distribution of the count is carried from round to round, without the counts that have passed.

    Args:
        rate: True rate of false claims.
        rounds: Seeds after each round.
        limit: Of the upper bound.
    """
    passed, going_on, before = 0.0, np.ones(1), 0
    for seeds in rounds:
        added = seeds - before
        going_on = np.convolve(going_on, binom.pmf(np.arange(added + 1), added, rate))
        is_within = np.array([upper_bound(count, seeds) <= limit for count in range(seeds + 1)])
        passed += float(going_on[is_within].sum())
        going_on, before = np.where(is_within, 0.0, going_on), seeds
    return passed
