"""Shares that an imperfect classifier saw, corrected for its errors, with intervals. Only estimation from counts; knows no table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, norm

METHOD_VERSION: Final = "rogan_gladen_2"
Floats = NDArray[np.float64]
_LEAST_YOUDEN: Final = 0.05
_ONE_SIDED: Final = 0.95
_MOST_CONCENTRATED: Final = 1e4


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How a classifier did on labelled posts.

    Attributes:
        true_positive_count: Positive posts that it called positive.
        false_negative_count: Positive posts that it missed.
        true_negative_count: Negative posts that it left alone.
        false_positive_count: Negative posts that it called positive.
    """

    true_positive_count: int
    false_negative_count: int
    true_negative_count: int
    false_positive_count: int

    @property
    def sensitivity(self) -> float:
        """Share of positive posts that it found (recall)."""
        return self.true_positive_count / (self.true_positive_count + self.false_negative_count)

    @property
    def specificity(self) -> float:
        """Share of negative posts that it left alone."""
        return self.true_negative_count / (self.true_negative_count + self.false_positive_count)

    @property
    def is_measured(self) -> bool:
        """Whether posts of both kinds were labelled."""
        return (
            self.true_positive_count + self.false_negative_count > 0 and self.true_negative_count + self.false_positive_count > 0
        )

    @property
    def is_usable(self) -> bool:
        """Whether it was measured and surely tells both kinds apart.

        Sensitivity and specificity sum to 1 by chance alone; the correction divides by what is above it. That must be 0.05 or more, and
        its lower limit (one-sided 95%, both shares drawn to one half by one post each way, Agresti and Caffo 2000) above 0.
        """
        if not self.is_measured:
            return False
        drawn, variance = -1.0, 0.0
        for right, wrong in (
            (self.true_positive_count, self.false_negative_count),
            (self.true_negative_count, self.false_positive_count),
        ):
            share = (right + 1) / (right + wrong + 2)
            drawn += share
            variance += share * (1 - share) / (right + wrong + 2)
        is_above_chance = drawn > float(norm.ppf(_ONE_SIDED)) * variance**0.5
        return is_above_chance and self.sensitivity + self.specificity - 1 >= _LEAST_YOUDEN


@dataclass(frozen=True, slots=True)
class Prevalence:
    """Corrected shares with their intervals and standard errors, each of the shape of the counts; NaN where there was nothing to see."""

    share: Floats
    low: Floats
    high: Floats
    standard_error: Floats

    @property
    def is_uninformative(self) -> NDArray[np.bool_]:
        """Where the interval covers everything, so that nothing is known of the share."""
        return np.asarray((self.low <= 0.0) & (self.high >= 1.0))


def design_effect(
    squares: Floats, products: Floats, size_squares: Floats, hits: Floats, sizes: Floats, clusters: Floats
) -> Floats:
    """By how much a share over clusters (the posts of an account) is less sure than over independent posts.

    Linearised variance of the ratio of sums over its binomial variance, not below 1 (Kish 1965).

    Args:
        squares: Sum over clusters of squared hits.
        products: Sum of hits times size.
        size_squares: Sum of squared sizes.
        hits: Sum of hits.
        sizes: Sum of sizes.
        clusters: How many clusters.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        share = hits / sizes
        spread = squares - 2 * share * products + share**2 * size_squares
        variance = np.maximum(spread, 0.0) / sizes**2 * clusters / np.maximum(clusters - 1, 1)
        effect = variance / (share * (1 - share) / sizes)
    return np.where(np.isfinite(effect), np.maximum(effect, 1.0), 1.0)


def corrected_share(seen: Floats, sizes: Floats, effects: Floats, accuracy: Accuracy, probability: float) -> Prevalence:
    """Correct a seen share by the classifier's errors.

    The estimate is that of Rogan and Gladen (1978), ``(p + specificity - 1) / (sensitivity + specificity - 1)``, cut to 0 and 1. The
    interval is that of Lang and Reiczigel (2014), which counts how few labelled posts the errors were measured on; the number of
    posts in it is divided by the design effect.

    Args:
        seen: Posts that the classifier called positive.
        sizes: Posts that it saw.
        effects: Design effects.
        accuracy: Of the classifier; usable.
        probability: Of the interval, such as 0.9.
    """
    z = float(norm.ppf(0.5 + probability / 2))
    positives = accuracy.true_positive_count + accuracy.false_negative_count
    negatives = accuracy.true_negative_count + accuracy.false_positive_count
    youden = accuracy.sensitivity + accuracy.specificity - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        apparent = np.where(sizes > 0, seen / sizes, np.nan)
        share = np.clip((apparent + accuracy.specificity - 1) / youden, 0.0, 1.0)
        effective = sizes / effects
        count = effective + z**2
        drawn = (effective * apparent + z**2 / 2) / count
        sensitivity = (positives * accuracy.sensitivity + 1) / (positives + 2)
        specificity = (negatives * accuracy.specificity + 1) / (negatives + 2)
        slope = sensitivity + specificity - 1
        centre = (drawn + specificity - 1) / slope
        of_positives = sensitivity * (1 - sensitivity) / positives
        of_negatives = specificity * (1 - specificity) / negatives
        shift = 2 * z**2 * (centre * of_positives - (1 - centre) * of_negatives)
        error = np.sqrt(drawn * (1 - drawn) / count + centre**2 * of_positives + (1 - centre) ** 2 * of_negatives) / slope
    low, high = np.clip(centre + shift - z * error, 0.0, 1.0), np.clip(centre + shift + z * error, 0.0, 1.0)
    return Prevalence(share, np.minimum(low, share), np.maximum(high, share), error)


def ratio_interval(share: Floats, variance: Floats, probability: float) -> tuple[Floats, Floats]:
    """Beta interval of a share whose variance is known: as many independent posts as would have it, with Jeffreys' half each way.

    Args:
        share: Between 0 and 1.
        variance: Of the share; zero counts as that of a great many posts.
        probability: Of the interval.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        count = np.clip(share * (1 - share) / variance, 1.0, 1e9)
    tail = (1 - probability) / 2
    low = beta.ppf(tail, share * count + 0.5, (1 - share) * count + 0.5)
    high = beta.ppf(1 - tail, share * count + 0.5, (1 - share) * count + 0.5)
    return np.minimum(low, share), np.maximum(high, share)


def beta_prior(hits: Floats, sizes: Floats) -> tuple[float, float]:
    """Prior of shares over cells by moments (domain B.3, no. 1): mean of the pool, concentration from the spread beyond chance.

    Args:
        hits: Of each cell.
        sizes: Of each cell; cells of size zero say nothing.

    Returns:
        Alpha and beta; complete pooling where the cells differ by no more than chance.
    """
    seen = sizes > 0
    k, n = hits[seen], sizes[seen]
    if not n.size:
        return 1.0, 1.0
    mean = float(np.clip(k.sum() / n.sum(), 1e-6, 1 - 1e-6))
    spread = float((n * (k / n - mean) ** 2).sum() / n.sum())
    noise = mean * (1 - mean) * float((n / n.sum() / n).sum())
    strength = _MOST_CONCENTRATED
    if spread > noise:
        strength = float(np.clip((mean * (1 - mean) - spread) / (spread - noise), 1.0, _MOST_CONCENTRATED))
    return mean * strength, (1 - mean) * strength
