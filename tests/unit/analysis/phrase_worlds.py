"""Synthetic texts of many authors: Zipf words, collocations and planted phrases. No claim about real language; judges nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

VOCABULARY = 20_000
FUNCTION_WORDS = frozenset(f"f{chr(97 + number)}" for number in range(25))


def words(count: int = VOCABULARY) -> list[str]:
    """Invented words, commonest first; the first 25 are function words."""
    letters = "bcdfghjklmnprtvz"
    vowels = "aeiou"
    made = sorted(FUNCTION_WORDS)
    number = 0
    while len(made) < count:
        value, word = number + 300, ""
        while value:
            value, rest = divmod(value, len(letters) * len(vowels))
            word += letters[rest % len(letters)] + vowels[rest // len(letters)]
        made.append(word)
        number += 1
    return made


def zipf_texts(seed: int, text_count: int, exponent: float = 1.05) -> list[list[str]]:
    """Texts of 6 to 20 words drawn one by one; by text its words. Authors are in :func:`authors`."""
    draw = np.random.default_rng((seed, 1))
    weight = 1 / np.arange(1, VOCABULARY + 1) ** exponent
    lengths = draw.integers(6, 21, text_count)
    drawn = draw.choice(VOCABULARY, int(lengths.sum()), p=weight / weight.sum())
    names = words()
    ends = np.cumsum(lengths)
    return [[names[word] for word in drawn[end - length : end]] for end, length in zip(ends, lengths, strict=True)]


def authors(seed: int, text_count: int, author_count: int = 2_000) -> list[str]:
    """An author of each text: some write much, most little."""
    draw = np.random.default_rng((seed, 2))
    weight = draw.pareto(1.6, author_count) + 0.2
    return [f"{seed:08x}{number:024x}" for number in draw.choice(author_count, text_count, p=weight / weight.sum()).tolist()]


def planted(seed: int, phrases: Sequence[str], texts: list[list[str]], by: list[str], user_count: int) -> list[str]:
    """The texts with each phrase put somewhere into one text of each of so many authors; as strings.

    Args:
        seed: Of the draw.
        phrases: To plant.
        texts: By :func:`zipf_texts`; not changed.
        by: Their authors.
        user_count: Authors of each phrase.
    """
    draw = np.random.default_rng((seed, 3))
    made = [list(text) for text in texts]
    of: dict[str, list[int]] = {}
    for place, author in enumerate(by):
        of.setdefault(author, []).append(place)
    for phrase in phrases:
        for author in draw.choice(sorted(of), user_count, replace=False).tolist():
            text = made[int(draw.choice(of[author]))]
            text.insert(int(draw.integers(0, len(text) + 1)), phrase)
    return [" ".join(text) for text in made]


def posts(by: Sequence[str], texts: Sequence[str]) -> pa.Table:
    """What the discovery reads."""
    return pa.table({"account_key": pa.array(by, pa.string()), "text": pa.array(texts, pa.string())})
