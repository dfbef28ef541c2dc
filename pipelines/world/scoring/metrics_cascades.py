"""Scores of parents: who is said to have a trend from whom, against the account that exposed it, and the shape of the trees that makes. No flows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np

from pipelines.analysis.cascade_trees import ROOT, forest_of
from pipelines.world.scoring.intervals import bootstrapped_at_once, share
from pipelines.world.scoring.linked import Linked
from pipelines.world.scoring.rows import Found, nothing

_SMALLEST_TREE: Final = 10
# Planted trends that spread from account to account: those in which somebody was exposed by another adopter.
_SPREADING: Final = "(select distinct tag from true_adoptions where cause_key is not null)"
_CAUSED: Final = "(select tag, key, cause_key, adopted_at from true_adoptions where adopted_at is not null)"
_FOUND: Final = f"""
    (select trends.label as tag, parents.account_key, parents.parent_account_key, parents.evidence
    from trend_parents as parents inner join trends on parents.trend_key = trends.trend_key
    where parents.is_strongest and trends.label in {_SPREADING})
"""


def _edges(linked: Linked, *, is_recall: bool, evidence: str | None = None) -> Found:
    rows = "true" if evidence is None else f"evidence = '{evidence}'"
    hits, found = linked.one(f"""
        select count(*) filter (where truth.cause_key = found.parent_account_key), count(*)
        from {_FOUND} as found left join {_CAUSED} as truth on found.tag = truth.tag and found.account_key = truth.key where {rows}
    """)
    if not is_recall:
        return share(
            hits,
            found,
            none="no parents of trends that spread",
            note="who found it by itself and is given a parent counts as wrong",
        )
    (true,) = linked.one(f"select count(*) from {_CAUSED} where cause_key is not null")
    return share(
        hits,
        true,
        planted=str(true),
        none="nobody was exposed by another adopter",
        note="adoptions that were not collected count as missed",
    )


def _virality(linked: Linked) -> Found:
    """Median over trends of the relative error of the largest tree's structural virality."""
    sides: list[dict[str, float]] = []
    for sql in (
        f"select tag, key, cause_key from {_CAUSED} where tag in {_SPREADING} order by tag, adopted_at, key",
        f"""
        select trends.label, adoptions.account_key, found.parent_account_key
        from trend_adoptions as adoptions inner join trends on adoptions.trend_key = trends.trend_key
        left join {_FOUND} as found on found.tag = trends.label and found.account_key = adoptions.account_key
        where trends.label in {_SPREADING} order by trends.label, adoptions.adopted_at, adoptions.account_key
        """,
    ):
        by_tag: dict[str, list[tuple[str, str | None]]] = {}
        for tag, child, parent in linked.rows(sql):
            by_tag.setdefault(tag, []).append((child, parent))
        sides.append({tag: value for tag, pairs in by_tag.items() if (value := _largest_virality(pairs)) is not None})
    true, found = sides
    both = sorted(set(true) & set(found))
    if not both:
        return nothing("no tree of ten adopters on both sides")
    errors = np.array([abs(found[tag] / true[tag] - 1) for tag in both])
    low, high = bootstrapped_at_once(lambda draws: np.median(errors[draws], axis=1), errors.size)
    return Found(float(np.median(errors)), low, high, errors.size, note="of the largest trees, each side's own")


def _largest_virality(pairs: list[tuple[str, str | None]]) -> float | None:
    """Of adopters in the order of time: a parent that comes later is none."""
    place = {child: number for number, (child, _) in enumerate(pairs)}
    parent = [place.get(above, ROOT) if above is not None else ROOT for _, above in pairs]
    forest = forest_of(np.array([one if one < number else ROOT for number, one in enumerate(parent)], dtype=np.int64))
    largest = int(np.argmax(forest.size))
    return float(forest.virality[largest]) if forest.size[largest] >= _SMALLEST_TREE else None


MEASURES: Final[dict[str, Callable[[Linked], Found]]] = {
    "cascade_precision": partial(_edges, is_recall=False),
    "cascade_recall": partial(_edges, is_recall=True),
    "cascade_credit": partial(_edges, is_recall=False, evidence="credit"),
    "cascade_virality": _virality,
}
"""By the key of what is wanted."""
