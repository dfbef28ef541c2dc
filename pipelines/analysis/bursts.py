"""Bursts of daily counts with a false-alarm rate: which windows are bursts, and from when to when. No base levels, no tags, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from pipelines.analysis.burst_baselines import Baseline, fit_baseline
from pipelines.analysis.burst_null import Null
from pipelines.analysis.burst_parameters import BurstParameters
from pipelines.analysis.burst_scan import Scan, scan_windows

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]
_PLACES: Final = 9
_TINY: Final = 1e-9


@dataclass(frozen=True)
class Burst:
    """A burst of one unit.

    Attributes:
        unit: Row.
        first: First day.
        last: Last day.
        peak: Day with the most authors.
        excess: Authors over the base.
        ratio: Authors over those that the base lets expect.
        p_value: Of the unit's strongest window, or of this window against the same null.
        is_first: Whether it is the unit's strongest.
    """

    unit: int
    first: int
    last: int
    peak: int
    excess: float
    ratio: float
    p_value: float
    is_first: bool


@dataclass(frozen=True)
class Judged:
    """What was found in all units.

    Attributes:
        baseline: Of the units.
        scan: Strongest windows.
        p_value: By unit.
        q_value: Benjamini and Hochberg over the units.
        bursts: Of units with a small q, wherever they lie; ordered by unit and first day.
    """

    baseline: Baseline
    scan: Scan
    p_value: Floats
    q_value: Floats
    bursts: list[Burst]


def judge_bursts(
    counts: Floats,
    exposure: Floats,
    weekdays: Counts,
    is_judged: Flags | None = None,
    parameters: BurstParameters | None = None,
) -> Judged:
    """Find bursts in many series at once.

    Args:
        counts: Distinct authors by unit and day; 0 where nothing was collected.
        exposure: Of :func:`pipelines.analysis.burst_baselines.expected_activity`.
        weekdays: Day of the week of each day, 0 to 6.
        is_judged: Days in which the middle of a window must lie; all when None.
        parameters: Defaults when None.

    Returns:
        The units' baselines, strongest windows, p- and q-values, and bursts. Units are judged together: dispersion and null are those of units
        of like level.
    """
    parameters = parameters or BurstParameters()
    judged = np.ones(counts.shape[1], dtype=bool) if is_judged is None else is_judged
    rng = np.random.default_rng(parameters.seed)
    baseline, curves = fit_baseline(counts, exposure, weekdays, parameters, rng)
    scan = scan_windows(counts, baseline, judged, parameters)
    null = Null.simulated(baseline, curves, exposure, weekdays, judged, parameters, rng)
    p_value = null.p_values(scan.gain, baseline.level)
    q_value = np.asarray(false_discovery_control(p_value)) if p_value.size else p_value
    bursts = _bursts(counts, baseline, null, p_value, q_value, parameters)
    return Judged(baseline, scan, p_value, q_value, bursts)


def _bursts(
    counts: Floats,
    baseline: Baseline,
    null: Null,
    p_value: Floats,
    q_value: Floats,
    parameters: BurstParameters,
) -> list[Burst]:
    """Follow the windows of units with a small q, then look for more in the same units, held to the p up to which Benjamini and Hochberg accept.

    All days are looked at: what lies outside the judged ones tells whether a window inside is a burst or the wake of one.
    """
    open_units = np.flatnonzero(q_value <= parameters.largest_q)
    if not open_units.size:
        return []
    largest_p = parameters.largest_q * open_units.size / p_value.size
    expected = baseline.level[:, None] * baseline.exposure
    everywhere, blocked = np.ones(counts.shape[1], dtype=bool), np.zeros(counts.shape, dtype=bool)
    found: list[Burst] = []
    for turn in range(parameters.most_bursts):
        chosen = Baseline(*(getattr(baseline, name)[open_units] for name in ("level", "exposure", "dispersion", "drift")))
        scan = scan_windows(counts[open_units], chosen, everywhere, parameters, blocked[open_units])
        p_window = null.p_values(scan.gain, chosen.level)
        goes_on = np.flatnonzero((p_window <= largest_p) & (scan.gain > 0))
        for row in goes_on.tolist():
            unit, begin = int(open_units[row]), int(scan.first[row])
            window = slice(begin, begin + int(scan.days[row]))
            first, last = _followed(counts[unit], expected[unit], window, blocked[unit], parameters)
            span = slice(first, last + 1)
            authors, base = float(counts[unit, span].sum()), float(expected[unit, span].sum())
            ratio = authors / max(base, _TINY)
            before = [burst for burst in found if burst.unit == unit]
            is_wake = any(_is_between_high(counts[unit], expected[unit], burst, first, last, parameters) for burst in before)
            if ratio >= parameters.smallest_ratio and not is_wake:
                peak = first + int(np.argmax(counts[unit, span]))
                found.append(Burst(unit, first, last, peak, authors - base, ratio, float(p_window[row]), turn == 0))
            blocked[unit, max(0, min(first, begin) - parameters.gap_days) : max(last + 1, window.stop) + parameters.gap_days] = (
                True
            )
        open_units = open_units[goes_on]
        if not open_units.size:
            break
    return sorted(found, key=lambda burst: (burst.unit, burst.first))


def _is_between_high(counts: Floats, expected: Floats, burst: Burst, first: int, last: int, parameters: BurstParameters) -> bool:
    """Whether the rate never fell back to the base between a burst and what is found beside it: then that is its rise or its wake."""
    low, high = (burst.last + 1, first) if first > burst.last else (last + 1, burst.first)
    width = parameters.gap_days
    if high - low < width:
        return True
    authors, base = (np.convolve(values[low:high], np.ones(width), "valid") for values in (counts, expected))
    # Without anything expected, an outage or before a platform's launch, nothing tells of a return.
    return not bool(((authors <= parameters.smallest_ratio * base) & (base > 0)).any())


def _followed(counts: Floats, expected: Floats, window: slice, blocked: Flags, parameters: BurstParameters) -> tuple[int, int]:
    """First and last day of the burst around a window's largest day: the most likely interval for a burst as strong as the window.

    A day adds ``y log r - (r - 1) e``, the Poisson log likelihood ratio of r times the base; the interval with the largest sum is taken on
    both sides of the peak (maximum-sum segment).
    """
    base = max(float(expected[window].sum()), _TINY)
    ratio = max(parameters.smallest_ratio, float(counts[window].sum()) / base)
    score = counts * np.log(ratio) - (ratio - 1.0) * expected
    peak = window.start + int(np.argmax(counts[window]))
    low, high = max(0, peak - parameters.farthest_days), min(counts.size, peak + parameters.farthest_days + 1)
    walls = np.flatnonzero(blocked[low:peak])
    low = low + int(walls[-1]) + 1 if walls.size else low
    walls = np.flatnonzero(blocked[peak:high])
    high = peak + int(walls[0]) if walls.size else high
    back = np.cumsum(score[low : peak + 1][::-1])
    on = np.cumsum(score[peak:high])
    return peak - int(np.argmax(np.round(back, _PLACES))), peak + int(np.argmax(np.round(on, _PLACES)))
