"""``undercurrent niches``: the niches of a month as a table, as a file for graph tools, or as a picture."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Final

import click
import pyarrow as pa
from rich.table import Table

from pipelines.commands.console import FOLDER, output

_NODES: Final = """
    select niche_id, name, scene, member_count, micro_member_share, effective_voice_count, distinctness_bits, bootstrap_jaccard
    from niche_months where month = date '{month}' order by niche_id
"""
# A pair is as near as its words are alike: most accounts have one niche, so shared members alone would leave most pairs apart.
_EDGES: Final = """
    select niche_id, other_niche_id, vocabulary_similarity as weight from niche_neighbours where month = date '{month}' order by all
"""
_TABLE: Final = """
    select months.name, months.member_count, months.micro_member_share, months.effective_voice_count, months.distinctness_bits,
        coalesce(string_agg(events.event, ', ' order by events.event), '') as events, array_to_string(months.top_tags[:5], ' ') as tags
    from niche_months as months left join niche_events as events on months.niche_id = events.niche_id and months.month = events.month
    where months.month = date '{month}'
    group by all order by months.member_count desc, months.name
"""
_SAYS: Final = "Niches of one month, and how alike their words are (cosine of class-based TF-IDF)"
_HEADS: Final = ("niche", "members", "micro", "voices", "distinct, bits", "events", "tags")


def _month(_context: click.Context, _option: click.Parameter, given: str | None) -> date | None:
    try:
        return None if given is None else datetime.strptime(given, "%Y-%m").replace(day=1).date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        raise click.BadParameter(f"{given!r} is no month: write it as 2026-09") from None


@click.command()
@click.option("--data", type=FOLDER, required=True)
@click.option("--month", callback=_month, metavar="YYYY-MM", help="The last one with niches when not given.")
@click.option("--format", "shape", type=click.Choice(["table", "gexf", "graphml", "svg"]), default="table", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file in place of standard output.")
def niches(data: Path, month: date | None, shape: str, out: Path | None) -> None:
    """The published niches of a month: a table, a graph (GEXF for Gephi, GraphML for others), or a map as SVG."""
    import duckdb

    from pipelines.lake.paths import DataPaths
    from pipelines.publish.niche_graph import gexf, graphml, niche_graph
    from pipelines.publish.niche_map import niche_map
    from pipelines.publish.reader import NothingPublishedError, QueryRefusedError, WithheldError, ask

    paths = DataPaths(data.resolve())

    def asked(sql: str) -> pa.Table:
        return ask(paths, sql)

    try:
        months = asked("select distinct month from niche_months order by month")["month"].to_pylist()
        if not months:
            raise click.ClickException("niches: the snapshot has no niche")
        chosen = month or months[-1]
        if chosen not in months:
            raise click.ClickException(
                f"niches: none in {chosen:%Y-%m}; there are {', '.join(f'{each:%Y-%m}' for each in months)}"
            )
        if shape == "table":
            _print(asked(_TABLE.format(month=chosen)), chosen)
            return
        nodes, edges = (asked(sql.format(month=chosen)) for sql in (_NODES, _EDGES))
    except NothingPublishedError as error:
        raise click.ClickException(f"niches: {error}; run: undercurrent nightly --inbox DIR --data {data}") from None
    except (QueryRefusedError, WithheldError, duckdb.Error) as error:
        raise click.ClickException(f"niches: {error}") from None
    if shape == "svg":
        _write([niche_map(nodes, edges, chosen)], out)
    else:
        _write((gexf if shape == "gexf" else graphml)(niche_graph(nodes, edges), chosen, _SAYS), out)


def _write(parts: Iterable[str], out: Path | None) -> None:
    if out is None:
        for part in parts:
            click.echo(part, nl=False)
        return
    with out.open("w", encoding="utf-8") as file:
        file.writelines(parts)
    click.echo(f"written: {out}", err=True)


def _print(rows: pa.Table, month: date) -> None:
    table = Table(*_HEADS, title=f"niches of {month:%Y-%m}")
    for name, members, micro, voices, bits, events, tags in zip(*(column.to_pylist() for column in rows.columns), strict=True):
        table.add_row(
            name,
            str(members),
            "" if micro is None else f"{micro:.0%}",
            "" if voices is None else f"{voices:.1f}",
            "" if bits is None else f"{bits:.2f}",
            events,
            tags,
        )
    output().print(table)
