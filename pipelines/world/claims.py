"""What the tables of one trial claim, by the published estimator, its parts and the naive baselines, and how often they are right. Runs no world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.stats import binomtest

from pipelines.analysis.origin import first_share, naive_origin, two_sided_normal_p
from pipelines.analysis.trend_pools import EVERY_PERIOD, ClaimRule
from pipelines.analysis.trend_rows import HASHTAG, MAINSTREAM, MEDIA, TIERS
from pipelines.analysis.trends import LEAD_CLASS, TARGET_CLASSES, TrendParameters, analyse_trends
from pipelines.world.calibration_rows import LEAD_FIRST, PUBLISHED, TARGET_FIRST
from pipelines.world.trial import Trial, TrueTrend
from pipelines.world.warehouse import EXCHANGED

LEVEL: Final = 0.05
"""Two-sided level of every claim."""
LARGE: Final = "large_creators"
_SIDES: Final = {LEAD_FIRST: 1, TARGET_FIRST: -1}
_SPOKEN: Final = (HASHTAG, "phrase")
Numbers = dict[str, dict[str, Any]]


def claims_metric(target: str, unit_type: str = HASHTAG) -> str:
    """Name of the metric of claims about micro creators and a target class, in trends of a type of unit; hashtags are not named."""
    return f"claims_{target}" if unit_type == HASHTAG else f"claims_{target}_{unit_type}"


def origin_metric(unit_type: str = HASHTAG) -> str:
    """Name of the metric of claims about the origin of trends of a type of unit; hashtags are not named."""
    return "origin_micro" if unit_type == HASHTAG else f"origin_micro_{unit_type}"


def targets_of(unit_type: str) -> tuple[str, ...]:
    """Target classes that can take up trends of a type of unit: what a world's outlets print names hashtags and phrases alone."""
    return TARGET_CLASSES if unit_type in _SPOKEN else tuple(target for target in TARGET_CLASSES if target != MEDIA)


def _side(p_value: float | None, excess: float) -> int:
    return int(np.sign(excess)) if p_value is not None and p_value <= LEVEL else 0


def _sign_test(ahead: int, behind: int) -> int:
    return _side(float(binomtest(ahead, ahead + behind).pvalue), ahead - behind) if ahead + behind else 0


def claims(trial: Trial, parameters: TrendParameters | None = None) -> Numbers:
    """Who is claimed to be first: 1 micro creators, -1 the others, 0 nobody; by metric (of each type of unit) and estimator.

    ``published`` is what the marts say (the pooled claim; origin odds by their q-value), ``odds_p`` what their p-value alone would,
    ``kernel`` and ``timeline`` each of the two estimators at its own 5%, ``both_tests`` with both at 5%; of outlets, of whom no direction
    is published, ``shift_alone`` what would be; and the naive ones what most dashboards show: ``naive_lead_sign``
    (in most trends the first of one side comes before the first of the other), ``naive_first`` (in most trends the first of all is a
    micro creator), ``naive_origin_excess`` (micro creators are first more often than their share of adopters), and, where accounts grow
    with what they were early in, ``latest_tier`` (the same analysis with the tiers that accounts have at the end).

    Args:
        trial: The trial.
        parameters: Of its analysis; defaults when None.
    """
    found: Numbers = {}
    for unit_type in trial.unit_types:
        found |= _claims_of(trial, unit_type, (parameters or TrendParameters()).claims)
    if trial.is_growing_when_early:
        found[claims_metric(LARGE)]["latest_tier"] = _with_latest_tiers(trial, parameters)
    return found


def _claims_of(trial: Trial, unit_type: str, rule: ClaimRule) -> Numbers:
    found: Numbers = {}
    ripples, odds = (trial.published[name] for name in ("ripple_effects", "origin_by_tier"))
    ripples, odds = (table.filter(pc.equal(table["unit_type"], unit_type)) for table in (ripples, odds))
    findings = {
        row["target_class"]: row
        for row in trial.derived["precedence_findings"].to_pylist()
        if (row["unit_type"], row["period"], row["lead_class"]) == (unit_type, EVERY_PERIOD, LEAD_CLASS)
    }
    for target in targets_of(unit_type):
        rows = ripples.filter(pc.equal(ripples["target_class"], target))
        claim = next(iter(rows["pooled_claim"].to_pylist()), "none")
        leads = np.asarray(rows["naive_lead_hours"].drop_null().to_numpy(), dtype=np.float64)
        pooled = findings[target]
        kernel = _side(pooled["kernel_p_value"], (pooled["precedence_probability"] or 0.5) - 0.5)
        shift_p_value, shift_hours = pooled["timeline_p_value"], pooled["shift_hours"] or 0.0
        shift = 0
        if shift_p_value is not None:
            shift = _side(rule.shift_p_value_of(shift_p_value, pooled["use_chance_p_value"]), shift_hours)
        found[claims_metric(target, unit_type)] = {
            PUBLISHED: _SIDES.get(claim, 0),
            "kernel": kernel,
            "timeline": _side(shift_p_value, shift_hours),
            **({"shift_alone": shift} if target == MEDIA else {}),
            "both_tests": shift if shift == kernel else 0,
            "naive_lead_sign": _sign_test(int((leads > 0).sum()), int((leads < 0).sum())),
        }
    micro = next((row for row in odds.to_pylist() if (row["period"], row["tier"]) == (EVERY_PERIOD, LEAD_CLASS)), None)
    found[origin_metric(unit_type)] = {
        PUBLISHED: _side(micro["q_value"], (micro["odds_ratio"] or 1.0) - 1) if micro else 0,
        "odds_p": _side(micro["p_value"], (micro["odds_ratio"] or 1.0) - 1) if micro else 0,
        **_naive_origins(trial, unit_type),
    }
    return found


def _naive_origins(trial: Trial, unit_type: str) -> dict[str, int]:
    trends, adoptions = trial.published["trends"], trial.published["trend_adoptions"]
    trends = trends.filter(pc.equal(trends["unit_type"], unit_type))
    usable = trends.filter(pc.and_(pc.invert(trends["is_left_censored"]), pc.invert(trends["is_in_use_before"])))
    is_known = pc.and_(
        pc.is_in(adoptions["trend_key"], value_set=usable["trend_key"].combine_chunks()), adoptions["tier"].is_valid()
    )
    adoptions = adoptions.filter(pc.and_(is_known, pc.invert(pc.is_in(adoptions["actor_class"], value_set=pa.array(MAINSTREAM)))))
    keys = adoptions["trend_key"].to_numpy()
    hours = adoptions["adopted_at"].cast(pa.int64()).to_numpy().astype(np.float64)
    is_micro = ~np.isin(adoptions["tier"].to_numpy().astype(str), TIERS[1:])
    firsts, shares = [], []
    for key in np.unique(keys):
        rows = keys == key
        firsts.append(first_share(hours[rows], is_micro[rows]))
        shares.append(float(is_micro[rows].mean()))
    first, share = np.array(firsts), np.array(shares)
    mixed = (share > 0) & (share < 1)
    score = naive_origin(first[mixed], share[mixed]).z_score
    return {
        "naive_first": _sign_test(int((first > 0.5).sum()), int((first < 0.5).sum())),
        "naive_origin_excess": _side(two_sided_normal_p(score), score),
    }


def _with_latest_tiers(trial: Trial, parameters: TrendParameters | None) -> int:
    creators = trial.published["creators"]
    latest = dict(zip(creators["creator_key"].to_pylist(), creators["tier_at_last_post"].to_pylist(), strict=True))
    candidates, adoptions, timelines = (trial.exchanged[name] for name in EXCHANGED)
    rows = zip(adoptions["account_key"].to_pylist(), adoptions["tier_at_birth"].to_pylist(), strict=True)
    tiers = pa.array([latest.get(key, tier) for key, tier in rows], pa.string())
    adoptions = adoptions.set_column(
        adoptions.schema.get_field_index("tier_at_birth"), adoptions.schema.field("tier_at_birth"), tiers
    )
    findings = analyse_trends(candidates, adoptions, timelines, parameters)["precedence_findings"].to_pylist()
    wanted = (HASHTAG, EVERY_PERIOD, LARGE)
    claim = next(row["claim"] for row in findings if (row["unit_type"], row["period"], row["target_class"]) == wanted)
    return _SIDES.get(claim, 0)


def trend_figures(trial: Trial) -> Numbers:
    """How right single trends are, and how many were compared; by metric and estimator, None where a trial says nothing of it.

    ``trend_false_discovery`` is the share of false ones among claims of single trends (0 where there is no claim), ``trend_power`` the
    share of the trends with a true lead that are claimed; ``published`` claims by evidence level, ``kernel`` by its q-value
    alone, in both directions. ``trend_rejections`` and ``trend_coverage`` are, of trends in which nobody leads, the share with a
    p-value of at most 0.05 and with 0.5 inside the 90% interval. Names with ``_media`` are of outlets, the others of large creators.

    Args:
        trial: The trial.
    """
    found: Numbers = {}
    for target, suffix in ((LARGE, ""), ("media", "_media")):
        rows = [row for row in trial.published["ripple_effects"].to_pylist() if row["target_class"] == target]
        told = [row for row in rows if row["abstain_reason"] is None]
        truths = np.array([_truth(trial.truth, row["trend_key"], target) for row in told], dtype=np.int64)
        evident = np.array([row["evidence_level"] == 1 for row in told], dtype=np.int64)
        sides = [_SIDES[LEAD_FIRST] if row["precedence_probability"] > 0.5 else _SIDES[TARGET_FIRST] for row in told]
        tested = np.array([side if row["q_value"] < LEVEL else 0 for side, row in zip(sides, told, strict=True)], dtype=np.int64)
        for estimator, claimed in ((PUBLISHED, evident), ("kernel", tested)):
            is_true = truths == 1
            found.setdefault(f"trend_false_discovery{suffix}", {})[estimator] = _share((claimed != truths)[claimed != 0], 0.0)
            found.setdefault(f"trend_power{suffix}", {})[estimator] = _share((claimed == 1)[is_true])
        idle = [row for row, truth in zip(told, truths, strict=True) if truth == 0]
        found[f"trend_rejections{suffix}"] = {"kernel": _share(np.array([row["p_value"] <= LEVEL for row in idle]))}
        covered = np.array([row["precedence_low"] <= 0.5 <= row["precedence_high"] for row in idle])
        found[f"trend_coverage{suffix}"] = {"kernel": _share(covered)}
        found[f"trends_compared{suffix}"] = {PUBLISHED: float(len(told))}
        found[f"trends_abstained{suffix}"] = {PUBLISHED: float(len(rows) - len(told))}
    return found


def _truth(truth: Mapping[str, TrueTrend], key: str, target: str) -> int:
    """Who leads in a trend; nobody where nothing was planted."""
    planted = truth.get(key)
    return 0 if planted is None else _SIDES.get(planted.media if target == "media" else planted.large, 0)


def _share(flags: Any, empty: float | None = None) -> float | None:
    return float(flags.mean()) if flags.size else empty
