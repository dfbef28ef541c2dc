"""Distinctive terms, names and neighbours of planted niches and of none. Nothing about how niches are found."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from pipelines.analysis.niche_names import NICHE_NAMES, name_niches
from pipelines.analysis.vocabulary import (
    NICHE_NEIGHBOURS,
    NICHE_TERMS,
    Usage,
    VocabularyParameters,
    distinctive_terms,
    niche_neighbours,
)

SEED = Path(__file__).parents[3] / "dbt_project" / "seeds" / "niche_lexicon.csv"
NO_LEXICON = pa.table(
    {"scene": pa.array([], pa.string()), "term": pa.array([], pa.string()), "weight": pa.array([], pa.float64())}
)


def lexicon() -> pa.Table:
    with SEED.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return pa.Table.from_pylist([{**row, "weight": float(row["weight"])} for row in rows])


def random_usage(seed: int, accounts: int = 600, terms: int = 400, niches: int = 20, members: int = 15) -> Usage:
    """Members drawn at random: terms from common to rare, talkative and silent accounts, two platforms with words of their own."""
    generator = np.random.default_rng(seed)
    platform = generator.integers(0, 2, accounts)
    rates = 3 / np.arange(1, terms + 1) ** 0.8 * np.exp(generator.normal(0, 1, (2, terms)))
    talk = generator.lognormal(0, 1, accounts)
    used = generator.random((accounts, terms)) < 1 - np.exp(-talk[:, None] * rates[platform])
    niche = np.full(accounts, -1)
    niche[generator.permutation(accounts)[: niches * members]] = np.arange(niches * members) % niches
    return usage_of(used, niche, ["ab"[index] for index in platform])


def usage_of(used: np.ndarray, niche: np.ndarray, platforms: list[str], terms: list[str] | None = None) -> Usage:
    terms = terms or [f"t{index:03d}" for index in range(used.shape[1])]
    return Usage(csr_matrix(used.astype(float)), terms, ["tag"] * len(terms), niche, platforms)


def planted(user_counts: dict[str, tuple[int, int]], members: int = 20, outsiders: int = 200, kind: str = "tag") -> Usage:
    """One niche; of each term, its users inside and outside. Ten terms that everybody uses stand for the rest of what is said."""
    terms = [*user_counts, *(f"common{index}" for index in range(10))]
    used = np.zeros((members + outsiders, len(terms)))
    for column, term in enumerate(terms):
        inside, outside = user_counts.get(term, (members, outsiders))
        used[:inside, column] = used[members : members + outside, column] = 1
    kinds = [*([kind] * len(user_counts)), *(["tag"] * 10)]
    return Usage(csr_matrix(used), terms, kinds, np.array([0] * members + [-1] * outsiders), ["x"] * (members + outsiders))


def terms_of(usage: Usage, niche: int = 0, parameters: VocabularyParameters | None = None) -> list[str]:
    table = distinctive_terms(usage, parameters)
    assert table.schema == NICHE_TERMS
    return [row["term"] for row in table.to_pylist() if row["niche"] == niche]


def test_what_only_members_use_is_distinctive_and_what_everybody_uses_is_not() -> None:
    usage = planted({"moss": (15, 10), "fern": (12, 0), "often": (12, 110)})
    assert terms_of(usage) == ["moss", "fern"] or terms_of(usage) == ["fern", "moss"]
    row = distinctive_terms(usage).to_pylist()[0]
    assert (row["member_count"], row["outsider_count"]) == (20, 200)


def test_a_term_that_nobody_else_uses_is_more_distinctive_than_one_that_some_use() -> None:
    """The normal form of Monroe's z says the opposite: its variance explodes where a count is near zero."""
    assert terms_of(planted({"some": (12, 20), "none": (12, 0)})) == ["none", "some"]


def test_the_users_of_a_term_are_counted_on_both_sides() -> None:
    row = next(row for row in distinctive_terms(planted({"moss": (15, 10)})).to_pylist() if row["term"] == "moss")
    assert (row["member_user_count"], row["outsider_user_count"]) == (15, 10)
    assert row["log_odds"] > 1
    assert row["q_value"] < 1e-6


def test_one_prolific_account_does_not_make_a_term() -> None:
    usage = planted({"moss": (15, 10), "spam": (1, 0)})
    loud = usage.uses.copy()
    loud[0, 1] = 100_000
    spammed = Usage(loud, usage.terms, usage.kinds, usage.niches, usage.platforms)
    assert distinctive_terms(spammed).equals(distinctive_terms(usage))
    assert "spam" not in terms_of(spammed)
    names = name_niches(distinctive_terms(spammed), [0], NO_LEXICON)
    assert names["name"].to_pylist() == ["moss"]


def test_terms_of_few_members_are_not_told() -> None:
    assert terms_of(planted({"four": (4, 0), "five": (5, 0)})) == ["five"]


def test_no_more_than_the_most_distinctive_terms_are_kept() -> None:
    usage = planted({f"n{index:02d}": (15, index) for index in range(30)})
    assert terms_of(usage, parameters=VocabularyParameters(term_count=3)) == ["n00", "n01", "n02"]


def test_random_niches_have_no_vocabulary() -> None:
    """Members drawn at random, and the log-odds not asked: what is left is the false-discovery control alone."""
    parameters = VocabularyParameters(smallest_log_odds=0.0)
    false = [len(set(distinctive_terms(random_usage(seed), parameters)["niche"].to_pylist())) for seed in range(15)]
    print(f"{sum(false)} of {15 * 20} random niches have a distinctive term")
    assert sum(false) <= 0.05 * 15 * 20


def test_the_null_can_fail_a_niche_with_words_of_its_own_is_found_among_random_ones() -> None:
    usage = random_usage(1)
    used = np.asarray(usage.uses.toarray())
    used[np.flatnonzero(usage.niches == 3)[:10], 380] = 1
    again = usage_of(used, usage.niches, list(usage.platforms))
    assert terms_of(again, 3) == ["t380"]


def test_the_words_of_a_platform_are_not_the_words_of_a_niche() -> None:
    """The niche is mostly on y, the others mostly on x; on y everybody uses ``y_talk``. Counted together it would be the niche's."""
    platforms = ["y"] * 18 + ["x"] * 2 + ["y"] * 60 + ["x"] * 600
    niche = np.array([0] * 20 + [-1] * 660)
    on_y = np.array([platform == "y" for platform in platforms])
    used = np.ones((680, 12))
    used[:, 0] = on_y & (np.arange(680) % 10 < 8)
    used[:, 1] = (niche == 0) & (np.arange(680) % 4 > 0)
    names = ["y_talk", "moss", *(f"common{index}" for index in range(10))]
    assert terms_of(usage_of(used, niche, platforms, names)) == ["moss"]
    assert "y_talk" in terms_of(usage_of(used, niche, ["one"] * 680, names))


def test_a_niche_that_has_its_platform_to_itself_has_nothing_to_be_distinct_from() -> None:
    usage = planted({"moss": (15, 0)})
    alone = Usage(usage.uses, usage.terms, usage.kinds, usage.niches, ["y"] * 20 + ["x"] * 200)
    assert distinctive_terms(alone).num_rows == 0


def test_members_that_tag_more_do_not_thereby_say_every_tag_more() -> None:
    generator = np.random.default_rng(4)
    rates = np.where(np.arange(300) < 20, 0.5, 0.05)
    talk = np.where(np.arange(440) < 40, 3.0, 1.0)
    used = generator.random((440, 300)) < 1 - np.exp(-talk[:, None] * rates)
    niche = np.where(np.arange(440) < 40, 0, -1)
    assert terms_of(usage_of(used, niche, ["x"] * 440)) == []


def test_kinds_and_lengths_that_do_not_fit_are_refused() -> None:
    usage = planted({"moss": (5, 0)})
    with pytest.raises(ValueError, match="no kind of term: sticker"):
        distinctive_terms(Usage(usage.uses, usage.terms, ["sticker"] * 11, usage.niches, usage.platforms))
    with pytest.raises(ValueError, match="11 columns"):
        niche_neighbours(Usage(usage.uses, usage.terms[:3], usage.kinds, usage.niches, usage.platforms))


def test_a_window_without_niches_has_no_terms_no_neighbours_and_no_names() -> None:
    usage = usage_of(np.ones((3, 2)), np.full(3, -1), ["x"] * 3)
    assert distinctive_terms(usage).num_rows == niche_neighbours(usage).num_rows == 0
    assert name_niches(distinctive_terms(usage), [], lexicon()).schema == NICHE_NAMES


def families() -> Usage:
    """Niches 0 and 1 share tags, 2 has its own."""
    used = np.zeros((60, 9))
    used[:20, [0, 1, 2, 3]] = used[20:40, [2, 3, 4, 5]] = used[40:, [6, 7]] = 1
    used[:, 8] = np.arange(60) % 2
    return usage_of(used, np.repeat([0, 1, 2], 20), ["x"] * 60)


def test_niches_that_share_tags_are_nearest() -> None:
    table = niche_neighbours(families())
    assert table.schema == NICHE_NEIGHBOURS
    nearest = {
        row["niche"]: (row["neighbour_niche"], row["cosine_similarity"])
        for row in table.to_pylist()
        if row["neighbour_rank"] == 1
    }
    assert (nearest[0][0], nearest[1][0]) == (1, 0)
    assert nearest[0][1] == nearest[1][1] > nearest[2][1]


def rows_of(niche: int, *terms: str, kind: str = "tag") -> list[dict[str, object]]:
    counts = {"member_count": 20, "member_user_count": 9, "outsider_count": 200, "outsider_user_count": 1}
    scores = {"class_tf_idf": 0.1, "log_odds": 3.0, "q_value": 0.0}
    return [
        {"niche": niche, "term_rank": rank, "term_kind": kind, "term": term, **counts, **scores, "log_odds_z": 12.0 - rank / 4}
        for rank, term in enumerate(terms, 1)
    ]


def named(*rows: list[dict[str, Any]], scenes: pa.Table = NO_LEXICON) -> dict[int, str]:
    flat = [row for part in rows for row in part]
    table = name_niches(pa.Table.from_pylist(flat, schema=NICHE_TERMS), sorted({row["niche"] for row in flat}), scenes)
    return dict(zip(table["niche"].to_pylist(), table["name"].to_pylist(), strict=True))


def test_a_niche_is_named_by_its_tags_and_by_communities_and_words_where_it_has_none() -> None:
    assert named(rows_of(0, "birds", kind="text") + rows_of(0, "moss", "fern", "bog", "peat")) == {0: "moss, fern, bog"}
    assert named(rows_of(0, "birds", kind="text") + rows_of(0, "gardening", kind="community")) == {0: "gardening"}
    assert named(rows_of(0, "birds", kind="text")) == {0: "birds"}


def test_a_name_does_not_say_one_thing_twice() -> None:
    assert named(rows_of(0, "moss", "mossgarden", "Moss-es", "fern")) == {0: "moss, fern"}


def test_a_niche_without_distinctive_terms_has_no_name() -> None:
    assert name_niches(NICHE_TERMS.empty_table(), [7], lexicon())["name"].to_pylist() == [None]


def test_niches_of_the_same_terms_take_on_the_next_one() -> None:
    names = named(rows_of(0, "moss", "fern", "bog", "peat"), rows_of(1, "moss", "fern", "bog", "heath"), rows_of(2, "moss"))
    assert names == {0: "moss, fern, bog, peat", 1: "moss, fern, bog, heath", 2: "moss"}


def test_niches_of_exactly_the_same_terms_still_have_names_of_their_own() -> None:
    assert named(rows_of(0, "moss"), rows_of(1, "moss")) == {0: "moss", 1: "moss (2)"}


@pytest.mark.parametrize(
    ("terms", "scene"),
    [
        (("cottagecore", "farmcore", "WildFlowers", "pondlife"), "cottagecore"),
        (("airmax", "kotd", "スニーカー", "solecollector"), "sneakerheads"),
        (("clean-beauty", "naturkosmetik", "crueltyfree", "glowy"), "clean beauty"),
        (("slowfashion", "modasostenible", "visiblemending", "linen"), "eco fashion"),
        (("cucinaregionale", "hausmannskost", "郷土料理", "polenta"), "regional cuisine"),
        (("smallpress", "chapbook", "litmag", "sonnets"), "indie lit"),
    ],
)
def test_a_niche_with_the_vocabulary_of_a_known_scene_has_its_name(terms: tuple[str, ...], scene: str) -> None:
    assert named(rows_of(0, *terms), scenes=lexicon()) == {0: scene}


def test_a_word_or_two_of_a_scene_do_not_make_it_that_scene() -> None:
    others = [f"bird{letter}" for letter in "abcdefghijklmnop"]
    assert named(rows_of(0, "poetry", "zine", *others), scenes=lexicon())[0].startswith("poetry, zine")
    assert named(rows_of(0, *others, "cottagecore", "farmcore", "embroidery"), scenes=lexicon())[0] == "birda, birdb, birdc"


def test_a_niche_between_two_scenes_has_the_name_of_neither() -> None:
    terms = ("slowfashion", "cleanbeauty", "ethicalfashion", "greenbeauty", "ecofashion", "cleanskincare")
    table = name_niches(pa.Table.from_pylist(rows_of(0, *terms), schema=NICHE_TERMS), [0], lexicon())
    row = table.to_pylist()[0]
    assert row["scene"] is None
    assert row["scene_overlap"] - row["runner_up_overlap"] < VocabularyParameters().smallest_scene_margin
    assert row["name"] == "slowfashion, cleanbeauty, ethicalfashion"


def test_two_niches_of_one_scene_are_told_apart_by_their_next_terms() -> None:
    names = named(
        rows_of(0, "cottagecore", "farmcore", "grandmacore", "bees"),
        rows_of(1, "frogs", "cottagecore", "fairycore", "mosscore"),
        scenes=lexicon(),
    )
    assert names == {0: "cottagecore, farmcore", 1: "cottagecore, frogs"}


def test_the_lexicon_has_enough_distinct_terms_for_each_scene_with_sound_weights() -> None:
    rows = lexicon().to_pylist()
    scenes = {row["scene"] for row in rows}
    assert scenes == {"cottagecore", "sneakerheads", "clean beauty", "eco fashion", "regional cuisine", "indie lit"}
    for scene in scenes:
        terms = [row["term"] for row in rows if row["scene"] == scene]
        assert len(set(terms)) == len(terms)
        assert 15 <= len(terms) <= 30
    assert all(0 < row["weight"] <= 1 for row in rows)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000))
def test_the_order_of_accounts_and_terms_changes_nothing(seed: int) -> None:
    usage = random_usage(3, accounts=120, terms=60, niches=4, members=15)
    usage = usage_of(usage.uses.toarray() + np.outer(usage.niches == 1, np.arange(60) >= 55), usage.niches, list(usage.platforms))
    generator = np.random.default_rng(seed)
    accounts, columns = generator.permutation(120), generator.permutation(60)
    mixed = Usage(
        csr_matrix(usage.uses[accounts][:, columns]),
        [usage.terms[column] for column in columns],
        [usage.kinds[column] for column in columns],
        usage.niches[accounts],
        [usage.platforms[account] for account in accounts],
    )
    terms = distinctive_terms(usage)
    assert terms.num_rows
    assert distinctive_terms(mixed).equals(terms)
    assert niche_neighbours(mixed).equals(niche_neighbours(usage))
    assert name_niches(terms.slice(0), [3, 1, 0, 2], lexicon()).equals(name_niches(terms, range(4), lexicon()))
