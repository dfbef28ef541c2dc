"""Months of disclosure and parasocial indicators: cells, correction, pairs, what is held back, and that order and reuse change nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipelines.analysis import contracts
from pipelines.analysis.ethics_contracts import INDICATORS, INT_DISCLOSURE_MONTHS, INT_PARASOCIAL_MONTHS
from pipelines.analysis.ethics_months import (
    EthicsParameters,
    EthicsTables,
    analyse_ethics_months,
    disclosure_rows,
    parasocial_rows,
)
from pipelines.analysis.increments import Partition
from pipelines.analysis.prevalence import Accuracy

MONTH = date(2026, 8, 1)
PARAMETERS = EthicsParameters()
PERFECT = Accuracy(10_000, 0, 10_000, 0)
NICHES = contracts.DERIVED["niche_assignments"]


def account(number: int, **values: Any) -> dict[str, Any]:
    """A row of int_disclosure_months."""
    row: dict[str, Any] = dict.fromkeys(INT_DISCLOSURE_MONTHS.names, 0)
    return (
        row
        | {
            "month": MONTH,
            "platform": "x",
            "account_key": f"a{number:03d}",
            "tier": "mid",
            "ruleset": "ftc_2023",
            "post_count": 10,
        }
        | values
    )


def table(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows in their schema."""
    return pa.Table.from_pylist(rows, INT_DISCLOSURE_MONTHS)


def assigned(niche_of: dict[int, str]) -> pa.Table:
    """niche_assignments of accounts of x."""
    rows = [
        {
            "month": MONTH,
            "platform": "x",
            "account_key": f"a{number:03d}",
            "niche_id": niche,
            "method_version": "1",
            "params_hash": "1",
        }
        for number, niche in niche_of.items()
    ]
    return pa.Table.from_pylist(rows, NICHES)


def cell(rows: list[dict[str, Any]], **key: str) -> dict[str, Any]:
    """The row of one cell, totals where nothing is said."""
    wanted = {"platform": "*", "tier": "*", "niche_id": "*", "ruleset": "ftc_2023"} | key
    return next(row for row in rows if all(row[name] == value for name, value in wanted.items()))


MIXED = [
    account(n, clear_text_count=1, label_count=1, ambiguous_count=2, flagged_count=1, placed_count=3, before_fold_count=2)
    for n in range(20)
]


def test_rates_are_of_commercial_posts_and_add_up_to_one() -> None:
    found = cell(disclosure_rows(table(MIXED), assigned({}), PERFECT, PARAMETERS))
    assert (found["account_count"], found["post_count"], found["clear_count"], found["ambiguous_count"]) == (20, 200, 40, 40)
    assert found["undisclosed_estimate_count"] == pytest.approx(20)
    assert found["commercial_estimate_count"] == pytest.approx(100)
    assert [found[name] for name in ("clear_rate", "ambiguous_rate", "undisclosed_rate")] == pytest.approx([0.4, 0.4, 0.2])
    assert found["before_fold_share"] == pytest.approx(2 / 3)
    assert found["label_share"] == 0.5
    assert found["clear_low"] < 0.4 < found["clear_high"]
    assert found["undisclosed_low"] < 0.2 < found["undisclosed_high"]


def test_a_classifier_that_misses_half_doubles_the_undisclosed() -> None:
    found = cell(disclosure_rows(table(MIXED), assigned({}), Accuracy(500, 500, 10_000, 0), PARAMETERS))
    assert found["undisclosed_estimate_count"] == pytest.approx(40)
    assert found["naive_undisclosed_rate"] == pytest.approx(0.2)
    assert found["undisclosed_rate"] == pytest.approx(1 / 3)


def test_without_a_measured_classifier_counts_are_told_and_rates_are_not() -> None:
    found = cell(disclosure_rows(table(MIXED), assigned({}), None, PARAMETERS))
    assert (found["clear_count"], found["clear_rate"], found["null_reason"]) == (40, None, "no_accuracy")


@pytest.mark.parametrize("accuracy", [Accuracy(50, 50, 50, 50), Accuracy(2, 3, 4, 1)])
def test_a_classifier_that_is_no_better_than_chance_gives_no_rate_and_says_why(accuracy: Accuracy) -> None:
    found = cell(disclosure_rows(table(MIXED), assigned({}), accuracy, PARAMETERS))
    assert (found["clear_count"], found["flagged_count"], found["null_reason"]) == (40, 20, "weak_classifier")
    assert [found[name] for name in ("clear_rate", "undisclosed_rate", "undisclosed_low", "commercial_estimate_count")] == [
        None
    ] * 4


def test_a_cell_whose_interval_covers_everything_gives_no_rate_and_says_why() -> None:
    few = [account(n, flagged_count=int(n < 3), post_count=1) for n in range(11)]
    weak = Accuracy(12, 28, 36, 4)
    assert weak.is_usable
    found = cell(disclosure_rows(table(few), assigned({}), weak, PARAMETERS))
    assert (found["flagged_count"], found["undisclosed_rate"], found["null_reason"]) == (3, None, "weak_classifier")
    assert (found["undisclosed_low"], found["undisclosed_high"]) == (None, None)
    assert cell(disclosure_rows(table(few), assigned({}), PERFECT, PARAMETERS)).get("null_reason") is None


def test_a_cell_without_commercial_posts_has_no_rate_and_says_why() -> None:
    found = cell(disclosure_rows(table([account(n) for n in range(20)]), assigned({}), PERFECT, PARAMETERS))
    assert (found["clear_count"], found["clear_rate"], found["null_reason"]) == (0, None, "no_commercial_posts")


def test_a_cell_of_nine_accounts_is_held_back_with_what_would_tell_of_it() -> None:
    rows = (
        [account(n, tier="mega") for n in range(9)]
        + [account(n, tier="mid") for n in range(20, 40)]
        + [account(n, tier="macro") for n in range(40, 52)]
    )
    found = disclosure_rows(table(rows), assigned({}), PERFECT, PARAMETERS)
    small = cell(found, tier="mega")
    assert small["is_suppressed"]
    assert set(small) == {"platform", "tier", "niche_id", "ruleset", "is_suppressed", "null_reason"}
    assert cell(found, tier="macro")["is_suppressed"]
    assert not cell(found, tier="mid")["is_suppressed"]
    assert not cell(found)["is_suppressed"]


def test_an_account_that_grows_counts_once_in_the_total() -> None:
    rows = [account(n, tier=tier) for n in range(20) for tier in ("mid", "macro")]
    found = disclosure_rows(table(rows), assigned({}), PERFECT, PARAMETERS)
    assert [cell(found, tier=tier)["account_count"] for tier in ("mid", "macro", "*")] == [20, 20, 20]


def test_niches_are_told_over_all_platforms_and_tiers() -> None:
    found = disclosure_rows(table(MIXED), assigned(dict.fromkeys(range(10), "moss")), PERFECT, PARAMETERS)
    assert cell(found, niche_id="moss")["account_count"] == cell(found, niche_id="none")["account_count"] == 10
    assert {(row["platform"], row["tier"]) for row in found if row["niche_id"] != "*"} == {("*", "*")}


def test_small_cells_are_drawn_to_the_others() -> None:
    rows = [account(n, tier=tier, clear_text_count=5, ambiguous_count=5) for tier, n in (("mid", n) for n in range(40))]
    rows += [account(n, tier="macro", clear_text_count=int(n == 50), post_count=1) for n in range(50, 62)]
    found = disclosure_rows(table(rows), assigned({}), PERFECT, PARAMETERS)
    assert cell(found, tier="macro")["clear_rate"] == 1.0
    assert cell(found, tier="macro")["clear_rate_shrunk"] < 1.0
    assert cell(found, tier="mid")["clear_rate_shrunk"] == pytest.approx(0.5, abs=0.02)


def engaged(ratio: float, cost: float, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Creators whose commercial posts get a planted share of the engagement of their others."""
    rows = []
    for number in range(60):
        rate = float(rng.lognormal(-3, 1))
        noise = rng.lognormal(0, 0.2, 3)
        rates = {"organic": rate, "undisclosed": rate * ratio, "disclosed": rate * ratio * (1 - cost)}
        engagement = {
            f"{kind}_engagement_count": int(10_000_000 * value * extra)
            for (kind, value), extra in zip(rates.items(), noise, strict=True)
        }
        rows.append(account(number, **engagement, **{f"{kind}_follower_count": 10_000_000 for kind in rates}))
    return rows


def test_the_planted_cost_of_disclosure_is_found_within_creators() -> None:
    rng, rounds = np.random.default_rng(1), 60
    holds = {"paid": 0, "cost": 0}
    for _ in range(rounds):
        found = cell(disclosure_rows(table(engaged(0.8, 0.25, rng)), assigned({}), PERFECT, PARAMETERS))
        # Commercial posts of both kinds together get the mean of both rates.
        holds["paid"] += found["paid_engagement_low"] <= 0.8 * 0.875 <= found["paid_engagement_high"]
        holds["cost"] += found["engagement_cost_low"] <= 0.25 <= found["engagement_cost_high"]
    print({name: count / rounds for name, count in holds.items()})
    assert min(holds.values()) / rounds >= 0.8


def test_no_cost_is_claimed_more_often_than_its_interval_allows() -> None:
    rng, rounds = np.random.default_rng(2), 100
    false = 0
    for _ in range(rounds):
        found = cell(disclosure_rows(table(engaged(1.0, 0.0, rng)), assigned({}), PERFECT, PARAMETERS))
        false += not found["engagement_cost_low"] <= 0 <= found["engagement_cost_high"]
    print(f"false {false / rounds}")
    assert false / rounds <= 0.17


def test_below_ten_pairs_nothing_is_compared() -> None:
    rows = engaged(0.8, 0.25, np.random.default_rng(3))[:9] + [account(n) for n in range(100, 120)]
    found = cell(disclosure_rows(table(rows), assigned({}), PERFECT, PARAMETERS))
    assert (found["disclosed_pair_count"], found["engagement_cost_of_disclosure"]) == (9, None)


def voice(number: int, **values: Any) -> dict[str, Any]:
    """A row of int_parasocial_months."""
    row: dict[str, Any] = dict.fromkeys(INT_PARASOCIAL_MONTHS.names, 0)
    return (
        row
        | {"month": MONTH, "platform": "x", "account_key": f"a{number:03d}", "tier": "mid", "post_count": 2, "token_count": 100}
        | values
    )


def voices(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Parasocial rows of accounts."""
    return parasocial_rows(pa.Table.from_pylist(rows, INT_PARASOCIAL_MONTHS), PARAMETERS)


def test_indicators_are_ratios_of_sums_per_thousand_words() -> None:
    found = next(
        row for row in voices([voice(n, second_person_count=n, token_count=100 + n) for n in range(20)]) if row["tier"] == "*"
    )
    assert found["second_person_rate"] == pytest.approx(1000 * 190 / 2190)
    assert found["second_person_low"] < found["second_person_rate"] < found["second_person_high"]
    assert all(found[f"{name}_count"] == 0 for name in INDICATORS[1:])


@pytest.mark.parametrize(("accounts", "posts"), [(9, 10), (12, 1)])
def test_few_accounts_or_few_posts_tell_nothing(accounts: int, posts: int) -> None:
    assert all(row["is_suppressed"] for row in voices([voice(n, post_count=posts) for n in range(accounts)]))


def partitions(rows: list[dict[str, Any]], content: str = "1") -> dict[date, Partition[EthicsTables]]:
    """One month."""
    spoken = [voice(int(row["account_key"][1:])) for row in rows]
    tables = EthicsTables(table(rows), pa.Table.from_pylist(spoken, INT_PARASOCIAL_MONTHS))
    return {MONTH: Partition(content, lambda: tables)}


def test_the_order_of_rows_changes_nothing() -> None:
    rows = engaged(0.8, 0.2, np.random.default_rng(4)) + MIXED
    one = analyse_ethics_months(partitions(rows), assigned({1: "moss"}), PERFECT)
    other = analyse_ethics_months(partitions(rows[::-1]), assigned({1: "moss"}), PERFECT)
    assert one.tables == other.tables


def test_a_month_that_is_as_it_was_is_not_computed_again_and_comes_out_the_same() -> None:
    first = analyse_ethics_months(partitions(MIXED), assigned({1: "moss"}), PERFECT)
    again = analyse_ethics_months(partitions(MIXED), assigned({1: "moss"}), PERFECT, stored=first.state)
    assert (first.computed["ethics_months"], again.computed["ethics_months"]) == (1, 0)
    assert again.tables == first.tables


@pytest.mark.parametrize("what", ["rows", "niches", "accuracy"])
def test_a_month_is_computed_again_when_what_it_hangs_on_changes(what: str) -> None:
    first = analyse_ethics_months(partitions(MIXED), assigned({1: "moss"}), PERFECT)
    again = analyse_ethics_months(
        partitions(MIXED, "2" if what == "rows" else "1"),
        assigned({1: "clay" if what == "niches" else "moss"}),
        Accuracy(9, 1, 9, 1) if what == "accuracy" else PERFECT,
        stored=first.state,
    )
    assert again.computed["ethics_months"] == 1


def test_the_tables_have_their_contracts_schemas_and_an_empty_month_has_no_rows() -> None:
    found = analyse_ethics_months(partitions([]), assigned({}), PERFECT)
    assert {name: rows.num_rows for name, rows in found.tables.items()} == {"disclosure_months": 0, "parasocial_months": 0}
    assert all(rows.schema.equals(contracts.DERIVED[name]) for name, rows in found.tables.items())
