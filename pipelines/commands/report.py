"""What a night did, told at the end of it: records by platform, gates, findings with their nulls, or why nothing was published."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from pipelines.lake.nights import held_back
from pipelines.lake.paths import DataPaths
from pipelines.publish.snapshot import manifest
from pipelines.quality.results import closes

if TYPE_CHECKING:
    import duckdb


MOST_PAIRS: Final = 5
"""Pairs of platforms that are told one by one."""
_FIRST: Final = ("platform_a_first", "platform_b_first")


def reasons(done: Any, data: Path, night: date) -> list[str]:
    """Why a run did not publish: its closed gates with rows, then its failed steps; at most twenty lines."""
    lines = []
    log = DataPaths(data).gate_log_file(night)
    if log.exists():
        for row in pq.read_table(log, partitioning=None).to_pylist():
            if closes(row):
                rows = f"; rows: {', '.join(row['sample_keys'])}" if row["sample_keys"] else ""
                lines.append(f"gate {row['gate']}, {row['table_name']}: {row['check_name']} ({row['observed']}){rows}")
    for event in done.all_events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            cause = error.cause if error and error.cause else error
            lines.append(f"step {event.step_key}: {str(cause.message).strip() if cause else 'failed'}"[:600])
    return lines[:20]


def summary(console: Console, data: Path, night: date) -> None:
    """Records by platform, what was quarantined or not taken in, and the gates."""
    paths = DataPaths(data)
    table = Table(
        "platform",
        "files",
        "records",
        "landed",
        "quarantined",
        "duplicates",
        "erased",
        title=f"night {night}",
        title_justify="left",
    )
    for column in table.columns[1:]:
        column.justify = "right"
    unknown = []
    for ledger in sorted((data / "ledger").glob(f"*/night={night}.parquet")):
        rows = pq.read_table(ledger, partitioning=None).to_pylist()
        took = [row for row in rows if row["status"] in {"ingested", "unreadable"}]
        sums = [
            sum(row.get(name, 0) for row in took)
            for name in ("record_count", "landed_count", "quarantined_count", "duplicate_count", "erased_count")
        ]
        table.add_row(ledger.parent.name, str(len(took)), *(f"{number:,}" for number in sums))
        unknown += [
            f"{ledger.parent.name}/{row['file']}: {row['detail']}"
            for row in rows
            if row["status"] in {"unknown_format", "unreadable"}
        ]
    console.print(table)
    reasons: Counter[str] = Counter()
    for file in sorted((data / "quarantine").glob(f"*/{night}.parquet")):
        for row in pq.read_table(file, partitioning=None, columns=["platform", "reason_code"]).to_pylist():
            reasons[f"{row['platform']} {row['reason_code']}"] += 1
    if reasons:
        console.print("quarantined: " + ", ".join(f"{name} {count}" for name, count in sorted(reasons.items())))
    for line in unknown:
        console.print(f"not taken in: {line}", markup=False)
    log = paths.gate_log_file(night)
    if log.exists():
        results = pq.read_table(log, partitioning=None, columns=["gate", "passed"]).to_pylist()
        passed, total = Counter(row["gate"] for row in results if row["passed"]), Counter(row["gate"] for row in results)
        console.print(
            "gates: "
            + ", ".join(
                f"{gate} {passed[gate]}/{total[gate]}"
                for gate in ("parsed", "landed", "staged", "derived", "marts")
                if total[gate]
            )
        )

    for held in held_back(paths):
        console.print(
            f"held back: {held.name} did not pass its landed gate; mend the input and run that night again", markup=False
        )


def withheld(console: Console, data: Path) -> list[str]:
    """Say which tables the snapshot lacks on purpose, and why.

    Returns:
        Their names.
    """
    kept_out: dict[str, str] = (manifest(DataPaths(data)) or {}).get("withheld", {})
    for why in dict.fromkeys(kept_out.values()):
        tables = [table for table, reason in kept_out.items() if reason == why]
        console.print(f"[red]withheld[/red]: {', '.join(tables)}; the gate on their calibration is closed. Why:")
        console.print(f"  {why}", markup=False)
    return list(kept_out)


def findings(console: Console, data: Path) -> None:
    """What the snapshot says, each number beside its error bar or its null; nothing of a table that was withheld."""
    import duckdb

    with duckdb.connect(str(data / "published" / "undercurrent.duckdb"), read_only=True) as connection:
        counts = connection.execute(
            "select (select count(*) from creators), (select count(*) from niches), (select count(*) from trends),"
            " (select count(*) from trends where abstain_reason is not null)"
        ).fetchone()
        if counts:
            console.print(
                f"found: {counts[0]:,} creators, {counts[1]} niches, {counts[2]} trends, of which {counts[3]} without a claim (each says why)"
            )
        published = {name for (name,) in connection.execute("select view_name from duckdb_views() where not internal").fetchall()}
        if "origin_by_tier" in published:
            _origins(console, connection)
        if "ripple_effects" in published:
            _precedence(console, connection)
        _platforms(console, connection)


def _origins(console: Console, connection: duckdb.DuckDBPyConnection) -> None:
    for unit_type, tier, ratio, low, high, q_value, trends, events in connection.execute(
        "select unit_type, tier, odds_ratio, odds_ratio_low, odds_ratio_high, q_value, trend_count, event_count from origin_by_tier"
        " where period = 'all' and odds_ratio is not null order by unit_type, tier"
    ).fetchall():
        console.print(
            f"origin of {unit_type}s at equal posting rate, {tier}: odds ratio {ratio:.2f} ({low:.2f} to {high:.2f}),"
            f" q {q_value:.3f}, {trends} trends of {events} events; null 1"
        )


def _platforms(console: Console, connection: duckdb.DuckDBPyConnection) -> None:
    """How many pairs of platforms were compared; at most five with a claim, and in one line why the others have none."""
    pairs = connection.execute(
        "select platform_a, platform_b, tag_count, precedence_probability, null_low, null_high, claim, abstain_reason"
        " from platform_precedence_findings order by p_value nulls last, 1, 2"
    ).fetchall()
    if not pairs:
        return
    claimed = [pair for pair in pairs if pair[6] in _FIRST]
    claims = Counter(pair[6] for pair in pairs)
    why = ", ".join(f"{reason} {count}" for reason, count in sorted(Counter(pair[7] for pair in pairs if pair[7]).items()))
    console.print(
        f"pairs of platforms: {len(pairs) - claims['abstained']} of {len(pairs)} compared: {len(claimed)} with a claim of which is first,"
        f" {claims['none']} without, {claims['withheld']} withheld for unequal posting rates"
        + (f"; {claims['abstained']} abstained ({why})" if why else "")
    )
    for one, other, count, found, low, high, claim, _ in claimed[:MOST_PAIRS]:
        first, second = (one, other) if claim == _FIRST[0] else (other, one)
        console.print(
            f"  {first} before {second}: P {found if first == one else 1 - found:.2f} over {count} tags,"
            f" null {low if first == one else 1 - high:.2f} to {high if first == one else 1 - low:.2f} by what was collected"
        )
    if len(claimed) > MOST_PAIRS:
        console.print(f"  and {len(claimed) - MOST_PAIRS} more in platform_precedence_findings")


def _precedence(console: Console, connection: duckdb.DuckDBPyConnection) -> None:
    """A line for each target class that hashtags can be compared with, and for each that another type of unit was."""
    for unit_type, target, claim, level, count in connection.execute(
        "select unit_type, target_class, any_value(pooled_claim), count(*) filter (where evidence_level = 1),"
        " count(*) filter (where abstain_reason is null) as compared_count from ripple_effects group by all"
        " having unit_type = 'hashtag' or compared_count > 0 order by unit_type, target_class"
    ).fetchall():
        console.print(
            f"micro creators before {target}, {unit_type}s: pooled claim {claim};"
            f" {level} of {count} trends beat their null at q < 0.05"
        )
