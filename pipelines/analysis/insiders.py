"""How far inside a niche its members and visitors are: tenure, interaction, words, core position, ranks and score. Finds no niches, no members."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipelines.analysis.increments import coded
from pipelines.analysis.insider_contracts import NICHE_INSIDERS

METHOD_VERSION: Final = "insiders_1"
PARTS: Final = {
    "tenure_rank": "tenure_days",
    "in_niche_rank": "in_niche_lift",
    "vocabulary_rank": "vocabulary_alignment_bits",
    "core_rank": "core_number_ratio",
}
"""Ranks, and what each ranks."""
TOO_FEW_PARTS: Final = "too_few_parts"
Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Flags = NDArray[np.bool_]
_PAIR: Final = ["platform", "account_key", "niche_id"]
_DECIMALS: Final = 9
_BLOCK_CELLS: Final = 2_000_000


@dataclass(frozen=True)
class InsiderParameters:
    """Parameters of the insider score.

    Attributes:
        prior_interactions: Interactions that an account is thought to have had, beforehand, with the niche's share that its platform has:
            of few real ones little follows.
        prior_uses: Uses by which a niche's vocabulary leans to everybody's (mu of Dirichlet smoothing, Zhai and Lafferty 2004).
        smallest_use_count: Uses below which an account's vocabulary is not compared.
        smallest_part_count: Parts that a score is a mean of, at least.
        insider_part_share: An insider is at or over the median of the niche in this share of the parts that there are, rounded up.
        insider_tenure_days: Days that an insider has been in the niche, or the whole of the niche's age where that is less.
        smallest_action_count: Actions below which nobody is said to be a specialist.
        dimension_count: Dimensions that niches and units are embedded in, at most.
    """

    prior_interactions: float = 10.0
    prior_uses: float = 2000.0
    smallest_use_count: int = 5
    smallest_part_count: int = 2
    insider_part_share: float = 0.75
    insider_tenure_days: int = 90
    smallest_action_count: int = 5
    dimension_count: int = 32


@dataclass(frozen=True)
class InsiderWindow:
    """One month of accounts, what they use and whom they talk to.

    Attributes:
        uses: Posts of each account with each unit, account x unit.
        directed: Interactions of the row with the column, account x account.
        platform: Of each account, from 0.
        group: First niche of each account, -1 for none.
        niche_count: Number of niches.
    """

    uses: csr_matrix
    directed: csr_matrix
    platform: Labels
    group: Labels
    niche_count: int


@dataclass(frozen=True)
class Pairs:
    """Accounts and niches that are looked at together, one value a pair.

    Attributes:
        account: Row of the account.
        niche: Number of the niche.
        is_member: Whether it is a membership; a visitor is not among those that it is compared with.
    """

    account: Labels
    niche: Labels
    is_member: Flags


def visiting_pairs(uses: csr_matrix, term: Labels, niche: Labels, niche_count: int) -> csr_matrix:
    """Which accounts use a distinctive term of which niches, account x niche.

    Args:
        uses: Account x unit.
        term: Of each distinctive term, its unit.
        niche: Of each distinctive term, its niche.
        niche_count: Number of niches.
    """
    marks = csr_matrix((np.ones(term.size), (term, niche)), shape=(uses.shape[1], niche_count))
    return csr_matrix(uses @ marks)


def measure_parts(window: InsiderWindow, pairs: Pairs, parameters: InsiderParameters | None = None) -> dict[str, pa.Array]:
    """Measure what one month by itself tells of members and visitors.

    Args:
        window: The month.
        pairs: Whom to measure in which niche; all members are among them.
        parameters: Defaults when None.

    Returns:
        Columns of ``niche_insiders`` by name, one value a pair: all but tenure, ranks and what follows from them.
    """
    parameters = parameters or InsiderParameters()
    return {
        "is_member": pa.array(pairs.is_member, pa.bool_()),
        **_interactions(window, pairs, parameters),
        **_vocabulary(window, pairs, parameters),
        **_cores(window, pairs),
        **_specialism(window, pairs.account, parameters),
    }


def _numbers(values: Floats, known: Flags | None = None) -> pa.Array:
    """Numbers rounded so that ties are ties; NULL where not known or not finite."""
    known = np.isfinite(values) if known is None else known & np.isfinite(values)
    return pa.array(np.round(np.where(known, values, 0.0), _DECIMALS) + 0.0, pa.float64(), mask=~known)


def _counts(values: NDArray[Any], known: Flags) -> pa.Array:
    return pa.array(np.rint(values).astype(np.int64), pa.int64(), mask=~known)


def _cells(table: csr_matrix, rows: Labels, columns: Labels) -> Floats:
    """Some cells of a sparse table. Asked for none, scipy gives a table and not an array."""
    return np.asarray(table[rows, columns], dtype=np.float64).ravel() if rows.size else np.empty(0)


def _interactions(window: InsiderWindow, pairs: Pairs, parameters: InsiderParameters) -> dict[str, pa.Array]:
    """Interactions with members, against the niche's share of everybody else's on the same platform (the configuration model).

    With ``k`` of ``n`` interactions inside and the expected share ``q``, ``lift = logit((k + a q) / (n + a)) - logit(q)``: a Dirichlet
    prior of ``a`` interactions (Monroe, Colaresi and Quinn 2008 use the same for words).
    """
    account, niche = pairs.account, pairs.niche
    rows, columns = account[pairs.is_member], niche[pairs.is_member]
    member = csr_matrix((np.ones(rows.size), (rows, columns)), shape=(window.uses.shape[0], window.niche_count))
    both = csr_matrix(window.directed + window.directed.T, dtype=np.float64)
    both.setdiag(0)
    strength = np.asarray(both.sum(axis=1)).ravel()
    platform_count = int(window.platform.max(initial=-1)) + 1
    total = np.bincount(window.platform, strength, minlength=platform_count)
    inside = np.zeros((platform_count, window.niche_count))
    np.add.at(inside, (window.platform[rows], columns), strength[rows])
    own, place = strength[account], window.platform[account]
    count = _cells(csr_matrix(both @ member), account, niche)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = (inside[place, niche] - own * pairs.is_member) / (total[place] - own)
        prior = parameters.prior_interactions
        odds = (count + prior * expected) / (own - count + prior * (1 - expected))
        lift = np.log(odds) - np.log(expected / (1 - expected))
    is_shown = total[place] > 0
    is_defined = is_shown & (expected > 0) & (expected < 1)
    return {
        "interaction_count": _counts(own, is_shown),
        "in_niche_interaction_count": _counts(count, is_shown),
        "expected_in_niche_ratio": _numbers(expected, is_shown),
        "in_niche_lift": _numbers(lift, is_defined & (own > 0)),
    }


def _by_niche(uses: csr_matrix, group: Labels, niche_count: int) -> csr_matrix:
    """Uses of each niche's first members, niche x unit."""
    members = np.flatnonzero(group >= 0)
    chosen = csr_matrix((np.ones(members.size), (group[members], members)), shape=(niche_count, group.size))
    summed = csr_matrix(chosen @ uses)
    summed.sort_indices()
    return summed


def _vocabulary(window: InsiderWindow, pairs: Pairs, parameters: InsiderParameters) -> dict[str, pa.Array]:
    """Bits a use by which the niche's unigram model foretells an account better than everybody's; the author is in neither.

    ``P(w | g) = (c_gw + mu P(w)) / (c_g + mu)`` and ``H_everybody - H_g = mean over uses of log2(P(w | g) / P(w))``. A mean over uses has
    the same expectation for any number of them drawn without putting back, so it is already what an equal budget for each author
    (Danescu-Niculescu-Mizil et al. 2013) comes to on average. Units that nobody else uses say nothing and are left out.
    """
    account, niche = pairs.account, pairs.niche
    uses = csr_matrix(window.uses, dtype=np.float64)
    shared = np.flatnonzero(np.bincount(uses.indices, minlength=uses.shape[1]) >= 2)
    uses = csr_matrix(uses[:, shared])
    uses.sort_indices()
    own = np.asarray(uses.sum(axis=1)).ravel()
    everybody = np.asarray(uses.sum(axis=0)).ravel()
    everything = float(everybody.sum())
    by_niche = _by_niche(uses, window.group, window.niche_count)
    sizes = np.asarray(by_niche.sum(axis=1)).ravel()
    lengths = np.diff(uses.indptr)[account]
    is_own = (window.group[account] == niche).astype(np.float64)
    bits = np.zeros(account.size)
    ends = np.cumsum(lengths)
    block = (ends - lengths) // _BLOCK_CELLS
    for each in np.unique(block):
        rows = np.flatnonzero((block == each) & (lengths > 0))
        pair = np.repeat(rows, lengths[rows])
        offset = np.arange(pair.size) - np.repeat(np.cumsum(lengths[rows]) - lengths[rows], lengths[rows])
        cell = uses.indptr[account[pair]] + offset
        unit, times = uses.indices[cell], uses.data[cell]
        background = (everybody[unit] - times) / (everything - own[account[pair]])
        inside = _cells(by_niche, niche[pair], unit) - is_own[pair] * times
        size = sizes[niche[pair]] - is_own[pair] * own[account[pair]]
        foretold = (inside + parameters.prior_uses * background) / (size + parameters.prior_uses)
        bits += np.bincount(pair, times * np.log2(foretold / background), minlength=account.size)
    count = own[account]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = bits / count
    return {
        "vocabulary_use_count": _counts(count, np.ones(count.size, dtype=bool)),
        "vocabulary_alignment_bits": _numbers(mean, count >= parameters.smallest_use_count),
    }


def core_numbers(graph: csr_matrix) -> Labels:
    """Core number of each vertex: the largest k of a subgraph in which every vertex has k neighbours and it is one of them.

    Vertices of the least degree are peeled off, wave by wave, so each edge is looked at twice (Batagelj and Zaversnik 2003).

    Args:
        graph: Symmetric, vertex x vertex; every stored entry off the diagonal is an edge.
    """
    rows = np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr))
    kept = graph.indices != rows
    target = graph.indices[kept].astype(np.int64)
    degree = np.bincount(rows[kept], minlength=graph.shape[0])
    first = np.concatenate([[0], np.cumsum(degree)])
    core, is_left, level = np.zeros(degree.size, dtype=np.int64), np.ones(degree.size, dtype=bool), 0
    lengths = degree.copy()
    while is_left.any():
        level = max(level, int(degree[is_left].min()))
        wave = np.flatnonzero(is_left & (degree <= level))
        while wave.size:
            core[wave], is_left[wave] = level, False
            places = np.repeat(first[wave] - np.cumsum(lengths[wave]) + lengths[wave], lengths[wave]) + np.arange(
                lengths[wave].sum()
            )
            reached, times = np.unique(target[places], return_counts=True)
            reached, times = reached[is_left[reached]], times[is_left[reached]]
            degree[reached] -= times
            wave = reached[degree[reached] <= level]
    return core


def _cores(window: InsiderWindow, pairs: Pairs) -> dict[str, pa.Array]:
    """Core numbers among the members of each niche, of accounts that both turned to the other.

    A visitor is no part of that graph: it has the core number that its neighbours in it would lend it, which is the largest k of them with
    a core number of k or more.
    """
    mutual = csr_matrix(window.directed.minimum(window.directed.T))
    mutual.setdiag(0)
    mutual.eliminate_zeros()
    mutual.sort_indices()
    account, niche, platform = pairs.account, pairs.niche, window.platform[pairs.account]
    core = np.zeros(account.size)
    order = np.lexsort((~pairs.is_member, niche))
    starts = np.searchsorted(niche[order], np.arange(window.niche_count + 1))
    for one in range(window.niche_count):
        rows = order[starts[one] : starts[one + 1]]
        inner, outer = rows[pairs.is_member[rows]], rows[~pairs.is_member[rows]]
        core[inner] = core_numbers(csr_matrix(mutual[account[inner]][:, account[inner]]))
        core[outer] = _lent_cores(csr_matrix(mutual[account[outer]][:, account[inner]]), core[inner])
    talks = np.asarray((window.directed + window.directed.T).sum(axis=1)).ravel()
    # Nobody talks across platforms, so each has a core of its own.
    platform_count = int(window.platform.max(initial=-1)) + 1
    is_shown = (np.bincount(window.platform, talks, minlength=platform_count) > 0)[platform]
    largest = np.zeros((window.niche_count, platform_count))
    np.maximum.at(largest, (niche[pairs.is_member], platform[pairs.is_member]), core[pairs.is_member])
    top = largest[niche, platform]
    return {
        "core_number": _counts(core, is_shown),
        "core_number_ratio": _numbers(np.minimum(core / np.maximum(top, 1), 1.0), is_shown & (top > 0)),
    }


def _lent_cores(neighbours: csr_matrix, core: Floats) -> Floats:
    """For each row the largest k of which k neighbours have a core number of k or more."""
    row = np.repeat(np.arange(neighbours.shape[0]), np.diff(neighbours.indptr))
    height = core[neighbours.indices]
    order = np.lexsort((-height, row))
    place = np.arange(row.size) - neighbours.indptr[row] + 1
    lent = np.zeros(neighbours.shape[0])
    np.maximum.at(lent, row, np.minimum(height[order], place))
    return lent


def _specialism(window: InsiderWindow, account: Labels, parameters: InsiderParameters) -> dict[str, pa.Array]:
    """Generalist-specialist score of each account (Waller and Anderson 2019), and the same without what few actions alone make.

    Units are embedded by positive pointwise mutual information with niches and its largest singular vectors; ``v`` is a unit's vector,
    of length 1. ``GS = mean cos(v_i, mean v)`` over the account's J actions is the length of the mean vector, so
    ``GS ** 2 = 1 / J + (1 - 1 / J) c`` with c the mean cosine of two different actions. Of J random draws from all actions of
    the month c is ``c0`` on average, whatever J; the score is ``(c - c0) / (1 - c0)``.
    """
    uses = csr_matrix(window.uses, dtype=np.float64)
    by_niche = _by_niche(uses, window.group, window.niche_count)
    vectors, is_told = _unit_vectors(by_niche, parameters.dimension_count)
    told = csr_matrix(uses[:, np.flatnonzero(is_told)])
    summed = np.asarray(told @ vectors[is_told])
    actions = np.asarray(told.sum(axis=1)).ravel()
    everything = float(actions.sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        squared = (summed**2).sum(axis=1) / actions**2
        alike = (actions * squared - 1) / (actions - 1)
        # Of two different actions of the month, as alike is of two different ones of the account.
        chance = (
            (float((summed.sum(axis=0) ** 2).sum()) - everything) / (everything * (everything - 1)) if everything > 1 else np.nan
        )
        score = (alike - chance) / (1 - chance)
    is_known = actions >= parameters.smallest_action_count
    return {
        "niche_action_count": _counts(actions, np.ones(actions.size, dtype=bool)).take(pa.array(account)),
        "generalist_specialist_raw_score": _numbers(np.sqrt(squared), is_known).take(pa.array(account)),
        "generalist_specialist_score": _numbers(score, is_known & (chance < 1)).take(pa.array(account)),
    }


def _unit_vectors(by_niche: csr_matrix, dimension_count: int) -> tuple[Floats, Flags]:
    """A vector of length 1 for each unit that some niche uses more than the others do, and which units these are."""
    found = csr_matrix(by_niche, dtype=np.float64, copy=True)
    total = float(found.sum())
    rows = np.repeat(np.arange(found.shape[0]), np.diff(found.indptr))
    by_row, by_unit = (np.asarray(found.sum(axis=axis)).ravel() for axis in (1, 0))
    found.data = (
        np.maximum(np.log(found.data * total / (by_row[rows] * by_unit[found.indices])), 0.0) if found.nnz else found.data
    )
    # A few hundred niches at most: the singular vectors come from the small Gram matrix, the same on every machine up to their signs.
    _, niches = np.linalg.eigh((found @ found.T).toarray())
    vectors = np.asarray(found.T @ niches[:, ::-1][:, :dimension_count])
    lengths = np.sqrt((vectors**2).sum(axis=1))
    is_told = lengths > 10.0**-_DECIMALS
    return np.where(is_told[:, None], vectors / np.where(is_told, lengths, 1.0)[:, None], 0.0), is_told


@dataclass(frozen=True)
class Tenures:
    """How long each pair of account and niche has been one of member and niche, in days.

    Attributes:
        tenure_days: From the first month of membership to the row's; 0 for who was no member yet.
        is_at_least: That first month is the first that its platform was seen in.
        required_days: What is asked of an insider.
    """

    tenure_days: Labels
    is_at_least: Flags
    required_days: Labels

    def are_those_of(self, rows: pa.Table) -> bool:
        """Whether scored rows have these tenures already; a row that was never scored has neither a score nor a reason."""
        is_scored = not (np.asarray(rows["insider_score"].is_null()) & np.asarray(rows["insider_null_reason"].is_null())).any()
        pairs = {
            "tenure_days": self.tenure_days,
            "is_tenure_at_least": self.is_at_least,
            "required_tenure_days": self.required_days,
        }
        return is_scored and all(np.array_equal(rows[name].to_numpy(), values) for name, values in pairs.items())


def tenures(rows: pa.Table, first_months: dict[str, int], parameters: InsiderParameters | None = None) -> Tenures:
    """Find how long members have been members, of all months together.

    Args:
        rows: ``niche_insiders`` of all months.
        first_months: By platform, the first month in which anybody of it was looked at, in days since 1970.
        parameters: Defaults when None.
    """
    parameters = parameters or InsiderParameters()
    month = np.asarray(rows["month"].cast(pa.int32()).to_numpy(), dtype=np.int64)
    is_member = np.asarray(rows["is_member"].to_numpy(zero_copy_only=False), dtype=bool)
    (platforms, platform), (keys, account), (niches, niche) = (coded(rows[name]) for name in _PAIR)
    began = _firsts((platform * len(keys) + account) * len(niches) + niche, month, is_member)
    # Where it has members, a niche has its age by platform: nobody can have been in it where it was not.
    born = np.minimum(_firsts(platform * len(niches) + niche, month, is_member), month)
    seen = np.array([first_months[name] for name in platforms], dtype=np.int64)[platform] if platforms else month
    is_begun = began <= month
    days = np.where(is_begun, month - began, 0)
    return Tenures(days, is_begun & (began == seen), np.minimum(parameters.insider_tenure_days, month - born))


def _firsts(group: Labels, month: Labels, counts: Flags) -> Labels:
    """Of each row the first month of the rows of its group that count; a month that never comes without any."""
    _, place = np.unique(group, return_inverse=True)
    first = np.full(int(place.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, place[counts], month[counts])
    return np.asarray(first[place])


def scored(parts: pa.Table, found: Tenures, parameters: InsiderParameters | None = None) -> pa.Table:
    """Rank the parts among the members of each niche, and score.

    Args:
        parts: Rows of one month in the schema of ``niche_insiders``; tenure, ranks and scores are replaced.
        found: Tenure of each row.
        parameters: Defaults when None.
    """
    parameters = parameters or InsiderParameters()
    columns: dict[str, Any] = {name: parts[name] for name in parts.schema.names} | {
        "tenure_days": pa.array(found.tenure_days, pa.int64()),
        "is_tenure_at_least": pa.array(found.is_at_least, pa.bool_()),
        "required_tenure_days": pa.array(found.required_days, pa.int64()),
    }
    _, niche = coded(parts["niche_id"])
    is_member = np.asarray(parts["is_member"].to_numpy(zero_copy_only=False), dtype=bool)
    values = {rank: _values(columns[name]) for rank, name in PARTS.items()}
    ranks = np.column_stack([_ranks(each, niche, is_member) for each in values.values()])
    is_there = np.isfinite(ranks)
    count = is_there.sum(axis=1)
    is_enough = count >= parameters.smallest_part_count
    mean = np.where(is_there, ranks, 0.0).sum(axis=1) / np.maximum(count, 1)
    wanted = np.array([ceil(parameters.insider_part_share * number - 1e-9) for number in range(len(PARTS) + 1)])
    is_over = (ranks >= 0.5 - 10.0**-_DECIMALS).sum(axis=1) >= wanted[count]
    is_insider = is_member & is_over & (found.tenure_days >= found.required_days)
    columns |= {rank: _numbers(ranks[:, place]) for place, rank in enumerate(PARTS)}
    columns |= {
        "insider_part_count": pa.array(count, pa.int64()),
        "insider_score": _numbers(mean, is_enough),
        "insider_null_reason": pa.array(np.full(count.size, TOO_FEW_PARTS, dtype=object), pa.string(), mask=is_enough),
        "is_insider": pa.array(is_insider, pa.bool_(), mask=~is_enough),
    }
    return pa.table([columns[name] for name in NICHE_INSIDERS.names], schema=NICHE_INSIDERS)


def _values(column: pa.Array | pa.ChunkedArray) -> Floats:
    return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)


def _ranks(values: Floats, group: Labels, is_member: Flags) -> Floats:
    """Share of the group's members that are below, and half of those that are as high; NaN where unknown, or where all members are alike."""
    ranks = np.full(values.size, np.nan)
    known = np.flatnonzero(np.isfinite(values))
    order = known[np.argsort(group[known], kind="stable")]
    for rows in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        peers = np.sort(values[rows[is_member[rows]]])
        if peers.size and peers[0] < peers[-1]:
            below, up_to = np.searchsorted(peers, values[rows], "left"), np.searchsorted(peers, values[rows], "right")
            ranks[rows] = (below + up_to) / 2 / peers.size
    return ranks
