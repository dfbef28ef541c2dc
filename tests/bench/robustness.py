"""Where the two estimators of precedence hold and where they break: worlds of arrays with one thing wrong at a time. No tables, no files.

Usage: ``python -m tests.bench.robustness [SEEDS]``; 200 seeds take about ten minutes of one core.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.analysis.post_times import PostTimes, Timelines
from pipelines.analysis.precedence import Adopters, KernelParameters, pooled_precedence, trend_precedence
from pipelines.analysis.rates import fit_gamma_prior, posterior_mean_rates
from pipelines.analysis.timeline import (
    ChanceSample,
    TimelineParameters,
    adoption_profile,
    best_adoption,
    pooled_shift,
    shift_profile,
    waits,
)
from pipelines.analysis.trend_pools import ClaimRule, claim_of

Floats = NDArray[np.float64]
_WINDOW_HOURS: Final = 600.0
_BEFORE_HOURS: Final = 720.0
_LEVEL: Final = 0.05
_RULE: Final = ClaimRule(_LEVEL)
# The permutations of a single trend are no part of what is pooled.
_KERNEL: Final = KernelParameters(permutation_count=19)
_TIMELINE: Final = TimelineParameters()


@dataclass(frozen=True)
class Plan:
    """A world of arrays: exposure by Gamma(2, 36 h), log-normal rates, each post after exposure uses the trend with a chance.

    Attributes:
        name: As printed.
        trend_count: Trends.
        lead_count: Lead adopters of each.
        target_count: Target adopters.
        lead_hours: How much earlier the lead group is exposed.
        led_every: It is in one trend of so many; in the others both are exposed alike.
        rate_ratio: Rates of the target group over those of the lead group, by which they are counted before the birth.
        lead_chance: Chance of use of the lead group.
        target_chance: Of the target group.
        lead_change: What the lead group's rate is multiplied by once the trend is born.
        target_change: The same for the target group.
        is_reversed: Time runs backwards: the last use comes first.
        is_permuted: Labels are dealt again within the trend.
    """

    name: str
    trend_count: int = 24
    lead_count: int = 60
    target_count: int = 20
    lead_hours: float = 0.0
    led_every: int = 1
    rate_ratio: float = 1.0
    lead_chance: float = 0.6
    target_chance: float = 0.6
    lead_change: float = 1.0
    target_change: float = 1.0
    is_reversed: bool = False
    is_permuted: bool = False


NULL: Final = Plan("nothing")
LED: Final = Plan("lead 24 h earlier", lead_hours=24.0)
MIXED: Final = Plan("a fifth of the trends 96 h earlier", lead_hours=96.0, led_every=5)
LARGE_MIX: Final = replace(MIXED, name="the same, 60 trends of 120 and 25", trend_count=60, lead_count=120, target_count=25)
PLANS: Final = (
    NULL,
    replace(NULL, name="target posts 4 times as often", rate_ratio=4.0),
    LED,
    replace(LED, name="the same, time reversed", is_reversed=True),
    replace(LED, name="the same, labels permuted", is_permuted=True),
    replace(NULL, name="p .6 lead, .3 target", target_chance=0.3),
    replace(NULL, name="p .3 lead, .6 target", lead_chance=0.3),
    replace(NULL, name="p .6 and .2, target 4 times as often", target_chance=0.2, rate_ratio=4.0),
    replace(NULL, name="target's rate doubles at the birth", target_change=2.0),
    replace(NULL, name="lead's rate doubles at the birth", lead_change=2.0),
    replace(NULL, name="both rates double", lead_change=2.0, target_change=2.0),
    replace(NULL, name="target's rate halves at the birth", target_change=0.5),
    MIXED,
    LARGE_MIX,
    replace(LARGE_MIX, name="the same, p 1, target 4 times as often", rate_ratio=4.0, lead_chance=1.0, target_chance=1.0),
    replace(NULL, name="target's rate doubles, p .3", target_change=2.0, lead_chance=0.3, target_chance=0.3),
)


@dataclass(frozen=True)
class Group:
    """Adopters of one group in one trend: hours since birth."""

    account: NDArray[np.uint64]
    posts: tuple[Floats, ...]
    adopted: Floats
    previous: Floats
    prior_posts: Floats

    def take(self, rows: NDArray[np.int64]) -> Group:
        """Those members."""
        columns = (self.adopted[rows], self.previous[rows], self.prior_posts[rows])
        return Group(self.account[rows], tuple(self.posts[row] for row in rows.tolist()), *columns)


def joined(one: Group, other: Group) -> Group:
    """Both groups in one."""
    pairs = [(getattr(one, name), getattr(other, name)) for name in ("account", "adopted", "previous", "prior_posts")]
    account, adopted, previous, prior = (np.concatenate(pair) for pair in pairs)
    return Group(account, one.posts + other.posts, adopted, previous, prior)


def _drawn(
    rng: np.random.Generator, count: int, first: int, rate: float, change: float, chance: float, lead_hours: float, spread: float
) -> Group:
    """One group of one trend; accounts are numbered on from ``first``, a third of them drawn from a common pool, so that they recur."""
    kept: list[tuple[int, Floats, float, float, float]] = []
    while len(kept) < count:
        daily = rate * float(rng.lognormal(0.0, 0.6))
        before = np.sort(rng.uniform(-_BEFORE_HOURS, 0.0, rng.poisson(daily * _BEFORE_HOURS / 24)))
        after = np.sort(rng.uniform(0.0, _WINDOW_HOURS, rng.poisson(daily * change * _WINDOW_HOURS / 24)))
        exposed = rng.gamma(2.0, spread) + 48.0 - lead_hours
        later = after[after > exposed]
        used = np.flatnonzero(rng.random(later.size) < chance)
        if not used.size:
            continue
        adopted = float(later[used[0]])
        earlier = np.concatenate([before, after[after < adopted]])
        if not earlier.size:
            continue
        account = int(rng.integers(first, first + 2 * count))
        kept.append((account, after, adopted, float(earlier[-1]), float(before.size)))
    accounts = np.array([row[0] for row in kept], dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15 >> 8)
    numbers = (np.array([row[place] for row in kept]) for place in (2, 3, 4))
    return Group(accounts, tuple(row[1] for row in kept), *numbers)


def _reversed(group: Group) -> Group:
    """Time backwards: who used the trend last is now first, and the post after it the one before."""
    following = [each[each > at] for each, at in zip(group.posts, group.adopted.tolist(), strict=True)]
    previous = np.array([_WINDOW_HOURS - each[0] if each.size else -24.0 for each in following])
    return replace(
        group,
        posts=tuple(np.sort(_WINDOW_HOURS - each) for each in group.posts),
        adopted=_WINDOW_HOURS - group.adopted,
        previous=previous,
    )


def drawn(plan: Plan, seed: int) -> list[tuple[Group, Group]]:
    """The trends of a world, lead and target group each.

    Args:
        plan: The world.
        seed: Of its draws.
    """
    rng = np.random.default_rng([seed, 77])
    trends = []
    for number in range(plan.trend_count):
        # Spread out, so that the first trends, of which p is found, are as the others are.
        lead_hours = 0.0 if number % plan.led_every else plan.lead_hours
        lead = _drawn(rng, plan.lead_count, 1, 1.0, plan.lead_change, plan.lead_chance, lead_hours, 36.0)
        target = _drawn(rng, plan.target_count, 10_000, plan.rate_ratio, plan.target_change, plan.target_chance, 0.0, 36.0)
        if plan.is_permuted:
            both = joined(lead, target)
            order = rng.permutation(both.adopted.size)
            lead, target = both.take(order[: plan.lead_count]), both.take(order[plan.lead_count :])
        trends.append((_reversed(lead), _reversed(target)) if plan.is_reversed else (lead, target))
    return trends


@dataclass(frozen=True)
class Outcome:
    """What both estimators say of one world; positive: the lead group is earlier."""

    probability: float
    kernel_p: float
    hours: float
    timeline_p: float
    claim: str


def judged(trends: Sequence[tuple[Group, Group]]) -> Outcome:
    """Both estimators as the nightly pools them: shrunken rates, p for each group from twelve trends.

    Args:
        trends: From :func:`drawn`.
    """
    days = _BEFORE_HOURS / 24
    priors = []
    for side in (0, 1):
        counts = np.concatenate([trend[side].prior_posts for trend in trends])
        priors.append(fit_gamma_prior(counts, np.full(counts.size, days)))
    thetas, decidable, accounts = [], [], []
    sides = []
    for number, trend in enumerate(trends):
        found = [
            Adopters(
                group.account,
                group.previous,
                group.adopted,
                np.log(posterior_mean_rates(group.prior_posts, np.full(group.prior_posts.size, days), prior)),
            )
            for group, prior in zip(trend, priors, strict=True)
        ]
        kernel = trend_precedence(found[0], found[1], _KERNEL, number)
        if np.isfinite(kernel.theta) and kernel.decidable > 0:
            thetas.append(kernel.theta)
            decidable.append(kernel.decidable)
            accounts.append(kernel.account_thetas)
        lines = [Timelines(PostTimes.of(group.posts), group.adopted) for group in trend]
        last = max(float(side.adopted_hours.max()) for side in lines)
        sides.append((waits(lines[0], last, _TIMELINE), waits(lines[1], last, _TIMELINE)))
    pooled = pooled_precedence(np.array(thetas), np.array(decidable), np.array(accounts), _KERNEL)
    sample = sides[: _TIMELINE.adoption_trend_cap]
    told = np.array([adoption_profile(*pair, _TIMELINE) for pair in sample])
    chances = best_adoption(told.sum(axis=0), _TIMELINE)
    profiles = [shift_profile(*pair, *chances, _TIMELINE) for pair in sides]
    shift = pooled_shift(
        np.array([each.values for each in profiles]),
        np.array([each.slopes for each in profiles]),
        [ChanceSample(np.arange(len(sides)), np.arange(len(sample)), told)],
        _TIMELINE,
    )
    claim = claim_of(pooled, shift, len(thetas), _RULE)
    return Outcome(pooled.probability, pooled.p_value, shift.hours, shift.p_value, claim)


def outcomes(plan: Plan, seeds: Sequence[int]) -> list[Outcome]:
    """What is found in worlds of one plan."""
    return [judged(drawn(plan, seed)) for seed in seeds]


def line(plan: Plan, found: Sequence[Outcome]) -> str:
    """As printed: shares of worlds in which each estimator and the claim say lead first / target first."""

    def shares(firsts: list[int]) -> str:
        return f"{np.mean([each > 0 for each in firsts]):.2f} / {np.mean([each < 0 for each in firsts]):.2f}"

    kernel = [(each.kernel_p <= _LEVEL) * (1 if each.probability > 0.5 else -1) for each in found]
    timeline = [(each.timeline_p <= _LEVEL) * (1 if each.hours > 0 else -1) for each in found]
    claim = [{"lead_first": 1, "target_first": -1}.get(each.claim, 0) for each in found]
    means = f"P {np.mean([each.probability for each in found]):.2f}  {np.mean([each.hours for each in found]):+6.1f} h"
    return f"{plan.name:38s} {len(found):3d} seeds  {means}  kernel {shares(kernel)}  timeline {shares(timeline)}  claim {shares(claim)}"


def main(seed_count: int) -> None:
    """Print all plans."""
    for plan in PLANS:
        print(line(plan, outcomes(plan, range(1, seed_count + 1))), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
