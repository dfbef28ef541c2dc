"""Origin sets, their credibility, odds by group: planted originators are named, ties share, what cannot be known abstains, reuse changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.analysis import contracts, origin_contracts
from pipelines.analysis.origin_groups import KINDS, Choice, GroupParameters, choices, group_odds
from pipelines.analysis.origin_tables import OriginTableParameters, analyse_origins
from pipelines.analysis.origins import Adopters, Coverage, Labels, OriginSetParameters, credibilities, origin_set, return_gaps
from pipelines.analysis.trend_rows import TrendTables, partitioned
from pipelines.analysis.trends import analyse_trend_partitions

BORN = datetime(2026, 7, 10, tzinfo=UTC)
JUNE = date(2026, 6, 1)
PARAMETERS = OriginSetParameters()
ALWAYS = 1.0 - PARAMETERS.other_spelling_ratio


def adoption(account: str, hours: float, **more: Any) -> dict[str, Any]:
    """An adoption so many hours after the birth."""
    row = {
        "trend_key": "t",
        "account_key": account,
        "platform": "bluesky",
        "actor_class": "creator",
        "tier": "mid",
        "is_tier_imputed": False,
    }
    row |= {
        "tier_at_birth": "micro_sub1k",
        "adopted_at": BORN + timedelta(hours=hours),
        "previous_post_at": BORN - timedelta(hours=5),
    }
    return row | {"prior_post_count": 9, "prior_exposure_days": 30.0, "ts_quality": "exact"} | more


def adoptions(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=contracts.INT_TREND_ADOPTIONS)


def uses(rows: list[tuple[str, float]]) -> pa.Table:
    found = [
        {"trend_key": "t", "account_key": who, "published_at": BORN + timedelta(hours=at), "has_trend": True} for who, at in rows
    ]
    return pa.Table.from_pylist(found, schema=contracts.INT_TREND_TIMELINES)


def platform_days(got: int = 100, *, platforms: tuple[str, ...] = ("bluesky",), first: date = date(2026, 5, 1)) -> pa.Table:
    rows = [
        {
            "platform": platform,
            "event_day": first + timedelta(day),
            "got_count": got,
            "expected_count": 100.0,
            "coverage_ratio": got / 100,
            "is_covered": got >= 50,
        }
        for platform in platforms
        for day in range(120)
    ]
    return pa.Table.from_pylist(rows, schema=contracts.EXCHANGE["int_platform_days"])


EVERYDAY = [adoption(f"a{number:02d}", 10.0 * number) for number in range(20)]


def verdict_of(
    rows: list[dict[str, Any]], gate: str | None = None, days: pa.Table | None = None, labels: Any = None
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    coverage = Coverage(platform_days() if days is None else days)
    return origin_set("t", gate, adoptions(rows), uses([]), labels or {}, coverage, PARAMETERS)


def test_the_first_five_are_the_set_and_the_first_is_credible_where_all_was_seen() -> None:
    rows, verdict = verdict_of(EVERYDAY)
    assert [row["account_key"] for row in rows] == ["a00", "a01", "a02", "a03", "a04"]
    assert [row["rank"] for row in rows] == [1, 2, 3, 4, 5]
    assert [row["credibility"] for row in rows] == pytest.approx([ALWAYS, 0, 0, 0, 0])
    assert verdict["origin_confidence"] == pytest.approx(ALWAYS)
    assert (verdict["origin_tier"], verdict["origin_platform"], verdict["abstain_reason"]) == ("micro", "bluesky", None)


def test_clocks_that_differ_by_less_than_a_minute_tie_and_ties_share() -> None:
    rows, verdict = verdict_of([adoption("x", 30 / 3600), *EVERYDAY])
    assert [row["rank"] for row in rows] == [1, 1, 3, 4, 5]
    assert [row["credibility"] for row in rows[:2]] == pytest.approx([ALWAYS / 2] * 2)
    assert verdict["tied_first_count"] == 2


def test_a_date_may_be_any_hour_of_its_day_and_ties_with_all_of_them() -> None:
    dated = adoption("dated", 0.0, ts_quality="date_only")
    adopters = Adopters.of(adoptions([dated, adoption("exact", 20.0), adoption("later", 30.0)]), PARAMETERS)
    assert dict(zip(adopters.rows["account_key"].to_pylist(), adopters.rank.tolist(), strict=True)) == {
        "dated": 1,
        "exact": 1,
        "later": 3,
    }


def test_a_time_of_collection_orders_nothing_and_outlets_begin_nothing() -> None:
    outlet = adoption("o", -2.0, actor_class="media", tier_at_birth=None)
    rows, _ = verdict_of([adoption("c", -1.0, ts_quality="collected"), outlet, *EVERYDAY])
    assert rows[0]["account_key"] == "a00"


@pytest.mark.parametrize(
    ("rows", "gate", "days", "reason"),
    [
        (EVERYDAY, "left_censored", None, "left_censored"),
        (EVERYDAY, "in_use_before", None, "in_use_before"),
        (EVERYDAY, "shock", None, "shock"),
        (EVERYDAY[:9], None, None, "too_few_adopters"),
        (EVERYDAY, None, platform_days(platforms=("x",)), "no_coverage"),
        (EVERYDAY, None, platform_days(40), "low_coverage"),
        ([adoption(f"b{n}", 0.0) for n in range(6)] + EVERYDAY[1:], None, None, "tie"),
    ],
)
def test_what_cannot_be_known_abstains_with_its_reason(
    rows: list[dict[str, Any]], gate: str | None, days: pa.Table | None, reason: str
) -> None:
    found, verdict = verdict_of(rows, gate, days)
    assert verdict["abstain_reason"] == reason
    assert verdict.get("origin_confidence") is None
    assert verdict.get("origin_tier") is None
    if reason in ("left_censored", "in_use_before", "no_coverage", "low_coverage"):
        assert {row["credibility_null_reason"] for row in found} == {reason}
        assert all(row["credibility"] is None for row in found)


def test_what_was_not_seen_takes_from_the_first_and_a_day_without_rows_was_not_seen() -> None:
    rows, _ = verdict_of(EVERYDAY, days=platform_days(80))
    assert rows[0]["credibility"] == pytest.approx(0.8 * ALWAYS)
    # Seven days before the birth are asked for, and two of the adoptions: the collection began on the sixth of them.
    late = Coverage(platform_days(first=date(2026, 7, 9)))
    assert late.seen_ratio("bluesky", 20643, 20651) == pytest.approx((20651 - (date(2026, 7, 9) - date(1970, 1, 1)).days + 1) / 9)
    assert late.seen_ratio("x", 20643, 20651) is None


def test_who_comes_back_soon_may_have_been_the_first_whose_post_was_lost() -> None:
    rank, hours, gaps = np.array([1, 2, 3]), np.array([0.0, 4.0, 10.0]), np.array([1.0, 5.0, 8.0, np.inf])
    found = credibilities(rank, hours, 20.0, 0.6, gaps)
    # Of four accounts one returns within 4 hours, two more within 10, one never: what is left of 1 belongs to nobody seen.
    assert found.tolist() == pytest.approx([0.6 + 0.4 * 0.25, 0.4 * 0.5, 0.0])
    assert credibilities(rank, hours, np.inf, 0.6, gaps).sum() == pytest.approx(0.6 + 0.4 * 0.75)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.floats(0, 500), min_size=1, max_size=8),
    st.floats(0, 1),
    st.lists(st.floats(0.01, 100), max_size=10),
    st.floats(0, 100),
)
def test_credibilities_are_chances_and_add_up_to_no_more_than_one(
    times: list[float], seen: float, gaps: list[float], wait: float
) -> None:
    hours = np.sort(np.array(times))
    rank = 1 + np.searchsorted(hours, hours, side="left")
    found = credibilities(rank, hours, float(hours[-1] + wait), seen, np.sort(np.array([*gaps, np.inf])))
    assert (found >= -1e-12).all()
    assert found.sum() <= 1 + 1e-9
    assert found[0] * (rank == 1).sum() >= seen - 1e-9


def test_gaps_are_from_an_accounts_first_use_to_its_second() -> None:
    gaps = return_gaps(uses([("a", 5.0), ("a", 1.0), ("a", 9.0), ("b", 2.0)]))
    assert gaps.tolist() == [4.0, np.inf]


def test_niche_and_insiders_are_those_of_the_month_before() -> None:
    assignments = pa.Table.from_pylist(
        [
            {"account_key": "a00", "niche_id": "moss"},
            {"account_key": "a01", "niche_id": None},
            {"account_key": "a02", "niche_id": "clay"},
        ]
    )
    insiders = pa.Table.from_pylist(
        [
            {"account_key": "a00", "niche_id": "moss", "is_insider": True},
            {"account_key": "a02", "niche_id": "moss", "is_insider": True},
        ]
    )
    rows, verdict = verdict_of(EVERYDAY, labels={JUNE: Labels.of(assignments, insiders)})
    assert [row["niche_id"] for row in rows[:3]] == ["moss", None, "clay"]
    # An insider of another niche than its own is not told of.
    assert [row["is_insider"] for row in rows[:3]] == [True, None, None]
    assert (verdict["origin_niche_id"], verdict["insider_share"], verdict["known_insider_count"]) == ("moss", 1.0, 1)


def test_a_tier_is_not_named_where_more_of_the_credibility_has_none() -> None:
    rows = [EVERYDAY[0] | {"tier_at_birth": None}, *EVERYDAY[1:]]
    _, verdict = verdict_of(rows)
    assert verdict["origin_tier"] is None
    assert verdict["origin_tier_credibility"] is None
    assert (verdict["known_tier_count"], verdict["micro_share"]) == (4, 1.0)


GROUPS = ("brisk", "slow")


def dealt_choices(seed: int, trend_count: int = 20, *, earlier: float = 0.0) -> list[Choice]:
    """Trends whose adopters of one group post three times as often as the others', and are earlier by so many hours beyond that."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(trend_count):
        group = np.array(GROUPS, dtype=object)[rng.integers(0, 2, 60)]
        rate = np.where(group == "brisk", 3.0, 1.0) * rng.lognormal(0.0, 0.4, 60)
        exposed = rng.gamma(2.0, 36.0, 60) - np.where(group == "brisk", earlier, 0.0)
        adopted = exposed + rng.exponential(24 / rate)
        adopted -= adopted.min()
        end = np.sort(adopted)[5]
        # Exposure rises evenly over twice the time of the set; a post comes within the rest of it with the account's rate.
        points = np.linspace(0.0, 2 * end, 20)
        opportunity = (1 - np.exp(-rate[:, None] * points[None, :] / 24)).mean(axis=1)
        posts = rng.poisson(rate * 30).astype(float)
        account = rng.integers(0, 2**62, 60).astype(np.uint64)
        found.append(Choice(f"t{number:02d}", account, adopted, posts, np.full(60, 30.0), opportunity, np.ones(60), group))
    return found


def odds(sets: list[Choice]) -> list[dict[str, Any]]:
    """Each trend an event of its own."""
    return group_odds(sets, {each.trend_key: each.trend_key for each in sets}, GroupParameters())


def test_a_group_that_posts_more_is_not_called_early_and_one_that_is_earlier_is() -> None:
    seeds = range(12)
    nulls = [odds(dealt_choices(seed)) for seed in seeds]
    wrong = sum(row["claim"] != "none" for rows in nulls for row in rows if row["group_name"] == "brisk")
    naive = sum(row["naive_p_value"] < 0.05 for rows in nulls for row in rows if row["group_name"] == "brisk")
    planted = [odds(dealt_choices(seed, earlier=36.0)) for seed in seeds]
    right = sum(row["claim"] == "early" for rows in planted for row in rows if row["group_name"] == "brisk")
    print(f"{len(seeds)} worlds: false claims {wrong}, naive {naive}; of 36 h claimed {right}")
    assert wrong <= 3
    assert right >= 10


def test_few_trends_abstain_and_one_group_alone_has_no_odds() -> None:
    few = odds(dealt_choices(1, trend_count=7))
    assert {row["abstain_reason"] for row in few} == {"too_few_trends"}
    assert all("odds_ratio" not in row for row in few)
    assert odds([]) == []


def test_of_an_event_the_trend_in_which_the_group_has_most_adopters_is_counted() -> None:
    once = dealt_choices(1, trend_count=9)
    # The same trends again, each without half of its adopters: two names of one event.
    half = np.arange(60) % 2 == 0
    again = [replace(each.take(half), trend_key=f"{each.trend_key} again") for each in once]
    events = {each.trend_key: each.trend_key[:3] for each in once + again}
    counted = {row["group_name"]: row for row in group_odds(once + again, events, GroupParameters())}
    assert {(row["trend_count"], row["event_count"]) for row in counted.values()} == {(18, 9)}
    alone = {row["group_name"]: row for row in odds(once)}
    # Rates are shrunk over all choice sets, so that the odds differ a little.
    assert all(counted[name]["p_value"] == pytest.approx(alone[name]["p_value"], rel=0.2) for name in GROUPS)
    assert all(counted[name]["origin_pick_count"] == alone[name]["origin_pick_count"] for name in GROUPS)
    few = group_odds(once + again, dict.fromkeys(events, "t00"), GroupParameters())
    assert {(row["event_count"], row["abstain_reason"]) for row in few} == {(1, "too_few_trends")}


def test_platforms_are_compared_by_what_was_collected_all_the_time() -> None:
    row = {
        "trend_key": "t", "period": "2026-07", "input_hash": "h", "account": [1, 2, 3], "adopted": [0.0, 1.0, 2.0], "prior_posts": [1.0, 1.0, 1.0],
        "prior_days": [30.0, 30.0, 30.0], "opportunity": [1.0, 1.0, 1.0], "stands_for": [1.0, 1.0, 1.0], "platform": ["x", "bluesky", "new"],
        "niche": ["moss", "", "moss"], "insider": ["", "", "other"], "is_collected": [True, True, False],
    }  # fmt: skip
    table = pa.Table.from_pylist([row], schema=origin_contracts.STATE_ORIGIN_CHOICES)
    assert choices(table, "platform")[0].group.tolist() == ["x", "bluesky"]
    assert choices(table, "niche")[0].group.tolist() == ["moss", "", "moss"]
    # Where all are of one side there is nothing to compare.
    assert choices(table, "insider") == []
    assert KINDS == ("niche", "platform", "insider")


def exchanged(trend_count: int = 9, seed: int = 1) -> TrendTables:
    rng = np.random.default_rng(seed)
    candidates, adopted, posted = [], [], []
    for number in range(trend_count):
        key, born = f"{number:032x}", BORN - timedelta(days=30 * (number % 2))
        hours = np.sort(rng.gamma(2.0, 30.0, 40))
        hours -= hours[0]
        for place, at in enumerate(hours.tolist()):
            account = f"{int(rng.integers(0, 90)) * 100 + place:032x}"
            moment = born + timedelta(hours=at)
            row = adoption(
                account,
                0.0,
                trend_key=key,
                adopted_at=moment,
                previous_post_at=born - timedelta(hours=3),
                platform=("bluesky", "x")[place % 2],
            )
            adopted.append(
                row | {"tier_at_birth": ("micro_sub1k", "macro")[place % 3 == 0], "prior_post_count": int(rng.integers(1, 40))}
            )
            posted += [
                {
                    "trend_key": key,
                    "account_key": account,
                    "published_at": moment + timedelta(hours=step),
                    "has_trend": step in (0, 30),
                }
                for step in (0, 30, 60)
            ]
            others = [born + timedelta(hours=step + place % 7) for step in (2, 12, 40)]
            posted += [
                {"trend_key": key, "account_key": account, "published_at": when, "has_trend": False}
                for when in others
                if when < moment
            ]
        candidates.append(
            {
                "trend_key": key,
                "label": f"t{number}",
                "born_at": born,
                "window_ends_at": born + timedelta(days=60),
                "adopter_count": 40,
            }
            | {"unit_type": "hashtag"}
            | {"is_left_censored": number == 3, "is_in_use_before": False, "largest_day_share": 0.2}
        )
    names = ("int_trend_candidates", "int_trend_adoptions", "int_trend_timelines")
    return TrendTables(
        *(
            pa.Table.from_pylist(rows, schema=contracts.EXCHANGE[name])
            for name, rows in zip(names, (candidates, adopted, posted), strict=True)
        )
    )


def shuffled(tables: TrendTables, seed: int) -> TrendTables:
    rng = np.random.default_rng(seed)
    return TrendTables(
        *(table.take(rng.permutation(table.num_rows)) for table in (tables.candidates, tables.adoptions, tables.timelines))
    )


def _assignments(tables: TrendTables) -> tuple[pa.Table, pa.Table]:
    accounts = sorted(set(tables.adoptions["account_key"].to_pylist()))
    stamp = {"method_version": "v", "params_hash": "h"}
    months = [date(2026, 5, 1), JUNE]
    rows = [
        {"month": month, "platform": "x", "account_key": key, "niche_id": ("moss", "clay", None)[int(key, 16) % 3]} | stamp
        for month in months
        for key in accounts
    ]
    assigned = pa.Table.from_pylist(rows, schema=contracts.NICHE_ASSIGNMENTS)
    schema = pa.schema([field.with_nullable(nullable=True) for field in contracts.DERIVED["niche_insiders"]])
    inside = [row | {"is_member": True, "is_insider": int(row["account_key"], 16) % 2 == 0} for row in rows if row["niche_id"]]
    return assigned, pa.Table.from_pylist(inside, schema=schema)


def test_shuffled_rows_and_stored_trends_give_the_same_tables_and_only_what_changed_is_computed() -> None:
    tables = exchanged()
    assigned, inside = _assignments(tables)
    months, days = {date(2026, 5, 1): "m", JUNE: "j"}, platform_days(90, platforms=("bluesky", "x"))

    def run(rows: TrendTables, known: dict[date, str], stored: Any = None) -> Any:
        parts = partitioned(rows)
        trends = analyse_trend_partitions(parts)
        return analyse_origins(parts, trends.state, assigned, inside, known, days, OriginTableParameters(), stored)

    first = run(tables, months)
    again = run(shuffled(tables, 2), months, first.state)
    assert again.computed == {"origin_trends": 0}
    anew = run(shuffled(tables, 3), months)
    for name, table in first.tables.items():
        assert table.equals(again.tables[name])
        assert table.equals(anew.tables[name])
    # Niches of June moved: the trends born in July look at them.
    moved = run(tables, months | {JUNE: "other"}, first.state)
    assert moved.computed["origin_trends"] >= 4
    assert all(table.equals(moved.tables[name]) for name, table in first.tables.items())
    verdicts = first.tables["trend_origin_verdicts"].to_pylist()
    assert [row["abstain_reason"] for row in verdicts if row["abstain_reason"]] == ["left_censored"]
    assert {row["group_kind"] for row in first.tables["origin_by_group"].to_pylist()} == set(KINDS)


def test_a_trend_that_somebody_pushed_has_its_first_adopters_and_no_part_in_odds_of_groups() -> None:
    tables = exchanged()
    assigned, inside = _assignments(tables)
    parts, days = partitioned(tables), platform_days(90, platforms=("bluesky", "x"))
    state = analyse_trend_partitions(parts).state
    key = tables.candidates["trend_key"].to_pylist()[0]
    rows = state["trends"].to_pylist()
    gated = [row | {"gate": "coordinated" if row["trend_key"] == key else row["gate"]} for row in rows]
    held = state | {"trends": pa.Table.from_pylist(gated, schema=state["trends"].schema)}
    known = {date(2026, 5, 1): "m", JUNE: "j"}
    free, pushed = (analyse_origins(parts, each, assigned, inside, known, days) for each in (state, held))
    assert pushed.tables["trend_origin_verdicts"].equals(free.tables["trend_origin_verdicts"])
    assert pushed.tables["trend_origins"].equals(free.tables["trend_origins"])
    counted = [set(found.state["origin_choices"]["trend_key"].to_pylist()) for found in (free, pushed)]
    assert counted[0] - counted[1] == {key}


def test_no_trends_give_empty_tables() -> None:
    nothing = analyse_trend_partitions({})
    assigned, inside = (contracts.DERIVED[name].empty_table() for name in ("niche_assignments", "niche_insiders"))
    found = analyse_origins({}, nothing.state, assigned, inside, {}, platform_days())
    assert {name: table.num_rows for name, table in found.tables.items()} == {
        "trend_origins": 0,
        "trend_origin_verdicts": 0,
        "origin_by_group": 0,
    }


def test_a_month_of_left_censored_trends_has_verdicts_and_no_timelines() -> None:
    tables = exchanged(4)
    censored = TrendTables(
        tables.candidates.slice(3), adoptions([adoption("a", 1.0, trend_key=f"{3:032x}")]), tables.timelines.slice(0, 0)
    )
    parts = partitioned(censored)
    assigned, inside = (contracts.DERIVED[name].empty_table() for name in ("niche_assignments", "niche_insiders"))
    found = analyse_origins(parts, analyse_trend_partitions(parts).state, assigned, inside, {}, platform_days())
    (verdict,) = found.tables["trend_origin_verdicts"].to_pylist()
    assert verdict["abstain_reason"] == "left_censored"
