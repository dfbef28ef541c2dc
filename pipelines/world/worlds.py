"""The worlds by name, and their sizes: what each one plants, and what a calibrated pipeline may claim of it. Parameters only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from pipelines.world.drawn import HASHTAG, NEVER

NONE: Final = "none"
LEAD: Final = "lead_first"
TARGET: Final = "target_first"
ANY: Final = "any"
"""What may be claimed: nothing; micro creators first; the others first; either (the world says nothing of it)."""
WAVE_SHAPE: Final = 2.0
WAVE_HOURS: Final = 36.0
"""Shape and scale of the gamma density of exposure by a common cause: the same for accounts and outlets, or no world of both is null."""
AGAIN_COUNT: Final = 6
AGAIN_CHANCE: Final = 0.3
"""After the first use of a trend, each of so many next posts or items uses it again with this chance; alike for both, too."""


@dataclass(frozen=True, slots=True)
class UnitHabit:
    """How trends of one type of unit are used: tags, links and sounds are habits, and each tier has its own.

    Attributes:
        unit_type: Of ``drawn.UNIT_TYPES``.
        adoption: Chance that a post of a micro account after exposure uses the trend.
        large_adoption: That of an account over 100,000 followers; in the middle it is the geometric mean of both.
    """

    unit_type: str
    adoption: float
    large_adoption: float


@dataclass(frozen=True, slots=True)
class TrendMix:
    """Shares of the classes of trends, and how they spread.

    Attributes:
        shares: Class and share; the shares add up to 1.
        adoption: Chance that a post after exposure uses the trend.
        micro_lead_hours: How much earlier micro creators are exposed than all others, where the class has a common cause.
        lead_share: Share of those trends in which they are.
        media_lag_hours: How much later outlets see a trend than micro creators do, where it has a common cause.
        follows_accounts: Outlets take up what accounts use (hazard grows with adopters) rather than sharing the common cause.
        editorial_days: Median days that every outlet needs between seeing and printing; 0: it prints with its next item.
        reprint_share: Share of a wire's trend items that the outlets of its wire reprint within hours.
        credit_share: Share of outlets' items that link to a post that they saw, where they follow accounts.
        earliest_day: First day of birth.
        latest_day: Last day of birth; counted from the end of the calendar if negative.
        units: Types of units that trends take turns in, with chances of use of their own; hashtags with ``adoption`` where it is empty.
    """

    shares: tuple[tuple[str, float], ...] = (("background", 1.0),)
    adoption: float = 0.6
    micro_lead_hours: float = 0.0
    lead_share: float = 1.0
    media_lag_hours: float = 0.0
    follows_accounts: bool = False
    editorial_days: float = 0.0
    reprint_share: float = 0.0
    credit_share: float = 0.0
    earliest_day: int = 33
    latest_day: int = -28
    units: tuple[UnitHabit, ...] = ()

    @property
    def unit_types(self) -> tuple[str, ...]:
        """Types of units of the trends, in the order in which they take turns."""
        return tuple(habit.unit_type for habit in self.units) or (HASHTAG,)


@dataclass(frozen=True, slots=True)
class People:
    """Who there is, and how tiers differ.

    Attributes:
        macro_rate_ratio: Posting rate of accounts over 100,000 followers, over that of micro accounts; the middle has its square root.
        bursty_tiers: Tiers (numbers) whose posts come in sessions.
        evening_tiers: Tiers that post in the evening of the world's main time zone, whatever their own.
        open_share: Share of micro accounts that open within the calendar, evenly.
        bot_share: Share of accounts that are bots with few followers and high rates.
        is_growing_when_early: Micro accounts that were early in a trend grow twentyfold later.
        mover_share: Share of persons that move to the platform that launches.
        mixing: Share of posts that are about another living niche, whichever, in place of the author's own (the mu of a block model, of posts).
        is_homogenising: Niches lose their own words to common ones, month by month.
        has_lifecycle: Niches are born, merge, split and die.
    """

    macro_rate_ratio: float = 1.0
    bursty_tiers: tuple[int, ...] = ()
    evening_tiers: tuple[int, ...] = ()
    open_share: float = 0.0
    bot_share: float = 0.0
    is_growing_when_early: bool = False
    mover_share: float = 0.0
    mixing: float = 0.0
    is_homogenising: bool = False
    has_lifecycle: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """What of it is seen; each effect is off by default.

    Attributes:
        starts_day: Nothing before this day is seen.
        late_platforms: Platforms whose coverage begins at ``late_day``.
        late_day: See ``late_platforms``.
        outages: Platform and day of which nothing is seen.
        keyword_platforms: Platforms on which only posts with a planted trend's tag are seen.
        loss: Share of posts lost at random.
        micro_loss: Share of posts of micro accounts lost, on top.
        macro_loss: Share of posts of accounts over 10,000 followers lost, on top.
        item_loss: Share of outlets' items lost.
        collection_growth: Share of accounts that the collection begins to see within the calendar, evenly.
        deletion: Share of posts deleted later; sponsored ones four times as often.
        edit: Share of posts edited later.
        repeat: Share of records delivered twice.
        clock_fault: Share of accounts whose clock is hours off.
        late_arrival: Share of records that arrive 7 to 30 days late.
        has_drift: Platforms change their records' shape in the second half.
        has_bad_records: Bad records, broken and unknown files are planted.
    """

    starts_day: int = 0
    late_platforms: tuple[str, ...] = ()
    late_day: int = 0
    outages: tuple[tuple[str, int], ...] = ()
    keyword_platforms: tuple[str, ...] = ()
    loss: float = 0.0
    micro_loss: float = 0.0
    macro_loss: float = 0.0
    item_loss: float = 0.0
    collection_growth: float = 0.0
    deletion: float = 0.0
    edit: float = 0.0
    repeat: float = 0.0
    clock_fault: float = 0.0
    late_arrival: float = 0.0
    has_drift: bool = False
    has_bad_records: bool = True


@dataclass(frozen=True, slots=True)
class World:
    """A world by name.

    Attributes:
        name: As in DESIGN and domain.md E.2.
        kind: ``null`` (nothing to be claimed), ``reversal`` (others lead) or ``planted`` (micro creators lead, or something else is there).
        says: One sentence.
        large: What may be claimed of micro against large creators, over all trends.
        media: What may be claimed of micro creators against media and brands, over all trends.
        trends: Trends.
        people: People.
        observation: Observation.
    """

    name: str
    kind: str
    says: str
    large: str = NONE
    media: str = NONE
    trends: TrendMix = field(default_factory=TrendMix)
    people: People = field(default_factory=People)
    observation: Observation = field(default_factory=Observation)

    def truth(self, target: str) -> str:
        """What may be claimed of micro creators against a target class, over all trends.

        Who begins where large creators are first are they alone: mid creators are exposed with the small ones.

        Args:
            target: ``large_creators``, ``mid_creators`` or ``media``.
        """
        if target == "media":
            return self.media
        return NONE if target == "mid_creators" and self.large == TARGET else self.large


@dataclass(frozen=True, slots=True)
class Size:
    """How large a world is.

    Attributes:
        day_count: Days of the calendar.
        account_count: Accounts of the beginning.
        trend_count: Planted trends.
        niche_count: Niches.
        daily_rate: Median posts a day of a micro account.
        insider_share: Share of a niche's accounts that could take up its trend.
        outsider_share: Share of others that could.
        platform_count: The first of the platforms that accounts are on; 0 for all.
        reaction_rate: Likes a post, where the platform shows them one by one.
    """

    day_count: int
    account_count: int
    trend_count: int
    niche_count: int
    daily_rate: float
    insider_share: float
    outsider_share: float
    platform_count: int = 0
    reaction_rate: float = 1.0


SIZES: Final[dict[str, Size]] = {
    # Of the calibration: one platform, dense trends, the fewest posts that the estimators can be judged on.
    "trial": Size(80, 900, 30, 6, 0.6, 0.5, 0.14, 1, 0.0),
    # As many trends as the target of the 20% mixture is stated for: about 120 micro, 33 mid and 12 large adopters each; 270, 73 and 26.
    "sixty": Size(80, 900, 60, 6, 0.6, 0.5, 0.14, 1, 0.0),
    "sixty_dense": Size(80, 2_000, 60, 6, 0.6, 0.5, 0.14, 1, 0.0),
    "tiny": Size(80, 300, 8, 6, 0.3, 0.8, 0.2),
    "small": Size(122, 5_000, 48, 12, 0.55, 0.45, 0.06),
    "large": Size(122, 160_000, 80, 40, 0.78, 0.2, 0.01),
}

_REALISTIC_MIX: Final = TrendMix(
    shares=(
        ("niche_origin", 0.44), ("background", 0.2), ("macro_origin", 0.1), ("shock", 0.08), ("media_origin", 0.06),
        ("brand_seeded", 0.04), ("seasonal", 0.04), ("bot_push", 0.04),
    ),
    adoption=0.6,
    follows_accounts=True,
    editorial_days=1.0,
    reprint_share=0.6,
    credit_share=0.3,
)  # fmt: skip

_WORDS: Final = (UnitHabit("hashtag", 0.6, 0.3), UnitHabit("phrase", 0.3, 0.6), UnitHabit("brand", 0.35, 0.6))
_LINKS: Final = (UnitHabit("link", 0.3, 0.6), UnitHabit("domain", 0.6, 0.3), UnitHabit("sound", 0.5, 0.5))
_ALL: Final = (
    World("W0_exchangeable", "null", "All tiers post and are exposed alike."),
    World(
        "W1_rate_confounded", "null", "Large creators post four times as often; exposure is the same.",
        people=People(macro_rate_ratio=4.0),
    ),
    World(
        "W1_rate_confounded_reversed", "null", "Large creators post a quarter as often; exposure is the same.",
        people=People(macro_rate_ratio=0.25),
    ),
    World(
        "W2_shock", "null", "Every trend is set off by a common event within hours.",
        trends=TrendMix(shares=(("shock", 1.0),), adoption=0.9),
    ),
    World(
        "W3_editorial", "null", "Accounts and outlets share the cause; outlets print two days later.", media=ANY,
        trends=TrendMix(editorial_days=2.0),
    ),
    World(
        "W4_left_truncated", "null", "The collection begins when half of the trends are under way.",
        trends=TrendMix(earliest_day=10), people=People(macro_rate_ratio=4.0), observation=Observation(starts_day=28),
    ),
    World(
        "W5_coverage_skew", "null", "A quarter of outlets' items and 90% of posts are seen.", people=People(macro_rate_ratio=4.0),
        observation=Observation(item_loss=0.75, loss=0.1),
    ),
    World(
        "W9_growth_only", "null", "More small accounts open each month; nobody behaves otherwise.",
        people=People(open_share=0.6, macro_rate_ratio=4.0),
    ),
    World(
        "W10_collection_growth", "null", "The collection sees more accounts each month; nobody behaves otherwise.",
        people=People(macro_rate_ratio=4.0), observation=Observation(collection_growth=0.6),
    ),
    World(
        "W11_tier_drift", "null", "Small accounts that were early grow large later; as of the event no tier leads.",
        people=People(is_growing_when_early=True),
    ),
    World(
        "W12_bots", "null", "One account in eight is a prolific bot; a fifth of the trends is pushed by them at once.",
        trends=TrendMix(shares=(("background", 0.8), ("bot_push", 0.2))), people=People(bot_share=0.125),
    ),
    World("W13_stable_niches", "null", "No niche is born, merges, splits or dies."),
    World(
        "W14_hours_and_bursts", "null", "Small accounts post in sessions, large ones regularly and in the evening.",
        trends=TrendMix(adoption=0.5), people=People(bursty_tiers=(0,), evening_tiers=(2, 3)),
    ),
    World(
        "W15_several_posts", "null", "Accounts need several posts between exposure and use, and large ones post four times as often.",
        trends=TrendMix(adoption=0.3), people=People(macro_rate_ratio=4.0),
    ),
    World(
        "W16_word_habits", "null", "Trends are hashtags, phrases and brands; how often a post has one hangs on size, exposure does not.",
        trends=TrendMix(units=_WORDS), people=People(macro_rate_ratio=2.0),
    ),
    World(
        "W17_link_habits", "null", "Trends are links, domains and sounds; how often a post has one hangs on size, exposure does not.",
        trends=TrendMix(units=_LINKS), people=People(macro_rate_ratio=2.0),
    ),
    World(
        "W18_words", "null", "Trends are hashtags, phrases and brands; large creators post twice as often, exposure is the same.",
        trends=TrendMix(units=tuple(UnitHabit(kind, 0.5, 0.5) for kind in ("hashtag", "phrase", "brand"))), people=People(macro_rate_ratio=2.0),
    ),
    World(
        "W19_links", "null", "Trends are links, domains and sounds; large creators post twice as often, exposure is the same.",
        trends=TrendMix(units=tuple(UnitHabit(kind, 0.5, 0.5) for kind in ("link", "domain", "sound"))), people=People(macro_rate_ratio=2.0),
    ),
    World(
        "W20_niche_births", "null", "New niches bring their tags at once; large creators post four times as often; exposure is the same.",
        people=People(macro_rate_ratio=4.0, has_lifecycle=True),
    ),
    World(
        "W6_macro_first", "reversal", "Large creators are exposed two days before the small ones.", large=TARGET, media=ANY,
        trends=TrendMix(shares=(("macro_origin", 1.0),)), people=People(macro_rate_ratio=2.0),
    ),
    World(
        "W7_media_first", "reversal", "Outlets print it first; one trend in 28 comes from a niche.", media=TARGET,
        trends=TrendMix(shares=(("media_origin", 0.965), ("niche_origin", 0.035)), reprint_share=0.6), people=People(macro_rate_ratio=2.0),
    ),
    World(
        "W8_brand_astroturf", "reversal", "Brands pay small accounts to begin; it looks as if a niche did.", large=ANY, media=ANY,
        trends=TrendMix(shares=(("brand_seeded", 1.0),)), people=People(macro_rate_ratio=2.0),
    ),
    World(
        "P1_micro_first", "planted", "Micro creators are exposed three days before all others, in every trend.", large=LEAD, media=LEAD,
        trends=TrendMix(micro_lead_hours=72.0, media_lag_hours=72.0), people=People(macro_rate_ratio=4.0),
    ),
    World(
        "P2_micro_first_mixture", "planted", "In one trend of five micro creators are exposed four days earlier.", large=LEAD, media=LEAD,
        trends=TrendMix(micro_lead_hours=96.0, lead_share=0.2, media_lag_hours=96.0), people=People(macro_rate_ratio=4.0),
    ),
    World(
        "P3_micro_first_weak", "planted", "Micro creators are exposed twelve hours earlier.", large=LEAD, media=LEAD,
        trends=TrendMix(micro_lead_hours=12.0, media_lag_hours=12.0), people=People(macro_rate_ratio=4.0),
    ),
    World(
        "P7_words_micro_first", "planted", "As W16_word_habits, but micro creators are exposed three days before all others.",
        large=LEAD, media=LEAD,
        trends=TrendMix(units=_WORDS, micro_lead_hours=72.0, media_lag_hours=72.0), people=People(macro_rate_ratio=2.0),
    ),
    World(
        "P8_links_micro_first", "planted", "As W17_link_habits, but micro creators are exposed three days before all others.",
        large=LEAD, media=LEAD,
        trends=TrendMix(units=_LINKS, micro_lead_hours=72.0, media_lag_hours=72.0), people=People(macro_rate_ratio=2.0),
    ),
    World(
        "P4_migration", "planted", "A third of the persons move to the platform that launches.", people=People(mover_share=0.33),
    ),
    World("P5_homogenising", "planted", "Niches lose their own words to common ones.", people=People(is_homogenising=True)),
    World(
        "P6_full_realistic", "planted", "Everything at once: all classes of trends, life cycles, moves, and an imperfect collection.",
        large=LEAD, media=ANY, trends=_REALISTIC_MIX,
        people=People(
            macro_rate_ratio=3.0, evening_tiers=(3,), open_share=0.1, bot_share=0.02, mover_share=0.06, has_lifecycle=True,
        ),
        observation=Observation(
            outages=(("bluesky", 60),), loss=0.01, deletion=0.004, edit=0.004, repeat=0.01, clock_fault=0.001, late_arrival=0.01,
            collection_growth=0.05, has_drift=True,
        ),
    ),
)  # fmt: skip
WORLDS: Final[dict[str, World]] = {world.name: world for world in _ALL}
LAUNCH_DAYS: Final[dict[str, int]] = {"threads": 45, "bereal": 20}
"""First day of platforms that launch within the calendar."""


def named(world: str, size: str) -> tuple[World, Size]:
    """The parameters of a world and a size.

    Raises:
        ValueError: unknown world or size, with those that there are.
    """
    if world not in WORLDS:
        raise ValueError(f"unknown world {world!r}; there are {', '.join(WORLDS)}")
    if size not in SIZES:
        raise ValueError(f"unknown size {size!r}; there are {', '.join(SIZES)}")
    return WORLDS[world], SIZES[size]


def last_birth_day(mix: TrendMix, size: Size) -> int:
    """Last day on which a trend is born."""
    return size.day_count + mix.latest_day if mix.latest_day < 0 else min(mix.latest_day, NEVER)
