"""Exports of Google Trends' own page and what pytrends writes: every row lands, with its step, region, category and '<1'."""

from __future__ import annotations

import json
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.platforms.protocol import Sample
from pipelines.platforms.trends.exports import Frame, GuardedRelatedBody, InterestExport, RelatedBody, RelatedExport
from pipelines.platforms.trends.parse import FORMATS
from tests.contracts.harness import REALDATA, Outcome, chosen, context, drive
from tests.contracts.nights import take_in
from tests.contracts.unwrap import unwrap

WEEKLY = "Category: All categories\n\nWeek,eco fashion: (Worldwide),moss: (Germany)\n2026-01-04,34,<1\n2026-01-11,100,0\n"


def read(text: str | bytes) -> tuple[str, Outcome]:
    body = text.encode() if isinstance(text, str) else text
    native = chosen(FORMATS, Sample("multiTimeline.csv", ".csv", body[:65_536], [body.decode().split("\n", 1)[0]]))
    assert native is not None
    return native.name, drive(native, [body], context("trends", "search"))


def test_an_export_lands_under_its_preamble_with_regions_and_what_is_below_one() -> None:
    name, outcome = read(WEEKLY)
    assert (name, outcome.record_count, outcome.refused) == ("trends_interest_export", 2, [])
    points = outcome.of("attention_series")
    assert [(point["term"], point["region"], point["interest_value"]) for point in points] == [
        ("eco fashion", "Worldwide", 34.0),
        ("moss", "Germany", 0.5),
        ("eco fashion", "Worldwide", 100.0),
        ("moss", "Germany", 0.0),
    ]
    assert {(point["granularity"], point["unit"], point["ts_quality"]) for point in points} == {
        ("week", "index_0_100", "date_only")
    }


@pytest.mark.parametrize(
    ("rows", "step", "begins"),
    [
        ("Month,a: (US)\n2026-01,1\n2026-02,2\n", "month", datetime(2026, 1, 1, tzinfo=UTC)),
        ("Day,a: (US)\n2026-01-04,1\n2026-01-05,2\n", "day", datetime(2026, 1, 4, tzinfo=UTC)),
        ("Time,a: (US)\n2026-01-04T05,1\n2026-01-04T06,2\n", "hour", datetime(2026, 1, 4, 5, tzinfo=UTC)),
        ("Day,a: (US)\n2026-01-04,1\n", "day", datetime(2026, 1, 4, tzinfo=UTC)),
    ],
)
def test_the_step_of_an_export_is_that_of_its_rows(rows: str, step: str, begins: datetime) -> None:
    _, outcome = read("Category: All categories\n\n" + rows)
    first = outcome.of("attention_series")[0]
    assert (first["granularity"], first["period_starts_at"]) == (step, begins)


def test_an_export_in_another_language_with_other_line_ends_is_read() -> None:
    name, outcome = read(
        b"\xef\xbb\xbf" + b'Kategorie: Alle Kategorien\r\n\r\nWoche,"moos, wand: (Weltweit)"\r\n2026-01-04,7\r\n'
    )
    assert (name, [point["term"] for point in outcome.of("attention_series")]) == ("trends_interest_export", ["moos, wand"])


def test_a_series_of_one_category_is_not_that_of_all() -> None:
    keys = {
        read(WEEKLY.replace("All categories", category))[1].of("attention_series")[0]["series_key"]
        for category in ("All categories", "Beauty & Fitness", "Shopping")
    }
    assert len(keys) == 3


def test_an_export_of_all_categories_continues_the_series_of_a_plain_table() -> None:
    table = "Week,eco fashion: (Worldwide)\n2026-01-04,34\n2026-01-11,100\n"
    native = chosen(FORMATS, Sample("t.csv", ".csv", table.encode(), ["Week", "eco fashion: (Worldwide)"]))
    assert native is not None
    row = {"Week": "2026-01-04", "eco fashion: (Worldwide)": "34"}
    (plain,) = drive(native, [row], context("trends", "search")).of("attention_series")
    assert plain["series_key"] == read(WEEKLY)[1].of("attention_series")[0]["series_key"]


def test_a_row_that_does_not_fit_its_header_is_refused_alone() -> None:
    _, outcome = read(WEEKLY + "2026-01-18,1\n2026-01-25,5,word\n2026-13-25,5,5\n")
    assert (outcome.record_count, outcome.by_code) == (5, {"unexpected_shape": 1, "wrong_type": 2})


def test_related_queries_are_points_of_the_day_that_says_how_each_list_counts() -> None:
    body = 'Category: All categories\n\nTOP\nmoss wall,100\nmoss art,<1\n\nRISING\nmoss graffiti,Breakout\nmoss frame,"+1,250%"\n'
    name, outcome = read(body)
    assert (name, outcome.refused) == ("trends_related_export", [])
    found = [(point["term"], point["unit"], point["interest_value"]) for point in outcome.of("attention_series")]
    assert found == [
        ("moss wall", "index_0_100", 100.0),
        ("moss art", "index_0_100", 0.5),
        ("moss graffiti", "rise_percent", 5000.0),
        ("moss frame", "rise_percent", 1250.0),
    ]
    assert {point["period_starts_at"] for point in outcome.of("attention_series")} == {datetime(2026, 11, 20, tzinfo=UTC)}
    assert {point["ts_quality"] for point in outcome.of("attention_series")} == {"collected"}


def ranked(*lists: list[Any]) -> dict[str, Any]:
    return {"default": {"rankedList": [{"rankedKeyword": each} for each in lists]}}


def test_a_related_body_names_queries_and_topics_and_is_read_behind_its_guard_too() -> None:
    document = ranked([{"query": "moss wall", "value": 100}], [{"topic": {"title": "Moss", "type": "Plant"}, "value": 350}])
    body = b")]}',\n" + json.dumps(document).encode()
    assert chosen(FORMATS, Sample("r.json", ".json", body, None)).__class__ is GuardedRelatedBody
    plain = drive(RelatedBody(), [document], context("trends"))
    assert plain.rows == drive(GuardedRelatedBody(), [body], context("trends")).rows
    assert [(point["term"], point["unit"]) for point in plain.of("attention_series")] == [
        ("moss wall", "index_0_100"),
        ("Moss", "rise_percent"),
    ]


def test_a_query_s_own_interest_and_its_place_among_related_ones_are_different_series() -> None:
    related = drive(RelatedBody(), [ranked([{"query": "moss", "value": 7}])], context("trends")).of("attention_series")
    _, outcome = read("Category: All categories\n\nDay,moss\n2026-01-04,7\n2026-01-05,7\n")
    assert related[0]["series_key"] != outcome.of("attention_series")[0]["series_key"]


def test_a_query_that_is_related_to_two_things_has_two_series() -> None:
    document = ranked([{"query": "moss", "value": 7}])
    keys = {
        drive(RelatedBody(), [more], context("trends", file=file)).of("attention_series")[0]["series_key"]
        for file, more in (("a.json", document), ("b.json", document), ("a.json", document | {"terms": ["wall"]}))
    }
    assert len(keys) == 3


def test_a_frame_of_pytrends_gives_a_point_for_each_term_and_says_what_is_partial() -> None:
    times = ("1767225600000", "1767830400000")
    frame = {"moss": dict(zip(times, (10, 0), strict=True)), "isPartial": dict(zip(times, (False, True), strict=True))}
    assert chosen(FORMATS, Sample("f.json", ".json", b"", frame)).__class__ is Frame
    points = drive(Frame(), [frame], context("trends")).of("attention_series")
    assert [(point["interest_value"], point["granularity"], point["is_partial"]) for point in points] == [
        (10.0, "week", False),
        (0.0, "week", True),
    ]


def test_a_map_is_no_series_and_stays_an_unknown_file() -> None:
    body = b"Category: All categories\n\nRegion,moss: (5/1/25 - 5/1/26)\nBavaria,100\n"
    assert chosen(FORMATS, Sample("geoMap.csv", ".csv", body, ["Category: All categories"])) is None


def test_exports_are_taken_in_by_the_intake_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given_files = tmp_path / "given"
    given_files.mkdir()
    (given_files / "multiTimeline.csv").write_text(WEEKLY)
    (given_files / "relatedQueries.csv").write_text("Category: All categories\n\nTOP\nmoss,100\n\nRISING\nmoss art,+90%\n")
    (given_files / "frame.json").write_text('{"moss":{"1767225600000":10},"isPartial":{"1767225600000":false}}')
    monkeypatch.setattr("tests.contracts.nights.REALDATA", given_files)
    landed = take_in("trends", ["multiTimeline.csv", "relatedQueries.csv", "frame.json"], tmp_path)
    assert landed.counts == {"multiTimeline.csv": (2, 2, 0, 0), "relatedQueries.csv": (2, 2, 0, 0), "frame.json": (1, 1, 0, 0)}


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.exists(), reason="no real records here")
def test_real_related_bodies_land_completely(tmp_path: Path) -> None:
    with tarfile.open(REALDATA / "google_trends" / "pytrends_cassettes.tar.gz") as archive:
        archive.extractall(tmp_path / "vcr", filter="data")
    documents = [json.loads(file.read_text("utf-8")) for file in unwrap(tmp_path / "vcr", tmp_path / "json")]
    taken = [one for one in documents if RelatedBody().matches(Sample("x", ".json", b"", one))]
    outcome = drive(RelatedBody(), taken, context("trends"))
    assert (len(taken), outcome.record_count, outcome.refused) == (9, 312, [])


@given(body=st.binary(max_size=200), text=st.text(max_size=200))
def test_arbitrary_bytes_never_break_an_export(body: bytes, text: str) -> None:
    for native in (InterestExport(), RelatedExport()):
        for tail in (body, text.encode("utf-8", "surrogatepass")):
            for document in (tail, b"Category: x\n\nWeek,a\n2026-01-04," + tail, b"Category: x\n\nTOP\n" + tail):
                native.matches(Sample("x", ".csv", document, None))
                drive(native, [document], context("trends"))
