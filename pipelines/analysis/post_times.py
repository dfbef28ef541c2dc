"""Posting times of many accounts as one array, and of a trend's adopters. No likelihood, no reading of tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


def stretches(first: Places, last: Places) -> tuple[Places, Places]:
    """Places of several stretches of an array, one stretch after the other.

    Args:
        first: Where each begins.
        last: Where each ends, that place excluded.

    Returns:
        The places, and where each stretch begins among them and the last one ends.
    """
    bounds = np.append(0, np.cumsum(last - first))
    return np.arange(bounds[-1]) + np.repeat(first - bounds[:-1], last - first), bounds


@dataclass(frozen=True)
class PostTimes:
    """Posting times of some accounts, hours, one account after the other and each one's in order.

    Attributes:
        hours: Of all accounts.
        bounds: Where each account begins, and where the last one ends: account ``i`` has ``hours[bounds[i]:bounds[i + 1]]``.
    """

    hours: Floats
    bounds: Places

    @classmethod
    def of(cls, accounts: Sequence[Floats]) -> PostTimes:
        """Put the times of each account one after the other.

        Args:
            accounts: Times of each.
        """
        counts = np.array([each.size for each in accounts], dtype=np.int64)
        return cls(np.concatenate([*accounts, np.empty(0)]), np.append(0, np.cumsum(counts)))

    def __len__(self) -> int:
        """Accounts."""
        return self.bounds.size - 1

    def __getitem__(self, row: int) -> Floats:
        """Times of one account."""
        return self.hours[self.bounds[row] : self.bounds[row + 1]]

    @property
    def counts(self) -> Places:
        """Posts of each account."""
        return np.diff(self.bounds)

    def take(self, rows: Places) -> PostTimes:
        """Those accounts, in that order.

        Args:
            rows: Places of accounts.
        """
        places, bounds = stretches(self.bounds[rows], self.bounds[rows + 1])
        return PostTimes(self.hours[places], bounds)


@dataclass(frozen=True)
class Timelines:
    """Adopters of one trend: posting times from before the trend's birth to the window's end, and the adopting one; hours since birth.

    Attributes:
        posts: Of each adopter.
        adopted_hours: Time of each one's adoption.
    """

    posts: PostTimes
    adopted_hours: Floats

    def __len__(self) -> int:
        """Adopters."""
        return self.adopted_hours.size

    def take(self, rows: Places) -> Timelines:
        """Those adopters, in that order.

        Args:
            rows: Places of adopters.
        """
        return Timelines(self.posts.take(rows), self.adopted_hours[rows])
