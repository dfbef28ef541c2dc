"""The timeline model: its likelihood against a plain loop, planted shifts and adoption chances. No tables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import RectBivariateSpline
from scipy.ndimage import gaussian_filter1d
from scipy.special import expit, logit

from pipelines.analysis.post_times import PostTimes, Timelines
from pipelines.analysis.precedence import PooledPrecedence
from pipelines.analysis.timeline import (
    ChanceSample,
    PooledShift,
    ShiftProfile,
    TimelineParameters,
    _best_logits,
    _varied,
    adoption_profile,
    best_adoption,
    capped,
    pooled_shift,
    shift_profile,
    trend_shift,
    waits,
)
from pipelines.analysis.trend_pools import ClaimRule, claim_of
from pipelines.analysis.trends import TrendParameters
from pipelines.settings import DBT_PROJECT, PROJECT

SMALL = TimelineParameters(
    largest_shift_bins=6, adoption_shift_bins=(-6, -3, 0, 3, 6), iteration_count=8, adoption_iteration_count=8
)


def group(
    count: int,
    generator: np.random.Generator,
    *,
    delay: float = 0.0,
    daily: float = 1.0,
    chance: float = 0.5,
    days_before: int = 0,
) -> Timelines:
    found, adopted = [], []
    for _ in range(count):
        days = 28 + days_before
        posts = np.sort(generator.random(generator.poisson(days * daily)) * days * 24) - 24 * days_before
        later = posts[posts >= generator.gamma(2, 36) + delay]
        wait = int(generator.geometric(chance))
        if later.size >= wait:
            found.append(posts)
            adopted.append(float(later[wait - 1]))
    return Timelines(PostTimes.of(found), np.array(adopted))


def last_of(lead: Timelines, target: Timelines) -> float:
    return float(max(lead.adopted_hours.max(), target.adopted_hours.max()))


def reversed_order(adopters: Timelines) -> Timelines:
    return adopters.take(np.arange(len(adopters))[::-1])


def profile(lead: Timelines, target: Timelines, chances: tuple[float, float], parameters: TimelineParameters) -> np.ndarray:
    return evidence(lead, target, chances, parameters).values


def evidence(lead: Timelines, target: Timelines, chances: tuple[float, float], parameters: TimelineParameters) -> ShiftProfile:
    last = last_of(lead, target)
    return shift_profile(waits(lead, last, parameters), waits(target, last, parameters), *chances, parameters)


def cubes_of(pairs: list[tuple[Timelines, Timelines]], parameters: TimelineParameters) -> np.ndarray:
    lasts = [last_of(lead, target) for lead, target in pairs]
    sides = [
        (waits(lead, last, parameters), waits(target, last, parameters))
        for (lead, target), last in zip(pairs, lasts, strict=True)
    ]
    return np.array([adoption_profile(*both, parameters) for both in sides])


def pooled(
    pairs: list[tuple[Timelines, Timelines]],
    chances: tuple[float, float],
    parameters: TimelineParameters,
    sample: np.ndarray | None = None,
) -> PooledShift:
    """Pooled, p known, or found from the first of these trends."""
    found = [evidence(lead, target, chances, parameters) for lead, target in pairs]
    profiles, slopes = np.array([each.values for each in found]), np.array([each.slopes for each in found])
    samples = [] if sample is None else [ChanceSample(np.arange(len(pairs)), np.arange(len(sample)), sample)]
    return pooled_shift(profiles, slopes, samples, parameters)


def plain_chances(
    lead: Timelines, target: Timelines, shift: int, chances: tuple[float, float], parameters: TimelineParameters
) -> tuple[np.ndarray, np.ndarray]:
    """The model as it is written, bin by bin, account by account, post by post: of what was seen, of adopting in the window."""
    last = last_of(lead, target)
    size = parameters.bins_before_birth + int(last // parameters.bin_hours) + 1
    observed, caught = [], []
    for adopters, chance, moved in ((lead, chances[0], 0), (target, chances[1], shift)):
        for posts, adopted in zip(map(adopters.posts.__getitem__, range(len(adopters))), adopters.adopted_hours, strict=True):
            seen, within = np.zeros(size), np.zeros(size)
            for place in range(size):
                for moment in range(parameters.points_per_bin):
                    inside = (moment + 0.5) / parameters.points_per_bin
                    exposed = (place + moved - parameters.bins_before_birth + inside) * parameters.bin_hours
                    after = [hour for hour in posts if hour >= exposed]
                    waited = sum(hour <= adopted for hour in after)
                    seen[place] += (chance * (1 - chance) ** (waited - 1) if waited else 0.0) / parameters.points_per_bin
                    within[place] += (1 - (1 - chance) ** len(after)) / parameters.points_per_bin
            observed.append(seen)
            caught.append(within)
    return np.array(observed), np.array(caught)


def plain_shares(o: np.ndarray, c: np.ndarray, density: np.ndarray) -> np.ndarray:
    """What each account adds to the density in an EM step: what was seen of it and its ghosts."""
    return np.asarray(density * (o / (o @ density + 1e-300)[:, None] + (1 - c) / (c @ density + 1e-300)[:, None]))


def plain_smoothed(weights: np.ndarray, parameters: TimelineParameters) -> np.ndarray:
    density = gaussian_filter1d(weights / weights.sum(), parameters.smoothing_bins, mode="nearest")
    return np.asarray(density / density.sum())


def plain_density(o: np.ndarray, c: np.ndarray, steps: int, parameters: TimelineParameters) -> np.ndarray:
    density = np.full(o.shape[1], 1 / o.shape[1])
    for _ in range(steps):
        density = plain_smoothed(plain_shares(o, c, density).sum(axis=0), parameters)
    return density


def plain_log_likelihood(
    lead: Timelines, target: Timelines, shift: int, chances: tuple[float, float], parameters: TimelineParameters
) -> float:
    o, c = plain_chances(lead, target, shift, chances, parameters)
    density = plain_density(o, c, parameters.iteration_count, parameters)
    return float(np.log(o @ density + 1e-300).sum() - np.log(c @ density + 1e-300).sum())


def plain_log_likelihood_without_own(
    lead: Timelines, target: Timelines, shift: int, chances: tuple[float, float], parameters: TimelineParameters
) -> float:
    """Account by account: the others' density, with them some spread evenly, and what it says of this one."""
    o, c = plain_chances(lead, target, shift, chances, parameters)
    shares = plain_shares(o, c, plain_density(o, c, parameters.adoption_iteration_count, parameters))
    size, total = o.shape[1], 0.0
    for row in range(len(o)):
        others = np.delete(shares, row, axis=0).sum(axis=0)
        density = gaussian_filter1d(others, parameters.smoothing_bins, mode="nearest") + parameters.even_account_count / size
        total += float(np.log(o[row] @ density) - np.log(c[row] @ density))
    return total


def test_the_profile_is_the_likelihood_of_the_model_as_it_is_written() -> None:
    generator = np.random.default_rng(1)
    lead, target = group(6, generator), group(4, generator, daily=2.0)
    found = profile(lead, target, (0.4, 0.7), SMALL)
    plain = [plain_log_likelihood(lead, target, shift, (0.4, 0.7), SMALL) for shift in range(-6, 7)]
    assert found == pytest.approx(plain, rel=1e-9)


def test_where_p_is_sought_each_account_meets_the_density_that_the_others_make() -> None:
    generator = np.random.default_rng(2)
    lead, target = group(6, generator), group(4, generator, daily=3.0)
    last = last_of(lead, target)
    cube = adoption_profile(waits(lead, last, SMALL), waits(target, last, SMALL), SMALL).reshape(6, 6, 5)
    for one, other in ((0, 4), (3, 1), (5, 5)):
        chances = SMALL.adoption_grid[one], SMALL.adoption_grid[other]
        plain = [plain_log_likelihood_without_own(lead, target, shift, chances, SMALL) for shift in SMALL.adoption_shift_bins]
        assert cube[one, other] == pytest.approx(plain, rel=1e-7)


def chances_found(generator: np.random.Generator, counts: tuple[int, int], trend_count: int) -> tuple[float, float]:
    """p of groups that post once and four times a day, both with .6."""
    parameters, pairs = TimelineParameters(), []
    for _ in range(trend_count):
        lead = group(counts[0], generator, chance=0.6, days_before=10)
        target = group(counts[1], generator, chance=0.6, daily=4.0, days_before=10)
        pairs.append(since_birth((lead, target), 168.0))
    return best_adoption(cubes_of(pairs, parameters).sum(axis=0), parameters)


@pytest.mark.parametrize(("counts", "trend_count"), [((25, 12), 20), ((8, 4), 60)])
def test_the_chance_of_use_is_found_where_many_adopt_and_where_few_do(counts: tuple[int, int], trend_count: int) -> None:
    found = np.array([chances_found(np.random.default_rng([21, seed]), counts, trend_count) for seed in range(8)])
    assert found.mean(axis=0) == pytest.approx([0.6, 0.6], abs=0.06)


def test_the_adoption_chances_of_both_groups_are_found() -> None:
    generator, parameters, profiles = np.random.default_rng(3), TimelineParameters(), []
    for _ in range(10):
        lead, target = group(40, generator, chance=0.3), group(30, generator, daily=2.0, chance=0.6)
        last = last_of(lead, target)
        profiles.append(adoption_profile(waits(lead, last, parameters), waits(target, last, parameters), parameters))
    lead_chance, target_chance = best_adoption(np.sum(profiles, axis=0), parameters)
    assert lead_chance == pytest.approx(0.3, abs=0.1)
    assert target_chance == pytest.approx(0.6, abs=0.15)


def test_a_planted_shift_is_found_with_its_sign() -> None:
    generator, parameters = np.random.default_rng(4), TimelineParameters()
    pairs = [(group(40, generator), group(15, generator, delay=30.0, daily=4.0)) for _ in range(12)]
    shift = pooled(pairs, (0.5, 0.5), parameters)
    mirrored = pooled([(target, lead) for lead, target in pairs], (0.5, 0.5), parameters)
    assert 15 < shift.low < shift.hours < shift.high < 45
    assert shift.p_value < 0.05
    assert -45 < mirrored.hours < -15


def since_birth(pair: tuple[Timelines, Timelines], hours_before: float) -> tuple[Timelines, Timelines]:
    """Hours since the first adoption of both, and only posts from so many hours before it on."""
    birth = min(float(side.adopted_hours.min()) for side in pair)
    lead, target = (
        Timelines(
            PostTimes.of(
                [hours[hours >= birth - hours_before] - birth for hours in map(side.posts.__getitem__, range(len(side)))]
            ),
            side.adopted_hours - birth,
        )
        for side in pair
    )
    return lead, target


def test_a_lead_is_found_as_long_as_it_is_where_posts_before_the_first_use_are_known_and_longer_where_they_are_not() -> None:
    generator, parameters = np.random.default_rng(14), TimelineParameters()
    pairs = [
        (group(40, generator, days_before=10), group(15, generator, delay=72.0, daily=4.0, days_before=10)) for _ in range(60)
    ]
    reach = (parameters.bins_before_birth + parameters.largest_shift_bins) * parameters.bin_hours
    known, unknown = (pooled([since_birth(pair, hours) for pair in pairs], (0.5, 0.5), parameters) for hours in (reach, 0.0))
    assert known.low < 72.0 < known.high
    assert known.hours == pytest.approx(72.0, abs=4.0)
    assert unknown.low > 74.0


def test_models_and_gate_know_posts_from_where_the_exposure_grid_begins() -> None:
    variables = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text())["vars"]
    parameters = TimelineParameters()
    reach = (parameters.bins_before_birth + parameters.largest_shift_bins) * parameters.bin_hours
    days = variables["timeline_days_before_birth"]
    assert days * 24 == reach
    assert f"born_at - interval {days} day" in (PROJECT / "expectations" / "staged" / "int_trend_timelines.json").read_text()
    assert TrendParameters().smallest_exposure_days * 24 >= reach, "whoever is compared was seen as far back"


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_profile_does_not_change_with_the_order_of_accounts(seed: int) -> None:
    generator = np.random.default_rng(seed)
    lead, target = group(9, generator), group(7, generator)
    if lead and target:
        first = profile(lead, target, (0.5, 0.5), SMALL)
        assert profile(reversed_order(lead), reversed_order(target), (0.5, 0.5), SMALL) == pytest.approx(first, rel=1e-9)


@settings(max_examples=50, deadline=None)
@given(hours=st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=4), min_size=1, max_size=12), cap=st.integers(1, 12))
def test_a_capped_group_is_a_sample_in_time_s_order_whatever_the_order_of_its_members(hours: list[list[int]], cap: int) -> None:
    posts = [np.sort(np.array(each, dtype=np.float64)) for each in hours]
    # Many adopt at one moment: the order is told by how many posts there are, and by their sum.
    lines = Timelines(PostTimes.of(posts), np.array([float(each[0] // 5) for each in posts]))
    one, other = capped(lines, cap, 1), capped(reversed_order(lines), cap, 1)
    found = [
        (at, times.size, times.sum())
        for at, times in zip(one.adopted_hours, map(one.posts.__getitem__, range(len(one))), strict=True)
    ]
    assert found == sorted(found)
    assert len(one) == min(cap, len(posts))
    assert np.array_equal(one.adopted_hours, other.adopted_hours)
    assert np.array_equal(one.posts.counts, other.posts.counts)
    assert [one.posts[row].sum() for row in range(len(one))] == [other.posts[row].sum() for row in range(len(one))]


def test_posting_times_of_some_accounts_are_taken_in_the_order_that_is_asked_for() -> None:
    posts = PostTimes.of([np.array([1.0, 2.0]), np.array([]), np.array([3.0])])
    taken = posts.take(np.array([2, 1, 0, 2]))
    assert [taken[row].tolist() for row in range(len(taken))] == [[3.0], [], [1.0, 2.0], [3.0]]
    assert len(posts.take(np.empty(0, dtype=np.int64))) == 0


def test_a_parabolas_peak_lies_between_the_grids_points_and_its_interval_is_where_it_drops_by_half_a_quantile() -> None:
    parameters = TimelineParameters()
    hours = (np.arange(41) - 20) * 6.0
    found = trend_shift(np.asarray(-0.5 * ((hours - 10.0) / 15.0) ** 2, dtype=np.float64), parameters)
    assert found.hours == pytest.approx(10.0)
    assert found.low == pytest.approx(10 - 1.645 * 15, abs=1.0)
    assert found.high == pytest.approx(10 + 1.645 * 15, abs=1.0)
    assert 0.4 < found.p_value < 0.6


def test_one_trend_alone_has_no_pooled_shift() -> None:
    assert np.isnan(pooled_shift(np.zeros((1, 41)), np.zeros((1, 2, 41)), [], TimelineParameters()).hours)


def test_slopes_are_the_change_of_the_profile_with_p_of_each_group() -> None:
    generator = np.random.default_rng(5)
    lead, target = group(60, generator), group(60, generator, daily=2.0)
    # So many steps that the density is at its maximum, where it needs no other fit for another p.
    parameters = replace(SMALL, iteration_count=400, smoothing_bins=0.01)
    found = evidence(lead, target, (0.5, 0.5), parameters)
    for side in range(2):
        moved = [
            profile(lead, target, (expit(step), 0.5) if side == 0 else (0.5, expit(step)), parameters) for step in (0.05, -0.05)
        ]
        assert found.slopes[side] == pytest.approx((moved[0] - moved[1]) / 0.1, abs=0.6)


def test_a_shift_is_less_sure_where_p_was_found_from_the_same_trends_and_is_the_same_shift() -> None:
    generator, parameters = np.random.default_rng(6), replace(TimelineParameters(), bootstrap_count=400)
    widths = []
    for _ in range(4):
        pairs = [(group(40, generator), group(12, generator, daily=2.0)) for _ in range(10)]
        sample = cubes_of(pairs, parameters)
        chances = best_adoption(sample.sum(axis=0), parameters)
        known, found = pooled(pairs, chances, parameters), pooled(pairs, chances, parameters, sample)
        assert found.hours == known.hours
        widths.append((known.high - known.low, found.high - found.low))
    # p and the shifts of one world may happen to go against each other: over some worlds they do not.
    without, within = np.mean(widths, axis=0)
    assert within > without


def test_a_pooled_shift_tells_whether_both_groups_use_a_trend_as_readily() -> None:
    generator, parameters = np.random.default_rng(8), replace(TimelineParameters(), bootstrap_count=400)

    def found(lead_chance: float) -> PooledShift:
        pairs = [(group(40, generator, chance=lead_chance), group(20, generator, daily=2.0, chance=0.6)) for _ in range(10)]
        sample = cubes_of(pairs, parameters)
        return pooled(pairs, best_adoption(sample.sum(axis=0), parameters), parameters, sample)

    equal, unequal = found(0.6), found(0.2)
    assert equal.chance_p_value > 0.05 >= unequal.chance_p_value
    assert unequal.lead_chance == pytest.approx(0.2, abs=0.15)
    assert unequal.target_chance == pytest.approx(0.6, abs=0.15)


def test_of_no_chance_that_was_found_nothing_is_told() -> None:
    generator = np.random.default_rng(9)
    shift = pooled([(group(10, generator), group(9, generator)) for _ in range(3)], (0.5, 0.5), SMALL)
    assert np.isnan([shift.lead_chance, shift.target_chance, shift.chance_p_value]).all()


KERNEL_TOO = ClaimRule(needs_kernel=True)


@pytest.mark.parametrize(
    ("shift_p", "chance_p", "claim"),
    [
        (0.04, 0.3, "lead_first"),
        (0.04, float("nan"), "lead_first"),
        (0.06, 0.3, "none"),
        (0.04, 0.05, "none"),
        (0.01, 0.05, "lead_first"),
    ],
)
def test_a_claim_needs_a_sure_shift_surer_where_habits_differ(shift_p: float, chance_p: float, claim: str) -> None:
    # The kernel, which is on the other side and not sure of it, is not asked.
    kernel = PooledPrecedence(0.4, 0.35, 0.55, 0.06, 9)
    shift = PooledShift(9.0, 2.0, 12.0, shift_p, chance_p_value=chance_p)
    assert claim_of(kernel, shift, 9, ClaimRule()) == claim


@pytest.mark.parametrize(
    ("probability", "kernel_p", "claim"), [(0.6, 0.04, "lead_first"), (0.6, 0.06, "none"), (0.4, 0.001, "none")]
)
def test_where_it_is_asked_the_kernel_must_be_as_sure_and_on_the_same_side(
    probability: float, kernel_p: float, claim: str
) -> None:
    kernel = PooledPrecedence(probability, probability - 0.05, probability + 0.05, kernel_p, 9)
    assert claim_of(kernel, PooledShift(9.0, 2.0, 12.0, 0.001), 9, KERNEL_TOO) == claim


def test_a_kernel_that_is_sure_of_the_other_side_stands_against_any_shift() -> None:
    sure, unsure = (PooledPrecedence(0.4, 0.35, 0.45, p_value, 9) for p_value in (0.05, 0.051))
    shift = PooledShift(9.0, 2.0, 12.0, 0.0001)
    assert [claim_of(kernel, shift, 9, ClaimRule()) for kernel in (sure, unsure)] == ["none", "lead_first"]


def test_comparisons_that_share_a_level_ask_the_kernel() -> None:
    shared = ClaimRule().shared_by(4)
    assert (shared.level, shared.needs_kernel) == (0.0125, True)
    assert shared.p_value_of(0.03, 0.01, None) == 0.03
    assert ClaimRule().p_value_of(0.03, 0.01, None) == 0.01


def test_both_on_the_other_side_claim_the_target_no_side_nobody_and_too_few_events_abstain() -> None:
    kernel = PooledPrecedence(0.4, 0.35, 0.45, 0.01, 9)
    shift = PooledShift(-9.0, -12.0, -2.0, 0.01)
    assert claim_of(kernel, shift, 8, KERNEL_TOO) == "target_first"
    assert claim_of(kernel, PooledShift(0.0, -2.0, 2.0, 0.01), 8, ClaimRule()) == "none"
    assert claim_of(kernel, shift, 7, ClaimRule()) == "abstained"


def normal_profiles(means: np.ndarray, error: float, parameters: TimelineParameters) -> np.ndarray:
    """Profiles of trends whose shift was measured with a normal error."""
    reach = parameters.largest_shift_bins
    grid = np.arange(-reach, reach + 1) * parameters.bin_hours
    return np.asarray(-((grid[None, :] - means[:, None]) ** 2) / (2 * error**2))


def test_of_trends_that_differ_the_mean_shift_and_its_spread_are_found() -> None:
    parameters = TimelineParameters()
    generator = np.random.default_rng(11)
    profiles = normal_profiles(np.where(np.arange(60) % 5, 0.0, 96.0) + generator.normal(0, 8, 60), 8.0, parameters)
    shift = pooled_shift(profiles, np.zeros((60, 2, 41)), [], parameters)
    assert shift.hours == pytest.approx(19.2, abs=3)
    assert shift.low < 19.2 < shift.high
    assert shift.spread_hours == 48.0
    assert shift.p_value < 0.01


def test_trends_that_share_a_shift_have_no_spread_and_the_peak_of_their_sum() -> None:
    parameters = TimelineParameters()
    profiles = normal_profiles(np.full(12, 20.0), 10.0, parameters)
    shift = pooled_shift(profiles, np.zeros((12, 2, 41)), [], parameters)
    assert shift.spread_hours == 0.0
    assert shift.hours == pytest.approx(20.0)


def test_the_likelihood_of_varied_shifts_is_the_normal_one_where_errors_are_normal() -> None:
    parameters = TimelineParameters()
    means = np.array([-18.0, 6.0, 30.0])
    values, _ = _varied(normal_profiles(means, 6.0, parameters), np.zeros((3, 2, 41)), parameters)
    for place, spread in enumerate(parameters.spread_hours[:3], start=1):
        own = values.reshape(3, -1, 41)[:, place, 10:31]
        grid = (np.arange(41) - 20)[10:31] * parameters.bin_hours
        normal = -((grid[None, :] - means[:, None]) ** 2) / (2 * (6.0**2 + spread**2))
        assert own - own.max(axis=1, keepdims=True) == pytest.approx(normal - normal.max(axis=1, keepdims=True), abs=1e-2)


def test_slopes_of_varied_shifts_are_those_of_their_likelihood() -> None:
    generator, parameters = np.random.default_rng(12), TimelineParameters()
    profiles, slopes = generator.normal(0, 3, (4, 41)), generator.normal(0, 1, (4, 2, 41))
    _, moved = _varied(profiles, slopes, parameters)
    step = 1e-5
    for side in range(2):
        ahead, _ = _varied(profiles + step * slopes[:, side], slopes, parameters)
        behind, _ = _varied(profiles - step * slopes[:, side], slopes, parameters)
        assert moved[:, side] == pytest.approx((ahead - behind) / (2 * step), abs=1e-6)


def test_a_likelihood_too_small_for_numbers_is_not_lost() -> None:
    parameters = TimelineParameters()
    profiles = normal_profiles(np.full(9, 96.0), 0.5, parameters)
    shift = pooled_shift(profiles, np.zeros((9, 2, 41)), [], parameters)
    assert shift.hours == pytest.approx(96.0)
    assert np.isfinite([shift.low, shift.high, shift.p_value]).all()


def test_p_of_many_sums_is_that_of_each_one() -> None:
    generator, parameters = np.random.default_rng(7), TimelineParameters()
    cubes = cubes_of([(group(20, generator, chance=0.3), group(9, generator)) for _ in range(3)], parameters)
    assert _best_logits(cubes, parameters) == pytest.approx(logit([best_adoption(cube, parameters) for cube in cubes]), abs=1e-12)
    at = logit(np.array(parameters.adoption_grid))
    cube = cubes[0].reshape(at.size, at.size, -1)
    plane = cube[:, :, int(cube.max(axis=(0, 1)).argmax())]
    fine = np.arange(-10, 20) * 0.2
    surface = RectBivariateSpline(at, at, plane, kx=3, ky=3)(fine, fine)
    one, other = np.unravel_index(int(surface.argmax()), surface.shape)
    assert best_adoption(cubes[0], parameters) == pytest.approx((expit(fine[one]), expit(fine[other])))
