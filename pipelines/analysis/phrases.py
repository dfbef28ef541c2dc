"""Phrases as words: how a text and a phrase are brought to the same words, and which listed phrases a text holds. Finds no new phrase."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Final

import pyarrow as pa

from pipelines.platforms.text import COMBINING_MARKS, without_accents

METHOD_VERSION: Final = "phrases_2"
SHORTEST, LONGEST = 2, 5
"""Words of a phrase."""


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


# One row per phrase that texts are searched for. Rows are only ever added.
PHRASES: Final = pa.schema(
    [
        _required("phrase", pa.string()),  # normalised words with one space between them
        _required("source", pa.string()),  # seed, discovered
        _required("listed_on", pa.date32()),  # night that listed it
        _required("watched_from_on", pa.date32()),  # first event day from which the texts on hand were searched for it
    ]
)
# One row per post x phrase, in the file of the night that searched.
TEXT_PHRASES: Final = pa.schema(
    [
        _required("platform", pa.string()),
        _required("post_key", pa.string()),
        pa.field("account_key", pa.string()),
        _required("observed_at", pa.timestamp("us", tz="UTC")),
        _required("landed_night", pa.date32()),
        _required("phrase", pa.string()),
        _required("searched_night", pa.date32()),
    ]
)
# Nights whose searches dbt reads anew.
SEARCHED_NIGHTS: Final = pa.schema([_required("platform", pa.string()), _required("searched_night", pa.date32())])

_ZERO_WIDTH: Final = re.compile("[\u200b\u200c\u200d\u2060\ufeff\ufe0f\u00ad]")
_APOSTROPHES: Final = re.compile("[\u2019\u02bc\u2018`\u00b4]")
# No word of a phrase: links, mentions and addresses, hashtags (several may stand together), entities of markup.
_NO_WORDS: Final = re.compile(rf"https?://\S+|www\.\S+|[\w.+\-]*@[\w.@\-]+|(?:#+[\w{COMBINING_MARKS}]+)+|&#?\w+;")
_LETTERS: Final = rf"(?:[^\W_][{COMBINING_MARKS}]*)+"
_WORD: Final = re.compile(rf"{_LETTERS}(?:'{_LETTERS})*")
# What may stand between the words of one phrase; whatever else is no letter and no digit ends it.
_BREAK: Final = re.compile(rf"[^\w{COMBINING_MARKS} \t\xa0'\"\u201c\u201d\u00ab\u00bb\-\u2010-\u2015/&*~\u00b7]+")
_SHORT_WORD: Final = 3


def segments(text: str) -> list[list[str]]:
    """The words of a text, one list for each stretch that nothing but separators runs through.

    NFKC, case folded, without zero-width characters; an apostrophe inside a word is dropped ("girl's" is "girls"). Spaces, hyphens, underscores, quotes, slashes,
    ampersands, asterisks, tildes and middle dots part words; any other sign, a new line, a link, a mention and a hashtag end the stretch.

    Args:
        text: As its author wrote it.
    """
    if not text.isascii():
        text = _APOSTROPHES.sub("'", _ZERO_WIDTH.sub("", unicodedata.normalize("NFKC", text)))
    text = _NO_WORDS.sub("\n", text.casefold())
    found = ([word.replace("'", "") for word in _WORD.findall(part)] for part in _BREAK.split(text))
    return [words for words in found if words]


def normalise(phrase: str) -> str | None:
    """A phrase as it is listed: its words with one space between them; None where it is not one stretch of two to five words.

    Args:
        phrase: As anybody writes it.
    """
    found = segments(phrase)
    return " ".join(found[0]) if len(found) == 1 and SHORTEST <= len(found[0]) <= LONGEST else None


def singular(word: str) -> str:
    """A word without a plural's s: dinners and dinner are one, glass, bus and this stay. Words of three letters or fewer stay."""
    if len(word) > _SHORT_WORD and word.endswith("s") and word[-2] not in "sui":
        return word[:-1]
    return word


@cache
def _is_of_accents(letter: str) -> bool:
    return letter.isascii() or unicodedata.name(letter, "").startswith(("LATIN ", "GREEK "))


def plain(word: str) -> str:
    """A word of Latin or Greek letters without its accents, which many leave out. In other scripts marks are letters, and the word stays as it is."""
    if word.isascii():
        return word
    found = without_accents(word)
    return found if all(map(_is_of_accents, found)) else word


def variant_key(phrase: str) -> str:
    """What all variants of a normalised phrase have in common: its words without accents, the last one without a plural's s."""
    *head, last = map(plain, phrase.split(" "))
    return " ".join([*head, singular(last)])


class Matcher:
    """Listed phrases, looked for together: the cost follows the words of the text and not the number of phrases.

    Args:
        phrases: Normalised, in the order of their listing: of two that are variants of each other the first one names both.
    """

    def __init__(self, phrases: Iterable[str]) -> None:
        self._by_first: dict[str, dict[tuple[str, ...], str]] = {}
        for phrase in phrases:
            words = tuple(variant_key(phrase).split(" "))
            self._by_first.setdefault(words[0], {}).setdefault(words, phrase)
        self._sizes: Mapping[str, tuple[int, ...]] = {
            first: tuple(sorted({len(words) for words in known})) for first, known in self._by_first.items()
        }

    def found_in(self, text: str) -> list[str]:
        """The phrases that a text holds, each once, in order of the alphabet.

        Args:
            text: As its author wrote it.
        """
        found: set[str] = set()
        for written in segments(text):
            words = written if text.isascii() else [plain(word) for word in written]
            for place, word in enumerate(words):
                known = self._by_first.get(word)
                if known is None:
                    continue
                for size in self._sizes[word]:
                    if place + size <= len(words):
                        *head, last = words[place : place + size]
                        phrase = known.get((*head, singular(last)))
                        if phrase is not None:
                            found.add(phrase)
        return sorted(found)


def text_phrases(posts: pa.Table, matcher: Matcher, searched_night: date) -> pa.Table:
    """Search a batch of posts.

    Args:
        posts: Rows of the vault's posts with platform, post_key, account_key, observed_at, landed_night and text.
        matcher: The phrases.
        searched_night: The night in whose file the matches are kept.

    Returns:
        ``TEXT_PHRASES``, in the order of the posts; posts without a phrase have no row.
    """
    places: list[int] = []
    phrases: list[str] = []
    for place, text in enumerate(posts.column("text").to_pylist()):
        if text:
            found = matcher.found_in(text)
            places += [place] * len(found)
            phrases += found
    kept = posts.select(["platform", "post_key", "account_key", "observed_at", "landed_night"]).take(pa.array(places, pa.int64()))
    columns = [*kept.columns, pa.array(phrases, pa.string()), pa.repeat(pa.scalar(searched_night, pa.date32()), len(phrases))]
    return pa.Table.from_arrays(columns, schema=TEXT_PHRASES)
