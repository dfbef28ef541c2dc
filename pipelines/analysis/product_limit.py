"""Times to an event from binned counts with censoring (Kaplan and Meier 1958), many units at once. No rates, no regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

METHOD_VERSION: Final = "product_limit_1"
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_NOTHING_LEFT: Final = -60.0


@dataclass(frozen=True)
class Curves:
    """Curves of several units, one row per unit and bin, by unit and then by bin.

    Attributes:
        unit_count: Units; those without a row have no curve.
        unit: Of each row, from 0.
        bin: Of each row.
        risen: Share that had its event by the end of the bin: one minus the product-limit estimate.
        before: The same by the end of the unit's bin before.
        spread: Standard error of log(-log(1 - risen)) (Greenwood); NaN where risen is 0 or 1.
    """

    unit_count: int
    unit: Integers
    bin: Integers
    risen: Floats
    before: Floats
    spread: Floats

    def final(self) -> Floats:
        """Share that ever had its event, by unit; NaN without a curve."""
        found = np.full(self.unit_count, np.nan)
        found[self.unit] = self.risen
        return found


def product_limit(unit_count: int, unit: Integers, bins: Integers, events: Floats, censored: Floats) -> Curves:
    """Kaplan-Meier curves on bins. Inside a bin events come before what is censored, as at a tie.

    Args:
        unit_count: Units.
        unit: Of each row, below ``unit_count``.
        bins: Of each row; a unit has no bin twice.
        events: In the bin.
        censored: In the bin.
    """
    order = np.lexsort((bins, unit))
    unit, bins, events, censored = unit[order], bins[order], events[order], censored[order]
    first = np.r_[True, unit[1:] != unit[:-1]] if unit.size else np.empty(0, dtype=bool)
    start = np.flatnonzero(first)
    lengths = np.diff(np.r_[start, unit.size])
    total = np.repeat(np.add.reduceat(events + censored, start), lengths) if unit.size else np.empty(0)
    leaving = events + censored
    at_risk = total - (_within(leaving, first) - leaving)
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.where(events < at_risk, np.log1p(-events / at_risk), _NOTHING_LEFT)
        log_left = _within(step, first)
        variance = _within(np.where(events < at_risk, events / (at_risk * (at_risk - events)), 0.0), first)
        risen = np.where(log_left <= _NOTHING_LEFT, 1.0, -np.expm1(log_left))
        is_inside = (risen > 0) & (risen < 1)
        spread = np.where(is_inside, np.sqrt(variance) / np.abs(log_left), np.nan)
    before = np.where(first, 0.0, np.r_[0.0, risen[:-1]]) if unit.size else np.empty(0)
    return Curves(unit_count, unit, bins, risen, before, spread)


def _within(values: Floats, first: NDArray[np.bool_]) -> Floats:
    """Running sums that begin anew where ``first`` is true."""
    if not values.size:
        return values
    running = np.cumsum(values)
    start = np.flatnonzero(first)
    return np.asarray(running - np.repeat(running[start] - values[start], np.diff(np.r_[start, values.size])))


def quantile_hours(curves: Curves, share: Floats, bins_per_doubling: int) -> Floats:
    """Hours by which a share had its event, log-linear inside the bin.

    Args:
        curves: Of all units.
        share: Of each unit; where it is not a number there is no quantile.
        bins_per_doubling: Bin ``b`` ends ``2 ** (b / bins_per_doubling)`` minutes after the start.

    Returns:
        By unit; NaN where the curve never rises so far.
    """
    row = _first_rows(curves, curves.risen, share)
    found = np.full(curves.unit_count, np.nan)
    has = row >= 0
    at = row[has]
    rise = curves.risen[at] - curves.before[at]
    inside = np.clip((share[has] - curves.before[at]) / np.where(rise > 0, rise, 1.0), 0.0, 1.0)
    found[has] = 2.0 ** ((curves.bin[at] - 1 + inside) / bins_per_doubling) / 60
    return found


def quantile_interval_hours(curves: Curves, share: Floats, level: float, bins_per_doubling: int) -> tuple[Floats, Floats]:
    """Interval of a quantile: where the band of the curve crosses the share, out to the ends of the bins.

    Brookmeyer and Crowley (1982) with the log-log band of Kalbfleisch and Prentice.

    Returns:
        Lower and upper ends by unit; NaN for an end at which the band does not cross.
    """
    z = float(norm.isf((1 - level) / 2))
    spread = np.where(np.isnan(curves.spread), 0.0, curves.spread)
    with np.errstate(divide="ignore"):
        log_left = np.log1p(-np.minimum(curves.risen, 1 - 1e-15))
    ends = []
    for sign, is_low in ((1, True), (-1, False)):
        band = -np.expm1(log_left * np.exp(sign * z * spread))
        # The band of a curve that has come to its end says nothing: where it is at 1 its width is not known.
        row = _first_rows(curves, band, share)
        found = np.full(curves.unit_count, np.nan)
        has = row >= 0
        at = curves.bin[row[has]] - (1 if is_low else 0)
        found[has] = np.where(at < 0, 0.0, 2.0 ** (at / bins_per_doubling) / 60)
        ends.append(found)
    return ends[0], ends[1]


def _first_rows(curves: Curves, height: Floats, share: Floats) -> Integers:
    """First row of each unit where ``height`` reaches its share; -1: none."""
    reaches = height >= share[curves.unit] - 1e-12
    found = np.full(curves.unit_count, -1, dtype=np.int64)
    rows = np.flatnonzero(reaches)[::-1]
    found[curves.unit[rows]] = rows
    return found
