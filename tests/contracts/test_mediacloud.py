"""Contracts of the Media Cloud formats: hand-written stories, pinned counts on the real lists, arbitrary input."""

from __future__ import annotations

import csv
import io
import json
import tarfile
from typing import Any

import pytest
from hypothesis import given

from pipelines.platforms.mediacloud.parse import FORMATS, Refusal, StoryList, StoryPage, StoryTable
from pipelines.platforms.protocol import Sample
from tests.contracts.harness import PSEUDONYMS, REALDATA, chosen, context, drive
from tests.contracts.test_bluesky import JSON

STORY = {
    "id": "eebf",
    "media_name": "gazette.example",
    "media_url": "https://www.gazette.example/",
    "title": "Moss walls &amp; more",
    "publish_date": "2026-03-02",
    "indexed_date": "2026-03-03T04:05:06.789",
    "url": "https://www.gazette.example/moss?utm_source=rss",
    "language": "en",
}
ARCHIVED = {
    "title": "Moss walls",
    "publication_date": "2026-03-02",
    "capture_time": "2026-03-04T03:53:49Z",
    "language": "en",
    "domain": "gazette.example",
    "url": "https://www.gazette.example/moss",
    "archive_playback_url": "https://web.archive.org/web/2026/https://www.gazette.example/moss",
}


def items(story: dict[str, Any]) -> list[dict[str, Any]]:
    return drive(StoryList(), [[story]], context("mediacloud", "search")).of("mainstream_items")


def test_a_page_of_the_search_lands_its_stories_with_outlet_title_and_day() -> None:
    page = {"stories": [STORY], "pagination_token": "x"}
    assert isinstance(chosen(FORMATS, Sample("p.json", ".json", b"", page)), StoryPage)
    (item,) = drive(StoryPage(), [page, {"stories": []}], context("mediacloud", "search")).of("mainstream_items")
    assert (item["outlet_name"], item["title"], item["language"]) == ("gazette.example", "Moss walls & more", "en")
    assert (item["published_at"].isoformat(), item["ts_quality"]) == ("2026-03-02T00:00:00+00:00", "date_only")
    assert item["observed_at"].isoformat() == "2026-03-03T04:05:06.789000+00:00"


def test_a_story_of_the_archive_is_the_same_item_of_the_same_outlet_as_in_any_other_list() -> None:
    (archived,), (searched,) = items(ARCHIVED), items(STORY)
    assert archived["item_key"] == searched["item_key"] == PSEUDONYMS.link_key("https://gazette.example/moss")
    assert archived["outlet_key"] == searched["outlet_key"] == PSEUDONYMS.key("outlet", "gazette.example")
    assert archived["observed_at"].isoformat() == "2026-03-04T03:53:49+00:00"


def test_a_placeholder_is_no_outlet_and_a_story_without_a_date_has_the_time_at_which_it_was_found() -> None:
    (item,) = items({"language": "en", "domain": "a", "url": "https://mashable.example/muppets"})
    assert item["outlet_name"] == "mashable.example"
    assert (item["published_at"], item["ts_quality"]) == (context("mediacloud").observed_at, "collected")


@pytest.mark.parametrize(
    ("changed", "quality"),
    [
        ({"publish_date": "2026-03-02 10:11:12"}, "exact"),
        ({"publish_date": "2026-03-02 10:11:12", "guess_method": "source_link"}, "imputed"),
        ({"publish_date": None}, "collected"),
    ],
)
def test_a_time_is_as_good_as_what_it_was_read_from(changed: dict[str, Any], quality: str) -> None:
    (item,) = items(STORY | changed)
    assert item["ts_quality"] == quality


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"url": None}, "missing_id"),
        ({"url": "http://http://gazette.example/x"}, "missing_id"),
        ({"publish_date": "soon"}, "wrong_type"),
        ({"publish_date": "2026-03-09"}, "implausible_time"),  # days after it was indexed
        ({"publish_date": "1846-03-09"}, "implausible_time"),
    ],
)
def test_a_bad_story_is_refused_with_its_reason(changed: dict[str, Any], code: str) -> None:
    outcome = drive(StoryList(), [[STORY | changed, STORY]], context("mediacloud"))
    assert (len(outcome.rows), outcome.by_code) == (1, {code: 1})


def test_an_address_in_place_of_a_title_is_no_title() -> None:
    (item,) = items(STORY | {"title": STORY["url"]})
    assert (item["title"], item["title_terms"]) == (None, [])


def test_an_error_is_one_quarantined_record() -> None:
    answer = {"status": "error", "note": "quota exceeded"}
    assert isinstance(chosen(FORMATS, Sample("p.json", ".json", b"", answer)), Refusal)
    assert drive(Refusal(), [answer], context("mediacloud")).by_code == {"error_response": 1}


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.exists(), reason="no real records here")
@pytest.mark.parametrize(("file", "count", "titled"), [("kentucky_200363050.json", 5, 5), ("testing.json", 8, 0)])
def test_all_stories_of_the_real_lists_land(file: str, count: int, titled: int) -> None:
    document = json.loads((REALDATA / "mediacloud" / file).read_bytes())
    assert isinstance(chosen(FORMATS, Sample(file, ".json", b"", document)), StoryList)
    outcome = drive(StoryList(), [document], context("mediacloud"))
    stories = outcome.of("mainstream_items")
    assert (len(stories), outcome.by_code, sum(story["title"] is not None for story in stories)) == (count, {}, titled)


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.exists(), reason="no real records here")
def test_the_real_table_lands_but_for_one_story_without_an_address() -> None:
    with tarfile.open(REALDATA / "mediacloud" / "backend_test_data.tar.gz") as archive:
        stream = archive.extractfile("doc/validate/date_guess_threshold/date_guess_threshold_validation.csv")
        assert stream is not None
        reader = csv.DictReader(io.StringIO(stream.read().decode()))
    assert isinstance(chosen(FORMATS, Sample("t.csv", ".csv", b"", list(reader.fieldnames or ()))), StoryTable)
    outcome = drive(StoryTable(), reader, context("mediacloud"))
    assert (outcome.record_count, len(outcome.rows), outcome.by_code) == (1_000, 999, {"missing_id": 1})
    assert {story["ts_quality"] for story in outcome.of("mainstream_items")} == {"imputed"}


@given(document=JSON)
def test_arbitrary_json_never_breaks_a_format(document: Any) -> None:
    stories = [document, STORY | {"url": document}, STORY | {"title": document}, STORY | {"publish_date": document}]
    drive(StoryPage(), [document, {"stories": stories}, {"stories": document}], context("mediacloud"))
    drive(StoryList(), [document, stories], context("mediacloud"))
    drive(StoryTable(), stories, context("mediacloud"))
    drive(Refusal(), [document], context("mediacloud"))
