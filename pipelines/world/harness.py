"""Worlds repeated over many seeds, in processes, kept as they come, and counted into rows of a calibration. Judges nothing, simulates nothing."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from pipelines.analysis import trends
from pipelines.analysis.increments import digest
from pipelines.analysis.parameters import params_hash
from pipelines.analysis.trends import TrendParameters
from pipelines.nightly.project import method_fingerprint
from pipelines.settings import PROJECT
from pipelines.world.calibration_rows import PUBLISHED, SCHEMA, judge
from pipelines.world.claims import Numbers, claims, claims_metric, origin_metric, targets_of, trend_figures
from pipelines.world.rounds import CALIBRATED, CalibrationError, Plan, unsettled
from pipelines.world.trial import run_trial
from pipelines.world.warehouse import render
from pipelines.world.worlds import ANY, WORLDS, named

SIZE: Final = "trial"
_ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_CODE: Final = ("analysis", "world")
_DEVIATES: Final = 1.96


class WorldError(CalibrationError):
    """A world could not be taken through the pipeline."""


class TimeUpError(CalibrationError):
    """There was not time enough to say anything of each world."""


@dataclass(frozen=True, slots=True)
class Result:
    """What was found in one world.

    Attributes:
        world: Name of the world.
        seed: Of the world.
        claims: By metric and estimator 1, -1 or 0; see :func:`pipelines.world.claims.claims`.
        figures: By metric and estimator; see :func:`pipelines.world.claims.trend_figures`.
        seconds: Of the processor, by part of the trial.
    """

    world: str
    seed: int
    claims: Numbers
    figures: Numbers
    seconds: dict[str, float]


def run_world(world: str, seed: int, size: str = SIZE, parameters: TrendParameters | None = None) -> Result:
    """Take one world through the pipeline and read its tables.

    Args:
        world: Name of a world.
        seed: Of all its draws.
        size: Name of a size.
        parameters: Of the analysis; its defaults when None.

    Raises:
        ValueError: unknown world or size.
    """
    trial = run_trial(world, seed, size, parameters)
    begin = time.process_time()
    found, figures = claims(trial, parameters), trend_figures(trial)
    return Result(world, seed, found, figures, dict(trial.seconds) | {"reading": time.process_time() - begin})


@cache
def code_fingerprint() -> str:
    """Changes with whatever a result hangs on apart from world, seed, size and parameters: the analysis, the world, the models."""
    files = sorted(file for folder in _CODE for file in (PROJECT / "pipelines" / folder).rglob("*.py"))
    return digest(method_fingerprint(), *(f"{file.relative_to(PROJECT)}\n{file.read_text()}" for file in files))


class _Kept:
    """Results on disk, a line each: what a run has found stays found, however it ends."""

    def __init__(self, folder: Path, key: str) -> None:
        self._file = folder / f"{key}.jsonl"

    def read(self) -> dict[tuple[str, int], Result]:
        """All whole lines; the last one of a killed run may not be whole, and is found again."""
        found = {}
        for line in self._file.read_text().splitlines() if self._file.exists() else []:
            try:
                result = Result(**json.loads(line))
            except ValueError:
                continue
            found[result.world, result.seed] = result
        return found

    def append(self, result: Result) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        values = {name: getattr(result, name) for name in Result.__slots__}
        # The line break comes first too: after half a line of a killed run a new one begins.
        with self._file.open("a") as file:
            file.write(f"\n{json.dumps(values, separators=(',', ':'))}\n")


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Processes that start inside do their linear algebra on one thread: there is one of them a processor, and sums do not depend on it."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(_ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _results(
    tasks: Sequence[tuple[str, int]], size: str, parameters: TrendParameters | None, workers: int, deadline: float | None
) -> Iterator[Result]:
    with _single_threaded(), ProcessPoolExecutor(min(workers, len(tasks)), mp_context=get_context("spawn")) as pool:
        waiting: dict[Future[Result], tuple[str, int]] = {pool.submit(run_world, *task, size, parameters): task for task in tasks}
        try:
            for future in as_completed(waiting):
                world, seed = waiting[future]
                if future.cancelled():
                    continue
                try:
                    yield future.result()
                except Exception as error:
                    raise WorldError(f"world {world}, seed {seed}: {error}") from error
                if deadline is not None and time.monotonic() >= deadline:
                    # What has begun is still waited for.
                    for other in waiting:
                        other.cancel()
        finally:
            # Nothing new begins once the caller has had enough, or a world failed.
            pool.shutdown(wait=True, cancel_futures=True)


def find_results(
    seed_count: int,
    *,
    names: Sequence[str] | None = None,
    workers: int = 2,
    first_seed: int = 1,
    size: str = SIZE,
    parameters: TrendParameters | None = None,
    folder: Path | None = None,
    deadline: float | None = None,
    report: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Result]:
    """Run worlds over seeds, all worlds of one seed before the next; what the folder has is not run again.

    Args:
        seed_count: Seeds of each world.
        names: Worlds; all when None.
        workers: Processes.
        first_seed: The first seed; the others follow it.
        size: Name of a size.
        parameters: Of the analysis; its defaults when None.
        folder: Where results are kept as they come, in one file for each state of the code and of the parameters; nowhere when None.
        deadline: Of the monotonic clock, after which no seed begins; none when None.
        report: Told how many worlds of how many are there, once at the beginning and after each.

    Returns:
        One result per world and seed, ordered by world as given and by seed, whatever the number of processes; after the deadline those
        that there are.

    Raises:
        ValueError: unknown world or size.
        WorldError: a world failed; what was found before it is kept.
        RenderError: dbt cannot compile the models.
    """
    names = list(WORLDS if names is None else names)
    for name in names:
        named(name, size)
    key = digest(code_fingerprint(), size, params_hash(parameters or TrendParameters()))[:16]
    kept = _Kept(folder, key) if folder else None
    found = kept.read() if kept else {}
    wanted = [(name, first_seed + step) for step in range(seed_count) for name in names]
    missing = [task for task in wanted if task not in found]
    done = len(wanted) - len(missing)
    report(done, len(wanted))
    if missing and (deadline is None or time.monotonic() < deadline):
        # Compiled once here, so that no worker has to.
        render()
        for result in _results(missing, size, parameters, workers, deadline):
            if kept:
                kept.append(result)
            found[result.world, result.seed] = result
            done += 1
            report(done, len(wanted))
    return [found[task] for task in sorted(wanted, key=lambda task: (names.index(task[0]), task[1])) if task in found]


def calibrate(
    plan: Plan,
    *,
    worlds: Sequence[str] = CALIBRATED,
    workers: int = 2,
    first_seed: int = 1,
    size: str = SIZE,
    parameters: TrendParameters | None = None,
    folder: Path | None = None,
    report: Callable[[int, int], None] = lambda _done, _total: None,
    calibration_key: str = "",
) -> pa.Table:
    """Repeat worlds over rounds of seeds and count what is claimed in each; see :func:`find_results` for arguments and errors.

    After a round only those worlds go on in which a gating claim's bound is over its limit.

    Args:
        plan: The rounds, and the time they may take.
        worlds: Names of worlds.
        workers: Processes.
        first_seed: The first seed.
        size: Name of a size.
        parameters: Of the analysis; its defaults when None.
        folder: Where results are kept; nowhere when None.
        report: Told how many worlds of how many are there, those of later rounds not yet among them.
        calibration_key: Of the rows.

    Returns:
        Rows of a calibration (:mod:`pipelines.world.calibration_rows`), judged; a world's ``seed_count`` is what it was run with.

    Raises:
        TimeUpError: the time was up before each world had been run once.
    """
    deadline = None if plan.within_seconds is None else time.monotonic() + plan.within_seconds
    stamp = {
        "size": size,
        "method_version": trends.METHOD_VERSION,
        "params_hash": params_hash(parameters or TrendParameters()),
        "calibration_key": calibration_key,
    }
    blank = dict.fromkeys(SCHEMA.names)
    settled: list[dict[str, Any]] = []
    found: dict[str, list[Result]] = {name: [] for name in worlds}
    going_on = list(worlds)
    for before, seed_count in pairwise((0, *plan.rounds)):
        for result in find_results(
            seed_count - before,
            names=going_on,
            workers=workers,
            first_seed=first_seed + before,
            size=size,
            parameters=parameters,
            folder=folder,
            deadline=deadline,
            report=_after(sum(map(len, found.values())), report),
        ):
            found[result.world].append(result)
        if not all(found.values()):
            raise TimeUpError(f"the time was up before each of {len(worlds)} worlds had been run once")
        rows = judge(
            pa.Table.from_pylist([blank | row | stamp for name in going_on for row in _rows(name, found[name])])
        ).to_pylist()
        is_time_up = deadline is not None and time.monotonic() >= deadline
        stays = set() if is_time_up or seed_count == plan.rounds[-1] else unsettled(rows)
        settled += [row for row in rows if row["world"] not in stays]
        going_on = [name for name in going_on if name in stays]
        if not going_on:
            break
    return judge(pa.Table.from_pylist(settled, schema=SCHEMA))


def _after(before: int, report: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """Tell of so many more, which are done."""
    return lambda done, total: report(before + done, before + total)


def _rows(name: str, results: Sequence[Result]) -> Iterator[dict[str, Any]]:
    world = WORLDS[name]
    truths: dict[str, str] = {}
    for unit_type in world.trends.unit_types:
        truths |= {claims_metric(target, unit_type): world.truth(target) for target in targets_of(unit_type)}
        truths[origin_metric(unit_type)] = world.large
    common = {"world": name, "world_kind": world.kind}
    for metric, estimator, values in _by_estimator([result.claims for result in results]):
        yield common | {
            "metric": metric,
            "estimator": estimator,
            "truth": truths[metric],
            "seed_count": len(values),
            "lead_first_count": sum(value > 0 for value in values),
            "target_first_count": sum(value < 0 for value in values),
            "is_gating": estimator == PUBLISHED and truths[metric] != ANY,
        }
    timed = [result.figures | {"seconds_per_world": {"pipeline": sum(result.seconds.values())}} for result in results]
    for metric, estimator, values in _by_estimator(timed):
        mean = float(np.mean(values))
        half = _DEVIATES * float(np.std(values, ddof=1)) / len(values) ** 0.5 if len(values) > 1 else None
        yield common | {
            "metric": metric,
            "estimator": estimator,
            "seed_count": len(values),
            "value": mean,
            "low": None if half is None else mean - half,
            "high": None if half is None else mean + half,
            "is_gating": False,
        }


def _by_estimator(found: Sequence[Mapping[str, Mapping[str, Any]]]) -> Iterator[tuple[str, str, list[Any]]]:
    """Metric, estimator and their values over seeds, without the seeds that say nothing; nothing where no seed does."""
    values: dict[tuple[str, str], list[Any]] = {}
    for numbers in found:
        for metric, by_estimator in numbers.items():
            for estimator, value in by_estimator.items():
                if value is not None:
                    values.setdefault((metric, estimator), []).append(value)
    for (metric, estimator), each in values.items():
        yield metric, estimator, each
