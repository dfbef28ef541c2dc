"""Contracts of the news feed formats: pinned counts on sample feeds, rows of hand-written feeds, arbitrary input."""

from __future__ import annotations

import json
import tarfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.platforms.feeds.parse import FORMATS, JsonFeed, XmlFeed
from pipelines.platforms.protocol import Sample
from tests.contracts.harness import REALDATA, chosen, context, drive
from tests.contracts.test_bluesky import JSON

RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>The Daily Example</title><link>https://www.example.org/</link>
<language>en-us</language>
<item><title>Clean Beauty is here</title><link>https://www.example.org/a?utm_source=rss</link><guid>a1</guid>
<category>Beauty</category><pubDate>Mon, 02 Feb 2026 10:00:00 +0100</pubDate></item>
<item><title>Undated</title><link>https://www.example.org/b</link></item>
<item><title>From tomorrow</title><link>https://www.example.org/c</link><pubDate>Mon, 02 Feb 2099 10:00:00 GMT</pubDate></item>
<item><title>When</title><link>https://www.example.org/d</link><pubDate>a day in spring</pubDate></item>
</channel></rss>"""
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Example</title><link href="https://example.org/"/>
<entry><id>urn:1</id><title>One</title><link href="https://example.org/1"/><updated>2026-01-02T03:04:05Z</updated></entry></feed>"""
RDF = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Old</title><link>https://old.example/</link></channel>
<item rdf:about="https://old.example/1"><title>One</title><link>https://old.example/1</link><dc:date>2026-01-02</dc:date></item></rdf:RDF>"""


def test_an_rss_item_keeps_the_outlets_public_name_and_meets_tags() -> None:
    outcome = drive(XmlFeed(), [RSS], context("feeds"))
    dated, undated = outcome.of("mainstream_items")
    assert (dated["outlet_name"], dated["outlet_class"], dated["language"]) == ("The Daily Example", "media", "en")
    assert dated["published_at"].isoformat() == "2026-02-02T09:00:00+00:00"
    assert (dated["ts_quality"], dated["url"], dated["tags"]) == ("exact", "https://example.org/a", ["beauty"])
    assert "cleanbeauty" in dated["title_terms"]
    assert dated["outlet_key"] == undated["outlet_key"]
    assert (undated["published_at"], undated["ts_quality"]) == (context("feeds").observed_at, "collected")
    assert outcome.by_code == {"implausible_time": 1, "wrong_type": 1}


@pytest.mark.parametrize(("document", "quality"), [(ATOM, "exact"), (RDF, "date_only")])
def test_atom_and_rss_1_entries_land(document: bytes, quality: str) -> None:
    assert chosen(FORMATS, Sample("x.xml", ".xml", document, None)) is not None
    (item,) = drive(XmlFeed(), [document], context("feeds")).of("mainstream_items")
    assert item["published_at"].date().isoformat() == "2026-01-02"
    assert item["ts_quality"] == quality


def test_broken_xml_without_entries_is_one_quarantined_record() -> None:
    outcome = drive(XmlFeed(), [b"<rss><channel><title>x</ti"], context("feeds"))
    assert (outcome.record_count, outcome.by_code) == (1, {"broken_xml": 1})


def test_an_alerts_mark_up_and_redirect_are_taken_off() -> None:
    entry = (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><title>Alert</title><entry><id>1</id>'
        b'<title type="html">&lt;b&gt;Moss&lt;/b&gt; walls &amp;lt;3</title>'
        b'<link href="https://www.google.com/url?sa=t&amp;url=https://news.example/moss&amp;ct=ga"/></entry></feed>'
    )
    (item,) = drive(XmlFeed(), [entry], context("feeds")).of("mainstream_items")
    assert (item["title"], item["url"], item["link_domains"]) == ("Moss walls <3", "https://news.example/moss", ["news.example"])
    assert "mosswalls" in item["title_terms"]


def test_a_json_feed_item_lands() -> None:
    item = {"id": 1, "url": "https://example.org/1", "title": "One", "date_published": "2026-01-02T03:04:05Z", "tags": ["X"]}
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Example", "items": [item]}
    (row,) = drive(JsonFeed(), [feed], context("feeds")).of("mainstream_items")
    assert (row["outlet_name"], row["tags"], row["ts_quality"]) == ("Example", ["x"], "exact")


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.exists(), reason="no real records here")
def test_the_sample_feeds_land_with_one_refusal() -> None:
    records = landed = recognised = 0
    codes: list[str] = []
    with tarfile.open(REALDATA / "rss_feeds" / "feedjira_sample_feeds.tar.gz") as archive:
        for member in archive:
            stream = archive.extractfile(member)
            if stream is None:
                continue
            raw = stream.read()
            value = json.loads(raw) if member.name.endswith(".json") else None
            native = chosen(FORMATS, Sample(member.name, "", raw[:65536], value))
            if native is None:
                continue
            recognised += 1
            outcome = drive(native, [raw if value is None else value], context("feeds"))
            records += outcome.record_count
            landed += len(outcome.rows)
            codes += [bad.code for bad in outcome.refused]
    assert (recognised, records, landed, codes) == (37, 322, 321, ["missing_id"])


@given(raw=st.binary(max_size=200), document=JSON)
def test_arbitrary_bytes_and_json_never_break_a_format(raw: bytes, document: Any) -> None:
    drive(XmlFeed(), [raw, b"<rss>" + raw], context("feeds"))
    drive(JsonFeed(), [document, {"items": [document], "title": document}], context("feeds"))
