"""Ids of niches over windows and the events of their lives; finds no communities, names nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.special import gammaln, ndtr, rel_entr
from scipy.stats import hypergeom

METHOD_VERSION: Final = "lineage_1"
Floats = NDArray[np.float64]
Places = NDArray[np.int64]
_PLACES: Final = 9


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


@dataclass(frozen=True)
class _Fronts:
    """Last states of niches, oldest niche first: id, position of the window among the past ones, place in that window."""

    ids: tuple[str, ...]
    window: Places
    place: Places


@dataclass(frozen=True)
class _Overlaps:
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
        return self.niche_sizes[self.niche]

    @cached_property
    def group_size(self) -> Places:
        return self.group_sizes[self.window[self.niche], self.group]

    @cached_property
    def jaccard(self) -> Floats:
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


def _fronts(past: Sequence[Window], ended: set[str]) -> _Fronts:
    first: dict[str, int] = {}
    last: dict[str, tuple[int, int]] = {}
    for position, window in enumerate(past):
        for place, niche_id in enumerate(window.ids):
            first.setdefault(niche_id, position)
            last[niche_id] = position, place
    ids = sorted(set(last) - ended, key=lambda niche_id: (first[niche_id], niche_id))
    states = np.array([last[niche_id] for niche_id in ids], dtype=np.int64).reshape(-1, 2)
    return _Fronts(tuple(ids), states[:, 0], states[:, 1])


def _overlaps(past: Sequence[Window], fronts: _Fronts, window: Window) -> _Overlaps:
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
    return _Overlaps(niche, group, shared[order], niche_sizes, group_sizes, panel_sizes, fronts.window)


def _least_shared(group_size: Floats, niche_size: Floats, jaccard: float) -> Floats:
    """Shared accounts from which two sets of these sizes are this alike."""
    return np.asarray(np.ceil((group_size + niche_size) * jaccard / (1 + jaccard) - 1e-9))


def _chance_bound(overlaps: _Overlaps, jaccard: float) -> Floats:
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


def _match_thresholds(overlaps: _Overlaps, parameters: LineageParameters) -> Floats:
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


def _best(keys: Places, values: Places, score: tuple[NDArray[np.generic], ...], size: int) -> Places:
    """Value of the largest score for each key (the first score decides first), -1 where there is none."""
    best = np.full(size, -1, dtype=np.int64)
    order = np.lexsort(score[::-1])
    best[keys[order]] = values[order]
    return best


@dataclass(frozen=True)
class _Flows:
    """Where the majority of each niche went and where the majority of each group came from, -1 for nowhere."""

    destination: Places
    origin: Places
    kept: NDArray[np.bool_]
    """Pairs that keep the id in a merge or split."""


def _flows(overlaps: _Overlaps, group_rank: Places, parameters: LineageParameters) -> _Flows:
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
    return _Flows(destination, origin, kept)


def _assigned(overlaps: _Overlaps, flows: _Flows, group_rank: Places, thresholds: Floats) -> Places:
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


def _merged(fronts: _Fronts, flows: _Flows, ids: Sequence[str]) -> dict[int, tuple[int, int]]:
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


def _group_rank(window: Window) -> Places:
    rank = np.empty(len(window.ids), dtype=np.int64)
    rank[sorted(range(rank.size), key=window.ids.__getitem__)] = np.arange(rank.size)
    return rank


def _ended_by_merge(past: Sequence[Window], parameters: LineageParameters) -> set[str]:
    """Niches that ended by merge in the past windows, found as they were found then."""
    ended: set[str] = set()
    for position in range(1, len(past)):
        before, window = past[:position], past[position]
        fronts = _fronts(before, ended)
        if set(fronts.ids) <= set(window.ids):
            continue
        flows = _flows(_overlaps(before, fronts, window), _group_rank(window), parameters)
        ended.update(fronts.ids[niche] for niche in _merged(fronts, flows, window.ids))
    return ended


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, _PLACES) if whole else None


@dataclass(frozen=True)
class _Story:
    """All that the events of one window are told from."""

    window: Window
    past: Sequence[Window]
    fronts: _Fronts
    overlaps: _Overlaps
    flows: _Flows
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
        merged = _merged(self.fronts, self.flows, self.ids)
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
    fronts = _fronts(past, _ended_by_merge(past, parameters))
    overlaps = _overlaps(past, fronts, window)
    rank = _group_rank(window)
    thresholds = _match_thresholds(overlaps, parameters)
    flows = _flows(overlaps, rank, parameters)
    niche_of = _assigned(overlaps, flows, rank, thresholds)
    ids = tuple(fronts.ids[niche] if niche >= 0 else window.ids[group] for group, niche in enumerate(niche_of.tolist()))
    known = {niche_id for before in past for niche_id in before.ids}
    taken = sorted(known & {window.ids[group] for group in np.flatnonzero(niche_of < 0)})
    if taken:
        raise ValueError(f"proposed ids are those of past niches in {window.month}: {', '.join(taken)}")
    jaccards = tuple(overlaps.at(niche, group)[1] if niche >= 0 else None for group, niche in enumerate(niche_of.tolist()))
    story = _Story(window, past, fronts, overlaps, flows, niche_of, ids, thresholds, parameters)
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
