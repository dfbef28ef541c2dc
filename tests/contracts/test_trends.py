"""Contracts of the Google Trends formats: pinned counts on real tables, rows of hand-written payloads, arbitrary input."""

from __future__ import annotations

import csv
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from pipelines.platforms.protocol import Framing, Sample
from pipelines.platforms.trends.parse import FORMATS, GuardedTimeline, Timeline, TrendingHistory
from tests.contracts.harness import REALDATA, Outcome, chosen, context, drive
from tests.contracts.test_bluesky import JSON
from tests.contracts.unwrap import unwrap


def drive_table(text: str) -> tuple[str, Outcome]:
    native = chosen(FORMATS, Sample("t.csv", ".csv", text.encode(), next(csv.reader(text.splitlines()))))
    assert native is not None
    return native.name, drive(native, csv.DictReader(text.splitlines()), context("trends", "search"))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("date,moss\n2026-01-04,10\n2026-01-11,20\n", "trends_table_week_index_0_100"),
        ("date,moss\n04-01-2026,10\n11-01-2026,20\n", "trends_table_week_index_0_100"),
        ("moss,month\n0.5,2026-01\n1.5,2026-02\n", "trends_table_month_normalised_ratio"),
        ("Day,moss\n2026-01-04,10\n2026-01-05,<1\n", "trends_table_day_index_0_100"),
    ],
)
def test_a_table_is_known_by_its_step_and_unit(text: str, name: str) -> None:
    found, outcome = drive_table(text)
    assert found == name
    assert len(outcome.rows) == 2
    assert {row["term"] for row in outcome.of("attention_series")} == {"moss"}


def test_day_first_dates_are_read_as_such() -> None:
    _, outcome = drive_table("date,moss\n04-01-2026,10\n11-01-2026,\n")
    points = outcome.of("attention_series")
    assert points[0]["period_starts_at"].date().isoformat() == "2026-01-04"
    assert [point["interest_value"] for point in points] == [10.0, None]


def timeline(*times: int) -> dict[str, Any]:
    points = [{"time": str(time), "value": [7, 9], "hasData": [True, False], "isPartial": True} for time in times]
    return {"default": {"timelineData": points}}


def test_a_timeline_without_terms_says_that_they_are_unknown() -> None:
    outcome = drive(Timeline(), [timeline(1_767_225_600, 1_767_312_000)], context("trends", "search", "a.json"))
    first, second = outcome.of("attention_series")[:2]
    assert (first["term"], first["granularity"], first["interest_value"]) == ("unknown term 1 of a.json", "day", 7.0)
    assert (second["interest_value"], second["is_partial"]) == (None, True)


def test_the_guard_prefix_is_taken_off() -> None:
    body = b")]}',\n" + json.dumps(timeline(1_767_225_600)).encode()
    native = chosen(FORMATS, Sample("a.json", ".json", body, None))
    assert isinstance(native, GuardedTimeline)
    assert len(drive(native, [body], context("trends")).rows) == 2
    assert drive(native, [body[:40]], context("trends")).by_code == {"broken_json": 1}


def test_a_trending_snapshot_gives_a_point_for_each_item() -> None:
    snapshot = {"timestamp": "2026-08-21T17:27:03+09:00", "items": [{"keyword": "moss", "traffic": 2000}]}
    outcome = drive(TrendingHistory(), [[snapshot, {"timestamp": "2026-08-21T18:27:03+09:00", "items": []}]], context("trends"))
    (point,) = outcome.of("attention_series")
    assert (point["unit"], point["interest_value"]) == ("views", 2000.0)
    assert point["period_starts_at"].isoformat() == "2026-08-21T08:27:03+00:00"
    assert outcome.by_code == {"unexpected_shape": 1}


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.exists(), reason="no real records here")
def test_the_real_tables_and_bodies_land_completely(tmp_path: Path) -> None:
    weekly, popculture = drive_table((REALDATA / "google_trends" / "popculture_google_trends_clean.csv").read_text("utf-8"))
    monthly, luxury = drive_table((REALDATA / "luxury_handbag_multi" / "google.csv").read_text("utf-8"))
    assert (weekly, popculture.record_count, len(popculture.rows)) == ("trends_table_week_index_0_100", 54, 648)
    assert (monthly, luxury.record_count, len(luxury.rows)) == ("trends_table_month_normalised_ratio", 98, 588)
    korea = json.loads((REALDATA / "google_trends" / "korea_trend_history.json").read_text("utf-8"))
    history = drive(TrendingHistory(), [korea], context("trends"))
    assert (history.record_count, len(history.rows)) == (36, 360)
    with tarfile.open(REALDATA / "google_trends" / "pytrends_cassettes.tar.gz") as archive:
        archive.extractall(tmp_path / "vcr", filter="data")
    documents = [json.loads(file.read_text("utf-8")) for file in unwrap(tmp_path / "vcr", tmp_path / "json")]
    timelines = [one for one in documents if Timeline().matches(Sample("x", ".json", b"", one))]
    bodies = drive(Timeline(), timelines, context("trends"))
    assert (len(timelines), bodies.record_count, len(bodies.rows), bodies.by_code) == (9, 566, 1634, {})


@given(document=JSON)
def test_arbitrary_json_is_refused_and_never_breaks_a_format(document: Any) -> None:
    point = {"time": "1767225600", "value": document, "hasData": document}
    shapes = [document, [document], {"default": {"timelineData": [document, point]}, "terms": document}, {"date": document}]
    shapes += [{"default": {"rankedList": [{"rankedKeyword": [document, {"query": document, "value": document}]}, document]}}]
    shapes += [{"moss": {"1767225600000": document}, "isPartial": document}]
    for native in FORMATS:
        native.matches(Sample("x", "", b"date,a\n", document))
        drive(native, [b"{}" if native.framing is Framing.XML else shape for shape in shapes], context("trends"))
    snapshot = {"timestamp": "2026-08-21T18:27:03Z", "items": [{"keyword": "a", "traffic": document}, document]}
    drive(TrendingHistory(), [[snapshot]], context("trends"))
