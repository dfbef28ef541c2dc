"""Niches from behaviour: shared tags and mutual interaction, per month, with ids that persist. No trend logic and no I/O."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import graspologic_native
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_matrix

from pipelines.analysis import contracts
from pipelines.analysis.parameters import params_hash

METHOD_VERSION: Final = "niches_1"
Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
_COMMUNITY: Final = "community:"


@dataclass(frozen=True)
class NicheParameters:
    """Parameters of niche discovery.

    Attributes:
        smallest_post_count: Tagged posts in the month below which an account is not looked at.
        smallest_tag_accounts: Tags used by fewer accounts are dropped.
        largest_tag_share: Tags used by a larger share of accounts are dropped ...
        tolerated_tag_share: ... but in small data only above this share,
        tolerated_tag_accounts: up to this many accounts.
        neighbour_count: Nearest neighbours by cosine kept for each account.
        smallest_cosine: Weaker similarities make no edge.
        interaction_weight: Weight of a mutual interaction of one each way; grows with log2 of the smaller count.
        resolution_factors: CPM resolutions tried, as multiples of the mean edge weight.
        selection_count: Resamples that choose the resolution.
        bootstrap_count: Resamples that judge each niche.
        kept_share: Share of an account's tags that a resample keeps.
        smallest_niche: Members below which a group is no niche.
        largest_niche_share: A partition with a larger community is refused (unless nothing else is left).
        smallest_covered_share: A partition with fewer accounts in groups of niche size is refused.
        smallest_jaccard: Mean best Jaccard over resamples that a niche needs.
        smallest_lineage_jaccard: Overlap with last month's niche that keeps its id.
        core_tag_count: Tags that name a niche and make its id.
        seed: Of every random draw.
    """

    smallest_post_count: int = 2
    smallest_tag_accounts: int = 3
    largest_tag_share: float = 0.05
    tolerated_tag_share: float = 0.35
    tolerated_tag_accounts: int = 300
    neighbour_count: int = 15
    smallest_cosine: float = 0.1
    interaction_weight: float = 0.2
    resolution_factors: tuple[float, ...] = (0.02, 0.05, 0.1, 0.2, 0.4)
    selection_count: int = 4
    bootstrap_count: int = 12
    kept_share: float = 0.75
    smallest_niche: int = 5
    largest_niche_share: float = 0.6
    smallest_covered_share: float = 0.3
    smallest_jaccard: float = 0.6
    smallest_lineage_jaccard: float = 0.25
    core_tag_count: int = 5
    seed: int = 20260903


@dataclass(frozen=True)
class _Month:
    month: date
    accounts: list[tuple[str, str]]
    tags: list[str]
    counts: csr_matrix
    mutual: csr_matrix


@dataclass(frozen=True)
class _Partition:
    labels: Labels
    jaccards: dict[int, float]
    graph: csr_matrix


def _read_month(
    month: date, rows: list[dict[str, Any]], interactions: list[dict[str, Any]], parameters: NicheParameters
) -> _Month:
    totals: dict[tuple[str, str], int] = {}
    for row in rows:
        account = (row["platform"], row["account_key"])
        totals[account] = totals.get(account, 0) + row["post_count"]
    accounts = sorted(account for account, total in totals.items() if total >= parameters.smallest_post_count)
    place = {account: index for index, account in enumerate(accounts)}
    users: dict[str, dict[int, int]] = {}
    for row in rows:
        index = place.get((row["platform"], row["account_key"]))
        if index is not None:
            used = users.setdefault(row["tag"], {})
            used[index] = used.get(index, 0) + row["post_count"]
    count = len(accounts)
    small = min(parameters.tolerated_tag_share * count, parameters.tolerated_tag_accounts)
    limit = max(parameters.largest_tag_share * count, small, parameters.smallest_tag_accounts)
    tags = sorted(tag for tag, used in users.items() if parameters.smallest_tag_accounts <= len(used) <= limit)
    cells = [(index, column, number) for column, tag in enumerate(tags) for index, number in users[tag].items()]
    row_ids, columns, numbers = zip(*cells, strict=True) if cells else ((), (), ())
    counts = csr_matrix((np.array(numbers, dtype=float), (row_ids, columns)), shape=(count, len(tags)))
    counts.sort_indices()

    pairs: dict[tuple[int, int], int] = {}
    for row in interactions:
        source = place.get((row["platform"], row["source_account_key"]))
        target = place.get((row["platform"], row["target_account_key"]))
        if source is not None and target is not None and source != target:
            pairs[source, target] = pairs.get((source, target), 0) + row["interaction_count"]
    mutual = [(a, b, min(number, pairs[b, a])) for (a, b), number in sorted(pairs.items()) if (b, a) in pairs]
    sources, targets, smaller = zip(*mutual, strict=True) if mutual else ((), (), ())
    weights = parameters.interaction_weight * np.log2(1 + np.array(smaller, dtype=float))
    return _Month(month, accounts, tags, counts, csr_matrix((weights, (sources, targets)), shape=(count, count)))


def _similarity(counts: csr_matrix, mutual: csr_matrix, parameters: NicheParameters) -> csr_matrix:
    """Account graph: top-k cosine of IDF-weighted tags (either end may choose the edge) plus mutual interactions."""
    size = counts.shape[0]
    used = np.bincount(counts.indices, minlength=counts.shape[1])
    weighted = counts.copy()
    weighted.data = np.log1p(weighted.data) * np.log(size / np.maximum(used, 1))[weighted.indices]
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    weighted.data /= np.repeat(np.maximum(lengths, 1e-12), np.diff(weighted.indptr))
    cosine = csr_matrix(weighted @ weighted.T)
    sources = np.repeat(np.arange(size), np.diff(cosine.indptr))
    kept = (cosine.indices != sources) & (cosine.data >= parameters.smallest_cosine)
    sources, targets, values = sources[kept], cosine.indices[kept], cosine.data[kept]
    # Rounding makes near-equal cosines equal, so that the neighbour order cannot hang on the last bit.
    order = np.lexsort((targets, -np.round(values, 9), sources))
    sources, targets, values = sources[order], targets[order], values[order]
    rank = np.arange(sources.size) - np.searchsorted(sources, sources, side="left")
    near = rank < parameters.neighbour_count
    graph = csr_matrix((values[near], (sources[near], targets[near])), shape=(size, size))
    graph = csr_matrix(graph.maximum(graph.T) + mutual)
    graph.sort_indices()
    return graph


def _leiden(graph: csr_matrix, resolution: float, seed: int) -> Labels:
    """Communities by Leiden with the constant Potts model; accounts without edges get a community each."""
    size = graph.shape[0]
    labels = np.arange(size, dtype=np.int64)
    upper = graph.tocoo()
    kept = upper.row < upper.col
    if not kept.any():
        return labels
    names = [str(index) for index in range(size)]
    edges = [
        (names[a], names[b], float(w))
        for a, b, w in zip(upper.row[kept], upper.col[kept], np.round(upper.data[kept], 9), strict=True)
    ]
    _, found = graspologic_native.leiden(edges, resolution=resolution, use_modularity=False, seed=seed, iterations=2)
    for name, label in found.items():
        labels[int(name)] = size + label
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _resampled(counts: csr_matrix, kept_share: float, seed: int) -> csr_matrix:
    """Keep a random share of account-tag cells."""
    generator = np.random.default_rng(seed)
    result = counts.copy()
    result.data = result.data * (generator.random(result.data.size) < kept_share)
    result.eliminate_zeros()
    return result


def adjusted_rand_index(left: Labels, right: Labels) -> float:
    """Agreement of two partitions, 1 for the same and 0 expected by chance (Hubert and Arabie 1985)."""
    table = csr_matrix((np.ones(left.size), (left, right)))
    table.sum_duplicates()

    def pairs(sizes: Floats) -> float:
        return float((sizes * (sizes - 1) / 2).sum())

    together = pairs(table.data)
    rows, columns = pairs(np.asarray(table.sum(axis=1)).ravel()), pairs(np.asarray(table.sum(axis=0)).ravel())
    expected = rows * columns / max(left.size * (left.size - 1) / 2, 1)
    largest = (rows + columns) / 2
    return (together - expected) / (largest - expected) if largest > expected else 0.0


def _best_jaccards(reference: Labels, other: Labels) -> Floats:
    """Best Jaccard of each reference community with any community of the other partition."""
    table = csr_matrix((np.ones(reference.size), (reference, other)), shape=(reference.max() + 1, other.max() + 1)).tocoo()
    table.sum_duplicates()
    left, right = np.bincount(reference), np.bincount(other, minlength=table.shape[1])
    jaccard = table.data / (left[table.row] + right[table.col] - table.data)
    best = np.zeros(table.shape[0])
    np.maximum.at(best, table.row, jaccard)
    return best


def _partition(month: _Month, parameters: NicheParameters) -> _Partition:
    graph = _similarity(month.counts, month.mutual, parameters)
    size = graph.shape[0]
    if graph.nnz == 0:
        return _Partition(np.arange(size), {}, graph)
    scale = float(graph.data.mean())
    draws = [
        _similarity(_resampled(month.counts, parameters.kept_share, parameters.seed + index), month.mutual, parameters)
        for index in range(parameters.bootstrap_count)
    ]
    best: tuple[bool, float, float] | None = None
    chosen, resolution = np.arange(size), scale
    for factor in parameters.resolution_factors:
        labels = _leiden(graph, factor * scale, parameters.seed)
        sizes = np.bincount(labels)
        covered = sizes[sizes >= parameters.smallest_niche].sum() / size
        is_allowed = bool(sizes.max() / size <= parameters.largest_niche_share and covered >= parameters.smallest_covered_share)
        others = [
            _leiden(draw, factor * scale, parameters.seed + index)
            for index, draw in enumerate(draws[: parameters.selection_count])
        ]
        stability = float(np.mean([adjusted_rand_index(labels, other) for other in others]))
        if best is None or (is_allowed, round(stability, 6)) > best[:2]:
            best, chosen, resolution = (is_allowed, round(stability, 6), factor), labels, factor * scale
    overlaps = np.mean(
        [_best_jaccards(chosen, _leiden(draw, resolution, parameters.seed + 100 + index)) for index, draw in enumerate(draws)],
        axis=0,
    )
    return _Partition(chosen, {label: float(value) for label, value in enumerate(overlaps)}, graph)


def _core_tags(month: _Month, labels: Labels, kept: list[int], parameters: NicheParameters) -> dict[int, list[str]]:
    """Top tags by class-based TF-IDF: ``tf(tag, niche) log(1 + A / f(tag))``, with A the mean number of uses per niche."""
    if not kept or not month.tags:
        return {label: [] for label in kept}
    binary = month.counts.copy()
    binary.data = np.ones_like(binary.data)
    uses = np.array([np.asarray(binary[labels == label].sum(axis=0)).ravel() for label in kept])
    everywhere = np.asarray(binary.sum(axis=0)).ravel()
    shares = uses / np.maximum(uses.sum(axis=1, keepdims=True), 1)
    scores = np.round(shares * np.log(1 + uses.sum() / len(kept) / np.maximum(everywhere, 1)), 12)
    result = {}
    for row, label in enumerate(kept):
        order = sorted(np.flatnonzero(uses[row]), key=lambda column: (-scores[row, column], month.tags[column]))
        result[label] = [month.tags[column] for column in order[: parameters.core_tag_count]]
    return result


def _new_id(month: date, core: list[str], taken: set[str]) -> str:
    for number in range(1000):
        text = "|".join([month.isoformat(), *sorted(core), *([str(number)] if number else [])])
        niche_id = hashlib.sha256(text.encode()).hexdigest()[:12]
        if niche_id not in taken:
            return niche_id
    raise ValueError(f"no free niche id in {month}")


def _matched(
    members: dict[int, set[tuple[str, str]]], before: dict[str, set[tuple[str, str]]], smallest: float
) -> dict[int, tuple[str, float]]:
    """Pair this month's niches with last month's by maximum total Jaccard."""
    labels, ids = sorted(members), sorted(before)
    if not labels or not ids:
        return {}
    jaccard = np.array([[len(members[a] & before[b]) / len(members[a] | before[b]) for b in ids] for a in labels])
    rows, columns = linear_sum_assignment(jaccard, maximize=True)
    return {
        labels[row]: (ids[column], float(jaccard[row, column]))
        for row, column in zip(rows, columns, strict=True)
        if jaccard[row, column] >= smallest
    }


def _members_by_niche(rows: list[dict[str, Any]]) -> dict[str, set[tuple[str, str]]]:
    members: dict[str, set[tuple[str, str]]] = {}
    for row in rows:
        if row["niche_id"] is not None:
            members.setdefault(row["niche_id"], set()).add((row["platform"], row["account_key"]))
    return members


def _month_rows(
    month: _Month, before: dict[str, set[tuple[str, str]]], taken: set[str], parameters: NicheParameters
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    partition = _partition(month, parameters)
    labels = partition.labels
    sizes = np.bincount(labels, minlength=1)
    degree = np.asarray(partition.graph.sum(axis=1)).ravel()
    sources = np.repeat(np.arange(labels.size), np.diff(partition.graph.indptr))
    is_inside = labels[sources] == labels[partition.graph.indices]
    inside = np.bincount(sources, weights=partition.graph.data * is_inside, minlength=labels.size)
    kept = [
        label
        for label, jaccard in sorted(partition.jaccards.items())
        if sizes[label] >= parameters.smallest_niche
        and jaccard >= parameters.smallest_jaccard
        and sizes[label] <= parameters.largest_niche_share * labels.size
    ]
    cores = _core_tags(month, labels, kept, parameters)
    members = {label: {month.accounts[index] for index in np.flatnonzero(labels == label)} for label in kept}
    matched = _matched(members, before, parameters.smallest_lineage_jaccard)
    ids: dict[int, str] = {label: niche_id for label, (niche_id, _) in matched.items()}
    for label in sorted(set(kept) - set(ids), key=lambda item: sorted(members[item])):
        ids[label] = _new_id(month.month, cores[label], taken | set(ids.values()))
    taken.update(ids.values())

    assignments = []
    for index, (platform, account_key) in enumerate(month.accounts):
        label = int(labels[index])
        reason = None
        if degree[index] == 0:
            reason = "no_shared_tags"
        elif sizes[label] < parameters.smallest_niche:
            reason = "too_small"
        elif sizes[label] > parameters.largest_niche_share * labels.size:
            reason = "too_large"
        elif label not in ids:
            reason = "unstable"
        is_member = reason is None
        row = {
            "month": month.month,
            "platform": platform,
            "account_key": account_key,
            "niche_id": ids[label] if is_member else None,
        }
        row |= {"membership_strength": float(round(inside[index] / degree[index], 9)) if is_member else None}
        row |= {
            "bootstrap_jaccard": round(partition.jaccards[label], 9) if degree[index] > 0 else None,
            "unassigned_reason": reason,
        }
        assignments.append(row)
    profiles = []
    for label in kept:
        core = cores[label]
        profiles.append(
            {
                "niche_id": ids[label],
                "month": month.month,
                "name": ", ".join(dict.fromkeys(tag.removeprefix(_COMMUNITY) for tag in core[:3])) or ids[label],
                "top_tags": core,
                "member_count": len(members[label]),
                "bootstrap_jaccard": round(partition.jaccards[label], 9),
                "predecessor_jaccard": matched[label][1] if label in matched else None,
            }
        )
    return assignments, sorted(profiles, key=lambda row: str(row["niche_id"]))


def _by_month(table: pa.Table, order: list[str]) -> dict[date, list[dict[str, Any]]]:
    months: dict[date, list[dict[str, Any]]] = {}
    for row in table.sort_by([(name, "ascending") for name in order]).to_pylist():
        months.setdefault(row["month"], []).append(row)
    return months


def discover_niches(
    account_tag_months: pa.Table,
    interaction_months: pa.Table,
    previous: pa.Table | None = None,
    parameters: NicheParameters | None = None,
) -> dict[str, pa.Table]:
    """Find the niches of every month in the input; accounts of all platforms share one graph.

    Args:
        account_tag_months: ``int_account_tag_months``.
        interaction_months: ``int_interaction_months``.
        previous: ``niche_assignments`` of earlier months, from which ids are inherited; rows of months that are
            computed again, or later, are not read.
        parameters: Defaults when None.

    Returns:
        ``niche_assignments`` and ``niche_profiles`` of the input's months, in their contract's schemas, ordered by key.
    """
    parameters = parameters or NicheParameters()
    tagged = _by_month(account_tag_months, ["month", "platform", "account_key", "tag"])
    linked = _by_month(interaction_months, ["month", "platform", "source_account_key", "target_account_key"])
    earlier = {} if previous is None else _by_month(previous, ["month", "platform", "account_key"])
    assignments: list[dict[str, Any]] = []
    profiles: list[dict[str, Any]] = []
    # Ids of months before the first one computed are taken; later ones belong to a run that this one replaces.
    known = {month: _members_by_niche(rows) for month, rows in earlier.items() if not tagged or month < min(tagged)}
    taken = {niche_id for members in known.values() for niche_id in members}
    for month in sorted(tagged):
        before = known[max(known)] if known else {}
        found, described = _month_rows(
            _read_month(month, tagged[month], linked.get(month, []), parameters), before, taken, parameters
        )
        known[month] = _members_by_niche(found)
        assignments.extend(found)
        profiles.extend(described)
    stamp = {"method_version": METHOD_VERSION, "params_hash": params_hash(parameters)}
    return {
        "niche_assignments": pa.Table.from_pylist([row | stamp for row in assignments], schema=contracts.NICHE_ASSIGNMENTS),
        "niche_profiles": pa.Table.from_pylist([row | stamp for row in profiles], schema=contracts.NICHE_PROFILES),
    }
