"""What happens in an invented world: people, posts, exposure and adoption, drawn from one seed. No file formats, no I/O."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

FIRST_DAY: Final = date(2026, 8, 1)
DAY_COUNT: Final = 61
START: Final = datetime(2026, 8, 1, tzinfo=UTC)
START_SECONDS: Final = int(START.timestamp())
HOUR: Final = 3600
DAY: Final = 86_400
SNAPSHOT_DAYS: Final = (0, 14, 31, 45, 60)
PLATFORMS: Final = ("reddit", "bluesky", "mastodon", "youtube", "tiktok", "instagram")
_PLATFORM_SHARES: Final = (0.15, 0.20, 0.15, 0.15, 0.20, 0.15)
OUTAGE_PLATFORM: Final = "bluesky"
OUTAGE_DAY: Final = 39
TIERS: Final = ("micro", "mid", "macro", "mega")
_TIER_FLOORS: Final = np.array([10_000, 100_000, 1_000_000], dtype=np.float64)
WORLDS: Final = ("P6_full_realistic", "P1_micro_first", "W1_rate_confounded", "W0_exchangeable")
# accounts, trends; "large" is written file by file but its posts are drawn at once (about 1 GB of memory).
SIZES: Final[dict[str, tuple[int, int]]] = {"tiny": (200, 8), "small": (2_500, 40), "large": (25_000, 60)}
# How much more often the accounts over 100,000 followers post.
_MACRO_RATE_RATIO: Final = {"P6_full_realistic": 3.0, "P1_micro_first": 3.0, "W1_rate_confounded": 4.0, "W0_exchangeable": 1.0}

NICHES: Final[dict[str, tuple[str, ...]]] = {
    "cottagecore": (
        "cottagecore",
        "cottagelife",
        "slowliving",
        "bramblebasket",
        "wildflowers",
        "sourdoughdiary",
        "linendress",
        "hearthside",
    ),
    "sneakerheads": ("sneakerheads", "kotd", "soleswap", "deadstock", "lacegame", "gumsole", "retrorunner", "boxfresh"),
    "clean beauty": (
        "cleanbeauty",
        "skinfirst",
        "bareface",
        "refillskincare",
        "gentlebarrier",
        "shelfie",
        "oilcleanse",
        "fragrancefree",
    ),
    "eco fashion": (
        "ecofashion",
        "thriftflip",
        "visiblemending",
        "slowfashion",
        "capsulecloset",
        "deadstockfabric",
        "secondhandfirst",
        "naturaldye",
    ),
    "regional cuisine": (
        "regionalcuisine",
        "grandmasrecipe",
        "marketday",
        "smokehouse",
        "fermentclub",
        "homecured",
        "foragedfood",
        "cornmeal",
    ),
    "indie lit": (
        "indielit",
        "smallpress",
        "chapbook",
        "zinefair",
        "readersofmany",
        "translatedfiction",
        "poetrycommunity",
        "marginalia",
    ),
}
SLANG: Final[dict[str, tuple[str, ...]]] = {
    "cottagecore": ("hearthy", "mossbrained", "gathercoded"),
    "sneakerheads": ("grails", "beaters", "cooked pair"),
    "clean beauty": ("skinimal", "slugging", "holy shelf"),
    "eco fashion": ("thrifted down", "mendmaxx", "fibre check"),
    "regional cuisine": ("nonna rules", "smoke ring", "crock mates"),
    "indie lit": ("dogear", "slushpile", "spine poem"),
}
GENERAL_TAGS: Final = ("mood", "weekend", "daily", "photooftheday", "fyp")
_FIRST_WORDS: Final = (
    "velvet",
    "copper",
    "paper",
    "moonlit",
    "salted",
    "quilted",
    "amber",
    "ghostly",
    "tidal",
    "rusty",
    "pickled",
    "feathered",
)
_SECOND_WORDS: Final = (
    "mushroom",
    "lantern",
    "harbour",
    "biscuit",
    "ribbon",
    "orchard",
    "compass",
    "pebble",
    "kettle",
    "thistle",
    "saddle",
    "mirror",
)


@dataclass(frozen=True, slots=True)
class Accounts:
    """Accounts, by number. ``followers_start`` and ``followers_end`` are 0 where the platform offers none (Reddit)."""

    person: Ints
    platform: Ints
    niche: Ints
    followers_start: Floats
    followers_end: Floats
    daily_rate: Floats

    @property
    def count(self) -> int:
        """Number of accounts."""
        return len(self.person)

    def followers(self, account: int, day: float) -> int:
        """Followers on a day of the calendar (0-based), growing exponentially between its ends."""
        start, end = self.followers_start[account], self.followers_end[account]
        return int(start * (end / start) ** (day / DAY_COUNT)) if start > 0 else 0

    def tier(self, account: int, day: float) -> str | None:
        """Tier on a day; None on Reddit, which shows no followers."""
        return tier_of(self.followers(account, day)) if self.followers_start[account] > 0 else None


@dataclass(frozen=True, slots=True)
class Posts:
    """Posts in order of account and time; ``parent`` is a post number or -1."""

    account: Ints
    seconds: Ints  # since the calendar's start
    parent: Ints
    first_of_account: Ints  # slice bounds by account, one longer than the accounts


@dataclass(frozen=True, slots=True)
class Trend:
    """A planted trend."""

    words: str
    true_class: str
    niche: int
    born_seconds: int
    media: tuple[tuple[int, int], ...]  # outlet number, seconds of publication

    @property
    def tag(self) -> str:
        """The trend's hashtag, its words joined."""
        return self.words.replace(" ", "")


@dataclass(frozen=True, slots=True)
class Adoption:
    """One account's way into one trend, in seconds since the calendar's start; post is -1 if it never showed."""

    trend: int
    account: int
    exposed_seconds: int
    post: int


@dataclass(frozen=True, slots=True)
class World:
    """All that happened, before any platform wrote it down."""

    name: str
    size: str
    seed: int
    accounts: Accounts
    posts: Posts
    trends: tuple[Trend, ...]
    adoptions: tuple[Adoption, ...]
    trend_tags: dict[int, list[str]]  # post -> planted tags


def tier_of(followers: float) -> str:
    """Tier of a follower count: micro, mid, macro, mega, with floors at 10,000, 100,000 and 1,000,000."""
    return TIERS[int(np.searchsorted(_TIER_FLOORS, followers, side="right"))]


def day_of(index: int) -> date:
    """Calendar date of a 0-based day."""
    return FIRST_DAY + timedelta(days=index)


def generator(world: str, size: str, seed: int, purpose: str) -> np.random.Generator:
    """An independent random stream for one purpose of one world."""
    return np.random.default_rng([seed, zlib.crc32(f"{world}|{size}|{purpose}".encode())])


def draw_world(name: str, size: str, seed: int) -> World:
    """Draw a world.

    Args:
        name: one of WORLDS.
        size: one of SIZES.
        seed: non-negative; the same three arguments give the same world.

    Raises:
        ValueError: unknown world or size.
    """
    if name not in WORLDS or size not in SIZES:
        raise ValueError(f"unknown world or size: {name!r}, {size!r}; worlds are {WORLDS}, sizes {tuple(SIZES)}")
    account_count, trend_count = SIZES[size]
    accounts = _draw_accounts(generator(name, size, seed, "accounts"), account_count, _MACRO_RATE_RATIO[name])
    posts = _draw_posts(generator(name, size, seed, "posts"), accounts)
    trends = _draw_trends(generator(name, size, seed, "trends"), name, trend_count)
    adoptions, tags = _spread(generator(name, size, seed, "spread"), accounts, posts, trends)
    return World(name, size, seed, accounts, posts, trends, adoptions, tags)


def _draw_accounts(rng: np.random.Generator, count: int, macro_rate_ratio: float) -> Accounts:
    person_niche = rng.integers(0, len(NICHES), count)
    # About a quarter of the persons hold a second account on another platform.
    person = np.arange(count)
    second = np.flatnonzero(rng.random(count) < 0.2)
    second = second[second > 0]
    platform = rng.choice(len(PLATFORMS), count, p=_PLATFORM_SHARES)
    for account in second.tolist():
        person[account] = person[account - 1]
        if platform[account] == platform[account - 1]:
            platform[account] = (platform[account] + 1) % len(PLATFORMS)
    niche = person_niche[person]
    body = np.exp(rng.normal(np.log(1_800), 1.3, count))
    tail = 20_000 * (1 - rng.random(count)) ** (-1 / 0.7)
    followers = np.clip(np.where(rng.random(count) < 0.2, tail, body), 40, 3e7)
    growth = np.where(rng.random(count) < 0.06, rng.uniform(0.7, 2.2, count), rng.normal(0.03, 0.05, count))
    macro = followers >= 100_000
    middle = (followers >= 10_000) & ~macro
    ratio = np.where(macro, macro_rate_ratio, np.where(middle, macro_rate_ratio**0.5, 1.0))
    daily_rate = np.clip(np.exp(rng.normal(np.log(0.37), 0.5, count)) * ratio, 0.1, 6)
    has_followers = platform != PLATFORMS.index("reddit")
    start = np.where(has_followers, np.floor(followers), 0.0)
    return Accounts(person, platform, niche, start, np.floor(start * np.exp(growth)), daily_rate)


def _draw_posts(rng: np.random.Generator, accounts: Accounts) -> Posts:
    counts = rng.poisson(accounts.daily_rate * DAY_COUNT)
    account = np.repeat(np.arange(accounts.count), counts)
    hours = np.arange(24)
    weight = 1.1 + np.sin((hours - 9) / 24 * 2 * np.pi)
    local = rng.choice(24, len(account), p=weight / weight.sum())
    shift = rng.choice([0, 1, 5, 8, 16], accounts.count)[account]  # home time zones
    seconds = rng.integers(0, DAY_COUNT, len(account)) * DAY + (local + shift) % 24 * HOUR + rng.integers(0, HOUR, len(account))
    lost = (accounts.platform[account] == PLATFORMS.index(OUTAGE_PLATFORM)) & (seconds // DAY == OUTAGE_DAY)
    account, seconds = account[~lost], seconds[~lost]
    order = np.lexsort((seconds, account))
    account, seconds = account[order], seconds[order]
    first = np.searchsorted(account, np.arange(accounts.count + 1))
    return Posts(account, seconds, _draw_parents(rng, accounts, account, seconds), first)


def _draw_parents(rng: np.random.Generator, accounts: Accounts, account: Ints, seconds: Ints) -> Ints:
    """Replies to recent top posts of the platform, five in six of them inside the niche; one hop deep."""
    parent = np.full(len(account), -1, dtype=np.int64)
    platform, niche = accounts.platform[account], accounts.niche[account]
    share = np.array([0.55, 0.35, 0.35, 0.5, 0.0, 0.0])[platform]  # TikTok and Instagram exports hold no replies
    is_reply = rng.random(len(account)) < share
    stay_home = rng.random(len(account)) < 5 / 6
    for group, niche_index in [(p, n) for p in range(len(PLATFORMS)) for n in range(-1, len(NICHES))]:
        inside = (platform == group) & ((niche == niche_index) | (niche_index < 0))
        tops = np.flatnonzero(inside & ~is_reply)
        replies = np.flatnonzero(inside & is_reply & (stay_home == (niche_index >= 0)))
        if not len(tops) or not len(replies):
            continue
        tops = tops[np.argsort(seconds[tops], kind="stable")]
        position = np.searchsorted(seconds[tops], seconds[replies])
        back = np.ceil(rng.exponential(6.0, len(replies))).astype(np.int64)
        chosen = np.maximum(position - back, 0)
        fits = position > 0
        parent[replies[fits]] = tops[chosen[fits]]
    own = (parent >= 0) & (account[parent] == account)
    parent[own] = -1
    return parent


def _draw_trends(rng: np.random.Generator, world: str, count: int) -> tuple[Trend, ...]:
    if world == "P1_micro_first":
        classes = ["niche_origin"] * count
    elif world == "P6_full_realistic":
        mix = ("niche_origin", "null", "niche_origin", "macro_origin", "niche_origin", "shock", "niche_origin", "null")
        classes = [mix[index % len(mix)] for index in range(count)]
    else:
        classes = ["null"] * count
    pairs = rng.permutation(len(_FIRST_WORDS) * len(_SECOND_WORDS))[:count]
    trends = []
    for index, (pair, true_class) in enumerate(zip(pairs.tolist(), classes, strict=True)):
        born = int(rng.integers(8 * DAY, 36 * DAY))
        first, second = divmod(pair, len(_SECOND_WORDS))
        earliest, mean = {"niche_origin": (10.0, 3.0), "macro_origin": (3.0, 3.0), "shock": (0.1, 0.3), "null": (0.0, 5.0)}[
            true_class
        ]
        covers = np.flatnonzero(rng.random(12) < 0.5)
        delays = (earliest + rng.exponential(mean, len(covers))) * DAY
        media = tuple((int(o), int(born + d)) for o, d in zip(covers, delays, strict=True) if born + d < DAY_COUNT * DAY - HOUR)
        trends.append(Trend(f"{_FIRST_WORDS[first]} {_SECOND_WORDS[second]}", true_class, index % len(NICHES), born, media))
    return tuple(trends)


def _exposure_delays(rng: np.random.Generator, true_class: str, *, is_large: Flags, is_mid: Flags, is_insider: Flags) -> Floats:
    """Days from a trend's birth to each account's exposure."""
    count = len(is_large)
    wave = rng.exponential(1.0, count)
    if true_class == "null":
        return wave * 5.0
    if true_class == "shock":
        return wave * 0.15
    if true_class == "macro_origin":
        return np.where(is_large, wave * 1.0, np.where(is_mid, 3.0 + wave * 2.0, 6.0 + wave * 3.0))
    return np.where(
        is_large, 7.0 + wave * 3.0, np.where(is_mid, 4.0 + wave * 3.0, np.where(is_insider, wave * 2.0, 3.0 + wave * 4.0))
    )


def _spread(
    rng: np.random.Generator, accounts: Accounts, posts: Posts, trends: tuple[Trend, ...]
) -> tuple[tuple[Adoption, ...], dict[int, list[str]]]:
    adoptions: list[Adoption] = []
    tags: dict[int, list[str]] = {}
    growth = accounts.followers_end / np.maximum(accounts.followers_start, 1)
    for number, trend in enumerate(trends):
        followers = accounts.followers_start * np.maximum(growth, 1e-9) ** (trend.born_seconds / DAY / DAY_COUNT)
        insider = accounts.niche == trend.niche
        exposed = np.flatnonzero(rng.random(accounts.count) < np.where(insider, 0.45, 0.06))
        large, mid = followers[exposed] >= 100_000, (followers[exposed] >= 10_000) & (followers[exposed] < 100_000)
        delays = _exposure_delays(rng, trend.true_class, is_large=large, is_mid=mid, is_insider=insider[exposed])
        waits = rng.geometric(0.6, len(exposed))  # an exposed account's posts show the trend with p = 0.6 each
        for account, delay, wait in zip(exposed.tolist(), delays.tolist(), waits.tolist(), strict=True):
            seen = trend.born_seconds + int(delay * DAY)
            low, high = int(posts.first_of_account[account]), int(posts.first_of_account[account + 1])
            post = low + int(np.searchsorted(posts.seconds[low:high], seen)) + wait - 1
            shown = post < high
            adoptions.append(Adoption(number, account, seen, post if shown else -1))
            if shown:
                later = range(post + 1, min(post + 7, high))
                again = [p for p, draw in zip(later, rng.random(len(later)).tolist(), strict=True) if draw < 0.3]
                for carrying in (post, *again):
                    tags.setdefault(carrying, []).append(trend.tag)
    return tuple(adoptions), tags
