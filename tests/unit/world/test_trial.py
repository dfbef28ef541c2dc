"""A trial: the models that it runs are dbt's, and what it publishes of a world is what the pipeline publishes. Estimators are tested elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from pipelines.analysis.trends import analyse_trend_partitions
from pipelines.lake import exchange, nights
from pipelines.lake.paths import DataPaths
from pipelines.lake.schemas import ANALYTIC_TABLES
from pipelines.lake.writer import write_table
from pipelines.nightly.outlets import SCHEMA as OUTLET_KEYS
from pipelines.nightly.project import dbt_executable
from pipelines.settings import DBT_PROJECT
from pipelines.world.calibration_rows import SCHEMA as CALIBRATION
from pipelines.world.generate import write_world
from pipelines.world.landing import keys
from pipelines.world.observation import Collection
from pipelines.world.simulate import simulate
from pipelines.world.trial import PARTS, Trial, landed, run_trial
from pipelines.world.warehouse import EXCHANGED, PUBLISHED, Warehouse, render
from tests.unit.world.few_draws import FEW_DRAWS

WORLD, SEED = "P6_full_realistic", 3
NIGHT = date(2026, 10, 1)


@pytest.fixture(scope="module")
def trial() -> Trial:
    return run_trial(WORLD, SEED, parameters=FEW_DRAWS)


@pytest.fixture(scope="module")
def rows() -> dict[tuple[str, str], pa.Table]:
    """What the trial's world lands."""
    simulation = simulate(WORLD, "trial", SEED)
    collection = Collection(simulation)
    filed = [collection.see(day) for day in simulation.days()]
    return dict(landed(simulation, filed))


def in_order(rows: pa.Table) -> pa.Table:
    """Rows in one order, columns by name, in one chunk."""
    names = sorted(rows.schema.names)
    order = pc.sort_indices(rows, [(name, "ascending") for name in names if not pa.types.is_list(rows.schema.field(name).type)])
    return rows.select(names).take(order).combine_chunks()


def test_a_trial_publishes_every_mart_and_says_what_is_true(trial: Trial) -> None:
    assert set(trial.published) == set(PUBLISHED)
    assert set(trial.exchanged) == set(EXCHANGED)
    assert all(table.num_rows for table in trial.published.values())
    planted = [key for key in trial.published["trends"]["trend_key"].to_pylist() if key in trial.truth]
    assert len(planted) >= 20
    assert {trial.truth[key].large for key in planted} <= {"none", "lead_first", "target_first"}
    assert set(trial.seconds) == set(PARTS)


def test_the_tags_of_a_niche_that_is_born_are_one_event_and_count_once(trial: Trial) -> None:
    trends = [row for row in trial.published["trends"].to_pylist() if row["event_key"] is not None]
    born = [row for row in trends if row["event_trend_count"] >= 4]
    assert born
    assert not any(row["trend_key"] in trial.truth for row in born)
    pooled = [
        row for row in trial.derived["precedence_findings"].to_pylist() if (row["period"], row["lead_class"]) == ("all", "micro")
    ]
    assert all(row["event_count"] < row["trend_count"] for row in pooled if row["target_class"] == "mid_creators")


def test_the_same_seed_gives_the_same_tables_whatever_ran_before(trial: Trial) -> None:
    run_trial("W4_left_truncated", 1, parameters=FEW_DRAWS)
    again = run_trial(WORLD, SEED, parameters=FEW_DRAWS)
    for name, table in trial.published.items():
        assert again.published[name].equals(table), name


def test_rendered_models_are_kept_until_the_project_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    first = render()

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("dbt ran again")

    monkeypatch.setattr("pipelines.world.warehouse.subprocess.run", refuse)
    assert render() == first
    monkeypatch.setattr("pipelines.world.warehouse.method_fingerprint", lambda: "another project")
    with pytest.raises(AssertionError, match="dbt ran again"):
        render()


def test_a_warehouse_forgets_the_world_before(trial: Trial, rows: dict[tuple[str, str], pa.Table]) -> None:
    warehouse = Warehouse(render())
    warehouse.exchange(rows)
    nothing = warehouse.exchange({})
    assert all(table.num_rows == 0 for table in nothing.values())
    once_more = warehouse.exchange(rows)
    assert all(once_more[name].equals(trial.exchanged[name]) for name in EXCHANGED)


def test_keys_have_one_length_and_the_order_of_their_numbers() -> None:
    assert keys("a", np.array([7, 123_456]), 6).tolist() == ["a000007", "a123456"]


def dbt(paths: DataPaths, scratch: Path, *arguments: str) -> None:
    places = [
        "--project-dir",
        DBT_PROJECT,
        "--profiles-dir",
        DBT_PROJECT,
        "--target-path",
        scratch / "target",
        "--log-path",
        scratch,
    ]
    command = [str(part) for part in (dbt_executable(), "--quiet", *arguments, *places)]
    environment = os.environ | {"UNDERCURRENT_DATA": str(paths.root)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own dbt
    assert done.returncode == 0, done.stdout[-2000:]


def land(paths: DataPaths, rows: dict[tuple[str, str], pa.Table]) -> None:
    """Write landed rows where the intake writes them, all of one night: a file for each platform, table and event day."""
    for (platform, table), all_rows in rows.items():
        for day in all_rows["day"].unique().to_pylist():
            of_day = all_rows.filter(pc.equal(all_rows["day"], day)).select(ANALYTIC_TABLES[table].names)
            write_table(paths.table_file(platform, table, day, NIGHT), of_day.cast(ANALYTIC_TABLES[table]))
    modelled = [nights.LandedNight(platform, NIGHT, Path(), "") for platform in sorted({platform for platform, _ in rows})]
    nights.begin_modelling(paths, nights.NightPlan(NIGHT, True, False, [NIGHT], modelled, [], frozenset()))
    write_table(paths.outlet_keys_file(), OUTLET_KEYS.empty_table())
    write_table(paths.root / "state" / "calibration.parquet", CALIBRATION.empty_table())
    exchange.prepare(paths)


def test_the_pipeline_publishes_the_same_of_the_same_landed_rows(
    trial: Trial, rows: dict[tuple[str, str], pa.Table], tmp_path: Path
) -> None:
    paths = DataPaths(tmp_path / "data")
    paths.root.mkdir()
    land(paths, rows)
    build = ("build", "--full-refresh", "--exclude", "resource_type:test", "resource_type:unit_test", "--select")
    dbt(paths, tmp_path, *build, *(f"+{name}" for name in (*EXCHANGED, "int_account_classes")), "resource_type:seed")
    for name in EXCHANGED:
        assert in_order(exchange.read_exchange(paths, name)).equals(in_order(trial.exchanged[name])), name
    for name, table in analyse_trend_partitions(exchange.trend_partitions(paths), FEW_DRAWS).tables.items():
        assert table.equals(trial.derived[name]), name
        exchange.write_derived(paths, name, table)
    dbt(paths, tmp_path, *build, "calibration", *PUBLISHED)
    for name in PUBLISHED:
        published = pq.read_table(paths.root / "marts" / f"{name}.parquet")
        ours = trial.published[name].select(published.schema.names).cast(published.schema)
        assert in_order(ours).equals(in_order(published)), name


@pytest.mark.slow
def test_the_nightly_finds_the_same_adoptions_in_the_native_files_of_the_same_world(tmp_path: Path) -> None:
    write_world(tmp_path, "W1_rate_confounded", "trial", 1)
    command = ["-m", "pipelines.cli", "nightly", "--inbox", str(tmp_path / "inbox"), "--data", str(tmp_path / "data")]
    # Without a calibration it withholds the ripple marts, says so, and ends with an error; the adoptions are published.
    subprocess.run([sys.executable, *command], check=False, capture_output=True)  # noqa: S603 - our own command
    trial = run_trial("W1_rate_confounded", 1)
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    published = tmp_path / "data" / "published" / "current"
    for name in ("trends", "trend_adoptions"):
        connection.register(f"ours_{name}", trial.published[name])
        connection.execute(f"create view theirs_{name} as select * from '{published}/{name}.parquet'")
    # Native records carry thousandths of a second. A list of articles says at times the day on which it found one.
    columns = (
        "label, platform, actor_class, tier, is_tier_imputed, prior_post_count, ts_quality,"
        " date_trunc('second', adopted_at), date_trunc('second', previous_post_at)"
    )
    ours, theirs = (
        f"select {columns} from {side}_trend_adoptions as a inner join {side}_trends as t using (trend_key)"
        " where not t.is_left_censored and a.platform <> 'mediacloud'"
        for side in ("ours", "theirs")
    )
    assert len(connection.execute(ours).fetchall()) > 5_000
    for one, other in ((ours, theirs), (theirs, ours)):
        assert connection.execute(f"({one}) except all ({other})").fetchall() == []
