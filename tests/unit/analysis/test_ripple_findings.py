"""Pooled claims: all trends as before, populations by leaving trends out, niches as groups, both p-values, nothing computed twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines.analysis import contracts
from pipelines.analysis.increments import Analysis
from pipelines.analysis.niche_precedence import NichePairParameters, analyse_niche_pairs, month_before_period, relabelled
from pipelines.analysis.ripple_findings import EVERYONE, WITHOUT_ASTROTURF, WITHOUT_AUTOMATION, WITHOUT_COORDINATION, pool_ripples
from pipelines.analysis.trend_rows import TrendTables, partitioned
from pipelines.analysis.trends import analyse_trend_partitions
from tests.bench.robustness import NULL, Group, drawn
from tests.unit.analysis.test_origins import BORN, adoption, shuffled

TREND_COUNT = 12
MONTHS = {date(2026, 6, 1): "june"}


def worlds_tables(lead_hours: float, seed: int = 3) -> TrendTables:
    """Trends of arrays as exchange tables: the lead group micro and of niche moss on bluesky, the target group macro and of clay on x."""
    trends = drawn(replace(NULL, trend_count=TREND_COUNT, lead_count=30, lead_hours=lead_hours), seed)
    candidates: list[dict[str, Any]] = []
    adopted: list[dict[str, Any]] = []
    posted: list[dict[str, Any]] = []
    born = np.datetime64(BORN.replace(tzinfo=None), "us")

    def moment(hours: float) -> Any:
        return (born + np.timedelta64(int(hours * 3_600_000_000), "us")).astype(object)

    for number, pair in enumerate(trends):
        key = f"{number:032x}"
        first = min(float(group.adopted.min()) for group in pair)
        for side, group in enumerate(pair):
            _append(key, side, group, first, moment, adopted, posted)
        candidates.append(
            {
                "trend_key": key,
                "label": f"t{number}",
                "born_at": moment(first),
                "window_ends_at": moment(first + 1400),
                "adopter_count": 80,
            }
            | {
                "unit_type": "hashtag",
                "is_left_censored": False,
                "is_in_use_before": False,
                "largest_day_share": 0.2,
            }
        )
    names = ("int_trend_candidates", "int_trend_adoptions", "int_trend_timelines")
    return TrendTables(
        *(
            pa.Table.from_pylist(rows, schema=contracts.EXCHANGE[name])
            for name, rows in zip(names, (candidates, adopted, posted), strict=True)
        )
    )


def _append(
    key: str, side: int, group: Group, first: float, moment: Any, adopted: list[dict[str, Any]], posted: list[dict[str, Any]]
) -> None:
    seen = set()
    for row in range(group.adopted.size):
        account = f"{int(group.account[row]):032x}"
        if account in seen:
            continue
        seen.add(account)
        at = float(group.adopted[row])
        values = adoption(account, 0.0, trend_key=key, adopted_at=moment(at), previous_post_at=moment(float(group.previous[row])))
        values |= {"tier_at_birth": ("micro_sub1k", "macro")[side], "platform": ("bluesky", "x")[side]}
        adopted.append(values | {"prior_post_count": int(group.prior_posts[row])})
        posted += [
            {"trend_key": key, "account_key": account, "published_at": moment(float(post)), "has_trend": post == at}
            for post in group.posts[row]
            if post >= first
        ]


def assigned(tables: TrendTables) -> pa.Table:
    """Niche of each account in June: that of its platform."""
    pairs = sorted(set(zip(tables.adoptions["account_key"].to_pylist(), tables.adoptions["platform"].to_pylist(), strict=True)))
    rows = [
        {
            "month": date(2026, 6, 1),
            "platform": platform,
            "account_key": account,
            "niche_id": {"bluesky": "moss", "x": "clay"}[platform],
        }
        | {"method_version": "v", "params_hash": "h"}
        for account, platform in pairs
    ]
    return pa.Table.from_pylist(rows, schema=contracts.NICHE_ASSIGNMENTS)


def flags(paid: set[int] = frozenset(), suspected: set[int] = frozenset()) -> pa.Table:  # type: ignore[assignment] # only read
    rows = [
        {
            "trend_key": f"{number:032x}",
            "is_astroturf": number in paid,
            "first_adopter_count": 50,
            "suspected_first_count": 11 if number in suspected else 10,
        }
        for number in range(TREND_COUNT)
    ]
    return pa.Table.from_pylist(rows, schema=contracts.EXCHANGE["int_trend_flags"])


@pytest.fixture(scope="module")
def led() -> tuple[Analysis, Analysis]:
    tables = worlds_tables(48.0)
    return analyse_trend_partitions(partitioned(tables)), analyse_niche_pairs(partitioned(tables), assigned(tables), MONTHS)


def rows_of(found: Analysis, unit_type: str = "hashtag") -> dict[tuple[str, ...], Mapping[str, Any]]:
    names = ("population", "period", "comparison_kind", "lead_group", "target_group")
    rows = [row for row in found.tables["ripple_findings"].to_pylist() if row["unit_type"] == unit_type]
    return {tuple(row[name] for name in names): row for row in rows}


def test_findings_of_all_trends_are_those_of_the_trends_themselves(led: tuple[Analysis, Analysis]) -> None:
    trends, pairs = led
    rows = rows_of(pool_ripples(trends.state, pairs.state, flags()))
    for finding in trends.tables["precedence_findings"].to_pylist():
        kind = "tier" if finding["lead_class"] == "micro" else "platform"
        row = rows[EVERYONE, finding["period"], kind, finding["lead_class"], finding["target_class"]]
        assert all(row[name] == finding[name] for name in ("claim", "precedence_probability", "shift_hours", "trend_count"))
        assert (row["p_value"] is None) == (row["claim"] == "abstained") == (row["abstain_reason"] is not None)
    lead = rows[EVERYONE, "all", "tier", "micro", "large_creators"]
    assert lead["claim"] == "lead_first"
    assert lead["p_value"] == lead["timeline_p_value"]
    assert lead["use_chance_p_value"] > 0.05
    assert lead["q_value"] >= lead["p_value"]
    assert lead["naive_lead_hours"] is not None


def test_a_niche_that_leads_is_claimed_by_the_same_two_estimators(led: tuple[Analysis, Analysis]) -> None:
    row = rows_of(pool_ripples(led[0].state, led[1].state, flags()))[EVERYONE, "all", "niche", "clay", "moss"]
    # By name clay is asked to lead; moss is two days earlier.
    assert row["claim"] == "target_first"
    assert row["shift_hours"] < -24
    assert row["precedence_probability"] < 0.5
    # Niches share their level, and both estimators must be as sure as that.
    assert row["p_value"] >= max(row["kernel_p_value"], row["timeline_p_value"])


def test_a_population_is_all_trends_but_those_under_suspicion(led: tuple[Analysis, Analysis]) -> None:
    found = pool_ripples(led[0].state, led[1].state, flags(paid={0, 1}, suspected=set(range(5))))
    rows = rows_of(found)
    tier = ("all", "tier", "micro", "large_creators")
    assert [rows[population, *tier]["trend_count"] for population in (EVERYONE, WITHOUT_ASTROTURF, WITHOUT_AUTOMATION)] == [
        12,
        10,
        7,
    ]
    assert [rows[population, *tier]["left_out_count"] for population in (EVERYONE, WITHOUT_ASTROTURF, WITHOUT_AUTOMATION)] == [
        0,
        2,
        5,
    ]
    few = rows[WITHOUT_AUTOMATION, *tier]
    assert (few["claim"], few["abstain_reason"], few["precedence_probability"]) == ("abstained", "too_few_trends", None)
    assert rows[WITHOUT_ASTROTURF, *tier]["precedence_probability"] != rows[EVERYONE, *tier]["precedence_probability"]


def test_trends_that_began_together_are_left_out_of_a_population_of_their_own(led: tuple[Analysis, Analysis]) -> None:
    rows = rows_of(pool_ripples(led[0].state, led[1].state, flags(), coordinated=[f"{number:032x}" for number in (0, 1, 2)]))
    tier = ("all", "tier", "micro", "large_creators")
    assert rows[WITHOUT_COORDINATION, *tier]["trend_count"] == 9
    assert rows[WITHOUT_COORDINATION, *tier]["left_out_count"] == 3
    assert rows[WITHOUT_ASTROTURF, *tier]["left_out_count"] == 0


def test_pools_that_are_stored_are_taken_again_and_give_the_same_table(led: tuple[Analysis, Analysis]) -> None:
    marked = flags(paid={0, 1})
    first = pool_ripples(led[0].state, led[1].state, marked)
    again = pool_ripples(led[0].state, led[1].state, marked.take(np.arange(TREND_COUNT)[::-1].copy()), stored=first.state)
    assert again.tables["ripple_findings"].equals(first.tables["ripple_findings"])
    assert again.state["ripple_pools"].num_rows == first.state["ripple_pools"].num_rows


def test_niches_are_those_of_the_month_before_and_small_ones_are_left_out() -> None:
    tables = worlds_tables(0.0)
    months = assigned(tables)
    alone = months.filter(pc.equal(months["niche_id"], "moss"))
    assert relabelled(tables, None, NichePairParameters()).adoptions.num_rows == 0
    assert relabelled(tables, alone, NichePairParameters()).candidates.num_rows == 0
    both = relabelled(tables, months, NichePairParameters())
    assert set(both.adoptions["platform"].to_pylist()) == {"moss", "clay"}
    assert both.adoptions["tier_at_birth"].null_count == both.adoptions.num_rows
    assert month_before_period("2026-01") == date(2025, 12, 1)


def test_shuffled_rows_and_stored_months_give_the_same_pairs_of_niches() -> None:
    tables = worlds_tables(0.0)
    first = analyse_niche_pairs(partitioned(tables), assigned(tables), MONTHS)
    again = analyse_niche_pairs(partitioned(shuffled(tables, 5)), assigned(tables), MONTHS, stored=first.state)
    assert again.computed == {"niche_pairs": 0}
    assert all(
        table.equals(again.state[name]) for name, table in first.state.items() if name.endswith(("comparisons", "findings"))
    )
    anew = analyse_niche_pairs(partitioned(shuffled(tables, 6)), assigned(tables), MONTHS)
    assert anew.state["niche_pair_findings"].equals(first.state["niche_pair_findings"])


def test_nothing_gives_rows_that_abstain() -> None:
    nothing = analyse_trend_partitions({})
    pairs = analyse_niche_pairs({}, contracts.NICHE_ASSIGNMENTS.empty_table(), {})
    table = pool_ripples(nothing.state, pairs.state, contracts.EXCHANGE["int_trend_flags"].empty_table()).tables[
        "ripple_findings"
    ]
    assert set(table["claim"].to_pylist()) == {"abstained"}
    assert table.num_rows == 12  # three targets for each population


def test_another_type_of_unit_has_findings_of_its_own_and_hashtags_are_as_they_were_without_it() -> None:
    tables = worlds_tables(48.0)
    count = tables.candidates.num_rows
    renamed = {
        name: pc.utf8_replace_slice(getattr(tables, name)["trend_key"], 0, 1, "f")
        for name in ("candidates", "adoptions", "timelines")
    }
    sounds = {name: _with(getattr(tables, name), "trend_key", keys) for name, keys in renamed.items()}
    sounds["candidates"] = _with(sounds["candidates"], "unit_type", pa.array(["sound"] * count))
    both = TrendTables(*(pa.concat_tables([getattr(tables, name), sounds[name]]) for name in renamed))
    alone, joined = (pooled_of(each) for each in (tables, both))
    hashtags, others = rows_of(joined), rows_of(joined, "sound")
    assert hashtags == rows_of(alone)
    assert others.keys() == hashtags.keys()
    same = ("claim", "trend_count", "comparison_kind")
    assert {key: [row[name] for name in same] for key, row in others.items()} == {
        key: [row[name] for name in same] for key, row in hashtags.items()
    }


def _with(table: pa.Table, name: str, values: Any) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), table.schema.field(name), values)


def pooled_of(tables: TrendTables) -> Analysis:
    trends = analyse_trend_partitions(partitioned(tables))
    pairs = analyse_niche_pairs(partitioned(tables), assigned(tables), MONTHS)
    return pool_ripples(trends.state, pairs.state, flags())
