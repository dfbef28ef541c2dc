"""Which niche each group of a window continues, and which niches end by merge. Tells no events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.stats import hypergeom

from pipelines.analysis.lineage_overlaps import Fronts, Overlaps, Window, find_fronts, find_overlaps
from pipelines.analysis.lineage_parameters import LineageParameters

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
_PLACES: Final = 9


def _best(keys: Places, values: Places, score: tuple[NDArray[np.generic], ...], size: int) -> Places:
    """Value of the largest score for each key (the first score decides first), -1 where there is none."""
    best = np.full(size, -1, dtype=np.int64)
    order = np.lexsort(score[::-1])
    best[keys[order]] = values[order]
    return best


@dataclass(frozen=True)
class Flows:
    """Where the majority of each niche went and where the majority of each group came from, -1 for nowhere."""

    destination: Places
    origin: Places
    kept: NDArray[np.bool_]
    """Pairs that keep the id in a merge or split."""


def find_flows(overlaps: Overlaps, group_rank: Places, parameters: LineageParameters) -> Flows:
    """Find where majorities went and came from, on the panel, as far as they are larger than chance makes them.

    Args:
        overlaps: Of niches and groups.
        group_rank: Of each group the place of its proposed id in their order, by which ties are broken.
        parameters: Least share, smallest panel, level of chance.
    """
    niche_count, group_count = overlaps.niche_sizes.size, overlaps.group_sizes.shape[1]
    niche, group, shared = overlaps.niche, overlaps.group, overlaps.shared
    window, least = overlaps.window[niche], parameters.smallest_containment
    may_go = (shared >= least * overlaps.niche_size) & (overlaps.niche_size >= parameters.smallest_panel)
    may_come = (shared >= least * overlaps.group_size) & (overlaps.group_size >= parameters.smallest_panel)
    judged = np.flatnonzero(may_go | may_come)
    sizes = overlaps.panel_sizes[window], overlaps.niche_size, overlaps.group_size
    chance = np.ones(niche.size)
    chance[judged] = hypergeom.sf(shared[judged] - 1, *(size[judged] for size in sizes))
    beyond = chance <= parameters.chance_level
    # A niche that parts into equal halves went to neither: what would decide could differ when the window is read again.
    largest = np.zeros(niche_count, dtype=np.int64)
    np.maximum.at(largest, niche, shared)
    is_largest = shared == largest[niche]
    is_only = is_largest & (np.bincount(niche[is_largest], minlength=niche_count)[niche] == 1)
    goes, comes = np.flatnonzero(may_go & beyond & is_only), np.flatnonzero(may_come & beyond)
    destination = np.full(niche_count, -1, dtype=np.int64)
    destination[niche[goes]] = group[goes]
    origin = _best(group[comes], niche[comes], (window[comes], shared[comes], -niche[comes]), group_count)

    # A niche in a gap does not take over one that was there a window ago. It also keeps a merge readable from the windows
    # since the last state of the niche that ended by it.
    merged = goes[np.bincount(group[goes], minlength=group_count)[group[goes]] >= 2]
    survivor = _best(group[merged], merged, (window[merged], shared[merged], -niche[merged]), group_count)
    comes = np.flatnonzero(origin[group] == niche)
    parted = comes[np.bincount(niche[comes], minlength=niche_count)[niche[comes]] >= 2]
    heir = _best(niche[parted], parted, (shared[parted], -group_rank[group[parted]]), niche_count)
    kept = np.zeros(niche.size, dtype=bool)
    kept[survivor[survivor >= 0]] = True
    kept[heir[heir >= 0]] = True
    return Flows(destination, origin, kept)


def assigned_niches(overlaps: Overlaps, flows: Flows, group_rank: Places, thresholds: Floats) -> Places:
    """Niche that each group continues, -1 for none: first the heirs of merges and splits, then maximum total Jaccard.

    Ties go to the older niche and then to the group whose proposed id is first.
    """
    niche_count, group_count = overlaps.niche_sizes.size, overlaps.group_sizes.shape[1]
    niche_of = np.full(group_count, -1, dtype=np.int64)
    admitted = np.flatnonzero(flows.kept | (overlaps.jaccard >= thresholds[overlaps.group]))
    niche, group = overlaps.niche[admitted], overlaps.group[admitted]
    weight = np.rint(overlaps.jaccard[admitted] * 10**_PLACES) + 2.0 * 10**_PLACES * flows.kept[admitted]
    count = niche_count + group_count
    graph = coo_array((np.ones(admitted.size), (niche, niche_count + group)), shape=(count, count))
    part = connected_components(graph, directed=False)[1][niche]
    is_alone = np.bincount(part, minlength=count)[part] == 1
    niche_of[group[is_alone]] = niche[is_alone]
    rest = np.flatnonzero(~is_alone)
    rest = rest[np.argsort(part[rest], kind="stable")]
    for pairs in np.split(rest, np.flatnonzero(np.diff(part[rest])) + 1):
        niches, row = np.unique(niche[pairs], return_inverse=True)
        ranks, column = np.unique(group_rank[group[pairs]], return_inverse=True)
        groups = np.empty(ranks.size, dtype=np.int64)
        groups[column] = group[pairs]
        # Whole numbers, so that sums are exact: no sum of tie-breaks reaches one step of the weights.
        tie_break = (niches.size - row) * (ranks.size - column)
        matrix = np.zeros((niches.size, ranks.size))
        matrix[row, column] = weight[pairs] * (float(niches.size * ranks.size) * min(niches.size, ranks.size) + 1) + tie_break
        for at, to in zip(*linear_sum_assignment(matrix, maximize=True), strict=True):
            if matrix[at, to] > 0:
                niche_of[groups[to]] = niches[at]
    return niche_of


def merged_niches(fronts: Fronts, flows: Flows, ids: Sequence[str]) -> dict[int, tuple[int, int]]:
    """Niches that ended by merge: the group and the niche into which they went.

    Hangs on nothing but the two last states and the window's final ids, and so comes out the same in later windows.
    """
    number = {niche_id: niche for niche, niche_id in enumerate(fronts.ids)}
    present, merged = set(ids), {}
    for niche, group in enumerate(flows.destination.tolist()):
        if group < 0 or fronts.ids[niche] in present:
            continue
        survivor = number.get(ids[group], -1)
        if survivor >= 0 and flows.destination[survivor] == group and fronts.window[survivor] >= fronts.window[niche]:
            merged[niche] = group, survivor
    return merged


def group_ranks(window: Window) -> Places:
    """Place of each group's proposed id in their order."""
    rank = np.empty(len(window.ids), dtype=np.int64)
    rank[sorted(range(rank.size), key=window.ids.__getitem__)] = np.arange(rank.size)
    return rank


def ended_by_merge(past: Sequence[Window], parameters: LineageParameters) -> set[str]:
    """Niches that ended by merge in the past windows, found as they were found then."""
    ended: set[str] = set()
    for position in range(1, len(past)):
        before, window = past[:position], past[position]
        fronts = find_fronts(before, ended)
        if set(fronts.ids) <= set(window.ids):
            continue
        flows = find_flows(find_overlaps(before, fronts, window), group_ranks(window), parameters)
        ended.update(fronts.ids[niche] for niche in merged_niches(fronts, flows, window.ids))
    return ended
