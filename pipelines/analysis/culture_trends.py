"""Whether culture fragments or grows alike: slopes over the months that culture was measured in. Measures no month, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa

from pipelines.analysis.decentralisation_contracts import CULTURE_TRENDS
from pipelines.analysis.parameters import params_hash
from pipelines.analysis.slopes import Slope, SlopeParameters, culture_direction, slope

METHOD_VERSION: Final = "culture_trends_1"
MEASURES: Final = ("effective_niche_count", "distinctness_bits")
_PLACES: Final = 9


@dataclass(frozen=True)
class CultureTrendParameters:
    """Parameters of trends of culture.

    Attributes:
        window_month_count: Months of the shorter window.
        slopes: Of slopes; windows are months of their own, neighbouring ones share no data. What two measures say together is claimed
            by chance as often as either is, so each has half of the twentieth.
    """

    window_month_count: int = 12
    slopes: SlopeParameters = field(default_factory=lambda: SlopeParameters(window_width=1, interval_level=0.975))


def culture_trends(culture_windows: pa.Table, parameters: CultureTrendParameters | None = None) -> pa.Table:
    """Tell how the effective number of niches and their distinctness change from month to month.

    Only months with both are looked at, so that the two slopes and what they say together are of the same months.

    Args:
        culture_windows: ``culture_windows``.
        parameters: Defaults when None.

    Returns:
        ``culture_trends``, one row per measure and period; none where no month has both.
    """
    parameters = parameters or CultureTrendParameters()
    stamp = {"method_version": METHOD_VERSION, "params_hash": params_hash(parameters)}
    months = sorted(culture_windows.select(["month", *MEASURES]).to_pylist(), key=lambda row: row["month"])
    recent = [row for row in months if months and _number(row) > _number(months[-1]) - parameters.window_month_count]
    rows = []
    for period, found in ((f"last_{parameters.window_month_count}_months", recent), ("all", months)):
        whole = [row for row in found if all(row[measure] is not None for measure in MEASURES)]
        if whole:
            rows += [row | {"period": period} | stamp for row in _window_rows(whole, parameters.slopes)]
    return pa.Table.from_pylist(sorted(rows, key=lambda row: (row["measure"], row["period"])), schema=CULTURE_TRENDS)


def _number(row: dict[str, Any]) -> int:
    return int(row["month"].year * 12 + row["month"].month)


def _window_rows(months: list[dict[str, Any]], parameters: SlopeParameters) -> list[dict[str, Any]]:
    steps = np.array([_number(row) for row in months], dtype=np.int64)
    values = {measure: np.array([row[measure] for row in months], dtype=np.float64) for measure in MEASURES}
    slopes = {measure: slope(steps, values[measure], parameters) for measure in MEASURES}
    both = culture_direction(
        slopes["distinctness_bits"],
        slopes["effective_niche_count"],
        float(np.median(values["effective_niche_count"])),
        parameters,
    )
    return [
        {
            "measure": measure,
            "first_month": months[0]["month"],
            "last_month": months[-1]["month"],
            "month_count": len(months),
            "slope": _rounded(found.value),
            "slope_low": _rounded(found.low),
            "slope_high": _rounded(found.high),
            "direction": _direction(found),
            "culture_direction": both or "abstained",
        }
        for measure, found in slopes.items()
    ]


def _direction(found: Slope) -> str:
    """More or more distinct niches fragment a culture, fewer or more alike ones make it one."""
    return {1: "fragmenting", -1: "homogenising", 0: "none"}[found.sign] if np.isfinite(found.value) else "abstained"


def _rounded(value: float) -> float | None:
    return round(value, _PLACES) + 0.0 if np.isfinite(value) else None
