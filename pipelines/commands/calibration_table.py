"""A calibration as people read it: claims by world and metric beside the naive ones, and what the run was. Judges nothing, runs nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.table import Table

from pipelines.world.calibration_rows import (
    FAILED,
    FALSE_DIRECTIONS,
    LEAD_FIRST,
    MEASURED,
    PASSED,
    PUBLISHED,
    TARGET_FIRST,
    upper_bound,
)
from pipelines.world.rounds import seeds_by_world
from pipelines.world.worlds import WORLDS

TOO_FEW: Final = "few seeds"
_COLOURS: Final = {PASSED: "green", FAILED: "red", TOO_FEW: "yellow"}
_METRICS: Final = {
    "claims_large_creators": "large",
    "claims_mid_creators": "mid",
    "claims_media": "media",
    "origin_micro": "origin",
}
_NAIVE_WIDTH: Final = 25
_TRUTHS: Final = {"none": "nobody", "lead_first": "micro", "target_first": "others", "any": "any"}
_NAIVE_WORDS: Final = {
    "naive_lead_sign": "lead sign",
    "naive_first": "first",
    "naive_origin_excess": "excess",
    "latest_tier": "tier of today",
}

Row = Mapping[str, Any]


def status_in_words(row: Row) -> str:
    """A row's status; of one that failed because so few seeds cannot pass, that."""
    is_too_few = row["status"] == FAILED and upper_bound(0, row["seed_count"]) > row["limit"]
    return TOO_FEW if is_too_few else str(row["status"])


def calibration_table(rows: Sequence[Row]) -> Table:
    """Published claims by world and metric, within 120 columns: counts of micro creators / of the others, their upper bounds, limit.

    Args:
        rows: Judged rows of a calibration.
    """
    table = Table(
        "world", "metric", "truth", "seeds", "claims", "95% bounds", "limit", "status", "naive claims", box=SIMPLE_HEAD, pad_edge=False,
        padding=(0, 1, 0, 0), caption="metric: micro creators against large creators, mid creators, media, and their origin odds;\n"
        "claims and bounds of false ones: micro creators first / the others first; truth any: the world says nothing of it", caption_justify="left",
    )  # fmt: skip
    for column in table.columns[:-1]:
        column.no_wrap = True
    table.columns[-1].max_width = _NAIVE_WIDTH
    for number in (3, 4, 5):
        table.columns[number].justify = "right"
    by_estimator = {(row["world"], row["metric"], row["estimator"]): row for row in rows if row["lead_first_count"] is not None}
    world = None
    for name, metric in _in_order(row for (*_, estimator), row in by_estimator.items() if estimator == PUBLISHED):
        row = by_estimator[name, metric, PUBLISHED]
        if name != world:
            table.add_section()
        status = status_in_words(row)
        naive = ", ".join(
            f"{_NAIVE_WORDS[estimator]} {other['lead_first_count']}/{other['target_first_count']}"
            for (of_world, of_metric, estimator), other in by_estimator.items()
            if (of_world, of_metric) == (name, metric) and estimator in _NAIVE_WORDS
        )
        table.add_row(
            name if name != world else "", _METRICS.get(metric, metric), _TRUTHS[row["truth"]], f"{row['seed_count']}",
            f"{row['lead_first_count']}/{row['target_first_count']}", _bounds(row),
            f"{row['limit']:.3f}" if row["is_gating"] else "", f"[{_COLOURS.get(status, 'default')}]{status}[/]", naive,
        )  # fmt: skip
        world = name
    return table


def _bounds(row: Row) -> str:
    """Upper bounds of the directions that are false in the world; a dash for the others."""
    false = FALSE_DIRECTIONS[row["truth"]]
    return "/".join(f"{row[f'{direction}_upper']:.3f}" if direction in false else "-" for direction in (LEAD_FIRST, TARGET_FIRST))


def _in_order(rows: Iterable[Row]) -> list[tuple[str, str]]:
    """World and metric: worlds as they are listed, those of no name last; metrics by name."""
    places = {name: place for place, name in enumerate(WORLDS)}
    return sorted(((row["world"], row["metric"]) for row in rows), key=lambda key: (places.get(key[0], len(places)), *key))


def run_in_words(rows: Sequence[Row]) -> Iterator[str]:
    """How much was run: worlds, their seeds, seconds; and which worlds are not decided."""
    seeds = seeds_by_world(rows)
    if not seeds:
        return
    timed = [row for row in rows if row["metric"] == "seconds_per_world"]
    total = sum(seeds.values())
    seconds = sum(row["value"] * row["seed_count"] for row in timed) / total if timed else None
    pace = f", {seconds:.1f} s of a processor each" if seconds is not None else ""
    yield f"{len(seeds)} worlds, {min(seeds.values())} to {max(seeds.values())} seeds: {total:,} runs{pace}"
    few = sorted({row["world"] for row in rows if status_in_words(row) == TOO_FEW})
    if few:
        yield f"{len(few)} worlds have too few seeds to be cleared, even without a false claim: give more time or --seeds"
    counts = Counter(status_in_words(row) for row in rows if row["is_gating"])
    measured = sum(
        row["status"] == MEASURED and row["estimator"] == PUBLISHED and row["lead_first_count"] is not None for row in rows
    )
    yield (
        f"gating claims: {counts[PASSED]} within their limits, {counts[FAILED]} over them, {counts[TOO_FEW]} of too few seeds;"
        f" {measured} claims of which their world says nothing"
    )
