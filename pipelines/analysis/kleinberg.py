"""Kleinberg's two-state bursts, the textbook baseline: states and weights of daily counts. No calibration, no null, no I/O."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def kleinberg_states(relevant: Floats, total: Floats, *, scaling: float = 2.0, gamma: float = 1.0) -> NDArray[np.bool_]:
    """Whether each day is in a burst, by the batched two-state automaton (Kleinberg 2002, section 4).

    State 0 emits at ``p0 = sum(r) / sum(d)``, state 1 at ``min(scaling p0, .9999)``; the cost of a day is minus its binomial log
    likelihood, the cost of going up ``gamma ln(days)``, going down is free; the cheapest sequence is found by Viterbi.

    Args:
        relevant: Distinct users with the trend, trends by days.
        total: Distinct users by day.
        scaling: How much higher the rate of a burst is.
        gamma: Cost of going up.
    """
    costs = _costs(relevant, total, scaling)
    days = total.size
    up = gamma * np.log(max(days, 2))
    low, high = costs[0][:, 0], costs[1][:, 0] + up
    came = np.zeros((2, *relevant.shape), dtype=bool)
    for day in range(1, days):
        came[0, :, day], came[1, :, day] = high < low, high <= low + up
        low, high = np.minimum(low, high) + costs[0][:, day], np.minimum(low + up, high) + costs[1][:, day]
    states = np.zeros(relevant.shape, dtype=bool)
    state = high < low
    for day in range(days - 1, -1, -1):
        states[:, day] = state
        state = np.where(state, came[1, :, day], came[0, :, day])
    return states


def kleinberg_weights(relevant: Floats, total: Floats, states: NDArray[np.bool_], *, scaling: float = 2.0) -> Floats:
    """By unit and day what the burst saves against the base state where the day is in a burst, else 0, in nats (Kleinberg 2002, section 4).

    Args:
        relevant: Distinct users with the trend, trends by days.
        total: Distinct users by day.
        states: Of :func:`kleinberg_states`.
        scaling: As there.
    """
    low, high = _costs(relevant, total, scaling)
    return np.where(states, low - high, 0.0)


def _costs(relevant: Floats, total: Floats, scaling: float) -> tuple[Floats, Floats]:
    base = np.clip(relevant.sum(axis=1, keepdims=True) / max(total.sum(), 1.0), 1e-12, 0.999)
    rest = np.maximum(total - relevant, 0)
    low, high = (-(relevant * np.log(rate) + rest * np.log1p(-rate)) for rate in (base, np.minimum(scaling * base, 0.9999)))
    return low, high
