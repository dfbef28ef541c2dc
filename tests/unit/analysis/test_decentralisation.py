"""Decentralisation over planted months: growth of the collection is no trend, a planted trend is one, and what is not known is not told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from pipelines.analysis.concentration import gini
from pipelines.analysis.contracts import NICHE_ASSIGNMENTS
from pipelines.analysis.decentralisation import (
    DecentralisationParameters,
    analyse_decentralisation,
    measure_decentralisation,
)
from pipelines.analysis.decentralisation_contracts import (
    DECENTRALISATION_MONTHS,
    DECENTRALISATION_TRENDS,
    INT_ACCOUNT_ATTENTION_MONTHS,
    INT_COVERAGE_MONTHS,
)
from pipelines.analysis.increments import Partition

Floats = NDArray[np.float64]
QUICK = DecentralisationParameters(bootstrap_count=60)
MONTHS = [date(2026, month, 1) for month in range(1, 9)]
Row = dict[str, Any]


def month_rows(
    month: date, posts: Floats, platform: str = "x", names: list[str] | None = None, got: Floats | None = None
) -> list[Row]:
    """Accounts with so many posts in a month, each of which gets one like, or so many."""
    rows = []
    for account, count in enumerate(posts.astype(int).tolist()):
        if count:
            each = 1.0 if got is None else float(got[account])
            rows.append({
                "month": month, "platform": platform, "account_key": names[account] if names else f"{platform}{account:04d}",
                "tier": ("micro_sub1k", "micro_1k_10k", "mid", None)[account % 4], "own_post_count": count, "engagement_post_count": count,
                "engagement_count": int(count * each), "engagement_square_sum": count * each**2, "view_post_count": 0,
                "repost_received_count": 0, "repost_received_square_sum": 0.0,
            })  # fmt: skip
    return rows


def attention(rows: list[Row]) -> pa.Table:
    """Rows as the exchange model."""
    return pa.Table.from_pylist(rows, schema=INT_ACCOUNT_ATTENTION_MONTHS)


def covered(platforms: tuple[str, ...] = ("x",), days: Callable[[str, date], int] = lambda _, __: 30) -> pa.Table:
    """Coverage of all months."""
    rows = [
        {"platform": platform, "month": month, "day_count": 30, "covered_day_count": days(platform, month)}
        for platform in platforms
        for month in MONTHS
    ]
    return pa.Table.from_pylist(rows, schema=INT_COVERAGE_MONTHS)


NO_NICHES = NICHE_ASSIGNMENTS.empty_table()


def measured(rows: list[Row], coverage: pa.Table | None = None, niches: pa.Table = NO_NICHES) -> tuple[list[Row], list[Row]]:
    """Months and trends."""
    tables = measure_decentralisation(attention(rows), niches, covered() if coverage is None else coverage, QUICK)
    return tables["decentralisation_months"].to_pylist(), tables["decentralisation_trends"].to_pylist()


def only(rows: list[Row], **values: Any) -> list[Row]:
    """Rows with these values."""
    return [row for row in rows if all(row[name] == value for name, value in values.items())]


def trend(rows: list[Row], **values: Any) -> Row:
    """The one trend with these values; by default of a platform's posts in the fixed panel."""
    wanted = {"platform": "x", "niche_id": "*", "resource": "posts", "panel": "fixed"} | values
    (found,) = only(rows, **wanted)
    return found


def test_five_hundred_creators_are_as_concentrated_at_a_hundred_posts_as_at_ten_thousand() -> None:
    generator = np.random.default_rng(1)
    shares = generator.lognormal(0.0, 1.5, 500)
    shares /= shares.sum()
    truth = float((shares**2).sum())
    found: dict[int, Floats] = {}
    for events in (100, 1_000, 10_000):
        draws = []
        for _ in range(20):
            posts = generator.multinomial(events, shares).astype(np.float64)
            row = only(measured(month_rows(MONTHS[0], posts))[0], platform="x", resource="posts")[0]
            naive = float(((posts / events) ** 2).sum())
            draws.append([row["gini"], naive / truth, row["hhi_unbiased"] / truth])
        found[events] = np.mean(draws, axis=0)
    print(
        "events: naive Gini, naive HHI over truth, ours over truth", {events: values.round(3) for events, values in found.items()}
    )
    assert abs(found[100][0] - found[10_000][0]) > 0.2
    assert found[100][1] > 1.5
    assert all(0.85 < values[2] < 1.15 for values in found.values())


def test_a_growing_collection_is_no_decentralisation_in_the_fixed_panel() -> None:
    claims, open_slopes, naive = [], [], []
    for seed in range(40):
        generator = np.random.default_rng(seed)
        rates = generator.lognormal(1.0, 1.0, 160)
        begins = np.where(np.arange(160) < 60, 0, generator.integers(0, len(MONTHS), 160))
        rows, ginis = [], []
        for place, month in enumerate(MONTHS):
            posts = generator.poisson(rates * generator.gamma(2, 0.5, 160) * (begins <= place)).astype(np.float64)
            rows += month_rows(month, posts)
            ginis.append(gini(posts.astype(np.int64)))
        trends = measured(rows)[1]
        claims.append(trend(trends)["direction"])
        open_slopes.append(trend(trends, panel="open")["hill_2_slope"])
        naive.append(ginis[-1] - ginis[0])
        assert trend(trends, panel="open")["direction"] == "abstained"
    wrong = sum(claim != "none" for claim in claims)
    print(
        f"growing collection: {wrong} of 40 claim a trend in the fixed panel; open slope of log hill_2 {np.mean(open_slopes):.3f} a month"
    )
    assert wrong <= 5
    assert np.mean(open_slopes) > 0.05


def drifting(generator: np.random.Generator, spreads: Floats) -> list[Row]:
    """Months in which the same accounts post ever more or less equally."""
    talent = generator.normal(size=120)
    return [
        row
        for month, spread in zip(MONTHS, spreads, strict=True)
        for row in month_rows(month, generator.poisson(12 * np.exp(spread * talent - spread**2 / 2)).astype(np.float64))
    ]


@pytest.mark.parametrize(("spreads", "word"), [((1.3, 0.4), "decentralising"), ((0.4, 1.3), "concentrating")])
def test_a_planted_trend_is_claimed(spreads: tuple[float, float], word: str) -> None:
    said = [
        trend(measured(drifting(np.random.default_rng(seed), np.linspace(*spreads, len(MONTHS))))[1])["direction"]
        for seed in range(20)
    ]
    print(f"{word}: claimed in {said.count(word)} of 20")
    assert said.count(word) >= 18


def test_the_fixed_panel_holds_who_published_before_and_after_the_months_that_are_measured() -> None:
    everyone = np.full(60, 5.0)
    rows = []
    for place, month in enumerate(MONTHS):
        posts = everyone.copy()
        posts[:10] = 5.0 * (place > 0)  # came later
        posts[10:20] = 5.0 * (place < len(MONTHS) - 1)  # left
        posts[20] = 5.0 * (place in (0, len(MONTHS) - 1))  # was silent between
        rows += month_rows(month, posts)
    months, trends = measured(rows)
    fixed = only(months, platform="x", resource="posts", panel="fixed")
    assert [row["month"] for row in fixed] == MONTHS[1:-1]
    assert {(row["panel_month"], row["account_count"]) for row in fixed} == {(MONTHS[0], 39)}
    assert trend(trends)["panel_account_count"] == 40
    assert (trend(trends)["month_count"], trend(trends)["direction"]) == (6, "none")


def test_a_month_that_was_not_covered_is_null_with_its_reason_and_no_part_of_a_trend() -> None:
    rows = drifting(np.random.default_rng(2), np.full(len(MONTHS), 0.7))
    gap = MONTHS[3]
    months, trends = measured(rows, covered(days=lambda _, month: 14 if month == gap else 15))
    (row,) = only(months, platform="x", resource="posts", month=gap, panel="open")
    assert (row["abstain_reason"], row["hhi_unbiased"], row["gini"], row["micro_share"]) == ("coverage", None, None, None)
    assert row["account_count"] > 0
    assert only(months, month=gap, panel="fixed") == []
    assert trend(trends)["month_count"] == 5
    nothing, none = measured(rows, covered(platforms=("y",)))
    assert {row["abstain_reason"] for row in nothing} == {"coverage"}
    assert {row["abstain_reason"] for row in none} == {"too_few_months"}


def test_small_cells_abstain_with_their_reason() -> None:
    few = month_rows(MONTHS[0], np.full(19, 90.0))
    assert {row["abstain_reason"] for row in measured(few)[0]} == {"too_few_accounts"}
    quiet = month_rows(MONTHS[0], np.full(33, 3.0))
    assert {row["abstain_reason"] for row in measured(quiet)[0]} == {"too_few_events"}
    # A single post with all the likes is one event, however many they are.
    viral = month_rows(MONTHS[0], np.full(200, 1.0), got=np.where(np.arange(200) == 7, 1e6, 1.0))
    reasons = {row["resource"]: row["abstain_reason"] for row in measured(viral)[0] if row["platform"] == "x"}
    assert reasons == {"posts": None, "engagement": "too_few_events"}


def test_platforms_are_pooled_for_posts_only_and_a_small_new_one_does_not_hide_the_others() -> None:
    rows = month_rows(MONTHS[0], np.full(100, 9.0)) + month_rows(MONTHS[0], np.full(25, 5.0), "y")
    months = measured(rows, covered(("x", "y"), lambda platform, _: 30 if platform == "x" else 3))[0]
    assert {row["resource"] for row in only(months, platform="*")} == {"posts"}
    (pooled,) = only(months, platform="*")
    assert pooled["covered_day_ratio"] == pytest.approx((900 + 125 * 0.1) / 1025)
    assert pooled["account_count"] == 125
    assert {row["abstain_reason"] for row in only(months, platform="y")} == {"coverage"}


def niches_of(rows: list[Row], niche: Callable[[Row], str | None]) -> pa.Table:
    """Assignments of the accounts of the rows."""
    found = [
        {
            "month": row["month"], "platform": row["platform"], "account_key": row["account_key"], "niche_id": niche(row),
            "unassigned_reason": None if niche(row) else "too_small", "method_version": "v", "params_hash": "h",
        }
        for row in rows
    ]  # fmt: skip
    return pa.Table.from_pylist(
        found, schema=pa.schema([field.with_nullable(nullable=True) for field in NICHE_ASSIGNMENTS])
    ).cast(NICHE_ASSIGNMENTS)


def test_an_account_is_in_the_niche_of_the_month_and_in_a_fixed_panel_in_that_of_the_month_before() -> None:
    rows = [row for month in MONTHS[:4] for row in month_rows(month, np.full(80, 5.0))]
    moved = niches_of(rows, lambda row: "early" if row["month"] == MONTHS[0] and row["account_key"] < "x0040" else "late")
    months, _ = measured(rows, niches=moved)
    counts = {
        (row["month"], row["niche_id"], row["panel"]): row["account_count"]
        for row in only(months, platform="x", resource="posts")
        if row["niche_id"] != "*"
    }
    assert counts[MONTHS[0], "early", "open"] == 40
    assert (MONTHS[1], "early", "open") not in counts
    assert counts[MONTHS[1], "late", "open"] == 80
    assert counts[MONTHS[1], "early", "fixed"] == counts[MONTHS[2], "late", "fixed"] == 40


def test_micro_accounts_have_their_share_of_what_accounts_of_a_known_size_have() -> None:
    posts = np.array([2.0, 4.0, 6.0, 8.0] * 30)
    (row,) = only(measured(month_rows(MONTHS[0], posts))[0], platform="x", resource="posts")
    assert (row["micro_event_count"], row["tiered_event_count"], row["micro_share"]) == (180, 360, 0.5)
    assert row["micro_share_low"] < 0.5 < row["micro_share_high"]
    assert row["theil_total"] == pytest.approx(row["theil_within_tiers"] + row["theil_between_tiers"])
    assert row["hill_2_low"] < row["hill_2"] < row["hill_2_high"]
    assert row["entropy_normalised"] == pytest.approx(np.log(row["hill_1"]) / np.log(row["rarefied_to_count"]))


def test_the_order_of_rows_changes_nothing_and_the_tables_have_their_schemas() -> None:
    generator = np.random.default_rng(3)
    table = attention(drifting(generator, np.full(len(MONTHS), 0.7)))
    niches = niches_of(table.to_pylist(), lambda row: "a" if row["account_key"] < "x0060" else None)
    shuffled = table.take(generator.permutation(table.num_rows)), niches.take(generator.permutation(niches.num_rows))
    one, other = measure_decentralisation(table, niches, covered(), QUICK), measure_decentralisation(*shuffled, covered(), QUICK)
    assert all(one[name].equals(other[name]) for name in one)
    assert one["decentralisation_months"].schema == DECENTRALISATION_MONTHS
    assert one["decentralisation_trends"].schema == DECENTRALISATION_TRENDS


def test_a_month_that_did_not_change_is_not_loaded_and_the_outcome_is_that_of_computing_all() -> None:
    rows = drifting(np.random.default_rng(4), np.full(len(MONTHS), 0.7))
    table = attention(rows)
    loaded: list[date] = []

    def partitions(changed: dict[date, str]) -> dict[date, Partition[pa.Table]]:
        def load(month: date) -> pa.Table:
            loaded.append(month)
            return attention([row for row in rows if row["month"] == month])

        return {month: Partition(changed.get(month, "same"), partial(load, month)) for month in MONTHS}

    parameters = DecentralisationParameters(bootstrap_count=40, window_month_count=4)
    first = analyse_decentralisation(partitions({}), NO_NICHES, covered(), {}, parameters)
    assert sorted(loaded) == MONTHS
    loaded.clear()
    again = analyse_decentralisation(partitions({}), NO_NICHES, covered(), {}, parameters, stored=first.state)
    assert loaded == []
    old = analyse_decentralisation(partitions({MONTHS[0]: "new"}), NO_NICHES, covered(), {}, parameters, stored=first.state)
    assert loaded == MONTHS[:1]
    assert (old.computed["decentralisation_months"], old.computed["decentralisation_windows"]) == (1, 0)
    loaded.clear()
    recent = analyse_decentralisation(partitions({MONTHS[-1]: "new"}), NO_NICHES, covered(), {}, parameters, stored=first.state)
    assert sorted(loaded) == MONTHS[-6:]
    for other in (again, old, recent):
        assert all(other.tables[name].equals(first.tables[name]) for name in first.tables)
    niche = analyse_decentralisation(partitions({}), NO_NICHES, covered(), {MONTHS[0]: "other"}, parameters, stored=first.state)
    assert niche.computed["decentralisation_months"] == 1
    whole = measure_decentralisation(table, NO_NICHES, covered(), parameters)
    assert all(whole[name].equals(first.tables[name]) for name in whole)
