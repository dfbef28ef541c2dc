"""Erases an account or a post: tombstone, rewriting of every file of the data folder, proof. Knows no terminal and takes no lock."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pipelines.lake.engine import remove_spills
from pipelines.lake.erasures import Subject, ensure_erasures, record_erasures
from pipelines.lake.paths import DataPaths
from pipelines.lake.proof import Leftover, data_files, leftovers
from pipelines.lake.pseudonyms import Pseudonymiser
from pipelines.lake.rewriting import PAGES, Wanted, rewrite_json, rewrite_parquet, rewrite_text
from pipelines.lake.subjects import Named, find_subject
from pipelines.publish.snapshot import restate

_JSON: Final = frozenset({".json"})
_TEXTS: Final = frozenset({".log", ".txt", ".jsonl", ".md", ".html", ".csv"})
MADE_AGAIN: Final = "rows of somebody or something that is to be forgotten were taken out"


@dataclass(slots=True)
class Erased:
    """What an erasure did.

    Attributes:
        subject_counts: By subject type, how many keys stand in the ledger.
        rewritten: By first folder of the data folder, files that were rewritten or removed.
        removed_warehouse: Whether the warehouse was removed; the next night builds it anew from the lake.
        scanned_count: Files that the proof looked through.
        left: What still holds something.
        in_inbox: Files of the inbox that hold an identifier. They are the operator's: nothing was done to them.
        watchlist: The watchlist, where it names the subject.
    """

    subject_counts: dict[str, int] = field(default_factory=dict)
    rewritten: Counter[str] = field(default_factory=Counter)
    removed_warehouse: bool = False
    scanned_count: int = 0
    left: list[Leftover] = field(default_factory=list)
    in_inbox: list[Path] = field(default_factory=list)
    watchlist: Path | None = None


def erase(
    paths: DataPaths,
    pseudonyms: Pseudonymiser,
    platform: str,
    kind: str,
    given: str,
    reason: str,
    *,
    inbox: Path | None = None,
    watchlist: Path | None = None,
    now: datetime | None = None,
    tell: Callable[[int, int], None] | None = None,
) -> Erased:
    """Take an account or a post out of every file below the data folder, so that nothing of it is left and it cannot come back.

    The order makes it safe to be killed and run again: the ledger first, so that no night takes the subject in; then everything made of
    the lake; then what others wrote about the subject; the subject's own rows of the vault, by which it is recognised, last.

    Args:
        paths: the data folder.
        pseudonyms: makes the keys.
        platform: whose account or post.
        kind: 'account' or 'post'.
        given: its native id, or what else :func:`find_subject` takes.
        reason: one of ``schemas.ERASURE_REASONS``.
        inbox: looked through as well, and not touched.
        watchlist: looked through as well, and not touched.
        now: of the ledger (UTC).
        tell: called with how many files are done of how many.

    Raises:
        AmbiguousSubjectError: ``given`` means several.
    """
    moment = now or datetime.now(UTC)
    named = find_subject(paths, pseudonyms, platform, kind, given)
    subjects = [
        Subject(platform, subject_type, key, named.requested_key, reason, moment)
        for subject_type, keys in sorted(named.keys.items())
        for key in sorted(keys)
    ]
    record_erasures(paths, subjects, None)
    ensure_erasures(paths)
    wanted, done = named.wanted(), Erased({kind: len(keys) for kind, keys in named.keys.items() if keys})
    done.removed_warehouse = _without_warehouse(paths)
    remove_spills(paths)
    _rewrite_all(paths, wanted, done, moment, watchlist, tell)
    done.scanned_count = len(data_files(paths.root))
    done.left = [each for each in leftovers(paths, wanted) if each.file != watchlist]
    done.in_inbox = _holding(inbox, named) if inbox is not None else []
    if watchlist is not None and watchlist.is_file() and wanted.personal.in_bytes(watchlist.read_bytes()) is not None:
        done.watchlist = watchlist
    if not done.left:
        record_erasures(paths, subjects, datetime.now(UTC) if now is None else now)
    return done


def _without_warehouse(paths: DataPaths) -> bool:
    """Remove the warehouse. A row that is deleted in it stays in the file's free blocks, and only the lake says what it should hold."""
    if not paths.warehouse.parent.exists():
        return False
    was_there = paths.warehouse.exists()
    shutil.rmtree(paths.warehouse.parent)
    return was_there


def _rewrite_all(
    paths: DataPaths,
    wanted: Wanted,
    done: Erased,
    moment: datetime,
    watchlist: Path | None,
    tell: Callable[[int, int], None] | None,
) -> None:
    vault = paths.root / "vault"
    files = [file for file in data_files(paths.root) if file not in {paths.erasures_file(), watchlist}]
    others = [file for file in files if not file.is_relative_to(vault)]
    kept = [file for file in files if file.is_relative_to(vault)]
    steps = [(file, True) for file in others] + [(file, False) for file in kept] + [(file, True) for file in kept]
    for number, (file, drops_rows) in enumerate(steps):
        if tell is not None:
            tell(number, len(steps))
        if _rewritten(paths, file, wanted, drops_rows=drops_rows):
            done.rewritten[file.relative_to(paths.root).parts[0]] += 1
    restate(paths, MADE_AGAIN, moment)


def _rewritten(paths: DataPaths, file: Path, wanted: Wanted, *, drops_rows: bool) -> bool:
    if file.suffix == ".parquet":
        return bool(rewrite_parquet(paths, file, wanted, drops_rows=drops_rows))
    identifiers = wanted.in_file(paths, file)
    if file.suffix in PAGES:
        # A page is removed whole: its landed rows stay, and what it said of others is in them.
        held = identifiers.in_bytes(file.read_bytes()) is not None
        if held:
            file.unlink()
        return held
    if file.suffix in _JSON:
        return rewrite_json(file, identifiers)
    return file.suffix in _TEXTS and rewrite_text(file, identifiers)


def _holding(inbox: Path, named: Named) -> list[Path]:
    """Files of the inbox that hold an identifier, opened as far as compression goes."""
    folder = DataPaths(inbox)
    wanted = named.wanted()
    return [each.file for each in leftovers(folder, wanted)]
