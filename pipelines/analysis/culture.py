"""How fragmented or alike a culture's niches are in a window. Finds, names and follows none; no slope over windows, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipelines.analysis.concentration import ConcentrationParameters, Interval, concentration, effective_groups
from pipelines.analysis.increments import mixed
from pipelines.analysis.precedence import stable_seed

METHOD_VERSION: Final = "culture_1"
MICRO: Final = 0
Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Hashes = NDArray[np.uint64]
NONE: Final = float("nan")
_PLACES: Final = 9


def _schema(columns: dict[str, tuple[pa.DataType, str]]) -> pa.Schema:
    """Schema whose fields say what they hold."""
    return pa.schema([pa.field(name, kind, metadata={"description": text}) for name, (kind, text) in columns.items()])


NICHE_MEASURES: Final = _schema(
    {
        "month": (pa.date32(), "First day of the window's month."),
        "niche_id": (pa.string(), "The niche."),
        "member_count": (pa.int64(), "Accounts of the niche."),
        "activity_count": (pa.int64(), "Independent acts (posts) of its members."),
        "activity_hhi": (pa.float64(), "Chance that two of these acts are of one member (unbiased HHI); NULL below two acts."),
        "effective_voices": (pa.float64(), "1 / activity_hhi; NULL where no member acted twice."),
        "effective_voices_low": (pa.float64(), "Lower end of its interval (bootstrap of members)."),
        "effective_voices_high": (pa.float64(), "Upper end."),
        "known_tier_count": (pa.int64(), "Members whose tier is known."),
        "micro_count": (pa.int64(), "Of these, micro accounts."),
        "micro_share": (pa.float64(), "micro_count / known_tier_count; NULL where none is known."),
        "strength_count": (pa.int64(), "Members with a strength in the niche."),
        "insider_like_count": (pa.int64(), "Of these, with a strength of at least insider_strength."),
        "insider_like_share": (pa.float64(), "insider_like_count / strength_count; NULL where none has one."),
        "distinctness_bits": (
            pa.float64(),
            "Divergence of its units from those of all other niches: 0 expected for one distribution, 1 where none is shared.",
        ),
        "distinctness_null_bits": (pa.float64(), "Raw divergence of two halves of one side: what sample size alone makes."),
        "mean_pair_bits": (pa.float64(), "Mean divergence from each other measured niche; NULL where there is none."),
        "neighbour_count": (pa.int64(), "Niches in that mean."),
    }
)
PAIR_MEASURES: Final = _schema(
    {
        "month": (pa.date32(), "First day of the window's month."),
        "niche_id": (pa.string(), "The niche that is first in the order of ids."),
        "other_niche_id": (pa.string(), "The other niche."),
        "divergence_bits": (pa.float64(), "Divergence of their units, as distinctness_bits; NULL where one is too small."),
        "divergence_null_bits": (pa.float64(), "Raw divergence of two halves of one niche, mean of the two niches."),
        "smaller_audience_count": (pa.int64(), "Accounts with a strength of at least audience_strength in the smaller audience."),
        "shared_audience_count": (pa.int64(), "Accounts in both audiences."),
        "audience_overlap": (pa.float64(), "shared / smaller (Szymkiewicz-Simpson); NULL where an audience is empty."),
    }
)
CULTURE_MEASURES: Final = _schema(
    {
        "month": (pa.date32(), "First day of the window's month."),
        "account_count": (pa.int64(), "Accounts in the window."),
        "member_count": (pa.int64(), "Accounts in a niche."),
        "niche_count": (pa.int64(), "Niches with a member. Grows with the accounts collected: not for trends."),
        "rarefied_member_count": (pa.int64(), "Members to which the effective numbers are rarefied."),
        "effective_niches_1": (pa.float64(), "Hill number of order 1 of members over niches; NULL with fewer members."),
        "effective_niches_1_low": (pa.float64(), "Lower end of its interval (bootstrap of accounts)."),
        "effective_niches_1_high": (pa.float64(), "Upper end."),
        "effective_niches_2": (pa.float64(), "Hill number of order 2: large niches count more."),
        "effective_niches_2_low": (pa.float64(), "Lower end."),
        "effective_niches_2_high": (pa.float64(), "Upper end."),
        "mean_distinctness_bits": (pa.float64(), "Mean of the niches' distinctness_bits."),
        "measured_niche_count": (pa.int64(), "Niches in that mean."),
        "mean_pair_bits": (pa.float64(), "Mean divergence_bits of pairs."),
        "measured_pair_count": (pa.int64(), "Pairs in that mean."),
        "mean_audience_overlap": (pa.float64(), "Mean audience_overlap of pairs."),
        "edge_count": (pa.int64(), "Edges between accounts in niches."),
        "within_share": (pa.float64(), "Share of edge weight inside niches."),
        "within_share_expected": (pa.float64(), "The same expected when edges keep their accounts' degrees and nothing else."),
        "assortativity": (pa.float64(), "(within - expected) / (1 - expected)."),
        "assortativity_z": (pa.float64(), "(within - expected) / standard deviation over rewirings."),
        "ei_index": (pa.float64(), "(external - internal) / (external + internal) edge weight: -1 all inside, 1 all between."),
        "ei_index_expected": (pa.float64(), "The same expected at these degrees."),
    }
)


@dataclass(frozen=True)
class CultureParameters:
    """Parameters of the measures.

    Attributes:
        rarefied_members: Members at which windows are compared by their effective number of niches.
        sample_accounts: Accounts in each half that divergence compares; a niche needs twice as many.
        sample_tokens: Tokens drawn from each half. Both are the same in every window, or a trend would show sample size.
        draw_count: Draws of halves.
        audience_strength: Membership strength that makes an account part of a niche's audience.
        insider_strength: Membership strength from which an account is insider-like.
        rewiring_count: Rewired graphs.
        burn_in_rounds: Rounds of edge swaps before the first of them; in a round each edge is in one attempted swap.
        rewiring_rounds: Rounds between two of them.
        bootstrap_count: Resamples of accounts.
        interval_level: Coverage of intervals.
        seed: Of every random draw.
    """

    rarefied_members: int = 100
    sample_accounts: int = 8
    sample_tokens: int = 40
    draw_count: int = 40
    audience_strength: float = 0.15
    insider_strength: float = 0.5
    rewiring_count: int = 60
    burn_in_rounds: int = 20
    rewiring_rounds: int = 6
    bootstrap_count: int = 400
    interval_level: float = 0.90
    seed: int = 20261128


@dataclass(frozen=True)
class CultureWindow:
    """What accounts did in one window; rows are accounts, in any order.

    Attributes:
        month: First day of the window's month.
        account: Hash of each account's key (:func:`pipelines.analysis.increments.text_words`), each once.
        unit: Hash of each unit's text (tag, domain, sound), each once.
        niche_ids: Ids of the niches, each once.
        niche: Place of each account's niche among ``niche_ids``, -1 for none.
        tier: Of each account, 0 micro to 3 mega, -1 unknown.
        activity: Independent acts (posts) of each account.
        counts: Uses, account x unit.
        graph: Symmetric edge weights, account x account. Where niches were found on this very graph, its assortativity says
            how well they were found; where it is another (replies, follows), it says how closed the niches are.
        strengths: Membership strengths in [0, 1], account x niche.
    """

    month: date
    account: Hashes
    unit: Hashes
    niche_ids: tuple[str, ...]
    niche: Labels
    tier: Labels
    activity: Labels
    counts: csr_matrix
    graph: csr_matrix
    strengths: csr_matrix


@dataclass(frozen=True)
class CultureTables:
    """Measures: one row a niche (:data:`NICHE_MEASURES`), a pair (:data:`PAIR_MEASURES`), a window (:data:`CULTURE_MEASURES`)."""

    niches: pa.Table
    pairs: pa.Table
    culture: pa.Table


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


def _checked(window: CultureWindow) -> CultureWindow:
    """The window in the order of hashes, so that no draw hangs on the order of rows, columns or niches.

    Raises:
        ValueError: Parts that do not fit together.
    """
    size, niches = window.account.size, len(window.niche_ids)
    shapes = (window.counts.shape, window.graph.shape, window.strengths.shape)
    if shapes != ((size, window.unit.size), (size, size), (size, niches)) or any(
        part.shape != (size,) for part in (window.niche, window.tier, window.activity)
    ):
        raise ValueError(f"parts of {window.month} have different numbers of accounts, units or niches")
    for name, part in (("account", window.account), ("unit", window.unit), ("niche", np.array(window.niche_ids))):
        if np.unique(part).size != part.size:
            raise ValueError(f"{name} twice in {window.month}")
    if size and (window.niche.min() < -1 or window.niche.max() >= niches):
        raise ValueError(f"a niche in {window.month} has no id")
    asymmetry = csr_matrix(window.graph - window.graph.T)
    if asymmetry.nnz and np.abs(asymmetry.data).max() > 1e-9:
        raise ValueError(f"the graph of {window.month} is not symmetric")
    if np.any(window.counts.data < 0) or np.any(np.rint(window.counts.data) != window.counts.data):
        raise ValueError(f"uses in {window.month} are whole and not negative")
    rows, columns = np.argsort(window.account, kind="stable"), np.argsort(window.unit, kind="stable")
    order = sorted(range(niches), key=lambda index: window.niche_ids[index])
    place = np.append(np.argsort(np.array(order, dtype=np.int64)), -1)

    def arranged(matrix: csr_matrix, by: Labels) -> csr_matrix:
        result = csr_matrix(csr_matrix(matrix, dtype=np.float64)[rows][:, by])
        result.sum_duplicates()
        result.eliminate_zeros()
        return result

    return CultureWindow(
        month=window.month,
        account=window.account[rows],
        unit=window.unit[columns],
        niche_ids=tuple(window.niche_ids[index] for index in order),
        niche=place[window.niche[rows]],
        tier=window.tier[rows],
        activity=window.activity[rows],
        counts=arranged(window.counts, columns),
        graph=arranged(window.graph, rows),
        strengths=arranged(window.strengths, np.array(order, dtype=np.int64)),
    )


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


def niche_divergences(window: CultureWindow, parameters: CultureParameters) -> Divergences:
    """How far apart the units of niches are: Jensen-Shannon divergence in bits (Lin 1991) without what sample size makes.

    In each draw a niche gives two disjoint halves of ``sample_accounts`` members and ``sample_tokens`` of their tokens. B is
    the mean divergence of a half of one niche from a half of the other, S that of two halves of one niche (mean of the two).
    The result is ``(B - S) / (1 - S)``: 0 is expected where two niches share one distribution, however sparse it is and however
    much single accounts repeat themselves; 1 where they share no unit. The plain ``B - S`` would put niches that share no
    unit at ``1 - S``. Between the two ends it is somewhat too high (sparse samples: by up to about 0.1 bits), and equally so in all
    windows, as samples are equal. Values a little below zero are noise around zero and stay, or means would be too high.

    Args:
        window: See :class:`CultureWindow`.
        parameters: See :class:`CultureParameters`.

    Returns:
        See :class:`Divergences`; niches in the order of their ids.
    """
    window = _checked(window)
    count, need = len(window.niche_ids), parameters.sample_accounts
    tokens = parameters.sample_tokens
    eligible = (window.niche >= 0) & (np.diff(window.counts.indptr) > 0)
    draws: list[list[Floats]] = [[], [], [], []]
    for draw in range(parameters.draw_count):
        key = mixed(window.account + mixed(np.array([parameters.seed + draw], dtype=np.uint64)))
        order = np.argsort(key, kind="stable")
        order = order[eligible[order]]
        generator = np.random.default_rng(stable_seed(parameters.seed, draw))
        sides: dict[tuple[int, int], tuple[Labels, NDArray[np.int64]]] = {}
        for niche in range(count):
            own = window.niche[order] == niche
            for side, accounts in ((0, order[own]), (2, order[~own])):
                for half in range(2):
                    chosen = accounts[half * need : (half + 1) * need]
                    found = _drawn(window.counts, chosen, tokens, generator) if chosen.size == need else None
                    if found is not None:
                        sides[side + half, niche] = found
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


def audience_overlaps(strengths: csr_matrix, smallest_strength: float) -> tuple[Labels, Labels]:
    """Accounts in both audiences, and in the smaller one: their ratio is the overlap coefficient (Szymkiewicz 1934, Simpson 1943).

    Args:
        strengths: Membership strengths, account x niche.
        smallest_strength: From which an account is of the audience.

    Returns:
        Two matrices, niche x niche.
    """
    member = csr_matrix(strengths, dtype=np.float64).copy()
    # Strengths are shares: what is .15 up to rounding is .15.
    member.data = (member.data >= smallest_strength - 1e-9).astype(np.float64)
    shared = np.rint(np.asarray((member.T @ member).todense())).astype(np.int64)
    sizes = np.diag(shared)
    return shared, np.minimum(sizes[:, None], sizes[None, :])


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


def assortativity(graph: csr_matrix, niche: Labels, parameters: CultureParameters) -> Assortativity:
    """Share of edge weight inside niches against graphs with the same degrees (Newman 2003, Milo et al. 2003).

    Only edges between accounts in niches count. The expectation is analytic: two ends are of accounts i and j with a chance
    proportional to ``k_i k_j``, i and j different. The spread is that of graphs whose edges were swapped, never to a loop
    or a second edge between the same accounts. Weights travel with their edges: degrees stay, and the sums of weights at an
    account do not, so that a niche of heavy edges alone shows as assortative.

    Args:
        graph: Symmetric edge weights, account x account, in an order that the caller fixes.
        niche: Of each account, -1 for none.
        parameters: See :class:`CultureParameters`.
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
    for number in range(parameters.rewiring_count):
        for _ in range(parameters.rewiring_rounds if number else parameters.burn_in_rounds):
            _rewire(ends, niche.size, generator)
        draws.append(within())
    return Assortativity(count, observed, expected, float(np.std(draws, ddof=1)))


def _mean(values: Floats) -> tuple[float, int]:
    """Mean of what is defined, and of how many."""
    kept = values[np.isfinite(values)]
    return (float(kept.mean()) if kept.size else NONE), kept.size


def _table(rows: list[dict[str, object]], schema: pa.Schema) -> pa.Table:
    """Rows as a table; NaN is NULL, floats are rounded so that the order of a sum does not show."""

    def cell(value: object) -> object:
        if isinstance(value, float):
            return round(value, _PLACES) + 0.0 if np.isfinite(value) else None
        return value

    return pa.Table.from_pylist([{name: cell(value) for name, value in row.items()} for row in rows], schema=schema)


def _ends(name: str, measured: Interval) -> dict[str, object]:
    return {name: measured.value, f"{name}_low": measured.low, f"{name}_high": measured.high}


def _niche_row(window: CultureWindow, niche: int, divergences: Divergences, parameters: CultureParameters) -> dict[str, object]:
    members = np.flatnonzero(window.niche == niche)
    resampling = ConcentrationParameters(
        bootstrap_count=parameters.bootstrap_count, interval_level=parameters.interval_level, seed=parameters.seed
    )
    activity = concentration(window.activity[members], window.account[members], resampling)
    tiers = window.tier[members]
    known, micro = int((tiers >= MICRO).sum()), int((tiers == MICRO).sum())
    strengths = np.asarray(window.strengths[members][:, [niche]].todense()).ravel()
    strong = int((strengths >= parameters.insider_strength - 1e-9).sum())
    measured = int((strengths > 0).sum())
    mean_bits, neighbours = _mean(divergences.pairs[niche])
    return {
        "month": window.month,
        "niche_id": window.niche_ids[niche],
        "member_count": members.size,
        "activity_count": activity.event_count,
        "activity_hhi": activity.hhi.value,
        **_ends("effective_voices", activity.effective_number),
        "known_tier_count": known,
        "micro_count": micro,
        "micro_share": micro / known if known else NONE,
        "strength_count": measured,
        "insider_like_count": strong,
        "insider_like_share": strong / measured if measured else NONE,
        "distinctness_bits": float(divergences.rest[niche]),
        "distinctness_null_bits": float(divergences.rest_null[niche]),
        "mean_pair_bits": mean_bits,
        "neighbour_count": neighbours,
    }


def measure_culture(window: CultureWindow, parameters: CultureParameters | None = None) -> CultureTables:
    """Measure one window: each niche, each pair of niches, and the culture as a whole.

    Args:
        window: See :class:`CultureWindow`.
        parameters: See :class:`CultureParameters`.

    Returns:
        Three tables in the order of niche ids; the same for any order of accounts, units and niches.

    Raises:
        ValueError: Parts of the window do not fit together, or the graph is not symmetric.
    """
    parameters = parameters or CultureParameters()
    window = _checked(window)
    divergences = niche_divergences(window, parameters)
    shared, smaller = audience_overlaps(window.strengths, parameters.audience_strength)
    with np.errstate(divide="ignore", invalid="ignore"):
        overlaps = np.where(smaller > 0, shared / np.maximum(smaller, 1), np.nan)
    count = len(window.niche_ids)
    left, right = np.triu_indices(count, 1)
    pairs: list[dict[str, object]] = [
        {
            "month": window.month,
            "niche_id": window.niche_ids[one],
            "other_niche_id": window.niche_ids[two],
            "divergence_bits": float(divergences.pairs[one, two]),
            "divergence_null_bits": float(divergences.pairs_null[one, two]),
            "smaller_audience_count": int(smaller[one, two]),
            "shared_audience_count": int(shared[one, two]),
            "audience_overlap": float(overlaps[one, two]),
        }
        for one, two in zip(left.tolist(), right.tolist(), strict=True)
    ]
    resampling = ConcentrationParameters(
        bootstrap_count=parameters.bootstrap_count, interval_level=parameters.interval_level, seed=parameters.seed
    )
    ones, twos = effective_groups(window.niche, window.account, parameters.rarefied_members, resampling)
    mixing = assortativity(window.graph, window.niche, parameters)
    mean_distinctness, measured_niches = _mean(divergences.rest)
    mean_bits, measured_pairs = _mean(divergences.pairs[left, right])
    culture: dict[str, object] = {
        "month": window.month,
        "account_count": window.account.size,
        "member_count": int((window.niche >= 0).sum()),
        "niche_count": int(np.unique(window.niche[window.niche >= 0]).size),
        "rarefied_member_count": parameters.rarefied_members,
        **_ends("effective_niches_1", ones),
        **_ends("effective_niches_2", twos),
        "mean_distinctness_bits": mean_distinctness,
        "measured_niche_count": measured_niches,
        "mean_pair_bits": mean_bits,
        "measured_pair_count": measured_pairs,
        "mean_audience_overlap": _mean(overlaps[left, right])[0],
        "edge_count": mixing.edge_count,
        "within_share": mixing.within,
        "within_share_expected": mixing.expected,
        "assortativity": mixing.coefficient,
        "assortativity_z": mixing.z_score,
        "ei_index": 1 - 2 * mixing.within,
        "ei_index_expected": 1 - 2 * mixing.expected,
    }
    niches = [_niche_row(window, niche, divergences, parameters) for niche in range(count)]
    return CultureTables(_table(niches, NICHE_MEASURES), _table(pairs, PAIR_MEASURES), _table([culture], CULTURE_MEASURES))
