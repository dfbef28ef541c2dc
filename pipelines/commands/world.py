"""``undercurrent world``: a made-up world in native formats, with its truth beside it."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.commands.console import FOLDER, output


@click.command()
@click.option("--out", type=FOLDER, required=True, help="Folder to make: inbox/ and truth/.")
@click.option("--world", default="P6_full_realistic", show_default=True)
@click.option("--size", type=click.Choice(["tiny", "small", "large"]), default="small", show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
def world(out: Path, world: str, size: str, seed: int) -> None:
    """Write a made-up world in native formats, with its truth beside it."""
    from pipelines.world.generate import write_world

    try:
        made = write_world(out, world, size, seed)
    except (ValueError, KeyError) as error:
        raise click.ClickException(f"world: {error}") from None
    output().print(
        f"world {made.world}, {made.size}, seed {made.seed}: {made.post_count:,} posts of {made.account_count:,} accounts,"
        f" {made.trend_count} planted trends, {made.file_count} files in {out / 'inbox'}"
    )
