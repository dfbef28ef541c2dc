"""``undercurrent world``: the worlds are listed, and what is not known is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.world.worlds import WORLDS


def test_every_world_is_listed_with_its_sentence() -> None:
    done = CliRunner().invoke(main, ["world", "--list"])
    assert done.exit_code == 0
    for world in WORLDS.values():
        assert f"{world.name} " in done.output
        assert world.says in done.output


def test_the_help_names_every_world() -> None:
    said = CliRunner().invoke(main, ["world", "--help"]).output.replace(",", " ").split()
    assert set(WORLDS) <= set(said)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--world", "W99"], "unknown world 'W99'; there are W0_exchangeable"), (["--out", "/dev/null/nowhere"], "Not a directory")],
)
def test_a_world_that_is_none_and_a_folder_that_cannot_be_made_are_refused_in_one_line(
    tmp_path: Path, arguments: list[str], words: str
) -> None:
    done = CliRunner().invoke(main, ["world", "--size", "tiny", "--out", str(tmp_path / "out"), *arguments])
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: world: ")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
