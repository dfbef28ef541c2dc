"""Files of a night that become visible together, even if the process is killed in between. Knows no table.

They are written to a folder of their own first. A commit writes a journal of what is to be moved where, then moves; whoever comes
next finishes what the journal says. The *seal* (the night's ledger) is taken away before the first move and put back after
the last: while it is missing, the night is not complete.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

_JOURNAL: Final = "journal.json"
# So many are told one by one: the whole file system may hold what others write.
_FEW: Final = 4


def sync(path: Path) -> None:
    """Have a file's content, or a folder's names, on the disk: without it a rename may outlive what it names."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@cache
def _syncfs() -> Callable[[int], int] | None:
    """Linux has all that a file system holds written at once; elsewhere there is no such call."""
    return getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)


def sync_all(paths: Collection[Path]) -> None:
    """Have files and folders of one file system on the disk, as :func:`sync` does of one.

    A disk takes milliseconds to confirm a file, and a night has thousands of them: of many, the file system is told once.
    """
    syncfs = _syncfs()
    if len(paths) <= _FEW or syncfs is None:
        for path in paths:
            sync(path)
        return
    descriptor = os.open(next(iter(paths)), os.O_RDONLY)
    try:
        if syncfs(descriptor):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(next(iter(paths))))
    finally:
        os.close(descriptor)


def write_whole(file: Path, data: bytes) -> None:
    """Write a small file so that no reader ever sees half of it: temporary name, fsync, rename."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.draft")
    with draft.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)
    sync(file.parent)


@contextmanager
def alone(root: Path, name: str) -> Iterator[None]:
    """Only one process at a time works below ``root`` under this name; others wait. Finishes what a killed one left."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for folder in sorted(root.glob(f".{name}-*")):
            # Who holds the lock may take any such folder for left behind.
            if (folder / _JOURNAL).exists():
                _finish(root, folder)
            shutil.rmtree(folder)
        yield


class Stage:
    """A folder for the files of one commit; must be made while ``alone``."""

    def __init__(self, root: Path, name: str) -> None:
        self._root = root
        self.folder = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=root))

    def commit(self, staged: dict[Path, Path], seal: tuple[Path, Path], stale: list[Path]) -> None:
        """Make files visible.

        Args:
            staged: by target, the file of this folder that goes there.
            seal: target and staged file of the ledger.
            stale: files to take away.
        """
        sync_all([*staged.values(), seal[1]])
        journal = {
            "moves": [[file.name, str(target.relative_to(self._root))] for target, file in staged.items()],
            "stale": [str(file.relative_to(self._root)) for file in stale],
            "seal": [seal[1].name, str(seal[0].relative_to(self._root))],
        }
        draft = self.folder / f"{_JOURNAL}.draft"
        draft.write_text(json.dumps(journal))
        sync(draft)
        draft.rename(self.folder / _JOURNAL)
        sync(self.folder)
        _finish(self._root, self.folder)
        shutil.rmtree(self.folder)

    def discard(self) -> None:
        """Forget everything, unless the commit has begun: then the next one finishes it."""
        if not (self.folder / _JOURNAL).exists():
            shutil.rmtree(self.folder, ignore_errors=True)


def _finish(root: Path, folder: Path) -> None:
    """Do what is still to be done of a journal; may be interrupted and done again at any point."""
    journal = json.loads((folder / _JOURNAL).read_text())
    staged_seal, seal = folder / journal["seal"][0], root / journal["seal"][1]
    if staged_seal.exists():
        seal.unlink(missing_ok=True)
        folders = {seal.parent}
        for name, target in journal["moves"]:
            staged, file = folder / name, root / target
            folders.add(file.parent)
            if staged.exists():
                _move(staged, file)
        for name in journal["stale"]:
            (root / name).unlink(missing_ok=True)
            folders.add((root / name).parent)
        for each in folders:
            each.mkdir(parents=True, exist_ok=True)
        sync_all(sorted(folders))
        _move(staged_seal, seal)
        sync(seal.parent)
    (folder / _JOURNAL).unlink()


def _move(staged: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    staged.replace(target)
