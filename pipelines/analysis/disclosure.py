"""How plainly one post says that it is paid for, by each versioned rule set. Judges words and their place; says nothing about the law.

A level answers "does the post meet rule set X", never "is it allowed". The platform's own label is not in a text: it is joined
to the level where the post's flag is known.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pipelines.analysis.text_matching import Hashtags, Markers, Match, Phrases, Text, is_looked_for

NONE: Final = "none"
AMBIGUOUS: Final = "ambiguous"
CLEAR_TEXT: Final = "clear_text"
PLATFORM_LABEL: Final = "platform_label"
NEGATION: Final = "negation"
LEVELS: Final = (NONE, AMBIGUOUS, CLEAR_TEXT, PLATFORM_LABEL)
"""From the least plain to the plainest."""
FORMS: Final = ("phrase", "hashtag", "marker", "label")
SMALLEST_HASHTAG_BLOCK: Final = 3
_LOANS_FROM: Final = "en"
_NEGATION_REACH_CHARS: Final = 3


@dataclass(frozen=True, slots=True)
class Ruleset:
    """What a jurisdiction's guidance asks of a disclosure's place.

    Attributes:
        name: Such as ftc_2023.
        rules_version: Grows with every change of its rules.
        needs_before_fold: Whether what stands after the fold ("... more") counts as vague.
        needs_outside_hashtag_block: Whether a hashtag among others counts as vague.
        needs_same_language: Whether English words in a post of another language count as vague.
    """

    name: str
    rules_version: int
    needs_before_fold: bool
    needs_outside_hashtag_block: bool
    needs_same_language: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """One term of one rule set.

    Attributes:
        ruleset: Its name.
        language: ISO 639-1, or '*'.
        form: phrase (words in a row), hashtag, marker (a word that stands apart) or label (the platform's).
        term: As people write it.
        level: clear_text, ambiguous, negation (says that it is not paid for) or platform_label.
    """

    ruleset: str
    language: str
    form: str
    term: str
    level: str


@dataclass(frozen=True, slots=True)
class Fold:
    """How much of a post a platform shows before "more".

    Attributes:
        char_count: Characters; None: all.
        line_count: Lines; None: all.
    """

    char_count: int | None = None
    line_count: int | None = None


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What one rule set makes of one post.

    Attributes:
        ruleset: Its name.
        rules_version: Its version.
        level: Of ``LEVELS``, from the text alone.
        position_char: Where the words begin, characters of the normalised text; None at level none, like what follows.
        is_before_fold: Whether they end before the fold.
        is_in_hashtag_block: Whether they are a hashtag among three or more in a row.
        is_standalone: Whether they stand apart: first, last or alone on a line, or a hashtag outside a block.
    """

    ruleset: str
    rules_version: int
    level: str
    position_char: int | None = None
    is_before_fold: bool | None = None
    is_in_hashtag_block: bool | None = None
    is_standalone: bool | None = None


@dataclass(frozen=True, slots=True)
class _Meaning:
    language: str
    term: str
    is_marker: bool
    levels: dict[str, str]


class DisclosureRules:
    """All rule sets, made ready to read many texts.

    Raises:
        ValueError: a rule has an unknown form, level or rule set.
    """

    def __init__(self, rulesets: Iterable[Ruleset], rules: Iterable[Rule]) -> None:
        self.rulesets = tuple(sorted(rulesets, key=lambda each: each.name))
        names = {each.name for each in self.rulesets}
        levels: dict[tuple[str, str, str], dict[str, str]] = {}
        for rule in rules:
            if rule.form not in FORMS or rule.level not in {*LEVELS[1:], NEGATION} or rule.ruleset not in names:
                raise ValueError(f"no such rule: {rule}")
            if rule.form != "label":
                levels.setdefault((rule.form, rule.language, rule.term), {})[rule.ruleset] = rule.level
        meanings = [
            (form, term, _Meaning(language, term, form == "marker", by_set))
            for (form, language, term), by_set in sorted(levels.items())
        ]
        # A marker of a script without spaces stands apart like any other; Phrases would find it inside words.
        self._phrases = Phrases((term, meaning) for form, term, meaning in meanings if form == "phrase")
        self._hashtags = Hashtags((term, meaning) for form, term, meaning in meanings if form == "hashtag")
        self._markers = Markers((term, meaning) for form, term, meaning in meanings if form == "marker")

    def judge(self, text: Text, language: str | None, fold: Fold) -> list[Disclosure]:
        """Find the plainest disclosure of a post by each rule set.

        Args:
            text: The post's text.
            language: Of the post, ISO 639-1; None where it is not known.
            fold: Of its platform.

        Returns:
            One row a rule set, by name; level none where nothing is said.
        """
        found = [
            match
            for finder in (self._phrases, self._hashtags, self._markers)
            for match in finder.found_in(text)
            if is_looked_for(match.meaning.term, match.meaning.language, language)
        ]
        return [self._by(ruleset, text, language, fold, found) for ruleset in self.rulesets]

    def denies(self, text: Text, language: str | None) -> bool:
        """Whether a text says that it is not paid for."""
        return any(
            NEGATION in match.meaning.levels.values()
            for finder in (self._phrases, self._hashtags)
            for match in finder.found_in(text)
            if is_looked_for(match.meaning.term, match.meaning.language, language)
        )

    def _by(self, ruleset: Ruleset, text: Text, language: str | None, fold: Fold, found: list[Match[_Meaning]]) -> Disclosure:
        stated = [(match, level) for match in found if (level := match.meaning.levels.get(ruleset.name))]
        denials = sorted((match.start, match.end) for match, level in stated if level == NEGATION)
        best: tuple[int, int, Disclosure] | None = None
        for match, level in stated:
            if level == NEGATION or _is_denied(match, denials):
                continue
            judged = _judged(ruleset, text, language, fold, match, level)
            # The plainest, then the first.
            rank = (-LEVELS.index(judged.level), match.start)
            if best is None or rank < best[:2]:
                best = (*rank, judged)
        return best[2] if best else Disclosure(ruleset.name, ruleset.rules_version, NONE)


def _is_denied(match: Match[_Meaning], denials: list[tuple[int, int]]) -> bool:
    """Whether the last denial that begins before a match ends touches it. Denials are short, so an earlier one reaches no further."""
    place = bisect_right(denials, (match.end, math.inf))
    return place > 0 and match.start < denials[place - 1][1] + _NEGATION_REACH_CHARS


def _judged(ruleset: Ruleset, text: Text, language: str | None, fold: Fold, match: Match[_Meaning], level: str) -> Disclosure:
    size, place = text.tag_runs.get(match.start, (1, 0)) if match.is_tag else (1, 0)
    is_in_block = match.is_tag and size >= SMALLEST_HASHTAG_BLOCK
    is_before_fold = (fold.char_count is None or match.end <= fold.char_count) and (
        fold.line_count is None or text.folded.count("\n", 0, match.start) < fold.line_count
    )
    # A loan word; a term of a third language rather says that the language was guessed wrongly.
    is_loan = language not in {None, _LOANS_FROM} and match.meaning.language == _LOANS_FROM
    is_vague = (
        (ruleset.needs_before_fold and not is_before_fold)
        # The first of a row of hashtags is read as the end of the sentence before it; those behind it are not.
        or (ruleset.needs_outside_hashtag_block and is_in_block and place > 0)
        or (ruleset.needs_same_language and is_loan)
    )
    line_start = text.folded.rfind("\n", 0, match.start) + 1
    line_end = text.folded.find("\n", match.end)
    before = text.folded[line_start : match.start]
    after = text.folded[match.end : line_end if line_end >= 0 else len(text.folded)]
    is_apart = match.meaning.is_marker or not any(map(str.isalnum, before)) or not any(map(str.isalnum, after))
    return Disclosure(
        ruleset.name,
        ruleset.rules_version,
        AMBIGUOUS if level == CLEAR_TEXT and is_vague else level,
        match.start,
        is_before_fold,
        is_in_block,
        is_apart and not is_in_block,
    )
