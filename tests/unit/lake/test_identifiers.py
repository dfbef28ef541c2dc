"""Identifiers are found where they stand alone, however they are written, and nowhere else."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.lake.identifiers import REPLACEMENT, Identifiers

ANN = Identifiers(["did:plc:abc123xyz", "https://social.example/@ann/1097"], ["annika", "ann"])


@pytest.mark.parametrize(
    "text",
    [
        "did:plc:abc123xyz",
        "at://DID:PLC:abc123xyz/app.bsky.feed.post/3k",
        "see https://social.example/@ann/1097.",
        quote("at://did:plc:abc123xyz/post", safe=""),
        json.dumps({"u": "https://social.example/@ann/1097"}).replace("/", "\\/"),
        "thanks @annika!",
        "https://t.example/annika?x=1",
        '{"acct":"annika"}',
        "did:plc:abc123xyz.car",
        "annika",
        "@Ann",
    ],
)
def test_an_identifier_is_found_however_it_is_written(text: str) -> None:
    assert ANN.in_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "did:plc:abc123xyzz",
        "xdid:plc:abc123xyz",
        "the annika tulip",
        "#annika",
        "@annika.b is another",
        "@annikas",
        "joann@annikaville.example",
        "https://social.example/@bea/1097",
        "hannah",
    ],
)
def test_what_goes_on_beside_it_or_is_a_word_of_its_own_is_not_found(text: str) -> None:
    assert not ANN.in_text(text)


def test_what_is_taken_out_leaves_the_rest_as_it_was() -> None:
    assert ANN.taken_out_of_text("Hi @annika, did:plc:abc123xyz!") == f"Hi {REPLACEMENT}, {REPLACEMENT}!"


def test_names_without_a_latin_letter_are_found() -> None:
    assert Identifiers(["山田太郎さん"]).in_bytes("こんにちは 山田太郎さん".encode()) is not None


@given(st.lists(st.text("abcdefg._-", min_size=6, max_size=12), min_size=1, max_size=5), st.data())
def test_a_name_between_spaces_is_always_found_and_always_goes(names: list[str], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(names))
    identifiers = Identifiers(names)
    text = f"one {name} two"
    assert identifiers.in_text(text)
    assert f" {name} " not in identifiers.taken_out_of_text(text)
