"""Page files: whole or not there, found again by what was asked, and taken in by the night as native files."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines.http.pages import PageStore, Plan, fingerprint, item_name
from pipelines.http.protocol import Page, Request, WatchItem
from pipelines.lake import inbox
from pipelines.lake.intake import NightIntake, ingest_night
from pipelines.lake.pages import TornPageError, read_page
from pipelines.lake.paths import DataPaths
from pipelines.lake.pseudonyms import Pseudonymiser
from tests.unit.http.toy import NIGHT, SPEC

FETCHED = datetime(2026, 10, 2, 3, 4, 5, 678, tzinfo=UTC)
POST = b'{"id": "ann-1", "who": "ann", "at": "2026-10-01T10:00:00+00:00", "likes": 9007199254740993}'
KEYS = Pseudonymiser(b"k" * 32)


def request(**changes: Any) -> Request:
    return Request(**({"url": "https://toy.example/items", "query": (("who", "ann"),)} | changes))


def page(body: bytes, asked: Request | None = None, status: int = 200) -> Page:
    return Page(asked or request(), status, {"date": "Fri, 02 Oct 2026 03:04:05 GMT"}, body, FETCHED)


def store(folder: Path) -> PageStore:
    return PageStore(DataPaths(folder), "toy", NIGHT)


def files(folder: Path) -> list[Path]:
    return sorted(file for file in (folder / "pages").rglob("*") if file.is_file())


def take_in(folder: Path) -> NightIntake:
    return ingest_night(DataPaths(folder), folder / "inbox", SPEC, NIGHT, KEYS)


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    found = sorted(DataPaths(folder).table_root("toy", table).rglob("*.parquet"))
    return [row for file in found for row in pq.read_table(file, partitioning=None).to_pylist()]


def test_a_landed_page_answers_its_request_in_another_process(tmp_path: Path) -> None:
    store(tmp_path).land(page(b'{"posts": [1]}'), "accounts", "accounts-1")
    found = store(tmp_path).find(request())
    assert found == page(b'{"posts": [1]}')


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "https://toy.example/other"},
        {"query": (("who", "ben"),)},
        {"method": "POST"},
        {"body": b"x"},
        {"headers": (("accept", "text/csv"),)},
        {"asked": ("1",), "asked_for": "post"},
    ],
)
def test_a_request_that_asks_for_something_else_is_another_request(changes: dict[str, Any]) -> None:
    assert fingerprint(request(**changes)) != fingerprint(request())
    assert fingerprint(request(credential="key", cost=5)) == fingerprint(request())


@pytest.mark.parametrize("damage", ["cut", "longer", "flipped", "header", "empty"])
def test_a_torn_file_never_counts_and_is_put_aside(tmp_path: Path, damage: str) -> None:
    store(tmp_path).land(page(b'{"posts": []}'), "accounts", "accounts-1")
    [file] = files(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(
        {
            "cut": whole[:-1],
            "longer": whole + b" ",
            "flipped": whole[:-1] + b"?",
            "header": whole[40:],
            "empty": b"",
        }[damage]
    )
    with pytest.raises(TornPageError):
        read_page(file)
    assert [entry.status for entry in take_in(tmp_path).files] == ["unreadable"]
    again = store(tmp_path)
    assert again.find(request()) is None
    assert len(again.torn) == 1
    assert not take_in(tmp_path).record_count


def test_a_draft_of_a_killed_process_is_no_page(tmp_path: Path) -> None:
    store(tmp_path).land(page(b'{"posts": []}'), "accounts", "accounts-1")
    [file] = files(tmp_path)
    file.rename(file.with_name(f".{file.name}.draft"))
    assert len(store(tmp_path)) == 0
    assert take_in(tmp_path).files == []


def test_a_refused_answer_is_kept_counted_and_no_data(tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.keep_failed(page(b"slow down", request(cost=100), 429), "accounts", "accounts-1", "status 429")
    again = store(tmp_path)
    assert again.find(request()) is None
    assert again.units_spent == kept.units_spent == 100
    assert take_in(tmp_path).files == []
    assert b"slow down" in files(tmp_path)[0].read_bytes()


def test_sequences_go_on_where_an_earlier_process_stopped(tmp_path: Path) -> None:
    for number in range(3):
        store(tmp_path).land(page(b"{}", request(url=f"https://toy.example/{number}")), "accounts", "accounts-1")
    assert [file.name[:6] for file in files(tmp_path)] == ["000001", "000002", "000003"]


def test_the_night_takes_pages_in_with_the_moment_they_were_fetched_at(tmp_path: Path) -> None:
    store(tmp_path).land(page(b'{"posts": [' + POST + b"]}"), "accounts", "accounts-1")
    intake = take_in(tmp_path)
    assert (intake.record_count, intake.landed_count) == (1, 1)
    [counters] = rows(tmp_path, "post_metrics")
    assert counters["observed_at"] == FETCHED
    assert counters["ts_quality"] == "exact"
    assert counters["like_count"] == 9007199254740993


@pytest.mark.parametrize(("source", "query"), [("accounts", None), ("tags", "tags-1"), ("queries", "queries-1")])
def test_a_post_that_a_watched_search_found_says_which(tmp_path: Path, source: str, query: str | None) -> None:
    store(tmp_path).land(page(b'{"posts": [' + POST + b"]}"), source, f"{source}-1")
    take_in(tmp_path)
    [post] = rows(tmp_path, "posts")
    assert post["collection_query"] == query


def test_a_page_that_lies_in_an_inbox_is_read_as_well(tmp_path: Path) -> None:
    store(tmp_path).land(page(b'{"posts": [' + POST + b"]}"), "accounts", "accounts-1")
    (tmp_path / "inbox" / "toy").mkdir(parents=True)
    [file] = files(tmp_path)
    file.rename(tmp_path / "inbox" / "toy" / file.name)
    assert take_in(tmp_path).landed_count == 1
    assert rows(tmp_path, "post_metrics")[0]["observed_at"] == FETCHED


def test_another_night_does_not_read_this_night_s_pages(tmp_path: Path) -> None:
    store(tmp_path).land(page(b'{"posts": [' + POST + b"]}"), "accounts", "accounts-1")
    later = ingest_night(DataPaths(tmp_path), tmp_path / "inbox", SPEC, NIGHT.replace(day=2), KEYS)
    assert later.files == []


def test_an_archive_that_was_fetched_is_read_as_one(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("20261001.csv", "id,day\n1,2\n")
    store(tmp_path).land(page(packed.getvalue(), request(suffix=".csv.zip")), "files", "files-1")
    [file] = inbox.night_pages(DataPaths(tmp_path).pages_folder("toy", NIGHT))
    [member] = inbox.members(file)
    with member.open() as stream:
        assert (member.suffix, stream.read()) == (".csv", b"id,day\n1,2\n")


def test_a_lookup_lands_what_was_found_and_buries_what_was_not(tmp_path: Path) -> None:
    asked = request(url="https://toy.example/lookup", asked=("ann-1", "ann-2"), asked_for="post")
    store(tmp_path).land(page(b'{"found": [' + POST + b"]}", asked), "post_lookups", "post_lookups")
    intake = take_in(tmp_path)
    assert (intake.record_count, intake.landed_count) == (2, 2)
    assert rows(tmp_path, "post_metrics")[0]["like_count"] == 9007199254740993
    [gone] = rows(tmp_path, "deletions")
    assert gone["subject_key"] == KEYS.key("toy", "ann-2")
    assert (gone["reason"], gone["deleted_at"]) == ("not_found", FETCHED)


def test_a_404_is_a_fact_where_something_was_looked_up_and_nothing_where_not(tmp_path: Path) -> None:
    asked = request(asked=("ann-1",), asked_for="post")
    kept = store(tmp_path)
    kept.land(page(b"<html>gone", asked, 404), "post_lookups", "post_lookups")
    kept.land(page(b"<html>gone", None, 404), "accounts", "accounts-1")
    kept.land(page(b"", request(url="https://toy.example/feed"), 304), "feeds", "feeds-1")
    intake = take_in(tmp_path)
    assert [entry.status for entry in intake.files] == ["ingested"]
    assert [row["subject_key"] for row in rows(tmp_path, "deletions")] == [KEYS.key("toy", "ann-1")]


def test_the_same_pages_give_the_same_bytes(tmp_path: Path) -> None:
    store(tmp_path).land(page(b'{"posts": [' + POST + b"]}"), "accounts", "accounts-1")
    take_in(tmp_path)
    first = {file: file.read_bytes() for file in (tmp_path / "lake").rglob("*.parquet")}
    take_in(tmp_path)
    assert {file: file.read_bytes() for file in (tmp_path / "lake").rglob("*.parquet")} == first


def test_a_plan_is_kept_as_it_was_made(tmp_path: Path) -> None:
    plan = Plan(begins_at=FETCHED, ends_at=FETCHED, cursors={"a": {"newest": 7}}, lookups={"post": ["1"]})
    store(tmp_path).keep_plan(plan)
    assert store(tmp_path).plan() == plan


def test_the_name_of_an_item_s_folder_does_not_tell_who_is_watched() -> None:
    name = item_name(WatchItem("toy", "accounts", "ann.example", "https://toy.example"))
    assert name.startswith("accounts-")
    assert "ann" not in name
