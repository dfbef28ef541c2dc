"""Rows without what was erased, and the ledger that keeps it out: at intake too."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from pipelines.lake.erasures import Keys, Subject, keys_for, read_erasures, record_erasures, unapplied, without_erased
from pipelines.lake.intake import ingest_night
from pipelines.lake.paths import DataPaths
from pipelines.lake.schemas import TABLES
from pipelines.platforms.protocol import FileContext, Record, Row
from pipelines.quality.parsed import check_parsed
from pipelines.quality.results import closing
from tests.unit.lake.small_lake import key
from tests.unit.lake.test_intake import NIGHT, PLATFORM, PSEUDONYMS, Notes

MOMENT = datetime(2026, 10, 2, tzinfo=UTC)


def _edge(**keys: str | None) -> dict[str, str | None]:
    names = ("interaction_key", "source_account_key", "target_account_key", "post_key", "target_post_key")
    return dict.fromkeys(names) | {"landed_night": "x", "interaction_key": "i"} | keys


def _interactions(*rows: dict[str, str | None]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), pa.schema([(name, pa.string()) for name in rows[0]]))


def test_an_edge_loses_an_erased_target_and_goes_when_it_points_nowhere() -> None:
    rows = _interactions(
        _edge(source_account_key="ben", target_account_key="ann", target_post_key="carla's"),
        _edge(source_account_key="ben", target_account_key="ann"),
        _edge(source_account_key="ann", target_account_key="ben"),
        _edge(source_account_key="ben", target_account_key="carla"),
    )
    cleaned = without_erased(rows, Keys(["ann"]))
    assert cleaned.rows.select(["target_account_key", "target_post_key"]).to_pylist() == [
        {"target_account_key": None, "target_post_key": "carla's"},
        {"target_account_key": "carla", "target_post_key": None},
    ]
    assert cleaned.is_kept.to_pylist() == [True, False, False, True]
    assert cleaned.changed_count == 3


def test_a_list_loses_the_key_and_the_row_stays() -> None:
    rows = pa.table({"post_key": ["p"], "mentioned_account_keys": [["ann", "ben"]], "landed_night": ["x"]})
    assert without_erased(rows, Keys(["ann"])).rows.column("mentioned_account_keys").to_pylist() == [["ben"]]


def test_an_aggregate_that_names_an_erased_account_goes_whole() -> None:
    rows = pa.table({"source_account_key": ["ben"], "target_account_key": ["ann"], "interaction_count": [3]})
    assert without_erased(rows, Keys(["ann"])).rows.num_rows == 0


def test_a_tombstone_keeps_what_it_is_about() -> None:
    rows = pa.table({"subject_type": ["account"], "subject_key": ["ann"], "landed_night": ["x"]})
    assert without_erased(rows, Keys(["ann"])).rows.equals(rows)


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.lists(st.sampled_from("abcd"), max_size=3)), max_size=20),
    st.sets(st.sampled_from("abcd")),
)
def test_no_erased_key_is_left_and_no_other_row_is_touched(rows: list[tuple[str, list[str]]], erased: set[str]) -> None:
    schema = pa.schema(
        [("account_key", pa.string()), ("mentioned_account_keys", pa.list_(pa.string())), ("landed_night", pa.string())]
    )
    table = pa.Table.from_pylist(
        [{"account_key": who, "mentioned_account_keys": whom, "landed_night": "x"} for who, whom in rows], schema
    )
    left = without_erased(table, Keys(erased)).rows.to_pylist()
    expected = [(who, [each for each in whom if each not in erased]) for who, whom in rows if who not in erased]
    assert [(row["account_key"], row["mentioned_account_keys"]) for row in left] == expected


def test_the_first_request_keeps_its_time_and_an_applied_one_stays_applied(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path)
    asked = Subject("mastodon", "account", "k", "k", "user_request", MOMENT)
    record_erasures(paths, [asked], None)
    assert unapplied(paths).num_rows == 1
    record_erasures(paths, [asked], MOMENT)
    record_erasures(paths, [Subject("mastodon", "account", "k", "k", "legal", datetime(2027, 1, 1, tzinfo=UTC))], None)
    (row,) = read_erasures(paths).to_pylist()
    assert (row["reason"], row["requested_at"], row["applied_at"]) == ("user_request", MOMENT, MOMENT)


def test_links_and_handles_are_kept_out_of_every_platform_and_accounts_out_of_their_own(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path)
    kinds = ("account", "post", "handle", "link")
    record_erasures(paths, [Subject("mastodon", kind, kind, "account", "legal", MOMENT) for kind in kinds], MOMENT)
    assert sorted(keys_for(paths, "mastodon").members) == sorted(kinds)
    assert sorted(keys_for(paths, "x").members) == ["handle", "link"]


def test_the_ledger_holds_keys_and_times_only(tmp_path: Path) -> None:
    record_erasures(DataPaths(tmp_path), [Subject("mastodon", "account", key("1"), key("1"), "legal", MOMENT)], None)
    assert read_erasures(DataPaths(tmp_path)).column_names == [
        "platform", "subject_type", "subject_key", "requested_key", "reason", "origin", "requested_at", "applied_at",
    ]  # fmt: skip


def _notes(folder: Path, name: str, ids: list[str]) -> None:
    file = folder / "notes" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps({"id": each, "day": 1}) + "\n" for each in ids))


def test_an_erased_record_is_dropped_at_intake_and_counted(tmp_path: Path) -> None:
    paths, inbox = DataPaths(tmp_path / "data"), tmp_path / "inbox"
    erased = PSEUDONYMS.key("notes", "b")
    record_erasures(paths, [Subject("notes", "post", erased, erased, "user_request", MOMENT)], MOMENT)
    _notes(inbox, "a.jsonl", ["a", "b", "b", "c"])
    (inbox / "notes" / "a.jsonl").open("a").write("{broken\n")
    (entry,) = ingest_night(paths, inbox, PLATFORM, NIGHT, PSEUDONYMS).files
    counts = (entry.record_count, entry.landed_count, entry.quarantined_count, entry.duplicate_count, entry.erased_count)
    assert counts == (5, 2, 1, 1, 1)
    landed = [
        row
        for file in (tmp_path / "data" / "lake").rglob("*.parquet")
        for row in pq.read_table(file, partitioning=None).to_pylist()
    ]
    assert erased.encode() not in str(landed).encode()
    assert closing(check_parsed(paths, "notes", NIGHT, "run")) == []
    assert sum(row["got_count"] for row in landed if "got_count" in row) == 3  # what was delivered; a deletion is no gap


def test_what_was_erased_after_its_file_left_the_inbox_is_not_kept_by_a_night_that_runs_again(tmp_path: Path) -> None:
    paths, inbox = DataPaths(tmp_path / "data"), tmp_path / "inbox"
    _notes(inbox, "a.jsonl", ["a", "b", "c"])
    ingest_night(paths, inbox, PLATFORM, NIGHT, PSEUDONYMS)
    (inbox / "notes" / "a.jsonl").unlink()
    erased = PSEUDONYMS.key("notes", "b")
    record_erasures(paths, [Subject("notes", "post", erased, erased, "user_request", MOMENT)], MOMENT)
    (entry,) = ingest_night(paths, inbox, PLATFORM, NIGHT, PSEUDONYMS).files
    (file,) = paths.table_root("notes", "posts").rglob("*.parquet")
    posts = pq.read_table(file, partitioning=None).column("post_key").to_pylist()
    assert erased not in posts
    assert entry.row_counts["posts"] == len(posts) == 2


def test_every_lake_table_is_one_that_rows_can_be_taken_out_of() -> None:
    for table, schema in TABLES.items():
        assert any(name.endswith("_key") for name in schema.names) or table == "coverage"


class Answers(Notes):
    """Notes that have an author and may answer another note."""

    name = "answers"

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        for row in super().parse(record, context):
            author = PSEUDONYMS.key("notes", record.value["by"])
            parent = PSEUDONYMS.key("notes", record.value["to"]) if "to" in record.value else None
            yield Row("posts", row.values | {"account_key": author, "parent_post_key": parent})


def test_a_new_post_of_an_erased_account_is_erased_where_it_is_answered_too(tmp_path: Path) -> None:
    paths, inbox = DataPaths(tmp_path / "data"), tmp_path / "inbox"
    ann = PSEUDONYMS.key("notes", "ann")
    record_erasures(paths, [Subject("notes", "account", ann, ann, "legal", MOMENT)], MOMENT)
    file = inbox / "notes" / "a.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text(
        '{"id": "b", "by": "ben", "to": "a", "day": 1}\n{"id": "a", "by": "ann", "day": 1}\n{"id": "c", "by": "ben", "day": 1}\n'
    )
    (entry,) = ingest_night(paths, inbox, replace(PLATFORM, formats=(Answers(),)), NIGHT, PSEUDONYMS).files
    assert (entry.landed_count, entry.erased_count) == (2, 1)
    (landed,) = paths.table_root("notes", "posts").rglob("*.parquet")
    assert pq.read_table(landed, partitioning=None).column("parent_post_key").to_pylist() == [None, None]
    assert [(row["subject_type"], row["reason"]) for row in read_erasures(paths).to_pylist()] == [
        ("account", "legal"),
        ("post", "legal"),
    ]
