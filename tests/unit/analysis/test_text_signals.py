"""Commercial reasons, words of closeness, and that no word of a text leaves with its signals."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.analysis.commercial import REASONS, CommercialRules
from pipelines.analysis.text_matching import guess_language, take_apart
from pipelines.analysis.text_signals import TEXT_SIGNALS, signals_of, text_signals
from pipelines.lake.schemas import VAULT_POSTS
from pipelines.nightly.text_rules import read_text_rules

RULES = read_text_rules()


def reasons(text: str, links: list[str] | None = None) -> set[str]:
    """Commercial reasons of a text."""
    return set(signals_of(text, links or [], "instagram", RULES)["commercial_reasons"])


@pytest.mark.parametrize(
    "link",
    [
        "https://amzn.to/3abc", "https://www.amazon.de/dp/B01?tag=me-21", "https://rstyle.me/x", "https://go.awin1.com/c?id=1", "https://shop.example/?irclickid=9",
        "https://shop.example/?utm_medium=affiliate",
    ],
)  # fmt: skip
def test_affiliate_links_are_known_by_host_or_parameter(link: str) -> None:
    assert "affiliate_link" in reasons("look", [link])
    assert "affiliate_link" in reasons(f"look {link} here")


@pytest.mark.parametrize(
    "link", ["https://notamzn.to/3abc", "https://blog.example/?tag=fashion", "https://amzn.to.example/x", "http://[broken"]
)
def test_other_links_are_not(link: str) -> None:
    assert "affiliate_link" not in reasons("look", [link])


@pytest.mark.parametrize(
    "text",
    [
        "Use code SARAH20 for a discount", "use my code sarah20 today", "20% off with my code", "Mit dem Code LENA10 spart ihr", "Rabattcode: LENA10",
        "avec le code promo LEA15", "con el código ANA10", "cupom ANA10 no site", "codice sconto ANNA10", "\u30af\u30fc\u30dd\u30f3\u30b3\u30fc\u30c9 abc12", "\ud560\uc778\ucf54\ub4dc abc12",
    ],
)  # fmt: skip
def test_coupon_codes_are_found_in_many_languages(text: str) -> None:
    assert "coupon_code" in reasons(text)


@pytest.mark.parametrize(
    "text", ["I learned to code today", "dress code: black", "source code review", "code of conduct", "zip code 90210"]
)
def test_other_codes_are_none(text: str) -> None:
    assert "coupon_code" not in reasons(text)


@pytest.mark.parametrize(
    "text",
    [
        "Mini bag in blue. DM to order", "Back in stock! Worldwide shipping", "Up to 70% off everything", "New coat #shopnow", "Alle Taschen mit Rabattcode im Profil",
        "Neue Kollektion, jetzt erh\u00e4ltlich", "Envío gratis a toda España", "Frete grátis para todo o Brasil", "Livraison offerte ce week-end", "Spedizione gratuita", "\u9001\u6599\u7121\u6599\u3067\u3059",
    ],
)  # fmt: skip
def test_a_post_that_takes_orders_is_more_likely_than_not_commercial(text: str) -> None:
    signals = signals_of(text, [], "instagram", RULES)
    assert "purchase_invitation" in signals["commercial_reasons"]
    assert signals["commercial_log_odds"] > 0


@pytest.mark.parametrize(
    "text",
    [
        "DM me, I miss you",
        "The index is 20% off its high",
        "I saw the sale of the house",
        "dm for credit or removal",
        "order in the court",
        "I ship these two",
    ],
)
def test_words_of_trade_in_other_senses_offer_nothing(text: str) -> None:
    assert "purchase_invitation" not in reasons(text)


@pytest.mark.parametrize(
    "text",
    [
        "Link in bio",
        "link on bio",
        "links in our bio",
        "everything is linked in my bio",
        "l!nk in b!o",
        "L.ink on my bio",
        "l1nk in b1o",
        "\U0001f517 in bio",
        "new #linkinbio",
    ],
)
def test_other_spellings_of_the_link_in_bio_are_a_call_too(text: str) -> None:
    assert "call_to_action" in reasons(text)


@pytest.mark.parametrize(
    "text", ["a blink in biology", "I think in biology class", "the missing link in biodiversity", "pink on bo"]
)
def test_words_that_only_hold_its_letters_are_none(text: str) -> None:
    assert "call_to_action" not in reasons(text)


def test_a_brand_is_told_by_its_id_and_never_by_the_words() -> None:
    signals = signals_of("My new #Nike shoes, thanks @sephora", [], "instagram", RULES)
    assert signals["brands"] == ["Nike", "Sephora"]
    assert "brand_mention" in signals["commercial_reasons"]


def test_the_probability_is_the_logistic_of_the_published_weights() -> None:
    signals = signals_of("20% off with my code", [], "instagram", RULES)
    weights = RULES.commercial.weights
    assert signals["commercial_log_odds"] == pytest.approx(
        weights["intercept"] + sum(weights[reason] for reason in signals["commercial_reasons"])
    )


def test_a_post_without_any_reason_is_hardly_commercial_and_a_code_makes_it_likely() -> None:
    assert signals_of("good morning", [], "x", RULES)["commercial_log_odds"] < -3
    assert signals_of("use code ANNA20", [], "x", RULES)["commercial_log_odds"] > 1


def test_saying_that_nothing_was_paid_speaks_against_it() -> None:
    assert "not_paid" in reasons("not sponsored, just love")


def test_a_weight_that_is_missing_is_refused() -> None:
    with pytest.raises(ValueError, match="weights are needed"):
        CommercialRules([], {"intercept": -3.0}, [])


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I am so happy with this and you", "en"), ("Ich bin so froh und das ist nicht mein Rad", "de"), ("Je suis contente et c'est pour vous", "fr"),
        ("Estoy muy feliz y no es para mi madre", "es"), ("\u4eca\u65e5\u306f\u697d\u3057\u3044", "ja"), ("\uc624\ub298\uc740 \uc88b\uc544\uc694", "ko"), ("#one #two", None), ("wow", None),
    ],
)  # fmt: skip
def test_a_language_is_guessed_by_its_commonest_words(text: str, language: str | None) -> None:
    assert guess_language(take_apart(text), RULES.lexicon.function_words) == language


def counts(text: str, language: str) -> dict[str, Any]:
    """Parasocial counts of a text."""
    found = signals_of(text, [], "instagram", RULES, language)
    return {name.removesuffix("_count"): value for name, value in found.items() if name.endswith("_count")}


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Hey guys, tell me: what do you think of us?", "en", (10, 1, 1, 0, 3, 1)),
        ("I cried with my sister. The sun is out.", "en", (9, 0, 0, 1, 0, 0)),
        ("Ihr Lieben, schreibt mir eure Meinung! Wir sind stolz auf euch.", "de", (11, 3, 1, 0, 1, 1)),
        ("Je suis si fière de vous, mes amours. Et vous ?", "fr", (10, 2, 0, 1, 2, 1)),
        ("Cuéntame, ¿qué opinas? Nosotros estamos juntos.", "es", (6, 0, 2, 0, 3, 0)),
    ],
)
def test_words_of_closeness_are_counted_by_the_lexicon_of_the_language(
    text: str, language: str, expected: tuple[int, ...]
) -> None:
    names = ("token", "second_person", "inclusive", "self_disclosure", "invitation", "intimacy")
    assert counts(text, language) == dict(zip(names, expected, strict=True))


def test_in_a_language_without_a_lexicon_nothing_was_counted_and_that_is_not_zero() -> None:
    assert counts("\u4eca\u65e5\u306f\u697d\u3057\u3044", "ja")["second_person"] is None
    assert counts("plain words", "en")["second_person"] == 0


def _posts(*texts: str | None) -> pa.Table:
    moment = datetime(2026, 8, 1, tzinfo=UTC)
    rows = [
        {
            "platform": "x", "post_key": f"p{number}", "account_key": "a", "native_id": "1", "text": text, "url": None, "links": None, "observed_at": moment,
            "ts_quality": "exact", "collection_method": "archive", "source_format": "f", "source_hash": "h", "landed_night": date(2026, 8, 2),
        }
        for number, text in enumerate(texts)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=VAULT_POSTS)


def test_a_batch_has_a_row_for_every_post_with_a_text_in_the_schema_of_the_signals() -> None:
    found = text_signals(_posts("#ad one", None, "", "two"), RULES)
    assert found.schema.equals(TEXT_SIGNALS)
    assert found["post_key"].to_pylist() == ["p0", "p3"]
    assert set(found["signals_version"].to_pylist()) == {RULES.signals_version}


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in _leaves(each)]
    if isinstance(value, list):
        return [leaf for each in value for leaf in _leaves(each)]
    return [value]


@given(st.text(max_size=60))
def test_every_text_that_leaves_is_a_fixed_word(text: str) -> None:
    fixed = {
        *REASONS,
        "none",
        "ambiguous",
        "clear_text",
        "eu_2024",
        "ftc_2023",
        "uk_2023",
        *RULES.lexicon.function_words,
        "ja",
        "ko",
    }
    signals = signals_of(text, [], "instagram", RULES)
    assert set(signals.pop("brands")) <= RULES.commercial.brand_ids
    assert {leaf for leaf in _leaves(signals) if isinstance(leaf, str)} <= fixed
