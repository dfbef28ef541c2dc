"""Hazard ratios of what was known on the landmark day: who is at risk, what enters, and how often there is a claim where there is nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pytest

from pipelines.analysis.adoption_hazards import (
    COVARIATES,
    AtRisk,
    HazardParameters,
    analyse_hazards,
    estimate,
    hazard_rows,
    trends_at_risk,
)
from pipelines.analysis.adoption_survival import TARGETS, first_adoptions
from pipelines.analysis.contracts import DERIVED, STATE
from pipelines.analysis.increments import Partition
from pipelines.analysis.mainstream_rows import Beside
from pipelines.analysis.trend_shapes import ShapeTables
from pipelines.world.calibration_rows import upper_bound
from tests.bench.hazards import NULLS, PLANTED, claims, in_time, recovered, too_late
from tests.unit.analysis.hazard_world import HazardWorld, at_risk, draw
from tests.unit.analysis.test_landmarks import adoption, candidate, tables

PARAMETERS: Final = HazardParameters()
PLACE: Final = {each.name: place for place, each in enumerate(COVARIATES)}


def landmark(key: str, **values: Any) -> dict[str, Any]:
    return {
        "trend_key": key, "birth_week": 1, "main_platform": "x", "origin_niche_id": None, "adopter_count": 40, "insider_share": 0.2,
        "niche_diversity": 2.0, "platform_count": 2, "niche_count": 3, "structural_virality": None,
    } | values  # fmt: skip


def trend(key: str, first: float | None = None, **values: Any) -> dict[str, Any]:
    return {
        "trend_key": key, "target_class": "media", "gate": None, "window_days": 40.0, "first_low_days": first, "first_high_days": first,
        "first_seen_days": first, "first_large_days": None,
    } | values  # fmt: skip


def rows_of(seed: int, count: int = 160) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Trends of which those with many adopters are taken up sooner."""
    rng = np.random.default_rng(seed)
    landmarks, trends = [], []
    for place in range(count):
        adopters = int(20 * 2 ** rng.uniform(0, 3))
        landmarks.append(
            landmark(
                f"t{place:03d}",
                birth_week=place % 15,
                origin_niche_id=f"n{place % 8}" if place % 9 else None,
                main_platform="xyz"[place % 3],
                adopter_count=adopters,
                insider_share=float(rng.uniform(0, 0.5)),
                niche_diversity=float(rng.uniform(1, 4)),
                platform_count=int(rng.integers(1, 5)),
                niche_count=int(rng.integers(1, 9)),
            )
        )
        first = 14 + rng.exponential(120 / adopters**0.8 * 10)
        trends.append(trend(f"t{place:03d}", first if first < 40 else None))
    return landmarks, trends


def test_every_trend_is_at_risk_or_is_counted_under_one_reason() -> None:
    trends = [
        trend("soon", 14.0), trend("after", 20.0), trend("never"), trend("short", window_days=14.0), trend("old", gate="left_censored"),
        trend("before", -1.0), trend("undated", first_low_days=None, first_seen_days=20.0), trend("small", 30.0), trend("none yet", 3.0),
    ]  # fmt: skip
    landmarks = [landmark(row["trend_key"], adopter_count=19 if row["trend_key"] == "small" else 20) for row in trends]
    found, counts = trends_at_risk(landmarks, first_adoptions(trends, ["media"]), PARAMETERS)
    assert counts == {"excluded_count": 3, "ended_count": 3, "small_count": 1}
    assert found.time.tolist() == [6.0, 26.0]
    assert found.is_event.tolist() == [True, False]
    assert found.covariates[0, PLACE["insider_share"]] == pytest.approx(2.0)
    assert found.covariates[0, PLACE["adopter_count"]] == pytest.approx(np.log2(20))


def test_origins_that_are_not_known_are_weeks() -> None:
    landmarks = [
        landmark("a", origin_niche_id="n"),
        landmark("b", birth_week=4),
        landmark("c", birth_week=5),
        landmark("d", birth_week=5),
    ]
    found, _ = trends_at_risk(landmarks, first_adoptions([trend(key) for key in "abcd"], ["media"]), PARAMETERS)
    assert len(set(found.origin.tolist())) == 3
    assert found.origin[2] == found.origin[3]


def test_there_is_a_row_for_each_class_and_covariate_and_none_hangs_on_the_order_of_trends() -> None:
    landmarks, trends = rows_of(1)
    found = hazard_rows(landmarks, trends, PARAMETERS)
    assert [(row["target_class"], row["covariate"]) for row in found] == [
        (name, each.name) for name in TARGETS for each in COVARIATES
    ]
    assert hazard_rows(landmarks[::-1], trends[::-1], PARAMETERS) == found
    told = {row["covariate"]: row for row in found if row["hazard_ratio"] is not None}
    adopters = told["adopter_count"]
    assert adopters["hazard_ratio_low"] > 1
    assert adopters["p_value"] <= adopters["q_value"] < 0.05
    assert told.keys() <= set(PLACE)
    reasons = {row["covariate"]: row["abstain_reason"] for row in found if row["target_class"] == "media"}
    assert reasons["structural_virality"] == "rarely_known"
    assert {row["abstain_reason"] for row in found if row["target_class"] == "large_creators"} <= {
        "too_few_events",
        "rarely_known",
    }


def test_covariates_enter_in_their_order_as_far_as_events_allow() -> None:
    whole = at_risk(draw(HazardWorld(hazard=0.004), 3))
    model = estimate(whole, PARAMETERS)
    room = model.event_count // 10
    assert 0 < room < 5
    assert sorted(model.estimates) == list(range(room))
    assert {model.reasons[place] for place in range(room, 6)} == {"too_few_events"}
    nothing = replace(whole, is_event=np.zeros_like(whole.is_event))
    assert set(estimate(nothing, PARAMETERS).reasons.values()) == {"too_few_events"}


def changed(whole: AtRisk, name: str, values: Any) -> AtRisk:
    x = whole.covariates.copy()
    x[:, PLACE[name]] = values
    return replace(whole, covariates=x)


def test_what_is_rarely_known_is_left_out_and_the_others_are_told() -> None:
    whole = at_risk(draw(HazardWorld(virality_known_share=1.0), 2))
    half = np.where(np.arange(whole.time.size) % 2, 3.0, np.nan)
    model = estimate(changed(whole, "insider_share", half), PARAMETERS)
    assert model.reasons[PLACE["insider_share"]] == "rarely_known"
    assert PLACE["adopter_count"] in model.estimates
    assert model.trend_count == whole.time.size


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        (lambda whole: changed(whole, "insider_share", 2.0), "no_variation"),
        (lambda whole: changed(whole, "insider_share", 2 * whole.covariates[:, 0] + 1), "collinear"),
        (lambda whole: replace(whole, week=whole.week % 5), "too_few_clusters"),
        (lambda whole: replace(whole, origin=whole.origin % 5), "too_few_clusters"),
        (lambda whole: changed(whole, "insider_share", np.where(whole.is_event, 1.0, 0.0)), "no_estimate"),
    ],
)
def test_what_cannot_be_told_has_its_reason(spoilt: Callable[[AtRisk], AtRisk], reason: str) -> None:
    model = estimate(spoilt(at_risk(draw(HazardWorld(), 2))), PARAMETERS)
    assert model.reasons[PLACE["insider_share"]] == reason


def test_of_few_trends_nothing_is_told() -> None:
    model = estimate(at_risk(draw(HazardWorld(trend_count=40), 2)), PARAMETERS)
    assert set(model.reasons.values()) == {"too_few_trends"}
    landmarks, trends = [landmark("a")], [trend("a", 20.0)]
    assert {row["abstain_reason"] for row in hazard_rows(landmarks, trends, PARAMETERS)} == {"too_few_trends", "rarely_known"}
    assert len(hazard_rows([], [], PARAMETERS)) == 18


def test_a_platform_on_which_everything_is_larger_and_sooner_makes_no_ratio() -> None:
    rng, count = np.random.default_rng(5), 400
    platform = np.repeat([0, 1], count // 2)
    x = np.tile([np.nan] * 6, (count, 1))
    x[:, 0] = 5 + 2 * platform + 0.5 * rng.normal(size=count)
    time = rng.exponential(np.where(platform == 1, 20.0, 80.0))
    clusters = np.arange(count) % 20
    made = AtRisk(np.minimum(time, 46.0), time <= 46, x, platform, clusters, clusters)
    assert estimate(made, PARAMETERS).estimates[0].p_value > 0.05
    assert estimate(replace(made, stratum=np.zeros_like(platform)), PARAMETERS).estimates[0].p_value < 0.001


def test_months_that_did_not_change_are_not_loaded_and_the_table_is_the_same() -> None:
    made = tables([adoption(f"a{place}", place) for place in range(12)], [candidate()])
    loads = []

    def load() -> ShapeTables:
        loads.append(1)
        return made

    states = pa.Table.from_pylist([_stored_trend(target) for target in ("brand", "media")], STATE["mainstream_trends"])
    assignments, parents = DERIVED["niche_assignments"].empty_table(), DERIVED["trend_parents"].empty_table()
    july = date(2026, 7, 1)
    first = analyse_hazards({"2026-07": Partition("one", load)}, states, Beside({}, {}), assignments, {}, parents, {})
    again = analyse_hazards(
        {"2026-07": Partition("one", load)}, states, Beside({}, {}), assignments, {}, parents, {}, stored=first.state
    )
    assert (len(loads), again.computed) == (1, {"landmark_partitions": 0})
    assert again.tables["adoption_hazards"].equals(first.tables["adoption_hazards"])
    assert first.tables["adoption_hazards"].schema.equals(DERIVED["adoption_hazards"])
    analyse_hazards(
        {"2026-07": Partition("one", load)}, states, Beside({}, {}), assignments, {}, parents, {july: "other"}, stored=first.state
    )
    analyse_hazards(
        {"2026-07": Partition("one", load)},
        states,
        Beside({}, {}, {july: "other"}),
        assignments,
        {},
        parents,
        {},
        stored=first.state,
    )
    assert len(loads) == 3


def _stored_trend(target: str) -> dict[str, Any]:
    listed: dict[str, list[Any]] = {
        name: [] for name in STATE["mainstream_trends"].names if name.startswith("credit_") or name.endswith("_hours")
    }
    counted = dict.fromkeys(
        ("item_count", "undated_item_count", "outlet_count", "syndication_group_count", "late_credit_count"), 0
    )
    return listed | counted | {
        "trend_key": "t", "target_class": target, "partition_key": "k", "partition_hash": "h", "period": "2026-07",
        "born_at": candidate()["born_at"], "window_days": 60.0, "origin_class": "micro", "birth_early_days": 0.0,
    }  # fmt: skip


def test_trends_that_hang_together_make_no_claims_and_naive_estimators_do() -> None:
    world, seeds = NULLS["both differ"], range(1, 31)
    found = claims(world, seeds, in_time) | claims(world, seeds, too_late)
    for name, each in found.items():
        print(
            f"{name}: claims in {each.claimed} of {each.told} null worlds, upper 95% bound {upper_bound(each.claimed, each.told):.3f}"
        )
    assert found["published"].claimed <= 4
    assert found["plain variance"].small_share > 2 * found["published"].small_share
    assert found["covariates at the adoption"].claimed >= 24


def test_planted_ratios_are_found_without_bias() -> None:
    for row in recovered(PLANTED["independent"], range(1, 31)):
        print(row)
        assert row["mean"] == pytest.approx(row["truth"], rel=0.25)
        assert row["coverage"] >= 0.88
