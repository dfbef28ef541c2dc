"""Tombstones that came with the data: found by the staged rows or without them, applied once, and nothing else is touched."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.lake import nights
from pipelines.lake.erasures import read_erasures, record_erasures, unapplied
from pipelines.lake.paths import DataPaths
from pipelines.lake.schemas import LEDGER
from pipelines.lake.writer import write_table
from pipelines.nightly import forgetting
from pipelines.nightly.forgetting import forget_modelled, forget_stated
from pipelines.nightly.warehouse import without_keys
from pipelines.quality.results import GateResult, log_results
from tests.unit.lake.small_lake import ANN, BEN, NIGHT, PLATFORM, everything, key, land, make_lake, post_id, stamp, values_of

METHOD = "m"
NEXT = date(2026, 10, 2)
GONE = datetime(2026, 10, 2, 5, tzinfo=UTC)


def tell(paths: DataPaths, subject_type: str, native_id: str, night: date = NEXT, *, passes: bool = True) -> None:
    """A night that brings one tombstone."""
    gone = {"subject_type": subject_type, "subject_key": key(native_id), "deleted_at": GONE, "reason": "deleted_by_author"}
    land(paths, "deletions", GONE.date(), [stamp(**gone) | {"landed_night": night, "source_hash": "e" * 32}], night)
    entry = dict.fromkeys(LEDGER.names, 0) | {
        "night": night, "platform": PLATFORM, "file": "e.jsonl", "source_hash": "e" * 32, "source_format": "x", "status": "ingested",
        "detail": None, "row_counts": [], "event_days": [GONE.date()],
    }  # fmt: skip
    write_table(paths.ledger_file(PLATFORM, night), pa.Table.from_pylist([entry], LEDGER))
    log_results(paths, night, [GateResult(night, "r", "landed", f"{PLATFORM}/posts", "c", "gx", passed=passes)])


@pytest.fixture
def paths(tmp_path: Path) -> DataPaths:
    """The small lake, its night published, and the warehouse as that night left it."""
    made = make_lake(tmp_path)
    made.gate_log_file(NIGHT).unlink()
    log_results(made, NIGHT, [GateResult(NIGHT, "r", "landed", f"{PLATFORM}/posts", "c", "gx", passed=True)])
    made.warehouse.unlink()
    with duckdb.connect(str(made.warehouse)) as warehouse:
        warehouse.execute("set TimeZone = 'UTC'")
        for table in ("posts", "post_metrics", "interactions", "follows", "accounts", "deletions"):
            files = [str(file) for file in sorted(made.table_root(PLATFORM, table).glob("day=*/*.parquet"))]
            warehouse.execute(
                f"create table stg_{PLATFORM}__{table} as select * exclude (day), day as event_day"
                f" from read_parquet({files!r}, hive_partitioning = true, hive_types = {{'day': date}})"
            )
    nights.record_published(made, nights.plan_night(made, NIGHT, METHOD), METHOD)
    return made


def plan(paths: DataPaths) -> nights.NightPlan:
    return nights.plan_night(paths, NEXT, METHOD)


@pytest.mark.parametrize("is_indexed", [True, False])
def test_a_post_that_is_said_to_be_gone_leaves_lake_vault_and_mirrors(paths: DataPaths, *, is_indexed: bool) -> None:
    if not is_indexed:
        paths.warehouse.unlink()
    tell(paths, "post", post_id(ANN, 1))
    forget_stated(paths, plan(paths))
    for folder in ("lake", "vault"):
        for file in (file for file in (paths.root / folder).rglob("*.parquet") if "deletions" not in file.parts):
            said = str(pq.read_table(file, partitioning=None).to_pylist()) + repr(file.read_bytes())
            assert key(post_id(ANN, 1)) not in said, file
    assert {row["post_key"] for row in values_of(paths, "vault_posts")} == {
        key(post_id(who, n)) for who, n in ((ANN, 2), (BEN, 1), (BEN, 2))
    }
    for table in ("text_signals", "text_phrases"):
        assert {row["post_key"] for row in values_of(paths, table)} == {key(post_id(BEN, 1))}


def test_an_account_that_is_gone_takes_its_posts_and_their_counters_along(paths: DataPaths) -> None:
    tell(paths, "account", ANN)
    done = forget_stated(paths, plan(paths))
    assert done.subject_count == 3
    assert {row["post_key"] for row in values_of(paths, "post_metrics")} == {key(post_id(BEN, 1))}
    assert {row["account_key"] for row in values_of(paths, "vault_accounts")} == {key(BEN)}


def test_the_event_days_of_what_is_gone_are_modelled_again_until_a_snapshot_is_published(paths: DataPaths) -> None:
    tell(paths, "post", post_id(ANN, 1))
    forget_stated(paths, plan(paths))
    again = plan(paths)
    assert {date(2026, 9, 20), date(2026, 9, 25)} <= set(again.touched_days)
    assert PLATFORM in again.changed_platforms
    nights.record_published(paths, again, METHOD)
    assert date(2026, 9, 20) not in plan(paths).touched_days


def test_an_account_whose_profile_went_is_told_to_the_models_until_a_snapshot_is_published(paths: DataPaths) -> None:
    def told() -> list[str]:
        found: list[str] = pq.read_table(paths.rewritten_accounts_file()).column("account_key").to_pylist()
        return found

    tell(paths, "account", ANN)
    forget_stated(paths, plan(paths))
    nights.begin_modelling(paths, plan(paths))
    assert told() == [key(ANN)]
    nights.record_published(paths, plan(paths), METHOD)
    assert told() == []
    assert key(ANN).encode() not in everything(paths.root / "state")


def test_only_files_of_the_days_and_nights_in_question_are_opened(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 21):
        land(paths, "posts", date(2026, 8, number), [])
    opened: list[Path] = []
    noted = forgetting._note

    def note(file: Path, *rest: Any) -> Any:
        opened.append(file)
        return noted(file, *rest)

    monkeypatch.setattr(forgetting, "_note", note)
    tell(paths, "post", post_id(ANN, 1))
    forget_stated(paths, plan(paths))
    lake = [file for file in opened if file.is_relative_to(paths.table_root(PLATFORM, "posts"))]
    assert {file.parent.name for file in lake} == {"day=2026-09-20", "day=2026-09-25"}


def test_tombstones_are_applied_once(paths: DataPaths) -> None:
    tell(paths, "post", post_id(ANN, 1))
    assert forget_stated(paths, plan(paths)).subject_count == 1
    assert forget_stated(paths, plan(paths)).subject_count == 0


def test_a_night_that_did_not_pass_its_gate_makes_nobody_forgotten(paths: DataPaths) -> None:
    tell(paths, "account", ANN, passes=False)
    assert forget_stated(paths, plan(paths)).subject_count == 0
    assert key(ANN) in str(values_of(paths, "posts"))


def test_the_pages_that_said_it_go_and_others_stay(paths: DataPaths) -> None:
    folder = paths.pages_folder(PLATFORM, NIGHT) / "item"
    (folder / "000002-y.page").write_text("another")
    about = pq.read_table(paths.ledger_file(PLATFORM, NIGHT), partitioning=None).to_pylist()
    about[0]["file"] = f"pages/{NIGHT}/item/000001-x.page"
    write_table(paths.ledger_file(PLATFORM, NIGHT), pa.Table.from_pylist(about, LEDGER))
    tell(paths, "post", post_id(ANN, 1))
    assert forget_stated(paths, plan(paths)).page_count == 1
    assert [file.name for file in folder.iterdir()] == ["000002-y.page"]


def test_after_publishing_no_key_is_left_in_what_the_models_hold(paths: DataPaths) -> None:
    tell(paths, "account", ANN)
    forget_stated(paths, plan(paths))
    assert unapplied(paths).num_rows == 3
    assert forget_modelled(paths, GONE) > 0
    assert unapplied(paths).num_rows == 0
    for folder in ("exchange", "derived", "marts", "gates", "published"):
        assert key(ANN).encode() not in everything(paths.root / folder)
    assert forget_modelled(paths, GONE) == 0


def test_the_warehouse_keeps_its_tombstones_and_no_byte_of_what_they_are_about(tmp_path: Path) -> None:
    file = tmp_path / "w.duckdb"
    with duckdb.connect(str(file)) as warehouse:
        warehouse.execute("create table posts (post_key varchar, said varchar, mentioned_account_keys varchar[])")
        warehouse.executemany(
            "insert into posts values (?, ?, ?)", [("gone-key", "gone words", []), ("other", "stays", ["gone-key", "x"])]
        )
        warehouse.execute("create table tombstones (subject_key varchar)")
        warehouse.execute("insert into tombstones values ('gone-key')")
        warehouse.execute("create view seen as select * from posts")
    assert b"gone words" in file.read_bytes()
    without_keys(file, ["gone-key"])
    assert b"gone words" not in file.read_bytes()
    with duckdb.connect(str(file), read_only=True) as warehouse:
        assert warehouse.execute("from seen").fetchall() == [("other", "stays", ["x"])]
        assert warehouse.execute("from tombstones").fetchall() == [("gone-key",)]


def test_an_erasure_by_command_is_not_taken_for_applied_by_a_night(paths: DataPaths) -> None:
    from pipelines.lake.erasures import Subject

    record_erasures(paths, [Subject(PLATFORM, "account", key(BEN), key(BEN), "user_request", GONE)], None)
    assert forget_modelled(paths, GONE) == 0
    assert unapplied(paths).num_rows == 1
    assert read_erasures(paths).num_rows == 1
