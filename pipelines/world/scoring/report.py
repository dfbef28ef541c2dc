"""Scores as people read them: a table on the terminal, and a few lines for the end of a run. Computes no score."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.world.scoring.rows import MEASURED, MISSED, NOT_APPLICABLE, NOT_PUBLISHED, OURS, STATES, WITHHELD

_COLOURS: Final = {"met": "green", "missed": "red"}
_SILENT: Final = (NOT_PUBLISHED, WITHHELD, NOT_APPLICABLE)
_CLAIM_WORDS: Final = {
    "lead_first": "yes",
    "target_first": "the others first",
    "none": "no",
    "abstained": "abstained",
    "any": "not told",
}


def number(value: float | None) -> str:
    """A value, short: none of the digits after the point for counts, three else, two that count where it is tiny."""
    if value is None:
        return ""
    return f"{value:.0f}" if value == int(value) else f"{value:.3f}" if abs(value) >= 0.001 else f"{value:.1e}"


def printed(console: Console, scores: pa.Table) -> None:
    """Print scores by task, ours beside the baselines and the target; what is not published is counted and named, never passed."""
    table = Table(
        "score", "by", "value", "95% interval", "over", "target", "status", "what it says", box=SIMPLE_HEAD, pad_edge=False
    )
    for column in (table.columns[2], table.columns[4]):
        column.justify = "right"
    for column in table.columns[1:7]:
        column.no_wrap = True
    rows = scores.to_pylist()
    told = [row for row in rows if row["status"] not in _SILENT]
    before: dict[str, Any] = {"task": None, "metric": None}
    for row in told:
        if row["task"] != before["task"]:
            table.add_section()
            table.add_row(f"[bold]{row['task']}[/bold]")
        is_new = (row["task"], row["metric"]) != (before["task"], before["metric"])
        table.add_row(f"  {row['metric']}" if is_new else "", *_cells(row))
        before = row
    console.print(table)
    for state, says in (
        (NOT_PUBLISHED, "not published"),
        (WITHHELD, "withheld"),
        (NOT_APPLICABLE, "nothing to measure in this world"),
    ):
        silent = [row for row in rows if row["status"] == state]
        if silent:
            console.print(f"{says} ({len(silent)}): {_named(silent, ours_only=state == NOT_PUBLISHED)}", markup=False)
    counts = {state: sum(row["status"] == state and row["estimator"] == OURS for row in rows) for state in STATES}
    console.print("published tables: " + ", ".join(f"{count} {state}" for state, count in counts.items() if count), markup=False)


def _cells(row: dict[str, Any]) -> list[str]:
    interval = f"{number(row['low'])} to {number(row['high'])}" if row["low"] is not None else ""
    said = f"planted {row['planted']}, found {row['found']}" if row["planted"] is not None and row["found"] is not None else ""
    # A rate over many worlds has a target that one world neither meets nor misses.
    of_seeds = " of seeds" if row["status"] == MEASURED else ""
    target = (
        f"{row['comparison']} {row['target_value']:g}{of_seeds}" if row["comparison"] and row["target_value"] is not None else ""
    )
    colour = _COLOURS.get(row["status"], "default")
    return [
        f"[bold]{row['estimator']}[/bold]" if row["estimator"] == OURS else row["estimator"], number(row["value"]), interval,
        f"{row['unit_count']:,}", target, f"[{colour}]{row['status']}[/]", escape("; ".join(text for text in (said, row["note"]) if text)),
    ]  # fmt: skip


def _named(rows: list[dict[str, Any]], *, ours_only: bool) -> str:
    by_task: dict[str, list[str]] = {}
    for row in rows:
        by_task.setdefault(row["task"], [])
        if not ours_only:
            by_task[row["task"]].append(row["metric"] if row["estimator"] == OURS else f"{row['metric']} [{row['estimator']}]")
    return "; ".join(f"{task}: {', '.join(metrics)}" if metrics else task for task, metrics in by_task.items())


def last_lines(scores: pa.Table) -> list[str]:
    """What was planted and what was found, in at most eight short lines for the end of a run."""
    rows = [row for row in scores.to_pylist() if row["estimator"] == OURS]
    ours = {row["metric"]: row for row in rows}
    lines = [
        *_claim(ours, "large creators", "large_creators"),
        *_claim(ours, "media", "media"),
        *_joined(_counts(ours, "planted trends found", "trends planted {planted}: found {found}")),
        *_joined(
            _counts(ours, "planted shocks that the shock gate holds", "shocks planted {planted}: gated {found}"),
            _counts(ours, "trends under way at the start that are gated", "under way at the start {planted}: gated {found}"),
        ),
        *_niches(ours),
        *_adoptions(ours),
        *_joined(
            _counts(ours, "planted outage days that coverage_days tells", "outage days planted {planted}: told {found}"),
            _counts(ours, "private accounts named in values or bytes", "private names in published files: {found}"),
        ),
    ]
    missed = sum(row["status"] == MISSED for row in rows)
    not_published = sum(row["status"] == NOT_PUBLISHED for row in rows)
    end = (
        f"targets missed {missed} (see the table); {not_published} scores not published yet"
        if missed
        else f"{not_published} scores not published yet"
    )
    return [*lines, end]


def _joined(*parts: list[str]) -> list[str]:
    found = [line for part in parts for line in part]
    return ["; ".join(found)] if found else []


def _claim(ours: dict[str, dict[str, Any]], words: str, target: str) -> list[str]:
    claim, mean = ours[f"wrong pooled claim, {target}"], ours[f"mean P(micro earlier), {target}"]
    if claim["found"] is None:
        return [f"micro creators first against {words}: {claim['status'].replace('_', ' ')}"]
    has_mean = mean["value"] is not None
    error_bar = (
        f" ({mean['value']:.2f}, 95% {mean['low']:.2f}..{mean['high']:.2f}, {mean['unit_count']} trends)" if has_mean else ""
    )
    planted, found = (_CLAIM_WORDS.get(claim[side], claim[side]) for side in ("planted", "found"))
    return [f"micro creators first against {words}: planted {planted}, claimed {found}{error_bar}"]


def _counts(ours: dict[str, dict[str, Any]], metric: str, pattern: str) -> list[str]:
    row = ours[metric]
    return [pattern.format(planted=row["planted"], found=row["found"])] if row["value"] is not None else []


def _niches(ours: dict[str, dict[str, Any]]) -> list[str]:
    agreement, assigned = ours["AMI of niche_members with the planted niches"], ours["members with a niche"]
    if agreement["value"] is None:
        return []
    return [f"niches planted {agreement['planted']}: AMI {agreement['value']:.2f} over {assigned['value']:.0%} of members"]


def _adoptions(ours: dict[str, dict[str, Any]]) -> list[str]:
    found, tier = ours["seen adoptions found within the hour"], ours["tier as of adoption"]
    if found["value"] is None:
        return []
    tiers = f", {tier['value']:.0%} with the true tier" if tier["value"] is not None else ""
    return [f"adoptions seen: {found['value']:.0%} found within the hour{tiers}"]
