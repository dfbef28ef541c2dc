"""Scores of claims: who was first, over all trends and trend by trend, and who originates. Reads verdicts; estimates nothing anew."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np

from pipelines.world.scoring.intervals import bootstrapped_at_once, share
from pipelines.world.scoring.linked import Linked
from pipelines.world.scoring.rows import Found, nothing
from pipelines.world.worlds import ANY, LEAD, NONE, TARGET, World

LARGE, MEDIA = "large_creators", "media"
ABSTAINED: Final = "abstained"
_TRUE_DIRECTION: Final = {LARGE: "direction", MEDIA: "media_direction"}
_LEVEL: Final = 0.05


def planted(world: World, target: str) -> str:
    """What the world allows to be claimed of micro creators against a target class, in the words of the claims."""
    return world.truth(target)


def wrong(world: World, target: str, claim: str, note: str | None = None) -> Found:
    """Whether a claim says what the world does not hold: 1 or 0."""
    truth = planted(world, target)
    if truth == ANY:
        return Found(None, planted=truth, found=claim, note="the world says nothing of it")
    is_wrong = claim in {LEAD, TARGET} and claim != truth
    return Found(float(is_wrong), unit_count=1, planted=truth, found=claim, note=note)


def signed(world: World, target: str, claim: str, note: str | None = None) -> Found:
    """Whether a planted direction is what is claimed: 1 or 0."""
    truth = planted(world, target)
    if truth not in {LEAD, TARGET}:
        return Found(None, planted=truth, found=claim, note="no direction is planted over all trends")
    return Found(float(claim == truth), unit_count=1, planted=truth, found=claim, note=note)


def powerful(world: World, target: str, claim: str, note: str | None = None) -> Found:
    """Whether a planted lead of micro creators is claimed: 1 or 0."""
    if planted(world, target) != LEAD:
        return Found(None, planted=planted(world, target), found=claim, note="no lead of micro creators is planted")
    return signed(world, target, claim, note)


def pooled_claim(linked: Linked, target: str) -> str:
    """The published claim over all hashtags, which planted trends are; abstained where none was compared."""
    claims = linked.rows(
        f"select distinct pooled_claim from ripple_effects where target_class = '{target}' and unit_type = 'hashtag'"
    )
    return str(claims[0][0]) if claims else ABSTAINED


def origin_claim(linked: Linked) -> tuple[str, str]:
    """What the odds of micro creators claim over all periods at 5%, in the words of the pooled claims; and the numbers."""
    rows = linked.rows(
        "select odds_ratio, odds_ratio_low, odds_ratio_high, q_value from origin_by_tier"
        " where unit_type = 'hashtag' and period = 'all' and tier_of(tier) = 'micro'"
    )
    if not rows or rows[0][0] is None or rows[0][3] is None:
        return ABSTAINED, "no odds ratio"
    ratio, low, high, q_value = rows[0]
    claim = NONE if q_value >= _LEVEL else LEAD if ratio > 1 else TARGET
    return claim, f"odds ratio {ratio:.2f} ({low:.2f} to {high:.2f}), q {q_value:.3f}"


def _probability(linked: Linked, target: str) -> Found:
    (values,) = linked.numbers(
        f"select precedence_probability from ripple_effects where target_class = '{target}' and unit_type = 'hashtag'"
        " and precedence_probability is not null"
    )
    if not values.size:
        return nothing("no trend was compared")
    low, high = bootstrapped_at_once(lambda draws: values[draws].mean(axis=1), values.size)
    truth, claim = planted(linked.world, target), pooled_claim(linked, target)
    return Found(float(values.mean()), low, high, values.size, truth, claim, "null 0.5; trends drawn again for the interval")


def _trend_claims(linked: Linked, target: str, condition: str) -> Found:
    """Share of per-trend claims that the trend's truth does not hold. A tag that was not planted holds nothing."""
    false, count = linked.one(f"""
        select count(*) filter (where claim is distinct from {_TRUE_DIRECTION[target]}), count(*)
        from (
            select label, case when precedence_probability > 0.5 then '{LEAD}' else '{TARGET}' end as claim
            from ripple_effects where target_class = '{target}' and unit_type = 'hashtag' and {condition}
        ) left join true_trends on label = tag
    """)
    if not count:
        return Found(0.0, unit_count=0, note="no trend is claimed: nothing false is")
    return share(false, count, note="trends share accounts: the interval takes them as independent")


def _trend_power(linked: Linked, target: str) -> Found:
    """Share of trends with a planted direction that are claimed with it."""
    found, compared, count = linked.one(f"""
        select
            count(*) filter (where q_value < {_LEVEL} and (precedence_probability > 0.5) = ({_TRUE_DIRECTION[target]} = '{LEAD}')),
            count(q_value), count(*)
        from true_trends left join (select * from ripple_effects where target_class = '{target}' and unit_type = 'hashtag') on label = tag
        where {_TRUE_DIRECTION[target]} in ('{LEAD}', '{TARGET}')
    """)
    return share(
        found,
        count,
        planted=str(count),
        found=str(found),
        note=f"{compared} of them were compared",
        none="no trend has a direction",
    )


def _origin(linked: Linked, judge: Callable[[World, str, str, str | None], Found]) -> Found:
    claim, numbers = origin_claim(linked)
    return judge(linked.world, LARGE, claim, numbers)


def _pooled(linked: Linked, target: str, judge: Callable[[World, str, str], Found]) -> Found:
    return judge(linked.world, target, pooled_claim(linked, target))


MEASURES: Final[dict[str, Callable[[Linked], Found]]] = {
    **{
        f"{name}_{short}": partial(_pooled, target=target, judge=judge)
        for name, judge in (("wrong", wrong), ("sign", signed), ("power", powerful))
        for short, target in (("large", LARGE), ("media", MEDIA))
    },
    **{
        f"{name}_{short}": partial(measure, target=target)
        for name, measure in (
            ("probability", _probability),
            ("fdp", partial(_trend_claims, condition=f"q_value < {_LEVEL}")),
            ("level_fdp", partial(_trend_claims, condition="evidence_level >= 1")),
            ("trend_power", _trend_power),
        )
        for short, target in (("large", LARGE), ("media", MEDIA))
    },
    "wrong_origin": partial(_origin, judge=wrong),
    "power_origin": partial(_origin, judge=powerful),
}  # fmt: skip
"""By the key of what is wanted."""


def sign_test_claim(positive: int, negative: int) -> str:
    """What a two-sided sign test at 5% claims of micro creators being the earlier.

    Args:
        positive: Trends in which they are.
        negative: Trends in which the others are.
    """
    from scipy.stats import binomtest

    if positive + negative == 0:
        return ABSTAINED
    is_sure = binomtest(positive, positive + negative).pvalue < _LEVEL
    return NONE if not is_sure else LEAD if positive > negative else TARGET


def sign_of(differences: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
    """What a sign test claims of differences that are positive where micro creators are earlier."""
    known = differences[np.isfinite(differences)]
    return sign_test_claim(int((known > 0).sum()), int((known < 0).sum()))
