"""A calibration that lets a night of the tests publish: of the current method, with counts as a right or a wrong estimator gives them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from pipelines.lake.paths import DataPaths
from pipelines.nightly.calibration import calibrate
from pipelines.world.calibration_rows import SCHEMA
from pipelines.world.rounds import Plan


def rows_of(counts: dict[str, tuple[int, int]], seed_count: int = 60) -> pa.Table:
    """Gating rows as a harness gives them: by null world, in how many seeds lead first and target first were claimed."""
    given: dict[str, Any] = {
        "world_kind": "null",
        "metric": "claims_large_creators",
        "estimator": "published",
        "truth": "none",
        "seed_count": seed_count,
        "is_gating": True,
        "size": "tiny",
    }
    unknown = dict.fromkeys(("status", "method_version", "params_hash", "calibration_key"), "")
    rows = [
        unknown | given | {"world": world, "lead_first_count": lead, "target_first_count": target}
        for world, (lead, target) in counts.items()
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def install_calibration(paths: DataPaths, counts: dict[str, tuple[int, int]] | None = None, seed_count: int = 1000) -> None:
    """Keep a calibration in a data folder as the calibration job does; without counts, one that nothing is wrong with.

    From more seeds than any that the package brings, so that no test of something else hangs on how good the method is today.
    """
    rows = rows_of(counts or {"null_rate": (0, 1), "null_bursty": (1, 0)}, seed_count)
    calibrate(paths, Plan((seed_count,)), lambda *_: None, run=lambda *_: rows)
