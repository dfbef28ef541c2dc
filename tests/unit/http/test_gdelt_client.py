"""How GDELT is asked: hand-written pages, and which request follows them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipelines.http.protocol import Answer, Cursor, Page, Request, Source, Turn, WatchItem, Window
from pipelines.platforms.gdelt.client import CLIENT, Files, Queries, judge

NIGHT = Window(datetime(2026, 3, 2, 10, 7, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC))
QUERY = WatchItem("gdelt", "queries", '"clean beauty"', CLIENT.server)
GKG = WatchItem("gdelt", "files", "gkg", CLIENT.server)
MD5 = hashlib.md5(b"archive", usedforsecurity=False).hexdigest()
LISTED = "\n".join(
    f"123 {MD5} http://data.gdeltproject.org/gdeltv2/20260302110000.{kind}"
    for kind in ("export.CSV.zip", "mentions.CSV.zip", "gkg.csv.zip")
).encode()


def page(request: Request, body: bytes | Any, status: int = 200, headers: dict[str, str] | None = None) -> Page:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Page(request, status, headers or {}, content, datetime(2026, 3, 3, tzinfo=UTC))


def articles(*moments: str) -> dict[str, Any]:
    return {"articles": [{"url": f"https://a.example/{place}", "seendate": moment} for place, moment in enumerate(moments)]}


def full(last: str) -> dict[str, Any]:
    return articles(*["20260302T101500Z"] * 249, last)


def after(source: Source, item: WatchItem, turn: Turn, body: bytes | Any, cursor: Cursor | None = None) -> Turn:
    return source.after(item, turn.cursor if cursor is None else cursor, NIGHT, page(turn.requests[0], body))


def asked(turn: Turn) -> tuple[str, str]:
    query = dict(turn.requests[0].query)
    return query["startdatetime"], query["enddatetime"]


def test_a_query_asks_for_its_window_and_ends_with_a_page_that_is_not_full() -> None:
    first = Queries().begin(QUERY, {}, NIGHT)
    assert asked(first) == ("20260302100700", "20260303000000")
    assert after(Queries(), QUERY, first, articles("20260302T101500Z")) == Turn((), {"until": "20260303000000"})
    assert after(Queries(), QUERY, first, {}).requests == ()


def test_a_full_page_is_followed_from_its_last_article() -> None:
    first = Queries().begin(QUERY, {}, NIGHT)
    second = after(Queries(), QUERY, first, full("20260302T120000Z"))
    assert asked(second) == ("20260302120000", "20260303000000")


def test_a_quarter_hour_with_more_than_a_page_is_left_behind_and_the_chain_ends() -> None:
    turn = Queries().begin(QUERY, {}, NIGHT)
    starts = []
    while turn.requests:
        starts.append(asked(turn)[0])
        turn = after(Queries(), QUERY, turn, full("20260302T101500Z"))
    assert starts == sorted(set(starts))
    assert len(starts) < 100
    assert turn.cursor["until"] == "20260303000000"


def test_a_query_goes_on_where_it_ended_with_an_hour_of_overlap_and_ends_after_many_pages() -> None:
    assert asked(Queries().begin(QUERY, {"until": "20260302130000"}, NIGHT))[0] == "20260302120000"
    first = Queries().begin(QUERY, {}, NIGHT)
    last = after(Queries(), QUERY, first, full("20260302T120000Z"), {**first.cursor, "page_count": 200})
    assert last == Turn((), {"until": "20260302120000"})


@pytest.mark.parametrize(("source", "item"), [(Queries(), QUERY), (Files(), GKG)])
def test_what_cannot_be_asked_says_what_to_write(source: Source, item: WatchItem) -> None:
    with pytest.raises(ValueError, match="write"):
        source.begin(WatchItem("gdelt", item.source, " ", CLIENT.server), {}, NIGHT)


def names(requests: Sequence[Request]) -> list[str]:
    return [request.url.rsplit("/", 1)[1] for request in requests]


def test_the_list_of_the_newest_files_is_followed_by_those_of_the_window() -> None:
    first = Files().begin(GKG, {}, NIGHT)
    assert first.requests[0].url == "https://data.gdeltproject.org/gdeltv2/lastupdate.txt"
    turn = after(Files(), GKG, first, LISTED)
    assert names(turn.requests) == [
        "20260302101500.gkg.csv.zip",
        "20260302103000.gkg.csv.zip",
        "20260302104500.gkg.csv.zip",
        f"20260302110000.gkg.csv.zip#md5={MD5}",
    ]
    assert {request.suffix for request in turn.requests} == {".csv.zip"}


def test_files_that_were_had_are_not_asked_for_again_and_a_missing_one_is_passed_by() -> None:
    turn = after(Files(), GKG, Files().begin(GKG, {"last": "20260302103000"}, NIGHT), LISTED)
    assert names(turn.requests)[0] == "20260302104500.gkg.csv.zip"
    gone = Files().after(GKG, turn.cursor, NIGHT, page(turn.requests[0], b"", 404))
    assert gone == Turn((), {"last": "20260302104500"})


def test_no_more_than_a_week_of_files_is_asked_for_in_a_night() -> None:
    long = Window(NIGHT.begins_at - timedelta(days=30), NIGHT.ends_at)
    turn = Files().after(GKG, {}, long, page(Files().begin(GKG, {}, long).requests[0], LISTED))
    assert len(turn.requests) == 672


def test_a_server_of_the_watchlist_has_the_files_too() -> None:
    own = WatchItem("gdelt", "files", "translated gkg", "http://127.0.0.1:9")
    assert Files().begin(own, {}, NIGHT).requests[0].url == "http://127.0.0.1:9/gdeltv2/lastupdate-translation.txt"


DOC = Request(f"{CLIENT.server}/api/v2/doc/doc")
FILE = Request(f"https://data.gdeltproject.org/gdeltv2/20260302110000.gkg.csv.zip#md5={MD5}")


@pytest.mark.parametrize(
    ("request_", "body", "answer"),
    [
        (DOC, b"Please limit requests to one every 5 seconds or contact us for larger queries.", Answer.WAIT),
        (DOC, b"The specified phrase is too short.", Answer.REFUSED),
        (DOC, b'{"articles": []}', None),
        (DOC, b"<html>", None),
        (FILE, b"archive", None),
        (FILE, b"archiv", Answer.AGAIN),
        (Request("https://data.gdeltproject.org/gdeltv2/lastupdate.txt", suffix=".txt"), LISTED, None),
        (Request("https://data.gdeltproject.org/gdeltv2/lastupdate.txt", suffix=".txt"), b"soon", Answer.AGAIN),
    ],
)
def test_what_a_good_status_hides_is_judged(request_: Request, body: bytes, answer: Answer | None) -> None:
    found = judge(page(request_, body))
    assert (found.answer if found else None) is answer


def test_a_file_is_also_held_against_the_sum_that_its_storage_states() -> None:
    stated = {"x-goog-hash": "crc32c=AAAAAA==,md5=" + base64.b64encode(bytes.fromhex(MD5)).decode()}
    bare = Request(FILE.url.partition("#")[0])
    assert judge(page(bare, b"archive", headers=stated)) is None
    found = judge(page(bare, b"other", headers=stated))
    assert found is not None
    assert found.answer is Answer.AGAIN
