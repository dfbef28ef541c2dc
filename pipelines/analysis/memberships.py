"""How much of what an account uses each niche explains: strengths of overlapping membership. Finds no niches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

METHOD_VERSION: Final = "mixture_of_niches_1"
Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
_BLOCK_CELLS: Final = 500_000
_DECIMALS: Final = 9


@dataclass(frozen=True)
class MembershipParameters:
    """Parameters of the mixture.

    Attributes:
        smallest_unit_accounts: Units used by fewer accounts tell nothing of a niche.
        candidate_count: Niches that an account may be a member of: those that explain most of its units by themselves.
        prior_uses: Uses by which a niche's vocabulary leans to everybody's.
        prior_share: Share of a use that each candidate has beforehand: an account of few units is not pushed into one niche.
        iteration_count: Steps of the EM.
    """

    smallest_unit_accounts: int = 3
    candidate_count: int = 8
    prior_uses: float = 50.0
    prior_share: float = 0.02
    iteration_count: int = 40


@dataclass(frozen=True)
class _Vocabularies:
    """Uses by niche and of everybody; ``counts`` is niche x unit, ``everybody`` the share of each unit among all uses."""

    counts: csr_matrix
    totals: Floats
    everybody: Floats


def membership_strengths(
    uses: csr_matrix, group: Labels, count: int, parameters: MembershipParameters | None = None
) -> csr_matrix:
    """Share of an account's units that each niche explains, and not everybody's vocabulary, by maximum likelihood.

    An account's units are draws from a mixture of the niches' vocabularies and everybody's, ``sum_k s_k P(unit | k)``; its
    shares ``s`` are found by EM with the vocabularies held fixed (the folding-in of Hofmann 1999), its own units not counted among its
    niche's. A unit counts once, however often it is used.

    Args:
        uses: Account x unit.
        group: Of each account its first niche, -1 for none.
        count: Number of niches.
        parameters: Defaults when None.

    Returns:
        Account x niche; a row sums to what everybody's vocabulary leaves, and to nothing for an account without units.
    """
    parameters = parameters or MembershipParameters()
    ones = csr_matrix(uses, dtype=np.float64, copy=True)
    ones.sum_duplicates()
    ones.data = (ones.data > 0).astype(np.float64)
    users = np.bincount(ones.indices, ones.data, minlength=ones.shape[1])
    ones = csr_matrix(ones[:, np.flatnonzero(users >= parameters.smallest_unit_accounts)])
    size = ones.shape[0]
    if not count or not ones.nnz:
        return csr_matrix((size, count))
    members = np.flatnonzero(group >= 0)
    chosen = csr_matrix((np.ones(members.size), (group[members], members)), shape=(count, size))
    counts = csr_matrix(chosen @ ones)
    everybody = np.asarray(ones.sum(axis=0)).ravel()
    vocabularies = _Vocabularies(counts, np.asarray(counts.sum(axis=1), dtype=np.float64).ravel(), everybody / everybody.sum())
    width = min(parameters.candidate_count, count)
    step = max(1, int(_BLOCK_CELLS * size / max(ones.nnz, 1) / (width + 1)))
    parts = [
        _block(csr_matrix(ones[begin : begin + step]), group[begin : begin + step], vocabularies, width, parameters)
        for begin in range(0, size, step)
    ]
    account = np.concatenate([np.repeat(np.arange(part.shape[0]), width) + step * place for place, (part, _) in enumerate(parts)])
    niche = np.concatenate([candidates.ravel() for _, candidates in parts])
    share = np.round(np.concatenate([part.ravel() for part, _ in parts]), _DECIMALS)
    kept = share > 0
    return csr_matrix((share[kept], (account[kept], niche[kept])), shape=(size, count))


def regrouped(
    uses: csr_matrix, group: Labels, count: int, smallest: int, parameters: MembershipParameters | None = None
) -> Labels:
    """First niches after each member went to the niche that explains most of what it uses; who has none gets none.

    The edges of an account are few and partly chance; what it uses is all that there is. No niche is emptied below its smallest size.

    Args:
        uses: Account x unit.
        group: Of each account its niche, -1 for none.
        count: Number of niches.
        smallest: Members that a niche keeps, if it has them.
        parameters: Defaults when None.
    """
    if not count:
        return group
    strengths = membership_strengths(uses, group, count, parameters)
    best = np.asarray(strengths.argmax(axis=1)).ravel().astype(np.int64)
    is_told = (group >= 0) & (np.diff(strengths.indptr) > 0)
    moved = np.where(is_told, best, group)
    while True:
        sizes = np.bincount(moved[moved >= 0], minlength=count)
        back = (moved != group) & (sizes < smallest)[np.maximum(group, 0)]
        if not back.any():
            return np.asarray(moved)
        moved = np.where(back, group, moved)


def _candidates(ones: csr_matrix, group: Labels, vocabularies: _Vocabularies, width: int) -> Labels:
    """For each account the niches whose vocabularies lift its units most above everybody's, its own always among them."""
    lifted = vocabularies.counts.copy()
    lifted.data = (
        lifted.data
        / np.maximum(vocabularies.totals, 1)[np.repeat(np.arange(lifted.shape[0]), np.diff(lifted.indptr))]
        / vocabularies.everybody[lifted.indices]
    )
    scores = np.round((ones @ lifted.T).toarray(), _DECIMALS)
    own = np.flatnonzero(group >= 0)
    scores[own, group[own]] = np.inf
    return np.sort(np.argsort(-scores, axis=1, kind="stable")[:, :width], axis=1)


def _block(
    ones: csr_matrix, group: Labels, vocabularies: _Vocabularies, width: int, parameters: MembershipParameters
) -> tuple[Floats, Labels]:
    """Shares and candidates of some accounts, account x candidate."""
    candidates = _candidates(ones, group, vocabularies, width)
    account, unit = np.repeat(np.arange(ones.shape[0]), np.diff(ones.indptr)), ones.indices
    niche = candidates[account]
    found = np.asarray(vocabularies.counts[niche.ravel(), np.repeat(unit, width)]).reshape(niche.shape)
    total = vocabularies.totals[niche]
    is_own = niche == group[account][:, None]
    unit_counts = np.diff(ones.indptr)[account].astype(np.float64)
    found = found - is_own
    total = total - is_own * unit_counts[:, None]
    everybody = vocabularies.everybody[unit]
    prior = parameters.prior_uses
    chances = np.column_stack([(found + prior * everybody[:, None]) / (total + prior), everybody])
    shares = np.full((ones.shape[0], width + 1), 1 / (width + 1))
    starts = ones.indptr[:-1]
    has_units = np.diff(ones.indptr) > 0
    for _ in range(parameters.iteration_count):
        explained = chances * shares[account]
        explained /= explained.sum(axis=1, keepdims=True)
        sums = np.zeros_like(shares)
        sums[has_units] = np.add.reduceat(explained, starts[has_units], axis=0) if explained.size else 0.0
        sums += parameters.prior_share
        shares = sums / sums.sum(axis=1, keepdims=True)
    shares[~has_units] = 0.0
    return shares[:, :width], candidates
