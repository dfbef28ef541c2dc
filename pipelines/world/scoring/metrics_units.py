"""Scores of trend units: which labels are said to be one. Not what is said of a trend."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Final

from pipelines.world.scoring.intervals import bootstrapped
from pipelines.world.scoring.linked import Linked
from pipelines.world.scoring.rows import Found, nothing

_NAMES: Final = """
    select trend_key, label from trends
    union
    select trend_key, alias_label from trend_aliases where alias_type = 'hashtag' and alias_kind <> 'co_adopted'
    order by all
"""
_PLANTED: Final = (
    "select tag, alias from true_trends where alias is not null and (tag in ({labels}) or alias in ({labels})) order by all"
)


def _pairs(linked: Linked) -> tuple[set[frozenset[str]], set[frozenset[str]]]:
    """Pairs of labels that are planted as one, of trends that are published, and those that are said to be one."""
    labels = "select label from trends"
    planted = {frozenset(pair) for pair in linked.rows(_PLANTED.format(labels=labels))}
    names: dict[str, list[str]] = {}
    for key, label in linked.rows(_NAMES):
        names.setdefault(key, []).append(label)
    return planted, {frozenset(pair) for together in names.values() for pair in combinations(together, 2)}


def _aliasing(linked: Linked) -> Found:
    planted, found = _pairs(linked)
    every = sorted(planted | found, key=sorted)
    if not planted:
        return nothing("no published trend is planted with another spelling")
    is_hit = [pair in planted and pair in found for pair in every]
    is_found = [pair in found for pair in every]
    is_planted = [pair in planted for pair in every]

    def f1(draw: list[int]) -> float:
        sides = sum(is_found[one] + is_planted[one] for one in draw)
        return 2 * sum(is_hit[one] for one in draw) / sides if sides else 0.0

    low, high = bootstrapped(lambda draw: f1(draw.tolist()), len(every))
    hits = sum(is_hit)
    return Found(
        f1(list(range(len(every)))), low, high, len(every), str(len(planted)), str(len(found)),
        f"pairs of labels; {hits} of {len(found)} listed ones are planted; aliases of too few accounts to be listed count as missed",
    )  # fmt: skip


MEASURES: Final[dict[str, Callable[[Linked], Found]]] = {"aliasing": _aliasing}
"""By the key of what is wanted."""
