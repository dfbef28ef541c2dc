"""Turns of the Tumblr client, on hand-written pages."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.http.protocol import Page, Request, Turn, WatchItem, Window
from pipelines.platforms.tumblr.client import CLIENT, SERVER, AccountLookup, PostLookup

TAGS, ACCOUNTS = CLIENT.sources
NIGHT = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 2, tzinfo=UTC))
END = int(NIGHT.ends_at.timestamp())


def item(source: str = "tags", value: str = "#stay at home mom", **options: Any) -> WatchItem:
    return WatchItem("tumblr", source, value, SERVER, options)


def page(request: Request, *times: int, **more: Any) -> Page:
    posts = [{"timestamp": time, **more} for time in times]
    body = json.dumps({"meta": {"status": 200}, "response": posts}).encode()
    return Page(request, 200, {}, body, NIGHT.ends_at)


def before(turn: Turn) -> list[int]:
    return [int(dict(request.query)["before"]) for request in turn.requests]


def test_a_tag_is_asked_for_from_the_windows_end_backwards() -> None:
    turn = TAGS.begin(item(), {}, NIGHT)
    (request,) = turn.requests
    assert (request.url, request.credential) == (f"{SERVER}/v2/tagged", "consumer")
    assert dict(request.query) == {"tag": "stay at home mom", "npf": "true", "limit": "20", "before": str(END)}
    following = TAGS.after(item(), turn.cursor, NIGHT, page(request, END - 10, END - 500))
    assert before(following) == [END - 499]


def test_paging_ends_at_the_windows_begin_and_the_next_night_reaches_back_three_days() -> None:
    (request,) = TAGS.begin(item(), {}, NIGHT).requests
    begin = int(NIGHT.begins_at.timestamp())
    ended = TAGS.after(item(), {}, NIGHT, page(request, END - 10, begin - 1))
    assert (ended.requests, ended.cursor) == ((), {"seen_until": NIGHT.ends_at.isoformat()})
    later = Window(NIGHT.begins_at, datetime(2026, 10, 3, tzinfo=UTC))
    for age_seconds, is_followed in ((2 * 86_400, True), (4 * 86_400, False)):
        (request,) = TAGS.begin(item(), ended.cursor, later).requests
        assert bool(TAGS.after(item(), ended.cursor, later, page(request, END - age_seconds)).requests) is is_followed


def test_an_empty_page_ends_the_paging() -> None:
    (request,) = TAGS.begin(item(), {}, NIGHT).requests
    assert TAGS.after(item(), {}, NIGHT, page(request)).requests == ()


def test_pages_of_one_second_lead_back_and_a_server_that_repeats_itself_ends_the_paging() -> None:
    turn, asked = TAGS.begin(item(), {}, NIGHT), []
    while turn.requests:
        asked += before(turn)
        turn = TAGS.after(item(), {}, NIGHT, page(turn.requests[0], END - 10, END - 10))
    assert asked == [END, END - 9, END - 10]


def test_a_featured_tag_is_paged_by_when_its_posts_were_featured() -> None:
    (request,) = TAGS.begin(item(), {}, NIGHT).requests
    assert before(TAGS.after(item(), {}, NIGHT, page(request, END - 900, featured_timestamp=END - 20))) == [END - 19]


def test_a_blog_is_asked_for_with_its_reblogs_and_notes() -> None:
    (request,) = ACCOUNTS.begin(item("accounts", "staff", tag="moss"), {}, NIGHT).requests
    query = dict(request.query)
    assert request.url == f"{SERVER}/v2/blog/staff/posts"
    assert (query["reblog_info"], query["notes_info"], query["tag"]) == ("true", "true", "moss")
    body = json.dumps({"response": {"blog": {}, "posts": [{"timestamp": END - 5}]}}).encode()
    assert before(ACCOUNTS.after(item("accounts", "staff"), {}, NIGHT, Page(request, 200, {}, body, NIGHT.ends_at))) == [END - 4]


@pytest.mark.parametrize(("source", "value"), [(TAGS, " # "), (ACCOUNTS, "https://x.tumblr.com/"), (ACCOUNTS, " ")])
def test_a_value_that_cannot_be_asked_about_is_refused_with_what_to_write(source: Any, value: str) -> None:
    with pytest.raises(ValueError, match="write "):
        source.begin(item(source.name, value), {}, NIGHT)


def test_a_post_is_looked_up_on_its_blog_and_what_a_study_table_names_is_not() -> None:
    (request,) = PostLookup().requests(["ann/7", "ann@2021-01-01T18:26:18Z"], SERVER)
    assert (request.url, dict(request.query)["id"], request.asked) == (f"{SERVER}/v2/blog/ann/posts", "7", ("ann/7",))


def test_a_blog_is_looked_up_by_its_name() -> None:
    (request,) = AccountLookup().requests(["ann"], SERVER)
    assert (request.url, request.asked, request.asked_for) == (f"{SERVER}/v2/blog/ann/info", ("ann",), "account")
