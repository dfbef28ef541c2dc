"""Signals of texts beside the lake: for every vault file that a night may read, only where they are missing or old, and never a word of a text."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from shutil import copyfile
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import world
from pipelines.lake import nights
from pipelines.lake.nights import LandedNight, NightPlan
from pipelines.lake.paths import DataPaths
from pipelines.lake.schemas import VAULT_POSTS
from pipelines.lake.writer import write_table
from pipelines.nightly import text_signals
from pipelines.nightly.text_rules import ACCURACY, read_accuracy, read_text_rules
from pipelines.nightly.text_signals import write_text_signals

RULES = read_text_rules()
WORLD_ACCURACY = Path(world.__file__).parent / "commercial_accuracy.csv"
NIGHT, DAY = date(2026, 8, 20), date(2026, 8, 10)
WORDS = "Quixotic marmalade"


@pytest.fixture
def paths(tmp_path: Path) -> DataPaths:
    return DataPaths(tmp_path)


def post(number: int, text: str | None = f"#ad {WORDS}") -> dict[str, Any]:
    """A row of the vault."""
    row: dict[str, Any] = dict.fromkeys(VAULT_POSTS.names)
    row |= {"platform": "x", "post_key": f"p{number}", "account_key": "a", "native_id": str(number), "text": text}
    row |= {"observed_at": datetime(2026, 8, 10, tzinfo=UTC), "ts_quality": "exact", "collection_method": "archive"}
    return row | {"source_format": "f", "source_hash": "h", "landed_night": NIGHT}


def keep(paths: DataPaths, *rows: dict[str, Any], day: date = DAY, night: date = NIGHT) -> Path:
    """Write a file of the vault."""
    file = paths.table_file("x", "vault_posts", day, night)
    write_table(file, pa.Table.from_pylist(list(rows), VAULT_POSTS))
    return file


def plan(*restated: date, is_full: bool = False) -> NightPlan:
    """A plan that reads these nights of x anew."""
    landed = tuple(LandedNight("x", night, Path("none"), "f") for night in restated)
    return NightPlan(NIGHT, is_full, False, [NIGHT], list(landed), [], frozenset({"x"}), landed)


def test_every_vault_file_of_the_nights_has_signals_at_the_mirrored_path_without_any_text(paths: DataPaths) -> None:
    keep(paths, post(1), post(2, None))
    keep(paths, post(3, "nothing"), day=DAY + timedelta(days=1))
    assert write_text_signals(paths, plan(NIGHT), RULES) == 2
    file = paths.table_file("x", "text_signals", DAY, NIGHT)
    assert pq.read_table(file, partitioning=None)["post_key"].to_pylist() == ["p1"]
    assert pq.read_table(paths.table_file("x", "text_signals", DAY + timedelta(days=1), NIGHT), partitioning=None).num_rows == 1
    for written in paths.table_root("x", "text_signals").rglob("*"):
        assert written.is_dir() or not any(word.encode() in written.read_bytes() for word in WORDS.split())


def test_nothing_is_written_twice(paths: DataPaths) -> None:
    keep(paths, post(1))
    assert [write_text_signals(paths, plan(NIGHT), RULES) for _ in range(2)] == [1, 0]


def test_nights_that_are_as_they_were_are_not_looked_at(paths: DataPaths) -> None:
    keep(paths, post(1), night=NIGHT - timedelta(days=1))
    assert write_text_signals(paths, plan(NIGHT), RULES) == 0


def test_other_rules_or_another_vault_file_write_anew(paths: DataPaths) -> None:
    keep(paths, post(1))
    write_text_signals(paths, plan(NIGHT), RULES)
    assert write_text_signals(paths, plan(NIGHT), replace(RULES, content_hash="other")) == 1
    write_text_signals(paths, plan(NIGHT), RULES)
    keep(paths, post(1), post(2))
    assert write_text_signals(paths, plan(NIGHT), RULES) == 1


def test_the_same_vault_gives_the_same_bytes_however_it_is_cut_into_batches(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(paths, *(post(number) for number in range(7)))
    write_text_signals(paths, plan(NIGHT), RULES)
    file = paths.table_file("x", "text_signals", DAY, NIGHT)
    once, rows = file.read_bytes(), pq.read_table(file, partitioning=None)
    file.unlink()
    write_text_signals(paths, plan(NIGHT), RULES)
    assert file.read_bytes() == once
    file.unlink()
    monkeypatch.setattr(text_signals, "_BATCH_ROWS", 2)
    write_text_signals(paths, plan(NIGHT), RULES)
    assert pq.read_table(file, partitioning=None).equals(rows)


@pytest.mark.parametrize("is_full", [False, True])
def test_signals_without_a_vault_file_go_when_a_night_is_run_again_and_stay_when_retention_emptied_the_vault(
    paths: DataPaths, *, is_full: bool
) -> None:
    file = keep(paths, post(1))
    write_text_signals(paths, plan(NIGHT), RULES)
    file.unlink()
    write_text_signals(paths, plan(NIGHT, is_full=is_full), RULES)
    assert paths.table_file("x", "text_signals", DAY, NIGHT).exists() is is_full


def test_dbt_may_read_the_signals_of_the_nights_that_are_read_anew_and_passed_their_gate(paths: DataPaths) -> None:
    other = NIGHT - timedelta(days=1)
    for night in (NIGHT, other):
        keep(paths, post(1), night=night)
    write_text_signals(paths, plan(NIGHT, other), RULES)
    refused = plan(NIGHT, other)
    nights.begin_modelling(paths, replace(refused, modelled=[each for each in refused.modelled if each.night == NIGHT]))
    listed = pq.read_table(paths.landed_files_file(), partitioning=None).to_pylist()
    assert [row["file"] for row in listed if row["table_name"] == "text_signals"] == [
        str(paths.table_file("x", "text_signals", DAY, NIGHT))
    ]
    # What the refused night told before goes all the same.
    restated = pq.read_table(paths.restated_nights_file(), partitioning=None)["landed_night"].to_pylist()
    assert restated == [NIGHT, other]


def test_only_one_measurement_of_the_classifier_is_used(tmp_path: Path) -> None:
    head, row = WORLD_ACCURACY.read_text("utf-8").splitlines()
    own = tmp_path / "commercial_accuracy.csv"
    own.write_text(f"{head}\n{row}\n{row}")
    with pytest.raises(ValueError, match="only one"):
        read_accuracy(own)
    own.write_text(head)
    assert read_accuracy(own) is None


def test_what_was_measured_on_posts_of_the_same_kind_goes_before_the_seed(paths: DataPaths) -> None:
    assert read_accuracy(paths.commercial_accuracy) == read_accuracy() != read_accuracy(WORLD_ACCURACY)
    paths.root.mkdir(exist_ok=True)
    copyfile(WORLD_ACCURACY, paths.commercial_accuracy)
    assert read_accuracy(paths.commercial_accuracy) == read_accuracy(WORLD_ACCURACY)


def test_real_captions_correct_real_rates_and_the_figures_of_made_up_worlds_stand_beside_them_unused() -> None:
    with ACCURACY.open(encoding="utf-8", newline="") as stream:
        unused = [row | {"is_used": "true"} for row in csv.DictReader(stream) if row["is_used"] == "false"]
    with WORLD_ACCURACY.open(encoding="utf-8", newline="") as stream:
        assert [row for row in unused if "invented world" in row["source"]] == list(csv.DictReader(stream))
    used = read_accuracy()
    assert used is not None
    assert used.is_usable
    assert used.sensitivity < 0.5
    assert any("before anybody read their errors" in row["source"] for row in unused)
