"""A tiny world through the whole night: Dagster, dbt, gates, publish, command line."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.nightly.project import dbt_executable
from pipelines.nightly.stages import MARTS
from pipelines.settings import DBT_PROJECT
from tests.installation import NIGHTS, Installation, OwnInstallation

NIGHT = NIGHTS[-1]


@pytest.fixture(scope="module")
def installed(backfilled: Installation, tmp_path_factory: pytest.TempPathFactory) -> OwnInstallation:
    return OwnInstallation(tmp_path_factory.mktemp("installation"), backfilled)


def test_a_night_publishes_every_mart_with_a_manifest_that_tells_the_truth(installed: OwnInstallation) -> None:
    manifest = json.loads((installed.current / "manifest.json").read_text())
    assert set(manifest["tables"]) == {*MARTS, "gate_results"}
    for table, about in manifest["tables"].items():
        assert pq.read_metadata(installed.current / f"{table}.parquet").num_rows == about["rows"]


def test_the_lake_holds_every_post_that_was_seen_and_is_not_stated_to_be_gone(installed: OwnInstallation) -> None:
    counts = pq.read_table(installed.truth / "posts_count.parquet").to_pylist()
    accounts = pq.read_table(installed.truth / "accounts.parquet").to_pylist()
    stated = [row for row in pq.read_table(installed.truth / "deletions.parquet").to_pylist() if row["is_stated"]]
    assert stated
    for platform in sorted({row["platform"] for row in counts}):
        seen, made = (
            sum(row[column] for row in counts if row["platform"] == platform) for column in ("observed_post_count", "post_count")
        )
        posts, deletions = (
            f"read_parquet('{installed.paths.root}/lake/{platform}/{table}/*/*.parquet')" for table in ("posts", "deletions")
        )
        (found,) = duckdb.sql(f"select count(distinct post_key) from {posts}").fetchall()[0]
        gone = sum(row["platform"] == platform for row in stated)
        gone_posts, gone_accounts = duckdb.sql(
            f"""select count(distinct subject_key) filter (where subject_type = 'post'),
            count(distinct subject_key) filter (where subject_type = 'account') from {deletions}"""
        ).fetchall()[0]
        # Who closed an account takes all its posts along, of which truth tells no list.
        largest = sorted((row["observed_post_count"] for row in accounts if row["platform"] == platform), reverse=True)
        # A boost on Mastodon carries the post that it boosts, one that was lost otherwise among them.
        most = (made if platform == "mastodon" else seen) - gone
        assert seen - gone - sum(largest[:gone_accounts]) <= found <= most, platform
        assert gone_posts == gone or not gone, platform
        left = f"select count(*) from {posts} where post_key in (select subject_key from {deletions})"
        assert duckdb.sql(left).fetchone() == (0,), platform


def test_every_planted_fault_is_quarantined_or_named(installed: OwnInstallation) -> None:
    refused = {
        row[0]
        for row in duckdb.sql(
            f"select platform || '/' || file from read_parquet('{installed.paths.root}/quarantine/*/*.parquet')"
        ).fetchall()
    }
    ledger = duckdb.sql(
        f"select platform || '/' || file from read_parquet('{installed.paths.root}/ledger/*/*.parquet', hive_partitioning=false) where status <> 'ingested'"
    ).fetchall()
    named = refused | {row[0] for row in ledger}
    faults = pq.read_table(installed.truth / "planted_faults.parquet").to_pylist()
    spoiled = [
        f"{row['platform']}/{row['file'].removeprefix(row['platform'] + '/')}"
        for row in faults
        if row["expected_code"] in {"broken_json", "missing_id", "implausible_time", "invalid_utf8", "wrong_type"}
    ]
    assert spoiled
    assert [file for file in spoiled if file not in named] == []


def test_no_raw_handle_or_text_is_published(installed: OwnInstallation) -> None:
    handles = [row["native_id"].encode() for row in pq.read_table(installed.truth / "accounts.parquet").to_pylist()]
    for file in installed.current.glob("*.parquet"):
        content = b"\n".join(str(value).encode() for column in pq.read_table(file).to_pydict().values() for value in column)
        assert not [handle for handle in handles if len(handle) > 8 and handle in content], file.name


def test_every_formula_of_the_models_holds_on_its_rows(installed: OwnInstallation, tmp_path: Path) -> None:
    folders = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT), "--target-path", str(tmp_path)]
    command = [str(dbt_executable()), "test", *folders, "--log-path", str(tmp_path), "--select", "test_type:unit"]
    environment = os.environ | {"UNDERCURRENT_DATA": str(installed.paths.root)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)  # noqa: S603 - our own dbt
    assert done.returncode == 0, done.stdout[-3000:]
    ran = json.loads((tmp_path / "run_results.json").read_text())["results"]
    assert len(ran) >= 15


def test_a_reader_keeps_its_snapshot_while_the_next_is_published(installed: OwnInstallation) -> None:
    from pipelines.publish.snapshot import publish

    paths, stop, problems = installed.paths, threading.Event(), []
    tables = {table: installed.paths.root / "marts" / f"{table}.parquet" for table in (*MARTS, "gate_results")}

    def read_all_along() -> None:
        with duckdb.connect(
            str((installed.paths.root / "published" / "undercurrent.duckdb").resolve()), read_only=True
        ) as connection:
            first = connection.execute("select count(*) from creators").fetchone()
            while not stop.is_set():
                if connection.execute("select count(*) from creators").fetchone() != first:
                    problems.append("mixed")

    reader = threading.Thread(target=read_all_along)
    reader.start()
    for _ in range(3):
        publish(paths, date.fromisoformat(NIGHT), "test", tables, {})
    stop.set()
    reader.join()
    assert problems == []


def test_a_closed_gate_leaves_the_snapshot_and_names_why(installed: OwnInstallation) -> None:
    before = installed.current
    poison = installed.inbox / "reddit" / "RC_2026-10.ndjson"
    poison.write_bytes(b'{"no": "comment"\n' * 400)
    poison.write_bytes(b'{"id":"x1","body":"b","link_id":"t3_a","created_utc":1790000000,"subreddit":"s"}\n' + b"{broken\n" * 400)
    try:
        result = installed.nightly("2026-10-03")
        assert result.exit_code == 1
        assert "quarantined share of records" in result.output
        assert "reddit" in result.output
        assert installed.current == before
    finally:
        poison.unlink()


def test_query_and_doctor_answer_in_words(installed: OwnInstallation) -> None:
    asked = CliRunner().invoke(
        main, ["query", "select count(*) as n from trends", "--data", str(installed.paths.root), "--format", "csv"]
    )
    assert asked.output.splitlines()[0] == "n"
    wrong = CliRunner().invoke(main, ["query", "select * from nothing_here", "--data", str(installed.paths.root)])
    assert wrong.exit_code == 1
    assert "nothing_here" in wrong.output
    unpublished = CliRunner().invoke(main, ["query", "select 1", "--data", str(installed.paths.root / "elsewhere")])
    assert "nothing is published" in unpublished.output
    assert "published: snapshot" in CliRunner().invoke(main, ["doctor", "--data", str(installed.paths.root)]).output
