"""Ids of niches over windows: overlaps, thresholds, matching and events put together; finds no communities, names nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from pipelines.analysis.lineage_events import Event, Story
from pipelines.analysis.lineage_matching import assigned_niches, ended_by_merge, find_flows, group_ranks
from pipelines.analysis.lineage_overlaps import Window, find_fronts, find_overlaps
from pipelines.analysis.lineage_parameters import LineageParameters
from pipelines.analysis.lineage_thresholds import match_thresholds

METHOD_VERSION: Final = "lineage_1"
_PLACES: Final = 9


@dataclass(frozen=True)
class Followed:
    """What became of the niches in a window.

    Attributes:
        ids: Final id of each group, by place.
        predecessor_jaccard: Of each group and the last state of the niche that it continues, on the panel; None where it
            continues none.
        match_thresholds: Of each group, the Jaccard from which it may continue a niche.
        events: Ordered by niche, event and other niche.
    """

    ids: tuple[str, ...]
    predecessor_jaccard: tuple[float | None, ...]
    match_thresholds: tuple[float, ...]
    events: tuple[Event, ...]

    @property
    def match_threshold(self) -> float | None:
        """Jaccard that is enough for every group; None without groups."""
        return max(self.match_thresholds, default=None)


def follow(window: Window, past: Sequence[Window], parameters: LineageParameters | None = None) -> Followed:
    """Give a window's groups the ids of the niches that they continue, and tell what happened to the niches.

    Groups are matched to the last state of each niche of the past windows (Greene, Doyle and Cunningham 2010) by maximum
    total Jaccard, on the accounts active in both windows alone: who was not looked at neither stayed nor left. A merge's id
    is that of the predecessor with the largest overlap among those seen last, a split's stays with the largest overlap.
    In a window without accounts nobody was looked at and nothing happens; without past windows no niche has begun, since
    none could have been seen before.

    Args:
        window: With proposed ids.
        past: The last windows that anyone was looked at in, oldest first, with their final ids. Only the last
            ``lookback_windows`` are read; a niche's death is told in that many windows after its last, so each window is
            to be followed once.
        parameters: Defaults when None.

    Raises:
        ValueError: Months do not ascend, or a group that continues no niche was proposed the id of a past one.
    """
    parameters = parameters or LineageParameters()
    months = [before.month for before in past] + [window.month]
    if any(later <= earlier for earlier, later in pairwise(months)):
        raise ValueError(f"months do not ascend: {', '.join(map(str, months))}")
    past = [before for before in past if before.account.size][-parameters.lookback_windows :]
    if not window.account.size or not past:
        return Followed(window.ids, (None,) * len(window.ids), (parameters.smallest_jaccard,) * len(window.ids), ())
    fronts = find_fronts(past, ended_by_merge(past, parameters))
    overlaps = find_overlaps(past, fronts, window)
    rank = group_ranks(window)
    thresholds = match_thresholds(overlaps, parameters)
    flows = find_flows(overlaps, rank, parameters)
    niche_of = assigned_niches(overlaps, flows, rank, thresholds)
    ids = tuple(fronts.ids[niche] if niche >= 0 else window.ids[group] for group, niche in enumerate(niche_of.tolist()))
    known = {niche_id for before in past for niche_id in before.ids}
    taken = sorted(known & {window.ids[group] for group in np.flatnonzero(niche_of < 0)})
    if taken:
        raise ValueError(f"proposed ids are those of past niches in {window.month}: {', '.join(taken)}")
    jaccards = tuple(overlaps.at(niche, group)[1] if niche >= 0 else None for group, niche in enumerate(niche_of.tolist()))
    story = Story(window, past, fronts, overlaps, flows, niche_of, ids, thresholds, parameters)
    return Followed(ids, jaccards, tuple(thresholds.tolist()), story.events())


def stationarity(niche_ids: Sequence[str], predecessor_jaccards: Sequence[float | None]) -> dict[str, float]:
    """Mean Jaccard of successive states of each niche (Palla, Barabási and Vicsek 2007); niches of one state have none.

    Args:
        niche_ids: Of each state, in any order.
        predecessor_jaccards: Of each state, as :class:`Followed` gives them.
    """
    found: dict[str, list[float]] = {}
    for niche_id, jaccard in zip(niche_ids, predecessor_jaccards, strict=True):
        if jaccard is not None:
            found.setdefault(niche_id, []).append(jaccard)
    return {niche_id: round(float(np.mean(sorted(values))), _PLACES) for niche_id, values in sorted(found.items())}
