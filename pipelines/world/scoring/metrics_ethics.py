"""Scores of disclosure and of trends that brands seeded. What single posts disclose is in no published table and is not judged here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.world.scoring.intervals import bootstrapped, clopper_pearson, share
from pipelines.world.scoring.linked import Linked
from pipelines.world.scoring.rows import Found, nothing

Floats = NDArray[np.float64]
_RULESET: Final = "ftc_2023"
_FALSE_RATIO: Final = 0.01
_NAIVE_SHARE: Final = 0.1
_POINTS: Final = 100
# Of these the files say that the platform's label is there; on all others it cannot be seen.
_LABELLED: Final = "('instagram', 'tiktok', 'tumblr', 'x', 'youtube')"
# Paid posts that are still there, by month: all of them, and those in which nothing that can be seen discloses it.
_TRUE_MONTHS: Final = f"""(
    select date_trunc('month', published_at)::date as month, count(*) as paid_count,
        count(*) filter (where disclosure = 'none' or (disclosure = 'platform_label' and platform not in {_LABELLED})) as silent_count
    from true_sponsored_posts
    where (platform, native_id) not in (select (platform, native_id) from true_deletions where is_stated)
    group by all
)"""
# A tag that is a planted trend's other spelling is no trend of its own.
_JUDGED: Final = """(
    select trends.label, coalesce(truth.true_class, 'perennial') as true_class, trends.astroturf_probability, trends.is_astroturf, trends.commercial_share_first100
    from commercial_trends as trends left join true_trends as truth on trends.label = truth.tag
    where truth.tag is not null or trends.label not in (select alias from true_trends where alias is not null)
)"""


def undisclosed_error(linked: Linked, count: str) -> Found:
    """Percentage points between the published and the true share of paid posts that disclose nothing, all months together.

    Args:
        linked: Published tables and truth.
        count: The published column, or an expression, of undisclosed posts.
    """
    silent, disclosed, true_silent, paid = linked.numbers(f"""
        select {count}, months.clear_count + months.ambiguous_count, truth.silent_count, truth.paid_count
        from disclosure_months as months inner join {_TRUE_MONTHS} as truth using (month)
        where platform = '*' and tier = '*' and niche_id = '*' and ruleset = '{_RULESET}' and not is_suppressed order by month
    """)
    if not paid.sum() or np.isnan(silent).any():
        return nothing("no paid post in a month that is told, or no rate")

    def error(draw: NDArray[np.int64]) -> float:
        said = silent[draw].sum() / max(silent[draw].sum() + disclosed[draw].sum(), 1e-9)
        return _POINTS * abs(float(said - true_silent[draw].sum() / paid[draw].sum()))

    months = np.arange(paid.size)
    return Found(
        error(months),
        *bootstrapped(error, paid.size),
        int(paid.sum()),
        planted=f"{true_silent.sum() / paid.sum():.3f}",
        found=f"{silent.sum() / (silent.sum() + disclosed.sum()):.3f}",
        note=(
            f"paid posts of {paid.size} months; a label that a platform's files do not tell counts as none; "
            "right only if the night's commercial_accuracy.csv was measured on made-up captions, as make run has it"
        ),
    )


def _scores(linked: Linked, column: str) -> tuple[Floats, Floats]:
    """Scores of seeded trends, and of all others."""
    is_seeded, score = linked.numbers(f"select true_class = 'brand_seeded', coalesce({column}, 0) from {_JUDGED} order by label")
    return score[is_seeded > 0], score[is_seeded == 0]


def recall_at_one_percent(linked: Linked, column: str) -> Found:
    """Share of seeded trends whose score is above that of all but one in a hundred of the others.

    Args:
        linked: Published tables and truth.
        column: Of commercial_trends, by which trends are ordered.
    """
    seeded, others = _scores(linked, column)
    if not seeded.size or not others.size:
        return nothing("no seeded trend, or no other, is published")
    allowed = int(_FALSE_RATIO * others.size)
    limit = float(np.sort(others)[others.size - 1 - allowed])
    hits = int((seeded > limit).sum())
    return Found(
        hits / seeded.size,
        *clopper_pearson(hits, seeded.size),
        seeded.size,
        str(seeded.size),
        str(hits),
        f"at most {allowed} of {others.size} others above",
    )


def _flagged(linked: Linked, *, is_seeded: bool) -> Found:
    sign = "=" if is_seeded else "<>"
    hits, count = linked.one(
        f"select count(*) filter (where is_astroturf), count(*) from {_JUDGED} where true_class {sign} 'brand_seeded'"
    )
    return share(hits, count, planted=str(count), found=str(hits), none="no such trend is published")


def naively_flagged(linked: Linked) -> Found:
    """The baseline: a trend of whose first adopters' posts a tenth or more is commercial counts as seeded; its false ones."""
    hits, count = linked.one(
        f"select count(*) filter (where commercial_share_first100 >= {_NAIVE_SHARE}), count(*) from {_JUDGED} where true_class <> 'brand_seeded'"
    )
    return share(hits, count, none="no such trend is published")


MEASURES: Final[dict[str, Callable[[Linked], Found]]] = {
    "undisclosed_error": partial(undisclosed_error, count="undisclosed_estimate_count"),
    "astroturf": partial(recall_at_one_percent, column="astroturf_probability"),
    "astroturf_recall": partial(_flagged, is_seeded=True),
    "astroturf_false": partial(_flagged, is_seeded=False),
}
"""By the key of what is wanted."""
