"""One month's niches as rows of the derived tables: ids, members, insiders, words, events, culture. Finds no niches, keeps no state."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_matrix

from pipelines.analysis import contracts
from pipelines.analysis.culture import CultureParameters, CultureTables, CultureWindow, measure_culture
from pipelines.analysis.increments import text_words
from pipelines.analysis.insiders import InsiderParameters, InsiderWindow, Pairs, measure_parts, visiting_pairs
from pipelines.analysis.lineage import follow
from pipelines.analysis.lineage_overlaps import Window
from pipelines.analysis.niche_finding import Found, find_niches
from pipelines.analysis.niche_names import name_niches
from pipelines.analysis.niche_parameters import NicheMonthParameters
from pipelines.analysis.niche_rows import MonthRows
from pipelines.analysis.vocabulary import VocabularyParameters, niche_neighbours

Labels = NDArray[np.int64]
Texts = NDArray[np.object_]
_DECIMALS: Final = 9


def _proposed_ids(read: MonthRows, found: Found) -> tuple[str, ...]:
    """An id for each niche, should it continue none: of its month and its first member."""
    places, first = np.unique(found.group, return_index=True)
    names = read.accounts[first[places >= 0]]
    return tuple(hashlib.sha256(f"{read.month.isoformat()}|{name}".encode()).hexdigest()[:12] for name in names)


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


def _assignments(stamped: _Stamped, read: MonthRows, found: Found, ids: Texts) -> pa.Table:
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


def _memberships(stamped: _Stamped, read: MonthRows, found: Found, ids: Texts, smallest: float) -> _Memberships:
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
    stamped: _Stamped, read: MonthRows, found: Found, members: _Memberships, ids: Texts, parameters: InsiderParameters
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
    read: MonthRows, found: Found, ids: tuple[str, ...], strengths: csr_matrix, parameters: CultureParameters
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


def _words(found: Found, ids: tuple[str, ...], lexicon: pa.Table, parameters: VocabularyParameters) -> _Words:
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


def month_tables(
    read: MonthRows, past: Sequence[Window], stamp: Mapping[str, str], lexicon: pa.Table, parameters: NicheMonthParameters
) -> dict[str, pa.Table]:
    """Find a month's niches, give them their ids and tell them as rows.

    Args:
        read: The month's accounts.
        past: The months before that anyone was looked at in, oldest first, with their ids.
        stamp: Method and parameters, of every row.
        lexicon: Words of well-known scenes, for names only.
        parameters: See :class:`NicheMonthParameters`.

    Returns:
        The month's rows of every niche table, in their contract's schemas.
    """
    stamped = _Stamped(read.month, stamp)
    found = find_niches(read, parameters)
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
