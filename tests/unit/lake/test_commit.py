"""A night that is killed while it becomes visible: the next run finishes it, and until then it has no ledger."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.lake import commit
from pipelines.lake.commit import Stage, alone

NAME = "night-notes"


def staged(root: Path, contents: dict[str, str]) -> tuple[Stage, dict[Path, Path], tuple[Path, Path]]:
    stage = Stage(root, NAME)
    moves = {}
    for number, (target, content) in enumerate(contents.items()):
        file = stage.folder / f"{number}"
        file.write_text(content)
        moves[root / target] = file
    ledger = stage.folder / "ledger"
    ledger.write_text("new ledger")
    return stage, moves, (root / "ledger" / "night", ledger)


def files(root: Path) -> dict[str, str]:
    return {
        str(file.relative_to(root)): file.read_text()
        for file in sorted(root.rglob("*"))
        if file.is_file() and not file.relative_to(root).parts[0].startswith(".")
    }


OLD = {"lake/a": "old a", "lake/b": "old b", "lake/gone": "old", "ledger/night": "old ledger"}
NEW = {"lake/a": "new a", "lake/b": "new b", "lake/c": "new c", "ledger/night": "new ledger"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, content in OLD.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    return tmp_path


class Killed(BaseException):
    """Stands for the end of the process."""


# Steps of a commit that change the folder: the journal's rename, the old ledger's end, three moves, one stale file, the new
# ledger, the journal's end.
@pytest.mark.parametrize("survived", range(9))
def test_a_commit_that_ends_at_any_step_is_undone_or_finished_as_a_whole(
    root: Path, survived: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = 0

    def counted(name: str) -> None:
        original = getattr(Path, name)

        def step(path: Path, *arguments: object, **named: object) -> object:
            nonlocal steps
            if steps >= survived:
                raise Killed
            steps += 1
            return original(path, *arguments, **named)

        monkeypatch.setattr(Path, name, step)

    with alone(root, NAME):
        stage, moves, seal = staged(root, {name: NEW[name] for name in ("lake/a", "lake/b", "lake/c")})
        with monkeypatch.context() as patched:
            monkeypatch = patched
            for name in ("rename", "replace", "unlink"):
                counted(name)
            try:
                stage.commit(moves, seal, [root / "lake" / "gone"])
            except Killed:
                stage.discard()
        if 2 <= survived <= 6:
            assert "ledger/night" not in files(root), "half a night must not look complete"
    with alone(root, NAME):
        assert files(root) == (OLD if survived == 0 else NEW)
        assert not list(root.glob(f".{NAME}-*"))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of the disk, in order."""
    asked: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda _: asked.append("file"))
    return asked


@pytest.mark.parametrize(("count", "has_call", "wanted"), [(4, True, 4), (40, True, 0), (40, False, 40)])
def test_many_files_are_confirmed_by_the_disk_at_once_where_the_system_can(
    tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch, count: int, has_call: bool, wanted: int
) -> None:
    for number in range(count):
        (tmp_path / f"{number}").write_text("x")

    def whole(_: int) -> int:
        told.append("whole")
        return 0

    monkeypatch.setattr(commit, "_syncfs", lambda: whole if has_call else None)
    commit.sync_all(sorted(tmp_path.iterdir()))
    assert told == (["file"] * wanted or ["whole"])


def test_the_system_itself_confirms_many_files(tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / f"{number}").write_text("x")
    commit.sync_all(sorted(tmp_path.iterdir()))


def test_a_disk_that_refuses_is_an_error_that_names_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit, "_syncfs", lambda: lambda _: -1)
    monkeypatch.setattr("ctypes.get_errno", lambda: 5)
    with pytest.raises(OSError, match=r"\[Errno 5\].*/a'"):
        commit.sync_all([tmp_path / name for name in "abcdef" if (tmp_path / name).write_text("x")])


def test_finishing_is_itself_safe_to_interrupt(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage, moves, seal = staged(root, {"lake/a": "new a", "lake/b": "new b"})

    def killed(*_: object) -> None:
        raise Killed

    for survived in (1, 1, 1):
        moved = 0
        original = commit._move

        def some(source: Path, target: Path) -> None:
            nonlocal moved
            if moved >= survived:  # noqa: B023 - called in this turn of the loop only
                raise Killed
            moved += 1
            original(source, target)  # noqa: B023 - as above

        with monkeypatch.context() as patched:
            patched.setattr(commit, "_move", some)
            try:
                if (stage.folder / "journal.json").exists():
                    with alone(root, NAME):
                        pass
                else:
                    stage.commit(moves, seal, [])
            except Killed:
                continue
    assert files(root) == OLD | {"lake/a": "new a", "lake/b": "new b", "ledger/night": "new ledger"}


KILLED_NIGHT = """
import os, signal, sys
from pathlib import Path
from pipelines.lake import commit
from tests.unit.lake.test_intake import ingest

inbox, survived = Path(sys.argv[1]), int(sys.argv[2])
original = commit._move

def move(source, target):
    global survived
    if survived == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    survived -= 1
    original(source, target)

commit._move = move
ingest(inbox)
"""


def test_a_night_killed_while_it_becomes_visible_is_whole_after_the_next_run(tmp_path: Path) -> None:
    from tests.unit.lake.test_intake import digests, ingest, note

    results = []
    for killed in (False, True):
        inbox = tmp_path / str(killed) / "inbox" / "notes"
        inbox.mkdir(parents=True)
        (inbox / "a.jsonl").write_bytes(note(1, 1) + note(2, 2))
        os.utime(inbox / "a.jsonl", (1_760_000_000, 1_760_000_000))
        ingest(inbox)
        (inbox / "b.jsonl").write_bytes(note(3, 3) + b"{broken\n")
        os.utime(inbox / "b.jsonl", (1_760_000_000, 1_760_000_000))
        if killed:
            root = Path(__file__).parents[3]
            command = [sys.executable, "-c", KILLED_NIGHT, str(inbox), "2"]
            done = subprocess.run(command, check=False, env=os.environ | {"PYTHONPATH": str(root)})  # noqa: S603 - our own code
            assert done.returncode == -signal.SIGKILL
            assert not list((inbox.parents[1] / "data" / "ledger").rglob("*.parquet"))
        night = ingest(inbox)
        assert (night.landed_count, night.quarantined_count) == (3, 1)
        results.append(digests(inbox))
    assert results[0] == results[1]
