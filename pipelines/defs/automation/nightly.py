"""The nightly job, its schedule, its inbox sensor and its executor."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from pipelines.defs.automation.executor import one_run_at_a_time
from pipelines.lake.arrivals import look
from pipelines.partitions import FIRST_NIGHT
from pipelines.runs import SCHEDULE, SENSOR, STARTED_BY_TAG, end_dead_runs_if_idle
from pipelines.settings import from_environment

nightly = dg.define_asset_job(
    "nightly",
    # The calibration is of the method, not of a night: it has its own job.
    selection=dg.AssetSelection.all() - dg.AssetSelection.groups("calibration"),
    executor_def=one_run_at_a_time,
    description="One night, end to end: ingest, conform, derive, model, publish. A closed gate stops all that comes after it.",
    tags={"undercurrent/pipeline": "nightly"},
)


@dg.schedule(
    job=nightly,
    cron_schedule="0 3 * * *",
    execution_timezone=from_environment().time_zone,
    default_status=dg.DefaultScheduleStatus.STOPPED,
)
def nightly_at_three(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Every day at 03:00: the night of the UTC day before."""
    end_dead_runs_if_idle(context.instance, from_environment().data)
    night = _night_before(context.scheduled_execution_time)
    return dg.RunRequest(run_key=night, partition_key=night, tags={STARTED_BY_TAG: SCHEDULE})


@dg.sensor(job=nightly, minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.STOPPED)
def inbox_files(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """New or changed files in the inbox: run the last night again, so that they count before the next one."""
    settings = from_environment()
    end_dead_runs_if_idle(context.instance, settings.data)
    arrivals = look(settings.inbox)
    if not arrivals.file_count:
        yield dg.SkipReason(f"The inbox {settings.inbox} holds no file.")
    elif arrivals.fingerprint == context.cursor:
        yield dg.SkipReason("The inbox is as it was.")
    elif arrivals.unsettled:
        yield dg.SkipReason(
            f"{len(arrivals.unsettled)} files may still be written, such as {arrivals.unsettled[0]}; waiting for them."
        )
    else:
        context.update_cursor(arrivals.fingerprint)
        night = _night_before(datetime.now(UTC))
        yield dg.RunRequest(run_key=f"{night}-{arrivals.fingerprint}", partition_key=night, tags={STARTED_BY_TAG: SENSOR})


def _night_before(moment: datetime) -> str:
    return max((moment.astimezone(UTC) - timedelta(days=1)).date(), FIRST_NIGHT).isoformat()


@dg.definitions
def automation() -> dg.Definitions:
    """The job with what starts it, and the executor of every run that is started by hand."""
    return dg.Definitions(jobs=[nightly], schedules=[nightly_at_three], sensors=[inbox_files], executor=one_run_at_a_time)
