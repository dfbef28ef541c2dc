"""The engine: the same world for the same seed, adoption only after exposure, and effects that are planted where they belong and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from pipelines.world.activity import join_posts
from pipelines.world.drawn import (
    BOT,
    DAY,
    NEVER,
    NOBODY,
    PLATFORMS,
    POST,
    REPLY,
    REPOST,
    Day,
    Posts,
    tiers_of,
)
from pipelines.world.simulate import Simulation, simulate, simulate_planned
from pipelines.world.worlds import LAUNCH_DAYS, SIZES, WORLDS


def _run(world: str, size: str = "trial", seed: int = 3) -> tuple[Simulation, Posts, list[Day]]:
    simulation = simulate(world, size, seed)
    days = list(simulation.days())
    return simulation, join_posts([day.posts for day in days]), days


@pytest.fixture(scope="module")
def realistic() -> tuple[Simulation, Posts, list[Day]]:
    return _run("P6_full_realistic", "tiny", 7)


def _ahead(simulation: Simulation) -> float:
    """Share of pairs of a micro and a large adopter in which the micro one was exposed first, over trends."""
    state, shares = simulation.adoptions, []
    for number, trend in enumerate(simulation.trends):
        rows = np.flatnonzero((state.trend == number) & (state.exposed_second < NEVER))
        tiers = tiers_of(simulation.accounts.followers(state.account[rows], trend.born_second / DAY))
        small, large = state.exposed_second[rows[tiers == 0]], state.exposed_second[rows[tiers >= 2]]
        if len(small) and len(large):
            shares.append(float((small[:, None] < large[None, :]).mean() + 0.5 * (small[:, None] == large[None, :]).mean()))
    return float(np.mean(shares))


@pytest.mark.parametrize("size", ["trial", "tiny"])
def test_the_same_seed_gives_the_same_posts_and_another_seed_does_not(size: str) -> None:
    first, again, other = (_run("P6_full_realistic", size, seed)[1] for seed in (7, 7, 8))
    assert np.array_equal(first.pick, again.pick)
    assert np.array_equal(first.trend, again.trend)
    assert not np.array_equal(first.pick[:100], other.pick[:100])


@pytest.mark.parametrize("world", sorted(WORLDS))
def test_nobody_uses_a_trend_before_its_birth_or_its_own_exposure(world: str) -> None:
    simulation, posts, _ = _run(world)
    state = simulation.adoptions
    shown = state.post != NOBODY
    born = np.array([trend.born_second for trend in simulation.trends])
    assert (state.exposed_second[shown] >= born[state.trend[shown]]).all()
    assert (state.adopted_second[shown] >= state.exposed_second[shown]).all()
    place = np.searchsorted(posts.number, state.post[shown], sorter=np.argsort(posts.number))
    found = np.argsort(posts.number)[place]
    assert np.array_equal(posts.account[found], state.account[shown])
    uses = (posts.trend[found] == state.trend[shown]) | (posts.second_trend[found] == state.trend[shown])
    assert uses.all()
    assert np.array_equal(posts.second[found], state.adopted_second[shown])
    assert not (posts.trend[posts.kind == REPOST] != NOBODY).any()


@pytest.mark.parametrize("world", [name for name, one in WORLDS.items() if one.kind == "null"])
def test_tiers_are_exposed_alike_in_every_null_world(world: str) -> None:
    ahead = [_ahead(_run(world, seed=seed)[0]) for seed in range(4)]
    assert abs(float(np.mean(ahead)) - 0.5) < 0.035


def test_micro_creators_are_exposed_first_where_that_is_planted_and_last_where_the_reverse_is() -> None:
    assert _ahead(_run("P1_micro_first")[0]) > 0.75
    assert 0.5 < _ahead(_run("P3_micro_first_weak")[0]) < 0.65
    assert _ahead(_run("W6_macro_first")[0]) < 0.25


def test_niche_trends_travel_along_the_graph_and_reach_large_creators_later() -> None:
    simulation, _, _ = _run("P6_full_realistic", "small", 2)
    graph, state = simulation.graph, simulation.adoptions
    assert graph is not None
    niche_trends = [n for n, one in enumerate(simulation.trends) if one.true_class == "niche_origin"]
    rows = np.isin(state.trend, niche_trends) & (state.post != NOBODY)
    caused = state.cause[rows] != NOBODY
    assert 0.2 < caused.mean() < 0.95
    followers = {
        (int(graph.follower[edge]), account)
        for account in np.unique(state.cause[rows][caused]).tolist()
        for edge in range(graph.first[account], graph.first[account + 1])
    }
    pairs = zip(state.account[rows][caused].tolist(), state.cause[rows][caused].tolist(), strict=True)
    assert all(pair in followers for pair in pairs)
    days = (state.adopted_second[rows] - np.array([one.born_second for one in simulation.trends])[state.trend[rows]]) / DAY
    tiers = tiers_of(simulation.accounts.followers(state.account[rows], state.adopted_second[rows] / DAY))
    assert np.median(days[tiers >= 2]) > np.median(days[tiers == 0]) + 2


def test_large_creators_post_more_often_only_where_that_is_planted() -> None:
    def ratio(world: str) -> float:
        simulation, posts, _ = _run(world)
        counts = np.bincount(posts.account, minlength=simulation.accounts.count)
        tiers = tiers_of(simulation.accounts.followers_start)
        return float(counts[tiers >= 2].mean() / counts[tiers == 0].mean())

    assert ratio("W1_rate_confounded") == pytest.approx(4, rel=0.35)
    assert ratio("W1_rate_confounded_reversed") == pytest.approx(0.25, rel=0.35)
    assert ratio("W0_exchangeable") == pytest.approx(1, rel=0.25)


def test_sessions_have_the_mean_rate_of_regular_posting_but_far_longer_gaps() -> None:
    simulation, posts, _ = _run("W14_hours_and_bursts")
    small = tiers_of(simulation.accounts.followers_start) == 0
    counts = np.bincount(posts.account, minlength=simulation.accounts.count) / simulation.size.day_count
    assert counts[small].mean() == pytest.approx(simulation.accounts.daily_rate[small].mean(), rel=0.1)
    days = [len(np.unique(posts.second[posts.account == account] // DAY)) for account in np.flatnonzero(small)[:200]]
    posted = [int((posts.account == account).sum()) for account in np.flatnonzero(small)[:200]]
    assert sum(days) < 0.45 * sum(posted)
    is_large = tiers_of(simulation.accounts.followers_start)[posts.account] >= 2
    hours = posts.second[is_large & (posts.kind == POST)] // 3600 % 24
    assert ((hours >= 18) & (hours < 23)).all()


def test_early_micro_accounts_grow_after_their_adoption_and_are_micro_when_they_adopt() -> None:
    simulation, _, _ = _run("W11_tier_drift")
    accounts, state = simulation.accounts, simulation.adoptions
    grown = np.flatnonzero(accounts.jump_day < NEVER)
    assert len(grown) > 50
    firsts = np.array([state.adopted_second[(state.account == account) & (state.post != NOBODY)].min() for account in grown])
    assert (accounts.jump_day[grown] * DAY > firsts).all()
    assert (tiers_of(accounts.followers(grown, firsts / DAY)) == 0).mean() > 0.95
    assert (tiers_of(accounts.followers(grown, 200.0)) > 0).mean() > 0.8


def test_bots_push_their_trends_within_an_hour() -> None:
    simulation, posts, _ = _run("W12_bots")
    pushed = [number for number, trend in enumerate(simulation.trends) if trend.true_class == "bot_push"]
    assert len(pushed) == 6
    for number in pushed:
        born = simulation.trends[number].born_second
        first = posts.take((posts.trend == number) & (posts.second < born + 3600))
        assert (simulation.accounts.actor_class[first.account] == BOT).mean() > 0.9
        assert len(np.unique(first.account)) >= 30


def test_outlets_print_first_in_the_media_first_world_and_late_under_editorial_delay() -> None:
    def lag_days(world: str) -> float:
        simulation, _, _ = _run(world)
        state, lags = simulation.adoptions, []
        for number in range(len(simulation.trends)):
            exposed = state.exposed_second[(state.trend == number) & (state.exposed_second < NEVER)]
            printed = simulation.press.printed_second[number]
            if (printed < NEVER).any() and simulation.trends[number].true_class != "niche_origin":
                lags.append((np.median(printed[printed < NEVER]) - np.median(exposed)) / DAY)
        return float(np.median(lags))

    assert lag_days("W7_media_first") < -1
    assert lag_days("W3_editorial") > lag_days("W0_exchangeable") + 1


def test_brands_pay_small_accounts_to_begin() -> None:
    simulation, posts, _ = _run("W8_brand_astroturf")
    for number, trend in enumerate(simulation.trends):
        paid = posts.take((posts.trend == number) & (posts.sponsor != NOBODY))
        assert 0 < len(paid) <= 14
        assert (paid.sponsor == trend.sponsor).all()
        assert paid.second.max() < trend.born_second + 12 * 3600
        assert (simulation.accounts.followers_start[paid.account] < 12_000).all()


def test_answers_come_from_the_author_after_the_reply_and_as_often_as_its_rate_says() -> None:
    simulation, posts, _ = _run("P4_migration", "small", 5)
    by_number = dict(zip(posts.number.tolist(), range(len(posts)), strict=True))
    replies = np.flatnonzero(posts.kind == REPLY)
    answered, asked = np.zeros(simulation.accounts.count), np.zeros(simulation.accounts.count)
    for row in replies.tolist():
        parent = by_number[int(posts.parent[row])]
        assert posts.second[row] >= posts.second[parent]
        if posts.kind[parent] == REPLY:
            assert posts.account[row] == posts.parent_account[parent]
            answered[posts.account[row]] += 1
        elif posts.second[row] < (simulation.size.day_count - 10) * DAY:
            asked[posts.parent_account[row]] += 1
    known = asked >= 25
    assert known.sum() > 100
    rates, truth = answered[known] / asked[known], simulation.accounts.reply_back_rate[known]
    assert spearmanr(rates, truth).statistic > 0.9
    assert abs(rates.mean() - truth.mean()) < 0.04


def test_everybody_is_where_they_can_be(realistic: tuple[Simulation, Posts, list[Day]]) -> None:
    simulation, posts, days = realistic
    accounts = simulation.accounts
    day = posts.second // DAY
    assert (day >= accounts.opened_day[posts.account]).all()
    assert (day < accounts.closed_day[posts.account]).all()
    for name, first in LAUNCH_DAYS.items():
        assert (day[accounts.platform[posts.account] == PLATFORMS.index(name)] >= first).all()
    for one in days:
        assert (one.posts.second // DAY == one.day).all()
        assert (one.items.second // DAY == one.day).all()
        assert (np.diff(one.posts.second) >= 0).all()
    has_parent = posts.parent != NOBODY
    assert np.array_equal(has_parent, posts.kind != POST)
    assert (accounts.platform[posts.account[has_parent]] == accounts.platform[posts.parent_account[has_parent]]).all()
    assert (posts.parent_second[has_parent] <= posts.second[has_parent]).all()
    assert len(np.unique(posts.number)) == len(posts)


def test_moves_close_most_old_accounts_and_open_the_new_one_on_the_day() -> None:
    simulation = simulate("P4_migration", "small", 5)
    accounts = simulation.accounts
    assert len(simulation.moves) > 60
    for move in simulation.moves:
        assert accounts.person[move.from_account] == accounts.person[move.to_account] == move.person
        assert accounts.opened_day[move.to_account] == move.day >= LAUNCH_DAYS["threads"]
        assert accounts.closed_day[move.from_account] in (move.day, NEVER)


def test_niches_live_as_planned() -> None:
    simulation, posts, _ = _run("P6_full_realistic", "small", 2)
    day = posts.second // DAY
    for event in simulation.niche_events:
        about = posts.niche == event.niche
        match event.event:
            case "birth":
                assert day[about].min() >= event.day
            case "merge" | "death":
                # A late answer to an old post is still about the old niche.
                assert day[about & (posts.kind == POST)].max() < event.day
            case "split":
                assert day[posts.niche == event.other].min() >= event.day
                before = (about & (day >= event.day - 14) & (day < event.day)).sum()
                after = (about & (day >= event.day) & (day < event.day + 14)).sum()
                assert after < 0.75 * before
    assert {event.event for event in simulation.niche_events} == {"birth", "split", "merge", "death", "growth"}
    stable = simulate("W13_stable_niches", "small", 2)
    assert not stable.niche_events
    assert (stable.accounts.niche_changes_day == NEVER).all()


def test_an_own_world_can_be_simulated_and_an_unknown_one_is_refused() -> None:
    own = replace(WORLDS["W0_exchangeable"], name="own", trends=replace(WORLDS["W0_exchangeable"].trends, adoption=1.0))
    simulation = simulate_planned(own, "trial", SIZES["trial"], 1)
    for _ in simulation.days():
        pass
    assert (simulation.adoptions.post != NOBODY).mean() > 0.9
    with pytest.raises(ValueError, match="unknown world 'P9'"):
        simulate("P9", "tiny", 1)
    with pytest.raises(ValueError, match="unknown size"):
        simulate("W2_shock", "huge", 1)
