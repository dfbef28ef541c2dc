"""What a collection sees: each effect by itself, switched on alone, does what it says and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.world.activity import empty_posts, join_posts
from pipelines.world.drawn import DAY, NOBODY, PLATFORMS, Posts, tiers_of
from pipelines.world.native.files import Filed
from pipelines.world.observation import Collection, collected, of_platform
from pipelines.world.simulate import Simulation, simulate_planned
from pipelines.world.worlds import SIZES, WORLDS, Observation


def _seen(observation: Observation, size: str = "tiny") -> tuple[Simulation, Posts, list[Filed]]:
    world = replace(WORLDS["W0_exchangeable"], observation=observation)
    simulation = simulate_planned(world, size, SIZES[size], 11)
    collection = Collection(simulation)
    days, filed = [], []
    for day in simulation.days():
        days.append(day.posts)
        filed.append(collection.see(day))
    return simulation, join_posts(days), filed


@pytest.fixture(scope="module")
def whole() -> tuple[Simulation, Posts, list[Filed]]:
    return _seen(Observation())


def test_without_effects_every_post_arrives_once_on_its_day_with_its_own_time(
    whole: tuple[Simulation, Posts, list[Filed]],
) -> None:
    _, posts, filed = whole
    assert np.array_equal(np.sort(collected(filed).number), np.sort(posts.number))
    for day in filed:
        assert (day.posts.second // DAY == day.day).all()
        assert np.array_equal(day.posts.second, day.posts.stated_second)
        assert (day.observed_second >= day.posts.second).all()
        assert not day.is_repeat.any()
        assert not len(day.deleted)
    assert filed[-1].is_last
    assert sum(day.is_last for day in filed) == 1


def test_the_world_itself_does_not_hang_on_what_is_seen_of_it(whole: tuple[Simulation, Posts, list[Filed]]) -> None:
    _, other, _ = _seen(Observation(loss=0.5, starts_day=30))
    assert np.array_equal(whole[1].pick, other.pick)


def test_a_late_start_hides_posts_reactions_and_items_before_it() -> None:
    _, posts, filed = _seen(Observation(starts_day=30))
    assert collected(filed).second.min() >= 30 * DAY
    assert len(collected(filed)) == (posts.second >= 30 * DAY).sum()
    assert not any(len(day.items) or len(day.reactions) for day in filed[:30])
    assert len(filed[30].items)


def test_late_platforms_and_outages_hide_their_platform_alone() -> None:
    simulation, posts, filed = _seen(Observation(late_platforms=("reddit",), late_day=20, outages=(("bluesky", 40),)))
    seen, platform = collected(filed), simulation.accounts.platform
    reddit, bluesky = PLATFORMS.index("reddit"), PLATFORMS.index("bluesky")
    hidden = (platform[posts.account] == reddit) & (posts.second < 20 * DAY)
    hidden |= (platform[posts.account] == bluesky) & (posts.second // DAY == 40)
    assert hidden.any()
    assert set(seen.number.tolist()) == set(posts.number[~hidden].tolist())
    assert not (platform[filed[40].reactions.account] == bluesky).any()


def test_keyword_collection_sees_only_posts_of_planted_trends() -> None:
    simulation, _, filed = _seen(Observation(keyword_platforms=("tiktok",)))
    seen = collected(filed)
    on = simulation.accounts.platform[seen.account] == PLATFORMS.index("tiktok")
    assert on.any()
    assert (seen.trend[on] != NOBODY).all()
    assert (seen.trend[~on] == NOBODY).any()


def test_losses_are_of_the_share_and_of_the_tiers_that_they_say() -> None:
    simulation, posts, filed = _seen(Observation(loss=0.1, macro_loss=0.5, item_loss=0.75), "trial")
    seen = collected(filed)
    tiers = tiers_of(simulation.accounts.followers_start)
    kept = np.isin(posts.number, seen.number)
    assert kept[tiers[posts.account] == 0].mean() == pytest.approx(0.9, abs=0.01)
    assert kept[tiers[posts.account] >= 1].mean() == pytest.approx(0.45, abs=0.03)
    made = simulation.press.printed_second.size
    assert made
    assert sum(len(day.items) for day in filed) == pytest.approx(0.25 * 2_350, rel=0.15)


def test_a_growing_collection_sees_an_account_from_its_day_on() -> None:
    simulation, posts, filed = _seen(Observation(collection_growth=0.6), "trial")
    seen, first = collected(filed), simulation.accounts.collected_day
    assert (seen.second // DAY >= first[seen.account]).all()
    assert len(seen) == (posts.second // DAY >= first[posts.account]).sum()
    assert 0.5 < (first > 0).mean() < 0.7


def test_deletions_edits_and_repeats_come_later_and_paid_posts_go_more_often() -> None:
    _, posts, filed = _seen(Observation(deletion=0.1, edit=0.05, repeat=0.08), "trial")
    seen = collected(filed)
    assert len(seen) == len(posts)
    deleted = join_posts([empty_posts(), *(day.deleted for day in filed)])
    assert all((day.deleted.second < day.day * DAY).all() for day in filed)
    early = posts.take(posts.second < 50 * DAY)
    gone = np.isin(early.number, deleted.number)
    assert gone[early.sponsor == NOBODY].mean() == pytest.approx(0.1, abs=0.01)
    assert gone[early.sponsor != NOBODY].mean() == pytest.approx(0.4, abs=0.08)
    again = sum(int((day.is_repeat & (day.version == 0)).sum()) for day in filed)
    edited = sum(int((day.version == 1).sum()) for day in filed)
    assert again == pytest.approx(0.08 * len(posts), rel=0.1)
    assert edited == pytest.approx(0.05 * len(posts), rel=0.1)
    assert all((day.posts.second[day.is_repeat] < day.day * DAY).all() for day in filed)


def test_late_records_arrive_within_a_month_and_none_is_lost() -> None:
    _, posts, filed = _seen(Observation(late_arrival=0.2))
    assert len(collected(filed)) == len(posts)
    waits = np.concatenate([day.day - day.posts.second // DAY for day in filed[:-1]])
    assert set(np.unique(waits).tolist()) <= {0, *range(7, 31)}
    assert (waits > 0).mean() == pytest.approx(0.2, abs=0.03)


def test_a_clock_fault_moves_the_stated_time_of_some_accounts_by_whole_hours() -> None:
    _, _, filed = _seen(Observation(clock_fault=0.1))
    seen = collected(filed)
    off = seen.stated_second - seen.second
    assert set(np.unique(off // 3600).tolist()) >= {0, 1}
    moved = np.unique(seen.account[off != 0])
    assert not np.isin(seen.account[(off == 0) & (seen.second > DAY)], moved).any()


def test_the_parts_of_the_platforms_make_up_the_whole(whole: tuple[Simulation, Posts, list[Filed]]) -> None:
    simulation, _, filed = whole
    parts = [of_platform(filed[60], number, simulation.accounts.platform) for number in range(len(PLATFORMS))]
    assert sum(len(part.posts) for part in parts) == len(filed[60].posts)
    assert sum(len(part.reactions) for part in parts) == len(filed[60].reactions)
    assert all((simulation.accounts.platform[part.posts.account] == number).all() for number, part in enumerate(parts))
