"""Scores of bursts, of what set a trend off, and of coordinated beginnings. Not origins, not claims of precedence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.world.scoring.intervals import bootstrapped, share
from pipelines.world.scoring.linked import Linked
from pipelines.world.scoring.metrics_trends import perennial_labels
from pipelines.world.scoring.rows import Found, nothing

PLANTED_SHARE: Final = 0.9
"""A planted burst is the shortest run of days that holds so much of a trend's true adoptions."""
LEAST_OVERLAP: Final = 0.5
CLASS_OF: Final[dict[str, str]] = {
    "niche_origin": "endogenous",
    "macro_origin": "endogenous",
    "background": "exogenous",
    "media_origin": "exogenous",
    "seasonal": "exogenous",
    "shock": "exogenous",
    "bot_push": "mixed",
    "brand_seeded": "mixed",
}
"""What a trend's true class counts as. Passed on inside: by a niche along the graph, or from large creators down. A common cause: an event, the
press, a season, or the wave by which a background trend reaches all alike. Placed from outside, then taken up: by bots, by paid posts."""
Spans = dict[str, list[tuple[int, int]]]


def shortest_span(days: NDArray[np.int64], held: float) -> tuple[int, int]:
    """First and last day of the shortest run of days that holds a share of the days given.

    Args:
        days: Day numbers, at least one.
        held: Share, above 0.
    """
    ordered = np.sort(days)
    count = max(int(np.ceil(held * ordered.size)), 1)
    widths = ordered[count - 1 :] - ordered[: ordered.size - count + 1]
    first = int(np.argmin(widths))
    return int(ordered[first]), int(ordered[first + count - 1])


def overlap(one: tuple[int, int], other: tuple[int, int]) -> float:
    """Days in common over days of either, both ends counted (Jaccard)."""
    common = max(0, min(one[1], other[1]) - max(one[0], other[0]) + 1)
    return common / ((one[1] - one[0] + 1) + (other[1] - other[0] + 1) - common)


def _planted(linked: Linked) -> dict[str, tuple[int, int]]:
    """Planted bursts of trends that are published, by tag."""
    days: dict[str, list[date]] = {}
    for tag, day in linked.rows("""
        select tag, adopted_at::date from true_adoptions
        where adopted_at is not null and tag in (select label from trends) order by all
    """):
        days.setdefault(tag, []).append(day)
    return {tag: shortest_span(np.array([each.toordinal() for each in found]), PLANTED_SHARE) for tag, found in days.items()}


def _found(linked: Linked) -> Spans:
    spans: Spans = {}
    for label, began, ended in linked.rows("select label, began_on, ended_on from trend_bursts order by all"):
        spans.setdefault(label, []).append((began.toordinal(), ended.toordinal()))
    return spans


def _burst_f1(linked: Linked) -> Found:
    planted, found = _planted(linked), _found(linked)
    if not planted:
        return nothing("no planted trend is published")
    called = [label for label in [*planted, *perennial_labels(linked)] if label in found]
    best = {tag: max((overlap(span, each) for each in found.get(tag, [])), default=0.0) for tag, span in planted.items()}
    hits = sum(value >= LEAST_OVERLAP for value in best.values())
    units = np.array([(value >= LEAST_OVERLAP, True, tag in found) for tag, value in best.items()], dtype=np.float64)
    others = np.tile([0.0, 0.0, 1.0], (len(called) - sum(tag in found for tag in planted), 1))
    rows = np.concatenate([units, others])

    def f1(draw: NDArray[np.int64]) -> float:
        right, wanted, told = rows[draw].sum(axis=0)
        return float(2 * right / max(wanted + told, 1.0))

    touched = sum(value > 0 for value in best.values())
    note = (
        f"right: at least {LEAST_OVERLAP:.0%} of the days in common with the shortest run that holds {PLANTED_SHARE:.0%} of the true adoptions; "
        f"{hits} of {len(planted)} planted, {touched} met at all, {len(called)} units called"
    )
    everything = np.arange(len(rows))
    return Found(f1(everything), *bootstrapped(f1, len(rows)), len(rows), str(len(planted)), str(len(called)), note)


def _burst_found(linked: Linked) -> Found:
    planted, found = _planted(linked), _found(linked)
    hits = sum(any(overlap(span, each) > 0 for each in found.get(tag, [])) for tag, span in planted.items())
    return share(hits, len(planted), planted=str(len(planted)), found=str(hits), none="no planted trend is published")


def _burst_false(linked: Linked) -> Found:
    labels = perennial_labels(linked)
    found = _found(linked)
    return share(
        sum(label in found for label in labels),
        len(labels),
        note="a burst in any month; by month, see burst_units",
        none="only planted trends are published",
    )


def macro_f1(true: Sequence[str], told: Sequence[str]) -> float:
    """Mean over the true classes of the harmonic mean of precision and recall; NaN where there are none."""
    scores = []
    for name in sorted(set(true)):
        hits = sum(one == name == other for one, other in zip(true, told, strict=True))
        scores.append(2 * hits / (true.count(name) + told.count(name)))
    return float(np.mean(scores)) if scores else float("nan")


def class_rows(linked: Linked, column: str = "exogeneity_class") -> tuple[list[str], list[str], int]:
    """True and told classes of planted trends that are told, and how many are published.

    Args:
        linked: Both sides.
        column: Of ``trend_shapes``, or an expression of its columns, that tells.
    """
    rows = linked.rows(f"""
        select truth.true_class, {column}, exogeneity_class from true_trends as truth inner join trend_shapes on trend_shapes.label = truth.tag
        order by truth.tag
    """)
    told = [(CLASS_OF[true], said) for true, said, published in rows if published != "unknown"]
    return [true for true, _ in told], [said for _, said in told], len(rows)


def exogeneity_f1(linked: Linked, column: str = "exogeneity_class") -> Found:
    """Macro-F1 of the classes of trends; see :func:`class_rows`."""
    true, told, published = class_rows(linked, column)
    if not true:
        return nothing("no planted trend has a class")

    def f1(draw: NDArray[np.int64]) -> float:
        return macro_f1([true[place] for place in draw.tolist()], [told[place] for place in draw.tolist()])

    note = f"of {published} planted trends published, {published - len(true)} are unknown; {len(set(true))} classes are planted"
    return Found(macro_f1(true, told), *bootstrapped(f1, len(true)), len(true), note=note)


def coordinated_share(linked: Linked, column: str = "is_coordinated", *, is_recall: bool) -> Found:
    """Bot pushes that are flagged, or others of the published tags that are.

    Args:
        linked: Both sides.
        column: Of ``trend_shapes``, the flag.
        is_recall: Bot pushes; else all others.
    """
    pushed = "label in (select tag from true_trends where true_class = 'bot_push')"
    hits, count = linked.one(f"""
        select count(*) filter (where {column}), count(*) from trend_shapes
        where exogeneity_class <> 'unknown' and {"" if is_recall else "not"} {pushed}
    """)
    return share(hits, count, planted=str(count) if is_recall else None, none="no trend of the kind is told")


def _coordination_recall(linked: Linked) -> Found:
    return coordinated_share(linked, is_recall=True)


def _coordination_false(linked: Linked) -> Found:
    return coordinated_share(linked, is_recall=False)


MEASURES: Final[dict[str, Callable[[Linked], Found]]] = {
    "burst_f1": _burst_f1,
    "burst_found": _burst_found,
    "burst_false": _burst_false,
    "exogeneity": exogeneity_f1,
    "coordination_recall": _coordination_recall,
    "coordination_false": _coordination_false,
}
"""By the key of what is wanted."""
