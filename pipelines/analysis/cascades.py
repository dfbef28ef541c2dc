"""Who took a trend up from whom, and the trees that makes: parents by explicit traces and known contacts, cascades by trend. No flows between groups, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.analysis.cascade_contracts import GROUPS, TREND_CASCADES, TREND_PARENTS
from pipelines.analysis.cascade_trees import ROOT, Forest, forest_of
from pipelines.analysis.credit_intervals import dispersion_within, overdispersed_interval
from pipelines.analysis.increments import coded, places_in
from pipelines.analysis.parameters import params_hash
from pipelines.analysis.trend_rows import MAINSTREAM, TrendTables, uses_in

METHOD_VERSION: Final = "cascades_2"
NAMING: Final = ("credit", "quote", "repost", "duet", "stitch")
"""Traces by which an adoption itself names whom it is from."""
REACTING: Final = ("reply", "like")
"""Traces that show that an adopter saw a use."""
CONTACTS: Final = ("follow", "interaction")
EVIDENCE: Final = (*NAMING, *REACTING, *CONTACTS)
NO_GROUP: Final = -1
_MILLISECONDS_PER_HOUR: Final = 3_600_000.0
_DAY: Final = 86_400_000
_SPAN: Final = 1 << 36
_MICRO: Final = frozenset({"micro_sub1k", "micro_1k_10k", "micro", "nano"})
_LARGE: Final = frozenset({"macro", "mega"})

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class CascadeParameters:
    """Parameters of parents and cascades.

    Attributes:
        parent_window_days: A contact that used the trend within so many days before an adoption may be its parent; the project's variable
            of this name says the same to the models.
        decay_hours: The credit of a use falls by a factor e in so many hours before the adoption.
        largest_parent_count: Parents among whom an adoption's credit is split, at most.
        naming_strength: Weight of a tie by which the adoption names its parent, over that of a follow.
        reacting_strength: Of a tie by which the adopter answered or liked a use of the trend.
        follow_strength: Of a follow.
        interaction_strength: Of an interaction in the thirty days before the adoption; n of them weigh ``log2(1 + n)`` times this.
        smallest_coverage_ratio: Share of adopters of whom a contact is known, below which a trend has no tree.
        smallest_virality_count: Adopters of a tree below which its structural virality is not given.
        interval_share: Of the intervals.
    """

    parent_window_days: int = 7
    decay_hours: float = 72.0
    largest_parent_count: int = 10
    naming_strength: float = 20.0
    reacting_strength: float = 2.0
    follow_strength: float = 1.0
    interaction_strength: float = 0.5
    smallest_coverage_ratio: float = 0.5
    smallest_virality_count: int = 10
    interval_share: float = 0.9


@dataclass(frozen=True)
class Adopters:
    """Adopters of some trends, in the order of trend and account; times in milliseconds since an origin of all.

    Attributes:
        trend_keys: The trends, sorted.
        account_keys: The accounts, sorted.
        origin: Midnight from which times are counted, milliseconds since 1970.
        trend: Of each adopter, the place of its trend.
        account: The place of its account.
        adopted: First use.
        group: Place in ``GROUPS`` as of the adoption; ``NO_GROUP``.
        platform: Of the account.
        is_outlet: Brands and media.
        is_dated: Only the day of its uses is known.
        prior_rate: Posts a day before the trend's birth.
        use_first: Where the uses of each adopter begin among ``use_at``; one more than adopters.
        use_at: Uses, by adopter and time; of a dated one the end of the day, from when on it is surely there.
    """

    trend_keys: list[str]
    account_keys: list[str]
    origin: int
    trend: Ints
    account: Ints
    adopted: Ints
    group: Ints
    platform: NDArray[np.object_]
    is_outlet: Flags
    is_dated: Flags
    prior_rate: Floats
    use_first: Ints
    use_at: Ints

    @property
    def count(self) -> int:
        """Number of adopters."""
        return self.trend.size

    def rows(self, trend_keys: pa.ChunkedArray, account_keys: pa.ChunkedArray) -> Ints:
        """Places of adopters by their keys; -1 where there is none."""
        trend, account = (
            places_in(column, known).astype(np.int64)
            for column, known in ((trend_keys, self.trend_keys), (account_keys, self.account_keys))
        )
        wanted = trend * (len(self.account_keys) + 1) + account
        is_known = (trend >= 0) & (account >= 0)
        own = self.trend * (len(self.account_keys) + 1) + self.account
        place = np.minimum(np.searchsorted(own, wanted), max(self.count - 1, 0))
        if not self.count:
            return np.full(wanted.size, -1, dtype=np.int64)
        return np.where(is_known & (own[place] == wanted), place, -1)

    def last_use_before(self, adopter: Ints, moment: Ints, *, owner: Ints | None = None) -> Ints:
        """The last use of each adopter that is surely earlier than a moment; -1 where there is none.

        Args:
            adopter: Places of adopters.
            moment: One a place.
            owner: By adopter, whose uses are taken as its own; its own when None.
        """
        keys = np.repeat(np.arange(self.count), np.diff(self.use_first)) * _SPAN + self.use_at
        owned = adopter if owner is None else owner[adopter]
        place = np.searchsorted(keys, owned * _SPAN + moment) - 1
        return np.where(place >= self.use_first[owned], self.use_at[np.maximum(place, 0)] if self.use_at.size else -1, -1)


def group_of(actor_class: str | None, tier: str | None) -> int:
    """Place of an adopter's group in ``GROUPS``: outlets by what they are, creators by their tier; bots and who has no size are in none."""
    if actor_class in MAINSTREAM:
        return GROUPS.index(str(actor_class))
    if actor_class == "bot" or tier is None:
        return NO_GROUP
    return 0 if tier in _MICRO else 2 if tier in _LARGE else GROUPS.index(tier) if tier in GROUPS else NO_GROUP


def _milliseconds(column: pa.ChunkedArray) -> Ints:
    return np.asarray(column.cast(pa.int64()).fill_null(0).to_numpy(), dtype=np.int64) // 1000


def adopters_of(tables: TrendTables) -> Adopters:
    """Read the adopters of some trends and their uses; trends in use when coverage began have none here."""
    open_trends = tables.candidates.filter(pc.invert(tables.candidates["is_left_censored"]))["trend_key"]
    table = tables.adoptions.filter(pc.is_in(tables.adoptions["trend_key"], value_set=open_trends.combine_chunks()))
    table = table.sort_by([("trend_key", "ascending"), ("account_key", "ascending")])
    trend_keys, trend = coded(table["trend_key"])
    account_keys, account = coded(table["account_key"])
    moments = _milliseconds(table["adopted_at"])
    origin = int(moments.min()) // _DAY * _DAY if moments.size else 0
    kinds, tiers = table["actor_class"].to_pylist(), table["tier"].to_pylist()
    days = np.maximum(np.asarray(table["prior_exposure_days"].to_numpy(), dtype=float), 1.0)
    is_dated = np.array([quality == "date_only" for quality in table["ts_quality"].to_pylist()], dtype=bool)
    shell = Adopters(
        trend_keys, account_keys, origin, trend, account, moments - origin,
        np.array([group_of(*pair) for pair in zip(kinds, tiers, strict=True)], dtype=np.int64),
        np.array(table["platform"].to_pylist(), dtype=object), np.array([kind in MAINSTREAM for kind in kinds], dtype=bool), is_dated,
        np.asarray(table["prior_post_count"].to_numpy(), dtype=float) / days, np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64),
    )  # fmt: skip
    uses = uses_in(tables.timelines)
    owner = shell.rows(uses["trend_key"], uses["account_key"])
    at = _milliseconds(uses["published_at"]) - origin
    is_known = owner >= 0
    owner, at = np.concatenate([owner[is_known], np.arange(shell.count)]), np.concatenate([at[is_known], shell.adopted])
    at = np.where(is_dated[owner], (at // _DAY + 1) * _DAY - 1, at)
    pairs = np.unique(np.column_stack([owner, at]), axis=0) if owner.size else np.empty((0, 2), dtype=np.int64)
    first = np.searchsorted(pairs[:, 0], np.arange(shell.count + 1))
    return Adopters(
        trend_keys, account_keys, origin, trend, account, shell.adopted, shell.group, shell.platform, shell.is_outlet, is_dated,
        shell.prior_rate, first, np.ascontiguousarray(pairs[:, 1]),
    )  # fmt: skip


@dataclass(frozen=True)
class Ties:
    """Ties of adopters to other adopters of the same trend, one row a pair and evidence, in their order.

    Attributes:
        child: Who might have it from the other.
        other: The other.
        evidence: Place in ``EVIDENCE``.
        count: Contacts of this kind.
        traced: The use that an explicit trace leads to, as in ``Adopters``; -1: none.
    """

    child: Ints
    other: Ints
    evidence: Ints
    count: Ints
    traced: Ints


def ties_of(adopters: Adopters, contacts: pa.Table, adopter_contacts: pa.Table) -> Ties:
    """Read ``int_trend_contacts``; interactions count for those adopters only of whom no follow is known.

    Args:
        adopters: Adopters.
        contacts: ``int_trend_contacts``; kinds of evidence that are not known here are left out.
        adopter_contacts: ``int_trend_adopter_contacts``.
    """
    known = adopters.rows(adopter_contacts["trend_key"], adopter_contacts["account_key"])
    follows = np.zeros(adopters.count + 1, dtype=bool)
    follows[known[np.asarray(adopter_contacts["followed_account_count"].to_numpy()) > 0]] = True
    follows[-1] = False
    child = adopters.rows(contacts["trend_key"], contacts["account_key"])
    other = adopters.rows(contacts["trend_key"], contacts["contact_account_key"])
    evidence = _kinds(contacts["evidence"])
    traced = np.where(contacts["traced_at"].is_valid().to_numpy(), _milliseconds(contacts["traced_at"]) - adopters.origin, -1)
    columns = np.column_stack([child, other, evidence, np.asarray(contacts["contact_count"].to_numpy(), dtype=np.int64), traced])
    is_second_best = (evidence == EVIDENCE.index("interaction")) & follows[child]
    columns = columns[(child >= 0) & (other >= 0) & (evidence >= 0) & (child != other) & ~is_second_best]
    columns = columns[np.lexsort(columns[:, [2, 1, 0]].T)]
    return Ties(*(np.ascontiguousarray(column) for column in columns.T))


def _kinds(column: pa.ChunkedArray) -> Ints:
    texts, codes = coded(column)
    return np.array([*(EVIDENCE.index(text) if text in EVIDENCE else -1 for text in texts), -1], dtype=np.int64)[codes]


@dataclass(frozen=True)
class Parents:
    """Parents of adopters, one row a pair, in their order.

    Attributes:
        child: The adopter.
        parent: Whom it may have it from.
        evidence: Place in ``EVIDENCE``.
        lag_hours: From the parent's use to the adoption.
        weight: Share of the adoption's credit.
        is_strongest: Whether no other parent of the adopter has more.
    """

    child: Ints
    parent: Ints
    evidence: Ints
    lag_hours: Floats
    weight: Floats
    is_strongest: Flags

    def forest_parents(self, count: int) -> Ints:
        """The strongest parent of each of so many adopters; ``ROOT`` where there is none."""
        parent = np.full(count, ROOT, dtype=np.int64)
        parent[self.child[self.is_strongest]] = self.parent[self.is_strongest]
        return parent


def contact_pairs(ties: Ties, parameters: CascadeParameters) -> tuple[Ints, Ints, Floats, Ints]:
    """Pairs with a follow or an interaction: child, other, strength, and the evidence by which they are known."""
    contact = ties.evidence >= EVIDENCE.index(CONTACTS[0])
    child, other, evidence, count = (each[contact] for each in (ties.child, ties.other, ties.evidence, ties.count))
    is_follow = evidence == EVIDENCE.index("follow")
    strength = np.where(is_follow, parameters.follow_strength, parameters.interaction_strength * np.log2(1.0 + count))
    # Rows are in the order of pair and evidence: a follow comes before an interaction.
    is_first = np.append(True, (np.diff(child) != 0) | (np.diff(other) != 0))[: child.size]
    group = np.cumsum(is_first) - 1
    return (
        child[is_first],
        other[is_first],
        np.asarray(np.bincount(group, weights=strength, minlength=int(is_first.sum())), dtype=np.float64),
        evidence[is_first],
    )


def split_credit(child: Ints, parent: Ints, raw: Floats, largest: int) -> tuple[Ints, Floats, Flags]:
    """Split each adoption among its strongest parents.

    Args:
        child: Adopter of each candidate pair.
        parent: The candidate.
        raw: Its weight, above 0.
        largest: Parents of an adoption at most.

    Returns:
        Places of the pairs that are kept, ordered by child and falling weight; their shares; which is the strongest.
    """
    # Rounded: which of two equal parents comes first must not hang on the last bit.
    order = np.lexsort((parent, -np.round(raw, 9), child))
    sorted_child = child[order]
    rank = np.arange(order.size) - np.searchsorted(sorted_child, sorted_child)
    kept = order[rank < largest]
    _, group = np.unique(child[kept], return_inverse=True)
    share = raw[kept] / np.bincount(group, weights=raw[kept])[group] if kept.size else np.empty(0)
    return kept, share, rank[rank < largest] == 0


def find_parents(adopters: Adopters, ties: Ties, parameters: CascadeParameters) -> Parents:
    """Find whom each adopter may have the trend from, and split the credit of its adoption.

    What the adoption itself names (a credit, quote, repost, duet or stitch) decides where there is such a trace. Else the candidates are those
    it follows or has interacted with whose last use lies within the window before the adoption, and those whose use it answered or liked;
    credit is split with weights ``strength exp(-lag / decay)`` (the split of Bakshy et al. 2011). A parent's use is surely earlier, of a
    dated one the whole day, so that parents make no circle.
    """
    explicit = ties.traced >= 0
    traced_at = np.where(adopters.is_dated[ties.other], (ties.traced // _DAY + 1) * _DAY - 1, ties.traced)
    lag = (adopters.adopted[ties.child] - traced_at) / _MILLISECONDS_PER_HOUR
    # That the parent had it before the adopter is asked of every trace too: what names a post of later is none.
    own = adopters.last_use_before(ties.other, adopters.adopted[ties.child])
    kept = explicit & (lag > 0) & (own >= 0)
    naming = ties.evidence < len(NAMING)
    strengths = np.where(naming, parameters.naming_strength, parameters.reacting_strength)
    parts = [(ties.child[kept], ties.other[kept], ties.evidence[kept], lag[kept], strengths[kept])]
    child, other, strength, evidence = contact_pairs(ties, parameters)
    used = adopters.last_use_before(other, adopters.adopted[child])
    lag = (adopters.adopted[child] - used) / _MILLISECONDS_PER_HOUR
    kept = (used >= 0) & (lag > 0) & (lag <= parameters.parent_window_days * 24.0)
    parts.append((child[kept], other[kept], evidence[kept], lag[kept], strength[kept]))
    child, other, evidence, lag, strength = (np.concatenate([part[place] for part in parts]) for place in range(5))
    is_named = np.zeros(adopters.count, dtype=bool)
    is_named[child[evidence < len(NAMING)]] = True
    raw = strength * np.exp(-lag / parameters.decay_hours)
    # A trace that is weeks old is a trace.
    raw = np.maximum(raw, 1e-6)
    order = np.lexsort((-np.round(raw, 9), other, child))
    order = order[(~is_named[child] | (evidence < len(NAMING)))[order]]
    is_first = np.append(True, (np.diff(child[order]) != 0) | (np.diff(other[order]) != 0))[: order.size]
    child, other, evidence, lag, raw = (each[order][is_first] for each in (child, other, evidence, lag, raw))
    kept_rows, share, is_strongest = split_credit(child, other, raw, parameters.largest_parent_count)
    return Parents(
        child[kept_rows], other[kept_rows], evidence[kept_rows], lag[kept_rows], share, is_strongest
    )  # fmt: skip


def parent_rows(adopters: Adopters, parents: Parents, born: dict[str, Any], parameters: CascadeParameters) -> pa.Table:
    """Rows of ``trend_parents``, by trend, adopter and falling weight."""
    child, parent = parents.child, parents.parent
    trends = [adopters.trend_keys[place] for place in adopters.trend[child].tolist()]
    columns = {
        "trend_key": trends,
        "account_key": [adopters.account_keys[place] for place in adopters.account[child].tolist()],
        "parent_account_key": [adopters.account_keys[place] for place in adopters.account[parent].tolist()],
        "evidence": [EVIDENCE[place] for place in parents.evidence.tolist()],
        "is_explicit": parents.evidence < len(NAMING) + len(REACTING),
        "lag_hours": np.round(parents.lag_hours, 6),
        "weight": np.round(parents.weight, 9),
        "is_strongest": parents.is_strongest,
        "born_month": [born[key] for key in trends],
        "method_version": [METHOD_VERSION] * child.size,
        "params_hash": [params_hash(parameters)] * child.size,
    }
    return pa.table(
        {name: pa.array(columns[name], TREND_PARENTS.field(name).type) for name in TREND_PARENTS.names}, TREND_PARENTS
    )


def cascade_rows(
    tables: TrendTables, adopters: Adopters, parents: Parents, adopter_contacts: pa.Table, parameters: CascadeParameters
) -> pa.Table:
    """Rows of ``trend_cascades``, of every trend of the tables."""
    stamp = {"method_version": METHOD_VERSION, "params_hash": params_hash(parameters)}
    place_of = {key: place for place, key in enumerate(adopters.trend_keys)}
    parent = parents.forest_parents(adopters.count)
    forest = forest_of(parent)
    has_contact = np.zeros(adopters.count, dtype=bool)
    known = adopters.rows(adopter_contacts["trend_key"], adopter_contacts["account_key"])
    counts = sum(
        np.asarray(adopter_contacts[name].to_numpy(), dtype=np.int64)
        for name in ("followed_account_count", "interacted_account_count")
    )
    has_contact[known[(known >= 0) & (counts > 0)]] = True
    bounds = np.searchsorted(adopters.trend, np.arange(len(adopters.trend_keys) + 1))
    credit = np.asarray(np.bincount(parents.parent, weights=parents.weight, minlength=adopters.count), dtype=np.float64)
    is_explicit = np.zeros(adopters.count, dtype=bool)
    is_explicit[parents.child[parents.is_strongest & (parents.evidence < len(NAMING) + len(REACTING))]] = True
    found = []
    for candidate in sorted(
        tables.candidates.select(["trend_key", "born_at", "adopter_count", "is_left_censored"]).to_pylist(), key=_key
    ):
        key = candidate["trend_key"]
        row = {"trend_key": key, "born_month": candidate["born_at"].date().replace(day=1), **stamp}
        if key not in place_of:
            reason = "left_censored" if candidate["is_left_censored"] else "no_contacts"
            none = {"adopter_count": candidate["adopter_count"], "contact_adopter_count": 0, "coverage_ratio": 0.0}
            found.append(row | none | {"null_reason": reason})
            continue
        members = np.arange(bounds[place_of[key]], bounds[place_of[key] + 1])
        # Outlets publish elsewhere: that their contacts are not known says nothing of a platform.
        asked = members[~adopters.is_outlet[members]]
        with_contact = int(has_contact[asked].sum())
        coverage = with_contact / max(asked.size, 1)
        row |= {"adopter_count": members.size, "contact_adopter_count": with_contact, "coverage_ratio": round(coverage, 9)}
        if not with_contact:
            found.append(row | {"null_reason": "no_contacts"})
        elif coverage < parameters.smallest_coverage_ratio:
            found.append(row | {"null_reason": "coverage"})
        else:
            own = parent[members] != ROOT
            row |= {"parented_adopter_count": int(own.sum()), "explicit_adopter_count": int(is_explicit[members].sum())}
            row |= _largest_tree(forest, members, parameters)
            found.append(row | _reproduction(adopters, members, credit, parameters))
    return pa.Table.from_pylist(found, TREND_CASCADES)


def _key(candidate: dict[str, Any]) -> str:
    return str(candidate["trend_key"])


def _largest_tree(forest: Forest, members: Ints, parameters: CascadeParameters) -> dict[str, Any]:
    trees = np.unique(forest.tree_of[members])
    sizes = forest.size[trees]
    largest = trees[np.argmax(sizes)]
    size = int(forest.size[largest])
    is_told = size >= parameters.smallest_virality_count
    return {
        "tree_count": int((sizes > 1).sum()),
        "lone_adopter_count": int((sizes == 1).sum()),
        "largest_size_count": size,
        "largest_depth": int(forest.depth[largest]),
        "largest_breadth_count": int(forest.breadth[largest]),
        "structural_virality": round(float(forest.virality[largest]), 9) if is_told else None,
        "largest_broadcast_share": round(float(forest.broadcast_share[largest]), 9) if size > 1 else None,
    }


def _reproduction(adopters: Adopters, members: Ints, credit: Floats, parameters: CascadeParameters) -> dict[str, Any]:
    """Credited adoptions per adopter, by group, with an interval from how unequally credit falls to the trend's adopters."""
    row: dict[str, Any] = {}
    dispersion = dispersion_within(credit[members], adopters.group[members])
    for place, group in enumerate(GROUPS):
        own = credit[members[adopters.group[members] == place]]
        row[f"{group}_adopter_count"] = own.size
        if own.size:
            ends = overdispersed_interval(float(own.sum()), dispersion, parameters.interval_share)
            row[f"reproduction_{group}"] = round(float(own.mean()), 9)
            row[f"reproduction_{group}_low"], row[f"reproduction_{group}_high"] = (round(end / own.size, 9) for end in ends)
    return row
