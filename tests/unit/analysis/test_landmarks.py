"""What is known of a trend on its landmark day: what came by then counts, and nothing that came later does."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.analysis.contracts import EXCHANGE
from pipelines.analysis.landmarks import LandmarkParameters, landmark_rows
from pipelines.analysis.mainstream_rows import Beside
from pipelines.analysis.trend_shapes import ShapeTables

BORN = datetime(2026, 7, 20, 6, tzinfo=UTC)
JUNE, JULY, AUGUST = date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1)
TREND = "t"


def candidate(key: str = TREND, unit_type: str = "hashtag") -> dict[str, Any]:
    return {
        "trend_key": key, "unit_type": unit_type, "label": key, "born_at": BORN,
        "window_ends_at": BORN + timedelta(days=60), "adopter_count": 30, "is_left_censored": False, "is_in_use_before": False,
        "largest_day_share": 0.1,
    }  # fmt: skip


def adoption(account: str, days: float, platform: str = "bluesky", **values: Any) -> dict[str, Any]:
    return {
        "trend_key": TREND, "account_key": account, "platform": platform, "actor_class": "creator", "adopted_at": BORN + timedelta(days=days),
        "prior_post_count": 0, "prior_exposure_days": 30.0, "ts_quality": "exact",
    } | values  # fmt: skip


def tables(rows: list[dict[str, Any]], candidates: list[dict[str, Any]] | None = None) -> ShapeTables:
    return ShapeTables(
        pa.Table.from_pylist(candidates or [candidate()], EXCHANGE["int_trend_candidates"]),
        pa.Table.from_pylist(rows, EXCHANGE["int_trend_adoptions"]),
    )


def insiders(months: dict[date, list[str]]) -> Beside:
    found = {
        month: pa.table({"account_key": pa.array(names, pa.string()), "niche_id": pa.array(["n"] * len(names), pa.string())})
        for month, names in months.items()
    }
    return Beside(found, {})


NOBODY = insiders({})


def one(
    rows: list[dict[str, Any]],
    beside: Beside = NOBODY,
    niches: dict[date, dict[str, str]] | None = None,
    parents: dict[str, str] | None = None,
) -> dict[str, Any]:
    (row,) = landmark_rows(tables(rows), beside, niches or {}, {TREND: parents or {}}, LandmarkParameters())
    return row


def test_creators_who_used_it_by_the_landmark_are_counted_with_their_platforms() -> None:
    rows = [adoption("a", 0), adoption("b", 3, "tiktok"), adoption("c", 14, "tiktok"), adoption("late", 14.01, "x")]
    found = one([*rows, adoption("brand", 1, actor_class="brand"), adoption("when", 1, ts_quality="collected")])
    assert (found["adopter_count"], found["platform_count"], found["main_platform"]) == (3, None, "tiktok")
    assert found["birth_week"] == (BORN.date() - date(1969, 12, 29)).days // 7


def test_niches_and_insiders_are_those_of_the_month_before_each_adoption() -> None:
    rows = [adoption(f"a{day}", day) for day in range(13)]  # until the first of August
    niches = {JUNE: {f"a{day}": "moss" for day in range(9)}, JULY: {"a12": "fern", "a1": "fern"}}
    beside = insiders({JUNE: ["a0", "a5"], JULY: ["a12", "a2"]})
    found = one(rows, beside, niches)
    assert (found["origin_niche_id"], found["niche_count"]) == ("moss", pytest.approx(2.0))
    assert found["niche_diversity"] == pytest.approx(100 / (81 + 1))
    assert found["insider_share"] == pytest.approx(3 / 13)


def test_what_is_known_of_too_few_is_not_told() -> None:
    rows = [adoption(f"a{day}", day) for day in range(11)]
    found = one(rows, insiders({AUGUST: []}), {JUNE: {"a0": "moss", "a1": "moss", "a2": "fern", "a3": "moss"}})
    assert found["origin_niche_id"] == "moss"
    assert [found[name] for name in ("niche_count", "niche_diversity", "insider_share", "structural_virality")] == [None] * 4
    nobody = one([])
    assert (nobody["adopter_count"], nobody["main_platform"], nobody["platform_count"]) == (0, None, None)


def test_virality_is_of_the_tree_that_stands_by_the_landmark() -> None:
    rows = [adoption(f"a{place:02d}", place) for place in range(30)]
    star = {f"a{place:02d}": "a00" for place in range(1, 30)}
    # The mean distance of a star of n is 2 - 2 / n: of the fifteen adopters by the landmark.
    assert one(rows, parents=star)["structural_virality"] == pytest.approx(2 - 2 / 15)
    chain = {f"a{place:02d}": f"a{place - 1:02d}" for place in range(1, 30)}
    assert one(rows, parents=chain)["structural_virality"] == pytest.approx((15 + 1) / 3)
    assert one(rows, parents=dict.fromkeys(list(star)[:8], "a00"))["structural_virality"] is None


def test_a_larger_trend_of_the_same_spread_spans_no_more() -> None:
    small = [adoption(f"a{place}", place / 10, "x" if place % 4 else "tiktok") for place in range(40)]
    large = [adoption(f"a{place}", place / 100, "x" if place % 4 else "tiktok") for place in range(1000)]
    few, many = one(small)["platform_count"], one(large)["platform_count"]
    assert few == pytest.approx(many, abs=0.01)
    niches = {JUNE: {row["account_key"]: f"n{place % 5}" for place, row in enumerate(large)}}
    assert one(small, niches=niches)["niche_count"] == pytest.approx(one(large, niches=niches)["niche_count"], abs=0.3)
    assert one(large, niches=niches)["niche_diversity"] == pytest.approx(1 / (0.1 + 0.9 * 0.2), abs=0.01)


def test_only_units_that_estimators_were_tried_on_have_a_row() -> None:
    made = tables([adoption("a", 0)], [candidate(), candidate("other", "phrase")])
    assert [row["trend_key"] for row in landmark_rows(made, NOBODY, {}, {}, LandmarkParameters())] == [TREND]


USES = st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["bluesky", "tiktok", "x"])), min_size=1, max_size=60)


@settings(max_examples=60)
@given(USES, st.integers(0, 1000))
def test_nothing_that_came_after_the_landmark_changes_anything(uses: list[tuple[int, str]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = [adoption(f"a{place:02d}", day + 0.25, platform) for place, (day, platform) in enumerate(uses)]
    early = [row for row in rows if row["adopted_at"] <= BORN + timedelta(days=14)]
    names = [row["account_key"] for row in rows]
    order = {row["account_key"]: (row["adopted_at"], row["account_key"]) for row in rows}
    parents = {}
    for name in names:
        before = [other for other in names if order[other] < order[name]]
        if before:
            parents[name] = before[int(rng.integers(len(before)))]
    kept = {row["account_key"] for row in early}
    niches = {month: {name: f"n{rng.integers(4)}" for name in names} for month in (JUNE, JULY, AUGUST)}
    inside = {month: [name for name in names if rng.random() < 0.4] for month in (JUNE, JULY, AUGUST)}
    # A month's niches are found at its end: those of August are not known on the third.
    past = {month: {name: niches[month][name] for name in kept} for month in (JUNE, JULY)}
    whole = one([rows[place] for place in rng.permutation(len(rows))], insiders(inside), niches, parents)
    then = one(
        early,
        insiders({month: [name for name in inside[month] if name in kept] for month in (JUNE, JULY)}),
        past,
        {name: parent for name, parent in parents.items() if name in kept},
    )
    assert whole == then
