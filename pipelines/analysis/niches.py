"""Niches from behaviour: shared tags and mutual interaction, per month, with ids that persist. No trend logic and no I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_matrix

from pipelines.analysis import communities, contracts
from pipelines.analysis.communities import NicheParameters, stable_partition
from pipelines.analysis.increments import Analysis, Partition, coded, digest, row_hashes, stored_table
from pipelines.analysis.parameters import params_hash

METHOD_VERSION: Final = "niches_1"
Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Texts = NDArray[np.object_]
_COMMUNITY: Final = "community:"
_STATE: Final = ("niche_months", "niche_assignments", "niche_profiles")


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
    partition = stable_partition(month.counts, month.mutual, parameters)
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


def _by_month(table: pa.Table) -> dict[date, pa.Table]:
    """Rows of each month, in the order they are in: one pass, slices."""
    months = np.asarray(table["month"].cast(pa.int32()).to_numpy())
    order = np.argsort(months, kind="stable")
    table = table.take(pa.array(order, pa.int64())) if (np.diff(months) < 0).any() else table
    found, starts = np.unique(months[order], return_index=True)
    ends = [*starts[1:], months.size][: starts.size]
    names = pa.array(found, pa.int32()).cast(pa.date32()).to_pylist()
    return {name: table.slice(start, end - start) for name, start, end in zip(names, starts, ends, strict=True)}


def partitioned(account_tag_months: pa.Table, interaction_months: pa.Table) -> dict[date, NichePartition]:
    """Whole exchange tables as partitions by month: the simple way in, where nothing can be left unread.

    Args:
        account_tag_months: ``int_account_tag_months``.
        interaction_months: ``int_interaction_months``; months without tagged posts are not read.
    """
    found = {}
    interactions = _by_month(interaction_months)
    for month, account_tags in _by_month(account_tag_months).items():
        tables = NicheTables(account_tags, interactions.get(month, interaction_months.slice(0, 0)))

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
    salt = digest(communities.METHOD_VERSION, *stamp.values())
    old = {name: stored_table(stored, name, contracts.STATE[name]) for name in _STATE}
    known = {row["month"]: row for row in old["niche_months"].to_pylist()}
    kept = {name: _by_month(old[name]) for name in _STATE[1:]}
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
            found, described = (kept[name].get(month, old[name].slice(0, 0)) for name in _STATE[1:])
            before_hash = last["outcome_hash"]
        else:
            read = _read_month(month, tables or partition.load(), parameters)
            found, described = _month_tables(read, _members(before_table), stamp, parameters)
            # A month that nobody was looked at in is a gap: ids are inherited across it.
            before_hash = _outcome_hash(found) if found.num_rows else before_hash
            computed += 1
        before_table = found if found.num_rows else before_table
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
