"""Rule sets of disclosure on captions written for them, most after the examples of the regulators' own guidance."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.analysis.disclosure import DisclosureRules, Fold, Rule, Ruleset
from pipelines.analysis.text_matching import take_apart
from pipelines.analysis.text_signals import signals_of
from pipelines.nightly.text_rules import read_text_rules

RULES = read_text_rules()


def judged(text: str, ruleset: str = "ftc_2023", platform: str = "instagram", language: str | None = None) -> dict[str, Any]:
    """What a rule set makes of a text."""
    signals = signals_of(text, [], platform, RULES, language)
    found: dict[str, Any] = next(each for each in signals["disclosures"] if each["ruleset"] == ruleset)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "#ad Loving this serum", "Ad: my new shoes", "[AD] my new shoes", "AD Loving my new shoes", "(Advert) look at this", "Ad | morning routine",
        "I love my job. #ad", "#Sponsored by my favourite coffee", "#paidpartnership with a brand", "Paid partnership with Acme, all mine",
        "This video is sponsored by Acme", "I was paid to try this and I like it", "As an associate I earn from qualifying purchases",
        "\uff03\uff21\uff24 new in", "#a\u200bd new in", "Thanks to Acme for the free product!",
        "Werbung | Schaut euch das an und sagt mir was", "#werbung heute mit mir und euch", "Anzeige: mein neues Rad ist da",
        "Bezahlte Partnerschaft mit Acme, ich bin begeistert",
        "#publicité mon nouveau rouge et les yeux", "Collaboration commerciale avec Acme, je suis fan", "Partenariat rémunéré avec Acme pour vous",
        "#publicidad mi nueva falda y la blusa", "Publi: esta es mi crema", "Patrocinado por Acme, como siempre",
        "#publi meu novo creme que eu amo", "Parceria paga com Acme", "#pubblicità il mio nuovo vestito", "Sponsorizzato da Acme",
        "\u3010PR\u3011\u5316\u7ca7\u6c34\u3092\u4f7f\u3063\u305f", "#\u5e83\u544a \u3053\u308c\u3059\u304d",
        "#\uad11\uace0 \uc88b\uc544\uc694", "\uc774 \uc601\uc0c1\uc740 \uc720\ub8cc\uad11\uace0 \ud3ec\ud568\uc785\ub2c8\ub2e4",
    ],
)  # fmt: skip
def test_plain_words_in_plain_sight_are_clear(text: str) -> None:
    assert judged(text)["level"] == "clear_text"


@pytest.mark.parametrize(
    "text",
    [
        "new shoes #sp", "new shoes #spon", "so happy #collab", "so happy #partner", "with #ambassador love", "#gifted this lovely bag",
        "Thanks @acme for the bag", "In collaboration with Acme", "aff link below #aff", "Thank you to @acme",
        "In Kooperation mit Acme, das ist mein Rad", "#kooperation mein Rad und ich", "Danke @acme für das Rad",
        "En partenariat avec Acme, je suis fan de la robe", "Merci @acme pour la robe", "#colaboración con mi falda y la blusa",
        "Gracias @acme por la falda", "em parceria com Acme, eu amei", "in collaborazione con Acme, il mio vestito",
        "#\uccb4\ud5d8\ub2e8 \uc88b\uc544\uc694", "#\u30bf\u30a4\u30a2\u30c3\u30d7 \u3053\u308c\u3059\u304d",
    ],
)  # fmt: skip
def test_vague_words_are_ambiguous(text: str) -> None:
    assert judged(text)["level"] == "ambiguous"


@pytest.mark.parametrize(
    "text",
    [
        "What an #adventure, so #addicted", "the ad before the film was funny", "This is not an ad, I just love it", "#notsponsored but great",
        "a pub crawl #pub #london", "my uploads are late", "#adidas run club", "he placed an advert in 1920", "made with love", "",
        "Unbezahlte Werbung: mein Rad und ich", "#unbezahltewerbung mein Rad", "Das ist keine Werbung, ich mag es", "Non sponsorisé, je suis fan et c'est bien",
        "Esto no es publicidad, me gusta la falda", "\ub0b4\ub3c8\ub0b4\uc0b0 \uc88b\uc544\uc694", "die Werbung im Fernsehen war laut und lang",
        "la publicité à la télé est trop longue", "#prague in spring", "the Spanish collaborators of the regime",
        "Thanks to my mother for the recipe", "a coup supported by the army", "I was partnered with her in chemistry",
    ],
)  # fmt: skip
def test_words_that_disclose_nothing_are_none(text: str) -> None:
    assert judged(text)["level"] == "none"


def test_a_denial_does_not_hide_a_disclosure_elsewhere() -> None:
    assert judged("#ad for my friend's shop. The second product is not sponsored.")["level"] == "clear_text"


def test_one_of_twenty_hashtags_is_buried() -> None:
    tags = " ".join(f"#tag{letter}" for letter in "abcdefghij")
    found = judged(f"Morning light {tags} #sponsored {tags}", platform="tumblr")
    assert (found["level"], found["is_in_hashtag_block"], found["is_standalone"]) == ("ambiguous", True, False)


def test_the_first_of_a_row_of_hashtags_is_not_buried_and_the_row_is_told() -> None:
    found = judged("Morning light. #ad #one #two #three")
    assert (found["level"], found["is_in_hashtag_block"]) == ("clear_text", True)


def test_two_hashtags_are_no_block() -> None:
    assert judged("Morning light #one #ad")["level"] == "clear_text"


@pytest.mark.parametrize(("platform", "level"), [("instagram", "ambiguous"), ("tumblr", "clear_text")])
def test_what_stands_after_the_fold_of_its_platform_is_not_clear(platform: str, level: str) -> None:
    found = judged("word " * 30 + "#ad", platform=platform)
    assert (found["level"], found["is_before_fold"]) == (level, level == "clear_text")
    assert found["position_char"] == 150


def test_lines_fold_too() -> None:
    assert judged("one\n\n\n\n#ad")["is_before_fold"] is False


def test_the_plainest_disclosure_counts_and_not_the_first() -> None:
    found = judged("Thanks @acme! Also: #ad")
    assert (found["level"], found["position_char"]) == ("clear_text", 20)


def test_english_words_are_not_clear_in_a_german_post_by_the_european_rules_alone() -> None:
    text = "#ad Das ist mein neues Rad und ich mag es"
    assert [judged(text, ruleset)["level"] for ruleset in ("eu_2024", "ftc_2023", "uk_2023")] == [
        "ambiguous",
        "clear_text",
        "clear_text",
    ]


def test_sponsored_is_clear_to_the_ftc_and_not_to_the_asa() -> None:
    assert [judged("#sponsored coffee", ruleset)["level"] for ruleset in ("ftc_2023", "uk_2023")] == ["clear_text", "ambiguous"]


def test_a_disclosure_has_a_place_and_none_has_none() -> None:
    assert judged("hello")["position_char"] is None
    assert judged("hello #ad")["position_char"] == 6


@given(st.text(max_size=80), st.sampled_from(["instagram", "x", "tumblr"]))
def test_any_text_is_judged_by_every_rule_set(text: str, platform: str) -> None:
    found = signals_of(text, [], platform, RULES)["disclosures"]
    assert [each["ruleset"] for each in found] == ["eu_2024", "ftc_2023", "uk_2023"]
    assert all((each["level"] == "none") == (each["position_char"] is None) for each in found)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12))
def test_no_longer_hashtag_is_taken_for_a_shorter_one(rest: str) -> None:
    rules = DisclosureRules([Ruleset("one", 1, True, True, False)], [Rule("one", "en", "hashtag", "ad", "clear_text")])
    assert rules.judge(take_apart(f"#ad{rest}"), "en", Fold())[0].level == "none"
    assert rules.judge(take_apart(f"{rest} #ad"), "en", Fold())[0].level == "clear_text"


def test_a_rule_of_no_known_form_is_refused() -> None:
    with pytest.raises(ValueError, match="no such rule"):
        DisclosureRules([Ruleset("one", 1, True, True, False)], [Rule("one", "en", "shout", "ad", "clear_text")])


def test_hashtags_without_a_space_between_them_are_each_read() -> None:
    assert judged("my shoes #new#ad")["level"] == "clear_text"
    assert judged("my shoes #one#two#ad")["is_in_hashtag_block"] is True


@pytest.mark.parametrize("filling", ["(", "#", "/", "a ", "1", "#1", "#a", "|", "\n", "code ", "\u0301", "ad|", "not an ad "])
def test_the_cost_of_a_text_follows_its_length(filling: str) -> None:
    """A text of a hundred thousand characters that invites backtracking is read as any other: in the time limit of the test run."""
    assert judged(filling * (100_000 // len(filling)))["ruleset"] == "ftc_2023"
