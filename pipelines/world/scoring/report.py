"""Scores as people read them: a table on the terminal, and a few lines for the end of a run. Computes no score."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
from rich.console import Console
from rich.table import Table

from pipelines.world.scoring.rows import MISSED, NOT_APPLICABLE, NOT_PUBLISHED, OURS, STATES, WITHHELD

_COLOURS: Final = {"met": "green", "missed": "red"}
_SILENT: Final = (NOT_PUBLISHED, WITHHELD, NOT_APPLICABLE)
_MOST_LINES: Final = 8
_CLAIM_WORDS: Final = {"lead_first": "yes", "target_first": "the others first", "none": "no", "abstained": "abstained", "any": "not told"}


def number(value: float | None) -> str:
    """A value, short: three digits after the point, none for counts."""
    return "" if value is None else f"{value:.0f}" if abs(value) >= 1 and value == int(value) else f"{value:.3f}"


def printed(console: Console, scores: pa.Table) -> None:
    """Print scores by task, ours beside the baselines and the target; what is not published is counted and named, never passed."""
    table = Table("task", "metric", "estimator", "value", "95% interval", "over", "target", "status", "note")
    for name in ("value", "over"):
        next(column for column in table.columns if column.header == name).justify = "right"
    rows = scores.to_pylist()
    last_task, last_metric = None, None
    for row in rows:
        if row["status"] in _SILENT:
            continue
        ours = row["estimator"] == OURS
        interval = f"{number(row['low'])} to {number(row['high'])}" if row["low"] is not None else ""
        told = f"planted {row['planted']}, found {row['found']}" if row["planted"] is not None and row["found"] is not None else ""
        table.add_row(
            row["task"] if row["task"] != last_task else "",
            row["metric"] if (row["task"], row["metric"]) != last_metric else "",
            f"[bold]{row['estimator']}[/bold]" if ours else row["estimator"],
            number(row["value"]), interval, f"{row['unit_count']:,}", row["target"] or "" if ours else "",
            f"[{_COLOURS[row['status']]}]{row['status']}[/]" if row["status"] in _COLOURS else row["status"],
            "; ".join(text for text in (told, row["note"]) if text),
        )  # fmt: skip
        last_task, last_metric = row["task"], (row["task"], row["metric"])
    console.print(table)
    for state, says in ((NOT_PUBLISHED, "not published"), (WITHHELD, "withheld"), (NOT_APPLICABLE, "nothing to measure in this world")):
        silent = [row for row in rows if row["status"] == state]
        if silent:
            console.print(f"{says} ({len(silent)}): {_named(silent, ours_only=state == NOT_PUBLISHED)}", markup=False)
    counts = {state: sum(row["status"] == state and row["estimator"] == OURS for row in rows) for state in STATES}
    console.print("published tables: " + ", ".join(f"{count} {state}" for state, count in counts.items() if count), markup=False)


def _named(rows: list[dict[str, Any]], *, ours_only: bool) -> str:
    by_task: dict[str, list[str]] = {}
    for row in rows:
        by_task.setdefault(row["task"], [])
        if not ours_only:
            by_task[row["task"]].append(row["metric"] if row["estimator"] == OURS else f"{row['metric']} [{row['estimator']}]")
    return "; ".join(f"{task}: {', '.join(metrics)}" if metrics else task for task, metrics in by_task.items())


def last_lines(scores: pa.Table) -> list[str]:
    """What was planted and what was found, in at most eight short lines for the end of a run."""
    ours = {row["metric"]: row for row in scores.to_pylist() if row["estimator"] == OURS}
    lines = [
        *_claim(ours, "large creators", "large_creators"),
        *_claim(ours, "media", "media"),
        *_counts(ours, "planted trends found", "trends planted {planted}: found {found}"),
        *_counts(ours, "planted shocks that the shock gate holds", "shocks planted {planted}: gated {found}"),
        *_counts(ours, "trends under way at the start that are gated", "trends under way at the start {planted}: gated {found}"),
        *_niches(ours),
        *_adoptions(ours),
        *_counts(ours, "planted outage days that coverage_days tells", "outage days planted {planted}: told {found}"),
        *_counts(ours, "names and ids of private accounts, in values and bytes", "private names in published files: found {found}"),
    ]
    missed = sum(row["status"] == MISSED for row in ours.values())
    not_published = sum(row["status"] == NOT_PUBLISHED for row in ours.values())
    end = f"targets missed {missed} (see the table); {not_published} scores not published yet" if missed else f"{not_published} scores not published yet"
    return [*lines[: _MOST_LINES - 1], end]


def _claim(ours: dict[str, dict[str, Any]], words: str, target: str) -> list[str]:
    claim, mean = ours[f"wrong pooled claim, {target}"], ours[f"mean P(micro earlier), {target}"]
    if claim["found"] is None:
        return [f"micro creators first against {words}: {claim['status'].replace('_', ' ')}"]
    error_bar = f" ({number(mean['value'])}, 95% {number(mean['low'])}..{number(mean['high'])})" if mean["value"] is not None else ""
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
