"""What is known of each trend on its landmark day, and nothing that came later. Whether it tells of an adoption does not belong here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.analysis.cascade_trees import ROOT, forest_of
from pipelines.analysis.concentration import rarefied_hill
from pipelines.analysis.mainstream_rows import NOBODY, Adopters, Beside, adopters_of
from pipelines.analysis.months import month_before
from pipelines.analysis.trend_rows import HASHTAG
from pipelines.analysis.trend_shapes import ShapeTables

_MICROSECONDS_PER_DAY: Final = 86_400_000_000
_DAYS_TO_MONDAY: Final = 3
"""From the first Thursday of 1970 back to its Monday."""
Row = dict[str, Any]


@dataclass(frozen=True)
class LandmarkParameters:
    """What is looked at on the landmark day.

    Attributes:
        landmark_days: From the birth to the landmark.
        placed_count: Adopters of whom niches are counted, or would be: a larger trend spans more by its size alone. Of fewer whose niche is
            known nothing is said of niches, and of fewer in whose month niches were looked for nothing of insiders.
        platformed_count: Adopters of whom platforms are counted.
        smallest_tree_count: Of a largest tree of fewer adopters its virality is not told.
    """

    landmark_days: float = 14.0
    placed_count: int = 10
    platformed_count: int = 20
    smallest_tree_count: int = 10


def niches_by_month(niche_assignments: pa.Table) -> dict[date, dict[str, str]]:
    """By month and account the niche that it is assigned to; accounts of no niche are not there."""
    placed = niche_assignments.filter(niche_assignments["niche_id"].is_valid())
    found: dict[date, dict[str, str]] = {}
    columns = (placed[name].to_pylist() for name in ("month", "account_key", "niche_id"))
    for month, account, niche in zip(*columns, strict=True):
        found.setdefault(month, {})[account] = niche
    return found


def strongest_parents(trend_parents: pa.Table) -> dict[str, dict[str, str]]:
    """By trend and adopter, whom it most likely has the trend from; found from what came before its adoption only."""
    strongest = trend_parents.filter(trend_parents["is_strongest"])
    found: dict[str, dict[str, str]] = {}
    columns = (strongest[name].to_pylist() for name in ("trend_key", "account_key", "parent_account_key"))
    for trend, account, parent in zip(*columns, strict=True):
        found.setdefault(trend, {})[account] = parent
    return found


def landmark_rows(
    tables: ShapeTables,
    beside: Beside,
    niches: Mapping[date, Mapping[str, str]],
    parents: Mapping[str, Mapping[str, str]],
    parameters: LandmarkParameters,
) -> list[Row]:
    """Rows of ``contracts.STATE['landmarks']`` without the partition's key and hash, of hashtags among the candidates, ordered by trend.

    Args:
        tables: Of one month's trends.
        beside: Insiders by month.
        niches: :func:`niches_by_month`.
        parents: :func:`strongest_parents`.
        parameters: What is looked at.
    """
    by_trend = adopters_of(tables.adoptions)
    candidates = tables.candidates.filter(pc.equal(tables.candidates["unit_type"], HASHTAG)).sort_by("trend_key")
    born = np.asarray(candidates["born_at"].cast(pa.int64()).to_numpy(), dtype=np.int64)
    rows = []
    for key, moment in zip(candidates["trend_key"].to_pylist(), born.tolist(), strict=True):
        early = _until(by_trend.get(key, NOBODY), moment + round(parameters.landmark_days * _MICROSECONDS_PER_DAY))
        platforms = Counter(early.platform)
        rows.append(
            {
                "trend_key": key,
                "birth_week": (moment // _MICROSECONDS_PER_DAY + _DAYS_TO_MONDAY) // 7,
                "main_platform": _most_common(platforms),
                "adopter_count": len(early.account),
                "platform_count": _spanned(platforms, 0, parameters.platformed_count),
                "insider_share": _insider_share(early, beside, parameters),
                "structural_virality": _virality(early, parents.get(key, {}), parameters),
                **_niches(early, niches, parameters),
            }
        )
    return rows


def _until(adopters: Adopters, end: int) -> Adopters:
    count = int(np.searchsorted(adopters.at, end, "right"))
    lists = (adopters.account[:count], adopters.platform[:count], adopters.tier[:count])
    return Adopters(*lists, adopters.at[:count], adopters.previous[:count])


def _most_common(counts: Counter[str]) -> str | None:
    return min(counts, key=lambda name: (-counts[name], name), default=None)


def _insider_share(early: Adopters, beside: Beside, parameters: LandmarkParameters) -> float | None:
    """Share of adopters who were insiders of a niche in the month before they adopted, of those in whose month niches were looked for."""
    found = [
        account in insiders
        for account, moment in zip(early.account, early.at.tolist(), strict=True)
        if (insiders := beside.niches_of(month_before(moment))) is not None
    ]
    return sum(found) / len(found) if len(found) >= parameters.placed_count else None


def _niches(early: Adopters, niches: Mapping[date, Mapping[str, str]], parameters: LandmarkParameters) -> Row:
    """Niche of most adopters, in the month before each adopted, and Hill numbers of order 0 and 2: niches, and equally large ones as diverse."""
    placed = Counter(
        niche
        for account, moment in zip(early.account, early.at.tolist(), strict=True)
        if (niche := niches.get(month_before(moment), {}).get(account)) is not None
    )
    return {
        "origin_niche_id": _most_common(placed),
        "niche_count": _spanned(placed, 0, parameters.placed_count),
        "niche_diversity": _spanned(placed, 2, parameters.placed_count),
    }


def _spanned(counts: Counter[str], order: int, size: int) -> float | None:
    """Hill number among so many adopters, as if no more had been there; None where there are fewer."""
    number = rarefied_hill(np.array([counts[name] for name in sorted(counts)], dtype=np.int64), order, size)
    return number if np.isfinite(number) else None


def _virality(early: Adopters, parent_of: Mapping[str, str], parameters: LandmarkParameters) -> float | None:
    """Mean distance of two adopters of the largest tree that stands by the landmark."""
    place = {account: number for number, account in enumerate(early.account)}
    parents = [place.get(parent_of.get(account, ""), ROOT) for account in early.account]
    forest = forest_of(np.array(parents, dtype=np.int64))
    if not forest.size.size or forest.size.max() < parameters.smallest_tree_count:
        return None
    return float(forest.virality[forest.size == forest.size.max()].max())
