"""Turns of the feeds' client: one conditional request a night."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.http.protocol import Cursor, Page, Request, Turn, WatchItem, Window
from pipelines.platforms.feeds.client import CLIENT

WINDOW = Window(datetime(2026, 9, 30, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC))
(FEEDS,) = CLIENT.sources
ADDRESS = "https://www.example.org/feed?cat=7&empty=#top"


def watched(value: str = ADDRESS, **options: Any) -> WatchItem:
    return WatchItem("feeds", "feeds", value, CLIENT.server, options)


def after(cursor: Cursor, status: int, headers: dict[str, str], request: Request) -> Turn:
    return FEEDS.after(watched(), cursor, WINDOW, Page(request, status, headers, b"<rss/>", WINDOW.ends_at))


def test_a_feed_is_asked_at_its_own_address_with_its_query_and_without_its_fragment() -> None:
    (request,) = FEEDS.begin(watched(), {}, WINDOW).requests
    assert (request.url, request.query) == ("https://www.example.org/feed", (("cat", "7"), ("empty", "")))
    assert (request.suffix, request.credential) == (".xml", None)
    assert {name for name, _ in request.headers} == {"Accept"}


def test_the_next_night_asks_for_a_newer_version_only_and_an_unchanged_feed_keeps_it() -> None:
    (request,) = FEEDS.begin(watched(), {}, WINDOW).requests
    turn = after({}, 200, {"etag": 'W/"7"', "last-modified": "Wed, 30 Sep 2026 08:00:00 GMT", "server": "x"}, request)
    assert turn.requests == ()
    (again,) = FEEDS.begin(watched(), turn.cursor, WINDOW).requests
    assert (
        dict(again.headers).items()
        >= {
            "If-None-Match": 'W/"7"',
            "If-Modified-Since": "Wed, 30 Sep 2026 08:00:00 GMT",
        }.items()
    )
    for status in (304, 404, 410):
        assert after(turn.cursor, status, {"etag": "other"}, again) == Turn((), turn.cursor)


def test_a_server_that_stops_naming_versions_is_asked_for_all_again() -> None:
    (request,) = FEEDS.begin(watched(), {"etag": "old"}, WINDOW).requests
    assert after({"etag": "old"}, 200, {}, request).cursor == {}


def test_a_json_feed_is_known_by_its_address_or_by_the_watchlist() -> None:
    for item in (watched("https://example.org/feed.json"), watched("https://example.org/feed", format="json")):
        assert FEEDS.begin(item, {}, WINDOW).requests[0].suffix == ".json"


@pytest.mark.parametrize(
    "item",
    [
        watched("example.org/feed"),
        watched("ftp://example.org/feed"),
        watched("https://user:word@example.org/feed"),
        watched("https://[::1/feed"),
        watched(format="csv"),
    ],
)
def test_what_is_no_address_or_form_is_refused_with_what_to_write(item: WatchItem) -> None:
    with pytest.raises(ValueError, match=r"feeds: .*write"):
        FEEDS.begin(item, {}, WINDOW)
