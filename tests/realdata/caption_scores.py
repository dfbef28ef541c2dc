"""How well flags and scores agree with labels of captions that were drawn by lot, with intervals. Reads no text and no file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from tests.unit.analysis.caption_worlds import average_precision

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
_PROBABILITY: Final = 0.95
_DRAW_COUNT: Final = 1000
_LEAST_DRAWS: Final = 100


@dataclass(frozen=True)
class Share:
    """A share with its 95% interval; NaN where it is of nothing."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return "   -" if np.isnan(self.value) else f"{self.value:.2f} [{self.low:.2f}-{self.high:.2f}]"


def wilson(hits: float, size: float) -> Share:
    """Interval of Wilson (1927) of ``hits`` of ``size``; both may be effective counts and so broken."""
    if size <= 0:
        return Share(np.nan, np.nan, np.nan)
    z = float(norm.ppf(0.5 + _PROBABILITY / 2))
    share = hits / size
    centre = (share + z**2 / (2 * size)) / (1 + z**2 / size)
    reach = z / (1 + z**2 / size) * np.sqrt(share * (1 - share) / size + z**2 / (4 * size**2))
    return Share(share, max(centre - reach, 0.0), min(centre + reach, 1.0))


def weighted_share(hits: Flags, among: Flags, weights: Floats) -> Share:
    """Share of the weight of ``among`` that is of ``hits``, as sure as Kish's (1965) effective number of captions makes it."""
    kept = weights[among]
    if not kept.size:
        return wilson(0, 0)
    effective = float(kept.sum() ** 2 / (kept**2).sum())
    return wilson(float(weights[hits & among].sum() / kept.sum()) * effective, effective)


@dataclass(frozen=True)
class Agreement:
    """Flags against labels.

    Attributes:
        counts: True positive, false negative, true negative and false positive captions, unweighted.
        precision: Of the flagged, those that are positive.
        recall: Of the positive, those that are flagged (sensitivity).
        f1: Their harmonic mean, with the interval of the share of hits among all that are flagged or positive: it grows with it.
        false_alarms: Of the negative, those that are flagged (1 - specificity).
        accuracy: Captions flagged rightly.
    """

    counts: tuple[int, int, int, int]
    precision: Share
    recall: Share
    f1: Share
    false_alarms: Share
    accuracy: Share


def agreement(is_positive: Flags, is_flagged: Flags, weights: Floats) -> Agreement:
    """Compare flags with labels.

    Args:
        is_positive: By the labels.
        is_flagged: By rules or a baseline.
        weights: Inverse probabilities of having been drawn; ones: none.
    """
    cells = (is_positive & is_flagged, is_positive & ~is_flagged, ~is_positive & ~is_flagged, ~is_positive & is_flagged)
    overlap = weighted_share(is_positive & is_flagged, is_positive | is_flagged, weights)
    hits, misses, clean, false = (int(cell.sum()) for cell in cells)
    return Agreement(
        (hits, misses, clean, false),
        weighted_share(is_positive, is_flagged, weights),
        weighted_share(is_flagged, is_positive, weights),
        # F1 is 2j / (1 + j) of the overlap j = hits / (hits + misses + false alarms).
        Share(*(2 * bound / (1 + bound) for bound in (overlap.value, overlap.low, overlap.high))),
        weighted_share(is_flagged, ~is_positive, weights),
        weighted_share(is_positive == is_flagged, np.ones_like(is_positive), weights),
    )


def weighted_average_precision(is_positive: Flags, scores: Floats, weights: Floats) -> float:
    """Step-wise area under the precision-recall curve, each caption as many as it stands for; ties come in together."""
    if (weights == weights[0]).all():
        return average_precision(is_positive, scores)
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    found = np.cumsum(weights[order] * is_positive[order])[ends]
    called = np.cumsum(weights[order])[ends]
    steps = np.diff(np.concatenate([[0.0], found])) / found[-1]
    return float((steps * found / called).sum())


def precision_interval(is_positive: Flags, scores: Floats, weights: Floats, cells: NDArray[np.int64]) -> Share:
    """Average precision with the percentiles of a bootstrap that draws within each cell, as the captions were drawn."""
    rng = np.random.default_rng(1)
    members = [np.flatnonzero(cells == cell) for cell in np.unique(cells)]
    draws = []
    for _ in range(_DRAW_COUNT):
        drawn = np.concatenate([rng.choice(own, own.size) for own in members])
        if is_positive[drawn].any():
            draws.append(weighted_average_precision(is_positive[drawn], scores[drawn], weights[drawn]))
    if len(draws) < _LEAST_DRAWS:
        return wilson(0, 0)
    low, high = np.quantile(draws, [(1 - _PROBABILITY) / 2, (1 + _PROBABILITY) / 2])
    return Share(weighted_average_precision(is_positive, scores, weights), float(low), float(high))
