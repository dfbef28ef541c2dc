"""Niche against niche: the precedence of trends with niches in the place of platforms. The estimators, gates and pools are those of ``trends``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.analysis.increments import Analysis, by_month, digest
from pipelines.analysis.months import months_later
from pipelines.analysis.origin_contracts import NICHE_PAIR, TREND_STATE
from pipelines.analysis.parameters import params_hash
from pipelines.analysis.trend_rows import TrendPartition, TrendTables
from pipelines.analysis.trends import TrendParameters, analyse_trend_partitions

METHOD_VERSION: Final = "niche_precedence_1"


@dataclass(frozen=True)
class NichePairParameters:
    """Parameters of the comparison of niches.

    Attributes:
        largest_niche_count: Niches of a trend that are compared with each other: those with most adopters.
        trends: Of the estimators, gates and pools; niches are compared as platforms are.
    """

    largest_niche_count: int = 6
    trends: TrendParameters = field(default_factory=TrendParameters)


def month_before_period(period: str) -> date:
    """First day of the month before a month of birth.

    Args:
        period: YYYY-MM.
    """
    return months_later(date.fromisoformat(f"{period}-01"), -1)


def relabelled(tables: TrendTables, assignments: pa.Table | None, parameters: NichePairParameters) -> TrendTables:
    """Tables of trends in which an adopter's platform is its niche; who has none, and niches with few adopters, are left out.

    Tiers are left out, since they are compared elsewhere.

    Args:
        tables: Exchange tables of trends born in one month.
        assignments: Rows of ``niche_assignments`` of the month before; None: there are none.
        parameters: See :class:`NichePairParameters`.
    """
    nothing = TrendTables(*(table.slice(0, 0) for table in (tables.candidates, tables.adoptions, tables.timelines)))
    if assignments is None:
        return nothing
    known = (
        assignments.filter(assignments["niche_id"].is_valid())
        .select(["account_key", "niche_id"])
        .rename_columns(["account_key", "niche"])
    )
    creators = tables.adoptions.filter(pc.equal(tables.adoptions["actor_class"], "creator"))
    named = creators.join(known, "account_key", join_type="inner")
    counts = named.group_by(["trend_key", "niche"]).aggregate([("account_key", "count")])
    counts = counts.filter(pc.greater_equal(counts["account_key_count"], parameters.trends.smallest_lead_count))
    chosen: dict[str, list[tuple[int, str]]] = {}
    for key, niche, count in zip(
        *(counts[name].to_pylist() for name in ("trend_key", "niche", "account_key_count")), strict=True
    ):
        chosen.setdefault(key, []).append((-count, niche))
    pairs = {
        f"{key}\x1f{niche}"
        for key, found in chosen.items()
        if len(found) > 1
        for _, niche in sorted(found)[: parameters.largest_niche_count]
    }
    if not pairs:
        return nothing
    is_in = pc.is_in(pc.binary_join_element_wise(named["trend_key"], named["niche"], "\x1f"), value_set=pa.array(sorted(pairs)))
    named = named.filter(is_in)
    columns = {name: named[name] for name in tables.adoptions.column_names}
    columns |= {"platform": named["niche"], "tier_at_birth": pa.nulls(named.num_rows, pa.string())}
    adoptions = pa.table(columns, schema=tables.adoptions.schema)
    inside = pc.unique(adoptions["trend_key"])
    candidates, timelines = (
        table.filter(pc.is_in(table["trend_key"], value_set=inside)) for table in (tables.candidates, tables.timelines)
    )
    return TrendTables(candidates, adoptions, timelines)


def analyse_niche_pairs(
    partitions: Mapping[str, TrendPartition],
    assignments: pa.Table,
    niche_months: Mapping[date, str],
    parameters: NichePairParameters | None = None,
    stored: Mapping[str, pa.Table] | None = None,
) -> Analysis:
    """Compare, for every trend, when the members of each two niches took it up: members as of the month before the birth.

    Args:
        partitions: The exchange tables of trends by month of birth.
        assignments: ``niche_assignments``.
        niche_months: By month, what changes when its niches do.
        parameters: Defaults when None.
        stored: ``state`` of the last call; None computes everything.

    Returns:
        No table: what is found is pooled in ``ripple_findings``. The state, in the schemas of the trends' own.
    """
    parameters = parameters or NichePairParameters()
    months = by_month(assignments)
    salt = digest(METHOD_VERSION, params_hash(parameters))
    found = {}
    for period, partition in partitions.items():
        month = month_before_period(period)

        def load(partition: TrendPartition, month: date) -> TrendTables:
            return relabelled(partition.load(), months.get(month), parameters)

        identity = digest(salt, partition.content_hash, niche_months.get(month, ""))
        found[period] = TrendPartition(identity, partial(load, partition, month))
    before = {name: stored[NICHE_PAIR + name] for name in TREND_STATE if NICHE_PAIR + name in (stored or {})} if stored else None
    analysis = analyse_trend_partitions(found, parameters.trends, before)
    return Analysis(
        {}, {NICHE_PAIR + name: rows for name, rows in analysis.state.items()}, {"niche_pairs": analysis.computed["comparisons"]}
    )
