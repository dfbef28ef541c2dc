"""How Media Cloud is asked: hand-written pages, and which request follows them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.http.protocol import Answer, Page, Request, Turn, WatchItem, Window
from pipelines.platforms.mediacloud.client import CLIENT, Queries, judge

NIGHT = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC))
QUERY = WatchItem("mediacloud", "queries", '"clean beauty"', CLIENT.server, {"collections": [34412234], "sources": 20775})
STORIES = [{"url": "https://a.example/1", "publish_date": "2026-03-02"}]


def page(request: Request, body: Any, status: int = 200) -> Page:
    return Page(request, status, {}, json.dumps(body).encode(), datetime(2026, 3, 4, tzinfo=UTC))


def after(turn: Turn, body: Any) -> Turn:
    return Queries().after(QUERY, turn.cursor, NIGHT, page(turn.requests[0], body))


def test_a_query_asks_for_the_days_of_its_window_in_its_collections() -> None:
    (request,) = Queries().begin(QUERY, {}, NIGHT).requests
    asked = dict(request.query)
    assert (asked["start"], asked["end"], asked["cs"], asked["ss"]) == ("2026-03-01", "2026-03-04", "34412234", "20775")
    assert request.credential == CLIENT.credentials[0].name


def test_the_token_of_a_page_is_followed_until_there_is_none() -> None:
    second = after(Queries().begin(QUERY, {}, NIGHT), {"stories": STORIES, "pagination_token": "t1"})
    third = after(second, {"stories": STORIES, "pagination_token": "t2"})
    assert [dict(turn.requests[0].query)["pagination_token"] for turn in (second, third)] == ["t1", "t2"]
    assert len(third.requests[0].query) == len(second.requests[0].query)
    assert after(third, {"stories": STORIES, "pagination_token": None}) == Turn((), {"until": "2026-03-04"})


@pytest.mark.parametrize(
    "body",
    [{"stories": STORIES, "pagination_token": "t1"}, {"stories": [], "pagination_token": "t2"}, {"pagination_token": "t2"}, None],
)
def test_a_token_that_comes_again_and_a_page_without_stories_end_the_chain(body: Any) -> None:
    second = after(Queries().begin(QUERY, {}, NIGHT), {"stories": STORIES, "pagination_token": "t1"})
    assert after(second, body).requests == ()


def test_a_chain_without_end_is_cut_and_goes_on_with_its_last_day() -> None:
    turn, count = Queries().begin(QUERY, {}, NIGHT), 0
    while turn.requests:
        count += 1
        turn = after(turn, {"stories": STORIES, "pagination_token": f"t{count}"})
    assert count == 50
    assert turn.cursor == {"until": "2026-03-02"}


def test_a_query_goes_on_three_days_before_it_ended() -> None:
    long = Window(datetime(2026, 1, 1, tzinfo=UTC), NIGHT.ends_at)
    (request,) = Queries().begin(QUERY, {"until": "2026-03-02"}, long).requests
    assert dict(request.query)["start"] == "2026-02-27"


@pytest.mark.parametrize(("value", "options"), [(" ", {}), ("moss", {"collections": ["US"]}), ("moss", {"sources": "one"})])
def test_what_cannot_be_asked_says_what_to_write(value: str, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="write"):
        Queries().begin(WatchItem("mediacloud", "queries", value, CLIENT.server, options), {}, NIGHT)


def test_a_used_up_quota_is_refused_with_what_it_says_and_too_many_requests_are_left_to_the_status() -> None:
    request = Queries().begin(QUERY, {}, NIGHT).requests[0]
    found = judge(page(request, {"detail": "over quota"}, 403))
    assert found is not None
    assert (found.answer, "over quota" in found.reason) == (Answer.REFUSED, True)
    assert judge(page(request, {}, 429)) is None
