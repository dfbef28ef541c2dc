"""Parents, cascades and flows: who is credited, what the trees are, and that chance is not taken for influence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.analysis.cascade_contracts import INT_TREND_ADOPTER_CONTACTS, INT_TREND_CONTACTS
from pipelines.analysis.cascade_flows import FlowParameters
from pipelines.analysis.cascade_months import CascadeMonthParameters, CascadeTables, analyse_cascades
from pipelines.analysis.cascades import CascadeParameters
from pipelines.analysis.contracts import INT_TREND_ADOPTIONS, INT_TREND_CANDIDATES, INT_TREND_TIMELINES, NICHE_ASSIGNMENTS
from pipelines.analysis.increments import Analysis, Partition
from pipelines.analysis.mainstream_contracts import INT_MAINSTREAM_MATCHES
from pipelines.analysis.trend_rows import TrendTables

_BORN = datetime(2026, 8, 1, tzinfo=UTC)
_MONTH = date(2026, 8, 1)
_QUICK = CascadeMonthParameters(FlowParameters(shuffle_count=39))
Tie = tuple[str, str, str]


def _at(hours: float) -> datetime:
    return _BORN + timedelta(hours=hours)


def _tables(
    adopted: dict[str, float], ties: Sequence[Tie], *, trend: str = "u", tiers: dict[str, str] | None = None, known: int | None = None,
    quality: str = "exact", is_left_censored: bool = False, again: dict[str, float] | None = None, rates: dict[str, int] | None = None,
) -> CascadeTables:  # fmt: skip
    """One trend: hours of adoption by account, and ties (adopter, contact, evidence); of the first ``known`` adopters a contact is known."""
    candidate = {
        "trend_key": trend, "label": trend, "born_at": _BORN, "window_ends_at": _at(24 * 60), "adopter_count": len(adopted),
        "earlier_adopter_count": 0, "is_left_censored": is_left_censored, "is_in_use_before": False, "largest_day_share": 0.1,
    }  # fmt: skip
    adoptions = [
        {
            "trend_key": trend, "account_key": account, "platform": "bluesky", "actor_class": "creator",
            "tier": (tiers or {}).get(account, "micro_sub1k"), "is_tier_imputed": False, "tier_at_birth": "micro_sub1k", "adopted_at": _at(hours),
            "prior_post_count": (rates or {}).get(account, 10), "prior_exposure_days": 30.0, "ts_quality": quality, "born_month": _MONTH,
        }
        for account, hours in adopted.items()
    ]  # fmt: skip
    uses = [*adopted.items(), *(again or {}).items()]
    timelines = [
        {"trend_key": trend, "account_key": account, "published_at": _at(hours), "has_trend": True, "born_month": _MONTH}
        for account, hours in uses
    ]
    contacts = [
        {"trend_key": trend, "account_key": one, "contact_account_key": other, "evidence": evidence, "contact_count": 1}
        | {"traced_at": None if evidence in ("follow", "interaction") else _at(adopted[other]), "born_month": _MONTH}
        for one, other, evidence in ties
    ]
    counted = [
        {
            "trend_key": trend,
            "account_key": account,
            "followed_account_count": int(("follow") in {tie[2] for tie in ties if tie[0] == account}),
        }
        | {"interacted_account_count": 1, "born_month": _MONTH}
        for account in list(adopted)[:known]
    ]

    def rows(found: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
        return pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in found], schema)

    trends = TrendTables(
        rows([candidate], INT_TREND_CANDIDATES), rows(adoptions, INT_TREND_ADOPTIONS), rows(timelines, INT_TREND_TIMELINES)
    )
    return CascadeTables(trends, rows(contacts, INT_TREND_CONTACTS), rows(counted, INT_TREND_ADOPTER_CONTACTS))


def _joined(parts: Sequence[CascadeTables]) -> CascadeTables:
    def stack(tables: list[pa.Table]) -> pa.Table:
        return pa.concat_tables(tables)

    trends = TrendTables(
        *(stack([getattr(part.trends, name) for part in parts]) for name in ("candidates", "adoptions", "timelines"))
    )
    return CascadeTables(trends, stack([part.contacts for part in parts]), stack([part.adopter_contacts for part in parts]))


def _analysed(
    tables: CascadeTables, parameters: CascadeMonthParameters = _QUICK, stored: dict[str, pa.Table] | None = None
) -> Analysis:
    return analyse_cascades({_MONTH: Partition("one", lambda: tables)}, NICHE_ASSIGNMENTS.empty_table(), {}, parameters, stored)


def _parents(tables: CascadeTables) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for row in _analysed(tables).tables["trend_parents"].to_pylist():
        found.setdefault(row["account_key"], {})[row["parent_account_key"]] = row["weight"]
    return found


def test_credit_falls_with_time_and_is_shared_out_whole() -> None:
    parents = _parents(_tables({"a": 0, "b": 72, "c": 144}, [("c", "a", "follow"), ("c", "b", "follow")]))
    assert parents["c"] == {"a": pytest.approx(np.exp(-1) / (1 + np.exp(-1))), "b": pytest.approx(1 / (1 + np.exp(-1)))}
    assert set(parents) == {"c"}


def test_whom_the_adoption_names_gets_all_of_the_credit() -> None:
    parents = _parents(_tables({"a": 0, "b": 70, "c": 72}, [("c", "a", "credit"), ("c", "b", "follow")]))
    assert parents == {"c": {"a": 1.0}}


def test_a_contact_that_had_it_more_than_a_week_ago_is_no_parent_unless_it_used_it_again() -> None:
    adopted: dict[str, float] = {"a": 0, "b": 200}
    ties = [("b", "a", "follow")]
    assert _parents(_tables(adopted, ties)) == {}
    assert _parents(_tables(adopted, ties, again={"a": 150})) == {"b": {"a": 1.0}}


def test_interactions_count_only_where_no_follow_of_the_adopter_is_known() -> None:
    adopted: dict[str, float] = {"a": 0, "b": 10, "c": 20}
    assert _parents(_tables(adopted, [("c", "a", "interaction"), ("c", "b", "follow")])) == {"c": {"b": 1.0}}
    assert _parents(_tables(adopted, [("c", "a", "interaction")])) == {"c": {"a": 1.0}}


def test_who_adopted_later_is_no_parent_however_it_is_tied() -> None:
    assert _parents(_tables({"a": 10, "b": 0}, [("b", "a", "follow"), ("b", "a", "credit")])) == {}


def test_of_dates_alone_a_parent_is_surely_of_an_earlier_day() -> None:
    ties = [("b", "a", "follow")]
    assert _parents(_tables({"a": 0, "b": 0}, ties, quality="date_only")) == {}
    assert _parents(_tables({"a": 0, "b": 24}, ties, quality="date_only")) == {"b": {"a": 1.0}}


def test_at_most_ten_parents_share_an_adoption() -> None:
    adopted = {f"p{number:02d}": float(number) for number in range(15)} | {"z": 20.0}
    parents = _parents(_tables(adopted, [("z", f"p{number:02d}", "follow") for number in range(15)]))
    assert sorted(parents["z"]) == [f"p{number:02d}" for number in range(5, 15)]
    assert sum(parents["z"].values()) == pytest.approx(1)


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_parents_never_make_a_circle_and_credit_sums_to_one(data: st.DataObject) -> None:
    names = [f"a{number}" for number in range(8)]
    adopted = {name: float(data.draw(st.integers(0, 100))) for name in names}
    pairs = data.draw(st.lists(st.sampled_from([(one, other) for one in names for other in names if one != other]), unique=True))
    kinds = ["follow", "interaction", "credit", "reply", "like"]
    ties = [(one, other, data.draw(st.sampled_from(kinds))) for one, other in pairs]
    rows = _analysed(_tables(adopted, ties, quality=data.draw(st.sampled_from(["exact", "date_only"])))).tables["trend_parents"]
    total: dict[str, float] = {}
    for row in rows.to_pylist():
        assert adopted[row["parent_account_key"]] < adopted[row["account_key"]]
        total[row["account_key"]] = total.get(row["account_key"], 0.0) + row["weight"]
    assert all(value == pytest.approx(1, abs=1e-6) for value in total.values())


def _cascade(tables: CascadeTables) -> dict[str, Any]:
    return dict(_analysed(tables).tables["trend_cascades"].to_pylist()[0])


def test_a_broadcast_to_eleven_is_a_star() -> None:
    adopted = {"a": 0.0} | {f"f{number:02d}": 1.0 + number for number in range(11)}
    tiers = {"a": "macro"}
    row = _cascade(_tables(adopted, [(name, "a", "follow") for name in adopted if name != "a"], tiers=tiers))
    assert (row["tree_count"], row["largest_size_count"], row["largest_depth"], row["largest_breadth_count"]) == (1, 12, 1, 11)
    assert row["structural_virality"] == pytest.approx(2 - 2 / 12)
    assert row["largest_broadcast_share"] == 1.0
    assert row["reproduction_large"] == 11.0
    assert row["reproduction_micro"] == 0.0
    assert row["reproduction_brand"] is None


def test_virality_is_not_told_of_a_tree_of_nine() -> None:
    adopted = {"a": 0.0} | {f"f{number:02d}": 1.0 + number for number in range(8)}
    row = _cascade(_tables(adopted, [(name, "a", "follow") for name in adopted if name != "a"]))
    assert row["largest_size_count"] == 9
    assert row["structural_virality"] is None


@pytest.mark.parametrize(
    ("options", "reason"),
    [({"known": 0}, "no_contacts"), ({"known": 1}, "coverage"), ({"is_left_censored": True}, "left_censored")],
)
def test_without_contacts_there_is_no_tree_and_a_reason(options: dict[str, Any], reason: str) -> None:
    row = _cascade(_tables({"a": 0, "b": 10, "c": 20}, [], **options))
    assert row["null_reason"] == reason
    assert row["tree_count"] is None


def _world(seed: int, *, carries: bool, trend_count: int = 12, account_count: int = 100, name_count: int = 1) -> CascadeTables:
    """Trends among accounts that follow each other at random: along the ties, or by a common wave; prolific accounts are early in both.

    Every other account takes up a trend, under each of its names in the same hour.
    """
    rng = np.random.default_rng(seed)
    names = np.array([f"a{number:03d}" for number in range(account_count)])
    is_small = np.arange(account_count) % 4 > 0
    tier = dict(zip(names.tolist(), np.where(is_small, "micro_1k_10k", "macro").tolist(), strict=True))
    rate = rng.lognormal(0, 1, account_count)
    popular = np.where(is_small, 1.0, 4.0) * rate**0.5
    follows = [rng.choice(account_count, 16, replace=False, p=popular / popular.sum()) for _ in range(account_count)]
    parts = []
    for trend in range(trend_count):
        takes_up = set(rng.choice(account_count, account_count // 2, replace=False).tolist())
        wave = rng.gamma(2, 48, account_count) + rng.exponential(24 / rate)
        hours = wave.copy()
        if carries:
            hours = np.full(account_count, np.inf)
            for one in (one for one in np.argsort(wave).tolist() if one in takes_up):
                sources = [
                    hours[other] + rng.exponential(8)
                    for other in follows[one].tolist()
                    if other != one and np.isfinite(hours[other])
                ]
                hours[one] = min([wave[one], *(source for source in sources if source < wave[one])])
        adopted = {str(names[one]): float(hours[one]) for one in sorted(takes_up)}
        ties = [
            (str(names[one]), str(names[other]), "follow")
            for one in sorted(takes_up)
            for other in follows[one].tolist()
            if other != one and other in takes_up
        ]
        rates = {str(name): round(30 * value) for name, value in zip(names, rate, strict=True)}
        parts += [
            _tables(adopted, ties, trend=f"t{trend:02d}{name or ''}", tiers=tier, rates=rates) for name in range(name_count)
        ]
    return _joined(parts)


def _claims(tables: CascadeTables) -> list[dict[str, Any]]:
    rows = _analysed(tables, CascadeMonthParameters(FlowParameters(shuffle_count=99))).tables["ripple_flows"].to_pylist()
    return [row for row in rows if row["claim"] == "beyond_null"]


@pytest.mark.slow
def test_a_common_wave_is_not_taken_for_flows_and_ties_that_carry_are() -> None:
    null = [bool(_claims(_world(seed, carries=False))) for seed in range(20)]
    planted = [
        any((row["from_group"], row["to_group"]) == ("micro", "micro") for row in _claims(_world(seed, carries=True)))
        for seed in range(5)
    ]
    print(
        f"flows: claims in {sum(null)} of {len(null)} null worlds; micro to micro found in {sum(planted)} of {len(planted)} planted worlds"
    )
    assert sum(null) <= 3
    assert sum(planted) >= 4


def test_names_of_one_event_are_one_flow_and_all_of_them_have_their_parents() -> None:
    once, thrice = (_analysed(_world(3, carries=True, name_count=count)).tables for count in (1, 3))
    assert thrice["ripple_flows"].equals(once["ripple_flows"])
    assert {
        row["trend_count"] for row in once["ripple_flows"].to_pylist() if row["group_kind"] == "tier" and row["tie_count"]
    } == {12}
    assert thrice["trend_parents"].num_rows == 3 * once["trend_parents"].num_rows
    assert thrice["trend_cascades"].num_rows == 36


def test_credit_goes_along_ties_from_creators_to_the_accounts_of_brands_and_media() -> None:
    chain = ["a", "b", "c", "d"]
    ties = [(later, earlier, "follow") for earlier, later in pairwise(chain)]
    tables = _tables(dict(zip(chain, (0.0, 10.0, 20.0, 30.0), strict=True)), ties, tiers={"b": "macro", "c": "mid", "d": "mid"})
    adoptions = tables.trends.adoptions
    classes = pa.array(["creator", "creator", "brand", "media"])
    assert adoptions["account_key"].to_pylist() == chain
    adoptions = adoptions.set_column(
        adoptions.schema.get_field_index("actor_class"), adoptions.schema.field("actor_class"), classes
    )
    tables = replace(tables, trends=replace(tables.trends, adoptions=adoptions))
    credited = {
        (row["from_group"], row["to_group"]): row["credited_count"]
        for row in _analysed(tables).tables["ripple_flows"].to_pylist()
        if row["group_kind"] == "tier" and row["method"] == "edges" and row["credited_count"]
    }
    assert credited == {("micro", "large"): 1.0, ("large", "brand"): 1.0, ("brand", "media"): 1.0}


def test_stories_that_link_to_adopters_are_flows_of_their_own_and_change_no_other_row() -> None:
    adopted = {f"a{number:02d}": float(number) for number in range(8)}
    tables = _tables(adopted, [("a07", "a00", "follow")])
    stories = [
        {
            "trend_key": "u", "item_key": f"i{number}", "outlet_id": f"o{number}", "outlet_class": "media", "published_low_at": _at(48 + number),
            "published_high_at": _at(48 + number), "seen_at": _at(48 + number), "ts_quality": "exact", "matched_by": "link", "is_account_post": False,
            "syndication_key": f"s{number}", "credited_post_count": 1, "late_credit_count": 0, "credited_post_key": f"p{number}",
            "credited_account_key": f"a{number:02d}", "credited_at": _at(float(number)), "born_month": _MONTH,
        }
        for number in range(3)
    ]  # fmt: skip
    linked = replace(tables, matches=pa.Table.from_pylist(stories, INT_MAINSTREAM_MATCHES))
    before, after = (_analysed(each).tables["ripple_flows"].to_pylist() for each in (tables, linked))
    assert [row for row in after if row["method"] != "credits"] == before
    (row,) = (row for row in after if row["method"] == "credits" and row["group_kind"] == "tier")
    assert (row["from_group"], row["to_group"], row["tie_count"], row["credited_count"]) == ("micro", "media", 3, 3.0)
    assert (row["to_adopter_count"], row["credited_per_adopter"], row["null_reason"]) == (3, 3 / 8, "too_few_credits")


def test_a_pair_of_groups_without_ties_says_so() -> None:
    tables = _tables({"a": 0, "b": 10}, [("b", "a", "follow")], tiers={"a": "macro"})
    rows = {
        (row["from_group"], row["to_group"]): row
        for row in _analysed(tables).tables["ripple_flows"].to_pylist()
        if row["group_kind"] == "tier" and row["method"] == "edges"
    }
    assert rows["micro", "large"]["null_reason"] == "no_ties"
    assert rows["micro", "large"]["credited_count"] is None
    assert rows["large", "micro"]["null_reason"] == "too_few_ties"
    assert rows["large", "micro"]["credited_count"] == 1.0


def test_shuffled_rows_and_a_second_night_give_the_same_tables() -> None:
    tables = _world(3, carries=True, trend_count=3)
    first = _analysed(tables)
    rng = np.random.default_rng(0)

    def shuffled(table: pa.Table) -> pa.Table:
        return table.take(pa.array(rng.permutation(table.num_rows)))

    again = CascadeTables(
        TrendTables(*(shuffled(getattr(tables.trends, name)) for name in ("candidates", "adoptions", "timelines"))),
        shuffled(tables.contacts), shuffled(tables.adopter_contacts),
    )  # fmt: skip
    assert _analysed(again).tables == first.tables
    second = _analysed(tables, stored=first.state)
    assert second.tables == first.tables
    assert second.computed == {"cascade_months": 0}


def test_the_models_know_the_same_window_as_the_parameters() -> None:
    import yaml

    from pipelines.settings import DBT_PROJECT

    declared = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text())["vars"]
    assert declared["parent_window_days"] == CascadeParameters().parent_window_days
