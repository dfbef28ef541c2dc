"""``undercurrent trace``: the whole story of one trend, on the terminal and as a page. Reads the snapshot; computes no number of its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import pyarrow as pa
from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from pipelines.commands.console import FOLDER, output

if TYPE_CHECKING:
    from pipelines.publish.trend_story import Measure, Story

_BLOCKS: Final = " ▁▂▃▄▅▆▇█"
_WIDEST: Final = 45
_FEW_PAIRS: Final = 5


@click.command()
@click.argument("trend")
@click.option("--data", type=FOLDER, required=True)
@click.option(
    "--page", type=click.Path(dir_okay=False, path_type=Path), help="Also write the story as one HTML file that needs no other."
)
def trace(trend: str, data: Path, page: Path | None) -> None:
    """Where a trend was first seen, how it travelled, how sure that is, and what is not known: undercurrent trace "#cleanbeauty"."""
    import duckdb

    from pipelines.lake.paths import DataPaths
    from pipelines.publish.reader import NothingPublishedError, QueryRefusedError, WithheldError, ask
    from pipelines.publish.trend_page import trend_page
    from pipelines.publish.trend_story import NoSuchTrendError, tell

    paths = DataPaths(data.resolve())

    def asked(sql: str) -> pa.Table:
        return ask(paths, sql)

    try:
        story = tell(asked, trend)
    except NothingPublishedError as error:
        raise click.ClickException(f"trace: {error}; run: undercurrent nightly --inbox DIR --data {data}") from None
    except (NoSuchTrendError, QueryRefusedError, WithheldError, duckdb.Error) as error:
        raise click.ClickException(f"trace: {error}") from None
    _print(output(), story)
    if page is not None:
        page.write_text(trend_page(story), encoding="utf-8")
        click.echo(f"written: {page}", err=True)


def _print(screen: Console, story: Story) -> None:
    from pipelines.publish.trend_story import named, reason

    trend = story.trend
    last = story.days[1]
    screen.print(
        f"[bold]{named(trend['unit_type'], trend['label'])}[/bold]  born {trend['born_at']:%Y-%m-%d %H:%M} UTC, watched until {last:%Y-%m-%d}; {trend['adopter_count']} accounts took it up"
        + (f", {trend['earlier_adopter_count']} more before" if trend["earlier_adopter_count"] else "")
    )
    for sentence in story.names:
        screen.print(sentence)
    if trend["abstain_reason"]:
        screen.print(f"No claim of who was earlier: {reason(trend['abstain_reason'])}")

    def section(title: str, note: str, *parts: str | Table) -> None:
        screen.print(f"\n[bold]{title}[/bold]" + (f"  [dim]{note}[/dim]" if note else ""))
        for part in parts:
            screen.print(Padding(part, (0, 0, 0, 2)))

    section("Adopters a day", "", _facets(story))
    if story.set_off:
        section("What set it off", "", *story.set_off)
    said = [story.verdict_sentence] if story.verdict_sentence else []
    crowd = "small accounts are most accounts, so that one of them is first nearly always: no claim"
    section("Who was first", crowd, _origin(story), *said)
    rates = f"hours after {trend['born_at']:%d %b %H:%M}; whoever posts more often looks earlier here"
    section("Its way up", rates, _steps(story))
    if story.mainstream:
        levels = "levels: 0 both used it, 1 creators earlier than their null, 2 and later than outlets react to common events, 3 said so itself"
        section("To the mainstream", levels, _mainstream(story))
    if story.passing_on:
        section("How it was passed on", "along ties that are known; a tie is no proof", *story.passing_on)
    null = "P is that of a micro creator being earlier, at equal posting rate; null .50, and 0 hours"
    section("How sure", null, _effects(story) if story.effects else "nothing is published")
    if story.evidence:
        section("Evidence", "for the mainstream's levels", _evidence(story))
    if story.platform_pairs:
        relative = "beside what the collection of the two explains; relative timing, never an origin"
        section("Platform against platform", relative, _pairs(story))
    if story.controls:
        examples = f"{', '.join(story.controls[:6])}{' ...' if len(story.controls) > 6 else ''}"
        like_it = f"{len(story.controls)} of about its size and age: {examples}"
        section("Beside trends like it", like_it, _measures(story.measures))
    if story.commercial:
        section("Money", "", story.money)
    if story.attention:
        section("What people searched for and read", "when, and nothing about why", _attention(story))
    section("What is not known", "", *(f"- {sentence}" for sentence in story.unknown))


def _plain(*heads: str) -> Table:
    """A table without lines; heads that begin with ``>`` are of numbers."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head in heads:
        table.add_column(head.removeprefix(">"), justify="right" if head.startswith(">") else "left")
    return table


def bars(values: Iterable[float | None], highest: float | None = None) -> str:
    """Numbers as a row of blocks, each as high as its share of the highest; what is not zero is seen, and a gap is a dot.

    Args:
        values: From zero on; None is not known.
        highest: Of the full block; the largest of them when None.
    """
    known = list(values)
    top = highest if highest is not None else max((value for value in known if value is not None), default=0.0)
    steps = len(_BLOCKS) - 1
    return "".join(
        "·"
        if value is None
        else _BLOCKS[0]
        if value <= 0 or top <= 0
        else _BLOCKS[min(max(round(value / top * steps), 1), steps)]
        for value in known
    )


def _facets(story: Story) -> Table:
    from pipelines.publish.trend_story import shown_parts

    first, last = story.days
    length = (last - first).days + 1
    step = -(-length // _WIDEST)
    table = _plain(
        "", f"{first:%d %b} to {last:%d %b}, {'a day' if step == 1 else f'{step} days'} a column", ">adopters", ">share"
    )
    for facet in story.facets:
        table.add_row(f"[dim]by {facet.title}[/dim]")
        every = sum(sum(days) for _, days in facet.parts)
        for name, days in shown_parts(facet):
            summed = [float(sum(days[place : place + step])) for place in range(0, length, step)]
            table.add_row(f"  {name}", bars(summed), str(sum(days)), f"{sum(days) / every:.0%}" if every else "")
    return table


def _origin(story: Story) -> Table:
    table = _plain("seen first at", "account", "platform", "size at the birth", "niche of the month before", ">credibility")
    for row in story.origin:
        who = row["public_name"] or row["account_key"][:8]
        sure = "" if row["credibility"] is None else f"{row['credibility']:.0%}"
        table.add_row(
            _moment(row["adopted_at"], row["ts_quality"]), who, row["platform"], row["tier"], row["niche"] or "none", sure
        )
    return table


def _moment(at: datetime, quality: str) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if quality == "exact" else f"{at:%Y-%m-%d} (date only)"


def _steps(story: Story) -> Table:
    born = story.trend["born_at"]
    table = _plain("who", ">adopters", ">first, h", ">tenth, h", ">middle one, h", "")
    for row in story.steps:
        middle = datetime.fromtimestamp(row["middle_seconds"], UTC)
        note = f"{row['inexact_count']} by date only" if row["inexact_count"] else ""
        table.add_row(
            row["step"],
            str(row["adopter_count"]),
            _hours(row["first_at"] - born),
            "" if row["tenth_at"] is None else _hours(row["tenth_at"] - born),
            _hours(middle - born),
            note,
        )
    return table


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:.0f}"


def _effects(story: Story) -> Table:
    from pipelines.publish.trend_story import reason

    table = _plain(
        "micro creators before",
        ">adopters",
        "P (90% interval)",
        ">q",
        "hours earlier",
        ">level",
        "over all trends",
        "naive lead, h (middle of shuffled labels; p)",
    )
    for row in story.effects:
        counts = f"{row['lead_adopter_count']} / {row['target_adopter_count']}"
        naive = _naive(row)
        if row["abstain_reason"]:
            table.add_row(
                row["target_class"], counts, f"none: {reason(row['abstain_reason'])}", "", "", "", row["pooled_claim"], naive
            )
            continue
        table.add_row(
            row["target_class"],
            counts,
            _interval(row["precedence_probability"], row["precedence_low"], row["precedence_high"], 2),
            f"{row['q_value']:.3f}",
            _interval(row["shift_hours"], row["shift_low_hours"], row["shift_high_hours"], 0),
            str(row["evidence_level"]),
            row["pooled_claim"],
            naive,
        )
    return table


def _naive(row: dict[str, Any]) -> str:
    if row["naive_lead_hours"] is None:
        return ""
    null = (
        "" if row["naive_lead_null_hours"] is None else f" ({row['naive_lead_null_hours']:.0f}; {row['naive_lead_null_p']:.2g})"
    )
    return f"{row['naive_lead_hours']:.0f}{null}"


def _interval(value: float | None, low: float | None, high: float | None, places: int) -> str:
    if value is None:
        return "not known"
    return f"{value:.{places}f} ({low:.{places}f} to {high:.{places}f})"


def _pairs(story: Story) -> Table:
    table = _plain("first by name / other", ">adopters", ">P", "explained by the collection", ">q", "claim")
    told = [row for row in story.platform_pairs if row["claim"] != "abstained"]
    for row in told[:_FEW_PAIRS]:
        table.add_row(
            f"{row['platform_a']} / {row['platform_b']}",
            f"{row['adopter_count_a']} / {row['adopter_count_b']}",
            f"{row['precedence_probability']:.2f}",
            _interval(row["null_probability"], row["null_low"], row["null_high"], 2),
            f"{row['q_value']:.2f}",
            row["claim"],
        )
    left = len(story.platform_pairs) - min(len(told), _FEW_PAIRS)
    if left:
        table.add_row(f"[dim]{left} more in platform_precedence, {len(story.platform_pairs) - len(told)} of them abstained[/dim]")
    return table


def _measures(measures: list[Measure]) -> Table:
    table = _plain("", ">it", ">middle of the others", ">their middle half", ">at it or above")
    for measure in measures:
        half = "" if measure.low is None else f"{measure.written(measure.low)} to {measure.written(measure.high)}"
        above = "" if measure.at_or_above_count is None else f"{measure.at_or_above_count} of {measure.control_count}"
        table.add_row(measure.name, measure.written(measure.value) or "not known", measure.written(measure.middle), half, above)
    return table


def _evidence(story: Story) -> Table:
    table = _plain("for", ">level", "kind", "account", "at", ">value", ">q")
    for row in story.evidence:
        who = "" if row["account_key"] is None else row["account_key"][:8]
        table.add_row(
            row["target_class"],
            str(row["evidence_level"]),
            row["evidence_kind"].replace("_", " "),
            who,
            "" if row["observed_at"] is None else f"{row['observed_at']:%Y-%m-%d %H:%M}",
            "" if row["value"] is None else f"{row['value']:.3g}",
            "" if row["q_value"] is None else f"{row['q_value']:.2g}",
        )
    return table


def _mainstream(story: Story) -> Table:
    from pipelines.publish.trend_story import reason

    table = _plain(
        "class",
        ">level",
        ">items",
        ">stories",
        ">outlets",
        "lag, days",
        ">usual reaction, days",
        ">q of the excess",
        ">insiders before",
        "held back by",
    )
    for row in story.mainstream:
        told = row["abstain_reason"] or row["not_higher_reason"]
        table.add_row(
            row["target_class"],
            "" if row["evidence_level"] is None else str(row["evidence_level"]),
            str(row["item_count"]),
            str(row["syndication_group_count"]),
            str(row["outlet_count"]),
            _interval(row["lag_days"], row["lag_low_days"], row["lag_high_days"], 1) if row["lag_days"] is not None else "",
            "" if row["baseline_lag_days"] is None else f"{row['baseline_lag_days']:.1f}",
            "" if row["excess_q_value"] is None else f"{row['excess_q_value']:.2g}",
            "" if row["insider_adopter_count"] is None else str(row["insider_adopter_count"]),
            "" if told is None else reason(told),
        )
    return table


def _attention(story: Story) -> Table:
    table = _plain("", "", ">highest")
    for name, points in story.attention:
        step = -(-len(points) // _WIDEST)
        highest = max((point for point in points if point[1] is not None), key=lambda point: (point[1], point[0]), default=None)
        parts = [points[place : place + step] for place in range(0, len(points), step)]
        table.add_row(
            f"{name}, {points[0][0]:%d %b %Y} to {points[-1][0]:%d %b %Y}",
            bars(max((value for _, value, _ in part if value is not None), default=None) for part in parts),
            "" if highest is None else f"{highest[1]:.3g} on {highest[0]:%d %b %Y}",
        )
        table.add_row("  accounts that took it up", bars(float(sum(count for *_, count in part)) for part in parts), "")
    return table
