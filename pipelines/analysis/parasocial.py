"""Words of closeness in one post: counts by a lexicon of its language. An indicator of style, no diagnosis; says nothing of a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pipelines.analysis.text_matching import Phrases, Text, fold, sentences

INDICATORS: Final = ("second_person", "inclusive", "self_disclosure", "invitation", "intimacy")
LEXICON_KINDS: Final = ("function_word", "second_person", "inclusive", "invitation", "intimacy", "first_person", "private_topic")
_PHRASE_KINDS: Final = ("invitation", "intimacy")
_QUESTIONS: Final = ("?", "\uff1f")


@dataclass(frozen=True, slots=True)
class LexiconTerm:
    """One term: its language (ISO 639-1), what it indicates (of ``LEXICON_KINDS``) and the words."""

    language: str
    indicator: str
    term: str


@dataclass(frozen=True, slots=True)
class ParasocialCounts:
    """What was counted in one post; every count is None in a language without a lexicon.

    Attributes:
        token_count: Words, hashtags left out; a word with an apostrophe counts as two.
        second_person_count: Words that speak to the reader.
        inclusive_count: Words of "we".
        self_disclosure_count: Sentences with a word of the first person and one of feeling, family or health.
        invitation_count: Phrases that ask for an answer, and question marks.
        intimacy_count: Names for friends that are said to readers.
    """

    token_count: int
    second_person_count: int | None = None
    inclusive_count: int | None = None
    self_disclosure_count: int | None = None
    invitation_count: int | None = None
    intimacy_count: int | None = None


class ParasocialLexicon:
    """The lexicon, made ready to read many texts. Raises ValueError for an unknown indicator."""

    def __init__(self, terms: Iterable[LexiconTerm]) -> None:
        words: dict[tuple[str, str], set[str]] = {}
        phrases: dict[str, list[tuple[str, str]]] = {}
        for each in sorted(terms, key=lambda term: (term.language, term.indicator, term.term)):
            if each.indicator not in LEXICON_KINDS:
                raise ValueError(f"no such indicator: {each}")
            if each.indicator in _PHRASE_KINDS:
                phrases.setdefault(each.language, []).append((each.term, each.indicator))
            else:
                # Texts are taken apart at apostrophes: of "i'm" and "j'" the part before it is looked for.
                words.setdefault((each.language, each.indicator), set()).add(fold(each.term).partition("'")[0])
        self._words = {key: frozenset(found) for key, found in words.items()}
        self._phrases = {language: Phrases(found) for language, found in phrases.items()}
        self.function_words = {language: found for (language, kind), found in self._words.items() if kind == "function_word"}
        """By language, its commonest words: what a language is guessed by."""

    def count(self, text: Text, language: str | None) -> ParasocialCounts:
        """Count one post's words of closeness.

        Args:
            text: The post's text.
            language: Of the post, ISO 639-1; None where it is not known.
        """
        tokens = [token.text for token in text.tokens if not token.is_tag]
        if language is None or language not in self._phrases:
            return ParasocialCounts(len(tokens))
        of = {kind: self._words.get((language, kind), frozenset[str]()) for kind in LEXICON_KINDS}
        found = [match.meaning for match in self._phrases[language].found_in(text)]
        first, private = of["first_person"], of["private_topic"]
        return ParasocialCounts(
            len(tokens),
            sum(map(of["second_person"].__contains__, tokens)),
            sum(map(of["inclusive"].__contains__, tokens)),
            sum(not first.isdisjoint(words) and not private.isdisjoint(words) for words in sentences(text)),
            found.count("invitation") + sum(text.written.count(mark) for mark in _QUESTIONS),
            found.count("intimacy"),
        )
