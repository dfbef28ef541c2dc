"""Contracts of the GDELT formats: hand-written lines of each table, pinned counts on the real table, arbitrary input."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.lake import framing
from pipelines.platforms.gdelt.parse import FORMATS, ArticleList, FileList
from pipelines.platforms.protocol import Framing, NativeFormat, Sample
from tests.contracts.harness import PSEUDONYMS, REALDATA, Outcome, chosen, context, drive
from tests.contracts.test_bluesky import JSON

ADDRESS = "https://www.gazette.example/moss-walls?utm_source=x"
EXTRAS = (
    "<PAGE_LINKS>https://gazette.example/about;https://www.tiktok.com/@ana/video/7;https://shop.gazette.example/</PAGE_LINKS>"
    "<PAGE_PRECISEPUBTIMESTAMP>20260302093000</PAGE_PRECISEPUBTIMESTAMP><PAGE_TITLE>Moss walls &#x2013; who began?</PAGE_TITLE>"
)


def line(count: int, cells: dict[int, str]) -> bytes:
    return "\t".join(cells.get(place, "") for place in range(count)).encode("utf-8", "surrogateescape")


def gkg(**changed: str) -> bytes:
    cells = {
        0: "20260302101500-T12",
        1: "20260302101500",
        2: "1",
        3: "gazette.example",
        4: ADDRESS,
        7: "EDUCATION;PROTEST",
        20: "http://pic.twitter.com/abc;",
        21: "https://youtube.com/watch?v=1;",
        25: "srclc:spa;eng:GT-SPA 1.0",
        26: EXTRAS,
    }
    places = {"id": 0, "seen": 1, "collection": 2, "outlet": 3, "address": 4, "translation": 25, "extras": 26}
    return line(27, cells | {places[name]: cell for name, cell in changed.items()})


def mention(address: str = ADDRESS, kind: str = "1") -> bytes:
    named = {0: "55", 1: "20260301000000", 2: "20260302101500", 3: kind, 4: "gazette.example", 5: address}
    return line(16, named | {14: "srclc:ara;eng:GT-ARA 1.0"})


def event(count: int = 61, address: str = ADDRESS) -> bytes:
    added = {61: (59, "20260302101500"), 58: (56, "20260302")}[count]
    return line(count, {0: "55", 1: "20260301", 2: "202603", 3: "2026", added[0]: added[1], added[0] + 1: address})


def take(*raw_lines: bytes, file: str = "20260302101500.gkg.csv") -> tuple[str, Outcome]:
    """The lines as the intake would read them from a file."""
    data = b"\n".join(raw_lines)
    records = [each.value for each in framing.text_lines(io.BytesIO(data))]
    native = recognised(data, file)
    assert native is not None
    return native.name, drive(native, records, context("gdelt", "firehose", file))


def recognised(data: bytes, file: str = "20260302101500.gkg.csv") -> NativeFormat | None:
    first_line = next(framing.text_lines(io.BytesIO(data))).value
    header = framing.csv_header(data)
    for native in FORMATS:
        first = {Framing.TEXT: first_line, Framing.CSV: header}.get(native.framing)
        if native.matches(Sample(file, ".csv", data, first)):
            return native
    return None


def test_a_document_of_the_knowledge_graph_is_an_article_with_its_title_and_what_it_links_to() -> None:
    name, outcome = take(gkg())
    (item,) = outcome.of("mainstream_items")
    assert name == "gdelt_gkg"
    assert (item["outlet_name"], item["outlet_class"], item["language"]) == ("gazette.example", "media", "es")
    assert (item["title"], item["url"]) == ("Moss walls \u2013 who began?", "https://gazette.example/moss-walls")
    assert "mosswalls" in item["title_terms"]
    assert item["link_domains"] == ["gazette.example", "tiktok.com", "pic.twitter.com", "youtube.com"]
    assert item["observed_at"].isoformat() == "2026-03-02T10:15:00+00:00"


def test_themes_are_no_tags_since_a_machine_set_them_and_not_the_outlet() -> None:
    (item,) = take(gkg())[1].of("mainstream_items")
    assert item.get("tags") is None


@pytest.mark.parametrize(
    ("stated", "day"),
    [
        ("20260302093000", 2),
        ("20260228093000", 28),
        # A page's clock that runs ahead of GDELT's is a local time: of its own day nothing is lost, a later day is not believed.
        ("20260302190000", 2),
        ("20260303010000", 2),
        ("19700101000000", 2),
        ("20261399000000", 2),
        ("", 2),
    ],
)
def test_an_article_is_of_the_day_that_it_states_unless_it_was_seen_before(stated: str, day: int) -> None:
    (item,) = take(gkg(extras=f"<PAGE_PRECISEPUBTIMESTAMP>{stated}</PAGE_PRECISEPUBTIMESTAMP>"))[1].of("mainstream_items")
    published_at = item["published_at"]
    assert (published_at.day, published_at.hour, published_at.minute, item["ts_quality"]) == (day, 0, 0, "date_only")
    assert item["observed_at"].isoformat() == "2026-03-02T10:15:00+00:00"


def test_what_was_not_on_the_web_keeps_its_citation_as_its_name_and_has_no_address() -> None:
    first, second = take(gkg(), gkg(collection="2", outlet="BBC Monitoring", address="BBCM 12 March", extras=""))[1].of(
        "mainstream_items"
    )
    assert (second["outlet_name"], second["url"]) == ("bbc monitoring", None)
    assert first["item_key"] != second["item_key"]


def test_an_odd_byte_costs_an_article_only_where_it_is_read() -> None:
    unread = gkg().replace(b"EDUCATION", b"\xff\xfe")
    in_title = gkg(extras="<PAGE_TITLE>Moss \udcff walls</PAGE_TITLE>")
    in_address = gkg(address="https://gazette.example/\udcff")
    outcome = take(unread, in_title, in_address)[1]
    assert [item["title"] for item in outcome.of("mainstream_items")] == ["Moss walls \u2013 who began?", "Moss \ufffd walls"]
    assert outcome.by_code == {"invalid_utf8": 1}


def test_the_same_article_has_one_key_in_every_table_and_its_outlet_one_in_every_archive() -> None:
    tables = [take(raw) for raw in (gkg(), mention(), event(61), event(58))]
    assert [name for name, _ in tables] == ["gdelt_gkg", "gdelt_mentions", "gdelt_events", "gdelt_events_1"]
    items = [item for _, outcome in tables for item in outcome.of("mainstream_items")]
    assert len({item["item_key"] for item in items}) == 1
    assert {item["outlet_key"] for item in items} == {PSEUDONYMS.key("outlet", "gazette.example")}
    assert [item["ts_quality"] for item in items] == ["date_only"] * 4


def test_an_event_without_a_web_source_names_no_article() -> None:
    outcome = take(event(), event(address="BBC Monitoring"), event(address=""))[1]
    assert (len(outcome.rows), outcome.by_code) == (1, {"no_source_url": 2})


def test_events_of_before_april_2013_name_no_source_and_are_no_known_format() -> None:
    assert recognised(line(57, {0: "55", 1: "20120301", 2: "201203", 56: "20120301"})) is None


@pytest.mark.parametrize("broken", [gkg(seen="20261340000000"), gkg(seen="today"), gkg()[:-40].rpartition(b"\t")[0]])
def test_a_broken_line_is_refused_alone(broken: bytes) -> None:
    outcome = take(gkg(), broken, mention())[1]
    assert len(outcome.rows) == 1
    assert set(outcome.by_code) <= {"wrong_type", "unexpected_shape"}
    assert len(outcome.refused) == 2


def test_one_line_of_the_first_knowledge_graph_is_all_its_articles() -> None:
    header = "DATE\tNUMARTS\tCOUNTS\tTHEMES\tLOCATIONS\tPERSONS\tORGANIZATIONS\tTONE\tCAMEOEVENTIDS\tSOURCES\tSOURCEURLS"
    row = '20140301\t2\t\tA"B\t\t\t\t\t\ta.example;b.example\thttp://a.example/1<UDIV>http://b.example/2;x'
    none = "20140301\t1\t\t\t\t\t\t\t\tBBC\tBBC Monitoring"
    data = f"{header}\n{row}\n{none}".encode()
    native = recognised(data, "20140301.gkg.csv")
    assert native is not None
    outcome = drive(native, [each.value for each in framing.csv_rows(io.BytesIO(data))], context("gdelt"))
    items = outcome.of("mainstream_items")
    assert [(item["url"], item["outlet_name"], item["ts_quality"]) for item in items] == [
        ("https://a.example/1", "a.example", "date_only"),
        ("https://b.example/2;x", "b.example", "date_only"),
    ]
    assert outcome.by_code == {"no_source_url": 1}


def test_an_article_list_of_the_search_lands_and_an_empty_one_has_no_record() -> None:
    article = {
        "url": ADDRESS,
        "title": "Moss walls : who  began ?",
        "seendate": "20260302T101500Z",
        "domain": "gazette.example",
        "language": "Spanish",
    }
    articles = [article, article | {"url": "x"}, article | {"seendate": None}]
    answer = {"articles": articles}
    assert chosen(FORMATS, Sample("page.json", ".json", b"", answer)) is not None
    outcome = drive(ArticleList(), [answer, {}], context("gdelt", "search"))
    (item,) = outcome.of("mainstream_items")
    assert (item["language"], item["title"], item["ts_quality"]) == ("es", "Moss walls : who began ?", "date_only")
    assert (outcome.record_count, outcome.by_code) == (3, {"missing_id": 1, "missing_field": 1})


def test_a_list_of_files_is_known_and_holds_no_record() -> None:
    listed = b"298711 a5298ce3c6df1a8a759c61b5c0b6f8bb http://data.gdeltproject.org/gdeltv2/20150218230000.gkg.csv.zip\n"
    native = recognised(listed, "lastupdate.txt")
    assert isinstance(native, FileList)
    assert list(native.split(listed)) == []


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.exists(), reason="no real records here")
def test_all_real_mentions_land() -> None:
    import tarfile

    with tarfile.open(REALDATA / "gdelt" / "gdeltPyR_data.tar.gz") as archive:
        stream = archive.extractfile("data/mentionssamp.csv")
        assert stream is not None
        raw = stream.read()
    native = recognised(raw)
    assert native is not None
    outcome = drive(native, csv.DictReader(raw.decode().splitlines()), context("gdelt"))
    assert (native.name, outcome.record_count, len(outcome.rows), outcome.by_code) == ("gdelt_mentions_table", 1635, 1635, {})
    assert len({item["item_key"] for item in outcome.of("mainstream_items")}) == 559


@given(raw=st.binary(max_size=120), document=JSON)
def test_arbitrary_lines_and_json_never_break_a_format(raw: bytes, document: Any) -> None:
    text = raw.decode("utf-8", "surrogateescape")
    for native in FORMATS:
        if native.framing is Framing.TEXT:
            count = {"gdelt_gkg": 27, "gdelt_mentions": 16, "gdelt_events": 61, "gdelt_events_1": 58}[native.name]
            cells = [text] * count
            drive(native, [document, text, "\t".join(cells)], context("gdelt"))
        elif native.framing is Framing.CSV:
            drive(native, [document, {"date": document, "sourceurl": text}], context("gdelt"))
    drive(ArticleList(), [document, {"articles": [document, {"url": document, "seendate": text}]}], context("gdelt"))
