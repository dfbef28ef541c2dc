"""Turns of Reddit's client: what is asked first, what follows a page, and that every chain ends."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipelines.http.protocol import Answer, Cursor, Page, Request, Source, Turn, WatchItem, Window
from pipelines.platforms.reddit.client import CLIENT, SERVER, AccountLookup, PostLookup, judge

WINDOW = Window(datetime(2026, 9, 30, tzinfo=UTC), datetime(2026, 10, 1, 12, tzinfo=UTC))
SOURCES: dict[str, Source] = {source.name: source for source in CLIENT.sources}


def item(source: str, value: str, **options: Any) -> WatchItem:
    return WatchItem("reddit", source, value, SERVER, options)


def page(request: Request, answer: Any, status: int = 200) -> Page:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return Page(request, status, {}, body, WINDOW.ends_at)


def listing(hours: list[float], after: str | None = "t3_next") -> dict[str, Any]:
    """Posts of so many hours before the window's end, newest first."""
    end = WINDOW.ends_at.timestamp()
    children = [{"kind": "t3", "data": {"id": f"p{hour}", "created_utc": end - hour * 3600}} for hour in hours]
    return {"kind": "Listing", "data": {"after": after, "children": children}}


def begun(source: str, value: str, cursor: Cursor | None = None, **options: Any) -> tuple[WatchItem, Turn]:
    watched = item(source, value, **options)
    return watched, SOURCES[source].begin(watched, cursor or {}, WINDOW)


def test_a_subreddit_s_new_posts_and_if_asked_for_its_comments_are_asked_with_the_credential() -> None:
    _, turn = begun("subreddits", "r/Visiblemending", comments=True)
    assert [request.url for request in turn.requests] == [f"{SERVER}/r/Visiblemending/new", f"{SERVER}/r/Visiblemending/comments"]
    assert {request.credential for request in turn.requests} == {"reddit"}
    assert len(begun("subreddits", "Visiblemending")[1].requests) == 1


@pytest.mark.parametrize(
    ("source", "value"), [("subreddits", "two words"), ("accounts", "a/b"), ("queries", " "), ("threads", "https://example.org")]
)
def test_a_value_that_reddit_cannot_have_is_refused_with_what_to_write(source: str, value: str) -> None:
    with pytest.raises(ValueError, match=rf"reddit {source}"):
        begun(source, value)


def test_a_listing_goes_on_with_its_token_until_it_reaches_the_window_s_beginning() -> None:
    watched, turn = begun("subreddits", "Visiblemending")
    source = SOURCES["subreddits"]
    turn = source.after(watched, turn.cursor, WINDOW, page(turn.requests[0], listing([1, 2])))
    (further,) = turn.requests
    assert dict(further.query) == {"limit": "100", "after": "t3_next", "count": "100"}
    end = source.after(watched, turn.cursor, WINDOW, page(further, listing([35, 37], "t3_more")))
    assert end.requests == ()
    assert end.cursor["newest"] == (WINDOW.ends_at - timedelta(hours=1)).isoformat()


def test_the_next_night_asks_back_to_what_was_known_less_an_overlap() -> None:
    known = (WINDOW.ends_at - timedelta(hours=2)).isoformat()
    watched, turn = begun("subreddits", "Visiblemending", {"newest": known, "since": "2026-01-01T00:00:00+00:00"})
    for hours, goes_on in (([1, 7.5], True), ([1, 8.5], False)):
        following = SOURCES["subreddits"].after(watched, turn.cursor, WINDOW, page(turn.requests[0], listing(list(hours))))
        assert bool(following.requests) is goes_on


def test_a_pinned_old_post_at_the_top_ends_nothing() -> None:
    watched, turn = begun("accounts", "ann")
    following = SOURCES["accounts"].after(watched, turn.cursor, WINDOW, page(turn.requests[1], listing([900, 1])))
    assert following.requests


@pytest.mark.parametrize(
    "answer", [listing([]), listing([1], None), {"odd": 1}, [], b"<html>", {"kind": "Listing", "data": None}]
)
def test_a_page_without_things_or_token_or_shape_ends_the_chain(answer: Any) -> None:
    watched, turn = begun("subreddits", "Visiblemending")
    assert SOURCES["subreddits"].after(watched, turn.cursor, WINDOW, page(turn.requests[0], answer)).requests == ()


def test_a_token_that_repeats_and_tokens_without_end_both_end() -> None:
    watched, turn = begun("queries", "visible mending")
    source, asked = SOURCES["queries"], 0
    for kind in ("same", "fresh"):
        (request,) = turn.requests
        following: Turn = turn
        for number in range(50):
            name = kind if kind == "same" else f"{kind}{number}"
            following = source.after(watched, following.cursor, WINDOW, page(request, listing([1], name)))
            if not following.requests:
                break
            (request,), asked = following.requests, asked + 1
        assert following.requests == ()
    assert asked == 1 + 9


def test_a_post_in_the_future_is_not_taken_for_the_newest() -> None:
    watched, turn = begun("subreddits", "Visiblemending")
    following = SOURCES["subreddits"].after(watched, turn.cursor, WINDOW, page(turn.requests[0], listing([-500, 3])))
    assert following.cursor["newest"] == (WINDOW.ends_at - timedelta(hours=3)).isoformat()


def test_a_thread_asks_once_more_for_what_its_first_page_left_out() -> None:
    watched, turn = begun("threads", "https://www.reddit.com/r/x/comments/1abc/a_title/")
    (request,) = turn.requests
    assert request.url == f"{SERVER}/comments/1abc"
    stub = {"kind": "more", "data": {"children": [f"c{number}" for number in range(150)]}}
    tree = [
        listing([1], None),
        {
            "kind": "Listing",
            "data": {"children": [{"kind": "t1", "data": {"replies": {"kind": "Listing", "data": {"children": [stub]}}}}]},
        },
    ]
    following = SOURCES["threads"].after(watched, turn.cursor, WINDOW, page(request, tree))
    assert [len(dict(asked.query)["children"].split(",")) for asked in following.requests] == [100, 50]
    assert {dict(asked.query)["link_id"] for asked in following.requests} == {"t3_1abc"}
    answer = {"json": {"data": {"things": [stub]}}}
    assert SOURCES["threads"].after(watched, following.cursor, WINDOW, page(following.requests[0], answer)).requests == ()


def archive_of(seconds: list[int]) -> Any:
    """A server that holds a post at each of these seconds and answers as Arctic Shift does: ``after`` excludes."""
    lines: list[dict[str, Any]] = [{"id": f"i{number}", "created_utc": second} for number, second in enumerate(seconds)]

    def answered(request: Request) -> dict[str, Any]:
        query = dict(request.query)
        within = [line for line in lines if int(query["after"]) < line["created_utc"] < int(query["before"])]
        return {"data": sorted(within, key=lambda line: line["created_utc"])[: int(query["limit"])]}

    return answered


def collected(answered: Any, most: int = 2_000) -> tuple[set[str], int]:
    """Ids that a whole chain brings, and how many requests it took."""
    watched, turn = begun("archived_subreddits", "Visiblemending")
    waiting, asked, cursor = [turn.requests[0]], 0, turn.cursor
    found: set[str] = set()
    while waiting and asked < most:
        request = waiting.pop(0)
        answer, asked = answered(request), asked + 1
        found |= {line["id"] for line in answer["data"]}
        following = SOURCES["archived_subreddits"].after(watched, cursor, WINDOW, page(request, answer))
        waiting, cursor = [*waiting, *following.requests], following.cursor
    return found, asked


def test_things_of_one_second_at_a_page_s_edge_are_all_brought() -> None:
    begins = int(WINDOW.begins_at.timestamp())
    seconds = [begins + 1 + number // 7 for number in range(1_000)]
    found, asked = collected(archive_of(seconds))
    assert len(found) == 1_000
    assert asked <= 14


def test_a_second_with_more_things_than_a_page_does_not_stop_the_rest() -> None:
    begins = int(WINDOW.begins_at.timestamp())
    found, asked = collected(archive_of([begins + 5] * 130 + [begins + 6, begins + 90]))
    assert {"i130", "i131"} <= found
    assert asked < 10


def test_an_archive_that_always_has_something_new_without_going_on_is_left() -> None:
    counter = iter(range(10**6))
    for count in (3, 100):

        def answered(request: Request, count: int = count) -> dict[str, Any]:
            return {"data": [{"id": f"i{next(counter)}", "created_utc": int(dict(request.query)["after"])} for _ in range(count)]}

        assert collected(answered)[1] == 1


def test_no_request_is_made_twice_by_a_chain() -> None:
    begins = int(WINDOW.begins_at.timestamp())
    asked: list[Request] = []

    def answered(request: Request) -> Any:
        asked.append(request)
        return archive_of([begins + 1] * 250 + [begins + 2] * 3)(request)

    assert {"i250", "i252"} <= collected(answered)[0]
    assert len(asked) == len(set(asked))


def test_the_archive_is_asked_at_its_own_server_without_a_credential() -> None:
    _, turn = begun("archived_accounts", "u/ann")
    assert [request.url for request in turn.requests] == [
        "https://arctic-shift.photon-reddit.com/api/posts/search",
        "https://arctic-shift.photon-reddit.com/api/comments/search",
    ]
    assert {request.credential for request in turn.requests} == {None}
    elsewhere = SOURCES["archived_accounts"].begin(
        replace(item("archived_accounts", "ann"), server="http://localhost:1"), {}, WINDOW
    )
    assert elsewhere.requests[0].url == "http://localhost:1/api/posts/search"


def test_lookups_name_what_they_ask_for() -> None:
    (posts,) = PostLookup().requests(["t3_a", "t1_b", "odd"], SERVER)
    assert (dict(posts.query)["id"], posts.asked, posts.asked_for) == ("t3_a,t1_b", ("t3_a", "t1_b"), "post")
    (account,) = AccountLookup().requests(["ann"], SERVER)
    assert (account.url, account.asked, account.asked_for) == (f"{SERVER}/user/ann/about", ("ann",), "account")
    assert PostLookup().requests(["odd"], SERVER) == ()


@pytest.mark.parametrize(
    ("status", "answer", "meaning"),
    [
        (200, {"json": {"errors": [["RATELIMIT", "slow down", "x"]]}}, Answer.WAIT),
        (403, {"reason": "private", "message": "Forbidden", "error": 403}, Answer.GONE),
        (404, {"reason": "banned", "message": "Not Found", "error": 404}, Answer.GONE),
        (403, b"<html>whoa there</html>", Answer.REFUSED),
        (200, {"kind": "Listing", "data": {"children": []}}, None),
        (500, b"", None),
    ],
)
def test_an_answer_is_judged_by_what_it_says(status: int, answer: Any, meaning: Answer | None) -> None:
    judged = judge(page(Request(f"{SERVER}/r/x/new"), answer, status))
    assert (judged.answer if judged else None) is meaning
