"""Which labels the models join: real spellings, other words that look alike, and worlds in which nothing is one."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.world.spelled_world import SpelledWorld, aliases

SPELLINGS = (
    ("cleanbeauty", "clean_beauty", "spelling"),
    ("cleanbeauty", "clean beauty", "spelling"),
    ("地雷系", "地雷_系", "spelling"),
    ("ハンドメイド", "ハンド・メイド", "spelling"),
    ("crèmebrûlée", "cremebrulee", "accents"),
    ("sneakerhead", "sneakerheads", "plural"),
    ("tinyhouse", "tinyhouses", "plural"),
    ("bakery", "bakeries", "plural"),
    ("lunchbox", "lunchboxes", "plural"),
    ("cookie", "cookies", "plural"),
    ("cottagecore", "cotagecore", "misspelling"),
    ("cottagecore", "cottagecroe", "misspelling"),
    ("вышивание", "вышевание", "misspelling"),
    ("secondhandfirst", "secondhandfrist", "misspelling"),
)
OTHER_WORDS = (
    ("cottagecore", "cottagehome"),
    ("catlovers", "hatlovers"),
    ("summer2025", "summer2026"),
    ("か", "が"),
    ("手作り", "手作"),
    ("고양이", "고양아"),
    ("menswear", "womenswear"),
    ("мой", "мои"),
    ("ootd", "kotd"),
)


def _told(
    one: str, other: str, seed: int = 1, *, community: int = 2, first_day: int = 0, day_count: int = 90
) -> tuple[str, str] | None:
    world = SpelledWorld(seed)
    world.use(one, 60, 2)
    world.use(other, 12, community, first_day, day_count)
    return aliases(world).get(other)


@pytest.mark.parametrize(("label", "alias", "kind"), SPELLINGS)
def test_another_spelling_by_the_same_people_is_an_alias(label: str, alias: str, kind: str) -> None:
    assert _told(label, alias) == (label, kind)


@pytest.mark.parametrize(("one", "other"), OTHER_WORDS)
def test_another_word_is_no_alias_though_the_same_people_use_it(one: str, other: str) -> None:
    assert _told(one, other) is None


def test_a_word_that_looks_alike_and_is_used_by_others_is_no_alias() -> None:
    assert _told("catlovers", "carlovers", community=2) == ("catlovers", "misspelling")
    assert _told("catlovers", "carlovers", community=4) is None


def test_a_word_that_looks_alike_and_is_used_at_another_time_is_no_alias() -> None:
    world = SpelledWorld(1)
    world.use("moonmarket", 60, 2, 0, 20)
    world.use("moonmarkets", 12, 2, 60, 20)
    assert "moonmarkets" not in aliases(world)


def test_a_misspelling_that_as_many_use_is_a_word() -> None:
    world = SpelledWorld(1)
    world.use("sewingcircle", 60, 2)
    world.use("sowingcircle", 50, 2)
    assert not {"sewingcircle", "sowingcircle"} & set(aliases(world))


def test_one_user_is_no_evidence() -> None:
    world = SpelledWorld(1)
    world.use("sneakerhead", 60, 2)
    world.use("sneakerheads", 1, 2)
    assert aliases(world) == {}


def test_the_seed_joins_what_no_rule_can_and_names_the_unit() -> None:
    world = SpelledWorld(1)
    world.use("ootd", 5, 2)
    world.use("outfit_of_the_day", 40, 3)
    found = aliases(world, [("outfitoftheday", "ootd")])
    assert found == {"outfit_of_the_day": ("ootd", "seed")}


def test_a_name_does_not_flip_for_a_handful_of_users() -> None:
    world = SpelledWorld(1)
    world.use("clean_beauty", 21, 2, 0, 30)
    world.use("cleanbeauty", 20, 2, 40, 20)
    assert aliases(world) == {"cleanbeauty": ("clean_beauty", "spelling")}
    world.use("cleanbeauty", 8, 3, 61, 20)
    assert aliases(world) == {"cleanbeauty": ("clean_beauty", "spelling")}


@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 10_000),
    st.lists(st.sampled_from(["tea_time", "teatime", "teatimes", "teatims", "tea times"]), unique=True, min_size=2),
)
def test_aliases_are_the_same_whatever_the_order_of_rows_and_none_is_an_alias_of_an_alias(seed: int, tags: list[str]) -> None:
    world = SpelledWorld(seed % 5)
    for place, tag in enumerate(tags):
        world.use(tag, 40 if place == 0 else 7, 2)
    found = aliases(world)
    assert aliases(world, order=seed) == found
    assert not {unit for unit, _ in found.values()} & set(found)
    # To be one is symmetric and transitive: labels of one word have one unit.
    named = {tag: found.get(tag, (tag, ""))[0] for tag in tags}
    for one, other in pairwise(sorted(tags)):
        if one.replace("_", "").replace(" ", "") == other.replace("_", "").replace(" ", ""):
            assert named[one] == named[other]
