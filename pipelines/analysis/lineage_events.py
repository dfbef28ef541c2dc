"""The events of niches' lives in one window, told from what was matched. Matches nothing, names nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from pipelines.analysis.lineage_matching import Flows, merged_niches
from pipelines.analysis.lineage_overlaps import Fronts, Overlaps, Window
from pipelines.analysis.lineage_parameters import LineageParameters

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
_PLACES: Final = 9


@dataclass(frozen=True)
class Event:
    """Something that happened to a niche: its beginning, its end, or a change.

    A niche begins by ``birth``, or by ``split`` out of ``other_niche_id``, which goes on. It ends by ``merge`` into
    ``other_niche_id``, which goes on, or by ``death``. ``growth``, ``contraction`` and ``resurgence`` leave it its id.

    Attributes:
        niche_id: The niche that begins, ends or changes.
        event: See above.
        other_niche_id: The niche that it split from or merged into, otherwise None.
        jaccard: Of the group and the niche's last state, on the panel. At a birth that of the most alike niche, at a death
            that of the most alike group. None where none of the accounts was active in both windows.
        containment: Largest share, on the panel, of the group's accounts that were in one niche (birth, split) or of the
            niche's accounts that are in one group (else). None where that share has no denominator.
        member_count: Members in this window: of the niche, of the niche merged into, or 0 at death.
        previous_member_count: Members at the last state: of the niche, or of the niche split from; None at birth.
        panel_member_count: As ``member_count``, of accounts active in both windows; 0 at a birth says that nobody in the
            group was looked at before.
        previous_panel_member_count: As ``previous_member_count``, of accounts active in both windows; 0 at a death says that
            nobody of the niche is active now.
        threshold: The group's match threshold (birth, resurgence; at a death the most alike group's), the least containment (merge, split), or the least
            relative change on the panel (growth, contraction).
    """

    niche_id: str
    event: str
    other_niche_id: str | None
    jaccard: float | None
    containment: float | None
    member_count: int
    previous_member_count: int | None
    panel_member_count: int | None
    previous_panel_member_count: int | None
    threshold: float | None


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, _PLACES) if whole else None


@dataclass(frozen=True)
class Story:
    """All that the events of one window are told from."""

    window: Window
    past: Sequence[Window]
    fronts: Fronts
    overlaps: Overlaps
    flows: Flows
    niche_of: Places
    ids: tuple[str, ...]
    thresholds: Floats
    parameters: LineageParameters

    def _pair(self, event: str, niche: int, group: int, threshold: float, niche_id: str, other_id: str | None) -> Event:
        """Event of a niche's last state and a group."""
        position = int(self.fronts.window[niche])
        shared, jaccard = self.overlaps.at(niche, group)
        now, then = int(self.overlaps.group_sizes[position, group]), int(self.overlaps.niche_sizes[niche])
        return Event(
            niche_id=niche_id,
            event=event,
            other_niche_id=other_id,
            jaccard=jaccard if now + then else None,
            containment=_ratio(shared, now if event == "split" else then),
            member_count=int(self.window.member_counts[group]),
            previous_member_count=int(self.past[position].member_counts[self.fronts.place[niche]]),
            panel_member_count=now,
            previous_panel_member_count=then,
            threshold=threshold,
        )

    def _begun(self, group: int) -> Event:
        niche = int(self.flows.origin[group])
        if niche >= 0:
            siblings = np.flatnonzero(self.flows.origin == niche)
            if (self.niche_of[siblings] == niche).any():
                least = self.parameters.smallest_containment
                return self._pair("split", niche, group, least, self.ids[group], self.fronts.ids[niche])
        pairs = np.flatnonzero(self.overlaps.group == group)
        shares = self.overlaps.shared[pairs] / self.overlaps.group_size[pairs]
        now = int(self.overlaps.group_sizes[-1, group])
        is_seen = bool(self.overlaps.group_sizes[:, group].any())
        return Event(
            niche_id=self.ids[group],
            event="birth",
            other_niche_id=None,
            jaccard=float(self.overlaps.jaccard[pairs].max(initial=0.0)) if is_seen else None,
            containment=round(float(shares.max(initial=0.0)), _PLACES) if is_seen else None,
            member_count=int(self.window.member_counts[group]),
            previous_member_count=None,
            panel_member_count=now,
            previous_panel_member_count=None,
            threshold=float(self.thresholds[group]),
        )

    def _died(self, niche: int) -> Event:
        pairs = np.flatnonzero(self.overlaps.niche == niche)
        alike = [(float(self.overlaps.jaccard[pair]), -float(self.thresholds[self.overlaps.group[pair]])) for pair in pairs]
        jaccard, threshold = max(alike, default=(0.0, -self.parameters.smallest_jaccard))
        then = int(self.overlaps.niche_sizes[niche])
        return Event(
            niche_id=self.fronts.ids[niche],
            event="death",
            other_niche_id=None,
            jaccard=jaccard if then else None,
            containment=_ratio(int(self.overlaps.shared[pairs].max(initial=0)), then),
            member_count=0,
            previous_member_count=int(self.past[self.fronts.window[niche]].member_counts[self.fronts.place[niche]]),
            panel_member_count=0,
            previous_panel_member_count=then,
            threshold=-threshold,
        )

    def _changed(self, told: set[int]) -> Iterable[Event]:
        """Growth and contraction of niches that were there a window ago and whose change no merge or split tells."""
        groups, last = np.flatnonzero(self.niche_of >= 0), len(self.past) - 1
        steady = [group for group in groups.tolist() if self.fronts.window[self.niche_of[group]] == last]
        ratios = self.overlaps.group_sizes[last, steady] / np.maximum(self.overlaps.niche_sizes[self.niche_of[steady]], 1)
        # Of few niches one that changes is no measure of the others.
        common = float(np.median(ratios)) if len(steady) >= self.parameters.smallest_common else 1.0
        for group in groups.tolist():
            niche = int(self.niche_of[group])
            position = int(self.fronts.window[niche])
            if position != last:
                yield self._pair("resurgence", niche, group, float(self.thresholds[group]), self.fronts.ids[niche], None)
                continue
            now, then = int(self.overlaps.group_sizes[position, group]), int(self.overlaps.niche_sizes[niche])
            # A window in which fewer accounts could be placed, such as a month that has just begun, shrinks all niches: what counts is
            # the change beyond that of the others.
            expected = then * common
            if niche in told or abs(now - expected) <= self.parameters.smallest_change * expected:
                continue
            mover_count = now + then - 2 * self.overlaps.at(niche, group)[0]
            # Each mover counts by chance as one more or one less; without a common change this is the sign test.
            distance = max(abs(now - expected) - 0.5, 0.0) / max(mover_count, 1) ** 0.5
            if 2 * float(ndtr(-distance)) <= self.parameters.chance_level:
                event = "growth" if now > expected else "contraction"
                yield self._pair(event, niche, group, self.parameters.smallest_change, self.fronts.ids[niche], None)

    def events(self) -> tuple[Event, ...]:
        """Tell all events, ordered by key."""
        number = {niche_id: niche for niche, niche_id in enumerate(self.fronts.ids)}
        merged = merged_niches(self.fronts, self.flows, self.ids)
        begun = [self._begun(int(group)) for group in np.flatnonzero(self.niche_of < 0)]
        ended = [
            self._pair("merge", niche, group, self.parameters.smallest_containment, self.fronts.ids[niche], self.ids[group])
            for niche, (group, _) in merged.items()
        ]
        if len(self.past) == self.parameters.lookback_windows:
            last = set(np.flatnonzero(self.fronts.window == 0).tolist()) - set(self.niche_of.tolist()) - set(merged)
            ended += [self._died(niche) for niche in last]
        told = {number[event.other_niche_id] for event in [*begun, *ended] if event.other_niche_id is not None}
        found = [*begun, *ended, *self._changed(told)]
        return tuple(sorted(found, key=lambda event: (event.niche_id, event.event, event.other_niche_id or "")))
