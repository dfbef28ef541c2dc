"""How strong a window is by chance: gains of simulated series without bursts, and p-values from their fitted tail. No tags, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.analysis.burst_baselines import Baseline, Curves, draw_quiet, with_cycle
from pipelines.analysis.burst_parameters import BurstParameters
from pipelines.analysis.burst_scan import scan_windows

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]
_PLACES: Final = 9
_CHUNK_DRAWS: Final = 2_000
_TINY: Final = 1e-9


@dataclass(frozen=True)
class Null:
    """Gains of series without a burst, by estimated level.

    Attributes:
        places: Mean log level of each bin, ascending.
        gains: Sorted gains, bins by draws.
        starts: Gain from which the tail of a bin is fitted.
        scales: Scale of the generalised Pareto tail, by bin.
        shape: Its shape, one for all bins.
        tail_share: Share of draws in the tail.
    """

    places: Floats
    gains: Floats
    starts: Floats
    scales: Floats
    shape: float
    tail_share: float

    @classmethod
    def simulated(
        cls,
        baseline: Baseline,
        curves: Curves,
        exposure: Floats,
        weekdays: Counts,
        is_judged: Flags,
        parameters: BurstParameters,
        rng: np.random.Generator,
    ) -> Null:
        """Draw series like the units' but without bursts, and take them through the same steps (parametric bootstrap).

        Weekly cycles and levels are estimated anew in each, so that what they cost is in the p-values; what is drawn with too few authors is
        left out, as it is among the units.
        """
        unit_count = baseline.level.size
        gains, levels = [], []
        order = np.argsort(np.round(baseline.level, _PLACES), kind="stable")
        for first in range(0, parameters.null_draws if unit_count else 0, _CHUNK_DRAWS):
            count = min(_CHUNK_DRAWS, parameters.null_draws - first)
            rows = order[np.minimum((rng.random(count) * unit_count).astype(np.int64), unit_count - 1)]
            level = np.maximum(baseline.level[rows] * np.exp(rng.normal(0.0, 0.15, count)), parameters.smallest_level)
            drawn = draw_quiet(rng, level, baseline.exposure[rows], baseline.dispersion[rows], baseline.drift[rows])
            kept = drawn.sum(axis=1) >= parameters.smallest_author_days
            drawn, shape = drawn[kept], exposure[rows][kept]
            cycled = with_cycle(drawn, shape, weekdays, parameters)
            again = curves.baseline(drawn, cycled, parameters)
            gains.append(scan_windows(drawn, again, is_judged, parameters).gain)
            levels.append(again.level)
        return cls._fitted(
            np.concatenate(gains) if gains else np.empty(0), np.concatenate(levels) if levels else np.empty(0), parameters
        )

    @classmethod
    def _fitted(cls, gains: Floats, levels: Floats, parameters: BurstParameters) -> Null:
        size = max(gains.size // parameters.null_bins, 1)
        bins = max(gains.size // size, 0)
        order = np.lexsort((gains, np.round(levels, _PLACES)))[: bins * size].reshape(bins, size)
        places = np.log(levels[order]).mean(axis=1)
        ranked = np.sort(gains[order], axis=1)
        tail = max(int(parameters.tail_share * size), 2)
        starts = ranked[:, -tail - 1] if size > tail else ranked[:, 0]
        over = ranked[:, -tail:] - starts[:, None]
        # Probability-weighted moments (Hosking and Wallis 1987), the shape pooled: of one bin it is too uncertain to go far out by.
        mean = over.mean(axis=1)
        weighted = (over * (tail - np.arange(1, tail + 1) + 0.35) / tail).mean(axis=1)
        ratio = mean.sum() / max(weighted.sum(), _TINY) if bins else 2.0
        shape = float(np.clip(2.0 - ratio / max(ratio - 2.0, _TINY), 0.0, 0.3)) if ratio > 2.0 else 0.3
        scales = np.maximum(mean * (1.0 - shape), _TINY)
        if bins > 2:
            padded = np.pad(scales, 1, mode="edge")
            scales = (padded[:-2] + padded[1:-1] + padded[2:]) / 3
        return cls(places, ranked, starts, scales, shape, tail / size)

    def p_values(self, gain: Floats, level: Floats) -> Floats:
        """Chance of a gain at least so large without a burst, at an estimated level: log p interpolated between the bins of the null."""
        if not self.places.size:
            return np.ones(gain.size)
        table = np.empty((self.places.size, gain.size))
        for place in range(self.places.size):
            ranked = self.gains[place]
            body = (ranked.size - np.searchsorted(ranked, gain, side="left") + 1) / (ranked.size + 1)
            over = np.maximum(gain - self.starts[place], 0.0) / self.scales[place]
            tail = -np.log1p(self.shape * over) / self.shape if self.shape > 1e-6 else -over
            is_tail = gain > self.starts[place]
            table[place] = np.where(is_tail, np.log(self.tail_share) + tail, np.log(np.maximum(body, self.tail_share)))
        at = np.clip(np.log(np.maximum(level, _TINY)), self.places[0], self.places[-1])
        upper = (
            np.clip(np.searchsorted(self.places, at), 1, max(self.places.size - 1, 1))
            if self.places.size > 1
            else np.zeros(at.size, int)
        )
        lower = np.maximum(upper - 1, 0)
        width = np.maximum(self.places[upper] - self.places[lower], _TINY)
        share = np.clip((at - self.places[lower]) / width, 0.0, 1.0)
        columns = np.arange(gain.size)
        return np.asarray(np.exp((1 - share) * table[lower, columns] + share * table[upper, columns]))
