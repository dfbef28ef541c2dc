"""Runs a world day by day: draws who and what there is, then one day after another, in memory that does not grow with the days."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from pipelines.world.activity import Activity, Forced
from pipelines.world.drawn import (
    DAY,
    HOUR,
    LANGUAGES,
    NOBODY,
    Accounts,
    Adoptions,
    Day,
    Ints,
    Move,
    Niche,
    NicheEvent,
    Outlet,
    Trend,
)
from pipelines.world.newsstand import outlets as newsstand
from pipelines.world.people import Graph, active_on, draw_accounts, draw_graph
from pipelines.world.press import Press
from pipelines.world.spread import Spread, directions
from pipelines.world.vocabulary import event_name, niches_of, trend_words
from pipelines.world.worlds import Size, TrendMix, World, last_birth_day, named


def generator(world: str, size: str, seed: int, purpose: str) -> np.random.Generator:
    """An independent random stream for one purpose of one world."""
    return np.random.default_rng([seed, zlib.crc32(f"{world}|{size}|{purpose}".encode())])


@dataclass
class Simulation:
    """A world that runs; the arrays of people and of adoptions change while its days are drawn.

    Attributes:
        world: Parameters of the world.
        size_name: Of ``worlds.SIZES``.
        size: Its parameters.
        seed: Of all draws.
        niches: Niches.
        niche_events: What happens to them.
        outlets: Media and brands.
        accounts: Accounts.
        moves: Moves between platforms.
        trends: Planted trends.
        graph: Who follows whom; None in a trial, where nothing spreads along it.
    """

    world: World
    size_name: str
    size: Size
    seed: int
    niches: tuple[Niche, ...]
    niche_events: tuple[NicheEvent, ...]
    outlets: tuple[Outlet, ...]
    accounts: Accounts
    moves: list[Move]
    trends: tuple[Trend, ...]
    graph: Graph | None
    spread: Spread
    press: Press

    @property
    def adoptions(self) -> Adoptions:
        """Who could take up which trend, and who did so far."""
        return self.spread.adoptions

    @property
    def attention(self) -> Ints:
        """New users by trend and day, so far."""
        return self.spread.attention

    def random(self, purpose: str) -> np.random.Generator:
        """The random stream of a purpose."""
        return generator(self.world.name, self.size_name, self.seed, purpose)

    def days(self) -> Iterator[Day]:
        """Draw one day after another. Can be run once."""
        activity = Activity(self.world, self.size, self.accounts, self.niches, self.outlets, self.graph)
        adopters, large = (np.zeros(len(self.trends), dtype=np.int64) for _ in range(2))
        for day in range(self.size.day_count):
            rng = self.random(f"day {day}")
            posts = activity.draw(rng, day, self._forced(day))
            self.spread.advance(rng, day, posts)
            reactions = activity.react(rng, day, posts)
            items = self.press.draw(rng, day, posts, adopters, large)
            adopters += self.spread.attention[:, day]
            large += self.spread.large_attention[:, day]
            yield Day(day, posts, reactions, items)

    def _forced(self, day: int) -> Forced:
        forced = self.spread.forced_on(day)
        active = active_on(self.accounts, day)[forced.account]
        return Forced(forced.account[active], forced.second[active], forced.trend[active], forced.sponsor[active])


def simulate(world: str, size: str, seed: int) -> Simulation:
    """Draw everything about a named world that its days stand on.

    Args:
        world: One of ``worlds.WORLDS``.
        size: One of ``worlds.SIZES``.
        seed: Non-negative; the same three arguments give the same world.

    Raises:
        ValueError: unknown world or size.
    """
    planned, scale = named(world, size)
    return simulate_planned(planned, size, scale, seed)


def simulate_planned(world: World, size_name: str, size: Size, seed: int) -> Simulation:
    """Draw a world of one's own parameters; see :func:`simulate`.

    Args:
        world: Parameters of the world; its name is part of the random streams.
        size_name: Part of the random streams.
        size: Parameters of the size.
        seed: Non-negative.
    """

    def random(purpose: str) -> np.random.Generator:
        return generator(world.name, size_name, seed, purpose)

    niches, events = niches_of(size.niche_count, size.day_count, has_lifecycle=world.people.has_lifecycle)
    outlets = newsstand(len(niches), len(LANGUAGES))
    accounts, moves = draw_accounts(random("accounts"), world, size, niches, events, outlets)
    trends = _draw_trends(random("trends"), world, size, niches, outlets)
    spreads = any(trend.true_class == "niche_origin" for trend in trends)
    graph = draw_graph(random("graph"), accounts, len(niches)) if spreads or size.platform_count != 1 else None
    spread = Spread(random("spread"), world, size, accounts, graph, trends)
    press = Press(random("press"), world, outlets, trends)
    return Simulation(world, size_name, size, seed, niches, events, outlets, accounts, moves, trends, graph, spread, press)


def _draw_trends(
    rng: np.random.Generator, world: World, size: Size, niches: tuple[Niche, ...], outlets: tuple[Outlet, ...]
) -> tuple[Trend, ...]:
    mix = world.trends
    count = size.trend_count
    classes = _classes(rng, mix, count)
    words = trend_words(rng, count)
    born = rng.integers(mix.earliest_day * DAY, last_birth_day(mix, size) * DAY, count)
    led = rng.random(count) < mix.lead_share if mix.micro_lead_hours else np.zeros(count, dtype=bool)
    brands = [number for number, outlet in enumerate(outlets) if outlet.outlet_class == "brand"]
    trends = []
    for number, (true_class, (text, alias)) in enumerate(zip(classes, words, strict=True)):
        day = int(born[number]) // DAY
        alive = [one for one, niche in enumerate(niches) if niche.born_day <= day and niche.dies_day > day + 20]
        large, media = directions(world, true_class, is_led=bool(led[number]))
        second = int(born[number])
        if true_class == "shock":
            # In the morning, so that the day is not cut in two by midnight.
            second = day * DAY + 7 * HOUR
        unit_type = mix.unit_types[number % len(mix.unit_types)]
        # In turns of their own, or each niche would have one type of unit.
        niche = alive[number // len(mix.unit_types) % len(alive)]
        trend = Trend(text, alias, true_class, niche, second, large, media, unit_type=unit_type)
        if true_class == "brand_seeded":
            trend = replace(trend, sponsor=brands[number % len(brands)] if brands else NOBODY)
        if true_class in ("shock", "seasonal"):
            trend = replace(trend, event=event_name(number))
        trends.append(trend)
    return tuple(trends)


def _classes(rng: np.random.Generator, mix: TrendMix, count: int) -> list[str]:
    """Classes in their shares as nearly as whole numbers can be (largest remainders), in random order."""
    wanted = np.array([share for _, share in mix.shares]) * count
    numbers = np.floor(wanted).astype(int)
    for place in np.argsort(numbers - wanted, kind="stable")[: count - int(numbers.sum())]:
        numbers[place] += 1
    classes = [name for (name, _), number in zip(mix.shares, numbers, strict=True) for _ in range(number)]
    return [classes[place] for place in rng.permutation(len(classes))]
