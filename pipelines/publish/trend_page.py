"""A trend's story as one HTML page that needs no other file: charts as SVG. Asks nothing, computes no number of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from pipelines.publish.trend_story import TIERS, named, reason, shown_parts

if TYPE_CHECKING:
    from pipelines.publish.trend_story import Facet, Story

_WIDTH: Final = 640.0
_ROW: Final = 26.0
_COLOURS: Final = {
    "micro": "#1d7a74",
    "mid": "#6a9f3d",
    "macro": "#d08a28",
    "mega": "#a83f2c",
    "unknown": "#9aa5b1",
    "brand": "#7a4fa3",
    "media": "#2f4d8f",
}
_OTHER: Final = "#3b6f9c"
_FOREST_WIDTH: Final = 220.0


@dataclass(frozen=True, slots=True)
class _Bars:
    name: str
    count: int
    share: str
    colour: str
    rectangles: list[tuple[float, float, float, float, str]]


def trend_page(story: Story) -> str:
    """The page.

    Args:
        story: Of the trend.

    Returns:
        An HTML document.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("pipelines.publish", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": _number, "moment": _moment, "reason": reason}
    born = story.trend["born_at"]
    return environment.get_template("trend_page.html").render(
        story=story,
        name=named(story.trend["unit_type"], story.trend["label"]),
        facets=[(facet.title, _facet_bars(story, facet)) for facet in story.facets],
        row_height=_ROW,
        chart_width=_WIDTH,
        steps=[
            (
                row,
                _hours(row["first_at"], born),
                _hours(row["tenth_at"], born),
                _hours(datetime.fromtimestamp(row["middle_seconds"], UTC), born),
            )
            for row in story.steps
        ],
        curves=_curves(story),
        colours=_COLOURS,
        effects=[
            (row, _place(row["precedence_low"]), _place(row["precedence_probability"]), _place(row["precedence_high"]))
            for row in story.effects
        ],
        forest_width=_FOREST_WIDTH,
        measures=[
            (each, *(each.written(value) for value in (each.value, each.low, each.middle, each.high))) for each in story.measures
        ],
        pairs=[row for row in story.platform_pairs if row["claim"] != "abstained"],
        attention=[(name, _series(points)) for name, points in story.attention],
    )


def _hours(at: datetime | None, born: datetime) -> str:
    return "" if at is None else f"{(at - born).total_seconds() / 3600:.0f}"


def _place(probability: float | None) -> float | None:
    return None if probability is None else probability * _FOREST_WIDTH


def _number(value: float | None, places: int = 2) -> str:
    return "" if value is None else f"{value:.{places}f}".replace("-", "\u2212")


def _moment(value: datetime | None) -> str:
    return "" if value is None else f"{value:%Y-%m-%d %H:%M}"


def _facet_bars(story: Story, facet: Facet) -> list[_Bars]:
    every = sum(sum(days) for _, days in facet.parts)
    first = story.days[0].toordinal()
    found = []
    for name, days in shown_parts(facet):
        top, step = max(days, default=0) or 1, _WIDTH / max(len(days), 1)
        rectangles = []
        for place, count in enumerate(days):
            if count:
                height = max(count / top * (_ROW - 6), 2.0)
                day = datetime.fromordinal(first + place)
                rectangles.append((place * step, _ROW - 2 - height, max(step - 1, 0.8), height, f"{name}, {day:%d %b}: {count}"))
        colour = _COLOURS.get(name, _OTHER)
        found.append(_Bars(name, sum(days), f"{sum(days) / every:.0%}" if every else "", colour, rectangles))
    return found


def _curves(story: Story) -> list[tuple[str, int, str]]:
    """By size and class of outlet, the share of its adopters so far by day, as the points of a line."""
    order = [*TIERS, "brand", "media"]
    found = []
    for name, days in sorted(story.facets[0].parts, key=lambda part: order.index(part[0])):
        total, sofar, points = sum(days), 0, []
        step = _WIDTH / max(len(days), 1)
        for place, count in enumerate(days):
            points.append(f"{place * step:.1f},{(1 - sofar / total) * 180:.1f}")
            sofar += count
            points.append(f"{place * step:.1f},{(1 - sofar / total) * 180:.1f}")
        points.append(f"{_WIDTH:.1f},{(1 - sofar / total) * 180:.1f}")
        found.append((name, total, " ".join(points)))
    return found


def _series(points: list[tuple[datetime, float | None, int]]) -> dict[str, Any]:
    """A series of attention as a line, and the adopters of its periods as bars below it."""
    top = max((value for _, value, _ in points if value is not None), default=0.0) or 1.0
    most = max(count for *_, count in points) or 1
    step = _WIDTH / len(points)
    lines: list[list[str]] = [[]]
    for place, (_, value, _) in enumerate(points):
        # A gap is no zero: the line stops.
        if value is None:
            lines.append([])
        else:
            lines[-1].append(f"{(place + 0.5) * step:.1f},{(1 - value / top) * 60 + 4:.1f}")
    return {
        "lines": [" ".join(line) for line in lines if line],
        "bars": [
            (place * step, count / most * 30, max(step - 1, 0.8), count, f"{at:%d %b}")
            for place, (at, _, count) in enumerate(points)
            if count
        ],
        "top": f"{top:.3g}",
        "first": f"{points[0][0]:%d %b %Y}",
        "last": f"{points[-1][0]:%d %b %Y}",
    }
