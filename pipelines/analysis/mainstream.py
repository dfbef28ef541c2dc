"""The tables of mainstream adoption: matched items in; adoptions with their evidence level, reaction times and evidence out. No survival, no SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.stats import beta, false_discovery_control

from pipelines.analysis import adoption_survival, excess_lag
from pipelines.analysis.adoption_survival import SurvivalParameters, survival_curves
from pipelines.analysis.clustered_median import median_interval
from pipelines.analysis.increments import Analysis, digest, joined, reused, stored_table
from pipelines.analysis.mainstream_contracts import DERIVED, STATE, STATE_MAINSTREAM_TESTS, STATE_MAINSTREAM_TRENDS
from pipelines.analysis.mainstream_rows import CREDITED_ACCOUNT, Beside, MainstreamPartition, Row, RowParameters, month_rows
from pipelines.analysis.parameters import params_hash
from pipelines.analysis.trend_rows import MAINSTREAM, MEDIA

METHOD_VERSION: Final = "mainstream_3"
LEAD_CLASS: Final = "micro"
SHOCK: Final = "shock"
Floats = NDArray[np.float64]
_KEYS: Final = ["trend_key", "target_class"]


@dataclass(frozen=True)
class MainstreamParameters:
    """Parameters of mainstream adoption.

    Attributes:
        claim_level: False discovery rate of precedence and of the excess over the baseline.
        smallest_shock_count: With fewer shocks that a class of outlets took up its reaction time is not known.
        smallest_reaction_count: With fewer reactions in them, too.
        smallest_outlet_count: With fewer independent outlets a trend's lag is not held against the baseline.
        smallest_creator_count: With fewer micro creators, too.
        smallest_insider_count: Independent insiders before the first item that level 2 asks for: persons that no declared link joins.
        largest_clustering_p: Of outlets' first stories so close together, were each at any time of the window; above it level 2 is withheld.
        straggler_share: Of the outlets, the latest ones, that need not be close to the others.
        reaction_months: Shocks born so many months before or after a period tell its reaction time.
        resample_count: Of the shocks, for the interval of the reaction time.
        seed: Of the resamples.
        evidence_insider_cap: Insiders that are listed as evidence, the earliest.
        interval_level: Of intervals.
        rows: How a trend's rows are made.
        survival: Of the survival curves.
    """

    claim_level: float = 0.05
    smallest_shock_count: int = 4
    smallest_reaction_count: int = 12
    smallest_outlet_count: int = 4
    smallest_creator_count: int = 10
    smallest_insider_count: int = 2
    largest_clustering_p: float = 0.05
    straggler_share: float = 0.2
    reaction_months: int = 6
    resample_count: int = 400
    seed: int = 20_260_801
    evidence_insider_cap: int = 10
    interval_level: float = 0.90
    rows: RowParameters = field(default_factory=RowParameters)
    survival: SurvivalParameters = field(default_factory=SurvivalParameters)


def method_digest(parameters: MainstreamParameters) -> str:
    """Changes with every version and parameter that these tables hang on."""
    return digest(METHOD_VERSION, excess_lag.METHOD_VERSION, adoption_survival.METHOD_VERSION, params_hash(parameters))


@dataclass(frozen=True)
class _Baseline:
    """Reactions of one class of outlets to the shocks around a period: hours by shock, and the row that is published."""

    reactions: list[Floats]
    row: Row
    content_hash: str

    @property
    def is_known(self) -> bool:
        return self.row["abstain_reason"] is None


def _month_number(period: str) -> int:
    return int(period[:4]) * 12 + int(period[5:]) - 1


def _baselines(trends: Sequence[Row], parameters: MainstreamParameters) -> dict[tuple[str, str], _Baseline]:
    """By class and period. A class's shocks of a few months either way are its baseline: newsrooms change."""
    found = {}
    for target in MAINSTREAM:
        own = [row for row in trends if row["target_class"] == target]
        shocks = [row for row in own if row["gate"] == SHOCK and row["outlet_hours"]]
        for period in sorted({row["period"] for row in own}):
            middle = _month_number(period)
            near = [row for row in shocks if abs(_month_number(row["period"]) - middle) <= parameters.reaction_months]
            reactions = [np.asarray(row["outlet_hours"], dtype=np.float64) for row in near]
            firsts = np.array([row["first_low_days"] + row["first_high_days"] for row in near], dtype=np.float64) / 2
            found[target, period] = _baseline(target, period, reactions, firsts, parameters)
    return found


def _baseline(target: str, period: str, reactions: list[Floats], firsts: Floats, parameters: MainstreamParameters) -> _Baseline:
    count = sum(each.size for each in reactions)
    row: Row = dict.fromkeys(DERIVED["outlet_reactions"].names)
    row |= {"target_class": target, "period": period, "shock_count": len(reactions), "reaction_count": int(count)}
    content = digest(target, *(each.tolist() for each in reactions))
    if len(reactions) < parameters.smallest_shock_count:
        return _Baseline(reactions, row | {"abstain_reason": "too_few_shocks"}, content)
    if count < parameters.smallest_reaction_count:
        return _Baseline(reactions, row | {"abstain_reason": "too_few_reactions"}, content)
    rng = np.random.default_rng([parameters.seed, len(reactions), count])
    low, high = median_interval(reactions, parameters.resample_count, parameters.interval_level, rng)
    row |= {
        "first_reaction_median_days": float(np.median(firsts)),
        "reaction_median_days": float(np.median(np.concatenate(reactions))) / 24,
        "reaction_low_days": low / 24,
        "reaction_high_days": high / 24,
    }
    return _Baseline(reactions, row, content)


def _rows_of(
    partitions: Mapping[str, MainstreamPartition], beside: Beside, stored: pa.Table, salt: str, parameters: MainstreamParameters
) -> tuple[pa.Table, int]:
    """Rows of each trend and class, of unchanged partitions as they were stored."""
    wanted = {(key,): digest(salt, partition.content_hash) for key, partition in partitions.items()}
    kept, known = reused(stored, wanted, ["partition_key"], "partition_hash")
    missing = sorted(set(wanted) - known)
    rows = [
        row | {"partition_key": key, "partition_hash": wanted[(key,)]}
        for (key,) in missing
        for row in month_rows(partitions[key].load(), beside, parameters.rows)
    ]
    return joined([kept, pa.Table.from_pylist(rows, schema=STATE_MAINSTREAM_TRENDS)], _KEYS), len(missing)


def _tests(
    trends: Sequence[Row],
    baselines: Mapping[tuple[str, str], _Baseline],
    stored: pa.Table,
    salt: str,
    parameters: MainstreamParameters,
) -> tuple[pa.Table, int]:
    """The test against the baseline of every trend that no gate holds and that has enough outlets and creators."""
    wanted, inputs = {}, {}
    for row in trends:
        baseline = baselines[row["target_class"], row["period"]]
        if row["gate"] is None and baseline.is_known and _is_testable(row, parameters):
            key = row["trend_key"], row["target_class"]
            wanted[key] = digest(salt, baseline.content_hash, row["micro_hours"], row["outlet_hours"])
            inputs[key] = row["micro_hours"], row["outlet_hours"], baseline.reactions
    kept, known = reused(stored, wanted, _KEYS, "input_hash")
    rows = []
    for key in sorted(set(wanted) - known):
        creators, outlets, reactions = inputs[key]
        found = excess_lag.excess_lag(np.asarray(creators), np.asarray(outlets), reactions)
        values = (*key, wanted[key], round(found.probability, 9), found.p_value)
        rows.append(dict(zip(STATE_MAINSTREAM_TESTS.names, values, strict=True)))
    return joined([kept, pa.Table.from_pylist(rows, schema=STATE_MAINSTREAM_TESTS)], _KEYS), len(rows)


def _is_testable(row: Row, parameters: MainstreamParameters) -> bool:
    return (
        len(row["outlet_hours"]) >= parameters.smallest_outlet_count
        and len(row["micro_hours"]) >= parameters.smallest_creator_count
    )


def _with_q_values(tests: pa.Table) -> dict[tuple[str, str], Row]:
    """Tests by trend and class, with q-values of Benjamini and Hochberg within the class."""
    rows = tests.to_pylist()
    for target in MAINSTREAM:
        own = [row for row in rows if row["target_class"] == target]
        if own:
            q_values = false_discovery_control([row["excess_p_value"] for row in own])
            for row, q_value in zip(own, q_values.tolist(), strict=True):
                row["excess_q_value"] = q_value
    return {(row["trend_key"], row["target_class"]): row for row in rows}


def _persons(keys: Sequence[str], persons: Mapping[str, str]) -> list[int]:
    """Places of the first account of each person."""
    known: dict[str, int] = {}
    for place in range(len(keys)):
        known.setdefault(persons.get(keys[place], keys[place]), place)
    return sorted(known.values())


@dataclass(frozen=True)
class _Judged:
    """One trend and class: its published row, and what its evidence is made of."""

    state: Row
    row: Row
    insiders: list[int]


def _judge(
    state: Row,
    baseline: _Baseline,
    test: Row | None,
    precedence: Row | None,
    persons: Mapping[str, str],
    parameters: MainstreamParameters,
) -> _Judged:
    row: Row = dict.fromkeys(DERIVED["mainstream_adoptions"].names)
    row |= {name: state[name] for name in ("trend_key", "target_class", "period", "item_count", "undated_item_count")}
    row |= {name: state[name] for name in ("outlet_count", "syndication_group_count", "late_credit_count")}
    row |= {"independent_outlet_count": len(state["outlet_hours"]), "credited_item_count": len(set(state["credit_item_keys"]))}
    reason = state["gate"] or ("no_items" if not state["item_count"] else None)
    is_dated = state["first_low_days"] is not None
    if is_dated:
        row |= {
            "first_adopted_low_at": _moment(state, "first_low_days"),
            "first_adopted_high_at": _moment(state, "first_high_days"),
        }
    if reason is None and not is_dated:
        reason = "undated_items"
    if reason not in {None, SHOCK} or not is_dated:
        return _Judged(state, row | {"abstain_reason": reason}, [])
    row |= _lags(state, baseline, parameters)
    if reason == SHOCK:
        return _Judged(state, row | {"abstain_reason": reason}, [])
    if test is not None:
        row |= {name: test[name] for name in ("excess_probability", "excess_p_value", "excess_q_value")}
    row["clustering_p_value"] = _clustering_p_value(state, parameters)
    insiders: list[int] = []
    if state["insider_keys"] is not None:
        insiders = _persons(state["insider_keys"], persons)
        row["niche_id"], row["insider_adopter_count"] = state["niche_id"], len(insiders)
        row["insider_platform_count"] = len({state["insider_platforms"][place] for place in insiders})
    row["precedence_q_value"] = precedence["q_value"] if precedence else None
    level, not_higher = _level(state, row, baseline, precedence, parameters)
    return _Judged(state, row | {"evidence_level": level, "not_higher_reason": not_higher}, insiders)


def _moment(state: Row, name: str) -> Any:
    return state["born_at"] + timedelta(microseconds=round(state[name] * 86_400_000_000))


def _lags(state: Row, baseline: _Baseline, parameters: MainstreamParameters) -> Row:
    lag = (state["first_low_days"] + state["first_high_days"]) / 2
    # Of a date any moment of its day is as likely: the interval leaves the same tails as that of the birth.
    inside = (1 - parameters.interval_level) / 2 * (state["first_high_days"] - state["first_low_days"])
    found: Row = {
        "lag_days": lag,
        "lag_low_days": state["first_low_days"] + inside,
        "lag_high_days": state["first_high_days"] - inside + state["birth_early_days"],
    }
    if baseline.is_known:
        usual = baseline.row["first_reaction_median_days"]
        found |= {"baseline_lag_days": usual, "lag_excess_days": lag - usual}
    if state["first_micro_days"] is not None:
        naive = lag - state["first_micro_days"]
        found |= {"naive_lead_days": naive, "is_naive_claim": naive > 0}
    return found


def _level(
    state: Row, row: Row, baseline: _Baseline, precedence: Row | None, parameters: MainstreamParameters
) -> tuple[int, str | None]:
    """The rung of the ladder, and why it is not the next one."""
    if state["first_high_days"] < 0:
        return 0, "outlets_first"
    if state["credit_item_keys"]:
        return 3, None
    if reason := _not_one(state, precedence, parameters):
        return 0, reason
    if reason := _not_two(state, row, baseline, parameters):
        return 1, reason
    return 2, "no_explicit_credit"


def _is_shown(precedence: Row | None, level: float) -> bool:
    """Whether micro creators are earlier than outlets beyond the false discovery rate."""
    if precedence is None or precedence["q_value"] is None:
        return False
    return bool(precedence["q_value"] < level and precedence["precedence_probability"] > 0.5)


def _not_one(state: Row, precedence: Row | None, parameters: MainstreamParameters) -> str | None:
    if precedence is None or precedence["q_value"] is None:
        return "precedence_not_tested"
    if not _is_shown(precedence, parameters.claim_level):
        return "precedence_not_shown"
    # The test is of media and brands together: brands of which next to nothing was seen do not share in it.
    is_alone = state["target_class"] != MEDIA and not _is_testable(state, parameters)
    return "too_few_outlets" if is_alone else None


def _not_two(state: Row, row: Row, baseline: _Baseline, parameters: MainstreamParameters) -> str | None:
    insiders = row["insider_adopter_count"]
    is_in_excess = row["excess_q_value"] is not None and row["excess_q_value"] < parameters.claim_level
    missing = {
        "too_few_outlets": not _is_testable(state, parameters),
        "no_baseline": not baseline.is_known,
        "lag_not_in_excess": not is_in_excess or (row["lag_excess_days"] or 0.0) <= 0,
        "items_scattered": row["clustering_p_value"] is None or row["clustering_p_value"] >= parameters.largest_clustering_p,
        "insiders_unknown": insiders is None,
        "too_few_insiders": insiders is not None and insiders < parameters.smallest_insider_count,
    }
    return next((reason for reason, is_missing in missing.items() if is_missing), None)


def _clustering_p_value(state: Row, parameters: MainstreamParameters) -> float | None:
    """Probability that outlets would write so close together if their stories had nothing to do with the trend's time.

    Of n independent uniform times the span from the first to the m-th is Beta(m - 1, n - m + 2) of the window (spacings of order statistics:
    Pyke 1965). Outlets that write of something at any time often all do so after a birth by chance, and late.
    """
    hours = np.sort(np.asarray(state["outlet_hours"], dtype=np.float64))
    count = hours.size
    if count < parameters.smallest_outlet_count or hours[0] < 0 or state["window_days"] <= 0:
        return None
    counted = count - int(parameters.straggler_share * count)
    span_share = min((hours[counted - 1] - hours[0]) / (24 * state["window_days"]), 1.0)
    return round(float(beta.cdf(span_share, counted - 1, count - counted + 2)), 9)


def _credit_days_before(state: Row) -> list[float]:
    """Days from each credited post to the item that credits it."""
    return [item - post for item, post in zip(state["credit_item_days"], state["credit_days"], strict=True)]


def _evidence(judged: _Judged, test: Row | None, precedence: Row | None, parameters: MainstreamParameters) -> list[Row]:
    state, row = judged.state, judged.row
    if row["evidence_level"] is None:
        return []
    blank = dict.fromkeys(DERIVED["ripple_evidence"].names) | {name: row[name] for name in _KEYS}
    found = [
        blank
        | {"evidence_kind": "first_item", "evidence_level": 0, "item_key": state["first_item_key"]}
        | {"observed_at": row["first_adopted_low_at"], "value": row["lag_days"]}
    ]
    if precedence is not None and _is_shown(precedence, parameters.claim_level):
        found.append(
            blank
            | {"evidence_kind": "precedence", "evidence_level": 1, "value": precedence["precedence_probability"]}
            | {"p_value": precedence["p_value"], "q_value": precedence["q_value"]}
        )
    if test is not None and test["excess_q_value"] < parameters.claim_level:
        found.append(
            blank
            | {"evidence_kind": "excess_lag", "evidence_level": 2, "value": test["excess_probability"]}
            | {"p_value": test["excess_p_value"], "q_value": test["excess_q_value"]}
        )
    for place in judged.insiders[: parameters.evidence_insider_cap]:
        day = state["insider_days"][place]
        found.append(
            blank
            | {"evidence_kind": "insider_adopter", "evidence_level": 2, "account_key": state["insider_keys"][place]}
            | {"observed_at": state["born_at"] + timedelta(microseconds=round(day * 86_400_000_000))}
            | {"value": state["first_low_days"] - day}
        )
    credited = zip(
        state["credit_item_keys"], state["credit_post_keys"], state["credit_account_keys"], state["credit_days"],
        _credit_days_before(state), strict=True,
    )  # fmt: skip
    for item_key, post_key, account_key, day, before in credited:
        is_post = post_key != CREDITED_ACCOUNT
        # Who used the tag before the trend began is no published adopter of it, and is not named here either.
        is_adopter = day >= 0
        found.append(
            blank
            | {"evidence_kind": "credited_post" if is_post else "credited_account", "evidence_level": 3, "item_key": item_key}
            | {"account_key": account_key if is_adopter else None, "post_key": post_key if is_post and is_adopter else None}
            | {"observed_at": state["born_at"] + timedelta(microseconds=round(day * 86_400_000_000)), "value": before}
        )
    for each in found:
        parts = (
            each[name]
            for name in ("trend_key", "target_class", "evidence_kind", "item_key", "account_key", "post_key", "observed_at")
        )
        each["evidence_key"] = digest(*parts)
    return list({each["evidence_key"]: each for each in found}.values())


def analyse_mainstream(
    partitions: Mapping[str, MainstreamPartition],
    precedence: pa.Table,
    beside: Beside,
    linked: pa.Table,
    events: Mapping[str, str],
    parameters: MainstreamParameters | None = None,
    stored: Mapping[str, pa.Table] | None = None,
) -> Analysis:
    """When outlets took up each candidate trend, how that compares with their reaction to shocks, and how good the evidence is.

    The ladder: 0, both used it; 1, micro creators are earlier than outlets beyond the false discovery rate (``trend_precedence``); 2, and
    outlets come later behind them than their reaction to shocks explains, close together, and independent insiders used it before; 3, an item links to a
    creator's older post. A gate (in use before, shock) leaves no level at all.

    Args:
        partitions: The exchange tables, by a key of the caller's such as the month of birth; loaded only where its hash is new.
        precedence: ``trend_precedence``.
        beside: Insiders and coverage; what of it a partition hangs on is part of its hash.
        linked: ``int_linked_accounts``.
        events: By trend, the event that it is a name of (:func:`pipelines.analysis.trend_events.events_of_any_type`).
        parameters: Defaults when None.
        stored: ``state`` of the last call; None computes everything.

    Returns:
        ``mainstream_adoptions``, ``outlet_reactions``, ``ripple_evidence``, ``adoption_survival`` in their contracts' schemas, ordered by
        their keys; and the state.
    """
    parameters = parameters or MainstreamParameters()
    salt = method_digest(parameters)
    kept, new_count = _rows_of(
        partitions, beside, stored_table(stored, "mainstream_trends", STATE["mainstream_trends"]), salt, parameters
    )
    trends = kept.to_pylist()
    baselines = _baselines(trends, parameters)
    tests, test_count = _tests(
        trends, baselines, stored_table(stored, "mainstream_tests", STATE["mainstream_tests"]), salt, parameters
    )
    tested = _with_q_values(tests)
    is_media = pc.and_(pc.equal(precedence["lead_class"], LEAD_CLASS), pc.equal(precedence["target_class"], MEDIA))
    compared = {row["trend_key"]: row for row in precedence.filter(is_media).to_pylist()}
    persons = dict(zip(linked["account_key"].to_pylist(), linked["creator_key"].to_pylist(), strict=True))
    rows, evidence = [], []
    for state in trends:
        key = state["trend_key"], state["target_class"]
        baseline = baselines[state["target_class"], state["period"]]
        judged = _judge(state, baseline, tested.get(key), compared.get(key[0]), persons, parameters)
        rows.append(judged.row)
        evidence += _evidence(judged, tested.get(key), compared.get(key[0]), parameters)
    stamp = {"method_version": METHOD_VERSION, "params_hash": params_hash(parameters)}
    tables = {
        "mainstream_adoptions": _table("mainstream_adoptions", rows, stamp, _KEYS),
        "outlet_reactions": _table(
            "outlet_reactions", [baseline.row for baseline in baselines.values()], stamp, ["target_class", "period"]
        ),
        "ripple_evidence": _table("ripple_evidence", evidence, stamp, ["evidence_key"]),
        "adoption_survival": _table(
            "adoption_survival",
            survival_curves(trends, events, parameters.survival),
            stamp,
            ["origin_class", "target_class", "day"],
        ),
    }
    return Analysis(
        tables,
        {"mainstream_trends": kept, "mainstream_tests": tests},
        {"mainstream_partitions": new_count, "excess_tests": test_count},
    )


def _table(name: str, rows: Sequence[Row], stamp: Row, keys: list[str]) -> pa.Table:
    return joined([pa.Table.from_pylist([row | stamp for row in rows], schema=DERIVED[name])], keys)
