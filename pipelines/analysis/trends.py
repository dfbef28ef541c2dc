"""The trend tables: exchange tables in, precedence, pooled findings and origin odds out. Gates and reuse live here; estimators do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import false_discovery_control

from pipelines.analysis import contracts, origin, precedence, rates, timeline, trend_events, trend_references
from pipelines.analysis.coordination import CoordinationParameters
from pipelines.analysis.increments import Analysis, digest, joined, reused, stored_table
from pipelines.analysis.origin import ChoiceSet, OriginParameters, choice_set, opportunities, origin_end
from pipelines.analysis.parameters import params_hash
from pipelines.analysis.precedence import Adopters, KernelParameters, naive_lead, trend_precedence
from pipelines.analysis.timeline import TimelineParameters, adoption_profile, capped, shift_profile, trend_shift, waits
from pipelines.analysis.trend_events import adopter_sample, events_of
from pipelines.analysis.trend_gates import COORDINATED, birth_gate, is_coordinated
from pipelines.analysis.trend_pools import ClaimRule, Pooling, periods_of, pooled_findings, pooled_odds
from pipelines.analysis.trend_references import (
    ChanceEvidence,
    References,
    adoption_chances,
    adoption_samples,
    adoptions_by_pair,
    fit_priors,
)
from pipelines.analysis.trend_rows import (
    CLASS_OF_TIER,
    MEDIA,
    TIERS,
    Cohort,
    Rows,
    TrendPartition,
    TrendRows,
    TrendTables,
    cohorts_in,
    partitioned,
)
from pipelines.analysis.trend_source import KnownTrends, TrendSource

METHOD_VERSION: Final = "trends_13"
LEAD_CLASS: Final = "micro"
TARGET_CLASSES: Final = ("large_creators", "mid_creators", MEDIA)
_KEYS: Final = ["trend_key", "lead_class", "target_class"]
_UNKNOWN_PRIOR: Final = (1.0, 1.0)
_UNKNOWN_ADOPTION: Final = (0.5, 0.5)


@dataclass(frozen=True)
class TrendParameters:
    """Parameters of the trend tables.

    Attributes:
        largest_day_share: At or above this share of adoptions on one day the trend is a shock.
        largest_coordination_p_value: Up to this p-value of near-simultaneous first uses by creators the beginning is taken to be coordinated.
        coordination: Of near-simultaneous first uses.
        smallest_lead_count: Fewer lead adopters abstain.
        smallest_target_count: Fewer target adopters abstain; of two platforms, neither may have fewer than the lead count.
        smallest_exposure_days: Who was first seen later than this long before the birth is not compared: its rate is hardly known, and it
            could not be seen with the trend before (R4, for one account).
        smallest_span_count: Events over whose trends rate priors and adoption chances are found, as far as there are.
        claims: When a pooled comparison is a claim.
        kernel: Of the kernel estimator.
        timeline: Of the timeline model.
        origin: Of the choice model.
    """

    largest_day_share: float = 0.35
    largest_coordination_p_value: float = 0.001
    coordination: CoordinationParameters = field(default_factory=CoordinationParameters)
    smallest_lead_count: int = 5
    smallest_target_count: int = 3
    smallest_exposure_days: float = 7.0
    smallest_span_count: int = 12
    claims: ClaimRule = field(default_factory=ClaimRule)
    kernel: KernelParameters = field(default_factory=KernelParameters)
    timeline: TimelineParameters = field(default_factory=TimelineParameters)
    origin: OriginParameters = field(default_factory=OriginParameters)


def method_digest(parameters: TrendParameters | None = None) -> str:
    """Changes with every version and parameter that the trend tables hang on: of this module, its estimators and its references.

    Args:
        parameters: Defaults when None.
    """
    modules = (precedence, rates, timeline, origin, trend_events, trend_references)
    return digest(METHOD_VERSION, *(module.METHOD_VERSION for module in modules), params_hash(parameters or TrendParameters()))


def comparison_gate(trend: TrendRows, parameters: TrendParameters) -> str | None:
    """Why a trend is compared with nothing; None where no gate holds it.

    Args:
        trend: With its adopters.
        parameters: See :class:`TrendParameters`.
    """
    gate = birth_gate(
        is_left_censored=trend.is_left_censored,
        is_in_use_before=trend.is_in_use_before,
        largest_day_share=trend.largest_day_share,
        shock_share=parameters.largest_day_share,
    )
    if gate is None and is_coordinated(trend, parameters.largest_coordination_p_value, parameters.coordination):
        return COORDINATED
    return gate


def _inputs(source: TrendSource, stored: pa.Table, salt: str, parameters: TrendParameters) -> pa.Table:
    wanted = {(key,): digest(salt, partition.content_hash) for key, partition in source.partitions.items()}
    kept, known = reused(stored, wanted, ["partition_key"], "partition_hash")
    rows = []
    for (key,) in sorted(set(wanted) - known):
        for trend in source.rows(key).values():
            gate, sample = comparison_gate(trend, parameters), adopter_sample(trend.account_words)
            values = (key, wanted[(key,)], trend.key, *trend.cohort, digest(salt, trend.content_hash), gate, sample)
            rows.append(dict(zip(contracts.STATE_TRENDS.names, values, strict=True)))
    return joined([kept, pa.Table.from_pylist(rows, schema=contracts.STATE_TRENDS)], ["trend_key"])


def comparisons(groups: set[str]) -> list[tuple[str, str]]:
    """Comparisons of a trend, lead and target: micro creators with each target class, and each two platforms, by name.

    Args:
        groups: Groups with adopters.
    """
    classes = {*CLASS_OF_TIER.values(), MEDIA}
    return [*((LEAD_CLASS, target) for target in TARGET_CLASSES), *combinations(sorted(groups - classes), 2)]


def _timelines(
    trend: TrendRows, pair: tuple[str, str], cap: int, parameters: TrendParameters
) -> tuple[timeline.Waits, timeline.Waits] | None:
    """Both sides on one exposure grid; None where one has too few timelines."""
    groups = trend.groups()
    none = np.empty(0, dtype=np.int64)
    sides = [trend.timelines(groups.get(name, none), parameters.smallest_exposure_days) for name in pair]
    if any(len(side) < smallest for side, smallest in zip(sides, _smallest(pair, parameters), strict=True)):
        return None
    sides = [
        capped(side, cap, precedence.stable_seed(parameters.timeline.seed, trend.key, name))
        for side, name in zip(sides, pair, strict=True)
    ]
    last = max(float(side.adopted_hours.max()) for side in sides)
    return waits(sides[0], last, parameters.timeline), waits(sides[1], last, parameters.timeline)


def _smallest(pair: tuple[str, str], parameters: TrendParameters) -> tuple[int, int]:
    lead = parameters.smallest_lead_count
    return lead, parameters.smallest_target_count if pair[0] == LEAD_CLASS else lead


def _groups(source: TrendSource, known: KnownTrends, stored: pa.Table) -> tuple[pa.Table, int]:
    wanted = {(key,): found for key, found in known.input_hash.items()}
    kept, told = reused(stored, wanted, ["trend_key"], "input_hash")
    missing = {key for (key,) in set(wanted) - told}
    rows = []
    for part, keys in known.by_partition(missing).items():
        for key in keys:
            for name, count in ({"": 0} | source.timed(part, key)).items():
                values = (key, name, known.input_hash[key], count)
                rows.append(dict(zip(contracts.STATE_TREND_GROUPS.names, values, strict=True)))
    new = pa.Table.from_pylist(rows, schema=contracts.STATE_TREND_GROUPS)
    return joined([kept, new], ["trend_key", "group"]), len(missing)


def _adoption_chances(
    source: TrendSource,
    known: KnownTrends,
    groups: Mapping[str, Mapping[str, int]],
    stored: pa.Table,
    parameters: TrendParameters,
) -> tuple[pa.Table, pa.Table, int]:
    """The adoption profiles of the few trends that p is found from, p with these trends, and how many profiles were computed."""
    told: dict[tuple[str, str], dict[str, int]] = {}
    for key, counts in groups.items():
        for pair in comparisons(set(counts)) if known.gate[key] is None else []:
            if all(counts.get(name, 0) >= least for name, least in zip(pair, _smallest(pair, parameters), strict=True)):
                told.setdefault(pair, {})[key] = counts[pair[1]]
    cap = parameters.timeline.adoption_trend_cap
    samples = adoption_samples(known.cohorts(), told, parameters.smallest_span_count, cap)
    wanted = {(key, *pair): known.input_hash[key] for (_, *pair), keys in samples.items() for key in keys}
    kept, present = reused(stored, wanted, _KEYS, "input_hash")
    rows = []
    for key, lead, target in sorted(set(wanted) - present, key=lambda item: (known.partition[item[0]], item)):
        trend = source.rows(known.partition[key])[key]
        sides = _timelines(trend, (lead, target), parameters.timeline.adoption_group_cap, parameters)
        if sides:
            values = (key, lead, target, known.input_hash[key], adoption_profile(*sides, parameters.timeline))
            rows.append(dict(zip(contracts.STATE_TREND_ADOPTIONS.names, values, strict=True)))
    profiles = joined([kept, pa.Table.from_pylist(rows, schema=contracts.STATE_TREND_ADOPTIONS)], _KEYS)
    return profiles, adoption_chances(samples, profiles, parameters.timeline), len(rows)


def _adopters(trend: TrendRows, rows: Rows, prior: tuple[float, float]) -> Adopters:
    log_rate = np.log(rates.posterior_mean_rates(trend.prior_posts[rows], trend.prior_days[rows], prior))
    return Adopters(trend.account_words[rows], trend.previous[rows], trend.adopted[rows], log_rate)


def _naive(trend: TrendRows, lead: Rows, target: Rows) -> dict[str, float]:
    sides = [trend.adopted[rows[trend.is_exact[rows]]] for rows in (lead, target)]
    if not sides[0].size or not sides[1].size:
        return {}
    return dict(zip(("naive_lead_hours", "naive_lead_null_hours", "naive_lead_null_p"), naive_lead(*sides), strict=True))


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _compare(
    trend: TrendRows, pair: tuple[str, str], gate: str | None, references: References, parameters: TrendParameters
) -> dict[str, Any]:
    """One row of the comparisons' state, without its hash."""
    none = np.empty(0, dtype=np.int64)
    groups = trend.groups()
    lead, target = (groups.get(name, none) for name in pair)
    row: dict[str, Any] = {"trend_key": trend.key, "unit_type": trend.unit_type, "period": trend.period}
    row |= {"lead_class": pair[0], "target_class": pair[1]}
    row |= {"lead_adopter_count": int(lead.size), "target_adopter_count": int(target.size)}
    if gate:
        return row | {"abstain_reason": gate}
    row |= _naive(trend, lead, target)
    smallest, smallest_target = _smallest(pair, parameters)
    if lead.size < smallest or target.size < smallest_target:
        return row | {"abstain_reason": "too_few_adopters"}
    # The first observed post of an account bounds nothing from below: it has no interval and stays out of the kernel.
    has_interval = np.isfinite(trend.previous) & (trend.prior_days >= parameters.smallest_exposure_days)
    known_lead, known_target = (rows[has_interval[rows]] for rows in (lead, target))
    if known_lead.size < smallest or known_target.size < smallest_target:
        return row | {"abstain_reason": "too_few_intervals"}
    leaders, targets = (
        _adopters(trend, rows, references.priors.get((trend.cohort, name), _UNKNOWN_PRIOR))
        for rows, name in zip((known_lead, known_target), pair, strict=True)
    )
    kernel = trend_precedence(
        leaders, targets, parameters.kernel, precedence.stable_seed(parameters.kernel.seed, trend.key, *pair)
    )
    if not np.isfinite(kernel.theta):
        return row | {"abstain_reason": "no_rate_overlap"}
    if kernel.decidable <= 0:
        # No pair of intervals can be ordered: there is no probability, and a NULL without a reason says nothing.
        return row | {"abstain_reason": "no_decidable_pairs"}
    row |= {
        "precedence_probability": _number(kernel.probability),
        "precedence_low": _number(kernel.low),
        "precedence_high": _number(kernel.high),
        "decidable_ratio": _number(kernel.decidable),
        "p_value": _number(kernel.p_value),
        "theta": kernel.theta,
        "account_thetas": kernel.account_thetas.astype(np.float32),
    }
    sides = _timelines(trend, pair, parameters.timeline.group_cap, parameters)
    if sides:
        chances = references.adoptions[(trend.cohort, *pair)]
        profile = shift_profile(*sides, *chances, parameters.timeline)
        shift = trend_shift(profile.values, parameters.timeline)
        row |= {"shift_profile": profile.values, "shift_slopes": profile.slopes.ravel(), "shift_hours": _number(shift.hours)}
        row |= {"shift_low_hours": _number(shift.low), "shift_high_hours": _number(shift.high)}
    return row


def _wanted_comparisons(
    known: KnownTrends, groups: Mapping[str, Mapping[str, int]], references: References
) -> dict[tuple[str, str, str], str]:
    """Input hash of each comparison."""
    wanted = {}
    for key, input_hash in known.input_hash.items():
        cohort = known.cohort[key]
        for pair in comparisons(set(groups[key])):
            read_with = [*(references.priors.get((cohort, name)) for name in pair), references.adoptions.get((cohort, *pair))]
            wanted[(key, *pair)] = digest(input_hash, *pair, *([] if known.gate[key] else read_with))
    return wanted


def chance_of_use(adoptions: Mapping[tuple[Cohort, str, str], tuple[float, float]], cohort: Cohort) -> float:
    """P of a cohort, the mean in logits over micro and large creators; the middle of its range where they were not compared.

    Args:
        adoptions: From :func:`pipelines.analysis.trend_references.adoptions_by_pair`.
        cohort: Type of unit and period.
    """
    pair = adoptions.get((cohort, LEAD_CLASS, TARGET_CLASSES[0]), _UNKNOWN_ADOPTION)
    return float(expit(np.mean(logit(np.array(pair)))))


def _chances_by_tier(trend: TrendRows, references: References) -> NDArray[np.float64]:
    """P of each of ``TIERS``, as its class was compared with micro creators; theirs is the mean in logits over these comparisons.

    The cohort's common p where a class was not compared.
    """
    pairs = {target: references.adoptions.get((trend.cohort, LEAD_CLASS, target)) for target in set(CLASS_OF_TIER.values())}
    chances = {target: pair[1] for target, pair in pairs.items() if pair}
    leads = [logit(pair[0]) for _, pair in sorted(pairs.items()) if pair]
    if leads:
        chances[LEAD_CLASS] = float(expit(np.mean(leads)))
    common = chance_of_use(references.adoptions, trend.cohort)
    return np.array([chances.get(CLASS_OF_TIER[tier], common) for tier in TIERS])


def _choice_row(trend: TrendRows, references: References, parameters: TrendParameters) -> dict[str, Any]:
    creators = np.flatnonzero(trend.tier >= 0)
    names = [CLASS_OF_TIER[tier] for tier in TIERS]
    priors = np.array([references.priors.get((trend.cohort, name), _UNKNOWN_PRIOR) for name in names])[trend.tier[creators]]
    posts, days = trend.prior_posts[creators], trend.prior_days[creators]
    account, tier, adopted = trend.account_words[creators], trend.tier[creators], trend.adopted[creators]
    log_rate = np.log(np.maximum((priors[:, 0] + posts) / (priors[:, 1] + days), 1e-6)) if creators.size else np.empty(0)
    rows, stands_for = np.empty(0, dtype=np.int64), np.empty(0)
    opportunity, by_tier = np.empty(0), np.empty(0)
    end = origin_end(adopted, parameters.origin)
    if np.isfinite(end):
        # About when they were exposed: between the last post without the trend and the first one with it.
        exposures = (np.fmax(trend.previous[creators], -end) + adopted) / 2
        own_posts = trend.posts.take(creators)
        opportunity = opportunities(own_posts, chance_of_use(references.adoptions, trend.cohort), end, exposures)
        by_tier = opportunities(own_posts, _chances_by_tier(trend, references)[tier], end, exposures)
        everyone = ChoiceSet(account, adopted, log_rate, opportunity, tier == 0, np.ones(creators.size))
        rows, stands_for = choice_set(everyone, parameters.origin, precedence.stable_seed(parameters.kernel.seed, trend.key))
    return {
        "trend_key": trend.key,
        "unit_type": trend.unit_type,
        "period": trend.period,
        "account": account[rows],
        "adopted": adopted[rows],
        "log_rate": log_rate[rows],
        "opportunity": opportunity[rows],
        "opportunity_by_tier": by_tier[rows],
        "tier": tier[rows].astype(np.int8),
        "stands_for": stands_for,
        "tier_counts": np.bincount(tier, minlength=len(TIERS)),
    }


def _wanted_choices(known: KnownTrends, references: References) -> dict[tuple[str], str]:
    """Input hash of the choice set of each trend that no gate holds."""
    wanted = {}
    for key, input_hash in known.input_hash.items():
        if known.gate[key] is None:
            priors = [references.priors.get((known.cohort[key], name)) for name in dict.fromkeys(CLASS_OF_TIER.values())]
            pairs = [(known.cohort[key], LEAD_CLASS, target) for target in TARGET_CLASSES]
            wanted[(key,)] = digest(input_hash, *priors, *(references.adoptions.get(pair) for pair in pairs))
    return wanted


@dataclass(frozen=True)
class _Statistics:
    """Of single trends: ``contracts.STATE_TREND_COMPARISONS`` and ``contracts.STATE_TREND_CHOICES``, and how many of each were computed."""

    compared: pa.Table
    choices: pa.Table
    new_comparisons: int
    new_choices: int


def _statistics(
    source: TrendSource,
    known: KnownTrends,
    groups: Mapping[str, Mapping[str, int]],
    references: References,
    old: Callable[[str], pa.Table],
    parameters: TrendParameters,
) -> _Statistics:
    """What is computed of single trends, both kinds in one reading of each partition."""
    pairs, sets = _wanted_comparisons(known, groups, references), _wanted_choices(known, references)
    kept_pairs, told_pairs = reused(old("trend_comparisons"), pairs, _KEYS, "input_hash")
    kept_sets, told_sets = reused(old("trend_choices"), sets, ["trend_key"], "input_hash")
    missing: dict[str, list[tuple[str, str]]] = {}
    for key, lead, target in sorted(set(pairs) - told_pairs):
        missing.setdefault(key, []).append((lead, target))
    unset = {key for (key,) in set(sets) - told_sets}
    compared, choices = [], []
    for part, keys in known.by_partition(set(missing) | unset).items():
        for key in keys:
            trend = source.rows(part)[key]
            for pair in missing.get(key, ()):
                row = _compare(trend, pair, known.gate[key], references, parameters)
                compared.append(row | {"input_hash": pairs[(key, *pair)]})
            if key in unset:
                choices.append(_choice_row(trend, references, parameters) | {"input_hash": sets[(key,)]})
    return _Statistics(
        joined([kept_pairs, pa.Table.from_pylist(compared, schema=contracts.STATE_TREND_COMPARISONS)], _KEYS),
        joined([kept_sets, pa.Table.from_pylist(choices, schema=contracts.STATE_TREND_CHOICES)], ["trend_key"]),
        len(compared),
        len(choices),
    )


def _with_q_values(compared: pa.Table, events: Mapping[str, str]) -> pa.Table:
    """The comparisons with q-values (Benjamini-Hochberg over the rows of one unit type, lead and target class that have a p-value) and events."""
    p_values = np.asarray(compared["p_value"].to_numpy(), dtype=np.float64)
    columns = [compared[name].to_pylist() for name in ("unit_type", "lead_class", "target_class")]
    families = np.unique(["\x1f".join(row) for row in zip(*columns, strict=True)], return_inverse=True)[1]
    q_values = np.full(p_values.size, np.nan)
    for family in np.unique(families):
        tested = np.flatnonzero((families == family) & np.isfinite(p_values))
        if tested.size:
            q_values[tested] = false_discovery_control(p_values[tested])
    told = [events.get(key) for key in compared["trend_key"].to_pylist()]
    compared = compared.append_column(pa.field("event_key", pa.string()), pa.array(told, pa.string()))
    return compared.append_column(pa.field("q_value", pa.float64()), pa.array(q_values, from_pandas=True))


def analyse_trend_partitions(
    partitions: Mapping[str, TrendPartition],
    parameters: TrendParameters | None = None,
    stored: Mapping[str, pa.Table] | None = None,
) -> Analysis:
    """Compare, for every candidate trend, when micro creators and the target classes, and each two platforms, took it up.

    Trends of one type of unit are read and pooled together: how often a post has a link is another habit than how often it has a hashtag.
    A trend's numbers hang on its own rows and on its cohort's references (:mod:`trend_references`), and on nothing else: what
    was stored for the same rows and references is taken again, and the outcome is that of computing everything anew.

    Args:
        partitions: The exchange tables, by a key of the caller's, such as the month of birth; a trend's rows lie in one
            partition. A partition is loaded only where its hash is new or the references of its periods moved.
        parameters: Defaults when None.
        stored: ``state`` of the last call; None computes everything.

    Returns:
        ``trend_precedence`` (one row per trend and comparison, gated ones with NULL numbers and a reason),
        ``precedence_findings`` and ``origin_odds``, each in its contract's schema and ordered by its key; and the state.
    """
    parameters = parameters or TrendParameters()
    salt = method_digest(parameters)
    source = TrendSource(partitions, parameters.smallest_exposure_days)

    def old(name: str) -> pa.Table:
        return stored_table(stored, name, contracts.STATE[name])

    trends = _inputs(source, old("trends"), salt, parameters)
    keys = trends["trend_key"].to_pylist()
    partition, input_hash, gate = (
        dict(zip(keys, trends[name].to_pylist(), strict=True)) for name in ("partition_key", "input_hash", "gate")
    )
    of_trend = dict(zip(keys, cohorts_in(trends), strict=True))
    known = KnownTrends(partition, of_trend, input_hash, gate, events_of(trends))
    grouped, new_trends = _groups(source, known, old("trend_groups"))
    groups: dict[str, dict[str, int]] = {key: {} for key in keys}
    columns = [grouped[name].to_pylist() for name in ("trend_key", "group", "timeline_count")]
    for key, group, count in zip(*columns, strict=True):
        if group:
            groups[key][group] = count

    cohorts = known.cohorts()
    priors, new_priors = fit_priors(
        cohorts,
        groups,
        parameters.smallest_span_count,
        old("trend_priors"),
        salt,
        lambda key: source.counts(known.partition[key], key),
    )
    profiles, chances, new_profiles = _adoption_chances(source, known, groups, old("trend_adoptions"), parameters)
    columns = [priors[name].to_pylist() for name in ("unit_type", "period", "group", "shape", "rate")]
    fitted = {((unit_type, period), group): (shape, rate) for unit_type, period, group, shape, rate in zip(*columns, strict=True)}
    references = References(fitted, adoptions_by_pair(chances))
    found = _statistics(source, known, groups, references, old, parameters)

    pooling = Pooling(
        periods_of(each.cohort for each in cohorts),
        parameters.claims,
        parameters.kernel,
        parameters.timeline,
        parameters.origin,
        salt,
        known.events,
    )
    always = [(LEAD_CLASS, target) for target in TARGET_CLASSES]
    findings = pooled_findings(found.compared, always, pooling, ChanceEvidence(chances, profiles), old("findings"))
    odds = pooled_odds(found.choices, pooling, old("origin_odds"))
    stamp = {"method_version": METHOD_VERSION, "params_hash": params_hash(parameters)}

    def stamped(table: pa.Table, schema: pa.Schema) -> pa.Table:
        extra = {name: pa.repeat(value, table.num_rows) for name, value in stamp.items()}
        return pa.table([extra[name] if name in extra else table[name] for name in schema.names], schema=schema)

    return Analysis(
        {
            "trend_precedence": stamped(_with_q_values(found.compared, known.events), contracts.TREND_PRECEDENCE),
            "precedence_findings": stamped(findings, contracts.PRECEDENCE_FINDINGS),
            "origin_odds": stamped(odds, contracts.ORIGIN_ODDS),
        },
        {
            "trends": trends,
            "trend_events": pa.table([list(known.events), list(known.events.values())], schema=contracts.STATE_TREND_EVENTS),
            "trend_groups": grouped,
            "trend_adoptions": profiles,
            "trend_chances": chances,
            "trend_priors": priors,
            "trend_comparisons": found.compared,
            "trend_choices": found.choices,
            "findings": findings,
            "origin_odds": odds,
        },
        {
            "trends": new_trends,
            "priors": new_priors,
            "adoption_profiles": new_profiles,
            "comparisons": found.new_comparisons,
            "choices": found.new_choices,
        },
    )


def analyse_trends(
    candidates: pa.Table, adoptions: pa.Table, timelines: pa.Table, parameters: TrendParameters | None = None
) -> dict[str, pa.Table]:
    """Analyse whole exchange tables anew and give the derived tables; see :func:`analyse_trend_partitions`.

    Args:
        candidates: ``int_trend_candidates``.
        adoptions: ``int_trend_adoptions``.
        timelines: ``int_trend_timelines``.
        parameters: Defaults when None.
    """
    return analyse_trend_partitions(partitioned(TrendTables(candidates, adoptions, timelines)), parameters).tables
