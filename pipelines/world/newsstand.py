"""The outlets of an invented world: media and brands, in a fixed order. No items, no accounts, no files."""

from __future__ import annotations

from typing import Final, NamedTuple

from pipelines.world.drawn import LANGUAGES, NOBODY, Outlet

_GENERAL: Final = -1  # no beat


class _Entry(NamedTuple):
    name: str
    outlet_class: str
    beat: int  # place among those that have one, or _GENERAL
    daily_rate: float
    delay_days: float
    language: str
    wire: str | None
    source: str
    days: str


# Delays are spread as a lognormal's quantiles with a median of 1.4 days, between 0.5 and 4: wires and city papers are quick, magazines slow.
# fmt: off
_ENTRIES: Final = (
    _Entry("The Daily Ledger", "media", _GENERAL, 4.0, 0.8, "en", None, "feeds", "weekdays"),
    _Entry("Harbour Post", "media", _GENERAL, 3.0, 0.9, "en", "Meridian Wire", "feeds", "weekdays"),
    _Entry("Style Weekly", "media", 0, 1.2, 1.8, "en", None, "feeds", "daily"),
    _Entry("Table Talk", "media", 1, 1.0, 2.3, "en", None, "feeds", "daily"),
    _Entry("The Page Turner", "media", 2, 0.8, 3.4, "en", None, "feeds", "daily"),
    _Entry("Metro Evening", "media", _GENERAL, 3.0, 0.6, "en", "Meridian Wire", "mediacloud", "weekdays"),
    _Entry("Form Magazine", "media", 3, 0.7, 4.0, "en", None, "feeds", "daily"),
    _Entry("Good Life", "media", 4, 1.2, 1.6, "en", None, "feeds", "daily"),
    _Entry("Northern Review", "media", _GENERAL, 2.5, 1.1, "en", "The Daily Ledger", "gdelt", "weekdays"),
    _Entry("Trend Desk", "media", _GENERAL, 2.0, 0.7, "en", "The Daily Ledger", "mediacloud", "daily"),
    _Entry("Larkfield Stores", "brand", 5, 0.6, 2.0, "en", None, "feeds", "daily"),
    _Entry("Mondo Beauty", "brand", 6, 0.6, 1.4, "en", None, "feeds", "daily"),
    _Entry("Meridian Wire", "media", _GENERAL, 6.0, 0.5, "en", None, "feeds", "daily"),
    _Entry("Elbtal Anzeiger", "media", _GENERAL, 2.5, 1.3, "de", None, "gdelt", "weekdays"),
    _Entry("Courrier du Quai", "media", _GENERAL, 2.5, 1.0, "fr", None, "mediacloud", "weekdays"),
    _Entry("Diario del Puerto", "media", _GENERAL, 2.5, 1.2, "es", None, "gdelt", "weekdays"),
    _Entry("Otterway Shoes", "brand", 7, 0.4, 2.6, "en", None, "feeds", "daily"),
    _Entry("Loam Kitchen", "brand", 8, 0.4, 3.0, "en", None, "feeds", "daily"),
)
# fmt: on
_BEAT_COUNT: Final = 1 + max(entry.beat for entry in _ENTRIES)


def outlets(niche_count: int, language_count: int) -> tuple[Outlet, ...]:
    """The outlets of a world, always the same ones in the same order.

    Eighteen: fourteen media, two groups of which reprint a wire, and four brands. Twelve have feeds, three are seen by GDELT, three by
    Media Cloud. Beats are spread evenly over the niches.

    Args:
        niche_count: Niches of the world, at least one.
        language_count: Languages of ``LANGUAGES`` that the world speaks, at least one; an outlet of another one writes the first.
    """
    numbers = {entry.name: number for number, entry in enumerate(_ENTRIES)}
    found = []
    for entry in _ENTRIES:
        language = LANGUAGES.index(entry.language)
        found.append(
            Outlet(
                name=entry.name,
                outlet_class=entry.outlet_class,
                host=f"{entry.name.lower().replace(' ', '-')}.example",
                beat=NOBODY if entry.beat == _GENERAL else entry.beat * niche_count // _BEAT_COUNT,
                daily_rate=entry.daily_rate,
                delay_days=entry.delay_days,
                language=language if language < language_count else 0,
                wire=NOBODY if entry.wire is None else numbers[entry.wire],
                source=entry.source,
                is_weekday=entry.days == "weekdays",
            )
        )
    return tuple(found)
