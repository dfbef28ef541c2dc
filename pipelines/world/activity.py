"""What accounts post and like on a day: how many, when, in answer to what, how much it is liked, who pays. Trends are not looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np

from pipelines.world.drawn import (
    AMBIGUOUS,
    CLEAR_TEXT,
    DAY,
    FOLLOW,
    HOUR,
    LIKE,
    NO_DISCLOSURE,
    NOBODY,
    PLATFORM_LABEL,
    PLATFORMS,
    POST,
    QUOTE,
    REPLY,
    REPOST,
    Accounts,
    Flags,
    Floats,
    Ints,
    Niche,
    Outlet,
    Posts,
    Reactions,
    tiers_of,
)
from pipelines.world.people import Graph, active_on
from pipelines.world.worlds import Size, World

# Shares of replies, reposts and quotes among an account's posts, by platform.
_KINDS: Final[dict[str, tuple[float, float, float]]] = {
    "bluesky": (0.35, 0.08, 0.03), "mastodon": (0.35, 0.10, 0.0), "activitypub": (0.35, 0.10, 0.0), "reddit": (0.55, 0.0, 0.0),
    "youtube": (0.50, 0.0, 0.0), "tiktok": (0.0, 0.0, 0.0), "instagram": (0.0, 0.0, 0.0), "threads": (0.30, 0.05, 0.03),
    "x": (0.35, 0.12, 0.05), "bereal": (0.0, 0.0, 0.0), "tumblr": (0.0, 0.30, 0.0),
}  # fmt: skip
_REACTING: Final = "bluesky"
_BUFFER_DAYS: Final = 3
_SESSION_POSTS: Final = 6.0
_SESSION_SECONDS: Final = 8 * 60
_WEEKDAYS: Final = np.array([0.95, 0.95, 0.97, 1.0, 1.05, 1.1, 1.0])
_DISCLOSURES: Final = np.array([NO_DISCLOSURE, CLEAR_TEXT, AMBIGUOUS, PLATFORM_LABEL])
_LOCAL_HOURS: Final = np.cumsum(1.1 + np.sin((np.arange(24) - 9) / 24 * 2 * np.pi)) / np.sum(
    1.1 + np.sin((np.arange(24) - 9) / 24 * 2 * np.pi)
)
_EVENING: Final = (18, 23)
_DISPERSION: Final = 2.0


@dataclass(frozen=True, slots=True)
class Forced:
    """Posts that happen because of something: an event, a payment, a push. One value a post."""

    account: Ints
    second: Ints
    trend: Ints
    sponsor: Ints


class Activity:
    """Draws the posts of one day after another."""

    def __init__(
        self,
        world: World,
        size: Size,
        accounts: Accounts,
        niches: Sequence[Niche],
        outlets: Sequence[Outlet],
        graph: Graph | None,
    ) -> None:
        self._world, self._size, self._accounts, self._graph = world, size, accounts, graph
        self._niche_count = len(niches)
        self._born_day, self._dies_day = (np.array([getattr(each, name) for each in niches]) for name in ("born_day", "dies_day"))
        self._brands = np.array(
            [number for number, outlet in enumerate(outlets) if outlet.outlet_class == "brand"], dtype=np.int64
        )
        self._evening = np.isin(tiers_of(accounts.followers_start), world.people.evening_tiers)
        shares = np.array([_KINDS[name] for name in PLATFORMS])[accounts.platform]
        self._kind_bounds = np.cumsum(shares, axis=1)
        self._next_number = 1
        self._recent: Posts = empty_posts()
        self._answers: Posts = empty_posts()

    def draw(self, rng: np.random.Generator, day: int, forced: Forced) -> Posts:
        """Draw one day's posts, answers that are due and forced posts among them, in order of second."""
        accounts = self._accounts
        author, second = self._moments(rng, day)
        author = np.concatenate([author, forced.account])
        second = np.concatenate([second, forced.second])
        is_forced = np.arange(len(author)) >= len(author) - len(forced.account)
        order = np.lexsort((author, second))
        author, second, is_forced = author[order], second[order], is_forced[order]
        count = len(author)
        kind = self._kinds(rng, author, is_forced)
        niche = self._niches(rng, author, day)
        posts = Posts(
            number=self._next_number + np.arange(count), account=author, second=second, stated_second=second, kind=kind,
            parent=np.full(count, NOBODY), parent_account=np.full(count, NOBODY), parent_second=np.full(count, NOBODY), niche=niche,
            trend=np.full(count, NOBODY), second_trend=np.full(count, NOBODY), uses_alias=np.zeros(count, dtype=bool), credit=np.full(count, NOBODY),
            sponsor=np.full(count, NOBODY), disclosure=np.zeros(count, dtype=np.int64), language=accounts.language[author],
            like_count=np.zeros(count, dtype=np.int64), comment_count=np.zeros(count, dtype=np.int64), share_count=np.zeros(count, dtype=np.int64),
            pick=rng.integers(0, 1 << 63, count).astype(np.uint64),
        )  # fmt: skip
        self._next_number += count
        posts.trend[is_forced] = np.concatenate([np.full(count - len(forced.account), NOBODY), forced.trend])[order][is_forced]
        posts.sponsor[is_forced] = np.concatenate([np.full(count - len(forced.account), NOBODY), forced.sponsor])[order][
            is_forced
        ]
        self._find_parents(rng, posts)
        posts = self._with_answers(rng, posts, day)
        self._pay(rng, posts)
        self._engage(rng, posts)
        return posts

    def _moments(self, rng: np.random.Generator, day: int) -> tuple[Ints, Ints]:
        """Author and second of the day's own posts: over-dispersed counts, by the hours of home, or in sessions."""
        accounts = self._accounts
        active = active_on(accounts, day)
        expected = accounts.daily_rate * _WEEKDAYS[day % 7] * active
        mood = rng.gamma(_DISPERSION, 1 / _DISPERSION, accounts.count)
        steady = np.repeat(np.arange(accounts.count), rng.poisson(np.where(accounts.is_bursty, 0.0, expected * mood)))
        sessions = np.repeat(np.arange(accounts.count), rng.poisson(np.where(accounts.is_bursty, expected / _SESSION_POSTS, 0.0)))
        lengths = rng.geometric(1 / _SESSION_POSTS, len(sessions))
        bursty = np.repeat(sessions, lengths)
        begins = np.repeat(self._hours(rng, sessions), lengths)
        gaps = rng.exponential(_SESSION_SECONDS, len(bursty))
        firsts = np.cumsum(lengths) - lengths
        passed = np.cumsum(gaps)
        within = passed - np.repeat(passed[firsts] if len(firsts) else np.empty(0), lengths)
        author = np.concatenate([steady, bursty])
        local = np.concatenate([self._hours(rng, steady), begins + within])
        return author, day * DAY + np.minimum(local.astype(np.int64), DAY - 1)

    def _hours(self, rng: np.random.Generator, author: Ints) -> Floats:
        """Second of the day, UTC."""
        hours = np.searchsorted(_LOCAL_HOURS, rng.random(len(author)))
        hours = (hours + self._accounts.zone_hours[author]) % 24
        evening = self._evening[author]
        hours = np.where(evening, rng.integers(*_EVENING, len(author)), hours)
        return hours * HOUR + rng.random(len(author)) * HOUR

    def _kinds(self, rng: np.random.Generator, author: Ints, is_forced: Flags) -> Ints:
        draw = rng.random(len(author))
        bound = (draw[:, None] >= self._kind_bounds[author]).sum(axis=1)
        kind: Ints = np.array([REPLY, REPOST, QUOTE, POST])[bound]
        kind[self._accounts.is_lurking[author] & (self._kind_bounds[author, 0] > 0)] = REPLY
        kind[is_forced] = POST
        return kind

    def _niches(self, rng: np.random.Generator, author: Ints, day: int) -> Ints:
        accounts = self._accounts
        niche = accounts.niches_on(author, day)
        visits = rng.random(len(author)) < accounts.second_share[author]
        niche = np.where(visits, accounts.second_niche[author], niche)
        if self._world.people.mixing:
            strays = rng.random(len(author)) < self._world.people.mixing
            alive = np.flatnonzero((self._born_day <= day) & (day < self._dies_day))
            steps = rng.integers(1, max(alive.size, 2), len(author))
            niche = np.where(strays, alive[(np.searchsorted(alive, niche) + steps) % alive.size], niche)
        if self._world.people.is_homogenising:
            common = rng.random(len(author)) < 0.85 * day / self._size.day_count
            niche = np.where(common, 0, niche)
        return niche

    def _find_parents(self, rng: np.random.Generator, posts: Posts) -> None:
        """Replies, reposts and quotes go to recent posts of the platform, five in six of them of the same niche."""
        tops = join_posts([self._recent, posts.take(posts.kind == POST)])
        children = np.flatnonzero(posts.kind != POST)
        platform = self._accounts.platform
        stays = rng.random(len(children)) < 5 / 6
        back = np.ceil(rng.exponential(6.0, len(children))).astype(np.int64)
        span = 1 << 34
        for in_niche in (True, False):
            cell = platform[tops.account] * (self._niche_count + 1) + (tops.niche + 1 if in_niche else 0)
            order = np.lexsort((tops.second, cell))
            key = cell[order] * span + tops.second[order]
            rows = children[stays == in_niche]
            own_cell = platform[posts.account[rows]] * (self._niche_count + 1) + (posts.niche[rows] + 1 if in_niche else 0)
            first = np.searchsorted(key, own_cell * span)
            before = np.searchsorted(key, own_cell * span + posts.second[rows])
            fits = before > first
            rows, first, before = rows[fits], first[fits], before[fits]
            chosen = order[np.maximum(before - back[stays == in_niche][fits], first)]
            other = tops.account[chosen] != posts.account[rows]
            rows, chosen = rows[other], chosen[other]
            posts.parent[rows], posts.parent_account[rows] = tops.number[chosen], tops.account[chosen]
            posts.parent_second[rows] = tops.second[chosen]
        # Who found nothing to answer says something of its own.
        posts.kind[(posts.kind != POST) & (posts.parent == NOBODY)] = POST
        newest = int(posts.second[-1]) if len(posts) else 0
        self._recent = tops.take(tops.second >= newest - _BUFFER_DAYS * DAY)

    def _with_answers(self, rng: np.random.Generator, posts: Posts, day: int) -> Posts:
        """Authors answer replies to their posts with their own rate and delay; answers due today join the day."""
        accounts = self._accounts
        replies = posts.take(posts.kind == REPLY)
        answered = rng.random(len(replies)) < accounts.reply_back_rate[replies.parent_account]
        replies = replies.take(answered)
        hours = accounts.reply_back_hours[replies.parent_account] * np.exp(rng.normal(0, 0.6, len(replies)))
        second = replies.second + np.maximum((hours * HOUR).astype(np.int64), 30)
        count = len(replies)
        answers = replace(
            replies, number=self._next_number + np.arange(count), account=replies.parent_account, second=second, stated_second=second,
            parent=replies.number, parent_account=replies.account, parent_second=replies.second, trend=np.full(count, NOBODY), second_trend=np.full(count, NOBODY),
            sponsor=np.full(count, NOBODY), language=accounts.language[replies.parent_account],
            pick=rng.integers(0, 1 << 63, count).astype(np.uint64),
        )  # fmt: skip
        self._next_number += count
        waiting = join_posts([self._answers, answers])
        due = waiting.second < (day + 1) * DAY
        self._answers = waiting.take(~due)
        now = waiting.take(due)
        now = now.take(active_on(accounts, day)[now.account])
        joined = join_posts([posts, now])
        return joined.take(np.lexsort((joined.number, joined.second)))

    def _pay(self, rng: np.random.Generator, posts: Posts) -> None:
        if not len(self._brands):
            return
        paid = (
            (rng.random(len(posts)) < self._accounts.sponsor_share[posts.account])
            & (posts.kind == POST)
            & (posts.trend == NOBODY)
        )
        posts.sponsor[paid] = rng.choice(self._brands, int(paid.sum()))
        paid = posts.sponsor != NOBODY
        posts.disclosure[paid] = rng.choice(_DISCLOSURES, int(paid.sum()), p=[0.4, 0.28, 0.22, 0.1])

    def _engage(self, rng: np.random.Generator, posts: Posts) -> None:
        """Over-dispersed likes around the author's own rate, a tenth of it for what is no post; comments and shares from likes."""
        accounts = self._accounts
        followers = accounts.followers(posts.account, posts.second / DAY)
        expected = followers * accounts.engagement_rate[posts.account] * np.where(posts.kind == POST, 1.0, 0.1)
        likes = rng.poisson(np.minimum(expected * rng.gamma(1.5, 1 / 1.5, len(posts)), 1e8))
        posts.like_count[:] = likes
        posts.comment_count[:] = rng.poisson(likes / 18)
        posts.share_count[:] = rng.poisson(likes / 40)

    def react(self, rng: np.random.Generator, day: int, posts: Posts) -> Reactions:
        """Draw likes of recent posts and new follows, on the platform that shows them one by one."""
        accounts, graph = self._accounts, self._graph
        shown = accounts.platform == PLATFORMS.index(_REACTING)
        tops = posts.take((posts.kind == POST) & shown[posts.account])
        if graph is None or not len(tops) or not self._size.reaction_rate:
            return empty_reactions()
        times = rng.poisson(self._size.reaction_rate, len(tops))
        target = np.repeat(np.arange(len(tops)), times)
        first, last = graph.first[tops.account[target]], graph.first[tops.account[target] + 1]
        followed = last > first
        target, first, last = target[followed], first[followed], last[followed]
        liker = graph.follower[first + (rng.random(len(target)) * (last - first)).astype(np.int64)]
        when = tops.second[target] + (rng.exponential(4 * HOUR, len(target))).astype(np.int64) + 5
        follows = self._follows(rng, day, shown, graph)
        account = np.concatenate([liker, follows[0]])
        count = len(account)
        none = np.full(len(follows[0]), NOBODY)
        reactions = Reactions(
            number=self._next_number + np.arange(count), account=account, second=np.concatenate([when, follows[2]]),
            kind=np.concatenate([np.full(len(target), LIKE), np.full(len(none), FOLLOW)]),
            target=np.concatenate([tops.number[target], none]), target_account=np.concatenate([tops.account[target], follows[1]]),
            target_second=np.concatenate([tops.second[target], none]),
        )  # fmt: skip
        self._next_number += count
        inside = (reactions.second < (day + 1) * DAY) & active_on(accounts, day)[reactions.account]
        reactions = reactions.take(inside)
        return reactions.take(np.lexsort((reactions.number, reactions.second)))

    def _follows(self, rng: np.random.Generator, day: int, shown: Flags, graph: Graph) -> tuple[Ints, Ints, Ints]:
        """An edge of the graph in sixty is told each day."""
        edges = np.flatnonzero(rng.random(len(graph.follower)) < 1 / 60)
        target = np.searchsorted(graph.first, edges, side="right") - 1
        on = shown[target] & active_on(self._accounts, day)[target]
        return graph.follower[edges[on]], target[on], day * DAY + rng.integers(0, DAY, int(on.sum()))


def empty_posts() -> Posts:
    """No posts."""
    kinds = {"uses_alias": bool, "pick": np.uint64}
    columns: dict[str, Any] = {field.name: np.empty(0, dtype=kinds.get(field.name, np.int64)) for field in fields(Posts)}
    return Posts(**columns)


def empty_reactions() -> Reactions:
    """No reactions."""
    return Reactions(**{field.name: np.empty(0, dtype=np.int64) for field in fields(Reactions)})


def join_posts(parts: Sequence[Posts]) -> Posts:
    """Posts of several parts, one after the other."""
    return Posts(**{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Posts)})
