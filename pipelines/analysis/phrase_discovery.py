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

Ints = np.ndarray[Any, np.dtype[np.integer[Any]]]
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
        largest_word_count: Words that are held; of more, those of half the accounts, of a quarter and so on.
    """

    smallest_author_count: int = 10
    smallest_context_count: int = 8
    smallest_npmi: float = 0.3
    absorbed_share: float = 0.8
    extension_share: float = 0.5
    largest_new_count: int = 100
    largest_text_count: int = 1_000_000
    largest_word_count: int = 20_000_000


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
    """The night's words as numbers: one after the other, ``_NONE`` where a stretch ends. Holds no more than so many, for fewer and fewer accounts."""

    largest_word_count: int
    share: float = 1.0
    words: dict[str, int] = field(default_factory=dict)
    authors: dict[str, int] = field(default_factory=dict)
    word_ids: array[int] = field(default_factory=lambda: array("i"))
    author_ids: array[int] = field(default_factory=lambda: array("i"))
    contexts: array[int] = field(default_factory=lambda: array("I"))

    def add(self, account: str, text: str) -> None:
        """Read one text, unless its account is none of those that are looked at."""
        if not is_looked_at(account, self.share):
            return
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
        while len(self.word_ids) > self.largest_word_count:
            self._halve()

    def _halve(self) -> None:
        # Which accounts stay hangs on all words of the night and not on the order in which they are read: fewer only where those of more are too many.
        self.share /= 2
        stays = np.array([is_looked_at(account, self.share) for account in self.authors])
        is_kept = stays[np.frombuffer(self.author_ids, np.int32)]
        for held in (self.word_ids, self.author_ids, self.contexts):
            kept = np.frombuffer(held, held.typecode)[is_kept]
            del held[:]
            held.frombytes(kept.tobytes())


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
    stream = _Stream(using.largest_word_count)
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
    words, authors, contexts = (
        np.frombuffer(each, kind) if each else np.zeros(0, kind)
        for each, kind in ((stream.word_ids, np.int32), (stream.author_ids, np.int32), (stream.contexts, np.uint32))
    )
    levels: list[_Level] = []
    places = np.flatnonzero(words != _NONE)
    grams = words
    for size in range(LONGEST):
        if size:
            places = places[places + 1 < len(grams)]
            places = places[grams[places + 1] != _NONE]
            first, second = grams[places], grams[places + 1]
            ids, count = _numbered(first, second)
        else:
            first, second = grams[places], np.zeros(len(places), np.int32)
            ids, count = first, len(stream.words)
        author_counts = _distinct(ids, authors[places], count)
        is_kept = author_counts >= using.smallest_author_count
        renumbered = np.where(is_kept, np.cumsum(is_kept, dtype=np.int32) - 1, np.int32(_NONE))
        # All places of a sequence hold the same words: any one of them tells which.
        one = np.zeros(count, np.int32)
        one[ids] = np.arange(len(ids), dtype=np.int32)
        any_place = one[is_kept]
        parts = first[any_place], second[any_place], words[places[any_place] + size]
        del first, second, one
        ids = renumbered[ids]
        is_placed = ids != _NONE
        places, ids = places[is_placed], ids[is_placed]
        levels.append(_Level(*parts, author_counts[is_kept], _distinct(ids, contexts[places], int(is_kept.sum()))))
        grams = np.full(len(words), _NONE, np.int32)
        grams[places] = ids
    return levels


def _numbered(first: Ints, second: Ints) -> tuple[Ints, int]:
    """Numbers of pairs, from 0 and in order, and how many pairs there are."""
    pairs = first.astype(np.int64)
    pairs *= int(second.max(initial=0)) + 1
    pairs += second
    order = np.argsort(pairs)
    pairs = pairs[order]
    is_new = np.ones(len(pairs), bool)
    is_new[1:] = pairs[1:] != pairs[:-1]
    del pairs
    numbers = np.empty(len(order), np.int32)
    numbers[order] = np.cumsum(is_new, dtype=np.int32) - 1
    return numbers, int(is_new.sum())


def _distinct(groups: Ints, values: Ints, group_count: int) -> Ints:
    """How many different values each group has; values are 0 or more and below 2^32."""
    pairs = groups.astype(np.int64)
    pairs <<= 32
    pairs |= values
    pairs.sort()
    is_new = np.ones(len(pairs), bool)
    is_new[1:] = pairs[1:] != pairs[:-1]
    return np.bincount(pairs[is_new] >> 32, minlength=group_count).astype(np.int64)


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
