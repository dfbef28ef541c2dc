"""Processes that read files of texts side by side. Knows nothing of what is read in them, and nothing of blocks of native files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Final, TypeVar

from pipelines.lake.blocks import WorkerEndedError, end_with_parent

Task = TypeVar("Task")
Found = TypeVar("Found")
WORTH_ROWS: Final = 20_000
"""Texts below which another process takes longer to start than it saves."""


def each_file(work: Callable[[Task], Found], tasks: Sequence[Task], row_count: int, workers: int) -> Iterator[Found]:
    """What ``work`` makes of each task, in their order; raises what it raises, and WorkerEndedError.

    Args:
        work: A function of a module, or a partial of one.
        tasks: One or more files each.
        row_count: Texts of all tasks.
        workers: Processes; with one, or where it is not worth more, this one does it.
    """
    count = min(workers, len(tasks))
    if count < 2 or row_count < WORTH_ROWS:
        yield from map(work, tasks)
        return
    with ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=end_with_parent) as pool:
        try:
            yield from pool.map(work, tasks)
        except BrokenProcessPool as error:
            raise WorkerEndedError(
                "A process that read texts was ended from outside, most likely for lack of memory. What it had written stays and is not read again; run the night again with fewer workers or more memory."
            ) from error
