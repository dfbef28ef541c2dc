"""Estimator formulas against brute force, and the trend tables' gates and determinism. Error rates are in test_null_worlds."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from scipy.optimize import minimize
from scipy.stats import false_discovery_control

from pipelines.analysis import contracts
from pipelines.analysis.calibration import WORLDS, WorldTables, simulate_world
from pipelines.analysis.origin import ChoiceSet, OriginParameters, naive_origin, origin_odds
from pipelines.analysis.parameters import params_hash
from pipelines.analysis.precedence import Adopters, KernelParameters, local_linear_theta, naive_lead, sampled
from pipelines.analysis.rates import fit_gamma_prior, posterior_mean_rates
from pipelines.analysis.timeline import Timeline, TimelineParameters, fit_timelines, pooled_shift
from pipelines.analysis.trends import TrendParameters, analyse_trends


@pytest.fixture(scope="module")
def world() -> WorldTables:
    return simulate_world(WORLDS["null_ratio_4_p_3"], 10, 3, micro_count=30, macro_count=10)


def adopters(count: int, seed: int, first_id: int = 0) -> Adopters:
    generator = np.random.default_rng(seed)
    first_with = generator.gamma(2, 36, count)
    return Adopters(
        np.arange(count) + first_id, first_with - generator.exponential(20, count), first_with, generator.normal(0, 0.4, count)
    )


def test_theta_is_the_weighted_line_through_the_pair_scores_at_equal_rate() -> None:
    lead, target = adopters(12, 1), adopters(7, 2)
    scores, distances, weights = [], [], []
    for i in range(12):
        for j in range(7):
            score = (
                1.0
                if lead.first_with[i] <= target.last_without[j]
                else -1.0
                if target.first_with[j] <= lead.last_without[i]
                else 0.0
            )
            distance = lead.log_rate[i] - target.log_rate[j]
            scores.append(score)
            distances.append(distance)
            weights.append(math.exp(-(distance**2) / (2 * 0.3**2)))
    root = np.sqrt(weights)
    line = np.linalg.lstsq(np.column_stack([np.ones(84), distances]) * root[:, None], np.array(scores) * root, rcond=None)[0]
    theta, decidable = local_linear_theta(lead, target, 0.3)
    assert theta == pytest.approx(line[0])
    assert decidable == pytest.approx(np.average(np.abs(scores), weights=weights))


def test_theta_changes_its_sign_when_the_groups_change_places() -> None:
    lead, target = adopters(12, 1), adopters(7, 2)
    assert local_linear_theta(lead, target, 0.3)[0] == pytest.approx(-local_linear_theta(target, lead, 0.3)[0])


def test_a_group_above_the_cap_is_sampled_alike_whatever_the_order_of_its_rows() -> None:
    everyone = adopters(60, 4)
    shuffled = everyone.take(np.random.default_rng(0).permutation(60))
    assert sampled(everyone, 20, 5).account.tolist() == sampled(shuffled, 20, 5).account.tolist()
    assert sampled(everyone, 20, 5).account.size == 20


def test_rates_are_shrunk_towards_their_groups_mean_and_recover_its_distribution() -> None:
    generator = np.random.default_rng(1)
    truth = generator.gamma(2.0, 0.5, 4000)
    counts = generator.poisson(truth * 30).astype(float)
    shape, rate = fit_gamma_prior(counts, np.full(4000, 30.0))
    assert shape == pytest.approx(2.0, rel=0.15)
    assert rate == pytest.approx(2.0, rel=0.15)
    found = posterior_mean_rates(counts, np.full(4000, 30.0), np.zeros(4000, dtype=np.int64))
    assert found == pytest.approx((shape + counts) / (rate + 30))


def test_an_account_without_a_window_gets_its_groups_mean_rate() -> None:
    counts, days = np.array([30.0, 60.0, 15.0, 0.0]), np.array([30.0, 30.0, 30.0, 0.0])
    rates = posterior_mean_rates(counts, days, np.zeros(4, dtype=np.int64))
    assert rates[3] == pytest.approx(35 / 30, rel=0.2)


def test_the_origin_odds_maximise_the_rank_ordered_likelihood() -> None:
    generator = np.random.default_rng(2)
    trends = [
        ChoiceSet(np.arange(30), generator.gamma(2, 36, 30), generator.normal(0, 1, 30), generator.random(30) < 0.4)
        for _ in range(12)
    ]
    rate = np.concatenate([trend.log_rate for trend in trends])
    squares = ((rate - rate.mean()) / rate.std()) ** 2

    def loss(beta: np.ndarray) -> float:
        total = 0.5e-3 * (beta[0] ** 2 + beta[1] ** 2)
        for trend in trends:
            scaled = (trend.log_rate - rate.mean()) / rate.std()
            utility = beta[0] * scaled + beta[1] * (scaled**2 - squares.mean()) / squares.std() + beta[2] * trend.is_group
            order = np.argsort(trend.adopted)
            for pick in range(5):
                total -= utility[order[pick]] - np.log(np.exp(utility[order[pick:]]).sum())
        return float(total)

    best = minimize(loss, np.zeros(3), method="BFGS").x
    assert origin_odds(trends, OriginParameters()).odds_ratio == pytest.approx(math.exp(best[2]), rel=1e-3)


def test_adopters_tied_for_first_share_the_credit() -> None:
    trend = ChoiceSet(np.arange(4), np.array([1.0, 1.0, 2.0, 3.0]), np.zeros(4), np.array([True, False, False, False]))
    naive = naive_origin([trend])
    assert (naive.first_count, naive.expected_count, naive.excess_ratio) == (0.5, 0.25, 2.0)


def test_the_naive_leads_null_is_the_lead_of_shuffled_labels() -> None:
    hours, null, p_value = naive_lead(np.arange(1.0, 41.0), np.array([60.0, 61.0]), 999, 1)
    assert hours == 59.0
    assert 0 < null < 40
    assert p_value < 0.05


def test_the_timeline_model_finds_a_planted_shift_and_its_sign() -> None:
    generator = np.random.default_rng(3)
    trends = []
    for _ in range(12):
        groups = []
        for count, delay, daily in ((40, 0.0, 1.0), (15, 30.0, 4.0)):
            group = []
            for _ in range(count):
                posts = np.sort(generator.random(generator.poisson(28 * daily)) * 672)
                later = posts[posts >= generator.gamma(2, 36) + delay]
                wait = int(generator.geometric(0.5))
                if later.size >= wait:
                    group.append(Timeline(posts, float(later[wait - 1])))
            groups.append(group)
        trends.append((groups[0], groups[1]))
    parameters = TimelineParameters()
    shift = pooled_shift(fit_timelines(trends, parameters).profiles, parameters)
    mirrored = pooled_shift(fit_timelines([(b, a) for a, b in trends], parameters).profiles, parameters)
    assert 15 < shift.hours < 45
    assert shift.p_value < 0.05
    assert -45 < mirrored.hours < -15


def test_every_trend_has_a_row_for_every_target_class_and_q_values_are_benjamini_hochberg(world: WorldTables) -> None:
    derived = analyse_trends(world.candidates, world.adoptions, world.timelines)
    for name, table in derived.items():
        assert table.schema == contracts.DERIVED[name]
    rows = derived["trend_precedence"].to_pylist()
    assert len(rows) == 3 * world.candidates.num_rows
    tested = [row for row in rows if row["target_class"] == "large_creators" and row["p_value"] is not None]
    assert [row["q_value"] for row in tested] == pytest.approx(list(false_discovery_control([row["p_value"] for row in tested])))
    assert {row["abstain_reason"] for row in rows if row["target_class"] == "media"} == {"too_few_adopters"}


def test_shuffled_rows_give_equal_tables(world: WorldTables) -> None:
    def shuffled(table: pa.Table) -> pa.Table:
        return table.take(np.random.default_rng(9).permutation(table.num_rows))

    first = analyse_trends(world.candidates, world.adoptions, world.timelines)
    second = analyse_trends(shuffled(world.candidates), shuffled(world.adoptions), shuffled(world.timelines))
    assert all(first[name].equals(second[name]) for name in first)


def test_gated_trends_have_a_reason_and_no_numbers(world: WorldTables) -> None:
    candidates = world.candidates.to_pylist()
    candidates[0]["is_left_censored"] = True
    candidates[1]["largest_day_share"] = 0.35
    table = pa.Table.from_pylist(candidates, schema=contracts.INT_TREND_CANDIDATES)
    adoptions = world.adoptions.filter(
        pc.invert(pc.and_(pc.equal(world.adoptions["trend_key"], "t0002"), pc.equal(world.adoptions["tier"], "macro")))
    )
    derived = analyse_trends(table, adoptions, world.timelines)
    rows = {row["trend_key"]: row for row in derived["trend_precedence"].to_pylist() if row["target_class"] == "large_creators"}
    assert [rows[f"t000{n}"]["abstain_reason"] for n in range(3)] == ["left_censored", "shock", "too_few_adopters"]
    for number in range(3):
        row = rows[f"t000{number}"]
        told = ["precedence_probability", "decidable_ratio", "p_value", "q_value", "shift_hours", "naive_lead_hours"]
        assert [row[name] for name in told] == [None] * 6
    finding = derived["precedence_findings"].to_pylist()[0]
    assert (finding["trend_count"], finding["abstained_count"], finding["claim"]) == (7, 3, "abstained")


def test_imputed_times_and_bots_never_enter(world: WorldTables) -> None:
    rows = world.adoptions.to_pylist()
    extra = [row | {"account_key": row["account_key"] + "x", "ts_quality": "imputed"} for row in rows]
    extra += [row | {"account_key": row["account_key"] + "y", "actor_class": "bot"} for row in rows]
    table = pa.Table.from_pylist(rows + extra, schema=contracts.INT_TREND_ADOPTIONS)
    plain = analyse_trends(world.candidates, world.adoptions, world.timelines)
    mixed = analyse_trends(world.candidates, table, world.timelines)
    assert all(plain[name].equals(mixed[name]) for name in plain)


def test_empty_input_gives_empty_precedence_and_abstaining_findings() -> None:
    empty = [
        pa.Table.from_pylist([], schema=schema)
        for schema in (contracts.INT_TREND_CANDIDATES, contracts.INT_TREND_ADOPTIONS, contracts.INT_TREND_TIMELINES)
    ]
    derived = analyse_trends(*empty)
    assert derived["trend_precedence"].num_rows == 0
    assert set(derived["precedence_findings"]["claim"].to_pylist()) == {"abstained"}
    assert set(derived["origin_odds"]["abstain_reason"].to_pylist()) == {"too_few_trends"}


def test_the_parameters_hash_changes_with_any_nested_parameter() -> None:
    changed = TrendParameters(kernel=KernelParameters(bandwidth=0.2))
    assert params_hash(TrendParameters()) == params_hash(TrendParameters())
    assert params_hash(TrendParameters()) != params_hash(changed)
