"""How posts and attention are truly spread over the accounts of a world, month by month. Sees every post; knows no estimator of the pipeline."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.world.drawn import PLATFORMS, REPOST, Accounts, Day, day_of

RESOURCES: Final = ("posts", "engagement")
Floats = NDArray[np.float64]


class TrueConcentration:
    """Sums of what accounts published and got, while the days pass.

    Attributes:
        months: First days of the calendar's months.
        totals: Events of each account, resource x month x account.
        squares: Sum over its posts of their events squared, in the same shape.
    """

    def __init__(self, accounts: Accounts, day_count: int) -> None:
        self._platform = accounts.platform
        self.months = sorted({day_of(day).replace(day=1) for day in range(day_count)})
        self.totals: Floats = np.zeros((len(RESOURCES), len(self.months), accounts.count))
        self.squares: Floats = np.zeros_like(self.totals)

    def note(self, day: Day) -> None:
        """Note what happened on a day, whether or not anybody collected it."""
        posts = day.posts.take(day.posts.kind != REPOST)
        month = self.months.index(day_of(day.day).replace(day=1))
        got = (posts.like_count + posts.comment_count + posts.share_count).astype(np.float64)
        for resource, events in enumerate((np.ones(len(posts)), got)):
            np.add.at(self.totals[resource, month], posts.account, events)
            np.add.at(self.squares[resource, month], posts.account, events**2)

    def rows(self) -> list[dict[str, Any]]:
        """One row per platform, month and resource of which there are two posts.

        ``hhi`` is the chance that two events of different posts are of one account, which losing posts at random leaves as it is and
        which is what is estimated; ``whole_hhi`` is the sum of squared shares of all that happened, posts with themselves included.
        """
        found = []
        for platform in np.unique(self._platform).tolist():
            for number, month in enumerate(self.months):
                for resource, name in enumerate(RESOURCES):
                    total = self.totals[resource, number, self._platform == platform]
                    squares = float(self.squares[resource, number, self._platform == platform].sum())
                    pairs = float(total.sum()) ** 2 - squares
                    if pairs <= 0:
                        continue
                    hhi = (float((total**2).sum()) - squares) / pairs
                    found.append({
                        "platform": PLATFORMS[platform], "month": month, "niche": "*", "resource": name,
                        "account_count": int((total > 0).sum()), "event_count": int(total.sum()), "hhi": hhi,
                        "hill_2": 1 / hhi if hhi > 0 else None, "whole_hhi": float(((total / total.sum()) ** 2).sum()),
                        "effective_event_count": float(total.sum()) ** 2 / squares,
                    })  # fmt: skip
        return found
