"""Why no claim is made of a trend: its beginning was not seen, was set off from outside, or was coordinated. Compares nobody."""

from __future__ import annotations

from typing import Final

import numpy as np

from pipelines.analysis.coordination import CoordinationParameters, densest_window
from pipelines.analysis.trend_rows import TrendRows

COORDINATED: Final = "coordinated"
"""Gate of a trend that began coordinated: who was first says who pushed it. Its origin set stands, for it names them."""


def birth_gate(*, is_left_censored: bool, is_in_use_before: bool, largest_day_share: float, shock_share: float) -> str | None:
    """Why a trend's beginning tells nothing of who passed it on; None where it may.

    Args:
        is_left_censored: It was in use when the collection began.
        is_in_use_before: Accounts had taken it up before the onset that its window begins with.
        largest_day_share: Share of its adoptions on its busiest day.
        shock_share: At or above this share it was set off from outside.
    """
    if is_left_censored:
        return "left_censored"
    if is_in_use_before:
        return "in_use_before"
    return "shock" if largest_day_share >= shock_share else None


def is_coordinated(trend: TrendRows, largest_p_value: float, parameters: CoordinationParameters) -> bool:
    """Whether more creators began at once than an event or their own rhythms explain: small accounts that push it look like its pioneers.

    Args:
        trend: With its adopters.
        largest_p_value: Of their near-simultaneous first uses, up to which the beginning is taken to be coordinated.
        parameters: Of near-simultaneous first uses.
    """
    told = np.flatnonzero(trend.is_exact & ~trend.is_media)
    found = densest_window(trend.adopted[told], trend.prior_posts[told], trend.prior_days[told], parameters)
    return found is not None and found.p_value <= largest_p_value
