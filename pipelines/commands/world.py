"""``undercurrent world``: a made-up world in native formats, with its truth beside it."""

from __future__ import annotations

from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from pipelines.commands.console import FOLDER, counting, output
from pipelines.world.worlds import WORLDS


def _listed(context: click.Context, _option: click.Parameter, is_asked: bool) -> None:  # noqa: FBT001 - as click calls it
    """Print the worlds by name and end."""
    if not is_asked or context.resilient_parsing:
        return
    table = Table("world", "kind", "what is true in it", box=SIMPLE_HEAD, pad_edge=False)
    table.columns[0].no_wrap = True
    for world in WORLDS.values():
        table.add_row(world.name, world.kind, world.says)
    output().print(table)
    context.exit()


class _Command(click.Command):
    """Shows the worlds below the options."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the names of the worlds."""
        with formatter.section("Worlds (undercurrent world --list says what each is)"):
            formatter.write_text(", ".join(WORLDS))
        super().format_epilog(ctx, formatter)


@click.command(cls=_Command)
@click.option("--out", type=FOLDER, required=True, help="Folder to make: inbox/ and truth/, in place of those that are there.")
@click.option("--world", default="P6_full_realistic", show_default=True, metavar="NAME")
@click.option("--size", type=click.Choice(["tiny", "small", "large"]), default="small", show_default=True)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--list", is_flag=True, is_eager=True, expose_value=False, callback=_listed, help="List the worlds and end.")
def world(out: Path, world: str, size: str, seed: int) -> None:
    """Write a made-up world in native formats, with its truth beside it.

    The same world, size and seed give the same bytes. tiny has about 12,000 posts, small 470,000, large 21 million.
    """
    from pipelines.world.generate import write_world

    screen = output()
    try:
        with counting(screen, "days") as report:
            made = write_world(out, world, size, seed, report)
    except (ValueError, OSError) as error:
        raise click.ClickException(f"world: {error}") from None
    screen.print(
        f"world {made.world}, {made.size}, seed {made.seed}: {made.post_count:,} posts of {made.account_count:,} accounts,"
        f" {made.trend_count} planted trends, {made.file_count:,} files ({made.byte_count / 1e6:,.0f} MB) in {out / 'inbox'}"
    )
