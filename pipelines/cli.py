"""The command line: the group, and nothing else. Each command is a module of ``pipelines.commands``."""

from __future__ import annotations

import click

from pipelines.commands.calibrate import calibrate
from pipelines.commands.collect import collect, watchlist
from pipelines.commands.doctor import doctor
from pipelines.commands.erase import erase
from pipelines.commands.listen import listen
from pipelines.commands.niches import niches
from pipelines.commands.nightly import nightly
from pipelines.commands.query import query
from pipelines.commands.score import score
from pipelines.commands.trace import trace
from pipelines.commands.ui import ui
from pipelines.commands.world import world


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def main() -> None:
    """Undercurrent: how culture moves from small creators to the mainstream, with an error bar and a null on every claim."""


for command in (nightly, collect, watchlist, listen, query, trace, niches, doctor, erase, world, score, calibrate, ui):
    main.add_command(command)


if __name__ == "__main__":
    main()
