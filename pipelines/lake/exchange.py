"""The Parquet that dbt and the analysis hand each other: intermediate models in, derived tables out, in the types of their contracts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.analysis.burst_months import BurstPartition
from pipelines.analysis.cascade_months import EXCHANGE_TABLES as CASCADE_MODELS
from pipelines.analysis.cascade_months import CascadePartition, CascadeTables
from pipelines.analysis.contracts import DERIVED, EXCHANGE, STATE
from pipelines.analysis.ethics_months import EthicsPartition, EthicsTables
from pipelines.analysis.increments import Partition, digest
from pipelines.analysis.mainstream_rows import Beside, MainstreamPartition, MainstreamTables
from pipelines.analysis.months import months_later
from pipelines.analysis.niche_rows import NichePartition, NicheTables
from pipelines.analysis.platform_moves import MovePartition
from pipelines.analysis.relational import EXCHANGE_TABLES as RELATION_MODELS
from pipelines.analysis.relational import RelationPartition, RelationTables
from pipelines.analysis.trend_rows import TrendPartition, TrendTables, birth_months
from pipelines.analysis.trend_shapes import ShapePartition, ShapeTables
from pipelines.lake.paths import DataPaths
from pipelines.lake.words import month_words
from pipelines.lake.writer import write_table

T = TypeVar("T")

# Models that grow with history: the month column of each, and the model that lists the months which tonight wrote anew.
MONTHLY: dict[str, tuple[str, str]] = {
    "int_account_attention_months": ("int_touched_months", "month"),
    "int_account_engagement_months": ("int_touched_months", "month"),
    "int_account_tag_months": ("int_touched_months", "month"),
    "int_burst_days": ("int_burst_months", "month"),
    "int_disclosure_months": ("int_touched_months", "month"),
    "int_interaction_months": ("int_touched_months", "month"),
    "int_mainstream_matches": ("int_open_trends", "born_month"),
    "int_person_days": ("int_touched_months", "month"),
    "int_relation_months": ("int_relation_touched_months", "month"),
    "int_response_months": ("int_relation_touched_months", "month"),
    "int_parasocial_months": ("int_touched_months", "month"),
    "int_trend_adopter_contacts": ("int_retraced_trends", "born_month"),
    "int_trend_adoptions": ("int_open_trends", "born_month"),
    "int_trend_contacts": ("int_retraced_trends", "born_month"),
    "int_trend_timelines": ("int_open_trends", "born_month"),
}


# An account's key comes with each of its posts: as texts these columns would be nine tenths of what the analysis holds.
_READ_AS_PLACES: dict[str, list[str]] = {"int_trend_timelines": ["trend_key", "account_key"]}
_PLACES = pa.dictionary(pa.int32(), pa.string())


def prepare(paths: DataPaths) -> None:
    """Make the folders that dbt writes to and the derived tables that do not exist yet, without rows: dbt reads them before the analysis ever ran."""
    for model in MONTHLY:
        (paths.root / "exchange" / model).mkdir(parents=True, exist_ok=True)
    for table, schema in DERIVED.items():
        if not paths.derived_file(table).exists():
            write_table(paths.derived_file(table), schema.empty_table())


def read_exchange(paths: DataPaths, model: str) -> pa.Table:
    """An intermediate model in the types of its contract. Raises ArrowInvalid where it does not fit."""
    schema = EXCHANGE[model]
    parts = [pq.read_table(file, columns=schema.names, partitioning=None).cast(schema) for file in paths.exchange_files(model)]
    return pa.concat_tables(parts) if parts else schema.empty_table()


def _read_month(paths: DataPaths, model: str, month: date) -> pa.Table:
    file, places = paths.exchange_file(model, month), _READ_AS_PLACES.get(model, [])
    schema = pa.schema([field.with_type(_PLACES) if field.name in places else field for field in EXCHANGE[model]])
    if not file.exists():
        return schema.empty_table()
    return pq.read_table(file, columns=schema.names, partitioning=None, read_dictionary=places).cast(schema)


def _months(paths: DataPaths, models: tuple[str, ...]) -> list[date]:
    return sorted({date.fromisoformat(file.stem) for model in models for file in paths.exchange_files(model)})


def _identity(paths: DataPaths, models: tuple[str, ...], month: date) -> str:
    """Changes when a month's files are written anew. Whether their rows changed is then found out from the rows."""
    files = [paths.exchange_file(model, month) for model in models]
    return digest(*(f"{file.stat().st_size} {file.stat().st_mtime_ns}" if file.exists() else "none" for file in files))


def _partitions(paths: DataPaths, models: tuple[str, ...], made: Callable[..., T]) -> dict[date, Partition[T]]:
    """What is made from one month of each model, by month; a month is read only when it is asked for."""

    def load(month: date) -> T:
        return made(*(_read_month(paths, model, month) for model in models))

    return {month: Partition(_identity(paths, models, month), partial(load, month)) for month in _months(paths, models)}


def _alone(rows: pa.Table) -> pa.Table:
    return rows


def niche_partitions(paths: DataPaths) -> dict[date, NichePartition]:
    """What niches are found from, by month; a month is read only when it is asked for.

    A month that no row touched has the texts it had, so that its models' files tell whether its words can have changed.
    """
    models = account_tags, interactions = ("int_account_tag_months", "int_interaction_months")

    def load(month: date) -> NicheTables:
        return NicheTables(
            _read_month(paths, account_tags, month), _read_month(paths, interactions, month), month_words(paths, month)
        )

    return {month: Partition(_identity(paths, models, month), partial(load, month)) for month in _months(paths, models)}


def attention_partitions(paths: DataPaths) -> dict[date, Partition[pa.Table]]:
    """What accounts published and got."""
    return _partitions(paths, ("int_account_attention_months",), _alone)


def move_partitions(paths: DataPaths) -> dict[date, MovePartition]:
    """What moves between platforms are found from."""
    return _partitions(paths, ("int_person_days",), _alone)


def relation_partitions(paths: DataPaths) -> dict[date, RelationPartition]:
    """What relations are measured from."""
    return _partitions(paths, RELATION_MODELS, RelationTables)


def engagement_partitions(paths: DataPaths) -> dict[date, Partition[pa.Table]]:
    """What engagement is estimated from."""
    return _partitions(paths, ("int_account_engagement_months",), _alone)


def ethics_partitions(paths: DataPaths) -> dict[date, EthicsPartition]:
    """What disclosure and parasocial indicators are counted from."""
    return _partitions(paths, ("int_disclosure_months", "int_parasocial_months"), EthicsTables)


def burst_partitions(paths: DataPaths) -> dict[date, BurstPartition]:
    """What bursts of tags are found from, by the month that is judged."""
    return _partitions(paths, ("int_burst_days",), _alone)


def _births(paths: DataPaths) -> dict[str, tuple[date, pa.Table]]:
    """Candidates by month of birth, YYYY-MM, with the month's first day."""
    candidates = read_exchange(paths, "int_trend_candidates")
    months = birth_months(candidates)
    return {
        month: (date.fromisoformat(f"{month}-01"), candidates.filter(pa.array([each == month for each in months])))
        for month in sorted(set(months))
    }


def _born_partitions(paths: DataPaths, models: tuple[str, ...], made: Callable[..., T]) -> dict[str, Partition[T]]:
    """What is made from the candidates born in a month and that month of each model; a month is read only when it is asked for."""

    def load(first_day: date, born: pa.Table) -> T:
        return made(born, *(_read_month(paths, model, first_day) for model in models))

    # A candidate's own row can change while its adopters do not: its window ends later tonight than last night.
    return {
        month: Partition(digest(_identity(paths, models, first_day), born.to_pylist()), partial(load, first_day, born))
        for month, (first_day, born) in _births(paths).items()
    }


def shape_partitions(paths: DataPaths) -> dict[str, ShapePartition]:
    """What shapes of trends are read from, by month of birth."""
    return _born_partitions(paths, ("int_trend_adoptions",), ShapeTables)


def trend_partitions(paths: DataPaths) -> dict[str, TrendPartition]:
    """What trends are analysed from, by month of birth."""
    return _born_partitions(paths, ("int_trend_adoptions", "int_trend_timelines"), TrendTables)


def mainstream_partitions(paths: DataPaths, beside: Beside) -> dict[str, MainstreamPartition]:
    """What mainstream adoption is found from, by month of birth; a month is read only when it is asked for.

    Args:
        paths: The data folder.
        beside: What is read beside a month's rows.
    """
    models = ("int_trend_adoptions", "int_mainstream_matches")
    named = read_exchange(paths, "int_mainstream_credits")

    def partition(first_day: date, born: pa.Table) -> MainstreamPartition:
        credited = named.filter(pc.is_in(named["trend_key"], value_set=born["trend_key"].combine_chunks()))
        # Insiders are those of the month before an adoption, and a window is two months long.
        near = [months_later(first_day, step) for step in range(-1, 4)]
        missing = sorted((key, value) for key, value in beside.missing.items() if key[1].replace(day=1) in near)
        identity = digest(
            _identity(paths, models, first_day),
            born.to_pylist(),
            credited.to_pylist(),
            missing,
            *(beside.insider_hashes.get(each) for each in near),
        )

        def load() -> MainstreamTables:
            adoptions, matches = (_read_month(paths, model, first_day) for model in models)
            return MainstreamTables(born, adoptions, matches, credited)

        return Partition(identity, load)

    return {month: partition(*born) for month, born in _births(paths).items()}


def cascade_partitions(paths: DataPaths) -> dict[date, CascadePartition]:
    """What parents, cascades and flows are found from, by the first day of the month of birth; a month is read only when it is asked for."""
    named = read_exchange(paths, "int_mainstream_credits")

    def partition(first_day: date, born: pa.Table) -> CascadePartition:
        credited = named.filter(pc.is_in(named["trend_key"], value_set=born["trend_key"].combine_chunks()))

        def load() -> CascadeTables:
            adoptions, timelines, contacts, known, matches = (_read_month(paths, model, first_day) for model in CASCADE_MODELS)
            return CascadeTables(TrendTables(born, adoptions, timelines), contacts, known, matches, credited)

        return Partition(digest(_identity(paths, CASCADE_MODELS, first_day), born.to_pylist(), credited.to_pylist()), load)

    return {first_day: partition(first_day, born) for first_day, born in _births(paths).values()}


def read_state(paths: DataPaths) -> dict[str, pa.Table]:
    """What the analysis kept of the last night."""
    return {name: pq.read_table(file, partitioning=None) for name in STATE if (file := paths.state_file(name)).exists()}


def write_state(paths: DataPaths, state: dict[str, pa.Table]) -> None:
    """Keep what the analysis wants back the next night."""
    for name, rows in state.items():
        write_table(paths.state_file(name), rows)


def files_of_tonight(paths: DataPaths, model: str) -> list[Path]:
    """Files of an intermediate model that tonight wrote."""
    if model not in MONTHLY:
        return [paths.exchange_file(model)]
    listed_in, column = MONTHLY[model]
    months: set[date] = set(pq.read_table(paths.exchange_file(listed_in), columns=[column]).column(column).to_pylist())
    return [file for month in sorted(months) if (file := paths.exchange_file(model, month)).exists()]


def write_derived(paths: DataPaths, table: str, rows: pa.Table) -> None:
    """Write a derived table in the types of its contract, atomically."""
    write_table(paths.derived_file(table), rows.select(DERIVED[table].names).cast(DERIVED[table]))
