"""What set a trend off, its season and its coordination: planted kinds are told apart, null kinds are left alone, order does not matter."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.analysis.burst_contracts import TREND_BURSTS
from pipelines.analysis.contracts import INT_TREND_ADOPTIONS, INT_TREND_CANDIDATES, NICHE_ASSIGNMENTS
from pipelines.analysis.coordination import CoordinationParameters, densest_window
from pipelines.analysis.increments import Partition, digest
from pipelines.analysis.trend_shapes import CalendarEvent, ShapeParameters, ShapeTables, analyse_shapes, season
from pipelines.nightly.analyses import read_calendar

BORN = datetime(2026, 7, 10, 9, tzinfo=UTC)
PARAMETERS = ShapeParameters()
COORDINATION = CoordinationParameters()
HALLOWEEN = CalendarEvent("halloween", date(2026, 10, 24), date(2026, 11, 1), ("halloween", "spooky"))


def _candidate(key: str, **more: Any) -> dict[str, Any]:
    return {
        "trend_key": key, "label": f"tag{key}", "born_at": BORN, "window_ends_at": BORN + timedelta(days=60), "adopter_count": 100,
        "is_left_censored": False, "is_in_use_before": False, "largest_day_share": 0.1, **more,
    }  # fmt: skip


def _adoptions(key: str, hours: np.ndarray, **more: Any) -> list[dict[str, Any]]:
    return [
        {
            "trend_key": key, "account_key": f"{key}-{place:04d}", "platform": "x", "actor_class": "creator", "tier": "micro", "adopted_at": BORN + timedelta(hours=float(hour)),
            "prior_post_count": 20, "prior_exposure_days": 30.0, "ts_quality": "exact", **more,
        }
        for place, hour in enumerate(hours)
    ]  # fmt: skip


def _tables(kinds: dict[str, list[dict[str, Any]]], **candidate: Any) -> ShapeTables:
    return ShapeTables(
        pa.Table.from_pylist([_candidate(key, **candidate) for key in kinds], INT_TREND_CANDIDATES),
        pa.Table.from_pylist([row for rows in kinds.values() for row in rows], INT_TREND_ADOPTIONS),
    )


def _told(
    tables: ShapeTables, niches: pa.Table | None = None, stored: dict[str, pa.Table] | None = None
) -> dict[str, dict[str, Any]]:
    found = _analysed(tables, niches, stored)
    return {row["trend_key"]: row for row in found.tables["trend_shapes"].to_pylist()}


def _analysed(tables: ShapeTables, niches: pa.Table | None = None, stored: dict[str, pa.Table] | None = None) -> Any:
    partitions = {"2026-07": Partition(digest(tables.candidates.num_rows, tables.adoptions.num_rows), lambda: tables)}
    return analyse_shapes(
        partitions, NICHE_ASSIGNMENTS.empty_table() if niches is None else niches, {}, TREND_BURSTS.empty_table(), [], date(2026, 6, 1), stored=stored
    )  # fmt: skip


def _kinds(seed: int = 1, count: int = 300) -> dict[str, list[dict[str, Any]]]:
    rng = np.random.default_rng(seed)
    wave = np.sort(rng.gamma(2.0, 36.0, count) + rng.exponential(24.0, count))
    slow = np.sort(rng.gamma(3.0, 160.0, count))
    large = np.concatenate([np.sort(rng.uniform(0, 40, 30)), 60 + wave])
    tiers = ["macro"] * 30 + ["micro"] * count
    return {
        "a-wave": _adoptions("a-wave", wave),
        "b-slow": _adoptions("b-slow", slow),
        "c-shock": _adoptions("c-shock", np.sort(rng.exponential(2.0, count) + rng.exponential(2.5, count))),
        "d-bots": _adoptions("d-bots", np.sort(np.concatenate([rng.uniform(0, 1, 40), wave]))),
        "e-paid": _adoptions("e-paid", np.sort(np.concatenate([rng.uniform(0, 10, 14), 72 + wave]))),
        "f-large": [row | {"tier": tier} for row, tier in zip(_adoptions("f-large", large), tiers, strict=True)],
        "g-press": _adoptions("g-press", wave + 5)
        + [row | {"account_key": f"outlet{row['account_key']}", "actor_class": "media", "platform": "feeds"} for row in _adoptions("g-press", np.arange(3.0))],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("a-wave", ("exogenous", "common_wave")), ("b-slow", ("endogenous", "slow_growth")), ("c-shock", ("exogenous", "one_day")),
        ("d-bots", ("mixed", "coordinated_start")), ("e-paid", ("mixed", "paused_start")), ("f-large", ("endogenous", "large_creators_first")),
        ("g-press", ("exogenous", "outlets_first")),
    ],
)  # fmt: skip
def test_what_set_a_trend_off_is_told_by_how_it_began(kind: str, told: tuple[str, str]) -> None:
    row = _told(_tables(_kinds()))[kind]
    assert (row["exogeneity_class"], row["exogeneity_reason"]) == told


def test_only_the_bots_are_coordinated_where_an_even_rate_takes_the_shock_for_it_too() -> None:
    rows = _told(_tables(_kinds()))
    assert [key for key, row in rows.items() if row["is_coordinated"]] == ["d-bots"]
    assert {"c-shock", "d-bots"} <= {key for key, row in rows.items() if row["naive_is_coordinated"]}


def test_a_niche_that_begins_speaks_for_growth_from_inside() -> None:
    hours = np.sort(np.random.default_rng(2).gamma(3.0, 100.0, 200))
    tables = _tables({"k": _adoptions("k", hours)})
    accounts = [row["account_key"] for row in _adoptions("k", hours)]

    def niches(names: list[str]) -> pa.Table:
        rows = [
            {
                "month": date(2026, 6, 1),
                "platform": "x",
                "account_key": account,
                "niche_id": name,
                "method_version": "v",
                "params_hash": "h",
            }
            for account, name in zip(accounts, names, strict=True)
        ]
        return pa.Table.from_pylist(rows, NICHE_ASSIGNMENTS)

    together = _told(tables, niches(["moss"] * 20 + [f"n{place % 10}" for place in range(180)]))["k"]
    apart = _told(tables, niches([f"n{place % 10}" for place in range(200)]))["k"]
    assert together["early_niche_ratio"] > 5
    assert apart["early_niche_ratio"] < 1.4
    assert together["exogeneity_class"] == "endogenous" or together["peak_day_share"] > PARAMETERS.slow_peak_share
    assert apart["exogeneity_class"] == (
        "endogenous" if apart["half_adoption_days"] >= PARAMETERS.slow_half_days else "exogenous"
    )


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        ({"is_left_censored": True}, "left_censored"),
        ({"is_in_use_before": True}, "in_use_before"),
        ({"window_ends_at": BORN + timedelta(days=9)}, "too_short"),
    ],
)
def test_a_trend_without_a_beginning_is_unknown(candidate: dict[str, Any], reason: str) -> None:
    row = _told(_tables({"a-wave": _kinds()["a-wave"]}, **candidate))["a-wave"]
    assert (row["exogeneity_class"], row["exogeneity_reason"]) == ("unknown", reason)
    assert row["peak_day_share"] is row["is_coordinated"] is None


def test_too_few_adopters_with_a_time_are_unknown() -> None:
    rows = [row | {"ts_quality": "collected"} for row in _kinds()["a-wave"][19:]] + _kinds()["a-wave"][:19]
    assert _told(_tables({"a-wave": rows}))["a-wave"]["exogeneity_reason"] == "too_few_adopters"


def test_shuffled_rows_give_the_same_table_and_stored_months_are_taken_again() -> None:
    tables = _tables(_kinds())
    order = pa.array(np.random.default_rng(4).permutation(tables.adoptions.num_rows))
    shuffled = ShapeTables(tables.candidates, tables.adoptions.take(order))
    first = _analysed(tables)
    assert _analysed(shuffled).tables["trend_shapes"].equals(first.tables["trend_shapes"])
    again = _analysed(tables, stored=first.state)
    assert again.computed == {"shape_months": 0}
    assert again.tables["trend_shapes"].equals(first.tables["trend_shapes"])


# ---- coordination ----


def _wave_windows(worlds: int, law: str) -> int:
    """Worlds in which a wave without coordination is called coordinated at p <= 0.01."""
    claimed = 0
    for seed in range(worlds):
        rng = np.random.default_rng([seed, 7])
        count = int(rng.integers(50, 600))
        rates = np.exp(rng.normal(-0.5, 1.0, count))
        wait = rng.exponential(24.0 / rates)
        hours = {
            "wave": rng.gamma(2.0, 36.0, count) + wait,
            "shock": rng.exponential(2.0, count) + np.minimum(wait, rng.exponential(2.5, count)),
        }[law]
        window = densest_window(hours, rng.poisson(30 * rates).astype(float), np.full(count, 30.0), COORDINATION)
        claimed += window is not None and window.count >= COORDINATION.smallest_count and window.p_value <= 0.01
    return claimed


@pytest.mark.parametrize("law", ["wave", "shock"])
def test_of_two_hundred_waves_and_shocks_none_is_coordinated(law: str) -> None:
    claimed = _wave_windows(200, law)
    print(f"{law}: {claimed} of 200 claimed at p <= .01; 95% bound {1 - 0.05 ** (1 / 200):.3f} for none")
    assert claimed == 0


@settings(max_examples=30, deadline=None)
@given(st.integers(24, 60), st.integers(0, 2**32 - 1))
def test_bots_within_an_hour_before_a_wave_are_found(bots: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    hours = np.concatenate([rng.uniform(0, 0.9, bots), 3 + rng.gamma(2.0, 36.0, 300)])
    posts = np.concatenate([np.full(bots, 100.0), np.full(300, 20.0)])
    window = densest_window(hours, posts, np.full(hours.size, 30.0), COORDINATION)
    assert window is not None
    assert window.count >= bots
    assert window.p_value < 0.01


def test_accounts_that_post_all_the_time_are_not_coordinated_by_it() -> None:
    hours = np.concatenate([np.linspace(0, 0.9, 12), np.linspace(30, 300, 60)])
    posts = np.concatenate([np.full(12, 30.0 * 24 * 4), np.full(60, 20.0)])
    window = densest_window(hours, posts, np.full(hours.size, 30.0), COORDINATION)
    assert window is not None
    assert window.p_value > 0.5


# ---- seasons ----


def test_a_burst_of_the_same_tag_a_year_before_recurs() -> None:
    found = season("moss", date(2026, 7, 4), [date(2025, 7, 6), date(2026, 7, 4)], [], date(2024, 1, 1), PARAMETERS)
    assert (found["seasonality_class"], found["year_before_peak_on"]) == ("recurring", date(2025, 7, 6))


def test_a_tag_that_names_a_recurring_day_near_it_is_of_the_calendar_and_another_is_not() -> None:
    near, far = date(2026, 10, 28), date(2026, 7, 4)
    assert season("halloweencostume", near, [], [HALLOWEEN], None, PARAMETERS)["seasonality_class"] == "calendar"
    assert season("halloweencostume", far, [], [HALLOWEEN], None, PARAMETERS)["seasonality_class"] == "unknown"
    assert season("moss", near, [], [HALLOWEEN], None, PARAMETERS)["seasonality_class"] == "unknown"


def test_without_a_year_of_data_nothing_is_said_and_with_it_no_season_is_none() -> None:
    peak = date(2026, 7, 4)
    assert season("moss", peak, [], [], date(2026, 1, 1), PARAMETERS)["seasonality_reason"] == "less_than_a_year"
    assert season("moss", peak, [], [], date(2025, 1, 1), PARAMETERS)["seasonality_class"] == "none"
    assert season("moss", None, [], [], date(2025, 1, 1), PARAMETERS)["seasonality_reason"] == "no_peak"


def test_the_calendar_of_the_house_is_read() -> None:
    calendar = read_calendar()
    assert any(each.is_about("spookyseason") and each.starts_on <= date(2026, 10, 31) <= each.ends_on for each in calendar)
    assert not any(each.is_about("brideandgroom") for each in calendar)
