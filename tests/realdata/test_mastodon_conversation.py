"""Who answered whom, and how soon, in a real conversation on Mastodon, against a count by hand of the recorded statuses."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from pipelines.lake.schemas import ANALYTIC_TABLES
from pipelines.world.warehouse import Project, Warehouse, landed_schema, render
from tests.contracts.harness import REALDATA
from tests.realdata.inbox import lay_out
from tests.unit.world.landing import land

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not REALDATA.is_dir(), reason="the real files are not beside this checkout"),
]


class Rebuilt(Warehouse):
    """The warehouse in memory, with the replies that relations are counted from."""

    def replies(self, project: Project, landed: dict[tuple[str, str], pa.Table]) -> list[dict[str, Any]]:
        self._store("state.night", pa.table({"touched_days": pa.array([[]], pa.list_(pa.date32()))}))
        needed = project.needed(["int_inbound_replies"])
        for model in needed:
            platform, _, table = model.name.removeprefix("stg_").partition("__")
            if model.name.startswith("stg_") and table in ANALYTIC_TABLES:
                self._store(f"landed.{platform}__{table}", landed.get((platform, table), landed_schema(table).empty_table()))
            self._build(model)
        query = """
            select replies.*, posts.published_at from main.int_inbound_replies as replies inner join main.int_posts as posts using (platform, post_key)
            order by published_at
        """
        rows: list[dict[str, Any]] = self._connection.execute(query).to_arrow_table().to_pylist()
        return rows


def landed_rows(folder: Path) -> dict[tuple[str, str], pa.Table]:
    """The real recordings as the intake lands them."""
    lay_out(REALDATA, folder / "inbox", only=("mastodon_rtoot_vcr",), platforms=("mastodon",))
    paths = land(folder / "inbox", "mastodon", folder).paths
    found = {}
    for table in ANALYTIC_TABLES:
        files = [str(file) for file in sorted(paths.table_root("mastodon", table).rglob("*.parquet"))]
        if files:
            schema = landed_schema(table)
            columns = ", ".join("landed_night as night" if name == "night" else name for name in schema.names)
            rows = duckdb.sql(
                f"select {columns} from read_parquet({files}, hive_partitioning = true, hive_types = {{'day': date}})"
            )
            found["mastodon", table] = rows.to_arrow_table().cast(schema)
    return found


def test_a_real_conversation_is_counted_as_by_hand(tmp_path: Path) -> None:
    """A program is announced on the 7th of November 2022 at 15:38:14. Read in the recordings:

    15:49:09.241 B asks, and is answered at 15:54:18.189; at 15:59:20 the author adds to the post; 16:41:37 C replies to that,
    and no answer follows; on the day after B replies to the answer twice, which asks for none.
    """
    project = render()
    begins = datetime(2022, 11, 7, 15, 49, 9, 241000, tzinfo=UTC)
    replies = Rebuilt(project).replies(project, landed_rows(tmp_path))
    (first,) = [row for row in replies if row["published_at"] == begins]
    own = [row for row in replies if row["account_key"] == first["account_key"] and row["published_at"].date() == begins.date()]
    later = datetime(2022, 11, 7, 16, 41, 37, tzinfo=UTC)
    assert [(row["published_at"], row["is_answered"]) for row in own] == [(begins, True), (later, False)]
    print(f"answered after {first['followed_hours'] * 60:.3f} minutes; {sum(row['is_answered'] for row in own)} of {len(own)}")
    assert first["followed_hours"] == pytest.approx(308.948 / 3600, abs=1e-7)
    day_after = datetime(2022, 11, 8, 12, 11, 14, 470000, tzinfo=UTC)
    assert day_after not in {row["published_at"] for row in replies}
