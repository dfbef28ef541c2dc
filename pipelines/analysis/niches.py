"""Niches from behaviour, month by month, with ids that persist: communities, lineage, words and culture put together. No estimator, no I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_matrix, diags_array, hstack

from pipelines.analysis import (
    assortativity,
    co_use,
    communities,
    contracts,
    culture,
    divergence,
    insiders,
    lineage,
    local_moving,
    memberships,
    terms,
    vocabulary,
)
from pipelines.analysis.communities import NicheParameters, stable_partition
from pipelines.analysis.culture import CultureParameters, CultureTables, CultureWindow, measure_culture
from pipelines.analysis.increments import Analysis, by_month, digest, row_hashes, stored_table, text_words
from pipelines.analysis.insiders import (
    InsiderParameters,
    InsiderWindow,
    Pairs,
    Tenures,
    measure_parts,
    scored,
    tenures,
    visiting_pairs,
)
from pipelines.analysis.lineage import follow
from pipelines.analysis.lineage_overlaps import Window
from pipelines.analysis.lineage_parameters import LineageParameters
from pipelines.analysis.memberships import MembershipParameters, membership_strengths, regrouped
from pipelines.analysis.niche_names import name_niches
from pipelines.analysis.niche_rows import (
    MonthRows,
    NichePartition,
    content_hash,
    joined_keys,
    partitioned,
    read_month,
    unit_kind,
)
from pipelines.analysis.parameters import params_hash
from pipelines.analysis.terms import TermParameters
from pipelines.analysis.vocabulary import Usage, VocabularyParameters, distinctive_terms, niche_neighbours

METHOD_VERSION: Final = "niches_5"
TABLES: Final = (
    "niche_assignments",
    "niche_memberships",
    "niche_profiles",
    "niche_terms",
    "niche_events",
    "niche_neighbours",
    "culture_windows",
    "niche_insiders",
)
Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Texts = NDArray[np.object_]
_DECIMALS: Final = 9


@dataclass(frozen=True)
class NicheMonthParameters:
    """Parameters of the niche tables.

    Attributes:
        smallest_home_share: Who was found in a community that is no niche belongs to the niche that it is in in this share of resamples.
        same_vocabulary: Groups whose words are this alike (cosine of class-based TF-IDF) are one niche: splinters share the words of
            what they come off; niches of the planted worlds are below .2, daughters of a split at first below .5.
        smallest_vocabulary: Distinctive terms that a niche has: a group that one term holds together is a trend or a place.
        smallest_strength: An account is in all niches that explain at least this share of what it uses.
        regrouping_count: How often members go to the niche that explains most of what they use.
        discovery: Of communities.
        memberships: Of strengths.
        lineage: Of ids and events.
        words: Of vocabulary and names.
        texts: Of the words of texts, as they were counted.
        culture: Of distinctness, overlap and diversity.
        insiders: Of how far inside a niche its members are.
    """

    smallest_home_share: float = 0.6
    same_vocabulary: float = 0.5
    smallest_vocabulary: int = 3
    smallest_strength: float = 0.15
    regrouping_count: int = 2
    discovery: NicheParameters = field(default_factory=NicheParameters)
    memberships: MembershipParameters = field(default_factory=MembershipParameters)
    lineage: LineageParameters = field(default_factory=LineageParameters)
    words: VocabularyParameters = field(default_factory=VocabularyParameters)
    texts: TermParameters = field(default_factory=TermParameters)
    culture: CultureParameters = field(default_factory=CultureParameters)
    insiders: InsiderParameters = field(default_factory=InsiderParameters)


def method_digest(parameters: NicheMonthParameters | None = None) -> str:
    """Changes with every version and parameter that the niche tables hang on.

    Args:
        parameters: Defaults when None.
    """
    modules = (
        co_use,
        communities,
        local_moving,
        memberships,
        lineage,
        vocabulary,
        terms,
        culture,
        divergence,
        assortativity,
        insiders,
    )
    versions = (module.METHOD_VERSION for module in modules)
    return digest(METHOD_VERSION, *versions, params_hash(parameters or NicheMonthParameters()))


@dataclass(frozen=True)
class _Found:
    """A month's niches, and which of them each account belongs to.

    Attributes:
        sizes: Members of each niche.
        jaccards: Of the community that each niche comes from, its mean best Jaccard over resamples.
        group: Of each account the place of its niche, -1 for none.
        community_jaccard: Of the community in which each account was found.
        reason: Why an account has no niche; empty where it has one.
        usage: Who uses what, by niche.
        terms: Distinctive terms of the niches, by their places.
        strengths: Share of what an account uses that each niche explains, account x niche; of an account that uses nothing with others,
            the share of its edges.
    """

    sizes: Labels
    jaccards: Floats
    group: Labels
    community_jaccard: Floats
    reason: Texts
    usage: Usage
    terms: pa.Table
    strengths: csr_matrix


def _found(read: MonthRows, parameters: NicheMonthParameters) -> _Found:
    discovery = parameters.discovery
    partition = stable_partition(read.counts, read.mutual, discovery)
    labels = partition.labels
    sizes = np.bincount(labels, minlength=1)
    degree = np.asarray(partition.graph.sum(axis=1)).ravel()
    largest = discovery.largest_niche_share * labels.size
    jaccards = np.array([partition.jaccards.get(label, 0.0) for label in range(sizes.size)])
    is_stable = (sizes >= discovery.smallest_niche) & (jaccards >= discovery.smallest_jaccard) & (sizes <= largest)
    candidates = np.flatnonzero(is_stable)
    place = np.full(sizes.size, -1, dtype=np.int64)
    place[candidates] = np.arange(candidates.size)
    is_at_home = (place[labels] < 0) & (partition.home_share >= parameters.smallest_home_share) & (degree > 0)
    group = np.where(is_at_home, place[partition.home], place[labels])
    kinds, spelled = zip(*map(unit_kind, read.units), strict=True) if read.units else ((), ())
    usage = Usage(read.uses, spelled, kinds, group, read.platforms.tolist())
    folded = _folded(usage, candidates.size, parameters)
    usage = replace(usage, niches=np.where(group >= 0, folded[group], -1) if candidates.size else group)
    own = np.asarray(distinctive_terms(usage, parameters.words)["niche"].to_numpy(), dtype=np.int64)
    has_words = np.bincount(own, minlength=candidates.size) >= parameters.smallest_vocabulary
    kept = candidates[has_words]
    later = np.append(np.where(has_words, np.cumsum(has_words) - 1, -1), -1)
    is_stable_member = usage.niches >= 0
    group = later[usage.niches]
    reason = np.select(
        [
            group >= 0,
            degree == 0,
            is_stable_member,
            sizes[labels] < discovery.smallest_niche,
            sizes[labels] > largest,
        ],
        ["", "no_shared_tags", "no_vocabulary", "too_small", "too_large"],
        default="unstable",
    )
    for _ in range(parameters.regrouping_count):
        group = regrouped(read.uses, group, kept.size, discovery.smallest_niche, parameters.memberships)
    usage = replace(usage, niches=group)
    terms = distinctive_terms(_with_words(usage, read), parameters.words)
    # Who left for another niche may have taken the words along.
    still = (
        np.bincount(np.asarray(terms["niche"].to_numpy(), dtype=np.int64), minlength=kept.size) >= parameters.smallest_vocabulary
    )
    if not still.all():
        reason = np.where((group >= 0) & ~np.append(still, True)[group], "no_vocabulary", reason)
        group = np.append(np.where(still, np.cumsum(still) - 1, -1), -1)[group]
        kept = kept[still]
        usage = replace(usage, niches=group)
        terms = distinctive_terms(_with_words(usage, read), parameters.words)
    strengths = membership_strengths(read.uses, group, kept.size, parameters.memberships)
    return _Found(
        np.bincount(group[group >= 0], minlength=kept.size),
        jaccards[kept],
        group,
        jaccards[labels],
        reason.astype(object),
        usage,
        terms,
        _with_edges(strengths, csr_matrix(partition.strengths[:, kept])),
    )


def _with_words(usage: Usage, read: MonthRows) -> Usage:
    """What accounts use and the words of their texts, which had no part in finding the niches."""
    terms, kinds = (*usage.terms, *read.words), (*usage.kinds, *("text" for _ in read.words))
    return replace(usage, uses=csr_matrix(hstack([usage.uses, read.word_uses])), terms=terms, kinds=kinds)


def _folded(usage: Usage, count: int, parameters: NicheMonthParameters) -> Labels:
    """For each group the one that it is part of: the most alike of the larger ones with the same words, or itself."""
    sizes = np.bincount(usage.niches[usage.niches >= 0], minlength=count)
    # Larger first; of equals the one whose first member comes first.
    rank = np.empty(count, dtype=np.int64)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(count)
    target = np.arange(count)
    best = np.full(count, parameters.same_vocabulary)
    for row in niche_neighbours(usage, parameters.words).to_pylist():
        one, other, alike = row["niche"], row["neighbour_niche"], row["cosine_similarity"]
        if rank[other] < rank[one] and alike >= best[one]:
            target[one], best[one] = other, np.nextafter(alike, 2)
    for one in np.argsort(rank):
        target[one] = target[target[one]]
    return target


def _with_edges(strengths: csr_matrix, by_edges: csr_matrix) -> csr_matrix:
    """Strengths by what is used, and by edges where nothing is used that others use too."""
    is_silent = np.diff(strengths.indptr) == 0
    return csr_matrix(strengths + diags_array(is_silent.astype(np.float64)) @ by_edges)


def _proposed_ids(read: MonthRows, found: _Found) -> tuple[str, ...]:
    """An id for each niche, should it continue none: of its month and its first member."""
    places, first = np.unique(found.group, return_index=True)
    names = read.accounts[first[places >= 0]]
    return tuple(hashlib.sha256(f"{read.month.isoformat()}|{name}".encode()).hexdigest()[:12] for name in names)


def _window(assignments: pa.Table) -> Window:
    """A past month as its stored rows tell it, accounts without a niche included."""
    platforms, keys, niches = (
        np.array(assignments[name].to_pylist(), dtype=object) for name in ("platform", "account_key", "niche_id")
    )
    ids = sorted({niche for niche in niches.tolist() if niche is not None})
    place = {niche: number for number, niche in enumerate(ids)} | {None: -1}
    group = np.array([place[niche] for niche in niches.tolist()], dtype=np.int64)
    return Window(assignments["month"][0].as_py(), joined_keys(platforms, keys), group, tuple(ids))


@dataclass(frozen=True)
class _Stamped:
    """Rows of one month's tables, in their contracts' schemas, with month and method."""

    month: date
    stamp: Mapping[str, str]

    def table(self, name: str, columns: Mapping[str, Any], count: int) -> pa.Table:
        schema = contracts.DERIVED[name]
        same = {"month": pa.scalar(self.month, pa.date32())} | {key: pa.scalar(value) for key, value in self.stamp.items()}
        given = {key: pa.repeat(value, count) for key, value in same.items()} | dict(columns)
        parts = [
            given[part.name] if isinstance(given[part.name], pa.Array) else pa.array(given[part.name], part.type)
            for part in schema
        ]
        return pa.table(parts, schema=schema)

    def rows(self, name: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
        schema = contracts.DERIVED[name]
        return pa.Table.from_pylist([{"month": self.month, **self.stamp, **row} for row in rows], schema=schema)


def _assignments(stamped: _Stamped, read: MonthRows, found: _Found, ids: Texts) -> pa.Table:
    is_member, count = found.group >= 0, found.group.size
    own = np.zeros(count)
    own[is_member] = np.asarray(found.strengths[np.flatnonzero(is_member), found.group[is_member]]).ravel()
    has_edges = found.reason != "no_shared_tags"
    columns = {
        "platform": pa.array(read.platforms, pa.string()),
        "account_key": pa.array(read.account_keys, pa.string()),
        "niche_id": pa.array(ids[found.group], pa.string(), mask=~is_member),
        "membership_strength": pa.array(np.round(own, _DECIMALS), pa.float64(), mask=~is_member),
        "bootstrap_jaccard": pa.array(np.round(found.community_jaccard, _DECIMALS), pa.float64(), mask=~has_edges),
        "unassigned_reason": pa.array(found.reason, pa.string(), mask=is_member),
    }
    return stamped.table("niche_assignments", columns, count)


@dataclass(frozen=True)
class _Memberships:
    """All niches of all accounts.

    Attributes:
        table: Rows of ``niche_memberships``.
        account: Of each row, its account's place.
        niche: Of each row, its niche's place.
        strengths: The same as account x niche.
    """

    table: pa.Table
    account: Labels
    niche: Labels
    strengths: csr_matrix


def _memberships(stamped: _Stamped, read: MonthRows, found: _Found, ids: Texts, smallest: float) -> _Memberships:
    # A first niche counts however little of what the account uses is of it.
    members = np.flatnonzero(found.group >= 0)
    marks = csr_matrix((np.ones(members.size), (members, found.group[members])), shape=found.strengths.shape)
    strengths, first = coo_array(found.strengths + marks), found.group
    account, niche = strengths.row.astype(np.int64), strengths.col.astype(np.int64)
    is_primary = first[account] == niche
    strength = np.round(strengths.data - is_primary, _DECIMALS)
    kept = (strength >= smallest) | is_primary
    account, niche, strength, is_primary = account[kept], niche[kept], strength[kept], is_primary[kept]
    order = np.lexsort((ids[niche].astype(str), account)) if account.size else np.empty(0, dtype=np.int64)
    account, niche, strength, is_primary = account[order], niche[order], strength[order], is_primary[order]
    columns = {
        "platform": pa.array(read.platforms[account], pa.string()),
        "account_key": pa.array(read.account_keys[account], pa.string()),
        "niche_id": pa.array(ids[niche], pa.string()),
        "membership_strength": strength,
        "is_primary": is_primary,
    }
    table = stamped.table("niche_memberships", columns, account.size)
    return _Memberships(table, account, niche, csr_matrix((strength, (account, niche)), shape=found.strengths.shape))


def _insiders(
    stamped: _Stamped, read: MonthRows, found: _Found, members: _Memberships, ids: Texts, parameters: InsiderParameters
) -> pa.Table:
    """Rows of ``niche_insiders``, of members and visitors, with what the month tells by itself; the rest is empty."""
    count = found.sizes.size
    units = {unit: place for place, unit in enumerate(read.units)}
    terms = [
        (row["term"] if row["term_kind"] == "tag" else f"{row['term_kind']}:{row['term']}", row["niche"])
        for row in found.terms.to_pylist()
        if row["term_kind"] != "text"
    ]
    term, niche = (
        np.array(values, dtype=np.int64) for values in ([units[unit] for unit, _ in terms], [niche for _, niche in terms])
    )
    visits = coo_array(visiting_pairs(read.uses, term, niche, count))
    key = np.concatenate([members.account, visits.row]) * max(count, 1) + np.concatenate([members.niche, visits.col])
    key, first = np.unique(key, return_index=True)
    pairs = Pairs(key // max(count, 1), key % max(count, 1), first < members.account.size)
    order = np.lexsort((ids[pairs.niche].astype(str), pairs.account)) if key.size else np.empty(0, dtype=np.int64)
    pairs = Pairs(pairs.account[order], pairs.niche[order], pairs.is_member[order])
    _, platform = np.unique(read.platforms.astype(str), return_inverse=True)
    window = InsiderWindow(read.uses, read.directed, platform.astype(np.int64), found.group, count)
    measured = measure_parts(window, pairs, parameters)
    same = {
        "platform": pa.array(read.platforms[pairs.account], pa.string()),
        "account_key": pa.array(read.account_keys[pairs.account], pa.string()),
        "niche_id": pa.array(ids[pairs.niche], pa.string()),
    }
    later = {
        field.name: pa.nulls(key.size, field.type)
        if field.nullable
        else pa.repeat(pa.scalar(False if pa.types.is_boolean(field.type) else 0, field.type), key.size)
        for field in contracts.DERIVED["niche_insiders"]
        if field.name not in {*measured, *same, "month", *stamped.stamp}
    }
    return stamped.table("niche_insiders", {**same, **measured, **later}, key.size)


def _culture(
    read: MonthRows, found: _Found, ids: tuple[str, ...], strengths: csr_matrix, parameters: CultureParameters
) -> CultureTables:
    window = CultureWindow(
        month=read.month,
        account=text_words(read.accounts.tolist()),
        unit=text_words(read.units),
        niche_ids=ids,
        niche=found.group,
        counts=read.uses,
        # Niches are found on what accounts use; whom they talk to is another graph, which says how closed niches are.
        graph=read.mutual,
        strengths=strengths,
    )
    return measure_culture(window, parameters)


@dataclass(frozen=True)
class _Words:
    """What a month's niches are called and say, by the place of each niche.

    Attributes:
        names: Of each niche; its id where no term is its own.
        scenes: Well-known scene, or None.
        top_tags: Distinctive tags, strongest first.
        terms: Rows of ``niche_terms``.
        neighbours: Rows of ``niche_neighbours``, without the overlap of members.
    """

    names: list[str]
    scenes: list[str | None]
    top_tags: list[list[str]]
    terms: list[dict[str, Any]]
    neighbours: list[dict[str, Any]]


def _words(found: _Found, ids: tuple[str, ...], lexicon: pa.Table, parameters: VocabularyParameters) -> _Words:
    named = name_niches(found.terms, range(len(ids)), lexicon, parameters).to_pylist()
    top_tags: list[list[str]] = [[] for _ in ids]
    rows = found.terms.to_pylist()
    for row in rows:
        if row["term_kind"] == "tag":
            top_tags[row["niche"]].append(row["term"])
    return _Words(
        [row["name"] or niche_id for row, niche_id in zip(named, ids, strict=True)],
        [row["scene"] for row in named],
        top_tags,
        sorted(
            (
                {
                    "niche_id": ids[row["niche"]],
                    "niche_user_count": row["member_user_count"],
                    "other_user_count": row["outsider_user_count"],
                    "c_tf_idf": row["class_tf_idf"],
                    "z_score": row["log_odds_z"],
                }
                | {name: row[name] for name in ("term", "term_kind", "term_rank", "log_odds", "q_value")}
                for row in rows
            ),
            key=lambda row: (str(row["niche_id"]), row["term_rank"]),
        ),
        sorted(
            (
                {
                    "niche_id": ids[row["niche"]],
                    "other_niche_id": ids[row["neighbour_niche"]],
                    "neighbour_rank": row["neighbour_rank"],
                    "vocabulary_similarity": row["cosine_similarity"],
                }
                for row in niche_neighbours(found.usage, parameters).to_pylist()
            ),
            key=lambda row: (str(row["niche_id"]), row["neighbour_rank"]),
        ),
    )


def _month_tables(
    read: MonthRows, past: Sequence[Window], stamp: Mapping[str, str], lexicon: pa.Table, parameters: NicheMonthParameters
) -> dict[str, pa.Table]:
    stamped = _Stamped(read.month, stamp)
    found = _found(read, parameters)
    followed = follow(Window(read.month, read.accounts, found.group, _proposed_ids(read, found)), past, parameters.lineage)
    # One more, for those without a niche.
    ids = np.array([*followed.ids, None], dtype=object)
    members = _memberships(stamped, read, found, ids, parameters.smallest_strength)
    measures = _culture(read, found, followed.ids, members.strengths, parameters.culture)
    words = _words(found, followed.ids, lexicon, parameters.words)
    measured = {row["niche_id"]: row for row in measures.niches.to_pylist()}
    profiles = [
        {
            "niche_id": niche_id,
            "name": words.names[place],
            "scene": words.scenes[place],
            "top_tags": words.top_tags[place],
            "member_count": int(found.sizes[place]),
            "bootstrap_jaccard": round(float(found.jaccards[place]), _DECIMALS),
            "predecessor_jaccard": followed.predecessor_jaccard[place],
            "match_threshold": followed.match_thresholds[place],
            "distinctness_bits": measured[niche_id]["distinctness_bits"],
            "distinctness_null_bits": measured[niche_id]["distinctness_null_bits"],
        }
        for place, niche_id in enumerate(followed.ids)
    ]
    overlaps = {(row["niche_id"], row["other_niche_id"]): row["audience_overlap"] for row in measures.pairs.to_pylist()}
    neighbours = [
        row | {"overlap_ratio": overlaps[min(pair), max(pair)]}
        for row in words.neighbours
        for pair in [(row["niche_id"], row["other_niche_id"])]
    ]
    return {
        "niche_assignments": _assignments(stamped, read, found, ids),
        "niche_memberships": members.table,
        "niche_insiders": _insiders(stamped, read, found, members, ids, parameters.insiders),
        "niche_profiles": stamped.rows("niche_profiles", sorted(profiles, key=lambda row: str(row["niche_id"]))),
        "niche_terms": stamped.rows("niche_terms", words.terms),
        # Of the first window nothing is known to have happened in it.
        "niche_events": stamped.rows("niche_events", [vars(event) for event in followed.events] if past else []),
        "niche_neighbours": stamped.rows("niche_neighbours", neighbours),
        "culture_windows": _culture_window(stamped, measures.culture.to_pylist()[0]),
    }


def _culture_window(stamped: _Stamped, row: Mapping[str, Any]) -> pa.Table:
    """The culture's row; none of a month in which nobody was looked at."""
    if not row["account_count"]:
        return stamped.rows("culture_windows", [])
    columns = {
        "effective_niche_count": "effective_niches_1",
        "effective_niche_low_count": "effective_niches_1_low",
        "effective_niche_high_count": "effective_niches_1_high",
        "distinctness_bits": "mean_pair_bits",
        "distinctness_pair_count": "measured_pair_count",
        "overlap_ratio": "mean_audience_overlap",
        "assortativity_z_score": "assortativity_z",
        "external_internal_index": "ei_index",
    }
    return stamped.rows("culture_windows", [dict(row) | {name: row[measure] for name, measure in columns.items()}])


def _outcome_hash(assignments: pa.Table) -> str:
    """Hash of a month's accounts and their niches, all that later months take from it."""
    found = row_hashes(assignments, "platform", ["niche_id", "platform", "account_key"])
    return digest(*(f"{key}:{value}" for key, value in sorted(found.items())))


def _with_tenure(months: Sequence[pa.Table], assignments: pa.Table, parameters: InsiderParameters) -> list[pa.Table]:
    """Score the members of each month that was not scored yet, or with other tenures.

    Tenure hangs on all months before, and nothing else does; so it is found of all at once.

    Args:
        months: Rows of ``niche_insiders`` of each month.
        assignments: Of all months.
        parameters: Of the score.
    """
    first = assignments.group_by("platform").aggregate([("month", "min")])
    days = first["month_min"].cast(pa.int32()).to_pylist()
    found = tenures(pa.concat_tables(months), dict(zip(first["platform"].to_pylist(), days, strict=True)), parameters)
    tables, begin = [], 0
    for table in months:
        rows = slice(begin, begin + table.num_rows)
        begin += table.num_rows
        own = Tenures(found.tenure_days[rows], found.is_at_least[rows], found.required_days[rows])
        tables.append(table if own.are_those_of(table) else scored(table, own, parameters))
    return tables


def discover_niche_months(
    partitions: Mapping[date, NichePartition],
    parameters: NicheMonthParameters | None = None,
    stored: Mapping[str, pa.Table] | None = None,
    *,
    lexicon: pa.Table | None = None,
) -> Analysis:
    """Find the niches of every month; accounts of all platforms share one graph.

    A month hangs on its own rows and, for ids and events, on the niches and accounts of the few months before. Where all are as
    they were, the stored rows are taken again: the outcome is that of computing everything anew.

    Args:
        partitions: By month, all that there are; a month is loaded only where its hash is new or a month before it
            came out otherwise.
        parameters: Defaults when None.
        stored: ``state`` of the last call; None computes everything.
        lexicon: Words of well-known scenes, for names only (scene, term, weight); none when None.

    Returns:
        The tables of :data:`TABLES`, in their contract's schemas, ordered by month; and the state.
    """
    parameters = parameters or NicheMonthParameters()
    lexicon = contracts.NICHE_LEXICON.empty_table() if lexicon is None else lexicon
    stamp = {"method_version": METHOD_VERSION, "params_hash": params_hash(parameters)}
    salt = digest(method_digest(parameters), *sorted(map(str, lexicon.to_pylist())))
    old = {name: stored_table(stored, name, contracts.STATE[name]) for name in ("niche_months", *TABLES)}
    known = {row["month"]: row for row in old["niche_months"].to_pylist()}
    kept = {name: by_month(old[name]) for name in TABLES}
    rows, made, computed = [], {name: [contracts.DERIVED[name].empty_table()] for name in TABLES}, 0
    past: list[tuple[str, pa.Table]] = []
    for month in sorted(partitions):
        partition, last = partitions[month], known.get(month, {})
        partition_hash = digest(salt, partition.content_hash)
        tables = None
        found_hash = last.get("content_hash")
        if last.get("partition_hash") != partition_hash:
            tables = partition.load()
            found_hash = digest(salt, content_hash(tables))
        input_hash = digest(found_hash, *(outcome for outcome, _ in past))
        if last.get("input_hash") == input_hash:
            found = {name: kept[name].get(month, old[name].slice(0, 0)) for name in TABLES}
            outcome = last["outcome_hash"]
        else:
            read = read_month(month, tables or partition.load(), parameters.discovery)
            found = _month_tables(read, [_window(table) for _, table in past], stamp, lexicon, parameters)
            outcome = _outcome_hash(found["niche_assignments"])
            computed += 1
        # A month that nobody was looked at in is a gap: ids are inherited across it.
        if found["niche_assignments"].num_rows:
            past = [*past, (outcome, found["niche_assignments"])][-parameters.lineage.lookback_windows :]
        for name in TABLES:
            made[name].append(found[name])
        values = (month, partition_hash, found_hash, input_hash, outcome)
        rows.append(dict(zip(contracts.STATE_NICHE_MONTHS.names, values, strict=True)))
    joined = {name: pa.concat_tables(parts).combine_chunks() for name, parts in made.items() if name != "niche_insiders"}
    scores = _with_tenure(made["niche_insiders"], joined["niche_assignments"], parameters.insiders)
    joined["niche_insiders"] = pa.concat_tables(scores).combine_chunks()
    months = pa.Table.from_pylist(rows, schema=contracts.STATE_NICHE_MONTHS)
    return Analysis(joined, {"niche_months": months, **joined}, {"niche_months": computed})


def discover_niches(
    account_tag_months: pa.Table,
    interaction_months: pa.Table,
    parameters: NicheMonthParameters | None = None,
    *,
    lexicon: pa.Table | None = None,
) -> dict[str, pa.Table]:
    """Find the niches of every month in whole exchange tables anew; see :func:`discover_niche_months`.

    Args:
        account_tag_months: ``int_account_tag_months``.
        interaction_months: ``int_interaction_months``.
        parameters: Defaults when None.
        lexicon: Words of well-known scenes, for names only; none when None.
    """
    return discover_niche_months(partitioned(account_tag_months, interaction_months), parameters, lexicon=lexicon).tables
