"""The window of each unit that most exceeds its base: the scan statistic. No base levels are fitted here, and no p-values found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.analysis.burst_baselines import Baseline
from pipelines.analysis.burst_parameters import BurstParameters

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]
_PLACES: Final = 9
_CHUNK_UNITS: Final = 2_000
_TINY: Final = 1e-9


@dataclass(frozen=True)
class Scan:
    """The strongest window of each unit.

    Attributes:
        gain: Log likelihood ratio of the window against the base (negative binomial), 0 where no window has more than the base.
        first: First day of the window.
        days: Its length.
    """

    gain: Floats
    first: Counts
    days: Counts


def _gain(authors: Floats, expected: Floats, size: Floats) -> Floats:
    """Log likelihood ratio of more authors than expected, negative binomial of a known size (half its deviance); 0 for fewer."""
    more = authors > expected
    mean = np.maximum(expected, _TINY)
    first = np.where(authors > 0, authors * np.log(np.maximum(authors, _TINY) / mean), 0.0)
    second = (authors + size) * np.log((authors + size) / (mean + size))
    return np.where(more & (expected > 0), np.maximum(first - second, 0.0), 0.0)


def scan_windows(
    counts: Floats, baseline: Baseline, is_judged: Flags, parameters: BurstParameters, blocked: Flags | None = None
) -> Scan:
    """The window of each unit that most exceeds the base (Kulldorff's scan of a time series, with negative binomial counts).

    The variance of a window of w days is ``e + e^2 / K``, ``1 / K = 1 / (k w) + drift^2 T / 6``: independent days, and a level that wanders.

    Args:
        counts: Distinct authors by unit and day.
        baseline: Of the units.
        is_judged: Days in which the middle of a window must lie.
        parameters: Windows.
        blocked: Days by unit that no window may hold; none when None.
    """
    parts = [
        _scan_chunk(counts[rows], _chunk_of(baseline, rows), is_judged, parameters, None if blocked is None else blocked[rows])
        for rows in (slice(first, first + _CHUNK_UNITS) for first in range(0, counts.shape[0], _CHUNK_UNITS))
    ]
    if not parts:
        return Scan(np.empty(0), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    return Scan(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("gain", "first", "days")))


def _chunk_of(baseline: Baseline, rows: slice) -> Baseline:
    return Baseline(baseline.level[rows], baseline.exposure[rows], baseline.dispersion[rows], baseline.drift[rows])


def _scan_chunk(counts: Floats, baseline: Baseline, is_judged: Flags, parameters: BurstParameters, blocked: Flags | None) -> Scan:
    unit_count, day_count = counts.shape
    total = _cumulated(counts * (baseline.exposure > 0))
    expected = _cumulated(baseline.level[:, None] * baseline.exposure)
    walls = None if blocked is None else _cumulated(blocked.astype(np.float64))
    best = np.zeros(unit_count)
    first, days = (np.zeros(unit_count, dtype=np.int64) for _ in range(2))
    rows = np.arange(unit_count)
    for width in parameters.window_days:
        if width > day_count:
            break
        middles = np.flatnonzero(is_judged[width // 2 : width // 2 + day_count - width + 1])
        if not middles.size:
            continue
        size = 1.0 / (baseline.dispersion / width + baseline.drift**2 * day_count / 6.0 + 1e-6)
        gain = _gain(
            total[:, middles + width] - total[:, middles], expected[:, middles + width] - expected[:, middles], size[:, None]
        )
        if walls is not None:
            gain = np.where(walls[:, middles + width] > walls[:, middles], 0.0, gain)
        gain = np.round(gain, _PLACES)
        place = gain.argmax(axis=1)
        found = gain[rows, place]
        better = found > best
        best = np.where(better, found, best)
        first, days = np.where(better, middles[place], first), np.where(better, width, days)
    return Scan(best, first, days)


def _cumulated(values: Floats) -> Floats:
    return np.concatenate([np.zeros((values.shape[0], 1)), np.cumsum(values, axis=1)], axis=1)
