"""The nightly job, its schedule and the inbox sensor."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from pipelines.nightly.stages import inbox_fingerprint
from pipelines.partitions import NIGHTS
from pipelines.settings import from_environment

nightly = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all(),
    partitions_def=NIGHTS,
    executor_def=dg.in_process_executor,
    description="One night, end to end: ingest, conform, derive, model, publish.",
)


@dg.schedule(
    job=nightly,
    cron_schedule="0 3 * * *",
    execution_timezone=from_environment().time_zone,
    default_status=dg.DefaultScheduleStatus.STOPPED,
)
def nightly_at_three(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Every day at 03:00: the night of the UTC day before."""
    night = (context.scheduled_execution_time.astimezone(UTC) - timedelta(days=1)).date().isoformat()
    return dg.RunRequest(run_key=night, partition_key=night)


@dg.sensor(job=nightly, minimum_interval_seconds=300, default_status=dg.DefaultSensorStatus.STOPPED)
def inbox_files(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """New or changed files in the inbox: run the last night again, so that they count before the next one."""
    fingerprint = inbox_fingerprint(from_environment().inbox)
    if fingerprint == context.cursor:
        yield dg.SkipReason("The inbox is as it was.")
        return
    context.update_cursor(fingerprint)
    night = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    yield dg.RunRequest(run_key=f"{night}-{fingerprint}", partition_key=night)
