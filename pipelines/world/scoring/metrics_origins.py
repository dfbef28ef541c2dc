"""Scores of origin sets: whether the first account is among them, what it is said to be, and whether their credibility means what it says."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.world.scoring.intervals import bootstrapped, share
from pipelines.world.scoring.linked import Linked
from pipelines.world.scoring.rows import Found, nothing

# Planted trends that are published, with who showed each first; what was under way before the collection has no origin to find.
_PLANTED: Final = """
    true_trends as truth inner join trends on trends.label = truth.tag inner join trend_origin_verdicts as verdicts using (trend_key)
"""
ORIGIN_SET_SIZE: Final = 5
_CLASS_COUNT: Final = 10


def _origin_set(linked: Linked) -> Found:
    hits, count = linked.one(f"""
        select count(*) filter (where exists (
            select 1 from trend_origins as origins where origins.trend_key = trends.trend_key and origins.account_key = truth.origin_key
        )), count(*)
        from {_PLANTED} where verdicts.abstain_reason is null and truth.origin_key is not null
    """)
    return share(hits, count, note="of planted trends with a verdict", none="no planted trend has a verdict")


def _abstained(linked: Linked) -> Found:
    hits, count = linked.one(f"""
        select count(*) filter (where verdicts.abstain_reason is not null), count(*)
        from {_PLANTED} where not coalesce(truth.is_begun_before_coverage, false)
    """)
    return share(hits, count, note="of planted trends found that began within the coverage", none="none was found")


def _named(linked: Linked, said: str, true: str) -> Found:
    hits, count = linked.one(f"""
        select count(*) filter (where {said} = {true}), count(*) from {_PLANTED} where {said} is not null and {true} is not null
    """)
    return share(hits, count, note="of verdicts that name one", none="no verdict names one that truth has")


def _niche(linked: Linked) -> Found:
    # A published niche stands for the true niche that most of its members are of.
    hits, count = linked.one(f"""
        with named as (
            select niche_id, mode(niche) as name from niche_members inner join true_accounts on account_key = key
            where niche_id is not null group by all
        )
        select count(*) filter (where named.name = truth.origin_niche), count(*)
        from {_PLANTED} inner join named on named.niche_id = verdicts.origin_niche_id where truth.origin_niche is not null
    """)
    return share(hits, count, note="of verdicts that name one", none="no verdict names one that truth has")


def _calibration(linked: Linked) -> Found:
    columns = linked.numbers(f"""
        select origins.credibility, (origins.account_key = truth.origin_key)::integer as is_origin, dense_rank() over (order by trends.trend_key) as trend
        from {_PLANTED} inner join trend_origins as origins on origins.trend_key = trends.trend_key
        where verdicts.abstain_reason is null and origins.credibility is not null and truth.origin_key is not null
        order by trends.trend_key, origins.account_key
    """)
    if not columns[0].size:
        return nothing("no account has a credibility")
    values, hits, trends = columns
    _, place = np.unique(trends, return_inverse=True)
    count = int(place.max()) + 1
    classes = np.minimum((values * _CLASS_COUNT).astype(np.int64), _CLASS_COUNT - 1)

    def error(chosen: NDArray[np.int64]) -> float:
        weights = np.bincount(chosen, minlength=count)[place]
        gaps = np.bincount(classes, weights * (values - hits), _CLASS_COUNT)
        return float(np.abs(gaps).sum() / max(float(weights.sum()), 1.0))

    note = "mean absolute difference of credibility and share of originators, over tenths of credibility"
    return Found(error(np.arange(count)), *bootstrapped(error, count), int(values.size), note=note)


MEASURES: Final[dict[str, Callable[[Linked], Found]]] = {
    "origin_set": _origin_set,
    "origin_abstained": _abstained,
    "origin_niche": _niche,
    "origin_tier": partial(_named, said="verdicts.origin_tier", true="truth.origin_tier"),
    "origin_platform": partial(_named, said="verdicts.origin_platform", true="truth.origin_platform"),
    "origin_credibility": _calibration,
}
