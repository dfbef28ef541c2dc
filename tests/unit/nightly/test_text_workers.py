"""Files of texts that processes read side by side: the same bytes, in the same order, and a clear word when one of them dies."""

from __future__ import annotations

import os
import signal
from functools import partial
from pathlib import Path

import pytest

from pipelines.lake.blocks import WorkerEndedError
from pipelines.lake.paths import DataPaths
from pipelines.nightly import text_workers
from pipelines.nightly.phrases import write_text_phrases
from pipelines.nightly.text_signals import write_text_signals
from pipelines.nightly.text_workers import WORTH_ROWS, each_file
from tests.unit.nightly import test_phrases as phrases
from tests.unit.nightly import test_text_signals as signals


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_workers, "WORTH_ROWS", 0)


def whose(shared: str, task: int) -> tuple[str, int, int]:
    return shared, task, os.getpid()


def die(task: int) -> int:
    if task == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def fail(task: int) -> int:
    raise ValueError(f"task {task}")


def test_results_come_in_order_from_other_processes() -> None:
    found = list(each_file(partial(whose, "rules"), range(6), WORTH_ROWS, 2))
    assert [(shared, task) for shared, task, _ in found] == [("rules", task) for task in range(6)]
    assert os.getpid() not in {process for _, _, process in found}


@pytest.mark.parametrize(("row_count", "workers"), [(WORTH_ROWS - 1, 2), (WORTH_ROWS, 1)])
def test_little_is_done_by_this_process(row_count: int, workers: int) -> None:
    assert {process for _, _, process in each_file(partial(whose, "rules"), range(3), row_count, workers)} == {os.getpid()}


def test_a_process_that_is_killed_is_said() -> None:
    with pytest.raises(WorkerEndedError, match="lack of memory"):
        list(each_file(die, range(4), WORTH_ROWS, 2))


def test_what_a_file_raises_is_raised() -> None:
    with pytest.raises(ValueError, match="task 0"):
        list(each_file(fail, range(4), WORTH_ROWS, 2))


@pytest.mark.usefixtures("always")
def test_signals_are_the_same_bytes_whoever_reads_the_texts(tmp_path: Path) -> None:
    content = []
    for workers in (1, 2):
        paths = DataPaths(tmp_path / str(workers))
        for number in range(3):
            signals.keep(paths, signals.post(number), day=signals.DAY.replace(day=number + 1))
        assert write_text_signals(paths, signals.plan(signals.NIGHT), signals.RULES, workers) == 3
        assert write_text_signals(paths, signals.plan(signals.NIGHT), signals.RULES, workers) == 0
        content.append([file.read_bytes() for file in sorted(paths.table_root("x", "text_signals").rglob("*.parquet"))])
    assert content[0] == content[1]
    assert len(content[0]) == 3


@pytest.mark.usefixtures("always")
def test_matches_are_the_same_bytes_whoever_searches_the_texts(tmp_path: Path) -> None:
    content = []
    for workers in (1, 2):
        paths = DataPaths(tmp_path / str(workers))
        landed = [phrases.bring(paths, phrases.ago(days), *phrases.said(12)) for days in (3, 1, 0)]
        done = write_text_phrases(paths, phrases.plan(landed), ["w3 velvet"], frozenset(), workers=workers)
        assert done.listed == ("w3 velvet", "velvet harbour")
        content.append(phrases.content(paths))
    assert content[0] == content[1]
    assert len(content[0]) == 3
