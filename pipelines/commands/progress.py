"""Which step of a night runs now: a live line on a terminal, one line a finished step elsewhere."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from types import TracebackType
from typing import Any, Final, Self

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

_WORDS: Final = {
    "conform": "conform: dbt staging and intermediate models",
    "derived_tables": "derive: niches, origins, precedence",
    "marts": "model: dbt marts",
    "calibration_gate": "gate marts: calibration",
    "gate_results": "publish",
}
_ENDS: Final = {"STEP_SUCCESS": "", "STEP_FAILURE": "  failed", "STEP_SKIPPED": "  skipped"}


def in_words(step: str) -> str:
    """What a step does, for someone who does not know its name."""
    for ending, word in (("_intake", "ingest"), ("_collection", "collect")):
        if step.endswith(ending):
            return f"{word}: {step.removesuffix(ending)}"
    return _WORDS.get(step, step)


def told_steps(steps: Iterable[str], *, is_watching: bool) -> list[str]:
    """The steps of a night that are worth a line: without a watchlist nothing is collected."""
    return [step for step in steps if is_watching or not step.endswith("_collection")]


class StepProgress:
    """Listens to the events of a run and shows them."""

    def __init__(self, console: Console, steps: Collection[str]) -> None:
        """Args: where to show; the steps that are told."""
        self._console = console
        self._ended = 0
        self._steps, self._step_count = frozenset(steps), len(steps)
        self._began: dict[str, float] = {}
        self._live = (
            Progress(
                SpinnerColumn(),
                TextColumn("{task.completed:.0f}/{task.total:.0f}  {task.description}"),
                TimeElapsedColumn(),
                console=console,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            if console.is_terminal
            else None
        )
        self._task = self._live.add_task("starting", total=len(steps)) if self._live else None

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def heard(self, entry: Any) -> None:
        """Take one entry of Dagster's event log."""
        if not entry.is_dagster_event:
            return
        kind, step = entry.dagster_event.event_type.value, entry.step_key
        if step not in self._steps:
            return
        if kind == "STEP_START":
            self._began[step] = time.monotonic()
            self._describe(in_words(step))
        elif kind == "ASSET_MATERIALIZATION" and step:
            self._describe(f"{in_words(step)} ({entry.dagster_event.asset_key.path[-1]} is done)")
        elif kind in _ENDS:
            self._ended += 1
            seconds = time.monotonic() - self._began.get(step, time.monotonic())
            if self._live and self._task is not None:
                self._live.update(self._task, completed=self._ended)
            else:
                self._console.print(f"  {self._ended:>2}/{self._step_count}  {in_words(step)}  {seconds:.1f} s{_ENDS[kind]}")

    def _describe(self, text: str) -> None:
        if self._live and self._task is not None:
            self._live.update(self._task, description=text)
