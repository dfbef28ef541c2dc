"""Mainstream adoption: bounds of times, stories that count once, gates, the ladder of evidence, reuse. Rates of error are held on worlds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines.analysis import contracts
from pipelines.analysis.increments import Analysis, Partition
from pipelines.analysis.mainstream import MainstreamParameters, analyse_mainstream
from pipelines.analysis.mainstream_rows import Beside, MainstreamTables, RowParameters, beside, month_rows

BORN: Final = datetime(2026, 7, 10, 6, tzinfo=UTC)
PARAMETERS: Final = MainstreamParameters(smallest_shock_count=4, smallest_reaction_count=12)
Row = dict[str, Any]


def hours(count: float) -> datetime:
    return BORN + timedelta(hours=count)


def candidate(key: str, **values: Any) -> Row:
    return {
        "trend_key": key, "label": key, "born_at": BORN, "window_ends_at": BORN + timedelta(days=40), "adopter_count": 30,
        "is_left_censored": False, "is_in_use_before": False, "largest_day_share": 0.1,
    } | values  # fmt: skip


def adoption(key: str, account: int, at: float, **values: Any) -> Row:
    return {
        "trend_key": key, "account_key": f"a{account:03d}", "platform": ("bluesky", "mastodon")[account % 2], "actor_class": "creator",
        "tier": "micro_sub1k", "is_tier_imputed": False, "tier_at_birth": "micro_sub1k", "adopted_at": hours(at),
        "previous_post_at": hours(at - 2), "prior_post_count": 9, "prior_exposure_days": 30.0, "ts_quality": "exact",
    } | values  # fmt: skip


def item(key: str, number: int, at: float, **values: Any) -> Row:
    return {
        "trend_key": key, "item_key": f"{key}-i{number}", "outlet_id": f"outlet{number}.example", "outlet_class": "media", "published_low_at": hours(at),
        "published_high_at": hours(at), "seen_at": hours(at), "ts_quality": "exact", "matched_by": "title", "is_account_post": False,
        "syndication_key": f"{key}-s{number}", "credited_post_count": 0, "late_credit_count": 0, "born_month": date(2026, 7, 1),
    } | values  # fmt: skip


CREDIT: Final = {"credited_post_count": 1, "credited_post_key": "p1", "credited_account_key": "a001", "credited_at": hours(1)}


def tables(candidates: list[Row], adoptions: list[Row], items: list[Row], named: list[Row] | None = None) -> MainstreamTables:
    return MainstreamTables(
        pa.Table.from_pylist(candidates, schema=contracts.INT_TREND_CANDIDATES),
        pa.Table.from_pylist(adoptions, schema=contracts.INT_TREND_ADOPTIONS),
        pa.Table.from_pylist(items, schema=contracts.EXCHANGE["int_mainstream_matches"]),
        pa.Table.from_pylist(named or [], schema=contracts.EXCHANGE["int_mainstream_credits"]),
    )


def precedence(*keys: str, q_value: float = 0.01) -> pa.Table:
    row = {
        "lead_class": "micro",
        "target_class": "media",
        "lead_adopter_count": 9,
        "target_adopter_count": 9,
        "precedence_probability": 0.9,
    }
    row |= {"p_value": q_value, "q_value": q_value, "method_version": "v", "params_hash": "h"}
    return pa.Table.from_pylist([row | {"trend_key": key} for key in keys], schema=contracts.TREND_PRECEDENCE)


def known_insiders(*accounts: int) -> Beside:
    rows = pa.table({"account_key": [f"a{account:03d}" for account in accounts], "niche_id": ["moss"] * len(accounts)})
    return Beside({date(2026, 6, 1): rows, date(2026, 7, 1): rows}, {})


LINKED: Final = contracts.EXCHANGE["int_linked_accounts"]


def analysed(
    given: MainstreamTables,
    compared: pa.Table,
    around: Beside | None = None,
    linked: list[Row] | None = None,
    stored: dict[str, pa.Table] | None = None,
    content: str = "one",
    events: dict[str, str] | None = None,
) -> Analysis:
    return analyse_mainstream(
        {"2026-07": Partition(content, lambda: given)},
        compared,
        around or known_insiders(*range(20)),
        pa.Table.from_pylist(linked or [], schema=LINKED),
        events or {},
        PARAMETERS,
        stored,
    )


def rows_of(found: Analysis, target: str = "media") -> dict[str, Row]:
    return {row["trend_key"]: row for row in found.tables["mainstream_adoptions"].to_pylist() if row["target_class"] == target}


def planted(lag_hours: float = 240.0, seed: int = 1, *, shocks: int = 5) -> MainstreamTables:
    """One trend that outlets take up ``lag_hours`` after its birth, and shocks that they react to within two days or so."""
    rng = np.random.default_rng(seed)
    adoptions = [adoption("eco", account, float(at)) for account, at in enumerate(np.sort(rng.gamma(2.0, 24.0, 20)))]
    items = [item("eco", number, lag_hours + 6 * number) for number in range(6)]
    candidates = [candidate("eco")]
    for shock in range(shocks):
        key = f"shock{shock}"
        candidates.append(candidate(key, largest_day_share=0.7))
        adoptions += [adoption(key, account, 1.0 + account / 10) for account in range(20)]
        items += [item(key, number, float(rng.gamma(4.0, 10.0))) for number in range(6)]
    return tables(candidates, adoptions, items)


def test_a_trend_that_outlets_take_up_long_after_insiders_reaches_level_two_with_its_evidence() -> None:
    found = analysed(planted(), precedence("eco"))
    row = rows_of(found)["eco"]
    assert (row["evidence_level"], row["not_higher_reason"], row["abstain_reason"]) == (2, "no_explicit_credit", None)
    assert row["insider_adopter_count"] >= 2
    assert row["lag_excess_days"] == pytest.approx(row["lag_days"] - row["baseline_lag_days"])
    assert row["lag_days"] == pytest.approx(10.0)
    kinds = [each["evidence_kind"] for each in found.tables["ripple_evidence"].to_pylist() if each["trend_key"] == "eco"]
    assert {"first_item", "precedence", "excess_lag"} < set(kinds)
    assert kinds.count("insider_adopter") == 10
    (reaction,) = (row for row in found.tables["outlet_reactions"].to_pylist() if row["target_class"] == "media")
    assert (reaction["shock_count"], reaction["reaction_count"]) == (5, 30)
    assert reaction["reaction_low_days"] <= reaction["reaction_median_days"] <= reaction["reaction_high_days"]


def test_a_lag_that_a_reaction_explains_stays_at_level_one() -> None:
    row = rows_of(analysed(planted(lag_hours=70.0), precedence("eco")))["eco"]
    assert (row["evidence_level"], row["not_higher_reason"]) == (1, "lag_not_in_excess")


def test_without_enough_shocks_nothing_is_above_level_one() -> None:
    found = analysed(planted(shocks=3), precedence("eco"))
    row = rows_of(found)["eco"]
    assert (row["evidence_level"], row["not_higher_reason"]) == (1, "no_baseline")
    assert row["baseline_lag_days"] is None
    assert "too_few_shocks" in found.tables["outlet_reactions"]["abstain_reason"].to_pylist()


def test_precedence_that_is_not_shown_leaves_co_occurrence() -> None:
    assert rows_of(analysed(planted(), precedence("eco", q_value=0.2)))["eco"]["evidence_level"] == 0
    assert rows_of(analysed(planted(), precedence()))["eco"]["not_higher_reason"] == "precedence_not_tested"


def test_two_accounts_of_one_person_are_one_insider() -> None:
    linked = [{"account_key": f"a{account:03d}", "creator_key": "a000"} for account in range(2)]
    row = rows_of(analysed(planted(), precedence("eco"), known_insiders(0, 1), linked))["eco"]
    assert (row["insider_adopter_count"], row["evidence_level"], row["not_higher_reason"]) == (1, 1, "too_few_insiders")
    apart = rows_of(analysed(planted(), precedence("eco"), known_insiders(0, 1)))["eco"]
    assert (apart["insider_adopter_count"], apart["insider_platform_count"], apart["evidence_level"]) == (2, 2, 2)


def test_where_no_niche_was_looked_for_insiders_are_unknown_and_not_none() -> None:
    row = rows_of(analysed(planted(), precedence("eco"), Beside({}, {})))["eco"]
    assert (row["insider_adopter_count"], row["evidence_level"], row["not_higher_reason"]) == (None, 1, "insiders_unknown")


@pytest.mark.parametrize(
    ("gate", "reason"),
    [
        ({"is_left_censored": True}, "left_censored"),
        ({"is_in_use_before": True}, "in_use_before"),
        ({"largest_day_share": 0.4}, "shock"),
    ],
)
def test_a_gate_leaves_no_level_whatever_is_credited(gate: Row, reason: str) -> None:
    given = tables([candidate("eco", **gate)], [adoption("eco", 1, 1.0)], [item("eco", 1, 48.0, **CREDIT)])
    found = analysed(given, precedence("eco"))
    row = rows_of(found)["eco"]
    assert (row["evidence_level"], row["abstain_reason"]) == (None, reason)
    assert (row["lag_days"] is None) == (reason != "shock")
    assert found.tables["ripple_evidence"].num_rows == 0


def test_an_item_that_links_to_an_older_post_is_an_explicit_trace() -> None:
    given = tables([candidate("eco")], [adoption("eco", 1, 1.0)], [item("eco", 1, 48.0, **CREDIT), item("eco", 2, 60.0)])
    found = analysed(given, precedence())
    assert rows_of(found)["eco"]["evidence_level"] == 3
    (trace,) = (row for row in found.tables["ripple_evidence"].to_pylist() if row["evidence_level"] == 3)
    assert (trace["evidence_kind"], trace["account_key"], trace["post_key"]) == ("credited_post", "a001", "p1")
    assert trace["value"] == pytest.approx(47 / 24)


def test_a_link_whose_address_tells_the_author_alone_is_a_trace_too_and_a_newer_post_is_none() -> None:
    named = [{"trend_key": "eco", "item_key": "eco-i1", "account_key": "a001", "credited_at": hours(1)}]
    given = tables([candidate("eco")], [adoption("eco", 1, 1.0)], [item("eco", 1, 48.0)], named)
    found = analysed(given, precedence())
    assert rows_of(found)["eco"]["evidence_level"] == 3
    assert "credited_account" in found.tables["ripple_evidence"]["evidence_kind"].to_pylist()
    late = tables([candidate("eco")], [adoption("eco", 1, 1.0)], [item("eco", 1, 48.0, late_credit_count=1)])
    row = rows_of(analysed(late, precedence()))["eco"]
    assert (row["evidence_level"], row["late_credit_count"]) == (0, 1)


def test_who_was_credited_for_a_use_before_the_trend_is_not_named() -> None:
    given = tables([candidate("eco")], [adoption("eco", 1, 1.0)], [item("eco", 1, 48.0, **CREDIT | {"credited_at": hours(-5)})])
    (trace,) = (row for row in analysed(given, precedence()).tables["ripple_evidence"].to_pylist() if row["evidence_level"] == 3)
    assert (trace["account_key"], trace["post_key"]) == (None, None)


def test_outlets_before_the_birth_have_a_negative_lag_and_no_level_above_zero() -> None:
    given = tables([candidate("eco")], [adoption("eco", 1, 1.0)], [item("eco", 1, -48.0), item("eco", 2, 48.0, **CREDIT)])
    row = rows_of(analysed(given, precedence("eco")))["eco"]
    assert (row["evidence_level"], row["not_higher_reason"], row["lag_days"]) == (0, "outlets_first", -2.0)


def test_a_date_is_a_day_wide_and_a_time_of_collection_dates_nothing() -> None:
    dated = {"published_low_at": hours(42), "published_high_at": hours(66), "ts_quality": "date_only"}
    unknown = {"published_low_at": None, "published_high_at": None, "ts_quality": "collected"}
    given = tables(
        [candidate("eco")], [adoption("eco", 1, 1.0)], [item("eco", 1, 42.0, **dated), item("eco", 2, 10.0, **unknown)]
    )
    row = rows_of(analysed(given, precedence()))["eco"]
    assert (row["first_adopted_low_at"], row["first_adopted_high_at"]) == (hours(42), hours(66))
    assert (row["lag_days"], row["lag_low_days"], row["lag_high_days"]) == pytest.approx((54 / 24, 43.2 / 24, 64.8 / 24))
    assert (row["item_count"], row["undated_item_count"]) == (2, 1)
    alone = tables([candidate("eco")], [adoption("eco", 1, 1.0)], [item("eco", 2, 10.0, **unknown)])
    row = rows_of(analysed(alone, precedence()))["eco"]
    assert (row["evidence_level"], row["abstain_reason"], row["lag_days"]) == (None, "undated_items", None)


def test_a_story_counts_once_by_its_earliest_item() -> None:
    reprint = {"syndication_key": "eco-s1"}
    given = tables(
        [candidate("eco")],
        [adoption("eco", 1, 1.0)],
        [item("eco", 1, 50.0), item("eco", 2, 60.0, **reprint), item("eco", 3, 70.0)],
    )
    (media,) = (row for row in month_rows(given, Beside({}, {}), RowParameters()) if row["target_class"] == "media")
    assert (media["outlet_count"], media["syndication_group_count"], media["outlet_hours"]) == (3, 2, [50.0, 70.0])


def test_brands_and_media_are_kept_apart() -> None:
    given = tables(
        [candidate("eco")], [adoption("eco", 1, 1.0)], [item("eco", 1, 50.0), item("eco", 2, 20.0, outlet_class="brand")]
    )
    found = analysed(given, precedence())
    assert rows_of(found)["eco"]["lag_days"] == pytest.approx(50 / 24)
    assert rows_of(found, "brand")["eco"]["lag_days"] == pytest.approx(20 / 24)


def test_posts_that_were_missed_let_the_birth_lie_earlier() -> None:
    given = tables([candidate("eco")], [adoption("eco", n, 24.0 * n) for n in range(8)], [item("eco", 1, 240.0)])
    days = [date(2026, 7, day) for day in range(1, 31)]
    missing = {(platform, day): 0.5 for platform in ("bluesky", "mastodon") for day in days}
    whole = rows_of(analysed(given, precedence(), Beside({}, {})))["eco"]
    part = rows_of(analysed(given, precedence(), Beside({}, missing)))["eco"]
    assert whole["lag_high_days"] == pytest.approx(10.0)
    # One adopter a day was seen, half were not: the first one lay exp(1) days earlier with probability one half.
    assert part["lag_high_days"] == pytest.approx(10.0 + np.log(10), abs=1e-9)
    assert part["lag_days"] == whole["lag_days"]


def test_the_birth_is_covered_as_often_as_the_interval_says() -> None:
    rng = np.random.default_rng(6)
    covered = []
    for _ in range(2_000):
        times = np.cumsum(rng.exponential(1.0, 60))
        seen = times[rng.random(60) > 0.3]
        early = (seen[4] - seen[0]) / 4 * np.log(0.3 / 0.05)
        covered.append(seen[0] - early <= times[0])
    print(f"birth inside its bound in {np.mean(covered):.3f} of 2,000 trends with 30% loss, nominal 0.95 on this side")
    assert 0.92 <= np.mean(covered) <= 0.97


def test_reversed_time_keeps_no_level_two() -> None:
    given = planted()
    turn = 2 * int(BORN.timestamp() * 1e6) + 12 * 24 * 3_600_000_000

    def turned(table: pa.Table, *names: str) -> pa.Table:
        for name in names:
            place = table.schema.get_field_index(name)
            back = pc.subtract(pa.scalar(turn), table[name].cast(pa.int64())).cast(pa.timestamp("us", "UTC"))
            table = table.set_column(place, table.schema.field(name), back)
        return table

    adoptions = turned(given.adoptions, "adopted_at", "previous_post_at")
    matches = turned(given.matches, "published_low_at", "published_high_at", "seen_at")
    found = analysed(replace(given, adoptions=adoptions, matches=matches), precedence("eco"))
    assert all((row["evidence_level"] or 0) < 2 for row in found.tables["mainstream_adoptions"].to_pylist())
    assert rows_of(analysed(given, precedence("eco")))["eco"]["evidence_level"] == 2


def test_items_of_a_placebo_that_match_no_trend_find_nothing() -> None:
    given = planted()
    foreign = given.matches.filter(pc.starts_with(given.matches["trend_key"], "shock"))
    row = rows_of(analysed(replace(given, matches=foreign), precedence()))["eco"]
    assert (row["evidence_level"], row["abstain_reason"]) == (None, "no_items")


def test_an_item_that_only_a_newer_post_ties_to_the_trend_dates_nothing() -> None:
    late = item("eco", 1, 20.0, matched_by="link", late_credit_count=1)
    given = tables([candidate("eco")], [adoption("eco", 1, 1.0)], [late, item("eco", 2, 50.0)])
    row = rows_of(analysed(given, precedence()))["eco"]
    assert (row["lag_days"], row["item_count"], row["undated_item_count"]) == (pytest.approx(50 / 24), 2, 1)
    assert row["late_credit_count"] == 1


def many_planted(seed: int, trend_count: int = 20) -> MainstreamTables:
    """Trends whose births lie over two months, each taken up by outlets ten days later, and shocks of which outlets write at once."""
    parts = [planted(seed=seed)]
    rng = np.random.default_rng([seed, 5])
    for number in range(trend_count):
        key, born = f"t{number:02d}", float(rng.uniform(-500, 900))
        birth = {"born_at": hours(born), "window_ends_at": hours(born + 60 * 24)}
        adopted = born + np.sort(rng.gamma(2.0, 24.0, 20))
        items = [item(key, place, born + 240.0 + rng.gamma(2.0, 24.0), outlet_id=f"outlet{place}.example") for place in range(6)]
        adoptions = [adoption(key, account, float(at)) for account, at in enumerate(adopted)]
        parts.append(tables([candidate(key, **birth)], adoptions, items))
    return MainstreamTables(
        *(pa.concat_tables([getattr(part, name) for part in parts]) for name in ("candidates", "adoptions", "matches", "credits"))
    )


def subjects_dealt(given: MainstreamTables, rng: np.random.Generator) -> MainstreamTables:
    """Every outlet keeps the times of its items about trends; which trend each is about is dealt. What falls outside its look-out is no match."""
    born = {row["trend_key"]: row["born_at"] for row in given.candidates.to_pylist()}
    rows = given.matches.to_pylist()
    for outlet in sorted({row["outlet_id"] for row in rows}):
        own = [row for row in rows if row["outlet_id"] == outlet and not row["trend_key"].startswith("shock")]
        for row, key in zip(own, rng.permutation([row["trend_key"] for row in own]).tolist(), strict=True):
            row["trend_key"] = key
    kept = [row for row in rows if timedelta(days=-30) <= row["seen_at"] - born[row["trend_key"]] < timedelta(days=60)]
    return replace(given, matches=pa.Table.from_pylist(kept, schema=given.matches.schema))


def test_placebo_outlets_find_nothing_where_the_same_outlets_at_their_own_times_do() -> None:
    kept = {"own times": [0, 0], "dealt": [0, 0]}
    for seed in range(5):
        given = many_planted(seed)
        # The trend's own precedence is given as shown, so that the placebo alone decides.
        compared = precedence(*given.candidates["trend_key"].to_pylist())
        for name, one in (("own times", given), ("dealt", subjects_dealt(given, np.random.default_rng(seed)))):
            levels = [
                row["evidence_level"] for row in rows_of(analysed(one, compared)).values() if row["evidence_level"] is not None
            ]
            kept[name][0] += sum(level >= 2 for level in levels)
            kept[name][1] += len(levels)
    print({name: f"{high} of {count} at level 2 or more" for name, (high, count) in kept.items()})
    assert kept["own times"][0] >= 0.8 * kept["own times"][1]
    assert kept["dealt"][1] >= 80
    assert kept["dealt"][0] <= 0.05 * kept["dealt"][1]


def test_curves_of_survival_count_events_and_the_share_is_that_of_trends() -> None:
    given = many_planted(1)
    keys = sorted(given.candidates["trend_key"].to_pylist())
    alone = analysed(given, precedence(*keys)).tables["adoption_survival"].to_pylist()
    paired = {key: keys[place - place % 2] for place, key in enumerate(keys)}
    named = analysed(given, precedence(*keys), events=paired).tables["adoption_survival"].to_pylist()
    one, other = (
        [row for row in rows if (row["origin_class"], row["target_class"]) == ("all", "media")] for rows in (alone, named)
    )
    assert [row["survival"] for row in one] == [row["survival"] for row in other]
    assert one[0]["cluster_count"] > other[0]["cluster_count"] >= 5
    widths = [[row["survival_high"] - row["survival_low"] for row in rows] for rows in (one, other)]
    assert all(first <= second for first, second in zip(*widths, strict=True))


def test_the_order_of_rows_does_not_matter() -> None:
    given, rng = planted(), np.random.default_rng(3)

    def shuffled(table: pa.Table) -> pa.Table:
        return table.take(pa.array(rng.permutation(table.num_rows)))

    mixed = MainstreamTables(*(shuffled(table) for table in (given.candidates, given.adoptions, given.matches, given.credits)))
    one, other = analysed(given, precedence("eco")), analysed(mixed, precedence("eco"))
    for name, table in one.tables.items():
        assert table.equals(other.tables[name]), name


def test_an_unchanged_month_is_taken_from_state_and_a_changed_one_computed_anew() -> None:
    given = planted()
    first = analysed(given, precedence("eco"))
    again = analysed(given, precedence("eco"), stored=first.state)
    assert again.computed == {"mainstream_partitions": 0, "excess_tests": 0}
    assert all(table.equals(again.tables[name]) for name, table in first.tables.items())
    later = planted(lag_hours=300.0)
    changed = analysed(later, precedence("eco"), stored=first.state, content="two")
    assert changed.computed["mainstream_partitions"] == 1
    assert all(
        table.equals(changed.tables[name]) for name, table in analysed(later, precedence("eco"), content="two").tables.items()
    )


def test_insiders_and_missing_posts_come_from_their_tables() -> None:
    insiders = pa.table({
        "month": pa.array([date(2026, 7, 1)] * 2 + [date(2026, 8, 1)], pa.date32()), "account_key": ["a", "b", "c"], "niche_id": ["moss", "moss", "clay"],
        "is_insider": pa.array([True, None, False]),
    })  # fmt: skip
    days = pa.table({
        "platform": ["bluesky", "bluesky"], "event_day": pa.array([date(2026, 7, 1), date(2026, 7, 2)], pa.date32()), "coverage_ratio": [0.8, None],
    })  # fmt: skip
    found = beside(insiders, days)
    assert found.niches_of(date(2026, 7, 1)) == {"a": ["moss"]}
    assert found.niches_of(date(2026, 8, 1)) == {}
    assert found.niches_of(date(2026, 9, 1)) is None
    assert found.missing == pytest.approx({("bluesky", date(2026, 7, 1)): 0.2})
    assert set(found.insider_hashes) == {date(2026, 7, 1), date(2026, 8, 1)}
