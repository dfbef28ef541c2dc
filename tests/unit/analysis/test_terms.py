"""Words of texts in many scripts, and their counts. Nothing about niches."""

# ruff: noqa: RUF001 - other scripts are what is tested

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.analysis.terms import TERM_COUNTS, TermParameters, count_terms, terms_in

EVERYTHING = TermParameters(smallest_term_accounts=1)


def counted(rows: list[tuple[str | None, str | None]], parameters: TermParameters = EVERYTHING) -> dict[tuple[str, str], int]:
    table = count_terms(posts(rows), parameters)
    assert table.schema == TERM_COUNTS
    return {(row["account_key"], row["term"]): row["post_count"] for row in table.to_pylist()}


def posts(rows: list[tuple[str | None, str | None]]) -> pa.Table:
    return pa.table(
        {
            "account_key": pa.array([key for key, _ in rows], pa.string()),
            "text": pa.array([text for _, text in rows], pa.string()),
        }
    )


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        pytest.param("Don't STOP: it's café-time", ["don", "stop", "it", "café", "time"], id="English"),
        pytest.param("Die Straße, GRÜN und groß!", ["die", "strasse", "grün", "und", "gross"], id="German"),
        pytest.param("¡Qué bonito el corazón de las niñas!", "qué bonito el corazón de las niñas".split(), id="Spanish"),
        pytest.param("l’amour qu'il a", ["amour", "qu", "il"], id="French"),
        pytest.param("м'ята та п’ять", ["м'ята", "та", "п'ять"], id="Ukrainian"),
        pytest.param("東京でスニーカー買った", ["東京", "京で", "スニーカー", "買っ", "った"], id="Japanese"),
        pytest.param("我喜欢球鞋，好看", ["我喜", "喜欢", "欢球", "球鞋", "好看"], id="Chinese"),
        pytest.param("오늘 BTS는 신발을", ["오늘", "bts", "는", "신발을"], id="Korean"),
        pytest.param("القهوة العربيّة، جـــداً", ["القهوة", "العربيّة", "جداً"], id="Arabic"),
        pytest.param("मुझे हिन्दी किताबें पसंद हैं", ["मुझे", "हिन्दी", "किताबें", "पसंद", "हैं"], id="Hindi"),
        pytest.param("ผ้าไหมไทย", ["ผ้าไห", "ไหม", "มไท", "ไทย"], id="Thai"),
        pytest.param("ភាសាខ្មែរ", ["ភាសា", "សាខ្មែ", "ខ្មែរ"], id="Khmer"),
        pytest.param("𠮷野家", ["𠮷野", "野家"], id="a character outside the basic plane"),
        pytest.param("花", ["花"], id="a Han character alone"),
    ],
)
def test_words_of_every_script_are_terms(text: str, terms: list[str]) -> None:
    assert terms_in(text) == terms


def test_no_letter_of_a_script_is_lost() -> None:
    for text in ("我喜欢球鞋", "ありがとう", "スニーカー", "ผ้าไหมไทยสวยมาก", "မြန်မာဘာသာ", "ພາສາລາວ", "किताबें", "ქართული", "አማርኛ"):
        found = "".join(terms_in(text))
        assert set(text) <= set(found), text


def test_one_word_in_two_ways_of_writing_is_one_term() -> None:
    for one, other in [
        ("cafe\u0301", "CAFÉ"),
        ("ﾗｰﾒﾝ", "ラーメン"),
        ("ｆａｓｈｉｏｎ", "fashion"),
        ("𝓯𝓪𝓼𝓱𝓲𝓸𝓷", "Fashion"),
        ("می\u200cخواهم", "میخواهم"),  # a zero-width non-joiner, in Persian
        ("क्\u200dषत्रिय", "क्षत्रिय"),  # a zero-width joiner, in Hindi
        ("fash\u00adion", "fashion"),
    ]:
        assert terms_in(one) == terms_in(other) != []


def test_emoji_are_no_terms_and_do_not_stick_to_words() -> None:
    assert terms_in("👩\u200d👩\u200d👧 love❤\ufe0f\u200d🔥moss 1\ufe0f\u20e3 🇩🇪") == ["love", "moss"]


def test_links_addresses_mentions_hashtags_numbers_and_single_letters_are_left_out() -> None:
    assert terms_in("see https://de.wikipedia.org/wiki/Köln?x=1#top (www.foo.com/bar) t.co/abc and example.com.") == [
        "see",
        "and",
    ]
    assert terms_in("mail jane.doe+x@ex-ample.co.uk, @user_name @a.b@c.social ＠user fine") == ["mail", "fine"]
    assert terms_in("2024 3,5 ١٢٣ ½ x C# y2k") == ["y2k"]
    assert terms_in("見てhttps://t.co/abc") == ["見て"]


def test_hashtags_glued_to_text_go_without_the_text() -> None:
    assert terms_in("moss#tag #one#two ＃全角 今日#ランチ #किताबें end") == ["moss", "今日", "end"]


def test_a_full_stop_without_a_space_does_not_make_a_link() -> None:
    assert terms_in("It ended.Next week.So good") == ["it", "ended", "next", "week", "so", "good"]


def test_posts_are_counted_once_for_a_term_however_often_it_stands_in_them() -> None:
    assert counted([("a", "moss moss Moss"), ("a", "moss, fern"), ("b", "fern")]) == {
        ("a", "moss"): 2,
        ("a", "fern"): 1,
        ("b", "fern"): 1,
    }


def test_rows_without_an_account_or_a_text_count_for_nothing() -> None:
    assert counted([(None, "moss"), ("a", None), ("a", ""), ("a", "😀")]) == {}
    assert counted([]) == {}


def test_words_of_few_accounts_do_not_survive() -> None:
    rows: list[tuple[str | None, str | None]] = [(f"a{number}", "moss") for number in range(5)]
    rows += [(f"a{number}", "fern") for number in range(4)]
    rows += [("a0", "mysecret")] * 50
    assert {term for _, term in counted(rows, TermParameters())} == {"moss"}


def test_endless_words_are_dropped() -> None:
    assert counted([("a", "soo" + "o" * 100 + " moss")]) == {("a", "moss"): 1}


TEXTS = st.lists(
    st.sampled_from(
        [
            "moss",
            "Fern",
            "今日は",
            "किताबें",
            "ไทยสวย",
            "#tag",
            "@user",
            "https://a.example/x",
            "l'or",
            "👩\u200d👧",
            "7",
            "é",
            "e\u0301",
        ]
    ),
    max_size=8,
).map(" ".join)
ROWS = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), TEXTS), max_size=25)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.randoms(use_true_random=False), st.integers(1, 7), st.integers(1, 3))
def test_neither_the_order_of_posts_nor_the_size_of_batches_changes_the_counts(
    rows: list[tuple[str, str]], random: object, size: int, smallest: int
) -> None:
    parameters = TermParameters(smallest_term_accounts=smallest)
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined] # of hypothesis: a Random
    whole, mixed = posts(list(rows)), posts(list(shuffled))
    parts = [mixed.slice(start, size) for start in range(0, mixed.num_rows, size)]
    batches = [batch for part in parts for batch in part.to_batches()]
    assert count_terms(whole, parameters).equals(count_terms(parts, parameters))
    assert count_terms(whole, parameters).equals(count_terms(batches, parameters))


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_the_table_holds_what_counting_by_hand_gives(rows: list[tuple[str, str]]) -> None:
    assert counted(list(rows)) == Counter((key, term) for key, text in rows for term in terms_in(text))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_what_is_a_term_of_any_text_is_made_of_terms_itself(text: str) -> None:
    for term in terms_in(text):
        assert terms_in(term)
        assert not any(character.isspace() or character in "#@" for character in term)
