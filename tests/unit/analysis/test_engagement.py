"""Engagement on planted accounts: what is shrunk, how sure it is said to be, and that nobody gains or loses by being small."""

from __future__ import annotations

import re
from datetime import date
from functools import cache, partial
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.analysis.engagement import estimate_engagement, estimate_month
from pipelines.analysis.engagement_contracts import CREATOR_ENGAGEMENT, INT_ACCOUNT_ENGAGEMENT_MONTHS
from pipelines.analysis.engagement_parameters import EngagementParameters
from pipelines.analysis.engagement_peers import size_curve
from pipelines.analysis.engagement_shrinkage import Posts, Prior, fit_prior, post_variance, posterior
from pipelines.analysis.increments import Partition
from pipelines.settings import DBT_PROJECT

AUGUST: Final = date(2026, 8, 1)
TIERS: Final = ((1_000, "micro_sub1k"), (10_000, "micro_1k_10k"), (100_000, "mid"), (1_000_000, "macro"), (10**12, "mega"))
PARAMETERS: Final = EngagementParameters()
Row = dict[str, Any]


def _any(account: str, **more: Any) -> Row:
    sums = dict.fromkeys(
        ("like_count", "engagement_count", "denominator_count", "no_counter_post_count", "no_denominator_post_count"), 0
    )
    floats = dict.fromkeys(("denominator_square_sum", "rate_sum", "rate_square_sum", "counting_variance_sum"), 0.0)
    row = {"month": AUGUST, "platform": "x", "account_key": account, "basis": "followers", "age_band": "any", "post_count": 1}
    return row | sums | floats | more


def _rated(account: str, likes: np.ndarray[Any, Any], followers: int, **more: Any) -> Row:
    size, rates = likes.size, likes / followers
    sums = {"like_count": int(likes.sum()), "engagement_count": int(likes.sum()), "denominator_count": followers * size}
    spread = {"denominator_square_sum": float(size) * followers**2, "rate_sum": float(rates.sum())}
    spread |= {"rate_square_sum": float((rates**2).sum()), "counting_variance_sum": float((likes / followers**2).sum())}
    return _any(account, age_band="day_7", post_count=size) | sums | spread | more


def _table(rows: list[Row]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=INT_ACCOUNT_ENGAGEMENT_MONTHS)


def _world(
    seed: int, count: int = 400, spread: float = 0.5, slope: float = -0.4, posts: float = 4.0
) -> tuple[pa.Table, dict[str, float]]:
    """Accounts with log-normal rates about a line in size, posts of gamma quality, Poisson counts."""
    rng = np.random.default_rng(seed)
    followers = np.floor(np.exp(rng.normal(np.log(3_000), 1.8, count))).astype(np.int64) + 20
    rates = np.exp(-3 + slope * (np.log10(followers) - 3.5) + rng.normal(0, spread, count))
    rows: list[Row] = []
    for number in range(count):
        size = 1 + rng.poisson(posts - 1)
        likes = rng.poisson(followers[number] * rates[number] * rng.gamma(1.5, 1 / 1.5, size))
        tier = next(name for top, name in TIERS if followers[number] < top)
        key, known = f"{number:032x}", {"tier": tier, "followers_count": int(followers[number])}
        rows += [_any(key, post_count=size, **known), _rated(key, likes, int(followers[number]))]
    return _table(rows), {f"{number:032x}": float(rate) for number, rate in enumerate(rates)}


@cache
def _judged(seed: int) -> tuple[list[Row], np.ndarray[Any, Any]]:
    table, truth = _world(seed)
    found = estimate_month(table).to_pylist()
    return found, np.array([truth[row["account_key"]] for row in found])


def _column(rows: list[Row], name: str) -> np.ndarray[Any, Any]:
    return np.array([row[name] for row in rows], dtype=np.float64)


SEEDS: Final = (1, 2, 3, 4, 5, 6)


def test_shrunk_rates_of_few_posts_err_less_than_three_quarters_of_raw_ones() -> None:
    ratios = []
    for seed in SEEDS:
        rows, truth = _judged(seed)
        few = _column(rows, "rated_post_count") < 10
        errors = [
            np.sqrt(np.mean((_column(rows, name) - truth)[few] ** 2)) for name in ("engagement_rate_shrunk", "engagement_rate")
        ]
        ratios.append(errors[0] / errors[1])
    print(f"RMSE over raw: {np.mean(ratios):.3f}, worst {max(ratios):.3f}")
    assert np.mean(ratios) <= 0.75


def test_ninety_percent_intervals_hold_the_truth_in_ninety_percent_of_accounts_of_every_tier() -> None:
    inside: dict[str, list[bool]] = {}
    for seed in SEEDS:
        rows, truth = _judged(seed)
        for row, true in zip(rows, truth, strict=True):
            inside.setdefault(row["tier"], []).append(row["engagement_rate_low"] <= true <= row["engagement_rate_high"])
    shares = {tier: float(np.mean(each)) for tier, each in inside.items() if len(each) >= 200}
    overall = np.mean([each for tier in inside.values() for each in tier])
    print(f"coverage {overall:.3f}, by tier { ({tier: round(share, 3) for tier, share in shares.items()}) }")
    assert 0.88 <= overall <= 0.92
    assert all(0.86 <= share <= 0.94 for share in shares.values())


def test_no_tier_is_ranked_up_or_down_for_its_size() -> None:
    shifts: dict[str, list[float]] = {}
    for seed in SEEDS:
        rows, truth = _judged(seed)
        true = np.argsort(np.argsort(truth)) / (truth.size - 1)
        for row, place in zip(rows, true, strict=True):
            shifts.setdefault(row["tier"], []).append(row["rate_percentile"] - place)
    bias = {tier: float(np.mean(each)) for tier, each in shifts.items() if len(each) >= 200}
    print(f"rank bias by tier: { ({tier: round(value, 4) for tier, value in bias.items()}) }")
    assert len(bias) >= 3
    assert all(abs(value) <= 0.02 for value in bias.values())


def test_rank_intervals_hold_the_true_rank_in_ninety_percent_of_accounts() -> None:
    held = []
    for seed in SEEDS:
        rows, truth = _judged(seed)
        tiers = np.array([row["tier"] if row["stratum"] == "tier" else None for row in rows])
        for tier in {each for each in tiers if each}:
            members = np.flatnonzero(tiers == tier)
            ranks = members.size - np.argsort(np.argsort(truth[members]))
            held += [
                rows[place]["rank_low"] <= rank <= rows[place]["rank_high"] for place, rank in zip(members, ranks, strict=True)
            ]
    print(f"true ranks inside: {np.mean(held):.3f} of {len(held)}")
    assert 0.87 <= np.mean(held) <= 0.94


def test_where_all_accounts_of_a_size_are_alike_nobody_stands_out() -> None:
    """The null world: rates differ by size alone, so a raw rate that stands out is chance."""
    claimed, raw = [], []
    for seed in SEEDS:
        table, truth = _world(seed, spread=0.0)
        rows = estimate_month(table).to_pylist()
        true = np.array([truth[row["account_key"]] for row in rows])
        claimed.append(
            np.mean((_column(rows, "engagement_rate_low") > true * 1.5) | (_column(rows, "engagement_rate_high") < true / 1.5))
        )
        raw.append(np.mean(np.abs(np.log(np.maximum(_column(rows, "engagement_rate"), 1e-9) / true)) > np.log(1.5)))
    print(f"said to differ by half from their size: {np.mean(claimed):.4f}; raw rates that do: {np.mean(raw):.3f}")
    assert np.mean(claimed) <= 0.01
    assert np.mean(raw) >= 0.2


def test_the_peer_score_does_not_hang_on_size_and_the_raw_rate_does() -> None:
    slopes = []
    for seed in SEEDS:
        rows, _ = _judged(seed)
        size = np.log10(_column(rows, "followers_count"))
        slopes.append(
            (np.corrcoef(size, _column(rows, "peer_z"))[0, 1], np.corrcoef(size, _column(rows, "engagement_rate_shrunk"))[0, 1])
        )
    peer, raw = np.mean(slopes, axis=0)
    print(f"correlation with size: peer score {peer:.3f}, shrunk rate {raw:.3f}")
    assert abs(peer) <= 0.08
    assert raw <= -0.3


def test_the_variance_of_posts_is_found_beyond_counting() -> None:
    rng = np.random.default_rng(7)
    found = []
    for _ in range(8):
        size = 12
        likes = [rng.poisson(40 * rng.gamma(2.0, 1 / 2.0, size)) for _ in range(200)]
        rows = [_rated(str(number), each, 400) for number, each in enumerate(likes)]
        names = ("post_count", "engagement_count", "denominator_count", "denominator_square_sum")
        posts = Posts(*(_column(rows, name) for name in (*names, "rate_sum", "rate_square_sum", "counting_variance_sum")))
        found.append(post_variance(posts, posts.engagement / posts.denominator, PARAMETERS))
    print(f"variance of posts {np.mean(found):.3f} (planted 0.5)")
    assert np.mean(found) == pytest.approx(0.5, abs=0.05)


def test_a_prior_is_fitted_with_its_slope_and_its_spread() -> None:
    table, _ = _world(3, count=1_500)
    rows = [row for row in table.to_pylist() if row["age_band"] == "day_7"]
    names = ("post_count", "engagement_count", "denominator_count", "denominator_square_sum")
    posts = Posts(*(_column(rows, name) for name in (*names, "rate_sum", "rate_square_sum", "counting_variance_sum")))
    sizes = np.log10(posts.denominator / posts.count)
    prior = fit_prior(posts, sizes, PARAMETERS)
    print(f"slope {prior.slope:.3f} (-0.4), variance {prior.variance:.3f} (0.25), of posts {prior.post_variance:.3f} (0.667)")
    assert prior.slope == pytest.approx(-0.4, abs=0.05)
    assert prior.variance == pytest.approx(0.25, abs=0.06)
    assert prior.post_variance == pytest.approx(2 / 3, abs=0.12)


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(1, 60),
    engagement=st.integers(0, 10_000),
    followers=st.integers(1, 10**6),
    mean=st.floats(-8, 0),
    variance=st.floats(0.01, 2),
)
def test_a_posterior_lies_between_what_was_expected_and_what_was_seen(
    count: int, engagement: int, followers: int, mean: float, variance: float
) -> None:
    values = [count, engagement, count * followers, count * followers**2, 0.0, 0.0, 0.0]
    posts = Posts(*(np.array([value], dtype=np.float64) for value in values))
    found = posterior(posts, np.zeros(1), Prior(mean, 0.0, variance, 0.7))
    assert found.weights.sum() == pytest.approx(1)
    ends = np.exp(found.quantiles(np.array([[0.05, 0.95]])))[0]
    assert ends[0] <= found.rate_mean[0] <= ends[1]
    seen = np.log(max(engagement, 1e-6) / (count * followers))
    margin = 3 * np.sqrt(found.log_variance[0])
    assert min(seen, mean) - margin <= found.log_mean[0] <= max(seen, mean) + margin


def test_more_posts_make_an_interval_narrower() -> None:
    widths = []
    for count in (1, 4, 16, 64):
        posts = Posts(
            *(np.array([value], dtype=np.float64) for value in (count, 20 * count, 400 * count, count * 400.0**2, 0, 0, 0))
        )
        low, high = posterior(posts, np.zeros(1), Prior(-3.0, 0.0, 0.5, 0.7)).quantiles(np.array([[0.05, 0.95]]))[0]
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < widths[0] / 3


def test_the_curve_of_sizes_is_monotone_and_follows_the_medians() -> None:
    rng = np.random.default_rng(5)
    sizes = rng.uniform(2, 6, 2_000)
    logs = -3 - 0.5 * sizes + rng.normal(0, 0.3, sizes.size)
    curve = size_curve(sizes, logs, PARAMETERS)
    order = np.argsort(sizes)
    assert (np.diff(curve[order]) <= 1e-12).all()
    assert np.abs(curve - (-3 - 0.5 * sizes)).max() <= 0.2


def test_accounts_are_compared_at_seven_days_where_enough_posts_are_seen_then() -> None:
    likes = np.array([5, 6])
    rows = [_any("a", post_count=6), _rated("a", likes, 100), _rated("a", likes * 2, 100, age_band="day_1")]
    (row,) = estimate_month(_table(rows)).to_pylist()
    assert (row["age_band"], row["engagement_count"], row["rated_post_count"], row["unrated_post_count"]) == ("day_7", 11, 2, 4)
    rows[2] = _rated("a", np.arange(5), 100, age_band="day_1")
    (row,) = estimate_month(_table(rows)).to_pylist()
    assert (row["age_band"], row["rated_post_count"], row["age_unmatched_post_count"]) == ("day_1", 5, 1)


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ({"no_counter_post_count": 4}, "no_counter"),
        ({"no_denominator_post_count": 3, "no_counter_post_count": 1}, "no_denominator"),
        ({"no_counter_post_count": 1}, "age_unmatched"),
    ],
)
def test_an_account_without_a_rated_post_says_why(counts: dict[str, int], reason: str) -> None:
    rows = [_any("a", post_count=4, **counts), _any("b"), _rated("b", np.array([3]), 10)]
    row, other = estimate_month(_table(rows)).to_pylist()
    assert (row["engagement_rate"], row["engagement_rate_shrunk"], row["null_reason"], row["peer_count"]) == (
        None,
        None,
        reason,
        0,
    )
    assert (other["engagement_rate"], other["engagement_rate_shrunk"], other["null_reason"]) == (0.3, None, "too_few_peers")


def test_a_tier_with_few_accounts_is_shrunk_towards_its_platform() -> None:
    rows, _ = _judged(1)
    by_tier: dict[str, set[tuple[str, int]]] = {}
    for row in rows:
        by_tier.setdefault(row["tier"], set()).add((row["stratum"], row["peer_count"]))
    counts = {tier: sum(row["tier"] == tier for row in rows) for tier in by_tier}
    small = [tier for tier, count in counts.items() if count < PARAMETERS.smallest_stratum]
    assert small
    for tier, strata in by_tier.items():
        assert strata == ({("platform", len(rows))} if tier in small else {("tier", counts[tier])})


def test_views_and_followers_are_never_mixed() -> None:
    table, _ = _world(2, count=60)
    views = [row | {"basis": "views", "denominator_count": row["denominator_count"] * 7} for row in table.to_pylist()]
    both = estimate_month(pa.concat_tables([table, _table(views)]))
    alone = estimate_month(table)
    assert [row for row in both.to_pylist() if row["basis"] == "followers"] == alone.to_pylist()


@settings(max_examples=5, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(random: Any) -> None:
    table, _ = _world(4, count=50)
    order = list(range(table.num_rows))
    random.shuffle(order)
    assert estimate_month(table.take(order)).equals(estimate_month(table))


def test_a_month_that_did_not_change_is_not_loaded_and_one_that_did_is_estimated_anew() -> None:
    july = date(2026, 7, 1)
    table, _ = _world(5, count=40)
    tables = {AUGUST: table, july: _table([row | {"month": july} for row in table.to_pylist()])}

    def refuse() -> pa.Table:
        raise AssertionError("loaded though it did not change")

    first = estimate_engagement({month: Partition("one", partial(tables.__getitem__, month)) for month in tables})
    assert first.computed == {"engagement_months": 2}
    again = estimate_engagement({month: Partition("one", refuse) for month in tables}, stored=first.state)
    assert again.tables["creator_engagement"].equals(first.tables["creator_engagement"])
    rewritten = {
        july: Partition("one", refuse),
        AUGUST: Partition("two", lambda: table.take(list(reversed(range(table.num_rows))))),
    }
    same = estimate_engagement(rewritten, stored=first.state)
    assert (same.computed, same.tables["creator_engagement"].equals(first.tables["creator_engagement"])) == (
        {"engagement_months": 0},
        True,
    )
    changed = estimate_engagement(
        {july: Partition("one", refuse), AUGUST: Partition("two", lambda: table.slice(2))}, stored=first.state
    )
    assert changed.computed == {"engagement_months": 1}
    whole = estimate_engagement({july: Partition("x", lambda: tables[july]), AUGUST: Partition("x", lambda: table.slice(2))})
    assert changed.tables["creator_engagement"].equals(whole.tables["creator_engagement"])


def test_the_ages_of_the_bands_are_those_of_the_model_that_rates_the_posts() -> None:
    listed = re.findall(
        r"\('(\w+)', ([\d.]+), [\d.]+, ", (DBT_PROJECT / "models/intermediate/int_account_engagement_months.sql").read_text()
    )
    assert tuple((name, float(age)) for name, age in listed) == PARAMETERS.age_bands


def test_no_rows_give_an_empty_table() -> None:
    assert estimate_month(INT_ACCOUNT_ENGAGEMENT_MONTHS.empty_table()).equals(CREATOR_ENGAGEMENT.empty_table())
    assert estimate_engagement({}).tables["creator_engagement"].num_rows == 0
