"""Word sequences of one night that may be phrases: many authors, words that go together, nothing that is a piece of a longer one. Keeps no list.

Nothing comes out that one author writes a hundred times: authors are counted, and for association distinct stretches of words, of which a sentence that
is written again is one. (By authors alone, common words would seem to go together: everybody has written them.) Nothing comes out that fewer than ``smallest_author_count`` people wrote.
"""

from __future__ import annotations

import math
import zlib
from array import array
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa

from pipelines.analysis.phrases import LONGEST, SHORTEST, segments, variant_key

Ints = np.ndarray[Any, np.dtype[np.int64]]
_NONE: Final = -1


@dataclass(frozen=True, slots=True)
class DiscoveryParameters:
    """What makes a sequence of words a phrase.

    Attributes:
        smallest_author_count: Distinct authors of the night.
        smallest_context_count: Distinct stretches of words in which it stands: a headline that many pass on is one.
        smallest_npmi: Normalised pointwise mutual information of distinct stretches at the weakest place to cut it in two, -1 to 1.
        absorbed_share: A part goes where so many of its authors wrote the longer sequence.
        extension_share: A longer sequence goes where fewer of its part's authors wrote it.
        largest_new_count: Phrases that one night may list.
        largest_text_count: Texts that are looked at; of a night of more, those of a share of accounts.
    """

    smallest_author_count: int = 10
    smallest_context_count: int = 8
    smallest_npmi: float = 0.3
    absorbed_share: float = 0.8
    extension_share: float = 0.5
    largest_new_count: int = 100
    largest_text_count: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sequence of words that may be a phrase.

    Attributes:
        phrase: Normalised.
        author_count: Of the night.
        npmi: Of its weakest cut.
        c_value: log2 of its words, times the authors that it has beyond those of longer sequences around it (Frantzi, Ananiadou and Mima 2000).
    """

    phrase: str
    author_count: int
    npmi: float
    c_value: float


@dataclass(slots=True)
class _Stream:
    """The night's words as numbers: one after the other, ``_NONE`` where a stretch ends."""

    words: dict[str, int] = field(default_factory=dict)
    authors: dict[str, int] = field(default_factory=dict)
    word_ids: array[int] = field(default_factory=lambda: array("i"))
    author_ids: array[int] = field(default_factory=lambda: array("i"))
    contexts: array[int] = field(default_factory=lambda: array("q"))

    def add(self, account: str, text: str) -> None:
        author = self.authors.setdefault(account, len(self.authors))
        for found in segments(text):
            # A short stretch is what many write by themselves; a long one that is the same word for word was passed on.
            own = f"{account} " if len(found) <= LONGEST else ""
            # Not hash(): it differs from process to process.
            context = zlib.crc32(f"{own}{' '.join(found)}".encode())
            for word in found:
                number = _NONE if word.isdigit() else self.words.setdefault(word, len(self.words))
                self.word_ids.append(number)
            self.word_ids.append(_NONE)
            self.author_ids.extend([author] * (len(found) + 1))
            self.contexts.extend([context] * (len(found) + 1))


def is_looked_at(account: str, share: float) -> bool:
    """Whether an account is among a share of all, the same ones every night.

    Args:
        account: Its key.
        share: Of accounts, 0 to 1.
    """
    return share >= 1 or zlib.crc32(account.encode()) < share * 2**32


def discover(
    batches: Iterable[pa.Table],
    function_words: frozenset[str],
    known: Collection[str],
    parameters: DiscoveryParameters | None = None,
) -> list[Candidate]:
    """Find sequences of words that may be phrases.

    Args:
        batches: Posts of a night, without reposts, with account_key and text, in any order.
        function_words: Folded; no phrase begins or ends with one.
        known: Variant keys that are listed already: those take no place of the new ones.
        parameters: Defaults when None.

    Returns:
        At most ``largest_new_count``, by C-value and then by the phrase.
    """
    using = parameters or DiscoveryParameters()
    stream = _Stream()
    for batch in batches:
        for account, text in zip(batch.column("account_key").to_pylist(), batch.column("text").to_pylist(), strict=True):
            if account and text:
                stream.add(account, text)
    levels = _levels(stream, using)
    names = list(stream.words)
    del stream
    found = _judged(levels, names, function_words, using)
    best: dict[str, Candidate] = {}
    for candidate in sorted(found, key=lambda each: (-each.c_value, each.phrase)):
        key = variant_key(candidate.phrase)
        if key not in known:
            best.setdefault(key, candidate)
    return list(best.values())[: using.largest_new_count]


@dataclass(frozen=True, slots=True)
class _Level:
    """Sequences of one length that enough authors wrote, numbered from 0.

    Attributes:
        left: Of each, the number of what stands without its last word, among the sequences that are one word shorter.
        right: The same without its first word.
        last_word: Number of the last word.
        author_counts: Distinct authors.
        context_counts: Distinct stretches.
    """

    left: Ints
    right: Ints
    last_word: Ints
    author_counts: Ints
    context_counts: Ints


def _levels(stream: _Stream, using: DiscoveryParameters) -> list[_Level]:
    """From words on: a sequence has enough authors only if both of its parts have, so that only those are put together."""
    words = np.frombuffer(stream.word_ids, np.int32).astype(np.int64) if stream.word_ids else np.zeros(0, np.int64)
    authors = np.frombuffer(stream.author_ids, np.int32).astype(np.int64) if stream.author_ids else words
    contexts = np.frombuffer(stream.contexts, np.int64) if stream.contexts else words
    levels: list[_Level] = []
    places = np.flatnonzero(words != _NONE)
    grams = words
    for _ in range(LONGEST):
        if levels:
            places = places[(places + 1 < len(grams))]
            places = places[grams[places + 1] != _NONE]
            first, second = grams[places], grams[places + 1]
        else:
            first, second = grams[places], np.zeros(len(places), np.int64)
        pairs, ids = np.unique(first * (int(second.max(initial=0)) + 1) + second, return_inverse=True)
        author_counts = _distinct(ids, authors[places], len(pairs))
        is_kept = author_counts >= using.smallest_author_count
        renumbered = np.where(is_kept, np.cumsum(is_kept) - 1, _NONE)
        is_placed = is_kept[ids]
        one = np.full(len(pairs), _NONE, np.int64)
        one[ids] = np.arange(len(ids))
        any_place = one[is_kept]
        levels.append(
            _Level(
                first[any_place],
                second[any_place],
                words[places[any_place] + len(levels)],
                author_counts[is_kept],
                _distinct(renumbered[ids[is_placed]], contexts[places[is_placed]], int(is_kept.sum())),
            )
        )
        grams = np.full(len(words), _NONE, np.int64)
        places = places[is_placed]
        grams[places] = renumbered[ids[is_placed]]
    return levels


def _distinct(groups: Ints, values: Ints, group_count: int) -> Ints:
    """How many different values each group has."""
    order = np.lexsort((values, groups))
    groups, values = groups[order], values[order]
    is_new = np.ones(len(groups), bool)
    is_new[1:] = (groups[1:] != groups[:-1]) | (values[1:] != values[:-1])
    return np.bincount(groups[is_new], minlength=group_count).astype(np.int64)


def _judged(
    levels: list[_Level], names: list[str], function_words: frozenset[str], using: DiscoveryParameters
) -> list[Candidate]:
    total = float(levels[0].context_counts.sum())
    phrases: list[list[tuple[str, ...]]] = [[(names[word],) for word in levels[0].last_word.tolist()]]
    counts: dict[tuple[str, ...], int] = dict(zip(phrases[0], levels[0].author_counts.tolist(), strict=True))
    stretches: dict[tuple[str, ...], int] = dict(zip(phrases[0], levels[0].context_counts.tolist(), strict=True))
    scores: dict[tuple[str, ...], float] = {}
    around: dict[tuple[str, ...], list[int]] = {}
    parts: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
    for level in levels[1:]:
        shorter = phrases[-1]
        here = [(*shorter[left], names[last]) for left, last in zip(level.left.tolist(), level.last_word.tolist(), strict=True)]
        for words, left, right, author_count, context_count in zip(
            here,
            level.left.tolist(),
            level.right.tolist(),
            level.author_counts.tolist(),
            level.context_counts.tolist(),
            strict=True,
        ):
            counts[words], stretches[words] = author_count, context_count
            if context_count < using.smallest_context_count:
                continue
            scores[words] = _weakest_npmi(words, stretches, total)
            parts.extend((words, part) for part in (shorter[left], shorter[right]) if len(part) >= SHORTEST)
        phrases.append(here)
    fit = {words for words, score in scores.items() if score >= using.smallest_npmi and _is_closed(words, function_words)}
    gone: set[tuple[str, ...]] = set()
    for words, part in parts:
        if words in fit:
            around.setdefault(part, []).append(counts[words])
            if counts[words] >= using.absorbed_share * counts[part]:
                gone.add(part)
    for words, part in parts:
        if words in fit and part in fit and part not in gone and counts[words] < using.extension_share * counts[part]:
            gone.add(words)
    return [
        Candidate(
            " ".join(words),
            counts[words],
            round(scores[words], 9),
            round(_c_value(words, counts[words], around.get(words, [])), 9),
        )
        for words in fit - gone
    ]


def _weakest_npmi(words: tuple[str, ...], counts: dict[tuple[str, ...], int], total: float) -> float:
    """Bouma (2009): pointwise mutual information over the information of the sequence, at the place where the two sides say least of each other."""
    information = math.log(total / counts[words])
    return min(
        math.log(counts[words] * total / (counts[words[:cut]] * counts[words[cut:]])) / information
        for cut in range(1, len(words))
    )


def _is_closed(words: tuple[str, ...], function_words: frozenset[str]) -> bool:
    return all(len(word) > 1 and word not in function_words for word in (words[0], words[-1]))


def _c_value(words: tuple[str, ...], author_count: int, longer: list[int]) -> float:
    own = author_count - (sum(longer) / len(longer) if longer else 0.0)
    return math.log2(len(words)) * own
