"""Scores of creators: which accounts were joined to one person, and how engaging they are said to be. Not niches, not trends."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from pipelines.world.scoring.intervals import rank_correlation, share
from pipelines.world.scoring.linked import Linked
from pipelines.world.scoring.rows import Found, nothing

_LEAST_POSTS: Final = 5
_LEAST_ACCOUNTS: Final = 10
# The key of a person is the least of the keys of the accounts that name each other.
_LINKS: Final = """
    select one.key as key, least(min(one.key), min(other.key)) as person_key
    from true_accounts as one inner join true_accounts as other on one.person = other.person and one.linked_native_id = other.native_id
    where one.is_link_mutual and one.key <> other.key group by one.key
"""


def _links(linked: Linked, *, is_recall: bool) -> Found:
    joined = "(select creator_key from creators where link_evidence <> 'none')"
    if is_recall:
        hits, count = linked.one(f"""
            select count(distinct person_key) filter (where person_key in {joined}), count(distinct person_key) from ({_LINKS})
            where key in (select creator_key from creators) or person_key in (select creator_key from creators)
        """)
    else:
        hits, count = linked.one(
            f"select count(*) filter (where creator_key in (select person_key from ({_LINKS}))), count(*) from {joined}"
        )
    return share(
        hits, count, planted=str(count) if is_recall else None, none="no mutual links" if is_recall else "no accounts are joined"
    )


def _engagement(linked: Linked) -> Found:
    found, true = linked.numbers(f"""
        select sum(engagement_count) / sum(engagement_follower_count) as rate, any_value(engagement_rate)
        from (select creator_key, engagement_count, engagement_follower_count, post_count from creator_months)
        inner join (select creator_key from creators where account_count = 1) using (creator_key)
        inner join (select key, engagement_rate from true_accounts where engagement_rate is not null) on creator_key = key
        where engagement_follower_count > 0 group by creator_key having sum(post_count) >= {_LEAST_POSTS} order by creator_key
    """)
    if found.size < _LEAST_ACCOUNTS:
        return nothing("too few creators with a rate on both sides")
    value, low, high = rank_correlation(found, true)
    return Found(
        value,
        low,
        high,
        found.size,
        note=f"creators of one account and {_LEAST_POSTS} posts; truth is likes per follower and post",
    )


MEASURES: Final[dict[str, Callable[[Linked], Found]]] = {
    "link_recall": partial(_links, is_recall=True),
    "link_precision": partial(_links, is_recall=False),
    "engagement": _engagement,
}
"""By the key of what is wanted."""
