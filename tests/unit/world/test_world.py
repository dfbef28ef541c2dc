"""The simulator: same bytes for the same seed, truth that agrees with itself, planted effects where they belong."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import zstandard

from pipelines.world import model
from pipelines.world.generate import write_world


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(folder)} {int(path.stat().st_mtime) if 'inbox' in path.parts else 0}".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


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


def test_counts_agree_between_the_summary_the_truth_and_the_files(tiny: Path) -> None:
    summary = json.loads((tiny / "truth" / "world.json").read_text())
    counts = pq.read_table(tiny / "truth" / "posts_count.parquet")
    accounts = pq.read_table(tiny / "truth" / "accounts.parquet")
    assert summary["post_count"] == pc.sum(counts["post_count"]).as_py() == pc.sum(accounts["post_count"]).as_py()
    assert summary["account_count"] == accounts.num_rows
    august = pc.sum(
        counts.filter((pc.field("platform") == "reddit") & (pc.field("day") <= model.day_of(30)))["post_count"]
    ).as_py()
    lines = 0
    for name in ("RS_2026-08.zst", "RC_2026-08.zst"):
        content = (
            zstandard.ZstdDecompressor(max_window_size=2**31)
            .stream_reader((tiny / "inbox" / "reddit" / name).read_bytes())
            .read()
        )
        lines += content.count(b"\n")
    assert lines == august


def test_reddit_dumps_need_a_larger_window_than_readers_accept_by_default(tiny: Path) -> None:
    content = (tiny / "inbox" / "reddit" / "RS_2026-08.zst").read_bytes()
    with pytest.raises(zstandard.ZstdError):
        zstandard.ZstdDecompressor().stream_reader(content).read()


def test_nobody_adopts_before_exposure_or_birth_and_the_outage_day_is_empty(tiny: Path) -> None:
    trends = {row["tag"]: row["born_at"] for row in pq.read_table(tiny / "truth" / "trends.parquet").to_pylist()}
    for row in pq.read_table(tiny / "truth" / "adoptions.parquet").to_pylist():
        assert trends[row["tag"]] <= row["exposed_at"]
        assert row["adopted_at"] is None or row["exposed_at"] <= row["adopted_at"]
    counts = pq.read_table(tiny / "truth" / "posts_count.parquet").to_pylist()
    outage = [
        row["post_count"] for row in counts if row["platform"] == "bluesky" and row["day"] == model.day_of(model.OUTAGE_DAY)
    ]
    assert outage == [0]


def test_every_planted_fault_names_a_file_that_is_there_except_the_outage(tiny: Path) -> None:
    planted = pq.read_table(tiny / "truth" / "planted_faults.parquet").to_pylist()
    assert {row["kind"] for row in planted} >= {
        "bad_record",
        "broken_file",
        "duplicate_file",
        "unknown_file",
        "outage",
        "deleted_post",
    }
    for row in planted:
        assert (tiny / "inbox" / row["platform"] / row["file"]).exists() == (row["kind"] != "outage")


def _share_of_pairs_in_which_micro_is_exposed_first(world: str) -> float:
    drawn = model.draw_world(world, "small", 7)
    shares = []
    for number, trend in enumerate(drawn.trends):
        days: dict[str | None, list[int]] = {}
        for adoption in drawn.adoptions:
            if adoption.trend == number and adoption.post >= 0:
                days.setdefault(drawn.accounts.tier(adoption.account, trend.born_seconds / model.DAY), []).append(
                    adoption.exposed_seconds
                )
        large = np.array(days.get("macro", []) + days.get("mega", []))
        micro = np.array(days["micro"])
        assert len(micro) >= 25
        assert len(large) >= 6
        shares.append(float((micro[:, None] < large[None, :]).mean()))
    return float(np.mean(shares))


def test_micro_accounts_lead_in_the_micro_first_world() -> None:
    assert _share_of_pairs_in_which_micro_is_exposed_first("P1_micro_first") > 0.8


@pytest.mark.parametrize("world", ["W0_exchangeable", "W1_rate_confounded"])
def test_micro_accounts_do_not_lead_in_the_null_worlds(world: str) -> None:
    assert abs(_share_of_pairs_in_which_micro_is_exposed_first(world) - 0.5) < 0.05


def test_an_unknown_world_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown world"):
        write_world(tmp_path, "P9", "tiny", 1)
