"""Which records of a night were seen before, in eight bytes each. Knows hashes only."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

Hashes = np.ndarray[Any, np.dtype[np.uint64]]
# A run is merged into the one before it until that is this many times as long: few runs to search, few merges of each.
_FAN_OUT: Final = 8


class SeenRecords:
    """A growing set of 64-bit hashes, kept as sorted runs of falling length.

    Two different records of a night share a hash with probability n^2 / 2^65 over n records: 3e-8 for a million.
    """

    def __init__(self) -> None:
        self._runs: list[Hashes] = []

    def __len__(self) -> int:
        return sum(map(len, self._runs))

    @property
    def byte_count(self) -> int:
        """Memory that the set holds."""
        return sum(run.nbytes for run in self._runs)

    def add(self, hashes: Hashes) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Remember hashes.

        Args:
            hashes: of records in their order.

        Returns:
            For each, whether it is new: neither in the set nor earlier in ``hashes``.
        """
        distinct, first = np.unique(hashes, return_index=True)
        fresh = np.ones(len(distinct), np.bool_)
        for run in self._runs:
            places = np.searchsorted(run, distinct)
            places[places == len(run)] = 0  # beyond the largest: compared with the smallest, which it cannot equal
            fresh &= run[places] != distinct
        self._keep(distinct[fresh])
        is_new = np.zeros(len(hashes), np.bool_)
        is_new[first[fresh]] = True
        return is_new

    def _keep(self, run: Hashes) -> None:
        if not len(run):
            return
        while self._runs and len(self._runs[-1]) < _FAN_OUT * len(run):
            run = np.concatenate([self._runs.pop(), run])
            run.sort(kind="stable")  # two sorted runs: a merge
        self._runs.append(run)
