"""Feeds made to harm who reads them: entities that swell or point elsewhere, documents that cost far more than their size."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pipelines.platforms.feeds import parse
from pipelines.platforms.feeds.parse import XmlFeed
from tests.contracts.harness import Outcome, context, drive

MEGABYTE = 1 << 20


def feed(title: bytes = b"x", doctype: bytes = b"", attributes: bytes = b"") -> bytes:
    return (
        b"<?xml version='1.0'?>" + doctype + b"<rss version='2.0'><channel><title>T</title><link>https://example.org/</link><item"
        b" " + attributes + b"><guid>1</guid><title>" + title + b"</title></item></channel></rss>"
    )


def doctype(declarations: bytes) -> bytes:
    return b"<!DOCTYPE rss [" + declarations + b"]>"


def read(document: bytes) -> Outcome:
    return drive(XmlFeed(), [document], context("feeds"))


LAUGHS = doctype(
    b"<!ENTITY a0 'ha'>" + b"".join(b"<!ENTITY a%d '%s'>" % (level, b"&a%d;" % (level - 1) * 10) for level in range(1, 12))
)
REFUSED = {
    "a billion laughs": feed(b"&a11;", LAUGHS),
    "a long entity many times": feed(b"&q;" * 20_000, doctype(b"<!ENTITY q '" + b"q" * 100_000 + b"'>")),
    "an entity from a file": feed(b"&e;", doctype(b"<!ENTITY e SYSTEM 'file:///etc/passwd'>")),
    "a parameter entity from a file": feed(b"x", doctype(b"<!ENTITY % p SYSTEM 'file:///etc/passwd'> %p;")),
    "an entity that is not even text": feed(b"x", doctype(b"<!NOTATION n SYSTEM 'n'><!ENTITY e SYSTEM 'file:///x' NDATA n>")),
    "an element of many attributes": feed(attributes=b" ".join(b"a%d='x'" % number for number in range(20_000))),
}


@pytest.mark.parametrize("document", REFUSED.values(), ids=REFUSED)
def test_what_no_feed_needs_is_refused_before_its_reader_sees_it(document: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    import feedparser

    monkeypatch.setattr(feedparser, "parse", lambda _: pytest.fail("the reader saw it"))
    (bad,) = read(document).refused
    assert bad.code == "unsafe_xml"


HARMLESS = {
    "a document type of the old days": feed(
        doctype=b'<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://127.0.0.1:9/rss.dtd">'
    ),
    "an entity for one character": feed(b"caf&eacute;", doctype(b"<!ENTITY eacute '&#233;'>")),
    "no XML at all in the end": feed()[: -len(b"</channel></rss>")],
}


@pytest.mark.parametrize("document", HARMLESS.values(), ids=HARMLESS)
def test_what_feeds_have_is_read_as_before(document: bytes) -> None:
    outcome = read(document)
    assert (outcome.by_code, len(outcome.of("mainstream_items"))) == ({}, 1)


def test_nothing_that_a_feed_names_is_fetched() -> None:
    asked: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(1.0)

        def listen() -> None:
            try:
                asked.append(server.accept())
            except TimeoutError:
                return

        listener = threading.Thread(target=listen)
        listener.start()
        address = b"http://127.0.0.1:%d/x" % server.getsockname()[1]
        for declared in (b"<!ENTITY e SYSTEM '%s'>", b"<!ENTITY %% p SYSTEM '%s'> %%p;"):
            read(feed(b"&e;", doctype(declared % address)))
        read(feed(doctype=b"<!DOCTYPE rss SYSTEM '%s'>" % address))
        read(b"<?xml-stylesheet href='%s'?>" % address + feed()[21:])
        listener.join()
    assert asked == []


def test_a_feed_of_many_megabytes_is_refused_by_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse, "LARGEST_FEED_BYTES", 1_000)
    (bad,) = read(feed(b"x" * 2_000)).refused
    assert bad.code == "oversized"
    assert read(feed()).refused == []


SWELLING = """
import resource, sys
from pipelines.platforms.feeds.parse import XmlFeed
from pipelines.platforms.protocol import BadRecord
XmlFeed().split(b"<rss version='2.0'><channel><title>x</title></channel></rss>")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name in sys.argv[1:]:
    try:
        list(XmlFeed().split(open(name, "rb").read()))
    except BadRecord as bad:
        print(bad.code)
print("grew", (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_hostile_documents_are_read_within_bounded_memory(tmp_path: Path) -> None:
    documents = [*REFUSED.values(), feed(b"<b>" * 20_000), feed(b"&" * 200_000), feed(b"<" * 200_000), feed(b"<!--" * 20_000)]
    # Where expat cannot read it the forgiving reader does, and it knows no entities of a document at all.
    documents += [feed(b"&a11; & <", LAUGHS), b"\xff" + feed(b"&a11;", LAUGHS)]
    for place, document in enumerate(documents):
        (tmp_path / str(place)).write_bytes(document)
    files = [str(tmp_path / str(place)) for place in range(len(documents))]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", SWELLING, *files], capture_output=True, text=True, timeout=300, check=True
    )
    assert done.stdout.count("unsafe_xml") >= len(REFUSED)
    assert int(done.stdout.rpartition("grew ")[2]) < 200
