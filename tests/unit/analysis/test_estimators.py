"""Kernel, rates, naive numbers and origin odds against brute force and under symmetries. Timelines, tables and error rates are elsewhere."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import binomtest

from pipelines.analysis.increments import text_words
from pipelines.analysis.origin import (
    ChoiceSet,
    OriginOdds,
    OriginParameters,
    choice_set,
    first_share,
    most_cautious,
    naive_origin,
    opportunities,
    origin_end,
    origin_odds,
)
from pipelines.analysis.parameters import params_hash
from pipelines.analysis.post_times import PostTimes
from pipelines.analysis.precedence import (
    Adopters,
    KernelParameters,
    account_weights,
    local_linear_theta,
    naive_lead,
    pair_forms,
    pooled_precedence,
    resampled_p,
    resampled_sums,
    sampled,
    spread_p,
    stable_seed,
    studentised,
    trend_precedence,
    two_sided_p,
)
from pipelines.analysis.rates import fit_gamma_prior, posterior_mean_rates, rounded_prior
from pipelines.analysis.trends import TrendParameters

QUICK = KernelParameters(permutation_count=99, bootstrap_count=50)


def adopters(count: int, seed: int, lead_hours: float = 0.0) -> Adopters:
    generator = np.random.default_rng(seed)
    first_with = generator.gamma(2, 36, count) - lead_hours
    accounts = text_words(f"{seed}-{number}" for number in range(count))
    return Adopters(accounts, first_with - generator.exponential(20, count), first_with, generator.normal(0, 0.4, count))


def test_theta_is_the_weighted_line_through_the_pair_scores_at_equal_rate() -> None:
    lead, target = adopters(12, 1), adopters(7, 2)
    scores, distances, weights = [], [], []
    for i in range(12):
        for j in range(7):
            ahead, behind = lead.first_with[i] <= target.last_without[j], target.first_with[j] <= lead.last_without[i]
            distance = lead.log_rate[i] - target.log_rate[j]
            scores.append(float(ahead) - float(behind))
            distances.append(distance)
            weights.append(math.exp(-(distance**2) / (2 * 0.3**2)))
    root = np.sqrt(weights)
    line = np.linalg.lstsq(np.column_stack([np.ones(84), distances]) * root[:, None], np.array(scores) * root, rcond=None)[0]
    theta, decidable = local_linear_theta(lead, target, 0.3)
    assert theta == pytest.approx(line[0])
    assert decidable == pytest.approx(np.average(np.abs(scores), weights=weights))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), hours=st.integers(-500, 500))
def test_a_trends_estimate_does_not_change_with_the_order_of_accounts_or_the_origin_of_time(seed: int, hours: int) -> None:
    lead, target = adopters(11, 2 * seed), adopters(8, 2 * seed + 1)
    generator = np.random.default_rng(seed)
    moved = [
        Adopters(side.account, side.last_without + hours, side.first_with + hours, side.log_rate).take(
            generator.permutation(side.account.size)
        )
        for side in (lead, target)
    ]
    first, second = trend_precedence(lead, target, QUICK, 5), trend_precedence(moved[0], moved[1], QUICK, 5)
    assert first.theta == pytest.approx(second.theta, abs=1e-9, nan_ok=True)
    assert first.p_value == pytest.approx(second.p_value, nan_ok=True)
    assert first.account_thetas == pytest.approx(second.account_thetas, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_groups_that_change_places_change_the_sign(seed: int) -> None:
    lead, target = adopters(11, 2 * seed), adopters(8, 2 * seed + 1)
    one, other = trend_precedence(lead, target, QUICK, 5), trend_precedence(target, lead, QUICK, 5)
    assert one.theta == pytest.approx(-other.theta, abs=1e-9, nan_ok=True)
    assert one.decidable == pytest.approx(other.decidable, nan_ok=True)
    assert one.account_thetas == pytest.approx(-other.account_thetas, abs=1e-9)
    assert one.probability == pytest.approx(1 - other.probability, nan_ok=True)


def test_a_clear_lead_has_a_small_p_value_and_an_interval_above_one_half() -> None:
    found = trend_precedence(adopters(40, 1, lead_hours=60), adopters(20, 2), KernelParameters(), 3)
    assert found.p_value < 0.01
    assert 0.5 < found.low < found.probability <= found.high <= 1


def test_the_studentised_error_is_near_the_jackknife_over_accounts() -> None:
    lead, target = adopters(40, 3), adopters(30, 4)
    both = Adopters(*(np.concatenate(pair) for pair in zip(vars(lead).values(), vars(target).values(), strict=True)))
    found = studentised(pair_forms(both, both, 0.3)[:5], (np.arange(70) < 40)[None, :])
    assert found.theta[0] == pytest.approx(local_linear_theta(lead, target, 0.3)[0])
    variance = 0.0
    for side, count in ((0, 40), (1, 30)):
        thetas = []
        for left_out in range(count):
            groups = [lead, target]
            groups[side] = groups[side].take(np.delete(np.arange(count), left_out))
            thetas.append(local_linear_theta(groups[0], groups[1], 0.3)[0])
        variance += (count - 1) / count * ((np.array(thetas) - np.mean(thetas)) ** 2).sum()
    assert found.error[0] == pytest.approx(variance**0.5, rel=0.15)


def test_a_group_above_the_cap_is_sampled_alike_whatever_the_order_of_its_rows() -> None:
    everyone = adopters(60, 4)
    shuffled = everyone.take(np.random.default_rng(0).permutation(60))
    assert sampled(everyone, 20, 5).account.tolist() == sampled(shuffled, 20, 5).account.tolist()
    assert sampled(everyone, 20, 5).account.size == 20


def test_an_account_has_the_same_exponential_weights_in_every_trend() -> None:
    accounts = text_words(f"account {number}" for number in range(500))
    weights = account_weights(accounts, KernelParameters())
    assert np.array_equal(weights[:, 100:110], account_weights(accounts[100:110], KernelParameters()))
    assert weights.mean() == pytest.approx(1, abs=0.02)
    assert weights.std() == pytest.approx(1, abs=0.02)
    assert abs(np.corrcoef(weights[:, 0], weights[:, 1])[0, 1]) < 0.2


def test_a_seed_depends_on_its_parts_alone() -> None:
    assert stable_seed(1, "trend", "micro") == stable_seed(1, "trend", "micro")
    assert len({stable_seed(1, "trend", "micro"), stable_seed(2, "trend", "micro"), stable_seed(1, "trendm", "icro")}) == 3


def test_resampled_sums_draw_as_many_trends_as_there_are() -> None:
    sums = resampled_sums(np.column_stack([np.ones(7), np.arange(7)]), 250, 3)
    assert sums.shape == (250, 2)
    assert sums[:, 0].tolist() == [7.0] * 250
    assert sums[:, 1].mean() == pytest.approx(21, abs=1)


def test_a_bootstrap_p_value_is_two_sided_and_splits_ties() -> None:
    assert two_sided_p(np.array([-1.0] * 5 + [1.0] * 94)) == pytest.approx(2 * 6 / 100)
    assert two_sided_p(np.array([0.0] * 10 + [1.0] * 89)) == pytest.approx(2 * 6 / 100)


def test_where_no_resample_lies_beyond_zero_the_spread_tells_how_small_a_p_value_is() -> None:
    resamples = np.random.default_rng(4).normal(6.0, 1.0, 400)
    crossing = np.append(resamples, -0.1)
    assert resampled_p(crossing) == two_sided_p(crossing) == pytest.approx(4 / 402)
    assert resampled_p(resamples) == pytest.approx(spread_p(resamples.mean(), resamples.std()))
    assert resampled_p(resamples) < 1e-6 < resampled_p(resamples, 8) < two_sided_p(resamples)
    # A wide spread says no more than counting does.
    wide = np.array([0.1] * 60 + [30.0])
    assert resampled_p(wide) == two_sided_p(wide) == pytest.approx(2 / 62)
    assert resampled_p(-resamples) == resampled_p(resamples)
    assert resampled_p(np.zeros(9)) == resampled_p(np.full(9, np.nan)) == spread_p(1.0, 0.0) == 1.0


def test_a_plain_lead_is_sure_enough_for_a_level_that_the_pairs_of_six_niches_share() -> None:
    generator, parameters = np.random.default_rng(5), KernelParameters()
    theta = 0.4 + generator.normal(0, 0.05, 9)
    accounts = theta[:, None] + generator.normal(0, 0.05, (9, parameters.bootstrap_count))
    assert pooled_precedence(theta, np.full(9, 0.8), accounts, parameters).p_value < 0.05 / math.comb(6, 2)


def test_the_pooled_probability_is_mean_theta_over_mean_decidable_share_and_mirrors_with_the_sign() -> None:
    generator = np.random.default_rng(1)
    theta, decidable = generator.normal(0.1, 0.1, 20), generator.uniform(0.4, 0.8, 20)
    replicates = theta[:, None] + generator.normal(0, 0.05, (20, 400))
    found = pooled_precedence(theta, decidable, replicates, KernelParameters())
    mirrored = pooled_precedence(-theta, decidable, -replicates, KernelParameters())
    assert found.probability == pytest.approx(0.5 + theta.mean() / (2 * decidable.mean()))
    assert (mirrored.probability, mirrored.low, mirrored.high) == pytest.approx(
        (1 - found.probability, 1 - found.high, 1 - found.low)
    )
    assert mirrored.p_value == found.p_value < 0.05


def test_rates_are_shrunk_towards_their_groups_mean_and_recover_its_distribution() -> None:
    generator = np.random.default_rng(1)
    truth = generator.gamma(2.0, 0.5, 4000)
    counts = generator.poisson(truth * 30).astype(float)
    shape, rate = fit_gamma_prior(counts, np.full(4000, 30.0))
    assert shape == pytest.approx(2.0, rel=0.15)
    assert rate == pytest.approx(2.0, rel=0.15)
    found = posterior_mean_rates(counts, np.full(4000, 30.0), (shape, rate))
    assert found == pytest.approx((shape + counts) / (rate + 30))
    order = generator.permutation(4000)
    assert fit_gamma_prior(counts[order], np.full(4000, 30.0)) == (shape, rate)


def test_an_account_without_a_window_gets_its_groups_mean_rate() -> None:
    counts, days = np.array([30.0, 60.0, 15.0, 0.0]), np.array([30.0, 30.0, 30.0, 0.0])
    rates = posterior_mean_rates(counts, days, fit_gamma_prior(counts, days))
    assert rates[3] == pytest.approx(35 / 30, rel=0.2)


@given(shape=st.floats(0.01, 1000), rate=st.floats(0.01, 1000))
def test_a_rounded_prior_is_within_three_percent_and_rounds_to_itself(shape: float, rate: float) -> None:
    found = rounded_prior(shape, rate)
    assert found == pytest.approx((shape, rate), rel=0.03)
    assert rounded_prior(*found) == pytest.approx(found, rel=1e-12)


@given(lead=st.lists(st.integers(0, 30), min_size=1, max_size=4), target=st.lists(st.integers(0, 30), min_size=1, max_size=4))
def test_the_naive_leads_null_is_that_of_all_ways_to_label_the_adopters(lead: list[int], target: list[int]) -> None:
    times = np.array(lead + target, dtype=float)
    leads = []
    for chosen in combinations(range(times.size), len(lead)):
        inside = np.isin(np.arange(times.size), chosen)
        leads.append(times[~inside].min() - times[inside].min())
    hours, middle, p_value = naive_lead(np.array(lead, dtype=float), np.array(target, dtype=float))
    assert hours == min(target) - min(lead)
    assert middle == pytest.approx(np.median(leads))
    above, below = np.mean(np.array(leads) >= hours), np.mean(np.array(leads) <= hours)
    assert p_value == pytest.approx(min(1.0, 2 * min(above, below)))
    assert naive_lead(np.array(target, dtype=float), np.array(lead, dtype=float)) == pytest.approx((-hours, -middle, p_value))


def choices(count: int, seed: int, adopter_count: int = 30) -> list[ChoiceSet]:
    generator = np.random.default_rng(seed)
    accounts = text_words(f"a{number}" for number in range(adopter_count))
    return [
        ChoiceSet(
            accounts,
            generator.gamma(2, 36, adopter_count),
            generator.normal(0, 1, adopter_count),
            generator.uniform(0.2, 1, adopter_count),
            generator.random(adopter_count) < 0.4,
            np.ones(adopter_count),
        )
        for _ in range(count)
    ]


def test_the_origin_odds_maximise_the_rank_ordered_likelihood() -> None:
    trends = choices(12, 2)
    # Who is first sets the clock and is no pick.
    rate = np.concatenate([np.delete(trend.log_rate, trend.adopted.argmin()) for trend in trends])
    squares = ((rate - rate.mean()) / rate.std()) ** 2

    def loss(beta: np.ndarray) -> float:
        total = 0.5e-3 * (beta[0] ** 2 + beta[1] ** 2)
        for trend in trends:
            scaled = (trend.log_rate - rate.mean()) / rate.std()
            utility = beta[0] * scaled + beta[1] * (scaled**2 - squares.mean()) / squares.std() + beta[2] * trend.is_group
            utility = utility + np.log(trend.opportunity)
            order = np.argsort(trend.adopted)
            for pick in range(1, 6):
                total -= utility[order[pick]] - np.log(np.exp(utility[order[pick:]]).sum())
        return float(total)

    best = minimize(loss, np.zeros(3), method="BFGS").x
    assert origin_odds(trends, OriginParameters()).odds_ratio == pytest.approx(math.exp(best[2]), rel=1e-3)


def test_the_odds_of_a_group_are_the_inverse_of_those_of_all_others() -> None:
    trends = choices(12, 3)
    others = [replace(t, is_group=~t.is_group) for t in trends]
    found, mirrored = origin_odds(trends, OriginParameters()), origin_odds(others, OriginParameters())
    assert mirrored.odds_ratio == pytest.approx(1 / found.odds_ratio, rel=1e-6)
    assert mirrored.p_value == pytest.approx(found.p_value, rel=1e-6)


def test_origin_odds_do_not_change_with_the_origin_of_time() -> None:
    trends = choices(12, 4)
    later = [replace(t, adopted=t.adopted + 1000) for t in trends]
    assert origin_odds(later, OriginParameters()) == origin_odds(trends, OriginParameters())


def test_a_sample_of_later_adopters_stands_for_all_of_them_and_gives_like_odds() -> None:
    parameters = OriginParameters(alternative_cap=150)
    whole, part = choices(20, 5, adopter_count=600), []
    for index, trend in enumerate(whole):
        rows, stands_for = choice_set(trend, parameters, index)
        assert set(np.argsort(trend.adopted)[:6]) <= set(rows)
        assert stands_for.sum() == pytest.approx(600)
        assert rows.size == 156
        inside = (trend.log_rate[rows], trend.opportunity[rows], trend.is_group[rows])
        part.append(ChoiceSet(trend.account[rows], trend.adopted[rows], *inside, stands_for))
    full, thinned = origin_odds(whole, parameters), origin_odds(part, parameters)
    assert thinned.odds_ratio == pytest.approx(full.odds_ratio, rel=0.1)
    assert thinned.p_value == pytest.approx(full.p_value, abs=0.1)


def test_an_origin_set_of_one_side_alone_has_a_bound_and_a_chance_instead_of_an_estimate() -> None:
    generator = np.random.default_rng(6)
    trends = []
    for trend in choices(10, 6, adopter_count=40):
        early = np.argsort(np.argsort(trend.adopted)) < 8
        trends.append(replace(trend, opportunity=np.ones(40), is_group=early | (generator.random(40) < 0.4)))
    odds = origin_odds(trends, OriginParameters())
    assert 1 < odds.low < odds.odds_ratio < odds.high == np.inf
    shares = []
    for trend in trends:
        order = np.argsort(trend.adopted)
        shares.append(np.mean([math.log(trend.is_group[order[pick:]].mean()) for pick in range(1, 6)]))
    assert odds.p_value == pytest.approx(2 * math.exp(sum(shares)), rel=1e-6)
    mirrored = origin_odds([replace(trend, is_group=~trend.is_group) for trend in trends], OriginParameters())
    assert (mirrored.low, mirrored.high) == pytest.approx((0.0, 1 / odds.low))
    assert mirrored.p_value == pytest.approx(odds.p_value)


def test_opportunity_is_the_chance_that_own_posts_gave_and_nothing_without_posts_in_time() -> None:
    posts = [np.array([]), np.array([4.0]), np.array([4.0, 4.1, 4.2]), np.array([20.0]), np.array([4.0, 30.0, 50.0, 70.0])]
    exposures = np.linspace(0, 60, 200)
    found = opportunities(PostTimes.of(posts), 0.5, 8.0, exposures)
    assert found[0] == found[3] == 0
    # Three posts in one session give more than one post there, but not three times as much.
    assert 1 < found[2] / found[1] < 3
    # Who has many occasions later is an adopter in any case: being early is the less likely for it.
    assert found[4] < found[1]
    # One post at hour 4 of 8: of an exposure that rises evenly from -8 to 8, nine sixteenths lie before it; half of these show it.
    early = 0.5 * (12 / 16) ** 2
    later = 0.5 * np.mean(exposures < 4)
    assert found[1] == pytest.approx(early / later, rel=0.15)


def test_an_opportunity_by_own_chances_is_that_of_each_chance() -> None:
    posts = [np.array([1.0, 4.0]), np.array([2.0, 9.0, 30.0]), np.array([3.0])]
    exposures = np.linspace(0, 40, 50)
    apart = [
        opportunities(PostTimes.of([one]), chance, 8.0, exposures)[0] for one, chance in zip(posts, (0.2, 0.5, 0.9), strict=True)
    ]
    assert opportunities(PostTimes.of(posts), np.array([0.2, 0.5, 0.9]), 8.0, exposures) == pytest.approx(apart)


def test_of_several_readings_the_one_that_says_least_is_given() -> None:
    sure, unsure, dumb = (OriginOdds(2.0, 1.5, 3.0, p_value, 9.0) for p_value in (0.01, 0.3, math.nan))
    assert most_cautious([sure, unsure]) is most_cautious([unsure, sure]) is unsure
    assert most_cautious([sure, dumb]) is dumb
    assert most_cautious([sure, replace(sure, odds_ratio=3.0)]) is sure


def test_the_origin_set_ends_with_its_last_member_after_the_first_adopter() -> None:
    adopted = np.array([0.0, 0.0, 9.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    assert origin_end(adopted, OriginParameters(origin_set_size=3)) == 3.0
    assert np.isnan(origin_end(adopted, OriginParameters(origin_set_size=6)))
    assert np.isnan(origin_end(np.empty(0), OriginParameters()))


def test_adopters_tied_for_first_share_the_credit() -> None:
    credit = first_share(np.array([1.0, 1.0, 2.0, 3.0]), np.array([True, False, False, False]))
    naive = naive_origin(np.array([credit]), np.array([0.25]))
    assert (naive.first_count, naive.expected_count, naive.excess_ratio) == (0.5, 0.25, 2.0)


@given(trends=st.integers(2, 200), share=st.floats(0.05, 0.9), data=st.data())
def test_the_interval_of_the_naive_excess_is_wilsons_where_all_shares_are_equal(
    trends: int, share: float, data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, trends))
    firsts = (np.arange(trends) < first).astype(float)
    found = naive_origin(firsts, np.full(trends, share))
    wilson = binomtest(first, trends).proportion_ci(0.90, method="wilson")
    assert found.low * share == pytest.approx(wilson.low, abs=1e-9)
    assert found.high * share == pytest.approx(wilson.high, abs=1e-9)
    assert found.low <= found.excess_ratio <= found.high


def test_the_parameters_hash_changes_with_any_nested_parameter() -> None:
    changed = TrendParameters(kernel=KernelParameters(bandwidth=0.2))
    assert params_hash(TrendParameters()) == params_hash(TrendParameters())
    assert params_hash(TrendParameters()) != params_hash(changed)
