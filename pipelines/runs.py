"""Runs as Dagster's storage knows them: the tags of this house, and what a killed run leaves behind there."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import dagster as dg

from pipelines.nightly.lock import DataInUseError, run_lock

STARTED_BY_TAG: Final = "undercurrent/started_by"
COMMAND_LINE: Final = "command line"
SCHEDULE: Final = "schedule"
SENSOR: Final = "inbox sensor"
_DATA_TAG: Final = "undercurrent/data"
# A run that is executed again inherits all tags; only in the run that set it does this one name the run itself.
_LOCK_TAG: Final = "undercurrent/lock_taken_by"
_ALIVE: Final = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def lock_tags(data: Path, run_id: str) -> dict[str, str]:
    """The tags of a run that holds, or held, the lock of a data folder."""
    return {_DATA_TAG: str(data.resolve()), _LOCK_TAG: run_id}


def end_dead_runs(instance: dg.DagsterInstance, data: Path, *, but: str | None = None) -> list[str]:
    """Record as failed the runs that a killed process left as running, and give back their places in the pools.

    Call it only while holding the lock of the data folder: then a run that is tagged with the folder and still alive in the
    storage has no process. Left as it is, it would hold the queue and its pools for ever.

    Args:
        instance: Dagster's storage.
        data: the data folder.
        but: the id of the caller's own run.

    Returns:
        The first eight characters of the ids, as the UI shows them.
    """
    alive = instance.get_runs(filters=dg.RunsFilter(statuses=_ALIVE, tags={_DATA_TAG: str(data.resolve())}))
    dead = [run for run in alive if run.tags.get(_LOCK_TAG) == run.run_id != but]
    for run in dead:
        instance.report_run_failed(run, "The process of this run was killed: another run holds its data folder now.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return [run.run_id[:8] for run in dead]


def end_dead_runs_if_idle(instance: dg.DagsterInstance, data: Path) -> list[str]:
    """As ``end_dead_runs``, where no run is at work on the data folder; otherwise nothing."""
    try:
        with run_lock(data, "clearing up after killed runs", grace_seconds=0):
            return end_dead_runs(instance, data)
    except DataInUseError:
        return []
