"""The calibration that comes with the package is of the method that comes with it, and clears it."""

from __future__ import annotations

from pathlib import Path

from pipelines.lake.paths import DataPaths
from pipelines.nightly.calibration import SHIPPED, calibration_key, find_calibration
from pipelines.quality.calibration import verdict
from pipelines.world.rounds import CALIBRATED, ROUNDS, seeds_by_world


def test_the_package_brings_one_calibration_and_it_is_of_the_present_method() -> None:
    assert [file.stem for file in SHIPPED.glob("*.csv")] == [calibration_key()]


def test_every_world_was_run_with_the_seeds_of_a_round_and_no_claim_is_over_its_limit(tmp_path: Path) -> None:
    rows = find_calibration(DataPaths(tmp_path), calibration_key())
    seeds = seeds_by_world(rows.to_pylist())
    assert set(seeds) == set(CALIBRATED)
    gating = {row["world"] for row in rows.to_pylist() if row["is_gating"]}
    assert {seeds[world] for world in gating} <= set(ROUNDS)
    # Where nothing gates, no bound hangs on the number.
    assert min(seeds.values()) >= 20
    assert set(seeds) - gating == {"W8_brand_astroturf"}
    passed, observed, failed = verdict(rows, calibration_key())
    assert passed, (observed, failed)
