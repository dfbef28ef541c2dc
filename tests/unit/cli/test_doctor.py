"""The doctor finds each trouble and says what to do about it."""

from __future__ import annotations

import os
from collections import namedtuple
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.commands import doctor as doctor_module
from pipelines.lake.erasures import COMMAND, DATA, Subject, record_erasures
from pipelines.lake.paths import DataPaths
from pipelines.nightly.lock import run_lock
from pipelines.publish.snapshot import publish
from pipelines.quality.results import GateResult, log_results

NIGHT = date(2026, 10, 1)
OLD = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataPaths:
    """An installation with one published night and nothing to do."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").touch()
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setattr(doctor_module, "_versions", lambda _: iter(()))
    made = DataPaths(tmp_path / "data")
    made.root.mkdir()
    (made.root / "gates").mkdir()
    log_results(made, NIGHT, [GateResult(NIGHT, "run 1", "marts", "trends", "rows", "suite", passed=True)])
    _publish(made, "run 1")
    return made


def _publish(paths: DataPaths, run: str) -> None:
    table = paths.root / "trends.parquet"
    pq.write_table(pa.table({"n": [1]}), table)
    publish(paths, NIGHT, run, {"trends": table}, {})


def ask(paths: DataPaths) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["doctor", "--data", str(paths.root)])
    return done.exit_code, " ".join(done.output.split())


def test_a_sound_installation_has_nothing_to_do(paths: DataPaths) -> None:
    code, said = ask(paths)
    assert code == 0, said
    assert "night=2026-10-01: 1 of 1 checks passed" in said
    assert said.endswith("nothing to do")


def test_nothing_there(paths: DataPaths) -> None:
    code, said = ask(DataPaths(paths.root / "nowhere"))
    assert code == 1
    assert "to do there is no data folder" in said
    assert "run: undercurrent nightly --inbox DIR --data" in said


def test_nothing_published(paths: DataPaths) -> None:
    (paths.root / "empty").mkdir()
    assert "nothing is published yet; run: undercurrent nightly" in ask(DataPaths(paths.root / "empty"))[1]


def test_a_closed_gate_is_named_with_what_was_seen(paths: DataPaths) -> None:
    closed = GateResult(date(2026, 10, 2), "run 2", "landed", "reddit", "quarantined share", "own", passed=False, observed="50%")
    log_results(paths, date(2026, 10, 2), [closed])
    code, said = ask(paths)
    assert code == 1
    assert "closed by gate landed, reddit: quarantined share (50%); mend the input and run the night again" in said


def test_a_warning_closes_nothing(paths: DataPaths) -> None:
    warning = GateResult(NIGHT, "run 1", "staged", "reddit", "few rows", "suite", passed=False, severity="warning")
    log_results(paths, NIGHT, [warning])
    code, said = ask(paths)
    assert code == 0, said
    assert "night=2026-10-01: 1 of 2 checks passed, 1 warned" in said


def test_a_night_that_passed_its_gates_but_was_not_published(paths: DataPaths) -> None:
    passed = GateResult(date(2026, 10, 2), "run 2", "landed", "reddit", "rows", "suite", passed=True)
    log_results(paths, date(2026, 10, 2), [passed])
    assert "the run that came last, of night 2026-10-02, was not published; see" in ask(paths)[1]


def test_what_killed_nights_and_publishes_left(paths: DataPaths) -> None:
    (paths.root / ".night-reddit-x1").mkdir()
    (paths.published / "snapshots" / ".making-2026-10-02-1").mkdir()
    said = ask(paths)[1]
    assert ".night-reddit-x1 was left by a night that was killed; run that night again" in said
    assert ".making-2026-10-02-1 was left by a publish that was killed; the next night removes it" in said


def test_a_run_at_work_is_named_and_its_files_are_no_leftovers(paths: DataPaths) -> None:
    (paths.root / ".night-reddit-x1").mkdir()
    with run_lock(paths.root, "Dagster run 1234abcd"):
        said = ask(paths)[1]
    assert f"Dagster run 1234abcd, process {os.getpid()}" in said
    assert "wait for it to end" in said
    assert "was left by" not in said


def test_an_unreadable_file_of_the_lake_names_its_night(paths: DataPaths) -> None:
    file = paths.table_file("reddit", "posts", date(2026, 9, 30), NIGHT)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"no parquet")
    assert (
        "is no readable Parquet file; delete it and run its night again: undercurrent nightly --day 2026-10-01" in ask(paths)[1]
    )


def test_low_disk(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(100, 99, 1))
    assert "less than 2 GB are free; make room before the next night" in ask(paths)[1]


def test_a_secret_that_others_can_read(paths: DataPaths) -> None:
    paths.secret_file.parent.mkdir()
    paths.secret_file.write_text("secret")
    paths.secret_file.chmod(0o644)
    code, said = ask(paths)
    assert code == 1
    assert "chmod 600" in said
    assert "secret can be read by others" in said


@pytest.mark.parametrize(("spoil", "words"), [("rmdir", "is missing; run: mkdir -p"), ("empty", "holds no dagster.yaml")])
def test_a_dagster_home_that_is_not_ready(paths: DataPaths, spoil: str, words: str) -> None:
    home = Path(os.environ["DAGSTER_HOME"])
    (home / "dagster.yaml").unlink()
    if spoil == "rmdir":
        home.rmdir()
    assert words in ask(paths)[1]


def test_versions_that_are_not_those_of_the_lock(paths: DataPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(doctor_module, "PROJECT", tmp_path)
    (tmp_path / "requirements.lock").write_text("duckdb==0.0.1 \\\n    --hash=sha256:00\nno-such-package[extra]==1 \\\n")
    said = ask(paths)[1]
    assert "duckdb " in said
    assert ", not 0.0.1" in said
    assert "no-such-package not installed, not 1" in said
    assert "run: rm -rf .venv && make setup" in said


def test_an_unknown_time_zone(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERCURRENT_TIME_ZONE", "Mars/Olympus")
    assert "'Mars/Olympus', which is no time zone" in ask(paths)[1]


def test_what_is_kept_for_too_long_or_is_still_to_be_erased_is_said(paths: DataPaths) -> None:
    gone = [
        Subject("mastodon", "account", name, name, "user_request", OLD, origin) for name, origin in (("a", COMMAND), ("b", DATA))
    ]
    record_erasures(paths, gone, None)
    day = paths.table_root("tiktok", "vault_accounts") / "day=2026-01-05"
    day.mkdir(parents=True)
    pq.write_table(pa.table({"account_key": ["k"]}), day / "night=2026-10-01.parquet")
    (paths.pages_folder("bluesky", date(2026, 1, 5))).mkdir(parents=True)
    code, said = ask(paths)
    assert code == 1
    assert "vault: tiktok from 2026-01-05 on" in said
    assert "tiktok, vault: 1 files or folders observed since 2026-01-05 are older than the 15 days" in said
    assert "bluesky, pages: 1 files or folders observed since 2026-01-05 are older than 30 days; run their nights" in said
    assert "0 keys are kept out, 2 not yet applied" in said
    assert "1 tombstones of the data are not yet applied" in said
    assert "an erasure of mastodon, asked for at 2026-01-05 00:00 UTC, did not end; run the same command again" in said
