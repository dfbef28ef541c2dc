"""Worlds of trends with a known hazard of being taken up: what is known of each by any day, and when it was taken up. No estimator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.analysis.adoption_hazards import COVARIATES, AtRisk

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
LANDMARK: Final = 14.0
_PLATFORMS: Final = 5
_NOBODY_YET: Final = 1e-9


@dataclass(frozen=True)
class HazardWorld:
    """What a world is drawn from.

    Attributes:
        trend_count: Trends, seen from their birth.
        niche_count: Niches of origin.
        week_count: Weeks of birth.
        niche_frailty: Spread of the log hazard between niches, whatever is known of their trends.
        week_frailty: Between weeks of birth: news that all trends of a week share.
        beta: Log hazard ratio per unit of each of ``COVARIATES`` as of the landmark, from the landmark on.
        hazard: A day, of a trend like any other.
        push: By how much a trend's adopters come faster once it was taken up.
        shared: Of the variance of what is known of trends, the share that is between niches and between weeks, half and half.
        virality_known_share: Of trends, whose structural virality is known.
    """

    trend_count: int = 250
    niche_count: int = 12
    week_count: int = 26
    niche_frailty: float = 0.0
    week_frailty: float = 0.0
    beta: tuple[float, ...] = (0.0,) * 6
    hazard: float = 0.012
    push: float = 1.0
    shared: float = 0.5
    virality_known_share: float = 0.9


@dataclass(frozen=True)
class Drawn:
    """One world.

    Attributes:
        taken: Day of being taken up, since the birth; infinite where never.
        end: Day on which observation ends.
        landmark: Covariates as of the landmark. Shape (trends, covariates).
        at_adoption: As of the day on which the trend was taken up or observation ended.
        at_end: As of the day on which observation ended.
        platform: Main platform.
        niche: Of origin.
        week: Of birth.
    """

    taken: Floats
    end: Floats
    landmark: Floats
    at_adoption: Floats
    at_end: Floats
    platform: Integers
    niche: Integers
    week: Integers


def draw(world: HazardWorld, seed: int) -> Drawn:
    """Draw a world. Whatever is known of a trend varies between niches and weeks, as the hazard does, and neither makes the other."""
    rng = np.random.default_rng([seed, world.trend_count])
    count = world.trend_count
    niche, week = rng.integers(0, world.niche_count, count), rng.integers(0, world.week_count, count)
    platform = rng.integers(0, _PLATFORMS, count)

    def varied() -> Floats:
        shared = rng.normal(size=world.niche_count)[niche] + rng.normal(size=world.week_count)[week]
        return np.asarray(np.sqrt(world.shared / 2) * shared + np.sqrt(1 - world.shared) * rng.normal(size=count))

    rate = 4 * np.exp(0.6 * varied())
    insiders = 1 / (1 + np.exp(1.0 - 0.8 * varied()))
    in_niche = 1 / (1 + np.exp(-0.7 - 0.9 * varied()))
    on_platform = 1 / (1 + np.exp(-1.5 - 0.9 * varied()))
    virality = np.where(rng.random(count) < world.virality_known_share, 3 + 0.8 * varied(), np.nan)
    shares = [
        _shares(in_niche, niche, world.niche_count),
        _shares(on_platform, platform, _PLATFORMS),
        np.column_stack([insiders, 1 - insiders]),
    ]
    frailty = (
        world.niche_frailty * rng.normal(size=world.niche_count)[niche]
        + world.week_frailty * rng.normal(size=world.week_count)[week]
    )
    base = world.hazard * np.exp(frailty + 0.3 * platform - 0.6)
    end = np.where(rng.random(count) < 0.3, rng.uniform(10, 60, count), 60.0)

    counts = _more(rng, [np.zeros_like(each, dtype=np.int64) for each in shares], shares, rate * LANDMARK)
    landmark = _covariates(counts, virality)
    early = rng.exponential(1 / base)
    # Of a covariate that is not known the hazard hangs on its mean.
    known = np.where(np.isfinite(landmark), landmark, 3.0) - np.nanmean(landmark, axis=0)
    late = LANDMARK + rng.exponential(1 / (base * np.exp(known @ np.array(world.beta))))
    taken = np.where(early <= LANDMARK, early, late)
    taken = np.where(taken <= end, taken, np.inf)

    stop = np.minimum(taken, end)
    # What is taken up before the landmark is looked at then by none but the naive: its adopters by then are a part of those by the landmark.
    part = np.minimum(stop / LANDMARK, 1.0)
    thinned = [rng.binomial(each, part[:, None]) for each in counts]
    at_adoption = _more(rng, thinned, shares, rate * np.maximum(stop - LANDMARK, 0))
    at_end = _more(rng, at_adoption, shares, rate * (1 + world.push) * np.where(np.isfinite(taken), end - stop, 0))
    return Drawn(taken, end, landmark, _covariates(at_adoption, virality), _covariates(at_end, virality), platform, niche, week)


def _shares(main: Floats, place: Integers, count: int) -> Floats:
    """Most of a trend's adopters are at one place, and as many at every other one."""
    found = np.repeat((1 - main)[:, None] / (count - 1), count, axis=1)
    found[np.arange(main.size), place] = main
    return found


def _more(rng: np.random.Generator, counts: list[Integers], shares: list[Floats], expected: Floats) -> list[Integers]:
    new = rng.poisson(expected)
    return [before + rng.multinomial(new, share) for before, share in zip(counts, shares, strict=True)]


def _covariates(counts: list[Integers], virality: Floats) -> Floats:
    niches, platforms, insiders = counts
    total = niches.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        columns = {
            "adopter_count": np.maximum(total, 1).astype(np.float64),
            "insider_share": insiders[:, 0] / total,
            "niche_diversity": _diversity(niches, 10),
            "platform_count": _richness(platforms, 20),
            "niche_count": _richness(niches, 10),
            "structural_virality": virality,
        }
        return np.column_stack([np.array([each.scaled(value) for value in columns[each.name]]) for each in COVARIATES])


def _richness(counts: Integers, size: int) -> Floats:
    """Places expected among so many adopters, drawn without replacement (Hurlbert 1971); NaN where there are fewer."""
    total = counts.sum(axis=1, keepdims=True).astype(np.float64)
    left = np.maximum(total - counts - np.arange(size)[:, None, None], 0) / np.maximum(total - np.arange(size)[:, None, None], 1)
    return np.where(total[:, 0] >= size, (1 - left.prod(axis=0)).sum(axis=1), np.nan)


def _diversity(counts: Integers, size: int) -> Floats:
    """Inverse of the sum of squared shares that is expected among so many; NaN where there are fewer."""
    total = counts.sum(axis=1)
    alike = (counts * (counts - 1.0)).sum(axis=1) / np.maximum(total * (total - 1.0), 1)
    return np.where(total >= size, 1 / (1 / size + (1 - 1 / size) * alike), np.nan)


def at_risk(drawn: Drawn) -> AtRisk:
    """Trends that were not taken up on their landmark day, with what was known of them then."""
    stop = np.minimum(drawn.taken, drawn.end)
    kept = (stop > LANDMARK) & (drawn.landmark[:, 0] >= np.log2(20))
    return _followed(drawn, drawn.landmark, stop - LANDMARK, kept)


def naive(drawn: Drawn, covariates: Floats) -> AtRisk:
    """All trends from their birth, with what was known of them in the end: what must not be done."""
    stop = np.minimum(drawn.taken, drawn.end)
    return _followed(drawn, covariates, np.maximum(stop, _NOBODY_YET), stop > 0)


def _followed(drawn: Drawn, covariates: Floats, time: Floats, kept: NDArray[np.bool_]) -> AtRisk:
    event = np.isfinite(drawn.taken)
    return AtRisk(time[kept], event[kept], covariates[kept], drawn.platform[kept], drawn.niche[kept], drawn.week[kept])
