"""How alike a group and a niche must be, by what shuffled memberships give. Matches nothing."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, rel_entr

from pipelines.analysis.lineage_overlaps import Overlaps
from pipelines.analysis.lineage_parameters import LineageParameters

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
_PLACES: Final = 9


def _least_shared(group_size: Floats, niche_size: Floats, jaccard: float) -> Floats:
    """Shared accounts from which two sets of these sizes are this alike."""
    return np.asarray(np.ceil((group_size + niche_size) * jaccard / (1 + jaccard) - 1e-9))


def _chance_bound(overlaps: Overlaps, jaccard: float) -> Floats:
    """Bound, by group, the chance that a shuffle makes any niche this alike (Hoeffding 1963, theorems 1 and 4)."""
    bound = np.zeros(overlaps.group_sizes.shape[1])
    for position in np.unique(overlaps.window):
        group_sizes, group = np.unique(overlaps.group_sizes[position], return_inverse=True)
        sizes = overlaps.niche_sizes[overlaps.window == position]
        niche_sizes, niche_counts = np.unique(sizes[sizes > 0], return_counts=True)
        left, right = group_sizes[:, None].astype(float), niche_sizes[None, :].astype(float)
        least = _least_shared(left, right, jaccard)
        share, expected = least / np.maximum(left, 1), right / max(int(overlaps.panel_sizes[position]), 1)
        distance = rel_entr(share, expected) + rel_entr(np.maximum(1 - share, 0), 1 - expected)
        chance = np.where(share <= expected, 1.0, np.exp(-np.maximum(left, 1) * distance))
        chance[least > np.minimum(left, right)] = 0.0
        bound += (chance * niche_counts).sum(axis=1)[group]
    return bound


def _null_jaccards(group_size: int, niche_sizes: Places, panel_size: int, floor: float) -> tuple[Floats, Floats]:
    """Jaccards from the floor up that shuffles give a group with niches, and how many niches are expected at each.

    A shuffle shares a hypergeometric number of accounts. What lies below its mean is left out: no upper quantile is there.
    """
    sizes, counts = np.unique(niche_sizes[niche_sizes > 0], return_counts=True)
    size, count = sizes[:, None].astype(float), counts[:, None]
    mean = group_size * size / panel_size
    first = np.maximum(_least_shared(np.full_like(size, group_size), size, floor), np.floor(mean))
    # Twelve standard deviations and some: the rest is too rare to move the quantile.
    width = int(np.ceil(12 * np.sqrt(mean.max(initial=0.0)) + 24))
    shared = first + np.arange(min(width, group_size + 1))[None, :]
    is_possible = (shared <= np.minimum(group_size, size)) & (shared >= group_size + size - panel_size)
    shared, size, count = (np.broadcast_to(values, shared.shape)[is_possible] for values in (shared, size, count))

    def log_choose(total: Floats | int, chosen: Floats | int) -> Floats:
        return np.asarray(gammaln(total + 1.0) - gammaln(chosen + 1.0) - gammaln(total - chosen + 1.0))

    log_chance = (
        log_choose(size, shared) + log_choose(panel_size - size, group_size - shared) - log_choose(panel_size, group_size)
    )
    return np.round(shared / (group_size + size - shared), _PLACES), np.exp(log_chance) * count


def match_thresholds(overlaps: Overlaps, parameters: LineageParameters) -> Floats:
    """Jaccard that each group needs: the floor, or the quantile of its best Jaccard when memberships are shuffled if larger.

    Memberships are shuffled among each panel, sizes kept. The best Jaccard over all niches is what counts because a group
    looks for its predecessor among them all; its tail is the sum of the niches' tails (exact up to the chance that two
    niches reach it together). Each group has its own, since what a few accounts share by chance says nothing of large ones.
    """
    floor, rare = parameters.smallest_jaccard, 1 - parameters.null_quantile
    thresholds = np.full(overlaps.group_sizes.shape[1], floor)
    positions = np.unique(overlaps.window)
    doubtful = np.flatnonzero(_chance_bound(overlaps, floor) > rare)
    if not doubtful.size:
        return thresholds
    sizes, group = np.unique(overlaps.group_sizes[positions][:, doubtful], axis=1, return_inverse=True)
    found = np.full(sizes.shape[1], floor)
    for column in range(sizes.shape[1]):
        nulls = [
            _null_jaccards(
                int(size), overlaps.niche_sizes[overlaps.window == position], int(overlaps.panel_sizes[position]), floor
            )
            for position, size in zip(positions, sizes[:, column], strict=True)
            if size
        ]
        values, place = np.unique(np.concatenate([jaccard for jaccard, _ in nulls]), return_inverse=True)
        expected = np.bincount(place, weights=np.concatenate([count for _, count in nulls]), minlength=values.size)
        tail = np.round(np.cumsum(expected[::-1])[::-1], 12)
        if values.size and tail[0] > rare:
            # Few values occur in a small panel: the first that is reached rarely enough, or the largest there is.
            found[column] = values[min(int((tail > rare).sum()), values.size - 1)]
    thresholds[doubtful] = found[group]
    return thresholds
