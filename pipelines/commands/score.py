"""``undercurrent score``: the published tables against the truth of the world they were made from."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.commands.console import FOLDER, output

if TYPE_CHECKING:
    import pyarrow as pa


@click.command()
@click.option("--truth", type=FOLDER, required=True, help="Folder truth/ of a world that undercurrent world made.")
@click.option("--data", type=FOLDER, required=True, help="Whose published tables are judged.")
@click.option("--short", is_flag=True, help="Only what was planted and what was found, in a few lines.")
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write the scores there too.")
def score(truth: Path, data: Path, file: Path | None, *, short: bool) -> None:
    """Judge the published tables by a world's truth, beside what naive dashboards would have said.

    Exit 0 whenever the tables could be judged: a missed target is a finding, not an error.
    """
    import pyarrow.parquet as pq

    from pipelines.lake.paths import DataPaths
    from pipelines.lake.pseudonyms import SECRET_VARIABLE, SecretError, load_or_create
    from pipelines.publish.snapshot import manifest
    from pipelines.world.scoring import last_lines, printed, score_tables
    from pipelines.world.scoring.linked import Linked, StrangerError, refuse_strangers

    planted, made = _truth(truth)
    paths = DataPaths(data.resolve())
    told = manifest(paths)
    if told is None:
        raise click.ClickException(
            f"score: nothing is published in {data} yet; run: undercurrent nightly --inbox DIR --data {data}"
        )
    if not paths.secret_file.exists() and not os.environ.get(SECRET_VARIABLE):
        raise click.ClickException(f"score: there is no pseudonym secret {paths.secret_file}, and {SECRET_VARIABLE} is not set")
    current = paths.published / "current"
    published = {name: pq.read_table(current / f"{name}.parquet", partitioning=None) for name in told["tables"]}
    try:
        key = load_or_create(paths.secret_file).key
        refuse_strangers(Linked(published, planted, key, made))
    except (SecretError, StrangerError) as error:
        raise click.ClickException(f"score: {error}") from None
    scores = score_tables(published, planted, key, world=made, withheld=told.get("withheld"), contents=_contents(current))
    screen = output()
    if short:
        screen.print(f"planted in {made.name}, and found in the snapshot that is published:", markup=False)
        for line in last_lines(scores):
            screen.print(f"  {line}", markup=False)
    else:
        screen.print(f"{made.name}: {made.says}", markup=False)
        printed(screen, scores)
    if file:
        summary = json.loads((truth / "world.json").read_text())
        file.write_text(json.dumps({"world": summary, "scores": scores.to_pylist()}, indent=1) + "\n")


def _truth(folder: Path) -> tuple[dict[str, pa.Table], Any]:
    """Truth's tables by name, and the world that its summary names."""
    import pyarrow.parquet as pq

    from pipelines.world.worlds import WORLDS

    summary, files = folder / "world.json", sorted(folder.glob("*.parquet"))
    if not summary.is_file() or not files:
        raise click.ClickException(
            f"score: {folder} is no truth folder: world.json or *.parquet is missing; run: undercurrent world --out DIR, then --truth DIR/truth"
        )
    name = json.loads(summary.read_text()).get("world")
    if name not in WORLDS:
        raise click.ClickException(f"score: {summary} names the world {name!r}, which this version does not know")
    return {file.stem: pq.read_table(file, partitioning=None) for file in files}, WORLDS[name]


def _contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(folder.iterdir()):
        if file.is_file():
            yield file.name, file.read_bytes()
