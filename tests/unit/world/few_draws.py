"""Parameters of the analysis with few draws, for tests of what is run, kept and counted. None of levels or power may use them."""

from __future__ import annotations

from typing import Final

from pipelines.analysis.precedence import KernelParameters
from pipelines.analysis.timeline import TimelineParameters
from pipelines.analysis.trends import TrendParameters

FEW_DRAWS: Final = TrendParameters(
    kernel=KernelParameters(permutation_count=19, bootstrap_count=20),
    timeline=TimelineParameters(iteration_count=2, adoption_iteration_count=2, adoption_trend_cap=2, bootstrap_count=50),
)
