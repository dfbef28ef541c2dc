"""The trend tables: gates, reasons, platforms against platforms, determinism. Formulas and reuse are tested elsewhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from scipy.stats import false_discovery_control

from pipelines.analysis import contracts
from pipelines.analysis.origin import ChoiceSet, OriginParameters, origin_odds
from pipelines.analysis.trend_references import ChanceEvidence
from pipelines.analysis.trend_rows import TrendTables, partitioned
from pipelines.analysis.trends import analyse_trend_partitions, analyse_trends, comparisons
from tests.unit.analysis.exchange_world import simulated, under_names


@pytest.fixture(scope="module")
def world() -> TrendTables:
    return simulated(10, 3, micro_count=30, macro_count=10)


@pytest.fixture(scope="module")
def derived(world: TrendTables) -> dict[str, pa.Table]:
    return analyse_trends(world.candidates, world.adoptions, world.timelines)


def changed(table: pa.Table, name: str, values: list[Any]) -> pa.Table:
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(name), pa.array(values, table.schema.field(name).type))


def on_two_platforms(world: TrendTables) -> pa.Table:
    """Every third account on TikTok, the others on Instagram, nobody's followers known."""
    platforms = ["tiktok" if int(key[1:]) % 3 == 0 else "instagram" for key in world.adoptions["account_key"].to_pylist()]
    return changed(changed(world.adoptions, "platform", platforms), "tier_at_birth", [None] * len(platforms))


def test_every_trend_has_a_row_for_every_target_class_and_q_values_are_benjamini_hochberg(
    world: TrendTables, derived: dict[str, pa.Table]
) -> None:
    for name, table in derived.items():
        assert table.schema == contracts.DERIVED[name]
    rows = derived["trend_precedence"].to_pylist()
    assert len(rows) == 3 * world.candidates.num_rows
    assert {row["lead_class"] for row in rows} == {"micro"}
    tested = [row for row in rows if row["target_class"] == "large_creators" and row["p_value"] is not None]
    assert [row["q_value"] for row in tested] == pytest.approx(list(false_discovery_control([row["p_value"] for row in tested])))
    assert {row["abstain_reason"] for row in rows if row["target_class"] == "media"} == {"too_few_adopters"}


def test_two_platforms_are_compared_once_by_name() -> None:
    assert comparisons({"youtube", "media", "micro", "tiktok", "instagram"})[3:] == [
        ("instagram", "tiktok"),
        ("instagram", "youtube"),
        ("tiktok", "youtube"),
    ]


def test_platforms_are_compared_where_followers_are_unknown(world: TrendTables) -> None:
    derived = analyse_trends(world.candidates, on_two_platforms(world), world.timelines)
    rows = [row for row in derived["trend_precedence"].to_pylist() if row["lead_class"] == "instagram"]
    assert len(rows) == world.candidates.num_rows
    assert {row["target_class"] for row in rows} == {"tiktok"}
    assert all(row["precedence_low"] <= row["precedence_probability"] <= row["precedence_high"] for row in rows)
    found = [
        row for row in derived["precedence_findings"].to_pylist() if (row["period"], row["lead_class"]) == ("all", "instagram")
    ]
    assert [(row["target_class"], row["trend_count"]) for row in found] == [("tiktok", 10)]


def test_an_event_that_has_two_names_counts_once(world: TrendTables, derived: dict[str, pa.Table]) -> None:
    both = under_names(world, 2)
    twice = analyse_trends(both.candidates, both.adoptions, both.timelines)
    assert twice["trend_precedence"].num_rows == 2 * derived["trend_precedence"].num_rows
    for once, row in zip(*(each["precedence_findings"].to_pylist() for each in (derived, twice)), strict=True):
        assert (row["trend_count"], row["event_count"]) == (2 * once["trend_count"], once["trend_count"])
        if once["claim"] != "abstained":
            # P of a post is found from both names, the rest is that of one.
            assert row["precedence_probability"] == pytest.approx(once["precedence_probability"], abs=0.002)
            assert row["shift_hours"] == pytest.approx(once["shift_hours"], abs=2.0)
            width, width_once = (each["shift_high_hours"] - each["shift_low_hours"] for each in (row, once))
            assert width == pytest.approx(width_once, rel=0.15)
    for once, row in zip(*(each["origin_odds"].to_pylist() for each in (derived, twice)), strict=True):
        assert (row["trend_count"], row["event_count"]) == (2 * once["trend_count"], once["trend_count"])
        assert row["origin_set_count"] == once["origin_set_count"]


def test_a_name_that_joins_an_event_tonight_leaves_what_computing_all_anew_gives(world: TrendTables) -> None:
    both = under_names(world, 2)
    before = analyse_trend_partitions(partitioned(world))
    after = analyse_trend_partitions(partitioned(both), stored=before.state)
    anew = analyse_trend_partitions(partitioned(both))
    assert all(after.tables[name].equals(anew.tables[name]) for name in anew.tables)
    assert all(after.state[name].equals(anew.state[name]) for name in anew.state)


def test_exchanged_platform_names_change_the_sign(world: TrendTables) -> None:
    adoptions = on_two_platforms(world)
    exchanged = ["instagram" if name == "tiktok" else "tiktok" for name in adoptions["platform"].to_pylist()]
    tables = [
        analyse_trends(world.candidates, table, world.timelines)["trend_precedence"].to_pylist()
        for table in (adoptions, changed(adoptions, "platform", exchanged))
    ]
    rows = [[row for row in table if row["lead_class"] == "instagram"] for table in tables]
    for one, other in zip(*rows, strict=True):
        assert one["naive_lead_hours"] == -other["naive_lead_hours"]
        assert one["naive_lead_null_hours"] == pytest.approx(-other["naive_lead_null_hours"])
        assert one["naive_lead_null_p"] == pytest.approx(other["naive_lead_null_p"])
        assert one["precedence_probability"] == pytest.approx(1 - other["precedence_probability"], abs=0.02)


def test_accounts_with_a_single_post_give_a_naive_lead_beside_its_null_and_a_reason(world: TrendTables) -> None:
    adoptions = changed(on_two_platforms(world), "previous_post_at", [None] * world.adoptions.num_rows)
    derived = analyse_trends(world.candidates, adoptions, world.timelines)
    for row in derived["trend_precedence"].to_pylist():
        if row["lead_class"] == "instagram":
            assert row["abstain_reason"] == "too_few_intervals"
            assert row["precedence_probability"] is None
            assert row["naive_lead_hours"] is not None
            assert row["naive_lead_null_hours"] is not None
            assert 0 < row["naive_lead_null_p"] <= 1


def test_dates_alone_give_no_naive_lead(world: TrendTables) -> None:
    adoptions = changed(on_two_platforms(world), "ts_quality", ["date_only"] * world.adoptions.num_rows)
    rows = analyse_trends(world.candidates, adoptions, world.timelines)["trend_precedence"].to_pylist()
    assert {row["naive_lead_hours"] for row in rows} == {None}


def test_shuffled_rows_give_equal_tables(world: TrendTables, derived: dict[str, pa.Table]) -> None:
    def shuffled(table: pa.Table) -> pa.Table:
        return table.take(np.random.default_rng(9).permutation(table.num_rows))

    second = analyse_trends(shuffled(world.candidates), shuffled(world.adoptions), shuffled(world.timelines))
    assert all(derived[name].equals(second[name]) for name in derived)


def pushed(world: TrendTables, trend: str, count: int) -> pa.Table:
    """Adoptions of which the first of a trend lie so close together that nobody but somebody who pushes it brings them."""
    rows = world.adoptions.to_pylist()
    own = sorted((row for row in rows if row["trend_key"] == trend), key=lambda row: row["adopted_at"])
    for place, row in enumerate(own[:count]):
        row["adopted_at"] = own[0]["adopted_at"] + timedelta(minutes=place)
    return pa.Table.from_pylist(rows, schema=world.adoptions.schema)


def test_a_trend_that_a_crowd_began_within_the_hour_is_not_compared_and_no_other_is_held_for_it(world: TrendTables) -> None:
    rows = analyse_trends(world.candidates, pushed(world, "t0003", 30), world.timelines)["trend_precedence"].to_pylist()
    assert {row["trend_key"] for row in rows if row["abstain_reason"] == "coordinated"} == {"t0003"}
    of_it = [row for row in rows if row["trend_key"] == "t0003"]
    assert all(row["p_value"] is None and row["naive_lead_hours"] is None and row["event_key"] is None for row in of_it)
    few = analyse_trends(world.candidates, pushed(world, "t0003", 9), world.timelines)["trend_precedence"].to_pylist()
    assert not [row for row in few if row["abstain_reason"] == "coordinated"]


def test_gated_trends_have_a_reason_and_no_numbers(world: TrendTables) -> None:
    candidates = world.candidates.to_pylist()
    candidates[0]["is_left_censored"] = True
    candidates[1]["largest_day_share"] = 0.35
    table = pa.Table.from_pylist(candidates, schema=contracts.INT_TREND_CANDIDATES)
    adoptions = world.adoptions.filter(
        pc.invert(pc.and_(pc.equal(world.adoptions["trend_key"], "t0002"), pc.equal(world.adoptions["tier_at_birth"], "macro")))
    )
    derived = analyse_trends(table, adoptions, world.timelines)
    rows = {row["trend_key"]: row for row in derived["trend_precedence"].to_pylist() if row["target_class"] == "large_creators"}
    assert [rows[f"t000{n}"]["abstain_reason"] for n in range(3)] == ["left_censored", "shock", "too_few_adopters"]
    for number in range(3):
        row = rows[f"t000{number}"]
        told = ["precedence_probability", "decidable_ratio", "p_value", "q_value", "shift_hours", "naive_lead_hours"]
        assert [row[name] for name in told] == [None] * 6
    finding = derived["precedence_findings"].to_pylist()[0]
    assert (finding["trend_count"], finding["abstained_count"], finding["claim"]) == (7, 3, "abstained")


def test_imputed_times_and_bots_never_enter(world: TrendTables, derived: dict[str, pa.Table]) -> None:
    rows = world.adoptions.to_pylist()
    extra = [row | {"account_key": row["account_key"] + "x", "ts_quality": "imputed"} for row in rows]
    extra += [row | {"account_key": row["account_key"] + "y", "actor_class": "bot"} for row in rows]
    table = pa.Table.from_pylist(rows + extra, schema=contracts.INT_TREND_ADOPTIONS)
    mixed = analyse_trends(world.candidates, table, world.timelines)
    assert all(derived[name].equals(mixed[name]) for name in derived)


def test_brands_are_the_mainstream_as_media_are(world: TrendTables) -> None:
    def seen_as(actor_class: str) -> list[dict[str, Any]]:
        classes = ["creator" if int(key[1:]) % 2 else actor_class for key in world.adoptions["account_key"].to_pylist()]
        table = changed(world.adoptions, "actor_class", classes)
        rows: list[dict[str, Any]] = analyse_trends(world.candidates, table, world.timelines)["trend_precedence"].to_pylist()
        return rows

    brands = seen_as("brand")
    assert brands == seen_as("media")
    assert any(row["p_value"] is not None for row in brands if row["target_class"] == "media")


def test_every_naive_origin_number_has_an_interval_beside_it(derived: dict[str, pa.Table]) -> None:
    rows = [row for row in derived["origin_odds"].to_pylist() if row["naive_excess_ratio"] is not None]
    assert rows
    assert all(row["naive_excess_low"] <= row["naive_excess_ratio"] <= row["naive_excess_high"] for row in rows)


def test_origin_odds_are_those_of_the_more_cautious_of_both_readings_of_the_chance_of_use(world: TrendTables) -> None:
    found = analyse_trend_partitions(partitioned(world))
    sets = [row for row in found.state["trend_choices"].to_pylist() if row["account"]]
    row = next(row for row in found.tables["origin_odds"].to_pylist() if (row["period"], row["tier"]) == ("all", "micro"))
    odds = [
        origin_odds(
            [
                ChoiceSet(
                    np.array(each["account"], dtype=np.uint64),
                    np.array(each["adopted"]),
                    np.array(each["log_rate"]),
                    np.array(each[opportunity]),
                    np.array(each["tier"]) == 0,
                    np.array(each["stands_for"]),
                )
                for each in sets
            ],
            OriginParameters(),
        )
        for opportunity in ("opportunity", "opportunity_by_tier")
    ]
    assert odds[0].p_value != odds[1].p_value
    assert row["p_value"] == pytest.approx(max(each.p_value for each in odds))
    assert row["odds_ratio"] == pytest.approx(max(odds, key=lambda each: each.p_value).odds_ratio)


def test_empty_input_gives_empty_precedence_and_abstaining_findings() -> None:
    empty = [
        pa.Table.from_pylist([], schema=schema)
        for schema in (contracts.INT_TREND_CANDIDATES, contracts.INT_TREND_ADOPTIONS, contracts.INT_TREND_TIMELINES)
    ]
    derived = analyse_trends(*empty)
    assert derived["trend_precedence"].num_rows == 0
    assert set(derived["precedence_findings"]["claim"].to_pylist()) == {"abstained"}
    assert set(derived["origin_odds"]["abstain_reason"].to_pylist()) == {"too_few_trends"}


def test_what_a_chance_was_found_from_is_told_by_cohort_with_the_trends_that_are_not_pooled() -> None:
    pair = ("micro", "media")
    profiles = pa.Table.from_pylist(
        [
            {
                "trend_key": key,
                "lead_class": "micro",
                "target_class": "media",
                "input_hash": key,
                "adoption_profile": [float(place)],
            }
            for place, key in enumerate("abcd")
        ],
        schema=contracts.STATE_TREND_ADOPTIONS,
    )
    found = {"lead_class": "micro", "target_class": "media", "adoption_lead": 0.5, "adoption_target": 0.5}
    chances = pa.Table.from_pylist(
        [
            found | {"unit_type": "sound", "period": "2026-07", "input_hash": "h7", "trend_keys": ["a", "b"]},
            found | {"unit_type": "sound", "period": "2026-08", "input_hash": "h8", "trend_keys": ["b", "d"]},
        ],
        schema=contracts.STATE_TREND_CHANCES,
    )
    evidence = ChanceEvidence(chances, profiles)
    july, august = ("sound", "2026-07"), ("sound", "2026-08")
    samples, others = evidence.samples(["b", "c", "x"], [july, august, ("link", "2026-08")], pair)
    assert others == 2
    assert [each.read.tolist() for each in samples] == [[0], [1]]
    assert [each.rows.tolist() for each in samples] == [[3, 0], [0, 4]]
    assert [each.profiles.ravel().tolist() for each in samples] == [[0.0, 1.0], [1.0, 3.0]]
    assert evidence.hash_of([july], pair) != evidence.hash_of([august], pair)
    assert evidence.samples(["x"], [("link", "2026-08")], pair) == ([], 0)
