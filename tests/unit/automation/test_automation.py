"""What starts the nightly, evaluated as Dagster evaluates it; what each run holds, and what a killed one leaves."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines.lake.arrivals import SETTLED_AFTER, look
from pipelines.nightly.lock import DataInUseError, run_lock
from pipelines.runs import COMMAND_LINE, STARTED_BY_TAG, end_dead_runs, end_dead_runs_if_idle, lock_tags

ROOT = Path(__file__).parents[3]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UNDERCURRENT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("UNDERCURRENT_INBOX", str(tmp_path / "inbox"))
    (tmp_path / "data").mkdir()
    (tmp_path / "inbox").mkdir()
    return tmp_path


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as made:
        yield made


@pytest.mark.parametrize(
    ("tick", "night"),
    [
        (datetime(2026, 10, 2, 3, 0, tzinfo=UTC), "2026-10-01"),
        (datetime(2026, 3, 1, 3, 0, tzinfo=UTC), "2026-02-28"),
        (datetime(2026, 10, 2, 2, 0, tzinfo=UTC), "2026-10-01"),
        (datetime.fromisoformat("2026-10-02T03:00:00+13:00"), "2026-09-30"),
    ],
)
@pytest.mark.usefixtures("place")
def test_the_schedule_runs_the_night_of_the_utc_day_before(instance: dg.DagsterInstance, tick: datetime, night: str) -> None:
    from pipelines.definitions import definitions
    from pipelines.defs.automation.nightly import nightly_at_three

    repository = definitions().get_repository_def()
    with dg.build_schedule_context(instance=instance, scheduled_execution_time=tick, repository_def=repository) as context:
        [request] = nightly_at_three.evaluate_tick(context).run_requests or []
    assert request.partition_key == night
    assert request.run_key == night
    assert request.tags[STARTED_BY_TAG] == "schedule"


def _tick(instance: dg.DagsterInstance, cursor: str | None) -> tuple[list[dg.RunRequest], str, str | None]:
    from pipelines.definitions import definitions
    from pipelines.defs.automation.nightly import inbox_files

    repository = definitions().get_repository_def()
    with dg.build_sensor_context(instance=instance, cursor=cursor, repository_def=repository) as context:
        done = inbox_files.evaluate_tick(context)
        return list(done.run_requests or []), done.skip_message or "", context.cursor


def _settled(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The change time of a file cannot be set back, so the clock is set forward.
    later = datetime.now(UTC) + SETTLED_AFTER + timedelta(seconds=1)
    monkeypatch.setattr("pipelines.defs.automation.nightly.look", lambda inbox: look(inbox, later))
    assert file.exists()


def test_the_sensor_waits_for_files_that_may_still_be_written_then_fires_once(
    place: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests, why, cursor = _tick(instance, None)
    assert not requests
    assert "holds no file" in why

    file = place / "inbox" / "reddit" / "RC_2026-10.ndjson"
    file.parent.mkdir()
    file.write_text("{}\n")
    requests, why, cursor = _tick(instance, cursor)
    assert not requests
    assert "may still be written, such as reddit/RC_2026-10.ndjson" in why

    _settled(file, monkeypatch)
    requests, _, cursor = _tick(instance, cursor)
    assert [request.partition_key for request in requests] == [str((datetime.now(UTC) - timedelta(days=1)).date())]
    assert requests[0].tags[STARTED_BY_TAG] == "inbox sensor"

    requests, why, cursor = _tick(instance, cursor)
    assert not requests
    assert why == "The inbox is as it was."


def test_a_copy_that_keeps_an_old_modification_time_still_waits(place: Path) -> None:
    file = place / "inbox" / "old.ndjson"
    file.write_text("{}\n")
    os.utime(file, (0, 0))
    assert look(place / "inbox").unsettled == ["old.ndjson"]


def test_temporary_names_of_copying_programs_do_not_count(place: Path) -> None:
    (place / "inbox" / ".RC.ndjson.Xy12").write_text("{")
    assert look(place / "inbox").file_count == 0


def test_a_zone_that_does_not_exist_gives_one_clear_line(place: Path) -> None:
    arguments = ["nightly", "--inbox", str(place / "inbox"), "--data", str(place / "data")]
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "pipelines.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "UNDERCURRENT_TIME_ZONE": "Mars/Olympus"},
    )
    assert done.returncode == 1
    assert (
        done.stderr
        == "Error: nightly: UNDERCURRENT_TIME_ZONE is 'Mars/Olympus', which is no time zone; give one as Europe/Berlin\n"
    )


@pytest.mark.usefixtures("place")
def test_every_asset_backfills_one_night_a_run() -> None:
    from pipelines.definitions import definitions

    for asset in definitions().resolve_asset_graph().assets_defs:
        # The calibration is of the method and has no nights; a check alone goes with its asset's run.
        if asset.is_executable and asset.keys - {dg.AssetKey("calibration_results")}:
            assert asset.backfill_policy == dg.BackfillPolicy.multi_run(1), asset.keys


@dg.op
def try_the_lock() -> None:
    log = dg.get_dagster_logger()
    try:
        with run_lock(Path(os.environ["UNDERCURRENT_DATA"]), "a second run"):
            log.info("free")
    except DataInUseError as error:
        log.info("taken: %s", error)


def locked_job() -> dg.JobDefinition:
    from pipelines.defs.automation.executor import one_run_at_a_time

    @dg.job(executor_def=one_run_at_a_time)
    def holding() -> None:
        try_the_lock()

    return holding


def _messages(instance: dg.DagsterInstance, run_id: str) -> str:
    return "\n".join(record.event_log_entry.user_message for record in instance.get_records_for_run(run_id).records)


def test_a_run_that_dagster_launches_holds_the_lock_of_its_data_folder(place: Path, instance: dg.DagsterInstance) -> None:
    done = dg.execute_job(dg.reconstructable(locked_job), instance=instance)
    assert done.success
    holder = f"another run is at work on {place / 'data'} (Dagster run {done.run_id[:8]}"
    assert f"taken: {holder}" in _messages(instance, done.run_id)


def test_a_run_that_dagster_launches_waits_for_the_command_line(place: Path, instance: dg.DagsterInstance) -> None:
    held = threading.Event()

    def command_line() -> None:
        with run_lock(place / "data", "undercurrent nightly"):
            held.set()
            while not any("Waiting for another run" in _messages(instance, run.run_id) for run in instance.get_runs()):
                time.sleep(0.05)

    thread = threading.Thread(target=command_line)
    thread.start()
    held.wait()
    done = dg.execute_job(dg.reconstructable(locked_job), instance=instance)
    thread.join()
    assert done.success
    assert f"Waiting for another run on {place / 'data'}: undercurrent nightly" in _messages(instance, done.run_id)


def _left_running(instance: dg.DagsterInstance, data: Path, *, held_by: str | None = None) -> Any:
    run = instance.create_run_for_job(locked_job(), tags={STARTED_BY_TAG: COMMAND_LINE})
    instance.add_run_tags(run.run_id, lock_tags(data, held_by or run.run_id))
    instance.report_dagster_event(dg.DagsterEvent(event_type_value="PIPELINE_START", job_name=run.job_name), run_id=run.run_id)
    return run


def test_a_killed_run_is_recorded_as_failed_and_gives_back_its_pools(place: Path, instance: dg.DagsterInstance) -> None:
    pools = instance.event_log_storage
    pools.set_concurrency_slots("warehouse", 1)
    dead = _left_running(instance, place / "data")
    elsewhere = _left_running(instance, place / "other")
    waiting = _left_running(instance, place / "data", held_by=dead.run_id)
    assert pools.claim_concurrency_slot("warehouse", dead.run_id, "conform").is_claimed
    with run_lock(place / "data", "me"):
        assert end_dead_runs(instance, place / "data") == [dead.run_id[:8]]
    statuses = {run.run_id: run.status for run in instance.get_runs()}
    assert statuses[dead.run_id] == dg.DagsterRunStatus.FAILURE
    assert statuses[elsewhere.run_id] == dg.DagsterRunStatus.STARTED
    # Executed again from the dead one: it has its tags, and waits for the lock.
    assert statuses[waiting.run_id] == dg.DagsterRunStatus.STARTED
    assert pools.claim_concurrency_slot("warehouse", "next", "conform").is_claimed


def test_a_run_that_is_at_work_is_not_taken_for_dead(place: Path, instance: dg.DagsterInstance) -> None:
    _left_running(instance, place / "data")
    with run_lock(place / "data", "the run"):
        assert end_dead_runs_if_idle(instance, place / "data") == []
    assert len(end_dead_runs_if_idle(instance, place / "data")) == 1
