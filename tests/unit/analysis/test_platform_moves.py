"""Moves of persons between platforms: planted changes are dated, steady persons and gaps are none, and only months that changed are computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.analysis.increments import Partition
from pipelines.analysis.platform_contracts import INT_PERSON_DAYS, INT_PLATFORM_DAYS
from pipelines.analysis.platform_moves import EXPANDED, MOVED, MoveParameters, MovePartition, analyse_moves, change_point

FIRST = date(2026, 5, 1)
DAY_COUNT = 150
Posts = Mapping[tuple[str, str], Sequence[int]]


def _day(number: int) -> date:
    return FIRST + timedelta(days=number)


def _covered(gaps: Mapping[str, set[int]] | None = None, begins: Mapping[str, int] | None = None) -> pa.Table:
    rows = [
        {
            "platform": platform,
            "event_day": _day(day),
            "got_count": 9,
            "is_covered": day >= (begins or {}).get(platform, 0) and day not in (gaps or {}).get(platform, set()),
        }
        for platform in ("old", "new", "third")
        for day in range(DAY_COUNT)
    ]
    return pa.Table.from_pylist(rows, INT_PLATFORM_DAYS)


def _rows(posts: Posts) -> list[dict[str, Any]]:
    return [
        {
            "month": _day(day).replace(day=1),
            "creator_key": person,
            "platform": platform,
            "event_day": _day(day),
            "own_post_count": int(count),
        }
        for (person, platform), days in posts.items()
        for day, count in enumerate(days)
        if count
    ]


def _partitions(rows: list[dict[str, Any]]) -> dict[date, MovePartition]:
    def partition(month: date) -> MovePartition:
        part = pa.Table.from_pylist([row for row in rows if row["month"] == month], INT_PERSON_DAYS)
        return Partition(str(sorted(map(str, part.to_pylist()))), lambda: part)

    return {month: partition(month) for month in sorted({row["month"] for row in rows})}


def _moves(posts: Posts, coverage: pa.Table | None = None) -> list[dict[str, Any]]:
    moves = analyse_moves(_partitions(_rows(posts)), _covered() if coverage is None else coverage).tables["person_moves"]
    rows: list[dict[str, Any]] = moves.to_pylist()
    return rows


def _between(first: int, last: int, every: int = 2) -> list[int]:
    return [int(first <= day < last and day % every == 0) for day in range(DAY_COUNT)]


def test_who_stops_on_one_platform_and_begins_on_another_has_moved_between_the_two_posts() -> None:
    (move,) = _moves({("a", "old"): _between(0, 80), ("a", "new"): _between(84, DAY_COUNT)})
    assert (move["from_platform"], move["to_platform"], move["move_kind"]) == ("old", "new", MOVED)
    assert (move["moved_low_on"], move["moved_on"], move["moved_high_on"]) == (_day(79), _day(81), _day(84))
    assert move["month"] == _day(81).replace(day=1)
    assert (move["to_share_before"], move["to_share_after"], move["from_rate_ratio"]) == (0.0, 1.0, 0.0)


def test_who_takes_up_another_platform_and_goes_on_has_expanded() -> None:
    (move,) = _moves({("a", "old"): _between(0, DAY_COUNT), ("a", "new"): _between(80, DAY_COUNT)})
    assert move["move_kind"] == EXPANDED


def test_who_only_stops_or_posts_on_both_as_before_has_not_moved() -> None:
    assert _moves({("a", "old"): _between(0, 80), ("a", "new"): _between(0, DAY_COUNT)}) == []
    assert _moves({("a", "old"): _between(0, DAY_COUNT), ("a", "new"): _between(0, DAY_COUNT, every=3)}) == []


def test_who_posts_less_on_both_alike_has_not_moved() -> None:
    both = _between(0, 70), _between(70, DAY_COUNT, every=10)
    fewer = [one + other for one, other in zip(*both, strict=True)]
    assert _moves({("a", "old"): fewer, ("a", "new"): fewer}) == []


def test_a_gap_of_the_old_platform_is_no_departure() -> None:
    posts = {("a", "old"): _between(0, 80), ("a", "new"): _between(80, DAY_COUNT)}
    assert _moves(posts, _covered({"old": set(range(80, DAY_COUNT))})) == []
    assert len(_moves(posts, _covered({"old": set(range(81, 90))}))) == 1


def test_a_platform_that_was_collected_late_is_said_to_hide_when_one_began_there() -> None:
    posts = {("a", "old"): _between(0, 80), ("a", "new"): _between(80, DAY_COUNT)}
    (move,) = _moves(posts, _covered(begins={"new": 78}))
    assert move["is_arrival_censored"]
    (move,) = _moves(posts, _covered(begins={"new": 70}))
    assert not move["is_arrival_censored"]
    steady = {("a", "old"): _between(0, DAY_COUNT, every=9), ("a", "new"): _between(80, DAY_COUNT)}
    assert _moves(steady, _covered(begins={"new": 80})) == []


def test_of_two_new_platforms_the_one_that_gained_more_is_where_one_went() -> None:
    posts = {
        ("a", "old"): _between(0, 80),
        ("a", "new"): _between(80, DAY_COUNT),
        ("a", "third"): _between(80, DAY_COUNT, every=14),
    }
    assert [move["to_platform"] for move in _moves(posts)] == ["new"]


def test_a_move_at_the_turn_of_a_month_is_told_once() -> None:
    for day in range(88, 97):
        assert len(_moves({("a", "old"): _between(0, day), ("a", "new"): _between(day, DAY_COUNT)})) == 1


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_change_point_is_the_split_of_greatest_likelihood(seed: int) -> None:
    rng = np.random.default_rng(seed)
    days = np.arange(40)
    old, new = rng.poisson(0.6, 40), rng.poisson(np.where(days < rng.integers(5, 35), 0.2, 0.8))
    told = rng.random(40) < 0.9
    change = change_point(days, old, new, told, np.ones(40, dtype=bool))
    a, b = np.where(told, old, 0), np.where(told, new, 0)

    def likelihood(one: int, other: int) -> float:
        total = one + other
        return sum(float(count * np.log(count / total)) for count in (one, other) if count)

    gains = {}
    for split in range(1, 40):
        before, after = (int(a[:split].sum()), int(b[:split].sum())), (int(a[split:].sum()), int(b[split:].sum()))
        if sum(before) and sum(after) and after[1] * sum(before) > before[1] * sum(after):
            gains[split] = likelihood(*before) + likelihood(*after) - likelihood(int(a.sum()), int(b.sum()))
    if change is None:
        assert not gains
    else:
        assert change.log_likelihood_ratio == pytest.approx(max(gains.values()), abs=1e-8)
        assert gains[change.high] == pytest.approx(max(gains.values()), abs=1e-8)


def test_few_steady_persons_are_said_to_move() -> None:
    """Two accounts at rates of their own all along, with the bursts and pauses of both in common."""
    rng = np.random.default_rng(7)
    mood = rng.gamma(2.0, 0.5, (400, DAY_COUNT))
    rates = np.exp(rng.normal(np.log(0.5), 0.6, (400, 2)))
    posts = {
        (f"p{person:03d}", platform): rng.poisson(rates[person, place] * mood[person]).tolist()
        for person in range(400)
        for place, platform in enumerate(("old", "new"))
    }
    found = _moves(posts)
    moved = sum(move["move_kind"] == MOVED for move in found)
    print(f"steady persons said to move: {moved} of 400, to expand: {len(found) - moved}")
    assert moved == 0
    assert len(found) <= 8


def test_planted_moves_are_found_and_dated() -> None:
    rng = np.random.default_rng(3)
    days = np.arange(DAY_COUNT)
    planted, posts = rng.integers(40, 110, 300), {}
    rates = np.exp(rng.normal(np.log(0.55), 0.5, 300))
    for person, (day, rate) in enumerate(zip(planted.tolist(), rates.tolist(), strict=True)):
        counts = rng.poisson(rate * rng.gamma(2.0, 0.5, DAY_COUNT))
        posts[f"p{person:03d}", "old"] = np.where(days < day, counts, 0).tolist()
        posts[f"p{person:03d}", "new"] = np.where(days < day, 0, counts).tolist()
    found = {move["creator_key"]: move for move in _moves(posts) if move["move_kind"] == MOVED}
    errors = np.array([(found[key]["moved_on"] - _day(int(planted[int(key[1:])]))).days for key in found])
    print(
        f"found {len(found)} of 300, median error {np.median(np.abs(errors))} d, bias {errors.mean():.2f} d, 95% {np.quantile(np.abs(errors), 0.95)}"
    )
    assert len(found) >= 294
    assert np.median(np.abs(errors)) <= 2
    assert np.quantile(np.abs(errors), 0.95) <= 7


def test_shuffled_days_give_the_same_table() -> None:
    rng = np.random.default_rng(5)
    posts = {
        (f"p{person}", platform): rng.poisson(0.5, DAY_COUNT).tolist()
        for person in range(9)
        for platform in ("old", "new", "third")
    }
    posts["m", "old"], posts["m", "new"] = _between(0, 75), _between(75, DAY_COUNT)
    rows = _rows(posts)
    shuffled = [rows[place] for place in rng.permutation(len(rows))]
    coverage = _covered()
    turned = coverage.take(pa.array(rng.permutation(coverage.num_rows)))
    one, other = (
        analyse_moves(_partitions(each), days).tables["person_moves"] for each, days in ((rows, coverage), (shuffled, turned))
    )
    assert one.num_rows
    assert one.equals(other)


def test_only_months_around_a_change_are_computed_again_and_the_outcome_is_that_of_computing_all() -> None:
    parameters = MoveParameters(lookaround_months=1)
    posts = {("a", "old"): _between(0, 80), ("a", "new"): _between(80, DAY_COUNT)}
    first = analyse_moves(_partitions(_rows(posts)), _covered(), parameters)
    assert first.computed == {"move_months": 5}
    again = analyse_moves(_partitions(_rows(posts)), _covered(), parameters, first.state)
    assert again.computed == {"move_months": 0}
    assert again.tables["person_moves"].equals(first.tables["person_moves"])
    more = posts | {("b", "old"): _between(0, 20), ("b", "new"): _between(20, 30)}
    later = analyse_moves(_partitions(_rows(more)), _covered(), parameters, first.state)
    assert later.computed == {"move_months": 2}
    assert later.tables["person_moves"].equals(
        analyse_moves(_partitions(_rows(more)), _covered(), parameters).tables["person_moves"]
    )


def test_another_day_of_coverage_is_another_month() -> None:
    parameters = MoveParameters(lookaround_months=1)
    posts = {("a", "old"): _between(0, 80), ("a", "new"): _between(80, DAY_COUNT)}
    first = analyse_moves(_partitions(_rows(posts)), _covered(), parameters)
    assert analyse_moves(_partitions(_rows(posts)), _covered({"old": {149}}), parameters, first.state).computed == {
        "move_months": 2
    }
