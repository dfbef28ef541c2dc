"""Which accounts a window's groups share with the niches of the windows before, on who was looked at in both. Matches nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
_PLACES: Final = 9


@dataclass(frozen=True)
class Window:
    """Groups of the accounts that were active in one window.

    Attributes:
        month: First day of the window's month.
        account: Keys of all accounts that were active, whether in a group or not; unique, in any order.
        group: Of each account its group's place in ``ids``, -1 where it has none.
        ids: Of a past window the niches' ids; of a new one proposals, which stay with groups that continue no niche. They
            also are what tells groups apart: places carry no meaning.

    Raises:
        ValueError: Lengths differ, a place has no id, or an id comes twice.
    """

    month: date
    account: NDArray[np.object_]
    group: NDArray[np.int64]
    ids: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.account.shape != self.group.shape:
            raise ValueError(f"{self.account.size} accounts and {self.group.size} groups in {self.month}")
        if self.group.size and not -1 <= self.group.min() <= self.group.max() < len(self.ids):
            raise ValueError(f"a group has no id in {self.month}")
        if len(set(self.ids)) != len(self.ids):
            raise ValueError(f"an id comes twice in {self.month}")

    @cached_property
    def keys(self) -> pa.Array:
        """The accounts' keys as Arrow strings."""
        return pa.array(self.account, pa.string())

    @cached_property
    def member_counts(self) -> Places:
        """Members of each group."""
        return _counted(self.group, len(self.ids))


@dataclass(frozen=True)
class Fronts:
    """Last states of niches, oldest niche first: id, position of the window among the past ones, place in that window."""

    ids: tuple[str, ...]
    window: Places
    place: Places


@dataclass(frozen=True)
class Overlaps:
    """Niches' last states against a window's groups, on the accounts active in both windows.

    ``niche``, ``group`` and ``shared`` have one value a pair that shares an account, ordered by niche and group.
    """

    niche: Places
    group: Places
    shared: Places
    niche_sizes: Places
    """On the panel of its own window, by niche."""
    group_sizes: Places
    """On the panel of each past window: windows x groups."""
    panel_sizes: Places
    """By past window."""
    window: Places
    """Past window of each niche."""

    @cached_property
    def niche_size(self) -> Places:
        """Of each pair the niche's accounts on its panel."""
        return self.niche_sizes[self.niche]

    @cached_property
    def group_size(self) -> Places:
        """Of each pair the group's accounts on the niche's panel."""
        return self.group_sizes[self.window[self.niche], self.group]

    @cached_property
    def jaccard(self) -> Floats:
        """Of each pair its Jaccard on the panel."""
        return np.asarray(np.round(self.shared / (self.niche_size + self.group_size - self.shared), _PLACES), dtype=np.float64)

    @cached_property
    def _code(self) -> Places:
        return np.asarray(self.niche * self.group_sizes.shape[1] + self.group)

    def at(self, niche: int, group: int) -> tuple[int, float]:
        """Give the accounts shared by a pair and its Jaccard."""
        code = niche * self.group_sizes.shape[1] + group
        pair = int(np.searchsorted(self._code, code))
        is_found = pair < self._code.size and self._code[pair] == code
        return (int(self.shared[pair]), float(self.jaccard[pair])) if is_found else (0, 0.0)


def _counted(places: Places, size: int) -> Places:
    return np.asarray(np.bincount(places[places >= 0], minlength=size), dtype=np.int64)


def find_fronts(past: Sequence[Window], ended: set[str]) -> Fronts:
    """Find the last state of each niche of the past windows.

    Args:
        past: Oldest first.
        ended: Niches that ended by merge, which are left out.
    """
    first: dict[str, int] = {}
    last: dict[str, tuple[int, int]] = {}
    for position, window in enumerate(past):
        for place, niche_id in enumerate(window.ids):
            first.setdefault(niche_id, position)
            last[niche_id] = position, place
    ids = sorted(set(last) - ended, key=lambda niche_id: (first[niche_id], niche_id))
    states = np.array([last[niche_id] for niche_id in ids], dtype=np.int64).reshape(-1, 2)
    return Fronts(tuple(ids), states[:, 0], states[:, 1])


def find_overlaps(past: Sequence[Window], fronts: Fronts, window: Window) -> Overlaps:
    """Count the accounts that niches' last states share with a window's groups.

    Args:
        past: Oldest first.
        fronts: Last states, of :func:`find_fronts`.
        window: The new one.
    """
    niche_count, group_count = len(fronts.ids), len(window.ids)
    pairs = [np.empty((0, 2), dtype=np.int64)]
    niche_sizes = np.zeros(niche_count, dtype=np.int64)
    group_sizes = np.zeros((len(past), group_count), dtype=np.int64)
    panel_sizes = np.zeros(len(past), dtype=np.int64)
    for position, before in enumerate(past):
        own = np.flatnonzero(fronts.window == position)
        if not own.size and position != len(past) - 1:
            continue
        niche_of = np.full(len(before.ids) + 1, -1, dtype=np.int64)
        niche_of[fronts.place[own]] = own
        found = np.asarray(pc.index_in(window.keys, value_set=before.keys).fill_null(-1).to_numpy(), dtype=np.int64)
        panel = found >= 0
        now, then = window.group[panel], niche_of[before.group[found[panel]]]
        panel_sizes[position] = now.size
        group_sizes[position] = _counted(now, group_count)
        niche_sizes += _counted(then, niche_count)
        both = (now >= 0) & (then >= 0)
        code, shared = np.unique(then[both] * max(group_count, 1) + now[both], return_counts=True)
        pairs.append(np.column_stack([code, shared]))
    code, shared = np.concatenate(pairs).T
    order = np.argsort(code)
    niche, group = np.divmod(code[order], max(group_count, 1))
    return Overlaps(niche, group, shared[order], niche_sizes, group_sizes, panel_sizes, fronts.window)
