"""What happens in an invented world, as arrays: people, niches, trends, outlets, and the posts, reactions and items of one day. Draws nothing."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Words = NDArray[np.uint64]

FIRST_DAY: Final = date(2026, 6, 1)
START: Final = datetime(2026, 6, 1, tzinfo=UTC)
START_SECONDS: Final = int(START.timestamp())
MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 86_400
NEVER: Final = 1 << 40
"""A day or second that does not come."""
NOBODY: Final = -1

PLATFORMS: Final = (
    "bluesky", "mastodon", "activitypub", "reddit", "youtube", "tiktok", "instagram", "threads", "x", "bereal", "tumblr",
)  # fmt: skip
TIERS: Final = ("micro", "mid", "macro", "mega")
TIER_FLOORS: Final = np.array([10_000, 100_000, 1_000_000], dtype=np.float64)
ACTOR_CLASSES: Final = ("audience", "creator", "aggregator", "bot", "brand", "media")
AUDIENCE, CREATOR, AGGREGATOR, BOT, BRAND, MEDIA = range(6)
TREND_CLASSES: Final = (
    "niche_origin", "macro_origin", "media_origin", "brand_seeded", "shock", "seasonal", "background", "bot_push",
)  # fmt: skip
HASHTAG: Final = "hashtag"
UNIT_TYPES: Final = (HASHTAG, "phrase", "link", "domain", "sound", "brand")
"""What a trend may be."""
LANGUAGES: Final = ("en", "de", "fr", "es")
POST, REPLY, REPOST, QUOTE = range(4)
"""Kinds of posts."""
NO_DISCLOSURE, CLEAR_TEXT, AMBIGUOUS, PLATFORM_LABEL = range(4)
"""What a sponsored post says of it (domain's levels of disclosure)."""
LIKE, FOLLOW = range(2)
"""Kinds of reactions; reposts are posts."""


def tier_of(followers: float) -> str:
    """Tier of a follower count: micro, mid, macro, mega, with floors at 10,000, 100,000 and 1,000,000."""
    return TIERS[int(np.searchsorted(TIER_FLOORS, followers, side="right"))]


def tiers_of(followers: Floats | Ints) -> Ints:
    """Numbers into ``TIERS`` of follower counts."""
    return np.searchsorted(TIER_FLOORS, followers, side="right")


def day_of(index: int) -> date:
    """Calendar date of a 0-based day."""
    return FIRST_DAY + timedelta(days=index)


def moment(second: int) -> datetime:
    """Instant of a second since the calendar's start."""
    return START + timedelta(seconds=int(second))


@dataclass(frozen=True, slots=True)
class Niche:
    """A niche: its words, and when it lives.

    Attributes:
        name: As people call it.
        tags: Perennial hashtags without the sign; the first one is the niche's own.
        slang: Words and phrases of the inside.
        born_day: First day on which somebody posts in it; 0 if it was there before.
        dies_day: First day on which nobody does; NEVER if it stays.
    """

    name: str
    tags: tuple[str, ...]
    slang: tuple[str, ...]
    born_day: int = 0
    dies_day: int = NEVER


@dataclass(frozen=True, slots=True)
class NicheEvent:
    """A planted event of a niche's life: birth, growth, merge (into ``other``), split (``other`` comes out of it), death."""

    niche: int
    event: str
    day: int
    other: int = NOBODY


@dataclass(slots=True)
class Accounts:
    """Accounts, by number; every array has one value an account.

    Attributes:
        person: Number of the person; up to three accounts share one.
        platform: Into ``PLATFORMS``.
        niche: Main niche at first.
        later_niche: Main niche from ``niche_changes_day`` on.
        niche_changes_day: NEVER where it stays.
        second_niche: Another niche, or NOBODY.
        second_share: Share of posts in the second niche.
        actor_class: Into ``ACTOR_CLASSES``. Brands and media here are their accounts on social platforms.
        followers_start: At the calendar's start; shown where the platform offers followers.
        daily_growth: Log growth of followers a day.
        jump_day: Day after which followers are ``jump_factor`` times what they were; NEVER. Set while the world runs.
        jump_factor: See ``jump_day``.
        daily_rate: Posts a day while active.
        is_bursty: Posts come in sessions with long gaps, at the same mean rate.
        zone_hours: Home time zone, hours to add to its local hours.
        opened_day: 0 if it was there before; else it posts from this day on.
        closed_day: It posts before this day only; NEVER.
        collected_day: The collection sees it from this day on (observation).
        language: Into ``LANGUAGES``.
        reply_back_rate: True chance to answer a reply to one of its posts.
        reply_back_hours: Median hours until it answers.
        engagement_rate: True likes per follower and post.
        links_to: Account of the same person that its profile names, or NOBODY; the other may or may not name it back.
        sponsor_share: Chance that a post is paid for.
        is_declared_bot: The profile says so, where the platform has such a field.
        is_lurking: Does not post of its own accord: reacts only.
    """

    person: Ints
    platform: Ints
    niche: Ints
    later_niche: Ints
    niche_changes_day: Ints
    second_niche: Ints
    second_share: Floats
    actor_class: Ints
    followers_start: Floats
    daily_growth: Floats
    jump_day: Ints
    jump_factor: Floats
    daily_rate: Floats
    is_bursty: Flags
    zone_hours: Ints
    opened_day: Ints
    closed_day: Ints
    collected_day: Ints
    language: Ints
    reply_back_rate: Floats
    reply_back_hours: Floats
    engagement_rate: Floats
    links_to: Ints
    sponsor_share: Floats
    is_declared_bot: Flags
    is_lurking: Flags

    @property
    def count(self) -> int:
        """Number of accounts."""
        return len(self.person)

    def followers(self, accounts: Ints, days: Floats | Ints | float) -> Ints:
        """Followers of accounts on days (0-based, fractions allowed), whether or not the platform shows them.

        Args:
            accounts: Account numbers.
            days: One day each, or one for all.
        """
        grown = self.followers_start[accounts] * np.exp(self.daily_growth[accounts] * np.asarray(days, dtype=np.float64))
        jumped = np.where(np.asarray(days) >= self.jump_day[accounts], self.jump_factor[accounts], 1.0)
        return np.floor(np.clip(grown * jumped, 1, 2e8)).astype(np.int64)

    def niches_on(self, accounts: Ints, day: int) -> Ints:
        """Main niche of accounts on a day."""
        return np.where(day >= self.niche_changes_day[accounts], self.later_niche[accounts], self.niche[accounts])


@dataclass(frozen=True, slots=True)
class Outlet:
    """A medium or brand that publishes items.

    Attributes:
        name: As it calls itself; public.
        outlet_class: ``media`` or ``brand``.
        host: Domain of its site, ending in ``.example``.
        beat: Niche it writes about most, or NOBODY.
        daily_rate: Items a weekday, about anything.
        delay_days: Median days between seeing something and printing it.
        language: Into ``LANGUAGES``.
        wire: Outlet whose items it reprints, or NOBODY.
        source: ``feeds``, ``gdelt`` or ``mediacloud``: which collection lists its items; one outlet may be in ``feeds`` alone.
        is_weekday: Publishes on weekdays only.
    """

    name: str
    outlet_class: str
    host: str
    beat: int
    daily_rate: float
    delay_days: float
    language: int
    wire: int
    source: str
    is_weekday: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """A planted trend.

    Attributes:
        words: Two or three words.
        alias: Another spelling of its tag that a minority uses (a misspelling or a plural), or None.
        true_class: Of ``TREND_CLASSES``.
        niche: Where it belongs.
        born_second: When the first account could have known of it.
        direction: Truth of micro creators against large ones: ``lead_first``, ``target_first`` or ``none``.
        media_direction: Truth of micro creators against media and brands, in the same words.
        sponsor: Outlet (a brand) that paid for it, or NOBODY.
        event: What happened, for shocks and seasons; None.
        unit_type: Of ``UNIT_TYPES``: what the posts that use it have in common.
    """

    words: str
    alias: str | None
    true_class: str
    niche: int
    born_second: int
    direction: str
    media_direction: str
    sponsor: int = NOBODY
    event: str | None = None
    unit_type: str = HASHTAG

    @property
    def tag(self) -> str:
        """The trend's hashtag, its words joined: its name, whatever its unit."""
        return self.words.replace(" ", "")

    @property
    def units(self) -> tuple[str, ...]:
        """Its unit as the pipeline keeps it, and, of a hashtag, another spelling."""
        match self.unit_type:
            case "hashtag":
                return (self.tag, self.alias) if self.alias else (self.tag,)
            case "phrase":
                return (self.words,)
            case "domain":
                return (f"{self.tag}.example",)
            case _:
                return (self.tag,)


class _Columns:
    """Arrays of one length."""

    __slots__ = ()

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))  # type: ignore[arg-type] # its subclasses are dataclasses

    def take(self, rows: Ints | Flags) -> Self:
        """Some of the rows."""
        # Its subclasses are dataclasses.
        return type(self)(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Posts(_Columns):
    """Posts, replies, reposts and quotes, in order of second.

    Attributes:
        number: Unique in the world, growing with the day; ids of every platform are made from it.
        account: Author.
        second: When, since the calendar's start.
        stated_second: When the record says (a clock or time zone fault moves it).
        kind: POST, REPLY, REPOST or QUOTE.
        parent: Number of the post replied to, reposted or quoted; NOBODY.
        parent_account: Its author; NOBODY.
        parent_second: Its second; NOBODY.
        niche: What it is about.
        trend: Planted trend that it uses; NOBODY.
        second_trend: Another one that it uses; NOBODY. A post uses two at most.
        uses_alias: Spells its trends by their aliases.
        credit: Account that it names as where it has the trend from ("via @..."), or NOBODY.
        sponsor: Outlet (a brand) that paid for it, or NOBODY.
        disclosure: NO_DISCLOSURE, CLEAR_TEXT, AMBIGUOUS or PLATFORM_LABEL.
        language: Into ``LANGUAGES``.
        like_count: In the long run; see :func:`counted`.
        comment_count: In the long run.
        share_count: In the long run.
        pick: Random bits, for words and tags.
    """

    number: Ints
    account: Ints
    second: Ints
    stated_second: Ints
    kind: Ints
    parent: Ints
    parent_account: Ints
    parent_second: Ints
    niche: Ints
    trend: Ints
    second_trend: Ints
    uses_alias: Flags
    credit: Ints
    sponsor: Ints
    disclosure: Ints
    language: Ints
    like_count: Ints
    comment_count: Ints
    share_count: Ints
    pick: Words


@dataclass(frozen=True, slots=True)
class Reactions(_Columns):
    """Likes and follows of a day, on platforms that show them one by one, in order of second.

    Attributes:
        number: Unique in the world, among posts too.
        account: Who reacts.
        second: When.
        kind: LIKE or FOLLOW.
        target: Post liked, or NOBODY.
        target_account: Author of the post, or account followed.
        target_second: Second of the post, or NOBODY.
    """

    number: Ints
    account: Ints
    second: Ints
    kind: Ints
    target: Ints
    target_account: Ints
    target_second: Ints


@dataclass(frozen=True, slots=True)
class Items(_Columns):
    """Items of outlets on a day, in order of second.

    Attributes:
        number: Unique among items.
        outlet: Who published it.
        second: When.
        trend: Trend in its title, or NOBODY.
        original: Number of the item that it reprints, or NOBODY.
        credit: Number of the post that it links to, or NOBODY.
        credit_account: Author of that post, or NOBODY.
        credit_second: Second of that post, or NOBODY.
        pick: Random bits.
    """

    number: Ints
    outlet: Ints
    second: Ints
    trend: Ints
    original: Ints
    credit: Ints
    credit_account: Ints
    credit_second: Ints
    pick: Words


@dataclass(frozen=True, slots=True)
class Day:
    """All that happened on one day."""

    day: int
    posts: Posts
    reactions: Reactions
    items: Items


@dataclass(slots=True)
class Adoptions:
    """Who could have taken up which trend, and who did; one value a pair of trend and account.

    Attributes:
        trend: Trend number.
        account: Account number.
        is_insider: The account's niche at the birth was the trend's.
        exposed_second: First exposure after which it could; NEVER if it was never exposed.
        cause: Account whose use exposed it last before that, NOBODY for a common cause.
        post: Number of the first post with the trend; NOBODY if it never came to it.
        adopted_second: Second of that post; NEVER.
    """

    trend: Ints
    account: Ints
    is_insider: Flags
    exposed_second: Ints
    cause: Ints
    post: Ints
    adopted_second: Ints


@dataclass(frozen=True, slots=True)
class Move:
    """A person who goes from one platform to another: the accounts and the day."""

    person: int
    from_account: int
    to_account: int
    day: int


def counted(final: Ints, age_days: Floats | float) -> Ints:
    """What a counter shows at an age: a power law that saturates at its final value; half of it after about half a day.

    Args:
        final: Counts in the long run.
        age_days: Days since the post.
    """
    age = np.maximum(np.asarray(age_days, dtype=np.float64), 0.0)
    return np.floor(final * (1.0 - (1.0 + 2.0 * age) ** -1.0)).astype(np.int64)
