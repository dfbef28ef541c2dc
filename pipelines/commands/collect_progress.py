"""How far a collection is: a live line a platform on a terminal, nothing elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from pipelines.http.collect import Progress as Told


class CollectProgress:
    """Shows what a collection tells of itself.

    Attributes:
        is_shown: whether anyone sees it.
    """

    def __init__(self, console: Console) -> None:
        """Args: where to show."""
        self.is_shown = console.is_terminal
        self._tasks: dict[str, TaskID] = {}
        self._live = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TextColumn("{task.fields[pages]:,} pages  {task.fields[rows]:,} rows  {task.fields[units_left]:,} units left"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not self.is_shown,
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._live.stop()

    def tell(self, told: Told) -> None:
        """Take in where one platform is; may be called by several threads."""
        if told.platform not in self._tasks:
            self._tasks[told.platform] = self._live.add_task(told.platform, total=None, pages=0, rows=0, units_left=0)
        self._live.update(
            self._tasks[told.platform],
            description=f"{told.platform}: {told.doing}",
            completed=told.done,
            total=told.total,
            pages=told.pages,
            rows=told.rows,
            units_left=told.units_left,
        )
