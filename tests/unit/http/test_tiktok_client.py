"""Turns of the TikTok client, on hand-written pages."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from pipelines.http.protocol import Answer, Page, Request, Turn, WatchItem, Window
from pipelines.platforms.tiktok.client import CLIENT, SERVER, AccountLookup, VideoLookup

TAGS, ACCOUNTS, QUERIES, _ = CLIENT.sources
NIGHT = Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 2, tzinfo=UTC))
LONG = Window(datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 10, 2, tzinfo=UTC))


def item(source: str = "tags", value: str = "#moss", **options: Any) -> WatchItem:
    return WatchItem("tiktok", source, value, SERVER, options)


def sent(request: Request) -> dict[str, Any]:
    body = json.loads(request.body or b"{}")
    assert isinstance(body, dict)
    return body


def page(request: Request, code: str = "ok", message: str = "", status: int = 200, **data: Any) -> Page:
    body = {"data": data, "error": {"code": code, "message": message, "log_id": "1"}}
    return Page(request, status, {}, json.dumps(body).encode(), datetime(2026, 10, 2, 18, tzinfo=UTC))


def video(native_id: int, comments: int = 0) -> dict[str, Any]:
    return {"id": native_id, "comment_count": comments}


def test_a_tag_is_asked_for_from_the_begin_of_the_window_to_its_end() -> None:
    (request,) = TAGS.begin(item(), {}, NIGHT).requests
    assert request.credential == "research"
    assert sent(request) == {
        "query": {"and": [{"operation": "EQ", "field_name": "hashtag_name", "field_values": ["moss"]}]},
        "start_date": "20261001",
        "end_date": "20261002",
        "max_count": 100,
    }


def test_a_long_window_falls_into_stretches_of_thirty_days_without_a_gap() -> None:
    bodies = [sent(request) for request in TAGS.begin(item(), {}, LONG).requests]
    days = [(date.fromisoformat(body["start_date"]), date.fromisoformat(body["end_date"])) for body in bodies]
    assert (bodies[0]["start_date"], bodies[-1]["end_date"]) == ("20260701", "20261002")
    assert all(ends - begins <= timedelta(days=30) for begins, ends in days)
    assert all(later[0] - earlier[1] == timedelta(days=1) for earlier, later in pairwise(days))


def test_a_later_night_asks_for_what_is_new_and_three_days_before() -> None:
    (request,) = TAGS.begin(item(), {"covered_until": "2026-09-30"}, LONG).requests
    assert sent(request)["start_date"] == "20260927"


def test_regions_narrow_a_query() -> None:
    (request,) = QUERIES.begin(item("queries", "clean beauty", regions=["US", "DE"]), {}, NIGHT).requests
    assert sent(request)["query"]["and"][1] == {"operation": "IN", "field_name": "region_code", "field_values": ["US", "DE"]}


def test_an_empty_value_is_refused_with_what_to_write() -> None:
    with pytest.raises(ValueError, match="write a username"):
        ACCOUNTS.begin(item("accounts", " @ "), {}, NIGHT)


def next_turn(last: Request, kept: Any = None, **data: Any) -> Turn:
    return TAGS.after(item(), kept or {}, NIGHT, page(last, **data))


def test_a_page_with_fewer_videos_than_asked_for_is_followed_by_its_search_id_and_cursor() -> None:
    (first,) = TAGS.begin(item(), {}, NIGHT).requests
    turn = next_turn(first, videos=[video(1)], cursor=100, has_more=True, search_id="s1")
    assert {name: sent(turn.requests[0])[name] for name in ("cursor", "search_id")} == {"cursor": 100, "search_id": "s1"}
    assert turn.cursor == {"covered_until": "2026-10-02"}
    assert next_turn(turn.requests[0], turn.cursor, videos=[video(2)], cursor=200, has_more=False).requests == ()


def test_a_cursor_that_stands_still_ends_the_paging() -> None:
    (first,) = TAGS.begin(item(), {}, NIGHT).requests
    (second,) = next_turn(first, videos=[video(1)], cursor=100, has_more=True).requests
    assert next_turn(second, videos=[video(1)], cursor=100, has_more=True).requests == ()


def test_empty_pages_end_the_paging_although_more_are_promised() -> None:
    (request,) = TAGS.begin(item(), {}, NIGHT).requests
    turn, asked = Turn((request,)), 0
    while turn.requests:
        asked += 1
        turn = next_turn(turn.requests[0], turn.cursor, videos=[], cursor=100 * asked, has_more=True)
    assert asked == 3


def test_comments_are_asked_for_where_the_watchlist_wants_them_up_to_the_first_thousand() -> None:
    watched = item(comments=True)
    (request,) = TAGS.begin(watched, {}, NIGHT).requests
    large = 7_100_000_000_000_000_001
    turn = TAGS.after(watched, {}, NIGHT, page(request, videos=[video(large, 5), video(2)], has_more=False))
    assert [sent(each)["video_id"] for each in turn.requests] == [large]
    asked = 0
    while turn.requests:
        asked += 1
        turn = TAGS.after(watched, {}, NIGHT, page(turn.requests[0], comments=[{"id": 1}], cursor=100 * asked, has_more=True))
    assert asked == 10


def test_videos_are_looked_up_by_stretches_of_the_days_that_their_ids_tell() -> None:
    days = (date(2026, 9, 1), date(2026, 9, 20), date(2026, 1, 1))
    ids = [str(int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()) << 32) for day in days]
    early, late = VideoLookup().requests([*ids, "export-comment:abc"], SERVER)
    assert (early.asked, early.asked_for) == ((ids[2],), "post")
    assert set(late.asked) == {ids[0], ids[1]}
    assert (sent(late)["start_date"], sent(late)["end_date"]) == ("20260831", "20260921")
    assert sent(late)["query"]["and"][0]["field_name"] == "video_id"


def test_a_profile_is_looked_up_one_account_a_request() -> None:
    (request,) = AccountLookup().requests(["ann"], SERVER)
    assert (sent(request), request.asked, request.asked_for) == ({"username": "ann"}, ("ann",), "account")


def test_what_the_error_code_says_decides_and_not_the_status() -> None:
    (request,) = TAGS.begin(item(), {}, NIGHT).requests
    (profile,) = AccountLookup().requests(["ann"], SERVER)
    judge = CLIENT.judge
    assert judge is not None
    assert judge(page(request, videos=[])) is None
    quota = judge(page(request, "daily_quota_limit_exceeded", "used up", 429))
    assert quota is not None
    assert (quota.answer, quota.wait_seconds) == (Answer.WAIT, 6 * 3600)
    found = [judge(page(request, code, message)) for code, message in (("invalid_params", "bad date"), ("internal_error", ""))]
    assert [each.answer for each in found if each] == [Answer.REFUSED, Answer.AGAIN]
    lost = judge(page(request, "invalid_params", "invalid search_id"))
    assert lost is not None
    assert lost.answer is Answer.AGAIN
    gone = judge(page(profile, "invalid_params", "cannot find the user"))
    assert gone is not None
    assert gone.answer is Answer.GONE
    assert judge(page(request, "access_token_invalid", "", 401)) is None
