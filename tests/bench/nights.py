"""Whole nights: Dagster's share of a night of a million posts, a night with nothing new, and a night on ten times the history."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pipelines.settings import PROJECT
from tests.bench.dump import write_dump
from tests.bench.history import History
from tests.bench.ingest import NIGHT

END = date(2026, 10, 1)
BYTES_A_COMMENT = 1_041


def dagster_home(folder: Path) -> Path:
    """A DAGSTER_HOME as operations.md asks for it."""
    home = folder / "home"
    home.mkdir(parents=True)
    shutil.copy(PROJECT / ".dagster_home" / "dagster.yaml", home)
    return home


def night_command(data: Path, inbox: Path, night: date) -> list[str]:
    """The nightly job of the command line."""
    folders = ["--inbox", str(inbox), "--data", str(data)]
    return [sys.executable, "-m", "pipelines.cli", "nightly", *folders, "--day", night.isoformat()]


def job(data: Path, inbox: Path, night: date, home: Path) -> dict[str, Any]:
    """The nightly job in a process of its own. Returns its wall and CPU seconds, start-up included."""
    command = night_command(data, inbox, night)
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"DAGSTER_HOME": str(home)}, check=False)  # noqa: S603 - our own interpreter
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": time.perf_counter() - started, "cpu_seconds": cpu, "peak_mb": after.ru_maxrss / 1024}


def bare(data: Path, inbox: Path, night: date) -> dict[str, float]:
    """The same parts one after the other without Dagster. Returns wall seconds by part; runs in a process of its own."""
    os.environ["UNDERCURRENT_DATA"] = str(data)
    from pipelines.lake.limits import Limits
    from pipelines.lake.paths import DataPaths
    from pipelines.lake.pseudonyms import load_or_create
    from pipelines.nightly import stages
    from pipelines.nightly.project import dbt_executable
    from pipelines.platforms.registry import PLATFORMS
    from pipelines.settings import DBT_PROJECT

    paths, run_id, seconds = DataPaths(data), "bench", {}

    @contextmanager
    def timed(part: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        seconds[part] = time.perf_counter() - started

    def dbt(arguments: list[str], *select: str) -> Path:
        target = data / "bare_target"
        folders = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT), "--target-path", str(target)]
        command = [
            str(dbt_executable()),
            "build",
            "--exclude-resource-type",
            "unit_test",
            *folders,
            *arguments,
            "--select",
            *select,
        ]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own dbt
        return target

    with timed("ingest and gate 1"):
        for platform in PLATFORMS.values():
            stages.IngestStage(paths, inbox, platform, night, run_id, 2, Limits()).run(load_or_create(paths.secret_file))
    plan = stages.begin_modelling(paths, night)
    with timed("dbt: staging and intermediate"):
        target = dbt(
            stages.conform_arguments(plan), "fqn:undercurrent.staging", "fqn:undercurrent.intermediate", "resource_type:seed"
        )
    with timed("gate 2"):
        stages.record_dbt(paths, target, "staged", night, run_id)
        stages.check_conformed(paths, night, run_id)
    with timed("analysis and gate 3"):
        stages.derive(paths, night, run_id)
    with timed("dbt: marts"):
        target = dbt(stages.full_refresh(paths), "fqn:undercurrent.marts")
    with timed("gate 4"):
        stages.record_dbt(paths, target, "marts", night, run_id)
        stages.check_marts(paths, night, run_id)
    with timed("publish"):
        stages.publish_night(paths, night, run_id)
    return seconds


def bare_in_its_own_process(data: Path, inbox: Path, night: date) -> dict[str, float]:
    """See :func:`bare`."""
    code = f"import json; from datetime import date; from pathlib import Path; from tests.bench.nights import bare; print(json.dumps(bare(Path({str(data)!r}), Path({str(inbox)!r}), date.fromisoformat('{night}'))))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603 - our own interpreter
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def overhead(folder: Path, post_count: int) -> None:
    """Print the job's wall time on one night of ``post_count`` posts against the sum of its parts run bare, and a night with nothing new."""
    inbox, home, night = folder / "inbox", dagster_home(folder), NIGHT
    (inbox / "reddit").mkdir(parents=True)
    written = write_dump(inbox / "reddit" / "RC_2026-08.zst", post_count * BYTES_A_COMMENT)
    parts = bare_in_its_own_process(folder / "bare", inbox, night)
    whole = job(folder / "job", inbox, night, home)
    total = sum(parts.values())
    print(f"a night of {written:,} posts: parts run bare {total:.1f} s")
    for part, seconds in parts.items():
        print(f"  {part:32} {seconds:8.1f} s")
    print(
        f"  the job {whole['seconds']:.1f} s, peak {whole['peak_mb']:.0f} MB; overhead {whole['seconds'] / total - 1:+.1%} of the parts"
    )
    nothing = job(folder / "job", inbox, night + timedelta(days=1), home)
    print(f"  the next night with nothing new: {nothing['seconds']:.1f} s, {nothing['cpu_seconds']:.1f} s of CPU")


def history(folder: Path, posts_a_day: int, days: int) -> None:
    """Print a second night on ``10 * days`` days of history against a second night on ``days`` days."""
    seconds: dict[int, dict[str, Any]] = {}
    for factor in (1, 10):
        root = folder / f"history-{factor}"
        inbox, home = root / "inbox", dagster_home(root)
        # Both end on the same day, so that the second night is the very same day of posts.
        end = END
        made = History(end - timedelta(days=10 * days), posts_a_day)
        first = end - timedelta(days=factor * days)
        written = made.write(inbox, first, end - timedelta(days=1))
        made.write_profiles(inbox, first)
        began = job(root / "data", inbox, end, home)
        made.write(inbox, end, end)
        seconds[factor] = job(root / "data", inbox, end + timedelta(days=1), home)
        for part in ("seconds", "cpu_seconds"):
            seconds[factor][f"first_{part}"] = began[part]
        now = seconds[factor]
        print(
            f"  {factor:2}x: {written:>9,} posts of history in {began['seconds']:.0f} s; second night {now['seconds']:.1f} s,"
            f" {now['cpu_seconds']:.1f} s of CPU, peak {now['peak_mb']:.0f} MB"
        )
        shutil.rmtree(root)
    print(
        f"  ratio 10x / 1x of the second night: {seconds[10]['seconds'] / seconds[1]['seconds']:.2f} (wall), {seconds[10]['cpu_seconds'] / seconds[1]['cpu_seconds']:.2f} (CPU)"
    )
