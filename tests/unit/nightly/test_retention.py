"""How long identifying data are kept: by observation, platform by platform, and a gate that says what is still there."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.http.clients import CLIENTS
from pipelines.lake.nights import rewritten_days
from pipelines.lake.paths import DataPaths
from pipelines.lake.retention import PLATFORMS_SEED, duties, enforce_retention, overdue, today
from pipelines.lake.schemas import LEDGER
from pipelines.lake.writer import write_table
from pipelines.platforms.registry import PLATFORMS
from pipelines.quality.results import closing
from pipelines.quality.retention import check_retention
from tests.unit.lake.small_lake import land, stamp

NIGHT = date(2026, 10, 1)
FETCHED, GIVEN = "a" * 32, "b" * 32


def vault_file(paths: DataPaths, platform: str, observed_on: date, night: date = NIGHT) -> Path:
    seen = datetime(observed_on.year, observed_on.month, observed_on.day, 12, tzinfo=UTC)
    row = stamp(account_key="0" * 32, native_id="1") | {"platform": platform, "observed_at": seen}
    return land(paths, "vault_accounts", observed_on, [row], night, platform)


def ledger(paths: DataPaths, platform: str, night: date) -> None:
    """A night with one fetched page and one file of the inbox."""
    rows: list[dict[str, Any]] = [
        dict.fromkeys(LEDGER.names, 0)
        | {"night": night, "platform": platform, "file": file, "source_hash": source, "source_format": "x", "status": "ingested",
           "detail": None, "row_counts": [], "event_days": [night]}
        for file, source in ((f"pages/{night}/item/1.page", FETCHED), ("given.json", GIVEN))
    ]  # fmt: skip
    write_table(paths.ledger_file(platform, night), pa.Table.from_pylist(rows, LEDGER))


def counters(paths: DataPaths, platform: str, night: date, observed_on: date) -> Path:
    seen = datetime(observed_on.year, observed_on.month, observed_on.day, 12, tzinfo=UTC)
    about = {"platform": platform, "observed_at": seen, "landed_night": night}
    rows = [
        stamp(post_key=source, published_at=seen, like_count=1) | about | {"source_hash": source} for source in (FETCHED, GIVEN)
    ]
    return land(paths, "post_metrics", observed_on, rows, night, platform)


def test_every_platform_has_a_duty_and_those_whose_terms_ask_for_it_a_refresh() -> None:
    assert set(duties()) == set(PLATFORMS)
    asked = {name: duty.refresh_days for name, duty in duties().items() if duty.refresh_days}
    assert asked == {name: client.refresh_days for name, client in CLIENTS.items() if client.refresh_days}
    with PLATFORMS_SEED.open() as stream:
        assert all(int(row["retention_days"]) > 0 for row in csv.DictReader(stream))


@pytest.mark.parametrize(("platform", "days"), [("bluesky", 30), ("tiktok", 15)])
def test_the_vault_keeps_what_was_observed_within_the_platforms_days_and_no_more(
    tmp_path: Path, platform: str, days: int
) -> None:
    paths = DataPaths(tmp_path)
    on = today(paths, NIGHT)
    kept = vault_file(paths, platform, on - timedelta(days=days))
    old = vault_file(paths, platform, on - timedelta(days=days + 1))
    (logged,) = enforce_retention(paths, NIGHT)
    assert (kept.exists(), old.exists(), old.parent.exists()) == (True, False, False)
    assert (logged["platform"], logged["part"], logged["row_count"]) == (platform, "vault", 1)
    assert pq.read_table(paths.retention_log_file(), partitioning=None).num_rows == 1
    assert enforce_retention(paths, NIGHT) == []


def test_an_archive_of_old_posts_that_was_observed_today_stays(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path)
    old = {"post_key": "0" * 32, "account_key": "1" * 32, "post_type": "post", "published_at": datetime(2019, 5, 1, tzinfo=UTC)}
    post = land(paths, "posts", date(2019, 5, 1), [stamp(**old)])
    vault = vault_file(paths, "mastodon", NIGHT)
    assert enforce_retention(paths, NIGHT) == []
    assert post.exists()
    assert vault.exists()


def test_running_an_old_night_again_does_not_turn_the_clock_back(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path)
    ledger(paths, "bluesky", NIGHT)
    assert today(paths, date(2026, 3, 1)) == date(2026, 10, 2)


def test_pages_go_when_their_night_was_taken_in_and_else_close_the_gate(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path)
    taken, missed = date(2026, 8, 1), date(2026, 8, 2)
    ledger(paths, "bluesky", taken)
    for night in (taken, missed):
        paths.pages_folder("bluesky", night).mkdir(parents=True)
        (paths.pages_folder("bluesky", night) / "plan.json").write_text("{}")
    enforce_retention(paths, NIGHT)
    assert not paths.pages_folder("bluesky", taken).exists()
    (failed,) = closing(check_retention(paths, NIGHT, "run"))
    assert failed.sample_keys == ["file=pages/bluesky/2026-08-02"]


def test_counters_that_youtube_gave_go_after_30_days_without_a_refresh_and_given_files_stay(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path)
    first = date(2026, 8, 1)
    ledger(paths, "youtube", first)
    old, fresh = counters(paths, "youtube", first, first), counters(paths, "youtube", first, date(2026, 9, 20))
    (logged,) = enforce_retention(paths, NIGHT)
    assert pq.read_table(old, partitioning=None).column("source_hash").to_pylist() == [GIVEN]
    assert pq.read_table(fresh, partitioning=None).num_rows == 2
    assert (logged["duty"], logged["part"], logged["allowed_days"], logged["row_count"]) == ("refresh", "post_metrics", 30, 1)
    assert rewritten_days(paths) == {"youtube": {first}}
    assert list(overdue(paths, today(paths, NIGHT))) == []


def test_counters_of_platforms_without_such_a_duty_stay(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path)
    first = date(2026, 8, 1)
    ledger(paths, "mastodon", first)
    old = counters(paths, "mastodon", first, first)
    assert enforce_retention(paths, NIGHT) == []
    assert pq.read_table(old, partitioning=None).num_rows == 2


def test_the_gate_closes_on_what_is_too_old_names_it_and_says_what_to_do(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path)
    old = vault_file(paths, "tiktok", date(2026, 9, 1))
    results = check_retention(paths, NIGHT, "run")
    (failed,) = closing(results)
    assert len(results) == len(PLATFORMS)
    assert failed.table_name == "tiktok/vault"
    assert failed.sample_keys == [f"file={old.relative_to(tmp_path)}"]
    assert "15 days" in str(failed.observed)
    assert "remove the files" in failed.sentence()
    enforce_retention(paths, NIGHT)
    assert closing(check_retention(paths, NIGHT, "run")) == []
