"""Cascades, flows and Hawkes processes of the trends born in each month; a month that did not change is taken from state. No estimator, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from pipelines.analysis import cascade_flows, cascades, credit_flows, hawkes
from pipelines.analysis.cascade_contracts import DERIVED, GROUPS, RIPPLE_FLOWS, STATE_CASCADE_MONTHS
from pipelines.analysis.cascade_flows import FlowParameters, groupings_of, measure_flows
from pipelines.analysis.cascades import (
    Adopters,
    CascadeParameters,
    Parents,
    Ties,
    adopters_of,
    cascade_rows,
    find_parents,
    parent_rows,
    ties_of,
)
from pipelines.analysis.credit_flows import CreditParameters, credits_of, measure_credits
from pipelines.analysis.hawkes import HawkesParameters
from pipelines.analysis.increments import Analysis, Partition, digest, stored_table
from pipelines.analysis.mainstream_contracts import INT_MAINSTREAM_CREDITS, INT_MAINSTREAM_MATCHES
from pipelines.analysis.months import months_later
from pipelines.analysis.parameters import params_hash
from pipelines.analysis.trend_events import events_by_adopters, one_of_each
from pipelines.analysis.trend_rows import TrendTables

EXCHANGE_TABLES: Final = (
    "int_trend_adoptions",
    "int_trend_timelines",
    "int_trend_contacts",
    "int_trend_adopter_contacts",
    "int_mainstream_matches",
)
_ORDER: Final = {
    "trend_parents": ["born_month", "trend_key", "account_key", "parent_account_key"],
    "trend_cascades": ["born_month", "trend_key"],
    "ripple_flows": ["month", "group_kind", "method", "from_group", "to_group"],
}
_MONTH_COLUMN: Final = {"trend_parents": "born_month", "trend_cascades": "born_month", "ripple_flows": "month"}
_HOUR: Final = 3_600_000.0

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CascadeTables:
    """Rows of the trends born in one month: those of ``TrendTables``, and the models that the fields are named for.

    Attributes:
        trends: Candidates, adoptions and timelines.
        contacts: ``int_trend_contacts``.
        adopter_contacts: ``int_trend_adopter_contacts``.
        matches: ``int_mainstream_matches``; none where outlets are not looked at.
        credits: ``int_mainstream_credits``.
    """

    trends: TrendTables
    contacts: pa.Table
    adopter_contacts: pa.Table
    matches: pa.Table = field(default_factory=INT_MAINSTREAM_MATCHES.empty_table)
    credits: pa.Table = field(default_factory=INT_MAINSTREAM_CREDITS.empty_table)


@dataclass(frozen=True)
class CascadeMonthParameters:
    """Parameters of all that is said of a month.

    Attributes:
        flows: Of parents, cascades and flows along ties.
        hawkes: Of the process.
        null_fit_count: Fits of the process to dealt labels, whose mean stands beside what is credited.
    """

    flows: FlowParameters = field(default_factory=FlowParameters)
    hawkes: HawkesParameters = field(default_factory=HawkesParameters)
    null_fit_count: int = 10

    @property
    def cascades(self) -> CascadeParameters:
        """Of parents and cascades."""
        return self.flows.cascades


CascadePartition = Partition[CascadeTables]


def analyse_cascades(
    partitions: Mapping[date, CascadePartition],
    niche_assignments: pa.Table,
    niche_outcomes: Mapping[date, str],
    parameters: CascadeMonthParameters | None = None,
    stored: Mapping[str, pa.Table] | None = None,
    credit_parameters: CreditParameters | None = None,
) -> Analysis:
    """Find parents, cascades and flows of the trends of each month of birth.

    Args:
        partitions: By month of birth.
        niche_assignments: ``niche_assignments`` of all months.
        niche_outcomes: By month, what changes where its niches or their members do.
        parameters: Defaults when None.
        stored: ``state`` of the last call; None computes everything.
        credit_parameters: Of flows along explicit links; defaults when None.

    Returns:
        ``trend_parents``, ``trend_cascades`` and ``ripple_flows``, and the state.
    """
    parameters = parameters or CascadeMonthParameters()
    credit_parameters = credit_parameters or CreditParameters()
    versions = (cascades.METHOD_VERSION, cascade_flows.METHOD_VERSION, hawkes.METHOD_VERSION, credit_flows.METHOD_VERSION)
    salt = digest(*versions, params_hash(parameters), params_hash(credit_parameters))
    known = {row["month"]: row["input_hash"] for row in stored_table(stored, "cascade_months", STATE_CASCADE_MONTHS).to_pylist()}
    before = {name: stored_table(stored, name, schema) for name, schema in DERIVED.items()}
    parts: dict[str, list[pa.Table]] = {name: [schema.empty_table()] for name, schema in DERIVED.items()}
    months, computed = [], 0
    for month in sorted(partitions):
        looked_at = [months_later(month, step) for step in range(-1, 3)]
        input_hash = digest(salt, partitions[month].content_hash, *(f"{each} {niche_outcomes.get(each)}" for each in looked_at))
        months.append({"month": month, "input_hash": input_hash})
        if known.get(month) == input_hash:
            for name, table in before.items():
                parts[name].append(table.filter(pc.equal(table[_MONTH_COLUMN[name]], pa.scalar(month, pa.date32()))))
            continue
        computed += 1
        niches = niche_assignments.filter(pc.is_in(niche_assignments["month"], value_set=pa.array(looked_at, pa.date32())))
        for name, table in _month_tables(month, partitions[month].load(), niches, parameters, credit_parameters).items():
            parts[name].append(table)
    tables = {
        name: pa.concat_tables(found).sort_by([(column, "ascending") for column in _ORDER[name]]).combine_chunks()
        for name, found in parts.items()
    }
    state = {"cascade_months": pa.Table.from_pylist(months, STATE_CASCADE_MONTHS), **tables}
    return Analysis(tables, state, {"cascade_months": computed})


def _month_tables(
    month: date, tables: CascadeTables, niches: pa.Table, parameters: CascadeMonthParameters, credit_parameters: CreditParameters
) -> dict[str, pa.Table]:
    adopters, ties, parents = _with_parents(tables, parameters.cascades)
    born = dict.fromkeys(adopters.trend_keys, month)
    trees = {
        "trend_parents": parent_rows(adopters, parents, born, parameters.cascades),
        "trend_cascades": cascade_rows(tables.trends, adopters, parents, tables.adopter_contacts, parameters.cascades),
    }
    counted = counted_trends(adopters)
    if len(counted) < len(adopters.trend_keys):
        tables = _of_trends(tables, counted)
        adopters, ties, parents = _with_parents(tables, parameters.cascades)
    groupings, niche = groupings_of(adopters, _niche_names(niches), _niche_keys(adopters))
    flows = measure_flows(month, adopters, ties, parents, groupings, niche, parameters.flows)
    flows += hawkes_rows(month, adopters, flows, parameters)
    flows += measure_credits(month, adopters, credits_of(adopters, tables.matches, tables.credits), groupings, credit_parameters)
    return trees | {"ripple_flows": pa.Table.from_pylist(flows, RIPPLE_FLOWS)}


def _with_parents(tables: CascadeTables, parameters: CascadeParameters) -> tuple[Adopters, Ties, Parents]:
    adopters = adopters_of(tables.trends)
    ties = ties_of(adopters, tables.contacts, tables.adopter_contacts)
    return adopters, ties, find_parents(adopters, ties, parameters)


def counted_trends(adopters: Adopters) -> list[str]:
    """One trend of each event, that of most adopters: names that the same people took up at once are one flow, and not as many witnesses of it.

    Args:
        adopters: Of the trends of a month.

    Returns:
        Keys of trends, in order.
    """
    keys = adopters.trend_keys
    events = events_by_adopters(adopters.trend, adopters.account, len(keys))
    sizes = np.bincount(adopters.trend, minlength=len(keys))
    names = {key: keys[place] for key, place in zip(keys, events.tolist(), strict=True)}
    return [keys[place] for place in one_of_each(keys, names, sizes).tolist()]


def _of_trends(tables: CascadeTables, keys: list[str]) -> CascadeTables:
    wanted = pa.array(keys, pa.string())

    def own(table: pa.Table) -> pa.Table:
        return table.filter(pc.is_in(table["trend_key"], value_set=wanted))

    trends = TrendTables(own(tables.trends.candidates), own(tables.trends.adoptions), own(tables.trends.timelines))
    return CascadeTables(trends, own(tables.contacts), own(tables.adopter_contacts), own(tables.matches), own(tables.credits))


def _niche_names(niches: pa.Table) -> dict[tuple[str, str], str]:
    columns = (niches[name].to_pylist() for name in ("account_key", "month", "niche_id"))
    return {(account, str(month)): niche for account, month, niche in zip(*columns, strict=True) if niche is not None}


def _niche_keys(adopters: Adopters) -> list[tuple[str, str]]:
    """Of each adopter, its account and the month before the adoption: what came of the trend must not explain it."""
    days = [datetime.fromtimestamp((adopters.origin + moment) / 1000, UTC).date() for moment in adopters.adopted.tolist()]
    return [
        (adopters.account_keys[account], str(months_later(day, -1)))
        for account, day in zip(adopters.account.tolist(), days, strict=True)
    ]


def binned(adopters: Adopters, parameters: HawkesParameters) -> Floats:
    """Uses by trend, time bin since the trend's first one, and group. A use of which only the day is known has no bin and is left out."""
    owner = np.repeat(np.arange(adopters.count), np.diff(adopters.use_first))
    kept = (adopters.group[owner] >= 0) & ~adopters.is_dated[owner]
    owner, at = owner[kept], adopters.use_at[kept]
    trend = adopters.trend[owner]
    first = np.full(len(adopters.trend_keys), np.iinfo(np.int64).max)
    np.minimum.at(first, trend, at)
    # Pieces and blocks begin at midnight.
    place = ((at - first[trend] // 86_400_000 * 86_400_000) / _HOUR // parameters.bin_hours).astype(np.int64)
    counts = np.zeros((len(adopters.trend_keys), int(place.max()) + 1 if place.size else 0, len(GROUPS)))
    np.add.at(counts, (trend, place, adopters.group[owner]), 1.0)
    return counts


def hawkes_rows(
    month: date, adopters: Adopters, edge_rows: list[dict[str, Any]], parameters: CascadeMonthParameters
) -> list[dict[str, Any]]:
    """Rows of ``ripple_flows`` with method ``hawkes``, of every pair of tiers.

    What lies beyond dealt labels is a claim only where the flow along ties is one too; else it is withheld: a group that posts less often, or
    an editor's delay, follows another one in the same way.
    """
    process = parameters.hawkes
    counts = binned(adopters, process)
    events, members = counts.sum(axis=(0, 1)), counts.sum(axis=1) > 0
    stamp = {
        "month": month,
        "group_kind": "tier",
        "method": "hawkes",
        "method_version": hawkes.METHOD_VERSION,
        "params_hash": params_hash(parameters),
    }
    adopter_counts = np.bincount(adopters.group[adopters.group >= 0], minlength=len(GROUPS))
    claimed = {
        (row["from_group"], row["to_group"]) for row in edge_rows if row["group_kind"] == "tier" and row["claim"] == "beyond_null"
    }
    told = np.zeros((len(GROUPS), len(GROUPS)), dtype=bool)
    found: dict[tuple[int, int], dict[str, Any]] = {}
    for source, target in np.ndindex(told.shape):
        if not (adopter_counts[source] and adopter_counts[target]):
            continue
        both = int((members[:, source] & members[:, target]).sum())
        enough = min(events[source], events[target]) >= process.smallest_event_count and both >= process.smallest_trend_count
        told[target, source] = enough
        found[target, source] = stamp | {
            "from_group": GROUPS[source], "to_group": GROUPS[target], "trend_count": both, "from_adopter_count": int(adopter_counts[source]),
            "to_adopter_count": int(adopter_counts[target]), "from_post_count": int(events[source]), "tie_count": 0, "claim": "abstained",
            "null_reason": None if enough else "too_few_events",
        }  # fmt: skip
    if told.any():
        _estimate(
            found, told, counts, claimed, int(digest(hawkes.METHOD_VERSION, month, *adopters.trend_keys)[:15], 16), parameters
        )
    return list(found.values())


def _estimate(
    found: dict[tuple[int, int], dict[str, Any]], told: NDArray[np.bool_], counts: Floats, claimed: set[tuple[str, str]], seed: int,
    parameters: CascadeMonthParameters,
) -> None:  # fmt: skip
    process = parameters.hawkes
    rng = np.random.default_rng(seed)
    seen = hawkes.fit(counts, process)
    p_values, _ = hawkes.null_p_values(counts, process, rng)
    under = np.mean(
        [
            hawkes.fit(hawkes.dealt(counts, process, rng), process).attributed.sum(axis=0)
            for _ in range(parameters.null_fit_count)
        ],
        axis=0,
    )
    weights, draws = hawkes.resampled(counts, process, seen, rng)
    influences = np.array([draw.influence for draw in draws])
    credited = np.array([np.einsum("ukl,u->kl", draw.attributed, weight) for draw, weight in zip(draws, weights, strict=True)])
    posts = np.maximum(weights @ counts.sum(axis=1), 1.0)
    tail = (1 - process.interval_share) / 2
    places = [place for place in found if told[place]]
    q_values = false_discovery_control(np.clip([p_values[place] for place in places], 0, 1))
    for (target, source), q_value in zip(places, q_values.tolist(), strict=True):
        row, credit = found[target, source], float(seen.attributed[:, target, source].sum())
        drawn, per_post = credited[:, target, source], credited[:, target, source] / posts[:, source]
        expected = float(under[target, source])
        numbers = {
            "credited_count": credit, "credited_low_count": np.quantile(drawn, tail), "credited_high_count": np.quantile(drawn, 1 - tail),
            "credited_per_adopter": credit / row["from_adopter_count"], "credited_per_post": credit / row["from_post_count"],
            "credited_per_post_low": np.quantile(per_post, tail), "credited_per_post_high": np.quantile(per_post, 1 - tail),
            "null_credited_count": expected, "excess_ratio": credit / expected if expected > 1e-6 else None,
            "p_value": p_values[target, source], "q_value": q_value, "influence_count": seen.influence[target, source],
            "influence_low_count": np.quantile(influences[:, target, source], tail),
            "influence_high_count": np.quantile(influences[:, target, source], 1 - tail),
        }  # fmt: skip
        row |= {name: None if value is None else round(float(value), 9) for name, value in numbers.items()}
        is_beyond = row["q_value"] <= process.largest_q
        row["claim"] = (
            "none" if not is_beyond else "beyond_null" if (row["from_group"], row["to_group"]) in claimed else "withheld"
        )
