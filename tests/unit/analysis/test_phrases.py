"""A phrase is its words: however they are parted, in any text, and never across what is no word."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.analysis.phrases import TEXT_PHRASES, Matcher, normalise, plain, segments, singular, text_phrases, variant_key

WORDS = st.text(alphabet="abcdefgäßñжщ", min_size=1, max_size=8)
SEPARATORS = st.sampled_from([" ", "  ", "-", "_", " - ", "/", "\u2013", " & ", "\u00b7", "\t", "\u00a0"])


@pytest.mark.parametrize(
    "written",
    [
        "clean beauty",
        "Clean  Beauty",
        "clean-beauty",
        "clean_beauty",
        "CLEAN BEAUTY",
        "\uff23lean be\u200bauty",
        "*clean* beauty",
        "“clean beauty”",
    ],
)
def test_variants_are_one_phrase(written: str) -> None:
    assert normalise(written) == "clean beauty"
    assert Matcher(["clean beauty"]).found_in(f"so: {written}!") == ["clean beauty"]


@pytest.mark.parametrize("written", ["girl dinner", "girl dinners", "Girl-Dinners"])
@pytest.mark.parametrize("listed", ["girl dinner", "girl dinners"])
def test_a_plural_of_the_last_word_is_the_same_phrase_under_the_name_that_is_listed(written: str, listed: str) -> None:
    assert Matcher([listed]).found_in(written) == [listed]


@pytest.mark.parametrize("written", ["hermès kelly", "hermes kelly", "HERME\u0300S Kelly"])
@pytest.mark.parametrize("listed", ["hermès kelly", "hermes kelly"])
def test_a_phrase_without_its_accents_is_the_same_phrase_under_the_name_that_is_listed(written: str, listed: str) -> None:
    assert Matcher([listed]).found_in(f"my {written}") == [listed]


@pytest.mark.parametrize(
    ("word", "alone"), [("señor", "senor"), ("καφές", "καφες"), ("йога", "йога"), ("がき", "がき"), ("हिन्दी", "हिन्दी")]
)
def test_only_latin_and_greek_letters_have_accents(word: str, alone: str) -> None:
    assert plain(word) == alone


@pytest.mark.parametrize(
    ("word", "alone"), [("dinners", "dinner"), ("glass", "glass"), ("bus", "bus"), ("this", "this"), ("gas", "gas")]
)
def test_only_a_plurals_s_is_taken_off(word: str, alone: str) -> None:
    assert singular(word) == alone


@pytest.mark.parametrize(
    "text",
    [
        "girl. dinner", "girl\ndinner", "girl, dinner", "girl (dinner)", "#girl dinner", "girl #dinner", "@girl dinner", "girl @me dinner",
        "girl https://x.example dinner", "girls dinner", "mygirl dinner", "girl dinnertime", "girl 5 dinner", "me@girl dinner", "",
    ],
)  # fmt: skip
def test_words_that_do_not_stand_together_are_no_phrase(text: str) -> None:
    assert Matcher(["girl dinner"]).found_in(text) == []


@pytest.mark.parametrize("written", ["dinner", "one two three four five six", "girl. dinner", "", "#girl dinner", "!!"])
def test_what_is_not_one_stretch_of_two_to_five_words_is_no_phrase(written: str) -> None:
    assert normalise(written) is None


def test_an_apostrophe_parts_no_word() -> None:
    assert segments("Girl\u2019s night, don't") == [["girls", "night"], ["dont"]]


@given(st.lists(WORDS, min_size=2, max_size=5), st.data())
def test_a_phrase_is_found_however_its_words_are_parted_and_surrounded(words: list[str], data: st.DataObject) -> None:
    listed = normalise(" ".join(words))
    assert listed is not None
    assert normalise(listed) == listed
    written = words[0] + "".join(data.draw(SEPARATORS) + word for word in words[1:])
    before, behind = (
        data.draw(st.sampled_from(["", "xx ", "#tag ", "yy. "])),
        data.draw(st.sampled_from(["", " xx", "!", " #tag"])),
    )
    assert Matcher([listed]).found_in(before + written + behind) == [listed]


@given(
    st.lists(st.sampled_from("abcd"), max_size=12),
    st.lists(st.lists(st.sampled_from("abcd"), min_size=2, max_size=4), max_size=6),
)
def test_all_phrases_are_found_that_a_plain_search_finds(words: list[str], phrases: list[list[str]]) -> None:
    listed = sorted({" ".join(each) for each in phrases})
    text = " ".join(words)
    assert Matcher(listed).found_in(text) == [each for each in listed if f" {each} " in f" {text} "]


def test_the_first_one_listed_names_its_variants() -> None:
    assert variant_key("good vibes") == variant_key("good vibe")
    assert Matcher(["good vibes", "good vibe"]).found_in("good vibe") == ["good vibes"]


def test_a_post_has_a_row_for_each_phrase_and_none_without_one() -> None:
    seen, night = datetime(2026, 8, 10, tzinfo=UTC), date(2026, 8, 11)
    rows = [
        {"platform": "x", "post_key": key, "account_key": account, "observed_at": seen, "landed_night": night, "text": text}
        for key, account, text in (
            ("p1", "a", "girl dinner, quiet luxury"),
            ("p2", None, "girl dinner"),
            ("p3", "b", None),
            ("p4", "b", "dinner"),
        )
    ]
    found = text_phrases(
        pa.Table.from_pylist(rows, pa.schema([*[*TEXT_PHRASES][:5], pa.field("text", pa.string())])),
        Matcher(["quiet luxury", "girl dinner"]),
        date(2026, 8, 12),
    )
    assert found.schema == TEXT_PHRASES
    told = [(row["post_key"], row["phrase"], row["searched_night"]) for row in found.to_pylist()]
    later = date(2026, 8, 12)
    assert told == [("p1", "girl dinner", later), ("p1", "quiet luxury", later), ("p2", "girl dinner", later)]
