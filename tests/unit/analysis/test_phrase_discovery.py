"""Planted phrases are found among words that mean nothing together, and without planted ones hardly anything is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipelines.analysis.phrase_discovery import Candidate, DiscoveryParameters, discover, is_looked_at
from pipelines.analysis.phrases import segments, variant_key
from tests.unit.analysis.phrase_worlds import FUNCTION_WORDS, authors, planted, posts, words, zipf_texts

NAMES = words()
# Two rare words, a common and a rare one, two common ones, three words, a function word inside.
PHRASES = [
    *(f"{NAMES[1500 + number]} {NAMES[3000 + number]}" for number in range(5)),
    *(f"{NAMES[60 + number]} {NAMES[2500 + number]}" for number in range(5)),
    *(f"{NAMES[200 + number]} {NAMES[300 + number]}" for number in range(5)),
    *(f"{NAMES[700 + number]} {NAMES[90 + number]} {NAMES[900 + number]}" for number in range(5)),
    *(f"{NAMES[500 + number]} fa {NAMES[600 + number]}" for number in range(5)),
]


def found(table: pa.Table, known: frozenset[str] = frozenset(), **values: Any) -> list[Candidate]:
    return discover([table], FUNCTION_WORDS, known, replace(DiscoveryParameters(), **values))


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_planted_phrases_are_found_and_nothing_else(seed: int) -> None:
    by = authors(seed, 20_000)
    got = found(posts(by, planted(seed, PHRASES, zipf_texts(seed, 20_000), by, 14)))
    assert {each.phrase for each in got} == set(PHRASES)


@pytest.mark.parametrize("closed", [FUNCTION_WORDS, frozenset[str]()])
@pytest.mark.parametrize(("text_count", "author_count"), [(20_000, 2_000), (40_000, 300)])
def test_words_drawn_one_by_one_give_no_phrases(closed: frozenset[str], text_count: int, author_count: int) -> None:
    """Few authors who write much have all written the common words."""
    count = 0
    for seed in (21, 22):
        texts = [" ".join(text) for text in zipf_texts(seed, text_count)]
        count += len(discover([posts(authors(seed, text_count, author_count), texts)], closed, ()))
    assert count == 0


def test_nine_authors_are_too_few_however_often_they_write_it() -> None:
    by = [f"{number % 9}" for number in range(200)]
    texts = [f"w{number} girl dinner v{number}" for number in range(200)]
    assert found(posts(by, texts)) == []
    by[9] = "tenth"
    assert [(each.phrase, each.author_count) for each in found(posts(by, texts))] == [("girl dinner", 10)]


def _said(count: int, text: str) -> tuple[list[str], list[str]]:
    return [f"a{number}" for number in range(count)], [f"u{number} {text} v{number}" for number in range(count)]


def test_neither_tags_nor_mentions_nor_numbers_are_part_of_a_phrase_and_none_ends_with_a_function_word() -> None:
    for text in (
        "#girl dinner x",
        "@girl dinner x",
        "2026 dinner",
        "girl https://a.example dinner",
        "girl. dinner",
        "fa dinner",
        "dinner fa",
    ):
        told = {word for each in found(posts(*_said(40, text)), smallest_npmi=-1.0) for word in each.phrase.split()}
        assert told <= {"dinner", "x"}


def test_a_sentence_that_many_pass_on_is_no_phrase() -> None:
    by = [f"a{number}" for number in range(30)]
    headline = "minister opens the velvet harbour bridge after years of quarrel"
    assert found(posts(by, [headline] * 30), smallest_npmi=-1.0) == []
    assert found(posts(by, ["velvet harbour"] * 30), smallest_npmi=-1.0)[0].phrase == "velvet harbour"


def test_a_piece_of_a_longer_phrase_goes_and_so_does_a_phrase_with_a_word_that_some_add() -> None:
    (by_long, long), (by_short, short), (by_more, more) = (
        _said(40, "hot girl walk"), _said(60, "quiet luxury"), _said(15, "quiet luxury handbag")
    )  # fmt: skip
    table = posts(by_long + by_short + [f"b{each}" for each in by_more], long + short + more)
    assert {each.phrase for each in found(table)} == {"hot girl walk", "quiet luxury"}


def test_the_order_of_rows_does_not_matter() -> None:
    by = authors(31, 4_000)
    table = posts(by, planted(31, PHRASES, zipf_texts(31, 4_000), by, 14))
    shuffled = table.take(pa.array(np.random.default_rng(1).permutation(table.num_rows)))
    parts = [shuffled.slice(start, 700) for start in range(0, table.num_rows, 700)]
    assert discover(parts, FUNCTION_WORDS, ()) == found(table) != []


def test_a_night_lists_the_first_ones_by_rank_and_what_is_known_takes_no_place() -> None:
    by = authors(32, 4_000)
    table = posts(by, planted(32, PHRASES, zipf_texts(32, 4_000), by, 14))
    every = found(table)
    first = found(table, largest_new_count=5)
    assert first == every[:5]
    assert found(table, frozenset(variant_key(each.phrase) for each in first), largest_new_count=5) == every[5:10]


def test_no_texts_give_no_phrases() -> None:
    assert discover([], frozenset(), ()) == []
    assert found(posts([], [])) == []


def test_a_share_of_accounts_is_the_same_one_every_night() -> None:
    keys = [f"{number:032x}" for number in range(10_000)]
    fourth = {key for key in keys if is_looked_at(key, 0.25)}
    assert 2_200 < len(fourth) < 2_800
    assert fourth < {key for key in keys if is_looked_at(key, 0.5)}
    assert all(is_looked_at(key, 1.0) for key in keys)


@pytest.mark.parametrize("part", [0.7, 0.3])
def test_of_too_many_words_those_of_half_or_a_quarter_of_the_accounts_are_held_in_whatever_order_they_come(part: float) -> None:
    by = authors(33, 8_000)
    table = posts(by, planted(33, PHRASES, zipf_texts(33, 8_000), by, 60))
    limit = int(part * sum(len(words) + 1 for text in table["text"].to_pylist() for words in segments(text)))
    share = {0.7: 0.5, 0.3: 0.25}[part]
    of_share = table.filter(pa.array([is_looked_at(key, share) for key in table["account_key"].to_pylist()]))
    shuffled = table.take(pa.array(np.random.default_rng(2).permutation(table.num_rows)))
    assert found(table, largest_word_count=limit) == found(shuffled, largest_word_count=limit) == found(of_share) != []
    assert found(of_share) != found(table)
