"""Contracts of the page-view formats: hand-written answers and dump lines, pinned counts on the real tables, arbitrary input."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.lake import framing
from pipelines.lake.blocks import parse_block
from pipelines.lake.intake import ingest_night
from pipelines.lake.paths import DataPaths
from pipelines.lake.records import parse_batch
from pipelines.platforms.protocol import BadRecord, Framing, Sample
from pipelines.platforms.registry import PLATFORMS
from pipelines.platforms.wikipedia.dumps import CompleteDump, HourlyDump
from pipelines.platforms.wikipedia.parse import FORMATS, Refusal, Series, TopList, ViewTable
from pipelines.platforms.wikipedia.series import period, project_of, term_of
from tests.contracts.harness import PSEUDONYMS, REALDATA, chosen, context, drive
from tests.contracts.test_bluesky import JSON

DAILY = {
    "project": "en.wikipedia",
    "article": "Moss_wall",
    "granularity": "daily",
    "timestamp": "2026030200",
    "access": "all-access",
    "agent": "user",
    "views": 12,
}
TOP = {"country": "CA", "access": "all-access", "year": "2026", "month": "03", "day": "02"}
HOURLY = "pageviews-20260302-130000.gz"


def test_a_daily_series_lands_a_point_for_each_day_and_an_aggregate_one_for_the_project() -> None:
    whole = {name: value for name, value in DAILY.items() if name != "article"}
    answer = {"items": [DAILY, DAILY | {"timestamp": "2026030300", "views": 0}, whole]}
    assert isinstance(chosen(FORMATS, Sample("page.json", ".json", b"", answer)), Series)
    first, second, total = drive(Series(), [answer], context("wikipedia")).of("attention_series")
    assert (first["term"], first["granularity"], first["unit"], first["interest_value"]) == (
        "en.wikipedia:Moss wall",
        "day",
        "views",
        12.0,
    )
    assert (first["period_starts_at"].isoformat(), first["ts_quality"]) == ("2026-03-02T00:00:00+00:00", "date_only")
    assert (second["series_key"], second["interest_value"]) == (first["series_key"], 0.0)
    assert total["term"] == "en.wikipedia"


@pytest.mark.parametrize(
    "changed", [{"agent": "spider"}, {"access": "desktop"}, {"granularity": "monthly"}, {"project": "fr.wikipedia"}]
)
def test_another_reader_access_step_or_project_is_another_series(changed: dict[str, str]) -> None:
    first, second = drive(Series(), [{"items": [DAILY, DAILY | changed]}], context("wikipedia")).of("attention_series")
    assert first["series_key"] != second["series_key"]


def test_a_countrys_most_read_articles_land_with_their_region_and_a_months_list_as_a_month() -> None:
    articles = [{"article": "Moon_Bin", "project": "en.wikipedia", "views_ceil": 16600, "rank": 4}]
    answer = {"items": [TOP | {"articles": articles}, TOP | {"day": "all-days", "articles": articles}]}
    assert isinstance(chosen(FORMATS, Sample("page.json", ".json", b"", answer)), TopList)
    day, month = drive(TopList(), [answer], context("wikipedia")).of("attention_series")
    assert (day["term"], day["region"], day["interest_value"], day["granularity"]) == (
        "en.wikipedia:Moon Bin",
        "CA",
        16600.0,
        "day",
    )
    assert (month["granularity"], month["period_starts_at"].date().isoformat()) == ("month", "2026-03-01")


def test_that_there_were_no_views_is_no_record_and_another_error_is_one() -> None:
    absent = {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "no data", "uri": "/x"}
    wrong = {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "the timestamp is invalid", "uri": "/x"}
    assert isinstance(chosen(FORMATS, Sample("page.json", ".json", b"", absent)), Refusal)
    outcome = drive(Refusal(), [absent, wrong], context("wikipedia"))
    assert (outcome.record_count, outcome.by_code) == (1, {"error_response": 1})


@pytest.mark.parametrize(
    ("code", "project", "access"),
    [
        ("en", "en.wikipedia", "desktop"),
        ("en.m", "en.wikipedia", "mobile-web"),
        ("en.d", "en.wiktionary", "desktop"),
        ("en.m.d", "en.wiktionary", "mobile-web"),
        ("commons.m", "commons.wikimedia", "desktop"),
        ("commons.m.m", "commons.wikimedia", "mobile-web"),
        ("fr.voy", "fr.wikivoyage", "desktop"),
        ("en.wikipedia", "en.wikipedia", "all-access"),
    ],
)
def test_a_domain_code_names_project_and_access(code: str, project: str, access: str) -> None:
    assert project_of(code) == (project, access)


def dump(native: HourlyDump | CompleteDump, file: str, *lines: str) -> tuple[list[dict[str, Any]], dict[str, int]]:
    assert isinstance(chosen(FORMATS, Sample(file, "", b"", lines[0])), type(native))
    outcome = drive(native, lines, context("wikipedia", file=file))
    return outcome.of("attention_series"), outcome.by_code


def test_an_hourly_dump_tells_the_hour_that_ends_at_the_time_in_its_name() -> None:
    rows, refused = dump(
        HourlyDump(), HOURLY, "en.wikipedia Moss_wall 12 0", "en.m Moss_wall 3 0", "en Moss_wall", "en - x 0", "en \udcff 1 0"
    )
    assert [(row["term"], row["interest_value"]) for row in rows] == [
        ("en.wikipedia:Moss wall", 12.0),
        ("en.wikipedia:Moss wall", 3.0),
    ]
    assert rows[0]["series_key"] != rows[1]["series_key"]
    assert (rows[0]["period_starts_at"].isoformat(), rows[0]["granularity"]) == ("2026-03-02T12:00:00+00:00", "hour")
    assert refused == {"unexpected_shape": 1, "wrong_type": 1, "invalid_utf8": 1}


@pytest.mark.parametrize(
    ("file", "step", "day"), [("pageviews-20260302-user.bz2", "day", 2), ("pageviews-202603-user.bz2", "month", 1)]
)
def test_a_complete_dump_tells_the_total_of_its_day_or_month(file: str, step: str, day: int) -> None:
    rows, refused = dump(
        CompleteDump(), file, "en.wikipedia Moss_wall 123 mobile-web 12 A3B9", "en.wikipedia Fern null desktop 1 C1"
    )
    assert [(row["term"], row["interest_value"]) for row in rows] == [
        ("en.wikipedia:Moss wall", 12.0),
        ("en.wikipedia:Fern", 1.0),
    ]
    assert {(row["granularity"], row["period_starts_at"].day) for row in rows} == {(step, day)}
    assert refused == {}


@pytest.mark.parametrize("file", ["views.gz", "pageviews-20261340-130000.gz", "pageviews-2026.gz"])
def test_a_dump_whose_name_tells_no_time_is_no_known_format(file: str) -> None:
    assert chosen(FORMATS, Sample(file, "", b"", "en Moss_wall 12 0")) is None


WORDS = st.sampled_from(
    ["en", "en.m", "fr.d", "Moss_wall", "-", "_", "12", "0", "-1", "9" * 16, "x", "", "\u00e9", "\u0663", "A3"]
)


@given(st.lists(st.one_of(st.lists(WORDS, min_size=4, max_size=4), st.lists(WORDS, max_size=7)), max_size=20))
def test_a_block_of_lines_gives_the_rows_that_its_lines_give_one_by_one(cells: list[list[str]]) -> None:
    data = "\n".join(" ".join(each) for each in cells).encode()
    where = context("wikipedia", "archive", HOURLY)
    block = parse_block(HourlyDump(), framing.LineBlock(data, 7), where)
    lines = [each for each in data.split(b"\n") if each.strip()]
    each = parse_batch(HourlyDump(), (framing.text_line(index, 0, line.strip()) for index, line in enumerate(lines)), where)
    assert {name: rows.to_pylist() for name, rows in block.tables.items() if rows.num_rows} == {
        name: rows.to_pylist() for name, rows in each.tables.items()
    }
    assert [(bad.index, bad.code, bad.reason) for bad in block.quarantined] == [
        (bad.index, bad.code, bad.reason) for bad in each.quarantined
    ]


def test_a_title_that_is_no_utf8_is_refused_at_its_place_and_its_neighbours_land() -> None:
    block = framing.LineBlock(b"en Moss 1 0\nen \xff 1 0\nen Fern 2 0\n", 100)
    result = parse_block(HourlyDump(), block, context("wikipedia", "archive", HOURLY))
    assert result.tables["attention_series"].column("term").to_pylist() == ["en.wikipedia:Moss", "en.wikipedia:Fern"]
    assert [(bad.code, bad.index, bad.byte_offset) for bad in result.quarantined] == [("invalid_utf8", 1, 112)]


@pytest.mark.parametrize(("ending", "pack"), [("", bytes), (".gz", gzip.compress), (".bz2", bz2.compress)])
def test_a_dump_lands_however_it_is_packed(ending: str, pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    lines = b"en Moss_wall 12 0\nen Fern 3 0\nen broken\n"
    folder = tmp_path / "inbox" / "wikipedia"
    folder.mkdir(parents=True)
    (folder / f"pageviews-20260302-130000{ending}").write_bytes(pack(lines))
    (folder / f"pageviews-20260302-140000{ending}").write_bytes(pack(b"fr Fern 1 0\n" + lines))
    (folder / f"pageviews-20260302-150000{ending}").write_bytes(pack(lines)[:-6])
    night = ingest_night(DataPaths(tmp_path / "d"), tmp_path / "inbox", PLATFORMS["wikipedia"], date(2026, 3, 3), PSEUDONYMS)
    *whole, cut = night.files
    counts = [(each.source_format, each.record_count, each.landed_count, each.quarantined_count) for each in whole]
    assert counts == [("wikipedia_hourly_dump", 3, 2, 1), ("wikipedia_hourly_dump", 4, 3, 1)]
    # Equal lines of another hour are other points; what a broken file lost is said.
    assert (cut.duplicate_count, cut.status == "unreadable" or cut.quarantined_count > 0) == (0, True)
    refused = pq.read_table(tmp_path / "d" / "quarantine").to_pylist()[0]
    assert (refused["byte_offset"], refused["record_index"], refused["reason_code"]) == (30, 2, "unexpected_shape")


@pytest.mark.parametrize("written", ["2026-13", "20260230", "2026", "yesterday", "2026-03-02T99", ""])
def test_what_is_no_period_is_refused(written: str) -> None:
    with pytest.raises(BadRecord, match="no month, day or hour"):
        period(written, "period")


def test_a_term_is_the_project_and_the_title_as_people_write_it() -> None:
    assert [term_of("en.wikipedia.org", "Moss_wall"), term_of(None, "Moss"), term_of("en.wikipedia", None)] == [
        "en.wikipedia:Moss wall",
        "Moss",
        "en.wikipedia",
    ]


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.exists(), reason="no real records here")
def test_all_points_of_the_real_tables_land() -> None:
    folder = REALDATA / "wikipedia_pageviews"
    with gzip.open(folder / "carbrands_social_signals.csv.gz") as stream:
        cars = stream.read()
    for raw, count, distinct in ((cars, 56_232, 31_371), ((folder / "ga_daily_pageviews.csv").read_bytes(), 230, 230)):
        assert isinstance(chosen(FORMATS, Sample("t.csv", ".csv", raw, framing.csv_header(raw[:65536]))), ViewTable)
        outcome = drive(ViewTable(), csv.DictReader(io.StringIO(raw.decode())), context("wikipedia"))
        points = outcome.of("attention_series")
        assert (outcome.record_count, len(points), outcome.by_code) == (count, count, {})
        assert len({(point["series_key"], point["period_starts_at"]) for point in points}) == distinct


@given(line=st.text(max_size=60), document=JSON)
def test_arbitrary_lines_and_json_never_break_a_format(line: str, document: Any) -> None:
    items = [
        document,
        DAILY | {"timestamp": document},
        DAILY | {"views": document},
        TOP | {"articles": [document, {"article": document}]},
    ]
    for native in FORMATS:
        if native.framing is Framing.TEXT:
            drive(native, [document, line, f"en {line} 1 0", f"en {line} 1 desktop 2 A2"], context("wikipedia", file=HOURLY))
        else:
            drive(
                native,
                [document, {"items": items}, {"detail": document}, {"article": line, "views": document, "date": line}],
                context("wikipedia"),
            )
