"""What speeds a trend's way into the mainstream: hazard ratios of what is known of it on its landmark day. No curves, no claims about causes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.stats import false_discovery_control
from scipy.stats import t as student

from pipelines.analysis.adoption_survival import TARGETS, Adoption, first_adoptions
from pipelines.analysis.hazard_contracts import ADOPTION_HAZARDS, STATE_LANDMARKS
from pipelines.analysis.increments import Analysis, digest, joined, reused, stored_table
from pipelines.analysis.landmarks import LandmarkParameters, landmark_rows, niches_by_month, strongest_parents
from pipelines.analysis.mainstream_rows import Beside
from pipelines.analysis.months import months_later
from pipelines.analysis.parameters import params_hash
from pipelines.analysis.proportional_hazards import CoxFit, Followed, fit_cox, jackknife_variance, proportionality
from pipelines.analysis.trend_shapes import ShapePartition

METHOD_VERSION: Final = "adoption_hazards_1"
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Covariate:
    """How a covariate enters the model.

    Attributes:
        name: Its column among the landmarks.
        unit: What the hazard ratio is of one more of.
        scaled: Its value in that unit.
    """

    name: str
    unit: str
    scaled: Callable[[float], float]


def _doublings(value: float) -> float:
    return float(np.log2(value))


def _ten_points(value: float) -> float:
    return 10 * value


COVARIATES: Final = (
    Covariate("adopter_count", "doubling", _doublings),
    Covariate("insider_share", "ten_points", _ten_points),
    Covariate("niche_diversity", "doubling", _doublings),
    Covariate("platform_count", "doubling", _doublings),
    Covariate("niche_count", "doubling", _doublings),
    Covariate("structural_virality", "step", float),
)
"""In the order in which they enter, as far as events allow: chosen before anything was looked at, since choosing by p is no test."""


@dataclass(frozen=True)
class HazardParameters:
    """Parameters of the hazard ratios.

    Attributes:
        smallest_adopter_count: With fewer creators by the landmark a trend is left out: it became a candidate by what came later.
        smallest_trend_count: Of fewer trends at risk nothing is told.
        events_per_covariate: Events that a model asks for of each covariate.
        smallest_known_share: What is known of a smaller share of the trends at risk is left out of the model.
        largest_variance_inflation: Of a covariate by those before it; beyond, it is left out.
        smallest_stratum_count: Platforms with fewer trends at risk share one baseline hazard.
        smallest_cluster_count: Of fewer niches of origin, or weeks of birth, nothing is told.
        interval_level: Of the interval of the ratio.
        landmark: What is looked at on the landmark day.
    """

    smallest_adopter_count: int = 20
    smallest_trend_count: int = 40
    events_per_covariate: int = 10
    smallest_known_share: float = 0.8
    largest_variance_inflation: float = 5.0
    smallest_stratum_count: int = 10
    smallest_cluster_count: int = 6
    interval_level: float = 0.95
    landmark: LandmarkParameters = field(default_factory=LandmarkParameters)


@dataclass(frozen=True)
class AtRisk:
    """Trends that a class had not taken up on their landmark day and that were observed beyond it; NaN where a covariate is unknown.

    Attributes:
        time: Days from the landmark to the adoption or to the end of observation.
        is_event: Whether it is an adoption.
        covariates: In their units, by trend and place in ``COVARIATES``.
        stratum: Places of main platforms.
        origin: Places of niches of origin or, where none is known, of weeks of birth.
        week: Weeks of birth.
    """

    time: Floats
    is_event: NDArray[np.bool_]
    covariates: Floats
    stratum: Integers
    origin: Integers
    week: Integers


@dataclass(frozen=True)
class Estimate:
    """One covariate's share in a fitted model."""

    log_ratio: float
    p_value: float
    low: float
    high: float
    correlation: float
    proportionality_p_value: float


@dataclass(frozen=True)
class Model:
    """What came of one target class.

    Attributes:
        trend_count: Trends with every covariate that is known of enough trends.
        event_count: Adoptions among them.
        cluster_count: The fewer of origins and weeks; None where nothing was fitted.
        estimates: By place in ``COVARIATES``.
        reasons: By place, why there is no estimate.
    """

    trend_count: int
    event_count: int
    cluster_count: int | None
    estimates: dict[int, Estimate]
    reasons: dict[int, str]


def estimate(at_risk: AtRisk, parameters: HazardParameters) -> Model:
    """Fit as many covariates as events allow, in their order, stratified by main platform.

    The interval is the widest and the p the largest of three: by the likelihood with the normal law, and with one niche of origin or one week of
    birth left out at a time, with Student's t on their number less one. Trends of one niche share an audience and those of one week share news.

    Args:
        at_risk: Trends at risk on their landmark day.
        parameters: Of the hazard ratios.
    """
    count = at_risk.time.size
    is_known = np.isfinite(at_risk.covariates)
    often = is_known.sum(axis=0) >= parameters.smallest_known_share * max(count, 1)
    reasons = dict.fromkeys(np.flatnonzero(~often).tolist(), "rarely_known")
    whole = is_known[:, often].all(axis=1)
    x, is_event = at_risk.covariates[whole], at_risk.is_event[whole]
    trend_count, event_count = int(whole.sum()), int(is_event.sum())

    def abstained(reason: str, cluster_count: int | None = None) -> Model:
        everywhere = dict.fromkeys(range(len(COVARIATES)), reason)
        return Model(trend_count, event_count, cluster_count, {}, everywhere | reasons)

    if trend_count < parameters.smallest_trend_count:
        return abstained("too_few_trends")
    chosen = _chosen(x, often, event_count // parameters.events_per_covariate, reasons, parameters)
    if not chosen:
        return abstained("too_few_events")
    clusters = [at_risk.origin[whole], at_risk.week[whole]]
    cluster_count = min(np.unique(each).size for each in clusters)
    if cluster_count < parameters.smallest_cluster_count:
        return abstained("too_few_clusters", cluster_count)
    stratum = _strata(at_risk.stratum[whole], parameters.smallest_stratum_count)
    followed = Followed(at_risk.time[whole], is_event, x[:, chosen], stratum)
    fit = fit_cox(followed)
    jackknives = [] if fit is None else [jackknife_variance(followed, fit, each) for each in clusters]
    if fit is None or not np.isfinite(jackknives).all():
        return abstained("no_estimate", cluster_count)
    degrees = [np.inf, *(np.unique(each).size - 1.0 for each in clusters)]
    errors = np.sqrt(np.array([np.diag(fit.covariance), *jackknives]))
    found = _estimates(fit, errors, np.array(degrees)[:, None], parameters.interval_level)
    return Model(trend_count, event_count, cluster_count, dict(zip(chosen, found, strict=True)), reasons)


def _chosen(x: Floats, often: NDArray[np.bool_], room: int, reasons: dict[int, str], parameters: HazardParameters) -> list[int]:
    """Places of the covariates that enter; of the others, says why in ``reasons``."""
    chosen: list[int] = []
    for place in np.flatnonzero(often).tolist():
        if x[:, place].std() < 1e-9:
            reasons[place] = "no_variation"
        elif len(chosen) >= room:
            reasons[place] = "too_few_events"
        elif chosen and _variance_inflation(x[:, place], x[:, chosen]) > parameters.largest_variance_inflation:
            reasons[place] = "collinear"
        else:
            chosen.append(place)
    return chosen


def _variance_inflation(values: Floats, others: Floats) -> float:
    beside = np.column_stack([np.ones(values.size), others])
    rest = values - beside @ np.linalg.lstsq(beside, values, rcond=None)[0]
    return float(values.var() / max(rest.var(), 1e-12))


def _strata(stratum: Integers, smallest_count: int) -> Integers:
    _, place, count = np.unique(stratum, return_inverse=True, return_counts=True)
    return np.where(count[place] >= smallest_count, place, -1).astype(np.int64)


def _estimates(fit: CoxFit, errors: Floats, degrees: Floats, level: float) -> list[Estimate]:
    """The widest of several intervals and the largest p. Errors by variance and covariate; degrees of freedom by variance, infinite: normal."""
    reach = np.max(student.isf((1 - level) / 2, degrees) * errors, axis=0)
    correlation, proportionality_p_value = proportionality(fit)
    columns = (
        fit.coefficients,
        np.max(2 * student.sf(np.abs(fit.coefficients) / errors, degrees), axis=0),
        fit.coefficients - reach,
        fit.coefficients + reach,
        correlation,
        proportionality_p_value,
    )
    return [Estimate(*values) for values in zip(*(column.tolist() for column in columns), strict=True)]


def trends_at_risk(
    landmarks: Sequence[Row], adoptions: Mapping[str, Adoption | None], parameters: HazardParameters
) -> tuple[AtRisk, dict[str, int]]:
    """Trends at risk on their landmark day, and how many others there are, by why they are not.

    Args:
        landmarks: Rows of ``contracts.STATE['landmarks']``.
        adoptions: By trend, its first adoption by the target class.
        parameters: Of the hazard ratios.
    """
    counts = dict.fromkeys(("excluded_count", "ended_count", "small_count"), 0)
    kept: list[tuple[Row, Adoption]] = []
    for row in sorted(landmarks, key=lambda row: str(row["trend_key"])):
        adoption = adoptions[row["trend_key"]]
        if adoption is None:
            counts["excluded_count"] += 1
        elif adoption.days <= parameters.landmark.landmark_days:
            counts["ended_count"] += 1
        elif row["adopter_count"] < parameters.smallest_adopter_count:
            counts["small_count"] += 1
        else:
            kept.append((row, adoption))
    rows = [row for row, _ in kept]
    values = [[np.nan if row[each.name] is None else each.scaled(row[each.name]) for each in COVARIATES] for row in rows]
    origins = [row["origin_niche_id"] or f"week {row['birth_week']}" for row in rows]
    at_risk = AtRisk(
        np.array([adoption.days - parameters.landmark.landmark_days for _, adoption in kept]),
        np.array([adoption.cause is not None for _, adoption in kept], dtype=bool),
        np.array(values, dtype=np.float64).reshape(len(rows), len(COVARIATES)),
        _places([row["main_platform"] for row in rows]),
        _places(origins),
        np.array([row["birth_week"] for row in rows], dtype=np.int64),
    )
    return at_risk, counts


def _places(names: Sequence[str]) -> Integers:
    known = {name: place for place, name in enumerate(sorted(set(names)))}
    return np.array([known[name] for name in names], dtype=np.int64)


def hazard_rows(landmarks: Sequence[Row], trends: Sequence[Row], parameters: HazardParameters) -> list[dict[str, Any]]:
    """Rows of ``adoption_hazards`` without stamps: one per target class and covariate.

    Args:
        landmarks: Rows of ``contracts.STATE['landmarks']``.
        trends: Rows of ``contracts.STATE['mainstream_trends']``, of the same trends at least.
        parameters: Of the hazard ratios.
    """
    rows = []
    for target in TARGETS:
        at_risk, counts = trends_at_risk(landmarks, first_adoptions(trends, [target]), parameters)
        model = estimate(at_risk, parameters)
        p_values = [each.p_value for each in model.estimates.values()]
        q_values = dict(zip(model.estimates, false_discovery_control(p_values).tolist() if p_values else [], strict=True))
        for place, covariate in enumerate(COVARIATES):
            found = model.estimates.get(place)
            row: dict[str, Any] = dict.fromkeys(ADOPTION_HAZARDS.names) | counts
            row |= {
                "target_class": target,
                "covariate": covariate.name,
                "unit": covariate.unit,
                "landmark_days": parameters.landmark.landmark_days,
                "at_risk_count": at_risk.time.size,
                "known_count": int(np.isfinite(at_risk.covariates[:, place]).sum()),
                "trend_count": model.trend_count,
                "event_count": model.event_count,
                "abstain_reason": model.reasons.get(place),
            }
            if found is not None:
                row |= {
                    "covariate_count": len(model.estimates),
                    "cluster_count": model.cluster_count,
                    "hazard_ratio": _ratio(found.log_ratio),
                    "hazard_ratio_low": _ratio(found.low),
                    "hazard_ratio_high": _ratio(found.high),
                    "p_value": round(found.p_value, 12),
                    "q_value": round(q_values[place], 12),
                    "proportionality_correlation": _finite(found.correlation),
                    "proportionality_p_value": _finite(found.proportionality_p_value),
                }
            rows.append(row)
    return rows


def _ratio(log_ratio: float) -> float:
    return float(np.round(np.exp(log_ratio), 9))


def _finite(value: float) -> float | None:
    return round(value, 9) if np.isfinite(value) else None


def analyse_hazards(
    partitions: Mapping[str, ShapePartition],
    mainstream_trends: pa.Table,
    beside: Beside,
    niche_assignments: pa.Table,
    niche_outcomes: Mapping[date, str],
    trend_parents: pa.Table,
    parent_hashes: Mapping[date, str],
    *,
    parameters: HazardParameters | None = None,
    stored: Mapping[str, pa.Table] | None = None,
) -> Analysis:
    """Hazard ratios of what is known of trends on their landmark day, by target class.

    Args:
        partitions: By month of birth, YYYY-MM; loaded only where what it hangs on is new.
        mainstream_trends: State of the analysis of mainstream adoption: when each trend was taken up, and how long it was observed.
        beside: Insiders by month.
        niche_assignments: ``niche_assignments``.
        niche_outcomes: By month, what changes where its niches or their members do.
        trend_parents: ``trend_parents``.
        parent_hashes: By month of birth, what changes where its parents do.
        parameters: Defaults when None.
        stored: ``state`` of the last call; None computes everything.

    Returns:
        ``adoption_hazards``, and the state.
    """
    parameters = parameters or HazardParameters()
    stamp = {"method_version": METHOD_VERSION, "params_hash": params_hash(parameters)}
    wanted, looked_at = {}, {}
    for key, partition in partitions.items():
        first_day = date.fromisoformat(f"{key}-01")
        # Niches are those of the month before an adoption, which comes no later than the landmark.
        looked_at[key] = [months_later(first_day, step) for step in range(-1, 2)]
        beside_it = [f"{niche_outcomes.get(each)} {beside.insider_hashes.get(each)}" for each in looked_at[key]]
        wanted[(key,)] = digest(*stamp.values(), partition.content_hash, *beside_it, parent_hashes.get(first_day))
    kept, known = reused(stored_table(stored, "landmarks", STATE_LANDMARKS), wanted, ["partition_key"], "partition_hash")
    missing = sorted(key for (key,) in wanted.keys() - known)
    rows = []
    for key in missing:
        near = niche_assignments.filter(pc.is_in(niche_assignments["month"], value_set=pa.array(looked_at[key], pa.date32())))
        born = pa.scalar(date.fromisoformat(f"{key}-01"), pa.date32())
        parents = strongest_parents(trend_parents.filter(pc.equal(trend_parents["born_month"], born)))
        found = landmark_rows(partitions[key].load(), beside, niches_by_month(near), parents, parameters.landmark)
        rows += [row | {"partition_key": key, "partition_hash": wanted[(key,)]} for row in found]
    landmarks = joined([kept, pa.Table.from_pylist(rows, schema=STATE_LANDMARKS)], ["trend_key"])
    hazards = [row | stamp for row in hazard_rows(landmarks.to_pylist(), mainstream_trends.to_pylist(), parameters)]
    table = joined([pa.Table.from_pylist(hazards, schema=ADOPTION_HAZARDS)], ["target_class", "covariate"])
    return Analysis({"adoption_hazards": table}, {"landmarks": landmarks}, {"landmark_partitions": len(missing)})
