"""The executor of every run that Dagster launches: all steps in one process, which holds the lock of the data folder."""

from collections.abc import Callable, Iterator
from typing import Any, cast

import dagster as dg

from pipelines.nightly.lock import run_lock
from pipelines.runs import end_dead_runs, lock_tags
from pipelines.settings import from_environment


class OneRunAtATime(dg.Executor):
    """Another executor, behind the lock of the data folder; a run that finds it taken waits."""

    def __init__(self, inner: dg.Executor) -> None:
        self._inner = inner

    @property
    def retries(self) -> Any:
        """As the other executor has it."""
        return self._inner.retries

    def execute(self, plan_context: Any, execution_plan: Any) -> Iterator[dg.DagsterEvent]:
        """Wait for the lock, then run the steps while holding it."""
        data, run, instance = from_environment().data, plan_context.dagster_run, plan_context.instance

        def tell(holder: str) -> None:
            plan_context.log.info("Waiting for another run on %s: %s.", data, holder)

        with run_lock(data, f"Dagster run {run.run_id[:8]}", on_wait=tell):
            for dead in end_dead_runs(instance, data, but=run.run_id):
                plan_context.log.info("Run %s was killed before; it is recorded as failed now.", dead)
            instance.add_run_tags(run.run_id, lock_tags(data, run.run_id))
            yield from self._inner.execute(plan_context, execution_plan)


@dg.executor(name="one_run_at_a_time", config_schema=dg.in_process_executor.config_schema.as_field())
def one_run_at_a_time(context: dg.InitExecutorContext) -> dg.Executor:
    """All steps in one process, one run at a time on a data folder."""
    create = cast("Callable[[dg.InitExecutorContext], dg.Executor]", dg.in_process_executor.executor_creation_fn)
    return OneRunAtATime(create(context))
