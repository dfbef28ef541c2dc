"""Which platforms a night must stage anew: those whose landed rows are not what the last snapshot was made of."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipelines.lake import nights
from pipelines.lake.paths import DataPaths
from pipelines.lake.schemas import COVERAGE, LEDGER
from pipelines.lake.writer import write_table
from pipelines.nightly.stages import conform_arguments
from pipelines.platforms.registry import PLATFORMS
from pipelines.quality.results import GateResult, log_results

NIGHT, NEXT = date(2026, 10, 1), date(2026, 10, 2)
METHOD = "m"


def landed(paths: DataPaths, platform: str, night: date, days: list[date], *, covers: bool = False, passes: bool = True) -> None:
    """A night of a platform as the intake leaves it, and what its gate said."""
    entry: dict[str, Any] = dict.fromkeys(LEDGER.names, 0) | {
        "night": night,
        "platform": platform,
        "file": "f",
        "source_hash": f"{platform}{night}{days}",
        "source_format": "x",
        "status": "ingested",
        "detail": None,
        "row_counts": [],
        "event_days": days,
    }
    write_table(paths.ledger_file(platform, night), pa.Table.from_pylist([entry] if days else [], LEDGER))
    seen = dict.fromkeys(COVERAGE.names) | {
        "platform": platform,
        "source": "x",
        "covered_on": night,
        "got_count": 0,
        "quarantined_count": 0,
        "status": "ok",
        "observed_at": datetime(2026, 10, 1, tzinfo=UTC),
        "ts_quality": "exact",
        "collection_method": "search",
        "source_format": "x",
        "source_hash": "h",
        "landed_night": night,
    }
    rows = [seen] if covers or days else []
    write_table(paths.table_file(platform, "coverage", night, night), pa.Table.from_pylist(rows, COVERAGE))
    log_results(paths, night, [GateResult(night, "r", "landed", f"{platform}/posts", "c", "gx", passed=passes)])


@pytest.fixture
def paths(tmp_path: Path) -> DataPaths:
    """A data folder whose first night, of two platforms, is published."""
    made = DataPaths(tmp_path)
    made.warehouse.parent.mkdir()
    made.warehouse.touch()
    landed(made, "bluesky", NIGHT, [NIGHT])
    landed(made, "reddit", NIGHT, [NIGHT])
    nights.record_published(made, nights.plan_night(made, NIGHT, METHOD), METHOD)
    return made


def staged_anew(plan: nights.NightPlan) -> set[str]:
    arguments = conform_arguments(plan)
    return set(PLATFORMS) - {each.rpartition(".")[2] for argument in arguments for each in argument.split() if "." in each}


def test_only_what_brought_something_is_staged_anew(paths: DataPaths) -> None:
    landed(paths, "bluesky", NEXT, [NIGHT, NEXT])
    landed(paths, "reddit", NEXT, [])
    plan = nights.plan_night(paths, NEXT, METHOD)
    assert plan.touched_days == [NIGHT, NEXT]
    assert staged_anew(plan) == {"bluesky"}


def test_a_night_without_anything_new_stages_nothing(paths: DataPaths) -> None:
    assert staged_anew(nights.plan_night(paths, NEXT, METHOD)) == set()


def test_what_only_its_coverage_tells_is_staged_too(paths: DataPaths) -> None:
    landed(paths, "reddit", NEXT, [], covers=True)
    assert staged_anew(nights.plan_night(paths, NEXT, METHOD)) == {"reddit"}


def test_a_night_run_again_is_staged_anew_though_nothing_of_it_is_left(paths: DataPaths) -> None:
    landed(paths, "reddit", NIGHT, [])
    assert staged_anew(nights.plan_night(paths, NEXT, METHOD)) == {"reddit"}


def test_a_night_that_is_refused_now_leaves_the_staged_rows(paths: DataPaths) -> None:
    landed(paths, "reddit", NIGHT, [NIGHT], passes=False)
    assert staged_anew(nights.plan_night(paths, NEXT, METHOD)) == {"reddit"}


def test_a_night_that_was_held_back_is_staged_once_it_passes(paths: DataPaths) -> None:
    landed(paths, "reddit", NEXT, [NEXT], passes=False)
    assert staged_anew(nights.plan_night(paths, NEXT, METHOD)) == set()
    landed(paths, "reddit", NEXT, [NEXT])
    assert staged_anew(nights.plan_night(paths, NEXT, METHOD)) == {"reddit"}


def test_after_a_night_that_was_not_published_everything_is_staged(paths: DataPaths) -> None:
    paths.unpublished_file().touch()
    assert staged_anew(nights.plan_night(paths, NEXT, METHOD)) == set(PLATFORMS)


def test_another_method_builds_everything_from_the_lake(paths: DataPaths) -> None:
    assert conform_arguments(nights.plan_night(paths, NEXT, "other")) == ["--full-refresh"]
