"""How fragmented or alike a culture's niches are in a window. Finds, names and follows none; no slope over windows, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipelines.analysis.assortativity import RewiringParameters, assortativity
from pipelines.analysis.concentration import ConcentrationParameters, Interval, effective_groups
from pipelines.analysis.divergence import DivergenceParameters, Divergences, niche_divergences

METHOD_VERSION: Final = "culture_2"
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
        audience_strength: Membership strength that makes an account part of a niche's audience.
        bootstrap_count: Resamples of accounts.
        interval_level: Coverage of intervals.
        seed: Of the resamples.
        divergence: Of the divergence of niches.
        rewiring: Of the graphs that assortativity is held against.
    """

    rarefied_members: int = 100
    audience_strength: float = 0.15
    bootstrap_count: int = 400
    interval_level: float = 0.90
    seed: int = 20261128
    divergence: DivergenceParameters = field(default_factory=DivergenceParameters)
    rewiring: RewiringParameters = field(default_factory=RewiringParameters)


@dataclass(frozen=True)
class CultureWindow:
    """What accounts did in one window; rows are accounts, in any order.

    Attributes:
        month: First day of the window's month.
        account: Hash of each account's key (:func:`pipelines.analysis.increments.text_words`), each once.
        unit: Hash of each unit's text (tag, domain, sound), each once.
        niche_ids: Ids of the niches, each once.
        niche: Place of each account's niche among ``niche_ids``, -1 for none.
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
    counts: csr_matrix
    graph: csr_matrix
    strengths: csr_matrix


@dataclass(frozen=True)
class CultureTables:
    """Measures: one row a niche (:data:`NICHE_MEASURES`), a pair (:data:`PAIR_MEASURES`), a window (:data:`CULTURE_MEASURES`)."""

    niches: pa.Table
    pairs: pa.Table
    culture: pa.Table


def _checked(window: CultureWindow) -> CultureWindow:
    """The window in the order of hashes, so that no draw hangs on the order of rows, columns or niches.

    Raises:
        ValueError: Parts that do not fit together.
    """
    size, niches = window.account.size, len(window.niche_ids)
    shapes = (window.counts.shape, window.graph.shape, window.strengths.shape)
    if shapes != ((size, window.unit.size), (size, size), (size, niches)) or window.niche.shape != (size,):
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
        counts=arranged(window.counts, columns),
        graph=arranged(window.graph, rows),
        strengths=arranged(window.strengths, np.array(order, dtype=np.int64)),
    )


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


def _niche_row(window: CultureWindow, niche: int, divergences: Divergences) -> dict[str, object]:
    mean_bits, neighbours = _mean(divergences.pairs[niche])
    return {
        "month": window.month,
        "niche_id": window.niche_ids[niche],
        "member_count": int((window.niche == niche).sum()),
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
    count = len(window.niche_ids)
    divergences = niche_divergences(window.counts, window.niche, window.account, count, parameters.divergence)
    shared, smaller = audience_overlaps(window.strengths, parameters.audience_strength)
    with np.errstate(divide="ignore", invalid="ignore"):
        overlaps = np.where(smaller > 0, shared / np.maximum(smaller, 1), np.nan)
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
    mixing = assortativity(window.graph, window.niche, parameters.rewiring)
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
    niches = [_niche_row(window, niche, divergences) for niche in range(count)]
    return CultureTables(_table(niches, NICHE_MEASURES), _table(pairs, PAIR_MEASURES), _table([culture], CULTURE_MEASURES))
