"""How trends reach accounts and become visible: exposure by a common cause or along the graph, and use at the account's next posts. No items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from pipelines.world.activity import Forced
from pipelines.world.drawn import (
    BOT,
    BRAND,
    DAY,
    HOUR,
    MEDIA,
    NEVER,
    NOBODY,
    POST,
    REPOST,
    Accounts,
    Adoptions,
    Flags,
    Floats,
    Ints,
    Posts,
    Trend,
    tiers_of,
)
from pipelines.world.people import Graph
from pipelines.world.worlds import AGAIN_CHANCE, AGAIN_COUNT, LEAD, TARGET, WAVE_HOURS, WAVE_SHAPE, Size, World

_ALIAS_SHARE: Final = 0.06
_CREDIT_SHARE: Final = 0.2
_PASSES: Final = 6
_PAID_COUNT: Final = 14
_PUSHED_COUNT: Final = 40
_EARLY_SHARE: Final = 0.25
_GROWTH: Final = 60.0
_SPAN: Final = 1 << 34


class Spread:
    """Who could take up which trend, and who does, day by day."""

    def __init__(
        self, rng: np.random.Generator, world: World, size: Size, accounts: Accounts, graph: Graph | None, trends: Sequence[Trend]
    ) -> None:
        self._world, self._accounts, self._graph, self._trends = world, accounts, graph, trends
        self.adoptions = self._susceptible(rng, size)
        count = len(self.adoptions.trend)
        self._key = self.adoptions.trend * accounts.count + self.adoptions.account
        self._needed = np.ones(count, dtype=np.int64)
        self._hits = np.zeros(count, dtype=np.int64)
        self._lag = np.zeros(count)
        self._forced = Forced(*(np.empty(0, dtype=np.int64) for _ in range(4)))
        self._spreads = np.array([trend.true_class == "niche_origin" and graph is not None for trend in trends], dtype=bool)
        self._expose(rng)
        self._wait = rng.geometric(self._chances_of_use(), count).astype(np.int64)
        self._left = np.zeros(count, dtype=np.int64)
        self._follows_alias = rng.random(accounts.count) < _ALIAS_SHARE
        self._early = self._early_pairs() if world.people.is_growing_when_early else np.zeros(count, dtype=bool)
        self.attention = np.zeros((len(trends), size.day_count), dtype=np.int64)
        """New users by trend and day."""
        self.large_attention = np.zeros((len(trends), size.day_count), dtype=np.int64)
        """Those of them over 100,000 followers."""

    def _susceptible(self, rng: np.random.Generator, size: Size) -> Adoptions:
        accounts = self._accounts
        able = (accounts.actor_class != BRAND) & (accounts.actor_class != MEDIA) & ~accounts.is_lurking
        trends, members, insiders = [], [], []
        for number, trend in enumerate(self._trends):
            insider = accounts.niches_on(np.arange(accounts.count), trend.born_second // DAY) == trend.niche
            chance = np.where(insider, size.insider_share, size.outsider_share)
            if trend.true_class == "bot_push":
                chance[accounts.actor_class == BOT] = 1.0
            drawn = np.flatnonzero(able & (rng.random(accounts.count) < chance))
            trends.append(np.full(len(drawn), number))
            members.append(drawn)
            insiders.append(insider[drawn])
        trend_of = np.concatenate(trends)
        count = len(trend_of)
        return Adoptions(
            trend_of, np.concatenate(members), np.concatenate(insiders), np.full(count, NEVER), np.full(count, NOBODY),
            np.full(count, NOBODY), np.full(count, NEVER),
        )  # fmt: skip

    def _chances_of_use(self) -> float | Floats:
        """Chance that a post after exposure uses the trend: the same for all, or by its type of unit and the account's size at its birth."""
        mix = self._world.trends
        if not mix.units:
            return mix.adoption
        chances = np.empty(len(self.adoptions.trend))
        for number, trend in enumerate(self._trends):
            habit = mix.units[mix.unit_types.index(trend.unit_type)]
            middle = (habit.adoption * habit.large_adoption) ** 0.5
            rows = np.flatnonzero(self.adoptions.trend == number)
            by_tier = np.array([habit.adoption, middle, habit.large_adoption, habit.large_adoption])
            chances[rows] = by_tier[self._tiers(rows, trend.born_second)]
        return chances

    def _tiers(self, rows: Ints, second: int) -> Ints:
        return tiers_of(self._accounts.followers(self.adoptions.account[rows], second / DAY))

    def _expose(self, rng: np.random.Generator) -> None:
        """Set the exposures that do not hang on others' posts, and the posts that something forces."""
        forced: list[tuple[Ints, Ints, int, int]] = []
        bounds = np.searchsorted(self.adoptions.trend, np.arange(len(self._trends) + 1))
        for number, trend in enumerate(self._trends):
            rows = np.arange(bounds[number], bounds[number + 1])
            tiers = self._tiers(rows, trend.born_second)
            wave = rng.gamma(WAVE_SHAPE, WAVE_HOURS, len(rows))
            hours = self._hours(rng, trend, rows, tiers, wave, forced)
            self.adoptions.exposed_second[rows] = np.where(
                np.isfinite(hours), trend.born_second + np.nan_to_num(hours, posinf=0.0) * HOUR, NEVER
            ).astype(np.int64)
        if forced:
            account, second = (np.concatenate([part[place] for part in forced]) for place in (0, 1))
            trend_of = np.concatenate([np.full(len(part[0]), part[2]) for part in forced])
            sponsor = np.concatenate([np.full(len(part[0]), part[3]) for part in forced])
            self._forced = Forced(account, second, trend_of, sponsor)

    def _hours(
        self,
        rng: np.random.Generator,
        trend: Trend,
        rows: Ints,
        tiers: Ints,
        wave: Floats,
        forced: list[tuple[Ints, Ints, int, int]],
    ) -> Floats:
        """Hours from the birth to each exposure; infinite where only the graph can bring it."""
        account, number = self.adoptions.account[rows], int(self.adoptions.trend[rows[0]]) if len(rows) else 0
        insider = self.adoptions.is_insider[rows]
        mix = self._world.trends
        match trend.true_class:
            case "background":
                leads = trend.direction == LEAD
                return wave + np.where((tiers > 0) & leads, mix.micro_lead_hours, 0.0)
            case "seasonal":
                return rng.gamma(3.0, 72.0, len(rows))
            case "macro_origin":
                return np.where(tiers >= 2, wave / 3, 48.0 + wave)
            case "media_origin":
                return 60.0 + wave
            case "shock":
                # Everybody hears of it within hours, and most say so at once, whatever their rhythm.
                hours = rng.exponential(2.0, len(rows))
                speaks = rng.random(len(rows)) < 0.75
                second = trend.born_second + ((hours + rng.exponential(2.5, len(rows))) * HOUR).astype(np.int64)
                forced.append((account[speaks], second[speaks], number, NOBODY))
                return hours
            case "brand_seeded":
                paid = np.flatnonzero((tiers == 0) & insider)[:_PAID_COUNT]
                hours = 72.0 + wave
                hours[paid] = rng.uniform(0, 10, len(paid))
                second = trend.born_second + ((hours[paid] + 1) * HOUR).astype(np.int64)
                forced.append((account[paid], second, number, trend.sponsor))
                return hours
            case "bot_push":
                bots = np.flatnonzero(self._accounts.actor_class == BOT)
                bots = rng.permutation(bots)[:_PUSHED_COUNT]
                second = trend.born_second + rng.integers(0, HOUR, len(bots))
                forced.append((bots, second, number, NOBODY))
                return wave
            case _:
                return self._niche_hours(rng, rows, tiers, insider)

    def _niche_hours(self, rng: np.random.Generator, rows: Ints, tiers: Ints, insider: Flags) -> Floats:
        """A few small insiders begin; some find it by themselves; the rest comes along the graph, later the larger the account."""
        self._needed[rows] = np.where(insider, 1, 2) + (tiers > 0)
        self._lag[rows] = np.choose(np.minimum(tiers, 2), [8.0, 40.0, 96.0])
        alone = np.where(insider, rng.exponential(24 * 24.0, len(rows)), 72.0 + rng.exponential(50 * 24.0, len(rows)))
        alone += np.choose(np.minimum(tiers, 2), [0.0, 120.0, 240.0])
        seeds = np.flatnonzero(insider & (tiers == 0))[:5]
        alone[seeds] = rng.gamma(2.0, 6.0, len(seeds))
        return alone

    def _early_pairs(self) -> Flags:
        """Micro accounts in the first quarter of a trend's exposures."""
        early = np.zeros(len(self._key), dtype=bool)
        for number, trend in enumerate(self._trends):
            rows = np.flatnonzero(self.adoptions.trend == number)
            seconds = self.adoptions.exposed_second[rows]
            early[rows] = (seconds <= np.quantile(seconds, _EARLY_SHARE)) & (self._tiers(rows, trend.born_second) == 0)
        return early

    def forced_on(self, day: int) -> Forced:
        """Posts that something forces on a day."""
        rows = np.flatnonzero(self._forced.second // DAY == day)
        order = rows[np.lexsort((self._forced.account[rows], self._forced.second[rows]))]
        return Forced(
            *(values[order] for values in (self._forced.account, self._forced.second, self._forced.trend, self._forced.sponsor))
        )

    def advance(self, rng: np.random.Generator, day: int, posts: Posts) -> None:
        """Let a day's posts use trends: sets ``trend``, ``uses_alias`` and ``credit`` of the posts, and who adopted."""
        state, end = self.adoptions, (day + 1) * DAY
        order = np.lexsort((posts.second, posts.account))
        # A repost says nothing of its own, and what is paid for is about the product.
        order = order[(posts.kind[order] != REPOST) & (posts.sponsor[order] == NOBODY)]
        key = posts.account[order] * _SPAN + posts.second[order]
        self._take_forced(posts)
        asked = np.zeros(len(self._key), dtype=bool)
        for _ in range(_PASSES):
            rows = np.flatnonzero((state.exposed_second < end) & (state.post == NOBODY) & ~asked)
            if not len(rows):
                break
            asked[rows] = True
            low = np.searchsorted(key, state.account[rows] * _SPAN + np.maximum(state.exposed_second[rows], day * DAY))
            high = np.searchsorted(key, (state.account[rows] + 1) * _SPAN)
            reaches = high - low >= self._wait[rows]
            self._wait[rows[~reaches]] -= (high - low)[~reaches]
            rows, chosen = rows[reaches], order[(low + self._wait[rows] - 1)[reaches]]
            # A post uses two trends at most: who comes third takes the account's next post.
            taken = self._use(rows, chosen, posts)
            self._wait[rows[~taken]] = 1
            self._adopt(rng, rows[taken], chosen[taken], posts)
            self._reach_followers(rng, rows[taken])
        self._use_again(rng, day, posts, order, key)

    def _take_forced(self, posts: Posts) -> None:
        state = self.adoptions
        told = np.flatnonzero(posts.trend != NOBODY)
        wanted = posts.trend[told] * self._accounts.count + posts.account[told]
        place = np.searchsorted(self._key, wanted)
        place = np.minimum(place, len(self._key) - 1)
        known = (self._key[place] == wanted) & (state.post[place] == NOBODY)
        _, once = np.unique(place[known], return_index=True)
        rows, chosen = place[known][once], told[known][once]
        state.post[rows], state.adopted_second[rows] = posts.number[chosen], posts.second[chosen]
        state.exposed_second[rows] = np.minimum(state.exposed_second[rows], posts.second[chosen])
        self._left[rows] = AGAIN_COUNT
        self._count(rows)

    def _use(self, rows: Ints, chosen: Ints, posts: Posts) -> Flags:
        """Write the trends of pairs into the chosen posts, as far as there is room; which pairs found room."""
        taken = np.zeros(len(rows), dtype=bool)
        for place in (posts.trend, posts.second_trend):
            open_rows = np.flatnonzero(~taken & (place[chosen] == NOBODY) & (posts.trend[chosen] != self.adoptions.trend[rows]))
            _, once = np.unique(chosen[open_rows], return_index=True)
            first = open_rows[once]
            place[chosen[first]] = self.adoptions.trend[rows[first]]
            posts.uses_alias[chosen[first]] = self._follows_alias[self.adoptions.account[rows[first]]]
            taken[first] = True
        return taken

    def _adopt(self, rng: np.random.Generator, rows: Ints, chosen: Ints, posts: Posts) -> None:
        state, accounts = self.adoptions, self._accounts
        credited = (state.cause[rows] != NOBODY) & (rng.random(len(rows)) < _CREDIT_SHARE) & (posts.kind[chosen] == POST)
        posts.credit[chosen[credited]] = state.cause[rows[credited]]
        state.post[rows], state.adopted_second[rows] = posts.number[chosen], posts.second[chosen]
        self._left[rows] = AGAIN_COUNT
        self._count(rows)
        grows = rows[self._early[rows]]
        grows = grows[accounts.jump_day[state.account[grows]] == NEVER]
        accounts.jump_day[state.account[grows]] = state.adopted_second[grows] // DAY + rng.integers(4, 12, len(grows))
        accounts.jump_factor[state.account[grows]] = _GROWTH

    def _count(self, rows: Ints) -> None:
        state = self.adoptions
        days = np.minimum(state.adopted_second[rows] // DAY, self.attention.shape[1] - 1)
        np.add.at(self.attention, (state.trend[rows], days), 1)
        large = self._accounts.followers_start[state.account[rows]] >= 100_000
        np.add.at(self.large_attention, (state.trend[rows][large], days[large]), 1)

    def _reach_followers(self, rng: np.random.Generator, rows: Ints) -> None:
        """Followers of new adopters see it; who has seen it often enough is exposed, with a lag by its size."""
        state, graph = self.adoptions, self._graph
        rows = rows[self._spreads[state.trend[rows]]]
        if graph is None or not len(rows):
            return
        first, last = graph.first[state.account[rows]], graph.first[state.account[rows] + 1]
        source = np.repeat(rows, last - first)
        offset = np.arange(len(source)) - np.repeat(np.cumsum(last - first) - (last - first), last - first)
        follower = graph.follower[np.repeat(first, last - first) + offset]
        wanted = state.trend[source] * self._accounts.count + follower
        place = np.minimum(np.searchsorted(self._key, wanted), len(self._key) - 1)
        sees = (self._key[place] == wanted) & (rng.random(len(source)) < 0.6)
        place, source = place[sees], source[sees]
        delay = self._lag[place] * np.exp(rng.normal(0, 0.6, len(place))) * HOUR
        when = state.adopted_second[source] + np.maximum(delay, 60).astype(np.int64)
        order = np.lexsort((when, place))
        place, source, when = place[order], source[order], when[order]
        rank = np.arange(len(place)) - np.searchsorted(place, place)
        reached = np.flatnonzero(self._hits[place] + rank + 1 == self._needed[place])
        np.add.at(self._hits, place, 1)
        sooner = reached[(when[reached] < state.exposed_second[place[reached]]) & (state.post[place[reached]] == NOBODY)]
        state.exposed_second[place[sooner]] = when[sooner]
        state.cause[place[sooner]] = state.account[source[sooner]]

    def _use_again(self, rng: np.random.Generator, day: int, posts: Posts, order: Ints, key: Ints) -> None:
        """After the first use, each of the next six posts uses it again with a chance of 0.3."""
        state = self.adoptions
        rows = np.flatnonzero(self._left > 0)
        low = np.searchsorted(key, state.account[rows] * _SPAN + np.maximum(state.adopted_second[rows] + 1, day * DAY))
        high = np.searchsorted(key, (state.account[rows] + 1) * _SPAN)
        used = np.minimum(high - low, self._left[rows])
        self._left[rows] -= used
        pair = np.repeat(rows, used)
        offset = np.arange(len(pair)) - np.repeat(np.cumsum(used) - used, used)
        chosen = order[np.repeat(low, used) + offset]
        again = rng.random(len(pair)) < AGAIN_CHANCE
        self._use(pair[again], chosen[again], posts)


def directions(world: World, true_class: str, *, is_led: bool) -> tuple[str, str]:
    """Truth of one trend: micro against large creators, and micro against media and brands.

    Args:
        world: The world.
        true_class: Class of the trend.
        is_led: Micro creators are exposed earlier by a common cause.
    """
    none = "none"
    match true_class:
        case "niche_origin" | "brand_seeded":
            return LEAD, LEAD
        case "macro_origin":
            return TARGET, none if not world.trends.follows_accounts else LEAD
        case "media_origin":
            return none, TARGET
        case "background" if is_led:
            return LEAD, LEAD if world.trends.media_lag_hours else none
        case _:
            return none, LEAD if world.trends.editorial_days and true_class != "shock" else none
