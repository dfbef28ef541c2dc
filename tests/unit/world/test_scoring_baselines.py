"""The naive baselines say what dashboards say: right on what they see, wrong where rates, tiers or growth differ."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.analysis.kleinberg import kleinberg_states
from pipelines.world.scoring.baselines import BASELINES, earlier_probability, gini, lead_days
from pipelines.world.scoring.linked import Linked
from pipelines.world.scoring.metrics_niches import adjusted_mutual_information, contingency, mean_agreement
from pipelines.world.scoring.rows import Found
from pipelines.world.worlds import NONE, WORLDS, World
from tests.unit.world.scored_world import MICRO_COUNT, START, WORLD, Rows, key, planted_tables, published, published_tables, truth

CONFOUNDED = WORLDS["W1_rate_confounded"]
LABELS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)


def _baseline(name: str, estimator: str, rows: Rows, world: World = WORLD) -> Found:
    (baseline,) = (each for each in BASELINES if (each.key, each.estimator) == (name, estimator))
    linked = Linked(published_tables(rows), planted_tables(truth()), key, world)
    assert not linked.has(baseline.needs)
    return baseline.measure(linked)


def _exposed_alike(wait_hours: dict[str, float]) -> Rows:
    """Twelve trends to which all were exposed alike; who posts seldom is seen later."""
    rows = published()
    random = np.random.default_rng(5)
    for row in rows["trend_adoptions"]:
        if row["actor_class"] == "creator":
            tier = "micro" if row["tier"].startswith("micro") else row["tier"]
            exposed = START + timedelta(days=20 + 3 * int(row["trend_key"][-2:]))
            row["adopted_at"] = exposed + timedelta(hours=float(random.exponential(24.0) + random.exponential(wait_hours[tier])))
    return rows


def test_many_small_accounts_are_first_by_chance_and_the_dashboard_claims_it() -> None:
    rows = _exposed_alike({"micro": 12.0, "macro": 12.0})
    found = _baseline("wrong_large", "naive_first", rows, WORLDS["W0_exchangeable"])
    assert (found.planted, found.found, found.value) == (NONE, "lead_first", 1.0)


def test_who_posts_four_times_as_often_looks_earlier_by_the_latest_tier() -> None:
    rows = _exposed_alike({"micro": 96.0, "macro": 6.0})
    large = {row["account_key"] for row in rows["trend_adoptions"] if row["tier"] == "macro"}
    rows["creators"] = [
        row | {"tier_at_last_post": "macro" if row["creator_key"] in large else "micro"} for row in rows["creators"]
    ]
    found = _baseline("wrong_large", "latest_tier", rows, CONFOUNDED)
    assert (found.found, found.value) == ("target_first", 1.0)


def test_the_latest_tier_misses_those_who_grew() -> None:
    rows = published()
    large = {row["account_key"] for row in rows["trend_adoptions"] if row["tier"] == "macro"}
    grown = min({row["creator_key"] for row in rows["creators"]} - large)
    rows["creators"] = [
        row | {"tier_at_last_post": "macro" if row["creator_key"] in large or row["creator_key"] == grown else "micro"}
        for row in rows["creators"]
    ]
    accounts = sum(row["creator_key"] == grown for row in rows["niche_members"]) / 4
    assert _baseline("adoption_tier", "latest_tier", rows).value == pytest.approx(1 - accounts / (MICRO_COUNT + 8))


def test_the_highest_cross_correlation_is_at_the_shift_of_the_series() -> None:
    pulse = np.array([0, 0, 0, 1, 5, 3, 1, 0, 0, 0, 0, 0], dtype=np.float64)
    for days in (0, 2, 4):
        assert lead_days(pulse, np.roll(pulse, days)) == days
        assert lead_days(np.roll(pulse, days), pulse) == -days
    assert np.isnan(lead_days(pulse, np.ones(12)))
    assert _baseline("power_large", "raw_ccf", published()).value == 1.0


def test_kleinberg_finds_a_spike_and_nothing_in_an_even_series() -> None:
    total = np.full(30, 1_000.0)
    relevant = np.full((2, 30), 20.0)
    relevant[1, 10:14] = 120.0
    states = kleinberg_states(relevant, total)
    assert not states[0].any()
    assert np.flatnonzero(states[1]).tolist() == [10, 11, 12, 13]


def test_kleinberg_takes_the_cheapest_of_all_sequences() -> None:
    random = np.random.default_rng(3)
    for _ in range(20):
        relevant, total = random.integers(0, 30, 7).astype(float), np.full(7, 60.0)
        base = relevant.sum() / total.sum()
        rates = np.array([base, min(2 * base, 0.9999)])
        costs = -(relevant * np.log(rates[:, None]) + (total - relevant) * np.log1p(-rates[:, None]))

        def cost(states: tuple[int, ...], costs: np.ndarray = costs) -> float:
            ups = sum(after > before for before, after in zip((0, *states), states, strict=False))
            return float(costs[list(states), range(7)].sum() + ups * np.log(7))

        best = min((tuple(int(bit) for bit in f"{number:07b}") for number in range(128)), key=cost)
        found = tuple(int(state) for state in kleinberg_states(relevant[None, :], total)[0])
        assert cost(found) == pytest.approx(cost(best))


def test_perennial_tags_with_noise_are_called_bursts_by_kleinberg() -> None:
    rows = published()
    random = np.random.default_rng(1)
    for tag in range(30):
        rows["trends"].append(rows["trends"][0] | {"label": f"perennial{tag}", "trend_key": f"p{tag}"})
        rows["trend_days"] += [
            {"trend_key": f"p{tag}", "day": date(2026, 6, 1) + timedelta(days=day), "actor_group": "micro", "use_count": n, "user_count": n, "adopter_count": n}
            for day, n in enumerate(random.negative_binomial(2, 0.1, 60).tolist())
        ]  # fmt: skip
    found = _baseline("burst_false", "kleinberg", rows)
    assert found.unit_count == 30
    assert found.value is not None
    assert found.value > 0.5


def test_followers_tell_neither_the_originator_nor_the_insider() -> None:
    assert _baseline("origin_set", "follower_rank", published()).value == 0.0
    assert _baseline("insider", "follower_rank", published()).value == pytest.approx(0.5, abs=0.1)
    rows = published()
    first = {row["origin_native_id"] for row in truth()["trends"]}
    keys = {key(row["platform"], row["native_id"]) for row in truth()["accounts"] if row["native_id"] in first}
    rows["creator_months"] = [
        row | {"followers_count": 10**6 if row["creator_key"] in keys else 1} for row in rows["creator_months"]
    ]
    assert (_baseline("origin_set", "follower_rank", rows).value or 0.0) > 0.0


def test_accounts_that_share_trends_are_split_by_modularity_as_their_niches() -> None:
    rows, niches = published(), {key(a["platform"], a["native_id"]): a["niche"] for a in truth()["accounts"]}
    rows["trend_adoptions"] = [
        row
        for row in rows["trend_adoptions"]
        if niches.get(row["account_key"]) == ("moss", "clay")[int(row["trend_key"][-2:]) % 2]
    ]
    assert _baseline("niche_ami", "louvain", rows).value == pytest.approx(1.0)


def test_more_accounts_change_the_unrarefied_gini_though_nobody_behaves_otherwise() -> None:
    assert gini(np.array([0.0, 0.0, 0.0, 1.0])) == 0.75
    assert gini(np.ones(5)) == pytest.approx(0.0)
    assert np.isnan(gini(np.zeros(3)))
    rows = published()
    flat = _baseline("decentral_slope", "gini", rows)
    assert flat.value == pytest.approx(0.0)
    months = sorted({row["month"] for row in rows["creator_months"]})
    newcomers: list[dict[str, Any]] = [
        rows["creator_months"][0] | {"creator_key": f"new{n}", "month": month, "engagement_count": 0}
        for place, month in enumerate(months) for n in range(10 * place)
    ]  # fmt: skip
    rows["creator_months"] += newcomers
    assert _baseline("decentral_slope", "gini", rows).found == "concentration grows"


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.lists(st.integers(0, 5), min_size=1, max_size=12))
def test_the_probability_of_being_earlier_is_the_share_of_pairs(lead: list[int], others: list[int]) -> None:
    pairs = [1.0 if a < b else 0.5 if a == b else 0.0 for a in lead for b in others]
    times, is_lead = np.array(lead + others, dtype=np.float64), np.arange(len(lead) + len(others)) < len(lead)
    assert earlier_probability(times, is_lead) == pytest.approx(float(np.mean(pairs)))


@given(LABELS)
def test_agreement_is_one_with_itself_under_other_names_and_symmetric(pairs: list[tuple[int, int]]) -> None:
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    assert adjusted_mutual_information(contingency(one, [7 - label for label in one])) == pytest.approx(1.0)
    forth, back = adjusted_mutual_information(contingency(one, other)), adjusted_mutual_information(contingency(other, one))
    assert forth == pytest.approx(back)
    assert forth <= 1.0 + 1e-9


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=2, max_size=5))
def test_agreement_is_zero_on_average_over_all_ways_to_deal_the_labels(pairs: list[tuple[int, int]]) -> None:
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    if len(set(one)) == 1 or len(set(other)) == 1 or len(set(one)) == len(one) or len(set(other)) == len(other):
        return
    dealt = [adjusted_mutual_information(contingency(one, list(labels))) for labels in permutations(other)]
    assert float(np.mean(dealt)) == pytest.approx(0.0, abs=1e-9)


@given(st.lists(LABELS, min_size=1, max_size=4))
def test_the_interval_of_agreement_holds_its_value_and_shrinks_to_it_where_all_agree(parts: list[list[tuple[int, int]]]) -> None:
    value, low, high = mean_agreement([contingency([a for a, _ in part], [b for _, b in part]) for part in parts])
    assert low <= value <= high + 1e-9
    same = mean_agreement([contingency([a for a, _ in part], [a for a, _ in part]) for part in parts])
    assert same == pytest.approx((1.0, 1.0, 1.0))


def test_one_group_tells_nothing_of_several() -> None:
    assert adjusted_mutual_information(contingency([0, 0, 0, 0], [0, 1, 2, 3])) == pytest.approx(0.0, abs=1e-12)
