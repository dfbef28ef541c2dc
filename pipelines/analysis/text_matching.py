"""A text as comparable units, and finding words, phrases and hashtags in it. Knows no rule set and no meaning of a term."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, Generic, NamedTuple, TypeVar

from pipelines.platforms.text import COMBINING_MARKS

T = TypeVar("T")
_ZERO_WIDTH: Final = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\ufe0f"))
_APOSTROPHES: Final = str.maketrans("\u2019\u02bc\u2018", "'''")
_LINK: Final = re.compile(r"https?://\S+|www\.\S+")
_NAME: Final = rf"[\w{COMBINING_MARKS}]*[^\W\d_][\w{COMBINING_MARKS}]*"
# A word ends at an apostrophe, so that "j'ai" and "isn't" are two words each, in texts and in terms alike.
# Captions also write tags without a space between them: '#one#two' holds two.
_TOKEN: Final = re.compile(rf"(?<![\w&/#])(#+{_NAME}(?:#+{_NAME})*)|((?:[^\W_][{COMBINING_MARKS}]*)+)")
# The same where there are no marks, which is faster, and most texts are so.
_ASCII_NAME: Final = r"\w*[^\W\d_]\w*"
_ASCII_TOKEN: Final = re.compile(rf"(?<![\w&/#])(#+{_ASCII_NAME}(?:#+{_ASCII_NAME})*)|([^\W_]+)", re.ASCII)
_TAG: Final = re.compile(rf"#+({_NAME})")
# What may stand between the words of one phrase: a sentence's end may not.
_GAP: Final = re.compile(r"[ \t\xa0\-'/,&]{0,3}")
_MENTION_FOLLOWS: Final = re.compile(r"[ \t,:]{0,2}@\w")
_BETWEEN_TAGS: Final = re.compile(r"[\s,;|/·•.\-]*")
_SENTENCE_END: Final = re.compile(r"[.!?\u2026\n\u3002\uff01\uff1f]+")
_KANA: Final = re.compile("[\u3040-\u30ff]")
_HANGUL: Final = re.compile("[\uac00-\ud7af]")
_UNSPACED: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_LEAST_FUNCTION_WORDS: Final = 2
_LEAST_FOREIGN_LETTERS: Final = 6
_LEAST_UNPLACED_LETTERS: Final = 4


class Token(NamedTuple):
    """A word or a hashtag.

    Attributes:
        text: Folded, a hashtag without its '#'.
        start: First character in the folded text.
        end: One after the last.
        is_tag: Whether it is a hashtag.
    """

    text: str
    start: int
    end: int
    is_tag: bool


@dataclass(frozen=True, slots=True)
class Text:
    """One text, taken apart once.

    Attributes:
        written: NFKC, without zero-width characters and links.
        folded: The same in lower case, character for character.
        tokens: Its words and hashtags in order.
        tag_runs: For each hashtag's start, how many stand together and which of them it is, from 0.
    """

    written: str
    folded: str
    tokens: list[Token]
    tag_runs: dict[int, tuple[int, int]]


def fold(text: str) -> str:
    """Casefold character by character: what would become two characters stays, so that positions hold."""
    folded = text.casefold()
    if len(folded) == len(text):
        return folded
    return "".join(small if len(small := letter.casefold()) == 1 else letter for letter in text)


def _normalised(text: str) -> str:
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text).translate(_ZERO_WIDTH).translate(_APOSTROPHES)


def take_apart(text: str) -> Text:
    """Normalise a text and find its words, hashtags and runs of hashtags.

    Args:
        text: As its author wrote it.
    """
    written = _LINK.sub(lambda found: " " * len(found.group()), _normalised(text))
    folded = fold(written)
    tokens = list(_tokens(folded))
    return Text(written, folded, tokens, _tag_runs(folded, [token for token in tokens if token.is_tag]))


def _tokens(folded: str) -> Iterator[Token]:
    for found in (_ASCII_TOKEN if folded.isascii() else _TOKEN).finditer(folded):
        if found.group(1) is None:
            yield Token(found.group(), *found.span(), is_tag=False)
        else:
            for tag in _TAG.finditer(folded, found.start(), found.end()):
                yield Token(tag.group(1), tag.start(), tag.end(), is_tag=True)


def _tag_runs(folded: str, tags: list[Token]) -> dict[int, tuple[int, int]]:
    runs: dict[int, tuple[int, int]] = {}
    current: list[Token] = []

    def close() -> None:
        runs.update({tag.start: (len(current), place) for place, tag in enumerate(current)})
        current.clear()

    for tag in tags:
        if current and not _BETWEEN_TAGS.fullmatch(folded, current[-1].end, tag.start):
            close()
        current.append(tag)
    close()
    return runs


def sentences(text: Text) -> Iterator[list[str]]:
    """The words of each sentence or line, hashtags left out."""
    ends = [found.start() for found in _SENTENCE_END.finditer(text.folded)]
    words: list[str] = []
    place = 0
    for token in text.tokens:
        while place < len(ends) and ends[place] < token.start:
            place += 1
            if words:
                yield words
                words = []
        if not token.is_tag:
            words.append(token.text)
    if words:
        yield words


def guess_language(text: Text, function_words: Mapping[str, frozenset[str]]) -> str | None:
    """The language whose function words a text uses most; None where fewer than two are found or two languages are level.

    Args:
        text: The text.
        function_words: By language (ISO 639-1), its commonest words, folded.
    """
    if _KANA.search(text.folded):
        return "ja"
    if _HANGUL.search(text.folded):
        return "ko"
    words = [token.text for token in text.tokens if not token.is_tag]
    counts = sorted(((sum(map(known.__contains__, words)), language) for language, known in function_words.items()), reverse=True)
    if not counts or counts[0][0] < _LEAST_FUNCTION_WORDS or (len(counts) > 1 and counts[1][0] == counts[0][0]):
        return None
    return counts[0][1]


def is_unspaced(term: str) -> bool:
    """Whether a term is written in a script without spaces, or with endings set on: it is looked for inside words."""
    return bool(_UNSPACED.search(term))


def is_looked_for(term: str, term_language: str, language: str | None) -> bool:
    """Whether a term of one language is looked for in a text of another: short ones are not, for '#pub' is no 'pub'.

    Args:
        term: Folded.
        term_language: ISO 639-1, or '*'.
        language: Of the text; None where it is not known.
    """
    if term_language in {"*", "en", language} or is_unspaced(term):
        return True
    return len(term) >= (_LEAST_UNPLACED_LETTERS if language is None else _LEAST_FOREIGN_LETTERS)


def words_of(term: str) -> tuple[str, ...]:
    """A term as the words that a text is taken apart into."""
    return tuple(token.text for token in _tokens(fold(_normalised(term))))


@dataclass(frozen=True, slots=True)
class Match(Generic[T]):
    """Where a term was found.

    Attributes:
        start: First character in the folded text.
        end: One after the last.
        is_tag: Whether a hashtag was found.
        meaning: What the term stands for.
    """

    start: int
    end: int
    is_tag: bool
    meaning: T


@dataclass(frozen=True, slots=True)
class _Phrase(Generic[T]):
    given: int
    words: tuple[str, ...]
    names_account: bool
    meaning: T


class Phrases(Generic[T]):
    """Many phrases, looked for together: the cost follows the words of the text and not the number of phrases.

    A phrase that ends in '@' is found where an account is named behind it.
    """

    def __init__(self, terms: Iterable[tuple[str, T]]) -> None:
        # By the first word and then by the second, None where there is none; each with its place in the order in which they were given.
        self._by_words: dict[str, dict[str | None, list[_Phrase[T]]]] = {}
        self._unspaced: list[tuple[str, T]] = []
        for place, (term, meaning) in enumerate(terms):
            if is_unspaced(term):
                self._unspaced.append((fold(_normalised(term)), meaning))
            elif words := words_of(term):
                second = words[1] if len(words) > 1 else None
                phrase = _Phrase(place, words, term.endswith("@"), meaning)
                self._by_words.setdefault(words[0], {}).setdefault(second, []).append(phrase)

    def found_in(self, text: Text) -> Iterator[Match[T]]:
        """All phrases in a text, in the order of their first words; hashtags are no words of a phrase."""
        tokens, by_words = text.tokens, self._by_words
        for place, token in enumerate(tokens):
            by_second = by_words.get(token.text)
            if by_second is None or token.is_tag:
                continue
            alone = by_second.get(None, [])
            longer = by_second.get(tokens[place + 1].text, []) if place + 1 < len(tokens) else []
            for phrase in sorted([*alone, *longer], key=attrgetter("given")) if alone and longer else alone or longer:
                last = place + len(phrase.words) - 1
                if (
                    last < len(tokens)
                    and self._stands(text, place, phrase.words)
                    and (not phrase.names_account or _MENTION_FOLLOWS.match(text.folded, tokens[last].end))
                ):
                    yield Match(token.start, tokens[last].end, is_tag=False, meaning=phrase.meaning)
        for term, meaning in self._unspaced:
            start = text.folded.find(term)
            if start >= 0:
                yield Match(start, start + len(term), is_tag=False, meaning=meaning)

    @staticmethod
    def _stands(text: Text, place: int, words: tuple[str, ...]) -> bool:
        for offset in range(1, len(words)):
            before, here = text.tokens[place + offset - 1], text.tokens[place + offset]
            if here.is_tag or here.text != words[offset] or not _GAP.fullmatch(text.folded, before.end, here.start):
                return False
        return True


class Hashtags(Generic[T]):
    """Many hashtags, each looked for whole: '#adventure' is no '#ad'."""

    def __init__(self, terms: Iterable[tuple[str, T]]) -> None:
        self._meanings: dict[str, list[T]] = {}
        for term, meaning in terms:
            self._meanings.setdefault(fold(_normalised(term)).lstrip("#"), []).append(meaning)

    def found_in(self, text: Text) -> Iterator[Match[T]]:
        """All of them in a text, in order."""
        for token in text.tokens:
            if token.is_tag:
                for meaning in self._meanings.get(token.text, ()):
                    yield Match(token.start, token.end, is_tag=True, meaning=meaning)


class Markers(Generic[T]):
    """Words that say something only where they stand apart: in brackets, before a colon or bar, or alone on a line, or in capitals at its head."""

    def __init__(self, terms: Iterable[tuple[str, T]]) -> None:
        self._meanings: dict[str, list[T]] = {}
        for term, meaning in terms:
            self._meanings.setdefault(fold(_normalised(term)), []).append(meaning)
        known = "|".join(re.escape(term) for term in sorted(self._meanings, key=lambda term: (-len(term), term)))
        opening, closing = r"[\[(\u3010\uff08{<*/|]", r"[\])\u3011\uff09}>*/|:!.,\u2013\u2014\u3001\u3002-]"
        self._apart = re.compile(rf"(?:^|{opening})[^\w#\n]{{0,20}}?(?P<term>{known})(?=[ \t]*(?:$|{closing}))", re.MULTILINE)
        self._at_head = re.compile(rf"^[^\w#\n]{{0,20}}(?P<term>{known})(?=[ \t])", re.MULTILINE)
        self._has_terms = bool(known)

    def found_in(self, text: Text) -> Iterator[Match[T]]:
        """All of them in a text."""
        if not self._has_terms:
            return
        for found in self._apart.finditer(text.folded):
            yield from self._matches(found)
        for found in self._at_head.finditer(text.folded):
            if text.written[found.start("term") : found.end("term")].isupper():
                yield from self._matches(found)

    def _matches(self, found: re.Match[str]) -> Iterator[Match[T]]:
        for meaning in self._meanings[found.group("term")]:
            yield Match(found.start("term"), found.end("term"), is_tag=False, meaning=meaning)
