"""A month's niches as a picture (SVG): sized by members, coloured by a measure, near where they are alike. Computes no measure."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final
from xml.sax.saxutils import escape

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.publish.niche_graph import niche_graph, written

Floats = NDArray[np.float64]
_WIDTH: Final = 1200.0
_HEIGHT: Final = 900.0
_MARGIN: Final = 40.0
_HEAD: Final = 108.0
_FOOT: Final = 104.0
_GAP: Final = 8.0
_SMALLEST_RADIUS: Final = 5.0
_LARGEST_RADIUS: Final = 96.0
_LEGEND_RADIUS: Final = 29.0
_COVERED_SHARE: Final = 0.17
_GROWTHS: Final = 4
_MOST_PUSHED: Final = 200
_EDGES_OF_A_NICHE: Final = 3
_LINE: Final = 1.2
_LABEL_LINES: Final = 3
_INK: Final = "#1f2933"
_SOFT_INK: Final = "#5f6c7b"
_UNKNOWN: Final = "#e4e7eb"
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_FONTS: Final = (
    "Inter, 'Helvetica Neue', Arial, 'Noto Sans', 'Noto Sans CJK SC', 'Noto Sans CJK JP', 'PingFang SC', 'Hiragino Sans', "
    "'Microsoft YaHei', 'DejaVu Sans', sans-serif"
)
_STYLE: Final = (
    f"text{{font-family:{_FONTS};fill:{_INK}}}.head{{font-size:26px;font-weight:600}}.note{{font-size:14px;fill:{_SOFT_INK}}}"
    f".key{{font-size:13px;font-weight:600}}.tick{{font-size:12px;fill:{_SOFT_INK}}}.name{{text-anchor:middle}}"
    ".beneath{paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}.niche{stroke:#fff;stroke-width:1.5}"
    f".unknown{{fill:{_UNKNOWN};stroke:#9aa5b1;stroke-dasharray:3 2}}.lead{{stroke:#9aa5b1;stroke-width:.8}}.shared{{stroke:#8795a5;stroke-linecap:round}}"
)
_LOW_TO_HIGH: Final = ("#e3f1e4", "#a9d8b8", "#62b6a8", "#2b8a97", "#1d5b82", "#1b2f5c")
_FALL_TO_RISE: Final = ("#9a4a16", "#d58a4a", "#f0cfa6", "#f2f2ef", "#a9d5cf", "#459d96", "#0d5f5c")


@dataclass(frozen=True)
class Colouring:
    """What the colour of a circle says.

    Attributes:
        column: Of the niches table.
        title: Of its legend.
        low: Value of the first colour.
        high: Value of the last colour; beyond it the colour stays.
        is_change: Whether the middle is "no change" (two hues) and not a value like others (one row of hues).
        is_percent: Whether values are written as percentages.
    """

    column: str
    title: str
    low: float
    high: float
    is_change: bool = False
    is_percent: bool = False


BY_DISTINCTNESS: Final = Colouring("distinctness_bits", "Distinctness from the other niches (bits)", 0.0, 1.0)
BY_GROWTH: Final = Colouring(
    "member_growth", "Change of members since the month before", -0.5, 0.5, is_change=True, is_percent=True
)


@dataclass(frozen=True)
class _Label:
    lines: list[str]
    size: float
    width: float
    is_inside: bool

    @property
    def height(self) -> float:
        return len(self.lines) * self.size * _LINE


@dataclass(frozen=True)
class _Layout:
    """Middles of the boxes that hold a circle and its label, and where the plot ends."""

    middles: Floats
    height: float


def _is_wide(character: str) -> bool:
    """Whether a character is as wide as high, and lines may break beside it."""
    return unicodedata.east_asian_width(character) in "WF"


def text_width(text: str, size: float) -> float:
    """Width of a text in a sans-serif font, estimated from above; no font is opened.

    Args:
        text: One line.
        size: Of the font, pixels.
    """
    total = 0.0
    for character in text:
        if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
            continue
        if _is_wide(character):
            total += 1.02
        elif character in "il.,:;'|!I":
            total += 0.36
        elif character in " jtfr()[]-/":
            total += 0.44
        elif character in "mwMW@%&":
            total += 0.98
        else:
            total += 0.74 if character.isupper() else 0.64
    return total * size


def _shortened(text: str, size: float, width: float) -> str:
    """The text, or as much of it as fits and an ellipsis."""
    if text_width(text, size) <= width:
        return text
    while text and text_width(text + "…", size) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def wrapped(text: str, size: float, width: float) -> list[str]:
    """Break a name into at most three lines, at spaces where it has them, between characters in scripts without spaces.

    Args:
        text: The name.
        size: Of the font, pixels.
        width: Of a line, pixels.

    Returns:
        The lines; what does not fit ends in an ellipsis.
    """
    pieces: list[str] = []
    for word in text.split():
        run, fits = "", text_width(word, size) <= width
        for character in word:
            is_wide = _is_wide(character)
            if run and (is_wide or (not fits and text_width(run + character + "-", size) > width)):
                pieces.append(run if is_wide or _is_wide(run[-1]) else run + "-")
                run = ""
            run += character
        pieces.append(run + " ")
    lines = [""]
    for number, piece in enumerate(pieces):
        if text_width((lines[-1] + piece).rstrip(), size) <= width or not lines[-1]:
            lines[-1] += piece
        elif len(lines) < _LABEL_LINES:
            lines.append(piece)
        else:
            lines[-1] = _shortened(lines[-1] + "".join(pieces[number:]), size, width)
            break
    return [line.strip() for line in lines if line.strip()] or ["?"]


def _must_break(text: str, size: float, width: float) -> bool:
    """Whether a word is wider than a line, in a script that has spaces between words."""
    return any(text_width(word, size) > width and not any(map(_is_wide, word)) for word in text.split())


def _label(name: str, radius: float, size: float) -> _Label:
    """Label inside the circle where the whole name fits there, else beneath it."""
    for inside in (size * 1.1, size):
        room = 2 * radius * 0.8
        lines = wrapped(name, inside, room) if room > 3 * inside else []
        corner = np.hypot(max((text_width(line, inside) for line in lines), default=0.0), len(lines) * inside * _LINE) / 2
        if lines and corner <= radius - 4 and not lines[-1].endswith("…") and not _must_break(name, inside, room):
            return _Label(lines, inside, max(text_width(line, inside) for line in lines), is_inside=True)
    lines = wrapped(name, size, 11.5 * size)
    return _Label(lines, size, max(text_width(line, size) for line in lines), is_inside=False)


def _scaled(distances: Floats) -> Floats:
    """Places in the plane: classical scaling (Torgerson 1952), then least squares of distances (SMACOF, de Leeuw 1977)."""
    size = distances.shape[0]
    middle = np.eye(size) - 1 / size
    values, vectors = np.linalg.eigh(np.round(-middle @ distances**2 @ middle / 2, 12))
    start = vectors[:, ::-1][:, :2] * np.sqrt(np.maximum(values[::-1][:2], 0))
    # A turn of the sunflower for each niche in order, so that equal distances do not put all niches in one place.
    turn = np.arange(size) * np.pi * (3 - np.sqrt(5))
    spiral = np.sqrt((np.arange(size) + 0.5) / size)[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    for axis in range(start.shape[1]):
        strongest = int(np.argmax(np.round(np.abs(start[:, axis]), 6)))
        start[:, axis] *= -1 if start[strongest, axis] < 0 else 1
    places = np.zeros((size, 2))
    places[:, : start.shape[1]] = start
    places = places + 0.15 * spiral
    # Unlike niches may be anywhere far: only like ones are held to their distance.
    weights = 1 / np.maximum(distances, 0.1) ** 2
    np.fill_diagonal(weights, 0.0)
    laplacian = np.diag(weights.sum(axis=1)) - weights
    inverse = np.linalg.pinv(laplacian)
    for _ in range(150):
        apart = np.linalg.norm(places[:, None] - places[None, :], axis=2)
        pull = -weights * distances / np.maximum(apart, 1e-9)
        np.fill_diagonal(pull, 0.0)
        np.fill_diagonal(pull, -pull.sum(axis=1))
        places = inverse @ (pull @ places)
    return np.asarray(places - places.mean(axis=0))


def _wide(places: Floats) -> Floats:
    """Turned so that the longest axis lies flat, the same way for the same places."""
    if places.shape[0] < 2:
        return places
    _, _, axes = np.linalg.svd(places, full_matrices=False)
    turned = places @ axes.T
    for axis in range(turned.shape[1]):
        strongest = int(np.argmax(np.round(np.abs(turned[:, axis]), 6)))
        turned[:, axis] *= -1 if turned[strongest, axis] < 0 else 1
    return np.asarray(turned)


def _pushed_apart(middles: Floats, boxes: Floats, width: float, height: float) -> Floats | None:
    """Boxes moved as little as it takes until none overlaps another; None where there is no room.

    Args:
        middles: Where the boxes should be, box x 2.
        boxes: Width and height of each, pixels.
        width: Of the plot.
        height: Of the plot.
    """
    half = boxes / 2
    low, high = half, np.array([width, height]) - half
    if bool((high < low).any()):
        return None
    places = np.clip(middles, low, high)
    size = places.shape[0]
    for round_number in range(400):
        gap = places[None, :] - places[:, None]
        overlap = half[:, None] + half[None, :] + _GAP - np.abs(gap)
        overlap[np.arange(size), np.arange(size)] = 0
        hit: NDArray[np.bool_] = np.asarray((overlap > 1e-6).all(axis=2))
        if not hit.any():
            return places
        # Along the axis that needs the smaller move; boxes in one place part in the order of their numbers.
        along = np.argmin(overlap, axis=2)
        sign = np.sign(gap)
        order = np.sign(np.arange(size)[None, :] - np.arange(size)[:, None])[:, :, None]
        sign = np.where(np.abs(gap) < 1e-9, order, sign)
        push = np.where((along[:, :, None] == np.arange(2)) & hit[:, :, None], overlap * sign, 0.0)
        # Boxes with many neighbours move less for each, or they would be thrown to and fro.
        moved = places - 0.5 * push.sum(axis=1) / np.sqrt(np.maximum(hit.sum(axis=1), 1))[:, None]
        if round_number < 150:
            moved += 0.01 * (middles - moved)
        places = np.clip(moved, low, high)
    return None


def _in_rows(middles: Floats, boxes: Floats, width: float) -> tuple[Floats, float]:
    """Boxes in rows from the top, each where it fits, in the order of their places; and how high the rows are."""
    places, left, top, row_height = np.zeros_like(middles), 0.0, 0.0, 0.0
    for index in np.lexsort((middles[:, 0], np.round(middles[:, 1] / 100))):
        if left and left + boxes[index, 0] > width:
            left, top, row_height = 0.0, top + row_height + _GAP, 0.0
        places[index] = left + boxes[index, 0] / 2, top + boxes[index, 1] / 2
        left, row_height = left + boxes[index, 0] + _GAP, max(row_height, boxes[index, 1])
    return places, top + row_height


def _laid_out(places: Floats, boxes: Floats) -> _Layout:
    """Boxes in the plot without overlaps; the plot grows downwards where they find no room, and rows always find some."""
    width, height = _WIDTH - 2 * _MARGIN, _HEIGHT - _HEAD - _FOOT
    corner = np.array([_MARGIN, _HEAD])
    extent = np.maximum(np.ptp(places, axis=0), 1e-9)
    middle = (places.max(axis=0) + places.min(axis=0)) / 2
    wanted = places
    # What covers more than a third of a plot is seldom pushed apart, and what is very many never soon.
    height = max(height, float(boxes.prod(axis=1).sum()) / (0.36 * width))
    for growth in range(_GROWTHS if boxes.shape[0] <= _MOST_PUSHED else 0):
        room = np.maximum(np.array([width, height]) - boxes.max(axis=0), 1.0)
        scale = room / extent
        # At first not more than half again as wide as it is high: distances should mean the same in both directions.
        scale = np.minimum(scale, (1.5 + growth) * scale.min())
        wanted = np.array([width, height]) / 2 + (places - middle) * scale
        found = _pushed_apart(wanted, boxes, width, height)
        if found is not None:
            return _Layout(found + corner, height)
        height *= 1.2
    found, height = _in_rows(wanted, boxes, width)
    return _Layout(found + corner, max(height, _HEIGHT - _HEAD - _FOOT))


def _mixed(colours: tuple[str, ...], place: float) -> str:
    """Colour at a place between 0 and 1 of a row of colours."""
    at = min(max(place, 0.0), 1.0) * (len(colours) - 1)
    first = min(int(at), len(colours) - 2)
    parts = [[int(colour[index : index + 2], 16) for index in (1, 3, 5)] for colour in colours[first : first + 2]]
    return "#" + "".join(f"{round(a + (b - a) * (at - first)):02x}" for a, b in zip(*parts, strict=True))


def _is_dark(colour: str) -> bool:
    """Whether white reads better on a colour than black does (contrast of WCAG 2)."""
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.2


def _round_sizes(largest: float) -> list[int]:
    """Up to three round numbers for the legend of sizes, falling, at most as large as given."""
    steps = [factor * 10**power for power in range(12) for factor in (1, 2, 5)]
    return [step for step in steps if step <= max(largest, 1)][:-6:-2]


def _drawn_edges(edges: pa.Table, place: dict[str, int]) -> list[tuple[int, int, float]]:
    """Edges that are among the three strongest of one of their ends, weakest first."""
    rows = [
        (place[one], place[two], weight)
        for one, two, weight in zip(*(edges[name].to_pylist() for name in ("source", "target", "weight")), strict=True)
        if weight > 0
    ]
    rows.sort(key=lambda row: (-round(row[2], 9), row[0], row[1]))
    seen = dict.fromkeys(range(len(place)), 0)
    kept = []
    for one, two, weight in rows:
        if min(seen[one], seen[two]) < _EDGES_OF_A_NICHE:
            kept.append((one, two, weight))
        seen[one] += 1
        seen[two] += 1
    return kept[::-1]


def _value(value: float, colouring: Colouring) -> str:
    if colouring.is_percent:
        return f"{value * 100:+.0f}%".replace("+0%", "0%").replace("-", "\u2212")
    return f"{value:.2g}"


def _legend(
    colouring: Colouring, scale: Callable[[float], float], smallest: int, largest: float, top: float, *, has_unknown: bool
) -> list[str]:
    """Scale of sizes to the left, of colours to the right."""
    # Circles in one another, with lines from their tops to their numbers; none where all niches are larger than what fits here.
    sizes = [size for size in _round_sizes(largest) if scale(size) > _SMALLEST_RADIUS and size >= smallest]
    parts = [f'<text x="{_MARGIN:.0f}" y="{top + 12:.1f}" class="key">Members</text>'] if sizes else []
    foot, outer = top + 78.0, scale(sizes[0]) if sizes else 0.0
    x = _MARGIN + outer
    for number, size in enumerate(sizes):
        radius = scale(size)
        line = min(foot - 2 * radius, foot - 14.0 * (len(sizes) - number) + 8)
        parts.append(f'<circle cx="{x:.1f}" cy="{foot - radius:.1f}" r="{radius:.1f}" fill="none" stroke="{_SOFT_INK}"/>')
        parts.append(f'<path d="M{x:.1f} {foot - 2 * radius:.1f}L{x + outer + 12:.1f} {line:.1f}" class="lead"/>')
        parts.append(f'<text x="{x + outer + 16:.1f}" y="{line + 4:.1f}" class="tick">{size:,}</text>')
    colours = _FALL_TO_RISE if colouring.is_change else _LOW_TO_HIGH
    left, width = _WIDTH - _MARGIN - 320, 320.0
    stops = "".join(
        f'<stop offset="{index / (len(colours) - 1):.3f}" stop-color="{colour}"/>' for index, colour in enumerate(colours)
    )
    parts.append(f'<defs><linearGradient id="ramp">{stops}</linearGradient></defs>')
    parts.append(f'<text x="{left:.1f}" y="{top + 12:.1f}" class="key">{escape(colouring.title)}</text>')
    parts.append(f'<rect x="{left:.1f}" y="{top + 24:.1f}" width="{width:.0f}" height="14" rx="2" fill="url(#ramp)"/>')
    for place, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        value = colouring.low + place * (colouring.high - colouring.low)
        x = left + place * width
        parts.append(
            f'<text x="{x:.1f}" y="{top + 54:.1f}" class="tick" text-anchor="{anchor}">{_value(value, colouring)}</text>'
        )
    if has_unknown:
        x = left - 150
        parts.append(f'<circle cx="{x:.1f}" cy="{top + 31:.1f}" r="8" class="unknown"/>')
        parts.append(f'<text x="{x + 15:.1f}" y="{top + 35:.1f}" class="tick">not known</text>')
    return parts


def niche_map(niches: pa.Table, edges: pa.Table, month: date, colouring: Colouring = BY_DISTINCTNESS) -> str:
    """Draw the niches of a month.

    Niches that are alike are near each other: places are scaled from ``1 - weight`` and then pushed apart until no
    circle and no label overlaps another, so that a distance is an impression and not a measure. The same tables give the same picture,
    whatever the order of their rows.

    Args:
        niches: ``niche_id``, ``name``, ``member_count`` and the column of the colouring, NULL where unknown.
        edges: ``niche_id``, ``other_niche_id``, ``weight`` in [0, 1]: overlap or cosine.
        month: For the caption.
        colouring: See :class:`Colouring`.

    Returns:
        An SVG document that needs no other file.

    Raises:
        ValueError: As :func:`pipelines.publish.niche_graph.niche_graph`; or a weight above 1.
    """
    graph = niche_graph(niches, edges)
    ids, names = graph.nodes["id"].to_pylist(), [written(name) for name in graph.nodes["label"].to_pylist()]
    members, values = graph.nodes["member_count"].to_pylist(), graph.nodes[colouring.column].to_pylist()
    count = len(ids)
    place = {identity: index for index, identity in enumerate(ids)}
    distances = 1 - np.eye(count)
    for one, two, weight in zip(*(graph.edges[name].to_pylist() for name in ("source", "target", "weight")), strict=True):
        if weight > 1 + 1e-9:
            raise ValueError(f"the weight between {one} and {two} is {weight}, and no share")
        distances[place[one], place[two]] = distances[place[two], place[one]] = 1 - min(weight, 1.0)

    sizes = np.sqrt(np.maximum(np.array(members, dtype=np.float64), 0))
    area = (_WIDTH - 2 * _MARGIN) * (_HEIGHT - _HEAD - _FOOT) * _COVERED_SHARE
    factor = min(
        np.sqrt(area / np.pi / max(float((sizes**2).sum()), 1.0)), _LARGEST_RADIUS / max(float(sizes.max(initial=1)), 1.0)
    )
    radii = np.maximum(factor * sizes, _SMALLEST_RADIUS)
    font = 14.0 if count <= 15 else 13.0 if count <= 30 else 12.0
    labels = [_label(name, radius, font) for name, radius in zip(names, radii, strict=True)]
    boxes = np.array(
        [
            (2 * radius, 2 * radius) if label.is_inside else (max(2 * radius, label.width), 2 * radius + 3 + label.height)
            for label, radius in zip(labels, radii, strict=True)
        ]
    ).reshape(count, 2)
    layout = _laid_out(_wide(_scaled(distances)) if count > 1 else np.zeros((count, 2)), boxes) if count else None
    height = _HEAD + (layout.height if layout else 200.0) + _FOOT
    colours = _FALL_TO_RISE if colouring.is_change else _LOW_TO_HIGH
    span = colouring.high - colouring.low
    fills = [_UNKNOWN if value is None else _mixed(colours, (value - colouring.low) / span) for value in values]

    title = f"Niches in {_MONTHS[month.month - 1]} {month.year}"
    caption = (
        [
            f"{count:,} niches with {sum(members):,} members, {min(members):,} to {max(members):,} each: the area of a circle.",
            "Niches that are alike are near each other; lines join each niche to the three that it is most like.",
        ]
        if count
        else ["No niche was found in this month."]
    )
    extent = f'viewBox="0 0 {_WIDTH:.0f} {height:.0f}" width="{_WIDTH:.0f}" height="{height:.0f}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {extent} role="img" aria-labelledby="title caption">',
        f'<title id="title">{title}</title>',
        f'<desc id="caption">{escape(" ".join(caption))}</desc>',
        f"<style>{_STYLE}</style>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{_MARGIN:.0f}" y="46" class="head">{title}</text>',
        *(f'<text x="{_MARGIN:.0f}" y="{74 + 19 * number}" class="note">{line}</text>' for number, line in enumerate(caption)),
    ]
    if layout:
        tops = layout.middles[:, 1] - boxes[:, 1] / 2
        middles = np.stack([layout.middles[:, 0], tops + radii], axis=1)
        for one, two, weight in _drawn_edges(graph.edges, place):
            ends = " ".join(
                f'{axis}{end}="{middles[node, dimension]:.1f}"'
                for end, node in ((1, one), (2, two))
                for dimension, axis in enumerate("xy")
            )
            parts.append(
                f'<line {ends} class="shared" stroke-width="{0.8 + 6 * weight:.2f}" stroke-opacity="{0.18 + 0.45 * weight:.2f}"/>'
            )
        for index in np.argsort(-radii, kind="stable").tolist():
            parts += _circle(
                names[index], members[index], values[index], fills[index], (*middles[index], radii[index]), colouring
            )
        for label, middle, radius, fill, value in zip(labels, middles, radii, fills, values, strict=True):
            parts += _written_label(label, middle, float(radius), is_light=value is not None and _is_dark(fill))
    parts += _legend(
        colouring,
        lambda number: max(factor * float(np.sqrt(number)), _SMALLEST_RADIUS),
        min(members, default=1),
        min(float(max(members, default=1)), (_LEGEND_RADIUS / factor) ** 2),
        height - _FOOT + 14,
        has_unknown=any(value is None for value in values),
    )
    return "\n".join([*parts, "</svg>\n"])


def _circle(
    name: str, members: int, value: float | None, fill: str, circle: tuple[float, float, float], colouring: Colouring
) -> list[str]:
    x, y, radius = circle
    look = 'class="unknown"' if value is None else f'class="niche" fill="{fill}"'
    told = "" if value is None else f"; {colouring.title}: {_value(value, colouring)}"
    tip = escape(f"{name}: {members:,} members{told}")
    return [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" {look}><title>{tip}</title></circle>']


def _written_label(label: _Label, middle: Floats, radius: float, *, is_light: bool) -> list[str]:
    x, y = float(middle[0]), float(middle[1])
    step = label.size * _LINE
    first = y - label.height / 2 + step * 0.79 if label.is_inside else y + radius + 3 + step * 0.79
    colour = ' style="fill:#fff"' if is_light and label.is_inside else ""
    kind = "name" if label.is_inside else "name beneath"
    return [
        f'<text x="{x:.1f}" y="{first + number * step:.1f}" class="{kind}" font-size="{label.size:.1f}"{colour}>{escape(line)}</text>'
        for number, line in enumerate(label.lines)
    ]
