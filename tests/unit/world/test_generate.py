"""Worlds on disk: the same bytes for the same seed, every platform's folder, truth that agrees with itself and with the files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from pipelines.platforms.registry import PLATFORMS
from pipelines.world.generate import write_world
from pipelines.world.truth import SCHEMAS


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(folder)} {int(path.stat().st_mtime) if 'inbox' in path.parts else 0}".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _truth(folder: Path, table: str) -> pa.Table:
    return pq.read_table(folder / "truth" / f"{table}.parquet")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("world")
    write_world(out, "P6_full_realistic", "tiny", 7)
    return out


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tiny: Path, tmp_path: Path) -> None:
    write_world(tmp_path / "again", "P6_full_realistic", "tiny", 7)
    write_world(tmp_path / "other", "P6_full_realistic", "tiny", 8)
    assert _digest(tmp_path / "again") == _digest(tiny)
    assert _digest(tmp_path / "other") != _digest(tiny)


def test_every_platform_of_the_pipeline_gets_files(tiny: Path) -> None:
    assert {folder.name for folder in (tiny / "inbox").iterdir()} == set(PLATFORMS)
    assert all(any(path.stat().st_size for path in (tiny / "inbox" / platform).rglob("*.*")) for platform in PLATFORMS)


def test_the_truth_has_its_tables_with_their_schemas_and_rows(tiny: Path) -> None:
    assert {path.stem for path in (tiny / "truth").glob("*.parquet")} == set(SCHEMAS)
    for name, schema in SCHEMAS.items():
        assert _truth(tiny, name).schema.equals(schema), name
        assert _truth(tiny, name).num_rows, name


def test_counts_agree_between_the_summary_and_the_tables(tiny: Path) -> None:
    summary = json.loads((tiny / "truth" / "world.json").read_text())
    accounts, counts, months = (_truth(tiny, name) for name in ("accounts", "posts_count", "attention_months"))
    assert summary["post_count"] == pc.sum(counts["post_count"]).as_py() == pc.sum(accounts["post_count"]).as_py()
    assert summary["post_count"] == pc.sum(months["post_count"]).as_py()
    assert summary["observed_post_count"] == pc.sum(counts["observed_post_count"]).as_py() < summary["post_count"]
    assert summary["account_count"] == accounts.num_rows == len(set(accounts["native_id"].to_pylist()))
    files = [path for path in (tiny / "inbox").rglob("*") if path.is_file()]
    assert summary["file_count"] == len(files)
    assert summary["byte_count"] == sum(path.stat().st_size for path in files)


def test_adoptions_trends_and_items_tell_one_story(tiny: Path) -> None:
    trends = {row["tag"]: row for row in _truth(tiny, "trends").to_pylist()}
    adoptions, items = (_truth(tiny, name).to_pylist() for name in ("adoptions", "items"))
    for row in adoptions:
        assert trends[row["tag"]]["born_at"] <= row["exposed_at"]
        assert row["adopted_at"] is None or row["exposed_at"] <= row["adopted_at"]
        assert row["adopted_at"] is not None or not row["is_observed"]
        assert (row["tier"] is None) == (row["platform"] == "reddit")
    for tag, trend in trends.items():
        shown = [row for row in adoptions if row["tag"] == tag and row["adopted_at"] is not None]
        assert trend["adopter_count"] == len(shown)
        first = min(shown, key=lambda row: row["adopted_at"])
        assert trend["origin_at"] == first["adopted_at"]
        assert trend["adopter_count"] == sum(
            trend[f"{tier}_adopter_count"] for tier in ("micro", "mid", "macro", "mega", "unknown")
        )
        for outlet_class in ("media", "brand"):
            printed = [row["published_at"] for row in items if row["tag"] == tag and row["outlet_class"] == outlet_class]
            assert trend[f"first_{outlet_class}_at"] == min(printed, default=None)


def test_every_planted_fault_names_a_file_that_is_there_except_the_outage(tiny: Path) -> None:
    planted = _truth(tiny, "planted_faults").to_pylist()
    assert {row["kind"] for row in planted} >= {"bad_record", "broken_file", "duplicate_file", "unknown_file", "outage"}
    for row in planted:
        assert (tiny / "inbox" / row["platform"] / row["file"]).is_file() == (row["kind"] != "outage"), row
    outage = next(row for row in planted if row["kind"] == "outage")
    day = [row for row in _truth(tiny, "posts_count").to_pylist() if row["platform"] == outage["platform"]]
    assert [row["observed_post_count"] for row in day if str(row["day"]) == outage["detail"]] == [0]


def test_an_unknown_world_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown world"):
        write_world(tmp_path, "P9", "tiny", 1)
    assert not list(tmp_path.iterdir())


def test_progress_is_told_by_the_day(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    write_world(tmp_path, "W0_exchangeable", "tiny", 1, lambda done, total: told.append((done, total)))
    assert told == [(day, len(told)) for day in range(1, len(told) + 1)]
    assert _truth(tmp_path, "niche_events").num_rows == 0
