"""Gate ``marts``, a question of its own: is anything kept for longer than its platform's terms, or ours, allow? Removes nothing."""

from __future__ import annotations

from datetime import date
from typing import Final

from pipelines.lake.paths import DataPaths
from pipelines.lake.retention import duties, overdue, today
from pipelines.quality.results import RETENTION, SAMPLE_SIZE, GateResult

CHECK: Final = "nothing identifying is kept for longer than allowed"


def check_retention(paths: DataPaths, night: date, run_id: str) -> list[GateResult]:
    """One result a platform. The night has removed what was over its time before: what is still there could not be removed, or came since.

    Args:
        paths: the data folder.
        night: that is run; ages count from the day after the newest night.
        run_id: of the run.
    """
    found = list(overdue(paths, today(paths, night)))
    results = []
    for platform, duty in duties().items():
        old = [each for each in found if each.platform == platform]
        places = [place for each in old for place in each.places]
        told = [
            f"{each.part} holds what was observed from {each.oldest_on} to {each.newest_on}, {each.duty} allows {each.allowed_days} days"
            for each in old
        ]
        observed = "; ".join(told) or f"vault and pages hold at most {duty.retention_days} days"
        sample = [f"file={place.relative_to(paths.root)}" for place in places[:SAMPLE_SIZE]]
        table = f"{platform}/vault"
        results.append(GateResult(night, run_id, "marts", table, CHECK, RETENTION, not old, observed, len(places), sample))
    return results
