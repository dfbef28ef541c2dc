"""How the Threads API is asked: each turn from hand-written pages, and what its error objects mean."""

from __future__ import annotations

import json
from collections import deque
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from pipelines.http.protocol import Answer, Cursor, Page, Request, Scheme, Source, Turn, WatchItem, Window
from pipelines.platforms.protocol import Sample
from pipelines.platforms.threads.client import CLIENT
from pipelines.platforms.threads.parse import FORMATS
from tests.contracts.harness import chosen

WINDOW: Final = Window(datetime(2026, 11, 17, tzinfo=UTC), datetime(2026, 11, 18, tzinfo=UTC))
HOST: Final = "https://graph.threads.net/v1.0"


def source(name: str) -> Source:
    return next(one for one in CLIENT.sources if one.name == name)


def item(name: str, value: str) -> WatchItem:
    return WatchItem("threads", name, value, CLIENT.server)


def page(request: Request, body: Any, status: int = 200) -> Page:
    return Page(request, status, {}, json.dumps(body).encode(), WINDOW.ends_at)


def posts(*hours: int, after: str | None = None, **more: Any) -> dict[str, Any]:
    """A page of posts made at these hours of the window's day."""
    made = [
        {
            "id": str(18 * 10**15 + hour),
            "username": "moss",
            "media_type": "TEXT_POST",
            "timestamp": f"2026-11-17T{hour:02}:00:00+0000",
        }
        for hour in hours
    ]
    follows = {"paging": {"cursors": {"after": after}, "next": f"{HOST}/x?access_token=SECRET"}} if after else {}
    return {"data": [post | more for post in made], **follows}


def query(request: Request) -> dict[str, str]:
    return dict(request.query)


@pytest.mark.parametrize(
    ("name", "value", "mode", "word"), [("tags", "#Cottage Core", "TAG", "Cottage Core"), ("queries", "moss", "KEYWORD", "moss")]
)
def test_a_search_asks_for_the_newest_of_the_window(name: str, value: str, mode: str, word: str) -> None:
    (request,) = source(name).begin(item(name, value), {}, WINDOW).requests
    asked = query(request)
    assert (request.url, request.cost) == (f"{HOST}/keyword_search", 1)
    assert (asked["q"], asked["search_mode"], asked["search_type"]) == (word, mode, "RECENT")
    assert (asked["since"], asked["until"]) == ("1794873600", "1794960000")


def test_the_next_page_is_asked_for_by_its_cursor_and_never_by_the_address_that_holds_the_token() -> None:
    found, watched = source("queries"), item("queries", "moss")
    first = found.begin(watched, {}, WINDOW)
    second = found.after(watched, first.cursor, WINDOW, page(first.requests[0], posts(9, 8, after="c1")))
    assert query(second.requests[0]) == {**query(first.requests[0]), "after": "c1"}
    assert "SECRET" not in repr(second)
    last = found.after(watched, second.cursor, WINDOW, page(second.requests[0], posts(7)))
    assert last == Turn((), {"newest": "2026-11-17T09:00:00+00:00"})
    again = found.begin(watched, last.cursor, WINDOW)
    assert query(again.requests[0])["since"] == str(int(datetime(2026, 11, 16, 9, tzinfo=UTC).timestamp()))


def test_a_chain_that_is_cut_off_asks_for_the_same_again() -> None:
    found, watched, cursor = source("queries"), item("queries", "moss"), {"newest": "2026-11-16T09:00:00+00:00"}
    first = found.begin(watched, cursor, WINDOW)
    second = found.after(watched, first.cursor, WINDOW, page(first.requests[0], posts(9, after="c1")))
    assert found.begin(watched, second.cursor, WINDOW).requests == first.requests


def test_a_post_dated_in_the_future_hides_nothing_of_the_next_night() -> None:
    (request,) = source("queries").begin(item("queries", "moss"), {"newest": "2099-01-01T00:00:00+00:00"}, WINDOW).requests
    assert query(request)["since"] == query(request)["until"].replace("1794960000", "1794873600")


def test_no_time_is_asked_for_from_before_the_platform_began() -> None:
    early = Window(datetime(2020, 1, 1, tzinfo=UTC), WINDOW.ends_at)
    assert query(source("queries").begin(item("queries", "moss"), {}, early).requests[0])["since"] == "1688540400"


def test_an_account_s_profile_comes_before_its_posts() -> None:
    accounts, watched = source("accounts"), item("accounts", "https://www.threads.com/@Moss?x=1")
    first = accounts.begin(watched, {}, WINDOW)
    assert (first.requests[0].url, query(first.requests[0])) == (f"{HOST}/profile_lookup", {"username": "moss"})
    second = accounts.after(watched, first.cursor, WINDOW, page(first.requests[0], {"username": "moss", "follower_count": 5}))
    assert (second.requests[0].url, query(second.requests[0])["username"]) == (f"{HOST}/profile_posts", "moss")
    assert accounts.after(watched, second.cursor, WINDOW, page(second.requests[0], posts(3))).requests == ()


def test_a_day_s_budget_keeps_both_limits() -> None:
    (search,) = source("queries").begin(item("queries", "moss"), {}, WINDOW).requests
    (profile,) = source("accounts").begin(item("accounts", "moss"), {}, WINDOW).requests
    assert CLIENT.budget.units // search.cost <= 2_200
    assert CLIENT.budget.units // profile.cost <= 1_000


def test_one_s_own_posts_come_with_their_insights_and_conversations() -> None:
    own, watched = source("own"), item("own", "me")
    first = own.begin(watched, {}, WINDOW)
    assert [request.url for request in first.requests] == [f"{HOST}/me", f"{HOST}/me/threads", f"{HOST}/me/replies"]
    assert query(first.requests[1])["since"] == str(int(datetime(2026, 10, 19, tzinfo=UTC).timestamp()))
    assert own.after(watched, first.cursor, WINDOW, page(first.requests[0], {"username": "moss"})).requests == ()
    second = own.after(watched, first.cursor, WINDOW, page(first.requests[1], posts(9, after="c1", has_replies=True)))
    paths = [request.url.removeprefix(f"{HOST}/") for request in second.requests]
    assert paths == ["18000000000000009/insights", "18000000000000009/conversation", "me/threads"]
    assert query(second.requests[0])["metric"] == "views,likes,replies,reposts,quotes,shares"
    facade = own.after(watched, {}, WINDOW, page(first.requests[1], posts(9, media_type="REPOST_FACADE")))
    assert facade.requests == ()


def answered(name: str, value: str, body: Any, most: int) -> int:
    """Pages until nothing waits any more, as the collection asks them: first asked, first answered."""
    found, watched = source(name), item(name, value)
    turn = found.begin(watched, {}, WINDOW)
    waiting, cursor, count = deque(turn.requests), turn.cursor, 0
    while waiting and count < most:
        count += 1
        request = waiting.popleft()
        turn = found.after(watched, cursor, WINDOW, page(request, body(count)))
        cursor = turn.cursor
        waiting.extend(turn.requests)
    return count


@pytest.mark.parametrize(("name", "value"), [("queries", "moss"), ("accounts", "moss"), ("own", "me")])
def test_paging_ends_by_itself_whatever_the_server_says(name: str, value: str) -> None:
    nothing = answered(name, value, lambda count: posts(after=f"c{count}"), 1_000)
    same = answered(name, value, lambda _: posts(9, after="c"), 1_000)
    more = answered(name, value, lambda count: posts(9, after=f"c{count}", has_replies=True), 1_000)
    assert nothing <= 3
    assert same <= 10
    assert more < 1_000
    assert answered(name, value, lambda _: None, 1_000) <= 3


def test_posts_from_long_before_the_window_end_the_chain() -> None:
    found, watched = source("queries"), item("queries", "moss")
    first = found.begin(watched, {}, WINDOW)
    old = posts(9, after="c1", timestamp="2026-11-01T09:00:00+0000")
    assert found.after(watched, first.cursor, WINDOW, page(first.requests[0], old)).requests == ()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("accounts", "no name", "a handle"), ("queries", " ", "a word"), ("tags", "#", "a topic"), ("own", "moss", "write me")],
)
def test_what_cannot_be_asked_about_is_refused_with_what_to_write(name: str, value: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        source(name).begin(item(name, value), {}, WINDOW)


def test_profiles_are_looked_up_one_by_one_and_posts_not_at_all() -> None:
    (lookup,) = CLIENT.lookups
    assert (lookup.asked_for, lookup.batch_count) == ("account", 1)
    (request,) = lookup.requests(["Moss"], CLIENT.server)
    assert (request.asked, query(request)) == (("moss",), {"username": "moss"})
    assert lookup.requests(["no name"], CLIENT.server) == ()


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {"data": []}, None),
        (200, [], Answer.AGAIN),
        (500, None, None),
        (400, {"error": {"message": "no such object", "code": 100, "error_subcode": 33}}, Answer.GONE),
        (400, {"error": {"message": "expired", "code": 190}}, Answer.REFUSED),
        (403, {"error": {"message": "too many", "code": 4}}, Answer.WAIT),
        (500, {"error": {"message": "later", "code": 2}}, Answer.AGAIN),
        (500, {"error": {"message": "later", "code": 99, "is_transient": True}}, Answer.AGAIN),
    ],
)
def test_an_error_object_says_more_than_the_status(status: int, body: Any, expected: Answer | None) -> None:
    assert CLIENT.judge is not None
    judged = CLIENT.judge(page(Request(f"{HOST}/me"), body, status))
    assert (judged.answer if judged else None) is expected


def test_a_profile_that_cannot_be_seen_is_not_taken_for_deleted() -> None:
    (request,) = CLIENT.lookups[0].requests(["moss"], CLIENT.server)
    assert CLIENT.judge is not None
    judged = CLIENT.judge(page(request, {"error": {"message": "does not exist", "code": 100, "error_subcode": 33}}, 400))
    assert judged is not None
    assert judged.answer is Answer.REFUSED


def test_the_token_is_no_part_of_an_address() -> None:
    (credential,) = CLIENT.credentials
    assert (credential.scheme, credential.variables) == (Scheme.BEARER, ("THREADS_ACCESS_TOKEN",))


def test_every_answer_that_is_asked_for_is_taken_by_a_format() -> None:
    cursor: Cursor = {}
    bodies: list[Any] = [posts(9), posts(), {"username": "moss", "name": "M"}, {"id": "1", "username": "moss"}]
    bodies.append(
        {"data": [{"name": "views", "period": "lifetime", "values": [{"value": 1}], "id": "18/insights/views/lifetime"}]}
    )
    for body in bodies:
        sample = Sample("p.json", ".json", json.dumps(body).encode(), body)
        assert chosen([one for one in FORMATS if one.framing != "csv"], sample) is not None, (body, cursor)
