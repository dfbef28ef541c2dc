"""Parameters of lineage, which overlaps, thresholds, matching and events share. No estimator."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LineageParameters:
    """Parameters of lineage.

    Attributes:
        lookback_windows: How many windows back a niche's last state may lie; unmatched in the last of them, it is dead.
        smallest_jaccard: Floor of the match threshold (Greene 2010 tries 0.1 to 0.5).
        null_quantile: Of a group's best Jaccard when memberships are shuffled; its match threshold is not below it.
        smallest_containment: Share of a niche that goes into one group in a merge, or of a group that comes out of one
            niche in a split.
        smallest_change: Relative change on the panel that growth or contraction exceeds.
        chance_level: Largest chance of as one-sided a turnover (growth, contraction) or as large an overlap (merge, split).
        smallest_common: Niches that go on, below which no change is taken to be common to all.
        smallest_panel: Accounts active in both windows that a niche (merge) or a group (split) needs to be judged by.
    """

    lookback_windows: int = 3
    smallest_jaccard: float = 0.15
    null_quantile: float = 0.99
    smallest_containment: float = 0.5
    smallest_change: float = 0.2
    chance_level: float = 0.01
    smallest_common: int = 4
    smallest_panel: int = 5
