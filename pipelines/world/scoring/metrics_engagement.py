"""Scores of engagement: what shrinking gains over raw rates, whether intervals hold, who is found, and who is ranked down for size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from pipelines.world.scoring.intervals import bootstrapped_at_once, clopper_pearson
from pipelines.world.scoring.linked import Linked
from pipelines.world.scoring.rows import Found, nothing

_FEW_POSTS: Final = 10
_LEAST_ROWS: Final = 30
_LEAST_TOP: Final = 20
_LEAST_OF_A_TIER: Final = 400
"""Account-months without which a mean place of a tier is not known to a point and a half, its accounts being there every month."""
_TOP: Final = 100
_TOP_SHARE: Final = 0.2
_LEVEL: Final = 0.9
_NOTE: Final = "account-months per followers; truth is likes per follower and post, times one factor for each platform and month"
_TOO_FEW: Final = "too few account-months with a shrunk rate and a true one"
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Rates:
    """Published rates beside true ones; one value an account and month.

    Attributes:
        month: Number of the month.
        platform: Number of platform and month.
        tier: Number of the tier.
        posts: Rated posts.
        raw: Ratio of sums.
        shrunk: Posterior mean.
        low: Lower end of its interval.
        high: Upper end.
        percentile: Expected share of the platform's accounts with a lower rate.
        true: What the rate is in truth, in the units of the published ones.
    """

    month: Floats
    platform: Floats
    tier: Floats
    posts: Floats
    raw: Floats
    shrunk: Floats
    low: Floats
    high: Floats
    percentile: Floats
    true: Floats


def _rates(linked: Linked) -> _Rates:
    """Published and true rates in one unit.

    Truth counts the likes of a post in the long run; counters count likes and more, at an age. What of it they show is no merit of an
    account, so it is taken as one factor for each platform and month: rates and true rates have the same mean over rated posts.
    """
    columns = linked.once(
        ("engagement rates",),
        lambda: linked.numbers("""
            select dense_rank() over (order by month), dense_rank() over (order by platform, month), dense_rank() over (order by tier),
                rated_post_count, engagement_rate, engagement_rate_shrunk, engagement_rate_low, engagement_rate_high, rate_percentile,
                accounts.engagement_rate_true * sum(engagement_rate * rated_post_count) over cells
                / sum(accounts.engagement_rate_true * rated_post_count) over cells
            from creator_engagement_months as months
            inner join (select key, engagement_rate as engagement_rate_true from true_accounts where engagement_rate > 0) as accounts
                on months.account_key = accounts.key
            where basis = 'followers' and engagement_rate_shrunk is not null and tier is not null
            window cells as (partition by platform, month)
            order by platform, month, account_key
        """),
    )
    return _Rates(*columns)


def _root_mean_square(errors: Floats) -> Floats:
    return np.asarray(np.sqrt(np.mean(errors**2, axis=-1)))


def _error(linked: Linked) -> Found:
    rates = _rates(linked)
    few = rates.posts < _FEW_POSTS
    shrunk, raw = (rates.shrunk - rates.true)[few], (rates.raw - rates.true)[few]
    if few.sum() < _LEAST_ROWS or not raw.any():
        return nothing(_TOO_FEW)

    def ratio(draws: NDArray[np.int64]) -> Floats:
        return np.asarray(_root_mean_square(shrunk[draws]) / np.maximum(_root_mean_square(raw[draws]), 1e-12))

    low, high = bootstrapped_at_once(ratio, shrunk.size)
    return Found(float(ratio(np.arange(shrunk.size))), low, high, shrunk.size, note=_NOTE)


def _coverage(linked: Linked) -> Found:
    rates = _rates(linked)
    inside = (rates.low <= rates.true) & (rates.true <= rates.high)
    if inside.size < _LEAST_ROWS:
        return nothing(_TOO_FEW)
    share = float(inside.mean())
    low, high = clopper_pearson(int(inside.sum()), inside.size)
    told = f"{share:.3f} ({low:.3f} to {high:.3f})"
    return Found(abs(share - _LEVEL), unit_count=inside.size, found=told, note=f"coverage as found; {_NOTE}")


def _top(values: Floats, count: int) -> set[int]:
    return set(np.argsort(-values, kind="stable")[:count].tolist())


def _precision(linked: Linked) -> Found:
    rates = _rates(linked)
    hits = {"shrunk": 0, "raw": 0}
    wanted = 0
    for month in np.unique(rates.month):
        members = rates.month == month
        count = min(_TOP, int(members.sum() * _TOP_SHARE))
        true = _top(rates.true[members], count)
        wanted += count
        for name in hits:
            hits[name] += len(true & _top(getattr(rates, name)[members], count))
    if wanted < _LEAST_TOP or not hits["raw"]:
        return nothing(_TOO_FEW)
    told = f"shrunk {hits['shrunk'] / wanted:.3f}, raw {hits['raw'] / wanted:.3f}"
    return Found(
        hits["shrunk"] / hits["raw"], unit_count=wanted, found=told, note="over all platforms, by month; a fifth of few accounts"
    )


def _bias(linked: Linked) -> Found:
    rates = _rates(linked)
    shifts = np.full(rates.true.size, np.nan)
    for cell in np.unique(rates.platform):
        members = rates.platform == cell
        if members.sum() > 1:
            shifts[members] = rates.percentile[members] - (rankdata(rates.true[members]) - 1) / (members.sum() - 1)
    found = {int(tier): shifts[rates.tier == tier] for tier in np.unique(rates.tier)}
    told = {tier: each[np.isfinite(each)] for tier, each in found.items()}
    means = [float(each.mean()) for each in told.values() if each.size >= _LEAST_OF_A_TIER]
    if not means:
        return nothing(f"no tier has {_LEAST_OF_A_TIER} account-months")
    note = f"expected percentile less the true one, the tier where it is largest; tiers with {_LEAST_OF_A_TIER} account-months"
    return Found(max(map(abs, means)), unit_count=shifts.size, note=note)


MEASURES: Final[dict[str, Callable[[Linked], Found]]] = {
    "shrinkage": _error,
    "shrinkage_coverage": _coverage,
    "shrinkage_top": _precision,
    "shrinkage_bias": _bias,
}
"""By the key of what is wanted."""
