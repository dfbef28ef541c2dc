"""Scores of insiders against tourists, and of the suspicion of automation against planted bots. Judges no niche, no trend."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from pipelines.world.scoring.intervals import bootstrapped_at_once, share
from pipelines.world.scoring.linked import Linked
from pipelines.world.scoring.rows import Found, nothing

SCORE: Final = "insider_score"
STRENGTH: Final = "membership_strength"
_LOWEST: Final = -1.0
# Who took up a trend of a niche in a month in which the account was looked at: of the niche (first or second), or a tourist in it. What a
# published niche stands for is the true niche of most of its members.
_PROMOTERS: Final = """
    with named as (
        select members.niche_id, mode(case when truth.niche_changed_on <= members.month then truth.later_niche else truth.niche end) as niche
        from niche_members as members inner join true_accounts as truth on members.account_key = truth.key
        where members.niche_id is not null and truth.niche is not null
        group by all
    ),
    promoters as (
        select
            members.creator_key, date_trunc('month', adoptions.adopted_at)::date as month, trends.niche,
            bool_or(adoptions.is_insider or coalesce(truth.second_niche = trends.niche, false)) as is_insider
        from true_adoptions as adoptions
        inner join true_trends as trends using (tag)
        inner join true_accounts as truth on adoptions.key = truth.key
        inner join niche_members as members
            on adoptions.key = members.account_key and date_trunc('month', adoptions.adopted_at)::date = members.month
        where adoptions.adopted_at is not null and truth.actor_class in ('creator', 'audience')
        group by all
    )
    select promoters.is_insider::integer as is_insider, max(depth.{column}) as value, max((depth.niche_id is not null)::integer) as has_row
    from promoters
    left join (select * from creator_niches inner join named using (niche_id)) as depth using (creator_key, month, niche)
    group by promoters.creator_key, promoters.month, promoters.niche, promoters.is_insider
    order by promoters.creator_key, promoters.month, promoters.niche
"""


def area_under_curve(values: NDArray[np.float64], is_positive: NDArray[np.bool_]) -> NDArray[np.float64]:
    """P(a positive's value is above a negative's), ties half (Hanley and McNeil 1982), along the last axis; NaN where one side is empty."""
    count, others = is_positive.sum(axis=-1), (~is_positive).sum(axis=-1)
    ranks = np.where(is_positive, rankdata(values, axis=-1), 0.0).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((ranks - count * (count + 1) / 2) / (count * others))


def insider_area(linked: Linked, *, column: str = SCORE, is_of_members: bool = False) -> Found:
    """AUC of insiders against tourists among who took up a niche's trends.

    Args:
        linked: Both sides.
        column: Of ``creator_niches``, that ranks them.
        is_of_members: Only those who are published as members of the niche; else who is not is below all who are.
    """
    insider, value, has_row = linked.numbers(_PROMOTERS.format(column=column))
    chosen = has_row > 0 if is_of_members else np.ones(insider.size, dtype=bool)
    is_insider, ranked = insider[chosen] > 0, np.where(np.isfinite(value), value, _LOWEST)[chosen]
    area = float(area_under_curve(ranked, is_insider))
    if not np.isfinite(area):
        return nothing("nobody took up a niche's trend as a tourist, or nobody as an insider")
    low, high = bootstrapped_at_once(lambda draws: area_under_curve(ranked[draws], is_insider[draws]), ranked.size)
    note = f"{is_insider.sum()} insiders and {(~is_insider).sum()} tourists by month; members are {has_row[insider > 0].mean():.0%} and {has_row[insider == 0].mean():.0%}"
    return Found(area, low, high, ranked.size, note=note)


_ACTORS: Final = """
    select truth.actor_class, creators.is_suspected_automated as is_suspected
    from creators inner join true_accounts as truth on creators.creator_key = truth.key
    where creators.account_count = 1
"""


def _suspicion(linked: Linked, *, hits: str, units: str, none: str, note: str) -> Found:
    found, count = linked.one(f"select count(*) filter (where {hits}), count(*) from ({_ACTORS}) where {units}")
    return share(found, count, none=none, note=note)


MEASURES: Final[dict[str, Callable[[Linked], Found]]] = {
    "insider": insider_area,
    "insider_members": partial(insider_area, is_of_members=True),
    "bots_found": partial(
        _suspicion, hits="is_suspected", units="actor_class = 'bot'", none="no bot is published", note="bots of one account"
    ),
    "suspected_bots": partial(
        _suspicion,
        hits="actor_class = 'bot'",
        units="is_suspected",
        none="nobody is suspected",
        note="of creators of one account; aggregators that post as much are not bots",
    ),
    "falsely_suspected": partial(
        _suspicion,
        hits="is_suspected",
        units="actor_class = 'creator'",
        none="no creator is published",
        note="creators of one account",
    ),
}
"""By the key of what is wanted."""
