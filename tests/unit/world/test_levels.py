"""Error rates through the whole pipeline: what is claimed in worlds without and with a lead. What is counted, and how, is tested elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from scipy.stats import binom

from pipelines.analysis.trend_pools import ClaimRule
from pipelines.analysis.trends import TARGET_CLASSES
from pipelines.world.claims import claims_metric
from pipelines.world.harness import Result, find_results
from tests.unit.world.few_draws import FEW_DRAWS

NULLS = ("W0_exchangeable", "W1_rate_confounded", "W1_rate_confounded_reversed")
LEADS = ("P1_micro_first", "W6_macro_first")
SEEDS = 12


def claims_of(results: Sequence[Result], estimator: str) -> list[int]:
    return [result.claims[claims_metric(target)][estimator] for result in results for target in TARGET_CLASSES]


@pytest.fixture(scope="module")
def worlds() -> dict[str, Result]:
    return {result.world: result for result in find_results(1, names=(*NULLS, *LEADS))}


@pytest.fixture(scope="module")
def nulls(worlds: dict[str, Result]) -> list[Result]:
    return [worlds[name] for name in NULLS]


def test_a_pooled_claim_is_rare_where_nobody_leads_and_the_naive_number_errs(nulls: list[Result]) -> None:
    claimed = claims_of(nulls, "published")
    assert sum(map(abs, claimed)) <= binom.ppf(0.999, len(claimed), 0.05)
    assert sum(map(abs, claims_of(nulls, "naive_lead_sign"))) >= 2


def test_one_trends_p_value_and_interval_hold_their_levels_where_nobody_leads(nulls: list[Result]) -> None:
    trends = sum(result.figures["trends_compared"]["published"] for result in nulls)
    rejected, covered = (
        sum(result.figures[metric]["kernel"] * result.figures["trends_compared"]["published"] for result in nulls)
        for metric in ("trend_rejections", "trend_coverage")
    )
    # Accounts recur within a world, so trends are not independent: allow twice the binomial's excess.
    assert rejected <= trends * 0.05 + 2 * (binom.ppf(0.999, trends, 0.05) - trends * 0.05)
    assert covered >= trends * 0.9 - 2 * (trends * 0.9 - binom.ppf(0.001, trends, 0.9))


def test_a_careless_level_makes_claims_where_nobody_leads() -> None:
    results = find_results(1, names=NULLS, parameters=replace(FEW_DRAWS, claims=ClaimRule(level=1.0)))
    claimed = claims_of(results, "published")
    assert sum(map(abs, claimed)) > binom.ppf(0.999, len(claimed), 0.05)


def test_a_planted_lead_is_claimed_with_its_sign_and_trend_by_trend(worlds: dict[str, Result]) -> None:
    result = worlds["P1_micro_first"]
    published = {target: result.claims[claims_metric(target)]["published"] for target in TARGET_CLASSES}
    # How fast media are by themselves is not known: of them nothing is claimed, though both estimators agree.
    assert published == {"large_creators": 1, "mid_creators": 1, "media": 0}
    for estimator in ("kernel", "timeline", "both_tests"):
        assert set(claims_of([result], estimator)) == {1}
    assert result.claims["claims_media"]["shift_alone"] == 1
    assert result.figures["trend_false_discovery"]["published"] == 0
    assert result.figures["trend_power"]["published"] > 0.1


def test_large_creators_who_lead_are_never_said_to_follow(worlds: dict[str, Result]) -> None:
    result = worlds["W6_macro_first"]
    assert result.claims["claims_large_creators"]["published"] == -1
    assert result.claims["origin_micro"]["published"] <= 0


@pytest.mark.slow
@pytest.mark.parametrize("name", [*NULLS, "W4_left_truncated", "W9_growth_only", "W13_stable_niches"])
def test_the_published_claims_hold_their_level_over_many_worlds_where_nobody_leads(name: str) -> None:
    results = find_results(SEEDS, names=[name], first_seed=101)
    for target in TARGET_CLASSES:
        claimed = sum(abs(result.claims[claims_metric(target)]["published"]) for result in results)
        assert claimed <= binom.ppf(0.999, SEEDS, 0.05)
