"""Accounts and what they use, drawn from planted communities. No tests here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class World:
    """Uses (account x unit), each account's community, and its second one (-1 for none)."""

    counts: csr_matrix
    homes: Labels
    seconds: Labels


def planted_world(
    size: int,
    community_count: int,
    mixing: float,
    seed: int,
    *,
    uses: float = 14.0,
    unit_count: int = 30,
    general_count: int = 200,
    second_share: float = 0.0,
) -> World:
    """Degree-corrected uses: community sizes and accounts' activity are lognormal, units' popularity is Zipf's.

    Args:
        size: Accounts.
        community_count: Communities.
        mixing: Share of an account's uses that are not of its communities: half of any community's units, half general.
        seed: Of all draws.
        uses: Mean uses of an account.
        unit_count: Units of each community.
        general_count: Units of nobody.
        second_share: Share of accounts with a second community, which takes two of five uses.
    """
    random = np.random.default_rng(seed)
    shares = random.lognormal(0, 0.8, community_count)
    shares /= shares.sum()
    homes = random.choice(community_count, size, p=shares)
    seconds = (homes + 1 + random.integers(0, community_count - 1, size)) % community_count
    seconds = np.where(random.random(size) < second_share, seconds, -1)
    activity = np.maximum(2, np.round(uses * random.lognormal(-0.32, 0.8, size))).astype(np.int64)
    account = np.repeat(np.arange(size), activity)
    community = np.where((seconds[account] >= 0) & (random.random(account.size) < 0.4), seconds[account], homes[account])
    kind = random.random(account.size)
    community = np.where(kind < mixing / 2, random.choice(community_count, account.size, p=shares), community)
    popularity, general = 1 / np.arange(1, unit_count + 1) ** 0.8, 1 / np.arange(1, general_count + 1)
    unit = community * unit_count + random.choice(unit_count, account.size, p=popularity / popularity.sum())
    anyone = community_count * unit_count + random.choice(general_count, account.size, p=general / general.sum())
    unit = np.where((kind >= mixing / 2) & (kind < mixing), anyone, unit)
    counts = coo_matrix((np.ones(account.size), (account, unit)), (size, community_count * unit_count + general_count)).tocsr()
    used = np.bincount(counts.indices, minlength=counts.shape[1])
    # The bounds of niche discovery: nobody's units and everybody's say nothing.
    shared = np.flatnonzero((used >= 3) & (used <= max(0.05 * size, min(0.35 * size, 300))))
    return World(csr_matrix(counts[:, shared]), homes.astype(np.int64), seconds.astype(np.int64))
