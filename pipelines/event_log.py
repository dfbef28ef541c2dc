"""Dagster's SQLite event log with its connections kept open: a night writes over a thousand events, each of which opened two anew."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

from dagster._core.errors import DagsterHomeNotSetError
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

# One engine a run that is being read or written; the UI walks through many.
_MOST_ENGINES: Final = 16


class KeptConnectionsEventLog(SqliteEventLogStorage):
    """The same files, tables and locks as Dagster's own; the engine of a run, with its connection and compiled statements, is kept.

    A commit waits for the write-ahead log to be written, not for the disk to confirm it: a killed process loses nothing, a power cut
    may lose the last events of a run, which then ends as any killed run does.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> Mapping[str, Any]:
        """No setting: the log lies where Dagster puts it, below ``DAGSTER_HOME``."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        """The log of ``DAGSTER_HOME``. Raises DagsterHomeNotSetError."""
        if not os.environ.get("DAGSTER_HOME"):
            raise DagsterHomeNotSetError(
                "DAGSTER_HOME is not set: this event log lies below it; set it to the folder of dagster.yaml"
            )
        return cls(str(Path(os.environ["DAGSTER_HOME"]) / "history" / "runs"), inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def _engine(self, shard: str) -> Engine:
        if shard not in self._engines:
            engine = create_engine(
                self.conn_string_for_shard(shard),
                poolclass=QueuePool,
                pool_size=1,
                connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
            )
            event.listen(engine, "connect", _without_waiting_for_the_disk)
            self._engines[shard] = engine
        self._engines.move_to_end(shard)
        while len(self._engines) > _MOST_ENGINES:
            _, oldest = self._engines.popitem(last=False)
            oldest.dispose()
        return self._engines[shard]

    def dispose(self) -> None:
        """Close what is open."""
        while self._engines:
            self._engines.popitem()[1].dispose()
        super().dispose()


def _without_waiting_for_the_disk(connection: Any, _record: Any) -> None:
    connection.execute("pragma synchronous = normal")
