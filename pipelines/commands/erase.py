"""``undercurrent erase``: takes an account or a post out of every byte of a data folder, and proves it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console

from pipelines.commands.console import FOLDER, counting, errors, output
from pipelines.lake.schemas import ERASURE_REASONS
from pipelines.lake.subjects import KINDS, AmbiguousSubjectError

if TYPE_CHECKING:
    from pipelines.nightly.erasing import Erased

_SHOWN: Final = 20


@click.command()
@click.option("--data", type=FOLDER, required=True, help="Where lake, warehouse and published tables live.")
@click.option("--platform", required=True, help="Folder name of the platform, such as bluesky.")
@click.option(
    "--id",
    "given",
    required=True,
    help="The native id; or a handle or an address that only one account or post of the vault bears.",
)
@click.option("--kind", type=click.Choice(KINDS), default="account", show_default=True, help="What the id is of.")
@click.option(
    "--reason", type=click.Choice(ERASURE_REASONS), default="user_request", show_default=True, help="Kept in the ledger."
)
@click.option("--inbox", type=FOLDER, help="Looked through as well; its files are yours and are named, not changed.")
def erase(data: Path, platform: str, given: str, kind: str, reason: str, inbox: Path | None) -> None:
    """Erase an account or a post: tombstone, rewriting of every file below the data folder, proof.

    Exit 0 only if nothing is left below the data folder. An account takes all its posts along. Nothing of it is taken in again, whatever
    the inbox or a platform brings. Run it again if it was stopped. The warehouse is removed, and the next night builds everything from the
    lake; until then, figures of the published tables that were counted with its rows stand, and their manifest says so.
    """
    from pipelines.lake.paths import DataPaths
    from pipelines.lake.pseudonyms import SecretError, load_or_create
    from pipelines.nightly.erasing import erase as erased_from
    from pipelines.nightly.lock import DataInUseError, run_lock
    from pipelines.platforms.registry import PLATFORMS
    from pipelines.settings import SettingsError, from_environment

    if not data.is_dir():
        raise click.ClickException(f"erase: there is no data folder {data}")
    if platform not in PLATFORMS:
        raise click.ClickException(f"erase: {platform!r} is no platform; there are {', '.join(sorted(PLATFORMS))}")
    if not given.strip():
        raise click.ClickException("erase: the id is empty")
    os.environ["UNDERCURRENT_DATA"] = str(data.resolve())
    try:
        settings = from_environment()
    except SettingsError as error:
        raise click.ClickException(f"erase: {error}") from None
    paths, screen = DataPaths(data.resolve()), output()
    if not paths.secret_file.exists() and "UNDERCURRENT_PSEUDONYM_SECRET" not in os.environ:
        raise click.ClickException(
            f"erase: there is no pseudonym secret {paths.secret_file}, so nobody can be recognised; put it back"
        )
    try:
        # The lock is told what runs, never whom it is about.
        with run_lock(data, f"undercurrent erase, one {kind} of {platform}"), counting(screen, "files") as tell:
            done = erased_from(
                paths,
                load_or_create(paths.secret_file),
                platform,
                kind,
                given.strip(),
                reason,
                inbox=inbox.resolve() if inbox else None,
                watchlist=settings.watchlist,
                tell=tell,
            )
    except (DataInUseError, SecretError, AmbiguousSubjectError) as error:
        raise click.ClickException(f"erase: {error}") from None
    _tell(screen, done)
    if done.left:
        complaints = errors()
        complaints.print(
            f"[red]not erased[/red]: {len(done.left):,} files still hold it; remove or mend them, then run this again"
        )
        for left in done.left[:_SHOWN]:
            complaints.print(f"  {left.sentence()}", markup=False, soft_wrap=True)
        sys.exit(1)
    screen.print(f"[green]proved[/green]: {done.scanned_count:,} files were looked through, and nothing is left")


def _tell(screen: Console, done: Erased) -> None:
    counts = ", ".join(f"{count:,} {subject_type}" for subject_type, count in done.subject_counts.items())
    screen.print(f"ledger: keys of {counts} are not taken in again")
    for folder, count in sorted(done.rewritten.items()):
        screen.print(f"{folder}: {count:,} files rewritten or removed")
    if not done.rewritten:
        screen.print("no file held it")
    if done.removed_warehouse:
        screen.print("warehouse: removed; the next night builds everything from the lake")
    for file in done.in_inbox[:_SHOWN]:
        screen.print(f"yours, unchanged, still holds it: {file}", markup=False, soft_wrap=True)
    if len(done.in_inbox) > _SHOWN:
        screen.print(f"and {len(done.in_inbox) - _SHOWN:,} more files of the inbox")
    if done.watchlist:
        screen.print(
            f"yours, unchanged, still names it: {done.watchlist}; take it out, or it is fetched again",
            markup=False,
            soft_wrap=True,
        )
