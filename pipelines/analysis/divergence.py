"""How far apart groups are by the units that their members use: Jensen-Shannon divergence without what sample size makes. No months, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipelines.analysis.increments import mixed
from pipelines.analysis.precedence import stable_seed

METHOD_VERSION: Final = "divergence_1"
Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Hashes = NDArray[np.uint64]


@dataclass(frozen=True)
class DivergenceParameters:
    """Parameters of divergences.

    Attributes:
        sample_accounts: Accounts in each half that is compared; a niche needs twice as many.
        sample_tokens: Tokens drawn from each half. Both are the same in every window, or a trend would show sample size.
        draw_count: Draws of halves.
        seed: Of the draws.
    """

    sample_accounts: int = 8
    sample_tokens: int = 40
    draw_count: int = 40
    seed: int = 20261128


@dataclass(frozen=True)
class Divergences:
    """Corrected divergences in bits, and the raw divergence of halves that corrected them; NaN where a side is too small.

    Attributes:
        pairs: Niche x niche; NaN on the diagonal.
        pairs_null: Niche x niche.
        rest: Of each niche from the members of all others.
        rest_null: Of each niche.
    """

    pairs: Floats
    pairs_null: Floats
    rest: Floats
    rest_null: Floats


def _drawn(
    counts: csr_matrix, accounts: Labels, tokens: int, generator: np.random.Generator
) -> tuple[Labels, NDArray[np.int64]] | None:
    """Tokens drawn without replacement from the uses of some accounts, as units and times; None where they have too few."""
    places = [np.arange(counts.indptr[row], counts.indptr[row + 1]) for row in accounts]
    place = np.concatenate(places)
    units, unit = np.unique(counts.indices[place], return_inverse=True)
    pool = np.bincount(unit, counts.data[place]).astype(np.int64)
    if pool.sum() < tokens:
        return None
    return units.astype(np.int64), generator.multivariate_hypergeometric(pool, tokens, method="marginals")


def _side_by_side(found: dict[tuple[int, int], tuple[Labels, NDArray[np.int64]]], count: int) -> NDArray[np.int64]:
    """Draws as side x niche x unit, of the units that two draws share: no other unit makes niches alike."""
    result_units = [units[times > 0] for units, times in found.values()]
    units, uses = np.unique(np.concatenate([*result_units, np.empty(0, dtype=np.int64)]), return_counts=True)
    units = units[uses > 1]
    result = np.zeros((4, count, units.size), dtype=np.int64)
    for (side, niche), (own, times) in found.items():
        _, here, there = np.intersect1d(units, own, assume_unique=True, return_indices=True)
        result[side, niche, here] = times[there]
    return result


def _cross_divergences(left: NDArray[np.int64], right: NDArray[np.int64], tokens: int) -> Floats:
    """Jensen-Shannon divergence (bits) of each row of one side from each of the other, all rows with equal tokens.

    ``1 - (sum f(a + b) - sum f(a) - sum f(b)) / 2n`` with ``f(c) = c log2 c``: only shared units count.
    """
    numbers = np.arange(2 * tokens + 1)
    log = np.zeros(numbers.size)
    log[1:] = numbers[1:] * np.log2(numbers[1:])
    own, other = log[left].sum(axis=1), log[right].sum(axis=1)
    together = np.array([log[row + right].sum(axis=1) for row in left]).reshape(left.shape[0], right.shape[0])
    return np.asarray(1 - (together - own[:, None] - other[None, :]) / (2 * tokens))


def _chance_corrected(between: Floats, halves: Floats) -> Floats:
    """Divergence above what sample size makes, as a share of what is left above it (as the adjusted Rand index)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(halves < 1, (between - halves) / (1 - halves), np.nan)


def _mean_of_draws(draws: list[Floats]) -> Floats:
    """Mean over draws; NaN where fewer than half could be made."""
    stacked = np.array(draws)
    made = np.isfinite(stacked).sum(axis=0)
    return np.where(2 * made >= len(draws), np.nansum(stacked, axis=0) / np.maximum(made, 1), np.nan)


def niche_divergences(
    counts: csr_matrix, niche: Labels, account: Hashes, niche_count: int, parameters: DivergenceParameters
) -> Divergences:
    """How far apart the units of niches are: Jensen-Shannon divergence in bits (Lin 1991) without what sample size makes.

    In each draw a niche gives two disjoint halves of ``sample_accounts`` members and ``sample_tokens`` of their tokens. B is
    the mean divergence of a half of one niche from a half of the other, S that of two halves of one niche (mean of the two).
    The result is ``(B - S) / (1 - S)``: 0 is expected where two niches share one distribution, however sparse it is and however
    much single accounts repeat themselves; 1 where they share no unit. The plain ``B - S`` would put niches that share no
    unit at ``1 - S``. Between the two ends it is somewhat too high (sparse samples: by up to about 0.1 bits), and equally so in all
    windows, as samples are equal. Values a little below zero are noise around zero and stay, or means would be too high.

    Args:
        counts: Uses, account x unit, in an order that the caller fixes.
        niche: Place of each account's niche, -1 for none.
        account: Hash of each account's key, which decides in which draws it is.
        niche_count: Number of niches.
        parameters: See :class:`DivergenceParameters`.

    Returns:
        See :class:`Divergences`; niches by their places.
    """
    count, need = niche_count, parameters.sample_accounts
    tokens = parameters.sample_tokens
    eligible = (niche >= 0) & (np.diff(counts.indptr) > 0)
    draws: list[list[Floats]] = [[], [], [], []]
    for draw in range(parameters.draw_count):
        key = mixed(account + mixed(np.array([parameters.seed + draw], dtype=np.uint64)))
        order = np.argsort(key, kind="stable")
        order = order[eligible[order]]
        generator = np.random.default_rng(stable_seed(parameters.seed, draw))
        sides: dict[tuple[int, int], tuple[Labels, NDArray[np.int64]]] = {}
        for place in range(count):
            own = niche[order] == place
            for side, accounts in ((0, order[own]), (2, order[~own])):
                for half in range(2):
                    chosen = accounts[half * need : (half + 1) * need]
                    found = _drawn(counts, chosen, tokens, generator) if chosen.size == need else None
                    if found is not None:
                        sides[side + half, place] = found
        for kept, made in zip(draws, _draw_divergences(sides, count, tokens), strict=True):
            kept.append(made)
    between, halves, rest, rest_halves = (_mean_of_draws(kept) for kept in draws)
    np.fill_diagonal(between, np.nan)
    pair_halves = (halves[:, None] + halves[None, :]) / 2
    rest_null = (halves + rest_halves) / 2
    return Divergences(_chance_corrected(between, pair_halves), pair_halves, _chance_corrected(rest, rest_null), rest_null)


def _draw_divergences(
    sides: dict[tuple[int, int], tuple[Labels, NDArray[np.int64]]], count: int, tokens: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Of one draw: between niches, between a niche's halves, between a niche and the rest, between halves of the rest."""
    first, second, rest_first, rest_second = _side_by_side(sides, count)
    has_halves, has_rest = (
        np.array([(side, niche) in sides and (side + 1, niche) in sides for niche in range(count)], dtype=bool) for side in (0, 2)
    )
    cross = np.full((count, count), np.nan)
    kept = np.flatnonzero(has_halves)
    cross[np.ix_(kept, kept)] = _cross_divergences(first[kept], second[kept], tokens)
    rest, rest_halves = np.full(count, np.nan), np.full(count, np.nan)
    for niche in np.flatnonzero(has_halves & has_rest):
        row = slice(niche, niche + 1)
        ends = ((first, rest_second), (rest_first, second))
        rest[niche] = np.mean([_cross_divergences(left[row], right[row], tokens)[0, 0] for left, right in ends])
        rest_halves[niche] = _cross_divergences(rest_first[row], rest_second[row], tokens)[0, 0]
    return (cross + cross.T) / 2, np.diag(cross).copy(), rest, rest_halves
