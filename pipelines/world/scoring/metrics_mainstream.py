"""Scores of mainstream adoption: levels of evidence, lags with their intervals, survival. Claims of precedence are not judged here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.analysis.adoption_survival import SurvivalParameters, kaplan_meier
from pipelines.world.scoring.intervals import median, share
from pipelines.world.scoring.linked import Linked
from pipelines.world.scoring.rows import Found, nothing

EDITORIAL: Final = "W3_editorial"
_SMALLEST_SURVIVAL_COUNT: Final = 8
# A minute and a half: what a time that a native format rounds to its minute may be off by.
_ROUNDING_DAYS: Final = 0.001
# Planted trends whose birth was seen, by class of outlet, with the true lag since the true first adopter.
_LAGS: Final = """(
    select adoptions.*, days_between(truth.origin_at,
        case when adoptions.target_class = 'brand' then truth.first_brand_at else truth.first_media_at end) as true_lag_days
    from mainstream_adoptions as adoptions inner join true_trends as truth on truth.tag = adoptions.label
    where truth.origin_at is not null and coalesce(adoptions.abstain_reason, '') not in ('left_censored', 'in_use_before')
)"""


def _editorial(linked: Linked) -> Found:
    if linked.world.name != EDITORIAL:
        return nothing("only the world of editorial delay has no trend of level 2")
    hits, count = linked.one("""
        select count(*) filter (where evidence_level >= 2), count(*) from mainstream_adoptions
        where evidence_level is not null and label in (select tag from true_trends)
    """)
    return share(hits, count, note="planted trends and classes that no gate holds", none="no planted trend has a level")


def _lag_error(linked: Linked) -> Found:
    (errors,) = linked.numbers(
        f"select abs(lag_days - true_lag_days) from {_LAGS} where lag_days is not null and true_lag_days is not null"
    )
    return median(
        errors,
        note="media and brands; from the true first adopter to the true first outlet; dates by their middle",
        none="no lag is known on both sides",
    )


def _lag_coverage(linked: Linked) -> Found:
    hits, count = linked.one(f"""
        select count(*) filter (where true_lag_days between lag_low_days - {_ROUNDING_DAYS} and lag_high_days + {_ROUNDING_DAYS}), count(*)
        from {_LAGS} where lag_days is not null and true_lag_days is not null
    """)
    return share(hits, count, note="exact where everything was seen: then above 90%", none="no lag is known on both sides")


def _survival(linked: Linked) -> Found:
    """The curve of planted trends from published lags beside the one from true lags, both to the same ends of observation."""
    lag, true_lag, window = linked.numbers(f"""
        select lags.lag_days, lags.true_lag_days, days_between(trends.born_at, trends.window_ends_at)
        from {_LAGS} as lags inner join trends using (trend_key)
        where lags.target_class = 'media' and coalesce(lags.lag_days, 0) >= 0 and coalesce(lags.true_lag_days, 0) >= 0
        order by lags.trend_key
    """)
    if lag.size < _SMALLEST_SURVIVAL_COUNT:
        return nothing("too few planted trends were seen from their birth")
    curves = [_curve(each, window) for each in (lag, true_lag)]
    return Found(
        float(np.abs(curves[0] - curves[1]).max()),
        unit_count=lag.size,
        note="media, planted trends alone: of the other tags truth does not know when outlets used them",
    )


def _curve(lag: NDArray[np.float64], window: NDArray[np.float64]) -> NDArray[np.float64]:
    is_event = np.isfinite(lag) & (lag <= window)
    day = np.where(is_event, np.nan_to_num(lag), window).astype(np.int64)
    parameters = SurvivalParameters()
    return kaplan_meier(day, is_event, parameters.day_count, parameters.interval_level).survival


MEASURES: Final[dict[str, Callable[[Linked], Found]]] = {
    "editorial": _editorial,
    "lag_error": _lag_error,
    "lag_coverage": _lag_coverage,
    "survival": _survival,
}
"""By the key of what is wanted."""
