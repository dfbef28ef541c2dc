"""What a collection sees of a world, and when its records arrive: each effect by itself, all switched by the world's parameters. No file formats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from pipelines.world.activity import empty_posts, join_posts
from pipelines.world.drawn import DAY, HOUR, NOBODY, PLATFORMS, Accounts, Day, Flags, Ints, Posts, tiers_of
from pipelines.world.native.files import Filed
from pipelines.world.simulate import Simulation
from pipelines.world.worlds import Observation

_LATE_DAYS: Final = (7, 31)
_REPEAT_DAYS: Final = (1, 4)
_DELETED_DAYS: Final = (2, 21)
_SPONSORED_DELETION: Final = 4.0
_PROFILE_DAYS: Final = 14
_CLOCK_HOURS: Final = (-7, -2, 1, 5, 12)


class _Later:
    """Posts that wait for the day of their record."""

    def __init__(self) -> None:
        self._by_day: dict[int, list[Posts]] = {}

    def put(self, posts: Posts, days: Ints) -> None:
        for day in np.unique(days).tolist():
            self._by_day.setdefault(day, []).append(posts.take(days == day))

    def due(self, day: int) -> Posts:
        return join_posts([empty_posts(), *self._by_day.pop(day, [])])


class Collection:
    """Sees a simulation day by day, and counts what it saw.

    Attributes:
        seen_count: Posts seen so far, by account.
        made_count: Posts that happened so far, by account.
    """

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._plan = simulation.world.observation
        accounts = simulation.accounts
        rng = simulation.random("observation")
        faulty = rng.random(accounts.count) < self._plan.clock_fault
        self._clock = np.where(faulty, rng.choice(_CLOCK_HOURS, accounts.count), 0) * HOUR
        late = np.isin(accounts.platform, [PLATFORMS.index(name) for name in self._plan.late_platforms])
        self._begins = np.maximum(np.where(late, self._plan.late_day, self._plan.starts_day), accounts.collected_day)
        self._keyword = np.isin(accounts.platform, [PLATFORMS.index(name) for name in self._plan.keyword_platforms])
        self._late, self._repeats, self._edits, self._deletions = _Later(), _Later(), _Later(), _Later()
        self.seen_count = np.zeros(accounts.count, dtype=np.int64)
        self.made_count = np.zeros(accounts.count, dtype=np.int64)

    def see(self, day: Day) -> Filed:
        """What is handed over at the end of a day, all platforms together."""
        rng = self._simulation.random(f"observation {day.day}")
        last_day = self._simulation.size.day_count - 1
        is_last = day.day == last_day
        posts, plan = day.posts, self._plan
        np.add.at(self.made_count, posts.account, 1)
        posts = posts.take(self._visible(rng, day.day, posts))
        np.add.at(self.seen_count, posts.account, 1)
        posts = replace(posts, stated_second=np.maximum(posts.second + self._clock[posts.account], 0))
        count = len(posts)
        late = rng.random(count) < plan.late_arrival
        arrives = np.where(late, day.day + rng.integers(*_LATE_DAYS, count), day.day)
        arrives = np.minimum(arrives, last_day)
        self._late.put(posts.take(arrives > day.day), arrives[arrives > day.day])
        self._plan_again(rng, self._repeats, posts, plan.repeat, _REPEAT_DAYS, arrives, last_day)
        self._plan_again(rng, self._edits, posts, plan.edit, _REPEAT_DAYS, arrives, last_day)
        deleted = rng.random(count) < plan.deletion * np.where(posts.sponsor != NOBODY, _SPONSORED_DELETION, 1.0)
        gone = arrives + rng.integers(*_DELETED_DAYS, count)
        self._deletions.put(posts.take(deleted & (gone <= last_day)), gone[deleted & (gone <= last_day)])
        first = join_posts([posts.take(arrives == day.day), self._late.due(day.day)])
        again, edited = self._repeats.due(day.day), self._edits.due(day.day)
        joined = join_posts([first, again, edited])
        is_repeat = np.repeat([False, True, True], [len(first), len(again), len(edited)])
        version = np.repeat([0, 0, 1], [len(first), len(again), len(edited)])
        order = np.lexsort((joined.number, joined.second))
        items = day.items.take((rng.random(len(day.items)) >= plan.item_loss) & (day.day >= plan.starts_day))
        reactions = day.reactions.take(self._begins[day.reactions.account] <= day.day)
        outage = np.isin(self._simulation.accounts.platform[reactions.account], self._outages(day.day))
        return Filed(
            day=day.day, posts=joined.take(order), observed_second=np.full(len(order), (day.day + 1) * DAY), version=version[order],
            is_repeat=is_repeat[order], deleted=self._deletions.due(day.day), reactions=reactions.take(~outage), items=items,
            is_drifted=plan.has_drift and day.day >= self._simulation.size.day_count // 2, is_last=is_last,
        )  # fmt: skip

    def _outages(self, day: int) -> list[int]:
        return [PLATFORMS.index(name) for name, missing in self._plan.outages if missing == day]

    def _visible(self, rng: np.random.Generator, day: int, posts: Posts) -> Flags:
        plan, accounts = self._plan, self._simulation.accounts
        tiers = tiers_of(accounts.followers(posts.account, posts.second / DAY))
        lost = rng.random(len(posts)) < 1 - (1 - plan.loss) * (1 - np.where(tiers == 0, plan.micro_loss, plan.macro_loss))
        out = np.isin(accounts.platform[posts.account], self._outages(day))
        unasked = self._keyword[posts.account] & (posts.trend == NOBODY)
        return np.asarray(~lost & ~out & ~unasked & (self._begins[posts.account] <= day))

    @staticmethod
    def _plan_again(
        rng: np.random.Generator, queue: _Later, posts: Posts, share: float, days: tuple[int, int], arrives: Ints, last_day: int
    ) -> None:
        when = arrives + rng.integers(*days, len(posts))
        again = (rng.random(len(posts)) < share) & (when <= last_day)
        queue.put(posts.take(again), when[again])


def profile_days(day_count: int) -> list[int]:
    """Days on which profiles are read: every two weeks from the first day on, and the last one."""
    return [day for day in range(day_count) if day % _PROFILE_DAYS == 0 or day == day_count - 1]


def are_profiled(accounts: Accounts, observation: Observation, account: Ints, day: Ints | int) -> Flags:
    """Whether profiles are read on a day that is theirs to be read: the account is open and collected, and its platform not out.

    Args:
        accounts: All accounts.
        observation: What of the world is seen.
        account: Account numbers.
        day: A day each, or one for all.
    """
    seen_from = np.maximum(np.maximum(accounts.opened_day, accounts.collected_day), observation.starts_day)
    out = np.zeros(len(account), dtype=bool)
    for platform, missing in observation.outages:
        out |= (accounts.platform[account] == PLATFORMS.index(platform)) & (np.asarray(day) == missing)
    return (seen_from[account] <= day) & ~out


def of_platform(filed: Filed, platform: int, platforms: Ints) -> Filed:
    """The part of a day's records that one platform's collection hands over.

    Args:
        filed: All platforms together.
        platform: Into ``PLATFORMS``.
        platforms: Platform of each account.
    """
    rows = platforms[filed.posts.account] == platform
    return replace(
        filed, posts=filed.posts.take(rows), observed_second=filed.observed_second[rows], version=filed.version[rows],
        is_repeat=filed.is_repeat[rows], deleted=filed.deleted.take(platforms[filed.deleted.account] == platform),
        reactions=filed.reactions.take(platforms[filed.reactions.account] == platform),
        items=filed.items.take(np.zeros(len(filed.items), dtype=bool)),
    )  # fmt: skip


def collected(filed: Sequence[Filed]) -> Posts:
    """First deliveries of several days, in order of arrival."""
    return join_posts([empty_posts(), *(day.posts.take(~day.is_repeat) for day in filed)])
