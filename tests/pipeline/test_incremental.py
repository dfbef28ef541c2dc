"""Night by night or all at once: the models hold the same rows."""

from __future__ import annotations

import os
import subprocess
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.lake import nights
from pipelines.lake.paths import DataPaths
from pipelines.lake.writer import write_table
from pipelines.nightly import stages
from pipelines.nightly.project import dbt_executable, method_fingerprint
from pipelines.settings import DBT_PROJECT
from tests.pipeline.lake_of_chance import BEGIN, LakeOfChance

FIRST = BEGIN.date() + timedelta(days=35)
# Nights are a week apart, counted from 0.
LAST = 3
# What a model lists for one night is that night's; everything else is the same however it came about.
OF_ONE_NIGHT = (
    "int_reached",
    "int_changed",
    "int_remeasured",
    "int_touched",
    "int_open",
    "int_restated",
    "int_searched",
    "int_relation_touched",
    # Months that a night judges again: also one whose last post an edit moved to another month, of which a full build knows nothing.
    "int_burst_months",
    "int_cross_post_months",
)


def _model(paths: DataPaths, night: date, target: Path, *, rebuild: bool = False, marts: bool = True) -> nights.NightPlan:
    """Model a night; marts are built anew every night from the other models, so that those of a night that is not looked at can be left out."""
    plan = stages.begin_modelling(paths, night, rebuild=rebuild)
    folders = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
    folders += ["--target-path", str(target), "--log-path", str(target / "logs")]
    command = [str(dbt_executable()), "run", *folders, *stages.conform_arguments(plan)]
    if not marts:
        command += ["--select", "fqn:undercurrent.staging fqn:undercurrent.intermediate"]
    seeds = [str(dbt_executable()), "seed", *folders]
    environment = os.environ | {"UNDERCURRENT_DATA": str(paths.root)}
    for each in [seeds, command] if plan.is_full else [command]:
        done = subprocess.run(each, capture_output=True, text=True, env=environment, check=False)  # noqa: S603 - our own dbt
        assert done.returncode == 0, done.stdout[-3000:]
    return plan


def _count(paths: DataPaths, table: str) -> int:
    with duckdb.connect(str(paths.warehouse), read_only=True) as connection:
        found = connection.execute(f'select count(*) from main."{table}"').fetchone()
    assert found is not None
    return int(found[0])


def _tables(paths: DataPaths) -> dict[str, Any]:
    with duckdb.connect(str(paths.warehouse), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        names = [
            row[0] for row in connection.execute("select table_name from duckdb_tables() where schema_name = 'main'").fetchall()
        ]
        kept = [name for name in names if not name.startswith(OF_ONE_NIGHT) and not name.endswith("_last_night")]
        return {name: connection.execute(f'select * from main."{name}"').to_arrow_table() for name in sorted(kept)}


def _difference(left: Any, right: Any) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.register("one", left)
        connection.register("other", right)
        columns = ", ".join(f'"{name}"' for name in left.column_names)
        both = f"(select {columns} from one except all select {columns} from other) union all (select {columns} from other except all select {columns} from one)"
        return connection.execute(f"{both} limit 4").fetchall()


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)])
def test_nights_one_by_one_give_what_a_full_build_gives(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERCURRENT_DATA", str(tmp_path / "data"))
    # Accounts of outlets, some of which show their handle in a later night than their posts.
    monkeypatch.setattr(
        stages, "write_outlet_keys", lambda paths, _: write_table(paths.outlet_keys_file(), LakeOfChance.outlet_keys())
    )
    lake = LakeOfChance(tmp_path / "data", seed)
    reached = {"int_reached_posts": 0, "int_reached_interactions": 0, "int_reached_account_days": 0}
    for offset in range(LAST + 1):
        night = FIRST + timedelta(days=7 * offset)
        lake.night(night)
        plan = _model(lake.paths, night, tmp_path / "target", marts=offset == LAST)
        assert plan.is_full == (offset == 0)
        for table in reached:
            reached[table] += _count(lake.paths, table)
        # The second night is modelled and never published: the third has to make it good.
        assert plan.is_carried == (offset == 2)
        if offset != 1:
            nights.record_published(lake.paths, plan, method_fingerprint())
    # By chance no earlier interaction is reached with the second seed.
    assert all(count or (seed, table) == (2, "int_reached_interactions") for table, count in reached.items()), reached
    by_night = _tables(lake.paths)
    _model(lake.paths, FIRST + timedelta(days=7 * LAST), tmp_path / "target", rebuild=True)
    at_once = _tables(lake.paths)
    assert set(by_night) == set(at_once)
    assert by_night["int_trend_adoptions"].num_rows > 0
    assert {"brand", "media", "creator"} <= set(by_night["int_trend_adoptions"].column("actor_class").to_pylist())
    different = {name: found for name in by_night if (found := _difference(by_night[name], at_once[name]))}
    assert different == {}
