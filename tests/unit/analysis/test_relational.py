"""Relational influence: shrunk shares and their intervals, response times, what is not told, and what is taken again."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import CensoredData, ecdf, spearmanr

from pipelines.analysis.beta_binomial import Counts, fit_prior, posterior
from pipelines.analysis.increments import Partition
from pipelines.analysis.product_limit import product_limit, quantile_hours, quantile_interval_hours
from pipelines.analysis.relational import RelationParameters, RelationTables, analyse_relations, derive_relations
from pipelines.analysis.relational_contracts import CREATOR_RELATIONS, INT_RELATION_MONTHS, INT_RESPONSE_MONTHS
from pipelines.settings import DBT_PROJECT
from pipelines.world.warehouse import Project, render
from tests.unit.analysis.relation_world import RelationWorld, relation_world

JULY, AUGUST = date(2026, 7, 1), date(2026, 8, 1)
PARAMETERS = RelationParameters()


def account(number: int, **values: Any) -> dict[str, Any]:
    """An account's month in which nothing happened but what is given."""
    counts = {field.name: 0 for field in INT_RELATION_MONTHS if pa.types.is_integer(field.type) and not field.nullable}
    row = counts | {"month": AUGUST, "platform": "bluesky", "account_key": f"{number:032x}", "tier": "mid", "partner_count": 1}
    if "eligible_inbound_count" in values:
        row |= {"inbound_count": values["eligible_inbound_count"], "eligible_square_sum": values["eligible_inbound_count"]}
        row |= {name: values.get("answered_count", 0) for name in ("answered_square_sum", "product_sum")}
    return row | values


def tables(*rows: dict[str, Any], responses: list[dict[str, Any]] | None = None) -> dict[str, pa.Table]:
    return {
        "int_relation_months": pa.Table.from_pylist(list(rows), INT_RELATION_MONTHS),
        "int_response_months": pa.Table.from_pylist(responses or [], INT_RESPONSE_MONTHS),
    }


def derived(*rows: dict[str, Any], responses: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    found = derive_relations(tables(*rows, responses=responses))["creator_relations"]
    assert found.schema == CREATOR_RELATIONS
    told: list[dict[str, Any]] = found.to_pylist()
    return told


def latencies(number: int, *bins: tuple[int, int, int]) -> list[dict[str, Any]]:
    base = {"month": AUGUST, "platform": "bluesky", "account_key": f"{number:032x}"}
    return [base | {"latency_bin": b, "answered_count": answered, "censored_count": censored} for b, answered, censored in bins]


# ---- shares ----


def _coverage(truth: np.ndarray, counts: Counts) -> float:
    told = posterior(fit_prior(counts), counts, 0.9)
    return float(((told.low <= truth) & (truth <= told.high)).mean())


@pytest.mark.parametrize(("alpha", "beta"), [(1.2, 2.2), (0.6, 6.0), (30.0, 50.0)])
@pytest.mark.parametrize("count", [12, 300])
def test_intervals_hold_the_true_share_nine_times_in_ten_in_groups_of_any_size(alpha: float, beta: float, count: int) -> None:
    rng = np.random.default_rng(5)
    covered = []
    for _ in range(2400 // count):
        truth, trials = rng.beta(alpha, beta, count), rng.geometric(1 / 6, count).astype(float)
        covered.append(_coverage(truth, Counts(rng.binomial(trials.astype(int), truth).astype(float), trials, np.ones(count))))
    print(f"coverage {np.mean(covered):.3f}")
    # Above nine in ten where shares hardly differ: a group then tells little of by how little.
    assert 0.87 <= np.mean(covered) <= 0.98


def test_shares_that_do_not_differ_are_all_pulled_to_their_mean() -> None:
    rng = np.random.default_rng(6)
    trials = rng.geometric(1 / 6, 500).astype(float)
    counts = Counts(rng.binomial(trials.astype(int), 0.3).astype(float), trials, np.ones(500))
    told = posterior(fit_prior(counts), counts, 0.9)
    print(f"spread of shrunk shares {told.mean.std():.4f}, of counted ones {(counts.hits / trials).std():.4f}")
    assert told.mean.std() < 0.03
    assert ((told.low <= 0.3) & (told.high >= 0.3)).mean() > 0.95


def test_unseen_answers_do_not_lower_the_share() -> None:
    rng = np.random.default_rng(7)
    truth, trials = rng.beta(1.2, 2.2, 800), rng.geometric(1 / 8, 800).astype(float)
    seen = np.full(800, 0.7)
    counts = Counts(rng.binomial(trials.astype(int), truth * 0.7).astype(float), trials, seen)
    told = posterior(fit_prior(counts), counts, 0.9)
    print(f"bias {(told.mean - truth).mean():.4f}, coverage {((told.low <= truth) & (truth <= told.high)).mean():.3f}")
    assert abs(float((told.mean - truth).mean())) < 0.02
    assert 0.87 <= ((told.low <= truth) & (truth <= told.high)).mean() <= 0.93
    blind = posterior(fit_prior(Counts(counts.hits, trials, np.ones(800))), Counts(counts.hits, trials, np.ones(800)), 0.9)
    assert ((blind.low <= truth) & (truth <= blind.high)).mean() < 0.85


def test_an_account_of_few_replies_is_told_less_surely_than_one_of_many() -> None:
    rows = derived(
        *(account(n, eligible_inbound_count=40, answered_count=n % 40) for n in range(40)),
        account(90, eligible_inbound_count=1, answered_count=1),
        account(91, eligible_inbound_count=200, answered_count=200),
    )
    few, many = rows[-2], rows[-1]
    assert few["reply_back_rate"] == many["reply_back_rate"] == 1.0
    assert few["reply_back_rate_shrunk"] < 0.8 < many["reply_back_rate_shrunk"]
    assert few["reply_back_rate_high"] - few["reply_back_rate_low"] > 5 * (
        many["reply_back_rate_high"] - many["reply_back_rate_low"]
    )


def _bursts(rng: np.random.Generator, correlation: float, count: int) -> tuple[list[dict[str, Any]], list[float]]:
    """Accounts whose answers below a post go one way with the given correlation: all of five replies, or each by itself."""
    rows, truth = [], []
    for number in range(count):
        rate = rng.beta(2, 3)
        own = np.where(rng.random(8) < correlation, -1, 1)
        answered = np.where(own < 0, 5 * (rng.random(8) < rate), rng.binomial(5, rate, 8))
        sums = {
            "eligible_square_sum": 200,
            "answered_square_sum": int((answered**2).sum()),
            "product_sum": int(5 * answered.sum()),
        }
        rows.append(account(number, eligible_inbound_count=40, answered_count=int(answered.sum()), **sums))
        truth.append(rate)
    return rows, truth


def test_answers_that_come_in_bursts_make_intervals_wider_until_they_hold() -> None:
    rng = np.random.default_rng(8)
    for correlation in (0.0, 0.5):
        rows, truth = _bursts(rng, correlation, 600)
        found = derived(*rows)
        cover = np.mean([r["reply_back_rate_low"] <= t <= r["reply_back_rate_high"] for r, t in zip(found, truth, strict=True)])
        worth = np.mean([row["effective_inbound_count"] for row in found]) / 40
        print(f"correlation {correlation}: coverage {cover:.3f}, a reply is worth {worth:.3f}")
        assert 0.87 <= cover <= 0.93
        # Kish: one over 1 + (5 - 1) * correlation.
        assert worth == pytest.approx(1 / (1 + 4 * correlation), abs=0.05)


def test_a_rate_is_compared_with_that_of_accounts_of_like_volume() -> None:
    rows = derived(
        *(account(n, eligible_inbound_count=5, answered_count=4) for n in range(20)),
        *(account(20 + n, eligible_inbound_count=100, answered_count=10) for n in range(20)),
        account(60, eligible_inbound_count=110, answered_count=55),
    )
    assert rows[0]["reply_back_rate_expected"] == pytest.approx(0.8)
    assert rows[-1]["reply_back_rate_expected"] == pytest.approx(0.1)
    assert rows[-1]["reply_back_rate_residual"] > 0.3


# ---- what is not told ----


def test_nothing_is_told_where_less_than_half_of_the_comments_was_captured() -> None:
    rich: dict[str, Any] = {
        "eligible_inbound_count": 10,
        "answered_count": 4,
        "partner_count": 9,
        "mutual_partner_count": 3,
        "thread_count": 5,
    }
    rich |= {"thread_depth_sum": 5, "thread_depth_p90": 1.0, "previous_partner_count": 3}
    low, enough, unknown = derived(
        account(1, reported_comment_count=100, captured_comment_count=49, **rich),
        account(2, reported_comment_count=100, captured_comment_count=50, **rich),
        account(3, **rich),
    )
    told = ("reply_back_rate", "reciprocity_ratio", "repeat_partner_share", "deep_thread_share", "thread_depth_mean")
    assert low["null_reason"] == low["index_null_reason"] == "comments_not_captured"
    assert [low[name] for name in told] == [None] * 5
    assert low["response_median_null_reason"] == "not_captured"
    assert None not in [enough[name] for name in told]
    assert unknown["comment_capture_ratio"] is None
    assert unknown["reply_back_rate"] == 0.4


def test_nothing_is_told_where_less_than_half_of_the_posts_that_are_replied_to_was_found() -> None:
    (row,) = derived(account(1, eligible_inbound_count=10, answered_count=4, addressed_count=40, found_addressed_count=19))
    assert row["null_reason"] == "answers_not_captured"
    assert row["reply_back_rate"] is None
    (few,) = derived(account(1, eligible_inbound_count=10, answered_count=4, addressed_count=29, found_addressed_count=1))
    assert few["answer_capture_ratio"] is None
    assert few["reply_back_rate"] == 0.4


def test_every_absent_value_has_its_reason() -> None:
    (row,) = derived(account(1))
    assert row["null_reason"] == "no_eligible_inbound"
    assert row["index_null_reason"] == row["response_median_null_reason"] == "too_few_inbound"
    assert row["repeat_partner_share"] is None
    assert row["reciprocity_ratio"] == 0.0


# ---- response times ----


@given(
    st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=40),
    st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=40),
)
@settings(max_examples=60, deadline=None)
def test_curves_are_those_of_scipy(one: list[tuple[int, bool]], other: list[tuple[int, bool]]) -> None:
    unit, bins, events, censored = [], [], [], []
    for number, drawn in enumerate((one, other)):
        for value in sorted({b for b, _ in drawn}):
            unit.append(number)
            bins.append(value)
            events.append(float(sum(is_event for b, is_event in drawn if b == value)))
            censored.append(float(sum(not is_event for b, is_event in drawn if b == value)))
    curves = product_limit(2, np.array(unit), np.array(bins), np.array(events), np.array(censored))
    for number, drawn in enumerate((one, other)):
        times: Any = CensoredData(uncensored=[b for b, e in drawn if e], right=[b for b, e in drawn if not e])
        wanted = ecdf(times).cdf.evaluate(curves.bin[curves.unit == number])
        assert np.allclose(curves.risen[curves.unit == number], wanted)


def test_a_response_time_is_that_of_all_replies_and_not_of_those_answered() -> None:
    rows = derived(
        *(account(n, eligible_inbound_count=10, answered_count=5) for n in (1, 2, 3)),
        responses=[
            *latencies(1, (24, 5, 0), (62, 0, 5)),
            *latencies(2, (24, 2, 0), (62, 0, 8)),
            *latencies(3, (24, 2, 0), (26, 0, 1)),
        ],
    )
    half, few, young = rows
    assert half["response_median_hours"] == pytest.approx(1.0, rel=0.19)
    assert half["answer_median_hours"] == pytest.approx(0.92, rel=0.19)
    assert half["response_median_high_hours"] is None
    assert few["response_median_hours"] is None
    assert few["response_median_null_reason"] == "fewer_are_answered"
    assert few["answer_median_hours"] is None
    assert young["response_median_null_reason"] == "too_few_inbound"


def test_the_interval_of_a_median_holds_the_true_one_nine_times_in_ten_or_more() -> None:
    rng = np.random.default_rng(9)
    count, each = 500, 30
    hours = np.exp(rng.normal(np.log(3.0), 0.8, (count, each)))
    ends = rng.uniform(1, 40, (count, each))
    bins = np.maximum(np.ceil(4 * np.log2(np.minimum(hours, ends) * 60)), 0).astype(np.int64)
    key = np.arange(count)[:, None] * 100 + bins
    codes, place = np.unique(key, return_inverse=True)
    is_answered = (hours <= ends).ravel().astype(float)
    events, censored = (np.bincount(place.ravel(), weights).astype(np.float64) for weights in (is_answered, 1 - is_answered))
    curves = product_limit(count, codes // 100, codes % 100, events, censored)
    half = np.full(count, 0.5)
    low, high = quantile_interval_hours(curves, half, 0.9, 4)
    median = quantile_hours(curves, half, 4)
    cover = float(((low <= 3.0) & (np.isnan(high) | (high >= 3.0))).mean())
    print(f"coverage {cover:.3f}, median of medians {np.nanmedian(median):.3f} h")
    assert 0.88 <= cover <= 0.98
    assert np.nanmedian(median) == pytest.approx(3.0, rel=0.05)


# ---- index ----


def test_the_index_is_the_mean_of_its_parts_and_needs_two() -> None:
    rng = np.random.default_rng(10)
    rows = [
        account(n, eligible_inbound_count=20, answered_count=int(k), partner_count=20, mutual_partner_count=int(m))
        for n, (k, m) in enumerate(rng.integers(0, 20, (30, 2)))
    ]
    found = derived(*rows)
    for row in found:
        assert row["part_count"] == 2
        wanted = (row["reply_back_z_score"] + row["reciprocity_z_score"]) / 2
        assert row["broadcast_relational_index"] == pytest.approx(wanted, abs=1e-8)
    assert np.mean([row["reply_back_z_score"] for row in found]) == pytest.approx(0, abs=1e-6)
    alone = derived(*(row | {"mutual_partner_count": 4} for row in rows))
    assert {row["index_null_reason"] for row in alone} == {"too_few_parts"}


def test_accounts_are_ranked_among_their_size_and_their_platform() -> None:
    def of(first: int, tier: str, answered: int) -> list[dict[str, Any]]:
        return [
            account(
                first + n,
                tier=tier,
                eligible_inbound_count=20,
                answered_count=answered + n % 3,
                partner_count=9,
                mutual_partner_count=n % 4,
            )
            for n in range(20)
        ]

    found = derived(*of(0, "micro_sub1k", 15), *of(100, "macro", 1))
    small, large = found[:20], found[20:]
    assert np.mean([row["broadcast_relational_index"] for row in small]) == pytest.approx(0, abs=1e-6)
    assert np.mean([row["broadcast_relational_index"] for row in large]) == pytest.approx(0, abs=1e-6)


# ---- order, reuse, agreement with dbt ----


@given(st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None)
def test_rows_in_any_order_give_the_same_table(random: Any) -> None:
    rows = [account(n, tier=("mid", "macro")[n % 2], eligible_inbound_count=5 + n, answered_count=n % 5) for n in range(30)]
    responses = [row for n in range(30) for row in latencies(n, (20 + n % 7, 3, 1), (62, 0, 4))]
    first = derive_relations(tables(*rows, responses=responses))["creator_relations"]
    random.shuffle(rows)
    random.shuffle(responses)
    assert derive_relations(tables(*rows, responses=responses))["creator_relations"].equals(first)


def test_a_month_that_did_not_change_is_taken_again() -> None:
    loaded: list[date] = []

    def partition(month: date, answered: int) -> Partition[RelationTables]:
        def load() -> RelationTables:
            loaded.append(month)
            found = tables(*(account(n, month=month, eligible_inbound_count=9, answered_count=answered) for n in range(12)))
            return RelationTables(*found.values())

        return Partition(f"{month}{answered}", load)

    first = analyse_relations({JULY: partition(JULY, 3), AUGUST: partition(AUGUST, 3)})
    assert first.computed == {"relation_months": 2}
    again = analyse_relations({JULY: partition(JULY, 3), AUGUST: partition(AUGUST, 4)}, stored=first.state)
    assert again.computed == {"relation_months": 1}
    assert loaded == [JULY, AUGUST, AUGUST]
    afresh = analyse_relations({JULY: partition(JULY, 3), AUGUST: partition(AUGUST, 4)})
    assert again.tables["creator_relations"].equals(afresh.tables["creator_relations"])
    other = analyse_relations({JULY: partition(JULY, 3)}, RelationParameters(smallest_inbound_count=6), stored=first.state)
    assert other.computed == {"relation_months": 1}


def test_the_numbers_that_dbt_repeats_are_those_of_the_parameters() -> None:
    variables = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text())["vars"]
    assert variables["relation_answer_days"] == PARAMETERS.answer_days
    assert variables["relation_horizon_days"] == PARAMETERS.horizon_days <= 28, "an answer reaches back one month, never two"
    assert variables["relation_deepest_level"] == PARAMETERS.deepest_level


# ---- a simulated world, through the models ----


@pytest.fixture(scope="module")
def project() -> Project:
    return render()


def _judged(world: RelationWorld) -> tuple[pa.Table, float]:
    found = derive_relations(world.exchange)["creator_relations"]
    duckdb.register("found", found)
    duckdb.register("truth", world.truth)
    inside = duckdb.sql("""
        select avg((truth.reply_back_rate between reply_back_rate_low and reply_back_rate_high)::int)
        from found inner join truth using (account_key) where reply_back_rate_low is not null
    """).fetchone()
    assert inside
    return found, float(inside[0])


def test_what_the_models_count_is_what_happened(project: Project) -> None:
    world = relation_world(project, "tiny", 1)
    duckdb.register("relations", world.exchange["int_relation_months"])
    duckdb.register("direct", world.direct)
    counted = duckdb.sql("""
        select sum(coalesce(counted, 0)), sum(inbound), count(*) filter (where counted > inbound)
        from direct left join (select account_key, sum(inbound_count) as counted from relations group by all) using (account_key)
    """).fetchone()
    assert counted
    print(f"inbound replies counted {counted[0]}, made {counted[1]}")
    # Not counted are replies to who publishes nothing in the month.
    assert 0.995 * counted[1] <= counted[0] <= counted[1]
    assert counted[2] == 0


@pytest.mark.parametrize(("loss", "least"), [(0.0, 0.9), pytest.param(0.3, 0.8, marks=pytest.mark.slow)])
def test_reply_back_rates_of_a_world_are_found_with_intervals_that_hold(project: Project, loss: float, least: float) -> None:
    world = relation_world(project, "small", 1, loss=loss)
    found, coverage = _judged(world)
    duckdb.register("found", found)
    duckdb.register("truth", world.truth)
    pairs = duckdb.sql("""
        select sum(answered_count) / sum(eligible_inbound_count) as rate, any_value(truth.reply_back_rate) as truth
        from found inner join truth using (account_key) where null_reason is null
        group by account_key having sum(eligible_inbound_count) >= 20 order by account_key
    """).fetchnumpy()
    rank = float(spearmanr(pairs["rate"], pairs["truth"]).statistic)
    print(
        f"loss {loss}: Spearman {rank:.3f} over {len(pairs['rate'])} accounts, coverage {coverage:.3f} of {found.num_rows} months"
    )
    assert rank >= least
    assert 0.88 <= coverage <= 0.92
