"""Scores of how attention is said to be spread, of what is said to change in it, and of where culture is said to go. Not niches, not trends."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np

from pipelines.world.scoring.intervals import median, share
from pipelines.world.scoring.linked import Linked
from pipelines.world.scoring.rows import Found, nothing

_SMALLEST_COVERED_RATIO: Final = 0.5
# Days of a calendar month on which at least half of the posts were seen; a day without posts shows nothing.
_COVERED: Final = f"""
    select platform, date_trunc('month', day)::date as month,
        count(*) filter (where observed_post_count >= {_SMALLEST_COVERED_RATIO} * post_count and post_count > 0)
            / day(last_day(any_value(day))) as covered_ratio
    from true_posts_count group by platform, date_trunc('month', day)
"""


def _error(linked: Linked, resource: str) -> Found:
    """Of the open panel, which the truth holds whole."""
    found, true = linked.numbers(f"""
        select told.hill_2, truth.hill_2 from decentralisation_months as told
        inner join true_concentration_months as truth using (platform, month, resource)
        where told.panel = 'open' and told.niche_id = '*' and resource = '{resource}' and told.hill_2 is not null
        order by platform, month
    """)
    errors = np.abs(found / true - 1)
    tail = f"; nine in ten below {np.quantile(errors, 0.9):.3f}" if errors.size else ""
    return median(
        errors,
        note=f"median over platforms and months; truth is of two different posts of all that happened{tail}",
        none="no platform's month is told",
    )


def _claimed(linked: Linked) -> Found:
    """Fixed panels of a platform's posts, which no world plants a trend in."""
    claimed, told = linked.one("""
        select count(*) filter (where direction in ('decentralising', 'concentrating')), count(*) from decentralisation_trends
        where panel = 'fixed' and niche_id = '*' and resource = 'posts' and direction <> 'abstained'
    """)
    return share(claimed, told, planted="0", found=str(claimed), none="no trend is told: too few months or accounts")


def _withheld(linked: Linked) -> Found:
    withheld, count = linked.one(f"""
        select count(*) filter (where told.hhi_unbiased is null), count(*) from decentralisation_months as told
        inner join ({_COVERED}) using (platform, month) where told.panel = 'open' and covered_ratio < {_SMALLEST_COVERED_RATIO}
    """)
    return share(withheld, count, planted=str(count), found=str(withheld), none="no published month is below the threshold")


def _culture(linked: Linked, *, is_planted: bool) -> Found:
    if linked.world.people.is_homogenising is not is_planted:
        return nothing("homogenising is planted" if not is_planted else "no homogenising is planted")
    rows = linked.rows(
        "select direction, culture_direction from culture_trends where period = 'all' and measure = 'distinctness_bits'"
    )
    if not rows or rows[0][1] == "abstained":
        return nothing("no trend of culture is told: too few months")
    distinctness, both = (str(word) for word in rows[0])
    # Niches that grow alike are also found to be fewer in the end, so that the two measures together say consolidating.
    claimed = distinctness == "homogenising" if is_planted else both != "none"
    return Found(
        float(claimed), unit_count=1, planted="homogenising" if is_planted else "none", found=distinctness if is_planted else both
    )


MEASURES: Final[dict[str, Callable[[Linked], Found]]] = {
    "decentral_error": partial(_error, resource="posts"),
    "decentral_error_engagement": partial(_error, resource="engagement"),
    "decentral_slope": _claimed,
    "coverage_null": _withheld,
    "culture_homogenising": partial(_culture, is_planted=True),
    "culture_false": partial(_culture, is_planted=False),
}
"""By the key of what is wanted."""
