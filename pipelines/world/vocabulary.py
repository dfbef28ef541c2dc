"""Words of invented niches and trends, and the plan of niches' lives. No accounts, no posts."""

from __future__ import annotations

from typing import Final

import numpy as np

from pipelines.world.drawn import NEVER, Niche, NicheEvent

_KNOWN: Final[tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]] = (
    ("cottagecore", ("cottagecore", "cottagelife", "slowliving", "bramblebasket", "wildflowers", "sourdoughdiary", "linendress", "hearthside"),
     ("hearthy", "mossbrained", "gathercoded")),
    ("sneakerheads", ("sneakerheads", "kotd", "soleswap", "deadstock", "lacegame", "gumsole", "retrorunner", "boxfresh"),
     ("grails", "beaters", "cooked pair")),
    ("clean beauty", ("cleanbeauty", "skinfirst", "bareface", "refillskincare", "gentlebarrier", "shelfie", "oilcleanse", "fragrancefree"),
     ("skinimal", "slugging", "holy shelf")),
    ("eco fashion", ("ecofashion", "thriftflip", "visiblemending", "slowfashion", "capsulecloset", "deadstockfabric", "secondhandfirst", "naturaldye"),
     ("thrifted down", "mendmaxx", "fibre check")),
    ("regional cuisine", ("regionalcuisine", "grandmasrecipe", "marketday", "smokehouse", "fermentclub", "homecured", "foragedfood", "cornmeal"),
     ("nonna rules", "smoke ring", "crock mates")),
    ("indie lit", ("indielit", "smallpress", "chapbook", "zinefair", "readersofmany", "translatedfiction", "poetrycommunity", "marginalia"),
     ("dogear", "slushpile", "spine poem")),
)  # fmt: skip
_SUBJECTS: Final = (
    "pottery", "birding", "modular synth", "bread", "bicycle", "houseplant", "quilting", "fountain pen", "film photo", "tabletop",
    "open water", "balcony garden", "bookbinding", "tea", "vinyl", "knife making", "letterpress", "beekeeping", "trail running",
    "miniature", "chess", "perfume", "hot sauce", "weaving", "radio", "kite", "watchmaking", "cider", "skate", "puppetry",
    "moss", "typewriter", "lace", "canoe", "cheese", "stargazing", "zither", "carving",
)  # fmt: skip
_FIRST_WORDS: Final = (
    "velvet", "copper", "paper", "moonlit", "salted", "quilted", "amber", "ghostly", "tidal", "rusty", "pickled", "feathered",
    "hollow", "marbled", "sunken", "tilted",
)  # fmt: skip
_SECOND_WORDS: Final = (
    "mushroom", "lantern", "harbour", "biscuit", "ribbon", "orchard", "compass", "pebble", "kettle", "thistle", "saddle", "mirror",
    "umbrella", "walnut", "ladder", "sparrow",
)  # fmt: skip
_EVENTS: Final = (
    "first frost",
    "blackout night",
    "transit strike",
    "comet week",
    "heat dome",
    "cup final",
    "harvest moon",
    "flag day",
)


def niches_of(count: int, day_count: int, *, has_lifecycle: bool) -> tuple[tuple[Niche, ...], tuple[NicheEvent, ...]]:
    """Niches and the planned events of their lives.

    The first six are known ones, the others are made of subjects. With a life cycle the last niche is born, the one before it splits off
    from the first, the one before that merges into the second, and from eight niches on one dies and the third one grows.

    Args:
        count: Number of niches, at least six.
        day_count: Days of the calendar.
        has_lifecycle: Whether anything happens to them.
    """
    named = list(_KNOWN[:count])
    for number in range(len(named), count):
        subject = _SUBJECTS[(number - len(_KNOWN)) % len(_SUBJECTS)]
        joined = subject.replace(" ", "")
        tags = tuple(f"{joined}{ending}" for ending in ("", "club", "diary", "bench", "swap", "nerds", "talk", "day"))
        named.append((f"{subject} people", tags, (f"{joined} brained", f"proper {subject}", f"{joined}ish")))
    born, dies = [0] * count, [NEVER] * count
    events: list[NicheEvent] = []
    if has_lifecycle:
        born[count - 1] = day_count // 3
        born[count - 2] = day_count // 2
        dies[count - 3] = round(day_count * 0.62)
        events = [
            NicheEvent(count - 1, "birth", born[count - 1]),
            NicheEvent(0, "split", born[count - 2], count - 2),
            NicheEvent(count - 3, "merge", dies[count - 3], 1),
        ]
        if count >= 8:
            dies[count - 4] = round(day_count * 0.75)
            events += [NicheEvent(count - 4, "death", dies[count - 4]), NicheEvent(2, "growth", day_count // 4)]
    rows = zip(named, born, dies, strict=True)
    return tuple(Niche(*words, first, last) for words, first, last in rows), tuple(events)


def trend_words(rng: np.random.Generator, count: int) -> list[tuple[str, str | None]]:
    """Words of trends, each with another spelling of its tag for every second one.

    Args:
        rng: Decides which words meet.
        count: Number of trends, at most 256.
    """
    pairs = rng.permutation(len(_FIRST_WORDS) * len(_SECOND_WORDS))[:count].tolist()
    found: list[tuple[str, str | None]] = []
    for number, pair in enumerate(pairs):
        first, second = divmod(pair, len(_SECOND_WORDS))
        words = f"{_FIRST_WORDS[first]} {_SECOND_WORDS[second]}"
        found.append((words, words.replace(" ", "") + "s" if number % 2 else None))
    return found


def event_name(number: int) -> str:
    """What happened, for a shock or a season."""
    return _EVENTS[number % len(_EVENTS)]
