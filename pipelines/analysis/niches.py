"""Niches of every month, with ids that persist: what is computed again and what is taken from state, and tenure over months. No estimator, no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa

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
from pipelines.analysis.increments import Analysis, by_month, digest, row_hashes, stored_table
from pipelines.analysis.insiders import InsiderParameters, Tenures, scored, tenures
from pipelines.analysis.lineage_overlaps import Window
from pipelines.analysis.niche_month_tables import month_tables
from pipelines.analysis.niche_parameters import NicheMonthParameters
from pipelines.analysis.niche_rows import NichePartition, content_hash, joined_keys, partitioned, read_month
from pipelines.analysis.parameters import params_hash

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


def _window(assignments: pa.Table) -> Window:
    """A past month as its stored rows tell it, accounts without a niche included."""
    platforms, keys, niches = (
        np.array(assignments[name].to_pylist(), dtype=object) for name in ("platform", "account_key", "niche_id")
    )
    ids = sorted({niche for niche in niches.tolist() if niche is not None})
    place = {niche: number for number, niche in enumerate(ids)} | {None: -1}
    group = np.array([place[niche] for niche in niches.tolist()], dtype=np.int64)
    return Window(assignments["month"][0].as_py(), joined_keys(platforms, keys), group, tuple(ids))


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
            found = month_tables(read, [_window(table) for _, table in past], stamp, lexicon, parameters)
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
