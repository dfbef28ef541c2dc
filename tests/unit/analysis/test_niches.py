"""Niche discovery on planted and on structureless tag use. Nothing about trends."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
import yaml

from pipelines.analysis import contracts
from pipelines.analysis.communities import adjusted_rand_index
from pipelines.analysis.niche_parameters import NicheMonthParameters
from pipelines.analysis.niche_rows import NichePartition, NicheTables, content_hash, partitioned
from pipelines.analysis.niches import discover_niche_months, discover_niches
from pipelines.analysis.terms import TERM_COUNTS
from tests.installation import ROOT

AUGUST, SEPTEMBER = date(2026, 8, 1), date(2026, 9, 1)
NO_INTERACTIONS = pa.Table.from_pylist([], schema=contracts.INT_INTERACTION_MONTHS)


def planted(
    month: date, seed: int, niche_count: int = 5, members: int = 24, own_ratio: float = 0.8
) -> tuple[pa.Table, dict[str, int]]:
    generator = np.random.default_rng(seed)
    rows, truth = [], {}
    for niche in range(niche_count):
        for member in range(members):
            key = f"a{niche}_{member:02d}"
            truth[key] = niche
            used: dict[str, int] = {}
            for _ in range(12):
                own = generator.random() < own_ratio
                tag = f"n{niche}_{generator.integers(10)}" if own else f"any_{generator.integers(40)}"
                used[tag] = used.get(tag, 0) + 1
            platform = ("reddit", "bluesky")[member % 2]
            rows += [
                {"month": month, "platform": platform, "account_key": key, "tag": tag, "post_count": count}
                for tag, count in used.items()
            ]
    return pa.Table.from_pylist(rows, schema=contracts.INT_ACCOUNT_TAG_MONTHS), truth


def agreement(assignments: pa.Table, truth: dict[str, int]) -> tuple[float, float]:
    rows = [row for row in assignments.to_pylist() if row["niche_id"]]
    found = np.unique([row["niche_id"] for row in rows], return_inverse=True)[1]
    known = np.array([truth[row["account_key"]] for row in rows])
    return (adjusted_rand_index(found, known) if rows else 0.0), len(rows) / len(truth)


def test_planted_niches_are_found_and_named_by_their_own_tags() -> None:
    table, truth = planted(AUGUST, 1)
    derived = discover_niches(table, NO_INTERACTIONS)
    score, assigned = agreement(derived["niche_assignments"], truth)
    assert score > 0.9
    assert assigned > 0.9
    for profile in derived["niche_profiles"].to_pylist():
        assert len({tag.split("_")[0] for tag in profile["top_tags"]}) == 1
        assert profile["bootstrap_jaccard"] >= 0.6


def test_structureless_tag_use_gives_no_niche_and_a_reason_for_every_account() -> None:
    for seed in range(3):
        table, _ = planted(AUGUST, seed, own_ratio=0.0)
        derived = discover_niches(table, NO_INTERACTIONS)
        rows = derived["niche_assignments"].to_pylist()
        assert [row["niche_id"] for row in rows] == [None] * len(rows)
        assert all(row["unassigned_reason"] for row in rows)
        assert derived["niche_profiles"].num_rows == 0


def test_shuffled_rows_give_equal_tables() -> None:
    table, _ = planted(AUGUST, 2)
    shuffled = table.take(np.random.default_rng(0).permutation(table.num_rows))
    first, second = discover_niches(table, NO_INTERACTIONS), discover_niches(shuffled, NO_INTERACTIONS)
    assert all(first[name].equals(second[name]) for name in first)


def test_niche_ids_persist_into_the_next_month_whether_it_comes_in_one_run_or_two() -> None:
    august, _ = planted(AUGUST, 3)
    september, truth = planted(SEPTEMBER, 4)
    both = partitioned(pa.concat_tables([september, august]), NO_INTERACTIONS)
    together = discover_niche_months(both).tables
    first = discover_niche_months({AUGUST: both[AUGUST]})
    second = discover_niche_months(both, None, first.state)
    assert second.computed == {"niche_months": 1}
    assert all(second.tables[name].equals(together[name]) for name in together)
    rows = together["niche_assignments"].to_pylist()
    ids = {truth[row["account_key"]]: row["niche_id"] for row in rows if row["niche_id"] and row["month"] == AUGUST}
    agreed = [row["niche_id"] == ids[truth[row["account_key"]]] for row in rows if row["niche_id"] and row["month"] == SEPTEMBER]
    assert np.mean(agreed) > 0.9
    profiles = [row for row in together["niche_profiles"].to_pylist() if row["month"] == SEPTEMBER]
    assert all(profile["predecessor_jaccard"] > 0.5 for profile in profiles)


def test_ids_are_inherited_across_a_month_without_tagged_posts() -> None:
    july, (august, _) = date(2026, 7, 1), planted(AUGUST, 3)
    earlier = august.set_column(0, august.schema.field(0), pa.array([july] * august.num_rows, pa.date32()))
    later = august.set_column(0, august.schema.field(0), pa.array([SEPTEMBER] * august.num_rows, pa.date32()))
    months = partitioned(pa.concat_tables([earlier, later]), NO_INTERACTIONS)
    nothing = NicheTables(august.slice(0, 0), NO_INTERACTIONS)
    whole = discover_niche_months(months | {AUGUST: NichePartition("nothing", lambda: nothing)})
    assert whole.tables["niche_assignments"].equals(discover_niche_months(months).tables["niche_assignments"])
    ids = [
        {row["niche_id"] for row in whole.tables["niche_profiles"].to_pylist() if row["month"] == m} for m in (july, SEPTEMBER)
    ]
    assert ids[0] == ids[1] != set()


def test_an_account_without_shared_tags_joins_by_mutual_but_not_by_one_way_interaction() -> None:
    table, truth = planted(AUGUST, 5)
    loner = {"month": AUGUST, "platform": "reddit", "account_key": "loner", "tag": "its_own", "post_count": 9}
    table = pa.concat_tables([table, pa.Table.from_pylist([loner], schema=table.schema)])
    friends = [key for key, niche in truth.items() if niche == 0 and int(key[-2:]) % 2 == 0]
    ways = [("loner", key) for key in friends], [pair for key in friends for pair in (("loner", key), (key, "loner"))]
    found = []
    for pairs in ways:
        rows = [
            {"month": AUGUST, "platform": "reddit", "source_account_key": a, "target_account_key": b, "interaction_count": 4}
            for a, b in pairs
        ]
        linked = pa.Table.from_pylist(rows, schema=contracts.INT_INTERACTION_MONTHS)
        assigned = {row["account_key"]: row for row in discover_niches(table, linked)["niche_assignments"].to_pylist()}
        found.append(assigned["loner"])
    assert (found[0]["niche_id"], found[0]["unassigned_reason"]) == (None, "no_shared_tags")
    assert found[1]["niche_id"] == assigned[friends[0]]["niche_id"] is not None


def test_empty_input_gives_empty_tables_in_the_contracts_schemas() -> None:
    derived = discover_niches(pa.Table.from_pylist([], schema=contracts.INT_ACCOUNT_TAG_MONTHS), NO_INTERACTIONS)
    assert derived["niche_assignments"].schema == contracts.NICHE_ASSIGNMENTS
    assert derived["niche_profiles"].schema == contracts.NICHE_PROFILES
    assert derived["niche_assignments"].num_rows == 0


def _used(month: date, key: str, counts: dict[str, int]) -> list[dict[str, object]]:
    return [
        {"month": month, "platform": "reddit", "account_key": key, "tag": tag, "post_count": count}
        for tag, count in counts.items()
    ]


def _with(table: pa.Table, rows: list[dict[str, object]]) -> pa.Table:
    return pa.concat_tables([table, pa.Table.from_pylist(rows, schema=table.schema)])


def test_a_group_that_one_tag_holds_together_is_a_trend_and_no_niche() -> None:
    table, _ = planted(AUGUST, 6)
    generator = np.random.default_rng(6)
    rows = [
        row
        for number in range(24)
        for row in _used(AUGUST, f"fan_{number:02d}", {"the_fad": 4, f"any_{generator.integers(40)}": 1})
    ]
    derived = discover_niches(_with(table, rows), NO_INTERACTIONS)
    found = {row["account_key"]: row for row in derived["niche_assignments"].to_pylist()}
    fans = [found[f"fan_{number:02d}"] for number in range(24)]
    assert {row["niche_id"] for row in fans} == {None}
    assert "no_vocabulary" in {row["unassigned_reason"] for row in fans}
    assert derived["niche_profiles"].num_rows == 5
    assert "the_fad" not in derived["niche_terms"]["term"].to_pylist()


def test_who_uses_the_tags_of_two_niches_is_in_both_and_first_in_the_one_that_it_uses_more() -> None:
    table, truth = planted(AUGUST, 7)
    both = {f"n0_{tag}": 3 for tag in range(6)} | {f"n1_{tag}": 2 for tag in range(4)}
    derived = discover_niches(_with(table, _used(AUGUST, "both", both)), NO_INTERACTIONS)
    niche = {
        truth[row["account_key"]]: row["niche_id"]
        for row in derived["niche_assignments"].to_pylist()
        if row["account_key"] in truth
    }
    rows = [row for row in derived["niche_memberships"].to_pylist() if row["account_key"] == "both"]
    assert {(row["niche_id"], row["is_primary"]) for row in rows} == {(niche[0], True), (niche[1], False)}
    assert sum(row["membership_strength"] for row in rows) <= 1 + 1e-9


def test_the_first_month_tells_no_event_and_a_later_one_tells_of_a_niche_that_is_new() -> None:
    august, _ = planted(AUGUST, 3, niche_count=4)
    september, _ = planted(SEPTEMBER, 4, niche_count=5)
    derived = discover_niches(pa.concat_tables([august, september]), NO_INTERACTIONS)
    (event,) = derived["niche_events"].to_pylist()
    assert (event["month"], event["event"], event["other_niche_id"]) == (SEPTEMBER, "birth", None)
    names = {row["niche_id"]: row["top_tags"] for row in derived["niche_profiles"].to_pylist() if row["month"] == SEPTEMBER}
    assert {tag.split("_")[0] for tag in names[event["niche_id"]]} == {"n4"}


def test_a_lexicon_names_a_niche_that_speaks_as_a_scene_does_and_changes_no_membership() -> None:
    table, _ = planted(AUGUST, 8)
    rows = [{"scene": "moss people", "term": f"n2_{tag}", "weight": 1.0} for tag in range(6)]
    lexicon = pa.Table.from_pylist(rows, schema=contracts.NICHE_LEXICON)
    plain, named = discover_niches(table, NO_INTERACTIONS), discover_niches(table, NO_INTERACTIONS, lexicon=lexicon)
    assert named["niche_assignments"].equals(plain["niche_assignments"])
    scenes = {row["scene"]: row for row in named["niche_profiles"].to_pylist()}
    assert set(scenes) == {"moss people", None}
    assert scenes["moss people"]["name"] == "moss people"
    assert all(tag.startswith("n2_") for tag in scenes["moss people"]["top_tags"])


def test_every_niche_has_terms_neighbours_and_a_place_in_the_culture_of_its_month() -> None:
    table, _ = planted(AUGUST, 9)
    derived = discover_niches(table, NO_INTERACTIONS)
    ids = set(derived["niche_profiles"]["niche_id"].to_pylist())
    assert set(derived["niche_terms"]["niche_id"].to_pylist()) == ids
    (culture,) = derived["culture_windows"].to_pylist()
    assert (culture["niche_count"], culture["account_count"]) == (5, 120)
    # Five niches of 24 members, most of whose words are their own.
    assert 4.5 < culture["effective_niche_count"] <= 5
    assert 0.5 < culture["distinctness_bits"] <= 1
    for row in derived["niche_neighbours"].to_pylist():
        assert {row["niche_id"], row["other_niche_id"]} <= ids
        assert 0 < row["vocabulary_similarity"] < 0.5


@pytest.mark.parametrize(("same_vocabulary", "niche_count", "home_count"), [(0.5, 5, 1), (1.1, 6, 2)])
def test_fans_of_a_few_fads_who_speak_as_their_niche_does_are_no_niche_of_their_own(
    same_vocabulary: float, niche_count: int, home_count: int
) -> None:
    table, truth = planted(AUGUST, 10, members=40)
    fads = {f"fad_{number}": 4 for number in range(5)}
    rows = [row for member in range(0, 28, 2) for row in _used(AUGUST, f"a0_{member:02d}", fads)]
    parameters = NicheMonthParameters(same_vocabulary=same_vocabulary)
    derived = discover_niches(_with(table, rows), NO_INTERACTIONS, parameters)
    homes = {row["niche_id"] for row in derived["niche_assignments"].to_pylist() if truth[row["account_key"]] == 0}
    assert (derived["niche_profiles"].num_rows, len(homes)) == (niche_count, home_count)


def test_the_numbers_that_dbt_repeats_are_those_of_the_parameters() -> None:
    variables = yaml.safe_load((ROOT / "dbt_project" / "dbt_project.yml").read_text())["vars"]
    parameters = NicheMonthParameters()
    assert parameters.lineage.lookback_windows == variables["niche_lookback_months"]


def test_words_of_texts_join_the_vocabulary_and_move_nobody() -> None:
    table, truth = planted(AUGUST, 1)
    said = [
        {"account_key": key, "term": term, "post_count": 2}
        for key, niche in truth.items()
        for term in (f"word_{niche}", "everybody")
    ]
    words = pa.Table.from_pylist(said).cast(TERM_COUNTS)
    tables = NicheTables(table, NO_INTERACTIONS, words)
    spoken = discover_niche_months({AUGUST: NichePartition("spoken", lambda: tables)}).tables
    silent = discover_niches(table, NO_INTERACTIONS)
    assert spoken["niche_assignments"].equals(silent["niche_assignments"])
    assert spoken["niche_neighbours"].equals(silent["niche_neighbours"])
    texts = [row["term"] for row in spoken["niche_terms"].to_pylist() if row["term_kind"] == "text"]
    assert sorted(texts) == [f"word_{niche}" for niche in range(5)]


def test_other_words_are_other_rows_whatever_the_order() -> None:
    table, truth = planted(AUGUST, 1)
    words = pa.Table.from_pylist([{"account_key": key, "term": "linen", "post_count": 2} for key in truth])
    hashes = [
        content_hash(NicheTables(table, NO_INTERACTIONS, said.cast(TERM_COUNTS)))
        for said in (words, words.take(list(range(len(words)))[::-1]), words.slice(1))
    ]
    assert hashes[0] == hashes[1] != hashes[2]
