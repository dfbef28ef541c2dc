"""Who there is in a world: persons with one to three accounts, their niches, sizes, rates and moves, and whom they follow. No posts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.world.drawn import (
    AGGREGATOR,
    AUDIENCE,
    BOT,
    BRAND,
    CREATOR,
    MEDIA,
    NEVER,
    NOBODY,
    PLATFORMS,
    Accounts,
    Flags,
    Floats,
    Ints,
    Move,
    Niche,
    NicheEvent,
    Outlet,
    tiers_of,
)
from pipelines.world.worlds import LAUNCH_DAYS, Size, World

_SHARES: Final = np.array([0.15, 0.11, 0.05, 0.11, 0.11, 0.13, 0.12, 0.06, 0.08, 0.03, 0.05])
_MOVES_TO: Final = "threads"
_MOVES_FROM: Final = ("x", "instagram", "bluesky", "mastodon")
_ZONES: Final = np.array([0, 1, 5, 8, 16])


@dataclass(frozen=True, slots=True)
class Graph:
    """Who is followed by whom, in compressed rows: followers of account ``a`` are ``follower[first[a]:first[a + 1]]``."""

    first: Ints
    follower: Ints


def draw_accounts(
    rng: np.random.Generator,
    world: World,
    size: Size,
    niches: Sequence[Niche],
    events: Sequence[NicheEvent],
    outlets: Sequence[Outlet],
) -> tuple[Accounts, list[Move]]:
    """Draw all accounts of a world and the moves between platforms.

    Args:
        rng: Of this purpose alone.
        world: What differs between people.
        size: How many there are.
        niches: Niches with their lives.
        events: What happens to them.
        outlets: Brands and media, some of which have an account too (not in a trial).

    Returns:
        Accounts, those that people move to last; and the moves.
    """
    platform_count = size.platform_count or len(PLATFORMS)
    shares = _SHARES[:platform_count] / _SHARES[:platform_count].sum()
    person, platform = _persons(rng, size.account_count, shares)
    count = len(person)
    is_trial = platform_count == 1
    main, second, second_share = _niches(rng, int(person.max()) + 1, niches)
    niche = main[person]
    later, changes = _changed_niches(rng, niche, niches, events)
    actor_class = np.full(count, CREATOR, dtype=np.int64)
    if not is_trial:
        draw = rng.random(count)
        actor_class[draw < 0.16] = AUDIENCE
        actor_class[(draw >= 0.16) & (draw < 0.175)] = AGGREGATOR
    body = np.exp(rng.normal(np.log(1_800), 1.3, count))
    tail = 20_000 * (1 - rng.random(count)) ** (-1 / 0.7)
    followers = np.clip(np.where(rng.random(count) < 0.2, tail, body), 40, 3e7)
    followers[actor_class == AUDIENCE] = np.clip(followers[actor_class == AUDIENCE] / 20, 1, 3_000)
    rate = np.exp(rng.normal(np.log(size.daily_rate), 0.5, count)) * _rate_factors(followers, world)
    rate[actor_class == AGGREGATOR] *= 3
    rate[actor_class == AUDIENCE] *= 0.25
    _draw_bots(rng, world, actor_class, followers, rate)
    if not is_trial:
        _place_outlets(actor_class, person, followers, rate, outlets)
    opened, collected = _openings(rng, world, size, platform, followers, niche, events)
    tiers = tiers_of(followers)
    engagement = 1 / (1 + np.exp(2.6 + 0.18 * np.log(followers / 2_000) - rng.normal(0, 0.5, count)))
    accounts = Accounts(
        person=person, platform=platform, niche=niche, later_niche=later, niche_changes_day=changes, second_niche=second[person],
        second_share=second_share[person], actor_class=actor_class, followers_start=np.floor(followers),
        daily_growth=np.where(rng.random(count) < 0.05, rng.uniform(0.006, 0.018, count), rng.normal(0.0003, 0.0004, count)),
        jump_day=np.full(count, NEVER), jump_factor=np.ones(count), daily_rate=np.clip(rate, 0.03, 9),
        is_bursty=np.isin(tiers, world.people.bursty_tiers), zone_hours=rng.choice(_ZONES, count), opened_day=opened,
        closed_day=np.full(count, NEVER), collected_day=collected, language=rng.choice(4, int(person.max()) + 1, p=[0.76, 0.1, 0.07, 0.07])[person],
        reply_back_rate=rng.beta(1.2, 2.2, count) * np.where(tiers == 0, 1.0, np.where(tiers == 1, 0.5, 0.15)),
        reply_back_hours=np.exp(rng.normal(np.log(3.0), 0.8, count)), engagement_rate=engagement, links_to=_links(rng, person),
        sponsor_share=np.where((actor_class == CREATOR) & (rng.random(count) < 0.12), rng.beta(1.5, 12, count), 0.0),
        is_declared_bot=(actor_class == BOT) & (rng.random(count) < 0.3), is_lurking=actor_class == AUDIENCE,
    )  # fmt: skip
    return (accounts, []) if is_trial else _with_moves(rng, world, size, accounts)


def _persons(rng: np.random.Generator, count: int, shares: Floats) -> tuple[Ints, Ints]:
    """Person and platform of each account: four persons in five have one, the others two or three on other platforms."""
    if len(shares) == 1:
        return np.arange(count), np.zeros(count, dtype=np.int64)
    person_count = round(count / 1.25)
    held = rng.choice([1, 2, 3], person_count, p=[0.8, 0.15, 0.05])
    # Three different platforms a person, in order of preference: the largest of log share plus Gumbel noise.
    ranked = np.argsort(-(np.log(shares) + rng.gumbel(size=(person_count, len(shares)))), axis=1)[:, :3]
    person = np.repeat(np.arange(person_count), held)
    place = np.arange(len(person)) - np.repeat(np.cumsum(held) - held, held)
    return person, ranked[person, place].astype(np.int64)


def _niches(rng: np.random.Generator, person_count: int, niches: Sequence[Niche]) -> tuple[Ints, Ints, Floats]:
    """Main and second niche of persons; sizes are log-normal; nobody begins in a niche that is not yet born."""
    weight = np.exp(rng.normal(0, 0.35, len(niches))) * np.array([niche.born_day == 0 for niche in niches])
    chance = weight / weight.sum()
    main = rng.choice(len(niches), person_count, p=chance)
    second = rng.choice(len(niches), person_count, p=chance)
    second[(rng.random(person_count) > 0.3) | (second == main)] = NOBODY
    # A niche that dies has no visitors, so that its end is its end.
    dying = np.flatnonzero([niche.dies_day < NEVER for niche in niches])
    second[np.isin(second, dying)] = NOBODY
    return main.astype(np.int64), second.astype(np.int64), np.where(second == NOBODY, 0.0, rng.beta(2, 6, person_count))


def _changed_niches(
    rng: np.random.Generator, niche: Ints, niches: Sequence[Niche], events: Sequence[NicheEvent]
) -> tuple[Ints, Ints]:
    later, changes = niche.copy(), np.full(len(niche), NEVER)
    for event in events:
        free = changes == NEVER
        match event.event:
            case "birth":
                stable = [number for number, one in enumerate(niches) if one.dies_day == NEVER and one.born_day == 0]
                goes = free & np.isin(niche, stable) & (rng.random(len(niche)) < 0.9 / len(niches))
                later[goes], changes[goes] = (
                    event.niche,
                    event.day + np.floor(rng.exponential(6, int(goes.sum()))).astype(np.int64),
                )
            case "split":
                goes = free & (niche == event.niche) & (rng.random(len(niche)) < 0.5)
                later[goes], changes[goes] = event.other, event.day
            case "merge":
                goes = niche == event.niche
                later[goes], changes[goes] = event.other, event.day
            case "death":
                goes = niche == event.niche
                stays = [number for number, one in enumerate(niches) if one.dies_day == NEVER and one.born_day == 0]
                later[goes], changes[goes] = rng.choice(stays, int(goes.sum())), event.day
            case _:
                continue
    return later, changes


def _rate_factors(followers: Floats, world: World) -> Floats:
    ratio = world.people.macro_rate_ratio
    tiers = tiers_of(followers)
    return np.where(tiers >= 2, ratio, np.where(tiers == 1, ratio**0.5, 1.0))


def _draw_bots(rng: np.random.Generator, world: World, actor_class: Ints, followers: Floats, rate: Floats) -> None:
    bots = (rng.random(len(rate)) < world.people.bot_share) & (actor_class == CREATOR)
    actor_class[bots] = BOT
    followers[bots] = np.clip(np.exp(rng.normal(np.log(250), 0.8, int(bots.sum()))), 20, 5_000)
    rate[bots] = rng.uniform(2.5, 6, int(bots.sum()))


def _place_outlets(actor_class: Ints, person: Ints, followers: Floats, rate: Floats, outlets: Sequence[Outlet]) -> None:
    """The first accounts of the world whose person has that one only become the accounts of outlets: ``person % len(outlets)`` names the outlet."""
    singles = np.flatnonzero((np.bincount(person)[person] == 1) & (actor_class == CREATOR))
    wanted = {number: outlet for number, outlet in enumerate(outlets) if number % 3 == 0}
    for account in singles.tolist():
        outlet = wanted.pop(int(person[account]) % len(outlets), None) if outlets else None
        if outlet is not None:
            actor_class[account] = BRAND if outlet.outlet_class == "brand" else MEDIA
            followers[account] = 250_000 * (1 + account % 7)
            rate[account] = outlet.daily_rate
        if not wanted:
            break


def _openings(
    rng: np.random.Generator,
    world: World,
    size: Size,
    platform: Ints,
    followers: Floats,
    niche: Ints,
    events: Sequence[NicheEvent],
) -> tuple[Ints, Ints]:
    count = len(platform)
    opened = np.zeros(count, dtype=np.int64)
    is_small = tiers_of(followers) == 0
    opening = is_small & (rng.random(count) < world.people.open_share)
    opened[opening] = rng.integers(1, size.day_count - 1, int(opening.sum()))
    for event in events:
        if event.event == "growth":
            growing = is_small & (niche == event.niche) & (rng.random(count) < 0.6)
            opened[growing] = event.day + np.floor(rng.exponential(20, int(growing.sum()))).astype(np.int64)
    for name, day in LAUNCH_DAYS.items():
        on = platform == PLATFORMS.index(name)
        opened[on] = np.maximum(opened[on], day + np.floor(rng.exponential(12, int(on.sum()))).astype(np.int64))
    collected = np.zeros(count, dtype=np.int64)
    late = rng.random(count) < world.observation.collection_growth
    collected[late] = rng.integers(1, size.day_count - 1, int(late.sum()))
    return opened, collected


def _links(rng: np.random.Generator, person: Ints) -> Ints:
    """Half of the persons with two accounts link them, two thirds of these mutually; accounts of a person lie side by side."""
    links = np.full(len(person), NOBODY)
    firsts = np.flatnonzero(person[:-1] == person[1:])
    draw = rng.random(len(firsts))
    for first, chance in zip(firsts.tolist(), draw.tolist(), strict=True):
        if chance < 0.5 and links[first] == NOBODY:
            links[first + 1] = first
            if chance < 1 / 3:
                links[first] = first + 1
    return links


def _with_moves(rng: np.random.Generator, world: World, size: Size, accounts: Accounts) -> tuple[Accounts, list[Move]]:
    """Persons move with a hazard that grows with the share of their niche that has moved; a fifth of them keep the old account."""
    target, launch = PLATFORMS.index(_MOVES_TO), LAUNCH_DAYS[_MOVES_TO]
    sources = [PLATFORMS.index(name) for name in _MOVES_FROM]
    there = set(accounts.person[accounts.platform == target].tolist())
    able = np.flatnonzero(
        np.isin(accounts.platform, sources)
        & (accounts.actor_class == CREATOR)
        & (rng.random(accounts.count) < world.people.mover_share)
    )
    _, once = np.unique(accounts.person[able], return_index=True)
    able = np.array([account for account in able[once].tolist() if int(accounts.person[account]) not in there], dtype=np.int64)
    day_of_move = np.full(len(able), NEVER)
    for day in range(launch + 1, size.day_count - 5):
        stays = day_of_move == NEVER
        gone = np.bincount(accounts.niche[able[~stays]], minlength=64) / np.maximum(
            np.bincount(accounts.niche[able], minlength=64), 1
        )
        hazard = 0.015 + 0.12 * gone[accounts.niche[able]]
        day_of_move[stays & (rng.random(len(able)) < hazard)] = day
    moving, days = able[day_of_move < NEVER], day_of_move[day_of_move < NEVER]
    if not len(moving):
        return accounts, []
    joined = Accounts(
        **{
            name: np.concatenate([getattr(accounts, name), getattr(accounts, name)[moving]])
            for name in Accounts.__dataclass_fields__
        }
    )
    new = np.arange(accounts.count, joined.count)
    joined.platform[new] = target
    joined.opened_day[new] = days
    joined.collected_day[new] = 0
    joined.followers_start[new] = np.floor(np.clip(joined.followers_start[moving] * rng.uniform(0.15, 0.7, len(new)), 10, None))
    leaves = rng.random(len(new)) < 0.8
    joined.closed_day[moving[leaves]] = days[leaves]
    # Two thirds say on both profiles that they are the same person.
    joined.links_to[new] = NOBODY
    tells = (rng.random(len(new)) < 2 / 3) & (joined.links_to[moving] == NOBODY)
    joined.links_to[new[tells]], joined.links_to[moving[tells]] = moving[tells], new[tells]
    numbers = zip(moving.tolist(), new.tolist(), days.tolist(), strict=True)
    return joined, [Move(int(joined.person[old]), old, fresh, day) for old, fresh, day in numbers]


def draw_graph(rng: np.random.Generator, accounts: Accounts, niche_count: int, mixing: float = 0.25) -> Graph:
    """Draw who follows whom, inside each platform: a log-normal number each, whatever the size; the followed by size, mostly in the niche.

    Args:
        rng: Of this purpose alone.
        accounts: Accounts.
        niche_count: Number of niches.
        mixing: Share of follows that leave the niche (the mu of a block model).
    """
    count = accounts.count
    follows = np.minimum(np.ceil(np.exp(rng.normal(np.log(24), 0.7, count))).astype(np.int64), 150)
    source = np.repeat(np.arange(count), follows)
    leaves = rng.random(len(source)) < mixing
    weight = np.sqrt(accounts.followers_start)
    target = np.full(len(source), NOBODY)
    cell = accounts.platform * niche_count + accounts.niche
    for inside, group in ((False, accounts.platform), (True, cell)):
        rows = np.flatnonzero(leaves != inside)
        target[rows] = _weighted(rng, group, weight, group[source[rows]])
    kept = (target != source) & (target != NOBODY)
    source, target = source[kept], target[kept]
    order = np.argsort(target, kind="stable")
    return Graph(np.searchsorted(target[order], np.arange(count + 1)), source[order])


def _weighted(rng: np.random.Generator, group: Ints, weight: Floats, wanted: Ints) -> Ints:
    """An account of the wanted group each, by weight."""
    order = np.argsort(group, kind="stable")
    total = np.cumsum(weight[order])
    firsts = np.searchsorted(group[order], wanted)
    lasts = np.searchsorted(group[order], wanted, side="right")
    low = np.where(firsts > 0, total[firsts - 1], 0.0)
    drawn = low + rng.random(len(wanted)) * (total[lasts - 1] - low)
    return order[np.minimum(np.searchsorted(total, drawn, side="right"), lasts - 1)]


def active_on(accounts: Accounts, day: int) -> Flags:
    """Which accounts are open on a day."""
    return (accounts.opened_day <= day) & (day < accounts.closed_day)
