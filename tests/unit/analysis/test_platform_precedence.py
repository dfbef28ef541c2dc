"""Platform precedence: its formulas against brute force, its symmetries, its gates, and what it claims in small worlds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.analysis import platform_precedence
from pipelines.analysis.platform_precedence import (
    EXCHANGE_TABLES,
    PlatformParameters,
    TagPrecedence,
    analyse_platform_pairs,
    analyse_platforms,
    at_risk,
    compare_platforms,
    deal,
    local_share,
    pool_tags,
    saturation,
    with_total,
)
from pipelines.analysis.platform_precedence_contracts import DERIVED, EXCHANGE, INT_PLATFORM_PAIRS, INT_PLATFORM_TAGS
from pipelines.analysis.platform_rows import Pair, Pool, TagAdopters, of_pair, read_pair
from pipelines.analysis.platform_worlds import (
    POSTS,
    WORLDS,
    PlatformWorld,
    calibrate_platforms,
    exchange_tables,
    simulate_posts,
)

ROOT = Path(__file__).parents[3]
QUICK = PlatformParameters(draw_count=99)
Tables = dict[str, pa.Table]
worlds = st.sampled_from(
    [PlatformWorld(chance=0.15), PlatformWorld(life="fad", chance=0.6, lead_days=20), PlatformWorld(spell_days=9)]
)


def small(world: PlatformWorld, seed: int) -> Tables:
    return exchange_tables(simulate_posts(world, seed, account_count=60), QUICK)


def renamed(tables: Tables) -> Tables:
    """The same accounts and posts, the names of the two platforms exchanged."""
    other = {"a": "b", "b": "a"}
    made = {}
    for name, table in tables.items():
        rows = table.to_pylist()
        for row in rows:
            if "platform" in row:
                row["platform"] = other[row["platform"]]
            if "adopter_count_a" in row:
                row["adopter_count_a"], row["adopter_count_b"] = row["adopter_count_b"], row["adopter_count_a"]
        made[name] = pa.Table.from_pylist(rows, table.schema)
    return made


def shifted(tables: Tables, by: timedelta) -> Tables:
    made = {}
    for name, table in tables.items():
        rows = table.to_pylist()
        for row in rows:
            row.update({key: value + by for key, value in row.items() if isinstance(value, datetime)})
        made[name] = pa.Table.from_pylist(rows, table.schema)
    return made


def two_pairs(seed_of_b: int, seed_of_c: int) -> Tables:
    """Platforms a and b, a and c, of one world each."""
    pairs = small(PlatformWorld(chance=0.15), seed_of_b), small(PlatformWorld(chance=0.15), seed_of_c)
    names = {"b": "c"}
    made = {}
    for name, table in pairs[1].items():
        rows = [
            row | {key: names.get(row[key], row[key]) for key in ("platform_a", "platform_b", "platform") if key in row}
            for row in table.to_pylist()
        ]
        made[name] = pa.concat_tables([pairs[0][name], pa.Table.from_pylist(rows, table.schema)])
    return made


@pytest.fixture
def read_pairs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the pairs whose tables are read, in order."""
    names = list[str]()

    def recorded(row: dict[str, Any], *tables: pa.Table) -> Pair:
        names.append(row["platform_a"] + row["platform_b"])
        return read_pair(row, *tables)

    monkeypatch.setattr(platform_precedence, "read_pair", recorded)
    return names


def test_a_second_call_on_the_same_tables_computes_no_pair_and_gives_the_same_tables(read_pairs: list[str]) -> None:
    tables = two_pairs(3, 4)
    first = analyse_platform_pairs(tables, QUICK)
    assert (first.computed, read_pairs) == ({"platform_pairs": 2}, ["ab", "ac"])
    second = analyse_platform_pairs(tables, QUICK, first.state)
    assert (second.computed, read_pairs) == ({"platform_pairs": 0}, ["ab", "ac"])
    assert {row["platform_b"] for row in first.tables["platform_precedence"].to_pylist() if row["p_value"] is not None} == {
        "b",
        "c",
    }
    assert all(second.tables[name].equals(table) for name, table in first.tables.items())
    assert all(second.state[name].equals(table) for name, table in first.state.items())


@pytest.mark.parametrize("name", EXCHANGE_TABLES)
def test_a_pair_of_which_one_table_changed_is_computed_anew_alone(name: str, read_pairs: list[str]) -> None:
    before, other = two_pairs(3, 4), two_pairs(3, 5)
    stored = analyse_platform_pairs(before, QUICK)
    changed = before | {name: pa.concat_tables([of_pair(before[name], "a", "b"), of_pair(other[name], "a", "c")])}
    anew = analyse_platforms(changed, QUICK)
    read_pairs.clear()
    found = analyse_platform_pairs(changed, QUICK, stored.state)
    assert (found.computed, read_pairs) == ({"platform_pairs": 1}, ["ac"])
    assert all(found.tables[each].equals(table) for each, table in anew.items())
    for each, table in stored.tables.items():
        assert of_pair(found.tables[each], "a", "b").equals(of_pair(table, "a", "b"))
    assert any(not found.tables[each].equals(table) for each, table in stored.tables.items())


def test_other_parameters_compute_every_pair_anew(read_pairs: list[str]) -> None:
    tables, other = two_pairs(3, 4), replace(QUICK, draw_count=98)
    stored = analyse_platform_pairs(tables, QUICK).state
    read_pairs.clear()
    found = analyse_platform_pairs(tables, other, stored)
    assert (found.computed, read_pairs) == ({"platform_pairs": 2}, ["ab", "ac"])
    assert all(found.tables[name].equals(table) for name, table in analyse_platforms(tables, other).items())


@given(worlds, st.integers(0, 999))
@settings(max_examples=4)
def test_renaming_the_platforms_mirrors_every_number(world: PlatformWorld, seed: int) -> None:
    tables = small(world, seed)
    one, other = analyse_platforms(tables, QUICK), analyse_platforms(renamed(tables), QUICK)
    claims = {"platform_a_first": "platform_b_first", "platform_b_first": "platform_a_first"}
    for left, right in zip(one["platform_precedence"].to_pylist(), other["platform_precedence"].to_pylist(), strict=True):
        assert right["tag"] == left["tag"]
        assert right["abstain_reason"] == left["abstain_reason"]
        assert right["claim"] == claims.get(left["claim"], left["claim"])
        if left["p_value"] is not None:
            assert right["precedence_probability"] == pytest.approx(1 - left["precedence_probability"])
            assert right["null_low"] == pytest.approx(1 - left["null_high"])
            assert right["p_value"] == pytest.approx(left["p_value"])
            assert right["naive_lead_hours"] == pytest.approx(-left["naive_lead_hours"])
    left, right = (each["platform_precedence_findings"].to_pylist()[0] for each in (one, other))
    if left["p_value"] is not None:
        assert right["precedence_low"] == pytest.approx(1 - left["precedence_high"])
        assert right["p_value"] == pytest.approx(left["p_value"])


@given(worlds, st.integers(0, 999))
@settings(max_examples=4)
def test_the_order_of_the_input_does_not_matter(world: PlatformWorld, seed: int) -> None:
    tables = small(world, seed)
    generator = np.random.default_rng(seed)
    shuffled = {name: table.take(generator.permutation(table.num_rows)) for name, table in tables.items()}
    one, other = analyse_platforms(tables, QUICK), analyse_platforms(shuffled, QUICK)
    assert all(one[name].equals(other[name]) for name in one)


@given(worlds, st.integers(0, 999), st.integers(-(10**9), 10**9))
@settings(max_examples=4)
def test_moving_everything_in_time_moves_only_the_common_time(world: PlatformWorld, seed: int, seconds: int) -> None:
    tables, by = small(world, seed), timedelta(seconds=seconds)
    one, other = analyse_platforms(tables, QUICK), analyse_platforms(shifted(tables, by), QUICK)
    for name, table in one.items():
        expected = [row | {key: row[key] + by for key in ("common_begins_at", "common_ends_at")} for row in table.to_pylist()]
        assert other[name].to_pylist() == expected


def test_nothing_in_gives_nothing_out_in_the_schema_of_the_contract() -> None:
    made = analyse_platforms({name: EXCHANGE[name].empty_table() for name in EXCHANGE_TABLES})
    for name in ("platform_precedence", "platform_precedence_findings"):
        assert made[name].num_rows == 0
        assert made[name].schema.equals(DERIVED[name])


def test_a_row_depends_on_no_other_tag_but_through_the_false_discovery_rate() -> None:
    tables = small(PlatformWorld(chance=0.15), 3)
    alone = dict(tables)
    for name in ("int_platform_tags", "int_platform_uses"):
        alone[name] = tables[name].filter(pa.compute.equal(tables[name]["tag"], "tag03"))
    row = next(each for each in analyse_platforms(tables, QUICK)["platform_precedence"].to_pylist() if each["tag"] == "tag03")
    lone = analyse_platforms(alone, QUICK)["platform_precedence"].to_pylist()[0]
    assert row["p_value"] is not None
    assert lone | {"q_value": None, "claim": None} == row | {"q_value": None, "claim": None}


def test_deals_follow_the_law_of_independent_labels_given_their_number() -> None:
    probability = np.array([0.9, 0.2, 0.5, 0.7])
    odds = probability / (1 - probability)
    sets = {chosen: float(np.prod(odds[list(chosen)])) for chosen in combinations(range(4), 2)}
    labels = deal(probability, 2, 40_000, np.random.default_rng(1))
    assert set(labels.sum(axis=1)) == {2}
    for chosen, weight in sets.items():
        found = labels[:, list(chosen)].all(axis=1).mean()
        assert found == pytest.approx(weight / sum(sets.values()), abs=0.01)


def test_probabilities_are_moved_by_one_factor_of_the_odds_until_their_sum_is_the_number_of_adopters() -> None:
    share = np.array([0.1, 0.4, 0.8, 0.5])
    moved = with_total(share, 3)
    assert moved.sum() == pytest.approx(3)
    ratio = (moved / (1 - moved)) / (share / (1 - share))
    assert ratio == pytest.approx(np.full(4, ratio[0]))


def test_the_local_share_follows_a_share_that_changes_even_at_the_ends() -> None:
    generator = np.random.default_rng(4)
    time = np.sort(generator.random(40_000))
    truth = 0.2 + 0.6 * time
    pool = Pool(time, np.arange(time.size), generator.random(time.size) < truth, np.zeros(time.size, dtype=np.int64))
    at = np.array([0.0, 0.3, 0.7, 1.0])
    assert local_share(at, pool, np.ones(time.size), 2000, 0.02) == pytest.approx(0.2 + 0.6 * at, abs=0.04)


def test_posts_after_the_first_use_are_not_at_risk_and_queries_count_as_they_have_adopters() -> None:
    pool = Pool(
        np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        np.array([0, 0, 1, 2, 3, 4]),
        np.array([True, True, True, False, False, True]),
        np.array([0, 0, 0, 1, 1, 2]),
    )
    adopters = TagAdopters(
        np.array([1.0, 4.0]), np.array([0, 2]), np.array([True, False]), np.array([0, 1]), np.array([True, True])
    )
    kept, weight = at_risk(adopters, pool)
    assert kept.time.tolist() == [1.0, 3.0, 4.0, 5.0]
    assert weight == pytest.approx(np.full(4, 0.5))


def test_saturation_is_the_share_of_accounts_found_by_the_adopters_queries_that_took_the_tag_up() -> None:
    pool = Pool(
        np.arange(6.0),
        np.array([0, 1, 2, 3, 4, 4]),
        np.array([True, True, True, True, False, False]),
        np.array([0, 0, 1, 1, 2, 2]),
    )
    adopters = TagAdopters(
        np.array([0.0, 4.0]), np.array([0, 4]), np.array([True, False]), np.array([0, 2]), np.array([True, True])
    )
    assert saturation(adopters, pool) == 1.0


def test_the_probability_is_that_of_pairs_with_ties_half() -> None:
    generator = np.random.default_rng(5)
    time, side = generator.integers(0, 12, 30).astype(float), np.arange(30) % 3 == 0
    adopters = TagAdopters(time, np.arange(30), side, side.astype(np.int64), np.ones(30, dtype=bool))
    pool_time = np.sort(generator.random(400) * 12)
    pool_side = generator.random(400) < 0.5
    pool = Pool(pool_time, 100 + np.arange(400), pool_side, pool_side.astype(np.int64))
    found = compare_platforms(adopters, pool, np.ones(400), QUICK, 1)
    pairs = [(a < b) + (a == b) / 2 for a in time[side] for b in time[~side]]
    assert found.probability == pytest.approx(np.mean(pairs))


def test_tags_used_by_the_same_accounts_are_pooled_as_one() -> None:
    generator = np.random.default_rng(6)
    influence = generator.normal(0, 0.01, 40)
    tag = TagPrecedence(0.6, np.array([0.4, 0.6]), 0.1, 0.05, np.arange(40), influence)
    assert pool_tags([tag] * 12, 0.0).standard_error == pytest.approx(np.sqrt((influence**2).sum()))


def test_tags_abstain_with_their_reason() -> None:
    rows = []
    for number in range(60):
        platform = "ab"[number % 2]
        tags = ["query", *(["few"] if number in {1, *range(0, 50, 2)} else [])]
        rows.append((platform, f"{platform}{number}", number, tags))
    rows += [("c", f"c{number}", 1000 + number, ["query"]) for number in range(12)]
    posts = pa.Table.from_pylist(
        [
            {
                "platform": p,
                "account_key": key,
                "post_key": key,
                "collection_query": None,
                "published_at": at * 10**9,
                "tags": tags,
            }
            for p, key, at, tags in rows
        ],
        POSTS,
    )
    tables = exchange_tables(posts, QUICK)
    lonely = {"platform_a": "a", "platform_b": "c", "tag": "query", "adopter_count_a": 30, "adopter_count_b": 12, "tag_count": 1}
    tables["int_platform_tags"] = pa.concat_tables(
        [tables["int_platform_tags"], pa.Table.from_pylist([lonely], INT_PLATFORM_TAGS)]
    )
    none = tables["int_platform_pairs"].to_pylist()
    for pair in none:
        if "c" in (pair["platform_a"], pair["platform_b"]):
            pair.update(common_begins_at=None, common_ends_at=None)
    tables["int_platform_pairs"] = pa.Table.from_pylist(none, INT_PLATFORM_PAIRS)
    made = analyse_platforms(tables, QUICK)
    reasons = {(row["tag"], row["platform_b"]): row["abstain_reason"] for row in made["platform_precedence"].to_pylist()}
    assert reasons == {("query", "b"): "tag_is_query", ("few", "b"): "too_few_adopters", ("query", "c"): "no_common_coverage"}
    findings = {row["platform_b"]: row for row in made["platform_precedence_findings"].to_pylist() if row["platform_a"] == "a"}
    assert findings["b"]["abstain_reason"] == "too_few_tags"
    assert findings["c"]["abstain_reason"] == "no_common_coverage"
    assert {row["claim"] for row in made["platform_precedence"].to_pylist()} == {"abstained"}


def test_the_caps_in_the_hash_are_those_that_dbt_applies() -> None:
    variables = yaml.safe_load((ROOT / "dbt_project" / "dbt_project.yml").read_text())["vars"]
    parameters = PlatformParameters()
    assert parameters.smallest_adopter_count == variables["smallest_adopter_count"]
    assert parameters.account_cap == variables["platform_account_cap"]
    assert parameters.tag_cap == variables["platform_tag_cap"]
    assert parameters.adopter_cap == variables["platform_adopter_cap"]
    assert parameters.pool_cap == variables["platform_pool_cap"]


def test_above_the_cap_the_sample_still_finds_a_lead() -> None:
    capped = PlatformParameters(draw_count=199, adopter_cap=30, pool_cap=400)
    posts = simulate_posts(WORLDS["a_30_days_earlier"], 5)
    found = analyse_platforms(exchange_tables(posts, capped), capped)["platform_precedence_findings"].to_pylist()[0]
    assert found["claim"] == "platform_a_first"


def test_a_lead_is_withheld_where_accounts_of_one_platform_post_more_often() -> None:
    parameters = PlatformParameters(draw_count=199)
    tables = exchange_tables(simulate_posts(WORLDS["a_30_days_earlier"], 5), parameters)
    pairs = tables["int_platform_pairs"]
    place = pairs.schema.get_field_index("posting_rate_ratio")
    claims = {}
    for ratio in (1.05, 1.2, 0.8):
        moved = pairs.set_column(place, pairs.schema.field(place), pa.array([ratio] * pairs.num_rows))
        made = analyse_platforms(tables | {"int_platform_pairs": moved}, parameters)
        claims[ratio] = {row["claim"] for row in made["platform_precedence"].to_pylist()} - {"none", "abstained"}
        claims[ratio] |= {row["claim"] for row in made["platform_precedence_findings"].to_pylist()}
    assert claims == {1.05: {"platform_a_first"}, 1.2: {"withheld"}, 0.8: {"withheld"}}


def test_tags_born_on_both_platforms_at_once_are_no_lead_where_naive_numbers_and_constant_use_say_so() -> None:
    rows = {
        (row["estimator"], row["unit"]): row
        for row in calibrate_platforms(1, names=("null_fads",), parameters=PlatformParameters(draw_count=199), seed=3).to_pylist()
    }

    def claimed(estimator: str, unit: str) -> float:
        return float(rows[estimator, unit]["a_first_ratio"] + rows[estimator, unit]["b_first_ratio"])

    assert claimed("published_claim", "tag") == claimed("published_claim", "world") == 0
    assert claimed("label_shuffle", "tag") > 0.2
    assert claimed("constant_use_null", "tag") > 0.2


@pytest.mark.parametrize(("name", "side"), [("a_30_days_earlier", "a_first_ratio"), ("b_30_days_earlier", "b_first_ratio")])
def test_a_planted_lead_is_claimed_with_its_side(name: str, side: str) -> None:
    rows = calibrate_platforms(1, names=(name,), parameters=PlatformParameters(draw_count=999), seed=3).to_pylist()
    claims = {row["unit"]: row for row in rows if row["estimator"] == "published_claim"}
    assert claims["world"][side] == 1
    assert claims["tag"][side] > 0.8
