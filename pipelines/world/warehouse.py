"""The pipeline's own models in memory: their SQL as dbt compiles it, run on landed tables that are made from arrays. No SQL of its own, no world."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.analysis.contracts import DERIVED, EXCHANGE
from pipelines.analysis.increments import digest
from pipelines.analysis.phrases import PHRASES, SEARCHED_NIGHTS, TEXT_PHRASES
from pipelines.analysis.text_signals import TEXT_SIGNALS
from pipelines.lake import exchange, nights
from pipelines.lake.paths import DataPaths
from pipelines.lake.schemas import ANALYTIC_TABLES, ERASURES
from pipelines.lake.writer import write_table
from pipelines.nightly.outlets import SCHEMA as OUTLET_KEYS
from pipelines.nightly.project import dbt_executable, method_fingerprint
from pipelines.settings import DBT_PROJECT
from pipelines.world.calibration_rows import SCHEMA as CALIBRATION

EXCHANGED: Final = ("int_trend_candidates", "int_trend_adoptions", "int_trend_timelines")
"""What the analysis reads."""
PUBLISHED: Final = (
    "trends",
    "trend_adoptions",
    "trend_aliases",
    "trend_days",
    "ripple_effects",
    "origin_by_tier",
    "creators",
)
"""The marts that a trial publishes."""
_RENDERING: Final = "rendering_2"
_NIGHT: Final = date(2026, 10, 1)
_CACHE: Final = DBT_PROJECT / "target"
_REFERENCE: Final = re.compile(r'"warehouse"\."main"\."(\w+)"')
_LANDED: Final = re.compile(r"read_parquet\(\['DATA/state/empty/(\w+)/[^']*'\], union_by_name[^)]*\)")
_STAGED: Final = re.compile(r"stg_(\w+?)__(\w+)")


_BESIDE: Final = {
    "landed.text_signals": TEXT_SIGNALS,
    "landed.text_phrases": TEXT_PHRASES,
    "state.phrases": PHRASES,
    "state.searched_nights": SEARCHED_NIGHTS,
    "state.outlet_keys": OUTLET_KEYS,
    "state.calibration": CALIBRATION,
    "ledger.erasures": ERASURES,  # nobody is erased from a world in memory
}
"""What the models read beside the lake's tables."""


class RenderError(RuntimeError):
    """dbt could not compile its project."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model as dbt would build it on an empty warehouse.

    Attributes:
        name: Of the model.
        is_view: Whether it is a view; else a table.
        sql: Its query; refers to ``landed.<platform>__<table>``, ``derived.<table>`` and ``state.<table>`` where the
            project reads Parquet.
        reads: Models and seeds that it really reads. What dbt lists beside them only orders an incremental night.
    """

    name: str
    is_view: bool
    sql: str
    reads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Project:
    """The dbt project as it was rendered: models by name, and the rows of the seeds."""

    models: Mapping[str, Model]
    seeds: Mapping[str, pa.Table]

    def needed(self, wanted: Iterable[str]) -> list[Model]:
        """The wanted models and all that they read, in an order in which they can be built."""
        graph: dict[str, tuple[str, ...]] = {}
        waiting = list(wanted)
        while waiting:
            name = waiting.pop()
            if name not in graph and name in self.models:
                graph[name] = tuple(read for read in self.models[name].reads if read in self.models)
                waiting += graph[name]
        return [self.models[name] for name in TopologicalSorter(graph).static_order()]


def render(cache: Path = _CACHE) -> Project:
    """The project's models as dbt's own compiler renders them for a night that builds everything; kept on disk until the project changes.

    Args:
        cache: Folder in which renderings are kept, one for each state of the project.

    Raises:
        RenderError: dbt cannot compile the project.
    """
    folder = cache / f"rendered-{digest(_RENDERING, method_fingerprint())[:16]}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(prefix="undercurrent-render-") as scratch:
            project = _compiled(Path(scratch))
            _keep(project, folder)
    models = {
        row["name"]: Model(**row | {"reads": tuple(row["reads"])}) for row in json.loads((folder / "models.json").read_text())
    }
    return Project(models, {file.stem: pq.read_table(file) for file in sorted(folder.glob("*.parquet"))})


def _keep(project: Project, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    (unfinished / "models.json").write_text(json.dumps([asdict(model) for model in project.models.values()], indent=1))
    for name, rows in project.seeds.items():
        write_table(unfinished / f"{name}.parquet", rows)
    try:
        unfinished.replace(folder)
    except OSError:
        # Another process was faster and wrote the same.
        shutil.rmtree(unfinished)
        if not folder.exists():
            raise


def _compiled(scratch: Path) -> Project:
    """Let dbt load its seeds and compile its models against an empty data folder."""
    paths, target = DataPaths(scratch / "data"), scratch / "target"
    paths.root.mkdir()
    nights.begin_modelling(paths, nights.plan_night(paths, _NIGHT, method_fingerprint(), rebuild=True))
    write_table(paths.outlet_keys_file(), OUTLET_KEYS.empty_table())
    exchange.prepare(paths)
    places = [
        "--project-dir",
        DBT_PROJECT,
        "--profiles-dir",
        DBT_PROJECT,
        "--target-path",
        target,
        "--log-path",
        scratch / "logs",
    ]
    environment = os.environ | {"UNDERCURRENT_DATA": str(paths.root)}
    for command in (["seed"], ["compile", "--full-refresh", "--exclude", "resource_type:test", "resource_type:unit_test"]):
        line = [str(part) for part in (dbt_executable(), "--quiet", *command, *places)]
        done = subprocess.run(line, capture_output=True, text=True, env=environment, check=False)  # noqa: S603 - our own dbt
        if done.returncode:
            raise RenderError(f"dbt {command[0]} failed: {done.stdout.strip()} {done.stderr.strip()}")
    nodes = list(json.loads((target / "manifest.json").read_text())["nodes"].values())
    models = [_model(node, str(paths.root)) for node in nodes if node["resource_type"] == "model"]
    with duckdb.connect(str(paths.warehouse), read_only=True) as connection:
        names = [node["name"] for node in nodes if node["resource_type"] == "seed"]
        seeds = {name: connection.table(f"main.{name}").to_arrow_table() for name in sorted(names)}
    return Project({model.name: model for model in models}, seeds)


def _model(node: Mapping[str, Any], data_root: str) -> Model:
    name, sql = node["name"], node["compiled_code"].replace(data_root, "DATA")
    # Without comments: dbt's hints of what else to build before are among them.
    sql = "\n".join(line for line in sql.splitlines() if line.strip() and not line.lstrip().startswith("--"))
    if staged := _STAGED.fullmatch(name):
        sql = _LANDED.sub(f"landed.{staged[1]}__{staged[2]}", sql)
    # What lies beside the lake for all platforms together.
    sql = _LANDED.sub(r"landed.\1", sql)
    sql = re.sub(r"read_parquet\(('DATA/(?:state|ledger)/\w+\.parquet')\)", r"\1", sql)
    sql = re.sub(r"'DATA/(derived|state|ledger)/(\w+)\.parquet'", r"\1.\2", sql)
    if "DATA/" in sql:
        raise RenderError(f"{name} reads a file that has no place in memory: {sql[max(sql.index('DATA/') - 60, 0) :][:200]}")
    is_view = node["config"]["materialized"] == "view"
    return Model(name, is_view, sql, tuple(sorted(set(_REFERENCE.findall(sql)) - {name})))


class Warehouse:
    """The models in a database in memory, on one thread; used again for world after world.

    Args:
        project: Models and seeds.
        exchanged: Models that the analysis reads.
        published: Marts.
    """

    def __init__(self, project: Project, exchanged: Sequence[str] = EXCHANGED, published: Sequence[str] = PUBLISHED) -> None:
        self._exchanged, self._published = tuple(exchanged), tuple(published)
        self._connection = duckdb.connect(":memory:", config={"threads": 1})
        self._connection.execute("set enable_progress_bar = false")
        # As in the profile of the project: its database's name is part of every reference.
        self._connection.execute("set TimeZone = 'UTC'; attach ':memory:' as warehouse; use warehouse")
        for schema in ("landed", "derived", "state", "ledger"):
            self._connection.execute(f"create schema {schema}")
        for name, rows in project.seeds.items():
            self._store(f"main.{name}", rows)
        for name, schema in _BESIDE.items():
            self._store(name, schema.empty_table())
        for name, schema in DERIVED.items():
            self._store(f"derived.{name}", schema.empty_table())
        self._before = project.needed(self._exchanged)
        known = {model.name for model in self._before}
        self._after = [model for model in project.needed(self._published) if model.name not in known]
        self._delivered: set[str] = set()
        self._beside: set[str] = set()
        for model in [*self._before, *self._after]:
            if staged := _STAGED.fullmatch(model.name):
                self._store(f"landed.{staged[1]}__{staged[2]}", landed_schema(staged[2]).empty_table())
                self._build(model)

    def exchange(
        self, landed: Mapping[tuple[str, str], pa.Table], beside: Mapping[str, pa.Table] | None = None
    ) -> dict[str, pa.Table]:
        """Run the models from landed rows to what the analysis reads.

        Args:
            landed: By platform and landed table, all rows of a world in :func:`landed_schema`; what is not given is empty.
            beside: By place, what lies beside these tables, such as ``landed.text_phrases``; what is not given is empty.

        Returns:
            The exchanged models, in the types of their contracts.
        """
        beside = beside or {}
        for name in self._beside - set(beside):
            self._store(name, _BESIDE[name].empty_table())
        for name, rows in beside.items():
            self._store(name, rows)
        self._beside = set(beside)
        given = {f"{platform}__{table}": rows for (platform, table), rows in landed.items()}
        for name in sorted(self._delivered - set(given)):
            self._connection.execute(f"delete from landed.{name}")
        for name, rows in given.items():
            self._store(f"landed.{name}", rows)
        fresh = {f"stg_{name}" for name in self._delivered | set(given)}
        self._delivered = set(given)
        staged = [model for model in [*self._before, *self._after] if model.name in fresh]
        for model in [*staged, *(model for model in self._before if not _STAGED.fullmatch(model.name))]:
            self._build(model)
        return {name: self._read(name, EXCHANGE[name]) for name in self._exchanged}

    def marts(self, derived: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
        """Run the models that publish what the analysis found.

        Args:
            derived: Derived tables; those that are not given have no rows.

        Returns:
            The published models, as the marts hold them.
        """
        for name, schema in DERIVED.items():
            self._store(f"derived.{name}", derived.get(name, schema.empty_table()).select(schema.names).cast(schema))
        for model in self._after:
            if not _STAGED.fullmatch(model.name):
                self._build(model)
        return {name: self._connection.table(f"main.{name}").to_arrow_table() for name in self._published}

    def _store(self, name: str, rows: pa.Table) -> None:
        self._connection.register("given_rows", rows)
        self._connection.execute(f"create or replace table {name} as select * from given_rows")
        self._connection.unregister("given_rows")

    def _build(self, model: Model) -> None:
        kind = "view" if model.is_view else "table"
        self._connection.execute(f"create or replace {kind} main.{model.name} as {model.sql}")

    def _read(self, name: str, schema: pa.Schema) -> pa.Table:
        columns = ", ".join(schema.names)
        return self._connection.execute(f"select {columns} from main.{name}").to_arrow_table().cast(schema)


@cache
def shared_warehouse(exchanged: tuple[str, ...] = EXCHANGED, published: tuple[str, ...] = PUBLISHED) -> Warehouse:
    """One a process and choice of models: what does not hang on the world is set up once.

    Args:
        exchanged: Models that the analysis reads.
        published: Marts.
    """
    return Warehouse(render(), exchanged, published)


def landed_schema(table: str) -> pa.Schema:
    """Schema of a landed table with the two columns that its folders' names give it: event day and night."""
    return pa.schema([*ANALYTIC_TABLES[table], pa.field("day", pa.date32()), pa.field("night", pa.date32())])
