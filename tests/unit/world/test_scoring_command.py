"""``undercurrent score``: judges a published snapshot, and says what is missing where it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from pipelines.commands.score import score
from pipelines.lake.paths import DataPaths
from pipelines.lake.pseudonyms import load_or_create
from tests.unit.world import scored_world
from tests.unit.world.scored_world import planted_tables, published, published_tables, truth


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A truth folder and a data folder with a snapshot, keyed by its secret."""
    truth_folder, data = tmp_path / "truth", tmp_path / "data"
    current = data / "published" / "current"
    truth_folder.mkdir()
    current.mkdir(parents=True)
    monkeypatch.delenv("UNDERCURRENT_PSEUDONYM_SECRET", raising=False)
    monkeypatch.setattr(scored_world, "key", load_or_create(DataPaths(data).secret_file).key)
    for folder, tables in ((truth_folder, planted_tables(truth())), (current, published_tables(published()))):
        for name, table in tables.items():
            pq.write_table(table, folder / f"{name}.parquet")
    (truth_folder / "world.json").write_text(json.dumps({"world": "P1_micro_first", "size": "tiny", "seed": 1}))
    (current / "manifest.json").write_text(json.dumps({"tables": {name: {} for name in published()}}))
    return truth_folder, data


def _asked(truth_folder: Path, data: Path, *more: str) -> tuple[int, str]:
    result = CliRunner().invoke(score, ["--truth", str(truth_folder), "--data", str(data), *more])
    return result.exit_code, result.output


def test_scores_are_printed_by_task_and_written_as_json(folders: tuple[Path, Path], tmp_path: Path) -> None:
    code, said = _asked(*folders, "--json", str(tmp_path / "scores.json"))
    assert code == 0, said
    assert "P1_micro_first" in said
    assert "naive_first" in said
    assert "17 not_published" in said
    written = json.loads((tmp_path / "scores.json").read_text())
    assert written["world"]["seed"] == 1
    agreement = next(row for row in written["scores"] if row["metric"].startswith("AMI") and row["estimator"] == "published")
    assert (agreement["value"], agreement["status"]) == (1.0, "met")


def test_a_missed_target_is_a_finding_and_no_error(folders: tuple[Path, Path]) -> None:
    rows = [row | {"first_seen_platform": "reddit"} for row in published()["trends"]]
    pq.write_table(published_tables({"trends": rows})["trends"], folders[1] / "published" / "current" / "trends.parquet")
    code, said = _asked(*folders)
    assert code == 0
    assert "missed" in said


def test_unusable_input_is_refused_with_what_to_do(folders: tuple[Path, Path], tmp_path: Path) -> None:
    truth_folder, data = folders
    for expected, asked in (
        ("no truth folder", (tmp_path / "nowhere", data)),
        ("nothing is published", (truth_folder, tmp_path / "empty")),
    ):
        code, said = _asked(*asked)
        assert code == 1
        assert expected in said
    DataPaths(data).secret_file.unlink()
    assert "no pseudonym secret" in _asked(truth_folder, data)[1]
    assert not DataPaths(data).secret_file.exists()
    load_or_create(DataPaths(data).secret_file)
    code, said = _asked(truth_folder, data)
    assert code == 1
    assert "another world, or another pseudonym secret" in said
    (truth_folder / "world.json").write_text(json.dumps({"world": "W99"}))
    assert "'W99'" in _asked(truth_folder, data)[1]


def test_a_short_answer_is_what_was_planted_and_what_was_found(folders: tuple[Path, Path]) -> None:
    code, said = _asked(*folders, "--short")
    assert code == 0, said
    first, *lines = said.splitlines()
    assert first == "planted in P1_micro_first, and found in the snapshot that is published:"
    assert lines[0].startswith("  micro creators first against large creators: planted yes, claimed")
    assert len(lines) <= 9
