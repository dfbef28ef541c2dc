"""The last lines of a night: pairs of platforms are told in one line, and one by one only where one of them is first."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from pipelines.commands.report import MOST_PAIRS, findings

Pair = tuple[str, str, int, float | None, float | None, float | None, float | None, str, str | None]


def told(data: Path, pairs: list[Pair], capsys: pytest.CaptureFixture[str]) -> list[str]:
    (data / "published").mkdir()
    with duckdb.connect(str(data / "published" / "undercurrent.duckdb")) as connection:
        for table in ("creators", "niches"):
            connection.execute(f"create table {table} as select 1 as id")
        connection.execute("create table trends as select 'shock' as abstain_reason")
        connection.execute(
            "create table platform_precedence_findings (platform_a varchar, platform_b varchar, tag_count bigint,"
            " precedence_probability double, null_low double, null_high double, p_value double, claim varchar, abstain_reason varchar)"
        )
        for pair in pairs:
            connection.execute("insert into platform_precedence_findings values (?, ?, ?, ?, ?, ?, ?, ?, ?)", pair)
    findings(Console(width=200, highlight=False), data)
    return capsys.readouterr().out.splitlines()[1:]


ABSTAINED: Pair = ("bereal", "x", 2, None, None, None, None, "abstained", "too_few_tags")
NONE: Pair = ("reddit", "x", 40, 0.5, 0.45, 0.55, 0.8, "none", None)
WITHHELD: Pair = ("bereal", "tiktok", 40, 0.7, 0.45, 0.55, 0.01, "withheld", None)


def test_pairs_without_a_claim_are_one_line_with_the_reasons(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = told(tmp_path, [ABSTAINED, NONE, WITHHELD], capsys)
    assert line.startswith("pairs of platforms: 2 of 3 compared: 0 with a claim of which is first, 1 without, 1 withheld for ")
    assert line.endswith("; 1 abstained (too_few_tags 1)")


def test_a_pair_with_a_claim_is_told_from_the_side_of_the_first_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first: Pair = ("instagram", "tiktok", 93, 0.7, 0.44, 0.52, 0.001, "platform_a_first", None)
    second: Pair = ("instagram", "x", 50, 0.3, 0.44, 0.52, 0.01, "platform_b_first", None)
    assert told(tmp_path, [NONE, second, first], capsys)[1:] == [
        "  instagram before tiktok: P 0.70 over 93 tags, null 0.44 to 0.52 by what was collected",
        "  x before instagram: P 0.70 over 50 tags, null 0.48 to 0.56 by what was collected",
    ]


def test_of_many_claims_the_surest_are_told_and_the_others_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs: list[Pair] = [
        (f"platform_{n}", "x", 20, 0.7, 0.4, 0.6, (9 - n) / 1000, "platform_a_first", None) for n in range(MOST_PAIRS + 2)
    ]
    lines = told(tmp_path, pairs, capsys)
    assert len(lines) == 1 + MOST_PAIRS + 1
    assert lines[1].startswith("  platform_6 before x")
    assert lines[-1] == "  and 2 more in platform_precedence_findings"


def test_without_pairs_nothing_is_said_of_platforms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(tmp_path, [], capsys) == []
