"""What the command line refuses, each in one line that says what to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipelines.cli import main
from pipelines.nightly.lock import run_lock

YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)


def nightly(tmp_path: Path, *arguments: str) -> Result:
    (tmp_path / "inbox").mkdir(exist_ok=True)
    folders = ["--inbox", str(tmp_path / "inbox"), "--data", str(tmp_path / "data")]
    return CliRunner().invoke(main, ["nightly", *folders, *arguments], env={"DAGSTER_HOME": str(tmp_path)})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--day", "2019-05-01"], "nights begin at 2026-01-01, 2019-05-01 is none; older data need no older night"),
        (["--from", "2025-12-31", "--to", "2026-01-02"], "nights begin at 2026-01-01"),
        (["--day", "2999-01-01"], f"2999-01-01 is not over; the last finished night (UTC) is {YESTERDAY}"),
        (["--from", "2026-03-02", "--to", "2026-03-01"], "--from 2026-03-02 is after --to 2026-03-01"),
        (["--from", "2026-03-02"], "--from and --to go together"),
        (["--day", "2026-03-02", "--from", "2026-03-02", "--to", "2026-03-02"], "--day, or --from and --to, not both"),
    ],
)
def test_nights_that_are_none_are_refused_in_one_line(tmp_path: Path, arguments: list[str], words: str) -> None:
    done = nightly(tmp_path, *arguments)
    assert done.exit_code == 1
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "data").exists()


def test_a_data_folder_at_work_is_refused_with_who_is_at_work(tmp_path: Path) -> None:
    with run_lock(tmp_path / "data", "Dagster run 1234abcd"):
        done = nightly(tmp_path, "--day", "2026-10-01")
    assert done.exit_code == 1
    assert "another run is at work" in done.stderr
    assert "Dagster run 1234abcd" in done.stderr


def test_a_missing_inbox_and_a_missing_dagster_home_are_named(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "nowhere")
    done = CliRunner().invoke(main, ["nightly", "--inbox", nowhere, "--data", nowhere])
    assert f"there is no inbox folder {nowhere}" in done.stderr
    (tmp_path / "inbox").mkdir()
    arguments = ["nightly", "--inbox", str(tmp_path / "inbox"), "--data", nowhere]
    done = CliRunner().invoke(main, arguments, env={"DAGSTER_HOME": nowhere})
    assert f"there is no DAGSTER_HOME folder {nowhere}" in done.stderr


def test_the_ui_names_a_port_in_use_and_a_home_without_settings(tmp_path: Path) -> None:
    import socket

    arguments = ["ui", "--inbox", str(tmp_path / "inbox"), "--data", str(tmp_path / "data")]
    done = CliRunner().invoke(main, arguments, env={"DAGSTER_HOME": str(tmp_path)})
    assert "holds no dagster.yaml" in done.stderr
    (tmp_path / "dagster.yaml").touch()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = CliRunner().invoke(main, [*arguments, "--port", str(port)], env={"DAGSTER_HOME": str(tmp_path)})
    assert f"port {port} is in use" in done.stderr
