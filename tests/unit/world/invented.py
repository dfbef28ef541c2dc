"""A few made-up accounts, and one day of their records, for tests of the writers. Draws nothing from the simulator."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.world.drawn import (
    AUDIENCE,
    CLEAR_TEXT,
    CREATOR,
    DAY,
    FOLLOW,
    LIKE,
    NEVER,
    NO_DISCLOSURE,
    NOBODY,
    PLATFORM_LABEL,
    PLATFORMS,
    POST,
    QUOTE,
    REPLY,
    REPOST,
    Accounts,
    Ints,
    Items,
    Niche,
    Outlet,
    Posts,
    Reactions,
    Trend,
)
from pipelines.world.native.files import Filed
from pipelines.world.native.names import Names

ACCOUNT_COUNT = 14
"""The last two are on another platform, the one before them only reacts; account 0 is linked to account 12."""
_OWN = ACCOUNT_COUNT - 2
DISCLOSURES = {"ad", "werbung", "publicité", "publicidad"}
"""Hashtags that say that a post is paid for: words of its sentence."""


def _full(value: float, kind: Any = np.int64) -> Any:
    return np.full(ACCOUNT_COUNT, value, kind)


def _accounts(platform: str) -> Accounts:
    own, other = PLATFORMS.index(platform), PLATFORMS.index("mastodon" if platform != "mastodon" else "bluesky")
    numbers = np.arange(ACCOUNT_COUNT, dtype=np.int64)
    links = _full(NOBODY)
    links[0] = _OWN
    lurking = numbers == _OWN - 1
    return Accounts(
        person=numbers % _OWN, platform=np.where(numbers < _OWN, own, other), niche=numbers % 2, later_niche=numbers % 2,
        niche_changes_day=_full(NEVER), second_niche=_full(NOBODY), second_share=_full(0, np.float64),
        actor_class=np.where(lurking, AUDIENCE, CREATOR), followers_start=900.0 * np.square(numbers + 1.0), daily_growth=_full(0.002, np.float64),
        jump_day=_full(NEVER), jump_factor=_full(1, np.float64), daily_rate=_full(1, np.float64), is_bursty=_full(False, np.bool_),
        zone_hours=_full(0), opened_day=_full(0), closed_day=_full(NEVER), collected_day=_full(0), language=numbers % 4,
        reply_back_rate=_full(0.5, np.float64), reply_back_hours=_full(2, np.float64), engagement_rate=_full(0.05, np.float64),
        links_to=links, sponsor_share=_full(0, np.float64), is_declared_bot=numbers == 5, is_lurking=lurking,
    )  # fmt: skip


def invented(platform: str, post_count: int = 40, seed: int = 1, day: int = 10) -> tuple[Names, Filed]:
    """Names of a small world, and what arrives of a platform on one day: every kind of post, edits, repeats, deletions, reactions.

    Every tenth post is a reply to the post before it, the next one a reply to that reply, then a quote and a repost of the first of the ten;
    one in ten credits an account, one is paid for. The last record is a second delivery of the first post, the one before it an edit of the sixth.
    At least 20 posts.
    """
    niches = (Niche("mending", ("mending", "darning", "sewing"), ("sashiko",)), Niche("moss", ("moss", "terrarium"), ()))
    trends = (
        Trend("velvet moss", "velvetmos", "niche_origin", 1, 0, "none", "none"),
        Trend("große Naht", None, "background", 0, 0, "none", "none"),
    )
    outlet = Outlet("Larkfield Stores", "brand", "larkfield-stores.example", NOBODY, 1, 1, 0, NOBODY, "feeds", False)
    names = Names.of(seed, _accounts(platform), niches, trends, (outlet,))
    rng = np.random.default_rng(seed)
    place = np.arange(post_count, dtype=np.int64)
    step, first = place % 10, place - place % 10
    second = day * DAY + np.sort(rng.integers(0, DAY // 2, post_count))
    account = rng.integers(0, _OWN - 1, post_count)
    kind = np.select([(step == 1) | (step == 2), step == 3, step == 4], [REPLY, QUOTE, REPOST], POST).astype(np.int64)
    parent = np.select([step == 1, step == 2, (step == 3) | (step == 4)], [place - 1, place - 1, first], NOBODY)
    number = 1_000 + 7 * place
    has_parent = parent != NOBODY
    posts = Posts(
        number=number, account=account, second=second, stated_second=second + 0, kind=kind,
        parent=np.where(has_parent, number[parent], NOBODY), parent_account=np.where(has_parent, account[parent], NOBODY),
        parent_second=np.where(has_parent, second[parent], NOBODY), niche=account % 2,
        trend=np.where(kind == REPOST, NOBODY, np.where(step % 3 == 0, account % 2, NOBODY)), second_trend=np.full(post_count, NOBODY), uses_alias=step == 6,
        credit=np.where(step == 5, (account + 1) % (_OWN - 1), NOBODY), sponsor=np.where((step == 7) | (step == 8), 0, NOBODY),
        disclosure=np.select([step == 7, step == 8], [PLATFORM_LABEL, CLEAR_TEXT], NO_DISCLOSURE).astype(np.int64), language=account % 4,
        like_count=rng.integers(0, 900, post_count), comment_count=rng.integers(0, 90, post_count),
        share_count=rng.integers(0, 40, post_count), pick=rng.integers(0, 1 << 63, post_count, dtype=np.uint64),
    )  # fmt: skip
    delivered = np.concatenate([place, [5, 0]])
    is_late = np.arange(post_count + 2) >= post_count
    nothing, no_bits = np.zeros(0, np.int64), np.zeros(0, np.uint64)
    filed = Filed(
        day=day, posts=posts.take(delivered), observed_second=(posts.second + 600)[delivered] + np.where(is_late, 30_000, 0),
        version=np.where(np.arange(post_count + 2) == post_count, 1, 0), is_repeat=np.arange(post_count + 2) == post_count + 1,
        deleted=posts.take(np.flatnonzero((place == 11) | (place == 19))), reactions=_reactions(posts),
        items=Items(nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing, no_bits),
        is_drifted=False, is_last=False,
    )  # fmt: skip
    return names, filed


def _reactions(posts: Posts) -> Reactions:
    """The lurker likes the first post of each ten and follows its author."""
    liked = posts.take(np.flatnonzero(np.arange(len(posts)) % 10 == 0))

    def twice(column: Ints) -> Ints:
        return np.concatenate([column, column])

    count = len(liked)
    return Reactions(
        number=np.arange(2 * count, dtype=np.int64) + 500_000, account=np.full(2 * count, _OWN - 1),
        second=np.sort(twice(liked.second + 60)), kind=np.repeat(np.array([LIKE, FOLLOW]), count),
        target=np.concatenate([liked.number, np.full(count, NOBODY)]), target_account=twice(liked.account),
        target_second=np.concatenate([liked.second, np.full(count, NOBODY)]),
    )  # fmt: skip
