"""Each gate, end to end: a poisoned batch closes it, its rows are named, nothing after it runs and nothing new is published."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from pipelines.definitions import definitions
from pipelines.lake import exchange, nights
from pipelines.lake.intake import ingest_night
from pipelines.lake.paths import DataPaths
from pipelines.lake.writer import write_table
from pipelines.nightly import stages
from pipelines.quality.gates import check_gate
from tests.gates.installation import SuppliedInstallation
from tests.installation import NIGHTS, Installation


@pytest.fixture(scope="module")
def installed(backfilled: Installation, tmp_path_factory: pytest.TempPathFactory) -> SuppliedInstallation:
    return SuppliedInstallation(tmp_path_factory.mktemp("gates"), backfilled)


def _rewrite(file: Path, spoil: Callable[[pa.Table], pa.Table]) -> dict[str, Any]:
    """Spoil a Parquet file; its first row as it was before."""
    rows = pq.read_table(file, partitioning=None)
    write_table(file, spoil(rows))
    first: dict[str, Any] = rows.slice(0, 1).to_pylist()[0]
    return first


def _with_first(rows: pa.Table, column: str, value: Any) -> pa.Table:
    """The rows with another value in a column of the first."""
    values = rows.column(column).to_pylist()
    changed = pa.array([value, *values[1:]], rows.schema.field(column).type)
    return rows.set_column(rows.schema.get_field_index(column), rows.schema.field(column), changed)


def _newest_posts(paths: DataPaths, night: date) -> Path:
    """The landed bluesky posts of a night: the file with the most rows."""
    files = paths.table_root("bluesky", "posts").glob(f"day=*/night={night}.parquet")
    return max(files, key=lambda file: pq.read_metadata(file).num_rows)


def _closed_night(installed: SuppliedInstallation, night: str, gate: str) -> tuple[str, list[dict[str, Any]]]:
    """Run a night that ``gate`` is to close: what it printed, and what failed at the gate."""
    before = installed.published()
    marts = installed.marts_written_at()
    installed.deliver()
    result = installed.nightly(night)
    assert result.exit_code == 1, result.output
    assert "not published" in result.output
    assert installed.published() == before
    log = installed.gate_log(night)
    order = ["parsed", "landed", "staged", "derived", "marts"]
    assert {row["gate"] for row in log} == set(order[: order.index(gate) + 1])
    assert installed.marts_written_at() == marts
    failed = [row for row in log if not row["passed"] and row["severity"] == "error"]
    assert {row["gate"] for row in failed} == {gate}
    return result.output, failed


def _resumed(
    installed: SuppliedInstallation, monkeypatch: pytest.MonkeyPatch, first: dg.AssetSelection, gate: str
) -> tuple[dg.ExecuteInProcessResult, dict[str, Any]]:
    """Do the last night again from some assets on, as one does in Dagster once a night has failed there; the one check that closed ``gate``."""
    monkeypatch.setenv("DAGSTER_HOME", str(installed.home))
    monkeypatch.setenv("UNDERCURRENT_DATA", str(installed.paths.root))
    monkeypatch.setenv("UNDERCURRENT_INBOX", str(installed.inbox))
    before, loaded = installed.published(), definitions()
    assets = first.downstream().resolve(loaded.resolve_asset_graph())
    with dg.DagsterInstance.get() as instance:
        done = loaded.resolve_job_def("nightly").execute_in_process(
            partition_key=NIGHTS[-1], instance=instance, asset_selection=sorted(assets), raise_on_error=False
        )
    assert not done.success
    assert installed.published() == before
    told = [row for row in installed.gate_log(NIGHTS[-1]) if row["run_id"] == done.run_id]
    (failed,) = [row for row in told if not row["passed"] and row["severity"] == "error"]
    assert failed["gate"] == gate
    return done, failed


def test_gate_four_closes_on_a_negative_count_in_a_mart(installed: SuppliedInstallation, monkeypatch: pytest.MonkeyPatch) -> None:
    ask, poison = check_gate, dict[str, Any]()

    def spoil_then_ask(paths: DataPaths, gate: str, *rest: Any) -> Any:
        if gate == "marts":
            poison.update(
                _rewrite(paths.root / "marts" / "creator_months.parquet", lambda rows: _with_first(rows, "partner_count", -3))
            )
        return ask(paths, gate, *rest)

    monkeypatch.setattr(stages, "check_gate", spoil_then_ask)
    done, failed = _resumed(installed, monkeypatch, dg.AssetSelection.assets(*stages.MARTS), "marts")
    assert failed["check_name"] == "counts and rates are not negative"
    assert failed["sample_keys"] == [f"creator_key={poison['creator_key']} month={poison['month']}"]
    assert "partner_count=-3" in failed["observed"]
    assert {event.step_key for event in done.all_events if event.is_step_failure} == {"marts"}


def test_gate_three_closes_on_a_membership_strength_of_seven(
    installed: SuppliedInstallation, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, poison = exchange.write_derived, dict[str, Any]()

    def write_spoilt(paths: DataPaths, table: str, rows: pa.Table) -> None:
        if table == "niche_assignments":
            with_niche = rows.filter(pc.is_valid(rows.column("niche_id")))
            without = rows.filter(pc.is_null(rows.column("niche_id")))
            poison.update(with_niche.slice(0, 1).to_pylist()[0])
            rows = pa.concat_tables([_with_first(with_niche, "membership_strength", 7.0), without])
        write(paths, table, rows)

    monkeypatch.setattr(exchange, "write_derived", write_spoilt)
    marts = installed.marts_written_at()
    analysis = dg.AssetSelection.assets(["derived", "niche_assignments"]).required_multi_asset_neighbors()
    done, failed = _resumed(installed, monkeypatch, analysis, "derived")
    assert installed.marts_written_at() == marts
    assert "membership_strength" in failed["check_name"]
    assert failed["observed"].endswith(": 7.0")
    assert failed["sample_keys"] == [f"month={poison['month']} platform={poison['platform']} account_key={poison['account_key']}"]
    assert {event.step_key for event in done.all_events if event.is_step_failure} == {"derived_tables"}


def test_gate_two_closes_on_a_post_that_lies_on_a_day_not_its_own(
    installed: SuppliedInstallation, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, poison = nights.begin_modelling, dict[str, Any]()

    def spoil_then_begin(paths: DataPaths, plan: nights.NightPlan) -> None:
        def to_another_year(rows: pa.Table) -> pa.Table:
            moment = rows.column("published_at")[0].as_py()
            return _with_first(rows, "published_at", moment.replace(year=moment.year - 1))

        poison.update(_rewrite(_newest_posts(paths, plan.night), to_another_year))
        begin(paths, plan)

    monkeypatch.setattr(nights, "begin_modelling", spoil_then_begin)
    output, failed = _closed_night(installed, "2026-10-05", "staged")
    (test,) = [row for row in failed if row["table_name"] == "stg_bluesky__posts"]
    assert test["check_name"] == "sound(event_day, post_key)"
    assert test["failing_row_count"] == 1
    assert test["sample_keys"] == [
        f"event_day={poison['published_at'].date()} post_key={poison['post_key']} broken_rule=rows lie on their event day"
    ]
    assert poison["post_key"] in output.replace("\n", "").replace(" ", "")


def test_gate_one_closes_on_doubled_landed_posts(installed: SuppliedInstallation, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest, poison = ingest_night, dict[str, Any]()

    def ingest_twice(paths: DataPaths, inbox: Path, platform: Any, night: date, *rest: Any, **more: Any) -> Any:
        intake = ingest(paths, inbox, platform, night, *rest, **more)
        if platform.name == "bluesky":
            poison.update(_rewrite(_newest_posts(paths, night), lambda rows: pa.concat_tables([rows, rows])))
        return intake

    monkeypatch.setattr(stages, "ingest_night", ingest_twice)
    _, failed = _closed_night(installed, "2026-10-06", "landed")
    assert {row["table_name"] for row in failed} == {"bluesky/posts"}
    (by_file,) = [row for row in failed if row["check_name"].startswith("every file landed")]
    assert by_file["sample_keys"][0].startswith("file=")
    (by_count,) = [row for row in failed if "row_count" in row["check_name"]]
    assert len(by_count["sample_keys"]) == 5
    assert all(sample.startswith("post_key=") for sample in by_count["sample_keys"])
