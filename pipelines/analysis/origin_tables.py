"""The origin tables: exchange tables and niches in, origin sets, verdicts and odds by group out. Gates and reuse live here; estimators do not."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.analysis import origin, origin_contracts, origin_groups, origins, precedence, trends
from pipelines.analysis.increments import (
    Analysis,
    by_month,
    digest,
    joined,
    reused,
    row_hashes,
    slices_by,
    stored_table,
)
from pipelines.analysis.months import month_before, months_later
from pipelines.analysis.origin import ChoiceSet, choice_set, opportunities, origin_end
from pipelines.analysis.origin_groups import NOBODY, GroupParameters, pooled_group_odds
from pipelines.analysis.origins import Coverage, Labels, OriginSetParameters, day_number, origin_set
from pipelines.analysis.parameters import params_hash
from pipelines.analysis.trend_events import known_events
from pipelines.analysis.trend_gates import COORDINATED
from pipelines.analysis.trend_references import adoptions_by_pair
from pipelines.analysis.trend_rows import Cohort, TrendPartition, TrendRows, TrendTables, cohorts_in, read_trends, uses_in
from pipelines.analysis.trends import TrendParameters, chance_of_use

METHOD_VERSION: Final = "origin_tables_2"
_INSIDER_COLUMNS: Final = ["month", "account_key", "niche_id", "is_insider"]
# A window is shorter than three months: its adopters are looked at in the month before the birth and in the three from it on.
_MONTHS_LOOKED_AT: Final = range(-1, 4)


@dataclass(frozen=True)
class OriginTableParameters:
    """Parameters of the origin tables.

    Attributes:
        sets: Of origin sets.
        groups: Of odds by group.
        trends: Of the trend tables, whose gates and chances of use are taken over.
    """

    sets: OriginSetParameters = field(default_factory=OriginSetParameters)
    groups: GroupParameters = field(default_factory=GroupParameters)
    trends: TrendParameters = field(default_factory=TrendParameters)


def method_digest(parameters: OriginTableParameters | None = None) -> str:
    """Changes with every version and parameter that the origin tables hang on.

    Args:
        parameters: Defaults when None.
    """
    versions = (METHOD_VERSION, origins.METHOD_VERSION, origin_groups.METHOD_VERSION, origin.METHOD_VERSION)
    return digest(
        *versions,
        trends.method_digest((parameters or OriginTableParameters()).trends),
        params_hash(parameters or OriginTableParameters()),
    )


def _months(period: str) -> list[date]:
    return [months_later(date.fromisoformat(f"{period}-01"), step) for step in _MONTHS_LOOKED_AT]


def _bytes_hash(rows: pa.Table | None) -> str:
    """Of rows in their order: fast, and where only their order changed a month is computed again in vain."""
    if rows is None:
        return ""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows.combine_chunks())
    return hashlib.blake2b(sink.getvalue(), digest_size=16).hexdigest()


class _Niches:
    """Labels by month, read when they are asked for."""

    def __init__(self, assignments: pa.Table, insiders: pa.Table, months: Mapping[date, str]) -> None:
        self._assignments, self._insiders = by_month(assignments), by_month(insiders.select(_INSIDER_COLUMNS))
        self._known: dict[date, Labels] = {}
        self.hashes = {month: digest(found, _bytes_hash(self._insiders.get(month))) for month, found in months.items()}

    def of(self, month: date) -> Labels:
        if month not in self._known:
            self._known[month] = Labels.of(self._assignments.get(month), self._insiders.get(month))
        return self._known[month]


def cohorts_of(trends_state: pa.Table) -> dict[str, Cohort]:
    """Type of unit and period of each trend.

    Args:
        trends_state: ``contracts.STATE_TRENDS``.
    """
    return dict(zip(trends_state["trend_key"].to_pylist(), cohorts_in(trends_state), strict=True))


def chances_of_use(state: Mapping[str, pa.Table]) -> dict[Cohort, float]:
    """By type of unit and period, p: the chance that a post after exposure uses the trend, as the trend tables found it for micro and large creators.

    Args:
        state: Of the analysis of trends.
    """
    found = adoptions_by_pair(state["trend_chances"])
    return {cohort: chance_of_use(found, cohort) for cohort in sorted(set(cohorts_in(state["trends"])))}


def choice_row(
    trend: TrendRows, born_micros: int, chance: float, known: Labels, coverage: Coverage, parameters: OriginTableParameters
) -> dict[str, Any]:
    """One row of the choices' state, without its hash: creators seen early enough, with the labels of the month before the birth.

    Args:
        trend: Of which no gate is held.
        born_micros: Its birth, microseconds since 1970.
        chance: p, the chance that a post after exposure uses the trend.
        known: Niches and insiders of the month before the birth.
        coverage: Of all platforms.
        parameters: See :class:`OriginTableParameters`.
    """
    creators = np.flatnonzero(~trend.is_media & (trend.prior_days >= parameters.trends.smallest_exposure_days))
    keys = [trend.account_keys[row] for row in creators]
    account, adopted = trend.account_words[creators], trend.adopted[creators]
    rows, stands_for, opportunity = np.empty(0, dtype=np.int64), np.empty(0), np.empty(0)
    end = origin_end(adopted, parameters.groups.origin)
    if np.isfinite(end):
        # About when they were exposed: between the last post without the trend and the first one with it.
        exposures = (np.fmax(trend.previous[creators], -end) + adopted) / 2
        opportunity = opportunities(trend.posts.take(creators), chance, end, exposures)
        everyone = ChoiceSet(
            account, adopted, np.zeros(creators.size), opportunity, np.zeros(creators.size, bool), np.ones(creators.size)
        )
        seed = precedence.stable_seed(parameters.trends.kernel.seed, trend.key)
        rows, stands_for = choice_set(everyone, parameters.groups.origin, seed)
    chosen = [keys[row] for row in rows]
    platform = [str(trend.platform[creators[row]]) for row in rows]
    last = day_number(born_micros + int(end * 3_600_000_000)) if rows.size else 0
    first = day_number(born_micros) - parameters.sets.coverage_days
    ratios = {name: coverage.seen_ratio(name, first, last) for name in set(platform)}
    least = parameters.sets.smallest_seen_ratio
    told = (known.is_insider.get(key) if key in known.niche else None for key in chosen)
    return {
        "trend_key": trend.key,
        "unit_type": trend.unit_type,
        "period": trend.period,
        "account": account[rows],
        "adopted": adopted[rows],
        "prior_posts": trend.prior_posts[creators][rows],
        "prior_days": trend.prior_days[creators][rows],
        "opportunity": opportunity[rows],
        "stands_for": stands_for,
        "platform": platform,
        "niche": [known.niche.get(key, NOBODY) for key in chosen],
        "insider": [NOBODY if inside is None else "insider" if inside else "other" for inside in told],
        "is_collected": [(ratios[name] or 0.0) >= least for name in platform],
    }


def _only(table: pa.Table, keys: pa.Array) -> pa.Table:
    return table.filter(pc.is_in(table["trend_key"], value_set=keys))


def _wanted(
    state: pa.Table, niches: _Niches, coverage_hashes: Mapping[str, str], chances: Mapping[Cohort, float], salt: str
) -> dict[tuple[str], str]:
    wanted = {}
    of_cohort: dict[Cohort, str] = {}
    cohort_of = cohorts_of(state)
    for cohort in sorted(set(cohort_of.values())):
        months = _months(cohort[1])
        texts = [coverage_hashes.get(str(month), "") for month in months]
        of_cohort[cohort] = digest(salt, chances[cohort], *texts, *(niches.hashes.get(month, "") for month in months))
    names = ("trend_key", "partition_hash", "gate")
    for key, found, gate in zip(*(state[name].to_pylist() for name in names), strict=True):
        wanted[(key,)] = digest(found, of_cohort[cohort_of[key]], gate)
    return wanted


def _coverage_hashes(platform_days: pa.Table) -> dict[str, str]:
    """Hash of the days of each month, by its first day as text."""
    months = pc.strftime(platform_days["event_day"].cast(pa.timestamp("s")), "%Y-%m-01")
    return row_hashes(platform_days.append_column("month", months.cast(pa.string())), "month", platform_days.column_names)


def stamped(table: pa.Table, schema: pa.Schema, stamp: Mapping[str, str]) -> pa.Table:
    """A state's rows in the schema of a derived table.

    Args:
        table: Rows.
        schema: Of the derived table.
        stamp: Its method's version and the hash of its parameters.
    """
    extra = {name: pa.repeat(pa.scalar(value), table.num_rows) for name, value in stamp.items()}
    return pa.table([extra[name] if name in extra else table[name] for name in schema.names], schema=schema)


def analyse_origins(
    partitions: Mapping[str, TrendPartition],
    trend_state: Mapping[str, pa.Table],
    assignments: pa.Table,
    insiders: pa.Table,
    niche_months: Mapping[date, str],
    platform_days: pa.Table,
    parameters: OriginTableParameters | None = None,
    stored: Mapping[str, pa.Table] | None = None,
) -> Analysis:
    """Say of every candidate trend who showed it first and how sure that is, and of groups how often they are among the first.

    Args:
        partitions: The exchange tables of trends; one is loaded only where it, its niches or its coverage changed.
        trend_state: State of the analysis of the same partitions (:func:`pipelines.analysis.trends.analyse_trend_partitions`).
        assignments: ``niche_assignments``.
        insiders: ``niche_insiders``.
        niche_months: By month, what changes when its niches do.
        platform_days: ``int_platform_days``.
        parameters: Defaults when None.
        stored: ``state`` of the last call; None computes everything.

    Returns:
        ``trend_origins``, ``trend_origin_verdicts`` and ``origin_by_group``, ordered by their keys; and the state.
    """
    parameters = parameters or OriginTableParameters()
    salt = method_digest(parameters)
    niches, coverage = _Niches(assignments, insiders, niche_months), Coverage(platform_days)
    state = trend_state["trends"]
    chances = chances_of_use(trend_state)
    wanted = _wanted(state, niches, _coverage_hashes(platform_days), chances, salt)
    schemas = origin_contracts.STATE

    def old(name: str) -> pa.Table:
        return stored_table(stored, name, schemas[name])

    verdicts, known = reused(old("origin_verdicts"), wanted, ["trend_key"], "input_hash")
    kept_rows, _ = reused(old("origin_rows"), wanted, ["trend_key"], "input_hash")
    kept_choices, _ = reused(old("origin_choices"), wanted, ["trend_key"], "input_hash")
    missing: dict[str, list[str]] = {}
    gate, period_of = (
        dict(zip(state["trend_key"].to_pylist(), state[name].to_pylist(), strict=True)) for name in ("gate", "period")
    )
    for key, part in zip(state["trend_key"].to_pylist(), state["partition_key"].to_pylist(), strict=True):
        if (key,) not in known:
            missing.setdefault(part, []).append(key)
    rows: list[dict[str, Any]] = []
    new_verdicts: list[dict[str, Any]] = []
    new_choices: list[dict[str, Any]] = []
    for part in sorted(missing):
        keys = pa.array(sorted(missing[part]), pa.string())
        loaded = partitions[part].load()
        tables = TrendTables(*(_only(table, keys) for table in (loaded.candidates, loaded.adoptions, loaded.timelines)))
        adoptions, uses = slices_by(tables.adoptions, "trend_key"), slices_by(uses_in(tables.timelines), "trend_key")
        no_uses = uses_in(tables.timelines.slice(0, 0))
        for key in keys.to_pylist():
            stamp = {"input_hash": wanted[(key,)]}
            labels = {month: niches.of(month) for month in _months(period_of[key])}
            mine = adoptions.get(key, tables.adoptions.slice(0, 0))
            # Who pushed a trend is its origin, whatever is not compared for it.
            its_gate = None if gate[key] == COORDINATED else gate[key]
            found, verdict = origin_set(key, its_gate, mine, uses.get(key, no_uses), labels, coverage, parameters.sets)
            rows += [row | stamp for row in found]
            new_verdicts.append(verdict | stamp)
        born = dict(
            zip(
                tables.candidates["trend_key"].to_pylist(), tables.candidates["born_at"].cast(pa.int64()).to_pylist(), strict=True
            )
        )
        for trend in read_trends(tables):
            if gate[trend.key] is None:
                known_labels = niches.of(month_before(born[trend.key]))
                row = choice_row(trend, born[trend.key], chances[trend.cohort], known_labels, coverage, parameters)
                new_choices.append(row | {"input_hash": wanted[(trend.key,)]})
    origin_rows = joined(
        [kept_rows, pa.Table.from_pylist(rows, schema=schemas["origin_rows"])], ["trend_key", "rank", "account_key"]
    )
    verdicts = joined([verdicts, pa.Table.from_pylist(new_verdicts, schema=schemas["origin_verdicts"])], ["trend_key"])
    choices = joined([kept_choices, pa.Table.from_pylist(new_choices, schema=schemas["origin_choices"])], ["trend_key"])
    groups = pooled_group_odds(choices, known_events(trend_state["trend_events"]), parameters.groups, old("origin_groups"), salt)
    stamp = {"method_version": METHOD_VERSION, "params_hash": params_hash(parameters)}
    tables_out = {"trend_origins": origin_rows, "trend_origin_verdicts": verdicts, "origin_by_group": groups}
    return Analysis(
        {name: stamped(table, origin_contracts.DERIVED[name], stamp) for name, table in tables_out.items()},
        {"origin_rows": origin_rows, "origin_verdicts": verdicts, "origin_choices": choices, "origin_groups": groups},
        {"origin_trends": len(new_verdicts)},
    )
