"""What make says when a tool is missing or wrong: one clear line, and nothing made."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.installation import ROOT

TOOLS = ("make", "bash", "env", "grep", "sed", "expand", "rm", "mkdir", "touch")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with the Makefile and a path on which there is no Python."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements.lock").touch()
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool) or f"/usr/bin/{tool}")
    return tmp_path


def make(clone: Path, *arguments: str) -> tuple[int, list[str]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "PYTHON"))}
    done = subprocess.run(  # noqa: S603 - the project's own Makefile
        ["make", *arguments],  # noqa: S607 - found on the path that the test makes
        cwd=clone,
        env={**environment, "PATH": str(clone / "bin")},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]


def python_that_says(clone: Path, version: str, *, fails_at: str) -> str:
    program = clone / "bin" / "some-python"
    program.write_text(
        f'#!/bin/bash\n[[ "$*" == *"{fails_at}"* ]] && exit 1\n[[ "$1" == -V ]] && echo "Python {version}"\nexit 0\n'
    )
    program.chmod(0o755)
    return str(program)


def test_no_python_at_all(clone: Path) -> None:
    code, lines = make(clone, "setup")
    assert code != 0
    assert lines == ["setup: Python 3.11 is needed and was not found; install it or name it: make PYTHON=/path/to/python3.11"]


def test_a_python_of_another_version(clone: Path) -> None:
    python = python_that_says(clone, "3.9.2", fails_at="version_info")
    code, lines = make(clone, "run", f"PYTHON={python}")
    assert code != 0
    assert lines == [
        f"setup: Python 3.11 is needed, {python} is Python 3.9.2; name the right one: make PYTHON=/path/to/python3.11"
    ]
    assert not (clone / ".venv").exists()


def test_a_python_without_its_venv_module(clone: Path) -> None:
    python = python_that_says(clone, "3.11.7", fails_at="ensurepip")
    code, lines = make(clone, "test", f"PYTHON={python}")
    assert code != 0
    assert lines == [
        f"setup: {python} cannot make environments; install its venv module (on Debian: apt-get install python3.11-venv)"
    ]


def test_help_lists_the_targets(clone: Path) -> None:
    environment = {"PATH": str(clone / "bin")}
    done = subprocess.run(["make"], cwd=clone, env=environment, capture_output=True, text=True, check=True)  # noqa: S607 - as above
    for target in ("run", "test", "ui", "lint", "docs"):
        assert f"\n{target} " in f"\n{done.stdout}", target
