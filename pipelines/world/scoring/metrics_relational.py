"""Scores of relational influence: who is said to answer, how surely, and how soon. Not engagement, not insiders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from pipelines.world.scoring.intervals import bootstrapped_at_once, rank_correlation, share
from pipelines.world.scoring.linked import Linked
from pipelines.world.scoring.rows import Found, nothing

_LEAST_REPLIES: Final = 20
_LEAST_ANSWERS: Final = 10
_LEAST_ACCOUNTS: Final = 10
_ACCOUNT: Final = "inner join true_accounts on creator_relation_months.account_key = true_accounts.key"


def _rank(linked: Linked) -> Found:
    found, true = linked.numbers(f"""
        select sum(answered_count) / sum(eligible_inbound_count), any_value(true_accounts.reply_back_rate)
        from creator_relation_months {_ACCOUNT}
        where creator_relation_months.reply_back_rate is not null and true_accounts.reply_back_rate is not null
        group by account_key having sum(eligible_inbound_count) >= {_LEAST_REPLIES} order by account_key
    """)
    if found.size < _LEAST_ACCOUNTS:
        return nothing(f"too few accounts with {_LEAST_REPLIES} replies to be judged")
    value, low, high = rank_correlation(found, true)
    return Found(value, low, high, found.size, note=f"accounts of {_LEAST_REPLIES} replies over all months, as counted")


def _coverage(linked: Linked) -> Found:
    hits, count = linked.one(f"""
        select
            count(*) filter (where true_accounts.reply_back_rate between reply_back_rate_low and reply_back_rate_high), count(*)
        from creator_relation_months {_ACCOUNT}
        where reply_back_rate_low is not null and true_accounts.reply_back_rate is not null
    """)
    found = share(hits, count, none="no account has an interval")
    return Found(found.value, found.low, found.high, found.unit_count, note=found.note or "account months count as independent")


def _hours(linked: Linked) -> Found:
    found, true = linked.numbers(f"""
        select answer_median_hours, reply_back_median_hours from creator_relation_months {_ACCOUNT}
        where followed_answer_count >= {_LEAST_ANSWERS} and answer_median_hours > 0 and reply_back_median_hours > 0
        order by account_key, month
    """)
    if found.size < _LEAST_ACCOUNTS:
        return nothing(f"too few account months with {_LEAST_ANSWERS} answers")
    error = np.abs(np.log(found / true))
    low, high = bootstrapped_at_once(lambda draws: np.median(error[draws], axis=1), error.size)
    return Found(
        float(np.median(error)), low, high, error.size, note="of the median time of answers; 0.1 is a tenth too long or short"
    )


MEASURES: Final[dict[str, Callable[[Linked], Found]]] = {
    "relational": _rank,
    "relational_coverage": _coverage,
    "relational_hours": _hours,
}
"""By the key of what is wanted."""
