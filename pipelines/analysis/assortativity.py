"""How much edge weight stays inside groups, against graphs with the same degrees. Finds no groups; no months, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

METHOD_VERSION: Final = "assortativity_1"
Labels = NDArray[np.int64]
NONE: Final = float("nan")


@dataclass(frozen=True)
class RewiringParameters:
    """Parameters of rewired graphs.

    Attributes:
        graph_count: Rewired graphs.
        burn_in_rounds: Rounds of edge swaps before the first of them; in a round each edge is in one attempted swap.
        rounds: Rounds between two of them.
        seed: Of the swaps.
    """

    graph_count: int = 60
    burn_in_rounds: int = 20
    rounds: int = 6
    seed: int = 20261128


@dataclass(frozen=True)
class Assortativity:
    """How much edge weight stays inside niches, and how much would at these degrees."""

    edge_count: int
    within: float
    expected: float
    spread: float

    @property
    def coefficient(self) -> float:
        """Newman's (2003) assortativity: 0 at the expectation, 1 where all is inside."""
        return (self.within - self.expected) / (1 - self.expected) if self.expected < 1 else NONE

    @property
    def z_score(self) -> float:
        """Distance from the expectation in standard deviations of rewired graphs."""
        return (self.within - self.expected) / self.spread if self.spread > 0 else NONE


def _rewire(ends: Labels, size: int, generator: np.random.Generator) -> None:
    """One round of swaps in place: edges in random pairs exchange ends, unless that makes a loop or an edge twice."""
    half = ends.shape[1] // 2
    order = generator.permutation(ends.shape[1])
    one, two = order[:half], order[half : 2 * half]
    flip = generator.random(half) < 0.5
    start, stop = np.where(flip, ends[1, two], ends[0, two]), np.where(flip, ends[0, two], ends[1, two])
    proposed = np.array([[ends[0, one], stop], [start, ends[1, one]]])
    low, high = proposed.min(axis=1), proposed.max(axis=1)
    keys = low * size + high
    known = np.sort(ends.min(axis=0) * size + ends.max(axis=0))
    at = np.minimum(np.searchsorted(known, keys), known.size - 1)
    fits = ((low != high) & (known[at] != keys)).all(axis=0)
    # Two swaps of one round that make the same edge are both refused.
    _, place, times = np.unique(keys, return_inverse=True, return_counts=True)
    fits &= (times[place].reshape(keys.shape) == 1).all(axis=0)
    ends[:, one[fits]] = proposed[0][:, fits]
    ends[:, two[fits]] = proposed[1][:, fits]


def assortativity(graph: csr_matrix, niche: Labels, parameters: RewiringParameters) -> Assortativity:
    """Share of edge weight inside niches against graphs with the same degrees (Newman 2003, Milo et al. 2003).

    Only edges between accounts in niches count. The expectation is analytic: two ends are of accounts i and j with a chance
    proportional to ``k_i k_j``, i and j different. The spread is that of graphs whose edges were swapped, never to a loop
    or a second edge between the same accounts. Weights travel with their edges: degrees stay, and the sums of weights at an
    account do not, so that a niche of heavy edges alone shows as assortative.

    Args:
        graph: Symmetric edge weights, account x account, in an order that the caller fixes.
        niche: Of each account, -1 for none.
        parameters: See :class:`RewiringParameters`.
    """
    upper = csr_matrix(graph).tocoo()
    kept = (upper.row < upper.col) & (niche[upper.row] >= 0) & (niche[upper.col] >= 0) & (upper.data > 0)
    ends = np.array([upper.row[kept], upper.col[kept]], dtype=np.int64)
    weights = np.asarray(upper.data[kept], dtype=np.float64)
    order = np.lexsort((ends[1], ends[0]))
    ends, weights = ends[:, order], weights[order]
    count, total = ends.shape[1], float(weights.sum())
    if count < 2:
        return Assortativity(count, NONE, NONE, NONE)

    def within() -> float:
        return float(weights[niche[ends[0]] == niche[ends[1]]].sum()) / total

    degrees = np.bincount(ends.ravel(), minlength=niche.size).astype(np.float64)
    loops = float((degrees**2).sum())
    inside = float((np.bincount(np.maximum(niche, 0), degrees * (niche >= 0)) ** 2).sum())
    expected = (inside - loops) / (degrees.sum() ** 2 - loops)
    observed = within()
    generator = np.random.default_rng(parameters.seed)
    draws = []
    for number in range(parameters.graph_count):
        for _ in range(parameters.rounds if number else parameters.burn_in_rounds):
            _rewire(ends, niche.size, generator)
        draws.append(within())
    return Assortativity(count, observed, expected, float(np.std(draws, ddof=1)))
