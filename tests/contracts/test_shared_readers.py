"""Contracts of what all platforms share: tags and terms of a text, payload values, links of a profile."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.platforms import text, values
from pipelines.platforms.profiles import declared_handles
from pipelines.platforms.protocol import BadRecord
from tests.contracts.harness import context


@pytest.mark.parametrize(
    ("caption", "tags"),
    [
        ("#รีวิว #ป้ายยา", ["รีวิว", "ป้ายยา"]),  # vowels above the line are combining marks, no letters
        ("#हिन्दी", ["हिन्दी"]),
        ("#moss#wall", ["moss", "wall"]),
        ("##moss", ["moss"]),
        ("#Moss, #moss-wall #1", ["moss"]),
        ("C# and a#b and https://example.org/#top", []),
        ("\uff03\uff2d\uff2f\uff33\uff33", ["moss"]),
    ],
)
def test_a_tag_is_a_whole_word_in_every_script(caption: str, tags: list[str]) -> None:
    assert text.tags_in(caption) == tags


def test_a_titles_word_keeps_its_end_whatever_apostrophe_it_has() -> None:
    assert text.title_terms("Moss\u2019s wall") == text.title_terms("Moss's wall")
    assert "mosss" in text.title_terms("Moss\u2019s wall")


@pytest.mark.parametrize(
    ("tag", "language"),
    [("pt-BR", "pt"), ("zh_Hans", "zh"), (" EN ", "en"), ("und", None), ("", None), (None, None), ("1", None)],
)
def test_a_language_is_told_without_script_and_region(tag: str | None, language: str | None) -> None:
    assert text.primary_language(tag) == language


@pytest.mark.parametrize(
    ("written", "counter"),
    [(0, 0), ("0", 0), ("12", 12), ("12.0", 12), (12.0, 12), (-1, None), ("-1.0", None), ("", None), (" ", None), (None, None)],
)
def test_a_counter_is_a_number_and_hidden_or_absent_is_null(written: Any, counter: int | None) -> None:
    assert values.count(written, "likes") == counter


@pytest.mark.parametrize("written", [True, "many", 1.5, "nan", 2**63, "9" * 30, [], {}, float("inf")])
def test_what_is_no_counter_is_refused_in_the_same_words_everywhere(written: Any) -> None:
    with pytest.raises(BadRecord, match="likes is") as refusal:
        values.count(written, "likes")
    assert refusal.value.code == "wrong_type"


def test_a_counter_beyond_two_to_the_53_keeps_its_last_digit() -> None:
    assert values.count("9007199254740993", "views") == 9007199254740993


@pytest.mark.parametrize(
    ("written", "code"),
    [
        (None, "missing_field"),
        ("", "missing_field"),
        (5, "wrong_type"),
        ("soon", "wrong_type"),
        ("1246-01-01", "implausible_time"),
    ],
)
def test_a_time_that_is_none_is_refused_by_name(written: Any, code: str) -> None:
    with pytest.raises(BadRecord, match="posted") as refusal:
        values.time(written, "posted", context("bluesky"))
    assert refusal.value.code == code


@pytest.mark.parametrize("written", [1_767_322_845, "1767322845", 1_767_322_845.0])
def test_unix_seconds_are_read_as_number_or_digits(written: Any) -> None:
    assert values.unix_time(written, "at", context("tiktok")).isoformat() == "2026-01-02T03:00:45+00:00"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        (None, "missing_field"),
        ("", "missing_field"),
        (True, "wrong_type"),
        ({}, "wrong_type"),
        ("soon", "wrong_type"),
        (1, "implausible_time"),
    ],
)
def test_what_is_no_unix_time_is_refused_by_name(written: Any, code: str) -> None:
    with pytest.raises(BadRecord, match="at") as refused:
        values.unix_time(written, "at", context("tiktok"))
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("profile", "handles"),
    [
        ("shop: instagram.com/Moss.Wall. and https://www.instagram.com/p/Abc", [("instagram", "moss.wall")]),
        ("https://www.tiktok.com/@moss?lang=en", [("tiktok", "moss")]),
        ("https://youtube.com/@Moss-TV https://youtube.com/channel/UC123", [("youtube", "moss-tv")]),
        ("https://twitter.com/moss and https://x.com/intent/post and netflix.com/moss", [("x", "moss")]),
        ("https://bsky.app/profile/moss.example https://bsky.app/profile/did:plc:abc", [("bluesky", "moss.example")]),
        ("https://moss.social/@wall", [("mastodon", "wall@moss.social")]),
        ("https://moss.social/@wall/109 https://medium.com/@wall", []),  # a post, and a blog
        ("mail me@x.com", []),
    ],
)
def test_a_profile_names_its_accounts_elsewhere_by_their_links(profile: str, handles: list[tuple[str, str]]) -> None:
    assert declared_handles(profile) == handles
