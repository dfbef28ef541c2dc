"""Embeddedness of members: each part by hand, tourists among insiders, and the worlds in which nobody is one."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from pipelines.analysis import contracts
from pipelines.analysis.insiders import InsiderWindow, Pairs, core_numbers, measure_parts
from pipelines.analysis.niche_rows import partitioned
from pipelines.analysis.niches import discover_niche_months, discover_niches
from pipelines.world.scoring.metrics_insiders import area_under_curve

MONTHS = tuple(date(2026, month, 1) for month in (5, 6, 7, 8, 9))
RANKS = ("tenure_rank", "in_niche_rank", "vocabulary_rank", "core_rank")


def window(uses: list[list[float]], directed: dict[tuple[int, int], float], group: list[int]) -> InsiderWindow:
    count = len(uses)
    edges = np.zeros((count, count))
    for (source, target), times in directed.items():
        edges[source, target] = times
    used = csr_matrix(np.array(uses))
    return InsiderWindow(used, csr_matrix(edges), np.zeros(count, dtype=np.int64), np.array(group), max(group) + 1)


def members(group: list[int]) -> Pairs:
    account = np.flatnonzero(np.array(group) >= 0)
    return Pairs(account, np.array(group)[account], np.ones(account.size, dtype=bool))


def measured(given: InsiderWindow, pairs: Pairs) -> dict[str, list[Any]]:
    return {name: column.to_pylist() for name, column in measure_parts(given, pairs).items()}


def naive_cores(graph: np.ndarray) -> list[int]:
    """By the definition: of each vertex the largest k for which it survives when all with fewer than k neighbours are taken away."""
    cores = [0] * len(graph)
    for k in range(1, len(graph)):
        kept = np.ones(len(graph), dtype=bool)
        while (weak := kept & (graph[:, kept].sum(axis=1) < k)).any():
            kept &= ~weak
        for vertex in np.flatnonzero(kept):
            cores[vertex] = k
    return cores


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 12), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_core_numbers_are_those_of_the_definition(count: int, seed: int, density: float) -> None:
    drawn = np.triu(np.random.default_rng(seed).random((count, count)) < density, 1)
    graph = drawn | drawn.T
    assert core_numbers(csr_matrix(graph.astype(float))).tolist() == naive_cores(graph)


def test_the_lift_compares_with_the_niches_share_of_everybody_elses_interactions_and_shrinks_few() -> None:
    # 0 and 1 are the niche; 2 and 3 are not. Of the interactions of the others the niche has half, so 8 of 8 inside lift, and 1 of 1 less.
    group = [0, 0, 1, 1]
    edges = {(0, 1): 8.0, (2, 3): 8.0}
    found = measured(window(np.eye(4).tolist(), edges, group), members(group))
    assert found["interaction_count"] == [8, 8, 8, 8]
    assert found["in_niche_interaction_count"] == [8, 8, 8, 8]
    assert found["expected_in_niche_ratio"] == pytest.approx([1 / 3] * 4)
    prior = 10 / 3
    assert found["in_niche_lift"][0] == pytest.approx(np.log((8 + prior) / (20 / 3)) - np.log(0.5))
    few = measured(window(np.eye(4).tolist(), {(0, 1): 1.0, (2, 3): 1.0}, group), members(group))
    assert 0 < few["in_niche_lift"][0] < found["in_niche_lift"][0]


def test_without_interactions_neither_lift_nor_core_is_told_and_zero_stands_for_a_platform_that_shows_some() -> None:
    group = [0, 0, 0]
    silent = measured(window(np.eye(3).tolist(), {}, group), members(group))
    assert silent["interaction_count"] == silent["core_number"] == silent["in_niche_lift"] == [None] * 3
    shown = measured(window(np.eye(3).tolist(), {(0, 1): 1.0, (1, 0): 1.0}, group), members(group))
    assert shown["interaction_count"] == [2, 2, 0]
    assert shown["core_number"] == [1, 1, 0]
    assert shown["core_number_ratio"] == [1.0, 1.0, 0.0]
    assert shown["in_niche_lift"][2] is None


def test_an_author_is_in_neither_model_so_words_of_its_own_do_not_align_it() -> None:
    # Account 0 uses a tag that one stranger outside the niche uses too: with its own uses in the niche's model it would seem aligned.
    group = [0, 0, 0, 1, 1]
    uses = [[9.0, 0, 0], [0, 9.0, 0], [0, 9.0, 0], [0, 0, 9.0], [1.0, 0, 9.0]]
    bits = measured(window(uses, {}, group), members(group))["vocabulary_alignment_bits"]
    assert bits[0] < 0 < bits[1]
    assert bits[3] > 0


def test_who_uses_little_has_no_alignment_and_is_no_specialist() -> None:
    group = [0, 0, 1, 1]
    uses = [[4.0, 0], [9.0, 0], [0, 9.0], [0, 9.0]]
    found = measured(window(uses, {}, group), members(group))
    assert found["vocabulary_alignment_bits"][0] is found["generalist_specialist_score"][0] is None
    assert found["generalist_specialist_raw_score"][1:] == pytest.approx([1.0] * 3)
    assert found["generalist_specialist_score"][1:] == pytest.approx([1.0] * 3)


@pytest.mark.parametrize("action_count", [5, 10, 40])
def test_random_draws_look_specialised_when_few_and_not_once_corrected(action_count: int) -> None:
    generator = np.random.default_rng(7)
    # Two hundred accounts make four vocabularies; a thousand draw from everybody's.
    own = [np.bincount(generator.integers(5, size=20) + 5 * (account % 4), minlength=20) for account in range(200)]
    random = [np.bincount(generator.integers(20, size=action_count), minlength=20) for _ in range(1000)]
    group = [account % 4 for account in range(200)] + [-1] * 1000
    pairs = Pairs(np.arange(200, 1200), np.zeros(1000, dtype=np.int64), np.zeros(1000, dtype=bool))
    found = measured(window(np.array(own + random, dtype=float).tolist(), {}, group), pairs)
    raw, corrected = (np.mean(found[f"generalist_specialist_{name}"]) for name in ("raw_score", "score"))
    print(f"{action_count} random actions: raw {raw:.3f}, corrected {corrected:.3f}")
    assert raw > 0.49
    assert corrected == pytest.approx(0.0, abs=0.03)


def planted(
    months: tuple[date, ...], seed: int, tourist_count: int = 20, *, has_tourists: bool = True
) -> tuple[pa.Table, pa.Table, set[str], dict[str, int]]:
    """Four niches of thirty that tag and talk inside, and tourists of other niches that push the first niche's own tag."""
    generator = np.random.default_rng(seed)
    truth = {f"a{niche}_{place:02d}": niche for niche in range(4) for place in range(30)}
    tourists = {f"a{1 + place % 3}_{place:02d}" for place in range(tourist_count)} if has_tourists else set()
    tags, edges = [], []
    for month in months:
        for account, niche in truth.items():
            used = [f"n{niche}_{word}" for word in generator.integers(8, size=12)]
            used += ["n0_pushed"] * (3 if niche == 0 or account in tourists else 0)
            tags += [(month, "bluesky", account, tag, used.count(tag)) for tag in sorted(set(used))]
            for _ in range(10):
                peer = f"a{niche if generator.random() < 0.8 else generator.integers(4)}_{generator.integers(30):02d}"
                edges += [(month, "bluesky", account, peer, 1)] if peer != account else []
    tables = (
        pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)
        for rows, schema in ((tags, contracts.INT_ACCOUNT_TAG_MONTHS), (edges, contracts.INT_INTERACTION_MONTHS))
    )
    return *tables, tourists, truth


def test_tourists_that_push_a_tag_are_below_the_insiders_of_its_niche() -> None:
    areas = []
    for seed in range(3):
        tags, edges, tourists, truth = planted(MONTHS[:1], seed)
        rows = discover_niches(tags, edges)["niche_insiders"].to_pylist()
        home = next(row["niche_id"] for row in rows if truth[row["account_key"]] == 0 and row["is_member"])
        told = [row for row in rows if row["niche_id"] == home]
        visits = {row["account_key"] for row in told if not row["is_member"]}
        assert tourists <= visits | {row["account_key"] for row in told if row["is_member"]}
        scores = np.array([row["insider_score"] for row in told])
        areas.append(float(area_under_curve(scores, np.array([truth[row["account_key"]] == 0 for row in told]))))
        assert not any(row["is_insider"] for row in told if not row["is_member"])
    print(f"AUC of insiders against tourists: {areas}")
    assert min(areas) > 0.95


def test_no_rank_but_the_mean_of_ranks_scores_and_few_parts_give_a_reason() -> None:
    tags, edges, _, _ = planted(MONTHS[:2], 5)
    rows = discover_niches(tags, edges)["niche_insiders"].to_pylist()
    for row in rows:
        parts = [row[rank] for rank in RANKS if row[rank] is not None]
        assert row["insider_part_count"] == len(parts)
        assert (row["insider_score"] is None) == (len(parts) < 2) == (row["insider_null_reason"] == "too_few_parts")
        assert row["insider_score"] is None or row["insider_score"] == pytest.approx(np.mean(parts))
    of_members = [row["in_niche_rank"] for row in rows if row["is_member"] and row["in_niche_rank"] is not None]
    assert np.mean(of_members) == pytest.approx(0.5)


def test_tenure_counts_from_the_first_month_of_membership_and_says_where_it_may_be_longer() -> None:
    tags, edges, _, _ = planted(MONTHS, 6, has_tourists=False)
    late = "a0_29"
    months, accounts = np.array(tags["month"].to_pylist(), dtype=object), np.array(tags["account_key"].to_pylist(), dtype=object)
    tags = tags.filter(pa.array(((accounts != late) | (months >= MONTHS[3])).tolist()))
    rows = discover_niches(tags, edges)["niche_insiders"].to_pylist()
    last = {
        row["account_key"]: row
        for row in rows
        if row["month"] == MONTHS[4] and row["is_member"] and row["account_key"][:2] == "a0"
    }
    days = (MONTHS[4] - MONTHS[0]).days
    assert (last["a0_00"]["tenure_days"], last["a0_00"]["is_tenure_at_least"]) == (days, True)
    assert (last[late]["tenure_days"], last[late]["is_tenure_at_least"]) == (31, False)
    assert last[late]["required_tenure_days"] == 90
    assert last[late]["is_insider"] is False


def test_months_from_state_and_shuffled_rows_give_the_same_insiders_also_when_an_older_month_arrives() -> None:
    tags, edges, _, _ = planted(MONTHS[:3], 7)
    whole = discover_niches(tags, edges)["niche_insiders"]
    order = np.random.default_rng(0).permutation(tags.num_rows)
    assert discover_niches(tags.take(order), edges)["niche_insiders"].equals(whole)
    parts = partitioned(tags, edges)
    first = discover_niche_months({month: parts[month] for month in MONTHS[1:3]})
    second = discover_niche_months(parts, None, first.state)
    assert second.tables["niche_insiders"].equals(whole)
    third = discover_niche_months(parts, None, second.state)
    assert third.computed == {"niche_months": 0}
    assert third.tables["niche_insiders"].equals(whole)


def test_no_rows_give_no_insiders_in_the_contracts_schema() -> None:
    nothing = discover_niches(contracts.INT_ACCOUNT_TAG_MONTHS.empty_table(), contracts.INT_INTERACTION_MONTHS.empty_table())
    assert nothing["niche_insiders"].schema == contracts.DERIVED["niche_insiders"]
    assert nothing["niche_insiders"].num_rows == 0
