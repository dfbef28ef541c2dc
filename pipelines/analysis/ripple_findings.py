"""Pooled claims in one table: tiers, platforms and niches, over all trends and without those under suspicion. Pools stored statistics only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.stats import binomtest, false_discovery_control

from pipelines.analysis import contracts, origin_contracts, trends
from pipelines.analysis.increments import Analysis, digest, stored_table
from pipelines.analysis.niche_precedence import NichePairParameters
from pipelines.analysis.origin_contracts import NICHE_PAIR
from pipelines.analysis.origin_tables import stamped
from pipelines.analysis.parameters import params_hash
from pipelines.analysis.trend_events import known_events
from pipelines.analysis.trend_pools import EVERY_PERIOD, ClaimRule, Pooling, periods_of, pooled_findings
from pipelines.analysis.trend_references import ChanceEvidence
from pipelines.analysis.trend_rows import cohorts_in
from pipelines.analysis.trends import LEAD_CLASS, TARGET_CLASSES, TrendParameters

METHOD_VERSION: Final = "ripple_findings_7"
EVERYONE: Final = "all"
WITHOUT_ASTROTURF: Final = "without_astroturf"
WITHOUT_AUTOMATION: Final = "without_automation"
WITHOUT_COORDINATION: Final = "without_coordination"
_TIER: Final = "tier"
_SAME: Final = (
    "unit_type",
    "period",
    "trend_count",
    "event_count",
    "abstained_count",
    "precedence_probability",
    "precedence_low",
    "precedence_high",
    "kernel_p_value",
    "shift_hours",
    "shift_low_hours",
    "shift_high_hours",
    "timeline_p_value",
    "shift_spread_hours",
    "lead_use_chance",
    "target_use_chance",
    "use_chance_p_value",
    "claim",
)
_KEYS: Final = ("unit_type", "period", "lead_class", "target_class")


@dataclass(frozen=True)
class RippleParameters:
    """Parameters of pooled claims.

    Attributes:
        largest_suspected_share: Of a trend's first hundred adopters; with more of them suspected of automation it is left out of
            ``without_automation``.
        trends: Of the trends' own pools.
        niches: Of the pools of niches.
    """

    largest_suspected_share: float = 0.2
    trends: TrendParameters = field(default_factory=TrendParameters)
    niches: NichePairParameters = field(default_factory=NichePairParameters)


def populations(flags: pa.Table, coordinated: Collection[str], parameters: RippleParameters) -> dict[str, set[str]]:
    """By population the trends that it leaves out.

    Args:
        flags: ``int_trend_flags``.
        coordinated: Keys of the trends whose beginning looks coordinated (``trend_shapes``).
        parameters: See :class:`RippleParameters`.
    """
    keys = flags["trend_key"].to_pylist()
    first, suspected = (flags[name].to_pylist() for name in ("first_adopter_count", "suspected_first_count"))
    return {
        EVERYONE: set(),
        WITHOUT_ASTROTURF: {key for key, paid in zip(keys, flags["is_astroturf"].to_pylist(), strict=True) if paid},
        WITHOUT_AUTOMATION: {
            key
            for key, count, found in zip(keys, first, suspected, strict=True)
            if found > parameters.largest_suspected_share * count
        },
        WITHOUT_COORDINATION: set(coordinated),
    }


def _pooling(state: pa.Table, events: pa.Table, parameters: TrendParameters) -> Pooling:
    return Pooling(
        periods_of(cohorts_in(state)),
        parameters.claims,
        parameters.kernel,
        parameters.timeline,
        parameters.origin,
        trends.method_digest(parameters),
        known_events(events),
    )


def _known_pools(tables: Iterable[pa.Table]) -> pa.Table:
    """Pools that were computed before, whoever asked for them; each once."""
    rows = pa.concat_tables([table.select(contracts.STATE_FINDINGS.names).cast(contracts.STATE_FINDINGS) for table in tables])
    keys = list(zip(*(rows[name].to_pylist() for name in (*_KEYS, "input_hash")), strict=True))
    first = {key: place for place, key in reversed(list(enumerate(keys)))}
    return rows.take(pa.array(sorted(first.values()), pa.int64()))


def _naive(compared: pa.Table) -> dict[str, float | int | None]:
    """Median of the naive leads, of their nulls, and a sign test of the leads: what is wrong wherever groups differ in size or in rate."""
    told = compared.filter(compared["naive_lead_hours"].is_valid())
    if not told.num_rows:
        return {}
    leads, nulls = (np.asarray(told[name].to_numpy(), dtype=np.float64) for name in ("naive_lead_hours", "naive_lead_null_hours"))
    ahead, behind = int((leads > 0).sum()), int((leads < 0).sum())
    p_value = float(binomtest(ahead, ahead + behind).pvalue) if ahead + behind else 1.0
    return {
        "naive_lead_hours": float(np.median(leads)),
        "naive_lead_null_hours": float(np.median(nulls)),
        "naive_p_value": p_value,
    }


def _row(
    finding: Mapping[str, Any], compared: pa.Table, left_out_count: int, kind: str, population: str, rule: ClaimRule
) -> dict[str, Any]:
    row = {name: finding[name] for name in _SAME} | {"lead_group": finding["lead_class"], "target_group": finding["target_class"]}
    row |= {"population": population, "comparison_kind": kind, "left_out_count": left_out_count} | _naive(compared)
    if finding["claim"] == "abstained":
        row["abstain_reason"] = "too_few_trends" if finding["event_count"] < rule.smallest_event_count else "too_few_timelines"
    else:
        own = rule if kind == _TIER else rule.shared_by(1)
        row["p_value"] = own.p_value_of(finding["kernel_p_value"], finding["timeline_p_value"], finding["use_chance_p_value"])
    return row


def _pooled(
    compared: pa.Table,
    left_out: set[str],
    pooling: Pooling,
    always: list[tuple[str, str]],
    evidence: ChanceEvidence,
    known: pa.Table,
) -> tuple[pa.Table, pa.Table]:
    """Findings over the trends that are left, and these trends' comparisons."""
    kept = compared.filter(pc.invert(pc.is_in(compared["trend_key"], value_set=pa.array(sorted(left_out), pa.string()))))
    return pooled_findings(kept, always, pooling, evidence, known), kept


def _parts(compared: pa.Table) -> dict[tuple[str, str, str, str], pa.Table]:
    """Comparisons by type of unit, period, lead and target, and over all periods."""
    names = ("unit_type", "lead_class", "target_class", "period")
    ordered = compared.sort_by([(name, "ascending") for name in (*names, "trend_key")])
    found: dict[tuple[str, str, str, str], pa.Table] = {}
    keys = list(zip(*(ordered[name].to_pylist() for name in names), strict=True))
    for size in (3, 4):
        places = [place for place in range(len(keys)) if place == 0 or keys[place][:size] != keys[place - 1][:size]]
        for begin, end in pairwise([*places, len(keys)]):
            unit_type, lead, target, period = keys[begin]
            found[unit_type, EVERY_PERIOD if size == 3 else period, lead, target] = ordered.slice(begin, end - begin)
    return found


def _with_q_values(rows: list[dict[str, Any]]) -> None:
    families: dict[tuple[str, str, str, str], list[dict[str, Any]]] = {}
    for row in rows:
        if "p_value" in row:
            key = (row["unit_type"], row["comparison_kind"], row["population"], row["period"])
            families.setdefault(key, []).append(row)
    for family in families.values():
        for row, q_value in zip(family, false_discovery_control([row["p_value"] for row in family]), strict=True):
            row["q_value"] = float(q_value)


def pool_ripples(
    trend_state: Mapping[str, pa.Table],
    niche_state: Mapping[str, pa.Table],
    flags: pa.Table,
    coordinated: Collection[str] = (),
    parameters: RippleParameters | None = None,
    stored: Mapping[str, pa.Table] | None = None,
) -> Analysis:
    """Pool every comparison over each population of trends; a pool that was computed before over the same trends is taken again.

    Args:
        trend_state: State of the analysis of trends.
        niche_state: State of the comparison of niches (:func:`pipelines.analysis.niche_precedence.analyse_niche_pairs`).
        flags: ``int_trend_flags``.
        coordinated: Keys of the trends whose beginning looks coordinated.
        parameters: Defaults when None.
        stored: ``state`` of the last call.

    Returns:
        ``ripple_findings``, ordered by its key: rows of tiers for every period, of platforms and niches where a trend has both sides. Those of
        the population ``all`` are those of ``precedence_findings``.
    """
    parameters = parameters or RippleParameters()
    rows: list[dict[str, Any]] = []
    pools: list[pa.Table] = []
    before = stored_table(stored, "ripple_pools", contracts.STATE["ripple_pools"])
    always = [(LEAD_CLASS, target) for target in TARGET_CLASSES]
    sources: tuple[tuple[str, Mapping[str, pa.Table], TrendParameters, list[tuple[str, str]]], ...] = (
        ("", trend_state, parameters.trends, always),
        (NICHE_PAIR, niche_state, parameters.niches.trends, []),
    )
    for prefix, state, own, needed in sources:
        compared = state[f"{prefix}trend_comparisons"]
        if prefix:
            compared = compared.filter(pc.not_equal(compared["lead_class"], LEAD_CLASS))
        pooling = _pooling(state[f"{prefix}trends"], state[f"{prefix}trend_events"], own)
        evidence = ChanceEvidence(state[f"{prefix}trend_chances"], state[f"{prefix}trend_adoptions"])
        source = prefix or "trends"
        mine = before.filter(pc.equal(before["source"], source))
        everybody = _parts(compared)
        for population, left_out in populations(flags, coordinated, parameters).items():
            known = _known_pools(
                [
                    state[f"{prefix}findings"],
                    mine,
                    *(pool.drop(["source"]) for pool in pools if pool["source"][0].as_py() == source),
                ]
            )
            findings, kept = _pooled(compared, left_out, pooling, needed, evidence, known)
            if findings.num_rows:
                pools.append(findings.append_column("source", pa.repeat(pa.scalar(source), findings.num_rows)))
            inside = _parts(kept)
            for finding in findings.to_pylist():
                key = (finding["unit_type"], finding["period"], finding["lead_class"], finding["target_class"])
                kind = "niche" if prefix else _TIER if finding["lead_class"] == LEAD_CLASS else "platform"
                members = inside.get(key, compared.slice(0, 0))
                count = everybody[key].num_rows - members.num_rows if key in everybody else 0
                rows.append(_row(finding, members, count, kind, population, own.claims))
    _with_q_values(rows)
    rows.sort(
        key=lambda row: tuple(
            str(row[name]) for name in ("unit_type", "population", "period", "comparison_kind", "lead_group", "target_group")
        )
    )
    schema = origin_contracts.RIPPLE_FINDINGS
    unstamped = pa.schema([each for each in schema if each.name not in ("method_version", "params_hash")])
    stamp = {"method_version": METHOD_VERSION, "params_hash": params_hash(parameters)}
    table = stamped(pa.Table.from_pylist(rows, schema=unstamped), schema, stamp)
    state_schema = contracts.STATE["ripple_pools"]
    kept_pools = pa.concat_tables(
        [state_schema.empty_table(), *(pool.select(state_schema.names).cast(state_schema) for pool in pools)]
    )
    keys = [
        digest(*row) for row in zip(*(kept_pools[name].to_pylist() for name in ("source", *_KEYS, "input_hash")), strict=True)
    ]
    first = sorted({key: place for place, key in reversed(list(enumerate(keys)))}.values())
    return Analysis({"ripple_findings": table}, {"ripple_pools": kept_pools.take(pa.array(first, pa.int64())).combine_chunks()})
