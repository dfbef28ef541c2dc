"""What outlets print: titles, addresses, credits and what a reprint says of its wire, alike in every archive. No payloads, no files."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pipelines.world.drawn import LANGUAGES, NEVER, NOBODY, Items, moment
from pipelines.world.native.files import BASE36, text_id
from pipelines.world.native.names import Names

AddressOf = Callable[[int, int, int], str]
"""Web address of a post, by its number, account and second."""

_TREND_TITLES: Final = {
    "en": (
        "Why everyone is talking about {}",
        "{}: a short guide",
        "The rise of {}",
        "Where {} came from",
        "Is {} here to stay?",
    ),
    "de": ("Warum alle über {} reden", "{}: eine kurze Anleitung", "Was hinter {} steckt", "Bleibt {}?"),
    "fr": ("Pourquoi tout le monde parle de {}", "{} : petit guide", "D'où vient {} ?", "L'essor de {}"),
    "es": ("Por qué todos hablan de {}", "{}: una guía breve", "El auge de {}", "De dónde viene {}"),
}
_SUBJECTS: Final = {
    "en": (
        "council budget", "train timetable", "harvest season", "museum opening", "weather outlook", "local elections", "school year",
        "ferry strike", "bridge repairs", "rent figures", "marathon route", "library hours",
    ),
    "de": ("Haushalt der Stadt", "neuer Fahrplan", "Eröffnung im Museum", "Lage auf dem Wohnungsmarkt", "Wetter am Wochenende", "Schulbeginn"),
    "fr": ("budget municipal", "nouveaux horaires", "vernissage du musée", "prix des loyers", "temps du week-end", "rentrée scolaire"),
    "es": ("presupuesto municipal", "nuevo horario", "museo reabierto", "precio del alquiler", "tiempo del domingo", "curso escolar"),
}  # fmt: skip
_NEWS_TITLES: Final = {
    "en": ("More on the {}", "What to know about the {}", "Questions over the {}", "Letters: the {}"),
    "de": ("Mehr zum Thema: {}", "Was man wissen muss: {}", "Fragen und Antworten: {}"),
    "fr": ("Le point : {}", "Ce qu'il faut savoir : {}", "Questions sur : {}"),
    "es": ("Más sobre: {}", "Lo que hay que saber: {}", "Preguntas sobre: {}"),
}
_BEAT_TITLES: Final = {
    "en": ("Our readers on {}", "A quiet week in {}", "Ten questions about {}"),
    "de": ("Leserbriefe: {}", "Zehn Fragen: {}"),
    "fr": ("Courrier des lecteurs : {}", "Dix questions : {}"),
    "es": ("Cartas de los lectores: {}", "Diez preguntas: {}"),
}
_NEWS: Final = {"en": "News", "de": "Nachrichten", "fr": "Actualités", "es": "Noticias"}
_LIFE: Final = {"en": "Life", "de": "Leben", "fr": "Vie", "es": "Vida"}
_BEAT_SHARE: Final = 3  # one background item in three of an outlet with a beat is about it


@dataclass(frozen=True, slots=True)
class Article:
    """One item as it is printed.

    Attributes:
        number: Of the item.
        outlet: Number of the outlet.
        second: Since the calendar's start.
        code: Short id, part of its address.
        address: Web address; canonical as the lake understands it.
        title: Headline; a reprint has its original's.
        topics: Categories that the outlet sets, as people write them.
        wire: Name of the outlet whose item it reprints, or None.
        credited: Handle and web address of the post that it links to, or None.
        pick: Random bits.
    """

    number: int
    outlet: int
    second: int
    code: str
    address: str
    title: str
    topics: tuple[str, ...]
    wire: str | None
    credited: tuple[str, str] | None
    pick: int


def article_code(names: Names, item_number: int) -> str:
    """Short id of an item."""
    return text_id(BASE36, 9, names.seed, "item", item_number)


def article_address(names: Names, item_number: int, outlet: int, second: int) -> str:
    """Web address of an item."""
    return f"https://{names.outlets[outlet].host}/{moment(second):%Y/%m/%d}/{article_code(names, item_number)}"


class Newsroom:
    """The items of the outlets of one source, as they are printed."""

    def __init__(self, names: Names, source: str, address_of: AddressOf) -> None:
        """Prepare titles, leaving out those that share a word with a trend: an item says a trend's words only if it is about it.

        Raises:
            ValueError: Trends have so many words that a language has no other titles left.
        """
        self._names, self._address_of = names, address_of
        self.outlets = tuple(number for number, outlet in enumerate(names.outlets) if outlet.source == source)
        taken = {word for trend in names.trends for word in _words(trend.words) | _words(trend.alias or "")}
        self._news = {
            language: [
                title
                for pattern in _NEWS_TITLES[language]
                for title in map(pattern.format, _SUBJECTS[language])
                if not _words(title) & taken
            ]
            for language in LANGUAGES
        }
        if not all(self._news.values()):
            raise ValueError("every headline of a language shares a word with a planted trend: add subjects to the newsroom")
        self._patterns = {
            language: [pattern for pattern in _BEAT_TITLES[language] if not _words(pattern) & taken] for language in LANGUAGES
        }
        # What an outlet writes about a niche must not come before the niche: only those that are there all the time.
        self._beats = {
            number: niche.name
            for number, niche in enumerate(names.niches)
            if niche.born_day == 0 and niche.dies_day >= NEVER and not _words(niche.name) & taken
        }

    def articles(self, items: Items) -> list[Article]:
        """The items of these outlets, in their order."""
        names, wanted = self._names, set(self.outlets)
        rows = zip(
            items.number.tolist(), items.outlet.tolist(), items.second.tolist(), items.trend.tolist(), items.original.tolist(),
            items.credit.tolist(), items.credit_account.tolist(), items.credit_second.tolist(), items.pick.tolist(), strict=True,
        )  # fmt: skip
        found = []
        for number, outlet, second, trend, original, credit, credit_account, credit_second, pick in rows:
            if outlet not in wanted:
                continue
            is_reprint = original != NOBODY
            # A title is a function of the item that was written first, so that reprints have the same.
            source = names.outlets[outlet].wire if is_reprint and names.outlets[outlet].wire != NOBODY else outlet
            title, topics = self._headline(original if is_reprint else number, source, trend)
            credited = None
            if credit != NOBODY:
                credited = names.handles[credit_account], self._address_of(credit, credit_account, credit_second)
            found.append(
                Article(
                    number=number,
                    outlet=outlet,
                    second=second,
                    code=article_code(names, number),
                    address=article_address(names, number, outlet, second),
                    title=title,
                    topics=topics,
                    wire=names.outlets[source].name if is_reprint else None,
                    credited=credited,
                    pick=pick,
                )
            )
        return found

    def _headline(self, number: int, outlet: int, trend: int) -> tuple[str, tuple[str, ...]]:
        language, beat = LANGUAGES[self._names.outlets[outlet].language], self._names.outlets[outlet].beat
        mixed = (number * 2_654_435_761 + self._names.seed * 97) % (1 << 31) >> 7
        if trend != NOBODY:
            words = self._names.trends[trend].words
            about = _TREND_TITLES[language]
            title = about[mixed % len(about)].format(words.title() if mixed // 16 % 2 else words)
            return title[:1].upper() + title[1:], (words.title(), _LIFE[language])
        patterns = self._patterns[language]
        if patterns and beat in self._beats and mixed % _BEAT_SHARE == 0:
            return patterns[mixed // _BEAT_SHARE % len(patterns)].format(self._beats[beat]), (self._beats[beat].title(),)
        return self._news[language][mixed % len(self._news[language])], (_NEWS[language],)


def _words(text: str) -> set[str]:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return set("".join(letter if letter.isalnum() else " " for letter in folded).split())
