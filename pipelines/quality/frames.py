"""Great Expectations on a pandas frame: expectations and rows in, what it found out. Knows no files, no gates."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any

from pipelines.quality.results import SAMPLE_SIZE

if TYPE_CHECKING:
    import pandas as pd


@cache
def _whole_frame() -> Any:
    """One context, source and asset for all suites: making them anew costs as much as a small validation."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx

    context: Any = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return context.data_sources.add_pandas("frames").add_dataframe_asset("rows").add_batch_definition_whole_dataframe("whole")


def validate(frame: pd.DataFrame, expectations: list[dict[str, Any]]) -> list[Any]:
    """Validate a frame with a fresh range index in one call.

    Returns:
        One validation result per expectation, in the order of the expectations.
    """
    batch = _whole_frame().get_batch({"dataframe": frame})
    import great_expectations as gx

    numbered = [each | {"meta": {"position": position}} for position, each in enumerate(expectations)]
    suite = gx.ExpectationSuite(name="rows", expectations=numbered)
    found = batch.validate(suite, result_format={"result_format": "COMPLETE", "partial_unexpected_count": SAMPLE_SIZE})
    return sorted(found.results, key=lambda each: each.expectation_config.meta["position"])
