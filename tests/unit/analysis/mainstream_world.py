"""Invented reactions of outlets and creators in plain arrays, many trends at once: what the test against the baseline is judged on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.analysis.excess_lag import Excess, excess_lag

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PressWorld:
    """How creators and outlets take up a trend, hours.

    Attributes:
        shock_count: Shocks that tell the baseline.
        outlet_count: Outlets that a trend or shock may reach.
        creator_count: Micro creators that take a trend up.
        editorial_days: Median editorial delay of outlets, log-normal.
        editorial_spread: Standard deviation of its logarithm.
        lead_hours: By how much creators are exposed before outlets beyond the common cause.
        creator_wait_hours: Mean wait of a creator for its next post.
        adoption: Chance that a creator's post after its exposure uses the trend.
        outlet_wait_hours: Mean wait of an outlet for its next item.
        is_dated: Outlets' times are dates.
        outlet_loss: Share of items that nobody saw: an outlet's first seen item is a later one.
        trend_effect_days: Standard deviation of a delay that all outlets of one trend share, and of one shock.
    """

    shock_count: int = 8
    outlet_count: int = 8
    creator_count: int = 60
    editorial_days: float = 2.0
    editorial_spread: float = 0.5
    lead_hours: float = 0.0
    creator_wait_hours: float = 24.0
    adoption: float = 1.0
    outlet_wait_hours: float = 8.0
    is_dated: bool = False
    outlet_loss: float = 0.0
    trend_effect_days: float = 0.0

    def _outlets(self, rng: np.random.Generator, exposed: Floats) -> Floats:
        delay = self.editorial_days * 24 * np.exp(rng.normal(0, self.editorial_spread, exposed.size))
        shared = rng.normal(0, self.trend_effect_days * 24)
        items = rng.geometric(1 - self.outlet_loss, exposed.size)
        found = exposed + delay + shared + rng.gamma(items, self.outlet_wait_hours)
        return np.sort(np.floor(found / 24) * 24 + 12 if self.is_dated else found)

    def draw(self, rng: np.random.Generator) -> Excess:
        """One trend against its baseline; creators and outlets share the cause, a wave of three days."""
        reactions = [self._outlets(rng, rng.exponential(2.0, self.outlet_count)) for _ in range(self.shock_count)]
        exposed = rng.gamma(2.0, 36.0, self.creator_count)
        before, after = rng.exponential(self.creator_wait_hours, (2, self.creator_count))
        # Each post after the exposure uses the trend with a chance; the gap is that of the post that does.
        posts = rng.geometric(self.adoption, self.creator_count)
        used = exposed + after + rng.gamma(np.maximum(posts - 1, 1e-9), self.creator_wait_hours)
        last = np.where(posts == 1, exposed - before, used - rng.exponential(self.creator_wait_hours, self.creator_count))
        creators = np.sort((used + last) / 2)
        outlets = self._outlets(rng, self.lead_hours + rng.gamma(2.0, 36.0, self.outlet_count))
        return excess_lag(creators, outlets, reactions)

    def rejected(self, seed: int, count: int, level: float = 0.05) -> int:
        """Trends of ``count`` in which outlets are said to come later than they react."""
        rng = np.random.default_rng(seed)
        return sum(self.draw(rng).p_value < level for _ in range(count))
