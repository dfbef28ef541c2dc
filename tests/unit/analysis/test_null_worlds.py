"""Error rates: what the estimators claim in worlds without and with a lead. Formulas are tested elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from pipelines.analysis.calibration import TREND_WORLDS, WORLDS, calibrate, simulate_world, trend_levels
from pipelines.analysis.trends import analyse_trends

NULLS = ("null_exchangeable", "null_ratio_4", "null_ratio_quarter", "null_ratio_4_p_3", "null_ratio_quarter_p_3")


def test_a_pooled_claim_is_rare_in_null_worlds_where_the_naive_number_errs() -> None:
    rows = calibrate(1, trend_count=12, names=NULLS, seed=1).to_pylist()
    claimed = sum(row["claims_lead_first"] + row["claims_target_first"] for row in rows if row["estimator"] == "both")
    assert claimed <= binom.ppf(0.999, len(NULLS), 0.05)
    naive = sum(row["claims_lead_first"] + row["claims_target_first"] for row in rows if row["estimator"] == "naive_lead_sign")
    assert naive >= 2


def test_a_planted_lead_is_claimed_with_its_sign() -> None:
    rows = {row["estimator"]: row for row in calibrate(1, trend_count=20, names=("micro_24_hours_earlier",), seed=7).to_pylist()}
    assert rows["both"]["claims_lead_first"] == 1
    assert rows["kernel"]["claims_lead_first"] == 1
    assert rows["timeline"]["claims_lead_first"] == 1


def test_per_trend_p_values_hold_their_level_in_a_null_world() -> None:
    world = simulate_world(WORLDS["null_ratio_4"], 40, 11, micro_count=40, macro_count=15)
    rows = analyse_trends(world.candidates, world.adoptions, world.timelines)["trend_precedence"].to_pylist()
    p_values = np.array([row["p_value"] for row in rows if row["p_value"] is not None])
    assert (p_values <= 0.05).sum() <= binom.ppf(0.999, p_values.size, 0.05)
    assert min(row["q_value"] for row in rows if row["q_value"] is not None) > 0.05


@pytest.mark.slow
@pytest.mark.parametrize("name", NULLS)
def test_the_claim_of_both_estimators_holds_its_level_over_many_null_worlds(name: str) -> None:
    rows = {row["estimator"]: row for row in calibrate(60, names=(name,)).to_pylist()}
    claimed = rows["both"]["claims_lead_first"] + rows["both"]["claims_target_first"]
    assert claimed <= binom.ppf(0.999, 60, 0.05)


@pytest.mark.slow
@pytest.mark.parametrize("name", TREND_WORLDS)
def test_one_trends_p_value_and_interval_hold_their_levels_over_many_null_trends(name: str) -> None:
    trends, rejected, covered = trend_levels(12, names=(name,))[name]
    # Accounts recur within a world, so trends are not independent: allow twice the binomial's excess.
    assert rejected <= trends * 0.05 + 2 * (binom.ppf(0.999, trends, 0.05) - trends * 0.05)
    assert covered >= trends * 0.9 - 2 * (trends * 0.9 - binom.ppf(0.001, trends, 0.9))
