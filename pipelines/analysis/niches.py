"""Niches from behaviour: shared tags and mutual interaction, per month, with ids that persist. No trend logic and no I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import graspologic_native
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_matrix

from pipelines.analysis import contracts
from pipelines.analysis.increments import Analysis, Partition, coded, digest, row_hashes, stored_table
from pipelines.analysis.parameters import params_hash

METHOD_VERSION: Final = "niches_1"
Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Texts = NDArray[np.object_]
_COMMUNITY: Final = "community:"
_STATE: Final = ("niche_months", "niche_assignments", "niche_profiles")


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
class NicheTables:
    """Rows of one month in the exchange tables: ``int_account_tag_months`` and ``int_interaction_months``."""

    account_tags: pa.Table
    interactions: pa.Table


NichePartition = Partition[NicheTables]


@dataclass(frozen=True)
class _Month:
    month: date
    platforms: Texts
    account_keys: Texts
    tags: list[str]
    counts: csr_matrix
    mutual: csr_matrix


@dataclass(frozen=True)
class _Partition:
    labels: Labels
    jaccards: dict[int, float]
    graph: csr_matrix


def _places(column: pa.ChunkedArray, known: list[str]) -> Labels:
    """Place of each text among the known ones, -1 where it is none of them."""
    return np.asarray(pc.index_in(column, value_set=pa.array(known, pa.string())).fill_null(-1).to_numpy(), dtype=np.int64)


def _read_month(month: date, tables: NicheTables, parameters: NicheParameters) -> _Month:
    rows, interactions = tables.account_tags, tables.interactions
    platforms, platform = coded(rows["platform"])
    keys, key = coded(rows["account_key"])
    all_tags, tag = coded(rows["tag"])
    numbers = np.asarray(rows["post_count"].to_numpy(), dtype=np.float64)
    everyone, account = np.unique(platform * len(keys) + key, return_inverse=True)
    active = np.flatnonzero(np.bincount(account, weights=numbers) >= parameters.smallest_post_count)
    place = np.full(everyone.size, -1, dtype=np.int64)
    place[active] = np.arange(active.size)
    kept = place[account] >= 0
    count = active.size
    used = csr_matrix((numbers[kept], (place[account[kept]], tag[kept])), shape=(count, len(all_tags)))
    used.sum_duplicates()
    small = min(parameters.tolerated_tag_share * count, parameters.tolerated_tag_accounts)
    limit = max(parameters.largest_tag_share * count, small, parameters.smallest_tag_accounts)
    users = np.bincount(used.indices, minlength=len(all_tags))
    shared = np.flatnonzero((users >= parameters.smallest_tag_accounts) & (users <= limit))
    counts = csr_matrix(used[:, shared])
    counts.sort_indices()

    ids = everyone[active]
    ends = []
    for name in ("source_account_key", "target_account_key"):
        known_platform, known_key = _places(interactions["platform"], platforms), _places(interactions[name], keys)
        wanted = known_platform * len(keys) + known_key
        at = np.minimum(np.searchsorted(ids, wanted), max(count - 1, 0))
        found = (known_platform >= 0) & (known_key >= 0) & (ids[at] == wanted if count else False)
        ends.append(np.where(found, at, -1))
    inside = (ends[0] >= 0) & (ends[1] >= 0) & (ends[0] != ends[1])
    times = np.asarray(interactions["interaction_count"].to_numpy(), dtype=np.float64)[inside]
    directed = csr_matrix((times, (ends[0][inside], ends[1][inside])), shape=(count, count))
    mutual = csr_matrix(directed.minimum(directed.T))
    mutual.data = parameters.interaction_weight * np.log2(1 + mutual.data)
    names = np.array(platforms, dtype=object)[ids // max(len(keys), 1)], np.array(keys, dtype=object)[ids % max(len(keys), 1)]
    return _Month(month, *names, [all_tags[index] for index in shared], counts, mutual)


def _nearest(sources: Labels, values: Floats, size: int, count: int) -> NDArray[np.bool_]:
    """Edges not weaker than their source's count-th strongest; sources are in order. What is left is cheap to sort."""
    least = np.zeros(size)
    bounds = np.searchsorted(sources, np.arange(size + 1))
    for source in np.flatnonzero(np.diff(bounds) > count):
        own = values[bounds[source] : bounds[source + 1]]
        least[source] = np.partition(own, own.size - count)[own.size - count]
    return np.asarray(values >= least[sources])


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
    rounded = np.round(values, 9)
    near = _nearest(sources, rounded, size, parameters.neighbour_count)
    sources, targets, values, rounded = sources[near], targets[near], values[near], rounded[near]
    order = np.lexsort((targets, -rounded, sources))
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


@dataclass(frozen=True)
class _Members:
    """Members of a month's niches: niche ids, and for each member its account and the place of its niche."""

    niche_ids: list[str]
    account: Texts
    niche: Labels


def _joined_keys(platforms: Texts, account_keys: Texts) -> Texts:
    return np.asarray(platforms + "\x1f" + account_keys)


def _members(assignments: pa.Table) -> _Members:
    rows = assignments.filter(assignments["niche_id"].is_valid())
    ids, niche = coded(rows["niche_id"])
    columns = [np.array(rows[name].to_numpy(zero_copy_only=False), dtype=object) for name in ("platform", "account_key")]
    return _Members(ids, _joined_keys(*columns), niche)


def _matched(account: Texts, label: Labels, kept: list[int], before: _Members, smallest: float) -> dict[int, tuple[str, float]]:
    """Pair this month's niches with last month's by maximum total Jaccard."""
    if not kept or not before.niche_ids:
        return {}
    place = np.full(label.max() + 1, -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    inside = place[label] >= 0
    here, there = np.intersect1d(account[inside].astype(str), before.account.astype(str), return_indices=True)[1:]
    shape = (len(kept), len(before.niche_ids))
    both = np.zeros(shape)
    np.add.at(both, (place[label[inside]][here], before.niche[there]), 1.0)
    left = np.bincount(place[label[inside]], minlength=shape[0])
    right = np.bincount(before.niche, minlength=shape[1])
    jaccard = both / (left[:, None] + right[None, :] - both)
    rows, columns = linear_sum_assignment(jaccard, maximize=True)
    return {
        kept[row]: (before.niche_ids[column], float(jaccard[row, column]))
        for row, column in zip(rows, columns, strict=True)
        if jaccard[row, column] >= smallest
    }


def _month_tables(
    month: _Month, before: _Members, stamp: dict[str, str], parameters: NicheParameters
) -> tuple[pa.Table, pa.Table]:
    partition = _partition(month, parameters)
    labels = partition.labels
    sizes = np.bincount(labels, minlength=1)
    degree = np.asarray(partition.graph.sum(axis=1)).ravel()
    sources = np.repeat(np.arange(labels.size), np.diff(partition.graph.indptr))
    is_inside = labels[sources] == labels[partition.graph.indices]
    inside = np.bincount(sources, weights=partition.graph.data * is_inside, minlength=labels.size)
    largest = parameters.largest_niche_share * labels.size
    jaccards = np.array([partition.jaccards.get(label, 0.0) for label in range(sizes.size)])
    is_niche = (sizes >= parameters.smallest_niche) & (jaccards >= parameters.smallest_jaccard) & (sizes <= largest)
    kept = [int(label) for label in np.flatnonzero(is_niche)]
    cores = _core_tags(month, labels, kept, parameters)
    account = _joined_keys(month.platforms, month.account_keys)
    matched = _matched(account, labels, kept, before, parameters.smallest_lineage_jaccard)
    ids: dict[int, str] = {label: niche_id for label, (niche_id, _) in matched.items()}
    first_member = {label: int(np.argmax(labels == label)) for label in kept}
    for label in sorted(set(kept) - set(ids), key=first_member.__getitem__):
        ids[label] = _new_id(month.month, cores[label], set(ids.values()))

    reason = np.select(
        [degree == 0, sizes[labels] < parameters.smallest_niche, sizes[labels] > largest, ~is_niche[labels]],
        ["no_shared_tags", "too_small", "too_large", "unstable"],
        default="",
    )
    is_member = reason == ""
    names = np.array([ids.get(label, "") for label in range(sizes.size)], dtype=object)
    strength = np.round(inside / np.maximum(degree, 1e-300), 9)

    def known(values: NDArray[Any], where: NDArray[np.bool_], kind: pa.DataType) -> pa.Array:
        return pa.array(values, kind, mask=~where)

    columns = {
        "month": pa.repeat(pa.scalar(month.month, pa.date32()), labels.size),
        "platform": pa.array(month.platforms, pa.string()),
        "account_key": pa.array(month.account_keys, pa.string()),
        "niche_id": known(names[labels], is_member, pa.string()),
        "membership_strength": known(strength, is_member, pa.float64()),
        "bootstrap_jaccard": known(np.round(jaccards, 9)[labels], degree > 0, pa.float64()),
        "unassigned_reason": known(reason.astype(object), ~is_member, pa.string()),
    } | {name: pa.repeat(value, labels.size) for name, value in stamp.items()}
    assignments = pa.table([columns[name] for name in contracts.NICHE_ASSIGNMENTS.names], schema=contracts.NICHE_ASSIGNMENTS)
    profiles = [
        {
            "niche_id": ids[label],
            "month": month.month,
            "name": ", ".join(dict.fromkeys(tag.removeprefix(_COMMUNITY) for tag in cores[label][:3])) or ids[label],
            "top_tags": cores[label],
            "member_count": int(sizes[label]),
            "bootstrap_jaccard": round(float(jaccards[label]), 9),
            "predecessor_jaccard": matched[label][1] if label in matched else None,
            **stamp,
        }
        for label in kept
    ]
    profiles.sort(key=lambda row: str(row["niche_id"]))
    return assignments, pa.Table.from_pylist(profiles, schema=contracts.NICHE_PROFILES)


def _content_hash(tables: NicheTables) -> str:
    """Hash of a month's rows, whatever their order."""
    found = [row_hashes(table, "platform", table.schema.names) for table in (tables.account_tags, tables.interactions)]
    return digest(*(f"{key}:{value}" for hashes in found for key, value in sorted(hashes.items())), len(found[0]))


def _outcome_hash(assignments: pa.Table) -> str:
    """Hash of a month's niches and their members, all that the next month takes from it."""
    rows = assignments.filter(assignments["niche_id"].is_valid())
    found = row_hashes(rows, "niche_id", ["niche_id", "platform", "account_key"])
    return digest(*(f"{key}:{value}" for key, value in sorted(found.items())))


def partitioned(account_tag_months: pa.Table, interaction_months: pa.Table) -> dict[date, NichePartition]:
    """Whole exchange tables as partitions by month: the simple way in, where nothing can be left unread.

    Args:
        account_tag_months: ``int_account_tag_months``.
        interaction_months: ``int_interaction_months``; months without tagged posts are not read.
    """
    found = {}
    for month in sorted(pc.unique(account_tag_months["month"]).to_pylist()):
        parts = [table.filter(pc.equal(table["month"], month)) for table in (account_tag_months, interaction_months)]

        tables = NicheTables(*parts)

        def load(tables: NicheTables = tables) -> NicheTables:
            return tables

        found[month] = NichePartition(_content_hash(tables), load)
    return found


def discover_niche_months(
    partitions: Mapping[date, NichePartition],
    parameters: NicheParameters | None = None,
    stored: Mapping[str, pa.Table] | None = None,
) -> Analysis:
    """Find the niches of every month; accounts of all platforms share one graph.

    A month hangs on its own rows and, for the ids, on the niches and members of the month before. Where both are as they
    were, the stored rows are taken again: the outcome is that of computing everything anew.

    Args:
        partitions: By month, all that there are; a month is loaded only where its hash is new or the month before
            came out otherwise.
        parameters: Defaults when None.
        stored: ``state`` of the last call; None computes everything.

    Returns:
        ``niche_assignments`` and ``niche_profiles``, in their contract's schemas, ordered by key; and the state.
    """
    parameters = parameters or NicheParameters()
    stamp = {"method_version": METHOD_VERSION, "params_hash": params_hash(parameters)}
    salt = digest(*stamp.values())
    old = {name: stored_table(stored, name, contracts.STATE[name]) for name in _STATE}
    known = {row["month"]: row for row in old["niche_months"].to_pylist()}
    rows, assignments, profiles = [], [], []
    before_hash, before_table, computed = "", contracts.NICHE_ASSIGNMENTS.empty_table(), 0
    for month in sorted(partitions):
        partition, last = partitions[month], known.get(month, {})
        partition_hash = digest(salt, partition.content_hash)
        tables = None
        content_hash = last.get("content_hash")
        if last.get("partition_hash") != partition_hash:
            tables = partition.load()
            content_hash = digest(salt, _content_hash(tables))
        input_hash = digest(content_hash, before_hash)
        if last.get("input_hash") == input_hash:
            found, described = (old[name].filter(pc.equal(old[name]["month"], month)) for name in _STATE[1:])
            before_hash = last["outcome_hash"]
        else:
            read = _read_month(month, tables or partition.load(), parameters)
            found, described = _month_tables(read, _members(before_table), stamp, parameters)
            before_hash = _outcome_hash(found)
            computed += 1
        before_table = found
        assignments.append(found)
        profiles.append(described)
        values = (month, partition_hash, content_hash, input_hash, before_hash)
        rows.append(dict(zip(contracts.STATE_NICHE_MONTHS.names, values, strict=True)))
    made = {
        "niche_assignments": pa.concat_tables([contracts.NICHE_ASSIGNMENTS.empty_table(), *assignments]).combine_chunks(),
        "niche_profiles": pa.concat_tables([contracts.NICHE_PROFILES.empty_table(), *profiles]).combine_chunks(),
    }
    months = pa.Table.from_pylist(rows, schema=contracts.STATE_NICHE_MONTHS)
    return Analysis(made, {"niche_months": months, **made}, {"niche_months": computed})


def discover_niches(
    account_tag_months: pa.Table, interaction_months: pa.Table, parameters: NicheParameters | None = None
) -> dict[str, pa.Table]:
    """Find the niches of every month in whole exchange tables anew; see :func:`discover_niche_months`.

    Args:
        account_tag_months: ``int_account_tag_months``.
        interaction_months: ``int_interaction_months``.
        parameters: Defaults when None.
    """
    return discover_niche_months(partitioned(account_tag_months, interaction_months), parameters).tables
