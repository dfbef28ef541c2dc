"""One run at a time on a data folder, and none after a killed one."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pipelines.nightly.lock import DataInUseError, lock_holder, run_lock

_HOLD = """
import sys, time
from pathlib import Path
from pipelines.nightly.lock import run_lock
with run_lock(Path(sys.argv[1]), "the other run"):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path: Path) -> subprocess.Popen[str]:
    program = [sys.executable, "-c", _HOLD, str(tmp_path)]
    other = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own program
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    return other


def test_a_second_run_is_refused_with_the_name_of_the_first(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    try:
        with (
            pytest.raises(DataInUseError, match=rf"the other run, process {holder.pid} on .*; wait for it to end"),
            run_lock(tmp_path, "me", grace_seconds=0),
        ):
            pass
        assert "the other run" in (lock_holder(tmp_path) or "")
    finally:
        holder.kill()
        holder.wait()


def test_the_lock_of_a_killed_process_blocks_nobody(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert lock_holder(tmp_path) is None
    with run_lock(tmp_path, "me"):
        pass


def test_a_run_that_waits_begins_when_the_other_ends_and_says_whom_it_waits_for(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    told: list[str] = []

    def end_the_other(whom: str) -> None:
        told.append(whom)
        threading.Timer(0.05, holder.kill).start()

    with run_lock(tmp_path, "me", on_wait=end_the_other, poll_seconds=0.01):
        assert holder.wait() == -signal.SIGKILL
    assert len(told) == 1
    assert "the other run" in told[0]


def test_an_idle_folder_has_no_holder(tmp_path: Path) -> None:
    assert lock_holder(tmp_path) is None
    with run_lock(tmp_path / "new", "me"):
        pass
    assert lock_holder(tmp_path / "new") is None


def test_a_glance_at_the_lock_does_not_refuse_a_run(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    threading.Timer(0.3, holder.kill).start()
    with run_lock(tmp_path, "me"):
        assert holder.wait() == -signal.SIGKILL
