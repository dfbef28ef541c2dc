"""Gate marts, its question to the calibration: may what the ripple marts claim be believed? Calibrates nothing, withholds nothing itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.quality.results import CALIBRATION, SAMPLE_SIZE, GateResult, withholds
from pipelines.world.calibration_rows import FAILED, KEY, over_limit, seeds_of, sentences

# The published tables that say who was earlier, or what goes with it. platform_precedence has its own calibration, in every row.
RIPPLE_CLAIMS: Final = (
    "adoption_hazards",
    "mainstream_adoptions",
    "origin_by_group",
    "origin_by_tier",
    "ripple_effects",
    "ripple_evidence",
    "ripple_findings",
)
NOT_CALIBRATED: Final = "the method is not calibrated: run `undercurrent calibrate --data ...`"


def check_calibration(rows: pa.Table, key: str, night: date, run_id: str) -> list[GateResult]:
    """Ask the calibration of the method for each table that claims who was earlier.

    Args:
        rows: Calibration rows, judged.
        key: Of the method that made tonight's tables; rows of any other method say nothing of them.
        night: The night that is judged.
        run_id: Of the run that asks.

    Returns:
        One result a table of :data:`RIPPLE_CLAIMS`; all alike.
    """
    passed, observed, failed = verdict(rows, key)
    sample = [
        " ".join(f"{name}={row[name]}" for name in KEY) + f" direction={direction}"
        for row in failed
        for direction in over_limit(row)
    ][:SAMPLE_SIZE]
    count = len(failed) if failed or passed else None
    return [
        GateResult(night, run_id, "marts", table, CALIBRATION, CALIBRATION, passed, observed, count, list(sample))
        for table in RIPPLE_CLAIMS
    ]


def verdict(rows: pa.Table, key: str) -> tuple[bool, str, list[dict[str, Any]]]:
    """Whether the method with this key may claim who was earlier, in words, and the rows that failed, worst first."""
    gating = rows.filter(pc.and_(rows["is_gating"], pc.equal(rows["calibration_key"], key)))
    if not gating.num_rows:
        return False, NOT_CALIBRATED, []
    failed = [row for row in gating.to_pylist() if row["status"] == FAILED]
    if not failed:
        return (
            True,
            f"{gating.num_rows} claims within their limits in worlds of known truth, {seeds_of(gating)} seeds or more each",
            [],
        )
    failed.sort(key=lambda row: (-max(row[f"{direction}_upper"] for direction in over_limit(row)), *(row[name] for name in KEY)))
    said = [sentence for row in failed for sentence in sentences(row)]
    more = f"; and {len(said) - 1} more" if len(said) > 1 else ""
    return False, said[0] + more, failed


def withheld_tables(log: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """By ripple table that a night may not publish, why: the calibration failed, or nobody asked it.

    Args:
        log: The night's gate log.
    """
    asked = {row["table_name"]: row for row in log if row["engine"] == CALIBRATION}
    unasked = dict.fromkeys(RIPPLE_CLAIMS, "gate marts has not asked for the calibration: run the night again")
    failed = {table: str(row["observed"]) for table, row in asked.items() if withholds(row)}
    return dict(sorted(({table: why for table, why in unasked.items() if table not in asked} | failed).items()))
