"""Moves between platforms in whole worlds: planted flows are counted and dated, and where nobody moves hardly anybody is said to."""

from __future__ import annotations

import pytest

from pipelines.world.scoring.rows import Found
from pipelines.world.scoring.scorer import score_tables
from pipelines.world.worlds import Observation
from tests.unit.world.platform_world import PlatformTrial, run_platform_trial


def _scores(trial: PlatformTrial) -> dict[str, Found]:
    rows = score_tables(trial.published, trial.truth, lambda _, native_id: native_id, world=trial.world).to_pylist()
    return {row["metric"]: Found(row["value"], row["low"], row["high"], row["unit_count"]) for row in rows}


@pytest.mark.parametrize(("loss", "most"), [(0.0, 0.10), (0.3, 0.15)])
def test_planted_flows_are_counted_and_dated(loss: float, most: float) -> None:
    scores = _scores(run_platform_trial("P4_migration", 11, observation=Observation(loss=loss)))
    flow, moved_on = scores["net flow MAPE"], scores["error of the migration date, days"]
    print(f"loss {loss}: net flow MAPE {flow.value}, error of the date {moved_on.value} d, of {flow.unit_count} flows")
    assert flow.unit_count >= 6
    assert flow.value is not None
    assert moved_on.value is not None
    assert flow.value <= most
    assert moved_on.value <= 7
    assert scores["joined accounts that are mutually linked"].value == 1.0


def test_where_nobody_moves_hardly_anybody_is_said_to() -> None:
    scores = _scores(run_platform_trial("W10_collection_growth", 11))
    false = scores["joined persons said to move where nobody does"]
    print(f"said to move: {false.value} of {false.unit_count}")
    assert false.unit_count >= 150
    assert false.value is not None
    assert false.value <= 0.02
