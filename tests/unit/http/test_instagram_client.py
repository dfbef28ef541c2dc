"""Turns of the Instagram client, on hand-written pages."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.http.protocol import Answer, Page, Request, WatchItem, Window
from pipelines.platforms.instagram.client import CLIENT, SERVER

ACCOUNTS, TAGS = CLIENT.sources
NIGHT = Window(datetime(2026, 9, 25, tzinfo=UTC), datetime(2026, 10, 2, tzinfo=UTC))


def item(source: str = "accounts", value: str = "@Ann.A", **options: Any) -> WatchItem:
    return WatchItem("instagram", source, value, SERVER, {"as": "178414", **options})


def page(request: Request, body: Any, status: int = 200, **headers: str) -> Page:
    return Page(request, status, headers, json.dumps(body).encode(), NIGHT.ends_at)


def discovered(*times: str, after: str | None = "c1") -> dict[str, Any]:
    media: dict[str, Any] = {"data": [{"id": "1", "timestamp": time} for time in times]}
    if after:
        media["paging"] = {"cursors": {"after": after}}
    return {"business_discovery": {"username": "ann.a", "media": media}, "id": "178414"}


def fields(request: Request) -> str:
    return dict(request.query)["fields"]


def test_an_account_is_discovered_with_its_profile_and_its_newest_media() -> None:
    (request,) = ACCOUNTS.begin(item(), {}, NIGHT).requests
    assert (request.url, request.credential) == (f"{SERVER}/v25.0/178414", "graph")
    assert fields(request).startswith("business_discovery.username(ann.a){id,username,")
    assert "media.limit(50){id,caption," in fields(request)


def test_media_are_paged_for_a_month_back_so_that_their_counters_are_read_again() -> None:
    (first,) = ACCOUNTS.begin(item(), {}, NIGHT).requests
    turn = ACCOUNTS.after(item(), {}, NIGHT, page(first, discovered("2026-10-01T10:00:00+0000", "2026-09-10T10:00:00+0000")))
    (second,) = turn.requests
    assert "media.limit(50).after(c1){" in fields(second)
    ended = ACCOUNTS.after(item(), turn.cursor, NIGHT, page(second, discovered("2026-08-20T10:00:00+0000", after="c2")))
    assert (ended.requests, ended.cursor) == ((), {"is_known": True})


@pytest.mark.parametrize("answer", [discovered(), discovered("2026-10-01T10:00:00+0000", after=None), discovered("soon"), {}])
def test_a_page_without_media_a_time_or_a_cursor_ends_the_paging(answer: Any) -> None:
    (request,) = ACCOUNTS.begin(item(), {}, NIGHT).requests
    assert ACCOUNTS.after(item(), {}, NIGHT, page(request, answer)).requests == ()


def test_a_cursor_that_repeats_ends_the_paging() -> None:
    (first,) = ACCOUNTS.begin(item(), {}, NIGHT).requests
    answer = discovered("2026-10-01T10:00:00+0000")
    (second,) = ACCOUNTS.after(item(), {}, NIGHT, page(first, answer)).requests
    assert ACCOUNTS.after(item(), {}, NIGHT, page(second, answer)).requests == ()


def test_the_number_of_a_hashtag_is_asked_for_once_and_kept() -> None:
    watched = item("tags", "#moss", top=True)
    (search,) = TAGS.begin(watched, {}, NIGHT).requests
    assert (search.url, dict(search.query)) == (f"{SERVER}/v25.0/ig_hashtag_search", {"user_id": "178414", "q": "moss"})
    turn = TAGS.after(watched, {}, NIGHT, page(search, {"data": [{"id": "17"}]}))
    assert [request.url for request in turn.requests] == [f"{SERVER}/v25.0/17/recent_media", f"{SERVER}/v25.0/17/top_media"]
    assert turn.cursor == {"hashtag_id": "17"}
    assert TAGS.begin(watched, turn.cursor, NIGHT).requests == turn.requests


def test_media_of_a_hashtag_are_paged_until_a_page_is_empty_or_repeats_its_cursor() -> None:
    watched = item("tags", "moss")
    (first,) = TAGS.begin(watched, {"hashtag_id": "17"}, NIGHT).requests
    full = {"data": [{"id": "1"}], "paging": {"cursors": {"after": "c1"}}}
    (second,) = TAGS.after(watched, {}, NIGHT, page(first, full)).requests
    assert dict(second.query)["after"] == "c1"
    assert TAGS.after(watched, {}, NIGHT, page(second, full)).requests == ()
    assert TAGS.after(watched, {}, NIGHT, page(first, full | {"data": []})).requests == ()


def test_a_value_that_cannot_be_asked_about_is_refused_with_what_to_write() -> None:
    with pytest.raises(ValueError, match="write the number of the professional account"):
        ACCOUNTS.begin(WatchItem("instagram", "accounts", "ann", SERVER), {}, NIGHT)
    with pytest.raises(ValueError, match="write a username"):
        ACCOUNTS.begin(item(value="ann){id}"), {}, NIGHT)
    with pytest.raises(ValueError, match="write a hashtag"):
        TAGS.begin(item("tags", "two words"), {}, NIGHT)


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        ({"code": 4}, Answer.WAIT),
        ({"code": 2}, Answer.AGAIN),
        ({"code": 110, "error_subcode": 2207013}, Answer.GONE),
        ({"code": 100, "error_subcode": 33}, Answer.GONE),
        ({"code": 100}, Answer.REFUSED),
        ({"code": 190}, Answer.REFUSED),
    ],
)
def test_the_code_of_an_error_decides_what_it_means(error: dict[str, Any], answer: Answer) -> None:
    (request,) = ACCOUNTS.begin(item(), {}, NIGHT).requests
    assert CLIENT.judge is not None
    judged = CLIENT.judge(page(request, {"error": error}, 400))
    assert judged is not None
    assert judged.answer is answer


def test_a_used_up_budget_says_how_long_to_stay_away() -> None:
    (request,) = ACCOUNTS.begin(item(), {}, NIGHT).requests
    usage = json.dumps({"178414": [{"type": "instagram", "call_count": 100, "estimated_time_to_regain_access": 12}]})
    assert CLIENT.judge is not None
    judged = CLIENT.judge(page(request, {"error": {"code": 80002}}, 400, **{"x-business-use-case-usage": usage}))
    assert judged is not None
    assert judged.wait_seconds == 720
    assert CLIENT.judge(page(request, discovered())) is None
