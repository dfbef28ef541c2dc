"""Slopes over months, with intervals that hold when there are few of them, and what they say. Measures no month, reads no table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student_t

METHOD_VERSION: Final = "slopes_1"
Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
NONE: Final = float("nan")
_FEWEST_WINDOWS: Final = 4


@dataclass(frozen=True)
class SlopeParameters:
    """Parameters of slopes.

    Attributes:
        window_width: Steps that a window spans: neighbouring windows share data, which makes trends where there are none.
        steady_share: Change over all windows, as a share of the median, up to which the effective number of niches "stays".
        bootstrap_count: Resamples of windows.
        interval_level: Coverage of intervals; a direction is said where the interval leaves zero out.
        seed: Of the resamples.
    """

    window_width: int = 3
    steady_share: float = 0.2
    bootstrap_count: int = 400
    interval_level: float = 0.90
    seed: int = 20261128


@dataclass(frozen=True)
class Slope:
    """Change for each step of time; NaN below four windows."""

    value: float
    low: float
    high: float
    window_count: int

    @property
    def sign(self) -> int:
        """1 or -1 where the interval leaves zero out, else 0."""
        return int(self.low > 0) - int(self.high < 0)


def theil_sen(steps: Floats, values: Floats) -> Floats:
    """Median slope of pairs (Theil 1950, Sen 1968), for one series or many.

    Args:
        steps: Time of each window.
        values: Of each window, along the last axis.
    """
    left, right = np.triu_indices(steps.size, 1)
    return np.asarray(np.median((values[..., right] - values[..., left]) / (steps[right] - steps[left]), axis=-1))


def slope(steps: Labels, values: Floats, parameters: SlopeParameters, resampled: Floats | None = None) -> Slope:
    """Theil-Sen slope over windows with an interval that knows that neighbouring windows share data.

    The moving-block bootstrap of residuals (Kunsch 1989) alone is too narrow with few windows. So each end is
    the farther one of its end and that of Student's t with the variance of a slope under noise whose correlation is the share
    of data that two windows have in common, ``max(0, 1 - lag / window_width)``, and with degrees of freedom by Satterthwaite (1946).
    Where resamples of what was measured are given, their end is a third one: months may lie on a line by chance and rest on few accounts.

    Args:
        steps: Number of each window, as months since any month; gaps are allowed, and windows that are not defined are left out.
        values: Of each window.
        parameters: See :class:`SlopeParameters`.
        resampled: The same values in resamples of accounts, resample x window; resamples that are not defined in a window that is, are
            left out, and where more than half are, there is no interval.

    Returns:
        The slope for one step; NaN below four windows.

    Raises:
        ValueError: A window twice.
    """
    kept = np.isfinite(values)
    order = np.argsort(steps[kept], kind="stable")
    step, value = steps[kept][order].astype(np.float64), values[kept][order]
    count = step.size
    if np.unique(step).size != count:
        raise ValueError("a window has one value")
    if count < _FEWEST_WINDOWS:
        return Slope(NONE, NONE, NONE, count)
    found = float(theil_sen(step, value))
    tail = (1 - parameters.interval_level) / 2
    ends = [_of_residuals(step, value - found * step, tail, parameters), _of_noise(step, value, tail, parameters)]
    if resampled is not None:
        series = resampled[:, kept][:, order]
        series = series[np.isfinite(series).all(axis=1)]
        if 2 * series.shape[0] <= resampled.shape[0]:
            return Slope(found, NONE, NONE, count)
        slopes = theil_sen(step, series)
        low, high = np.quantile(slopes - slopes.mean(), [tail, 1 - tail])
        ends.append((float(low), float(high)))
    return Slope(found, found + min(low for low, _ in ends), found + max(high for _, high in ends), count)


def _of_residuals(step: Floats, residuals: Floats, tail: float, parameters: SlopeParameters) -> tuple[float, float]:
    """Ends, about the slope, by a moving-block bootstrap of residuals."""
    count = step.size
    block = min(parameters.window_width, count // 2)
    starts = np.random.default_rng(parameters.seed).integers(
        0, count - block + 1, (parameters.bootstrap_count, -(-count // block))
    )
    places = (starts[:, :, None] + np.arange(block)).reshape(parameters.bootstrap_count, -1)[:, :count]
    resampled = theil_sen(step, (residuals - residuals.mean())[places]) * np.sqrt(count / (count - 2))
    low, high = np.quantile(resampled - resampled.mean(), [tail, 1 - tail])
    return float(low), float(high)


def _of_noise(step: Floats, value: Floats, tail: float, parameters: SlopeParameters) -> tuple[float, float]:
    """Ends, about the slope, by Student's t under noise that windows share as far as they share data."""
    count = step.size
    centred = step - step.mean()
    shared = np.maximum(0.0, 1 - np.abs(step[:, None] - step[None, :]) / parameters.window_width)
    maker = np.eye(count) - 1 / count - np.outer(centred, centred) / (centred @ centred)
    spread = maker @ shared
    trace = float(np.trace(spread))
    freedom = trace**2 / float(np.trace(spread @ spread))
    rest = maker @ value
    variance = float(rest @ rest) / trace * float(centred @ shared @ centred) / float(centred @ centred) ** 2
    half = float(student_t.ppf(1 - tail, freedom)) * float(np.sqrt(variance))
    return -half, half


def culture_direction(
    distinctness: Slope, effective_niches: Slope, median_effective_niches: float, parameters: SlopeParameters
) -> str | None:
    """Where a culture goes: ``homogenising`` only where niches grow alike while their effective number stays.

    Args:
        distinctness: Slope of the mean divergence of niches.
        effective_niches: Slope of the effective number of niches, over the same windows.
        median_effective_niches: Median of that number.
        parameters: See :class:`SlopeParameters`.

    Returns:
        ``homogenising``; ``consolidating`` where the effective number falls; ``fragmenting`` where it rises and niches do not
        grow alike; ``none``; None below four windows.
    """
    if not (np.isfinite(distinctness.value) and np.isfinite(effective_niches.value)):
        return None
    change = abs(effective_niches.value) * (effective_niches.window_count - 1)
    is_steady = not effective_niches.sign and change <= parameters.steady_share * median_effective_niches
    if distinctness.sign < 0 and is_steady:
        return "homogenising"
    if effective_niches.sign < 0:
        return "consolidating"
    if effective_niches.sign > 0 and distinctness.sign >= 0:
        return "fragmenting"
    return "none"
