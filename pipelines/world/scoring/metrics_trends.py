"""Scores of trends: found, gated, dated, placed, and their adoptions. Claims of precedence are not judged here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np

from pipelines.world.scoring.intervals import clustered_share, median, share
from pipelines.world.scoring.linked import Linked
from pipelines.world.scoring.rows import Found

_HOUR_MICROSECONDS: Final = 3_600_000_000
_NO_ADOPTIONS: Final = "no adoption of a planted trend on either side"
# From outside: what sets off many at once. A season and a bot push are no shock, but holding them back is right.
_FROM_OUTSIDE: Final = "('shock', 'seasonal', 'bot_push')"
_GATED: Final = "(trends.is_left_censored or trends.is_in_use_before)"
# Adoptions of social accounts, each with the truth of its trend and account; outlets' items are no adoptions of truth.
_ADOPTIONS: Final = """(
    select trends.label, adoptions.account_key, adoptions.platform, tier_of(adoptions.tier) as tier, adoptions.adopted_at,
        row_number() over (partition by trends.label order by adoptions.adopted_at, adoptions.account_key) as place
    from trend_adoptions as adoptions inner join trends using (trend_key)
    where trends.label in (select tag from true_trends) and adoptions.platform in (select distinct platform from true_accounts)
        and adoptions.actor_class not in ('brand', 'media')
)"""
_TRUE_ADOPTIONS: Final = "(select * from true_adoptions where adopted_at is not null)"


def _detected(linked: Linked) -> Found:
    found, count = linked.one("select count(*) filter (where tag in (select label from trends)), count(*) from true_trends")
    return share(found, count, planted=str(count), found=str(found), none="no trend is planted")


def _gate_share(linked: Linked, of: str, hit: str, none: str) -> Found:
    hits, count = linked.one(
        f"select count(*) filter (where {hit}), count(*) from true_trends as truth inner join trends on trends.label = truth.tag where {of}"
    )
    return share(hits, count, planted=str(count), found=str(hits), none=none)


def perennial_labels(linked: Linked) -> list[str]:
    """Published tags that nobody planted as trends: in use all along, so without an origin and without a burst.

    Tags of a niche that is born within the calendar have an origin; they are none of these.
    """
    return [
        label
        for (label,) in linked.rows("""
            select distinct label from trends
            where unit_type = 'hashtag' and label not in (select tag from true_trends) and label not in (select alias from true_trends where alias is not null)
                and label not in (select unnest(tags) from true_niches where born_on > (select min(day) from true_posts_count))
            order by label
        """)
    ]


def _perennial_gated(linked: Linked) -> Found:
    labels = perennial_labels(linked)
    gated = {label for (label,) in linked.rows(f"select label from trends where {_GATED}")}
    return share(len(gated.intersection(labels)), len(labels), none="only planted trends are published")


def _birth_error(linked: Linked) -> Found:
    (errors,) = linked.numbers(f"""
        select abs(days_between(truth.origin_at, trends.born_at)) from true_trends as truth inner join trends on trends.label = truth.tag
        where not {_GATED} and truth.origin_at is not null
    """)
    return median(
        errors,
        note="from the first account that showed it, where no gate holds the trend",
        none="no trend has an origin on both sides",
    )


def adoption_hits(linked: Linked, tier: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """By trend: published adoptions whose tier is the true one as of the adoption, and those with a tier on both sides.

    Args:
        linked: Both sides.
        tier: Query of ``account_key`` and another ``tier`` to judge in place of the published one.
    """
    source = f"inner join ({tier}) as other using (account_key)" if tier else ""
    column = "other.tier" if tier else "adoptions.tier"
    hits, counts = linked.numbers(f"""
        select count(*) filter (where tier_of({column}) = truth.tier), count(*)
        from {_ADOPTIONS} as adoptions {source}
        inner join {_TRUE_ADOPTIONS} as truth on truth.tag = adoptions.label and truth.key = adoptions.account_key
        where {column} is not null and truth.tier is not null
        group by adoptions.label order by adoptions.label
    """)
    return hits, counts


def _adoption_tier(linked: Linked) -> Found:
    return clustered_share(
        *adoption_hits(linked), note="of adoptions on both sides whose tier is known on both", none=_NO_ADOPTIONS
    )


def _adoption_times(linked: Linked, *, is_recall: bool) -> Found:
    side = (
        "truth.is_observed is distinct from false and truth.tag in (select label from trends)"
        if is_recall
        else "adoptions.label is not null"
    )
    join = "left join" if is_recall else "right join"
    hits, counts = linked.numbers(f"""
        select count(*) filter (where abs(epoch_us(truth.adopted_at) - epoch_us(adoptions.adopted_at)) <= {_HOUR_MICROSECONDS}), count(*)
        from {_TRUE_ADOPTIONS} as truth {join} {_ADOPTIONS} as adoptions on truth.tag = adoptions.label and truth.key = adoptions.account_key
        where {side} group by coalesce(truth.tag, adoptions.label) order by coalesce(truth.tag, adoptions.label)
    """)
    return clustered_share(hits, counts, note="of trends found; within an hour of the true first use", none=_NO_ADOPTIONS)


MEASURES: Final[dict[str, Callable[[Linked], Found]]] = {
    "detected": _detected,
    "shock_recall": partial(
        _gate_share, of="true_class = 'shock'", hit="trends.abstain_reason = 'shock'", none="no shock is planted and found"
    ),
    "shock_precision": partial(
        _gate_share, of="trends.abstain_reason = 'shock'", hit=f"true_class in {_FROM_OUTSIDE}", none="no planted trend is held as a shock"
    ),
    "censored_recall": partial(
        _gate_share, of="truth.is_begun_before_coverage", hit=_GATED, none="no planted and found trend began before the coverage"
    ),
    "censored_precision": partial(
        _gate_share, of=_GATED, hit="coalesce(truth.is_begun_before_coverage, false)", none="no planted trend is held as under way"
    ),
    "perennial_gated": _perennial_gated,
    "birth_error": _birth_error,
    "adoption_recall": partial(_adoption_times, is_recall=True),
    "adoption_precision": partial(_adoption_times, is_recall=False),
    "adoption_tier": _adoption_tier,
}  # fmt: skip
"""By the key of what is wanted."""
