"""Texts are taken apart in one way, whatever they are written in, and phrases are found as a plain search finds them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.analysis.text_matching import Phrases, take_apart, words_of

WRITTEN = st.text(alphabet="abA1_# &/-'.,\n@", max_size=40)
TERMS = st.lists(st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=3).map(" ".join), max_size=6)


@given(WRITTEN)
def test_a_letter_of_another_alphabet_behind_a_text_changes_nothing_before_it(written: str) -> None:
    alone = take_apart(written)
    followed = take_apart(f"{written} \u0436")
    assert [*alone.tokens] == followed.tokens[:-1]


@given(WRITTEN, TERMS)
def test_phrases_are_found_together_as_each_is_found_alone(written: str, terms: list[str]) -> None:
    text = take_apart(written)
    together = [
        (match.start, match.end, match.meaning)
        for match in Phrases([(term, number) for number, term in enumerate(terms)]).found_in(text)
    ]
    alone = [
        (match.start, match.end, number)
        for number, term in enumerate(terms)
        for match in Phrases([(term, number)]).found_in(text)
    ]
    # By the first word, then in the order in which they were given.
    assert together == sorted(alone, key=lambda each: (each[0], each[2]))


def test_words_end_at_apostrophes() -> None:
    assert words_of("J'ai") == ("j", "ai")
