"""Trends of one event are found by the adopters they share, whatever the order of rows, and the largest of each is counted."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.analysis.contracts import STATE_TRENDS
from pipelines.analysis.increments import mixed
from pipelines.analysis.trend_events import (
    SAMPLE_SIZE,
    adopter_sample,
    events_by_adopters,
    events_of,
    events_of_any_type,
    one_of_each,
    shared_ratio,
)


def words(*accounts: int) -> np.ndarray:
    return mixed(np.array(accounts, dtype=np.uint64) + np.uint64(1))


def trends(*found: tuple[str, str, str, str | None, np.ndarray]) -> pa.Table:
    """Key, type of unit, month of birth, gate and adopters of each."""
    names = ("partition_key", "partition_hash", "trend_key", "unit_type", "period", "input_hash", "gate", "adopter_sample")
    rows: list[dict[str, Any]] = []
    for key, unit_type, period, gate, adopters in found:
        values = (period, "", key, unit_type, period, key, gate, adopter_sample(adopters))
        rows.append(dict(zip(names, values, strict=True)))
    return pa.Table.from_pylist(rows, schema=STATE_TRENDS)


def test_a_small_trend_is_its_own_sample_and_a_large_one_has_the_accounts_of_smallest_hash() -> None:
    few, many = words(*range(50)), words(*range(1000))
    assert set(adopter_sample(few).tolist()) == set(few.tolist())
    assert adopter_sample(many).tolist() == sorted(many.tolist())[:SAMPLE_SIZE]
    assert adopter_sample(words(3, 3, 3)).size == 1


@given(one=st.sets(st.integers(0, 60)), other=st.sets(st.integers(0, 60)))
def test_of_small_trends_the_shared_ratio_is_exact(one: set[int], other: set[int]) -> None:
    expected = len(one & other) / len(one | other) if one | other else 0.0
    assert shared_ratio(adopter_sample(words(*sorted(one))), adopter_sample(words(*sorted(other)))) == pytest.approx(expected)


def test_of_large_trends_it_is_estimated_without_bias_whatever_their_sizes() -> None:
    rng = np.random.default_rng(1)
    for sizes, shared in (((900, 900), 600), ((2000, 700), 600), ((40, 3000), 40)):
        found = []
        for _ in range(200):
            accounts = mixed(rng.integers(0, 2**62, sum(sizes) - shared).astype(np.uint64))
            one, other = accounts[: sizes[0]], accounts[sizes[0] - shared :]
            found.append(shared_ratio(adopter_sample(one), adopter_sample(other)))
        true = shared / (sum(sizes) - shared)
        assert np.mean(found) == pytest.approx(true, abs=3 * 0.05 / 200**0.5)
        assert np.std(found) < 0.055


def test_names_of_one_event_are_found_directly_and_by_way_of_others() -> None:
    found = events_of(
        trends(
            ("c", "hashtag", "2026-07", None, words(*range(20))),
            ("b", "hashtag", "2026-07", None, words(*range(5, 25))),
            # Shares half with b and a third with c.
            ("a", "hashtag", "2026-08", None, words(*range(10, 30))),
            ("d", "hashtag", "2026-07", None, words(*range(20), *range(100, 130))),
        )
    )
    assert found == {"a": "a", "b": "a", "c": "a", "d": "d"}


def test_other_units_later_births_and_gated_trends_are_of_no_common_event() -> None:
    same = words(*range(20))
    found = events_of(
        trends(
            ("a", "hashtag", "2025-12", None, same),
            ("b", "sound", "2025-12", None, same),
            ("c", "hashtag", "2026-01", None, same),
            ("d", "hashtag", "2026-03", None, same),
            ("e", "hashtag", "2026-02", "shock", same),
        )
    )
    assert found == {"a": "a", "b": "b", "c": "a", "d": "d"}
    assert events_of(trends()) == {}
    assert events_of(trends(("old", "sound", "2026-03", "left_censored", words(1, 2)))) == {}
    assert events_of_any_type(trends()) == {}


@settings(max_examples=60, deadline=None)
@given(
    adopters=st.lists(st.sets(st.integers(0, 12), max_size=8), max_size=9),
    months=st.lists(st.sampled_from(["2026-05", "2026-06", "2026-07", "2026-09"]), min_size=9, max_size=9),
    order=st.permutations(range(9)),
)
def test_events_are_the_parts_of_the_graph_of_shared_adopters(
    adopters: list[set[int]], months: list[str], order: list[int]
) -> None:
    near = {("2026-05", "2026-06"), ("2026-06", "2026-05"), ("2026-06", "2026-07"), ("2026-07", "2026-06")}
    event = list(range(len(adopters)))
    for _ in adopters:
        for one, other in combinations(range(len(adopters)), 2):
            either, both = len(adopters[one] | adopters[other]), len(adopters[one] & adopters[other])
            is_near = months[one] == months[other] or (months[one], months[other]) in near
            if either and 2 * both >= either and is_near:
                event[one] = event[other] = min(event[one], event[other])
    rows = [(f"{place}", "hashtag", months[place], None, words(*sorted(each))) for place, each in enumerate(adopters)]
    shuffled = [rows[place] for place in order if place < len(rows)]
    assert events_of(trends(*shuffled)) == {f"{place}": f"{first}" for place, first in enumerate(event)}


def test_of_each_event_the_largest_trend_is_counted_and_of_equal_ones_the_first_by_name() -> None:
    events = {"a": "a", "b": "a", "c": "c", "d": "a", "e": "c"}
    assert one_of_each(["e", "d", "c", "b", "a"], events, np.array([3, 7, 3, 7, 1])).tolist() == [2, 3]
    assert one_of_each([], events, np.array([], dtype=np.int64)).tolist() == []


def test_a_hashtag_and_a_link_of_one_event_are_one_where_all_types_of_units_are_told_together() -> None:
    found = trends(
        ("tag", "hashtag", "2026-03", None, words(*range(20))),
        ("link", "link", "2026-04", None, words(*range(2, 22))),
        ("sound", "sound", "2026-06", None, words(*range(20))),
        ("shock", "hashtag", "2026-03", "shock", words(*range(20))),
    )
    assert events_of(found) == {"tag": "tag", "link": "link", "sound": "sound"}
    assert events_of_any_type(found) == {"tag": "link", "link": "link", "sound": "sound"}


@given(st.lists(st.sets(st.integers(0, 30), min_size=1), min_size=1, max_size=8))
def test_from_all_adopters_the_same_events_are_found_as_from_their_samples(adopters: list[set[int]]) -> None:
    keys = [f"t{place}" for place in range(len(adopters))]
    sampled = events_of(
        trends(*((key, "hashtag", "2026-03", None, words(*sorted(own))) for key, own in zip(keys, adopters, strict=True)))
    )
    pairs = np.array([(place, account) for place, own in enumerate(adopters) for account in sorted(own)])
    whole = events_by_adopters(pairs[:, 0], pairs[:, 1], len(adopters))
    assert [keys[place] for place in whole] == [sampled[key] for key in keys]
